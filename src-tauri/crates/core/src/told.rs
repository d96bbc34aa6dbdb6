//! What a dialect tells the model, in our words.

use jiff::Timestamp;

use crate::account::Abilities;
use crate::call::{CallSeen, Direction, Outcome, Party};
use crate::forward::{ForwardWhen, Forwarding};
use crate::people::{PersonSeen, Presence};
use crate::reason::Reason;
use crate::request::OwnPresence;

/// Number of a request, unique while the agent runs.
pub type RequestId = u64;

/// One thing a PBX told, translated.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Who is signed in where.
    Identity {
        /// Extension or user.
        user: Option<String>,
        /// Tenant.
        domain: Option<String>,
        /// Name of the person.
        display_name: Option<String>,
        /// Product and version.
        server: Option<String>,
        /// Generation the dialect settled on.
        dialect: Option<String>,
    },
    /// What can be done, when it changed.
    Abilities(Abilities),
    /// All calls of this user; who is missing has ended.
    Calls {
        /// Every live call.
        calls: Vec<CallSeen>,
        /// Keys of ended calls whose outcome follows as [`Told::Verdict`] within 3 s.
        verdict_follows: Vec<String>,
    },
    /// How a call ended that vanished unanswered.
    Verdict {
        /// The PBX's id of the call.
        key: String,
        /// What its history says; none when it could not tell.
        outcome: Option<Outcome>,
    },
    /// Everybody this PBX knows.
    People(Vec<PersonSeen>),
    /// One person changed.
    Person(PersonSeen),
    /// The user's own state.
    Own {
        /// What the user's phone is doing.
        presence: Presence,
        /// Do-not-disturb, when known.
        dnd: Option<bool>,
    },
    /// Where the own calls go; none when that is not known.
    Forwarding(Option<Forwarding>),
    /// The PBX's list of ended calls, newest first.
    History(Vec<PastCall>),
    /// The address book.
    Contacts(Vec<Contact>),
    /// A command had its effect and no call shows it.
    Confirmed(RequestId),
    /// A call waits where anybody can fetch it.
    Parked {
        /// The command that put it there.
        request: RequestId,
        /// The PBX's id of who waits, when it also tells what becomes of them as [`Told::ParkedCalls`].
        key: Option<String>,
        /// The number to dial for it, when the PBX says so.
        place: Option<String>,
    },
    /// All calls that this user has parked; who is missing does not wait any more.
    ParkedCalls(Vec<ParkedSeen>),
    /// The PBX said no.
    Refused(RequestId, Reason),
    /// It was sent and nobody can say what became of it.
    Unclear(RequestId),
}

/// One parked call as a PBX shows it right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedSeen {
    /// The PBX's own id of who waits.
    pub key: String,
    /// The number to dial for it.
    pub place: Option<String>,
    /// Who waits.
    pub who: Party,
    /// When it was parked, by the PBX's clock.
    pub since: Option<Timestamp>,
}

/// One entry of the PBX's list of ended calls.
#[derive(Clone, Debug, PartialEq)]
pub struct PastCall {
    /// The PBX's id of the entry.
    pub key: String,
    /// Who began it.
    pub direction: Direction,
    /// How it ended.
    pub outcome: Outcome,
    /// The other side.
    pub remote: Party,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was answered.
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// One entry of an address book; all of it is untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Name as shown.
    pub name: String,
    /// All its numbers as written.
    pub numbers: Vec<String>,
}

/// What the model wants a dialect to send. Keys are the PBX's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a call to this number, exactly as written.
    Dial {
        /// What the answer refers to.
        request: RequestId,
        /// The number.
        to: String,
    },
    /// Answer on the user's phone.
    Answer {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
    },
    /// Hang up or decline.
    HangUp {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
    },
    /// Put on hold.
    Hold {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
    },
    /// Take back.
    Resume {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
    },
    /// Send tones.
    Dtmf {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
        /// `0-9*#A-D`.
        digits: String,
    },
    /// Hand on without asking.
    TransferTo {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
        /// The number.
        to: String,
    },
    /// Join two calls.
    TransferJoin {
        /// What the answer refers to.
        request: RequestId,
        /// The call that is handed on.
        key: String,
        /// The call it is joined with.
        other: String,
    },
    /// Call somebody about a call while it waits; the PBX shows that as a second call.
    Consult {
        /// What the answer refers to.
        request: RequestId,
        /// The call that waits.
        key: String,
        /// The number.
        to: String,
    },
    /// Put the call where anybody can fetch it.
    Park {
        /// What the answer refers to.
        request: RequestId,
        /// The call.
        key: String,
    },
    /// Take the call that rings at somebody else.
    PickUp {
        /// What the answer refers to.
        request: RequestId,
        /// Extension of the one it rings at.
        from: String,
    },
    /// Choose the own state.
    SetPresence {
        /// What the answer refers to.
        request: RequestId,
        /// The state.
        presence: OwnPresence,
        /// Until when.
        until: Option<Timestamp>,
        /// A note for colleagues.
        note: Option<String>,
    },
    /// Send own calls to another number, or none of them any more.
    SetForwarding {
        /// What the answer refers to.
        request: RequestId,
        /// Which calls.
        when: ForwardWhen,
        /// The number, exactly as the PBX dials it; none ends it.
        to: Option<String>,
    },
}

impl Command {
    /// What the answer refers to.
    pub fn request(&self) -> RequestId {
        match self {
            Self::Dial { request, .. }
            | Self::Answer { request, .. }
            | Self::HangUp { request, .. }
            | Self::Hold { request, .. }
            | Self::Resume { request, .. }
            | Self::Dtmf { request, .. }
            | Self::TransferTo { request, .. }
            | Self::TransferJoin { request, .. }
            | Self::Consult { request, .. }
            | Self::Park { request, .. }
            | Self::PickUp { request, .. }
            | Self::SetPresence { request, .. }
            | Self::SetForwarding { request, .. } => *request,
        }
    }

    /// The call it is about, by the PBX's id.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Dial { .. } | Self::PickUp { .. } | Self::SetPresence { .. } | Self::SetForwarding { .. } => None,
            Self::Answer { key, .. }
            | Self::HangUp { key, .. }
            | Self::Hold { key, .. }
            | Self::Resume { key, .. }
            | Self::Dtmf { key, .. }
            | Self::TransferTo { key, .. }
            | Self::Consult { key, .. }
            | Self::Park { key, .. }
            | Self::TransferJoin { key, .. } => Some(key),
        }
    }
}
