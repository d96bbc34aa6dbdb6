//! The other side: asks the agent and follows what it tells.

pub mod blocking;
mod typed;

pub use typed::NewAccount;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use phone_core::{Reason, Secret, Trouble};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::clock;
use crate::display::display;
use crate::line::{Line, Lines};
use crate::protocol::{Hello, LINE_LIMIT, OpenWindowParams, PROTOCOL, PresencePart, Welcome, method};
use crate::transport::{LONGEST_PATH, Reader, Writer, connect, is_nobody};

/// How many requests may wait to be written, and how many notices to be read.
const WAITING: usize = 32;

/// How long an agent may take to answer the hello, which it does at once unless it hangs or the machine is very busy.
const WELCOME: Duration = Duration::from_secs(10);

/// How long a wish lasts that an agent is too busy for; then the user has turned to something else.
const MEANT_FOR: Duration = Duration::from_secs(10);

/// What came back for one request.
type Heard = Result<Box<RawValue>, Trouble>;

/// Who waits for which answer; none once the connection is lost.
type Asked = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Heard>>>>>;

/// One notification of a subscribed stream, as it came.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Name of the notification.
    pub method: String,
    /// Its parameters.
    pub params: Box<RawValue>,
}

/// What a notification says.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A whole view, in place of the one before.
    View(Box<phone_core::View>),
    /// A part of the presence stream.
    Presence(PresencePart),
    /// Something happened.
    Event(Box<phone_core::Event>),
    /// The window shall show itself.
    Show(OpenWindowParams),
    /// Something a newer agent tells.
    Other,
}

impl Notice {
    /// Reads what it says; what this version does not know is [`Told::Other`].
    pub fn told(&self) -> Told {
        let text = self.params.get();
        let told = match self.method.as_str() {
            method::VIEW => serde_json::from_str(text).map(Told::View),
            method::PRESENCE => serde_json::from_str(text).map(Told::Presence),
            method::CALL_EVENT => serde_json::from_str(text).map(Told::Event),
            method::SHOW => serde_json::from_str(text).map(Told::Show),
            _ => Ok(Told::Other),
        };
        told.unwrap_or(Told::Other)
    }
}

/// A way to the agent; clones share one connection.
///
/// Requests run side by side. The connection ends with the last clone.
#[derive(Clone)]
pub struct Client {
    requests: mpsc::Sender<(u64, Zeroizing<Vec<u8>>)>,
    shared: Arc<Shared>,
}

/// What the agent said about the connection as a whole; it hangs up after it.
type Farewell = Arc<Mutex<Option<Trouble>>>;

struct Shared {
    asked: Asked,
    farewell: Farewell,
    next: std::sync::atomic::AtomicU64,
    welcome: Welcome,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Notifications of the subscribed streams, in order; ends when the connection does.
///
/// Whoever subscribes has to read them: the agent drops a client that does not.
pub type Notices = mpsc::Receiver<Notice>;

impl Client {
    /// Connects to the agent and says hello as `name`. Needs the context of a runtime.
    ///
    /// # Errors
    /// `no_agent` when nothing listens there, `agent_hangs` when nobody answers, `protocol` when the agent is of another
    /// generation, and what the agent says when it has no place.
    pub async fn connect(path: &Path, name: &str) -> Result<(Self, Notices), Trouble> {
        let greeted = tokio::time::timeout(WELCOME, Self::greet(path, name)).await;
        greeted.unwrap_or_else(|_| Err(Reason::AgentHangs.into()))
    }

    async fn greet(path: &Path, name: &str) -> Result<(Self, Notices), Trouble> {
        let (reader, writer) = connect(path).await.map_err(|error| not_reached(path, &error))?;
        let asked: Asked = Arc::new(Mutex::new(Some(HashMap::new())));
        let (requests, to_write) = mpsc::channel(WAITING);
        let (notices, to_read) = mpsc::channel(WAITING);
        let writing = tokio::spawn(write(writer, to_write, asked.clone()));
        let farewell = Farewell::default();
        let reading = tokio::spawn(read(reader, notices, asked.clone(), farewell.clone()));
        let nobody = Welcome { protocol: String::new(), agent_version: String::new(), restart_needed: false };
        let shared = Shared { asked, farewell, next: 1.into(), welcome: nobody, tasks: [writing, reading] };
        let mut client = Self { requests, shared: Arc::new(shared) };
        let welcome = client.call(method::HELLO, &hello(name)).await.map_err(|why| client.farewell().unwrap_or(why))?;
        if let Some(shared) = Arc::get_mut(&mut client.shared) {
            shared.welcome = welcome;
        }
        Ok((client, to_read))
    }

    /// What the agent said at the beginning.
    pub fn welcome(&self) -> &Welcome {
        &self.shared.welcome
    }

    /// Why the agent ended the connection, when it said so: events that were promised were missed, for example.
    pub fn farewell(&self) -> Option<Trouble> {
        self.shared.farewell.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for a method of the protocol and reads its answer.
    ///
    /// # Errors
    /// What the agent says; `outcome_unknown` when the connection is lost while a command runs, else `no_agent`.
    pub async fn call<R: DeserializeOwned>(&self, method: &str, params: &impl Serialize) -> Result<R, Trouble> {
        let result = self.call_raw(method, params).await?;
        serde_json::from_str(result.get()).map_err(|_| unreadable())
    }

    /// Asks like [`Client::call`] and hands the answer on unread.
    ///
    /// # Errors
    /// As for [`Client::call`].
    pub async fn call_raw(&self, method: &str, params: &impl Serialize) -> Result<Box<RawValue>, Trouble> {
        let id = self.next_id();
        self.ask(id, method, request(id, method, params, None, not_after(method))?).await
    }

    /// Asks with a password put among the parameters; the text is wiped as soon as it was written.
    ///
    /// # Errors
    /// As for [`Client::call`].
    pub async fn call_with_password(
        &self,
        method: &str,
        params: &impl Serialize,
        password: &Secret,
    ) -> Result<Box<RawValue>, Trouble> {
        let id = self.next_id();
        self.ask(id, method, request(id, method, params, Some(password), not_after(method))?).await
    }

    fn next_id(&self) -> u64 {
        self.shared.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    async fn ask(&self, id: u64, method: &str, line: Zeroizing<Vec<u8>>) -> Heard {
        let (answer, heard) = oneshot::channel();
        match self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(asked) => asked.insert(id, answer),
            None => return Err(Reason::NoAgent.into()),
        };
        if self.requests.send((id, line)).await.is_err() {
            return Err(Reason::NoAgent.into());
        }
        heard.await.unwrap_or_else(|_| Err(lost(method)))
    }
}

async fn write(mut writer: Writer, mut lines: mpsc::Receiver<(u64, Zeroizing<Vec<u8>>)>, asked: Asked) {
    while let Some((id, line)) = lines.recv().await {
        if writer.write_all(&line).await.is_err() {
            // It did not go out whole, so the agent cannot have understood it.
            if let Some(answer) = taken(&asked, id) {
                answer.send(Err(Reason::NoAgent.into())).ok();
            }
            return;
        }
    }
}

async fn read(reader: Reader, notices: mpsc::Sender<Notice>, asked: Asked, farewell: Farewell) {
    let mut lines = Lines::new(reader);
    while let Ok(Line::Text(text)) = lines.next().await {
        match understood(text) {
            Some(Incoming::Answer(id, heard)) => {
                if let Some(answer) = taken(&asked, id) {
                    answer.send(heard).ok();
                }
            }
            Some(Incoming::Farewell(why)) => *farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(why),
            // Nobody may be interested any more; answers still are.
            Some(Incoming::Notice(notice)) => drop(notices.send(notice).await),
            None => {}
        }
    }
    // Those who still wait learn that the connection is lost.
    asked.lock().unwrap_or_else(PoisonError::into_inner).take();
}

fn taken(asked: &Asked, id: u64) -> Option<oneshot::Sender<Heard>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(&id)
}

/// What the agent writes.
enum Incoming {
    Answer(u64, Heard),
    Notice(Notice),
    /// A failure that belongs to no request.
    Farewell(Trouble),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    id: Option<u64>,
    #[serde(borrow, default)]
    method: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Option<Trouble>,
}

fn understood(text: &[u8]) -> Option<Incoming> {
    let envelope: Envelope<'_> = serde_json::from_slice(text).ok()?;
    if let (Some(method), Some(params)) = (&envelope.method, envelope.params) {
        return Some(Incoming::Notice(Notice { method: method.clone().into_owned(), params: params.to_owned() }));
    }
    let heard = match (envelope.result, envelope.error) {
        (Some(result), None) => Ok(result.to_owned()),
        (_, Some(fault)) => Err(fault.data.unwrap_or(Trouble { detail: Some(fault.message), ..unreadable() })),
        (None, None) => Err(unreadable()),
    };
    match (envelope.id, heard) {
        (Some(id), heard) => Some(Incoming::Answer(id, heard)),
        (None, Err(why)) => Some(Incoming::Farewell(why)),
        (None, Ok(_)) => None,
    }
}

fn hello(name: &str) -> Hello {
    Hello {
        client: name.to_owned(),
        version: PROTOCOL.to_owned(),
        program_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        display: display(),
    }
}

/// When something asked now is not meant any more; what changes nothing may come late.
fn not_after(name: &str) -> Option<u64> {
    (!changes_nothing(name)).then(|| clock::in_ms(MEANT_FOR))
}

/// Writes a request with its line end. A password is written here and nowhere else.
fn request(
    id: u64,
    method: &str,
    params: &impl Serialize,
    password: Option<&Secret>,
    not_after_ms: Option<u64>,
) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let unwritable = |error: serde_json::Error| Trouble::from(Reason::WrongUsage(error.to_string()));
    let params = serde_json::to_string(params).map_err(unwritable)?;
    let secret_room = password.map_or(0, |password| 6 * password.expose().len() + 16);
    // Never moved to a larger place, because the smaller one would not be wiped.
    let mut line = Zeroizing::new(Vec::with_capacity(params.len() + method.len() + secret_room + 120));
    line.extend_from_slice(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","#).as_bytes());
    if let Some(limit) = not_after_ms {
        line.extend_from_slice(format!(r#""not_after_ms":{limit},"#).as_bytes());
    }
    line.extend_from_slice(br#""params":"#);
    match password {
        None => line.extend_from_slice(params.as_bytes()),
        Some(password) => {
            let fields = params.strip_prefix('{').ok_or_else(|| Trouble::from(Reason::WrongUsage("no parameters".into())))?;
            line.extend_from_slice(br#"{"password":"#);
            serde_json::to_writer(&mut *line, password.expose()).map_err(unwritable)?;
            line.extend_from_slice(if fields == "}" { b"" } else { b"," });
            line.extend_from_slice(fields.as_bytes());
        }
    }
    line.extend_from_slice(b"}\n");
    if line.len() > LINE_LIMIT { Err(Reason::WrongUsage("the request is longer than 1 MiB".into()).into()) } else { Ok(line) }
}

/// What it means that the hello could not be said.
fn not_reached(path: &Path, error: &io::Error) -> Trouble {
    if path.as_os_str().len() > LONGEST_PATH {
        return Trouble {
            text: format!("The path of the control socket is too long: {}", path.display()),
            remedy: Some(format!("Name one of at most {LONGEST_PATH} bytes in TRAYPHONE_SOCKET.")),
            detail: None,
            ..Reason::WrongUsage(String::new()).into()
        };
    }
    if is_nobody(error) || has_ended(error) {
        return Reason::NoAgent.into();
    }
    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
        return Reason::AgentHangs.into();
    }
    Trouble {
        text: format!("The control socket {} cannot be reached.", path.display()),
        remedy: Some("Look at its folder, or name another socket in TRAYPHONE_SOCKET.".to_owned()),
        detail: Some(error.to_string()),
        ..Reason::NoAgent.into()
    }
}

/// Tells whether this is how it looks when the other end ended while it was reached.
fn has_ended(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

/// What a request means that may have arrived at an agent that does not answer.
pub fn unanswered() -> Trouble {
    Trouble {
        text: "Trayphone runs but does not answer, so it is not known what became of this.".to_owned(),
        remedy: Some("Look at the phone before you try again; then quit Trayphone and start it again.".to_owned()),
        ..Reason::OutcomeUnknown.into()
    }
}

/// What a lost connection means for a request that may have arrived.
fn lost(name: &str) -> Trouble {
    if is_harmless(name) { Reason::NoAgent.into() } else { Reason::OutcomeUnknown.into() }
}

/// Nothing becomes unclear when it is not known whether this was done.
fn is_harmless(name: &str) -> bool {
    changes_nothing(name) || name == method::OPEN_WINDOW
}

fn changes_nothing(name: &str) -> bool {
    [
        method::HELLO,
        method::GET_VIEW,
        method::SUBSCRIBE,
        method::PEOPLE,
        method::HISTORY,
        method::DIAGNOSIS,
        method::DOCTOR,
        method::GET_SETTINGS,
        method::TEST_ACCOUNT,
    ]
    .contains(&name)
}

fn unreadable() -> Trouble {
    Trouble {
        text: "The answer of the Trayphone agent cannot be understood.".to_owned(),
        remedy: Some("Restart the agent and this program.".to_owned()),
        ..Reason::Garbage.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{AccountParams, Nothing};

    #[test]
    fn a_password_is_put_among_the_parameters_in_one_place_that_never_moves() {
        let account = AccountParams { account: phone_core::AccountName::parse("office").expect("a plain word") };
        let secret = Secret::new("Sample \"Pw9\" \u{1}\u{1}\u{1}\n".into());
        let line = request(7, method::SET_PASSWORD, &account, Some(&secret), None).expect("a request");
        let read: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        assert_eq!(read["params"]["password"], secret.expose());
        assert_eq!(read["params"]["account"], "office");
        let worst = Secret::new("\u{1}".repeat(300));
        let line = request(u64::MAX, method::SET_PASSWORD, &Nothing {}, Some(&worst), Some(u64::MAX)).expect("a request");
        let needed = line.len();
        assert!(line.capacity() >= needed && line.capacity() < needed + 200);
    }

    #[test]
    fn only_what_may_have_been_done_is_unknown_after_a_lost_connection() {
        assert_eq!(lost(method::DIAL).code, phone_core::Code::OutcomeUnknown);
        assert_eq!(lost(method::GET_VIEW).code, phone_core::Code::NoAgent);
    }
}
