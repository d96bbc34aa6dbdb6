//! Where the user's own files lie, for the programs that need it before they have anybody to ask.

use std::fs::{OpenOptions, remove_file};
use std::io;
use std::path::{Path, PathBuf};

/// Gives the folder that a variable names, else the one below the home folder; none when the environment names neither.
///
/// A path that is not absolute counts as not set.
///
/// Source: XDG Base Directory Specification 0.8.
pub fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    folder(|name| std::env::var_os(name).map(PathBuf::from), variable, below_home)
}

/// Tries whether files can be put into a folder, by putting one there for a moment.
///
/// # Errors
/// Why not; a folder that is missing is one of the reasons, as whoever needs it has made it before.
pub fn takes_files(folder: &Path) -> io::Result<()> {
    let file = folder.join(format!(".try-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&file) {
        Ok(_) => remove_file(&file),
        // Somebody tries at the same moment.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

pub(crate) fn folder(get: impl Fn(&str) -> Option<PathBuf>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| get(name).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_folders_count() {
        let with = |set: &[(&str, &str)]| {
            let get = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value));
            folder(get, "XDG_STATE_HOME", ".local/state")
        };
        assert_eq!(with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some("/s".into()));
        assert_eq!(with(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]), Some("/h/.local/state".into()));
        assert_eq!(with(&[("HOME", "h")]), None);
    }
}
