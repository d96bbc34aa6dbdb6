//! A client of the control socket that knows when each line came; it shares no code with the agent's own clients.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Moment, PATIENCE, nap};

/// Between two looks for the socket of an agent that is just starting.
const LOOK_EVERY: Duration = Duration::from_micros(250);
/// Lines that may wait to be read.
const WAITING: usize = 1024;

/// A connection to the agent. It must be read, or the agent drops it.
pub struct Control {
    stream: UnixStream,
    lines: Receiver<(Moment, Vec<u8>)>,
    next: u64,
}

impl Control {
    /// Connects as soon as somebody listens at `path`.
    pub fn soon(path: &Path) -> Result<Self> {
        let until = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > until => return Err(error).context("the control socket"),
                Err(_) => nap(LOOK_EVERY),
            }
        };
        let (told, lines) = sync_channel(WAITING);
        let mut reader = BufReader::with_capacity(1 << 20, stream.try_clone()?);
        std::thread::spawn(move || {
            loop {
                let mut line = Vec::new();
                match reader.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                if told.send((Moment::now(), line)).is_err() {
                    return;
                }
            }
        });
        let mut control = Self { stream, lines, next: 0 };
        control.ask("hello", &json!({"client": "bench", "version": "1.0"}))?;
        Ok(control)
    }

    /// Asks and waits for the answer; what is told meanwhile is dropped.
    pub fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.next += 1;
        let id = self.next;
        let mut line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        line.push('\n');
        self.stream.write_all(line.as_bytes()).with_context(|| format!("asking for {method}"))?;
        let (_, answer) = self.heard(|line| {
            let line: Value = serde_json::from_slice(line).ok()?;
            (line["id"] == id).then_some(line)
        })?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].clone())
    }

    /// Waits for a line that `wanted` takes, and says when it came.
    pub fn heard<T>(&self, mut wanted: impl FnMut(&[u8]) -> Option<T>) -> Result<(Moment, T)> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (at, line) =
                self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).context("the agent is silent")?;
            if let Some(found) = wanted(&line) {
                return Ok((at, found));
            }
        }
    }

    /// Drops what was told so far.
    pub fn forget(&self) {
        while self.lines.try_recv().is_ok() {}
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The reading thread ends with the connection; an error says that it is gone already.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
