//! Comparing spellings of numbers without the library's tables: for every call that comes in.

use super::shown::parts;

/// Fewest digits at the end that two spellings of an external number have in common.
const FEWEST_ALIKE: usize = 7;
/// Digits that exchanges use for the outside line, besides zero.
const OUTSIDE: char = '9';
/// Country calling codes of two digits; 1 and 7 have one, all others three. Source: ITU-T E.164, list of assigned codes.
const TWO_DIGITS: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53",
    "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94",
    "95", "98",
];
/// Country calling codes behind which the library changes digits that are no trunk zero, found by a test that tries all codes.
const CHANGED: &[&str] = &["54", "55", "61", "86", "261", "298", "352", "370", "375", "378", "506", "672", "692", "993"];
/// Shortest and longest number that begins with a country code. Source: ITU-T E.164; the shortest is that of small islands.
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 7..=15;

/// Parts the country calling code from digits that begin with one; nothing where they begin with a zero.
pub(super) fn country_code(digits: &str) -> Option<(&str, &str)> {
    let one = matches!(digits.chars().next()?, '1' | '7');
    let two = digits.get(..2).is_some_and(|code| TWO_DIGITS.contains(&code));
    let length = if one { 1 } else { 3 - usize::from(two) };
    digits.split_at_checked(length).filter(|(code, _)| !code.starts_with('0'))
}

/// Tells whether digits behind a plus are an E.164 form as they stand, so that the tables would not change them.
pub(super) fn is_settled(digits: &str) -> bool {
    let Some((code, rest)) = country_code(digits).filter(|_| INTERNATIONAL.contains(&digits.len())) else { return false };
    match code {
        "1" => rest.len() == 10 && !rest.starts_with(['0', '1']),
        "7" => rest.len() == 10 && !rest.starts_with('0'),
        // Italy's zero is part of the number.
        "39" => true,
        code => !rest.starts_with('0') && !CHANGED.contains(&code),
    }
}

/// Tells whether two spellings are most likely one number, for callers that have no dial plan at hand.
///
/// Strict, and without the library's tables: two numbers with `+` are the same when all their digits are. Otherwise both end in
/// the same seven digits or more, and what stands in front is on one side nothing but zeros (trunk digit, outside line), on the
/// other zeros, a 9 for the outside line before zeros, or a country code. Internal numbers and codes are the same when they are
/// equal. Where a plan is known, [`Numbers::same`](super::Numbers::same) knows better.
pub fn may_be_same(a: &str, b: &str) -> bool {
    let (Some(one), Some(other)) = (parts(a), parts(b)) else {
        let (a, b) = (a.trim(), b.trim());
        return !a.is_empty() && a.to_lowercase() == b.to_lowercase();
    };
    if one.1 == other.1 {
        return true;
    }
    let codes = one.1.contains(['*', '#']) || other.1.contains(['*', '#']);
    if codes || (one.0 && other.0) {
        return false;
    }
    let alike = one.1.bytes().rev().zip(other.1.bytes().rev()).take_while(|(x, y)| x == y).count();
    let head = |digits: &str, alike: usize| digits.get(..digits.len().saturating_sub(alike)).unwrap_or_default().to_owned();
    let (first, second) = (head(&one.1, alike), head(&other.1, alike));
    // Behind a country code no trunk zero stands, save Italy's.
    let zero = one.1.get(one.1.len() - alike..).is_some_and(|common| common.starts_with('0'));
    alike >= FEWEST_ALIKE && (fits(&first, one.0, &second, other.0, zero) || fits(&second, other.0, &first, one.0, zero))
}

/// Tells whether one head is only zeros and the other one something that is dialled or written in front.
fn fits(plain: &str, plain_plus: bool, other: &str, other_plus: bool, zero: bool) -> bool {
    let zeros = |digits: &str| digits.len() <= 4 && digits.bytes().all(|b| b == b'0');
    if !zeros(plain) || (plain_plus && !plain.is_empty()) {
        return false;
    }
    let outside = other.strip_prefix(OUTSIDE).filter(|rest| !other_plus && rest.starts_with('0'));
    if zeros(other) || outside.is_some_and(zeros) {
        return !other_plus || other.is_empty();
    }
    // A number that names its country is not a part of another one.
    if plain_plus {
        return false;
    }
    let bare = if other_plus { other } else { outside.unwrap_or(other).trim_start_matches('0') };
    country_code(bare).is_some_and(|(code, rest)| rest.is_empty() && (!zero || code == "39"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::chars;

    #[test]
    fn only_what_is_dialled_in_front_may_differ() {
        for (a, b) in [
            ("+4930555001", "030555001"),
            ("0030555001", "+4930555001"),
            ("204", "204"),
            ("+4930555001", "+49 (30) 555-001"),
            ("004930555001", "+4930555001"),
            ("0004930555001", "+4930555001"),
            ("90030555001", "030555001"),
            ("4930555001", "030555001"),
            ("+34912345678", "912345678"),
            ("+12015550123", "2015550123"),
            ("+390669812345", "0669812345"),
            ("+3545551234", "5551234"),
            ("sip:+4930555001@pbx.example", "030555001"),
            ("*97", "*97"),
            ("Mara", "mara "),
        ] {
            assert!(may_be_same(a, b) && may_be_same(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("204", "1204"),
            ("204", "0204"),
            ("+4930555001", "+4930555002"),
            ("+4930555001", "+4330555001"),
            ("+30555001", "4930555001"),
            ("+4930555001", "+30555001"),
            ("", "204"),
            ("", ""),
            ("+12015550123", "5550123"),
            ("+12015550123", "92015550123"),
            ("+4930555001", "040555001"),
            ("+493012345678", "12345678"),
            ("030555001", "7030555001"),
            ("*97", "97"),
            ("anonymous", "204"),
        ] {
            assert!(!may_be_same(a, b) && !may_be_same(b, a), "{a} {b}");
        }
    }

    /// The codes and what stands behind them are what the library makes of them.
    #[test]
    fn settled_numbers_are_what_the_library_makes_of_them() {
        let util = rlibphonenumber::PhoneNumberUtil::new().unwrap();
        let mut seed = 88_172_645_463_325_252_u64;
        let mut next = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let codes: Vec<String> = util.get_supported_calling_codes().map(|code| code.to_string()).collect();
        assert!(codes.len() > 200);
        let mut settled = 0;
        for code in &codes {
            assert_eq!(country_code(&format!("{code}2345678")), Some((code.as_str(), "2345678")));
            let regions = util
                .get_supported_regions()
                .filter(|r| util.get_country_code_for_region(*r).map(|c| c.to_string()).as_ref() == Some(code));
            let mut tries: Vec<String> = regions
                .filter_map(|region| util.get_example_number(region).ok())
                .map(|number| chars::digits_of(&util.format(&number, rlibphonenumber::PhoneNumberFormat::E164)))
                .collect();
            tries.extend(tries.clone().iter().flat_map(|digits| {
                let rest = digits.strip_prefix(code.as_str()).unwrap_or_default().to_owned();
                let code = code.clone();
                (0..100).map(move |front| format!("{code}{front}{rest}"))
            }));
            tries.extend((0..400).map(|_| {
                let rest: String = (0..4 + next() % 9).map(|_| char::from(b'0' + u8::try_from(next() % 10).unwrap())).collect();
                format!("{code}{rest}")
            }));
            for digits in tries.into_iter().filter(|digits| is_settled(digits)) {
                settled += 1;
                let text = format!("+{digits}");
                if let Ok(number) = util.parse(&text, None) {
                    assert_eq!(util.format(&number, rlibphonenumber::PhoneNumberFormat::E164), text);
                }
            }
        }
        assert!(settled > 50_000, "{settled}");
    }
}
