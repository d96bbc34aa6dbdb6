//! Asterisk, from its manager interface: one byte stream that tells of all channels and takes orders for any.
//!
//! The server knows no calls and no users: `channels` keeps the facts about channels and bridges that concern this user,
//! `calls` makes one call per user of them, `commands` sends what the user wants and waits for the event that shows its
//! effect. The facts behind it were measured; where versions differ, both are accepted.

mod answers;
mod calls;
mod channels;
mod commands;
mod dnd;
mod doctor;
mod events;
mod forward;
pub mod framing;
mod keys;
mod learnt;
mod lists;
mod names;
pub mod packet;
mod parked;
mod peers;
mod people;
mod phones;
mod redirect;
mod signin;
mod sync;
#[cfg(test)]
mod tests;
mod tones;
mod transfers;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use phone_core::call::{CallSeen, Holder, SeenState};
use phone_core::told::RequestId;
use phone_core::{Ability, AccountConfig, Direction, ForwardWhen, Now, Party, Reason, Secret};

use self::calls::{Call, Ended};
use self::commands::{Step, What};
use self::keys::{Keys, device_of};
use self::people::Device;
use crate::dialect::{Dialect, Effect, Effects, Findings, Input, Random, Setup, Wire};
use crate::open::Commands;
use crate::questions::Questions;
use crate::tell::{Last, Word, tell_calls};

/// What the registry knows of this kind.
pub(crate) const KIND: crate::Kind = crate::Kind {
    name: "asterisk",
    make: |setup| Box::new(Asterisk::new(setup)),
    schemes: &["amis", "ami"],
    encrypted: &["amis"],
    check: keys::check,
    needs_secret: keys::needs_secret,
    words: WORDS,
};

/// Keys of packets whose values are words of the protocol, and whole lines that say more than a word, for reports.
pub const WORDS: &[&str] = &[
    "Event",
    "Response",
    "Action",
    "AuthType",
    "EventList",
    "ListItems",
    "ChannelState",
    "ChannelStateDesc",
    "BridgeType",
    "BridgeNumChannels",
    "DialStatus",
    "Result",
    "Reason",
    "State",
    "Status",
    "StatusText",
    "Cause",
    "TechCause",
    "Async",
    "Message: Authentication accepted",
    "Message: Authentication failed",
    "Message: Login Already In Use",
    "Message: Permission denied",
    "Message: Originate successfully queued",
    "Message: Extension does not exist.",
    "Message: No such channel",
    "Message: Channel Hungup",
    "Message: Transfer succeeded",
    "Message: Transfer invalid",
    "Message: Atxfer successfully queued",
    "Message: CancelAtxfer successfully queued",
    "Message: Database entry not found",
];

/// Interval of the questions that show that the server lives; the answer has 10 s (the link's silence limit).
const PING: Duration = Duration::from_secs(15);

/// So many numbers are there for the first order of a session.
const FIRST_ACTIONS: f64 = 1e12;

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Opening,
    Greeting,
    SigningIn,
    Syncing,
    Live,
}

/// What a question was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Challenge,
    Login,
    Ping,
    /// What this user may do.
    Commands,
    Settings,
    /// When the server was started.
    Started,
    Channels,
    /// The same, for those who may not ask for the channels.
    Status,
    Hints,
    Devices,
    Dnd,
    /// Where own calls go.
    Forward(ForwardWhen),
    /// Whether there is a code that sets or ends it.
    ForwardCode(ForwardWhen, bool),
    /// What waits in parking places.
    Parked,
    /// Whether the caller of a call lives that has lost its legs.
    Caller(String),
    /// Who is in a bridge.
    Bridge(String),
    Feature(Feature),
    /// The name behind an internal number.
    Name(String),
    /// The phones behind an own device, their models, and what one has announced.
    Contacts(String),
    Model(String, String),
    Knows(String),
    /// What only the self-examination wants to know.
    Examined(doctor::Look),
    /// Something that the user wants.
    Step(RequestId, Step),
}

/// What the dial plan of the PBX may offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Feature {
    DndOn,
    DndOff,
    PickUp,
    /// It sends messages to the own phone.
    Talk,
    /// It dials the own phone so that it answers by itself.
    Answers,
    /// It takes whatever is dialled, so that the existence of a code says nothing of what it does.
    Anything,
}

/// One account at an Asterisk.
pub struct Asterisk {
    config: AccountConfig,
    keys: Keys,
    secret: Option<Secret>,
    user: String,
    learnt: learnt::Learnt,
    /// This account was online since the agent started.
    was_online: bool,
    phase: Phase,
    wire: Wire,
    asked: Questions<Asked>,
    /// Parts of the whole picture that are not here yet.
    lists_open: usize,
    /// The server said that it has loaded everything.
    booted: bool,
    sync_again_at: Option<Instant>,
    /// When the picture is shown without the parts that have not come.
    sync_until: Option<Instant>,
    ping_at: Option<Instant>,
    /// What this user may do.
    allowed: HashSet<String>,
    features: HashSet<Feature>,
    channels: channels::Channels,
    calls: calls::Calls,
    people: people::People,
    parked: parked::Parked,
    phones: HashMap<String, phones::Phones>,
    /// Numbers whose names are still to be asked for, and at which phones.
    names_wanted: Vec<(String, String)>,
    /// Own do-not-disturb, as the database says.
    dnd: Option<bool>,
    forward: forward::Forward,
    /// Asking first did nothing once.
    no_atxfer: bool,
    /// Dialling the own phone anew did not make it answer.
    no_redirect: bool,
    open: Commands<What>,
    /// When the next tone may begin, whichever command the last one was of.
    tones_from: Option<Instant>,
    told: Last,
    told_calls: Option<Vec<CallSeen>>,
    known: doctor::Known,
}

impl Asterisk {
    /// A dialect for one account.
    pub fn new(setup: Setup) -> Self {
        let Setup { config, secret } = setup;
        let keys = Keys::of(&config);
        let people = people::People::of(&keys);
        Self {
            user: config.user.clone().unwrap_or_default(),
            learnt: learnt::Learnt::of(config.learnt.as_deref()),
            config,
            secret,
            was_online: false,
            phase: Phase::Idle,
            wire: Wire(0),
            asked: Questions::default(),
            lists_open: 0,
            booted: false,
            sync_again_at: None,
            sync_until: None,
            ping_at: None,
            allowed: HashSet::new(),
            features: HashSet::new(),
            channels: channels::Channels::default(),
            calls: calls::Calls::default(),
            people,
            parked: parked::Parked::default(),
            phones: HashMap::new(),
            names_wanted: vec![],
            dnd: None,
            forward: forward::Forward::default(),
            no_atxfer: false,
            no_redirect: false,
            open: Commands::default(),
            tones_from: None,
            told: Last::default(),
            told_calls: None,
            known: doctor::Known::default(),
            keys,
        }
    }

    fn fail(&mut self, reason: Reason, out: &mut Effects) {
        // Where the PBX was met before, a strange answer comes from one that starts, or from something in between.
        let strange = reason == Reason::NotAPbx && (self.was_online || self.learnt.server.is_some());
        self.reset();
        out.push(Effect::Failed(if strange { Reason::Garbage } else { reason }, None));
    }

    /// Forgets everything that belongs to one attempt. Channels and calls stay: the next list says which of them live.
    fn reset(&mut self) {
        self.known.ended(self.phase);
        self.phase = Phase::Idle;
        self.asked.clear();
        self.open.lose();
        self.lists_open = 0;
        self.booted = false;
        self.sync_again_at = None;
        self.sync_until = None;
        self.ping_at = None;
        self.allowed.clear();
        self.features.clear();
        self.parked = parked::Parked::default();
        self.phones.clear();
        self.names_wanted.clear();
        self.dnd = None;
        self.forward = forward::Forward::default();
        self.no_atxfer = false;
        self.no_redirect = false;
        self.told.forget();
        self.told_calls = None;
    }

    /// Tells whether this user may use an action.
    fn allows(&self, action: &str) -> bool {
        self.allowed.contains(action)
    }

    fn can_consult(&self) -> bool {
        self.keys.atxfer && !self.no_atxfer && self.allows("Atxfer") && self.allows("CancelAtxfer") && self.allows("Getvar")
    }

    fn can_dnd(&self) -> bool {
        let codes = self.features.contains(&Feature::DndOn) && self.features.contains(&Feature::DndOff);
        codes && !self.takes_anything() && self.allows("Originate") && self.allows("DBGet")
    }

    /// Tells whether codes exist that nobody has made: one of ours may then be a number out into the world.
    fn takes_anything(&self) -> bool {
        self.features.contains(&Feature::Anything)
    }

    fn can_pick_up(&self) -> bool {
        self.allows("Originate") && self.features.contains(&Feature::PickUp) && !self.takes_anything()
    }

    /// Tells what can be done, when that changed.
    fn tell_abilities(&mut self, out: &mut Effects) {
        let offered: &[(bool, &[Ability])] = &[
            (self.allows("Originate"), &[Ability::Dial]),
            (self.allows("Hangup"), &[Ability::HangUp]),
            (self.can_steer(self.keys.answer), &[Ability::Answer]),
            (self.can_steer(self.keys.hold), &[Ability::Hold, Ability::Resume]),
            (self.allows("BlindTransfer") && self.allows("Getvar"), &[Ability::TransferBlind]),
            (self.can_deflect(), &[Ability::Deflect]),
            (self.can_consult(), &[Ability::Consult]),
            (self.can_consult() || self.allows("Bridge"), &[Ability::TransferAttended]),
            (self.allows("PlayDTMF"), &[Ability::Dtmf]),
            (self.allows("Park"), &[Ability::Park]),
            (self.can_pick_up(), &[Ability::PickUp]),
            (!self.people.is_empty(), &[Ability::Presence]),
            (self.can_dnd(), &[Ability::Dnd]),
            (self.sees_forwarding(), &[Ability::Forwarding]),
            (self.can_forward(ForwardWhen::Always), &[Ability::ForwardAlways]),
            (self.can_forward(ForwardWhen::Busy), &[Ability::ForwardBusy]),
            (self.can_forward(ForwardWhen::NoAnswer), &[Ability::ForwardNoAnswer]),
        ];
        self.told.abilities(offered, out);
    }

    /// Keeps what belongs to our legs and dials.
    fn tie(&mut self) {
        self.channels.tie(self.calls.ids());
    }

    /// Brings calls and commands up to what the channels show, and tells what changed.
    fn follow(&mut self, now: Now, out: &mut Effects) {
        let up: HashSet<String> = self.calls.iter().filter_map(|call| call.up.clone()).collect();
        self.ask_for_callers(now, out);
        let ended = self.calls.follow(&mut self.channels, &self.keys, now);
        self.tie();
        self.channels.prune();
        if self.phase != Phase::Live {
            return;
        }
        let answered = |call: &Call| call.up.clone().map(|leg| (leg, call.direction == Direction::Incoming || call.own_first));
        let fresh: Vec<_> = self.calls.iter().filter_map(answered).filter(|(leg, _)| !up.contains(leg)).collect();
        for (leg, called) in fresh {
            self.ask_what_it_knows(&leg, called, out);
        }
        if !ended.is_empty() {
            self.forward_soon(now);
        }
        self.tell_calls(ended, out);
        self.look_at_open(now, out);
    }

    /// Tells the calls, when that changed, and how those ended that are over.
    fn tell_calls(&mut self, ended: Vec<Ended>, out: &mut Effects) {
        let seen: Vec<CallSeen> = self.calls.iter().filter(|call| call.shown).flat_map(|call| self.seen(call)).collect();
        let word = |ended: &Ended| Some((ended.key.clone(), Word::Known(ended.outcome?)));
        if self.told_calls.as_ref() != Some(&seen) {
            self.told_calls = Some(seen.clone());
            tell_calls(seen, ended.iter().filter(|ended| ended.shown).filter_map(word).collect(), out);
        }
        self.sent_on(&ended, out);
        // A dial whose phone never rang shows no call; the user is told all the same.
        for request in ended.iter().filter(|ended| !ended.shown).filter_map(|ended| ended.request) {
            self.refuse(request, Reason::RefusedByPbx("the own phone cannot be reached".to_owned()), out);
        }
    }

    /// A call as the model takes it, and the one that is asked while it waits.
    fn seen(&self, call: &Call) -> Vec<CallSeen> {
        let of = |key: String, state: SeenState, remote: Party| CallSeen {
            key,
            request: call.request,
            direction: call.direction,
            state,
            remote,
            via: None,
            resume_is_safe: true,
            started_at: calls::started_at(call),
            connected_at: None,
            asks_about: None,
        };
        let remote = calls::remote(call, &self.channels, &self.keys);
        let Some(consult) = &call.consult else {
            let state = if call.connected { self.talking_state(call) } else { calls::state(call) };
            return vec![of(call.key.clone(), state, remote)];
        };
        let state = if consult.connected { SeenState::Connected } else { SeenState::Ringing };
        let asked = calls::asked(call, &self.channels);
        let about = Some(call.key.clone());
        let direction = Direction::Outgoing;
        let other = CallSeen { request: None, direction, asks_about: about, ..of(call.consult_key(), state, asked) };
        vec![of(call.key.clone(), SeenState::Held(Holder::Us), remote), other]
    }

    /// Who holds a call that is answered.
    ///
    /// A list does not tell. After a gap the lamp of the other side's phone is a hint, where it is one of this PBX: the
    /// lamp of who is held says so.
    fn talking_state(&self, call: &Call) -> SeenState {
        let Some(leg) = call.up.as_deref() else { return SeenState::Connected };
        let Some(own) = self.channels.get(leg) else { return SeenState::Connected };
        let peer = self.channels.peer(leg).and_then(|peer| self.channels.get(peer));
        match (own.is_holding(), peer.and_then(|peer| peer.holds)) {
            (Some(true), _) => SeenState::Held(Holder::Us),
            (_, Some(true)) => SeenState::Held(Holder::Them),
            (Some(false), _) => SeenState::Connected,
            (None, _) => {
                let lamp = |name: &str| device_of(name).and_then(|device| self.people.device(device));
                match (lamp(&own.name), peer.and_then(|peer| lamp(&peer.name))) {
                    (Some(Device::OnHold), _) => SeenState::Held(Holder::Them),
                    (_, Some(Device::OnHold)) => SeenState::Held(Holder::NotTold),
                    (Some(Device::InUse), Some(Device::InUse)) => SeenState::Connected,
                    _ => SeenState::Unknown,
                }
            }
        }
    }

    fn ping(&mut self, now: Now, out: &mut Effects) {
        self.ping_at = Some(now.mono + PING);
        self.known.pings(now);
        self.ask(Asked::Ping, |id| packet::Action::new("Ping", id), out);
    }

    fn tick(&mut self, now: Now, out: &mut Effects) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        if due(self.ping_at) {
            self.ping(now, out);
        }
        if due(self.sync_again_at) {
            self.sync_again(out);
        }
        if due(self.sync_until) {
            self.go_without_parts(now, out);
        }
        if self.phase != Phase::Live {
            return;
        }
        if due(self.calls.deadline(&self.channels)) {
            self.follow(now, out);
        }
        self.next_tones(now, out);
        self.look_at_dnd(now, out);
        self.look_at_forward(now, out);
        self.look_at_parked(now, out);
        self.look_at_open(now, out);
    }
}

impl Dialect for Asterisk {
    fn step(&mut self, input: Input<'_>, now: Now, random: &mut dyn Random, out: &mut Effects) {
        let talks = matches!(self.phase, Phase::SigningIn | Phase::Syncing | Phase::Live);
        match input {
            Input::Start => {
                // How a call went that somebody let the server begin is told to everybody, with the number of the order:
                // two programs that both count from one would take the answers of each other.
                self.asked.count_from((random.unit().clamp(0.0, 1.0) * FIRST_ACTIONS) as u64);
                self.start(out);
            }
            Input::Stop => self.reset(),
            Input::Opened(wire) if wire == self.wire => self.opened(),
            Input::NotOpened(wire, why) if wire == self.wire => self.not_opened(why, out),
            Input::Text(wire, text) if wire == self.wire && self.phase == Phase::Greeting => self.greeted(text, out),
            Input::Text(wire, text) if wire == self.wire && talks => self.packet(text, now, out),
            Input::Closed(wire) if wire == self.wire && self.phase != Phase::Idle => self.fail(Reason::Dropped, out),
            Input::Opened(_) | Input::NotOpened(..) | Input::Text(..) | Input::Closed(_) => {}
            // This kind has one stream and nothing else.
            Input::Pong(_) | Input::Pinged(_) | Input::Http(..) => {}
            Input::Command(command) => self.command(command, now, random, out),
            Input::Expired(request) => self.expired(request, out),
            Input::Probe if matches!(self.phase, Phase::Syncing | Phase::Live) => self.ping(now, out),
            Input::Probe => {}
            Input::Tick => self.tick(now, out),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let open = self.open.iter().filter_map(|open| open.what.due());
        let live = self.phase == Phase::Live;
        let calls = self.calls.deadline(&self.channels).filter(|_| live);
        open.chain(calls)
            .chain(self.forward_deadline())
            .chain(self.parked_deadline())
            .chain(self.ping_at)
            .chain(self.sync_again_at)
            .chain(self.sync_until)
            .min()
    }

    fn findings(&self) -> Findings {
        self.found()
    }
}
