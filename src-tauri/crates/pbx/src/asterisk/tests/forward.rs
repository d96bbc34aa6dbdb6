//! Own forwarding: read, set, and never believed longer than it may be true.

use phone_core::ForwardWhen::{Always, Busy};
use phone_core::told::{Command, Told};
use phone_core::{Ability, ForwardWhen};

use super::super::keys::{Keys, check};
use super::replay::packets;
use super::talk::{Talk, account};

fn valid(number: &str) -> (String, String) {
    (format!("VALID_EXTEN(from-internal,{number},1)"), "1".to_owned())
}

/// A dialect at a PBX that has the codes of one forwarding, with these entries of the database.
fn at(entries: &[(&'static str, &str)]) -> Talk {
    let mut talk = Talk::new(account(&[]));
    talk.variables.extend(["*72100", "*73", "*72101"].map(valid));
    talk.forward.extend(entries.iter().map(|(family, to)| (*family, (*to).to_owned())));
    talk.sign_in();
    talk.sync("");
    talk
}

fn abilities(talk: &Talk) -> Vec<Ability> {
    let last = talk.told.iter().rev().find_map(|told| if let Told::Abilities(all) = told { Some(all) } else { None });
    let forwarding = [Ability::Forwarding, Ability::ForwardAlways, Ability::ForwardBusy, Ability::ForwardNoAnswer].into_iter();
    forwarding.filter(|ability| last.is_some_and(|all| all.has(*ability))).collect()
}

fn set(talk: &mut Talk, when: ForwardWhen, to: Option<&str>) -> Vec<String> {
    talk.command(&Command::SetForwarding { request: 7, when, to: to.map(str::to_owned) })
}

fn last(talk: &Talk) -> Option<&str> {
    talk.said.iter().rev().map(String::as_str).find(|line| line.starts_with("forwarding"))
}

#[test]
fn it_is_read_with_the_first_picture_and_offered_as_far_as_there_are_codes() {
    let talk = at(&[("CF", "+4930555001"), ("CFU", "102")]);
    let synced = talk.said.iter().position(|line| line == "synced").expect("online");
    assert!(talk.said[..synced].contains(&"forwarding +4930555001 - 102".to_owned()), "{:?}", talk.said);
    assert_eq!(abilities(&talk), [Ability::Forwarding, Ability::ForwardAlways]);
    // Without any of the codes an empty database says nothing.
    let mut talk = Talk::online(&[]);
    assert_eq!((last(&talk), abilities(&talk)), (None, vec![]));
    assert_eq!(set(&mut talk, Always, None), ["Refused(7, Unsupported)"]);
}

#[test]
fn who_may_not_read_it_claims_nothing() {
    let mut talk = Talk::new(account(&[]));
    talk.variables.extend(["*72100", "*73"].map(valid));
    talk.sign_in();
    while talk.asked.iter().any(|(_, name, _)| name == "DBGet") {
        talk.answer("DBGet", "Response: Error\r\nMessage: Permission denied");
    }
    talk.sync("");
    assert_eq!(last(&talk), None, "{:?}", talk.said);
}

#[test]
fn it_is_set_by_its_code_once_the_number_and_the_code_exist_and_counts_when_it_is_read_back() {
    let mut talk = at(&[]);
    assert_eq!(last(&talk), Some("forwarding - - -"));
    set(&mut talk, Always, Some("101"));
    for number in ["101", "*72101"] {
        assert!(talk.sent("Originate").is_empty());
        let (id, text) = talk.take("Getvar");
        assert!(text.contains(&format!("VALID_EXTEN(from-internal,{number},1)")), "{text}");
        talk.bytes(&format!("Response: Success\r\nActionID: {id}\r\nVariable: x\r\nValue: 1\r\n\r\n"));
    }
    let sent = talk.sent("Originate")[0].clone();
    let expected = "Channel: Local/*72101@from-internal\r\nApplication: Wait\r\n";
    assert!(sent.contains(expected) && sent.contains("CallerID: \"Alice Example\" <100>\r\n"), "{sent}");
    talk.wait_ms(700);
    assert!(talk.answer_as_usual("DBGet").iter().all(|line| !line.contains("Confirmed")), "it is not set yet");
    talk.forward.insert("CF", "101".to_owned());
    talk.wait_ms(1_000);
    assert_eq!(talk.answer_as_usual("DBGet"), ["forwarding 101 - -", "Confirmed(7)"]);
    assert_eq!(talk.sent("Originate").len(), 1);
    // And back.
    set(&mut talk, Always, None);
    talk.sync("");
    assert!(talk.sent("Originate")[1].contains("Channel: Local/*73@from-internal\r\n"));
    talk.forward.clear();
    talk.wait_ms(700);
    talk.sync("");
    assert_eq!(last(&talk), Some("forwarding - - -"));
    assert_eq!(talk.said.iter().filter(|line| *line == "Confirmed(7)").count(), 2);
}

#[test]
fn a_number_or_a_code_that_does_not_exist_is_not_dialled() {
    let mut talk = at(&[]);
    set(&mut talk, Always, Some("555"));
    talk.sync("");
    let refused = "Refused(7, RefusedByPbx(\"there is no such number\"))";
    assert_eq!(talk.said.last().map(String::as_str), Some(refused));
    // It is a number, but the code takes no such one.
    set(&mut talk, Always, Some("102"));
    talk.sync("");
    assert_eq!(talk.said.iter().filter(|line| *line == refused).count(), 2);
    assert!(set(&mut talk, Always, Some("101&102"))[0].starts_with("Refused(7, NumberNotUsable"));
    assert!(set(&mut talk, Always, Some("*73"))[0].starts_with("Refused(7, TargetRefused"));
    assert_eq!(set(&mut talk, Busy, Some("101")), ["Refused(7, Unsupported)"]);
    assert!(talk.sent("Originate").is_empty());
}

#[test]
fn another_target_is_no_confirmation_and_what_shows_after_the_time_is_over_is_read_anew() {
    let mut talk = at(&[("CF", "102")]);
    set(&mut talk, Always, Some("101"));
    talk.sync("");
    for _ in 0..4 {
        talk.wait_ms(1_000);
        talk.sync("");
    }
    assert!(talk.said.iter().all(|line| line != "Confirmed(7)"), "{:?}", talk.said);
    talk.feed(crate::dialect::Input::Expired(7));
    assert_eq!(last(&talk), Some("forwarding ?"), "nobody knows until it is read again");
    talk.wait_ms(1_000);
    talk.sync("");
    assert_eq!(last(&talk), Some("forwarding 102 - -"));
    assert_eq!(talk.sent("Originate").len(), 1);
}

#[test]
fn what_was_changed_at_the_phone_shows_when_its_call_is_over() {
    let mut talk = at(&[]);
    talk.forward.insert("CF", "102".to_owned());
    for text in packets("incoming_one_phone") {
        talk.text(&text);
    }
    talk.sync("");
    talk.wait_ms(500);
    talk.sync("");
    assert_eq!(last(&talk), Some("forwarding 102 - -"));
}

#[test]
fn what_was_changed_elsewhere_shows_within_a_minute_or_with_its_switch() {
    let mut talk = at(&[]);
    talk.forward.insert("CF", "102".to_owned());
    for _ in 0..61 {
        talk.wait_ms(1_000);
        talk.sync("");
    }
    assert_eq!(last(&talk), Some("forwarding 102 - -"));
    talk.forward.clear();
    talk.bytes("Event: DeviceStateChange\r\nDevice: Custom:DEVCF100\r\nState: NOT_INUSE\r\n\r\n");
    talk.sync("");
    assert_eq!(last(&talk), Some("forwarding - - -"));
    // A server that answers nothing is not asked more and more.
    for _ in 0..50 {
        talk.bytes("Event: DeviceStateChange\r\nDevice: Custom:CF100\r\nState: INUSE\r\n\r\n");
    }
    assert!(talk.dialect.asked.values().count() < 10);
}

#[test]
fn codes_are_set_for_an_account_or_switched_off() {
    let codes = |keys: &[(&str, &str)], when| {
        Keys::of(&account(keys)).forward_codes(when).map(|codes| (codes.on.clone(), codes.off.clone()))
    };
    assert_eq!(codes(&[], Always), Some(("*72".into(), "*73".into())));
    assert_eq!(codes(&[("forward", "#21*,#22")], Always), Some(("#21*".into(), "#22".into())));
    assert_eq!(codes(&[("forward_busy", "off")], Busy), None);
    for (key, value) in [("forward", "*21*,#21#"), ("forward_busy", "off"), ("forward_no_answer", "*52, *53")] {
        assert_eq!(check(&account(&[(key, value)])), Ok(()), "{key}={value}");
    }
    for value in ["*72", "72,73", "*72,*73,*74", "*7x,*73", "on", "*7 2,*73"] {
        assert!(check(&account(&[("forward", value)])).is_err(), "{value}");
    }
}

#[test]
fn an_entry_that_stood_there_before_is_no_confirmation_at_the_first_look() {
    let mut talk = at(&[("CF", "101")]);
    set(&mut talk, Always, Some("101"));
    talk.answer_as_usual("Getvar");
    talk.answer_as_usual("Getvar");
    talk.wait_ms(700);
    assert!(talk.answer_as_usual("DBGet").iter().all(|line| !line.contains("Confirmed")), "{:?}", talk.said.last());
    talk.wait_ms(900);
    assert_eq!(talk.answer_as_usual("DBGet"), ["Confirmed(7)"]);
    // The code only switches, which shows a moment later.
    talk.forward.clear();
    talk.wait_ms(2_100);
    talk.sync("");
    assert_eq!(last(&talk), Some("forwarding - - -"));
}

#[test]
fn where_the_dial_plan_takes_anything_no_code_is_guessed() {
    let everything = ["*0*0*0", "*72100", "*73", "*72101", "*90100", "*91", "*90101"];
    let online = |keys: &[(&str, &str)]| {
        let mut talk = Talk::new(account(keys));
        talk.variables.extend(everything.map(valid));
        talk.sign_in();
        talk.sync("");
        talk
    };
    let mut talk = online(&[]);
    let abilities_of = |talk: &Talk| talk.dialect.told.abilities.clone().expect("abilities");
    for code in [Ability::ForwardAlways, Ability::ForwardBusy, Ability::Forwarding, Ability::Dnd, Ability::PickUp] {
        assert!(!abilities_of(&talk).has(code), "{code:?}");
    }
    assert_eq!(set(&mut talk, Always, Some("101")), ["Refused(7, Unsupported)"]);
    let take = Command::PickUp { request: 7, from: "102".to_owned() };
    assert_eq!(talk.command(&take), ["Refused(7, Unsupported)"]);
    assert!(talk.sent("Originate").is_empty());
    let found = talk.dialect.found().checks;
    let codes = found.iter().find(|check| check.name == "codes").expect("codes");
    assert!(codes.text.contains("takes whatever is dialled"), "{codes:?}");
    // What the account names is no guess.
    let talk = online(&[("forward", "*72,*73")]);
    assert!(abilities_of(&talk).has(Ability::ForwardAlways) && !abilities_of(&talk).has(Ability::ForwardBusy));
}

#[test]
fn calls_go_to_nobody_who_is_oneself() {
    let mut talk = Talk::new(account(&[("own_numbers", "+4930555100")]));
    talk.variables.extend(["*72100", "*73"].map(valid));
    talk.sign_in();
    talk.sync("");
    for own in ["100", "+4930555100"] {
        assert!(set(&mut talk, Always, Some(own))[0].starts_with("Refused(7, TargetRefused"), "{own}");
    }
    assert!(talk.sent("Originate").is_empty());
}
