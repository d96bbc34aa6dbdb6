//! The Secret Service as seen from outside: is it there, is it locked, may it be unlocked, what changed.
//!
//! Nothing here reads or writes a secret. Source: Secret Service API draft, version 0.2.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use phone_engine::VaultError;
use tokio::sync::Mutex;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream, message};

/// Value of the attribute `service` of all our entries.
pub(crate) const SERVICE: &str = "trayphone";

pub(crate) const NAME: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_INTERFACE: &str = "org.freedesktop.Secret.Collection";
const PROMPT_INTERFACE: &str = "org.freedesktop.Secret.Prompt";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const BUS: (&str, &str, &str) = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");

/// The path that stands for "none", where a collection or prompt could be.
const NONE: &str = "/";

/// How long a keyring that asks nobody may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a person may look at the question before it is taken back.
const PROMPT: Duration = Duration::from_secs(120);

/// Where the default collection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Nobody offers the service.
    NoService,
    /// There is a service without a place for secrets.
    NoCollection,
    Locked(OwnedObjectPath),
    Open,
}

/// A connection to the session bus that is made when needed and again after it broke.
#[derive(Default)]
pub(crate) struct Bus(Mutex<Option<Connection>>);

impl Bus {
    /// The connection; without a session bus there is no keyring.
    pub(crate) async fn connection(&self) -> Result<Connection, VaultError> {
        let mut kept = self.0.lock().await;
        if let Some(connection) = kept.as_ref()
            && !connection.is_closed()
        {
            return Ok(connection.clone());
        }
        let connection = Connection::session().await.map_err(|error| {
            tracing::debug!("no session bus for the keyring: {error}");
            VaultError::Absent
        })?;
        Ok(kept.insert(connection).clone())
    }
}

/// Reads where the default collection stands; starts the service if the bus can.
pub(crate) async fn lock(connection: &Connection) -> Result<Lock, VaultError> {
    if !is_owned(connection).await? && !is_activatable(connection).await? {
        return Ok(Lock::NoService);
    }
    collection_lock(connection).await
}

/// The same without starting anything, for the one who only watches.
pub(crate) async fn lock_if_running(connection: &Connection) -> Result<Lock, VaultError> {
    if is_owned(connection).await? { collection_lock(connection).await } else { Ok(Lock::NoService) }
}

async fn collection_lock(connection: &Connection) -> Result<Lock, VaultError> {
    let Some(path) = default_collection(connection).await? else { return Ok(Lock::NoCollection) };
    let locked: OwnedValue = call(connection, (NAME, &path, PROPERTIES), "Get", &(COLLECTION_INTERFACE, "Locked")).await?;
    Ok(if bool::try_from(locked).unwrap_or(true) { Lock::Locked(path) } else { Lock::Open })
}

async fn default_collection(connection: &Connection) -> Result<Option<OwnedObjectPath>, VaultError> {
    let path: OwnedObjectPath = call(connection, (NAME, ROOT, SERVICE_INTERFACE), "ReadAlias", &("default",)).await?;
    Ok((path.as_str() != NONE).then_some(path))
}

/// The entries with these attributes: the open ones, and the locked ones.
pub(crate) async fn search(
    connection: &Connection,
    attributes: HashMap<&str, &str>,
) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), VaultError> {
    call(connection, (NAME, ROOT, SERVICE_INTERFACE), "SearchItems", &(attributes,)).await
}

/// Lets the keyring ask the user, for the default collection and for whatever else holds entries of ours.
///
/// # Errors
/// `UnlockRefused` when the user said no, did not answer in time, or could not be asked.
pub(crate) async fn unlock(connection: &Connection) -> Result<(), VaultError> {
    let mut locked = match lock(connection).await? {
        Lock::NoService => return Err(VaultError::Absent),
        Lock::NoCollection => return create_default(connection).await,
        Lock::Locked(path) => vec![path],
        Lock::Open => Vec::new(),
    };
    locked.extend(search(connection, HashMap::from([("service", SERVICE)])).await?.1);
    if locked.is_empty() {
        return Ok(());
    }
    let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
        call(connection, (NAME, ROOT, SERVICE_INTERFACE), "Unlock", &(locked,)).await?;
    ask(connection, &prompt).await?;
    match lock(connection).await? {
        Lock::Open => Ok(()),
        Lock::NoService | Lock::NoCollection | Lock::Locked(_) => Err(VaultError::UnlockRefused),
    }
}

/// A new system has no place for secrets yet; the keyring asks for the password of a new one.
async fn create_default(connection: &Connection) -> Result<(), VaultError> {
    let properties = HashMap::from([("org.freedesktop.Secret.Collection.Label", Value::from("Default keyring"))]);
    let (_, prompt): (OwnedObjectPath, OwnedObjectPath) =
        call(connection, (NAME, ROOT, SERVICE_INTERFACE), "CreateCollection", &(properties, "default")).await?;
    ask(connection, &prompt).await
}

/// Shows a prompt and waits for its end; the path [`NONE`] means that nobody had to be asked.
async fn ask(connection: &Connection, prompt: &OwnedObjectPath) -> Result<(), VaultError> {
    if prompt.as_str() == NONE {
        return Ok(());
    }
    let completed = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .path(prompt.as_str().to_owned())
        .and_then(|rule| rule.interface(PROMPT_INTERFACE))
        .and_then(|rule| rule.member("Completed"))
        .map_err(|error| failed(&error))?
        .build();
    let mut completed = stream(connection, completed).await?;
    let mut owners = stream(connection, owner_rule()?).await?;
    let target = (NAME, prompt.as_str(), PROMPT_INTERFACE);
    // An error here is a prompt that cannot be shown, which nobody can answer.
    call::<_, ()>(connection, target, "Prompt", &("",)).await.map_err(|_| VaultError::UnlockRefused)?;
    let answered = tokio::time::timeout(PROMPT, async {
        tokio::select! {
            signal = completed.next() => signal,
            // The keyring ended in the middle of its question.
            _ = owners.next() => None,
        }
    });
    match answered.await {
        Ok(Some(Ok(signal))) => match signal.body().deserialize::<(bool, OwnedValue)>() {
            Ok((false, _)) => Ok(()),
            Ok((true, _)) | Err(_) => Err(VaultError::UnlockRefused),
        },
        Ok(Some(Err(_)) | None) => Err(VaultError::UnlockRefused),
        Err(_) => {
            // Nobody is there; the question must not wait on the screen for ever.
            call::<_, ()>(connection, target, "Dismiss", &()).await.ok();
            Err(VaultError::UnlockRefused)
        }
    }
}

/// Every message after which the keyring may answer differently.
pub(crate) async fn changes(connection: &Connection) -> Result<impl StreamExt<Item = ()> + Unpin + use<>, VaultError> {
    let signal = || MatchRule::builder().msg_type(message::Type::Signal);
    let service = signal().path(ROOT).and_then(|rule| rule.interface(SERVICE_INTERFACE)).map_err(|error| failed(&error))?.build();
    let properties = signal()
        .path_namespace(ROOT)
        .and_then(|rule| rule.interface(PROPERTIES))
        .and_then(|rule| rule.arg(0, COLLECTION_INTERFACE))
        .map_err(|error| failed(&error))?
        .build();
    let streams =
        [stream(connection, owner_rule()?).await?, stream(connection, service).await?, stream(connection, properties).await?];
    Ok(futures_util::stream::select_all(streams).map(|_| ()))
}

async fn stream(connection: &Connection, rule: MatchRule<'static>) -> Result<MessageStream, VaultError> {
    MessageStream::for_match_rule(rule, connection, Some(16)).await.map_err(|error| failed(&error))
}

fn owner_rule() -> Result<MatchRule<'static>, VaultError> {
    let (bus, path, interface) = BUS;
    Ok(MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender(bus)
        .and_then(|rule| rule.path(path))
        .and_then(|rule| rule.interface(interface))
        .and_then(|rule| rule.member("NameOwnerChanged"))
        .and_then(|rule| rule.arg(0, NAME))
        .map_err(|error| failed(&error))?
        .build())
}

async fn is_owned(connection: &Connection) -> Result<bool, VaultError> {
    call(connection, BUS, "NameHasOwner", &(NAME,)).await
}

async fn is_activatable(connection: &Connection) -> Result<bool, VaultError> {
    let names: Vec<String> = call(connection, BUS, "ListActivatableNames", &()).await?;
    Ok(names.iter().any(|name| name == NAME))
}

async fn call<B, R>(connection: &Connection, target: (&str, &str, &str), method: &str, body: &B) -> Result<R, VaultError>
where
    B: serde::Serialize + DynamicType + Sync,
    R: serde::de::DeserializeOwned + zbus::zvariant::Type,
{
    let (name, path, interface) = target;
    let path = ObjectPath::try_from(path).map_err(|error| VaultError::Failed(error.to_string()))?;
    let asked = connection.call_method(Some(name), path, Some(interface), method, body);
    let answer = tokio::time::timeout(ANSWER, asked).await.map_err(|_| VaultError::Failed("it does not answer".into()))?;
    let answer = answer.map_err(|error| failed(&error))?;
    answer.body().deserialize().map_err(|error| failed(&error))
}

fn failed(error: &zbus::Error) -> VaultError {
    // Error names of the D-Bus specification for a service that is not there or cannot be started.
    const ABSENT: [&str; 3] = [
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.NoReply",
    ];
    const START_FAILED: &str = "org.freedesktop.DBus.Error.Spawn.";
    if let zbus::Error::MethodError(name, ..) = error
        && (ABSENT.contains(&name.as_str()) || name.as_str().starts_with(START_FAILED))
    {
        return VaultError::Absent;
    }
    VaultError::Failed(error.to_string())
}
