//! How calls ended: the PBX's own list decides between missed and answered elsewhere.

use super::talk::{Talk, only};

const RINGS: &str = r#"{"id":1,"from-number":"+4930555001","to-number":"204","state":"alerting"}"#;

/// An entry of the list that ended so many seconds from now.
fn entry(talk: &Talk, number: &str, answered: bool, end: i64) -> String {
    let end = talk.now.wall.as_second() + end;
    let connect = if answered { (end - 5).to_string() } else { "0".to_owned() };
    format!(
        r#"{{"id":"h{end}{number}","from-number":"{number}","to-number":"204","start":{},"connect":{connect},"end":{end},"inbound":true}}"#,
        end - 10
    )
}

/// A call has rung and vanished, and the list is being asked.
fn vanished() -> Talk {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.calls(RINGS);
    talk.wait_ms(5_000);
    talk.settle();
    assert_eq!(talk.calls(""), ["calls asks 1"]);
    talk
}

#[test]
fn the_list_tells_missed_from_answered_elsewhere() {
    for (answered, outcome) in [(false, "Missed"), (true, "AnsweredElsewhere")] {
        let mut talk = vanished();
        assert_eq!(only(&talk.wait_ms(300), "history").len(), 1);
        let list = format!("[{}]", entry(&talk, "+4930555001", answered, 0));
        assert_eq!(only(&talk.reply("history", 200, &list), "verdict"), [format!("verdict 1 {outcome}")]);
        assert!(only(&talk.wait_ms(10_000), "verdict").is_empty(), "told once");
    }
}

#[test]
fn a_national_spelling_in_the_list_is_the_same_caller() {
    let mut talk = vanished();
    talk.wait_ms(300);
    let list = format!("[{}]", entry(&talk, "030555001", true, 0));
    assert_eq!(only(&talk.reply("history", 200, &list), "verdict"), ["verdict 1 AnsweredElsewhere"]);
}

#[test]
fn a_list_that_is_written_late_is_asked_again() {
    let mut talk = vanished();
    talk.wait_ms(300);
    assert!(only(&talk.reply("history", 200, "[]"), "verdict").is_empty());
    assert_eq!(only(&talk.wait_ms(1_300), "history").len(), 1);
    let list = format!("[{}]", entry(&talk, "+4930555001", true, 0));
    assert_eq!(only(&talk.reply("history", 200, &list), "verdict"), ["verdict 1 AnsweredElsewhere"]);
}

#[test]
fn an_outcome_that_nobody_tells_is_given_up_within_three_seconds() {
    let mut talk = vanished();
    let said = talk.wait_ms(3_000);
    assert_eq!(only(&said, "verdict"), ["verdict 1 not told"]);
    while !talk.open.is_empty() {
        let list = format!("[{}]", entry(&talk, "+4930555001", true, 0));
        assert!(only(&talk.reply("history", 200, &list), "verdict").is_empty());
    }
}

#[test]
fn other_callers_and_old_entries_decide_nothing() {
    for entry in [
        |talk: &Talk| entry(talk, "+4930555009", true, 0),
        |talk: &Talk| entry(talk, "+4930555001", true, -600),
        |talk: &Talk| entry(talk, "+4930555001", true, 0).replace("\"inbound\":true", "\"inbound\":false"),
    ] {
        let mut talk = vanished();
        talk.wait_ms(300);
        let list = format!("[{}]", entry(&talk));
        assert!(only(&talk.reply("history", 200, &list), "verdict").is_empty());
    }
}

#[test]
fn the_entry_of_the_same_callers_call_before_is_not_taken_for_this_one() {
    let mut talk = vanished();
    talk.wait_ms(300);
    let first = entry(&talk, "+4930555001", false, 0);
    assert_eq!(only(&talk.reply("history", 200, &format!("[{first}]")), "verdict"), ["verdict 1 Missed"]);
    talk.wait_ms(10_000);
    talk.settle_with(&format!("[{first}]"));
    talk.calls(&RINGS.replace("\"id\":1", "\"id\":2"));
    talk.wait_ms(5_000);
    talk.settle_with(&format!("[{first}]"));
    assert_eq!(talk.calls(""), ["calls asks 2"]);
    talk.wait_ms(300);
    assert!(only(&talk.reply("history", 200, &format!("[{first}]")), "verdict").is_empty(), "it is not written yet");
    talk.wait_ms(1_300);
    let second = entry(&talk, "+4930555001", true, 0);
    let said = talk.reply("history", 200, &format!("[{second},{first}]"));
    assert_eq!(only(&said, "verdict"), ["verdict 2 AnsweredElsewhere"]);
}

#[test]
fn only_unanswered_incoming_calls_are_asked_about() {
    for call in [
        r#"{"id":1,"from-number":"+4930555001","to-number":"204","state":"connected"}"#,
        r#"{"id":1,"from-number":"204","to-number":"207","state":"alerting"}"#,
    ] {
        let mut talk = Talk::online("PBX/67.0", &[]);
        talk.calls(call);
        assert_eq!(talk.calls(""), ["calls"], "{call}");
    }
}

#[test]
fn without_a_list_nothing_is_promised() {
    let mut talk = Talk::new(super::talk::account(&[]));
    talk.sign_in("PBX/67.0");
    talk.opened();
    talk.text(r#"{"action":"domain-state","accounts":[]}"#);
    talk.text(r#"{"action":"call-state","calls":[]}"#);
    talk.reply("history", 403, "");
    talk.settle();
    talk.calls(RINGS);
    assert_eq!(talk.calls(""), ["calls"]);
}

#[test]
fn a_list_that_fails_once_is_still_there_the_next_time() {
    let mut talk = vanished();
    talk.wait_ms(300);
    let said = talk.lose("history");
    assert!(only(&said, "abilities").is_empty(), "{said:?}");
    assert!(only(&said, "verdict").is_empty(), "it is asked once more within the limit: {said:?}");
    talk.wait_ms(3000);
    talk.lose("history");
    talk.calls(RINGS);
    assert_eq!(talk.calls(""), ["calls asks 1"]);
}

#[test]
fn two_callers_at_once_get_their_own_verdicts() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    let other = r#"{"id":2,"from-number":"+4930555002","to-number":"204","state":"alerting"}"#;
    talk.calls(&format!("{RINGS},{other}"));
    talk.wait_ms(5_000);
    talk.settle();
    assert_eq!(talk.calls(""), ["calls asks 1 | asks 2"]);
    talk.wait_ms(300);
    let list = format!("[{},{}]", entry(&talk, "+4930555002", true, 0), entry(&talk, "+4930555001", false, 0));
    assert_eq!(only(&talk.reply("history", 200, &list), "verdict"), ["verdict 1 Missed", "verdict 2 AnsweredElsewhere"]);
}

#[test]
fn who_calls_again_and_is_answered_was_missed_before() {
    let mut talk = vanished();
    let again = RINGS.replace("\"id\":1", "\"id\":2");
    talk.calls(&again);
    talk.wait_ms(1_000);
    talk.calls(&again.replace("alerting", "connected"));
    talk.wait_ms(1_000);
    talk.calls("");
    // The list holds both calls of this caller, the newest first; the one that was answered ended 2 s after the other.
    let missed = entry(&talk, "+4930555001", false, -2);
    let answered = entry(&talk, "+4930555001", true, 0);
    let said = talk.reply("history", 200, &format!("[{answered},{missed}]"));
    assert_eq!(only(&said, "verdict"), ["verdict 1 Missed"]);
}

#[test]
fn an_entry_of_the_list_is_about_one_call() {
    let mut talk = vanished();
    talk.calls(&RINGS.replace("\"id\":1", "\"id\":2"));
    assert_eq!(talk.calls(""), ["calls asks 2"]);
    talk.wait_ms(300);
    let taken = entry(&talk, "+4930555001", true, 0);
    let said = talk.reply("history", 200, &format!("[{taken}]"));
    assert_eq!(only(&said, "verdict").len(), 1, "the other call is not in the list yet: {said:?}");
}

#[test]
fn missed_calls_of_another_device_are_read_a_moment_later() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.text(r#"{"action":"missed-calls"}"#);
    assert_eq!(only(&talk.wait_ms(300), "history").len(), 1);
}

#[test]
fn a_busy_line_reads_the_list_once_per_pause() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.said.clear();
    for _ in 0..30 {
        talk.calls(r#"{"id":1,"from-number":"204","to-number":"207","state":"connected"}"#);
        talk.calls("");
        talk.wait_ms(100);
    }
    talk.wait_ms(4_000);
    assert!(talk.before("/history") <= 2, "{:?}", talk.said);
}

#[test]
fn one_page_in_place_of_the_list_switches_nothing_off() {
    for (status, body) in [(200, "<html>"), (302, ""), (404, "<html>")] {
        let mut talk = vanished();
        talk.wait_ms(300);
        let said = talk.reply("history", status, body);
        assert!(only(&said, "abilities").is_empty() && only(&said, "verdict").is_empty(), "{status}: {said:?}");
        // It is asked once more within the limit, and for the next call too.
        talk.wait_ms(1_300);
        let list = format!("[{}]", entry(&talk, "+4930555001", true, 0));
        assert_eq!(only(&talk.reply("history", 200, &list), "verdict"), ["verdict 1 AnsweredElsewhere"], "{status}");
        talk.calls(&RINGS.replace("\"id\":1", "\"id\":2"));
        assert_eq!(talk.calls(""), ["calls asks 2"], "{status}");
    }
}
