//! From text to the digits that are dialled, or to a reason why nothing is.
//!
//! The plain form: one number and nothing else in the text. Whatever is not clearly one number
//! is asked about or refused; digits are never picked out of a text with a pattern.

mod same;
mod several;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::Serialize;

pub use same::{is_same, may_be_same};
use several::{Count, SEVERAL};

use crate::reason::Reason;
use crate::request::Source;

/// Longest text that is looked at, in characters.
pub const LONGEST_TEXT: usize = 10_000;
/// Most digits one number may have; E.164 has 15, prefixes and codes come on top.
const MOST_DIGITS: usize = 24;

/// Most digits of a telephone number; prefixes of a dial plan are added by us, not selected. Source: ITU-T E.164.
const E164_DIGITS: usize = 15;

/// How numbers are written at one PBX.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Region of numbers without a country code, two letters.
    pub country: Option<String>,
    /// Dialled before every external number.
    pub outside_prefix: Option<String>,
    /// Internal numbers as `200-299` or `7XX`.
    pub extensions: Vec<String>,
    /// Names of the account's own PBX and tenant: what follows the `@` of an address that is its own.
    pub hosts: Vec<String>,
}

impl Plan {
    /// Reads the plan keys of an account.
    pub fn of(keys: &BTreeMap<String, String>) -> Self {
        let get = |key: &str| keys.get(key).filter(|v| !v.is_empty()).cloned();
        Self {
            country: get("plan.country"),
            outside_prefix: get("plan.outside_prefix"),
            extensions: get("plan.extensions").map(|list| words(&list)).unwrap_or_default(),
            hosts: vec![],
        }
    }

    /// Tells whether the plan names exactly this number, by no range and no pattern.
    fn names(&self, digits: &str) -> bool {
        self.extensions.iter().any(|rule| rule == digits)
    }

    /// Tells whether a number is internal under this plan.
    pub fn is_extension(&self, digits: &str) -> bool {
        self.extensions.iter().any(|rule| match rule.split_once('-') {
            Some((low, high)) => {
                let parse = |t: &str| t.trim().parse::<u64>().ok();
                digits.len() == low.trim().len()
                    && matches!((parse(low), parse(high), parse(digits)), (Some(l), Some(h), Some(d)) if (l..=h).contains(&d))
            }
            None => {
                rule.len() == digits.len()
                    && rule
                        .chars()
                        .zip(digits.chars())
                        .all(|(r, d)| if r == 'X' || r == 'x' { d.is_ascii_digit() } else { r == d })
            }
        })
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(|c: char| c == ',' || c == '[' || c == ']' || c == '"' || c.is_whitespace())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Begins with `+`.
    International,
    /// Everything with only digits that is not internal.
    National,
    /// Internal under the plan.
    Extension,
    /// Holds `*` or `#`.
    FeatureCode,
    /// An emergency number.
    Emergency,
    /// Not a number.
    NotANumber,
}

/// What the dial policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Rings at once.
    Dial,
    /// Rings after a yes.
    Ask,
    /// Never from this source.
    Refuse,
}

/// One number found in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The text as it stands.
    pub text: String,
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// E.164 form, when known.
    pub e164: Option<String>,
    /// Digits for after the answer.
    pub extension: Option<String>,
    /// What kind of number it is.
    pub kind: Kind,
    /// What the PBX would get.
    pub dial: Option<String>,
    /// What the dial policy says.
    pub verdict: Verdict,
    /// Why it asks or refuses.
    pub why: Option<String>,
}

/// Emergency numbers that are refused from everywhere but a phone, by region; the first line counts everywhere.
///
/// Source: ETSI TS 122 101 clause 10 (112, 911 and the numbers of the visited country), and the
/// regulators' lists of the regions named.
const EMERGENCY: &[(&str, &[&str])] = &[
    ("", &["112", "911", "999", "000", "110"]),
    ("AT", &["122", "133", "144"]),
    ("CH", &["117", "118", "144"]),
    ("FR", &["15", "17", "18", "114", "115", "119", "196"]),
    ("IT", &["113", "115", "118"]),
    ("ES", &["061", "062", "080", "091", "092"]),
    ("PL", &["997", "998"]),
    ("JP", &["118", "119"]),
    ("IN", &["100", "101", "102", "108"]),
    ("BR", &["190", "192", "193"]),
];

/// The two numbers that are emergency numbers nearly everywhere.
const NEARLY_EVERYWHERE: &[&str] = &["112", "911"];

fn is_emergency(digits: &str, source: Source, plan: &Plan) -> bool {
    // A company may give its own phone such a number; only its very digits in the plan say so, never a range.
    if plan.names(digits) {
        return false;
    }
    let listed = |digits: &str| {
        EMERGENCY
            .iter()
            .filter(|(region, _)| region.is_empty() || plan.country.as_deref().is_some_and(|c| c.eq_ignore_ascii_case(region)))
            .any(|(_, numbers)| numbers.contains(&digits))
    };
    let behind = |prefix: &str| digits.strip_prefix(prefix);
    // The digit for the outside line must not hide an emergency number.
    if listed(digits) || plan.outside_prefix.as_deref().and_then(behind).is_some_and(listed) {
        return true;
    }
    // Without its word in the plan that digit is a guess, which an extension of the plan outweighs.
    if plan.is_extension(digits) {
        return false;
    }
    let guessed = |prefix: &str| plan.outside_prefix.as_deref().is_none_or(|known| known != prefix);
    ["0", "00"].into_iter().filter_map(behind).any(listed)
        || behind("9").is_some_and(|rest| match source {
            Source::Typed | Source::Pressed if guessed("9") => NEARLY_EVERYWHERE.contains(&rest),
            Source::Typed | Source::Pressed | Source::Text | Source::Link => listed(rest),
        })
}

/// Tells whether digits are an emergency number, also behind or in front of a code.
fn hides_emergency(digits: &str, source: Source, plan: &Plan) -> bool {
    let bare: String = digits.chars().filter(char::is_ascii_digit).collect();
    is_emergency(&bare, source, plan)
        || digits
            .split(['*', '#'])
            .any(|part| !part.is_empty() && digits.contains(['*', '#']) && is_emergency(part, source, plan))
}

/// Finds what a text offers to dial, and what the policy says for its source.
///
/// Takes up to [`LONGEST_TEXT`] characters; a longer text offers nothing.
pub fn candidates(text: &str, source: Source, plan: &Plan) -> Vec<Candidate> {
    if text.chars().count() > LONGEST_TEXT {
        return vec![];
    }
    let before = text.len() - text.trim_start_matches(is_blank).len();
    let inner = text.trim_matches(is_blank);
    if inner.is_empty() {
        return vec![];
    }
    let start = text[..before].chars().count();
    let (label, body) = if scheme(inner).is_some() { ("", inner) } else { split_label(inner) };
    let start = start + label.chars().count();
    vec![judge(body, start, source, plan)]
}

/// Gives the one number a text means, ready to be dialled.
///
/// # Errors
/// [`Reason::NumberNotUsable`], [`Reason::PolicyAsk`] with the number as it would be dialled unless
/// `yes`, or [`Reason::PolicyRefuse`].
pub fn target(text: &str, source: Source, yes: bool, plan: &Plan) -> Result<String, Reason> {
    let found = candidates(text, source, plan);
    let [one] = found.as_slice() else {
        return Err(Reason::NumberNotUsable("There is no number in this text."));
    };
    match (&one.dial, one.verdict) {
        (Some(dial), Verdict::Dial) => Ok(dial.clone()),
        (Some(dial), Verdict::Ask) if yes => Ok(dial.clone()),
        (Some(dial), Verdict::Ask) => {
            // The question names the server, because the same digits are somebody else there.
            let host = foreign_host(&one.text, plan).map(|host| format!("@{host}")).unwrap_or_default();
            Err(Reason::PolicyAsk(format!("{dial}{host}")))
        }
        (_, Verdict::Refuse) if one.kind == Kind::Emergency => {
            Err(Reason::PolicyRefuse("Emergency numbers are dialled on the phone, never from here."))
        }
        (_, Verdict::Refuse) if one.kind == Kind::FeatureCode => {
            Err(Reason::PolicyRefuse("Codes with * or # change settings of the PBX; they are dialled only when typed."))
        }
        (_, Verdict::Refuse) if one.why.as_deref() == Some(SEVERAL) => Err(Reason::NumberNotUsable(SEVERAL)),
        (_, Verdict::Dial | Verdict::Ask | Verdict::Refuse) => {
            Err(Reason::NumberNotUsable("This is not clearly one telephone number."))
        }
    }
}

fn judge(body: &str, start: usize, source: Source, plan: &Plan) -> Candidate {
    let end = start + body.chars().count();
    let mut candidate = Candidate {
        text: body.to_owned(),
        start,
        end,
        e164: None,
        extension: None,
        kind: Kind::NotANumber,
        dial: None,
        verdict: Verdict::Refuse,
        why: Some("This is not clearly one telephone number.".to_owned()),
    };
    let Some((digits, extension)) = digits_of(body) else { return candidate };
    candidate.extension = extension;
    let by_hand = matches!(source, Source::Typed | Source::Pressed);
    if !by_hand && digits.bytes().filter(u8::is_ascii_digit).count() > E164_DIGITS {
        return candidate;
    }
    let plain = digits.trim_start_matches('+');
    let kind = if hides_emergency(plain, source, plan) {
        Kind::Emergency
    } else if digits.contains(['*', '#']) {
        Kind::FeatureCode
    } else if digits.starts_with('+') {
        Kind::International
    } else if plan.is_extension(&digits) {
        Kind::Extension
    } else {
        Kind::National
    };
    candidate.kind = kind;
    if kind == Kind::International {
        if !(7..=15).contains(&plain.len()) || plain.starts_with('0') {
            candidate.kind = Kind::NotANumber;
            return candidate;
        }
        candidate.e164 = Some(digits.clone());
    }
    let count = if kind == Kind::Emergency { Count::One } else { several::count(body, plan) };
    if count == Count::Several {
        candidate.kind = Kind::NotANumber;
        candidate.why = Some(SEVERAL.to_owned());
        return candidate;
    }
    let (verdict, why) = match (kind, source) {
        (Kind::Emergency, Source::Typed | Source::Pressed | Source::Text | Source::Link) => {
            (Verdict::Refuse, Some("Emergency numbers are dialled on the phone, never from here."))
        }
        (Kind::FeatureCode, Source::Typed) => (Verdict::Dial, None),
        (Kind::FeatureCode, Source::Pressed | Source::Text | Source::Link) => {
            (Verdict::Refuse, Some("Codes with * or # change settings of the PBX; they are dialled only when typed."))
        }
        (_, Source::Link) => (Verdict::Ask, Some("A link from another program asks first.")),
        (_, Source::Typed | Source::Pressed | Source::Text) if candidate.extension.is_some() => {
            (Verdict::Ask, Some("The digits behind the number cannot be sent by themselves."))
        }
        (_, Source::Typed | Source::Pressed | Source::Text) if foreign_host(body, plan).is_some() => {
            (Verdict::Ask, Some("The address belongs to another server; the number would ring at this PBX."))
        }
        (Kind::National, Source::Text) if count != Count::One || !clearly_national(&digits) => {
            (Verdict::Ask, Some("This may be something else than a telephone number."))
        }
        (_, Source::Typed | Source::Pressed | Source::Text) if count == Count::PerhapsTwo => {
            (Verdict::Ask, Some("This looks like two numbers."))
        }
        (_, Source::Typed | Source::Pressed | Source::Text) => (Verdict::Dial, None),
    };
    if kind != Kind::Emergency && !(kind == Kind::FeatureCode && verdict == Verdict::Refuse) {
        candidate.dial = Some(digits);
    }
    candidate.verdict = verdict;
    candidate.why = why.map(str::to_owned);
    candidate
}

/// Tells whether selected digits without a country code are clearly one telephone number.
///
/// Sums, quantities, dates and two extensions side by side look alike; only a leading zero, enough digits and one
/// group that begins with it make a number.
fn clearly_national(digits: &str) -> bool {
    digits.starts_with('0') && (7..=15).contains(&digits.len())
}

/// Blanks and invisible marks around or inside a number.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The scheme of a link we handle, and what follows its colon.
pub fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    ["tel", "callto", "sip", "sips", "pbx"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some((scheme, rest))
}

/// The account that a link of our own names, such as `office` in `pbx:dial?number=204&account=office`.
///
/// None where it names none, is no such link, or names several.
pub fn account_of(link: &str) -> Option<String> {
    let (_, rest) = scheme(link.trim_matches(is_blank)).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("pbx"))?;
    let mut named = None;
    for (key, value) in query_of(rest)? {
        if key == "account" && named.replace(value).is_some() {
            return None;
        }
    }
    named.filter(|name| !name.is_empty())
}

/// The keys and values of what follows `pbx:`; none when it is nothing to dial.
fn query_of(rest: &str) -> Option<Vec<(String, String)>> {
    let query = rest.trim_matches(is_blank).trim_start_matches('/').strip_prefix("dial?")?;
    // A plus means a country code here, never a blank.
    Some(url::form_urlencoded::parse(query.replace('+', "%2B").as_bytes()).into_owned().collect())
}

/// Cuts a word such as `Tel.:` off the front.
fn split_label(text: &str) -> (&str, &str) {
    let word = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let known = ["tel", "telefon", "telephone", "phone", "fon", "mobil", "mobile", "call", "t", "m", "p"];
    if word == 0 || !known.iter().any(|label| text[..word].eq_ignore_ascii_case(label)) {
        return ("", text);
    }
    let rest = text[word..].trim_start_matches(['.', ':', '\u{ff1a}']).trim_start_matches(is_blank);
    if rest.len() == text.len() - word { ("", text) } else { text.split_at(text.len() - rest.len()) }
}

/// The digits of the one number a text consists of, with `+`, `*` and `#`, and the digits for after the answer.
fn digits_of(text: &str) -> Option<(String, Option<String>)> {
    let Some((scheme, rest)) = scheme(text) else { return Some((separated(text)?, None)) };
    // Links are decoded first, twice at most because some programs encode twice.
    let mut rest = decode(rest)?;
    if rest.contains('%') {
        rest = decode(&rest)?.into_owned().into();
    }
    let rest = rest.trim_matches(is_blank).trim_start_matches('/');
    if scheme.eq_ignore_ascii_case("pbx") {
        let mut number = None;
        for (key, value) in query_of(rest)? {
            if key == "number" && number.replace(value).is_some() {
                return None;
            }
        }
        return Some((separated(&number?)?, None));
    }
    let mut parts = rest.split(';');
    let mut number = parts.next()?;
    if scheme.to_ascii_lowercase().starts_with("sip") {
        let (user, host) = number.split_once('@')?;
        (!host.is_empty()).then_some(())?;
        number = user;
    } else if let Some((before, _)) = number.split_once('?') {
        number = before;
    }
    let mut digits = separated(number)?;
    let mut extension = None;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if key.eq_ignore_ascii_case("ext") {
            let value: String = separated(value)?;
            value.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
            extension = Some(value);
        } else if key.eq_ignore_ascii_case("phone-context") && value.starts_with('+') && !digits.starts_with('+') {
            // A trunk zero behind a country code would be another number in some countries and wrong in the others.
            (!digits.starts_with('0')).then_some(())?;
            digits = format!("{}{digits}", separated(value)?);
        }
    }
    Some((digits, extension))
}

/// The host of an address whose short number means somebody only at that host, when it is not the account's own.
///
/// A number with its country code is the same everywhere.
fn foreign_host<'a>(body: &'a str, plan: &Plan) -> Option<&'a str> {
    let (_, rest) = scheme(body).filter(|(scheme, _)| scheme.to_ascii_lowercase().starts_with("sip"))?;
    let (user, host) = rest.split_once('@')?;
    let host = host.split([';', '?']).next().unwrap_or(host).trim_matches(is_blank);
    let user = decode(user.trim_matches(is_blank).trim_start_matches('/'))?;
    let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(bare, _)| bare);
    let own = plan.hosts.iter().any(|known| known.eq_ignore_ascii_case(bare) || known.eq_ignore_ascii_case(host));
    (!own && !user.starts_with(['+', '\u{ff0b}'])).then_some(host)
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

/// The digits of a text that holds digits and visual separators only.
///
/// Source: RFC 3966, section 5.1.1, and the `(0)` that German-speaking letterheads put behind a country code.
fn separated(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let text = text.trim_matches(is_blank);
    let without_zero;
    let abroad = text.starts_with(['+', '\u{ff0b}']) || text.starts_with("00");
    let text = match trunk_zero(text).filter(|_| abroad) {
        Some((before, behind)) => {
            without_zero = format!("{before} {behind}");
            without_zero.as_str()
        }
        None => text,
    };
    let mut depth = 0_i32;
    let mut lines = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => out.push(c),
            '\u{ff10}'..='\u{ff19}' => out.push(char::from(b'0' + u8::try_from(u32::from(c) - 0xff10).ok()?)),
            '+' | '\u{ff0b}' if out.is_empty() => out.push('+'),
            '*' | '#' => out.push(c),
            '(' => depth += 1,
            ')' => depth -= 1,
            '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{b7}' => {}
            '\n' | '\r' => lines += 1,
            c if is_blank(c) => {}
            _ => return None,
        }
        if !(0..=1).contains(&depth) {
            return None;
        }
    }
    let digits = out.bytes().filter(u8::is_ascii_digit).count();
    let fits = depth == 0 && lines == 0 && (1..=MOST_DIGITS).contains(&digits) && out.len() <= MOST_DIGITS + 6;
    // Two slashes, dots in groups of four, and the like are dates, addresses or sums, not numbers.
    let doubtful = looks_like_date_or_address(text);
    (fits && !doubtful).then_some(out)
}

/// What stands before and behind a zero in brackets that is not dialled behind a country code.
///
/// In Italy, San Marino and the Vatican the zero belongs to the number. Source: ITU-T E.164, national numbering plans.
fn trunk_zero(text: &str) -> Option<(&str, &str)> {
    let parts = text.match_indices('(').find_map(|(open, _)| {
        let (before, rest) = text.split_at_checked(open)?;
        let (inside, behind) = rest.strip_prefix('(')?.split_once(')')?;
        matches!(inside.trim_matches(is_blank), "0" | "\u{ff10}").then_some((before, behind))
    })?;
    let digits: String = parts.0.chars().filter(char::is_ascii_digit).collect();
    let code = digits.strip_prefix("00").unwrap_or(&digits);
    (!["39", "378", "379"].iter().any(|keeps| code.starts_with(keeps))).then_some(parts)
}

fn looks_like_date_or_address(text: &str) -> bool {
    let groups = |by: char| -> Vec<usize> {
        let parts: Vec<&str> = text.split(by).map(str::trim).collect();
        if parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())) {
            parts.iter().map(|p| p.len()).collect()
        } else {
            vec![]
        }
    };
    let dots = groups('.');
    let slashes = groups('/');
    let dashes = groups('-');
    matches!(dots.as_slice(), [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2] | [1..=3, 1..=3, 1..=3, 1..=3])
        || matches!(dots.as_slice(), [1..=3, 1..=2])
        || (dots.len() > 1 && dots.first().is_some_and(|first| *first <= 3) && dots.iter().skip(1).all(|g| *g == 3))
        || matches!(slashes.as_slice(), [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2])
        || matches!(dashes.as_slice(), [4, 2, 2])
}
