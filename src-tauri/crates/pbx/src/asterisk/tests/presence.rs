//! Colleagues: what their lamps mean, and what the calls of others cost.

use phone_core::{PersonKind, Presence};

use super::replay::{Replay, packets};
use super::talk::Talk;

fn lamp(talk: &mut Talk, number: &str, context: &str, hint: &str, status: i32) -> Vec<String> {
    talk.bytes(&format!(
        "Event: ExtensionStatus\r\nExten: {number}\r\nContext: {context}\r\nHint: {hint}\r\nStatus: {status}\r\n\r\n"
    ))
}

fn device(talk: &mut Talk, device: &str, state: &str) -> Vec<String> {
    talk.bytes(&format!("Event: DeviceStateChange\r\nDevice: {device}\r\nState: {state}\r\n\r\n"))
}

fn presence(talk: &Talk, number: &str) -> Presence {
    talk.dialect.people.presence_of(number).unwrap_or(Presence::Unknown)
}

#[test]
fn the_lamps_of_colleagues_follow_their_calls() {
    let mut talk = Talk::online(&[]);
    for text in packets("colleagues") {
        talk.text(&text);
    }
    let of = |number: &str| {
        let line = |line: &&String| line.starts_with(&format!("person {number} "));
        let word = |line: &String| line.split(' ').nth(2).unwrap_or_default().to_owned();
        talk.said.iter().filter(line).map(word).collect::<Vec<_>>()
    };
    assert_eq!(of("102").first().map(String::as_str), Some("Ringing"), "{:?}", talk.said);
    assert!(of("102").contains(&"InCall".to_owned()));
    assert_eq!(of("101").last().map(String::as_str), Some("Available"));
    assert_eq!(of("102").last().map(String::as_str), Some("Available"));
}

#[test]
fn a_phone_that_is_gone_is_told_and_comes_back() {
    let mut talk = Talk::online(&[]);
    for text in packets("phone_unregisters") {
        talk.text(&text);
    }
    let said: Vec<&String> = talk.said.iter().filter(|line| line.starts_with("person 101 ")).collect();
    assert!(said[0].starts_with("person 101 NotRegistered"), "{said:?}");
    assert_eq!(presence(&talk, "101"), Presence::Available);
}

#[test]
fn each_status_means_what_it_says() {
    let mut talk = Talk::online(&[]);
    let cases = [
        (0, Presence::Available),
        (1, Presence::InCall),
        (2, Presence::InCall),
        (4, Presence::NotRegistered),
        (8, Presence::Ringing),
        (9, Presence::Ringing),
        (16, Presence::InCall),
        (17, Presence::InCall),
        (-1, Presence::Unknown),
        (-2, Presence::Unknown),
    ];
    for (status, expected) in cases {
        lamp(&mut talk, "101", "from-internal", "PJSIP/101", status);
        assert_eq!(presence(&talk, "101"), expected, "{status}");
    }
}

#[test]
fn do_not_disturb_is_told_from_being_in_a_call() {
    let mut talk = Talk::online(&[]);
    let hint = "PJSIP/101&Custom:DND101,CustomPresence:101";
    device(&mut talk, "Custom:DND101", "BUSY");
    let said = lamp(&mut talk, "101", "from-internal", hint, 2);
    assert_eq!(said, [] as [&str; 0], "the state of the device said it before");
    assert_eq!(presence(&talk, "101"), Presence::Dnd);
    device(&mut talk, "PJSIP/101", "INUSE");
    assert_eq!(presence(&talk, "101"), Presence::InCall);
    device(&mut talk, "PJSIP/101", "NOT_INUSE");
    device(&mut talk, "Custom:DND101", "UNAVAILABLE");
    lamp(&mut talk, "101", "from-internal", hint, 0);
    assert_eq!(presence(&talk, "101"), Presence::Available);
}

#[test]
fn a_switch_that_is_off_hides_no_phone_that_is_gone() {
    let mut talk = Talk::online(&[]);
    device(&mut talk, "PJSIP/101", "UNAVAILABLE");
    lamp(&mut talk, "101", "from-internal", "PJSIP/101&Custom:DND101", 0);
    assert_eq!(presence(&talk, "101"), Presence::NotRegistered);
}

#[test]
fn features_are_nobody_and_places_are_no_people() {
    let mut talk = Talk::online(&[]);
    assert!(lamp(&mut talk, "*76101", "ext-dnd-hints", "Custom:DEVDND101", 0).is_empty());
    lamp(&mut talk, "71", "park-hints", "park:71@parkedcalls", 0);
    lamp(&mut talk, "600", "from-internal", "Queue:sales", 0);
    let all = talk.dialect.people.all();
    let kind = |number: &str| all.iter().find(|person| person.number == number).map(|person| person.kind);
    assert_eq!(
        (kind("71"), kind("600"), kind("101")),
        (Some(PersonKind::Park), Some(PersonKind::Queue), Some(PersonKind::Person))
    );
    assert!(kind("100").is_none(), "the user is nobody's colleague");
    assert_eq!(all.len(), 4);
    // The same number in a context of features does not count against that of people.
    lamp(&mut talk, "101", "ext-local", "PJSIP/101", 1);
    lamp(&mut talk, "101", "app-blackhole", "Custom:X", 0);
    assert_eq!(presence(&talk, "101"), Presence::InCall);
}

#[test]
fn the_own_lamp_is_told_with_do_not_disturb_as_the_database_has_it() {
    let mut talk = Talk::online(&[]);
    talk.dnd = true;
    device(&mut talk, "Custom:DND100", "BUSY");
    assert!(talk.answer_as_usual("DBGet").contains(&"own Dnd Some(true)".to_owned()));
    let said = lamp(&mut talk, "100", "from-internal", "PJSIP/100&Custom:DND100", 8);
    assert!(said.contains(&"own Ringing Some(true)".to_owned()), "{said:?}");
}

#[test]
fn a_thousand_calls_of_others_leave_nothing_behind_and_say_nothing() {
    let mut talk = Talk::online(&[]);
    let is_lamp = |text: &String| text.starts_with("Event: ExtensionStatus") || text.starts_with("Event: DeviceState");
    let call: Vec<String> = packets("colleagues").into_iter().filter(|text| !is_lamp(text)).collect();
    assert!(call.len() > 10);
    for number in 0..1_000 {
        for text in &call {
            talk.text(&text.replace("tp-", &format!("n{number}-")));
        }
    }
    assert_eq!(talk.dialect.channels.len(), 0);
    assert!(talk.said.is_empty(), "{:?}", talk.said.first());
    assert!(talk.sent.iter().all(|sent| !sent.contains("BridgeInfo")));
}

#[test]
fn the_calls_of_others_do_not_change_ours() {
    let mut replay = Replay::new(Talk::online(&[]), "incoming_one_phone", &[]);
    let others = packets("colleagues");
    for (own, other) in packets("incoming_one_phone").iter().zip(others.iter().cycle()) {
        replay.talk.text(&other.replace("tp-", "other-"));
        replay.packet(own);
    }
    let calls: Vec<&String> = replay.talk.said.iter().filter(|line| line.starts_with("calls")).collect();
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(replay.talk.calls().is_empty());
}
