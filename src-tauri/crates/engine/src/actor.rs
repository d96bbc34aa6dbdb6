//! The one actor: everything enters by its bounded inbox, everything known leaves as one view.

mod accounts;
mod desk;
mod requests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use phone_core::link::{HASTE_LIMIT, LinkEffect, LinkInput};
use phone_core::model::{Begun, Model, Output};
use phone_core::request::Answer;
use phone_core::told::{RequestId, Told};
use phone_core::view::{CallRecord, Hint};
use phone_core::{AccountName, DesktopSettings, Event, Link, Now, Reason, Secret, View};
use phone_pbx::dialect::{Dialect, Effect, Effects, Input, Random, Wire};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tracing::{debug, info, trace, warn};

use crate::history::History;
use crate::net::FromNet;
use crate::net::socket::ToSocket;
use crate::ports::{Proxies, SystemEvent, Vault, VaultError};
use crate::settings::Settings;
use crate::{Asked, Handle, Options};

/// How many messages are worked off before a view is published.
const BATCH: usize = 512;
/// How long a frame may wait to be sent; shorter than the shortest limit of a command.
const SEND_LIMIT: Duration = Duration::from_secs(4);
/// Frames kept for a report.
const KEPT_FRAMES: usize = 40;
/// Longest part of a frame that is kept.
const KEPT_BYTES: usize = 2000;
/// Wall time running ahead of monotonic time by more than this means that the machine slept.
const SLEPT: Duration = Duration::from_secs(8);

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

/// One account at work.
struct Desk {
    config: phone_core::AccountConfig,
    link: Link,
    dialect: Option<Box<dyn Dialect>>,
    /// Number of the attempt, never used twice; messages of earlier ones are void.
    attempt: u64,
    /// The PBX refused the stored secret; it is not sent again until there is another.
    refused: bool,
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
    /// The keyring changed while the secret was being read.
    read_again: bool,
    /// Those who wait until the typed secret is stored.
    storing: Vec<oneshot::Sender<Answer>>,
    /// Typed by the user and not stored yet.
    unstored: Option<Secret>,
    /// Not kept unless its first sign-in goes well enough.
    provisional: bool,
    frames: VecDeque<(char, Box<str>)>,
    skipped: u64,
    /// Seconds the server's clock is ahead.
    clock_ahead: Option<i64>,
    past: Vec<CallRecord>,
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
    Stored(AccountName, Result<(), VaultError>),
    Unlocked(Result<(), VaultError>),
    Removed(AccountName, Result<(), VaultError>, oneshot::Sender<Answer>),
}

struct Dice;

impl Random for Dice {
    fn unit(&mut self) -> f64 {
        fastrand::f64()
    }
}

/// The actor's state.
pub(crate) struct Actor {
    options: Options,
    pub(crate) proxies: Arc<dyn Proxies>,
    settings: Settings,
    /// A settings file that could not be read or kept aside must not be written over.
    may_write: bool,
    history: History,
    model: Model,
    desks: HashMap<AccountName, Desk>,
    answers: HashMap<RequestId, oneshot::Sender<Answer>>,
    unlocking: Vec<oneshot::Sender<Answer>>,
    /// Requests that consist of several commands.
    joint: HashMap<RequestId, Vec<RequestId>>,
    waiting: Vec<Waiting>,
    next_request: RequestId,
    attempts: u64,
    inner: mpsc::Sender<Inner>,
    view: watch::Sender<Arc<View>>,
    people: watch::Sender<u64>,
    events: broadcast::Sender<Event>,
    desktop: watch::Sender<DesktopSettings>,
    changed: bool,
    clocks: (Instant, Timestamp),
}

fn now() -> Now {
    // People and scripts read milliseconds; more digits would only be noise.
    let wall = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH);
    Now { mono: tokio::time::Instant::now().into_std(), wall }
}

/// Starts the actor on the current runtime.
pub(crate) fn start(options: Options, proxies: Arc<dyn Proxies>) -> Result<Handle, crate::StartError> {
    let loaded = crate::settings::load(&options.config_dir);
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
    let history = History::open(&options.state_dir);
    let mut model = Model::new(history.last_number());
    model.remember(history.newest(10));
    let start = now();
    if let Some(hint) = broken {
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
    let (events, _) = broadcast::channel(256);
    let (desktop, desktop_reader) = watch::channel(settings.desktop.clone());
    let actor = Actor {
        options,
        proxies,
        settings,
        may_write,
        history,
        model,
        desks: HashMap::new(),
        answers: HashMap::new(),
        unlocking: vec![],
        joint: HashMap::new(),
        waiting: vec![],
        next_request: 0,
        attempts: 0,
        inner,
        view,
        people,
        events: events.clone(),
        desktop,
        changed: true,
        clocks: (start.mono, start.wall),
    };
    tokio::spawn(actor.run(asked, from_inner));
    Ok(Handle { inbox, view: view_reader, people: people_reader, events, desktop: desktop_reader })
}

impl Actor {
    async fn run(mut self, mut asked: mpsc::Receiver<Asked>, mut inner: mpsc::Receiver<Inner>) {
        let mut vault_changes = self.options.vault.changes();
        for config in self.settings.accounts.clone() {
            self.open_desk(config, false);
        }
        loop {
            self.publish();
            let deadline = self.deadline();
            // Not biased: a flood of frames must not keep requests and deadlines waiting.
            tokio::select! {
                message = inner.recv() => {
                    let Some(message) = message else { return };
                    self.check_clocks();
                    self.inner_message(message);
                    for _ in 0..BATCH {
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
                () = sleep_until(deadline) => {
                    self.check_clocks();
                    self.tick();
                }
                changed = vault_changes.changed() => {
                    if changed.is_ok() {
                        self.ask_missing_secrets();
                    }
                }
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let desks = self.desks.values().flat_map(|d| [d.link.deadline(), d.dialect.as_ref().and_then(|x| x.deadline())]);
        let waiting = self.waiting.iter().map(|w| Some(w.until));
        desks.chain(waiting).flatten().chain(self.model.deadline()).min()
    }

    fn tick(&mut self) {
        let at = now();
        let names: Vec<AccountName> = self.desks.keys().cloned().collect();
        for name in names {
            self.link(&name, LinkInput::Tick);
            let due = self.desks.get(&name).and_then(|d| d.dialect.as_ref()?.deadline()).is_some_and(|t| t <= at.mono);
            if due {
                self.dialect(&name, Input::Tick);
            }
        }
        if self.model.deadline().is_some_and(|t| t <= at.mono) {
            let outputs = self.model.tick(at);
            self.outputs(outputs);
        }
        self.waits(at.mono);
    }

    /// Notices a sleep that nobody announced.
    fn check_clocks(&mut self) {
        let at = now();
        let (mono, wall) = std::mem::replace(&mut self.clocks, (at.mono, at.wall));
        let by_wall = Duration::try_from(at.wall.duration_since(wall)).unwrap_or_default();
        let by_mono = at.mono.saturating_duration_since(mono);
        if by_wall > by_mono + SLEPT {
            info!("the machine slept; reconnecting");
            self.woke();
        }
    }

    fn woke(&mut self) {
        let names: Vec<AccountName> = self.desks.keys().cloned().collect();
        for name in names {
            if !self.look_again(&name) {
                self.link(&name, LinkInput::Woke);
            }
        }
    }

    /// Tries a stopped link anew where another network may have been the reason; true when it does.
    fn look_again(&mut self, name: &AccountName) -> bool {
        let at = now().mono;
        let Some(desk) = self.desks.get_mut(name) else { return false };
        let Link::Stopped { why } = &desk.link else { return false };
        let too_soon = desk.looked_again.is_some_and(|last| at.saturating_duration_since(last) < HASTE_LIMIT);
        if !why.may_be_the_network() || desk.secret != SecretState::Here || too_soon {
            return false;
        }
        desk.looked_again = Some(at);
        self.link(name, LinkInput::SignIn);
        true
    }

    fn inner_message(&mut self, message: Inner) {
        match message {
            Inner::Net(name, attempt, from) => {
                if self.desks.get(&name).is_some_and(|d| d.attempt == attempt) {
                    self.arrived(&name, from);
                }
            }
            Inner::Secret(name, result) => self.secret_arrived(&name, result),
            Inner::Stored(name, result) => self.secret_stored(&name, result),
            Inner::Unlocked(result) => self.keyring_unlocked(result),
            Inner::Removed(name, result, answer) => self.secret_removed(&name, result, answer),
        }
    }

    fn arrived(&mut self, name: &AccountName, from: FromNet) {
        match from {
            FromNet::Opened(wire, addresses) => {
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.addresses = addresses;
                }
                self.dialect(name, Input::Opened(wire));
            }
            FromNet::NotOpened(wire, why) => self.dialect(name, Input::NotOpened(wire, why)),
            FromNet::Text(wire, text) => {
                self.link(name, LinkInput::Heard);
                trace!(account = %name, bytes = text.len(), "frame");
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.keep_frame('<', &text);
                }
                self.dialect(name, Input::Text(wire, &text));
            }
            FromNet::Binary => {
                self.link(name, LinkInput::Heard);
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.skipped += 1;
                }
            }
            FromNet::Pong(wire) => {
                self.link(name, LinkInput::Heard);
                self.dialect(name, Input::Pong(wire));
            }
            FromNet::Closed(wire) => self.dialect(name, Input::Closed(wire)),
            FromNet::Broken(reason) => self.link(name, LinkInput::Failed(reason, None)),
            FromNet::Http(id, answer, ahead) => {
                if let Some(desk) = self.desks.get_mut(name)
                    && ahead.is_some()
                {
                    desk.clock_ahead = ahead;
                }
                self.dialect(name, Input::Http(id, answer));
            }
        }
    }

    /// Steps a dialect and does what it wants.
    fn dialect(&mut self, name: &AccountName, input: Input<'_>) {
        let Some(dialect) = self.desks.get_mut(name).and_then(|d| d.dialect.as_mut()) else { return };
        let mut effects = Effects::default();
        dialect.step(input, now(), &mut Dice, &mut effects);
        self.effects(name, effects);
    }

    fn effects(&mut self, name: &AccountName, effects: Effects) {
        for effect in effects.0 {
            match effect {
                Effect::Open { wire, url, headers } => self.open_socket(name, wire, url, headers),
                Effect::Send(wire, text) => {
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.keep_frame('>', &text);
                    }
                    self.send(name, wire, ToSocket::Text(text, Instant::now() + SEND_LIMIT));
                }
                Effect::Ping(wire) => self.send(name, wire, ToSocket::Ping),
                Effect::Http(request) => self.http(name, *request),
                Effect::Tell(told) => {
                    // People have a revision of their own; a storm of them draws no view.
                    self.changed |= !matches!(told, Told::Person(_) | Told::People(_));
                    let outputs = self.model.apply(name, told, now());
                    self.outputs(outputs);
                }
                Effect::SignedIn => self.link(name, LinkInput::SignedIn),
                Effect::Synced => self.link(name, LinkInput::Synced),
                Effect::Failed(reason, retry_after) => self.link(name, LinkInput::Failed(reason, retry_after)),
                Effect::Learn(text) => self.learnt(name, text),
                Effect::Skipped => {
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.skipped += 1;
                        if desk.skipped.is_power_of_two() {
                            debug!(account = %name, skipped = desk.skipped, "skipped a frame nobody understands");
                        }
                    }
                }
            }
        }
    }

    /// Steps a link and does what it wants.
    fn link(&mut self, name: &AccountName, input: LinkInput) {
        let at = now();
        let Some(desk) = self.desks.get_mut(name) else { return };
        let effects = desk.link.step(input, at.mono, fastrand::f64());
        for effect in effects {
            match effect {
                LinkEffect::Close => self.close(name),
                LinkEffect::Open => self.open(name),
                LinkEffect::Changed => self.link_changed(name),
            }
        }
    }

    fn link_changed(&mut self, name: &AccountName) {
        let at = now();
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.retry_at = match &desk.link {
            Link::Waiting { retry_at, .. } => {
                let wait = jiff::SignedDuration::try_from(retry_at.saturating_duration_since(at.mono)).unwrap_or_default();
                at.wall.checked_add(wait).ok()
            }
            Link::SignedOut { .. } | Link::Opening { .. } | Link::Syncing { .. } | Link::Online { .. } | Link::Stopped { .. } => {
                None
            }
        };
        let state = phone_core::model::link_name(&desk.link);
        desk.refused |= matches!(desk.link.why(), Some(Reason::CredentialsRefused));
        let store = desk.link.is_online() && desk.unstored.is_some() && !desk.provisional;
        match desk.link.why() {
            Some(why) => info!(account = %name, link = ?state, code = ?why.code(), "{}", why.text()),
            None => info!(account = %name, link = ?state, "link"),
        }
        let outputs = self.model.link_is(name, &desk.link, desk.retry_at, at);
        self.changed = true;
        self.outputs(outputs);
        if store {
            // A password that works takes the place of the old one, not one that may be a slip.
            self.store_secret(name);
        }
        self.waits(at.mono);
    }

    /// Does what the model wants.
    fn outputs(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.changed |= !matches!(output, Output::Event(_));
            match output {
                Output::Event(event) => {
                    if self.events.receiver_count() > 0 {
                        self.events.send(event).ok();
                    }
                }
                Output::Finished(request, answer) => self.finish(request, answer),
                Output::Record(record) => {
                    if let Err(error) = self.history.add(record) {
                        warn!(%error, "an ended call could not be written into the history");
                    }
                }
                Output::Expired(name, request) => self.dialect(&name, Input::Expired(request)),
                Output::Past(name, past) => {
                    if let Some(desk) = self.desks.get_mut(&name) {
                        desk.past = past.into_iter().map(|call| Model::record_of(&name, call)).collect();
                    }
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
            Err(reason) => self.finish(request, Err(reason.into())),
        }
    }

    fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.view.send_replace(Arc::new(self.model.view()));
        }
        let revision = self.model.people.revision();
        self.people.send_if_modified(|old| std::mem::replace(old, revision) != revision);
    }

    fn system(&mut self, event: SystemEvent) {
        match event {
            SystemEvent::Sleeping => {}
            SystemEvent::Woke => {
                info!("the machine woke; reconnecting");
                self.clocks = (now().mono, Timestamp::now());
                self.woke();
            }
            SystemEvent::NetworkChanged => self.network_changed(),
            SystemEvent::ScreenLocked(locked) => self.model.screen_locked(locked),
        }
    }

    fn network_changed(&mut self) {
        let names: Vec<AccountName> = self.desks.keys().cloned().collect();
        for name in names {
            if self.look_again(&name) {
                continue;
            }
            let Some(desk) = self.desks.get(&name) else { continue };
            match (&desk.link, desk.addresses) {
                (Link::Online { .. }, Some((own, peer))) => match desk::own_address_towards(peer) {
                    // The route is the same: the link may live; its next answer must come soon.
                    Some(address) if address == own.ip() => self.probe(&name),
                    // Nothing leads there now; the next change will tell.
                    None => self.probe(&name),
                    Some(_) => {
                        info!(account = %name, "the network changed; reconnecting");
                        self.link(&name, LinkInput::NetworkChanged);
                    }
                },
                _ => self.link(&name, LinkInput::NetworkChanged),
            }
        }
    }

    fn probe(&mut self, name: &AccountName) {
        let Some(desk) = self.desks.get(name) else { return };
        for wire in desk.wires.values() {
            wire.try_send(ToSocket::Ping).ok();
        }
        self.link(name, LinkInput::Probed);
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The vault, shared with the tasks that wait for it.
fn vault(options: &Options) -> Arc<dyn Vault> {
    Arc::clone(&options.vault)
}
