//! The way from every earlier shape, and files that are broken.

use std::fs;

use rusqlite::Connection;

use super::super::schema;
use super::*;

/// Lines as Trayphone 0.1 wrote them.
const LINES: &str = r#"{"id":"office/c41","account":"office","direction":"incoming","outcome":"missed","remote":{"number":"+4930555001","name":"Mara Beispiel"},"started_at":"2026-01-01T00:01:00Z","connected_at":null,"ended_at":"2026-01-01T00:01:10.25Z","source":"local"}
{"id":"office/c42","account":"office","direction":"outgoing","outcome":"answered","remote":{"number":"207","name":null},"started_at":"2026-01-01T00:02:00Z","connected_at":"2026-01-01T00:02:05Z","ended_at":null,"source":"local"}
"#;

fn private_mode(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).expect("there").permissions().mode() & 0o077 == 0
}

#[test]
fn the_lines_of_earlier_versions_are_taken_over_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("history.jsonl");
    fs::write(&file, LINES).expect("written");
    let store = open(dir.path());
    let calls = all(&store);
    assert_eq!(ids(&store), ["c42", "c41"]);
    let mut wanted: Vec<CallRecord> = LINES.lines().map(|line| serde_json::from_str(line).expect("a call")).collect();
    wanted.reverse();
    assert_eq!(calls, wanted, "nothing of them is lost");
    assert!(!file.exists(), "they stand in one place");
    drop(store);
    // Killed before the file was put away: it is there again.
    fs::write(&file, LINES).expect("written");
    assert_eq!(ids(&open(dir.path())), ["c42", "c41"]);
    assert!(!file.exists());
    // A deleted call does not come back that way either.
    open(dir.path()).delete(&[CallId("office/c41".into())]).expect("removed");
    fs::write(&file, LINES).expect("written");
    assert_eq!(ids(&open(dir.path())), ["c42"]);
}

#[test]
fn a_torn_or_strange_line_costs_itself_and_the_file_is_kept_then() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("history.jsonl");
    let (first, second) = LINES.split_once('\n').expect("two lines");
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(200_000));
    let mut text = format!("{first}\n{{\"half a li\n{long}\n").into_bytes();
    text.extend_from_slice(b"{\"name\":\"J\xc3\n");
    text.extend_from_slice(second.as_bytes());
    fs::write(&file, &text).expect("written");
    assert_eq!(ids(&open(dir.path())), ["c42", "c41"]);
    assert_eq!(fs::read(dir.path().join("history.jsonl.old")).expect("kept"), text);
    assert!(!file.exists());
}

#[test]
fn every_earlier_version_is_brought_to_the_newest_one_and_nothing_is_lost() {
    // One frozen set of rows for each version; a new version adds its own.
    let rows = [(1_usize, "INSERT INTO calls (at, id, entry, account, direction, outcome, number, e164, name, via_number, via_name, \
        started_ms, connected_ms, ended_ms, source, note, words) VALUES (1809638195200000, 'office/c7', 'e7', 'office', 'incoming', \
        'answered', '+4930555001', '+4930555001', 'Mara', '700', 'Sales', 1767224800000, 1767224803000, 1767224900000, 'both', 'x', \
        'mara
+4930555001'); INSERT INTO found (rowid, words) SELECT at, words FROM calls;")];
    assert_eq!(rows.len(), usize::try_from(schema::VERSION).expect("small"));
    for (version, insert) in rows {
        let dir = tempfile::tempdir().expect("a folder");
        let db = Connection::open(dir.path().join("history.db")).expect("a database");
        schema::at_version(&db, version);
        db.execute_batch(insert).expect("rows");
        drop(db);
        let store = open(dir.path());
        let calls = all(&store);
        assert_eq!(ids(&store), ["c7"], "version {version}");
        assert_eq!((calls[0].note.as_deref(), calls[0].outcome), (Some("x"), Outcome::Answered));
        assert_eq!(calls[0].via, Some(Party { number: Some("700".into()), name: Some("Sales".into()) }));
        assert_eq!(page(&store, &Wanted { text: Some("mara".into()), ..Wanted::default() }).calls.len(), 1);
    }
}

#[test]
fn a_broken_database_is_kept_aside_and_a_fresh_one_begun() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("history.db");
    for (round, broken) in
        ["garbage that is long enough to be no database at all".repeat(100), "SQLite format 3".into()].iter().enumerate()
    {
        fs::write(&path, broken).expect("written");
        let (mut store, aside) = Store::open(dir.path(), KEPT, at(1000)).expect("opened");
        let aside = aside.expect("told");
        assert_eq!(&fs::read_to_string(&aside).expect("still there"), broken);
        assert_eq!(aside.to_string_lossy().ends_with("broken"), round == 0);
        store.add(&[ours("c1", "207", 60)], at(1000)).expect("kept");
        drop(store);
        assert_eq!(ids(&open(dir.path())), ["c1"]);
    }
    // One of a newer program is as good as unreadable.
    Connection::open(&path).expect("opened").pragma_update(None, "user_version", 999).expect("a version");
    let (_, aside) = Store::open(dir.path(), KEPT, at(1000)).expect("opened");
    assert!(aside.is_some());
}

#[test]
fn only_this_user_can_look_into_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let mut store = open(&state);
    store.add(&[ours("c1", "207", 60)], at(1000)).expect("kept");
    let names: Vec<_> = fs::read_dir(&state).expect("a folder").flatten().map(|file| file.path()).collect();
    assert!(names.len() >= 2, "the log beside it too: {names:?}");
    assert!(names.iter().all(|path| private_mode(path)) && private_mode(&state), "{names:?}");
    drop(store);
    // One that somebody opened is closed again.
    fs::set_permissions(state.join("history.db"), fs::Permissions::from_mode(0o644)).expect("a mode");
    drop(open(&state));
    assert!(private_mode(&state.join("history.db")));
}

#[test]
fn a_full_disk_loses_nothing_that_was_written_before() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    store.add(&[ours("c1", "207", 60)], at(1000)).expect("kept");
    store.limit_to_its_size();
    let many: Vec<CallRecord> = (2..500).map(|n| ours(&format!("c{n}"), "207", 100 + n)).collect();
    let full = store.add(&many, at(2000)).expect_err("there is no room");
    assert!(full.to_string().contains("full"), "{full}");
    assert_eq!(ids(&store), ["c1"], "all or none");
    drop(store);
    let mut store = open(dir.path());
    store.add(&many, at(2000)).expect("there is room again");
    assert_eq!(store.picture(&look()).expect("read").missed.get(&office()), Some(&499));
}
