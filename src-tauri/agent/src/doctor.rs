//! The desktop's part of the self-examination.

use phone_control::takes_files;
use phone_core::request::{Check, CheckResult};
use phone_core::{Code, Reason, View};

use crate::agent::Agent;
use crate::bus;
use crate::desktop::hotkey::Combination;
use crate::desktop::{autostart, links, login, notices, window};
use crate::files::Hangs;
use crate::upgrade;

/// The bus name of the keyring.
const KEYRING: &str = "org.freedesktop.secrets";

/// Looks at everything that the desktop has to give.
pub async fn checks(agent: &Agent) -> Vec<Check> {
    // They share one wait where the home folder hangs.
    let (folders, handler, starts, opens) = tokio::join!(folders(agent), handler(agent), starts(agent), opens(agent));
    vec![
        own(),
        folders,
        keyring(agent).await,
        tray(agent),
        notifications(agent).await,
        hotkey(agent),
        handler,
        starts,
        opens,
        session().await,
    ]
}

fn own() -> Check {
    if upgrade::is_replaced() {
        return problem(
            "agent",
            "A newer Trayphone is installed than the one that runs.",
            "Restart it from its menu when no call is up.",
        );
    }
    fine("agent", &format!("Trayphone {} runs.", env!("CARGO_PKG_VERSION")))
}

/// Whether settings, history and log can be written down.
async fn folders(agent: &Agent) -> Check {
    let folders = [agent.folders.config(), agent.folders.state()];
    let tried = agent.files.with(move || folders.into_iter().find_map(|folder| Some((takes_files(&folder).err()?, folder))));
    match tried.await {
        Ok(None) => fine("folders", "Settings, history and log can be written."),
        Ok(Some((error, folder))) => {
            let text = format!("The folder {} cannot be written to ({error}).", folder.display());
            problem("folders", &text, "Give it to your user; until then settings, history or log are not kept.")
        }
        Err(Hangs) => hangs("folders"),
    }
}

async fn keyring(agent: &Agent) -> Check {
    let locked = |view: &View| {
        let whys = view.accounts.iter().filter_map(|account| account.why.as_ref());
        whys.filter(|why| matches!(why.code, Code::KeyringLocked | Code::KeyringAbsent))
            .map(|why| (why.text.clone(), why.remedy.clone()))
            .next()
    };
    if let Some((text, remedy)) = locked(&agent.engine.view().borrow()) {
        return Check { name: "keyring".to_owned(), result: CheckResult::Problem, text, remedy };
    }
    match &agent.bus {
        // Whoever is online already has the password; the next start would stand before a locked keyring.
        Some(session) if phone_vault::is_locked(session).await == Some(true) => {
            problem("keyring", Reason::KeyringLocked.text(), Reason::KeyringLocked.advice())
        }
        Some(session) if bus::is_there(session, KEYRING).await => fine("keyring", "A keyring is there."),
        Some(_) | None => problem(
            "keyring",
            "No keyring is running on this system.",
            "Start one, such as GNOME Keyring or KWallet; Trayphone continues by itself.",
        ),
    }
}

fn tray(agent: &Agent) -> Check {
    match *agent.host.borrow() {
        Some(true) => fine("tray host", "The icon is in the tray."),
        Some(false) => problem(
            "tray host",
            "This desktop shows no tray icons.",
            "Start a panel with a tray; on GNOME the AppIndicator extension brings one.",
        ),
        None => problem("tray host", "The tray has not answered yet.", "Try again in a moment."),
    }
}

async fn notifications(agent: &Agent) -> Check {
    const START: &str = "Start a notification service, such as that of your desktop or dunst.";
    let health = agent.health.borrow().clone();
    if health.works == Some(false) {
        let why = health.problem.map_or_else(String::new, |problem| format!(" ({problem})"));
        return problem("notifications", &format!("The last notification could not be shown{why}."), START);
    }
    match &agent.bus {
        Some(session) if bus::is_there(session, notices::service::NAME).await => {
            fine("notifications", "A notification service is there.")
        }
        Some(_) | None => problem("notifications", "There is no notification service.", START),
    }
}

fn hotkey(agent: &Agent) -> Check {
    let wanted = agent.engine.desktop().borrow().dial_hotkey.clone();
    match (wanted, agent.hotkey.borrow().as_ref()) {
        (_, Some(error)) => problem("hotkey", &format!("The hotkey does not work: {error}."), error.remedy()),
        (Some(wanted), None) => {
            let shown = Combination::parse(&wanted).map_or(wanted, |combination| combination.to_string());
            fine("hotkey", &format!("{shown} dials the selected number."))
        }
        (None, None) => not_here("hotkey", "The hotkey is switched off."),
    }
}

async fn handler(agent: &Agent) -> Check {
    let folders = agent.folders.clone();
    let looked = agent.files.with(move || {
        let others = links::linux::handlers(&folders).into_iter();
        let others = others.filter(|(scheme, _)| !links::linux::is_handler(&folders, scheme));
        others.map(|(scheme, entry)| format!("{scheme}: {}", entry.unwrap_or_else(|| "nothing".to_owned()))).collect::<Vec<_>>()
    });
    let Ok(others) = looked.await else { return hangs("url handler") };
    if others.is_empty() {
        return fine("url handler", "Trayphone opens phone links.");
    }
    let text = format!("Phone links are opened by something else ({}).", others.join(", "));
    problem("url handler", &text, "Switch it on in the settings, or run: trayphone --register")
}

async fn starts(agent: &Agent) -> Check {
    let folders = agent.folders.clone();
    match agent.files.with(move || autostart::linux::is_on(&folders)).await {
        Ok(true) => fine("autostart", "Trayphone starts with the session."),
        Ok(false) => not_here("autostart", "Trayphone does not start with the session; that is your choice."),
        Err(Hangs) => hangs("autostart"),
    }
}

async fn opens(agent: &Agent) -> Check {
    if display().is_none() {
        return problem(
            "window",
            "There is no display: neither WAYLAND_DISPLAY nor DISPLAY is set.",
            "Start Trayphone from within a desktop session.",
        );
    }
    match agent.files.with(window::linux::find).await {
        Ok(Some(_)) => fine("window", "The window can be opened."),
        Err(Hangs) => hangs("window"),
        Ok(None) => {
            problem("window", "The program of the window is missing.", &format!("Install {} beside trayphone.", window::PROGRAM))
        }
    }
}

/// The display of this session.
fn display() -> Option<String> {
    let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    var("WAYLAND_DISPLAY").or_else(|| var("DISPLAY"))
}

async fn session() -> Check {
    let display = display().unwrap_or_else(|| "none".to_owned());
    match login::linux::logins().await {
        // No login of a desktop is a session that the service does not know, such as one of a remote desktop.
        Some(0 | 1) => fine("session", &format!("Trayphone runs on the display {display}.")),
        Some(logins) => {
            let text = format!(
                "You are logged in {logins} times. Icon, notifications and hotkey are on the display {display}; \
                 the window opens in each login with: trayphone --window"
            );
            fine("session", &text)
        }
        None => not_here("session", "There is no login service, so a locked screen is not seen."),
    }
}

fn hangs(name: &str) -> Check {
    problem(name, "A folder does not answer.", "Look whether the disk or server of your home folder works.")
}

fn fine(name: &str, text: &str) -> Check {
    Check { name: name.to_owned(), result: CheckResult::Ok, text: text.to_owned(), remedy: None }
}

fn problem(name: &str, text: &str, remedy: &str) -> Check {
    Check { name: name.to_owned(), result: CheckResult::Problem, text: text.to_owned(), remedy: Some(remedy.to_owned()) }
}

fn not_here(name: &str, text: &str) -> Check {
    Check { name: name.to_owned(), result: CheckResult::NotHere, text: text.to_owned(), remedy: None }
}
