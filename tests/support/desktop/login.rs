//! A login service on the private system bus: sleep, lock, and the locks that programs take against sleep.

use super::session::Session;
use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use zbus::connection::Builder;
use zbus::object_server::{InterfaceRef, SignalEmitter};
use zbus::zvariant::{self, ObjectPath, OwnedObjectPath};
use zbus::{Connection, fdo, interface};

const NAME: &str = "org.freedesktop.login1";
const ROOT: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/_31";
/// Other paths of the caller's own session.
const ALIASES: [&str; 2] = ["/org/freedesktop/login1/session/auto", "/org/freedesktop/login1/session/self"];
const USER: &str = "/org/freedesktop/login1/user/self";

/// A lock that a program holds against sleep or other things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibitor {
    /// What is held up, such as `sleep`.
    pub what: String,
    /// Name of the program.
    pub who: String,
    /// Its reason.
    pub why: String,
    /// `delay` or `block`.
    pub mode: String,
}

impl Session {
    /// Starts the login service.
    pub async fn start_login(&self) {
        let address = self.env()["DBUS_SYSTEM_BUS_ADDRESS"].clone();
        let login = self.side.run(async move { Login::start(&address).await.expect("a login service") }).await;
        *self.login.lock().expect("no panic while held") = Some(login);
    }

    /// Ends the login service; its name leaves the system bus.
    pub async fn stop_login(&self) {
        let login = self.login.lock().expect("no panic while held").take();
        if let Some(login) = login {
            self.side.run(async move { login.connection.close().await.expect("an open connection") }).await;
        }
    }

    /// Tells all programs that the machine is about to sleep.
    pub async fn sleep(&self) {
        self.prepare_for_sleep(true).await;
    }

    /// Tells all programs that the machine has woken up.
    pub async fn wake(&self) {
        self.prepare_for_sleep(false).await;
    }

    /// Locks the screen: the signal first, then the hint.
    pub async fn lock_screen(&self) {
        self.set_screen_lock(true).await;
    }

    /// Unlocks the screen.
    pub async fn unlock_screen(&self) {
        self.set_screen_lock(false).await;
    }

    /// Whether the screen counts as locked.
    pub async fn screen_is_locked(&self) -> bool {
        let login = self.login();
        self.side.run(async move { login.sessions().await[0].get().await.locked }).await
    }

    /// The locks that programs hold at this moment.
    pub fn inhibitors(&self) -> Vec<Inhibitor> {
        self.login().held.live()
    }

    async fn prepare_for_sleep(&self, start: bool) {
        let login = self.login();
        let told = self.side.run(async move {
            let seats: InterfaceRef<Seats> = login.connection.object_server().interface(ROOT).await?;
            seats.get_mut().await.sleeping = start;
            Seats::prepare_for_sleep(seats.signal_emitter(), start).await
        });
        told.await.expect("the signal of sleep");
    }

    async fn set_screen_lock(&self, locked: bool) {
        let login = self.login();
        let told = self.side.run(async move {
            for session in login.sessions().await {
                if locked {
                    SeatSession::lock(session.signal_emitter()).await?;
                } else {
                    SeatSession::unlock(session.signal_emitter()).await?;
                }
                session.get_mut().await.locked = locked;
                session.get().await.locked_hint_changed(session.signal_emitter()).await?;
            }
            zbus::Result::Ok(())
        });
        told.await.expect("the signal of the lock");
    }

    fn login(&self) -> Login {
        self.login.lock().expect("no panic while held").clone().expect("a session with a login service")
    }
}

/// The running login service.
#[derive(Debug, Clone)]
pub(super) struct Login {
    connection: Connection,
    held: Held,
}

impl Login {
    async fn start(address: &str) -> zbus::Result<Self> {
        let held = Held::default();
        let mut builder = Builder::address(address)?
            .serve_at(ROOT, Seats { held: held.clone(), sleeping: false })?
            .serve_at(SESSION, SeatSession::default())?
            .serve_at(USER, SeatUser)?;
        for alias in ALIASES {
            builder = builder.serve_at(alias, SeatSession::default())?;
        }
        Ok(Self { connection: builder.name(NAME)?.build().await?, held })
    }

    /// The session first, then its other paths.
    async fn sessions(&self) -> Vec<InterfaceRef<SeatSession>> {
        let mut sessions = Vec::new();
        for path in std::iter::once(SESSION).chain(ALIASES) {
            sessions.push(self.connection.object_server().interface(path).await.expect("an object of ours"));
        }
        sessions
    }
}

/// The locks given out; one is held as long as its other end is open.
#[derive(Debug, Clone, Default)]
struct Held(Arc<Mutex<Vec<(Inhibitor, PipeReader)>>>);

impl Held {
    fn add(&self, inhibitor: Inhibitor) -> std::io::Result<PipeWriter> {
        let (reader, writer) = pipe()?;
        self.0.lock().expect("no panic while held").push((inhibitor, reader));
        Ok(writer)
    }

    fn live(&self) -> Vec<Inhibitor> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut held = self.0.lock().expect("no panic while held");
        held.retain(|(_, reader)| {
            let mut ends = [PollFd::new(reader, PollFlags::IN)];
            let looked = poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
            looked.is_ok() && !ends[0].revents().contains(PollFlags::HUP)
        });
        held.iter().map(|(inhibitor, _)| inhibitor.clone()).collect()
    }
}

/// The interface for the whole machine.
///
/// Source: `org.freedesktop.login1(5)`.
struct Seats {
    held: Held,
    sleeping: bool,
}

/// One row of `ListSessions`: id, user id, user name, seat, path.
type SessionRow = (String, u32, String, String, OwnedObjectPath);
/// One row of `ListInhibitors`: what, who, why, mode, user id, process id.
type InhibitorRow = (String, String, String, String, u32, u32);

#[interface(name = "org.freedesktop.login1.Manager")]
impl Seats {
    fn get_session(&self, id: &str) -> fdo::Result<OwnedObjectPath> {
        match id {
            "1" | "auto" | "self" | "" => Ok(path(SESSION)),
            _ => Err(fdo::Error::Failed(format!("no session '{id}' known"))),
        }
    }

    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, _pid: u32) -> OwnedObjectPath {
        path(SESSION)
    }

    fn get_user(&self, _uid: u32) -> OwnedObjectPath {
        path(USER)
    }

    #[zbus(name = "GetUserByPID")]
    fn get_user_by_pid(&self, _pid: u32) -> OwnedObjectPath {
        path(USER)
    }

    fn list_sessions(&self) -> Vec<SessionRow> {
        vec![("1".to_owned(), uid(), "tester".to_owned(), "seat0".to_owned(), path(SESSION))]
    }

    fn list_users(&self) -> Vec<(u32, String, OwnedObjectPath)> {
        vec![(uid(), "tester".to_owned(), path(USER))]
    }

    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> fdo::Result<zvariant::OwnedFd> {
        let inhibitor = Inhibitor { what: what.to_owned(), who: who.to_owned(), why: why.to_owned(), mode: mode.to_owned() };
        let writer = self.held.add(inhibitor).map_err(|problem| fdo::Error::IOError(problem.to_string()))?;
        Ok(zvariant::OwnedFd::from(OwnedFd::from(writer)))
    }

    fn list_inhibitors(&self) -> Vec<InhibitorRow> {
        let rows = self.held.live().into_iter();
        rows.map(|held| (held.what, held.who, held.why, held.mode, uid(), 0)).collect()
    }

    fn can_suspend(&self) -> &'static str {
        "yes"
    }

    #[zbus(property)]
    fn preparing_for_sleep(&self) -> bool {
        self.sleeping
    }

    #[zbus(property)]
    fn preparing_for_shutdown(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn idle_hint(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn delay_inhibited(&self) -> String {
        self.held.live().into_iter().map(|held| held.what).collect::<Vec<_>>().join(":")
    }

    #[zbus(signal)]
    async fn prepare_for_sleep(emitter: &SignalEmitter<'_>, start: bool) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn prepare_for_shutdown(emitter: &SignalEmitter<'_>, start: bool) -> zbus::Result<()>;
}

/// The user's session.
#[derive(Default)]
struct SeatSession {
    locked: bool,
}

#[interface(name = "org.freedesktop.login1.Session")]
impl SeatSession {
    #[zbus(name = "Lock")]
    async fn ask_lock(&self, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) -> fdo::Result<()> {
        Ok(Self::lock(&emitter).await?)
    }

    #[zbus(name = "Unlock")]
    async fn ask_unlock(&self, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) -> fdo::Result<()> {
        Ok(Self::unlock(&emitter).await?)
    }

    async fn set_locked_hint(&mut self, locked: bool, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) -> fdo::Result<()> {
        self.locked = locked;
        Ok(self.locked_hint_changed(&emitter).await?)
    }

    #[zbus(property)]
    fn id(&self) -> &'static str {
        "1"
    }

    #[zbus(property)]
    fn name(&self) -> &'static str {
        "tester"
    }

    #[zbus(property)]
    fn user(&self) -> (u32, OwnedObjectPath) {
        (uid(), path(USER))
    }

    #[zbus(property, name = "Type")]
    fn kind(&self) -> &'static str {
        "x11"
    }

    #[zbus(property)]
    fn class(&self) -> &'static str {
        "user"
    }

    #[zbus(property)]
    fn state(&self) -> &'static str {
        "active"
    }

    #[zbus(property)]
    fn active(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn remote(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn idle_hint(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        self.locked
    }

    #[zbus(signal)]
    async fn lock(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn unlock(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

/// The user.
struct SeatUser;

#[interface(name = "org.freedesktop.login1.User")]
impl SeatUser {
    #[zbus(property, name = "UID")]
    fn uid(&self) -> u32 {
        uid()
    }

    #[zbus(property)]
    fn name(&self) -> &'static str {
        "tester"
    }

    #[zbus(property)]
    fn state(&self) -> &'static str {
        "active"
    }

    #[zbus(property)]
    fn display(&self) -> (String, OwnedObjectPath) {
        ("1".to_owned(), path(SESSION))
    }

    #[zbus(property)]
    fn sessions(&self) -> Vec<(String, OwnedObjectPath)> {
        vec![("1".to_owned(), path(SESSION))]
    }
}

fn path(text: &'static str) -> OwnedObjectPath {
    OwnedObjectPath::from(ObjectPath::from_static_str_unchecked(text))
}

fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}
