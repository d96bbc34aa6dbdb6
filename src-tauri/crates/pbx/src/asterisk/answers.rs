//! Answers to our questions, by their numbers, and the items of the lists among them.

use phone_core::told::Told;
use phone_core::{Now, Reason};

use super::packet::{Action, Packet};
use super::{Asked, Asterisk, Feature, Phase};
use crate::dialect::{Effect, Effects};

/// So many questions may be open at once; a server that answers none of them is asked no more.
pub(super) const MOST_ASKED: usize = 256;

impl Asterisk {
    /// Asks a question or gives an order, once.
    pub(super) fn ask(&mut self, asked: Asked, action: impl FnOnce(u64) -> Action, out: &mut Effects) -> u64 {
        let id = self.number(asked);
        out.push(Effect::Send(self.wire, action(id).text()));
        id
    }

    /// The number of the next question.
    pub(super) fn number(&mut self, asked: Asked) -> u64 {
        self.next_action += 1;
        self.asked.insert(self.next_action, asked);
        self.next_action
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
        let Some(asked) = self.asked.get(&id).cloned() else { return };
        // The rest of a list follows.
        let list = packet.get("EventList").is_some_and(|word| word.eq_ignore_ascii_case("start"));
        let lists =
            matches!(asked, Asked::Channels | Asked::Status | Asked::Hints | Asked::Devices | Asked::Bridge(_) | Asked::Dnd);
        if lists && packet.is_success() && (list || asked == Asked::Dnd) {
            return;
        }
        self.asked.remove(&id);
        match asked {
            Asked::Challenge => return self.challenged(packet, out),
            Asked::Login => return self.logged_in(packet, now, out),
            Asked::Ping => return,
            Asked::Step(request, step) => return self.step_answered(request, step, packet, now, out),
            Asked::Commands => self.listed_commands(packet),
            Asked::Settings => self.told_settings(packet, out),
            Asked::Started => self.told_start(packet, now, out),
            // Without the right to it there is another list, which says the same.
            Asked::Channels if !packet.is_success() => self.ask_list(Asked::Status, |id| Action::new("Status", id), out),
            Asked::Feature(feature) => {
                if packet.is_success() && packet.text("Value") == Some("1") {
                    self.features.insert(feature);
                } else {
                    self.features.remove(&feature);
                }
            }
            Asked::Dnd => self.dnd_answered(packet, out),
            Asked::Name(number) => self.told_name(&number, packet, out),
            Asked::Contacts(endpoint) => return self.told_contacts(endpoint, packet, out),
            Asked::Model(endpoint, contact) => return self.told_model(&endpoint, &contact, packet),
            Asked::Knows(endpoint) => return self.told_what_it_knows(&endpoint, packet, out),
            Asked::Channels | Asked::Status | Asked::Hints | Asked::Devices | Asked::Bridge(_) => {}
        }
        self.part_done(now, out);
    }

    /// A part of the whole picture is here, or of what is asked for again.
    fn part_done(&mut self, now: Now, out: &mut Effects) {
        if self.phase == Phase::Live {
            self.tell_abilities(out);
        }
        self.list_done(now, out);
    }

    /// An event that belongs to a question.
    pub(super) fn answer_event(&mut self, name: &str, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let Some(id) = packet.action_id() else { return };
        if name == "OriginateResponse" {
            return self.originated(id, packet, now, out);
        }
        let Some(asked) = self.asked.get(&id).cloned() else { return };
        match (name, asked) {
            ("CoreShowChannel", Asked::Channels) | ("Status", Asked::Status) => self.listed_channel(packet, now, out),
            ("BridgeInfoChannel", Asked::Bridge(bridge)) => {
                if let Some(id) = self.channels.take(packet, "", &self.keys, now.mono) {
                    self.channels.enters(id, &bridge, packet);
                    self.follow(now, out);
                }
            }
            ("DBGetResponse", Asked::Dnd) => {
                self.dnd_entry(packet, out);
                // Old servers end here, new ones with one more event.
                self.asked.remove(&id);
                self.part_done(now, out);
            }
            ("CoreShowChannelsComplete", Asked::Channels)
            | ("StatusComplete", Asked::Status)
            | ("ExtensionStateListComplete", Asked::Hints)
            | ("DeviceStateListComplete", Asked::Devices)
            | ("BridgeInfoComplete", Asked::Bridge(_))
            | ("DBGetComplete", Asked::Dnd) => {
                let was_hints = self.asked.remove(&id) == Some(Asked::Hints);
                if was_hints && self.phase == Phase::Live {
                    out.tell(Told::People(self.people.all()));
                }
                self.part_done(now, out);
            }
            _ => {}
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
            && self.asked.len() < MOST_ASKED
            && !self.asked.values().any(|other| *other == asked)
        {
            self.ask(asked, |id| Action::new("BridgeInfo", id).with("BridgeUniqueid", bridge), out);
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
        }
    }
}
