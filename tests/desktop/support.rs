//! The real programs in a session of the tests: started, watched, asked, and ended.
//!
//! ```ignore
//! let session = Session::start(Options::default()).await;
//! let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
//! let agent = AgentUnderTest::signed_in(&session, &pbx).await;
//! pbx.ring("+493023125117", "Mara Beispiel", "204");
//! agent.wait_view("a ringing call", |view| !view.calls.is_empty()).await;
//! agent.ends_well(&pbx).await;
//! ```
#![expect(dead_code, reason = "each test program uses a part of this")]

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use phone_control::Client;
use phone_control::client::{NewAccount, Notices, Told};
use phone_control::protocol::{AccountReply, Stream};
use phone_core::call::CallState;
use phone_core::request::Check;
use phone_core::view::{CallView, LinkName};
use phone_core::{AccountName, Event, EventName, Secret, Trouble, View};
use phone_tests::desktop::{Finished, MenuEntry, PATIENCE, Pixmap, Running, Session, TrayItem, artefact, wait_for, wait_until};
use phone_tests::vodia::{FakeVodia, Generation, Options as FakeOptions};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What must come at once on the screen still has this long, as the machine may be busy.
pub const PROMPTLY: Duration = Duration::from_secs(3);

/// Long enough to see that something does not come.
pub const QUIET: Duration = Duration::from_millis(700);

/// The user of the fake PBX and their password.
pub const USER: (&str, &str) = ("204@tenant.example", "Sample-Pw9");

/// The agent's name in the tray.
pub const TRAY_ID: &str = "trayphone";

/// Options of a fake PBX that answers at once and never lets a dialled number answer by itself.
pub fn fake(generation: Generation) -> FakeOptions {
    FakeOptions::new(generation)
}

/// The real program `name`, built beforehand.
///
/// # Panics
/// When it was not built; says how.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    // target/debug/deps/desktop_calls-0123 -> target/debug
    let folder = test.parent().and_then(Path::parent).expect("a folder of programs above the tests");
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is missing: run `make build`, or build the same profile as this test with `cargo build -p {name}`",
        path.display()
    );
    path
}

/// What stands beside the agent as the program of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// A program that only records how it was called; see [`AgentUnderTest::window_calls`].
    #[default]
    Recorded,
    /// The real window.
    Real,
    /// Nothing.
    Missing,
}

/// Puts the agent into a folder of the session, beside the program of the window that is wanted.
pub fn install(session: &Session, window: Window) -> PathBuf {
    let folder = session.root().join("programs");
    fs::create_dir_all(&folder).expect("a folder for programs");
    let place = |name: &str| {
        let (from, to) = (program(name), folder.join(name));
        match fs::hard_link(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // Another file system.
            Err(_) => drop(fs::copy(&from, &to).expect("a copy of the program")),
        }
    };
    place("trayphone");
    let beside = folder.join("trayphone-window");
    match window {
        Window::Missing => {}
        Window::Real => place("trayphone-window"),
        Window::Recorded => {
            let script = format!("#!/bin/sh\necho \"window $*\" >> '{}'\n", window_file(session).display());
            fs::write(&beside, script).expect("a program that records");
            fs::set_permissions(&beside, fs::Permissions::from_mode(0o700)).expect("a program that can be run");
        }
    }
    folder.join("trayphone")
}

fn window_file(session: &Session) -> PathBuf {
    session.root().join("window-calls")
}

/// How an agent is started.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables beyond those of the session.
    pub environment: Vec<(String, String)>,
    /// What stands beside it as its window.
    pub window: Window,
    /// The command line that the program's own follows, such as one that enters a network.
    pub within: Vec<String>,
}

/// A running agent with a connection to its control socket.
pub struct AgentUnderTest<'a> {
    session: &'a Session,
    running: Running,
    program: PathBuf,
    /// The connection; its requests run beside what is followed.
    pub client: Client,
    views: watch::Receiver<View>,
    events: Arc<Mutex<Vec<Event>>>,
    following: JoinHandle<()>,
}

impl Drop for AgentUnderTest<'_> {
    fn drop(&mut self) {
        self.following.abort();
        if std::thread::panicking() {
            eprintln!("--- the agent's log\n{}\n--- its last view\n{:#?}", self.log(), *self.views.borrow());
        }
    }
}

impl<'a> AgentUnderTest<'a> {
    /// Starts the agent and waits until it answers and, where there is a tray, stands in it.
    pub async fn start(session: &'a Session) -> Self {
        Self::start_with(session, Start::default()).await
    }

    /// Starts the agent in a special way.
    pub async fn start_with(session: &'a Session, start: Start) -> Self {
        let program = install(session, start.window);
        let mut words = start.within.iter().map(PathBuf::from).chain([program.clone()]);
        let mut command = session.command(words.next().expect("a program"));
        command.args(words).args(&start.arguments).env("TRAYPHONE_LOG", "debug,zbus=warn,ksni=warn").envs(start.environment);
        let running = session.spawn("trayphone", command);
        let (client, notices) = connect(&socket(session)).await;
        let first = client.view().await.expect("a view");
        client.subscribe(&[Stream::View, Stream::CallEvent]).await.expect("two streams to follow");
        let (shown, views) = watch::channel(first);
        let events = Arc::default();
        let following = tokio::spawn(follow(notices, shown, Arc::clone(&events)));
        let agent = Self { session, running, program, client, views, events, following };
        if session.has_tray_host().await {
            agent.tray().await;
        }
        agent
    }

    /// Starts the agent and signs it in as 204 with the account `office`.
    pub async fn signed_in(session: &'a Session, pbx: &FakeVodia) -> Self {
        let agent = Self::start(session).await;
        agent.add_account("office", pbx).await.expect("an account");
        agent.online().await;
        agent
    }

    /// Adds an account of 204 at `pbx`.
    pub async fn add_account(&self, name: &str, pbx: &FakeVodia) -> Result<AccountReply, Trouble> {
        let account = NewAccount {
            name: AccountName::parse(name).expect("a plain word"),
            kind: "vodia".to_owned(),
            url: pbx.url(),
            domain: None,
            user: Some(USER.0.to_owned()),
            pin: None,
            keys: std::collections::BTreeMap::new(),
        };
        self.client.add_account(&account, Some(&Secret::new(USER.1.to_owned()))).await
    }

    /// Waits until all accounts, at least one, are online, and their name and abilities are known.
    pub async fn online(&self) -> View {
        self.wait_view("all accounts online", |view| {
            let ready = |link, name: &Option<String>| link == LinkName::Online && name.is_some();
            !view.accounts.is_empty() && view.accounts.iter().all(|account| ready(account.link, &account.display_name))
        })
        .await
    }

    /// The newest view that arrived.
    pub fn view(&self) -> View {
        self.views.borrow().clone()
    }

    /// Waits until a view is as wanted.
    pub async fn wait_view(&self, what: &str, holds: impl FnMut(&View) -> bool) -> View {
        self.wait_view_for(PATIENCE, what, holds).await
    }

    /// Waits at most `limit` until a view is as wanted.
    pub async fn wait_view_for(&self, limit: Duration, what: &str, mut holds: impl FnMut(&View) -> bool) -> View {
        let mut views = self.views.clone();
        let found = tokio::time::timeout(limit, views.wait_for(|view| holds(view))).await;
        match found {
            Ok(Ok(view)) => view.clone(),
            Ok(Err(_)) => panic!("the agent is gone while waiting for: {what}"),
            Err(_) => panic!("not within {limit:?}: {what}; the view is {:#?}", self.view()),
        }
    }

    /// Waits until the only call is in `state`, and returns it.
    pub async fn only_call(&self, state: CallState) -> CallView {
        let is = |view: &View| matches!(view.calls.as_slice(), [call] if call.state == state);
        self.wait_view(&format!("one call, {state:?}"), is).await.calls.remove(0)
    }

    /// Waits until there is no call.
    pub async fn no_call(&self) -> View {
        self.wait_view("no call", |view| view.calls.is_empty()).await
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().expect("no panic while held").clone()
    }

    /// How often an event has come.
    pub fn count(&self, name: EventName) -> usize {
        self.events().iter().filter(|event| event.event == name).count()
    }

    /// Waits until an event has come so often.
    pub async fn counted(&self, name: EventName, times: usize) {
        wait_until(&format!("{name:?}, {times} times"), PATIENCE, || self.count(name) >= times).await;
    }

    /// The icon as it stands in the tray.
    pub async fn tray(&self) -> TrayItem {
        self.tray_where("an icon", |_| true).await
    }

    /// Waits until the icon is as wanted.
    pub async fn tray_where(&self, what: &str, holds: impl Fn(&TrayItem) -> bool) -> TrayItem {
        self.session.tray_item_where(&format!("the tray to show {what}"), |item| item.id == TRAY_ID && holds(item)).await
    }

    /// Waits until the icon's picture is the mark `name` of `icons/tray`, without a count of missed calls.
    pub async fn tray_shows(&self, name: &str) -> TrayItem {
        wait_for(&format!("the mark {name} in the tray"), PATIENCE, async || {
            let items = self.session.tray_items().await;
            let item = items.into_iter().find(|item| item.id == TRAY_ID)?;
            (mark(&item).as_deref() == Some(name)).then_some(item)
        })
        .await
    }

    /// The menu of the icon.
    pub async fn menu(&self) -> MenuEntry {
        self.session.menu(&self.tray().await).await
    }

    /// Waits until the menu of the icon is as wanted.
    pub async fn menu_where(&self, what: &str, holds: impl Fn(&MenuEntry) -> bool) -> MenuEntry {
        self.session.menu_where(&self.tray().await, what, holds).await
    }

    /// Chooses an entry of the icon's menu, as soon as it can be chosen.
    pub async fn press_menu(&self, label: &str) {
        self.session.press_menu(&self.tray().await, label).await;
    }

    /// Calls the agent's program once more, as a desktop or another program does.
    pub async fn call_again(&self, arguments: &[&str]) -> Finished {
        self.session.run(&self.program.display().to_string(), arguments).await
    }

    /// How the window's program was called so far, one line a call.
    pub fn window_calls(&self) -> Vec<String> {
        fs::read_to_string(window_file(self.session)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The agent's examination of itself.
    pub async fn doctor(&self) -> Vec<Check> {
        self.client.doctor().await.expect("an examination")
    }

    /// One entry of the agent's examination of itself.
    pub async fn check(&self, name: &str) -> Check {
        let checks = self.doctor().await;
        checks.iter().find(|check| check.name == name).cloned().unwrap_or_else(|| panic!("no check {name} among {checks:#?}"))
    }

    /// The agent's process.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// The process itself, for tests that freeze it.
    pub fn running(&mut self) -> &mut Running {
        &mut self.running
    }

    /// Everything the agent wrote into its log and to its outputs.
    pub fn log(&self) -> String {
        let folder = self.session.home().join(".local/state/trayphone");
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let logs = files.filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "log"));
        logs.filter_map(|path| fs::read_to_string(path).ok()).collect::<String>() + &self.running.log()
    }

    /// Kills the agent where it stands (SIGKILL).
    pub fn kill(mut self) {
        self.running.kill();
    }

    /// Asks the agent to end (SIGTERM), and checks that it does so without complaint.
    pub async fn stop(mut self) {
        let status = self.running.terminate().await;
        assert!(status.success(), "the agent ended with {status}");
        self.has_not_failed();
    }

    /// Ends the agent, and checks that neither it nor the PBX has anything to complain about.
    pub async fn ends_well(self, pbx: &FakeVodia) {
        assert_eq!(pbx.violations(), Vec::<String>::new());
        self.stop().await;
        assert_eq!(pbx.violations(), Vec::<String>::new());
    }

    /// Checks that no part of the agent has panicked.
    pub fn has_not_failed(&self) {
        let log = self.log();
        assert!(!log.contains("a part of the agent failed") && !log.contains("panicked at"), "{log}");
    }
}

/// Runs `trayphonectl` in the session, with `input` at its standard input.
pub async fn trayphonectl(session: &Session, arguments: &[&str], input: &str) -> Finished {
    let mut command = session.command(program("trayphonectl"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = async {
        let mut child = command.spawn().expect("trayphonectl starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("a short input fits into the pipe");
        drop(stdin);
        tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("no panic").expect("its outputs")
    };
    // Longer than the longest wait of its contract.
    let output = tokio::time::timeout(PATIENCE + Duration::from_secs(10), run).await.expect("trayphonectl ends");
    Finished {
        success: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The control socket of the session.
pub fn socket(session: &Session) -> PathBuf {
    session.root().join("run/trayphone/control.sock")
}

/// Connects to the agent of the session as soon as it answers.
pub async fn connect(socket: &Path) -> (Client, Notices) {
    wait_for("an agent at the control socket", PATIENCE, async || Client::connect(socket, "desktop-test").await.ok()).await
}

async fn follow(mut notices: Notices, shown: watch::Sender<View>, events: Arc<Mutex<Vec<Event>>>) {
    while let Some(notice) = notices.recv().await {
        match notice.told() {
            Told::View(view) => drop(shown.send_replace(*view)),
            Told::Event(event) => events.lock().expect("no panic while held").push(*event),
            Told::Presence(_) | Told::Show(_) | Told::Other => {}
        }
    }
}

/// Which mark of `icons/tray` the icon shows; with ` +` behind it when something else, the count of missed calls, lies
/// over its upper right corner. None for any other picture.
pub fn mark(item: &TrayItem) -> Option<String> {
    const MARKS: [&str; 10] =
        ["signed-out", "connecting", "online", "ringing-1", "ringing-2", "in-call", "dnd", "away", "busy", "offline"];
    let shown = item.icon_pixmaps.iter().find(|picture| picture.width == 22)?;
    let drawn = |panel: &str| MARKS.map(|name| (name, picture(panel, name)));
    let all: Vec<_> = ["dark", "light"].into_iter().flat_map(drawn).collect();
    if let Some((name, _)) = all.iter().find(|(_, drawn)| drawn.argb == shown.argb) {
        return Some((*name).to_owned());
    }
    let same_below = |drawn: &Pixmap| {
        let rows = |picture: &Pixmap| picture.argb[picture.argb.len() / 2..].to_vec();
        rows(drawn) == rows(shown)
    };
    all.iter().find(|(_, drawn)| same_below(drawn)).map(|(name, _)| format!("{name} +"))
}

fn picture(panel: &str, name: &str) -> Pixmap {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace above");
    let path = root.join(format!("icons/tray/{panel}/{name}-22.png"));
    let file = fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut decoder = png::Decoder::new(std::io::BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("a picture");
    let argb = match info.color_type {
        png::ColorType::Rgba => pixels.chunks_exact(4).flat_map(|p| [p[3], p[0], p[1], p[2]]).collect(),
        png::ColorType::GrayscaleAlpha => pixels.chunks_exact(2).flat_map(|p| [p[1], p[0], p[0], p[0]]).collect(),
        other @ (png::ColorType::Grayscale | png::ColorType::Rgb | png::ColorType::Indexed) => panic!("{other:?}"),
    };
    Pixmap { width: 22, height: 22, argb }
}

/// Keeps a part of the screen among the artefacts as `name`: the panel with its tray and, below it, the notices.
pub async fn picture_of_corner(session: &Session, name: &str) -> PathBuf {
    picture_of(session, name, "560x200+720+0").await
}

/// Keeps a part of the screen, as `width x height + left + top`, among the artefacts as soon as it has come to rest.
pub async fn picture_of(session: &Session, name: &str, part: &str) -> PathBuf {
    /// A panel that has not drawn for so long has drawn everything.
    const REST: Duration = Duration::from_millis(400);
    let path = artefact(name);
    let file = path.display().to_string();
    let mut looks = tokio::time::interval(REST);
    let mut last = String::new();
    // An icon that moves never comes to rest for long; after ten looks any picture is good.
    for _ in 0..10 {
        looks.tick().await;
        let taken = session.run("import", &["-window", "root", "-crop", part, "+repage", &file]).await;
        assert!(taken.success, "import: {}", taken.stderr);
        let drawn = session.run("identify", &["-format", "%#", &file]).await.stdout;
        if std::mem::replace(&mut last, drawn.clone()) == drawn {
            break;
        }
    }
    path
}

/// Waits until the real window shows a page, and the page stands still.
pub async fn window_is_drawn(session: &Session) {
    /// Longer than it takes a page to be drawn, shorter than a cursor stands between two blinks.
    const STILL: Duration = Duration::from_millis(400);
    // An empty page has a handful of colours, one with words and a button many more.
    const COLOURS: &str = "import -window root -crop 420x680+10+60 png:- | identify -format '%k %#' -";
    let mut last = (String::new(), Instant::now());
    wait_for("a page that stands still", PATIENCE, async || {
        let seen = session.run("sh", &["-c", COLOURS]).await.stdout;
        if last.0 != seen {
            last = (seen, Instant::now());
        }
        let drawn = last.0.split(' ').next().and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count > 40);
        (drawn && last.1.elapsed() > STILL).then_some(())
    })
    .await;
}
