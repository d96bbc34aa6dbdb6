//! The working middle of Trayphone: one actor, sockets, timers, settings and history.
//!
//! Start reading at [`start`]; the desktop is reached only through the traits of [`ports`].
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod actor;
mod disk;
pub mod dumps;
mod files;
mod heap;
pub mod history;
pub mod lock;
mod marks;
mod net;
pub mod ports;
pub mod settings;

pub use actor::LONGEST_ANSWER;
pub use disk::Disk;
pub use phone_pbx::{kinds, offered_kinds};
pub use ports::{EnvironmentProxies, Proxies, ProxyFuture, SystemEvent, Vault, VaultError, VaultFuture};

use std::path::PathBuf;
use std::sync::Arc;

use phone_core::{DesktopSettings, Event, Reason, Reply, Request, View, request::Answer};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What the engine is given at its start.
pub struct Options {
    /// Folder of the settings file.
    pub config_dir: PathBuf,
    /// Folder of history and logs.
    pub state_dir: PathBuf,
    /// Where secrets live.
    pub vault: Arc<dyn Vault>,
}

/// What somebody changes of the desktop settings, whatever they are when its turn comes.
pub(crate) type DesktopChange = Box<dyn FnOnce(&mut DesktopSettings) + Send>;

/// Everything that can enter the actor from outside its own sockets.
pub(crate) enum Asked {
    Request(Request, oneshot::Sender<Answer>),
    System(SystemEvent),
    Desktop(DesktopChange, oneshot::Sender<Answer>),
    Hint(phone_core::view::Hint, bool),
}

/// Why the engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no runtime to run on.
    #[error("the engine needs a runtime to run on")]
    NoRuntime,
}

/// Starts the engine on the current runtime; it ends when the last [`Handle`] is dropped.
///
/// # Errors
/// [`StartError::NoRuntime`] outside a runtime.
pub fn start(options: Options) -> Result<Handle, StartError> {
    start_with(options, Arc::new(EnvironmentProxies))
}

/// Starts the engine as [`start`] does, with another source of proxies than the environment.
///
/// # Errors
/// [`StartError::NoRuntime`] outside a runtime.
pub fn start_with(options: Options, proxies: Arc<dyn Proxies>) -> Result<Handle, StartError> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(StartError::NoRuntime);
    }
    Ok(actor::start(options, proxies))
}

/// A cheap, clonable way to the running engine.
#[derive(Clone)]
pub struct Handle {
    pub(crate) inbox: mpsc::Sender<Asked>,
    pub(crate) view: watch::Receiver<Arc<View>>,
    pub(crate) people: watch::Receiver<u64>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) desktop: watch::Receiver<DesktopSettings>,
    pub(crate) disk: Disk,
}

impl Handle {
    /// Asks the engine and waits for its answer.
    pub async fn ask(&self, request: Request) -> Answer {
        let (answer, heard) = oneshot::channel();
        if self.inbox.send(Asked::Request(request, answer)).await.is_err() {
            return Err(Reason::NoAgent.into());
        }
        heard.await.unwrap_or_else(|_| Err(Reason::NoAgent.into()))
    }

    /// Tells the engine what happened to the machine.
    pub async fn system(&self, event: SystemEvent) {
        self.inbox.send(Asked::System(event)).await.ok();
    }

    /// Sets or clears a hint shown in the view; one hint an `about`.
    pub async fn hint(&self, hint: phone_core::view::Hint, shown: bool) {
        self.inbox.send(Asked::Hint(hint, shown)).await.ok();
    }

    /// The newest view, and every later one.
    pub fn view(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// The newest revision of people, and every later one.
    pub fn people(&self) -> watch::Receiver<u64> {
        self.people.clone()
    }

    /// Events from now on; a reader that lags misses the oldest, and learns that.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Desktop settings now and after every change.
    pub fn desktop(&self) -> watch::Receiver<DesktopSettings> {
        self.desktop.clone()
    }

    /// The writer of settings and history, whose last words a program should wait for at its end.
    pub fn disk(&self) -> Disk {
        self.disk.clone()
    }

    /// Stores desktop settings, in place of all that are there.
    ///
    /// # Errors
    /// What kept the settings file from being written.
    pub async fn set_desktop(&self, settings: DesktopSettings) -> Result<Reply, phone_core::Trouble> {
        self.change_desktop(move |now| *now = settings).await
    }

    /// Changes desktop settings; of two changes at once none undoes the other.
    ///
    /// # Errors
    /// What kept the settings file from being written.
    pub async fn change_desktop(
        &self,
        change: impl FnOnce(&mut DesktopSettings) + Send + 'static,
    ) -> Result<Reply, phone_core::Trouble> {
        let (answer, heard) = oneshot::channel();
        if self.inbox.send(Asked::Desktop(Box::new(change), answer)).await.is_err() {
            return Err(Reason::NoAgent.into());
        }
        heard.await.unwrap_or_else(|_| Err(Reason::NoAgent.into()))
    }
}
