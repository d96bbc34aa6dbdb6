//! The road between agent and clients; one file for each system below this module.

#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub(crate) use unix::{LONGEST_PATH, Reader, Writer, connect, connect_blocking, is_nobody};
#[cfg(unix)]
pub use unix::{Listener, Name, take_name};

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::folders::folder;

/// Environment variable that names another socket.
pub const SOCKET_VARIABLE: &str = "TRAYPHONE_SOCKET";

/// Says why no socket can be opened for clients.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An agent of this user answers there already.
    #[error("an agent is already running")]
    AlreadyRunning,
    /// The folder or socket could not be made.
    #[error("opening the control socket {path}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Says that the environment names no folder of this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither XDG_RUNTIME_DIR nor HOME is set, so there is no safe place for the control socket; set TRAYPHONE_SOCKET")]
pub struct NoPlace;

/// Gives the socket of this user's agent.
///
/// `$TRAYPHONE_SOCKET`, else `trayphone/control.sock` in the runtime folder, else in the state folder; never a
/// folder that other users can write to.
///
/// # Errors
/// [`NoPlace`] when the environment names no folder of this user.
pub fn default_path() -> Result<PathBuf, NoPlace> {
    let runtime = unix::runtime_folder();
    place(|name| std::env::var_os(name).filter(|value| !value.is_empty()), runtime)
}

/// Opens the socket for clients, and makes sure that it is the only one.
///
/// A socket file that an ended agent left behind is replaced. Needs the context of a runtime.
///
/// # Errors
/// [`BindError::AlreadyRunning`] when an agent answers there or is just starting.
pub fn bind(path: &Path) -> Result<Listener, BindError> {
    Listener::bind(path)
}

fn place(get: impl Fn(&str) -> Option<OsString>, runtime: Option<PathBuf>) -> Result<PathBuf, NoPlace> {
    if let Some(named) = get(SOCKET_VARIABLE) {
        return Ok(named.into());
    }
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let folder = get("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .and_then(absolute)
        .or(runtime)
        .or_else(|| folder(|name| get(name).map(PathBuf::from), "XDG_STATE_HOME", ".local/state"))
        .ok_or(NoPlace)?;
    Ok(folder.join("trayphone").join("control.sock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_lies_in_a_folder_of_this_user_only() {
        let with = |set: &[(&str, &str)], runtime: Option<&str>| {
            place(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()), runtime.map(PathBuf::from))
        };
        let socket = |text: &str| Ok(PathBuf::from(text));
        let all = [("TRAYPHONE_SOCKET", "/a/b"), ("XDG_RUNTIME_DIR", "/run/u"), ("HOME", "/h")];
        assert_eq!(with(&all, None), socket("/a/b"));
        assert_eq!(with(&all[1..], Some("/run/user/1")), socket("/run/u/trayphone/control.sock"));
        assert_eq!(with(&all[2..], Some("/run/user/1")), socket("/run/user/1/trayphone/control.sock"));
        assert_eq!(with(&all[2..], None), socket("/h/.local/state/trayphone/control.sock"));
        assert_eq!(with(&[("XDG_RUNTIME_DIR", "relative")], None), Err(NoPlace));
    }
}
