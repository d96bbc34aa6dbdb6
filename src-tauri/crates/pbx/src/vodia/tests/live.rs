//! The open socket: first questions, keepalive, when the picture is whole, polling.

use std::time::Duration;

use super::talk::{Talk, account, http, only};

const PEOPLE: &str = r#"{"action":"domain-state","accounts":[{"account":"207","name":"Ann","registered":true}]}"#;
const NO_CALLS: &str = r#"{"action":"call-state","calls":[]}"#;

fn opened(version: &str, keys: &[(&str, &str)]) -> (Talk, Vec<String>) {
    let mut talk = Talk::new(account(keys));
    talk.sign_in(version);
    let said = talk.opened();
    (talk, said)
}

/// Only the frames.
fn sent(said: &[String]) -> Vec<&str> {
    only(said, "send ")
}

const ALIVE: &str = r#"send {"action":"avoid-disconnect"}"#;
const OLD_ALIVE: &str = r#"send {"action":"wskeepalive"}"#;
const OWN_CALLS: &str = r#"send {"action":"own-calls","subscribe":true}"#;
const USERS: &str = r#"send {"action":"get-users"}"#;
const CALLS: &str = r#"send {"action":"get-calls"}"#;

#[test]
fn each_generation_is_asked_what_it_knows() {
    assert_eq!(sent(&opened("PBX/5.1", &[]).1), [USERS, CALLS]);
    assert_eq!(sent(&opened("PBX/60.0", &[]).1), [OLD_ALIVE, OWN_CALLS, USERS, CALLS]);
    assert_eq!(sent(&opened("PBX/67.0.5 (Debian64)", &[]).1), [ALIVE, OWN_CALLS, USERS, CALLS]);
    assert_eq!(sent(&opened("PBX/70.1", &[]).1), [ALIVE, OWN_CALLS, USERS, CALLS]);
}

#[test]
fn the_directory_is_asked_for_where_no_overview_is_to_be_expected() {
    let (_, said) = opened("PBX/70.1", &[]);
    assert_eq!(only(&said, "accounts"), ["GET /rest/user/204%40tenant.example/accounts [basic]"]);
    let (_, said) = opened("PBX/67.0", &[]);
    assert!(only(&said, "GET").is_empty());
}

#[test]
fn no_start_ever_registers_as_a_phone_or_asks_for_other_peoples_calls() {
    for version in ["PBX/5.1", "PBX/60.0", "PBX/67.0", "PBX/70.1", "nginx"] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        while let Some(request) = talk.open.first() {
            let body = if request.method == "PUT" { "\"abc\"" } else { "{}" };
            talk.answer("", http(200, body, Some(version)));
        }
        talk.opened();
        talk.text(PEOPLE);
        talk.text(NO_CALLS);
        talk.wait(Duration::from_secs(200));
        assert!(talk.all("sip-register").is_empty(), "{version}");
        assert!(talk.all("domain-calls").is_empty(), "{version}");
    }
}

#[test]
fn a_ping_goes_out_every_15_s_and_a_keepalive_every_30_s() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    let said = talk.wait_ms(60_000);
    assert_eq!(only(&said, "ping").len(), 4);
    assert_eq!(only(&said, "avoid-disconnect").len(), 2);

    let mut talk = Talk::online("PBX/60.0", &[]);
    let said = talk.wait_ms(60_000);
    assert_eq!(only(&said, "ping").len(), 4);
    assert_eq!(only(&said, "wskeepalive").len(), 2);

    let mut talk = Talk::online("PBX/5.1", &[]);
    let said = talk.wait_ms(60_000);
    assert_eq!(only(&said, "ping").len(), 4);
    assert!(sent(&said).is_empty(), "the oldest servers know no keepalive");
}

#[test]
fn the_keepalives_interval_is_the_users_within_bounds() {
    for (text, seconds) in [("10", 10), ("1", 5), ("100000", 600), ("soon", 30), ("", 30)] {
        let mut talk = Talk::online("PBX/70.1", &[("keepalive_s", text)]);
        let said = talk.wait_ms(seconds * 1000 - 1);
        assert!(only(&said, "avoid-disconnect").is_empty(), "{text}");
        assert_eq!(only(&talk.wait_ms(2), "avoid-disconnect").len(), 1, "{text}");
    }
}

#[test]
fn pings_do_not_wait_for_the_picture() {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    let said = talk.wait_ms(15_000);
    assert_eq!(only(&said, "ping").len(), 1);
}

#[test]
fn the_picture_is_whole_only_with_calls_and_people() {
    for version in ["PBX/5.1", "PBX/67.0", "PBX/70.1"] {
        for frames in [[PEOPLE, NO_CALLS], [NO_CALLS, PEOPLE]] {
            let (mut talk, said) = opened(version, &[]);
            assert_eq!(only(&said, "signed in").len(), 1, "{version}");
            assert!(only(&talk.text(frames[0]), "synced").is_empty(), "{version}");
            assert!(!talk.is_live());
            assert_eq!(only(&talk.text(frames[1]), "synced").len(), 1, "{version}");
            assert!(talk.is_live());
        }
    }
}

#[test]
fn one_change_of_one_person_is_not_the_picture() {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    talk.text(r#"{"action":"user-state","account":"207","registered":true}"#);
    talk.text(NO_CALLS);
    assert!(!talk.is_live());
}

#[test]
fn a_new_server_is_whole_with_its_rest_answers_too() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.reply("accounts", 200, r#"[{"account":"204","name":"Tom"},{"account":"207","name":"Ann"}]"#);
    assert!(!talk.is_live());
    assert_eq!(only(&talk.text(NO_CALLS), "synced").len(), 1);
}

#[test]
fn a_directory_is_watched_and_told_without_oneself() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.text(r#"{"action":"user-state","account":"207","registered":true}"#);
    let said = talk.reply(
        "accounts",
        200,
        r#"[{"account":"204","name":"Tom"},{"account":"207","name":"Ann"},{"account":"700","name":"Service","type":"acds"}]"#,
    );
    assert_eq!(
        said,
        [
            r#"send {"action":"blf","add":["207","204"]}"#,
            r#"people 207 "Ann" Person Available | 700 "Service" Queue Unknown"#,
            "identity name=Tom",
        ]
    );
}

#[test]
fn an_overview_counts_before_a_directory() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.text(PEOPLE);
    assert!(talk.reply("accounts", 200, r#"[{"account":"207"}]"#).is_empty());
}

#[test]
fn calls_alone_are_enough_after_three_seconds() {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    talk.text(NO_CALLS);
    assert!(only(&talk.wait_ms(2_999), "synced").is_empty());
    assert_eq!(only(&talk.wait_ms(2), "synced").len(), 1);
}

#[test]
fn a_server_of_unknown_version_that_shows_the_new_spelling_is_taken_for_a_new_one() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.reply("", 200, "{}");
    talk.reply("", 200, "<html>");
    talk.reply("", 200, "\"abc\"");
    talk.opened();
    talk.calls(r#"{"id":"5","from-number":"+4930555001","to-number":"204","state":"connected"}"#);
    let said = talk.wait_ms(3_001);
    assert_eq!(only(&said, "accounts").len(), 1, "{said:?}");
    assert_eq!(only(&said, "dialect=modern").len(), 1, "{said:?}");
    assert_eq!(only(&said, "synced").len(), 1, "{said:?}");
    assert_eq!(only(&talk.dial(1, "207"), "remote-dial").len(), 1);
}

#[test]
fn a_server_of_unknown_version_with_the_old_spelling_stays_an_old_one() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.reply("", 200, "{}");
    talk.reply("", 200, "<html>");
    talk.reply("", 200, "\"abc\"");
    talk.opened();
    talk.calls(r#"{"id":"5","from-number":"+4930555001","to-number":"204","callstate":"connected"}"#);
    talk.wait_ms(3_001);
    assert_eq!(only(&talk.dial(1, "207"), "make-call").len(), 1);
}

#[test]
fn a_choice_of_the_user_is_not_overruled_by_what_frames_look_like() {
    let mut talk = Talk::new(account(&[("dialect", "legacy")]));
    talk.start();
    talk.reply("", 200, "{}");
    talk.reply("", 200, "<html>");
    talk.reply("", 200, "\"abc\"");
    talk.opened();
    talk.calls(r#"{"id":"5","from-number":"+4930555001","to-number":"204","state":"connected"}"#);
    talk.wait_ms(3_001);
    assert_eq!(only(&talk.dial(1, "207"), "make-call").len(), 1);
}

#[test]
fn calls_are_polled_where_no_frame_ever_tells_them() {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    let said = talk.wait_ms(3_001);
    assert_eq!(only(&said, "/calls [session]").len(), 1, "{said:?}");
    assert!(only(&said, "synced").is_empty(), "without calls the picture is not whole");
    let leg = r#"[{"id":"a@pbx","from-number":"+4930555001","to-number":"204","state":"alerting"}]"#;
    let said = talk.reply("calls", 200, leg);
    assert_eq!(only(&said, "synced").len(), 1);
    assert_eq!(only(&said, "calls a@pbx"), ["calls a@pbx Ringing from +4930555001"]);
    talk.settle();
    for _ in 0..3 {
        assert_eq!(only(&talk.wait_ms(3_000), "/calls [session]").len(), 1);
        talk.reply("calls", 200, "[]");
    }
    talk.text(NO_CALLS);
    assert!(only(&talk.wait_ms(30_000), "/calls [session]").is_empty(), "a frame ends the polling");
}

/// Online at a server whose calls only REST tells.
fn polled() -> Talk {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    talk.wait_ms(3_001);
    talk.reply("calls", 200, "[]");
    assert!(talk.is_live());
    talk.settle();
    talk
}

#[test]
fn three_polls_in_a_row_without_an_answer_end_the_link() {
    for way in ["lost", "busy", "unreadable", "refused"] {
        let mut talk = polled();
        let miss = |talk: &mut Talk| {
            talk.wait_ms(3_000);
            match way {
                "lost" => talk.lose("calls"),
                "busy" => talk.reply("calls", 503, ""),
                "unreadable" => talk.reply("calls", 200, "<html>"),
                _ => talk.reply("calls", 404, ""),
            }
        };
        let failed = |said: &[String]| only(said, "failed AnswerTimedOut").len() == 1;
        assert!(!failed(&miss(&mut talk)) && !failed(&miss(&mut talk)), "{way}");
        // One answer in between begins the count anew.
        talk.wait_ms(3_000);
        talk.reply("calls", 200, "[]");
        assert!(!failed(&miss(&mut talk)) && !failed(&miss(&mut talk)), "{way}");
        assert!(failed(&miss(&mut talk)), "{way}: what is shown would not be true any more");
        assert!(!talk.is_live());
    }
}

#[test]
fn a_lost_poll_means_nothing_where_frames_tell_the_calls() {
    let mut talk = polled();
    talk.wait_ms(3_000);
    talk.text(NO_CALLS);
    assert!(talk.lose("calls").is_empty());
    assert!(talk.is_live());
}

#[test]
fn a_call_that_only_rest_tells_is_shown_though_it_was_quiet_at_the_start() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.reply("accounts", 200, "[]");
    talk.reply("calls", 200, "[]");
    assert!(talk.is_live());
    talk.settle();
    talk.wait_ms(3_000);
    let leg = r#"[{"id":"a@pbx","from-number":"+4930555001","to-number":"204","state":"alerting"}]"#;
    assert_eq!(only(&talk.reply("calls", 200, leg), "calls"), ["calls a@pbx Ringing from +4930555001"]);
}

#[test]
fn what_got_no_answer_is_asked_for_again_after_half_a_minute() {
    for path in ["accounts", "history", "adrbook", "dnd"] {
        for busy in [false, true] {
            let (mut talk, _) = opened("PBX/70.1", &[]);
            talk.text(NO_CALLS);
            if path != "accounts" {
                talk.reply("accounts", 200, "[]");
            } else {
                talk.wait_ms(3_001);
            }
            let before = only(&talk.said, path).len();
            let said = if busy { talk.reply(path, 503, "") } else { talk.lose(path) };
            assert!(only(&said, "failed").is_empty() && talk.is_live(), "{path}: {said:?}");
            talk.settle();
            let asked = |talk: &Talk| only(&talk.said, path).iter().filter(|line| line.starts_with("GET")).count();
            let begun = asked(&talk);
            talk.wait_ms(29_000);
            talk.settle();
            assert_eq!(asked(&talk), begun, "{path}: not before");
            talk.wait_ms(1_100);
            assert_eq!(asked(&talk), begun + 1, "{path}: once more ({before} lines before)");
            talk.settle();
            // Own do-not-disturb is read again by itself, a while later.
            talk.wait_ms(25_000);
            assert_eq!(asked(&talk), begun + 1, "{path}: answered");
        }
    }
}

#[test]
fn a_server_that_tells_no_calls_at_all_never_counts_as_whole() {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    for _ in 0..5 {
        talk.wait_ms(3_001);
        while !talk.open.is_empty() {
            talk.reply("", 404, "");
        }
    }
    assert!(!talk.is_live());
    assert!(!talk.dialect_is_quiet());
}

#[test]
fn what_frames_tell_counts_before_a_late_rest_answer() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.calls(r#"{"id":"5","from-number":"+4930555001","to-number":"204","state":"alerting"}"#);
    assert!(talk.reply("calls", 200, "[]").is_empty());
}

#[test]
fn a_running_call_waits_for_the_id_that_frames_give_it() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.reply("accounts", 200, "[]");
    let leg = r#"[{"id":"r1@pbx","from-number":"+4930555001","to-number":"204","state":"alerting"}]"#;
    assert!(talk.reply("calls", 200, leg).is_empty(), "its REST id would make a second call of it");
    let said = talk.calls(r#"{"id":"5","from-number":"+4930555001","to-number":"204","state":"alerting"}"#);
    assert_eq!(only(&said, "calls"), ["calls 5 Ringing from +4930555001"]);
    assert_eq!(only(&said, "synced").len(), 1);

    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.reply("accounts", 200, "[]");
    talk.reply("calls", 200, leg);
    assert_eq!(only(&talk.wait_ms(3_001), "/calls [basic]").len(), 1);
    let said = talk.reply("calls", 200, leg);
    assert_eq!(only(&said, "calls"), ["calls r1@pbx Ringing from +4930555001"], "no frame came in its time");
}

#[test]
fn an_idle_new_server_is_whole_without_waiting_for_a_frame() {
    let (mut talk, _) = opened("PBX/70.1", &[]);
    talk.reply("accounts", 200, "[]");
    assert_eq!(only(&talk.reply("calls", 200, "[]"), "synced").len(), 1);
}

#[test]
fn abilities_are_what_the_server_answered() {
    let (mut talk, _) = opened("PBX/67.0", &[]);
    talk.text(NO_CALLS);
    let said = talk.text(PEOPLE);
    let base = "abilities Dial,Answer,HangUp,Hold,Resume,TransferBlind,TransferAttended,Presence";
    assert_eq!(only(&said, "abilities"), [base]);
    assert_eq!(only(&talk.reply("history", 200, "[]"), "abilities"), [format!("{base},History")]);
    assert_eq!(only(&talk.reply("adrbook", 200, "[]"), "abilities"), [format!("{base},History,Contacts")]);
    assert!(only(&talk.reply("user_settings", 403, ""), "abilities").is_empty());
}

#[test]
fn old_servers_are_asked_for_their_list_the_old_way() {
    let (mut talk, _) = opened("PBX/5.1", &[]);
    talk.text(NO_CALLS);
    let said = talk.text(PEOPLE);
    let list = only(&said, "/json");
    assert_eq!(list.len(), 1);
    assert!(list[0].starts_with("POST /json [session]") && list[0].contains("load-cdr-summary"), "{list:?}");
    let past = r#"[{"start":1767225600,"connect":"","end":1767225620,"from":"<sip:+4930555001@t>","to":"<sip:204@t>"}]"#;
    assert_eq!(
        only(&talk.reply("/json", 200, past), "history"),
        ["history 1767225600000 Missed from +4930555001 began 1767225600 ended 1767225620"]
    );
}

#[test]
fn rubbish_is_counted_and_the_link_stays() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    for _ in 0..1000 {
        assert_eq!(talk.text("<html>"), ["skipped"]);
    }
    assert!(talk.is_live());
}
