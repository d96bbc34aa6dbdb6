//! The user WebSocket: frames in, frames out, keepalive, floods (section 2).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::frames;
use super::mischief::{encode_frame, encode_part, write_frame};
use super::records::{Action, Event, Outcome};
use super::server::deliver;
use super::state::{Outgoing, Pbx, QUEUE, Socket};
use crate::loopback::line::Wire;

const MESSAGE_LIMIT: usize = 1024 * 1024;
/// After so many frames only one in as many comes in pieces.
const MANY: u64 = 100;
const FLOOD_TICK: Duration = Duration::from_millis(10);
const FLOOD_BLOCK: usize = 64 * 1024;

/// Serves one socket until either side ends it.
pub(super) async fn serve(pbx: Arc<Pbx>, wire: Box<dyn Wire>, buffer: Vec<u8>, id: u64, user: String) {
    let (queue, waiting) = mpsc::channel(QUEUE);
    pbx.change(|state, options| {
        state.sockets_opened += 1;
        state.events.push(Event::SocketOpened { user: user.clone(), socket: id });
        let socket = Socket {
            user: user.clone(),
            queue,
            wants_users: false,
            wants_calls: false,
            wants_tenant_calls: false,
            lamps: std::collections::BTreeSet::new(),
        };
        state.sockets.insert(id, socket);
        let own: Vec<u64> = state.sockets.iter().filter(|(_, socket)| socket.user == user).map(|(id, _)| *id).collect();
        for oldest in own.iter().take(own.len().saturating_sub(options.manners.most_sockets.unwrap_or(usize::MAX))) {
            state.send(*oldest, Outgoing::Close(None));
        }
        if options.spelling == super::options::Spelling::Varied {
            for stray in frames::strays(options.generation) {
                state.send(id, Outgoing::Text { text: (*stray).to_owned(), call_state: false });
            }
        }
    });
    let _open = Open { pbx: Arc::clone(&pbx), id, user: user.clone() };
    let (reader, writer) = tokio::io::split(wire);
    tokio::select! {
        // Writing comes first, so that nothing is written any more in the moment in which an action ends the connection.
        biased;
        // A failed write only means that the client has gone.
        _ = write_all(&pbx, writer, waiting, id, &user) => {}
        ended = read_all(&pbx, reader, buffer, id, &user) => {
            if let Err(fault) = ended {
                pbx.change(|state, _| state.violation(format!("socket: {fault:#}")));
            }
        }
    }
}

/// Takes the socket out of the books, also when its task is ended from outside.
struct Open {
    pbx: Arc<Pbx>,
    id: u64,
    user: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.pbx.change(|state, _| {
            state.sockets.remove(&self.id);
            state.events.push(Event::SocketClosed { user: self.user.clone(), socket: self.id });
        });
    }
}

async fn read_all(pbx: &Arc<Pbx>, mut reader: impl AsyncRead + Unpin, mut buffer: Vec<u8>, id: u64, user: &str) -> Result<()> {
    let mut message = Vec::new();
    let mut in_text = false;
    let mut kept_alive = Instant::now();
    loop {
        let Some((last, opcode, payload)) = take_frame(&mut buffer)? else {
            let read = reader.read_buf(&mut buffer);
            let read = match pbx.options.idle {
                None => read.await,
                Some(idle) => match tokio::time::timeout_at(kept_alive + idle, read).await {
                    Ok(read) => read,
                    Err(_) if pbx.gate.is_muted() => {
                        kept_alive = Instant::now();
                        continue;
                    }
                    // Nothing is known about how a real one ends it; this one just closes.
                    Err(_) => return Ok(()),
                },
            };
            match read {
                Ok(0) | Err(_) => return Ok(()),
                Ok(_) => continue,
            }
        };
        match opcode {
            0 if in_text => message.extend_from_slice(&payload),
            1 if !in_text => {
                message = payload;
                in_text = true;
            }
            2 => bail!("binary frame"),
            8 => {
                pbx.change(|state, _| state.send(id, Outgoing::Close(None)));
                // The writer ends the connection after its close frame.
                std::future::pending::<()>().await;
            }
            9 => {
                pbx.change(|state, _| state.pings += 1);
                if pbx.options.answers_pings {
                    pbx.change(|state, _| state.send(id, Outgoing::Pong(payload)));
                }
                continue;
            }
            10 => {
                pbx.change(|state, _| state.pongs += 1);
                continue;
            }
            _ => bail!("unexpected opcode {opcode}"),
        }
        if message.len() > MESSAGE_LIMIT {
            bail!("message too long");
        }
        if last && in_text {
            in_text = false;
            if received(pbx, id, user, &std::mem::take(&mut message)) {
                kept_alive = Instant::now();
            }
        }
    }
}

/// Takes one complete frame from the front of the buffer (RFC 6455, section 5.2).
fn take_frame(buffer: &mut Vec<u8>) -> Result<Option<(bool, u8, Vec<u8>)>> {
    let [first, second, ..] = buffer[..] else { return Ok(None) };
    if first & 0x70 != 0 {
        bail!("reserved bits are set");
    }
    if second & 0x80 == 0 {
        bail!("frame is not masked");
    }
    let (length, start) = match second & 0x7f {
        126 => match buffer.get(2..4) {
            Some(bytes) => (bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)), 4),
            None => return Ok(None),
        },
        127 => match buffer.get(2..10) {
            Some(bytes) => (bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)), 10),
            None => return Ok(None),
        },
        short => (usize::from(short), 2),
    };
    if length > MESSAGE_LIMIT {
        bail!("frame too long");
    }
    let Some(mask) = buffer.get(start..start + 4) else { return Ok(None) };
    let mask = [mask[0], mask[1], mask[2], mask[3]];
    let Some(payload) = buffer.get(start + 4..start + 4 + length) else { return Ok(None) };
    let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    buffer.drain(..start + 4 + length);
    Ok(Some((first & 0x80 != 0, first & 0x0f, payload)))
}

/// Handles one text message; true when it counts as a keepalive.
fn received(pbx: &Arc<Pbx>, id: u64, user: &str, message: &[u8]) -> bool {
    pbx.change(|state, options| {
        let Ok(message) = serde_json::from_slice::<Value>(message) else {
            state.violation("socket: a frame is not JSON");
            return false;
        };
        let Some(name) = message.get("action").and_then(Value::as_str).map(str::to_owned) else {
            state.violation("socket: a frame is not an object with an action");
            return false;
        };
        let outcome = state.act(id, user, &name, &message, options);
        let keeps_alive = outcome == Outcome::Done && matches!(name.as_str(), "wskeepalive" | "avoid-disconnect");
        let at = std::time::Instant::now();
        state.action_received(Action { user: user.to_owned(), name, message, outcome, socket: id, at });
        keeps_alive
    })
}

async fn write_all(
    pbx: &Arc<Pbx>,
    mut writer: impl AsyncWrite + Unpin,
    mut waiting: mpsc::Receiver<Outgoing>,
    id: u64,
    user: &str,
) -> std::io::Result<()> {
    let mut flood: Option<Flood> = None;
    let manners = &pbx.options.manners;
    let mut ping_at = manners.pings.map(|every| Instant::now() + every);
    let mut turn = 0_u64;
    loop {
        let item = match &mut flood {
            None => match next_item(&mut waiting, ping_at).await {
                Some(Some(item)) => item,
                Some(None) => return Ok(()),
                None => {
                    silence_ends(pbx, id).await;
                    ping_at = manners.pings.map(|every| Instant::now() + every);
                    write_frame(&mut writer, 9, b"still there?").await?;
                    writer.flush().await?;
                    continue;
                }
            },
            Some(running) => match waiting.try_recv() {
                Ok(item) => item,
                Err(_) if Instant::now() < running.until => {
                    let frames = running.write_block(&mut writer).await?;
                    pbx.change(|state, _| state.flooded += frames);
                    continue;
                }
                Err(_) => {
                    let accounts = std::mem::take(&mut running.accounts);
                    flood = None;
                    pbx.change(|state, options| {
                        for number in accounts {
                            state.show_account(id, &number, options);
                        }
                    });
                    continue;
                }
            },
        };
        silence_ends(pbx, id).await;
        if let Some(slow) = pbx.look(|state| state.mischief.slow) {
            tokio::time::sleep(slow).await;
        }
        match item {
            Outgoing::Text { text, call_state } => {
                turn += 1;
                let fragments = manners.fragments && turn % 4 == 2;
                // The pauses between pieces must not add up where thousands of frames follow each other.
                let in_pieces = manners.pieces && turn.is_multiple_of(if turn < MANY { 3 } else { MANY });
                deliver(&mut writer, &encode_message(text.as_bytes(), fragments), in_pieces).await?;
                if call_state {
                    written(pbx, user);
                }
            }
            Outgoing::Pong(payload) => write_frame(&mut writer, 10, &payload).await?,
            Outgoing::Garbled(garbled) => garbled.write(&mut writer).await?,
            Outgoing::Flood { rate, until } => flood = Some(Flood::prepare(pbx, id, rate, until.into())),
            Outgoing::Close(code) => {
                let payload = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
                write_frame(&mut writer, 8, &payload).await?;
                writer.flush().await?;
                return writer.shutdown().await;
            }
        }
        writer.flush().await?;
    }
}

/// Waits until this socket may say something.
async fn silence_ends(pbx: &Arc<Pbx>, id: u64) {
    let mut changed = pbx.changed.subscribe();
    // Its sender lives as long as the PBX, which the caller holds.
    let _ = changed.wait_for(|_| !pbx.look(|state| state.mischief.silent_sockets.contains(&id))).await;
}

/// Waits for something to write; nothing when a ping is due before.
async fn next_item(waiting: &mut mpsc::Receiver<Outgoing>, ping_at: Option<Instant>) -> Option<Option<Outgoing>> {
    match ping_at {
        None => Some(waiting.recv().await),
        Some(at) => tokio::time::timeout_at(at, waiting.recv()).await.ok(),
    }
}

/// Encodes a text message as one frame, or as three with a ping among them; the cuts may fall into a letter.
fn encode_message(text: &[u8], fragments: bool) -> Vec<u8> {
    /// The last part stays the large one, as measurements look for it.
    const FIRST: usize = 1000;
    let mut bytes = Vec::with_capacity(text.len() + 32);
    if !fragments || text.len() < 3 {
        encode_frame(&mut bytes, 1, text);
        return bytes;
    }
    let (first, rest) = text.split_at((text.len() / 2).clamp(1, FIRST));
    let (second, third) = rest.split_at(1);
    encode_part(&mut bytes, false, 1, first);
    encode_frame(&mut bytes, 9, b"between");
    encode_part(&mut bytes, false, 0, second);
    encode_part(&mut bytes, true, 0, third);
    bytes
}

fn written(pbx: &Arc<Pbx>, user: &str) {
    let at = std::time::Instant::now();
    let unix_ns = unix_ns();
    pbx.change(|state, _| {
        state.call_state_written = Some(at);
        state.call_states_written += 1;
        state.events.push(Event::CallStateWritten { user: user.to_owned(), unix_ns });
    });
}

/// Ready-made `user-state` frames that are written over and over.
struct Flood {
    blocks: Vec<u8>,
    ends: Vec<usize>,
    next: usize,
    rate: Option<u32>,
    begun: Instant,
    sent: u64,
    until: Instant,
    accounts: Vec<String>,
}

impl Flood {
    /// Renders changing presence for up to 512 extensions that this socket is shown.
    fn prepare(pbx: &Arc<Pbx>, id: u64, rate: Option<u32>, until: Instant) -> Self {
        let (texts, accounts) = pbx.look(|state| {
            let lamps = state.sockets.get(&id).map(|socket| socket.lamps.clone()).unwrap_or_default();
            let shown = state.company.accounts.values().filter(|account| account.kind == super::company::Kind::Extension);
            let shown = shown.filter(|account| lamps.is_empty() || lamps.contains(&account.number)).take(512);
            let accounts: Vec<String> = shown.map(|account| account.number.clone()).collect();
            let tenant = &state.company.tenant;
            let frame = |number: &String, busy: bool| {
                let code = if busy { "200" } else { "null" };
                format!(
                    r#"{{"action":"user-state","type":"extensions","account":"{number}","domain":"{tenant}","chatstatus":"offline","registered":true,"dnd":false,"code":{code}}}"#
                )
            };
            let texts: Vec<String> =
                [true, false].iter().flat_map(|busy| accounts.iter().map(|number| frame(number, *busy))).collect();
            (texts, accounts)
        });
        let mut blocks = Vec::new();
        let mut ends = Vec::new();
        for text in texts {
            encode_frame(&mut blocks, 1, text.as_bytes());
            ends.push(blocks.len());
        }
        Self { blocks, ends, next: 0, rate, begun: Instant::now(), sent: 0, until, accounts }
    }

    /// Writes a block of frames, paced by the rate; returns how many.
    async fn write_block(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<u64> {
        let wanted = match self.rate {
            None => u64::MAX,
            Some(rate) => {
                tokio::time::sleep(FLOOD_TICK).await;
                let due = (self.begun.elapsed().as_secs_f64() * f64::from(rate)) as u64;
                due.saturating_sub(self.sent)
            }
        };
        let begin = if self.next == 0 { 0 } else { self.ends[self.next - 1] };
        let mut frames = 0;
        let mut end = begin;
        while frames < wanted && end - begin < FLOOD_BLOCK && self.next < self.ends.len() {
            end = self.ends[self.next];
            self.next += 1;
            frames += 1;
        }
        writer.write_all(&self.blocks[begin..end]).await?;
        writer.flush().await?;
        if self.next == self.ends.len() {
            self.next = 0;
        }
        self.sent += frames;
        // The client may live on this very thread.
        tokio::task::yield_now().await;
        Ok(frames)
    }
}

/// The wall clock, nanoseconds since 1970.
pub(super) fn unix_ns() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}
