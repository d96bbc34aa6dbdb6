//! Calls of the user: who is the other side, who began it, which of our dials it answers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use phone_core::call::{CallSeen, Holder, SeenState};
use phone_core::number::may_be_same;
use phone_core::told::RequestId;
use phone_core::{Direction, Party};

use super::frame::{Loose, RawCall, name_addr, name_and_address};

/// How long a dial looks for its call: the limit of the command and the time its call stays shown.
const LOOK_FOR: Duration = Duration::from_secs(45);

/// More calls of one user than this are not looked at.
const MOST_CALLS: usize = 200;

/// A dial that was sent and whose call has not been found yet.
#[derive(Debug)]
struct Dialled {
    request: RequestId,
    to: String,
    /// Calls that were there before, which cannot be the one.
    before: Vec<String>,
    until: Instant,
}

/// One call of the last picture, with what commands need.
#[derive(Clone, Debug)]
pub struct Kept {
    /// As told to the model.
    pub seen: CallSeen,
    /// The other side's address as the transfer actions want it.
    pub remote_address: String,
}

/// The last picture of the calls.
#[derive(Debug, Default)]
pub struct Calls {
    /// Every live call.
    pub all: Vec<Kept>,
    dialled: Option<Dialled>,
    found: HashMap<String, RequestId>,
}

/// All numbers this user answers to.
#[derive(Clone, Debug, Default)]
pub struct OwnNumbers(pub Vec<String>);

impl OwnNumbers {
    /// Tells whether a number is this user's: an extension only when equal, a long number in any form.
    pub fn has(&self, number: &str) -> bool {
        let number = number.trim_start_matches('*').split('@').next().unwrap_or("");
        self.0.iter().any(|own| own == number || may_be_same(own, number))
    }
}

impl Calls {
    /// Forgets everything, because the link is new.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Remembers a dial that is about to be sent.
    pub fn dialled(&mut self, request: RequestId, to: &str, now: Instant) {
        let before = self.all.iter().map(|c| c.seen.key.clone()).collect();
        self.dialled = Some(Dialled { request, to: to.to_owned(), before, until: now + LOOK_FOR });
    }

    /// A refused dial has no call.
    pub fn undialled(&mut self, request: RequestId) {
        if self.dialled.as_ref().is_some_and(|d| d.request == request) {
            self.dialled = None;
        }
    }

    /// Takes a whole picture and gives it in our words, with the unanswered incoming calls that vanished.
    pub fn take(
        &mut self,
        raw: &[RawCall<'_>],
        own: &OwnNumbers,
        one_resume: bool,
        now: Instant,
    ) -> (Vec<CallSeen>, Vec<CallSeen>) {
        let mut kept: Vec<Kept> = vec![];
        for call in raw.iter().take(MOST_CALLS) {
            let Some(call) = self.one(call, own, one_resume) else { continue };
            if kept.iter().all(|k| k.seen.key != call.seen.key) {
                kept.push(call);
            }
        }
        if self.dialled.as_ref().is_some_and(|d| d.until <= now) {
            self.dialled = None;
        }
        if let Some(dialled) = &self.dialled {
            let mut new = kept.iter().filter(|c| !dialled.before.contains(&c.seen.key) && !self.found.contains_key(&c.seen.key));
            let fits = |c: &&Kept| answers(dialled, c, own);
            if let Some(key) = new.find(fits).map(|c| c.seen.key.clone()) {
                self.found.insert(key, dialled.request);
                self.dialled = None;
            }
        }
        self.found.retain(|key, _| kept.iter().any(|c| &c.seen.key == key));
        for call in &mut kept {
            call.seen.request = self.found.get(&call.seen.key).copied();
            let ours = call.seen.request.is_some();
            // The first leg of a dial is the user's own phone.
            let own_leg = call.seen.remote.number.as_deref().is_none_or(|n| own.has(n));
            let alerting = raw
                .iter()
                .any(|r| r.id.text().as_deref() == Some(&call.seen.key) && state_word(r).as_deref() == Some("alerting"));
            if call.seen.direction == Direction::Outgoing
                && call.seen.state == SeenState::Ringing
                && (own_leg || (ours && alerting))
            {
                call.seen.state = SeenState::CallingOwnPhone;
            }
        }
        let vanished = self
            .all
            .iter()
            .filter(|old| {
                old.seen.direction == Direction::Incoming && matches!(old.seen.state, SeenState::Ringing | SeenState::Unknown)
            })
            .filter(|old| kept.iter().all(|new| new.seen.key != old.seen.key))
            .map(|old| old.seen.clone())
            .collect();
        self.all = kept;
        (self.all.iter().map(|c| c.seen.clone()).collect(), vanished)
    }

    fn one(&self, raw: &RawCall<'_>, own: &OwnNumbers, resume_is_safe: bool) -> Option<Kept> {
        let key = raw.id.text()?;
        let from = party(&raw.from, &raw.from_number, &raw.from_name);
        let to = party(&raw.to, &raw.to_number, &raw.to_name);
        let is_own = |party: &Party| party.number.as_deref().is_some_and(|n| own.has(n));
        let (direction, remote, address) = if is_own(&from) {
            (Direction::Outgoing, to.clone(), address(&raw.to, &to))
        } else {
            (Direction::Incoming, from.clone(), address(&raw.from, &from))
        };
        // A call that came through a queue or group names that as its destination.
        let via = (direction == Direction::Incoming && to.number.is_some() && !is_own(&to)).then_some(to);
        let seen = CallSeen {
            key,
            request: None,
            direction,
            state: state(state_word(raw).as_deref()),
            remote,
            via,
            resume_is_safe,
            started_at: raw.start.time(),
            connected_at: raw.connect.time(),
        };
        Some(Kept { seen, remote_address: address })
    }

    /// One call of the last picture.
    pub fn get(&self, key: &str) -> Option<&Kept> {
        self.all.iter().find(|c| c.seen.key == key)
    }
}

/// Tells whether a new call is what a dial led to: the number dialled, or the user's own phone first.
fn answers(dialled: &Dialled, call: &Kept, own: &OwnNumbers) -> bool {
    if call.seen.direction != Direction::Outgoing {
        // Some servers show the first leg as a call from the destination to the user.
        let remote = call.seen.remote.number.as_deref().unwrap_or("");
        return remote == dialled.to && call.seen.state != SeenState::Ringing;
    }
    match call.seen.remote.number.as_deref() {
        None => true,
        Some(number) => {
            number == dialled.to || may_be_same(number, &dialled.to) || own.has(number) || ends_alike(number, &dialled.to)
        }
    }
}

/// A dial plan may add or drop prefixes in front of a short number too.
fn ends_alike(a: &str, b: &str) -> bool {
    let digits = |t: &str| -> String { t.chars().filter(char::is_ascii_digit).collect() };
    let (a, b) = (digits(a), digits(b));
    let shorter = a.len().min(b.len());
    shorter >= 3 && a.len().abs_diff(b.len()) <= 5 && (a.ends_with(&b) || b.ends_with(&a))
}

/// The state word, under either of its names, in lower case.
fn state_word(raw: &RawCall<'_>) -> Option<String> {
    raw.state.text().or_else(|| raw.callstate.text()).map(|t| t.to_ascii_lowercase())
}

fn state(word: Option<&str>) -> SeenState {
    match word {
        Some("alerting" | "ringback" | "ringing") => SeenState::Ringing,
        Some("connected") => SeenState::Connected,
        // Which of the two is ours is not documented.
        Some("onhold" | "holding") => SeenState::Held(Holder::NotTold),
        _ => SeenState::Unknown,
    }
}

/// One side of a call: the address's user part when it is international, else the number field, else the address.
pub fn party(address: &Loose<'_>, number: &Loose<'_>, name: &Loose<'_>) -> Party {
    let (shown, user) = address.text().map(|text| name_addr(&text)).unwrap_or_default();
    let number = match (user, number.text()) {
        (Some(user), _) if user.starts_with('+') => Some(user),
        (_, Some(number)) => Some(number),
        (user, None) => user,
    };
    let name = name.text().or(shown).filter(|name| Some(name) != number.as_ref());
    Party { number, name }
}

/// The party as the transfer actions name it: `number@domain` when the address tells the domain.
fn address(raw: &Loose<'_>, party: &Party) -> String {
    let text = raw.text().unwrap_or_default();
    let (_, inner) = name_and_address(&text);
    let inner = inner.split([';', '?']).next().unwrap_or("");
    if inner.contains('@') { inner.to_owned() } else { party.number.clone().unwrap_or_default() }
}
