//! Digits that are written like a number and mean something else: timetables, draws, articles.

use super::chars::Sign;

/// Hours and minutes, draws: fewest that count.
const FEWEST_TIMES: usize = 2;
/// Highest number of a draw.
const HIGHEST_DRAWN: u32 = 49;
/// Digits of an article with its packing. Source: GS1 General Specifications, GTIN-14.
const ARTICLE: usize = 14;

/// The groups of digits, and the signs between them.
fn groups(inside: &[Sign]) -> (Vec<String>, Vec<String>) {
    let (mut digits, mut seams): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut open = false;
    for sign in inside {
        match (sign.plain.is_ascii_digit(), open) {
            (true, true) => digits.last_mut().into_iter().for_each(|group| group.push(sign.plain)),
            (true, false) => digits.push(sign.plain.to_string()),
            (false, true) => seams.push(sign.plain.to_string()),
            (false, false) => seams.last_mut().into_iter().for_each(|seam| seam.push(sign.plain)),
        }
        open = sign.plain.is_ascii_digit();
    }
    (digits, seams)
}

/// Tells whether digits are hours and minutes, one later than the other: `0605 0635 0705`, `06.05 06.35`.
pub(super) fn is_timetable(inside: &[Sign]) -> bool {
    let (groups, seams) = groups(inside);
    let plain = inside.iter().all(|s| s.plain.is_ascii_digit() || matches!(s.plain, ' ' | '-' | '.' | '/'));
    let pairs = || {
        let parted = seams.iter().enumerate().all(|(at, seam)| (seam == ".") == (at % 2 == 0));
        (parted && groups.len() % 2 == 0).then(|| groups.chunks(2).map(<[String]>::concat).collect::<Vec<_>>())
    };
    let times = if groups.iter().all(|group| group.len() == 4) { Some(groups.clone()) } else { pairs() };
    let Some(times) = times.filter(|times| plain && times.len() >= FEWEST_TIMES) else { return false };
    let minutes: Vec<Option<u32>> = times.iter().map(|time| minutes(time)).collect();
    let rises = minutes.windows(2).all(|pair| matches!(pair, [Some(one), Some(other)] if one < other));
    // Two of them may be a number as well, above all one that is free: those of a timetable are mostly round.
    let free = times.first().is_some_and(|time| matches!(time.as_str(), "0800" | "0900"));
    let blank = !free && seams.iter().all(|seam| seam == " ");
    let round = times.len() > FEWEST_TIMES || blank || minutes.iter().flatten().all(|minutes| minutes % 5 == 0);
    rises && round && minutes.iter().all(Option::is_some)
}

fn minutes(time: &str) -> Option<u32> {
    let value: u32 = time.parse().ok()?;
    (time.len() == 4 && value / 100 < 24 && value % 100 < 60).then_some(value)
}

/// Tells whether an area code stands there twice: `030 030 1234567`.
pub(super) fn is_twice(inside: &[Sign]) -> bool {
    let (groups, _) = groups(inside);
    matches!(groups.as_slice(), [one, other, _, ..] if one == other && one.starts_with('0') && one.len() > 2)
}

/// Tells whether digits are the numbers of a draw: `01.02.03.04.05`, `04-11-20-26-12`.
pub(super) fn is_drawn(inside: &[Sign]) -> bool {
    let (groups, seams) = groups(inside);
    let values: Vec<u32> = groups.iter().filter(|group| group.len() == 2).filter_map(|group| group.parse().ok()).collect();
    let written = seams.iter().all(|seam| seam == ".") || seams.iter().all(|seam| seam == "-");
    let fits = values.len() == groups.len() && (5..=7).contains(&values.len());
    let low = values.iter().all(|value| (1..=HIGHEST_DRAWN).contains(value));
    // The last one may be drawn apart.
    let sorted = values.get(..values.len().saturating_sub(1)).is_some_and(|most| most.is_sorted_by(|a, b| a < b));
    written && fits && low && sorted
}

/// Tells whether fourteen digits in one piece are the number of an article.
pub(super) fn is_article(inside: &[Sign]) -> bool {
    let digits: Vec<u32> = inside.iter().filter_map(|s| s.plain.to_digit(10)).collect();
    let sum: u32 = digits.iter().enumerate().map(|(at, digit)| if at % 2 == 0 { digit * 3 } else { *digit }).sum();
    digits.len() == ARTICLE && inside.len() == ARTICLE && sum.is_multiple_of(10)
}

/// Tells whether a sign beside a number stands for digits as well: `²`, `½`, `①`, or `?` behind a dash.
pub(super) fn is_beside_figure(signs: &[Sign], start: usize, end: usize) -> bool {
    let figure =
        |sign: Option<&Sign>| sign.is_some_and(|s| s.plain.is_numeric() && !s.plain.is_ascii_digit() && s.plain < '\u{2e80}');
    let behind = signs.get(end..).unwrap_or_default();
    let hidden = behind.first().is_some_and(|s| s.plain == '-') && behind.get(1).is_some_and(|s| s.plain == '?');
    figure(behind.first()) || figure(start.checked_sub(1).and_then(|place| signs.get(place))) || hidden
}

/// Tells whether digits and a capital letter, such as `06A`, stand in front behind one blank: parts of a code.
pub(super) fn is_behind_code(signs: &[Sign], start: usize) -> bool {
    let front = signs.get(..start).unwrap_or_default();
    let mut front = front.iter().rev().map(|s| s.plain);
    let letter = front.next() == Some(' ') && front.next().is_some_and(|c| c.is_ascii_uppercase());
    letter && front.next().is_some_and(|c| c.is_ascii_digit())
}

/// Tells whether a sign that joins the parts of a name or a path stands directly in front.
pub(super) fn is_named(signs: &[Sign], start: usize) -> bool {
    let sign = |back: usize| start.checked_sub(back).and_then(|place| signs.get(place)).map_or(' ', |s| s.plain);
    matches!(sign(1), '@' | '\\' | '_' | '=' | '&') || (sign(1) == '/' && !sign(2).is_whitespace())
}
