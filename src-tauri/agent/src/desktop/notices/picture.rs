//! Our picture in notices.

use std::fs;
use std::path::Path;

/// By its name it is found only where Trayphone was registered, so services get a file that is always there.
const PICTURE: &[u8] = include_bytes!("../../../../../icons/app/app-64.png");

/// Puts the picture into `folder`, where services can read it, and returns its path; none when that cannot be.
pub fn place(folder: &Path) -> Option<String> {
    let path = folder.join("trayphone.png");
    let is_there = fs::read(&path).is_ok_and(|picture| picture == PICTURE);
    if !is_there {
        let written = fs::write(&path, PICTURE);
        written.inspect_err(|error| tracing::debug!("notices have no picture: {error}")).ok()?;
    }
    path.to_str().map(str::to_owned)
}
