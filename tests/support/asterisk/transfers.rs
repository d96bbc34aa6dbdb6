//! How parties are moved: transfers, joining, and Local channels that vanish (sections 6.3, 7.6 and 7.7).

use std::time::Duration;

use super::channel::{Consultation, End, Ending, LegState, Party};
use super::events::Birth;
use super::packet::Packet;
use super::state::State;

/// Between the digits of an attended transfer and its first effect.
const TYPED: Duration = Duration::from_millis(400);
/// Between that and the first sign of the other side.
const PROMPT: Duration = Duration::from_millis(130);
/// Between the return to the first party and the word of it.
const LATE_NAME: Duration = Duration::from_millis(370);
/// How long the halves of a Local channel stay that are not needed any more.
const OPTIMIZES: Duration = Duration::from_millis(460);

impl State {
    /// Moves the other party to a number and lets the transferring phone go; a number that does not exist ends both calls.
    pub(super) fn blind_transfer(&mut self, id: &str, context: &str, number: &str) -> bool {
        let Some(leg) = self.legs.get(id) else { return false };
        let Some(peer) = self.peer(leg).map(|peer| peer.id.clone()) else { return false };
        let bridge = leg.bridge.as_ref().and_then(|bridge| self.bridges.get(bridge)).cloned();
        self.unhold(id, true);
        let (Some(own), Some(other), Some(bridge)) = (self.legs.get(id), self.legs.get(&peer), bridge) else { return false };
        let packet = Packet::event("BlindTransfer", "call")
            .with("Result", "Success")
            .with_all(own.snapshot("Transferer"))
            .with_all(other.snapshot("Transferee"))
            .with_all(bridge.snapshot(""))
            .with("IsExternal", "Yes")
            .with("Context", context)
            .with("Extension", number);
        self.emit(&bridge.id, &[id, &peer], "call", packet);
        self.leaves(id);
        self.leaves(&peer);
        if self.plan(context, number).is_none() {
            self.after_transfer_to_nowhere(&peer);
            self.ends(id, Ending::CLEARED);
            return true;
        }
        self.ends(id, Ending::CLEARED);
        self.run(&peer, context, number);
        true
    }

    fn after_transfer_to_nowhere(&mut self, peer: &str) {
        self.ends_in_bridge(peer, Ending::CLEARED);
    }

    /// Sends one or two channels to a place of the dialplan; whoever was in a call with them is let go.
    pub(super) fn redirect(&mut self, ids: &[String], places: &[(String, String)]) {
        for (id, (context, number)) in ids.iter().zip(places) {
            // What ends by it tells the caller at the new place already.
            if let Some(leg) = self.legs.get_mut(id) {
                (leg.context, leg.exten) = (context.clone(), number.clone());
            }
            let Some(leg) = self.legs.get(id) else { continue };
            let peer = self.peer(leg).map(|peer| peer.id.clone()).filter(|peer| !ids.contains(peer));
            let (dialling, dialled_by) = (leg.dialling, leg.dialled_by);
            self.leaves(id);
            if let Some(dial) = dialling.and_then(|dial| self.dialling.remove(&dial)) {
                for dest in &dial.ringing {
                    self.tell_dial("DialEnd", Some(id), dest, &[("DialStatus", "CANCEL")]);
                }
                for dest in &dial.ringing {
                    self.ends(dest, Ending::CLEARED);
                }
            }
            if let Some(dial) = dialled_by.and_then(|dial| self.dialling.get_mut(&dial)) {
                dial.ringing.retain(|other| other != id);
            }
            if let Some(peer) = peer {
                self.ends_in_bridge(&peer, Ending::CLEARED);
            }
            if let Some(leg) = self.legs.get_mut(id) {
                (leg.dialling, leg.dialled_by, leg.originate) = (None, None, None);
            }
        }
        for (id, (context, number)) in ids.iter().zip(places) {
            self.run(id, context, number);
        }
    }

    /// Types the code and the number of an attended transfer into a leg.
    pub(super) fn types_transfer(&mut self, id: &str, context: &str, number: &str) {
        let digits = format!("*2{number}");
        let Some(leg) = self.legs.get(id) else { return };
        if !leg.features || self.peer(leg).is_none() || self.consultations.contains_key(id) {
            self.leaks(id, &digits);
            return;
        }
        self.tell_digits(id, "*2", "Received");
        let typed = TYPED.saturating_add(Duration::from_millis(50).saturating_mul(u32::try_from(number.len()).unwrap_or(0)));
        let (context, number) = (context.to_owned(), number.to_owned());
        self.step_later(id, typed.saturating_sub(Duration::from_millis(150)), true, move |state, id| {
            state.hold(id, "");
            if !state.options.prompt_sound {
                state.unhold(id, true);
                return;
            }
            state.step_later(id, PROMPT, true, move |state, id| state.consults(id, &context, &number));
        });
    }

    /// Lets the other party hear digits that were meant for the server (trap 5).
    pub(super) fn leaks(&mut self, id: &str, digits: &str) {
        let peer = self.legs.get(id).and_then(|leg| self.peer(leg)).map(|peer| peer.id.clone());
        if let Some(peer) = peer {
            self.tell_digits(&peer, digits, "Sent");
        }
    }

    pub(super) fn tell_digits(&mut self, id: &str, digits: &str, direction: &str) {
        for digit in digits.chars().map(String::from) {
            self.tell(id, "DTMFBegin", "dtmf", &[("Digit", &digit), ("Direction", direction)]);
            self.tell(id, "DTMFEnd", "dtmf", &[("Digit", &digit), ("DurationMs", "100"), ("Direction", direction)]);
        }
    }

    /// Begins the second conversation of one leg.
    fn consults(&mut self, id: &str, context: &str, number: &str) {
        let Some(leg) = self.legs.get(id).filter(|leg| self.peer(leg).is_some()) else { return };
        if self.plan(context, number).is_none() {
            // It sits in the retry prompt; no channel, nothing more.
            return;
        }
        let Some(first) = leg.bridge.clone() else { return };
        let (call, linked, own, waiting) = (leg.call, leg.linked.clone(), leg.party.clone(), leg.connected.clone());
        let name = self.local_name(number, context);
        let (near_id, far_id) = (self.unique_id(), self.unique_id());
        let near = self.born(Birth {
            name: format!("{name};1"),
            id: near_id,
            linked,
            call,
            end: End::Local(far_id.clone()),
            state: LegState::Down,
            party: Party::new(number, ""),
            connected: own.clone(),
            exten: String::new(),
        });
        let far = self.second_half(&name, &near, far_id, number, context, own);
        let second = self.opens_bridge("basic");
        self.enters(&second, &near);
        self.leaves(id);
        self.enters(&second, id);
        let consultation = Consultation { first, second, near_half: near, waiting };
        self.consultations.insert(id.to_owned(), consultation);
        self.run(&far, context, number);
        let shown = self.legs.get(id).map(|leg| leg.connected.number.clone());
        if self.consultations.contains_key(id) && shown.as_deref() != Some(number) {
            let name = self.party(number);
            self.connects(id, &name);
        }
    }

    /// Types the code that ends a consultation; without one the other party hears it.
    pub(super) fn types_cancel(&mut self, id: &str) {
        if !self.consultations.contains_key(id) {
            self.leaks(id, "*1");
            return;
        }
        self.tell_digits(id, "*1", "Received");
        self.step_later(id, Duration::from_millis(260), true, |state, id| {
            if state.consultations.contains_key(id) {
                state.consultation_returns(id);
            }
        });
    }

    /// Brings a leg back to the party that waits.
    pub(super) fn consultation_returns(&mut self, id: &str) {
        let Some(it) = self.consultations.remove(id) else { return };
        if !self.bridges.contains_key(&it.first) {
            self.ends_in_bridge(id, Ending::CLEARED);
            return;
        }
        self.leaves(id);
        self.enters(&it.first, id);
        if let Some(held) = self.legs.get(id).and_then(|leg| self.peer(leg)).map(|peer| peer.id.clone()) {
            self.hears_music(&held, false);
        }
        if let Some(leg) = self.legs.get_mut(id) {
            leg.holds = false;
        }
        self.unhold(id, true);
        self.ends_in_bridge(&it.near_half, Ending::CLEARED);
        let waiting = it.waiting;
        let id = id.to_owned();
        self.paced(LATE_NAME, move |state| state.connects(&id, &waiting));
    }

    /// Drops consultations whose waiting party has gone: the leg simply talks on.
    pub(super) fn forget_consultations(&mut self) {
        let gone = self.consultations.iter().filter(|(id, it)| {
            !self.bridges.contains_key(&it.first) || !self.bridges.contains_key(&it.second) || !self.legs.contains_key(*id)
        });
        let gone: Vec<String> = gone.map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.consultations.remove(&id);
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.holds = false;
            }
        }
    }

    /// Completes an attended transfer by the end of the leg that consulted.
    pub(super) fn complete_consultation(&mut self, id: &str) {
        let Some(it) = self.consultations.remove(id) else { return };
        let waiting = self.bridges.get(&it.first).and_then(|bridge| bridge.members.first().cloned());
        let (Some(waiting), Some(first), Some(second)) =
            (waiting, self.bridges.get(&it.first).cloned(), self.bridges.get(&it.second).cloned())
        else {
            self.ends_in_bridge(id, Ending::HUNG_UP);
            return;
        };
        self.leaves(id);
        let packet = Packet::event("BridgeMerge", "call").with_all(first.snapshot("To")).with_all(second.snapshot("From"));
        self.emit(&it.first, &[&waiting, &it.near_half], "call", packet);
        self.leaves(&it.near_half);
        self.enters(&it.first, &it.near_half);
        self.tell_attended(id, id, &waiting, Some(&it.near_half), &first.id, &second.id);
        let target = self.behind(&it.near_half);
        let target_party = self.legs.get(&it.near_half).map(|leg| self.party(&leg.party.number)).unwrap_or_default();
        self.hears_music(&waiting, false);
        self.connects(&waiting, &target_party);
        self.ends(id, Ending::CLEARED);
        let waiting_party = self.legs.get(&waiting).map(|leg| leg.party.clone()).unwrap_or_default();
        if let Some(target) = target {
            self.connects(&target, &waiting_party);
        }
        self.optimizes_later(&it.near_half);
    }

    /// Returns the phone's leg behind the first half of a Local channel, ringing or talking.
    fn behind(&self, near: &str) -> Option<String> {
        let far = self.legs.get(self.legs.get(near)?.other_half()?)?;
        let rings = far.dialling.and_then(|dial| self.dialling.get(&dial)).and_then(|dial| dial.ringing.first().cloned());
        self.peer(far).map(|peer| peer.id.clone()).or(rings)
    }

    fn tell_attended(&mut self, first_leg: &str, second_leg: &str, waiting: &str, near: Option<&str>, first: &str, second: &str) {
        let (Some(orig), Some(other), Some(transferee)) =
            (self.legs.get(first_leg), self.legs.get(second_leg), self.legs.get(waiting))
        else {
            return;
        };
        let mut packet = Packet::event("AttendedTransfer", "call")
            .with("Result", "Success")
            .with_all(orig.snapshot("OrigTransferer"))
            .with("OrigBridgeUniqueid", first)
            .with_all(other.snapshot("SecondTransferer"))
            .with("SecondBridgeUniqueid", second)
            .with_all(transferee.snapshot("Transferee"));
        if let (false, Some(target)) = (self.is_old(), near.and_then(|near| self.legs.get(near))) {
            packet = packet.with_all(target.snapshot("TransferTarget"));
        }
        let packet = packet.with("IsExternal", "No").with("DestType", "Bridge").with("DestBridgeUniqueid", first);
        self.emit(first, &[first_leg, second_leg, waiting], "call", packet);
    }

    /// Joins the parties of two legs of one phone, as the phone itself does it with `Replaces`.
    pub(super) fn transfer_by_phone(&mut self, first_leg: &str, second_leg: &str) -> bool {
        let peer = |id: &str| self.legs.get(id).and_then(|leg| self.peer(leg)).map(|peer| peer.id.clone());
        let (Some(one), Some(two)) = (peer(first_leg), peer(second_leg)) else { return false };
        let bridge = |id: &str| self.legs.get(id).and_then(|leg| leg.bridge.clone()).unwrap_or_default();
        let (first, second) = (bridge(first_leg), bridge(second_leg));
        self.unhold(first_leg, true);
        self.unhold(second_leg, true);
        self.tell_attended(first_leg, second_leg, &one, Some(&two), &first, &second);
        self.leaves(second_leg);
        self.leaves(&two);
        self.enters(&first, &two);
        self.leaves(first_leg);
        self.names_each_other(&one, &two);
        self.ends(first_leg, Ending::CLEARED);
        self.ends(second_leg, Ending::CLEARED);
        true
    }

    /// Joins two channels; their former partners are let go. No transfer is told (section 4).
    pub(super) fn joins(&mut self, one: &str, two: &str) {
        let partner = |id: &str| self.legs.get(id).and_then(|leg| self.peer(leg)).map(|peer| peer.id.clone());
        let partners: Vec<String> =
            [partner(one), partner(two)].into_iter().flatten().filter(|it| it != one && it != two).collect();
        self.leaves(one);
        self.leaves(two);
        let bridge = self.opens_bridge("basic");
        self.enters(&bridge, one);
        self.enters(&bridge, two);
        self.names_each_other(one, two);
        for partner in partners {
            self.ends_in_bridge(&partner, Ending::CLEARED);
        }
    }

    pub(super) fn names_each_other(&mut self, one: &str, two: &str) {
        let party = |id: &str| self.legs.get(id).map(|leg| leg.party.clone());
        let (Some(first), Some(second)) = (party(one), party(two)) else { return };
        self.connects(one, &second);
        self.connects(two, &first);
    }

    /// Lets the first half of a Local channel know that the second has been answered.
    pub(super) fn local_answered(&mut self, far: &str) {
        let Some(near) = self.legs.get(far).and_then(|leg| leg.other_half().map(str::to_owned)) else { return };
        let Some(leg) = self.legs.get(&near) else { return };
        if leg.originate.is_some() {
            self.originate_answered(&near);
        } else {
            self.becomes(&near, LegState::Up);
        }
        if let Some(dial) = self.legs.get(&near).and_then(|leg| leg.dialled_by) {
            let party = self.legs.get(&near).map(|leg| leg.party.clone()).unwrap_or_default();
            self.wins(dial, &near, &party);
        }
        self.optimizes_later(&near);
        self.optimizes_later(far);
    }

    /// Takes a Local channel out from between two parties, once both halves are in bridges and nobody consults by it.
    pub(super) fn optimizes_later(&mut self, half: &str) {
        let half = half.to_owned();
        self.paced(OPTIMIZES, move |state| state.optimizes(&half));
    }

    fn optimizes(&mut self, half: &str) {
        let Some(one) = self.legs.get(half) else { return };
        let Some(two) = one.other_half().and_then(|other| self.legs.get(other)) else { return };
        let (near, far) = if one.name.ends_with(";1") { (one, two) } else { (two, one) };
        let in_use = self.consultations.values().any(|it| it.near_half == near.id);
        let (Some(stays), Some(_)) = (near.bridge.clone(), far.bridge.clone()) else { return };
        let Some(moved) = self.peer(far).map(|peer| peer.id.clone()) else { return };
        let Some(meets) = self.peer(near).map(|peer| peer.id.clone()) else { return };
        if in_use {
            return;
        }
        let packet = |event: &str| {
            Packet::event(event, "call").with_all(near.snapshot("LocalOne")).with_all(far.snapshot("LocalTwo")).with("Id", "1")
        };
        let (begin, end) = (packet("LocalOptimizationBegin"), packet("LocalOptimizationEnd"));
        let (near, far) = (near.id.clone(), far.id.clone());
        self.emit(&near, &[&near, &far], "call", begin);
        self.leaves(&moved);
        self.leaves(&far);
        self.leaves(&near);
        self.enters(&stays, &moved);
        self.emit(&near, &[&near, &far], "call", end);
        let shown = |state: &Self, id: &str, other: &str| match (state.legs.get(id), state.legs.get(other)) {
            (Some(leg), Some(other)) if leg.connected.number != other.party.number => Some(other.party.clone()),
            (Some(_), Some(_)) | (None, _) | (_, None) => None,
        };
        for (id, other) in [(&moved, &meets), (&meets, &moved)] {
            if let Some(party) = shown(self, id, other) {
                self.connects(id, &party);
            }
        }
        self.ends(&near, Ending::CLEARED);
        self.ends(&far, Ending::CLEARED);
    }
}
