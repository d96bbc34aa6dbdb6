//! Dialling: exactly one thing is sent per request, and its call is found among all others.

use std::time::Duration;

use phone_core::told::Command;

use super::talk::{PASSWORD, Talk, account, http, only};
use crate::dialect::{HttpRequest, Input};

const REST: &str = r#"POST /rest/user/204%40tenant.example/calls [basic] {"name":"+49 30 555001","remote-dial":"+49 30 555001"}"#;

#[test]
fn each_generation_dials_its_way() {
    for version in ["PBX/5.1", "PBX/67.0"] {
        let mut talk = Talk::online(version, &[]);
        assert_eq!(talk.dial(7, "+49 30 555001"), [r#"send {"action":"make-call","to":"+49 30 555001"}"#]);
    }
    assert_eq!(Talk::online("PBX/70.1", &[]).dial(7, "+49 30 555001"), [REST]);
}

#[test]
fn a_forced_path_is_taken_whatever_the_version() {
    let frame = r#"send {"action":"make-call","to":"207"}"#;
    assert_eq!(Talk::online("PBX/70.1", &[("dial_path", "websocket")]).dial(7, "207"), [frame]);
    let said = Talk::online("PBX/67.0", &[("dial_path", "rest")]).dial(7, "207");
    assert_eq!(said, [r#"POST /rest/user/204%40tenant.example/calls [session] {"name":"207","remote-dial":"207"}"#]);
    let said = Talk::online("PBX/70.1", &[("dial_path", "remote_call")]).dial(7, "207");
    assert_eq!(said, ["GET /remote_call.htm?<hidden> []"]);
}

/// Plays everything that can happen to a dial and counts what was sent for it.
fn dials_sent_when(version: &str, keys: &[(&str, &str)], then: impl FnOnce(&mut Talk)) -> usize {
    let mut talk = Talk::online(version, keys);
    talk.dial(7, "207");
    then(&mut talk);
    talk.feed(Input::Expired(7));
    talk.wait(Duration::from_secs(60));
    talk.feed(Input::Stop);
    talk.start();
    if talk.open.iter().any(|r| r.url.path().ends_with("/calls")) {
        talk.reply("calls", 200, "[]");
    }
    talk.go_live_again();
    talk.wait(Duration::from_secs(60));
    ["make-call", "remote-dial", "remote_call"].iter().map(|word| talk.before(word)).sum()
}

#[test]
fn one_dial_is_one_frame_or_request_whatever_follows() {
    let paths: [(&str, &[(&str, &str)]); 4] =
        [("PBX/5.1", &[]), ("PBX/67.0", &[]), ("PBX/70.1", &[]), ("PBX/70.1", &[("dial_path", "remote_call")])];
    for (version, keys) in paths {
        assert_eq!(dials_sent_when(version, keys, |_| {}), 1, "{version}");
        for status in [200, 302, 400, 403, 404, 405, 409, 500, 501, 502, 503] {
            let sent = dials_sent_when(version, keys, |talk| {
                if !talk.open.is_empty() {
                    talk.reply("", status, "");
                }
            });
            assert_eq!(sent, 1, "{version} {status}");
        }
        let sent = dials_sent_when(version, keys, |talk| {
            if !talk.open.is_empty() {
                talk.lose("");
            }
        });
        assert_eq!(sent, 1, "{version} lost");
        let sent = dials_sent_when(version, keys, |talk| {
            talk.closed();
        });
        assert_eq!(sent, 1, "{version} closed");
    }
}

#[test]
fn an_unusable_path_is_told_remembered_and_not_repeated() {
    for status in [404, 405, 501] {
        let mut talk = Talk::online("PBX/70.1", &[]);
        talk.dial(7, "207");
        assert_eq!(talk.reply("", status, ""), [format!(r#"refused 7 RefusedByPbx("HTTP {status}")"#), "learn".to_owned()]);
        assert_eq!(talk.dial(8, "207"), [r#"send {"action":"make-call","to":"207"}"#]);
        // The next start of the program knows it too, until the server has another version.
        let mut config = account(&[]);
        config.learnt = talk.learnt.clone();
        let mut next = Talk::new(config.clone());
        next.sign_in("PBX/70.1");
        next.go_live();
        assert_eq!(only(&next.dial(1, "207"), "make-call").len(), 1);
        let mut upgraded = Talk::new(config);
        upgraded.sign_in("PBX/70.3");
        upgraded.go_live();
        assert_eq!(only(&upgraded.dial(1, "207"), "remote-dial").len(), 1);
    }
}

#[test]
fn a_refusal_of_this_number_says_nothing_about_the_path() {
    for status in [400, 403, 409, 422] {
        let mut talk = Talk::online("PBX/70.1", &[]);
        talk.dial(7, "207");
        assert_eq!(talk.reply("", status, ""), [format!(r#"refused 7 RefusedByPbx("HTTP {status}")"#)]);
        assert_eq!(only(&talk.dial(8, "207"), "remote-dial").len(), 1);
    }
}

#[test]
fn errors_that_may_have_come_after_the_effect_end_nothing() {
    for status in [500, 502, 503, 504] {
        let mut talk = Talk::online("PBX/70.1", &[]);
        talk.dial(7, "207");
        assert!(talk.reply("", status, "").is_empty(), "{status}");
        assert_eq!(
            talk.calls(r#"{"id":9,"from-number":"204","to-number":"207","state":"alerting"}"#),
            ["calls 9 Ringing to 207 for 7"]
        );
    }
}

#[test]
fn a_false_on_status_200_is_a_refused_dial() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.dial(7, "207");
    assert_eq!(talk.reply("", 200, "false"), [r#"refused 7 RefusedByPbx("answer: false")"#]);
    let later = talk.calls(r#"{"id":9,"from-number":"204","to-number":"207","state":"connected"}"#);
    assert_eq!(later, ["calls 9 Connected to 207"], "a refused dial has no call");
}

#[test]
fn remote_call_is_the_last_resort_only() {
    let mut config = account(&[]);
    let mut learnt: serde_json::Value =
        serde_json::from_str(&Talk::online("PBX/70.1", &[]).learnt.expect("learnt")).expect("JSON");
    learnt["refused"] = serde_json::json!({"rest_dial": 1_767_225_600});
    config.learnt = Some(learnt.to_string());
    let mut talk = Talk::new(config.clone());
    talk.sign_in("PBX/70.1");
    talk.go_live();
    assert_eq!(only(&talk.dial(1, "207"), "make-call").len(), 1);

    learnt["refused"] = serde_json::json!({"rest_dial": 1_767_225_600, "websocket_dial": 1_767_225_600});
    config.learnt = Some(learnt.to_string());
    let mut talk = Talk::new(config);
    talk.sign_in("PBX/70.1");
    talk.go_live();
    assert_eq!(talk.dial(1, "207"), ["GET /remote_call.htm?<hidden> []"]);
}

#[test]
fn both_editions_of_the_hash_are_sent_hidden() {
    for (version, hash, duration) in
        [("PBX/67.0", None, false), ("PBX/70.1", None, true), ("PBX/67.0", Some("new"), true), ("PBX/70.1", Some("old"), false)]
    {
        let mut keys = vec![("dial_path", "remote_call")];
        keys.extend(hash.map(|h| ("remote_call_hash", h)));
        let mut talk = Talk::online(version, &keys);
        assert_eq!(talk.dial(7, "+4930 1"), ["GET /remote_call.htm?<hidden> []"]);
        let request: &HttpRequest = &talk.open[0];
        assert!(request.url.query().is_none(), "the address is logged");
        let query = request.hidden_query.as_ref().expect("a query").expose();
        assert!(query.starts_with("user=204%40tenant.example&extension=true&dest=%2B4930%201&time=17672256"));
        assert!(query.ends_with("&connect=true"));
        assert!(query.contains("&duration=") == duration, "the edition is wrong");
        let auth = query.split("&auth=").nth(1).and_then(|t| t.split('&').next()).expect("a hash");
        assert!(auth.len() == 32 && auth.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert!(!query.contains(PASSWORD));
    }
}

#[test]
fn with_a_session_but_no_password_the_destination_is_enough() {
    let keys = [("token_url", "https://intranet.example/token"), ("dial_path", "remote_call")];
    let mut talk = Talk::with(account(&keys), None);
    talk.start();
    talk.reply("", 200, r#"{"session":"tok-1234567890"}"#);
    let mut answer = http(200, "true", Some("PBX/67.0"));
    answer.cookie = Some(phone_core::Secret::new("abc".to_owned()));
    talk.answer("", answer);
    talk.go_live();
    assert_eq!(talk.dial(7, "207"), ["GET /remote_call.htm?<hidden> [session]"]);
    let query = talk.open[0].hidden_query.as_ref().expect("a query").expose();
    assert!(query == "dest=207&connect=true");
}

#[test]
fn a_refused_hash_is_not_a_lost_session() {
    let mut talk = Talk::online("PBX/67.0", &[("dial_path", "remote_call")]);
    talk.dial(7, "207");
    assert_eq!(talk.reply("", 401, ""), [r#"refused 7 RefusedByPbx("HTTP 401")"#]);
    assert!(talk.is_live());
}

#[test]
fn the_call_of_a_dial_is_found_in_every_spelling_of_its_number() {
    for (dialled, shown) in [
        ("+4930555001", "+4930555001"),
        ("+4930555001", "030555001"),
        ("030555001", "+4930555001"),
        ("030555001", "0030555001"),
        ("0049 30 555001", "+4930555001"),
        ("207", "207"),
        ("110", "0110"),
        ("*97", "*97"),
    ] {
        let mut talk = Talk::online("PBX/67.0", &[]);
        talk.dial(7, dialled);
        let said = talk.calls(&format!(r#"{{"id":9,"from-number":"204","to-number":"{shown}","callstate":"ringback"}}"#));
        assert_eq!(said, [format!("calls 9 Ringing to {shown} for 7")], "{dialled}");
    }
}

#[test]
fn the_own_leg_first_is_the_call_of_the_dial() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.dial(7, "+4930555001");
    assert_eq!(
        talk.calls(r#"{"id":9,"from-number":"204","to-number":"204","callstate":"alerting"}"#),
        ["calls 9 CallingOwnPhone to 204 for 7"]
    );
    assert_eq!(
        talk.calls(r#"{"id":9,"from-number":"204","to-number":"+4930555001","callstate":"ringback"}"#),
        ["calls 9 Ringing to +4930555001 for 7"]
    );
    assert_eq!(
        talk.calls(r#"{"id":9,"from-number":"204","to-number":"+4930555001","callstate":"connected"}"#),
        ["calls 9 Connected to +4930555001 for 7"]
    );
}

#[test]
fn calls_that_are_not_the_dials_are_left_alone() {
    for (dialled, call) in [
        ("207", r#"{"id":9,"from-number":"204","to-number":"208","callstate":"ringback"}"#),
        ("207", r#"{"id":9,"from-number":"207","to-number":"204","callstate":"alerting"}"#),
        ("207", r#"{"id":9,"from-number":"+4930555001","to-number":"204","callstate":"connected"}"#),
        ("+4930555001", r#"{"id":9,"from-number":"204","to-number":"+4930555002","callstate":"ringback"}"#),
        ("+4930555001", r#"{"id":9,"from-number":"204","to-number":"01","callstate":"ringback"}"#),
    ] {
        let mut talk = Talk::online("PBX/67.0", &[]);
        talk.dial(7, dialled);
        let said = talk.calls(call);
        assert!(!said[0].contains("for 7"), "{said:?}");
    }
}

#[test]
fn a_call_that_was_there_before_is_never_the_dials() {
    let before = r#"{"id":9,"from-number":"204","to-number":"207","callstate":"connected"}"#;
    let new = r#"{"id":10,"from-number":"204","to-number":"207","callstate":"ringback"}"#;
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.calls(before);
    talk.dial(7, "207");
    assert_eq!(talk.calls(before), ["calls 9 Connected to 207"]);
    assert_eq!(talk.calls(&format!("{before},{new}")), ["calls 9 Connected to 207 | 10 Ringing to 207 for 7"]);
}

#[test]
fn two_dials_to_one_number_keep_their_own_calls() {
    let one = r#"{"id":9,"from-number":"204","to-number":"207","callstate":"connected"}"#;
    let two = r#"{"id":10,"from-number":"204","to-number":"207","callstate":"ringback"}"#;
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.dial(7, "207");
    assert_eq!(talk.calls(one), ["calls 9 Connected to 207 for 7"]);
    talk.dial(8, "207");
    let both = "calls 9 Connected to 207 for 7 | 10 Ringing to 207 for 8";
    assert_eq!(talk.calls(&format!("{one},{two}")), [both]);
    assert_eq!(talk.calls(&format!("{two},{one}")), ["calls 10 Ringing to 207 for 8 | 9 Connected to 207 for 7"]);
}

#[test]
fn a_dial_looks_for_its_call_for_a_while_only() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.dial(7, "207");
    talk.wait(Duration::from_secs(46));
    let said = talk.calls(r#"{"id":9,"from-number":"204","to-number":"207","callstate":"ringback"}"#);
    assert_eq!(said, ["calls 9 Ringing to 207"]);
}

#[test]
fn nothing_is_dialled_before_the_picture_is_whole() {
    let mut talk = Talk::new(account(&[]));
    assert_eq!(talk.dial(1, "207"), ["refused 1 Offline"]);
    talk.start();
    assert_eq!(talk.dial(2, "207"), ["refused 2 Offline"]);
    talk.sign_in("PBX/67.0");
    assert_eq!(talk.dial(3, "207"), ["refused 3 Offline"]);
    talk.opened();
    let command = Command::Dial { request: 4, to: "207".to_owned() };
    assert_eq!(talk.command(&command), ["refused 4 Offline"]);
}

#[test]
fn a_number_cannot_break_out_of_its_frame_or_body() {
    let hostile = r#"1","action":"sip-register","x":"\"#;
    for version in ["PBX/67.0", "PBX/70.1"] {
        let mut talk = Talk::online(version, &[]);
        let said = talk.dial(7, hostile);
        let json = said[0].split_once('{').map(|(_, rest)| format!("{{{rest}")).expect("JSON");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert!(value["to"] == hostile || value["remote-dial"] == hostile);
    }
}
