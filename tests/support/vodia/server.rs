//! Port, connections, and the step from HTTP to the WebSocket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::http::{Answer, Asked, read_request};
use super::manners::Delivery;
use super::records::{Event, Request};
use super::rest::Routed;
use super::socket;
use super::state::Pbx;
use crate::loopback::line::{Line, Wire};

/// Accepts connections until aborted.
pub(super) async fn accept(pbx: Arc<Pbx>, listener: TcpListener) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        // Latency figures are measured over this line.
        let _ = tcp.set_nodelay(true);
        let task = Arc::clone(&pbx);
        pbx.change(|state, _| {
            state.last_connection += 1;
            let id = state.last_connection;
            let handle = tokio::spawn(async move {
                let _listed = Listed { pbx: Arc::clone(&task), id };
                // Whatever ends a connection early is the client's business, or was wanted.
                let _ = connection(task, tcp, id).await;
            });
            state.connections.insert(id, handle);
        });
    }
}

/// Takes a connection out of the books, also when its task is ended from outside.
struct Listed {
    pbx: Arc<Pbx>,
    id: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.pbx.change(|state, _| drop(state.connections.remove(&self.id)));
    }
}

async fn connection(pbx: Arc<Pbx>, tcp: TcpStream, id: u64) -> Result<()> {
    let line = Line::new(tcp, Arc::clone(&pbx.gate));
    let mut wire: Box<dyn Wire> = match &pbx.certificate {
        Some(certificate) => Box::new(certificate.acceptor.accept(line).await?),
        None => Box::new(line),
    };
    let mut buffer = Vec::new();
    loop {
        let idle = pbx.options.manners.idle_connection;
        let asked = match patiently(&pbx, idle, read_request(&mut wire, &mut buffer)).await {
            None => return Ok(()),
            Some(asked) => asked,
        };
        let asked = match asked {
            Ok(Some(asked)) => asked,
            Ok(None) => return Ok(()),
            Err(_) => {
                wire.write_all(&Answer::status(400).bytes(Delivery::plain(false))).await?;
                wire.flush().await?;
                return Ok(());
            }
        };
        let (routed, slow, delivery) = pbx.change(|state, options| {
            let routed = state.route(&asked, options);
            let status = match &routed {
                Routed::Answer(answer) => answer.status,
                Routed::Socket(_) => 101,
            };
            let request = note(&asked, status);
            state.events.push(Event::Request { method: request.method.clone(), path: request.path.clone(), status });
            state.requests.push(request);
            (routed, state.mischief.slow, options.manners.delivery(state.answers, &asked))
        });
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
        match routed {
            Routed::Answer(answer) => {
                deliver(&mut wire, &answer.bytes(delivery), delivery.pieces).await?;
                if !delivery.keep_alive {
                    wire.shutdown().await?;
                    return Ok(());
                }
            }
            Routed::Socket(user) => {
                let key = derive_accept_key(asked.header("sec-websocket-key").as_bytes());
                let answer = Answer::status(101)
                    .header("Upgrade", "websocket")
                    .header("Connection", "Upgrade")
                    .header("Sec-WebSocket-Accept", key);
                deliver(&mut wire, &answer.bytes(Delivery::plain(true)), delivery.pieces).await?;
                socket::serve(pbx, wire, buffer, id, user).await;
                return Ok(());
            }
        }
    }
}

/// Waits for a request; nothing when the connection has been idle for too long.
async fn patiently<T>(pbx: &Pbx, idle: Option<Duration>, request: impl Future<Output = T>) -> Option<T> {
    let Some(idle) = idle else { return Some(request.await) };
    tokio::pin!(request);
    loop {
        match tokio::time::timeout(idle, &mut request).await {
            Ok(asked) => return Some(asked),
            // Whoever is silent closes nothing either.
            Err(_) if pbx.gate.is_muted() => {}
            Err(_) => return None,
        }
    }
}

/// Between two pieces of one answer or frame, so that they arrive apart.
const BETWEEN_PIECES: Duration = Duration::from_millis(1);

/// Writes bytes in one go, or in three pieces.
pub(super) async fn deliver(wire: &mut (impl AsyncWrite + Unpin), bytes: &[u8], pieces: bool) -> std::io::Result<()> {
    let (first, rest) = bytes.split_at(if pieces { bytes.len().min(1) } else { 0 });
    let (second, third) = rest.split_at(if pieces { rest.len() / 2 } else { 0 });
    for piece in [first, second].into_iter().filter(|piece| !piece.is_empty()) {
        wire.write_all(piece).await?;
        wire.flush().await?;
        tokio::time::sleep(BETWEEN_PIECES).await;
    }
    wire.write_all(third).await?;
    wire.flush().await
}

fn note(asked: &Asked, status: u16) -> Request {
    Request {
        method: asked.method.clone(),
        path: asked.without_secrets(),
        upgrade: asked.is_upgrade(),
        status,
        at: Instant::now(),
    }
}
