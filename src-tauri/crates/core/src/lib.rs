//! The pure middle of Trayphone: numbers, calls, presence, link state, model and view.
//!
//! Nothing here reads a clock, a socket, a file or a random source; time is an argument ([`Now`]).
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod account;
pub mod call;
pub mod event;
pub mod forward;
pub mod history;
pub mod host;
pub mod link;
pub mod model;
pub mod number;
pub mod pairing;
pub mod people;
pub mod reason;
pub mod request;
pub mod secret;
pub mod settings;
pub mod told;
pub mod view;

pub use account::{Abilities, Ability, AccountConfig, AccountName, plain_fingerprint};
pub use call::{CallId, CallState, Direction, Party};
pub use event::{Event, EventName};
pub use forward::{ForwardWhen, Forwarding};
pub use host::is_loopback_host;
pub use link::Link;
pub use model::Model;
pub use people::{Person, PersonKind, Presence};
pub use reason::{Code, Reason, Trouble, Why};
pub use request::{Reply, Request, Source};
pub use secret::Secret;
pub use settings::DesktopSettings;
pub use view::View;

use std::time::Instant;

/// The two clocks at one moment: `mono` for intervals, `wall` for people.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic time; stands still while the machine sleeps on some systems.
    pub mono: Instant,
    /// Wall clock time, may jump.
    pub wall: jiff::Timestamp,
}
