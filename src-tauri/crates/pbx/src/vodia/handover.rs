//! Transfers under way: what shows that a call was handed on, and has not merely ended.
//!
//! A call that ends after a transfer was asked for may also have ended because the other side hung up or because
//! the target could not be reached. It counts as handed on when it is gone and one of these was seen:
//!
//! - the PBX accepted the command with a yes of its own,
//! - both calls of a join left in one picture,
//! - the target, a number of this PBX, was free when it was asked for and is busy now.
//!
//! Where none of them is seen nobody knows, and that is what is told.

use phone_core::Direction;
use phone_core::number::is_same;

use super::calls::Kept;

/// A transfer that was sent.
#[derive(Debug)]
pub(super) struct Handover {
    /// Its call, and the one it is joined with.
    calls: Vec<Leg>,
    /// The target, when it was free.
    free_target: Option<String>,
    accepted: bool,
    /// Its calls left, all of them in one picture.
    left_together: bool,
}

#[derive(Debug)]
struct Leg {
    key: String,
    number: Option<String>,
    direction: Direction,
}

impl Leg {
    fn of(call: &Kept) -> Self {
        Self { key: call.seen.key.clone(), number: call.seen.remote.number.clone(), direction: call.seen.direction }
    }

    /// The call is in the picture, perhaps under another key.
    fn is_in(&self, picture: &[Kept]) -> bool {
        let same_party = |call: &Kept| match (&self.number, &call.seen.remote.number) {
            (Some(a), Some(b)) => call.seen.direction == self.direction && (a == b || is_same(a, b)),
            _ => false,
        };
        picture.iter().any(|call| call.seen.key == self.key || same_party(call))
    }
}

impl Handover {
    /// A transfer is about to be sent.
    pub fn of(call: &Kept, other: Option<&Kept>, free_target: Option<String>) -> Self {
        let calls = std::iter::once(call).chain(other).map(Leg::of).collect();
        Self { calls, free_target, accepted: false, left_together: false }
    }

    /// The PBX said yes.
    pub fn accepted(&mut self) {
        self.accepted = true;
    }

    /// A new picture is here: notes which calls left in it.
    pub fn see(&mut self, before: &[Kept], now: &[Kept]) {
        let left = |leg: &Leg| leg.is_in(before) && !leg.is_in(now);
        self.left_together |= self.calls.len() > 1 && self.calls.iter().all(left);
    }

    /// Tells whether its calls are known to have been handed on.
    pub fn is_done(&self, picture: &[Kept], is_busy: impl Fn(&str) -> bool) -> bool {
        let gone = !self.calls.iter().any(|leg| leg.is_in(picture));
        gone && (self.accepted || self.left_together || self.free_target.as_deref().is_some_and(is_busy))
    }
}
