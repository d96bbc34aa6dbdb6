//! What is handed over gets to the disk, and what cannot is told and kept.

use phone_core::call::Outcome as Ended;
use phone_core::view::RecordSource;
use phone_core::{CallId, Direction, Party};

use super::*;
use crate::history::{Store, Wanted};

const LIMIT: Duration = Duration::from_secs(10);
const KEPT: Keep = Keep::Days(90);

fn disk(dir: &std::path::Path) -> Disk {
    Disk::new(dir.join("config"), dir.join("state"), KEPT)
}

/// A call that ended this many seconds ago.
fn call(name: &str, ago: i64) -> CallRecord {
    let now = jiff::Timestamp::now();
    let started_at = now - SignedDuration::from_secs(ago);
    CallRecord {
        id: CallId(format!("office/{name}")),
        account: AccountName::parse("office").expect("a plain word"),
        direction: Direction::Incoming,
        outcome: Ended::Missed,
        remote: Party::number("207"),
        started_at,
        connected_at: None,
        ended_at: Some(now),
        source: RecordSource::Local,
        via: None,
        note: None,
    }
}

fn kept(dir: &std::path::Path) -> Vec<String> {
    let now = jiff::Timestamp::now();
    let (store, aside) = Store::open(&dir.join("state"), KEPT, now).expect("opened");
    assert_eq!(aside, None);
    let page = store.page(&Wanted { limit: 500, ..Wanted::default() }, &[], now).expect("read");
    page.calls.into_iter().rev().map(|call| call.id.0).collect()
}

#[test]
fn everything_handed_over_is_written_at_the_end_in_its_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = disk(dir.path());
    for number in 1..=50 {
        let mut settings = Settings::default();
        settings.desktop.window_warm_s = u32::try_from(number).expect("small");
        disk.settings(number, settings);
        disk.ended_call(number, call(&format!("c{number:02}"), 100 - i64::try_from(number).expect("small")));
    }
    assert!(disk.finish(LIMIT));
    let loaded = settings::load(&dir.path().join("config")).expect("read");
    assert_eq!(u64::from(loaded.settings.desktop.window_warm_s), 50, "the newest won");
    let wanted: Vec<String> = (1..=50).map(|number| format!("office/c{number:02}")).collect();
    assert_eq!(kept(dir.path()), wanted);
    let done = disk.done().borrow().clone();
    assert_eq!((done.settings.number, done.history.number), (50, 50));
}

#[test]
fn what_failed_is_kept_told_and_written_when_it_is_possible_again() {
    let dir = tempfile::tempdir().expect("a folder");
    // A file stands where both folders should be.
    for name in ["config", "state"] {
        std::fs::write(dir.path().join(name), "").expect("in the way");
    }
    let disk = disk(dir.path());
    disk.settings(1, Settings::default());
    disk.ended_call(1, call("one", 20));
    assert!(!disk.finish(LIMIT), "not everything is written");
    let done = disk.done().borrow().clone();
    assert!(done.settings.failed.is_some() && done.history.failed.is_some(), "{done:?}");
    for name in ["config", "state"] {
        std::fs::remove_file(dir.path().join(name)).expect("away");
    }
    disk.ended_call(2, call("two", 10));
    assert!(disk.finish(LIMIT));
    let done = disk.done().borrow().clone();
    assert!(done.settings.failed.is_none() && done.history.failed.is_none(), "{done:?}");
    assert_eq!(kept(dir.path()), ["office/one", "office/two"]);
}

#[test]
fn a_history_that_breaks_while_it_is_in_use_is_replaced_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = disk(dir.path());
    disk.ended_call(1, call("one", 20));
    assert!(disk.finish(LIMIT));
    let file = dir.path().join("state/history.db");
    let length = std::fs::metadata(&file).expect("there").len();
    let mut bytes = std::fs::read(&file).expect("a database");
    // The first page alone stays as it was.
    bytes.truncate(4096);
    bytes.resize(usize::try_from(length).expect("small"), 0xff);
    std::fs::write(&file, bytes).expect("written");
    disk.ended_call(2, call("two", 10));
    assert!(disk.finish(LIMIT));
    let done = disk.done().borrow().clone();
    assert_eq!(done.history.failed, None);
    assert!(done.known.aside.is_some_and(|aside| aside.exists()));
    assert_eq!(kept(dir.path()), ["office/two"]);
}
