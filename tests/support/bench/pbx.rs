//! The fake PBX as a process of its own, so that it shares neither processor time nor memory with what is measured.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Moment, PATIENCE};

/// A running fake PBX; dropping it ends it.
pub struct Pbx {
    child: Child,
    input: ChildStdin,
    events: Receiver<Value>,
    /// Its base address.
    pub url: String,
}

/// What a PBX is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// `g1`, `g2` or `g3`.
    pub generation: &'static str,
    /// How many colleagues the user sees, queues and groups not counted.
    pub colleagues: usize,
    /// Where the certificate of its authority is written to; plain http without it.
    pub authority: Option<PathBuf>,
}

impl Pbx {
    /// Starts it by `command`, which names the program already.
    pub fn start(mut command: Command, wanted: &Wanted) -> Result<Self> {
        // Beside the colleagues there are the user, two groups, an attendant and a conference room.
        let accounts = (wanted.colleagues + 5).to_string();
        command.args(["--control", "--generation", wanted.generation, "--company", &accounts]);
        if let Some(file) = &wanted.authority {
            command.args(["--tls", "own-authority", "--authority-out"]).arg(file);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("the fake PBX does not start")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { bail!("the fake PBX has no pipes") };
        let (told, events) = sync_channel(4096);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                // Requests and actions are many and of no use here.
                let wanted = matches!(event["event"].as_str(), Some("listening" | "answer" | "call_state_written" | "dial"));
                if wanted && told.send(event).is_err() {
                    return;
                }
            }
        });
        let mut pbx = Self { child, input, events, url: String::new() };
        pbx.url = pbx.heard(PATIENCE, |event| event["url"].as_str().map(str::to_owned))?;
        Ok(pbx)
    }

    /// Gives a command without waiting for its answer.
    pub fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.input, "{line}").context("the fake PBX has gone")
    }

    /// Gives a command and waits until it was carried out.
    pub fn ask(&mut self, line: &str) -> Result<Value> {
        self.say(line)?;
        let answer = self.heard(PATIENCE, |event| (event["line"] == line).then(|| event.clone()))?;
        match answer.get("error") {
            Some(error) => bail!("the fake PBX: {line}: {error}"),
            None => Ok(answer["answer"].clone()),
        }
    }

    /// Waits for the last byte of the next `call-state` frame.
    pub fn wrote_calls(&self) -> Result<Moment> {
        self.heard(PATIENCE, |event| {
            (event["event"] == "call_state_written").then(|| event["unix_ns"].as_u64().map(Moment)).flatten()
        })
    }

    /// Waits for the next dial, and tells its number and when it was read.
    pub fn dialled(&self) -> Result<(String, Moment)> {
        self.heard(PATIENCE, |event| {
            let number = event["number"].as_str().filter(|_| event["event"] == "dial")?;
            Some((number.to_owned(), Moment(event["unix_ns"].as_u64()?)))
        })
    }

    /// Drops what it told so far.
    pub fn forget(&self) {
        while self.events.try_recv().is_ok() {}
    }

    fn heard<T>(&self, patience: Duration, mut wanted: impl FnMut(&Value) -> Option<T>) -> Result<T> {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left).context("the fake PBX is silent")?;
            if let Some(found) = wanted(&event) {
                return Ok(found);
            }
        }
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        // An error says that it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
