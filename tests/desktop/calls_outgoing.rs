//! Numbers selected or linked somewhere: exactly the right dial, after the right question, or none.

use phone_control::protocol::{SetSettingsParams, SettingsReply, method};
use phone_core::DesktopSettings;
use phone_core::request::CheckResult;
use phone_tests::desktop::{Notice, PATIENCE, wait_until};

use crate::support::{AgentUnderTest, PROMPTLY, QUIET, picture_of};
use crate::{MARA, PELL, desk, dials_are, modern, password_is_kept};

#[tokio::test]
async fn the_hotkey_dials_the_selected_number_and_leaves_the_selections_alone() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
    let selected = "+49 (30) 23125-117";
    let primary = session.offer_selection("primary", selected).await;
    let clipboard = session.offer_selection("clipboard", "copied before").await;

    session.key("ctrl+alt+p").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!((dial.by.as_str(), dial.number.as_str()), ("204", MARA.0));
    dials_are(&pbx, &[MARA.0]).await;
    assert_eq!(session.selection("primary").await.as_deref(), Some(selected));
    assert_eq!(session.selection("clipboard").await.as_deref(), Some("copied before"));
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;

    drop(primary);
    let words = "no number in this at all";
    let primary = session.offer_selection("primary", words).await;
    session.key("ctrl+alt+p").await;
    let refusal = session.notice("a refusal", |notice| notice.body.contains("no number in this")).await;
    assert!(refusal.buttons().is_empty(), "{:?}", refusal.buttons());
    dials_are(&pbx, &[MARA.0]).await;
    assert_eq!(session.selection("primary").await.as_deref(), Some(words));
    assert_eq!(session.selection("clipboard").await.as_deref(), Some("copied before"));
    drop((primary, clipboard));

    // Nothing is selected any more.
    let before = session.all_notices().len();
    session.key("ctrl+alt+p").await;
    session.notice("a refusal", |_| session.all_notices().len() > before).await;
    dials_are(&pbx, &[MARA.0]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn several_numbers_in_a_selection_are_asked_about_and_never_dialled_by_guess() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let _primary = session.offer_selection("primary", "+49 30 23125-117 or +44 20 7946 0018").await;
    session.key("ctrl+alt+p").await;
    let choice = session.notice("a choice", |notice| notice.summary == "Which number?").await;
    let labels: Vec<String> = choice.buttons().into_iter().map(str::to_owned).collect();
    let plain: Vec<String> = labels.iter().map(|label| label.replace([' ', '-'], "")).collect();
    assert_eq!(plain, [MARA.0, PELL.0, "Cancel"]);
    assert!(choice.actions.iter().all(|(key, _)| key != "default"), "a press beside the buttons dials nothing");
    dials_are(&pbx, &[]).await;

    session.press_action(&labels[1]).await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    session.notice_gone(&choice, PROMPTLY).await;
    dials_are(&pbx, &[PELL.0]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn dial_selection_of_the_command_line_does_what_the_hotkey_does() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let _primary = session.offer_selection("primary", "+44 20 7946 0018").await;

    let handed = agent.call_again(&["--dial-selection"]).await;
    assert_eq!(handed.code, Some(0), "{}", handed.stderr);
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &[PELL.0]).await;
    agent.ends_well(&pbx).await;
}

/// Numbers that no address book knows.
const STRANGERS: [&str; 2] = ["+493023125388", "+442079460033"];

/// Whether a notice asks about this number, however it is grouped.
fn asks_about(notice: &Notice, number: &str) -> bool {
    notice.summary.replace([' ', '-'], "") == format!("Call{number}?")
}

#[tokio::test]
async fn a_link_asks_before_it_dials() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    let handed = agent.call_again(&["tel:+493023125388"]).await;
    assert_eq!(handed.code, Some(0), "{}", handed.stderr);
    let question = session.notice("a question", |notice| asks_about(notice, STRANGERS[0])).await;
    assert_eq!(question.buttons(), ["Call", "Always call it", "Cancel"]);
    assert!(question.body.contains("Germany"), "{}", question.body);
    assert!(question.actions.iter().all(|(key, _)| key != "default"), "a press beside the buttons dials nothing");
    picture_of(&session, "link-question.png", "560x120+720+0").await;
    dials_are(&pbx, &[]).await;

    session.press_action("Cancel").await;
    session.notice_gone(&question, PROMPTLY).await;
    dials_are(&pbx, &[]).await;

    agent.call_again(&["tel:+44-20-7946-0033"]).await;
    let question = session.notice("a second question", |notice| asks_about(notice, STRANGERS[1])).await;
    assert!(question.body.contains("United Kingdom"), "{}", question.body);
    session.press_action("Call").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, STRANGERS[1]);
    session.notice_gone(&question, PROMPTLY).await;
    agent.tray_shows("in-call").await;
    dials_are(&pbx, &[STRANGERS[1]]).await;
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn links_of_the_address_book_and_of_numbers_allowed_for_good_do_not_ask() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    agent.call_again(&["tel:+49-30-23125-117"]).await;
    let known = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(known.number, MARA.0);
    pbx.hang_up_far(known.call.expect("a call"));
    agent.no_call().await;

    for turn in 2..4_u32 {
        // Two links that dial without a question are seconds apart, as by a hand.
        wait_until("a moment to pass", PATIENCE, || known.at.elapsed() > PROMPTLY * (turn - 1)).await;
        agent.call_again(&["tel:+493023125388"]).await;
        if turn == 2 {
            let question = session.notice("a question", |notice| asks_about(notice, STRANGERS[0])).await;
            session.press_action("Always call it").await;
            session.notice_gone(&question, PROMPTLY).await;
        }
        let dial = pbx.wait_for_dial(turn as usize, PATIENCE).await.expect("a dial");
        assert_eq!(dial.number, STRANGERS[0]);
        pbx.hang_up_far(dial.call.expect("a call"));
        agent.no_call().await;
    }
    dials_are(&pbx, &[MARA.0, STRANGERS[0], STRANGERS[0]]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_that_names_an_account_dials_by_that_one_or_not_at_all() {
    let session = desk().await;
    let (office, lab) = (modern().await, modern().await);
    let agent = AgentUnderTest::signed_in(&session, &office).await;
    agent.add_account("lab", &lab).await.expect("a second account");
    agent.online().await;

    agent.call_again(&["pbx:dial?number=%2B442079460033&account=lab"]).await;
    let question = session.notice("a question", |notice| notice.summary.starts_with("Call ")).await;
    session.press_action("Call").await;
    let dial = lab.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, STRANGERS[1]);
    session.notice_gone(&question, PROMPTLY).await;
    lab.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;

    agent.call_again(&["pbx:dial?number=%2B442079460018&account=shop"]).await;
    session.notice("a word about the account", |notice| notice.summary == "There is no account named shop.").await;
    dials_are(&lab, &[STRANGERS[1]]).await;
    dials_are(&office, &[]).await;
    assert_eq!(lab.violations(), Vec::<String>::new());
    agent.ends_well(&office).await;
}

#[tokio::test]
async fn twenty_links_in_a_row_neither_dial_nor_flood_the_screen() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    let mut most = 0;
    for turn in 0..20 {
        let handed = agent.call_again(&[&format!("tel:+4930231253{turn:02}")]).await;
        assert_eq!(handed.code, Some(0), "{}", handed.stderr);
        most = most.max(session.notices().len());
    }
    session.notice("a word about too many", |notice| notice.summary.contains("faster than anybody clicks")).await;
    dials_are(&pbx, &[]).await;
    assert!(most.max(session.notices().len()) <= 4, "three questions and one word: {:#?}", session.notices());
    session.screenshot("link-flood.png").await;

    let pressed = session.press_action("Call").await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    let asked = pressed.summary.trim_start_matches("Call ").trim_end_matches('?').replace([' ', '-'], "");
    dials_are(&pbx, &[&asked]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn links_that_must_not_dial_are_refused_with_a_reason() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    // Three links are what a person may click within ten seconds; what follows is refused for that alone.
    for link in ["tel:112", "tel:*21*0049123%23", "tel:%00%1b"] {
        let seen = session.all_notices().len();
        let handed = agent.call_again(&[link]).await;
        assert_eq!(handed.code, Some(0), "{link}: {}", handed.stderr);
        session.notice(&format!("a word about {link}"), |_| session.all_notices().len() > seen).await;
    }
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_opened_by_another_program_reaches_the_running_agent() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let registered = agent.call_again(&["--register"]).await;
    assert_eq!(registered.code, Some(0), "{}", registered.stderr);

    let opened = session.xdg_open("tel:+493023125388").await;
    assert!(opened.success, "{}", opened.stderr);
    session.notice("a question", |notice| asks_about(notice, STRANGERS[0])).await;
    dials_are(&pbx, &[]).await;
    session.press_action("Call").await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &[STRANGERS[0]]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_hotkey_that_another_program_has_is_told_once() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);

    // The window frames of this desktop take it to show the desktop.
    choose_hotkey(&agent, "ctrl+alt+d").await;
    let told = session.notice("a word about the hotkey", |notice| notice.summary.contains("Ctrl+Alt+D")).await;
    assert!(!told.body.is_empty(), "what to do");
    let check = agent.check("hotkey").await;
    assert!(check.result == CheckResult::Problem && check.remedy.is_some(), "{check:?}");
    agent.tray_where("it too", |item| item.tooltip_text.contains("hotkey")).await;
    password_is_kept(&session).await;
    agent.stop().await;

    let seen = session.all_notices().len();
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    agent.wait_view("a hint", |view| view.hints.iter().any(|hint| hint.about == "hotkey")).await;
    let again = tokio::time::timeout(QUIET, session.notice("it again", |_| session.all_notices().len() > seen)).await;
    assert!(again.is_err(), "{again:#?}");

    choose_hotkey(&agent, "ctrl+alt+j").await;
    agent.wait_view("no hint", |view| view.hints.iter().all(|hint| hint.about != "hotkey")).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
    let _primary = session.offer_selection("primary", MARA.0).await;
    session.key("ctrl+alt+j").await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &[MARA.0]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_hotkey_without_its_key_is_told_and_works_again_with_the_next_layout() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let layout = async |name: &str| {
        let set = session.run("setxkbmap", &["-layout", name]).await;
        assert!(set.success, "{}", set.stderr);
    };
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);

    // No Latin letter is on any of its keys.
    layout("ru").await;
    session.notice("a word about the hotkey", |notice| notice.summary.contains("no key for Ctrl+Alt+P")).await;
    let check = agent.check("hotkey").await;
    assert!(check.result == CheckResult::Problem && check.remedy.is_some(), "{check:?}");

    layout("us").await;
    agent.wait_view("no hint", |view| view.hints.iter().all(|hint| hint.about != "hotkey")).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
    let _primary = session.offer_selection("primary", MARA.0).await;
    session.key("ctrl+alt+p").await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &[MARA.0]).await;
    agent.ends_well(&pbx).await;
}

async fn choose_hotkey(agent: &AgentUnderTest<'_>, keys: &str) {
    let desktop = DesktopSettings { dial_hotkey: Some(keys.to_owned()), ..DesktopSettings::default() };
    let wanted = SetSettingsParams { desktop: Some(desktop.into()), ..SetSettingsParams::default() };
    let set: SettingsReply = agent.client.call(method::SET_SETTINGS, &wanted).await.expect("another hotkey");
    assert_eq!(set.desktop.dial_hotkey.as_deref(), Some(keys));
}
