//! Commands about the other end of a call, which may not be known yet, and about phones that are told of late.

use phone_core::told::Command;

use super::replay::{connected_at_the_beginning, packets};
use super::talk::Talk;

/// A dialect with one connected incoming call.
fn connected() -> (Talk, String) {
    let talk = Talk::online_with(&[], &connected_at_the_beginning("hold_resume"));
    let key = talk.calls()[0].key.clone();
    (talk, key)
}

/// A dialect whose call has just been answered: who calls is not in the bridge yet. Gives the packets that follow.
fn just_answered() -> (Talk, String, Vec<String>) {
    let mut talk = Talk::online(&[]);
    let mut rest = packets("incoming_one_phone");
    let begin = rest.iter().position(|text| text.contains("DialStatus: ANSWER")).expect("it is answered");
    let after = rest.split_off(begin + 1);
    for text in rest {
        talk.text(&text);
    }
    assert!(talk.said.iter().any(|line| line.starts_with("calls") && line.contains("Connected")), "{:?}", talk.said);
    let key = talk.calls()[0].key.clone();
    (talk, key, after)
}

fn tones(key: &str, digits: &str) -> Command {
    Command::Dtmf { request: 7, key: key.to_owned(), digits: digits.to_owned() }
}

const DONE: &str = "Response: Success";

#[test]
fn tones_go_to_the_other_side_one_after_the_other() {
    let (mut talk, key) = connected();
    talk.command(&tones(&key, "1,#"));
    assert_eq!(talk.sent("PlayDTMF").len(), 1);
    assert!(talk.sent("PlayDTMF")[0].contains("Channel: PJSIP/101-") && talk.sent("PlayDTMF")[0].contains("Duration: 200"));
    talk.answer("PlayDTMF", DONE);
    talk.wait_ms(1_050);
    assert_eq!(talk.sent("PlayDTMF").len(), 1, "a comma is a pause");
    talk.wait_ms(200);
    assert_eq!(talk.sent("PlayDTMF").len(), 2);
    assert_eq!(talk.answer("PlayDTMF", DONE), ["Confirmed(7)"]);
}

#[test]
fn the_next_tone_follows_some_time_after_the_answer_to_the_last_one() {
    let (mut talk, key) = connected();
    talk.command(&tones(&key, "12"));
    talk.wait_ms(2_000);
    assert_eq!(talk.sent("PlayDTMF").len(), 1, "the first one plays on");
    talk.answer("PlayDTMF", DONE);
    talk.wait_ms(59);
    assert_eq!(talk.sent("PlayDTMF").len(), 1, "what follows at once is lost");
    talk.wait_ms(41);
    assert_eq!(talk.sent("PlayDTMF").len(), 2);
    assert_eq!(talk.answer("PlayDTMF", DONE), ["Confirmed(7)"]);
}

#[test]
fn a_key_that_is_pressed_right_after_another_one_waits_for_its_silence() {
    let (mut talk, key) = connected();
    talk.command(&tones(&key, "1"));
    assert_eq!(talk.answer("PlayDTMF", DONE), ["Confirmed(7)"]);
    talk.command(&Command::Dtmf { request: 8, key, digits: "2".to_owned() });
    talk.wait_ms(59);
    assert_eq!(talk.sent("PlayDTMF").len(), 1, "what follows at once is lost");
    talk.wait_ms(41);
    assert_eq!(talk.sent("PlayDTMF").len(), 2);
    assert_eq!(talk.answer("PlayDTMF", DONE), ["Confirmed(8)"]);
}

#[test]
fn tones_stop_when_somebody_else_is_there_now() {
    let (mut talk, key) = connected();
    talk.command(&tones(&key, "1234"));
    let peer = packets("hold_resume")
        .iter()
        .find(|text| text.contains("Channel: PJSIP/101-") && text.contains("BridgeLeave"))
        .expect("it leaves")
        .clone();
    talk.text(&peer);
    talk.answer("PlayDTMF", DONE);
    let said = talk.wait_ms(300);
    assert!(said[0].starts_with("Refused(7, NotNow(") && said[0].contains("Somebody else"), "the call is there: {said:?}");
    talk.wait_ms(3_000);
    assert_eq!(talk.sent("PlayDTMF").len(), 1);
}

#[test]
fn tones_of_the_moment_of_the_answer_wait_for_who_is_there() {
    let (mut talk, key, after) = just_answered();
    assert!(talk.command(&tones(&key, "4")).is_empty());
    assert!(talk.sent("PlayDTMF").is_empty(), "nobody is there yet who could hear it");
    for text in after.iter().take_while(|text| !text.contains("HangupRequest")) {
        talk.text(text);
    }
    let sent = talk.sent("PlayDTMF");
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains("Channel: PJSIP/101-") && !sent[0].contains("Receive"), "{sent:?}");
    assert_eq!(talk.answer("PlayDTMF", DONE), ["Confirmed(7)"]);
}

#[test]
fn who_is_there_is_asked_for_and_a_silent_server_is_said_to_be_that() {
    let (mut talk, key, after) = just_answered();
    let own = after.iter().find(|text| text.contains("BridgeEnter")).expect("our side");
    talk.text(&own.replace("BridgeNumChannels: 1", "BridgeNumChannels: 2"));
    talk.command(&Command::Park { request: 8, key: key.clone() });
    assert_eq!(talk.sent("BridgeInfo").len(), 1);
    assert!(talk.sent("Park").is_empty());
    let (id, _) = talk.take("BridgeInfo");
    let item = "Channel: PJSIP/101-00000009\r\nChannelStateDesc: Up\r\nUniqueid: other.1\r\nLinkedid: other.1\r\n";
    talk.bytes(&format!("Event: BridgeInfoChannel\r\nActionID: {id}\r\n{item}\r\n"));
    assert!(talk.sent("Park")[0].contains("Channel: PJSIP/101-00000009\r\n"), "{:?}", talk.sent("Park"));

    let (mut talk, key, _) = just_answered();
    talk.command(&tones(&key, "4"));
    let said = talk.wait_ms(4_000);
    assert!(said[0].starts_with("Refused(7, NotNow("), "the call is there, and this was not sent: {said:?}");
    assert!(talk.sent("PlayDTMF").is_empty());
}

#[test]
fn declining_also_ends_the_leg_of_a_phone_that_is_told_of_after_it() {
    let mut talk = Talk::online(&[]);
    let texts = packets("incoming_two_phones");
    let second = texts.iter().filter(|text| text.contains("Event: Newchannel")).nth(2).expect("two phones").clone();
    let second = second.split("Uniqueid: ").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("an id").to_owned();
    let rings = texts.iter().take_while(|text| !text.contains("ChannelState: 6"));
    let (late, first): (Vec<&String>, Vec<&String>) = rings.partition(|text| text.contains(&second));
    for text in first {
        talk.text(text);
    }
    let key = talk.calls()[0].key.clone();
    talk.command(&Command::HangUp { request: 7, key });
    assert_eq!(talk.sent("Hangup").len(), 1);
    for text in late {
        talk.text(text);
    }
    let sent = talk.sent("Hangup");
    assert_eq!(sent.len(), 2, "once for each");
    assert!(sent[1].contains(&format!("Channel: {second}\r\nCause: 17")), "{sent:?}");
}
