//! Parked calls: shown with their place until somebody says that they wait no more.

use super::*;
use crate::told::ParkedSeen;
use crate::view::ParkedView;

const MARA: &str = "+4930555001";

fn talk(key: &str, number: &str) -> CallSeen {
    seen(key, Direction::Incoming, SeenState::Connected, number)
}

fn online_and_able(now: Now) -> Model {
    let mut model = online(now);
    model.apply(&office(), Told::Abilities(Abilities::of(&[Ability::Dial, Ability::HangUp, Ability::Park])), now);
    model
}

/// Parks a call and lets it go; `key` is what the PBX calls who waits, where it tells.
fn park(model: &mut Model, number: &str, place: &str, key: Option<&str>, now: Now) -> CallId {
    calls(model, vec![talk("u1", number)], now);
    let id = model.view().calls[0].id.clone();
    assert!(matches!(model.park(7, &id, now), Ok(Begun::Send(..))));
    let parked = Told::Parked { request: 7, key: key.map(str::to_owned), place: Some(place.to_owned()) };
    let out = model.apply(&office(), parked, now);
    assert_eq!(finished(&out), [(7, Ok(()))]);
    calls(model, vec![], now);
    id
}

fn told(key: &str, place: &str) -> ParkedSeen {
    ParkedSeen { key: key.into(), place: Some(place.into()), who: Party::number(MARA), since: None }
}

fn lose(model: &mut Model, now: Now) {
    let mut link = online_link(now.mono);
    link.step(LinkInput::Failed(Reason::Dropped, None), now.mono, 0.5);
    model.link_is(&office(), &link, None, now);
}

fn places(model: &mut Model) -> Vec<String> {
    model.view().parked.into_iter().filter_map(|parked| parked.place).collect()
}

fn only(model: &mut Model) -> ParkedView {
    let parked = model.view().parked;
    let [one] = parked.as_slice() else { panic!("{parked:#?}") };
    one.clone()
}

#[test]
fn a_parked_call_is_shown_with_place_and_party_until_the_pbx_says_that_it_is_gone() {
    let now = now();
    let mut model = online_and_able(now);
    let id = park(&mut model, MARA, "71", Some("p1"), now);
    let parked = only(&mut model);
    assert_eq!((parked.id, parked.place.as_deref()), (id, Some("71")));
    assert_eq!((parked.who.number.as_deref(), parked.since, parked.unknown_since), (Some(MARA), now.wall, None));
    model.apply(&office(), Told::ParkedCalls(vec![told("p1", "71")]), now);
    assert_eq!(places(&mut model), ["71"]);
    // A call to the place proves nothing where the PBX itself tells: it may have been empty.
    calls(&mut model, vec![seen("u2", Direction::Outgoing, SeenState::Connected, "71")], now);
    assert_eq!(places(&mut model), ["71"]);
    model.apply(&office(), Told::ParkedCalls(vec![]), now);
    assert_eq!(model.view().parked, []);
}

#[test]
fn a_command_that_did_not_park_shows_nothing() {
    let now = now();
    let mut model = online_and_able(now);
    calls(&mut model, vec![talk("u1", MARA)], now);
    let id = model.view().calls[0].id.clone();
    assert!(matches!(model.park(7, &id, now), Ok(Begun::Send(..))));
    model.apply(&office(), Told::Refused(7, Reason::RefusedByPbx("no".into())), now);
    model.apply(&office(), Told::Parked { request: 7, key: None, place: Some("71".into()) }, now);
    assert_eq!(model.view().parked, []);
}

#[test]
fn what_nobody_watched_is_unknown_until_the_pbx_has_told_its_list() {
    let now = now();
    let mut model = online_and_able(now);
    park(&mut model, MARA, "71", Some("p1"), now);
    park(&mut model, "+4930555002", "72", Some("p2"), now);
    let lost = Now { wall: now.wall + jiff::SignedDuration::from_secs(60), ..now };
    lose(&mut model, lost);
    let view = model.view();
    assert!(view.parked.iter().all(|parked| parked.unknown_since == Some(lost.wall)), "{view:#?}");
    // A list on a link that comes to nothing is no news.
    model.apply(&office(), Told::ParkedCalls(vec![]), lost);
    lose(&mut model, lost);
    model.link_is(&office(), &online_link(lost.mono), None, lost);
    assert_eq!(model.view().parked.len(), 2, "still unknown");
    model.apply(&office(), Told::ParkedCalls(vec![told("p2", "72")]), lost);
    let parked = only(&mut model);
    assert_eq!((parked.place.as_deref(), parked.unknown_since), (Some("72"), None));
}

#[test]
fn an_agent_that_starts_anew_shows_what_the_pbx_still_keeps_for_this_user() {
    let now = now();
    let mut model = online_and_able(now);
    let since = now.wall - jiff::SignedDuration::from_secs(30);
    model.apply(&office(), Told::ParkedCalls(vec![ParkedSeen { since: Some(since), ..told("p1", "71") }]), now);
    let parked = only(&mut model);
    assert_eq!((parked.since, parked.who.number.as_deref()), (since, Some(MARA)));
    model.apply(&office(), Told::ParkedCalls(vec![told("p1", "71")]), now);
    assert_eq!(only(&mut model).id, parked.id, "the same one keeps its name");
}

#[test]
fn a_call_that_was_dismissed_does_not_come_back_with_the_next_list() {
    let now = now();
    let mut model = online_and_able(now);
    let id = park(&mut model, MARA, "71", Some("p1"), now);
    model.dismiss_parked(&id);
    assert_eq!(model.view().parked, []);
    model.apply(&office(), Told::ParkedCalls(vec![told("p1", "71")]), now);
    assert_eq!(model.view().parked, []);
    // Two windows may do it at once.
    model.dismiss_parked(&id);
    let other = park(&mut model, MARA, "72", None, now);
    assert_eq!(only(&mut model).id, other);
    model.dismiss_parked(&other);
    assert_eq!(model.view().parked, []);
}

#[test]
fn where_the_pbx_tells_nothing_a_fetched_call_and_one_that_comes_back_are_over() {
    let now = now();
    let outgoing = |state, number: &str| seen("u5", Direction::Outgoing, state, number);
    // Fetched from here: the place is dialled, and only the connection counts.
    let mut model = online_and_able(now);
    park(&mut model, MARA, "71", None, now);
    assert!(matches!(model.dial(9, "71", None, Source::Pressed, false, now), Ok(Begun::Send(..))));
    assert_eq!(model.dial(10, "71", None, Source::Pressed, false, now), Err(Reason::DialInFlight));
    let ours = |state, number: &str| CallSeen { request: Some(9), ..outgoing(state, number) };
    calls(&mut model, vec![ours(SeenState::CallingOwnPhone, "204")], now);
    assert_eq!(places(&mut model), ["71"], "a dial is not a call yet");
    calls(&mut model, vec![ours(SeenState::Connected, MARA)], now);
    assert_eq!(model.view().parked, [], "also where the PBX shows who it is at once");
    // Fetched at the desk phone.
    let mut model = online_and_able(now);
    park(&mut model, MARA, "71", None, now);
    calls(&mut model, vec![outgoing(SeenState::Ringing, "71")], now);
    assert_eq!(places(&mut model), ["71"]);
    calls(&mut model, vec![outgoing(SeenState::Connected, MARA)], now);
    assert_eq!(model.view().parked, []);
    // Somebody else calls, and then it comes back.
    let mut model = online_and_able(now);
    park(&mut model, MARA, "71", None, now);
    calls(&mut model, vec![talk("u8", "208"), seen("u9", Direction::Incoming, SeenState::Ringing, "anonymous")], now);
    assert_eq!(places(&mut model), ["71"]);
    calls(&mut model, vec![seen("u7", Direction::Incoming, SeenState::Ringing, MARA)], now);
    assert_eq!(model.view().parked, []);
}

#[test]
fn the_list_stays_short_and_keeps_the_newest() {
    let now = now();
    let mut model = online_and_able(now);
    for place in 71..=80 {
        let at = Now { wall: now.wall + jiff::SignedDuration::from_secs(place), ..now };
        park(&mut model, &format!("+4930555{place:03}"), &place.to_string(), None, at);
    }
    assert_eq!(places(&mut model), ["80", "79", "78", "77", "76", "75", "74", "73"]);
    let many = (10..40).map(|place| {
        let since = Some(now.wall + jiff::SignedDuration::from_secs(1000 + place));
        ParkedSeen { since, ..told(&format!("p{place}"), &place.to_string()) }
    });
    model.apply(&office(), Told::ParkedCalls(many.collect()), now);
    assert_eq!(places(&mut model), ["39", "38", "37", "36", "35", "34", "33", "32"]);
    model.remove_account(&office(), now);
    assert_eq!(model.view().parked, []);
}
