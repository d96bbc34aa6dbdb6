//! Drives the fake Vodia PBX with raw HTTP bytes and a foreign WebSocket library, to hold it to the protocol notes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fake_vodia/calls.rs"]
mod calls;
#[path = "fake_vodia/click_to_dial.rs"]
mod click_to_dial;
#[path = "fake_vodia/faults.rs"]
mod faults;
#[path = "fake_vodia/presence.rs"]
mod presence;
#[path = "fake_vodia/scripts.rs"]
mod scripts;
#[path = "fake_vodia/signing_in.rs"]
mod signing_in;
#[path = "fake_vodia/travelling.rs"]
mod travelling;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use md5::{Digest, Md5};
use phone_tests::vodia::{
    Blf, Command, DialPath, FakeVodia, FarEnd, Garbage, Generation, Numbers, Options, Outcome, OwnPhone, Presence, SCENARIOS,
    Script, SessionAnswer, SignInMethod, SocketControl, Spelling, Stage, Tls, What,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

const SOON: Duration = Duration::from_secs(5);
const ACCOUNT: &str = "/rest/user/204%40tenant.example";
const MARA: &str = "+493023125117";

type Socket = WebSocketStream<TcpStream>;

/// What came back over HTTP.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The cookie of the session, with its attributes.
    fn session_cookie(&self) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut cookies = lines.filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie")).map(|(_, value)| value);
        cookies.find(|cookie| cookie.starts_with("session="))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {} {}", self.status, self.body))
    }
}

async fn http(pbx: &FakeVodia, method: &str, path: &str, header: &str, body: &str) -> Reply {
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: pbx\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(SOON, tcp.read_to_end(&mut bytes)).await.unwrap().unwrap();
    reply(bytes)
}

/// Reads one whole answer.
fn reply(bytes: Vec<u8>) -> Reply {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut reply = Reply { status, head, body: String::new() };
    let rest = bytes[end + 4..].to_vec();
    let chunked = reply.header("transfer-encoding") == Some("chunked");
    reply.body = String::from_utf8(if chunked { joined(&rest) } else { rest }).unwrap();
    reply
}

/// Joins the chunks of a body (RFC 9112, section 7.1).
fn joined(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).unwrap(), 16).unwrap();
        let chunk = &bytes[line + 2..];
        assert_eq!(&chunk[length..length + 2], b"\r\n");
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..length]);
        bytes = &chunk[length + 2..];
    }
}

async fn rest(pbx: &FakeVodia, method: &str, path: &str, body: &str) -> Reply {
    http(pbx, method, &format!("{ACCOUNT}{path}"), &basic("204@tenant.example:Sample-Pw9"), body).await
}

async fn post(pbx: &FakeVodia, body: Value) -> Reply {
    rest(pbx, "POST", "/calls", &body.to_string()).await
}

async fn mint(pbx: &FakeVodia, admin: &str, user: &str) -> Reply {
    let body = json!({"name": "3rd", "username": user, "domain": "tenant.example"}).to_string();
    http(pbx, "POST", "/rest/system/session", &basic(admin), &body).await
}

async fn put(pbx: &FakeVodia, name: &str, password: &str) -> Reply {
    let body = json!({"name": "auth", "value": format!("{name} {}", hash(password))}).to_string();
    http(pbx, "PUT", "/rest/system/session", "", &body).await
}

fn basic(pair: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(pair))
}

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha2_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens a socket; the error is the status of the refusal.
async fn open(pbx: &FakeVodia, header: &str) -> Result<Socket, u16> {
    let path = if pbx.generation() == Generation::G1 { "/" } else { "/websocket?domain=tenant.example&user=204" };
    open_at(pbx, path, header).await
}

async fn open_at(pbx: &FakeVodia, path: &str, header: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{}{path}", pbx.addr()).into_client_request().unwrap();
    if let Some((name, value)) = header.split_once(": ") {
        let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    match tokio_tungstenite::client_async(request, tcp).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(fault) => panic!("{fault}"),
    }
}

async fn signed_in(generation: Generation) -> (FakeVodia, Socket) {
    signed_in_with(Options::new(generation)).await
}

async fn signed_in_with(options: Options) -> (FakeVodia, Socket) {
    let third = options.generation == Generation::G3;
    let pbx = FakeVodia::start(options).await.unwrap();
    let header = if third {
        basic("204@tenant.example:Sample-Pw9")
    } else {
        format!("Cookie: session={}", put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap())
    };
    let socket = open(&pbx, &header).await.unwrap();
    (pbx, socket)
}

/// Opens a socket and leaves the bytes behind the handshake to the test.
async fn raw_socket(pbx: &FakeVodia) -> TcpStream {
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let request = format!(
        "GET /websocket?domain=tenant.example&user=204 HTTP/1.1\r\nHost: pbx\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n\r\n",
        basic("204:Sample-Pw9")
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    assert!(String::from_utf8(head).unwrap().contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the key of RFC 6455, section 1.3");
    tcp
}

async fn say(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(SOON, socket.next()).await.expect("no frame came").expect("the socket ended").unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

async fn heard(socket: &mut Socket, action: &str) -> Value {
    heard_until(socket, |frame| frame["action"] == action).await
}

async fn heard_until(socket: &mut Socket, mut holds: impl FnMut(&Value) -> bool) -> Value {
    loop {
        let frame = next(socket).await;
        if holds(&frame) {
            return frame;
        }
    }
}

/// Returns the only call of a snapshot, drawn as array or object.
fn one_call(frame: &Value) -> Value {
    let calls = &frame["calls"];
    match calls.as_array() {
        Some(list) => {
            assert_eq!(list.len(), 1, "{frame}");
            list[0].clone()
        }
        None => calls.clone(),
    }
}

async fn ended(socket: &mut Socket) {
    let end = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(SOON, end).await.expect("the socket stays open");
}
