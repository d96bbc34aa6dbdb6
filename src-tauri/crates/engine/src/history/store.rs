//! The database of ended calls: opened when there is something to do, and let go of afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use phone_core::view::CallRecord;
use phone_core::{AccountName, CallId};
use rusqlite::{Connection, Error, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::find::{Page, Wanted, page};
use super::row::{COLUMNS, Kept, of_id, put, read, take};
use super::{MOST, RECENT, export, import, merge, place, schema};
use crate::files::{private, private_folder, stays_open};

/// The database of a folder of state.
const NAME: &str = "history.db";
/// What the database lays beside itself.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];
/// Pages of the database that are held in memory, in thousands of bytes; a page of calls needs no more.
const CACHE_KB: i64 = 256;
/// The log is written into the database after so many pages, so that it stays small.
const LOG_PAGES: i64 = 256;
/// Another program may look into the database for so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long ended calls are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// This many days, in a file.
    Days(u32),
    /// In memory alone, and the newest ones only.
    Nothing,
}

impl Keep {
    /// What a setting of so many days means.
    pub fn days(days: u32) -> Self {
        if days == 0 { Self::Nothing } else { Self::Days(days) }
    }
}

/// What the actor wants to know of the history without asking.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Look {
    /// Accounts that are there; nobody can look at the calls of others.
    pub accounts: Vec<AccountName>,
    /// Missed calls up to this moment were looked at.
    pub seen_until: Timestamp,
}

/// What the history looks like, for the tray.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    /// The newest calls first.
    pub recent: Vec<CallRecord>,
    /// Missed calls that nobody looked at.
    pub missed: BTreeMap<AccountName, u32>,
}

/// The store of ended calls.
pub(crate) struct Store {
    db: Connection,
    keep: Keep,
}

/// Tells whether a folder has a history, of this version or an earlier one.
pub(crate) fn is_there(dir: &Path) -> bool {
    [NAME, import::NAME].iter().any(|name| dir.join(name).exists())
}

impl Store {
    /// Opens the database of a folder, with what an earlier version kept there; a broken one is kept aside and told.
    ///
    /// When nothing is to be kept, what is there is removed.
    ///
    /// # Errors
    /// What keeps it from being read or written.
    pub fn open(dir: &Path, keep: Keep, now: Timestamp) -> Result<(Self, Option<PathBuf>), Trouble> {
        if keep == Keep::Nothing {
            remove(dir)?;
            let mut db = Connection::open_in_memory()?;
            schema::migrate(&mut db)?;
            return Ok((Self { db, keep }, None));
        }
        match Self::try_open(dir, keep, now) {
            Err(Trouble::Database(error)) if schema::is_broken(&error) => {
                let aside = put_aside(dir)?;
                tracing::warn!(%error, aside = %aside.display(), "the history is broken and was kept aside");
                Ok((Self::try_open(dir, keep, now)?, Some(aside)))
            }
            opened => Ok((opened?, None)),
        }
    }

    fn try_open(dir: &Path, keep: Keep, now: Timestamp) -> Result<Self, Trouble> {
        private_folder(dir)?;
        let path = dir.join(NAME);
        // The files beside it get its mode.
        let file = private().append(true).open(&path)?;
        stays_open(&file);
        drop(file);
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "cache_size", -CACHE_KB)?;
        db.pragma_update(None, "mmap_size", 0)?;
        // One agent alone has it, so that nothing is shared in memory: folders on servers cannot do that.
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // A call that was told as written is on the disk, also when the power fails.
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        db.pragma_update(None, "journal_size_limit", LOG_PAGES * 4096)?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        // What was deleted is overwritten.
        db.pragma_update(None, "secure_delete", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        let mut store = Self { db, keep };
        schema::migrate(&mut store.db)?;
        import::take_over(&mut store.db, dir)?;
        store.let_go(now)?;
        Ok(store)
    }

    /// Lets the database grow no further, as a full disk does.
    #[cfg(test)]
    pub fn limit_to_its_size(&self) {
        let pages: i64 = self.db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
        self.db.pragma_update(None, "max_page_count", pages).expect("a limit");
    }

    /// How long calls are kept here.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Keeps ended calls of ours, all or none; those that are here already stay as they are.
    ///
    /// # Errors
    /// What keeps them from being written.
    pub fn add(&mut self, calls: &[CallRecord], now: Timestamp) -> Result<(), Error> {
        let change = change(&mut self.db)?;
        for call in calls {
            merge::add(&change, call)?;
        }
        change.commit()?;
        self.let_go(now)
    }

    /// Takes over the list of an account's PBX, whose clock is `ahead` of ours; tells whether that changed anything.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn told(
        &mut self,
        account: &AccountName,
        ahead: SignedDuration,
        list: &[CallRecord],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let from = self.oldest(now).max(self.emptied()?);
        let change = change(&mut self.db)?;
        let changed = merge::told(&change, account, ahead, list, from)?;
        if changed {
            change.commit()?;
            self.let_go(now)?;
        }
        Ok(changed)
    }

    /// A page of what is wanted, with calls that wait to be written.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub fn page(&self, wanted: &Wanted, waiting: &[CallRecord], now: Timestamp) -> Result<Page, Error> {
        page(&self.db, wanted, self.oldest(now), waiting)
    }

    /// Removes calls; what the PBX's list says of them is not taken over again. Tells how many there were.
    ///
    /// # Errors
    /// What keeps them from being removed.
    pub fn delete(&mut self, ids: &[CallId]) -> Result<usize, Error> {
        let change = change(&mut self.db)?;
        let mut count = 0;
        for id in ids {
            if let Some(kept) = of_id(&change, id)? {
                merge::forget(&change, &kept)?;
                count += 1;
            }
        }
        change.commit()?;
        Ok(count)
    }

    /// Removes every call, and what was remembered of removed ones.
    ///
    /// # Errors
    /// What keeps them from being removed.
    pub fn delete_all(&mut self, now: Timestamp) -> Result<usize, Error> {
        let change = change(&mut self.db)?;
        change.execute("INSERT INTO found (found) VALUES ('delete-all')", [])?;
        let count = change.execute("DELETE FROM calls", [])?;
        change.execute("DELETE FROM gone", [])?;
        change.execute("INSERT OR REPLACE INTO marks VALUES ('emptied', ?1)", [place(now)])?;
        change.commit()?;
        // Nothing of them is to be found in the file either; that they are removed does not hang on this.
        if let Err(error) = self.db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::debug!(%error, "the history could not be made smaller");
        }
        Ok(count)
    }

    /// Writes a note on a call, or removes it; tells whether the call is here.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn note(&mut self, id: &CallId, note: Option<&str>) -> Result<bool, Error> {
        let change = change(&mut self.db)?;
        let Some(mut kept) = of_id(&change, id)? else { return Ok(false) };
        take(&change, kept.at)?;
        kept.call.note = note.map(str::to_owned);
        kept.call.bound();
        put(&change, &kept.call, kept.entry.as_deref())?;
        change.commit()?;
        Ok(true)
    }

    /// A part of the table of what is wanted, and where the next one begins; the first part has the headings.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub fn table(&self, wanted: &Wanted, waiting: &[CallRecord], now: Timestamp) -> Result<(String, Option<i64>), Error> {
        let page = self.page(wanted, waiting, now)?;
        let zone = TimeZone::system();
        let mut text = if wanted.before.is_none() { export::HEADINGS.to_owned() } else { String::new() };
        text.extend(page.calls.iter().map(|call| export::line(call, &zone)));
        Ok((text, page.next))
    }

    /// Makes the index of the search anew.
    ///
    /// # Errors
    /// What keeps it from being written.
    pub fn mend_index(&self) -> Result<(), Error> {
        self.db.execute("INSERT INTO found (found) VALUES ('rebuild')", []).map(|_| ())
    }

    /// The newest calls and those that were missed.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub fn picture(&self, look: &Look) -> Result<Picture, Error> {
        let mut picture = Picture::default();
        let mut recent: Vec<Kept> = vec![];
        let newest = format!("SELECT {COLUMNS} FROM calls c WHERE c.account = ?1 ORDER BY c.at DESC LIMIT ?2");
        let mut newest = self.db.prepare_cached(&newest)?;
        let mut missed = self.db.prepare_cached(
            "SELECT count(*) FROM calls WHERE outcome = 'missed' AND account = ?1 AND at >= ?3 \
             AND coalesce(ended_ms, started_ms) > ?2",
        )?;
        // No call that ended afterwards had begun a day before.
        let first = look.seen_until.checked_sub(SignedDuration::from_hours(24)).map_or(i64::MIN, place);
        for account in &look.accounts {
            for kept in newest.query_map(params![account.as_str(), RECENT as i64], read)? {
                recent.push(kept?);
            }
            let count: u32 =
                missed.query_one(params![account.as_str(), look.seen_until.as_millisecond(), first], |row| row.get(0))?;
            if count > 0 {
                picture.missed.insert(account.clone(), count);
            }
        }
        recent.sort_by_key(|kept| std::cmp::Reverse(kept.at));
        picture.recent = recent.into_iter().take(RECENT).map(|kept| kept.call).collect();
        Ok(picture)
    }

    /// The place in time before which nothing is kept.
    fn oldest(&self, now: Timestamp) -> i64 {
        match self.keep {
            Keep::Days(days) => {
                let reach = SignedDuration::from_hours(24).saturating_mul(i32::try_from(days).unwrap_or(i32::MAX));
                now.checked_sub(reach).map_or(i64::MIN, place)
            }
            Keep::Nothing => i64::MIN,
        }
    }

    /// The place in time up to which everything was removed.
    fn emptied(&self) -> Result<i64, Error> {
        let found = self.db.prepare_cached("SELECT value FROM marks WHERE name = 'emptied'")?.query_one([], |row| row.get(0));
        Ok(found.optional()?.unwrap_or(i64::MIN))
    }

    /// Removes what has been kept for long enough.
    fn let_go(&mut self, now: Timestamp) -> Result<(), Error> {
        let oldest = match self.keep {
            Keep::Days(_) => self.oldest(now),
            Keep::Nothing => {
                let last = "SELECT at FROM calls ORDER BY at DESC LIMIT 1 OFFSET ?1";
                self.db.prepare_cached(last)?.query_one([MOST as i64 - 1], |row| row.get(0)).optional()?.unwrap_or(i64::MIN)
            }
        };
        let over: Vec<i64> = self
            .db
            .prepare_cached("SELECT at FROM calls WHERE at < ?1")?
            .query_map([oldest], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if over.is_empty() {
            return Ok(());
        }
        let change = change(&mut self.db)?;
        for at in over {
            take(&change, at)?;
        }
        change.execute("DELETE FROM gone WHERE started_ms < ?1", [oldest >> super::PLACE_BITS])?;
        change.commit()
    }
}

fn change(db: &mut Connection) -> Result<Transaction<'_>, Error> {
    db.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Why the history cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Database(#[from] Error),
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Gives a broken database another name, and tells it.
pub(crate) fn put_aside(dir: &Path) -> io::Result<PathBuf> {
    let mut aside = dir.join(format!("{NAME}.broken"));
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = dir.join(format!("{NAME}.broken-{number}"));
    }
    for end in BESIDE {
        let mut to = aside.clone().into_os_string();
        to.push(end);
        match fs::rename(dir.join(format!("{NAME}{end}")), to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(aside)
}

/// Removes every file of the history, of this version and earlier ones, also those that were kept aside.
fn remove(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| {
            name == NAME
                || BESIDE.iter().any(|end| name.strip_prefix(NAME) == Some(end))
                || name.strip_prefix(NAME).is_some_and(|rest| rest.starts_with(".broken"))
                || [import::NAME, import::ASIDE, ".history.jsonl.new"].contains(&name)
        });
        if is_ours {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
