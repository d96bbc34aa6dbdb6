//! A few words of WebDriver (W3C), spoken to the WebKitWebDriver of a session. Nothing here knows Trayphone.

use super::programs::Running;
use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The key by which WebDriver tells an element from other values.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What the driver says when something cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The code of the specification, such as `stale element reference`.
    pub code: String,
    /// The driver's own words.
    pub message: String,
}

/// A connection to one window's page; dropping it ends the driver and leaves the window alone.
#[derive(Debug)]
pub struct WebDriver {
    port: u16,
    session: String,
    _program: Running,
}

impl WebDriver {
    /// Takes hold of the page of the window that listens at `target` as soon as there is one.
    pub async fn attach(session: &Session, target: u16) -> Self {
        static TURN: AtomicU32 = AtomicU32::new(0);
        let port = free_port();
        let name = format!("webdriver-{}", TURN.fetch_add(1, Ordering::Relaxed));
        let start = || {
            let mut command = session.command("WebKitWebDriver");
            command.arg(format!("--port={port}")).arg(format!("--target=127.0.0.1:{target}"));
            session.spawn(&name, command)
        };
        let mut program = start();
        let wanted = json!({"capabilities": {"alwaysMatch": {}}});
        let made = wait_for("a page that can be driven", PATIENCE, async || {
            if !program.is_running() {
                program = start();
            }
            // Neither the driver nor the window listens from the first moment on.
            let made = exchange(port, "POST", "/session", Some(&wanted)).await?.ok()?;
            made["sessionId"].as_str().map(str::to_owned)
        })
        .await;
        Self { port, session: made, _program: program }
    }

    /// Sends one command; `path` is what follows the session.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Refused> {
        let path = format!("/session/{}{path}", self.session);
        exchange(self.port, method, &path, body.as_ref()).await.unwrap_or_else(|| {
            Err(Refused { code: "no answer".to_owned(), message: "the driver or its window is gone".to_owned() })
        })
    }

    /// Runs a script, the body of a function, in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Refused> {
        self.send("POST", "/execute/sync", Some(json!({"script": script, "args": arguments}))).await
    }

    /// Runs a script that calls its last argument when it is done.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Refused> {
        self.send("POST", "/execute/async", Some(json!({"script": script, "args": arguments}))).await
    }
}

/// The name of an element among what a script has returned.
pub fn element(value: &Value) -> Option<&str> {
    value.get(ELEMENT)?.as_str()
}

/// An element as an argument of a script.
pub fn argument(element: &str) -> Value {
    json!({ELEMENT: element})
}

/// A port that nobody listens at now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// One request; none while nobody answers.
async fn exchange(port: u16, method: &str, path: &str, body: Option<&Value>) -> Option<Result<Value, Refused>> {
    let body = body.map_or_else(|| if method == "POST" { "{}".to_owned() } else { String::new() }, Value::to_string);
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE * 3, stream.read_to_end(&mut answer)).await;
    read.expect("the driver answers in time").ok()?;
    let (head, body) = answer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| answer.split_at(at + 4))?;
    let told: Value = serde_json::from_slice(body).ok()?;
    let value = told.get("value").cloned().unwrap_or_default();
    if head.starts_with(b"HTTP/1.1 2") {
        return Some(Ok(value));
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Err(Refused { code: text("error"), message: text("message") }))
}
