//! Where the user's own files lie, for the programs that need it before they have anybody to ask.

use std::fs::{DirBuilder, OpenOptions, remove_file};
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

/// Makes a folder that only this user can look into, and closes one of ours that others can look into.
///
/// One with another name was named by somebody who knows why it is as it is. A disk that knows no modes changes nothing.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    #[cfg(unix)]
    if folder.file_name().is_some_and(|name| name == "trayphone") && is_open_to_others(folder)? {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).ok();
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) fn is_open_to_others(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(std::fs::metadata(folder)?.mode() & 0o077 != 0)
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

    #[cfg(unix)]
    #[test]
    fn a_folder_of_ours_is_for_this_user_alone_however_it_was_made() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().expect("a folder");
        let mode = |folder: &Path| std::fs::metadata(folder).expect("it is there").permissions().mode() & 0o777;
        let open = |folder: &Path| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        let (ours, other) = (root.path().join("state/trayphone"), root.path().join("other"));
        for folder in [&ours, &other] {
            private_folder(folder).expect("made");
            assert_eq!(mode(folder), 0o700);
            open(folder);
            private_folder(folder).expect("it is there");
        }
        assert_eq!((mode(&ours), mode(&other)), (0o700, 0o755), "a folder of another name is its owner's business");
    }
}
