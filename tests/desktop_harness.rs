//! Proves that the desktop session of the tests is real: each part does what the scenario tests rely on.

use phone_tests::desktop::{
    BusServices, Button, Closed, KEYRING_PASSWORD, Keyring, Lookup, MuteProxy, Options, PATIENCE, Prompter, Running, SampleItem,
    Session, wait_for, wait_until,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use zbus::connection::Builder;

/// Long enough to see that nothing comes, for the cases in which nothing must come.
const QUIET: Duration = Duration::from_millis(300);

/// Variable that turns `holds_a_session_when_asked` from nothing into an endless session.
const HOLD: &str = "TRAYPHONE_TEST_HOLD_SESSION";

#[tokio::test]
async fn leaves_no_process_and_no_folder_behind() {
    let session = Session::start(Options::default()).await;
    let terminal = session.xterm("left").await;
    let root = session.root().to_owned();
    assert!(session.processes().len() >= 8, "screen, buses, panel and the rest: {:?}", session.processes());

    drop(session);

    assert_eq!(marked(&root), Vec::<PathBuf>::new());
    assert!(!root.exists());
    drop(terminal);
}

#[tokio::test]
async fn leaves_nothing_behind_when_the_test_itself_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = folder.path().join("root");
    let mut command = Command::new(std::env::current_exe().expect("the path of this test"));
    command.args(["--exact", "holds_a_session_when_asked", "--nocapture"]).env(HOLD, &told);
    let mut victim = command.stdout(Stdio::null()).spawn().expect("this test once more");
    let root = wait_for("the other test's session", PATIENCE * 10, async || {
        assert!(matches!(victim.try_wait(), Ok(None)), "the other test ended before its time");
        std::fs::read_to_string(&told).ok().filter(|text| !text.is_empty())
    })
    .await;
    assert!(!marked(Path::new(&root)).is_empty());

    victim.kill().expect("the other test can be killed");
    victim.wait().expect("the other test is gone");

    wait_until("all processes to end", PATIENCE, || marked(Path::new(&root)).is_empty()).await;
    wait_until("the folder to go", PATIENCE, || !Path::new(&root).exists()).await;
}

/// The victim of the test above; does nothing otherwise.
#[tokio::test]
async fn holds_a_session_when_asked() {
    let Ok(told) = std::env::var(HOLD) else { return };
    let session = Session::start(Options::default()).await;
    std::fs::write(told, session.root().display().to_string()).expect("a word to the other test");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn gives_programs_an_environment_of_their_own() {
    let session = Session::start(Options::bare()).await;

    let seen = session.run("env", &[]).await.stdout;

    let value = |name: &str| seen.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).map(str::to_owned);
    assert_eq!(value("HOME"), Some(session.home().display().to_string()));
    assert_eq!(value("DISPLAY"), Some(session.display().to_owned()));
    assert_eq!(value("XDG_CURRENT_DESKTOP"), Some("XFCE".to_owned()));
    assert_eq!(value("CARGO_MANIFEST_DIR"), None);
    let mode = session.run("stat", &["-c", "%a", &value("XDG_RUNTIME_DIR").expect("a runtime folder")]).await.stdout;
    assert_eq!(mode.trim(), "700");
    for bus in ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"] {
        let address = format!("--address={}", value(bus).expect("an address"));
        assert!(session.run("busctl", &[&address, "list"]).await.success);
    }
}

#[tokio::test]
async fn a_bus_without_services_starts_nothing_by_itself() {
    let session = Session::start(Options { services: BusServices::Without, ..Options::bare() }).await;

    let lookup = session.secret_tool_lookup(&[("a", "b")], PATIENCE).await;

    assert!(matches!(lookup, Lookup::Failed(_)), "{lookup:?}");
    assert!(!session.is_on_bus("org.freedesktop.secrets").await);
    // The panel still works there.
    session.start_panel().await;
    assert!(session.has_tray_host().await);
}

#[tokio::test]
async fn a_bus_with_all_services_starts_the_keyring_when_asked() {
    let session = Session::start(Options { services: BusServices::Installed, ..Options::bare() }).await;
    assert!(!session.is_on_bus("org.freedesktop.secrets").await);

    // Nobody can answer the question for a password of the new keyring, so the lookup may hang.
    let lookup = tokio::time::timeout(PATIENCE, session.secret_tool_lookup(&[("a", "b")], PATIENCE)).await;

    assert!(session.is_on_bus("org.freedesktop.secrets").await, "{lookup:?}");
    session.keyring_stop().await;
    session.keyring_unlocked().await;
    assert_eq!(session.secret_tool_lookup(&[("a", "b")], PATIENCE).await, Lookup::NotFound);
}

#[tokio::test]
async fn the_tray_shows_items_and_takes_clicks_and_menu_choices() {
    let session = Session::start(Options { keyring: Keyring::Absent, notices: false, ..Options::default() }).await;
    let icon = SampleItem::show(&session, "Sample").await;

    let item = session.tray_item("Sample").await;
    assert_eq!((item.id.as_str(), item.status.as_str()), ("sample-id", "Active"));
    assert_eq!((item.tooltip_title.as_str(), item.tooltip_text.as_str()), ("Tip", "More"));
    assert_eq!((item.icon_pixmaps[0].width, item.icon_pixmaps[0].argb.len()), (22, 22 * 22 * 4));
    let menu = session.menu(&item).await;
    assert_eq!(menu.labels(), ["Hang up", "Calls", "Anna_Berta", "Disturb me not"]);
    assert!(!menu.find("Calls").expect("an entry").enabled);
    assert_eq!(menu.find("Disturb me not").expect("an entry").checked, Some(true));

    session.activate(&item).await;
    icon.has_seen("activate").await;
    session.press_menu(&item, "Hang up").await;
    icon.has_seen("clicked 1").await;
    session.press_menu(&item, "Anna_Berta").await;
    icon.has_seen("clicked 3").await;
    session.click_tray(0, Button::Left).await;
    icon.has_seen("activate").await;
    session.screenshot("harness-tray.png").await;
}

#[tokio::test]
async fn the_tray_comes_and_goes_with_the_panel() {
    let session = Session::start(Options { panel: false, ..Options::bare() }).await;
    assert!(!session.has_tray_host().await);

    session.start_panel().await;
    assert!(session.has_tray_host().await);
    session.stop_panel().await;
    assert!(!session.has_tray_host().await);
    session.start_panel().await;
    assert!(session.has_tray_host().await);
}

#[tokio::test]
async fn notices_are_recorded_and_their_buttons_can_be_pressed() {
    let session = Session::start(Options { notices: true, frames: true, ..Options::bare() }).await;
    let before = Instant::now();
    let buttons = ["-A", "default=Open", "-A", "answer=Answer", "-A", "decline=Decline"];
    let first = notify(&session, &buttons, "Anna <b>& Berta</b>", "calls");
    let shown = session.notice("the first notice", |notice| notice.summary == "Anna <b>& Berta</b>").await;
    let second = notify(&session, &["-u", "critical", "-A", "answer=Answer"], "Carla", "calls");
    let other = session.notice("the second notice", |notice| notice.summary == "Carla").await;
    assert_eq!(shown.buttons(), ["Answer", "Decline"]);
    assert_eq!((shown.body.as_str(), shown.program.as_str()), ("calls", "notify-send"));
    assert_eq!(other.hints["urgency"], "2");
    assert!(before < shown.called_at && shown.called_at < other.called_at);
    assert_eq!((session.notices().len(), session.notices_displayed().await), (2, 2));
    session.screenshot("harness-notices.png").await;

    let pressed = session.press_action("Decline").await;
    assert_eq!((pressed.summary, pressed.pressed.as_deref()), (shown.summary.clone(), Some("decline")));
    assert_eq!(said(first).await, "decline");
    session.notice_gone(&shown, PATIENCE).await;

    session.press_action("Answer").await;
    assert_eq!(said(second).await, "answer");
    session.notice_gone(&other, PATIENCE).await;
    assert_eq!(session.notice_history().await.len(), 2);
    assert_eq!(session.all_notices().len(), 2);
}

#[tokio::test]
async fn notices_can_be_clicked_closed_withdrawn_and_replaced() {
    let session = Session::start(Options { notices: true, ..Options::bare() }).await;

    let program = notify(&session, &["-A", "default=Open"], "Clicked", "");
    let notice = session.notice("a notice", |_| true).await;
    session.click_notice().await;
    session.notice_gone(&notice, PATIENCE).await;
    assert_eq!(said(program).await, "default");

    let _program = notify(&session, &["--wait"], "Closed", "");
    let notice = session.notice("a notice", |_| true).await;
    session.close_notice().await;
    let notice = session.notice_gone(&notice, PATIENCE).await;
    assert!(matches!(notice.closed, Some(Closed::ByUser(_))), "{notice:?}");

    let _program = notify(&session, &["--wait"], "Withdrawn", "");
    let notice = session.notice("a notice", |_| true).await;
    withdraw(&session, notice.id.expect("an id")).await;
    let notice = session.notice_gone(&notice, PATIENCE).await;
    assert!(matches!(notice.closed, Some(Closed::Withdrawn(_))) && notice.withdrawn_at.is_some(), "{notice:?}");

    let _program = notify(&session, &["--wait"], "Old", "");
    let old = session.notice("a notice", |_| true).await;
    let _program = notify(&session, &["--wait", "-r", &old.id.expect("an id").to_string()], "New", "");
    let new = session.notice("the new notice", |notice| notice.summary == "New").await;
    let old = session.notice_gone(&old, PATIENCE).await;
    assert!(matches!(old.closed, Some(Closed::Replaced(_))), "{old:?}");
    assert_eq!((new.replaces, session.notices().len()), (old.id.expect("an id"), 1));

    session.stop_notices().await;
    assert!(session.notices().is_empty());
    assert!(!session.run("notify-send", &["nobody shows this"]).await.success);
}

#[tokio::test]
async fn the_keyring_locks_and_unlocks_without_a_prompt() {
    let session = Session::start(Options { keyring: Keyring::Unlocked, ..Options::bare() }).await;
    let name = [("service", "sample"), ("account", "anna")];
    session.secret_tool_store(&name, "first").await;
    assert_eq!(session.secret_tool_lookup(&name, PATIENCE).await, Lookup::Found("first".to_owned()));
    assert_eq!(session.secret_tool_lookup(&[("service", "other")], PATIENCE).await, Lookup::NotFound);

    session.keyring_lock().await;
    assert_eq!(session.keyring_is_locked().await, Some(true));
    assert!(session.keyring_unlock("wrong").await.is_err());
    assert_eq!(session.keyring_is_locked().await, Some(true));
    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");

    assert_eq!(session.secret_tool_lookup(&name, PATIENCE).await, Lookup::Found("first".to_owned()));
    session.keyring_stop().await;
    assert_eq!(session.keyring_is_locked().await, None);
    assert!(matches!(session.secret_tool_lookup(&name, PATIENCE).await, Lookup::Failed(_)));
    session.keyring_unlocked().await;
    assert_eq!(session.secret_tool_lookup(&name, PATIENCE).await, Lookup::Found("first".to_owned()));
}

#[tokio::test]
async fn a_locked_keyring_asks_for_its_password() {
    let options = Options { frames: true, keyring: Keyring::Unlocked, ..Options::bare() };
    let session = Session::start(options).await;
    let name = [("service", "sample")];
    session.secret_tool_store(&name, "asked").await;
    session.keyring_locked(Prompter::Present).await;

    let lookup = session.secret_tool_lookup(&name, PATIENCE);
    let answer = async {
        session.answer_keyring_prompt("wrong").await;
        session.screenshot("harness-keyring.png").await;
        session.answer_keyring_prompt(KEYRING_PASSWORD).await;
    };
    let (lookup, ()) = tokio::join!(lookup, answer);
    assert_eq!(lookup, Lookup::Found("asked".to_owned()));
    assert_eq!(session.keyring_prompts(), 2);

    session.keyring_lock().await;
    let (lookup, ()) = tokio::join!(session.secret_tool_lookup(&name, PATIENCE), session.dismiss_keyring_prompt());
    assert!(!matches!(lookup, Lookup::Found(_) | Lookup::Pending), "{lookup:?}");
    assert_eq!(session.keyring_is_locked().await, Some(true));
}

#[tokio::test]
async fn a_locked_keyring_without_a_prompter_gives_nothing() {
    let session = Session::start(Options { keyring: Keyring::Locked(Prompter::Absent), ..Options::bare() }).await;
    assert_eq!(session.keyring_is_locked().await, Some(true));

    let lookup = session.secret_tool_lookup(&[("service", "sample")], PATIENCE).await;

    assert!(!matches!(lookup, Lookup::Found(_) | Lookup::Pending), "{lookup:?}");
    assert_eq!(session.keyring_is_locked().await, Some(true));
    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");
}

#[tokio::test]
async fn the_login_service_tells_of_sleep_and_locks() {
    let session = Session::start(Options { login: true, ..Options::bare() }).await;
    let address = format!("--address={}", session.env()["DBUS_SYSTEM_BUS_ADDRESS"]);
    let busctl = async |arguments: &[&str]| {
        let answer = session.run("busctl", &[&[address.as_str()], arguments].concat()).await;
        assert!(answer.success, "{}", answer.stderr);
        answer.stdout.trim().to_owned()
    };
    let name = "org.freedesktop.login1";
    let (root, seats) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
    let mut monitor = session.command("busctl");
    monitor.args([&address, "--json=short", "monitor", name]);
    let monitor = session.spawn("monitor", monitor);
    wait_until("the monitor to listen", PATIENCE, || monitor.log().contains("Monitoring")).await;

    let path = "/org/freedesktop/login1/session/_31";
    assert_eq!(busctl(&["call", name, root, seats, "GetSession", "s", "auto"]).await, format!("o \"{path}\""));
    assert_eq!(busctl(&["call", name, root, seats, "GetSessionByPID", "u", "1"]).await, format!("o \"{path}\""));
    assert!(busctl(&["call", name, root, seats, "ListSessions"]).await.contains(path));

    session.sleep().await;
    session.wake().await;
    session.lock_screen().await;
    let locked = ["get-property", name, path, "org.freedesktop.login1.Session", "LockedHint"];
    assert_eq!(busctl(&locked).await, "b true");
    assert!(session.screen_is_locked().await);
    session.unlock_screen().await;
    assert_eq!(busctl(&locked).await, "b false");
    let seen = |text: &str| monitor.log().lines().filter(|line| line.contains(text)).count();
    wait_until("two signals of sleep", PATIENCE, || seen(r#""member":"PrepareForSleep""#) == 2).await;
    wait_until("the signal of the lock", PATIENCE, || seen(r#""member":"Lock""#) >= 1).await;
    wait_until("the change of the hint", PATIENCE, || seen("LockedHint") >= 2).await;

    session.stop_login().await;
    assert!(!session.run("busctl", &[&address, "status", name]).await.success);
    session.start_login().await;
    assert!(session.run("busctl", &[&address, "status", name]).await.success);
}

#[tokio::test]
async fn the_login_service_knows_who_holds_up_sleep() {
    let session = Session::start(Options { login: true, ..Options::bare() }).await;
    let program = Builder::address(session.env()["DBUS_SYSTEM_BUS_ADDRESS"].as_str()).expect("an address");
    let program = program.build().await.expect("a connection");
    let name = Some("org.freedesktop.login1");
    let seats = Some("org.freedesktop.login1.Manager");
    let body = ("sleep", "Sample", "a call is going on", "delay");

    let reply = program.call_method(name, "/org/freedesktop/login1", seats, "Inhibit", &body).await.expect("a lock");
    let lock: zbus::zvariant::OwnedFd = reply.body().deserialize().expect("a file");
    drop(reply);

    let held = session.inhibitors();
    assert_eq!((held.len(), held[0].who.as_str(), held[0].mode.as_str()), (1, "Sample", "delay"));
    drop(lock);
    wait_until("the lock to be released", PATIENCE, || session.inhibitors().is_empty()).await;
}

#[tokio::test]
async fn keys_go_to_the_window_with_the_focus() {
    let session = Session::start(Options { frames: true, ..Options::bare() }).await;
    let left = session.xterm("left").await;
    let right = session.xterm("right").await;
    session.type_text("to the right: +49 30/1 %20").await;
    right.has_typed("to the right: +49 30/1 %20").await;
    assert_eq!(left.typed(), "");

    let active = session.focus("left").await;
    assert_eq!((active.title.as_str(), active.class.as_str()), ("left", "XTerm"));
    session.type_text("left").await;
    session.key("Return").await;

    left.has_typed("left\n").await;
    assert_eq!(right.typed(), "to the right: +49 30/1 %20");
}

#[tokio::test]
async fn selections_can_be_offered_and_read() {
    let session = Session::start(Options::bare()).await;
    assert_eq!(session.selection("primary").await, None);

    let offered = session.offer_selection("primary", "+49 30 1234").await;

    assert_eq!(session.selection("primary").await.as_deref(), Some("+49 30 1234"));
    assert_eq!(session.selection("clipboard").await, None);
    drop(offered);
}

#[tokio::test]
async fn links_reach_the_registered_program() {
    let session = Session::start(Options::bare()).await;
    let recorder = session.record_links("tel").await;

    let opened = session.xdg_open("tel:+49301").await;
    assert!(opened.success, "{}", opened.stderr);
    recorder.received("tel:+49301").await;
    let opened = session.gio_open("tel:+49302").await;
    assert!(opened.success, "{}", opened.stderr);
    recorder.received("tel:+49302").await;
    assert_eq!(recorder.links().len(), 2);
}

#[tokio::test]
async fn a_muted_wire_is_silent_and_open() {
    let (mut proxy, mut near, mut far) = wire().await;
    near.write_all(b"one").await.expect("an open wire");
    assert_eq!(receive(&mut far, 3).await, b"one");

    proxy.mute();
    near.write_all(b"two").await.expect("a wire that looks open");
    far.write_all(b"three").await.expect("a wire that looks open");
    let mut buffer = [0; 8];
    assert!(tokio::time::timeout(QUIET, far.read(&mut buffer)).await.is_err());
    assert!(tokio::time::timeout(QUIET, near.read(&mut buffer)).await.is_err());
    proxy.unmute();

    assert_eq!(receive(&mut far, 3).await, b"two");
    assert_eq!(receive(&mut near, 5).await, b"three");
    assert_eq!((proxy.open(), proxy.accepted(), proxy.bytes()), (1, 1, 11));
    proxy.refuse().await;
    near.write_all(b"four").await.expect("refusing leaves what exists");
    assert_eq!(receive(&mut far, 4).await, b"four");
}

#[tokio::test]
async fn a_cut_wire_resets_both_sides_and_can_come_back() {
    let (mut proxy, mut near, mut far) = wire().await;

    proxy.mute();
    proxy.cut();
    for side in [&mut near, &mut far] {
        let problem = side.read(&mut [0; 8]).await.expect_err("a reset");
        assert_eq!(problem.kind(), std::io::ErrorKind::ConnectionReset);
    }
    wait_until("the wire to close", PATIENCE, || proxy.open() == 0).await;

    proxy.refuse().await;
    let problem = TcpStream::connect(proxy.address()).await.expect_err("a refusal");
    assert_eq!(problem.kind(), std::io::ErrorKind::ConnectionRefused);
    proxy.accept_again();
    TcpStream::connect(proxy.address()).await.expect("a wire again");
}

#[tokio::test]
async fn a_closed_wire_closes_the_other_side() {
    let (_proxy, mut near, far) = wire().await;

    drop(far);

    let mut rest = Vec::new();
    near.read_to_end(&mut rest).await.expect("an orderly end");
    assert!(rest.is_empty());
}

/// A proxy with one connection through it: both ends.
async fn wire() -> (MuteProxy, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let proxy = MuteProxy::start(listener.local_addr().expect("a port")).await;
    let near = TcpStream::connect(proxy.address()).await.expect("the proxy accepts");
    let (far, _) = listener.accept().await.expect("the proxy connects");
    (proxy, near, far)
}

async fn receive(from: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut buffer = vec![0; length];
    let read = tokio::time::timeout(PATIENCE, from.read_exact(&mut buffer)).await;
    read.expect("bytes in time").expect("an open wire");
    buffer
}

/// Starts `notify-send`, which ends when its notice is gone and writes the key of the pressed button.
fn notify(session: &Session, options: &[&str], summary: &str, body: &str) -> Running {
    let mut command = session.command("notify-send");
    command.args(options).args([summary, body]);
    session.spawn(&format!("notify-{}", summary.len()), command)
}

async fn said(mut program: Running) -> String {
    program.exited().await;
    program.log().trim().to_owned()
}

async fn withdraw(session: &Session, id: u32) {
    let name = "org.freedesktop.Notifications";
    let path = "/org/freedesktop/Notifications";
    let bus = session.session_bus();
    bus.call_method(Some(name), path, Some(name), "CloseNotification", &(id,)).await.expect("a withdrawn notice");
}

/// The processes that belong to the session in `root`, found without the harness.
fn marked(root: &Path) -> Vec<PathBuf> {
    let root = root.display().to_string();
    let processes = std::fs::read_dir("/proc").expect("a list of processes").flatten().map(|entry| entry.path());
    let belongs = |path: &PathBuf| {
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&root)
    };
    processes.filter(belongs).collect()
}
