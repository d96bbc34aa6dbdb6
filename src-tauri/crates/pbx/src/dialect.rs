//! The one interface between the engine and a kind of PBX: inputs in, effects out, all of it data.

use std::time::{Duration, Instant};

use phone_core::request::Check;
use phone_core::told::{Command, RequestId, Told};
use phone_core::{AccountConfig, Now, Reason, Secret};
use url::Url;

/// Number of one socket or stream of a dialect; a dialect chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wire(pub u16);

/// What a dialect is made with.
pub struct Setup {
    /// The account, without its secret.
    pub config: AccountConfig,
    /// The password, when there is one.
    pub secret: Option<Secret>,
}

/// What happens to a dialect.
pub enum Input<'a> {
    /// Connect and sign in; everything of the attempt before is void.
    Start,
    /// The attempt is over; all sockets are closed and no answer will come.
    Stop,
    /// A WebSocket or a stream is open.
    Opened(Wire),
    /// It was not opened: with the HTTP status of the refusal, which only a WebSocket can have, or another reason.
    NotOpened(Wire, NotOpened),
    /// A text frame arrived, or what the [`Framing`] of a stream made one of.
    Text(Wire, &'a str),
    /// An answer to a ping arrived.
    Pong(Wire),
    /// The server pinged; its answer is sent by whoever holds the socket.
    Pinged(Wire),
    /// A socket or stream ended, by whatever end of it.
    Closed(Wire),
    /// An HTTP request has its answer.
    Http(u64, Result<HttpAnswer, Reason>),
    /// Send this, once.
    Command(&'a Command),
    /// A command had no effect in time.
    Expired(RequestId),
    /// The link may be dead: an answer of any kind must come soon.
    Probe,
    /// [`Dialect::deadline`] may have passed.
    Tick,
}

/// Why a WebSocket or a stream was not opened.
#[derive(Debug)]
pub enum NotOpened {
    /// The server answered the handshake with this status and `Retry-After`.
    Status(u16, Option<Duration>),
    /// No handshake came about.
    Reason(Reason),
}

/// The answer to an HTTP request.
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Value of `Server`.
    pub server: Option<String>,
    /// Value of the cookie asked for in [`HttpRequest::want_cookie`].
    pub cookie: Option<Secret>,
    /// `Retry-After` in seconds form.
    pub retry_after: Option<Duration>,
    /// The body, which may hold a session: cut at [`HttpRequest::most_bytes`].
    pub body: Secret,
}

/// Value of a header: printable or not.
pub enum Header {
    /// Nothing to hide.
    Plain(String),
    /// A credential.
    Hidden(Secret),
}

/// One HTTP request. Redirects are not followed; it is sent once.
pub struct HttpRequest {
    /// The dialect's number for the answer.
    pub id: u64,
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// Address without secrets.
    pub url: Url,
    /// Query that holds a credential, never logged.
    pub hidden_query: Option<Secret>,
    /// Headers.
    pub headers: Vec<(&'static str, Header)>,
    /// JSON body, which may hold a credential.
    pub body: Option<Secret>,
    /// Name of the cookie whose value is wanted.
    pub want_cookie: Option<&'static str>,
    /// Longest body that is read.
    pub most_bytes: usize,
    /// How long it may take.
    pub limit: Duration,
    /// The command it carries, whose limit holds for it too: it has no effect after that.
    pub carries: Option<RequestId>,
}

/// Cuts what arrives on a byte stream into the frames of a protocol.
///
/// It is as pure as its dialect, and is made anew for each stream, so that the half of a frame in which one stream ended
/// never meets the beginning of another. What it keeps of an unfinished frame must have a bound.
pub trait Framing: Send {
    /// Takes what arrived next, in whatever pieces, and gives each frame that is complete with it.
    ///
    /// # Errors
    /// Why the stream cannot be understood any more: a frame is too long, or is no text. It ends with that reason; the
    /// frames given before count.
    fn push(&mut self, bytes: &[u8], frame: &mut dyn FnMut(String)) -> Result<(), Reason>;
}

/// What a dialect wants done. It may hold secrets, so it cannot be printed.
pub enum Effect {
    /// Open a WebSocket.
    Open {
        /// The dialect's number for it.
        wire: Wire,
        /// Address with its query.
        url: Url,
        /// Headers of the handshake.
        headers: Vec<(&'static str, Header)>,
    },
    /// Open a byte stream.
    Connect {
        /// The dialect's number for it.
        wire: Wire,
        /// `tcp://host:port`, or `tls://host:port` for an encrypted one; the port is always said.
        url: Url,
        /// Cuts what arrives into frames.
        framing: Box<dyn Framing>,
    },
    /// Send a text frame; on a stream the text as it is.
    Send(Wire, String),
    /// Send a frame that holds a credential, just so; it is never kept for a report, and is wiped.
    SendHidden(Wire, Secret),
    /// Send a ping; a stream has none.
    Ping(Wire),
    /// Make an HTTP request.
    Http(Box<HttpRequest>),
    /// Tell the model.
    Tell(Told),
    /// Sign-in went well; the picture is being fetched.
    SignedIn,
    /// The picture is whole.
    Synced,
    /// The server lives and the picture is true, though its socket says nothing.
    Alive,
    /// The attempt or the link failed.
    Failed(Reason, Option<Duration>),
    /// Remember this about the server for the next start; holds no secret.
    Learn(String),
    /// A frame nobody understands was skipped.
    Skipped,
}

/// Effects in the order they are to be done.
#[derive(Default)]
pub struct Effects(pub Vec<Effect>);

impl Effects {
    /// Adds one.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// Adds something to tell the model.
    pub fn tell(&mut self, told: Told) {
        self.0.push(Effect::Tell(told));
    }
}

/// What a dialect found out about its PBX and about the account there, for the self-examination.
#[derive(Default)]
pub struct Findings {
    /// What was looked at; the names differ from each other.
    pub checks: Vec<Check>,
    /// How long the server took to answer last, where no ping of a WebSocket tells it.
    pub answers_in: Option<Duration>,
    /// Seconds that the server's clock is ahead, where no answer by HTTP tells it.
    pub clock_ahead: Option<i64>,
}

/// A source of random numbers, given by the engine.
pub trait Random {
    /// A number drawn evenly from 0 to 1.
    fn unit(&mut self) -> f64;
}

/// One PBX kind: what arrives becomes our events, what we want becomes its frames and requests.
pub trait Dialect: Send {
    /// Takes one input and says what to do.
    fn step(&mut self, input: Input<'_>, now: Now, random: &mut dyn Random, out: &mut Effects);
    /// When [`Input::Tick`] is due.
    fn deadline(&self) -> Option<Instant>;
    /// What it knows for the self-examination, in words; nothing is asked for it now.
    fn findings(&self) -> Findings {
        Findings::default()
    }
}
