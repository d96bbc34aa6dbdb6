//! An actor with one account whose dialect is the tests' own: lines on a byte stream.

mod proxies;
mod stream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use phone_core::link::LinkInput;
use phone_core::view::AccountView;
use phone_core::{AccountConfig, AccountName, Now, Reason, Reply, Request, Secret};
use phone_pbx::dialect::{Dialect, Effect, Effects, Framing, Input, NotOpened, Random, Wire};
use tokio::sync::watch;
use url::Url;

use super::{Desk, build};
use crate::{Handle, Options, Proxies, Vault, VaultError, VaultFuture};

/// Longest wait for anything that should come soon.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// The credential that these dialects send.
pub(crate) const PASSWORD: &str = "Sample-Pw9";
/// What is sent when the stream is open.
pub(crate) const LOGIN: &str = "Login: Sample-Pw9\r\n";
/// Longest line that is understood.
pub(crate) const LONGEST: usize = 64 << 10;

/// A keyring that holds nothing.
pub(crate) struct NoVault;

impl Vault for NoVault {
    fn get<'a>(&'a self, _: &'a AccountName) -> VaultFuture<'a, Secret> {
        Box::pin(std::future::ready(Err(VaultError::Absent)))
    }
    fn set<'a>(&'a self, _: &'a AccountName, _: Secret) -> VaultFuture<'a, ()> {
        Box::pin(std::future::ready(Err(VaultError::Absent)))
    }
    fn remove<'a>(&'a self, _: &'a AccountName) -> VaultFuture<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn unlock(&self) -> VaultFuture<'_, ()> {
        Box::pin(std::future::ready(Err(VaultError::Absent)))
    }
    fn changes(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }
}

/// Proxies of the test's own: the same one for every address, and the addresses it was asked for.
#[derive(Default)]
pub(crate) struct OneProxy {
    pub url: Option<Url>,
    pub asked: std::sync::Mutex<Vec<String>>,
}

impl Proxies for OneProxy {
    fn lookup<'a>(&'a self, url: &'a Url) -> crate::ProxyFuture<'a> {
        self.asked.lock().expect("no panic").push(url.to_string());
        Box::pin(std::future::ready(self.url.clone()))
    }
}

/// Cuts lines that end with CR and LF.
#[derive(Default)]
pub(crate) struct Lines(Vec<u8>);

impl Framing for Lines {
    fn push(&mut self, bytes: &[u8], frame: &mut dyn FnMut(String)) -> Result<(), Reason> {
        for byte in bytes {
            self.0.push(*byte);
            if self.0.ends_with(b"\r\n") {
                self.0.truncate(self.0.len() - 2);
                frame(String::from_utf8(std::mem::take(&mut self.0)).map_err(|_| Reason::Garbage)?);
            }
            if self.0.len() > LONGEST {
                return Err(Reason::MessageTooLong);
            }
        }
        Ok(())
    }
}

/// What a dialect has heard: how many lines, and the last one.
pub(crate) type Heard = (usize, String);

/// Signs in with a line, is online at `Hello: you`, sends what it is told by `Say: ..`, and counts all lines.
struct Liner {
    /// Where its stream leads to.
    place: Url,
    heard: watch::Sender<Heard>,
}

impl Dialect for Liner {
    fn step(&mut self, input: Input<'_>, _: Now, _: &mut dyn Random, out: &mut Effects) {
        let wire = Wire(3);
        match input {
            Input::Start => out.push(Effect::Connect { wire, url: self.place.clone(), framing: Box::new(Lines::default()) }),
            Input::Opened(at) => {
                assert_eq!(at, wire);
                out.push(Effect::SendHidden(wire, Secret::new(LOGIN.to_owned())));
                // It has no meaning here, so nothing may come of it.
                out.push(Effect::Ping(wire));
            }
            Input::NotOpened(at, NotOpened::Reason(reason)) if at == wire => out.push(Effect::Failed(reason, None)),
            Input::Text(_, "Hello: you") => {
                out.push(Effect::SignedIn);
                out.push(Effect::Synced);
            }
            Input::Text(at, text) => {
                assert_eq!(at, wire);
                self.heard.send_modify(|heard| *heard = (heard.0 + 1, text.to_owned()));
                if let Some(said) = text.strip_prefix("Say: ") {
                    out.push(Effect::Send(wire, format!("{said}\r\n")));
                }
            }
            Input::Closed(at) if at == wire => out.push(Effect::Failed(Reason::Dropped, None)),
            Input::Probe => out.push(Effect::Send(wire, "Probe: 1\r\n".to_owned())),
            Input::Stop | Input::Tick | Input::Command(_) | Input::Expired(_) => {}
            Input::Http(..) | Input::Pong(_) | Input::Pinged(_) | Input::NotOpened(..) | Input::Closed(_) => {
                panic!("nothing of that kind happens on a stream")
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// A running engine with one account.
pub(crate) struct Bench {
    pub engine: Handle,
    pub heard: watch::Receiver<Heard>,
    _dir: tempfile::TempDir,
}

/// The name of the one account.
pub(crate) fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

/// An account of no known kind.
pub(crate) fn account(url: &str) -> AccountConfig {
    AccountConfig {
        name: office(),
        kind: "any".into(),
        url: url.parse().expect("an address"),
        domain: None,
        user: None,
        pin: None,
        learnt: None,
        keys: Default::default(),
    }
}

impl Bench {
    /// Signs in at a place, whatever the address of the account says.
    pub fn start(config: AccountConfig, place: &str, proxies: Arc<dyn Proxies>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (config_dir, state_dir) = (dir.path().join("config"), dir.path().join("state"));
        let (mut actor, engine, asked, inner) = build(Options { config_dir, state_dir, vault: Arc::new(NoVault) }, proxies);
        let (teller, heard) = watch::channel(Heard::default());
        let (name, place) = (config.name.clone(), place.parse().expect("an address"));
        actor.model.add_account(&config, super::now().wall);
        let desk = Desk { dialect: Some(Box::new(Liner { place, heard: teller })), ..Desk::new(config, false) };
        actor.desks.insert(name.clone(), desk);
        actor.link(&name, LinkInput::SignIn);
        tokio::spawn(actor.run(asked, inner));
        Self { engine, heard, _dir: dir }
    }

    /// Signs in at a place that is also the address of the account.
    pub fn at(place: &str) -> Self {
        Self::start(account(place), place, Arc::new(OneProxy::default()))
    }

    /// Waits until the account is shown like this.
    pub async fn shows(&self, fits: impl Fn(&AccountView) -> bool) -> AccountView {
        let mut views = self.engine.view();
        let shown = views.wait_for(|view| view.accounts.first().is_some_and(&fits));
        let view = match tokio::time::timeout(SOON, shown).await {
            Ok(view) => Arc::clone(&*view.expect("an engine")),
            Err(_) => panic!("not shown: {:?}", self.engine.view().borrow().accounts),
        };
        view.accounts.first().cloned().expect("an account")
    }

    /// Waits until so many lines were heard, and gives the last one.
    pub async fn hears(&mut self, lines: usize) -> String {
        let heard = tokio::time::timeout(SOON, self.heard.wait_for(|heard| heard.0 >= lines)).await;
        heard.expect("in time").expect("an engine").1.clone()
    }

    /// The report about the link.
    pub async fn diagnosis(&self) -> String {
        match self.engine.ask(Request::Diagnosis(office())).await {
            Ok(Reply::Text(text)) => text,
            other => panic!("no report but {other:?}"),
        }
    }
}
