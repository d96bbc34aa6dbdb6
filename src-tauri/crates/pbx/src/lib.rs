//! Pure dialects: what a PBX sends becomes our words, what we want becomes its frames and requests.
//!
//! A dialect has no clock, no socket and no random source of its own; see [`Dialect`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod dialect;
pub mod redact;
pub mod vodia;

pub use dialect::{Dialect, Effect, Effects, Header, HttpAnswer, HttpRequest, Input, Setup, Wire};

/// Makes the dialect of a kind; none when the kind is not known here.
pub fn create(kind: &str, setup: Setup) -> Option<Box<dyn Dialect>> {
    match kind {
        "vodia" => Some(Box::new(vodia::Vodia::new(setup))),
        _ => None,
    }
}

/// The kinds that [`create`] knows.
pub const KINDS: &[&str] = &["vodia"];
