//! Commands about calls: by action or by REST, once, and never about a call that only looks alike.

use phone_core::told::Command;

use super::talk::{Talk, account, http, only};
use crate::dialect::Input;

const RINGS: &str = r#"{"id":5121,"from":"\"Mara\" <sip:+4930555001@tenant.example;user=phone>","to":"<sip:204@tenant.example>","callstate":"alerting"}"#;
const TALKS: &str = r#"{"id":5122,"from":"<sip:204@tenant.example>","to":"<sip:207@tenant.example>","callstate":"connected"}"#;
const HELD: &str = r#"{"id":5123,"from":"<sip:208@tenant.example>","to":"<sip:204@tenant.example>","callstate":"holding"}"#;
const LEGS: &str = r#"[{"id":"r1@pbx","from-number":"030555001","to-number":"204"},{"id":"r2@pbx","from-number":"204","to-number":"207"},{"id":"r3@pbx","from-number":"208","to-number":"204"}]"#;
const POST: &str = "POST /rest/user/204%40tenant.example/calls [basic] ";

fn answer(key: &str) -> Command {
    Command::Answer { request: 7, key: key.to_owned() }
}
fn hang_up(key: &str) -> Command {
    Command::HangUp { request: 7, key: key.to_owned() }
}
fn hold(key: &str) -> Command {
    Command::Hold { request: 7, key: key.to_owned() }
}
fn resume(key: &str) -> Command {
    Command::Resume { request: 7, key: key.to_owned() }
}
fn transfer(key: &str, to: &str) -> Command {
    Command::TransferTo { request: 7, key: key.to_owned(), to: to.to_owned() }
}
fn join(key: &str, other: &str) -> Command {
    Command::TransferJoin { request: 7, key: key.to_owned(), other: other.to_owned() }
}

fn busy(version: &str) -> Talk {
    let mut talk = Talk::online(version, &[]);
    talk.calls(&format!("{RINGS},{TALKS},{HELD}"));
    talk
}

#[test]
fn actions_carry_the_id_as_text_and_the_party_as_the_pbx_wants_it() {
    for (command, frame) in [
        (answer("5121"), r#"{"action":"accept-call","id":"5121"}"#),
        (hang_up("5121"), r#"{"action":"clear-call","id":"5121"}"#),
        (hold("5122"), r#"{"action":"hold-call","id":"5122"}"#),
        (resume("5123"), r#"{"action":"hold-call","id":"5123"}"#),
        (transfer("5122", "209"), r#"{"action":"blind-transfer","from":"207@tenant.example","id":"5122","to":"209"}"#),
    ] {
        assert_eq!(busy("PBX/67.0").command(&command), [format!("send {frame}")]);
    }
}

#[test]
fn old_servers_are_told_whether_the_call_is_established() {
    for (key, connected) in [("5121", "false"), ("5122", "true"), ("5123", "true")] {
        let frame = format!(r#"send {{"action":"clear-call","connected":"{connected}","id":"{key}"}}"#);
        assert_eq!(busy("PBX/5.1").command(&hang_up(key)), [frame]);
    }
}

#[test]
fn an_attended_transfer_hands_the_held_call_to_the_active_ones_party() {
    let frame =
        r#"send {"action":"att-transfer","from":"208@tenant.example","id":"5123","id2":"5122","to":"207@tenant.example"}"#;
    assert_eq!(busy("PBX/67.0").command(&join("5122", "5123")), [frame]);
    assert_eq!(busy("PBX/67.0").command(&join("5123", "5122")), [frame]);
    assert_eq!(busy("PBX/67.0").command(&join("5122", "9")), ["refused 7 NoSuchCall"]);
}

#[test]
fn the_callers_name_cannot_put_another_address_into_a_transfer() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.calls(r#"{"id":1,"from":"\"<sip:evil@evil.example>\" <sip:208@tenant.example>","to-number":"204","state":"connected"}"#);
    assert_eq!(
        talk.command(&transfer("1", "209")),
        [r#"send {"action":"blind-transfer","from":"208@tenant.example","id":"1","to":"209"}"#]
    );
}

#[test]
fn a_call_that_is_not_there_is_refused_unsent() {
    for version in ["PBX/5.1", "PBX/67.0", "PBX/70.1"] {
        assert_eq!(busy(version).command(&hang_up("9")), ["refused 7 NoSuchCall"]);
        assert_eq!(Talk::online(version, &[]).command(&hold("5122")), ["refused 7 NoSuchCall"]);
    }
}

#[test]
fn tones_cannot_be_sent() {
    let command = Command::Dtmf { request: 7, key: "5122".to_owned(), digits: "1".to_owned() };
    assert_eq!(busy("PBX/67.0").command(&command), ["refused 7 Unsupported"]);
}

#[test]
fn new_servers_are_asked_for_their_own_id_and_then_told_once() {
    for (command, body) in [
        (answer("5121"), r#"{"remote-answer":"r1@pbx"}"#),
        (hang_up("5121"), r#"{"reject":"r1@pbx"}"#),
        (hang_up("5122"), r#"{"hangup":"r2@pbx"}"#),
        (hang_up("5123"), r#"{"hangup":"r3@pbx"}"#),
        (hold("5122"), r#"{"remote-hold":"r2@pbx"}"#),
        (resume("5123"), r#"{"remote-resume":"r3@pbx"}"#),
        (transfer("5122", "209"), r#"{"number":"209","transfer":"r2@pbx"}"#),
        (join("5122", "5123"), r#"{"id":"r3@pbx","transfer":"r2@pbx"}"#),
        (join("5123", "5122"), r#"{"id":"r2@pbx","transfer":"r3@pbx"}"#),
    ] {
        let mut talk = busy("PBX/70.1");
        assert_eq!(talk.command(&command), ["GET /rest/user/204%40tenant.example/calls [basic]"]);
        assert_eq!(talk.reply("calls", 200, LEGS), [format!("{POST}{body}")]);
        assert!(talk.reply("calls", 200, "true").is_empty(), "the effect is seen in the calls");
    }
}

#[test]
fn an_answer_whose_call_is_gone_before_it_was_sent_is_refused_and_one_that_is_answered_is_not_sent() {
    let mut talk = busy("PBX/70.1");
    talk.command(&answer("5121"));
    talk.calls(&format!("{},{TALKS},{HELD}", RINGS.replace("5121", "5129")));
    assert_eq!(talk.reply("calls", 200, LEGS), ["refused 7 NoSuchCall"]);
    let mut talk = busy("PBX/70.1");
    talk.command(&answer("5121"));
    talk.calls(&format!("{},{TALKS},{HELD}", RINGS.replace("alerting", "connected")));
    assert!(talk.reply("calls", 200, LEGS).is_empty(), "lifted at the phone meanwhile");
}

#[test]
fn equal_ids_are_the_same_call_even_among_many() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hang_up("5122"));
    let legs = r#"[{"id":5122,"from-number":"204","to-number":"207"},{"id":"x","from-number":"204","to-number":"207"}]"#;
    assert_eq!(talk.reply("calls", 200, legs), [format!(r#"{POST}{{"hangup":"5122"}}"#)]);
}

#[test]
fn a_leg_that_is_not_clearly_the_call_gets_nothing() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hang_up("5122"));
    assert_eq!(talk.reply("calls", 200, "[]"), ["refused 7 NoSuchCall"], "it is over");
    for legs in [
        // Two that fit.
        r#"[{"id":"a","from-number":"204","to-number":"207"},{"id":"b","from-number":"204","to-number":"207"}]"#,
        // The right party in the wrong direction.
        r#"[{"id":"a","from-number":"207","to-number":"204"}]"#,
        // Another party.
        r#"[{"id":"a","from-number":"204","to-number":"2070"}]"#,
        // No parties, and more than one call.
        r#"[{"id":"a"}]"#,
        // No id.
        r#"[{"from-number":"204","to-number":"207"}]"#,
    ] {
        let mut talk = busy("PBX/70.1");
        talk.command(&hang_up("5122"));
        assert_eq!(talk.reply("calls", 200, legs), ["refused 7 LegUnclear"], "{legs}");
        assert!(talk.open.is_empty());
    }
}

#[test]
fn one_call_here_and_one_nameless_leg_there_are_the_same() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.calls(TALKS);
    talk.command(&hang_up("5122"));
    assert_eq!(talk.reply("calls", 200, r#"[{"id":"a"}]"#), [format!(r#"{POST}{{"hangup":"a"}}"#)]);

    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.calls(TALKS);
    talk.command(&hang_up("5122"));
    assert_eq!(talk.reply("calls", 200, r#"[{"id":"a"},{"id":"b"}]"#), ["refused 7 LegUnclear"]);
}

#[test]
fn a_join_with_one_unclear_side_posts_nothing() {
    let mut talk = busy("PBX/70.1");
    talk.command(&join("5122", "5123"));
    let legs = r#"[{"id":"r2@pbx","from-number":"204","to-number":"207"}]"#;
    assert_eq!(talk.reply("calls", 200, legs), ["refused 7 LegUnclear"]);
    assert!(talk.open.is_empty());
}

#[test]
fn a_call_that_ended_while_its_leg_was_looked_for_gets_nothing() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hang_up("5122"));
    talk.calls(RINGS);
    assert_eq!(talk.reply("calls", 200, LEGS), ["refused 7 LegUnclear"]);
}

#[test]
fn a_call_that_was_answered_while_its_leg_was_looked_for_is_hung_up_not_rejected() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hang_up("5121"));
    talk.calls(&RINGS.replace("alerting", "connected"));
    assert_eq!(talk.reply("calls", 200, LEGS), [format!(r#"{POST}{{"hangup":"r1@pbx"}}"#)]);
}

#[test]
fn a_command_whose_time_is_over_is_not_sent_late() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hang_up("5122"));
    talk.feed(Input::Expired(7));
    assert!(talk.reply("calls", 200, LEGS).is_empty(), "the user was told that nothing happened");
}

#[test]
fn a_lost_question_is_a_refusal_because_nothing_was_sent() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hang_up("5122"));
    let said = talk.lose("calls");
    assert_eq!(said, ["refused 7 QuestionLost"]);
    talk.command(&hang_up("5122"));
    talk.reply("calls", 200, LEGS);
    assert!(talk.lose("calls").is_empty(), "this one may have arrived");
}

#[test]
fn a_resource_that_is_not_there_is_remembered_and_the_next_command_takes_the_other_path() {
    for (first, second) in [((405, ""), None), ((501, ""), None), ((200, LEGS), Some(405)), ((200, LEGS), Some(501))] {
        let mut talk = busy("PBX/70.1");
        talk.command(&hold("5122"));
        let mut said = talk.reply("calls", first.0, first.1);
        if let Some(status) = second {
            said = talk.reply("calls", status, "");
        }
        assert_eq!(only(&said, "refused 7").len(), 1, "{said:?}");
        assert_eq!(only(&said, "learn").len(), 1, "{said:?}");
        assert!(only(&said, "send").is_empty(), "the failed one is not repeated");
        assert_eq!(talk.command(&hold("5122")), [r#"send {"action":"hold-call","id":"5122"}"#]);
        assert_eq!(only(&talk.command(&hang_up("5122")), "GET").len(), 1, "other commands keep their path");
    }
}

#[test]
fn one_strange_answer_is_told_as_it_is_and_teaches_nothing() {
    for (status, body) in [(200, "<html>"), (302, ""), (404, ""), (404, "<html>"), (429, ""), (500, ""), (503, "")] {
        for command in [hold("5122"), hang_up("5122"), transfer("5122", "209"), answer("5121")] {
            let mut talk = busy("PBX/70.1");
            talk.command(&command);
            assert_eq!(talk.reply("calls", status, body), ["refused 7 QuestionLost"], "{status} {body}: nothing was sent");
            assert_eq!(only(&talk.command(&command), "GET").len(), 1, "{status} {body}: the path is as good as before");
        }
    }
    // The leg was listed a moment ago, so the resource is there.
    for command in [hold("5122"), hang_up("5122"), transfer("5122", "209"), answer("5121")] {
        let mut talk = busy("PBX/70.1");
        talk.command(&command);
        talk.reply("calls", 200, LEGS);
        assert_eq!(talk.reply("calls", 404, ""), [r#"refused 7 RefusedByPbx("HTTP 404")"#], "the call is still shown");
        assert_eq!(only(&talk.command(&command), "GET").len(), 1, "{command:?}");
    }
}

#[test]
fn a_resource_that_never_answered_is_not_there() {
    let keys = [("token_url", "https://intranet.example/token")];
    let mut talk = Talk::with(account(&keys), None);
    talk.start();
    talk.reply("", 200, r#"{"session":"tok-1"}"#);
    let mut exchanged = http(200, "true", Some("PBX/70.1"));
    exchanged.cookie = Some(phone_core::Secret::new("abc".to_owned()));
    talk.answer("", exchanged);
    talk.opened();
    talk.reply("accounts", 200, "[]");
    talk.reply("calls", 404, "");
    talk.calls(TALKS);
    talk.settle();
    talk.command(&hold("5122"));
    assert_eq!(talk.reply("calls", 404, ""), [r#"refused 7 RefusedByPbx("HTTP 404")"#, "learn"]);
    assert_eq!(only(&talk.command(&hold("5122")), "hold-call").len(), 1);
}

#[test]
fn what_was_refused_is_asked_for_again_at_a_sign_in_after_a_day() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hold("5122"));
    talk.reply("calls", 405, "");
    let by_rest = |talk: &mut Talk| {
        talk.start();
        if talk.open.iter().any(|r| r.url.path().ends_with("/calls")) {
            talk.reply("calls", 200, "[]");
        }
        talk.go_live();
        talk.calls(TALKS);
        !only(&talk.command(&hold("5122")), "GET").is_empty()
    };
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    talk.closed();
    talk.wait(day / 2);
    assert!(!by_rest(&mut talk), "it was refused today");
    talk.closed();
    talk.wait(day / 2);
    assert!(by_rest(&mut talk));
    // A clock that was wrong keeps nothing away for years.
    let mut talk = busy("PBX/70.1");
    talk.now.wall += jiff::SignedDuration::from_hours(24 * 365);
    talk.command(&hold("5122"));
    talk.reply("calls", 405, "");
    talk.closed();
    talk.now.wall -= jiff::SignedDuration::from_hours(24 * 365);
    assert!(by_rest(&mut talk));
}

#[test]
fn refusals_of_a_command_are_told_and_a_lost_session_ends_the_link() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hold("5122"));
    talk.reply("calls", 200, LEGS);
    assert_eq!(talk.reply("calls", 403, ""), [r#"refused 7 RefusedByPbx("HTTP 403")"#]);
    assert!(talk.is_live());
    talk.command(&hold("5122"));
    assert_eq!(talk.reply("calls", 401, ""), [r#"refused 7 RefusedByPbx("HTTP 401")"#, "failed CredentialsRefused"]);
}

#[test]
fn a_phone_that_does_not_react_to_answer_is_not_offered_it_again() {
    let mut talk = busy("PBX/67.0");
    talk.command(&answer("5121"));
    assert!(talk.feed(Input::Expired(7)).is_empty(), "a link that was silent itself says nothing about the phone");
    talk.command(&answer("5121"));
    talk.wait_ms(100);
    talk.text(r#"{"action":"callerid"}"#);
    let said = talk.feed(Input::Expired(7));
    assert_eq!(said, ["abilities Dial,HangUp,Hold,Resume,TransferBlind,TransferAttended,Presence,Dnd,History,Contacts"]);
    assert!(talk.feed(Input::Expired(7)).is_empty());

    let mut talk = busy("PBX/67.0");
    talk.command(&hang_up("5121"));
    assert!(talk.feed(Input::Expired(7)).is_empty(), "only Answer depends on the phone");
}

#[test]
fn a_phone_that_came_back_or_a_new_sign_in_is_offered_an_answer_again() {
    let without_answer = |talk: &mut Talk| {
        talk.command(&answer("5121"));
        talk.wait_ms(100);
        talk.text(r#"{"action":"callerid"}"#);
        assert_eq!(only(&talk.feed(Input::Expired(7)), "abilities Dial,HangUp").len(), 1);
    };
    let own = |registered: bool| format!(r#"{{"action":"user-state","account":"204","registered":{registered}}}"#);
    let mut talk = busy("PBX/67.0");
    without_answer(&mut talk);
    assert!(only(&talk.text(&own(true)), "abilities").is_empty(), "it was there all the time");
    talk.text(&own(false));
    assert_eq!(only(&talk.text(&own(true)), "abilities Dial,Answer").len(), 1);

    without_answer(&mut talk);
    talk.closed();
    talk.start();
    talk.go_live();
    let told =
        talk.told.iter().rev().find_map(|told| if let phone_core::told::Told::Abilities(all) = told { Some(all) } else { None });
    assert!(told.is_some_and(|all| all.has(phone_core::Ability::Answer)));
}

#[test]
fn a_stranger_whose_number_ends_like_ours_is_no_call_of_ours() {
    let mut talk = Talk::online("PBX/67.0", &[("own_numbers", "+49301234567")]);
    talk.calls(r#"{"id":1,"from-number":"+49891234567","to-number":"204","state":"alerting"}"#);
    assert_eq!(talk.dialect.calls.all[0].seen.direction, phone_core::Direction::Incoming);
    talk.calls(r#"{"id":2,"from-number":"0301234567","to-number":"207","state":"alerting"}"#);
    assert_eq!(talk.dialect.calls.all[0].seen.direction, phone_core::Direction::Outgoing);
    // Nor is the leg of such a stranger the one to hang up.
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.calls(r#"{"id":"1","from-number":"+12125550123","to-number":"204","state":"connected"}"#);
    talk.command(&hang_up("1"));
    let leg = r#"[{"id":"a","from-number":"+16465550123","to-number":"204"}]"#;
    assert_eq!(talk.reply("calls", 200, leg), ["refused 7 LegUnclear"]);
}

#[test]
fn a_resume_is_not_sent_as_a_toggle_after_its_own_path_was_refused() {
    let mut talk = busy("PBX/70.1");
    talk.command(&hold("5122"));
    assert_eq!(only(&talk.reply("calls", 405, ""), "learn").len(), 1);
    // It was offered a moment ago, when one command meant taking back and nothing else.
    assert_eq!(talk.command(&resume("5123")), ["refused 7 HoldSideUnknown"]);
    talk.calls(HELD);
    assert!(!talk.dialect.calls.all[0].seen.resume_is_safe, "it is not offered any more");
}

#[test]
fn nothing_is_sent_twice_by_waiting() {
    for version in ["PBX/5.1", "PBX/67.0", "PBX/70.1"] {
        let mut talk = busy(version);
        talk.said.clear();
        talk.command(&hold("5122"));
        if !talk.open.is_empty() {
            talk.reply("calls", 200, LEGS);
        }
        talk.feed(Input::Expired(7));
        talk.wait_ms(60_000);
        assert_eq!(talk.before("hold-call") + talk.before("remote-hold"), 1, "{version}");
    }
}
