//! Calls in ways that the recordings do not have.

use phone_core::told::Told;

use super::replay::{connected_at_the_beginning, packets};
use super::talk::Talk;

fn event(talk: &mut Talk, name: &str, key: &str, more: &str) -> Vec<String> {
    let lines = format!("Channel: PJSIP/100-00000029\r\nChannelStateDesc: Up\r\nUniqueid: {key}\r\n{more}");
    let lines = if more.is_empty() { lines } else { format!("{lines}\r\n") };
    talk.bytes(&format!("Event: {name}\r\n{lines}\r\n"))
}

#[test]
fn a_phone_that_holds_without_naming_music_is_shown_as_holding() {
    let mut talk = Talk::online_with(&[], &connected_at_the_beginning("hold_resume"));
    let key = talk.calls()[0].key.clone();
    assert!(event(&mut talk, "Hold", &key, "MusicClass: ")[0].contains(" Held "));
    assert!(event(&mut talk, "Unhold", &key, "")[0].contains(" Connected "));
    assert!(event(&mut talk, "Unhold", &key, "").is_empty(), "it comes without a hold on every transfer");
}

#[test]
fn a_phone_that_never_rang_shows_no_call() {
    let mut talk = Talk::online(&[]);
    for text in packets("incoming_one_phone") {
        let rings = text.contains("ChannelStateDesc: Ringing") && text.contains("Event: Newstate");
        if rings {
            break;
        }
        talk.text(&text);
    }
    let begin = packets("incoming_one_phone");
    let leg =
        begin.iter().find(|text| text.contains("Channel: PJSIP/100-") && text.contains("Event: Newchannel")).expect("the leg");
    let hangup = leg.replace("Event: Newchannel", "Event: Hangup\r\nCause: 17");
    assert!(talk.text(&hangup).iter().all(|line| !line.starts_with("calls") && !line.contains("Missed")));
}

#[test]
fn a_late_word_about_a_call_does_not_bring_it_back() {
    let mut talk = Talk::online(&[]);
    for text in packets("missed_gave_up") {
        talk.text(&text);
    }
    for text in packets("missed_gave_up").iter().filter(|text| text.contains("Newstate") || text.contains("DialEnd")) {
        assert!(talk.text(text).iter().all(|line| !line.starts_with("calls")), "{text}");
    }
    assert!(talk.calls().is_empty());
}

#[test]
fn a_call_whose_birth_was_not_seen_is_shown_all_the_same() {
    let mut talk = Talk::online(&[]);
    for text in packets("incoming_one_phone").iter().filter(|text| !text.contains("Newchannel") && !text.contains("DialBegin")) {
        talk.text(text);
    }
    let calls: Vec<&String> = talk.said.iter().filter(|line| line.starts_with("calls")).collect();
    assert!(calls[0].contains("Ringing from 101 Bob Example"), "{calls:?}");
    assert!(talk.calls().is_empty());
}

#[test]
fn two_phones_at_two_names_are_one_call() {
    let mut talk = Talk::online(&[("device", "PJSIP/100,PJSIP/100-home")]);
    for text in packets("incoming_two_phones") {
        // The second leg belongs to the other phone.
        talk.text(&text.replace("PJSIP/100-00000002", "PJSIP/100-home-00000002"));
    }
    let most = talk.told.iter().filter_map(|told| if let Told::Calls { calls, .. } = told { Some(calls.len()) } else { None });
    assert_eq!(most.max(), Some(1));
}

#[test]
fn a_call_that_was_queued_again_is_another_one() {
    let mut talk = Talk::online(&[]);
    for round in 0..2 {
        for text in packets("missed_rang_out") {
            talk.text(&text.replace("tp-", &format!("r{round}-")));
        }
    }
    assert_eq!(talk.said.iter().filter(|line| line.ends_with(" Missed")).count(), 2);
}
