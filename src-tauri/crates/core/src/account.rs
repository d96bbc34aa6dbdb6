//! Accounts: a person's sign-in at one PBX, and what that PBX lets them do.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::forward::ForwardWhen;

/// The user's own short name of an account, part of every call and person id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// Says why a text cannot name an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account name has 1 to 40 letters, digits, dots, hyphens or underscores")]
pub struct BadAccountName;

impl AccountName {
    /// Takes a text as an account name.
    ///
    /// # Errors
    /// [`BadAccountName`] unless it has 1 to 40 letters, digits, `.`, `-` or `_`.
    pub fn parse(text: &str) -> Result<Self, BadAccountName> {
        let fits = !text.is_empty()
            && text.chars().count() <= 40
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadAccountName) }
    }

    /// Tells whether it begins with a letter or digit, so that no command line takes it for an option.
    ///
    /// New accounts must; those of earlier versions keep the names they have.
    pub fn begins_plainly(&self) -> bool {
        self.0.starts_with(char::is_alphanumeric)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountName {
    type Error = BadAccountName;
    fn try_from(text: String) -> Result<Self, BadAccountName> {
        Self::parse(&text)
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is remembered of an account between starts; its secret lives in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountConfig {
    /// The user's name for it.
    pub name: AccountName,
    /// The PBX kind, as the registry of dialects names it.
    pub kind: String,
    /// Base address, path included.
    pub url: Url,
    /// Tenant, when the server has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// User or extension that signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// SHA-256 of the one certificate (DER, lower-case hex) the user accepted by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// What was learnt of the server at the last sign-in, so that probing can be skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learnt: Option<String>,
    /// Further keys (`dialect`, `dial_path`, `plan.country`, ...), all as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

impl AccountConfig {
    /// Splits `user@tenant` into both, unless a tenant was named already.
    pub fn split_user(user: &str, domain: Option<String>) -> (String, Option<String>) {
        match (user.rsplit_once('@'), domain) {
            (Some((name, tenant)), None) if !name.is_empty() && !tenant.is_empty() => (name.to_owned(), Some(tenant.to_owned())),
            (Some((name, tenant)), Some(domain)) if domain == tenant && !name.is_empty() => (name.to_owned(), Some(domain)),
            (_, domain) => (user.to_owned(), domain),
        }
    }

    /// Reads a key as a switch; absent counts as off.
    pub fn switch(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|v| matches!(v.as_str(), "true" | "1" | "on" | "yes"))
    }
}

/// A SHA-256 of a certificate without colons and blanks, in lower case; none when it is not 32 bytes of hex.
pub fn plain_fingerprint(text: &str) -> Option<String> {
    let hex: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').map(|c| c.to_ascii_lowercase()).collect();
    (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
}

/// One thing a PBX lets this user do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Start a call.
    Dial,
    /// Answer on the desk phone from here.
    Answer,
    /// End or decline a call.
    HangUp,
    /// Put a call on hold.
    Hold,
    /// Take a held call back.
    Resume,
    /// Send keypad tones.
    Dtmf,
    /// Hand a call on without asking.
    TransferBlind,
    /// Join two calls.
    TransferAttended,
    /// See colleagues.
    Presence,
    /// Switch do-not-disturb.
    Dnd,
    /// Read the PBX's call list.
    History,
    /// Read the address book.
    Contacts,
    /// Call somebody about a call while it waits.
    Consult,
    /// Put a call where anybody can fetch it.
    Park,
    /// Take a call that rings at a colleague.
    PickUp,
    /// Call addresses such as `sip:mara@example.org`.
    DialAddresses,
    /// See where the own calls go.
    Forwarding,
    /// Send every call on to another number.
    ForwardAlways,
    /// Send calls on while the own phone is busy.
    ForwardBusy,
    /// Send calls on that nobody answers.
    ForwardNoAnswer,
    /// Send a call that rings here on to somebody else.
    Deflect,
}

impl Ability {
    /// What setting this forwarding needs.
    pub fn to_forward(when: ForwardWhen) -> Self {
        match when {
            ForwardWhen::Always => Self::ForwardAlways,
            ForwardWhen::Busy => Self::ForwardBusy,
            ForwardWhen::NoAnswer => Self::ForwardNoAnswer,
        }
    }
}

/// The set of things a PBX lets this user do, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Abilities(Vec<Ability>);

impl Abilities {
    /// Makes a set out of a list, sorted, each once.
    pub fn of(list: &[Ability]) -> Self {
        let mut list = list.to_vec();
        list.sort_unstable();
        list.dedup();
        Self(list)
    }

    /// Tells whether the PBX offers it.
    pub fn has(&self, ability: Ability) -> bool {
        self.0.contains(&ability)
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Ability> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_found_in_the_user_name() {
        assert_eq!(AccountConfig::split_user("204@tenant.example", None), ("204".into(), Some("tenant.example".into())));
        assert_eq!(AccountConfig::split_user("204", None), ("204".into(), None));
        assert_eq!(
            AccountConfig::split_user("tom@mail.example", Some("tenant.example".into())),
            ("tom@mail.example".into(), Some("tenant.example".into()))
        );
    }

    #[test]
    fn a_fingerprint_is_taken_as_people_copy_it() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for text in [plain.as_str(), &colons, &format!(" {colons}\n")] {
            assert_eq!(plain_fingerprint(text).as_deref(), Some(plain.as_str()), "{text}");
        }
        for text in ["", "ab", &"zz".repeat(32), &"ab".repeat(33)] {
            assert_eq!(plain_fingerprint(text), None, "{text}");
        }
    }

    #[test]
    fn account_names_cannot_break_an_id() {
        assert!(AccountName::parse("office-2").is_ok());
        assert!(AccountName::parse("a/b").is_err());
        assert!(AccountName::parse("").is_err());
    }
}
