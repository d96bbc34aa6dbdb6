//! A real Asterisk as a program: with a lively little company for the demonstration, or under command for the benchmark.
//!
//! Its first line on standard output is `{"event":"listening","ami":"…","amis":"…"}` with all that signing in takes.
//! It ends with SIGTERM or Ctrl-C, and everything it started with it. Needs root and the folder of `.make/asterisk.sh`.

use anyhow::{Result, bail};
use clap::Parser;
use phone_tests::asterisk_bed::{AmiUser, Bed, Extension, Manner, Options, OutsideCall, ScriptedPhone, lacks};
use phone_tests::console::{self, print};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::interval;

/// A real Asterisk on the loopback address, with phones and people.
#[derive(Parser)]
#[command(after_help = "The user is 103, whose phone can be answered and held from the tray; the colleagues are 101 and 102. \
                        Commands: `ring NUMBER NAME EXTENSION`, `hangup-far`, `others CALLS_PER_MINUTE SECONDS`.")]
struct Flags {
    /// Seconds between outside calls for the user.
    #[arg(long, default_value_t = 20)]
    every: u64,
    /// More people with a hint each, whose phones are not registered.
    #[arg(long, default_value_t = 0)]
    colleagues: usize,
    /// Reads commands from standard input instead of playing, and tells when the user's phone is called. The end of the input
    /// ends the program.
    #[arg(long)]
    control: bool,
}

/// Number of the first of the colleagues.
const FIRST: usize = 3000;
/// How long those talk that others call.
const TALKS_S: &str = "2";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    if let Some(lacks) = lacks() {
        bail!("{lacks}; `.make/asterisk.sh build` makes one");
    }
    // Whoever is stopped while everything starts leaves nothing behind either.
    tokio::select! {
        result = play(&flags) => result,
        result = console::stopped() => result,
    }
}

/// Opens the company, and plays it for ever or obeys.
async fn play(flags: &Flags) -> Result<()> {
    let mut options = Options::default();
    let numbers = (FIRST..).take(flags.colleagues).map(|number| number.to_string());
    options.people.extend(numbers.map(|number| Extension::new(&number, format!("Colleague {number}"))));
    let extension = options.scripted.number.clone();
    let bed = Bed::start(options).await;
    // Of all users the one that may also tell a phone to answer and to hold.
    let user = AmiUser::TraySystem;
    let phone = if flags.control { Some(bed.scripted_phone(Manner::default()).await) } else { None };
    print(&json!({
        "event": "listening",
        "ami": format!("ami://{}", bed.ami()),
        "amis": format!("amis://{}", bed.ami_tls()),
        "certificate_sha256": bed.certificate_sha256(),
        "user": user.name(),
        "secret": user.secret(),
        "extension": extension,
        "version": bed.asterisk_version().await,
    }))?;
    let Some(phone) = phone else {
        bed.play_company(Duration::from_secs(flags.every)).await;
        return Ok(());
    };
    tokio::select! {
        result = obey(&bed) => result,
        result = tell_calls(&phone) => result,
    }
}

/// Carries out commands until standard input ends.
async fn obey(bed: &Bed) -> Result<()> {
    let mut waiting = console::commands();
    let mut call = None;
    while let Some(line) = waiting.recv().await {
        match carry_out(bed, &line, &mut call).await {
            Ok(answer) => print(&json!({"event": "answer", "line": line, "answer": answer}))?,
            Err(fault) => print(&json!({"event": "answer", "line": line, "error": format!("{fault:#}")}))?,
        }
    }
    Ok(())
}

async fn carry_out(bed: &Bed, line: &str, call: &mut Option<OutsideCall>) -> Result<Value> {
    let words = console::words(line);
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ring", from, name, to] => *call = Some(bed.call_from_outside(from, name, to).await),
        ["hangup-far"] => {
            if let Some(call) = call.take() {
                bed.outside_hangs_up(&call).await;
                bed.quiet().await;
            }
        }
        ["others", rate, seconds] => return others(bed, rate.parse()?, Duration::from_secs(seconds.parse()?)).await,
        _ => bail!("`{line}` is no command"),
    }
    Ok(Value::Null)
}

/// Lets others call each other, on channels that need no phones; returns when all have ended.
async fn others(bed: &Bed, calls_per_minute: u32, time: Duration) -> Result<Value> {
    let apart = Duration::from_secs(60) / calls_per_minute.max(1);
    let calls = time.as_nanos() / apart.as_nanos();
    let mut turns = interval(apart);
    for _ in 0..calls {
        turns.tick().await;
        let headers = [("Channel", "Local/s@outside-leg"), ("Application", "Wait"), ("Data", TALKS_S), ("Async", "true")];
        let answer = bed.admin().ask("Originate", &headers).await;
        if answer.get("Response") != "Success" {
            bail!("no call: {answer:?}");
        }
    }
    bed.quiet().await;
    Ok(json!({"calls": u64::try_from(calls)?}))
}

/// Tells whenever the user's phone is called.
async fn tell_calls(phone: &ScriptedPhone) -> Result<()> {
    let mut invited = phone.invited();
    loop {
        invited.changed().await?;
        let at = *invited.borrow_and_update();
        print(&json!({"event": "invite", "unix_ns": at.map(console::unix_ns)}))?;
    }
}
