//! Tables of views, and what the tray makes of them. The builders serve the tests of notices too.

use super::*;
use crate::desktop::Act;
use jiff::Timestamp;
use phone_control::protocol::WindowView;
use phone_core::call::{Outcome, Party};
use phone_core::view::{CallRecord, Can, Doing, Hint, ParkedView, RecordSource};
use phone_core::{Abilities, AccountName, CallId, Forwarding, Reason, Why};

pub fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

/// 10:42 in the zone of the tests.
pub fn at() -> Timestamp {
    "2026-11-20T10:42:00Z".parse().expect("a time")
}

pub fn account(link: LinkName, why: Option<Reason>) -> AccountView {
    let online = link == LinkName::Online;
    AccountView {
        name: office(),
        kind: "sample".into(),
        link,
        since: at(),
        why: why.as_ref().map(Why::from),
        retry_at: None,
        user: Some("204".into()),
        display_name: None,
        server: None,
        dialect: None,
        abilities: Abilities::of(&[Ability::Dial, Ability::Dnd]),
        presence: if online { Presence::Available } else { Presence::Unknown },
        dnd: online.then_some(false),
        forwarding: None,
        url: "https://pbx.example".into(),
        domain: None,
    }
}

pub fn call(direction: Direction, state: CallState, can: &[Can]) -> CallView {
    CallView {
        id: CallId("office/c12".into()),
        account: office(),
        direction,
        state,
        remote: Party { number: Some("+4930555001".into()), name: Some("Mara Beispiel".into()) },
        via: None,
        since: at(),
        connected_at: None,
        stale: false,
        can: can.to_vec(),
        doing: None,
        post_dial: None,
        related: None,
    }
}

pub fn record(outcome: Outcome, number: &str, name: Option<&str>) -> CallRecord {
    CallRecord {
        id: CallId(format!("office/{number}")),
        account: office(),
        direction: Direction::Incoming,
        outcome,
        remote: Party { number: Some(number.into()), name: name.map(Into::into) },
        started_at: at(),
        connected_at: None,
        ended_at: Some(at()),
        source: RecordSource::Local,
        via: None,
        note: None,
    }
}

pub fn view(accounts: Vec<AccountView>, calls: Vec<CallView>) -> View {
    View { accounts, calls, ..View::default() }
}

fn online() -> AccountView {
    account(LinkName::Online, None)
}

#[test]
fn the_icon_answers_whether_one_is_reachable() {
    use {CallState as S, Direction as D, LinkName as L};
    let with = |change: fn(&mut AccountView)| {
        let mut account = online();
        change(&mut account);
        view(vec![account], vec![])
    };
    let stale = CallView { stale: true, ..call(D::Incoming, S::Ringing, &[]) };
    let table = [
        ("no account", view(vec![], vec![]), Mark::SignedOut),
        ("signed out", view(vec![account(L::SignedOut, None)], vec![]), Mark::SignedOut),
        ("connecting", view(vec![account(L::Opening, None)], vec![]), Mark::Connecting),
        ("picture not whole yet", view(vec![account(L::Syncing, None)], vec![]), Mark::Connecting),
        ("waiting", view(vec![account(L::Waiting, Some(Reason::Dropped))], vec![]), Mark::Offline),
        ("stopped", view(vec![account(L::Stopped, Some(Reason::CredentialsRefused))], vec![]), Mark::Offline),
        ("online", view(vec![online()], vec![]), Mark::Online),
        ("one of two online", view(vec![account(L::Waiting, None), online()], vec![]), Mark::Online),
        ("dnd", with(|account| account.dnd = Some(true)), Mark::Dnd),
        ("away", with(|account| account.presence = Presence::Away), Mark::Away),
        ("busy", with(|account| account.presence = Presence::Busy), Mark::Busy),
        ("a call elsewhere", with(|account| account.presence = Presence::InCall), Mark::InCall),
        ("ringing", view(vec![online()], vec![call(D::Incoming, S::Ringing, &[])]), Mark::Ringing2),
        ("ringing there", view(vec![online()], vec![call(D::Outgoing, S::Ringing, &[])]), Mark::InCall),
        ("talking", view(vec![online()], vec![call(D::Incoming, S::Connected, &[])]), Mark::InCall),
        ("on hold", view(vec![online()], vec![call(D::Incoming, S::Held, &[])]), Mark::InCall),
        ("a ghost", view(vec![account(L::Waiting, None)], vec![stale]), Mark::Offline),
    ];
    for (case, view, mark) in table {
        assert_eq!(tray(&view, Panel::Dark, &TimeZone::UTC).mark, mark, "{case}");
    }
}

#[test]
fn missed_calls_are_counted_up_to_nine() {
    for (missed, name) in [(0, None), (1, Some("1")), (9, Some("9")), (10, Some("9plus")), (500, Some("9plus"))] {
        let view = View { missed, ..View::default() };
        assert_eq!(tray(&view, Panel::Dark, &TimeZone::UTC).count, name);
    }
}

#[test]
fn the_tooltip_says_state_cause_and_remedy() {
    let view = View { missed: 2, ..view(vec![account(LinkName::Waiting, Some(Reason::ConnectTimedOut))], vec![]) };
    let look = tray(&view, Panel::Light, &TimeZone::UTC);
    assert_eq!(look.title, "Trayphone: offline");
    assert_eq!(look.lines[0], "2 missed calls");
    assert!(look.lines[1].starts_with("office · 204: offline since 10:42. The PBX does not answer. Check"));
    assert!(look.lines[1].ends_with("tries again by itself."));

    let ringing = super::tests::view(vec![online()], vec![call(Direction::Incoming, CallState::Ringing, &[])]);
    assert_eq!(tray(&ringing, Panel::Light, &TimeZone::UTC).title, "Mara Beispiel is calling");
}

#[test]
fn an_incoming_call_can_be_answered_and_declined_from_the_menu() {
    let can = [Can::Answer, Can::HangUp];
    let view = view(vec![online()], vec![call(Direction::Incoming, CallState::Ringing, &can)]);
    let id = CallId("office/c12".into());
    let expected = vec![
        Entry::Words("Mara Beispiel · calling you".into()),
        Entry::Item { label: "Answer".into(), act: Act::Answer(id.clone()), enabled: true },
        Entry::Item { label: "Decline".into(), act: Act::HangUp(id), enabled: true },
        Entry::Line,
        Entry::Check { label: "Do not disturb".into(), act: Act::Dnd(true), on: false, enabled: true },
        Entry::Line,
        Entry::Item { label: "Open Trayphone".into(), act: Act::Window(None), enabled: true },
        Entry::Line,
        Entry::Item { label: "Quit".into(), act: Act::Quit, enabled: true },
    ];
    assert_eq!(menu(&view, &TimeZone::UTC), expected);
}

#[test]
fn the_menu_offers_only_what_a_call_can() {
    let labels = |call: CallView| -> Vec<String> {
        let view = view(vec![online()], vec![call]);
        let rows = menu(&view, &TimeZone::UTC).into_iter().take_while(|entry| *entry != Entry::Line);
        rows.filter_map(|entry| match entry {
            Entry::Item { label, .. } | Entry::Words(label) => Some(label),
            Entry::Line | Entry::Check { .. } | Entry::Sub { .. } => None,
        })
        .collect()
    };
    let talking =
        CallView { connected_at: Some(at()), ..call(Direction::Outgoing, CallState::Connected, &[Can::HangUp, Can::Hold]) };
    assert_eq!(labels(talking.clone()), ["Mara Beispiel · in a call since 10:42", "Hold", "Hang up"]);
    let held = CallView { state: CallState::Held, can: vec![Can::HangUp, Can::Resume], ..talking.clone() };
    assert_eq!(labels(held), ["Mara Beispiel · on hold since 10:42", "Resume", "Hang up"]);
    let parkable = CallView { can: vec![Can::HangUp, Can::Park], ..talking.clone() };
    assert_eq!(labels(parkable.clone()), ["Mara Beispiel · in a call since 10:42", "Park", "Hang up"]);
    assert_eq!(labels(CallView { stale: true, ..parkable }), ["Mara Beispiel · not known at the moment"]);
    let stale = CallView { stale: true, ..talking.clone() };
    assert_eq!(labels(stale), ["Mara Beispiel · not known at the moment"]);
    let busy = CallView { doing: Some(Doing::HangingUp), can: vec![], ..talking };
    assert_eq!(labels(busy), ["Mara Beispiel · hanging up since 10:42"]);
}

#[test]
fn last_numbers_stand_once_and_ring_only_while_online() {
    let mut view = view(vec![online()], vec![]);
    view.missed = 1;
    view.recent = vec![
        record(Outcome::Missed, "+4930555001", Some("Mara Beispiel")),
        record(Outcome::Answered, "+4930555001", Some("Mara Beispiel")),
        record(Outcome::Answered, "207", None),
    ];
    let rows = menu(&view, &TimeZone::UTC);
    assert_eq!(
        rows[0],
        Entry::Item { label: "1 missed call".into(), act: Act::Window(Some(WindowView::History)), enabled: true }
    );
    let Entry::Sub { label, entries } = &rows[1] else { panic!("a list of numbers") };
    assert_eq!(label, "Last numbers");
    let act = Act::Dial { number: "+4930555001".into(), account: Some(office()) };
    let first = Entry::Item { label: "Mara Beispiel · +4930555001 · 10:42".into(), act, enabled: true };
    assert_eq!(entries[0], first);
    assert_eq!(entries.len(), 2);

    view.accounts = vec![account(LinkName::Waiting, None)];
    let rows = menu(&view, &TimeZone::UTC);
    let Entry::Sub { entries, .. } = &rows[1] else { panic!("a list of numbers") };
    assert!(matches!(&entries[0], Entry::Item { enabled: false, .. }));
}

#[test]
fn a_locked_keyring_and_a_lost_link_can_be_helped_from_the_menu() {
    let locked = view(vec![account(LinkName::Stopped, Some(Reason::KeyringLocked))], vec![]);
    let rows = menu(&locked, &TimeZone::UTC);
    assert!(rows.contains(&Entry::Words("office: The keyring is locked.".into())));
    assert!(rows.contains(&Entry::Item { label: "Unlock the keyring".into(), act: Act::Unlock, enabled: true }));
    assert!(keyring_locked(&locked));

    let waiting = view(vec![account(LinkName::Waiting, Some(Reason::Dropped))], vec![]);
    let rows = menu(&waiting, &TimeZone::UTC);
    assert!(rows.contains(&Entry::Item { label: "Try again now".into(), act: Act::RetryNow, enabled: true }));
}

#[test]
fn an_update_waits_for_the_end_of_the_call() {
    let hint = Hint { about: menu::RESTART_HINT.into(), text: "Trayphone was updated.".into(), remedy: None };
    let mut view = view(vec![online()], vec![call(Direction::Incoming, CallState::Connected, &[])]);
    view.hints = vec![hint];
    let restart = |enabled| Entry::Item { label: "Restart to finish the update".into(), act: Act::Restart, enabled };
    assert!(menu(&view, &TimeZone::UTC).contains(&restart(false)));
    view.calls.clear();
    assert!(menu(&view, &TimeZone::UTC).contains(&restart(true)));
}

#[test]
fn every_mark_has_its_pictures_for_both_panels() {
    let marks = [
        Mark::SignedOut,
        Mark::Connecting,
        Mark::Online,
        Mark::Ringing1,
        Mark::Ringing2,
        Mark::InCall,
        Mark::Dnd,
        Mark::Away,
        Mark::Busy,
        Mark::Offline,
    ];
    for panel in [Panel::Light, Panel::Dark] {
        for mark in marks {
            for count in [None, Some("1"), Some("9plus")] {
                let pictures = pictures::of(mark, count, panel);
                let sizes: Vec<u32> = pictures.iter().map(|picture| picture.size).collect();
                assert_eq!(sizes, pictures::SIZES, "{mark:?} {count:?} {panel:?}");
                for picture in pictures {
                    assert_eq!(picture.argb.len() as u32, 4 * picture.size * picture.size);
                    assert!(picture.argb.chunks_exact(4).any(|pixel| pixel[0] > 200), "{mark:?} is not empty");
                }
            }
        }
    }
}

#[test]
fn calls_that_go_elsewhere_are_told_and_can_be_stopped_where_the_pbx_can() {
    let able = [Ability::Forwarding, Ability::ForwardAlways];
    let known = Forwarding { always: Some("+4930555001".into()), busy: None, no_answer: Some("207".into()) };
    let away = AccountView { abilities: Abilities::of(&able), forwarding: Some(known), ..online() };
    let shown = |account: &AccountView| {
        let view = view(vec![account.clone()], vec![]);
        let rows = menu(&view, &TimeZone::UTC).into_iter().take_while(|entry| *entry != Entry::Line).collect::<Vec<_>>();
        (rows, tray(&view, Panel::Dark, &TimeZone::UTC).lines)
    };
    let stop = |when, to: &str| Act::Unforward { account: office(), when, to: to.into() };
    let (rows, lines) = shown(&away);
    let item = |label: &str, act| Entry::Item { label: label.into(), act, enabled: true };
    let expected = [
        Entry::Words("Calls go to +4930555001".into()),
        item("Stop sending all calls to +4930555001", stop(ForwardWhen::Always, "+4930555001")),
        Entry::Words("Calls that nobody answers go to 207".into()),
    ];
    assert_eq!(rows, expected);
    assert_eq!(lines[0], "All calls go to +4930555001");
    let all = [Ability::Forwarding, Ability::ForwardAlways, Ability::ForwardNoAnswer];
    let (rows, _) = shown(&AccountView { abilities: Abilities::of(&all), ..away.clone() });
    assert_eq!(rows[3], item("Stop sending calls that nobody answers to 207", stop(ForwardWhen::NoAnswer, "207")));
    let nowhere = AccountView { forwarding: Some(Forwarding::default()), ..away };
    let (rows, lines) = shown(&nowhere);
    assert!(rows.iter().all(|row| !matches!(row, Entry::Words(_))), "{rows:?}");
    assert!(lines.iter().all(|line| !line.contains("go")), "{lines:?}");
}

#[test]
fn nobody_is_told_that_calls_come_here_when_that_is_not_known() {
    let told = |view: &View| (menu(view, &TimeZone::UTC), tray(view, Panel::Dark, &TimeZone::UTC).lines);
    let able = Abilities::of(&[Ability::Forwarding, Ability::ForwardAlways]);
    let unknown = AccountView { abilities: able, ..online() };
    let (rows, lines) = told(&view(vec![unknown.clone()], vec![]));
    assert_eq!(rows[0], Entry::Words("Where your calls go is not known at the moment".into()));
    assert_eq!(lines[0], "Where your calls go is not known at the moment");
    // With several accounts it has to be said whose.
    let home = AccountName::parse("home").expect("a plain word");
    let away = Forwarding { always: Some("207".into()), ..Forwarding::default() };
    let other = AccountView { name: home, forwarding: Some(away), ..unknown.clone() };
    let (rows, lines) = told(&view(vec![unknown.clone(), other], vec![]));
    assert_eq!(rows[0], Entry::Words("office: Where your calls go is not known at the moment".into()));
    assert!(matches!(&rows[2], Entry::Item { label, .. } if label == "home: Stop sending all calls to 207"), "{rows:?}");
    assert_eq!(lines[..2], ["office: Where your calls go is not known at the moment", "home: All calls go to 207"]);
    // Of an account that is away, or that cannot tell, nothing is claimed.
    let gone = AccountView { abilities: unknown.abilities, ..account(LinkName::Waiting, None) };
    for quiet in [gone, online()] {
        let (rows, lines) = told(&view(vec![quiet], vec![]));
        assert!(rows.iter().all(|row| !matches!(row, Entry::Words(_))), "{rows:?}");
        assert!(lines.iter().all(|line| !line.contains("go")), "{lines:?}");
    }
}

#[test]
fn a_parked_call_is_fetched_by_its_name_and_only_while_it_is_known_to_wait() {
    let parked = |unknown_since| ParkedView {
        id: CallId("office/c12".into()),
        account: office(),
        place: Some("701".into()),
        who: Party { number: Some("+4930555001".into()), name: Some("Mara Beispiel".into()) },
        since: at(),
        unknown_since,
    };
    let menu =
        |parked| menu(&View { parked: vec![parked], ..view(vec![account(LinkName::Online, None)], vec![]) }, &TimeZone::UTC);
    let label = "Fetch parked call 701 · Mara Beispiel · 10:42".to_owned();
    let fetch = Entry::Item { label, act: Act::FetchParked(CallId("office/c12".into())), enabled: true };
    assert!(menu(parked(None)).contains(&fetch), "{:#?}", menu(parked(None)));
    assert!(!format!("{:?}", menu(parked(Some(at())))).contains("Fetch"), "somebody else may wait there now");
}
