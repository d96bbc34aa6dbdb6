//! A test's hold on one dialect: it plays engine and server and notes what the dialect wants.

use std::time::{Duration, Instant};

use phone_core::told::{Command, RequestId, Told};
use phone_core::{AccountConfig, AccountName, Now, Reason, Secret};
use url::Url;

use super::super::{Phase, Vodia};
use super::words;
use crate::dialect::{Dialect, Effect, Effects, Header, HttpAnswer, HttpRequest, Input, NotOpened, Random, Setup, Wire};

/// The password of every test.
pub const PASSWORD: &str = "Sample-Pw9";
/// Its MD5, which is as good as the password.
pub const PASSWORD_HASH: &str = "d4ce3ae4752a6a645049099a56fb4622";
/// The session that the password resource of the tests gives.
pub const SESSION: &str = "kQ7sessionExample";

/// Nothing here is left to chance, so every draw gives the same.
struct Even;

impl Random for Even {
    fn unit(&mut self) -> f64 {
        0.5
    }
}

/// One dialect, its open questions, and everything it ever wanted.
pub struct Talk {
    pub dialect: Vodia,
    pub now: Now,
    /// The socket that was last asked for.
    pub wire: Option<Wire>,
    /// Headers of the last handshake.
    pub handshake: Vec<(&'static str, Header)>,
    /// Requests without an answer.
    pub open: Vec<HttpRequest>,
    /// What was learnt of the server, as it would be stored.
    pub learnt: Option<String>,
    /// All effects in words.
    pub said: Vec<String>,
    /// What the model is told, until somebody takes it.
    pub told: Vec<Told>,
    /// Pings are answered at once.
    pub answers_pings: bool,
}

/// An account of extension 204 with some further keys.
pub fn account(keys: &[(&str, &str)]) -> AccountConfig {
    AccountConfig {
        name: AccountName::parse("office").expect("a name"),
        kind: "vodia".to_owned(),
        url: Url::parse("https://pbx.example").expect("an address"),
        domain: Some("tenant.example".to_owned()),
        user: Some("204".to_owned()),
        pin: None,
        learnt: None,
        keys: keys.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    }
}

/// An answer with this status and body, from a server that tells its version or does not.
pub fn http(status: u16, body: &str, server: Option<&str>) -> HttpAnswer {
    HttpAnswer { status, server: server.map(str::to_owned), cookie: None, retry_after: None, body: Secret::new(body.to_owned()) }
}

impl Talk {
    /// A dialect that has not begun.
    pub fn new(config: AccountConfig) -> Self {
        Self::with(config, Some(PASSWORD))
    }

    /// The same with another password, or with none.
    pub fn with(config: AccountConfig, password: Option<&str>) -> Self {
        let secret = password.map(|p| Secret::new(p.to_owned()));
        let now = Now { mono: first_moment(), wall: jiff::Timestamp::from_second(1_767_225_600).expect("a time") };
        Self {
            dialect: Vodia::new(Setup { config, secret }),
            now,
            wire: None,
            handshake: vec![],
            open: vec![],
            learnt: None,
            said: vec![],
            told: vec![],
            answers_pings: true,
        }
    }

    /// A dialect that is online at a server of this version, with an empty picture.
    pub fn online(version: &str, keys: &[(&str, &str)]) -> Self {
        let mut talk = Self::new(account(keys));
        talk.sign_in(version);
        talk.go_live();
        talk
    }

    /// Signs in by whatever the dialect asks, until it wants a socket.
    pub fn sign_in(&mut self, version: &str) {
        self.start();
        for _ in 0..6 {
            let Some(path) = self.open.first().map(|r| r.url.path().to_owned()) else { break };
            let first = self.open.first().map(|r| r.method).unwrap_or_default();
            let body = match (first, path.as_str()) {
                ("PUT", _) => format!("\"{SESSION}\""),
                ("GET", "/rest/system/session") => "{}".to_owned(),
                _ => "[]".to_owned(),
            };
            self.answer("", http(200, &body, Some(version)));
        }
        assert!(self.wire.is_some(), "no socket was asked for: {:?}", self.said);
    }

    /// Opens the socket and shows an empty picture; everything REST offers answers empty.
    pub fn go_live(&mut self) {
        self.opened();
        self.settle();
        self.text(r#"{"action":"domain-state","accounts":[],"calls":[]}"#);
        self.text(r#"{"action":"call-state","calls":[]}"#);
        self.settle();
        assert!(self.is_live(), "not live: {:?}", self.said);
        self.said.clear();
    }

    /// The same after an attempt before, of which everything said is kept.
    pub fn go_live_again(&mut self) {
        let said = std::mem::take(&mut self.said);
        self.go_live();
        self.said = said;
    }

    /// How many frames and requests with this word there were.
    pub fn before(&self, word: &str) -> usize {
        self.said
            .iter()
            .filter(|line| line.starts_with("send ") || line.starts_with("POST ") || line.starts_with("GET "))
            .filter(|line| line.contains(word))
            .count()
    }

    /// Answers every open question with an empty answer of the right shape.
    pub fn settle(&mut self) {
        while let Some(request) = self.open.first() {
            let body = if request.url.path().ends_with("/dnd") || request.url.query() == Some("name=dnd") {
                r#"{"state":false}"#
            } else {
                "[]"
            };
            self.answer("", http(200, body, None));
        }
    }

    /// Answers every open question about ended calls with this list.
    pub fn settle_with(&mut self, history: &str) {
        while self.open.iter().any(|r| r.url.path().ends_with("/history")) {
            self.reply("/history", 200, history);
        }
    }

    /// Feeds one input and gives what the dialect wants in return, in words.
    pub fn feed(&mut self, input: Input<'_>) -> Vec<String> {
        let mut out = Effects::default();
        self.dialect.step(input, self.now, &mut Even, &mut out);
        let mut said: Vec<String> = out.0.iter().map(words::effect).collect();
        let pinged = out.0.iter().find_map(|effect| if let Effect::Ping(wire) = effect { Some(*wire) } else { None });
        for effect in out.0 {
            hides_secrets(&effect);
            match effect {
                Effect::Open { wire, headers, .. } => (self.wire, self.handshake) = (Some(wire), headers),
                Effect::Http(request) => self.open.push(*request),
                Effect::Learn(text) => self.learnt = Some(text),
                Effect::Tell(told) => self.told.push(told),
                // As the engine does: whatever was under way is over.
                Effect::Failed(..) => self.open.clear(),
                Effect::Connect { .. } | Effect::Send(..) | Effect::SendHidden(..) | Effect::Ping(_) => {}
                Effect::SignedIn | Effect::Synced | Effect::Alive | Effect::Skipped => {}
            }
        }
        self.said.extend(said.iter().cloned());
        if let Some(wire) = pinged.filter(|_| self.answers_pings) {
            said.extend(self.feed(Input::Pong(wire)));
        }
        said
    }

    pub fn start(&mut self) -> Vec<String> {
        self.open.clear();
        self.feed(Input::Start)
    }

    pub fn opened(&mut self) -> Vec<String> {
        let wire = self.wire.expect("a socket was asked for");
        self.feed(Input::Opened(wire))
    }

    pub fn not_opened(&mut self, status: u16) -> Vec<String> {
        let wire = self.wire.expect("a socket was asked for");
        self.feed(Input::NotOpened(wire, NotOpened::Status(status, None)))
    }

    pub fn closed(&mut self) -> Vec<String> {
        let wire = self.wire.expect("a socket was asked for");
        self.feed(Input::Closed(wire))
    }

    pub fn text(&mut self, text: &str) -> Vec<String> {
        let wire = self.wire.expect("a socket was asked for");
        self.feed(Input::Text(wire, text))
    }

    /// Shows these calls, given as the inside of the array.
    pub fn calls(&mut self, calls: &str) -> Vec<String> {
        self.text(&format!(r#"{{"action":"call-state","calls":[{calls}]}}"#))
    }

    pub fn command(&mut self, command: &Command) -> Vec<String> {
        self.feed(Input::Command(command))
    }

    pub fn dial(&mut self, request: RequestId, to: &str) -> Vec<String> {
        self.command(&Command::Dial { request, to: to.to_owned() })
    }

    /// Answers the oldest open request whose `METHOD path?query` holds this.
    pub fn answer(&mut self, holds: &str, answer: HttpAnswer) -> Vec<String> {
        let id = self.take(holds);
        self.feed(Input::Http(id, Ok(answer)))
    }

    /// Answers with a status and a body.
    pub fn reply(&mut self, holds: &str, status: u16, body: &str) -> Vec<String> {
        self.answer(holds, http(status, body, None))
    }

    /// Lets the request go unanswered.
    pub fn lose(&mut self, holds: &str) -> Vec<String> {
        let id = self.take(holds);
        self.feed(Input::Http(id, Err(Reason::AnswerTimedOut)))
    }

    fn take(&mut self, holds: &str) -> u64 {
        let line = |r: &HttpRequest| format!("{} {}?{}", r.method, r.url.path(), r.url.query().unwrap_or(""));
        let position = self.open.iter().position(|r| line(r).contains(holds));
        let lines: Vec<String> = self.open.iter().map(line).collect();
        self.open.remove(position.unwrap_or_else(|| panic!("no open request holds {holds}: {lines:?}"))).id
    }

    /// Lets time pass, with a tick whenever the dialect asked for one.
    pub fn wait(&mut self, time: Duration) -> Vec<String> {
        let end = self.now.mono + time;
        let mut said = vec![];
        while let Some(at) = self.dialect.deadline().filter(|at| *at <= end) {
            self.advance(at.saturating_duration_since(self.now.mono));
            said.extend(self.feed(Input::Tick));
            assert!(self.dialect.deadline().is_none_or(|next| next > at), "a tick leaves its own deadline behind");
        }
        self.advance(end.saturating_duration_since(self.now.mono));
        said
    }

    pub fn wait_ms(&mut self, millis: u64) -> Vec<String> {
        self.wait(Duration::from_millis(millis))
    }

    fn advance(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall += jiff::SignedDuration::try_from(time).expect("a short time");
    }

    pub fn is_live(&self) -> bool {
        self.dialect.phase == Phase::Live
    }

    /// Tells whether the dialect waits for nothing.
    pub fn dialect_is_quiet(&self) -> bool {
        self.dialect.deadline().is_none()
    }

    /// Everything that was sent so far and holds this word.
    pub fn all(&self, word: &str) -> Vec<&str> {
        self.said.iter().map(String::as_str).filter(|line| line.contains(word)).collect()
    }

    /// Value of a header of the last handshake.
    pub fn handshake(&self, name: &str) -> Option<&str> {
        self.handshake.iter().find(|(n, _)| *n == name).map(|(_, value)| match value {
            Header::Plain(text) => text.as_str(),
            Header::Hidden(secret) => secret.expose(),
        })
    }
}

/// Looks at everything that is shown, logged or stored; only headers and bodies may hold a secret.
fn hides_secrets(effect: &Effect) {
    let shown = match effect {
        Effect::Open { url, .. } | Effect::Connect { url, .. } => url.to_string(),
        Effect::Http(request) => request.url.to_string(),
        Effect::Send(_, text) | Effect::Learn(text) => text.clone(),
        Effect::Tell(told) => format!("{told:?}"),
        Effect::Failed(reason, _) => format!("{reason:?}"),
        Effect::SendHidden(..) | Effect::Ping(_) => return,
        Effect::SignedIn | Effect::Synced | Effect::Alive | Effect::Skipped => return,
    };
    for secret in [PASSWORD, PASSWORD_HASH, SESSION] {
        assert!(!shown.contains(secret), "a secret is shown in {}", shown.replace(secret, "***"));
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has to begin at some moment")]
fn first_moment() -> Instant {
    Instant::now()
}

/// The lines that hold this word.
pub fn only<'a>(said: &'a [String], word: &str) -> Vec<&'a str> {
    said.iter().map(String::as_str).filter(|line| line.contains(word)).collect()
}
