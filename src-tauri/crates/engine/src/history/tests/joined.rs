//! Our calls and the PBX's list as one history.

use super::*;

#[test]
fn a_call_that_both_know_stands_once_whoever_tells_first_and_however_often() {
    for pbx_first in [false, true] {
        let dir = tempfile::tempdir().expect("a folder");
        let call = ours("c1", "+4930555001", 60);
        let list = [theirs("p9", "030555001", 63), theirs("p8", "+442079460001", 5)];
        if pbx_first {
            told(&mut open(dir.path()), &list);
        }
        open(dir.path()).add(&[call], at(1000)).expect("kept");
        // Again after every restart.
        for round in 0..3 {
            let mut store = open(dir.path());
            let changed = told(&mut store, &list);
            assert_eq!(changed, round == 0 && !pbx_first, "nothing is written when nothing is new");
            assert_eq!(ids(&store), ["c1", "p8"]);
            let calls = all(&store);
            assert_eq!((calls[0].source, calls[0].started_at), (RecordSource::Both, at(60)));
            assert_eq!(calls[0].remote.number.as_deref(), Some("+4930555001"), "as we saw it");
            assert_eq!(calls[1].source, RecordSource::Pbx);
        }
    }
}

#[test]
fn each_entry_belongs_to_one_call_and_the_nearest_go_together() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    // The same caller three times; the second one was taken on another phone while this computer slept.
    store.add(&[ours("c1", "+4930555001", 60), ours("c2", "+4930555001", 72)], at(1000)).expect("kept");
    let list = [theirs("p3", "030555001", 73), theirs("p2", "030555001", 66), theirs("p1", "030555001", 61)];
    told(&mut store, &list);
    assert_eq!(ids(&store), ["c2", "p2", "c1"]);
    // Part of the list, in another order, changes nothing.
    assert!(!told(&mut store, &[list[2].clone(), list[0].clone()]));
    assert!(!told(&mut store, &[]));
    assert_eq!(ids(&store), ["c2", "p2", "c1"]);
}

#[test]
fn the_pbx_adds_what_only_it_knows() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    let unknown = CallRecord { outcome: Outcome::Unknown, ended_at: None, ..ours("c2", "207", 200) };
    store.add(&[ours("c1", "+4930555001", 60), unknown], at(1000)).expect("kept");
    let mut answered = CallRecord { outcome: Outcome::Answered, connected_at: Some(at(64)), ..theirs("p1", "+4930555001", 60) };
    answered.remote.name = Some("Mara Beispiel".into());
    told(&mut store, &[answered, theirs("p2", "207", 201)]);
    let calls = all(&store);
    assert_eq!((calls[0].outcome, calls[0].ended_at), (Outcome::Missed, Some(at(211))));
    assert_eq!((calls[1].outcome, calls[1].connected_at), (Outcome::AnsweredElsewhere, Some(at(64))));
    assert_eq!(calls[1].remote.name.as_deref(), Some("Mara Beispiel"));
}

#[test]
fn an_entry_that_changes_changes_its_call_and_keeps_the_note() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    told(&mut store, &[theirs("p1", "+4930555001", 60)]);
    assert!(store.note(&CallId("office/p1".into()), Some("call back")).expect("written"));
    let later = CallRecord { outcome: Outcome::Answered, connected_at: Some(at(65)), ..theirs("p1", "+4930555001", 60) };
    assert!(told(&mut store, std::slice::from_ref(&later)));
    assert!(!told(&mut store, &[later]));
    let calls = all(&store);
    assert_eq!((calls.len(), calls[0].outcome, calls[0].note.as_deref()), (1, Outcome::Answered, Some("call back")));
    // So does one that turns out to be ours.
    store.add(&[ours("c1", "+4930555001", 61)], at(1000)).expect("kept");
    let calls = all(&store);
    assert_eq!((calls.len(), calls[0].id.0.as_str(), calls[0].note.as_deref()), (1, "office/c1", Some("call back")));
}

#[test]
fn a_clock_that_is_off_makes_no_doubles() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    store.add(&[ours("c1", "+4930555001", 60), ours("c2", "207", 200)], at(1000)).expect("kept");
    let ahead = SignedDuration::from_secs(300);
    let list = [theirs("p2", "207", 501), theirs("p1", "+4930555001", 360)];
    store.told(&office(), ahead, &list, at(1000)).expect("taken over");
    assert_eq!(ids(&store), ["c2", "c1"]);
    // What stood twice before the difference was known stands once from then on.
    store.add(&[ours("c3", "208", 400)], at(1000)).expect("kept");
    told(&mut store, &[theirs("p3", "208", 700)]);
    assert_eq!(ids(&store), ["p3", "c3", "c2", "c1"]);
    store.told(&office(), ahead, &[theirs("p3", "208", 700)], at(1000)).expect("taken over");
    assert_eq!(ids(&store), ["c3", "c2", "c1"]);
}

#[test]
fn other_numbers_directions_accounts_and_times_are_other_calls() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    store.add(&[ours("c1", "+4930555001", 60)], at(1000)).expect("kept");
    let outgoing = CallRecord { direction: Direction::Outgoing, ..theirs("p2", "+4930555001", 60) };
    told(&mut store, &[theirs("p1", "+4930555002", 60), outgoing, theirs("p3", "+4930555001", 76)]);
    let home = AccountName::parse("home").expect("a plain word");
    let other = CallRecord { account: home.clone(), id: CallId("home/p1".into()), ..theirs("p1", "+4930555001", 60) };
    store.told(&home, SignedDuration::ZERO, &[other], at(1000)).expect("taken over");
    assert_eq!(all(&store).len(), 5);
    let of_home = Wanted { account: Some(home), ..Wanted::default() };
    assert_eq!(page(&store, &of_home).calls.len(), 1);
}

#[test]
fn an_id_that_the_pbx_gives_to_another_call_is_another_call() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    told(&mut store, &[theirs("p1", "+4930555001", 60)]);
    told(&mut store, &[theirs("p1", "207", 600)]);
    assert_eq!(all(&store).len(), 2);
    assert!(!told(&mut store, &[theirs("p1", "207", 600)]));
    assert_eq!(all(&store).iter().map(|call| &call.id).collect::<std::collections::HashSet<_>>().len(), 2);
}

#[test]
fn what_was_deleted_does_not_come_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    store.add(&[ours("c1", "+4930555001", 60), ours("c2", "207", 90)], at(1000)).expect("kept");
    let list = [theirs("p1", "+4930555001", 61), theirs("p2", "207", 92), theirs("p3", "208", 94)];
    told(&mut store, &list[..1]);
    // One of which the PBX has told, and one of which it tells only later.
    let gone = ["office/c1", "office/c2", "office/none"].map(|id| CallId(id.into()));
    assert_eq!(store.delete(&gone).expect("removed"), 2);
    drop(store);
    for _ in 0..3 {
        let mut store = open(dir.path());
        told(&mut store, &list);
        assert_eq!(ids(&store), ["p3"]);
    }
    let mut store = open(dir.path());
    assert_eq!(store.delete_all(at(100)).expect("removed"), 1);
    told(&mut store, &list);
    assert!(all(&store).is_empty());
    // What comes afterwards is kept.
    store.add(&[ours("c4", "208", 94)], at(1000)).expect("kept");
    told(&mut store, &[theirs("p5", "209", 120)]);
    assert_eq!(ids(&store), ["p5", "c4"]);
}

#[test]
fn a_deleted_call_leaves_no_trace_in_the_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    let mut call = ours("c1", "+4930555001", 60);
    call.remote.name = Some("Zebulon Quitzow".into());
    store.add(&[call, ours("c2", "207", 90)], at(1000)).expect("kept");
    store.note(&CallId("office/c1".into()), Some("wants the blue one")).expect("written");
    drop(store);
    let has = |what: &str| {
        std::fs::read_dir(dir.path()).expect("a folder").flatten().any(|file| {
            let bytes = std::fs::read(file.path()).expect("a file").to_ascii_lowercase();
            bytes.windows(what.len()).any(|part| part == what.as_bytes())
        })
    };
    assert!(has("zebulon") && has("blue one"));
    let mut store = open(dir.path());
    store.delete(&[CallId("office/c1".into())]).expect("removed");
    drop(store);
    assert!(!has("zebulon") && !has("blue one") && !has("4930555001"));
}

#[test]
fn what_is_kept_too_long_goes_and_the_pbx_does_not_bring_it_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    store.add(&[ours("c1", "+4930555001", 60), ours("c2", "207", 86_400)], at(90_000)).expect("kept");
    drop(store);
    let list = [theirs("p1", "+4930555001", 60), theirs("p2", "208", 70), theirs("p3", "208", 86_500)];
    let (mut store, _) = Store::open(dir.path(), Keep::Days(1), at(90_000)).expect("opened");
    store.told(&office(), SignedDuration::ZERO, &list, at(90_000)).expect("taken over");
    assert_eq!(ids(&store), ["p3", "c2"]);
}

#[test]
fn what_is_not_to_be_kept_is_removed_and_never_written() {
    let dir = tempfile::tempdir().expect("a folder");
    open(dir.path()).add(&[ours("c1", "+4930555001", 60)], at(1000)).expect("kept");
    for name in ["history.jsonl", "history.jsonl.old", "history.db.broken", "history.db.broken-wal", "marks.json"] {
        std::fs::write(dir.path().join(name), "x").expect("written");
    }
    let (mut store, _) = Store::open(dir.path(), Keep::Nothing, at(1000)).expect("opened");
    assert!(all(&store).is_empty());
    store.add(&[ours("c2", "207", 90)], at(1000)).expect("kept in memory");
    told(&mut store, &[theirs("p2", "207", 91)]);
    assert_eq!(ids(&store), ["c2"], "until the program ends it is there");
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("a folder").flatten().map(|file| file.file_name()).collect();
    assert_eq!(left, ["marks.json"]);
    // However long it runs, it does not fill the memory.
    let many: Vec<CallRecord> = (0..2500).map(|n| ours(&format!("c{}", n + 10), "207", 100 + n)).collect();
    store.add(&many, at(9000)).expect("kept in memory");
    let mut wanted = Wanted { limit: 500, ..Wanted::default() };
    let mut count = 0;
    loop {
        let page = store.page(&wanted, &[], at(9000)).expect("read");
        count += page.calls.len();
        wanted.before = page.next;
        if wanted.before.is_none() {
            break;
        }
    }
    assert_eq!(count, super::super::MOST);
}
