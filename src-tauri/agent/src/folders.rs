//! Where settings, state and desktop entries live.
//!
//! Source: XDG Base Directory Specification 0.8.

use std::path::{Path, PathBuf};

/// The user's folders; all absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Settings of all programs.
    pub config_home: PathBuf,
    /// Data of all programs, desktop entries among it.
    pub data_home: PathBuf,
    /// State of all programs.
    pub state_home: PathBuf,
}

/// Neither a home folder nor a folder in its place is known.
#[derive(Debug, thiserror::Error)]
#[error("the home folder is not known (HOME is not set)")]
pub struct NoHome;

impl Folders {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// [`NoHome`] when it names no home folder.
    pub fn from_env() -> Result<Self, NoHome> {
        Self::from(phone_control::user_folder)
    }

    fn from(folder: impl Fn(&str, &str) -> Option<PathBuf>) -> Result<Self, NoHome> {
        let place = |name: &str, below: &str| folder(name, below).ok_or(NoHome);
        Ok(Self {
            config_home: place("XDG_CONFIG_HOME", ".config")?,
            data_home: place("XDG_DATA_HOME", ".local/share")?,
            state_home: place("XDG_STATE_HOME", ".local/state")?,
        })
    }

    /// Our settings.
    pub fn config(&self) -> PathBuf {
        ours(&self.config_home)
    }

    /// Our history and logs.
    pub fn state(&self) -> PathBuf {
        ours(&self.state_home)
    }

    /// The user's own desktop entries.
    pub fn applications(&self) -> PathBuf {
        self.data_home.join("applications")
    }
}

fn ours(home: &Path) -> PathBuf {
    home.join("trayphone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_folder_has_its_own_place() {
        let folders = Folders::from(|name, below| Some(Path::new("/home/mara").join(name).join(below))).expect("a home");
        assert_eq!(folders.config(), Path::new("/home/mara/XDG_CONFIG_HOME/.config/trayphone"));
        assert_eq!(folders.state(), Path::new("/home/mara/XDG_STATE_HOME/.local/state/trayphone"));
        assert_eq!(folders.applications(), Path::new("/home/mara/XDG_DATA_HOME/.local/share/applications"));
        assert!(Folders::from(|_, _| None).is_err());
    }
}
