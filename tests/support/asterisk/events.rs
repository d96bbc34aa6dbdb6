//! The small steps every sequence of section 7 is made of; each tells the clients.

use std::time::{Duration, Instant};

use super::channel::{Bridge, End, Ending, Leg, LegState, Party};
use super::options::Release;
use super::packet::Packet;
use super::records::CallId;
use super::scramble::Emitted;
use super::state::State;

/// What a channel begins with.
pub(super) struct Birth {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) linked: String,
    pub(super) call: CallId,
    pub(super) end: End,
    pub(super) state: LegState,
    pub(super) party: Party,
    pub(super) connected: Party,
    pub(super) exten: String,
}

impl State {
    /// Tells of something under a topic; `names` are the channels in it.
    pub(super) fn emit(&mut self, topic: &str, names: &[&str], class: &'static str, packet: Packet) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.out.push(Emitted { class, topic: topic.to_owned(), names, packet });
    }

    /// Tells of something about one channel, with its snapshot and more.
    pub(super) fn tell(&mut self, id: &str, event: &str, class: &'static str, more: &[(&str, &str)]) {
        let Some(leg) = self.legs.get(id) else { return };
        let mut packet = Packet::event(event, class).with_all(leg.snapshot(""));
        for (key, value) in more {
            packet = packet.with(key, *value);
        }
        self.emit(id, &[id], class, packet);
    }

    /// Makes a channel.
    pub(super) fn born(&mut self, birth: Birth) -> String {
        let age = self.number();
        self.ages.insert(birth.id.clone(), age);
        let id = birth.id.clone();
        let leg = Leg {
            name: birth.name,
            id: birth.id,
            linked: birth.linked,
            call: birth.call,
            end: birth.end,
            state: birth.state,
            party: birth.party,
            connected: birth.connected,
            context: "from-internal".to_owned(),
            exten: birth.exten,
            application: String::new(),
            bridge: None,
            holds: false,
            parked: None,
            born: Instant::now(),
            data: String::new(),
            held: false,
            called: birth.state == LegState::Down,
            answers_itself: false,
            features: false,
            dialling: None,
            dialled_by: None,
            originate: None,
            step: 0,
        };
        let device = leg.device().to_owned();
        self.legs.insert(id.clone(), leg);
        self.tell(&id, "Newchannel", "call", &[]);
        self.device_changed(&device);
        id
    }

    /// Sets what a channel runs; with that comes the flood of class `dialplan`.
    pub(super) fn runs(&mut self, id: &str, application: &str, data: &str) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        (leg.application, leg.data) = (application.to_owned(), data.to_owned());
        leg.step += 1;
        self.tell(id, "Newexten", "dialplan", &[("Extension", ""), ("Application", application), ("AppData", data)]);
        self.tell(id, "VarSet", "dialplan", &[("Variable", "SIPDOMAIN"), ("Value", "127.0.0.1")]);
    }

    /// Changes the state of a channel.
    pub(super) fn becomes(&mut self, id: &str, state: LegState) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if leg.state == state {
            return;
        }
        leg.state = state;
        let device = leg.device().to_owned();
        self.tell(id, "Newstate", "call", &[]);
        self.device_changed(&device);
    }

    /// Shows a channel another party, through a Local channel to whoever is behind it.
    pub(super) fn connects(&mut self, id: &str, party: &Party) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        leg.connected = party.clone();
        let behind = leg.other_half().map(str::to_owned);
        self.tell(id, "NewConnectedLine", "call", &[]);
        let behind = behind.and_then(|other| self.legs.get(&other)).and_then(|other| self.peer(other)).map(|leg| leg.id.clone());
        if let Some(behind) = behind {
            self.connects(&behind, party);
        }
    }

    /// Sets the party a channel is shown, without a word.
    pub(super) fn knows(&mut self, id: &str, party: &Party) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.connected = party.clone();
        }
    }

    /// Tells of a dial; without a caller it is an `Originate`.
    pub(super) fn tell_dial(&mut self, event: &str, caller: Option<&str>, dest: &str, more: &[(&str, &str)]) {
        let Some(leg) = self.legs.get(dest) else { return };
        let mut packet = Packet::event(event, "call");
        if let Some(caller) = caller.and_then(|caller| self.legs.get(caller)) {
            packet = packet.with_all(caller.snapshot(""));
        }
        packet = packet.with_all(leg.snapshot("Dest"));
        for (key, value) in more {
            packet = packet.with(key, *value);
        }
        let topic = caller.map_or_else(|| format!("dial {dest}"), str::to_owned);
        let names: Vec<&str> = caller.into_iter().chain([dest]).collect();
        self.emit(&topic, &names, "call", packet);
    }

    /// Tells that a phone rings, in the state, the lamp and the dial.
    pub(super) fn rings(&mut self, caller: Option<&str>, dest: &str) {
        self.becomes(dest, LegState::Ringing);
        self.tell_dial("DialState", caller, dest, &[("DialStatus", "RINGING")]);
    }

    /// Opens a bridge.
    pub(super) fn opens_bridge(&mut self, kind: &'static str) -> String {
        let id = self.bridge_id();
        let bridge = Bridge { id: id.clone(), kind, members: Vec::new() };
        let packet = Packet::event("BridgeCreate", "call").with_all(bridge.snapshot(""));
        self.bridges.insert(id.clone(), bridge);
        self.emit(&id, &[], "call", packet);
        id
    }

    /// Puts a channel into a bridge; the oldest linked id of all in it counts for all (section 7.8).
    pub(super) fn enters(&mut self, bridge_id: &str, id: &str) {
        if !self.legs.contains_key(id) {
            return;
        }
        // Nobody is in two bridges.
        self.leaves(id);
        let Some(bridge) = self.bridges.get_mut(bridge_id) else { return };
        bridge.members.push(id.to_owned());
        let members = bridge.members.clone();
        let linked = members.iter().filter_map(|member| self.legs.get(member)).map(|leg| leg.linked.clone());
        let oldest = linked.min_by_key(|linked| self.ages.get(linked).copied().unwrap_or(0)).unwrap_or_default();
        for member in &members {
            if let Some(leg) = self.legs.get_mut(member) {
                leg.linked.clone_from(&oldest);
            }
        }
        if let Some(leg) = self.legs.get_mut(id) {
            leg.bridge = Some(bridge_id.to_owned());
        }
        self.tell_bridge("BridgeEnter", bridge_id, id);
    }

    /// Takes a channel out of its bridge; the last one closes it.
    pub(super) fn leaves(&mut self, id: &str) {
        let Some(bridge_id) = self.legs.get_mut(id).and_then(|leg| leg.bridge.take()) else { return };
        let Some(bridge) = self.bridges.get_mut(&bridge_id) else { return };
        bridge.members.retain(|member| member != id);
        let is_empty = bridge.members.is_empty();
        self.tell_bridge("BridgeLeave", &bridge_id, id);
        if is_empty && let Some(bridge) = self.bridges.remove(&bridge_id) {
            let packet = Packet::event("BridgeDestroy", "call").with_all(bridge.snapshot(""));
            self.emit(&bridge_id, &[], "call", packet);
        }
    }

    fn tell_bridge(&mut self, event: &str, bridge_id: &str, id: &str) {
        let (Some(bridge), Some(leg)) = (self.bridges.get(bridge_id), self.legs.get(id)) else { return };
        let packet = Packet::event(event, "call").with_all(bridge.snapshot("")).with_all(leg.snapshot(""));
        self.emit(bridge_id, &[id], "call", packet);
    }

    /// Starts or stops the music a channel hears.
    pub(super) fn hears_music(&mut self, id: &str, on: bool) {
        if on {
            self.tell(id, "MusicOnHoldStart", "call", &[("Class", "default")]);
        } else {
            if let Some(leg) = self.legs.get_mut(id) {
                leg.held = false;
            }
            self.tell(id, "MusicOnHoldStop", "call", &[]);
        }
        if let Some(device) = self.legs.get(id).map(|leg| leg.device().to_owned()) {
            self.device_changed(&device);
        }
    }

    /// Tells that a channel is wanted to end: by its phone, or by a client.
    pub(super) fn wants_end(&mut self, id: &str, ending: Ending) {
        let Some(leg) = self.legs.get(id) else { return };
        let in_dialplan = leg.bridge.is_none() && leg.dialling.is_none() && leg.state == LegState::Up;
        // 16 tells the cause only sometimes, 22 always but for calls in an application.
        let tells = match self.options.release {
            Release::V16 => self.random.bool(),
            Release::V22 => !in_dialplan,
        };
        let cause = ending.cause.to_string();
        let mut more = if tells { vec![("Cause", cause.as_str())] } else { Vec::new() };
        let code = ending.code_field(self.options.release);
        more.extend(code.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        self.tell(id, if ending.by_phone { "HangupRequest" } else { "SoftHangupRequest" }, "call", &more);
    }

    /// Ends a channel and nothing else.
    pub(super) fn ends(&mut self, id: &str, ending: Ending) {
        self.leaves(id);
        self.parked.retain(|_, parked| parked.leg != id);
        let cause = ending.cause.to_string();
        let mut more = vec![("Cause", cause.as_str()), ("Cause-txt", ending.text())];
        let code = ending.code_field(self.options.release);
        more.extend(code.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        self.tell(id, "Hangup", "call", &more);
        if let Some(leg) = self.legs.remove(id) {
            let device = leg.device().to_owned();
            if !leg.exten.is_empty() || leg.application == "AppDial" {
                let packet = Packet::event("Cdr", "cdr")
                    .with("Source", &leg.party.number)
                    .with("Destination", &leg.exten)
                    .with("Channel", &leg.name)
                    .with("UniqueID", &leg.id);
                self.emit("cdr", &[], "cdr", packet);
            }
            self.device_changed(&device);
        }
    }

    /// Lets a phone hold its call; a second time nothing happens.
    pub(super) fn hold(&mut self, id: &str, music_class: &str) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if leg.holds || leg.state != LegState::Up {
            return;
        }
        leg.holds = true;
        let peer = self.legs.get(id).and_then(|leg| self.peer(leg)).map(|peer| peer.id.clone());
        self.tell(id, "Hold", "call", &[("MusicClass", music_class)]);
        if let Some(peer) = peer {
            if let Some(leg) = self.legs.get_mut(&peer) {
                leg.held = true;
            }
            self.hears_music(&peer, true);
        }
    }

    /// Ends a hold; transfers tell of it although there was none.
    pub(super) fn unhold(&mut self, id: &str, always: bool) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if !leg.holds && !always {
            return;
        }
        let held = std::mem::take(&mut leg.holds);
        let peer = self.legs.get(id).and_then(|leg| self.peer(leg)).map(|peer| peer.id.clone());
        self.tell(id, "Unhold", "call", &[]);
        if let (true, Some(peer)) = (held, peer) {
            self.hears_music(&peer, false);
        }
    }

    /// Does a step of a channel's dialplan later, if it is still at this step then.
    pub(super) fn step_later(
        &mut self,
        id: &str,
        wait: Duration,
        paced: bool,
        job: impl FnOnce(&mut Self, &str) + Send + 'static,
    ) {
        let Some(step) = self.legs.get(id).map(|leg| leg.step) else { return };
        let id = id.to_owned();
        let job = move |state: &mut Self| {
            if state.legs.get(&id).is_some_and(|leg| leg.step == step) {
                job(state, &id);
            }
        };
        if paced {
            self.paced(wait, job);
        } else {
            self.after(wait, job);
        }
    }
}
