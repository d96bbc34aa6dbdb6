//! From text to the digits that are dialled, or to a reason why nothing is.
//!
//! Never a wrong number: whatever is not clearly one number is asked about or refused.
//!
//! Source: the command line contract, section `numbers`.

mod alike;
mod chars;
mod count;
mod country;
mod emergency;
mod figure;
mod judge;
mod known;
mod label;
mod left;
mod library;
mod mask;
mod offer;
mod plan;
mod policy;
mod range;
mod reading;
mod same;
mod service;
mod shape;
mod shown;
mod spell;
#[cfg(test)]
mod tests;
mod text;
mod uri;
mod wire;

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

pub use country::country_name;
pub use known::Known;
pub use offer::{Offer, Yes};
pub use plan::{Plan, PlanError, Send};
pub(crate) use policy::EMERGENCY;
pub use same::{behind_country_code, is_same, may_be_same};
pub use shown::{Canonical, Shown};
pub use uri::{Link, scheme};

use crate::reason::Reason;
use crate::request::Source;
use library::Tables;

/// Said of what could be a number and is none that anybody would dial.
const UNCLEAR: &str = "This is not clearly one telephone number.";

/// Longest text that is looked at, in characters.
pub const LONGEST_TEXT: usize = 10_000;

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
    /// The number for people, grouped as in its country; only where somebody looks at it while typing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub shown: Option<String>,
    /// Two letters of its country (ISO 3166-1), when known; with `shown` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub country: Option<String>,
    /// The reason, as it stands in the program.
    #[serde(skip)]
    #[cfg_attr(feature = "ts", ts(skip))]
    sentence: Option<&'static str>,
    /// Whether the tables know it as a number of its country, or the plan as an internal one.
    #[serde(skip)]
    #[cfg_attr(feature = "ts", ts(skip))]
    sure: bool,
}

impl Candidate {
    /// Takes back what was offered.
    pub(crate) fn refuse(&mut self, why: &'static str) {
        self.verdict = Verdict::Refuse;
        self.dial = None;
        self.why = Some(why.to_owned());
        self.sentence = Some(why);
    }

    /// Asks instead of dialling.
    fn doubt(&mut self, doubt: policy::Doubt) {
        if self.verdict == Verdict::Dial {
            self.verdict = Verdict::Ask;
            self.why = Some(doubt.text().to_owned());
            self.sentence = Some(doubt.text());
        }
    }

    /// The answer that chooses this number and no other one of the text.
    fn choice(&self) -> Option<String> {
        let dial = self.dial.as_deref()?;
        Some(self.extension.as_deref().map_or_else(|| dial.to_owned(), |digits| format!("{dial};ext={digits}")))
    }
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
        judge::Look { text, source, plan, tables, starts: OnceCell::new() }.candidates()
    }

    /// Gives the one number a text means, ready to be dialled; `yes` answers the question that the policy would ask.
    ///
    /// # Errors
    /// [`Reason::NumberNotUsable`], [`Reason::SeveralNumbers`], [`Reason::PolicyAsk`] with the number as it would be
    /// dialled, or [`Reason::PolicyRefuse`].
    pub fn target(&mut self, text: &str, source: Source, yes: &Yes, plan: &Plan) -> Result<Target, Reason> {
        let found = self.candidates(text, source, plan);
        let about = found.first().filter(|only| found.len() == 1 && only.kind == Kind::NotANumber).and_then(|one| one.sentence);
        let mut numbers: Vec<Candidate> = found.into_iter().filter(|one| one.kind != Kind::NotANumber).collect();
        if let Yes::To(chosen) = yes {
            // What stood in the question is dialled, or nothing is.
            numbers.retain(|one| one.choice().as_ref() == Some(chosen));
        } else if numbers.len() > 1 {
            // Where all of them are refused, the first one says why.
            if numbers.iter().any(|one| one.verdict != Verdict::Refuse) {
                numbers.retain(|one| one.verdict != Verdict::Refuse);
                let offers = numbers.into_iter().filter_map(|one| self.offer(one, plan)).collect();
                return Err(Reason::SeveralNumbers(offers));
            }
        }
        let Some(one) = numbers.into_iter().next() else {
            return Err(Reason::NumberNotUsable(about.unwrap_or("There is no telephone number in this text.")));
        };
        match (one.verdict, one.kind, &one.dial) {
            (Verdict::Refuse, Kind::Emergency, _) => Err(Reason::EmergencyNumber),
            (Verdict::Refuse, Kind::FeatureCode, _) => Err(Reason::PolicyRefuse(policy::CODE)),
            (Verdict::Ask, _, Some(_)) if *yes == Yes::No => self
                .offer(one, plan)
                .map_or(Err(Reason::NumberNotUsable(UNCLEAR)), |offer| Err(Reason::PolicyAsk(Box::new(offer)))),
            (Verdict::Dial | Verdict::Ask, kind, Some(dial)) => {
                let shown = self.shown_as(&one, plan).text;
                Ok(Target { dial: dial.clone(), shown, post_dial: one.extension, e164: one.e164, kind })
            }
            (Verdict::Refuse, ..) | (Verdict::Dial | Verdict::Ask, _, None) => {
                Err(Reason::NumberNotUsable(one.sentence.unwrap_or(UNCLEAR)))
            }
        }
    }

    /// The digits of a text that is an emergency number and nothing else, as somebody types it; codes do not count.
    pub fn emergency(&mut self, text: &str, plan: &Plan) -> Option<String> {
        let found = self.candidates(text, Source::Typed, plan);
        let [only] = found.as_slice() else { return None };
        let plain = text.chars().all(|c| chars::digit(c).is_some() || chars::is_separator(c) || chars::is_blank(c));
        (only.kind == Kind::Emergency && plain).then(|| chars::digits_of(text))
    }

    /// What a person is asked about a number.
    fn offer(&mut self, one: Candidate, plan: &Plan) -> Option<Offer> {
        let Shown { text: shown, region: country, .. } = self.shown_as(&one, plan);
        let choice = one.choice()?;
        let Candidate { text, extension, kind, dial, why, sentence, e164, .. } = one;
        let trust = sentence == Some(policy::LINK);
        let remember = e164.filter(|_| trust && kind != Kind::Extension);
        let why = why.filter(|_| sentence != Some(policy::Doubt::Several.text()));
        Some(Offer { dial: dial?, choice, shown, text, country, extension, kind, why, trust, remember, account: None })
    }

    /// Adds to a candidate what a person sees of it.
    pub fn show(&mut self, one: &mut Candidate, plan: &Plan) {
        if one.kind != Kind::NotANumber && one.dial.is_some() {
            let Shown { text, region, .. } = self.shown_as(one, plan);
            (one.shown, one.country) = (Some(text), region);
        }
        // Whoever sees all of them side by side sees that.
        one.why.take_if(|_| one.sentence == Some(policy::Doubt::Several.text()));
    }

    fn shown_as(&mut self, one: &Candidate, plan: &Plan) -> Shown {
        match (&one.e164, &one.dial) {
            (Some(e164), _) if one.kind != Kind::Extension => self.shown(e164, plan),
            (_, dial) => Shown { text: dial.clone().unwrap_or_default(), e164: None, region: None },
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

/// The account that a link of our own names, such as `office` in `pbx:dial?number=204&account=office`.
///
/// None where it names none, is no such link, or names several.
pub fn account_of(link: &str) -> Option<String> {
    match Link::of(link)? {
        Link::Dial { account, .. } => account,
        Link::Pair { .. } => None,
    }
}
