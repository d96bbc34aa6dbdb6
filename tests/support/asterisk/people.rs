//! What people do at their phones.

use super::FakeAsterisk;
use super::channel::{End, Ending, Leg, LegState, Party};
use super::packet::Packet;
use super::records::CallId;
use super::state::State;

impl State {
    /// Returns the leg of whoever is not on the side the conversation was begun or received for, one in the wanted state first.
    fn far(&self, call: CallId, wanted: impl Fn(LegState) -> bool) -> Option<String> {
        let own = self.callers.get(&call)?;
        let members = self.options.groups.iter().find(|(group, _)| group == own).map(|(_, members)| members.as_slice());
        let is_own = |number: &String| number == own || members.is_some_and(|members| members.contains(number));
        let is_far = |leg: &&Leg| leg.phone().and_then(|name| self.phones.get(name)).is_none_or(|it| !is_own(&it.extension));
        let far: Vec<&Leg> = self.legs_of(call).filter(is_far).collect();
        far.iter().find(|leg| wanted(leg.state)).or(far.first()).map(|leg| leg.id.clone())
    }

    fn hung_up(&mut self, id: &str) {
        let ending = match self.legs.get(id).map(|leg| leg.state) {
            Some(LegState::Ring) => Ending::GIVEN_UP,
            Some(LegState::Ringing) => Ending::DECLINED,
            Some(LegState::Down | LegState::Up | LegState::Busy) | None => Ending::HUNG_UP,
        };
        self.end_leg(id, ending);
    }

    fn rung(&mut self, from: &str, name: &str, to: &str) -> CallId {
        let inside = self.phones.values().find(|phone| phone.extension == from && phone.registered).cloned();
        if let Some(phone) = inside {
            let call = self.phone_dials(&phone, to);
            self.callers.insert(call, to.to_owned());
            return call;
        }
        let call = self.new_call(to);
        let leg = self.leg_name("PJSIP/trunk");
        let id = self.incoming(leg, End::Outside, call, Party::new(from, name), to);
        self.run(&id, "from-outside", to);
        call
    }
}

fn rings(state: LegState) -> bool {
    matches!(state, LegState::Ringing | LegState::Down)
}

/// What people do. All of it returns at once; the events are queued by then. False: nothing of that kind can be done now.
impl FakeAsterisk {
    fn at(&self, call: CallId, phone: &str, act: impl FnOnce(&mut State, &str)) -> bool {
        self.pbx.change(|state| {
            let Some(id) = state.leg_at(call, phone).map(|leg| leg.id.clone()) else { return false };
            act(state, &id);
            true
        })
    }

    fn far(&self, call: CallId, wanted: impl Fn(LegState) -> bool, act: impl FnOnce(&mut State, &str)) -> bool {
        self.pbx.change(|state| {
            let Some(id) = state.far(call, wanted) else { return false };
            act(state, &id);
            true
        })
    }

    /// Lets somebody call an extension or a group. A `from` that is an extension calls from its first phone.
    pub fn ring(&self, from: &str, name: &str, to: &str) -> CallId {
        self.pbx.change(|state| state.rung(from, name, to))
    }

    /// Answers at a phone that rings; for a click to dial that lifts the own one.
    pub fn answer(&self, call: CallId, phone: &str) -> bool {
        self.pbx.change(|state| {
            let id = state.leg_at(call, phone).map(|leg| leg.id.clone());
            id.is_some_and(|id| state.answered(&id))
        })
    }

    /// Lets the other party answer, outside or at its first ringing phone.
    pub fn answer_far(&self, call: CallId) -> bool {
        self.pbx.change(|state| {
            let far = state.far(call, rings);
            far.is_some_and(|id| state.answered(&id))
        })
    }

    /// Declines at a phone that rings, with busy.
    pub fn decline(&self, call: CallId, phone: &str) -> bool {
        let rings = self.look(|state| state.leg_at(call, phone).is_some_and(|leg| leg.state == LegState::Ringing));
        rings && self.at(call, phone, |state, id| state.end_leg(id, Ending::DECLINED))
    }

    /// Lets the other party decline a call it is dialled for.
    pub fn decline_far(&self, call: CallId) -> bool {
        self.far(call, rings, |state, id| state.end_leg(id, Ending::DECLINED))
    }

    /// Hangs up, or gives up, at a phone.
    pub fn hang_up(&self, call: CallId, phone: &str) -> bool {
        self.at(call, phone, State::hung_up)
    }

    /// Lets the other party hang up, or give up.
    pub fn hang_up_far(&self, call: CallId) -> bool {
        self.far(call, |state| !rings(state), State::hung_up)
    }

    /// Lets everything that rings in a conversation ring out, as if the time of the dial were over.
    pub fn ring_out(&self, call: CallId) -> bool {
        self.pbx.change(|state| {
            let dial = state.legs_of(call).find_map(|leg| leg.dialled_by);
            let own = state.legs.values().find(|leg| leg.call == call && leg.originate.is_some()).map(|leg| leg.id.clone());
            if let Some(id) = &own {
                state.end_leg(id, Ending { cause: 19, ..Ending::NO_ANSWER });
            } else if let Some(dial) = dial {
                state.rings_out(dial);
            }
            own.is_some() || dial.is_some()
        })
    }

    /// Holds at a phone; a second time nothing happens.
    pub fn hold_at_phone(&self, call: CallId, phone: &str) -> bool {
        self.at(call, phone, |state, id| state.hold(id, "default"))
    }

    /// Resumes at a phone.
    pub fn resume_at_phone(&self, call: CallId, phone: &str) -> bool {
        self.at(call, phone, |state, id| state.unhold(id, false))
    }

    /// Lets the other party hold.
    pub fn hold_far(&self, call: CallId) -> bool {
        self.far(call, |state| !rings(state), |state, id| state.hold(id, "default"))
    }

    /// Lets the other party resume.
    pub fn resume_far(&self, call: CallId) -> bool {
        self.far(call, |state| !rings(state), |state, id| state.unhold(id, false))
    }

    /// Transfers the other party by the phone's own key, without asking anybody.
    pub fn blind_transfer_at_phone(&self, call: CallId, phone: &str, to: &str) -> bool {
        self.pbx.change(|state| {
            let id = state.leg_at(call, phone).map(|leg| leg.id.clone());
            id.is_some_and(|id| state.blind_transfer(&id, "from-internal", to))
        })
    }

    /// Joins the parties of two conversations of one phone by the phone's own key.
    pub fn attended_transfer_at_phone(&self, first: CallId, second: CallId, phone: &str) -> bool {
        self.pbx.change(|state| {
            let leg = |call| state.leg_at(call, phone).map(|leg| leg.id.clone());
            let (Some(one), Some(two)) = (leg(first), leg(second)) else { return false };
            state.transfer_by_phone(&one, &two)
        })
    }

    /// Dials at a phone.
    pub fn dial_at_phone(&self, phone: &str, number: &str) -> CallId {
        self.pbx.change(|state| match state.phones.get(phone).cloned() {
            Some(phone) => state.phone_dials(&phone, number),
            None => state.new_call(""),
        })
    }

    /// Takes over, at a phone, what rings at an extension. Returns the conversation it is in then.
    pub fn pick_up(&self, phone: &str, whose: &str) -> Option<CallId> {
        self.pbx.change(|state| {
            let phone = state.phones.get(phone).cloned()?;
            state.phone_dials(&phone, &format!("**{whose}"));
            state.legs.values().find(|leg| leg.phone() == Some(phone.name.as_str())).map(|leg| leg.call)
        })
    }

    /// Fetches, at a phone, whoever is parked in a space. Returns the conversation it is in then.
    pub fn fetch_parked(&self, phone: &str, space: u16) -> Option<CallId> {
        self.pbx.change(|state| {
            let phone = state.phones.get(phone).cloned()?;
            state.phone_dials(&phone, &space.to_string());
            state.legs.values().find(|leg| leg.phone() == Some(phone.name.as_str())).map(|leg| leg.call)
        })
    }

    /// Calls back for a parked party now, as if its time were over.
    pub fn park_times_out(&self, space: u16) {
        self.pbx.change(|state| state.rings_back(space));
    }

    /// Pulls the plug of a phone; its calls stay until the other party ends them.
    pub fn unplug(&self, phone: &str) -> bool {
        self.pbx.change(|state| state.set_registered(phone, false))
    }

    /// Plugs a phone in again.
    pub fn plug_in(&self, phone: &str) -> bool {
        self.pbx.change(|state| state.set_registered(phone, true))
    }

    /// Switches do not disturb of an extension, as by a code at its phone.
    pub fn set_dnd(&self, extension: &str, on: bool) {
        self.pbx.change(|state| state.set_dnd(extension, on));
    }

    /// Sets or ends the forwarding of an extension, as by a code at its phone.
    pub fn set_forward(&self, extension: &str, to: Option<&str>) {
        self.pbx.change(|state| {
            let key = ("CF".to_owned(), extension.to_owned());
            match to {
                Some(to) => drop(state.database.insert(key, to.to_owned())),
                None => drop(state.database.remove(&key)),
            }
        });
    }

    /// Takes away an extension's hint.
    pub fn remove_hint(&self, extension: &str) {
        self.pbx.change(|state| state.remove_hint(extension));
    }

    /// Sets somebody's own text.
    pub fn set_presence(&self, extension: &str, state_word: &str, message: &str) {
        self.pbx.change(|state| state.set_presence(extension, state_word, "", message));
    }

    /// Sets how many new and old messages a mailbox has.
    pub fn set_mailbox(&self, extension: &str, new: u32, old: u32) {
        self.pbx.change(|state| {
            state.mailboxes.insert(extension.to_owned(), (new, old));
            let packet = Packet::event("MessageWaiting", "call")
                .with("Mailbox", format!("{extension}@default"))
                .with("Waiting", if new > 0 { "1" } else { "0" })
                .with("New", new.to_string())
                .with("Old", old.to_string());
            state.emit("mailboxes", &[], "call", packet);
        });
    }
}
