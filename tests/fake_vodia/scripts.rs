//! Scripts, the program, and the lively company.

use super::*;

#[tokio::test]
async fn every_scenario_can_be_read() {
    for (name, text) in SCENARIOS {
        assert!(text.lines().all(|line| Command::parse(line).is_ok()), "{name}");
    }
    assert_eq!(Command::parse("  # remark").unwrap(), None);
    assert!(Command::parse("ring \"open").is_err());
}

#[tokio::test]
async fn a_script_drives_a_call() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    let mut script = Script::default();
    let text = "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nanswer\nhold 204\nresume 204\nhangup\ndnd 204 on\nstatus\nquit";
    script.run_text(&pbx, text).await.unwrap();
    assert!(script.is_over());
    let record = pbx.look(|state| state.history()[0].clone());
    assert_eq!((record.from.name.as_str(), record.connect.is_some()), ("Mara Beispiel", true));
    let fault = script.run_text(&pbx, "explode").await.unwrap_err();
    assert!(format!("{fault:#}").contains("unknown command"));
}

#[tokio::test]
async fn the_program_obeys_lines_and_prints_events() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_fake-vodia"))
        .args(["--generation", "g2", "--control"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    input.write_all(b"ring +493023125117 \"Mara Beispiel\" 204\nanswer\ndials\nexplode\nquit\n").await.unwrap();
    let mut seen = Vec::new();
    while let Some(line) = tokio::time::timeout(SOON, lines.next_line()).await.unwrap().unwrap() {
        seen.push(serde_json::from_str::<Value>(&line).unwrap());
    }
    assert!(program.wait().await.unwrap().success());
    assert_eq!(seen[0]["event"], "listening");
    let has = |key: &str, value: &str| seen.iter().any(|line| line[key] == value);
    assert!(has("stage", "ringing") && has("stage", "connected"), "{seen:?}");
    assert!(seen.iter().any(|line| line["line"] == "dials" && line["answer"]["dials"] == json!([])));
    assert!(seen.iter().any(|line| line["line"] == "explode" && line["error"].is_string()));
}

#[tokio::test]
async fn a_lively_company_calls_its_user() {
    let pbx = FakeVodia::start(Options::new(Generation::G3).lively()).await.unwrap();
    tokio::select! {
        () = pbx.play_company("204", Duration::from_secs(1)) => unreachable!(),
        result = pbx.wait_for(|state| state.calls().any(|call| call.concerns("204")), SOON) => result.unwrap(),
    }
}
