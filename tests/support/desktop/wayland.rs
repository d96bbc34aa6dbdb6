//! A compositor without a screen, sway, beside the session: programs in it see no X server.

use super::programs::{self, Finished, Running};
use super::session::Session;
use super::waiting::{PATIENCE, wait_for, wait_until};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The name of the socket; sway takes the first that is free, and the session's folder is empty.
const SOCKET: &str = "wayland-1";

/// A running compositor; dropping it ends it.
#[derive(Debug)]
pub struct Wayland<'a> {
    session: &'a Session,
    _compositor: Running,
}

impl Session {
    /// Starts sway without a screen and without X11, and waits until it answers.
    pub async fn start_wayland(&self) -> Wayland<'_> {
        let settings = self.root().join("sway.conf");
        fs::write(&settings, "xwayland disable\n").expect("settings of sway");
        let mut command = Command::new("unshare");
        command.env_clear().envs(self.env().iter().filter(|(name, _)| *name != "DISPLAY"));
        command.envs([("WLR_BACKENDS", "headless"), ("WLR_RENDERER", "pixman"), ("WLR_LIBINPUT_NO_DEVICES", "1")]);
        // Sway refuses to run as root, which it is not in a world of users of its own.
        command.args(["--user", "--map-user=1000", "--map-group=1000", "sway", "-c"]).arg(&settings);
        let compositor = self.spawn("sway", command);
        let socket = self.root().join("run").join(SOCKET);
        wait_until("the socket of sway", PATIENCE, || socket.exists()).await;
        Wayland { session: self, _compositor: compositor }
    }
}

impl Wayland<'_> {
    /// The words before a command that bring it here, away from X11.
    pub fn within() -> Vec<String> {
        let words = ["env", "-u", "DISPLAY", "XDG_SESSION_TYPE=wayland"].map(str::to_owned);
        words.into_iter().chain([format!("WAYLAND_DISPLAY={SOCKET}")]).collect()
    }

    /// A command in this world.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.session.command(program);
        command.env_remove("DISPLAY").env("WAYLAND_DISPLAY", SOCKET);
        command
    }

    /// Runs a program in this world to its end.
    pub async fn run(&self, program: &str, arguments: &[&str]) -> Finished {
        let mut command = self.command(program);
        command.args(arguments);
        programs::run(command, PATIENCE).await.unwrap_or_else(|| panic!("`{program}` took too long"))
    }

    /// Owns a selection (`primary` or `clipboard`) with these bytes as `kind` until the returned program ends.
    pub async fn offer(&self, selection: &str, kind: &str, bytes: &[u8]) -> Running {
        let file = self.session.root().join(format!("offered-{selection}"));
        fs::write(&file, bytes).expect("a file for what is offered");
        let mut command = self.command("sh");
        let flag = if selection == "primary" { "--primary" } else { "--foreground" };
        command.args(["-c", "exec wl-copy --foreground \"$1\" --type \"$2\" < \"$3\"", "sh", flag, kind]).arg(&file);
        let running = self.session.spawn("wl-copy", command);
        wait_for("the selection to be offered", PATIENCE, async || {
            (self.whole(selection).await.iter().any(|(_, offered)| offered == bytes)).then_some(())
        })
        .await;
        running
    }

    /// All that a selection (`primary` or `clipboard`) holds, by its kind.
    pub async fn whole(&self, selection: &str) -> Vec<(String, Vec<u8>)> {
        let flags: &[&str] = if selection == "primary" { &["--primary"] } else { &[] };
        let kinds = self.run("wl-paste", &[flags, &["--list-types"]].concat()).await;
        let mut whole = Vec::new();
        for kind in kinds.stdout.lines().filter(|_| kinds.success) {
            let file = self.session.root().join("pasted");
            let mut command = self.command("sh");
            command.args(["-c", "file=$1; shift; exec wl-paste --no-newline \"$@\" > \"$file\"", "sh"]).arg(&file);
            command.args(flags).args(["--type", kind]);
            let pasted = programs::run(command, PATIENCE).await.expect("wl-paste ends");
            if pasted.success {
                whole.push((kind.to_owned(), fs::read(&file).expect("what wl-paste wrote")));
            }
        }
        whole.sort();
        whole
    }

    /// Waits until nothing is selected.
    pub async fn clear_primary(&self) {
        assert!(self.run("wl-copy", &["--primary", "--clear"]).await.success);
        wait_for("an empty selection", PATIENCE, async || self.whole("primary").await.is_empty().then_some(())).await;
    }
}
