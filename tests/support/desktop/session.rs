//! The session itself: screen, folders, buses, and the parts that come and go.

use super::bus::{self, BusServices, Side};
use super::keyring::{Keyring, Prompter};
use super::login::Login;
use super::notices::NoticeLog;
use super::programs::{self, Finished, MARK, Running};
use super::screen::artefact;
use super::waiting::{PATIENCE, wait_for, wait_until};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tempfile::TempDir;
use zbus::Connection;

/// How long a test waits for its turn on the screen; many sessions may stand before it.
const TURN: Duration = Duration::from_secs(900);

/// Variables of the surrounding session that programs under test may see; all others stay outside.
const PASSED_ON: &[&str] = &["PATH", "TZ", "RUST_BACKTRACE", "RUST_LOG", "LLVM_PROFILE_FILE", "LD_LIBRARY_PATH"];

/// What a session has from its start; every part can come and go later as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// What the session bus starts on demand.
    pub services: BusServices,
    /// Whether windows have frames and focus (xfwm4).
    pub frames: bool,
    /// Whether there is a panel, and with it a tray.
    pub panel: bool,
    /// Whether the panel is dark.
    pub dark_panel: bool,
    /// Whether notifications are shown (dunst).
    pub notices: bool,
    /// State of the keyring.
    pub keyring: Keyring,
    /// Whether the system bus has a login service.
    pub login: bool,
    /// Value of `XDG_CURRENT_DESKTOP`.
    pub desktop: &'static str,
}

impl Default for Options {
    /// A complete desktop with an unlocked keyring.
    fn default() -> Self {
        Self {
            services: BusServices::Chosen,
            frames: true,
            panel: true,
            dark_panel: true,
            notices: true,
            keyring: Keyring::Unlocked,
            login: true,
            desktop: "XFCE",
        }
    }
}

impl Options {
    /// A screen and two empty buses, nothing else.
    pub fn bare() -> Self {
        Self { frames: false, panel: false, notices: false, keyring: Keyring::Absent, login: false, ..Self::default() }
    }
}

/// The parts of a session that can come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Settings,
    Frames,
    Panel,
    Notices,
    Keyring,
}

/// A running desktop session; dropping it ends everything that was started in it.
///
/// At most one exists on a machine at a time: [`Session::start`] waits for its turn.
/// When a test fails, its last screen is kept as an artefact and the logs of all parts are printed.
#[derive(Debug)]
pub struct Session {
    pub(super) options: Options,
    parts: Mutex<BTreeMap<Part, Running>>,
    environment: BTreeMap<String, String>,
    pub(super) bus: Connection,
    pub(super) notice_log: NoticeLog,
    /// How many of the keyring's prompts the test has answered.
    pub(super) answered_prompts: AtomicUsize,
    pub(super) login: Mutex<Option<Login>>,
    pub(super) side: Side,
    // Screen and buses go after all else that uses them.
    core: Vec<Running>,
    root: Option<TempDir>,
    _turn: File,
}

impl Session {
    /// Starts a session and waits until every part that `options` names is ready.
    pub async fn start(options: Options) -> Self {
        let turn = turn().await;
        let root = tempfile::Builder::new().prefix("trayphone-").tempdir().expect("a temporary folder");
        let watchdog = programs::watch_over(root.path());
        let mut environment = environment(root.path(), &options);
        for folder in ["home/.config", "home/.local/share", "home/.local/state", "home/.cache", "run", "logs", "services"] {
            fs::create_dir_all(root.path().join(folder)).expect("the folders of the session");
        }
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(root.path().join("run"), private).expect("a runtime folder nobody else can read");

        let (screen, display) = start_screen(root.path(), command("Xvfb", &environment));
        environment.insert("DISPLAY".to_owned(), display);
        let services = match options.services {
            BusServices::Chosen => Some(format!("<servicedir>{}</servicedir>", root.path().join("services").display())),
            BusServices::Without => None,
            BusServices::Installed => Some("<standard_session_servicedirs/>".to_owned()),
        };
        let start_bus = |name: &str, services: Option<&str>| {
            let socket = root.path().join("run").join(name);
            bus::start(name, command("dbus-daemon", &environment), &root.path().join("logs"), &socket, services)
        };
        let core = vec![start_bus("bus", services.as_deref()), start_bus("system-bus", None), screen, watchdog];

        let side = Side::start();
        let address = environment["DBUS_SESSION_BUS_ADDRESS"].clone();
        let bus = side.run(async move { bus::connect(&address).await }).await;
        let notice_log = NoticeLog::start(&side, &environment["DBUS_SESSION_BUS_ADDRESS"]).await;

        let session = Self {
            options,
            parts: Mutex::default(),
            environment,
            bus,
            notice_log,
            answered_prompts: AtomicUsize::new(0),
            login: Mutex::default(),
            side,
            core,
            root: Some(root),
            _turn: turn,
        };
        session.start_parts().await;
        session
    }

    /// All environment variables of a program in this session; nothing else must be passed on.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A command that will run in this session, with exactly the environment of [`Session::env`].
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        command(program.as_ref(), &self.environment)
    }

    /// Starts `command`, usually made by [`Session::command`], with both outputs in a log named `name`.
    pub fn spawn(&self, name: &str, mut command: Command) -> Running {
        command.stdin(Stdio::null());
        Running::start(name, command, &self.log(name))
    }

    /// Runs a program to its end.
    ///
    /// # Panics
    /// When it takes longer than [`PATIENCE`].
    pub async fn run(&self, program: &str, arguments: &[&str]) -> Finished {
        let finished = self.run_for(PATIENCE, program, arguments).await;
        finished.unwrap_or_else(|| panic!("`{program} {}` took longer than {PATIENCE:?}", arguments.join(" ")))
    }

    /// Runs a program to its end; none if it takes longer than `timeout`, and then it is killed.
    pub async fn run_for(&self, timeout: Duration, program: &str, arguments: &[&str]) -> Option<Finished> {
        let mut command = self.command(program);
        command.args(arguments);
        programs::run(command, timeout).await
    }

    /// The temporary folder of the session.
    pub fn root(&self) -> &Path {
        self.root.as_ref().expect("the folder lives as long as the session").path()
    }

    /// The home folder.
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// The X display, such as `:4`.
    pub fn display(&self) -> &str {
        &self.environment["DISPLAY"]
    }

    /// The harness's own connection to the session bus.
    pub fn session_bus(&self) -> &Connection {
        &self.bus
    }

    /// Whether somebody owns `name` on the session bus.
    pub async fn is_on_bus(&self, name: &str) -> bool {
        bus::is_owned(&self.bus, name).await
    }

    /// Ids of all processes that run in this session, the harness's own parts included.
    pub fn processes(&self) -> Vec<i32> {
        programs::marked(self.root()).into_iter().map(|pid| pid.as_raw_nonzero().get()).collect()
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root().join("logs").join(format!("{name}.log"))
    }

    pub(super) fn keep(&self, part: Part, running: Running) {
        self.parts.lock().expect("no panic while held").insert(part, running);
    }

    pub(super) fn take(&self, part: Part) -> Option<Running> {
        self.parts.lock().expect("no panic while held").remove(&part)
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.parts.lock().expect("no panic while held").contains_key(&part)
    }

    /// Waits until somebody, or nobody, owns `name` on the session bus.
    pub(super) async fn await_owner(&self, name: &str, owned: bool) {
        let what = format!("{name} to {} the bus", if owned { "appear on" } else { "leave" });
        wait_for(&what, PATIENCE, async || (self.is_on_bus(name).await == owned).then_some(())).await;
    }

    /// Lets the bus start `service` on demand; does nothing where the bus has no folder of ours.
    pub(super) async fn allow_service(&self, service: &str) {
        if self.options.services != BusServices::Chosen {
            return;
        }
        let file = format!("{service}.service");
        let installed = Path::new(bus::SERVICE_FILES).join(&file);
        if fs::copy(installed, self.root().join("services").join(&file)).is_err() {
            programs::missing(&file);
        }
        self.reload_services().await;
    }

    /// Forbids the bus to start `service` on demand.
    pub(super) async fn forbid_service(&self, service: &str) {
        // An error says that it was not allowed before.
        let _ = fs::remove_file(self.root().join("services").join(format!("{service}.service")));
        self.reload_services().await;
    }

    async fn reload_services(&self) {
        bus::bus_call::<_, ()>(&self.bus, "ReloadConfig", &()).await.expect("the bus reads its services again");
    }

    async fn start_parts(&self) {
        if self.options.login {
            self.start_login().await;
        }
        if self.options.frames {
            self.start_frames().await;
        }
        if self.options.panel {
            self.start_panel().await;
        }
        if self.options.notices {
            self.start_notices().await;
        }
        match self.options.keyring {
            Keyring::Absent => {}
            Keyring::Unlocked => {
                self.set_prompter(Prompter::Present).await;
                self.keyring_unlocked().await;
            }
            Keyring::Locked(prompter) => self.keyring_locked(prompter).await,
        }
    }

    /// Tells what a failing test needs: the last screen, and the ends of all logs.
    fn tell_failure(&self) {
        const LINES: usize = 25;
        let test = std::thread::current().name().unwrap_or("unnamed").replace("::", "-");
        let picture = artefact(&format!("failed-{test}.png"));
        let mut import = self.command("import");
        import.args(["-window", "root"]).arg(&picture).stdin(Stdio::null()).stderr(Stdio::null());
        if import.status().is_ok_and(|status| status.success()) {
            eprintln!("last screen: {}", picture.display());
        }
        let Ok(logs) = fs::read_dir(self.root().join("logs")) else { return };
        for log in logs.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "log")) {
            let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
            let lines: Vec<_> = text.lines().collect();
            let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
            if !end.is_empty() {
                eprintln!("--- {}\n{end}", log.file_name().unwrap_or_default().display());
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell_failure();
        }
        self.parts.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        self.core.clear();
        if let Some(root) = self.root.take() {
            programs::sweep(root.path());
            // A folder that cannot be removed harms nobody; the next test has its own.
            let _ = root.close();
        }
    }
}

/// Waits for the right to use a screen, and holds it as long as the file is open.
async fn turn() -> File {
    let path = std::env::temp_dir().join("trayphone-desktop-tests.lock");
    let file = File::create(&path).expect("a lock file in the temporary folder");
    wait_until("the screen to be free of other tests", TURN, || file.try_lock().is_ok()).await;
    file
}

/// Starts the screen and returns it with its display name.
fn start_screen(root: &Path, mut command: Command) -> (Running, String) {
    let log = root.join("logs/Xvfb.log");
    let errors = File::create(&log).expect("a log file in the session's folder");
    // Xvfb itself finds a free number and tells it once it is ready.
    command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
    let mut screen = Running::start_keeping_output("Xvfb", command, &log);
    let mut number = String::new();
    let output = screen.child().stdout.take().expect("the screen writes into a pipe");
    let read = BufReader::new(output).read_line(&mut number);
    assert!(read.is_ok() && !number.trim().is_empty(), "Xvfb did not start: {}", screen.log());
    (screen, format!(":{}", number.trim()))
}

fn command(program: impl AsRef<Path>, environment: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear().envs(environment);
    command
}

fn environment(root: &Path, options: &Options) -> BTreeMap<String, String> {
    let within = |folder: &str| root.join(folder).display().to_string();
    let own = [
        (MARK, root.display().to_string()),
        ("HOME", within("home")),
        ("XDG_CONFIG_HOME", within("home/.config")),
        ("XDG_DATA_HOME", within("home/.local/share")),
        ("XDG_STATE_HOME", within("home/.local/state")),
        ("XDG_CACHE_HOME", within("home/.cache")),
        ("XDG_RUNTIME_DIR", within("run")),
        ("XDG_DATA_DIRS", "/usr/local/share:/usr/share".to_owned()),
        ("XDG_CONFIG_DIRS", "/etc/xdg".to_owned()),
        ("XDG_CURRENT_DESKTOP", options.desktop.to_owned()),
        ("XDG_SESSION_TYPE", "x11".to_owned()),
        ("XDG_SESSION_ID", "1".to_owned()),
        ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", within("run/bus"))),
        ("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", within("run/system-bus"))),
        ("LANG", "C.UTF-8".to_owned()),
        ("USER", "tester".to_owned()),
        // No accessibility bus and no settings of the user: both would be started on demand.
        ("NO_AT_BRIDGE", "1".to_owned()),
        ("GTK_A11Y", "none".to_owned()),
        ("GSETTINGS_BACKEND", "memory".to_owned()),
        ("GTK_USE_PORTAL", "0".to_owned()),
        ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
    ];
    let passed_on = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    passed_on.chain(own.into_iter().map(|(name, value)| (name.to_owned(), value))).collect()
}
