//! The words around a number: what they say it is.

mod words;

use super::chars::{self, Sign};
use words::{
    ABBREVIATED, CALLED, CALLED_ENDS, CLIENTS, FAX, FILLERS, INSIDE, LOOSE, LOOSE_ENDS, MONEY, NUMBER_ENDS, NUMBER_WORDS, ODD,
    ODD_ENDS, ODD_INSIDE, OTHER, OTHER_ENDS, PHONE, PHONE_ENDS, SERVING, TITLES, UNITS, VALUED,
};

/// What the words in front of a number say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// A telephone number.
    Phone,
    /// A telephone number, if what follows is one in full: such words stand before years and rooms as well.
    Called,
    /// Perhaps a telephone number: words such as `office` stand before other things as well.
    Loose,
    /// A fax number.
    Fax,
    /// Something else, such as an order number.
    Other,
    /// Perhaps something else: a name or a firm may be written with the same word.
    Odd,
    /// A word that says nothing stands directly in front.
    Unknown,
    /// Such a word and a colon stand directly in front.
    Named,
    /// Nothing.
    None,
}

impl Label {
    /// Tells whether words say that it is a telephone number.
    pub(super) fn is_phone(self) -> bool {
        matches!(self, Self::Phone | Self::Called)
    }

    /// Tells whether the words say nothing.
    pub(super) fn is_silent(self) -> bool {
        matches!(self, Self::Unknown | Self::Named | Self::None)
    }
}

/// How far back words are looked at, in signs.
const FAR: usize = 40;
/// How many words are looked at.
const MOST_WORDS: usize = 5;

fn among(word: &str, list: &str) -> bool {
    list.split(' ').any(|known| match known.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None => known == word,
    })
}

fn ends_among(word: &str, ends: &str) -> bool {
    ends.split(' ').any(|end| word.ends_with(end))
}

fn holds(word: &str, parts: &str) -> bool {
    parts.split(' ').any(|part| word.contains(part))
}

/// What stands in front of a number.
#[derive(Default)]
struct Front {
    /// The words in lower case, the nearest first.
    words: Vec<String>,
    /// A number sign stands among them.
    hash: bool,
    /// The nearest word stands in the same line, and neither comma nor the like parts it from the number.
    touches: bool,
    /// A colon stands between the nearest word and the number.
    colon: bool,
}

/// The words in front of a place; a line end counts only where nothing else stands between.
fn words_before(signs: &[Sign], place: usize) -> Front {
    let from = place.saturating_sub(FAR);
    let near = signs.get(from..place).unwrap_or_default();
    let mut front = Front { touches: true, ..Front::default() };
    let mut end = None;
    let mut lines = 0;
    for (index, sign) in near.iter().enumerate().rev() {
        let c = sign.plain;
        if c.is_alphabetic() || matches!(c, '☎' | '✆' | '☏' | '📞' | '📱' | '🕾' | '🖀' | '℡' | '〒' | '№' | 'º' | '°')
        {
            end = end.or(Some(index + 1));
            continue;
        }
        if let Some(to) = end {
            // `c/c`, `K.v.K.`: the parts of an abbreviation are no words.
            if matches!(c, '.' | '/') && is_letter_alone(near, index) && (c == '.' || to == index + 2) {
                continue;
            }
            front.push(near, index + 1, to);
            end = None;
            if front.words.len() >= MOST_WORDS {
                return front;
            }
        }
        match c {
            '\n' if !front.words.is_empty() || lines > 0 => return front,
            '\n' => {
                lines += 1;
                front.touches = false;
            }
            '#' => front.hash = true,
            ':' => front.colon |= front.words.is_empty(),
            ',' | ';' | '|' | '•' | '·' | '"' | '»' | '“' | '”' if front.words.is_empty() => front.touches = false,
            c if c.is_ascii_digit() => {
                // The end of `SW1A` is no word.
                if let Some(word) =
                    front.words.last_mut().filter(|_| near.get(index + 1).is_some_and(|s| s.plain.is_alphabetic()))
                {
                    word.insert(0, c);
                }
                return front;
            }
            _ => {}
        }
    }
    // A word cut off by the distance is not judged.
    if let Some(to) = end.filter(|_| from == 0) {
        front.push(near, 0, to);
    }
    front
}

/// Tells whether exactly one letter stands in front of a place.
fn is_letter_alone(near: &[Sign], place: usize) -> bool {
    let letter = |back: usize| place.checked_sub(back).and_then(|at| near.get(at)).is_some_and(|s| s.plain.is_alphabetic());
    letter(1) && !letter(2)
}

impl Front {
    fn push(&mut self, near: &[Sign], from: usize, to: usize) {
        let letters = near.get(from..to).unwrap_or_default().iter().map(|s| s.plain).filter(|c| *c != '.');
        self.words.push(letters.flat_map(char::to_lowercase).collect());
    }
}

/// Judges the words in front of a place.
pub(super) fn before(signs: &[Sign], place: usize) -> Label {
    let front = words_before(signs, place);
    let mut numbered = false;
    let (mut fax, mut loose) = (false, false);
    let mut unknown = None;
    for (distance, word) in front.words.iter().enumerate() {
        let word = word.as_str();
        if let Some(since) = unknown {
            // `N° de série`, `Nr klienta`: a number of something that nobody calls.
            let numbered = among(word, VALUED);
            let goes_on = among(word, FILLERS) || word.chars().nth(2).is_none();
            if among(word, TITLES) {
                return Label::Loose;
            }
            match (numbered || among(word, ODD) || among(word, OTHER), goes_on && distance - since < 3) {
                (true, _) => return Label::Odd,
                (false, true) => continue,
                (false, false) => break,
            }
        }
        if among(word, FAX) {
            // Tel/Fax: one number for both.
            fax = true;
            continue;
        }
        let script = word.chars().any(|c| c >= '\u{2e80}');
        if among(word, PHONE) || (script && ends_among(word, PHONE_ENDS)) {
            return Label::Phone;
        }
        if fax {
            break;
        }
        let inside = holds(word, INSIDE);
        if among(word, CALLED) || ends_among(word, CALLED_ENDS) {
            return Label::Called;
        }
        // `Service client`, `Atención al cliente`.
        let serving = || front.words.iter().skip(distance + 1).take(2).any(|word| among(word, SERVING));
        if among(word, CLIENTS) && !numbered && serving() {
            return Label::Called;
        }
        if ends_among(word, LOOSE_ENDS) && !inside {
            loose = true;
            continue;
        }
        if among(word, ABBREVIATED) && distance == 0 && front.colon {
            return Label::Loose;
        }
        loose |= among(word, LOOSE);
        if inside || (script && ends_among(word, OTHER_ENDS)) {
            return Label::Other;
        }
        if among(word, NUMBER_WORDS) {
            numbered = true;
            continue;
        }
        if among(word, OTHER) || (ends_among(word, NUMBER_ENDS) && !among(word, NUMBER_ENDS)) {
            return Label::Other;
        }
        let odd = among(word, ODD) || holds(word, ODD_INSIDE) || ends_among(word, ODD_ENDS);
        if odd && !loose {
            return Label::Odd;
        }
        if !among(word, FILLERS) && !among(word, LOOSE) {
            if distance > 0 || numbered {
                break;
            }
            unknown = Some(distance);
        }
    }
    match (fax, numbered || front.hash) {
        (true, _) => Label::Fax,
        (false, true) => Label::Other,
        (false, false) if loose => Label::Loose,
        (false, false) if unknown.is_some() && front.touches && front.colon => Label::Named,
        (false, false) if unknown.is_some() && front.touches => Label::Unknown,
        (false, false) => Label::None,
    }
}

/// Tells whether a unit, a currency or a percent sign follows.
pub(super) fn is_count(signs: &[Sign], end: usize) -> bool {
    let mut rest = signs.get(end..).unwrap_or_default().iter().map(|s| s.plain).skip_while(|c| *c == ' ').peekable();
    if rest.peek().is_some_and(|c| chars::is_currency(*c) || matches!(c, '%' | '‰' | '°')) {
        return true;
    }
    let word: String = rest.take(14).take_while(|c| c.is_alphabetic()).collect();
    among(&word.to_lowercase(), UNITS)
}

/// Tells whether a sign or word of money stands directly in front.
pub(super) fn is_sum(signs: &[Sign], start: usize) -> bool {
    let front = signs.get(start.saturating_sub(6)..start).unwrap_or_default();
    let mut back = front.iter().rev().map(|s| s.plain).skip_while(|c| *c == ' ').peekable();
    if back.peek().is_some_and(|c| chars::is_currency(*c)) {
        return true;
    }
    let pointed = back.next_if_eq(&'.').is_some();
    let word: String = back.take_while(|c| c.is_alphabetic()).collect();
    let word: String = word.chars().rev().collect();
    // One letter and a point shorten anything.
    (!pointed || word.chars().nth(1).is_some()) && among(&word.to_lowercase(), MONEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_words_say_what_a_number_is() {
        for (text, label) in [
            ("Tel. ", Label::Phone),
            ("Telefon-Nr.: ", Label::Phone),
            ("call us at ", Label::Loose),
            ("Order no. 17, Tel.: ", Label::Phone),
            ("Telefon:\n", Label::Phone),
            ("電話", Label::Phone),
            ("Tel/Fax: ", Label::Phone),
            ("Fax ", Label::Fax),
            ("Tel. 030 1, Fax: ", Label::Fax),
            ("order no. ", Label::Other),
            ("Bestell-Nr.: ", Label::Other),
            ("Kundennummer ", Label::Other),
            ("Ihre Rechnungsnummer lautet ", Label::Other),
            ("Invoice #", Label::Other),
            ("USt-IdNr. ", Label::Other),
            ("our order department: ", Label::Odd),
            ("our department: ", Label::Named),
            ("Mara Beispiel ", Label::Unknown),
            ("Mara Beispiel, ", Label::None),
            ("Mara Beispiel\n", Label::None),
            ("Tel. somewhere else in this town ", Label::Unknown),
            ("Kapitel ", Label::Unknown),
            ("ＴＥＬ", Label::Phone),
            ("N° de série ", Label::Odd),
            ("K.v.K. ", Label::Other),
            ("C/C ", Label::Other),
            ("Mobile No. ", Label::Called),
            ("Atención al cliente: ", Label::Called),
            ("", Label::None),
        ] {
            let signs = chars::prepare(text);
            assert_eq!(before(&signs, signs.len()), label, "{text}");
        }
    }
}
