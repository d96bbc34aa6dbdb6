//! The first run in the real window, by keyboard alone: what is asked, what is refused, and the first dial.

use phone_core::EventName;
use phone_core::view::LinkName;
use phone_tests::desktop::{Options, PATIENCE, Session};
use phone_tests::vodia::{FakeVodia, Generation, Tls};

use crate::support::{AgentUnderTest, Start, USER, Window, fake, window_is_drawn};

#[tokio::test]
async fn the_first_run_asks_about_the_certificate_keeps_what_was_typed_and_dials() {
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3).tls(Tls::SelfSigned)).await.expect("a fake PBX");
    let agent = AgentUnderTest::start_with(&session, Start { window: Window::Real, ..Start::default() }).await;
    window_is_drawn(&session).await;

    // The first field has the focus when the window opens.
    session.type_text(&pbx.url()).await;
    session.key("Tab").await;
    session.type_text(USER.0).await;
    session.key("Tab").await;
    session.type_text(USER.1).await;
    session.key("Return").await;
    agent.counted(EventName::LinkStopped, 1).await;
    agent.wait_view("no account that was refused", |view| view.accounts.is_empty()).await;
    window_is_drawn(&session).await;
    session.screenshot("first-run-certificate.png").await;
    assert!(pbx.sign_ins().is_empty(), "no password goes to a server that nobody vouches for");

    // Only the password is asked for again; accepting with a wrong one is refused, and nothing else is lost.
    session.type_text("not-the-password").await;
    session.key("Return").await;
    agent.counted(EventName::LinkStopped, 2).await;
    agent.wait_view("no account that was refused", |view| view.accounts.is_empty()).await;
    window_is_drawn(&session).await;
    session.screenshot("first-run-refused.png").await;
    assert!(pbx.sign_ins().iter().all(|sign_in| !sign_in.accepted));
    assert!(agent.view().accounts.is_empty());

    session.type_text(USER.1).await;
    session.key("Return").await;
    let view = agent.online().await;
    assert_eq!((view.accounts.len(), view.accounts[0].link), (1, LinkName::Online));
    window_is_drawn(&session).await;

    // The field for names and numbers has the focus now.
    session.type_text("207").await;
    window_is_drawn(&session).await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!((dial.number.as_str(), pbx.dials().len()), ("207", 1));
    agent.wait_view("the call", |view| view.calls.len() == 1).await;
    window_is_drawn(&session).await;
    session.screenshot("first-run-dialled.png").await;
    agent.ends_well(&pbx).await;
}
