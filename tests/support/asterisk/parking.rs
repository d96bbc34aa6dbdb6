//! Parking and picking up (sections 6.4 and 7.8).

use std::time::Duration;

use super::channel::{Ending, LegState, Parked};
use super::packet::Packet;
use super::state::State;
use super::switch::{Features, Target};

/// The announcement of the space at the phone that parks.
const ANNOUNCED: Duration = Duration::from_secs(2);

impl State {
    /// Parks a channel; `ring_back` is the device that is called when nobody fetches it. Returns the space.
    pub(super) fn parks(&mut self, id: &str, ring_back: &str, timeout: Duration) -> Option<u16> {
        let space = (71..=79).find(|space| !self.parked.contains_key(space))?;
        let leg = self.legs.get(id)?;
        let partner = self.peer(leg).map(|peer| peer.id.clone());
        let number = self.number();
        let parked = Parked { leg: id.to_owned(), ring_back: ring_back.to_owned(), timeout: number };
        self.parked.insert(space, parked);
        self.tell_parked("ParkedCall", space, timeout, None);
        self.leaves(id);
        let lot = self.opens_bridge("parking");
        self.enters(&lot, id);
        self.hears_music(id, true);
        if let Some(leg) = self.legs.get_mut(id) {
            leg.parked = Some(space);
        }
        self.runs(id, "Park", "");
        if let Some(partner) = partner {
            self.paced(ANNOUNCED, move |state| {
                if state.legs.contains_key(&partner) {
                    state.ends_in_bridge(&partner, Ending::CLEARED);
                }
            });
        }
        self.after(timeout, move |state| {
            if state.parked.get(&space).is_some_and(|parked| parked.timeout == number) {
                state.rings_back(space);
            }
        });
        Some(space)
    }

    /// Parks whoever was sent to the parking extension.
    pub(super) fn parks_itself(&mut self, id: &str) {
        let device = self.legs.get(id).map(|leg| leg.device().to_owned()).unwrap_or_default();
        self.becomes(id, LegState::Up);
        if self.parks(id, &device, Duration::from_secs(30)).is_none() {
            self.dialplan_ends(id, 34);
            return;
        }
        self.local_answered(id);
    }

    fn tell_parked(&mut self, event: &str, space: u16, timeout: Duration, retriever: Option<&str>) {
        let Some(parked) = self.parked.get(&space).cloned() else { return };
        let Some(leg) = self.legs.get(&parked.leg) else { return };
        let mut packet = Packet::event(event, "call")
            .with_all(leg.snapshot("Parkee"))
            .with("ParkerDialString", &parked.ring_back)
            .with("Parkinglot", "default")
            .with("ParkingSpace", space.to_string())
            .with("ParkingTimeout", timeout.as_secs().to_string())
            .with("ParkingDuration", "0");
        if let Some(retriever) = retriever.and_then(|id| self.legs.get(id)) {
            packet = packet.with_all(retriever.snapshot("Retriever"));
        }
        let names: Vec<&str> = retriever.into_iter().chain([parked.leg.as_str()]).collect();
        self.emit("parking", &names, "call", packet);
    }

    /// Writes the state of a space, for lists.
    pub(super) fn parked_call(&self, space: u16, parked: &Parked) -> Option<Packet> {
        let leg = self.legs.get(&parked.leg)?;
        let packet = Packet::event("ParkedCall", "call").with_all(leg.snapshot("Parkee"));
        Some(
            packet
                .with("ParkerDialString", &parked.ring_back)
                .with("Parkinglot", "default")
                .with("ParkingSpace", space.to_string()),
        )
    }

    /// Lets a parked party hang up.
    pub(super) fn gives_up_parking(&mut self, space: u16) {
        self.tell_parked("ParkedCallGiveUp", space, Duration::ZERO, None);
        self.parked.remove(&space);
    }

    /// Calls back when nobody has fetched a parked party: the parker, or without one the parked party itself.
    pub(super) fn rings_back(&mut self, space: u16) {
        self.tell_parked("ParkedCallTimeOut", space, Duration::ZERO, None);
        let Some(parked) = self.parked.remove(&space) else { return };
        self.leaves(&parked.leg);
        self.hears_music(&parked.leg, false);
        if let Some(leg) = self.legs.get_mut(&parked.leg) {
            leg.parked = None;
        }
        let endpoint = parked.ring_back.strip_prefix("PJSIP/").unwrap_or_default().to_owned();
        let phones = self.phones.values().filter(|phone| phone.endpoint == endpoint && phone.registered);
        let target = |phone: &super::options::Phone| Target {
            phone: Some(phone.clone()),
            party: self.party(&phone.extension),
            answers_itself: false,
        };
        let targets: Vec<Target> = phones.map(target).take(1).collect();
        if targets.is_empty() {
            self.dialplan_ends(&parked.leg, 34);
            return;
        }
        self.runs(&parked.leg, "Dial", &parked.ring_back);
        let features = self.options.features;
        self.dial(&parked.leg, targets, Features { caller: features, callee: features }, "AppDial");
    }

    /// Fetches whoever is in a space.
    pub(super) fn unparks(&mut self, id: &str, space: u16) {
        self.becomes(id, LegState::Up);
        self.runs(id, "ParkedCall", &space.to_string());
        if !self.parked.contains_key(&space) {
            self.dialplan_ends(id, 16);
            return;
        }
        self.tell_parked("UnParkedCall", space, Duration::ZERO, Some(id));
        let Some(parked) = self.parked.remove(&space) else { return };
        self.leaves(&parked.leg);
        self.hears_music(&parked.leg, false);
        if let Some(leg) = self.legs.get_mut(&parked.leg) {
            leg.parked = None;
        }
        let call = self.legs.get(&parked.leg).map(|leg| leg.call);
        if let (Some(leg), Some(call)) = (self.legs.get_mut(id), call) {
            leg.call = call;
        }
        let bridge = self.opens_bridge("basic");
        self.enters(&bridge, &parked.leg);
        self.enters(&bridge, id);
        self.names_each_other(id, &parked.leg);
        self.local_answered(id);
    }

    /// Takes over a call that rings at an extension; without one there is nothing to be had.
    pub(super) fn picks_up(&mut self, id: &str, whose: &str) {
        self.runs(id, "Pickup", whose);
        let rings = |leg: &&super::channel::Leg| {
            let phone = leg.phone().and_then(|name| self.phones.get(name));
            leg.state == LegState::Ringing && leg.dialled_by.is_some() && phone.is_some_and(|phone| phone.extension == whose)
        };
        let Some((target, Some(dial))) = self.legs.values().find(rings).map(|leg| (leg.id.clone(), leg.dialled_by)) else {
            self.dialplan_ends(id, 16);
            return;
        };
        self.becomes(id, LegState::Up);
        let (Some(leg), Some(taken)) = (self.legs.get(id), self.legs.get(&target)) else { return };
        let packet = Packet::event("Pickup", "call").with_all(leg.snapshot("")).with_all(taken.snapshot("Target"));
        let party = leg.party.clone();
        self.emit(id, &[id, &target], "call", packet);
        let caller = self.dialling.get(&dial).map(|dial| dial.caller.clone()).unwrap_or_default();
        let caller_party = self.legs.get(&caller).map(|leg| leg.party.clone()).unwrap_or_default();
        self.connects(id, &caller_party);
        let call = self.legs.get(&caller).map(|leg| leg.call);
        if let (Some(leg), Some(call)) = (self.legs.get_mut(id), call) {
            leg.call = call;
        }
        if let Some(dial) = self.dialling.get_mut(&dial) {
            dial.ringing.retain(|other| *other != target);
        }
        self.wins(dial, id, &party);
        self.ends(&target, Ending::ELSEWHERE);
    }
}
