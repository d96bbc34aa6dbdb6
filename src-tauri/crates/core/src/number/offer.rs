//! What a question of the dial policy shows, and how it is answered.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::account::AccountName;

/// A number that rings after a yes, or one of several to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Offer {
    /// What the PBX would get.
    pub dial: String,
    /// The answer that chooses this number and its extension.
    pub choice: String,
    /// The same number for people, grouped as in its country.
    pub shown: String,
    /// As it stands in the text.
    pub text: String,
    /// Two letters of its country (ISO 3166-1), when known.
    pub country: Option<String>,
    /// Digits for after the answer.
    pub extension: Option<String>,
    /// What kind of number it is.
    pub kind: Kind,
    /// Why it asks.
    pub why: Option<String>,
    /// It asks only because every link does, so the user may let this number ring without a question.
    pub trust: bool,
    /// What is remembered of it then: the number everywhere, or the digits at this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub remember: Option<String>,
    /// The account that was asked about; a yes dials by no other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub account: Option<AccountName>,
}

/// How the question of the dial policy is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Yes {
    /// Nobody was asked yet.
    #[default]
    No,
    /// Whatever one number it is.
    Any,
    /// The number of this [`Offer::choice`], and no other one.
    To(String),
}

impl From<bool> for Yes {
    fn from(yes: bool) -> Self {
        if yes { Self::Any } else { Self::No }
    }
}
