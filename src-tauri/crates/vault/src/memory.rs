//! Secrets that end with the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use phone_core::{AccountName, Secret};
use phone_engine::{Vault, VaultError, VaultFuture};
use tokio::sync::watch;

/// Keeps secrets in memory only; for servers, containers and tests.
pub struct MemoryVault {
    secrets: Mutex<HashMap<AccountName, Secret>>,
    changes: watch::Sender<u64>,
}

impl Default for MemoryVault {
    fn default() -> Self {
        Self { secrets: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl MemoryVault {
    fn secrets(&self) -> MutexGuard<'_, HashMap<AccountName, Secret>> {
        // The map is whole after every single call, so a panic elsewhere cannot have broken it.
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn get<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, Secret> {
        let found = self.secrets().get(account).cloned().ok_or(VaultError::NoEntry);
        Box::pin(std::future::ready(found))
    }

    fn set<'a>(&'a self, account: &'a AccountName, secret: Secret) -> VaultFuture<'a, ()> {
        self.secrets().insert(account.clone(), secret);
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, ()> {
        self.secrets().remove(account);
        Box::pin(std::future::ready(Ok(())))
    }

    fn unlock(&self) -> VaultFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_back_what_was_stored_until_it_is_removed() {
        let vault = MemoryVault::default();
        let office = AccountName::parse("office").expect("a plain word");
        assert!(matches!(vault.get(&office).await, Err(VaultError::NoEntry)));

        vault.set(&office, Secret::new("Sample-Pw9".into())).await.expect("memory takes everything");
        assert!(vault.get(&office).await.is_ok_and(|secret| secret.expose() == "Sample-Pw9"));

        vault.remove(&office).await.expect("removing is no error");
        vault.remove(&office).await.expect("nothing there is no error");
        assert!(matches!(vault.get(&office).await, Err(VaultError::NoEntry)));
    }
}
