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
fn a_few_endless_names_do_not_fill_the_view() {
    let now = now();
    let mut model = online(now);
    let long = "x".repeat(200_000);
    let person = crate::people::PersonSeen {
        number: "207".into(),
        name: Some(long.clone()),
        kind: crate::PersonKind::Person,
        presence: Presence::Available,
        dnd: false,
        note: Some(long.clone()),
    };
    model.apply(&office(), Told::People(vec![person.clone()]), now);
    model.apply(&office(), Told::Person(crate::people::PersonSeen { number: "208".into(), ..person }), now);
    model.apply(&office(), Told::Contacts(vec![contact(&long, MARA), contact("Endless", &long)]), now);
    let text = || Some(long.clone());
    let told = Told::Identity { user: None, domain: text(), display_name: text(), server: text(), dialect: text() };
    model.apply(&office(), told, now);
    let many: Vec<CallSeen> = (0..6)
        .map(|at| {
            let mut call = seen(&at.to_string(), Direction::Incoming, SeenState::Ringing, MARA);
            call.remote.name = text();
            call.via = Some(Party { number: text(), name: text() });
            call
        })
        .chain([seen(&long, Direction::Incoming, SeenState::Ringing, "+4930555009")])
        .collect();
    let size = |model: &mut Model| format!("{:?}", model.view()).len();
    calls(&mut model, many, now);
    assert_eq!(model.view().calls.len(), 6, "the beginning of an id is another call's");
    assert!(size(&mut model) < 64 << 10);
    calls(&mut model, vec![seen("9", Direction::Incoming, SeenState::Ringing, &long)], now);
    assert!(size(&mut model) < 64 << 10);
    assert_eq!(model.view().calls[0].remote.number, None, "the beginning of a number is another number");
    assert_eq!(model.view().recent[0].remote.name.as_ref().map(|name| name.chars().count()), Some(200));
    assert!(model.people.iter().all(|p| { p.name.iter().chain(&p.note).all(|text| text.chars().count() == 200) }));
    // What an older program wrote down is cut too.
    let mut record = model.view().recent[0].clone();
    record.remote = Party { number: text(), name: text() };
    model.remember(vec![record], Default::default());
    assert!(size(&mut model) < 64 << 10);
    let past = PastCall {
        key: "x".repeat(9_000),
        direction: Direction::Incoming,
        outcome: Outcome::Missed,
        remote: Party { number: None, name: text() },
        started_at: now.wall,
        connected_at: None,
        ended_at: None,
    };
    let out = model.apply(&office(), Told::History(vec![past]), now);
    assert!(matches!(&out[..], [Output::Past(_, past)] if format!("{past:?}").len() < 1_000));
}

#[test]
fn missed_calls_of_an_account_that_goes_are_counted_no_longer() {
    let now = now();
    let mut model = online(now);
    let home = AccountName::parse("home").expect("a plain word");
    model.add_account(&AccountConfig { name: home.clone(), ..config() }, now.wall);
    model.link_is(&home, &online_link(now.mono), None, now);
    for name in [&office(), &office(), &home] {
        let ringing = vec![seen("1", Direction::Incoming, SeenState::Ringing, MARA)];
        model.apply(name, Told::Calls { calls: ringing, verdict_follows: vec![] }, now);
        model.apply(name, Told::Calls { calls: vec![], verdict_follows: vec![] }, now);
    }
    assert_eq!(model.view().missed, 3);
    model.remove_account(&office(), now);
    assert_eq!(model.view().missed, 1);
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
fn missed_calls_that_the_history_knows_are_counted_until_somebody_looks() {
    let now = now();
    let mut model = online(now);
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, MARA)], now);
    calls(&mut model, vec![], now);
    let recent = model.view().recent;
    let mut again = Model::new(3);
    assert!(again.remember(recent.clone(), [(office(), 2)].into()));
    assert_eq!((again.view().missed, again.view().recent.len()), (2, 1));
    assert!(!again.remember(recent, [(office(), 2)].into()), "nothing is new");
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
    assert_eq!(set(&mut model, 3, OwnPresence::Available, None), Err(Reason::ChoiceUnderWay));
    assert_eq!(set(&mut model, 4, OwnPresence::Dnd, Some("Lunch")), Err(Reason::ChoiceUnderWay));
    let out = model.apply(&office(), Told::Confirmed(1), now);
    assert_eq!(finished(&out), [(1, Ok(())), (2, Ok(()))]);
    assert!(matches!(set(&mut model, 5, OwnPresence::Available, None), Ok(Begun::Send(..))));
}
