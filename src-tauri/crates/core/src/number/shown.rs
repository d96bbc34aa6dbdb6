//! Numbers for people: grouped as in their country, and comparable however they were written.

use serde::Serialize;

use super::alike;
use super::chars;
use super::library::{Known, Tables};
use super::plan::Plan;
use super::wire;

/// Most digits that are never looked up: internal and short numbers.
const FEW_DIGITS: usize = 4;

/// A number for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Grouped as in its country; with `+` unless it is in the plan's own.
    pub text: String,
    /// For copying, when known.
    pub e164: Option<String>,
    /// Two letters of its country (ISO 3166-1), when known.
    pub region: Option<String>,
}

/// What spellings of one number have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Canonical(String);

impl Canonical {
    /// E.164 with `+`, or an internal number, or the digits or the address as they are.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Canonical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number taken apart: whether a plus is in front, and its digits, `*` and `#`; nothing if it is an address or a name.
pub(super) fn parts(number: &str) -> Option<(bool, String)> {
    let number = match super::uri::scheme(number) {
        Some((_, rest)) => rest.split(['@', ';', '?']).next().unwrap_or(rest),
        None => number,
    };
    let mut plus = false;
    let mut digits = String::new();
    for sign in chars::prepare(number) {
        match sign.plain {
            '+' if digits.is_empty() && !plus => plus = true,
            c if c.is_ascii_digit() || matches!(c, '*' | '#') => digits.push(c),
            '\t' | '\n' => {}
            c if chars::is_separator(c) => {}
            _ => return None,
        }
    }
    (!digits.is_empty() && digits.len() <= super::reading::MOST_DIGITS).then_some((plus, digits))
}

/// Asks the tables about a number in any spelling.
fn known(number: &str, tables: Option<&Tables>, plan: &Plan) -> Option<Known> {
    let (plus, digits) = parts(number)?;
    if digits.contains(['*', '#']) || (!plus && plan.is_extension(&digits)) {
        return None;
    }
    wire::incoming(&digits, plus, tables?, plan)
}

/// Tells whether showing a number needs the tables at all.
pub(super) fn needs_tables(number: &str, plan: &Plan) -> bool {
    parts(number).is_some_and(|(plus, digits)| {
        digits.len() > FEW_DIGITS && !digits.contains(['*', '#']) && (plus || !plan.is_extension(&digits))
    })
}

pub(super) fn shown(number: &str, tables: Option<&Tables>, plan: &Plan) -> Shown {
    let plain = || Shown { text: number.trim().to_owned(), e164: None, region: None };
    let (Some(tables), Some(known)) = (tables, known(number, tables, plan)) else { return plain() };
    let home = plan.region().and_then(|region| tables.code_of(region));
    let text =
        if home == Some(known.code) && known.valid { tables.national_form(&known) } else { tables.international_form(&known) };
    Shown {
        text,
        e164: (known.valid || known.possible).then(|| known.e164.clone()),
        region: known.region.map(|region| region.as_region_str().to_string()),
    }
}

/// The key of a number that needs no tables: names, codes, internal numbers, and E.164 forms as they stand.
pub(super) fn quick(number: &str, plan: &Plan) -> Option<Canonical> {
    let Some((plus, digits)) = parts(number) else { return Some(Canonical(number.trim().to_lowercase())) };
    let front = if plus { "+" } else { "" };
    let short = digits.len() <= FEW_DIGITS || digits.contains(['*', '#']) || (!plus && plan.is_extension(&digits));
    if short {
        return Some(Canonical(format!("{front}{digits}")));
    }
    (plus && alike::is_settled(&digits)).then(|| at_home(format!("+{digits}"), plan))
}

/// One's own number is the internal one, unless that is an emergency number.
fn at_home(e164: String, plan: &Plan) -> Canonical {
    let own = plan.own(&e164).filter(|own| !super::emergency::is_emergency(own, None, plan, false)).map(str::to_owned);
    Canonical(own.unwrap_or(e164))
}

pub(super) fn canonical(number: &str, tables: Option<&Tables>, plan: &Plan) -> Canonical {
    if let Some(known) = known(number, tables, plan) {
        return at_home(known.e164, plan);
    }
    Canonical(match parts(number) {
        Some((plus, digits)) => format!("{}{digits}", if plus { "+" } else { "" }),
        None => number.trim().to_lowercase(),
    })
}

/// Answers without tables whether two spellings are the same number, where that is possible.
pub(super) fn same_quickly(a: &str, b: &str, plan: &Plan) -> Option<bool> {
    if let (Some(one), Some(other)) = (quick(a, plan), quick(b, plan)) {
        return Some(one == other && !one.as_str().is_empty());
    }
    let (Some((_, one)), Some((_, other))) = (parts(a), parts(b)) else { return Some(false) };
    // Spellings differ in front only: other last digits are another number.
    let ends = one.bytes().rev().zip(other.bytes().rev()).take(FEW_DIGITS);
    if ends.into_iter().any(|(x, y)| x != y) { Some(false) } else { None }
}

pub(super) fn same(a: &str, b: &str, tables: Option<&Tables>, plan: &Plan) -> bool {
    if let Some(known) = same_quickly(a, b, plan) {
        return known;
    }
    let (one, other) = (canonical(a, tables, plan), canonical(b, tables, plan));
    if one.as_str().is_empty() || one == other {
        return one == other && !one.as_str().is_empty();
    }
    // Without a country in the plan a national spelling is compared with the other's own national spelling.
    let Some(tables) = tables.filter(|_| plan.region().is_none()) else { return false };
    let national = |international: &str, digits: &str| {
        let Some(rest) = international.strip_prefix('+') else { return false };
        let known = tables.international(rest).filter(|known| known.valid);
        digits.len() >= 7
            && known.is_some_and(|known| {
                chars::digits_of(&tables.national_form(&known)) == digits
                    || tables.significant(&known) == digits
                    || rest == digits
            })
    };
    national(one.as_str(), other.as_str()) || national(other.as_str(), one.as_str())
}
