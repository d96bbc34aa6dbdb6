//! Unix sockets: mode 0600 in a folder of mode 0700, and only this user is let in.
//!
//! A socket whose file was deleted, by a cleaner of temporary folders or by hand, is opened anew: at once where the system
//! tells, and at the latest when one of our own programs looks for it.

mod bell;
mod watch;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net as blocking;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::{UnixListener, UnixStream, unix};

use super::BindError;
use crate::folders::{is_open_to_others, private_folder};
pub use bell::{Name, take as take_name};

use bell::{Bell, Held};
use watch::Watch;

/// What is read from a peer.
pub(crate) type Reader = unix::OwnedReadHalf;
/// What is written to a peer.
pub(crate) type Writer = unix::OwnedWriteHalf;

/// Longest path of a socket in bytes. Source: unix(7), `sun_path`, without the byte that ends it.
pub(crate) const LONGEST_PATH: usize = 107;

/// How long until somebody is let in again whom the system could not even let wait.
const CROWDED: Duration = Duration::from_millis(50);

/// How long until a socket that could not be opened anew is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// The socket that clients come to; its file is removed when this is dropped.
pub struct Listener {
    path: PathBuf,
    /// None while it cannot be opened anew.
    place: Option<Place>,
    /// Held for life, whatever becomes of the file; none where the name cannot be had.
    bell: Option<Bell>,
}

/// What made the listener wake up.
enum Met {
    Client(io::Result<UnixStream>),
    /// Somebody waits at the bell until the socket was looked after.
    Rung(Option<UnixStream>),
    Touched,
    /// The system does not tell any more; the bell is left.
    Blind,
    Later,
}

impl Listener {
    pub(super) fn bind(path: &Path) -> Result<Self, BindError> {
        let bell = match bell::hang(path) {
            Ok(Held::Ours(bell)) => Some(bell),
            Ok(Held::Another) => return Err(BindError::AlreadyRunning),
            Ok(Held::Stranger) => {
                tracing::warn!("another user holds the name of the control socket");
                None
            }
            Err(error) => {
                tracing::debug!(%error, "the control socket has no name beside its file");
                None
            }
        };
        Ok(Self { path: path.to_owned(), place: Some(Place::open(path)?), bell })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the next client in; one of another user is sent away.
    pub(crate) async fn accept(&mut self) -> io::Result<Option<(Reader, Writer)>> {
        loop {
            let met = tokio::select! {
                client = arrived(self.place.as_ref()) => Met::Client(client),
                caller = rung(self.bell.as_ref()) => Met::Rung(caller?),
                seen = touched(self.place.as_ref()) => if seen.is_ok() { Met::Touched } else { Met::Blind },
                () = tokio::time::sleep(TRY_AGAIN), if self.place.is_none() => Met::Later,
            };
            match met {
                Met::Client(client) => return admitted(client?),
                Met::Rung(caller) => {
                    self.look_after();
                    drop(caller);
                }
                Met::Blind => {
                    if let Some(place) = &mut self.place {
                        place.watch = None;
                    }
                }
                Met::Touched | Met::Later => self.look_after(),
            }
        }
    }

    /// Opens the socket anew when its file is gone.
    fn look_after(&mut self) {
        if self.place.as_ref().is_some_and(Place::is_intact) {
            return;
        }
        let was_open = self.place.take().is_some();
        match Place::open(&self.path) {
            Ok(place) => {
                tracing::info!("the control socket was gone and is open again");
                self.place = Some(place);
            }
            Err(error) if was_open => tracing::warn!(%error, "the control socket is gone and cannot be opened anew"),
            Err(error) => tracing::debug!(%error, "the control socket still cannot be opened anew"),
        }
    }
}

fn admitted(client: UnixStream) -> io::Result<Option<(Reader, Writer)>> {
    let peer = client.peer_cred()?.uid();
    if peer != rustix::process::getuid().as_raw() {
        tracing::warn!(user_id = peer, "a client of another user was sent away");
        return Ok(None);
    }
    Ok(Some(client.into_split()))
}

async fn arrived(place: Option<&Place>) -> io::Result<UnixStream> {
    match place {
        Some(place) => Ok(place.socket.accept().await?.0),
        None => std::future::pending().await,
    }
}

async fn rung(bell: Option<&Bell>) -> io::Result<Option<UnixStream>> {
    match bell {
        Some(bell) => bell.rung().await,
        None => std::future::pending().await,
    }
}

async fn touched(place: Option<&Place>) -> io::Result<()> {
    match place.and_then(|place| place.watch.as_ref()) {
        Some(watch) => watch.touched().await,
        None => std::future::pending().await,
    }
}

/// A socket with its file.
struct Place {
    socket: UnixListener,
    path: PathBuf,
    /// Device and inode, so that only our own file is removed.
    file: (u64, u64),
    /// None where the system has no watches left.
    watch: Option<Watch>,
    /// Whoever holds it may replace the socket file; it counts also where the bell is out of reach.
    _lock: File,
}

impl Place {
    fn open(path: &Path) -> Result<Self, BindError> {
        let failed = |source| BindError::Io { path: path.to_owned(), source };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        closed_folder(folder).map_err(failed)?;
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
        let watch = Watch::begin(path).inspect_err(|error| tracing::debug!(%error, "the socket's file is not followed")).ok();
        Ok(Self { socket, path: path.to_owned(), file, watch, _lock: lock })
    }

    /// Tells whether clients still find it.
    fn is_intact(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) == self.file)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_intact()
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(%error, "the control socket could not be removed");
        }
    }
}

/// Reaches the agent; waits for as long as too many others wait before it.
pub(crate) async fn connect(path: &Path) -> io::Result<(Reader, Writer)> {
    loop {
        match connect_now(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::time::sleep(CROWDED).await,
            reached => return reached,
        }
    }
}

async fn connect_now(path: &Path) -> io::Result<(Reader, Writer)> {
    let stream = match UnixStream::connect(path).await {
        Err(error) if is_nobody(&error) && bell::ring(path).await => UnixStream::connect(path).await,
        reached => reached,
    };
    Ok(stream?.into_split())
}

/// Reaches the agent without a runtime, within a time for each step.
pub(crate) fn connect_blocking(path: &Path, limit: Duration) -> io::Result<blocking::UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    match reach(&address, limit) {
        Err(error) if is_nobody(&error) && bell::ring_blocking(path) => reach(&address, limit),
        reached => reached,
    }
}

/// Tells whether this is how it looks when no agent runs.
pub(crate) fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Connects like the standard library does, but gives up when a stopped process has too many waiting already.
fn reach(address: &SocketAddrUnix, limit: Duration) -> io::Result<blocking::UnixStream> {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let stream = blocking::UnixStream::from(socket);
    stream.set_write_timeout(Some(limit))?;
    rustix::net::connect(&stream, address)?;
    Ok(stream)
}

/// The runtime folder that the login service made for this user, when its variable is not set.
pub(super) fn runtime_folder() -> Option<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let folder = PathBuf::from(format!("/run/user/{user}"));
    fs::metadata(&folder).is_ok_and(|there| there.is_dir() && there.uid() == user).then_some(folder)
}

/// Makes the folder for this user alone; where that cannot be had, nothing listens there.
fn closed_folder(folder: &Path) -> io::Result<()> {
    private_folder(folder)?;
    let ours = folder.file_name().is_some_and(|name| name == "trayphone");
    if ours && is_open_to_others(folder)? {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others can look into the folder"));
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
