//! A real Asterisk with real SIP phones, all on loopback, private to one test.
//!
//! ```no_run
//! # async fn example() {
//! use phone_tests::asterisk_bed::{Bed, Options};
//!
//! let bed = Bed::start(Options::default()).await;
//! let (alice, bob) = (bed.phone("100").await, bed.phone("101").await);
//! let out = alice.dial("101").await;
//! let call = bob.wait_incoming().await;
//! bob.accept(&call).await;
//! alice.wait_established(&out).await;
//! assert_eq!(bed.legs("PJSIP/101").await.len(), 1);
//! # }
//! ```
//!
//! The programs come from the folder that `.make/asterisk.sh build` makes; they run in it by `chroot`, so all of this
//! needs root. A test that uses it has `real_pbx` in its path, by which the test run leaves it out without root.
//!
//! Everything here panics with the reason when something does not do as told: a test has no better answer.
//! Nothing survives a [`Bed`]: its programs carry a mark in their environment, by which all of them are found and ended
//! when it is dropped, and by a watchdog when the test itself is killed.

mod admin;
mod bed;
mod configuration;
mod lively;
mod phone;
mod place;
mod scripted;
mod sip;

pub use admin::{Admin, Packet};
pub use bed::{Bed, Leg, OutsideCall};
pub use configuration::{AmiUser, Extension, Options};
pub use phone::{Phone, PhoneCall};
pub use place::{lacks, root};
pub use scripted::{Manner, ScriptedCall, ScriptedPhone};

use std::time::Duration;

/// How long the bed itself waits for anything; generous, as a busy machine starts programs slowly.
pub const PATIENCE: Duration = Duration::from_secs(20);
