//! Settings and ended calls on their way to the disk: who waits for them, and what is told when they do not get there.

use std::time::{Duration, Instant};

use phone_core::history::CallsWanted;
use phone_core::model::Output;
use phone_core::request::{Answer, Reply};
use phone_core::view::{CallRecord, Hint};
use phone_core::{AccountName, Event, EventName, Reason};
use tokio::sync::oneshot;
use tracing::warn;

use super::{Actor, now};
use crate::disk::{Disk, Done, Question};
use crate::history::{Keep, Look, Wanted};

/// How long a folder may take to be written to before that is told.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(5);
/// When what could not be written is tried again by itself.
const WRITE_AGAIN: Duration = Duration::from_secs(60);

/// Somebody who is answered once the settings are on disk.
struct Saving {
    number: u64,
    until: Instant,
    answer: oneshot::Sender<Answer>,
    then: Then,
}

/// What follows once it is known whether the settings are on disk.
enum Then {
    /// The one or the other answer.
    Say { written: Box<Answer>, failed: Box<Answer> },
    /// The account is kept, or taken away again.
    Keep(AccountName),
}

/// Where writing stands.
pub(super) struct Writing {
    pub(super) disk: Disk,
    /// A settings file that could not be read or kept aside must not be written over.
    pub(super) may_write: bool,
    done: Done,
    /// Numbers of the newest settings and the newest ended call that were handed over.
    settings: u64,
    history: u64,
    marks: u64,
    /// The number of the newest look at the history.
    looks: u64,
    /// When the disk is late with what it has.
    late_at: Option<Instant>,
    again_at: Option<Instant>,
    saving: Vec<Saving>,
}

impl Writing {
    pub(super) fn new(disk: Disk, may_write: bool) -> Self {
        let done = Done::default();
        let (settings, history, marks, looks) = (0, 0, 0, 0);
        Self { disk, may_write, done, settings, history, marks, looks, late_at: None, again_at: None, saving: vec![] }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.saving.iter().map(|s| s.until).chain(self.late_at).chain(self.again_at).min()
    }
}

impl Actor {
    /// Has the settings written; a failure is told by a hint.
    pub(super) fn save(&mut self) {
        if !self.writing.may_write {
            return self.settings_failed(Some("the file there could not be read"));
        }
        self.writing.settings += 1;
        self.writing.disk.settings(self.writing.settings, self.settings.clone());
        self.writing.late_at.get_or_insert(now().mono + WRITE_LIMIT);
    }

    /// Has the settings written and then answers that it is done, or that it counts only until the next start.
    pub(super) fn save_and_answer(&mut self, answer: oneshot::Sender<Answer>) {
        self.save();
        self.answer_when_saved(answer, Ok(Reply::Done), Err(Reason::NotWritten.into()));
    }

    /// Answers once the settings are on disk as they are now, or when that failed or takes too long.
    pub(super) fn answer_when_saved(&mut self, answer: oneshot::Sender<Answer>, written: Answer, failed: Answer) {
        self.when_saved(answer, Then::Say { written: Box::new(written), failed: Box::new(failed) });
    }

    /// Keeps an account on trial once the settings are on disk with it; it is taken away again when they do not get there.
    pub(super) fn keep_when_saved(&mut self, name: &AccountName, answer: oneshot::Sender<Answer>) {
        self.when_saved(answer, Then::Keep(name.clone()));
    }

    fn when_saved(&mut self, answer: oneshot::Sender<Answer>, then: Then) {
        if !self.writing.may_write {
            return self.saved(answer, then, false);
        }
        let (number, until) = (self.writing.settings, now().mono + WRITE_LIMIT);
        self.writing.saving.push(Saving { number, until, answer, then });
        self.answer_saved();
    }

    fn answer_saved(&mut self) {
        let (done, at) = (&self.writing.done.settings, now().mono);
        let (number, is_whole) = (done.number, done.failed.is_none());
        let over = |s: &mut Saving| s.number <= number || s.until <= at;
        let ready: Vec<Saving> = self.writing.saving.extract_if(.., over).collect();
        for saving in ready {
            self.saved(saving.answer, saving.then, saving.number <= number && is_whole);
        }
    }

    fn saved(&mut self, answer: oneshot::Sender<Answer>, then: Then, is_written: bool) {
        match then {
            Then::Say { written, failed } => {
                answer.send(if is_written { *written } else { *failed }).ok();
            }
            Then::Keep(name) if is_written => self.account_kept(&name, answer),
            Then::Keep(name) => self.account_not_written(&name, answer),
        }
    }

    /// Has the marks written; a failure is told by a hint.
    pub(super) fn save_marks(&mut self) {
        self.writing.marks += 1;
        self.writing.disk.marks(self.writing.marks, self.marks.clone());
        self.writing.late_at.get_or_insert(now().mono + WRITE_LIMIT);
    }

    /// Keeps an ended call, on disk soon.
    pub(super) fn record(&mut self, record: CallRecord) {
        self.writing.history += 1;
        self.writing.disk.ended_call(self.writing.history, record);
        self.writing.late_at.get_or_insert(now().mono + WRITE_LIMIT);
    }

    /// Has the history tell what the tray shows of it, now and after every change.
    pub(super) fn look_at_history(&mut self) {
        self.writing.looks += 1;
        let accounts = self.desks.keys().cloned().collect();
        self.writing.disk.look(self.writing.looks, Look { accounts, seen_until: self.marks.missed_seen_until });
    }

    /// Has ended calls kept for as long as the settings say.
    pub(super) fn keep_history(&mut self) {
        self.writing.disk.keep(Keep::days(self.settings.desktop.history_days));
        self.look_at_history();
    }

    /// Asks the history for calls.
    pub(super) fn ask_for_calls(
        &self,
        wanted: CallsWanted,
        question: impl FnOnce(Wanted, oneshot::Sender<Answer>) -> Question,
        answer: oneshot::Sender<Answer>,
    ) {
        match Wanted::of(wanted) {
            Some(wanted) => self.ask_history(|told| question(wanted, told), answer),
            None => {
                answer.send(Err(Reason::WrongUsage("no page says that it goes on there".into()).into())).ok();
            }
        }
    }

    /// Asks the history, which may lie on a disk that does not answer.
    pub(super) fn ask_history(
        &self,
        question: impl FnOnce(oneshot::Sender<Answer>) -> Question,
        answer: oneshot::Sender<Answer>,
    ) {
        let (told, hears) = oneshot::channel();
        if !self.writing.disk.question(question(told)) {
            answer.send(Err(Reason::NoHistory.into())).ok();
            return;
        }
        tokio::spawn(async move {
            let heard = tokio::time::timeout(WRITE_LIMIT, hears).await;
            let reply = heard.ok().and_then(Result::ok).unwrap_or_else(|| Err(Reason::NoHistory.into()));
            answer.send(reply).ok();
        });
    }

    /// Takes over what the history looks like, unless it is older than what is known here.
    fn history_told(&mut self, before: &Done) {
        let done = &self.writing.done;
        let known = done.known.clone();
        let is_newest = known.look == self.writing.looks && done.history.number == self.writing.history;
        if is_newest
            && done.history.failed.is_none()
            && let Some(picture) = known.picture
        {
            self.changed |= self.model.remember(picture.recent, picture.missed);
        }
        if known.changes > before.known.changes {
            self.outputs(vec![Output::Event(Event::new(EventName::History, now().wall))]);
        }
        if let Some(aside) = known.aside.filter(|aside| before.known.aside.as_ref() != Some(aside)) {
            let text = "The history was broken, and a new one was begun.".to_owned();
            let remedy = format!("The old one was kept as {}. What the PBX still lists comes back by itself.", aside.display());
            self.tell_of_disk("history_broken", text, remedy, Some("it was kept aside"));
        }
    }

    /// The disk has written something, or could not.
    pub(super) fn disk_done(&mut self, done: Done) {
        let before = std::mem::replace(&mut self.writing.done, done);
        let done = &self.writing.done;
        let (settings, history, marks) = (done.settings.clone(), done.history.clone(), done.marks.clone());
        if settings.number > 0 && (settings.number > before.settings.number || settings.failed != before.settings.failed) {
            self.settings_failed(settings.failed.as_deref());
        }
        if history.number > before.history.number || history.failed != before.history.failed {
            self.history_failed(history.failed.as_deref());
        }
        if marks.number > 0 && (marks.number > before.marks.number || marks.failed != before.marks.failed) {
            self.marks_failed(marks.failed.as_deref());
        }
        let outstanding =
            settings.number < self.writing.settings || history.number < self.writing.history || marks.number < self.writing.marks;
        self.writing.late_at = outstanding.then(|| now().mono + WRITE_LIMIT);
        let again = settings.failed.is_some() || history.failed.is_some() || marks.failed.is_some();
        self.writing.again_at = again.then(|| now().mono + WRITE_AGAIN);
        self.history_told(&before);
        self.answer_saved();
    }

    /// Tells that the disk is late, and tries again what failed.
    pub(super) fn disk_tick(&mut self, mono: Instant) {
        if self.writing.late_at.is_some_and(|at| at <= mono) {
            self.writing.late_at = None;
            let late = Some("the folder does not answer");
            if self.writing.done.settings.number < self.writing.settings {
                self.settings_failed(late);
            }
            if self.writing.done.history.number < self.writing.history {
                self.history_failed(late);
            }
            if self.writing.done.marks.number < self.writing.marks {
                self.marks_failed(late);
            }
        }
        if self.writing.again_at.is_some_and(|at| at <= mono) {
            self.writing.again_at = Some(mono + WRITE_AGAIN);
            self.writing.disk.retry();
        }
        self.answer_saved();
    }

    fn settings_failed(&mut self, why: Option<&str>) {
        let text = format!("The settings could not be written: {}.", why.unwrap_or_default());
        let dir = self.options.config_dir.display();
        let remedy = if self.writing.may_write {
            format!("Make room or check {dir}. Trayphone tries again by itself.")
        } else {
            format!("Check {dir}.")
        };
        self.tell_of_disk("settings_not_written", text, remedy, why);
    }

    fn history_failed(&mut self, why: Option<&str>) {
        let text = format!("Ended calls could not be written into the history: {}.", why.unwrap_or_default());
        let remedy = format!("Make room or check {}. Trayphone tries again by itself.", self.options.state_dir.display());
        self.tell_of_disk("history_not_written", text, remedy, why);
    }

    fn marks_failed(&mut self, why: Option<&str>) {
        let text = format!("Which calls were seen could not be written: {}.", why.unwrap_or_default());
        let remedy = format!("Make room or check {}. Trayphone tries again by itself.", self.options.state_dir.display());
        self.tell_of_disk("history_marks_not_written", text, remedy, why);
    }

    fn tell_of_disk(&mut self, about: &str, text: String, remedy: String, why: Option<&str>) {
        if let Some(why) = why {
            warn!(about, why, "not written");
        }
        self.model.hint(Hint { about: about.to_owned(), text, remedy: Some(remedy) }, why.is_some());
        self.changed = true;
    }
}
