//! The order of events: those of one topic keep it, those of different topics overtake each other (section 4).

use super::packet::Packet;

/// One event on its way to the clients.
#[derive(Debug, Clone)]
pub(super) struct Emitted {
    /// Class of rights a client needs in `read`.
    pub(super) class: &'static str,
    /// What it is published under.
    pub(super) topic: String,
    /// Unique ids of the channels it names.
    pub(super) names: Vec<String>,
    pub(super) packet: Packet,
}

impl Emitted {
    fn event(&self) -> &str {
        self.packet.get("Event")
    }

    fn is_of_a_bridge(&self) -> bool {
        matches!(self.event(), "BridgeEnter" | "BridgeLeave" | "BridgeCreate" | "BridgeDestroy" | "BridgeMerge")
    }

    /// Returns whether `later` may never be seen before this one.
    fn precedes(&self, later: &Self) -> bool {
        if self.topic == later.topic {
            return true;
        }
        let common = self.names.iter().any(|name| later.names.contains(name));
        if !common {
            return false;
        }
        // Nothing is known of a channel before its birth. One thread moves a channel from bridge to bridge. What is told after the
        // end are only farewells.
        self.event() == "Newchannel"
            || (self.is_of_a_bridge() && later.is_of_a_bridge())
            || (later.event() == "Hangup" && !matches!(self.event(), "BridgeLeave" | "DialEnd" | "MusicOnHoldStop"))
    }
}

/// More than this comes only from loads, where the order of the moment matters less than the time.
const MOST: usize = 100;

/// Lets topics overtake each other.
pub(super) fn scramble(mut waiting: Vec<Emitted>, random: &mut fastrand::Rng) -> Vec<Emitted> {
    if waiting.len() > MOST {
        return waiting;
    }
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let may_come = |at: &usize| {
            let Some((before, [event, ..])) = waiting.split_at_checked(*at) else { return false };
            !before.iter().any(|earlier| earlier.precedes(event))
        };
        // Mostly the first: a server is in order more often than not.
        let next = if random.u8(..10) < 6 {
            0
        } else {
            let eligible: Vec<usize> = (0..waiting.len()).filter(may_come).collect();
            random.choice(eligible).unwrap_or(0)
        };
        order.push(waiting.remove(next));
    }
    order
}
