//! What is said of account keys that a kind does not understand; each kind knows its own keys and their values.

use phone_core::AccountConfig;
use phone_core::call::tidy;

/// Looks at the keys of a kind one by one; those of the dial plan are everybody's and were looked at before.
pub(crate) fn each(config: &AccountConfig, check: impl Fn(&str, &str) -> Result<(), String>) -> Result<(), String> {
    config.keys.iter().filter(|(key, _)| !key.starts_with("plan.")).try_for_each(|(key, value)| check(key, value))
}

/// Says that there is no such key, and which ones there are.
pub(crate) fn unknown(key: &str, known: &[&str]) -> Result<(), String> {
    Err(format!(
        "there is no key {}; there are: {}, and those of the dial plan such as plan.country",
        short(key),
        known.join(", ")
    ))
}

/// Expects one of a few words.
pub(crate) fn one_of(key: &str, value: &str, known: &[&str]) -> Result<(), String> {
    expect(known.contains(&value), key, value, &format!("one of {}", known.join(", ")))
}

/// Says what a value has to be, unless it fits.
pub(crate) fn expect(fits: bool, key: &str, value: &str, what: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("{key} is {what}, not `{}`", short(value))) }
}

/// The entries of a list that is separated by commas, semicolons or blanks.
pub(crate) fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', ';']).filter(|entry| !entry.is_empty())
}

fn short(text: &str) -> String {
    tidy(text).chars().take(40).collect()
}
