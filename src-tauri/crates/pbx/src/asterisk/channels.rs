//! The channels and bridges that concern this user, built from facts by their unique ids.
//!
//! Events of one channel arrive in order, those of several overtake each other. Each carries a whole picture of its
//! channel, so each is applied as it comes and nothing is concluded from an order. Of other people's channels only those
//! are kept that are tied to a leg of ours by a link id, a bridge or a dial.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Instant;

use phone_core::Party;

use super::keys::Keys;
use super::packet::Packet;

/// Most channels that are kept at once. A desk has a few; the first picture of a big PBX passes through here once.
const MOST_CHANNELS: usize = 20_000;
/// Most channels of own phones; a desk has a few.
const MOST_OWN: usize = 100;
/// Most bridges that are kept at once, for the same reason.
const MOST_BRIDGES: usize = 20_000;
/// So many channels that are over are remembered, so that a late word about one does not bring it back.
const MOST_GONE: usize = 512;

/// Where a channel stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing happens yet, or a word nobody needs.
    #[default]
    Down,
    /// It dials.
    Ring,
    /// It rings.
    Ringing,
    /// It is answered.
    Up,
}

/// How a channel came to be, as far as that tells who began the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Born {
    /// The phone dialled.
    Dialling,
    /// The PBX called the phone.
    #[default]
    Called,
    /// Somebody let the PBX call the phone, to dial from there.
    Originated,
}

/// What became of the dial that a channel made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dial {
    /// It dials nobody.
    #[default]
    None,
    /// The other side is being called.
    Trying,
    /// The other side answered.
    Answered,
    /// The other side is busy, so that only a tone can follow.
    Busy,
    /// The other side did not answer, and the dial plan may go on.
    Failed,
}

/// One channel.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    pub name: String,
    /// It belongs to a phone of this user.
    pub own: bool,
    pub state: State,
    pub linked: String,
    pub connected: Party,
    pub exten: Option<String>,
    pub bridge: Option<String>,
    /// The bridge in which it is, or was before it left.
    pub last_bridge: Option<String>,
    pub born: Born,
    /// It has rung.
    pub rang: bool,
    pub up_at: Option<Instant>,
    /// Since when it is answered and dials nobody.
    pub quiet_since: Option<Instant>,
    /// The phone itself asked for its end.
    pub asked_to_end: bool,
    /// This side holds the call; none when nobody has said so since the link came up.
    pub holds: Option<bool>,
    /// Held without a class of music: put aside by the PBX to ask somebody else, or held by a phone that names none.
    pub aside: bool,
    /// The bridge in which that was, and the party at that moment.
    pub aside_in: Option<String>,
    pub before: Option<Party>,
    /// Whoever called it has it now.
    pub taken: bool,
    /// Whoever called it has taken that back.
    pub cancelled: bool,
    pub dial: Dial,
    /// How many phones it is calling.
    pub calling: u32,
    /// The channel that calls it.
    pub called_by: Option<String>,
    /// A half of a `Local` channel that leads to the own number.
    pub leads_to_us: bool,
    /// How long it has lived, in seconds, when it was first seen in a list.
    pub lasted: Option<u64>,
    /// A call has taken it, or has no use for it.
    pub settled: bool,
    /// The attempt in which it was last heard of.
    attempt: u32,
}

impl Channel {
    /// This side holds; none when nobody has said so since the link came up. In another bridge it talks to somebody else.
    pub fn is_holding(&self) -> Option<bool> {
        if self.aside && self.last_bridge == self.aside_in { Some(true) } else { self.holds }
    }
}

/// One bridge.
#[derive(Clone, Debug, Default)]
pub struct Bridge {
    /// Whoever waits in it talks with nobody.
    pub waits: bool,
    /// It is a conference or the like, where one alone is connected too.
    pub many: bool,
    /// How many are in it, as the PBX last said.
    pub count: usize,
    /// Those of them that are known.
    pub members: Vec<String>,
}

/// A channel that is over.
#[derive(Debug)]
pub struct Gone {
    pub id: String,
    pub channel: Channel,
    /// Number of the cause, by Q.850.
    pub cause: u32,
}

/// All that is known.
#[derive(Default)]
pub struct Channels {
    all: HashMap<String, Channel>,
    bridges: HashMap<String, Bridge>,
    /// Link ids that tie a channel to us.
    ties: HashSet<String>,
    gone: VecDeque<String>,
    /// Own channels that are over and of which nobody took notice yet.
    pub ended: Vec<Gone>,
    attempt: u32,
    /// Everything is taken, because the whole picture is being listed.
    pub listing: bool,
}

impl Channels {
    /// A new link: what is not heard of on it is over when the list is complete.
    pub fn begin(&mut self) {
        self.attempt = self.attempt.wrapping_add(1);
        self.listing = true;
        for channel in self.all.values_mut() {
            // While nobody watched, either side may have held or resumed.
            channel.holds = None;
            channel.aside = false;
            channel.aside_in = None;
            channel.before = None;
            (channel.bridge, channel.last_bridge) = (None, None);
        }
        self.bridges.clear();
        self.ended.clear();
    }

    /// The PBX was started anew: everything of before is over.
    pub fn restarted(&mut self) {
        let attempt = self.attempt;
        self.all.retain(|_, channel| channel.attempt == attempt);
    }

    /// The list is complete: drops what it does not show and what was not born since, and all that does not concern us.
    pub fn listed(&mut self) {
        self.listing = false;
        self.restarted();
        self.tie(std::iter::empty());
        self.prune();
    }

    /// A channel by its unique id.
    pub fn get(&self, id: &str) -> Option<&Channel> {
        self.all.get(id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.all.get_mut(id)
    }

    /// All channels of own phones, in the order of their ids.
    pub fn own(&self) -> Vec<(&String, &Channel)> {
        let mut own: Vec<_> = self.all.iter().filter(|(_, channel)| channel.own).collect();
        own.sort_by(|a, b| a.0.cmp(b.0));
        own
    }

    /// A bridge by its id.
    pub fn bridge(&self, id: &str) -> Option<&Bridge> {
        self.bridges.get(id)
    }

    /// How many channels are kept.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The id of the other one in the bridge of a channel.
    pub fn peer<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let bridge = self.bridges.get(self.all.get(id)?.bridge.as_deref()?)?;
        self.others(bridge, id).next()
    }

    /// Those in a bridge that live, but for one.
    pub fn others<'a>(&'a self, bridge: &'a Bridge, not: &'a str) -> impl Iterator<Item = &'a str> {
        bridge.members.iter().map(String::as_str).filter(move |id| *id != not && self.all.contains_key(*id))
    }

    /// The channel by which another program calls the own phones first, to dial from there: nobody is called by oneself.
    pub fn front_of(&self, leg: &Channel, keys: &Keys) -> Option<String> {
        let is_own = keys.is_own(&leg.connected);
        // A queue or a group calls its member in that way: another phone with the own number may wait there.
        let is_called = |c: &Channel| c.leads_to_us && c.linked == leg.linked && c.called_by.is_some();
        let leads = match self.get(&leg.linked) {
            Some(first) => first.leads_to_us && first.linked == leg.linked,
            // Where the events of others are filtered out, only who calls is told.
            None => {
                let by = leg.called_by.as_ref().and_then(|by| self.get(by));
                by.is_some_and(|by| by.leads_to_us) && !self.all.values().any(is_called)
            }
        };
        (is_own && leads && leg.born == Born::Called).then(|| leg.linked.clone())
    }

    /// Ties to us what has these link ids, beside what is tied by our own channels.
    pub fn tie<'a>(&mut self, more: impl Iterator<Item = &'a str>) {
        self.ties.clear();
        self.ties.extend(more.filter(|id| !id.is_empty()).map(str::to_owned));
        self.ties.extend(self.all.values().filter(|c| c.own && !c.linked.is_empty()).map(|c| c.linked.clone()));
    }

    /// Tells whether a packet is about us in any way.
    pub fn concerns_us(&self, packet: &Packet<'_>, keys: &Keys) -> bool {
        self.listing
            || packet.lines().any(|(key, value)| {
                (key.ends_with("Channel") && (keys.own_device(value).is_some() || keys.leads_to_us(value)))
                    || (key.ends_with("Linkedid") && self.ties.contains(value))
                    || (key.ends_with("Uniqueid") && (self.all.contains_key(value) || self.bridges.contains_key(value)))
            })
    }

    /// Takes the picture of a channel out of a packet; gives its id.
    pub fn take<'a>(&mut self, packet: &Packet<'a>, group: &str, keys: &Keys, now: Instant) -> Option<&'a str> {
        let id = packet.text_of(group, "Uniqueid")?;
        let name = packet.text_of(group, "Channel")?;
        if !self.all.contains_key(id) {
            if self.all.len() >= MOST_CHANNELS || self.gone.iter().any(|gone| gone == id) {
                return None;
            }
            let own = keys.own_device(name).is_some();
            if own && self.all.values().filter(|channel| channel.own).count() >= MOST_OWN {
                return None;
            }
            // Its birth was not seen; an event that tells it comes after this and counts more.
            let born = match (state(packet, group), packet.text_of(group, "Linkedid") == Some(id)) {
                (Some(State::Ring), _) | (Some(State::Up), true) => Born::Dialling,
                (_, true) => Born::Originated,
                (_, false) => Born::Called,
            };
            let leads_to_us = keys.leads_to_us(name);
            self.all.insert(id.to_owned(), Channel { own, born, leads_to_us, ..Channel::default() });
        }
        let attempt = self.attempt;
        let channel = self.all.get_mut(id)?;
        channel.attempt = attempt;
        if channel.name != name {
            channel.name = name.to_owned();
        }
        if let Some(linked) = packet.text_of(group, "Linkedid").filter(|linked| *linked != channel.linked) {
            channel.linked = linked.to_owned();
        }
        if let Some(state) = state(packet, group) {
            channel.state = state;
        }
        channel.rang |= channel.state == State::Ringing;
        if channel.state == State::Up {
            channel.up_at.get_or_insert(now);
            channel.quiet_since.get_or_insert(now);
        }
        if let Some(connected) = packet.party(group, "ConnectedLine") {
            channel.connected = connected;
        }
        // A phone that is called has the exten `s`, and then that which called it.
        if let Some(exten) = packet.text_of(group, "Exten") {
            channel.exten = Some(exten.to_owned());
        }
        Some(id)
    }

    /// A channel went into a bridge, or is listed in it.
    pub fn enters(&mut self, id: &str, bridge: &str, packet: &Packet<'_>) {
        if self.bridges.len() >= MOST_BRIDGES && !self.bridges.contains_key(bridge) {
            return;
        }
        let entry = self.bridges.entry(bridge.to_owned()).or_default();
        // Lists of channels do not say it.
        if let Some(kind) = packet.get("BridgeType") {
            entry.waits = matches!(kind, "parking" | "holding");
            entry.many = !entry.waits && kind != "basic";
        }
        if !entry.members.iter().any(|member| member == id) {
            entry.members.push(id.to_owned());
        }
        let told = packet.get("BridgeNumChannels").and_then(|count| count.parse().ok());
        entry.count = told.unwrap_or_else(|| entry.count.max(entry.members.len()));
        let before = self.all.get_mut(id).and_then(|channel| {
            channel.last_bridge = Some(bridge.to_owned());
            channel.bridge.replace(bridge.to_owned())
        });
        if let Some(before) = before.filter(|before| before != bridge) {
            self.leaves(id, &before, None);
        }
    }

    /// A channel went out of a bridge.
    pub fn leaves(&mut self, id: &str, bridge: &str, count: Option<usize>) {
        if let Some(channel) = self.all.get_mut(id)
            && channel.bridge.as_deref() == Some(bridge)
        {
            channel.bridge = None;
        }
        let Some(entry) = self.bridges.get_mut(bridge) else { return };
        entry.members.retain(|member| member != id);
        entry.count = count.unwrap_or(entry.count.saturating_sub(1));
        if entry.members.is_empty() {
            self.bridges.remove(bridge);
        }
    }

    /// A channel is over.
    pub fn ends(&mut self, id: &str, cause: u32) {
        let Some(channel) = self.all.remove(id) else { return };
        if let Some(bridge) = &channel.bridge {
            self.leaves(id, bridge, None);
        }
        if self.gone.len() >= MOST_GONE {
            self.gone.pop_front();
        }
        self.gone.push_back(id.to_owned());
        // Their own ends are not told where the events of others are filtered out.
        if channel.own && !self.all.values().any(|other| other.own && other.linked == channel.linked) {
            self.all.retain(|_, other| !other.leads_to_us || other.linked != channel.linked);
        }
        if channel.own {
            self.ended.push(Gone { id: id.to_owned(), channel, cause });
        }
    }

    /// Drops the channels of other people that nothing ties to us any more.
    pub fn prune(&mut self) {
        if self.listing || self.all.values().all(|channel| channel.own || channel.leads_to_us) {
            return;
        }
        let ours: HashSet<&str> = self.all.values().filter(|c| c.own).filter_map(|c| c.bridge.as_deref()).collect();
        let ties = &self.ties;
        let in_ours = |c: &Channel| c.bridge.as_deref().is_some_and(|b| ours.contains(b));
        // What leads to us comes before the leg that it leads to.
        let stays = |c: &Channel| c.own || c.leads_to_us || ties.contains(&c.linked) || in_ours(c);
        let over: Vec<String> = self.all.iter().filter(|(_, c)| !stays(c)).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.all.remove(&id);
        }
        let all = &self.all;
        self.bridges.retain(|_, bridge| bridge.members.iter().any(|member| all.contains_key(member)));
    }
}

/// The state of a channel as a packet tells it; its number is read where the word is missing.
fn state(packet: &Packet<'_>, group: &str) -> Option<State> {
    let word = packet.text_of(group, "ChannelStateDesc").or_else(|| packet.text_of(group, "ChannelState"))?;
    Some(match word {
        "Ring" | "Dialing" | "4" | "3" => State::Ring,
        "Ringing" | "5" => State::Ringing,
        "Up" | "6" => State::Up,
        _ => State::Down,
    })
}
