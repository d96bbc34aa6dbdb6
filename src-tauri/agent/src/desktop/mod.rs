//! What the desktop can do for us: one small module for each ability, one file per system below it.
//!
//! Each ability has a part that decides, which is pure and tested with tables, and a part that acts. Only Linux acts
//! so far; another system gets its files beside `linux.rs`.

pub mod autostart;
pub mod hotkey;
pub mod links;
pub mod login;
pub mod network;
pub mod notices;
pub mod proxies;
pub mod selection;
pub mod tray;
pub mod window;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use phone_control::protocol::WindowView;
use phone_core::{AccountName, CallId, ForwardWhen, Source, View};

/// What a person can ask for with one press in the tray, in a notice or by the hotkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Open the window.
    Window(Option<WindowView>),
    /// The icon was clicked: the window, or what is more urgent.
    Click,
    /// Answer a call.
    Answer(CallId),
    /// Hang up or decline a call.
    HangUp(CallId),
    /// Answer the call that rings, where it is the only one.
    AnswerAny,
    /// Hang up the call, where it is the only one.
    HangUpAny,
    /// Put a call on hold.
    Hold(CallId),
    /// Take a call back.
    Resume(CallId),
    /// Put a call where anybody can fetch it.
    Park(CallId),
    /// Fetch a parked call.
    FetchParked(CallId),
    /// Dial a number that stands in the menu or in a notice.
    Dial {
        /// The number.
        number: String,
        /// By which account, when that is known.
        account: Option<AccountName>,
    },
    /// Dial the number that a question or a choice showed, and no other one.
    DialChosen(Box<Chosen>),
    /// Ask once more what nobody has answered in time.
    AskAgain(Box<Asked>),
    /// Go through a link again from the beginning.
    RetryLink(String),
    /// Choose among the numbers of a text in the window.
    ChooseInWindow(Box<Asked>),
    /// Send the digits that follow a number, such as an extension.
    SendDigits {
        /// The call.
        call: CallId,
        /// What is sent.
        digits: String,
    },
    /// Dial what is selected now.
    DialSelection,
    /// Switch do-not-disturb.
    Dnd(bool),
    /// Let calls come to the phone again.
    Unforward {
        /// At which account.
        account: AccountName,
        /// Which calls.
        when: ForwardWhen,
        /// Where they go, so that a press which was meant for another target ends nothing.
        to: String,
    },
    /// Let the keyring ask for its password.
    Unlock,
    /// Try to connect now.
    RetryNow,
    /// Missed calls were looked at.
    MissedSeen,
    /// Call back, which is also a look at the missed calls.
    CallBack {
        /// The number.
        number: String,
        /// By which account.
        account: AccountName,
    },
    /// Start again with the new program.
    Restart,
    /// End the agent.
    Quit,
    /// Nothing: the press closes a question.
    Nothing,
}

/// What somebody wants to dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The text or link.
    pub text: String,
    /// Where it comes from.
    pub source: Source,
    /// By which account, when that is known.
    pub account: Option<AccountName>,
}

impl Asked {
    /// What a link wants.
    pub fn link(uri: &str) -> Self {
        let account = phone_core::number::account_of(uri).and_then(|name| AccountName::parse(&name).ok());
        Self { text: uri.to_owned(), source: Source::Link, account }
    }
}

/// The number that somebody chose after being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// What they wanted to dial.
    pub asked: Asked,
    /// The number and its extension.
    pub to: String,
    /// What is remembered so that links with this number do not ask any more.
    pub always: Option<String>,
}

/// A press of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// What it asks for.
    pub act: Act,
    /// What lets a window come to the front under Wayland, when the desktop gave it.
    pub token: Option<String>,
}

impl From<Act> for Press {
    fn from(act: Act) -> Self {
        Self { act, token: None }
    }
}

/// Text from the network for a place that knows markup, which must not use it.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether a call is up, as far as that is known; one that only stood there before a gap holds nothing up.
pub fn call_is_up(view: &View) -> bool {
    view.calls.iter().any(|call| !call.stale)
}

/// The time of day as people here read it.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}
