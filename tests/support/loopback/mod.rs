//! What every fake stands on: a port of this machine, connections that can fall silent, certificates made at the start.

pub(crate) mod certificate;
pub(crate) mod line;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpSocket};

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// None: the connection is plain.
    None,
    /// Made at the start, for `localhost` and `127.0.0.1`, signed by itself.
    SelfSigned,
    /// As `SelfSigned`, but out of date since 2021.
    Expired,
    /// As `SelfSigned`, but not valid before the year 2090.
    NotYetValid,
    /// As `SelfSigned`, but for another host.
    WrongName,
    /// Signed by a company authority that is made at the start too.
    OwnAuthority,
    /// Given from outside, both in PEM.
    Given {
        /// The chain, the server's certificate first.
        chain_pem: String,
        /// The private key of the first certificate.
        key_pem: String,
    },
}

/// Opens the port on the loopback address; a port that was ours a moment ago may be taken again.
pub(crate) fn bind(port: u16) -> Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    // On Windows the option would let two programs share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).with_context(|| format!("open port {port}"))?;
    let listener = socket.listen(1024)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
