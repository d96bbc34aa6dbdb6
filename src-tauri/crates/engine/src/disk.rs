//! The one writer of settings, history and marks, on a thread of its own: a slow or hanging folder must not hold up a call.
//!
//! Newer settings and marks take the place of those that still wait; ended calls keep their order. What could not be written
//! stays here and is written with the next, or when somebody asks for another try. The thread lives while there is
//! something to write.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::history::{self, MOST};
use crate::marks::{self, Marks};
use crate::settings::{self, Settings};

/// What is written at a clean end, and the way to wait for it.
#[derive(Clone)]
pub struct Disk {
    shared: Arc<Shared>,
}

/// How the newest write of a kind went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// The number of what was written last; it holds everything with a lower number too.
    pub number: u64,
    /// What kept it from being written.
    pub failed: Option<String>,
}

/// How the newest writes went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub settings: Outcome,
    pub history: Outcome,
    pub marks: Outcome,
}

struct Shared {
    config_dir: PathBuf,
    state_dir: PathBuf,
    todo: Mutex<Todo>,
    idle: Condvar,
    done: watch::Sender<Done>,
}

#[derive(Default)]
struct Todo {
    settings: Option<(u64, Box<Settings>)>,
    /// Lines of ended calls, oldest first; never more than the history keeps.
    lines: VecDeque<String>,
    /// The number of the newest line.
    line_number: u64,
    /// Lines that the file holds, as far as is known.
    stored: usize,
    marks: Option<(u64, Marks)>,
    settings_due: bool,
    lines_due: bool,
    marks_due: bool,
    busy: bool,
}

impl Todo {
    fn is_due(&self) -> bool {
        self.settings_due || self.lines_due || self.marks_due
    }
}

/// The next thing to write.
enum Next {
    Settings(u64, Box<Settings>),
    Lines(u64, VecDeque<String>, usize),
    Marks(u64, Marks),
}

impl Disk {
    /// A writer for these folders; `stored` lines stand in the history already.
    pub(crate) fn new(config_dir: PathBuf, state_dir: PathBuf, stored: usize) -> Self {
        let todo = Mutex::new(Todo { stored, ..Todo::default() });
        let (done, _) = watch::channel(Done::default());
        Self { shared: Arc::new(Shared { config_dir, state_dir, todo, idle: Condvar::new(), done }) }
    }

    /// How the newest writes went, now and after every write.
    pub(crate) fn done(&self) -> watch::Receiver<Done> {
        self.shared.done.subscribe()
    }

    /// Hands over settings; they take the place of older ones that are not written yet.
    pub(crate) fn settings(&self, number: u64, settings: Settings) {
        let mut todo = self.shared.todo();
        todo.settings = Some((number, Box::new(settings)));
        todo.settings_due = true;
        self.begin(todo);
    }

    /// Hands over marks; they take the place of older ones that are not written yet.
    pub(crate) fn marks(&self, number: u64, marks: Marks) {
        let mut todo = self.shared.todo();
        todo.marks = Some((number, marks));
        todo.marks_due = true;
        self.begin(todo);
    }

    /// Hands over the line of an ended call.
    pub(crate) fn ended_call(&self, number: u64, line: String) {
        let mut todo = self.shared.todo();
        todo.lines.push_back(line);
        todo.line_number = number;
        todo.lines_due = true;
        shorten(&mut todo.lines);
        self.begin(todo);
    }

    /// Tries once more to write what could not be written.
    pub(crate) fn retry(&self) {
        let mut todo = self.shared.todo();
        todo.settings_due = todo.settings.is_some();
        todo.lines_due = !todo.lines.is_empty();
        todo.marks_due = todo.marks.is_some();
        self.begin(todo);
    }

    /// Waits until everything handed over is written, what failed before once more; says whether all of it is.
    ///
    /// It blocks its thread for at most `limit`, so it belongs to the end of a program.
    pub fn finish(&self, limit: Duration) -> bool {
        self.retry();
        let todo = self.shared.todo();
        let works = |todo: &mut Todo| todo.busy || todo.is_due();
        let (todo, _) = self.shared.idle.wait_timeout_while(todo, limit, works).unwrap_or_else(PoisonError::into_inner);
        !todo.busy && todo.settings.is_none() && todo.lines.is_empty() && todo.marks.is_none()
    }

    fn begin(&self, mut todo: MutexGuard<'_, Todo>) {
        if todo.busy || !todo.is_due() {
            return;
        }
        todo.busy = true;
        let shared = Arc::clone(&self.shared);
        let begun = std::thread::Builder::new().name("disk".into()).spawn(move || shared.work());
        if let Err(error) = begun {
            (todo.busy, todo.settings_due, todo.lines_due, todo.marks_due) = (false, false, false, false);
            let failed = Some(error.to_string());
            let settings = todo.settings.as_ref().map(|(number, _)| Outcome { number: *number, failed: failed.clone() });
            let marks = todo.marks.as_ref().map(|(number, _)| Outcome { number: *number, failed: failed.clone() });
            let history = (!todo.lines.is_empty()).then(|| Outcome { number: todo.line_number, failed });
            drop(todo);
            self.shared.done.send_modify(|done| {
                done.settings = settings.unwrap_or_else(|| done.settings.clone());
                done.history = history.unwrap_or_else(|| done.history.clone());
                done.marks = marks.unwrap_or_else(|| done.marks.clone());
            });
        }
    }
}

impl Shared {
    fn todo(&self) -> MutexGuard<'_, Todo> {
        self.todo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Next> {
        let mut todo = self.todo();
        // The smallest first: names of calls depend on it.
        if std::mem::take(&mut todo.marks_due)
            && let Some((number, marks)) = todo.marks.take()
        {
            return Some(Next::Marks(number, marks));
        }
        if std::mem::take(&mut todo.settings_due)
            && let Some((number, settings)) = todo.settings.take()
        {
            return Some(Next::Settings(number, settings));
        }
        if std::mem::take(&mut todo.lines_due) {
            return Some(Next::Lines(todo.line_number, std::mem::take(&mut todo.lines), todo.stored));
        }
        todo.busy = false;
        self.idle.notify_all();
        None
    }

    fn work(&self) {
        while let Some(next) = self.next() {
            match next {
                Next::Settings(number, settings) => {
                    let result = settings::save(&self.config_dir, &settings);
                    let failed = result.err().map(|error| error.to_string());
                    let mut todo = self.todo();
                    if failed.is_some() && todo.settings.is_none() {
                        todo.settings = Some((number, settings));
                    }
                    drop(todo);
                    self.done.send_modify(|done| done.settings = Outcome { number, failed });
                }
                Next::Marks(number, marks) => {
                    let failed = marks::save(&self.state_dir, &marks).err().map(|error| error.to_string());
                    let mut todo = self.todo();
                    if failed.is_some() && todo.marks.is_none() {
                        todo.marks = Some((number, marks));
                    }
                    drop(todo);
                    self.done.send_modify(|done| done.marks = Outcome { number, failed });
                }
                Next::Lines(number, mut lines, mut stored) => {
                    let result = history::append(&self.state_dir, lines.make_contiguous(), &mut stored);
                    let failed = result.err().map(|error| error.to_string());
                    let mut todo = self.todo();
                    todo.stored = stored;
                    if failed.is_some() {
                        lines.append(&mut todo.lines);
                        todo.lines = lines;
                        shorten(&mut todo.lines);
                    }
                    drop(todo);
                    self.done.send_modify(|done| done.history = Outcome { number, failed });
                }
            }
        }
    }
}

/// Lets go of the oldest lines; the history would not keep them either.
fn shorten(lines: &mut VecDeque<String>) {
    let surplus = lines.len().saturating_sub(MOST);
    lines.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn disk(dir: &std::path::Path) -> Disk {
        Disk::new(dir.join("config"), dir.join("state"), 0)
    }

    #[test]
    fn everything_handed_over_is_written_at_the_end_in_its_order() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = disk(dir.path());
        for number in 1..=50 {
            let mut settings = Settings::default();
            settings.desktop.window_warm_s = u32::try_from(number).expect("small");
            disk.settings(number, settings);
            disk.ended_call(number, format!("{{\"call\":{number}}}"));
        }
        assert!(disk.finish(LIMIT));
        let loaded = settings::load(&dir.path().join("config")).expect("read");
        assert_eq!(u64::from(loaded.settings.desktop.window_warm_s), 50, "the newest won");
        let text = std::fs::read_to_string(dir.path().join("state/history.jsonl")).expect("a history");
        let wanted: Vec<String> = (1..=50).map(|number| format!("{{\"call\":{number}}}")).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
        let done = disk.done().borrow().clone();
        assert_eq!((done.settings.number, done.history.number), (50, 50));
    }

    #[test]
    fn what_failed_is_kept_told_and_written_when_it_is_possible_again() {
        let dir = tempfile::tempdir().expect("a folder");
        // A file stands where both folders should be.
        for name in ["config", "state"] {
            std::fs::write(dir.path().join(name), "").expect("in the way");
        }
        let disk = disk(dir.path());
        disk.settings(1, Settings::default());
        disk.ended_call(1, "one".into());
        assert!(!disk.finish(LIMIT), "not everything is written");
        let done = disk.done().borrow().clone();
        assert!(done.settings.failed.is_some() && done.history.failed.is_some(), "{done:?}");
        for name in ["config", "state"] {
            std::fs::remove_file(dir.path().join(name)).expect("away");
        }
        disk.ended_call(2, "two".into());
        assert!(disk.finish(LIMIT));
        let done = disk.done().borrow().clone();
        assert!(done.settings.failed.is_none() && done.history.failed.is_none(), "{done:?}");
        assert_eq!(std::fs::read_to_string(dir.path().join("state/history.jsonl")).expect("written"), "one\ntwo\n");
    }
}
