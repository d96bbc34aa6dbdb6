//! One call as a row: read, put in and taken out; the only place that keeps the table and its index for the search together.

use jiff::Timestamp;
use phone_core::call::Outcome;
use phone_core::view::{CallRecord, RecordSource};
use phone_core::{AccountName, CallId, Direction, Party};
use rusqlite::{Connection, Error, OptionalExtension as _, Row, params};

use super::find::words;
use super::{PLACE_BITS, place};

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "c.at, c.id, c.entry, c.account, c.direction, c.outcome, c.number, c.name, c.via_number, \
    c.via_name, c.started_ms, c.connected_ms, c.ended_ms, c.source, c.note";

/// A call as it is kept.
pub(super) struct Kept {
    /// Its place in time.
    pub at: i64,
    /// The PBX's id of its entry about it.
    pub entry: Option<String>,
    pub call: CallRecord,
}

pub(super) fn read(row: &Row<'_>) -> Result<Kept, Error> {
    let time = |column| -> Result<Option<Timestamp>, Error> {
        Ok(row.get::<_, Option<i64>>(column)?.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
    };
    let account: String = row.get(3)?;
    let account = AccountName::parse(&account)
        .map_err(|bad| Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(bad)))?;
    let via = Party { number: row.get(8)?, name: row.get(9)? };
    let call = CallRecord {
        id: CallId(row.get(1)?),
        account,
        direction: if row.get_ref(4)?.as_str()? == OUTGOING { Direction::Outgoing } else { Direction::Incoming },
        outcome: outcome_of(row.get_ref(5)?.as_str()?),
        remote: Party { number: row.get(6)?, name: row.get(7)? },
        started_at: time(10)?.unwrap_or(Timestamp::UNIX_EPOCH),
        connected_at: time(11)?,
        ended_at: time(12)?,
        source: source_of(row.get_ref(13)?.as_str()?),
        via: (via != Party::default()).then_some(via),
        note: row.get(14)?,
    };
    Ok(Kept { at: row.get(0)?, entry: row.get(2)?, call })
}

/// Puts a call in, at the first free place of its time; its id must be free.
pub(super) fn put(db: &Connection, call: &CallRecord, entry: Option<&str>) -> Result<(), Error> {
    let mut at = place(call.started_at);
    // A millisecond that is full leads into the next one.
    let mut free = db.prepare_cached("SELECT coalesce(max(at) + 1, ?1) FROM calls WHERE at BETWEEN ?1 AND ?2")?;
    loop {
        let next = at | ((1 << PLACE_BITS) - 1);
        let found: i64 = free.query_one([at, next], |row| row.get(0))?;
        if found <= next {
            at = found;
            break;
        }
        at = found;
    }
    let (remote, via) = (&call.remote, call.via.as_ref());
    let words = words(call);
    db.prepare_cached(
        "INSERT INTO calls (at, id, entry, account, direction, outcome, number, e164, name, via_number, via_name, started_ms, \
         connected_ms, ended_ms, source, note, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        at,
        call.id.0,
        entry,
        call.account.as_str(),
        direction_name(call.direction),
        outcome_name(call.outcome),
        remote.number,
        remote.number.as_deref().and_then(e164),
        remote.name,
        via.and_then(|via| via.number.as_deref()),
        via.and_then(|via| via.name.as_deref()),
        call.started_at.as_millisecond(),
        call.connected_at.map(Timestamp::as_millisecond),
        call.ended_at.map(Timestamp::as_millisecond),
        source_name(call.source),
        call.note,
        words,
    ])?;
    db.prepare_cached("INSERT INTO found (rowid, words) VALUES (?1, ?2)")?.execute(params![at, words])?;
    Ok(())
}

/// Takes a call out, and what the search knows of it.
pub(super) fn take(db: &Connection, at: i64) -> Result<(), Error> {
    let words: Option<String> =
        db.prepare_cached("SELECT words FROM calls WHERE at = ?1")?.query_one([at], |row| row.get(0)).optional()?;
    if let Some(words) = words {
        db.prepare_cached("INSERT INTO found (found, rowid, words) VALUES ('delete', ?1, ?2)")?.execute(params![at, words])?;
        db.prepare_cached("DELETE FROM calls WHERE at = ?1")?.execute([at])?;
    }
    Ok(())
}

/// The call of this id.
pub(super) fn of_id(db: &Connection, id: &CallId) -> Result<Option<Kept>, Error> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM calls c WHERE c.id = ?1"))?.query_one([&id.0], read).optional()
}

/// A number that says its country by itself.
fn e164(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let international = if number.trim_start().starts_with('+') { digits.as_str() } else { digits.strip_prefix("00")? };
    (!international.starts_with('0') && (7..=15).contains(&international.len())).then(|| format!("+{international}"))
}

const OUTGOING: &str = "outgoing";

pub(super) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "incoming",
        Direction::Outgoing => OUTGOING,
    }
}

pub(super) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Missed => "missed",
        Outcome::AnsweredElsewhere => "answered_elsewhere",
        Outcome::Declined => "declined",
        Outcome::NotReached => "not_reached",
        Outcome::SentOn => "sent_on",
        Outcome::Unknown => "unknown",
    }
}

fn outcome_of(name: &str) -> Outcome {
    let outcomes = [Outcome::Answered, Outcome::Missed, Outcome::AnsweredElsewhere, Outcome::Declined];
    outcomes
        .into_iter()
        .chain([Outcome::NotReached, Outcome::SentOn])
        .find(|outcome| outcome_name(*outcome) == name)
        .unwrap_or(Outcome::Unknown)
}

pub(super) fn source_name(source: RecordSource) -> &'static str {
    match source {
        RecordSource::Local => "local",
        RecordSource::Pbx => "pbx",
        RecordSource::Both => "both",
    }
}

fn source_of(name: &str) -> RecordSource {
    let all = [RecordSource::Pbx, RecordSource::Both];
    all.into_iter().find(|source| source_name(*source) == name).unwrap_or(RecordSource::Local)
}
