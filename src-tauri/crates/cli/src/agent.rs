//! The agent without a desktop: engine and control socket in the foreground.

use std::future::Future;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use phone_control::{BindError, Phone, bind, serve, takes_files};
use phone_core::request::{Answer, Check};
use phone_core::{Code, Event, Reason, Reply, Request, View};
use phone_engine::{Handle, Options, Vault};
use phone_vault::{KeyringVault, MemoryVault};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, watch};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::arguments::{Agent, VaultKind};
use crate::failure::Failure;
use crate::output::Output;

/// How long threads of libraries may hold up the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is written unless `TRAYPHONE_LOG` says otherwise; the crates below us are chatty at `info`.
const USUAL: &str = "info,zbus=warn";

#[derive(Serialize)]
struct Done {
    ok: bool,
}

/// Runs the agent until it is told to end.
///
/// # Errors
/// Another agent on the same socket, or what keeps this one from starting.
pub fn run(wanted: &Agent, socket: &Path, output: &Output) -> Result<(), Failure> {
    phone_engine::dumps::none();
    let broken = |error: &dyn std::fmt::Display| Failure::from(Reason::NotAvailable).because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| broken(&error))?;
    let result = runtime.block_on(serve_until_told(wanted, socket));
    runtime.shutdown_timeout(LAST_WORDS);
    result?;
    output.show(&Done { ok: true }, |_| {})
}

async fn serve_until_told(wanted: &Agent, socket: &Path) -> Result<(), Failure> {
    let listener = bind(socket).map_err(|error| not_bound(&error))?;
    let config_dir = folder(wanted.config_dir.as_deref(), "XDG_CONFIG_HOME", ".config")?;
    let state_dir = folder(wanted.state_dir.as_deref(), "XDG_STATE_HOME", ".local/state")?;
    start_logs();
    for folder in [&config_dir, &state_dir] {
        // One that a program made which came before us may let others look into it; what else is wrong is told later.
        phone_control::private_folder(folder).ok();
    }
    let place = format!("socket {}", socket.display());
    let _claim = phone_engine::lock::claim(&[&config_dir, &state_dir], &place).await.map_err(|held| not_free(&held))?;
    let broken = |error: &dyn std::fmt::Display| Failure::from(Reason::NotAvailable).because(error);
    let mut ended = signal(SignalKind::terminate()).map_err(|error| broken(&error))?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| broken(&error))?;
    let vault: Arc<dyn Vault> = match wanted.vault {
        VaultKind::Keyring => Arc::new(KeyringVault::default()),
        VaultKind::Memory => Arc::new(MemoryVault::default()),
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), socket = %socket.display(), "the agent starts");
    let folders = [config_dir.clone(), state_dir.clone()];
    let engine = phone_engine::start(Options { config_dir, state_dir, vault }).map_err(|error| broken(&error))?;
    let disk = engine.disk();
    let serving = tokio::spawn(serve(listener, Arc::new(Headless { engine, vault: wanted.vault, folders })));
    tokio::select! {
        _ = ended.recv() => {}
        _ = interrupted.recv() => {}
    }
    tracing::info!("the agent ends");
    // The socket goes before the program does, so that the next one finds its place free.
    serving.abort();
    serving.await.ok();
    if !disk.finish(LAST_WORDS) {
        tracing::warn!("the last settings or calls could not be written");
    }
    Ok(())
}

fn not_free(held: &phone_engine::lock::Held) -> Failure {
    let mut failure = Failure::from(Reason::NotAvailable);
    failure.trouble.text = format!("Another Trayphone agent ({}) uses the folder {}.", held.by, held.folder.display());
    failure.trouble.remedy = Some("Use that one, end it, or name other folders with --config-dir and --state-dir.".to_owned());
    failure
}

fn not_bound(error: &BindError) -> Failure {
    let mut failure = Failure::from(Reason::NotAvailable);
    failure.trouble.text = match error {
        BindError::AlreadyRunning => "Another Trayphone agent is running on this socket.".to_owned(),
        BindError::Io { path, .. } => format!("The control socket {} cannot be opened.", path.display()),
    };
    failure.trouble.remedy = match error {
        BindError::AlreadyRunning => Some("Use that one, end it, or name another socket with --socket.".to_owned()),
        BindError::Io { .. } => Some("Check the folder, or name another socket with --socket.".to_owned()),
    };
    failure.trouble.detail = std::error::Error::source(error).map(ToString::to_string);
    failure
}

/// The folder that was named, else ours in the user's place for it.
fn folder(named: Option<&Path>, variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return std::path::absolute(named).map_err(|error| Failure::usage(error.to_string()));
    }
    phone_control::user_folder(variable, below_home)
        .map(|base| base.join("trayphone"))
        .ok_or_else(|| Failure::usage("HOME is not set; name --config-dir and --state-dir"))
}

fn start_logs() {
    let wanted = std::env::var("TRAYPHONE_LOG").unwrap_or_else(|_| USUAL.to_owned());
    let filter: Targets = wanted.parse().or_else(|_| USUAL.parse()).unwrap_or_default();
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().log_internal_errors(false).with_ansi(colours).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        // What a panic says may quote what it was working on, so only its place is told.
        tracing::error!("a part of the agent failed{place}");
    }));
}

/// The engine as clients of the socket see it.
struct Headless {
    engine: Handle,
    vault: VaultKind,
    /// Those of settings and history.
    folders: [PathBuf; 2],
}

impl Headless {
    /// Whether settings and history can be written down.
    fn places(&self) -> Check {
        let refused = self.folders.iter().find_map(|folder| Some((folder, takes_files(folder).err()?)));
        match refused {
            None => Check::fine("folders", "Settings and history can be written."),
            Some((folder, error)) => {
                let text = format!("The folder {} cannot be written to ({error}).", folder.display());
                Check::problem("folders", &text, "Give it to this user; until then nothing there is kept.")
            }
        }
    }

    fn keyring(&self) -> Check {
        if self.vault == VaultKind::Memory {
            return Check::not_here("keyring", "Passwords are kept in memory only.");
        }
        let view = self.engine.view();
        let view = view.borrow();
        let mut whys = view.accounts.iter().filter_map(|account| account.why.as_ref());
        match whys.find(|why| matches!(why.code, Code::KeyringLocked | Code::KeyringAbsent)) {
            Some(why) => Check::problem("keyring", &why.text, why.remedy.as_deref().unwrap_or_default()),
            None => Check::fine("keyring", "No account waits for the keyring."),
        }
    }
}

impl Phone for Headless {
    fn ask(&self, request: Request) -> impl Future<Output = Answer> + Send {
        let is_examination = matches!(request, Request::Checks);
        async move {
            let mut reply = self.engine.ask(request).await?;
            if let (true, Reply::Checks(checks)) = (is_examination, &mut reply) {
                let runs = format!("Trayphone {} runs without a desktop.", env!("CARGO_PKG_VERSION"));
                let mut ours = vec![Check::fine("agent", &runs), self.places(), self.keyring()];
                let text = "An agent without a desktop does not need it.";
                let of_desktop = ["tray host", "notifications", "hotkey", "url handler"];
                ours.extend(of_desktop.map(|name| Check::not_here(name, text)));
                checks.splice(0..0, ours);
            }
            Ok(reply)
        }
    }

    fn view(&self) -> watch::Receiver<Arc<View>> {
        self.engine.view()
    }

    fn people(&self) -> watch::Receiver<u64> {
        self.engine.people()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.engine.events()
    }
}
