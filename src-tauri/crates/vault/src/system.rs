//! The keyring of the system behind the engine's port.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use phone_core::{AccountName, Secret};
use phone_engine::{Vault, VaultError, VaultFuture};
use tokio::sync::watch;
use zbus::Connection;

use crate::secret_service::{self, Bus, Lock, SERVICE};
use crate::store::Keyring;

/// Between two tries to watch a session bus that is not there.
const AGAIN: Duration = Duration::from_secs(60);

/// Secrets in the keyring of the user's session (Secret Service).
///
/// It is cheap to make: nothing is asked of the bus before the first use, and the keyring may appear, be locked and
/// be unlocked at any later time. All methods must be called within a tokio runtime.
#[derive(Default)]
pub struct KeyringVault {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    bus: Bus,
    keyring: Keyring,
    changes: Changes,
    /// What was last told to a caller; a change is what differs from it.
    told: Mutex<Option<Lock>>,
    watched: AtomicBool,
    prompt: tokio::sync::Mutex<()>,
}

struct Changes(watch::Sender<u64>);

impl Default for Changes {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Vault for KeyringVault {
    fn get<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, Secret> {
        self.watch();
        Box::pin(async move {
            let connection = self.shared.bus.connection().await?;
            let lock = self.shared.look(&connection).await?;
            let there = lock != Lock::NoService && has_open_entry(&connection, account).await?;
            match lock {
                // An entry may also lie in another collection, which is open.
                _ if there => self.shared.keyring.get(account).await,
                Lock::NoService | Lock::NoCollection => Err(VaultError::Absent),
                Lock::Locked(_) => Err(VaultError::Locked),
                Lock::Open => Err(VaultError::NoEntry),
            }
        })
    }

    fn set<'a>(&'a self, account: &'a AccountName, secret: Secret) -> VaultFuture<'a, ()> {
        self.watch();
        Box::pin(async move {
            let connection = self.shared.bus.connection().await?;
            match self.shared.look(&connection).await? {
                Lock::NoService | Lock::NoCollection => return Err(VaultError::Absent),
                Lock::Locked(_) => return Err(VaultError::Locked),
                Lock::Open => {}
            }
            // A locked entry of the same name elsewhere would make the store ask the user.
            has_open_entry(&connection, account).await?;
            self.shared.keyring.set(account, secret).await
        })
    }

    fn remove<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, ()> {
        self.watch();
        Box::pin(async move {
            let connection = self.shared.bus.connection().await?;
            match self.shared.look(&connection).await? {
                Lock::NoService => Err(VaultError::Absent),
                Lock::NoCollection | Lock::Locked(_) | Lock::Open => {
                    if has_open_entry(&connection, account).await? {
                        self.shared.keyring.remove(account).await?;
                    }
                    Ok(())
                }
            }
        })
    }

    fn unlock(&self) -> VaultFuture<'_, ()> {
        self.watch();
        Box::pin(async move {
            // A second click while the question is on the screen waits for the same answer.
            let _only_one = self.shared.prompt.lock().await;
            let connection = self.shared.bus.connection().await?;
            let answer = secret_service::unlock(&connection).await;
            if answer.is_ok() {
                self.shared.compare(Lock::Open);
            }
            answer
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.watch();
        self.shared.changes.0.subscribe()
    }
}

impl KeyringVault {
    /// Begins to watch the keyring, once.
    fn watch(&self) {
        if self.shared.watched.swap(true, Ordering::Relaxed) {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            while let Some(shared) = shared.upgrade() {
                if let Err(error) = watch_once(&shared).await {
                    tracing::debug!("the keyring cannot be watched: {error}");
                }
                drop(shared);
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

/// Tells whether the keyring on this session bus is locked; none when no keyring runs there, or it does not say.
///
/// It starts nobody and asks nobody.
pub async fn is_locked(session: &Connection) -> Option<bool> {
    match secret_service::lock_if_running(session).await {
        Ok(Lock::Locked(_)) => Some(true),
        Ok(Lock::Open) => Some(false),
        Ok(Lock::NoService | Lock::NoCollection) | Err(_) => None,
    }
}

impl Shared {
    /// Reads where the keyring stands on behalf of a caller, who thereby knows.
    async fn look(&self, connection: &Connection) -> Result<Lock, VaultError> {
        let lock = secret_service::lock(connection).await?;
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock.clone());
        Ok(lock)
    }

    /// Tells those who wait when the keyring stands elsewhere than was told last.
    fn compare(&self, lock: Lock) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_ref().is_some_and(|told| *told != lock) {
            *told = Some(lock);
            drop(told);
            self.changes.0.send_modify(|changes| *changes += 1);
        }
    }
}

/// Follows the keyring until the session bus is gone.
async fn watch_once(shared: &Shared) -> Result<(), VaultError> {
    let connection = shared.bus.connection().await?;
    let mut changes = secret_service::changes(&connection).await?;
    loop {
        // Looked at once before the first message too: it may have changed before anybody listened.
        match secret_service::lock_if_running(&connection).await {
            Ok(lock) => shared.compare(lock),
            Err(VaultError::Absent) => shared.compare(Lock::NoService),
            Err(error) => tracing::debug!("the keyring changed, but does not say how: {error}"),
        }
        if changes.next().await.is_none() {
            return Err(VaultError::Absent);
        }
    }
}

/// Whether an open entry of the account exists.
///
/// # Errors
/// `Locked` when there is a locked one, because touching it would make the keyring ask the user.
async fn has_open_entry(connection: &Connection, account: &AccountName) -> Result<bool, VaultError> {
    let attributes = HashMap::from([("service", SERVICE), ("username", account.as_str())]);
    let (open, locked) = secret_service::search(connection, attributes).await?;
    if locked.is_empty() { Ok(!open.is_empty()) } else { Err(VaultError::Locked) }
}
