//! Answers to our questions, by their numbers, and the items of the lists among them.

use phone_core::call::tidy;
use phone_core::told::Told;
use phone_core::{Now, Reason};

use super::packet::{Action, Packet};
use super::{Asked, Asterisk, Feature, Phase, lists};
use crate::dialect::{Effect, Effects};

impl Asterisk {
    /// Asks a question or gives an order, once.
    pub(super) fn ask(&mut self, asked: Asked, action: impl FnOnce(u64) -> Action, out: &mut Effects) -> u64 {
        let id = self.asked.number(asked);
        out.push(Effect::Send(self.wire, action(id).text()));
        id
    }

    pub(super) fn answer(&mut self, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let Some(id) = packet.action_id() else {
            // Only before the sign-in does the server say something that was not asked for.
            return if matches!(self.phase, Phase::SigningIn) {
                self.fail(Reason::Garbage, out)
            } else {
                out.push(Effect::Skipped)
            };
        };
        let Some(list) = self.asked.get(id).map(Asked::list) else { return };
        // The rest of a list follows.
        let begins = || packet.get("EventList").is_some_and(|word| word.eq_ignore_ascii_case("start"));
        if packet.is_success() && list.is_some_and(|list| list.unannounced || begins()) {
            return;
        }
        let Some(asked) = self.asked.take(id) else { return };
        match asked {
            Asked::Challenge => return self.challenged(packet, out),
            Asked::Login => return self.logged_in(packet, now, out),
            Asked::Ping => return self.known.ponged(packet, now),
            Asked::Examined(look) => return self.examined(look, packet),
            Asked::Step(request, step) => return self.step_answered(request, step, packet, now, out),
            Asked::Commands => self.listed_commands(packet),
            Asked::Settings => self.told_settings(packet, out),
            Asked::Started => self.told_start(packet, now, out),
            // Without the right to it there is another list, which says the same.
            Asked::Channels if !packet.is_success() => self.ask_list(Asked::Status, |id| lists::STATUS.ask(id), out),
            Asked::Feature(feature) => {
                if packet.is_success() && packet.text("Value") == Some("1") {
                    self.features.insert(feature);
                } else {
                    self.features.remove(&feature);
                }
            }
            Asked::Dnd => self.dnd_answered(packet, out),
            Asked::Forward(when) => self.forward_answered(when, packet, now, out),
            Asked::ForwardCode(when, on) => self.forward_code_answered(when, on, packet),
            Asked::Name(number) => self.told_name(&number, packet, out),
            Asked::Contacts(endpoint) => return self.told_contacts(endpoint, packet, out),
            Asked::Model(endpoint, contact) => return self.told_model(&endpoint, &contact, packet),
            Asked::Knows(endpoint) => return self.told_what_it_knows(&endpoint, packet, out),
            Asked::Parked => return self.parked_are_not_listed(),
            Asked::Caller(key) => return self.caller_answered(&key, packet, now, out),
            Asked::Channels | Asked::Status | Asked::Hints | Asked::Devices | Asked::Bridge(_) => {}
        }
        self.part_done(now, out);
    }

    /// A part of the whole picture is here, or of what is asked for again.
    fn part_done(&mut self, now: Now, out: &mut Effects) {
        if self.phase == Phase::Live {
            self.tell_abilities(out);
            self.tell_forwarding(out);
        }
        self.list_done(now, out);
    }

    /// An event that belongs to a question.
    pub(super) fn answer_event(&mut self, name: &str, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let Some(id) = packet.action_id() else { return };
        if name == "OriginateResponse" {
            return self.originated(id, packet, now, out);
        }
        let Some(asked) = self.asked.get(id).cloned() else { return };
        let Some(list) = asked.list() else { return };
        if name == list.end {
            self.asked.take(id);
            if asked == Asked::Parked {
                return self.parked_are_listed(now, out);
            }
            if let Asked::Step(request, _) = asked {
                return self.told_who_rings(request, now, out);
            }
            if asked == Asked::Hints && self.phase == Phase::Live {
                out.tell(Told::People(self.people.all()));
            }
            return self.part_done(now, out);
        }
        if name != list.item {
            return;
        }
        if let Asked::Bridge(bridge) = asked {
            if let Some(id) = self.channels.take(packet, "", &self.keys, now.mono) {
                self.channels.enters(id, &bridge, packet);
                self.follow(now, out);
            }
        } else if let Asked::Forward(when) = asked {
            self.forward_entry(when, packet, now, out);
            self.asked.take(id);
            self.part_done(now, out);
        } else if asked == Asked::Dnd {
            self.dnd_entry(packet, out);
            // Old servers end here, new ones with one more event.
            self.asked.take(id);
            self.part_done(now, out);
        } else if asked == Asked::Parked {
            self.listed_parked(packet, now);
        } else if let Asked::Step(request, _) = asked {
            self.listed_who_rings(request, packet);
        } else if matches!(asked, Asked::Channels | Asked::Status) {
            self.listed_channel(packet, now, out);
        }
    }

    /// Asks who is in the bridge of an own leg, where somebody went in before it was known to concern us.
    pub(super) fn ask_who_is_in(&mut self, bridge: &str, out: &mut Effects) {
        let Some(known) = self.channels.bridge(bridge) else { return };
        let ours = known.members.iter().any(|member| self.channels.get(member).is_some_and(|channel| channel.own));
        let asked = Asked::Bridge(bridge.to_owned());
        let lacks = known.count > known.members.len() && known.members.len() < 2 && !known.waits;
        if ours
            && lacks
            && self.phase == Phase::Live
            && !self.asked.is_full()
            && !self.asked.values().any(|other| *other == asked)
        {
            self.ask(asked, |id| lists::BRIDGE.ask(id).with("BridgeUniqueid", bridge), out);
        }
    }

    pub(super) fn presence_event(&mut self, name: &str, packet: &Packet<'_>, out: &mut Effects) {
        let live = self.phase == Phase::Live;
        let changed: Vec<_> = if name == "ExtensionStatus" {
            self.people.take_hint(packet).into_iter().collect()
        } else {
            self.people.take_device(packet)
        };
        if !live {
            return;
        }
        for person in changed {
            out.tell(Told::Person(person));
        }
        let own_switch = packet.text("Device").and_then(|device| device.strip_prefix("Custom:DND"));
        if own_switch == Some(self.keys.extension.as_str()) {
            // Set at the phone, or by us: the database says how it is.
            if self.allows("DBGet") {
                self.ask_own_dnd(out);
            } else {
                self.dnd = None;
            }
        }
        if packet.text("Device").is_some_and(|device| self.is_forward_switch(device)) {
            self.ask_forwarding(out);
        }
        self.tell_own(out);
        if self.calls.iter().next().is_some() {
            self.tell_calls(vec![], out);
        }
    }
}

impl Feature {
    /// The code that is dialled for it, or whose existence shows it.
    pub(super) fn code(self, own: &str) -> String {
        match self {
            Self::DndOn => "*78".to_owned(),
            Self::DndOff => "*79".to_owned(),
            Self::PickUp => format!("**{own}"),
            Self::Talk => format!("talk{own}"),
            Self::Answers => own.to_owned(),
            // Nobody gives a meaning to this.
            Self::Anything => "*0*0*0".to_owned(),
        }
    }
}

/// A refusal in the words of the server.
pub(super) fn said(packet: &Packet<'_>) -> Reason {
    let message = tidy(packet.message());
    match message.to_ascii_lowercase() {
        lower if lower.contains("permission denied") => Reason::RefusedByPbx("the account lacks the right".to_owned()),
        lower if lower.contains("extension does not exist") => Reason::RefusedByPbx("there is no such number".to_owned()),
        lower if lower.contains("no such channel") => Reason::NoSuchCall,
        lower => Reason::RefusedByPbx(lower.trim_end_matches('.').to_owned()),
    }
}
