//! What the agent takes of the machine, and what it does when the machine has nothing left.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use phone_control::protocol::{SetSettingsParams, SettingsReply, method};
use phone_core::DesktopSettings;
use phone_core::call::CallState;
use phone_core::request::CheckResult;
use phone_core::view::LinkName;
use phone_tests::desktop::{Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::support::{AgentUnderTest, Start, fake};
use crate::{desktop, problems};

/// The agent's own, the hotkey's, the keyring's and that of its library, and some that end when nothing blocks any more.
const FEW: usize = 8;

#[tokio::test]
async fn the_agent_has_few_threads_on_a_machine_with_many_cores() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    // A runtime that counted cores would believe this.
    let environment = vec![("TOKIO_WORKER_THREADS".to_owned(), "16".to_owned())];
    let agent = AgentUnderTest::start_with(&session, Start { environment, ..Start::default() }).await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.press_action("Answer").await;
    agent.only_call(CallState::Connected).await;
    agent.press_menu("Hang up").await;
    agent.no_call().await;
    assert!(agent.check("hotkey").await.result == CheckResult::Ok, "the hotkey has its thread");

    let threads = fs::read_dir(format!("/proc/{}/task", agent.pid())).expect("a running agent").flatten();
    let names = threads.map(|thread| fs::read_to_string(thread.path().join("comm")).unwrap_or_default().trim().to_owned());
    let names: Vec<String> = names.collect();

    eprintln!("{names:?}");
    assert!(names.len() <= FEW, "{names:?}");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_memory_of_the_agent_gets_into_no_core_dump() {
    let session = Session::start(desktop()).await;
    let agent = AgentUnderTest::start(&session).await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", agent.pid())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit");
    // Soft and hard; a program that collects dumps gets none at exactly this limit.
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["1", "1"], "{core}");
}

#[tokio::test]
async fn a_full_disk_under_the_log_ends_nothing() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let folder = session.home().join(".local/state/trayphone");
    fs::create_dir_all(&folder).expect("a folder");
    // The test may run over midnight.
    for ahead in [0, 24] {
        let day = (jiff::Timestamp::now() + Duration::from_secs(ahead * 3600)).strftime("%Y-%m-%d").to_string();
        symlink("/dev/full", folder.join(format!("trayphone.{day}.log"))).expect("a log that takes nothing");
    }
    // What desktops keep of standard error lies on the same disk.
    let within = ["sh", "-c", "exec \"$@\" 2>/dev/full", "sh"].map(str::to_owned).to_vec();

    let agent = AgentUnderTest::start_with(&session, Start { within, ..Start::default() }).await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;

    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.press_action("Answer").await;
    agent.only_call(CallState::Connected).await;
    agent.press_menu("Hang up").await;
    agent.no_call().await;
    agent.ends_well(&pbx).await;
}

/// A file whose reader and writer wait for ever: nobody takes anything out of it or puts anything in.
fn hanging(file: &Path) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    let made = Command::new("mkfifo").arg(file).status().expect("mkfifo runs");
    assert!(made.success(), "a pipe at {}", file.display());
}

#[tokio::test]
async fn a_home_folder_that_hangs_holds_up_no_call() {
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let state = session.home().join(".local/state/trayphone");
    let mut logs = Vec::new();
    // The test may run over midnight.
    for ahead in [0, 24] {
        let day = (jiff::Timestamp::now() + Duration::from_secs(ahead * 3600)).strftime("%Y-%m-%d").to_string();
        let file = state.join(format!("trayphone.{day}.log"));
        hanging(&file);
        // It can be opened, as a file on a server that went away after that.
        let mut log = fs::File::options().read(true).write(true).open(&file).expect("a pipe");
        // As full as a pipe gets.
        log.write_all(&vec![b'.'; 65_536]).expect("written");
        logs.push(log);
    }
    hanging(&state.join("hints-told"));
    // Under this name an entry is written before it takes its place.
    hanging(&session.home().join(".config/autostart/trayphone.desktop.trayphone-new"));

    let agent = AgentUnderTest::start(&session).await;
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    // The frames of this desktop have it, which is told once: a file says whether it was.
    let desktop = DesktopSettings { dial_hotkey: Some("ctrl+alt+d".to_owned()), ..DesktopSettings::default() };
    let wanted = SetSettingsParams { desktop: Some(desktop.into()), autostart: Some(true), ..SetSettingsParams::default() };
    let setting = agent.client.call::<SettingsReply>(method::SET_SETTINGS, &wanted);
    let calling = async {
        pbx.ring("+493023125117", "Mara Beispiel", "204");
        session.press_action("Answer").await;
        agent.only_call(CallState::Connected).await;
        agent.press_menu("Hang up").await;
        agent.no_call().await;
    };
    let (set, ()) = tokio::join!(setting, calling);

    let why = set.expect_err("nobody knows what became of it");
    assert!(why.text.contains("home folder"), "{why:?}");
    assert_eq!(agent.check("autostart").await.result, CheckResult::Problem);
    session.notice("a word about the hotkey", |notice| notice.summary.contains("hotkey")).await;
    agent.ends_well(&pbx).await;
    drop(logs);
}

#[tokio::test]
async fn every_problem_of_the_examination_says_what_helps_and_that_helps() {
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    pbx.clock_ahead(7200);
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    // The program of the window frames has this one for itself.
    let desktop = DesktopSettings { dial_hotkey: Some("ctrl+alt+d".to_owned()), ..DesktopSettings::default() };
    let wanted = SetSettingsParams { desktop: Some(desktop.into()), ..SetSettingsParams::default() };
    agent.client.call::<SettingsReply>(method::SET_SETTINGS, &wanted).await.expect("set");
    agent.wait_view("a word about the hotkey", |view| view.hints.iter().any(|hint| hint.about == "hotkey")).await;

    assert_eq!(problems(&agent).await, ["clock office", "hotkey", "url handler"].map(str::to_owned).into());
    for check in agent.doctor().await {
        assert_eq!(check.remedy.is_some(), check.result == CheckResult::Problem, "{check:?}");
    }
    let hotkey = agent.check("hotkey").await;
    assert!(hotkey.text.contains("Ctrl+Alt+D is already used by Xfce"), "{hotkey:?}");
    assert!(hotkey.remedy.is_some_and(|remedy| remedy.contains("is free: choose it in the settings")));
    let clock = agent.check("clock office").await;
    assert!(clock.text.contains("differ by 7") && clock.remedy.is_some_and(|remedy| remedy.contains("Set the clock")));
    let handler = agent.check("url handler").await;
    assert!(handler.remedy.is_some_and(|remedy| remedy.contains("trayphone --register")));

    // What the remedies say is done.
    agent.call_again(&["--register"]).await;
    session.stop_frames();
    pbx.clock_ahead(0);
    pbx.stop().await;
    agent.wait_view("offline", |view| view.accounts[0].link != LinkName::Online).await;
    let away = wait_for("the next try to fail", PATIENCE, async || {
        let check = agent.check("pbx office").await;
        check.text.starts_with("Nothing answers").then_some(check)
    })
    .await;
    assert!(away.result == CheckResult::Problem && away.remedy.is_some(), "{away:?}");
    pbx.restart().await.expect("its port");
    agent.online().await;

    // The hotkey is tried again by itself once a minute.
    wait_for("nothing more to complain about", PATIENCE + Duration::from_secs(60), async || {
        problems(&agent).await.is_empty().then_some(())
    })
    .await;
    agent.ends_well(&pbx).await;
}
