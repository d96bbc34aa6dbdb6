//! Port and connections: bytes in, bytes out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::packet::take;
use super::session::Session;
use super::state::{Outgoing, Pbx, queue};
use crate::loopback::line::{Line, Wire};

/// Accepts connections until aborted.
pub(super) async fn accept(pbx: Arc<Pbx>, listener: TcpListener) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        // Latency figures are measured over this line.
        let _ = tcp.set_nodelay(true);
        let task = Arc::clone(&pbx);
        pbx.change(|state| {
            state.last_connection += 1;
            let id = state.last_connection;
            let handle = pbx.spawn(async move {
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
        self.pbx.change(|state| {
            state.sessions.remove(&self.id);
            drop(state.connections.remove(&self.id));
        });
    }
}

async fn connection(pbx: Arc<Pbx>, tcp: TcpStream, id: u64) -> Result<()> {
    let line = Line::new(tcp, Arc::clone(&pbx.gate));
    let wire: Box<dyn Wire> = match &pbx.certificate {
        Some(certificate) => {
            let patience = pbx.look(|state| state.options.auth_timeout);
            Box::new(tokio::time::timeout(patience, certificate.acceptor.accept(line)).await??)
        }
        None => Box::new(line),
    };
    let (sender, receiver) = queue();
    let greeting = pbx.change(|state| {
        state.sessions.insert(id, Session::new(sender));
        format!("Asterisk Call Manager/{}\r\n", state.options.release.interface())
    });
    let (reader, mut writer) = tokio::io::split(wire);
    writer.write_all(greeting.as_bytes()).await?;
    writer.flush().await?;
    tokio::select! {
        done = write(&pbx, writer, receiver, id) => done,
        done = read(&pbx, reader, id) => done,
    }
}

async fn read(pbx: &Arc<Pbx>, mut reader: impl AsyncRead + Unpin, id: u64) -> Result<()> {
    let born = Instant::now();
    let mut buffer = Vec::new();
    loop {
        let patience = pbx.look(|state| {
            let session = state.sessions.get(&id)?;
            Some(match session.user {
                Some(_) => state.options.keepalive_limit.saturating_sub(session.last_action.elapsed()),
                None => state.options.auth_timeout.saturating_sub(born.elapsed()),
            })
        });
        let Some(patience) = patience else { bail!("the session is gone") };
        let patience = patience.max(Duration::from_millis(5));
        match tokio::time::timeout(patience, reader.read_buf(&mut buffer)).await {
            Ok(Ok(0)) => return Ok(()),
            Ok(read) => drop(read?),
            Err(_) => {
                patience_is_over(pbx, id, born)?;
                continue;
            }
        }
        while let Some((packet, sins)) = take(&mut buffer) {
            let goes_on = pbx.change(|state| {
                state.violations.extend(sins);
                state.take_action(id, &packet)
            });
            if !goes_on {
                // The writer ends the connection when the last answer is out.
                std::future::pending::<()>().await;
            }
        }
    }
}

fn patience_is_over(pbx: &Arc<Pbx>, id: u64, born: Instant) -> Result<()> {
    // Whoever is silent himself has no claim to a keepalive.
    if pbx.gate.is_muted() {
        return Ok(());
    }
    let gone = pbx.change(|state| {
        let (limit, patience) = (state.options.auth_timeout, state.options.keepalive_limit);
        let Some(session) = state.sessions.get_mut(&id) else { return true };
        match &session.user {
            None => born.elapsed() >= limit,
            Some(user) => {
                if session.last_action.elapsed() >= patience && !session.silence_told {
                    session.silence_told = true;
                    let text = format!("{} asks nothing for {patience:?}, not even Ping", user.name);
                    state.sin(text);
                }
                if let Some(session) = state.sessions.get_mut(&id) {
                    session.last_action = Instant::now();
                }
                false
            }
        }
    });
    if gone { Err(anyhow::anyhow!("no sign-in in time")) } else { Ok(()) }
}

/// Most bytes that are still cut into pieces; more comes only from loads.
const MOST: usize = 16_384;
/// Between two pieces, so that they arrive apart.
const BETWEEN_PIECES: Duration = Duration::from_millis(1);

async fn write(pbx: &Arc<Pbx>, mut writer: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Outgoing>, id: u64) -> Result<()> {
    let (seed, limit) = pbx.look(|state| (state.options.seed, state.options.write_timeout));
    let mut random = fastrand::Rng::with_seed(seed.unwrap_or(0) ^ id);
    let mut waiting = Vec::new();
    loop {
        if queue.recv_many(&mut waiting, 256).await == 0 {
            return Ok(());
        }
        let (mut bytes, mut events, mut closes) = (Vec::new(), Vec::new(), false);
        for outgoing in waiting.drain(..) {
            match outgoing {
                Outgoing::Packet { text, event } => {
                    bytes.extend_from_slice(text.as_bytes());
                    events.extend(event);
                }
                Outgoing::Raw(raw) => bytes.extend(raw),
                Outgoing::Close => {
                    closes = true;
                    break;
                }
            }
        }
        let pieces = if seed.is_some() && bytes.len() <= MOST { cut(&bytes, &mut random) } else { vec![bytes.as_slice()] };
        let written = async {
            for (turn, piece) in pieces.iter().enumerate() {
                if turn > 0 {
                    tokio::time::sleep(BETWEEN_PIECES).await;
                }
                writer.write_all(piece).await?;
                writer.flush().await?;
            }
            std::io::Result::Ok(())
        };
        let Ok(written) = tokio::time::timeout(limit, written).await else {
            pbx.change(|state| {
                if !pbx.gate.is_muted() {
                    state.sin(format!("a client does not read for {limit:?}"));
                }
            });
            bail!("the client does not read");
        };
        written?;
        pbx.note(|state| {
            let now = Instant::now();
            for event in events {
                state.written.insert(event, now);
            }
        });
        if closes {
            writer.shutdown().await?;
            return Ok(());
        }
    }
}

/// Cuts bytes at up to three places, wherever they are.
fn cut<'a>(bytes: &'a [u8], random: &mut fastrand::Rng) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = (0..random.usize(0..4)).map(|_| random.usize(0..=bytes.len())).collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let (mut rest, mut done) = (bytes, 0);
    for place in places {
        let (piece, after) = rest.split_at(place - done);
        if !piece.is_empty() {
            pieces.push(piece);
        }
        (rest, done) = (after, place);
    }
    pieces.push(rest);
    pieces
}
