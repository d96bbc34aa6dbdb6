//! Text made ready for reading: one spelling of digits, dashes, spaces and signs, with the places they came from.

/// One sign of a prepared text, and where it stands in the text as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    /// The sign in its plain spelling.
    pub(super) plain: char,
    /// Its code point offset in the given text.
    pub(super) at: usize,
}

/// First digit of every run of ten decimal digits. Source: Unicode 16.0, general category Nd.
const ZEROES: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0,
    0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11f50,
    0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0,
    0x1e5f1, 0x1e950, 0x1fbf0,
];

/// Prepares a text; signs that show nothing are left out.
pub(super) fn prepare(text: &str) -> Vec<Sign> {
    let mut signs = text.chars().enumerate().peekable();
    let mut out = Vec::with_capacity(text.len());
    while let Some((at, c)) = signs.next() {
        // Carriage return and line feed are one line end.
        if c == '\r' && signs.peek().is_some_and(|(_, next)| *next == '\n') {
            continue;
        }
        out.extend(plain(c).map(|plain| Sign { plain, at }));
    }
    out
}

/// The plain spelling of a sign, or nothing for one that shows nothing.
pub(super) fn plain(c: char) -> Option<char> {
    if matches!(c, ' '..='~') {
        return Some(c);
    }
    if is_invisible(c) {
        return None;
    }
    if let Some(digit) = digit(c) {
        return Some(digit);
    }
    Some(match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '\t' => '\t',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{2043}' | '\u{30fc}' | '\u{ff70}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{b7}' | '\u{2024}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}' | '\u{ff65}' => '.',
        '\u{fe62}' | '\u{207a}' | '\u{2795}' => '+',
        '\u{3014}' | '\u{3010}' | '\u{207d}' => '(',
        '\u{3015}' | '\u{3011}' | '\u{207e}' => ')',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        '\u{2217}' | '\u{204e}' => '*',
        '\u{266f}' => '#',
        c if c.is_whitespace() => ' ',
        c => c,
    })
}

/// The ASCII digit of a decimal digit of any script.
pub(super) fn digit(c: char) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    let code = u32::from(c);
    if code < 0x660 {
        return None;
    }
    let run = ZEROES.partition_point(|zero| *zero <= code).checked_sub(1)?;
    let value = code - ZEROES.get(run)?;
    (value < 10).then(|| char::from_digit(value, 10)).flatten()
}

/// Tells whether a sign shows nothing: soft hyphen, joiners, direction marks, variation selectors, keycaps.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{20e3}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0001}'..='\u{e007f}'
    )
}

/// Blanks and invisible marks around something.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Tells whether a plain sign can stand between the digits of a number.
pub(super) fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']')
}

/// The digit that a letter stands for on a telephone's keys.
///
/// Source: ITU-T E.161.
pub(super) fn key_of(letter: char) -> Option<char> {
    Some(match letter.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        _ => return None,
    })
}

/// Tells whether a sign is a sign of money.
///
/// Source: Unicode 16.0, general category Sc.
pub(super) fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{58f}' | '\u{60b}' | '\u{9f2}' | '\u{9f3}' | '\u{9fb}' | '\u{af1}' | '\u{bf9}'
        | '\u{e3f}' | '\u{17db}' | '\u{20a0}'..='\u{20c1}' | '\u{fdfc}')
}

/// The digits of a text, nothing else.
pub(super) fn digits_of(text: &str) -> String {
    text.chars().filter_map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_writes_the_same_digits() {
        for text in ["０１２", "٠١٢", "۰۱۲", "०१२", "𝟎𝟏𝟐", "0\u{ad}1\u{200e}2", "0️⃣1️⃣2️⃣"] {
            let plain: String = prepare(text).iter().map(|sign| sign.plain).collect();
            assert_eq!(plain, "012", "{text}");
        }
        assert_eq!(digit('²'), None);
        assert_eq!(digit('Ⅻ'), None);
    }

    #[test]
    fn places_count_code_points_of_the_given_text() {
        let signs = prepare("a\u{200b}＋٤");
        assert_eq!(signs.iter().map(|s| (s.plain, s.at)).collect::<Vec<_>>(), [('a', 0), ('+', 2), ('4', 3)]);
    }
}
