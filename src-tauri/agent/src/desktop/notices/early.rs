//! What the service said about numbers that nobody has told us yet.

use std::collections::VecDeque;

use super::service::Said;

/// So many are kept. Some services tell every program what becomes of all notices, so most of them concern nobody here.
const KEPT: usize = 8;

/// Words about notices that may be ours, for as long as one of ours has no number.
#[derive(Default)]
pub(super) struct Early(VecDeque<Said>);

impl Early {
    /// Keeps what was said. Where there is no room the oldest goes, as the number in question is on its way just now.
    pub fn keep(&mut self, said: Said) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(said);
    }

    /// What was said first about `id`; what was said after it has nothing more to say.
    pub fn take(&mut self, id: u32) -> Option<Said> {
        let first = self.0.iter().position(|said| said.id() == id).and_then(|position| self.0.remove(position));
        self.0.retain(|said| said.id() != id);
        first
    }

    /// Forgets everything: no number is on its way, or the service that gave these is gone and the next one gives the
    /// same numbers to other notices.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_early_press_is_heard_after_any_number_of_words_about_the_notices_of_others() {
        let mut early = Early::default();
        for id in 1..=9 {
            early.keep(Said::Closed(id));
        }
        early.keep(Said::Pressed(10, "1.0".to_owned()));
        early.keep(Said::Closed(10));
        let heard = early.take(10);
        assert!(matches!(&heard, Some(Said::Pressed(10, key)) if key == "1.0"), "{heard:?}");
        assert!(early.take(10).is_none() && early.take(1).is_none());
    }

    #[test]
    fn what_one_service_said_is_nothing_to_the_next() {
        let mut early = Early::default();
        early.keep(Said::Closed(1));
        early.forget();
        assert!(early.take(1).is_none());
    }
}
