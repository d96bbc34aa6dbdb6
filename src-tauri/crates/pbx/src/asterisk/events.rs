//! Events: looked at by name first, then by whether they are about us, and only then taken.

use phone_core::told::Told;
use phone_core::{Now, Party};

use super::channels::{Born, Dial, State};
use super::lists::List;
use super::packet::{Packet, event_name};
use super::{Asterisk, Phase};
use crate::dialect::{Effect, Effects};

/// What an event is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A fact about a channel, a bridge or a call.
    Call,
    /// Somebody waits in a parking place, or does so no more.
    Parking,
    /// A fact about a phone or a number of the dial plan.
    Presence,
    /// Belongs to a question of ours.
    Answer,
    /// The server itself.
    Server,
    /// Known, and of no use.
    Idle,
    /// Not known.
    Unknown,
}

fn kind(name: &str) -> Kind {
    match name {
        "Newchannel" | "Newstate" | "NewCallerid" | "NewConnectedLine" | "DialBegin" | "DialEnd" | "BridgeEnter"
        | "BridgeLeave" | "Hangup" | "HangupRequest" | "Hold" | "Unhold" | "BlindTransfer" | "AttendedTransfer" | "Pickup"
        | "LocalBridge" => Kind::Call,
        "ParkedCall" | "UnParkedCall" | "ParkedCallTimeOut" | "ParkedCallGiveUp" | "ParkedCallSwap" => Kind::Parking,
        "ExtensionStatus" | "DeviceStateChange" => Kind::Presence,
        "OriginateResponse" => Kind::Answer,
        "FullyBooted" | "Shutdown" => Kind::Server,
        "Newexten"
        | "VarSet"
        | "DialState"
        | "BridgeCreate"
        | "BridgeDestroy"
        | "BridgeMerge"
        | "BridgeInfoUpdate"
        | "SoftHangupRequest"
        | "MusicOnHoldStart"
        | "MusicOnHoldStop"
        | "LocalOptimizationBegin"
        | "LocalOptimizationEnd"
        | "DTMFBegin"
        | "DTMFEnd"
        | "Cdr"
        | "CEL"
        | "RTCPSent"
        | "RTCPReceived"
        | "TestEvent"
        | "PeerStatus"
        | "ContactStatus"
        | "Reload"
        | "PresenceStateChange"
        | "PresenceStatus"
        | "MessageWaiting"
        | "ChanSpyStart"
        | "ChanSpyStop"
        | "NewAccountCode"
        | "Rename"
        | "QueueCallerJoin"
        | "QueueCallerLeave"
        | "QueueCallerAbandon"
        | "QueueMemberStatus"
        | "QueueMemberPause"
        | "QueueMemberAdded"
        | "QueueMemberRemoved"
        | "AgentCalled"
        | "AgentConnect"
        | "AgentComplete"
        | "AgentRingNoAnswer"
        | "SuccessfulAuth"
        | "ChallengeSent"
        | "InvalidPassword"
        | "ConfbridgeJoin"
        | "ConfbridgeLeave"
        | "ConfbridgeTalking"
        | "UserEvent"
        | "ChannelTalkingStart"
        | "ChannelTalkingStop"
        | "DNDState"
        | "Alarm"
        | "Registry"
        | "MCID"
        | "AOC-S"
        | "AOC-D"
        | "AOC-E"
        | "FAXStatus"
        | "ReceiveFAX"
        | "SendFAX"
        | "Flash"
        | "Wink"
        | "Load"
        | "Unload" => Kind::Idle,
        name if List::has(name) => Kind::Answer,
        _ => Kind::Unknown,
    }
}

impl Asterisk {
    /// One packet, after the greeting.
    pub(super) fn packet(&mut self, text: &str, now: Now, out: &mut Effects) {
        let Some(name) = event_name(text) else {
            let packet = Packet::read(text);
            match packet.get("Response") {
                Some(_) => self.answer(&packet, now, out),
                None => out.push(Effect::Skipped),
            }
            return;
        };
        if !matches!(self.phase, Phase::Syncing | Phase::Live) {
            return;
        }
        match kind(name) {
            Kind::Call => {
                self.known.saw_event();
                let packet = Packet::read(text);
                if self.channels.concerns_us(&packet, &self.keys) {
                    self.call_event(name, &packet, now, out);
                    self.follow(now, out);
                }
            }
            Kind::Parking => {
                let packet = Packet::read(text);
                // The items of the list have the same name.
                if packet.action_id().is_some() {
                    return self.answer_event(name, &packet, now, out);
                }
                let moves = matches!(name, "ParkedCall" | "UnParkedCall");
                if moves && self.channels.concerns_us(&packet, &self.keys) {
                    self.call_event(name, &packet, now, out);
                    self.follow(now, out);
                }
                self.parking_event(name, &packet, now, out);
            }
            Kind::Presence => self.presence_event(name, &Packet::read(text), out),
            Kind::Answer => self.answer_event(name, &Packet::read(text), now, out),
            Kind::Server if name == "FullyBooted" => self.fully_booted(now),
            Kind::Server | Kind::Idle => {}
            Kind::Unknown => out.push(Effect::Skipped),
        }
    }

    fn call_event(&mut self, name: &str, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let mono = now.mono;
        for group in groups(name) {
            self.channels.take(packet, group, &self.keys, mono);
        }
        let id = packet.text("Uniqueid").unwrap_or_default();
        match name {
            "Newchannel" => {
                if let Some(channel) = self.channels.get_mut(id) {
                    channel.holds = Some(false);
                    channel.born = match channel.state {
                        State::Ring | State::Up => Born::Dialling,
                        // Whoever is called has the link id of who calls.
                        _ if channel.linked == id => Born::Originated,
                        State::Down | State::Ringing => Born::Called,
                    };
                }
            }
            "NewConnectedLine" => {
                if let Some(channel) = self.channels.get_mut(id)
                    && !channel.aside
                {
                    channel.before = None;
                }
            }
            "DialBegin" => self.dial_begins(id, packet),
            "DialEnd" => self.dial_ends(id, packet, now),
            "BridgeEnter" => {
                if let Some(bridge) = packet.text("BridgeUniqueid")
                    && self.channels.get(id).is_some()
                {
                    self.channels.enters(id, bridge, packet);
                    self.ask_who_is_in(bridge, out);
                }
            }
            "BridgeLeave" => {
                let count = packet.get("BridgeNumChannels").and_then(|count| count.parse().ok());
                if let Some(bridge) = packet.text("BridgeUniqueid") {
                    self.channels.leaves(id, bridge, count);
                }
            }
            "HangupRequest" => {
                if let Some(channel) = self.channels.get_mut(id) {
                    channel.asked_to_end = true;
                }
            }
            "Hangup" => {
                let cause = packet.text("Cause").and_then(|cause| cause.parse().ok()).unwrap_or_default();
                self.channels.ends(id, cause);
            }
            "Hold" => {
                // Without a class of music it may be the PBX, which puts the call aside to ask somebody.
                let aside = packet.text("MusicClass").is_none();
                if let Some(channel) = self.channels.get_mut(id) {
                    if aside && channel.own {
                        channel.aside = true;
                        channel.holds = Some(false);
                        channel.aside_in.clone_from(&channel.last_bridge);
                        channel.before.get_or_insert_with(|| channel.connected.clone());
                    } else {
                        channel.holds = Some(true);
                    }
                }
            }
            "Unhold" => {
                if let Some(channel) = self.channels.get_mut(id) {
                    (channel.holds, channel.aside) = (Some(false), false);
                }
            }
            "BlindTransfer" => self.blind_transferred(packet, out),
            "AttendedTransfer" => self.attended_transferred(packet, out),
            "ParkedCall" => self.was_parked(packet, out),
            _ => {}
        }
        self.learn_names(packet, groups(name), out);
    }

    fn dial_begins(&mut self, id: &str, packet: &Packet<'_>) {
        let caller = packet.text("Channel").is_some();
        if let Some(called) = packet.text("DestUniqueid").and_then(|dest| self.channels.get_mut(dest)) {
            // A phone that dialled is dialled by nobody.
            called.born = match (called.born, caller) {
                (Born::Dialling, _) => Born::Dialling,
                (_, true) => Born::Called,
                (_, false) => Born::Originated,
            };
            called.called_by = Some(id.to_owned()).filter(|_| caller);
        }
        if let Some(caller) = self.channels.get_mut(id)
            && caller.dial != Dial::Answered
        {
            caller.dial = Dial::Trying;
            caller.calling = caller.calling.saturating_add(1);
        }
    }

    fn dial_ends(&mut self, id: &str, packet: &Packet<'_>, now: Now) {
        let status = packet.text("DialStatus").unwrap_or_default();
        if packet.text("Channel").is_some()
            && let Some(called) = packet.text("DestUniqueid").and_then(|dest| self.channels.get_mut(dest))
        {
            called.taken |= status == "ANSWER";
            called.cancelled |= status == "CANCEL";
        }
        let Some(caller) = self.channels.get_mut(id) else { return };
        caller.calling = caller.calling.saturating_sub(1);
        match status {
            "ANSWER" => caller.dial = Dial::Answered,
            // One of several phones; the others may still ring.
            _ if caller.dial == Dial::Answered || caller.calling > 0 => {}
            "BUSY" | "CONGESTION" => caller.dial = Dial::Busy,
            _ => {
                caller.dial = Dial::Failed;
                caller.quiet_since = Some(now.mono);
            }
        }
    }

    /// Names of people behind internal numbers, as they pass by.
    pub(super) fn learn_names(&mut self, packet: &Packet<'_>, groups: &[&str], out: &mut Effects) {
        for group in groups {
            if let Some(Party { number: Some(number), name: Some(name) }) = packet.party(group, "CallerID")
                && let Some(person) = self.people.named(&number, &name, false).filter(|_| self.phase == Phase::Live)
            {
                out.tell(Told::Person(person));
            }
        }
    }
}

/// The groups of keys in which an event tells channels.
fn groups(name: &str) -> &'static [&'static str] {
    match name {
        "DialBegin" | "DialEnd" => &["", "Dest"],
        "BlindTransfer" => &["Transferer", "Transferee"],
        "AttendedTransfer" => &["OrigTransferer", "SecondTransferer", "Transferee", "TransferTarget"],
        "ParkedCall" => &["Parkee"],
        // What it says of who fetched it is from before that.
        "UnParkedCall" => &["Parkee"],
        "Pickup" => &["", "Target"],
        "LocalBridge" => &["LocalOne", "LocalTwo"],
        _ => &[""],
    }
}
