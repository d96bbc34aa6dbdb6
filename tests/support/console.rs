//! What all fakes have in common as programs: they tell what happens as lines of JSON and take commands as lines of text.

use std::io::{BufRead as _, Write as _};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde::Serialize;
use tokio::sync::mpsc;

/// Tells one thing.
///
/// # Errors
/// Nobody listens any more.
pub fn print(line: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// The lines of standard input, until it ends.
pub fn commands() -> mpsc::Receiver<String> {
    let (lines, waiting) = mpsc::channel::<String>(16);
    // A thread of its own: reading standard input cannot be given up, so it must not hold the end of the program.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    waiting
}

/// The words of a command: apart by blanks, with double quotes around those that hold blanks.
pub fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (index, piece) in line.split('"').enumerate() {
        if index % 2 == 0 { words.extend(piece.split_whitespace().map(str::to_owned)) } else { words.push(piece.to_owned()) }
    }
    words
}

/// Waits for the wish to end.
///
/// # Errors
/// The system does not tell of signals.
pub async fn stopped() -> Result<()> {
    #[cfg(unix)]
    {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = term.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// A moment of the wall clock in nanoseconds, which all processes of the machine share.
pub fn unix_ns(at: Instant) -> u64 {
    let wall = SystemTime::now() - at.elapsed();
    wall.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
