//! Pages and the search.

use std::time::{Duration, Instant};

use super::*;

fn found(store: &Store, text: &str) -> Vec<String> {
    let wanted = Wanted { text: Some(text.into()), ..Wanted::default() };
    page(store, &wanted).calls.into_iter().map(|call| call.id.0.replace("office/", "")).collect()
}

fn named(id: &str, number: &str, name: &str, second: i64) -> CallRecord {
    let mut call = ours(id, number, second);
    call.remote.name = Some(name.into());
    call
}

#[test]
fn a_name_a_number_in_any_writing_or_a_note_finds_a_call() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    let calls = [
        named("c1", "+4930555001", "Mara Beispiel", 10),
        named("c2", "030 555002", "JÖRG \"Ö\" Müller", 20),
        named("c3", "207", "Ann Example", 30),
        CallRecord { remote: Party::default(), ..ours("c4", "", 40) },
        CallRecord { outcome: Outcome::Answered, ..named("c5", "004930555001", "Mara B.", 50) },
    ];
    store.add(&calls, at(1000)).expect("kept");
    store.note(&CallId("office/c3".into()), Some("wants an OFFER, 50 %")).expect("written");
    for (text, wanted) in [
        ("", vec!["c5", "c4", "c3", "c2", "c1"]),
        ("mara", vec!["c5", "c1"]),
        ("MARA beisp", vec!["c1"]),
        ("beispiel mara", vec!["c1"]),
        ("ma", vec!["c5", "c1"]),
        ("müller", vec!["c2"]),
        ("jörg", vec!["c2"]),
        ("\"ö\"", vec!["c2"]),
        ("ö", vec!["c2"]),
        ("+49 30 555001", vec!["c5", "c1"]),
        ("030/555 001", vec!["c5", "c1"]),
        ("0049 (0)30 555002", vec!["c2"]),
        ("555", vec!["c5", "c2", "c1"]),
        ("55", vec!["c5", "c2", "c1"]),
        ("207", vec!["c3"]),
        ("20", vec!["c3"]),
        ("offer", vec!["c3"]),
        ("50 %", vec!["c3"]),
        ("%", vec!["c3"]),
        ("nobody", vec![]),
        ("zz", vec![]),
        ("mara AND", vec![]),
        ("* OR found:", vec![]),
        ("\u{0}", vec!["c5", "c4", "c3", "c2", "c1"]),
    ] {
        assert_eq!(found(&store, text), wanted, "{text:?}");
    }
    // Calls that wait to be written are found in the same way.
    for text in ["mara", "+49 30 555001", "ma", "offer"] {
        let wanted = Wanted { text: Some(text.into()), limit: 10, ..Wanted::default() };
        let waiting = super::super::latest_first(&wanted, &all(&store));
        assert_eq!(waiting.calls, page(&store, &wanted).calls, "{text}");
    }
    let missed = Wanted { missed: true, text: Some("mara".into()), ..Wanted::default() };
    assert_eq!(page(&store, &missed).calls.len(), 1);
    // A name that is taken away is not found any more.
    store.note(&CallId("office/c3".into()), None).expect("written");
    assert_eq!(found(&store, "offer"), [""; 0]);
}

#[test]
fn pages_show_every_call_once_also_while_new_ones_come() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    // Many of them began in the same second.
    let calls: Vec<CallRecord> = (0..95).map(|n| ours(&format!("c{n}"), &format!("2{n:02}"), n / 10)).collect();
    store.add(&calls, at(1000)).expect("kept");
    let waiting = [ours("c95", "295", 12)];
    let mut wanted = Wanted { limit: 10, ..Wanted::default() };
    let mut seen = vec![];
    for number in 0.. {
        let page = store.page(&wanted, &waiting, at(1000)).expect("read");
        seen.extend(page.calls.into_iter().map(|call| call.id.0));
        let Some(next) = page.next else { break };
        wanted.before = Some(next);
        store.add(&[ours(&format!("n{number}"), "299", 20)], at(1000)).expect("kept");
    }
    assert_eq!(seen.len(), 96);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 96);
    // Names as long as they may be still make pages that fit into a line.
    let names: Vec<CallRecord> = (0..500).map(|n| named(&format!("l{n}"), "2", &"\u{1}".repeat(1000), 100 + n)).collect();
    let page = super::super::latest_first(&Wanted { limit: 500, ..Wanted::default() }, &names);
    assert!(page.calls.len() < 500 && page.next.is_some());
}

#[test]
fn the_table_has_every_call_once_and_headings_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = open(dir.path());
    let mut calls: Vec<CallRecord> = (0..25).map(|n| ours(&format!("c{n}"), "+4930555001", n)).collect();
    calls[3].remote.name = Some("=HYPERLINK(\"x\"), \"Mara\"".into());
    calls[3].connected_at = Some(at(4));
    store.add(&calls, at(1000)).expect("kept");
    let mut wanted = Wanted { limit: 10, ..Wanted::default() };
    let mut text = String::new();
    loop {
        let (part, next) = store.table(&wanted, &[], at(1000)).expect("read");
        text.push_str(&part);
        if next.is_none() {
            break;
        }
        wanted.before = next;
    }
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 27);
    assert!(lines[0].starts_with("started,ended,") && lines[26].is_empty());
    assert!(
        lines[22].contains(",incoming,missed,+4930555001,\"'=HYPERLINK(\"\"x\"\"), \"\"Mara\"\"\",office,9,,,local,office/c3"),
        "{}",
        lines[22]
    );
}

/// A long history is as quick as a short one; `TRAYPHONE_CALLS=1000000` measures one that nobody has.
#[test]
fn a_long_history_opens_and_is_searched_at_once() {
    let count: i64 = std::env::var("TRAYPHONE_CALLS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let dir = tempfile::tempdir().expect("a folder");
    let now = at(count + 100);
    let keep = Keep::Days(36_500);
    let firsts = ["Mara", "Erika", "Jörg", "Ann", "Zoe", "Max", "Lena", "Otto", "Ida", "Paul"];
    let lasts = ["Beispiel", "Muster", "Example", "Sample", "Schmidt", "Meier", "Kovacs", "Rossi", "Dupont"];
    let pick = |from: &[&str], n: i64| from[usize::try_from(n).expect("small") % from.len()].to_owned();
    let call = |n: i64| {
        let party = (n * 7_919) % (count / 20).max(50);
        let name = format!("{} {} {party}", pick(&firsts, party), pick(&lasts, party / 10));
        let number = if party % 3 == 0 { format!("030555{party:05}") } else { format!("+4930555{party:05}") };
        let outcome = if n % 9 == 0 { Outcome::Missed } else { Outcome::Answered };
        CallRecord { outcome, ..named(&format!("c{n}"), &number, &name, n) }
    };
    let began = Instant::now();
    let (mut store, _) = Store::open(dir.path(), keep, now).expect("opened");
    for first in (0..count).step_by(5_000) {
        let part: Vec<CallRecord> = (first..(first + 5_000).min(count)).map(call).collect();
        store.add(&part, now).expect("kept");
    }
    drop(store);
    let size = std::fs::metadata(dir.path().join("history.db")).expect("there").len();
    eprintln!("{count} calls: written in {:?}, {} MB", began.elapsed(), size / 1_000_000);
    let mut slow = vec![];
    let mut measured = |what: &str, limit: Duration, wanted: &Wanted, least: usize| {
        // Opened for each: that is how it is used.
        let mut times: Vec<Duration> = (0..5)
            .map(|_| {
                let began = Instant::now();
                let (store, _) = Store::open(dir.path(), keep, now).expect("opened");
                let page = store.page(wanted, &[], now).expect("read");
                drop(store);
                assert!(page.calls.len() >= least, "{what}: {}", page.calls.len());
                began.elapsed()
            })
            .collect();
        times.sort();
        eprintln!("{what}: {:?} (most {:?})", times[2], times[4]);
        slow.extend((times[2] >= limit).then(|| format!("{what}: {times:?}")));
    };
    let (page, search) = (Duration::from_millis(20), Duration::from_millis(100));
    let wanted = Wanted { limit: 100, ..Wanted::default() };
    let text = |text: &str| Wanted { text: Some(text.into()), ..wanted.clone() };
    measured("first page", page, &wanted, 100);
    measured("a page in the middle", page, &Wanted { before: Some(super::super::place(at(count / 2))), ..wanted.clone() }, 100);
    measured("missed", page, &Wanted { missed: true, ..wanted.clone() }, 100);
    measured("of no account", page, &Wanted { account: AccountName::parse("none").ok(), ..wanted.clone() }, 0);
    measured("a name that many have", search, &text("mara"), 100);
    measured("a whole name", search, &text("mara beispiel 0"), 20);
    measured("two words", search, &text("rossi max"), 1);
    measured("nobody's name", search, &text("nobody at all"), 0);
    measured("a number", search, &text("030 555 00021"), 20);
    measured("an international number", search, &text("+49 30 555 00022"), 20);
    measured("the beginning of all numbers", search, &text("+49 30 555"), 100);
    measured("three digits", search, &text("555"), 100);
    measured("a number that nobody has", search, &text("+49 89 123456"), 0);
    measured("two letters that nobody has", search, &text("qx"), 0);
    measured("missed calls of a name", search, &Wanted { missed: true, ..text("mara") }, 100);
    assert!(slow.is_empty(), "{slow:?}");
    let look = Look { accounts: vec![office()], seen_until: now };
    let began = Instant::now();
    Store::open(dir.path(), keep, now).expect("opened").0.picture(&look).expect("read");
    eprintln!("the picture: {:?}", began.elapsed());
}
