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
use phone_core::told::RequestId;

use super::calls::Kept;

/// Transfers that are looked after at once; older ones have had their time.
const MOST: usize = 16;

/// A transfer that was sent.
#[derive(Debug)]
struct Handover {
    request: RequestId,
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

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Handovers {
    open: Vec<Handover>,
}

impl Handovers {
    /// A transfer is about to be sent.
    pub fn begin(&mut self, request: RequestId, call: &Kept, other: Option<&Kept>, free_target: Option<String>) {
        if self.open.len() >= MOST {
            self.open.remove(0);
        }
        let calls = std::iter::once(call).chain(other).map(Leg::of).collect();
        self.open.push(Handover { request, calls, free_target, accepted: false, left_together: false });
    }

    /// The PBX said yes.
    pub fn accepted(&mut self, request: RequestId) {
        for open in self.open.iter_mut().filter(|open| open.request == request) {
            open.accepted = true;
        }
    }

    /// Nothing comes of it any more, or its time is over.
    pub fn drop(&mut self, request: RequestId) {
        self.open.retain(|open| open.request != request);
    }

    /// Nothing was said about this one yet.
    pub fn is_open(&self, request: RequestId) -> bool {
        self.open.iter().any(|open| open.request == request)
    }

    /// Forgets all of them, because the link is new.
    pub fn clear(&mut self) {
        self.open.clear();
    }

    /// A new picture is here: notes which calls left in it.
    pub fn see(&mut self, before: &[Kept], now: &[Kept]) {
        for open in &mut self.open {
            let left = |leg: &Leg| leg.is_in(before) && !leg.is_in(now);
            open.left_together |= open.calls.len() > 1 && open.calls.iter().all(left);
        }
    }

    /// Gives those that are known to have been handed on, once.
    pub fn done(&mut self, picture: &[Kept], is_busy: impl Fn(&str) -> bool) -> Vec<RequestId> {
        let is_done = |open: &Handover| {
            let gone = !open.calls.iter().any(|leg| leg.is_in(picture));
            gone && (open.accepted || open.left_together || open.free_target.as_deref().is_some_and(&is_busy))
        };
        let (done, open) = std::mem::take(&mut self.open).into_iter().partition::<Vec<_>, _>(is_done);
        self.open = open;
        done.into_iter().map(|done| done.request).collect()
    }
}
