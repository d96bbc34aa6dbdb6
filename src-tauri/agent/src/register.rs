//! `--register` and `--unregister`: they work with and without a running agent, and know nothing of it.

use anyhow::Context as _;

use crate::desktop::autostart;
use crate::desktop::links::{self, ALL, SCHEMES};
use crate::folders::Folders;
use crate::upgrade;

/// Makes this program open phone links and start with the session; where schemes are named, only open links of these.
///
/// # Errors
/// A file in the user's folders cannot be written.
pub fn register(schemes: &[&str]) -> anyhow::Result<()> {
    let folders = Folders::from_env()?;
    let program = upgrade::own_path().context("it is not known where this program lies")?;
    let wanted = if schemes.is_empty() { &SCHEMES[..] } else { schemes };
    links::linux::take(&folders, &program, wanted).context("phone links cannot be registered")?;
    if !schemes.is_empty() {
        return Ok(());
    }
    autostart::linux::set(&folders, &program, true).context("the autostart entry cannot be written")
}

/// Takes that back, and restores what opened phone links before; where schemes are named, only for these.
///
/// # Errors
/// A file in the user's folders cannot be written or removed.
pub fn unregister(schemes: &[&str]) -> anyhow::Result<()> {
    let folders = Folders::from_env()?;
    let wanted = if schemes.is_empty() { &ALL[..] } else { schemes };
    links::linux::give_back(&folders, wanted).context("phone links cannot be given back")?;
    if !schemes.is_empty() {
        return Ok(());
    }
    autostart::linux::set(&folders, std::path::Path::new(""), false).context("the autostart entry cannot be removed")
}
