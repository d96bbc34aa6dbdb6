//! The whole picture after sign-in: abilities, version, channels, lamps, own do-not-disturb.
//!
//! Nothing is held back meanwhile: events and list items are applied alike, and when the list of channels is complete, what
//! it does not show and what was not born since the sign-in is over.

use std::time::Duration;

use phone_core::told::Told;
use phone_core::{Now, Presence};

use super::channels::{Born, State};
use super::keys::Way;
use super::packet::{Action, Packet};
use super::phones::NOTIFY_CONTEXT;
use super::{Asked, Asterisk, Feature, Phase, lists};
use crate::dialect::{Effect, Effects};

/// A server that was started less than this ago may still be loading its modules.
const YOUNG_S: i64 = 20;
/// When its picture is asked for again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long the picture waits for the parts that it can do without.
const PARTS: Duration = Duration::from_secs(8);
/// Zones of time differ by multiples of this; a server tells when it was started in its own zone, and not in which.
const ZONES_S: i64 = 15 * 60;

impl Asterisk {
    /// Asks for everything at once; what this user may not ask for is refused and counts as empty.
    pub(super) fn begin_sync(&mut self, now: Now, out: &mut Effects) {
        self.sync_until = Some(now.mono + PARTS);
        self.channels.begin();
        self.people.begin();
        self.lists_open = 0;
        // Nothing waits before it, so its answer tells how far away the server is.
        self.ping(now, out);
        self.ask_list(Asked::Commands, |id| Action::new("ListCommands", id), out);
        self.ask_list(Asked::Settings, |id| Action::new("CoreSettings", id), out);
        self.ask_list(Asked::Started, |id| Action::new("CoreStatus", id), out);
        self.ask_list(Asked::Channels, |id| lists::CHANNELS.ask(id), out);
        self.ask_list(Asked::Hints, |id| lists::HINTS.ask(id), out);
        self.ask_list(Asked::Devices, |id| lists::DEVICES.ask(id), out);
        self.ask_own_dnd(out);
        self.ask_forwarding(out);
        self.ask_own_name(out);
        self.ask_features(out);
        self.ask_for_doctor(out);
    }

    /// Asks what the dial plan offers.
    fn ask_features(&mut self, out: &mut Effects) {
        let mut features = vec![Feature::Anything, Feature::DndOn, Feature::DndOff, Feature::PickUp];
        if [self.keys.answer, self.keys.hold].contains(&Way::Dialplan) {
            features.push(Feature::Talk);
        }
        if self.keys.answer == Way::Redirect {
            features.push(Feature::Answers);
        }
        for feature in features {
            let code = feature.code(&self.keys.extension);
            let context = match feature {
                Feature::Talk => NOTIFY_CONTEXT,
                Feature::Answers => &self.keys.answer_context,
                Feature::DndOn | Feature::DndOff | Feature::PickUp | Feature::Anything => &self.keys.context,
            };
            let variable = format!("VALID_EXTEN({context},{code},1)");
            self.ask_list(Asked::Feature(feature), |id| Action::new("Getvar", id).with("Variable", &variable), out);
        }
        self.ask_forward_codes(out);
    }

    /// Asks a question whose answer belongs to the whole picture.
    pub(super) fn ask_list(&mut self, asked: Asked, action: impl FnOnce(u64) -> Action, out: &mut Effects) {
        if self.phase == Phase::Syncing {
            self.lists_open += 1;
        }
        self.ask(asked, action, out);
    }

    /// One answer of the whole picture is here.
    pub(super) fn list_done(&mut self, now: Now, out: &mut Effects) {
        if self.phase != Phase::Syncing {
            return;
        }
        self.lists_open = self.lists_open.saturating_sub(1);
        if self.lists_open == 0 {
            self.picture_is_whole(now, out);
        }
    }

    /// A part did not come. Without the calls there is no picture, without lamps or names there is.
    pub(super) fn go_without_parts(&mut self, now: Now, out: &mut Effects) {
        self.sync_until = None;
        let calls = |asked: &Asked| matches!(asked, Asked::Commands | Asked::Channels | Asked::Status);
        if self.phase == Phase::Syncing && !self.asked.values().any(calls) {
            self.picture_is_whole(now, out);
        }
    }

    fn picture_is_whole(&mut self, now: Now, out: &mut Effects) {
        self.sync_until = None;
        self.phase = Phase::Live;
        self.settle_picture(now, out);
        out.push(Effect::Synced);
    }

    /// The lists are complete: tells all of it, also what is empty.
    fn settle_picture(&mut self, now: Now, out: &mut Effects) {
        self.channels.listed();
        self.calls.drop_lost(&self.channels);
        self.calls.follow(&mut self.channels, &self.keys, now);
        self.calls.drop_lost_dials();
        let version = self.learnt.server.clone();
        out.tell(Told::Identity {
            user: Some(self.keys.extension.clone()),
            domain: None,
            display_name: self.people.name_of(&self.keys.extension),
            server: version.map(|version| format!("Asterisk {version}")),
            dialect: Some("AMI".to_owned()),
        });
        self.told.forget();
        self.tell_abilities(out);
        out.tell(Told::People(self.people.all()));
        self.told_calls = None;
        self.tell_own(out);
        self.tell_forwarding(out);
        self.tell_calls(vec![], out);
        self.ask_parked(out);
        self.ask_about_phones(out);
        self.begin_names(out);
    }

    pub(super) fn listed_commands(&mut self, packet: &Packet<'_>) {
        self.known.listed(packet);
        self.allowed =
            packet.lines().map(|(key, _)| key.to_owned()).filter(|key| key != "Response" && key != "ActionID").collect();
    }

    pub(super) fn told_settings(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        if let Some(version) = packet.text("AsteriskVersion") {
            let version = version.split(['~', '+', ' ']).next().unwrap_or(version).to_owned();
            self.learn(|learnt| learnt.server = Some(version), out);
        }
    }

    /// When the server was started: another time than before means that every call of before is over.
    pub(super) fn told_start(&mut self, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let (Some(date), Some(time)) = (packet.text("CoreStartupDate"), packet.text("CoreStartupTime")) else { return };
        let started = format!("{date} {time}");
        if self.learnt.started.as_ref().is_some_and(|before| *before != started) {
            self.channels.restarted();
        }
        let age = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &started).ok().and_then(|at| {
            let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
            Some((now.wall.as_second() - at.as_second()).rem_euclid(ZONES_S))
        });
        // The event that says that all is loaded comes only with a right that this user need not have.
        if age.is_some_and(|age| age < YOUNG_S) && !self.booted {
            self.sync_again_at = Some(now.mono + AGAIN);
        }
        self.learn(|learnt| learnt.started = Some(started), out);
    }

    pub(super) fn fully_booted(&mut self, now: Now) {
        // What was listed before it may lack what was loaded since.
        if self.phase == Phase::Live && !self.booted {
            self.sync_again_at = Some(now.mono);
        }
        self.booted = true;
    }

    /// The server has had its time to load everything: asks for lamps and abilities once more, calls go on as they are.
    pub(super) fn sync_again(&mut self, out: &mut Effects) {
        self.sync_again_at = None;
        self.ask(Asked::Commands, |id| Action::new("ListCommands", id), out);
        self.ask(Asked::Hints, |id| lists::HINTS.ask(id), out);
        self.ask(Asked::Devices, |id| lists::DEVICES.ask(id), out);
        self.ask_own_dnd(out);
        self.ask_forwarding(out);
        self.ask_features(out);
    }

    /// One channel of the list.
    pub(super) fn listed_channel(&mut self, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        if !self.channels.listing {
            return;
        }
        let known = packet.text("Uniqueid").is_some_and(|id| self.channels.get(id).is_some());
        let Some(id) = self.channels.take(packet, "", &self.keys, now.mono) else { return };
        let bridge = packet.text("BridgeId").or_else(|| packet.text("BridgeID"));
        let application = packet.text("Application").unwrap_or_default();
        let parked = application.eq_ignore_ascii_case("ParkedCall") || application.eq_ignore_ascii_case("Park");
        if let Some(bridge) = bridge.filter(|_| !parked) {
            self.channels.enters(id, bridge, packet);
        }
        if let Some(channel) = self.channels.get_mut(id) {
            if channel.state != State::Up {
                channel.holds = Some(false);
            }
            channel.lasted = packet.text("Duration").and_then(seconds);
            if !known {
                channel.born = match application {
                    "AppDial" | "AppQueue" => Born::Called,
                    "AppDial2" => Born::Originated,
                    _ if channel.state == State::Ringing => Born::Called,
                    _ => Born::Dialling,
                };
            }
        }
        self.learn_names(packet, &[""], out);
    }

    /// `VALID_EXTEN` of a number of the account's context.
    pub(super) fn valid(&self, number: &str) -> String {
        format!("VALID_EXTEN({},{number},1)", self.keys.context)
    }

    pub(super) fn tell_own(&mut self, out: &mut Effects) {
        let own = &self.keys.extension;
        let presence = self.people.presence_of(own).unwrap_or_else(|| self.people.presence_of_devices(&self.keys.devices));
        let dnd = self.dnd.or_else(|| self.people.dnd_of(own));
        let presence = match (presence, dnd) {
            (Presence::Available, Some(true)) => Presence::Dnd,
            (other, _) => other,
        };
        self.told.own(presence, dnd, out);
    }
}

/// `00:00:04` in seconds.
fn seconds(text: &str) -> Option<u64> {
    text.split(':').try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
}
