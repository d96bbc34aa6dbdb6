//! The program as a script meets it: exit statuses, one JSON document, and the agent in the foreground.

use std::io::{BufRead as _, BufReader, Write as _};
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
        let arguments = ["agent", "--config-dir", "c", "--state-dir", "s", "--vault", "memory"];
        let mut child =
            program(folder).current_dir(folder).args(arguments).stderr(Stdio::piped()).spawn().expect("the agent starts");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        // It says that it starts after it has opened its socket.
        log.read_line(&mut line).expect("a line");
        assert!(line.contains("the agent starts"), "{line}");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self(child)
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
