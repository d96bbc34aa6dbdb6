//! Questions that are answered by a list: the action that asks, and the events of one item and of the end.

use super::Asked;
use super::commands::Step;
use super::packet::Action;

/// One such question.
pub(super) struct List {
    action: &'static str,
    /// Each entry; where the same is told of every change, that is read as such.
    pub item: &'static str,
    pub end: &'static str,
    /// An answer without any list may announce items too.
    pub unannounced: bool,
}

pub(super) const CHANNELS: List = list("CoreShowChannels", "CoreShowChannel", "CoreShowChannelsComplete");
pub(super) const STATUS: List = list("Status", "Status", "StatusComplete");
pub(super) const HINTS: List = list("ExtensionStateList", "ExtensionStatus", "ExtensionStateListComplete");
pub(super) const DEVICES: List = list("DeviceStateList", "DeviceStateChange", "DeviceStateListComplete");
pub(super) const BRIDGE: List = list("BridgeInfo", "BridgeInfoChannel", "BridgeInfoComplete");
pub(super) const PARKED: List = list("ParkedCalls", "ParkedCall", "ParkedCallsComplete");
pub(super) const DATABASE: List = List { unannounced: true, ..list("DBGet", "DBGetResponse", "DBGetComplete") };

const ALL: [&List; 7] = [&CHANNELS, &STATUS, &HINTS, &DEVICES, &BRIDGE, &PARKED, &DATABASE];

const fn list(action: &'static str, item: &'static str, end: &'static str) -> List {
    List { action, item, end, unannounced: false }
}

impl List {
    /// The action that asks for it.
    pub fn ask(&self, id: u64) -> Action {
        Action::new(self.action, id)
    }

    /// Tells whether an event belongs to a list.
    pub fn has(event: &str) -> bool {
        ALL.iter().any(|list| list.item == event || list.end == event)
    }
}

impl Asked {
    /// The list that answers it, if it is one.
    pub(super) fn list(&self) -> Option<&'static List> {
        match self {
            Self::Channels => Some(&CHANNELS),
            Self::Status => Some(&STATUS),
            Self::Hints => Some(&HINTS),
            Self::Devices => Some(&DEVICES),
            Self::Bridge(_) => Some(&BRIDGE),
            Self::Dnd | Self::Forward(_) => Some(&DATABASE),
            Self::Parked => Some(&PARKED),
            Self::Step(_, Step::Rings { all }) => Some(if *all { &CHANNELS } else { &STATUS }),
            Self::Challenge
            | Self::Login
            | Self::Ping
            | Self::Commands
            | Self::Settings
            | Self::Started
            | Self::Feature(_)
            | Self::ForwardCode(..)
            | Self::Name(_)
            | Self::Caller(_)
            | Self::Contacts(_)
            | Self::Model(..)
            | Self::Knows(_)
            | Self::Examined(_)
            | Self::Step(..) => None,
        }
    }
}
