//! The questions of one link that have no answer yet, by the numbers that we gave them.

use std::collections::HashMap;

/// So many questions may be open at once; a server that answers none of them is asked no more than what it must be.
const MOST: usize = 256;

/// Questions under way, and what each was asked for.
#[derive(Debug)]
pub(crate) struct Questions<W> {
    /// The number given last; none is given twice, so that an answer to what was asked before never counts for anything else.
    last: u64,
    all: HashMap<u64, W>,
}

impl<W> Default for Questions<W> {
    fn default() -> Self {
        Self { last: 0, all: HashMap::new() }
    }
}

impl<W> Questions<W> {
    /// Counts on from here.
    pub fn count_from(&mut self, last: u64) {
        self.last = last;
    }

    /// Numbers a question that is about to be sent.
    pub fn number(&mut self, what: W) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.all.insert(self.last, what);
        self.last
    }

    /// What was asked under this number; none when nobody waits for it.
    pub fn get(&self, number: u64) -> Option<&W> {
        self.all.get(&number)
    }

    /// The same, when its answer is complete.
    pub fn take(&mut self, number: u64) -> Option<W> {
        self.all.remove(&number)
    }

    /// What is waited for.
    pub fn values(&self) -> impl Iterator<Item = &W> {
        self.all.values()
    }

    /// Whether one more that can be done without should not be asked.
    pub fn is_full(&self) -> bool {
        self.all.len() >= MOST
    }

    /// Waits for these only; the answers to the others find nothing.
    pub fn retain(&mut self, keep: impl Fn(&W) -> bool) {
        self.all.retain(|_, what| keep(what));
    }

    /// The link is over: no answer will come.
    pub fn clear(&mut self) {
        self.all.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Questions;

    #[test]
    fn an_answer_of_a_link_before_finds_nothing() {
        let mut asked = Questions::default();
        let before = asked.number("calls");
        asked.clear();
        let now = asked.number("calls");

        assert_eq!(asked.take(before), None);
        assert_eq!(asked.take(now), Some("calls"));
        assert_eq!(asked.take(now), None, "answered once");
    }
}
