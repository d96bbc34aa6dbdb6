//! The open user WebSocket: first questions, frames, keepalive, and what REST adds.

use std::time::{Duration, Instant};

use phone_core::call::Outcome;
use phone_core::number::may_be_same;
use phone_core::people::PersonSeen;
use phone_core::told::{PastCall, Told};
use phone_core::{Direction, Now, PersonKind, Presence, Reason, Secret};

use super::frame::{self, Frame, RawCall};
use super::rest;
use super::{Again, Ask, Asking, CLASSIFY, Generation, PING, POLL, Phase, Vodia};
use crate::dialect::{Effect, Effects, HttpAnswer};

/// When the history is asked after a call vanished: the PBX writes it a moment later.
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// When it is asked once more.
const NEXT_LOOK: Duration = Duration::from_millis(1200);
/// When an outcome that nobody told counts as missed.
const LAST_LOOK: Duration = Duration::from_millis(2900);
/// When what got no answer is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// So many polls in a row may stay without an answer.
const MOST_POLLS_MISSED: u32 = 3;
/// Outcomes that are asked for at once; the calls beyond count as missed.
const MOST_ASKED: usize = 32;
/// Pause before the history is read after calls ended, so that a busy line reads it once.
const HISTORY_PAUSE: Duration = Duration::from_secs(4);

impl Vodia {
    pub(super) fn opened(&mut self, now: Now, out: &mut Effects) {
        if self.phase != Phase::OpeningSocket {
            return;
        }
        out.push(Effect::SignedIn);
        self.phase = Phase::Syncing { classify_at: now.mono + CLASSIFY, calls: false, people: false };
        self.ping_at = Some(now.mono + PING);
        let known = |generation| self.version_known && self.generation == generation;
        if !known(Generation::Attendant) {
            self.keep_alive(now, out);
            self.action("own-calls", r#","subscribe":true"#, out);
        }
        self.action("get-users", "", out);
        self.action("get-calls", "", out);
        out.tell(Told::Identity {
            user: Some(self.user.clone()),
            domain: self.domain.clone(),
            display_name: None,
            server: self.learnt.server.clone(),
            dialect: Some(self.generation.name().to_owned()),
        });
        if self.generation == Generation::Subscribe {
            self.ask_directory(out);
            self.ask_calls(out);
        }
    }

    fn action(&self, action: &str, rest: &str, out: &mut Effects) {
        out.push(Effect::Send(self.wire, format!(r#"{{"action":"{action}"{rest}}}"#)));
    }

    fn keep_alive(&mut self, now: Now, out: &mut Effects) {
        // From 67 the newer word is known; older servers were seen with the older one only.
        let old = self.learnt.server.as_deref().and_then(|s| s.strip_prefix("PBX/")).is_some_and(|v| {
            let major: Option<u32> = v.split('.').next().and_then(|m| m.parse().ok());
            major.is_some_and(|m| m < 67)
        });
        self.action(if old { "wskeepalive" } else { "avoid-disconnect" }, "", out);
        self.keepalive_at = Some(now.mono + self.keys.keepalive);
    }

    fn ask_directory(&mut self, out: &mut Effects) {
        let path = format!("/rest/user/{}/accounts", self.account_path());
        self.http(Ask::Directory, "GET", &path, None, out);
    }

    fn ask_calls(&mut self, out: &mut Effects) {
        let path = format!("/rest/user/{}/calls", self.account_path());
        self.http(Ask::Calls, "GET", &path, None, out);
    }

    fn ask_history(&mut self, out: &mut Effects) {
        if self.generation == Generation::Attendant {
            let body = r#"{"action":"load-cdr-summary","start":0,"length":50,"domain":false,"user":true,"missed":false}"#;
            self.http(Ask::CdrSummary, "POST", "/json", Some(Secret::new(body.to_owned())), out);
        } else {
            let path = format!("/rest/user/{}/history?page=1&size=50", self.account_path());
            self.http(Ask::History, "GET", &path, None, out);
        }
    }

    pub(super) fn text(&mut self, text: &str, now: Now, out: &mut Effects) {
        match frame::read(text) {
            Frame::DomainState(accounts, bad) => {
                for _ in 0..bad {
                    out.push(Effect::Skipped);
                }
                self.has_overview = true;
                let own_dnd = self.accounts.dnd(&self.user);
                self.accounts.clear();
                let people: Vec<PersonSeen> = accounts.iter().filter_map(|raw| self.accounts.put(raw)).collect();
                // An overview that leaves it out does not undo what another source told.
                if let (Some(on), None) = (own_dnd, self.accounts.dnd(&self.user)) {
                    self.accounts.set_dnd(&self.user, on);
                }
                let (own, people): (Vec<_>, Vec<_>) = people.into_iter().partition(|p| p.number == self.user);
                out.tell(Told::People(people));
                if let Some(name) = own.into_iter().next().and_then(|p| p.name) {
                    self.tell_name(name, out);
                }
                self.tell_own(out);
                self.have(false, true, now, out);
            }
            Frame::UserState(raw) => {
                let Some(mut seen) = self.accounts.merge(&raw) else { return out.push(Effect::Skipped) };
                if seen.number == self.user {
                    self.tell_own(out);
                    return;
                }
                if seen.name.is_none() {
                    seen.name = self.directory_names.get(&seen.number).cloned();
                }
                out.tell(Told::Person(seen));
            }
            Frame::CallState(calls, bad) => {
                for _ in 0..bad {
                    out.push(Effect::Skipped);
                }
                self.has_call_frames = true;
                self.has_new_spelling |= calls.iter().any(|c| c.state.is_some() && !c.callstate.is_some());
                self.poll_at = None;
                self.calls_are(&calls, now, out);
                self.have(true, false, now, out);
            }
            Frame::MissedCalls => self.history_at = Some(now.mono + FIRST_LOOK),
            Frame::Known => {}
            Frame::Skipped => out.push(Effect::Skipped),
        }
    }

    fn tell_name(&mut self, name: String, out: &mut Effects) {
        out.tell(Told::Identity { user: None, domain: None, display_name: Some(name), server: None, dialect: None });
    }

    pub(super) fn tell_own(&mut self, out: &mut Effects) {
        let own = (self.accounts.presence(&self.user), self.accounts.dnd(&self.user));
        if self.told_own != Some(own) {
            self.told_own = Some(own);
            out.tell(Told::Own { presence: own.0, dnd: own.1 });
        }
    }

    fn calls_are(&mut self, raw: &[RawCall<'_>], now: Now, out: &mut Effects) {
        let own = self.own_numbers();
        // REST has one command for each direction; the action of old servers is a toggle.
        let one_resume = self.control_path("hold") == super::Path::Rest;
        let (calls, vanished) = self.calls.take(raw, &own, one_resume, now.mono);
        let mut verdict_follows = vec![];
        if self.has_history == Some(true) && self.phase == Phase::Live {
            for call in vanished {
                if self.asking.len() >= MOST_ASKED {
                    break;
                }
                verdict_follows.push(call.key.clone());
                self.asking.push(Asking {
                    key: call.key,
                    number: call.remote.number,
                    known: self.past_keys.clone(),
                    ended: now.wall,
                    next_at: now.mono + FIRST_LOOK,
                    give_up_at: now.mono + LAST_LOOK,
                });
            }
        }
        if self.phase == Phase::Live && self.has_history == Some(true) && self.history_at.is_none() {
            self.history_at = Some(now.mono + HISTORY_PAUSE);
        }
        out.tell(Told::Calls { calls, verdict_follows });
    }

    /// Notes what part of the picture is here, and says when it is whole.
    fn have(&mut self, calls: bool, people: bool, now: Now, out: &mut Effects) {
        if let Phase::Syncing { calls: had_calls, people: had_people, classify_at } = self.phase {
            let (calls, people) = (calls || had_calls, people || had_people);
            self.phase = Phase::Syncing { classify_at, calls, people };
            if calls && people {
                self.go_live(now, out);
            }
        }
    }

    fn go_live(&mut self, now: Now, out: &mut Effects) {
        self.phase = Phase::Live;
        self.was_online = true;
        if !self.has_call_frames {
            self.poll_at = Some(now.mono + POLL);
        }
        self.tell_abilities(out);
        out.push(Effect::Synced);
        self.ask_history(out);
        if self.generation != Generation::Attendant {
            let account = self.account_path();
            self.http(Ask::Contacts, "GET", &format!("/rest/user/{account}/adrbook"), None, out);
        }
        self.ask_dnd(out);
    }

    /// Asks for everything that REST tells beside the socket.
    pub(super) fn fetched(&mut self, ask: &Ask, answer: Result<HttpAnswer, Reason>, now: Now, out: &mut Effects) {
        let body = match &answer {
            Ok(answer) if (200..300).contains(&answer.status) => Some(answer.body.expose()),
            // What answered before says who it is that is not known any more; what never did is only not ours to read.
            Ok(answer) if answer.status == 401 && self.answered_before(ask) => return self.session_over(out),
            Ok(_) | Err(_) => None,
        };
        // A busy server says nothing about what it offers; it is asked again a little later.
        let passing = match &answer {
            Ok(answer) => matches!(answer.status, 429 | 500..=599),
            Err(_) => true,
        };
        if passing && self.has_socket() {
            return self.missed_answer(ask, now, out);
        }
        match ask {
            Ask::Directory => self.directory(body, now, out),
            Ask::Calls => {
                let legs = body.and_then(rest::legs);
                if let Some(legs) = legs
                    && !self.has_call_frames
                    // Frames give a running call another id; it would end and begin again.
                    && (legs.is_empty() || self.no_frames_in_time)
                {
                    self.polls_missed = 0;
                    self.calls_are(&legs, now, out);
                    self.have(true, false, now, out);
                }
            }
            Ask::History | Ask::CdrSummary => {
                let own = self.own_numbers();
                let past = body.and_then(|body| rest::history(body, &own));
                self.has_history = Some(past.is_some());
                self.history(past, now, out);
            }
            Ask::Contacts => {
                if let Some(contacts) = body.and_then(rest::contacts) {
                    self.has_contacts = true;
                    out.tell(Told::Contacts(contacts));
                }
            }
            Ask::Dnd => {
                let dnd = body.and_then(rest::dnd);
                self.has_dnd = dnd.is_some();
                if let Some(on) = dnd {
                    let user = self.user.clone();
                    self.accounts.set_dnd(&user, on);
                    self.tell_own(out);
                }
            }
            Ask::Session
            | Ask::Root
            | Ask::TokenPage
            | Ask::Exchange
            | Ask::Password
            | Ask::BasicCheck
            | Ask::Whoami
            | Ask::Find(_)
            | Ask::Commanded(..)
            | Ask::SetDnd(..)
            | Ask::CheckDnd(..) => {}
        }
        if self.phase == Phase::Live {
            self.tell_abilities(out);
        }
    }

    /// An answer got lost or the server was busy: what was known stays, and it is asked again.
    fn missed_answer(&mut self, ask: &Ask, now: Now, out: &mut Effects) {
        let again = match ask {
            Ask::Directory => Again::Directory,
            Ask::History | Ask::CdrSummary => {
                // Calls that wait for a verdict have a limit of their own; it is asked for once more before that.
                Again::History
            }
            Ask::Contacts => Again::Contacts,
            Ask::Dnd => Again::Dnd,
            Ask::Calls => {
                // Where nothing else tells the calls, what is shown would soon not be true any more.
                self.polls_missed += 1;
                if self.phase == Phase::Live && !self.has_call_frames && self.polls_missed >= MOST_POLLS_MISSED {
                    self.fail(Reason::AnswerTimedOut, None, out);
                }
                return;
            }
            Ask::Session
            | Ask::Root
            | Ask::TokenPage
            | Ask::Exchange
            | Ask::Password
            | Ask::BasicCheck
            | Ask::Whoami
            | Ask::Find(_)
            | Ask::Commanded(..)
            | Ask::SetDnd(..)
            | Ask::CheckDnd(..) => return,
        };
        if !self.again.contains(&again) {
            self.again.push(again);
        }
        self.again_at.get_or_insert(now.mono + ASK_AGAIN);
    }

    /// Tells whether this resource has answered since the sign-in.
    fn answered_before(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Directory => self.has_directory,
            Ask::History | Ask::CdrSummary => self.has_history == Some(true),
            Ask::Contacts => self.has_contacts,
            Ask::Dnd => self.has_dnd,
            Ask::Calls => self.phase == Phase::Live && !self.has_call_frames,
            Ask::Session
            | Ask::Root
            | Ask::TokenPage
            | Ask::Exchange
            | Ask::Password
            | Ask::BasicCheck
            | Ask::Whoami
            | Ask::Find(_)
            | Ask::Commanded(..)
            | Ask::SetDnd(..)
            | Ask::CheckDnd(..) => false,
        }
    }

    /// The session ran out while we were online; credentials of Basic cannot run out.
    pub(super) fn session_over(&mut self, out: &mut Effects) {
        let reason = if self.session.take().is_some() { Reason::SessionExpired } else { Reason::CredentialsRefused };
        self.fail(reason, None, out);
    }

    fn directory(&mut self, body: Option<&str>, now: Now, out: &mut Effects) {
        let people = body.and_then(rest::directory);
        if self.has_overview {
            return;
        }
        let Some(people) = people else {
            // No directory: whether an overview arrives decides itself until the classification ends.
            return;
        };
        self.has_directory = true;
        self.directory_names = people.iter().filter_map(|p| Some((p.number.clone(), p.name.clone()?))).collect();
        let own = people.iter().find(|p| p.number == self.user).and_then(|p| p.name.clone());
        let people: Vec<PersonSeen> = people.into_iter().filter(|p| p.number != self.user).collect();
        let mut watched: Vec<&str> = people.iter().filter(|p| p.kind == PersonKind::Person).map(|p| p.number.as_str()).collect();
        watched.push(&self.user);
        if let Ok(list) = serde_json::to_string(&watched) {
            self.action("blf", &format!(r#","add":{list}"#), out);
        }
        // What was told of somebody before the directory arrived still counts.
        let people = people
            .into_iter()
            .map(|p| {
                let presence = self.accounts.presence(&p.number);
                PersonSeen { presence: if presence == Presence::Unknown { p.presence } else { presence }, ..p }
            })
            .collect();
        out.tell(Told::People(people));
        if let Some(name) = own {
            self.tell_name(name, out);
        }
        self.have(false, true, now, out);
    }

    fn history(&mut self, past: Option<Vec<PastCall>>, now: Now, out: &mut Effects) {
        let Some(past) = past else {
            for open in self.asking.drain(..) {
                out.tell(Told::Verdict { key: open.key, outcome: None });
            }
            return;
        };
        let mut open = std::mem::take(&mut self.asking);
        open.retain(|asking| match verdict(asking, &past) {
            Some(outcome) => {
                out.tell(Told::Verdict { key: asking.key.clone(), outcome: Some(outcome) });
                false
            }
            None => true,
        });
        for asking in &mut open {
            asking.next_at = now.mono + NEXT_LOOK;
        }
        self.asking = open;
        self.past_keys = past.iter().map(|call| call.key.clone()).collect();
        out.tell(Told::History(past));
    }

    pub(super) fn tick(&mut self, now: Now, out: &mut Effects) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        if due(self.ping_at) {
            out.push(Effect::Ping(self.wire));
            self.ping_at = Some(now.mono + PING);
        }
        if due(self.keepalive_at) {
            self.keep_alive(now, out);
        }
        if due(self.poll_at) {
            self.poll_at = Some(now.mono + POLL);
            self.ask_calls(out);
        }
        if due(self.again_at) {
            self.again_at = None;
            let account = self.account_path();
            for again in std::mem::take(&mut self.again) {
                match again {
                    Again::Directory => self.ask_directory(out),
                    Again::History => self.ask_history(out),
                    Again::Contacts => self.http(Ask::Contacts, "GET", &format!("/rest/user/{account}/adrbook"), None, out),
                    Again::Dnd => self.ask_dnd(out),
                }
            }
        }
        if due(self.history_at) {
            self.history_at = None;
            if self.phase == Phase::Live {
                self.ask_history(out);
            }
        }
        if self.asking.iter().any(|a| a.give_up_at <= now.mono) {
            let (over, open) = std::mem::take(&mut self.asking).into_iter().partition(|a| a.give_up_at <= now.mono);
            self.asking = open;
            let over: Vec<Asking> = over;
            for asking in over {
                out.tell(Told::Verdict { key: asking.key, outcome: None });
            }
        }
        if self.asking.iter().any(|a| a.next_at <= now.mono) {
            for asking in &mut self.asking {
                asking.next_at = asking.give_up_at.min(now.mono + NEXT_LOOK);
            }
            self.ask_history(out);
        }
        if let Phase::Syncing { classify_at, calls, people } = self.phase
            && classify_at <= now.mono
        {
            self.classify(calls, people, now, out);
        }
    }

    /// Calls in the new spelling and no overview come from a new server, whatever it hides of its version.
    fn recognise(&mut self, out: &mut Effects) {
        if self.version_known || self.keys.dialect.is_some() || !self.has_new_spelling {
            return;
        }
        self.generation = Generation::Subscribe;
        let dialect = Some(self.generation.name().to_owned());
        out.tell(Told::Identity { user: None, domain: None, display_name: None, server: None, dialect });
    }

    /// The server had its time to show what it offers; go on with what is there.
    fn classify(&mut self, calls: bool, people: bool, now: Now, out: &mut Effects) {
        match (calls, people) {
            (true, true) => self.go_live(now, out),
            (true, false) => {
                self.recognise(out);
                self.ask_directory(out);
                self.go_live(now, out);
            }
            (false, _) => {
                // No frame tells the calls: REST is asked, and asked again until the link's own limit.
                self.phase = Phase::Syncing { classify_at: now.mono + CLASSIFY, calls, people };
                self.no_frames_in_time = true;
                self.ask_calls(out);
                if !people {
                    self.ask_directory(out);
                }
                self.have(false, true, now, out);
            }
        }
    }
}

/// What the PBX's list says about a call that vanished unanswered; none when it is not in it yet.
fn verdict(asking: &Asking, past: &[PastCall]) -> Option<Outcome> {
    let same = |call: &&PastCall| {
        let number = match (&asking.number, &call.remote.number) {
            (Some(a), Some(b)) => a == b || may_be_same(a, b),
            (None, None) => true,
            _ => false,
        };
        // It ended a moment ago by either clock; clocks may differ by some seconds.
        let end = call.ended_at.unwrap_or(call.started_at);
        let apart = end.duration_since(asking.ended).abs();
        // The same caller may have called before.
        let new = !asking.known.contains(&call.key);
        new && number && call.direction == Direction::Incoming && apart <= jiff::SignedDuration::from_secs(120)
    };
    let found = past.iter().find(same)?;
    Some(if found.connected_at.is_some() { Outcome::AnsweredElsewhere } else { Outcome::Missed })
}
