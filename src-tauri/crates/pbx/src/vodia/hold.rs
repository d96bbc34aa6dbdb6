//! Which side holds a call, as far as the toggle of old servers lets anybody know.
//!
//! Their one action puts on hold and takes back, and their two words for a held call are not
//! documented: nobody says which of them means this user. A toggle at the wrong moment would put a
//! call on hold that should be taken back. So a call counts as held by us only when
//!
//! - it was not held when our toggle was sent, and its next word for being held came after that,
//! - that word was not seen before without our asking, when the other side or the phone itself held,
//! - no other word for it has come since, which would mean that the other side acted too.
//!
//! A whole turn, on hold and back by our own toggles, shows the word that means us; from then on the
//! other word is known to be the other side's, whatever the moment.
//!
//! What stays uncertain: before the first whole turn, when the other side holds in the very moment in
//! which our toggle is on its way, and the server ignores a toggle for a call that is held already, the
//! one word that comes looks like the answer to ours. And whoever uses the key of the desk phone in the
//! moment of a press here turns the toggle round, on any server that has nothing else.

use std::collections::HashMap;

use phone_core::call::Holder;
use phone_core::told::RequestId;

/// The two words of the wire for a held call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `onhold`.
    OnHold,
    /// `holding`.
    Holding,
}

/// A toggle that was sent and has not shown its effect.
#[derive(Debug)]
struct Toggle {
    request: RequestId,
    resumes: bool,
}

/// What is known of one call.
#[derive(Debug, Default)]
struct Hold {
    /// Its word in the last picture, while it is held.
    word: Option<Word>,
    toggle: Option<Toggle>,
    /// A command that can only hold was sent, and its effect has not come.
    holding: Option<RequestId>,
    /// Our command put it on hold.
    ours: bool,
    /// A toggle of ours showed no effect in time, so nobody knows where our side stands.
    muddled: bool,
}

/// What is known of all calls.
#[derive(Debug, Default)]
pub struct Holds {
    calls: HashMap<String, Hold>,
    /// Words that came without our asking.
    unasked: Vec<Word>,
    /// The word that means this user; a habit of the server, so it outlives the link.
    our_word: Option<Word>,
}

impl Holds {
    /// Forgets the calls, because the link is new and nobody watched.
    pub fn clear(&mut self) {
        self.calls.clear();
        self.unasked.clear();
    }

    /// Forgets calls that are over.
    pub fn keep(&mut self, there: impl Fn(&str) -> bool) {
        self.calls.retain(|key, _| there(key));
    }

    /// Tells whether a toggle can be sent without undoing one whose effect was never seen.
    pub fn may_toggle(&self, key: &str) -> bool {
        self.calls.get(key).is_none_or(|hold| hold.toggle.is_none() && !hold.muddled)
    }

    /// A toggle is about to be sent.
    pub fn toggled(&mut self, key: &str, request: RequestId, resumes: bool) {
        self.calls.entry(key.to_owned()).or_default().toggle = Some(Toggle { request, resumes });
    }

    /// A command that can only hold is about to be sent.
    pub fn told_to_hold(&mut self, key: &str, request: RequestId) {
        self.calls.entry(key.to_owned()).or_default().holding = Some(request);
    }

    /// A command that can only hold was refused or showed no effect in time.
    pub fn not_held(&mut self, request: RequestId) {
        for hold in self.calls.values_mut() {
            hold.holding.take_if(|holding| *holding == request);
        }
    }

    /// A toggle showed no effect in time.
    pub fn expired(&mut self, request: RequestId) {
        let of = |hold: &&mut Hold| hold.toggle.as_ref().is_some_and(|toggle| toggle.request == request);
        let Some(hold) = self.calls.values_mut().find(of) else { return };
        hold.toggle = None;
        (hold.ours, hold.muddled) = (false, true);
    }

    /// A call has a state that nobody knows, so nobody knows who holds it either.
    pub fn lost_sight(&mut self, key: &str) {
        if let Some(hold) = self.calls.get_mut(key) {
            (hold.word, hold.ours) = (None, false);
        }
    }

    /// Takes the word of a call in a new picture, none when it is not held, and says who holds it.
    ///
    /// `by_toggle` is false where the server has one command for each direction: a wrong guess can harm nobody there.
    pub fn see(&mut self, key: &str, word: Option<Word>, by_toggle: bool) -> Holder {
        let hold = self.calls.entry(key.to_owned()).or_default();
        let before = std::mem::replace(&mut hold.word, word);
        let Some(word) = word else {
            if before.is_some() {
                let back_by_us = hold.toggle.take_if(|toggle| toggle.resumes).is_some();
                if back_by_us && hold.ours && by_toggle {
                    self.our_word = before;
                }
                // It was held and is not any more, so neither side holds.
                hold.muddled = false;
            }
            hold.ours = false;
            return Holder::NotTold;
        };
        if before != Some(word) {
            let held_by_us = hold.toggle.take_if(|toggle| !toggle.resumes);
            let known = self.our_word == Some(word);
            let theirs = self.our_word.is_some() && !known;
            let first = before.is_none();
            let by_us = held_by_us.is_some() && (known || (first && !theirs && !self.unasked.contains(&word)));
            hold.ours = if by_toggle { by_us } else { hold.holding.take().is_some() && first };
            if held_by_us.is_none() && first && by_toggle && !hold.muddled && !self.unasked.contains(&word) {
                self.unasked.push(word);
            }
            if theirs {
                // Ours is still on its way; its own word will tell.
                hold.toggle = hold.toggle.take().or(held_by_us);
            }
        }
        match (hold.ours, self.our_word) {
            (true, _) => Holder::Us,
            (false, Some(ours)) if ours != word && by_toggle => Holder::Them,
            (false, _) => Holder::NotTold,
        }
    }
}
