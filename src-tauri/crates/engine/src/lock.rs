//! Settings and history belong to one agent at a time: two would overwrite what the other one wrote.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::{private, private_folder};

/// The locked file of a folder; it says who holds it, and stays when it is let go.
const NAME: &str = ".agent.lock";
/// Time for an agent that is ending to let go: it may still write its last words.
const PATIENCE: Duration = Duration::from_secs(4);
/// Between two looks at a held folder.
const LOOK: Duration = Duration::from_millis(50);
/// Longest text that is read of who holds a folder.
const LONGEST: u64 = 500;

/// Folders of this program alone, until this is dropped or the program ends in any way.
#[derive(Debug)]
pub struct Claim {
    _files: Vec<File>,
}

/// Another agent works with the same folder.
#[derive(Debug, thiserror::Error)]
#[error("another Trayphone agent ({by}) uses the folder {}", folder.display())]
pub struct Held {
    /// The folder both want.
    pub folder: PathBuf,
    /// What the other agent said of itself.
    pub by: String,
}

/// Claims the folders of settings and history for this program; `what` says where it can be found, such as its socket.
///
/// A file system that knows no locks keeps nobody out, and neither does a folder that cannot be written to: that is
/// told by the engine itself.
///
/// # Errors
/// [`Held`] when another agent does not let go within a few seconds.
pub async fn claim(folders: &[&Path], what: &str) -> Result<Claim, Held> {
    let give_up = tokio::time::Instant::now() + PATIENCE;
    let mut files: Vec<File> = vec![];
    let mut claimed: Vec<PathBuf> = vec![];
    for folder in folders {
        let real = private_folder(folder).and_then(|()| folder.canonicalize());
        let Ok(real) = real.inspect_err(|error| tracing::warn!(%error, "a folder cannot be claimed")) else { continue };
        // Both may be the same one.
        if claimed.contains(&real) {
            continue;
        }
        loop {
            match lock(&real, what) {
                Ok(file) => break files.push(file),
                Err(TryLockError::Error(error)) => {
                    tracing::warn!(%error, "a folder cannot be claimed");
                    break;
                }
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < give_up => tokio::time::sleep(LOOK).await,
                Err(TryLockError::WouldBlock) => {
                    let by = holder(&real).unwrap_or_else(|| "it does not say which".to_owned());
                    return Err(Held { folder: real, by });
                }
            }
        }
        claimed.push(real);
    }
    Ok(Claim { _files: files })
}

fn lock(folder: &Path, what: &str) -> Result<File, TryLockError> {
    let mut file = private().read(true).append(true).open(folder.join(NAME)).map_err(TryLockError::Error)?;
    file.try_lock()?;
    let said = file.set_len(0).and_then(|()| write!(file, "process {}, {what}", std::process::id()));
    if let Err(error) = said {
        tracing::debug!(%error, "the lock does not say whose it is");
    }
    Ok(file)
}

fn holder(folder: &Path) -> Option<String> {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        File::open(folder.join(NAME))?.take(LONGEST).read_to_string(&mut text)?;
        Ok(text)
    };
    read().ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_second_agent_is_told_who_holds_the_folder_and_the_first_keeps_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let (config, state) = (dir.path().join("config"), dir.path().join("state"));
        let first = claim(&[&config, &state], "socket /run/first.sock").await.expect("nobody else is here");
        for folders in [[&config, &config], [&dir.path().join("other"), &state]] {
            let held = claim(&folders.map(PathBuf::as_path), "socket /run/second.sock").await.expect_err("it is held");
            assert_eq!(held.by, format!("process {}, socket /run/first.sock", std::process::id()));
            assert!(held.to_string().contains("/run/first.sock"), "{held}");
        }
        drop(first);
        claim(&[&config, &state], "socket /run/second.sock").await.expect("free again");
    }

    #[tokio::test]
    async fn one_folder_for_both_and_one_that_cannot_be_used_keep_nobody_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        std::fs::write(&file, "in the way").expect("a file");
        claim(&[dir.path(), dir.path(), &file], "socket /x").await.expect("claimed");
    }

    #[tokio::test]
    async fn an_agent_that_is_ending_is_waited_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let folders = [dir.path()];
        let first = claim(&folders, "socket /x").await.expect("nobody else is here");
        let second = claim(&folders, "socket /x");
        let letting_go = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        let (second, ()) = tokio::join!(second, letting_go);
        second.expect("let go in time");
    }
}
