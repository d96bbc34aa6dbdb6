//! The table of numbers through the program, as a script meets it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[path = "../../core/tests/table/mod.rs"]
mod table;

use std::io::Write as _;
use std::process::{Command, Stdio};

use phone_core::Source;
use serde_json::Value;
use table::{Case, judge, read, tell};

/// Programs that run at the same time.
const AT_ONCE: usize = 4;

#[test]
fn every_number_of_the_table_comes_out_of_the_program_as_written_there() {
    let cases = read();
    let folder = tempfile::tempdir().unwrap();
    let part = cases.len().div_ceil(AT_ONCE);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = cases.chunks(part).enumerate();
        let threads: Vec<_> = parts
            .map(|(at, part)| {
                scope.spawn({
                    let plan = folder.path().join(format!("plan-{at}.toml"));
                    move || part.iter().filter_map(|case| run(case, &plan).err()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Runs the program for one line, with its plan in a file and its text on standard input.
fn run(case: &Case, plan: &std::path::Path) -> Result<(), String> {
    let keys: Vec<String> = case.plan.iter().map(|(key, value)| format!("{key} = {value:?}\n")).collect();
    std::fs::write(plan, keys.concat()).unwrap();
    let source = match case.source {
        Source::Typed | Source::Pressed => "typed",
        Source::Text => "text",
        Source::Link => "link",
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_trayphonectl"))
        .args(["--json", "numbers", "--source", source, "--plan"])
        .arg(plan)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(case.input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("line {}: {error}", case.line))?;
    let found = document["candidates"].as_array().cloned().unwrap_or_default();
    if !output.status.success() {
        return Err(tell(case, &format!("ended with {}", output.status), &found));
    }
    judge(&case.expected, &found).map_err(|why| tell(case, &why, &found))
}
