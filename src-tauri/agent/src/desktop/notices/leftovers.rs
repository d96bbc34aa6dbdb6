//! Which notices are on the screen, for the next start: those of a killed agent have buttons that lead nowhere.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

/// Remembers the service's numbers of open notices in a file of the session; numbers only, never what they say.
///
/// A number means something to the service that gave it alone, so that service's name on the bus, which is never used
/// twice, and the bus's own id stand with it.
pub struct Leftovers {
    file: Option<PathBuf>,
    service: Option<String>,
    written: Vec<u32>,
}

impl Leftovers {
    /// Remembers in `file`; without one nothing is remembered.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, service: None, written: Vec::new() }
    }

    /// From now on numbers are those of `service`; none while there is none.
    pub fn serve(&mut self, service: Option<String>) {
        self.service = service;
        self.written.clear();
    }

    /// Tells whether there is a service.
    pub fn is_served(&self) -> bool {
        self.service.is_some()
    }

    /// The numbers that an agent before this one left with this service.
    pub fn found(&self) -> Vec<u32> {
        let text = self.file.as_ref().and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        let mut lines = text.lines();
        if lines.next().is_none_or(|service| Some(service) != self.service.as_deref()) {
            return Vec::new();
        }
        lines.filter_map(|line| line.parse().ok()).collect()
    }

    /// Remembers what is on the screen now.
    pub fn keep(&mut self, mut shown: Vec<u32>) {
        shown.sort_unstable();
        shown.dedup();
        if shown == self.written {
            return;
        }
        match self.write(&shown) {
            Ok(()) => self.written = shown,
            Err(error) => tracing::debug!("open notices cannot be remembered: {error}"),
        }
    }

    fn write(&self, shown: &[u32]) -> io::Result<()> {
        let (Some(file), Some(service)) = (&self.file, &self.service) else { return Ok(()) };
        if shown.is_empty() {
            return match fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let mut text = format!("{service}\n");
        text.extend(shown.iter().map(|id| format!("{id}\n")));
        // Half a number must not be read as another one.
        let beside = file.with_extension("new");
        fs::write(&beside, text)?;
        fs::rename(&beside, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_again_by_the_same_service_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("notices");
        let at = |service: Option<&str>| {
            let mut leftovers = Leftovers::new(Some(file.clone()));
            leftovers.serve(service.map(str::to_owned));
            leftovers
        };
        let mut killed = at(Some("bus-1 :1.7"));
        killed.keep(vec![9, 4, 9]);

        assert_eq!(at(Some("bus-1 :1.7")).found(), [4, 9]);
        assert_eq!(at(Some("bus-2 :1.7")).found(), Vec::<u32>::new());
        assert_eq!(at(None).found(), Vec::<u32>::new());
        killed.keep(Vec::new());
        assert!(!file.exists());
    }
}
