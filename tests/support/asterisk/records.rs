//! What a fake server remembers of its clients, for tests to read.

use std::time::Instant;

use super::packet::Packet;

/// A conversation in terms of people; its channels may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(super) u64);

/// One `Originate`, refused ones included.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Who asked.
    pub user: String,
    /// `Channel`.
    pub channel: String,
    /// `Exten`; empty when an application was asked for.
    pub number: String,
    /// `ChannelId`.
    pub channel_id: String,
    /// `Application`.
    pub application: String,
    /// `CallerID`.
    pub caller_id: String,
    /// The conversation, unless it was refused at once.
    pub call: Option<CallId>,
    /// When it was read.
    pub at: Instant,
}

/// One action.
#[derive(Debug, Clone)]
pub struct Action {
    /// Who asked; empty before the sign-in.
    pub user: String,
    /// Number of the connection.
    pub session: u64,
    /// Name.
    pub name: String,
    /// All of it, secrets left out.
    pub packet: Packet,
    /// When it was read.
    pub at: Instant,
}

/// One attempt to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Name given.
    pub user: String,
    /// Whether by challenge.
    pub by_challenge: bool,
    /// Whether inside TLS.
    pub encrypted: bool,
    /// The refusal, or nothing.
    pub refusal: Option<&'static str>,
    /// When.
    pub at: Instant,
}

/// One digit that a client played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digit {
    /// The conversation.
    pub call: CallId,
    /// Name of the channel.
    pub channel: String,
    /// Phone that hears it; nothing for somebody outside.
    pub heard_by: Option<String>,
    /// The digit.
    pub digit: String,
    /// Whether it counted as typed by that phone instead of heard by it.
    pub received: bool,
}

/// Where the connection breaks at an `Originate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Before anything is done.
    Request,
    /// After it is done, before the answer.
    Answer,
}
