//! Starts, second starts, links from other programs, upgrades, and what a start leaves in the home folder.

mod start_ends;
mod start_first;
mod start_handover;
mod start_links;
mod start_settings;
mod start_window;
mod steady;
mod stored;
mod support;
mod window_asks;
mod window_dial;

use std::fs;
use std::path::Path;

use phone_tests::desktop::{Options, Session, TrayItem};
use phone_tests::vodia::{FakeVodia, Generation};

use stored::stored;
use support::{AgentUnderTest, TRAY_ID, fake};

/// The question whether a link may dial.
const CALL: &str = "Call";

/// A complete desktop; without window frames, as their program has the usual hotkey for itself, which would be told.
fn desktop() -> Options {
    Options { frames: false, ..Options::default() }
}

/// A desktop on which an agent has been signed in once, and ended.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    agent.stop().await;
    (session, pbx)
}

/// The processes of the session that run the agent's program.
fn agents(session: &Session) -> Vec<i32> {
    let ours = session.root().join("programs/trayphone").display().to_string();
    let runs = |pid: &i32| {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.display().to_string().starts_with(&ours))
    };
    session.processes().into_iter().filter(runs).collect()
}

/// The agent's items in the tray.
async fn ours(session: &Session) -> Vec<TrayItem> {
    session.tray_items().await.into_iter().filter(|item| item.id == TRAY_ID).collect()
}

async fn registers(session: &Session, agent: &Path) {
    let done = session.run(&agent.display().to_string(), &["--register"]).await;
    assert!(done.success, "{}", done.stderr);
    let handler = session.run("xdg-mime", &["query", "default", "x-scheme-handler/tel"]).await;
    assert_eq!(handler.stdout.trim(), "trayphone.desktop", "{}", handler.stderr);
    let handler = session.run("gio", &["mime", "x-scheme-handler/callto"]).await;
    assert!(handler.stdout.lines().next().is_some_and(|line| line.contains("trayphone.desktop")), "{handler:?}");
    is_valid(session, &session.home().join(".local/share/applications/trayphone.desktop")).await;
    is_valid(session, &session.home().join(".config/autostart/trayphone.desktop")).await;
}

async fn is_valid(session: &Session, entry: &Path) {
    assert!(entry.is_file(), "{} is missing", entry.display());
    let checked = session.run("desktop-file-validate", &[&entry.display().to_string()]).await;
    assert_eq!((checked.success, checked.stdout.as_str()), (true, ""), "{}", checked.stderr);
}
