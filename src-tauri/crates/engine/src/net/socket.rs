//! One WebSocket: opened through proxy and TLS, read and written by one task, with bounded memory.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderName;
use phone_core::Reason;
use phone_pbx::dialect::{Header, NotOpened, Wire};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

use super::connect::{Addresses, Duplex, connect, of_io};
use super::tls::Tls;
use super::{FromNet, OPEN_LIMIT, ToSocket, header_value, wiped};
use crate::ports::Proxies;

/// Longest frame that is read: 10,000 accounts need about two million bytes.
const LONGEST_FRAME: usize = 16 << 20;

/// Opens a WebSocket and serves it until it ends. `tell` is bounded: a slow actor slows the peer.
pub(crate) async fn run<F>(
    wire: Wire,
    url: Url,
    headers: Vec<(&'static str, Header)>,
    tls: Tls,
    proxies: std::sync::Arc<dyn Proxies>,
    mut to_send: mpsc::Receiver<ToSocket>,
    tell: impl Fn(FromNet) -> F,
) where
    F: Future<Output = ()>,
{
    let (stream, addresses) = match tokio::time::timeout(OPEN_LIMIT, open(url, headers, &tls, &*proxies)).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(why)) => return tell(FromNet::NotOpened(wire, why)).await,
        Err(_) => return tell(FromNet::NotOpened(wire, NotOpened::Reason(Reason::ConnectTimedOut))).await,
    };
    tell(FromNet::Opened(wire, addresses)).await;
    let (mut write, mut read) = stream.split();
    loop {
        // Not biased: a flood that is read must not keep back what is to be sent.
        tokio::select! {
            message = read.next() => match message {
                Some(Ok(Message::Text(text))) => tell(FromNet::Text(wire, text)).await,
                Some(Ok(Message::Binary(_))) => tell(FromNet::Binary).await,
                Some(Ok(Message::Ping(_))) => {
                    // The answer to it is queued inside; sending it needs a flush.
                    if write.flush().await.is_err() {
                        return tell(FromNet::Closed(wire)).await;
                    }
                    tell(FromNet::Pinged(wire)).await;
                }
                Some(Ok(Message::Pong(_))) => tell(FromNet::Pong(wire)).await,
                Some(Ok(Message::Close(_) | Message::Frame(_))) | None => return tell(FromNet::Closed(wire)).await,
                Some(Err(error)) => return tell(failure(wire, &error)).await,
            },
            message = to_send.recv() => {
                let sent = match message {
                    Some(ToSocket::Text(_, not_after) | ToSocket::Hidden(_, not_after)) if Instant::now() > not_after => {
                        return tell(FromNet::Closed(wire)).await;
                    }
                    Some(ToSocket::Text(text, _)) => write.send(Message::Text(Utf8Bytes::from(text))).await,
                    Some(ToSocket::Hidden(secret, _)) => match Utf8Bytes::try_from(wiped(secret)) {
                        Ok(text) => write.send(Message::Text(text)).await,
                        Err(_) => return tell(FromNet::Closed(wire)).await,
                    },
                    Some(ToSocket::Ping) => write.send(Message::Ping(Vec::new().into())).await,
                    None => {
                        write.close().await.ok();
                        return;
                    }
                };
                if let Err(error) = sent {
                    return tell(failure(wire, &error)).await;
                }
            }
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else ends a socket, it is closed")]
fn failure(wire: Wire, error: &Error) -> FromNet {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => FromNet::Broken(Reason::MessageTooLong),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => FromNet::Closed(wire),
        Error::Utf8(_) | Error::Protocol(_) | Error::Capacity(_) => FromNet::Broken(Reason::Garbage),
        _ => FromNet::Closed(wire),
    }
}

type Opened = (WebSocketStream<Box<dyn Duplex>>, Addresses);

async fn open(url: Url, headers: Vec<(&'static str, Header)>, tls: &Tls, proxies: &dyn Proxies) -> Result<Opened, NotOpened> {
    let (stream, addresses) = connect(&url, proxies, tls).await.map_err(NotOpened::Reason)?;
    let stream: Box<dyn Duplex> = if url.scheme() == "wss" {
        let host = url.host_str().unwrap_or_default();
        Box::new(tls.connect(host, stream, None).await.map_err(NotOpened::Reason)?)
    } else {
        stream
    };
    let mut request = url.as_str().into_client_request().map_err(|_| NotOpened::Reason(Reason::NotAPbx))?;
    for (name, value) in headers {
        let value = header_value(&value).map_err(NotOpened::Reason)?;
        request.headers_mut().append(HeaderName::from_static(lower(name)), value);
    }
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(LONGEST_FRAME);
    config.max_frame_size = Some(LONGEST_FRAME);
    config.read_buffer_size = 16 << 10;
    config.write_buffer_size = 0;
    config.max_write_buffer_size = 1 << 20;
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((stream, _)) => Ok((stream, addresses)),
        Err(Error::Http(response)) => {
            let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
            Err(NotOpened::Status(response.status().as_u16(), retry_after.map(Duration::from_secs)))
        }
        Err(Error::Io(error)) => Err(NotOpened::Reason(of_io(&error))),
        // An answer that is no handshake: something stands in between.
        Err(_) => Err(NotOpened::Status(0, None)),
    }
}

/// Header names of handshakes, as the type wants them.
fn lower(name: &'static str) -> &'static str {
    match name {
        "Cookie" => "cookie",
        "Authorization" => "authorization",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use phone_core::Secret;
    use tokio::net::TcpListener;

    use super::*;
    use crate::actor::tests::{OneProxy, SOON};

    #[tokio::test]
    async fn a_credential_is_sent_like_any_other_frame() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/", listener.local_addr().expect("the port")).parse().expect("an address");
        let (sender, to_send) = mpsc::channel(4);
        let tls = Tls::new("127.0.0.1", None, false).expect("TLS");
        tokio::spawn(run(Wire(0), url, vec![], tls, Arc::new(OneProxy::default()), to_send, |_| std::future::ready(())));
        for text in ["{\"a\":1}", "{\"b\":2}"] {
            sender.try_send(ToSocket::Hidden(Secret::new(text.to_owned()), Instant::now() + SOON)).ok();
        }
        sender.try_send(ToSocket::Hidden(Secret::new("late".to_owned()), Instant::now())).ok();
        let said = async {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut peer = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
            let mut said = vec![];
            while let Some(Ok(message)) = peer.next().await {
                said.push(message.into_text().expect("text").to_string());
            }
            said
        };
        let said = tokio::time::timeout(SOON, said).await.expect("in time");
        assert_eq!(said, ["{\"a\":1}", "{\"b\":2}"], "and a late one is not sent");
    }
}
