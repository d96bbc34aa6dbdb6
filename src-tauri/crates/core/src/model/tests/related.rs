//! Two calls that belong together, by the PBX's word or because no other ones could be meant.

use super::*;
use crate::request::TransferTarget;
use crate::view::{Related, Relation};

const MARA: &str = "+4930555001";
const CARLA: &str = "207";

/// An account whose PBX asks and joins, with these calls.
fn with(seen: Vec<CallSeen>, now: Now) -> Model {
    use Ability::{Consult, Dial, Dtmf, HangUp, Hold, Park, Resume, TransferAttended, TransferBlind};
    let mut model = online(now);
    let abilities = [Dial, HangUp, Hold, Resume, Dtmf, TransferBlind, TransferAttended, Consult, Park];
    model.apply(&office(), Told::Abilities(Abilities::of(&abilities)), now);
    calls(&mut model, seen, now);
    model
}

fn waits() -> CallSeen {
    CallSeen { resume_is_safe: true, ..seen("u1", Direction::Incoming, SeenState::Held(Holder::Us), MARA) }
}

fn asked(state: SeenState) -> CallSeen {
    CallSeen { asks_about: Some("u1".into()), ..seen("u1/consult", Direction::Outgoing, state, CARLA) }
}

fn talks(key: &str, number: &str) -> CallSeen {
    seen(key, Direction::Outgoing, SeenState::Connected, number)
}

fn of(model: &mut Model, number: &str) -> CallView {
    let calls = model.view().calls;
    calls.iter().find(|call| call.remote.number.as_deref() == Some(number)).unwrap_or_else(|| panic!("{calls:#?}")).clone()
}

/// How each call of the picture is related: whose number the other one has, how, and whether it waits.
fn pairs(model: &mut Model) -> Vec<(String, Relation, bool, String)> {
    let calls = model.view().calls;
    let number = |id: &CallId| calls.iter().find(|c| &c.id == id).and_then(|c| c.remote.number.clone()).expect("a call");
    let mut all: Vec<_> = calls
        .iter()
        .filter_map(|call| {
            let Related { call: other, how, waits } = call.related.clone()?;
            Some((number(&call.id), how, waits, number(&other)))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn who_is_asked_and_who_waits_is_told_from_the_first_ring_on() {
    let now = now();
    let mut model = with(vec![waits(), asked(SeenState::Ringing)], now);
    let both = [
        (MARA.to_owned(), Relation::Consulting, true, CARLA.to_owned()),
        (CARLA.to_owned(), Relation::Consulting, false, MARA.to_owned()),
    ];
    assert_eq!(pairs(&mut model), both);
    // What the PBX refuses meanwhile is not offered; neither the waiting call is taken back nor the asked one put aside.
    assert_eq!(of(&mut model, MARA).can, [Can::HangUp]);
    assert_eq!(of(&mut model, CARLA).can, [Can::HangUp]);
    calls(&mut model, vec![waits(), asked(SeenState::Connected)], now);
    assert_eq!(pairs(&mut model), both);
    assert_eq!(of(&mut model, MARA).can, [Can::HangUp, Can::TransferToCall]);
    assert_eq!(of(&mut model, CARLA).can, [Can::HangUp, Can::TransferToCall, Can::Dtmf]);
}

#[test]
fn a_third_call_makes_no_false_pair() {
    let now = now();
    let third = |state| seen("u9", Direction::Incoming, state, "208");
    for state in [SeenState::Ringing, SeenState::Connected, SeenState::Held(Holder::Us)] {
        let mut model = with(vec![waits(), asked(SeenState::Connected), third(state)], now);
        let found = pairs(&mut model);
        assert_eq!(found.len(), 2, "{state:?}: {found:?}");
        assert!(found.iter().all(|(_, how, ..)| *how == Relation::Consulting), "{state:?}: {found:?}");
        // It is not joined with one of the two either.
        let (mara, other) = (of(&mut model, MARA).id, of(&mut model, "208"));
        assert!(!other.can.contains(&Can::TransferToCall), "{state:?}");
        let joined = model.transfer(7, &mara, &TransferTarget::Call(other.id), now);
        assert!(matches!(joined, Err(Reason::NotNow(_))), "{state:?}: {joined:?}");
    }
    let held = seen("u1", Direction::Incoming, SeenState::Held(Holder::Us), MARA);
    for state in [SeenState::Connected, SeenState::Held(Holder::Them), SeenState::Unknown] {
        let mut model = with(vec![held.clone(), talks("u2", CARLA), third(state)], now);
        assert_eq!(pairs(&mut model), [], "{state:?}: nobody can say which two are meant");
    }
    // Who only rings here is not meant yet.
    let mut model = with(vec![held, talks("u2", CARLA), third(SeenState::Ringing)], now);
    assert_eq!(pairs(&mut model).len(), 2);
}

#[test]
fn a_held_call_and_one_begun_after_it_can_be_joined_and_are_no_question() {
    let now = now();
    let held = || seen("u1", Direction::Incoming, SeenState::Held(Holder::Us), MARA);
    let mut model = with(vec![held(), talks("u2", CARLA)], now);
    let both = [
        (MARA.to_owned(), Relation::Joinable, true, CARLA.to_owned()),
        (CARLA.to_owned(), Relation::Joinable, false, MARA.to_owned()),
    ];
    assert_eq!(pairs(&mut model), both);
    assert!(of(&mut model, MARA).can.contains(&Can::Resume), "each is a call by itself");
    calls(&mut model, vec![held(), seen("u2", Direction::Outgoing, SeenState::Ringing, CARLA)], now);
    assert_eq!(pairs(&mut model), [], "nobody is joined with a phone that rings");
    calls(&mut model, vec![held(), seen("u2", Direction::Outgoing, SeenState::Held(Holder::Them), CARLA)], now);
    assert_eq!(pairs(&mut model), [], "the other side holds");
    calls(&mut model, vec![talks("u1", MARA), talks("u2", CARLA)], now);
    assert_eq!(pairs(&mut model), [], "nobody waits");
}

#[test]
fn two_held_calls_have_one_that_waits_which_is_the_one_that_waits_longest() {
    let now = now();
    let after = Now { wall: now.wall + jiff::SignedDuration::from_secs(5), ..now };
    let held = |key: &str, number: &str| seen(key, Direction::Outgoing, SeenState::Held(Holder::Us), number);
    let mut model = with(vec![talks("u1", MARA), held("u2", CARLA)], now);
    calls(&mut model, vec![held("u1", MARA), held("u2", CARLA)], after);
    assert!(of(&mut model, CARLA).related.expect("a pair").waits);
    assert!(!of(&mut model, MARA).related.expect("a pair").waits);
}

#[test]
fn nothing_is_related_while_the_link_is_lost_nor_afterwards_unless_the_pbx_says_so() {
    let now = now();
    let mut model = with(vec![waits(), asked(SeenState::Connected)], now);
    let mut link = online_link(now.mono);
    link.step(LinkInput::Failed(Reason::Dropped, None), now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    assert_eq!(pairs(&mut model), []);
    let unknown = |key: &str, direction, number: &str| seen(key, direction, SeenState::Unknown, number);
    calls(&mut model, vec![unknown("u1", Direction::Incoming, MARA), unknown("u1/consult", Direction::Outgoing, CARLA)], now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    assert_eq!(pairs(&mut model), []);
    calls(&mut model, vec![waits(), asked(SeenState::Connected)], now);
    assert_eq!(pairs(&mut model).len(), 2);
}

#[test]
fn ending_the_question_never_ends_the_call_it_was_about() {
    let now = now();
    let both = vec![waits(), asked(SeenState::Connected)];
    let back = || seen("u1", Direction::Incoming, SeenState::Connected, MARA);
    // Whoever was asked hung up a moment before the press: there is nothing left to end.
    let mut model = with(both.clone(), now);
    let question = of(&mut model, CARLA).id;
    calls(&mut model, vec![back()], now);
    assert_eq!(model.hang_up(7, Some(&question), now), Err(Reason::NoSuchCall));
    assert_eq!(of(&mut model, MARA).state, CallState::Connected);
    // The next question has another name, so that a late press does not end it either.
    let next = CallSeen { asks_about: Some("u1".into()), ..seen("u1/consult", Direction::Outgoing, SeenState::Ringing, "208") };
    calls(&mut model, vec![waits(), next.clone()], now);
    assert_eq!(model.hang_up(8, Some(&question), now), Err(Reason::NoSuchCall));
    // Also where the picture of what was between never came.
    let mut model = with(both, now);
    let question = of(&mut model, CARLA).id;
    calls(&mut model, vec![waits(), next], now);
    assert_eq!(model.hang_up(9, Some(&question), now), Err(Reason::NoSuchCall));
    // Whoever waited has hung up: what is left is the talk with the other one, under its own name.
    let mut model = with(vec![waits(), asked(SeenState::Connected)], now);
    let question = of(&mut model, CARLA).id;
    calls(&mut model, vec![talks("u1/consult", CARLA)], now);
    assert_eq!(pairs(&mut model), []);
    let Ok(Begun::Send(_, Command::HangUp { key, .. }, _)) = model.hang_up(10, Some(&question), now) else { panic!("not sent") };
    assert_eq!(key, "u1/consult");
}
