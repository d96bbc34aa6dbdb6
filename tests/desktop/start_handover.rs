//! Further starts, starts beside a killed or hanging agent, in another login, and after an upgrade.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use phone_control::protocol::{PROTOCOL, method};
use phone_core::call::CallState;
use phone_core::view::{LinkName, View};
use phone_tests::desktop::{Finished, Options, PATIENCE, Running, Session, wait_for, wait_until};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;

use crate::steady::holds_for;
use crate::support::{AgentUnderTest, PROMPTLY, Start, Window, connect, install, picture_of_corner, program, socket};
use crate::{CALL, agents, desk, ours};

/// A start that only hands over is done within this time, even where everything is slow.
const AT_ONCE: Duration = Duration::from_secs(2);

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

    for arguments in
        [&["--window", "kitchen"][..], &["--window", "wallboard"], &["mailto:anna@pbx.example"], &["--loud"], &["tel:1", "tel:2"]]
    {
        let answer = session.run(&agent.display().to_string(), arguments).await;
        assert_eq!(answer.code, Some(2), "{arguments:?}");
        assert!(answer.stderr.contains(arguments.last().expect("an argument")), "{}", answer.stderr);
    }
    assert!(agents(&session).is_empty() && !socket(&session).exists());
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
async fn a_link_right_after_the_agent_was_killed_starts_another_one() {
    let (session, _pbx) = desk().await;
    let mut agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    for number in 0..6 {
        let uri = format!("tel:+4930555{number}01");
        let pid = agent.pid();
        // Not waited for: it may still be ending when the link comes.
        agent.running().strike();
        let arguments = vec![uri.clone()];
        let next = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
        assert_ne!(next.pid(), pid);
        let number = uri.trim_start_matches("tel:").to_owned();
        session.notice("the question", |notice| notice.summary.replace(" ", "").contains(&number)).await;
        agent = next;
    }
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
    session.notice("a word on the screen", |notice| notice.body.contains("tel:+493055501")).await;
    assert!(second.stderr.contains("runs but does not answer"), "{second:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // Nobody has the wish, whatever it was.
    for arguments in [&[][..], &["--window", "people"]] {
        let start = agent.call_again(arguments).await;
        assert_eq!(start.code, Some(1), "{start:?}");
        assert!(start.stderr.contains("quit it") || start.stderr.contains("Quit it"), "{start:?}");
    }
    agent.running().thaw();
    assert_eq!(agents(&session).len(), 1);
}

#[tokio::test]
async fn a_start_in_another_login_of_the_same_user_is_told() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let before = agent.window_calls().len();
    // The stand-in of the window writes its display down, too.
    let displays = session.root().join("window-displays");
    let window = session.root().join("programs/trayphone-window");
    let script = fs::read_to_string(&window).expect("a script");
    fs::write(&window, format!("{script}echo \"$DISPLAY\" >> '{}'\n", displays.display())).expect("a script");
    let elsewhere = async |arguments: &[&str]| -> Finished {
        let program = session.root().join("programs/trayphone").display().to_string();
        session.run("env", &[&["DISPLAY=:94", program.as_str()], arguments].concat()).await
    };

    let plain = elsewhere(&[]).await;
    assert_eq!(plain.code, Some(0));
    assert!(plain.stderr.contains("another session"), "{}", plain.stderr);
    let link = elsewhere(&["tel:+493055501"]).await;
    assert!(!link.success && link.stderr.contains("another session"), "{link:?}");
    // Who clicked the link sees no standard error.
    let told = session.notice("a word on the screen", |notice| notice.summary.contains("another session")).await;
    assert!(told.body.contains("tel:+493055501") && told.actions.is_empty(), "{told:?}");
    let asks = session.all_notices().into_iter().any(|notice| notice.buttons().contains(&CALL));
    assert!(!asks && pbx.dials().is_empty(), "the question belongs where the link was clicked");
    // The window is a program of its own and can be opened there all the same.
    let window = elsewhere(&["--window", "calls"]).await;
    assert!(window.success, "{}", window.stderr);
    wait_until("the window", PATIENCE, || agent.window_calls().len() == before + 1).await;
    let shown = || fs::read_to_string(&displays).unwrap_or_default();
    wait_until("the window on the screen that was asked from", PATIENCE, || shown() == ":94\n").await;
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
async fn an_agent_with_other_folders_for_its_socket_but_the_same_settings_does_not_start_and_says_so() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let runtime = session.root().join("other-run");
    fs::create_dir(&runtime).expect("a folder");
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("a private folder");

    let place = format!("XDG_RUNTIME_DIR={}", runtime.display());
    let program = session.root().join("programs/trayphone").display().to_string();
    let second = session.run("env", &[place.as_str(), program.as_str()]).await;

    assert_eq!(second.code, Some(1), "{second:?}");
    let told = session.notice("a word on the screen", |notice| notice.summary.contains("did not start")).await;
    assert!(told.body.contains("quit it") && told.actions.is_empty(), "{told:?}");
    assert_eq!((agents(&session).len(), ours(&session).await.len()), (1, 1));
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_click_shows_no_window_of_another_login() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let before = agent.window_calls().len();
    let elsewhere = warm_window(&session, ":94").await;

    session.activate(&agent.tray().await).await;

    wait_until("a window here", PATIENCE, || agent.window_calls().len() == before + 1).await;
    // One on this screen shows itself instead.
    let mut here = warm_window(&session, session.display()).await;
    session.activate(&agent.tray().await).await;
    let shown = tokio::time::timeout(PATIENCE, here.next_line()).await.expect("in time").expect("a line");
    assert!(shown.is_some_and(|line| line.contains("\"show\"")), "the window on this screen");
    assert_eq!(agent.window_calls().len(), before + 1);
    drop(elsewhere);
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
    let told = |view: &View| view.hints.iter().any(|hint| hint.about == "restart_to_update");
    agent.wait_view("the hint about the update", told).await;
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
async fn a_call_of_a_lost_link_does_not_hold_up_the_restart() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    assert!(pbx.answer(call));
    agent.wait_view("a call", |view| view.calls.iter().any(|call| call.state == CallState::Connected)).await;
    replace(&session.root().join("programs/trayphone"));
    let offer = "Restart to finish the update";
    let icon = agent.tray().await;
    session.menu_where(&icon, "no restart during a call", |menu| menu.find(offer).is_some_and(|entry| !entry.enabled)).await;

    pbx.stop().await;

    agent.wait_view("a call that nobody knows about", |view| view.calls.iter().any(|call| call.stale)).await;
    session.menu_where(&icon, "the offer to restart", |menu| menu.find(offer).is_some_and(|entry| entry.enabled)).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_restart_pressed_in_a_menu_from_before_a_call_waits_for_its_end() {
    const RESTART: &str = "Restart to finish the update";
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    replace(&session.root().join("programs/trayphone"));
    let icon = agent.tray().await;
    session.menu_where(&icon, "the offer to restart", |menu| menu.find(RESTART).is_some_and(|entry| entry.enabled)).await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    let menu = session.menu_where(&icon, "a call", |menu| menu.find(RESTART).is_some_and(|entry| !entry.enabled)).await;
    let sockets = pbx.look(|state| state.sockets_opened());

    // Whoever had the menu open still sees the row as one that can be chosen.
    session.press_row(&icon, menu.find(RESTART).expect("a row").id).await;

    session.notice("a word about it", |notice| notice.summary.contains("does not restart while a call is up")).await;
    agent.only_call(CallState::Ringing).await;
    assert_eq!(pbx.look(|state| state.sockets_opened()), sockets, "it is still the same agent");
    pbx.hang_up_far(call);
    agent.ends_well(&pbx).await;
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

/// What a window on `display` says when it is there, warm and hidden; what it is told from then on.
async fn warm_window(session: &Session, display: &str) -> Lines<BufReader<UnixStream>> {
    let mut lines = BufReader::new(UnixStream::connect(socket(session)).await.expect("an agent")).lines();
    let hello = json!({"client": "test", "version": PROTOCOL, "display": display});
    for (method, params) in [(method::HELLO, hello), (method::SUBSCRIBE, json!({"streams": ["show"]}))] {
        let asked = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        lines.get_mut().write_all(format!("{asked}\n").as_bytes()).await.expect("a line");
        let answer = lines.next_line().await.expect("a line").expect("an answer");
        assert!(answer.contains("result"), "{answer}");
    }
    lines
}

/// Puts a fresh copy of the program in the place of the running one, as a package does.
fn replace(place: &Path) {
    let fresh = place.with_extension("new");
    fs::copy(program("trayphone"), &fresh).expect("a copy");
    fs::rename(&fresh, place).expect("in place");
}
