//! The settings file: accounts without their secrets, and desktop settings.
//!
//! It is replaced as a whole, so a crash leaves the old or the new one. A file that cannot be read
//! is kept aside under another name and told, never overwritten.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use phone_core::{AccountConfig, DesktopSettings};
use serde::{Deserialize, Serialize};

use crate::files::{replace, stays_open};

/// The version this program writes.
pub const VERSION: u32 = 1;
const NAME: &str = "settings.toml";

/// Everything in the settings file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Shape of the file.
    pub version: u32,
    /// Desktop part.
    #[serde(default)]
    pub desktop: DesktopSettings,
    /// Accounts in the user's order.
    #[serde(default, rename = "account", skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountConfig>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { version: VERSION, desktop: DesktopSettings::default(), accounts: vec![] }
    }
}

/// What was found at the start.
pub struct Loaded {
    /// The settings, or the defaults.
    pub settings: Settings,
    /// Where an unreadable file was put, and what was wrong with it.
    pub kept_aside: Option<(PathBuf, String)>,
    /// The file that others than this user can look into or change, and that could not be closed to them.
    pub open: Option<PathBuf>,
}

/// Reads the settings of a folder.
///
/// # Errors
/// When a broken file cannot be kept aside: then nothing may be written in its place.
pub fn load(dir: &Path) -> std::io::Result<Loaded> {
    let path = dir.join(NAME);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Loaded { settings: Settings::default(), kept_aside: None, open: None });
        }
        Err(error) => return Err(error),
    };
    let open = stays_open(&file).then(|| path.clone());
    let mut text = vec![];
    file.read_to_end(&mut text)?;
    let wrong = match parse(&text) {
        Ok(settings) => return Ok(Loaded { settings, kept_aside: None, open }),
        Err(wrong) => wrong,
    };
    let mut aside = dir.join(format!("{NAME}.broken"));
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = dir.join(format!("{NAME}.broken-{number}"));
    }
    fs::rename(&path, &aside)?;
    Ok(Loaded { settings: Settings::default(), kept_aside: Some((aside, wrong)), open: None })
}

fn parse(bytes: &[u8]) -> Result<Settings, String> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let Version { version } = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    if version > VERSION {
        return Err(format!("it was written by a newer Trayphone (version {version})"));
    }
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

/// Writes the settings of a folder, completely or not at all.
///
/// # Errors
/// What kept the file from being written; the old one is untouched then.
pub fn save(dir: &Path, settings: &Settings) -> std::io::Result<()> {
    let text = toml::to_string_pretty(settings).map_err(std::io::Error::other)?;
    replace(dir, NAME, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use phone_core::AccountName;

    use super::*;

    fn account() -> AccountConfig {
        AccountConfig {
            name: AccountName::parse("office").expect("a plain word"),
            kind: "sample".into(),
            url: "https://pbx.example/".parse().expect("an address"),
            domain: Some("tenant.example".into()),
            user: Some("204".into()),
            pin: None,
            learnt: None,
            keys: [("plan.country".to_owned(), "DE".to_owned())].into(),
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = Settings { accounts: vec![account()], ..Settings::default() };
        save(dir.path(), &settings).expect("written");
        let loaded = load(dir.path()).expect("read");
        assert_eq!(loaded.settings, settings);
        assert!(loaded.kept_aside.is_none());
    }

    #[test]
    fn a_crash_in_the_middle_of_a_write_leaves_the_old_settings() {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = Settings { accounts: vec![account()], ..Settings::default() };
        save(dir.path(), &settings).expect("written");
        fs::write(dir.path().join(".settings.toml.new"), "version = 1\n[[acc").expect("half a file");
        assert_eq!(load(dir.path()).expect("read").settings, settings);
        save(dir.path(), &settings).expect("written over the half file");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_others_can_look_into_is_closed_to_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(NAME);
        let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        save(dir.path(), &Settings::default()).expect("written");
        for open in [0o777, 0o666, 0o644, 0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).expect("a mode");
            assert_eq!(load(dir.path()).expect("read").open, None);
            assert_eq!(mode(), 0o600, "{open:o}");
        }
        // One that is closed stays as it is.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("a mode");
        assert_eq!(load(dir.path()).expect("read").open, None);
        assert_eq!(mode(), 0o400);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_file_stays_one() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().expect("a folder");
        let (own, elsewhere) = (dir.path().join("own"), dir.path().join("elsewhere"));
        for folder in [&own, &elsewhere] {
            fs::create_dir(folder).expect("a folder");
        }
        let (link, target) = (own.join(NAME), elsewhere.join("trayphone.toml"));
        symlink("../elsewhere/trayphone.toml", &link).expect("a link");
        let settings = Settings { accounts: vec![account()], ..Settings::default() };
        // To a file that is not there yet, then to one that is.
        for settings in [&Settings::default(), &settings] {
            save(&own, settings).expect("written");
            assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
            assert!(fs::symlink_metadata(&target).expect("there").is_file());
            assert_eq!(&load(&own).expect("read").settings, settings);
        }
        let left: Vec<_> = fs::read_dir(&own).expect("there").chain(fs::read_dir(&elsewhere).expect("there")).collect();
        assert_eq!(left.len(), 2, "nothing half is left");
        // Where the folder of the target is gone nothing is made in its place.
        fs::remove_dir_all(&elsewhere).expect("removed");
        assert!(save(&own, &settings).is_err());
        assert!(!elsewhere.exists() && fs::symlink_metadata(&link).expect("there").is_symlink());
    }

    #[test]
    fn a_broken_file_is_kept_aside_and_told() {
        let dir = tempfile::tempdir().expect("a folder");
        for (round, text) in ["version = ", "version = 99", "\u{0}"].into_iter().enumerate() {
            fs::write(dir.path().join(NAME), text).expect("written");
            let loaded = load(dir.path()).expect("started all the same");
            assert_eq!(loaded.settings, Settings::default());
            let (aside, why) = loaded.kept_aside.expect("kept aside");
            assert_eq!(fs::read_to_string(&aside).expect("still there"), text);
            assert!(!why.is_empty());
            assert_eq!(aside.to_string_lossy().ends_with("broken"), round == 0);
        }
    }
}
