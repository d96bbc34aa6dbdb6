//! Sockets of one account: TLS with the system's trust or one pinned certificate, proxies, HTTP and WebSocket.

pub(crate) mod connect;
pub(crate) mod http;
pub(crate) mod socket;
pub(crate) mod tls;

use phone_core::Reason;
use phone_pbx::dialect::{HttpAnswer, NotOpened, Wire};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// What a socket or request tells the actor.
pub(crate) enum FromNet {
    /// A WebSocket is open; its own and its peer's address.
    Opened(Wire, Option<(std::net::SocketAddr, std::net::SocketAddr)>),
    /// A WebSocket was not opened.
    NotOpened(Wire, NotOpened),
    /// A text frame.
    Text(Wire, Utf8Bytes),
    /// A frame that is no text.
    Binary,
    /// A ping was answered, or the peer pinged.
    Pong(Wire),
    /// The socket is gone, by a close frame or without one.
    Closed(Wire),
    /// The peer broke the rules; the socket is gone.
    Broken(Reason),
    /// An HTTP request has its answer, and how far the server's clock is ahead, in seconds.
    Http(u32, Result<HttpAnswer, Reason>, Option<i64>),
}
