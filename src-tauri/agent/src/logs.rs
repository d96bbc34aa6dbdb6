//! Logs that rotate by the day and never leave the user's own folder.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// So many days are kept.
const KEPT: usize = 7;

/// What is written unless `TRAYPHONE_LOG` says otherwise; the crates below us are chatty at `info`.
const USUAL: &str = "info,zbus=warn,ksni=warn";

/// So many lines wait for a disk that is slow; more of them are lost rather than waited for.
const WAITING: usize = 2_000;

/// Starts to write logs into `folder`; without the folder the agent runs silently.
///
/// A thread of its own writes: a folder that hangs must not hold up a call. What waits is written when the guard goes.
#[must_use]
pub fn start(folder: &Path) -> Option<WorkerGuard> {
    let wanted = std::env::var("TRAYPHONE_LOG").unwrap_or_else(|_| USUAL.to_owned());
    let filter: Targets = wanted.parse().or_else(|_| USUAL.parse()).unwrap_or_default();
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let file = made.map_err(|error| error.to_string()).and_then(|()| {
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("trayphone")
            .filename_suffix("log")
            .max_log_files(KEPT)
            .build(folder)
            .map_err(|error| error.to_string())
    });
    let guard = match file {
        Ok(file) => {
            let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING).thread_name("log");
            let (writer, guard) = builder.finish(file);
            let lines = tracing_subscriber::fmt::layer().log_internal_errors(false).with_ansi(false).with_writer(writer);
            tracing_subscriber::registry().with(filter).with(lines).init();
            Some(guard)
        }
        Err(error) => {
            eprintln!("trayphone: no log can be written to {}: {error}", folder.display());
            None
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        // What a panic says may quote what it was working on, so only its place is for everybody's eyes.
        tracing::error!("a part of the agent failed{place}");
        let said = panic.payload().downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.payload().downcast_ref::<&str>().copied());
        tracing::debug!("it said: {}", said.unwrap_or("nothing"));
    }));
    guard
}
