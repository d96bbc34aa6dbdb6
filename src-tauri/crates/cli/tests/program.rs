//! The program as a script meets it: exit statuses, one JSON document, and the agent in the foreground.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trayphonectl"));
    command.env("TRAYPHONE_SOCKET", folder.join("control.sock")).env("HOME", folder).env_remove("TRAYPHONE_LOG");
    command.stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().expect("the program starts")
}

fn run_with_input(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = program(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // It may end before it has read everything.
    child.stdin.take().expect("a pipe").write_all(input).ok();
    child.wait_with_output().expect("the program ends")
}

/// The one document on standard output.
fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("exactly one JSON document")
}

/// A running agent; it ends with this.
struct Agent(Child);

impl Agent {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, |_| {})
    }

    fn start_with(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let arguments = ["agent", "--config-dir", "c", "--state-dir", "s", "--vault", "memory"];
        let mut command = program(folder);
        change(&mut command);
        let mut child = command.current_dir(folder).args(arguments).stderr(Stdio::piped()).spawn().expect("the agent starts");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        // It says that it starts after it has opened its socket.
        log.read_line(&mut line).expect("a line");
        assert!(line.contains("the agent starts"), "{line}");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self(child)
    }

    /// What it says when it does not become an agent.
    fn refuses(mut self) -> String {
        let mut lines = BufReader::new(self.0.stderr.take().expect("a pipe"));
        let mut said = String::new();
        lines.read_line(&mut said).expect("a line");
        // An agent that started would run on; it is killed with this.
        assert!(!said.contains("the agent starts"), "a second agent: {said}");
        lines.read_to_string(&mut said).expect("the rest");
        assert_eq!(self.0.wait().expect("it ends").code(), Some(1), "{said}");
        said
    }

    fn end(mut self) -> std::process::ExitStatus {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill is there").success());
        self.0.wait().expect("it ends")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn without_an_agent_every_command_ends_with_3() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    for command in [
        &["status"][..],
        &["calls"],
        &["answer"],
        &["dial", "207"],
        &["presence"],
        &["presence", "--watch"],
        &["set-presence", "dnd"],
        &["history"],
        &["watch"],
        &["account", "list"],
        &["doctor"],
    ] {
        let output = run(folder.path(), &[&["--json"], command].concat());
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        let document = document(&output);
        if command == ["doctor"] {
            assert_eq!(document["checks"][0]["result"], "problem");
        } else {
            assert_eq!(document["error"]["code"], "no_agent", "{command:?}");
        }
    }
}

#[test]
fn a_second_agent_on_the_same_folders_is_told_whose_they_are_and_ends_with_1() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let first = Agent::start(folder.path());
    for folders in [["c", "other"], ["other", "s"]] {
        let [config, state] = folders.map(|name| folder.path().join(name).display().to_string());
        let socket = folder.path().join("second.sock").display().to_string();
        let arguments = ["--json", "--socket", &socket, "agent", "--config-dir", &config, "--state-dir", &state];
        let output = run(folder.path(), &[&arguments[..], &["--vault", "memory"]].concat());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = document(&output)["error"]["text"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(&format!("process {}", first.0.id())) && text.contains("control.sock"), "{text}");
        assert!(!Path::new(&socket).exists(), "it left nothing behind");
    }
    // The first one works on, and its folders are free once it has ended.
    assert!(run(folder.path(), &["status"]).status.success());
    assert!(first.end().success());
    assert!(Agent::start(folder.path()).end().success());
}

#[test]
fn wrong_usage_ends_with_2_and_one_document() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    for command in [
        &["sing"][..],
        &["dial"],
        &["set-presence", "dnd", "--until", "yesterday"],
        &["numbers", "--plan", "/nowhere/plan.toml", "1"],
    ] {
        let output = run(folder.path(), &[command, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert_eq!(document(&output)["error"]["code"], "wrong_usage", "{command:?}");
        let output = run(folder.path(), command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{command:?}");
    }
}

#[test]
fn numbers_need_no_agent_and_read_standard_input() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let output = run_with_input(folder.path(), &["--json", "numbers"], b"+49 30 123456\n");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(document(&output)["candidates"][0]["dial"], "+4930123456");
    for input in [&b"\xff\xfe"[..], "1".repeat(10_001).as_bytes(), &vec![b'1'; 100_000]] {
        assert_eq!(run_with_input(folder.path(), &["numbers"], input).status.code(), Some(2));
    }
    let longest = "x".repeat(10_000);
    assert_eq!(run_with_input(folder.path(), &["numbers"], longest.as_bytes()).status.code(), Some(0));
}

#[test]
fn one_agent_runs_on_a_socket_and_ends_when_it_is_told() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let agent = Agent::start(folder.path());
    let second = run(folder.path(), &["--json", "agent", "--vault", "memory"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(document(&second)["error"]["text"].as_str().is_some_and(|text| text.contains("running")));
    let status = run(folder.path(), &["--json", "status"]);
    assert_eq!(status.status.code(), Some(0));
    assert_eq!(document(&status)["accounts"], Value::Array(vec![]));
    assert_eq!(run(folder.path(), &["answer"]).status.code(), Some(1));
    assert_eq!(run(folder.path(), &["account", "test", "office"]).status.code(), Some(2));
    let empty = run_with_input(
        folder.path(),
        &["account", "add", "office", "--kind", "k", "--url", "https://pbx.example/", "--password-stdin"],
        b"\n",
    );
    assert_eq!(empty.status.code(), Some(2));
    assert_eq!(agent.end().code(), Some(0));
    assert!(!folder.path().join("control.sock").exists());
    assert_eq!(run(folder.path(), &["status"]).status.code(), Some(3));
}

#[test]
fn help_and_version_are_one_document_too() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    for arguments in [&["--json", "--help"][..], &["--json", "help"], &["--json", "dial", "--help"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(document(&output)["help"].as_str().is_some_and(|text| text.contains("Usage")), "{arguments:?}");
    }
    let output = run(folder.path(), &["--version", "--json"]);
    assert_eq!(document(&output)["version"], env!("CARGO_PKG_VERSION"));
    assert!(String::from_utf8_lossy(&run(folder.path(), &["--help"]).stdout).contains("Usage"));
    for arguments in [&["--json"][..], &["--json", "account"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = document(&output);
        assert!(told["error"]["detail"].as_str().is_some_and(|text| text.contains("command")), "{told}");
    }
    let told = document(&run(folder.path(), &["--json", "dial"]));
    assert!(told["error"]["detail"].as_str().is_some_and(|text| text.contains("<TEXT>")), "{told}");
}

#[test]
fn what_cannot_be_printed_is_no_success() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let _agent = Agent::start(folder.path());
    for arguments in [&["status"][..], &["--json", "status"], &["numbers", "1"], &["--help"], &["--json", "--version"]] {
        let output = program(folder.path()).args(arguments).stdout(full()).stderr(Stdio::piped()).output().expect("it starts");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.matches("could not be written").count(), 1, "{arguments:?}: {said}");
    }
    // What it failed with before counts more, and is told where it still can be.
    let output = program(folder.path()).args(["--json", "account", "test", "office"]).stdout(full()).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there is no account office") && said.contains("could not be written"), "{said}");
    // A reader that has seen enough is no fault.
    for arguments in [&["status"][..], &["--help"], &["--json", "calls"]] {
        let mut child = program(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn keys_of_a_plan_are_checked_before_anybody_is_asked() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    for (set, says) in [
        ("plan.contry=DE", "plan.country"),
        ("plan.country=Germany", "two letters"),
        ("plan.extensions=two", "200-299"),
        ("plan.send=plus", "national, e164 or 00"),
        ("plan.ask_links=perhaps", "true or false"),
    ] {
        let add = ["--json", "account", "add", "office", "--kind", "k", "--url", "https://pbx.example/", "--set", set];
        let output = run(folder.path(), &add);
        assert_eq!(output.status.code(), Some(2), "{set}");
        let told = document(&output);
        assert_eq!(told["error"]["code"], "wrong_usage");
        assert!(told["error"]["detail"].as_str().is_some_and(|text| text.contains(says)), "{set}: {told}");
    }
    let plan = folder.path().join("plan.toml");
    std::fs::write(&plan, "country = \"Germany\"\n").expect("a file");
    let output = run(folder.path(), &["--json", "numbers", "--plan", plan.to_str().expect("a plain path"), "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(document(&output)["error"]["detail"].as_str().is_some_and(|text| text.contains("two letters")));
}

#[test]
fn an_agent_whose_socket_was_deleted_is_found_again_and_stays_the_only_one() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let runtime = folder.path().join("trayphone");
    let socket = runtime.join("control.sock");
    let at = |command: &mut Command| {
        command.env("TRAYPHONE_SOCKET", &socket);
    };
    let agent = Agent::start_with(folder.path(), at);
    for _ in 0..3 {
        // As a cleaner does. The agent may have put its socket back before the folder itself goes; then there is one more to delete.
        let deleted = (0..100).find_map(|_| std::fs::remove_dir_all(&runtime).ok());
        assert!(deleted.is_some(), "{runtime:?} cannot be deleted");
        // Straight after it, when the agent may not have noticed yet.
        let mut second = program(folder.path());
        at(&mut second);
        let second =
            second.current_dir(folder.path()).args(["agent", "--config-dir", "c2", "--state-dir", "s2", "--vault", "memory"]);
        let second = Agent(second.stderr(Stdio::piped()).spawn().expect("it starts"));
        assert!(second.refuses().contains("Another Trayphone agent is running"));
        let mut status = program(folder.path());
        at(&mut status);
        assert_eq!(status.args(["--json", "status"]).output().expect("it starts").status.code(), Some(0));
        assert!(socket.exists());
    }
    assert_eq!(agent.end().code(), Some(0));
    assert!(!socket.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_an_agent_gets_into_no_core_dump() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let agent = Agent::start(folder.path());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", agent.0.id())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit");
    // Soft and hard; a program that collects dumps gets none at exactly this limit.
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["1", "1"], "{core}");
    assert_eq!(agent.end().code(), Some(0));
}

#[test]
fn watching_ends_well_when_it_is_interrupted() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let _agent = Agent::start(folder.path());
    let mut child =
        program(folder.path()).args(["--json", "presence", "--watch"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    let first: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(first["people"], Value::Array(vec![]));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there").success());
    let status = child.wait().expect("it ends");
    assert_eq!((status.code(), status.signal()), (Some(0), None));
}
