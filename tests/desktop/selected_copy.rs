//! The copy key, where the user has switched it on: pressed only where it copies, and the clipboard as it was.

use std::collections::BTreeMap;
use std::fs;

use phone_control::protocol::{SetSettingsParams, SettingsReply, method};
use phone_core::DesktopSettings;
use phone_core::request::CheckResult;
use phone_tests::desktop::{Giving, Notice, Offers, PATIENCE, Session, XOwner, wait_until};
use phone_tests::vodia::FakeVodia;

use crate::support::AgentUnderTest;
use crate::{COPIED, NUMBER, OTHER, desk, no_more_dials, offers, pbx};

/// More than goes over at once.
const LARGE: usize = 700_001;

#[tokio::test]
async fn the_copy_key_dials_what_is_marked_and_puts_every_format_back() {
    let session = desk().await;
    let pbx = pbx().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let mut copied = offers(COPIED);
    copied.push(("application/x-large", (0..LARGE).map(|place| u8::try_from(place % 251).expect("a byte")).collect()));
    let expected: BTreeMap<_, _> = copied.iter().map(|(target, bytes)| ((*target).to_owned(), bytes.clone())).collect();
    let owner = session.own_selection("CLIPBOARD", copied, Giving::Pieces(100_000));
    assert!(session.whole_selection("clipboard").await == expected);
    let window = session.copying_window("Ledger", number(NUMBER)).await;
    session.nobody_owns("primary").await;

    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
    // Switched off, which it is at first, no key is pressed.
    session.key("ctrl+alt+p").await;
    session.notice("no selection", |notice| notice.summary.contains("No text") || notice.body.contains("No text")).await;
    assert_eq!(letters(&window.pressed()), 0);

    copy_key(&agent, true).await;
    press_and_dial(&session, &pbx, &agent, (1, NUMBER, &window), &expected).await;
    drop(window);
    // Now it is the agent itself that has the clipboard.
    drop(owner);
    let window = session.copying_window("Journal", number(OTHER)).await;
    press_and_dial(&session, &pbx, &agent, (2, OTHER, &window), &expected).await;
    let _other = session.offer_selection("clipboard", "copied later").await;
    assert_eq!(session.selection("clipboard").await.as_deref(), Some("copied later"));
    agent.ends_well(&pbx).await;
}

/// Presses the hotkey in a window that marks a number and tells nobody, and looks at everything afterwards.
async fn press_and_dial(
    session: &Session,
    pbx: &FakeVodia,
    agent: &AgentUnderTest<'_>,
    (dials, number, window): (usize, &str, &XOwner),
    clipboard: &BTreeMap<String, Vec<u8>>,
) {
    let focused = session.active_window().await;
    session.key("ctrl+alt+p").await;
    let dial = pbx.wait_for_dial(dials, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, number);
    no_more_dials(pbx, dials).await;
    assert_eq!(letters(&window.pressed()), 1, "pressed once");
    assert!(session.whole_selection("clipboard").await == *clipboard, "every format is back");
    session.nobody_owns("primary").await;
    assert_eq!(session.active_window().await, focused, "the focus stays");
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;
}

#[tokio::test]
async fn an_empty_clipboard_is_empty_again() {
    let session = desk().await;
    let pbx = pbx().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    copy_key(&agent, true).await;
    let _window = session.copying_window("Ledger", number(NUMBER)).await;
    session.nobody_owns("clipboard").await;

    session.key("ctrl+alt+p").await;

    assert_eq!(pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").number, NUMBER);
    session.nobody_owns("clipboard").await;
    no_more_dials(&pbx, 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn no_copy_key_without_a_clipboard_that_can_be_put_back() {
    let session = desk().await;
    let pbx = pbx().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    copy_key(&agent, true).await;
    let window = session.copying_window("Ledger", number(NUMBER)).await;
    for giving in [Giving::Pieces(1 << 20), Giving::Never] {
        let huge = vec![("UTF8_STRING", b"copied".to_vec()), ("image/bmp", vec![7; 17 << 20])];
        let _owner = session.own_selection("CLIPBOARD", huge, giving);
        session.key("ctrl+alt+p").await;
        let told = session.notice("a refusal", |notice| notice_text(notice).contains("put back")).await;
        assert_eq!(letters(&window.pressed()), 0, "{giving:?}");
        session.run("dunstctl", &["close-all"]).await;
        session.notice_gone(&told, PATIENCE).await;
    }
    no_more_dials(&pbx, 0).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn no_copy_key_for_a_terminal() {
    let session = desk().await;
    let pbx = pbx().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    copy_key(&agent, true).await;
    let _copied = session.own_selection("CLIPBOARD", offers(COPIED), Giving::Whole);
    let before = session.whole_selection("clipboard").await;
    let (ready, told) = (session.root().join("works"), session.root().join("interrupted"));
    let mut command = session.command("xterm");
    command.args(["-T", "work", "-e", "sh", "-c"]);
    let (works, interrupted) = (ready.display(), told.display());
    command.arg(format!("trap 'echo yes >> {interrupted}' INT; echo yes > {works}; while :; do sleep 600 & wait; done"));
    let terminal = session.spawn("xterm-work", command);
    session.window_active("work").await;
    wait_until("what runs in the terminal", PATIENCE, || ready.exists()).await;
    session.nobody_owns("primary").await;

    session.key("ctrl+alt+p").await;
    let refused = |notice: &Notice| notice_text(notice).contains("does not press the copy key");
    let first = session.notice("a refusal", refused).await;
    assert!(!told.exists(), "what runs there was not interrupted");
    session.run("dunstctl", &["close-all"]).await;
    session.notice_gone(&first, PATIENCE).await;
    // The proof that it would have been.
    session.key("ctrl+c").await;
    wait_until("what runs in the terminal to be interrupted", PATIENCE, || fs::read_to_string(&told).is_ok()).await;
    drop(terminal);

    // A program of any name that shows a terminal: it keeps the other end of one.
    let shell = fs::File::options().read(true).write(true).open("/dev/ptmx").expect("a terminal");
    let window = session.copying_window("Workshop", number(NUMBER)).await;
    session.key("ctrl+alt+p").await;
    session.notice("a refusal", refused).await;
    assert_eq!(letters(&window.pressed()), 0);
    drop(shell);
    no_more_dials(&pbx, 0).await;
    assert_eq!(session.whole_selection("clipboard").await, before);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn held_keys_are_waited_for_and_then_no_key_is_pressed() {
    let session = desk().await;
    let pbx = pbx().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    copy_key(&agent, true).await;
    let window = session.copying_window("Ledger", number(NUMBER)).await;
    for (action, keys) in [("keydown", ["ctrl", "alt", "p"]), ("keyup", ["p", "alt", "ctrl"])] {
        let words = [action, keys[0], action, keys[1], action, keys[2]];
        assert!(session.run("xdotool", &words).await.success);
        if action == "keydown" {
            session.notice("a refusal", |notice| notice_text(notice).contains("held down")).await;
            assert_eq!(letters(&window.pressed()), 0);
        }
    }
    no_more_dials(&pbx, 0).await;

    session.key("ctrl+alt+p").await;
    assert_eq!(pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").number, NUMBER);
    no_more_dials(&pbx, 1).await;
    agent.ends_well(&pbx).await;
}

/// Lets the agent press the copy key, or not.
async fn copy_key(agent: &AgentUnderTest<'_>, copy_key: bool) {
    let desktop = DesktopSettings { copy_key, ..DesktopSettings::default() };
    let wanted = SetSettingsParams { desktop: Some(desktop.into()), ..SetSettingsParams::default() };
    agent.client.call::<SettingsReply>(method::SET_SETTINGS, &wanted).await.expect("set");
}

fn number(number: &str) -> Offers {
    vec![("UTF8_STRING", number.as_bytes().to_vec()), ("text/html", format!("<i>{number}</i>").into_bytes())]
}

/// How often the letter c of an American keyboard was pressed.
fn letters(pressed: &[u8]) -> usize {
    pressed.iter().filter(|code| **code == 54).count()
}

fn notice_text(notice: &Notice) -> String {
    format!("{} {}", notice.summary, notice.body)
}
