//! The login service of systemd and its stand-ins.
//!
//! Source: `org.freedesktop.login1(5)`.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::select_all;
use phone_engine::SystemEvent;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::time::Instant;
use x11rb::connection::Connection as _;
use x11rb::rust_connection::RustConnection;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{Connection, MatchRule, Message, MessageStream, message};

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// How long the service may take to answer a question.
const ANSWER: Duration = Duration::from_secs(2);

/// Between two tries where there is no system bus, as in a container.
const AGAIN: Duration = Duration::from_secs(300);

/// How long a mere wish to lock counts as a locked screen: no locker may run, and then nothing ever ends it.
const WISH: Duration = Duration::from_secs(30);

/// Tells wake and screen lock until the receiver is gone.
pub async fn watch(told: mpsc::Sender<SystemEvent>) {
    while !told.is_closed() {
        if let Err(error) = follow(&told).await {
            tracing::debug!("the login service cannot be followed: {error}");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn follow(told: &mpsc::Sender<SystemEvent>) -> zbus::Result<()> {
    let connection = Connection::system().await?;
    let owner = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .arg(0, NAME)?
        .build();
    let mut owners = MessageStream::for_match_rule(owner, &connection, Some(4)).await?;
    loop {
        let listened = listen(&connection, told);
        tokio::select! {
            // Only a failure ends this: no service yet, or no session of ours.
            failed = listened => {
                if let Err(error) = failed {
                    tracing::debug!("no login session: {error}");
                }
                if owners.next().await.is_none() {
                    return Ok(());
                }
            }
            changed = owners.next() => if changed.is_none() { return Ok(()) },
        }
    }
}

async fn listen(connection: &Connection, told: &mpsc::Sender<SystemEvent>) -> zbus::Result<()> {
    let signal = || MatchRule::builder().msg_type(message::Type::Signal).sender(NAME);
    let sleep = signal()?.path(PATH)?.member("PrepareForSleep")?.build();
    let mut lock = Lock::default();
    let mut streams = vec![MessageStream::for_match_rule(sleep, connection, Some(8)).await?];
    // Without a session of its own (a service, a container) there is still sleep.
    if let Ok(session) = session(connection).await {
        let wishes = signal()?.path(session.as_str().to_owned())?.interface(SESSION)?.build();
        let hint = signal()?.path(session.as_str().to_owned())?.interface(PROPERTIES)?.arg(0, SESSION)?.build();
        streams.push(MessageStream::for_match_rule(wishes, connection, Some(8)).await?);
        streams.push(MessageStream::for_match_rule(hint, connection, Some(8)).await?);
        let locked = connection
            .call_method(Some(NAME), session.as_str(), Some(PROPERTIES), "Get", &(SESSION, "LockedHint"))
            .await
            .and_then(|answer| answer.body().deserialize::<OwnedValue>());
        // An open screen is told as well: the lock may have been before a gap of the service.
        if let Ok(Ok(locked)) = locked.map(bool::try_from) {
            lock.hinted = locked;
            told.send(SystemEvent::ScreenLocked(locked)).await.ok();
        }
    }
    let mut signals = select_all(streams);
    loop {
        let event = tokio::select! {
            signal = signals.next() => match signal {
                Some(signal) => event(&signal?, &mut lock),
                None => return Ok(()),
            },
            () = lock.wish_over() => Some(SystemEvent::ScreenLocked(lock.over())),
        };
        if let Some(event) = event
            && told.send(event).await.is_err()
        {
            return Ok(());
        }
    }
}

/// What is known of the lock of the screen.
#[derive(Default)]
struct Lock {
    /// What the locker itself says.
    hinted: bool,
    /// Until when a wish to lock counts, which the locker has not confirmed.
    wished_until: Option<Instant>,
}

impl Lock {
    fn is_locked(&self) -> bool {
        self.hinted || self.wished_until.is_some()
    }

    /// Somebody wants the screen locked, or open; whether it is so is the locker's business.
    fn wish(&mut self, locked: bool) -> bool {
        self.wished_until = locked.then(|| Instant::now() + WISH);
        self.is_locked()
    }

    /// The locker says how it is.
    fn hint(&mut self, locked: bool) -> bool {
        *self = Self { hinted: locked, wished_until: None };
        self.is_locked()
    }

    /// The wish has counted long enough.
    fn over(&mut self) -> bool {
        self.wished_until = None;
        self.is_locked()
    }

    async fn wish_over(&self) {
        match self.wished_until {
            Some(until) => tokio::time::sleep_until(until).await,
            None => std::future::pending().await,
        }
    }
}

async fn session(connection: &Connection) -> zbus::Result<OwnedObjectPath> {
    let manager = "org.freedesktop.login1.Manager";
    let answer = match std::env::var("XDG_SESSION_ID") {
        Ok(id) => connection.call_method(Some(NAME), PATH, Some(manager), "GetSession", &(id,)).await?,
        // 0 stands for the caller.
        Err(_) => connection.call_method(Some(NAME), PATH, Some(manager), "GetSessionByPID", &(0u32,)).await?,
    };
    answer.body().deserialize()
}

fn event(signal: &Message, lock: &mut Lock) -> Option<SystemEvent> {
    let header = signal.header();
    let body = signal.body();
    match header.member()?.as_str() {
        "PrepareForSleep" => {
            let starts = body.deserialize::<bool>().ok()?;
            (!starts).then_some(SystemEvent::Woke)
        }
        "Lock" => Some(SystemEvent::ScreenLocked(lock.wish(true))),
        "Unlock" => Some(SystemEvent::ScreenLocked(lock.wish(false))),
        "PropertiesChanged" => {
            let (_, changed, _) = body.deserialize::<(String, HashMap<String, OwnedValue>, Vec<String>)>().ok()?;
            let locked = bool::try_from(changed.get("LockedHint")?.clone()).ok()?;
            Some(SystemEvent::ScreenLocked(lock.hint(locked)))
        }
        _ => None,
    }
}

/// How many desktops the user is logged in to; none where no login service tells.
pub async fn logins() -> Option<usize> {
    tokio::time::timeout(ANSWER, count()).await.ok()?.ok()
}

/// One row of `ListSessions`: id, user id, user name, seat, path.
type Row = (String, u32, String, String, OwnedObjectPath);

async fn count() -> zbus::Result<usize> {
    let bus = Connection::system().await?;
    let manager = "org.freedesktop.login1.Manager";
    let rows: Vec<Row> = bus.call_method(Some(NAME), PATH, Some(manager), "ListSessions", &()).await?.body().deserialize()?;
    let ours = rustix::process::getuid().as_raw();
    let mut desktops = 0;
    for (.., path) in rows.into_iter().filter(|row| row.1 == ours) {
        let answer = bus.call_method(Some(NAME), &path, Some(PROPERTIES), "GetAll", &(SESSION,)).await?;
        let told: HashMap<String, OwnedValue> = answer.body().deserialize()?;
        let is = |name: &str, wanted: &[&str]| {
            told.get(name).and_then(|value| <&str>::try_from(value).ok()).is_some_and(|value| wanted.contains(&value))
        };
        desktops += usize::from(is("Type", &["x11", "wayland", "mir"]) && is("Class", &["user"]) && !is("State", &["closing"]));
    }
    Ok(desktops)
}

/// Waits until the display of this session is gone; for ever where there is none.
///
/// The message bus of a user may live longer than the desktop, and an agent that lived as long would keep the next
/// session of its user without one.
pub async fn display_gone() {
    let followed = match (phone_control::wayland_socket(), phone_control::display()) {
        (Some(socket), _) => wayland_gone(&socket).await,
        (None, Some(_)) => x_gone().await,
        (None, None) => return std::future::pending().await,
    };
    if let Err(error) = followed {
        tracing::debug!("the end of the session cannot be seen: {error}");
        std::future::pending().await
    }
}

/// A compositor closes the connections of its clients when it ends; one that asks for nothing costs it nothing.
async fn wayland_gone(path: &Path) -> io::Result<()> {
    let stream = tokio::net::UnixStream::connect(path).await?;
    let mut heard = [0u8; 512];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut heard) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Ok(()),
        }
    }
}

async fn x_gone() -> io::Result<()> {
    // Reaching the server blocks, and a hanging one would do so for long.
    let connected = tokio::task::spawn_blocking(|| RustConnection::connect(None)).await?;
    let (connection, _) = connected.map_err(io::Error::other)?;
    let server: OwnedFd = connection.stream().as_fd().try_clone_to_owned()?;
    // SAFETY: an owned descriptor stays open and the same for as long as its owner lives, which is this `AsyncFd`.
    let server = unsafe { AsyncFd::register_with_interest(server, Interest::READABLE) }?;
    loop {
        let mut ready = server.readable().await?;
        loop {
            match connection.poll_for_event() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return Ok(()),
            }
        }
        ready.clear_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locker_is_believed_and_a_mere_wish_only_for_a_while() {
        let mut lock = Lock::default();
        assert!(lock.wish(true), "a locker needs a moment");
        assert!(!lock.over(), "no locker was there");
        assert!(lock.wish(true) && lock.hint(true) && lock.over(), "the locker has confirmed it");
        assert!(lock.wish(false), "a locker that does not obey");
        assert!(!lock.hint(false));
        assert!(lock.wish(true) && !lock.wish(false), "taken back");
    }
}
