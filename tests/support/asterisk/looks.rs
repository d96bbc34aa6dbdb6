//! Actions that only look: lists, values, versions (sections 2.2, 6.5 and 8).

use std::time::{Instant, SystemTime};

use super::actions::Asked;
use super::channel::{End, LegState};
use super::packet::Packet;
use super::presence::word;
use super::rights::RIGHTS;
use super::state::State;

impl State {
    /// Answers an action that changes nothing.
    pub(super) fn look_up(&mut self, asked: &Asked<'_>, action: &str) {
        let success = Packet::response("Success", &asked.id);
        match action {
            "Ping" => {
                let now = jiff::Timestamp::now();
                let time = format!("{}.{:06}", now.as_second(), now.subsec_microsecond());
                self.send(asked.session, &success.with("Ping", "Pong").with("Timestamp", time));
            }
            "ListCommands" => {
                let (release, notify) = (self.options.release, self.options.notify_module);
                let given = RIGHTS.iter().filter(|right| right.exists(release, notify) && right.given(&asked.user));
                let packet = given.fold(success, |packet, right| packet.with(right.action, right.text()));
                if let Some(known) = self.sessions.get_mut(&asked.session) {
                    known.has_listed = true;
                }
                self.send(asked.session, &packet);
            }
            "Events" => {
                let on = self.sessions.get_mut(&asked.session).is_some_and(|known| known.wants(asked.get("EventMask")));
                self.send(asked.session, &success.with("Events", if on { "On" } else { "Off" }));
            }
            "CoreSettings" => {
                let release = self.options.release;
                let packet = success
                    .with("AMIversion", release.interface())
                    .with("AsteriskVersion", release.version())
                    .with("SystemName", self.options.system_name.clone().unwrap_or_default())
                    .with("CoreMaxCalls", "0")
                    .with("CoreMaxLoadAvg", "0.000000");
                self.send(asked.session, &packet);
            }
            "CoreStatus" => {
                let (date, time) = clock(self.started);
                let packet = success
                    .with("CoreStartupDate", date.as_str())
                    .with("CoreStartupTime", time.as_str())
                    .with("CoreReloadDate", date)
                    .with("CoreReloadTime", time)
                    .with("CoreCurrentCalls", self.dialling.len().to_string());
                self.send(asked.session, &packet);
            }
            "CoreShowChannels" => self.lists_channels(asked),
            "Status" => self.lists_status(asked),
            "ExtensionStateList" => {
                let numbers: Vec<String> = self.extensions.keys().cloned().collect();
                let features = if self.options.feature_hints { numbers.as_slice() } else { &[] };
                let features = features.iter().map(|number| self.feature_status(number, &asked.id));
                let items = numbers.iter().map(|number| self.extension_status(number, &asked.id)).chain(features).collect();
                self.list(asked, "Extension Statuses will follow", items, "ExtensionStateListComplete");
            }
            "DeviceStateList" => {
                let devices: Vec<String> = self.devices_shown.keys().cloned().collect();
                let custom = self.custom_states.iter().map(|(name, state)| (format!("Custom:{name}"), state.clone()));
                let devices = devices.iter().map(|device| (device.clone(), self.device_state(device).to_owned())).chain(custom);
                let item = |(device, state): (String, String)| {
                    self.item("DeviceStateChange", asked).with("Device", device).with("State", state)
                };
                let items = devices.map(item).collect();
                self.list(asked, "Device State Changes will follow", items, "DeviceStateListComplete");
            }
            "PresenceStateList" => {
                let rich = self.extensions.values().filter(|extension| extension.rich_hint);
                let items = rich.map(|extension| self.presence_change(&extension.number, &asked.id)).collect();
                self.list(asked, "Presence State Changes will follow", items, "PresenceStateListComplete");
            }
            "ExtensionState" => {
                let number = asked.get("Exten").to_owned();
                let status = self.hint_state(&number);
                let packet = success
                    .with("Message", "Extension Status")
                    .with("Exten", number.as_str())
                    .with("Context", asked.get("Context"))
                    .with("Hint", self.hint(&number))
                    .with("Status", status.to_string())
                    .with("StatusText", word(status));
                self.send(asked.session, &packet);
            }
            "PresenceState" => {
                let number = asked.get("Provider").trim_start_matches("CustomPresence:").to_owned();
                let (state, subtype, message) = self.presence.get(&number).cloned().unwrap_or_default();
                let packet =
                    success.with("Message", "Presence State").with("State", if state.is_empty() { "not_set" } else { &state });
                self.send(asked.session, &packet.with("Subtype", subtype).with("PresenceMessage", message));
            }
            "Getvar" => self.gets(asked),
            "DBGet" => {
                let (family, key) = (asked.get("Family").to_owned(), asked.get("Key").to_owned());
                let Some(value) = self.database(&family, &key).map(str::to_owned) else {
                    return self.refuse(asked, "Database entry not found");
                };
                let item = self.item("DBGetResponse", asked).with("Family", family).with("Key", key).with("Val", value);
                self.list(asked, "Result will follow", vec![item], "DBGetComplete");
            }
            "MailboxCount" => {
                let mailbox = asked.get("Mailbox").to_owned();
                let (new, old) = self.mailboxes.get(mailbox.split('@').next().unwrap_or_default()).copied().unwrap_or_default();
                let packet = success
                    .with("Message", "Mailbox Message Count")
                    .with("Mailbox", mailbox)
                    .with("UrgMessages", "0")
                    .with("NewMessages", new.to_string())
                    .with("OldMessages", old.to_string());
                self.send(asked.session, &packet);
            }
            "ParkedCalls" => {
                let items = self.parked.iter().filter_map(|(space, parked)| self.parked_call(*space, parked));
                let items = items.map(|packet| packet.with("ActionID", &asked.id)).collect();
                self.list(asked, "Parked calls will follow", items, "ParkedCallsComplete");
            }
            "Parkinglots" => {
                let item =
                    self.item("Parkinglot", asked).with("Name", "default").with("StartSpace", "71").with("StopSpace", "79");
                self.list(asked, "Parking lots will follow", vec![item.with("Timeout", "30")], "ParkinglotsComplete");
            }
            "BridgeList" => {
                let items: Vec<Packet> = self
                    .bridges
                    .values()
                    .map(|bridge| self.item("BridgeListItem", asked).with_all(bridge.snapshot("")))
                    .collect();
                self.list(asked, "Bridge listing will follow", items, "BridgeListComplete");
            }
            "BridgeInfo" => {
                let Some(bridge) = self.bridges.get(asked.get("BridgeUniqueid")).cloned() else {
                    return self.refuse(asked, "Specified BridgeUniqueid not found");
                };
                let legs = bridge.members.iter().filter_map(|member| self.legs.get(member));
                let items = legs.map(|leg| self.item("BridgeInfoChannel", asked).with_all(leg.snapshot(""))).collect();
                self.list_with(asked, "Bridge channel listing will follow", items, "BridgeInfoComplete", bridge.snapshot(""));
            }
            "QueueStatus" => {
                let queue = self.item("QueueParams", asked).with("Queue", "sales").with("Strategy", "ringall").with("Calls", "0");
                let member = self.item("QueueMember", asked).with("Queue", "sales").with("Name", "Carol Example");
                let member = member.with("Location", "PJSIP/102").with("StateInterface", "PJSIP/102").with("Paused", "0");
                self.list(asked, "Queue status will follow", vec![queue, member], "QueueStatusComplete");
            }
            "QueueSummary" => self.list(asked, "Queue summary will follow", Vec::new(), "QueueSummaryComplete"),
            // Known to the server, of no use to a desk, and so a sin.
            other => {
                self.sin(format!("{other}, which a desk has no business with"));
                self.refuse(asked, "Permission denied");
            }
        }
    }

    fn item(&self, event: &str, asked: &Asked<'_>) -> Packet {
        let packet = Packet::default().with("Event", event);
        if asked.id.is_empty() { packet } else { packet.with("ActionID", &asked.id) }
    }

    /// Sends a list, with ordinary events in between where the server is ugly.
    fn list(&mut self, asked: &Asked<'_>, message: &str, items: Vec<Packet>, complete: &str) {
        self.list_with(asked, message, items, complete, vec![]);
    }

    /// The same, with more to say at the end.
    fn list_with(&mut self, asked: &Asked<'_>, message: &str, items: Vec<Packet>, complete: &str, more: Vec<(String, String)>) {
        let start = Packet::response("Success", &asked.id).with("EventList", "start").with("Message", message);
        self.send(asked.session, &start);
        let count = items.len().to_string();
        for item in items {
            if self.options.seed.is_some() && self.random.u8(..6) == 0 {
                self.stranger();
                self.flush();
            }
            self.send(asked.session, &item);
        }
        let end = self.item(complete, asked).with("EventList", "Complete").with("ListItems", count);
        self.send(asked.session, &end.with_all(more));
    }

    fn lists_channels(&mut self, asked: &Asked<'_>) {
        let legs = self.legs.values().map(|leg| {
            let seconds = leg.born.elapsed().as_secs();
            let duration = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            self.item("CoreShowChannel", asked)
                .with_all(leg.snapshot(""))
                .with("BridgeId", leg.bridge.clone().unwrap_or_default())
                .with("Application", &leg.application)
                .with("ApplicationData", &leg.data)
                .with("Duration", duration)
        });
        let items = legs.collect();
        self.list(asked, "Channels will follow", items, "CoreShowChannelsComplete");
    }

    fn lists_status(&mut self, asked: &Asked<'_>) {
        let legs = self.legs.values().map(|leg| {
            self.item("Status", asked)
                .with_all(leg.snapshot(""))
                .with("BridgeID", leg.bridge.clone().unwrap_or_default())
                .with("Application", &leg.application)
                .with("Data", &leg.data)
                .with("Seconds", leg.born.elapsed().as_secs().to_string())
        });
        let items = legs.collect();
        self.list(asked, "Channel status will follow", items, "StatusComplete");
    }

    fn gets(&mut self, asked: &Asked<'_>) {
        let variable = asked.get("Variable").to_owned();
        if variable.is_empty() {
            self.sin("Getvar without Variable");
            return self.refuse(asked, "No variable specified");
        }
        if variable.starts_with("SHELL") {
            self.sin(format!("Getvar of {variable}"));
            return self.refuse(asked, "GetVar Access Forbidden");
        }
        let channel = asked.get("Channel").to_owned();
        let leg = self.find_leg(&channel);
        if !channel.is_empty() && leg.is_none() {
            return self.refuse(asked, "No such channel");
        }
        let (function, arguments) = variable.split_once('(').unwrap_or((&variable, ""));
        let arguments: Vec<&str> = arguments.trim_end_matches(')').split(',').collect();
        let value = match (function, arguments.as_slice()) {
            ("VALID_EXTEN", [context, number, ..]) => {
                let exists = self.plan(context, number).is_some();
                let place = ((*context).to_owned(), (*number).to_owned());
                if let (true, Some(known)) = (exists, self.sessions.get_mut(&asked.session)) {
                    known.looked_up.insert(place, Instant::now());
                }
                if exists { "1" } else { "0" }.to_owned()
            }
            ("FEATUREMAP", ["atxfer"]) => "*2".to_owned(),
            ("FEATUREMAP", ["blindxfer"]) => "##".to_owned(),
            ("PJSIP_AOR", [endpoint, "contact"]) => self.contacts(endpoint),
            ("PJSIP_CONTACT", [contact, what]) => self.contact(contact, what),
            ("DEVICE_STATE", [device]) if !self.knows_device(device) => "INVALID".to_owned(),
            ("DEVICE_STATE", [device]) => self.device_state(device).to_owned(),
            ("DB" | "FILE", _) => {
                self.sin(format!("Getvar of {variable}: reads as empty, which is wrong"));
                String::new()
            }
            (_, _) => leg.map(|id| self.of_leg(&id, function, &arguments)).unwrap_or_default(),
        };
        self.send(asked.session, &Packet::response("Success", &asked.id).with("Variable", variable).with("Value", value));
    }

    fn contacts(&self, endpoint: &str) -> String {
        let phones = self.phones.values().filter(|phone| phone.endpoint == endpoint && phone.registered);
        phones.map(|phone| format!("{endpoint};@{}", phone.name)).collect::<Vec<_>>().join(",")
    }

    fn contact(&self, contact: &str, what: &str) -> String {
        let name = contact.split_once(";@").map_or("", |(_, name)| name);
        let Some(phone) = self.phones.get(name) else { return String::new() };
        match what {
            "user_agent" => phone.user_agent.clone(),
            "uri" => format!("sip:{}@127.0.0.1:5060", phone.endpoint),
            "status" => "Reachable".to_owned(),
            _ => String::new(),
        }
    }

    /// Reads a value of a channel.
    fn of_leg(&self, id: &str, function: &str, arguments: &[&str]) -> String {
        let Some(leg) = self.legs.get(id) else { return String::new() };
        let peer = || self.peer(leg).map(|peer| peer.name.clone()).unwrap_or_default();
        let talks = match &leg.end {
            End::Phone(name) => self.phones.get(name).is_some_and(|phone| phone.talks),
            End::Outside | End::Local(_) => false,
        };
        let allows = if talks { "talk, hold" } else { "" }.to_owned();
        match (function, arguments) {
            ("BRIDGEPEER", _) | ("CHANNEL", ["peer"]) => peer(),
            ("CHANNEL", ["state"]) => leg.state.text().to_owned(),
            ("CHANNEL", ["appname"]) => leg.application.clone(),
            ("PJSIP_RESPONSE_HEADER", ["read", "Allow-Events"]) if leg.called && leg.state == LegState::Up => allows,
            ("PJSIP_HEADER", ["read", "Allow-Events"]) if !leg.called => allows,
            (_, _) => String::new(),
        }
    }
}

/// Writes a time as the server's clock shows it.
fn clock(time: SystemTime) -> (String, String) {
    let Ok(time) = jiff::Timestamp::try_from(time) else { return (String::new(), String::new()) };
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    let (date, clock) = (time.date(), time.time());
    (date.to_string(), format!("{:02}:{:02}:{:02}", clock.hour(), clock.minute(), clock.second()))
}
