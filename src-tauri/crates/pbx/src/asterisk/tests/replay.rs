//! What a real server sent, played to the dialect again. The server's own numbers and ids are replaced by those that the
//! dialect chose.

use std::collections::HashMap;

use phone_core::told::Command;

use super::super::packet::Packet;
use super::talk::{Talk, recorded};

/// What the user does, and the recorded number of the action at whose answer it has been done.
pub type Step = (u64, fn(&Talk) -> Command);

/// A recording with a dialect that hears it.
pub struct Replay {
    pub talk: Talk,
    /// Recorded number and name of an action.
    actions: HashMap<u64, String>,
    /// Recorded ids of channels that were dialled, in their order.
    channels: Vec<String>,
    /// Recorded number and ours.
    numbers: HashMap<u64, u64>,
    /// Recorded id of a channel and ours.
    ids: Vec<(String, String)>,
    steps: Vec<Step>,
}

impl Replay {
    pub fn new(talk: Talk, name: &str, steps: &[Step]) -> Self {
        let path = format!("{}/src/asterisk/tests/recorded/{name}.sent.ami", env!("CARGO_MANIFEST_DIR"));
        let sent = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n").replace('\n', "\r\n");
        let mut actions = HashMap::new();
        let mut channels = vec![];
        for text in sent.split("\r\n\r\n") {
            let packet = Packet::read(text);
            if let (Some(id), Some(action)) = (packet.action_id(), packet.text("Action")) {
                actions.insert(id, action.to_owned());
                channels.extend(packet.text("ChannelId").map(str::to_owned));
            }
        }
        Self { talk, actions, channels, numbers: HashMap::new(), ids: vec![], steps: steps.to_vec() }
    }

    /// Takes the next recorded packet.
    pub fn packet(&mut self, text: &str) {
        let mut text = format!("{text}\r\n");
        if let Some(id) = Packet::read(&text).action_id() {
            self.step(id);
            // Of an action that the recorder sent for itself: nobody here knows it.
            let Some(number) = self.number(id) else { return };
            text = text.replace(&format!("ActionID: {id}\r\n"), &format!("ActionID: {number}\r\n"));
        }
        for (recorded, ours) in &self.ids {
            text = text.replace(recorded.as_str(), ours);
        }
        self.talk.bytes(&format!("{text}\r\n"));
    }

    /// What the user did before this action was answered.
    fn step(&mut self, id: u64) {
        let Some(position) = self.steps.iter().position(|(at, _)| *at == id) else { return };
        let (_, command) = self.steps.remove(position);
        let before = self.talk.sent.len();
        let command = command(&self.talk);
        self.talk.command(&command);
        // The recorder knew that the number exists, what the caller runs, and whom else that lets ring.
        let knew = |name: &str| ["Getvar", "CoreShowChannels"].contains(&name);
        while self.actions.get(&id).is_some_and(|name| !knew(name))
            && let Some((_, name, _)) = self.talk.asked.iter().find(|(_, name, _)| knew(name)).cloned()
        {
            self.talk.answer_as_usual(&name);
        }
        let channel = |text: &String| Packet::read(text).text("ChannelId").map(str::to_owned);
        for ours in self.talk.sent[before..].iter().filter_map(channel).collect::<Vec<_>>() {
            if !self.channels.is_empty() {
                self.ids.push((self.channels.remove(0), ours));
            }
        }
    }

    fn number(&mut self, recorded: u64) -> Option<u64> {
        if let Some(known) = self.numbers.get(&recorded) {
            return Some(*known);
        }
        let name = self.actions.get(&recorded)?.clone();
        let asks = |talk: &Talk| talk.asked.iter().any(|(_, asked, _)| *asked == name);
        if !asks(&self.talk) && ["DBGet", "PlayDTMF"].contains(&name.as_str()) {
            self.talk.wait_ms(700);
        }
        if !asks(&self.talk) {
            return None;
        }
        let (ours, _) = self.talk.take(&name);
        self.numbers.insert(recorded, ours);
        Some(ours)
    }

    /// Tells whether everything was done that the user was to do.
    pub fn is_done(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The packets of a recording.
pub fn packets(name: &str) -> Vec<String> {
    recorded(name).split("\r\n\r\n").filter(|text| !text.trim().is_empty()).map(str::to_owned).collect()
}

/// Plays a recording from its begin to its end; gives what was said of calls and commands.
pub fn play(talk: Talk, name: &str, steps: &[Step]) -> (Vec<String>, Talk) {
    let mut replay = Replay::new(talk, name, steps);
    for text in packets(name) {
        replay.packet(&text);
    }
    assert!(replay.is_done(), "{name}: the user did not do everything");
    (of_calls(&replay.talk.said), replay.talk)
}

/// Without what concerns lamps only.
pub fn of_calls(said: &[String]) -> Vec<String> {
    said.iter().filter(|line| !["person", "own", "people"].iter().any(|word| line.starts_with(word))).cloned().collect()
}

/// The list of channels at the beginning of a recording that begins in a connected call.
pub fn connected_at_the_beginning(name: &str) -> String {
    let mut bridges = HashMap::new();
    let mut channels: Vec<(String, String)> = vec![];
    for text in packets(name) {
        let packet = Packet::read(&text);
        let Some(id) = packet.text("Uniqueid") else { continue };
        if let Some(bridge) = packet.text("BridgeUniqueid") {
            bridges.entry(id.to_owned()).or_insert_with(|| bridge.to_owned());
        }
        let keys = [
            "Channel",
            "ChannelState",
            "ChannelStateDesc",
            "CallerIDNum",
            "CallerIDName",
            "ConnectedLineNum",
            "ConnectedLineName",
        ];
        let keys = keys.iter().chain(&["Uniqueid", "Linkedid"]);
        let lines: String = keys.filter_map(|key| packet.get(key).map(|value| format!("{key}: {value}\r\n"))).collect();
        if channels.iter().all(|(known, _)| known != id) {
            channels.push((id.to_owned(), lines));
        }
    }
    let item = |(id, lines): &(String, String)| {
        let bridge = bridges.get(id).cloned().unwrap_or_default();
        // The lower number is the caller.
        let application = if channels.iter().any(|(other, _)| other > id) { "Dial" } else { "AppDial" };
        format!("Event: CoreShowChannel\r\nActionID: 0\r\n{lines}Application: {application}\r\nBridgeId: {bridge}\r\n\r\n")
    };
    channels.iter().map(item).collect()
}
