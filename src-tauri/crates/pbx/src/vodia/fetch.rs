//! What REST adds to the socket: calls where no frame tells them, people, ended calls, contacts, do-not-disturb.

use std::time::Duration;

use phone_core::call::Outcome;
use phone_core::number::may_be_same;
use phone_core::people::PersonSeen;
use phone_core::told::{PastCall, Told};
use phone_core::{Direction, Now, PersonKind, Presence, Reason};

use super::live::NEXT_LOOK;
use super::rest;
use super::signin::passing;
use super::{Asking, Fetch, Phase, Vodia};
use crate::dialect::{Effects, HttpAnswer};
use crate::tell::{outcome_of, tell_outcome};

/// When what got no answer is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// So many polls in a row may stay without an answer.
const MOST_POLLS_MISSED: u32 = 3;

impl Vodia {
    /// Takes an answer of REST.
    pub(super) fn fetched(&mut self, fetch: Fetch, answer: Result<HttpAnswer, Reason>, now: Now, out: &mut Effects) {
        let body = match &answer {
            Ok(answer) if (200..300).contains(&answer.status) => Some(answer.body.expose()),
            // What answered before says who it is that is not known any more; what never did is only not ours to read.
            Ok(answer) if answer.status == 401 && self.answered_before(fetch) => return self.session_over(out),
            Ok(_) | Err(_) => None,
        };
        let before = self.answered_before(fetch);
        // A busy server says nothing about what it offers, and neither does a redirect or a server in front of it that knows
        // nothing of what was there before; it is asked again a little later.
        let passing = match &answer {
            Ok(answer) => passing(answer.status).is_some() || (before && matches!(answer.status, 300..=399 | 404)),
            Err(_) => true,
        };
        if passing && self.has_socket() {
            return self.missed_answer(fetch, now, out);
        }
        if let (Fetch::Calls | Fetch::SignOfLife, Ok(answer)) = (fetch, &answer)
            && matches!(answer.status, 403 | 404 | 405 | 501)
        {
            self.rest_calls = Some(false);
        }
        // A page where something was read before comes from somebody in between.
        let unread = before && body.is_some();
        match fetch {
            Fetch::Directory => self.directory(body, now, out),
            Fetch::Calls | Fetch::SignOfLife => self.legs(fetch, body, now, out),
            Fetch::History | Fetch::CdrSummary => {
                let own = self.own_numbers();
                let past = body.and_then(|body| rest::history(body, &own));
                if past.is_none() && unread {
                    return self.missed_answer(fetch, now, out);
                }
                self.has_history = Some(past.is_some());
                self.history(past, now, out);
            }
            Fetch::Contacts => {
                if let Some(contacts) = body.and_then(rest::contacts) {
                    self.has_contacts = true;
                    out.tell(Told::Contacts(contacts));
                }
            }
            Fetch::Dnd => match body.and_then(rest::dnd) {
                Some(on) => self.dnd_is(on, out),
                None if unread => return self.missed_answer(fetch, now, out),
                None => {
                    self.has_dnd = false;
                    self.dnd_missed(out);
                }
            },
        }
        if self.phase == Phase::Live {
            self.tell_abilities(out);
        }
    }

    /// An answer got lost or the server was busy: what was known stays, and it is asked again.
    fn missed_answer(&mut self, fetch: Fetch, now: Now, out: &mut Effects) {
        match fetch {
            // Calls that wait for a verdict have a limit of their own; the list is asked for once more before that.
            Fetch::Directory | Fetch::History | Fetch::CdrSummary | Fetch::Contacts => {}
            Fetch::Dnd => self.dnd_missed(out),
            Fetch::Calls => return self.missed_poll(out),
            // It has a moment of its own.
            Fetch::SignOfLife => return,
        }
        if !self.again.contains(&fetch) {
            self.again.push(fetch);
        }
        self.again_at.get_or_insert(now.mono + ASK_AGAIN);
    }

    /// Tells whether this resource has answered since the sign-in.
    fn answered_before(&self, fetch: Fetch) -> bool {
        match fetch {
            Fetch::Directory => self.has_directory,
            Fetch::History | Fetch::CdrSummary => self.has_history == Some(true),
            Fetch::Contacts => self.has_contacts,
            Fetch::Dnd => self.has_dnd,
            Fetch::Calls => self.phase == Phase::Live && !self.has_call_frames,
            Fetch::SignOfLife => self.phase == Phase::Live && self.rest_calls == Some(true),
        }
    }

    /// Takes the legs that REST tells: as the picture where no frame tells the calls, else as a sign of life.
    fn legs(&mut self, fetch: Fetch, body: Option<&str>, now: Now, out: &mut Effects) {
        let Some(legs) = body.and_then(rest::legs) else {
            if fetch == Fetch::Calls {
                self.missed_poll(out);
            }
            return;
        };
        self.rest_calls = Some(true);
        if fetch == Fetch::SignOfLife {
            // A socket that is dead while the server lives would show calls that are over, and none that came.
            if self.calls.agree(&legs, &self.own_numbers()) {
                self.rest_agrees(out);
            }
            return;
        }
        // Frames give a running call another id; it would end and begin again.
        if !self.has_call_frames && (legs.is_empty() || self.no_frames_in_time) {
            self.polls_missed = 0;
            self.calls_are(&legs, now, out);
            self.have(true, false, now, out);
        }
    }

    /// Where nothing else tells the calls, what is shown would soon not be true any more.
    fn missed_poll(&mut self, out: &mut Effects) {
        if self.phase == Phase::Live && !self.has_call_frames {
            self.polls_missed += 1;
            if self.polls_missed >= MOST_POLLS_MISSED {
                self.fail(Reason::AnswerTimedOut, None, out);
            }
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
                tell_outcome(open.key, None, out);
            }
            return;
        };
        let mut open = std::mem::take(&mut self.asking);
        let mut taken: Vec<String> = vec![];
        open.retain(|asking| match found(asking, &past, &taken) {
            Some(call) => {
                let elsewhere = (call.connected_at.is_some(), Outcome::AnsweredElsewhere);
                tell_outcome(asking.key.clone(), outcome_of(call.direction, false, &[elsewhere]), out);
                taken.push(call.key.clone());
                false
            }
            None => true,
        });
        for asking in &mut open {
            asking.known.extend(taken.iter().cloned());
            asking.next_at = now.mono + NEXT_LOOK;
        }
        self.asking = open;
        self.past_keys = past.iter().map(|call| call.key.clone()).collect();
        out.tell(Told::History(past));
    }
}

/// The entry of the PBX's list about a call that vanished unanswered; none when it is not in it yet.
fn found<'a>(asking: &Asking, past: &'a [PastCall], taken: &[String]) -> Option<&'a PastCall> {
    let same = |call: &&PastCall| {
        let number = match (&asking.number, &call.remote.number) {
            (Some(a), Some(b)) => a == b || may_be_same(a, b),
            (None, None) => true,
            _ => false,
        };
        // The same caller may have called before.
        let new = !asking.known.contains(&call.key) && !taken.contains(&call.key);
        new && number && call.direction == Direction::Incoming
    };
    let apart = |call: &PastCall| call.ended_at.unwrap_or(call.started_at).duration_since(asking.ended).abs();
    // It ended a moment ago by either clock; clocks may differ by some seconds. Whoever called again right away has two
    // entries: ours is the one that ended when this call did, and rather one that nobody took.
    let near = past.iter().filter(same).filter(|call| apart(call) <= jiff::SignedDuration::from_secs(120));
    near.min_by_key(|call| (apart(call), call.connected_at.is_some()))
}
