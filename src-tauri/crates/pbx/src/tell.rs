//! What every kind tells in the same way: abilities, the own state, and how calls ended.

use phone_core::call::{CallSeen, Outcome};
use phone_core::told::Told;
use phone_core::{Abilities, Ability, Direction, Presence};

use crate::dialect::Effects;

/// What was told last, so that only a change is told again.
#[derive(Debug, Default)]
pub(crate) struct Last {
    pub abilities: Option<Abilities>,
    own: Option<(Presence, Option<bool>)>,
}

impl Last {
    /// Tells what can be done, of which each is offered or not.
    pub fn abilities(&mut self, offered: &[(bool, &[Ability])], out: &mut Effects) {
        let list: Vec<Ability> = offered.iter().filter(|(offered, _)| *offered).flat_map(|(_, what)| *what).copied().collect();
        let abilities = Abilities::of(&list);
        if self.abilities.as_ref() != Some(&abilities) {
            self.abilities = Some(abilities.clone());
            out.tell(Told::Abilities(abilities));
        }
    }

    /// Tells the own state, and do-not-disturb when it is known.
    pub fn own(&mut self, presence: Presence, dnd: Option<bool>, out: &mut Effects) {
        if self.own != Some((presence, dnd)) {
            self.own = Some((presence, dnd));
            out.tell(Told::Own { presence, dnd });
        }
    }

    /// Whoever listens knows nothing any more: all is told anew.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The word about a call that ended without having been answered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The PBX has shown it.
    Known(Outcome),
    /// The PBX is being asked; [`tell_outcome`] follows within 3 s.
    Follows,
}

/// How a call ended, where that is to be said: of the signs that it bears the first one counts, and without any nobody took
/// it. Of one that was answered here, or that this user began, what was shown of it says all.
pub(crate) fn outcome_of(direction: Direction, answered: bool, signs: &[(bool, Outcome)]) -> Option<Outcome> {
    let unanswered = direction == Direction::Incoming && !answered;
    let sign = signs.iter().find(|(is_there, _)| *is_there).map_or(Outcome::Missed, |(_, outcome)| *outcome);
    unanswered.then_some(sign)
}

/// Tells all calls; who is not among them any more has ended, and of those in `ended` there is a word about how.
pub(crate) fn tell_calls(calls: Vec<CallSeen>, ended: Vec<(String, Word)>, out: &mut Effects) {
    let verdict_follows = ended.iter().map(|(key, _)| key.clone()).collect();
    out.tell(Told::Calls { calls, verdict_follows });
    for (key, word) in ended {
        if let Word::Known(outcome) = word {
            tell_outcome(key, Some(outcome), out);
        }
    }
}

/// Tells how a call ended about which the PBX was asked; none when it could not say.
pub(crate) fn tell_outcome(key: String, outcome: Option<Outcome>, out: &mut Effects) {
    out.tell(Told::Verdict { key, outcome });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Effect;

    #[test]
    fn a_call_that_was_not_answered_ended_by_the_first_sign_that_it_bears() {
        let of = |elsewhere: bool, declined: bool| {
            outcome_of(Direction::Incoming, false, &[(elsewhere, Outcome::AnsweredElsewhere), (declined, Outcome::Declined)])
        };
        // The phones that stop ringing may say busy too.
        assert_eq!(of(true, true), Some(Outcome::AnsweredElsewhere));
        assert_eq!(of(false, true), Some(Outcome::Declined));
        assert_eq!(of(false, false), Some(Outcome::Missed));
        assert_eq!(outcome_of(Direction::Incoming, true, &[]), None, "what was shown says all");
        assert_eq!(outcome_of(Direction::Outgoing, false, &[]), None);
    }

    #[test]
    fn an_outcome_is_told_at_once_or_announced() {
        let mut out = Effects::default();
        let ended = [("a", Word::Known(Outcome::AnsweredElsewhere)), ("b", Word::Follows), ("c", Word::Known(Outcome::Declined))];
        tell_calls(vec![], ended.into_iter().map(|(key, word)| (key.to_owned(), word)).collect(), &mut out);
        tell_outcome("b".to_owned(), None, &mut out);

        let told: Vec<Told> =
            out.0.into_iter().filter_map(|e| if let Effect::Tell(told) = e { Some(told) } else { None }).collect();
        let verdict = |key: &str, outcome| Told::Verdict { key: key.to_owned(), outcome };
        let expected = [
            Told::Calls { calls: vec![], verdict_follows: ["a", "b", "c"].map(str::to_owned).to_vec() },
            verdict("a", Some(Outcome::AnsweredElsewhere)),
            verdict("c", Some(Outcome::Declined)),
            verdict("b", None),
        ];
        assert_eq!(told, expected);
    }
}
