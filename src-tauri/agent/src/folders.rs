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
        Self::from(|name| std::env::var_os(name).map(PathBuf::from))
    }

    fn from(var: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, NoHome> {
        // The specification says that a path that is not absolute counts as not set.
        let absolute = |name: &str| var(name).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let place = |name: &str, below: &str| absolute(name).or_else(|| home.as_ref().map(|home| home.join(below))).ok_or(NoHome);
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
    fn folders_follow_the_environment_and_fall_back_to_home() {
        let env = |name: &str| match name {
            "HOME" => Some("/home/mara".into()),
            "XDG_CONFIG_HOME" => Some("/etc/mara".into()),
            "XDG_STATE_HOME" => Some("relative".into()),
            _ => None,
        };
        let folders = Folders::from(env).expect("a home");
        assert_eq!(folders.config(), PathBuf::from("/etc/mara/trayphone"));
        assert_eq!(folders.state(), PathBuf::from("/home/mara/.local/state/trayphone"));
        assert_eq!(folders.applications(), PathBuf::from("/home/mara/.local/share/applications"));
        assert!(Folders::from(|_| None).is_err());
    }
}
