//! Tables of views, and what appears on and leaves the screen.

use super::*;
use crate::desktop::tray::tests::{account, at, call, office, record, view};
use phone_core::call::Party;
use phone_core::number::{Kind, Offer};
use phone_core::view::{Doing, ParkedView};
use phone_core::{CallState, Direction, Reason, Source, Trouble};

use crate::desktop::{Asked, Chosen};

fn scene() -> Scene {
    Scene { locked: false, hide_names: false, zone: TimeZone::UTC }
}

fn locked() -> Scene {
    Scene { locked: true, hide_names: true, ..scene() }
}

fn offer(dial: &str, shown: &str) -> Offer {
    let text = shown.to_owned();
    let country = Some("DE".to_owned());
    let (dial, choice) = (dial.to_owned(), dial.to_owned());
    let remember = Some(dial.clone());
    Offer {
        dial,
        choice,
        shown: shown.into(),
        text,
        country,
        extension: None,
        kind: Kind::National,
        why: None,
        trust: true,
        remember,
        account: Some(office()),
    }
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
    let labels: Vec<_> = notice.buttons.iter().map(|button| &*button.label).collect();
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
fn two_calls_that_would_read_alike_are_told_apart() {
    let both = [Can::Answer, Can::HangUp];
    let named = |id: &str, can: &[Can]| CallView { id: CallId(format!("office/{id}")), ..ringing(can) };
    let one = with(vec![named("c9", &both)]);
    // Views show the newest call first.
    let two = with(vec![named("c10", &both), named("c9", &both)]);
    let changes = after(&one, &two);
    let second = shown(&changes);
    assert_eq!((&second.about, second.body.as_str()), (&About::Call(CallId("office/c10".into())), "+4930555001\nSecond call"));
    assert_eq!(after(&two, &two), []);
    // A third one, and one of somebody else.
    let other = CallView { remote: Party { number: Some("+4930555002".into()), name: None }, ..named("c12", &both) };
    let changes = after(&two, &with(vec![other, named("c11", &both), named("c10", &both), named("c9", &both)]));
    let [NoticeChange::Show(third), NoticeChange::Show(theirs)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((third.body.as_str(), theirs.body.as_str()), ("+4930555001\nThird call", ""));
    // Answering the first one leaves the second on the screen; once the first talks, nothing reads like it any more.
    let answering = with(vec![named("c10", &both), CallView { doing: Some(Doing::Answering), ..named("c9", &[]) }]);
    assert_eq!(after(&two, &answering), []);
    let talks = CallView { id: CallId("office/c9".into()), ..call(Direction::Incoming, CallState::Connected, &[]) };
    let changes = after(&answering, &with(vec![named("c10", &both), talks]));
    assert_eq!(changes.first(), Some(&NoticeChange::Withdraw(About::Call(CallId("office/c9".into())))));
    let [_, NoticeChange::Redraw(left)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((&left.about, left.body.as_str()), (&About::Call(CallId("office/c10".into())), "+4930555001"));
    // Where names stay off the screen all calls read alike.
    let changes = notices((&with(vec![]), &locked()), (&two, &locked()));
    let [NoticeChange::Show(first), NoticeChange::Show(second)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((first.body.as_str(), second.body.as_str()), ("", "Second call"));
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
    assert_eq!([question, trouble].map(Clone::clone), [NoticeChange::WithdrawQuestions, NoticeChange::Withdraw(About::Trouble)]);
    assert_eq!((call.title.as_str(), call.body.as_str(), call.buttons.len()), ("Incoming call", "", 2));
    assert_eq!((missed.title.as_str(), missed.body.as_str()), ("Missed call, 10:42", ""));
    assert_eq!(missed.buttons, [Button { label: "Dismiss".into(), act: Act::MissedSeen }]);
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
    assert_eq!(notice.buttons, [Button { label: "Unlock".into(), act: Act::Unlock }]);
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
    let asked = Asked { text: "tel:+4930555001".into(), source: Source::Link, account: None };
    let notice = question(&asked, &offer("0030555001", "030 555001"));
    assert_eq!(notice.title, "Call 030 555001?");
    assert_eq!(notice.body, "A link wants to call this number.\nGermany\nWill be dialled as 0030555001");
    let chosen = |always: bool| {
        Act::DialChosen(Box::new(Chosen {
            // By the account that was asked about, whichever could dial later.
            asked: Asked { account: Some(office()), ..asked.clone() },
            to: "0030555001".into(),
            always: always.then(|| "0030555001".to_owned()),
        }))
    };
    let acts: Vec<Act> = notice.buttons.iter().map(|button| button.act.clone()).collect();
    assert_eq!(acts, [chosen(false), chosen(true), Act::Nothing]);
    assert_eq!(notice.press, Act::Nothing);
    // Where there is another doubt, nothing is settled for ever.
    let doubtful = Offer { trust: false, why: Some("The zero in front may be missing.".into()), ..offer("1", "1") };
    let notice = question(&asked, &doubtful);
    assert!(notice.body.starts_with("The zero in front may be missing."), "{}", notice.body);
    assert_eq!(notice.buttons.len(), 2);
}

#[test]
fn several_numbers_are_chosen_by_their_own_buttons() {
    let asked = Asked { text: "030 555001 or 030 555002".into(), source: Source::Text, account: None };
    let offers: Vec<Offer> = (1..=4).map(|n| offer(&format!("+493055500{n}"), &format!("030 55500{n}"))).collect();
    let two = choice(&asked, &offers[..2]);
    assert_eq!(two.title, "Which number?");
    let labels: Vec<&str> = two.buttons.iter().map(|button| &*button.label).collect();
    assert_eq!(labels, ["030 555001", "030 555002", "Cancel"]);
    let by_office = Asked { account: Some(office()), ..asked.clone() };
    let second = Chosen { asked: by_office.clone(), to: "+4930555002".into(), always: None };
    assert_eq!(two.buttons[1].act, Act::DialChosen(Box::new(second)));
    let many = choice(&asked, &offers);
    assert_eq!(many.title, "Which of these 4 numbers?");
    assert_eq!(many.buttons[0].act, Act::ChooseInWindow(Box::new(by_office)));
    assert_eq!(many.press, Act::Nothing);
}

#[test]
fn a_question_that_nobody_answers_says_so_in_its_place_and_nothing_on_it_dials() {
    let asked = Asked { text: "tel:+4930555001".into(), source: Source::Link, account: Some(office()) };
    let notice = not_answered(About::Question("1".into()), asked.clone(), "030 555001", "10:42");
    assert_eq!((notice.title.as_str(), notice.weight), ("Not called: 030 555001", Weight::Passing));
    assert!(notice.body.contains("10:42"), "{}", notice.body);
    let acts: Vec<Act> = notice.buttons.iter().map(|button| button.act.clone()).collect();
    assert_eq!(acts, [Act::AskAgain(Box::new(asked.clone()))]);
    assert_eq!(notice.press, Act::Nothing);
    assert_eq!(not_answered(About::Trouble, asked, "", "10:42").title, "Nothing was called");
}

#[test]
fn a_failure_quotes_little_of_what_was_selected() {
    let long = "order no. 4711\nand a great deal more that nobody wants to read again";
    let notice = trouble(&Trouble::from(Reason::NumberNotUsable("There is no number in it.")), Some(long));
    assert_eq!(notice.title, "There is no number in it.");
    let quoted = notice.body.lines().next().expect("a quotation");
    assert_eq!(quoted, "“order no. 4711 and a great deal more th…”");
}

#[test]
fn a_late_link_says_what_is_true_whatever_held_it_up_and_shows_the_number_and_its_country() {
    let link = "tel:+49301234";
    let number = Late { dial: "0030555001", shown: "030 555001", country: Some("DE"), extension: Some("12") };
    let notice = link_too_late(link, Some(number));
    assert_eq!(notice.title, "Call 030 555001?");
    let lines = "A link wanted to call this number, but it could not be called then.\nGermany\nWill be dialled as 0030555001\n\
                 Then 12";
    assert_eq!(notice.body, lines);
    let acts: Vec<Act> = notice.buttons.iter().map(|button| button.act.clone()).collect();
    assert_eq!(acts, [Act::RetryLink(link.into()), Act::Nothing]);
    assert_eq!(link_too_late(link, None).title, "Call +49301234?");
}

#[test]
fn no_notice_shows_what_is_secret_in_a_link() {
    let links = [
        "https://204:geheim@pbx.example/remote_call.htm?user=204&auth=geheim&dest=0301234",
        "pbx:pair?secret=geheim&url=https://pbx.example",
        "sip:204:geheim@pbx.example",
    ];
    for link in links {
        let refusal = trouble(&Trouble::from(Reason::NumberNotUsable("There is no number in it.")), Some(link));
        assert!(refusal.body.starts_with('“'), "it says which link: {}", refusal.body);
        let asked = Asked::link(link);
        let written = || Offer { text: link.to_owned(), ..offer("0301234", "030 1234") };
        for notice in [link_too_late(link, None), refusal, question(&asked, &written()), choice(&asked, &[written(), written()])]
        {
            assert!(!format!("{}{}", notice.title, notice.body).contains("geheim"), "{link}: {notice:?}");
        }
    }
}

#[test]
fn a_parked_call_says_where_it_waits_and_its_button_means_that_call() {
    let id = || CallId("office/c12".into());
    let notice = parked(id(), Some("71".into()), "10:42");
    assert_eq!(notice.title, "Parked at 71");
    assert_eq!(notice.body, "10:42\nDial 71 to fetch the call.");
    assert_eq!(notice.buttons, [Button { label: "Fetch".into(), act: Act::FetchParked(id()) }]);
    assert_eq!((notice.about, notice.weight), (About::Parked(id()), Weight::Lasting));

    let nowhere = parked(id(), None, "10:42");
    assert_eq!((nowhere.title.as_str(), nowhere.buttons.len()), ("Parked", 0));
    assert_eq!(nowhere.body, "10:42\nThe PBX has not said at which number.");
}

#[test]
fn the_notice_of_a_parked_call_goes_when_somebody_has_fetched_it_or_nobody_knows_whether_it_waits() {
    let one = |name: &str, unknown_since| ParkedView {
        id: CallId(name.into()),
        account: office(),
        place: Some("71".into()),
        who: Party::number("+4930555001"),
        since: at(),
        unknown_since,
    };
    let with = |parked: Vec<ParkedView>| View { parked, ..with(vec![]) };
    let gone = [NoticeChange::Withdraw(About::Parked(CallId("office/c12".into())))];
    let waits = with(vec![one("office/c12", None)]);
    assert_eq!(after(&with(vec![]), &waits), [], "it is shown by whoever has parked it here");
    assert_eq!(after(&waits, &waits), []);
    assert_eq!(after(&waits, &with(vec![])), gone);
    assert_eq!(after(&waits, &with(vec![one("office/c13", None)])), gone, "somebody else waits there now");
    let unknown = with(vec![one("office/c12", Some(at()))]);
    assert_eq!(after(&waits, &unknown), gone);
    assert_eq!(after(&unknown, &with(vec![])), [], "it is gone already");
}
