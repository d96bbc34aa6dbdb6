//! Questions that wait for an answer: when they were asked, and until when an answer counts.
//!
//! A yes to something that was asked long ago is no wish to call any more, so a question is over after a minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use phone_control::protocol::{AskedBy, Question};
use phone_core::Source;
use phone_core::number::{Candidate, Kind, Offer, Verdict};
use tokio::time::Instant;

use crate::desktop::Asked;

/// How long a question may be answered.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Most questions of notices whose time is kept; far more than are ever on the screen.
const MOST: usize = 64;

/// When something was asked, on the clocks that matter.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    /// For the timer.
    since: Instant,
    /// The clock that goes on while the machine sleeps, in milliseconds.
    machine_ms: u64,
    /// For people.
    pub at: Timestamp,
}

impl When {
    fn now() -> Self {
        Self { since: Instant::now(), machine_ms: phone_control::now_ms(), at: Timestamp::now() }
    }

    /// How long an answer still counts.
    fn left(self) -> Duration {
        self.left_at(phone_control::now_ms())
    }

    fn left_at(self, machine_ms: u64) -> Duration {
        let slept = Duration::from_millis(machine_ms.saturating_sub(self.machine_ms));
        ANSWER_WITHIN.saturating_sub(self.since.elapsed().max(slept))
    }
}

/// A question that a notice asks.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    /// What was wanted.
    pub asked: Asked,
    /// The number, or what stands for several.
    pub title: String,
    /// When.
    pub when: When,
    turn: u64,
}

/// The question that the small window asks.
#[derive(Clone, Debug)]
pub(super) struct InWindow {
    id: String,
    /// What was wanted.
    pub asked: Asked,
    /// The numbers.
    pub offers: Vec<Offer>,
    late: bool,
    replaces: bool,
    /// When.
    pub when: When,
}

impl InWindow {
    /// The same for the window; `alone` where no notice can tell that its time is over.
    pub fn told(&self, alone: bool) -> Question {
        let by = match self.asked.source {
            Source::Link => AskedBy::Link,
            Source::Text => AskedBy::Text,
            Source::Typed | Source::Pressed => AskedBy::Pressed,
        };
        Question {
            id: self.id.clone(),
            by,
            offers: self.offers.clone(),
            late: self.late,
            replaces: self.replaces,
            // Rounded up: the window is never earlier than the agent.
            seconds: self.when.left().as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
            alone,
        }
    }
}

/// All questions that wait.
#[derive(Default)]
pub(super) struct Questions {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    turn: u64,
    /// By what their notices are about.
    notices: BTreeMap<String, Asking>,
    window: Option<InWindow>,
}

impl Questions {
    /// A notice asks; a later question about the same takes its place. The answer names this one.
    pub fn notice(&self, about: &str, asked: Asked, title: String) -> u64 {
        let mut waiting = self.lock();
        waiting.turn += 1;
        let turn = waiting.turn;
        waiting.notices.insert(about.to_owned(), Asking { asked, title, when: When::now(), turn });
        if waiting.notices.len() > MOST {
            let oldest = waiting.notices.iter().min_by_key(|(_, asking)| asking.turn).map(|(about, _)| about.clone());
            oldest.and_then(|about| waiting.notices.remove(&about));
        }
        turn
    }

    /// Waits until the time of a notice's question is over, and forgets it; none where it was answered or asked anew.
    pub async fn unanswered(&self, about: &str, turn: u64) -> Option<Asking> {
        tokio::time::sleep(ANSWER_WITHIN).await;
        let mut waiting = self.lock();
        let is_it = waiting.notices.get(about).is_some_and(|asking| asking.turn == turn);
        if is_it { waiting.notices.remove(about) } else { None }
    }

    /// Takes an answer to the question of a notice; false where its time is over.
    pub fn answered(&self, asked: &Asked) -> bool {
        let mut waiting = self.lock();
        let same = |asking: &Asking| asking.asked.text == asked.text && asking.asked.source == asked.source;
        let found: Vec<String> =
            waiting.notices.iter().filter(|(_, asking)| same(asking)).map(|(about, _)| about.clone()).collect();
        let taken: Vec<Asking> = found.iter().filter_map(|about| waiting.notices.remove(about)).collect();
        taken.iter().any(|asking| !asking.when.left().is_zero())
    }

    /// The window asks from now on, in place of what it asked before.
    pub fn window(&self, id: String, asked: Asked, offers: Vec<Offer>, late: bool) {
        let mut waiting = self.lock();
        let same = |before: &InWindow| before.asked.text == asked.text && before.asked.source == asked.source;
        let replaces = waiting.window.as_ref().is_some_and(|before| !same(before) && !before.when.left().is_zero());
        waiting.window = Some(InWindow { id, asked, offers, late, replaces, when: When::now() });
    }

    /// What the window asks now.
    pub fn in_window(&self) -> Option<InWindow> {
        self.lock().window.clone().filter(|asking| !asking.when.left().is_zero())
    }

    /// Takes the window's question of this name for its one answer; none where it is over.
    pub fn take(&self, id: &str) -> Option<InWindow> {
        let mut waiting = self.lock();
        let is_it = waiting.window.as_ref().is_some_and(|asking| asking.id == id && !asking.when.left().is_zero());
        if is_it { waiting.window.take() } else { None }
    }

    /// Waits until the time of the window's question is over, and forgets it; none where it was answered or replaced.
    pub async fn window_unanswered(&self, id: &str) -> Option<InWindow> {
        tokio::time::sleep(ANSWER_WITHIN).await;
        let mut waiting = self.lock();
        let is_it = waiting.window.as_ref().is_some_and(|asking| asking.id == id);
        if is_it { waiting.window.take() } else { None }
    }

    /// Forgets what the window asks; tells whether it asked anything.
    pub fn forget_window(&self) -> bool {
        self.lock().window.take().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What can be offered of the numbers that were found in a text; codes and emergency numbers are for whoever types them.
pub(super) fn offers(found: &[Candidate]) -> Vec<Offer> {
    let can_be = |one: &&Candidate| {
        one.verdict != Verdict::Refuse && !matches!(one.kind, Kind::NotANumber | Kind::Emergency | Kind::FeatureCode)
    };
    let offer = |one: &Candidate| {
        let dial = one.dial.clone()?;
        Some(Offer {
            choice: one.extension.as_ref().map_or_else(|| dial.clone(), |digits| format!("{dial};ext={digits}")),
            shown: one.shown.clone().unwrap_or_else(|| dial.clone()),
            dial,
            text: one.text.clone(),
            country: one.country.clone(),
            extension: one.extension.clone(),
            kind: one.kind,
            why: one.why.clone(),
            trust: false,
            remember: None,
            account: None,
        })
    };
    found.iter().filter(can_be).filter_map(offer).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LITTLE: Duration = Duration::from_secs(1);

    fn asked(text: &str) -> Asked {
        Asked { text: text.to_owned(), source: Source::Link, account: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_over_after_a_minute_and_an_answer_to_it_counts_no_more() {
        let questions = Questions::default();
        let turn = questions.notice("1", asked("tel:1"), "1".to_owned());
        tokio::time::advance(ANSWER_WITHIN - LITTLE).await;
        questions.notice("2", asked("tel:2"), "2".to_owned());
        assert!(questions.answered(&asked("tel:2")));
        assert!(!questions.answered(&asked("tel:2")), "an answer counts once");
        tokio::time::advance(LITTLE).await;
        assert!(!questions.answered(&asked("tel:1")));
        questions.notice("1", asked("tel:1"), "1".to_owned());
        assert!(questions.unanswered("1", turn).await.is_none(), "it was asked anew");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_answers_is_told_once_and_what_was_answered_never() {
        let questions = Arc::new(Questions::default());
        let first = questions.notice("1", asked("tel:1"), "one".to_owned());
        let second = questions.notice("2", asked("tel:2"), "two".to_owned());
        assert!(questions.answered(&asked("tel:2")));
        let (told, none) = tokio::join!(questions.unanswered("1", first), questions.unanswered("2", second));
        assert_eq!(told.map(|asking| asking.title).as_deref(), Some("one"));
        assert!(none.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_asks_one_thing_and_only_its_newest_question_can_be_answered() {
        let questions = Questions::default();
        questions.window("a".to_owned(), asked("tel:1"), vec![], false);
        assert!(!questions.in_window().expect("a question").told(false).replaces);
        questions.window("b".to_owned(), asked("tel:2"), vec![], false);
        let now = questions.in_window().expect("a question").told(true);
        assert!(now.replaces && now.alone && now.id == "b" && now.seconds == 60, "{now:?}");
        assert!(questions.take("a").is_none());
        assert!(questions.window_unanswered("a").await.is_none(), "the newer one is told about");
        assert!(questions.in_window().is_none() && questions.take("b").is_none(), "its time is over by now");
        questions.window("c".to_owned(), asked("tel:3"), vec![], false);
        assert!(!questions.in_window().expect("a question").told(false).replaces, "what was over was replaced by nothing");
        assert!(questions.take("c").is_some() && questions.take("c").is_none(), "an answer counts once");
        questions.window("d".to_owned(), asked("tel:4"), vec![], false);
        assert!(questions.window_unanswered("d").await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_has_no_question_left() {
        let when = When::now();
        assert_eq!(when.left_at(when.machine_ms), ANSWER_WITHIN);
        assert_eq!(when.left_at(when.machine_ms + 59_000), LITTLE);
        assert!(when.left_at(when.machine_ms + 3_600_000).is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_questions_is_kept_within_bounds() {
        let questions = Questions::default();
        for number in 0..=MOST {
            questions.notice(&number.to_string(), asked(&format!("tel:{number}")), String::new());
        }
        assert_eq!(questions.lock().notices.len(), MOST);
        assert!(!questions.answered(&asked("tel:0")) && questions.answered(&asked("tel:1")));
    }
}
