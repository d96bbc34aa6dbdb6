//! What is kept between two starts beside settings and history: which numbers of calls are taken, and what was looked at.
//!
//! A script may hold the name of a call across the end of the agent, so a number is never used twice: the numbers up to a
//! bound are reserved on disk before they are used, and every start begins behind that bound.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::replace;

const NAME: &str = "marks.json";
/// How many numbers are reserved at once.
const BLOCK: u64 = 1000;
/// More are reserved while this many are left, so that nobody waits for the disk.
const LEAST_LEFT: u64 = 500;
/// No file of ours is longer.
const LONGEST: u64 = 4 << 10;

/// The marks of a folder of state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// Numbers of calls up to this one may be in use, or have been.
    pub calls_until: u64,
    /// Missed calls up to this moment were looked at.
    pub missed_seen_until: Timestamp,
}

impl Marks {
    /// Reads the marks of a folder, or makes new ones; gives the last number that is taken too.
    ///
    /// The marks are those that have to be written before the first call is named.
    pub fn open(dir: &Path, has_history: bool, now: Timestamp) -> (Self, u64) {
        let known = read(dir);
        let taken = match &known {
            Some(known) => known.calls_until,
            // Whoever wrote that history named calls, also some that are not in it; never as many as seconds went by.
            None if has_history => u64::try_from(now.as_second()).unwrap_or(BLOCK),
            None => 0,
        };
        let missed_seen_until = known.map_or(now, |known| known.missed_seen_until);
        (Self { calls_until: taken.saturating_add(BLOCK), missed_seen_until }, taken)
    }

    /// Reserves more numbers when few are left after this one; true when it did.
    pub fn reserve(&mut self, last: u64) -> bool {
        let is_low = self.calls_until.saturating_sub(last) < LEAST_LEFT;
        if is_low {
            self.calls_until = last.saturating_add(BLOCK);
        }
        is_low
    }
}

fn read(dir: &Path) -> Option<Marks> {
    let mut text = vec![];
    File::open(dir.join(NAME)).and_then(|file| file.take(LONGEST).read_to_end(&mut text)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Writes the marks of a folder, completely or not at all.
///
/// # Errors
/// What kept the file from being written; the old one is untouched then.
pub(crate) fn save(dir: &Path, marks: &Marks) -> io::Result<()> {
    replace(dir, NAME, &serde_json::to_vec(marks)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_taken_twice_however_often_the_agent_is_killed() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut last = 0;
        for round in 0..5 {
            let (mut marks, taken) = Marks::open(dir.path(), true, Timestamp::UNIX_EPOCH);
            assert!(taken >= last, "{taken} after {last}");
            assert_eq!(taken == 0, round == 0);
            save(dir.path(), &marks).expect("written");
            for number in taken + 1..taken + 1800 {
                if marks.reserve(number) {
                    save(dir.path(), &marks).expect("written");
                }
                last = number;
            }
        }
    }

    #[test]
    fn marks_that_cannot_be_read_are_made_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        for text in ["", "{", "\u{0}\u{0}", "[1]"] {
            std::fs::write(dir.path().join(NAME), text).expect("written");
            let now = Timestamp::from_second(1_767_225_600).expect("a time");
            let (marks, taken) = Marks::open(dir.path(), false, now);
            assert_eq!((taken, marks.missed_seen_until), (0, now), "{text:?}");
            // Calls were named before: none of those names is used again.
            assert_eq!(Marks::open(dir.path(), true, now).1, 1_767_225_600);
        }
    }
}
