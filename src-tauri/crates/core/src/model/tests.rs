#![expect(clippy::disallowed_methods, reason = "tests need one real instant to begin with")]
#![expect(clippy::panic, reason = "a test that meets the wrong thing says so")]

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::account::Ability;
use crate::call::{CallSeen, SeenState};
use crate::link::LinkInput;
use crate::reason::Code;
use crate::request::{Reply, Source};
use crate::told::Command;
use crate::view::{Can, Doing};

mod bounds;
mod consult;
mod dialling;
mod forwarding;
mod parked;
mod presses;
mod redial;
mod related;
mod reused;
mod transfers;

fn now() -> Now {
    Now { mono: Instant::now(), wall: Timestamp::UNIX_EPOCH }
}

fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

fn config() -> AccountConfig {
    AccountConfig {
        name: office(),
        kind: "sample".into(),
        url: "https://pbx.example/".parse().expect("an address"),
        domain: None,
        user: Some("204".into()),
        pin: None,
        learnt: None,
        keys: BTreeMap::new(),
    }
}

fn online_link(now: Instant) -> Link {
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now, 0.5);
    link.step(LinkInput::Synced, now, 0.5);
    link
}

fn everything() -> Abilities {
    use Ability::{Answer, Dial, Dnd, HangUp, Hold, Resume, TransferAttended, TransferBlind};
    Abilities::of(&[Dial, Answer, HangUp, Hold, Resume, TransferBlind, TransferAttended, Dnd])
}

fn online(now: Now) -> Model {
    let mut model = Model::new(0);
    model.add_account(&config(), now.wall);
    model.apply(&office(), Told::Abilities(everything()), now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    model
}

fn seen(key: &str, direction: Direction, state: SeenState, number: &str) -> CallSeen {
    CallSeen {
        key: key.into(),
        request: None,
        direction,
        state,
        remote: Party::number(number),
        via: None,
        resume_is_safe: false,
        started_at: None,
        connected_at: None,
        asks_about: None,
    }
}

fn calls(model: &mut Model, calls: Vec<CallSeen>, now: Now) -> Vec<Output> {
    model.apply(&office(), Told::Calls { calls, verdict_follows: vec![] }, now)
}

fn events(out: &[Output]) -> Vec<EventName> {
    out.iter().filter_map(|o| if let Output::Event(e) = o { Some(e.event) } else { None }).collect()
}

fn finished(out: &[Output]) -> Vec<(RequestId, Result<(), Code>)> {
    out.iter()
        .filter_map(
            |o| {
                if let Output::Finished(r, a) = o { Some((*r, a.as_ref().map(|_| ()).map_err(|t| t.code))) } else { None }
            },
        )
        .collect()
}

#[test]
fn an_incoming_call_rings_is_answered_and_ends() {
    let now = now();
    let mut model = online(now);
    let out = calls(&mut model, vec![seen("5121", Direction::Incoming, SeenState::Ringing, "+4930555001")], now);
    assert_eq!(events(&out), [EventName::CallRinging]);
    let view = model.view();
    assert_eq!(view.calls[0].id.0, "office/c1");
    assert_eq!(view.calls[0].can, [Can::Answer, Can::HangUp]);
    let Ok(Begun::Send(_, Command::Answer { key, .. }, _)) = model.answer(7, None, now) else { panic!("not sent") };
    assert_eq!(key, "5121");
    let out = calls(&mut model, vec![seen("5121", Direction::Incoming, SeenState::Connected, "+4930555001")], now);
    assert_eq!(finished(&out), [(7, Ok(()))]);
    let out = calls(&mut model, vec![], now);
    assert_eq!(events(&out), [EventName::CallEnded, EventName::History]);
    assert!(model.view().calls.is_empty());
}

#[test]
fn an_unanswered_call_is_missed_unless_the_pbx_says_otherwise() {
    let now = now();
    let mut model = online(now);
    let ringing = || vec![seen("1", Direction::Incoming, SeenState::Ringing, "+4930555001")];
    calls(&mut model, ringing(), now);
    let out = calls(&mut model, vec![], now);
    assert_eq!(events(&out), [EventName::CallEnded, EventName::CallMissed, EventName::History]);
    assert_eq!(model.view().missed, 1);
    calls(&mut model, ringing(), now);
    let out = model.apply(&office(), Told::Calls { calls: vec![], verdict_follows: vec!["1".into()] }, now);
    assert_eq!(events(&out), [EventName::CallEnded]);
    let out = model.apply(&office(), Told::Verdict { key: "1".into(), outcome: Some(Outcome::AnsweredElsewhere) }, now);
    assert_eq!(events(&out), [EventName::History]);
    assert_eq!(model.view().missed, 1);
}

#[test]
fn nothing_stale_is_shown_as_true_after_the_link_is_lost() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Connected, "+4930555001")], now);
    let mut link = online_link(now.mono);
    link.step(LinkInput::Failed(Reason::Dropped, None), now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    let view = model.view();
    assert!(view.calls[0].stale);
    assert_eq!(view.calls[0].state, CallState::Unknown);
    assert!(view.calls[0].can.is_empty());
    assert_eq!(model.hang_up(1, None, now), Err(Reason::Offline));
    // The same call is found again under its old name.
    model.link_is(&office(), &online_link(now.mono), None, now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Connected, "+4930555001")], now);
    let view = model.view();
    assert_eq!((view.calls[0].id.0.as_str(), view.calls[0].stale), ("office/c1", false));
}

#[test]
fn a_key_that_a_restarted_pbx_gives_to_another_call_is_another_call() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Connected, "+4930555001")], now);
    let mut link = online_link(now.mono);
    link.step(LinkInput::Failed(Reason::Dropped, None), now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "+442079460001")], now);
    let view = model.view();
    assert_eq!(view.calls.len(), 1);
    assert_eq!(view.calls[0].id.0, "office/c2");
}

#[test]
fn a_dial_is_confirmed_by_its_call_and_keeps_its_name() {
    let now = now();
    let mut model = online(now);
    let Ok(Begun::Send(_, Command::Dial { to, .. }, _)) = model.dial(9, "+49 30 555001", None, Source::Typed, false, now) else {
        panic!("not sent")
    };
    assert_eq!(to, "+4930555001");
    assert_eq!(model.view().calls[0].state, CallState::Dialing);
    assert_eq!(model.dial(10, "204", None, Source::Typed, false, now), Err(Reason::DialInFlight));
    let mut call = seen("77", Direction::Outgoing, SeenState::CallingOwnPhone, "030555001");
    call.request = Some(9);
    let out = calls(&mut model, vec![call], now);
    assert_eq!(finished(&out), [(9, Ok(()))]);
    let view = model.view();
    assert_eq!((view.calls.len(), view.calls[0].id.0.as_str()), (1, "office/c1"));
}

#[test]
fn a_dial_without_a_sign_of_its_call_ends_unknown_and_is_not_sent_again() {
    let now = now();
    let mut model = online(now);
    assert!(model.dial(9, "204", None, Source::Typed, false, now).is_ok());
    assert_eq!(model.deadline(), Some(now.mono + Duration::from_secs(15)));
    let later = Now { mono: now.mono + Duration::from_secs(15), ..now };
    let out = model.tick(later);
    assert_eq!(finished(&out), [(9, Err(Code::OutcomeUnknown))]);
    assert_eq!(model.view().calls[0].state, CallState::Unknown);
    let later = Now { mono: later.mono + Duration::from_secs(30), ..now };
    model.tick(later);
    assert!(model.view().calls.is_empty());
}

#[test]
fn a_dial_in_flight_when_the_link_breaks_ends_unknown() {
    let now = now();
    let mut model = online(now);
    assert!(model.dial(9, "204", None, Source::Typed, false, now).is_ok());
    let mut link = online_link(now.mono);
    link.step(LinkInput::Failed(Reason::Dropped, None), now.mono, 0.5);
    let out = model.link_is(&office(), &link, None, now);
    assert_eq!(finished(&out), [(9, Err(Code::OutcomeUnknown))]);
    model.link_is(&office(), &online_link(now.mono), None, now);
    calls(&mut model, vec![], now);
    assert!(model.view().calls.is_empty());
}

#[test]
fn only_what_we_held_ourselves_is_resumed() {
    let now = now();
    let mut model = online(now);
    let held_by = |holder| vec![seen("1", Direction::Incoming, SeenState::Held(holder), "+4930555001")];
    let held = || held_by(Holder::NotTold);
    let connected = || vec![seen("1", Direction::Incoming, SeenState::Connected, "+4930555001")];
    calls(&mut model, connected(), now);
    calls(&mut model, held(), now);
    assert_eq!(model.resume(1, None, now), Err(Reason::HoldSideUnknown));
    assert!(!model.view().calls[0].can.contains(&Can::Resume));
    calls(&mut model, connected(), now);
    assert!(model.hold(2, None, now).is_ok());
    let out = calls(&mut model, held_by(Holder::Us), now);
    assert_eq!(finished(&out), [(2, Ok(()))]);
    assert!(model.view().calls[0].can.contains(&Can::Resume));
    assert!(matches!(model.hold(3, None, now), Ok(Begun::Already(_))));
    assert!(matches!(model.resume(4, None, now), Ok(Begun::Send(..))));
    // A second press while the first one is under way must not become a second toggle.
    assert_eq!(model.resume(5, None, now), Ok(Begun::Joined));
    assert_eq!(finished(&calls(&mut model, connected(), now)), [(4, Ok(())), (5, Ok(()))]);
    // What was ours is not ours any more once the dialect does not know.
    assert!(model.hold(6, None, now).is_ok());
    calls(&mut model, held_by(Holder::Us), now);
    calls(&mut model, held(), now);
    assert_eq!(model.resume(7, None, now), Err(Reason::HoldSideUnknown));
}

#[test]
fn answering_a_call_that_somebody_else_took_is_told() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "+4930555001")], now);
    assert!(model.answer(3, None, now).is_ok());
    let out = calls(&mut model, vec![], now);
    assert_eq!(finished(&out), [(3, Err(Code::NoSuchCall))]);
}

#[test]
fn two_ringing_calls_need_a_name() {
    let now = now();
    let mut model = online(now);
    let both = vec![
        seen("1", Direction::Incoming, SeenState::Ringing, "+4930555001"),
        seen("2", Direction::Incoming, SeenState::Ringing, "+4930555002"),
    ];
    calls(&mut model, both, now);
    assert_eq!(model.answer(3, None, now), Err(Reason::SeveralCalls));
    assert!(model.answer(3, Some(&CallId("office/c2".into())), now).is_ok());
}

#[test]
fn nothing_is_dialled_while_offline() {
    let now = now();
    let mut model = Model::new(0);
    model.add_account(&config(), now.wall);
    assert_eq!(model.dial(1, "204", None, Source::Typed, false, now), Err(Reason::Offline));
    assert!(model.view().calls.is_empty());
}

/// Our names of the calls shown, by the other side's number.
fn named(model: &mut Model) -> BTreeMap<String, String> {
    model.view().calls.into_iter().map(|c| (c.remote.number.unwrap_or_default(), c.id.0)).collect()
}

#[test]
fn calls_that_get_other_keys_keep_our_names() {
    use SeenState::{Connected, Ringing};
    let now = now();
    let mut model = online(now);
    let one = |key: &str, state: SeenState| seen(key, Direction::Incoming, state, "+4930555001");
    let two = |key: &str, state: SeenState| seen(key, Direction::Outgoing, state, "207");
    calls(&mut model, vec![one("1", Ringing), two("2", Connected)], now);
    let names = named(&mut model);
    // New keys in another order, and a new form of the same number.
    let again = seen("3", Direction::Incoming, Connected, "030555001");
    let pictures = [
        vec![one("7", Ringing), two("8", Connected)],
        vec![two("9", Connected), one("10", Ringing)],
        vec![again, two("9", Connected)],
    ];
    for picture in pictures {
        let out = calls(&mut model, picture, now);
        assert!(!events(&out).contains(&EventName::CallEnded), "{out:?}");
        let ids: Vec<String> = named(&mut model).into_values().collect();
        assert!(names.values().all(|id| ids.contains(id)) && ids.len() == 2, "{ids:?}");
    }
}

#[test]
fn somebody_who_calls_again_is_another_call() {
    let at = now();
    let one = |key: &str, state: SeenState| seen(key, Direction::Incoming, state, "+4930555001");
    // Who has talked and now rings has called again.
    let mut model = online(at);
    calls(&mut model, vec![one("1", SeenState::Connected)], at);
    let out = calls(&mut model, vec![one("2", SeenState::Ringing)], at);
    assert_eq!(events(&out), [EventName::CallRinging, EventName::CallEnded, EventName::History]);
    // So has whose call began while the link was lost.
    for (begun_after_s, same) in [(-60, true), (60, false)] {
        let mut model = online(at);
        calls(&mut model, vec![one("1", SeenState::Connected)], at);
        let before = named(&mut model);
        model.link_is(&office(), &Link::new(), None, at);
        model.link_is(&office(), &online_link(at.mono), None, at);
        let mut later = one("2", SeenState::Connected);
        later.started_at = at.wall.checked_add(jiff::SignedDuration::from_secs(begun_after_s)).ok();
        calls(&mut model, vec![later], at);
        assert_eq!(named(&mut model) == before, same, "{begun_after_s}");
    }
}

#[test]
fn a_dial_lost_with_the_link_is_found_again_by_its_number() {
    let now = now();
    let mut model = online(now);
    assert!(model.dial(1, "+4930555001", None, Source::Typed, false, now).is_ok());
    let name = named(&mut model);
    let out = model.link_is(&office(), &Link::new(), None, now);
    assert_eq!(finished(&out), [(1, Err(Code::OutcomeUnknown))]);
    model.link_is(&office(), &online_link(now.mono), None, now);
    calls(&mut model, vec![seen("9", Direction::Outgoing, SeenState::Ringing, "+4930555001")], now);
    assert_eq!(named(&mut model), name);
}

#[test]
fn a_resume_without_a_sign_is_not_sent_twice() {
    let now = now();
    let mut model = online(now);
    let call = |state: SeenState| vec![seen("1", Direction::Incoming, state, "+4930555001")];
    calls(&mut model, call(SeenState::Connected), now);
    assert!(model.hold(1, None, now).is_ok());
    calls(&mut model, call(SeenState::Held(Holder::Us)), now);
    assert!(model.resume(2, None, now).is_ok());
    let late = Now { mono: now.mono + Duration::from_secs(6), wall: now.wall };
    assert_eq!(finished(&model.tick(late)), [(2, Err(Code::OutcomeUnknown))]);
    assert_eq!(model.resume(3, None, late), Err(Reason::HoldSideUnknown));
    assert!(!model.view().calls[0].can.contains(&Can::Resume));
}

#[test]
fn a_picture_that_never_became_whole_is_never_shown() {
    let now = now();
    let mut model = Model::new(0);
    model.add_account(&config(), now.wall);
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now.mono, 0.5);
    link.step(LinkInput::SignedIn, now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    let ann = crate::people::PersonSeen {
        number: "207".into(),
        name: Some("Ann Example".into()),
        kind: crate::PersonKind::Person,
        presence: Presence::Available,
        dnd: false,
        note: None,
    };
    model.apply(&office(), Told::People(vec![ann]), now);
    model.apply(&office(), Told::Own { presence: Presence::Available, dnd: Some(false) }, now);
    let out = calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "+4930555001")], now);
    assert_eq!(events(&out), []);
    assert!(model.view().calls.is_empty() && model.people.is_empty());
    assert_eq!(model.view().accounts[0].presence, Presence::Unknown);
    // It fails before it is whole: nothing of it remains.
    link.step(LinkInput::Failed(Reason::Dropped, None), now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    let out = model.link_is(&office(), &online_link(now.mono), None, now);
    assert_eq!(events(&out), [EventName::LinkOnline]);
    assert!(model.view().calls.is_empty() && model.people.is_empty());
}

#[test]
fn a_picture_that_is_whole_is_shown_with_the_link() {
    let now = now();
    let mut model = Model::new(0);
    model.add_account(&config(), now.wall);
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    model.apply(&office(), Told::Abilities(everything()), now);
    link.step(LinkInput::SignedIn, now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "+4930555001")], now);
    link.step(LinkInput::Synced, now.mono, 0.5);
    let out = model.link_is(&office(), &link, None, now);
    assert_eq!(events(&out), [EventName::LinkOnline, EventName::CallRinging]);
    assert_eq!(model.view().calls[0].can, [Can::Answer, Can::HangUp]);
}
