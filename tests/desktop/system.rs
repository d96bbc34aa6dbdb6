//! The desktop and the machine around the agent: trays that come and go, sleep, dead networks, locked screens.

mod steady;
mod stored;
mod support;
mod system_lock;
mod system_resources;

use phone_control::client::NewAccount;
use phone_control::protocol::{SetSettingsParams, SettingsReply, method};
use phone_core::call::CallState;
use phone_core::request::CheckResult;
use phone_core::view::LinkName;
use phone_core::{AccountName, Code, DesktopSettings, Secret, View};
use phone_tests::desktop::{Button, Keyring, MuteProxy, Options, PATIENCE, Prompter, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use steady::holds_for;
use stored::stored;
use support::{AgentUnderTest, PROMPTLY, QUIET, Start, TRAY_ID, USER, fake, picture_of_corner, trayphonectl};

/// The hint that no panel shows icons.
const NO_TRAY: &str = "This desktop shows no tray icons.";

/// How long the agent waits for a panel that may still be starting.
const PANEL_COMES: Duration = Duration::from_secs(15);

/// A connection that is dead without a word is noticed within this time.
const DEAD: Duration = Duration::from_secs(35);

#[tokio::test]
async fn a_desktop_without_a_tray_is_told_once_and_a_panel_that_comes_later_shows_the_icon() {
    let session = Session::start(Options { panel: false, ..desktop() }).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    let notice = session.notice("a word about the tray", |notice| notice.summary == NO_TRAY).await;
    assert!(notice.body.contains("trayphone --window"), "{notice:?}");
    let so_told = |view: &View| view.hints.iter().any(|hint| hint.about == "tray_host");
    agent.wait_view("the hint about the tray", so_told).await;
    // Everything else works.
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("a call", |notice| notice.summary == "Mara Beispiel").await;
    pbx.hang_up_far(call);
    agent.stop().await;

    // It would be true at every login, so it is said at the first one only.
    let agent = AgentUnderTest::start(&session).await;
    agent.wait_view_for(PANEL_COMES + PATIENCE, "the hint in the window", so_told).await;
    holds_for(QUIET, "no second word", || told(&session, NO_TRAY) == 1).await;

    // What the first one ended too early to hear is in the PBX's own list.
    session.start_panel().await;
    agent.tray_shows("online +").await;
    agent.wait_view("no hint any more", |view| !so_told(view)).await;
    picture_of_corner(&session, "system-late-panel.png").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_panel_that_starts_a_little_late_is_no_trouble() {
    let session = Session::start(Options { panel: false, ..desktop() }).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    session.start_panel().await;

    agent.tray_shows("online").await;
    holds_for(PANEL_COMES + PROMPTLY, "no word about the tray", || told(&session, NO_TRAY) == 0).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_icon_comes_back_with_a_restarted_panel() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    agent.stop().await;
    // A start with an account opens no window by itself, which a click so soon after would be taken for.
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    let before = agent.window_calls().len();

    session.stop_panel().await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    agent.only_call(CallState::Ringing).await;
    session.start_panel().await;

    agent.tray_where("the call", |item| item.tooltip_title.contains("Mara Beispiel")).await;
    agent.press_menu("Decline").await;
    agent.no_call().await;
    assert!(pbx.call(call).is_none());
    session.click_tray(0, Button::Left).await;
    wait_for("the window", PATIENCE, async || (agent.window_calls().len() == before + 1).then_some(())).await;
    let items = session.tray_items().await;
    assert_eq!(items.iter().filter(|item| item.id == TRAY_ID).count(), 1);
    assert_eq!(told(&session, NO_TRAY), 0);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn after_sleep_the_link_is_new_at_once_and_nothing_old_is_shown_as_true() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    pbx.answer(call);
    agent.only_call(CallState::Connected).await;
    let before = pbx.look(|state| state.sockets_opened());
    // Slow enough that what is shown in between can be seen.
    pbx.slow(Duration::from_millis(150));

    session.sleep().await;
    let woke = Instant::now();
    session.wake().await;

    let between = agent.wait_view("the old call as not known", |view| view.calls.iter().all(|call| call.stale)).await;
    assert!(between.accounts[0].link != LinkName::Online && between.calls[0].can.is_empty(), "{between:#?}");
    pbx.wait_for(|state| state.sockets_opened() > before, PROMPTLY).await.expect("a new socket");
    assert!(woke.elapsed() < Duration::from_secs(2), "{:?}", woke.elapsed());
    pbx.slow(Duration::ZERO);
    agent.wait_view("the call again", |view| view.calls.len() == 1 && !view.calls[0].stale).await;
    agent.online().await;
    let again = agent.only_call(CallState::Connected).await;
    assert_eq!(again.id, between.calls[0].id, "the same call has the same name; {:#?}", agent.events());
    pbx.wait_for(|state| state.open_sockets(Some("204")) == 1, PROMPTLY).await.expect("one socket, the old one is closed");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_wake_ends_the_waiting_for_the_next_try() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    session.sleep().await;
    pbx.stop().await;
    // Long enough that the next try is some seconds away.
    let far = |view: &View| view.accounts[0].retry_at.is_some_and(|at| at > jiff::Timestamp::now() + Duration::from_secs(4));
    agent.wait_view_for(Duration::from_secs(60), "a long wait", far).await;
    pbx.restart().await.expect("its port");

    let woke = Instant::now();
    session.wake().await;

    agent.online().await;
    assert!(woke.elapsed() < Duration::from_secs(3), "{:?}", woke.elapsed());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_login_service_that_comes_later_is_heard() {
    let session = Session::start(Options { login: false, ..desktop() }).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    session.start_login().await;
    let before = pbx.look(|state| state.sockets_opened());

    // The agent may still be about to listen, so it sleeps until it was heard.
    wait_for("a new socket after a sleep", PATIENCE, async || {
        session.sleep().await;
        session.wake().await;
        pbx.wait_for(|state| state.sockets_opened() > before, QUIET).await.ok()
    })
    .await;

    agent.online().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_network_that_goes_mute_is_noticed_in_time() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let (agent, proxy) = behind_a_proxy(&session, &pbx).await;

    proxy.mute();
    let muted = Instant::now();
    let view = agent.wait_view_for(DEAD, "a dead link noticed", |view| view.accounts[0].link != LinkName::Online).await;
    eprintln!("noticed after {:?}", muted.elapsed());
    assert!(view.accounts[0].why.as_ref().is_some_and(|why| why.code == Code::TimedOut), "{:?}", view.accounts[0].why);
    agent.tray_shows("offline").await;
    let lasted = muted.elapsed();
    proxy.unmute();

    // Back within the length of the outage, at most 15 s, plus the time to connect.
    let back = Instant::now();
    agent.wait_view_for(lasted.min(Duration::from_secs(15)) + PROMPTLY, "online again", online).await;
    eprintln!("back after {:?}", back.elapsed());
    agent.tray_shows("online").await;
    pbx.wait_for(|state| state.open_sockets(Some("204")) == 1, PATIENCE).await.expect("one socket");
    agent.stop().await;
}

#[tokio::test]
async fn a_network_that_breaks_is_noticed_at_once() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let (agent, mut proxy) = behind_a_proxy(&session, &pbx).await;

    proxy.refuse().await;
    let cut = Instant::now();
    proxy.cut();
    agent.wait_view_for(Duration::from_secs(1), "the loss", |view| view.accounts[0].link != LinkName::Online).await;
    eprintln!("noticed after {:?}", cut.elapsed());
    agent.tray_shows("offline").await;
    agent.tray_where("why", |item| item.tooltip_text.contains("Nothing answers at this address and port.")).await;
    picture_of_corner(&session, "system-offline.png").await;
    proxy.accept_again();

    agent.wait_view_for(Duration::from_secs(18), "online again", online).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_pbx_that_stays_away_is_told_and_the_menu_tries_again() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    pbx.stop().await;
    let far = |view: &View| view.accounts[0].retry_at.is_some_and(|at| at > jiff::Timestamp::now() + Duration::from_secs(4));
    agent.wait_view_for(Duration::from_secs(60), "a long wait", far).await;
    agent.menu_where("why", |menu| menu.labels().iter().any(|label| label.contains("Nothing answers"))).await;
    assert!(session.all_notices().is_empty(), "what passes by itself disturbs nobody: {:?}", session.all_notices());
    pbx.restart().await.expect("its port");

    let pressed = Instant::now();
    agent.press_menu("Try again now").await;

    agent.online().await;
    assert!(pressed.elapsed() < Duration::from_secs(3), "{:?}", pressed.elapsed());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn without_a_session_bus_the_agent_serves_its_socket_and_says_what_is_missing() {
    let session = Session::start(Options::bare()).await;
    let environment = vec![("DBUS_SESSION_BUS_ADDRESS".to_owned(), "unix:path=/nonexistent/bus".to_owned())];
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");

    let agent = AgentUnderTest::start_with(&session, Start { environment, ..Start::default() }).await;
    agent.add_account("office", &pbx).await.expect("an account");

    agent.online().await;
    assert_eq!(problems(&agent).await, ["keyring", "notifications", "tray host", "url handler"].map(str::to_owned).into());
    let view = agent.wait_view("a word that the password is not stored", |view| !view.hints.is_empty()).await;
    assert!(view.hints.iter().any(|hint| hint.text.contains("not stored")), "{:?}", view.hints);
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    agent.only_call(CallState::Ringing).await;
    pbx.hang_up_far(call);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_locked_screen_shows_no_names_and_nothing_is_dialled() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let _selected = session.offer_selection("primary", "+493055501").await;
    session.lock_screen().await;
    // The word of the lock takes its way over the bus; until then a call would be shown with its name.
    locked(&agent, true).await;

    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    let notice = session.notice("a call without a name", |notice| notice.buttons().contains(&"Decline")).await;
    assert_eq!(notice.summary, "Incoming call");
    session.window_of_class("Dunst").await;
    picture_of_corner(&session, "system-locked-screen.png").await;
    pbx.hang_up_far(call);
    agent.wait_view("a missed call", |view| view.missed == 1).await;
    let missed = session.notice("a missed call without a name", |notice| notice.summary.contains("Missed call")).await;
    assert_eq!(missed.body, "");
    session.key("ctrl+alt+p").await;
    agent.call_again(&["tel:+493055502"]).await;
    agent.call_again(&["--dial-selection"]).await;
    holds_for(PROMPTLY, "no dial behind a locked screen", || pbx.dials().is_empty()).await;
    for notice in session.all_notices() {
        let text = format!("{} {}", notice.summary, notice.body);
        let told = ["Mara", "23125117", "55501", "55502"].into_iter().filter(|private| text.contains(private));
        assert_eq!(told.collect::<Vec<_>>(), Vec::<&str>::new(), "{notice:?}");
        assert!(!notice.buttons().contains(&"Call"), "a question on a locked screen: {notice:?}");
    }

    session.unlock_screen().await;
    locked(&agent, false).await;
    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("a call with its name", |notice| notice.summary == "Mara Beispiel").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn names_are_shown_on_a_locked_screen_where_the_user_wants_it() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let desktop = DesktopSettings { names_when_locked: true, ..DesktopSettings::default() };
    let wanted = SetSettingsParams { desktop: Some(desktop.into()), ..SetSettingsParams::default() };
    agent.client.call::<SettingsReply>(method::SET_SETTINGS, &wanted).await.expect("set");
    session.lock_screen().await;
    locked(&agent, true).await;

    pbx.ring("+493023125117", "Mara Beispiel", "204");

    session.notice("a call with its name", |notice| notice.summary == "Mara Beispiel").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_screen_that_is_locked_before_the_start_counts_too() {
    let session = Session::start(desktop()).await;
    session.lock_screen().await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    locked(&agent, true).await;

    pbx.ring("+493023125117", "Mara Beispiel", "204");

    let notice = session.notice("a call", |notice| notice.buttons().contains(&"Decline")).await;
    assert_eq!(notice.summary, "Incoming call");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_examination_of_a_healthy_desktop_finds_nothing() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let registered = agent.call_again(&["--register"]).await;
    assert!(registered.success, "{}", registered.stderr);

    assert_eq!(problems(&agent).await, BTreeSet::new());

    let checks = agent.doctor().await;
    for name in ["agent", "keyring", "tray host", "notifications", "hotkey", "url handler", "autostart", "window", "pbx office"] {
        let check = checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no check {name}: {checks:#?}"));
        assert_eq!(check.result, CheckResult::Ok, "{check:?}");
    }
    let told = trayphonectl(&session, &["--json", "doctor"], "").await;
    assert!(told.success, "{}", told.stderr);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).expect("one JSON document");
    assert!(told["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["result"] == "ok")), "{told:#}");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_examination_names_exactly_what_is_missing() {
    let options = Options { panel: false, notices: false, keyring: Keyring::Unlocked, ..desktop() };
    let session = Session::start(options).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let registered = agent.call_again(&["--register"]).await;
    assert!(registered.success, "{}", registered.stderr);
    assert_eq!(problems(&agent).await, ["notifications", "tray host"].map(str::to_owned).into());
    agent.stop().await;

    session.start_notices().await;
    session.start_panel().await;
    session.keyring_locked(Prompter::Present).await;
    let agent = AgentUnderTest::start(&session).await;
    agent.wait_view("a locked keyring", |view| view.accounts[0].why.is_some()).await;
    assert_eq!(problems(&agent).await, ["keyring", "pbx office"].map(str::to_owned).into());
    assert_eq!(agent.check("keyring").await.text, "The keyring is locked.");
    let told = trayphonectl(&session, &["doctor"], "").await;
    assert!(told.stdout.contains("The keyring is locked."), "{}{}", told.stdout, told.stderr);
    assert_eq!(session.keyring_prompts(), 0, "an examination asks nobody");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_keyring_locked_while_online_is_found_by_the_examination() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    session.keyring_lock().await;

    let check = agent.check("keyring").await;
    assert_eq!((check.result, check.text.as_str()), (CheckResult::Problem, "The keyring is locked."));
    agent.ends_well(&pbx).await;
}

/// A complete desktop; without window frames, as their program has the usual hotkey for itself, which would be told.
fn desktop() -> Options {
    Options { frames: false, ..Options::default() }
}

/// An agent that is signed in through a wire that can go mute.
async fn behind_a_proxy<'a>(session: &'a Session, pbx: &FakeVodia) -> (AgentUnderTest<'a>, MuteProxy) {
    let proxy = MuteProxy::start(pbx.addr()).await;
    let agent = AgentUnderTest::start(session).await;
    let account = NewAccount {
        name: AccountName::parse("office").expect("a plain word"),
        kind: "vodia".to_owned(),
        url: format!("http://{}", proxy.address()),
        domain: None,
        user: Some(USER.0.to_owned()),
        pin: None,
        keys: std::collections::BTreeMap::new(),
    };
    agent.client.add_account(&account, Some(&Secret::new(USER.1.to_owned()))).await.expect("an account");
    agent.online().await;
    (agent, proxy)
}

fn online(view: &View) -> bool {
    view.accounts[0].link == LinkName::Online
}

/// How often a notice with this first line was asked for.
fn told(session: &Session, summary: &str) -> usize {
    session.all_notices().iter().filter(|notice| notice.summary == summary).count()
}

/// Waits until the agent has heard that the screen is locked or open.
async fn locked(agent: &AgentUnderTest<'_>, now: bool) {
    let word = format!("ScreenLocked({now})");
    wait_for("the agent to hear of the lock", PATIENCE, async || {
        let log = agent.log();
        let last = log.lines().rev().find(|line| line.contains("ScreenLocked("));
        last.is_some_and(|line| line.contains(&word)).then_some(())
    })
    .await;
}

/// Names of the checks that found a problem.
async fn problems(agent: &AgentUnderTest<'_>) -> BTreeSet<String> {
    let checks = agent.doctor().await;
    checks.into_iter().filter(|check| check.result == CheckResult::Problem).map(|check| check.name).collect()
}
