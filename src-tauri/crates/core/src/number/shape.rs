//! What the groups of a number and the signs between them say.

use super::Candidate;
use super::chars::{self, Sign};
use super::emergency;
use super::label;
use super::plan::Plan;
use super::range;
use super::reading::Digits;
use super::spell::{self, Tail};
use super::text::Spot;

/// Digits of a number that stand together.
struct Group {
    digits: String,
    /// What parts it from the next one.
    seam: String,
    /// One past its last sign, counted from the start of the number.
    end: usize,
}

/// The groups of a number; what follows behind a word is told by the word.
fn parts(inside: &[Sign]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, sign) in inside.iter().enumerate().take_while(|(_, s)| !s.plain.is_alphabetic()) {
        let opens = groups.last().is_none_or(|group| !group.seam.is_empty());
        match (sign.plain.is_ascii_digit(), groups.last_mut()) {
            (true, _) if opens => {
                groups.push(Group { digits: sign.plain.to_string(), seam: String::new(), end: place + 1 });
            }
            (true, Some(group)) => {
                group.digits.push(sign.plain);
                group.end = place + 1;
            }
            (false, Some(group)) => group.seam.push(sign.plain),
            (_, None) => {}
        }
    }
    groups
}

/// What stands in front of a Durchwahl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// The number of the exchange itself, whose zero stands apart: `23125-0`.
    Exchange,
    /// What all numbers of the house begin with: `23125`.
    Trunk,
    /// A number with a Durchwahl of its own, or one whose last zero may be the exchange's.
    Unclear,
}

/// Looks at the number in front of a Durchwahl.
pub(super) fn front(signs: &[Sign], spot: &Spot) -> Front {
    let groups = parts(signs.get(spot.start..spot.end).unwrap_or_default());
    let Some((last, rest)) = groups.split_last() else { return Front::Unclear };
    let before: usize = rest.iter().map(|group| group.digits.len()).sum();
    let dashed = rest.last().is_some_and(|group| matches!(group.seam.trim(), "-" | "/"));
    // Behind the area code alone a dash begins the number.
    let abroad = spot.digits.plus || spot.digits.dialled.starts_with("00");
    let inner = rest.len() > 1 + usize::from(abroad) || before >= 7;
    match last.digits.as_str() {
        "0" if before >= 5 => Front::Exchange,
        digits if digits.ends_with('0') || (dashed && inner && digits.len() <= 4) => Front::Unclear,
        _ => Front::Trunk,
    }
}

/// The signs of a number without what follows it behind a word.
pub(super) fn number(inside: &[Sign]) -> &[Sign] {
    inside.get(..parts(inside).last().map_or(0, |group| group.end)).unwrap_or_default()
}

/// Tells whether all digits stand in one piece.
pub(super) fn is_unparted(inside: &[Sign]) -> bool {
    parts(inside).len() < 2
}

/// Tells whether digits are written as Nordic countries write who is born when: `081121-0401`.
pub(super) fn is_born(inside: &[Sign]) -> bool {
    let groups = parts(inside);
    let [day, number] = groups.as_slice() else { return false };
    let pair = |at: usize| day.digits.get(at..at + 2).and_then(|two| two.parse::<u32>().ok()).unwrap_or_default();
    let date = (1..=12).contains(&pair(2)) && ((1..=31).contains(&pair(0)) || (1..=31).contains(&pair(4)));
    day.digits.len() == 6 && number.digits.len() == 4 && day.seam == "-" && date
}

/// Tells whether a letter of a script that parts words stands directly in front.
pub(super) fn is_behind_letter(signs: &[Sign], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|place| signs.get(place));
    before.is_some_and(|s| s.plain.is_alphabetic() && s.plain < '\u{2e80}')
}

/// Tells whether digits begin with a day, a month and a whole year: `01 02 2026 12`.
pub(super) fn is_dated(inside: &[Sign]) -> bool {
    let groups = parts(inside);
    let [day, month, year, ..] = groups.as_slice() else { return false };
    let value = |group: &Group| group.digits.parse::<u32>().unwrap_or_default();
    let fits = |group: &Group, most: u32| group.digits.len() <= 2 && (1..=most).contains(&value(group));
    fits(day, 31) && fits(month, 12) && year.digits.len() == 4 && (1900..=2099).contains(&value(year))
}

/// Tells whether a word and a colon stand directly in front, such as `SN:`; what they mean is not known.
pub(super) fn is_behind_colon(signs: &[Sign], start: usize) -> bool {
    let mut before = signs.get(..start).unwrap_or_default().iter().rev().map(|s| s.plain).skip_while(|c| *c == ' ');
    before.next() == Some(':') && before.next().is_some_and(char::is_alphanumeric)
}

/// Where digits may not be part of a number any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// The last digits, behind one blank, with nothing behind them in their line.
    Last {
        /// These digits.
        digits: String,
    },
    /// Elsewhere.
    Inside,
}

/// Tells whether digits may follow that are not part of the number any more, or some of its digits are hidden.
///
/// In countries whose numbers have no fixed length a postcode or a floor behind a number makes another good number; where
/// the digits in front are no number without them, they belong together.
pub(super) fn goes_on_oddly(signs: &[Sign], spot: &Spot, is_number: impl Fn(&Digits) -> bool) -> Option<Odd> {
    let rest: String = signs.get(spot.end..).unwrap_or_default().iter().map(|s| s.plain).take(4).collect();
    let hidden = rest.trim_start_matches(' ');
    if ["xx", "XX", "?", "..", "…"].iter().any(|mark| hidden.starts_with(mark)) {
        return Some(Odd::Inside);
    }
    let inside = signs.get(spot.start..spot.end).unwrap_or_default();
    let groups = parts(inside);
    let abroad = spot.digits.plus || spot.digits.dialled.starts_with("00");
    let area = usize::from(abroad && groups.first().is_some_and(|group| group.digits.len() <= 5));
    let last = groups.len().saturating_sub(1);
    let dashes = groups.iter().filter(|group| group.seam == "-").count();
    let blanks = groups.iter().filter(|group| group.seam == " ").count();
    // `06-04 06-03 07-05` is what a game ended with, `030.231.25.1` the address of a machine.
    let played = !abroad && dashes > 1 && blanks > 0 && groups.iter().all(|group| group.digits.len() == 2);
    let address = !abroad && dots(&groups) == last && last == 3 && groups.iter().any(|group| group.digits.len() == 1);
    if played || address {
        return Some(Odd::Inside);
    }
    groups.iter().enumerate().take(last).find_map(|(at, group)| {
        let seam = group.seam.as_str();
        let long = if at > area { group.digits.len() >= 5 } else { group.digits.len() >= 8 };
        let wide = seam.contains('\t') || seam.contains("  ") || seam.contains("..") || (at > area && seam.contains(['(', '[']));
        let next = groups.get(at + 1).map_or("", |next| next.digits.as_str());
        // A dash or the same dots all through are how a number is written.
        let usual = seam == "-" || (seam.trim() == "-" && next.len() <= 4) || (seam == "." && dots(&groups) == last);
        let exchange = next == "0" && at + 1 == last && spot.tail.as_ref().is_some_and(|(tail, _)| *tail == Tail::Durchwahl);
        let slashed = at + 1 == last && seam.trim() == "/" && range::goes_on_behind_slash(inside, spot.label);
        let usual = usual || exchange || slashed;
        // Behind the zero of an exchange no number goes on.
        let zero = at > area + 1 && group.digits == "0" && groups.get(at - 1).is_some_and(|before| before.seam.trim() == "-");
        let front = || spell::spell(inside.get(..group.end).unwrap_or_default(), false).is_some_and(|s| is_number(&s.digits));
        if wide {
            return Some(Odd::Inside);
        }
        if !((long && !usual) || zero) || !front() {
            return None;
        }
        let alone = at + 1 == last && seam == " " && spot.tail.is_none() && ends_here(signs, spot.end);
        Some(if alone { Odd::Last { digits: next.to_owned() } } else { Odd::Inside })
    })
}

fn dots(groups: &[Group]) -> usize {
    groups.iter().filter(|group| group.seam == ".").count()
}

/// Tells whether a line ends behind a number, or a comma and no digits follow.
fn ends_here(signs: &[Sign], end: usize) -> bool {
    let mut rest = signs.get(end..).unwrap_or_default().iter().map(|s| s.plain).skip_while(|c| *c == ' ');
    match rest.next() {
        None | Some('\n') => true,
        Some(',' | ';' | '|' | ')') => rest.find(|c| *c != ' ').is_none_or(|c| !(c.is_ascii_digit() || "-/".contains(c))),
        Some(_) => false,
    }
}

/// Tells whether a number is written so shortly that other digits of the text can be one as well.
pub(super) fn is_short(only: &Candidate) -> bool {
    let digits = chars::digits_of(&only.text);
    digits.len() <= 8 && !digits.starts_with('0') && !only.text.contains('+')
}

/// The part of a text that can be one number: without the words in front and the marks around.
pub(super) fn body(signs: &[Sign]) -> Option<(usize, usize)> {
    let is_front = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | '[' | '*' | '#');
    let mut start = signs.iter().position(|s| is_front(s.plain))?;
    // `* 030 23125001`: the mark of a list rather than of a code.
    let marks = signs.iter().filter(|s| matches!(s.plain, '*' | '#')).count();
    if marks == 1 && matches!(signs, [mark, blank, ..] if matches!(mark.plain, '*' | '#') && blank.plain == ' ') {
        let digits = signs.iter().filter(|s| s.plain.is_ascii_digit()).count();
        start = signs
            .iter()
            .position(|s| matches!(s.plain, '+' | '(') || s.plain.is_ascii_digit())
            .filter(|_| digits > 6)
            .unwrap_or(start);
    }
    let front = signs.get(..start).unwrap_or_default();
    if front.iter().any(|s| s.plain.is_alphabetic()) && label::before(signs, start).is_silent() {
        return None;
    }
    let long = front.split(|s| !s.plain.is_alphabetic()).filter(|word| !word.is_empty()).count() > 4;
    let mut end = signs.len();
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '>' | '»' | '“' | '”' | '-');
    while end > start && signs.get(end - 1).is_some_and(|s| is_end(s.plain)) {
        end -= 1;
    }
    // Brackets around the whole.
    let depth = |part: &[Sign]| {
        part.iter().filter(|s| s.plain == '(').count() as isize - part.iter().filter(|s| s.plain == ')').count() as isize
    };
    while depth(signs.get(start..end)?) > 0 && signs.get(start).is_some_and(|s| s.plain == '(') {
        start += 1;
    }
    while depth(signs.get(start..end)?) < 0 && signs.get(end - 1).is_some_and(|s| s.plain == ')') {
        end -= 1;
    }
    (!long && start < end).then_some((start, end))
}

/// Tells whether a second group of digits could be a number of its own.
pub(super) fn is_several(groups: &[String], plan: &Plan) -> bool {
    let digits: usize = groups.iter().map(String::len).sum();
    let zero = |group: &String| group.len() >= 3 && group.starts_with('0');
    let again = groups.first().is_some_and(|first| first.starts_with('0')) && groups.iter().skip(1).any(zero);
    let short = |group: &String| plan.is_extension(group) || emergency::is_emergency(group, None, plan, false);
    let internal = groups.len() > 1 && groups.iter().all(short) && groups.iter().any(|group| plan.is_extension(group));
    (again && digits > 11) || internal
}
