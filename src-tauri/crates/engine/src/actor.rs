//! The one actor: everything enters by its bounded inbox, everything known leaves as one view.

mod accounts;
mod clock;
mod desk;
mod disk;
mod examination;
mod keyring;
mod requests;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use phone_core::model::{Begun, Model, Output};
use phone_core::request::Answer;
use phone_core::told::RequestId;
use phone_core::view::Hint;
use phone_core::{AccountName, DesktopSettings, Event, Link, Now, Reason, Secret, View};
use phone_pbx::dialect::{Dialect, Input, Wire};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tracing::warn;

pub use self::accounts::LONGEST_ANSWER;
use self::disk::Writing;
use crate::disk::Disk;
use crate::history::{self, Keep};
use crate::marks::Marks;
use crate::net::{FromNet, ToSocket};
use crate::ports::{Proxies, Vault, VaultError};
use crate::settings::Settings;
use crate::{Asked, Handle, Options};

/// How many messages are worked off before a view is published.
const BATCH: usize = 512;
/// Events that may wait for a reader; one that is slower misses some, and learns that.
const EVENTS: usize = 256;
/// How many events are told before their readers get a turn.
const EVENTS_AT_ONCE: usize = EVENTS / 4;
/// Frames kept for a report.
const KEPT_FRAMES: usize = 40;
/// Longest part of a frame that is kept.
const KEPT_BYTES: usize = 2000;

/// Where the secret of an account stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretState {
    /// Being read.
    Asked,
    /// With the dialect, or not needed.
    Here,
    /// Not there, for this reason.
    Missing,
}

/// A frame as it is kept for a report.
enum KeptFrame {
    /// The way it went, its whole length in bytes, and its beginning.
    Shown { way: char, length: usize, beginning: Box<str> },
    /// Sent, with a credential in it.
    Hidden,
}

/// One account at work.
struct Desk {
    config: phone_core::AccountConfig,
    link: Link,
    dialect: Option<Box<dyn Dialect>>,
    /// Number of the attempt, never used twice; messages of earlier ones are void.
    attempt: u64,
    /// The PBX refused the stored secret; it is not sent again until there is another.
    refused: bool,
    /// The secret at hand has worked: since the agent started, or before it was stored.
    proven: bool,
    /// The user signed out; only the user signs in again.
    signed_out: bool,
    tls: Option<crate::net::tls::Tls>,
    http: Option<crate::net::http::Http>,
    wires: HashMap<Wire, mpsc::Sender<ToSocket>>,
    tasks: Vec<AbortHandle>,
    addresses: Option<(std::net::SocketAddr, std::net::SocketAddr)>,
    secret: SecretState,
    /// When a stopped link was last tried anew because the network changed.
    looked_again: Option<Instant>,
    /// When it is to be tried anew once more: the network changed too soon after that.
    look_again_at: Option<Instant>,
    /// The keyring changed while the secret was being read.
    read_again: bool,
    /// When the keyring is asked again by itself.
    keyring: keyring::AskAgain,
    /// Those who wait until the typed secret of this number, or a later one, is stored.
    storing: Vec<(u64, oneshot::Sender<Answer>)>,
    /// Typed by the user and not stored yet, with its number.
    unstored: Option<(u64, Secret)>,
    /// Number of the secret that the keyring is storing now.
    being_stored: Option<u64>,
    /// Not kept unless its first sign-in goes well enough.
    provisional: bool,
    frames: VecDeque<KeptFrame>,
    skipped: u64,
    /// Seconds the server's clock is ahead.
    clock_ahead: Option<i64>,
    road: examination::Road,
    retry_at: Option<Timestamp>,
}

/// Somebody who waits for the outcome of a sign-in.
struct Waiting {
    account: AccountName,
    until: Instant,
    answer: oneshot::Sender<Answer>,
}

/// What enters from the sockets and the vault.
enum Inner {
    Net(AccountName, u64, FromNet),
    Secret(AccountName, Result<Secret, VaultError>),
    Stored(AccountName, u64, Result<(), VaultError>),
    Unlocked(Result<(), VaultError>),
    Removed(AccountName, Result<(), VaultError>, oneshot::Sender<Answer>),
}

/// The actor's state.
pub(crate) struct Actor {
    options: Options,
    pub(crate) proxies: Arc<dyn Proxies>,
    settings: Settings,
    writing: Writing,
    marks: Marks,
    model: Model,
    desks: HashMap<AccountName, Desk>,
    answers: HashMap<RequestId, oneshot::Sender<Answer>>,
    unlocking: Vec<oneshot::Sender<Answer>>,
    /// Requests that consist of several commands.
    joint: HashMap<RequestId, Vec<RequestId>>,
    waiting: Vec<Waiting>,
    next_request: RequestId,
    attempts: u64,
    secrets_typed: u64,
    /// Events told since the readers of them had a chance to run.
    events_told: usize,
    inner: mpsc::Sender<Inner>,
    view: watch::Sender<Arc<View>>,
    people: watch::Sender<u64>,
    events: broadcast::Sender<Event>,
    desktop: watch::Sender<DesktopSettings>,
    changed: bool,
    clocks: (Instant, Timestamp),
    /// When the tables of numbers have not been asked for long enough.
    numbers_rest_at: Option<Instant>,
}

fn now() -> Now {
    // People and scripts read milliseconds; more digits would only be noise.
    let wall = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH);
    Now { mono: tokio::time::Instant::now().into_std(), wall }
}

/// Starts the actor on the current runtime.
pub(crate) fn start(options: Options, proxies: Arc<dyn Proxies>) -> Handle {
    let (actor, handle, asked, from_inner) = build(options, proxies);
    tokio::spawn(actor.run(asked, from_inner));
    handle
}

type Built = (Actor, Handle, mpsc::Receiver<Asked>, mpsc::Receiver<Inner>);

fn build(options: Options, proxies: Arc<dyn Proxies>) -> Built {
    let loaded = crate::settings::load(&options.config_dir);
    let open = loaded.as_ref().ok().and_then(|loaded| loaded.open.clone()).map(|path| Hint {
        about: "settings_open".into(),
        text: "Other users of this computer can look into the settings or change them.".into(),
        remedy: Some(format!("Give {} to your user alone: chmod 600.", path.display())),
    });
    let (settings, may_write, broken) = match loaded {
        Ok(loaded) => {
            let hint = loaded.kept_aside.map(|(path, why)| Hint {
                about: "settings_broken".into(),
                text: format!("The settings could not be read: {why}."),
                remedy: Some(format!(
                    "They were kept as {}. Set Trayphone up again, or mend that file and put it back.",
                    path.display()
                )),
            });
            (loaded.settings, true, hint)
        }
        Err(error) => {
            let hint = Hint {
                about: "settings_broken".into(),
                text: format!("The settings folder cannot be used: {error}."),
                remedy: Some(format!("Check {}. Until then nothing is stored.", options.config_dir.display())),
            };
            (Settings::default(), false, Some(hint))
        }
    };
    let start = now();
    let (marks, taken) = Marks::open(&options.state_dir, history::is_there(&options.state_dir), start.wall);
    let mut model = Model::new(taken);
    model.set_link_rules(requests::link_rules(&settings.desktop));
    for hint in broken.into_iter().chain(open) {
        warn!(about = %hint.about, "{}", hint.text);
        model.hint(hint, true);
    }
    for config in &settings.accounts {
        model.add_account(config, start.wall);
    }
    let (inbox, asked) = mpsc::channel(64);
    let (inner, from_inner) = mpsc::channel(256);
    let (view, view_reader) = watch::channel(Arc::new(model.view()));
    let (people, people_reader) = watch::channel(0);
    let (events, _) = broadcast::channel(EVENTS);
    let (desktop, desktop_reader) = watch::channel(settings.desktop.clone());
    let keep = Keep::days(settings.desktop.history_days);
    let disk = Disk::new(options.config_dir.clone(), options.state_dir.clone(), keep);
    let actor = Actor {
        options,
        proxies,
        settings,
        writing: Writing::new(disk.clone(), may_write),
        marks,
        model,
        desks: HashMap::new(),
        answers: HashMap::new(),
        unlocking: vec![],
        joint: HashMap::new(),
        waiting: vec![],
        next_request: 0,
        attempts: 0,
        secrets_typed: 0,
        events_told: 0,
        inner,
        view,
        people,
        events: events.clone(),
        desktop,
        changed: true,
        clocks: (start.mono, start.wall),
        numbers_rest_at: None,
    };
    let handle = Handle { inbox, view: view_reader, people: people_reader, events, desktop: desktop_reader, disk };
    (actor, handle, asked, from_inner)
}

impl Actor {
    async fn run(mut self, mut asked: mpsc::Receiver<Asked>, mut inner: mpsc::Receiver<Inner>) {
        let mut vault_changes = self.options.vault.changes();
        let mut written = self.writing.disk.done();
        // Before the first call gets a name.
        self.save_marks();
        for config in self.settings.accounts.clone() {
            self.open_desk(config, false);
        }
        self.look_at_history();
        loop {
            self.publish();
            if self.events_told >= EVENTS_AT_ONCE {
                self.events_told = 0;
                tokio::task::yield_now().await;
            }
            let deadline = self.deadline();
            // Not biased: a flood of frames must not keep requests and deadlines waiting.
            tokio::select! {
                message = inner.recv() => {
                    let Some(message) = message else { return };
                    self.check_clocks();
                    self.inner_message(message);
                    for _ in 0..BATCH {
                        if self.events_told >= EVENTS_AT_ONCE {
                            break;
                        }
                        match inner.try_recv() {
                            Ok(message) => self.inner_message(message),
                            Err(_) => break,
                        }
                    }
                }
                message = asked.recv() => match message {
                    Some(message) => {
                        self.check_clocks();
                        self.asked(message);
                    }
                    // Nobody holds a handle any more: the agent is quitting.
                    None => return,
                },
                () = clock::sleep_until(deadline) => {
                    self.check_clocks();
                    self.tick();
                }
                changed = vault_changes.changed() => {
                    if changed.is_ok() {
                        self.ask_missing_secrets();
                    }
                }
                changed = written.changed() => {
                    if changed.is_ok() {
                        let done = written.borrow_and_update().clone();
                        self.disk_done(done);
                    }
                }
            }
        }
    }

    fn inner_message(&mut self, message: Inner) {
        match message {
            Inner::Net(name, attempt, from) => {
                if self.desks.get(&name).is_some_and(|d| d.attempt == attempt) {
                    self.arrived(&name, from);
                }
            }
            Inner::Secret(name, result) => self.secret_arrived(&name, result),
            Inner::Stored(name, number, result) => self.secret_stored(&name, number, result),
            Inner::Unlocked(result) => self.keyring_unlocked(result),
            Inner::Removed(name, result, answer) => self.secret_removed(&name, result, answer),
        }
    }

    /// Does what the model wants.
    fn outputs(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.changed |= !matches!(output, Output::Event(_));
            match output {
                Output::Event(event) => {
                    if self.events.receiver_count() > 0 {
                        self.events_told += 1;
                        self.events.send(event).ok();
                    }
                }
                Output::Finished(request, answer) => self.finish(request, answer),
                Output::Record(record) => self.record(record),
                Output::Expired(name, request) => self.dialect(&name, Input::Expired(request)),
                Output::Past(name, past) => {
                    let ahead = self.desks.get(&name).and_then(|desk| desk.clock_ahead).unwrap_or_default();
                    let list = past.into_iter().map(|call| Model::record_of(&name, call)).collect();
                    self.writing.disk.list(name, jiff::SignedDuration::from_secs(ahead), list);
                }
            }
        }
    }

    /// Answers a request; a joint one when its last command has ended.
    fn finish(&mut self, request: RequestId, answer: Answer) {
        let joint = self.joint.iter_mut().find(|(_, open)| open.contains(&request)).map(|(whole, open)| {
            open.retain(|r| *r != request);
            (*whole, open.is_empty())
        });
        let whole = match joint {
            None => request,
            Some((whole, true)) => {
                self.joint.remove(&whole);
                whole
            }
            // The others may still fail; a failure ends the whole at once.
            Some((whole, false)) if answer.is_err() => {
                self.joint.remove(&whole);
                whole
            }
            Some((_, false)) => return,
        };
        if let Some(waiting) = self.answers.remove(&whole) {
            waiting.send(answer).ok();
        }
    }

    /// Sends a begun command, once.
    fn begun(&mut self, request: RequestId, begun: Result<Begun, Reason>) {
        match begun {
            Ok(Begun::Send(name, command, outputs)) => {
                self.changed = true;
                self.outputs(outputs);
                self.dialect(&name, Input::Command(&command));
            }
            Ok(Begun::Already(reply)) => self.finish(request, Ok(reply)),
            // The answer comes with that of the first one.
            Ok(Begun::Joined) => {}
            Err(reason) => self.finish(request, Err(reason.into())),
        }
    }

    fn publish(&mut self) {
        if self.numbers_rest_at.is_none() {
            self.numbers_used();
        }
        if std::mem::take(&mut self.changed) {
            if self.marks.reserve(self.model.last_call()) {
                self.save_marks();
            }
            self.view.send_replace(Arc::new(self.model.view()));
        }
        let revision = self.model.people.revision();
        self.people.send_if_modified(|old| std::mem::replace(old, revision) != revision);
    }
}

/// The vault, shared with the tasks that wait for it.
fn vault(options: &Options) -> Arc<dyn Vault> {
    Arc::clone(&options.vault)
}
