//! A fake Asterisk as a program, for the benchmark: it takes commands from standard input and tells dials as they come.
//!
//! Its first line on standard output is `{"event":"listening","url":"…"}`. The user is `tray204`, password `Sample-Pw9`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use phone_tests::asterisk::{CallId, FakeAsterisk, Options, Release, Tls};
use phone_tests::console;
use serde_json::{Value, json};

/// A fake Asterisk on the loopback address.
#[derive(Parser)]
#[command(
    after_help = "Commands: `ring NUMBER NAME EXTENSION`, `hangup-far`, `written` (when the last packets of a ringing phone \
                        were), `others CALLS_PER_MINUTE SECONDS` (calls between colleagues; the answer comes after the last)."
)]
struct Flags {
    /// Colleagues with a phone and a hint each, beside the small company.
    #[arg(long, default_value_t = 0)]
    colleagues: usize,
    /// File that the authority's certificate is written to; without it nothing is encrypted.
    #[arg(long)]
    authority_out: Option<PathBuf>,
}

/// Nobody waits that long.
const EVER: Duration = Duration::from_secs(86_400);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let tls = if flags.authority_out.is_some() { Tls::OwnAuthority } else { Tls::None };
    let pbx = FakeAsterisk::start(Options::new(Release::V22).plain().with(|options| options.tls = tls)).await?;
    for number in pbx.colleagues(flags.colleagues) {
        // What the usual dialplan keeps for everybody.
        pbx.set_dnd(&number, false);
    }
    console::print(&json!({"event": "listening", "url": pbx.url()}))?;
    if let (Some(file), Some(pem)) = (&flags.authority_out, pbx.authority_pem()) {
        std::fs::write(file, pem).with_context(|| format!("write {}", file.display()))?;
    }
    tokio::select! {
        result = obey(&pbx) => result,
        result = tell_dials(&pbx) => result,
        result = console::stopped() => result,
    }
}

/// Carries out commands until standard input ends.
async fn obey(pbx: &FakeAsterisk) -> Result<()> {
    let mut waiting = console::commands();
    let mut call = None;
    while let Some(line) = waiting.recv().await {
        match carry_out(pbx, &line, &mut call).await {
            Ok(answer) => console::print(&json!({"event": "answer", "line": line, "answer": answer}))?,
            Err(fault) => console::print(&json!({"event": "answer", "line": line, "error": format!("{fault:#}")}))?,
        }
    }
    Ok(())
}

async fn carry_out(pbx: &FakeAsterisk, line: &str, call: &mut Option<CallId>) -> Result<Value> {
    let words = console::words(line);
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ring", from, name, to] => {
            *call = Some(pbx.ring(from, name, to));
            Ok(Value::Null)
        }
        ["hangup-far"] => Ok(json!(call.take().is_some_and(|call| pbx.hang_up_far(call)))),
        ["written"] => {
            let at = pbx.written_at("Newstate").context("nothing has been written")?;
            Ok(json!({"unix_ns": console::unix_ns(at)}))
        }
        ["others", rate, seconds] => {
            let told = pbx.replay_others(rate.parse()?, Duration::from_secs(seconds.parse()?)).await;
            Ok(json!({"calls": told.calls, "packets": told.packets, "bytes": told.bytes, "connections": pbx.connections()}))
        }
        _ => bail!("`{line}` is no command"),
    }
}

/// Tells every dial when it has been read.
async fn tell_dials(pbx: &FakeAsterisk) -> Result<()> {
    for count in 1.. {
        let dial = pbx.wait_for_dial(count, EVER).await?;
        console::print(&json!({"event": "dial", "number": dial.number, "unix_ns": console::unix_ns(dial.at)}))?;
    }
    Ok(())
}
