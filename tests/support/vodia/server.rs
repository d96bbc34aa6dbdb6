//! Port, connections, and the step from HTTP to the WebSocket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::http::{Answer, Asked, read_request};
use super::line::{Line, Wire};
use super::records::{Event, Request};
use super::rest::Routed;
use super::socket;
use super::state::Pbx;

/// Opens the port on the loopback address; a port that was ours a moment ago may be taken again.
pub(super) fn bind(port: u16) -> Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    // On Windows the option would let two programs share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).with_context(|| format!("open port {port}"))?;
    let listener = socket.listen(1024)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

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
        let asked = match read_request(&mut wire, &mut buffer).await {
            Ok(Some(asked)) => asked,
            Ok(None) => return Ok(()),
            Err(_) => {
                wire.write_all(&Answer::status(400).bytes(false)).await?;
                wire.flush().await?;
                return Ok(());
            }
        };
        let (routed, slow) = pbx.change(|state, options| {
            let routed = state.route(&asked, options);
            let status = match &routed {
                Routed::Answer(answer) => answer.status,
                Routed::Socket(_) => 101,
            };
            let request = note(&asked, status);
            state.events.push(Event::Request { method: request.method.clone(), path: request.path.clone(), status });
            state.requests.push(request);
            (routed, state.mischief.slow)
        });
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
        match routed {
            Routed::Answer(answer) => {
                wire.write_all(&answer.bytes(asked.keep_alive)).await?;
                wire.flush().await?;
                if !asked.keep_alive {
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
                wire.write_all(&answer.bytes(true)).await?;
                wire.flush().await?;
                socket::serve(pbx, wire, buffer, id, user).await;
                return Ok(());
            }
        }
    }
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
