//! A name that no cleaner of folders can delete: the lock of a socket, and a bell for whoever finds its file gone.
//!
//! It is a name in Linux's abstract namespace, which ends with the process that holds it. Nothing is said there: the agent
//! looks after its socket when somebody rings, and hangs up.

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
    // The holder may end in between; then the name is free.
    for _ in 0..2 {
        let address = blocking::SocketAddr::from_abstract_name(name(path)?)?;
        match blocking::UnixListener::bind_addr(&address) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return Ok(Held::Ours(Bell(UnixListener::from_std(socket)?)));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => match visit(path) {
                Ok(Some(_)) => return Ok(Held::Another),
                Ok(None) => return Ok(Held::Stranger),
                Err(_) => {}
            },
            Err(error) => return Err(error),
        }
    }
    // Held, but not listened to: it is just starting.
    Ok(Held::Another)
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
    let holder = rustix::net::sockopt::socket_peercred(&stream)?.uid;
    Ok((holder == rustix::process::getuid()).then_some(stream))
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
