//! Calls that this user's phones have parked: the PBX tells of all parked calls, and by which phone each was parked.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use phone_core::Now;
use phone_core::told::{ParkedSeen, Told};

use super::keys::Keys;
use super::lists::PARKED;
use super::packet::Packet;
use super::{Asked, Asterisk, Phase};
use crate::dialect::Effects;

/// Most of them that are kept; a desk parks a few.
const MOST: usize = 64;
/// Longer than this nobody is left in a parking place.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often they are listed while any is kept: a filter of events may keep from us that it was fetched.
const POLL: Duration = Duration::from_secs(60);

/// One of them.
#[derive(Clone, Debug)]
struct Slot {
    lot: String,
    seen: ParkedSeen,
}

/// All that are known.
#[derive(Debug, Default)]
pub(super) struct Parked {
    all: Vec<Slot>,
    /// What the list has shown so far, while it is being read.
    listed: Option<Vec<Slot>>,
    told: Option<Vec<ParkedSeen>>,
    /// The PBX has listed them, or is about to.
    follows: bool,
    /// When they are listed anew.
    look_at: Option<Instant>,
}

impl Parked {
    fn take(&mut self, slot: &Slot) {
        for all in [Some(&mut self.all), self.listed.as_mut()].into_iter().flatten() {
            all.retain(|other| other.seen.key != slot.seen.key);
            if all.len() < MOST {
                all.push(slot.clone());
            }
        }
    }

    fn drop(&mut self, gone: impl Fn(&Slot) -> bool) {
        for all in [Some(&mut self.all), self.listed.as_mut()].into_iter().flatten() {
            all.retain(|slot| !gone(slot));
        }
    }

    /// Another channel waits in the place of one that is kept.
    fn swap(&mut self, slot: &Slot) {
        let same = |other: &Slot| other.lot == slot.lot && other.seen.place == slot.seen.place;
        for all in [Some(&mut self.all), self.listed.as_mut()].into_iter().flatten() {
            if let Some(kept) = all.iter_mut().find(|other| same(other)) {
                kept.seen.key.clone_from(&slot.seen.key);
            }
        }
    }
}

impl Asterisk {
    /// Asks what waits in the parking places, unless this user may not ask.
    pub(super) fn ask_parked(&mut self, out: &mut Effects) {
        self.parked = Parked::default();
        if self.allows("ParkedCalls") {
            (self.parked.listed, self.parked.follows) = (Some(vec![]), true);
            self.ask(Asked::Parked, |id| PARKED.ask(id), out);
        }
    }

    /// Tells whether the PBX tells what becomes of parked calls.
    pub(super) fn follows_parked(&self) -> bool {
        self.parked.follows
    }

    /// There is no list, so nobody can say what waits, and what ends would be missed.
    pub(super) fn parked_are_not_listed(&mut self) {
        self.parked = Parked::default();
    }

    /// One that waits, in the list.
    pub(super) fn listed_parked(&mut self, packet: &Packet<'_>, now: Now) {
        let ours = slot(packet, now).filter(|_| parked_by_us(packet, &self.keys));
        if let (Some(slot), Some(listed)) = (ours, self.parked.listed.as_mut())
            && listed.len() < MOST
            && listed.iter().all(|other| other.seen.key != slot.seen.key)
        {
            listed.push(slot);
        }
    }

    /// The list is complete.
    pub(super) fn parked_are_listed(&mut self, now: Now, out: &mut Effects) {
        if let Some(listed) = self.parked.listed.take() {
            self.parked.all = listed;
            self.tell_parked(now, out);
        }
    }

    /// Asks again whether what is kept still waits.
    pub(super) fn look_at_parked(&mut self, now: Now, out: &mut Effects) {
        if self.parked.look_at.is_some_and(|at| at <= now.mono) {
            self.parked.look_at = Some(now.mono + POLL);
            self.parked.listed = Some(vec![]);
            // One without an answer is not waited for any more.
            self.asked.retain(|asked| *asked != Asked::Parked);
            self.ask(Asked::Parked, |id| PARKED.ask(id), out);
        }
    }

    /// When that is due.
    pub(super) fn parked_deadline(&self) -> Option<Instant> {
        self.parked.look_at.filter(|_| self.phase == Phase::Live)
    }

    /// Somebody was parked, fetched, called back, or has hung up there.
    pub(super) fn parking_event(&mut self, name: &str, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        if self.phase != Phase::Live || !self.follows_parked() {
            return;
        }
        let Some(slot) = slot(packet, now) else { return };
        match name {
            "ParkedCall" if parked_by_us(packet, &self.keys) => self.parked.take(&slot),
            // Whoever waits there anew was parked by somebody else.
            "ParkedCall" => {
                self.parked.drop(|other| other.lot == slot.lot && other.seen.place == slot.seen.place);
            }
            "ParkedCallSwap" => self.parked.swap(&slot),
            _ => self.parked.drop(|other| other.seen.key == slot.seen.key),
        }
        // Half a list is none, but what was told before can be told anew.
        if self.parked.listed.is_none() || self.parked.told.is_some() {
            self.tell_parked(now, out);
        }
    }

    fn tell_parked(&mut self, now: Now, out: &mut Effects) {
        let next = self.parked.look_at.unwrap_or(now.mono + POLL);
        self.parked.look_at = (!self.parked.all.is_empty()).then_some(next);
        let seen: Vec<ParkedSeen> = self.parked.all.iter().map(|slot| slot.seen.clone()).collect();
        if self.parked.told.as_ref() != Some(&seen) {
            self.parked.told = Some(seen.clone());
            out.tell(Told::ParkedCalls(seen));
        }
    }
}

/// Tells whether one of the own phones parked it, which is also where it comes back to.
fn parked_by_us(packet: &Packet<'_>, keys: &Keys) -> bool {
    let is_own = |by: &str| keys.own_device(by).is_some() || keys.devices.iter().any(|own| own.eq_ignore_ascii_case(by));
    // Whoever is parked by somebody else may be called back themselves.
    let is_oneself = packet.text("ParkeeChannel").is_some_and(|parked| keys.own_device(parked).is_some());
    packet.text("ParkerDialString").is_some_and(is_own) && !is_oneself
}

fn slot(packet: &Packet<'_>, now: Now) -> Option<Slot> {
    let key = packet.text("ParkeeUniqueid")?.to_owned();
    let lasted = packet.text("ParkingDuration").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let lasted = lasted.filter(|lasted| *lasted < LONGEST).and_then(|lasted| SignedDuration::try_from(lasted).ok());
    let seen = ParkedSeen {
        key,
        place: packet.text("ParkingSpace").map(str::to_owned),
        who: packet.party("Parkee", "CallerID").unwrap_or_default(),
        since: lasted.and_then(|lasted| now.wall.checked_sub(lasted).ok()),
    };
    Some(Slot { lot: packet.text("Parkinglot").unwrap_or_default().to_owned(), seen })
}
