//! Calls that ring here and are taken out of their ringing: answered by being dialled again, or sent on.

use phone_core::Ability;
use phone_core::told::{Command, Told};

use super::replay::packets;
use super::talk::Talk;
use crate::dialect::Input;

const ANSWERS: &[(&str, &str)] = &[("answer", "redirect")];

fn answer(key: &str) -> Command {
    Command::Answer { request: 7, key: key.to_owned() }
}

fn send_on(key: &str, to: &str) -> Command {
    Command::TransferTo { request: 7, key: key.to_owned(), to: to.to_owned() }
}

/// A dialect that hears a recording until the own phones ring.
fn ringing(keys: &[(&str, &str)], recording: &str) -> (Talk, String) {
    let mut talk = Talk::online(keys);
    let rings = |text: &&String| !text.contains("ChannelState: 6") && !text.contains("DialStatus: CANCEL");
    for text in packets(recording).iter().take_while(rings) {
        talk.text(text);
    }
    let key = talk.calls()[0].key.clone();
    (talk, key)
}

/// Lets the questions be answered that come before a redirect.
fn looked_up(talk: &mut Talk) -> Vec<String> {
    talk.answer_as_usual("Getvar");
    talk.answer_as_usual("Getvar");
    talk.answer_as_usual("CoreShowChannels")
}

/// The packets of a recording from the first one that has this, without answers.
fn from(recording: &str, begin: &str) -> Vec<String> {
    let all = packets(recording);
    let position = all.iter().position(|text| text.contains(begin)).unwrap_or_else(|| panic!("no {begin} in {recording}"));
    all[position..].iter().filter(|text| text.starts_with("Event")).cloned().collect()
}

/// An own phone that is dialled again for a call of 101: 100-0000003b ends, and 100-0000003c rings.
fn rings_again(talk: &mut Talk) -> Vec<String> {
    let old = from("deflect", "DialStatus: CANCEL");
    let mut said = vec![];
    for text in old.iter().take_while(|text| !text.contains("ChannelState: 6")) {
        // The recording sends it on to 102; here the same happens to the own number.
        said.extend(talk.text(&text.replace("102", "100").replace("Carol", "Alice")));
    }
    said
}

#[test]
fn answering_in_this_way_is_offered_where_the_dial_plan_has_it() {
    let mut talk = Talk::online(ANSWERS);
    assert!(talk.dialect.told.abilities.as_ref().expect("abilities").has(Ability::Answer));
    talk = Talk::new(super::talk::account(&[("answer", "redirect"), ("answer_context", "elsewhere")]));
    talk.sign_in();
    talk.sync("");
    let abilities = talk.dialect.told.abilities.as_ref().expect("abilities");
    assert!(!abilities.has(Ability::Answer) && abilities.has(Ability::Deflect));
}

#[test]
fn what_would_lose_the_caller_is_asked_for_before() {
    let (mut talk, key) = ringing(ANSWERS, "incoming_one_phone");
    assert!(talk.command(&answer(&key)).is_empty());
    assert!(talk.sent("Redirect").is_empty());
    looked_up(&mut talk);
    let sent = talk.sent("Redirect");
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains("Channel: PJSIP/101-") && sent[0].contains("Context: tp-answer\r\nExten: 100\r\nPriority: 1\r\n"));

    let (mut talk, key) = ringing(ANSWERS, "incoming_one_phone");
    talk.command(&answer(&key));
    let said = talk.answer("Getvar", "Response: Success\r\nVariable: VALID_EXTEN(tp-answer,100,1)\r\nValue: 0");
    assert_eq!(said, [r#"Refused(7, RefusedByPbx("there is no such number"))"#]);

    // A caller who waits in a queue would leave it, and so for whatever cannot be told.
    for runs in ["Queue", ""] {
        let (mut talk, key) = ringing(ANSWERS, "incoming_one_phone");
        talk.command(&answer(&key));
        talk.answer_as_usual("Getvar");
        let said = talk.answer("Getvar", &format!("Response: Success\r\nVariable: CHANNEL(appname)\r\nValue: {runs}"));
        assert!(said[0].starts_with("Refused(7, NotNow"), "{said:?}");
        assert!(talk.sent("Redirect").is_empty());
    }
}

#[test]
fn of_a_group_or_of_several_phones_nobody_is_taken() {
    for (recording, keys) in [("incoming_two_phones", ANSWERS), ("group_answered", ANSWERS)] {
        let (mut talk, key) = ringing(keys, recording);
        let said = talk.command(&answer(&key));
        assert!(said[0].starts_with("Refused(7, NotNow"), "{recording}: {said:?}");
    }
    let (mut talk, key) = ringing(&[], "group_answered");
    assert!(talk.command(&send_on(&key, "102"))[0].starts_with("Refused(7, NotNow"));
    // Sent on, it rings at none of our phones any more.
    let (mut talk, key) = ringing(&[], "incoming_two_phones");
    talk.command(&send_on(&key, "102"));
    looked_up(&mut talk);
    assert_eq!(talk.sent("Redirect").len(), 1);
}

#[test]
fn somebody_else_who_is_dialled_too_is_no_call_of_ours_alone() {
    let mut talk = Talk::online(ANSWERS);
    for text in packets("incoming_one_phone").iter().take_while(|text| !text.contains("ChannelState: 6")) {
        talk.text(text);
        if text.starts_with("Event: DialBegin") {
            // The same caller lets another phone ring.
            let other = text.replace("DestChannel: PJSIP/100-", "DestChannel: PJSIP/105-");
            let own = talk.calls().first().map(|call| call.key.clone()).unwrap_or_default();
            let id = text.split("DestUniqueid: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("an id");
            assert!(own.is_empty() || own == id);
            talk.text(&other.replace(&format!("DestUniqueid: {id}"), "DestUniqueid: other.1"));
        }
    }
    let key = talk.calls()[0].key.clone();
    let said = talk.command(&answer(&key));
    assert!(said[0].starts_with("Refused(7, NotNow"), "{said:?}");
}

#[test]
fn a_phone_that_rings_again_is_the_same_call_and_is_not_told_again() {
    let (mut talk, key) = ringing(ANSWERS, "deflect");
    // Nothing of the recording after its own redirect has come yet.
    assert_eq!(talk.calls().len(), 1);
    talk.command(&answer(&key));
    looked_up(&mut talk);
    talk.answer("Redirect", "Response: Success\r\nMessage: Redirect successful");
    let said = rings_again(&mut talk);
    assert!(said.iter().all(|line| !line.starts_with("calls")), "nobody notices: {said:?}");
    assert_eq!(talk.calls()[0].key, key);
    let said = talk.wait_ms(4_500);
    assert_eq!(said[0], r#"Refused(7, RefusedByPbx("the phone rings again and does not answer by itself"))"#);
    assert_eq!((talk.sent("Redirect").len(), talk.calls().len()), (1, 1));
    let Some(Told::Abilities(abilities)) = talk.told.last() else { panic!("{:?}", talk.told) };
    assert!(!abilities.has(Ability::Answer), "each time the caller would wait anew");
}

#[test]
fn a_phone_that_is_not_dialled_again_has_missed_the_call() {
    let (mut talk, key) = ringing(ANSWERS, "deflect");
    talk.command(&answer(&key));
    looked_up(&mut talk);
    talk.answer("Redirect", "Response: Success\r\nMessage: Redirect successful");
    let gone = from("deflect", "DialStatus: CANCEL").into_iter().take(2);
    for text in gone {
        let said = talk.text(&text);
        assert!(said.iter().all(|line| !line.starts_with("calls")), "{said:?}");
    }
    assert_eq!(talk.calls()[0].key, key);
    let said = talk.wait_ms(2_100);
    assert_eq!(said, ["calls asks .66", ".66 Missed"]);
    assert!(talk.dialect.open.iter().next().is_none());
}

#[test]
fn a_caller_who_gives_up_meanwhile_ends_the_call_at_once() {
    let (mut talk, key) = ringing(ANSWERS, "deflect");
    talk.command(&answer(&key));
    looked_up(&mut talk);
    talk.answer("Redirect", "Response: Success\r\nMessage: Redirect successful");
    for text in from("deflect", "DialStatus: CANCEL").iter().take(2) {
        talk.text(text);
    }
    let caller =
        "Channel: PJSIP/101-0000003a\r\nChannelStateDesc: Ring\r\nUniqueid: tp-1795290316.65\r\nLinkedid: tp-1795290316.65";
    let said = talk.bytes(&format!("Event: Hangup\r\n{caller}\r\nCause: 127\r\n\r\n"));
    assert_eq!(said, ["calls asks .66", ".66 Missed"]);
}

#[test]
fn what_was_declined_or_given_up_was_not_sent_on() {
    for (asks, outcome) in [("PJSIP/100-0000003b", ".66 Declined"), ("PJSIP/101-0000003a", ".66 Missed")] {
        let (mut talk, key) = ringing(&[], "deflect");
        talk.command(&send_on(&key, "102"));
        looked_up(&mut talk);
        let id = if asks.contains("100-") { ".66" } else { ".65" };
        let channel = format!("Channel: {asks}\r\nUniqueid: tp-1795290316{id}\r\nLinkedid: tp-1795290316.65");
        talk.bytes(&format!("Event: HangupRequest\r\n{channel}\r\nCause: 17\r\n\r\n"));
        let mut said = vec![];
        for text in from("deflect", "DialStatus: CANCEL").iter().take(2) {
            said.extend(talk.text(text));
        }
        assert_eq!(said[..2], ["calls asks .66", outcome]);
        assert!(!said.contains(&"Confirmed(7)".to_owned()), "{said:?}");
        assert!(said.len() > 2, "the user is told: {said:?}");
    }
}

/// The own leg ends as one does whose caller is sent somewhere else.
fn taken_off(talk: &mut Talk) -> Vec<String> {
    let texts = from("deflect", "DialStatus: CANCEL");
    texts.iter().take(2).flat_map(|text| talk.text(text)).collect()
}

/// Whether the caller lives, once that is asked.
fn lives(talk: &mut Talk, lives: bool) -> Vec<String> {
    assert!(talk.sent("Getvar").last().is_some_and(|text| text.contains("Channel: PJSIP/101-0000003a\r\n")));
    let no = "Response: Error\r\nMessage: No such channel";
    let yes = "Response: Success\r\nVariable: CHANNEL(state)\r\nValue: Ring";
    talk.answer("Getvar", if lives { yes } else { no })
}

#[test]
fn what_another_program_answers_or_sends_on_is_not_missed_here() {
    // The phone rings again, because somebody answers at another desk.
    let (mut talk, key) = ringing(ANSWERS, "deflect");
    let said = rings_again(&mut talk);
    assert!(said.iter().all(|line| !line.starts_with("calls")), "nobody notices: {said:?}");
    assert!(talk.wait_ms(4_000).iter().all(|line| !line.contains("Missed")));
    assert_eq!((talk.calls().len(), talk.calls()[0].key == key), (1, true));
    // Whether it was sent on or its caller gave up, of whom a filter of events says nothing, is asked for.
    for (is_there, outcome) in [(true, ".66 SentOn"), (false, ".66 Missed")] {
        let (mut talk, _) = ringing(&[], "deflect");
        let mut said = taken_off(&mut talk);
        said.extend(talk.wait_ms(2_100));
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(lives(&mut talk, is_there), ["calls asks .66", outcome]);
        assert_eq!(talk.wait_ms(5_000).iter().filter(|line| line.starts_with('.')).count(), 0);
    }
    // Who gets no answer claims nothing but that it rang in vain.
    let (mut talk, _) = ringing(&[], "deflect");
    taken_off(&mut talk);
    assert_eq!(talk.wait_ms(3_500), ["calls asks .66", ".66 Missed"]);
}

#[test]
fn a_phone_that_rang_out_has_missed_the_call_although_its_caller_lives() {
    let (mut talk, _) = ringing(&[], "deflect");
    let mut said = vec![];
    for text in from("deflect", "DialStatus: CANCEL").iter().take(2) {
        said.extend(talk.text(&text.replace("DialStatus: CANCEL", "DialStatus: NOANSWER").replace("Cause: 16", "Cause: 0")));
    }
    assert_eq!(said, ["calls asks .66", ".66 Missed"]);
}

#[test]
fn what_was_sent_on_to_a_dial_plan_that_runs_something_else_in_its_name_is_asked_for() {
    for (is_there, end) in [(true, "Confirmed(7)"), (false, "Unclear(7)")] {
        let (mut talk, key) = ringing(&[], "deflect");
        talk.command(&send_on(&key, "102"));
        looked_up(&mut talk);
        talk.answer("Redirect", "Response: Success\r\nMessage: Redirect successful");
        for text in from("deflect", "DialStatus: CANCEL").iter().take(2) {
            talk.text(&text.replace("Exten: 102", "Exten: s"));
        }
        talk.wait_ms(2_100);
        let outcome = if is_there { ".66 SentOn" } else { ".66 Missed" };
        assert_eq!(lives(&mut talk, is_there), ["calls asks .66", outcome, end]);
    }
    // The number that the caller had dialled is no sign of an arrival there.
    let (mut talk, key) = ringing(&[], "deflect");
    talk.variables.insert("VALID_EXTEN(from-internal,100,1)".into(), "1".into());
    if talk.command(&send_on(&key, "100")).is_empty() {
        looked_up(&mut talk);
        talk.answer("Redirect", "Response: Success\r\nMessage: Redirect successful");
        for text in from("deflect", "DialStatus: CANCEL").iter().take(2) {
            assert_eq!(talk.text(&text.replace("Exten: 102", "Exten: 100")), Vec::<String>::new());
        }
    }
}

#[test]
fn a_call_that_ends_before_it_was_sent_on_leaves_nothing_unclear() {
    let (mut talk, key) = ringing(&[], "deflect");
    talk.command(&send_on(&key, "102"));
    let id = "tp-1795290316.65";
    let caller = format!("Channel: PJSIP/101-0000003a\r\nUniqueid: {id}\r\nLinkedid: {id}");
    let mut said = talk.bytes(&format!("Event: HangupRequest\r\n{caller}\r\nCause: 127\r\n\r\n"));
    said.extend(taken_off(&mut talk));
    assert!(talk.sent("Redirect").is_empty());
    assert!(said.contains(&"Refused(7, NoSuchCall)".to_owned()), "{said:?}");
}

#[test]
fn a_caller_is_sent_neither_to_a_code_nor_back_to_the_phone_that_rings() {
    for to in ["*72101", "#21", "**100", "100"] {
        let (mut talk, key) = ringing(&[], "deflect");
        let said = talk.command(&send_on(&key, to));
        assert!(said[0].starts_with("Refused(7, TargetRefused"), "{to}: {said:?}");
        assert!(talk.sent("Redirect").is_empty());
    }
}

#[test]
fn a_redirect_that_had_its_time_is_not_sent_late() {
    let (mut talk, key) = ringing(&[], "incoming_one_phone");
    talk.command(&send_on(&key, "102"));
    talk.feed(Input::Expired(7));
    talk.answer_as_usual("Getvar");
    assert!(talk.sent("Redirect").is_empty());
}

#[test]
fn a_model_that_has_answered_by_itself_is_remembered() {
    let mut talk =
        Talk::new(super::talk::account(&[("extension", "103"), ("answer", "redirect"), ("answer_context", "tray-answer")]));
    talk.variables.insert("PJSIP_AOR(103,contact)".into(), "103;@a1b2".into());
    talk.variables.insert("PJSIP_CONTACT(103;@a1b2,user_agent)".into(), "Sample T5 1.2".into());
    talk.sign_in();
    talk.sync("");
    talk.sync("");
    let texts = packets("answer_by_redirect");
    let mut answered = false;
    for text in texts.iter().filter(|text| text.starts_with("Event")) {
        if text.starts_with("Event: DialEnd") && !answered {
            answered = true;
            let key = talk.calls()[0].key.clone();
            talk.command(&answer(&key));
            looked_up(&mut talk);
            talk.answer("Redirect", "Response: Success\r\nMessage: Redirect successful");
        }
        talk.text(text);
    }
    assert!(talk.learnt.clone().unwrap_or_default().contains("Sample T5 1.2"), "{:?}", talk.learnt);
}

#[test]
fn an_account_hears_nothing_of_what_others_began_with_the_same_numbers() {
    let mut talk = Talk::online(&[]);
    talk.dial(7, "101");
    for id in 1..200 {
        // Every program numbers its orders from one.
        let said = talk.bytes(&format!(
            "Event: OriginateResponse\r\nActionID: {id}\r\nResponse: Failure\r\nReason: 0\r\nUniqueid: <unknown>\r\n\r\n"
        ));
        assert_eq!(said, Vec::<String>::new());
    }
}
