//! Which spellings are settled without the library's tables: for every call that comes in.

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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::number::chars;

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
