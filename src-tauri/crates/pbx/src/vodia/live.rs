//! The open user WebSocket: first questions, frames, keepalive, and what REST adds.

use std::time::{Duration, Instant};

use phone_core::call::Outcome;
use phone_core::people::PersonSeen;
use phone_core::told::Told;
use phone_core::{Now, Secret};

use super::calls::{Habits, Picture};
use super::commands::What;
use super::frame::{self, Frame, RawCall};
use super::signin::major_of;
use super::{Ask, Asking, CLASSIFY, Fetch, Generation, POLL, Phase, Vodia};
use crate::dialect::{Effect, Effects};
use crate::tell::{Word, tell_calls, tell_outcome};

/// When the history is asked after a call vanished: the PBX writes it a moment later.
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// When it is asked once more.
pub(super) const NEXT_LOOK: Duration = Duration::from_millis(1200);
/// When an outcome that nobody told counts as missed.
const LAST_LOOK: Duration = Duration::from_millis(2900);
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
        self.first_ping(now, out);
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
            self.ask(Fetch::Directory, out);
            self.ask(Fetch::Calls, out);
        }
    }

    pub(super) fn action(&self, action: &str, rest: &str, out: &mut Effects) {
        out.push(Effect::Send(self.wire, format!(r#"{{"action":"{action}"{rest}}}"#)));
    }

    fn keep_alive(&mut self, now: Now, out: &mut Effects) {
        // From 67 the newer word is known; older servers were seen with the older one only.
        let old = self.learnt.server.as_deref().and_then(major_of).is_some_and(|major| major < 67);
        self.action(if old { "wskeepalive" } else { "avoid-disconnect" }, "", out);
        self.keepalive_at = Some(now.mono + self.keys.keepalive);
    }

    /// Asks by REST for one of the things that the socket does not tell.
    pub(super) fn ask(&mut self, fetch: Fetch, out: &mut Effects) {
        let account = self.account_path();
        let path = match fetch {
            Fetch::Directory => format!("/rest/user/{account}/accounts"),
            Fetch::Calls | Fetch::SignOfLife => format!("/rest/user/{account}/calls"),
            Fetch::History => format!("/rest/user/{account}/history?page=1&size=50"),
            Fetch::Contacts => format!("/rest/user/{account}/adrbook"),
            Fetch::Dnd => self.dnd_resource().1,
            Fetch::CdrSummary => {
                let body = r#"{"action":"load-cdr-summary","start":0,"length":50,"domain":false,"user":true,"missed":false}"#;
                return self.http(Ask::Fetch(fetch), "POST", "/json", Some(Secret::new(body.to_owned())), out);
            }
        };
        self.http(Ask::Fetch(fetch), "GET", &path, None, out);
    }

    fn ask_history(&mut self, out: &mut Effects) {
        let old = self.generation == Generation::Attendant;
        self.ask(if old { Fetch::CdrSummary } else { Fetch::History }, out);
    }

    pub(super) fn text(&mut self, text: &str, now: Now, out: &mut Effects) {
        match frame::read(text) {
            Frame::DomainState(accounts, bad) => {
                for _ in 0..bad {
                    out.push(Effect::Skipped);
                }
                self.has_overview = true;
                let was_registered = self.accounts.registered(&self.user);
                let own_dnd = self.accounts.dnd(&self.user);
                self.accounts.clear();
                let people: Vec<PersonSeen> = accounts.iter().filter_map(|raw| self.accounts.put(raw)).collect();
                // An overview that leaves it out does not undo what another source told.
                match (own_dnd, self.accounts.dnd(&self.user)) {
                    (Some(on), None) => self.accounts.set_dnd(&self.user, on),
                    (_, Some(_)) => self.dnd.told(),
                    (None, None) => {}
                }
                let (own, people): (Vec<_>, Vec<_>) = people.into_iter().partition(|p| p.number == self.user);
                out.tell(Told::People(people));
                if let Some(name) = own.into_iter().next().and_then(|p| p.name) {
                    self.tell_name(name, out);
                }
                self.tell_own(out);
                self.phone_seen(was_registered, out);
                self.tell_handovers(out);
                self.have(false, true, now, out);
            }
            Frame::UserState(raw) => {
                let was_registered = self.accounts.registered(&self.user);
                let Some(mut seen) = self.accounts.merge(&raw) else { return out.push(Effect::Skipped) };
                if seen.number == self.user {
                    if raw.dnd.switch().is_some() {
                        self.dnd.told();
                    }
                    self.tell_own(out);
                    return self.phone_seen(was_registered, out);
                }
                self.tell_handovers(out);
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

    pub(super) fn tell_name(&mut self, name: String, out: &mut Effects) {
        out.tell(Told::Identity { user: None, domain: None, display_name: Some(name), server: None, dialect: None });
    }

    pub(super) fn tell_own(&mut self, out: &mut Effects) {
        self.told.own(self.accounts.presence(&self.user), self.accounts.dnd(&self.user), out);
    }

    /// A phone that comes back may be another one, or have been set up anew: it may answer when asked.
    fn phone_seen(&mut self, was_registered: Option<bool>, out: &mut Effects) {
        let came_back = was_registered == Some(false) && self.accounts.registered(&self.user) == Some(true);
        if came_back && std::mem::take(&mut self.no_answer) && self.phase == Phase::Live {
            self.tell_abilities(out);
        }
    }

    pub(super) fn calls_are(&mut self, raw: &[RawCall<'_>], now: Now, out: &mut Effects) {
        let own = self.own_numbers();
        // REST has one command for each direction; the action of old servers is a toggle.
        let one_resume = self.control_path("hold") == super::Path::Rest;
        // Both words are known of the older generations.
        let habits = Habits { one_resume, alerting_is_own_phone: self.generation != Generation::Subscribe };
        let before = self.calls.all.clone();
        let Picture { calls, vanished, elsewhere } = self.calls.take(raw, &own, habits, now.mono);
        for open in self.open.iter_mut() {
            if let What::Handover(handover) = &mut open.what {
                handover.see(&before, &self.calls.all);
            }
        }
        self.look_at_answers();
        self.tell_handovers(out);
        let mut ended: Vec<_> = elsewhere.into_iter().map(|key| (key, Word::Known(Outcome::AnsweredElsewhere))).collect();
        if self.has_history == Some(true) && self.phase == Phase::Live {
            for call in vanished {
                if self.asking.len() >= MOST_ASKED {
                    break;
                }
                ended.push((call.key.clone(), Word::Follows));
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
        tell_calls(calls, ended, out);
    }

    /// Notes what part of the picture is here, and says when it is whole.
    pub(super) fn have(&mut self, calls: bool, people: bool, now: Now, out: &mut Effects) {
        if let Phase::Syncing { calls: had_calls, people: had_people, classify_at } = self.phase {
            let (calls, people) = (calls || had_calls, people || had_people);
            self.phase = Phase::Syncing { classify_at, calls, people };
            // What a dial goes by is known before one can be asked for.
            let asked = |ask: &Ask| matches!(ask, Ask::Fetch(Fetch::Calls));
            let open = self.generation == Generation::Subscribe && self.rest_calls.is_none() && self.asked.values().any(asked);
            if calls && people && !open {
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
            self.ask(Fetch::Contacts, out);
        }
        self.follow_dnd(now, out);
    }

    pub(super) fn tick(&mut self, now: Now, out: &mut Effects) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        self.watch_life(now, out);
        if due(self.keepalive_at) {
            self.keep_alive(now, out);
        }
        if due(self.poll_at) {
            self.poll_at = Some(now.mono + POLL);
            // Frames had as long to tell the calls.
            self.no_frames_in_time = true;
            self.ask(Fetch::Calls, out);
        }
        if due(self.dnd.at) {
            self.read_dnd_again(now, out);
        }
        if due(self.again_at) {
            self.again_at = None;
            for again in std::mem::take(&mut self.again) {
                self.ask(again, out);
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
                tell_outcome(asking.key, None, out);
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
                self.ask(Fetch::Directory, out);
                self.go_live(now, out);
            }
            (false, _) => {
                // No frame tells the calls: REST is asked, and asked again until the link's own limit.
                self.phase = Phase::Syncing { classify_at: now.mono + CLASSIFY, calls, people };
                self.no_frames_in_time = true;
                self.ask(Fetch::Calls, out);
                if !people {
                    self.ask(Fetch::Directory, out);
                }
                self.have(false, true, now, out);
            }
        }
    }
}
