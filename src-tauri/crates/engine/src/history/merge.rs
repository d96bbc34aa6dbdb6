//! One call of which the PBX and this agent both know stands once, whichever of them tells it first, and how often.
//!
//! One entry of the PBX belongs to at most one call of ours, and the other way round; whose times fit best go together.

use std::collections::HashSet;

use jiff::SignedDuration;
use phone_core::AccountName;
use phone_core::call::Outcome;
use phone_core::number::may_be_same;
use phone_core::view::{CallRecord, RecordSource};
use rusqlite::{Connection, Error, OptionalExtension as _, params};

use super::row::{COLUMNS, Kept, direction_name, of_id, put, read, take};
use super::{PLACE_BITS, place};

/// How far apart two sides may put the beginning of one call.
const APART: SignedDuration = SignedDuration::from_secs(15);
/// A PBX gives an id to another call only long afterwards.
const REUSED: SignedDuration = SignedDuration::from_mins(1);

/// An entry of the PBX's list.
struct Told<'a> {
    entry: String,
    call: &'a CallRecord,
    /// The row that it has alone.
    alone: Option<Kept>,
}

/// Keeps a call of ours; one that is kept already stays as it is.
pub(super) fn add(db: &Connection, call: &CallRecord) -> Result<(), Error> {
    if of_id(db, &call.id)?.is_some() {
        return Ok(());
    }
    let theirs = near(db, call, SignedDuration::ZERO, RecordSource::Pbx)?;
    let best = theirs.into_iter().min_by_key(|kept| apart(call, &kept.call, SignedDuration::ZERO));
    match best {
        Some(theirs) => {
            take(db, theirs.at)?;
            put(db, &fused(call.clone(), &theirs.call), theirs.entry.as_deref())
        }
        None => put(db, call, None),
    }
}

/// Takes over the PBX's list of an account, whose clock is `ahead` of ours; tells whether that changed anything.
///
/// Of the entries that nobody here knows, those that began before `from` are not wanted.
pub(super) fn told(
    db: &Connection,
    account: &AccountName,
    ahead: SignedDuration,
    list: &[CallRecord],
    from: i64,
) -> Result<bool, Error> {
    let mut changed = false;
    let mut open: Vec<Told<'_>> = vec![];
    let mut seen = HashSet::new();
    for call in list {
        let entry = entry_of(account, call);
        if !seen.insert(entry.clone()) {
            continue;
        }
        match of_entry(db, account, &entry, call)? {
            Some(kept) if kept.call.source == RecordSource::Pbx => {
                let kept = if is_news(&kept.call, call) {
                    changed = true;
                    take(db, kept.at)?;
                    let news = CallRecord { id: kept.call.id, note: kept.call.note, ..call.clone() };
                    put(db, &news, Some(&entry))?;
                    of_entry(db, account, &entry, call)?
                } else {
                    Some(kept)
                };
                open.push(Told { entry, call, alone: kept });
            }
            Some(_) => {}
            None if is_gone(db, account, &entry, call)? => {}
            None => open.push(Told { entry, call, alone: None }),
        }
    }
    changed |= pair(db, ahead, &mut open)?;
    for told in open.iter().filter(|told| told.alone.is_none()) {
        let is_wanted = place(told.call.started_at) >= from;
        if is_wanted && !was_deleted(db, ahead, told)? {
            changed = true;
            let mut call = told.call.clone();
            call.source = RecordSource::Pbx;
            if of_id(db, &call.id)?.is_some() {
                // The id of its entry was that of another call once.
                call.id.0 = format!("{}.{}", call.id.0, call.started_at.as_second());
            }
            if of_id(db, &call.id)?.is_none() {
                put(db, &call, Some(&told.entry))?;
            }
        }
    }
    Ok(changed)
}

/// Joins entries with calls of ours, the best fitting ones first; what is joined is taken out of the list.
fn pair(db: &Connection, ahead: SignedDuration, open: &mut Vec<Told<'_>>) -> Result<bool, Error> {
    let mut pairs: Vec<(SignedDuration, usize, Kept)> = vec![];
    for (position, told) in open.iter().enumerate() {
        for ours in near(db, told.call, ahead, RecordSource::Local)? {
            pairs.push((apart(&ours.call, told.call, ahead), position, ours));
        }
    }
    pairs.sort_by_key(|(apart, position, ours)| (*apart, ours.at, *position));
    let (mut entries, mut calls) = (HashSet::new(), HashSet::new());
    for (_, position, ours) in pairs {
        let Some(told) = open.get(position) else { continue };
        if entries.contains(&position) || calls.contains(&ours.at) {
            continue;
        }
        entries.insert(position);
        calls.insert(ours.at);
        let mut theirs = told.call.clone();
        if let Some(alone) = &told.alone {
            theirs.note.clone_from(&alone.call.note);
            take(db, alone.at)?;
        }
        take(db, ours.at)?;
        put(db, &fused(ours.call, &theirs), Some(&told.entry))?;
    }
    let mut position = 0;
    open.retain(|_| {
        position += 1;
        !entries.contains(&(position - 1))
    });
    Ok(!entries.is_empty())
}

/// Our call with what the PBX knows of it.
fn fused(mut ours: CallRecord, theirs: &CallRecord) -> CallRecord {
    ours.source = RecordSource::Both;
    // The PBX knows only whether somebody answered; we may know who, or that it was declined.
    ours.outcome = match (ours.outcome, theirs.outcome) {
        (Outcome::Missed, Outcome::Answered) => Outcome::AnsweredElsewhere,
        (Outcome::Unknown, told) => told,
        (known, _) => known,
    };
    ours.remote.name = ours.remote.name.or_else(|| theirs.remote.name.clone());
    ours.connected_at = ours.connected_at.or(theirs.connected_at);
    ours.ended_at = ours.ended_at.or(theirs.ended_at);
    ours.note = ours.note.or_else(|| theirs.note.clone());
    ours.via = ours.via.or_else(|| theirs.via.clone());
    ours
}

/// Tells whether the PBX says something else of a call than it did.
fn is_news(before: &CallRecord, now: &CallRecord) -> bool {
    (before.outcome, before.connected_at, before.ended_at, before.started_at, &before.remote)
        != (now.outcome, now.connected_at, now.ended_at, now.started_at, &now.remote)
}

/// Calls of this source that can be the same one.
fn near(db: &Connection, call: &CallRecord, ahead: SignedDuration, source: RecordSource) -> Result<Vec<Kept>, Error> {
    let reach = APART + ahead.abs();
    let began = |by| call.started_at.saturating_add(by).map(place).unwrap_or_default();
    let until = began(reach) | ((1 << PLACE_BITS) - 1);
    let text = format!("SELECT {COLUMNS} FROM calls c WHERE c.at BETWEEN ?1 AND ?2 AND c.account = ?3 AND c.direction = ?4");
    let mut found = db.prepare_cached(&text)?;
    let values = params![began(-reach), until, call.account.as_str(), direction_name(call.direction)];
    let all: Vec<Kept> = found.query_map(values, read)?.collect::<Result<_, _>>()?;
    let is_near = |kept: &Kept| {
        let apart = apart(&kept.call, call, ahead).min(apart(call, &kept.call, ahead));
        kept.call.source == source && apart <= APART && same_number(&kept.call, call)
    };
    Ok(all.into_iter().filter(is_near).collect())
}

fn same_number(a: &CallRecord, b: &CallRecord) -> bool {
    match (&a.remote.number, &b.remote.number) {
        (Some(a), Some(b)) => a == b || may_be_same(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// How far apart the beginnings are, by the clocks as they are or by what is known of their difference.
fn apart(ours: &CallRecord, theirs: &CallRecord, ahead: SignedDuration) -> SignedDuration {
    let plain = theirs.started_at.duration_since(ours.started_at);
    plain.abs().min((plain - ahead).abs())
}

/// The PBX's own id of an entry, as it stands behind the account.
fn entry_of(account: &AccountName, call: &CallRecord) -> String {
    call.id.0.strip_prefix(account.as_str()).unwrap_or(&call.id.0).trim_start_matches("/p").to_owned()
}

fn of_entry(db: &Connection, account: &AccountName, entry: &str, call: &CallRecord) -> Result<Option<Kept>, Error> {
    let text = format!("SELECT {COLUMNS} FROM calls c WHERE c.account = ?1 AND c.entry = ?2");
    let mut found = db.prepare_cached(&text)?;
    let all: Vec<Kept> = found.query_map(params![account.as_str(), entry], read)?.collect::<Result<_, _>>()?;
    // Of a call that both know, the beginning is ours.
    let reach = |kept: &Kept| kept.call.started_at.duration_since(call.started_at).abs();
    Ok(all.into_iter().filter(|kept| kept.call.source != RecordSource::Pbx || reach(kept) <= REUSED).min_by_key(reach))
}

/// Remembers a deleted call so far that the PBX's list does not bring it back.
pub(super) fn forget(db: &Connection, kept: &Kept) -> Result<(), Error> {
    take(db, kept.at)?;
    let call = &kept.call;
    db.prepare_cached("INSERT INTO gone (account, started_ms, direction, id, entry) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
        params![call.account.as_str(), call.started_at.as_millisecond(), direction_name(call.direction), call.id.0, kept.entry,],
    )?;
    Ok(())
}

/// Tells whether the user deleted the call of this entry.
fn is_gone(db: &Connection, account: &AccountName, entry: &str, call: &CallRecord) -> Result<bool, Error> {
    let started = call.started_at.as_millisecond();
    let mut found = db.prepare_cached("SELECT 1 FROM gone WHERE account = ?1 AND entry = ?2 AND abs(started_ms - ?3) <= ?4")?;
    found.exists(params![account.as_str(), entry, started, millis(REUSED)])
}

/// Tells whether this is the entry of a call of ours that was deleted before the PBX told of it, and remembers it as that.
fn was_deleted(db: &Connection, ahead: SignedDuration, told: &Told<'_>) -> Result<bool, Error> {
    let call = told.call;
    let mut found = db.prepare_cached(
        "SELECT rowid FROM gone WHERE account = ?1 AND direction = ?2 AND entry IS NULL \
         AND min(abs(?3 - started_ms), abs(?3 - started_ms - ?4)) <= ?5 ORDER BY abs(?3 - started_ms) LIMIT 1",
    )?;
    let started = call.started_at.as_millisecond();
    let values = params![call.account.as_str(), direction_name(call.direction), started, millis(ahead), millis(APART)];
    let Some(row) = found.query_one(values, |row| row.get::<_, i64>(0)).optional()? else { return Ok(false) };
    db.prepare_cached("UPDATE gone SET entry = ?1 WHERE rowid = ?2")?.execute(params![told.entry, row])?;
    Ok(true)
}

fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
