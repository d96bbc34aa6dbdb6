//! What is dialled and what would be, and the two presses of an emergency number.

use phone_core::AccountName;
use phone_core::number::Candidate;
use serde::{Deserialize, Serialize};

/// Parameters of `dial`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct DialParams {
    /// What a person typed.
    pub text: String,
    /// By which account; needed when several could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// Answers the question the dial policy would ask.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub yes: bool,
    /// Answers it for this number only, as an offer named it; nothing else is dialled then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Parameters of `numbers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct NumbersParams {
    /// What a person is typing.
    pub text: String,
    /// By which account; needed when several could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
}

/// Answer of `numbers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NumbersReply {
    /// What would be dialled, and what the policy says.
    pub candidates: Vec<Candidate>,
}

/// Parameters of `prepare_emergency`, the first press on an emergency number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct PrepareEmergencyParams {
    /// What a person typed.
    pub text: String,
    /// By which account; needed when several could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// What the agent gave the window when it started it; nobody else may ask.
    pub window_key: String,
}

impl std::fmt::Debug for PrepareEmergencyParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrepareEmergencyParams").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Answer of `prepare_emergency`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EmergencyReply {
    /// For the second press; counts once.
    pub token: String,
    /// What would be dialled.
    pub number: String,
    /// How long the second press may take, in seconds.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seconds: u64,
}

/// Parameters of `dial_emergency`, the second press.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DialEmergencyParams {
    /// The token of `prepare_emergency`.
    pub token: String,
}

impl std::fmt::Debug for DialEmergencyParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialEmergencyParams").finish_non_exhaustive()
    }
}

/// Answer of `take_text`: what the user wants to dial and should look at first.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TakeTextReply {
    /// The text; none when nothing waits, or somebody has taken it.
    pub text: Option<String>,
    /// By which account, when that was said.
    pub account: Option<AccountName>,
}
