//! From text to the digits that are dialled, or to a reason why nothing is.
//!
//! Never a wrong number: whatever is not clearly one number is asked about or refused.
//!
//! Source: the command line contract, section `numbers`.

mod alike;
mod chars;
mod emergency;
mod judge;
mod label;
mod library;
mod mask;
mod plan;
mod policy;
mod reading;
mod service;
mod shown;
mod spell;
#[cfg(test)]
mod tests;
mod text;
mod uri;
mod wire;

use serde::Serialize;

pub use alike::may_be_same;
pub use plan::{Plan, PlanError, Send};
pub use shown::{Canonical, Shown};
pub use uri::{Link, scheme};

use crate::reason::Reason;
use crate::request::Source;
use library::Tables;

/// Longest text that is looked at, in characters.
pub const LONGEST_TEXT: usize = 10_000;

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Has `+` or an international prefix.
    International,
    /// As written inside its country, or digits whose country is not known.
    National,
    /// Internal under the plan.
    Extension,
    /// A short number of a country.
    Service,
    /// Holds `*` or `#`.
    FeatureCode,
    /// An emergency number.
    Emergency,
    /// May cost much more than usual.
    Premium,
    /// In a satellite or international network.
    Satellite,
    /// An address instead of a number.
    Uri,
    /// Not a number.
    NotANumber,
}

/// What the dial policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Rings at once.
    Dial,
    /// Rings after a yes.
    Ask,
    /// Never from this source.
    Refuse,
}

/// One number found in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The text as it stands.
    pub text: String,
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// E.164 form, when known.
    pub e164: Option<String>,
    /// Digits for after the answer.
    pub extension: Option<String>,
    /// What kind of number it is.
    pub kind: Kind,
    /// What the PBX would get.
    pub dial: Option<String>,
    /// What the dial policy says.
    pub verdict: Verdict,
    /// Why it asks or refuses.
    pub why: Option<String>,
}

/// The one number to dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What the PBX gets.
    pub dial: String,
    /// The same for people, grouped.
    pub shown: String,
    /// Digits for after the answer, to be sent if the PBX can and shown if not.
    pub post_dial: Option<String>,
    /// E.164 form, when known.
    pub e164: Option<String>,
    /// What kind of number it is; a PBX that cannot dial addresses must refuse [`Kind::Uri`].
    pub kind: Kind,
}

/// Reads, judges, writes and compares telephone numbers.
///
/// The library's tables (8 MB and more) are built at the first use and dropped by [`Numbers::rest`].
#[derive(Default)]
pub struct Numbers {
    tables: Option<Box<Tables>>,
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Numbers").field("loaded", &self.is_loaded()).finish()
    }
}

impl Numbers {
    /// Finds what a text offers to dial, and what the policy says for its source: one for each distinct number, in order.
    ///
    /// Takes up to [`LONGEST_TEXT`] characters; a longer text offers nothing.
    pub fn candidates(&mut self, text: &str, source: Source, plan: &Plan) -> Vec<Candidate> {
        let readable = text.chars().nth(LONGEST_TEXT).is_none();
        let any = text.chars().any(|c| chars::digit(c).is_some()) || scheme(text).is_some();
        if !readable || !any {
            return vec![];
        }
        let Some(tables) = self.tables() else { return vec![] };
        judge::Look { text, source, plan, tables }.candidates()
    }

    /// Gives the one number a text means, ready to be dialled; `yes` answers the question that the policy would ask.
    ///
    /// # Errors
    /// [`Reason::NumberNotUsable`], [`Reason::SeveralNumbers`], [`Reason::PolicyAsk`] with the number as it would be
    /// dialled unless `yes`, or [`Reason::PolicyRefuse`].
    pub fn target(&mut self, text: &str, source: Source, yes: bool, plan: &Plan) -> Result<Target, Reason> {
        let found = self.candidates(text, source, plan);
        let mut numbers: Vec<Candidate> = found.into_iter().filter(|one| one.kind != Kind::NotANumber).collect();
        if numbers.len() > 1 {
            return Err(Reason::SeveralNumbers(numbers.into_iter().filter_map(|one| one.dial).collect()));
        }
        let Some(one) = numbers.pop() else {
            return Err(Reason::NumberNotUsable("There is no telephone number in this text."));
        };
        match (one.verdict, one.dial) {
            (Verdict::Refuse, _) if one.kind == Kind::Emergency => Err(Reason::PolicyRefuse(policy::EMERGENCY)),
            (Verdict::Refuse, _) if one.kind == Kind::FeatureCode => Err(Reason::PolicyRefuse(policy::CODE)),
            (Verdict::Ask, Some(dial)) if !yes => Err(Reason::PolicyAsk(dial)),
            (Verdict::Dial | Verdict::Ask, Some(dial)) => {
                let known = one.e164.as_deref().filter(|_| one.kind != Kind::Extension);
                let shown = known.map_or_else(|| dial.clone(), |e164| self.shown(e164, plan).text);
                Ok(Target { dial, shown, post_dial: one.extension, e164: one.e164, kind: one.kind })
            }
            (Verdict::Refuse, _) | (Verdict::Dial | Verdict::Ask, None) => {
                Err(Reason::NumberNotUsable("This is not clearly one telephone number."))
            }
        }
    }

    /// Groups a number as in its country, for people; it may be one that the PBX sent.
    pub fn shown(&mut self, number: &str, plan: &Plan) -> Shown {
        let tables = if shown::needs_tables(number, plan) { self.tables() } else { None };
        shown::shown(number, tables, plan)
    }

    /// What all spellings of one number have in common: its E.164 form, or the internal number, or the digits as they are.
    ///
    /// Internal numbers, codes, names and plain E.164 forms need no tables.
    pub fn canonical(&mut self, number: &str, plan: &Plan) -> Canonical {
        if let Some(known) = shown::quick(number, plan) {
            return known;
        }
        shown::canonical(number, self.tables(), plan)
    }

    /// Tells whether two spellings are the same number.
    ///
    /// The tables are needed only where both end in the same digits and one of them is not in its E.164 form.
    pub fn same(&mut self, a: &str, b: &str, plan: &Plan) -> bool {
        if let Some(known) = shown::same_quickly(a, b, plan) {
            return known;
        }
        shown::same(a, b, self.tables(), plan)
    }

    /// Drops the tables; they are built again when needed, in some milliseconds.
    pub fn rest(&mut self) {
        self.tables = None;
    }

    /// Tells whether the tables are in memory.
    pub fn is_loaded(&self) -> bool {
        self.tables.is_some()
    }

    fn tables(&mut self) -> Option<&Tables> {
        if self.tables.is_none() {
            self.tables = Tables::new().map(Box::new);
        }
        self.tables.as_deref()
    }
}
