//! The history's part of the disk's work: ended calls and lists that wait to be written, and questions that wait for them.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use phone_core::history::{HistoryPage, WhichCalls};
use phone_core::request::{Answer, Reply};
use phone_core::view::CallRecord;
use phone_core::{AccountName, CallId, Reason};
use tokio::sync::oneshot;

use crate::history::{Keep, Look, MOST, Picture, Store, Trouble, Wanted, is_broken, is_broken_index, latest_first, put_aside};

/// Most questions that wait; a folder that does not answer must not gather them.
const MOST_QUESTIONS: usize = 64;

/// What is asked of the history, and who waits for the answer.
pub(crate) enum Question {
    /// A page.
    Page(Wanted, oneshot::Sender<Answer>),
    /// A part of the table for other programs.
    Table(Wanted, oneshot::Sender<Answer>),
    /// To remove calls.
    Delete(WhichCalls, oneshot::Sender<Answer>),
    /// To write a note on a call, or to remove it.
    Note(CallId, Option<String>, oneshot::Sender<Answer>),
}

/// What is known of the history after the newest work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// What the tray shows of it; it holds the ended calls up to the number of the write.
    pub picture: Option<Picture>,
    /// The number of the look it was drawn for.
    pub look: u64,
    /// Grows with each change that no ended call of ours made.
    pub changes: u64,
    /// Where a broken database was put.
    pub aside: Option<PathBuf>,
}

/// What waits.
pub(super) struct Past {
    /// Ended calls, oldest first; never more than [`MOST`].
    pub calls: VecDeque<CallRecord>,
    /// The number of the newest one.
    pub number: u64,
    /// The newest list of each account's PBX, and how far its clock is ahead.
    lists: BTreeMap<AccountName, (SignedDuration, Vec<CallRecord>)>,
    questions: VecDeque<Question>,
    look: Option<(u64, Look)>,
    keep: Keep,
    pub due: bool,
    /// The newest work could not be done.
    pub failed: bool,
}

impl Past {
    pub fn new(keep: Keep) -> Self {
        let (calls, lists, questions) = (VecDeque::new(), BTreeMap::new(), VecDeque::new());
        Self { calls, number: 0, lists, questions, look: None, keep, due: false, failed: false }
    }

    pub fn ended_call(&mut self, number: u64, call: CallRecord) {
        self.calls.push_back(call);
        self.number = number;
        self.shorten();
        self.due = true;
    }

    pub fn list(&mut self, account: AccountName, ahead: SignedDuration, list: Vec<CallRecord>) {
        self.lists.insert(account, (ahead, list));
        self.due = true;
    }

    pub fn question(&mut self, question: Question) -> bool {
        if self.questions.len() >= MOST_QUESTIONS {
            return false;
        }
        self.questions.push_back(question);
        self.due = true;
        true
    }

    pub fn look(&mut self, number: u64, look: Look) {
        self.look = Some((number, look));
        self.due = true;
    }

    pub fn keep(&mut self, keep: Keep) {
        if self.keep != keep {
            self.keep = keep;
            self.due = true;
        }
    }

    /// Has what could not be done tried once more.
    pub fn retry(&mut self) {
        self.due |= self.failed || self.is_waiting();
    }

    /// Tells whether something waits that was not written.
    pub fn is_waiting(&self) -> bool {
        !self.calls.is_empty() || !self.lists.is_empty()
    }

    pub fn next(&mut self) -> Work {
        Work {
            number: self.number,
            calls: std::mem::take(&mut self.calls).into(),
            lists: std::mem::take(&mut self.lists),
            questions: std::mem::take(&mut self.questions),
            look: self.look.clone(),
            keep: self.keep,
        }
    }

    /// Puts back what could not be written.
    pub fn put_back(&mut self, work: Work) {
        let mut calls: VecDeque<CallRecord> = work.calls.into();
        calls.append(&mut self.calls);
        self.calls = calls;
        self.shorten();
        for (account, list) in work.lists {
            self.lists.entry(account).or_insert(list);
        }
    }

    /// Lets go of the oldest calls.
    fn shorten(&mut self) {
        let surplus = self.calls.len().saturating_sub(MOST);
        self.calls.drain(..surplus);
    }
}

/// What is done at once.
pub(super) struct Work {
    pub number: u64,
    calls: Vec<CallRecord>,
    lists: BTreeMap<AccountName, (SignedDuration, Vec<CallRecord>)>,
    questions: VecDeque<Question>,
    look: Option<(u64, Look)>,
    keep: Keep,
}

impl Work {
    /// Tells whether there is anything in it to be written.
    fn writes(&self) -> bool {
        !self.calls.is_empty() || !self.lists.is_empty()
    }
}

/// The history while somebody works with it; one that is kept in memory alone stays.
#[derive(Default)]
pub(super) struct Desk(Mutex<Open>);

#[derive(Default)]
struct Open {
    store: Option<Store>,
    /// The look that was answered last.
    look: u64,
    aside: Option<PathBuf>,
}

impl Desk {
    /// Does the work; gives back what kept it from being done. What was done is no longer in the work then.
    pub fn work(&self, dir: &Path, work: &mut Work, known: &mut Known) -> Result<(), Trouble> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now();
        let is_news = work.writes() || work.look.as_ref().is_some_and(|(number, _)| *number != open.look);
        let (mut changed, mut result) = (false, Ok(()));
        if !work.calls.is_empty() {
            result = open.with(dir, work.keep, |store| store.add(&work.calls, now));
            if result.is_ok() {
                work.calls.clear();
            }
        }
        while result.is_ok()
            && let Some((account, (ahead, list))) = work.lists.first_key_value()
        {
            result = open.with(dir, work.keep, |store| store.told(account, *ahead, list, now)).map(|news| changed |= news);
            if result.is_ok() {
                work.lists.pop_first();
            }
        }
        while let Some(question) = work.questions.pop_front() {
            let done = open.answer(dir, work, question, now, &mut changed);
            result = result.and(done);
        }
        if result.is_ok()
            && (is_news || changed)
            && let Some((number, look)) = &work.look
        {
            let picture = open.with(dir, work.keep, |store| store.picture(look));
            result = picture.map(|picture| {
                open.look = *number;
                (known.picture, known.look) = (Some(picture), *number);
            });
        }
        known.changes += u64::from(changed);
        known.aside = open.aside.clone();
        result
    }

    /// Closes the database, so that nothing of it stays in memory.
    pub fn close(&self) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.store.take_if(|store| store.keep() != Keep::Nothing).is_some() {
            drop(open);
            crate::heap::trim();
        }
    }
}

impl Open {
    /// Has something done with the database, which is opened for that; one that turns out to be broken is replaced once.
    fn with<T>(
        &mut self,
        dir: &Path,
        keep: Keep,
        mut does: impl FnMut(&mut Store) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Trouble> {
        self.store.take_if(|store| store.keep() != keep);
        let mut again = true;
        loop {
            let store = match &mut self.store {
                Some(store) => store,
                None => {
                    let (store, aside) = Store::open(dir, keep, Timestamp::now())?;
                    self.aside = aside.or(self.aside.take());
                    self.store.insert(store)
                }
            };
            match does(store) {
                Err(error) if again && is_broken_index(&error) => store.mend_index()?,
                Err(error) if again && is_broken(&error) => {
                    self.store = None;
                    self.aside = Some(put_aside(dir)?);
                }
                done => return Ok(done?),
            }
            again = false;
        }
    }

    fn answer(
        &mut self,
        dir: &Path,
        work: &mut Work,
        question: Question,
        now: Timestamp,
        changed: &mut bool,
    ) -> Result<(), Trouble> {
        match question {
            Question::Page(wanted, answer) => {
                let page = self.with(dir, work.keep, |store| store.page(&wanted, &work.calls, now));
                // The hint tells that more is there than can be read.
                let (page, done) = page.map_or_else(|why| (latest_first(&wanted, &work.calls), Err(why)), |page| (page, Ok(())));
                let next = page.next.map(|place| place.to_string());
                answer.send(Ok(Reply::History(HistoryPage { calls: page.calls, next }))).ok();
                done
            }
            Question::Table(wanted, answer) => {
                let table = self.with(dir, work.keep, |store| store.table(&wanted, &work.calls, now));
                said(answer, table, |(text, next)| Ok(Reply::Table { text, next: next.map(|place| place.to_string()) }))
            }
            Question::Delete(which, answer) => {
                let count = match &which {
                    WhichCalls::These(ids) => self.with(dir, work.keep, |store| store.delete(ids)),
                    WhichCalls::All => self.with(dir, work.keep, |store| store.delete_all(now)),
                };
                if count.is_ok() {
                    *changed = true;
                    work.calls.retain(|call| matches!(&which, WhichCalls::These(ids) if !ids.contains(&call.id)));
                }
                said(answer, count, |count| Ok(Reply::Deleted(count)))
            }
            Question::Note(id, note, answer) => {
                let waits = work.calls.iter_mut().find(|call| call.id == id);
                let written = match waits {
                    Some(call) => {
                        call.note.clone_from(&note);
                        call.bound();
                        Ok(true)
                    }
                    None => self.with(dir, work.keep, |store| store.note(&id, note.as_deref())),
                };
                *changed |= matches!(written, Ok(true));
                said(answer, written, |there| if there { Ok(Reply::Done) } else { Err(Reason::NoEndedCall.into()) })
            }
        }
    }
}

fn said<T>(answer: oneshot::Sender<Answer>, done: Result<T, Trouble>, reply: impl FnOnce(T) -> Answer) -> Result<(), Trouble> {
    let (reply, done) = match done {
        Ok(done) => (reply(done), Ok(())),
        Err(why) => (Err(Reason::NoHistory.into()), Err(why)),
    };
    answer.send(reply).ok();
    done
}
