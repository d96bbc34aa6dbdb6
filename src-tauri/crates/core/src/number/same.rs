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
        let (head, tail) = super::trunk_zero(text).filter(|_| sign).unwrap_or((text, ""));
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
