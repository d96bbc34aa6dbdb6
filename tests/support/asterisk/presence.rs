//! Lamps: states of devices, hints, own texts (section 6.5).

use super::channel::LegState;
use super::packet::Packet;
use super::state::State;

/// State of a hint: number and word.
pub(super) fn word(status: i32) -> &'static str {
    match status {
        0 => "Idle",
        1 => "InUse",
        2 => "Busy",
        4 => "Unavailable",
        8 => "Ringing",
        9 => "InUse&Ringing",
        16 => "Hold",
        17 => "InUse&Hold",
        _ => "Unknown",
    }
}

impl State {
    /// Computes the state of a device, `PJSIP/204`.
    pub(super) fn device_state(&self, device: &str) -> &'static str {
        let endpoint = device.strip_prefix("PJSIP/").unwrap_or(device);
        let registered = self.phones.values().any(|phone| phone.endpoint == endpoint && phone.registered);
        let legs: Vec<_> = self.legs.values().filter(|leg| leg.device() == device && leg.state != LegState::Down).collect();
        let ringing = legs.iter().any(|leg| leg.state == LegState::Ringing);
        let talking = legs.iter().any(|leg| leg.state != LegState::Ringing);
        // The lamp marks the held party, not the holder.
        let held = !legs.is_empty() && legs.iter().all(|leg| leg.held);
        match (ringing, talking) {
            (false, false) if !registered || self.contacts_unknown => "UNAVAILABLE",
            (false, false) => "NOT_INUSE",
            (true, _) | (_, true) if legs.len() > 1 && self.options.busy_at_two => "BUSY",
            (true, true) => "RINGINUSE",
            (true, false) => "RINGING",
            (false, true) if held => "ONHOLD",
            (false, true) => "INUSE",
        }
    }

    /// Returns whether there is an endpoint of this name, registered or not; of a custom state there always is.
    pub(super) fn knows_device(&self, device: &str) -> bool {
        let endpoint = device.strip_prefix("PJSIP/");
        endpoint.is_none_or(|endpoint| self.phones.values().any(|phone| phone.endpoint == endpoint))
    }

    /// Returns what a hint is made of.
    pub(super) fn hint(&self, number: &str) -> String {
        let Some(extension) = self.extensions.get(number) else { return String::new() };
        let mut parts: Vec<String> = Vec::new();
        for phone in &extension.phones {
            let device = format!("PJSIP/{}", phone.endpoint);
            if !parts.contains(&device) {
                parts.push(device);
            }
        }
        if extension.rich_hint {
            parts.push(format!("Custom:DND{number}"));
        }
        let texts = if extension.rich_hint { format!(",CustomPresence:{number}") } else { String::new() };
        format!("{}{texts}", parts.join("&"))
    }

    /// Computes the state of a hint.
    pub(super) fn hint_state(&self, number: &str) -> i32 {
        let Some(extension) = self.extensions.get(number) else { return -1 };
        let mut states: Vec<&str> = Vec::new();
        let mut devices: Vec<&str> = extension.phones.iter().map(|phone| phone.endpoint.as_str()).collect();
        devices.dedup();
        states.extend(devices.iter().map(|endpoint| self.device_state(endpoint_device(endpoint).as_str())));
        let custom = extension.rich_hint.then(|| self.custom_states.get(&format!("DND{number}"))).flatten();
        let dnd = custom.is_some_and(|state| state == "BUSY");
        let hidden = custom.is_some_and(|state| state == "NOT_INUSE");
        let any = |word: &str| states.contains(&word);
        let talks = any("INUSE") || any("ONHOLD");
        if any("RINGINUSE") || (any("RINGING") && talks) {
            9
        } else if any("RINGING") {
            8
        } else if any("BUSY") || dnd {
            2
        } else if any("ONHOLD") && !any("INUSE") {
            16
        } else if talks {
            1
        } else if any("NOT_INUSE") || hidden {
            0
        } else {
            4
        }
    }

    /// Notes what clients would be shown now, so that only changes are told.
    pub(super) fn note_presence(&mut self) {
        let devices: Vec<String> = self.phones.values().map(|phone| endpoint_device(&phone.endpoint)).collect();
        for device in devices {
            let state = self.device_state(&device);
            self.devices_shown.insert(device, state);
        }
        let numbers: Vec<String> = self.extensions.keys().cloned().collect();
        for number in numbers {
            let state = self.hint_state(&number);
            self.hints_shown.insert(number, state);
        }
    }

    /// Tells of a device if its state is another now, and of the hints it is part of.
    pub(super) fn device_changed(&mut self, device: &str) {
        let Some(shown) = self.devices_shown.get(device) else { return };
        let state = self.device_state(device);
        if *shown != state {
            self.devices_shown.insert(device.to_owned(), state);
            let packet = Packet::event("DeviceStateChange", "call").with("Device", device).with("State", state);
            self.emit("devices", &[], "call", packet);
        }
        let endpoint = device.strip_prefix("PJSIP/").unwrap_or(device).to_owned();
        let owners: Vec<String> =
            self.phones.values().filter(|phone| phone.endpoint == endpoint).map(|phone| phone.extension.clone()).collect();
        for number in owners {
            self.hint_changed(&number);
        }
    }

    /// Tells of a hint if its state is another now.
    pub(super) fn hint_changed(&mut self, number: &str) {
        let state = self.hint_state(number);
        if self.hints_shown.get(number) == Some(&state) {
            return;
        }
        self.hints_shown.insert(number.to_owned(), state);
        let packet = self.extension_status(number, "");
        self.emit("hints", &[], "call", packet);
    }

    /// Writes the state of a hint; lists and changes look the same.
    pub(super) fn extension_status(&self, number: &str, action_id: &str) -> Packet {
        let packet = Packet::event("ExtensionStatus", "call");
        let packet = if action_id.is_empty() { packet } else { packet.with("ActionID", action_id) };
        let status = self.hint_state(number);
        packet
            .with("Exten", number)
            .with("Context", self.options.hint_context.as_str())
            .with("Hint", self.hint(number))
            .with("Status", status.to_string())
            .with("StatusText", word(status))
    }

    /// Takes a hint away, as a reload does after its extension is gone.
    pub(super) fn remove_hint(&mut self, number: &str) {
        let packet = Packet::event("ExtensionStatus", "call")
            .with("Exten", number)
            .with("Context", self.options.hint_context.as_str())
            .with("Hint", "")
            .with("Status", "-2")
            .with("StatusText", word(-2));
        self.extensions.remove(number);
        self.hints_shown.remove(number);
        self.emit("hints", &[], "call", packet);
    }

    /// Writes the hint of a feature, which is no person.
    pub(super) fn feature_status(&self, number: &str, action_id: &str) -> Packet {
        let dnd = self.database("DND", number).is_some();
        let packet = Packet::event("ExtensionStatus", "call");
        let packet = if action_id.is_empty() { packet } else { packet.with("ActionID", action_id) };
        packet
            .with("Exten", format!("*76{number}"))
            .with("Context", "ext-dnd-hints")
            .with("Hint", format!("Custom:DEVDND{number}"))
            .with("Status", if dnd { "2" } else { "0" })
            .with("StatusText", word(if dnd { 2 } else { 0 }))
    }

    /// Sets a state that only the dialplan knows, `DND204`.
    pub(super) fn set_custom_state(&mut self, name: &str, state: &str) {
        if self.custom_states.insert(name.to_owned(), state.to_owned()).as_deref() == Some(state) {
            return;
        }
        let packet = Packet::event("DeviceStateChange", "call").with("Device", format!("Custom:{name}")).with("State", state);
        self.emit("devices", &[], "call", packet);
        if let Some(number) = name.strip_prefix("DND") {
            self.hint_changed(number);
            if self.options.feature_hints {
                let packet = self.feature_status(number, "");
                self.emit("hints", &[], "call", packet);
            }
        }
    }

    /// Switches do not disturb as the dialplan does: database and state.
    pub(super) fn set_dnd(&mut self, number: &str, on: bool) {
        let key = ("DND".to_owned(), number.to_owned());
        if on {
            self.database.insert(key, "YES".to_owned());
        } else {
            self.database.remove(&key);
        }
        self.set_custom_state(&format!("DND{number}"), if on { "BUSY" } else { "UNAVAILABLE" });
    }

    /// Sets somebody's own text.
    pub(super) fn set_presence(&mut self, number: &str, state: &str, subtype: &str, message: &str) {
        let value = (state.to_owned(), subtype.to_owned(), message.to_owned());
        self.presence.insert(number.to_owned(), value);
        let change = self.presence_change(number, "");
        self.emit("presence", &[], "call", change);
        let packet = Packet::event("PresenceStatus", "call")
            .with("Exten", number)
            .with("Context", self.options.hint_context.as_str())
            .with("Hint", self.hint(number))
            .with("Status", state)
            .with("Subtype", subtype)
            .with("Message", message);
        self.emit("hints", &[], "call", packet);
    }

    /// Writes somebody's own text.
    pub(super) fn presence_change(&self, number: &str, action_id: &str) -> Packet {
        let (state, subtype, message) = self.presence.get(number).cloned().unwrap_or_default();
        let packet = Packet::event("PresenceStateChange", "call");
        let packet = if action_id.is_empty() { packet } else { packet.with("ActionID", action_id) };
        packet
            .with("Presentity", format!("CustomPresence:{number}"))
            .with("Status", if state.is_empty() { "not_set" } else { &state })
            .with("Subtype", subtype)
            .with("Message", message)
    }

    /// Registers or unregisters a phone.
    pub(super) fn set_registered(&mut self, name: &str, on: bool) -> bool {
        let Some(phone) = self.phones.get_mut(name) else { return false };
        if phone.registered == on {
            return false;
        }
        phone.registered = on;
        let endpoint = phone.endpoint.clone();
        let status = if on { "Registered" } else { "Unreachable" };
        let packet = Packet::event("PeerStatus", "system")
            .with("ChannelType", "PJSIP")
            .with("Peer", format!("PJSIP/{endpoint}"))
            .with("PeerStatus", status);
        self.emit("endpoints", &[], "system", packet);
        let packet = Packet::event("ContactStatus", "system")
            .with("URI", format!("sip:{endpoint}@127.0.0.1"))
            .with("ContactStatus", if on { "Reachable" } else { "Removed" })
            .with("AOR", &endpoint)
            .with("EndpointName", &endpoint);
        self.emit("endpoints", &[], "system", packet);
        self.device_changed(&endpoint_device(&endpoint));
        true
    }
}

/// Returns the device of an endpoint.
pub(super) fn endpoint_device(endpoint: &str) -> String {
    format!("PJSIP/{endpoint}")
}
