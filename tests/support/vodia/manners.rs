//! How bytes travel: the length of answers, ends of connections, pieces. A client must cope with all of it.

use std::time::Duration;

/// How a client learns where an answer ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Content-Length`.
    Length,
    /// `Transfer-Encoding: chunked`, in small chunks.
    Chunked,
    /// Nothing: the end of the connection.
    UntilClose,
    /// The same in HTTP/1.0. Libraries for WebSockets take a refusal in it for no answer at all, so it is never among `Mixed`.
    Http10,
    /// The first three in turn.
    Mixed,
}

/// How often a connection ends after an answer although the client wanted to keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closes {
    /// Only when the client asks for it.
    Never,
    /// After every fourth answer.
    Sometimes,
    /// After every answer.
    Always,
}

/// What the transport is like. Nothing is known about a real server's, so every lawful form has to be expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manners {
    /// Length of answers.
    pub framing: Framing,
    /// Ends of connections.
    pub closes: Closes,
    /// Whether answers and frames arrive in pieces, cut within words.
    pub pieces: bool,
    /// Whether names of header fields change between `Set-Cookie` and `set-cookie`.
    pub mixed_case: bool,
    /// Whether text messages come in several frames, with a ping among them (RFC 6455, section 5.4).
    pub fragments: bool,
    /// Time between two pings of the server's own.
    pub pings: Option<Duration>,
    /// A connection without a request for this long is closed without a word.
    pub idle_connection: Option<Duration>,
    /// Sockets that one user may have; the oldest gives way to the next (section 6, unknown 3).
    pub most_sockets: Option<usize>,
    /// Life of a session (section 6, unknown 6). Sockets that are open stay open.
    pub session_lifetime: Option<Duration>,
    /// Whether any answer but that of the front page tells the version (section 1.2, notes).
    pub tells_version: bool,
    /// Whether a cookie of no meaning is set before that of the session.
    pub more_cookies: bool,
    /// Whether a password sign-in sets the cookie beside answering with the session's id (section 1.2, L3).
    pub put_sets_cookie: bool,
}

impl Manners {
    /// Makes everything as unsteady as it may lawfully be.
    pub fn ugly() -> Self {
        Self {
            framing: Framing::Mixed,
            closes: Closes::Sometimes,
            pieces: true,
            mixed_case: true,
            fragments: true,
            pings: Some(Duration::from_secs(25)),
            idle_connection: Some(Duration::from_secs(10)),
            most_sockets: None,
            session_lifetime: None,
            tells_version: true,
            more_cookies: true,
            put_sets_cookie: false,
        }
    }

    /// Makes everything steady: easy to read in a trace.
    pub fn plain() -> Self {
        Self {
            framing: Framing::Length,
            closes: Closes::Never,
            pieces: false,
            mixed_case: false,
            fragments: false,
            pings: None,
            idle_connection: None,
            more_cookies: false,
            ..Self::ugly()
        }
    }

    /// Chooses the way in which an answer travels.
    pub(super) fn delivery(&self, turn: u64, asked: &super::http::Asked) -> Delivery {
        let framing = match (self.framing, turn % 7) {
            (Framing::Mixed, 1 | 4 | 6) => Framing::Chunked,
            (Framing::Mixed, 3) => Framing::UntilClose,
            (Framing::Mixed, _) => Framing::Length,
            (chosen, _) => chosen,
        };
        // A client of HTTP/1.0 knows no chunks.
        let framing = if asked.is_old && framing == Framing::Chunked { Framing::Length } else { framing };
        let closes = match self.closes {
            Closes::Never => false,
            Closes::Sometimes => turn % 4 == 3,
            Closes::Always => true,
        };
        Delivery {
            framing,
            keep_alive: asked.keep_alive && !closes && !matches!(framing, Framing::UntilClose | Framing::Http10),
            lower_case: self.mixed_case && turn % 2 == 1,
            pieces: self.pieces && turn % 3 == 2,
        }
    }
}

/// How one answer travels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    pub(super) framing: Framing,
    pub(super) keep_alive: bool,
    pub(super) lower_case: bool,
    pub(super) pieces: bool,
}

impl Delivery {
    /// Makes an answer travel in the plainest way.
    pub(super) fn plain(keep_alive: bool) -> Self {
        Self { framing: Framing::Length, keep_alive, lower_case: false, pieces: false }
    }
}
