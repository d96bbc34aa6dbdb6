//! A second, slow and simple reading of the contract: what may be dialled for a text.
//!
//! It knows the named exceptions: phone-context, keypad letters, other scripts' digits, one's own main number, and the
//! plan's prefixes. It never asks the library.

use super::phone;

use phone::number::Plan;
use phone::request::Source;

/// A country as the reference knows it. Source: the countries' numbering plans at the ITU.
pub struct Country {
    pub region: &'static str,
    pub code: &'static str,
    /// What is dialled before abroad.
    pub abroad: &'static str,
    /// What is dialled before a national number; empty where nothing is.
    pub trunk: &'static str,
    /// Whether people leave the trunk prefix out of a full national number.
    pub trunk_optional: bool,
    /// Good national numbers without the trunk prefix.
    pub numbers: &'static [&'static str],
    pub emergency: &'static [&'static str],
}

const fn country(
    region: &'static str,
    code: &'static str,
    abroad: &'static str,
    (trunk, trunk_optional): (&'static str, bool),
    numbers: &'static [&'static str],
    emergency: &'static [&'static str],
) -> Country {
    Country { region, code, abroad, trunk, trunk_optional, numbers, emergency }
}

/// Emergency numbers as the regulators of the countries list them.
pub const COUNTRIES: &[Country] = &[
    country("DE", "49", "00", ("0", false), &["3023125001", "1713920012", "15228817386", "8999998123"], &["110", "112"]),
    country("AT", "43", "00", ("0", false), &["158058207", "6641234567", "512345678"], &["112", "122", "133", "144"]),
    country("CH", "41", "00", ("0", false), &["446681800", "212345678", "781234567"], &["112", "117", "118", "144"]),
    country("FR", "33", "00", ("0", false), &["199001234", "261911234", "612345678"], &["112", "15", "17", "18", "114"]),
    country("IT", "39", "00", ("", true), &["0669812345", "0212345678", "3123456789"], &["112", "113", "115", "118"]),
    country("ES", "34", "00", ("", true), &["912345678", "810123456", "612345678"], &["112", "091", "061", "062"]),
    country("GB", "44", "00", ("0", false), &["2079460018", "1614960123", "7400123456"], &["112", "999"]),
    country("US", "1", "011", ("1", true), &["2015550123", "2125550199"], &["911", "112"]),
    country("NL", "31", "00", ("0", false), &["101234567", "612345678"], &["112"]),
    country("PL", "48", "00", ("", true), &["221234567", "512345678"], &["112", "997", "998", "999"]),
    country("SE", "46", "00", ("0", false), &["846500401", "701740605", "313900601"], &["112"]),
    country("JP", "81", "010", ("0", false), &["312345678", "9012345678"], &["110", "118", "119"]),
    country("IN", "91", "00", ("0", true), &["2223456789", "9876543210"], &["112", "100", "101", "102", "108"]),
    country("BR", "55", "00", ("0", true), &["1123456789", "11961234567"], &["190", "192", "193"]),
];

/// The plan as the reference reads it, beside the module's own.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    pub country: Option<usize>,
    pub outside_prefix: &'static str,
    pub send: Option<&'static str>,
    pub main_number: Option<String>,
    pub extensions: Option<&'static str>,
    pub flags: Vec<(&'static str, bool)>,
}

impl Keys {
    fn country(&self) -> Option<&'static Country> {
        self.country.map(|i| &COUNTRIES[i])
    }

    pub fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        let mut set = |key: &str, value: &str| assert!(plan.set(key, value).is_ok(), "{key}={value}");
        if let Some(country) = self.country() {
            set("country", country.region);
        }
        if !self.outside_prefix.is_empty() {
            set("outside_prefix", self.outside_prefix);
        }
        if let Some(send) = self.send {
            set("send", send);
        }
        if let Some(main) = &self.main_number {
            set("main_number", main);
        }
        if let Some(extensions) = self.extensions {
            set("extensions", extensions);
        }
        for (key, value) in &self.flags {
            set(key, if *value { "true" } else { "false" });
        }
        plan
    }

    pub fn asks_links(&self) -> bool {
        !self.flags.contains(&("ask_links", false))
    }

    /// Tells whether digits are internal; the ranges here are three digits from 200 to 299.
    fn is_extension(&self, digits: &str) -> bool {
        self.extensions.is_some() && digits.len() == 3 && digits.starts_with('2')
    }
}

/// Everything that may go to the PBX for what a candidate's text says, by the contract.
pub fn may_be_dialled(text: &str, source: Source, extension: Option<&str>, keys: &Keys) -> Vec<String> {
    let mut all = Vec::new();
    for reading in readings(text, source, extension) {
        let mut full = full_numbers(&reading, keys);
        // Somebody may write the outside prefix as well.
        let inner = reading.strip_prefix(keys.outside_prefix).filter(|_| !keys.outside_prefix.is_empty());
        full.extend(inner.into_iter().flat_map(|inner| full_numbers(inner, keys)));
        for e164 in &full {
            let own = keys.main_number.as_deref().and_then(|main| e164.strip_prefix(main));
            match own.filter(|rest| keys.is_extension(rest)) {
                Some(internal) => all.push(internal.to_owned()),
                None => all.extend(on_the_wire(e164, keys)),
            }
        }
        all.push(format!("{}{reading}", keys.outside_prefix));
        all.push(reading);
    }
    all
}

/// What a text may mean as bare digits: as it stands, with letters by the keypad, with a link's context.
fn readings(text: &str, source: Source, extension: Option<&str>) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    let lower = text.trim_matches(is_unseen).to_lowercase();
    if source != Source::Text
        || ["tel:", "callto:", "sip:", "sips:", "pbx:", "http:", "https:"].iter().any(|s| lower.starts_with(s))
    {
        texts.extend(linked(text));
    }
    let mut all = Vec::new();
    for (place, text) in texts.into_iter().enumerate() {
        // An exchange's own zero gives way to a Durchwahl: `23125-0 DW 207` is `23125207`.
        for text in [text.clone(), text.replacen("(0)", "", 1), text.replacen("( 0 )", "", 1), text.replacen("-0 DW", "-DW", 1)] {
            let mut plain: Vec<String> = vec![bare(&text, false), bare(&text, true)];
            if let Some(extension) = extension {
                // The extension is what stands last; the marker before it may hold letters. The destination of a link stands
                // without it.
                let whole = if place > 0 { plain.clone() } else { Vec::new() };
                plain = plain.iter().filter_map(|p| p.strip_suffix(extension).map(str::to_owned)).collect();
                plain.extend(whole);
                let cut = text.to_lowercase();
                for marker in ["ext", "x", ";", ","] {
                    plain.extend(cut.find(marker).map(|at| bare(&cut[..at], false)));
                }
            }
            all.extend(plain.into_iter().filter(|p| !p.is_empty()));
        }
    }
    all
}

/// The destinations a link may have: decoded once or twice, without scheme, parameters, host and query.
fn linked(text: &str) -> Vec<String> {
    let once = decoded(text);
    let twice = decoded(&once);
    let mut all = Vec::new();
    for link in [once, twice] {
        let link = link.trim_matches(is_unseen);
        let Some((_, rest)) = link.split_once(':') else { continue };
        for key in ["number=", "dest="] {
            all.extend(rest.split(['?', '&']).filter_map(|p| p.strip_prefix(key)).map(str::to_owned));
        }
        let rest = rest.trim_matches(is_unseen).trim_start_matches('/');
        let number = rest.split(['@', ';', '?']).next().unwrap_or_default();
        all.push(number.split(',').next().unwrap_or_default().to_owned());
        // Pauses part a number from the digits for after the answer.
        if let Some((front, rest)) = number.split_once(['p', 'P', 'w', 'W'])
            && rest.chars().all(|c| c.is_ascii_digit() || "pPwW,#".contains(c))
        {
            all.push(front.to_owned());
        }
        for part in rest.split(['@', ';', '?']) {
            if let Some(("phone-context", context)) = part.split_once('=')
                && context.starts_with('+')
            {
                all.push(format!("{context}{number}"));
                all.push(format!("{context}{}", number.strip_prefix('0').unwrap_or(number)));
            }
        }
    }
    all
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if bytes[at] == b'%' => {
                out.push(code);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Only what can be dialled: `+` in front, digits of any script, `*` and `#`; letters by the keypad if wanted.
fn bare(text: &str, letters: bool) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '+' | '\u{ff0b}' if out.is_empty() => out.push('+'),
            '*' | '\u{ff0a}' => out.push('*'),
            '#' | '\u{ff03}' => out.push('#'),
            'a'..='z' | 'A'..='Z' if letters => {
                let at = u32::from(c.to_ascii_lowercase()) - u32::from('a');
                out.push(char::from(b"22233344455566677778889999"[at as usize]));
            }
            _ => out.extend(digit(c)),
        }
    }
    out
}

/// The value of a decimal digit. Source: the Unicode Character Database, general category Nd.
fn digit(c: char) -> Option<char> {
    const ZEROS: &[u32] = &[
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
        0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900,
        0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
        0x116c0, 0x11730, 0x118e0, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
        0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
    ];
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&u32::from(c)))?;
    char::from_digit(u32::from(c) - zero, 10)
}

/// Digits as full numbers with `+`, as far as the plan's country can tell.
fn full_numbers(reading: &str, keys: &Keys) -> Vec<String> {
    if reading.starts_with('+') {
        return with_and_without_trunk(reading);
    }
    let Some(country) = keys.country() else { return reading.strip_prefix("00").map(|r| format!("+{r}")).into_iter().collect() };
    if let Some(rest) = reading.strip_prefix(country.abroad) {
        let mut all = with_and_without_trunk(&format!("+{rest}"));
        // Brazil dials two digits of a carrier behind the international prefix; they are no part of the number.
        if country.region == "BR" && rest.len() > 2 {
            all.extend(with_and_without_trunk(&format!("+{}", &rest[2..])));
        }
        return all;
    }
    let national = reading.strip_prefix(country.trunk).filter(|_| !country.trunk.is_empty());
    let mut all: Vec<String> = national.map(|rest| format!("+{}{rest}", country.code)).into_iter().collect();
    // Brazil dials a carrier behind the trunk zero, and a second 1 in North America is one too many; the module asks.
    if country.region == "BR" && reading.starts_with('0') && reading.len() > 3 {
        all.push(format!("+{}{}", country.code, &reading[3..]));
    }
    all.extend(reading.strip_prefix("11").filter(|_| country.code == "1").map(|rest| format!("+1{rest}")));
    // A plus that got lost before the own country code; the module asks about it.
    all.extend(reading.strip_prefix(country.code).map(|_| format!("+{reading}")));
    if country.trunk_optional {
        all.push(format!("+{}{reading}", country.code));
    }
    all
}

/// `+49 0 30` is sloppy for `+49 30` where the country has a trunk zero; Italy's zero is part of the number.
fn with_and_without_trunk(full: &str) -> Vec<String> {
    // One zero behind a country code of any length; the module asks about it.
    let any =
        (2..=4).filter(|at| full.as_bytes().get(*at) == Some(&b'0')).map(|at| format!("{}{}", &full[..at], &full[at + 1..]));
    let any: Vec<String> = any.collect();
    let sloppy = COUNTRIES.iter().filter(|c| c.trunk == "0").find_map(|c| {
        let rest = full.strip_prefix('+')?.strip_prefix(c.code)?.strip_prefix('0')?;
        Some(format!("+{}{rest}", c.code))
    });
    std::iter::once(full.to_owned()).chain(sloppy).chain(any).collect()
}

/// A full number as the plan wants it written.
pub fn on_the_wire(e164: &str, keys: &Keys) -> Vec<String> {
    let abroad = keys.country().map_or("00", |c| c.abroad);
    let away = format!("{abroad}{}", &e164[1..]);
    let own = keys.country().and_then(|c| Some(format!("{}{}", c.trunk, e164.strip_prefix('+')?.strip_prefix(c.code)?)));
    // The contract has no default for `send`: without an outside prefix it is +, behind one every form is right.
    let numbers = match keys.send {
        None if !keys.outside_prefix.is_empty() => {
            let brazil = e164.strip_prefix("+55").map(str::to_owned);
            [Some(e164.to_owned()), own, Some(away), brazil].into_iter().flatten().collect()
        }
        None | Some("e164") => vec![e164.to_owned()],
        // Brazil's trunk zero wants a carrier behind it, so the number goes without it as well.
        Some("national") if own.is_some() && e164.starts_with("+55") => {
            vec![own.unwrap_or(away), e164[3..].to_owned()]
        }
        // A number that its country does not have goes out with all its digits.
        Some("national") => [own, Some(away)].into_iter().flatten().collect(),
        Some(_) => vec![away],
    };
    // Nor does it say whether a + may stand behind the outside prefix.
    let mut all: Vec<String> = numbers.iter().map(|number| format!("{}{number}", keys.outside_prefix)).collect();
    all.extend(numbers.into_iter().filter(|number| number.starts_with('+')));
    all
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{feff}'
}
