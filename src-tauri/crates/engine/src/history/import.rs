//! The history of earlier versions: one JSON line a call, in a file that is taken over once.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use jiff::Timestamp;
use phone_core::call::Outcome;
use phone_core::view::{CallRecord, RecordSource};
use phone_core::{AccountName, CallId, Direction, Party};
use rusqlite::{Connection, Error, TransactionBehavior, params};
use serde::Deserialize;

use super::merge::add;

/// The file of earlier versions.
pub(super) const NAME: &str = "history.jsonl";
/// Where it is kept when not all of it could be read.
pub(super) const ASIDE: &str = "history.jsonl.old";
/// A line of ours is far shorter; a longer one is no call of ours.
const LONGEST_LINE: usize = 64 << 10;

/// A call as the file has it; this shape never changes again.
#[derive(Deserialize)]
struct Line {
    id: CallId,
    account: AccountName,
    direction: Direction,
    outcome: Outcome,
    remote: Party,
    started_at: Timestamp,
    connected_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

/// Takes over the file of earlier versions, when there is one; it is removed once its calls are safe.
///
/// Killed in between, it is taken over once more, and no call stands twice.
///
/// # Errors
/// What kept the calls from being written; the file is untouched then.
pub(super) fn take_over(db: &mut Connection, dir: &Path) -> Result<(), Error> {
    let path = dir.join(NAME);
    let Ok(file) = File::open(&path) else { return Ok(()) };
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut unread = 0_usize;
    for line in Lines(BufReader::new(file)) {
        // What cannot be read now can perhaps be read at the next start.
        let Ok(line) = line else { return Ok(()) };
        match line.as_deref().map(serde_json::from_slice::<Line>) {
            Some(Ok(line)) => {
                let call = line.into_call();
                let mut gone = change.prepare_cached("SELECT 1 FROM gone WHERE id = ?1 AND account = ?2")?;
                if !gone.exists(params![call.id.0, call.account.as_str()])? {
                    add(&change, &call)?;
                }
            }
            Some(Err(_)) | None => unread += 1,
        }
    }
    change.commit()?;
    let done = if unread == 0 { fs::remove_file(&path) } else { fs::rename(&path, dir.join(ASIDE)) };
    if unread > 0 {
        tracing::warn!(unread, "lines of the earlier history are no calls; the file was kept as {ASIDE}");
    }
    if let Err(error) = done {
        tracing::warn!(%error, "the earlier history was taken over and could not be put away");
    }
    Ok(())
}

impl Line {
    fn into_call(self) -> CallRecord {
        let Self { id, account, direction, outcome, remote, started_at, connected_at, ended_at } = self;
        let source = RecordSource::Local;
        let mut call = CallRecord {
            id,
            account,
            direction,
            outcome,
            remote,
            started_at,
            connected_at,
            ended_at,
            source,
            via: None,
            note: None,
        };
        call.bound();
        call
    }
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
