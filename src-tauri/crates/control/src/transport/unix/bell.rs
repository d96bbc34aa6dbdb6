//! A name that no cleaner of folders can delete: the lock of a socket, and a bell for whoever finds its file gone.
//!
//! It is a name in Linux's abstract namespace, which ends with the process that holds it. At the agent's nothing is said: it
//! looks after its socket when somebody rings, and hangs up. The window has no file beside its name and is spoken to there.

use std::io::{self, Read as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net as blocking;
use std::path::Path;
use std::time::Duration;

use rustix::net::SocketAddrUnix;
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};

use super::reach;

/// How long an agent may take to look after its socket.
const PATIENCE: Duration = Duration::from_millis(500);

/// The held name of one socket.
pub(super) struct Bell(UnixListener);

/// Who holds the name of a socket.
pub(super) enum Held {
    /// We do, until this is dropped.
    Ours(Bell),
    /// Another agent of this user.
    Another,
    /// Somebody else, to annoy us or by chance; the lock beside the socket has to do.
    Stranger,
}

/// Takes the name of a socket, if nobody has it.
pub(super) fn hang(path: &Path) -> io::Result<Held> {
    match take(path) {
        Ok(Name::Ours(socket)) => {
            socket.set_nonblocking(true)?;
            Ok(Held::Ours(Bell(UnixListener::from_std(socket)?)))
        }
        Ok(Name::Another(_)) => Ok(Held::Another),
        Ok(Name::Stranger) => Ok(Held::Stranger),
        // Held, but not listened to: it is just starting.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(Held::Another),
        Err(error) => Err(error),
    }
}

/// Who holds the name that belongs to a path; see [`take`].
#[derive(Debug)]
pub enum Name {
    /// This program, for as long as it keeps the socket. Whoever comes there may be of another user; see [`Name::is_own`].
    Ours(blocking::UnixListener),
    /// Another program of this user, which is reached by this.
    Another(blocking::UnixStream),
    /// A program of another user.
    Stranger,
}

impl Name {
    /// Tells whether the other end is a program of this user.
    pub fn is_own(peer: &blocking::UnixStream) -> bool {
        rustix::net::sockopt::socket_peercred(peer).is_ok_and(|peer| peer.uid == rustix::process::getuid())
    }
}

/// Takes the name that belongs to a path of this user, or reaches the program that has it.
///
/// The name is no file: it cannot be deleted or left behind, and of two programs that want it at the same moment one gets it.
///
/// # Errors
/// When the name can neither be taken nor reached; `AddrInUse` when its holder does not listen yet.
pub fn take(path: &Path) -> io::Result<Name> {
    let address = blocking::SocketAddr::from_abstract_name(name(path)?)?;
    // The holder may end in between; then the name is free.
    for _ in 0..2 {
        match blocking::UnixListener::bind_addr(&address) {
            Ok(socket) => return Ok(Name::Ours(socket)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => match visit(path) {
                Ok(Some(stream)) => return Ok(Name::Another(stream)),
                Ok(None) => return Ok(Name::Stranger),
                Err(_) => {}
            },
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

impl Bell {
    /// Waits until somebody rings; what is given back tells them to look again once it is dropped.
    pub(super) async fn rung(&self) -> io::Result<Option<UnixStream>> {
        let (stream, _) = self.0.accept().await?;
        Ok((stream.peer_cred()?.uid() == rustix::process::getuid().as_raw()).then_some(stream))
    }
}

/// Lets the agent of a socket look after it; tells whether there is one.
pub(super) async fn ring(path: &Path) -> bool {
    let Ok(Some(stream)) = visit(path) else { return false };
    let Ok(mut stream) = stream.set_nonblocking(true).and_then(|()| UnixStream::from_std(stream)) else { return false };
    tokio::time::timeout(PATIENCE, stream.read(&mut [0])).await.is_ok()
}

/// Like [`ring`], without a runtime.
pub(super) fn ring_blocking(path: &Path) -> bool {
    let Ok(Some(mut stream)) = visit(path) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).is_ok() && stream.read(&mut [0]).is_ok()
}

/// Comes to whoever holds the name; none when it is another user.
fn visit(path: &Path) -> io::Result<Option<blocking::UnixStream>> {
    let stream = reach(&SocketAddrUnix::new_abstract_name(&name(path)?)?, PATIENCE)?;
    Ok(Name::is_own(&stream).then_some(stream))
}

/// The name that belongs to a socket of this user; another view of the files is another place.
fn name(path: &Path) -> io::Result<Vec<u8>> {
    let user = rustix::process::getuid().as_raw();
    let files = std::fs::metadata("/proc/self/ns/mnt").map_or(0, |there| there.ino());
    let path = std::path::absolute(path)?;
    // FNV-1a: short, and the same in every version of this program.
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Ok(format!("trayphone/{user}/{files:x}/{hash:016x}").into_bytes())
}
