//! A fake Vodia PBX as a program, for the demonstration and for tests of the real programs.
//!
//! Its first line on standard output is `{"event":"listening","url":"…"}`. The user of the small company is 204 of `tenant.example`,
//! password `Sample-Pw9`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use phone_tests::console::{self, print};
use phone_tests::vodia::{Command, FakeVodia, Generation, Options, SCENARIOS, Script, Tls};
use serde_json::json;
use tokio::sync::broadcast;

/// A fake Vodia PBX on the loopback address.
#[derive(Parser)]
#[command(after_help = "The user is 204 of tenant.example, password Sample-Pw9.")]
struct Flags {
    /// Dialect to speak.
    #[arg(long, value_enum, default_value = "g3")]
    generation: Age,
    /// Port to open; any free one when left out.
    #[arg(long)]
    port: Option<u16>,
    /// Certificate to use; plain http when left out.
    #[arg(long, value_enum, default_value = "none")]
    tls: Certificate,
    /// File that the authority's certificate is written to, with `--tls own-authority`.
    #[arg(long)]
    authority_out: Option<PathBuf>,
    /// Number of accounts; the small company has 16.
    #[arg(long, default_value_t = 0)]
    company: usize,
    /// File with commands to run.
    #[arg(long, conflicts_with = "scenario")]
    script: Option<PathBuf>,
    /// Script that comes along.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(SCENARIOS.map(|(name, _)| name)))]
    scenario: Option<String>,
    /// Plays a busy little company around the user.
    #[arg(long)]
    lively: bool,
    /// The user the little company calls.
    #[arg(long, default_value = "204")]
    user: String,
    /// Seconds between outside calls for the user.
    #[arg(long, default_value_t = 20)]
    every: u64,
    /// Reads commands from standard input and prints every event as a line of JSON. The end of the input ends the program.
    #[arg(long)]
    control: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Age {
    G1,
    G2,
    G3,
}

#[derive(Clone, Copy, ValueEnum)]
enum Certificate {
    None,
    SelfSigned,
    Expired,
    WrongName,
    OwnAuthority,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let pbx = FakeVodia::start(options(&flags)).await?;
    print(&json!({"event": "listening", "url": pbx.url(), "certificate_sha256": pbx.certificate_sha256()}))?;
    if let (Some(file), Some(pem)) = (&flags.authority_out, pbx.authority_pem()) {
        std::fs::write(file, pem).with_context(|| format!("write {}", file.display()))?;
    }
    let text = match (&flags.script, &flags.scenario) {
        (Some(file), _) => std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?,
        (None, Some(name)) => {
            SCENARIOS.iter().find(|(known, _)| known == name).map_or_else(String::new, |(_, text)| (*text).to_owned())
        }
        (None, None) => String::new(),
    };
    let mut happening = pbx.events();
    let play = async {
        if flags.lively {
            pbx.play_company(&flags.user, Duration::from_secs(flags.every)).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let script = async {
        if let Err(fault) = Script::default().run_text(&pbx, &text).await {
            print(&json!({"event": "script_failed", "why": format!("{fault:#}")}))?;
        }
        std::future::pending::<Result<()>>().await
    };
    let control = async { if flags.control { obey(&pbx).await } else { std::future::pending::<Result<()>>().await } };
    let events = async { if flags.control { tell(&mut happening).await } else { std::future::pending::<Result<()>>().await } };
    let result = tokio::select! {
        result = control => result,
        result = events => result,
        result = script => result,
        () = play => Ok(()),
        result = console::stopped() => result,
    };
    // What the last command caused is still to be told.
    while let Ok(event) = happening.try_recv() {
        if flags.control {
            print(&event)?;
        }
    }
    result
}

fn options(flags: &Flags) -> Options {
    let generation = match flags.generation {
        Age::G1 => Generation::G1,
        Age::G2 => Generation::G2,
        Age::G3 => Generation::G3,
    };
    let tls = match flags.tls {
        Certificate::None => Tls::None,
        Certificate::SelfSigned => Tls::SelfSigned,
        Certificate::Expired => Tls::Expired,
        Certificate::WrongName => Tls::WrongName,
        Certificate::OwnAuthority => Tls::OwnAuthority,
    };
    let mut options = Options::new(generation).tls(tls).company_of(flags.company);
    options.port = flags.port;
    if flags.lively { options.lively() } else { options }
}

/// Runs the commands of standard input.
async fn obey(pbx: &FakeVodia) -> Result<()> {
    let mut waiting = console::commands();
    let mut script = Script::default();
    while let Some(line) = waiting.recv().await {
        let answer = match Command::parse(&line) {
            Ok(None) => continue,
            Ok(Some(command)) => script.run(pbx, &command).await,
            Err(fault) => Err(fault),
        };
        match answer {
            Ok(answer) => print(&json!({"event": "answer", "line": line, "answer": answer}))?,
            Err(fault) => print(&json!({"event": "answer", "line": line, "error": format!("{fault:#}")}))?,
        }
        if script.is_over() {
            break;
        }
    }
    Ok(())
}

/// Prints events as they happen.
async fn tell(events: &mut broadcast::Receiver<phone_tests::vodia::Event>) -> Result<()> {
    loop {
        match events.recv().await {
            Ok(event) => print(&event)?,
            Err(broadcast::error::RecvError::Lagged(missed)) => print(&json!({"event": "missed", "count": missed}))?,
            Err(broadcast::error::RecvError::Closed) => return Ok(()),
        }
    }
}
