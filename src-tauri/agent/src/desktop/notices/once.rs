//! A word on the screen from a program that is about to end, because the agent could not do as asked.

use std::io::IsTerminal;
use std::time::Duration;

use phone_core::Trouble;

use super::service::plain;
use super::trouble;
use crate::desktop::Act;

/// How long the word may hold up the end of the program.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells why something failed to somebody who did not ask in a terminal, and so does not see what is written there.
pub fn tell(why: &Trouble, concerning: Option<&str>) {
    if std::io::stderr().is_terminal() {
        return;
    }
    let mut notice = trouble(why, concerning);
    // Nobody is left who could react to a press.
    notice.press = Act::Nothing;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    // Without a service there is nothing more to be done: it stands on standard error.
    runtime.block_on(async { tokio::time::timeout(PATIENCE, plain(&notice).show_async()).await.map(drop).ok() });
}
