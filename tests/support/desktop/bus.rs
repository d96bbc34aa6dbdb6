//! The two private message buses, and the thread on which the harness itself speaks on them.

use super::programs::Running;
use super::waiting::PATIENCE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use zbus::Connection;
use zbus::connection::Builder;
use zbus::zvariant::{DynamicType, Type};

/// Where Debian keeps the descriptions of services that a session bus starts on demand.
pub(super) const SERVICE_FILES: &str = "/usr/share/dbus-1/services";

/// Which services the session bus starts by itself when somebody asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BusServices {
    /// Only what the session was told to have: the settings service of the panel, and the keyring's prompter.
    #[default]
    Chosen,
    /// None: the bus has no service folder at all.
    Without,
    /// All that are installed, as on a real desktop; the keyring then starts when asked for.
    Installed,
}

/// Starts a bus that listens at `socket` and returns it when it is ready.
///
/// `services` is the folder for [`BusServices::Chosen`].
pub(super) fn start(name: &str, mut command: Command, folder: &Path, socket: &Path, services: Option<&str>) -> Running {
    let configuration = folder.join(format!("{name}.conf"));
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  {services}
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        socket = socket.display(),
        services = services.unwrap_or_default(),
    );
    std::fs::write(&configuration, text).expect("a bus configuration in the session's folder");
    let log = folder.join(format!("{name}.log"));
    let errors = std::fs::File::create(&log).expect("a log file in the session's folder");
    command.arg("--config-file").arg(&configuration).args(["--nofork", "--print-address"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
    let mut bus = Running::start_keeping_output(name, command, &log);
    // The address is printed once the bus listens.
    let mut address = String::new();
    let output = bus.child().stdout.take().expect("the bus writes into a pipe");
    let read = BufReader::new(output).read_line(&mut address);
    assert!(read.is_ok() && address.starts_with("unix:"), "the {name} did not start: {}", bus.log());
    bus
}

/// Whether somebody owns `name` on the bus.
pub(super) async fn is_owned(connection: &Connection, name: &str) -> bool {
    bus_call(connection, "NameHasOwner", &(name,)).await.expect("an answer of the bus")
}

/// The process that owns `name` on the bus.
pub(super) async fn owner_pid(connection: &Connection, name: &str) -> Option<u32> {
    bus_call(connection, "GetConnectionUnixProcessID", &(name,)).await.ok()
}

/// Calls a method of the bus itself.
pub(super) async fn bus_call<B, R>(connection: &Connection, method: &str, body: &B) -> zbus::Result<R>
where
    B: Serialize + DynamicType,
    R: DeserializeOwned + Type,
{
    const BUS: &str = "org.freedesktop.DBus";
    call(connection, (BUS, "/org/freedesktop/DBus", BUS), method, body).await
}

/// Calls `method` of the object that `target` names: bus name, path, interface.
pub(super) async fn call<B, R>(connection: &Connection, target: (&str, &str, &str), method: &str, body: &B) -> zbus::Result<R>
where
    B: Serialize + DynamicType,
    R: DeserializeOwned + Type,
{
    let (name, path, interface) = target;
    let reply = connection.call_method(Some(name), path, Some(interface), method, body).await?;
    reply.body().deserialize()
}

/// Connects to the bus at `address`; calls give up after [`PATIENCE`].
pub(super) async fn connect(address: &str) -> Connection {
    let connected = Builder::address(address).expect("a valid bus address").method_timeout(PATIENCE).build().await;
    connected.expect("a connection to the bus that was just started")
}

/// A thread with a runtime of its own for the harness's side of the buses.
///
/// So the login service answers and notices get their exact times even while the test's own runtime is busy.
#[derive(Debug)]
pub(super) struct Side {
    handle: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Side {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a second runtime");
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            // Both outcomes, a word and a dropped sender, mean the end.
            let _ = runtime.block_on(ended);
        });
        Self { handle, end: Some(end), thread: Some(thread) }
    }

    /// Runs `work` on the thread and returns its result.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.handle.spawn(work).await.expect("the harness's own work ends without a panic")
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
