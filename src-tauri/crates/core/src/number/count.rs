//! Whether digits that stand apart are one number or several that must never be dialled as one.
//!
//! Asked only where no country's tables know the number.

use super::chars::is_blank;
use super::plan::Plan;
use super::uri::scheme;

/// How many numbers a text without other words holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// One.
    One,
    /// It may be one or two.
    PerhapsTwo,
    /// Several, so none of them is meant alone.
    Several,
}

/// Counts the numbers of a text by its groups of digits; in a link everything between them is decoration.
pub(super) fn count(body: &str, plan: &Plan) -> Count {
    let groups = groups(body);
    if scheme(body).is_some() || body.trim_matches(is_blank).starts_with(['+', '\u{ff0b}']) || groups.len() < 2 {
        return Count::One;
    }
    if groups.iter().any(|group| !group.bytes().all(|b| b.is_ascii_digit())) {
        return Count::One;
    }
    let all = groups.concat();
    if groups.iter().all(|group| plan.is_extension(group)) && (groups.len() == 2 || !all.starts_with('0')) {
        return Count::Several;
    }
    if let [first, second] = groups.as_slice() {
        if !all.starts_with('0') && first.len() <= 4 && second.len() <= 4 {
            // A local number of seven digits is written so where they have seven.
            let local = body.contains('-') && first.len() == 3 && second.len() == 4;
            return if local { Count::PerhapsTwo } else { Count::Several };
        }
        if first.len() >= 7 && second.len() >= 7 && !all.starts_with("00") {
            return Count::Several;
        }
    }
    let mut perhaps = false;
    for (at, group) in groups.iter().enumerate().skip(1).filter(|(_, group)| group.starts_with('0') && group.len() >= 3) {
        let (head, rest) = all.split_at(groups.iter().take(at).map(String::len).sum());
        let enough = if head.starts_with("00") { 10 } else { 7 };
        if rest.len() >= 7 && ((head.starts_with('0') && head.len() >= enough) || plan.is_extension(head)) {
            return Count::Several;
        }
        perhaps |= all.starts_with('0') && all.len() > 11;
        perhaps |= !head.starts_with('0') && (2..=4).contains(&head.len()) && rest.len() >= 9;
        perhaps |= group.len() >= 9;
    }
    if perhaps { Count::PerhapsTwo } else { Count::One }
}

/// The groups between blanks, dashes and slashes, in plain digits and without brackets.
fn groups(body: &str) -> Vec<String> {
    let parts = |c: char| is_blank(c) || matches!(c, '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let plain = |c: char| match c {
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10),
        '(' | ')' => None,
        other => Some(other),
    };
    body.split(parts).map(|group| group.chars().filter_map(plain).collect::<String>()).filter(|g| !g.is_empty()).collect()
}
