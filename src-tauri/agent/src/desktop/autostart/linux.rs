//! An entry in the autostart folder.
//!
//! Source: Desktop Application Autostart Specification 0.5.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::desktop::links::autostart_entry;
use crate::desktop::links::linux::{remove, write};
use crate::folders::Folders;

fn file(folders: &Folders) -> PathBuf {
    folders.config_home.join("autostart/trayphone.desktop")
}

/// Tells whether the agent starts with the session.
pub fn is_on(folders: &Folders) -> bool {
    // Settings programs of desktops do not remove an entry, they hide it.
    fs::read_to_string(file(folders))
        .is_ok_and(|entry| !entry.lines().any(|line| matches!(line.trim(), "Hidden=true" | "X-GNOME-Autostart-enabled=false")))
}

/// Starts the program at `path` with the session from now on, or no longer.
///
/// # Errors
/// The file cannot be written or removed.
pub fn set(folders: &Folders, path: &Path, on: bool) -> io::Result<()> {
    if on {
        return write(&file(folders), autostart_entry(path).as_bytes());
    }
    remove(&file(folders))?;
    // The folder goes too if it was made for us alone.
    fs::remove_dir(folders.config_home.join("autostart")).ok();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autostart_is_off_until_chosen_and_leaves_nothing_behind() {
        let root = tempfile::tempdir().expect("a folder");
        let home = |name: &str| root.path().join(name);
        let folders = Folders { config_home: home("config"), data_home: home("data"), state_home: home("state") };
        assert!(!is_on(&folders));
        set(&folders, Path::new("/usr/bin/trayphone"), true).expect("written");
        assert!(is_on(&folders));
        let entry = fs::read_to_string(file(&folders)).expect("an entry");
        fs::write(file(&folders), format!("{entry}Hidden=true\n")).expect("hidden");
        assert!(!is_on(&folders));
        set(&folders, Path::new("/usr/bin/trayphone"), false).expect("removed");
        assert!(!home("config/autostart").exists());
    }
}
