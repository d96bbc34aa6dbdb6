//! Sockets of one account: TLS with the system's trust or one pinned certificate, proxies, HTTP, WebSocket and byte stream.

pub(crate) mod connect;
pub(crate) mod http;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod tls;

use std::time::{Duration, Instant};

use ::http::HeaderValue;
use hyper::body::Bytes;
use phone_core::{Reason, Secret};
use phone_pbx::dialect::{Header, HttpAnswer, NotOpened, Wire};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use url::{Host, Url};

/// How long what was sent may stay without a receipt of the peer's system; then the connection is over, and what it held with it.
///
/// A command that was told to have an unknown outcome must not arrive long after: this and the time in which it may be
/// written are together no longer than the shortest limit of a command.
pub(crate) const UNDELIVERED_LIMIT: Duration = Duration::from_secs(3);

/// A header as it is sent.
///
/// # Errors
/// One that cannot be sent at all: without it the request would be another one.
fn header_value(header: &Header) -> Result<HeaderValue, Reason> {
    let (text, hidden) = match header {
        Header::Plain(text) => (text.as_str(), false),
        Header::Hidden(secret) => (secret.expose(), true),
    };
    let mut value = HeaderValue::from_str(text).map_err(|_| Reason::Garbage)?;
    value.set_sensitive(hidden);
    Ok(value)
}

/// Limit for connection, TLS and handshake together; the link's own limit holds the sign-in before it too.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// What is sent by a WebSocket or a stream.
pub(crate) enum ToSocket {
    /// A text frame, and when it is too late to send it: whoever asked was told that its outcome is unknown.
    Text(String, Instant),
    /// The same with a credential in it.
    Hidden(Secret, Instant),
    /// A ping.
    Ping,
}

/// The host of an address, written as web addresses write it: other schemes leave it as it was typed.
pub(crate) fn host_of(url: &Url) -> String {
    let typed = url.host_str().unwrap_or_default();
    Host::parse(typed).map_or_else(|_| typed.to_owned(), |host| host.to_string())
}

/// A text that may hold a credential, wiped when it is sent; what the libraries below copy of it is not.
fn wiped(secret: Secret) -> Bytes {
    struct Wiped(Secret);
    impl AsRef<[u8]> for Wiped {
        fn as_ref(&self) -> &[u8] {
            self.0.expose().as_bytes()
        }
    }
    Bytes::from_owner(Wiped(secret))
}

/// What a socket or request tells the actor.
pub(crate) enum FromNet {
    /// A WebSocket or a stream is open; its own and its peer's address.
    Opened(Wire, Option<(std::net::SocketAddr, std::net::SocketAddr)>),
    /// It was not opened.
    NotOpened(Wire, NotOpened),
    /// A text frame.
    Text(Wire, Utf8Bytes),
    /// A frame that is no text.
    Binary,
    /// A ping was answered.
    Pong(Wire),
    /// The peer pinged, and its answer is on its way.
    Pinged(Wire),
    /// The socket is gone, by a close frame or without one.
    Closed(Wire),
    /// The peer broke the rules; the socket is gone.
    Broken(Reason),
    /// An HTTP request has its answer, and how far the server's clock is ahead, in seconds.
    Http(u64, Result<HttpAnswer, Reason>, Option<i64>),
}
