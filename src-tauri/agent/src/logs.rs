//! Logs that rotate by the day and never leave the user's own folder.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How the names of the files begin, and how they end.
const NAME: &str = "trayphone";
const ENDING: &str = "log";

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
    let guard = match Files::open(folder) {
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

/// A file for each day, which only this user may read: for somebody who copies the folder elsewhere, too.
struct Files {
    files: RollingFileAppender,
    folder: PathBuf,
    /// The last day on which the files were closed to others.
    closed_on: u64,
}

impl Files {
    fn open(folder: &Path) -> Result<Self, String> {
        phone_control::private_folder(folder).map_err(|error| error.to_string())?;
        let files = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(NAME)
            .filename_suffix(ENDING)
            .max_log_files(KEPT)
            .build(folder)
            .map_err(|error| error.to_string())?;
        let mut files = Self { files, folder: folder.to_owned(), closed_on: 0 };
        files.close_to_others(days());
        Ok(files)
    }

    /// Closes the files of a day that has begun; the library makes them, and has no say in their modes.
    fn close_to_others(&mut self, today: u64) {
        if self.closed_on == today {
            return;
        }
        self.closed_on = today;
        let is_log = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(NAME) && name.ends_with(ENDING)
        };
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for file in files.filter(is_log) {
            // A disk that knows no modes still takes logs.
            fs::set_permissions(file, Permissions::from_mode(0o600)).ok();
        }
    }
}

impl Write for Files {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Asked for first: a day that begins in between counts with the next line.
        let today = days();
        let written = self.files.write(line);
        self.close_to_others(today);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.files.flush()
    }
}

/// The number of this day; days of the files begin at the same moment, in UTC.
fn days() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() / (24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_may_read_the_logs_of_each_day() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("trayphone");
        fs::create_dir(&folder).expect("a folder");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("a mode");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        let modes = || {
            let files = fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path());
            files
                .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
                .map(|path| mode(&path))
                .collect::<Vec<_>>()
        };

        let mut files = Files::open(&folder).expect("logs");
        files.write_all(b"a line\n").expect("written");
        assert_eq!((mode(&folder), modes()), (0o700, vec![0o600]));

        // Another day, and its file.
        let next = folder.join("trayphone.2099-01-01.log");
        fs::write(&next, "").expect("a file");
        fs::set_permissions(&next, Permissions::from_mode(0o644)).expect("a mode");
        files.closed_on -= 1;
        files.write_all(b"a line\n").expect("written");
        assert_eq!(modes(), [0o600, 0o600]);
    }
}
