//! A phone without a PBX, and a client that writes raw lines.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use phone_control::client::Notices;
use phone_control::{Client, Limits, Phone, bind, serve_within};
use phone_core::event::CallBrief;
use phone_core::people::{People, PersonSeen};
use phone_core::request::Answer;
use phone_core::{
    AccountName, CallId, CallState, Direction, Event, EventName, Party, Person, PersonKind, Presence, Reason, Reply, Request,
    View,
};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;

/// Answers like an engine, out of memory.
pub struct FakePhone {
    people: Mutex<People>,
    revision: watch::Sender<u64>,
    view: watch::Sender<Arc<View>>,
    events: broadcast::Sender<Event>,
    dials: AtomicUsize,
    pages: AtomicUsize,
    replace: Mutex<Option<(usize, usize)>>,
    began: Notify,
    go: Notify,
    read: Notify,
}

fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

fn seen(index: usize, presence: Presence) -> PersonSeen {
    PersonSeen {
        number: format!("{}", 200 + index),
        name: Some(format!("Person {index}")),
        kind: PersonKind::Person,
        presence,
        dnd: false,
        note: None,
    }
}

/// One person as the engine shows it.
pub fn person(index: usize, presence: Presence) -> Person {
    let mut people = People::default();
    people.replace(&office(), vec![seen(index, presence)]);
    people.page(0, 1).remove(0)
}

impl FakePhone {
    fn new() -> Self {
        Self {
            people: Mutex::default(),
            revision: watch::Sender::new(0),
            view: watch::Sender::new(Arc::new(View { revision: 1, ..View::default() })),
            events: broadcast::Sender::new(64),
            dials: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
            replace: Mutex::default(),
            began: Notify::new(),
            go: Notify::new(),
            read: Notify::new(),
        }
    }

    pub fn fill(&self, count: usize) {
        let everybody = (0..count).map(|index| seen(index, Presence::Available)).collect();
        let mut people = self.people.lock().expect("no panic before");
        people.replace(&office(), everybody);
        self.revision.send_replace(people.revision());
    }

    pub fn set(&self, number: &str, presence: Presence) {
        let index = number.parse::<usize>().expect("a number") - 200;
        let mut people = self.people.lock().expect("no panic before");
        people.update(&office(), seen(index, presence), Timestamp::UNIX_EPOCH);
        self.revision.send_replace(people.revision());
    }

    /// Puts another picture in place once so many pages were read.
    pub fn replace_after_pages(&self, pages: usize, count: usize) {
        *self.replace.lock().expect("no panic before") = Some((pages, count));
    }

    pub fn show(&self, revision: u64) {
        self.view.send_replace(Arc::new(View { revision, ..View::default() }));
    }

    pub fn tell(&self, name: EventName) {
        self.events.send(Event::new(name, Timestamp::UNIX_EPOCH)).ok();
    }

    pub fn dials(&self) -> usize {
        self.dials.load(Ordering::SeqCst)
    }

    pub async fn hold_began(&self) {
        within(self.began.notified()).await;
    }

    pub fn let_hold_go(&self) {
        self.go.notify_one();
    }

    /// Waits until so many reads of changes were answered.
    pub async fn read_by(&self, times: usize) {
        for _ in 0..times {
            within(self.read.notified()).await;
        }
    }
}

impl Phone for FakePhone {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the tests ask for nothing else")]
    async fn ask(&self, request: Request) -> Answer {
        match request {
            Request::GetView => Ok(Reply::View(self.view.borrow().clone())),
            Request::People { offset, limit, .. } => {
                let due = self.replace.lock().expect("no panic before").take_if(|(pages, _)| {
                    let read = self.pages.fetch_add(1, Ordering::SeqCst);
                    read == *pages
                });
                if let Some((_, count)) = due {
                    self.fill(count);
                }
                let people = self.people.lock().expect("no panic before");
                Ok(Reply::People { revision: people.revision(), people: people.page(offset, limit), total: people.len() })
            }
            Request::PeopleSince(since) => {
                let people = self.people.lock().expect("no panic before");
                let changed = match people.changes_since(since) {
                    phone_core::people::Changes::Whole => None,
                    phone_core::people::Changes::Some(changed) => Some(changed),
                };
                self.read.notify_one();
                Ok(Reply::PeopleChanged { revision: people.revision(), changed })
            }
            Request::Dial { text, .. } => {
                self.dials.fetch_add(1, Ordering::SeqCst);
                Ok(Reply::Call(CallBrief {
                    id: CallId::numbered(&office(), 1),
                    account: office(),
                    direction: Direction::Outgoing,
                    state: CallState::CallingOwnPhone,
                    remote: Party::number(text),
                }))
            }
            Request::Hold(_) => {
                self.began.notify_one();
                self.go.notified().await;
                Ok(Reply::Done)
            }
            Request::MissedSeen => Ok(Reply::Done),
            Request::Answer(_) => Err(Reason::NoSuchCall.into()),
            _ => Err(Reason::NotAvailable.into()),
        }
    }

    fn view(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    fn people(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }
}

/// A running server on a socket of its own.
pub struct Stage {
    pub path: PathBuf,
    pub phone: Arc<FakePhone>,
    serving: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a throw-away folder");
        let path = folder.path().join("trayphone/control.sock");
        let listener = bind(&path).expect("nobody is there");
        let phone = Arc::new(FakePhone::new());
        let serving = tokio::spawn(serve_within(listener, phone.clone(), limits));
        Self { path, phone, serving, _folder: folder }
    }

    pub async fn client(&self) -> (Client, Notices) {
        within(Client::connect(&self.path, "test")).await.expect("the server answers")
    }

    pub fn end(&mut self) {
        self.serving.abort();
    }
}

/// A client that writes whatever it is told.
pub struct Raw {
    stream: BufReader<UnixStream>,
}

impl Raw {
    pub async fn connect(stage: &Stage) -> Self {
        Self { stream: BufReader::new(UnixStream::connect(&stage.path).await.expect("the server listens")) }
    }

    pub async fn send(&mut self, line: &str) {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).await.expect("the server reads");
    }

    pub async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = within(self.stream.read_line(&mut line)).await.unwrap_or(0);
        (read > 0).then(|| serde_json::from_str(&line).expect("JSON"))
    }

    pub async fn ask(&mut self, line: &str) -> Value {
        self.send(line).await;
        self.next().await.expect("an answer")
    }

    /// Waits, without reading, until the server has closed the connection.
    pub async fn dropped(&mut self) -> bool {
        let closed = async {
            loop {
                self.stream.get_ref().writable().await.expect("a socket");
                match self.stream.get_ref().try_write(b"\n") {
                    Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return true,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        within(closed).await
    }
}

/// Waits, not for ever.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it takes too long")
}
