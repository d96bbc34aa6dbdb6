//! A call that is handed on: only somebody's word says that it was, never its end alone.

use super::*;
use crate::request::TransferTarget;

const MARA: &str = "+4930555001";

fn talking(model: &mut Model, now: Now) -> CallId {
    calls(model, vec![seen("1", Direction::Incoming, SeenState::Connected, MARA)], now);
    model.view().calls[0].id.clone()
}

fn to(number: &str) -> TransferTarget {
    TransferTarget::Number(number.into())
}

#[test]
fn a_call_that_only_ended_was_not_handed_on() {
    let now = now();
    let mut model = online(now);
    let id = talking(&mut model, now);
    assert!(model.transfer(7, &id, &to("207"), now).is_ok());
    // The far side hung up, or the target does not exist: the picture is the same.
    let out = calls(&mut model, vec![], now);
    assert_eq!(events(&out), [EventName::CallEnded, EventName::History]);
    assert_eq!(finished(&out), []);
    let late = Now { mono: now.mono + Duration::from_secs(5), ..now };
    let out = model.tick(late);
    assert_eq!(finished(&out), [(7, Err(Code::OutcomeUnknown))]);
    let text = out.iter().find_map(|o| if let Output::Finished(_, Err(trouble)) = o { Some(trouble.text.clone()) } else { None });
    assert_eq!(text.as_deref(), Some("The call is over here, but the PBX did not say whether it was handed on."));
    assert!(!events(&out).contains(&EventName::CallTransferred));
}

#[test]
fn the_word_that_it_was_handed_on_counts_before_and_after_the_end() {
    for word_first in [true, false] {
        let now = now();
        let mut model = online(now);
        let id = talking(&mut model, now);
        assert!(model.transfer(7, &id, &to("207"), now).is_ok());
        let mut out = vec![];
        if !word_first {
            out.extend(calls(&mut model, vec![], now));
        }
        out.extend(model.apply(&office(), Told::Confirmed(7), now));
        if word_first {
            out.extend(calls(&mut model, vec![], now));
        }
        assert_eq!(finished(&out), [(7, Ok(()))]);
        assert_eq!(events(&out).iter().filter(|e| **e == EventName::CallTransferred).count(), 1, "{out:?}");
        assert!(model.tick(Now { mono: now.mono + Duration::from_secs(60), ..now }).is_empty());
    }
}

#[test]
fn a_target_that_would_need_a_question_is_not_handed_on_to() {
    let now = now();
    let mut model = online(now);
    let id = talking(&mut model, now);
    for text in ["030 555001 030 555002", "tel:+4930555002;ext=12"] {
        assert_eq!(model.transfer(7, &id, &to(text), now), Err(Reason::NotOneTarget), "{text}");
    }
    assert!(matches!(model.transfer(7, &id, &to("112"), now), Err(Reason::TargetRefused(_))));
    // These are clearly one number, so nobody is told to name one.
    for text in ["9999", "+49 900 1234567"] {
        for target in [to(text), TransferTarget::Ask(text.into())] {
            let why = model.transfer(7, &id, &target, now).expect_err(text);
            assert_eq!(why.code(), Code::PolicyRefuse, "{why:?}");
            assert!(why.text().contains("only after a question") && why.detail().is_some(), "{why:?}");
        }
    }
    assert!(model.transfer(7, &id, &to("030 555002"), now).is_ok());
}

#[test]
fn a_call_that_rings_is_sent_on_where_the_pbx_can_do_that() {
    let now = now();
    let mut model = online(now);
    let ringing = || vec![seen("1", Direction::Incoming, SeenState::Ringing, MARA)];
    calls(&mut model, ringing(), now);
    let id = model.view().calls[0].id.clone();
    assert!(!model.view().calls[0].can.contains(&Can::Transfer));
    assert!(matches!(model.transfer(6, &id, &to("207"), now), Err(Reason::NotNow(_))), "it has to be connected first");
    let abilities: Vec<Ability> = everything().iter().chain([Ability::Deflect]).collect();
    model.apply(&office(), Told::Abilities(Abilities::of(&abilities)), now);
    assert!(model.view().calls[0].can.contains(&Can::Transfer));
    let begun = model.transfer(7, &id, &to("207"), now);
    assert!(matches!(begun, Ok(Begun::Send(_, Command::TransferTo { .. }, _))), "{begun:?}");
    // Meanwhile nothing else is done to it, and one who rings is asked nothing.
    assert_eq!(model.answer(8, Some(&id), now), Err(Reason::UnderWay));
    let mut out = model.apply(&office(), Told::Calls { calls: vec![], verdict_follows: vec!["1".into()] }, now);
    out.extend(model.apply(&office(), Told::Verdict { key: "1".into(), outcome: Some(Outcome::SentOn) }, now));
    out.extend(model.apply(&office(), Told::Confirmed(7), now));
    assert_eq!(finished(&out), [(7, Ok(()))]);
    assert_eq!(events(&out), [EventName::CallEnded, EventName::History, EventName::CallTransferred]);
    let view = model.view();
    assert_eq!((view.missed, view.recent[0].outcome), (0, Outcome::SentOn));
}

#[test]
fn a_call_that_we_make_is_not_sent_on_while_it_rings() {
    let now = now();
    let mut model = online(now);
    let abilities: Vec<Ability> = everything().iter().chain([Ability::Deflect]).collect();
    model.apply(&office(), Told::Abilities(Abilities::of(&abilities)), now);
    calls(&mut model, vec![seen("1", Direction::Outgoing, SeenState::Ringing, MARA)], now);
    let view = model.view();
    assert!(!view.calls[0].can.contains(&Can::Transfer));
    assert!(matches!(model.transfer(7, &view.calls[0].id, &to("207"), now), Err(Reason::NotNow(_))));
}

/// An account that can send on calls that ring, with one that does.
fn ringing(now: Now) -> (Model, CallId) {
    let mut model = online(now);
    let abilities: Vec<Ability> = everything().iter().chain([Ability::Deflect, Ability::Consult]).collect();
    model.apply(&office(), Told::Abilities(Abilities::of(&abilities)), now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, MARA)], now);
    let id = model.view().calls[0].id.clone();
    (model, id)
}

#[test]
fn nobody_is_sent_to_a_code_which_they_would_run() {
    let now = now();
    for code in ["*72101", "*73", "#21#", "**204"] {
        let (mut model, id) = ringing(now);
        let why = model.transfer(7, &id, &to(code), now).expect_err("the caller would be lost");
        assert_eq!((why.code(), why.advice()), (Code::PolicyRefuse, "Nothing was changed."), "{code}");
        calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Connected, MARA)], now);
        for target in [to(code), TransferTarget::Ask(code.into())] {
            let why = model.transfer(7, &id, &target, now).expect_err("who talks would be lost as well");
            assert_eq!(why.code(), Code::PolicyRefuse, "{code}");
        }
        assert!(model.transfer(7, &id, &to("207"), now).is_ok(), "nothing is under way");
    }
}

#[test]
fn a_call_that_rings_is_not_sent_on_to_the_phone_where_it_rings() {
    let now = now();
    // The second one is an emergency number somewhere, which would ask.
    for own in ["204", "100"] {
        let (mut model, id) = ringing(now);
        let told = Told::Identity { user: Some(own.into()), domain: None, display_name: None, server: None, dialect: None };
        model.apply(&office(), told, now);
        let why = model.transfer(7, &id, &to(&format!(" {own}")), now).expect_err("it would ring again, as another call");
        assert_eq!(why.text(), "This is your own number.");
    }
}
