//! What looks like a number and is none: dates, times, sums, addresses of machines, bank accounts, cards, books, coordinates.

use super::chars::Sign;
use super::label::{self, Label};

/// What was recognised, hidden from the search for numbers.
pub(super) struct Cover {
    /// For each sign, whether it counts the lines of a list.
    counted: Vec<bool>,
    /// For each sign, whether it belongs to something recognised.
    pub(super) hidden: Vec<bool>,
    /// For each sign, whether that could as well be the rest of a number beside it.
    pub(super) vague: Vec<bool>,
    /// What the first of them is, as a sentence.
    pub(super) what: Option<&'static str>,
}

/// Why dates are refused.
pub(super) const DATE: &str = "This looks like a date.";
const TIME: &str = "This looks like a time.";
const SUM: &str = "This looks like a sum or a count.";
const ADDRESS: &str = "This looks like the address of a machine.";
const BANK: &str = "This looks like a bank account.";
const CARD: &str = "This looks like the number of a card.";
const BOOK: &str = "This looks like the number of a book.";
const PLACE: &str = "This looks like a place on a map.";
const ORDER: &str = "The words in front say that this is not a telephone number.";

/// How far a plus is looked for, in signs.
const FAR: usize = 16;
/// Fewest digits behind a plus that can be a number by themselves.
const WHOLE: usize = 8;

/// A group of digits.
#[derive(Clone, Copy, Debug)]
struct Group {
    start: usize,
    end: usize,
}

impl Group {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Recognises what is no number.
pub(super) fn cover(signs: &[Sign]) -> Cover {
    let mut cover = Cover {
        counted: vec![false; signs.len()],
        hidden: vec![false; signs.len()],
        vague: vec![false; signs.len()],
        what: None,
    };
    accounts(signs, &mut cover);
    counts(signs, &mut cover);
    let mut groups = groups(signs);
    groups.retain(|group| !cover.counted.get(group.start).copied().unwrap_or(false));
    let mut first = 0;
    while let Some(rest) = groups.get(first..).filter(|rest| !rest.is_empty()) {
        let (count, by) = chain(signs, rest);
        let links = rest.get(..count).unwrap_or_default();
        if let Some(what) = judge(signs, links, by)
            && let (Some(one), Some(last)) = (links.first(), links.last())
        {
            hide(&mut cover, one.start, last.end, what);
        }
        first += count.max(1);
        // A group that ends one chain may begin the next, as the year of `21.11.2026 10:30` does not.
        if count > 1 && groups.get(first).is_some_and(|next| links.last().is_some_and(|last| joined(signs, last, next))) {
            first -= 1;
            if count == 2 && by == ' ' {
                first += 1;
            }
        }
    }
    cover
}

/// Hides what counts the lines of a list, in front of a whole number: `1. 030 23125001`, `2) +49 30 23125001`.
fn counts(signs: &[Sign], cover: &mut Cover) {
    let sign = |place: usize| signs.get(place).map_or('\n', |s| s.plain);
    let begins = |place: usize| place == 0 || sign(place - 1) == '\n';
    for start in (0..signs.len()).filter(|place| begins(*place)) {
        let end = start + (start..start + 3).take_while(|place| sign(*place).is_ascii_digit()).count();
        let listed = (1..=2).contains(&(end - start)) && matches!(sign(end), '.' | ')') && sign(end + 1) == ' ';
        let behind = signs.get(end + 2..).unwrap_or_default().iter().take(24).map(|s| s.plain);
        let digits = behind.take_while(|c| c.is_ascii_digit() || " +()-/.".contains(*c)).filter(char::is_ascii_digit).count();
        if listed && matches!(sign(end + 2), '0' | '+' | '(') && digits >= WHOLE - 1 {
            for place in start..end {
                cover.hidden.iter_mut().skip(place).take(1).for_each(|hidden| *hidden = true);
                cover.counted.iter_mut().skip(place).take(1).for_each(|counted| *counted = true);
            }
        }
    }
}

fn hide(cover: &mut Cover, from: usize, to: usize, what: &'static str) {
    let vague = !matches!(what, DATE | TIME | BANK);
    cover.vague.iter_mut().take(to).skip(from).for_each(|sign| *sign = vague);
    for hidden in cover.hidden.iter_mut().take(to).skip(from) {
        *hidden = true;
    }
    cover.what = cover.what.or(Some(what));
}

fn groups(signs: &[Sign]) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for (place, sign) in signs.iter().enumerate() {
        if !sign.plain.is_ascii_digit() {
            continue;
        }
        match out.last_mut() {
            Some(group) if group.end == place => group.end += 1,
            Some(_) | None => out.push(Group { start: place, end: place + 1 }),
        }
    }
    out
}

/// The one sign that parts two groups, blanks behind a point not counted.
fn parted(signs: &[Sign], one: &Group, other: &Group) -> Option<char> {
    let between = signs.get(one.end..other.start)?;
    match between {
        [only] => Some(only.plain),
        [point, blank] if point.plain == '.' && blank.plain == ' ' => Some('.'),
        _ => None,
    }
}

fn joined(signs: &[Sign], one: &Group, other: &Group) -> bool {
    parted(signs, one, other).is_some_and(|by| ".,:/-".contains(by))
}

/// How many groups from the first one on are parted by the same sign.
fn chain(signs: &[Sign], groups: &[Group]) -> (usize, char) {
    let [one, other, ..] = groups else { return (groups.len(), ' ') };
    let Some(by) = parted(signs, one, other).filter(|by| " .,:/-'\u{2019}".contains(*by)) else { return (1, ' ') };
    let more = groups.windows(2).take_while(|pair| matches!(pair, [a, b] if parted(signs, a, b) == Some(by))).count();
    (more + 1, by)
}

fn number(signs: &[Sign], group: &Group) -> u32 {
    let digits = signs.get(group.start..group.end).unwrap_or_default().iter().take(9);
    digits.fold(0, |sum, sign| sum * 10 + sign.plain.to_digit(10).unwrap_or(0))
}

fn judge(signs: &[Sign], links: &[Group], by: char) -> Option<&'static str> {
    let lens: Vec<usize> = links.iter().map(Group::len).collect();
    let values: Vec<u32> = links.iter().map(|group| number(signs, group)).collect();
    let (start, end) = (links.first()?.start, links.last()?.end);
    let front = signs.get(start.saturating_sub(FAR)..start).unwrap_or_default().iter().rev().map(|s| s.plain);
    let mut digits = 0;
    let mut front = front.skip_while(|c| {
        digits += usize::from(c.is_ascii_digit());
        c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '/' | ')')
    });
    let opens = front.next();
    // Behind a country code nothing is a date or a sum, as long as the number can not be complete.
    let plus = matches!(opens, Some('+' | '(')) && digits < WHOLE;
    let padded =
        |place: usize| links.get(place).is_some_and(|g| g.len() > 1 && signs.get(g.start).is_some_and(|s| s.plain == '0'));
    if plus {
        return None;
    }
    let phone = || label::before(signs, start) == Label::Phone;
    match (by, lens.as_slice(), values.as_slice()) {
        ('.' | '/' | '-', [1..=2, 1..=2, 2 | 4], [a, b, y]) if is_day(*a, *b) && is_year(*y) => Some(DATE),
        ('.' | '/' | '-', [4, 1..=2, 1..=2], [y, m, d]) if is_day(*d, *m) && is_year(*y) => Some(DATE),
        ('-' | '/', [4, 4], [a, b]) if *a > 1900 && is_year(*a) && *b > 1900 && is_year(*b) => Some(DATE),
        ('.', [1..=2, 2], [d, m]) if is_day(*d, *m) && is_span(signs, start, end) => Some(DATE),
        (':', [1..=2, 2] | [1..=2, 2, 2], [h, m, ..]) if *h < 25 && *m < 60 => Some(TIME),
        ('.', [1..=3, 1..=3, 1..=3, 1..=3], v) if v.iter().all(|n| *n < 256) && !(0..4).any(padded) && !phone() => Some(ADDRESS),
        (' ' | '-', [4, 4, 4, 4], _) => Some(CARD),
        // 52.520008 and 13.404954
        ('.', [1..=3, 4..=9], [whole, _]) if *whole <= 180 && !padded(0) && !phone() => Some(PLACE),
        ('.' | ',' | '\'' | '\u{2019}', [1..=3, rest @ ..], _)
            if !padded(0) && !rest.is_empty() && thousands(rest, by) && !phone() =>
        {
            // Nine digits in threes may be a number of Spain, Poland and others.
            (lens != [3, 3, 3] || by == ',').then_some(SUM)
        }
        ('.' | ',', [1..=9, 1..=2], _) if !(phone() || padded(0) && by == '.') => Some(SUM),
        (' ' | '-', _, _) if is_book(signs, links) => Some(BOOK),
        _ => counted(signs, links, start, end),
    }
}

fn counted(signs: &[Sign], links: &[Group], start: usize, end: usize) -> Option<&'static str> {
    let digits: usize = links.iter().map(Group::len).sum();
    // The last group belongs to the unit; a number in front of it is judged where it is found.
    let counted = label::is_count(signs, end) && digits < 7;
    if counted || label::is_sum(signs, start) {
        return Some(SUM);
    }
    None
}

fn is_day(day: u32, month: u32) -> bool {
    let fits = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    fits(day, month) || fits(month, day)
}

/// Tells whether a dash parts a day from another: `04.06.-07.06`.
fn is_span(signs: &[Sign], start: usize, end: usize) -> bool {
    let skip = |c: &char| matches!(c, '.' | ' ');
    let behind: String = signs.get(end..).unwrap_or_default().iter().map(|s| s.plain).take(5).skip_while(skip).collect();
    let mut front = signs.get(..start).unwrap_or_default().iter().rev().map(|s| s.plain).take(3).skip_while(skip);
    let pair: Vec<char> = behind.trim_start_matches(['-', ' ']).chars().collect();
    let goes_on = behind.starts_with('-') && pair.first().is_some_and(char::is_ascii_digit);
    goes_on || (front.next() == Some('-') && front.next().is_some_and(|c| skip(&c)))
}

fn is_year(year: u32) -> bool {
    year < 100 || (1800..=2199).contains(&year)
}

fn thousands(lens: &[usize], by: char) -> bool {
    lens.iter().all(|len| *len == 3) && (lens.len() > 1 || by != '-')
}

/// ISBN-13 by its front and check digit. Source: ISO 2108.
fn is_book(signs: &[Sign], links: &[Group]) -> bool {
    let digits: Vec<u32> = links
        .iter()
        .take(6)
        .flat_map(|g| signs.get(g.start..g.end).unwrap_or_default())
        .filter_map(|s| s.plain.to_digit(10))
        .collect();
    let front = matches!(digits.as_slice(), [9, 7, 8 | 9, ..]);
    let sum: u32 = digits.iter().enumerate().map(|(place, digit)| if place % 2 == 0 { *digit } else { digit * 3 }).sum();
    front && digits.len() == 13 && sum.is_multiple_of(10)
}

/// Hides bank accounts: two letters, two digits, and eleven to thirty more. Source: ISO 13616.
fn accounts(signs: &[Sign], cover: &mut Cover) {
    let sign = |place: usize| signs.get(place).map_or('\n', |s| s.plain);
    let mut place = 0;
    while place + 15 <= signs.len() {
        let fresh = place == 0 || !sign(place - 1).is_alphanumeric();
        let front = sign(place).is_ascii_uppercase() && sign(place + 1).is_ascii_uppercase();
        if !(fresh && front && sign(place + 2).is_ascii_digit() && sign(place + 3).is_ascii_digit()) {
            place += 1;
            continue;
        }
        let mut text = String::new();
        let mut end = place;
        let mut ends = Vec::new();
        while text.len() < 34 {
            let c = sign(end);
            if c.is_ascii_uppercase() || c.is_ascii_digit() {
                text.push(c);
                ends.push(end + 1);
            } else if c != ' ' || !sign(end + 1).is_ascii_alphanumeric() {
                break;
            }
            end += 1;
        }
        // The longest part whose check digits are right; words may follow.
        let long = (15..=text.len()).rev().find(|len| text.get(..*len).is_some_and(checks));
        match long.and_then(|len| ends.get(len - 1)) {
            Some(to) => {
                hide(cover, place, *to, BANK);
                place = *to;
            }
            None => place += 1,
        }
    }
}

fn checks(account: &str) -> bool {
    let (front, back) = account.split_at(4);
    let values = back.chars().chain(front.chars()).filter_map(|c| c.to_digit(36));
    values.fold(0_u32, |rest, value| if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 }) == 1
}

/// What words in front say, as a sentence.
pub(super) const fn behind_other_words() -> &'static str {
    ORDER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::chars;

    #[test]
    fn dates_sums_addresses_and_accounts_are_hidden_whole() {
        for (text, what) in [
            ("21.11.2026", DATE),
            ("21. 11. 2026", DATE),
            ("2026-11-21", DATE),
            ("11/21/2026", DATE),
            ("10:30", TIME),
            ("10:30:59", TIME),
            ("192.168.10.1", ADDRESS),
            ("12.50", SUM),
            ("3.5", SUM),
            ("1,234,567", SUM),
            ("1.000.000", SUM),
            ("100.000", SUM),
            ("1'000'000", SUM),
            ("4111 1111 1111 1111", CARD),
            ("978-3-16-148410-0", BOOK),
            ("52.520008", PLACE),
            ("DE89 3704 0044 0532 0130 00", BANK),
            ("NL91ABNA0417164300", BANK),
            ("GB29 NWBK 6016 1331 9268 19", BANK),
        ] {
            let cover = cover(&chars::prepare(text));
            assert_eq!(cover.what, Some(what), "{text}");
            let shown: String =
                text.chars().zip(&cover.hidden).filter(|(c, h)| c.is_ascii_digit() && !**h).map(|(c, _)| c).collect();
            assert_eq!(shown, "", "{text}");
        }
    }

    #[test]
    fn numbers_stay() {
        for text in [
            "030 1234567",
            "01.23.45.67.89",
            "044.123.45.67",
            "+49.30.123456",
            "030.1234567",
            "600-100-200",
            "912.345.678",
            "10-12",
            "650.253.0000",
            "21 11 2026",
            "03-1234-5678",
            "1234-56/57",
            "Tel. 91.234.56.78",
        ] {
            assert_eq!(cover(&chars::prepare(text)).what, None, "{text}");
        }
    }
}
