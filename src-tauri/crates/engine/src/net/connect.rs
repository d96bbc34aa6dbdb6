//! A TCP connection to a server, directly or through the proxy that the system's settings name.

use std::future::{Ready, ready};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use phone_core::Reason;
use phone_core::host::is_loopback_host;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tower_service::Service;
use url::{Host, Url};

use super::UNDELIVERED_LIMIT;
use super::tls::Tls;
use crate::ports::Proxies;

/// Limit for one address; a host may have several.
const ADDRESS_LIMIT: Duration = Duration::from_secs(4);

/// Received bytes that may wait in the system: some thousand changes of presence, worked off in less than 0.2 s.
const RECEIVED_AT_MOST: u32 = 256 << 10;

/// Where a proxy that speaks SOCKS listens unless its address says otherwise (RFC 1928).
const SOCKS_PORT: u16 = 1080;

/// A stream of any kind: to the server itself, or through one or two others.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// The own address of a connection and that of the next machine on its way.
pub(crate) type Addresses = Option<(SocketAddr, SocketAddr)>;

/// Connects to the host and port of an address, by the proxy that the system names for it.
pub(crate) async fn connect(url: &Url, proxies: &dyn Proxies, tls: &Tls) -> Result<(Box<dyn Duplex>, Addresses), Reason> {
    let proxy = proxy_for(url, proxies).await;
    let stream = match &proxy {
        // Whatever keeps us from the proxy says nothing about the PBX.
        Some(proxy) => direct(proxy).await.map_err(|_| Reason::ProxyFailed)?,
        None => direct(url).await?,
    };
    stream.set_nodelay(true).ok();
    let addresses = stream.local_addr().ok().zip(stream.peer_addr().ok());
    let stream = match &proxy {
        Some(proxy) => through(proxy, url, stream, tls).await?,
        None => Box::new(stream),
    };
    Ok((stream, addresses))
}

/// The proxy for an address; never one for this machine itself.
pub(crate) async fn proxy_for(url: &Url, proxies: &dyn Proxies) -> Option<Url> {
    if url.host_str().is_some_and(is_loopback_host) {
        return None;
    }
    // Settings speak of web addresses.
    let mut web = url.clone();
    let scheme = if matches!(url.scheme(), "wss" | "https") { "https" } else { "http" };
    if web.scheme() != scheme {
        let port = url.port_or_known_default();
        web = Url::parse(&format!("{scheme}://{}:{}/", url.host_str()?, port?)).ok()?;
    }
    proxies.lookup(&web).await
}

/// The proxy that environment variables name for a web address.
pub(crate) fn environment_proxy(url: &Url) -> Option<Url> {
    let target: http::Uri = target(url)?;
    let proxy = Matcher::from_env().intercept(&target)?;
    let mut found = Url::parse(&proxy.uri().to_string()).ok()?;
    if let Some((user, password)) = proxy.raw_auth() {
        found.set_username(user).ok()?;
        found.set_password(Some(password)).ok()?;
    } else if let Some((user, password)) = proxy.basic_auth().and_then(|value| basic_pair(value.as_bytes())) {
        found.set_username(&user).ok()?;
        found.set_password(Some(&password)).ok()?;
    }
    Some(found)
}

fn basic_pair(value: &[u8]) -> Option<(String, String)> {
    use base64::Engine as _;
    let coded = std::str::from_utf8(value).ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(coded).ok()?).ok()?;
    pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// Host and port of an address as proxies want them.
fn target(url: &Url) -> Option<http::Uri> {
    let scheme = if matches!(url.scheme(), "wss" | "https") { "https" } else { "http" };
    format!("{scheme}://{}:{}/", url.host_str()?, url.port_or_known_default()?).parse().ok()
}

/// Asks the proxy at the other end of a stream for a way to an address.
async fn through(proxy: &Url, url: &Url, stream: TcpStream, tls: &Tls) -> Result<Box<dyn Duplex>, Reason> {
    let mut target = target(url).ok_or(Reason::HostNotFound)?;
    // Other kinds would be spoken to in a way they do not understand.
    let stream: Box<dyn Duplex> = match proxy.scheme() {
        "http" | "socks4" | "socks4a" | "socks5" | "socks5h" => Box::new(stream),
        "https" => {
            let host = proxy.host_str().unwrap_or_default();
            Box::new(tls.connect(host, stream, Some(proxy)).await.map_err(|_| Reason::ProxyFailed)?)
        }
        _ => return Err(Reason::ProxyFailed),
    };
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let auth = proxy.password().map(|password| (decoded(proxy.username()), decoded(password)));
    let stream = Connected(Some(TokioIo::new(stream)));
    // The stream leads to the proxy already, so its address is asked by nobody.
    let nowhere = http::Uri::default();
    let stream = if proxy.scheme().starts_with("socks") {
        let old = proxy.scheme().starts_with("socks4");
        if matches!(proxy.scheme(), "socks4" | "socks5") {
            // The name is looked up here; the connector's own way would hold up everything else meanwhile.
            target = resolved(url, old).await?;
        }
        if old {
            SocksV4::new(nowhere, stream).call(target).await.map_err(|_| Reason::ProxyFailed)?
        } else {
            let mut socks = SocksV5::new(nowhere, stream);
            if let Some((user, password)) = auth {
                socks = socks.with_auth(user, password);
            }
            socks.call(target).await.map_err(|_| Reason::ProxyFailed)?
        }
    } else {
        let mut tunnel = Tunnel::new(nowhere, stream);
        if let Some((user, password)) = auth {
            use base64::Engine as _;
            let coded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            let mut value = http::HeaderValue::from_str(&format!("Basic {coded}")).map_err(|_| Reason::ProxyFailed)?;
            value.set_sensitive(true);
            tunnel = tunnel.with_auth(value);
        }
        tunnel.call(target).await.map_err(|error| of_tunnel(&error))?
    };
    Ok(stream.into_inner())
}

/// A connector that gives the connection that is there already, once.
pub(crate) struct Connected(Option<TokioIo<Box<dyn Duplex>>>);

impl Service<http::Uri> for Connected {
    type Response = TokioIo<Box<dyn Duplex>>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| ErrorKind::NotConnected.into()))
    }
}

/// The address of a web address, with its name looked up here; version 4 of SOCKS can only name one of its own kind.
async fn resolved(url: &Url, only_ipv4: bool) -> Result<http::Uri, Reason> {
    let found = addresses_of(url).await?;
    let address = found.iter().find(|address| address.is_ipv4() || !only_ipv4).ok_or(Reason::HostNotFound)?;
    format!("{}://{address}/", if url.scheme() == "wss" { "https" } else { "http" }).parse().map_err(|_| Reason::HostNotFound)
}

async fn addresses_of(url: &Url) -> Result<Vec<SocketAddr>, Reason> {
    let socks = || url.scheme().starts_with("socks").then_some(SOCKS_PORT);
    let port = url.port_or_known_default().or_else(socks).ok_or(Reason::HostNotFound)?;
    Ok(match url.host().ok_or(Reason::HostNotFound)? {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(name) => tokio::net::lookup_host((name, port)).await.map_err(|_| Reason::HostNotFound)?.collect(),
    })
}

async fn direct(url: &Url) -> Result<TcpStream, Reason> {
    let mut last = Reason::HostNotFound;
    for address in addresses_of(url).await? {
        match tokio::time::timeout(ADDRESS_LIMIT, to(address)).await {
            Ok(Ok(stream)) => {
                give_up_undelivered(&stream);
                return Ok(stream);
            }
            Ok(Err(error)) => last = of_io(&error),
            Err(_) => last = Reason::ConnectTimedOut,
        }
    }
    Err(last)
}

/// Connects to one address. What waits in the system's buffer is kept short, so that a call does not queue behind a flood.
async fn to(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A system that will not do this is only slower in a flood.
    socket.set_recv_buffer_size(RECEIVED_AT_MOST).ok();
    // Its end discards what was not delivered: a system would go on trying long after the socket was closed.
    socket.set_zero_linger()?;
    socket.connect(address).await
}

/// Has the system end a connection whose peer confirms nothing any more.
#[cfg(target_os = "linux")]
fn give_up_undelivered(stream: &TcpStream) {
    let limit = u32::try_from(UNDELIVERED_LIMIT.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, limit) {
        tracing::warn!(%error, "a connection without a limit for what is not delivered");
    }
}

/// Elsewhere only the end of the connection discards it.
#[cfg(not(target_os = "linux"))]
fn give_up_undelivered(_: &TcpStream) {}

/// What an error of the operating system means.
#[expect(clippy::wildcard_enum_match_arm, reason = "the standard library may add kinds")]
pub(crate) fn of_io(error: &std::io::Error) -> Reason {
    match error.kind() {
        ErrorKind::ConnectionRefused => Reason::ConnectionRefused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable => {
            Reason::NetworkDown
        }
        ErrorKind::TimedOut => Reason::ConnectTimedOut,
        _ => Reason::Dropped,
    }
}

/// What an HTTP proxy can answer instead of a tunnel.
pub(crate) type TunnelError = <Tunnel<Connected> as Service<http::Uri>>::Error;

/// What a refused tunnel means.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else it is, the proxy does not let us through")]
pub(crate) fn of_tunnel(error: &TunnelError) -> Reason {
    match error {
        TunnelError::ProxyAuthRequired => Reason::ProxyNeedsSignIn,
        _ => Reason::ProxyFailed,
    }
}

/// The TLS error inside an error of the operating system's kind, however often it was wrapped.
pub(crate) fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().or_else(|| inner.downcast_ref::<std::io::Error>().and_then(tls_error))
}

/// What a failed TLS handshake means, when no certificate was refused.
#[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors")]
pub(crate) fn of_tls(error: &rustls::Error) -> Reason {
    match error {
        // The first bytes were no TLS at all.
        rustls::Error::InvalidMessage(_) => Reason::PlainInsteadOfTls,
        _ => Reason::TlsFailed,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use rustix::net::sockopt::{socket_linger, tcp_user_timeout};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_keeps_nothing_for_later() {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/", server.local_addr().expect("the port")).parse().expect("an address");
        let stream = direct(&url).await.expect("connected");
        assert_eq!(socket_linger(&stream).expect("an option"), Some(Duration::ZERO));
        assert_eq!(tcp_user_timeout(&stream).expect("an option"), 3000);
    }
}
