//! The path of a dial: chosen from what the server can, before anything is sent, and sent once.

use super::talk::{Talk, account, http, only};

const PAGE: &str = "GET /remote_call.htm?<hidden> [";

/// Online at a server of this version that tells its calls by frames, has no overview, and answers so to REST's calls.
fn online(version: &str, rest: u16, overview: bool) -> Talk {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in(version);
    talk.opened();
    while let Some(request) = talk.open.first() {
        let calls = request.url.path().ends_with("/calls");
        talk.reply("", if calls { rest } else { 200 }, "[]");
    }
    if overview {
        talk.text(r#"{"action":"domain-state","accounts":[]}"#);
    }
    talk.text(r#"{"action":"call-state","calls":[]}"#);
    talk.wait_ms(3_001);
    while talk.open.iter().any(|r| r.url.path().ends_with("/accounts")) {
        talk.reply("accounts", 200, "[]");
    }
    assert!(talk.is_live());
    talk.settle();
    talk
}

fn path(said: &[String]) -> &'static str {
    assert_eq!(said.len(), 1, "{said:?}");
    [("make-call", "socket"), ("remote-dial", "rest"), (PAGE, "page")]
        .into_iter()
        .find(|(word, _)| said[0].contains(word))
        .map(|(_, path)| path)
        .expect("a dial")
}

#[test]
fn the_page_is_the_choice_only_where_neither_socket_nor_rest_dials() {
    for (version, rest, overview, chosen) in [
        ("PBX/67.0", 404, true, "socket"),
        ("PBX/67.0", 404, false, "socket"),
        ("PBX/5.1", 404, false, "socket"),
        ("PBX/70.1", 200, true, "rest"),
        ("PBX/70.1", 200, false, "rest"),
        ("PBX/70.1", 503, false, "rest"),
        ("PBX/70.1", 404, true, "socket"),
        ("PBX/70.1", 405, true, "socket"),
        ("PBX/70.1", 403, false, "page"),
        ("PBX/70.1", 404, false, "page"),
        ("PBX/70.1", 405, false, "page"),
        ("PBX/70.1", 501, false, "page"),
    ] {
        let mut talk = online(version, rest, overview);
        assert_eq!(path(&talk.dial(7, "207")), chosen, "{version} {rest} {overview}");
    }
}

#[test]
fn an_old_server_whose_socket_says_nothing_is_dialled_by_rest_and_by_the_page_once_that_is_refused() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in("PBX/67.0");
    talk.opened();
    talk.wait_ms(3_001);
    talk.reply("calls", 200, "[]");
    assert!(talk.is_live());
    talk.settle();
    assert_eq!(path(&talk.dial(7, "207")), "rest");
    let said = talk.reply("calls", 404, "");
    assert_eq!(only(&said, "refused 7").len(), 1);
    assert_eq!(said.len(), 2, "it is told and remembered, and nothing is sent: {said:?}");
    assert_eq!(path(&talk.dial(8, "207")), "page");
    // That is refused too: told, and not repeated.
    let said = talk.reply("remote_call", 404, "");
    assert_eq!((only(&said, "refused 8").len(), said.len()), (1, 2), "{said:?}");
    assert_eq!(path(&talk.dial(9, "207")), "rest", "what was refused for a moment is asked again");
}

#[test]
fn a_refused_resource_leads_to_the_page_where_the_socket_knows_no_actions() {
    let mut talk = online("PBX/70.1", 200, false);
    assert_eq!(path(&talk.dial(7, "207")), "rest");
    talk.reply("calls", 404, "");
    assert_eq!(path(&talk.dial(8, "207")), "page");
    // Remembered over a restart of the program.
    let mut config = account(&[]);
    config.learnt = talk.learnt.clone();
    let mut next = Talk::new(config);
    next.sign_in("PBX/70.1");
    next.opened();
    next.reply("accounts", 200, "[]");
    next.text(r#"{"action":"call-state","calls":[]}"#);
    next.settle();
    assert_eq!(path(&next.dial(1, "207")), "page");
}

#[test]
fn a_choice_of_the_user_counts_whatever_the_server_shows() {
    for (chosen, path_of) in [("websocket", "socket"), ("rest", "rest"), ("remote_call", "page")] {
        let mut talk = Talk::online("PBX/70.1", &[("dial_path", chosen)]);
        assert_eq!(path(&talk.dial(7, "207")), path_of);
    }
}

#[test]
fn a_command_for_a_call_that_just_ended_says_nothing_about_the_path() {
    use phone_core::told::Command;
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.calls(r#"{"id":"1","from-number":"204","to-number":"207","state":"connected"}"#);
    let hang_up = Command::HangUp { request: 7, key: "1".to_owned() };
    talk.command(&hang_up);
    talk.reply("calls", 200, r#"[{"id":"r","from-number":"204","to-number":"207"}]"#);
    talk.calls("");
    assert_eq!(talk.reply("calls", 404, ""), ["refused 7 NoSuchCall"]);
}

#[test]
fn a_link_is_whole_only_when_it_is_known_what_a_dial_goes_by() {
    let keys = [("token_url", "https://intranet.example/token")];
    let mut talk = Talk::with(account(&keys), None);
    talk.start();
    talk.reply("", 200, r#"{"session":"tok-1"}"#);
    let mut answer = http(200, "true", Some("PBX/70.1"));
    answer.cookie = Some(phone_core::Secret::new("abc".to_owned()));
    talk.answer("", answer);
    talk.opened();
    talk.reply("accounts", 200, "[]");
    talk.text(r#"{"action":"call-state","calls":[]}"#);
    assert!(!talk.is_live(), "nobody knows yet whether REST dials");
    assert_eq!(only(&talk.reply("calls", 405, ""), "synced").len(), 1);
    assert_eq!(path(&talk.dial(7, "207")), "page");
}
