//! The agent's side: lets clients of this user ask and follow.
//!
//! Each client has one reader (`session`) and one writer (`pump`). What a client does not fetch in time is
//! replaced by newer things, never piled up, and the agent never waits for a client.

mod feed;
mod hall;
mod pump;
mod session;
mod understand;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use phone_core::request::Answer;
use phone_core::{Event, Reason, Request, Trouble, View};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use crate::protocol::{
    AnswerQuestionParams, CallReply, DialEmergencyParams, EmergencyReply, HotkeyName, HotkeysReply, OpenWindowParams,
    PrepareEmergencyParams, QuestionReply, SetSettingsParams, SettingsReply, TakePairingReply, TakeTextReply, TestHotkeyReply,
    TestLinkReply, WindowView,
};
use crate::transport::Listener;

/// A request that only an agent with a desktop can fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesktopRequest {
    /// Show the window.
    OpenWindow {
        /// The page; the last one when none is named.
        view: Option<WindowView>,
        /// The display the client runs on, when it said so.
        display: Option<String>,
    },
    /// Dial what a link from another program means.
    HandleLink {
        /// The link as the other program gave it.
        uri: String,
        /// When it was clicked, when the client said so; see [`crate::now_ms`].
        clicked_ms: Option<u64>,
        /// The display the client runs on, when it said so.
        display: Option<String>,
    },
    /// Open a link of our own, and tell whether it comes back.
    TestLink,
    /// Do what the dial hotkey does.
    DialSelection {
        /// The display the client runs on, when it said so.
        display: Option<String>,
    },
    /// The first press on an emergency number.
    PrepareEmergency(PrepareEmergencyParams),
    /// The second press, with its token.
    DialEmergency(DialEmergencyParams),
    /// Hand over the text that waits for the window.
    TakeText,
    /// Hand over what a link wants to have in the form of a sign-in.
    TakePairing,
    /// Tell the question that waits for the small window.
    Question,
    /// Answer it.
    AnswerQuestion(AnswerQuestionParams),
    /// Tell the settings.
    GetSettings,
    /// Change settings and tell them.
    SetSettings(Box<SetSettingsParams>),
    /// Tell how the hotkeys do.
    Hotkeys,
    /// Wait for a press of a hotkey, which does nothing else.
    TestHotkey(HotkeyName),
    /// Take the hotkeys again that are not held, and tell how they do.
    RetryHotkeys,
    /// End, and start the installed program anew.
    Restart,
    /// End.
    Quit,
}

/// What a desktop request gives back when it went well.
#[derive(Clone, PartialEq)]
pub enum DesktopReply {
    /// Done.
    Done,
    /// The call that was dialled.
    Call(CallReply),
    /// What the second press needs.
    Emergency(EmergencyReply),
    /// What waited for the window.
    Text(TakeTextReply),
    /// What waited for the form.
    Pairing(TakePairingReply),
    /// What is asked.
    Question(QuestionReply),
    /// The settings as they are now.
    Settings(SettingsReply),
    /// How the hotkeys do.
    Hotkeys(HotkeysReply),
    /// Whether the press has arrived.
    HotkeyTested(TestHotkeyReply),
    /// Whether the link has come back.
    LinkTested(TestLinkReply),
}

/// What the server needs of the agent.
pub trait Phone: Send + Sync + 'static {
    /// Asks the engine.
    fn ask(&self, request: Request) -> impl Future<Output = Answer> + Send;

    /// Asks the desktop part; an agent without a desktop has nothing to offer.
    fn desktop(&self, request: DesktopRequest) -> impl Future<Output = Result<DesktopReply, Trouble>> + Send {
        drop(request);
        std::future::ready(Err(Reason::NotAvailable.into()))
    }

    /// The newest view, and every later one.
    fn view(&self) -> watch::Receiver<Arc<View>>;

    /// The newest revision of people, and every later one.
    fn people(&self) -> watch::Receiver<u64>;

    /// Events from now on.
    fn events(&self) -> broadcast::Receiver<Event>;

    /// Requests to a warm window to show itself; none without a desktop.
    fn show(&self) -> Option<broadcast::Receiver<OpenWindowParams>> {
        None
    }

    /// The same for a client on `display`, where that decides.
    fn show_on(&self, _display: Option<&str>) -> Option<broadcast::Receiver<OpenWindowParams>> {
        self.show()
    }

    /// Version of the agent.
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// Tells whether a newer agent is installed than this one.
    fn restart_needed(&self) -> bool {
        false
    }
}

/// How much one client may keep the agent busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a client may take to read anything at all.
    pub stall: Duration,
    /// How many requests of one client run at once; further ones wait in the socket.
    pub at_once: usize,
    /// How many requests one client may make in a second; further ones wait in the socket.
    pub per_second: usize,
    /// How many clients there may be; for a further one, the quietest gives way.
    pub clients: usize,
    /// How long one that follows something has to have asked nothing to give way.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { stall: Duration::from_secs(5), at_once: 16, per_second: 500, clients: 64, idle: Duration::from_secs(60) }
    }
}

/// Serves clients until it is dropped.
pub async fn serve<P: Phone>(listener: Listener, phone: Arc<P>) {
    serve_within(listener, phone, Limits::default()).await;
}

/// Serves clients within other limits.
pub async fn serve_within<P: Phone>(mut listener: Listener, phone: Arc<P>, limits: Limits) {
    // Dropping the set ends every client with this future.
    let mut clients = JoinSet::new();
    let hall = hall::Hall::new(limits);
    loop {
        while clients.try_join_next().is_some() {}
        match listener.accept().await {
            Ok(Some((reader, writer))) => {
                let seat = hall.come().await;
                clients.spawn(session::run(phone.clone(), reader, writer, limits, seat));
            }
            Ok(None) => {}
            Err(error) => {
                // Out of file handles, or a client that left while it came in.
                tracing::warn!(%error, "a client could not be let in");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}
