//! What a fake PBX remembers of its clients, for tests to assert on. No secret is ever kept.

use std::fmt;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

/// Number of a call as the socket writes it. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Way a dial came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DialPath {
    /// `make-call` on the socket.
    Socket,
    /// `remote-dial` over REST.
    Rest,
    /// `/remote_call.htm`.
    RemoteCall,
}

/// One dial, in the order of arrival.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Extension that dials; empty when nobody was signed in.
    pub by: String,
    /// Way in.
    pub path: DialPath,
    /// Number exactly as received.
    pub number: String,
    /// Name sent along.
    pub name: Option<String>,
    /// The call that came of it; nothing when it was refused or ignored.
    pub call: Option<CallId>,
    /// Time of arrival.
    pub at: Instant,
}

/// What the PBX did with an action message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Obeyed.
    Done,
    /// Silently ignored, as a real one would; the text says why.
    Ignored(&'static str),
}

/// One action message of a socket.
#[derive(Debug, Clone)]
pub struct Action {
    /// Extension of the socket.
    pub user: String,
    /// Value of `action`.
    pub name: String,
    /// The whole message.
    pub message: Value,
    /// What came of it.
    pub outcome: Outcome,
    /// Number of the socket, counted from 1 over the life of the fake.
    pub socket: u64,
    /// Time of arrival.
    pub at: Instant,
}

/// One HTTP request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query; values of `auth`, `session` and `sessId` are replaced by `…`.
    pub path: String,
    /// Whether it asked for a WebSocket.
    pub upgrade: bool,
    /// Status answered.
    pub status: u16,
    /// Time of the answer.
    pub at: Instant,
}

/// Way of signing in (section 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// L1, a token is made with an administrator's password.
    Mint,
    /// L2, a token becomes a session.
    Token,
    /// L3, password through `PUT`.
    Password,
    /// L4, HTTP Basic; one entry per request that carries it.
    Basic,
    /// A session cookie that is not valid (any more); valid ones are not listed.
    Cookie,
}

/// One attempt to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Way.
    pub method: SignInMethod,
    /// Name as sent; empty for tokens and cookies.
    pub name: String,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Time of arrival.
    pub at: Instant,
}

/// What happens inside, as it happens. Printed by `fake-vodia --control`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The port is open.
    Listening {
        /// Base address.
        url: String,
    },
    /// An HTTP request was answered.
    Request {
        /// Method.
        method: String,
        /// Path without secrets.
        path: String,
        /// Status.
        status: u16,
    },
    /// A sign-in was tried.
    SignIn {
        /// Way.
        method: SignInMethod,
        /// Name as sent.
        name: String,
        /// Whether it was accepted.
        accepted: bool,
    },
    /// A user's socket is open.
    SocketOpened {
        /// Extension.
        user: String,
        /// Number of the socket.
        socket: u64,
    },
    /// A user's socket is gone.
    SocketClosed {
        /// Extension.
        user: String,
        /// Number of the socket.
        socket: u64,
    },
    /// An action message came in.
    Action {
        /// Extension.
        user: String,
        /// Value of `action`.
        name: String,
        /// Whether it was obeyed.
        done: bool,
        /// Why not.
        reason: Option<&'static str>,
        /// The message.
        message: Value,
    },
    /// A dial came in.
    Dial {
        /// Extension.
        by: String,
        /// Way.
        path: DialPath,
        /// Number as received.
        number: String,
        /// The call that came of it.
        call: Option<CallId>,
        /// Wall clock when it was read, nanoseconds since 1970.
        unix_ns: u64,
    },
    /// A call came up, changed or ended.
    Call {
        /// Number of the call.
        call: CallId,
        /// What it does now.
        stage: &'static str,
        /// Calling number.
        from: String,
        /// Called number.
        to: String,
        /// Whether some side holds it.
        held: bool,
    },
    /// The last byte of a `call-state` frame was handed to the kernel.
    CallStateWritten {
        /// Extension.
        user: String,
        /// Wall clock, nanoseconds since 1970.
        unix_ns: u64,
    },
    /// A client did what no client may do.
    Violation {
        /// What.
        what: String,
    },
}
