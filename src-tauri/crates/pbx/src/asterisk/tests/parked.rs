//! Calls that wait in parking places: whose they are, and until when.

use std::time::Duration;

use phone_core::told::{ParkedSeen, Told};

use super::talk::{Talk, account};

/// A packet about somebody who waits; `by` is the phone that parked them.
fn packet(event: &str, key: &str, place: &str, by: &str, more: &str) -> String {
    format!(
        "Event: {event}\r\n{more}Privilege: call,all\r\nParkeeChannel: PJSIP/101-0000000c\r\nParkeeChannelStateDesc: Up\r\n\
         ParkeeCallerIDNum: 101\r\nParkeeCallerIDName: Bob Example\r\nParkeeUniqueid: {key}\r\nParkeeLinkedid: {key}\r\n\
         ParkerDialString: {by}\r\nParkinglot: default\r\nParkingSpace: {place}\r\nParkingTimeout: 45\r\nParkingDuration: 12\r\n\r\n"
    )
}

/// The parked calls as told last; none when nothing was told.
fn waiting(talk: &Talk) -> Option<Vec<ParkedSeen>> {
    talk.told.iter().rev().find_map(|told| if let Told::ParkedCalls(all) = told { Some(all.clone()) } else { None })
}

fn keys(talk: &Talk) -> Vec<String> {
    waiting(talk).expect("told").into_iter().map(|seen| seen.key).collect()
}

/// A dialect that is online and was told what waits: each with its place and the phone that parked it.
fn listed(items: &[(&str, &str, &str)]) -> Talk {
    let mut talk = unlisted();
    list(&mut talk, items);
    talk
}

/// A dialect that is online and waits for the list.
fn unlisted() -> Talk {
    let mut talk = Talk { unanswered: "ParkedCalls", ..Talk::new(account(&[])) };
    talk.sign_in();
    talk.sync("");
    talk.told.clear();
    talk
}

fn list(talk: &mut Talk, items: &[(&str, &str, &str)]) {
    let (id, _) = talk.take("ParkedCalls");
    let with_id = format!("ActionID: {id}\r\n");
    talk.bytes(&format!("Response: Success\r\n{with_id}EventList: start\r\nMessage: Parked calls will follow\r\n\r\n"));
    for (key, place, by) in items {
        talk.bytes(&packet("ParkedCall", key, place, by, &with_id));
    }
    talk.bytes(&format!("Event: ParkedCallsComplete\r\n{with_id}EventList: Complete\r\nListItems: 0\r\n\r\n"));
}

#[test]
fn what_this_users_phones_have_parked_is_told_after_the_sign_in_and_nothing_of_others() {
    let talk = listed(&[("p.1", "71", "PJSIP/100"), ("p.2", "72", "PJSIP/102"), ("p.3", "73", "PJSIP/1001")]);
    let all = waiting(&talk).expect("told");
    let [one] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((one.key.as_str(), one.place.as_deref(), one.who.name.as_deref()), ("p.1", Some("71"), Some("Bob Example")));
    let lasted = one.since.map(|since| talk.now.wall.duration_since(since));
    assert_eq!(lasted.and_then(|lasted| Duration::try_from(lasted).ok()), Some(Duration::from_secs(12)));
}

#[test]
fn whoever_is_fetched_gives_up_or_is_called_back_waits_no_more() {
    for end in ["UnParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut"] {
        let mut talk = listed(&[("p.1", "71", "PJSIP/100"), ("p.2", "72", "PJSIP/100")]);
        talk.bytes(&packet(end, "p.2", "72", "PJSIP/100", ""));
        assert_eq!(keys(&talk), ["p.1"], "{end}");
        talk.bytes(&packet(end, "p.9", "79", "PJSIP/102", ""));
        assert_eq!(keys(&talk), ["p.1"], "{end} of somebody else's");
    }
}

#[test]
fn a_place_where_somebody_elses_call_waits_now_is_not_shown_as_ours() {
    let mut talk = listed(&[("p.1", "71", "PJSIP/100")]);
    talk.bytes(&packet("ParkedCall", "p.8", "71", "PJSIP/102", ""));
    assert_eq!(keys(&talk), [] as [&str; 0]);
    talk.bytes(&packet("ParkedCall", "p.9", "72", "PJSIP/100", ""));
    assert_eq!(keys(&talk), ["p.9"], "parked at the desk phone");
    talk.bytes(&packet("ParkedCallSwap", "p.10", "72", "PJSIP/100", ""));
    assert_eq!(keys(&talk), ["p.10"], "the same call on another channel");
}

#[test]
fn what_happens_while_the_list_is_read_counts_more_than_the_list() {
    let mut talk = unlisted();
    let (id, _) = talk.take("ParkedCalls");
    let with_id = format!("ActionID: {id}\r\n");
    talk.bytes(&format!("Response: Success\r\n{with_id}EventList: start\r\n\r\n"));
    for (key, place) in [("p.1", "71"), ("p.2", "72")] {
        talk.bytes(&packet("ParkedCall", key, place, "PJSIP/100", &with_id));
    }
    talk.bytes(&packet("UnParkedCall", "p.1", "71", "PJSIP/100", ""));
    talk.bytes(&packet("ParkedCall", "p.3", "73", "PJSIP/100", ""));
    assert_eq!(waiting(&talk), None, "half a list is none");
    talk.bytes(&format!("Event: ParkedCallsComplete\r\n{with_id}EventList: Complete\r\n\r\n"));
    assert_eq!(keys(&talk), ["p.2", "p.3"]);
}

#[test]
fn a_server_that_does_not_list_them_is_not_taken_to_have_none() {
    let mut talk = unlisted();
    talk.answer("ParkedCalls", "Response: Error\r\nMessage: Permission denied");
    assert_eq!(waiting(&talk), None);
    // What it tells afterwards still counts.
    talk.bytes(&packet("ParkedCall", "p.3", "73", "PJSIP/100", ""));
    assert_eq!(waiting(&talk), None, "what was parked before would be dropped");
}

#[test]
fn oneself_parked_by_somebody_else_is_no_call_that_waits_for_us() {
    let mut talk = listed(&[]);
    // By a program that does not say whom to call back: then it is whoever is parked.
    talk.bytes(&packet("ParkedCall", "p.9", "71", "PJSIP/100", "").replace("PJSIP/101-0000000c", "PJSIP/100-0000000c"));
    assert_eq!(keys(&talk), [] as [&str; 0]);
}

#[test]
fn what_was_fetched_without_a_word_waits_no_longer_than_a_minute() {
    let mut talk = listed(&[("p.1", "71", "PJSIP/100"), ("p.2", "72", "PJSIP/100")]);
    for _ in 0..61 {
        talk.wait_ms(1_000);
        if talk.asked.iter().any(|(_, name, _)| name == "ParkedCalls") {
            break;
        }
        talk.sync("");
    }
    // What is told while it is listed anew is told at once.
    talk.bytes(&packet("ParkedCall", "p.3", "73", "PJSIP/100", ""));
    assert_eq!(keys(&talk), ["p.1", "p.2", "p.3"]);
    list(&mut talk, &[("p.2", "72", "PJSIP/100")]);
    assert_eq!(keys(&talk), ["p.3", "p.2"]);
    // A list that does not come is asked for again, and as soon as nothing is kept there are no more questions.
    for gone in ["p.2", "p.3"] {
        talk.wait_ms(61_000);
        talk.bytes(&packet("UnParkedCall", gone, "72", "PJSIP/100", ""));
    }
    assert_eq!(keys(&talk), [] as [&str; 0]);
    let asked = talk.sent("ParkedCalls").len();
    talk.wait_ms(300_000);
    assert_eq!(talk.sent("ParkedCalls").len(), asked);
}
