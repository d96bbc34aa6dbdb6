//! Unix sockets: mode 0600 in a folder of mode 0700, and only this user is let in.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net as blocking;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tokio::net::{UnixListener, UnixStream, unix};

use super::BindError;

/// What is read from a peer.
pub(crate) type Reader = unix::OwnedReadHalf;
/// What is written to a peer.
pub(crate) type Writer = unix::OwnedWriteHalf;

/// The socket that clients come to; its file is removed when this is dropped.
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// Device and inode, so that only our own file is removed.
    file: (u64, u64),
    /// Held for life: whoever holds it may replace the socket file.
    _lock: File,
}

impl Listener {
    pub(super) fn bind(path: &Path) -> Result<Self, BindError> {
        let failed = |source| BindError::Io { path: path.to_owned(), source };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        private_folder(folder).map_err(failed)?;
        let lock = lock(path).map_err(failed)?.ok_or(BindError::AlreadyRunning)?;
        match blocking::UnixStream::connect(path) {
            Ok(_) => return Err(BindError::AlreadyRunning),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Only a socket is replaced, never a file somebody named by mistake.
            Err(error) => match fs::symlink_metadata(path) {
                Ok(there) if is_socket(&there) => fs::remove_file(path).map_err(failed)?,
                _ => return Err(failed(error)),
            },
        }
        let bind = || {
            let socket = blocking::UnixListener::bind(path)?;
            fs::set_permissions(path, Permissions::from_mode(0o600))?;
            socket.set_nonblocking(true)?;
            let there = fs::symlink_metadata(path)?;
            Ok((UnixListener::from_std(socket)?, (there.dev(), there.ino())))
        };
        let (socket, file) = bind().map_err(failed)?;
        Ok(Self { socket, path: path.to_owned(), file, _lock: lock })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the next client in; one of another user is sent away.
    pub(crate) async fn accept(&self) -> io::Result<Option<(Reader, Writer)>> {
        let (stream, _) = self.socket.accept().await?;
        let peer = stream.peer_cred()?.uid();
        if peer != rustix::process::getuid().as_raw() {
            tracing::warn!(user_id = peer, "a client of another user was sent away");
            return Ok(None);
        }
        Ok(Some(stream.into_split()))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) == self.file);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the control socket could not be removed");
        }
    }
}

/// Reaches the agent.
pub(crate) async fn connect(path: &Path) -> io::Result<(Reader, Writer)> {
    Ok(UnixStream::connect(path).await?.into_split())
}

/// Reaches the agent without a runtime.
pub(crate) fn connect_blocking(path: &Path) -> io::Result<blocking::UnixStream> {
    blocking::UnixStream::connect(path)
}

/// The runtime folder that the login service made for this user, when its variable is not set.
pub(super) fn runtime_folder() -> Option<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let folder = PathBuf::from(format!("/run/user/{user}"));
    fs::metadata(&folder).is_ok_and(|there| there.is_dir() && there.uid() == user).then_some(folder)
}

/// Makes the folder for this user alone; one that is there and has our name is closed to others.
fn private_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let there = fs::metadata(folder)?;
    let ours = folder.file_name().is_some_and(|name| name == "trayphone");
    if ours && there.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Takes the lock beside the socket; none when another agent holds it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(Path::new(&name))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_socket(there: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&there.file_type())
}
