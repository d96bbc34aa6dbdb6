//! Finding and starting the window's program.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PROGRAM;

/// Environment variable that says how many threads a runtime starts.
pub const WORKERS: &str = "TOKIO_WORKER_THREADS";

/// Environment variable that says where the window finds the key that this agent gives it.
///
/// The key itself is in no argument and no environment, which other programs can read.
const KEY: &str = "TRAYPHONE_WINDOW_KEY";

/// The window's program, beside our own or on the search path.
pub fn find() -> Option<PathBuf> {
    let beside = crate::upgrade::own_path().and_then(|path| Some(path.parent()?.join(PROGRAM)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    beside.into_iter().chain(std::env::split_paths(&path).map(|folder| folder.join(PROGRAM))).find(|path| can_run(path))
}

fn can_run(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The command that opens the window, in the session of this process.
///
/// `token` lets it come to the front under Wayland, which grants that only for a press of the user.
pub fn command(program: &Path, arguments: &[impl AsRef<OsStr>], token: Option<&str>) -> Command {
    let mut command = Command::new(program);
    // What is right for the agent need not be so for the window.
    command.args(arguments).env_remove(WORKERS).env(KEY, "stdin").stdin(Stdio::piped()).stdout(Stdio::null());
    if let Some(token) = token {
        command.env("XDG_ACTIVATION_TOKEN", token).env("DESKTOP_STARTUP_ID", token);
    }
    command
}
