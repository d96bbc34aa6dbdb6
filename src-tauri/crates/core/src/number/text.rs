//! Finding numbers in text, and judging what stands around them.

use super::chars::{self, Sign};
use super::label::{self, Label};
use super::library::Tables;
use super::mask::Cover;
use super::plan::Plan;
use super::policy::Doubt;
use super::range::{is_number, ranged};
use super::reading::Digits;
use super::spell::{self, Tail};

/// Longest stretch that is handed to the library at once, in signs.
const LONGEST_STRETCH: usize = 120;
/// How much longer it may be where only a blank between two numbers would end it, in signs.
const LONGEST_NUMBER: usize = 40;
/// Fewest digits of a number that the library finds.
const FEWEST_DIGITS: usize = 6;

/// One place where a number stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// First sign.
    pub(super) start: usize,
    /// One past the last sign.
    pub(super) end: usize,
    pub(super) digits: Digits,
    pub(super) tail: Option<(Tail, String)>,
    pub(super) doubt: Option<Doubt>,
    pub(super) label: Label,
    /// Found and confirmed by the library.
    pub(super) valid: bool,
}

/// Finds the numbers in a prepared text, in order of appearance.
pub(super) fn spots(signs: &[Sign], cover: &Cover, tables: &Tables, plan: &Plan) -> Vec<Spot> {
    let mut found = Vec::new();
    lettered(signs, cover, tables, plan, &mut found);
    for (start, end) in stretches(signs, cover) {
        if !found.iter().any(|spot: &Spot| spot.start < end && start < spot.end) {
            stretch(signs, start, end, tables, plan, &mut found);
        }
    }
    over_lines(signs, tables, plan, &mut found);
    for spot in found.iter_mut().filter(|spot| is_beside(signs, if spot.valid { &cover.vague } else { &cover.hidden }, spot)) {
        spot.doubt = spot.doubt.or(Some(Doubt::Shape));
        spot.valid = false;
    }
    codes(signs, cover, &mut found);
    found.sort_by_key(|spot| (spot.start, spot.end));
    found
}

/// Stretches of digits and separators, without what is around them.
fn stretches(signs: &[Sign], cover: &Cover) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = None;
    let mut end = 0;
    let mut blanks = 0;
    for (place, sign) in signs.iter().enumerate() {
        let c = sign.plain;
        let hidden = cover.hidden.get(place).copied().unwrap_or(false);
        let fits = !hidden && (c.is_ascii_digit() || c == '+' || chars::is_separator(c));
        blanks = if c == ' ' { blanks + 1 } else { 0 };
        // Between two numbers rather than inside of one.
        let between = at(signs, place + 1) == Some('+');
        let most = if between { LONGEST_STRETCH } else { LONGEST_STRETCH + LONGEST_NUMBER };
        let long = c == ' ' && start.is_some_and(|start| place - start > most);
        if !fits || blanks > 3 || long {
            if let Some(from) = start.take() {
                out.push((from, end));
            }
            continue;
        }
        if c.is_ascii_digit() {
            end = place + 1;
        }
        if start.is_none() && (c.is_ascii_digit() || matches!(c, '+' | '(' | '[')) {
            start = Some(place);
            end = place;
        }
    }
    out.extend(start.map(|from| (from, end)));
    out.retain(|(from, to)| from < to);
    out
}

fn count(signs: &[Sign], start: usize, end: usize) -> usize {
    signs.get(start..end).unwrap_or_default().iter().filter(|s| s.plain.is_ascii_digit()).count()
}

fn at(signs: &[Sign], place: usize) -> Option<char> {
    signs.get(place).map(|s| s.plain)
}

/// Looks at one stretch: first the library, then what it left.
fn stretch(signs: &[Sign], start: usize, end: usize, tables: &Tables, plan: &Plan, out: &mut Vec<Spot>) {
    let first = out.len();
    if count(signs, start, end) >= FEWEST_DIGITS {
        // What stands around must not be glued on, unless it is the word for an extension.
        let front = start.checked_sub(1).and_then(|p| at(signs, p)).map_or(',', outside);
        let back = if spell::behind(signs, end).is_some() { ',' } else { at(signs, end).map_or(',', outside) };
        let start = start + usize::from(is_open(signs, start, end));
        let inner = signs.get(start..end).unwrap_or_default().iter().map(|s| s.plain);
        let text: String = std::iter::once(front).chain(inner).chain(std::iter::once(back)).collect();
        for found in tables.find(&text, plan.region()) {
            let (from, to) = (start + found.start - 1, start + found.end - 1);
            out.extend(found_at(signs, from, to, tables, plan, (start, end)));
        }
        if plan.region().is_none() && out.len() == first {
            homeless(signs, start, end, out);
        }
    }
    if out.len() == first {
        out.extend(labelled(signs, start, end, tables, plan));
    }
}

/// Tells whether a bracket in front belongs to the words around: `(030 23125001)`.
fn is_open(signs: &[Sign], start: usize, end: usize) -> bool {
    let inside = signs.get(start..end).unwrap_or_default();
    let count = |wanted: [char; 2]| inside.iter().filter(|s| wanted.contains(&s.plain)).count();
    at(signs, start).is_some_and(|c| matches!(c, '(' | '[')) && count(['(', '[']) > count([')', ']'])
}

/// How a sign next to a stretch counts for the library.
fn outside(c: char) -> char {
    if chars::is_currency(c) || c == '%' {
        '%'
    } else if c.is_alphabetic() && c < '\u{2e80}' {
        'Q'
    } else {
        ','
    }
}

/// Judges what the library found.
fn found_at(signs: &[Sign], start: usize, end: usize, tables: &Tables, plan: &Plan, all: (usize, usize)) -> Option<Spot> {
    let mut end = end;
    let mut doubt = None;
    if is_glued(signs, start) || is_continued(signs, end) || is_behind_plus(signs, all.0, start) {
        return None;
    }
    let counted = label::is_count(signs, end);
    if at(signs, end) == Some(':') && at(signs, end + 1).is_some_and(|c| c.is_ascii_digit()) || counted {
        // The last group belongs to what follows, such as an hour.
        let cut = signs.get(start..end)?.iter().rposition(|s| s.plain == ' ')?;
        end = start + cut;
        doubt = Some(Doubt::Shape);
    }
    if label::is_sum(signs, start) {
        return None;
    }
    let spelled = spell::spell(signs.get(start..end).unwrap_or_default(), false)?;
    let label = label::before(signs, start);
    if label == Label::Other && !spelled.digits.plus && !spelled.digits.dialled.starts_with('0') {
        return None;
    }
    let touching = |from: usize, to: usize| count(signs, from, to) > 0;
    if (touching(all.0, start) || touching(end, all.1)) && is_leftover(signs, start, end, all) {
        doubt = doubt.or(Some(Doubt::Shape));
    }
    let spot = Spot { start, end, digits: spelled.digits, tail: None, doubt, label, valid: doubt.is_none() };
    let mut spot = ranged(signs, spot, tables, plan);
    if spot.doubt != Some(Doubt::Range) {
        attach(signs, &mut spot);
        if spelled.slashes > 1 && !spot.digits.plus {
            spot.doubt = spot.doubt.or(Some(Doubt::Shape));
        }
    }
    Some(spot)
}

/// Tells whether a plus and a few digits stand in front, so that what was found is the rest of a longer number.
fn is_behind_plus(signs: &[Sign], from: usize, start: usize) -> bool {
    let front = signs.get(from..start).unwrap_or_default();
    front.iter().rposition(|s| s.plain == '+').is_some_and(|plus| count(signs, from + plus, start) < FEWEST_DIGITS)
}

/// Tells whether digits next to a number are too close to be something else.
fn is_leftover(signs: &[Sign], start: usize, end: usize, all: (usize, usize)) -> bool {
    let few = |from: usize, to: usize| (1..FEWEST_DIGITS).contains(&count(signs, from, to));
    few(all.0, start) || few(end, all.1)
}

/// Tells whether digits that were taken for a sum or the like stand so close that they may go on with a number.
fn is_beside(signs: &[Sign], cover: &[bool], spot: &Spot) -> bool {
    let (start, end) = (spot.start, spot.end);
    let near = |c: char| chars::is_separator(c) || c == '+';
    let taken = |place: usize| cover.get(place).copied().unwrap_or(false);
    let behind = signs.get(end..).unwrap_or_default().iter().take(4).take_while(|s| near(s.plain)).count();
    let front = signs.get(..start).unwrap_or_default().iter().rev().take(4).take_while(|s| near(s.plain)).count();
    taken(end + behind) || start.checked_sub(front + 1).is_some_and(taken)
}

/// Adds what follows a number: an extension or a Durchwahl.
fn attach(signs: &[Sign], spot: &mut Spot) {
    let Some(behind) = spell::behind(signs, spot.end) else {
        spot.doubt = spot.doubt.or(spell::left_out(signs, spot.end));
        return;
    };
    spot.end = behind.end;
    if behind.tail == Tail::Pauses {
        spot.doubt = spot.doubt.or(Some(Doubt::Pauses));
    }
    // `DW 207 u. 208`, `x5, x6`: which one is meant is not known.
    if spell::behind(signs, spot.end).is_some() || spell::another(signs, spot.end) {
        spot.doubt = Some(Doubt::Range);
        spot.valid = false;
    }
    if at(signs, spot.end) == Some(')') && signs.get(spot.start..spot.end).is_some_and(|s| s.iter().any(|s| s.plain == '(')) {
        let open = signs.get(spot.start..spot.end).unwrap_or_default().iter().fold(0_i32, |n, s| match s.plain {
            '(' => n + 1,
            ')' => n - 1,
            _ => n,
        });
        spot.end += usize::from(open > 0);
    }
    spot.tail = Some((behind.tail, behind.digits));
}

/// Tells whether a number is part of a longer word, an address or a code.
fn is_glued(signs: &[Sign], start: usize) -> bool {
    let token = signs.get(..start).unwrap_or_default().iter().rev().map(|s| s.plain).take(60).take_while(|c| !c.is_whitespace());
    let mut before = token.clone().peekable();
    let whole: String = token.collect();
    let Some(last) = before.peek().copied() else { return false };
    if matches!(last, '*' | '#') && !whole.chars().all(|c| c == '#') {
        return true;
    }
    if !(last.is_alphanumeric() || matches!(last, '-' | '.' | '/' | '_' | '=' | '@' | '&' | '\\' | '?' | '#' | '~')) {
        return false;
    }
    let word: String = before.skip_while(|c| !c.is_alphanumeric()).take_while(|c| c.is_alphanumeric()).collect();
    let ascii = word.chars().all(|c| c < '\u{2e80}');
    let joined = word.chars().any(char::is_alphanumeric) && ascii;
    joined && !label::before(signs, start).is_phone()
}

/// Tells whether something goes on right behind a number, so that it is part of something else.
fn is_continued(signs: &[Sign], end: usize) -> bool {
    let (Some(next), after) = (at(signs, end), at(signs, end + 1)) else { return false };
    if spell::behind(signs, end).is_some() {
        return false;
    }
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    match next {
        '@' | '_' | '=' | '*' | '#' | '&' | '\\' => true,
        ',' => digit(after) && !digit(at(signs, end + 3)),
        '.' | '-' | '/' => after.is_some_and(|c| c.is_alphabetic() && c < '\u{2e80}'),
        c => c.is_alphabetic() && c < '\u{2e80}',
    }
}

/// Numbers without a country: groups that begin with a zero.
fn homeless(signs: &[Sign], start: usize, end: usize, out: &mut Vec<Spot>) {
    let mut from = start;
    let mut place = start;
    while place <= end {
        let begins =
            at(signs, place) == Some('0') && place > from && at(signs, place - 1).is_some_and(|c| matches!(c, ' ' | '(' | '/'));
        let next: usize =
            signs.get(place..end).unwrap_or_default().iter().take(4).take_while(|s| s.plain.is_ascii_digit()).count();
        if place == end || (begins && next > 2 && count(signs, from, place) >= 7 && count(signs, place, end) >= 7) {
            let to = trimmed(signs, from, place);
            let digits = spell::spell(signs.get(from..to).unwrap_or_default(), false).map(|s| s.digits);
            let good = |d: &Digits| (d.dialled.starts_with('0') || d.plus) && (7..=15).contains(&d.dialled.len());
            if let Some(digits) = digits.filter(|d| good(d) && !is_glued(signs, from) && !is_continued(signs, to)) {
                let label = label::before(signs, from);
                let doubt = (!label.is_phone()).then_some(Doubt::NoCountry);
                let mut spot = Spot { start: from, end: to, digits, tail: None, doubt, label, valid: false };
                attach(signs, &mut spot);
                out.push(spot);
            }
            from = place;
        }
        place += 1;
    }
}

fn trimmed(signs: &[Sign], start: usize, end: usize) -> usize {
    let inside = signs.get(start..end).unwrap_or_default();
    start + inside.iter().rposition(|s| s.plain.is_ascii_digit()).map_or(0, |last| last + 1)
}

/// Short numbers count only behind words that say so.
fn labelled(signs: &[Sign], start: usize, end: usize, tables: &Tables, plan: &Plan) -> Option<Spot> {
    let label = label::before(signs, start);
    let digits = spell::spell(signs.get(start..end)?, false)?.digits;
    let good = label == Label::Phone && (2..=15).contains(&digits.dialled.len());
    let alone =
        !is_glued(signs, start) && !is_continued(signs, end) && !label::is_count(signs, end) && !label::is_sum(signs, start);
    let spot = Spot { start, end, digits, tail: None, doubt: None, label, valid: false };
    (good && alone).then(|| {
        let mut spot = ranged(signs, spot, tables, plan);
        if spot.doubt != Some(Doubt::Range) {
            attach(signs, &mut spot);
        }
        spot
    })
}

/// Codes with `*` and `#`; in running text only those that cannot be footnotes or ticket numbers.
fn codes(signs: &[Sign], cover: &Cover, out: &mut Vec<Spot>) {
    let is_code = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    let mut place = 0;
    while place < signs.len() {
        let fresh = place == 0
            || at(signs, place - 1).is_some_and(|c| c.is_whitespace() || matches!(c, '(' | ':' | '"' | '\'' | ',' | '['));
        let opens = at(signs, place).is_some_and(|c| matches!(c, '*' | '#'));
        if !(fresh && opens) || cover.hidden.get(place).copied().unwrap_or(false) {
            place += 1;
            continue;
        }
        let code: String = signs.get(place..).unwrap_or_default().iter().map(|s| s.plain).take_while(|c| is_code(*c)).collect();
        let end = place + code.len();
        let digits = code.bytes().filter(u8::is_ascii_digit).count();
        let marks = code.len() - digits;
        let alone = at(signs, end).is_none_or(|c| !c.is_alphanumeric());
        let certain = digits > 1 && (code.starts_with('*') || marks > 1);
        if certain && alone && !out.iter().any(|spot| spot.start < end && place < spot.end) {
            let digits = Digits { dialled: code, ..Digits::default() };
            let label = Label::None;
            out.push(Spot { start: place, end, digits, tail: None, doubt: None, label, valid: false });
        }
        place = end.max(place + 1);
    }
}

/// A number that one line end cuts in two, when neither part is one.
fn over_lines(signs: &[Sign], tables: &Tables, plan: &Plan, out: &mut Vec<Spot>) {
    let phone = |c: char| c.is_ascii_digit() || c == '+' || chars::is_separator(c);
    let breaks: Vec<usize> = (0..signs.len()).filter(|p| at(signs, *p) == Some('\n')).take(200).collect();
    for line_end in breaks {
        let front = signs.get(..line_end).unwrap_or_default().iter().rev().take(40).take_while(|s| phone(s.plain)).count();
        let back = signs.get(line_end + 1..).unwrap_or_default().iter().take(40).take_while(|s| phone(s.plain)).count();
        let (mut start, end) = (line_end - front, trimmed(signs, line_end + 1, line_end + 1 + back));
        while start < line_end && at(signs, start).is_some_and(|c| !(c.is_ascii_digit() || matches!(c, '+' | '('))) {
            start += 1;
        }
        let digits = (count(signs, start, line_end), count(signs, line_end, end));
        let after = at(signs, end).is_none_or(|c| !c.is_alphanumeric());
        if digits.0 < 2 || !(2..=10).contains(&digits.1) || digits.0 + digits.1 > 15 || !after || is_glued(signs, start) {
            continue;
        }
        let Some(spelled) = spell::spell(signs.get(start..end).unwrap_or_default(), false) else { continue };
        let whole = spelled.breaks == 1 && is_number(&spelled.digits, tables, plan);
        let led = spelled.digits.plus || spelled.digits.dialled.starts_with('0');
        if !whole || !led {
            continue;
        }
        let is_part = |spot: &Spot| spot.start < end && start < spot.end;
        let fresh = at(signs, line_end + 1).is_some_and(|c| matches!(c, '+' | '0' | '('));
        let hyphened = signs
            .get(start..line_end)
            .unwrap_or_default()
            .iter()
            .rev()
            .find(|s| s.plain != ' ')
            .is_some_and(|s| "-/(".contains(s.plain));
        let parts: Vec<bool> =
            out.iter().filter(|spot| is_part(spot)).map(|spot| spot.start < line_end && spot.end <= line_end).collect();
        match parts.as_slice() {
            [] if !fresh || digits.0 < 5 => {
                let label = label::before(signs, start);
                let led = spelled.digits.plus || label.is_phone();
                let doubt = (digits.0 > 6 || !led).then_some(Doubt::LineBreak);
                out.push(Spot { start, end, digits: spelled.digits, tail: None, doubt, label, valid: doubt.is_none() });
            }
            // A dash at the end of the line says that the number goes on.
            [true] if hyphened => out.iter_mut().filter(|spot| is_part(spot)).for_each(|spot| {
                spot.end = end;
                spot.digits = spelled.digits.clone();
                spot.doubt = Some(Doubt::LineBreak);
            }),
            // What stands before the line end is a number by itself: whether it goes on is not certain.
            [true] if !fresh => out.iter_mut().filter(|spot| is_part(spot)).for_each(|spot| spot.doubt = Some(Doubt::LineBreak)),
            _ => {}
        }
    }
}

/// Numbers with letters of the keypad, behind digits that such numbers begin with.
fn lettered(signs: &[Sign], cover: &Cover, tables: &Tables, plan: &Plan, out: &mut Vec<Spot>) {
    let mut place = 0;
    while place < signs.len() {
        let c = at(signs, place).unwrap_or(' ');
        let fresh = place == 0 || at(signs, place - 1).is_some_and(|p| !p.is_alphanumeric() && p != '+');
        if !(fresh && (c.is_ascii_digit() || c == '+')) || cover.hidden.get(place).copied().unwrap_or(false) {
            place += 1;
            continue;
        }
        let rest = signs.get(place..).unwrap_or_default();
        let fits = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || matches!(c, ' ' | '-' | '.' | '+');
        let length = rest.iter().take(28).take_while(|s| fits(s.plain)).count();
        let end = place + length;
        // A word that goes on in small letters is a word.
        let cut = at(signs, end).is_some_and(char::is_alphanumeric);
        let body: String = rest.iter().take(length).map(|s| s.plain).collect();
        let last = if cut { body.rfind([' ', '-', '.']).unwrap_or(0) } else { body.len() };
        let body = body.get(..last).unwrap_or_default().trim_end_matches([' ', '-', '.', '+']);
        let letters = body.bytes().filter(u8::is_ascii_uppercase).count();
        let front: String = body.chars().take_while(|c| !c.is_ascii_uppercase()).filter(char::is_ascii_digit).collect();
        let skip =
            rest.iter().take_while(|s| s.plain.is_ascii_digit() || chars::is_separator(s.plain) || s.plain == '+').count().max(1);
        if letters >= 3 && has_keypad_front(&front, body.starts_with('+')) {
            let end = place + body.len();
            let spelled = spell::spell(signs.get(place..end).unwrap_or_default(), true);
            if let Some(spelled) = spelled.filter(|s| is_number(&s.digits, tables, plan)) {
                let label = label::before(signs, place);
                let doubt = Some(Doubt::Letters);
                out.push(Spot { start: place, end, digits: spelled.digits, tail: None, doubt, label, valid: false });
                place = end;
                continue;
            }
        }
        place += skip;
    }
}

/// Fronts of free and special numbers, the only ones that are written with letters.
fn has_keypad_front(front: &str, plus: bool) -> bool {
    let national =
        ["0800", "0700", "0900", "0180", "0137", "0808", "1800", "1888", "1877", "1866", "1855", "1844", "1833", "1900", "1300"];
    let bare = ["800", "888", "877", "866", "855", "844", "833", "900"];
    let stem = |list: &[&str], digits: &str| list.iter().any(|known| digits.starts_with(known));
    if plus {
        return (1..=3).any(|code| {
            front.get(code..).is_some_and(|rest| stem(&bare, rest) || rest.starts_with("700") || rest.starts_with("180"))
        });
    }
    stem(&national, front) || stem(&bare, front)
}
