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
}

/// Every kind, by the name that accounts use; the one place outside its module that names it.
const REGISTRY: &[Kind] = &[Kind { name: "vodia", make: |setup| Box::new(vodia::Vodia::new(setup)), check: vodia::check }];

/// Makes the dialect of a kind; none when the kind is not known here.
pub fn create(kind: &str, setup: Setup) -> Option<Box<dyn Dialect>> {
    REGISTRY.iter().find(|known| known.name == kind).map(|known| (known.make)(setup))
}

/// The kinds that [`create`] knows.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|known| known.name)
}

/// Looks at the keys of an account before it is added.
///
/// # Errors
/// One sentence on the first key whose value nobody understands.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    REGISTRY.iter().find(|known| known.name == config.kind).map_or(Ok(()), |known| (known.check)(config))
}
