//! One window for each agent: a second start hands its wish to the first and ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use phone_control::protocol::WindowView;

/// How long the other window may take to react; after that this start opens its own.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest wish, in bytes.
const LONGEST: u64 = 64;
const DONE: &[u8] = b"ok\n";

/// What a start has come to.
pub enum Claim {
    /// No other window is there; later starts knock at this door.
    First(Door),
    /// Another window is there and shows itself now.
    HandedOver,
}

/// Where later starts hand over.
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
    closed: AtomicBool,
}

/// Hands the wish to the window that is there, or opens the door of this one.
///
/// # Errors
/// When the folder, the lock or the socket cannot be made.
pub fn claim(path: &Path, view: Option<WindowView>) -> io::Result<Claim> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Held only while one start looks, so that of two at the same moment one finds the other.
    let _turn = turn(&path.with_extension("lock"))?;
    if hand_over(path, view).is_ok() {
        return Ok(Claim::HandedOver);
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    // The folder may be older than this program and open to others.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(Claim::First(Door { listener, path: path.to_owned(), closed: AtomicBool::new(false) }))
}

fn turn(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.lock()?;
    Ok(file)
}

fn hand_over(path: &Path, view: Option<WindowView>) -> io::Result<()> {
    let mut other = UnixStream::connect(path)?;
    other.set_read_timeout(Some(PATIENCE))?;
    other.set_write_timeout(Some(PATIENCE))?;
    writeln!(other, "{}", view.map_or("", WindowView::name))?;
    let mut answer = Vec::new();
    other.take(LONGEST).read_to_end(&mut answer)?;
    if answer == DONE { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
}

impl Door {
    /// Calls `open` for every later start, until the door is closed. Blocks; it wants a thread of its own.
    pub fn serve(&self, open: impl Fn(Option<WindowView>)) {
        for visitor in self.listener.incoming() {
            if self.closed.load(Ordering::SeqCst) {
                // Without an answer the visitor opens a window of its own.
                return;
            }
            // A visitor that vanishes or says nonsense wants nothing.
            if let Ok(visitor) = visitor {
                welcome(visitor, &open).ok();
            }
        }
    }

    /// From now on a start opens a window of its own.
    pub fn close(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            std::fs::remove_file(&self.path).ok();
        }
    }
}

fn welcome(mut visitor: UnixStream, open: &impl Fn(Option<WindowView>)) -> io::Result<()> {
    visitor.set_read_timeout(Some(PATIENCE))?;
    let mut wish = Vec::new();
    let mut letter = [0];
    while wish.len() < LONGEST as usize && visitor.read(&mut letter)? == 1 && letter != *b"\n" {
        wish.push(letter[0]);
    }
    open(std::str::from_utf8(&wish).ok().and_then(WindowView::parse));
    visitor.write_all(DONE)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    #[test]
    fn a_second_start_hands_its_wish_to_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("window.sock");
        let door = first(&path);
        let (told, wishes) = mpsc::channel();
        let serving = door.clone();
        std::thread::spawn(move || {
            serving.serve(|view| {
                told.send(view).ok();
            })
        });
        assert!(matches!(claim(&path, Some(WindowView::History)), Ok(Claim::HandedOver)));
        assert_eq!(wishes.recv_timeout(PATIENCE), Ok(Some(WindowView::History)));
        assert!(matches!(claim(&path, None), Ok(Claim::HandedOver)));
        assert_eq!(wishes.recv_timeout(PATIENCE), Ok(None));
    }

    #[test]
    fn a_door_that_nobody_keeps_any_more_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("window.sock");
        drop(first(&path));
        assert!(path.exists());
        let door = first(&path);
        door.close();
        assert!(!path.exists());
        first(&path);
    }

    fn first(path: &Path) -> Arc<Door> {
        match claim(path, None) {
            Ok(Claim::First(door)) => Arc::new(door),
            Ok(Claim::HandedOver) => panic!("nobody was there to hand over to"),
            Err(error) => panic!("{error}"),
        }
    }
}
