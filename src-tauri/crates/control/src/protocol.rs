//! What is said over the control socket: JSON-RPC 2.0, one object a line.
//!
//! Within a major version only additions happen; unknown fields are ignored by both sides.
//!
//! Beside `id`, `method` and `params` a request may carry `not_after_ms`: milliseconds of the machine's clock
//! `CLOCK_BOOTTIME`. An agent that comes to it only later refuses it, because a wish to call is meant now or not at all.

mod dialling;
mod forwarding;
mod history;
mod hotkeys;
mod parking;
mod questions;
mod settings;

use std::collections::BTreeMap;

use jiff::Timestamp;
use phone_core::request::{Check, OwnPresence};
use phone_core::view::AccountView;
use phone_core::{AccountName, CallId, Person, event::CallBrief};
use serde::{Deserialize, Serialize};

use crate::password::Password;

pub use dialling::{
    DialEmergencyParams, DialParams, EmergencyReply, NumbersParams, NumbersReply, PrepareEmergencyParams, TakeTextReply,
};
pub use forwarding::SetForwardingParams;
pub use history::{DeleteCallsParams, DeleteCallsReply, ExportHistoryReply, HistoryParams, HistoryReply, NoteCallParams};
pub use hotkeys::{HotkeyHealth, HotkeyName, HotkeyView, HotkeysReply, TestHotkeyParams, TestHotkeyReply};
pub use parking::{DismissParkedParams, FetchParkedParams, ParkParams, ParkReply};
pub use questions::{AnswerQuestionParams, AskedBy, Question, QuestionReply, TakePairingReply};
pub use settings::{DesktopPatch, SetSettingsParams, SettingsReply};

/// Version of the protocol, major and minor.
pub const PROTOCOL: &str = "1.0";
/// Longest line either side accepts, in bytes.
pub const LINE_LIMIT: usize = 1 << 20;
/// Most people in one part of the `presence` stream and in one answer of `people`.
pub const PAGE: usize = 500;

/// Dial plan keys of the contract, without `plan.`; all other keys of an account are those of its kind of PBX.
pub const PLAN_KEYS: &[&str] = &phone_core::number::Plan::KEYS;

/// Names of the methods.
pub mod method {
    #![expect(missing_docs, reason = "the names are the contract; what they do stands at their parameters")]
    pub const HELLO: &str = "hello";
    pub const GET_VIEW: &str = "get_view";
    pub const SUBSCRIBE: &str = "subscribe";
    pub const PEOPLE: &str = "people";
    pub const HISTORY: &str = "history";
    pub const EXPORT_HISTORY: &str = "export_history";
    pub const DELETE_CALLS: &str = "delete_calls";
    pub const NOTE_CALL: &str = "note_call";
    pub const MISSED_SEEN: &str = "missed_seen";
    pub const DIAL: &str = "dial";
    pub const NUMBERS: &str = "numbers";
    pub const PREPARE_EMERGENCY: &str = "prepare_emergency";
    pub const DIAL_EMERGENCY: &str = "dial_emergency";
    pub const TAKE_TEXT: &str = "take_text";
    pub const TAKE_PAIRING: &str = "take_pairing";
    pub const QUESTION: &str = "question";
    pub const ANSWER_QUESTION: &str = "answer_question";
    pub const ANSWER: &str = "answer";
    pub const HANG_UP: &str = "hang_up";
    pub const HOLD: &str = "hold";
    pub const RESUME: &str = "resume";
    pub const DTMF: &str = "dtmf";
    pub const TRANSFER: &str = "transfer";
    pub const PARK: &str = "park";
    pub const FETCH_PARKED: &str = "fetch_parked";
    pub const DISMISS_PARKED: &str = "dismiss_parked";
    pub const PICK_UP: &str = "pick_up";
    pub const SET_PRESENCE: &str = "set_presence";
    pub const SET_FORWARDING: &str = "set_forwarding";
    pub const ADD_ACCOUNT: &str = "add_account";
    pub const SET_PASSWORD: &str = "set_password";
    pub const REMOVE_ACCOUNT: &str = "remove_account";
    pub const TEST_ACCOUNT: &str = "test_account";
    pub const SIGN_OUT: &str = "sign_out";
    pub const SIGN_IN: &str = "sign_in";
    pub const ACCEPT_CERTIFICATE: &str = "accept_certificate";
    pub const RETRY_NOW: &str = "retry_now";
    pub const UNLOCK_KEYRING: &str = "unlock_keyring";
    pub const DIAGNOSIS: &str = "diagnosis";
    pub const DOCTOR: &str = "doctor";
    pub const OPEN_WINDOW: &str = "open_window";
    pub const HANDLE_LINK: &str = "handle_link";
    pub const TEST_LINK: &str = "test_link";
    pub const DIAL_SELECTION: &str = "dial_selection";
    pub const GET_SETTINGS: &str = "get_settings";
    pub const SET_SETTINGS: &str = "set_settings";
    pub const HOTKEYS: &str = "hotkeys";
    pub const TEST_HOTKEY: &str = "test_hotkey";
    pub const RETRY_HOTKEYS: &str = "retry_hotkeys";
    pub const RESTART: &str = "restart";
    pub const QUIT: &str = "quit";
    /// Notification with a whole view.
    pub const VIEW: &str = "view";
    /// Notification with people.
    pub const PRESENCE: &str = "presence";
    /// Notification with one event.
    pub const CALL_EVENT: &str = "call-event";
    /// Notification that asks a warm window to show itself.
    pub const SHOW: &str = "show";
}

/// Parameters of methods that need none, and the answer of methods that only confirm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Nothing {}

/// Parameters of `hello`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct Hello {
    /// Name of the program, for the log.
    pub client: String,
    /// Version of the protocol it speaks.
    pub version: String,
    /// Version of the program, so that an agent older than it can offer a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_version: Option<String>,
    /// The display it runs on, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// Answer of `hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Welcome {
    /// Version of the protocol the agent speaks.
    pub protocol: String,
    /// Version of the agent.
    pub agent_version: String,
    /// A newer agent is installed than the one that runs.
    pub restart_needed: bool,
}

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Whole views, a newer one in place of an older one.
    View,
    /// Everybody once, then who changed.
    Presence,
    /// Every event.
    CallEvent,
    /// Requests to a window to show itself.
    Show,
}

/// Parameters of `subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SubscribeParams {
    /// What to follow, in addition to what is followed already.
    pub streams: Vec<Stream>,
}

/// One part of the `presence` stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PresencePart {
    /// The revision after this part; of a whole list, after its last part.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub revision: u64,
    /// Part of the whole list, which replaces what was known; otherwise changes to it.
    pub whole: bool,
    /// Number of the part, from 0.
    pub part: u32,
    /// Nothing follows that belongs to this list or these changes.
    pub last: bool,
    /// The people, at most [`PAGE`].
    pub people: Vec<Person>,
}

/// Parameters of `people`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct PeopleParams {
    /// Position of the first one.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<u32>", optional))]
    pub offset: usize,
    /// At most so many; never more than [`PAGE`].
    #[serde(default = "page")]
    #[cfg_attr(feature = "ts", ts(as = "Option<u32>", optional))]
    pub limit: usize,
    /// Queues, groups and services too.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub all: bool,
    /// Only whose name or number contains this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

fn page() -> usize {
    PAGE
}

/// Answer of `people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PeopleReply {
    /// Revision the page belongs to.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub revision: u64,
    /// The page.
    pub people: Vec<Person>,
    /// How many there are in all.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub total: usize,
}

/// Parameters of `answer`, `hang_up`, `hold` and `resume`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct CallParams {
    /// The call; none when only one fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// Parameters of `dtmf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DtmfParams {
    /// The call.
    pub call: CallId,
    /// `0-9*#A-D`, at most 32.
    pub digits: String,
}

/// Parameters of `transfer`: exactly one of the two targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct TransferParams {
    /// The call that is handed on.
    pub call: CallId,
    /// A number, without asking first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_number: Option<String>,
    /// Another call; both are joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_call: Option<CallId>,
    /// The number is asked first while the call waits: its call comes as a second one, to be joined or hung up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>"))]
    pub ask: bool,
}

/// Parameters of `pick_up`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct PickUpParams {
    /// Extension of the one it rings at.
    pub from: String,
    /// By which account; needed when several could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
}

/// Parameters of `set_presence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct SetPresenceParams {
    /// Which account; all that can when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// The state.
    pub presence: OwnPresence,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub until: Option<Timestamp>,
    /// A note for colleagues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Answer of call commands: the call as it stands, where there is one to show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallReply {
    /// The call.
    pub call: Option<CallBrief>,
}

/// Parameters of `add_account`. It may hold a secret, so it can be neither printed nor serialised.
#[derive(Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct AddAccountParams {
    /// The user's name for it.
    pub name: AccountName,
    /// The PBX kind.
    pub kind: String,
    /// Base address, path included.
    pub url: String,
    /// Tenant, unless the user is written `user@tenant`.
    #[serde(default)]
    pub domain: Option<String>,
    /// User or extension that signs in.
    #[serde(default)]
    pub user: Option<String>,
    /// Password, when the sign-in needs one; sent once, never sent back.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub password: Option<Password>,
    /// SHA-256 of the accepted certificate, hex, colons allowed.
    #[serde(default)]
    pub pin: Option<String>,
    /// Further keys, all as text.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "{ [key: string]: string }", optional))]
    pub keys: BTreeMap<String, String>,
}

/// Parameters of `set_password`. It holds a secret, so it can be neither printed nor serialised.
#[derive(Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetPasswordParams {
    /// Which account.
    pub account: AccountName,
    /// The new password.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub password: Password,
}

/// Answer of `add_account`, `test_account` and `set_password`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountReply {
    /// The account as it stands now, when the agent shows it.
    pub account: Option<AccountView>,
}

/// Parameters of methods about one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountParams {
    /// Which account.
    pub account: AccountName,
}

/// Parameters of `accept_certificate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AcceptCertificateParams {
    /// Which account.
    pub account: AccountName,
    /// The SHA-256 the user has seen, hex, colons allowed.
    pub sha256: String,
}

/// Parameters of `retry_now`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct RetryNowParams {
    /// Which account; all when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
}

/// Answer of `diagnosis`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DiagnosisReply {
    /// What was seen on the wire last, without secrets.
    pub text: String,
}

/// Answer of `doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DoctorReply {
    /// One entry a check.
    pub checks: Vec<Check>,
}

/// Pages of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WindowView {
    /// Live calls and the dial field.
    Calls,
    /// Colleagues.
    People,
    /// Ended calls.
    History,
    /// Settings.
    Settings,
    /// Everybody on one large page.
    Wallboard,
}

impl WindowView {
    /// Reads the name of a page.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "calls" => Self::Calls,
            "people" => Self::People,
            "history" => Self::History,
            "settings" => Self::Settings,
            "wallboard" => Self::Wallboard,
            _ => return None,
        })
    }

    /// The name of the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::People => "people",
            Self::History => "history",
            Self::Settings => "settings",
            Self::Wallboard => "wallboard",
        }
    }
}

/// Parameters of `open_window` and of the notification `show`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct OpenWindowParams {
    /// The page; the last one when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<WindowView>,
    /// Shows nothing but the small window with the question that waits; false when none waits any more. Only `show` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<bool>,
    /// A link wants it, which nobody may have clicked: the keyboard stays where it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>"))]
    pub quiet: bool,
}

/// Parameters of `handle_link`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct HandleLinkParams {
    /// The link as the other program gave it.
    pub uri: String,
    /// When it was clicked, in milliseconds of the machine's clock `CLOCK_BOOTTIME`; now, when nothing is said.
    ///
    /// Too long afterwards it is offered instead of dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "number | null", optional))]
    pub clicked_ms: Option<u64>,
}

/// Answer of `test_link`, which opens a link of our own as any program would; it dials nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TestLinkReply {
    /// It came back to this agent, at most 10 s later.
    pub arrived: bool,
}
