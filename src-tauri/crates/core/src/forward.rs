//! Where the user's own calls go instead of the own phone.

use serde::{Deserialize, Serialize};

/// When a call is sent on to another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ForwardWhen {
    /// Each call; the own phone does not ring.
    Always,
    /// While the own phone is busy.
    Busy,
    /// When nobody answers, or no phone can be reached.
    NoAnswer,
}

impl ForwardWhen {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Always, Self::Busy, Self::NoAnswer];
}

/// Where calls go, as the PBX tells it. What is not known is no forwarding at all, never one without targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Forwarding {
    /// The number that gets each call.
    pub always: Option<String>,
    /// The number that gets calls while the own phone is busy.
    pub busy: Option<String>,
    /// The number that gets calls which nobody answers.
    pub no_answer: Option<String>,
}

impl Forwarding {
    /// The number that gets these calls.
    pub fn to(&self, when: ForwardWhen) -> Option<&str> {
        match when {
            ForwardWhen::Always => self.always.as_deref(),
            ForwardWhen::Busy => self.busy.as_deref(),
            ForwardWhen::NoAnswer => self.no_answer.as_deref(),
        }
    }

    /// Makes a number get these calls.
    pub fn set(&mut self, when: ForwardWhen, to: Option<String>) {
        match when {
            ForwardWhen::Always => self.always = to,
            ForwardWhen::Busy => self.busy = to,
            ForwardWhen::NoAnswer => self.no_answer = to,
        }
    }
}
