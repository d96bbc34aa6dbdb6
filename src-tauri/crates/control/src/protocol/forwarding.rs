//! Where the own calls go.

use phone_core::{AccountName, ForwardWhen};
use serde::{Deserialize, Serialize};

/// Parameters of `set_forwarding`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct SetForwardingParams {
    /// Which account; needed when several could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// Which calls.
    pub when: ForwardWhen,
    /// The number as a person writes it; null ends it, and nothing else does.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "ts", ts(type = "string | null", optional = false))]
    pub to: Option<String>,
    /// Answers the question the dial policy would ask about the number.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub yes: bool,
    /// Answers it for this number only, as an offer named it; calls go to no other one then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_null_ends_it_and_nothing_that_was_left_out() {
        let read = |text: &str| serde_json::from_str::<SetForwardingParams>(text);
        assert!(read(r#"{"when":"always"}"#).is_err());
        let ends = read(r#"{"when":"no_answer","to":null}"#).expect("it can be read");
        assert_eq!((ends.when, ends.to, ends.account, ends.yes), (ForwardWhen::NoAnswer, None, None, false));
        let goes = read(r#"{"account":"office","when":"busy","to":"207","yes":true}"#).expect("it can be read");
        assert_eq!((goes.to.as_deref(), goes.yes, goes.choice), (Some("207"), true, None));
    }
}
