//! The first start, and the window that a start or a click opens.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use phone_tests::desktop::{Button, Options, PATIENCE, Session, wait_for, wait_until};

use crate::steady::holds_for;
use crate::support::{AgentUnderTest, PROMPTLY, QUIET, Start, Window, install, program, window_is_drawn};
use crate::{desk, desktop, registers};

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
    window_is_drawn(&session).await;
    session.screenshot("start-first-run.png").await;
    agent.stop().await;
}

#[tokio::test]
async fn what_is_kept_is_for_this_user_alone_even_where_registering_came_first() {
    let session = Session::start(desktop()).await;
    let [config, state] = [".config", ".local/state"].map(|place| session.home().join(place).join("trayphone"));
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;

    registers(&session, &install(&session, Window::Missing)).await;
    assert_eq!(mode(&state), 0o700);
    // As a program of before has left them.
    fs::create_dir_all(&config).expect("a folder");
    for folder in [&config, &state] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    let agent = AgentUnderTest::start(&session).await;

    assert_eq!((mode(&config), mode(&state)), (0o700, 0o700));
    let files = fs::read_dir(&state).expect("a folder").flatten().map(|entry| entry.path());
    let logs: Vec<_> = files.filter(|file| file.extension().is_some_and(|ending| ending == "log")).collect();
    assert!(!logs.is_empty() && logs.iter().all(|log| mode(log) == 0o600), "{logs:?}");
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
async fn a_first_start_without_a_display_opens_no_window() {
    let session = Session::start(desktop()).await;
    let environment = ["DISPLAY", "WAYLAND_DISPLAY"].map(|name| (name.to_owned(), String::new())).to_vec();

    let agent = AgentUnderTest::start_with(&session, Start { environment, ..Start::default() }).await;

    agent.tray_where("that there is no account", |item| item.tooltip_title.contains("no account yet")).await;
    holds_for(QUIET, "no window", || agent.window_calls().is_empty()).await;
    assert!(agent.check("window").await.text.contains("no display"));
    agent.stop().await;
}

#[tokio::test]
async fn a_window_without_a_display_says_so_in_one_sentence() {
    let session = Session::start(desktop()).await;
    for (name, display) in [("window-without", ""), ("window-elsewhere", ":59999")] {
        let mut command = session.command(program("trayphone-window"));
        command.env("DISPLAY", display).env("WAYLAND_DISPLAY", "").env("TRAYPHONE_SOCKET", session.root().join("no-agent"));
        let mut window = session.spawn(name, command);
        let status = window.exited().await;
        let said = window.log();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.starts_with("trayphone-window: ") && said.contains("display"), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
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
        (agent.window_calls().len() >= 2).then_some(())
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
