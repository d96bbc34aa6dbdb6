//! What the user wants: what is sent for it, once, and how it ends.

use phone_core::Ability;
use phone_core::request::OwnPresence;
use phone_core::told::{Command, Told};

use super::replay::{connected_at_the_beginning, packets};
use super::talk::{Talk, recorded};
use crate::dialect::Input;

/// A dialect with one connected incoming call.
fn connected(keys: &[(&str, &str)]) -> (Talk, String) {
    let talk = Talk::online_with(keys, &connected_at_the_beginning("hold_resume"));
    let key = talk.calls()[0].key.clone();
    (talk, key)
}

/// A dialect with one call that rings.
fn ringing(keys: &[(&str, &str)]) -> (Talk, String) {
    let mut talk = Talk::online(keys);
    for text in packets("incoming_two_phones").iter().take_while(|text| !text.contains("ChannelState: 6")) {
        talk.text(text);
    }
    let key = talk.calls()[0].key.clone();
    (talk, key)
}

fn transfer(key: &str, to: &str) -> Command {
    Command::TransferTo { request: 7, key: key.to_owned(), to: to.to_owned() }
}

#[test]
fn a_dial_rings_the_own_phone_and_shows_our_own_number() {
    let mut talk = Talk::online(&[]);
    assert!(talk.dial(7, "+4930555001").is_empty());
    let sent = talk.sent("Originate")[0].clone();
    assert!(
        sent.ends_with(
            "Channel: PJSIP/100\r\nContext: from-internal\r\nExten: +4930555001\r\nPriority: 1\r\nCallerID: \"Alice Example\" <100>\r\n\
             Timeout: 30000\r\nAsync: true\r\nChannelId: tray-100-1795291200000-7fff7fff\r\n\r\n"
        ),
        "{sent}"
    );
}

#[test]
fn what_a_dial_plan_would_take_for_more_than_a_number_is_not_dialled() {
    let mut talk = Talk::online(&[]);
    for to in ["", "9 555", "9555,1", "9555&PJSIP/102", "1\r\nChannel: x", "${EXTEN}", "101@other", &"1".repeat(65)] {
        let said = talk.dial(7, to);
        assert!(said[0].starts_with("Refused(7, NumberNotUsable"), "{to}: {said:?}");
    }
    assert!(talk.sent("Originate").is_empty());
}

#[test]
fn how_a_dial_went_may_be_told_before_its_answer() {
    let mut talk = Talk::online(&[]);
    talk.dial(7, "101");
    let (id, _) = talk.take("Originate");
    let said = talk.bytes(&format!("Event: OriginateResponse\r\nActionID: {id}\r\nResponse: Failure\r\nReason: 0\r\n\r\n"));
    assert_eq!(said, [r#"Refused(7, RefusedByPbx("the own phone cannot be reached"))"#]);
    assert!(talk.bytes(&format!("Response: Success\r\nActionID: {id}\r\n\r\n")).is_empty());
    // A later call of the same number is not this one.
    assert!(talk.wait_ms(60_000).is_empty());
    assert_eq!(talk.sent("Originate").len(), 1);
}

#[test]
fn declining_ends_every_own_leg_that_rings_and_never_that_of_the_caller() {
    let (mut talk, key) = ringing(&[]);
    talk.command(&Command::HangUp { request: 7, key });
    let sent = talk.sent("Hangup");
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|text| text.contains("Cause: 17\r\n")), "{sent:?}");
    let caller = packets("incoming_two_phones")[0].clone();
    let caller = caller.split("Uniqueid: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("the caller");
    assert!(sent.iter().all(|text| !text.contains(&format!("Channel: {caller}\r\n"))));
}

#[test]
fn a_call_that_the_server_does_not_know_any_more_is_over() {
    let (mut talk, key) = connected(&[]);
    talk.command(&Command::HangUp { request: 7, key });
    assert_eq!(talk.answer("Hangup", "Response: Error\r\nMessage: No such channel"), ["calls"]);
}

#[test]
fn a_number_is_looked_up_before_a_call_is_handed_on() {
    let (mut talk, key) = connected(&[]);
    assert!(talk.command(&transfer(&key, "555")).is_empty());
    assert!(talk.sent("BlindTransfer").is_empty());
    assert_eq!(talk.answer_as_usual("Getvar"), [r#"Refused(7, RefusedByPbx("there is no such number"))"#]);
    assert!(talk.sent("BlindTransfer").is_empty());
    talk.command(&transfer(&key, "102"));
    talk.answer_as_usual("Getvar");
    assert_eq!(talk.sent("BlindTransfer").len(), 1);
    assert!(talk.answer("BlindTransfer", "Response: Success").is_empty(), "queued is not done");
    let done = format!(
        "Event: BlindTransfer\r\nResult: Success\r\nTransfererChannel: PJSIP/100-00000029\r\nTransfererUniqueid: {key}\r\n\r\n"
    );
    assert_eq!(talk.bytes(&done), ["Confirmed(7)"]);
}

#[test]
fn who_talks_is_not_sent_to_a_code() {
    let (mut talk, key) = connected(&[]);
    assert!(talk.command(&transfer(&key, "*72101"))[0].starts_with("Refused(7, TargetRefused"));
    let said = talk.command(&Command::Consult { request: 8, key, to: "*72101".to_owned() });
    assert!(said[0].starts_with("Refused(8, TargetRefused"), "{said:?}");
    assert!(talk.sent("BlindTransfer").is_empty() && talk.sent("Atxfer").is_empty());
}

#[test]
fn a_transfer_that_had_its_time_is_not_sent_late() {
    let (mut talk, key) = connected(&[]);
    talk.command(&transfer(&key, "102"));
    talk.feed(Input::Expired(7));
    talk.answer_as_usual("Getvar");
    assert!(talk.sent("BlindTransfer").is_empty());
}

#[test]
fn asking_first_that_does_nothing_is_not_offered_again() {
    let (mut talk, key) = connected(&[]);
    talk.command(&Command::Consult { request: 7, key: key.clone(), to: "102".to_owned() });
    talk.answer_as_usual("Getvar");
    talk.answer("Atxfer", "Response: Success\r\nMessage: Atxfer successfully queued");
    let said = talk.wait_ms(4_200);
    assert_eq!(said[0], r#"Refused(7, RefusedByPbx("this phone cannot ask first"))"#, "{said:?}");
    let Some(Told::Abilities(abilities)) = talk.told.last() else { panic!("{:?}", talk.told) };
    assert!(!abilities.has(Ability::Consult) && abilities.has(Ability::TransferBlind));
    let again = talk.command(&Command::Consult { request: 8, key, to: "102".to_owned() });
    assert_eq!(again, ["Refused(8, Unsupported)"]);
    assert_eq!(talk.sent("Atxfer").len(), 1);
}

/// A dialect in the middle of asking 102 about a call.
fn asking() -> (Talk, String) {
    let mut talk = Talk::online(&[]);
    let mut key = String::new();
    for text in packets("attended_cancelled") {
        let text = text.to_owned();
        if text.starts_with("Response") {
            if key.is_empty() {
                key = talk.calls()[0].key.clone();
                talk.command(&Command::Consult { request: 3, key: key.clone(), to: "102".to_owned() });
                talk.answer_as_usual("Getvar");
            }
            if text.contains("CancelAtxfer") {
                break;
            }
            continue;
        }
        talk.text(&text);
    }
    talk.asked.clear();
    assert_eq!(talk.calls().len(), 2);
    (talk, key)
}

#[test]
fn ending_one_of_the_two_while_asking_never_joins_the_others() {
    let (mut talk, key) = asking();
    talk.command(&Command::HangUp { request: 7, key: format!("{key}/consult") });
    assert_eq!((talk.sent("CancelAtxfer").len(), talk.sent("Hangup").len()), (1, 0));
    let (mut talk, key) = asking();
    talk.command(&Command::HangUp { request: 7, key: key.clone() });
    assert_eq!(talk.sent("CancelAtxfer").len(), 0);
    let hang_up = talk.sent("Hangup")[0].clone();
    assert!(!hang_up.contains(&format!("Channel: {key}\r\n")), "hanging up the own leg hands over: {hang_up}");
    let (mut talk, key) = asking();
    talk.command(&Command::TransferJoin { request: 7, key: key.clone(), other: format!("{key}/consult") });
    assert!(talk.sent("Hangup")[0].contains(&format!("Channel: {key}\r\n")));
}

#[test]
fn a_call_hung_up_while_asking_only_begins_is_handed_to_nobody() {
    let hang_up = |key: &str| Command::HangUp { request: 8, key: key.to_owned() };
    let (mut talk, key) = connected(&[]);
    talk.command(&Command::Consult { request: 7, key: key.clone(), to: "102".to_owned() });
    talk.answer_as_usual("Getvar");
    talk.answer("Atxfer", "Response: Success\r\nMessage: Atxfer successfully queued");
    talk.command(&hang_up(&key));
    let legs: Vec<bool> = talk.sent("Hangup").iter().map(|sent| sent.contains(&format!("Channel: {key}\r\n"))).collect();
    assert_eq!(legs, [false, true], "the other side goes first");
    // What has not been sent by then never is.
    let (mut talk, key) = connected(&[]);
    talk.command(&Command::Consult { request: 7, key: key.clone(), to: "102".to_owned() });
    let said = talk.command(&hang_up(&key));
    assert_eq!(said, ["Refused(7, NoSuchCall)"]);
    talk.answer_as_usual("Getvar");
    assert_eq!((talk.sent("Atxfer").len(), talk.sent("Hangup").len()), (0, 1));
}

#[test]
fn without_anybody_to_ask_nothing_is_cancelled() {
    let (mut talk, key) = connected(&[]);
    let said = talk.command(&Command::HangUp { request: 7, key: format!("{key}/consult") });
    assert_eq!(said, ["Refused(7, NoSuchCall)"]);
    assert!(talk.sent("CancelAtxfer").is_empty(), "it would be typed to the other side");
}

#[test]
fn two_calls_are_joined_by_their_other_sides() {
    let mut talk = Talk::online(&[]);
    for text in packets("second_call") {
        talk.text(&text);
    }
    let keys: Vec<String> = talk.calls().iter().map(|call| call.key.clone()).collect();
    talk.command(&Command::TransferJoin { request: 7, key: keys[0].clone(), other: keys[1].clone() });
    let sent = talk.sent("Bridge")[0].clone();
    assert!(
        sent.contains("Channel1: PJSIP/101-") && sent.contains("Channel2: PJSIP/102-") && sent.contains("Tone: no"),
        "{sent}"
    );
    talk.answer("Bridge", "Response: Success");
    for text in packets("join_two_calls").iter().filter(|text| text.starts_with("Event")) {
        talk.text(text);
    }
    assert_eq!(talk.said.iter().filter(|line| *line == "Confirmed(7)").count(), 1);
    assert!(talk.calls().is_empty());
}

#[test]
fn do_not_disturb_is_set_by_its_code_and_read_back() {
    let mut talk = Talk::online(&[]);
    let on = Command::SetPresence { request: 7, presence: OwnPresence::Dnd, until: None, note: None };
    talk.command(&on);
    let sent = talk.sent("Originate")[0].clone();
    assert!(
        sent.contains(
            "Channel: Local/*78@from-internal\r\nApplication: Wait\r\nData: 5\r\nCallerID: \"Alice Example\" <100>\r\n"
        ),
        "{sent}"
    );
    talk.wait_ms(700);
    assert!(talk.answer_as_usual("DBGet").iter().all(|line| !line.contains("Confirmed")), "it is not set yet");
    talk.dnd = true;
    talk.wait_ms(1_000);
    assert_eq!(talk.answer_as_usual("DBGet"), ["own Dnd Some(true)", "Confirmed(7)"]);
    let until = Some(talk.now.wall);
    let timed = Command::SetPresence { request: 8, presence: OwnPresence::Dnd, until, note: None };
    assert_eq!(talk.command(&timed), ["Refused(8, NoEndOrNote)"]);
}

#[test]
fn answering_and_holding_are_offered_only_where_they_were_asked_for() {
    let (mut talk, key) = ringing(&[]);
    assert_eq!(talk.command(&Command::Answer { request: 7, key }), ["Refused(7, Unsupported)"]);
    // The right to it is missing with these rights of the account.
    let (mut talk, key) = ringing(&[("answer", "notify-endpoint")]);
    assert_eq!(talk.command(&Command::Answer { request: 7, key }), ["Refused(7, Unsupported)"]);
}

/// A dialect whose account may send messages to phones, with one phone of a model that says this of itself.
fn steering(announces: &str) -> Talk {
    let mut talk = Talk::new(super::talk::account(&[("answer", "notify"), ("hold", "notify")]));
    talk.variables.insert("PJSIP_AOR(100,contact)".into(), "100;@a1b2".into());
    talk.variables.insert("PJSIP_CONTACT(100;@a1b2,user_agent)".into(), "Sample T5 1.2".into());
    talk.variables.insert("PJSIP_RESPONSE_HEADER(read,Allow-Events)".into(), announces.into());
    talk.sign_in();
    let (id, _) = talk.take("ListCommands");
    let list = recorded("list_commands").replace("ActionID: 3", &format!("ActionID: {id}\r\nPJSIPNotify: Send a NOTIFY"));
    talk.bytes(&list);
    talk.sync("");
    talk.sync("");
    talk
}

#[test]
fn a_message_in_the_call_goes_only_to_a_model_that_has_announced_it() {
    let whole_call = |talk: &mut Talk, answers: bool| {
        for text in packets("incoming_one_phone") {
            if answers && text.contains("ChannelStateDesc: Ringing") && talk.sent("PJSIPNotify").is_empty() {
                talk.text(&text);
                let key = talk.calls()[0].key.clone();
                talk.command(&Command::Answer { request: 7, key });
                continue;
            }
            talk.text(&text);
            talk.sync("");
        }
    };
    for (announces, expected) in [("", "Endpoint: 100"), ("talk, hold", "Channel: PJSIP/100-")] {
        let mut talk = steering(announces);
        whole_call(&mut talk, false);
        let learnt = talk.learnt.clone().unwrap_or_default();
        assert_eq!(learnt.contains("Sample T5 1.2"), !announces.is_empty(), "{learnt}");
        // The ids of the recording again: they are those of another call.
        talk.dialect.channels = Default::default();
        whole_call(&mut talk, true);
        let sent = talk.sent("PJSIPNotify");
        assert_eq!(sent.len(), 1);
        assert!(sent[0].contains(expected) && sent[0].contains("Variable: Event=talk"), "{announces:?}: {sent:?}");
    }
}

#[test]
fn whoever_fetches_a_call_is_asked_for_where_nobody_told_who_went_in_before() {
    let mut talk = Talk::online(&[]);
    talk.dial(7, "71");
    let (_, sent) = talk.take("Originate");
    let ours = sent.split("ChannelId: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("an id").to_owned();
    let texts = packets("park_and_pick_up");
    let begin = texts.iter().position(|text| text.contains("tray-100-1-p1")).expect("it is fetched");
    for text in texts[begin..].iter().filter(|text| text.starts_with("Event") && !text.contains("UnParkedCall")) {
        talk.text(&text.replace("tray-100-1-p1", &ours));
        if talk.asked.iter().any(|(_, name, _)| name == "BridgeInfo") {
            break;
        }
    }
    let (id, text) = talk.take("BridgeInfo");
    assert!(text.contains("BridgeUniqueid: "), "{text}");
    let item = "Channel: PJSIP/101-00000009\r\nChannelStateDesc: Up\r\nUniqueid: other.1\r\nLinkedid: other.1\r\n";
    talk.bytes(&format!("Event: BridgeInfoChannel\r\nActionID: {id}\r\n{item}\r\n"));
    talk.bytes(&format!("Event: BridgeInfoComplete\r\nActionID: {id}\r\n\r\n"));
    talk.command(&Command::Park { request: 8, key: ours });
    assert!(
        talk.sent("Park")[0].contains("Channel: PJSIP/101-00000009\r\nTimeoutChannel: PJSIP/100-"),
        "{:?}",
        talk.sent("Park")
    );
}
