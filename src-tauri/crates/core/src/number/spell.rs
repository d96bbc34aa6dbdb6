//! Signs that are one number from the first to the last: digits, separators, and what follows for after the answer.

use super::chars::{self, Sign};
use super::policy::Doubt;
use super::reading::{Digits, MOST_DIGITS};

/// Most digits for after the answer.
const LONGEST_EXTENSION: usize = 8;

/// What follows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Digits for after the answer.
    Extension,
    /// Digits behind pauses.
    Pauses,
    /// Digits that continue the number in Germany and Austria.
    Durchwahl,
}

/// Digits behind a number and the word in front of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    pub(super) digits: String,
    /// One past its last sign.
    pub(super) end: usize,
    pub(super) tail: Tail,
}

/// A number as it is spelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelled {
    pub(super) digits: Digits,
    pub(super) letters: bool,
    /// Digits of each group.
    pub(super) groups: Vec<String>,
    /// Lines it runs over, less one.
    pub(super) breaks: usize,
    pub(super) slashes: usize,
}

/// Words for an extension, in lower case. Sources: rlibphonenumber's patterns, and the usual ones of our countries.
const EXTENSION: &[&str] = &[
    "ext",
    "extn",
    "extension",
    "x",
    "poste",
    "int",
    "interno",
    "interne",
    "anexo",
    "ramal",
    "wew",
    "wewn",
    "wewnętrzny",
    "toestel",
    "tst",
    "ankn",
    "anknytning",
    "内線",
    "内线",
    "内線番号",
    "доб",
    "extensión",
    "apparat",
    "app",
    "nst",
    "nebenstelle",
];
/// Words for a Durchwahl, in lower case; in Austria also Klappe.
const DURCHWAHL: &[&str] = &["dw", "durchwahl", "klappe", "kl", "durchw"];

fn at(signs: &[Sign], place: usize) -> Option<char> {
    signs.get(place).map(|sign| sign.plain)
}

/// Finds digits for after the answer from a place on.
pub(super) fn behind(signs: &[Sign], from: usize) -> Option<Behind> {
    let mut place = from;
    while at(signs, place).is_some_and(|c| matches!(c, ' ' | ',' | ';' | '(' | '/' | '-' | '[')) && place < from + 4 {
        place += 1;
    }
    let commas = signs.get(from..place)?.iter().filter(|s| s.plain == ',').count();
    if commas >= 2 && at(signs, place).is_some_and(|c| c.is_ascii_digit()) {
        return digits_at(signs, place, Tail::Pauses);
    }
    if at(signs, place) == Some('#') && place > from {
        return digits_at(signs, place + 1, Tail::Extension);
    }
    let word: String = signs.get(place..)?.iter().map(|s| s.plain).take(12).take_while(|c| c.is_alphabetic()).collect();
    let length = word.chars().count();
    let lower = word.to_lowercase();
    let tail = if EXTENSION.contains(&lower.as_str()) {
        Tail::Extension
    } else if DURCHWAHL.contains(&lower.as_str()) {
        Tail::Durchwahl
    } else {
        return None;
    };
    place += length;
    let mark = place;
    while at(signs, place).is_some_and(|c| matches!(c, ' ' | '.' | ':' | '-' | '=' | '#')) && place < mark + 4 {
        place += 1;
    }
    digits_at(signs, place, tail)
}

/// Words and signs between two numbers, or two extensions of one.
const JOINING: &[&str] = &[
    "bis", "to", "u", "und", "or", "and", "oder", "o", "od", "ou", "e", "et", "y", "i", "och", "en", "lub", "of", "till", "bzw",
];

/// Tells whether a word joins two numbers.
pub(super) fn joins(word: &str) -> bool {
    JOINING.contains(&word)
}

/// Tells whether another few digits follow, with a word or sign between that joins them to the ones before.
pub(super) fn another(signs: &[Sign], from: usize) -> bool {
    let blank = |c: &char| *c == ' ';
    let rest: Vec<char> = signs.get(from..).unwrap_or_default().iter().take(24).map(|s| s.plain).collect();
    let blanks = rest.iter().take_while(|c| blank(c)).count();
    let rest = rest.get(blanks..).unwrap_or_default();
    let word: String = rest.iter().take_while(|c| c.is_alphabetic()).collect();
    let sign = rest.first().is_some_and(|c| matches!(c, ',' | ';' | '/' | '+' | '&' | '-' | '.'));
    let skipped = if joins(&word.to_lowercase()) { word.chars().count() } else { usize::from(sign) };
    if skipped == 0 && blanks == 0 {
        return false;
    }
    let place = from + blanks + skipped;
    if skipped > 0 && behind(signs, place).is_some() {
        return true;
    }
    let rest = rest.get(skipped..).unwrap_or_default();
    let gap = rest.iter().take_while(|c| matches!(c, ' ' | '.' | '-')).count();
    let rest = rest.get(gap..).unwrap_or_default();
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let after = rest.get(digits..).unwrap_or_default().iter().find(|c| !blank(c));
    (1..=4).contains(&digits) && after.is_none_or(|c| matches!(c, '\n' | ')' | ',' | ';' | '.' | '/' | '|'))
}

/// A few digits behind a comma, with nothing else behind them: `-207, 208`.
pub(super) fn listed(signs: &[Sign], from: usize) -> Option<&[Sign]> {
    let rest = signs.get(from..)?;
    let skip = |rest: &[Sign], signs: &[char]| rest.iter().take_while(|s| signs.contains(&s.plain)).count();
    let rest = rest.get(skip(rest, &[' '])..)?;
    rest.first().filter(|s| matches!(s.plain, ',' | ';'))?;
    let rest = rest.get(1..)?;
    let rest = rest.get(skip(rest, &[' ', '-'])..)?;
    let digits = rest.iter().take_while(|s| s.plain.is_ascii_digit()).count();
    let after = rest.iter().skip(digits).find(|s| s.plain != ' ');
    let alone = after.is_none_or(|s| matches!(s.plain, '\n' | ',' | ';' | ')' | '|'));
    (alone && (2..=4).contains(&digits)).then_some(rest.get(..digits)).flatten()
}

/// What follows a number and is not dialled with it.
pub(super) fn left_out(signs: &[Sign], from: usize) -> Option<Doubt> {
    let rest: String = signs.get(from..).unwrap_or_default().iter().take(6).map(|s| s.plain).collect();
    let pauses = rest.trim_start_matches([' ', ',']);
    if rest.to_ascii_lowercase().starts_with(";isub=") {
        Some(Doubt::Subaddress)
    } else if rest.replace(' ', "").starts_with(",,") && pauses.starts_with(|c: char| c.is_ascii_digit() || "*#".contains(c)) {
        Some(Doubt::Dropped)
    } else {
        None
    }
}

fn digits_at(signs: &[Sign], place: usize, tail: Tail) -> Option<Behind> {
    let digits: String = signs.get(place..)?.iter().map(|s| s.plain).take_while(char::is_ascii_digit).collect();
    let mut end = place + digits.len();
    if tail == Tail::Pauses && at(signs, end) == Some('#') {
        end += 1;
    }
    let next = at(signs, end);
    let glued = next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '*' | '@' | '_'));
    let glued = glued || begins_number(signs, &digits, end);
    ((1..=LONGEST_EXTENSION).contains(&digits.len()) && !glued).then_some(Behind { digits, end, tail })
}

/// Tells whether digits behind the word for an extension begin a whole number: `ext. 030 1234568`, `x 212-555-0124`.
fn begins_number(signs: &[Sign], digits: &str, end: usize) -> bool {
    let by = at(signs, end).unwrap_or('\n');
    let next = signs.get(end + 1..).unwrap_or_default().iter().take_while(|s| s.plain.is_ascii_digit()).count();
    let zero = digits.starts_with('0') && digits.len() > 2 && matches!(by, ' ' | '-' | '/' | '.');
    (zero && next > 2) || (digits.len() > 2 && matches!(by, '-' | '.') && next > 2)
}

/// Reads signs that are one number and nothing else.
///
/// Source: RFC 3966, section 5.1.1, and the `(0)` that letterheads put behind a country code.
pub(super) fn spell(signs: &[Sign], with_letters: bool) -> Option<Spelled> {
    let mut out = Spelled::default();
    let mut open = false;
    let mut group = String::new();
    let mut place = 0;
    while let Some(c) = at(signs, place) {
        match c {
            '0'..='9' => {
                out.digits.dialled.push(c);
                group.push(c);
            }
            '+' if out.digits.dialled.is_empty() && !out.digits.plus => out.digits.plus = true,
            '*' | '#' => out.digits.dialled.push(c),
            '(' | '[' => {
                (!open).then_some(())?;
                if is_marked_zero(signs, place) && begins_abroad(&out.digits) {
                    out.digits.zero_marked = true;
                    // Italy keeps its zero in every spelling.
                    if keeps_zero(&out.digits) {
                        out.digits.dialled.push('0');
                    }
                    flush(&mut group, &mut out.groups);
                    place += 3;
                    continue;
                }
                open = true;
            }
            ')' | ']' => {
                open.then_some(())?;
                open = false;
            }
            '\n' => out.breaks += 1,
            '/' => out.slashes += 1,
            ' ' | '-' | '.' | '\t' => {}
            c if with_letters && c.is_ascii_alphabetic() && (out.digits.plus || out.digits.dialled.len() > 2) => {
                out.letters = true;
                let key = chars::key_of(c)?;
                out.digits.dialled.push(key);
                group.push(key);
            }
            _ => return None,
        }
        if !c.is_ascii_alphanumeric() {
            flush(&mut group, &mut out.groups);
        }
        (out.digits.dialled.len() <= MOST_DIGITS).then_some(())?;
        place += 1;
    }
    flush(&mut group, &mut out.groups);
    let any = out.digits.dialled.bytes().any(|b| b.is_ascii_digit());
    (any && !open).then_some(out)
}

/// Reads signs that are one number and what follows it.
pub(super) fn spell_all(signs: &[Sign], with_letters: bool) -> Option<(Spelled, Option<(Tail, String)>)> {
    if let Some(spelled) = spell(signs, false) {
        return Some((spelled, None));
    }
    let worded = (1..signs.len()).find_map(|place| {
        let found = behind(signs, place).filter(|found| signs.len() - found.end <= 1)?;
        let closed = signs.get(found.end..)?.iter().all(|s| matches!(s.plain, ')' | ']'));
        let spelled = closed.then(|| spell(signs.get(..place)?, false)).flatten()?;
        Some((spelled, Some((found.tail, found.digits))))
    });
    worded.or_else(|| spell(signs, with_letters).map(|spelled| (spelled, None)))
}

fn flush(group: &mut String, groups: &mut Vec<String>) {
    if !group.is_empty() {
        groups.push(std::mem::take(group));
    }
}

fn is_marked_zero(signs: &[Sign], place: usize) -> bool {
    at(signs, place + 1) == Some('0') && at(signs, place + 2).is_some_and(|c| matches!(c, ')' | ']'))
}

fn begins_abroad(digits: &Digits) -> bool {
    let code = digits.dialled.trim_start_matches("00");
    (digits.plus || digits.dialled.starts_with("00")) && (1..=3).contains(&code.len())
}

fn keeps_zero(digits: &Digits) -> bool {
    matches!(digits.dialled.trim_start_matches("00"), "39" | "378" | "379")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Option<String> {
        spell(&chars::prepare(text), false).map(|s| format!("{}{}", if s.digits.plus { "+" } else { "" }, s.digits.dialled))
    }

    #[test]
    fn separators_are_no_digits_and_brackets_belong_in_pairs() {
        assert_eq!(spelled("+49 (0) 30 / 123-45.6").as_deref(), Some("+4930123456"));
        assert_eq!(spelled("+39 (0)2 1234567").as_deref(), Some("+39021234567"));
        assert_eq!(spelled("(030) 123456").as_deref(), Some("030123456"));
        assert_eq!(spelled("*21*030#").as_deref(), Some("*21*030#"));
        for text in ["", "+", "(030 12", "030) 12", "((030)) 12", "030+12", "030 abc"] {
            assert_eq!(spelled(text), None, "{text}");
        }
    }

    #[test]
    fn what_follows_for_after_the_answer_is_found() {
        for (text, digits, tail) in [
            (" ext. 101", "101", Tail::Extension),
            ("x101", "101", Tail::Extension),
            (";ext=101", "101", Tail::Extension),
            (", Ext: 7", "7", Tail::Extension),
            (" #12", "12", Tail::Extension),
            (" DW 207", "207", Tail::Durchwahl),
            (" (Durchwahl -207)", "207", Tail::Durchwahl),
            (",,1234#", "1234", Tail::Pauses),
        ] {
            let found = behind(&chars::prepare(text), 0).unwrap();
            assert_eq!((found.digits.as_str(), found.tail), (digits, tail), "{text}");
        }
        for text in ["", " and 12", " ext. 123456789", " x1a", " exterior 5", ", 12", "#12"] {
            assert_eq!(behind(&chars::prepare(text), 0), None, "{text}");
        }
    }
}
