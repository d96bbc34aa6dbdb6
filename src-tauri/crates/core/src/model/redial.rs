//! No number is dialled twice by accident: what was sent a moment ago, and what may still ring.

use std::time::{Duration, Instant};

use super::{Live, Model};
use crate::account::AccountName;
use crate::call::{CallState, Direction};
use crate::number::is_same;
use crate::reason::Reason;
use crate::told::RequestId;

/// Least time between two dials of one number, also when somebody types: a key pressed twice is one wish.
const BETWEEN_SAME: Duration = Duration::from_secs(2);
/// How long a dial of unknown outcome may still ring: the limit of a dial and the time its call stays shown.
const UNCLEAR: Duration = Duration::from_secs(45);

/// So many digits at least has a number outside of a company.
const FEWEST_OUTSIDE: usize = 7;

/// A dial that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    account: AccountName,
    request: RequestId,
    to: String,
    e164: Option<String>,
    at: Instant,
    /// Nobody knows whether it rang.
    unclear: bool,
}

impl Model {
    /// Why this number is not dialled now, because a dial of it rings, talks, or may have been sent.
    ///
    /// # Errors
    /// What stands in the way; no yes helps against it.
    pub(super) fn may_redial(&mut self, name: &AccountName, to: &str, e164: Option<&str>, now: Instant) -> Result<(), Reason> {
        let same = |number: &str| is_number(number, to, e164);
        // An internal number is somebody else at another PBX; what is longer rings the same phone by any account.
        let long = to.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_OUTSIDE;
        let counts = |account: &AccountName| long || account == name;
        // A second press means the same call, not another one; what is unknown may still ring.
        let desks = self.desks.iter().filter(|desk| counts(&desk.name));
        let calls = desks.flat_map(|desk| desk.calls.iter().map(move |call| (call, desk.lost_at)));
        for (call, lost_at) in calls.filter(|(call, _)| {
            // Whoever is parked is called anew.
            call.direction == Direction::Outgoing
                && !call.left
                && (call.remote.number.as_deref().is_some_and(same) || call.e164.as_deref().is_some_and(same))
        }) {
            match call.state {
                CallState::Dialing | CallState::CallingOwnPhone | CallState::Ringing => return Err(Reason::AlreadyCalling),
                // The PBX shows it and nobody knows in what state; a dial that never showed up is judged below.
                CallState::Unknown if call.key.is_some() && !call.stale => return Err(Reason::AlreadyCalling),
                // Nobody sees it any more, and it may ring or talk on: by another account it would be a second call.
                CallState::Unknown if call.key.is_some() => {
                    let left = lost_at.map(|at| UNCLEAR.saturating_sub(now.saturating_duration_since(at)).as_secs());
                    if let Some(another_s) = left.filter(|left| *left > 0) {
                        return Err(Reason::DialUnclear { another_s });
                    }
                }
                CallState::Unknown => {}
                CallState::Connected | CallState::Held | CallState::HeldByOther => {
                    return Err(Reason::AlreadyConnected);
                }
                CallState::Ended => {}
            }
        }
        self.sent.retain(|sent| now.saturating_duration_since(sent.at) < UNCLEAR);
        for sent in
            self.sent.iter().filter(|sent| counts(&sent.account) && (same(&sent.to) || sent.e164.as_deref().is_some_and(same)))
        {
            let ago = now.saturating_duration_since(sent.at);
            if sent.unclear {
                return Err(Reason::DialUnclear { another_s: UNCLEAR.saturating_sub(ago).as_secs().max(1) });
            }
            if ago < BETWEEN_SAME {
                return Err(Reason::DialledJustNow);
            }
        }
        Ok(())
    }

    /// Remembers a dial that is sent now.
    pub(super) fn dial_sent(&mut self, name: &AccountName, request: RequestId, to: &str, e164: Option<String>, now: Instant) {
        self.sent.push(Sent { account: name.clone(), request, to: to.to_owned(), e164, at: now, unclear: false });
    }

    /// The PBX said no, so nothing can ring.
    pub(super) fn dial_refused(&mut self, request: RequestId) {
        self.sent.retain(|sent| sent.request != request);
    }

    /// Nobody knows what became of a dial: its number stays guarded, also when its call is shown no more.
    pub(super) fn dial_is_unclear(&mut self, request: RequestId) {
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.request == request) {
            sent.unclear = true;
        }
    }

    /// A call that the PBX shows says what became of a dial.
    pub(super) fn clear_dials(&mut self, name: &AccountName) {
        let Some(desk) = self.desks.iter().find(|desk| &desk.name == name) else { return };
        let shows = |sent: &Sent, call: &Live| {
            let number = call.remote.number.as_deref().is_some_and(|number| is_number(number, &sent.to, sent.e164.as_deref()));
            call.key.is_some() && call.direction == Direction::Outgoing && (call.request == Some(sent.request) || number)
        };
        for sent in self.sent.iter_mut().filter(|sent| &sent.account == name) {
            sent.unclear = sent.unclear && !desk.calls.iter().any(|call| !call.stale && shows(sent, call));
        }
    }
}

/// Tells whether a number is the one that was dialled, as it was sent or as it is written everywhere.
fn is_number(number: &str, to: &str, e164: Option<&str>) -> bool {
    number == to || is_same(number, to) || e164.is_some_and(|e164| is_same(number, e164))
}
