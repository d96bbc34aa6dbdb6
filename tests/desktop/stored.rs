//! The password where it belongs.

use super::support::USER;
use phone_tests::desktop::{Lookup, PATIENCE, Session, wait_for};

/// How the agent's entry is found among those of other programs.
pub const ENTRY: [(&str, &str); 2] = [("service", "trayphone"), ("username", "office")];

/// Waits until the password of the account `office` is in the keyring.
pub async fn stored(session: &Session) {
    wait_for("the password in the keyring", PATIENCE, async || {
        (session.secret_tool_lookup(&ENTRY, PATIENCE).await == Lookup::Found(USER.1.to_owned())).then_some(())
    })
    .await;
}
