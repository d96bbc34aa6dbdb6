//! What is said to a press: what is so already, what is under way, what cannot be now, and accounts that go.

use super::*;

const MARA: &str = "+4930555001";

fn incoming(state: SeenState) -> Vec<CallSeen> {
    vec![seen("1", Direction::Incoming, state, MARA)]
}

fn outgoing(state: SeenState) -> Vec<CallSeen> {
    vec![seen("1", Direction::Outgoing, state, MARA)]
}

#[test]
fn answering_what_is_answered_is_so_already_with_and_without_its_name() {
    for state in [SeenState::Connected, SeenState::Held(Holder::NotTold), SeenState::Held(Holder::Them)] {
        let now = now();
        let mut model = online(now);
        calls(&mut model, incoming(state), now);
        let id = model.view().calls[0].id.clone();
        for call in [None, Some(&id)] {
            let begun = model.answer(7, call, now);
            assert!(matches!(&begun, Ok(Begun::Already(Reply::Call(brief))) if brief.id == id), "{state:?}: {begun:?}");
        }
    }
    // With a second one ringing, only that can be meant.
    let now = now();
    let mut model = online(now);
    let both = vec![
        seen("1", Direction::Incoming, SeenState::Connected, MARA),
        seen("2", Direction::Incoming, SeenState::Ringing, "+4930555002"),
    ];
    calls(&mut model, both, now);
    assert!(matches!(model.answer(7, None, now), Ok(Begun::Send(_, Command::Answer { key, .. }, _)) if key == "2"));
    // With nothing at all, nothing fits.
    let mut model = online(now);
    assert_eq!(model.answer(7, None, now), Err(Reason::NoCallFits));
    calls(&mut model, outgoing(SeenState::Connected), now);
    assert_eq!(model.answer(7, None, now), Err(Reason::NoCallFits));
}

#[test]
fn holding_what_we_hold_and_taking_back_what_talks_are_so_already() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, incoming(SeenState::Connected), now);
    assert!(matches!(model.resume(1, None, now), Ok(Begun::Already(_))));
    assert!(model.hold(2, None, now).is_ok());
    calls(&mut model, incoming(SeenState::Held(Holder::Us)), now);
    assert!(matches!(model.hold(3, None, now), Ok(Begun::Already(_))));
}

#[test]
fn a_second_press_of_the_same_button_gets_the_answer_of_the_first_and_sends_nothing() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, incoming(SeenState::Ringing), now);
    assert!(matches!(model.answer(1, None, now), Ok(Begun::Send(..))));
    assert_eq!(model.answer(2, None, now), Ok(Begun::Joined));
    let out = calls(&mut model, incoming(SeenState::Connected), now);
    assert_eq!(finished(&out), [(1, Ok(())), (2, Ok(()))]);

    assert!(matches!(model.hang_up(3, None, now), Ok(Begun::Send(..))));
    assert_eq!(model.hang_up(4, None, now), Ok(Begun::Joined));
    assert_eq!(model.hang_up(5, None, now), Ok(Begun::Joined));
    assert_eq!(finished(&calls(&mut model, vec![], now)), [(3, Ok(())), (4, Ok(())), (5, Ok(()))]);

    // A refusal, a deadline and a lost link are told to everybody too.
    calls(&mut model, incoming(SeenState::Connected), now);
    assert!(model.hang_up(6, None, now).is_ok() && model.hang_up(7, None, now).is_ok());
    let out = model.apply(&office(), Told::Refused(6, Reason::Forbidden), now);
    assert_eq!(finished(&out), [(6, Err(Code::Forbidden)), (7, Err(Code::Forbidden))]);
    assert!(model.hang_up(8, None, now).is_ok() && model.hang_up(9, None, now).is_ok());
    let late = Now { mono: now.mono + Duration::from_secs(6), ..now };
    assert_eq!(finished(&model.tick(late)), [(8, Err(Code::OutcomeUnknown)), (9, Err(Code::OutcomeUnknown))]);
    assert!(model.hang_up(10, None, now).is_ok() && model.hang_up(11, None, now).is_ok());
    let out = model.link_is(&office(), &Link::new(), None, now);
    assert_eq!(finished(&out), [(10, Err(Code::OutcomeUnknown)), (11, Err(Code::OutcomeUnknown))]);
}

#[test]
fn another_button_meanwhile_is_told_that_something_is_under_way() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, incoming(SeenState::Connected), now);
    let id = model.view().calls[0].id.clone();
    assert!(model.hold(1, None, now).is_ok());
    let target = crate::request::TransferTarget::Number("207".into());
    assert_eq!(model.transfer(2, &id, &target, now), Err(Reason::UnderWay));
    assert!(matches!(model.hang_up(3, None, now), Ok(Begun::Send(..))), "hanging up is always possible");
    // So many presses that nobody can mean them are not kept.
    let refused = (10..60).filter(|request| model.hang_up(*request, None, now) == Err(Reason::UnderWay)).count();
    assert_eq!(refused, 34);
}

#[test]
fn what_cannot_be_now_is_not_said_to_be_unknown() {
    let now = now();
    let not_now = |begun: Result<Begun, Reason>| matches!(begun, Err(Reason::NotNow(_)));
    let mut model = online(now);
    calls(&mut model, outgoing(SeenState::Ringing), now);
    let id = model.view().calls[0].id.clone();
    assert!(not_now(model.answer(1, Some(&id), now)));
    assert!(not_now(model.hold(1, Some(&id), now)));
    assert!(not_now(model.resume(1, Some(&id), now)));
    calls(&mut model, outgoing(SeenState::Held(Holder::Them)), now);
    assert!(not_now(model.hold(1, Some(&id), now)));
    assert!(not_now(model.resume(1, Some(&id), now)));
    // Without its name the only call is meant, and the truth is said of it.
    assert!(not_now(model.hold(1, None, now)));
    assert!(not_now(model.resume(1, None, now)));
    calls(&mut model, outgoing(SeenState::Unknown), now);
    for begun in [model.answer(1, Some(&id), now), model.hold(1, Some(&id), now), model.resume(1, Some(&id), now)] {
        assert_eq!(begun, Err(Reason::StateUnknown));
    }
}

#[test]
fn a_held_call_alone_does_not_confirm_a_hold_by_toggle() {
    for (holder, safe, end) in [
        (Holder::Us, false, Some(Ok(()))),
        (Holder::NotTold, true, Some(Ok(()))),
        (Holder::NotTold, false, Some(Err(Code::OutcomeUnknown))),
        // The other side was quicker; ours is on its way still.
        (Holder::Them, false, None),
    ] {
        let now = now();
        let mut model = online(now);
        calls(&mut model, incoming(SeenState::Connected), now);
        assert!(model.hold(1, None, now).is_ok());
        let mut held = incoming(SeenState::Held(holder));
        held[0].resume_is_safe = safe;
        let out = calls(&mut model, held, now);
        assert_eq!(finished(&out), end.map(|end| (1, end)).into_iter().collect::<Vec<_>>(), "{holder:?} {safe}");
        assert_eq!(model.view().calls[0].can.contains(&Can::Resume), end == Some(Ok(())));
    }
}

#[test]
fn an_account_that_goes_leaves_no_call_behind() {
    let now = now();
    let mut model = online(now);
    let both = vec![
        seen("1", Direction::Incoming, SeenState::Connected, MARA),
        seen("2", Direction::Incoming, SeenState::Ringing, "+4930555002"),
    ];
    calls(&mut model, both, now);
    assert!(model.hang_up(7, Some(&CallId("office/c1".into())), now).is_ok());
    // As the engine does it: the link first, then the account.
    let mut out = model.link_is(&office(), &Link::new(), None, now);
    out.extend(model.remove_account(&office(), now));
    assert_eq!(finished(&out), [(7, Err(Code::OutcomeUnknown))]);
    let ended: Vec<String> = out
        .iter()
        .filter_map(|o| if let Output::Event(e) = o { Some(e) } else { None })
        .filter(|e| e.event == EventName::CallEnded)
        .filter_map(|e| e.call.as_ref().map(|c| c.id.0.clone()))
        .collect();
    assert_eq!(ended, ["office/c1", "office/c2"]);
    assert!(!events(&out).contains(&EventName::CallMissed), "nobody knows how it ended");
    let kept: Vec<(Outcome, Option<Timestamp>)> =
        out.iter().filter_map(|o| if let Output::Record(r) = o { Some((r.outcome, r.ended_at)) } else { None }).collect();
    assert_eq!(kept, [(Outcome::Answered, None), (Outcome::Unknown, None)]);
    let view = model.view();
    assert!(view.calls.is_empty() && view.accounts.is_empty() && view.recent.is_empty());
}

#[test]
fn a_dials_next_leg_keeps_its_name_however_its_number_is_written() {
    let now = now();
    let mut model = online(now);
    assert!(model.dial(9, "1234567", None, Source::Typed, true, now).is_ok());
    let leg = |key: &str, state, number: &str| {
        let mut call = seen(key, Direction::Outgoing, state, number);
        call.request = Some(9);
        vec![call]
    };
    calls(&mut model, leg("a", SeenState::CallingOwnPhone, "204"), now);
    let name = named(&mut model);
    let out = calls(&mut model, leg("b", SeenState::Connected, "99"), now);
    assert!(!events(&out).contains(&EventName::CallEnded), "{out:?}");
    assert_eq!(named(&mut model), name);
}

#[test]
fn choosing_the_own_state_is_no_command_about_a_call() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, incoming(SeenState::Connected), now);
    let begun = model.set_presence(1, &office(), crate::request::OwnPresence::Dnd, None, None, now);
    assert!(begun.is_ok());
    assert_eq!(model.view().calls[0].doing, None);
    let out = model.apply(&office(), Told::Confirmed(1), now);
    assert_eq!(finished(&out), [(1, Ok(()))]);
}
