//! The keyring crates, on a thread of their own.
//!
//! They block, and they panic on a thread that drives a runtime. The thread starts with the first job and ends a
//! few seconds after the last one; the store ends with it, so that it never outlives a restarted keyring for long.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use phone_core::{AccountName, Secret};
use phone_engine::VaultError;
use tokio::sync::oneshot;
use zbus_secret_service_keyring_store::Store;

use crate::secret_service::SERVICE;

/// How long the thread waits for another job; sign-ins of several accounts come close together.
const IDLE: Duration = Duration::from_secs(5);

/// How many jobs may wait; more than any user has accounts.
const QUEUE: usize = 32;

/// What may be done with one entry.
enum Job {
    Get(AccountName, oneshot::Sender<Result<Secret, VaultError>>),
    Set(AccountName, Secret, oneshot::Sender<Result<(), VaultError>>),
    Remove(AccountName, oneshot::Sender<Result<(), VaultError>>),
}

/// The way to the thread; none while it does not run.
#[derive(Clone, Default)]
pub(crate) struct Keyring {
    jobs: Arc<Mutex<Option<SyncSender<Job>>>>,
}

impl Keyring {
    pub(crate) async fn get(&self, account: &AccountName) -> Result<Secret, VaultError> {
        let (answer, heard) = oneshot::channel();
        self.send(Job::Get(account.clone(), answer))?;
        heard.await.unwrap_or_else(|_| Err(gone()))
    }

    pub(crate) async fn set(&self, account: &AccountName, secret: Secret) -> Result<(), VaultError> {
        let (answer, heard) = oneshot::channel();
        self.send(Job::Set(account.clone(), secret, answer))?;
        heard.await.unwrap_or_else(|_| Err(gone()))
    }

    pub(crate) async fn remove(&self, account: &AccountName) -> Result<(), VaultError> {
        let (answer, heard) = oneshot::channel();
        self.send(Job::Remove(account.clone(), answer))?;
        heard.await.unwrap_or_else(|_| Err(gone()))
    }

    fn send(&self, mut job: Job) -> Result<(), VaultError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = jobs.as_ref() {
            job = match running.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => return Err(VaultError::Failed("it is still busy".into())),
                // It panicked; a new one begins afresh.
                Err(TrySendError::Disconnected(job)) => job,
            };
        }
        let (sender, receiver) = sync_channel(QUEUE);
        let shared = self.jobs.clone();
        std::thread::Builder::new()
            .name("keyring".into())
            .spawn(move || work(&receiver, &shared))
            .map_err(|error| VaultError::Failed(format!("no thread for it: {error}")))?;
        let sent = sender.try_send(job).map_err(|_| gone());
        *jobs = Some(sender);
        sent
    }
}

fn gone() -> VaultError {
    VaultError::Failed("it ended before it answered".into())
}

fn work(jobs: &Receiver<Job>, shared: &Mutex<Option<SyncSender<Job>>>) {
    let mut store = None;
    loop {
        let job = jobs.recv_timeout(IDLE).or_else(|_| {
            // Nobody can send while this is locked, so no job is lost between the last look and the end.
            let mut sender = shared.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.try_recv().inspect_err(|_| *sender = None)
        });
        match job {
            Ok(Job::Get(account, answer)) => drop(answer.send(with_entry(&mut store, &account, read))),
            Ok(Job::Set(account, secret, answer)) => {
                let write = |entry: &Entry| write(entry, &secret);
                drop(answer.send(with_entry(&mut store, &account, write)));
            }
            Ok(Job::Remove(account, answer)) => drop(answer.send(with_entry(&mut store, &account, delete))),
            Err(_) => return,
        }
    }
}

/// Does something with the entry of an account; a store that fails is built anew, once.
fn with_entry<T>(
    store: &mut Option<Arc<Store>>,
    account: &AccountName,
    act: impl Fn(&Entry) -> Result<T, Error>,
) -> Result<T, VaultError> {
    let fresh = store.is_none();
    match attempt(store, account, &act) {
        Err(Error::PlatformFailure(_)) if !fresh => {
            *store = None;
            attempt(store, account, &act)
        }
        other => other,
    }
    .map_err(|error| {
        *store = None;
        told(error)
    })
}

fn attempt<T>(
    store: &mut Option<Arc<Store>>,
    account: &AccountName,
    act: impl Fn(&Entry) -> Result<T, Error>,
) -> Result<T, Error> {
    let store = match store {
        Some(store) => store,
        None => store.insert(Store::new()?),
    };
    let label = format!("Trayphone: {account}");
    let modifiers = HashMap::from([("label", label.as_str())]);
    act(&CredentialStoreApi::build(&**store, SERVICE, account.as_str(), Some(&modifiers))?)
}

fn read(entry: &Entry) -> Result<Secret, Error> {
    let bytes = match entry.get_secret() {
        // Two programs may have stored the same entry in two collections.
        Err(Error::Ambiguous(entries)) => entries.first().ok_or(Error::NoEntry)?.get_secret()?,
        other => other?,
    };
    String::from_utf8(bytes).map(Secret::new).map_err(|error| Error::BadEncoding(error.into_bytes()))
}

fn write(entry: &Entry, secret: &Secret) -> Result<(), Error> {
    match entry.set_secret(secret.expose().as_bytes()) {
        Err(Error::Ambiguous(entries)) => entries.iter().try_for_each(|entry| entry.set_secret(secret.expose().as_bytes())),
        other => other,
    }
}

fn delete(entry: &Entry) -> Result<(), Error> {
    match entry.delete_credential() {
        Err(Error::NoEntry) => Ok(()),
        Err(Error::Ambiguous(entries)) => entries.iter().try_for_each(Entry::delete_credential),
        other => other,
    }
}

/// By kind, never by text. What carries bytes of an entry is not put into words.
fn told(error: Error) -> VaultError {
    match error {
        Error::NoEntry => VaultError::NoEntry,
        // It was open when it was looked at, so somebody has locked it since, or its prompt was dismissed.
        Error::NoStorageAccess(_) => VaultError::Locked,
        Error::PlatformFailure(source) => VaultError::Failed(source.to_string()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => VaultError::Failed("the entry is not a text".into()),
        Error::BadStoreFormat(_) => VaultError::Failed("its store is damaged".into()),
        Error::TooLong(field, limit) => VaultError::Failed(format!("{field} is longer than {limit} characters")),
        Error::Invalid(..) | Error::Ambiguous(_) | Error::NoDefaultStore | Error::NotSupportedByStore(_) | _ => {
            VaultError::Failed("it does not support this".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart_by_kind_and_hold_no_bytes_of_the_entry() {
        let source = || Box::<dyn std::error::Error + Send + Sync>::from("no bus");
        assert_eq!(told(Error::NoEntry), VaultError::NoEntry);
        assert_eq!(told(Error::NoStorageAccess(source())), VaultError::Locked);
        assert_eq!(told(Error::PlatformFailure(source())), VaultError::Failed("no bus".into()));
        let VaultError::Failed(text) = told(Error::BadEncoding(b"Sample-Pw9".to_vec())) else { panic!("a failure") };
        assert!(!text.contains("Sample"));
    }
}
