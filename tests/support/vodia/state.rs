//! The state of a fake PBX behind one lock, and how a change of it reaches the sockets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use super::call::{Call, Record};
use super::company::Company;
use super::frames;
use super::mischief::{Garbled, Mischief};
use super::options::Options;
use super::records::{Action, CallId, Dial, Event, Outcome, Request, SignIn, SignInMethod};
use super::switchboard::Later;
use crate::loopback::certificate::Certificate;
use crate::loopback::line::Gate;

/// Frames that may wait for one socket; a client that lets more pile up is thrown out.
pub(super) const QUEUE: usize = 16_384;

/// What a session or password stands for (section 1.2, scopes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    User(String),
    TenantAdmin,
    SystemAdmin,
}

/// One thing to write to a socket.
pub(super) enum Outgoing {
    Text { text: String, call_state: bool },
    Pong(Vec<u8>),
    Garbled(Garbled),
    Flood { rate: Option<u32>, until: Instant },
    Close(Option<u16>),
}

/// What a socket has asked for.
pub(super) struct Socket {
    pub(super) user: String,
    pub(super) queue: mpsc::Sender<Outgoing>,
    pub(super) wants_users: bool,
    pub(super) wants_calls: bool,
    pub(super) wants_tenant_calls: bool,
    pub(super) lamps: BTreeSet<String>,
}

/// All that a fake PBX knows; tests read it in [`super::FakeVodia::wait_for`].
pub struct State {
    pub(super) company: Company,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) history: Vec<Record>,
    pub(super) sessions: HashMap<String, Who>,
    pub(super) tokens: HashMap<String, (Who, Instant)>,
    pub(super) tokens_given: Vec<String>,
    pub(super) refused_passwords: HashMap<String, u32>,
    pub(super) sockets: BTreeMap<u64, Socket>,
    pub(super) connections: HashMap<u64, JoinHandle<()>>,
    pub(super) mischief: Mischief,
    pub(super) frames: u64,
    pub(super) answers: u64,
    pub(super) last_call: u64,
    pub(super) last_connection: u64,
    pub(super) sockets_opened: u64,
    pub(super) flooded: u64,
    pub(super) pings: u64,
    pub(super) pongs: u64,
    pub(super) call_state_written: Option<Instant>,
    pub(super) call_states_written: u64,
    pub(super) later: Vec<(Duration, Later)>,
    pub(super) events: Vec<Event>,
    changed_calls: BTreeSet<String>,
    changed_accounts: BTreeSet<String>,
    /// Those among them of which more than the calls has changed.
    changed_settings: BTreeSet<String>,
    any_call_changed: bool,
    pub(super) dials: Vec<Dial>,
    pub(super) actions: Vec<Action>,
    pub(super) requests: Vec<Request>,
    pub(super) sign_ins: Vec<SignIn>,
    pub(super) violations: Vec<String>,
}

impl State {
    fn new(options: &Options) -> Self {
        Self {
            company: options.company.clone(),
            calls: BTreeMap::new(),
            history: Vec::new(),
            sessions: HashMap::new(),
            tokens: HashMap::new(),
            tokens_given: Vec::new(),
            refused_passwords: HashMap::new(),
            sockets: BTreeMap::new(),
            connections: HashMap::new(),
            mischief: Mischief::default(),
            frames: 0,
            answers: 0,
            last_call: 5120,
            last_connection: 0,
            sockets_opened: 0,
            flooded: 0,
            pings: 0,
            pongs: 0,
            call_state_written: None,
            call_states_written: 0,
            later: Vec::new(),
            events: Vec::new(),
            changed_calls: BTreeSet::new(),
            changed_accounts: BTreeSet::new(),
            changed_settings: BTreeSet::new(),
            any_call_changed: false,
            dials: Vec::new(),
            actions: Vec::new(),
            requests: Vec::new(),
            sign_ins: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Returns the running calls.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// Returns one running call; nothing once it has ended.
    pub fn call(&self, call: CallId) -> Option<&Call> {
        self.calls.get(&call)
    }

    /// Returns the company as it stands now.
    pub fn company(&self) -> &Company {
        &self.company
    }

    /// Returns all dials received, refused ones included.
    pub fn dials(&self) -> &[Dial] {
        &self.dials
    }

    /// Returns all action messages received.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Returns all HTTP requests answered.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Returns all attempts to sign in.
    pub fn sign_ins(&self) -> &[SignIn] {
        &self.sign_ins
    }

    /// Returns what clients did that no client may do.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Returns the finished calls of everybody.
    pub fn history(&self) -> &[Record] {
        &self.history
    }

    /// Returns how many sockets are open, of one extension or of all.
    pub fn open_sockets(&self, extension: Option<&str>) -> usize {
        self.sockets.values().filter(|socket| extension.is_none_or(|wanted| socket.user == wanted)).count()
    }

    /// Returns how many sockets were ever opened.
    pub fn sockets_opened(&self) -> u64 {
        self.sockets_opened
    }

    /// Returns how many TCP connections are open, those of sockets included.
    pub fn open_connections(&self) -> usize {
        self.connections.len()
    }

    /// Returns how many TCP connections were ever accepted.
    pub fn connections_accepted(&self) -> u64 {
        self.last_connection
    }

    /// Returns how many `call-state` frames were written.
    pub fn call_states_written(&self) -> u64 {
        self.call_states_written
    }

    /// Returns how many RFC 6455 pings arrived.
    pub fn pings(&self) -> u64 {
        self.pings
    }

    /// Returns how many answers to the server's own pings arrived.
    pub fn pongs(&self) -> u64 {
        self.pongs
    }

    /// Returns how many frames floods have written.
    pub fn flooded(&self) -> u64 {
        self.flooded
    }

    pub(super) fn violation(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.events.push(Event::Violation { what: what.clone() });
        self.violations.push(what);
    }

    pub(super) fn sign_in(&mut self, method: SignInMethod, name: &str, accepted: bool) {
        self.events.push(Event::SignIn { method, name: name.to_owned(), accepted });
        self.sign_ins.push(SignIn { method, name: name.to_owned(), accepted, at: Instant::now() });
    }

    pub(super) fn dial_received(&mut self, dial: Dial) {
        let unix_ns = super::socket::unix_ns();
        self.events.push(Event::Dial {
            by: dial.by.clone(),
            path: dial.path,
            number: dial.number.clone(),
            call: dial.call,
            unix_ns,
        });
        self.dials.push(dial);
    }

    pub(super) fn action_received(&mut self, action: Action) {
        let reason = match action.outcome {
            Outcome::Done => None,
            Outcome::Ignored(reason) => Some(reason),
        };
        self.events.push(Event::Action {
            user: action.user.clone(),
            name: action.name.clone(),
            done: reason.is_none(),
            reason,
            message: action.message.clone(),
        });
        self.actions.push(action);
    }

    /// Notes that these extensions must be shown their calls again, and others their presence.
    pub(super) fn calls_changed(&mut self, audience: impl IntoIterator<Item = String>) {
        self.any_call_changed = true;
        for extension in audience {
            self.changed_accounts.insert(extension.clone());
            self.changed_calls.insert(extension);
        }
    }

    /// Notes that the presence of this account changed.
    pub(super) fn account_changed(&mut self, number: &str) {
        self.changed_settings.insert(number.to_owned());
        self.changed_accounts.insert(number.to_owned());
    }

    /// Writes the calls of a socket to it.
    pub(super) fn show_calls(&mut self, socket: u64, options: &Options) {
        let Some(Socket { user, wants_tenant_calls, .. }) = self.sockets.get(&socket) else { return };
        let text = frames::call_state(self, user, *wants_tenant_calls, self.frames, options);
        self.send(socket, Outgoing::Text { text, call_state: true });
    }

    /// Writes the presence of an account to a socket, all of it.
    pub(super) fn show_account(&mut self, socket: u64, number: &str, options: &Options) {
        self.show_account_as(socket, number, false, options);
    }

    /// Writes the presence of an account; what has not `settled` since the last time must be in it.
    fn show_account_as(&mut self, socket: u64, number: &str, settled: bool, options: &Options) {
        if let Some(text) = frames::user_state(self, number, settled, self.frames, options) {
            self.send(socket, Outgoing::Text { text, call_state: false });
        }
    }

    /// Puts a frame into a socket's queue.
    pub(super) fn send(&mut self, socket: u64, item: Outgoing) {
        self.frames += 1;
        let Some(open) = self.sockets.get(&socket) else { return };
        if open.queue.try_send(item).is_err() {
            // Either it is closing already, or the client has stopped reading for good.
            if let Some(connection) = self.connections.get(&socket) {
                connection.abort();
            }
        }
    }

    fn show_changes(&mut self, options: &Options) {
        let callers = std::mem::take(&mut self.changed_calls);
        let accounts = std::mem::take(&mut self.changed_accounts);
        let settings = std::mem::take(&mut self.changed_settings);
        let any_call = std::mem::take(&mut self.any_call_changed);
        let sockets: Vec<u64> = self.sockets.keys().copied().collect();
        for id in sockets {
            let Some(socket) = self.sockets.get(&id) else { continue };
            let calls = (socket.wants_calls && callers.contains(&socket.user)) || (socket.wants_tenant_calls && any_call);
            let shown: Vec<String> =
                accounts.iter().filter(|number| socket.wants_users || socket.lamps.contains(*number)).cloned().collect();
            if calls {
                self.show_calls(id, options);
            }
            for number in shown {
                self.show_account_as(id, &number, !settings.contains(&number), options);
            }
        }
    }
}

/// The shared heart of one fake PBX.
pub(super) struct Pbx {
    pub(super) options: Options,
    pub(super) gate: Arc<Gate>,
    pub(super) certificate: Option<Certificate>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) changed: watch::Sender<u64>,
    state: Mutex<State>,
}

impl Pbx {
    pub(super) fn new(options: Options, certificate: Option<Certificate>) -> Arc<Self> {
        let state = Mutex::new(State::new(&options));
        Arc::new(Self {
            options,
            gate: Arc::default(),
            certificate,
            events: broadcast::Sender::new(4096),
            changed: watch::Sender::new(0),
            state,
        })
    }

    /// Looks at the state without changing it.
    pub(super) fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state, then writes frames, starts timers and wakes whoever waits.
    pub(super) fn change<R>(self: &Arc<Self>, change: impl FnOnce(&mut State, &Options) -> R) -> R {
        let (result, later, events) = {
            let mut state = self.lock();
            let result = change(&mut state, &self.options);
            state.show_changes(&self.options);
            (result, std::mem::take(&mut state.later), std::mem::take(&mut state.events))
        };
        for event in events {
            // Nobody may be listening.
            let _ = self.events.send(event);
        }
        self.start(later);
        self.changed.send_modify(|revision| *revision += 1);
        result
    }

    fn start(self: &Arc<Self>, later: Vec<(Duration, Later)>) {
        for (after, step) in later {
            let pbx = Arc::downgrade(self);
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                if let Some(pbx) = pbx.upgrade() {
                    pbx.change(|state, options| state.go_on(step, options));
                }
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the wall clock as the PBX writes it.
pub(super) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
