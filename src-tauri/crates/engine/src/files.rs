//! Files and folders that only this user may look into.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Makes a folder that only this user can look into.
pub(crate) fn private_folder(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// How a file is opened that only this user may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Replaces a file of a folder completely or not at all, also when the power fails.
///
/// Where a link stands in its place, the file that it leads to is replaced, and the link stays.
pub(crate) fn replace(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let place = dir.join(name);
    if fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
        let target = target(&place)?;
        let parts = target.parent().zip(target.file_name().and_then(|name| name.to_str()));
        let (dir, name) = parts.ok_or(io::ErrorKind::InvalidFilename)?;
        return write(dir, name, content);
    }
    private_folder(dir)?;
    write(dir, name, content)
}

/// Where a link leads; the file there may be missing, but not its folder, which may lie on a disk that is not there.
fn target(link: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(link) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let named = link.parent().unwrap_or(link).join(fs::read_link(link)?);
            let (dir, name) = named.parent().zip(named.file_name()).ok_or(io::ErrorKind::InvalidFilename)?;
            Ok(fs::canonicalize(dir)?.join(name))
        }
        found => found,
    }
}

fn write(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let new = dir.join(format!(".{name}.new"));
    let mut file = private().write(true).truncate(true).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, dir.join(name))?;
    // The rename itself must be on disk too; not every file system lets a folder be synced.
    File::open(dir).and_then(|dir| dir.sync_all()).ok();
    Ok(())
}

/// Closes a file of this user that others can look into or change; tells whether they still can.
///
/// One of another owner counts only where others than they can change it: an administrator may have put it there.
#[cfg(target_os = "linux")]
pub(crate) fn stays_open(file: &File) -> bool {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let mode = |others: u32| file.metadata().is_ok_and(|found| found.mode() & others != 0);
    let ours = file.metadata().is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw());
    if !ours {
        return mode(0o022);
    }
    if !mode(0o077) {
        return false;
    }
    file.set_permissions(fs::Permissions::from_mode(0o600)).is_err() || mode(0o077)
}

/// Other systems: written with their other modules.
#[cfg(not(target_os = "linux"))]
pub(crate) fn stays_open(_: &File) -> bool {
    false
}
