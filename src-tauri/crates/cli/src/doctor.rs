//! The self-examination; without an agent, what can be said without one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use phone_core::request::{Check, CheckResult};
use phone_core::{AccountName, Code, Reason, Trouble};
use phone_engine::{Vault as _, VaultError};
use serde::Serialize;

use crate::asking::{connect, read};
use crate::failure::Failure;
use crate::output::{Cell, Output, Tone, word};

/// How long the keyring may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Checks<'a> {
    checks: &'a [Check],
}

/// Runs the command.
///
/// # Errors
/// `no_agent` or `agent_hangs` after everything that can be said was printed.
pub async fn run(socket: &Path, output: &Output) -> Result<(), Failure> {
    let client = match connect(socket).await {
        Ok(client) => client,
        Err(failure) if matches!(failure.trouble.code, Code::NoAgent | Code::AgentHangs) => {
            return alone(socket, failure, output).await;
        }
        Err(failure) => return Err(failure),
    };
    let mut checks = read(client.doctor()).await?;
    if !checks.iter().any(|check| check.name == "agent") {
        let text = format!("Trayphone {} runs.", client.welcome().agent_version);
        checks.insert(0, Check::fine("agent", &text));
    }
    show(&checks, output)
}

async fn alone(socket: &Path, mut failure: Failure, output: &Output) -> Result<(), Failure> {
    let Trouble { text, remedy, .. } = &*failure.trouble;
    let text = format!(
        "{text} Nothing answers at {}, so tray host, notifications, hotkey, PBX and clock were not checked.",
        socket.display()
    );
    let agent = Check::problem("agent", &text, remedy.as_deref().unwrap_or_default());
    show(&[agent, keyring().await, handler()], output)?;
    failure.told = true;
    Err(failure)
}

async fn keyring() -> Check {
    let vault = phone_vault::KeyringVault::default();
    // Any name will do: how it answers says how the keyring is, and reading never asks the user anything.
    let Ok(name) = AccountName::parse("doctor") else {
        return Check::not_here("keyring", "It was not looked at.");
    };
    match tokio::time::timeout(PATIENCE, vault.get(&name)).await {
        Ok(Ok(_) | Err(VaultError::NoEntry)) => Check::fine("keyring", "The keyring is open."),
        Ok(Err(error)) => {
            let reason = Reason::from(&error);
            Check::problem("keyring", reason.text(), reason.advice())
        }
        Err(_) => Check::problem("keyring", "The keyring does not answer.", "Look at its own messages."),
    }
}

/// Who opens phone links, as far as the user's own choices say.
///
/// A running agent answers this itself, from the module with which it makes and takes back that choice. No program may
/// depend on another, and the libraries that both use know nothing of a desktop, so this reads the one line by itself.
///
/// Source: Association between MIME types and applications 1.0.1.
fn handler() -> Check {
    /// What Trayphone opens where the user wants it to open links at all; a SIP phone's links are a choice of their own.
    const SCHEMES: [&str; 5] = ["tel", "callto", "pbx", "sip", "sips"];
    let lists: Vec<String> = choices().into_iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let chosen = SCHEMES.map(|scheme| (scheme, lists.iter().find_map(|list| default_for(list, scheme))));
    let is_ours = |entry: &Option<String>| entry.as_ref().is_some_and(|entry| entry.to_lowercase().contains("trayphone"));
    let named =
        chosen.iter().map(|(scheme, entry)| format!("{scheme}: {}", entry.as_deref().unwrap_or("nothing this user chose")));
    let named = named.collect::<Vec<_>>().join(", ");
    if chosen.iter().take(3).all(|(_, entry)| is_ours(entry)) {
        return Check::fine("url handler", &format!("Trayphone opens phone links. {named}."));
    }
    let text = format!("Not all phone links are opened by Trayphone. {named}.");
    Check::problem("url handler", &text, "Run: trayphone --register")
}

/// Files with the user's choices, the most important one first.
fn choices() -> Vec<PathBuf> {
    let Some(config) = phone_control::user_folder("XDG_CONFIG_HOME", ".config") else { return vec![] };
    let desktops = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default().to_lowercase();
    let own = desktops.split(':').filter(|name| !name.is_empty()).map(|name| format!("{name}-mimeapps.list"));
    own.chain(["mimeapps.list".to_owned()]).map(|file| config.join(file)).collect()
}

fn default_for(list: &str, scheme: &str) -> Option<String> {
    let mut within = false;
    for line in list.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line == "[Default Applications]";
        } else if within
            && let Some((kind, entries)) = line.split_once('=')
            && kind.trim().strip_prefix("x-scheme-handler/") == Some(scheme)
        {
            return entries.split(';').map(str::trim).find(|entry| !entry.is_empty()).map(str::to_owned);
        }
    }
    None
}

fn show(checks: &[Check], output: &Output) -> Result<(), Failure> {
    output.show(&Checks { checks }, |to| {
        let rows: Vec<Vec<Cell>> = checks.iter().map(row).collect();
        output.table(to, &rows);
    })
}

fn row(check: &Check) -> Vec<Cell> {
    let tone = match check.result {
        CheckResult::Ok => Tone::Good,
        CheckResult::Problem => Tone::Bad,
        CheckResult::NotHere => Tone::Quiet,
    };
    let text = match &check.remedy {
        Some(remedy) => format!("{} {remedy}", check.text),
        None => check.text.clone(),
    };
    vec![Cell::toned(word(&check.result), tone), Cell::of(&check.name), Cell(text, Tone::Plain)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_for_phone_links_is_found() {
        let list = "[Added Associations]\nx-scheme-handler/tel=a.desktop;\n[Default Applications]\ntext/html=b.desktop\n\
                    x-scheme-handler/tel = trayphone.desktop;c.desktop;\n";
        assert_eq!(default_for(list, "tel").as_deref(), Some("trayphone.desktop"));
        assert_eq!(default_for("[Added Associations]\nx-scheme-handler/tel=a.desktop;\n", "tel"), None);
    }
}
