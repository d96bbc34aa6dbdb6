//! Starts, second starts, links from other programs, upgrades, and what a start leaves in the home folder.

mod steady;
mod support;

use phone_control::protocol::{Nothing, SetSettingsParams, SettingsReply, method};
use phone_core::view::LinkName;
use phone_tests::desktop::{
    Button, Finished, KEYRING_PASSWORD, Keyring, Options, PATIENCE, Prompter, Running, Session, TrayItem, wait_for, wait_until,
};
use phone_tests::vodia::{FakeVodia, Generation};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use steady::{holds_for, stored};
use support::{
    AgentUnderTest, PROMPTLY, QUIET, Start, TRAY_ID, Window, connect, fake, install, picture_of_corner, program, socket,
};

/// A start that only hands over is done within this time, even where everything is slow.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Longer than it takes a page to be drawn, shorter than a cursor stands between two blinks.
const STILL: Duration = Duration::from_millis(400);

/// The question whether a link may dial.
const CALL: &str = "Call";

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

#[tokio::test]
async fn a_second_start_hands_over_and_ends_at_once() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let before = agent.window_calls().len();

    let began = Instant::now();
    let second = agent.call_again(&[]).await;

    assert_eq!((second.code, second.stderr.as_str()), (Some(0), ""));
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    wait_until("the window", PATIENCE, || agent.window_calls().len() == before + 1).await;
    assert_eq!((agents(&session).len(), ours(&session).await.len()), (1, 1));
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_window_opens_where_it_is_wanted_warm_and_cold() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let before = agent.window_calls().len();

    let second = agent.call_again(&["--window", "people"]).await;

    assert!(second.success, "{}", second.stderr);
    wait_until("the window", PATIENCE, || agent.window_calls().len() == before + 1).await;
    assert_eq!(agent.window_calls().last().map(String::as_str), Some("window people"));
    agent.stop().await;

    let arguments = vec!["--window".to_owned(), "history".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.online().await;
    wait_until("the window", PATIENCE, || agent.window_calls().len() == before + 2).await;
    assert_eq!(agent.window_calls().last().map(String::as_str), Some("window history"));
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn wrong_arguments_are_named_and_start_nothing() {
    let session = Session::start(Options::bare()).await;
    let agent = install(&session, Window::Recorded);

    for arguments in [&["--window", "kitchen"][..], &["mailto:anna@pbx.example"], &["--loud"], &["tel:1", "tel:2"]] {
        let answer = session.run(&agent.display().to_string(), arguments).await;
        assert_eq!(answer.code, Some(2), "{arguments:?}");
        assert!(answer.stderr.contains(arguments.last().expect("an argument")), "{}", answer.stderr);
    }
    assert!(agents(&session).is_empty() && !socket(&session).exists());
}

#[tokio::test]
async fn a_link_starts_the_agent_and_is_asked_about_once_it_is_online() {
    let (session, pbx) = desk().await;

    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.online().await;

    let question = session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    assert!(question.summary.contains("+493055501"), "{question:?}");
    holds_for(QUIET, "one question and no dial", || session.all_notices().len() == 1 && pbx.dials().is_empty()).await;
    picture_of_corner(&session, "start-link-question.png").await;
    session.press_action(CALL).await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!(dial.number, "+493055501");
    holds_for(QUIET, "one dial", || pbx.dials().len() == 1).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_waits_for_a_pbx_that_comes_a_little_later() {
    let (session, pbx) = desk().await;
    pbx.stop().await;

    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.wait_view("a failed try", |view| view.accounts.first().is_some_and(|account| account.link == LinkName::Waiting)).await;
    pbx.restart().await.expect("its port");

    agent.online().await;
    session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_survives_a_keyring_that_has_to_be_unlocked_first() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    agent.wait_view("a locked keyring", |view| view.accounts.first().is_some_and(|account| account.why.is_some())).await;

    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");

    agent.online().await;
    session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_without_any_account_is_answered_and_the_first_run_opens() {
    let session = Session::start(desktop()).await;

    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;

    session.notice("an answer", |notice| notice.summary.contains("No account")).await;
    wait_until("the window", PATIENCE, || !agent.window_calls().is_empty()).await;
    agent.stop().await;
}

#[tokio::test]
async fn starts_at_the_same_moment_leave_one_agent() {
    let (session, pbx) = desk().await;
    let agent = install(&session, Window::Recorded);

    let mut starts: Vec<Running> =
        (0..6).map(|number| session.spawn(&format!("start-{number}"), session.command(&agent))).collect();

    let ended = |starts: &mut [Running]| starts.iter_mut().filter_map(|start| (!start.is_running()).then_some(())).count();
    wait_until("all but one to end", PATIENCE, || ended(&mut starts) == 5).await;
    for start in starts.iter_mut().filter(|start| !start.log().is_empty()) {
        assert!(start.is_running(), "it hands over without complaint: {}", start.log());
    }
    pbx.wait_for_client("204", PATIENCE).await.expect("one agent is online");
    holds_for(PROMPTLY, "one agent", || ended(&mut starts) == 5 && pbx.look(|state| state.open_sockets(Some("204"))) == 1).await;
    assert_eq!((agents(&session).len(), ours(&session).await.len()), (1, 1));
}

#[tokio::test]
async fn what_a_killed_agent_left_behind_is_replaced() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    agent.kill();
    assert!(fs::metadata(socket(&session)).is_ok_and(|left| left.file_type().is_socket()), "a stale socket");
    wait_for("the icon to go", PATIENCE, async || ours(&session).await.is_empty().then_some(())).await;

    let agent = AgentUnderTest::start(&session).await;

    agent.online().await;
    assert_eq!(ours(&session).await.len(), 1);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn an_agent_that_hangs_keeps_nobody_waiting_for_ever() {
    let (session, _pbx) = desk().await;
    let mut agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    agent.running().freeze();

    let began = Instant::now();
    let second = agent.call_again(&["tel:+493055501"]).await;

    assert!(!second.success && !second.stderr.is_empty(), "{second:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    agent.running().thaw();
    assert_eq!(agents(&session).len(), 1);
}

#[tokio::test]
async fn a_start_in_another_login_of_the_same_user_is_told() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let before = agent.window_calls().len();
    let elsewhere = async |arguments: &[&str]| -> Finished {
        let program = session.root().join("programs/trayphone").display().to_string();
        session.run("env", &[&["DISPLAY=:94", program.as_str()], arguments].concat()).await
    };

    let plain = elsewhere(&[]).await;
    assert_eq!(plain.code, Some(0));
    assert!(plain.stderr.contains("another session"), "{}", plain.stderr);
    let link = elsewhere(&["tel:+493055501"]).await;
    assert!(!link.success && link.stderr.contains("another session"), "{link:?}");
    assert!(session.all_notices().is_empty(), "the question belongs where the link was clicked");
    // The window is a program of its own and can be opened there all the same.
    let window = elsewhere(&["--window", "calls"]).await;
    assert!(window.success, "{}", window.stderr);
    wait_until("the window", PATIENCE, || agent.window_calls().len() == before + 1).await;

    assert_eq!((agents(&session).len(), ours(&session).await.len()), (1, 1));
    // The same screen by another name is the same login.
    let program = session.root().join("programs/trayphone").display().to_string();
    let same = format!("DISPLAY={}.0", session.display());
    let link = session.run("env", &[same.as_str(), program.as_str(), "tel:+493055501"]).await;
    assert!(link.success, "{}", link.stderr);
    session.notice("the question", |notice| notice.buttons().contains(&CALL)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn an_upgrade_is_told_and_taken_when_no_call_is_up() {
    const RESTART: &str = "Restart to finish the update";
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    assert!(agent.menu().await.find(RESTART).is_none());
    let pid = agent.pid();

    replace(&session.root().join("programs/trayphone"));
    let icon = agent.tray().await;
    session.menu_where(&icon, "the offer to restart", |menu| menu.find(RESTART).is_some_and(|entry| entry.enabled)).await;
    let view = agent.view();
    assert!(view.hints.iter().any(|hint| hint.about == "restart_to_update"), "{:?}", view.hints);
    session.notice("a word about the update", |notice| notice.summary.contains("updated")).await;
    picture_of_corner(&session, "start-update.png").await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.menu_where(&icon, "no restart during a call", |menu| menu.find(RESTART).is_some_and(|entry| !entry.enabled)).await;
    pbx.hang_up_far(call);
    let before = pbx.look(|state| state.sockets_opened());
    session.press_menu(&icon, RESTART).await;

    // Another program in the same process: icon, socket and sign-in are new.
    pbx.wait_for(|state| state.sockets_opened() > before, PATIENCE).await.expect("the new agent signs in");
    let (client, _notices) = connect(&socket(&session)).await;
    let view = wait_for("the new agent online", PATIENCE, async || {
        client.view().await.ok().filter(|view| view.accounts.iter().all(|account| account.link == LinkName::Online))
    })
    .await;
    assert!(!client.welcome().restart_needed && view.hints.is_empty(), "{:?}", view.hints);
    assert_eq!(agents(&session), [i32::try_from(pid).expect("a small number")]);
    pbx.wait_for(|state| state.open_sockets(Some("204")) == 1, PROMPTLY).await.expect("one sign-in");
    assert_eq!((ours(&session).await.len(), session.keyring_prompts()), (1, 0));
    // The icon of the new agent takes clicks.
    session.menu_where(&icon, "no offer to restart", |menu| menu.find(RESTART).is_none()).await;
}

#[tokio::test]
async fn a_program_that_is_only_removed_offers_no_restart() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    fs::remove_file(session.root().join("programs/trayphone")).expect("removed");

    assert!(agent.menu().await.find("Restart to finish the update").is_none());
    assert!(agent.view().hints.is_empty());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn registering_and_taking_it_back_leaves_the_home_folder_as_it_was() {
    let session = Session::start(Options::bare()).await;
    let agent = install(&session, Window::Recorded);
    let untouched = snapshot(&session);

    registers(&session, &agent).await;
    unregisters(&session, &agent).await;
    assert_eq!(changes(&untouched, &snapshot(&session)), Vec::<String>::new());

    // Where another program opened such links before, it does so again.
    let recorder = session.record_links("tel").await;
    let with_another = snapshot(&session);
    registers(&session, &agent).await;
    // Twice in a row must not make it forget who was there first.
    registers(&session, &agent).await;
    unregisters(&session, &agent).await;
    unregisters(&session, &agent).await;
    assert_eq!(changes(&with_another, &snapshot(&session)), Vec::<String>::new());
    // The list of one desktop goes before the common one.
    fs::write(
        session.home().join(".config/xfce-mimeapps.list"),
        "[Default Applications]\nx-scheme-handler/tel=recorder-tel.desktop\ntext/html=web.desktop\n",
    )
    .expect("a list of this desktop");
    let with_own_list = snapshot(&session);
    registers(&session, &agent).await;
    unregisters(&session, &agent).await;
    assert_eq!(changes(&with_own_list, &snapshot(&session)), Vec::<String>::new());
    let opened = session.xdg_open("tel:+49301").await;
    assert!(opened.success, "{}", opened.stderr);
    recorder.received("tel:+49301").await;
    let opened = session.gio_open("tel:+49302").await;
    assert!(opened.success, "{}", opened.stderr);
    recorder.received("tel:+49302").await;
}

#[tokio::test]
async fn links_that_other_programs_open_reach_the_running_agent() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    registers(&session, &session.root().join("programs/trayphone")).await;

    let opened = session.xdg_open("tel:+493055501").await;
    assert!(opened.success, "{}", opened.stderr);
    session.notice("the question of xdg-open", |notice| notice.summary.contains("+493055501")).await;
    session.press_action("Cancel").await;
    let opened = session.gio_open("tel:+493055502").await;
    assert!(opened.success, "{}", opened.stderr);
    session.notice("the question of gio", |notice| notice.summary.contains("+493055502")).await;
    session.press_action(CALL).await;

    assert_eq!(pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").number, "+493055502");
    assert_eq!(agents(&session).len(), 1);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_that_another_program_opens_starts_the_agent() {
    let (session, pbx) = desk().await;
    registers(&session, &session.root().join("programs/trayphone")).await;

    // Its outputs go to a file: the agent that it starts keeps them open.
    let mut command = session.command("gio");
    command.args(["open", "tel:+493055501"]);
    let mut opened = session.spawn("gio", command);

    assert!(opened.exited().await.success(), "{}", opened.log());
    session.notice("the question", |notice| notice.summary.contains("+493055501")).await;
    assert_eq!((agents(&session).len(), pbx.dials().len()), (1, 0));
}

#[tokio::test]
async fn autostart_is_off_until_chosen() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    let entry = session.home().join(".config/autostart/trayphone.desktop");
    let settings: SettingsReply = agent.client.call(method::GET_SETTINGS, &Nothing {}).await.expect("the settings");
    assert!(!settings.autostart && !entry.exists());

    let on = SetSettingsParams { autostart: Some(true), ..SetSettingsParams::default() };
    let settings: SettingsReply = agent.client.call(method::SET_SETTINGS, &on).await.expect("set");
    assert!(settings.autostart);
    is_valid(&session, &entry).await;
    let program = session.root().join("programs/trayphone");
    let text = fs::read_to_string(&entry).expect("an entry");
    assert!(text.lines().any(|line| line == format!("Exec={}", program.display())), "{text}");

    let off = SetSettingsParams { autostart: Some(false), ..SetSettingsParams::default() };
    let settings: SettingsReply = agent.client.call(method::SET_SETTINGS, &off).await.expect("set");
    assert!(!settings.autostart && !entry.exists());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_broken_settings_file_is_kept_aside_and_told() {
    const BROKEN: &str = "version = 1\n[[account]]\nname = \"office\nkind";
    let session = Session::start(desktop()).await;
    let folder = session.home().join(".config/trayphone");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("settings.toml"), BROKEN).expect("half a file");

    let agent = AgentUnderTest::start(&session).await;

    let aside = folder.join("settings.toml.broken");
    let view = agent.wait_view("a word about it", |view| !view.hints.is_empty()).await;
    let hint = view.hints.iter().find(|hint| hint.about == "settings_broken").expect("a hint about the settings");
    assert!(hint.remedy.as_ref().is_some_and(|remedy| remedy.contains(&aside.display().to_string())), "{hint:?}");
    session.notice("a notice of it", |notice| notice.body.contains("settings.toml.broken")).await;
    assert_eq!(fs::read_to_string(&aside).expect("kept"), BROKEN);
    session.window_of_class("Dunst").await;
    picture_of_corner(&session, "start-broken-settings.png").await;

    // What is set up anew is written, and the broken file stays.
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    assert!(fs::read_to_string(folder.join("settings.toml")).expect("settings").contains("office"));
    assert_eq!(fs::read_to_string(&aside).expect("kept"), BROKEN);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn settings_of_a_newer_program_are_kept_aside() {
    let session = Session::start(Options { keyring: Keyring::Absent, ..desktop() }).await;
    let folder = session.home().join(".config/trayphone");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("settings.toml"), "version = 99\n").expect("a file");

    let agent = AgentUnderTest::start(&session).await;

    let view = agent.wait_view("a word about it", |view| !view.hints.is_empty()).await;
    assert!(view.hints[0].text.contains("newer"), "{:?}", view.hints);
    assert_eq!(fs::read_to_string(folder.join("settings.toml.broken")).expect("kept"), "version = 99\n");
    agent.stop().await;
}

#[tokio::test]
async fn folders_that_cannot_be_used_are_told_and_calls_work_all_the_same() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    // Files where folders should be: not even an administrator can write there.
    for folder in [".config/trayphone", ".local/state/trayphone"] {
        fs::write(session.home().join(folder), "in the way").expect("a file");
    }

    let agent = AgentUnderTest::start(&session).await;
    let view = agent.wait_view("a word about the settings", |view| !view.hints.is_empty()).await;
    assert!(view.hints[0].text.contains("cannot be used"), "{:?}", view.hints);
    agent.add_account("office", &pbx).await.expect("an account");

    agent.online().await;
    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("a call", |notice| notice.summary == "Mara Beispiel").await;
    agent.press_menu("Decline").await;
    agent.no_call().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn an_end_by_signal_takes_icon_notices_and_socket_along() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("a call", |notice| notice.summary == "Mara Beispiel").await;

    let began = Instant::now();
    agent.stop().await;

    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    assert!(!socket(&session).exists());
    assert!(session.notices().is_empty(), "{:?}", session.notices());
    assert!(ours(&session).await.is_empty());
    pbx.wait_for(|state| state.open_sockets(None) == 0, PROMPTLY).await.expect("no socket is left");
    assert_eq!(pbx.calls().len(), 1, "a call goes on without us");
}

#[tokio::test]
async fn quit_in_the_menu_ends_the_agent() {
    let (session, pbx) = desk().await;
    let mut agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    agent.press_menu("Quit").await;

    assert!(agent.running().exited().await.success());
    assert!(!socket(&session).exists() && ours(&session).await.is_empty());
    assert_eq!(pbx.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_agent_ends_with_the_session_bus() {
    let (session, _pbx) = desk().await;
    let mut agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    let is_bus = |pid: &i32| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains("/bus.conf"))
    };
    let bus = session.processes().into_iter().find(is_bus).expect("a session bus");
    let killed = session.run("sh", &["-c", &format!("kill -KILL {bus}")]).await;
    assert!(killed.success, "{}", killed.stderr);

    agent.running().exited().await;
    assert!(!socket(&session).exists());
}

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

/// Puts a fresh copy of the program in the place of the running one, as a package does.
fn replace(place: &Path) {
    let fresh = place.with_extension("new");
    fs::copy(program("trayphone"), &fresh).expect("a copy");
    fs::rename(&fresh, place).expect("in place");
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

async fn unregisters(session: &Session, agent: &Path) {
    let done = session.run(&agent.display().to_string(), &["--unregister"]).await;
    assert!(done.success, "{}", done.stderr);
    let handler = session.run("xdg-mime", &["query", "default", "x-scheme-handler/tel"]).await;
    assert_ne!(handler.stdout.trim(), "trayphone.desktop");
}

async fn is_valid(session: &Session, entry: &Path) {
    assert!(entry.is_file(), "{} is missing", entry.display());
    let checked = session.run("desktop-file-validate", &[&entry.display().to_string()]).await;
    assert_eq!((checked.success, checked.stdout.as_str()), (true, ""), "{}", checked.stderr);
}

/// Every path below the home folder with what is in it; folders have no content.
fn snapshot(session: &Session) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    fn add(folder: &Path, all: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                all.insert(path.clone(), None);
                add(&path, all);
            } else {
                all.insert(path.clone(), Some(fs::read(&path).unwrap_or_default()));
            }
        }
    }
    let mut all = BTreeMap::new();
    add(&session.home(), &mut all);
    all
}

/// What differs between two snapshots, one line a path.
fn changes(before: &BTreeMap<PathBuf, Option<Vec<u8>>>, after: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> Vec<String> {
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| format!("gone: {}", path.display()));
    let other = after.iter().filter_map(|(path, content)| match before.get(path) {
        None => Some(format!("new: {}", path.display())),
        Some(old) if old != content => Some(format!("changed: {}", path.display())),
        Some(_) => None,
    });
    gone.chain(other).collect()
}
