//! Tables of views, and what appears on and leaves the screen.

use super::*;
use crate::desktop::tray::tests::{account, call, office, record, view};
use phone_core::call::Party;
use phone_core::view::Doing;
use phone_core::{CallState, Direction, Reason, Trouble};

fn scene() -> Scene {
    Scene { locked: false, hide_names: false, zone: TimeZone::UTC }
}

fn locked() -> Scene {
    Scene { locked: true, hide_names: true, ..scene() }
}

fn after(previous: &View, view: &View) -> Vec<NoticeChange> {
    notices((previous, &scene()), (view, &scene()))
}

fn ringing(can: &[Can]) -> CallView {
    call(Direction::Incoming, CallState::Ringing, can)
}

fn with(calls: Vec<CallView>) -> View {
    View { revision: 1, ..view(vec![], calls) }
}

fn shown(changes: &[NoticeChange]) -> &Notice {
    match changes {
        [NoticeChange::Show(notice)] => notice,
        other => panic!("one notice is shown, not {other:?}"),
    }
}

#[test]
fn an_incoming_call_is_shown_once_and_withdrawn_when_it_is_gone() {
    let quiet = with(vec![]);
    let rings = with(vec![ringing(&[Can::Answer, Can::HangUp])]);
    let changes = after(&quiet, &rings);
    let notice = shown(&changes);
    assert_eq!((notice.title.as_str(), notice.body.as_str()), ("Mara Beispiel", "+4930555001"));
    let labels: Vec<_> = notice.buttons.iter().map(|button| button.label).collect();
    assert_eq!(labels, ["Answer", "Decline"]);
    assert_eq!(notice.weight, Weight::Urgent);

    assert_eq!(after(&rings, &rings), []);
    let gone = [NoticeChange::Withdraw(About::Call(CallId("office/c12".into())))];
    assert_eq!(after(&rings, &quiet), gone);
    let answered = with(vec![call(Direction::Incoming, CallState::Connected, &[Can::HangUp])]);
    assert_eq!(after(&rings, &answered), gone);
    let stale = with(vec![CallView { stale: true, ..ringing(&[]) }]);
    assert_eq!(after(&rings, &stale), gone);
}

#[test]
fn a_notice_says_who_and_for_whom() {
    let party = |name: Option<&str>, number: Option<&str>| Party { name: name.map(Into::into), number: number.map(Into::into) };
    let both = [Can::Answer, Can::HangUp];
    let table = [
        (party(None, Some("+4930555001")), None, "+4930555001", ""),
        (party(None, None), None, "Unknown caller", ""),
        (party(Some(" \u{202e} "), None), None, "Unknown caller", ""),
        (party(Some("207"), Some("207")), None, "207", ""),
        (party(Some("Ann"), Some("207")), Some(party(Some("Sales"), None)), "Ann", "207\nfor Sales"),
    ];
    for (remote, via, title, body) in table {
        let changes = after(&with(vec![]), &with(vec![CallView { remote, via, ..ringing(&both) }]));
        let notice = shown(&changes);
        assert_eq!((notice.title.as_str(), notice.body.as_str()), (title, body));
    }
}

#[test]
fn names_stay_off_a_locked_screen() {
    let mut call = ringing(&[Can::Answer]);
    call.via = Some(Party { name: Some("Sales".into()), number: None });
    let changes = notices((&with(vec![]), &locked()), (&with(vec![call]), &locked()));
    let notice = shown(&changes);
    assert_eq!((notice.title.as_str(), notice.body.as_str()), ("Incoming call", ""));
}

#[test]
fn a_pressed_notice_does_not_come_back_unless_the_phone_cannot_answer() {
    let rings = with(vec![ringing(&[Can::Answer, Can::HangUp])]);
    let answering = with(vec![CallView { doing: Some(Doing::Answering), ..ringing(&[]) }]);
    assert_eq!(after(&rings, &answering), []);

    let no_reaction = with(vec![ringing(&[Can::HangUp])]);
    let changes = after(&answering, &no_reaction);
    let notice = shown(&changes);
    assert_eq!(notice.body, "+4930555001\nPick up at the phone.");
    assert_eq!(notice.buttons.len(), 1);
}

#[test]
fn missed_calls_become_one_notice_with_a_count() {
    let quiet = with(vec![]);
    let mut one = with(vec![]);
    one.missed = 1;
    one.recent = vec![record(Outcome::Missed, "+4930555001", Some("Mara Beispiel"))];
    let changes = after(&quiet, &one);
    let notice = shown(&changes);
    assert_eq!((notice.title.as_str(), notice.body.as_str()), ("Missed call, 10:42", "Mara Beispiel\n+4930555001"));
    assert_eq!(notice.buttons[0].act, Act::CallBack { number: "+4930555001".into(), account: office() });
    assert_eq!(notice.buttons[1].act, Act::MissedSeen);

    let mut two = one.clone();
    two.missed = 2;
    two.recent.insert(0, record(Outcome::Missed, "207", None));
    let changes = after(&one, &two);
    let notice = shown(&changes);
    assert_eq!((notice.title.as_str(), notice.body.as_str()), ("2 missed calls", "207, 10:42\nMara Beispiel, 10:42"));
    assert_eq!(after(&two, &two), []);
    assert_eq!(after(&two, &quiet), [NoticeChange::Withdraw(About::Missed)]);
    // What was missed before the start is a mark in the tray, no notice at every login.
    assert_eq!(after(&View::default(), &two), []);
}

#[test]
fn what_stands_on_the_screen_when_it_is_locked_loses_names_and_cannot_dial() {
    let mut seen = with(vec![ringing(&[Can::Answer, Can::HangUp])]);
    seen.missed = 1;
    seen.recent = vec![record(Outcome::Missed, "+4930555001", Some("Mara Beispiel"))];

    let changes = notices((&seen, &scene()), (&seen, &locked()));
    let [question, trouble, NoticeChange::Redraw(call), NoticeChange::Redraw(missed)] = changes.as_slice() else {
        panic!("all of it is drawn anew, where it still stands: {changes:?}")
    };
    assert_eq!([question, trouble].map(Clone::clone), [About::Question, About::Trouble].map(NoticeChange::Withdraw));
    assert_eq!((call.title.as_str(), call.body.as_str(), call.buttons.len()), ("Incoming call", "", 2));
    assert_eq!((missed.title.as_str(), missed.body.as_str()), ("Missed call, 10:42", ""));
    assert_eq!(missed.buttons, [Button { label: "Dismiss", act: Act::MissedSeen }]);
    assert_eq!(notices((&seen, &locked()), (&seen, &locked())), []);

    let open = notices((&seen, &locked()), (&seen, &scene()));
    let [NoticeChange::Redraw(call), NoticeChange::Redraw(missed)] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((call.title.as_str(), missed.buttons.len()), ("Mara Beispiel", 2));

    // Names may be wanted there; a press that dials is not.
    let names = Scene { hide_names: false, ..locked() };
    let changes = notices((&seen, &scene()), (&seen, &names));
    let Some(NoticeChange::Redraw(missed)) = changes.last() else { panic!("{changes:?}") };
    assert_eq!((missed.body.as_str(), missed.buttons.len()), ("Mara Beispiel\n+4930555001", 1));
    assert_eq!(changes.len(), 3, "the call says what it said");
}

#[test]
fn an_account_that_waits_for_the_user_says_so_until_it_is_helped() {
    let locked = view(vec![account(LinkName::Stopped, Some(Reason::KeyringLocked))], vec![]);
    let changes = after(&View::default(), &locked);
    let notice = shown(&changes);
    assert_eq!(notice.title, "office is offline");
    assert!(notice.body.starts_with("The keyring is locked.\n"));
    assert_eq!(notice.buttons, [Button { label: "Unlock", act: Act::Unlock }]);
    let online = view(vec![account(LinkName::Online, None)], vec![]);
    assert_eq!(after(&locked, &online), [NoticeChange::Withdraw(About::Account(office()))]);
    let signed_out = |why| view(vec![account(LinkName::SignedOut, why)], vec![]);
    assert_eq!(after(&online, &signed_out(None)), [], "the user wanted it so");
    assert_eq!(after(&online, &signed_out(Some(Reason::SecretMissing))).len(), 1);
    let waiting = view(vec![account(LinkName::Waiting, Some(Reason::Dropped))], vec![]);
    assert_eq!(after(&online, &waiting), [], "what repairs itself is told by the tray alone");
}

#[test]
fn hints_are_told_once() {
    let hint = |about: &str| Hint { about: about.into(), text: "The settings file is broken.".into(), remedy: None };
    let mut told = with(vec![]);
    told.hints = vec![hint("settings_broken"), hint(NOTICES_HINT)];
    assert_eq!(after(&with(vec![]), &told).len(), 1);
    assert_eq!(after(&told, &told), []);
}

#[test]
fn a_question_dials_only_by_its_own_button() {
    let notice = link_question("tel:+4930555001", "0 030 555001");
    assert_eq!(notice.title, "Call 0 030 555001?");
    assert_eq!(notice.buttons[0].act, Act::DialLink("tel:+4930555001".into()));
    assert_eq!((notice.buttons[1].act.clone(), notice.press), (Act::Nothing, Act::Nothing));
}

#[test]
fn a_failure_quotes_little_of_what_was_selected() {
    let long = "order no. 4711\nand a great deal more that nobody wants to read again";
    let notice = trouble(&Trouble::from(Reason::NumberNotUsable("There is no number in it.")), Some(long));
    assert_eq!(notice.title, "There is no number in it.");
    let quoted = notice.body.lines().next().expect("a quotation");
    assert_eq!(quoted, "“order no. 4711 and a great deal more th…”");
}
