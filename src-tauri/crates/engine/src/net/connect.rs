//! A TCP connection to a server, directly or through the proxy that the system's settings name.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use phone_core::Reason;
use tokio::net::{TcpSocket, TcpStream};
use tower_service::Service;
use url::{Host, Url};

use crate::ports::Proxies;

/// Limit for one address; a host may have several.
const ADDRESS_LIMIT: Duration = Duration::from_secs(4);

/// Received bytes that may wait in the system: some thousand changes of presence, worked off in less than 0.2 s.
const RECEIVED_AT_MOST: u32 = 256 << 10;

/// Connects to the host and port of an address, by the proxy that the system names for it.
pub(crate) async fn connect(url: &Url, proxies: &dyn Proxies) -> Result<TcpStream, Reason> {
    let stream = match proxy_for(url, proxies).await {
        Some(proxy) => through(&proxy, url).await?,
        None => direct(url).await?,
    };
    stream.set_nodelay(true).ok();
    Ok(stream)
}

/// The proxy for an address; never one for this machine itself.
pub(crate) async fn proxy_for(url: &Url, proxies: &dyn Proxies) -> Option<Url> {
    if is_this_machine(url) {
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

pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn through(proxy: &Url, url: &Url) -> Result<TcpStream, Reason> {
    let target = target(url).ok_or(Reason::HostNotFound)?;
    // Other kinds, such as a proxy behind TLS, would be given the sign-in in plain text.
    if !matches!(proxy.scheme(), "http" | "socks5" | "socks5h") {
        return Err(Reason::ProxyFailed);
    }
    let mut bare = proxy.clone();
    bare.set_username("").ok();
    bare.set_password(None).ok();
    let address: http::Uri = bare.as_str().parse().map_err(|_| Reason::ProxyFailed)?;
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let auth = proxy.password().map(|password| (decoded(proxy.username()), decoded(password)));
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(ADDRESS_LIMIT));
    let stream: TokioIo<TcpStream> = if proxy.scheme().starts_with("socks") {
        let mut socks = SocksV5::new(address, connector).local_dns(proxy.scheme() == "socks5");
        if let Some((user, password)) = auth {
            socks = socks.with_auth(user, password);
        }
        socks.call(target).await.map_err(|_| Reason::ProxyFailed)?
    } else {
        let mut tunnel = Tunnel::new(address, connector);
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

async fn direct(url: &Url) -> Result<TcpStream, Reason> {
    let port = url.port_or_known_default().ok_or(Reason::HostNotFound)?;
    let addresses: Vec<SocketAddr> = match url.host().ok_or(Reason::HostNotFound)? {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(name) => tokio::net::lookup_host((name, port)).await.map_err(|_| Reason::HostNotFound)?.collect(),
    };
    let mut last = Reason::HostNotFound;
    for address in addresses {
        match tokio::time::timeout(ADDRESS_LIMIT, to(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
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
    socket.connect(address).await
}

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
pub(crate) type TunnelError = <Tunnel<HttpConnector> as Service<http::Uri>>::Error;

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
