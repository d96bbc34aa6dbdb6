//! Calls of the user: who is the other side, who began it, which of our dials it answers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use phone_core::call::{CallSeen, Holder, SeenState};
use phone_core::number::{is_same, may_be_same};
use phone_core::told::RequestId;
use phone_core::{Direction, Party};

use super::elsewhere::TakingPart;
use super::frame::{Loose, RawCall, name_addr, name_and_address};
use super::hold::{Holds, Word};

/// How long a dial looks for its call: the limit of the command and the time its call stays shown.
const LOOK_FOR: Duration = Duration::from_secs(45);

/// More calls of one user than this are not looked at.
const MOST_CALLS: usize = 200;

/// A dial that was sent.
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
    /// The word for being held, while it is.
    held: Option<Word>,
    /// The word is `alerting`.
    alerts: bool,
    /// Extensions that take part, as listed; empty where nothing tells them.
    pub(super) taking_part: Vec<String>,
}

/// A new picture in our words.
#[derive(Debug)]
pub struct Picture {
    /// The calls of this user.
    pub calls: Vec<CallSeen>,
    /// Unanswered incoming calls that are not in it any more.
    pub vanished: Vec<CallSeen>,
    /// Keys of unanswered incoming calls that others have now.
    pub elsewhere: Vec<String>,
}

/// What the pictures of a server can be relied on for.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// One command puts on hold and another one takes back.
    pub one_resume: bool,
    /// `alerting` is said of the own phone only, and another word of the far end.
    pub alerting_is_own_phone: bool,
}

/// The last picture of the calls.
#[derive(Debug, Default)]
pub struct Calls {
    /// Every live call of this user.
    pub all: Vec<Kept>,
    /// Calls that are shown though others have them.
    others: Vec<Kept>,
    taking_part: TakingPart,
    /// The dial whose call has not been found yet.
    dialled: Option<Dialled>,
    /// Dials whose call is there.
    dials: Vec<Dialled>,
    /// Legs of those dials.
    found: HashMap<String, RequestId>,
    /// This server has a word of its own for the far end that rings.
    says_ringback: bool,
    /// Which side holds.
    pub holds: Holds,
}

/// All numbers this user answers to.
#[derive(Clone, Debug, Default)]
pub struct OwnNumbers(pub Vec<String>);

impl OwnNumbers {
    /// Tells whether a number is this user's: an extension only when equal, a long number also in its national form.
    pub fn has(&self, number: &str) -> bool {
        let number = number.trim_start_matches('*').split('@').next().unwrap_or("");
        self.0.iter().any(|own| own == number || is_same(own, number))
    }
}

impl Calls {
    /// Forgets everything, because the link is new.
    pub fn clear(&mut self) {
        let (mut holds, mut taking_part) = (std::mem::take(&mut self.holds), std::mem::take(&mut self.taking_part));
        holds.clear();
        taking_part.clear();
        *self = Self { holds, taking_part, ..Self::default() };
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

    /// Takes a whole picture and gives it in our words.
    pub fn take(&mut self, raw: &[RawCall<'_>], own: &OwnNumbers, habits: Habits, now: Instant) -> Picture {
        let mut kept: Vec<Kept> = vec![];
        for call in raw.iter().take(MOST_CALLS) {
            let Some(call) = self.one(call, own, habits.one_resume) else { continue };
            if kept.iter().all(|k| k.seen.key != call.seen.key) {
                kept.push(call);
            }
        }
        self.others = self.taking_part.take(&mut kept, own);
        self.says_ringback |= raw.iter().any(|call| state_word(call).as_deref() == Some("ringback"));
        self.find_legs(&kept, own, now);
        self.hide_own_legs(&mut kept, own);
        let alerting_is_own_phone = habits.alerting_is_own_phone || self.says_ringback;
        for call in &mut kept {
            call.seen.request = self.found.get(&call.seen.key).copied();
            let ours = call.seen.request.is_some();
            let holder = if call.seen.state == SeenState::Unknown {
                self.holds.lost_sight(&call.seen.key);
                Holder::NotTold
            } else {
                self.holds.see(&call.seen.key, call.held, !habits.one_resume)
            };
            let named_own = call.seen.remote.number.as_deref().map(|n| own.has(n));
            call.seen.state = match call.seen.state {
                SeenState::Held(_) => SeenState::Held(holder),
                // The first leg of a dial is the user's own phone. The newest servers say the same word of it and
                // of the far end, so a leg that names the destination is taken to ring there: nobody is told to
                // lift a handset that may be in their hand.
                SeenState::Ringing
                    if call.seen.direction == Direction::Outgoing
                        && (named_own.unwrap_or(true) || (ours && call.alerts && alerting_is_own_phone)) =>
                {
                    SeenState::CallingOwnPhone
                }
                // The own phone is lifted; what the destination does is not told.
                SeenState::Connected if ours && named_own == Some(true) => SeenState::Unknown,
                state @ (SeenState::CallingOwnPhone | SeenState::Ringing | SeenState::Connected | SeenState::Unknown) => state,
            };
        }
        self.holds.keep(|key| kept.iter().any(|call| call.seen.key == key));
        let unanswered = |old: &&Kept| {
            old.seen.direction == Direction::Incoming && matches!(old.seen.state, SeenState::Ringing | SeenState::Unknown)
        };
        let gone = self.all.iter().filter(unanswered).filter(|old| kept.iter().all(|new| new.seen.key != old.seen.key));
        let (elsewhere, vanished): (Vec<&Kept>, Vec<&Kept>) =
            gone.partition(|old| self.others.iter().any(|other| other.seen.key == old.seen.key));
        let elsewhere = elsewhere.into_iter().map(|old| old.seen.key.clone()).collect();
        let vanished = vanished.into_iter().map(|old| old.seen.clone()).collect();
        self.all = kept;
        Picture { calls: self.all.iter().map(|c| c.seen.clone()).collect(), vanished, elsewhere }
    }

    /// Finds what our dials led to. One dial may show as the own phone first and as the destination then, under
    /// one id, under two one after the other, or under two at once.
    fn find_legs(&mut self, kept: &[Kept], own: &OwnNumbers, now: Instant) {
        self.dialled.take_if(|dialled| dialled.until <= now);
        let is_new = |dial: &Dialled, found: &HashMap<String, RequestId>, call: &Kept| {
            !dial.before.contains(&call.seen.key) && !found.contains_key(&call.seen.key)
        };
        let first = self.dialled.as_ref().and_then(|dialled| {
            kept.iter().find(|call| is_new(dialled, &self.found, call) && answers(dialled, call, own)).map(|c| c.seen.key.clone())
        });
        if let Some(key) = first
            && let Some(dialled) = self.dialled.take()
        {
            self.found.insert(key, dialled.request);
            self.dials.push(dialled);
        }
        for dial in &self.dials {
            for side in [true, false] {
                let legs = |found: &HashMap<String, RequestId>| {
                    kept.iter()
                        .filter(|call| found.get(&call.seen.key) == Some(&dial.request))
                        .any(|call| is_own_side(call, own) == side)
                };
                // The own phone is called at once or not at all.
                if legs(&self.found) || (side && dial.until <= now) {
                    continue;
                }
                let next = kept.iter().find(|call| {
                    call.seen.direction == Direction::Outgoing
                        && is_own_side(call, own) == side
                        && is_new(dial, &self.found, call)
                        && answers(dial, call, own)
                });
                if let Some(next) = next {
                    self.found.insert(next.seen.key.clone(), dial.request);
                }
            }
        }
        self.found.retain(|key, _| kept.iter().any(|c| &c.seen.key == key));
        self.dials.retain(|dial| self.found.values().any(|request| *request == dial.request));
    }

    /// One dial is one call: its own leg counts only while the destination shows none.
    fn hide_own_legs(&self, kept: &mut Vec<Kept>, own: &OwnNumbers) {
        let reached: Vec<RequestId> = kept
            .iter()
            .filter(|call| !is_own_side(call, own))
            .filter_map(|call| self.found.get(&call.seen.key).copied())
            .collect();
        kept.retain(|call| {
            let request = self.found.get(&call.seen.key);
            !(is_own_side(call, own) && request.is_some_and(|request| reached.contains(request)))
        });
    }

    /// Tells whether another source shows the same calls: as many sides, and none of them in clearly another state.
    pub fn agree(&self, legs: &[RawCall<'_>], own: &OwnNumbers) -> bool {
        let legs: Vec<Kept> = legs.iter().filter_map(|leg| self.one(leg, own, true)).collect();
        let number = |call: &Kept| call.seen.remote.number.clone().filter(|number| !own.has(number));
        let fits = |a: &Kept, b: &Kept| {
            let same = match (number(a), number(b)) {
                (Some(a), Some(b)) => a == b || may_be_same(&a, &b) || ends_alike(&a, &b),
                _ => true,
            };
            let rings = |call: &Kept| matches!(call.seen.state, SeenState::Ringing | SeenState::CallingOwnPhone);
            let unknown = [a, b].iter().any(|call| call.seen.state == SeenState::Unknown);
            same && (unknown || rings(a) == rings(b))
        };
        self.all.iter().all(|call| legs.iter().any(|leg| fits(call, leg)))
            && legs.iter().all(|leg| self.all.iter().chain(&self.others).any(|call| fits(call, leg)))
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
            asks_about: None,
        };
        let word = state_word(raw);
        let held = match word.as_deref() {
            Some("onhold") => Some(Word::OnHold),
            Some("holding") => Some(Word::Holding),
            _ => None,
        };
        let alerts = word.as_deref() == Some("alerting");
        Some(Kept { seen, remote_address: address, held, alerts, taking_part: raw.extension.0.clone() })
    }

    /// One call of the last picture.
    pub fn get(&self, key: &str) -> Option<&Kept> {
        self.all.iter().find(|c| c.seen.key == key)
    }
}

/// Tells whether a call is the user's own phone rather than the destination.
fn is_own_side(call: &Kept, own: &OwnNumbers) -> bool {
    call.seen.direction == Direction::Incoming || call.seen.remote.number.as_deref().is_none_or(|number| own.has(number))
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

/// Where a leg of another source stands; [`SeenState::Unknown`] when it does not tell.
pub fn state_of(raw: &RawCall<'_>) -> SeenState {
    state(state_word(raw).as_deref())
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
