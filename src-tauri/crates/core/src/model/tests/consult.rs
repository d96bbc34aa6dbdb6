//! Asking somebody about a call, parking it, taking one that rings elsewhere.

use super::*;
use crate::request::TransferTarget;

const MARA: &str = "+4930555001";

/// An account whose PBX knows all of it, with one connected call.
fn talking(now: Now) -> (Model, CallId) {
    use Ability::{Consult, Dial, HangUp, Park, PickUp, TransferAttended, TransferBlind};
    let mut model = online(now);
    let abilities = Abilities::of(&[Dial, HangUp, TransferBlind, TransferAttended, Consult, Park, PickUp]);
    model.apply(&office(), Told::Abilities(abilities), now);
    calls(&mut model, vec![talk()], now);
    let id = model.view().calls[0].id.clone();
    (model, id)
}

fn talk() -> CallSeen {
    seen("u1", Direction::Incoming, SeenState::Connected, MARA)
}

fn ask(number: &str) -> TransferTarget {
    TransferTarget::Ask(number.to_owned())
}

fn later(now: Now, by: Duration) -> Now {
    Now { mono: now.mono + by, ..now }
}

#[test]
fn somebody_is_asked_while_the_call_waits_and_both_are_joined() {
    let now = now();
    let (mut model, id) = talking(now);
    assert!(model.view().calls[0].can.contains(&Can::Consult));
    let Ok(Begun::Send(_, Command::Consult { key, to, .. }, _)) = model.transfer(7, &id, &ask("207"), now) else {
        panic!("not sent")
    };
    assert_eq!((key.as_str(), to.as_str()), ("u1", "207"));
    assert_eq!(model.view().calls[0].doing, Some(Doing::Consulting));
    let held = CallSeen { state: SeenState::Held(Holder::Us), ..talk() };
    let asked = seen("u1/consult", Direction::Outgoing, SeenState::Ringing, "207");
    calls(&mut model, vec![held.clone(), asked.clone()], now);
    let out = model.apply(&office(), Told::Confirmed(7), now);
    assert_eq!(finished(&out), [(7, Ok(()))]);
    let second = model.view().calls.iter().find(|call| call.id != id).expect("the second call").id.clone();
    calls(&mut model, vec![held, CallSeen { state: SeenState::Connected, ..asked }], now);
    let Ok(Begun::Send(_, Command::TransferJoin { key, other, .. }, _)) =
        model.transfer(8, &id, &TransferTarget::Call(second), now)
    else {
        panic!("not joined")
    };
    assert_eq!((key.as_str(), other.as_str()), ("u1", "u1/consult"));
}

#[test]
fn nobody_is_asked_twice_by_accident() {
    let now = now();
    let (mut model, id) = talking(now);
    assert!(matches!(model.transfer(7, &id, &ask("207"), now), Ok(Begun::Send(..))));
    assert_eq!(model.transfer(8, &id, &ask("207"), now), Err(Reason::DialledJustNow));
    // Nobody knows whether it rang: the number stays guarded, another one does not.
    let late = later(now, COMMAND_LIMIT);
    let out = model.tick(late);
    assert!(out.iter().any(|out| matches!(out, Output::Expired(_, 7))), "{out:?}");
    let again = model.transfer(9, &id, &ask("207"), late);
    assert!(matches!(again, Err(Reason::DialUnclear { .. })), "{again:?}");
    assert!(matches!(model.dial(10, "207", None, Source::Typed, false, late), Err(Reason::DialUnclear { .. })));
    assert!(matches!(model.transfer(11, &id, &ask("208"), late), Ok(Begun::Send(..))));
}

#[test]
fn a_refused_question_leaves_the_call_as_it_is() {
    let now = now();
    let (mut model, id) = talking(now);
    assert!(matches!(model.transfer(7, &id, &ask("207"), now), Ok(Begun::Send(..))));
    let out = model.apply(&office(), Told::Refused(7, Reason::RefusedByPbx("no such extension".into())), now);
    assert_eq!(finished(&out), [(7, Err(Code::RefusedByPbx))]);
    assert_eq!((model.view().calls[0].state, model.view().calls[0].doing), (CallState::Connected, None));
    assert!(matches!(model.transfer(8, &id, &ask("207"), now), Ok(Begun::Send(..))), "a refusal guards nothing");
}

#[test]
fn only_a_connected_call_can_wait_while_somebody_is_asked() {
    let now = now();
    for state in [SeenState::Ringing, SeenState::Held(Holder::Us), SeenState::Held(Holder::Them), SeenState::Unknown] {
        let mut model = talking(now).0;
        calls(&mut model, vec![CallSeen { state, ..talk() }], now);
        let call = model.view().calls[0].clone();
        let refused = model.transfer(7, &call.id, &ask("207"), now);
        assert!(matches!(refused, Err(Reason::NotNow(_) | Reason::StateUnknown)), "{state:?}: {refused:?}");
        assert!(!call.can.contains(&Can::Consult), "{state:?}");
    }
    let (mut model, id) = talking(now);
    model.screen_locked(true);
    for target in [ask("207"), TransferTarget::Number("207".to_owned())] {
        assert!(matches!(model.transfer(7, &id, &target, now), Err(Reason::TargetRefused(_))), "{target:?}");
    }
    model.screen_locked(false);
    // A PBX that cannot do it is not asked to.
    model.apply(&office(), Told::Abilities(everything()), now);
    assert_eq!(model.transfer(7, &id, &ask("207"), now), Err(Reason::Unsupported));
}

#[test]
fn a_parked_call_tells_its_place_even_when_it_ends_here_first() {
    let now = now();
    for call_ends_first in [false, true] {
        let (mut model, id) = talking(now);
        let Ok(Begun::Send(_, Command::Park { key, .. }, _)) = model.park(7, &id, now) else { panic!("not sent") };
        assert_eq!(key, "u1");
        if call_ends_first {
            calls(&mut model, vec![], now);
        }
        let out = model.apply(&office(), Told::Parked { request: 7, key: None, place: Some("71".into()) }, now);
        let answer = out.iter().find_map(|out| if let Output::Finished(7, answer) = out { Some(answer) } else { None });
        assert_eq!(answer, Some(&Ok(Reply::Parked(Some("71".into())))), "{call_ends_first}");
    }
}

#[test]
fn a_call_that_ends_without_a_word_about_its_place_is_not_called_parked() {
    let now = now();
    let (mut model, id) = talking(now);
    assert!(matches!(model.park(7, &id, now), Ok(Begun::Send(..))));
    calls(&mut model, vec![], now);
    let out = model.tick(later(now, COMMAND_LIMIT));
    assert!(matches!(finished(&out).as_slice(), [(7, Err(_))]), "{out:?}");
}

#[test]
fn a_colleagues_ringing_call_is_taken_as_an_own_call() {
    let now = now();
    let (mut model, _) = talking(now);
    let Ok(Begun::Send(_, Command::PickUp { from, .. }, _)) = model.pick_up(7, "101", None, now) else { panic!("not sent") };
    assert_eq!(from, "101");
    let dialling = model.view().calls.iter().find(|call| call.state == CallState::Dialing).cloned().expect("a call");
    assert_eq!((dialling.direction, dialling.remote.number.as_deref()), (Direction::Outgoing, Some("101")));
    assert_eq!(model.pick_up(8, "101", None, now), Err(Reason::DialInFlight));
    let ours = CallSeen { request: Some(7), ..seen("u2", Direction::Outgoing, SeenState::CallingOwnPhone, "101") };
    let out = calls(&mut model, vec![talk(), ours], now);
    assert_eq!(finished(&out), [(7, Ok(()))]);
}

#[test]
fn a_call_that_was_taken_shows_who_calls_and_not_whom_they_called() {
    let now = now();
    let (mut model, _) = talking(now);
    assert!(matches!(model.pick_up(7, "101", None, now), Ok(Begun::Send(..))));
    let ours = CallSeen { request: Some(7), ..seen("u2", Direction::Outgoing, SeenState::CallingOwnPhone, "101") };
    calls(&mut model, vec![talk(), ours.clone()], now);
    let number = |model: &mut Model| {
        let view = model.view();
        view.calls.iter().find(|call| call.direction == Direction::Outgoing).and_then(|call| call.remote.number.clone())
    };
    let carol = |state| CallSeen { state, remote: Party::number("102"), ..ours.clone() };
    calls(&mut model, vec![talk(), carol(SeenState::Ringing)], now);
    assert_eq!(number(&mut model).as_deref(), Some("101"), "nobody has taken it yet");
    calls(&mut model, vec![talk(), carol(SeenState::Connected)], now);
    assert_eq!(number(&mut model).as_deref(), Some("102"));
    calls(&mut model, vec![talk(), carol(SeenState::Held(Holder::Us))], now);
    assert_eq!(number(&mut model).as_deref(), Some("102"));
}

#[test]
fn a_call_that_we_dialled_and_that_is_handed_on_shows_who_is_there_now() {
    let now = now();
    let (mut model, _) = talking(now);
    let Ok(Begun::Send(..)) = model.dial(7, "030 555002", None, Source::Typed, true, now) else { panic!("not sent") };
    let told = |state, number: &str, name: Option<&str>| CallSeen {
        request: Some(7),
        remote: Party { number: Some(number.to_owned()), name: name.map(str::to_owned) },
        ..seen("u2", Direction::Outgoing, state, number)
    };
    let dialled = |model: &mut Model| {
        let view = model.view();
        view.calls.iter().find(|call| call.direction == Direction::Outgoing).map(|call| call.remote.clone()).expect("it")
    };
    calls(&mut model, vec![talk(), told(SeenState::Ringing, "9030555002", Some("Tom"))], now);
    let typed = dialled(&mut model).number;
    calls(&mut model, vec![talk(), told(SeenState::Connected, "9030555002", Some("Tom"))], now);
    assert_eq!(dialled(&mut model).number, typed, "the same number in the words of the PBX");
    calls(&mut model, vec![talk(), told(SeenState::Connected, "207", None)], now);
    assert_eq!(dialled(&mut model), Party::number("207"), "and not with the name of who was there before");
}

#[test]
fn a_long_row_of_tones_has_the_time_that_it_takes() {
    let now = now();
    let (mut model, id) = talking(now);
    model.apply(&office(), Told::Abilities(Abilities::of(&[Ability::Dtmf])), now);
    assert!(matches!(model.dtmf(7, &id, &"1".repeat(30), now), Ok(Begun::Send(..))));
    assert_eq!(finished(&model.tick(later(now, COMMAND_LIMIT + Duration::from_secs(10)))), []);
    let out = model.tick(later(now, COMMAND_LIMIT + Duration::from_secs(15)));
    assert!(matches!(finished(&out).as_slice(), [(7, Err(_))]), "{out:?}");
}

#[test]
fn a_call_is_taken_from_an_extension_only() {
    let now = now();
    let (mut model, _) = talking(now);
    // The user of this account is 204.
    assert!(matches!(model.pick_up(6, "204", None, now), Err(Reason::NotNow(_))), "not from the own phone");
    for wrong in ["", "  ", "*78", "101,102", "+4930555001x", "101 102", "1234567890123456", "PJSIP/101"] {
        assert!(matches!(model.pick_up(7, wrong, None, now), Err(Reason::WrongUsage(_))), "{wrong}");
    }
    model.apply(&office(), Told::Abilities(everything()), now);
    assert_eq!(model.pick_up(7, "101", None, now), Err(Reason::Unsupported));
}

#[test]
fn an_address_is_called_where_the_pbx_can() {
    let now = now();
    let (mut model, _) = talking(now);
    let address = "sip:mara@example.org";
    assert!(matches!(model.dial(7, address, None, Source::Typed, true, now), Err(Reason::NumberNotUsable(_))));
    model.apply(&office(), Told::Abilities(Abilities::of(&[Ability::Dial, Ability::DialAddresses])), now);
    let Ok(Begun::Send(_, Command::Dial { to, .. }, _)) = model.dial(8, address, None, Source::Typed, true, now) else {
        panic!("not sent")
    };
    assert_eq!(to, address);
    // A page still asks first.
    let asked = model.dial(9, "sip:tom@example.org", None, Source::Link, false, now);
    assert!(matches!(asked, Err(Reason::PolicyAsk(_))), "{asked:?}");
}
