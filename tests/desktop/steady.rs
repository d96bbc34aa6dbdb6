//! Looking on for a while, and waiting for what is seen from outside alone.

use super::support::USER;
use phone_tests::desktop::{Lookup, PATIENCE, Session, wait_for};
use std::time::Duration;
use tokio::time::{Instant, interval};

/// How the agent's entry is found among those of other programs.
pub const ENTRY: [(&str, &str); 2] = [("service", "trayphone"), ("username", "office")];

/// Waits until the password of the account `office` is in the keyring.
pub async fn stored(session: &Session) {
    wait_for("the password in the keyring", PATIENCE, async || {
        (session.secret_tool_lookup(&ENTRY, PATIENCE).await == Lookup::Found(USER.1.to_owned())).then_some(())
    })
    .await;
}

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
