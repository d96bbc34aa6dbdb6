//! Pure dialects: what a PBX sends becomes our words, what we want becomes its frames and requests.
//!
//! A dialect has no clock, no socket and no random source of its own; see [`Dialect`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod dialect;
pub mod redact;
pub mod vodia;

pub use dialect::{Dialect, Effect, Effects, Header, HttpAnswer, HttpRequest, Input, Setup, Wire};

type Make = fn(Setup) -> Box<dyn Dialect>;

/// Every kind, by the name that accounts use; the one place outside its module that names it.
const REGISTRY: &[(&str, Make)] = &[("vodia", |setup| Box::new(vodia::Vodia::new(setup)))];

/// Makes the dialect of a kind; none when the kind is not known here.
pub fn create(kind: &str, setup: Setup) -> Option<Box<dyn Dialect>> {
    REGISTRY.iter().find(|(name, _)| *name == kind).map(|(_, make)| make(setup))
}

/// The kinds that [`create`] knows.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|(name, _)| *name)
}
