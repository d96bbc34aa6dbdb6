//! How numbers are written at one PBX: the plan keys of the command line contract.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rlibphonenumber::Region;

use super::chars;
use super::known::Known;

/// Countries and territories with a numbering plan, ISO 3166-1 letters and the library's `AC`, `TA`, `XK`.
///
/// Source: rlibphonenumber 2.2.15; a test compares.
const COUNTRIES: &str = "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA \
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT \
    TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Longest internal number that a plan may have, in digits.
const LONGEST_EXTENSION: usize = 8;
/// Most rules for internal numbers.
const MOST_RULES: usize = 100;

/// How external numbers are written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Send {
    /// National with trunk prefix, other countries with the international prefix.
    National,
    /// With `+`.
    E164,
    /// With the international prefix of the country; `00` where that country has none without a carrier code.
    Prefix,
}

/// Numbers that count as internal.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// Digits, with `X` for any digit.
    Pattern(String),
    /// All numbers of one length between two.
    Range(String, String),
}

/// How numbers are written at one PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    country: Option<Region>,
    area_code: Option<String>,
    outside_prefix: Option<String>,
    send: Option<Send>,
    main_number: Option<String>,
    extensions: Vec<Rule>,
    ask_premium: bool,
    ask_links: bool,
    ask_international: bool,
    hosts: Vec<String>,
    /// Internal numbers that the PBX told.
    known: Arc<Known>,
}

/// A plan key whose value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The key, without `plan.`.
    pub key: String,
    /// What it has to be.
    pub expected: &'static str,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan.{}: expected {}", self.key, self.expected)
    }
}

impl std::error::Error for PlanError {}

impl Default for Plan {
    fn default() -> Self {
        Self {
            country: None,
            area_code: None,
            outside_prefix: None,
            send: None,
            main_number: None,
            extensions: Vec::new(),
            ask_premium: true,
            ask_links: true,
            ask_international: false,
            hosts: Vec::new(),
            known: Arc::default(),
        }
    }
}

impl Plan {
    /// Names of all keys, without `plan.`.
    pub const KEYS: [&str; 9] = [
        "country",
        "area_code",
        "outside_prefix",
        "send",
        "main_number",
        "extensions",
        "ask_premium",
        "ask_links",
        "ask_international",
    ];

    /// Reads the plan keys (`plan.country` and so on) among the keys of an account; others are not ours.
    ///
    /// A key that cannot be used is left at its default and told.
    pub fn of(keys: &BTreeMap<String, String>) -> (Self, Vec<PlanError>) {
        let mut plan = Self::default();
        let ours = keys.iter().filter_map(|(key, value)| Some((key.strip_prefix("plan.")?, value)));
        let errors = ours.filter_map(|(key, value)| plan.set(key, value).err()).collect();
        (plan, errors)
    }

    /// Sets one key, with or without `plan.` in front; an empty value takes the default back.
    ///
    /// Lists are separated by commas or blanks and may stand in brackets and quotes.
    ///
    /// # Errors
    /// Names the key and what it has to be; the plan stays as it was.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), PlanError> {
        let key = key.strip_prefix("plan.").unwrap_or(key);
        let wrong = |expected| PlanError { key: key.to_owned(), expected };
        let value = value.trim();
        let given = !value.is_empty();
        match key {
            "country" => {
                self.country =
                    given.then(|| country(value).ok_or_else(|| wrong("two letters of a country such as DE"))).transpose()?;
            }
            "area_code" => {
                let code = || digits(value, 1..=7).ok_or_else(|| wrong("the digits of an area code such as 30"));
                self.area_code = given.then(code).transpose()?;
            }
            "outside_prefix" => {
                let prefix = || digits(value, 1..=4).ok_or_else(|| wrong("one to four digits such as 0"));
                self.outside_prefix = given.then(prefix).transpose()?;
            }
            "send" => {
                let send = || match value {
                    "national" => Ok(Send::National),
                    "e164" => Ok(Send::E164),
                    "00" => Ok(Send::Prefix),
                    _ => Err(wrong("national, e164 or 00")),
                };
                self.send = given.then(send).transpose()?;
            }
            "main_number" => {
                let main =
                    || main_number(value).ok_or_else(|| wrong("+ and the digits all own numbers begin with, such as +49301234"));
                self.main_number = given.then(main).transpose()?;
            }
            "extensions" => {
                let rules: Option<Vec<Rule>> = words(value).map(rule).collect();
                let rules = rules.filter(|rules| rules.len() <= MOST_RULES);
                self.extensions = rules.ok_or_else(|| wrong("a list of ranges and patterns such as 200-299, 7XX"))?;
            }
            "ask_premium" | "ask_links" | "ask_international" => {
                let switch = match value {
                    "true" => Some(true),
                    "false" => Some(false),
                    "" => None,
                    _ => return Err(wrong("true or false")),
                };
                match key {
                    "ask_premium" => self.ask_premium = switch.unwrap_or(true),
                    "ask_links" => self.ask_links = switch.unwrap_or(true),
                    _ => self.ask_international = switch.unwrap_or(false),
                }
            }
            _ => return Err(wrong("one of the plan keys of the manual")),
        }
        Ok(())
    }

    /// Adds names of the account's own PBX and tenant: what follows the `@` of an address that is its own.
    #[must_use]
    pub fn with_hosts(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        self.hosts.extend(hosts);
        self
    }

    /// The same without the question that every link asks; what else there is to ask about stays.
    #[must_use]
    pub fn trusting_links(mut self) -> Self {
        self.ask_links = false;
        self
    }

    /// Tells whether what follows the `@` of an address is the account's own PBX, with or without a port.
    /// The same with the internal numbers that the PBX told, beside those of the plan.
    pub fn with_known(mut self, known: Arc<Known>) -> Self {
        self.known = known;
        self
    }

    pub(super) fn is_own_host(&self, host: &str) -> bool {
        let bare =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(bare, _)| bare);
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(bare) || own.eq_ignore_ascii_case(host))
    }

    /// Tells whether digits are an internal number under this plan.
    pub fn is_extension(&self, digits: &str) -> bool {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain && (self.extensions.iter().any(|rule| rule.fits(digits)) || self.known.has(digits))
    }

    /// Two letters of the country, if one is set.
    pub fn country(&self) -> Option<String> {
        self.country.map(|region| region.as_region_str().to_string())
    }

    /// Whether links from other programs ask first.
    pub fn asks_links(&self) -> bool {
        self.ask_links
    }

    /// Whether premium and satellite numbers ask first.
    pub fn asks_premium(&self) -> bool {
        self.ask_premium
    }

    /// Whether numbers of other countries ask first.
    pub fn asks_international(&self) -> bool {
        self.ask_international
    }

    pub(super) fn region(&self) -> Option<Region> {
        self.country
    }

    pub(super) fn area_code(&self) -> Option<&str> {
        self.area_code.as_deref()
    }

    pub(super) fn outside_prefix(&self) -> Option<&str> {
        self.outside_prefix.as_deref()
    }

    /// How external numbers are sent; behind an outside-line prefix a `+` makes no sense unless asked for.
    pub(super) fn send(&self) -> Send {
        let usual = if self.outside_prefix.is_some() && self.country.is_some() { Send::National } else { Send::E164 };
        self.send.unwrap_or(usual)
    }

    /// The internal part of one of the own numbers.
    pub(super) fn own<'a>(&self, e164: &'a str) -> Option<&'a str> {
        e164.strip_prefix(self.main_number.as_deref()?).filter(|rest| self.is_extension(rest))
    }
}

impl Rule {
    fn fits(&self, digits: &str) -> bool {
        match self {
            Self::Pattern(pattern) => {
                pattern.len() == digits.len() && pattern.bytes().zip(digits.bytes()).all(|(p, d)| p == b'X' || p == d)
            }
            // Digits of one length compare like their numbers.
            Self::Range(low, high) => digits.len() == low.len() && (low.as_str()..=high.as_str()).contains(&digits),
        }
    }
}

pub(super) fn country(text: &str) -> Option<Region> {
    let letters = text.to_ascii_uppercase();
    COUNTRIES.split(' ').any(|known| known == letters).then(|| Region::from_code(&letters).ok()).flatten()
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<String> {
    (count.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

fn main_number(text: &str) -> Option<String> {
    let rest = text.strip_prefix('+')?;
    let plain = rest.chars().all(|c| c.is_ascii_digit() || chars::is_separator(c));
    let digits = chars::digits_of(rest);
    (plain && (4..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| format!("+{digits}"))
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(|c: char| matches!(c, ',' | ';' | '[' | ']' | '"' | '\'') || c.is_whitespace()).filter(|w| !w.is_empty())
}

fn rule(text: &str) -> Option<Rule> {
    let fits = |t: &str| (1..=LONGEST_EXTENSION).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    if let Some((low, high)) = text.split_once('-') {
        let good = fits(low) && fits(high) && low.len() == high.len() && low <= high;
        return good.then(|| Rule::Range(low.to_owned(), high.to_owned()));
    }
    let pattern = text.to_ascii_uppercase();
    let good = (1..=LONGEST_EXTENSION).contains(&pattern.len()) && pattern.bytes().all(|b| b.is_ascii_digit() || b == b'X');
    good.then_some(Rule::Pattern(pattern))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn knows_the_countries_of_the_library() {
        let util = rlibphonenumber::PhoneNumberUtil::new().unwrap();
        let mut codes: Vec<String> = util.get_supported_regions().map(|r| r.as_region_str().to_string()).collect();
        codes.sort();
        assert_eq!(COUNTRIES, codes.join(" "));
    }

    #[test]
    fn all_keys_are_read_and_errors_name_key_and_expectation() {
        let keys = [
            ("plan.country", "de"),
            ("plan.area_code", "30"),
            ("plan.outside_prefix", "0"),
            ("plan.send", "00"),
            ("plan.main_number", "+49 (30) 1234"),
            ("plan.extensions", "[\"200-299\", \"7XX\"]"),
            ("plan.ask_premium", "false"),
            ("plan.ask_links", "false"),
            ("plan.ask_international", "true"),
            ("keepalive_s", "30"),
        ];
        let keys = keys.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let (plan, errors) = Plan::of(&keys);
        assert_eq!(errors, []);
        assert_eq!((plan.country().as_deref(), plan.send()), (Some("DE"), Send::Prefix));
        assert_eq!(plan.own("+49301234207"), Some("207"));
        assert_eq!(plan.own("+49301234307"), None);
        for (digits, internal) in
            [("200", true), ("299", true), ("300", false), ("0200", false), ("712", true), ("", false), ("7X1", false)]
        {
            assert_eq!(plan.is_extension(digits), internal, "{digits}");
        }
        for (key, value) in [
            ("country", "Germany"),
            ("country", "ZZ"),
            ("area_code", "(030)"),
            ("outside_prefix", "+"),
            ("send", "sip"),
            ("main_number", "0301234"),
            ("extensions", "299-200"),
            ("extensions", "20-299"),
            ("extensions", "two"),
            ("ask_links", "yes"),
            ("contry", "DE"),
        ] {
            let mut plan = Plan::default();
            let error = plan.set(key, value).unwrap_err();
            assert_eq!(error.key, key);
            assert!(error.to_string().contains(error.expected) && !error.expected.is_empty(), "{error}");
            assert_eq!(plan, Plan::default());
        }
    }
}
