//! Own presence and do-not-disturb: set, confirmed by reading, told when it changes.

use phone_core::request::OwnPresence;
use phone_core::told::Command;

use super::talk::{Talk, only};

fn set(request: u64, presence: OwnPresence) -> Command {
    Command::SetPresence { request, presence, until: None, note: None }
}

#[test]
fn dnd_is_set_and_confirmed_by_reading_it_back() {
    for (version, method, path) in [
        ("PBX/5.1", "PUT", "/rest/domain/self/account/self/user_settings"),
        ("PBX/67.0", "POST", "/rest/domain/tenant.example/account/204/user_settings"),
        ("PBX/70.1", "POST", "/rest/user/204%40tenant.example/dnd"),
    ] {
        let mut talk = Talk::online(version, &[]);
        let said = talk.command(&set(7, OwnPresence::Dnd));
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with(&format!("{method} {path} ")), "{said:?}");
        let body = if version == "PBX/70.1" {
            r#"{"state":true}"#
        } else {
            r#"{"settings":[{"name":"dnd","value":"true"}],"table":"users"}"#
        };
        assert!(said[0].ends_with(body), "{said:?}");
        let said = talk.reply("", 200, "true");
        assert!(said.len() == 1 && said[0].starts_with(&format!("GET {path}")), "{said:?}");
        let read =
            if version == "PBX/70.1" { r#"{"state":"true"}"# } else { r#"{"settings":{"dnd":{"name":"dnd","value":"true"}}}"# };
        assert_eq!(talk.reply("", 200, read), ["own Unknown dnd=on", "confirmed 7"].map(|l| l.replace("Unknown", "Dnd")));
    }
}

#[test]
fn dnd_that_did_not_change_is_refused_and_a_lost_answer_is_unclear() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.command(&set(7, OwnPresence::Dnd));
    talk.reply("", 200, "");
    assert_eq!(talk.reply("", 200, r#"{"state":false}"#), [r#"refused 7 RefusedByPbx("the setting did not change")"#]);

    talk.command(&set(8, OwnPresence::Dnd));
    assert_eq!(talk.lose("dnd"), ["unclear 8"]);

    talk.command(&set(9, OwnPresence::Dnd));
    talk.reply("", 200, "");
    assert_eq!(talk.lose("dnd"), ["unclear 9"]);

    talk.command(&set(10, OwnPresence::Dnd));
    assert_eq!(talk.reply("", 403, ""), [r#"refused 10 RefusedByPbx("HTTP 403")"#]);

    talk.command(&set(11, OwnPresence::Available));
    let said = talk.reply("", 200, "false");
    assert!(said.len() == 1 && said[0].starts_with("refused 11"), "a false on status 200 is a refusal: {said:?}");
}

#[test]
fn an_end_and_a_note_go_along_where_the_server_takes_them() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    let until = Some(talk.now.wall + jiff::SignedDuration::from_secs(3600));
    let said =
        talk.command(&Command::SetPresence { request: 7, presence: OwnPresence::Dnd, until, note: Some("Lunch".to_owned()) });
    assert!(said[0].ends_with(r#"{"expires":"3600","reason":"Lunch","state":true}"#), "{said:?}");

    let mut talk = Talk::online("PBX/67.0", &[]);
    let command = Command::SetPresence { request: 7, presence: OwnPresence::Dnd, until, note: None };
    assert_eq!(talk.command(&command), ["refused 7 NoEndOrNote"], "without its end it would stay on for ever");
    let noted = Command::SetPresence { request: 8, presence: OwnPresence::Dnd, until: None, note: Some("Lunch".to_owned()) };
    assert_eq!(talk.command(&noted), ["refused 8 NoEndOrNote"], "a note is not dropped in silence");
}

#[test]
fn states_that_the_pbx_does_not_have_are_refused_unsent() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    assert_eq!(talk.command(&set(7, OwnPresence::Away)), ["refused 7 Unsupported"]);
    assert_eq!(talk.command(&set(8, OwnPresence::Busy)), ["refused 8 Unsupported"]);
}

#[test]
fn a_session_that_ran_out_ends_the_setting_and_the_link() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.command(&set(7, OwnPresence::Dnd));
    assert_eq!(talk.reply("", 401, ""), [r#"refused 7 RefusedByPbx("HTTP 401")"#, "failed SessionExpired"]);
}

#[test]
fn the_own_state_is_told_once_per_change() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    let own = r#"{"action":"user-state","account":"204","registered":true,"dnd":false}"#;
    assert_eq!(talk.text(own), ["own Available dnd=off"]);
    assert!(talk.text(own).is_empty());
    let busy = r#"{"action":"user-state","account":"204","code":200}"#;
    assert_eq!(talk.text(busy), ["own InCall dnd=off"]);
    assert_eq!(talk.text(own), ["own Available dnd=off"]);
}

#[test]
fn a_name_from_the_directory_goes_along_with_a_change() {
    let mut talk = Talk::new(super::talk::account(&[]));
    talk.sign_in("PBX/70.1");
    talk.opened();
    talk.reply("accounts", 200, r#"[{"account":"207","name":"Ann"}]"#);
    talk.text(r#"{"action":"call-state","calls":[]}"#);
    let said = talk.text(r#"{"action":"user-state","account":"207","registered":true}"#);
    assert_eq!(only(&said, "person"), [r#"person 207 "Ann" Person Available"#]);
}

#[test]
fn a_switch_at_the_phone_is_seen_where_no_frame_tells_it() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    let asked = |said: &[String]| only(said, "/dnd").len();
    assert_eq!(asked(&talk.wait_ms(44_000)), 0, "slowly");
    assert_eq!(asked(&talk.wait_ms(32_000)), 1);
    assert_eq!(talk.reply("dnd", 200, r#"{"state":"true"}"#), ["own Dnd dnd=on"]);
    assert_eq!(asked(&talk.wait_ms(76_000)), 1, "and on and on");
    assert_eq!(asked(&talk.wait_ms(76_000)), 0, "one question at a time");
    assert_eq!(talk.reply("dnd", 200, r#"{"state":false}"#), ["own Unknown dnd=off"]);
    // Frames are quicker, and nobody is asked any more.
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.text(r#"{"action":"user-state","account":"204","registered":true,"dnd":false}"#);
    assert_eq!(asked(&talk.wait_ms(300_000)), 0);
    assert_eq!(talk.text(r#"{"action":"user-state","account":"204","dnd":true}"#), ["own Dnd dnd=on"]);
}

#[test]
fn a_switch_that_cannot_be_read_any_more_is_not_known() {
    for way in ["lost", "busy", "page", "gone"] {
        let mut talk = Talk::online("PBX/70.1", &[]);
        let miss = |talk: &mut Talk| match way {
            "lost" => talk.lose("dnd"),
            "busy" => talk.reply("dnd", 503, ""),
            "page" => talk.reply("dnd", 200, "<html>"),
            _ => talk.reply("dnd", 404, ""),
        };
        talk.wait_ms(76_000);
        assert!(only(&miss(&mut talk), "own").is_empty(), "{way}: once is nothing");
        talk.wait_ms(31_000);
        assert_eq!(miss(&mut talk), ["own Unknown dnd=?"], "{way}");
        talk.wait_ms(76_000);
        assert_eq!(talk.reply("dnd", 200, r#"{"state":true}"#), ["own Dnd dnd=on"], "{way}: it is asked for again");
    }
}

#[test]
fn an_answer_from_before_a_change_is_not_told_after_it() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.wait_ms(76_000);
    let old = talk.open.iter().find(|r| r.url.path().ends_with("/dnd")).map(|r| r.id).expect("it is read again");
    talk.open.retain(|r| r.id != old);
    talk.command(&set(7, OwnPresence::Dnd));
    talk.reply("dnd", 200, "true");
    assert_eq!(talk.reply("dnd", 200, r#"{"state":true}"#), ["own Dnd dnd=on", "confirmed 7"]);
    let answer = super::talk::http(200, r#"{"state":false}"#, None);
    assert!(talk.feed(crate::dialect::Input::Http(old, Ok(answer))).is_empty());
}
