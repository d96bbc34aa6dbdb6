//! What happens after a press in the tray or on a notice.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use phone_control::protocol::{OpenWindowParams, WindowView};
use phone_core::number::Yes;
use phone_core::request::{OwnPresence, Reply};
use phone_core::{AccountName, CallId, Code, Reason, Request, Source, Trouble, View};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::Agent;
use crate::desktop::links::Clicked;
use crate::desktop::notices::{self, trouble};
use crate::desktop::tray::{keyring_locked, who};
use crate::desktop::window::{self, arguments};
use crate::desktop::{Act, Asked, Press, call_is_up, clock};

/// A second click on the icon this soon means the same window, not another one.
const STARTING: Duration = Duration::from_secs(5);

/// A window that is starting.
pub(super) struct Started {
    at: Instant,
    /// It was started for a question only.
    asks: bool,
}

/// Whether an act may end in a dial, which nobody may do on a locked screen, whatever the desktop lets them press there.
fn dials(act: &Act) -> bool {
    match act {
        Act::Dial { .. }
        | Act::FetchParked(_)
        | Act::CallBack { .. }
        | Act::DialChosen(_)
        | Act::ChooseInWindow(_)
        | Act::AskAgain(_)
        | Act::RetryLink(_)
        | Act::DialSelection => true,
        Act::Window(_)
        | Act::Click
        | Act::Answer(_)
        | Act::HangUp(_)
        | Act::AnswerAny
        | Act::HangUpAny
        | Act::Hold(_)
        | Act::Resume(_)
        | Act::Park(_)
        | Act::SendDigits { .. }
        | Act::Dnd(_)
        | Act::Unforward { .. }
        | Act::Unlock
        | Act::RetryNow
        | Act::MissedSeen
        | Act::Restart
        | Act::Quit
        | Act::Nothing => false,
    }
}

/// Why the agent may not restart at this moment: a call that is up would be out of sight, and its buttons with it.
fn keeps_from_restarting(view: &View) -> Option<Trouble> {
    call_is_up(view).then(|| Trouble {
        text: "Trayphone does not restart while a call is up.".to_owned(),
        remedy: Some("Choose it again when the call is over.".to_owned()),
        ..Trouble::from(Reason::NotAvailable)
    })
}

impl Agent {
    /// Does what a press asks for, and tells when it cannot be done.
    pub async fn act(self: Arc<Self>, press: Press) {
        let locked = keyring_locked(&self.engine.view().borrow());
        if dials(&press.act) && self.is_locked() {
            return self.tell_locked().await;
        }
        match press.act {
            Act::Click if locked => self.unlock().await,
            Act::Click => self.open_window(None, press.token.as_deref()).await,
            Act::Window(view) => self.open_window(view, press.token.as_deref()).await,
            Act::Answer(call) => {
                let who = self.who(&call);
                self.ask(Request::Answer(Some(call)), who).await;
            }
            Act::HangUp(call) => {
                let who = self.who(&call);
                self.ask(Request::HangUp(Some(call)), who).await;
            }
            Act::AnswerAny => self.to_only_call(Request::Answer(None)).await,
            Act::HangUpAny => self.to_only_call(Request::HangUp(None)).await,
            Act::Hold(call) => {
                let who = self.who(&call);
                self.ask(Request::Hold(Some(call)), who).await;
            }
            Act::Resume(call) => {
                let who = self.who(&call);
                self.ask(Request::Resume(Some(call)), who).await;
            }
            Act::Park(call) => self.park(call).await,
            Act::FetchParked(call) => self.fetch_parked(call).await,
            Act::Dial { number, account } => self.dial_number(number, account).await,
            Act::CallBack { number, account } => {
                self.ask(Request::MissedSeen, None).await;
                self.dial_number(number, Some(account)).await;
            }
            Act::DialChosen(chosen) => self.dial_chosen(*chosen).await,
            Act::ChooseInWindow(asked) => self.look_in_window(*asked, press.token.as_deref()).await,
            Act::AskAgain(asked) => self.ask_again(*asked).await,
            Act::SendDigits { call, digits } => self.ask(Request::Dtmf(call, digits), None).await,
            Act::RetryLink(uri) => {
                let start = self.start();
                self.dial_link(uri, Clicked::now(), start).await;
            }
            // Too many of them are told where they are counted.
            Act::DialSelection => drop(self.selection_comes(None).await),
            Act::Dnd(on) => {
                let presence = if on { OwnPresence::Dnd } else { OwnPresence::Available };
                self.ask(Request::SetPresence { account: None, presence, until: None, note: None }, None).await;
            }
            Act::Unforward { account, when, to: _ } => {
                let account = Some(account);
                self.ask(Request::SetForwarding { account, when, to: None, yes: Yes::No }, None).await;
            }
            Act::Unlock => self.unlock().await,
            Act::RetryNow => self.ask(Request::RetryNow(None), None).await,
            Act::MissedSeen => self.ask(Request::MissedSeen, None).await,
            Act::Restart => self.restart_between_calls().await,
            Act::Quit => self.quit(),
            Act::Nothing => {}
        }
    }

    /// Parks a call, and tells where it waits: the menu that was pressed is closed by then.
    async fn park(&self, call: CallId) {
        let who = self.who(&call);
        let reply = match self.engine.ask(Request::Park(call.clone())).await {
            Ok(reply) => reply,
            Err(why) => return self.tell_failure(&why, who).await,
        };
        // Something else than a place is a place that the PBX has not told.
        let place = if let Reply::Parked(place) = reply { place } else { None };
        let now = clock(Timestamp::now(), &TimeZone::system());
        self.tell(notices::parked(call, place, &now)).await;
    }

    /// Fetches a parked call. Unlike a call that is over, one that is gone from there has to be told: nobody rings now.
    async fn fetch_parked(&self, call: CallId) {
        if let Err(why) = self.engine.ask(Request::FetchParked(call)).await {
            tracing::debug!("a parked call was not fetched: {:?}", why.code);
            self.tell(trouble(&why, None)).await;
        }
    }

    /// Asks the engine; a failure is told, about whom or what it was.
    async fn ask(&self, request: Request, concerning: Option<String>) {
        if let Err(why) = self.engine.ask(request).await {
            self.tell_failure(&why, concerning).await;
        }
    }

    async fn tell_failure(&self, why: &Trouble, concerning: Option<String>) {
        tracing::debug!("a request failed: {:?}", why.code);
        // A call that ended while the finger moved has what it should have: nobody rings any more.
        if why.code != Code::NoSuchCall {
            self.tell(trouble(why, concerning.as_deref())).await;
        }
    }

    /// Restarts unless a call is up: the menu may have been opened before it came.
    async fn restart_between_calls(&self) {
        let not_now = keeps_from_restarting(&self.engine.view().borrow());
        match not_now {
            None => self.restart(),
            Some(why) => self.tell(trouble(&why, None)).await,
        }
    }

    /// Lets the keyring ask for its password; what comes of it stands in the notice of each account that waits for it.
    async fn unlock(&self) {
        if let Err(why) = self.engine.ask(Request::UnlockKeyring).await {
            tracing::debug!("the keyring was not unlocked: {:?}", why.code);
        }
    }

    fn who(&self, id: &CallId) -> Option<String> {
        let view = self.engine.view();
        let found = view.borrow().calls.iter().find(|call| call.id == *id).map(who);
        found.filter(|_| !self.hides_names())
    }

    /// Dials a number that the user pressed.
    async fn dial_number(self: &Arc<Self>, number: String, account: Option<AccountName>) {
        self.dial(Asked { text: number, source: Source::Pressed, account }).await;
    }

    /// Opens the window, or lets the one that is open show itself.
    pub async fn open_window(self: &Arc<Self>, view: Option<WindowView>, token: Option<&str>) {
        self.open(OpenWindowParams { view, ..OpenWindowParams::default() }, token).await;
    }

    /// Opens the window as it is wished, or the small one that asks.
    pub(super) async fn open(self: &Arc<Self>, wish: OpenWindowParams, token: Option<&str>) {
        // A warm window listens for this; without one nobody does.
        if self.show.send(wish).is_ok() {
            return;
        }
        {
            let mut started = self.window.lock().unwrap_or_else(PoisonError::into_inner);
            let asks = wish.question.is_some();
            // Whichever window starts looks for a question; one that was started to ask opens nothing else by itself.
            if started.as_ref().is_some_and(|other| other.at.elapsed() < STARTING && (asks || !other.asks)) {
                return;
            }
            *started = Some(Started { at: Instant::now(), asks });
        }
        if let Err(why) = self.start_window(wish, token) {
            tracing::warn!("the window cannot be opened: {}", why.text);
            *self.window.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.tell(trouble(&why, None)).await;
        }
    }

    fn start_window(self: &Arc<Self>, wish: OpenWindowParams, token: Option<&str>) -> Result<(), Trouble> {
        let missing = |detail: String| Trouble {
            text: "The window of Trayphone cannot be opened.".to_owned(),
            remedy: Some(format!("Install the program {} beside trayphone.", window::PROGRAM)),
            detail: Some(detail),
            ..Trouble::from(Reason::NotAvailable)
        };
        let program = window::linux::find().ok_or_else(|| missing("not found".to_owned()))?;
        let command = window::linux::command(&program, &arguments(wish), token);
        let mut child = tokio::process::Command::from(command).spawn().map_err(|error| missing(error.to_string()))?;
        let agent = self.clone();
        let (key, pipe) = (self.window_key.clone().unwrap_or_default() + "\n", child.stdin.take());
        tokio::spawn(async move {
            if let Some(mut pipe) = pipe {
                // A window that does not read it cannot dial emergency numbers, and says so.
                pipe.write_all(key.as_bytes()).await.ok();
            }
            let ended = child.wait().await;
            // A click after its end means a new one, however soon it comes.
            *agent.window.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let Ok(status) = ended else { return };
            if !status.success() {
                tracing::warn!("the window ended: {status}");
            }
            // A signal is the end of the session, or somebody's wish.
            if status.code().is_some_and(|code| code != 0) {
                let why = Trouble {
                    text: "The window of Trayphone ended with an error.".to_owned(),
                    remedy: Some(format!("Start {} in a terminal to see why.", window::PROGRAM)),
                    ..Trouble::from(Reason::NotAvailable)
                };
                agent.tell(trouble(&why, None)).await;
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::tray::tests::{call, view};
    use phone_core::{CallState, Direction};

    #[test]
    fn a_call_that_came_after_the_menu_was_opened_keeps_the_agent_from_restarting() {
        let up = call(Direction::Incoming, CallState::Ringing, &[]);
        let stale = phone_core::view::CallView { stale: true, ..up.clone() };
        assert!(keeps_from_restarting(&view(vec![], vec![up])).is_some());
        assert!(keeps_from_restarting(&view(vec![], vec![])).is_none());
        assert!(
            keeps_from_restarting(&view(vec![], vec![stale])).is_none(),
            "what only stood there before a gap holds nothing up"
        );
    }
}
