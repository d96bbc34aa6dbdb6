//! The session over several attempts: reuse, renewal, refusal, and what was learnt.

use std::time::Duration;

use phone_core::Reason;
use phone_core::told::Command;

use super::talk::{Talk, account, http, only};
use crate::dialect::{Input, NotOpened, Wire};

const BASIC: &str = "GET /rest/user/204%40tenant.example/calls [basic]";

#[test]
fn a_session_is_used_again_after_a_lost_link() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    assert_eq!(talk.closed(), ["failed Dropped"]);
    assert_eq!(talk.start(), ["open wss://pbx.example/websocket?domain=tenant.example&user=204 [session]"]);
}

#[test]
fn a_session_that_ran_out_is_renewed_within_the_same_attempt() {
    for status in [401, 403] {
        let mut talk = Talk::online("PBX/67.0", &[]);
        talk.closed();
        talk.start();
        assert_eq!(talk.not_opened(status), ["PUT /rest/system/session [] <hidden>"]);
        talk.reply("", 200, "\"other\"");
        assert!(talk.handshake("Cookie") == Some("session=other"));
        let said = talk.not_opened(status);
        assert!(said.len() == 1 && said[0].starts_with("failed"), "a fresh session is not renewed again: {said:?}");
    }
}

#[test]
fn basic_that_the_handshake_refuses_leads_to_the_password_resource_once() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in("PBX/70.1");
    assert_eq!(talk.not_opened(401), ["PUT /rest/system/session [] <hidden>"]);
    let said = talk.reply("", 200, "\"abc\"");
    assert_eq!(said, ["open wss://pbx.example/websocket?domain=tenant.example&user=204 [session+basic]"]);
    let said = talk.not_opened(401);
    assert!(said.len() == 1 && said[0].starts_with("failed"), "{said:?}");
    assert_eq!(talk.all("PUT").len(), 1);
}

#[test]
fn handshake_refusals_are_told_apart() {
    for (status, reason) in [
        (404, "WebSocketRefused(404)"),
        (400, "WebSocketRefused(400)"),
        (200, "WebSocketRefused(200)"),
        (407, "ProxyNeedsSignIn"),
        (429, "TooManySessions"),
        (503, "ServerBusy"),
        (502, "ServerError(502)"),
    ] {
        let mut talk = Talk::new(account(&[]));
        talk.sign_in("PBX/67.0");
        assert_eq!(talk.not_opened(status), [format!("failed {reason}")], "{status}");
    }
    let mut talk = Talk::new(account(&[]));
    talk.sign_in("PBX/67.0");
    let wire = talk.wire.expect("a socket");
    let after = NotOpened::Status(503, Some(Duration::from_secs(7)));
    assert_eq!(talk.feed(Input::NotOpened(wire, after)), ["failed ServerBusy after 7 s"]);
    talk.start();
    let wire = talk.wire.expect("a socket");
    assert_eq!(talk.feed(Input::NotOpened(wire, NotOpened::Reason(Reason::TlsFailed))), ["failed TlsFailed"]);
}

#[test]
fn a_server_of_unknown_version_is_tried_at_its_root_and_that_is_forgotten_when_it_fails_too() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.reply("", 200, "{}");
    talk.reply("", 200, "<html>");
    talk.reply("", 200, "\"abc\"");
    assert_eq!(talk.not_opened(404), ["learn", "open wss://pbx.example/ [session]"]);
    assert_eq!(talk.not_opened(404), ["learn", "failed WebSocketRefused(404)"]);
    let again = talk.start();
    assert_eq!(again, ["open wss://pbx.example/websocket?domain=tenant.example&user=204 [session]"]);
}

#[test]
fn what_was_learnt_skips_the_probing_at_the_next_start() {
    for (version, first) in [
        ("PBX/5.1", "PUT /rest/system/session [] <hidden>"),
        ("PBX/67.0", "PUT /rest/system/session [] <hidden>"),
        ("PBX/70.1", BASIC),
    ] {
        let talk = Talk::online(version, &[]);
        let learnt = talk.learnt.expect("something was learnt");
        let mut config = account(&[]);
        config.learnt = Some(learnt);
        assert_eq!(Talk::new(config).start(), [first], "{version}");
    }
}

#[test]
fn learnt_text_gives_back_what_was_learnt() {
    for version in ["PBX/5.1", "PBX/67.0.5 (Debian64)", "PBX/70.1", "PBX/\"odd\\"] {
        let mut talk = Talk::new(account(&[]));
        talk.sign_in(version);
        talk.go_live();
        talk.dial(7, "207");
        if !talk.open.is_empty() {
            talk.reply("", 404, "");
        }
        let mut config = account(&[]);
        config.learnt = talk.learnt.clone();
        assert!(config.learnt.is_some());
        assert_eq!(Talk::new(config).dialect.learnt, talk.dialect.learnt, "{version}");
    }
}

#[test]
fn learnt_text_that_cannot_be_read_is_as_none() {
    for text in ["", "x", "[]", "{\"generation\":\"later\"}", "{\"refused\":7}"] {
        let mut config = account(&[]);
        config.learnt = Some(text.to_owned());
        assert_eq!(Talk::new(config).start(), ["GET /rest/system/session []"], "{text}");
    }
}

#[test]
fn a_session_that_runs_out_while_online_is_renewed() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.text(r#"{"action":"missed-calls"}"#);
    talk.wait_ms(300);
    assert_eq!(talk.reply("history", 401, ""), ["failed SessionExpired"]);
    assert_eq!(talk.start(), ["PUT /rest/system/session [] <hidden>"]);
}

#[test]
fn basic_that_is_refused_while_online_is_a_refused_password() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.text(r#"{"action":"missed-calls"}"#);
    talk.wait_ms(300);
    assert_eq!(talk.reply("history", 401, ""), ["failed CredentialsRefused"]);
}

#[test]
fn a_resource_that_never_answered_is_only_not_there() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in("PBX/67.0");
    talk.opened();
    talk.text(r#"{"action":"domain-state","accounts":[],"calls":[]}"#);
    talk.text(r#"{"action":"call-state","calls":[]}"#);
    let said = talk.reply("adrbook", 401, "");
    assert!(!said.iter().any(|s| s.starts_with("failed")), "{said:?}");
}

#[test]
fn a_connection_that_fails_during_sign_in_is_told_as_it_is() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    assert_eq!(talk.lose(""), ["failed AnswerTimedOut"]);
    assert!(talk.dialect_is_quiet());
}

#[test]
fn after_a_failure_nothing_is_sent_until_the_next_start() {
    for version in ["PBX/5.1", "PBX/67.0", "PBX/70.1"] {
        let mut talk = Talk::online(version, &[]);
        talk.calls(r#"{"id":1,"from-number":"+4930555001","to-number":"204","state":"alerting"}"#);
        talk.closed();
        assert_eq!(talk.dial(7, "207"), ["refused 7 Offline"]);
        let hang_up = Command::HangUp { request: 8, key: "1".to_owned() };
        assert_eq!(talk.command(&hang_up), ["refused 8 Offline"]);
        assert!(talk.text(r#"{"action":"call-state","calls":[{"id":1}]}"#).is_empty());
        assert!(talk.not_opened(401).is_empty());
        assert!(talk.opened().is_empty());
        assert!(talk.closed().is_empty());
        assert!(talk.wait(Duration::from_secs(120)).is_empty());
        assert!(talk.dialect_is_quiet());
    }
}

#[test]
fn words_of_an_older_socket_are_not_heard() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    let old = talk.wire.expect("a socket");
    talk.closed();
    talk.start();
    assert!(talk.feed(Input::Closed(old)).is_empty());
    assert!(talk.feed(Input::Text(old, r#"{"action":"call-state","calls":[]}"#)).is_empty());
    assert!(talk.feed(Input::Opened(old)).is_empty());
    assert!(talk.feed(Input::Text(Wire(999), r#"{"action":"call-state","calls":[]}"#)).is_empty());
    assert!(!talk.opened().is_empty());
}

#[test]
fn a_close_of_the_last_attempts_socket_does_not_end_the_next_sign_in() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in("PBX/70.1");
    talk.go_live();
    talk.feed(Input::Stop);
    talk.start();
    assert!(talk.closed().is_empty(), "the socket before is no longer ours");
    assert!(talk.text(r#"{"action":"call-state","calls":[]}"#).is_empty());
    assert!(!only(&talk.reply("", 200, "[]"), "open").is_empty());
}

#[test]
fn an_answer_of_the_attempt_before_is_not_heard() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    let old = talk.open[0].id;
    talk.start();
    assert!(talk.feed(Input::Http(old, Ok(http(200, "{}", Some("PBX/67.0"))))).is_empty());
}
