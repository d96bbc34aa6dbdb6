//! The tables and how they came to be: one step a version, and no step is ever changed again.

use rusqlite::{Connection, Error, ErrorCode, TransactionBehavior};

/// What each version adds to the one before it.
///
/// `calls.at` is the place in time; `entry` is the PBX's id of its own entry about the call; `words` is what the search looks
/// through. `gone` keeps of a deleted call only what is needed so that the PBX's list does not bring it back.
const STEPS: &[&str] = &["
CREATE TABLE calls (
  at INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  entry TEXT,
  account TEXT NOT NULL,
  direction TEXT NOT NULL,
  outcome TEXT NOT NULL,
  number TEXT,
  e164 TEXT,
  name TEXT,
  via_number TEXT,
  via_name TEXT,
  started_ms INTEGER NOT NULL,
  connected_ms INTEGER,
  ended_ms INTEGER,
  source TEXT NOT NULL,
  note TEXT,
  words TEXT NOT NULL
) STRICT;
CREATE INDEX calls_of_account ON calls (account);
CREATE INDEX calls_of_entry ON calls (account, entry) WHERE entry IS NOT NULL;
CREATE INDEX calls_missed ON calls (account) WHERE outcome = 'missed';
CREATE TABLE gone (
  account TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  direction TEXT NOT NULL,
  id TEXT NOT NULL,
  entry TEXT
) STRICT;
CREATE INDEX gone_of_account ON gone (account, started_ms);
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5(words, content = 'calls', content_rowid = 'at', tokenize = 'trigram', columnsize = 0);
INSERT INTO found (found, rank) VALUES ('secure-delete', 1);
"];

/// The version that this program writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// Brings a database to the newest version, all steps or none.
///
/// # Errors
/// What the database says; one of a newer program counts as broken.
pub(super) fn migrate(db: &mut Connection) -> Result<(), Error> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == VERSION {
        return Ok(());
    }
    let done = usize::try_from(version).ok().filter(|done| *done < STEPS.len());
    let Some(done) = done else { return Err(newer()) };
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(done) {
        change.execute_batch(step)?;
    }
    change.pragma_update(None, "user_version", VERSION)?;
    change.commit()
}

fn newer() -> Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
    Error::SqliteFailure(code, Some("it was written by a newer Trayphone".to_owned()))
}

/// Tells whether a database can never be read again, so that another one has to take its place.
pub(crate) fn is_broken(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Tells whether only the index of the search is broken; it can be made anew from the calls.
pub(crate) fn is_broken_index(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CORRUPT_VTAB)
}

/// The tables of a version, for tests of the way from there.
#[cfg(test)]
pub(super) fn at_version(db: &Connection, version: usize) {
    for step in &STEPS[..version] {
        db.execute_batch(step).expect("a step");
    }
    db.pragma_update(None, "user_version", i64::try_from(version).expect("small")).expect("a version");
}
