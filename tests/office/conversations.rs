//! Calls that come and go.

use phone_core::call::Outcome;
use phone_core::request::{OwnPresence, TransferTarget};
use phone_core::view::Can;
use phone_core::{Ability, CallState, Direction, Presence, Request};
use phone_tests::office::{MARA, MARA_NUMBER, Need, Office, Who};

use crate::desk::{Desk, can, other};

pub async fn a_click_dials_once_and_the_other_side_rings(office: &impl Office) {
    let desk = Desk::at(office).await;
    let number = office.number(Who::Bob);
    let dialled = desk.dial(&number).await;
    assert!(dialled.is_ok(), "{dialled:?}");
    office.lifts().await;
    office.rings(Who::Bob).await;
    let call = desk.one(CallState::Ringing).await;
    assert_eq!((call.direction, call.remote.number.as_deref()), (Direction::Outgoing, Some(number.as_str())));
    office.answers(Who::Bob).await;
    office.talk(Who::Me, Who::Bob).await;
    let connected = desk.one(CallState::Connected).await;
    assert_eq!((connected.id, connected.direction), (call.id, Direction::Outgoing), "one call from dialling to the end");
    office.hangs_up(Who::Bob).await;
    let record = desk.ended(Outcome::Answered).await;
    assert_eq!(record.direction, Direction::Outgoing);
    desk.closes(office, &[number]).await;
}

pub async fn a_dial_that_nobody_takes_is_given_up_from_here(office: &impl Office) {
    let desk = Desk::at(office).await;
    let number = office.number(Who::Bob);
    assert!(desk.dial(&number).await.is_ok());
    office.lifts().await;
    office.rings(Who::Bob).await;
    let call = desk.one(CallState::Ringing).await;
    desk.does(Request::HangUp(Some(call.id))).await;
    desk.ended(Outcome::NotReached).await;
    desk.closes(office, &[number]).await;
}

pub async fn a_call_is_taken_at_the_phone(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Mara, Who::Me).await;
    let ringing = desk.one(CallState::Ringing).await;
    assert_eq!(ringing.direction, Direction::Incoming);
    assert_eq!(ringing.remote.number.as_deref(), Some(MARA_NUMBER));
    assert_eq!(ringing.remote.name.as_deref(), Some(MARA));
    office.answers(Who::Me).await;
    office.talk(Who::Me, Who::Mara).await;
    let connected = desk.one(CallState::Connected).await;
    assert_eq!(connected.id, ringing.id);
    desk.does(Request::HangUp(None)).await;
    let record = desk.ended(Outcome::Answered).await;
    assert_eq!(record.remote.number.as_deref(), Some(MARA_NUMBER));
    assert_eq!(desk.engine.view().borrow().missed, 0);
    desk.closes(office, &[]).await;
}

pub async fn a_call_is_answered_from_here(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    let ringing = desk.one(CallState::Ringing).await;
    let able = office.has(Need::AnswerFromHere);
    assert_eq!(can(&ringing, Can::Answer), able, "offered exactly where it works");
    if able {
        desk.does(Request::Answer(None)).await;
    } else {
        office.answers(Who::Me).await;
    }
    office.talk(Who::Me, Who::Bob).await;
    let connected = desk.one(CallState::Connected).await;
    assert_eq!(connected.id, ringing.id, "one call, however the phone was made to answer");
    office.hangs_up(Who::Bob).await;
    desk.ended(Outcome::Answered).await;
    let view = desk.engine.view();
    assert_eq!((view.borrow().missed, view.borrow().recent.len()), (0, 1));
    desk.closes(office, &[]).await;
}

pub async fn a_call_taken_at_the_second_phone_is_one_call(office: &impl Office) {
    if !office.has(Need::SecondPhone) {
        return;
    }
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    office.rings(Who::MeElsewhere).await;
    let ringing = desk.one(CallState::Ringing).await;
    office.answers(Who::MeElsewhere).await;
    office.talk(Who::MeElsewhere, Who::Bob).await;
    let connected = desk.one(CallState::Connected).await;
    assert_eq!(connected.id, ringing.id);
    office.hangs_up(Who::MeElsewhere).await;
    desk.ended(Outcome::Answered).await;
    assert_eq!(desk.engine.view().borrow().missed, 0);
    desk.closes(office, &[]).await;
}

pub async fn a_call_is_declined_at_the_phone(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Mara, Who::Me).await;
    desk.one(CallState::Ringing).await;
    office.declines(Who::Me).await;
    if office.has(Need::SecondPhone) {
        // The other phone rings on, so it is not over.
        office.rings(Who::MeElsewhere).await;
        desk.one(CallState::Ringing).await;
        office.declines(Who::MeElsewhere).await;
    }
    desk.none().await;
    desk.closes(office, &[]).await;
}

pub async fn a_call_is_declined_from_here(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Mara, Who::Me).await;
    desk.one(CallState::Ringing).await;
    desk.does(Request::HangUp(None)).await;
    desk.ended(Outcome::Declined).await;
    assert_eq!(desk.engine.view().borrow().missed, 0);
    desk.closes(office, &[]).await;
}

pub async fn a_caller_who_gives_up_is_missed(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Mara, Who::Me).await;
    desk.one(CallState::Ringing).await;
    office.hangs_up(Who::Mara).await;
    let record = desk.ended(Outcome::Missed).await;
    assert_eq!(record.remote.number.as_deref(), Some(MARA_NUMBER));
    desk.view("one missed call", |view| view.missed == 1).await;
    desk.closes(office, &[]).await;
}

pub async fn a_call_is_held_and_taken_back_at_the_phone(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    office.answers(Who::Me).await;
    let call = desk.one(CallState::Connected).await;
    office.holds(Who::Me).await;
    assert_eq!(desk.one(CallState::Held).await.id, call.id);
    office.resumes(Who::Me).await;
    assert_eq!(desk.one(CallState::Connected).await.id, call.id);
    office.hangs_up(Who::Me).await;
    desk.ended(Outcome::Answered).await;
    desk.closes(office, &[]).await;
}

pub async fn a_call_is_held_and_taken_back_from_here(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    office.answers(Who::Me).await;
    let call = desk.one(CallState::Connected).await;
    let able = office.has(Need::HoldFromHere);
    assert_eq!(can(&call, Can::Hold), able, "offered exactly where it works");
    if able {
        desk.does(Request::Hold(None)).await;
        desk.one(CallState::Held).await;
        desk.does(Request::Resume(None)).await;
        desk.one(CallState::Connected).await;
        office.talk(Who::Me, Who::Bob).await;
    }
    desk.does(Request::HangUp(None)).await;
    desk.closes(office, &[]).await;
}

pub async fn two_calls_at_once_are_two_calls(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    office.answers(Who::Me).await;
    let first = desk.one(CallState::Connected).await;
    office.calls(Who::Mara, Who::Me).await;
    let second = desk.some(CallState::Ringing).await;
    assert_ne!(first.id, second.id);
    assert_eq!(second.remote.number.as_deref(), Some(MARA_NUMBER));
    office.hangs_up(Who::Mara).await;
    let view = desk.view("one call is left", |view| view.calls.len() == 1).await;
    assert_eq!(view.calls.first().map(|call| (&call.id, call.state)), Some((&first.id, CallState::Connected)));
    office.hangs_up(Who::Bob).await;
    desk.none().await;
    desk.closes(office, &[]).await;
}

pub async fn tones_arrive(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    office.answers(Who::Me).await;
    let call = desk.one(CallState::Connected).await;
    let able = office.has(Need::Tones);
    assert_eq!(can(&call, Can::Dtmf), able, "offered exactly where it works");
    if able {
        office.talk(Who::Me, Who::Bob).await;
        desk.does(Request::Dtmf(call.id, "42#".into())).await;
        office.hears(Who::Bob, "42#").await;
    }
    office.hangs_up(Who::Bob).await;
    desk.closes(office, &[]).await;
}

pub async fn fifty_calls_leave_nothing_behind(office: &impl Office) {
    let desk = Desk::at(office).await;
    for round in 0..50 {
        let from = if round % 2 == 0 { Who::Mara } else { Who::Bob };
        office.calls(from, Who::Me).await;
        desk.one(CallState::Ringing).await;
        match round % 5 {
            0 => office.hangs_up(from).await,
            1 => {
                desk.does(Request::HangUp(None)).await;
            }
            _ => {
                office.answers(Who::Me).await;
                desk.one(CallState::Connected).await;
                office.hangs_up(if round % 3 == 0 { from } else { Who::Me }).await;
            }
        }
        desk.none().await;
        office.is_quiet().await;
    }
    if office.has(Need::ListInMillis) {
        desk.view("ten of them were missed", |view| view.missed == 10).await;
    }
    desk.closes(office, &[]).await;
}

pub async fn colleagues_are_seen_ringing_talking_and_free(office: &impl Office) {
    let desk = Desk::at(office).await;
    let (bob, carol) = (office.number(Who::Bob), office.number(Who::Carol));
    desk.sees(&bob, Presence::Available).await;
    office.calls(Who::Carol, Who::Bob).await;
    if office.has(Need::LampRings) {
        desk.sees(&bob, Presence::Ringing).await;
    }
    office.answers(Who::Bob).await;
    desk.sees(&bob, Presence::InCall).await;
    desk.sees(&carol, Presence::InCall).await;
    assert!(desk.engine.view().borrow().calls.is_empty(), "other people's calls are not ours");
    office.hangs_up(Who::Carol).await;
    desk.sees(&bob, Presence::Available).await;
    desk.sees(&carol, Presence::Available).await;
    desk.closes(office, &[]).await;
}

pub async fn nobody_disturbs_who_does_not_want_to_be(office: &impl Office) {
    let able = office.has(Need::Dnd);
    let desk = Desk::at(office).await;
    let set = |presence| Request::SetPresence { account: None, presence, until: None, note: None };
    if able {
        let offered = |view: &phone_core::View| view.accounts.iter().all(|account| account.abilities.has(Ability::Dnd));
        desk.view("do-not-disturb is offered", offered).await;
        for (presence, dnd) in [(OwnPresence::Dnd, true), (OwnPresence::Available, false), (OwnPresence::Dnd, true)] {
            desk.does(set(presence)).await;
            desk.view("do-not-disturb", |view| view.accounts.iter().all(|account| account.dnd == Some(dnd))).await;
        }
        desk.does(set(OwnPresence::Available)).await;
    } else {
        assert!(desk.engine.ask(set(OwnPresence::Dnd)).await.is_err(), "not offered and not done");
    }
    office.calls(Who::Bob, Who::Me).await;
    desk.one(CallState::Ringing).await;
    office.hangs_up(Who::Bob).await;
    desk.none().await;
    office.is_quiet().await;
    assert_eq!(office.complaints(), Vec::<String>::new());
}

/// The user talks with Bob; gives back the call.
pub async fn talking(office: &impl Office, desk: &Desk) -> phone_core::view::CallView {
    office.calls(Who::Bob, Who::Me).await;
    desk.one(CallState::Ringing).await;
    office.answers(Who::Me).await;
    office.talk(Who::Me, Who::Bob).await;
    desk.one(CallState::Connected).await
}

/// Asks Carol about a call; gives back the second call, connected.
pub async fn asking_carol(office: &impl Office, desk: &Desk, call: &phone_core::CallId) -> phone_core::CallId {
    desk.does(Request::Transfer(call.clone(), TransferTarget::Ask(office.number(Who::Carol)))).await;
    office.rings(Who::Carol).await;
    let view = desk.view("two calls", |view| view.calls.len() == 2).await;
    let asked = other(&view, call);
    assert_eq!(asked.direction, Direction::Outgoing);
    asked.id.clone()
}
