//! One dial is one call, however many legs the server shows of it, and is never said to be further than is known.

use phone_core::{CallState, EventName};

use super::shown::Shown;
use super::talk::{Talk, only};

fn leg(id: &str, to: &str, word: &str) -> String {
    format!(r#"{{"id":"{id}","from-number":"204","to-number":"{to}","state":"{word}"}}"#)
}

/// Plays pictures to a dial of this number and checks that one call lives through them all, with these states.
fn one_call(version: &str, dialled: &str, pictures: &[(Vec<String>, CallState)]) {
    let mut shown = Shown::online(version, &[]);
    shown.dial(dialled);
    let ours = shown.view()[0].id.clone();
    for (legs, state) in pictures {
        shown.calls(&legs.join(","));
        let view = shown.view();
        assert_eq!(view.len(), 1, "{version} {legs:?}: {view:#?}");
        assert_eq!((&view[0].id, view[0].state), (&ours, *state), "{version} {legs:?}");
        assert_eq!(view[0].remote.number.as_deref(), Some(dialled), "{version}");
    }
    assert_eq!(shown.count(EventName::CallEnded), 0);
    shown.calls("");
    assert!(shown.view().is_empty());
    assert_eq!(shown.count(EventName::CallEnded), 1);
}

#[test]
fn two_legs_one_after_the_other_are_one_call() {
    use CallState::{CallingOwnPhone, Connected, Ringing};
    for version in ["PBX/67.0", "PBX/70.1"] {
        for (dialled, shown_as) in [("+4930555001", "030555001"), ("+4930555001", "+4930555001"), ("207", "207")] {
            let pictures = [
                (vec![leg("a", "204", "alerting")], CallingOwnPhone),
                (vec![leg("b", shown_as, "ringback")], Ringing),
                (vec![leg("b", shown_as, "connected")], Connected),
            ];
            one_call(version, dialled, &pictures);
        }
    }
}

#[test]
fn two_legs_at_once_are_one_call() {
    use CallState::{CallingOwnPhone, Connected, Ringing, Unknown};
    for version in ["PBX/67.0", "PBX/70.1"] {
        let own = |word: &str| leg("a", "204", word);
        let far = |word: &str| leg("b", "030555001", word);
        let pictures = [
            (vec![own("alerting")], CallingOwnPhone),
            // Lifted; nobody has said yet what the destination does.
            (vec![own("connected")], Unknown),
            (vec![own("connected"), far("ringback")], Ringing),
            (vec![far("connected"), own("connected")], Connected),
            (vec![far("connected")], Connected),
        ];
        one_call(version, "+4930555001", &pictures);
        // Both in the first picture.
        let pictures =
            [(vec![far("ringback"), own("connected")], Ringing), (vec![own("connected"), far("connected")], Connected)];
        one_call(version, "+4930555001", &pictures);
    }
}

#[test]
fn a_command_goes_to_the_leg_of_the_destination() {
    let mut shown = Shown::online("PBX/67.0", &[]);
    shown.dial("+4930555001");
    shown.calls(&leg("a", "204", "alerting"));
    shown.calls(&format!("{},{}", leg("a", "204", "connected"), leg("b", "030555001", "connected")));
    let said = shown.press(|model, request, now| model.hang_up(request, None, now)).expect("one call");
    assert_eq!(said, [r#"send {"action":"clear-call","id":"b"}"#]);
}

#[test]
fn calls_of_the_user_that_no_dial_led_to_are_all_shown() {
    let mut talk = Talk::online("PBX/67.0", &[]);
    let mailbox = leg("a", "204", "connected");
    assert_eq!(talk.calls(&mailbox), ["calls a Connected to 204"]);
    talk.dial(7, "207");
    let both = talk.calls(&format!("{mailbox},{}", leg("b", "207", "ringback")));
    assert_eq!(both, ["calls a Connected to 204 | b Ringing to 207 for 7"]);
    // Later calls are calls of their own, also to the own number or to the same one.
    talk.wait_ms(60_000);
    let many = [leg("b", "207", "connected"), leg("c", "204", "connected"), leg("d", "207", "ringback")];
    let said = talk.calls(&many.join(","));
    assert_eq!(said, ["calls b Connected to 207 for 7 | c Connected to 204 | d Ringing to 207"]);
}

#[test]
fn one_word_for_both_phones_never_says_lift_while_the_far_end_may_ring() {
    // Known: old servers have a word for each.
    let mut talk = Talk::online("PBX/67.0", &[]);
    talk.dial(7, "207");
    assert_eq!(talk.calls(&leg("a", "207", "alerting")), ["calls a CallingOwnPhone to 207 for 7"]);
    assert_eq!(talk.calls(&leg("a", "207", "ringback")), ["calls a Ringing to 207 for 7"]);
    // Not known of new ones, unless the leg names the own phone.
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.dial(7, "207");
    assert_eq!(talk.calls(&leg("a", "204", "alerting")), ["calls a CallingOwnPhone to 204 for 7"]);
    assert_eq!(talk.calls(&leg("a", "207", "alerting")), ["calls a Ringing to 207 for 7"]);
    // A new one that says the other word too is understood like an old one.
    talk.calls("");
    talk.calls(&leg("b", "208", "ringback"));
    talk.calls("");
    talk.dial(8, "207");
    assert_eq!(only(&talk.calls(&leg("c", "207", "alerting")), "calls"), ["calls c CallingOwnPhone to 207 for 8"]);
}
