//! Click to dial: the own phone first, then the number (sections 6.1 and 7.4).

use std::time::Duration;

use super::channel::{End, Ending, LegState, Originate, Party};
use super::events::Birth;
use super::options::{Phone, Release};
use super::packet::Packet;
use super::records::CallId;
use super::state::State;

/// What is to be originated, checked already.
pub(super) struct Order {
    pub(super) originate: Originate,
    pub(super) id: String,
    pub(super) party: Party,
    pub(super) timeout: Duration,
    pub(super) answers_itself: bool,
    pub(super) call: CallId,
}

impl State {
    /// Rings one contact of an endpoint. False when none is registered.
    pub(super) fn originate_at(&mut self, endpoint: &str, order: Order) -> bool {
        let mut phones = self.phones.values().filter(|phone| phone.endpoint == endpoint && phone.registered);
        let Some(phone) = phones.next().cloned() else { return false };
        let name = self.leg_name(&format!("PJSIP/{endpoint}"));
        let id = self.first_leg(name, End::Phone(phone.name.clone()), &order);
        self.becomes(&id, LegState::Ringing);
        self.tell_dial("DialBegin", None, &id, &[("DialString", endpoint)]);
        self.originate_waits(&id, &order);
        self.answers_at_once(&id, &phone, order.answers_itself);
        true
    }

    /// Begins at a Local channel: what the dialplan rings, or does.
    pub(super) fn originate_local(&mut self, number: &str, context: &str, order: Order) {
        let name = self.local_name(number, context);
        let far_id = if self.options.system_name.is_some() || order.id.starts_with(|c: char| !c.is_ascii_digit()) {
            format!("{};2", order.id)
        } else {
            self.unique_id()
        };
        let near = self.first_leg(format!("{name};1"), End::Local(far_id.clone()), &order);
        let far = self.second_half(&name, &near, far_id, number, context, order.party.clone());
        self.tell_dial("DialBegin", None, &near, &[("DialString", &format!("{number}@{context}"))]);
        self.originate_waits(&near, &order);
        self.run(&far, context, number);
    }

    /// Makes the second half of a Local channel and ties both.
    pub(super) fn second_half(
        &mut self,
        name: &str,
        near: &str,
        id: String,
        number: &str,
        context: &str,
        party: Party,
    ) -> String {
        let (call, linked) = self.legs.get(near).map_or((CallId(0), String::new()), |leg| (leg.call, leg.linked.clone()));
        let far = self.born(Birth {
            name: format!("{name};2"),
            id,
            linked,
            call,
            end: End::Local(near.to_owned()),
            state: LegState::Ring,
            party,
            connected: Party::default(),
            exten: number.to_owned(),
        });
        if let Some(leg) = self.legs.get_mut(&far) {
            leg.context = context.to_owned();
        }
        let (Some(one), Some(two)) = (self.legs.get(near), self.legs.get(&far)) else { return far };
        let packet = Packet::event("LocalBridge", "call")
            .with_all(one.snapshot("LocalOne"))
            .with_all(two.snapshot("LocalTwo"))
            .with("Context", context)
            .with("Exten", number)
            .with("LocalOptimization", "Yes");
        self.emit(near, &[near, &far], "call", packet);
        far
    }

    fn first_leg(&mut self, name: String, end: End, order: &Order) -> String {
        let id = self.born(Birth {
            name,
            id: order.id.clone(),
            linked: order.id.clone(),
            call: order.call,
            end,
            state: LegState::Down,
            party: order.party.clone(),
            // The phone is shown itself calling.
            connected: order.party.clone(),
            exten: order.originate.exten.clone(),
        });
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.context.clone_from(&order.originate.context);
            leg.originate = Some(order.originate.clone());
            leg.application = "AppDial2".to_owned();
            leg.data = "(Outgoing Line)".to_owned();
            leg.answers_itself = order.answers_itself;
            leg.features = self.options.features;
        }
        id
    }

    fn originate_waits(&mut self, id: &str, order: &Order) {
        self.step_later(id, order.timeout, false, |state, id| {
            if state.legs.get(id).is_some_and(|leg| leg.originate.is_some()) {
                state.end_leg(id, Ending { cause: 19, ..Ending::NO_ANSWER });
            }
        });
    }

    fn answers_at_once(&mut self, id: &str, phone: &Phone, asked: bool) {
        if asked && phone.obeys_answer_after {
            self.answered(id);
        }
    }

    /// Lifts the own phone; only now the number is dialled.
    pub(super) fn originate_answered(&mut self, id: &str) {
        let Some(originate) = self.legs.get_mut(id).and_then(|leg| leg.originate.take()) else { return };
        self.becomes(id, LegState::Up);
        if self.is_old() {
            self.tell_originate(id, &originate, "Success", "4");
            self.tell_dial("DialEnd", None, id, &[("DialStatus", "ANSWER")]);
        } else {
            self.tell_dial("DialEnd", None, id, &[("DialStatus", "ANSWER")]);
            self.tell_originate(id, &originate, "Success", "4");
        }
        match originate.application {
            Some((application, data)) => {
                self.runs(id, &application, &data);
                let seconds = data.parse().unwrap_or(3600);
                if application.eq_ignore_ascii_case("Wait") {
                    self.step_later(id, Duration::from_secs(seconds), true, |state, id| state.dialplan_ends(id, 16));
                }
            }
            None => self.run(id, &originate.context, &originate.exten),
        }
    }

    /// Ends a click to dial whose own phone was not lifted.
    pub(super) fn originate_failed(&mut self, id: &str, reason: &str, ending: Ending) {
        let Some(originate) = self.legs.get_mut(id).and_then(|leg| leg.originate.take()) else { return };
        let declined = ending.by_phone;
        if declined && self.options.release == Release::V22 {
            self.tell_dial("DialEnd", None, id, &[("DialStatus", ending.status)]);
        }
        if ending.by_phone || reason == "3" {
            self.tell_originate(id, &originate, "Failure", reason);
        }
        if declined && self.options.release == Release::V16 {
            self.tell_dial("DialEnd", None, id, &[("DialStatus", ending.status)]);
        }
        let cancelled = !ending.by_phone && reason != "3";
        let told = cancelled.then(|| self.originate_response(Some(id), &originate, "Failure", reason));
        self.ends_in_bridge(id, ending);
        if let Some(told) = told {
            self.emit("originate", &[], "call", told);
        }
    }

    /// Tells that an `Originate` could not even begin.
    pub(super) fn originate_refused(&mut self, originate: &Originate, id: &str) {
        // Ours or unknown, both were seen.
        let known = self.options.seed.is_none() || self.random.bool();
        let packet = self.originate_response(None, originate, "Failure", "0");
        let packet = packet.with("Uniqueid", if known { id } else { "<unknown>" });
        self.emit("originate", &[], "call", packet);
    }

    fn tell_originate(&mut self, id: &str, originate: &Originate, word: &str, reason: &str) {
        let packet = self.originate_response(Some(id), originate, word, reason);
        self.emit("originate", &[id], "call", packet);
    }

    fn originate_response(&self, id: Option<&str>, originate: &Originate, word: &str, reason: &str) -> Packet {
        let leg = id.and_then(|id| self.legs.get(id));
        let packet = Packet::event("OriginateResponse", "call");
        let packet = if originate.action_id.is_empty() { packet } else { packet.with("ActionID", &originate.action_id) };
        let packet = packet
            .with("Response", word)
            .with("Channel", leg.map_or(originate.channel.as_str(), |leg| leg.name.as_str()))
            .with("Context", &originate.context)
            .with("Exten", &originate.exten)
            .with("Reason", reason);
        let packet = match &originate.application {
            Some((application, data)) => packet.with("Application", application).with("Data", data),
            None => packet,
        };
        match leg {
            Some(leg) => {
                packet.with("Uniqueid", &leg.id).with("CallerIDNum", &leg.party.number).with("CallerIDName", &leg.party.name)
            }
            None => packet,
        }
    }
}
