//! A stretch of wire before the PBX that knows when the last byte of a large frame left it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result};

use super::{Moment, PATIENCE};

/// What counts as a large frame; everything smaller passes unnoticed.
const LARGE: usize = 500_000;

/// How the answer begins after which frames follow.
const SWITCH: &[u8] = b"HTTP/1.1 101";

/// A relay on the loopback address.
pub struct Relay {
    /// Its base address.
    pub url: String,
    written: Receiver<Moment>,
}

impl Relay {
    /// Relays to the plain PBX at `url`.
    pub fn before(url: &str) -> Result<Self> {
        let target = url.strip_prefix("http://").context("the relay reads frames, so it needs plain http")?.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let own = format!("http://{}", listener.local_addr()?);
        let (told, written) = sync_channel(64);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(&target) else { continue };
                let (Ok(near_back), Ok(far_back)) = (near.try_clone(), far.try_clone()) else { continue };
                // Small frames must not wait for others.
                let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
                std::thread::spawn(move || copy(near_back, far));
                let told = told.clone();
                std::thread::spawn(move || {
                    let _ = frames(far_back, &near, &told);
                    let _ = near.shutdown(Shutdown::Both);
                });
            }
        });
        Ok(Self { url: own, written })
    }

    /// Waits until the last byte of the next large frame was handed to the kernel.
    pub fn wrote(&self) -> Result<Moment> {
        self.written.recv_timeout(PATIENCE).context("no large frame passed")
    }

    /// Forgets large frames that passed before.
    pub fn forget(&self) {
        while self.written.try_recv().is_ok() {}
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    // Both ends of a relayed connection may go at any time.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Hands on what the PBX says; after a switch of protocols frame by frame, each in one piece.
fn frames(mut from: TcpStream, mut to: &TcpStream, told: &SyncSender<Moment>) -> std::io::Result<()> {
    let mut held: Vec<u8> = Vec::new();
    let mut switched = false;
    let mut block = vec![0; 256 << 10];
    loop {
        let read = from.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        held.extend_from_slice(&block[..read]);
        if !switched {
            let head = held.windows(4).position(|window| window == b"\r\n\r\n");
            if head.is_none() && SWITCH.starts_with(&held[..held.len().min(SWITCH.len())]) {
                // A head may come in pieces.
                continue;
            }
            let Some(end) = head.filter(|_| held.starts_with(SWITCH)) else {
                to.write_all(&held)?;
                held.clear();
                continue;
            };
            to.write_all(&held[..end + 4])?;
            held.drain(..end + 4);
            switched = true;
        }
        while let Some(length) = frame_length(&held).filter(|length| held.len() >= *length) {
            to.write_all(&held[..length])?;
            if length >= LARGE {
                // Full means that nobody is interested.
                let _ = told.try_send(Moment::now());
            }
            held.drain(..length);
        }
    }
}

/// The length of the unmasked frame at the beginning; none while its header is not whole.
///
/// Source: RFC 6455, section 5.2.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let short = usize::from(*bytes.get(1)? & 0x7f);
    match short {
        126 => Some(4 + usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => Some(10 + usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => Some(2 + short),
    }
}
