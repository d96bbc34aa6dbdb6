//! What the figures are measured with: a desktop session, a PBX in a process of its own, and clocks that both share.

mod control;
mod ears;
pub mod figures;
mod pbx;
mod proc;
mod relay;
mod stage;
mod table;

pub use pbx::Kind;
pub use stage::Programs;
pub use table::{Row, machine, print};

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::event::{Timespec, poll};

/// How long anything may take that should come at once; only a broken agent needs longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the figures are measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The programs that are measured.
    pub programs: Programs,
    /// How often figures of single runs are measured.
    pub runs: usize,
    /// How long the agent is left alone before it counts as settled.
    pub settle: Duration,
    /// How long it is watched doing nothing.
    pub idle: Duration,
    /// Calls that ring.
    pub calls: usize,
    /// Links that are opened.
    pub links: usize,
    /// Seconds of one flood.
    pub flood: u64,
    /// Seconds for which other people call each other.
    pub others: u64,
    /// Seconds of a long flood in whose middle somebody calls, instead of the short one.
    pub storm: Option<u64>,
    /// Generation of the PBX, unless a figure is about something else.
    pub generation: &'static str,
}

/// A moment of the wall clock, which all processes of the machine share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl Moment {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Milliseconds from `earlier` to this moment.
    #[expect(clippy::cast_precision_loss, reason = "differences of seconds are far below 2^53 nanoseconds")]
    fn ms_after(self, earlier: Self) -> f64 {
        (self.0 as f64 - earlier.0 as f64) / 1e6
    }
}

/// Waits shorter than a millisecond, which the runtime's timers cannot.
fn nap(time: Duration) {
    let timeout = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: i64::from(time.subsec_nanos()) };
    // A signal may end it early, which does no harm.
    let _ = poll(&mut [], Some(&timeout));
}
