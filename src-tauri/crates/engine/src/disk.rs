//! The one writer of settings, history and marks, on a thread of its own: a slow or hanging folder must not hold up a call.
//!
//! Newer settings and marks take the place of those that still wait; ended calls keep their order. What could not be written
//! stays here and is written with the next, or when somebody asks for another try. The thread lives while there is
//! something to do, and so does what it holds of the history.

mod past;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use phone_core::AccountName;
use phone_core::view::CallRecord;
use tokio::sync::watch;

use self::past::Past;
pub(crate) use self::past::{Known, Question};
use crate::history::{Keep, Look};
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
    pub known: Known,
}

struct Shared {
    config_dir: PathBuf,
    state_dir: PathBuf,
    todo: Mutex<Todo>,
    desk: past::Desk,
    idle: Condvar,
    done: watch::Sender<Done>,
}

struct Todo {
    settings: Option<(u64, Box<Settings>)>,
    past: Past,
    marks: Option<(u64, Marks)>,
    settings_due: bool,
    marks_due: bool,
    busy: bool,
}

impl Todo {
    fn is_due(&self) -> bool {
        self.settings_due || self.past.due || self.marks_due
    }
}

/// The next thing to write.
enum Next {
    Settings(u64, Box<Settings>),
    Past(past::Work),
    Marks(u64, Marks),
}

impl Disk {
    /// A writer for these folders, and how long it keeps ended calls there.
    pub(crate) fn new(config_dir: PathBuf, state_dir: PathBuf, keep: Keep) -> Self {
        let past = Past::new(keep);
        let todo = Todo { settings: None, past, marks: None, settings_due: false, marks_due: false, busy: false };
        let (done, _) = watch::channel(Done::default());
        let (todo, desk, idle) = (Mutex::new(todo), past::Desk::default(), Condvar::new());
        Self { shared: Arc::new(Shared { config_dir, state_dir, todo, desk, idle, done }) }
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

    /// Hands over an ended call.
    pub(crate) fn ended_call(&self, number: u64, call: CallRecord) {
        self.of_past(|past| past.ended_call(number, call));
    }

    /// Hands over the list of an account's PBX, whose clock is `ahead` of ours; it takes the place of an older one.
    pub(crate) fn list(&self, account: AccountName, ahead: SignedDuration, list: Vec<CallRecord>) {
        self.of_past(|past| past.list(account, ahead, list));
    }

    /// Asks the history; false when too many wait already.
    pub(crate) fn question(&self, question: Question) -> bool {
        self.of_past(|past| past.question(question))
    }

    /// Says what is to be told of the history from now on, and by which number.
    pub(crate) fn look(&self, number: u64, look: Look) {
        self.of_past(|past| past.look(number, look));
    }

    /// Says how long ended calls are kept from now on.
    pub(crate) fn keep(&self, keep: Keep) {
        self.of_past(|past| past.keep(keep));
    }

    fn of_past<T>(&self, does: impl FnOnce(&mut Past) -> T) -> T {
        let mut todo = self.shared.todo();
        let done = does(&mut todo.past);
        self.begin(todo);
        done
    }

    /// Tries once more to write what could not be written.
    pub(crate) fn retry(&self) {
        let mut todo = self.shared.todo();
        todo.settings_due = todo.settings.is_some();
        todo.past.retry();
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
        !todo.busy && todo.settings.is_none() && !todo.past.is_waiting() && todo.marks.is_none()
    }

    fn begin(&self, mut todo: MutexGuard<'_, Todo>) {
        if todo.busy || !todo.is_due() {
            return;
        }
        todo.busy = true;
        let shared = Arc::clone(&self.shared);
        let begun = std::thread::Builder::new().name("disk".into()).spawn(move || shared.work());
        if let Err(error) = begun {
            (todo.busy, todo.settings_due, todo.past.due, todo.marks_due) = (false, false, false, false);
            let failed = Some(error.to_string());
            let settings = todo.settings.as_ref().map(|(number, _)| Outcome { number: *number, failed: failed.clone() });
            let marks = todo.marks.as_ref().map(|(number, _)| Outcome { number: *number, failed: failed.clone() });
            let history = todo.past.is_waiting().then(|| Outcome { number: todo.past.number, failed });
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
        if std::mem::take(&mut todo.past.due) {
            return Some(Next::Past(todo.past.next()));
        }
        drop(todo);
        // Nobody has to wait for the end of that: what comes meanwhile is begun with afterwards.
        self.desk.close();
        let mut todo = self.todo();
        if todo.is_due() {
            drop(todo);
            return self.next();
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
                Next::Past(mut work) => {
                    let mut known = self.done.borrow().known.clone();
                    let result = self.desk.work(&self.state_dir, &mut work, &mut known);
                    let (number, failed) = (work.number, result.err().map(|error| error.to_string()));
                    let mut todo = self.todo();
                    todo.past.failed = failed.is_some();
                    todo.past.put_back(work);
                    drop(todo);
                    let history = Outcome { number, failed };
                    self.done.send_modify(|done| (done.history, done.known) = (history, known));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
