//! Where own calls go: what may be set, how often, and what is known of it.

use super::*;
use crate::forward::{ForwardWhen, Forwarding};
use crate::number::Yes;

const COLLEAGUE: &str = "207";

fn forwards() -> Abilities {
    let list: Vec<Ability> = everything().iter().chain([Ability::Forwarding, Ability::ForwardAlways]).collect();
    Abilities::of(&list)
}

fn able(now: Now) -> Model {
    let mut model = online(now);
    model.apply(&office(), Told::Abilities(forwards()), now);
    model
}

fn set(model: &mut Model, request: u64, to: Option<&str>, yes: bool, now: Now) -> Result<Option<String>, Reason> {
    let begun = model.set_forwarding(request, None, ForwardWhen::Always, to, &Yes::from(yes), now)?;
    let Begun::Send(_, Command::SetForwarding { to, .. }, _) = begun else { panic!("{begun:?}") };
    Ok(to)
}

fn shown(model: &mut Model) -> Option<Forwarding> {
    model.view().accounts[0].forwarding.clone()
}

#[test]
fn a_target_is_judged_like_a_number_that_is_typed() {
    let now = now();
    for number in ["*73", "112", "sip:mara@example.org", "banana"] {
        let mut model = able(now);
        let why = set(&mut model, 1, Some(number), true, now).expect_err("it would lose every call");
        assert!(!format!("{} {}", why.text(), why.advice()).contains("dial"), "nobody dials: {why:?}");
        // Nothing is under way: another wish is taken at once.
        assert!(set(&mut model, 2, Some(COLLEAGUE), true, now).is_ok(), "{number}");
    }
    let mut model = able(now);
    let mara = set(&mut model, 1, Some("+49 30 555001"), false, now).expect("a plain number");
    assert!(mara.is_some_and(|to| to.ends_with("30555001")));
}

#[test]
fn the_own_number_is_no_target() {
    let now = now();
    let mut model = able(now);
    // The second one is an emergency number somewhere, which would ask.
    for own in ["204", "100"] {
        let told = Told::Identity { user: Some(own.into()), domain: None, display_name: None, server: None, dialect: None };
        model.apply(&office(), told, now);
        for yes in [false, true] {
            assert!(matches!(set(&mut model, 1, Some(&format!(" {own}")), yes, now), Err(Reason::TargetRefused(_))), "{own}");
        }
    }
}

#[test]
fn what_costs_much_asks_first() {
    let now = now();
    let mut model = able(now);
    let premium = "+49 900 1234567";
    let why = set(&mut model, 1, Some(premium), false, now).expect_err("a question");
    assert_eq!(why.code(), Code::PolicyAsk);
    assert!(why.offers()[0].why.is_some() && why.detail().is_some_and(|detail| detail.contains("cost")), "{why:?}");
    assert!(why.advice().contains("send them there"), "{}", why.advice());
    assert!(set(&mut model, 2, Some(premium), true, now).is_ok());
}

#[test]
fn nobody_sends_calls_away_on_a_locked_screen() {
    let now = now();
    let mut model = able(now);
    model.screen_locked(true);
    assert!(matches!(set(&mut model, 1, Some(COLLEAGUE), true, now), Err(Reason::TargetRefused(_))));
    assert_eq!(set(&mut model, 2, None, true, now), Ok(None), "they may come back");
}

#[test]
fn only_what_the_pbx_offers_is_sent_and_one_wish_at_a_time() {
    let now = now();
    let mut model = able(now);
    let busy = model.set_forwarding(1, None, ForwardWhen::Busy, None, &Yes::No, now);
    assert_eq!(busy, Err(Reason::Unsupported));
    assert!(set(&mut model, 2, Some(COLLEAGUE), true, now).is_ok());
    let same = model.set_forwarding(3, None, ForwardWhen::Always, Some(COLLEAGUE), &Yes::Any, now);
    assert_eq!(same, Ok(Begun::Joined));
    let why = set(&mut model, 4, None, false, now).expect_err("one at a time");
    assert!(why.code() == Code::RateLimited && !why.text().contains("call"), "{}", why.text());
    // Do-not-disturb is another matter.
    let dnd = model.set_presence(5, &office(), crate::request::OwnPresence::Dnd, None, None, now);
    assert!(matches!(dnd, Ok(Begun::Send(..))));
    let out = model.apply(&office(), Told::Confirmed(2), now);
    assert_eq!(finished(&out), [(2, Ok(())), (3, Ok(()))]);
}

#[test]
fn without_a_sign_the_outcome_is_unknown_and_nothing_is_sent_again() {
    let now = now();
    let mut model = able(now);
    assert!(set(&mut model, 1, Some(COLLEAGUE), true, now).is_ok());
    let late = Now { mono: now.mono + Duration::from_secs(6), wall: now.wall };
    let out = model.tick(late);
    assert_eq!(finished(&out), [(1, Err(Code::OutcomeUnknown))]);
    let Some(Output::Finished(_, Err(why))) = out.first() else { panic!("{out:?}") };
    assert!(why.remedy.as_ref().is_some_and(|remedy| !remedy.contains("phone")), "a phone does not show it: {why:?}");
    assert!(model.tick(late).is_empty());
}

#[test]
fn it_is_shown_only_while_the_link_is_live() {
    let now = now();
    let mut model = able(now);
    assert_eq!(shown(&mut model), None);
    let known = Forwarding { always: Some(COLLEAGUE.into()), ..Forwarding::default() };
    model.apply(&office(), Told::Forwarding(Some(known.clone())), now);
    assert_eq!(shown(&mut model), Some(known.clone()));
    model.link_is(&office(), &Link::new(), None, now);
    assert_eq!(shown(&mut model), None, "nobody knows meanwhile");
    assert_eq!(set(&mut model, 1, None, false, now), Err(Reason::Offline));
    // Told before the picture is whole, it is shown with it; not told again, it stays unknown.
    model.apply(&office(), Told::Forwarding(Some(known.clone())), now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    assert_eq!(shown(&mut model), Some(known));
    model.link_is(&office(), &Link::new(), None, now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    assert_eq!(shown(&mut model), None);
}

#[test]
fn a_target_that_is_no_number_any_more_makes_all_of_it_unknown() {
    let now = now();
    let mut model = able(now);
    let endless = Forwarding { busy: Some("1".repeat(5_000)), ..Forwarding::default() };
    model.apply(&office(), Told::Forwarding(Some(endless)), now);
    assert_eq!(shown(&mut model), None);
}
