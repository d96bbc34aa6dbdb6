//! One byte stream: opened through proxy and TLS, read and written at the same time by one task, with bounded memory.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use phone_core::Reason;
use phone_pbx::dialect::{Framing, NotOpened, Wire};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use url::Url;

use super::connect::{Addresses, Duplex, connect};
use super::tls::Tls;
use super::{FromNet, OPEN_LIMIT, ToSocket, host_of};
use crate::ports::Proxies;

/// Most bytes that are read before their frames are told: what a frame is made of is held at most once more than by its framing.
const READ_AT_ONCE: usize = 16 << 10;

/// How long the last words of a peer that takes nothing any more may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Opens a stream and serves it until it ends. `tell` is bounded: a slow actor slows the peer.
pub(crate) async fn run<F>(
    wire: Wire,
    url: Url,
    mut framing: Box<dyn Framing>,
    tls: Tls,
    proxies: Arc<dyn Proxies>,
    to_send: mpsc::Receiver<ToSocket>,
    tell: impl Fn(FromNet) -> F,
) where
    F: Future<Output = ()>,
{
    let opened = tokio::time::timeout(OPEN_LIMIT, open(&url, &tls, &*proxies)).await;
    let (stream, addresses) = match opened.unwrap_or(Err(Reason::ConnectTimedOut)) {
        Ok(opened) => opened,
        Err(why) => return tell(FromNet::NotOpened(wire, NotOpened::Reason(why))).await,
    };
    tell(FromNet::Opened(wire, addresses)).await;
    let (read, write) = tokio::io::split(stream);
    // At the same time: a peer that is still writing may not read what we send before somebody reads what it sent.
    let ended = tokio::select! {
        ended = reading(wire, read, &mut *framing, &tell) => Some(ended),
        ended = writing(wire, write, to_send) => ended,
    };
    if let Some(ended) = ended {
        tell(ended).await;
    }
}

/// Reads and tells frames until there are no more, and says how it ended.
async fn reading<F>(
    wire: Wire,
    mut read: impl AsyncRead + Unpin,
    framing: &mut dyn Framing,
    tell: &impl Fn(FromNet) -> F,
) -> FromNet
where
    F: Future<Output = ()>,
{
    let mut bytes = vec![0; READ_AT_ONCE];
    loop {
        let arrived = match read.read(&mut bytes).await {
            // A peer that says nothing any more confirms nothing any more, whether it still listens or not.
            Ok(0) | Err(_) => return FromNet::Closed(wire),
            Ok(count) => bytes.get(..count).unwrap_or_default(),
        };
        let mut frames = vec![];
        let understood = framing.push(arrived, &mut |frame| frames.push(frame));
        for frame in frames {
            tell(FromNet::Text(wire, frame.into())).await;
        }
        if let Err(reason) = understood {
            return FromNet::Broken(reason);
        }
    }
}

/// Writes what is to be sent, and says how it ended; none when nobody has anything to send any more.
async fn writing(wire: Wire, mut write: impl AsyncWrite + Unpin, mut to_send: mpsc::Receiver<ToSocket>) -> Option<FromNet> {
    while let Some(message) = to_send.recv().await {
        let (text, not_after) = match &message {
            ToSocket::Text(text, not_after) => (text.as_str(), *not_after),
            ToSocket::Hidden(secret, not_after) => (secret.expose(), *not_after),
            ToSocket::Ping => continue,
        };
        if Instant::now() > not_after {
            return Some(FromNet::Closed(wire));
        }
        let sending = async {
            write.write_all(text.as_bytes()).await?;
            write.flush().await
        };
        // The rest of a frame whose time is over must not follow, so the stream ends with its beginning.
        match tokio::time::timeout_at(not_after.into(), sending).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                // Meanwhile the other side of this task reads on: the peer may have said why it hung up.
                tokio::time::sleep(LAST_WORDS).await;
                return Some(FromNet::Closed(wire));
            }
            Err(_) => return Some(FromNet::Closed(wire)),
        }
    }
    None
}

async fn open(url: &Url, tls: &Tls, proxies: &dyn Proxies) -> Result<(Box<dyn Duplex>, Addresses), Reason> {
    // Whatever is not said to be plain is encrypted.
    let plain = url.scheme() == "tcp";
    let (host, port) = (host_of(url), url.port().ok_or(Reason::HostNotFound)?);
    // Proxies are chosen, and hosts are written, as for web addresses.
    let scheme = if plain { "http" } else { "https" };
    let place = Url::parse(&format!("{scheme}://{host}:{port}/")).map_err(|_| Reason::HostNotFound)?;
    let (stream, addresses) = connect(&place, proxies, tls).await?;
    let stream: Box<dyn Duplex> = if plain { stream } else { Box::new(tls.connect_bare(&host, stream).await?) };
    Ok((stream, addresses))
}
