//! What a person or script may ask of the engine, one request per intent, and what comes back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{AccountConfig, AccountName};
use crate::call::CallId;
use crate::event::CallBrief;
use crate::forward::ForwardWhen;
use crate::history::{CallsWanted, HistoryPage, WhichCalls};
use crate::number::{Candidate, Yes};
use crate::people::Person;
use crate::reason::Trouble;
use crate::secret::Secret;
use crate::view::{AccountView, View};

/// Where a number to dial comes from; set where the agent receives it, never believed from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Typed by a person on the command line or a script.
    Typed,
    /// A button of a notice or of the tray that carries a number we know; it can be reached on a locked screen.
    Pressed,
    /// Selected text and the hotkey.
    Text,
    /// A link from another program.
    Link,
}

impl Source {
    /// Tells whether a person chose every digit, with a finger on a key or a button.
    pub fn is_by_hand(self) -> bool {
        matches!(self, Self::Typed | Self::Pressed)
    }
}

/// What a transfer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTarget {
    /// A number, without asking first.
    Number(String),
    /// A number that is asked first, while the call waits; joining or hanging up ends that.
    Ask(String),
    /// Another live call; both are joined.
    Call(CallId),
}

/// Own states a person can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OwnPresence {
    /// Reachable.
    Available,
    /// Away.
    Away,
    /// Busy.
    Busy,
    /// Do not disturb.
    Dnd,
}

/// One request. It may hold a secret, so it can be neither printed nor serialised.
pub enum Request {
    /// The whole view.
    GetView,
    /// People from a position, at most `limit`.
    People {
        /// Position of the first one.
        offset: usize,
        /// At most so many.
        limit: usize,
        /// Queues, groups and services too.
        all: bool,
        /// Only whose name or number contains this.
        filter: Option<String>,
    },
    /// What changed among people since a revision.
    PeopleSince(u64),
    /// Ended calls, newest first.
    History(CallsWanted),
    /// Ended calls as a table for other programs.
    ExportHistory(CallsWanted),
    /// Ended calls are removed from the history.
    DeleteCalls(WhichCalls),
    /// A note on an ended call; none removes it.
    NoteCall(CallId, Option<String>),
    /// Missed calls were looked at.
    MissedSeen,
    /// Dial what a person would mean by this text.
    Dial {
        /// The text.
        text: String,
        /// By which account; needed when several could.
        account: Option<AccountName>,
        /// Where the text comes from.
        source: Source,
        /// The answer to the dial policy's question.
        yes: Yes,
    },
    /// Keep an emergency number ready for a second press; only the window asks for it.
    PrepareEmergency {
        /// The number, as typed.
        text: String,
        /// By which account; needed when several could.
        account: Option<AccountName>,
        /// What the second press has to bring; nobody can guess it.
        token: String,
    },
    /// The second press: dial the emergency number of this token.
    DialEmergency(String),
    /// Tell what a text offers to dial, without dialling.
    Numbers {
        /// The text.
        text: String,
        /// By which account; needed when several could.
        account: Option<AccountName>,
        /// Where the text comes from.
        source: Source,
    },
    /// Answer a ringing call; none when only one fits.
    Answer(Option<CallId>),
    /// Hang up or decline.
    HangUp(Option<CallId>),
    /// Put on hold.
    Hold(Option<CallId>),
    /// Take back from hold.
    Resume(Option<CallId>),
    /// Send keypad tones.
    Dtmf(CallId, String),
    /// Hand a call on.
    Transfer(CallId, TransferTarget),
    /// Put a call where anybody can fetch it.
    Park(CallId),
    /// Dial the place where a parked call waits, as the PBX has told it.
    FetchParked(CallId),
    /// Show a parked call no more.
    DismissParked(CallId),
    /// Take the call that rings at this extension.
    PickUp {
        /// Extension of the one it rings at.
        from: String,
        /// By which account; needed when several could.
        account: Option<AccountName>,
    },
    /// Choose the own state at one account, or at all.
    SetPresence {
        /// Which account; all that can when none is named.
        account: Option<AccountName>,
        /// The state.
        presence: OwnPresence,
        /// Until when.
        until: Option<Timestamp>,
        /// A note for colleagues.
        note: Option<String>,
    },
    /// Send own calls to another number, or end that.
    SetForwarding {
        /// Which account; needed when several could.
        account: Option<AccountName>,
        /// Which calls.
        when: ForwardWhen,
        /// The number as a person writes it; none ends it.
        to: Option<String>,
        /// The answer to the dial policy's question.
        yes: Yes,
    },
    /// Add an account, sign in, answer within 20 s.
    AddAccount {
        /// What to remember.
        config: Box<AccountConfig>,
        /// Password, when the sign-in needs one.
        secret: Option<Secret>,
    },
    /// Replace the secret and sign in.
    SetSecret {
        /// Which account.
        account: AccountName,
        /// The new password.
        secret: Secret,
    },
    /// Forget an account and its secret.
    RemoveAccount(AccountName),
    /// Sign in unless it is online already, and say how it went, within 20 s.
    TestAccount(AccountName),
    /// Accept the certificate with this fingerprint for this account.
    AcceptCertificate {
        /// Which account.
        account: AccountName,
        /// Lower-case hex of the SHA-256 the user has seen.
        sha256: String,
    },
    /// End waiting now, for one or all accounts.
    RetryNow(Option<AccountName>),
    /// Be offline until the next sign-in.
    SignOut(AccountName),
    /// Sign in again with the stored secret.
    SignIn(AccountName),
    /// Let the keyring ask the user for its password.
    UnlockKeyring,
    /// What was seen on the wire last, without secrets, for a report.
    Diagnosis(AccountName),
    /// Engine's own checks, such as reachability and clock.
    Checks,
}

/// One line of the self-examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub result: CheckResult,
    /// One sentence.
    pub text: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Problem,
    /// Not there on this system, and not needed.
    NotHere,
}

/// What a request gives back when it went well.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done, and confirmed where a PBX must confirm.
    Done,
    /// Done; this is the call.
    Call(CallBrief),
    /// Done; the number to dial for the call that waits, when the PBX says so.
    Parked(Option<String>),
    /// The whole view.
    View(std::sync::Arc<View>),
    /// A page of people.
    People {
        /// Revision the page belongs to.
        revision: u64,
        /// The page.
        people: Vec<Person>,
        /// How many there are in all.
        total: usize,
    },
    /// Changes among people.
    PeopleChanged {
        /// Revision after them.
        revision: u64,
        /// None: read everything again.
        changed: Option<Vec<Person>>,
    },
    /// Ended calls.
    History(HistoryPage),
    /// A part of a table of ended calls.
    Table {
        /// Lines of comma-separated cells; the first part begins with the headings.
        text: String,
        /// What the next part is asked for with.
        next: Option<String>,
    },
    /// So many ended calls were removed.
    Deleted(usize),
    /// The account as it stands now.
    Account(Box<AccountView>),
    /// Results of checks.
    Checks(Vec<Check>),
    /// What a text offers to dial.
    Numbers(Vec<Candidate>),
    /// Text for a report.
    Text(String),
}

/// What comes back: a reply, or what went wrong.
pub type Answer = Result<Reply, Trouble>;

impl Check {
    /// Something is as it should be.
    pub fn fine(name: &str, text: &str) -> Self {
        Self::of(name, CheckResult::Ok, text, "")
    }

    /// Something is not as it should be, and `remedy` says what to do, where there is something to do.
    pub fn problem(name: &str, text: &str, remedy: &str) -> Self {
        Self::of(name, CheckResult::Problem, text, remedy)
    }

    /// Something is not there, and not needed or not wanted.
    pub fn not_here(name: &str, text: &str) -> Self {
        Self::of(name, CheckResult::NotHere, text, "")
    }

    fn of(name: &str, result: CheckResult, text: &str, remedy: &str) -> Self {
        let remedy = Some(remedy).filter(|remedy| !remedy.is_empty()).map(str::to_owned);
        Self { name: name.to_owned(), result, text: text.to_owned(), remedy }
    }
}
