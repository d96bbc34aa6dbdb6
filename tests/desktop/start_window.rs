//! The first run in the real window, by keyboard alone: what is asked, what is refused, and the first dial.

use std::time::{Duration, Instant};

use phone_core::EventName;
use phone_core::view::LinkName;
use phone_tests::desktop::{Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation, Tls};

use crate::support::{AgentUnderTest, Start, USER, Window, fake};

/// Longer than it takes a page to be drawn, shorter than a cursor stands between two blinks.
const STILL: Duration = Duration::from_millis(400);

#[tokio::test]
async fn the_first_run_asks_about_the_certificate_keeps_what_was_typed_and_dials() {
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3).tls(Tls::SelfSigned)).await.expect("a fake PBX");
    let agent = AgentUnderTest::start_with(&session, Start { window: Window::Real, ..Start::default() }).await;
    drawn(&session).await;

    // The first field has the focus when the window opens.
    session.type_text(&pbx.url()).await;
    session.key("Tab").await;
    session.type_text(USER.0).await;
    session.key("Tab").await;
    session.type_text(USER.1).await;
    session.key("Return").await;
    agent.counted(EventName::LinkStopped, 1).await;
    agent.wait_view("no account that was refused", |view| view.accounts.is_empty()).await;
    drawn(&session).await;
    session.screenshot("first-run-certificate.png").await;
    assert!(pbx.sign_ins().is_empty(), "no password goes to a server that nobody vouches for");

    // Only the password is asked for again; accepting with a wrong one is refused, and nothing else is lost.
    session.type_text("not-the-password").await;
    session.key("Return").await;
    agent.counted(EventName::LinkStopped, 2).await;
    agent.wait_view("no account that was refused", |view| view.accounts.is_empty()).await;
    drawn(&session).await;
    session.screenshot("first-run-refused.png").await;
    assert!(pbx.sign_ins().iter().all(|sign_in| !sign_in.accepted));
    assert!(agent.view().accounts.is_empty());

    session.type_text(USER.1).await;
    session.key("Return").await;
    let view = agent.online().await;
    assert_eq!((view.accounts.len(), view.accounts[0].link), (1, LinkName::Online));
    drawn(&session).await;

    // The field for names and numbers has the focus now.
    session.type_text("207").await;
    drawn(&session).await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!((dial.number.as_str(), pbx.dials().len()), ("207", 1));
    agent.wait_view("the call", |view| view.calls.len() == 1).await;
    drawn(&session).await;
    session.screenshot("first-run-dialled.png").await;
    agent.ends_well(&pbx).await;
}

/// Waits until the window shows a page, and the page stands still.
async fn drawn(session: &Session) {
    let colours = "import -window root -crop 420x680+10+60 png:- | identify -format '%k %#' -";
    let mut last = (String::new(), Instant::now());
    wait_for("a page that stands still", PATIENCE, async || {
        let seen = session.run("sh", &["-c", colours]).await.stdout;
        if last.0 != seen {
            last = (seen, Instant::now());
        }
        let drawn = last.0.split(' ').next().and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count > 40);
        (drawn && last.1.elapsed() > STILL).then_some(())
    })
    .await;
}
