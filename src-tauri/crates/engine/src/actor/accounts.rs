//! Accounts come, get their secret, sign in, and go.

use std::time::{Duration, Instant};

use phone_core::link::LinkInput;
use phone_core::request::{Answer, Reply};
use phone_core::view::{Hint, LinkName};
use phone_core::{AccountConfig, AccountName, Link, Reason, Secret, plain_fingerprint};
use phone_pbx::dialect::Setup;
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::keyring::AskAgain;
use super::{Actor, Desk, Inner, SecretState, Waiting, now, vault};
use crate::ports::VaultError;

/// How long somebody waits for the outcome of a sign-in.
pub(super) const SIGN_IN_WAIT: Duration = Duration::from_secs(20);
/// How long a keyring may take; it asks nobody.
const VAULT_LIMIT: Duration = Duration::from_secs(30);
/// How long a person may take to unlock a keyring.
pub(super) const UNLOCK_LIMIT: Duration = Duration::from_secs(180);

/// The longest that anything about accounts takes until it is answered: a sign-in, then the keyring, then the disk.
pub const LONGEST_ANSWER: Duration = SIGN_IN_WAIT.saturating_add(VAULT_LIMIT).saturating_add(super::disk::WRITE_LIMIT);

/// Waits for the vault, which must not keep an account waiting for ever.
pub(super) async fn within<T>(limit: Duration, asked: crate::ports::VaultFuture<'_, T>) -> Result<T, VaultError> {
    tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(VaultError::Failed("no answer".into())))
}

impl Actor {
    /// Puts an account to work: its secret is read first.
    pub(super) fn open_desk(&mut self, config: AccountConfig, provisional: bool) {
        let name = config.name.clone();
        self.desks.insert(name.clone(), Desk::new(config, provisional));
        self.look_at_history();
        if !provisional {
            self.ask_secret(&name);
        }
    }

    /// Reads the secret of an account; the answer comes as a message.
    pub(super) fn ask_secret(&mut self, name: &AccountName) {
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.secret = SecretState::Asked;
        desk.keyring.asked();
        desk.read_again = false;
        let (vault, inner, name) = (vault(&self.options), self.inner.clone(), name.clone());
        tokio::spawn(async move {
            let result = within(VAULT_LIMIT, vault.get(&name)).await;
            inner.send(Inner::Secret(name, result)).await.ok();
        });
    }

    /// The keyring may answer differently now: asks again for what was missing.
    pub(super) fn ask_missing_secrets(&mut self) {
        // An answer that is under way may tell how things stood before.
        for desk in self.desks.values_mut().filter(|d| d.secret == SecretState::Asked) {
            desk.read_again = true;
        }
        let missing: Vec<AccountName> = self
            .desks
            .iter()
            .filter(|(_, d)| d.secret == SecretState::Missing && !d.signed_out)
            .map(|(name, _)| name.clone())
            .collect();
        for name in missing {
            self.ask_secret(&name);
        }
        let unstored: Vec<AccountName> = self.desks.iter().filter(|(_, d)| d.stores()).map(|(name, _)| name.clone()).collect();
        for name in unstored {
            self.store_secret(&name);
        }
    }

    pub(super) fn secret_arrived(&mut self, name: &AccountName, result: Result<Secret, VaultError>) {
        let Some(desk) = self.desks.get_mut(name) else { return };
        if desk.secret == SecretState::Here {
            return;
        }
        if desk.signed_out {
            // Signed out while it was being read; it is read again when the user signs in.
            desk.secret = SecretState::Missing;
            return;
        }
        let needs_none = !phone_pbx::needs_secret(&desk.config);
        match result {
            Ok(secret) => {
                // What a server was learnt by, and a stored secret, are from a sign-in that went well.
                desk.proven |= desk.config.learnt.is_some();
                self.sign_in_with(name, Some(secret));
            }
            // Such an account may have no secret at all, so a closed keyring does not keep it waiting.
            Err(_) if needs_none => self.sign_in_with(name, None),
            Err(_) if std::mem::take(&mut desk.read_again) => self.ask_secret(name),
            Err(error) => {
                desk.secret = SecretState::Missing;
                let why = Reason::from(&error);
                info!(account = %name, code = ?why.code(), "{}", why.text());
                // A missing entry needs the user; a keyring may come, work again or be unlocked by itself.
                if why == Reason::SecretMissing {
                    return self.link(name, LinkInput::Stop(why));
                }
                desk.keyring.later(now().mono);
                // That the user said no says more than that it is still locked.
                let refused = why == Reason::KeyringLocked && desk.link.why() == Some(&Reason::KeyringUnlockRefused);
                if !refused {
                    self.link(name, LinkInput::SignOut(Some(why)));
                }
            }
        }
    }

    /// Signs in with a secret that was read or typed.
    pub(super) fn sign_in_with(&mut self, name: &AccountName, secret: Option<Secret>) {
        let Some(desk) = self.desks.get_mut(name) else { return };
        let Some(dialect) = phone_pbx::create(&desk.config.kind, Setup { config: desk.config.clone(), secret }) else {
            return self.link(name, LinkInput::Stop(Reason::WrongUsage("this kind of PBX is not known".into())));
        };
        if desk.link.is_up() {
            self.link(name, LinkInput::SignOut(None));
        }
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.dialect = Some(dialect);
        desk.secret = SecretState::Here;
        desk.keyring = AskAgain::default();
        desk.refused = false;
        desk.signed_out = false;
        desk.tls = None;
        desk.http = None;
        self.link(name, LinkInput::SignIn);
    }

    /// Adds an account on trial; it is kept when it is online or merely cannot be reached yet.
    pub(super) fn add_account(&mut self, config: AccountConfig, secret: Option<Secret>, answer: oneshot::Sender<Answer>) {
        if self.desks.contains_key(&config.name) {
            answer.send(Err(Reason::WrongUsage("an account of this name exists already".into()).into())).ok();
            return;
        }
        if !phone_pbx::kinds().any(|kind| kind == config.kind) {
            let known = phone_pbx::kinds().collect::<Vec<_>>().join(", ");
            answer.send(Err(Reason::WrongUsage(format!("this kind of PBX is not known; known: {known}")).into())).ok();
            return;
        }
        if let Err(wrong) = phone_pbx::check(&config) {
            answer.send(Err(Reason::WrongUsage(wrong).into())).ok();
            return;
        }
        let name = config.name.clone();
        self.model.add_account(&config, now().wall);
        self.open_desk(config, true);
        if let Some(secret) = &secret {
            self.typed(&name, secret);
        }
        self.waiting.push(Waiting { account: name.clone(), until: now().mono + SIGN_IN_WAIT, answer });
        self.sign_in_with(&name, secret);
    }

    /// Answers whether an account works; one that is not online signs in for it.
    pub(super) fn test_account(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>) {
        let Some(desk) = self.desks.get_mut(name) else {
            answer.send(Err(Reason::NoAccount.into())).ok();
            return;
        };
        if desk.link.is_online() {
            // It works at this moment; a fresh sign-in would only disturb the calls on it.
            answer.send(self.account_reply(name)).ok();
            return;
        }
        if desk.is_refused() {
            // Sent again it would be refused again, and count towards a lock.
            answer.send(Err(Reason::CredentialsRefused.into())).ok();
            return;
        }
        let has_secret = desk.secret == SecretState::Here;
        desk.signed_out = false;
        self.waiting.push(Waiting { account: name.clone(), until: now().mono + SIGN_IN_WAIT, answer });
        if !has_secret {
            return self.ask_secret(name);
        }
        self.link(name, LinkInput::SignOut(None));
        self.sign_in_anew(name);
    }

    /// Answers those whose sign-in has an outcome, or whose time is over.
    pub(super) fn waits(&mut self, mono: Instant) {
        let mut index = 0;
        while index < self.waiting.len() {
            let waiting = &self.waiting[index];
            let name = waiting.account.clone();
            let over = waiting.until <= mono;
            let state = self.desks.get(&name).map(|d| (phone_core::model::link_name(&d.link), d.link.why().cloned(), d.secret));
            let outcome: Option<Result<(), Reason>> = match state {
                None => Some(Err(Reason::NoAccount)),
                Some((LinkName::Online, ..)) => Some(Ok(())),
                Some((LinkName::Stopped, Some(why), _)) => Some(Err(why)),
                Some((LinkName::SignedOut, Some(why), SecretState::Missing)) => Some(Err(why)),
                Some(_) if over => Some(Ok(())),
                Some(_) => None,
            };
            let Some(outcome) = outcome else {
                index += 1;
                continue;
            };
            let waiting = self.waiting.swap_remove(index);
            let provisional = self.desks.get(&name).is_some_and(|d| d.provisional);
            match outcome {
                Ok(()) => {
                    if provisional {
                        self.keep_account(&name, waiting.answer);
                    } else {
                        let stores = self.desks.get(&name).is_some_and(|d| d.link.is_online());
                        self.answer_when_stored(&name, waiting.answer, stores);
                    }
                }
                Err(why) => {
                    if provisional {
                        self.forget(&name);
                    }
                    waiting.answer.send(Err(why.into())).ok();
                }
            }
        }
    }

    /// An account as shown, as an answer.
    fn account_reply(&self, name: &AccountName) -> Answer {
        let account = self.model.account(name).map(|account| Reply::Account(Box::new(account)));
        account.ok_or_else(|| Reason::NoAccount.into())
    }

    /// Answers how an account stands: at once, or where its typed password `stores`, when the keyring has had it.
    fn answer_when_stored(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>, stores: bool) {
        // What was said to work must outlive this process too.
        if let Some(desk) = self.desks.get_mut(name).filter(|_| stores)
            && let Some((number, _)) = desk.unstored
        {
            desk.storing.push((number, answer));
            return;
        }
        let reply = self.account_reply(name);
        self.answer_when_saved(answer, reply.clone(), reply);
    }

    /// Keeps an account that was on trial, if it can be written down.
    fn keep_account(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>) {
        if let Some(desk) = self.desks.get(name) {
            self.settings.accounts.retain(|a| &a.name != name);
            self.settings.accounts.push(desk.config.clone());
            self.save();
        }
        self.keep_when_saved(name, answer);
    }

    /// An account that was on trial is on disk.
    pub(super) fn account_kept(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>) {
        let Some(desk) = self.desks.get_mut(name) else {
            answer.send(Err(Reason::NoAccount.into())).ok();
            return;
        };
        desk.provisional = false;
        // More may have been learnt while it was being written.
        let config = desk.config.clone();
        if !self.settings.accounts.contains(&config) {
            self.store_config(name);
        }
        self.store_secret(name);
        self.answer_when_stored(name, answer, true);
    }

    /// An account that was on trial is not on disk: whoever adds it is told so, and nothing of it stays.
    pub(super) fn account_not_written(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>) {
        let on_trial = self.desks.get(name).map(|desk| desk.provisional);
        if on_trial == Some(true) {
            self.forget(name);
            self.settings.accounts.retain(|a| &a.name != name);
            self.save();
        }
        // Somebody else's wish may have kept it in the meantime.
        let why = if on_trial == Some(false) { Reason::NotWritten } else { Reason::NotAdded };
        answer.send(Err(why.into())).ok();
    }

    /// Notes a secret that was typed and is to be stored once it is known to work.
    pub(super) fn typed(&mut self, name: &AccountName, secret: &Secret) {
        self.secrets_typed += 1;
        if let Some(desk) = self.desks.get_mut(name) {
            desk.unstored = Some((self.secrets_typed, secret.clone()));
            desk.proven = false;
        }
    }

    /// Hands a typed secret to the keyring, one after the other; it stays with the dialect whatever comes of it.
    pub(super) fn store_secret(&mut self, name: &AccountName) {
        let Some(desk) = self.desks.get_mut(name).filter(|d| d.being_stored.is_none()) else { return };
        let Some((number, secret)) = desk.unstored.clone() else { return };
        desk.being_stored = Some(number);
        let (vault, inner, name) = (vault(&self.options), self.inner.clone(), name.clone());
        tokio::spawn(async move {
            let result = within(VAULT_LIMIT, vault.set(&name, secret)).await;
            inner.send(Inner::Stored(name, number, result)).await.ok();
        });
    }

    pub(super) fn secret_stored(&mut self, name: &AccountName, number: u64, result: Result<(), VaultError>) {
        // Removed in the meantime, and with it whoever waited and what would be told.
        let Some(desk) = self.desks.get_mut(name).filter(|d| d.being_stored == Some(number)) else { return };
        desk.being_stored = None;
        let waiting: Vec<_> = desk.storing.extract_if(.., |(of, _)| *of <= number).map(|(_, answer)| answer).collect();
        let is_newest = desk.unstored.as_ref().is_some_and(|(newest, _)| *newest == number);
        let mut hint = not_stored(name);
        match result {
            // Another one was typed in the meantime, and only that one counts; it follows once it is known to work.
            _ if !is_newest => {
                if desk.stores() {
                    self.store_secret(name);
                }
            }
            Ok(()) => {
                desk.unstored = None;
                desk.keyring = AskAgain::default();
                self.model.hint(hint, false);
            }
            Err(error) => {
                let why = Reason::from(&error);
                desk.keyring.later(now().mono);
                warn!(account = %name, code = ?why.code(), "the password could not be stored");
                hint.text = format!("The password of {name} is not stored. {}", why.text());
                hint.remedy = Some(format!("{} Until then it is asked for at every start.", why.advice()));
                self.model.hint(hint, true);
            }
        }
        self.changed = true;
        let reply = self.account_reply(name);
        for answer in waiting {
            self.answer_when_saved(answer, reply.clone(), reply.clone());
        }
    }

    /// Takes an account out of work, without touching what is stored.
    fn forget(&mut self, name: &AccountName) {
        self.link(name, LinkInput::SignOut(None));
        for (_, waiting) in self.desks.remove(name).map(|desk| desk.storing).unwrap_or_default() {
            waiting.send(Err(Reason::NoAccount.into())).ok();
        }
        self.model.hint(not_stored(name), false);
        let outputs = self.model.remove_account(name, now());
        self.look_at_history();
        self.changed = true;
        self.outputs(outputs);
    }

    /// Removes an account with its secret.
    pub(super) fn remove_account(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>) {
        if !self.desks.contains_key(name) {
            answer.send(Err(Reason::NoAccount.into())).ok();
            return;
        }
        let (vault, inner, name) = (vault(&self.options), self.inner.clone(), name.clone());
        tokio::spawn(async move {
            let result = within(VAULT_LIMIT, vault.remove(&name)).await;
            inner.send(Inner::Removed(name, result, answer)).await.ok();
        });
    }

    /// Forgets an account whose secret is gone; with the secret still there, it stays and that is told.
    pub(super) fn secret_removed(&mut self, name: &AccountName, result: Result<(), VaultError>, answer: oneshot::Sender<Answer>) {
        match result {
            Ok(()) | Err(VaultError::NoEntry | VaultError::Absent) => {
                self.forget(name);
                self.settings.accounts.retain(|a| &a.name != name);
                self.save_and_answer(answer);
            }
            Err(error) => {
                answer.send(Err(Reason::from(&error).into())).ok();
            }
        }
    }

    /// Pins the certificate the user has compared; only the one in question.
    pub(super) fn accept_certificate(&mut self, name: &AccountName, sha256: &str, answer: oneshot::Sender<Answer>) {
        let Some(desk) = self.desks.get_mut(name) else {
            answer.send(Err(Reason::NoAccount.into())).ok();
            return;
        };
        let wanted = plain_fingerprint(sha256);
        let asked = desk.link.why().and_then(Reason::certificate_sha256).map(str::to_owned);
        if asked.as_deref() != wanted.as_deref() || asked.is_none() {
            answer.send(Err(Reason::WrongUsage("this is not the fingerprint in question".into()).into())).ok();
            return;
        }
        desk.config.pin = wanted;
        desk.tls = None;
        desk.http = None;
        self.store_config(name);
        self.link(name, LinkInput::SignIn);
        self.answer_when_saved(answer, Ok(Reply::Done), Err(Reason::NotWritten.into()));
    }

    /// Remembers what a dialect learnt of its server.
    pub(super) fn learnt(&mut self, name: &AccountName, text: String) {
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.config.learnt = Some(text);
        if !desk.provisional {
            self.store_config(name);
        }
    }

    fn store_config(&mut self, name: &AccountName) {
        let Some(config) = self.desks.get(name).map(|d| d.config.clone()) else { return };
        if let Some(kept) = self.settings.accounts.iter_mut().find(|a| &a.name == name) {
            *kept = config;
            self.save();
        }
    }

    /// The user's own way to end waiting, also after something they have mended.
    pub(super) fn retry_now(&mut self, only: Option<&AccountName>) {
        let names: Vec<AccountName> = self.desks.keys().filter(|n| only.is_none_or(|o| o == *n)).cloned().collect();
        for name in names {
            let Some(desk) = self.desks.get_mut(&name) else { continue };
            if desk.signed_out && only.is_none() {
                continue;
            }
            match (&desk.link, desk.secret) {
                (_, SecretState::Asked | SecretState::Missing) if desk.signed_out => {
                    desk.signed_out = false;
                    self.ask_secret(&name);
                }
                (_, SecretState::Missing) => self.ask_secret(&name),
                // A refused password is not tried again: that locks accounts.
                (Link::Stopped { why: Reason::CredentialsRefused }, _) => {}
                (Link::Stopped { .. } | Link::SignedOut { .. }, SecretState::Here) => self.sign_in_anew(&name),
                _ => self.link(&name, LinkInput::RetryNow),
            }
        }
    }

    /// Signs in with the secret at hand, and with the roots as they are now: an administrator may have added one.
    pub(super) fn sign_in_anew(&mut self, name: &AccountName) {
        let Some(desk) = self.desks.get_mut(name) else { return };
        if desk.is_refused() {
            return;
        }
        desk.signed_out = false;
        desk.tls = None;
        desk.http = None;
        self.link(name, LinkInput::SignIn);
    }

    pub(super) fn keyring_unlocked(&mut self, result: Result<(), VaultError>) {
        let answer: Answer = match &result {
            Ok(()) => Ok(Reply::Done),
            Err(error) => Err(Reason::from(error).into()),
        };
        match result {
            Ok(()) => self.ask_missing_secrets(),
            Err(error) => {
                let missing: Vec<AccountName> =
                    self.desks.iter().filter(|(_, d)| d.secret == SecretState::Missing).map(|(name, _)| name.clone()).collect();
                for name in missing {
                    self.link(&name, LinkInput::SignOut(Some(Reason::from(&error))));
                }
            }
        }
        for waiting in self.unlocking.drain(..) {
            waiting.send(answer.clone()).ok();
        }
    }
}

/// The hint about a password that is not in the keyring, without its words.
fn not_stored(name: &AccountName) -> Hint {
    Hint { about: format!("secret_not_stored:{name}"), text: String::new(), remedy: None }
}
