//! Manager sessions: the bed's own has every right, and by it tests ask Asterisk itself for the truth.

use crate::desktop::wait_for;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;

use super::PATIENCE;
use super::configuration::AmiUser;

/// One packet of the manager interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// As it came, with the empty line at its end.
    pub text: String,
    headers: Vec<(String, String)>,
}

impl Packet {
    fn read(text: String) -> Self {
        let headers = text.split("\r\n").filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect();
        Self { text, headers }
    }

    /// The first value of a header, or nothing.
    pub fn get(&self, key: &str) -> &str {
        self.headers.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    /// Whether this is the event `name` with all of these headers; a value may go on after the given text.
    pub fn is(&self, name: &str, headers: &[(&str, &str)]) -> bool {
        self.get("Event") == name && headers.iter().all(|(key, value)| self.get(key).starts_with(value))
    }
}

/// How many packets are kept; a test gets a few thousand, the demonstration runs for hours.
const KEPT: usize = 50_000;

#[derive(Debug, Default)]
struct Received {
    packets: VecDeque<Packet>,
    /// How many packets came before those that are kept.
    gone: usize,
    closed: bool,
}

impl Received {
    fn since(&self, mark: usize) -> impl Iterator<Item = &Packet> {
        self.packets.iter().skip(mark.saturating_sub(self.gone))
    }

    fn keep(&mut self, packet: Packet) {
        if self.packets.len() == KEPT {
            self.packets.pop_front();
            self.gone += 1;
        }
        self.packets.push_back(packet);
    }
}

/// A manager session that keeps everything it receives.
#[derive(Debug)]
pub struct Admin {
    writer: tokio::sync::Mutex<OwnedWriteHalf>,
    received: Arc<Mutex<Received>>,
    asked: AtomicU64,
    reader: JoinHandle<()>,
}

impl Admin {
    /// Signs in as soon as the port is open.
    pub(super) async fn sign_in(port: u16, user: AmiUser) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = wait_for("Asterisk's manager port", PATIENCE, async || TcpStream::connect(address).await.ok()).await;
        let (reader, writer) = stream.into_split();
        let received = Arc::new(Mutex::new(Received::default()));
        let reader = tokio::spawn(read(reader, Arc::clone(&received)));
        let admin = Self { writer: tokio::sync::Mutex::new(writer), received, asked: AtomicU64::new(0), reader };
        let answer = admin.ask("Login", &[("Username", user.name()), ("Secret", &user.secret())]).await;
        assert_eq!(answer.get("Response"), "Success", "the sign-in of {user:?}: {answer:?}");
        admin
    }

    /// Sends an action and returns its response.
    pub async fn ask(&self, action: &str, headers: &[(&str, &str)]) -> Packet {
        let (from, id) = (self.mark(), self.send(action, headers).await);
        let fits = |packet: &&Packet| packet.get("ActionID") == id && packet.get("Event").is_empty();
        self.find(from, &format!("the answer to {action}"), fits).await
    }

    /// Sends an action that is answered by a list, and returns the list without its first and last packet.
    pub async fn list(&self, action: &str, headers: &[(&str, &str)]) -> Vec<Packet> {
        let (from, id) = (self.mark(), self.send(action, headers).await);
        let ends = |packet: &&Packet| {
            packet.get("ActionID") == id && (packet.get("EventList") == "Complete" || packet.get("Response") == "Error")
        };
        self.find(from, &format!("the end of the list of {action}"), ends).await;
        let ours = |packet: &&Packet| packet.get("ActionID") == id && packet.get("EventList").is_empty();
        self.received().since(from).filter(ours).cloned().collect()
    }

    /// How many packets came so far: what a later [`Admin::event`] begins from.
    pub fn mark(&self) -> usize {
        let received = self.received();
        received.gone + received.packets.len()
    }

    /// Waits for an event with these headers that came after `mark`; a value may go on after the given text.
    pub async fn event(&self, mark: usize, name: &str, headers: &[(&str, &str)]) -> Packet {
        self.find(mark, &format!("the event {name} {headers:?}"), |packet| packet.is(name, headers)).await
    }

    /// All events with these headers that came after `mark`.
    pub fn events(&self, mark: usize, name: &str, headers: &[(&str, &str)]) -> Vec<Packet> {
        self.received().since(mark).filter(|packet| packet.is(name, headers)).cloned().collect()
    }

    /// Everything that came after `mark`, as it came.
    pub fn text(&self, mark: usize) -> String {
        self.received().since(mark).map(|packet| packet.text.as_str()).collect()
    }

    /// Whether Asterisk has closed the connection.
    pub fn is_closed(&self) -> bool {
        self.received().closed
    }

    async fn send(&self, action: &str, headers: &[(&str, &str)]) -> String {
        let id = self.asked.fetch_add(1, Ordering::Relaxed).to_string();
        let mut text = format!("Action: {action}\r\nActionID: {id}\r\n");
        for (key, value) in headers {
            assert!(!value.contains(['\r', '\n']), "{key} of {action} holds a line break");
            text.push_str(&format!("{key}: {value}\r\n"));
        }
        text.push_str("\r\n");
        self.writer.lock().await.write_all(text.as_bytes()).await.expect("Asterisk reads");
        id
    }

    async fn find(&self, from: usize, what: &str, fits: impl Fn(&&Packet) -> bool) -> Packet {
        wait_for(what, PATIENCE, async || {
            let received = self.received();
            let found = received.since(from).find(&fits).cloned();
            assert!(found.is_some() || !received.closed, "Asterisk closed the bed's session before: {what}");
            found
        })
        .await
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().expect("no panic while held")
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Takes packets in until the connection ends.
async fn read(mut stream: OwnedReadHalf, received: Arc<Mutex<Received>>) {
    let (mut bytes, mut greeted) = (Vec::new(), false);
    loop {
        let ended = !matches!(stream.read_buf(&mut bytes).await, Ok(count) if count > 0);
        let mut received = received.lock().expect("no panic while held");
        if !greeted && let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
            bytes.drain(..end + 2);
            greeted = true;
        }
        while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let packet: Vec<u8> = bytes.drain(..end + 4).collect();
            received.keep(Packet::read(String::from_utf8_lossy(&packet).into_owned()));
        }
        if ended {
            received.closed = true;
            return;
        }
    }
}
