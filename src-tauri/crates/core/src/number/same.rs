//! Whether two spellings mean the same number.
//!
//! What is written with its country code is compared whole. A national spelling leaves the country open, so it
//! fits the international one that ends with it; in front of it may stand a trunk zero, and only when a wrong
//! answer does no harm also the digit for an outside line. An area code is never guessed.

/// Fewer common digits than this prove nothing, so short internal numbers match only when equal.
const COMMON: usize = 7;
/// Digits without a sign are taken for an international number from this length on: national ones are shorter.
const LONG: usize = 11;

/// Tells whether two spellings can be the same number, also with the digit for an outside line in front.
///
/// Good enough for a name to show; where something is done to a call, [`is_same`] decides.
pub fn may_be_same(a: &str, b: &str) -> bool {
    compare(a, b, &["", "0", "9"])
}

/// Tells whether two spellings are the same number: equal, or one is the other's national form.
pub fn is_same(a: &str, b: &str) -> bool {
    compare(a, b, &[""])
}

/// The digits of an international number behind its country code.
pub fn behind_country_code(international: &str) -> Option<&str> {
    split_code(international).map(|(_, national)| national)
}

fn compare(a: &str, b: &str, outside: &[&str]) -> bool {
    let (a, b) = (Spelled::of(a), Spelled::of(b));
    match (a.sign, b.sign) {
        _ if a.digits.is_empty() || b.digits.is_empty() => false,
        _ if a.digits == b.digits => true,
        (true, true) => false,
        (true, false) => fits(&a.digits, &b.digits, outside),
        (false, true) => fits(&b.digits, &a.digits, outside),
        (false, false) => {
            let (long, short) = if a.digits.len() > b.digits.len() { (&a.digits, &b.digits) } else { (&b.digits, &a.digits) };
            let without_sign = long.len() >= LONG && !long.starts_with('0') && fits(long, short, outside);
            let from_abroad = [long, short].map(|digits| digits.strip_prefix("00").filter(|rest| !rest.starts_with('0')));
            let abroad = match from_abroad {
                [Some(a), Some(b)] => a == b,
                [Some(a), None] => fits(a, short, outside),
                [None, Some(b)] => fits(b, long, outside),
                [None, None] => false,
            };
            without_sign || abroad || is_behind(long, short, outside, &["", "0"])
        }
    }
}

/// A number as written: its digits, and whether a plus stood before them.
struct Spelled {
    sign: bool,
    digits: String,
}

impl Spelled {
    fn of(text: &str) -> Self {
        let sign = text.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+').starts_with('+');
        // Some write the zero of the national form in brackets behind the country code.
        let (head, tail) = trunk_zero(text).filter(|_| sign).unwrap_or((text, ""));
        Self { sign, digits: head.chars().chain(tail.chars()).filter(char::is_ascii_digit).collect() }
    }
}

/// Tells whether `other`, written without a plus, can be the international number of these digits.
fn fits(international: &str, other: &str, outside: &[&str]) -> bool {
    let Some((code, national)) = split_code(international) else { return false };
    let trunk: &[&str] = match code {
        "1" => &["", "1"],
        "7" => &["", "8"],
        // The zero belongs to the number there.
        "39" => &[""],
        _ => &["", "0"],
    };
    is_behind(other, national, outside, trunk) || is_behind(other, international, outside, &["00", "011"])
}

/// Tells whether `long` is `short` behind the digit for an outside line and one of these prefixes.
fn is_behind(long: &str, short: &str, outside: &[&str], prefixes: &[&str]) -> bool {
    let Some(head) = long.strip_suffix(short).filter(|_| short.len() >= COMMON) else { return false };
    outside.iter().filter_map(|line| head.strip_prefix(line)).any(|rest| prefixes.contains(&rest))
}

/// Cuts the country code off. Source: ITU-T E.164, list of assigned country codes.
fn split_code(digits: &str) -> Option<(&str, &str)> {
    let two = ["20", "27", "36", "39", "81", "82", "84", "86", "98"];
    let length = match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'3', b'0'..=b'4', ..] | [b'4', b'0' | b'1' | b'3'..=b'9', ..] | [b'5', b'1'..=b'8', ..] => 2,
        [b'6', b'0'..=b'6', ..] | [b'9', b'0'..=b'5', ..] => 2,
        [b'1'..=b'9', ..] => {
            if two.iter().any(|code| digits.starts_with(code)) {
                2
            } else {
                3
            }
        }
        _ => return None,
    };
    digits.split_at_checked(length)
}

/// What stands before and behind a zero in brackets that is not dialled behind a country code.
///
/// In Italy, San Marino and the Vatican the zero belongs to the number. Source: ITU-T E.164, national numbering plans.
fn trunk_zero(text: &str) -> Option<(&str, &str)> {
    let parts = text.match_indices('(').find_map(|(open, _)| {
        let (before, rest) = text.split_at_checked(open)?;
        let (inside, behind) = rest.strip_prefix('(')?.split_once(')')?;
        matches!(inside.trim_matches(super::chars::is_blank), "0" | "\u{ff10}").then_some((before, behind))
    })?;
    let digits: String = parts.0.chars().filter(char::is_ascii_digit).collect();
    let code = digits.strip_prefix("00").unwrap_or(&digits);
    (!["39", "378", "379"].iter().any(|keeps| code.starts_with(keeps))).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_in_brackets_is_no_difference() {
        assert!(is_same("+39 (0)6 12345678", "+390612345678"));
        assert!(is_same("+49 ( 0 )30 1234567", "+49301234567"));
    }

    #[test]
    fn one_number_in_national_and_international_form_is_the_same() {
        assert!(may_be_same("+4930555001", "030555001"));
        assert!(may_be_same("0030555001", "+4930555001"));
        assert!(may_be_same("204", "204"));
        assert!(!may_be_same("204", "1204"));
        assert!(!may_be_same("+4930555001", "+4930555002"));
        assert!(!may_be_same("", "204"));
    }

    #[test]
    fn spellings_of_one_number_are_told_from_two_numbers() {
        // The last two columns: good enough for a name, and good enough to do something to a call.
        for (a, b, named, done) in [
            ("+12125550123", "+16465550123", false, false),
            ("+49301234567", "+49891234567", false, false),
            ("+431234567", "+491234567", false, false),
            ("0012125550123", "0016465550123", false, false),
            ("0049301234567", "+49891234567", false, false),
            ("0049301234567", "0043301234567", false, false),
            ("0301234567", "0891234567", false, false),
            ("2125550123", "6465550123", false, false),
            // An area code is never guessed.
            ("5550123", "+12125550123", false, false),
            ("1234567", "0301234567", false, false),
            // A country code is one that exists, and another trunk digit is another number.
            ("2125550123", "+12125550123", true, true),
            ("+2125550123", "12125550123", false, false),
            ("+49 (0)30 1234567", "030 1234567", true, true),
            ("+49 (0)30 1234567", "+49301234567", true, true),
            ("12125550123", "2125550123", true, true),
            ("+49 30 1234567", "030/1234567", true, true),
            ("+49301234567", "0049301234567", true, true),
            ("+49301234567", "49301234567", true, true),
            ("0049301234567", "0301234567", true, true),
            ("+49301234567", "01149301234567", true, true),
            ("+390612345678", "0612345678", true, true),
            ("+74951234567", "84951234567", true, true),
            ("+35312345678", "012345678", true, true),
            // The digit for an outside line is good for a name only.
            ("+49301234567", "00301234567", true, false),
            ("+12125550123", "912125550123", true, false),
            ("+12125550123", "92125550123", true, false),
            ("+49301234567", "0004930 1234567", true, false),
            ("+49301234567", "90301234567", true, false),
            ("204", "0204", false, false),
            ("204", "204", true, true),
        ] {
            for (a, b) in [(a, b), (b, a)] {
                assert_eq!(may_be_same(a, b), named, "{a} {b}");
                assert_eq!(is_same(a, b), done, "{a} {b}");
            }
        }
    }
}
