//! A number on the screen of a real terminal, selected with the mouse and dialled with the hotkey.

use phone_core::request::CheckResult;
use phone_tests::desktop::{PATIENCE, Place, Session, wait_for};

use crate::support::{AgentUnderTest, picture_of};
use crate::{desk, dials_are, modern};

/// A number in one word, as a double click selects it.
const NUMBER: &str = "03023125117";

#[tokio::test]
async fn a_double_click_in_a_terminal_and_the_hotkey_dial_what_was_clicked() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
    let _clipboard = session.offer_selection("clipboard", "copied before").await;
    let mut command = session.command("xterm");
    command.args(["-T", "letter", "-geometry", "60x10+60+400", "-e", "sh", "-c"]);
    // The same on every line: the number at the left, a word in the middle.
    command.arg(format!("for line in 1 2 3 4 5 6 7 8 9; do echo '{NUMBER}            hello     '; done; exec sleep 600"));
    let _letter = session.spawn("xterm-letter", command);
    let window = session.window_active("letter").await;
    let place = session.window_of_class("XTerm").await;

    selects(&session, place, 4, NUMBER).await;
    picture_of(&session, "selected-in-terminal.png", "400x180+50+380").await;
    session.key("ctrl+alt+p").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!((dial.by.as_str(), dial.number.as_str()), ("204", NUMBER));
    dials_are(&pbx, &[NUMBER]).await;
    assert_eq!(session.selection("primary").await.as_deref(), Some(NUMBER));
    assert_eq!(session.selection("clipboard").await.as_deref(), Some("copied before"));
    assert_eq!(session.active_window().await.map(|active| active.id), Some(window.id.clone()), "the focus stays");
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;

    selects(&session, place, 25, "hello").await;
    session.key("ctrl+alt+p").await;
    let refusal = session.notice("a refusal", |notice| notice.body.contains("hello")).await;
    assert!(refusal.buttons().is_empty(), "{:?}", refusal.buttons());
    dials_are(&pbx, &[NUMBER]).await;
    assert_eq!(session.selection("primary").await.as_deref(), Some("hello"));
    assert_eq!(session.selection("clipboard").await.as_deref(), Some("copied before"));
    assert_eq!(session.active_window().await.map(|active| active.id), Some(window.id), "the focus stays");
    agent.ends_well(&pbx).await;
}

/// Double-clicks in the column `column` until `text` is selected: the terminal may still be drawing.
async fn selects(session: &Session, terminal: Place, column: i32, text: &str) {
    let (x, y) = (terminal.x + terminal.width * column / 60, terminal.y + terminal.height / 2);
    wait_for(&format!("`{text}` to be selected"), PATIENCE, async || {
        session.double_click(x, y).await;
        (session.selection("primary").await.as_deref() == Some(text)).then_some(())
    })
    .await;
}
