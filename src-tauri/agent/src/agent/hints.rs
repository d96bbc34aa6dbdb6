//! What the user should know about the desktop itself: no tray, no notices, a newer program.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use phone_core::view::Hint;
use tokio::time::Instant;

use super::Agent;
use crate::desktop::notices::{About, NOTICES_HINT, TRAY_HINT, hint};
use crate::desktop::tray::RESTART_HINT;
use crate::upgrade;

/// A panel may come up after us; only then is its absence worth a word.
const PANEL_COMES: Duration = Duration::from_secs(15);

/// File with the hints that were told already, one a line.
const TOLD: &str = "hints-told";

impl Agent {
    /// Looks whether another program lies on the disk, unless somebody looked within `rest`.
    pub async fn look_for_update(&self, rest: Duration) {
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|at| at.elapsed() < rest) {
                return;
            }
            *looked = Some(Instant::now());
        }
        let replaced = upgrade::is_replaced();
        let known = self.engine.view().borrow().hints.iter().any(|hint| hint.about == RESTART_HINT);
        if replaced != known {
            let hint = Hint {
                about: RESTART_HINT.to_owned(),
                text: "Trayphone was updated.".to_owned(),
                remedy: Some("Restart it from the menu of its icon when no call is up.".to_owned()),
            };
            self.engine.hint(hint, replaced).await;
        }
    }

    /// Turns what tray and notices say about themselves into hints.
    pub(super) async fn follow_hints(self: Arc<Self>) {
        let (mut host, mut health) = (self.host.clone(), self.health.clone());
        let mut no_tray_since = None;
        loop {
            let absent = *host.borrow_and_update() == Some(false);
            let works = health.borrow_and_update().works;
            let late = no_tray_since.is_some_and(|since: Instant| since.elapsed() >= PANEL_COMES);
            match (absent, no_tray_since) {
                (true, None) => no_tray_since = Some(Instant::now()),
                (true, Some(_)) if late => self.hint_once(no_tray(), true).await,
                (true, Some(_)) => {}
                (false, Some(_)) => {
                    no_tray_since = None;
                    self.hint_once(no_tray(), false).await;
                }
                (false, None) => {}
            }
            if let Some(works) = works {
                self.engine.hint(no_notices(), !works).await;
            }
            let waits = no_tray_since.is_some() && !late;
            tokio::select! {
                changed = host.changed() => if changed.is_err() { return },
                changed = health.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(PANEL_COMES), if waits => {}
            }
        }
    }

    /// Sets or clears a hint that would be true at every login, and puts it on the screen the first time only.
    pub(super) async fn hint_once(&self, told: Hint, shown: bool) {
        let known = self.engine.view().borrow().hints.contains(&told);
        self.engine.hint(told.clone(), shown).await;
        if !shown {
            self.withdraw(About::Hint(told.about)).await;
            return;
        }
        if known {
            return;
        }
        let file = self.folders.state().join(TOLD);
        let line = format!("{} {}", told.about, told.text);
        // Where nobody can say whether it was told, once more is better than never.
        if self.files.with(move || is_first(&file, line)).await.unwrap_or(true) {
            self.tell(hint(&told)).await;
        }
    }
}

/// Remembers a line in a file; tells whether it is new there.
fn is_first(file: &Path, line: String) -> bool {
    let mut lines: BTreeSet<String> = std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect();
    let is_new = lines.insert(line);
    if is_new {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        if let Err(error) = std::fs::write(file, text) {
            tracing::debug!("{} cannot be written: {error}", file.display());
        }
    }
    is_new
}

fn no_tray() -> Hint {
    Hint {
        about: TRAY_HINT.to_owned(),
        text: "This desktop shows no tray icons.".to_owned(),
        remedy: Some(
            "Notifications, hotkey and window work all the same. On GNOME the AppIndicator extension brings the tray; \
             the window opens with: trayphone --window"
                .to_owned(),
        ),
    }
}

fn no_notices() -> Hint {
    Hint {
        about: NOTICES_HINT.to_owned(),
        text: "Notifications cannot be shown on this desktop.".to_owned(),
        remedy: Some("Start a notification service; until then the tray icon shows incoming calls.".to_owned()),
    }
}
