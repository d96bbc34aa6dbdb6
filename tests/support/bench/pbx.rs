//! The PBX as a process of its own, so that it shares neither processor time nor memory with what is measured.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Moment, PATIENCE, nap};

/// How long a PBX may take to end by itself.
const ENDS: Duration = Duration::from_secs(10);

/// A PBX that an agent can be measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A fake Vodia of a generation: `g1`, `g2` or `g3`.
    Vodia(&'static str),
    /// A fake Asterisk.
    Asterisk,
    /// A real Asterisk, whose own certificate is pinned; needs root.
    RealAsterisk,
}

impl Kind {
    /// Names of all programs.
    pub const PROGRAMS: [&str; 3] = ["fake-vodia", "fake-asterisk", "asterisk-bed"];

    /// The program.
    pub fn program(self) -> &'static str {
        let [vodia, asterisk, real] = Self::PROGRAMS;
        match self {
            Self::Vodia(_) => vodia,
            Self::Asterisk => asterisk,
            Self::RealAsterisk => real,
        }
    }

    /// Whether it can have a certificate by an authority.
    pub fn has_authority(self) -> bool {
        self != Self::RealAsterisk
    }

    fn arguments(self, wanted: &Wanted) -> Vec<String> {
        let mut arguments: Vec<String> = match self {
            Self::Vodia(generation) => {
                // Beside the colleagues there are the user, two groups, an attendant and a conference room.
                let accounts = (wanted.colleagues + 5).to_string();
                ["--control", "--generation", generation, "--company", &accounts].map(str::to_owned).into()
            }
            Self::Asterisk => vec!["--colleagues".to_owned(), wanted.colleagues.to_string()],
            Self::RealAsterisk => ["--control", "--colleagues", &wanted.colleagues.to_string()].map(str::to_owned).into(),
        };
        if let Some(file) = &wanted.authority {
            if matches!(self, Self::Vodia(_)) {
                arguments.extend(["--tls", "own-authority"].map(str::to_owned));
            }
            arguments.extend(["--authority-out".to_owned(), file.display().to_string()]);
        }
        arguments
    }

    /// The account of its user, but for the address; `listening` is the first thing it told.
    fn account(self, listening: &Value) -> Value {
        match self {
            Self::Vodia(_) => {
                json!({"kind": "vodia", "domain": "tenant.example", "user": "204", "password": "Sample-Pw9", "keys": {}})
            }
            Self::Asterisk => json!({"kind": "asterisk", "user": "tray204", "password": "Sample-Pw9", "keys": {}}),
            Self::RealAsterisk => json!({"kind": "asterisk", "user": listening["user"], "password": listening["secret"],
                "pin": listening["certificate_sha256"], "keys": {"extension": listening["extension"]}}),
        }
    }
}

/// A running PBX; dropping it ends it.
pub struct Pbx {
    kind: Kind,
    child: Child,
    input: Option<ChildStdin>,
    events: Receiver<Value>,
    /// Its base address.
    pub url: String,
    /// The account of its user, but for name and address.
    pub account: Value,
}

/// What a PBX is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which one.
    pub kind: Kind,
    /// How many colleagues the user sees, queues and groups not counted.
    pub colleagues: usize,
    /// Where the certificate of its authority is written to; without it nothing is encrypted, but for the real one.
    pub authority: Option<PathBuf>,
}

impl Pbx {
    /// Starts it by `command`, which names the program already.
    pub fn start(mut command: Command, wanted: &Wanted) -> Result<Self> {
        let kind = wanted.kind;
        command.args(kind.arguments(wanted));
        // Where the real one lies.
        command.envs(std::env::var_os("ASTERISK_ROOT").map(|place| ("ASTERISK_ROOT", place)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("the PBX does not start")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { bail!("the PBX has no pipes") };
        let (told, events) = sync_channel(4096);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                // Requests and actions are many and of no use here.
                let wanted =
                    matches!(event["event"].as_str(), Some("listening" | "answer" | "call_state_written" | "dial" | "invite"));
                if wanted && told.send(event).is_err() {
                    return;
                }
            }
        });
        let mut pbx = Self { kind, child, input: Some(input), events, url: String::new(), account: Value::Null };
        let listening = pbx.heard(PATIENCE, |event| (event["event"] == "listening").then(|| event.clone()))?;
        let url = listening["url"].as_str().or_else(|| listening["amis"].as_str());
        pbx.url = url.context("the PBX has no address")?.to_owned();
        pbx.account = kind.account(&listening);
        Ok(pbx)
    }

    /// Gives a command without waiting for its answer.
    pub fn say(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the PBX takes no commands")?;
        writeln!(input, "{line}").context("the PBX has gone")
    }

    /// Gives a command and waits until it was carried out.
    pub fn ask(&mut self, line: &str) -> Result<Value> {
        self.say(line)?;
        self.answered(line, PATIENCE)
    }

    /// Waits until a command was carried out.
    pub fn answered(&self, line: &str, patience: Duration) -> Result<Value> {
        let answer = self.heard(patience, |event| (event["line"] == line).then(|| event.clone()))?;
        match answer.get("error") {
            Some(error) => bail!("the PBX: {line}: {error}"),
            None => Ok(answer["answer"].clone()),
        }
    }

    /// When the last byte of what tells of the call that rings was written; for the real one, when the phone was called.
    pub fn wrote_call(&mut self) -> Result<Moment> {
        match self.kind {
            Kind::Vodia(_) => self.moment("call_state_written"),
            Kind::Asterisk => self.ask("written")?["unix_ns"].as_u64().map(Moment).context("the PBX has written nothing"),
            Kind::RealAsterisk => self.moment("invite"),
        }
    }

    /// Waits until the own phone of a call to dial is called; the fakes have no phones and tell when they have read the wish.
    pub fn calls_own_phone(&self) -> Result<Moment> {
        self.moment(if self.kind == Kind::RealAsterisk { "invite" } else { "dial" })
    }

    fn moment(&self, name: &str) -> Result<Moment> {
        self.heard(PATIENCE, |event| (event["event"] == name).then(|| event["unix_ns"].as_u64().map(Moment)).flatten())
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
            let event = self.events.recv_timeout(left).context("the PBX is silent")?;
            if let Some(found) = wanted(&event) {
                return Ok(found);
            }
        }
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        // The end of its input ends it, and with it everything that it started.
        self.input = None;
        let until = Instant::now() + ENDS;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > until {
                // An error says that it ended by itself.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            nap(Duration::from_millis(5));
        }
    }
}
