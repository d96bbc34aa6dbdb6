//! The one way tests wait: for a condition, under a timeout.

use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How long the harness itself waits for a desktop part; generous, as a busy machine starts them slowly.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks at a condition that cannot announce itself.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `condition` holds.
///
/// # Panics
/// When `timeout` has passed; the message names `what`.
pub async fn wait_until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    wait_for(what, timeout, async || condition().then_some(())).await;
}

/// Waits until `probe` finds something and returns it.
///
/// # Panics
/// When `timeout` has passed; the message names `what`.
pub async fn wait_for<T>(what: &str, timeout: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up_at = Instant::now() + timeout;
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < give_up_at, "waited {timeout:?} in vain for: {what}");
    }
}
