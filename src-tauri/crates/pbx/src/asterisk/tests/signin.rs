//! Signing in, its refusals, and the first picture.

use phone_core::Ability;
use phone_core::told::{Command, Told};
use url::Url;

use super::super::Phase;
use super::replay::{connected_at_the_beginning, packets};
use super::talk::{Talk, account, recorded};
use crate::dialect::{Dialect, Input};

#[test]
fn the_secret_itself_never_crosses_the_wire() {
    let mut talk = Talk::new(account(&[]));
    assert_eq!(talk.start(), ["connect tls://pbx.example:5039"]);
    let wire = talk.wire.expect("a stream");
    assert!(talk.feed(Input::Opened(wire)).is_empty() && talk.sent.is_empty(), "the server speaks first");
    talk.bytes("Asterisk Call Manager/11.0.0\r\n");
    assert_eq!(talk.sent, ["Action: Challenge\r\nActionID: 500000000001\r\nAuthType: MD5\r\n\r\n"]);
    talk.answer("Challenge", "Response: Success\r\nChallenge: 361038275");
    // MD5 of `361038275Sample-Pw9`.
    assert_eq!(
        talk.hidden,
        [
            "Action: Login\r\nActionID: 500000000002\r\nAuthType: MD5\r\nUsername: tray100\r\nKey: 6b76f240ec8ce4ec594358b864e5a3a9\r\nEvents: on\r\n\r\n"
        ]
    );
}

#[test]
fn without_encryption_only_this_machine_is_reached_unless_allowed() {
    let start = |url: &str, keys: &[(&str, &str)]| {
        let mut config = account(keys);
        config.url = Url::parse(url).expect("an address");
        Talk::new(config).start()
    };
    assert_eq!(start("ami://pbx.example", &[]), ["failed PlainRefused"]);
    assert_eq!(start("ami://pbx.example", &[("allow_plain", "true")]), ["connect tcp://pbx.example:5038"]);
    assert_eq!(start("ami://127.0.0.1", &[]), ["connect tcp://127.0.0.1:5038"]);
    assert_eq!(start("ami://localhost:15038", &[]), ["connect tcp://localhost:15038"]);
    assert_eq!(start("amis://[2001:db8::1]", &[]), ["connect tls://[2001:db8::1]:5039"]);
}

#[test]
fn refusals_are_told_apart() {
    let refused = |message: &str| {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        let wire = talk.wire.expect("a stream");
        talk.feed(Input::Opened(wire));
        talk.bytes("Asterisk Call Manager/5.0.4\r\n");
        talk.answer("Challenge", "Response: Success\r\nChallenge: 1");
        let said = talk.answer("Login", &format!("Response: Error\r\nMessage: {message}"));
        assert!(talk.feed(Input::Closed(wire)).is_empty(), "the server closes after it, which says nothing more");
        said
    };
    assert_eq!(refused("Authentication failed"), ["failed SignInDenied"]);
    assert_eq!(refused("Login Already In Use"), ["failed TooManySessions"]);
    assert_eq!(refused("Permission denied"), ["failed Garbage"]);
}

#[test]
fn what_is_no_such_server_gets_no_name_and_no_secret() {
    let mut talk = Talk::new(account(&[]));
    talk.start();
    let wire = talk.wire.expect("a stream");
    talk.feed(Input::Opened(wire));
    assert_eq!(talk.bytes("HTTP/1.1 400 Bad Request\r\n"), ["failed NotAPbx"]);
    assert!(talk.sent.is_empty() && talk.hidden.is_empty());
}

#[test]
fn the_first_picture_is_told_whole_and_then_it_is_online() {
    let mut talk = Talk::new(account(&[]));
    talk.dnd = true;
    talk.sign_in();
    assert_eq!(talk.said.last().map(String::as_str), Some("signed in"));
    talk.sync("");
    let said: Vec<&str> = talk.said.iter().map(String::as_str).collect();
    let online = said.iter().position(|line| *line == "synced").expect("online");
    for line in ["people 101,102", "own Dnd Some(true)", "calls"] {
        assert!(said[..online].contains(&line), "{line}: {said:?}");
    }
    let Some(Told::Abilities(abilities)) = talk.told.iter().find(|told| matches!(told, Told::Abilities(_))) else {
        panic!("no abilities")
    };
    use Ability::{Consult, Deflect, Dial, Dnd, Dtmf, HangUp, Park, PickUp, Presence, TransferAttended, TransferBlind};
    let all = [Dial, HangUp, Dtmf, TransferBlind, TransferAttended, Presence, Dnd, Consult, Park, PickUp, Deflect];
    assert_eq!(*abilities, phone_core::Abilities::of(&all), "and neither answering nor holding, which may end calls");
}

#[test]
fn those_who_may_not_list_the_channels_get_them_in_another_way() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    talk.answer("CoreShowChannels", "Response: Error\r\nMessage: Permission denied");
    let (id, _) = talk.take("Status");
    let list = recorded("sync_connected_held");
    let items = list.split("\r\n\r\n").filter(|text| text.starts_with("Event: Status\r\n"));
    talk.bytes(&format!("Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"));
    for item in items {
        talk.bytes(&format!("{}\r\n\r\n", item.replace("ActionID: 4", &format!("ActionID: {id}"))));
    }
    talk.bytes(&format!("Event: StatusComplete\r\nActionID: {id}\r\nItems: 2\r\n\r\n"));
    talk.sync("");
    assert_eq!(talk.calls().len(), 1, "{:?}", talk.said);
}

#[test]
fn after_a_gap_calls_go_on_under_their_ids_and_nobody_claims_to_know_who_holds() {
    let list = connected_at_the_beginning("hold_resume");
    let mut talk = Talk::online_with(&[], &list);
    let key = talk.calls()[0].key.clone();
    talk.bytes(&format!("Event: Hold\r\nChannel: PJSIP/100-00000029\r\nUniqueid: {key}\r\nMusicClass: default\r\n\r\n"));
    let wire = talk.wire.expect("a stream");
    assert_eq!(talk.feed(Input::Closed(wire)), ["failed Dropped"]);
    talk.feed(Input::Stop);
    talk.sign_in();
    talk.said.clear();
    talk.sync(&list);
    assert_eq!(talk.calls()[0].key, key);
    assert_eq!(talk.calls()[0].state, phone_core::call::SeenState::Unknown);
    // Once more, and nothing of it is left.
    talk.feed(Input::Closed(wire));
    talk.sign_in();
    talk.sync("");
    assert!(talk.calls().is_empty() && talk.dialect.phase == Phase::Live);
    assert_eq!(talk.dialect.channels.len(), 0);
}

#[test]
fn a_dial_that_outlived_the_link_is_known_again_and_never_sent_again() {
    let mut talk = Talk::online(&[]);
    talk.dial(7, "101");
    let (_, sent) = talk.take("Originate");
    let id = sent.split("ChannelId: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("an id").to_owned();
    assert!(id.starts_with("tray-100-"), "{id}");
    let wire = talk.wire.expect("a stream");
    talk.feed(Input::Closed(wire));
    talk.sign_in();
    talk.sync(
        &recorded_list("sync_click_to_dial_connected").replace("tray-100-1-s1", &id).replace("ActionID: 11", "ActionID: 0"),
    );
    let calls = talk.calls();
    assert_eq!((calls.len(), calls[0].key.as_str(), calls[0].request), (1, id.as_str(), Some(7)));
    assert_eq!(talk.sent("Originate").len(), 1);
}

fn recorded_list(name: &str) -> String {
    let items = recorded(name);
    let items = items.split("\r\n\r\n").filter(|text| text.starts_with("Event: CoreShowChannel\r\n"));
    items.map(|item| format!("{item}\r\n\r\n")).collect()
}

#[test]
fn pictures_of_calls_that_began_before_are_understood() {
    let calls = |name: &str, id: &str| {
        let list = recorded_list(name).replace(&format!("ActionID: {id}"), "ActionID: 0");
        let talk = Talk::online_with(&[], &list);
        talk.calls().iter().map(|call| (call.direction, call.state)).collect::<Vec<_>>()
    };
    use phone_core::Direction::{Incoming, Outgoing};
    use phone_core::call::SeenState::{CallingOwnPhone, Ringing, Unknown};
    assert_eq!(calls("sync_connected_held", "3"), [(Incoming, Unknown)]);
    assert_eq!(calls("sync_outgoing_connected", "12"), [(Outgoing, Unknown)]);
    assert_eq!(calls("sync_click_to_dial_ringing", "9"), [(Outgoing, CallingOwnPhone)]);
    assert_eq!(calls("sync_click_to_dial_connected", "11"), [(Outgoing, Unknown)]);
    assert_eq!(calls("sync_idle", "6"), []);
    let _ = Ringing;
}

#[test]
fn a_server_that_has_just_been_started_is_asked_again() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    // The server tells its own time; the tests are at 20:00:00 by UTC.
    talk.answer("CoreStatus", "Response: Success\r\nCoreStartupDate: 2026-11-21\r\nCoreStartupTime: 20:59:52");
    talk.sync("");
    talk.asked.clear();
    talk.wait_ms(5_100);
    assert!(talk.asked.iter().any(|(_, name, _)| name == "ExtensionStateList"), "{:?}", talk.asked);
    talk.sync("");
    talk.wait_ms(5_100);
    assert!(talk.asked.iter().all(|(_, name, _)| name == "Ping"), "once is enough: {:?}", talk.asked);
}

#[test]
fn a_quiet_server_is_asked_for_a_sign_of_life() {
    let mut talk = Talk::online(&[]);
    for _ in 0..4 {
        talk.wait_ms(15_000);
        talk.answer_as_usual("Ping");
    }
    assert!(talk.dialect.deadline().is_some());
    talk.feed(Input::Probe);
    assert_eq!(talk.sent("Ping").len(), 6, "one of them with the first questions");
}

#[test]
fn before_it_is_online_nothing_is_sent_for_the_user() {
    let mut talk = Talk::new(account(&[]));
    let dial = Command::Dial { request: 7, to: "101".to_owned() };
    assert_eq!(talk.command(&dial), ["Refused(7, Offline)"]);
    talk.sign_in();
    assert_eq!(talk.command(&dial), ["Refused(7, Offline)"]);
    assert!(talk.sent("Originate").is_empty());
}

#[test]
fn colleagues_are_named_as_the_settings_of_their_phones_name_them() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    talk.sync("");
    assert!(talk.said.contains(&"person 101 Available Some(\"Bob Example\")".to_owned()), "{:?}", talk.said);
    let identity = talk.told.iter().find_map(|told| {
        if let Told::Identity { display_name, server, .. } = told { Some((display_name.clone(), server.clone())) } else { None }
    });
    assert_eq!(identity, Some((Some("Alice Example".to_owned()), Some("Asterisk 22.10.1".to_owned()))));
    // A queue writes its name before that of the caller.
    talk.said.clear();
    let call = packets("incoming_one_phone")[0].replace("Bob Example", "Sales:Bob");
    talk.text(&call);
    talk.text(&packets("incoming_one_phone")[1]);
    assert!(talk.said.iter().all(|line| !line.contains("Sales")), "{:?}", talk.said);
    // Whoever has no name in the settings is named by the first call.
    let call = packets("incoming_one_phone")[3]
        .replace("CallerIDNum: 101\r\nCallerIDName: Bob", "CallerIDNum: 102\r\nCallerIDName: Carol");
    talk.text(&call);
    assert!(talk.said.contains(&"person 102 Available Some(\"Carol Example\")".to_owned()), "{:?}", talk.said);
}

#[test]
fn a_part_that_never_comes_does_not_keep_it_offline() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    talk.take("DeviceStateList");
    talk.sync("");
    assert!(!talk.said.contains(&"synced".to_owned()));
    assert!(talk.wait_ms(8_100).contains(&"synced".to_owned()));
    // But without the list of calls nobody knows them.
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    talk.take("CoreShowChannels");
    talk.sync("");
    assert!(!talk.wait_ms(14_000).contains(&"synced".to_owned()));
}
