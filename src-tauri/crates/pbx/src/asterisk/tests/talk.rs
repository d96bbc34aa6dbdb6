//! A test's hold on one dialect: it plays engine and server, and notes what the dialect wants.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use phone_core::call::{CallSeen, Holder, SeenState};
use phone_core::told::{Command, ParkedSeen, Told};
use phone_core::{AccountConfig, AccountName, Direction, Forwarding, Now, Party, Secret};
use url::Url;

use super::super::packet::Packet;
use super::super::{Asterisk, Phase};
use crate::dialect::{Dialect, Effect, Effects, Framing, Input, Random, Setup, Wire};

/// The secret of every test.
pub const SECRET: &str = "Sample-Pw9";

/// Nothing here is left to chance, so every draw gives the same.
struct Even;

impl Random for Even {
    fn unit(&mut self) -> f64 {
        0.5
    }
}

/// One dialect, what it sent, and what it told.
pub struct Talk {
    pub dialect: Asterisk,
    pub now: Now,
    pub wire: Option<Wire>,
    pub framing: Option<Box<dyn Framing>>,
    /// Actions without an answer: number, name, whole text.
    pub asked: Vec<(u64, String, String)>,
    pub sent: Vec<String>,
    pub hidden: Vec<String>,
    /// All effects but what was sent, in words.
    pub said: Vec<String>,
    pub learnt: Option<String>,
    pub told: Vec<Told>,
    /// What the server answers to a question about a variable.
    pub variables: HashMap<String, String>,
    /// Entries of the database of the server.
    pub dnd: bool,
    pub forward: HashMap<&'static str, String>,
    /// An action that gets no answer while everything else does.
    pub unanswered: &'static str,
}

/// An account of extension 100 with some further keys.
pub fn account(keys: &[(&str, &str)]) -> AccountConfig {
    AccountConfig {
        name: AccountName::parse("office").expect("a name"),
        kind: "asterisk".to_owned(),
        url: Url::parse("amis://pbx.example").expect("an address"),
        domain: None,
        user: Some("tray100".to_owned()),
        pin: None,
        learnt: None,
        keys: keys.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    }
}

impl Talk {
    pub fn new(config: AccountConfig) -> Self {
        let secret = Some(Secret::new(SECRET.to_owned()));
        let wall = "2026-11-21T20:00:00Z".parse().expect("a time");
        let variables = ["*78", "*79", "**100", "**102", "102", "101", "100"]
            .map(|n| (format!("VALID_EXTEN(from-internal,{n},1)"), "1".into()));
        let names = [("100", "Alice"), ("101", "Bob")];
        let names = names.map(|(n, name)| (format!("PJSIP_ENDPOINT({n},callerid)"), format!("\"{name} Example\" <{n}>")));
        let answering = ["tray-answer,103", "tp-answer,100"].map(|place| (format!("VALID_EXTEN({place},1)"), "1".into()));
        let answering = answering.into_iter().chain([("CHANNEL(appname)".into(), "Dial".into())]);
        Self {
            dialect: Asterisk::new(Setup { config, secret }),
            now: Now { mono: first_moment(), wall },
            wire: None,
            framing: None,
            asked: vec![],
            sent: vec![],
            hidden: vec![],
            said: vec![],
            learnt: None,
            told: vec![],
            variables: variables
                .into_iter()
                .chain(names)
                .chain(answering)
                .chain([("FEATUREMAP(atxfer)".into(), "*2".into())])
                .collect(),
            dnd: false,
            forward: HashMap::new(),
            unanswered: "",
        }
    }

    /// A dialect that is online at an idle server.
    pub fn online(keys: &[(&str, &str)]) -> Self {
        Self::online_with(keys, "")
    }

    /// A dialect that is online; these are the channels that the server lists.
    pub fn online_with(keys: &[(&str, &str)], channels: &str) -> Self {
        let mut talk = Self::new(account(keys));
        talk.sign_in();
        talk.sync(channels);
        assert_eq!(talk.dialect.phase, Phase::Live, "{:?}", talk.said);
        talk.said.clear();
        talk.told.clear();
        talk
    }

    pub fn start(&mut self) -> Vec<String> {
        self.asked.clear();
        self.feed(Input::Start)
    }

    /// From nothing to the first questions.
    pub fn sign_in(&mut self) {
        self.start();
        let wire = self.wire.expect("a stream was asked for");
        self.feed(Input::Opened(wire));
        self.bytes("Asterisk Call Manager/11.0.0\r\n");
        self.answer("Challenge", "Response: Success\r\nChallenge: 361038275");
        self.answer("Login", "Response: Success\r\nMessage: Authentication accepted");
    }

    /// Answers everything that is asked after the sign-in.
    pub fn sync(&mut self, channels: &str) {
        while let Some(position) = self.asked.iter().position(|(_, name, _)| name != self.unanswered) {
            let (id, name, text) = self.asked.remove(position);
            let answer = self.usual(id, &name, &text, channels);
            self.bytes(&answer);
        }
    }

    /// What an idle server with three colleagues answers.
    fn usual(&self, id: u64, name: &str, text: &str, channels: &str) -> String {
        let list = |items: String, end: &str| {
            format!(
                "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n{items}Event: {end}\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
            )
        };
        let hint = |n: &str| {
            format!(
                "Event: ExtensionStatus\r\nActionID: {id}\r\nExten: {n}\r\nContext: from-internal\r\nHint: PJSIP/{n}&Custom:DND{n},CustomPresence:{n}\r\nStatus: 0\r\nStatusText: Idle\r\n\r\n"
            )
        };
        let device =
            |n: &str| format!("Event: DeviceStateChange\r\nActionID: {id}\r\nDevice: PJSIP/{n}\r\nState: NOT_INUSE\r\n\r\n");
        match name {
            "ListCommands" => recorded("list_commands").replace("ActionID: 3", &format!("ActionID: {id}")),
            "CoreSettings" => format!("Response: Success\r\nActionID: {id}\r\nAsteriskVersion: 22.10.1+dfsg+~cs6\r\n\r\n"),
            "CoreStatus" => {
                format!("Response: Success\r\nActionID: {id}\r\nCoreStartupDate: 2026-11-20\r\nCoreStartupTime: 08:07:09\r\n\r\n")
            }
            "CoreShowChannels" => list(channels.replace("ActionID: 0", &format!("ActionID: {id}")), "CoreShowChannelsComplete"),
            "ExtensionStateList" => list(["100", "101", "102"].map(hint).concat(), "ExtensionStateListComplete"),
            "DeviceStateList" => list(["100", "101", "102"].map(device).concat(), "DeviceStateListComplete"),
            "ParkedCalls" => list(String::new(), "ParkedCallsComplete"),
            "DBGet" => match self.entry(text) {
                Some((family, value)) => list(
                    format!("Event: DBGetResponse\r\nActionID: {id}\r\nFamily: {family}\r\nKey: 100\r\nVal: {value}\r\n\r\n"),
                    "DBGetComplete",
                ),
                None => format!("Response: Error\r\nActionID: {id}\r\nMessage: Database entry not found\r\n\r\n"),
            },
            "Getvar" => {
                let variable = Packet::read(text).text("Variable").unwrap_or_default().to_owned();
                let nothing = if variable.starts_with("VALID_EXTEN") { "0" } else { "" };
                let value = self.variables.get(&variable).map_or(nothing, String::as_str);
                format!("Response: Success\r\nActionID: {id}\r\nVariable: {variable}\r\nValue: {value}\r\n\r\n")
            }
            _ => format!("Response: Success\r\nActionID: {id}\r\n\r\n"),
        }
    }

    /// The entry of the database that an action asks for.
    fn entry(&self, text: &str) -> Option<(String, String)> {
        let family = Packet::read(text).text("Family").unwrap_or_default().to_owned();
        let value = if family == "DND" { self.dnd.then(|| "YES".to_owned()) } else { self.forward.get(family.as_str()).cloned() };
        Some((family, value?))
    }

    /// Feeds one input and gives what the dialect wants in return, in words.
    pub fn feed(&mut self, input: Input<'_>) -> Vec<String> {
        let mut out = Effects::default();
        self.dialect.step(input, self.now, &mut Even, &mut out);
        let mut said = vec![];
        for effect in out.0 {
            said.extend(self.perform(effect));
        }
        self.said.extend(said.iter().cloned());
        said
    }

    fn perform(&mut self, effect: Effect) -> Option<String> {
        Some(match effect {
            Effect::Connect { wire, url, framing } => {
                (self.wire, self.framing) = (Some(wire), Some(framing));
                format!("connect {url}")
            }
            Effect::Send(_, text) => {
                assert!(!text.contains(SECRET), "a secret is shown");
                self.note(&text);
                self.sent.push(text);
                return None;
            }
            Effect::SendHidden(_, secret) => {
                assert!(!secret.expose().contains(SECRET), "the secret itself crosses the wire");
                self.note(secret.expose());
                self.hidden.push(secret.expose().to_owned());
                return None;
            }
            Effect::Tell(told) => {
                let text = tell(&told);
                self.told.push(told);
                text
            }
            Effect::SignedIn => "signed in".to_owned(),
            Effect::Synced => "synced".to_owned(),
            Effect::Failed(reason, _) => format!("failed {reason:?}"),
            Effect::Learn(text) => {
                assert!(!text.contains(SECRET), "a secret is stored");
                self.learnt = Some(text);
                return None;
            }
            Effect::Skipped => "skipped".to_owned(),
            Effect::Open { .. } | Effect::Ping(_) | Effect::Http(_) | Effect::Alive => panic!("this kind has one stream"),
        })
    }

    fn note(&mut self, text: &str) {
        assert!(text.ends_with("\r\n\r\n"), "a packet without its end: {text:?}");
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "two packets: {text:?}");
        let packet = Packet::read(text);
        let id = packet.action_id().expect("a number");
        self.asked.push((id, packet.text("Action").expect("a name").to_owned(), text.to_owned()));
    }

    /// Bytes as they arrive on the stream.
    pub fn bytes(&mut self, bytes: &str) -> Vec<String> {
        let mut frames = vec![];
        let framing = self.framing.as_mut().expect("a stream");
        framing.push(bytes.as_bytes(), &mut |frame| frames.push(frame)).expect("a good stream");
        frames.iter().flat_map(|frame| self.text(frame)).collect()
    }

    pub fn text(&mut self, frame: &str) -> Vec<String> {
        let wire = self.wire.expect("a stream was asked for");
        self.feed(Input::Text(wire, frame))
    }

    /// Answers the oldest open action of this name.
    pub fn answer(&mut self, name: &str, answer: &str) -> Vec<String> {
        let (id, _) = self.take(name);
        let (first, rest) = answer.split_once("\r\n").unwrap_or((answer, ""));
        let rest = if rest.is_empty() { String::new() } else { format!("\r\n{rest}") };
        self.bytes(&format!("{first}\r\nActionID: {id}{rest}\r\n\r\n"))
    }

    /// Answers the oldest open action of this name as an idle server would.
    pub fn answer_as_usual(&mut self, name: &str) -> Vec<String> {
        let (id, text) = self.take(name);
        let answer = self.usual(id, name, &text, "");
        self.bytes(&answer)
    }

    /// Number and text of the oldest open action of this name, which counts as answered.
    pub fn take(&mut self, name: &str) -> (u64, String) {
        let names: Vec<&String> = self.asked.iter().map(|(_, name, _)| name).collect();
        let position =
            self.asked.iter().position(|(_, asked, _)| asked == name).unwrap_or_else(|| panic!("no {name} among {names:?}"));
        let (id, _, text) = self.asked.remove(position);
        (id, text)
    }

    pub fn command(&mut self, command: &Command) -> Vec<String> {
        self.feed(Input::Command(command))
    }

    pub fn dial(&mut self, request: u64, to: &str) -> Vec<String> {
        self.command(&Command::Dial { request, to: to.to_owned() })
    }

    /// The live calls as told last.
    pub fn calls(&self) -> Vec<CallSeen> {
        self.dialect.told_calls.clone().unwrap_or_default()
    }

    /// Lets time pass, with a tick whenever the dialect asked for one.
    pub fn wait_ms(&mut self, millis: u64) -> Vec<String> {
        let end = self.now.mono + Duration::from_millis(millis);
        let mut said = vec![];
        while let Some(at) = self.dialect.deadline().filter(|at| *at <= end) {
            self.advance(at.saturating_duration_since(self.now.mono));
            said.extend(self.feed(Input::Tick));
            assert!(self.dialect.deadline().is_none_or(|next| next > at), "a tick leaves its own deadline behind");
        }
        self.advance(end.saturating_duration_since(self.now.mono));
        said
    }

    fn advance(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall += jiff::SignedDuration::try_from(time).expect("a short time");
    }

    /// How many actions of this name were sent so far.
    pub fn sent(&self, name: &str) -> Vec<&String> {
        self.sent.iter().filter(|text| text.starts_with(&format!("Action: {name}\r\n"))).collect()
    }
}

/// What a real server sent.
pub fn recorded(name: &str) -> String {
    let path = format!("{}/src/asterisk/tests/recorded/{name}.ami", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the model is told, in words; ids are cut to what tells them apart.
pub fn tell(told: &Told) -> String {
    match told {
        Told::Calls { calls, verdict_follows } => {
            let mut parts: Vec<String> = calls.iter().map(call).collect();
            parts.extend(verdict_follows.iter().map(|key| format!("asks {}", short(key))));
            format!("calls {}", parts.join(" | ")).trim_end().to_owned()
        }
        Told::Verdict { key, outcome } => format!("{} {}", short(key), outcome.map_or("?".into(), |o| format!("{o:?}"))),
        Told::Person(one) => {
            format!("person {} {:?} {:?}{}", one.number, one.presence, one.name, if one.dnd { " dnd" } else { "" })
        }
        Told::People(all) => format!("people {}", all.iter().map(|p| p.number.clone()).collect::<Vec<_>>().join(",")),
        Told::Parked { request, key, place } => {
            format!("parked {request} {} {}", key.as_deref().map_or("-".into(), short), place.as_deref().unwrap_or("-"))
        }
        Told::ParkedCalls(all) => {
            let one = |p: &ParkedSeen| format!("{} {} {}", short(&p.key), p.place.as_deref().unwrap_or("-"), party(&p.who));
            format!("waiting {}", all.iter().map(one).collect::<Vec<_>>().join(" | ")).trim_end().to_owned()
        }
        Told::Own { presence, dnd } => format!("own {presence:?} {dnd:?}"),
        Told::Forwarding(None) => "forwarding ?".to_owned(),
        Told::Forwarding(Some(Forwarding { always, busy, no_answer })) => {
            let [always, busy, no_answer] = [always, busy, no_answer].map(|to| to.clone().unwrap_or_else(|| "-".to_owned()));
            format!("forwarding {always} {busy} {no_answer}")
        }
        Told::Abilities(all) => format!("abilities {}", all.iter().map(|a| format!("{a:?}")).collect::<Vec<_>>().join(",")),
        Told::Identity { .. }
        | Told::History(_)
        | Told::Contacts(_)
        | Told::Confirmed(_)
        | Told::Refused(..)
        | Told::Unclear(_) => format!("{told:?}"),
    }
}

/// `tp-1795289730.12` is told by `.12`.
fn short(key: &str) -> String {
    if key.starts_with("tray-") {
        return format!("ours{}", if key.ends_with("/consult") { "/consult" } else { "" });
    }
    key.rsplit_once('.').map_or_else(|| key.to_owned(), |(_, number)| format!(".{number}"))
}

fn party(party: &Party) -> String {
    let number = party.number.clone().unwrap_or_else(|| "-".to_owned());
    party.name.as_ref().map(|name| format!("{number} {name}")).unwrap_or(number)
}

fn call(call: &CallSeen) -> String {
    let state = match call.state {
        SeenState::Held(Holder::Us) => "Held".to_owned(),
        SeenState::Held(Holder::Them) => "HeldByOther".to_owned(),
        SeenState::CallingOwnPhone | SeenState::Ringing | SeenState::Connected | SeenState::Unknown | SeenState::Held(_) => {
            format!("{:?}", call.state)
        }
    };
    let way = if call.direction == Direction::Incoming { "from" } else { "to" };
    let request = call.request.map(|request| format!(" for {request}")).unwrap_or_default();
    let about = call.asks_about.as_deref().map(|key| format!(" about {}", short(key))).unwrap_or_default();
    format!("{} {state} {way} {}{request}{about}", short(&call.key), party(&call.remote))
}

#[expect(clippy::disallowed_methods, reason = "a test has to begin at some moment")]
fn first_moment() -> Instant {
    Instant::now()
}
