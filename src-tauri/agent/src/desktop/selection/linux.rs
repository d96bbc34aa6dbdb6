//! The selection on Linux: whom to ask, in which order, and for how long.

mod clipboard;
mod copy_key;
mod foreign;
mod wayland;
mod x11;

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::sync::oneshot;

use super::SelectionError;

/// How long a desktop, with the program that owns the selection, may take.
const ANSWER: Duration = Duration::from_millis(500);

/// What a busy machine may add before a thread gets its turn.
const SLACK: Duration = Duration::from_millis(500);

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Places {
    wayland: Option<String>,
    x11: Option<String>,
}

/// Reads the selected text, on the display of this session or on another one.
///
/// `copy_key` is the user's leave to press the copy key where X11 has no selection.
///
/// # Errors
/// Nothing is selected, it is too long, or nobody hands it over.
pub async fn read(display: Option<String>, copy_key: bool) -> Result<String, SelectionError> {
    let var = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let places = places(display, var("WAYLAND_DISPLAY"), var("DISPLAY"));
    let longest = 2 * ANSWER + SLACK + if copy_key { copy_key::LONGEST } else { Duration::ZERO };
    let (answer, read) = oneshot::channel();
    // A thread of its own, because a desktop can hang as well as a program; a thread that waits costs nothing while
    // nobody asks, as there is none.
    std::thread::Builder::new()
        .name("selection".into())
        .spawn(move || {
            let selected = selected(&places);
            match (selected, &places) {
                // Keys can be pressed under X11 only, and through it they reach no window of Wayland.
                (Err(SelectionError::Nothing), Places { wayland: None, x11: Some(name) }) if copy_key => {
                    copy_key::read(name, |text| drop(answer.send(text)));
                }
                (selected, _) => drop(answer.send(selected)),
            }
        })
        .map_err(|error| SelectionError::Failed(error.to_string()))?;
    match tokio::time::timeout(longest, read).await {
        Ok(Ok(text)) => text,
        Ok(Err(_)) | Err(_) => Err(SelectionError::NoAnswer),
    }
}

/// `asked` is the display of the one who asks, where that is not ours: of X11 with a colon, of Wayland without.
fn places(asked: Option<String>, wayland: Option<String>, x11: Option<String>) -> Places {
    match asked {
        Some(name) if name.contains(':') && !name.starts_with('/') => Places { wayland: None, x11: Some(name) },
        Some(name) => Places { wayland: Some(name), x11: None },
        None => Places { wayland, x11 },
    }
}

fn selected(places: &Places) -> Result<String, SelectionError> {
    let of_x11 = |name: &str| x11::Display::open(name, Instant::now() + ANSWER)?.selected();
    let Some(name) = &places.wayland else {
        return places.x11.as_deref().map_or(Err(SelectionError::NotShown), of_x11);
    };
    match (wayland::read(name, Instant::now() + ANSWER), &places.x11) {
        // A compositor without data control may still mirror the selection for the programs of X11 that it hosts, or for
        // the active one only.
        (Err(SelectionError::NotShown), Some(name)) => {
            of_x11(name).map_err(|error| if error == SelectionError::Nothing { SelectionError::NothingSeen } else { error })
        }
        (read, _) => read,
    }
}

/// Connects to a socket without ever waiting for whoever should accept.
fn reach(path: &Path) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(UnixStream::from(socket))
}

/// Waits until `what` is ready, or until the time is over; without an end of time it waits for ever.
fn wait(what: BorrowedFd<'_>, for_what: PollFlags, give_up: Option<Instant>) -> io::Result<()> {
    loop {
        let left = match give_up {
            Some(give_up) => Some(give_up.checked_duration_since(Instant::now()).ok_or(io::ErrorKind::TimedOut)?),
            None => None,
        };
        let left = left.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        match poll(&mut [PollFd::from_borrowed_fd(what, for_what)], left.as_ref()) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_display_of_the_one_who_asks_is_the_only_place_to_look() {
        let own = |name: &str| Some(name.to_owned());
        let table = [
            (None, None, None, (None, None)),
            (None, own("wayland-0"), own(":0"), (own("wayland-0"), own(":0"))),
            (None, None, own(":0"), (None, own(":0"))),
            (own(":7.0"), own("wayland-0"), own(":0"), (None, own(":7.0"))),
            (own("wayland-3"), None, own(":0"), (own("wayland-3"), None)),
            (own("/run/user/1000/odd:name"), None, None, (own("/run/user/1000/odd:name"), None)),
        ];
        for (asked, wayland, x11, expected) in table {
            let found = places(asked.clone(), wayland, x11);
            assert_eq!((found.wayland, found.x11), expected, "{asked:?}");
        }
    }

    #[test]
    fn nobody_to_ask_is_no_empty_selection() {
        let gone = || Some("/nonexistent/socket".to_owned());
        for places in [
            Places { wayland: None, x11: None },
            Places { wayland: gone(), x11: None },
            Places { wayland: gone(), x11: Some(":65000".to_owned()) },
        ] {
            assert_eq!(selected(&places), Err(SelectionError::NotShown), "{places:?}");
        }
    }
}
