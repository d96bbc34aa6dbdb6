//! Programs that the session starts, and the promise that none of them stays behind.

use super::waiting::{PATIENCE, wait_for};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Environment variable by which all programs of a session are known.
pub(crate) const MARK: &str = "TRAYPHONE_TEST_SESSION";

/// How long a killed process may take to be gone.
const DYING: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// Debian packages of the programs in use.
const PACKAGES: &[(&str, &str)] = &[
    ("WebKitWebDriver", "webkit2gtk-driver"),
    ("Xvfb", "xvfb"),
    ("busctl", "systemd"),
    ("dbus-daemon", "dbus"),
    ("chromium", "chromium"),
    ("display", "imagemagick"),
    ("dunst", "dunst"),
    ("exo-open", "libexo-common"),
    ("gio", "libglib2.0-bin"),
    ("gnome-keyring-daemon", "gnome-keyring"),
    ("import", "imagemagick"),
    ("ip", "iproute2"),
    ("notify-send", "libnotify-bin"),
    ("mousepad", "mousepad"),
    ("nsenter", "util-linux"),
    ("org.gnome.keyring.PrivatePrompter.service", "gcr"),
    ("org.gnome.keyring.SystemPrompter.service", "gcr"),
    ("org.xfce.Xfconf.service", "xfconf"),
    ("secret-tool", "libsecret-tools"),
    ("unshare", "util-linux"),
    ("update-desktop-database", "desktop-file-utils"),
    ("wl-copy", "wl-clipboard"),
    ("wl-paste", "wl-clipboard"),
    ("xclip", "xclip"),
    ("xdg-desktop-portal", "xdg-desktop-portal"),
    ("xdg-open", "xdg-utils"),
    ("xdotool", "xdotool"),
    ("xfce4-panel", "xfce4-panel"),
    ("xfwm4", "xfwm4"),
    ("xprop", "x11-utils"),
    ("xterm", "xterm"),
    ("xwininfo", "x11-utils"),
];

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Whether the exit status was 0.
    pub success: bool,
    /// The exit status; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A started program with its whole process group; dropping it kills the group.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts `command` in a process group of its own, both outputs appended to `log`.
    ///
    /// # Panics
    /// When the program cannot be started; names the Debian package if it is missing.
    pub(crate) fn start(name: &str, mut command: Command, log: &Path) -> Self {
        let out = File::options().create(true).append(true).open(log).expect("a log file in the session's folder");
        command.stdout(out.try_clone().expect("a second handle of the log"));
        command.stderr(out);
        Self::start_keeping_output(name, command, log)
    }

    /// Starts `command` in a process group of its own, with the outputs it already has.
    pub(super) fn start_keeping_output(name: &str, mut command: Command, log: &Path) -> Self {
        let child = command.process_group(0).spawn().unwrap_or_else(|problem| cannot_start(&command, &problem));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// The process id, which is also the id of the group.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything the program wrote so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the program to end by itself.
    pub async fn exited(&mut self) -> ExitStatus {
        let Self { name, child, .. } = self;
        wait_for(&format!("the end of {name}"), PATIENCE, async || child.try_wait().ok().flatten()).await
    }

    /// Asks the program to end (SIGTERM) and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        // An error says that the group is gone already, which is what is asked for.
        let _ = kill_process_group(self.group(), Signal::TERM);
        self.exited().await
    }

    /// Kills the program and all of its group (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        if self.is_running() {
            let _ = kill_process_group(self.group(), Signal::KILL);
            let _ = self.child.wait();
        }
        // Children of a program that ended by itself may live on in its group.
        let _ = kill_process_group(self.group(), Signal::KILL);
    }

    /// Kills the program (SIGKILL) and does not wait until it has ended.
    pub fn strike(&self) {
        kill_process_group(self.group(), Signal::KILL).expect("a running program to kill");
    }

    /// Stops the program where it stands, as sleep does (SIGSTOP).
    pub fn freeze(&self) {
        kill_process_group(self.group(), Signal::STOP).expect("a running program to freeze");
    }

    /// Lets a frozen program go on (SIGCONT).
    pub fn thaw(&self) {
        kill_process_group(self.group(), Signal::CONT).expect("a frozen program to thaw");
    }

    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs `command` to its end; none if it takes longer than `timeout`, and then it is killed.
pub(super) async fn run(mut command: Command, timeout: Duration) -> Option<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    let child = command.spawn().unwrap_or_else(|problem| cannot_start(command.as_std(), &problem));
    let output = tokio::time::timeout(timeout, child.wait_with_output()).await.ok()?.expect("the outputs of a child");
    Some(Finished {
        success: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Says that `name` is not installed and which package brings it.
pub(super) fn missing(name: &str) -> ! {
    let package = PACKAGES.iter().find(|(program, _)| *program == name).map_or(name, |(_, package)| package);
    panic!("`{name}` is missing: install the Debian package `{package}`");
}

/// Kills every process that carries the mark of the session in `root`, and waits until all are gone.
pub(crate) fn sweep(root: &Path) {
    // Twice, as a process may have started another one while the list was read.
    for _ in 0..2 {
        let dying: Vec<_> = marked(root)
            .into_iter()
            .filter_map(|pid| {
                let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
                kill_process(pid, Signal::KILL).ok()?;
                Some(handle)
            })
            .collect();
        for handle in &dying {
            let _ = poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&DYING));
        }
    }
}

/// The processes that carry the mark of the session in `root`.
pub(crate) fn marked(root: &Path) -> Vec<Pid> {
    let mark = format!("{MARK}={}", root.display());
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .flatten()
        .filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(process.path().join("environ")).ok()?;
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()).then_some(pid)
        })
        .filter_map(Pid::from_raw)
        .collect()
}

/// Starts the watchdog: when this process dies without dropping its session, the standard input of the watchdog
/// ends, and it kills what carries the mark and removes the folder.
pub(crate) fn watch_over(root: &Path) -> Running {
    const SCRIPT: &str = r#"read -r _
for process in /proc/[0-9]*; do
  if grep -qaF "$1" "$process/environ" 2>/dev/null; then kill -9 "${process#/proc/}"; fi
done
rm -rf -- "$2""#;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "watchdog"]).arg(format!("{MARK}={}", root.display())).arg(root);
    command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    Running::start_keeping_output("watchdog", command, Path::new("/dev/null"))
}

fn cannot_start(command: &Command, problem: &std::io::Error) -> ! {
    let program = command.get_program().to_string_lossy();
    if problem.kind() == ErrorKind::NotFound {
        missing(&program);
    }
    panic!("cannot start `{program}`: {problem}");
}
