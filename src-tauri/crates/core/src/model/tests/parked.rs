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
    assert_eq!(model.dismiss_parked(&id), Ok(()));
    assert_eq!(model.view().parked, []);
    model.apply(&office(), Told::ParkedCalls(vec![told("p1", "71")]), now);
    assert_eq!(model.view().parked, []);
    assert_eq!(model.dismiss_parked(&id), Err(Reason::NoCallFits), "it is not shown any more");
    let other = park(&mut model, MARA, "72", None, now);
    assert_eq!(only(&mut model).id, other);
    assert_eq!(model.dismiss_parked(&other), Ok(()));
    assert_eq!(model.view().parked, []);
    assert_eq!(model.dismiss_parked(&CallId("nonsense".into())), Err(Reason::NoCallFits));
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

/// An office whose dial plan makes an outside number of everything that is no extension.
fn with_a_plan(now: Now) -> Model {
    let plan = [("country", "DE"), ("area_code", "30"), ("outside_prefix", "0"), ("extensions", "200-299")];
    let keys = plan.map(|(key, value)| (format!("plan.{key}"), value.to_owned()));
    let mut model = Model::new(0);
    model.add_account(&AccountConfig { keys: keys.into(), ..config() }, now.wall);
    model.apply(&office(), Told::Abilities(Abilities::of(&[Ability::Dial, Ability::HangUp, Ability::Park])), now);
    model.link_is(&office(), &online_link(now.mono), None, now);
    model
}

fn dialled(begun: Result<Begun, Reason>) -> String {
    match begun {
        Ok(Begun::Send(name, Command::Dial { to, .. }, _)) if name == office() => to,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_parked_call_is_fetched_where_the_pbx_has_put_it_whatever_the_dial_plan_makes_of_numbers() {
    let now = now();
    let mut model = with_a_plan(now);
    let id = park(&mut model, MARA, "701", Some("p1"), now);
    assert_eq!(dialled(model.fetch_parked(8, &id, now)), "701");
    assert_eq!(model.view().calls.len(), 1, "it is shown like any call of one's own");
    // Once.
    assert_eq!(model.fetch_parked(9, &id, now), Err(Reason::DialInFlight));
    // The same number, dialled, is somebody outside.
    let mut model = with_a_plan(now);
    assert_eq!(dialled(model.dial(8, "701", None, Source::Pressed, false, now)), "0030701");
}

#[test]
fn nobody_is_fetched_from_a_place_where_somebody_else_may_wait() {
    let now = now();
    let mut model = online_and_able(now);
    let id = park(&mut model, MARA, "71", Some("p1"), now);
    model.apply(&office(), Told::ParkedCalls(vec![]), now);
    let next = ParkedSeen { who: Party::number("+4930555002"), ..told("p2", "71") };
    model.apply(&office(), Told::ParkedCalls(vec![next.clone()]), now);
    assert_eq!(model.fetch_parked(8, &id, now), Err(Reason::NoCallFits), "that one was fetched, and another one came");
    let other = only(&mut model).id;
    lose(&mut model, now);
    assert_eq!(model.fetch_parked(8, &other, now), Err(Reason::Offline));
    model.link_is(&office(), &online_link(now.mono), None, now);
    assert_eq!(model.fetch_parked(8, &other, now), Err(Reason::StateUnknown), "nobody has told whether it still waits");
    model.apply(&office(), Told::ParkedCalls(vec![next]), now);
    model.screen_locked(true);
    assert!(matches!(model.fetch_parked(8, &other, now), Err(Reason::PolicyRefuse(_))));
    model.screen_locked(false);
    assert_eq!(dialled(model.fetch_parked(8, &other, now)), "71");
}

#[test]
fn a_place_that_is_no_number_is_not_dialled() {
    let now = now();
    for place in ["", "park 71", "71,1", "mara@pbx.example", "٧١"] {
        let mut model = online_and_able(now);
        let id = park(&mut model, MARA, place, Some("p1"), now);
        assert_eq!(model.fetch_parked(8, &id, now), Err(Reason::StateUnknown), "{place}");
    }
}

#[test]
fn a_call_whose_place_the_list_has_told_first_is_shown_once_and_by_the_name_it_had() {
    let now = now();
    let mut model = online_and_able(now);
    calls(&mut model, vec![talk("u1", MARA)], now);
    let id = model.view().calls[0].id.clone();
    assert!(matches!(model.park(7, &id, now), Ok(Begun::Send(..))));
    model.apply(&office(), Told::ParkedCalls(vec![told("p1", "71")]), now);
    model.apply(&office(), Told::Parked { request: 7, key: Some("p1".into()), place: Some("71".into()) }, now);
    assert_eq!(only(&mut model).id, id);
}

#[test]
fn the_call_that_was_parked_has_nobody_in_it_although_the_phone_is_off_the_hook_still() {
    let now = now();
    for outgoing in [false, true] {
        let mut model = online(now);
        let abilities: Vec<Ability> = everything().iter().chain([Ability::Park, Ability::Consult, Ability::Dtmf]).collect();
        model.apply(&office(), Told::Abilities(Abilities::of(&abilities)), now);
        let mut call = talk("u1", MARA);
        if outgoing {
            assert!(matches!(model.dial(6, MARA, None, Source::Typed, false, now), Ok(Begun::Send(..))));
            call = CallSeen { request: Some(6), ..seen("u1", Direction::Outgoing, SeenState::Connected, "030555001") };
        }
        let held = CallSeen { state: SeenState::Held(Holder::Us), ..talk("u2", "+4930555002") };
        calls(&mut model, vec![call.clone(), held.clone()], now);
        let id = model.view().calls.iter().find(|call| call.state == CallState::Connected).expect("a call").id.clone();
        assert!(matches!(model.park(7, &id, now), Ok(Begun::Send(..))));
        model.apply(&office(), Told::Parked { request: 7, key: Some("p1".into()), place: Some("71".into()) }, now);
        // Also with the next picture, which shows the phone as it is.
        for _ in 0..2 {
            let view = model.view();
            let left = view.calls.iter().find(|call| call.id == id).expect("still there");
            assert_eq!((left.can.as_slice(), &left.remote), ([Can::HangUp].as_slice(), &Party::default()));
            let other = view.calls.iter().find(|call| call.id != id).expect("the other call");
            assert!(left.related.is_none() && other.related.is_none() && !other.can.contains(&Can::TransferToCall));
            assert!(matches!(model.hold(8, Some(&id), now), Err(Reason::NotNow(_))), "nobody is there to hold");
            assert!(matches!(model.park(8, &id, now), Err(Reason::NotNow(_))));
            let join = crate::request::TransferTarget::Call(id.clone());
            assert!(matches!(model.transfer(8, &other.id, &join, now), Err(Reason::NotNow(_))));
            calls(&mut model, vec![call.clone(), held.clone()], now);
        }
        let out = calls(&mut model, vec![held], now);
        let Some(Output::Record(record)) = out.iter().find(|one| matches!(one, Output::Record(_))) else { panic!("{out:?}") };
        assert_eq!(record.remote.number.as_deref(), Some(MARA), "the history knows who it was");
        // A phone that takes the same call back has somebody again.
        calls(&mut model, vec![talk("u1", "208")], now);
        assert!(model.view().calls.iter().any(|call| call.remote.number.as_deref() == Some("208") && call.can.len() > 1));
    }
}
