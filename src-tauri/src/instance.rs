//! One window for each agent and display: a second start hands its wish to the first and ends.
//!
//! They meet at a name that is no file, so nothing that is deleted or left behind makes a second window or keeps one away.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use phone_control::protocol::OpenWindowParams;
use phone_control::{Name, take_name};

use crate::wish;

/// How long the other window may take to react; after that this start opens its own.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon a name is tried again whose holder is just starting or ending.
const AGAIN: Duration = Duration::from_millis(20);
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
    closed: AtomicBool,
}

/// Hands the wish to the window that is there, or opens the door of this one. The path is where the name comes from, and
/// no file.
///
/// # Errors
/// When the name cannot be had, or its holder does not react.
pub fn claim(path: &Path, wish: OpenWindowParams) -> io::Result<Claim> {
    let until = Instant::now() + PATIENCE;
    loop {
        let failed = match take_name(path) {
            Ok(Name::Ours(listener)) => return Ok(Claim::First(Door { listener, closed: AtomicBool::new(false) })),
            Ok(Name::Another(other)) => match hand_over(other, wish) {
                Ok(()) => return Ok(Claim::HandedOver),
                Err(error) => error,
            },
            Ok(Name::Stranger) => return Err(io::Error::other("another user holds its name")),
            Err(error) => error,
        };
        if Instant::now() >= until {
            return Err(failed);
        }
        std::thread::park_timeout(AGAIN);
    }
}

fn hand_over(mut other: UnixStream, wish: OpenWindowParams) -> io::Result<()> {
    other.set_read_timeout(Some(PATIENCE))?;
    other.set_write_timeout(Some(PATIENCE))?;
    writeln!(other, "{}", wish::line(wish))?;
    let mut answer = Vec::new();
    other.take(LONGEST).read_to_end(&mut answer)?;
    if answer == DONE { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
}

impl Door {
    /// Calls `open` for every later start, until the door is closed. Blocks; it wants a thread of its own.
    pub fn serve(&self, open: impl Fn(OpenWindowParams)) {
        for visitor in self.listener.incoming() {
            if self.closed.load(Ordering::SeqCst) {
                // Without an answer the visitor comes again until this program is gone, and opens a window of its own.
                return;
            }
            // A visitor that vanishes or says nonsense wants nothing, and another user has no business here.
            if let Ok(visitor) = visitor
                && Name::is_own(&visitor)
            {
                welcome(visitor, &open).ok();
            }
        }
    }

    /// From now on a start opens a window of its own, as soon as this program is gone.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

fn welcome(mut visitor: UnixStream, open: &impl Fn(OpenWindowParams)) -> io::Result<()> {
    visitor.set_read_timeout(Some(PATIENCE))?;
    let mut wish = Vec::new();
    let mut letter = [0];
    while wish.len() < LONGEST as usize && visitor.read(&mut letter)? == 1 && letter != *b"\n" {
        wish.push(letter[0]);
    }
    open(std::str::from_utf8(&wish).map(wish::of_line).unwrap_or_default());
    visitor.write_all(DONE)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use phone_control::protocol::WindowView;

    use super::*;

    const PLAIN: OpenWindowParams = OpenWindowParams { view: None, question: None, quiet: false };

    #[test]
    fn a_second_start_hands_its_wish_to_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("window.sock");
        let door = first(&path);
        let (told, wishes) = mpsc::channel();
        let serving = door.clone();
        std::thread::spawn(move || {
            serving.serve(|wish| {
                told.send(wish).ok();
            })
        });
        let question = OpenWindowParams { question: Some(true), ..PLAIN };
        for wish in [OpenWindowParams { view: Some(WindowView::History), ..PLAIN }, question, PLAIN] {
            assert!(matches!(claim(&path, wish), Ok(Claim::HandedOver)));
            assert_eq!(wishes.recv_timeout(PATIENCE), Ok(wish));
        }
    }

    #[test]
    fn a_cleaner_of_folders_makes_no_second_window() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("window.sock");
        let door = first(&path);
        let serving = door.clone();
        std::thread::spawn(move || serving.serve(|_| {}));
        assert!(matches!(claim(&path, PLAIN), Ok(Claim::HandedOver)));
        folder.close().expect("deleted, as a cleaner does");
        assert!(matches!(claim(&path, PLAIN), Ok(Claim::HandedOver)));
    }

    #[test]
    fn a_window_that_is_gone_leaves_nothing_in_the_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("window.sock");
        let door = first(&path);
        door.close();
        drop(door);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        first(&path);
    }

    fn first(path: &Path) -> Arc<Door> {
        match claim(path, PLAIN) {
            Ok(Claim::First(door)) => Arc::new(door),
            Ok(Claim::HandedOver) => panic!("nobody was there to hand over to"),
            Err(error) => panic!("{error}"),
        }
    }
}
