//! Who has a combination that we cannot have. The X server does not tell, but the settings of most desktops do.
//!
//! They are read only after a grab has failed, and for a proposal.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use zbus::Connection;
use zbus::zvariant::OwnedValue;

use super::{Combination, Owner};
use crate::bus;
use crate::files::Files;

/// How long a desktop may take to tell its keys.
const ANSWER: Duration = Duration::from_secs(2);

/// The settings of Xfce on the bus.
const XFCONF: &str = "org.xfce.Xfconf";

/// Where GNOME keeps its keys.
const GNOME: [&str; 5] = [
    "org.gnome.desktop.wm.keybindings",
    "org.gnome.mutter.keybindings",
    "org.gnome.shell.keybindings",
    "org.gnome.mutter.wayland.keybindings",
    MEDIA_KEYS,
];
const MEDIA_KEYS: &str = "org.gnome.settings-daemon.plugins.media-keys";

/// Most shortcuts of the user's own that are looked at in GNOME; each is a program that runs.
const CUSTOM: usize = 20;

/// What the desktop uses, with who uses it.
pub type Known = Vec<(Combination, Owner)>;

/// Everything that this desktop says it uses; nothing where it says nothing.
pub async fn known(bus: Option<&Connection>, config_home: &Path, files: &Files) -> Known {
    let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default().to_uppercase();
    let is = |name: &str| desktop.split(':').any(|part| part.contains(name));
    let reading = async {
        let mut known = match bus {
            Some(bus) => xfce(bus).await,
            None => Vec::new(),
        };
        if is("GNOME") || is("UNITY") {
            known.extend(gnome().await);
        }
        if is("KDE") {
            let file = config_home.join("kglobalshortcutsrc");
            let text = files.with(move || std::fs::read_to_string(file).unwrap_or_default()).await;
            known.extend(of_kde(&text.unwrap_or_default()));
        }
        known
    };
    tokio::time::timeout(ANSWER, reading).await.unwrap_or_default()
}

async fn xfce(bus: &Connection) -> Known {
    // Only where it runs: another desktop may have it installed.
    if !bus::is_owned(bus, XFCONF).await {
        return Vec::new();
    }
    let wanted = ("xfce4-keyboard-shortcuts", "/");
    let answer = bus.call_method(Some(XFCONF), "/org/xfce/Xfconf", Some(XFCONF), "GetAllProperties", &wanted).await;
    let read = answer.and_then(|answer| answer.body().deserialize::<HashMap<String, OwnedValue>>());
    let properties = match read {
        Ok(properties) => properties,
        Err(error) => {
            tracing::debug!("Xfce does not tell its keys: {error}");
            return Vec::new();
        }
    };
    let text = |value: OwnedValue| match String::try_from(value.try_clone().ok()?) {
        Ok(text) => Some(text),
        Err(_) => bool::try_from(value).ok().map(|on| on.to_string()),
    };
    of_xfce(&properties.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}

/// Reads the channel `xfce4-keyboard-shortcuts`: what is custom takes the place of all that is default, where it says so.
fn of_xfce(properties: &HashMap<String, String>) -> Known {
    let mut known = Vec::new();
    for group in ["commands", "xfwm4"] {
        let overrides = properties.get(&format!("/{group}/custom/override")).is_some_and(|on| on == "true");
        let prefix = format!("/{group}/{}/", if overrides { "custom" } else { "default" });
        for (name, value) in properties {
            let keys = name.strip_prefix(&prefix).filter(|keys| !keys.contains('/')).and_then(Combination::parse_gtk);
            let Some(keys) = keys else { continue };
            let what = match value.strip_suffix("_key") {
                Some(action) => action.replace('_', " "),
                // Of a command line, the program.
                None => value.split_whitespace().next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned(),
            };
            known.push((keys, owner("Xfce", &what)));
        }
    }
    known
}

async fn gnome() -> Known {
    let mut known = Vec::new();
    for schema in GNOME {
        let text = gsettings(schema).await;
        known.extend(of_gnome(&text));
        if schema != MEDIA_KEYS {
            continue;
        }
        let paths = text.lines().find_map(|line| line.split_once(" custom-keybindings ")).map_or("", |(_, list)| list);
        for path in quoted(paths).into_iter().take(CUSTOM) {
            known.extend(of_custom(&gsettings(&format!("{MEDIA_KEYS}.custom-keybinding:{path}")).await));
        }
    }
    known
}

async fn gsettings(schema: &str) -> String {
    let mut command = tokio::process::Command::new("gsettings");
    command.args(["list-recursively", schema]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match command.output().await {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => {
            tracing::debug!("GNOME does not tell its keys: {error}");
            String::new()
        }
    }
}

/// Reads lines such as `SCHEMA show-desktop ['<Primary><Super>d']`.
fn of_gnome(text: &str) -> Known {
    let mut known = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ' ');
        let (Some(_), Some(what), Some(value)) = (parts.next(), parts.next(), parts.next()) else { continue };
        for keys in quoted(value).into_iter().filter_map(Combination::parse_gtk) {
            known.push((keys, owner("GNOME", &what.replace('-', " "))));
        }
    }
    known
}

/// Reads the lines of one shortcut of the user's own.
fn of_custom(text: &str) -> Known {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.split_once(&format!(" {key} ")))?;
        quoted(line.1).into_iter().next()
    };
    let keys = value("binding").and_then(Combination::parse_gtk);
    keys.map(|keys| (keys, owner("GNOME", value("name").unwrap_or_default()))).into_iter().collect()
}

/// The texts between single quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('\'').skip(1).step_by(2).collect()
}

/// Reads `kglobalshortcutsrc`: the keys of now, those of the installation, and what they do, with a tab between several keys.
fn of_kde(text: &str) -> Known {
    let mut known = Known::new();
    let mut program = String::new();
    for line in text.lines() {
        if let Some(group) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let last = group.rsplit("][").next().unwrap_or(group);
            last.strip_suffix(".desktop").unwrap_or(last).clone_into(&mut program);
            continue;
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        if name == "_k_friendly_name" {
            value.clone_into(&mut program);
            continue;
        }
        let mut parts = value.splitn(3, ',');
        let (now, _default, what) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        for keys in now.split("\\t").flat_map(|keys| keys.split('\t')).filter_map(|keys| Combination::parse(keys).ok()) {
            known.push((keys, owner(&program, what.unwrap_or_default())));
        }
    }
    known
}

fn owner(program: &str, what: &str) -> Owner {
    let what = what.trim();
    Owner { program: program.to_owned(), what: (!what.is_empty()).then(|| what.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(known: &Known, keys: &str) -> Option<String> {
        let keys = Combination::parse(keys).expect("a combination");
        known.iter().find(|(taken, _)| *taken == keys).map(|(_, owner)| owner.to_string())
    }

    #[test]
    fn xfce_has_its_defaults_until_the_user_changes_one() {
        let properties = |overrides: &str| {
            let list = [
                ("/commands/default/<Primary><Alt>t", "exo-open --launch TerminalEmulator"),
                ("/commands/default/<Alt>F2/startup-notify", "true"),
                ("/commands/custom/<Primary><Alt>p", "/usr/bin/thunar /home"),
                ("/commands/custom/override", overrides),
                ("/xfwm4/default/<Primary><Alt>d", "show_desktop_key"),
            ];
            of_xfce(&list.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        };
        let default = properties("false");
        assert_eq!(who(&default, "ctrl+alt+t").as_deref(), Some("Xfce (“exo-open”)"));
        assert_eq!(who(&default, "ctrl+alt+d").as_deref(), Some("Xfce (“show desktop”)"));
        assert_eq!(who(&default, "ctrl+alt+p"), None);
        let custom = properties("true");
        assert_eq!(who(&custom, "ctrl+alt+p").as_deref(), Some("Xfce (“thunar”)"));
        assert_eq!(who(&custom, "ctrl+alt+t"), None);
    }

    #[test]
    fn gnome_tells_its_own_keys_and_those_of_the_user() {
        let known = of_gnome(
            "org.gnome.desktop.wm.keybindings show-desktop ['<Primary><Super>d', '<Primary><Alt>d', '<Super>d']\n\
             org.gnome.desktop.wm.keybindings maximize @as []\nbroken",
        );
        assert_eq!(who(&known, "ctrl+alt+d").as_deref(), Some("GNOME (“show desktop”)"));
        assert_eq!(who(&known, "super+d").as_deref(), Some("GNOME (“show desktop”)"));
        assert_eq!(known.len(), 3);
        let schema = "org.gnome.settings-daemon.plugins.media-keys.custom-keybinding";
        let custom = of_custom(&format!("{schema} binding '<Primary><Alt>p'\n{schema} command 'x'\n{schema} name 'Play music'"));
        assert_eq!(who(&custom, "ctrl+alt+p").as_deref(), Some("GNOME (“Play music”)"));
    }

    #[test]
    fn kde_tells_its_keys_by_program() {
        let known = of_kde(
            "[kwin]\n_k_friendly_name=KWin\nShow Desktop=Meta+D\\tCtrl+Alt+D,Meta+D,Peek at Desktop\nOther=none,none,Other\n\
             [services][org.kde.konsole.desktop]\n_launch=Ctrl+Alt+T\n",
        );
        assert_eq!(who(&known, "ctrl+alt+d").as_deref(), Some("KWin (“Peek at Desktop”)"));
        assert_eq!(who(&known, "super+d").as_deref(), Some("KWin (“Peek at Desktop”)"));
        assert_eq!(who(&known, "ctrl+alt+t").as_deref(), Some("org.kde.konsole"));
    }
}
