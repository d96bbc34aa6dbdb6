//! A monitor of the session bus that knows when each message of interest passed.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use zbus::message::Type;
use zbus::{Message, MessageStream};

use super::{Moment, PATIENCE};

const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Somebody wants a notice shown: its first line and its body.
    Notify(String, String),
    /// Somebody asks the tray host for a place.
    WantsPlace,
    /// The tray host has taken an item in.
    HasPlace,
}

/// A listener; dropping it does not end it, the end of the bus does.
pub struct Ears {
    heard: Receiver<(Moment, Said)>,
}

impl Ears {
    /// Listens on the bus at `address` from now on.
    pub fn listen(address: &str) -> Result<Self> {
        let (told, heard) = sync_channel(4096);
        let (ready, is_ready) = sync_channel(1);
        let address = address.to_owned();
        std::thread::Builder::new().name("ears".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let mut messages = match monitor(&address).await {
                    Ok(messages) => messages,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                if ready.send(Ok(())).is_err() {
                    return;
                }
                while let Some(Ok(message)) = messages.next().await {
                    let at = Moment::now();
                    if let Some(said) = said(&message)
                        && told.try_send((at, said)).is_err()
                    {
                        return;
                    }
                }
            });
        })?;
        is_ready.recv_timeout(PATIENCE).context("the monitor of the bus")??;
        Ok(Self { heard })
    }

    /// Waits for a message that `wanted` takes, and says when it passed.
    pub fn heard(&self, what: &str, mut wanted: impl FnMut(&Said) -> bool) -> Result<Moment> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let (at, said) = self.heard.recv_timeout(left).with_context(|| format!("nobody said on the bus: {what}"))?;
            if wanted(&said) {
                return Ok(at);
            }
        }
    }

    /// Drops what was said so far.
    pub fn forget(&self) {
        while self.heard.try_recv().is_ok() {}
    }
}

async fn monitor(address: &str) -> Result<MessageStream> {
    let connection = zbus::connection::Builder::address(address)?.build().await?;
    let mut messages = MessageStream::from(&connection);
    messages.set_max_queued(4096);
    let rules = [
        format!("type='method_call',interface='{NOTIFICATIONS}',member='Notify'"),
        format!("type='method_call',interface='{WATCHER}',member='RegisterStatusNotifierItem'"),
        format!("type='signal',interface='{WATCHER}',member='StatusNotifierItemRegistered'"),
    ];
    let (name, path, interface) = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Monitoring");
    connection.call_method(Some(name), path, Some(interface), "BecomeMonitor", &(rules.as_slice(), 0u32)).await?;
    Ok(messages)
}

fn said(message: &Message) -> Option<Said> {
    let header = message.header();
    match (header.message_type(), header.member()?.as_str()) {
        (Type::MethodCall, "Notify") => {
            let body = message.body();
            type Body<'a> = (
                &'a str,
                u32,
                &'a str,
                &'a str,
                &'a str,
                Vec<&'a str>,
                std::collections::HashMap<&'a str, zbus::zvariant::Value<'a>>,
                i32,
            );
            let (_, _, _, summary, text, ..) = body.deserialize::<Body<'_>>().ok()?;
            Some(Said::Notify(summary.to_owned(), text.to_owned()))
        }
        (Type::MethodCall, "RegisterStatusNotifierItem") => Some(Said::WantsPlace),
        (Type::Signal, "StatusNotifierItemRegistered") => Some(Said::HasPlace),
        _ => None,
    }
}
