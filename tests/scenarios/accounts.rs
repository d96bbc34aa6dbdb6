//! Several accounts, the keyring in all its moods, and the settings file.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phone_core::request::{Answer, Source};
use phone_core::view::LinkName;
use phone_core::{AccountConfig, AccountName, CallState, Code, Request, Secret};
use phone_engine::{Vault, VaultError, VaultFuture};
use phone_tests::vodia::{FakeVodia, Generation, Options};
use tokio::sync::{Notify, watch};

use crate::support::{Desk, PASSWORD, account, fails, fake, keys, office, people};

fn named(name: &str) -> AccountName {
    AccountName::parse(name).expect("a plain word")
}

async fn add(desk: &Desk, name: &str, pbx: &FakeVodia) {
    let answer = desk.add_config(AccountConfig { name: named(name), ..account(&pbx.url()) }, Some(PASSWORD)).await;
    assert!(answer.is_ok(), "{answer:?}");
    let online = |v: &phone_core::View| v.accounts.iter().any(|a| a.name == named(name) && a.link == LinkName::Online);
    desk.wait_view("online", online).await;
}

async fn dial_by(desk: &Desk, name: &str, text: &str) -> Answer {
    let account = Some(named(name));
    desk.engine.ask(Request::Dial { text: text.into(), account, source: Source::Typed, yes: phone_core::number::Yes::No }).await
}

#[tokio::test]
async fn two_accounts_live_side_by_side() {
    let (berlin, wien) = (fake(Generation::G3).await, fake(Generation::G1).await);
    let desk = Desk::new();
    add(&desk, "berlin", &berlin).await;
    add(&desk, "wien", &wien).await;
    // The same numbers at both stay apart.
    let both = people(&desk, false).await;
    let with = |number: &str| both.iter().filter(|p| p.number == number).map(|p| p.id.clone()).collect::<Vec<_>>();
    assert_eq!(with("207"), ["berlin/207", "wien/207"]);
    berlin.ring("+4930555001", "Mara Beispiel", "204");
    wien.ring("+4930555001", "Mara Beispiel", "204");
    let view = desk.wait_view("two calls", |v| v.calls.len() == 2).await;
    assert_ne!(view.calls[0].account, view.calls[1].account);
    assert_ne!(view.calls[0].id, view.calls[1].id);
    fails(&desk.engine.ask(Request::Answer(None)).await, Code::WrongUsage, "More than one call");
    let ours = view.calls.iter().find(|c| c.account == named("wien")).map(|c| c.id.clone());
    assert!(desk.engine.ask(Request::Answer(ours.clone())).await.is_ok());
    assert!(wien.calls()[0].connect.is_some() && berlin.calls()[0].connect.is_none(), "the right one was answered");
    // A dial has to name its account.
    fails(&desk.dial("+4930555009").await, Code::WrongUsage, "More than one account");
    assert!(dial_by(&desk, "berlin", "+4930555009").await.is_ok());
    fails(&dial_by(&desk, "hamburg", "+4930555009").await, Code::NoAccount, "");
    assert_eq!((berlin.dials().len(), wien.dials().len()), (1, 0));
    // Calls of two systems cannot be joined.
    let theirs = view.calls.iter().find(|c| c.account == named("berlin")).map(|c| c.id.clone());
    let join = Request::Transfer(ours.expect("a call"), phone_core::request::TransferTarget::Call(theirs.expect("a call")));
    fails(&desk.engine.ask(join).await, Code::WrongUsage, "");
}

#[tokio::test]
async fn one_account_that_is_down_does_not_disturb_the_other() {
    let (berlin, wien) = (fake(Generation::G2).await, fake(Generation::G3).await);
    let desk = Desk::new();
    add(&desk, "berlin", &berlin).await;
    add(&desk, "wien", &wien).await;
    let call = wien.ring("+4930555001", "Mara Beispiel", "204");
    desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
    berlin.stop().await;
    let down = |v: &phone_core::View| v.accounts.iter().any(|a| a.name == named("berlin") && a.link == LinkName::Waiting);
    let view = desk.wait_view("berlin down", down).await;
    assert!(view.accounts.iter().any(|a| a.name == named("wien") && a.link == LinkName::Online));
    assert_eq!((view.calls[0].state, view.calls[0].stale), (CallState::Ringing, false));
    assert!(people(&desk, false).await.iter().any(|p| p.id == "wien/207" && p.presence != phone_core::Presence::Unknown));
    // Only one can dial now, so nothing is asked.
    assert!(desk.dial("+4930555009").await.is_ok());
    assert_eq!(wien.dials().len(), 1);
    assert!(wien.answer(call));
    desk.wait_view("connected", |v| v.calls.iter().any(|c| c.state == CallState::Connected)).await;
    berlin.restart().await.expect("the port again");
    desk.wait_view("both online", |v| v.accounts.iter().all(|a| a.link == LinkName::Online)).await;
}

#[tokio::test]
async fn an_account_is_removed_in_the_middle_of_a_call() {
    let (berlin, wien) = (fake(Generation::G2).await, fake(Generation::G3).await);
    let desk = Desk::new();
    add(&desk, "berlin", &berlin).await;
    add(&desk, "wien", &wien).await;
    let (call, _) = desk.talking(&berlin).await;
    assert!(desk.engine.ask(Request::RemoveAccount(named("berlin"))).await.is_ok());
    let view = desk.settle().await;
    assert!(view.calls.is_empty());
    assert_eq!(view.accounts.len(), 1);
    assert!(people(&desk, true).await.iter().all(|p| p.account == named("wien")));
    assert!(berlin.call(call).is_some(), "the call itself goes on at the phone");
    berlin.wait_for(|s| s.open_sockets(None) == 0, crate::support::SOON).await.expect("signed off");
    assert_eq!(desk.vault.get(&named("berlin")).await.err(), Some(VaultError::NoEntry), "its password is gone");
    let stored = std::fs::read_to_string(desk.dir.path().join("config/settings.toml")).expect("settings");
    assert!(stored.contains("wien") && !stored.contains("berlin"));
    fails(&desk.engine.ask(Request::RemoveAccount(named("berlin"))).await, Code::NoAccount, "");
    // Its name is free again.
    add(&desk, "berlin", &berlin).await;
    desk.wait_view("the call is found", |v| v.calls.iter().any(|c| c.state == CallState::Connected)).await;
}

#[tokio::test]
async fn an_account_that_exists_or_cannot_exist_is_wrong_usage() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    fails(&desk.add(&pbx, &[]).await, Code::WrongUsage, "");
    let strange = AccountConfig { name: named("other"), kind: "abacus".into(), ..account(&pbx.url()) };
    fails(&desk.add_config(strange, Some(PASSWORD)).await, Code::WrongUsage, "");
    let nothing = AccountConfig { name: named("other"), ..account(&pbx.url()) };
    fails(&desk.add_config(nothing, None).await, Code::SecretMissing, "");
    desk.online().await;
    assert_eq!(desk.settle().await.accounts.len(), 1);
}

/// An answer, and what lets it go.
type Held = (Arc<Notify>, Result<(), VaultError>);

/// A keyring that does as the test says.
struct Scripted {
    /// What reading answers while nothing else is scripted.
    state: Mutex<Result<(), VaultError>>,
    /// Answers of the next readings, each given once it is let go; good ones go on as usual.
    held: Mutex<VecDeque<Held>>,
    /// The next things to be stored, each stored once it is let go.
    held_sets: Mutex<VecDeque<Arc<Notify>>>,
    secrets: Mutex<HashMap<AccountName, Secret>>,
    unlock: Mutex<Result<(), VaultError>>,
    set: Mutex<Result<(), VaultError>>,
    remove: Mutex<Result<(), VaultError>>,
    changes: watch::Sender<u64>,
    unlocks: Mutex<usize>,
}

impl Scripted {
    fn new(state: Result<(), VaultError>) -> Arc<Self> {
        let secrets = [(office(), Secret::new(PASSWORD.into()))].into();
        Arc::new(Self {
            state: Mutex::new(state),
            held: Mutex::default(),
            held_sets: Mutex::default(),
            secrets: Mutex::new(secrets),
            unlock: Mutex::new(Ok(())),
            set: Mutex::new(Ok(())),
            remove: Mutex::new(Ok(())),
            changes: watch::Sender::new(0),
            unlocks: Mutex::new(0),
        })
    }

    fn now(&self, state: Result<(), VaultError>) {
        *self.state.lock().expect("whole") = state;
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Vault for Scripted {
    fn get<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, Secret> {
        let held = self.held.lock().expect("whole").pop_front();
        Box::pin(async move {
            if let Some((gate, result)) = held {
                gate.notified().await;
                result?;
            }
            self.state.lock().expect("whole").clone()?;
            self.secrets.lock().expect("whole").get(account).cloned().ok_or(VaultError::NoEntry)
        })
    }

    fn set<'a>(&'a self, account: &'a AccountName, secret: Secret) -> VaultFuture<'a, ()> {
        let held = self.held_sets.lock().expect("whole").pop_front();
        Box::pin(async move {
            if let Some(gate) = held {
                gate.notified().await;
            }
            let result = self.set.lock().expect("whole").clone();
            if result.is_ok() {
                self.secrets.lock().expect("whole").insert(account.clone(), secret);
            }
            result
        })
    }

    fn remove<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, ()> {
        let result = self.remove.lock().expect("whole").clone();
        if result.is_ok() {
            self.secrets.lock().expect("whole").remove(account);
        }
        Box::pin(std::future::ready(result))
    }

    fn unlock(&self) -> VaultFuture<'_, ()> {
        *self.unlocks.lock().expect("whole") += 1;
        let result = self.unlock.lock().expect("whole").clone();
        if result.is_ok() {
            self.now(Ok(()));
        }
        Box::pin(std::future::ready(result))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// An engine whose settings know the account already.
fn known(pbx: &FakeVodia, vault: Arc<dyn Vault>) -> Desk {
    known_as(account(&pbx.url()), vault)
}

fn known_as(config: AccountConfig, vault: Arc<dyn Vault>) -> Desk {
    let dir = Arc::new(tempfile::tempdir().expect("a folder"));
    let settings = phone_engine::settings::Settings { accounts: vec![config], ..Default::default() };
    phone_engine::settings::save(&dir.path().join("config"), &settings).expect("written");
    Desk::on(dir, vault)
}

async fn signed_out(desk: &Desk, code: Code, says: &str) {
    let fits = |v: &phone_core::View| {
        let account = &v.accounts[0];
        account.link == LinkName::SignedOut && account.why.as_ref().is_some_and(|w| w.code == code && w.text.contains(says))
    };
    desk.wait_view(&format!("signed out with {code:?} saying {says}"), fits).await;
}

#[tokio::test]
async fn a_keyring_that_opens_or_appears_later_continues_by_itself() {
    for (error, code, says) in [
        (VaultError::Locked, Code::KeyringLocked, "is locked"),
        (VaultError::Absent, Code::KeyringAbsent, "No keyring"),
        (VaultError::Failed("no reply".into()), Code::KeyringAbsent, "does not work"),
    ] {
        let pbx = fake(Generation::G2).await;
        let vault = Scripted::new(Err(error));
        let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
        signed_out(&desk, code, says).await;
        assert!(pbx.requests().is_empty());
        assert_eq!(*vault.unlocks.lock().expect("whole"), 0, "nobody is prompted by itself");
        // A change that does not help changes nothing.
        vault.changed();
        desk.settle().await;
        signed_out(&desk, code, says).await;
        vault.now(Ok(()));
        vault.changed();
        desk.online().await;
    }
}

#[tokio::test]
async fn a_missing_entry_asks_for_the_password() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Ok(()));
    vault.secrets.lock().expect("whole").clear();
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    desk.stops(Code::SecretMissing, "not in the keyring").await;
    assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
    desk.stops(Code::SecretMissing, "not in the keyring").await;
    let answer = desk.engine.ask(Request::SetSecret { account: office(), secret: Secret::new(PASSWORD.into()) }).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
    let desk = desk.restarted();
    desk.online().await;
}

#[tokio::test]
async fn an_unlocking_that_was_refused_says_so_and_can_be_repeated() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Err(VaultError::Locked));
    *vault.unlock.lock().expect("whole") = Err(VaultError::UnlockRefused);
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    signed_out(&desk, Code::KeyringLocked, "is locked").await;
    fails(&desk.engine.ask(Request::UnlockKeyring).await, Code::KeyringLocked, "was not unlocked");
    signed_out(&desk, Code::KeyringLocked, "was not unlocked").await;
    *vault.unlock.lock().expect("whole") = Ok(());
    assert!(desk.engine.ask(Request::UnlockKeyring).await.is_ok());
    desk.online().await;
}

#[tokio::test]
async fn a_keyring_that_opens_while_it_is_being_read_is_read_again() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Ok(()));
    let gate = Arc::new(Notify::new());
    vault.held.lock().expect("whole").push_back((Arc::clone(&gate), Err(VaultError::Locked)));
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    desk.settle().await;
    // It was locked when the reading began and open before its answer came.
    vault.changed();
    desk.settle().await;
    gate.notify_one();
    desk.online().await;
}

#[tokio::test]
async fn a_sign_out_while_the_keyring_is_read_stays_one() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Ok(()));
    let gate = Arc::new(Notify::new());
    vault.held.lock().expect("whole").push_back((Arc::clone(&gate), Ok(())));
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    desk.settle().await;
    assert!(desk.engine.ask(Request::SignOut(office())).await.is_ok());
    gate.notify_one();
    assert!(pbx.wait_for(|s| !s.requests().is_empty(), Duration::from_secs(2)).await.is_err(), "{:?}", pbx.requests());
    assert_eq!(desk.settle().await.accounts[0].link, LinkName::SignedOut);
    // Nothing but the user's own wish ends it.
    vault.changed();
    assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
    assert_eq!(desk.settle().await.accounts[0].link, LinkName::SignedOut);
    assert!(desk.engine.ask(Request::SignIn(office())).await.is_ok());
    desk.online().await;
}

#[tokio::test]
async fn a_password_typed_while_another_one_is_being_stored_is_stored_after_it() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Ok(()));
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    desk.online().await;
    let gate = Arc::new(Notify::new());
    vault.held_sets.lock().expect("whole").push_back(Arc::clone(&gate));
    let type_in = |password: &str| {
        let (engine, secret) = (desk.engine.clone(), Secret::new(password.to_owned()));
        tokio::spawn(async move { engine.ask(Request::SetSecret { account: office(), secret }).await })
    };
    let first = type_in(PASSWORD);
    tokio::time::timeout(crate::support::SOON, async {
        while !vault.held_sets.lock().expect("whole").is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the first one is being stored");
    pbx.set_password("204", "New-Pw9");
    pbx.expire_sessions();
    let second = type_in("New-Pw9");
    let renewed = |s: &phone_tests::vodia::State| s.sign_ins().iter().filter(|s| s.accepted).count() > 2;
    pbx.wait_for(renewed, crate::support::SOON).await.expect("signed in with the new one");
    desk.online().await;
    gate.notify_one();
    assert!(first.await.expect("an answer").is_ok());
    assert!(second.await.expect("an answer").is_ok());
    let stored = vault.secrets.lock().expect("whole").get(&office()).map(|s| s.expose().to_owned());
    assert_eq!(stored, Some("New-Pw9".to_owned()), "what was said to be stored");
    assert!(desk.settle().await.hints.is_empty());
}

#[tokio::test]
async fn a_password_that_cannot_be_stored_is_a_hint_and_no_failure() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Err(VaultError::Absent));
    *vault.set.lock().expect("whole") = Err(VaultError::Absent);
    let desk = Desk::with(Arc::<Scripted>::clone(&vault));
    assert!(desk.add(&pbx, &[]).await.is_ok());
    let hinted = |v: &phone_core::View| v.hints.iter().any(|h| h.about == "secret_not_stored:office");
    let view = desk.wait_view("a hint", hinted).await;
    assert!(view.hints[0].text.contains("No keyring") && view.hints[0].remedy.is_some(), "{:?}", view.hints);
    desk.online().await;
    // It is stored as soon as that is possible.
    vault.secrets.lock().expect("whole").clear();
    *vault.set.lock().expect("whole") = Ok(());
    vault.now(Ok(()));
    vault.changed();
    desk.wait_view("no hint", |v| v.hints.is_empty()).await;
    assert!(vault.secrets.lock().expect("whole").contains_key(&office()));
}

#[tokio::test]
async fn an_account_whose_password_cannot_be_removed_stays_and_that_is_told() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Ok(()));
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    desk.online().await;
    *vault.remove.lock().expect("whole") = Err(VaultError::Locked);
    fails(&desk.engine.ask(Request::RemoveAccount(office())).await, Code::KeyringLocked, "is locked");
    // Nothing of it is gone: it works on, and the next start finds it.
    desk.online().await;
    assert_eq!(desk.settle().await.accounts.len(), 1);
    let desk = desk.restarted();
    desk.online().await;
    // Once the keyring is open it goes with its password.
    *vault.remove.lock().expect("whole") = Ok(());
    assert!(desk.engine.ask(Request::RemoveAccount(office())).await.is_ok());
    assert!(desk.settle().await.accounts.is_empty());
    assert!(vault.secrets.lock().expect("whole").is_empty());
    let desk = desk.restarted();
    assert!(desk.settle().await.accounts.is_empty());
}

#[tokio::test]
async fn a_password_typed_while_the_keyring_is_locked_works_and_is_stored_later() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Err(VaultError::Locked));
    *vault.set.lock().expect("whole") = Err(VaultError::Locked);
    vault.secrets.lock().expect("whole").insert(office(), Secret::new("Old-Pw9".into()));
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    signed_out(&desk, Code::KeyringLocked, "is locked").await;
    let answer = desk.engine.ask(Request::SetSecret { account: office(), secret: Secret::new(PASSWORD.into()) }).await;
    assert!(answer.is_ok(), "{answer:?}");
    let hinted = |v: &phone_core::View| v.hints.iter().any(|h| h.about == "secret_not_stored:office");
    let view = desk.wait_view("a hint", hinted).await;
    assert!(view.hints[0].text.contains("is locked"), "{:?}", view.hints);
    desk.online().await;
    let sockets = pbx.look(|s| s.sockets_opened());
    // The keyring opens: the typed one is stored, and the old one in it is not used instead.
    *vault.set.lock().expect("whole") = Ok(());
    vault.now(Ok(()));
    vault.changed();
    desk.wait_view("no hint", |v| v.hints.is_empty()).await;
    assert_eq!(vault.secrets.lock().expect("whole").get(&office()).map(|s| s.expose().to_owned()), Some(PASSWORD.to_owned()));
    assert_eq!(desk.settle().await.accounts[0].link, LinkName::Online);
    assert_eq!(pbx.look(|s| s.sockets_opened()), sockets, "nobody signed in anew");
}

#[tokio::test]
async fn a_password_that_is_refused_does_not_replace_the_stored_one() {
    let pbx = fake(Generation::G2).await;
    let vault = Scripted::new(Ok(()));
    let desk = known(&pbx, Arc::<Scripted>::clone(&vault));
    desk.online().await;
    let answer = desk.engine.ask(Request::SetSecret { account: office(), secret: Secret::new("A-slip9".into()) }).await;
    fails(&answer, Code::CredentialsRefused, "does not accept");
    assert_eq!(vault.secrets.lock().expect("whole").get(&office()).map(|s| s.expose().to_owned()), Some(PASSWORD.to_owned()));
    // Neither a test nor a wish to sign in sends it once more.
    let tried = |pbx: &FakeVodia| pbx.sign_ins().iter().filter(|s| !s.accepted).count();
    let before = tried(&pbx);
    fails(&desk.engine.ask(Request::TestAccount(office())).await, Code::CredentialsRefused, "does not accept");
    fails(&desk.engine.ask(Request::SignIn(office())).await, Code::CredentialsRefused, "does not accept");
    assert!(desk.engine.ask(Request::RetryNow(Some(office()))).await.is_ok());
    assert!(desk.engine.ask(Request::SignOut(office())).await.is_ok());
    fails(&desk.engine.ask(Request::SignIn(office())).await, Code::CredentialsRefused, "does not accept");
    fails(&desk.engine.ask(Request::TestAccount(office())).await, Code::CredentialsRefused, "does not accept");
    desk.settle().await;
    assert_eq!(tried(&pbx), before, "{:?}", pbx.sign_ins());
    let desk = desk.restarted();
    desk.online().await;
}

#[tokio::test]
async fn an_account_without_a_password_needs_no_keyring() {
    for state in [Err(VaultError::Locked), Err(VaultError::Absent), Ok(())] {
        let pbx = fake(Generation::G3).await;
        let vault = Scripted::new(state);
        vault.secrets.lock().expect("whole").clear();
        let config = AccountConfig { keys: keys(&[("token_url", &pbx.token_url())]), ..account(&pbx.url()) };
        let desk = known_as(config, vault);
        desk.online().await;
    }
}

#[tokio::test]
async fn history_and_numbering_go_on_after_a_restart() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let (call, first) = desk.talking(&pbx).await;
    pbx.hang_up_far(call);
    desk.wait_view("over", |v| v.calls.is_empty() && !v.recent.is_empty()).await;
    let desk = desk.restarted();
    let view = desk.online().await;
    assert_eq!(view.recent.first().map(|r| &r.id), Some(&first));
    let (_, second) = desk.talking(&pbx).await;
    assert_ne!(first, second);
    let calls = desk.history().await;
    assert_eq!(calls.len(), 1);
}

#[tokio::test]
async fn a_call_that_ran_while_the_agent_was_killed_is_found_again() {
    for generation in [Generation::G1, Generation::G2, Generation::G3] {
        let pbx = FakeVodia::start(Options::new(generation)).await.expect("a fake");
        let desk = Desk::signed_in(&pbx).await;
        desk.talking(&pbx).await;
        let desk = desk.restarted();
        let view = desk.online().await;
        assert_eq!((view.calls.len(), view.calls[0].state), (1, CallState::Connected), "{generation:?}");
        assert_eq!(view.missed, 0);
        assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok());
        desk.wait_view("over", |v| v.calls.is_empty()).await;
    }
}
