//! One line, one command: for standard input of the program and for scripts.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::mischief::{Garbage, What};
use super::options::FarEnd;
use super::records::CallId;
use super::{FakeVodia, Presence};

/// How long a script waits for a client before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Scripts that come along, by name. `204` is the user, as in [`super::Company::small`].
pub const SCENARIOS: [(&str, &str); 14] = [
    ("ring", "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nwait-answer\nwait 5s\nhangup-far"),
    ("give-up", "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nwait 6s\nhangup-far"),
    ("answered-elsewhere", "wait-client 204\nring +442079460018 \"Harriet Pell\" 700\nwait 4s\nanswer 205\nwait 10s\nhangup-far"),
    (
        "two-calls",
        "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nwait-answer\nring +12025550143 \"Wayne Ortega\" 204\nwait-answer",
    ),
    (
        "transfer",
        "wait-client 204\nring +493023125117 \"Mara Beispiel\" 205\nanswer\nwait 1s\ntransfer 205 204\nwait-answer\nwait 5s\nhangup-far",
    ),
    ("restart-in-call", "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nwait-answer\nstop\nwait 3s\nrestart"),
    ("silence", "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nmute\nwait 60s\nunmute"),
    ("slow", "slow 3s"),
    ("unauthorised", "wait-client 204\nrefuse everything 401\nkick"),
    ("login-false", "wait-client 204\nlogin-false on\nexpire-sessions\nkick"),
    ("expired-session", "wait-client 204\nexpire-sessions\nkick"),
    ("garbage", "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\ngarbage all\nwait 5s\nhangup-far"),
    ("flood", "wait-client 204\nflood 0 60s\nwait 10s\nring +493023125117 \"Mara Beispiel\" 204\nwait-answer"),
    ("captive-portal", "wait-client 204\ncaptive-portal\nkick\nwait 20s\nbehave"),
];

/// One parsed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    word: String,
    rest: Vec<String>,
}

impl Command {
    /// Reads a line: words by blanks, double quotes around words with blanks. Nothing for empty lines and `#` remarks.
    ///
    /// # Errors
    /// A quote is not closed.
    pub fn parse(line: &str) -> Result<Option<Self>> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quoted = false;
        for letter in line.trim().chars() {
            match letter {
                '"' => {
                    quoted = !quoted;
                    word.get_or_insert_default();
                }
                ' ' | '\t' if !quoted => words.extend(word.take()),
                letter => word.get_or_insert_default().push(letter),
            }
        }
        if quoted {
            bail!("a quote is not closed");
        }
        words.extend(word);
        if words.first().is_none_or(|first| first.starts_with('#')) {
            return Ok(None);
        }
        let word = words.remove(0);
        Ok(Some(Self { word, rest: words }))
    }

    fn argument(&self, index: usize) -> Result<&str> {
        self.rest.get(index).map(String::as_str).with_context(|| format!("{}: argument {} is missing", self.word, index + 1))
    }

    fn on(&self, index: usize) -> Result<bool> {
        match self.argument(index)? {
            "on" => Ok(true),
            "off" => Ok(false),
            other => bail!("{}: on or off, not {other}", self.word),
        }
    }
}

/// Runs commands one after the other and remembers the call they are about: the latest one.
#[derive(Debug, Default)]
pub struct Script {
    call: Option<CallId>,
    dials_waited_for: usize,
    over: bool,
}

impl Script {
    /// Tells whether `quit` was said.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Runs a whole text.
    ///
    /// # Errors
    /// A line cannot be understood or a wait is in vain.
    pub async fn run_text(&mut self, pbx: &FakeVodia, text: &str) -> Result<()> {
        for line in text.lines() {
            if let Some(command) = Command::parse(line)? {
                self.run(pbx, &command).await.with_context(|| format!("in the line {line:?}"))?;
            }
        }
        Ok(())
    }

    /// Runs one command and returns what is to be printed.
    ///
    /// # Errors
    /// The command is unknown, an argument is wrong, or a wait is in vain.
    pub async fn run(&mut self, pbx: &FakeVodia, command: &Command) -> Result<Value> {
        let mut done = true;
        match command.word.as_str() {
            "ring" | "ring-group" => {
                let call = pbx.ring(command.argument(0)?, command.argument(1)?, command.argument(2)?);
                self.call = Some(call);
                return Ok(json!({"done": true, "call": call}));
            }
            "answer" => {
                let call = self.current(pbx)?;
                done = match command.rest.first() {
                    Some(extension) => pbx.answer_elsewhere(call, extension),
                    None => pbx.answer(call),
                };
            }
            "press-one" => pbx.press_one(self.current(pbx)?),
            "answer-far" => pbx.answer_far(self.current(pbx)?),
            "hangup" => match command.rest.first() {
                Some(extension) => done = pbx.hang_up(self.current(pbx)?, extension),
                None => pbx.hang_up_far(self.current(pbx)?),
            },
            "hangup-far" => pbx.hang_up_far(self.current(pbx)?),
            "hold" => done = pbx.hold(self.current(pbx)?, command.argument(0)?),
            "resume" => done = pbx.resume(self.current(pbx)?, command.argument(0)?),
            "hold-far" => done = pbx.hold_far(self.current(pbx)?),
            "resume-far" => done = pbx.resume_far(self.current(pbx)?),
            "transfer" => done = pbx.transfer(self.current(pbx)?, command.argument(0)?, command.argument(1)?),
            "far-end" => pbx.set_far_end(command.argument(0)?, far_end(command.argument(1)?)?),
            "dnd" => pbx.set_dnd(command.argument(0)?, command.on(1)?),
            "registered" => pbx.set_registered(command.argument(0)?, command.on(1)?),
            "presence" => pbx.presence(command.argument(0)?, presence(command.argument(1)?)?),
            "kick" => match command.rest.first() {
                Some(code) => pbx.kick_with(Some(code.parse()?)),
                None => pbx.kick().await,
            },
            "reset" => pbx.reset().await,
            "mute" => pbx.mute(),
            "unmute" => pbx.unmute(),
            "stop" => pbx.stop().await,
            "restart" => pbx.restart().await?,
            "slow" => pbx.slow(duration(command.argument(0)?)?),
            "refuse" => pbx.refuse_with(what(command.argument(0)?)?, command.argument(1)?.parse()?),
            "behave" => pbx.behave(),
            "login-false" => pbx.login_false(command.on(0)?),
            "expire-sessions" => pbx.expire_sessions(),
            "expire-tokens" => pbx.expire_tokens(),
            "password" => pbx.set_password(command.argument(0)?, command.argument(1)?),
            "ignore-dials" => pbx.ignore_dials(command.on(0)?),
            "drop-on-dial" => pbx.drop_on_dial(command.on(0)?),
            "captive-portal" => pbx.captive_portal(),
            "not-a-pbx" => pbx.not_a_pbx(),
            "raw" => pbx.send_raw(command.argument(0)?),
            "overview" => pbx.send_overview(),
            "garbage" => send_garbage(pbx, command.argument(0)?)?,
            "flood" => {
                let rate: u32 = command.argument(0)?.parse()?;
                pbx.flood((rate > 0).then_some(rate), duration(command.argument(1)?)?);
            }
            "wait" => tokio::time::sleep(duration(command.argument(0)?)?).await,
            "wait-client" => pbx.wait_for_client(command.argument(0)?, PATIENCE).await?,
            "wait-dial" => {
                self.dials_waited_for += 1;
                self.call = pbx.wait_for_dial(self.dials_waited_for, PATIENCE).await?.call;
            }
            "wait-answer" => {
                let call = self.current(pbx)?;
                pbx.wait_for(|state| state.call(call).is_none_or(|call| call.connect.is_some()), PATIENCE).await?;
            }
            "dials" => {
                let dials: Vec<Value> = pbx
                    .dials()
                    .iter()
                    .map(|dial| json!({"by": dial.by, "path": dial.path, "number": dial.number, "call": dial.call}))
                    .collect();
                return Ok(json!({"done": true, "dials": dials}));
            }
            "calls" => {
                let calls: Vec<Value> = pbx.calls().iter().map(shown).collect();
                return Ok(json!({"done": true, "calls": calls}));
            }
            "violations" => return Ok(json!({"done": true, "violations": pbx.violations()})),
            "status" => {
                return Ok(pbx.look(|state| {
                    json!({"done": true, "sockets": state.open_sockets(None), "connections": state.open_connections(),
                        "calls": state.calls().count(), "dials": state.dials().len(), "flooded": state.flooded(),
                        "violations": state.violations().len()})
                }));
            }
            "quit" => self.over = true,
            other => bail!("unknown command {other}"),
        }
        Ok(json!({"done": done}))
    }

    /// The call of the last `ring`, else the latest that still runs.
    fn current(&self, pbx: &FakeVodia) -> Result<CallId> {
        let running = |call: &CallId| pbx.call(*call).is_some();
        let latest = || pbx.calls().last().map(|call| call.id);
        self.call.filter(running).or_else(latest).context("there is no call")
    }
}

fn shown(call: &super::Call) -> Value {
    json!({"call": call.id, "from": call.from.number, "to": call.to.number, "stage": call.stage.word(), "held_by": call.held_by,
        "ringing": call.ringing, "taking_part": call.taking_part})
}

fn send_garbage(pbx: &FakeVodia, wanted: &str) -> Result<()> {
    let kinds: Vec<Garbage> = Garbage::ALL.into_iter().filter(|kind| wanted == "all" || kind.word() == wanted).collect();
    if kinds.is_empty() {
        bail!("unknown garbage {wanted}");
    }
    kinds.into_iter().for_each(|kind| pbx.send_garbage(kind));
    Ok(())
}

fn presence(word: &str) -> Result<Presence> {
    Ok(match word {
        "free" => Presence::Free,
        "busy" => Presence::Busy,
        "dnd" => Presence::DoNotDisturb,
        "not-registered" => Presence::NotRegistered,
        other => bail!("unknown presence {other}"),
    })
}

fn what(word: &str) -> Result<What> {
    Ok(match word {
        "handshake" => What::Handshake,
        "rest" => What::Rest,
        "sign-in" => What::SignIn,
        "everything" => What::Everything,
        other => bail!("unknown kind of request {other}"),
    })
}

fn far_end(word: &str) -> Result<FarEnd> {
    Ok(match word.split_once(':') {
        None if word == "waits" => FarEnd::Waits,
        Some(("answers", after)) => FarEnd::AnswersAfter(duration(after)?),
        Some(("busy", after)) => FarEnd::Busy(duration(after)?),
        _ => bail!("waits, answers:TIME or busy:TIME, not {word}"),
    })
}

/// Reads `250ms`, `5s` or bare seconds.
fn duration(text: &str) -> Result<Duration> {
    let milliseconds = match text.strip_suffix("ms") {
        Some(number) => number.parse::<u64>()?,
        None => text.strip_suffix('s').unwrap_or(text).parse::<u64>()? * 1000,
    };
    Ok(Duration::from_millis(milliseconds))
}
