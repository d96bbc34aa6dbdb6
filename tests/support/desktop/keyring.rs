//! The keyring in all its states: absent, unlocked, locked with and without somebody to ask for the password.

use super::bus::{call, owner_pid};
use super::programs::Running;
use super::session::{Part, Session};
use super::waiting::{PATIENCE, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

/// The password of the keyring that the harness creates.
pub const KEYRING_PASSWORD: &str = "open the drawer";

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SECRETS: (&str, &str, &str) = (NAME, PATH, "org.freedesktop.Secret.Service");
/// The keyring's own door for programs that know the password, such as the login screen.
const MASTER: (&str, &str, &str) = (NAME, PATH, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface");
const PROMPTERS: [&str; 2] = ["org.gnome.keyring.SystemPrompter", "org.gnome.keyring.PrivatePrompter"];
const PROMPTER_CLASS: &str = "Gcr-prompter";

/// State of the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// No program offers secrets.
    Absent,
    /// Open, with a prompter at hand.
    Unlocked,
    /// Its collection exists and is locked.
    Locked(Prompter),
}

/// Whether somebody can ask the user for the keyring's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompter {
    /// A window opens and asks.
    Present,
    /// Every prompt fails.
    Absent,
}

/// What `secret-tool` answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The secret.
    Found(String),
    /// There is no such entry.
    NotFound,
    /// The keyring could not be asked, in the words of `secret-tool`.
    Failed(String),
    /// No answer in time; usually a prompt is open.
    Pending,
}

impl Session {
    /// Starts the keyring open, creating its collection if there is none; a running one is replaced.
    pub async fn keyring_unlocked(&self) {
        self.keyring_stop().await;
        let mut command = self.keyring_command();
        command.arg("--unlock").stdin(Stdio::piped());
        let mut keyring = Running::start("gnome-keyring", command, &self.log("gnome-keyring"));
        let mut input = keyring.child().stdin.take().expect("the keyring reads its password from a pipe");
        input.write_all(KEYRING_PASSWORD.as_bytes()).expect("the keyring takes its password");
        // It reads until the end of its input.
        drop(input);
        self.keep(Part::Keyring, keyring);
        self.await_lock(false).await;
    }

    /// Starts the keyring locked, with its collection from before; a running one is replaced.
    pub async fn keyring_locked(&self, prompter: Prompter) {
        if !self.home().join(".local/share/keyrings/login.keyring").exists() {
            self.keyring_unlocked().await;
        }
        self.keyring_stop().await;
        self.set_prompter(prompter).await;
        let mut command = self.keyring_command();
        command.stdin(Stdio::null());
        self.keep(Part::Keyring, Running::start("gnome-keyring", command, &self.log("gnome-keyring")));
        self.await_lock(true).await;
    }

    /// Locks the collection of the running keyring.
    pub async fn keyring_lock(&self) {
        let collections = vec![self.collection().await.expect("a keyring to lock")];
        let locked: zbus::Result<(Vec<OwnedObjectPath>, OwnedObjectPath)> =
            call(&self.bus, SECRETS, "Lock", &(collections,)).await;
        locked.expect("a keyring that lets itself be locked");
        self.await_lock(true).await;
    }

    /// Unlocks the collection with its password, without a prompt.
    ///
    /// # Errors
    /// The keyring's own, when the password is wrong.
    pub async fn keyring_unlock(&self, password: &str) -> zbus::Result<()> {
        let collection = self.collection().await.expect("a keyring to unlock");
        let (_, session): (OwnedValue, OwnedObjectPath) =
            call(&self.bus, SECRETS, "OpenSession", &("plain", Value::from(""))).await?;
        let secret = (session, Vec::<u8>::new(), password.as_bytes(), "text/plain");
        call::<_, ()>(&self.bus, MASTER, "UnlockWithMasterPassword", &(collection, secret)).await?;
        self.await_lock(false).await;
        Ok(())
    }

    /// Ends the keyring; nobody offers secrets when this returns, and what was stored stays on disk.
    pub async fn keyring_stop(&self) {
        if let Some(mut keyring) = self.take(Part::Keyring) {
            keyring.terminate().await;
        } else if let Some(pid) = owner_pid(&self.bus, NAME).await {
            // The bus has started it by itself.
            end(pid);
        }
        self.await_owner(NAME, false).await;
    }

    /// Whether the keyring's collection is locked; none without a keyring or collection.
    pub async fn keyring_is_locked(&self) -> Option<bool> {
        let collection = self.collection().await?;
        let target = (NAME, collection.as_str(), "org.freedesktop.DBus.Properties");
        let locked: OwnedValue = call(&self.bus, target, "Get", &("org.freedesktop.Secret.Collection", "Locked")).await.ok()?;
        locked.try_into().ok()
    }

    /// Decides whether a prompt can open from now on; an open one is closed if not.
    ///
    /// # Panics
    /// On a bus that starts all installed services, when no prompter is wanted: one would always start.
    pub async fn set_prompter(&self, prompter: Prompter) {
        match prompter {
            Prompter::Present => {
                for service in PROMPTERS {
                    self.allow_service(service).await;
                }
            }
            Prompter::Absent => {
                let installed = self.options.services == super::bus::BusServices::Installed;
                assert!(!installed, "a bus with all installed services always has a prompter");
                for service in PROMPTERS {
                    self.forbid_service(service).await;
                }
                for service in PROMPTERS {
                    if let Some(pid) = owner_pid(&self.bus, service).await {
                        end(pid);
                        self.await_owner(service, false).await;
                    }
                }
            }
        }
    }

    /// Whether the keyring's window that asks for the password has the keyboard.
    pub async fn keyring_prompt_is_open(&self) -> bool {
        self.active_window().await.is_some_and(|window| window.class == PROMPTER_CLASS)
    }

    /// Waits for the keyring's window and types `password` into it.
    pub async fn answer_keyring_prompt(&self, password: &str) {
        self.await_prompt().await;
        self.type_text(password).await;
        self.key("Return").await;
    }

    /// Waits for the keyring's window and dismisses it.
    pub async fn dismiss_keyring_prompt(&self) {
        self.await_prompt().await;
        self.key("Escape").await;
    }

    /// Stores a secret with `secret-tool`.
    ///
    /// # Panics
    /// When the keyring refuses.
    pub async fn secret_tool_store(&self, attributes: &[(&str, &str)], secret: &str) {
        let file = self.root().join("secret");
        std::fs::write(&file, secret).expect("a file for the secret");
        let mut command = self.command("sh");
        command.args(["-c", "exec secret-tool store --label=test \"$@\" < \"$0\""]).arg(&file);
        command.args(attributes.iter().flat_map(|(name, value)| [name, value]));
        let stored = super::programs::run(command, PATIENCE).await.expect("an answer of secret-tool");
        assert!(stored.success, "secret-tool: {}", stored.stderr);
        std::fs::remove_file(&file).expect("the file is gone again");
    }

    /// Looks a secret up with `secret-tool`; a lookup in a locked keyring opens a prompt and is given up after `timeout`.
    pub async fn secret_tool_lookup(&self, attributes: &[(&str, &str)], timeout: Duration) -> Lookup {
        let mut arguments = vec!["lookup"];
        arguments.extend(attributes.iter().flat_map(|(name, value)| [name, value]));
        match self.run_for(timeout, "secret-tool", &arguments).await {
            None => Lookup::Pending,
            Some(answer) if answer.success => Lookup::Found(answer.stdout),
            Some(answer) if answer.stderr.trim().is_empty() => Lookup::NotFound,
            Some(answer) => Lookup::Failed(answer.stderr.trim().to_owned()),
        }
    }

    /// How often the keyring has asked for a password; asking again after a wrong one counts.
    pub fn keyring_prompts(&self) -> usize {
        self.notice_log.prompts()
    }

    /// Waits for a prompt that nobody has answered yet, and counts it as answered.
    async fn await_prompt(&self) {
        // After a wrong password the window stays and takes no keys for a moment, until it is asked again.
        let asked = wait_for("the keyring to ask for its password", PATIENCE, async || {
            Some(self.keyring_prompts()).filter(|asked| *asked > self.answered_prompts.load(Ordering::SeqCst))
        })
        .await;
        wait_for("the keyring's window", PATIENCE, async || self.keyring_prompt_is_open().await.then_some(())).await;
        self.answered_prompts.store(asked, Ordering::SeqCst);
    }

    async fn await_lock(&self, locked: bool) {
        let what = if locked { "a locked keyring" } else { "an unlocked keyring" };
        wait_for(what, PATIENCE, async || (self.keyring_is_locked().await == Some(locked)).then_some(())).await;
    }

    async fn collection(&self) -> Option<OwnedObjectPath> {
        // Asking by name would start the keyring where the bus may do so.
        if !self.is_on_bus(NAME).await {
            return None;
        }
        let path: OwnedObjectPath = call(&self.bus, SECRETS, "ReadAlias", &("default",)).await.ok()?;
        (path.as_ref() != ObjectPath::from_static_str_unchecked("/")).then_some(path)
    }

    fn keyring_command(&self) -> std::process::Command {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets", "--control-directory"]);
        command.arg(self.root().join("run/keyring"));
        command
    }
}

fn end(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // An error says that it ended by itself meanwhile.
        let _ = kill_process(pid, Signal::TERM);
    }
}
