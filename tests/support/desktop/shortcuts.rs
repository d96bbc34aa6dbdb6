//! A desktop portal that hands out keys, and is as strict as its documentation allows.
//!
//! Source: the documentation of XDG Desktop Portal, `org.freedesktop.portal.GlobalShortcuts`, `Request`, `Session` and
//! `org.freedesktop.host.portal.Registry`.

use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use zbus::connection::Builder;
use zbus::message::Header;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, fdo, interface};

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";

/// What the portal does when a program wants keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcutsManner {
    /// The user lets it give all keys as they are wanted.
    Gives,
    /// The user lets it give the keys to the first shortcut only.
    GivesOne,
    /// The user says no.
    Refuses,
    /// The user does not look at the question.
    Waits,
    /// It knows only programs with an entry, as portals from 1.21 on do.
    KnowsNobody,
}

/// A running portal; its name leaves the bus when it is dropped.
#[derive(Debug)]
pub struct ShortcutsPortal {
    shared: Arc<Mutex<Shared>>,
    connection: Connection,
    stranger: Connection,
}

#[derive(Debug)]
struct Shared {
    manner: ShortcutsManner,
    /// The programs that said who they are, by their name on the bus.
    registered: BTreeMap<String, String>,
    tokens: BTreeSet<String>,
    sessions: Vec<Opened>,
    violations: Vec<String>,
}

#[derive(Debug, Clone)]
struct Opened {
    path: String,
    sender: String,
    app: Option<String>,
    /// Ids with their wanted triggers; none before they are bound.
    bound: Option<Vec<(String, String)>>,
}

impl ShortcutsPortal {
    /// From now on it does this.
    pub fn set(&self, manner: ShortcutsManner) {
        self.shared().manner = manner;
    }

    /// What the newest session wants, ids with their triggers; none before it does.
    pub fn wanted(&self) -> Option<Vec<(String, String)>> {
        self.shared().sessions.last()?.bound.clone()
    }

    /// Waits until the newest session wants exactly this.
    pub async fn wants(&self, wanted: &[(&str, &str)]) {
        let wanted: Vec<_> = wanted.iter().map(|(id, keys)| ((*id).to_owned(), (*keys).to_owned())).collect();
        let what = format!("a session that wants {wanted:?}");
        wait_for(&what, PATIENCE, async || (self.wanted().as_ref() == Some(&wanted)).then_some(())).await;
    }

    /// How often a session wanted keys, which is a question to the user.
    pub fn questions(&self) -> usize {
        self.shared().sessions.iter().filter(|session| session.bound.is_some()).count()
    }

    /// Who the newest session said it is.
    pub fn app(&self) -> Option<String> {
        self.shared().sessions.last()?.app.clone()
    }

    /// Waits until only the newest session is left, or none where `none`: a program that leaves the bus ends its own.
    pub async fn others_ended(&self, none: bool) {
        let bus = fdo::DBusProxy::new(&self.stranger).await.expect("the bus");
        let mut senders: Vec<String> = self.shared().sessions.iter().map(|session| session.sender.clone()).collect();
        if !none {
            senders.pop();
        }
        for sender in senders {
            let name = zbus::names::BusName::try_from(sender).expect("a name");
            wait_for("an old session to end", PATIENCE, async || {
                (!bus.name_has_owner(name.clone()).await.expect("an answer")).then_some(())
            })
            .await;
        }
    }

    /// What programs did against the documentation.
    pub fn violations(&self) -> Vec<String> {
        self.shared().violations.clone()
    }

    /// A press and the release of a key, as the newest session is told.
    pub async fn press(&self, id: &str) {
        self.activated(&self.connection, id, "Activated").await;
        self.activated(&self.connection, id, "Deactivated").await;
    }

    /// A press whose release nobody tells, as some desktops repeat a held key.
    pub async fn repeat(&self, id: &str) {
        self.activated(&self.connection, id, "Activated").await;
    }

    /// The same signal from a program that is not the portal.
    pub async fn press_by_a_stranger(&self, id: &str) {
        self.activated(&self.stranger, id, "Activated").await;
    }

    /// The user gave a shortcut other keys in the settings of the desktop.
    pub async fn change(&self, id: &str, keys: &str) {
        let session = self.session();
        let details = HashMap::from([("description", Value::from("It")), ("trigger_description", Value::from(keys))]);
        let body = (path(&session.path), vec![(id, details)]);
        let told = self.connection.emit_signal(Some(session.sender.as_str()), PATH, SHORTCUTS, "ShortcutsChanged", &body);
        told.await.expect("a signal");
    }

    /// The desktop ends the newest session.
    pub async fn close_session(&self) {
        let session = self.session();
        let (to, at) = (Some(session.sender.as_str()), session.path.as_str());
        self.connection.emit_signal(to, at, "org.freedesktop.portal.Session", "Closed", &()).await.expect("a signal");
    }

    async fn activated(&self, connection: &Connection, id: &str, member: &str) {
        let session = self.session();
        let body = (path(&session.path), id, 1_000_u64, HashMap::<&str, Value<'_>>::new());
        connection.emit_signal(Some(session.sender.as_str()), PATH, SHORTCUTS, member, &body).await.expect("a signal");
    }

    fn session(&self) -> Opened {
        self.shared().sessions.last().expect("a session").clone()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no panic while held")
    }
}

impl Session {
    /// Starts a portal that hands out keys on the session bus.
    pub async fn start_shortcuts(&self, manner: ShortcutsManner) -> ShortcutsPortal {
        let shared = Arc::new(Mutex::new(Shared {
            manner,
            registered: BTreeMap::new(),
            tokens: BTreeSet::new(),
            sessions: Vec::new(),
            violations: Vec::new(),
        }));
        let (keys, registry) = (Shortcuts(Arc::clone(&shared)), Registry(Arc::clone(&shared)));
        let address = self.env()["DBUS_SESSION_BUS_ADDRESS"].clone();
        let (connection, stranger) = self
            .side
            .run(async move {
                let portal = Builder::address(address.as_str())?.serve_at(PATH, keys)?.serve_at(PATH, registry)?;
                let connection = portal.name(NAME)?.build().await?;
                zbus::Result::Ok((connection, Builder::address(address.as_str())?.build().await?))
            })
            .await
            .expect("a portal on the bus");
        ShortcutsPortal { shared, connection, stranger }
    }

    /// Ends the portal, as when it crashes: nobody is told more than that its name is gone.
    pub async fn stop_shortcuts(&self, portal: ShortcutsPortal) {
        let ShortcutsPortal { connection, .. } = portal;
        self.side.run(async move { connection.close().await.expect("an open connection") }).await;
    }
}

fn path(text: &str) -> ObjectPath<'_> {
    ObjectPath::try_from(text).expect("a path")
}

fn sender(header: &Header<'_>) -> String {
    header.sender().expect("a name on the bus").to_string()
}

/// What stands for a program in the paths of its requests and sessions.
fn element(sender: &str) -> String {
    sender.trim_start_matches(':').replace('.', "_")
}

impl Shared {
    fn blame(&mut self, what: impl Into<String>) -> fdo::Error {
        let what = what.into();
        self.violations.push(what.clone());
        fdo::Error::InvalidArgs(what)
    }

    /// Takes a token out of the options; each may be used once.
    fn token(&mut self, options: &HashMap<String, OwnedValue>, key: &str) -> fdo::Result<String> {
        let Some(token) = options.get(key).and_then(|token| token.downcast_ref::<String>().ok()) else {
            return Err(self.blame(format!("no {key} of type s: {options:?}")));
        };
        if token.is_empty() || !token.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            return Err(self.blame(format!("{key} {token} cannot be part of a path")));
        }
        if !self.tokens.insert(token.clone()) {
            return Err(self.blame(format!("{key} {token} was used before")));
        }
        Ok(token)
    }

    fn only(&mut self, options: &HashMap<String, OwnedValue>, known: &[&str]) -> fdo::Result<()> {
        match options.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(self.blame(format!("an option {key}"))),
            None => Ok(()),
        }
    }

    fn bind(&mut self, sender: &str, session: &str, shortcuts: &[(String, HashMap<String, OwnedValue>)]) -> fdo::Result<()> {
        let mut bound: Vec<(String, String)> = Vec::new();
        for (id, details) in shortcuts {
            self.only(details, &["description", "preferred_trigger"])?;
            let text = |key: &str| details.get(key).and_then(|value| value.downcast_ref::<String>().ok()).unwrap_or_default();
            let (description, trigger) = (text("description"), text("preferred_trigger"));
            let keys: Vec<&str> = trigger.split('+').collect();
            let (key, held) = keys.split_last().expect("at least one part");
            let known = held.iter().all(|name| ["CTRL", "ALT", "SHIFT", "NUM", "LOGO"].contains(name));
            let named = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let bare = key.len() == 1 && key.chars().all(|letter| letter.is_ascii_uppercase());
            if id.is_empty() || bound.iter().any(|(other, _)| other == id) || description.is_empty() || !known || !named || bare {
                return Err(self.blame(format!("a shortcut {id:?} {description:?} {trigger:?}")));
            }
            bound.push((id.clone(), trigger));
        }
        let Some(found) = self.sessions.iter_mut().find(|found| found.path == session && found.sender == sender) else {
            return Err(self.blame(format!("{session} is no session of {sender}")));
        };
        if found.bound.replace(bound).is_some() {
            return Err(self.blame("a session is bound twice"));
        }
        Ok(())
    }
}

struct Registry(Arc<Mutex<Shared>>);

#[interface(name = "org.freedesktop.host.portal.Registry")]
impl Registry {
    fn register(&self, app: &str, options: HashMap<String, OwnedValue>, #[zbus(header)] header: Header<'_>) -> fdo::Result<()> {
        let mut shared = self.0.lock().expect("no panic while held");
        let sender = sender(&header);
        shared.only(&options, &[])?;
        if shared.sessions.iter().any(|session| session.sender == sender) {
            return Err(shared.blame("registered after another call"));
        }
        match shared.registered.insert(sender, app.to_owned()) {
            Some(_) => Err(shared.blame("registered twice")),
            None => Ok(()),
        }
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

/// What a portal says instead of an answer.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.portal.Error")]
enum PortalError {
    #[zbus(error)]
    ZBus(zbus::Error),
    NotAllowed(String),
    InvalidArgument(String),
}

impl From<fdo::Error> for PortalError {
    fn from(error: fdo::Error) -> Self {
        Self::InvalidArgument(error.to_string())
    }
}

struct Shortcuts(Arc<Mutex<Shared>>);

impl Shortcuts {
    /// Puts the object of a request on the bus.
    async fn ask(&self, connection: &Connection, sender: &str, token: &str) -> fdo::Result<String> {
        let handle = format!("{PATH}/request/{}/{token}", element(sender));
        connection.object_server().at(handle.clone(), Request).await?;
        Ok(handle)
    }
}

/// Answers a request, which ends with that.
async fn answer(connection: &Connection, to: &str, handle: &str, response: u32, results: HashMap<&str, Value<'_>>) {
    let body = (response, results);
    let told = connection.emit_signal(Some(to), handle, "org.freedesktop.portal.Request", "Response", &body);
    told.await.expect("a signal");
    connection.object_server().remove::<Request, _>(handle).await.ok();
}

#[interface(name = "org.freedesktop.portal.GlobalShortcuts")]
impl Shortcuts {
    /// Answers the request before the call itself, which programs have to cope with.
    async fn create_session(
        &self,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<OwnedObjectPath, PortalError> {
        let sender = sender(&header);
        let (token, session) = {
            let mut shared = self.0.lock().expect("no panic while held");
            shared.only(&options, &["handle_token", "session_handle_token"])?;
            let token = shared.token(&options, "handle_token")?;
            let own = shared.token(&options, "session_handle_token")?;
            let app = shared.registered.get(&sender).cloned();
            if app.is_none() {
                return Err(shared.blame("a session of a program that did not say who it is").into());
            }
            let path = format!("{PATH}/session/{}/{own}", element(&sender));
            if shared.manner == ShortcutsManner::KnowsNobody {
                return Err(PortalError::NotAllowed("An app id is required".to_owned()));
            }
            shared.sessions.push(Opened { path: path.clone(), sender: sender.clone(), app, bound: None });
            (token, path)
        };
        let handle = self.ask(connection, &sender, &token).await?;
        // The documentation says `o`; what every portal sends is `s`.
        answer(connection, &sender, &handle, 0, HashMap::from([("session_handle", Value::from(session))])).await;
        Ok(path(&handle).into())
    }

    async fn bind_shortcuts(
        &self,
        session: ObjectPath<'_>,
        shortcuts: Vec<(String, HashMap<String, OwnedValue>)>,
        parent_window: &str,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> fdo::Result<OwnedObjectPath> {
        let sender = sender(&header);
        let (token, manner, given) = {
            let mut shared = self.0.lock().expect("no panic while held");
            shared.only(&options, &["handle_token"])?;
            let token = shared.token(&options, "handle_token")?;
            if !parent_window.is_empty() {
                return Err(shared.blame("a window that the agent does not have"));
            }
            shared.bind(&sender, &session, &shortcuts)?;
            let bound = shared.sessions.last().and_then(|session| session.bound.clone()).unwrap_or_default();
            (token, shared.manner, bound)
        };
        let handle = self.ask(connection, &sender, &token).await?;
        let (to, at, bus) = (sender, handle.clone(), connection.clone());
        let most = if manner == ShortcutsManner::GivesOne { 1 } else { given.len() };
        tokio::spawn(async move {
            match manner {
                ShortcutsManner::Gives | ShortcutsManner::GivesOne => {
                    let list: Vec<(String, HashMap<&str, Value<'_>>)> = given
                        .into_iter()
                        .take(most)
                        .map(|(id, trigger)| {
                            let keys = format!("Press {trigger}");
                            (id, HashMap::from([("description", Value::from("It")), ("trigger_description", keys.into())]))
                        })
                        .collect();
                    answer(&bus, &to, &at, 0, HashMap::from([("shortcuts", Value::from(list))])).await;
                }
                ShortcutsManner::Refuses => answer(&bus, &to, &at, 1, HashMap::new()).await,
                ShortcutsManner::Waits | ShortcutsManner::KnowsNobody => {}
            }
        });
        Ok(path(&handle).into())
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        2
    }
}

/// A question that stands on the screen.
struct Request;

#[interface(name = "org.freedesktop.portal.Request")]
impl Request {
    fn close(&self) {}
}
