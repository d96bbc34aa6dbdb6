//! Dialling in the real window, by keyboard alone: emergency numbers by two presses, and a choice among several numbers.

use std::time::Duration;

use phone_control::protocol::{EmergencyReply, PrepareEmergencyParams, method};
use phone_core::Code;
use phone_core::model::SECOND_PRESS;
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
