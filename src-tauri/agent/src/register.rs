//! `--register` and `--unregister`: they work with and without a running agent, and know nothing of it.

use anyhow::Context as _;

use crate::desktop::autostart;
use crate::desktop::links::{self, SCHEMES};
use crate::folders::Folders;
use crate::upgrade;

/// Makes this program open phone links and start with the session.
///
/// # Errors
/// A file in the user's folders cannot be written.
pub fn register() -> anyhow::Result<()> {
    let folders = Folders::from_env()?;
    let program = upgrade::own_path().context("it is not known where this program lies")?;
    links::linux::take(&folders, &program, &SCHEMES).context("phone links cannot be registered")?;
    autostart::linux::set(&folders, &program, true).context("the autostart entry cannot be written")
}

/// Takes that back, and restores what opened phone links before.
///
/// # Errors
/// A file in the user's folders cannot be written or removed.
pub fn unregister() -> anyhow::Result<()> {
    let folders = Folders::from_env()?;
    links::linux::give_back(&folders, &SCHEMES).context("phone links cannot be given back")?;
    autostart::linux::set(&folders, std::path::Path::new(""), false).context("the autostart entry cannot be removed")
}
