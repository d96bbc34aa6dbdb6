//! Two numbers written as one.

use super::chars::Sign;
use super::label::Label;
use super::library::Tables;
use super::plan::Plan;
use super::policy::Doubt;
use super::reading::Digits;
use super::spell;
use super::text::Spot;

/// Looks for two numbers that are written as one: `1234-56/57`, `123 45 67 / 68`, `1234-50 bis 59`.
///
/// Only the first stands there in full; the second would have to be made up of parts, so it is never offered.
pub(super) fn ranged(signs: &[Sign], spot: Spot, tables: &Tables, plan: &Plan) -> Spot {
    let inside = signs.get(spot.start..spot.end).unwrap_or_default();
    let is_digit = |s: &Sign| s.plain.is_ascii_digit();
    let tail = inside.iter().rev().take_while(|s| is_digit(s)).count();
    let mark = inside.len() - tail;
    let between = inside.get(..mark).unwrap_or_default().iter().rev().take_while(|s| !is_digit(s)).count();
    let seam: String = inside.get(mark - between..mark).unwrap_or_default().iter().map(|s| s.plain).collect();
    let before = inside.get(..mark - between).unwrap_or_default();
    let group = before.iter().rev().take_while(|s| is_digit(s)).count();
    let dashes = before.iter().filter(|s| s.plain == '-').count();
    let parts = before.split(|s| !is_digit(s)).filter(|part| !part.is_empty()).count();
    let few = (1..=4).contains(&tail);
    let slashed = seam.contains('/') && few && parts > 1;
    // `-0 -15`: a dash behind a blank stands in place of the last part.
    let aside = few && dashes > 0 && seam == " -";
    let aside = aside || (slashed && seam.contains('-'));
    let dashed = seam.contains('-') && few && tail == group && dashes > 0;
    // `123456-57`: the last digits count on from those before them, however usual the groups are.
    let goes_on_whole = goes_on_behind_slash(inside, spot.label);
    let counts_on = seam == "-"
        && (2..=3).contains(&tail)
        && group > tail + 2
        && follows(before, inside.get(mark..).unwrap_or_default(), false);
    if counts_on || ((slashed || dashed || aside) && !goes_on_whole && !is_usual(inside, tables, plan)) {
        let front = spell::spell(before, false).map(|s| s.digits).filter(|front| is_number(front, tables, plan));
        let goes_on = follows(before, inside.get(mark..).unwrap_or_default(), tail == group);
        match front {
            Some(front) if goes_on || aside => {
                let end = spot.start + mark - between;
                return Spot { end, digits: front, doubt: Some(Doubt::Range), valid: false, ..spot };
            }
            // A local number: never the digits of two.
            None if (slashed || aside) && !spot.valid && parts > 1 => {
                let end = spot.start + mark - between;
                let front = spell::spell(before, false).map(|s| s.digits).unwrap_or_default();
                return Spot { end, digits: front, doubt: Some(Doubt::Range), valid: false, ..spot };
            }
            // The digits go on behind the slash, or another number does: whole, and asked.
            Some(_) | None if slashed || aside => {
                return Spot { doubt: Some(Doubt::Range), valid: false, ..spot };
            }
            Some(_) | None => {}
        }
    }
    // `-207, 208`, `/001, 002`: the second one follows behind a comma.
    let parted = dashes > 0 || seam.contains(['-', '/']);
    if spell::listed(signs, spot.end).is_some_and(|last| (parted && last.len() == tail) || follows(inside, last, false)) {
        return Spot { doubt: Some(Doubt::Range), valid: false, ..spot };
    }
    // The second one follows behind a word or a slash that the library does not take.
    match second(signs, spot.end) {
        Some(digits) if digits <= spot.digits.dialled.len().min(4) => Spot { doubt: Some(Doubt::Range), valid: false, ..spot },
        Some(_) | None => spot,
    }
}

/// Tells whether the last digits count on from those before them: `56/57`, `100-199`, `1234567/8`.
fn follows(before: &[Sign], last: &[Sign], alike: bool) -> bool {
    let number = |signs: &[Sign]| signs.iter().fold(0_u32, |sum, s| sum * 10 + s.plain.to_digit(10).unwrap_or(0));
    let from = number(before.get(before.len().saturating_sub(last.len())..).unwrap_or_default());
    let to = number(last);
    to > from && to - from < if alike { 1_000 } else { 100 }
}

/// Tells whether digits behind a slash can only go on with the number: `(030) 23125/001`.
///
/// Three digits or more that begin with a zero stand for no second number beside the first; an area code in brackets, a
/// plus or a word says that it is a telephone number at all.
pub(super) fn goes_on_behind_slash(inside: &[Sign], label: Label) -> bool {
    let Some(slash) = inside.iter().rposition(|s| s.plain == '/') else { return false };
    let (before, last) = inside.split_at(slash);
    let digits = |signs: &[Sign]| -> Vec<u32> { signs.iter().filter_map(|s| s.plain.to_digit(10)).collect() };
    let number = |digits: &[u32]| digits.iter().fold(0_u32, |sum, digit| sum * 10 + digit);
    let marked = label.is_phone() || before.iter().any(|s| matches!(s.plain, '(' | '+'));
    let clean = last.iter().skip(1).all(|s| s.plain.is_ascii_digit() || s.plain == ' ');
    let (front, last) = (digits(before), digits(last));
    if !marked || !clean || !(3..=4).contains(&last.len()) || last.first() != Some(&0) || before.iter().any(|s| s.plain == '/') {
        return false;
    }
    let from = number(front.get(front.len().saturating_sub(last.len())..).unwrap_or_default());
    let round = if last.len() == 3 { 1_000 } else { 10_000 };
    (number(&last) + round - from) % round >= 100
}

/// Tells whether a spelling with a dash near its end is how its country groups the number.
fn is_usual(inside: &[Sign], tables: &Tables, plan: &Plan) -> bool {
    let text: String = inside.iter().map(|s| s.plain).collect();
    !text.contains('/') && plan.region().is_some() && tables.is_grouped(&text, plan.region()) && !text.contains(" - ")
}

/// Counts the few digits that follow a number behind a word or sign for a range.
fn second(signs: &[Sign], end: usize) -> Option<usize> {
    let mut place = end;
    while at(signs, place) == Some(' ') {
        place += 1;
    }
    let word: String =
        signs.get(place..)?.iter().map(|s| s.plain).take(4).take_while(|c| c.is_alphabetic() || matches!(c, '/' | '-')).collect();
    (spell::joins(&word) || matches!(word.as_str(), "/" | "/-" | "-")).then_some(())?;
    place += word.len();
    while at(signs, place).is_some_and(|c| matches!(c, ' ' | '-' | '.')) {
        place += 1;
    }
    let digits = signs.get(place..)?.iter().take(6).take_while(|s| s.plain.is_ascii_digit()).count();
    let alone = at(signs, place + digits).is_none_or(|c| matches!(c, '\n' | ')' | ',' | ';' | '.'));
    ((1..=4).contains(&digits) && alone).then_some(digits)
}

/// Tells whether digits are a good number.
pub(super) fn is_number(digits: &Digits, tables: &Tables, plan: &Plan) -> bool {
    let known = match (digits.plus, plan.region()) {
        (true, _) => tables.international(&digits.dialled),
        (false, Some(region)) => tables.national(&digits.dialled, region),
        (false, None) => None,
    };
    known.is_some_and(|known| known.valid)
}

fn at(signs: &[Sign], place: usize) -> Option<char> {
    signs.get(place).map(|s| s.plain)
}
