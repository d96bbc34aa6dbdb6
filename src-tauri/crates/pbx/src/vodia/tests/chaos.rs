//! Whatever happens in whatever order: nothing panics, nothing is sent twice, nothing is sent by a link that is over.

use std::collections::HashMap;
use std::time::Duration;

use phone_core::request::OwnPresence;
use phone_core::told::{Command, RequestId};
use phone_core::{Reason, Secret};
use proptest::prelude::*;

use super::super::Phase;
use super::talk::{Talk, account, http};
use crate::dialect::{Dialect, Input, NotOpened, Wire};

#[derive(Clone, Debug)]
enum Step {
    Start,
    Stop,
    Opened,
    NotOpened(u16),
    Broken,
    Closed,
    OtherWire,
    Frame(usize),
    Noise(String),
    Pong,
    Pinged,
    /// Which open request, status, body, and whether a cookie comes along.
    Reply(usize, u16, usize, bool),
    Lose(usize),
    LateAnswer(u64),
    Command(usize, usize),
    /// How many requests ago.
    Expired(u64),
    Wait(u64),
}

const FRAMES: &[&str] = &[
    r#"{"action":"domain-state","accounts":[{"account":"204","registered":true},{"account":"207","name":"Ann","code":1}]}"#,
    r#"{"action":"call-state","calls":[]}"#,
    r#"{"action":"call-state","calls":[{"id":1,"from-number":"+4930555001","to-number":"204","state":"alerting"}]}"#,
    r#"{"action":"call-state","calls":[{"id":"1","from-number":"+4930555001","to-number":"204","state":"connected"}]}"#,
    r#"{"action":"call-state","calls":[{"id":2,"from-number":"204","to-number":"207","callstate":"ringback"}]}"#,
    r#"{"action":"call-state","calls":[{"id":1,"from-number":"8","to-number":"204","state":"onhold"},{"id":2,"from-number":"204","to-number":"207","state":"connected"}]}"#,
    r#"{"action":"user-state","account":"207","registered":true}"#,
    r#"{"action":"user-state","account":"204","dnd":"on"}"#,
    r#"{"action":"missed-calls"}"#,
    r#"{"bye":"true"}"#,
    r#"{"action":"brand-new"}"#,
    r#"{"action":"call-state","calls":[{"id"#,
    "[]",
    "",
];

const BODIES: &[&str] = &[
    "[]",
    "{}",
    "true",
    "false",
    "",
    "\"kQ7sessionExample\"",
    r#"{"session":"tok-1"}"#,
    r#"{"state":true}"#,
    r#"[{"id":"r1","from-number":"+4930555001","to-number":"204"},{"id":"r2","from-number":"204","to-number":"207"}]"#,
    r#"[{"id":"h","from-number":"+4930555001","to-number":"204","start":1767225600,"end":1767225602,"connect":0}]"#,
    r#"{"cuser":"204","cdomain":"tenant.example"}"#,
    r#"[{"account":"207","name":"Ann"}]"#,
    "<html>",
    "{\"data\":[7,null]}",
];

const STATUSES: &[u16] = &[200, 200, 200, 200, 204, 302, 400, 401, 403, 404, 405, 407, 418, 429, 500, 501, 503, 504, 0];

const SERVERS: &[&str] = &["PBX/5.1", "PBX/67.0", "PBX/70.1", "nginx"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Start),
        1 => Just(Step::Stop),
        2 => Just(Step::Opened),
        1 => prop::sample::select(STATUSES).prop_map(Step::NotOpened),
        1 => Just(Step::Broken),
        1 => Just(Step::Closed),
        1 => Just(Step::OtherWire),
        8 => (0..FRAMES.len()).prop_map(Step::Frame),
        2 => ".{0,40}".prop_map(Step::Noise),
        1 => Just(Step::Pong),
        1 => Just(Step::Pinged),
        10 => (0usize..6, prop::sample::select(STATUSES), 0..BODIES.len(), any::<bool>())
            .prop_map(|(which, status, body, cookie)| Step::Reply(which, status, body, cookie)),
        1 => (0usize..6).prop_map(Step::Lose),
        1 => (0u64..60).prop_map(Step::LateAnswer),
        8 => (0usize..12, 0usize..4).prop_map(|(what, which)| Step::Command(what, which)),
        2 => (0u64..6).prop_map(Step::Expired),
        4 => (0u64..20_000).prop_map(Step::Wait),
    ]
}

/// What is allowed, kept beside the dialect.
struct Watch {
    talk: Talk,
    /// Failed or stopped, and not begun again.
    idle: bool,
    /// A socket was asked for and nothing has ended it.
    asked_for_socket: bool,
    socket_is_open: bool,
    synced: bool,
    requests: RequestId,
    dials: usize,
    dials_sent: usize,
    /// Commands and what was sent for them, by the word of the frame or body.
    wanted: HashMap<&'static str, usize>,
    sent: HashMap<&'static str, usize>,
    ended: HashMap<String, usize>,
}

/// What is sent for a command, as an action and as a key of a body.
const WORDS: &[(&str, &[&str])] = &[
    ("answer", &["accept-call", "remote-answer"]),
    ("hang up", &["clear-call", "\"hangup\"", "\"reject\""]),
    ("hold", &["hold-call", "remote-hold", "remote-resume"]),
    ("transfer", &["-transfer", "\"transfer\""]),
    ("dnd", &["\"settings\":[", "\"state\":"]),
];

impl Watch {
    fn new(keys: &[(&str, &str)], password: bool) -> Self {
        Self {
            talk: Talk::with(account(keys), password.then_some(super::talk::PASSWORD)),
            idle: true,
            asked_for_socket: false,
            socket_is_open: false,
            synced: false,
            requests: 0,
            dials: 0,
            dials_sent: 0,
            wanted: HashMap::new(),
            sent: HashMap::new(),
            ended: HashMap::new(),
        }
    }

    fn do_step(&mut self, step: &Step) {
        let wire = self.talk.wire.unwrap_or(Wire(0));
        let said = match step {
            Step::Start => {
                (self.idle, self.asked_for_socket, self.socket_is_open, self.synced) = (false, false, false, false);
                self.talk.start()
            }
            Step::Stop => {
                self.talk.open.clear();
                let said = self.talk.feed(Input::Stop);
                (self.idle, self.asked_for_socket, self.socket_is_open) = (true, false, false);
                said
            }
            Step::Opened => {
                self.socket_is_open |= self.asked_for_socket;
                self.talk.feed(Input::Opened(wire))
            }
            Step::NotOpened(status) => {
                // The engine says this of a socket that never opened.
                if self.socket_is_open {
                    return;
                }
                self.asked_for_socket = false;
                self.talk.feed(Input::NotOpened(wire, NotOpened::Status(*status, None)))
            }
            Step::Broken => {
                if self.socket_is_open {
                    return;
                }
                self.asked_for_socket = false;
                self.talk.feed(Input::NotOpened(wire, NotOpened::Reason(Reason::TlsFailed)))
            }
            Step::Closed => {
                self.socket_is_open = false;
                self.talk.feed(Input::Closed(wire))
            }
            Step::OtherWire => {
                let other = Wire(wire.0.wrapping_add(7));
                let mut said = self.talk.feed(Input::Closed(other));
                said.extend(self.talk.feed(Input::Text(other, FRAMES[2])));
                said.extend(self.talk.feed(Input::Opened(other)));
                assert!(said.is_empty(), "another socket was heard: {said:?}");
                said
            }
            Step::Frame(index) => self.talk.feed(Input::Text(wire, FRAMES[*index])),
            Step::Noise(text) => self.talk.feed(Input::Text(wire, text)),
            Step::Pong => self.talk.feed(Input::Pong(wire)),
            Step::Pinged => self.talk.feed(Input::Pinged(wire)),
            Step::Reply(which, status, body, cookie) => {
                if self.talk.open.is_empty() {
                    return;
                }
                let request = self.talk.open.remove(which % self.talk.open.len());
                let server = SERVERS.get(*which).copied();
                let mut answer = http(*status, BODIES[*body], server);
                answer.cookie = cookie.then(|| Secret::new(super::talk::SESSION.to_owned()));
                self.talk.feed(Input::Http(request.id, Ok(answer)))
            }
            Step::Lose(which) => {
                if self.talk.open.is_empty() {
                    return;
                }
                let request = self.talk.open.remove(which % self.talk.open.len());
                self.talk.feed(Input::Http(request.id, Err(Reason::AnswerTimedOut)))
            }
            Step::LateAnswer(id) => {
                if self.talk.open.iter().any(|r| r.id == *id) {
                    return;
                }
                let said = self.talk.feed(Input::Http(*id, Ok(http(200, BODIES[8], None))));
                assert!(said.is_empty(), "an answer to nothing was heard: {said:?}");
                said
            }
            Step::Command(what, which) => self.command(*what, *which),
            Step::Expired(ago) => {
                let request = self.requests.saturating_sub(*ago);
                self.talk.feed(Input::Expired(request))
            }
            Step::Wait(millis) => self.talk.wait(Duration::from_millis(*millis)),
        };
        let may_dial = matches!(step, Step::Command(..));
        self.look(&said, may_dial);
    }

    fn command(&mut self, what: usize, which: usize) -> Vec<String> {
        self.requests += 1;
        let request = self.requests;
        let key = ["1", "2", "3", "r1"][which].to_owned();
        let to = ["207", "+4930555001", "", "*97"][which].to_owned();
        let (kind, command) = match what {
            0..=3 => ("dial", Command::Dial { request, to }),
            4 => ("answer", Command::Answer { request, key }),
            5 => ("hang up", Command::HangUp { request, key }),
            6 => ("hold", Command::Hold { request, key }),
            7 => ("hold", Command::Resume { request, key }),
            8 => ("tones", Command::Dtmf { request, key, digits: "1".to_owned() }),
            9 => ("transfer", Command::TransferTo { request, key, to }),
            10 => ("transfer", Command::TransferJoin { request, key, other: "2".to_owned() }),
            _ => ("dnd", Command::SetPresence { request, presence: OwnPresence::Dnd, until: None, note: None }),
        };
        self.dials += usize::from(kind == "dial");
        *self.wanted.entry(kind).or_default() += 1;
        self.talk.command(&command)
    }

    fn look(&mut self, said: &[String], may_dial: bool) {
        for line in said {
            let frame = line.starts_with("send ");
            let request = ["GET ", "POST ", "PUT "].iter().any(|m| line.starts_with(m));
            let link = ["open ", "ping", "failed ", "synced", "signed in"].iter().any(|w| line.starts_with(w));
            assert!(!(self.idle && (frame || request || link)), "after the end: {line}");
            if line.starts_with("open ") {
                assert!(!self.asked_for_socket, "a second socket: {line}");
                self.asked_for_socket = true;
            }
            if frame || line == "ping" {
                assert!(self.socket_is_open, "sent on a closed socket: {line}");
            }
            if line.starts_with("failed ") {
                (self.idle, self.asked_for_socket, self.socket_is_open) = (true, false, false);
            }
            if line == "synced" {
                assert!(!self.synced, "synced twice");
                self.synced = true;
            }
            assert!(!line.contains("sip-register"), "{line}");
            assert!(!line.contains("intranet.example") || line.ends_with("[]"), "credentials for a stranger: {line}");
            if frame || request {
                self.count(line, may_dial);
            }
            for word in ["confirmed ", "refused ", "unclear "] {
                if let Some(rest) = line.strip_prefix(word) {
                    let id = rest.split(' ').next().unwrap_or_default().to_owned();
                    let times = self.ended.entry(id).or_default();
                    *times += 1;
                    assert_eq!(*times, 1, "ended twice: {line}");
                }
            }
        }
        let waits = matches!(self.talk.dialect.phase, Phase::Syncing { .. } | Phase::Live);
        assert_eq!(waits, !self.talk.dialect_is_quiet(), "a deadline exactly while something is waited for");
        assert!(!self.idle || self.talk.dialect.phase == Phase::Idle);
    }

    fn count(&mut self, line: &str, may_dial: bool) {
        if ["make-call", "remote-dial", "remote_call"].iter().any(|word| line.contains(word)) {
            assert!(may_dial, "dialled without a command: {line}");
            self.dials_sent += 1;
            assert!(self.dials_sent <= self.dials, "dialled more often than asked: {line}");
        }
        for (kind, words) in WORDS {
            if !line.starts_with("GET ") && words.iter().any(|word| line.contains(word)) {
                let sent = self.sent.entry(kind).or_default();
                *sent += 1;
                assert!(*sent <= self.wanted.get(kind).copied().unwrap_or(0), "more than asked: {line}");
            }
        }
    }

    /// Brings the dialect online, unless the mood of the test leaves it where it is.
    fn bring_online(&mut self, server: &str) {
        self.talk.sign_in(server);
        self.talk.go_live();
        (self.idle, self.asked_for_socket, self.socket_is_open, self.synced) = (false, true, true, true);
        self.talk.said.clear();
    }
}

const KEYS: &[&[(&str, &str)]] = &[
    &[],
    &[("dialect", "legacy")],
    &[("dialect", "modern")],
    &[("dial_path", "remote_call")],
    &[("dial_path", "rest")],
    &[("token_url", "https://intranet.example/token")],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_from_the_start_keeps_the_promises(
        keys in 0..KEYS.len(),
        password in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut watch = Watch::new(KEYS[keys], password);
        watch.do_step(&Step::Start);
        for step in &steps {
            watch.do_step(step);
        }
    }

    #[test]
    fn any_order_of_events_while_online_keeps_the_promises(
        keys in 0..5usize,
        server in 0..3usize,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut watch = Watch::new(KEYS[keys], true);
        watch.bring_online(SERVERS[server]);
        for step in &steps {
            watch.do_step(step);
        }
    }

    #[test]
    fn no_text_and_no_number_of_frames_ends_the_link(texts in prop::collection::vec(".{0,200}", 1..20)) {
        let mut talk = Talk::online("PBX/67.0", &[]);
        for text in &texts {
            talk.text(text);
            talk.text(&format!(r#"{{"action":"call-state","calls":[{text}]}}"#));
            talk.text(&format!(r#"{{"action":"user-state","account":{text}}}"#));
            prop_assert!(talk.is_live());
        }
        prop_assert!(talk.dialect.deadline().is_some());
    }
}
