//! What the fuzzer and the replay of its corpus do with the bytes of one stream: everything from the framing to the calls.

use std::time::Instant;

use super::pbx;

use pbx::dialect::Random;
use pbx::{Dialect, Effect, Effects, Framing, Input, Setup, Wire};
use phone_core::told::{Command, Told};
use phone_core::{AccountConfig, AccountName, Now, Secret};

/// Nothing is left to chance.
struct Even;

impl Random for Even {
    fn unit(&mut self) -> f64 {
        0.5
    }
}

/// A dialect with its stream.
struct Desk {
    dialect: Box<dyn Dialect>,
    framing: Option<Box<dyn Framing>>,
    wire: Wire,
    now: Now,
    failed: bool,
    originates: usize,
}

/// Reads the bytes as what a server sends after the sign-in, cut into two pieces, and checks what must hold for any.
pub fn look(data: &[u8]) {
    let Some(mut desk) = Desk::online() else { return };
    desk.step(Input::Command(&Command::Dial { request: 7, to: "101".to_owned() }));
    let cut = data.first().map_or(0, |first| usize::from(*first).min(data.len()));
    let (front, back) = data.split_at(cut);
    desk.bytes(front);
    desk.bytes(back);
    for _ in 0..8 {
        desk.now.mono += std::time::Duration::from_secs(2);
        desk.step(Input::Tick);
    }
    assert!(!desk.failed, "no packet ends the link");
    assert!(desk.originates <= 1, "a dial is sent once");
}

impl Desk {
    fn online() -> Option<Self> {
        let config = AccountConfig {
            name: AccountName::parse("office").ok()?,
            kind: "asterisk".to_owned(),
            url: "amis://pbx.example".parse().ok()?,
            domain: None,
            user: Some("tray100".to_owned()),
            pin: None,
            learnt: None,
            keys: [("ring".to_owned(), "local".to_owned())].into(),
        };
        let setup = Setup { config, secret: Some(Secret::new("Sample-Pw9".to_owned())) };
        let now = Now { mono: moment(), wall: "2026-11-21T20:00:00Z".parse().ok()? };
        let dialect = pbx::create("asterisk", setup)?;
        let mut desk = Self { dialect, framing: None, wire: Wire(0), now, failed: false, originates: 0 };
        desk.step(Input::Start);
        let wire = desk.wire;
        desk.step(Input::Opened(wire));
        desk.bytes(b"Asterisk Call Manager/11.0.0\r\n");
        Some(desk)
    }

    fn step(&mut self, input: Input<'_>) {
        let mut out = Effects::default();
        self.dialect.step(input, self.now, &mut Even, &mut out);
        let mut asked = vec![];
        for effect in out.0 {
            match effect {
                Effect::Connect { wire, framing, .. } => (self.wire, self.framing) = (wire, Some(framing)),
                Effect::Send(_, text) => asked.push(text),
                Effect::SendHidden(_, text) => asked.push(text.expose().to_owned()),
                Effect::Failed(..) => self.failed = true,
                Effect::Tell(Told::Calls { calls, .. }) => {
                    for (index, call) in calls.iter().enumerate() {
                        assert!(!call.key.is_empty());
                        assert!(calls.iter().skip(index + 1).all(|other| other.key != call.key));
                    }
                }
                Effect::Tell(_)
                | Effect::Open { .. }
                | Effect::Ping(_)
                | Effect::Http(_)
                | Effect::SignedIn
                | Effect::Synced
                | Effect::Alive
                | Effect::Learn(_)
                | Effect::Skipped => {}
            }
        }
        for text in asked {
            self.originates += usize::from(text.starts_with("Action: Originate\r\n"));
            self.answer(&text);
        }
    }

    /// A server that has nothing and allows everything.
    fn answer(&mut self, asked: &str) {
        let line = |key: &str| asked.split("\r\n").find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let (name, id) = (line("Action: "), line("ActionID: "));
        let complete = match name {
            "CoreShowChannels" => Some("CoreShowChannelsComplete"),
            "ExtensionStateList" => Some("ExtensionStateListComplete"),
            "DeviceStateList" => Some("DeviceStateListComplete"),
            _ => None,
        };
        let answer = match (name, complete) {
            ("DBGet", _) => format!("Response: Error\r\nActionID: {id}\r\nMessage: Database entry not found\r\n\r\n"),
            ("Challenge", _) => format!("Response: Success\r\nActionID: {id}\r\nChallenge: 1\r\n\r\n"),
            ("ListCommands", _) => {
                format!("Response: Success\r\nActionID: {id}\r\nOriginate: x\r\nHangup: x\r\nGetvar: x\r\n\r\n")
            }
            (_, Some(end)) => {
                format!("Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\nEvent: {end}\r\nActionID: {id}\r\n\r\n")
            }
            _ => format!("Response: Success\r\nActionID: {id}\r\nValue: 1\r\n\r\n"),
        };
        self.bytes(answer.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let mut frames = vec![];
        let Some(framing) = &mut self.framing else { return };
        if framing.push(bytes, &mut |frame| frames.push(frame)).is_err() {
            return;
        }
        for frame in frames {
            assert!(!frame.is_empty() && !frame.contains("\r\n\r\n"));
            let wire = self.wire;
            self.step(Input::Text(wire, &frame));
        }
    }
}

/// Any moment will do: nothing here waits.
#[expect(clippy::disallowed_methods, reason = "a test has to begin at some moment")]
fn moment() -> Instant {
    Instant::now()
}
