//! What the engine needs of the desktop, as traits and plain events.

use std::future::Future;
use std::pin::Pin;

use phone_core::{AccountName, Reason, Secret};
use tokio::sync::watch;
use url::Url;

/// What a vault answers, some time later: a keyring may ask the user first.
pub type VaultFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, VaultError>> + Send + 'a>>;

/// Why a secret could not be read or stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// No keyring runs here, or it has no place for secrets yet.
    #[error("no keyring is running")]
    Absent,
    /// It is locked and nobody was asked.
    #[error("the keyring is locked")]
    Locked,
    /// It is locked, somebody was asked and said no, or could not be asked.
    #[error("the keyring was not unlocked")]
    UnlockRefused,
    /// It is open and holds nothing under this name.
    #[error("the keyring holds no such entry")]
    NoEntry,
    /// Anything else; the text holds no secret.
    #[error("the keyring failed: {0}")]
    Failed(String),
}

impl From<&VaultError> for Reason {
    fn from(error: &VaultError) -> Self {
        match error {
            VaultError::Absent => Self::KeyringAbsent,
            VaultError::Locked => Self::KeyringLocked,
            VaultError::UnlockRefused => Self::KeyringUnlockRefused,
            VaultError::NoEntry => Self::SecretMissing,
            VaultError::Failed(_) => Self::KeyringFailed,
        }
    }
}

/// Where secrets live. Only [`Vault::unlock`] may ask the user anything.
pub trait Vault: Send + Sync {
    /// Reads the secret of an account; never prompts.
    fn get<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, Secret>;
    /// Stores the secret of an account; never prompts, a locked keyring is an error.
    fn set<'a>(&'a self, account: &'a AccountName, secret: Secret) -> VaultFuture<'a, ()>;
    /// Removes the secret of an account; nothing there is no error.
    fn remove<'a>(&'a self, account: &'a AccountName) -> VaultFuture<'a, ()>;
    /// Lets the keyring ask the user for its password, because the user clicked.
    fn unlock(&self) -> VaultFuture<'_, ()>;
    /// Grows whenever the keyring appeared, was unlocked, or may otherwise answer differently now.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// What [`Proxies::lookup`] answers, some time later.
pub type ProxyFuture<'a> = Pin<Box<dyn Future<Output = Option<Url>> + Send + 'a>>;

/// Which proxy the system's settings name.
pub trait Proxies: Send + Sync {
    /// The proxy for an address, `http://`, `https://` or one of the kinds of SOCKS with user and password where the settings hold
    /// them; none means a direct connection.
    fn lookup<'a>(&'a self, url: &'a Url) -> ProxyFuture<'a>;
}

/// The proxies that the environment variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` name.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvironmentProxies;

impl EnvironmentProxies {
    /// Tells whether any of the variables names a proxy at all.
    pub fn any() -> bool {
        ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }
}

impl Proxies for EnvironmentProxies {
    fn lookup<'a>(&'a self, url: &'a Url) -> ProxyFuture<'a> {
        Box::pin(std::future::ready(crate::net::connect::environment_proxy(url)))
    }
}

/// What happened to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemEvent {
    /// It woke from sleep.
    Woke,
    /// Addresses or routes of the network changed.
    NetworkChanged,
    /// The screen was locked or unlocked.
    ScreenLocked(bool),
}
