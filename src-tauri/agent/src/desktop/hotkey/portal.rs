//! The hotkeys under Wayland: the desktop holds the keys and tells when one of ours is pressed.
//!
//! Source: the documentation of XDG Desktop Portal, `org.freedesktop.portal.GlobalShortcuts`, `Request`, `Session` and
//! `org.freedesktop.host.portal.Registry`.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use phone_control::protocol::HotkeyName;
use tokio::sync::{mpsc, watch};
use zbus::fdo::DBusProxy;
use zbus::names::BusName;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Structure, Value};
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use super::{ALL, Combination, HotkeyError, Pressed, does};

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";
const REQUEST: &str = "org.freedesktop.portal.Request";
const SESSION: &str = "org.freedesktop.portal.Session";
const REGISTRY: &str = "org.freedesktop.host.portal.Registry";

/// The name of our desktop entry without its ending, by which the desktop keeps what the user allowed.
const APP: &str = "trayphone";

/// How long the portal may take for what needs no person.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a person may look at the desktop's question.
const QUESTION: Duration = Duration::from_secs(300);

/// A desktop that repeats a held key without telling its release does so faster than a person.
const REPEATS: Duration = Duration::from_millis(700);

/// The name of the portal on the bus, which somebody may take later.
pub const BUS_NAME: &str = NAME;

/// What the desktop gave each hotkey that it knows: the keys as it describes them.
pub type Bound = HashMap<&'static str, String>;

type Options<'a> = HashMap<&'static str, Value<'a>>;

/// Lets the desktop hold keys for us, and sends every press, until that ends; dropping it gives the keys back.
///
/// `bound` is told what the desktop gave.
///
/// # Errors
/// Always in the end: there is no portal, the user or the desktop refuses, or it went away.
pub async fn run(
    wanted: &[(HotkeyName, Combination)],
    pressed: &mpsc::Sender<Pressed>,
    bound: &watch::Sender<Option<Bound>>,
) -> HotkeyError {
    // A connection of its own, because a program says who it is once and before all else; with it ends the session.
    let connection = match Connection::session().await {
        Ok(connection) => connection,
        Err(error) => {
            tracing::debug!("no session bus: {error}");
            return HotkeyError::NoWay;
        }
    };
    let ended = match Shortcuts::open(&connection).await {
        Ok(mut shortcuts) => match shortcuts.follow(wanted, pressed, bound).await {
            Ok(never) => match never {},
            Err(error) => error,
        },
        Err(error) => error,
    };
    connection.close().await.ok();
    ended
}

/// The id under which the desktop keeps a hotkey.
pub fn id(name: HotkeyName) -> &'static str {
    match name {
        HotkeyName::Dial => "dial-selection",
        HotkeyName::Answer => "answer",
        HotkeyName::HangUp => "hang-up",
        HotkeyName::Window => "show-window",
    }
}

struct Shortcuts<'a> {
    connection: &'a Connection,
    /// The portal's own name, which another one that comes after it does not have.
    owner: String,
    owners: MessageStream,
    signals: MessageStream,
    tokens: u32,
}

/// Nothing: what has this type never returns.
enum Never {}

impl<'a> Shortcuts<'a> {
    async fn open(connection: &'a Connection) -> Result<Self, HotkeyError> {
        let rule = || MatchRule::builder().msg_type(message::Type::Signal);
        let owners = rule().sender("org.freedesktop.DBus").and_then(|rule| rule.member("NameOwnerChanged"));
        let owners = owners.and_then(|rule| rule.arg(0, NAME)).map_err(failed)?.build();
        let owners = MessageStream::for_match_rule(owners, connection, Some(4)).await.map_err(failed)?;
        let bus = DBusProxy::new(connection).await.map_err(failed)?;
        let name = BusName::try_from(NAME).map_err(failed)?;
        let owner = match bus.get_name_owner(name.clone()).await {
            Ok(owner) => owner,
            // Nobody has the name yet; a portal that is installed is started.
            Err(_) => {
                let started = bus.start_service_by_name(NAME.try_into().map_err(failed)?, 0);
                soon(started).await?.map_err(|_| HotkeyError::NoWay)?;
                bus.get_name_owner(name).await.map_err(|_| HotkeyError::NoWay)?
            }
        };
        let owner = owner.to_string();
        // Only what the portal itself says counts: any program could send us a signal of the same shape.
        let signals = rule().sender(owner.clone()).map_err(failed)?.build();
        let signals = MessageStream::for_match_rule(signals, connection, Some(64)).await.map_err(failed)?;
        Ok(Self { connection, owner, owners, signals, tokens: 0 })
    }

    async fn follow(
        &mut self,
        wanted: &[(HotkeyName, Combination)],
        pressed: &mpsc::Sender<Pressed>,
        bound: &watch::Sender<Option<Bound>>,
    ) -> Result<Never, HotkeyError> {
        // Portals before 1.20 know no registry, and find out by themselves who we are.
        if let Err(error) = self.call(REGISTRY, "Register", &(APP, Options::new())).await {
            tracing::debug!("the desktop does not register programs: {error}");
        }
        let session = self.create().await?;
        let given = self.bind(&session, wanted).await?;
        bound.send_replace(Some(given));
        let mut repeats: Option<(HotkeyName, Instant)> = None;
        loop {
            let signal = self.next().await?;
            let header = signal.header();
            match (header.interface().map(|name| name.as_str()), header.member().map(|name| name.as_str())) {
                (Some(SHORTCUTS), Some("Activated")) => {
                    let Some((name, token)) = activated(&signal, &session) else { continue };
                    let now = Instant::now();
                    let again = repeats.replace((name, now));
                    if again.is_some_and(|(before, at)| before == name && now.duration_since(at) < REPEATS) {
                        continue;
                    }
                    // Full means that the last presses are still being dealt with.
                    pressed.try_send(Pressed { name, at: now, token }).ok();
                }
                (Some(SHORTCUTS), Some("Deactivated")) => repeats = None,
                (Some(SHORTCUTS), Some("ShortcutsChanged")) => {
                    let told = signal.body().deserialize::<(OwnedObjectPath, Vec<(String, HashMap<String, OwnedValue>)>)>();
                    match told {
                        Ok((of, list)) if of.as_str() == session.as_str() => {
                            let given = list.into_iter().filter_map(|(id, details)| {
                                let keys = details.get("trigger_description").and_then(|keys| keys.downcast_ref::<String>().ok());
                                entry(&id, keys)
                            });
                            bound.send_replace(Some(given.collect()));
                        }
                        Ok(_) => {}
                        Err(error) => tracing::debug!("the desktop tells its keys in another way: {error}"),
                    }
                }
                (Some(SESSION), Some("Closed")) if header.path().is_some_and(|path| path.as_str() == session.as_str()) => {
                    return Err(HotkeyError::TakenBack);
                }
                (Some(_) | None, _) => {}
            }
        }
    }

    async fn create(&mut self) -> Result<OwnedObjectPath, HotkeyError> {
        let options =
            Options::from([("handle_token", Value::from(self.token())), ("session_handle_token", Value::from(self.token()))]);
        let handle = self.request("CreateSession", &(options,)).await?;
        let results = self.response(&handle, ANSWER).await?;
        // The specification means an object path, and all portals send a text.
        let session = match results.get("session_handle").map(|value| &**value) {
            Some(Value::Str(path)) => ObjectPath::try_from(path.as_str().to_owned()).ok(),
            Some(Value::ObjectPath(path)) => Some(path.to_owned()),
            Some(_) | None => None,
        };
        session.map(Into::into).ok_or_else(|| failed("it created no session"))
    }

    async fn bind(&mut self, session: &OwnedObjectPath, wanted: &[(HotkeyName, Combination)]) -> Result<Bound, HotkeyError> {
        let shortcuts: Vec<(&str, Options<'_>)> = wanted
            .iter()
            .map(|(name, keys)| {
                let details = [("description", Value::from(description(*name))), ("preferred_trigger", keys.trigger().into())];
                (id(*name), Options::from(details))
            })
            .collect();
        let options = Options::from([("handle_token", Value::from(self.token()))]);
        let handle = self.request("BindShortcuts", &(session, shortcuts, "", options)).await?;
        let results = match self.response(&handle, QUESTION).await {
            Ok(results) => results,
            Err(error) => {
                // The question leaves the screen; it may be gone already.
                self.call_at(handle.as_str(), REQUEST, "Close", &()).await.ok();
                return Err(error);
            }
        };
        let Some(Value::Array(list)) = results.get("shortcuts").map(|value| &**value) else {
            return Err(failed("it bound nothing"));
        };
        Ok(list.iter().filter_map(bound_one).collect())
    }

    /// Calls a method that answers with the handle of a request.
    async fn request<B: serde::Serialize + DynamicType>(&self, method: &str, body: &B) -> Result<OwnedObjectPath, HotkeyError> {
        let answer = self.call(SHORTCUTS, method, body).await.map_err(refused)?;
        answer.body().deserialize().map_err(failed)
    }

    /// Waits for the response to a request. It may have come before the handle.
    async fn response(&mut self, handle: &OwnedObjectPath, limit: Duration) -> Result<HashMap<String, OwnedValue>, HotkeyError> {
        let answered = async {
            loop {
                let signal = self.next().await?;
                let header = signal.header();
                let is = header.interface().is_some_and(|name| name.as_str() == REQUEST)
                    && header.member().is_some_and(|name| name.as_str() == "Response")
                    && header.path().is_some_and(|path| path.as_str() == handle.as_str());
                if !is {
                    continue;
                }
                let (response, results) = signal.body().deserialize::<(u32, HashMap<String, OwnedValue>)>().map_err(failed)?;
                return match response {
                    0 => Ok(results),
                    1 => Err(HotkeyError::Refused),
                    _ => Err(HotkeyError::TakenBack),
                };
            }
        };
        // Nobody answered the question: that is no yes.
        tokio::time::timeout(limit, answered).await.unwrap_or(Err(HotkeyError::Refused))
    }

    /// The next signal of this portal.
    async fn next(&mut self) -> Result<Message, HotkeyError> {
        let gone = || HotkeyError::Failed("the desktop's portal ended".to_owned());
        loop {
            tokio::select! {
                signal = self.signals.next() => match signal {
                    Some(Ok(signal)) if signal.header().sender().is_some_and(|sender| sender.as_str() == self.owner) => {
                        return Ok(signal);
                    }
                    Some(_) => {}
                    None => return Err(gone()),
                },
                // Whoever has the name from now on knows nothing of our session.
                changed = self.owners.next() => match changed {
                    // The one that was started for us.
                    Some(Ok(changed)) if self.is_ours(&changed) => {}
                    Some(Ok(_)) | None => return Err(gone()),
                    Some(Err(_)) => {}
                },
            }
        }
    }

    fn is_ours(&self, changed: &Message) -> bool {
        let owners = changed.body().deserialize::<(String, String, String)>();
        owners.is_ok_and(|(_, _, now)| now == self.owner)
    }

    async fn call<B: serde::Serialize + DynamicType>(
        &self,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, CallError> {
        self.call_at(PATH, interface, method, body).await
    }

    async fn call_at<B: serde::Serialize + DynamicType>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, CallError> {
        let call = self.connection.call_method(Some(self.owner.as_str()), path, Some(interface), method, body);
        match tokio::time::timeout(ANSWER, call).await {
            Ok(answer) => answer.map_err(CallError::Bus),
            Err(_) => Err(CallError::Silent),
        }
    }

    /// The last part of a request's path: never the same twice, and nothing that another program can guess.
    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("trayphone_{}_{:016x}", self.tokens, RandomState::new().hash_one(self.tokens))
    }
}

#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error(transparent)]
    Bus(zbus::Error),
    #[error("no answer")]
    Silent,
}

fn refused(error: CallError) -> HotkeyError {
    const NOT_HERE: [&str; 4] = ["UnknownMethod", "UnknownInterface", "UnknownObject", "ServiceUnknown"];
    match &error {
        CallError::Bus(zbus::Error::MethodError(name, ..)) => match name.as_str().rsplit('.').next() {
            Some("NotAllowed") => HotkeyError::NotKnown,
            Some(name) if NOT_HERE.contains(&name) => HotkeyError::NoWay,
            Some(_) | None => failed(error),
        },
        CallError::Bus(_) | CallError::Silent => failed(error),
    }
}

/// What the desktop shows the user beside the keys.
fn description(name: HotkeyName) -> String {
    let text = does(name);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// One shortcut of a list; none without keys, or where it is none of ours.
fn bound_one(value: &Value<'_>) -> Option<(&'static str, String)> {
    let Value::Structure(one) = value else { return None };
    let [Value::Str(id), Value::Dict(details)] = fields(one) else { return None };
    entry(id.as_str(), details.get::<&str, String>(&"trigger_description").ok().flatten())
}

fn fields<'a, 'b>(structure: &'a Structure<'b>) -> &'a [Value<'b>] {
    structure.fields()
}

fn entry(told: &str, keys: Option<String>) -> Option<(&'static str, String)> {
    let id = ALL.into_iter().map(id).find(|id| *id == told)?;
    let keys = keys.filter(|keys| !keys.trim().is_empty())?;
    Some((id, keys))
}

/// Which hotkey was pressed; none in a session that is not ours.
fn activated(signal: &Message, session: &OwnedObjectPath) -> Option<(HotkeyName, Option<String>)> {
    let body = signal.body();
    let (of, told, _at, options) = body
        .deserialize::<(OwnedObjectPath, String, u64, HashMap<String, OwnedValue>)>()
        .inspect_err(|error| tracing::debug!("the desktop tells a press in another way: {error}"))
        .ok()?;
    if of.as_str() != session.as_str() {
        return None;
    }
    let name = ALL.into_iter().find(|name| id(*name) == told)?;
    let token = options.get("activation_token").and_then(|token| token.downcast_ref::<String>().ok());
    Some((name, token.filter(|token| !token.is_empty())))
}

/// The longest that anything here waits without a person.
async fn soon<T>(work: impl Future<Output = T>) -> Result<T, HotkeyError> {
    tokio::time::timeout(ANSWER, work).await.map_err(|_| failed("it does not answer"))
}

fn failed(error: impl std::fmt::Display) -> HotkeyError {
    HotkeyError::Failed(format!("the desktop's portal refused: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desktop_shows_what_each_key_does() {
        assert_eq!(description(HotkeyName::Dial), "Dials the selected number");
        let ids: std::collections::HashSet<_> = ALL.into_iter().map(id).collect();
        assert_eq!(ids.len(), ALL.len());
    }
}
