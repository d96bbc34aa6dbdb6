//! How calls begin, are answered and end (sections 7.1 to 7.5).

use super::channel::{Dialling, End, Ending, LegState, Party};
use super::events::Birth;
use super::options::Phone;
use super::packet::Packet;
use super::records::CallId;
use super::state::State;

/// Whom a `Dial` of the dialplan rings.
pub(super) struct Target {
    /// A phone, or nothing for somebody outside.
    pub(super) phone: Option<Phone>,
    pub(super) party: Party,
    /// The phone is asked to answer by itself.
    pub(super) answers_itself: bool,
}

/// Which sides of a dial may type feature codes: `T` the caller, `t` the callee.
#[derive(Clone, Copy)]
pub(super) struct Features {
    pub(super) caller: bool,
    pub(super) callee: bool,
}

impl State {
    /// Begins a conversation.
    pub(super) fn new_call(&mut self, own: &str) -> CallId {
        let call = CallId(self.number());
        self.callers.insert(call, own.to_owned());
        call
    }

    /// Rings phones for a channel that runs `Dial` or `Queue`.
    pub(super) fn dial(&mut self, caller: &str, targets: Vec<Target>, features: Features, application: &str) {
        let Some(from) = self.legs.get_mut(caller) else { return };
        if features.caller {
            from.features = true;
        }
        let (call, linked, party) = (from.call, from.linked.clone(), from.party.clone());
        let up = from.state == LegState::Up;
        let dial = self.number();
        let mut ringing = Vec::new();
        for target in &targets {
            let (device, end) = match &target.phone {
                Some(phone) => (format!("PJSIP/{}", phone.endpoint), End::Phone(phone.name.clone())),
                None => ("PJSIP/trunk".to_owned(), End::Outside),
            };
            let (name, id) = (self.leg_name(&device), self.unique_id());
            let id = self.born(Birth {
                name,
                id,
                linked: linked.clone(),
                call,
                end,
                state: LegState::Down,
                party: target.party.clone(),
                connected: Party::default(),
                exten: String::new(),
            });
            if up {
                self.knows(&id, &party);
            } else {
                self.connects(&id, &party);
            }
            if let Some(leg) = self.legs.get_mut(&id) {
                (leg.application, leg.data) = (application.to_owned(), "(Outgoing Line)".to_owned());
                leg.features = features.callee;
                leg.dialled_by = Some(dial);
                leg.answers_itself = target.answers_itself;
            }
            ringing.push(id);
        }
        self.dialling.insert(dial, Dialling { caller: caller.to_owned(), ringing: ringing.clone() });
        if let Some(from) = self.legs.get_mut(caller) {
            from.dialling = Some(dial);
        }
        let near = self.legs.get(caller).and_then(|leg| leg.other_half());
        let owner = self.consultations.iter().find(|(_, it)| Some(it.near_half.as_str()) == near).map(|(owner, _)| owner.clone());
        if let (Some(owner), [only]) = (owner, targets.as_slice()) {
            self.connects(&owner, &only.party);
        }
        for (id, target) in ringing.iter().zip(&targets) {
            let number = target.phone.as_ref().map_or(target.party.number.as_str(), |phone| phone.endpoint.as_str());
            let text = format!("{number}/sip:{number}@127.0.0.1:5060");
            self.tell_dial("DialBegin", Some(caller), id, &[("DialString", &text)]);
            if up && targets.len() == 1 {
                self.connects(caller, &target.party);
            }
            self.rings(Some(caller), id);
        }
        for (id, target) in ringing.iter().zip(&targets) {
            if target.answers_itself && target.phone.as_ref().is_some_and(|phone| phone.obeys_answer_after) {
                self.answered(id);
            }
        }
        let limit = self.options.rings_for;
        self.after(limit, move |state| state.rings_out(dial));
    }

    /// Ends a dial that nobody has answered in time.
    pub(super) fn rings_out(&mut self, dial: u64) {
        let Some(ended) = self.dialling.remove(&dial) else { return };
        for id in &ended.ringing {
            self.tell_dial("DialEnd", Some(&ended.caller), id, &[("DialStatus", "NOANSWER")]);
        }
        self.dialplan_ends(&ended.caller, 16);
        for id in &ended.ringing {
            self.ends(id, Ending::NO_ANSWER);
        }
    }

    /// Lets a ringing phone be lifted. False when it does not ring.
    pub(super) fn answered(&mut self, id: &str) -> bool {
        let Some(leg) = self.legs.get(id).filter(|leg| matches!(leg.state, LegState::Ringing | LegState::Down)) else {
            return false;
        };
        if leg.originate.is_some() {
            self.originate_answered(id);
            return true;
        }
        let Some(dial) = leg.dialled_by else { return false };
        let party = leg.party.clone();
        self.becomes(id, LegState::Up);
        self.wins(dial, id, &party);
        true
    }

    /// Gives a dial to the channel that answered it.
    pub(super) fn wins(&mut self, dial: u64, id: &str, party: &Party) {
        let Some(won) = self.dialling.remove(&dial) else { return };
        let caller = won.caller;
        if let Some(leg) = self.legs.get_mut(id) {
            leg.dialled_by = None;
        }
        let was_up = self.legs.get(&caller).is_some_and(|leg| leg.state == LegState::Up);
        if self.legs.get(&caller).is_some_and(|leg| leg.connected.number != party.number) {
            self.connects(&caller, party);
        }
        let others: Vec<String> = won.ringing.into_iter().filter(|other| other != id).collect();
        for other in &others {
            self.tell_dial("DialEnd", Some(&caller), other, &[("DialStatus", "CANCEL")]);
        }
        self.tell_dial("DialEnd", Some(&caller), id, &[("DialStatus", "ANSWER")]);
        if !was_up {
            self.becomes(&caller, LegState::Up);
        }
        if let Some(leg) = self.legs.get_mut(&caller) {
            leg.dialling = None;
        }
        let bridge = self.opens_bridge("basic");
        self.enters(&bridge, id);
        self.enters(&bridge, &caller);
        for other in &others {
            self.ends(other, Ending::ELSEWHERE);
        }
        self.local_answered(&caller);
    }

    /// Ends a channel as its phone, the other party or a client wants it, with everything that follows.
    pub(super) fn end_leg(&mut self, id: &str, ending: Ending) {
        let Some(leg) = self.legs.get(id) else { return };
        if leg.originate.is_some() {
            // Seen without a `HangupRequest` (section 7.4).
            let reason = if ending.cause == 19 { "3" } else { "0" };
            self.originate_failed(id, reason, ending);
            return;
        }
        self.wants_end(id, ending);
        if self.consultations.contains_key(id) {
            self.complete_consultation(id);
            return;
        }
        let Some(leg) = self.legs.get(id) else { return };
        let (dialled_by, dialling, parked) = (leg.dialled_by, leg.dialling, leg.parked);
        if let Some(dial) = dialled_by {
            self.declined(dial, id, ending);
            return;
        }
        if let Some(dial) = dialling.and_then(|dial| self.dialling.remove(&dial)) {
            for dest in &dial.ringing {
                self.tell_dial("DialEnd", Some(id), dest, &[("DialStatus", "CANCEL")]);
            }
            for dest in &dial.ringing {
                self.ends(dest, Ending { by_phone: false, code: None, ..ending });
            }
        }
        if let Some(space) = parked {
            self.gives_up_parking(space);
        }
        self.ends_in_bridge(id, ending);
    }

    /// Takes one phone out of a dial; the last one ends it.
    fn declined(&mut self, dial: u64, id: &str, ending: Ending) {
        let Some(running) = self.dialling.get_mut(&dial) else { return };
        running.ringing.retain(|other| other != id);
        let (caller, last) = (running.caller.clone(), running.ringing.is_empty());
        self.tell_dial("DialEnd", Some(&caller), id, &[("DialStatus", ending.status)]);
        self.ends(id, ending);
        if last {
            self.dialling.remove(&dial);
            self.dialplan_ends(&caller, ending.cause);
        }
    }

    /// Ends a channel whose dialplan has nothing more to do.
    pub(super) fn dialplan_ends(&mut self, id: &str, cause: u32) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        leg.dialling = None;
        self.ends_in_bridge(id, Ending { cause, ..Ending::CLEARED });
    }

    /// Ends a channel and whoever was in a bridge with it, or behind it.
    pub(super) fn ends_in_bridge(&mut self, id: &str, ending: Ending) {
        let Some(leg) = self.legs.get(id) else { return };
        let behind = leg.other_half().map(str::to_owned);
        let peer = self.peer(leg).map(|peer| peer.id.clone());
        self.leaves(id);
        let waits = self.consultations.values().any(|it| it.near_half == id);
        if let Some(peer) = peer.as_deref().filter(|_| !waits) {
            self.leaves(peer);
        }
        self.ends(id, ending);
        if !waits {
            self.forget_consultations();
        }
        if waits {
            let owner = self.consultations.iter().find(|(_, it)| it.near_half == id).map(|(owner, _)| owner.clone());
            if let Some(owner) = owner {
                self.consultation_returns(&owner);
            }
        } else if let Some(peer) = peer {
            self.after_bridge(&peer);
        }
        if let Some(behind) = behind {
            self.half_is_gone(&behind, ending.cause);
        }
    }

    /// Ends whoever is left alone by the end of a bridge.
    fn after_bridge(&mut self, id: &str) {
        let behind = self.legs.get(id).and_then(|leg| leg.other_half().map(str::to_owned));
        self.consultations.remove(id);
        self.ends(id, Ending::CLEARED);
        if let Some(behind) = behind {
            self.half_is_gone(&behind, 16);
        }
    }

    /// Ends the second half of a Local channel after the first.
    fn half_is_gone(&mut self, id: &str, cause: u32) {
        let Some(leg) = self.legs.get(id) else { return };
        let ending = Ending { cause, ..Ending::CLEARED };
        if leg.originate.is_some() {
            self.originate_failed(id, "0", ending);
            return;
        }
        if let Some(dial) = leg.dialling.and_then(|dial| self.dialling.remove(&dial)) {
            for dest in &dial.ringing {
                self.tell_dial("DialEnd", Some(id), dest, &[("DialStatus", "CANCEL")]);
            }
            for dest in &dial.ringing {
                self.ends(dest, ending);
            }
        }
        self.ends_in_bridge(id, ending);
    }

    /// Ends every channel, as a server does that is told to stop (section 7.9).
    pub(super) fn ends_all(&mut self) {
        let ids: Vec<String> = self.legs.keys().cloned().collect();
        self.dialling.clear();
        self.consultations.clear();
        self.parked.clear();
        for id in ids {
            self.leaves(&id);
            self.ends(&id, Ending::CLEARED);
        }
        let packet = Packet::event("Shutdown", "system").with("Shutdown", "Cleanly").with("Restart", "False");
        self.emit("shutdown", &[], "system", packet);
    }
}
