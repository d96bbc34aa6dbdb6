//! What happened, for scripts that follow along.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::AccountName;
use crate::call::{CallId, CallState, Direction, Party};
use crate::people::Presence;
use crate::reason::Why;

/// Names of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the names are the contract")]
pub enum EventName {
    #[serde(rename = "link.online")]
    LinkOnline,
    #[serde(rename = "link.waiting")]
    LinkWaiting,
    #[serde(rename = "link.stopped")]
    LinkStopped,
    #[serde(rename = "call.dialing")]
    CallDialing,
    #[serde(rename = "call.ringing")]
    CallRinging,
    #[serde(rename = "call.connected")]
    CallConnected,
    #[serde(rename = "call.held")]
    CallHeld,
    #[serde(rename = "call.resumed")]
    CallResumed,
    #[serde(rename = "call.transferred")]
    CallTransferred,
    #[serde(rename = "call.ended")]
    CallEnded,
    #[serde(rename = "call.missed")]
    CallMissed,
    #[serde(rename = "presence")]
    Presence,
    #[serde(rename = "history")]
    History,
}

/// A call as an event tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallBrief {
    /// Ours.
    pub id: CallId,
    /// Whose PBX carries it.
    pub account: AccountName,
    /// Who began it.
    pub direction: Direction,
    /// Where it stands.
    pub state: CallState,
    /// The other side.
    pub remote: Party,
}

/// A person as an event tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PersonBrief {
    /// `account/number`.
    pub id: String,
    /// New presence.
    pub presence: Presence,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Event {
    /// What.
    pub event: EventName,
    /// When, by our clock.
    #[cfg_attr(feature = "ts", ts(as = "String"))]
    pub at: Timestamp,
    /// The account, for `link.*` and `history`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// The call, for `call.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallBrief>,
    /// Why, for `link.waiting` and `link.stopped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Next attempt, for `link.waiting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub retry_at: Option<Timestamp>,
    /// The person, for `presence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonBrief>,
}

impl Event {
    /// An event with a time and nothing else yet.
    pub fn new(event: EventName, at: Timestamp) -> Self {
        Self { event, at, account: None, call: None, why: None, retry_at: None, person: None }
    }

    /// The same event about a call.
    pub fn about(mut self, call: CallBrief) -> Self {
        self.call = Some(call);
        self
    }
}
