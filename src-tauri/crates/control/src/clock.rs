//! The clock that agent and clients on one machine share, which goes on while the machine sleeps; and that on the wall.

use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Time since the machine was started, in milliseconds. Source: clock_gettime(2), `CLOCK_BOOTTIME`.
pub fn now_ms() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (u64::try_from(now.tv_sec).unwrap_or(0), u64::try_from(now.tv_nsec).unwrap_or(0));
    seconds * 1000 + nanos / 1_000_000
}

/// The time of day as events tell it, in milliseconds.
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The moment after which something asked now is not meant any more.
pub(crate) fn in_ms(limit: Duration) -> u64 {
    now_ms().saturating_add(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
}
