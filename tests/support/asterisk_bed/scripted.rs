//! A phone that is only a script: it can what baresip cannot, NOTIFY talk and hold, answering by itself when the call
//! asks for it, and an attended transfer of its own (REFER with Replaces).
//!
//! It sends everything once: on loopback nothing gets lost.

use super::PATIENCE;
use super::sip::{Message, address, tag, user};
use crate::desktop::wait_for;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the phone knows of remote control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Whether it obeys NOTIFY with the events `talk` and `hold`; otherwise it refuses them with 481.
    pub obeys_notify: bool,
    /// Whether it answers a call by itself that asks for it (`answer-after=0`).
    pub obeys_answer_after: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { obeys_notify: true, obeys_answer_after: true }
    }
}

/// A call as this phone knows it: its SIP Call-ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptedCall(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Somebody calls us.
    Ringing,
    /// We call somebody.
    Calling,
    Up,
    Ended,
}

#[derive(Debug)]
struct Call {
    id: String,
    state: State,
    /// Our From, or our To with its tag.
    ours: String,
    theirs: String,
    /// Where requests in this call go.
    target: String,
    sequence: u32,
    /// The INVITE that began it, or our last one.
    invite: Message,
    held: bool,
    /// What our last INVITE asks for.
    wants_hold: bool,
}

#[derive(Debug)]
struct Desk {
    number: String,
    address: SocketAddr,
    pbx: SocketAddr,
    media: u16,
    manner: Manner,
    calls: Vec<Call>,
    /// Events of NOTIFY requests, in their order.
    notified: Vec<String>,
}

/// The scripted phone; dropping it silences it.
#[derive(Debug)]
pub struct ScriptedPhone {
    number: String,
    desk: Arc<Mutex<Desk>>,
    socket: Arc<UdpSocket>,
    invited: watch::Receiver<Option<Instant>>,
    // What is sent to us is taken and never read.
    _media: UdpSocket,
    listener: JoinHandle<()>,
}

impl ScriptedPhone {
    pub(super) async fn start(number: &str, at: SocketAddr, pbx: u16, manner: Manner) -> Self {
        let socket = Arc::new(UdpSocket::bind(at).await.expect("the scripted phone's port"));
        let media = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port for media");
        let desk = Arc::new(Mutex::new(Desk {
            number: number.to_owned(),
            address: at,
            pbx: SocketAddr::from((Ipv4Addr::LOCALHOST, pbx)),
            media: media.local_addr().expect("its address").port(),
            manner,
            calls: Vec::new(),
            notified: Vec::new(),
        }));
        let (tell, invited) = watch::channel(None);
        let listener = tokio::spawn(listen(Arc::clone(&socket), Arc::clone(&desk), tell));
        Self { number: number.to_owned(), desk, socket, invited, _media: media, listener }
    }

    /// Its extension.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// When the last INVITE came, and a way to wait for the next one.
    pub fn invited(&self) -> watch::Receiver<Option<Instant>> {
        self.invited.clone()
    }

    /// Dials a number.
    pub async fn dial(&self, number: &str) -> ScriptedCall {
        let (call, invite) = self.desk().invite(number);
        self.send(vec![invite]).await;
        call
    }

    /// The calls that ring now, with the number that each shows.
    pub fn ringing(&self) -> Vec<(ScriptedCall, String)> {
        let rings = |call: &&Call| call.state == State::Ringing;
        let told = |call: &Call| (ScriptedCall(call.id.clone()), user(&call.theirs).to_owned());
        self.desk().calls.iter().filter(rings).map(told).collect()
    }

    /// Waits until a call rings.
    pub async fn wait_incoming(&self) -> ScriptedCall {
        wait_for("a call at the scripted phone", PATIENCE, async || {
            self.desk().calls.iter().find(|call| call.state == State::Ringing).map(|call| ScriptedCall(call.id.clone()))
        })
        .await
    }

    /// Waits until the two can talk.
    pub async fn wait_established(&self, call: &ScriptedCall) {
        self.wait("an established call", call, |call| call.state == State::Up).await;
    }

    /// Waits until the call is held here, or is no longer.
    pub async fn wait_held(&self, call: &ScriptedCall, held: bool) {
        self.wait("hold or resume", call, |call| call.held == held).await;
    }

    /// Waits until the call is over.
    pub async fn wait_closed(&self, call: &ScriptedCall) {
        self.wait("the end of a call", call, |call| call.state == State::Ended).await;
    }

    /// Answers.
    pub async fn accept(&self, call: &ScriptedCall) {
        self.about(call, |desk, index| desk.accept(index)).await;
    }

    /// Ends the call, in whatever state it is.
    pub async fn hang_up(&self, call: &ScriptedCall) {
        self.about(call, |desk, index| desk.hang_up(index)).await;
    }

    /// Puts the call on hold.
    pub async fn hold(&self, call: &ScriptedCall) {
        self.about(call, |desk, index| desk.change(index, true)).await;
        self.wait_held(call, true).await;
    }

    /// Takes the call back from hold.
    pub async fn resume(&self, call: &ScriptedCall) {
        self.about(call, |desk, index| desk.change(index, false)).await;
        self.wait_held(call, false).await;
    }

    /// Connects the other parties of two calls with each other.
    pub async fn transfer(&self, call: &ScriptedCall, to: &ScriptedCall) {
        let refer = self.desk().refer(call, to);
        self.send(vec![refer]).await;
    }

    /// Events of the NOTIFY requests that came, in their order.
    pub fn notified(&self) -> Vec<String> {
        self.desk().notified.clone()
    }

    async fn about(&self, call: &ScriptedCall, act: impl FnOnce(&mut Desk, usize) -> Vec<Message>) {
        let messages = {
            let mut desk = self.desk();
            let index = desk.index(&call.0).expect("a call of this phone");
            act(&mut desk, index)
        };
        self.send(messages).await;
    }

    async fn send(&self, messages: Vec<Message>) {
        let pbx = self.desk().pbx;
        for message in messages {
            self.socket.send_to(message.text().as_bytes(), pbx).await.expect("the scripted phone can send");
        }
    }

    async fn wait(&self, what: &str, call: &ScriptedCall, holds: impl Fn(&Call) -> bool) {
        wait_for(&format!("{what} at the scripted phone"), PATIENCE, async || {
            self.desk().calls.iter().any(|told| told.id == call.0 && holds(told)).then_some(())
        })
        .await;
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("no panic while held")
    }
}

impl Drop for ScriptedPhone {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen(socket: Arc<UdpSocket>, desk: Arc<Mutex<Desk>>, invited: watch::Sender<Option<Instant>>) {
    let mut bytes = vec![0; 65_536];
    while let Ok((count, from)) = socket.recv_from(&mut bytes).await {
        let at = Instant::now();
        let Some(message) = bytes.get(..count).and_then(Message::read) else { continue };
        if message.method() == Some("INVITE") {
            invited.send_replace(Some(at));
        }
        let answers = desk.lock().expect("no panic while held").take(&message);
        for answer in answers {
            socket.send_to(answer.text().as_bytes(), from).await.expect("the scripted phone can answer");
        }
    }
}

impl Desk {
    fn index(&self, id: &str) -> Option<usize> {
        self.calls.iter().position(|call| call.id == id)
    }

    /// Takes a message in and returns what is sent for it.
    fn take(&mut self, message: &Message) -> Vec<Message> {
        let index = self.index(message.header("call-id"));
        match (message.method(), message.status(), index) {
            (Some(method), _, _) => self.take_request(method, message, index),
            (None, Some(status), Some(index)) => self.take_response(status, message, index),
            (None, _, _) => Vec::new(),
        }
    }

    fn take_request(&mut self, method: &str, request: &Message, index: Option<usize>) -> Vec<Message> {
        match (method, index) {
            ("ACK", _) => Vec::new(),
            ("INVITE", Some(index)) => vec![self.accepted(request, self.calls[index].held)],
            ("INVITE", None) => self.ring(request),
            ("NOTIFY", _) => self.notify(request, index),
            ("BYE", Some(index)) => {
                self.calls[index].state = State::Ended;
                vec![self.answer(request, "200 OK")]
            }
            ("CANCEL", Some(index)) => {
                self.calls[index].state = State::Ended;
                vec![self.answer(request, "200 OK"), self.answer(&self.calls[index].invite, "487 Request Terminated")]
            }
            ("BYE" | "CANCEL", None) => vec![self.answer(request, "481 Call/Transaction Does Not Exist")],
            _ => vec![self.answer(request, "200 OK")],
        }
    }

    fn take_response(&mut self, status: u16, response: &Message, index: usize) -> Vec<Message> {
        if status < 200 || !response.header("cseq").ends_with("INVITE") {
            return Vec::new();
        }
        let call = &mut self.calls[index];
        let number = call.invite.header("cseq").split(' ').next().unwrap_or_default().to_owned();
        call.theirs = response.header("to").to_owned();
        if status >= 300 {
            if call.state == State::Calling {
                call.state = State::Ended;
            }
            // Of the same transaction as the INVITE.
            let request = call.invite.start.replacen("INVITE", "ACK", 1);
            let ack = Message::new(request).with_all_of(&call.invite, "via").with_all_of(&call.invite, "from");
            let ack = ack.with("to", &call.theirs).with("call-id", &call.id).with("cseq", format!("{number} ACK"));
            return vec![ack.with("max-forwards", "70")];
        }
        address(response.header("contact")).clone_into(&mut call.target);
        if call.state == State::Calling {
            call.state = State::Up;
        }
        call.held = call.wants_hold;
        let number = number.parse().unwrap_or_default();
        vec![self.request_numbered("ACK", index, number)]
    }

    fn ring(&mut self, invite: &Message) -> Vec<Message> {
        let asks = invite.header("call-info").contains("answer-after=0");
        let call = Call {
            id: invite.header("call-id").to_owned(),
            state: State::Ringing,
            ours: format!("{};tag={}", invite.header("to"), word()),
            theirs: invite.header("from").to_owned(),
            target: address(invite.header("contact")).to_owned(),
            sequence: 0,
            invite: invite.clone(),
            held: false,
            wants_hold: false,
        };
        self.calls.push(call);
        let mut answers = vec![self.answer(invite, "180 Ringing").with("allow-events", self.allowed())];
        if asks && self.manner.obeys_answer_after {
            answers.extend(self.accept(self.calls.len() - 1));
        }
        answers
    }

    fn notify(&mut self, request: &Message, index: Option<usize>) -> Vec<Message> {
        let event = request.header("event").to_owned();
        self.notified.push(event.clone());
        let controls = matches!(event.as_str(), "talk" | "hold");
        if controls && !self.manner.obeys_notify {
            return vec![self.answer(request, "481 Call/Transaction Does Not Exist")];
        }
        let mut answers = vec![self.answer(request, "200 OK")];
        // Outside of a call the one that can be meant is meant.
        let meant = index.or_else(|| self.calls.iter().position(|call| call.state == State::Ringing));
        let meant = meant.or_else(|| self.calls.iter().position(|call| call.state == State::Up));
        if let Some((index, call)) = meant.and_then(|index| Some((index, self.calls.get(index)?))) {
            answers.extend(match (event.as_str(), call.state) {
                ("talk", State::Ringing) => self.accept(index),
                ("talk", State::Up) => self.change(index, false),
                ("hold", State::Up) => self.change(index, true),
                _ => Vec::new(),
            });
        }
        answers
    }

    fn accept(&mut self, index: usize) -> Vec<Message> {
        self.calls[index].state = State::Up;
        vec![self.accepted(&self.calls[index].invite, false)]
    }

    fn hang_up(&mut self, index: usize) -> Vec<Message> {
        let state = self.calls[index].state;
        self.calls[index].state = State::Ended;
        let call = &self.calls[index];
        match state {
            State::Ended => Vec::new(),
            State::Ringing => vec![self.answer(&call.invite, "486 Busy Here")],
            State::Up => vec![self.request("BYE", index)],
            State::Calling => {
                let number = call.invite.header("cseq").replace("INVITE", "CANCEL");
                let cancel = Message::new(call.invite.start.replacen("INVITE", "CANCEL", 1)).with_all_of(&call.invite, "via");
                let cancel = cancel.with_all_of(&call.invite, "from").with_all_of(&call.invite, "to");
                vec![cancel.with("call-id", &call.id).with("cseq", number).with("max-forwards", "70")]
            }
        }
    }

    /// Holds or resumes by a new INVITE in the call.
    fn change(&mut self, index: usize, hold: bool) -> Vec<Message> {
        let description = self.description(hold);
        let invite = self.request("INVITE", index).with_description(description);
        self.calls[index].wants_hold = hold;
        self.calls[index].invite = invite.clone();
        vec![invite]
    }

    /// Begins a call.
    fn invite(&mut self, number: &str) -> (ScriptedCall, Message) {
        let id = format!("{}@scripted", word());
        let target = format!("sip:{number}@{}", self.pbx);
        self.calls.push(Call {
            id: id.clone(),
            state: State::Calling,
            ours: format!("<sip:{}@{}>;tag={}", self.number, self.address, word()),
            theirs: format!("<{target}>"),
            target,
            sequence: 0,
            invite: Message::new(""),
            held: false,
            wants_hold: false,
        });
        let index = self.calls.len() - 1;
        let invite = self.request("INVITE", index).with_description(self.description(false));
        self.calls[index].invite = invite.clone();
        (ScriptedCall(id), invite)
    }

    fn refer(&mut self, call: &ScriptedCall, to: &ScriptedCall) -> Message {
        let (index, other) = (self.index(&call.0).expect("a call"), self.index(&to.0).expect("another call"));
        let other = &self.calls[other];
        let replaces = format!("{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", other.id, tag(&other.theirs), tag(&other.ours));
        let target = format!("<sip:{}@{}?Replaces={replaces}>", user(&other.theirs), self.pbx);
        let own = format!("<sip:{}@{}>", self.number, self.address);
        self.request("REFER", index).with("refer-to", target.replace("@scripted", "%40scripted")).with("referred-by", own)
    }

    /// The next request in a call.
    fn request(&mut self, method: &str, index: usize) -> Message {
        self.calls[index].sequence += 1;
        self.request_numbered(method, index, self.calls[index].sequence)
    }

    fn request_numbered(&self, method: &str, index: usize, number: u32) -> Message {
        let call = &self.calls[index];
        Message::new(format!("{method} {} SIP/2.0", call.target))
            .with("via", format!("SIP/2.0/UDP {};branch=z9hG4bK{}", self.address, word()))
            .with("from", &call.ours)
            .with("to", &call.theirs)
            .with("call-id", &call.id)
            .with("cseq", format!("{number} {method}"))
            .with("contact", self.contact())
            .with("max-forwards", "70")
            .with("allow-events", self.allowed())
    }

    /// An answer; within a call, and to what begins one, with the tag of our side.
    fn answer(&self, request: &Message, status: &str) -> Message {
        let answer = ["via", "from", "call-id", "cseq"]
            .iter()
            .fold(Message::new(format!("SIP/2.0 {status}")), |answer, name| answer.with_all_of(request, name));
        let to = request.header("to");
        let ours = self.index(request.header("call-id")).and_then(|index| self.calls.get(index)).map(|call| call.ours.as_str());
        let to =
            if tag(to).is_empty() { ours.map_or_else(|| format!("{to};tag={}", word()), str::to_owned) } else { to.to_owned() };
        answer.with("to", to).with("contact", self.contact())
    }

    fn accepted(&self, invite: &Message, held: bool) -> Message {
        self.answer(invite, "200 OK").with("allow-events", self.allowed()).with_description(self.description(held))
    }

    fn allowed(&self) -> &'static str {
        if self.manner.obeys_notify { "talk, hold, refer" } else { "refer" }
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.number, self.address)
    }

    fn description(&self, hold: bool) -> String {
        let (media, direction) = (self.media, if hold { "sendonly" } else { "sendrecv" });
        format!(
            "v=0\r\no=- {0} {0} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {media} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n",
            fastrand::u32(1..)
        )
    }
}

/// A word that occurs nowhere else.
fn word() -> String {
    format!("{:016x}", fastrand::u64(..))
}
