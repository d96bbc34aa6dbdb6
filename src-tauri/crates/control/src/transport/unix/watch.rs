//! Notices that the file of a socket goes away, without looking at it again and again.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Follows one file.
pub(super) struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    /// Begins to follow a file.
    ///
    /// A bound socket keeps its inode, so deleting the file shows only as a change of its count of names.
    /// Source: inotify(7), `IN_ATTRIB`.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&events, path, WatchFlags::ATTRIB | WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF)?;
        #[expect(deprecated, reason = "its unsafe successor asks for a descriptor that stays open, as an owned one does")]
        let events = AsyncFd::with_interest(events, Interest::READABLE)?;
        Ok(Self(events))
    }

    /// Waits until something happened to the file.
    pub(super) async fn touched(&self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut any = false;
            // What exactly happened does not matter: the file is looked at anyway.
            let mut events = [0; 1024];
            loop {
                match rustix::io::read(self.0.get_ref(), &mut events) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => any = true,
                    Err(Errno::INTR) => {}
                    Err(Errno::WOULDBLOCK) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            ready.clear_ready();
            if any {
                return Ok(());
            }
        }
    }
}
