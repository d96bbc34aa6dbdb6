//! A desktop portal that knows the proxies of the system's settings.

use super::session::Session;
use std::sync::{Arc, Mutex};
use zbus::connection::Builder;
use zbus::{Connection, fdo, interface};

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";

/// What the portal does when it is asked for a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortalManner {
    /// It answers this list.
    Answers(Vec<String>),
    /// It answers an error.
    Fails,
    /// It never answers.
    Hangs,
}

/// A running portal; its name leaves the bus when it is dropped with the last of its copies.
#[derive(Debug, Clone)]
pub struct Portal {
    shared: Arc<Mutex<Shared>>,
    _connection: Connection,
}

#[derive(Debug)]
struct Shared {
    manner: PortalManner,
    asked: Vec<String>,
}

impl Portal {
    /// From now on it does this.
    pub fn set(&self, manner: PortalManner) {
        self.shared.lock().expect("no panic while held").manner = manner;
    }

    /// The addresses it was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.shared.lock().expect("no panic while held").asked.clone()
    }
}

impl Session {
    /// Starts a portal on the session bus.
    pub async fn start_portal(&self, manner: PortalManner) -> Portal {
        let shared = Arc::new(Mutex::new(Shared { manner, asked: Vec::new() }));
        let (resolver, address) = (Resolver(Arc::clone(&shared)), self.env()["DBUS_SESSION_BUS_ADDRESS"].clone());
        let served =
            self.side.run(async move { Builder::address(address.as_str())?.serve_at(PATH, resolver)?.name(NAME)?.build().await });
        Portal { shared, _connection: served.await.expect("a portal on the bus") }
    }
}

/// Source: the documentation of XDG Desktop Portal, `org.freedesktop.portal.ProxyResolver`.
struct Resolver(Arc<Mutex<Shared>>);

#[interface(name = "org.freedesktop.portal.ProxyResolver")]
impl Resolver {
    async fn lookup(&self, uri: String) -> fdo::Result<Vec<String>> {
        let manner = {
            let mut shared = self.0.lock().expect("no panic while held");
            shared.asked.push(uri);
            shared.manner.clone()
        };
        match manner {
            PortalManner::Answers(list) => Ok(list),
            PortalManner::Fails => Err(fdo::Error::Failed("no settings can be read".to_owned())),
            PortalManner::Hangs => std::future::pending().await,
        }
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}
