//! Dialling in the real window, by keyboard alone: emergency numbers by two presses, and a choice among several numbers.

use std::time::Duration;

use phone_control::protocol::{EmergencyReply, HandleLinkParams, Nothing, PrepareEmergencyParams, method};
use phone_core::model::SECOND_PRESS;
use phone_core::{CallState, Code};
use phone_tests::desktop::{Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::steady::holds_for;
use crate::support::{AgentUnderTest, QUIET, Start, Window, fake, window_is_drawn};

/// A red bar has so many pixels of its red; the largest red button has a third of them.
const BAR: u32 = 15_000;

#[tokio::test]
async fn an_emergency_number_rings_by_a_second_press_in_time_and_by_nothing_else() {
    let (session, pbx) = (Session::start(Options::default()).await, fake_pbx().await);
    let agent = window(&session, &pbx).await;

    session.type_text("112").await;
    window_is_drawn(&session).await;
    session.screenshot("dial-emergency-typed.png").await;
    session.key("Return").await;
    bar(&session, true, PATIENCE).await;
    session.screenshot("dial-emergency-bar.png").await;
    // Nobody else gets a token, with or without a key.
    for key in [String::new(), "0".repeat(32)] {
        let wanted = PrepareEmergencyParams { text: "112".to_owned(), account: None, window_key: key };
        let refused = agent.client.call::<EmergencyReply>(method::PREPARE_EMERGENCY, &wanted).await;
        assert!(matches!(&refused, Err(why) if why.code == Code::PolicyRefuse), "a token for somebody else");
    }
    bar(&session, false, SECOND_PRESS + PATIENCE).await;
    window_is_drawn(&session).await;
    session.screenshot("dial-emergency-over.png").await;
    assert!(pbx.dials().is_empty(), "one press alone dials nothing");

    // The keyboard is back in the field; Escape gives the number up, and the window stays.
    session.key("Return").await;
    bar(&session, true, PATIENCE).await;
    session.key("Escape").await;
    bar(&session, false, PATIENCE).await;
    assert!(pbx.dials().is_empty());

    session.key("Return").await;
    bar(&session, true, PATIENCE).await;
    window_is_drawn(&session).await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, "112");
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn of_several_pasted_numbers_the_one_chosen_by_keyboard_rings() {
    let (session, pbx) = (Session::start(Options::default()).await, fake_pbx().await);
    let agent = window(&session, &pbx).await;

    let letter = "Office +49 30 23125117\nMobile +43 664 1234567\nFax +1 202 555 0143";
    let _copied = session.offer_selection("clipboard", letter).await;
    session.key("ctrl+v").await;
    window_is_drawn(&session).await;
    session.screenshot("dial-several-typed.png").await;
    session.key("Return").await;
    window_is_drawn(&session).await;
    session.screenshot("dial-several-choice.png").await;
    assert!(pbx.dials().is_empty(), "nothing is guessed");

    // Given up, asked again, and the second one chosen.
    session.key("Escape").await;
    window_is_drawn(&session).await;
    session.key("Return").await;
    window_is_drawn(&session).await;
    session.key("Down").await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, "+436641234567");
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    window_is_drawn(&session).await;
    session.screenshot("dial-several-dialled.png").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn without_notices_the_window_asks_what_a_selection_and_a_link_mean() {
    let session = Session::start(Options { notices: false, ..Options::default() }).await;
    let pbx = fake_pbx().await;
    let agent = window(&session, &pbx).await;

    // The first notice that cannot be shown tells the agent so.
    agent.call_again(&["--dial-selection"]).await;
    agent.wait_view("that notices cannot be shown", |view| view.hints.iter().any(|hint| hint.about == "notifications")).await;
    window_is_drawn(&session).await;
    let before = accent(&session).await.expect("a picture");
    let _selected = session.offer_selection("primary", "Office +49 30 23125117\nMobile +43 664 1234567").await;
    let done = agent.call_again(&["--dial-selection"]).await;
    assert!(done.success, "{}", done.stderr);
    window_asks(&session, before).await;
    session.screenshot("dial-brought-choice.png").await;
    assert!(pbx.dials().is_empty(), "what another program brought is never dialled by itself");
    // The first Enter only goes to the list.
    session.key("Return").await;
    window_is_drawn(&session).await;
    assert!(pbx.dials().is_empty());
    session.key("Down").await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, "+436641234567");

    // The window was closed and has stayed warm.
    agent.only_call(CallState::Ringing).await;
    window_is_drawn(&session).await;
    session.key("Escape").await;
    let is_closed = async || session.active_window().await.is_none_or(|window| window.title != "Trayphone").then_some(());
    wait_for("the window to be closed", PATIENCE, is_closed).await;
    let before = accent(&session).await.expect("a picture");
    let done = agent.call_again(&["tel:+4930555001"]).await;
    assert!(done.success, "{}", done.stderr);
    session.window_active("Trayphone").await;
    window_asks(&session, before).await;
    session.screenshot("dial-brought-question.png").await;
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;

    // One that came too late, with a sign-in that is nobody's business: the window has its number and no more.
    let gives_up = async || {
        session.key("Escape").await;
        is_closed().await
    };
    wait_for("the window to be closed", PATIENCE, gives_up).await;
    let uri = "https://pbx.example/remote_call.htm?user=204&auth=geheim&dest=%2B4930555002".to_owned();
    let late = HandleLinkParams { uri, clicked_ms: Some(phone_control::now_ms() - 15_001) };
    agent.client.call::<Nothing>(method::HANDLE_LINK, &late).await.expect("taken");
    session.window_active("Trayphone").await;
    window_asks(&session, before).await;
    session.screenshot("dial-brought-late.png").await;
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    agent.ends_well(&pbx).await;
}

async fn fake_pbx() -> FakeVodia {
    FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX")
}

/// An agent that is signed in, with its window open and the keyboard in the field.
async fn window<'a>(session: &'a Session, pbx: &FakeVodia) -> AgentUnderTest<'a> {
    // The first start opens it by itself.
    let agent = AgentUnderTest::start_with(session, Start { window: Window::Real, ..Start::default() }).await;
    window_is_drawn(session).await;
    agent.add_account("office", pbx).await.expect("an account");
    agent.online().await;
    session.window_active("Trayphone").await;
    window_is_drawn(session).await;
    agent
}

/// How many pixels of the accent colour stand at the left edge: a question has a bar of it, and so have other boxes.
async fn accent(session: &Session) -> Option<u32> {
    const EDGE: &str = "import -window root -crop 40x680+10+60 +repage png:- | convert - -fill black +opaque '#1b5fbf' \
                        -fill white -opaque '#1b5fbf' -format '%[fx:int(mean*w*h)]' info:";
    session.run("sh", &["-c", EDGE]).await.stdout.trim().parse().ok()
}

/// Waits until a question stands below the field, where there was none.
async fn window_asks(session: &Session, before: u32) {
    const BAR: u32 = 3 * 80;
    wait_for("a question in the window", PATIENCE, async || (accent(session).await? > before + BAR).then_some(())).await;
    window_is_drawn(session).await;
}

/// Waits until the red bar is there, or gone.
async fn bar(session: &Session, there: bool, patience: Duration) {
    const COUNT: &str = "import -window root -crop 420x680+10+60 +repage png:- | convert - -fill black +opaque '#b3261e' \
                         -fill white -opaque '#b3261e' -format '%[fx:int(mean*w*h)]' info:";
    let what = if there { "the red bar" } else { "no red bar" };
    wait_for(what, patience, async || {
        let seen = session.run("sh", &["-c", COUNT]).await.stdout;
        let count: u32 = seen.trim().parse().ok()?;
        ((count > BAR) == there).then_some(())
    })
    .await;
}
