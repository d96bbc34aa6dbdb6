//! Drives the fake Asterisk with raw bytes, to hold it to the protocol notes (section numbers in these tests are theirs).

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fake_asterisk/any_doing.rs"]
mod any_doing;
#[path = "fake_asterisk/calls.rs"]
mod calls;
#[path = "fake_asterisk/dialling.rs"]
mod dialling;
#[path = "fake_asterisk/looking.rs"]
mod looking;
#[path = "fake_asterisk/moving.rs"]
mod moving;
#[path = "fake_asterisk/sins.rs"]
mod sins;
#[path = "fake_asterisk/travelling.rs"]
mod travelling;

use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use phone_tests::asterisk::{CallId, Extension, FakeAsterisk, LegState, Lost, Options, Phone, Release, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(5);
const SECRET: &str = "Sample-Pw9";
const MARA: &str = "+4930555001";

/// A packet as a client reads it: split at CRLF CRLF, lines at CRLF, values trimmed.
#[derive(Debug, Clone, Default)]
struct Packet(Vec<(String, String)>);

impl Packet {
    fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }

    /// Writes the part of an event that section 7 writes down: name, channel, state, numbers.
    fn short(&self) -> String {
        let leg = |prefix: &str| {
            let key = |name: &str| self.get(&format!("{prefix}{name}"));
            let name = key("Channel").trim_start_matches("PJSIP/");
            format!("{} {}", plain(name), key("ChannelStateDesc")).trim_end().to_owned()
        };
        let event = self.get("Event");
        match event {
            "DialBegin" => format!("DialBegin [{}] -> [{}]", leg(""), leg("Dest")),
            "DialEnd" => format!("DialEnd [{}] -> [{}] {}", leg(""), leg("Dest"), self.get("DialStatus")),
            "NewConnectedLine" => format!("NewConnectedLine [{}] {}", leg(""), self.get("ConnectedLineNum")),
            "Hangup" => format!("Hangup [{}] {}", leg(""), self.get("Cause")),
            "HangupRequest" => format!("HangupRequest [{}] {}", leg(""), self.get("Cause")),
            "ExtensionStatus" => format!("ExtensionStatus {} {}", self.get("Exten"), self.get("Status")),
            "DeviceStateChange" => format!("DeviceStateChange {} {}", self.get("Device"), self.get("State")),
            "OriginateResponse" => format!("OriginateResponse {} {}", self.get("Response"), self.get("Reason")),
            "BlindTransfer" => format!("BlindTransfer [{}] [{}]", leg("Transferer"), leg("Transferee")),
            "AttendedTransfer" => format!("AttendedTransfer [{}] [{}]", leg("OrigTransferer"), leg("SecondTransferer")),
            "ParkedCall" | "ParkedCallTimeOut" => format!("{event} [{}] {}", leg("Parkee"), self.get("ParkingSpace")),
            "UnParkedCall" => format!("UnParkedCall [{}] [{}]", leg("Parkee"), leg("Retriever")),
            "Pickup" => format!("Pickup [{}] [{}]", leg(""), leg("Target")),
            "" => format!("Response {}", self.get("Response")),
            _ => format!("{event} [{}]", leg("")),
        }
    }
}

/// Shortens a channel's name: `101-00000002` is `101-2`, `Local/102@from-internal-00000001;1` is `Local;1`.
fn plain(name: &str) -> String {
    match (name.strip_prefix("Local/"), name.rsplit_once(';'), name.rsplit_once('-')) {
        (Some(_), Some((_, half)), _) => format!("Local;{half}"),
        (_, _, Some((device, number))) => format!("{device}-{}", number.trim_start_matches('0')),
        (_, _, None) => name.to_owned(),
    }
}

/// A client that writes what it is told and reads everything.
struct Client<S = TcpStream> {
    wire: S,
    buffer: Vec<u8>,
    last_id: u32,
}

impl<S: AsyncReadExt + AsyncWriteExt + Unpin> Client<S> {
    async fn over(mut wire: S) -> Self {
        let mut greeting = Vec::new();
        while !greeting.ends_with(b"\r\n") {
            greeting.push(tokio::time::timeout(SOON, wire.read_u8()).await.unwrap().unwrap());
        }
        assert!(greeting.starts_with(b"Asterisk Call Manager/"));
        Self { wire, buffer: Vec::new(), last_id: 0 }
    }

    async fn write(&mut self, text: &str) {
        self.wire.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends an action and returns its id.
    async fn ask(&mut self, action: &str, keys: &[(&str, &str)]) -> String {
        self.last_id += 1;
        let id = self.last_id.to_string();
        let lines: String = keys.iter().map(|(key, value)| format!("{key}: {value}\r\n")).collect();
        self.write(&format!("Action: {action}\r\nActionID: {id}\r\n{lines}\r\n")).await;
        id
    }

    /// Reads the next packet; nothing when the connection has ended.
    async fn read(&mut self) -> Option<Packet> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let text = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
                let lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
                return Some(Packet(lines.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect()));
            }
            let read = tokio::time::timeout(SOON, self.wire.read_buf(&mut self.buffer)).await.expect("nothing came");
            if read.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Reads until a packet fits and returns all, that one last.
    async fn until(&mut self, mut fits: impl FnMut(&Packet) -> bool) -> Vec<Packet> {
        let mut seen = Vec::new();
        loop {
            let packet = self.read().await.unwrap_or_else(|| panic!("the connection ended after {:?}", shorts(&seen)));
            let last = fits(&packet);
            seen.push(packet);
            if last {
                return seen;
            }
        }
    }

    /// Sends an action and returns its response.
    async fn answer(&mut self, action: &str, keys: &[(&str, &str)]) -> Packet {
        let id = self.ask(action, keys).await;
        let seen = self.until(|packet| packet.get("ActionID") == id && !packet.has("Event")).await;
        seen.last().unwrap().clone()
    }

    /// Asks for a list and returns its items.
    async fn list(&mut self, action: &str, keys: &[(&str, &str)]) -> Vec<Packet> {
        let id = self.ask(action, keys).await;
        let mut seen = self.until(|packet| packet.get("EventList") == "Complete" && packet.get("ActionID") == id).await;
        let end = seen.pop().unwrap();
        let items: Vec<Packet> = seen.into_iter().filter(|it| it.get("ActionID") == id && it.has("Event")).collect();
        assert_eq!(end.get("ListItems"), items.len().to_string());
        items
    }

    /// Reads what has been told so far: everything before the answer to a ping.
    async fn told(&mut self) -> Vec<Packet> {
        let id = self.ask("Ping", &[]).await;
        let mut seen = self.until(|packet| packet.get("ActionID") == id && packet.get("Ping") == "Pong").await;
        seen.pop();
        seen.retain(|packet| packet.has("Event"));
        seen
    }

    async fn challenge(&mut self, user: &str, secret: &str, events: &str) -> Packet {
        let challenge = self.answer("Challenge", &[("AuthType", "MD5")]).await;
        let key = hash(&format!("{}{secret}", challenge.get("Challenge")));
        self.answer("Login", &[("AuthType", "MD5"), ("Username", user), ("Key", &key), ("Events", events)]).await
    }

    async fn ended(&mut self) {
        while self.read().await.is_some() {}
    }
}

async fn connect(pbx: &FakeAsterisk) -> Client {
    Client::over(TcpStream::connect(pbx.addr()).await.unwrap()).await
}

async fn sign_in(pbx: &FakeAsterisk, user: &str, secret: &str) -> Client {
    let mut client = connect(pbx).await;
    assert_eq!(client.challenge(user, secret, "on").await.get("Message"), "Authentication accepted");
    client
}

/// A server in recorded order with a client of 100's desk.
async fn desk(options: Options) -> (FakeAsterisk, Client) {
    let pbx = FakeAsterisk::start(options).await.unwrap();
    let client = sign_in(&pbx, "tray100", SECRET).await;
    (pbx, client)
}

fn plainly(release: Release) -> Options {
    Options::new(release).plain()
}

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Events as section 7 writes them, without what it leaves out.
fn shorts(packets: &[Packet]) -> Vec<String> {
    const LEFT_OUT: &[&str] = &["VarSet", "Newexten", "BridgeCreate", "BridgeDestroy", "DialState", "SoftHangupRequest"];
    packets.iter().filter(|packet| !LEFT_OUT.contains(&packet.get("Event"))).map(Packet::short).collect()
}

/// The same without lamps, where a section does not write them down.
fn without_lamps(packets: &[Packet]) -> Vec<String> {
    let mut shorts = shorts(packets);
    shorts.retain(|short| !short.starts_with("ExtensionStatus") && !short.starts_with("DeviceStateChange"));
    shorts
}

fn find<'a>(packets: &'a [Packet], short: &str) -> &'a Packet {
    packets.iter().find(|packet| packet.short() == short).unwrap_or_else(|| panic!("no {short} in {:#?}", shorts(packets)))
}

const DIAL: [(&str, &str); 6] = [
    ("Channel", "PJSIP/100"),
    ("Context", "from-internal"),
    ("Priority", "1"),
    ("CallerID", "\"Alice Example\" <100>"),
    ("Timeout", "30000"),
    ("Async", "true"),
];

/// Asks to dial a number with an id of one's own, and returns the answer.
async fn dial(client: &mut Client, number: &str, id: &str) -> Packet {
    let more = [("Exten", number), ("ChannelId", id)];
    client.answer("Originate", &[DIAL.as_slice(), &more].concat()).await
}

/// Looks a number up as every client must before it moves somebody there.
async fn look_up(client: &mut Client, number: &str) -> String {
    let variable = format!("VALID_EXTEN(from-internal,{number},1)");
    client.answer("Getvar", &[("Variable", &variable)]).await.get("Value").to_owned()
}

/// 101 calls 100, which answers.
fn talking(pbx: &FakeAsterisk) -> CallId {
    let call = pbx.ring("101", "", "100");
    assert!(pbx.answer(call, "100"));
    call
}

/// The leg of a phone in a conversation, by its unique id.
fn leg(pbx: &FakeAsterisk, call: CallId, phone: &str) -> String {
    pbx.look(|state| state.leg_at(call, phone).unwrap_or_else(|| panic!("no leg of {phone}")).id.clone())
}

fn clean(pbx: &FakeAsterisk) {
    assert_eq!(pbx.violations(), Vec::<String>::new());
}
