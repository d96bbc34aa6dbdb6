//! The commands of one link that are under way: each has one end, whatever comes in whatever order.
//!
//! A command ends by a word of its dialect, once; or without one, because the calls show its effect, its time is over or
//! its link is lost, which the model sees and tells by itself. Whatever arrives after the end finds nothing here any more.

use phone_core::Reason;
use phone_core::told::{RequestId, Told};

use crate::dialect::Effects;

/// Most commands that are looked after at once; older ones have had their time.
pub(crate) const MOST: usize = 32;

/// A command under way.
#[derive(Debug)]
pub(crate) struct Open<W> {
    pub request: RequestId,
    /// The number by which the PBX speaks of it later, beside the answer to what was sent.
    number: Option<u64>,
    /// What is waited for, in the words of its dialect.
    pub what: W,
}

/// The word that ends a command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// It had its effect, and no call shows that.
    Done,
    /// Its call waits where anybody can fetch it, at this number; the key is that by which the PBX tells what becomes of it.
    Parked { key: Option<String>, place: Option<String> },
    /// Nothing comes of it.
    No(Reason),
    /// It was sent, and nobody can say what became of it.
    Unclear,
}

/// All commands under way, the oldest first.
#[derive(Debug)]
pub(crate) struct Commands<W> {
    all: Vec<Open<W>>,
}

impl<W> Default for Commands<W> {
    fn default() -> Self {
        Self { all: vec![] }
    }
}

impl<W> Commands<W> {
    /// A command is under way, or waits for something else from now on.
    pub fn look_after(&mut self, request: RequestId, what: W) {
        if let Some(open) = self.all.iter_mut().find(|open| open.request == request) {
            open.what = what;
            return;
        }
        if self.all.len() >= MOST {
            self.all.remove(0);
        }
        self.all.push(Open { request, number: None, what });
    }

    /// The PBX will speak of a command by this number.
    pub fn known_by(&mut self, request: RequestId, number: u64) {
        if let Some(open) = self.all.iter_mut().find(|open| open.request == request) {
            open.number = Some(number);
        }
    }

    /// The command that the PBX speaks of by this number, once.
    pub fn take_number(&mut self, number: u64) -> Option<RequestId> {
        let open = self.all.iter_mut().find(|open| open.number == Some(number))?;
        open.number = None;
        Some(open.request)
    }

    /// What a command waits for; none when it has ended.
    pub fn get(&self, request: RequestId) -> Option<&W> {
        self.all.iter().find(|open| open.request == request).map(|open| &open.what)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, request: RequestId) -> Option<&mut W> {
        self.all.iter_mut().find(|open| open.request == request).map(|open| &mut open.what)
    }

    /// Tells whether a command has no end yet.
    pub fn has(&self, request: RequestId) -> bool {
        self.all.iter().any(|open| open.request == request)
    }

    /// The oldest command that waits for this.
    pub fn find(&self, is_it: impl Fn(&W) -> bool) -> Option<RequestId> {
        self.all.iter().find(|open| is_it(&open.what)).map(|open| open.request)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Open<W>> {
        self.all.iter()
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Open<W>> {
        self.all.iter_mut()
    }

    /// Ends a command by a word; one that has ended gets no second one.
    pub fn end(&mut self, request: RequestId, end: End, out: &mut Effects) {
        if self.leave(request).is_none() {
            return;
        }
        out.tell(match end {
            End::Done => Told::Confirmed(request),
            End::Parked { key, place } => Told::Parked { request, key, place },
            End::No(reason) => Told::Refused(request, reason),
            End::Unclear => Told::Unclear(request),
        });
    }

    /// Leaves a command to the model, which sees in the calls or by the clock how it ends.
    pub fn leave(&mut self, request: RequestId) -> Option<Open<W>> {
        let position = self.all.iter().position(|open| open.request == request)?;
        Some(self.all.remove(position))
    }

    /// The link is over: leaves all of them to the model, which knows of none how it ended.
    pub fn lose(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.all).into_iter().map(|open| open.request).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::dialect::Effect;

    #[derive(Clone, Debug)]
    enum Step {
        /// A new command, about one of a few things.
        Begin(u8),
        /// The command begun so many commands ago waits for something else.
        Change(u64, u8),
        Known(u64, u64),
        Spoken(u64, Word),
        Ends(u64, Word),
        /// The first that waits for this.
        Found(u8, Word),
        Left(u64),
        Lost,
    }

    #[derive(Clone, Copy, Debug)]
    enum Word {
        Done,
        Parked,
        No,
        Unclear,
    }

    fn end(word: Word) -> End {
        match word {
            Word::Done => End::Done,
            Word::Parked => End::Parked { key: None, place: Some("701".to_owned()) },
            Word::No => End::No(Reason::NoSuchCall),
            Word::Unclear => End::Unclear,
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        let word = || prop::sample::select(&[Word::Done, Word::Parked, Word::No, Word::Unclear][..]);
        let ago = || 0u64..40;
        prop_oneof![
            12 => (0u8..4).prop_map(Step::Begin),
            4 => (ago(), 0u8..4).prop_map(|(ago, what)| Step::Change(ago, what)),
            3 => (ago(), 0u64..6).prop_map(|(ago, number)| Step::Known(ago, number)),
            3 => (0u64..6, word()).prop_map(|(number, word)| Step::Spoken(number, word)),
            6 => (ago(), word()).prop_map(|(ago, word)| Step::Ends(ago, word)),
            3 => (0u8..4, word()).prop_map(|(what, word)| Step::Found(what, word)),
            2 => ago().prop_map(Step::Left),
            1 => Just(Step::Lost),
        ]
    }

    /// What happened to each command: how many words were told of it, and how often it was left to the model.
    #[derive(Default)]
    struct Ends {
        words: HashMap<RequestId, usize>,
        left: HashMap<RequestId, usize>,
    }

    impl Ends {
        fn heard(&mut self, out: Effects) {
            for effect in out.0 {
                let Effect::Tell(told) = effect else { panic!("a command only tells") };
                let (Told::Confirmed(request)
                | Told::Parked { request, .. }
                | Told::Refused(request, _)
                | Told::Unclear(request)) = told
                else {
                    panic!("that ends no command")
                };
                *self.words.entry(request).or_default() += 1;
            }
        }

        fn left(&mut self, request: RequestId) {
            *self.left.entry(request).or_default() += 1;
        }

        fn of(&self, request: RequestId) -> usize {
            let of = |ends: &HashMap<RequestId, usize>| ends.get(&request).copied().unwrap_or_default();
            of(&self.words) + of(&self.left)
        }
    }

    proptest! {
        #[test]
        fn every_command_ends_once_whatever_comes_in_whatever_order(steps in prop::collection::vec(step(), 1..200)) {
            let (mut commands, mut ends, mut last) = (Commands::default(), Ends::default(), 0);
            for step in steps {
                let before: Vec<RequestId> = commands.iter().map(|open| open.request).collect();
                let mut out = Effects::default();
                let ago = |ago: u64| RequestId::saturating_sub(last, ago);
                match step {
                    Step::Begin(what) => {
                        last += 1;
                        commands.look_after(last, what);
                        // The oldest of too many is left to its limit.
                        before.iter().filter(|request| !commands.has(**request)).for_each(|request| ends.left(*request));
                    }
                    // A dialect changes what is open, and nothing else.
                    Step::Change(by, what) if commands.has(ago(by)) => commands.look_after(ago(by), what),
                    Step::Change(..) => {}
                    Step::Known(by, number) => commands.known_by(ago(by), number),
                    Step::Spoken(number, word) => {
                        if let Some(request) = commands.take_number(number) {
                            prop_assert!(before.contains(&request), "the PBX spoke of one that is over");
                            commands.end(request, end(word), &mut out);
                        }
                    }
                    Step::Ends(by, word) => commands.end(ago(by), end(word), &mut out),
                    Step::Found(what, word) => {
                        if let Some(request) = commands.find(|open| *open == what) {
                            commands.end(request, end(word), &mut out);
                        }
                    }
                    Step::Left(by) => {
                        if commands.leave(ago(by)).is_some() {
                            ends.left(ago(by));
                        }
                    }
                    Step::Lost => commands.lose().into_iter().for_each(|request| ends.left(request)),
                }
                ends.heard(out);
                prop_assert!(commands.iter().count() <= MOST);
                for request in 1..=last {
                    prop_assert_eq!(ends.of(request), usize::from(!commands.has(request)), "command {}", request);
                }
            }
            commands.lose().into_iter().for_each(|request| ends.left(request));
            for request in 1..=last {
                prop_assert_eq!(ends.of(request), 1, "after the link is over, command {}", request);
            }
        }
    }

    #[test]
    fn a_number_belongs_to_one_command_and_is_spoken_of_once() {
        let mut commands = Commands::default();
        commands.look_after(1, "dial");
        commands.look_after(2, "dial");
        commands.known_by(1, 7);
        commands.look_after(1, "pick up");
        commands.known_by(3, 8);

        assert_eq!(commands.take_number(7), Some(1), "whatever it waits for meanwhile");
        assert_eq!(commands.take_number(7), None);
        assert_eq!(commands.take_number(8), None, "nothing was sent for it");
        assert_eq!(commands.find(|what| *what == "dial"), Some(2));
    }
}
