//! A keyring that did not give or take what was wanted is asked again by itself.

use std::time::{Duration, Instant};

use phone_core::AccountName;

use super::{Actor, SecretState};

/// The first pause; doubled each time.
const FIRST: Duration = Duration::from_secs(15);
/// The longest pause.
const LAST: Duration = Duration::from_secs(300);

/// When the keyring is asked again by itself.
///
/// A keyring tells when it appears or is unlocked, but not when one that hung or failed works again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AskAgain {
    at: Option<Instant>,
    pause: Duration,
}

impl AskAgain {
    /// The next time; none while nothing is missing.
    pub fn at(self) -> Option<Instant> {
        self.at
    }

    /// It did not give or take what was wanted, once more.
    pub fn later(&mut self, now: Instant) {
        self.pause = (self.pause * 2).clamp(FIRST, LAST);
        self.at = Some(now + self.pause);
    }

    /// It is being asked, for whatever reason.
    pub fn asked(&mut self) {
        self.at = None;
    }

    /// Tells whether it is time, once.
    pub fn is_due(&mut self, now: Instant) -> bool {
        self.at.take_if(|at| *at <= now).is_some()
    }
}

impl Actor {
    /// Asks the keyring once more for what it did not give, or to store what it did not take.
    pub(super) fn ask_keyring_again(&mut self, name: &AccountName) {
        let Some(desk) = self.desks.get(name) else { return };
        if desk.secret == SecretState::Missing && !desk.signed_out {
            self.ask_secret(name);
        } else if desk.stores() {
            self.store_secret(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use phone_core::view::LinkName;
    use phone_core::{AccountConfig, AccountName, Secret};
    use tokio::sync::watch;

    use super::*;
    use crate::settings::{self, Settings};
    use crate::{Handle, Options, Vault, VaultError, VaultFuture};

    /// A keyring that never says that it changed.
    struct Mute {
        state: Mutex<Result<(), VaultError>>,
        asked: AtomicUsize,
        changes: watch::Sender<u64>,
    }

    impl Vault for Mute {
        fn get<'a>(&'a self, _: &'a AccountName) -> VaultFuture<'a, Secret> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let state = self.state.lock().expect("whole").clone();
            Box::pin(std::future::ready(state.map(|()| Secret::new("Sample-Pw9".into()))))
        }

        fn set<'a>(&'a self, _: &'a AccountName, _: Secret) -> VaultFuture<'a, ()> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn remove<'a>(&'a self, _: &'a AccountName) -> VaultFuture<'a, ()> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn unlock(&self) -> VaultFuture<'_, ()> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn changes(&self) -> watch::Receiver<u64> {
            self.changes.subscribe()
        }
    }

    fn started(dir: &std::path::Path, state: Result<(), VaultError>) -> (Handle, Arc<Mute>) {
        let account = AccountConfig {
            name: AccountName::parse("office").expect("a plain word"),
            kind: phone_pbx::kinds().next().expect("a kind").to_owned(),
            // Nothing is sent without encryption, so nothing but the keyring takes time here.
            url: "http://pbx.example".parse().expect("an address"),
            domain: Some("tenant.example".into()),
            user: Some("204".into()),
            pin: None,
            learnt: None,
            keys: Default::default(),
        };
        let known = Settings { accounts: vec![account], ..Settings::default() };
        settings::save(&dir.join("config"), &known).expect("written");
        let vault = Mute { state: Mutex::new(state), asked: AtomicUsize::new(0), changes: watch::Sender::new(0) };
        let vault = Arc::new(vault);
        let options = Options { config_dir: dir.join("config"), state_dir: dir.join("state"), vault: Arc::<Mute>::clone(&vault) };
        (crate::start(options).expect("a runtime"), vault)
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyring_that_works_again_without_a_word_is_asked_again() {
        for error in [VaultError::Failed("no answer".into()), VaultError::Absent, VaultError::Locked] {
            let dir = tempfile::tempdir().expect("a folder");
            let (engine, vault) = started(dir.path(), Err(error.clone()));
            let mut view = engine.view();
            let waits = |view: &Arc<phone_core::View>| view.accounts.iter().any(|a| a.why.is_some());
            view.wait_for(waits).await.expect("the engine runs");
            tokio::time::sleep(Duration::from_secs(40)).await;
            *vault.state.lock().expect("whole") = Ok(());
            let signs_in = |view: &Arc<phone_core::View>| view.accounts.iter().any(|a| a.link != LinkName::SignedOut);
            let within = Duration::from_secs(60);
            let found = tokio::time::timeout(within, view.wait_for(signs_in)).await;
            assert!(found.is_ok(), "{error:?}: still signed out {within:?} after the keyring worked");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyring_that_never_works_is_asked_ever_more_slowly_and_a_good_one_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let (_engine, vault) = started(dir.path(), Err(VaultError::Failed("no answer".into())));
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        let asked = vault.asked.load(Ordering::Relaxed);
        assert!((24 * 11..24 * 13 + 6).contains(&asked), "about every five minutes: {asked} times in a day");
        let dir = tempfile::tempdir().expect("a folder");
        let (_engine, vault) = started(dir.path(), Ok(()));
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        assert_eq!(vault.asked.load(Ordering::Relaxed), 1);
    }
}
