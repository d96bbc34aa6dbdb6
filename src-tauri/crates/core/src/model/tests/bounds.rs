//! What is kept, for how long, and what a locked screen and a second wish may do.

use super::*;
use crate::request::OwnPresence;
use crate::told::Contact;

const MARA: &str = "+4930555001";

fn contact(name: &str, number: &str) -> Contact {
    Contact { name: name.into(), numbers: vec![number.into()] }
}

#[test]
fn two_numbers_that_end_alike_are_two_calls() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, vec![seen("1", Direction::Outgoing, SeenState::Ringing, "+12125550123")], now);
    assert_eq!(model.dial(1, "(212) 555-0123", None, Source::Typed, true, now), Err(Reason::AlreadyCalling));
    assert!(model.dial(2, "+1 646 555 0123", None, Source::Typed, true, now).is_ok());

    let mut model = online(now);
    model.apply(&office(), Told::Contacts(vec![contact("Berlin", "+49301234567")]), now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "+49891234567")], now);
    assert_eq!(model.view().calls[0].remote.name, None);
    // Another caller who takes the place of the first in one picture is another call.
    let first = named(&mut model);
    calls(&mut model, vec![seen("2", Direction::Incoming, SeenState::Ringing, "+49301234567")], now);
    assert!(named(&mut model).values().all(|id| !first.values().any(|old| old == id)));
}

#[test]
fn a_name_that_is_known_later_is_shown_then() {
    let now = now();
    let mut model = online(now);
    let ringing = || vec![seen("1", Direction::Incoming, SeenState::Ringing, "030555001")];
    calls(&mut model, ringing(), now);
    model.apply(&office(), Told::Contacts(vec![contact("Mara Beispiel", MARA)]), now);
    assert_eq!(model.view().calls[0].remote.name.as_deref(), Some("Mara Beispiel"));
    calls(&mut model, ringing(), now);
    assert_eq!(model.view().calls[0].remote.name.as_deref(), Some("Mara Beispiel"));
    // A number that becomes another one is looked for again.
    let mut model = online(now);
    model.apply(&office(), Told::Contacts(vec![contact("Mara Beispiel", MARA)]), now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "anonymous")], now);
    calls(&mut model, ringing(), now);
    assert_eq!(model.view().calls[0].remote.name.as_deref(), Some("Mara Beispiel"));
}

#[test]
fn an_address_book_has_an_end() {
    let now = now();
    let mut model = online(now);
    let most = super::names::MOST_CONTACTS;
    let mut book: Vec<Contact> = (0..most).map(|at| contact("Filler", &format!("+4940{at:07}"))).collect();
    book.push(contact("Mara Beispiel", MARA));
    model.apply(&office(), Told::Contacts(book), now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, MARA)], now);
    assert_eq!(model.view().calls[0].remote.name, None);
}

#[test]
fn a_verdict_that_never_comes_makes_a_missed_call_after_three_seconds() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, MARA)], now);
    model.apply(&office(), Told::Calls { calls: vec![], verdict_follows: vec!["1".into()] }, now);
    let until = now.mono + Duration::from_secs(3);
    assert_eq!(model.deadline(), Some(until));
    let out = model.tick(Now { mono: until, ..now });
    assert_eq!(events(&out), [EventName::CallMissed, EventName::History]);
    assert_eq!((model.view().missed, model.deadline()), (1, None));
    // A late word changes nothing any more.
    let late = model.apply(&office(), Told::Verdict { key: "1".into(), outcome: Some(Outcome::AnsweredElsewhere) }, now);
    assert!(late.is_empty());
}

#[test]
fn missed_calls_that_nobody_saw_are_counted_after_a_restart() {
    let now = now();
    let mut model = online(now);
    let mut records = vec![];
    for (key, at) in [("1", 10), ("2", 20), ("3", 30)] {
        let now = Now { wall: Timestamp::from_second(at).expect("a time"), ..now };
        calls(&mut model, vec![seen(key, Direction::Incoming, SeenState::Ringing, MARA)], now);
        let out = calls(&mut model, vec![], now);
        records.extend(out.into_iter().filter_map(|o| if let Output::Record(record) = o { Some(record) } else { None }));
    }
    let mut again = Model::new(3);
    again.count_missed(&records, Timestamp::from_second(10).expect("a time"));
    assert_eq!(again.view().missed, 2);
    again.missed_seen();
    assert_eq!(again.view().missed, 0);
}

#[test]
fn a_button_on_a_locked_screen_dials_nothing() {
    let now = now();
    let mut model = online(now);
    model.screen_locked(true);
    for source in [Source::Pressed, Source::Text, Source::Link] {
        assert!(matches!(model.dial(1, MARA, None, source, true, now), Err(Reason::PolicyRefuse(_))), "{source:?}");
    }
    assert!(model.view().calls.is_empty());
    model.screen_locked(false);
    assert!(model.dial(2, MARA, None, Source::Pressed, false, now).is_ok());
}

#[test]
fn do_not_disturb_is_switched_one_wish_at_a_time() {
    let now = now();
    let mut model = online(now);
    let set = |model: &mut Model, request, presence, note: Option<&str>| {
        model.set_presence(request, &office(), presence, None, note.map(str::to_owned), now)
    };
    assert!(matches!(set(&mut model, 1, OwnPresence::Dnd, None), Ok(Begun::Send(..))));
    assert_eq!(set(&mut model, 2, OwnPresence::Dnd, None), Ok(Begun::Joined));
    assert_eq!(set(&mut model, 3, OwnPresence::Available, None), Err(Reason::UnderWay));
    assert_eq!(set(&mut model, 4, OwnPresence::Dnd, Some("Lunch")), Err(Reason::UnderWay));
    let out = model.apply(&office(), Told::Confirmed(1), now);
    assert_eq!(finished(&out), [(1, Ok(())), (2, Ok(()))]);
    assert!(matches!(set(&mut model, 5, OwnPresence::Available, None), Ok(Begun::Send(..))));
}
