//! What a user would miss: calls that are lost, that stand twice, that come back, that cannot be found.

mod joined;
mod killed;
mod moved;
mod searched;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use phone_core::call::Outcome;
use phone_core::view::{CallRecord, RecordSource};
use phone_core::{AccountName, CallId, Direction, Party};

use super::{Keep, Look, Page, Store, Wanted};

/// A moment in January 2026.
const THEN: i64 = 1_767_225_600;
const KEPT: Keep = Keep::Days(90);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(THEN + second).expect("a time")
}

fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

/// An incoming call that nobody took.
fn record(id: &str, number: &str, second: i64, source: RecordSource) -> CallRecord {
    CallRecord {
        id: CallId(format!("office/{id}")),
        account: office(),
        direction: Direction::Incoming,
        outcome: Outcome::Missed,
        remote: Party::number(number),
        started_at: at(second),
        connected_at: None,
        ended_at: Some(at(second + 10)),
        source,
        via: None,
        note: None,
    }
}

fn ours(id: &str, number: &str, second: i64) -> CallRecord {
    record(id, number, second, RecordSource::Local)
}

fn theirs(id: &str, number: &str, second: i64) -> CallRecord {
    record(id, number, second, RecordSource::Pbx)
}

fn open(dir: &Path) -> Store {
    let (store, aside) = Store::open(dir, KEPT, at(1000)).expect("opened");
    assert_eq!(aside, None);
    store
}

fn told(store: &mut Store, list: &[CallRecord]) -> bool {
    store.told(&office(), SignedDuration::ZERO, list, at(1000)).expect("taken over")
}

fn page(store: &Store, wanted: &Wanted) -> Page {
    store
        .page(
            &Wanted { limit: wanted.limit.max(1).max(if wanted.limit == 0 { 500 } else { 0 }), ..wanted.clone() },
            &[],
            at(1000),
        )
        .expect("read")
}

fn all(store: &Store) -> Vec<CallRecord> {
    page(store, &Wanted::default()).calls
}

/// Ids of all calls, newest first, without the account.
fn ids(store: &Store) -> Vec<String> {
    all(store).into_iter().map(|call| call.id.0.replace("office/", "")).collect()
}

fn look() -> Look {
    Look { accounts: vec![office()], seen_until: at(0) }
}
