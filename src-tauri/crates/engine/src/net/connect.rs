//! A TCP connection to a server, directly or through the proxy that the system's settings name.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use phone_core::Reason;
use tokio::net::TcpStream;
use tower_service::Service;
use url::{Host, Url};

/// Limit for one address; a host may have several.
const ADDRESS_LIMIT: Duration = Duration::from_secs(4);

/// Connects to the host and port of an address.
pub(crate) async fn connect(url: &Url) -> Result<TcpStream, Reason> {
    let stream = match proxy_for(url) {
        Some((proxy, target)) => through(proxy, target).await?,
        None => direct(url).await?,
    };
    stream.set_nodelay(true).ok();
    Ok(stream)
}

/// The proxy for an address, and the address in the form proxies want it; never for this machine itself.
fn proxy_for(url: &Url) -> Option<(hyper_util::client::proxy::matcher::Intercept, http::Uri)> {
    if is_this_machine(url) {
        return None;
    }
    let scheme = if matches!(url.scheme(), "wss" | "https") { "https" } else { "http" };
    let target: http::Uri = format!("{scheme}://{}:{}/", url.host_str()?, url.port_or_known_default()?).parse().ok()?;
    let proxy = Matcher::from_system().intercept(&target)?;
    Some((proxy, target))
}

pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn through(proxy: hyper_util::client::proxy::matcher::Intercept, target: http::Uri) -> Result<TcpStream, Reason> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(ADDRESS_LIMIT));
    let scheme = proxy.uri().scheme_str().unwrap_or("http").to_owned();
    let stream: TokioIo<TcpStream> = if scheme.starts_with("socks") {
        let mut socks = SocksV5::new(proxy.uri().clone(), connector).local_dns(scheme == "socks5");
        if let Some((user, password)) = proxy.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        socks.call(target).await.map_err(|_| Reason::ProxyFailed)?
    } else {
        let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        tunnel.call(target).await.map_err(|_| Reason::ProxyFailed)?
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
        match tokio::time::timeout(ADDRESS_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = of_io(&error),
            Err(_) => last = Reason::ConnectTimedOut,
        }
    }
    Err(last)
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

/// What a failed TLS handshake means, when no certificate was refused.
#[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors")]
pub(crate) fn of_tls(error: &rustls::Error) -> Reason {
    match error {
        // The first bytes were no TLS at all.
        rustls::Error::InvalidMessage(_) => Reason::PlainInsteadOfTls,
        _ => Reason::TlsFailed,
    }
}
