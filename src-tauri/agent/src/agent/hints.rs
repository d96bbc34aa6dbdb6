//! What the user should know about the desktop itself: no tray, no notices, no hotkey, a newer program.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use phone_core::view::Hint;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Agent;
use crate::desktop::Act;
use crate::desktop::hotkey::linux::Hotkey;
use crate::desktop::hotkey::{Combination, HotkeyError};
use crate::desktop::notices::{About, HOTKEY_HINT, NOTICES_HINT, TRAY_HINT, hint};
use crate::desktop::tray::RESTART_HINT;
use crate::upgrade;

/// A panel may come up after us; only then is its absence worth a word.
const PANEL_COMES: Duration = Duration::from_secs(15);

/// Between two tries to grab a key that was taken; the other program may have ended.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// A change of the keyboard's layout comes in several steps, and only the last one counts.
const SETTLED: Duration = Duration::from_secs(1);

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

    /// Keeps the hotkey of the settings grabbed.
    pub(super) async fn follow_hotkey(self: Arc<Self>) {
        let mut settings = self.engine.desktop();
        let (pressed, mut presses) = mpsc::channel(1);
        loop {
            let wanted = settings.borrow_and_update().dial_hotkey.clone();
            let (mut held, mut problem) = match grab(wanted.as_deref(), pressed.clone()).await {
                Ok(held) => {
                    let problem = held.as_ref().and_then(|held| held.problem.borrow().clone());
                    (held, problem)
                }
                Err(error) => (None, Some(error)),
            };
            loop {
                self.tell_hotkey(problem.clone()).await;
                let again = matches!(problem, Some(HotkeyError::Taken(_) | HotkeyError::Failed(_)));
                tokio::select! {
                    Some(()) = presses.recv() => drop(tokio::spawn(self.clone().act(Act::DialSelection.into()))),
                    changed = settings.changed() => match changed {
                        Ok(()) if settings.borrow().dial_hotkey != wanted => break,
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    changed = other_problem(&mut held, &problem) => problem = changed,
                    () = tokio::time::sleep(TRY_AGAIN), if again => break,
                }
            }
            // Given back before it is grabbed anew: it may be the same key with other modifiers.
            drop(held);
        }
    }

    async fn tell_hotkey(&self, problem: Option<HotkeyError>) {
        if *self.hotkey.borrow() == problem {
            return;
        }
        let shown = problem.is_some();
        let told = problem.as_ref().or(self.hotkey.borrow().as_ref()).map(|error| {
            tracing::info!("the hotkey does not work: {error}");
            Hint {
                about: HOTKEY_HINT.to_owned(),
                text: format!("The hotkey does not work: {error}."),
                remedy: Some(error.remedy().to_owned()),
            }
        });
        self.hotkey.send_replace(problem);
        if let Some(told) = told {
            self.hint_once(told, shown).await;
        }
    }

    /// Sets or clears a hint that would be true at every login, and puts it on the screen the first time only.
    async fn hint_once(&self, told: Hint, shown: bool) {
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

/// What keeps a held hotkey from working, as soon as that changes; for ever where none is held.
async fn other_problem(held: &mut Option<Hotkey>, known: &Option<HotkeyError>) -> Option<HotkeyError> {
    let Some(held) = held else { return std::future::pending().await };
    if held.problem.wait_for(|problem| problem != known).await.is_err() {
        // Its thread has ended, and what it said last is known.
        return std::future::pending().await;
    }
    tokio::time::sleep(SETTLED).await;
    held.problem.borrow().clone()
}

async fn grab(wanted: Option<&str>, pressed: mpsc::Sender<()>) -> Result<Option<Hotkey>, HotkeyError> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok(None) };
    let combination = Combination::parse(wanted)?;
    // The X server inside a Wayland desktop lets keys be grabbed, but only its own windows ever press them.
    if std::env::var("XDG_SESSION_TYPE").is_ok_and(|kind| kind == "wayland") {
        return Err(HotkeyError::NoX);
    }
    Hotkey::grab(combination, pressed).await.map(Some)
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
