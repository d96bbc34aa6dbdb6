//! The desktop's part of the self-examination.

use phone_control::protocol::HotkeyName;
use phone_control::{display, takes_files};
use phone_core::call::tidy;
use phone_core::request::Check;
use phone_core::{Code, Reason, View};

use crate::agent::Agent;
use crate::bus;
use crate::desktop::hotkey::{self, State};
use crate::desktop::{autostart, links, login, notices, window};
use crate::files::Hangs;
use crate::upgrade;

/// The bus name of the keyring.
const KEYRING: &str = "org.freedesktop.secrets";

/// Looks at everything that the desktop has to give.
pub async fn checks(agent: &Agent) -> Vec<Check> {
    // They share one wait where the home folder hangs.
    let (folders, handler, starts, opens) = tokio::join!(folders(agent), handler(agent), starts(agent), opens(agent));
    let mut checks = vec![own(), folders, keyring(agent).await, tray(agent), notifications(agent).await];
    checks.extend(hotkeys(agent).await);
    checks.extend([handler, starts, opens, session().await]);
    checks
}

fn own() -> Check {
    if upgrade::is_replaced() {
        return Check::problem(
            "agent",
            "A newer Trayphone is installed than the one that runs.",
            "Restart it from its menu when no call is up.",
        );
    }
    Check::fine("agent", &format!("Trayphone {} runs.", env!("CARGO_PKG_VERSION")))
}

/// Whether settings, history and log can be written down.
async fn folders(agent: &Agent) -> Check {
    let folders = [agent.folders.config(), agent.folders.state()];
    let tried = agent.files.with(move || folders.into_iter().find_map(|folder| Some((takes_files(&folder).err()?, folder))));
    match tried.await {
        Ok(None) => Check::fine("folders", "Settings, history and log can be written."),
        Ok(Some((error, folder))) => {
            let text = format!("The folder {} cannot be written to ({error}).", folder.display());
            Check::problem("folders", &text, "Give it to your user; until then settings, history or log are not kept.")
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
        return Check::problem("keyring", &text, remedy.as_deref().unwrap_or_default());
    }
    match &agent.bus {
        // Whoever is online already has the password; the next start would stand before a locked keyring.
        Some(session) if phone_vault::is_locked(session).await == Some(true) => {
            Check::problem("keyring", Reason::KeyringLocked.text(), Reason::KeyringLocked.advice())
        }
        Some(session) if bus::is_there(session, KEYRING).await => Check::fine("keyring", "A keyring is there."),
        Some(_) | None => Check::problem(
            "keyring",
            "No keyring is running on this system.",
            "Start one, such as GNOME Keyring or KWallet; Trayphone continues by itself.",
        ),
    }
}

fn tray(agent: &Agent) -> Check {
    match *agent.host.borrow() {
        Some(true) => Check::fine("tray host", "The icon is in the tray."),
        Some(false) => Check::problem(
            "tray host",
            "This desktop shows no tray icons.",
            "Start a panel with a tray; on GNOME the AppIndicator extension brings one.",
        ),
        None => Check::problem("tray host", "The tray has not answered yet.", "Try again in a moment."),
    }
}

async fn notifications(agent: &Agent) -> Check {
    const START: &str = "Start a notification service, such as that of your desktop or dunst.";
    let health = agent.health.borrow().clone();
    if health.works == Some(false) {
        let why = health.problem.map_or_else(String::new, |problem| format!(" ({problem})"));
        return Check::problem("notifications", &format!("The last notification could not be shown{why}."), START);
    }
    match &agent.bus {
        Some(session) if bus::is_there(session, notices::service::NAME).await => {
            Check::fine("notifications", "A notification service is there.")
        }
        Some(_) | None => Check::problem("notifications", "There is no notification service.", START),
    }
}

/// One for each hotkey that has keys; that of dialling is the one that everybody has, and worth a word when it is off.
async fn hotkeys(agent: &Agent) -> Vec<Check> {
    let states = agent.hotkey_states().await.into_iter();
    let shown = states.filter(|(name, state)| *name == HotkeyName::Dial || *state != State::Off);
    shown.map(|(name, state)| hotkey(name, &state)).collect()
}

fn hotkey(name: HotkeyName, state: &State) -> Check {
    let check = match name {
        HotkeyName::Dial => "hotkey",
        HotkeyName::Answer => "answer hotkey",
        HotkeyName::HangUp => "hang-up hotkey",
        HotkeyName::Window => "window hotkey",
    };
    match state {
        State::Off => Check::not_here(check, &format!("The {} is switched off.", hotkey::title(name))),
        State::Asking => Check::not_here(check, &format!("The desktop is being asked for the {}.", hotkey::title(name))),
        State::Works(keys) => Check::fine(check, &format!("{keys} {}.", hotkey::does(name))),
        State::Broken { why, free } => Check::problem(check, &hotkey::problem(name, why), &why.remedy(name, *free)),
    }
}

async fn handler(agent: &Agent) -> Check {
    let folders = agent.folders.clone();
    let looked = agent.files.with(move || links::linux::owners(&folders));
    let Ok(owners) = looked.await else { return hangs("url handler") };
    let ours = |scheme: &str| links::linux::is_ours(owners.get(scheme).and_then(Option::as_ref));
    let named = owners.iter().map(|(scheme, owner)| {
        let owner =
            owner.as_ref().map_or_else(|| "nothing".to_owned(), |owner| format!("{} ({})", tidy(&owner.name), owner.entry));
        format!("{scheme}: {owner}")
    });
    let named = named.collect::<Vec<_>>().join(", ");
    if links::SCHEMES.into_iter().all(ours) {
        return Check::fine("url handler", &format!("Trayphone opens phone links. {named}."));
    }
    // Links of a scheme by name belong to another program until the user says otherwise.
    let text = format!("Not all phone links are opened by Trayphone. {named}.");
    Check::problem("url handler", &text, "Switch it on in the settings, or run: trayphone --register")
}

async fn starts(agent: &Agent) -> Check {
    let folders = agent.folders.clone();
    match agent.files.with(move || autostart::linux::is_on(&folders)).await {
        Ok(true) => Check::fine("autostart", "Trayphone starts with the session."),
        Ok(false) => Check::not_here("autostart", "Trayphone does not start with the session; that is your choice."),
        Err(Hangs) => hangs("autostart"),
    }
}

async fn opens(agent: &Agent) -> Check {
    if display().is_none() {
        return Check::problem(
            "window",
            "There is no display: neither WAYLAND_DISPLAY nor DISPLAY is set.",
            "Start Trayphone from within a desktop session.",
        );
    }
    match agent.files.with(window::linux::find).await {
        Ok(Some(_)) => Check::fine("window", "The window can be opened."),
        Err(Hangs) => hangs("window"),
        Ok(None) => Check::problem(
            "window",
            "The program of the window is missing.",
            &format!("Install {} beside trayphone.", window::PROGRAM),
        ),
    }
}

async fn session() -> Check {
    let display = display().unwrap_or_else(|| "none".to_owned());
    match login::linux::logins().await {
        // No login of a desktop is a session that the service does not know, such as one of a remote desktop.
        Some(0 | 1) => Check::fine("session", &format!("Trayphone runs on the display {display}.")),
        Some(logins) => {
            let text = format!(
                "You are logged in {logins} times. Icon, notifications and hotkey are on the display {display}; \
                 the window opens in each login with: trayphone --window"
            );
            Check::fine("session", &text)
        }
        None => Check::not_here("session", "There is no login service, so a locked screen is not seen."),
    }
}

fn hangs(name: &str) -> Check {
    Check::problem(name, "A folder does not answer.", "Look whether the disk or server of your home folder works.")
}
