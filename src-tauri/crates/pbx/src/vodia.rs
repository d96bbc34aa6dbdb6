//! Vodia PBX (earlier pbxnsip and snom ONE), seen from one user, in its three generations.
//!
//! `signin` gets a session, `live` reads the user WebSocket, `commands` sends what the user
//! wants and never twice. The facts behind it are undocumented in part; where two readings are
//! possible, both are accepted.

pub mod calls;
mod commands;
mod dnd;
mod doctor;
mod elsewhere;
mod fetch;
pub mod frame;
mod handover;
pub mod hold;
mod keys;
mod learnt;
mod legs;
mod life;
mod live;
pub mod people;
pub mod remote_call;
mod requests;
pub mod rest;
mod signin;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use phone_core::told::{Command, RequestId};
use phone_core::{Ability, AccountConfig, Now, Reason, Secret};
use serde::{Deserialize, Serialize};

pub use keys::check;

use self::commands::What;
use self::keys::{Keys, Path};
use self::learnt::Learnt;
use crate::dialect::{Dialect, Effect, Effects, Findings, HttpAnswer, Input, Random, Setup, Wire};
use crate::open::Commands;
use crate::questions::Questions;
use crate::tell::Last;

/// What the registry knows of this kind.
pub(crate) const KIND: crate::Kind = crate::Kind {
    name: "vodia",
    make: |setup| Box::new(Vodia::new(setup)),
    schemes: &["https", "http"],
    encrypted: &["https"],
    check: keys::check,
    needs_secret: keys::needs_secret,
    words: WORDS,
};

/// The three generations of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Generation {
    /// Up to 57: root path, everything by action messages.
    Attendant,
    /// 58 to 68, and whatever does not tell its version.
    ClickToDial,
    /// From 69: subscriptions and REST.
    Subscribe,
}

impl Generation {
    fn name(self) -> &'static str {
        match self {
            Self::Attendant | Self::ClickToDial => "legacy",
            Self::Subscribe => "modern",
        }
    }
}

/// Keys of frames whose values are words of the protocol, for reports.
pub const WORDS: &[&str] = &["action", "type", "state", "callstate", "chatstatus", "method", "connected", "startstop"];

/// WebSocket ping interval; the answer has 10 s (the link's silence limit).
const PING: Duration = Duration::from_secs(15);
/// Interval of the JSON keepalive that a third-party client uses against 67 and 70.1.
const JSON_KEEPALIVE: Duration = Duration::from_secs(30);
/// How long an unknown server may take to show what it offers.
const CLASSIFY: Duration = Duration::from_secs(3);
/// How often calls are asked for when no frame ever tells them.
const POLL: Duration = Duration::from_secs(3);
/// Limit of one HTTP request.
const HTTP_LIMIT: Duration = Duration::from_secs(10);
/// Longest answer of a directory of 10,000 accounts with room to spare.
const MOST_BYTES: usize = 16 << 20;

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    SigningIn,
    OpeningSocket,
    Syncing { classify_at: Instant, calls: bool, people: bool },
    Live,
}

/// What an HTTP request was made for.
enum Ask {
    SignIn(Step),
    Fetch(Fetch),
    /// Legs, to find the REST id of the call a command is about.
    Find(Command),
    /// A command sent by REST, about the call with this key; the path name to mark when the server does not know it.
    Commanded {
        request: RequestId,
        path: &'static str,
        key: Option<String>,
    },
    SetDnd(RequestId, bool),
    CheckDnd(RequestId, bool),
}

/// One request of the way to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Session,
    Root,
    TokenPage,
    Exchange,
    Password,
    BasicCheck,
    Whoami,
}

/// What is read by REST beside the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fetch {
    Directory,
    Calls,
    /// The calls, from a server that does not answer pings.
    SignOfLife,
    History,
    CdrSummary,
    Contacts,
    Dnd,
}

/// An ended call whose outcome is being asked for.
struct Asking {
    key: String,
    number: Option<String>,
    /// Entries of the PBX's list that are about calls before.
    known: Vec<String>,
    ended: Timestamp,
    next_at: Instant,
    give_up_at: Instant,
}

/// One account at a Vodia PBX.
pub struct Vodia {
    config: AccountConfig,
    keys: Keys,
    secret: Option<Secret>,
    learnt: Learnt,
    user: String,
    domain: Option<String>,
    /// The value of the session cookie; lives as long as this value.
    session: Option<Secret>,
    /// The session was made in this attempt.
    session_is_fresh: bool,
    /// Basic was accepted by a REST resource.
    basic: bool,
    /// The session resource answered in its way, though without a version.
    session_resource_seen: bool,
    /// The PBX of this account was met before the agent started.
    met_before: bool,
    /// This account was online since the agent started.
    was_online: bool,
    /// The password resource was tried in this attempt.
    password_tried: bool,
    phase: Phase,
    generation: Generation,
    version_known: bool,
    wire: Wire,
    asked: Questions<Ask>,
    /// Commands of which something more is to be heard or said.
    open: Commands<What>,
    calls: calls::Calls,
    accounts: people::Accounts,
    directory_names: HashMap<String, String>,
    /// Frames with an overview of accounts arrive.
    has_overview: bool,
    /// Frames with calls arrive.
    has_call_frames: bool,
    /// They spell the state as new servers do.
    has_new_spelling: bool,
    /// Frames had their time to tell the calls and did not.
    no_frames_in_time: bool,
    /// REST tells the calls, or refuses to; none while nobody has asked.
    rest_calls: Option<bool>,
    has_directory: bool,
    has_history: Option<bool>,
    has_contacts: bool,
    has_dnd: bool,
    /// Where no frame tells our own do-not-disturb.
    dnd: dnd::Reading,
    /// The phone did not react to an answer once.
    no_answer: bool,
    /// When the server was heard last.
    heard_at: Option<Instant>,
    told: Last,
    asking: Vec<Asking>,
    /// Entries that the PBX's list had when it was read last.
    past_keys: Vec<String>,
    ping_at: Option<Instant>,
    life: life::Life,
    keepalive_at: Option<Instant>,
    poll_at: Option<Instant>,
    history_at: Option<Instant>,
    /// What is asked for once more after its answer got lost.
    again: Vec<Fetch>,
    again_at: Option<Instant>,
    polls_missed: u32,
}

impl Vodia {
    /// A dialect for one account.
    pub fn new(setup: Setup) -> Self {
        let Setup { config, secret } = setup;
        let learnt: Learnt = config.learnt.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let met_before = learnt.server.is_some() || learnt.generation.is_some();
        let (user, domain) = AccountConfig::split_user(config.user.as_deref().unwrap_or_default(), config.domain.clone());
        Self {
            keys: Keys::of(&config),
            generation: learnt.generation.unwrap_or(Generation::ClickToDial),
            version_known: learnt.generation.is_some(),
            config,
            secret,
            learnt,
            user,
            domain,
            session: None,
            session_is_fresh: false,
            basic: false,
            session_resource_seen: false,
            met_before,
            was_online: false,
            password_tried: false,
            phase: Phase::Idle,
            wire: Wire(0),
            asked: Questions::default(),
            open: Commands::default(),
            calls: calls::Calls::default(),
            accounts: people::Accounts::default(),
            directory_names: HashMap::new(),
            has_overview: false,
            has_call_frames: false,
            has_new_spelling: false,
            no_frames_in_time: false,
            rest_calls: None,
            has_directory: false,
            has_history: None,
            has_contacts: false,
            has_dnd: false,
            dnd: dnd::Reading::default(),
            no_answer: false,
            heard_at: None,
            told: Last::default(),
            asking: vec![],
            past_keys: vec![],
            ping_at: None,
            life: life::Life::default(),
            keepalive_at: None,
            poll_at: None,
            history_at: None,
            again: vec![],
            again_at: None,
            polls_missed: 0,
        }
    }

    /// Own numbers in all their forms.
    fn own_numbers(&self) -> calls::OwnNumbers {
        let mut numbers = vec![self.user.clone()];
        numbers.extend(self.keys.own_numbers.iter().cloned());
        calls::OwnNumbers(numbers)
    }

    /// `extension@tenant`, as one path segment.
    fn account_path(&self) -> String {
        match &self.domain {
            Some(domain) => remote_call::encode(&format!("{}@{domain}", self.user)),
            None => remote_call::encode(&self.user),
        }
    }

    /// The name that signs in.
    fn login(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{}@{domain}", self.user),
            None => self.user.clone(),
        }
    }

    fn fail(&mut self, reason: Reason, retry_after: Option<Duration>, out: &mut Effects) {
        let reason = self.in_its_light(reason);
        self.reset();
        out.push(Effect::Failed(reason, retry_after));
    }

    /// The socket of this attempt is open; words of an older one do not count.
    fn has_socket(&self) -> bool {
        matches!(self.phase, Phase::Syncing { .. } | Phase::Live)
    }

    /// Forgets everything that belongs to one attempt; the session and what was learnt stay.
    fn reset(&mut self) {
        self.phase = Phase::Idle;
        self.asked.clear();
        self.open.lose();
        self.calls.clear();
        self.accounts.clear();
        self.directory_names.clear();
        self.asking.clear();
        self.has_overview = false;
        self.has_call_frames = false;
        self.has_new_spelling = false;
        self.no_frames_in_time = false;
        self.rest_calls = None;
        self.past_keys.clear();
        self.has_directory = false;
        self.basic = false;
        self.password_tried = false;
        self.session_resource_seen = false;
        self.session_is_fresh = false;
        self.heard_at = None;
        self.told.forget();
        self.ping_at = None;
        self.life = life::Life::default();
        self.keepalive_at = None;
        self.poll_at = None;
        self.history_at = None;
        self.again.clear();
        self.again_at = None;
        self.polls_missed = 0;
        self.has_history = None;
        self.has_contacts = false;
        self.has_dnd = false;
        self.dnd.forget();
    }

    /// Tells what can be done, when that changed.
    fn tell_abilities(&mut self, out: &mut Effects) {
        use Ability::{Answer, Contacts, Dial, Dnd, HangUp, History, Hold, Presence, Resume, TransferAttended, TransferBlind};
        let offered: &[(bool, &[Ability])] = &[
            (true, &[Dial, HangUp, Hold, Resume, TransferBlind, TransferAttended]),
            (!self.no_answer, &[Answer]),
            (self.has_overview || self.has_directory, &[Presence]),
            (self.has_dnd, &[Dnd]),
            (self.has_history == Some(true), &[History]),
            (self.has_contacts, &[Contacts]),
        ];
        self.told.abilities(offered, out);
    }
}

impl Dialect for Vodia {
    fn step(&mut self, input: Input<'_>, now: Now, random: &mut dyn Random, out: &mut Effects) {
        if matches!(input, Input::Text(..) | Input::Pong(_) | Input::Pinged(_) | Input::Http(_, Ok(_))) {
            self.heard_at = Some(now.mono);
        }
        match input {
            Input::Start => {
                // Whoever signs in again may sit at another phone.
                self.no_answer = false;
                self.dnd.draw(random);
                self.forget_old_refusals(now.wall, out);
                self.start(out);
            }
            Input::Stop => self.reset(),
            Input::Opened(wire) if wire == self.wire => self.opened(now, out),
            Input::NotOpened(wire, why) if wire == self.wire => self.not_opened(&why, out),
            Input::Text(wire, text) if wire == self.wire && self.has_socket() => {
                self.life.heard(now.mono);
                self.text(text, now, out);
            }
            Input::Pong(wire) if wire == self.wire && self.has_socket() => self.life.answered(),
            Input::Pinged(wire) if wire == self.wire && self.has_socket() => self.life.pinged(),
            Input::Closed(wire) if wire == self.wire && (self.has_socket() || self.phase == Phase::OpeningSocket) => {
                self.fail(Reason::Dropped, None, out);
            }
            Input::Opened(_) | Input::NotOpened(..) | Input::Text(..) | Input::Pong(_) | Input::Pinged(_) | Input::Closed(_) => {}
            Input::Http(id, answer) => {
                if let Some(ask) = self.asked.take(id) {
                    self.answered(ask, answer, now, out);
                }
            }
            Input::Command(command) => self.command(command, now, out),
            Input::Expired(request) => self.expired(request, out),
            Input::Probe => self.probe(now, out),
            Input::Tick => self.tick(now, out),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let classify = match self.phase {
            Phase::Syncing { classify_at, .. } => Some(classify_at),
            Phase::Idle | Phase::SigningIn | Phase::OpeningSocket | Phase::Live => None,
        };
        let asking = self.asking.iter().map(|a| a.next_at.min(a.give_up_at)).min();
        [
            classify,
            asking,
            self.ping_at,
            self.life.due_at(),
            self.keepalive_at,
            self.poll_at,
            self.history_at,
            self.again_at,
            self.dnd.at,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn findings(&self) -> Findings {
        self.examined()
    }
}

impl Vodia {
    fn answered(&mut self, ask: Ask, answer: Result<HttpAnswer, Reason>, now: Now, out: &mut Effects) {
        match ask {
            Ask::SignIn(step) => match answer {
                Ok(answer) => self.signing_in(step, answer, out),
                Err(reason) => self.fail(reason, None, out),
            },
            Ask::Fetch(fetch) => {
                self.fetched(fetch, answer, now, out);
                self.have(false, false, now, out);
            }
            Ask::Find(command) => self.found(&command, answer, now, out),
            Ask::Commanded { request, path, key } => {
                self.commanded(request, path, key.as_deref(), answer, now, out);
                self.heard_of(request);
                self.tell_handovers(out);
            }
            Ask::SetDnd(request, wanted) => self.dnd_set(request, wanted, answer, out),
            Ask::CheckDnd(request, wanted) => self.dnd_checked(request, wanted, answer, out),
        }
    }
}
