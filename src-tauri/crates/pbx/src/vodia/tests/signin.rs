//! From nothing to an open socket, at every generation and with every refusal.

use super::super::Generation;
use super::super::signin::generation_of;
use super::talk::{PASSWORD_HASH, SESSION, Talk, account, http, only};
use crate::dialect::Input;
use phone_core::{Reason, Secret};

const SOCKET: &str = "open wss://pbx.example/websocket?domain=tenant.example&user=204 [session]";

#[test]
fn an_unknown_server_is_asked_for_its_version_and_gets_the_password_once() {
    let mut talk = Talk::new(account(&[]));
    assert_eq!(talk.start(), ["GET /rest/system/session []"]);
    let said = talk.answer("", http(200, "{}", Some("PBX/67.0.5 (Debian64)")));
    assert_eq!(said, ["learn", "PUT /rest/system/session [] <hidden>"]);
    let body: serde_json::Value = serde_json::from_str(talk.open[0].body.as_ref().expect("a body").expose()).expect("JSON");
    assert_eq!(body["name"], "auth");
    assert!(body["value"] == format!("204@tenant.example {PASSWORD_HASH}"), "not name, blank and hash");
    assert_eq!(talk.reply("", 200, &format!("\"{SESSION}\"")), [SOCKET]);
    assert!(talk.handshake("Cookie") == Some(&format!("session={SESSION}")), "the session is not the cookie");
}

#[test]
fn an_empty_password_is_sent_as_empty_text() {
    let mut talk = Talk::with(account(&[]), Some(""));
    talk.start();
    talk.answer("", http(200, "{}", Some("PBX/67.0")));
    let body: serde_json::Value = serde_json::from_str(talk.open[0].body.as_ref().expect("a body").expose()).expect("JSON");
    assert!(body["value"] == "204@tenant.example ", "an empty password is not hashed");
}

#[test]
fn the_session_is_taken_from_wherever_it_stands() {
    for body in ["\"abc\"", "abc", r#"{"session":"abc"}"#, r#"{"value":"abc"}"#, r#"{"token":"abc"}"#] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some("PBX/67.0")));
        assert_eq!(talk.reply("", 200, body), [SOCKET], "{body}");
        assert!(talk.handshake("Cookie") == Some("session=abc"), "{body}");
    }
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.answer("", http(200, "{}", Some("PBX/67.0")));
    let mut answer = http(200, "true", None);
    answer.cookie = Some(Secret::new("from-the-cookie".to_owned()));
    assert_eq!(talk.answer("", answer), [SOCKET]);
    assert!(talk.handshake("Cookie") == Some("session=from-the-cookie"));
}

#[test]
fn an_old_server_is_met_at_its_root() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.answer("", http(200, "{}", Some("PBX/5.1.3")));
    assert_eq!(talk.reply("", 200, "\"abc\""), ["open wss://pbx.example/ [session]"]);
}

#[test]
fn a_new_server_gets_basic() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    let said = talk.answer("", http(200, "{}", Some("PBX/70.1")));
    assert_eq!(said, ["learn", "GET /rest/user/204%40tenant.example/calls [basic]"]);
    assert_eq!(talk.reply("", 200, "[]"), ["open wss://pbx.example/websocket?domain=tenant.example&user=204 [basic]"]);
}

#[test]
fn a_token_page_is_exchanged_at_once_and_needs_no_password() {
    let mut talk = Talk::with(account(&[("token_url", "https://intranet.example/token")]), None);
    assert_eq!(talk.start(), ["GET intranet.example/token []"]);
    let page = r#"{"session":"tok-1234567890","server":"pbx.example","user":"204","domain":"tenant.example"}"#;
    assert_eq!(talk.reply("", 200, page), ["POST /rest/system/session [] <hidden>"]);
    let body = talk.open[0].body.as_ref().expect("a body").expose();
    assert!(body == r#"{"name":"session","value":"tok-1234567890"}"#, "not the exchange of the token");
    let mut answer = http(200, "true", Some("PBX/70.1"));
    answer.cookie = Some(Secret::new(SESSION.to_owned()));
    assert_eq!(talk.answer("", answer), ["learn", SOCKET]);
}

#[test]
fn a_used_or_late_token_is_told_and_the_next_start_gets_another() {
    let page = r#"{"session":"tok-1234567890"}"#;
    for (status, body) in [(200, "false"), (200, "\"\""), (200, "null"), (404, ""), (200, "true")] {
        let mut talk = Talk::with(account(&[("token_url", "https://intranet.example/token")]), None);
        talk.start();
        talk.reply("", 200, page);
        assert_eq!(talk.reply("", status, body), [format!("failed TokenPageFailed({status})")], "{body}");
        assert_eq!(talk.start(), ["GET intranet.example/token []"]);
    }
}

#[test]
fn a_token_page_without_a_token_is_told() {
    for (status, body) in [(200, "<html>"), (200, "{}"), (200, r#"{"session":""}"#), (404, "{}"), (302, "")] {
        let mut talk = Talk::with(account(&[("token_url", "https://intranet.example/token")]), None);
        talk.start();
        assert_eq!(talk.reply("", status, body), [format!("failed TokenPageFailed({status})")], "{body}");
    }
}

#[test]
fn a_token_page_says_who_one_is_when_nobody_else_does() {
    let mut config = account(&[("token_url", "https://intranet.example/token")]);
    (config.user, config.domain) = (None, None);
    let mut talk = Talk::with(config, None);
    talk.start();
    talk.reply("", 200, r#"{"session":"tok-1234567890","user":"207","domain":"other.example"}"#);
    let mut answer = http(200, "true", None);
    answer.cookie = Some(Secret::new(SESSION.to_owned()));
    // Nothing has told the version yet, and the token could not wait for it.
    assert_eq!(talk.answer("", answer), ["GET / []"]);
    let open = "open wss://pbx.example/websocket?domain=other.example&user=207 [session]";
    assert_eq!(talk.reply("", 200, "<html>"), [open]);
}

#[test]
fn the_version_of_a_token_pages_own_server_is_not_the_pbxs() {
    let mut talk = Talk::with(account(&[("token_url", "https://intranet.example/token")]), None);
    talk.start();
    let said = talk.answer("", http(200, r#"{"session":"tok-1234567890"}"#, Some("PBX/5.0")));
    assert_eq!(said, ["POST /rest/system/session [] <hidden>"]);
}

#[test]
fn a_false_on_status_200_is_a_refusal() {
    for body in ["false", "\"\"", "null", "\"false\""] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some("PBX/67.0")));
        assert_eq!(talk.reply("", 200, body), ["failed SignInDenied"], "{body}");
        assert!(talk.open.is_empty(), "no second method after a refused password");
    }
}

#[test]
fn refusals_of_the_password_are_told_apart_and_never_followed_by_another_method() {
    for (status, body, reason) in [
        (401, "", "CredentialsRefused"),
        (403, "", "ApiSwitchedOff"),
        (200, "<html>", "WebPageInstead"),
        (302, "", "WebPageInstead"),
        (407, "", "ProxyNeedsSignIn"),
        (429, "", "TooManySessions"),
        (503, "", "ServerBusy"),
        (500, "", "ServerError(500)"),
    ] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some("PBX/67.0")));
        assert_eq!(talk.reply("", status, body), [format!("failed {reason}")], "{status}");
        assert!(talk.open.is_empty());
    }
}

#[test]
fn refusals_of_basic_are_told_apart() {
    for (status, body, reason) in [
        (401, "", "CredentialsRefused"),
        (403, "", "ApiSwitchedOff"),
        (404, "", "UnknownTenantOrUser"),
        (200, "false", "SignInDenied"),
        (200, "<html>", "WebPageInstead"),
        (302, "", "WebPageInstead"),
        (418, "", "NotAPbx"),
    ] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some("PBX/70.1")));
        assert_eq!(talk.reply("", status, body), [format!("failed {reason}")], "{status} {body}");
        assert!(talk.open.is_empty());
    }
}

#[test]
fn a_busy_server_says_when_to_come_again() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    let mut answer = http(503, "", None);
    answer.retry_after = Some(std::time::Duration::from_secs(20));
    assert_eq!(talk.answer("", answer), ["failed ServerBusy after 20 s"]);
}

#[test]
fn a_server_without_the_password_resource_gets_basic_and_is_remembered() {
    for status in [404, 405, 400, 501] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some("PBX/68.0")));
        let said = talk.reply("", status, "");
        assert_eq!(said, ["GET /rest/user/204%40tenant.example/calls [basic]"], "{status}");
        assert_eq!(talk.reply("", 200, "[]").first().map(String::as_str), Some("learn"), "{status}");
        talk.closed();
        assert_eq!(talk.start(), ["GET /rest/user/204%40tenant.example/calls [basic]"], "{status}");
    }
}

#[test]
fn a_redirect_of_a_hotel_network_teaches_nothing_about_the_server() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.answer("", http(200, "{}", Some("PBX/67.0")));
    assert_eq!(talk.reply("", 302, ""), ["failed WebPageInstead"]);
    assert_eq!(talk.start(), ["PUT /rest/system/session [] <hidden>"]);
}

#[test]
fn a_version_that_the_session_answer_lacks_is_read_from_the_start_page() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    assert_eq!(talk.reply("", 404, ""), ["GET / []"]);
    assert_eq!(
        talk.answer("", http(200, "<html>", Some("PBX/70.1"))),
        ["learn", "GET /rest/user/204%40tenant.example/calls [basic]"]
    );
}

#[test]
fn a_server_that_hides_its_version_is_taken_for_an_older_one_when_it_answers_like_one() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    assert_eq!(talk.reply("", 200, r#"{"type":"user"}"#), ["GET / []"]);
    assert_eq!(talk.answer("", http(200, "<html>", Some("nginx"))), ["PUT /rest/system/session [] <hidden>"]);
    assert_eq!(talk.reply("", 200, "\"abc\""), [SOCKET]);
}

#[test]
fn what_is_no_pbx_gets_no_password() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    talk.reply("", 200, "<html>");
    assert_eq!(talk.reply("", 200, "<html>"), ["failed NotAPbx"]);
    assert!(talk.all("PUT").is_empty() && talk.all("[basic]").is_empty());
}

#[test]
fn forced_dialects_decide_the_method_and_the_name_that_is_told() {
    let mut talk = Talk::new(account(&[("dialect", "legacy")]));
    talk.start();
    let said = talk.answer("", http(200, "{}", Some("PBX/70.1")));
    assert_eq!(said, ["learn", "PUT /rest/system/session [] <hidden>"]);
    talk.reply("", 200, "\"abc\"");
    assert!(!only(&talk.opened(), "dialect=legacy").is_empty());

    let mut talk = Talk::new(account(&[("dialect", "modern")]));
    talk.start();
    let said = talk.answer("", http(200, "{}", Some("PBX/67.0")));
    assert_eq!(said, ["learn", "GET /rest/user/204%40tenant.example/calls [basic]"]);
    talk.reply("", 200, "[]");
    assert!(!only(&talk.opened(), "dialect=modern").is_empty());
}

#[test]
fn plain_http_goes_to_this_machine_only_unless_allowed() {
    let start = |url: &str, keys: &[(&str, &str)]| {
        let mut config = account(keys);
        config.url = url::Url::parse(url).expect("an address");
        Talk::new(config).start()
    };
    for url in ["http://pbx.example", "http://192.168.1.5:8080", "http://127.evil.example", "http://localhost.evil.example"] {
        assert_eq!(start(url, &[]), ["failed PlainRefused"], "{url}");
        assert!(start(url, &[("allow_plain_http", "true")])[0].starts_with("GET"), "{url}");
    }
    for url in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
        assert!(start(url, &[])[0].starts_with("GET"), "{url}");
    }
    let keys = [("token_url", "http://intranet.example/token")];
    assert_eq!(start("https://pbx.example", &keys), ["failed PlainRefused"]);
}

#[test]
fn a_missing_tenant_is_found_or_asked_for() {
    let mut config = account(&[]);
    config.domain = None;
    let mut talk = Talk::new(config.clone());
    talk.start();
    talk.answer("", http(200, "{}", Some("PBX/67.0")));
    assert_eq!(talk.reply("", 200, "\"abc\""), ["GET /rest/system/session [session]"]);
    assert_eq!(talk.reply("", 200, r#"{"type":"user","cuser":"204","cdomain":"tenant.example"}"#), [SOCKET]);

    let mut talk = Talk::new(config.clone());
    talk.start();
    talk.answer("", http(200, "{}", Some("PBX/67.0")));
    talk.reply("", 200, "\"abc\"");
    assert_eq!(talk.reply("", 200, "{}"), ["failed TenantNeeded"]);

    let mut talk = Talk::new(config);
    talk.start();
    let said = talk.answer("", http(200, "{}", Some("PBX/70.1")));
    assert_eq!(said, ["learn", "failed TenantNeeded"]);
}

#[test]
fn without_a_password_nothing_is_asked() {
    assert_eq!(Talk::with(account(&[]), None).start(), ["failed SecretMissing"]);
}

#[test]
fn a_base_path_and_a_port_stay_in_every_address() {
    let mut config = account(&[]);
    config.url = url::Url::parse("https://pbx.example:8443/voice/").expect("an address");
    let mut talk = Talk::new(config);
    assert_eq!(talk.start(), ["GET /voice/rest/system/session []"]);
    talk.answer("", http(200, "{}", Some("PBX/67.0")));
    assert_eq!(
        talk.reply("", 200, "\"abc\""),
        ["open wss://pbx.example:8443/voice/websocket?domain=tenant.example&user=204 [session]"]
    );
}

#[test]
fn names_are_encoded_wherever_they_stand() {
    let mut config = account(&[]);
    (config.user, config.domain) = (Some("a&b c".to_owned()), Some("t/x?y#z".to_owned()));
    let mut talk = Talk::new(config);
    talk.start();
    let said = talk.answer("", http(200, "{}", Some("PBX/70.1")));
    assert_eq!(said, ["learn", "GET /rest/user/a%26b%20c%40t%2Fx%3Fy%23z/calls [basic]"]);
    assert_eq!(talk.reply("", 200, "[]"), ["open wss://pbx.example/websocket?domain=t%2Fx%3Fy%23z&user=a%26b%20c [basic]"]);
}

#[test]
fn generations_are_read_from_the_version() {
    for (server, generation) in [
        ("PBX/5.1.3", Some(Generation::Attendant)),
        ("PBX/57.9", Some(Generation::Attendant)),
        ("PBX/58.0", Some(Generation::ClickToDial)),
        ("PBX/67.0.5 (Debian64)", Some(Generation::ClickToDial)),
        ("PBX/68", Some(Generation::ClickToDial)),
        ("PBX/69.5.3", Some(Generation::Subscribe)),
        ("PBX/70.1", Some(Generation::Subscribe)),
        ("PBX/next", None),
        ("PBX/", None),
        ("nginx/1.2", None),
        ("PBX/99999999999999999999", None),
    ] {
        assert_eq!(generation_of(server), generation, "{server}");
    }
}

#[test]
fn an_upgraded_server_is_taken_for_what_it_is_now() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in("PBX/67.0");
    let mut config = account(&[]);
    config.learnt = talk.learnt.clone();
    let mut talk = Talk::new(config);
    assert_eq!(talk.start(), ["PUT /rest/system/session [] <hidden>"]);
    talk.answer("", http(404, "", Some("PBX/70.1")));
    talk.reply("", 200, "[]");
    let said = talk.opened();
    assert!(!only(&said, "dialect=modern").is_empty(), "{said:?}");
}

/// Answers everything that is asked with this status until the attempt has failed, and gives how.
fn failed_by(talk: &mut Talk, mut said: Vec<String>, status: u16) -> String {
    for _ in 0..6 {
        if let Some(failed) = said.iter().find(|line| line.starts_with("failed")) {
            return failed.clone();
        }
        said = talk.reply("", status, "");
    }
    panic!("not failed: {said:?}");
}

#[test]
fn one_strange_answer_is_a_moment_for_an_account_that_worked_before() {
    for version in ["PBX/67.0", "PBX/70.1"] {
        for status in [400, 405, 418, 451] {
            let mut talk = Talk::online(version, &[]);
            let learnt = talk.learnt.clone();
            talk.closed();
            // The session is refused as well, or there is none.
            talk.start();
            let said = if talk.open.is_empty() { talk.not_opened(401) } else { vec![] };
            assert_eq!(failed_by(&mut talk, said, status), "failed Garbage", "{version} {status}");
            // So it is for one that worked before the last start.
            let mut config = account(&[]);
            config.learnt = learnt;
            let mut talk = Talk::new(config);
            let said = talk.start();
            assert_eq!(failed_by(&mut talk, said, status), "failed Garbage", "{version} {status}");
            // Only a new account has to be looked at by its user.
            let mut talk = Talk::new(account(&[]));
            let said = talk.start();
            assert_eq!(failed_by(&mut talk, said, status), "failed NotAPbx", "{version} {status}");
        }
        for strange in [Reason::NotHttp, Reason::NotAPbx, Reason::PlainInsteadOfTls] {
            let mut talk = Talk::online(version, &[]);
            talk.closed();
            talk.start();
            if talk.open.is_empty() {
                talk.not_opened(401);
            }
            let id = talk.open[0].id;
            assert_eq!(talk.feed(Input::Http(id, Err(strange.clone()))), ["failed Garbage"], "{version} {strange:?}");
            let mut talk = Talk::new(account(&[]));
            talk.start();
            let id = talk.open[0].id;
            assert_eq!(talk.feed(Input::Http(id, Err(strange.clone()))), [format!("failed {strange:?}")], "{version}");
        }
    }
}

#[test]
fn a_session_that_fits_into_no_header_is_told_and_never_sent() {
    for session in ["abc\r\nX-Other: 1", "abc\ndef", "abc\u{0}", "abc; other=1", "abcä"] {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        talk.answer("", http(200, "{}", Some("PBX/67.0")));
        let body = serde_json::to_string(session).expect("text");
        assert_eq!(talk.reply("", 200, &body), ["failed Garbage"], "{session:?}");
        // The next attempt does not begin with it either.
        assert_eq!(talk.start(), ["PUT /rest/system/session [] <hidden>"], "{session:?}");
    }
}
