//! The state of a fake server behind one lock, and how a change of it reaches the clients.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::channel::{Bridge, Consultation, Dialling, Leg, Parked};
use super::options::{Extension, Options, Phone, Release};
use super::packet::Packet;
use super::records::{Action, CallId, Dial, Digit, Lost, SignIn};
use super::scramble::{self, Emitted};
use super::session::Session;
use crate::loopback::certificate::Certificate;
use crate::loopback::line::Gate;

/// Packets that may wait for one client; one that lets more pile up is thrown out.
pub(super) const QUEUE: usize = 16_384;

/// Something to be done later, unless the server has been restarted meanwhile.
pub(super) type Job = Box<dyn FnOnce(&mut State) + Send>;

/// One thing to write to a client.
pub(super) enum Outgoing {
    /// One packet, with the name of the event if it is one.
    Packet { text: Arc<str>, event: Option<Arc<str>> },
    /// Bytes that no good server sends.
    Raw(Vec<u8>),
    /// The end of the connection.
    Close,
}

/// All that a fake server knows; tests read it in [`super::FakeAsterisk::wait_for`].
pub struct State {
    pub(super) options: Options,
    pub(super) encrypted: bool,
    pub(super) extensions: BTreeMap<String, Extension>,
    pub(super) phones: BTreeMap<String, Phone>,
    pub(super) legs: BTreeMap<String, Leg>,
    pub(super) bridges: BTreeMap<String, Bridge>,
    pub(super) dialling: BTreeMap<u64, Dialling>,
    pub(super) consultations: BTreeMap<String, Consultation>,
    pub(super) parked: BTreeMap<u16, Parked>,
    pub(super) callers: BTreeMap<CallId, String>,
    pub(super) database: BTreeMap<(String, String), String>,
    pub(super) custom_states: BTreeMap<String, String>,
    pub(super) presence: BTreeMap<String, (String, String, String)>,
    pub(super) devices_shown: BTreeMap<String, &'static str>,
    pub(super) hints_shown: BTreeMap<String, i32>,
    /// Phones whose contacts a restarted server has not heard of again.
    pub(super) contacts_unknown: bool,
    pub(super) mailboxes: BTreeMap<String, (u32, u32)>,
    pub(super) sessions: BTreeMap<u64, Session>,
    pub(super) connections: HashMap<u64, JoinHandle<()>>,
    pub(super) last_connection: u64,
    pub(super) next_lost: Option<Lost>,
    pub(super) out: Vec<Emitted>,
    pub(super) later: Vec<(Duration, Job)>,
    pub(super) random: fastrand::Rng,
    pub(super) generation: u64,
    pub(super) started: SystemTime,
    pub(super) ages: HashMap<String, u64>,
    pub(super) ids_used: BTreeMap<String, Instant>,
    last_number: u64,
    last_leg: u64,
    last_local: u64,
    pub(super) written: BTreeMap<Arc<str>, Instant>,
    pub(super) packets: u64,
    pub(super) originates: Vec<Dial>,
    pub(super) actions: Vec<Action>,
    pub(super) sign_ins: Vec<SignIn>,
    pub(super) digits: Vec<Digit>,
    pub(super) violations: Vec<String>,
}

impl State {
    fn new(options: Options, encrypted: bool) -> Self {
        let extensions: BTreeMap<_, _> = options.extensions.iter().map(|it| (it.number.clone(), it.clone())).collect();
        let phones = extensions.values().flat_map(|it| &it.phones).map(|phone| (phone.name.clone(), phone.clone())).collect();
        let mut state = Self {
            random: fastrand::Rng::with_seed(options.seed.unwrap_or(0)),
            encrypted,
            extensions,
            phones,
            options,
            legs: BTreeMap::new(),
            bridges: BTreeMap::new(),
            dialling: BTreeMap::new(),
            consultations: BTreeMap::new(),
            parked: BTreeMap::new(),
            callers: BTreeMap::new(),
            database: BTreeMap::new(),
            custom_states: BTreeMap::new(),
            presence: BTreeMap::new(),
            devices_shown: BTreeMap::new(),
            hints_shown: BTreeMap::new(),
            contacts_unknown: false,
            mailboxes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            connections: HashMap::new(),
            last_connection: 0,
            next_lost: None,
            out: Vec::new(),
            later: Vec::new(),
            generation: 0,
            started: SystemTime::now(),
            ages: HashMap::new(),
            ids_used: BTreeMap::new(),
            last_number: 0,
            last_leg: 0,
            last_local: 0,
            written: BTreeMap::new(),
            packets: 0,
            originates: Vec::new(),
            actions: Vec::new(),
            sign_ins: Vec::new(),
            digits: Vec::new(),
            violations: Vec::new(),
        };
        state.note_presence();
        state
    }

    /// Returns all channels, Local ones included.
    pub fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.values()
    }

    /// Returns the channels of a conversation at phones and trunks.
    pub fn legs_of(&self, call: CallId) -> impl Iterator<Item = &Leg> {
        self.legs.values().filter(move |leg| leg.call == call && leg.other_half().is_none())
    }

    /// Returns the channel of a conversation at a phone.
    pub fn leg_at(&self, call: CallId, phone: &str) -> Option<&Leg> {
        self.legs_of(call).find(|leg| leg.phone() == Some(phone))
    }

    /// Returns the channel at the other end of a bridge.
    pub fn peer(&self, leg: &Leg) -> Option<&Leg> {
        let bridge = self.bridges.get(leg.bridge.as_ref()?)?;
        bridge.members.iter().find(|member| **member != leg.id).and_then(|member| self.legs.get(member))
    }

    /// Returns all `Originate`s of numbers so far, refused ones included.
    pub fn dials(&self) -> Vec<&Dial> {
        self.originates.iter().filter(|dial| dial.application.is_empty()).collect()
    }

    /// Returns all `Originate`s so far, those of applications included.
    pub fn originates(&self) -> &[Dial] {
        &self.originates
    }

    /// Returns all actions so far.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Returns all attempts to sign in so far.
    pub fn sign_ins(&self) -> &[SignIn] {
        &self.sign_ins
    }

    /// Returns all digits that clients played.
    pub fn digits(&self) -> &[Digit] {
        &self.digits
    }

    /// Returns what clients did that no client may do.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Returns whether no channel is left, nor anything that belongs to one.
    pub fn nothing_is_left(&self) -> bool {
        self.legs.is_empty()
            && self.bridges.is_empty()
            && self.dialling.is_empty()
            && self.consultations.is_empty()
            && self.parked.is_empty()
    }

    /// Returns how many clients of a user are signed in; of all users without a name.
    pub fn signed_in(&self, user: Option<&str>) -> usize {
        let names = self.sessions.values().filter_map(|session| session.user.as_ref());
        names.filter(|it| user.is_none_or(|name| it.name == name)).count()
    }

    /// Returns a value of the database.
    pub fn database(&self, family: &str, key: &str) -> Option<&str> {
        self.database.get(&(family.to_owned(), key.to_owned())).map(String::as_str)
    }

    /// Returns who waits in a parking space.
    pub fn parked_in(&self, space: u16) -> Option<&Leg> {
        self.parked.get(&space).and_then(|parked| self.legs.get(&parked.leg))
    }

    pub(super) fn is_old(&self) -> bool {
        self.options.release == Release::V16
    }

    /// Writes down what a client may not do.
    pub(super) fn sin(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }

    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Makes a unique id that no earlier run of the server had either.
    pub(super) fn unique_id(&mut self) -> String {
        let counter = self.number();
        let epoch = self.started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let name = self.options.system_name.as_ref().map(|name| format!("{name}-")).unwrap_or_default();
        format!("{name}{epoch}.{counter}")
    }

    /// Makes the suffix of a channel's name.
    pub(super) fn leg_name(&mut self, device: &str) -> String {
        self.last_leg += 1;
        format!("{device}-{:08x}", self.last_leg)
    }

    /// Makes the name both halves of a Local channel share.
    pub(super) fn local_name(&mut self, number: &str, context: &str) -> String {
        self.last_local += 1;
        format!("Local/{number}@{context}-{:08x}", self.last_local)
    }

    /// Makes an id of a bridge.
    pub(super) fn bridge_id(&mut self) -> String {
        let (number, noise) = (self.number(), self.random.u32(..));
        format!("{noise:08x}-6e3c-4b1d-9f00-{number:012x}")
    }

    /// Does something later; the wait is one of the server's own and is multiplied by the pace.
    pub(super) fn paced(&mut self, wait: Duration, job: impl FnOnce(&mut State) + Send + 'static) {
        let wait = wait.mul_f64(self.options.pace);
        self.after(wait, job);
    }

    /// Does something later.
    pub(super) fn after(&mut self, wait: Duration, job: impl FnOnce(&mut State) + Send + 'static) {
        self.later.push((wait, Box::new(job)));
    }

    /// Queues an answer, or an event that belongs to one, for one client.
    pub(super) fn send(&mut self, session: u64, packet: &Packet) {
        let bare = self.options.seed.is_some() && self.random.u8(..8) == 0;
        let text: Arc<str> = packet.text(bare).into();
        self.queue(session, Outgoing::Packet { text, event: None });
    }

    pub(super) fn queue(&mut self, session: u64, outgoing: Outgoing) {
        let Some(to) = self.sessions.get_mut(&session) else { return };
        if to.queue.try_send(outgoing).is_ok() || to.cut {
            return;
        }
        to.cut = true;
        if let Some(connection) = self.connections.get(&session) {
            connection.abort();
        }
        self.sin("a client does not read: too many packets wait for it");
    }

    /// Hands the events of this moment to all clients that may see them.
    pub(super) fn flush(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let mut out = std::mem::take(&mut self.out);
        if self.options.seed.is_some() {
            out = scramble::scramble(out, &mut self.random);
        }
        let listeners: Vec<u64> = self.sessions.iter().filter(|(_, it)| it.listens()).map(|(id, _)| *id).collect();
        for emitted in out {
            self.packets += 1;
            let bare = self.options.seed.is_some() && self.random.u8(..8) == 0;
            let text: Arc<str> = emitted.packet.text(bare).into();
            let event: Arc<str> = emitted.packet.get("Event").into();
            for id in &listeners {
                if self.sessions.get(id).is_some_and(|session| session.sees(emitted.class, &text)) {
                    self.queue(*id, Outgoing::Packet { text: Arc::clone(&text), event: Some(Arc::clone(&event)) });
                }
            }
        }
    }

    /// Ends everything the server had in memory; the database stays.
    pub(super) fn forget(&mut self) {
        self.generation += 1;
        self.legs.clear();
        self.bridges.clear();
        self.dialling.clear();
        self.consultations.clear();
        self.parked.clear();
        self.out.clear();
        self.later.clear();
        self.ids_used.clear();
    }
}

/// The lock around the state, and those who wait for a change of it.
pub(super) struct Pbx {
    state: Mutex<State>,
    pub(super) changed: watch::Sender<()>,
    pub(super) certificate: Option<Certificate>,
    pub(super) gate: Arc<Gate>,
    runtime: Handle,
    me: Weak<Self>,
}

impl Pbx {
    pub(super) fn new(options: Options, certificate: Option<Certificate>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            state: Mutex::new(State::new(options, certificate.is_some())),
            changed: watch::Sender::new(()),
            certificate,
            gate: Arc::new(Gate::default()),
            runtime: Handle::current(),
            me: me.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the state.
    pub(super) fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state, queues what that makes clients see, and wakes those who wait.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        self.settle(state);
        result
    }

    fn settle(&self, mut state: MutexGuard<'_, State>) {
        state.flush();
        let later = std::mem::take(&mut state.later);
        let generation = state.generation;
        drop(state);
        for (wait, job) in later {
            self.runtime.spawn(carry_out(self.me.clone(), wait, generation, job));
        }
        self.changed.send_replace(());
    }

    /// Writes something down that nobody waits for.
    pub(super) fn note(&self, note: impl FnOnce(&mut State)) {
        note(&mut self.lock());
    }

    /// Runs a task beside the server.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(task)
    }
}

/// Does a job in its time, unless the server has been restarted or is gone.
async fn carry_out(pbx: Weak<Pbx>, wait: Duration, generation: u64, job: Job) {
    tokio::time::sleep(wait).await;
    let Some(pbx) = pbx.upgrade() else { return };
    let mut state = pbx.lock();
    if state.generation == generation {
        job(&mut state);
    }
    pbx.settle(state);
}

/// The two ends of a client's queue.
pub(super) fn queue() -> (mpsc::Sender<Outgoing>, mpsc::Receiver<Outgoing>) {
    mpsc::channel(QUEUE)
}
