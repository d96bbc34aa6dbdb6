//! Where the window stood and how large it was, kept in the state folder.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Size at the first start, in logical pixels.
pub const FIRST_SIZE: (f64, f64) = (400.0, 640.0);
/// Smallest size that everything fits in, in logical pixels.
pub const LEAST_SIZE: (f64, f64) = (360.0, 480.0);

/// Place and size, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Width of the contents.
    pub width: f64,
    /// Height of the contents.
    pub height: f64,
    /// Left edge with its frame; none where the system tells no places.
    #[serde(default)]
    pub x: Option<f64>,
    /// Upper edge with its frame.
    #[serde(default)]
    pub y: Option<f64>,
}

impl Default for Place {
    fn default() -> Self {
        Self { width: FIRST_SIZE.0, height: FIRST_SIZE.1, x: None, y: None }
    }
}

impl Place {
    /// Reads what was kept; a missing or broken file counts as the first start.
    pub fn read(file: &Path) -> Self {
        let kept: Option<Self> = std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        kept.map(Self::sane).unwrap_or_default()
    }

    /// Keeps it; a crash in the middle leaves the old file. It does not wait for the disk, as losing it costs nothing.
    ///
    /// # Errors
    /// When the folder or file cannot be written.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        if let Some(folder) = file.parent() {
            phone_control::private_folder(folder)?;
        }
        let next = file.with_extension("new");
        std::fs::write(&next, serde_json::to_vec(self)?)?;
        std::fs::rename(next, file)
    }

    /// Forgets a place on none of the screens, given as left, top, width and height.
    pub fn on_screens(mut self, screens: &[(f64, f64, f64, f64)]) -> Self {
        // Enough of the upper edge to take hold of it.
        let visible = |x: f64, y: f64| {
            screens.iter().any(|(left, top, width, height)| {
                x + self.width > left + 80.0 && x < left + width - 80.0 && y >= top - 1.0 && y < top + height - 80.0
            })
        };
        if !matches!((self.x, self.y), (Some(x), Some(y)) if visible(x, y)) {
            (self.x, self.y) = (None, None);
        }
        self
    }

    fn sane(mut self) -> Self {
        let within = |value: f64, least: f64, first: f64| if value.is_finite() { value.clamp(least, 10_000.0) } else { first };
        self.width = within(self.width, LEAST_SIZE.0, FIRST_SIZE.0);
        self.height = within(self.height, LEAST_SIZE.1, FIRST_SIZE.1);
        self
    }
}

/// The file, unless the environment names no folder of this user.
pub fn file() -> Option<PathBuf> {
    Some(phone_control::user_folder("XDG_STATE_HOME", ".local/state")?.join("trayphone").join("window.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: (f64, f64, f64, f64) = (0.0, 0.0, 1280.0, 800.0);

    #[test]
    fn a_place_comes_back_as_it_was_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("trayphone").join("window.json");
        assert_eq!(Place::read(&file), Place::default());
        let place = Place { width: 500.0, height: 700.0, x: Some(20.0), y: Some(30.0) };
        place.write(&file).expect("written");
        assert_eq!(Place::read(&file), place);
        assert_eq!(place.on_screens(&[SCREEN]), place);
        std::fs::write(&file, b"{\"width\":1e999").expect("written");
        assert_eq!(Place::read(&file), Place::default());
        std::fs::write(&file, b"{\"width\":1,\"height\":99999999}").expect("written");
        assert_eq!((Place::read(&file).width, Place::read(&file).height), (360.0, 10_000.0));
    }

    #[test]
    fn a_place_on_a_screen_that_is_gone_is_forgotten() {
        let place = Place { x: Some(1500.0), y: Some(10.0), ..Place::default() };
        assert_eq!(place.on_screens(&[SCREEN]), Place::default());
        assert_eq!(place.on_screens(&[SCREEN, (1280.0, 0.0, 1280.0, 800.0)]), place);
    }
}
