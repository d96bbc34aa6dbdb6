//! The first start, and the window that a start or a click opens.

use std::fs;
use std::time::{Duration, Instant};

use phone_tests::desktop::{Button, Options, PATIENCE, Session, wait_for, wait_until};

use crate::steady::holds_for;
use crate::support::{AgentUnderTest, PROMPTLY, QUIET, Start, Window};
use crate::{desk, desktop};

/// Longer than it takes a page to be drawn, shorter than a cursor stands between two blinks.
const STILL: Duration = Duration::from_millis(400);

#[tokio::test]
async fn the_first_start_opens_the_window_by_itself_and_once() {
    let session = Session::start(desktop()).await;

    let agent = AgentUnderTest::start(&session).await;

    wait_until("the window", PATIENCE, || !agent.window_calls().is_empty()).await;
    agent.tray_where("that there is no account", |item| item.tooltip_title.contains("no account yet")).await;
    holds_for(PROMPTLY, "one window", || agent.window_calls() == ["window "]).await;
    assert_eq!(session.keyring_prompts(), 0);
    agent.stop().await;
}

#[tokio::test]
async fn the_first_start_shows_the_sign_in_of_the_real_window() {
    let session = Session::start(Options::default()).await;

    let agent = AgentUnderTest::start_with(&session, Start { window: Window::Real, ..Start::default() }).await;

    let window = wait_for("the window", PATIENCE, async || session.active_window().await).await;
    assert!(window.title.contains("Trayphone"), "{window:?}");
    // An empty page has a handful of colours, one with words and a button many more; then it stands still.
    let colours = "import -window root -crop 380x600+10+80 png:- | identify -format '%k %#' -";
    let mut last = (String::new(), Instant::now());
    wait_for("a finished page in the window", PATIENCE, async || {
        let seen = session.run("sh", &["-c", colours]).await.stdout;
        if last.0 != seen {
            last = (seen, Instant::now());
        }
        let drawn = last.0.split(' ').next().and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count > 40);
        (drawn && last.1.elapsed() > STILL).then_some(())
    })
    .await;
    session.screenshot("start-first-run.png").await;
    agent.stop().await;
}

#[tokio::test]
async fn a_start_with_an_account_opens_no_window() {
    let (session, pbx) = desk().await;
    let calls = session.root().join("window-calls");
    let _ = fs::remove_file(&calls);

    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    holds_for(QUIET, "no window", || agent.window_calls().is_empty()).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_missing_window_is_told() {
    let session = Session::start(desktop()).await;

    let agent = AgentUnderTest::start_with(&session, Start { window: Window::Missing, ..Start::default() }).await;

    let notice = session.notice("a word about the window", |notice| notice.summary.contains("window")).await;
    assert!(notice.body.contains("trayphone-window"), "{notice:?}");
    agent.stop().await;
}

#[tokio::test]
async fn a_window_that_has_ended_opens_again_at_the_next_click() {
    let session = Session::start(desktop()).await;
    let agent = AgentUnderTest::start(&session).await;
    wait_until("the window", PATIENCE, || agent.window_calls().len() == 1).await;

    // The program that stands for the window ends at once; the agent may still have to learn that.
    wait_for("another window", PROMPTLY, async || {
        session.activate(&agent.tray().await).await;
        (agent.window_calls().len() == 2).then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test]
async fn a_window_that_fails_is_told() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    fs::write(session.root().join("programs/trayphone-window"), "#!/bin/sh\nexit 127\n").expect("a window that cannot start");

    session.click_tray(0, Button::Left).await;

    let notice = session.notice("a word about the window", |notice| notice.summary.contains("window")).await;
    assert!(notice.body.contains("trayphone-window"), "{notice:?}");
    agent.ends_well(&pbx).await;
}
