//! What a link, a selection and a person may dial, and what only a second press dials.

use super::*;
use crate::model::LinkRules;
use crate::number::Yes;
use crate::people::{PersonKind, PersonSeen, Presence};
use crate::told::Contact;

const LINK: &str = "tel:+49-30-555001";
const MARA: &str = "+4930555001";

fn later(now: Now, millis: u64) -> Now {
    Now { mono: now.mono + Duration::from_millis(millis), ..now }
}

/// An account in Berlin behind an exchange that wants a zero for the outside line.
fn berlin(now: Now) -> Model {
    let mut model = Model::new(0);
    let keys = [
        ("plan.country", "DE"),
        ("plan.area_code", "30"),
        ("plan.outside_prefix", "0"),
        ("plan.main_number", "+49301234"),
        ("plan.extensions", "200-299"),
    ];
    let config = AccountConfig { keys: keys.map(|(k, v)| (k.to_owned(), v.to_owned())).into(), ..config() };
    model.add_account(&config, now.wall);
    model.apply(&office(), Told::Abilities(everything()), now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    model
}

fn dialled(begun: Result<Begun, Reason>) -> String {
    match begun {
        Ok(Begun::Send(_, Command::Dial { to, .. }, _)) => to,
        other => panic!("not dialled: {other:?}"),
    }
}

fn asked(begun: Result<Begun, Reason>) -> crate::number::Offer {
    match begun {
        Err(Reason::PolicyAsk(offer)) => *offer,
        other => panic!("not asked: {other:?}"),
    }
}

fn contact(name: &str, number: &str) -> Contact {
    Contact { name: name.into(), numbers: vec![number.into()] }
}

#[test]
fn a_link_asks_with_the_number_as_it_will_be_dialled_and_dials_only_that() {
    let now = now();
    let mut model = berlin(now);
    let offer = asked(model.dial(1, LINK, None, Source::Link, Yes::No, now));
    assert_eq!((offer.dial.as_str(), offer.shown.as_str()), ("0030555001", "030 555001"));
    assert_eq!((offer.country.as_deref(), offer.trust), (Some("DE"), true));
    assert_eq!(offer.remember.as_deref(), Some("+4930555001"));
    // An answer to another question dials nothing.
    let other = model.dial(2, LINK, None, Source::Link, Yes::To("0030555002".into()), now);
    assert!(matches!(other, Err(Reason::NumberNotUsable(_))), "{other:?}");
    assert_eq!(dialled(model.dial(3, LINK, None, Source::Link, Yes::To(offer.choice), now)), "0030555001");
}

#[test]
fn links_that_come_faster_than_anybody_clicks_are_not_even_asked_about() {
    let now = now();
    let mut model = berlin(now);
    for turn in 0..100 {
        let link = format!("tel:+4930555{turn:03}");
        let begun = model.dial(turn, &link, None, Source::Link, Yes::No, later(now, turn * 50));
        if turn < 3 {
            asked(begun);
        } else {
            assert_eq!(begun, Err(Reason::TooManyLinks), "{turn}");
        }
    }
    asked(model.dial(200, LINK, None, Source::Link, Yes::No, later(now, 10_000)));
    // What is switched off is the question, not the limit.
    let mut model = berlin(now);
    model.set_link_rules(LinkRules { ask: false, always: vec![] });
    let sent = (0..100_u64).filter(|turn| {
        let begun = model.dial(*turn, &format!("tel:+4930555{turn:03}"), None, Source::Link, Yes::No, later(now, turn * 50));
        begun.is_ok()
    });
    assert_eq!(sent.count(), 1, "one rings, and the others find it ringing");
}

#[test]
fn links_of_colleagues_contacts_and_remembered_numbers_do_not_ask_unless_they_are_doubtful() {
    let now = now();
    let trusted: [fn(&mut Model, Now); 3] = [
        |model, _| model.set_link_rules(LinkRules { ask: true, always: vec!["+4930555001".into()] }),
        |model, now| drop(model.apply(&office(), Told::Contacts(vec![contact("Mara", "030 / 555 001")]), now)),
        |model, _| model.set_link_rules(LinkRules { ask: false, always: vec![] }),
    ];
    for trust in trusted {
        let mut model = berlin(now);
        trust(&mut model, now);
        assert_eq!(dialled(model.dial(1, LINK, None, Source::Link, Yes::No, now)), "0030555001");
        let mut model = berlin(now);
        trust(&mut model, now);
        let doubt = model.dial(2, "tel:+49030555001", None, Source::Link, Yes::No, now);
        assert!(matches!(doubt, Err(Reason::PolicyAsk(ref offer)) if !offer.trust), "{doubt:?}");
        let refused = model.dial(3, "tel:*21*030555001%23", None, Source::Link, Yes::No, now);
        assert!(matches!(refused, Err(Reason::PolicyRefuse(_))), "{refused:?}");
    }
    let mut model = berlin(now);
    drop(model.apply(&office(), Told::Contacts(vec![contact("Mara", "+4930555002")]), now));
    asked(model.dial(4, LINK, None, Source::Link, Yes::No, now));
}

#[test]
fn several_numbers_are_offered_and_one_of_them_is_dialled() {
    let now = now();
    let mut model = berlin(now);
    let text = "Mara: 030 555001, mobile 0171 3920012";
    let Err(Reason::SeveralNumbers(offers)) = model.dial(1, text, None, Source::Text, Yes::No, now) else { panic!("offered") };
    let dials: Vec<&str> = offers.iter().map(|offer| offer.dial.as_str()).collect();
    assert_eq!(dials, ["0030555001", "001713920012"]);
    assert!(matches!(model.dial(2, text, None, Source::Text, Yes::Any, now), Err(Reason::SeveralNumbers(_))));
    assert_eq!(dialled(model.dial(3, text, None, Source::Text, Yes::To("001713920012".into()), now)), "001713920012");
}

#[test]
fn an_emergency_number_rings_by_the_second_press_only_and_once() {
    let now = now();
    let mut model = berlin(now);
    for (request, source) in [Source::Typed, Source::Pressed, Source::Text, Source::Link].into_iter().enumerate() {
        for yes in [Yes::No, Yes::Any, Yes::To("112".into())] {
            let begun = model.dial(request as u64, "112", None, source, yes, now);
            assert!(matches!(begun, Err(Reason::EmergencyNumber | Reason::NumberNotUsable(_))), "{source:?} {begun:?}");
        }
    }
    assert_eq!(model.prepare_emergency("112", None, "secret".into(), now), Ok("112".into()));
    assert!(model.dial_emergency(10, "guess", now).is_err());
    assert_eq!(dialled(model.dial_emergency(11, "secret", now)), "112");
    assert!(model.dial_emergency(12, "secret", later(now, 100)).is_err(), "a token counts once");
    let mut model = berlin(now);
    assert_eq!(model.prepare_emergency(" 1 1 0 ", None, "secret".into(), now), Ok("110".into()));
    assert!(model.dial_emergency(13, "secret", later(now, 15_000)).is_err(), "too late");
    for text in ["*31#112", "030 555001", "112 110", "", "tel:112"] {
        assert!(model.prepare_emergency(text, None, "secret".into(), now).is_err(), "{text}");
    }
    // Another dial that is under way holds up no call for help.
    assert!(model.dial(14, "030 555001", None, Source::Typed, Yes::No, now).is_ok());
    assert!(model.prepare_emergency("112", None, "secret".into(), now).is_ok());
    assert_eq!(dialled(model.dial_emergency(15, "secret", now)), "112");
}

#[test]
fn one_number_is_dialled_by_one_account_only() {
    let now = now();
    let mut model = berlin(now);
    let second = AccountName::parse("second").expect("a plain word");
    model.add_account(&AccountConfig { name: second.clone(), ..config() }, now.wall);
    model.apply(&second, Told::Abilities(everything()), now);
    model.link_is(&second, &online_link(now.mono), None, now);
    assert!(model.dial(1, MARA, Some(&office()), Source::Typed, Yes::No, now).is_ok());
    let again = model.dial(2, MARA, Some(&second), Source::Typed, Yes::No, later(now, 200));
    assert_eq!(again, Err(Reason::AlreadyCalling));
    // An internal number is somebody else there.
    let mut model = model;
    assert!(model.dial(3, "204", Some(&second), Source::Typed, Yes::No, later(now, 300)).is_ok());
}

#[test]
fn digits_for_after_the_answer_stay_with_the_call() {
    let now = now();
    let mut model = berlin(now);
    assert_eq!(dialled(model.dial(1, "030 555001 ext. 101", None, Source::Text, Yes::No, now)), "0030555001");
    assert_eq!(model.view().calls[0].post_dial.as_deref(), Some("101"));
}

#[test]
fn callers_get_their_name_however_their_number_is_written() {
    let now = now();
    for (comes, stands, name) in
        [("0030555001", "+49 30 555001", "Mara"), ("555001", "+4930555001", "Mara"), ("+4930555001", "0 030 555001", "Mara")]
    {
        let mut model = berlin(now);
        drop(model.apply(&office(), Told::Contacts(vec![contact(name, stands)]), now));
        calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, comes)], now);
        assert_eq!(model.view().calls[0].remote.name.as_deref(), Some(name), "{comes} {stands}");
    }
    let mut model = berlin(now);
    drop(model.apply(&office(), Told::Contacts(vec![contact("Mara", "+4930555001")]), now));
    calls(&mut model, vec![seen("1", Direction::Incoming, SeenState::Ringing, "+4989555001")], now);
    assert_eq!(model.view().calls[0].remote.name, None);
}

#[test]
fn whoever_types_sees_the_number_grouped_where_it_leads_and_what_the_pbx_gets() {
    let now = now();
    let mut model = berlin(now);
    let mut seen = |text: &str| model.numbers_in(text, None, Source::Typed).expect("an account");
    let [one] = seen("+43 664 1234567 ext. 101").try_into().expect("one number");
    assert_eq!((one.shown.as_deref(), one.country.as_deref()), (Some("+43 664 1234567"), Some("AT")));
    assert_eq!((one.dial.as_deref(), one.extension.as_deref()), (Some("000436641234567"), Some("101")));
    // Beside each other nobody needs to be told that they are several.
    let both = seen("030 555001 / 0664 1234567, fax");
    assert!(both.len() > 1 && both.iter().all(|one| one.why.is_none() && one.shown.is_some()), "{both:?}");
    let date = seen("20.11.2026");
    assert!(date.iter().all(|one| one.shown.is_none() && one.why.is_some()), "{date:?}");
}

#[test]
fn one_of_two_extensions_is_chosen_with_its_own_digits() {
    let now = now();
    let mut model = berlin(now);
    let text = "(030) 555001 ext. 101 or (030) 555001 ext. 102";
    let Err(Reason::SeveralNumbers(offers)) = model.dial(1, text, None, Source::Text, Yes::No, now) else { panic!("offered") };
    let choices: Vec<&str> = offers.iter().map(|offer| offer.choice.as_str()).collect();
    assert_eq!(choices, ["0030555001;ext=101", "0030555001;ext=102"]);
    assert_eq!(dialled(model.dial(2, text, None, Source::Text, Yes::To("0030555001;ext=102".into()), now)), "0030555001");
    assert_eq!(model.view().calls[0].post_dial.as_deref(), Some("102"));
}

#[test]
fn an_internal_number_that_does_not_ask_at_one_account_asks_at_another() {
    let now = now();
    let mut model = berlin(now);
    let offer = asked(model.dial(1, "tel:207", None, Source::Link, Yes::No, now));
    assert_eq!(offer.remember.as_deref(), Some("office/207"));
    let second = AccountName::parse("second").expect("a plain word");
    model.add_account(
        &AccountConfig { name: second.clone(), keys: [("plan.extensions".to_owned(), "2XX".to_owned())].into(), ..config() },
        now.wall,
    );
    model.apply(&second, Told::Abilities(everything()), now);
    model.link_is(&second, &online_link(now.mono), None, now);
    model.set_link_rules(LinkRules { ask: true, always: vec!["office/207".into()] });
    let offer = asked(model.dial(2, "tel:207", Some(&second), Source::Link, Yes::No, now));
    assert_eq!(offer.remember.as_deref(), Some("second/207"));
    assert_eq!(dialled(model.dial(3, "tel:207", Some(&office()), Source::Link, Yes::No, now)), "207");
}

#[test]
fn nothing_is_dialled_on_a_locked_screen_whoever_asks() {
    let now = now();
    let mut model = berlin(now);
    model.screen_locked(true);
    for source in [Source::Typed, Source::Pressed, Source::Text, Source::Link] {
        let begun = model.dial(1, "030 555001", None, source, Yes::Any, now);
        assert!(matches!(begun, Err(Reason::PolicyRefuse(_))), "{source:?} {begun:?}");
    }
}

#[test]
fn a_call_in_a_state_that_nobody_understands_is_not_dialled_again() {
    let now = now();
    let mut model = online(now);
    assert!(model.dial(1, MARA, None, Source::Typed, Yes::No, now).is_ok());
    for state in [SeenState::Ringing, SeenState::Unknown] {
        let mut leg = seen("77", Direction::Outgoing, state, MARA);
        leg.request = Some(1);
        calls(&mut model, vec![leg], now);
    }
    assert_eq!(model.dial(2, MARA, None, Source::Typed, Yes::No, later(now, 60_000)), Err(Reason::AlreadyCalling));
}

#[test]
fn a_link_to_a_group_or_a_service_asks_although_its_number_is_internal() {
    let now = now();
    let mut model = berlin(now);
    let person = |number: &str, kind| PersonSeen {
        number: number.into(),
        kind,
        name: Some("Somebody".into()),
        presence: Presence::Available,
        dnd: false,
        note: None,
    };
    let people = vec![person("207", PersonKind::Person), person("299", PersonKind::Service)];
    drop(model.apply(&office(), Told::People(people), now));
    // A paging group would speak through every loudspeaker.
    asked(model.dial(1, "tel:299", None, Source::Link, Yes::No, now));
    assert_eq!(dialled(model.dial(2, "tel:207", None, Source::Link, Yes::No, now)), "207");
}

#[test]
fn a_yes_is_for_the_account_that_was_asked_about() {
    let now = now();
    let mut model = berlin(now);
    let offer = asked(model.dial(1, "tel:207", None, Source::Link, Yes::No, now));
    assert_eq!(offer.account, Some(office()));
    let text = "Mara: 030 555001, mobile 0171 3920012";
    let Err(Reason::SeveralNumbers(offers)) = model.dial(2, text, None, Source::Text, Yes::No, now) else { panic!("offered") };
    assert!(offers.iter().all(|offer| offer.account == Some(office())), "{offers:?}");
}

#[test]
fn a_text_of_numbers_that_are_all_refused_says_why() {
    let now = now();
    let mut model = berlin(now);
    let codes = model.dial(2, "*21*030555001# and *22*030555002#", None, Source::Text, Yes::No, now);
    assert!(matches!(codes, Err(Reason::PolicyRefuse(_))), "{codes:?}");
}

/// What would be dialled for a typed text.
fn offered(model: &mut Model, text: &str) -> String {
    let found = model.numbers_in(text, None, Source::Typed).expect("an account");
    found.into_iter().find_map(|one| one.dial).expect("a number")
}

#[test]
fn whoever_the_pbx_lists_has_an_internal_number() {
    let now = now();
    // The plan of this account names 200 to 299 only.
    let mut model = berlin(now);
    let text = "+49 30 1234-731";
    assert_eq!(offered(&mut model, text), "00301234731", "outside");
    let listed = |number: &str, kind| PersonSeen {
        number: number.into(),
        name: None,
        kind,
        presence: Presence::Available,
        dnd: false,
        note: None,
    };
    model.apply(&office(), Told::People(vec![listed("731", PersonKind::Person)]), now);
    assert_eq!(offered(&mut model, text), "731", "inside");
    // Somebody new counts at once, a number nobody has stays outside, and a short word of help stays what it is.
    model.apply(&office(), Told::Person(listed("732", PersonKind::Queue)), now);
    model.apply(&office(), Told::Person(listed("112", PersonKind::Person)), now);
    assert_eq!(offered(&mut model, "+49 30 1234-732"), "732");
    assert_eq!(offered(&mut model, "+49 30 1234-733"), "00301234733");
    let help = model.dial(5, "112", None, Source::Typed, Yes::No, now);
    assert_eq!(help, Err(Reason::EmergencyNumber));
    // Listed digits behind other words are still no number.
    for text in ["Office 731", "see p. 731", "Invoice 731", "731 EUR", "Room 731"] {
        let judged = model.dial(6, text, None, Source::Text, Yes::No, now);
        assert!(matches!(judged, Err(Reason::PolicyAsk(_) | Reason::NumberNotUsable(_))), "{text}: {judged:?}");
    }
    model.apply(&office(), Told::People(vec![]), now);
    assert_eq!(offered(&mut model, text), "00301234731", "gone");
}
