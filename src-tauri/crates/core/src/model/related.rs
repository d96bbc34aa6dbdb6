//! Which two calls of an account belong together: one waits while the other one is spoken to.
//!
//! That somebody is asked about a call is the PBX's word alone. That two calls can be joined shows in the calls, but only
//! while there are no others that could be meant.

use super::{Desk, Live};
use crate::account::Ability;
use crate::call::{CallState, Direction};
use crate::view::{Can, LinkName, Related, Relation};

/// The other call of the pair that a call belongs to.
pub(super) fn related(desk: &Desk, call: &Live) -> Option<Related> {
    if desk.link != LinkName::Online || call.stale || call.key.is_none() || call.left {
        return None;
    }
    let pair = |other: &Live, how: Relation, waits: bool| Some(Related { call: other.id.clone(), how, waits });
    if let Some(waiting) = asks_about(desk, call) {
        return pair(waiting, Relation::Consulting, false);
    }
    if let Some(asked) = asked(desk, call) {
        return pair(asked, Relation::Consulting, true);
    }
    let (waiting, other) = joinable(desk)?;
    if call.id == waiting.id {
        pair(other, Relation::Joinable, true)
    } else if call.id == other.id {
        pair(waiting, Relation::Joinable, false)
    } else {
        None
    }
}

/// What the PBX refuses while somebody is asked: neither call is one by itself then.
pub(super) fn allowed_while_asking(call: &Related, what: Can) -> bool {
    match what {
        Can::HangUp | Can::TransferToCall => true,
        Can::Dtmf => !call.waits,
        Can::Answer | Can::Hold | Can::Resume | Can::Transfer | Can::Consult | Can::Park => false,
    }
}

/// Tells whether two calls may be joined: two that the PBX keeps together, or two of which neither is in such a pair.
pub(super) fn may_join(desk: &Desk, call: &Live, other: &Live) -> bool {
    if call.left || other.left {
        return false;
    }
    let partner = |call: &Live| asks_about(desk, call).or_else(|| asked(desk, call)).map(|partner| partner.id.clone());
    match partner(call) {
        Some(partner) => partner == other.id,
        None => partner(other).is_none(),
    }
}

/// The call that waits while this one asks somebody.
fn asks_about<'a>(desk: &'a Desk, call: &Live) -> Option<&'a Live> {
    let key = call.asks_about.as_deref()?;
    desk.calls.iter().find(|other| other.id != call.id && !other.stale && other.key.as_deref() == Some(key))
}

/// The call that asks somebody about this one.
fn asked<'a>(desk: &'a Desk, call: &Live) -> Option<&'a Live> {
    let key = call.key.as_deref()?;
    desk.calls.iter().find(|other| other.id != call.id && !other.stale && other.asks_about.as_deref() == Some(key))
}

/// The only two calls that can be joined now, the one that waits first.
fn joinable(desk: &Desk) -> Option<(&Live, &Live)> {
    if !desk.abilities.has(Ability::TransferAttended) {
        return None;
    }
    let comes_in = |call: &&Live| call.state == CallState::Ringing && call.direction == Direction::Incoming;
    let mut calls: Vec<&Live> = desk.calls.iter().filter(|call| !comes_in(call)).collect();
    // Who waits longest is the one who waits.
    calls.sort_by(|a, b| {
        let talks = |call: &Live| call.state != CallState::Held;
        talks(a).cmp(&talks(b)).then(a.since.cmp(&b.since)).then(a.started_at.cmp(&b.started_at))
    });
    let [waiting, other] = calls.as_slice() else { return None };
    let of_a_question = |call: &Live| asks_about(desk, call).is_some() || asked(desk, call).is_some();
    let fits = |call: &Live| {
        let up = matches!(call.state, CallState::Connected | CallState::Held);
        up && !call.stale && !call.left && call.key.is_some() && !of_a_question(call)
    };
    (waiting.state == CallState::Held && fits(waiting) && fits(other)).then_some((*waiting, *other))
}
