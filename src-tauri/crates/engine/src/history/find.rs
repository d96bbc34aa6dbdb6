//! Pages of ended calls, newest first, and the search through names, numbers and notes.

use std::fmt::Write as _;

use phone_core::AccountName;
use phone_core::call::Outcome;
use phone_core::history::CallsWanted;
use phone_core::number::behind_country_code;
use phone_core::view::CallRecord;
use rusqlite::types::Value;
use rusqlite::{Connection, Error, params_from_iter};

use super::row::{COLUMNS, Kept, read};
use super::{LARGEST_PAGE, place};

/// The index knows every three characters that stand side by side; shorter texts are looked for by reading.
const INDEXED: usize = 3;
/// So many of the newest calls are read for a text that the index does not know.
const MOST_READ: usize = 20_000;
/// Most characters of a search.
const LONGEST: usize = 200;
/// Most words of a search.
const MOST_WORDS: usize = 8;
/// So many last digits of a number are looked up; those before them stand in too many numbers to be of help.
const LAST_DIGITS: usize = 7;
/// From this length on, digits without a sign may begin with a country code.
const MAY_HAVE_CODE: usize = 10;
/// A page ends before its calls need more bytes than this, so that it fits into one line of the control socket.
const LARGEST_TEXT: usize = 800_000;

/// Which calls are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only missed ones.
    pub missed: bool,
    /// Only those of this account.
    pub account: Option<AccountName>,
    /// Only those whose name, number or note has this.
    pub text: Option<String>,
    /// Only those that stand before this place in time.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

impl Wanted {
    /// What somebody asks for; none when they made up where the page begins.
    pub fn of(asked: CallsWanted) -> Option<Self> {
        let CallsWanted { missed, account, text, before, limit } = asked;
        let before = before.map(|place| place.parse().ok()).map_or(Some(None), |place| place.map(Some))?;
        Some(Self { missed, account, text, before, limit })
    }
}

/// Calls, newest first, and where the next ones begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    pub calls: Vec<CallRecord>,
    pub next: Option<i64>,
}

/// The calls that are kept and those that wait to be written, as one page.
///
/// # Errors
/// What the database says.
pub(super) fn page(db: &Connection, wanted: &Wanted, from: i64, waiting: &[CallRecord]) -> Result<Page, Error> {
    let limit = wanted.limit.clamp(1, LARGEST_PAGE);
    let search = Search::of(wanted.text.as_deref().unwrap_or_default());
    let kept = kept(db, wanted, &search, from, limit + 1)?;
    Ok(joined(kept.into_iter().map(|kept| (kept.at, kept.call)), wanted, &search, waiting, limit))
}

/// A page of calls that wait to be written alone: no database can be read.
pub(crate) fn latest_first(wanted: &Wanted, waiting: &[CallRecord]) -> Page {
    let search = Search::of(wanted.text.as_deref().unwrap_or_default());
    joined([].into_iter(), wanted, &search, waiting, wanted.limit.clamp(1, LARGEST_PAGE))
}

fn joined(
    kept: impl Iterator<Item = (i64, CallRecord)>,
    wanted: &Wanted,
    search: &Search,
    waiting: &[CallRecord],
    limit: usize,
) -> Page {
    let fits = |call: &&CallRecord| {
        (!wanted.missed || call.outcome == Outcome::Missed)
            && wanted.account.as_ref().is_none_or(|account| *account == call.account)
            && wanted.before.is_none_or(|before| place(call.started_at) < before)
            && search.fits(&words(call))
    };
    let mut all: Vec<(i64, CallRecord)> = kept.collect();
    // One that is written already although that was not heard stands once.
    let waits = waiting.iter().filter(fits).filter(|call| !all.iter().any(|(_, known)| known.id == call.id));
    let waits: Vec<(i64, CallRecord)> = waits.map(|call| (place(call.started_at), call.clone())).collect();
    all.extend(waits);
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut room = LARGEST_TEXT;
    let whole = all.len();
    let fitting = all.iter().take(limit).take_while(|(_, call)| {
        let needed = serde_json::to_vec(call).map_or(usize::MAX, |text| text.len() + 1);
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    let count = fitting.count();
    all.truncate(count);
    let next = (count < whole).then(|| all.last().map(|(at, _)| *at)).flatten();
    Page { calls: all.into_iter().map(|(_, call)| call).collect(), next }
}

fn kept(db: &Connection, wanted: &Wanted, search: &Search, from: i64, most: usize) -> Result<Vec<Kept>, Error> {
    let mut values: Vec<Value> = vec![];
    let mut value = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    let mut and = String::new();
    let before = value(wanted.before.unwrap_or(i64::MAX).into());
    let from = value(from.into());
    if wanted.missed {
        and.push_str(" AND c.outcome = 'missed'");
    }
    if let Some(account) = &wanted.account {
        write!(and, " AND c.account = {}", value(account.as_str().to_owned().into())).ok();
    }
    let (indexed, other): (Vec<&String>, Vec<&String>) = search.0.iter().partition(|word| is_indexed(word));
    for word in other.iter().chain(indexed.iter().filter(|word| last_digits(word).is_some())) {
        write!(and, " AND instr(c.words, {}) > 0", value((*word).clone().into())).ok();
    }
    let limit = value(i64::try_from(most).unwrap_or(i64::MAX).into());
    let text = if indexed.is_empty() {
        let (mut table, mut first) = ("calls c", from.clone());
        if !other.is_empty() {
            table = "calls c NOT INDEXED";
            let last = format!("SELECT at FROM calls WHERE at < {before} ORDER BY at DESC LIMIT 1 OFFSET {MOST_READ}");
            // One bound alone ends the reading.
            first = format!("max({from}, coalesce(({last}), {from}))");
        }
        format!("SELECT {COLUMNS} FROM {table} WHERE c.at < {before} AND c.at >= {first}{and} ORDER BY c.at DESC LIMIT {limit}")
    } else {
        let quoted = |word: &&String| format!("\"{}\"", last_digits(word).unwrap_or(word).replace('"', "\"\""));
        let all: Vec<String> = indexed.iter().map(quoted).collect();
        let wish = value(all.join(" AND ").into());
        format!(
            "SELECT {COLUMNS} FROM found CROSS JOIN calls c ON c.at = found.rowid \
             WHERE found MATCH {wish} AND found.rowid < {before} AND found.rowid >= {from}{and} ORDER BY found.rowid DESC LIMIT {limit}"
        )
    };
    let mut asked = db.prepare_cached(&text)?;
    asked.query_map(params_from_iter(values), read)?.collect()
}

fn is_indexed(word: &str) -> bool {
    word.chars().count() >= INDEXED
}

/// The end of a long number.
fn last_digits(word: &str) -> Option<&str> {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    word.len().checked_sub(LAST_DIGITS).filter(|more| is_number && *more > 0).and_then(|more| word.get(more..))
}

/// What the search looks through: name, number as it is written, its digits, the note, and what it came through.
pub(super) fn words(call: &CallRecord) -> String {
    let mut words = String::new();
    let mut add = |text: &str| {
        if !text.is_empty() {
            if !words.is_empty() {
                words.push('\n');
            }
            words.push_str(text);
        }
    };
    add(&folded(call.remote.name.as_deref().unwrap_or_default()));
    let number = folded(call.remote.number.as_deref().unwrap_or_default());
    add(&number);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if !number.contains(&digits) {
        add(&digits);
    }
    add(&folded(call.note.as_deref().unwrap_or_default()));
    let via = call.via.as_ref();
    add(&folded(via.and_then(|via| via.name.as_deref()).unwrap_or_default()));
    add(&folded(via.and_then(|via| via.number.as_deref()).unwrap_or_default()));
    words
}

/// Small letters, and nothing that cannot be typed.
fn folded(text: &str) -> String {
    text.to_lowercase().chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// What a text looks for: each of these must be there.
struct Search(Vec<String>);

impl Search {
    fn of(text: &str) -> Self {
        let text: String = folded(text).chars().take(LONGEST).collect();
        let number = |c: char| c.is_ascii_digit() || " +-/().\u{a0}".contains(c);
        match spelt_in_all_ways(&text).filter(|_| text.chars().all(number)) {
            Some(number) => Self(vec![number]),
            None => Self(text.split_whitespace().take(MOST_WORDS).map(str::to_owned).collect()),
        }
    }

    fn fits(&self, words: &str) -> bool {
        self.0.iter().all(|word| words.contains(word.as_str()))
    }
}

/// The part of a number that stands in each way to write it: nobody knows how the PBX wrote it.
fn spelt_in_all_ways(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = digits.trim_start_matches('0');
    let has_code = text.starts_with('+') || digits.starts_with("00") || (digits == plain && digits.len() >= MAY_HAVE_CODE);
    let national = behind_country_code(plain).filter(|_| has_code).map(|rest| rest.trim_start_matches('0'));
    national.into_iter().chain([plain, &digits]).find(|part| is_indexed(part)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_in_every_way_to_write_it() {
        for (text, stored) in [
            ("+49 30 555001", "+4930555001"),
            ("+49 30 555001", "030555001"),
            ("0049 (30) 555-001", "+4930555001"),
            ("0049 (0)30 555-001", "0030555001"),
            ("030/555001", "+4930555001"),
            ("030 555001", "00030555001"),
            ("4930555001", "030555001"),
            ("555", "030555001"),
            ("207", "207"),
        ] {
            assert!(Search::of(text).fits(stored), "{text} finds {stored}: {:?}", Search::of(text).0);
        }
        for (text, stored) in [("+4930555001", "+4930555002"), ("030555001", "030555"), ("207", "270")] {
            assert!(!Search::of(text).fits(stored), "{text} does not find {stored}");
        }
        assert!(Search::of("  ").0.is_empty());
    }
}
