//! Which leg of REST's list a call of ours is: the one that can be no other call's, or none.

use phone_core::call::{CallSeen, SeenState};
use phone_core::number::is_same;
use phone_core::{Direction, Reason};

use super::frame::RawCall;
use super::rest;
use super::signin::passing;
use super::{Vodia, calls};
use crate::dialect::HttpAnswer;

/// One live leg as REST lists it.
pub(super) struct Leg {
    pub id: String,
    number: Option<String>,
    direction: Direction,
    state: SeenState,
}

impl Leg {
    /// Tells whether this leg can be that call by its party.
    fn fits(&self, call: &CallSeen) -> bool {
        let same = match (&self.number, &call.remote.number) {
            (Some(a), Some(b)) => a == b || is_same(a, b),
            _ => false,
        };
        same && self.direction == call.direction && self.stands_like(call)
    }

    /// What rings here does not talk there; who does not tell agrees with everything.
    fn stands_like(&self, call: &CallSeen) -> bool {
        let rings = |state: SeenState| matches!(state, SeenState::Ringing | SeenState::CallingOwnPhone);
        let unknown = [self.state, call.state].contains(&SeenState::Unknown);
        unknown || rings(self.state) == rings(call.state)
    }
}

/// What became of the question which legs there are.
pub(super) enum Listed {
    /// There are none.
    Empty,
    /// Those that can be named.
    Legs(Vec<Leg>),
    /// No answer that says anything: lost, busy, or not of this PBX.
    Nothing,
    /// A clear no.
    Refused(u16),
}

impl Vodia {
    /// Reads the answer about the live legs.
    pub(super) fn listed(&self, answer: Result<HttpAnswer, Reason>) -> Listed {
        let Ok(answer) = answer else { return Listed::Nothing };
        match answer.status {
            200..=299 => match rest::legs(answer.body.expose()) {
                Some(legs) if legs.is_empty() => Listed::Empty,
                Some(legs) => Listed::Legs(self.legs_of(&legs)),
                None => Listed::Nothing,
            },
            300..=399 => Listed::Nothing,
            status if passing(status).is_some() => Listed::Nothing,
            // It was there a moment ago; a server in front of the PBX says this of everything for a while.
            404 if self.rest_calls == Some(true) => Listed::Nothing,
            status => Listed::Refused(status),
        }
    }

    fn legs_of(&self, legs: &[RawCall<'_>]) -> Vec<Leg> {
        let own = self.own_numbers();
        let leg = |leg: &RawCall<'_>| {
            let from = calls::party(&leg.from, &leg.from_number, &leg.from_name);
            let to = calls::party(&leg.to, &leg.to_number, &leg.to_name);
            let outgoing = from.number.as_deref().is_some_and(|n| own.has(n));
            let (remote, direction) = if outgoing { (to, Direction::Outgoing) } else { (from, Direction::Incoming) };
            Some(Leg { id: leg.id.text()?, number: remote.number, direction, state: calls::state_of(leg) })
        };
        legs.iter().filter_map(leg).collect()
    }

    /// The one leg that a call of ours is; none when it could be another call's.
    pub(super) fn leg_of(&self, key: &str, legs: &[Leg]) -> Option<String> {
        if legs.iter().any(|leg| leg.id == key) {
            return Some(key.to_owned());
        }
        let call = &self.calls.get(key)?.seen;
        // What is known by its id is nobody else's.
        let free: Vec<&Leg> = legs.iter().filter(|leg| self.calls.get(&leg.id).is_none()).collect();
        let listed = |other: &str| legs.iter().any(|leg| leg.id == other);
        let mut fitting = free.iter().filter(|leg| leg.fits(call));
        match (fitting.next(), fitting.next()) {
            (Some(leg), None) => {
                let ours = self.calls.all.iter().map(|kept| &kept.seen).filter(|call| !listed(&call.key));
                (ours.filter(|call| leg.fits(call)).count() == 1).then(|| leg.id.clone())
            }
            // A server that names no parties: one call here and one leg there can only be the same.
            (None, _) if self.calls.all.len() == 1 => match legs {
                [leg] if leg.number.is_none() && leg.stands_like(call) => Some(leg.id.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}
