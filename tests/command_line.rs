//! Every row of the command line contract: the real `trayphonectl`, its agent, and a fake PBX on loopback.

#[path = "command_line/doctor.rs"]
mod doctor;
#[path = "command_line/forwarding.rs"]
mod forwarding;
#[path = "command_line/history.rs"]
mod history;
#[path = "command_line/parking.rs"]
mod parking;
#[path = "command_line/real_pbx_doctor.rs"]
mod real_pbx_doctor;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use phone_tests::vodia::{FakeVodia, Generation, OwnPhone};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longest wait for anything that should come soon.
const SOON: Duration = Duration::from_secs(20);
/// The password of 204.
const PASSWORD: &str = "Sample-Pw9";

#[tokio::test]
async fn accounts_are_added_listed_tested_and_removed() {
    let pbx = fake().await;
    let agent = Agent::start().await;
    let url = pbx.url();
    let add = |more: &[&str]| {
        let add = ["account", "add", "office", "--kind", "vodia", "--url", &url, "--user", "204@tenant.example"];
        add.iter().chain(more).chain(&["--password-stdin"]).map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let none = agent.json(&["status"], 0).await;
    assert_eq!(none["accounts"], json!([]));
    agent.fails(&["dial", "207"], 5, "no_account").await;
    agent.fails(&["dial", "207", "--account", "nobody"], 5, "no_account").await;

    let refused = agent.run_with(&add(&[]), "wrong").await;
    assert_eq!((refused.status, &refused.document()["error"]["code"]), (1, &json!("credentials_refused")));
    assert_eq!(agent.json(&["account", "list"], 0).await["accounts"], json!([]), "a refused account is not kept");
    assert!(!refused.text().contains("wrong\""), "{refused:?}");
    let unknown = agent.run_with(&add(&["--set", "plan.contry=DE"]), PASSWORD).await;
    assert_eq!(unknown.status, 2);

    for (set, says) in [("dialpath=rest", "dial_path"), ("contry=DE", "plan.country"), ("keepalive_s=3600", "5 to 600")] {
        let wrong = agent.run_with(&add(&["--set", set]), PASSWORD).await;
        assert_eq!((wrong.status, &wrong.document()["error"]["code"]), (2, &json!("wrong_usage")), "{set}");
        assert!(wrong.document()["error"]["detail"].as_str().is_some_and(|text| text.contains(says)), "{wrong:?}");
    }

    let added =
        agent.run_with(&add(&["--set", "plan.country=DE", "--set", "plan.extensions=2XX"]), &format!("{PASSWORD}\n")).await;
    assert_eq!((added.status, &added.document()["ok"]), (0, &json!(true)), "{added:?}");
    assert_eq!(added.document()["account"]["link"], "online");
    let twice = agent.run_with(&add(&[]), PASSWORD).await;
    assert_eq!((twice.status, &twice.document()["error"]["code"]), (2, &json!("wrong_usage")));

    let list = agent.json(&["account", "list"], 0).await;
    assert_eq!(list["accounts"][0]["name"], "office");
    let status = agent.json(&["status"], 0).await;
    for key in ["name", "kind", "link", "since", "why", "retry_at", "user", "display_name", "server", "dialect", "abilities"] {
        assert!(status["accounts"][0].get(key).is_some(), "{key} is missing: {status}");
    }
    assert!(status["revision"].is_u64() && status["accounts"][0]["why"].is_null());
    assert_eq!(agent.json(&["account", "test", "office"], 0).await["ok"], true);
    for command in [["account", "test", "nobody"], ["account", "remove", "nobody"], ["account", "password", "nobody"]] {
        let rest: &[&str] = if command[1] == "password" { &["--password-stdin"] } else { &[] };
        let told = agent.fails(&[&command, rest].concat(), 2, "wrong_usage").await;
        assert!(told["error"]["detail"].as_str().is_some_and(|text| text.contains("office")), "{told}");
    }
    let empty = agent.run_with(&["account", "password", "office", "--password-stdin"], "\n").await;
    assert_eq!(empty.status, 2);
    let same = agent.run_with(&["account", "password", "office", "--password-stdin"], PASSWORD).await;
    assert_eq!(same.status, 0, "{same:?}");
    assert_eq!(agent.json(&["account", "remove", "office"], 0).await["ok"], true);
    agent.fails(&["account", "remove", "office"], 2, "wrong_usage").await;
}

#[tokio::test]
async fn an_account_that_cannot_be_written_down_is_no_success() {
    let pbx = fake().await;
    let agent = Agent::start().await;
    // A folder in the place of the file: nobody, not even root, can put a file there.
    std::fs::create_dir_all(agent.path("config/settings.toml/in the way")).expect("a folder");
    let added = agent.add(&pbx).await;
    assert_eq!(added.status, 1, "{added:?}");
    let told = added.document();
    assert!(told["error"]["text"].as_str().is_some_and(|text| text.contains("could not be written")), "{told}");
    assert_eq!(agent.json(&["account", "list"], 0).await["accounts"], json!([]), "what was refused is not there");
}

#[tokio::test]
async fn a_dial_ends_with_what_became_of_it() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    let call = agent.json(&["dial", "+4930555001"], 0).await;
    assert_eq!(call["ok"], true);
    let state = call["call"]["state"].as_str().expect("a state");
    assert!(["calling_own_phone", "ringing", "connected"].contains(&state), "{call}");
    assert_eq!(pbx.dials().len(), 1);
    agent.fails(&["dial", "+4930555001"], 1, "rate_limited").await;
    let none = agent.fails(&["dial", "207", "--account", "nobody"], 2, "wrong_usage").await;
    assert!(none["error"]["detail"].as_str().is_some_and(|text| text.contains("office")), "{none}");
    agent.fails(&["dial", "112"], 7, "policy_refuse").await;
    agent.fails(&["dial", "--yes", "112"], 7, "policy_refuse").await;
    agent.fails(&["dial", "sip:204@elsewhere.example"], 6, "policy_ask").await;
    agent.fails(&["dial", "030 555001 030 555002"], 2, "several_numbers").await;
    agent.fails(&["dial", "+4930555001 and +4930555002"], 2, "several_numbers").await;
    agent.fails(&["dial", "sip:mara@pbx.example"], 2, "wrong_usage").await;
    agent.fails(&["dial", ""], 2, "wrong_usage").await;
    assert_eq!(pbx.dials().len(), 1, "what was refused rang nowhere");
}

#[tokio::test]
async fn digits_for_after_the_answer_are_told_to_people_and_scripts() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    let dialled = run(agent.folder.path(), &["dial", "+4930555001 ext. 101"], "").await;
    assert_eq!(dialled.status, 0, "{dialled:?}");
    assert!(dialled.text().ends_with(" +4930555001, then 101\n"), "{dialled:?}");
    let listed = run(agent.folder.path(), &["calls"], "").await;
    assert!(listed.text().contains(" then 101 "), "{listed:?}");
    assert_eq!(agent.json(&["calls"], 0).await["calls"][0]["post_dial"], "101");
    assert_eq!(pbx.dials().len(), 1);
}

#[tokio::test]
async fn call_commands_name_their_call_or_the_only_one() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    for command in ["answer", "hangup", "hold", "resume"] {
        agent.fails(&[command], 1, "no_such_call").await;
        agent.fails(&[command, "office/c99"], 1, "no_such_call").await;
    }
    agent.fails(&["dtmf", "office/c99", "1"], 1, "no_such_call").await;
    agent.fails(&["dtmf", "office/c99", "x"], 2, "wrong_usage").await;
    agent.fails(&["transfer", "office/c99", "207"], 1, "no_such_call").await;
    agent.fails(&["transfer", "office/c99"], 2, "wrong_usage").await;

    pbx.ring("+4930555001", "Mara Beispiel", "204");
    let ringing = agent.call_in("ringing").await;
    for key in ["id", "account", "direction", "state", "remote", "via", "since", "connected_at", "stale", "can"] {
        assert!(ringing.get(key).is_some(), "{key} is missing: {ringing}");
    }
    assert_eq!(ringing["remote"], json!({"number": "+4930555001", "name": "Mara Beispiel"}));
    let id = ringing["id"].as_str().expect("an id").to_owned();
    assert_eq!(agent.json(&["answer"], 0).await["call"], json!({"id": id, "state": "connected"}));
    // Already so: nothing is sent.
    let sent = || pbx.actions().len() + pbx.requests().iter().filter(|request| request.method != "GET").count();
    let before = sent();
    assert_eq!(agent.json(&["answer", &id], 0).await["call"]["state"], "connected");
    assert_eq!(agent.json(&["resume", &id], 0).await["call"]["state"], "connected");
    assert_eq!(sent(), before);
    assert_eq!(agent.json(&["hold"], 0).await["call"]["state"], "held");
    // Already so: nothing is sent.
    let sent = pbx.actions().len() + pbx.requests().iter().filter(|request| request.method != "GET").count();
    assert_eq!(agent.json(&["hold"], 0).await["call"]["state"], "held");
    assert_eq!(pbx.actions().len() + pbx.requests().iter().filter(|request| request.method != "GET").count(), sent);
    assert_eq!(agent.json(&["resume"], 0).await["call"]["state"], "connected");
    agent.fails(&["transfer", &id, "--to-call", &id], 2, "wrong_usage").await;

    let other = pbx.ring("+4930555002", "Ben Muster", "204");
    agent.call_in("ringing").await;
    agent.fails(&["hangup"], 2, "wrong_usage").await;
    pbx.hang_up_far(other);
    agent.calls_are(1).await;
    assert_eq!(agent.json(&["hangup"], 0).await["ok"], true);
    agent.calls_are(0).await;
    let history = agent.json(&["history", "--limit", "1"], 0).await;
    for key in ["id", "account", "direction", "outcome", "remote", "started_at", "connected_at", "ended_at", "source"] {
        assert!(history["calls"][0].get(key).is_some(), "{key} is missing: {history}");
    }
    // Whether somebody else took it, only the PBX's own history may tell, which is asked first.
    let missed = async {
        loop {
            let missed = agent.json(&["history", "--missed", "--filter", "ben"], 0).await;
            if missed["calls"] != json!([]) {
                break missed;
            }
        }
    };
    assert_eq!(within(missed).await["calls"][0]["outcome"], "missed");
    assert_eq!(agent.json(&["history", "--filter", "nobody at all"], 0).await["calls"], json!([]));
}

#[tokio::test]
async fn a_call_is_handed_on_blind_and_attended() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    pbx.ring("+4930555001", "Mara Beispiel", "204");
    agent.call_in("ringing").await;
    let id = agent.json(&["answer"], 0).await["call"]["id"].as_str().expect("an id").to_owned();
    agent.fails(&["transfer", &id, "not a number"], 2, "wrong_usage").await;
    assert_eq!(agent.json(&["transfer", &id, "207"], 0).await["ok"], true);
    agent.calls_are(0).await;
}

#[tokio::test]
async fn colleagues_and_the_own_state_are_shown_and_set() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    let ann = agent.json(&["presence", "--filter", "ann"], 0).await;
    for key in ["id", "account", "type", "number", "name", "presence", "dnd", "note", "since", "last_known"] {
        assert!(ann["people"][0].get(key).is_some(), "{key} is missing: {ann}");
    }
    let persons = agent.json(&["presence"], 0).await["people"].as_array().map_or(0, Vec::len);
    let all = agent.json(&["presence", "--all"], 0).await["people"].as_array().map_or(0, Vec::len);
    assert!(persons > 0 && all > persons);
    assert_eq!(agent.json(&["set-presence", "dnd"], 0).await["ok"], true);
    assert_eq!(agent.json(&["set-presence", "available"], 0).await["ok"], true);
    agent.fails(&["set-presence", "away"], 1, "unsupported").await;
    agent.fails(&["set-presence", "dnd", "--until", "yesterday"], 2, "wrong_usage").await;
    assert_eq!(agent.json(&["set-presence", "dnd", "--until", "2h", "--note", "Lunch"], 0).await["ok"], true);
    let checks = agent.json(&["doctor"], 0).await;
    assert!(
        checks["checks"]
            .as_array()
            .is_some_and(|all| all.iter().any(|check| check["name"] == "agent" && check["result"] == "ok"))
    );
}

#[tokio::test]
async fn an_older_server_that_knows_no_end_is_not_said_to_take_one() {
    let pbx = FakeVodia::start(phone_tests::vodia::Options::new(Generation::G2)).await.expect("a fake");
    let agent = Agent::signed_in(&pbx).await;
    agent.fails(&["set-presence", "dnd", "--until", "2h"], 1, "unsupported").await;
}

#[tokio::test]
async fn events_come_as_one_line_each_until_the_program_is_interrupted() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    let mut watching = agent.command(&["watch"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(watching.stdout.take().expect("a pipe")).lines();
    // It may not have subscribed yet, so calls come until one is told.
    let ringing = async {
        loop {
            let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
            let line = tokio::time::timeout(Duration::from_secs(1), lines.next_line()).await;
            if let Ok(line) = line {
                break line.expect("it runs").expect("a line");
            }
            pbx.hang_up_far(call);
        }
    };
    let line = within(ringing).await;
    let event: Value = serde_json::from_str(&line).expect("JSON");
    assert!(event["event"].is_string() && event["at"].is_string(), "{event}");
    let id = watching.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.expect("kill is there").success());
    assert_eq!(within(watching.wait()).await.expect("it ends").code(), Some(0));
}

#[tokio::test]
async fn offline_and_without_an_agent_nothing_is_done() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    drop(pbx);
    let lost = async { while agent.json(&["status"], 0).await["accounts"][0]["link"] == "online" {} };
    within(lost).await;
    agent.fails(&["dial", "207"], 5, "offline").await;
    agent.fails(&["set-presence", "dnd"], 5, "offline").await;
    let waiting = agent.json(&["status"], 0).await;
    let account = &waiting["accounts"][0];
    assert!(account["why"]["code"].is_string() && account["why"]["text"].is_string(), "{waiting}");
    // Milliseconds, like every other moment.
    if let Some((_, part)) = account["retry_at"].as_str().and_then(|at| at.split_once('.')) {
        assert!(part.len() <= "123Z".len(), "{waiting}");
    }
    let people = agent.json(&["presence"], 0).await;
    for person in people["people"].as_array().expect("a list") {
        assert_eq!(person["presence"], "unknown");
        assert!(person["last_known"]["at"].is_string(), "{person}");
    }
    let folder = agent.end().await;
    let nobody = run(&folder, &["--json", "status"], "").await;
    assert_eq!((nobody.status, &nobody.document()["error"]["code"]), (3, &json!("no_agent")));
}

#[tokio::test]
async fn an_agent_that_hangs_is_said_to_run_and_not_to_answer() {
    let agent = Agent::start().await;
    let id = agent.child.id().expect("it runs").to_string();
    let signal = async |name: &str| Command::new("kill").args([name, &id]).status().await.expect("kill is there");
    assert!(signal("-STOP").await.success());

    let (status, dial, doctor) =
        tokio::join!(agent.run_with(&["status"], ""), agent.run_with(&["dial", "207"], ""), agent.run_with(&["doctor"], ""),);

    for ended in [status, dial] {
        assert_eq!((ended.status, &ended.document()["error"]["code"]), (3, &json!("agent_hangs")), "{ended:?}");
        assert!(ended.text().contains("runs but does not answer") && ended.text().contains("start it again"), "{ended:?}");
    }
    assert_eq!(doctor.status, 3, "{doctor:?}");
    let row = &doctor.document()["checks"][0];
    assert_eq!((&row["name"], &row["result"]), (&json!("agent"), &json!("problem")));
    assert!(row["text"].as_str().is_some_and(|text| text.contains("runs but does not answer")), "{row}");
    assert!(signal("-CONT").await.success());
    agent.end().await;
}

#[tokio::test]
async fn a_socket_with_a_path_that_is_too_long_is_named() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let long = folder.path().join("a".repeat(120));
    let refused = run(&long, &["--json", "status"], "").await;
    assert_eq!((refused.status, &refused.document()["error"]["code"]), (2, &json!("wrong_usage")), "{refused:?}");
    let plain = run(&long, &["status"], "").await;
    assert!(plain.text().contains("too long") && !plain.text().contains("not running"), "{plain:?}");
}

#[tokio::test]
async fn a_new_account_has_no_name_that_reads_like_an_option() {
    let pbx = fake().await;
    let agent = Agent::start().await;
    let url = pbx.url();
    let rest = ["--kind", "vodia", "--url", &url, "--user", "204@tenant.example", "--password-stdin"];
    for name in ["-x", ".hidden", "_"] {
        let words = [&["account", "add"][..], &rest, &["--", name]].concat();
        let refused = agent.run_with(&words, PASSWORD).await;
        assert_eq!((refused.status, &refused.document()["error"]["code"]), (2, &json!("wrong_usage")), "{refused:?}");
        assert!(refused.text().contains("begins with a letter"), "{refused:?}");
    }
    assert_eq!(agent.json(&["account", "list"], 0).await["accounts"], json!([]));
}

#[tokio::test]
async fn folders_that_take_no_files_are_named_and_a_clock_that_was_not_compared_is_said_so() {
    let agent = Agent::start_in("/proc/nothing", "/proc/nothing").await;
    let told = agent.json(&["doctor"], 0).await;
    let rows = told["checks"].as_array().expect("a list");
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {told}"));
    assert_eq!(row("folders")["result"], "problem");
    assert!(row("folders")["text"].as_str().is_some_and(|text| text.contains("/proc/nothing")), "{told}");
    assert_eq!(row("clock")["result"], "ok");
    assert!(row("clock")["text"].as_str().is_some_and(|text| text.starts_with("Not compared")), "{told}");
    // Where they can be written to, nothing is left behind.
    let agent = Agent::start().await;
    let told = agent.json(&["doctor"], 0).await;
    assert!(
        told["checks"].as_array().is_some_and(|rows| rows.iter().any(|row| row["name"] == "folders" && row["result"] == "ok"))
    );
    let left = std::fs::read_dir(agent.path("config")).expect("a folder").filter_map(Result::ok);
    assert!(left.map(|file| file.file_name()).all(|name| !name.to_string_lossy().starts_with(".try")));
}

#[tokio::test]
async fn events_that_were_missed_end_the_watch_with_a_word() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    std::fs::create_dir(folder.path().join("trayphone")).expect("a folder");
    let socket = tokio::net::UnixListener::bind(folder.path().join("trayphone/control.sock")).expect("a socket");
    let agent = async {
        let (stream, _) = socket.accept().await.expect("a client");
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let welcome = json!({"protocol": "1.0", "agent_version": "1", "restart_needed": false});
        for result in [welcome, json!({})] {
            let asked: Value = serde_json::from_str(&lines.next_line().await.expect("it runs").expect("a line")).expect("JSON");
            let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result});
            writer.write_all(format!("{answer}\n").as_bytes()).await.expect("it reads");
        }
        let event = json!({"event": "call.ringing", "at": "2026-11-20T08:00:00Z"});
        let event = json!({"jsonrpc": "2.0", "method": "call-event", "params": event});
        let data = json!({"code": "not_available", "text": "Events were missed.", "remedy": "Connect again.",
            "detail": null, "certificate_sha256": null});
        let last =
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32000, "message": "Events were missed.", "data": data}});
        writer.write_all(format!("{event}\n{last}\n").as_bytes()).await.expect("it reads");
    };
    let (watched, ()) = tokio::join!(run(folder.path(), &["watch"], ""), within(agent));
    assert_eq!(watched.status, 1, "{watched:?}");
    assert_eq!(watched.document()["event"], "call.ringing", "what came before is told");
    let said = String::from_utf8_lossy(&watched.stderr);
    assert!(said.contains("Events were missed.") && said.contains("Connect again."), "{}", watched.text());
}

async fn fake() -> FakeVodia {
    let options = phone_tests::vodia::Options::new(Generation::G3);
    FakeVodia::start(options.with(|o| o.own_phone = OwnPhone::HandsFree(Duration::from_millis(20)))).await.expect("a fake")
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("it takes too long")
}

/// The program beside this one.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program");
    let built = own.parent().and_then(Path::parent).expect("the folder of built programs").join("trayphonectl");
    assert!(built.exists(), "{} is missing: build the workspace first", built.display());
    built
}

fn command(folder: &Path, words: &[impl AsRef<str>]) -> Command {
    let mut command = Command::new(program());
    command.env("TRAYPHONE_SOCKET", folder.join("trayphone/control.sock")).env("HOME", folder);
    command.args(words.iter().map(AsRef::as_ref)).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What a program said, and how it ended.
#[derive(Debug)]
struct Ended {
    status: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Ended {
    /// The one document on standard output.
    fn document(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|_| panic!("not exactly one JSON document: {}", self.text()))
    }

    fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr))
    }
}

async fn run(folder: &Path, words: &[impl AsRef<str>], input: &str) -> Ended {
    let mut command = command(folder, words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may end before it has read everything.
    stdin.write_all(input.as_bytes()).await.ok();
    drop(stdin);
    let output = within(child.wait_with_output()).await.expect("it ends");
    Ended { status: output.status.code().expect("no signal"), stdout: output.stdout, stderr: output.stderr }
}

/// A running agent in folders of its own; it ends with this.
struct Agent {
    child: Child,
    folder: tempfile::TempDir,
}

impl Agent {
    async fn start() -> Self {
        Self::start_in("config", "state").await
    }

    async fn start_in(config: &str, state: &str) -> Self {
        let folder = tempfile::tempdir().expect("a throw-away folder");
        let words = ["agent", "--config-dir", config, "--state-dir", state, "--vault", "memory"];
        let mut child =
            command(folder.path(), &words).current_dir(folder.path()).stderr(Stdio::piped()).spawn().expect("the agent starts");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        while !line.contains("the agent starts") {
            let read = within(log.read_line(&mut line)).await.expect("a line");
            assert!(read > 0, "it ended: {line}");
        }
        tokio::spawn(async move { tokio::io::copy(&mut log, &mut tokio::io::sink()).await });
        Self { child, folder }
    }

    async fn signed_in(pbx: &FakeVodia) -> Self {
        let agent = Self::start().await;
        let added = agent.add(pbx).await;
        assert_eq!(added.status, 0, "{added:?}");
        let whole = async { while agent.json(&["presence"], 0).await["people"].as_array().is_none_or(Vec::is_empty) {} };
        within(whole).await;
        agent
    }

    async fn add(&self, pbx: &FakeVodia) -> Ended {
        let url = pbx.url();
        let user = "204@tenant.example";
        self.run_with(
            &["account", "add", "office", "--kind", "vodia", "--url", &url, "--user", user, "--password-stdin"],
            PASSWORD,
        )
        .await
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn command(&self, words: &[&str]) -> Command {
        command(self.folder.path(), words)
    }

    async fn run_with(&self, words: &[impl AsRef<str>], input: &str) -> Ended {
        let words: Vec<&str> = std::iter::once("--json").chain(words.iter().map(AsRef::as_ref)).collect();
        run(self.folder.path(), &words, input).await
    }

    /// Runs a command for people and for scripts; both end alike. Gives the document.
    async fn json(&self, words: &[&str], status: i32) -> Value {
        let ended = self.run_with(words, "").await;
        assert_eq!(ended.status, status, "{words:?}: {}", ended.text());
        ended.document()
    }

    /// Checks that a command fails in this way, with `--json` and without.
    async fn fails(&self, words: &[&str], status: i32, code: &str) -> Value {
        let document = self.json(words, status).await;
        assert_eq!(document["error"]["code"], code, "{words:?}: {document}");
        for key in ["text", "remedy", "detail", "certificate_sha256"] {
            assert!(document["error"].get(key).is_some(), "{key} is missing: {document}");
        }
        let plain = run(self.folder.path(), words, "").await;
        assert_eq!(plain.status, status, "{words:?}: {}", plain.text());
        assert!(plain.stdout.is_empty() && !plain.stderr.is_empty(), "{words:?}: {}", plain.text());
        document
    }

    /// Waits for a call in a state.
    async fn call_in(&self, state: &str) -> Value {
        let found = async {
            loop {
                let calls = self.json(&["calls"], 0).await;
                if let Some(call) = calls["calls"].as_array().and_then(|all| all.iter().find(|call| call["state"] == state)) {
                    break call.clone();
                }
            }
        };
        within(found).await
    }

    /// Waits until there are so many calls.
    async fn calls_are(&self, count: usize) {
        let so_many = async { while self.json(&["calls"], 0).await["calls"].as_array().map(Vec::len) != Some(count) {} };
        within(so_many).await;
    }

    async fn end(mut self) -> PathBuf {
        let id = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.expect("kill is there").success());
        assert_eq!(within(self.child.wait()).await.expect("it ends").code(), Some(0));
        self.folder.path().to_owned()
    }
}
