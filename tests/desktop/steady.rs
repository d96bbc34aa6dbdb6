//! Looking on for a while.

use std::time::Duration;
use tokio::time::{Instant, interval};

/// Checks again and again that `condition` holds, for as long as `time`.
///
/// # Panics
/// At the first look at which it does not; the message names `what`.
pub async fn holds_for(time: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + time;
    let mut looks = interval(Duration::from_millis(20));
    while Instant::now() < until {
        looks.tick().await;
        assert!(condition(), "not any more: {what}");
    }
}
