//! Pure dialects: what a PBX sends becomes our words, what we want becomes its frames and requests.
//!
//! A dialect has no clock, no socket and no random source of its own; see [`Dialect`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod dialect;
pub mod redact;
pub mod vodia;

use phone_core::AccountConfig;

pub use dialect::{Dialect, Effect, Effects, Header, HttpAnswer, HttpRequest, Input, Setup, Wire};

/// What a kind is made and checked with.
struct Kind {
    name: &'static str,
    make: fn(Setup) -> Box<dyn Dialect>,
    /// Says what is wrong with an account's keys.
    check: fn(&AccountConfig) -> Result<(), String>,
    /// Says whether an account signs in with a secret; without one it does so by a page of its company.
    needs_secret: fn(&AccountConfig) -> bool,
    /// Keys of its frames whose values are words of the protocol, never about people.
    words: &'static [&'static str],
}

/// Every kind, by the name that accounts use; the one place outside its module that names it.
const REGISTRY: &[Kind] = &[vodia::KIND];

/// Makes the dialect of a kind; none when the kind is not known here.
pub fn create(kind: &str, setup: Setup) -> Option<Box<dyn Dialect>> {
    REGISTRY.iter().find(|known| known.name == kind).map(|known| (known.make)(setup))
}

/// The kinds that [`create`] knows.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|known| known.name)
}

/// Looks at the keys of an account before it is added; the one place that knows the keys of a kind and their values.
///
/// # Errors
/// One sentence on the first key that its kind does not know, or whose value nobody understands, with what is expected.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    REGISTRY.iter().find(|known| known.name == config.kind).map_or(Ok(()), |known| (known.check)(config))
}

/// Tells whether an account cannot sign in without a secret; one of a kind nobody knows cannot.
pub fn needs_secret(config: &AccountConfig) -> bool {
    REGISTRY.iter().find(|known| known.name == config.kind).is_none_or(|known| (known.needs_secret)(config))
}

/// The keys of a kind's frames whose values may stand in a report; none for a kind nobody knows.
pub fn words(kind: &str) -> &'static [&'static str] {
    REGISTRY.iter().find(|known| known.name == kind).map_or(&[], |known| known.words)
}
