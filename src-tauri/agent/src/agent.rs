//! The agent: desktop abilities on one side, the engine on the other, and nothing between them but this wiring.

mod acts;
mod dialling;
mod hints;
mod hotkeys;
mod links;
mod questions;

pub use dialling::Start;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use phone_control::protocol::OpenWindowParams;
use phone_core::pairing::Pairing;
use phone_core::{Reason, View};
use phone_engine::{Handle, SystemEvent};
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;
use zbus::Connection;

use self::hotkeys::Hotkeys;
use crate::arguments::Wish;
use crate::desktop::links::{Clicked, PATIENCE};
use crate::desktop::notices::linux::Health;
use crate::desktop::notices::{self, About, Notice, NoticeChange, Scene};
use crate::desktop::tray;
use crate::desktop::tray::panel::{self, Look};
use crate::desktop::{Act, Asked, Press, login, network};
use crate::files::Files;
use crate::folders::Folders;

/// Between two looks whether another program lies on the disk, while things happen anyway.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Everything that has to do with one user's desktop.
pub struct Agent {
    /// The engine.
    pub engine: Handle,
    /// The user's folders.
    pub folders: Folders,
    /// Work on files in them.
    pub files: Files,
    /// The session bus; none on a desktop without one.
    pub bus: Option<Connection>,
    /// Whether there is a tray host; none while nobody knows.
    pub host: watch::Receiver<Option<bool>>,
    /// How the notification service does.
    pub health: watch::Receiver<Health>,
    /// The hotkeys.
    hotkeys: Hotkeys,
    /// Asks a window that is open to show itself.
    pub show: broadcast::Sender<OpenWindowParams>,
    /// Links of tests of links, as they come in.
    tests: broadcast::Sender<String>,
    began: Instant,
    screen: mpsc::Sender<NoticeChange>,
    locked: watch::Receiver<bool>,
    ending: Ending,
    window: Mutex<Option<acts::Started>>,
    looked: Mutex<Option<Instant>>,
    /// What waits for the window to look at it.
    for_window: Mutex<Option<Asked>>,
    /// What a link wants to have in the form of a sign-in.
    pairing: Mutex<Option<Pairing>>,
    /// What is asked before a dial.
    questions: questions::Questions,
    /// What a window shows that this agent has started.
    window_key: Option<String>,
    /// What is under way.
    room: links::Room,
    /// When what comes too fast was told last, by its words.
    flood_told: Mutex<BTreeMap<String, Instant>>,
}

/// How the agent ends.
#[derive(Default)]
struct Ending {
    asked: Notify,
    restart: Mutex<bool>,
}

/// What [`Desktop::start`] has put on the screen already.
pub struct Desktop {
    presses: (mpsc::Sender<Press>, mpsc::Receiver<Press>),
    opened: mpsc::Receiver<()>,
    views: watch::Sender<Option<Arc<View>>>,
    host: watch::Receiver<Option<bool>>,
    looks: watch::Sender<Look>,
    tray: tokio::task::JoinHandle<()>,
}

impl Desktop {
    /// Puts the icon into the tray: the first thing that happens, because it is what a person looks for.
    pub fn start() -> Self {
        let presses = mpsc::channel(32);
        let (open, opened) = mpsc::channel(1);
        let (views, drawn) = watch::channel(None);
        let (looks, look) = watch::channel(Look::default());
        let (host_here, host) = watch::channel(None);
        let told = tray::linux::Told { presses: presses.0.clone(), host: host_here, opened: open };
        let tray = tokio::spawn(tray::linux::run(told, drawn, look));
        Self { presses, opened, views, host, looks, tray }
    }
}

impl Agent {
    /// Joins the desktop with a running engine.
    pub async fn new(engine: Handle, folders: Folders, desktop: Desktop) -> (Arc<Self>, Running) {
        let bus = Connection::session().await.inspect_err(|error| tracing::warn!("no session bus: {error}")).ok();
        let (screen, orders) = mpsc::channel(64);
        let (health_here, health) = watch::channel(Health::default());
        let pressed = desktop.presses.0.clone();
        let (leave, left) = oneshot::channel();
        // Beside the control socket, which is ours alone and ends with the session.
        let folder = phone_control::default_path().ok().and_then(|socket| Some(socket.parent()?.to_owned()));
        let notices = tokio::spawn(notices::linux::run(bus.clone(), folder, orders, pressed, health_here, left));
        if let Some(bus) = bus.clone() {
            tokio::spawn(panel::watch(bus, desktop.looks.clone()));
        }
        let (locked_here, locked) = watch::channel(false);
        let agent = Arc::new(Self {
            engine,
            folders,
            files: Files::default(),
            bus,
            host: desktop.host.clone(),
            health,
            hotkeys: Hotkeys::default(),
            show: broadcast::channel(4).0,
            tests: broadcast::channel(4).0,
            began: Instant::now(),
            screen,
            locked,
            ending: Ending::default(),
            window: Mutex::default(),
            looked: Mutex::default(),
            for_window: Mutex::default(),
            pairing: Mutex::default(),
            questions: questions::Questions::default(),
            window_key: dialling::random_word(),
            room: links::Room::default(),
            flood_told: Mutex::default(),
        });
        tokio::spawn(agent.clone().follow_system(locked_here));
        tokio::spawn(agent.clone().follow_hotkeys());
        tokio::spawn(agent.clone().follow_hints());
        (agent, Running { desktop, notices, leave })
    }

    /// Whether a link that comes now comes during the start, when accounts may not even have begun to sign in.
    pub fn start(&self) -> Start {
        if self.began.elapsed() < PATIENCE { Start::Cold } else { Start::Warm }
    }

    /// Lets the agent end.
    pub fn quit(&self) {
        self.ending.asked.notify_one();
    }

    /// Lets the agent end and the program on the disk take its place.
    pub fn restart(&self) {
        *self.ending.restart.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.quit();
    }

    /// Puts a notice on the screen.
    pub async fn tell(&self, notice: Notice) {
        // A question that took its time may find the screen locked, where nobody may answer it.
        let notice = if matches!(notice.about, About::Question(_)) && *self.locked.borrow() {
            notices::trouble(&Reason::PolicyRefuse("The screen is locked.").into(), None)
        } else {
            notice
        };
        self.screen.send(NoticeChange::Show(notice)).await.ok();
    }

    /// Takes a notice from the screen.
    async fn withdraw(&self, about: About) {
        self.screen.send(NoticeChange::Withdraw(about)).await.ok();
    }

    fn scene(&self, zone: &TimeZone) -> Scene {
        Scene { locked: *self.locked.borrow(), hide_names: self.hides_names(), zone: zone.clone() }
    }

    /// Whether names and numbers may not be read from the screen at this moment.
    fn hides_names(&self) -> bool {
        *self.locked.borrow() && !self.engine.desktop().borrow().names_when_locked
    }

    /// Wake, lock and network go to the engine.
    async fn follow_system(self: Arc<Self>, locked: watch::Sender<bool>) {
        let (told, mut events) = mpsc::channel(8);
        tokio::spawn(login::linux::watch(told.clone()));
        tokio::spawn(network::linux::watch(told));
        while let Some(event) = events.recv().await {
            tracing::debug!("the system says {event:?}");
            if let SystemEvent::ScreenLocked(now) = event {
                locked.send_if_modified(|before| std::mem::replace(before, now) != now);
                if now {
                    self.forget_question();
                }
            }
            self.engine.system(event).await;
        }
    }
}

/// The parts of the agent that live as long as it does.
pub struct Running {
    desktop: Desktop,
    notices: tokio::task::JoinHandle<()>,
    leave: oneshot::Sender<()>,
}

/// What the program does when the agent has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It ends.
    End,
    /// It starts itself again.
    Restart,
}

impl Running {
    /// Works until somebody lets the agent end; `clicked` is when the wish was uttered.
    pub async fn until_end(self, agent: Arc<Agent>, wish: Wish, clicked: Clicked) -> Then {
        let Self { desktop, notices, leave } = self;
        let Desktop { mut presses, mut opened, views: drawn, host: _host, looks, tray } = desktop;
        let zone = TimeZone::system();
        let mut views = agent.engine.view();
        let mut shown = Arc::new(View::default());
        let mut locked = agent.locked.clone();
        let mut scene = agent.scene(&zone);
        let mut stop = std::pin::pin!(agent.stopped());
        tokio::spawn(agent.clone().begin(wish, clicked));
        loop {
            let view = views.borrow_and_update().clone();
            locked.mark_unchanged();
            let now = agent.scene(&zone);
            let is_new = !Arc::ptr_eq(&view, &shown);
            if is_new || now != scene {
                for change in notices::notices((&shown, &scene), (&view, &now)) {
                    agent.screen.send(change).await.ok();
                }
                scene = now;
            }
            if is_new {
                drawn.send_replace(Some(view.clone()));
                shown = view;
                agent.look_for_update(LOOK_AGAIN).await;
            }
            tokio::select! {
                changed = views.changed() => if changed.is_err() {
                    tracing::error!("the engine ended");
                    break;
                },
                Ok(()) = locked.changed() => {}
                Some(press) = presses.1.recv() => drop(tokio::spawn(agent.clone().act(press))),
                Some(()) = opened.recv() => agent.look_for_update(Duration::ZERO).await,
                () = &mut stop => break,
            }
        }
        // The icon and all notices leave the screen before the program leaves the memory.
        drop((drawn, looks));
        drop(presses);
        let then = if *agent.ending.restart.lock().unwrap_or_else(PoisonError::into_inner) { Then::Restart } else { Then::End };
        leave.send(()).ok();
        let left = futures_util::future::join(tray, notices);
        tokio::time::timeout(Duration::from_secs(1), left).await.ok();
        then
    }
}

impl Agent {
    /// What the first start and the command line ask for.
    async fn begin(self: Arc<Self>, wish: Wish, clicked: Clicked) {
        match wish {
            // One that is too many is told where they are counted.
            Wish::Link(uri) => drop(self.link_comes(uri, clicked).await),
            Wish::DialSelection => self.clone().act(Act::DialSelection.into()).await,
            Wish::Window(view) => return self.open_window(view, None).await,
            Wish::Tray | Wish::Register(_) | Wish::Unregister(_) | Wish::Help | Wish::Version => {}
        }
        let mut views = self.engine.view();
        // The first view counts its revisions from 1; before it nobody knows whether there is an account.
        let first = views.wait_for(|view| view.revision > 0).await.is_ok_and(|view| view.accounts.is_empty());
        if first && phone_control::display().is_some() {
            self.open_window(None, None).await;
        }
    }

    /// Waits until the user, the session or the system wants the agent to end.
    async fn stopped(self: &Arc<Self>) {
        let bus = self.bus.clone();
        let session_over = async move {
            match bus {
                // Without its bus the session is over; an agent that stayed would block the next one.
                Some(bus) => bus.closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.ending.asked.notified() => {}
            () = signalled() => tracing::info!("asked to end"),
            () = session_over => tracing::info!("the session bus is gone"),
            () = login::linux::display_gone() => tracing::info!("the display is gone"),
        }
    }
}

/// Waits for the system's wish that we end.
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = async |kind| match signal(kind) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::hangup()) => {}
    }
}
