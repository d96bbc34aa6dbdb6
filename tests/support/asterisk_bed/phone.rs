//! A real SIP phone: baresip, told what to do by its control port.

use super::PATIENCE;
use super::bed::inside;
use super::configuration::phone_password;
use super::place::Ports;
use crate::desktop::programs::Running;
use crate::desktop::wait_for;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;

/// The buffer against uneven arrival loses most of the digits that Asterisk sends.
const JITTER_BUFFER: &str = "off";

/// A call as one phone knows it: its SIP Call-ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCall {
    id: String,
    /// The number of the other party at the beginning.
    pub other: String,
}

/// What a phone told about one call.
#[derive(Debug, Clone, Default)]
struct Told {
    id: String,
    incoming: bool,
    peer: String,
    rings: bool,
    established: bool,
    closed: Option<String>,
    digits: String,
}

#[derive(Debug, Default)]
struct Heard {
    calls: Vec<Told>,
    answers: Vec<Value>,
}

/// A registered phone; dropping it kills it.
#[derive(Debug)]
pub struct Phone {
    number: String,
    folder: PathBuf,
    address: SocketAddr,
    pbx: u16,
    writer: tokio::sync::Mutex<OwnedWriteHalf>,
    heard: Arc<Mutex<Heard>>,
    asked: AtomicU64,
    given: AtomicUsize,
    reader: JoinHandle<()>,
    program: Running,
}

impl Phone {
    pub(super) async fn start(number: &str, index: u16, ports: &Ports, folder: &Path, mut program: Command) -> Self {
        let (sip, control, (first, last)) = (ports.phone(index), ports.control(index), ports.phone_media(index));
        fs::create_dir_all(folder).expect("a folder for a phone");
        let config = format!(
            "sip_listen 127.0.0.1:{sip}\nnet_interface 127.0.0.1\nrtp_ports {first}-{last}\ncall_max_calls 4\n\
             jitter_buffer_type {JITTER_BUFFER}\n\
             audio_player aubridge,line\naudio_source aubridge,line\naudio_alert aubridge,bell\n\
             module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aubridge.so\n\
             module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
        );
        let (pbx, password) = (ports.sip(), phone_password(number));
        let account =
            format!("<sip:{number}@127.0.0.1:{pbx}>;auth_user={number};auth_pass={password};regint=60;answermode=manual\n");
        for (name, text) in [("config", config.as_str()), ("accounts", account.as_str()), ("contacts", "")] {
            fs::write(folder.join(name), text).expect("a file for a phone");
        }
        let here = folder.parent().map(inside).expect("the bed's folder");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        program.arg("-4").arg("-f").arg(format!("{here}/{name}"));
        let mut program = Running::start(&name, program, &folder.with_extension("log"));
        let control = SocketAddr::from((Ipv4Addr::LOCALHOST, control));
        let stream = wait_for(&format!("the control port of {name}"), PATIENCE, async || {
            assert!(program.is_running(), "{name} ended: {}", program.log());
            TcpStream::connect(control).await.ok()
        })
        .await;
        let (reader, writer) = stream.into_split();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let reader = tokio::spawn(listen(reader, Arc::clone(&heard)));
        Self {
            number: number.to_owned(),
            folder: folder.to_owned(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, sip)),
            pbx,
            writer: tokio::sync::Mutex::new(writer),
            heard,
            asked: AtomicU64::new(0),
            given: AtomicUsize::new(0),
            reader,
            program,
        }
    }

    /// Its extension.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Where it listens for SIP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Dials a number; returns as soon as the phone has begun.
    pub async fn dial(&self, number: &str) -> PhoneCall {
        let before = self.heard().calls.len();
        self.tell("dial", &self.uri(number)).await;
        self.find(&format!("a call to {number}"), |heard| {
            heard.calls.iter().skip(before).find(|call| !call.incoming).map(PhoneCall::of)
        })
        .await
    }

    /// Waits for the next incoming call that no earlier wait has returned.
    pub async fn wait_incoming(&self) -> PhoneCall {
        let nth = self.given.fetch_add(1, Ordering::Relaxed);
        self.find("an incoming call", |heard| heard.calls.iter().filter(|call| call.rings).nth(nth).map(PhoneCall::of)).await
    }

    /// The calls that ring now.
    pub fn ringing(&self) -> Vec<PhoneCall> {
        let rings = |call: &&Told| call.rings && !call.established && call.closed.is_none();
        self.heard().calls.iter().filter(rings).map(PhoneCall::of).collect()
    }

    /// The calls in which two talk, as the phone believes.
    pub fn talking(&self) -> Vec<PhoneCall> {
        let talks = |call: &&Told| call.established && call.closed.is_none();
        self.heard().calls.iter().filter(talks).map(PhoneCall::of).collect()
    }

    /// The calls that are not over, in whatever state.
    pub fn open(&self) -> Vec<PhoneCall> {
        self.heard().calls.iter().filter(|call| call.closed.is_none()).map(PhoneCall::of).collect()
    }

    /// Waits until the two can talk.
    pub async fn wait_established(&self, call: &PhoneCall) {
        self.find("an established call", |heard| heard.of(call).established.then_some(())).await;
    }

    /// Waits until the call is over, and returns the phone's reason, such as `486 Busy Here`.
    pub async fn wait_closed(&self, call: &PhoneCall) -> String {
        self.find("the end of a call", |heard| heard.of(call).closed.clone()).await
    }

    /// Waits until these digits, and no others, have arrived in the call.
    ///
    /// Of the same digit several times in a row the phone tells only the first.
    pub async fn wait_dtmf(&self, call: &PhoneCall, digits: &str) {
        self.find(&format!("the digits {digits}"), |heard| (heard.of(call).digits == digits).then_some(())).await;
    }

    /// Whether the phone believes that the two talk.
    pub fn is_established(&self, call: &PhoneCall) -> bool {
        let told = self.heard().of(call);
        told.established && told.closed.is_none()
    }

    /// Whether the phone believes that the call is over.
    pub fn is_closed(&self, call: &PhoneCall) -> bool {
        self.heard().of(call).closed.is_some()
    }

    /// How many calls came in since the start.
    pub fn incoming(&self) -> usize {
        self.heard().calls.iter().filter(|call| call.rings).count()
    }

    /// Answers.
    pub async fn accept(&self, call: &PhoneCall) {
        self.about(call, "accept", "").await;
    }

    /// Ends the call; while it rings here, that is 486.
    pub async fn hang_up(&self, call: &PhoneCall) {
        self.about(call, "hangup", "").await;
    }

    /// Puts the call on hold.
    pub async fn hold(&self, call: &PhoneCall) {
        self.about(call, "hold", "").await;
    }

    /// Takes the call back from hold.
    pub async fn resume(&self, call: &PhoneCall) {
        self.tell("callfind", &call.id).await;
        // The phone resumes and says all the same that it cannot: what fails is to open its sound once more.
        self.ask("resume", "").await;
    }

    /// Sends the other party to a number, without asking there before.
    pub async fn transfer(&self, call: &PhoneCall, number: &str) {
        self.about(call, "transfer", &self.uri(number)).await;
    }

    /// Types one digit.
    pub async fn type_digit(&self, call: &PhoneCall, digit: char) {
        self.about(call, "sndcode", &digit.to_string()).await;
    }

    /// Takes the phone away, as a pulled cable would: it says goodbye to nobody.
    pub fn unplug(&mut self) {
        self.program.kill();
    }

    /// Switches the phone off in good order: it takes its registration back, and ends its calls.
    pub async fn switch_off(&mut self) {
        self.tell("quit", "").await;
        self.program.exited().await;
    }

    /// Everything the phone wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.with_extension("log")).unwrap_or_default()
    }

    fn uri(&self, number: &str) -> String {
        format!("sip:{number}@127.0.0.1:{}", self.pbx)
    }

    /// Tells the phone something about one of its calls, which has to be its current one for that.
    async fn about(&self, call: &PhoneCall, command: &str, parameters: &str) {
        self.tell("callfind", &call.id).await;
        self.tell(command, parameters).await;
    }

    async fn tell(&self, command: &str, parameters: &str) {
        let answer = self.ask(command, parameters).await;
        assert_eq!(answer["ok"], true, "phone {}: `{command} {parameters}` was answered by {answer}", self.number);
    }

    async fn ask(&self, command: &str, parameters: &str) -> Value {
        let token = self.asked.fetch_add(1, Ordering::Relaxed).to_string();
        let text = json!({ "command": command, "params": parameters, "token": token }).to_string();
        let frame = format!("{}:{text},", text.len());
        self.writer.lock().await.write_all(frame.as_bytes()).await.expect("the phone reads");
        self.find(&format!("the answer to `{command} {parameters}`"), |heard| {
            heard.answers.iter().find(|answer| answer["token"] == token.as_str()).cloned()
        })
        .await
    }

    async fn find<T>(&self, what: &str, find: impl Fn(&Heard) -> Option<T>) -> T {
        let looked = tokio::time::timeout(PATIENCE, wait_for(what, PATIENCE * 2, async || find(&self.heard()))).await;
        looked.unwrap_or_else(|_| {
            panic!("phone {} waited in vain for {what}; it knows {:#?}\n{}", self.number, self.heard().calls, self.log())
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("no panic while held")
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl PhoneCall {
    fn of(told: &Told) -> Self {
        let user = told.peer.strip_prefix("sip:").unwrap_or(&told.peer);
        let other = user.split(['@', ';']).next().unwrap_or_default().to_owned();
        Self { id: told.id.clone(), other }
    }
}

impl Heard {
    fn of(&self, call: &PhoneCall) -> Told {
        self.calls.iter().find(|told| told.id == call.id).cloned().unwrap_or_default()
    }

    fn hear(&mut self, message: Value) {
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        if message["response"] == true {
            self.answers.push(message);
            return;
        }
        let id = text("id");
        if id.is_empty() {
            return;
        }
        if !self.calls.iter().any(|call| call.id == id) {
            let incoming = text("direction") == "incoming";
            self.calls.push(Told { id: id.clone(), incoming, peer: text("peeruri"), ..Told::default() });
        }
        let Some(call) = self.calls.iter_mut().find(|call| call.id == id) else { return };
        match text("type").as_str() {
            "CALL_INCOMING" => call.rings = true,
            "CALL_ESTABLISHED" => call.established = true,
            "CALL_CLOSED" => call.closed = Some(text("param")),
            "CALL_DTMF_START" => call.digits.push_str(&text("param")),
            _ => {}
        }
    }
}

/// Takes in what the phone says, as JSON in netstrings, until it is gone.
async fn listen(mut stream: OwnedReadHalf, heard: Arc<Mutex<Heard>>) {
    let mut bytes = Vec::new();
    while matches!(stream.read_buf(&mut bytes).await, Ok(count) if count > 0) {
        while let Some((message, used)) = netstring(&bytes) {
            let message = serde_json::from_slice(message).expect("a phone's message is JSON");
            bytes.drain(..used);
            heard.lock().expect("no panic while held").hear(message);
        }
    }
}

/// The first whole netstring, and how many bytes it takes.
fn netstring(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok().and_then(|text| text.parse().ok()).expect("a length");
    let message = bytes.get(colon + 1..colon + 1 + length)?;
    let used = colon + 2 + length;
    (bytes.len() >= used).then_some((message, used))
}
