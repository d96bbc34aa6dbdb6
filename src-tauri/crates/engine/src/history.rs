//! Ended calls seen by this agent, one JSON line each, joined with what the PBX's own list says.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use phone_core::call::Outcome;
use phone_core::number::may_be_same;
use phone_core::view::{CallRecord, RecordSource};

const NAME: &str = "history.jsonl";
/// Calls that are kept.
const MOST: usize = 1000;
/// The file is written anew when it holds this many lines.
const REWRITE_AT: usize = 2 * MOST;

/// The store of ended calls.
pub struct History {
    path: PathBuf,
    /// Oldest first.
    calls: Vec<CallRecord>,
    lines: usize,
}

impl History {
    /// Opens the store of a folder; lines that cannot be read are skipped.
    pub fn open(dir: &Path) -> Self {
        let path = dir.join(NAME);
        let mut calls = vec![];
        let mut lines = 0;
        if let Ok(file) = File::open(&path) {
            for line in BufReader::new(file).lines().map_while(Result::ok) {
                lines += 1;
                if let Ok(record) = serde_json::from_str::<CallRecord>(&line) {
                    calls.push(record);
                }
            }
        }
        if calls.len() > MOST {
            calls.drain(..calls.len() - MOST);
        }
        Self { path, calls, lines }
    }

    /// The highest number a call of ours ever had.
    pub fn last_number(&self) -> u64 {
        self.calls.iter().filter_map(|c| c.id.0.rsplit_once("/c")?.1.parse().ok()).max().unwrap_or(0)
    }

    /// The newest calls first, at most `most`.
    pub fn newest(&self, most: usize) -> Vec<CallRecord> {
        self.calls.iter().rev().take(most).cloned().collect()
    }

    /// Adds an ended call.
    ///
    /// # Errors
    /// What kept it from being written; it is kept in memory all the same.
    pub fn add(&mut self, record: CallRecord) -> std::io::Result<()> {
        let line = serde_json::to_string(&record).map_err(std::io::Error::other)?;
        self.calls.push(record);
        if self.calls.len() > MOST {
            self.calls.remove(0);
        }
        if self.lines >= REWRITE_AT {
            return self.rewrite();
        }
        self.lines += 1;
        if let Some(dir) = self.path.parent() {
            crate::settings::private_folder(dir)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{line}\n").as_bytes())
    }

    fn rewrite(&mut self) -> std::io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        for record in &self.calls {
            let line = serde_json::to_string(record).map_err(std::io::Error::other)?;
            file.write_all(format!("{line}\n").as_bytes())?;
        }
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.lines = self.calls.len();
        Ok(())
    }

    /// Our calls and the PBX's as one list, newest first; a call both know stands once.
    pub fn joined(&self, told: &[CallRecord]) -> Vec<CallRecord> {
        let mut all: Vec<CallRecord> = self.calls.clone();
        for theirs in told {
            match all.iter_mut().find(|ours| same(ours, theirs)) {
                Some(ours) => {
                    ours.source = RecordSource::Both;
                    // The PBX knows only whether somebody answered; we may know who, or that it was declined.
                    ours.outcome = match (ours.outcome, theirs.outcome) {
                        (Outcome::Missed, Outcome::Answered) => Outcome::AnsweredElsewhere,
                        (Outcome::Unknown, told) => told,
                        (known, _) => known,
                    };
                    if ours.remote.name.is_none() {
                        ours.remote.name.clone_from(&theirs.remote.name);
                    }
                    if ours.connected_at.is_none() {
                        ours.connected_at = theirs.connected_at;
                    }
                }
                None => all.push(theirs.clone()),
            }
        }
        all.sort_by_key(|c| std::cmp::Reverse(c.started_at));
        all
    }
}

fn same(ours: &CallRecord, theirs: &CallRecord) -> bool {
    let number = match (&ours.remote.number, &theirs.remote.number) {
        (Some(a), Some(b)) => a == b || may_be_same(a, b),
        (None, None) => true,
        _ => false,
    };
    let apart = ours.started_at.duration_since(theirs.started_at).abs();
    number
        && ours.source != RecordSource::Both
        && ours.account == theirs.account
        && ours.direction == theirs.direction
        && apart <= jiff::SignedDuration::from_secs(15)
}

#[cfg(test)]
mod tests {
    use phone_core::{AccountName, CallId, Direction, Party};

    use super::*;

    fn record(id: &str, number: &str, start: i64, source: RecordSource) -> CallRecord {
        CallRecord {
            id: CallId(id.into()),
            account: AccountName::parse("office").expect("a plain word"),
            direction: Direction::Incoming,
            outcome: Outcome::Missed,
            remote: Party::number(number),
            started_at: jiff::Timestamp::from_second(start).expect("a time"),
            connected_at: None,
            ended_at: None,
            source,
        }
    }

    #[test]
    fn calls_survive_a_restart_and_numbering_goes_on() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut history = History::open(dir.path());
        history.add(record("office/c41", "+4930555001", 1_767_225_600, RecordSource::Local)).expect("written");
        fs::OpenOptions::new()
            .append(true)
            .open(dir.path().join(NAME))
            .and_then(|mut f| f.write_all(b"{half a li"))
            .expect("a crash");
        let again = History::open(dir.path());
        assert_eq!(again.last_number(), 41);
        assert_eq!(again.newest(10).len(), 1);
    }

    #[test]
    fn a_call_that_both_know_stands_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut history = History::open(dir.path());
        history.add(record("office/c1", "+4930555001", 1_767_225_600, RecordSource::Local)).expect("written");
        let told = [
            record("office/p9", "030555001", 1_767_225_603, RecordSource::Pbx),
            record("office/p8", "+442079460001", 1_767_225_000, RecordSource::Pbx),
        ];
        let joined = history.joined(&told);
        assert_eq!(joined.len(), 2);
        assert_eq!((joined[0].id.0.as_str(), joined[0].source), ("office/c1", RecordSource::Both));
    }
}
