//! From text to the number that is dialled, and back: links, texts, dial plans, policy, and how numbers are shown.
//!
//! `request`, `reason` and `secret` stand for the modules of the same names in the core, as far as they are needed.
#![cfg_attr(test, expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test"))]
#![forbid(unsafe_code)]
pub mod number;
pub mod reason;
pub mod request;
pub mod secret;
