//! One signed-in client, and the sign-in before it (section 2.1).

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Instant;

use md5::{Digest, Md5};
use tokio::sync::mpsc;

use super::options::User;
use super::packet::Packet;
use super::records::SignIn;
use super::state::{Outgoing, State};
use crate::loopback::certificate::hex;

/// What is known of one connection.
pub(super) struct Session {
    pub(super) queue: mpsc::Sender<Outgoing>,
    pub(super) user: Option<User>,
    pub(super) challenge: Option<String>,
    /// Classes it wants of those it may see; nothing: none at all.
    pub(super) mask: Option<Vec<String>>,
    pub(super) last_action: Instant,
    pub(super) silence_told: bool,
    /// Numbers that were looked up and exist, with the time.
    pub(super) looked_up: BTreeMap<(String, String), Instant>,
    /// A transfer by digits went into the other party's ear; it must not be tried again.
    pub(super) digits_leaked: bool,
    pub(super) has_listed: bool,
    /// When the last digit at a channel had ended.
    pub(super) played: BTreeMap<String, Instant>,
    /// A digit is being played.
    pub(super) plays: bool,
    /// What was asked for meanwhile.
    pub(super) waiting: VecDeque<Packet>,
    pub(super) action_ids: HashSet<String>,
    pub(super) cut: bool,
}

impl Session {
    pub(super) fn new(queue: mpsc::Sender<Outgoing>) -> Self {
        Self {
            queue,
            user: None,
            challenge: None,
            mask: Some(Vec::new()),
            last_action: Instant::now(),
            silence_told: false,
            looked_up: BTreeMap::new(),
            digits_leaked: false,
            has_listed: false,
            played: BTreeMap::new(),
            plays: false,
            waiting: VecDeque::new(),
            action_ids: HashSet::new(),
            cut: false,
        }
    }

    /// Returns whether it is signed in and wants events.
    pub(super) fn listens(&self) -> bool {
        self.user.is_some() && self.mask.is_some() && !self.cut
    }

    /// Returns whether it is shown an event.
    pub(super) fn sees(&self, class: &str, text: &str) -> bool {
        let (Some(user), Some(mask)) = (&self.user, &self.mask) else { return false };
        if !user.read.contains(class) || !(mask.is_empty() || mask.iter().any(|it| it == class)) {
            return false;
        }
        let (excluding, including): (Vec<&String>, Vec<&String>) =
            user.filters.iter().partition(|filter| filter.starts_with('!'));
        let excluded = excluding.iter().any(|filter| text.contains(filter.trim_start_matches('!')));
        !excluded && (including.is_empty() || including.iter().any(|filter| text.contains(filter.as_str())))
    }

    /// Sets what `Events` or `EventMask` asks for.
    pub(super) fn wants(&mut self, events: &str) -> bool {
        self.mask = match events.to_ascii_lowercase().as_str() {
            "on" | "all" | "true" | "yes" | "" => Some(Vec::new()),
            "off" | "false" | "no" => None,
            list => Some(list.split(',').map(|class| class.trim().to_owned()).collect()),
        };
        self.mask.is_some()
    }
}

impl State {
    /// Answers an action of somebody who is not signed in. False ends the connection.
    pub(super) fn before_sign_in(&mut self, session: u64, packet: &Packet) -> bool {
        let id = packet.get("ActionID").to_owned();
        let refuse = |state: &mut Self, message: &str| {
            state.send(session, &Packet::response("Error", &id).with("Message", message));
            false
        };
        match packet.get("Action").to_ascii_lowercase().as_str() {
            "challenge" => {
                if !packet.get("AuthType").eq_ignore_ascii_case("MD5") {
                    self.sin("Challenge without AuthType: MD5");
                    self.send(session, &Packet::response("Error", &id).with("Message", "Must specify AuthType"));
                    return true;
                }
                let challenge = self.random.u32(100_000_000..999_999_999).to_string();
                if let Some(known) = self.sessions.get_mut(&session) {
                    known.challenge = Some(challenge.clone());
                }
                self.send(session, &Packet::response("Success", &id).with("Challenge", challenge));
                true
            }
            "login" => match self.sign_in(session, packet) {
                Ok(user) => {
                    self.welcome(session, packet, user);
                    true
                }
                Err(message) => refuse(self, message),
            },
            "logoff" => {
                self.send(session, &Packet::response("Goodbye", &id).with("Message", "Thanks for all the fish."));
                false
            }
            other => {
                self.sin(format!("the action {other} before the sign-in"));
                refuse(self, "Permission denied")
            }
        }
    }

    fn sign_in(&mut self, session: u64, packet: &Packet) -> Result<User, &'static str> {
        let name = packet.get("Username").to_owned();
        let by_challenge = packet.get("AuthType").eq_ignore_ascii_case("MD5");
        for key in ["Username", if by_challenge { "Key" } else { "Secret" }] {
            if packet.get(key).is_empty() {
                self.sin(format!("Login without {key}"));
            }
        }
        let challenge = self.sessions.get(&session).and_then(|known| known.challenge.clone());
        if by_challenge && challenge.is_none() {
            self.sin("Login with MD5 without a Challenge before");
        }
        let fits = |user: &&User| {
            let right = match (&challenge, by_challenge) {
                (Some(challenge), true) => {
                    let both = format!("{challenge}{}", user.secret);
                    packet.get("Key") == hex(&Md5::digest(both.as_bytes()))
                }
                (None, true) => false,
                (_, false) => packet.get("Secret") == user.secret,
            };
            user.name == name && user.permitted && right
        };
        let found = self.options.users.iter().find(fits).cloned();
        let in_use = !self.options.multiple_login && self.signed_in(Some(&name)) > 0;
        let outcome = match found {
            None => Err("Authentication failed"),
            Some(_) if in_use => Err("Login Already In Use"),
            Some(user) => Ok(user),
        };
        let refusal = outcome.as_ref().err().copied();
        let encrypted = self.encrypted;
        self.sign_ins.push(SignIn { user: name, by_challenge, encrypted, refusal, at: Instant::now() });
        outcome
    }

    fn welcome(&mut self, session: u64, packet: &Packet, user: User) {
        let id = packet.get("ActionID").to_owned();
        let system = user.read.contains("system");
        if let Some(known) = self.sessions.get_mut(&session) {
            known.user = Some(user);
            known.last_action = Instant::now();
            known.wants(packet.get("Events"));
        }
        self.send(session, &Packet::response("Success", &id).with("Message", "Authentication accepted"));
        if system {
            let booted = Packet::event("FullyBooted", "system").with("Uptime", "42").with("LastReload", "42");
            self.send(session, &booted.with("Status", "Fully Booted"));
        }
    }
}
