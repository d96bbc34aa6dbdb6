//! Environment variables first, then what the desktop portal answers; a desktop without a portal means a direct connection.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use phone_engine::{EnvironmentProxies, Proxies, ProxyFuture};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;
use zbus::Connection;

use super::choose;
use crate::bus;

/// How long the desktop may take to answer before we connect directly.
const PATIENCE: Duration = Duration::from_secs(2);
const PORTAL: &str = "org.freedesktop.portal.Desktop";

/// A portal that kept us waiting is not asked again so soon: a sign-in is several connections, and a call must not wait.
const REST: Duration = Duration::from_secs(10);

/// The proxies of this desktop.
#[derive(Default)]
pub struct SystemProxies {
    bus: OnceCell<Option<Connection>>,
    /// When the portal did not answer in time.
    silent_at: Mutex<Option<Instant>>,
}

impl SystemProxies {
    async fn ask(&self, url: &Url) -> Option<Url> {
        let bus = self.bus.get_or_init(|| async { Connection::session().await.ok() }).await.as_ref()?;
        // Only a portal that runs is asked: starting one would hold up the first connection.
        if !bus::is_owned(bus, PORTAL).await {
            return None;
        }
        let answer = bus
            .call_method(
                Some(PORTAL),
                "/org/freedesktop/portal/desktop",
                Some("org.freedesktop.portal.ProxyResolver"),
                "Lookup",
                &url.as_str(),
            )
            .await
            .ok()?;
        let answers: Vec<String> = answer.body().deserialize().ok()?;
        choose(&answers)
    }
}

impl Proxies for SystemProxies {
    fn lookup<'a>(&'a self, url: &'a Url) -> ProxyFuture<'a> {
        if EnvironmentProxies::any() {
            return EnvironmentProxies.lookup(url);
        }
        Box::pin(async move {
            let silent_at = || self.silent_at.lock().unwrap_or_else(PoisonError::into_inner);
            if silent_at().is_some_and(|at| at.elapsed() < REST) {
                return None;
            }
            let answer = tokio::time::timeout(PATIENCE, self.ask(url)).await;
            *silent_at() = answer.is_err().then(Instant::now);
            if answer.is_err() {
                tracing::info!("the desktop does not say whether there is a proxy");
            }
            answer.ok().flatten()
        })
    }
}
