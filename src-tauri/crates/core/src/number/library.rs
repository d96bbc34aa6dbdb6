//! The library's tables, behind the few questions we ask them.
//!
//! Only digits and a leading `+` that were put together here ever reach the library's parser: it panics on
//! some links (`0;phone-context=+49;tel:1`, rlibphonenumber 2.2.15).

use std::sync::Arc;

use rlibphonenumber::phonenumber_matcher::{Leniency, PhoneNumberMatcherFactory};
use rlibphonenumber::{
    CountryCodeSource, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil, Region,
    get_national_significant_number_owned,
};

/// Most digits that are worth asking about: E.164 has 15, an international prefix and a trunk digit come on top.
const MOST_DIGITS: usize = 20;

/// Digits of numbers that are found without patterns. Source: ITU-T E.164 for the most.
const PLAIN_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// How often the matcher may try. A low count is no bound: it is counted below zero, which panics or goes on for ever
/// (`decrement_tries`, rlibphonenumber 2.2.15).
const ENDLESS: u64 = u64::MAX;

/// The tables of all countries; 8 MB at first use, more with every country asked about.
pub(super) struct Tables {
    util: Arc<PhoneNumberUtil>,
    matcher: PhoneNumberMatcherFactory<PhoneNumberUtil, Arc<PhoneNumberUtil>>,
}

/// How the country of a number was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// With `+`.
    Plus,
    /// With the international prefix of the region.
    Prefix,
    /// With the country code alone.
    CodeAlone,
    /// As in its own country.
    National,
}

/// What the tables know of a number.
#[derive(Clone, Debug)]
pub(super) struct Known {
    number: PhoneNumber,
    /// `+` and the digits.
    pub(super) e164: String,
    /// Country calling code.
    pub(super) code: i32,
    /// Whether it is in its country's numbering plan.
    pub(super) valid: bool,
    /// Whether its length at least is right.
    pub(super) possible: bool,
    /// How it was written.
    pub(super) written: Written,
    /// What it is for.
    pub(super) purpose: PhoneNumberType,
    /// Its country.
    pub(super) region: Option<Region>,
}

/// One place of a text where the library finds a number, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
}

impl Tables {
    /// Builds the tables.
    pub(super) fn new() -> Option<Self> {
        let util = Arc::new(PhoneNumberUtil::new().ok()?);
        let matcher = PhoneNumberMatcherFactory::new_for_util(Arc::clone(&util));
        Some(Self { util, matcher })
    }

    /// Reads digits that follow a `+`.
    pub(super) fn international(&self, digits: &str) -> Option<Known> {
        let known = self.read(&format!("+{}", checked(digits)?), None)?;
        Some(Known { written: Written::Plus, ..known })
    }

    /// Reads digits as somebody in a region would dial them.
    pub(super) fn national(&self, digits: &str, region: Region) -> Option<Known> {
        self.read(checked(digits)?, Some(region))
    }

    fn read(&self, text: &str, region: Option<Region>) -> Option<Known> {
        let number = self.util.parse_and_keep_raw_input(text, region).ok()?;
        let written = match number.country_code_source() {
            CountryCodeSource::FromNumberWithPlusSign => Written::Plus,
            CountryCodeSource::FromNumberWithIdd => Written::Prefix,
            // In North America the trunk prefix and the country code are the same digit.
            CountryCodeSource::FromNumberWithoutPlusSign if number.country_code == 1 => Written::National,
            CountryCodeSource::FromNumberWithoutPlusSign => Written::CodeAlone,
            CountryCodeSource::FromDefaultCountry | CountryCodeSource::Unspecified => Written::National,
        };
        let mut number = number;
        number.raw_input = None;
        number.country_code_source = None;
        let e164 = self.util.format(&number, PhoneNumberFormat::E164).into_owned();
        let fits = e164.len() > 4 && e164.len() <= 19;
        if !fits {
            return None;
        }
        // The library calls a number valid if it knows what it is for; asking both would look through its patterns twice.
        let purpose = self.util.get_number_type(&number);
        let valid = purpose != PhoneNumberType::Unknown;
        Some(Known {
            e164,
            code: number.country_code,
            valid,
            possible: valid || self.util.is_possible_number(&number),
            written,
            purpose,
            region: self.util.get_region_for_number(&number).filter(|region| *region != Region::World),
            number,
        })
    }

    /// The number grouped as in its country.
    pub(super) fn national_form(&self, known: &Known) -> String {
        self.util.format(&known.number, PhoneNumberFormat::National).into_owned()
    }

    /// The number grouped with `+`.
    pub(super) fn international_form(&self, known: &Known) -> String {
        self.util.format(&known.number, PhoneNumberFormat::International).into_owned()
    }

    /// The number as dialled from another country, or with `+` where that country has no single prefix.
    pub(super) fn abroad_form(&self, known: &Known, from: Region) -> String {
        self.util.format_out_of_country_calling_number(&known.number, from).into_owned()
    }

    /// Digits of the number inside its country, without trunk prefix.
    pub(super) fn significant(&self, known: &Known) -> String {
        get_national_significant_number_owned(&known.number)
    }

    /// The trunk prefix of a region, if it has one: what its own spelling of a fixed number puts in front.
    pub(super) fn trunk(&self, region: Region) -> Option<String> {
        // North America leaves its trunk prefix out of its spelling.
        if self.code_of(region) == Some(1) {
            return Some("1".to_owned());
        }
        let number = self.util.get_example_number(region).ok()?;
        let national = self.util.format(&number, PhoneNumberFormat::National);
        let national: String = national.chars().filter(char::is_ascii_digit).collect();
        let prefix = national.strip_suffix(&get_national_significant_number_owned(&number))?;
        (!prefix.is_empty()).then(|| prefix.to_owned())
    }

    /// The country calling code of a region.
    pub(super) fn code_of(&self, region: Region) -> Option<i32> {
        self.util.get_country_code_for_region(region)
    }

    /// The main region of a country calling code.
    pub(super) fn region_of_code(&self, code: i32) -> Option<Region> {
        self.util.get_region_for_country_code(code).filter(|region| *region != Region::World)
    }

    /// Tells whether the whole text is a valid number whose groups are those of its country.
    pub(super) fn is_grouped(&self, text: &str, region: Option<Region>) -> bool {
        self.covers(text, region, Leniency::StrictGrouping)
    }

    /// Tells whether the whole text is a valid number that has the trunk prefix where its country writes one.
    pub(super) fn is_complete(&self, text: &str, region: Option<Region>) -> bool {
        self.covers(text, region, Leniency::Valid)
    }

    fn covers(&self, text: &str, region: Option<Region>, leniency: Leniency) -> bool {
        let mut found = self.matcher.create_matcher(text, leniency, ENDLESS, region);
        found.next().is_some_and(|first| first.start == 0 && first.end() == text.len())
    }

    /// Finds valid numbers in a short ASCII text; the time it takes is bounded by the length of the text alone.
    pub(super) fn find(&self, text: &str, region: Option<Region>) -> Vec<Found> {
        self.find_plain(text).unwrap_or_else(|| self.find_any(text, region))
    }

    /// Finds numbers that begin with a plus and are written without brackets and slashes, which need no patterns to be found.
    ///
    /// Nothing where one piece is not exactly that or no good number: the library then looks for one inside.
    fn find_plain(&self, text: &str) -> Option<Vec<Found>> {
        let inner = text.strip_suffix(',')?;
        let begin = inner.find('+')?;
        (begin <= 1).then_some(())?;
        let mut start = begin;
        let mut found = Vec::new();
        for piece in inner.get(begin + 1..)?.split('+') {
            let number = piece.trim_end_matches(' ');
            let groups = || number.split([' ', '-', '.']);
            let plain = groups().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
            let digits: String = groups().collect();
            let good = plain && PLAIN_DIGITS.contains(&digits.len()) && self.is_valid_abroad(&digits);
            good.then_some(())?;
            found.push(Found { start, end: start + 1 + number.len() });
            start += 1 + piece.len();
        }
        Some(found)
    }

    fn is_valid_abroad(&self, digits: &str) -> bool {
        self.util.parse(format!("+{digits}"), None).is_ok_and(|number| self.util.is_valid_number(&number))
    }

    fn find_any(&self, text: &str, region: Option<Region>) -> Vec<Found> {
        self.matcher
            .create_matcher(text, Leniency::Valid, ENDLESS, region)
            .map(|found| Found { start: found.start, end: found.end() })
            .collect()
    }
}

/// Lets only a sensible count of plain digits through.
fn checked(digits: &str) -> Option<&str> {
    let fits = (2..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(digits)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    thread_local! {
        static TABLES: Tables = Tables::new().unwrap();
    }

    /// One number with a plus, often a good one.
    fn piece() -> impl Strategy<Value = String> {
        let code = prop::sample::select(vec![
            "+49 30 ", "+49", "+1 201-", "+39 06.", "+44 20 ", "+55 11 9", "+43", "+0", "+", "+881 6 ",
        ]);
        let digits = prop_oneof![4 => "[0-9]{3,4}[ .-]?[0-9]{3,5}", 1 => "[12][0-9]{3}-?[01][0-9]-?[0-3][0-9] [0-2][0-9]", 1 => "[0-9 .-]{1,16}"];
        let end = prop::sample::select(vec!["", " ", "  ", "-", "/", " (0)", ". "]);
        (code, digits, end).prop_map(|(code, digits, end)| format!("{code}{digits}{end}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_found_without_patterns_is_what_the_library_finds(
            pieces in proptest::collection::vec(piece(), 1..4), front in "[,Q%]", home in any::<bool>(),
        ) {
            let text = format!("{front}{},", pieces.concat());
            let region = home.then_some(Region::DE);
            TABLES.with(|tables| {
                if let Some(found) = tables.find_plain(&text) {
                    prop_assert_eq!(found, tables.find_any(&text, region), "{:?}", text);
                }
                Ok(())
            })?;
        }
    }

    #[test]
    fn plain_numbers_need_no_patterns() {
        TABLES.with(|tables| {
            assert_eq!(tables.find_plain(",+49 30 1234567 +1 201-555-0123,").unwrap().len(), 2);
            for text in
                [",+49 30 1234567Q", ",030 1234567,", ",+49 (30) 1234567,", ",+49 30 1234567 / 030 1234567,", ",+999 1234567,"]
            {
                assert_eq!(tables.find_plain(text), None, "{text}");
            }
        });
    }
}
