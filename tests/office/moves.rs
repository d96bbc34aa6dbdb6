//! Calls that are handed on, joined, parked and fetched.

use phone_core::call::Outcome;
use phone_core::request::{Reply, TransferTarget};
use phone_core::view::{Can, ParkedView, Related, Relation};
use phone_core::{CallId, CallState, Code, Direction, Request};
use phone_tests::office::{Need, Office, Who};

use crate::conversations::{asking_carol, talking};
use crate::desk::{Desk, can, other};

pub async fn a_call_is_handed_on_without_asking(office: &impl Office) {
    let desk = Desk::at(office).await;
    let call = talking(office, &desk).await;
    let carol = TransferTarget::Number(office.number(Who::Carol));
    desk.does(Request::Transfer(call.id, carol)).await;
    desk.none().await;
    if office.has(Need::ColleaguesTalk) {
        office.rings(Who::Carol).await;
        office.answers(Who::Carol).await;
        office.talk(Who::Bob, Who::Carol).await;
        assert!(desk.engine.view().borrow().calls.is_empty(), "their call is not ours");
    }
    office.hangs_up(Who::Bob).await;
    desk.closes(office, &[]).await;
}

pub async fn a_ringing_call_is_sent_on(office: &impl Office) {
    let desk = Desk::at(office).await;
    office.calls(Who::Bob, Who::Me).await;
    let ringing = desk.one(CallState::Ringing).await;
    let able = office.has(Need::SendOn);
    assert_eq!(can(&ringing, Can::Transfer), able, "offered exactly where it works");
    let carol = TransferTarget::Number(office.number(Who::Carol));
    if !able {
        assert!(desk.engine.ask(Request::Transfer(ringing.id, carol)).await.is_err(), "not offered and not done");
        office.hangs_up(Who::Bob).await;
        desk.none().await;
        return;
    }
    desk.does(Request::Transfer(ringing.id, carol)).await;
    desk.ended(Outcome::SentOn).await;
    assert_eq!(desk.engine.view().borrow().missed, 0, "nobody has missed it");
    office.rings(Who::Carol).await;
    office.answers(Who::Carol).await;
    office.talk(Who::Bob, Who::Carol).await;
    assert!(desk.engine.view().borrow().calls.is_empty(), "their call is not ours");
    office.hangs_up(Who::Bob).await;
    desk.closes(office, &[]).await;
}

pub async fn a_call_that_is_handed_to_us_shows_who_it_is(office: &impl Office) {
    if !office.has(Need::ColleaguesTalk) {
        return;
    }
    let desk = Desk::at(office).await;
    office.calls(Who::Carol, Who::Bob).await;
    office.answers(Who::Bob).await;
    office.talk(Who::Bob, Who::Carol).await;
    office.transfers(Who::Bob, Who::Me).await;
    office.rings(Who::Me).await;
    let ringing = desk.one(CallState::Ringing).await;
    assert_eq!(ringing.direction, Direction::Incoming);
    let carol = office.number(Who::Carol);
    desk.view("it is Carol", |view| view.calls.iter().all(|call| call.remote.number.as_deref() == Some(&carol))).await;
    office.answers(Who::Me).await;
    office.talk(Who::Me, Who::Carol).await;
    assert_eq!(desk.one(CallState::Connected).await.id, ringing.id);
    office.hangs_up(Who::Carol).await;
    desk.ended(Outcome::Answered).await;
    desk.closes(office, &[]).await;
}

pub async fn a_call_is_handed_on_after_asking(office: &impl Office) {
    let able = office.has(Need::Consult);
    let desk = Desk::at(office).await;
    let call = talking(office, &desk).await;
    assert_eq!(can(&call, Can::Consult), able, "offered exactly where it works");
    if !able {
        office.hangs_up(Who::Bob).await;
        return;
    }
    let asked = asking_carol(office, &desk, &call.id).await;
    office.answers(Who::Carol).await;
    office.talk(Who::Me, Who::Carol).await;
    let view = desk
        .view("one waits, one talks", |view| {
            let state = |id| view.calls.iter().find(|one| &one.id == id).map(|one| one.state);
            state(&call.id) == Some(CallState::Held) && state(&asked) == Some(CallState::Connected)
        })
        .await;
    let (bob, carol) = (office.number(Who::Bob), office.number(Who::Carol));
    assert_eq!(other(&view, &asked).remote.number.as_deref(), Some(bob.as_str()), "nobody takes the other one's name");
    assert_eq!(other(&view, &call.id).remote.number.as_deref(), Some(carol.as_str()));
    let pair = |than: &CallId| other(&view, than).related.clone();
    assert_eq!(pair(&asked), Some(Related { call: asked.clone(), how: Relation::Consulting, waits: true }));
    assert_eq!(pair(&call.id), Some(Related { call: call.id.clone(), how: Relation::Consulting, waits: false }));
    desk.does(Request::Transfer(call.id, TransferTarget::Call(asked))).await;
    office.talk(Who::Bob, Who::Carol).await;
    desk.none().await;
    office.hangs_up(Who::Carol).await;
    desk.closes(office, &[]).await;
}

pub async fn somebody_who_was_asked_says_no(office: &impl Office) {
    if !office.has(Need::Consult) {
        return;
    }
    let desk = Desk::at(office).await;
    let call = talking(office, &desk).await;
    let asked = asking_carol(office, &desk, &call.id).await;
    office.answers(Who::Carol).await;
    office.talk(Who::Me, Who::Carol).await;
    desk.view("asked", |view| view.calls.iter().any(|one| one.id == asked && one.state == CallState::Connected)).await;
    desk.does(Request::HangUp(Some(asked))).await;
    office.talk(Who::Me, Who::Bob).await;
    let back = desk.one(CallState::Connected).await;
    assert_eq!((&back.id, &back.related), (&call.id, &None), "nobody is asked any more");
    let bob = office.number(Who::Bob);
    desk.view("it is Bob again", |view| view.calls.iter().all(|one| one.remote.number.as_deref() == Some(&bob))).await;
    office.hangs_up(Who::Bob).await;
    desk.closes(office, &[]).await;
}

pub async fn two_calls_are_joined(office: &impl Office) {
    if !office.has(Need::Join) {
        return;
    }
    let desk = Desk::at(office).await;
    let first = talking(office, &desk).await;
    office.holds(Who::Me).await;
    desk.one(CallState::Held).await;
    office.calls(Who::Carol, Who::Me).await;
    desk.some(CallState::Ringing).await;
    office.answers(Who::Me).await;
    let second = desk.some(CallState::Connected).await;
    assert_ne!(first.id, second.id);
    let view = desk
        .view("both can be joined", |view| view.calls.len() == 2 && view.calls.iter().all(|one| can(one, Can::TransferToCall)));
    view.await;
    desk.does(Request::Transfer(first.id, TransferTarget::Call(second.id))).await;
    desk.none().await;
    office.talk(Who::Bob, Who::Carol).await;
    office.hangs_up(Who::Bob).await;
    desk.closes(office, &[]).await;
}

/// Makes a number outside of everything that is no extension of a colleague.
const PLAN: [(&str, &str); 4] =
    [("plan.country", "DE"), ("plan.area_code", "30"), ("plan.outside_prefix", "0"), ("plan.extensions", "100-299")];

pub async fn a_call_is_parked_and_fetched(office: &impl Office) {
    let able = office.has(Need::Park);
    let desk = Desk::with_keys(office, &PLAN).await;
    let call = talking(office, &desk).await;
    assert_eq!(can(&call, Can::Park), able, "offered exactly where it works");
    if !able {
        office.hangs_up(Who::Bob).await;
        return;
    }
    let reply = desk.does(Request::Park(call.id)).await;
    let Reply::Parked(Some(place)) = reply else { panic!("{reply:?}") };
    desk.none().await;
    let bob = office.number(Who::Bob);
    let waits = |view: &phone_core::View| {
        let shown = |one: &ParkedView| one.place.as_deref() == Some(&place) && one.who.number.as_deref() == Some(&bob);
        matches!(view.parked.as_slice(), [one] if shown(one) && one.unknown_since.is_none())
    };
    let view = desk.view("Bob waits at his place", waits).await;
    let parked = view.parked.first().expect("just seen").id.clone();
    // What a person writes like this is a number outside; the parked call is where the PBX has put it.
    desk.does(Request::FetchParked(parked.clone())).await;
    office.lifts().await;
    office.talk(Who::Me, Who::Bob).await;
    let fetched = desk.one(CallState::Connected).await;
    desk.view("nobody waits any more", |view| view.parked.is_empty()).await;
    assert_eq!(fetched.direction, Direction::Outgoing);
    let again = desk.engine.ask(Request::FetchParked(parked)).await;
    assert_eq!(again.map_err(|why| why.code), Err(Code::NoSuchCall), "whoever waits there next is somebody else");
    office.hangs_up(Who::Bob).await;
    desk.closes(office, &[place]).await;
}

pub async fn a_colleagues_call_is_taken(office: &impl Office) {
    if !office.has(Need::PickUp) {
        return;
    }
    let desk = Desk::at(office).await;
    office.calls(Who::Carol, Who::Bob).await;
    desk.does(Request::PickUp { from: office.number(Who::Bob), account: None }).await;
    office.lifts().await;
    office.talk(Who::Me, Who::Carol).await;
    let call = desk.one(CallState::Connected).await;
    let carol = office.number(Who::Carol);
    desk.view("it is Carol", |view| view.calls.iter().all(|one| one.remote.number.as_deref() == Some(&carol))).await;
    desk.does(Request::HangUp(Some(call.id))).await;
    office.is_quiet().await;
    desk.none().await;
    assert_eq!(office.complaints(), Vec::<String>::new());
}
