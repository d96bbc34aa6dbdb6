//! Digits of a text that none of the numbers found in it accounts for, and that may be another number.

use super::chars::{self, Sign};
use super::label::{self, Label};
use super::mask::Cover;
use super::plan::Plan;
use super::{Candidate, Kind, emergency, figure, spell};

/// Fewest digits that may be another number.
const FEWEST: usize = 6;
/// Fewest digits of one that begins with what looks like a sum.
const FEWEST_SUMMED: usize = 7;
/// Most digits that count the numbers of a list.
const LONGEST_COUNT: usize = 2;
/// Fewest digits behind that count, where no zero begins them.
const FEWEST_COUNTED: usize = 9;
/// How far the beginning of a word is looked for, in signs.
const FAR: usize = 60;

/// Digits that stand together.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

/// Tells whether enough digits are left over for another number that nobody would see.
pub(super) fn is_another(signs: &[Sign], cover: &Cover, found: &[Candidate], plan: &Plan) -> bool {
    let mut taken = vec![false; signs.len()];
    let mut numbers = found.iter().filter(|one| one.kind != Kind::NotANumber).peekable();
    for (sign, taken) in signs.iter().zip(&mut taken) {
        while numbers.next_if(|one| one.end <= sign.at).is_some() {}
        *taken = numbers.peek().is_some_and(|one| one.start <= sign.at);
    }
    let runs = runs(signs, &taken, cover);
    runs.iter()
        .any(|run| is_number(signs, run, cover, plan) || calls_help(signs, run, &taken, plan) || goes_on(signs, run, &taken))
}

/// Groups of digits with nothing between them but what numbers are parted by.
fn runs(signs: &[Sign], taken: &[bool], cover: &Cover) -> Vec<Vec<Group>> {
    let mut out: Vec<Vec<Group>> = Vec::new();
    let mut open = false;
    for (place, sign) in signs.iter().enumerate() {
        let at = |of: &[bool]| of.get(place).copied().unwrap_or(false);
        let known = at(&cover.hidden) && !at(&cover.vague);
        let inside = !at(taken) && !known;
        if !inside || !(sign.plain.is_ascii_digit() || sign.plain == '+' || chars::is_separator(sign.plain)) {
            // The points and commas of a sum.
            open &= inside && at(&cover.vague);
            continue;
        }
        if !sign.plain.is_ascii_digit() {
            continue;
        }
        match out.last_mut().filter(|_| open) {
            Some(run) => match run.last_mut() {
                Some(group) if group.end == place => group.end += 1,
                Some(_) | None => run.push(Group { start: place, end: place + 1 }),
            },
            None => out.push(vec![Group { start: place, end: place + 1 }]),
        }
        open = true;
    }
    out
}

fn is_number(signs: &[Sign], run: &[Group], cover: &Cover, plan: &Plan) -> bool {
    let vague = |place: usize| cover.vague.get(place).copied().unwrap_or(false);
    let free: Vec<Group> = run.iter().copied().filter(|group| !is_in_word(signs, *group)).collect();
    let [first, ..] = free.as_slice() else { return false };
    let places = || free.iter().flat_map(|group| group.start..group.end);
    let all = places().count();
    if all < FEWEST {
        return false;
    }
    let plain = places().filter(|place| !vague(*place)).count();
    let length = first.end - first.start;
    let zero = signs.get(first.start).is_some_and(|s| s.plain == '0') && length > 1;
    let begins = zero || first.start.checked_sub(1).and_then(|p| signs.get(p)).is_some_and(|s| s.plain == '+');
    let enough = plain >= FEWEST || (all >= FEWEST_SUMMED && (begins || plain > LONGEST_COUNT));
    let whole = free.last().and_then(|last| signs.get(first.start..last.end)).unwrap_or_default();
    if !enough || is_postcode(signs, &free, plan) || figure::is_timetable(whole) {
        return false;
    }
    let rest = free.get(1).is_some_and(|next| signs.get(next.start).is_some_and(|s| s.plain == '0'));
    let counted = length <= LONGEST_COUNT && all - length >= if rest { FEWEST } else { FEWEST_COUNTED };
    // A number sign without a word counts the lines of a list.
    let mut front =
        signs.get(..first.start).unwrap_or_default().iter().rev().map(|s| s.plain).skip_while(|c| matches!(c, ' ' | '('));
    let bare = front.next() == Some('#') && !front.find(|c| *c != ' ').is_some_and(char::is_alphabetic);
    let label = label::before(signs, first.start);
    bare || counted || !matches!(label, Label::Other | Label::Odd | Label::Fax)
}

/// Tells whether digits belong to a word, an address of the web or of mail.
fn is_in_word(signs: &[Sign], group: Group) -> bool {
    let solid = |s: &&Sign| !s.plain.is_whitespace();
    let front: Vec<char> =
        signs.get(..group.start).unwrap_or_default().iter().rev().take(FAR).take_while(solid).map(|s| s.plain).collect();
    let back: String = signs.get(group.end..).unwrap_or_default().iter().take(FAR).take_while(solid).map(|s| s.plain).collect();
    let lone = matches!(front.as_slice(), [only] if !only.is_uppercase() || "TMFXPW".contains(*only));
    let worded = !lone && front.first().is_some_and(|c| c.is_alphabetic()) && front.last().is_some_and(|c| c.is_alphabetic());
    let front: String = front.iter().rev().collect();
    let mail = back.split_once('@').is_some_and(|(_, host)| host.contains('.') && host.starts_with(char::is_alphabetic));
    // `CHE-123.456.789`
    let code = front.chars().take_while(char::is_ascii_uppercase).count() > 1
        && front.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "-./".contains(c))
        && !front.starts_with("TEL")
        && !front.starts_with("FAX")
        && !front.starts_with("MOB");
    let web = front.contains("://") || front.contains("www.") || front.split_once('/').is_some_and(|(host, _)| is_host(host));
    worded || mail || web || code
}

fn is_host(text: &str) -> bool {
    let ends = text.rsplit_once('.').is_some_and(|(front, end)| !front.is_empty() && end.chars().count() > 1);
    ends && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) && text.starts_with(char::is_alphabetic)
}

/// Tells whether digits are the postcode of an address, perhaps behind the number of a house.
fn is_postcode(signs: &[Sign], groups: &[Group], plan: &Plan) -> bool {
    let lens: Vec<usize> = groups.iter().map(|group| group.end - group.start).collect();
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let back = signs.get(last.end..).unwrap_or_default();
    let town = back.first().is_some_and(|s| s.plain == ' ') && back.get(1).is_some_and(|s| s.plain.is_uppercase());
    let sign = |at: usize| signs.get(at).map_or(' ', |s| s.plain);
    let dashed = groups.get(1).is_some_and(|next| next.start == first.end + 1 && sign(first.end) == '-');
    let state = first.start >= 3 && sign(first.start - 1) == ' ' && (2..=3).all(|n| sign(first.start - n).is_ascii_uppercase());
    let region = plan.region().map(|region| region.as_region_str().to_string()).unwrap_or_default();
    let named = first.start >= 2 && sign(first.start - 1) == ' ' && sign(first.start - 2).is_alphabetic();
    match lens.as_slice() {
        // `Beispielweg 12 10115 Berlin`
        [3, 4] if (1..=2).any(|back| first.start.checked_sub(back).is_some_and(|at| sign(at) == '〒')) => true,
        [1..=3, 4..=5] => town,
        [5, 4] => dashed && state,
        [6] => region == "IN" && named,
        [5, 3] => region == "BR" && dashed,
        _ => false,
    }
}

/// Tells whether a few digits stand in place of the last ones of a number: `& 02`, `et 53 01`, `, -2`.
fn goes_on(signs: &[Sign], run: &[Group], taken: &[bool]) -> bool {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return false };
    let digits: usize = run.iter().map(|group| group.end - group.start).sum();
    let mut rest = signs.get(last.end..).unwrap_or_default().iter().map(|s| s.plain);
    let alone = rest.find(|c| *c != ' ').is_none_or(|c| matches!(c, '\n' | ')' | '(' | ',' | ';' | '.' | '/' | '|'));
    if digits > FEWEST || !alone {
        return false;
    }
    let free = |place: &usize| !taken.get(*place).copied().unwrap_or(false);
    let near = (first.start.saturating_sub(12)..first.start).rev().take_while(free).filter_map(|place| signs.get(place));
    let between: Vec<char> = near.map(|s| s.plain).collect();
    let between: String = between.iter().rev().collect();
    let touches = first.start.checked_sub(between.chars().count() + 1).is_some_and(|place| !free(&place));
    let word = between.trim().to_lowercase();
    let joined = word == "&" || word == "à" || spell::joins(&word) || matches!(between.as_str(), "," | ";");
    let dashed = word.strip_suffix('-').is_some_and(|front| front.trim_end().ends_with([',', ';', '/']));
    (touches && joined) || dashed
}

/// Tells whether an emergency number is named side by side with a number: `112 oder 030 23125001`.
fn calls_help(signs: &[Sign], run: &[Group], taken: &[bool], plan: &Plan) -> bool {
    let [only] = run else { return false };
    let digits: String = signs.get(only.start..only.end).unwrap_or_default().iter().map(|s| s.plain).collect();
    if digits.len() != 3 || !emergency::is_emergency(&digits, None, plan, false) {
        return false;
    }
    let taken = |place: usize| taken.get(place).copied().unwrap_or(false);
    let joins = |word: &str| spell::joins(&word.trim().to_lowercase());
    let behind: String = (only.end..signs.len().min(only.end + 8))
        .take_while(|p| !taken(*p))
        .filter_map(|p| signs.get(p))
        .map(|s| s.plain)
        .collect();
    let front: Vec<char> = (only.start.saturating_sub(8)..only.start)
        .rev()
        .take_while(|p| !taken(*p))
        .filter_map(|p| signs.get(p))
        .map(|s| s.plain)
        .collect();
    let front: String = front.iter().rev().collect();
    let near = |place: usize, text: &str| taken(place) && (joins(text) || text.trim() == "/");
    near(only.end + behind.chars().count(), &behind)
        || only.start.checked_sub(front.chars().count() + 1).is_some_and(|place| near(place, &front))
}
