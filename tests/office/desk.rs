//! The user's desk: an engine of its own, signed in at an office.

use std::sync::Arc;
use std::time::Duration;

use phone_core::call::Outcome;
use phone_core::number::Yes;
use phone_core::request::{Answer, Reply, Source};
use phone_core::view::{CallRecord, CallView, Can, LinkName};
use phone_core::{AccountConfig, AccountName, CallId, CallState, Presence, Request, Secret, View};
use phone_engine::{Handle, Options};
use phone_tests::office::{Account, Office};
use phone_vault::MemoryVault;

/// Longest wait for anything that should come soon; real phones and a PBX that looks after them need seconds.
pub const SOON: Duration = Duration::from_secs(20);

/// An engine that is signed in.
pub struct Desk {
    pub engine: Handle,
    _folder: tempfile::TempDir,
}

impl Desk {
    /// Signs in as the user of an office.
    pub async fn at(office: &impl Office) -> Self {
        Self::with_keys(office, &[]).await
    }

    /// Signs in with further keys of the account, such as those of its dial plan.
    pub async fn with_keys(office: &impl Office, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            config_dir: folder.path().join("config"),
            state_dir: folder.path().join("state"),
            vault: Arc::new(MemoryVault::default()),
        };
        let desk = Self { engine: phone_engine::start(options).expect("a runtime"), _folder: folder };
        let Account { kind, url, domain, user, password, certificate_sha256: pin, keys } = office.account();
        let more = more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let config = AccountConfig {
            name: AccountName::parse("office").expect("a plain word"),
            kind: kind.to_owned(),
            url: url.parse().expect("an address"),
            domain,
            user: Some(user),
            pin,
            learnt: None,
            keys: keys.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(more).collect(),
        };
        let asked = Request::AddAccount { config: Box::new(config), secret: Some(Secret::new(password)) };
        let added = desk.engine.ask(asked).await;
        assert!(added.is_ok(), "{added:?}");
        desk.online().await;
        desk
    }

    /// Waits until the account is online.
    pub async fn online(&self) {
        self.view("online", |view| view.accounts.iter().all(|account| account.link == LinkName::Online)).await;
    }

    /// Waits until the account is not online.
    pub async fn lost(&self) {
        self.view("the link is lost", |view| view.accounts.iter().all(|account| account.link != LinkName::Online)).await;
    }

    /// Waits until the view is as wanted.
    pub async fn view(&self, what: &str, holds: impl Fn(&View) -> bool) -> Arc<View> {
        let mut views = self.engine.view();
        let found = tokio::time::timeout(SOON, views.wait_for(|view| holds(view))).await;
        match found {
            Ok(Ok(view)) => Arc::clone(&view),
            Ok(Err(_)) | Err(_) => panic!("not within {SOON:?}: {what}; the view is {:#?}", self.engine.view().borrow()),
        }
    }

    /// Waits until there is exactly one call and it is in this state.
    pub async fn one(&self, state: CallState) -> CallView {
        let view = self.view(&format!("one call, {state:?}"), |view| is_one(view, state)).await;
        view.calls.first().cloned().expect("just seen")
    }

    /// Waits until there is a call in this state, among others.
    pub async fn some(&self, state: CallState) -> CallView {
        let view = self.view(&format!("a call, {state:?}"), |view| view.calls.iter().any(|call| call.state == state)).await;
        view.calls.iter().find(|call| call.state == state).cloned().expect("just seen")
    }

    /// Waits until no call is shown.
    pub async fn none(&self) {
        self.view("no call", |view| view.calls.is_empty()).await;
    }

    /// Waits for the record of the call that ended last.
    pub async fn ended(&self, outcome: Outcome) -> CallRecord {
        let what = format!("a call that ended, {outcome:?}");
        let is_so = |call: &CallRecord| call.outcome == outcome;
        let view = self.view(&what, |view| view.calls.is_empty() && view.recent.first().is_some_and(is_so)).await;
        view.recent.first().cloned().expect("just seen")
    }

    /// Asks the engine, and expects it to be done.
    pub async fn does(&self, request: Request) -> Reply {
        match self.engine.ask(request).await {
            Ok(reply) => reply,
            Err(trouble) => panic!("{trouble:?}; the view is {:#?}", self.engine.view().borrow()),
        }
    }

    /// Dials what a person typed.
    pub async fn dial(&self, number: &str) -> Answer {
        let text = number.to_owned();
        self.engine.ask(Request::Dial { text, account: None, source: Source::Typed, yes: Yes::No }).await
    }

    /// Waits until a colleague is shown like this.
    pub async fn sees(&self, number: &str, presence: Presence) {
        let wanted = number.to_owned();
        let looked = tokio::time::timeout(SOON, async {
            let mut revisions = self.engine.people();
            loop {
                revisions.borrow_and_update();
                let filter = Some(wanted.clone());
                let Reply::People { people, .. } = self.does(Request::People { offset: 0, limit: 500, all: true, filter }).await
                else {
                    panic!("people were asked for")
                };
                if people.iter().any(|person| person.number == wanted && person.presence == presence) {
                    return;
                }
                assert!(revisions.changed().await.is_ok(), "the engine is gone");
            }
        });
        assert!(looked.await.is_ok(), "{number} is not seen as {presence:?}");
    }

    /// Checks what must hold after every scenario: nothing dialled but these, nothing done that no program may do, no call left.
    pub async fn closes(&self, office: &impl Office, dials: &[String]) {
        office.is_quiet().await;
        self.none().await;
        assert_eq!(office.dials(), dials);
        assert_eq!(office.complaints(), Vec::<String>::new());
    }
}

/// Tells whether something can be done to the call.
pub fn can(call: &CallView, what: Can) -> bool {
    call.can.contains(&what)
}

/// The other call.
pub fn other<'a>(view: &'a View, than: &CallId) -> &'a CallView {
    view.calls.iter().find(|call| &call.id != than).unwrap_or_else(|| panic!("no other call than {than}: {:#?}", view.calls))
}

fn is_one(view: &View, state: CallState) -> bool {
    matches!(view.calls.as_slice(), [call] if call.state == state)
}
