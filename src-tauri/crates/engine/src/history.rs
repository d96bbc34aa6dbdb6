//! Ended calls seen by this agent, one JSON line each, joined with what the PBX's own list says.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use phone_core::call::Outcome;
use phone_core::number::may_be_same;
use phone_core::view::{CallRecord, RecordSource};

use crate::files::{private, private_folder, replace};

const NAME: &str = "history.jsonl";
/// Calls that are kept.
pub(crate) const MOST: usize = 1000;
/// A line of ours is far shorter; a longer one is no call of ours.
const LONGEST_LINE: usize = 64 << 10;
/// The file is written anew when it holds this many lines.
const REWRITE_AT: usize = 2 * MOST;

/// The store of ended calls.
pub struct History {
    /// Oldest first.
    calls: Vec<CallRecord>,
    lines: usize,
}

impl History {
    /// Opens the store of a folder; lines that cannot be read are skipped.
    pub fn open(dir: &Path) -> Self {
        let mut calls = VecDeque::new();
        let (mut lines, mut too_long) = (0, 0_usize);
        if let Ok(file) = File::open(dir.join(NAME)) {
            for line in Lines(BufReader::new(file)).map_while(Result::ok) {
                lines += 1;
                let Some(line) = line else {
                    too_long += 1;
                    continue;
                };
                if let Ok(mut record) = serde_json::from_slice::<CallRecord>(&line) {
                    record.bound();
                    calls.push_back(record);
                }
                if calls.len() > MOST {
                    calls.pop_front();
                }
            }
        }
        if too_long > 0 {
            tracing::warn!(too_long, "lines of the history are too long to be calls and were skipped");
        }
        let calls = Vec::from(calls);
        Self { calls, lines }
    }

    /// The highest number a call of ours ever had.
    pub fn last_number(&self) -> u64 {
        self.calls.iter().filter_map(|c| c.id.0.rsplit_once("/c")?.1.parse().ok()).max().unwrap_or(0)
    }

    /// The newest calls first, at most `most`.
    pub fn newest(&self, most: usize) -> Vec<CallRecord> {
        self.calls.iter().rev().take(most).cloned().collect()
    }

    /// How many lines the file held when it was opened.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    /// Adds an ended call, and gives the line that is to be written for it.
    ///
    /// # Errors
    /// A call that cannot be put into a line; it is kept in memory all the same.
    pub fn add(&mut self, record: CallRecord) -> Result<String, serde_json::Error> {
        let line = serde_json::to_string(&record);
        self.calls.push(record);
        if self.calls.len() > MOST {
            self.calls.remove(0);
        }
        line
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

/// Adds lines to the store of a folder, all or none; `stored` follows how many it holds.
///
/// # Errors
/// What kept them from being written; the lines before them are untouched then.
pub(crate) fn append(dir: &Path, lines: &[String], stored: &mut usize) -> io::Result<()> {
    private_folder(dir)?;
    let path = dir.join(NAME);
    let mut text = String::new();
    if ends_within_a_line(&path) {
        // What a crash or a full disk left behind must not swallow the next call.
        text.push('\n');
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let mut file = private().append(true).open(&path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
    if let Err(error) = written {
        // Half of them would stand there twice after the next try.
        file.set_len(before).ok();
        return Err(error);
    }
    *stored += lines.len();
    if *stored >= REWRITE_AT
        && let Err(error) = rewrite(dir, stored)
    {
        // The calls are written all the same; the next one tries again.
        tracing::debug!(%error, "the history could not be cut");
    }
    Ok(())
}

fn ends_within_a_line(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    last().is_ok_and(|last| last != b'\n')
}

/// Writes the file anew with the newest calls only.
fn rewrite(dir: &Path, stored: &mut usize) -> io::Result<()> {
    let mut newest = VecDeque::new();
    for line in Lines(BufReader::new(File::open(dir.join(NAME))?)) {
        // A line that is no text was torn by a crash and holds no call any more.
        newest.extend(line?.filter(|line| std::str::from_utf8(line).is_ok()));
        if newest.len() > MOST {
            newest.pop_front();
        }
    }
    let text: Vec<u8> = newest.iter().flat_map(|line| [line.as_slice(), b"\n"]).flatten().copied().collect();
    replace(dir, NAME, &text)?;
    *stored = newest.len();
    Ok(())
}

/// The lines of a file as bytes, because one torn character must not hide what stands behind it; nothing for one that is
/// too long, of which no more than that is held.
struct Lines(BufReader<File>);

impl Iterator for Lines {
    type Item = io::Result<Option<Vec<u8>>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = vec![];
        match self.0.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() == LONGEST_LINE {
            return Some(self.0.skip_until(b'\n').map(|_| None));
        }
        Some(Ok(Some(line)))
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

    fn add(dir: &Path, history: &mut History, record: CallRecord) {
        let line = history.add(record).expect("a line");
        append(dir, &[line], &mut 0).expect("written");
    }

    #[test]
    fn calls_survive_a_restart_and_numbering_goes_on() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut history = History::open(dir.path());
        add(dir.path(), &mut history, record("office/c41", "+4930555001", 1_767_225_600, RecordSource::Local));
        std::fs::OpenOptions::new()
            .append(true)
            .open(dir.path().join(NAME))
            .and_then(|mut f| f.write_all(b"{half a li"))
            .expect("a crash");
        let mut again = History::open(dir.path());
        assert_eq!(again.last_number(), 41);
        assert_eq!(again.newest(10).len(), 1);
        // The half line swallows nothing that comes behind it.
        add(dir.path(), &mut again, record("office/c42", "+4930555001", 1_767_225_700, RecordSource::Local));
        let later = History::open(dir.path());
        assert_eq!((later.last_number(), later.newest(10).len()), (42, 2));
    }

    #[test]
    fn a_long_history_is_cut_to_the_newest_calls() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut stored = 0;
        let lines: Vec<String> = (0..REWRITE_AT).map(|number| number.to_string()).collect();
        append(dir.path(), &lines[..REWRITE_AT - 1], &mut stored).expect("written");
        assert_eq!(stored, REWRITE_AT - 1);
        append(dir.path(), &lines[REWRITE_AT - 1..], &mut stored).expect("written");
        assert_eq!(stored, MOST);
        let text = std::fs::read_to_string(dir.path().join(NAME)).expect("a file");
        assert_eq!(text.lines().next(), Some((REWRITE_AT - MOST).to_string().as_str()));
        assert_eq!(text.lines().count(), MOST);
    }

    #[test]
    fn a_torn_character_costs_its_own_line_and_no_other() {
        let dir = tempfile::tempdir().expect("a folder");
        let tear = || {
            let mut file = std::fs::OpenOptions::new().append(true).open(dir.path().join(NAME)).expect("a file");
            file.write_all(b"{\"name\":\"J\xc3\n").expect("a crash in the middle of a character");
        };
        let mut history = History::open(dir.path());
        add(dir.path(), &mut history, record("office/c41", "+4930555001", 1_767_225_600, RecordSource::Local));
        tear();
        add(dir.path(), &mut history, record("office/c42", "+4930555001", 1_767_225_700, RecordSource::Local));
        let later = History::open(dir.path());
        assert_eq!((later.last_number(), later.newest(10).len(), later.lines()), (42, 2, 3));
        // Nor when the file is written anew.
        let mut stored = later.lines();
        rewrite(dir.path(), &mut stored).expect("written");
        assert_eq!((History::open(dir.path()).newest(10).len(), stored), (2, 2));
    }

    #[test]
    fn lines_that_are_far_too_long_are_skipped_and_hide_no_other() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut history = History::open(dir.path());
        for number in 1..=3 {
            let mut call = record(&format!("office/c{number}"), "+4930555001", 1_767_225_600 + number, RecordSource::Local);
            if number == 2 {
                call.remote.name = Some("x".repeat(200_000));
            }
            add(dir.path(), &mut history, call);
        }
        let later = History::open(dir.path());
        let ids: Vec<String> = later.newest(10).into_iter().map(|call| call.id.0).collect();
        assert_eq!((ids, later.lines()), (vec!["office/c3".to_owned(), "office/c1".to_owned()], 3));
        let mut stored = later.lines();
        rewrite(dir.path(), &mut stored).expect("written");
        assert_eq!(stored, 2, "it is let go of when the file is written anew");
    }

    #[test]
    fn a_call_that_both_know_stands_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut history = History::open(dir.path());
        history.add(record("office/c1", "+4930555001", 1_767_225_600, RecordSource::Local)).expect("a line");
        let told = [
            record("office/p9", "030555001", 1_767_225_603, RecordSource::Pbx),
            record("office/p8", "+442079460001", 1_767_225_000, RecordSource::Pbx),
        ];
        let joined = history.joined(&told);
        assert_eq!(joined.len(), 2);
        assert_eq!((joined[0].id.0.as_str(), joined[0].source), ("office/c1", RecordSource::Both));
    }
}
