//! A real Asterisk with a lively little company, as a program for the demonstration.
//!
//! Its first line on standard output is `{"event":"listening","ami":"…","amis":"…"}` with all that signing in takes.
//! It ends with SIGTERM or Ctrl-C, and everything it started with it. Needs root and the folder of `.make/asterisk.sh`.

use anyhow::Result;
use clap::Parser;
use phone_tests::asterisk_bed::{AmiUser, Bed, Options};
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// A real Asterisk on the loopback address, with phones and people.
#[derive(Parser)]
#[command(after_help = "The user is 103, whose phone can be answered and held from the tray; the colleagues are 101 and 102.")]
struct Flags {
    /// Seconds between outside calls for the user.
    #[arg(long, default_value_t = 20)]
    every: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let mut term = signal(SignalKind::terminate())?;
    // Whoever is stopped while everything starts leaves nothing behind either.
    tokio::select! {
        result = play(Duration::from_secs(flags.every)) => result,
        result = tokio::signal::ctrl_c() => Ok(result?),
        _ = term.recv() => Ok(()),
    }
}

/// Opens the company and plays it for ever.
async fn play(every: Duration) -> Result<()> {
    let options = Options::default();
    let extension = options.scripted.number.clone();
    let bed = Bed::start(options).await;
    // Of all users the one that may also tell a phone to answer and to hold.
    let user = AmiUser::TraySystem;
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
    bed.play_company(every).await;
    Ok(())
}

fn print(line: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
