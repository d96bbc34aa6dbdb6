//! An engine of its own in throw-away folders, and ways to wait for what it shows.

use std::sync::Arc;
use std::time::Duration;

use phone_core::request::{Answer, Reply, Source};
use phone_core::{AccountConfig, AccountName, Event, Request, Secret, View};
use phone_engine::{Handle, Options};
use phone_tests::vodia::FakeVodia;
use phone_vault::MemoryVault;

/// Longest wait for anything that should come soon.
pub const SOON: Duration = Duration::from_secs(10);

/// An engine with its folders.
pub struct Desk {
    pub engine: Handle,
    pub dir: tempfile::TempDir,
}

/// A name of an account.
pub fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

impl Desk {
    /// An engine without accounts.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = phone_engine::start(Options {
            config_dir: dir.path().join("config"),
            state_dir: dir.path().join("state"),
            vault: Arc::new(MemoryVault::default()),
        })
        .expect("a runtime");
        Self { engine, dir }
    }

    /// An engine signed in at a PBX as 204.
    pub async fn signed_in(pbx: &FakeVodia) -> Self {
        let desk = Self::new();
        desk.add(pbx, &[]).await.expect("signed in");
        desk.wait_view("online", |v| v.accounts.iter().any(|a| a.link == phone_core::view::LinkName::Online)).await;
        desk
    }

    /// Adds the account of 204 with further keys.
    pub async fn add(&self, pbx: &FakeVodia, keys: &[(&str, &str)]) -> Answer {
        self.add_with(&pbx.url(), "204", Some("tenant.example"), "Sample-Pw9", keys).await
    }

    /// Adds an account.
    pub async fn add_with(&self, url: &str, user: &str, domain: Option<&str>, password: &str, keys: &[(&str, &str)]) -> Answer {
        let config = AccountConfig {
            name: office(),
            kind: "vodia".into(),
            url: url.parse().expect("an address"),
            domain: domain.map(str::to_owned),
            user: Some(user.to_owned()),
            pin: None,
            learnt: None,
            keys: keys.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let secret = Some(Secret::new(password.to_owned()));
        self.engine.ask(Request::AddAccount { config: Box::new(config), secret }).await
    }

    /// Waits until the view is as wanted, and gives it.
    pub async fn wait_view(&self, what: &str, mut holds: impl FnMut(&View) -> bool) -> Arc<View> {
        self.wait_view_for(SOON, what, &mut holds).await
    }

    /// Waits at most so long until the view is as wanted.
    pub async fn wait_view_for(&self, limit: Duration, what: &str, mut holds: impl FnMut(&View) -> bool) -> Arc<View> {
        let mut views = self.engine.view();
        let found = tokio::time::timeout(limit, views.wait_for(|v| holds(v))).await;
        match found {
            Ok(Ok(view)) => Arc::clone(&view),
            _ => panic!("not within {limit:?}: {what}; the view is {:#?}", self.engine.view().borrow()),
        }
    }

    /// Dials what a person typed.
    pub async fn dial(&self, text: &str) -> Answer {
        self.engine.ask(Request::Dial { text: text.to_owned(), account: None, source: Source::Typed, yes: false }).await
    }

    /// Waits for an event with this name.
    pub async fn event(events: &mut tokio::sync::broadcast::Receiver<Event>, name: phone_core::EventName) -> Event {
        let wait = async {
            loop {
                let event = events.recv().await.expect("the engine runs");
                if event.event == name {
                    return event;
                }
            }
        };
        tokio::time::timeout(SOON, wait).await.unwrap_or_else(|_| panic!("no {name:?}"))
    }
}

/// The people shown, at most 500.
pub async fn people(desk: &Desk, all: bool) -> Vec<phone_core::Person> {
    match desk.engine.ask(Request::People { offset: 0, limit: 500, all, filter: None }).await {
        Ok(Reply::People { people, .. }) => people,
        other => panic!("{other:?}"),
    }
}
