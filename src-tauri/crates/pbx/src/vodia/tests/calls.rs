//! Calls as the user sees them: direction, other side, group, snapshots.

use super::super::calls::{OwnNumbers, party};
use super::super::frame::{Loose, name_addr};
use super::talk::Talk;

fn one(keys: &[(&str, &str)], call: &str) -> String {
    let mut talk = Talk::online("PBX/67.0", keys);
    talk.calls(call).join(" / ")
}

#[test]
fn direction_comes_from_the_own_number_and_its_aliases() {
    let keys = &[("own_numbers", "+4930555204, 88;99")];
    for (from, to, told) in [
        ("204", "207", "to 207"),
        ("207", "204", "from 207"),
        ("88", "207", "to 207"),
        ("99", "207", "to 207"),
        ("+4930555204", "207", "to 207"),
        ("030555204", "207", "to 207"),
        ("204@tenant.example", "207", "to 207"),
        ("*204", "207", "to 207"),
        ("207", "+4930555204", "from 207"),
        ("1204", "204", "from 1204"),
        ("2040", "204", "from 2040"),
    ] {
        let call = format!(r#"{{"id":1,"from-number":"{from}","to-number":"{to}","state":"connected"}}"#);
        assert_eq!(one(keys, &call), format!("calls 1 Connected {told}"), "{from} {to}");
    }
}

#[test]
fn a_call_that_names_the_user_nowhere_came_through_a_group() {
    let call = r#"{"id":1,"from-number":"+4930555001","to":"\"Sales\" <sip:600@t>","state":"alerting","extension":["204"]}"#;
    assert_eq!(one(&[], call), r#"calls 1 Ringing from +4930555001 via 600 "Sales""#);
    let own = r#"{"id":1,"from-number":"+4930555001","to-number":"+4930555204","state":"alerting"}"#;
    assert_eq!(one(&[("own_numbers", "+4930555204")], own), "calls 1 Ringing from +4930555001");
}

#[test]
fn who_is_missing_from_a_snapshot_has_ended_and_a_reconnect_starts_empty() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    let one = r#"{"id":1,"from-number":"204","to-number":"207","state":"connected"}"#;
    let two = r#"{"id":2,"from-number":"204","to-number":"208","state":"holding"}"#;
    assert_eq!(talk.calls(&format!("{one},{two}")), ["calls 1 Connected to 207 | 2 Held to 208"]);
    assert_eq!(talk.calls(two), ["calls 2 Held to 208"]);
    assert_eq!(talk.calls(""), ["calls"]);
    talk.calls(one);
    talk.closed();
    talk.start();
    talk.opened();
    assert!(talk.dialect.calls.all.is_empty());
}

#[test]
fn more_calls_than_anybody_can_have_are_cut() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    let many: Vec<String> =
        (0..5000).map(|i| format!(r#"{{"id":{i},"from-number":"{i}","to-number":"204","state":"alerting"}}"#)).collect();
    talk.calls(&many.join(","));
    assert_eq!(talk.dialect.calls.all.len(), 200);
}

#[test]
fn both_words_for_hold_leave_open_who_holds() {
    use phone_core::call::{Holder, SeenState};
    for word in ["onhold", "holding"] {
        let mut talk = Talk::online("PBX/67.0", &[]);
        talk.calls(&format!(r#"{{"id":1,"from-number":"204","to-number":"207","callstate":"{word}"}}"#));
        let call = &talk.dialect.calls.all[0].seen;
        assert_eq!(call.state, SeenState::Held(Holder::NotTold));
        assert!(!call.resume_is_safe, "the action is a toggle");
    }
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.calls(r#"{"id":1,"from-number":"204","to-number":"207","state":"onhold"}"#);
    assert!(talk.dialect.calls.all[0].seen.resume_is_safe, "REST has one command for each direction");
}

#[test]
fn addresses_are_taken_apart_whatever_stands_in_the_name() {
    let cases: &[(&str, Option<&str>, Option<&str>)] = &[
        (r#""Jane" <sip:204@tenant.example>"#, Some("Jane"), Some("204")),
        (r#""Jane \"J\" Doe" <sip:204@t>"#, Some(r#"Jane "J" Doe"#), Some("204")),
        (r#""Jane \"J\"" <sip:204@t>"#, Some(r#"Jane "J""#), Some("204")),
        (r#""back\\slash" <sip:204@t>"#, Some(r"back\slash"), Some("204")),
        (r#""a < b" <sip:204@t>"#, Some("a < b"), Some("204")),
        (r#""<sip:1@t>" <sip:204@t>"#, Some("<sip:1@t>"), Some("204")),
        (r#""no end <sip:204@t>"#, Some("no end"), Some("204")),
        ("<sip:+4930555001@t;user=phone>;tag=1", None, Some("+4930555001")),
        ("<tel:+4930555001>", None, Some("+4930555001")),
        ("sip:204@t;user=phone", None, Some("204")),
        ("<sip:*97@t>", None, Some("*97")),
        ("<sip:%23%2A5@t>", None, Some("#*5")),
        ("204", None, Some("204")),
        ("", None, None),
        ("<>", None, None),
        ("<", None, None),
        (">", None, Some(">")),
        ("Evil <sip:1@t> <sip:204@t>", Some("Evil <sip:1@t>"), Some("204")),
        (r#""Jane" <sip:204@t>;note="<sip:1@t>""#, Some("Jane"), Some("204")),
        (r#""ä€😀" <sip:204@t>"#, Some("ä€😀"), Some("204")),
    ];
    for (text, name, user) in cases {
        let read = name_addr(text);
        assert_eq!((read.0.as_deref(), read.1.as_deref()), (*name, *user), "{text}");
    }
}

#[test]
fn a_name_that_repeats_the_number_is_no_name() {
    let text = |t: &'static str| Loose::Text(t.into());
    let seen = party(&Loose::Null, &text("207"), &text("207"));
    assert_eq!((seen.number.as_deref(), seen.name), (Some("207"), None));
}

#[test]
fn short_own_numbers_match_only_when_equal() {
    let own = OwnNumbers(vec!["204".to_owned(), "+4930555204".to_owned()]);
    for (number, is_own) in [
        ("204", true),
        ("**204", true),
        ("0204", false),
        ("1204", false),
        ("", false),
        ("*", false),
        ("0049 30 555204", true),
        ("+4930555205", false),
        ("anonymous", false),
    ] {
        assert_eq!(own.has(number), is_own, "{number}");
    }
}
