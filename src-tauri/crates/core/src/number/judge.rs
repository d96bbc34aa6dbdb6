//! From places in a text or a link to candidates: what each number means, and what is done about it.

use std::cell::OnceCell;

use super::chars::{self, Sign};
use super::count::{self, Count};
use super::figure;
use super::label::{self, Label};
use super::left;
use super::library::Tables;
use super::mask;
use super::plan::Plan;
use super::policy::{self, Doubt};
use super::range;
use super::reading::{self, Digits, E164_DIGITS, Reading};
use super::shape::{self, Front, Odd};
use super::spell::{self, Tail};
use super::text::{self, Spot};
use super::uri::{self, Goal};
use super::{Candidate, Kind, Verdict, emergency};
use crate::request::Source;

/// Countries where a Durchwahl continues the number.
const DURCHWAHL: [&str; 2] = ["DE", "AT"];

/// Most digits of a Durchwahl.
const LONGEST_DURCHWAHL: usize = 5;
/// Longest E.164 form, with its plus, whose last three digits may stand apart.
const LONGEST_APART: usize = 13;

/// Everything that one look at a text needs.
pub(super) struct Look<'a> {
    pub(super) text: &'a str,
    pub(super) source: Source,
    pub(super) plan: &'a Plan,
    pub(super) tables: &'a Tables,
    /// Where each character begins, in bytes.
    pub(super) starts: OnceCell<Vec<usize>>,
}

impl Look<'_> {
    /// Finds and judges all numbers.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let inner = self.text.trim_matches(chars::is_blank);
        let is_link = uri::scheme(inner).is_some_and(|(_, rest)| {
            self.source == Source::Link || !rest.trim_matches(chars::is_blank).contains(char::is_whitespace)
        });
        if is_link {
            let goal = uri::read(inner, self.plan);
            if self.source == Source::Link
                || !matches!(goal, Goal::Nothing(_))
                || !inner.contains(|c: char| chars::digit(c).is_some())
            {
                return vec![self.link(inner, goal)];
            }
        }
        // What another program hands over as a link and is none of ours is not searched.
        if self.source == Source::Link && inner.contains(':') {
            return vec![];
        }
        let mut found = self.in_text();
        distinct(&mut found);
        found
    }

    fn link(&self, inner: &str, goal: Goal) -> Candidate {
        let before = self.text.find(inner).unwrap_or(0);
        let start = self.text.get(..before).unwrap_or_default().chars().count();
        let span = (start, start + inner.chars().count());
        match goal {
            Goal::Nothing(why) => self.candidate(span, Reading::none(Doubt::SomethingElse(why)), None, None),
            Goal::Address(address) => {
                let none = Reading::none(Doubt::Address);
                self.candidate(span, Reading { kind: Kind::Uri, dial: Some(address), ..none }, None, None)
            }
            Goal::Number { digits, extension, doubt, context, letters } => {
                let reading = self.contextual(&digits, context.as_deref());
                let lost = letters && !reading.valid && self.plan.region().is_some();
                let reading = if lost || self.is_too_long(&digits) && reading.kind == Kind::National {
                    Reading::none(Doubt::NotOne)
                } else {
                    reading
                };
                // What is no number is not told about its letters.
                self.candidate(span, reading, extension, doubt.filter(|_| !lost))
            }
        }
    }

    /// Reads digits in the context that a link names.
    fn contextual(&self, digits: &Digits, context: Option<&str>) -> Reading {
        let plain = self.read(digits);
        let Some(context) = context.filter(|_| plain.kind != Kind::Emergency && plain.kind != Kind::FeatureCode) else {
            return plain;
        };
        let code = context.parse().ok().and_then(|code| self.tables.region_of_code(code));
        let national = code.and_then(|region| self.tables.national(&digits.dialled, region)).filter(|known| known.valid);
        let whole = match national {
            Some(known) => known.e164.trim_start_matches('+').to_owned(),
            // A trunk digit behind more than a country code would make another number.
            None if digits.dialled.starts_with('0') => return Reading::none(Doubt::TrunkDigit),
            None => format!("{context}{}", digits.dialled),
        };
        let reading = self.read(&Digits { plus: true, dialled: whole, zero_marked: true });
        // RFC 3966, section 5.1.5: the context and the digits together need not be a number.
        let good = reading.valid || reading.kind == Kind::Emergency;
        if good { reading } else { Reading::none(Doubt::Unknown) }
    }

    fn read(&self, digits: &Digits) -> Reading {
        reading::read(digits, self.source, self.tables, self.plan)
    }

    fn is_too_long(&self, digits: &Digits) -> bool {
        digits.dialled.bytes().filter(u8::is_ascii_digit).count() > E164_DIGITS
    }

    fn in_text(&self) -> Vec<Candidate> {
        let signs = chars::prepare(self.text);
        if !signs.iter().any(|s| s.plain.is_ascii_digit()) {
            return vec![];
        }
        let cover = mask::cover(&signs);
        let mut spots = text::spots(&signs, &cover, self.tables, self.plan);
        let body = shape::body(&signs);
        let covered = signs.iter().zip(&cover.hidden).any(|(s, hidden)| *hidden && s.plain.is_ascii_digit());
        let by_hand = self.source.is_by_hand();
        let whole = body.filter(|_| !covered || (by_hand && !spots.is_empty())).and_then(|body| self.whole(&signs, body));
        if let Some(whole) = whole {
            let reading = self.read(&whole.digits);
            let clear = reading.valid || !matches!(reading.kind, Kind::National | Kind::International | Kind::NotANumber);
            match spots.as_mut_slice() {
                [] => spots.push(whole),
                // A person typed all of the digits, so a part of them is another number.
                [only] if covered && !only.valid => spots = vec![Spot { doubt: whole.doubt.or(Some(Doubt::Shape)), ..whole }],
                _ if covered => {}
                _ if whole.doubt == Some(Doubt::Letters) => {}
                // Two numbers written as one must not be joined again.
                [only] if only.doubt == Some(Doubt::Range) => {}
                [only] if only.digits.dialled == whole.digits.dialled => {
                    let sure = only.valid && matches!(whole.doubt, Some(Doubt::LineBreak | Doubt::Several));
                    let doubt = only.doubt.filter(|doubt| *doubt != Doubt::NoCountry);
                    only.doubt = doubt.or(whole.doubt.filter(|_| !sure));
                }
                // `555-0123 #5`: digits for after the answer are no code.
                [only] if reading.kind == Kind::FeatureCode && only.tail.is_some() && !by_hand => {}
                [_] if clear => spots = vec![whole],
                // What is left over may belong to the number.
                [only] if only.tail.is_none() => only.doubt = only.doubt.or(Some(Doubt::Shape)),
                _ => {}
            }
        }
        let spots = spots.into_iter().flat_map(|spot| self.apart(&signs, spot));
        let mut found: Vec<Candidate> = spots.filter_map(|spot| self.spot(&signs, &spot)).collect();
        if let ([only], Some(body)) = (found.as_mut_slice(), body) {
            self.doubt_what_is_left(&signs, body, only);
        }
        if found.iter().any(|one| one.verdict == Verdict::Dial) && left::is_another(&signs, &cover, &found, self.plan) {
            found.iter_mut().for_each(|one| one.doubt(Doubt::Several));
        }
        if found.is_empty()
            && let Some((start, end)) = body
        {
            let what = cover.what.map(Doubt::SomethingElse);
            // `20.12.34` is a whole number in New Caledonia: a person who types it is asked.
            let typed = (self.source.is_by_hand() && cover.what == Some(mask::DATE)).then(|| self.whole(&signs, (start, end)));
            if let Some(whole) = typed.flatten() {
                let reading = self.read(&whole.digits);
                if reading.valid && reading.doubt.is_none() {
                    return vec![self.candidate(span(&signs, start, end), reading, None, what)];
                }
            }
            let other = matches!(label::before(&signs, start), Label::Other | Label::Odd)
                .then_some(Doubt::SomethingElse(mask::behind_other_words()));
            let reading = Reading::none(what.or(other).unwrap_or(Doubt::NotOne));
            return vec![self.candidate(span(&signs, start, end), reading, None, None)];
        }
        found
    }

    /// The whole text as one number.
    fn whole(&self, signs: &[Sign], (start, end): (usize, usize)) -> Option<Spot> {
        let label = label::before(signs, start);
        if matches!(label, Label::Other | Label::Odd) || label::is_sum(signs, start) || label::is_count(signs, end) {
            return None;
        }
        let (spelled, tail) = spell::spell_all(signs.get(start..end)?, true)?;
        let text: String = signs.get(start..end)?.iter().map(|s| s.plain).collect();
        // A dash behind a slash stands in place of the last part: two numbers, which joined are none.
        let aside = text.rsplit_once(" -").is_some_and(|(front, last)| {
            front.contains('-') && last.bytes().all(|b| b.is_ascii_digit()) && (1..=4).contains(&last.len())
        });
        if aside || text.replace(' ', "").contains("/-") {
            return None;
        }
        let letters = signs.get(start..end)?.iter().filter(|s| s.plain.is_alphabetic()).count();
        let small = signs.get(start..end)?.iter().any(|s| s.plain.is_ascii_lowercase());
        // In a selection small letters are words.
        if spelled.letters && (letters < 3 || (small && !self.source.is_by_hand())) {
            return None;
        }
        let alone = self.source.is_by_hand() || !self.is_too_long(&spelled.digits);
        if !alone || spelled.breaks > 1 || spelled.digits.dialled.is_empty() {
            return None;
        }
        let doubt = if spelled.letters {
            Some(Doubt::Letters)
        } else if uri::is_two(&text) && !range::goes_on_behind_slash(signs.get(start..end)?, label) {
            Some(Doubt::Range)
        } else if shape::is_several(&spelled.groups, self.plan) {
            Some(Doubt::Several)
        } else if spelled.breaks > 0 {
            Some(Doubt::LineBreak)
        } else if matches!(tail, Some((Tail::Pauses, _))) {
            Some(Doubt::Pauses)
        } else {
            None
        };
        Some(Spot { start, end, digits: spelled.digits, tail, doubt, label, valid: false })
    }

    /// Takes internal numbers that stand side by side apart; joined they would be a number that nobody wrote.
    fn apart(&self, signs: &[Sign], spot: Spot) -> Vec<Spot> {
        let inside = signs.get(spot.start..spot.end).unwrap_or_default();
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (place, _) in inside.iter().enumerate().filter(|(_, s)| s.plain.is_ascii_digit()) {
            match groups.last_mut() {
                Some((_, end)) if *end == place => *end += 1,
                Some(_) | None => groups.push((place, place + 1)),
            }
        }
        let digits = |(start, end): &(usize, usize)| -> String {
            inside.get(*start..*end).unwrap_or_default().iter().map(|s| s.plain).collect()
        };
        let simple = groups.len() > 1 && spot.tail.is_none() && !spot.digits.plus && !spot.digits.dialled.contains(['*', '#']);
        if !simple || !groups.iter().all(|group| self.plan.is_extension(&digits(group))) {
            return vec![spot];
        }
        let reading = self.read(&spot.digits);
        let unclear = matches!(reading.kind, Kind::National | Kind::NotANumber) && !(reading.valid && reading.doubt.is_none());
        if !unclear {
            return vec![spot];
        }
        let one = |group: &(usize, usize)| Spot {
            start: spot.start + group.0,
            end: spot.start + group.1,
            digits: Digits { dialled: digits(group), ..Digits::default() },
            doubt: Some(Doubt::Several),
            valid: false,
            ..spot.clone()
        };
        groups.iter().map(one).collect()
    }

    /// Doubts a number that leaves digits of the text over, or whose groups can be two numbers.
    fn doubt_what_is_left(&self, signs: &[Sign], (start, end): (usize, usize), only: &mut Candidate) {
        if only.kind == Kind::FeatureCode && self.source.is_by_hand() {
            // A part of what was typed is another code.
            let inside = |s: &Sign| (only.start..only.end).contains(&s.at);
            if signs.iter().any(|s| s.plain.is_ascii_digit() && !inside(s)) {
                *only = self.candidate((only.start, only.end), Reading::none(Doubt::NotOne), None, None);
            }
            return;
        }
        if matches!(only.kind, Kind::Emergency | Kind::FeatureCode | Kind::NotANumber) {
            return;
        }
        let text: String = signs.get(start..end).unwrap_or_default().iter().map(|s| s.plain).collect();
        let counts = only.kind == Kind::National && !only.sure && only.extension.is_none();
        let count = if counts { count::count(&text, self.plan) } else { Count::One };
        let outside = |s: &&Sign| s.plain.is_ascii_digit() && !(only.start..only.end).contains(&s.at);
        let left = signs.get(start..end).unwrap_or_default().iter().any(|s| outside(&s)) && only.extension.is_none();
        let only_digits = !text.contains(|c: char| c.is_alphabetic() || c == '\n');
        let short = self.source == Source::Text && shape::is_short(only);
        let others = signs.split(|s| !s.plain.is_ascii_digit()).filter(|group| group.iter().all(|s| outside(&s)));
        let digits = |group: &[Sign]| group.iter().map(|s| s.plain).collect::<String>();
        let another = short && others.map(digits).any(|group| group.len() >= 3);
        let calls_help = |group: &[Sign]| emergency::is_emergency(&digits(group), None, self.plan, self.source.is_by_hand());
        // `112/110`, `112-0`: nothing else than emergency numbers, written as one.
        let mut all = signs.split(|s| !s.plain.is_ascii_digit()).filter(|group| !group.is_empty());
        let help = !only.sure && all.all(|group| group.len() == 1 || calls_help(group));
        let doubt = match count {
            _ if help && only_digits => Some((Verdict::Refuse, Doubt::NotOne)),
            _ if another => Some((Verdict::Ask, Doubt::Several)),
            Count::Several => Some((Verdict::Refuse, Doubt::Several)),
            Count::PerhapsTwo => Some((Verdict::Ask, Doubt::Several)),
            // A part of the digits is another number.
            Count::One if left && only_digits && !only.sure => Some((Verdict::Refuse, Doubt::NotOne)),
            Count::One if left && self.source.is_by_hand() => Some((Verdict::Ask, Doubt::Shape)),
            Count::One => None,
        };
        let Some((verdict, doubt)) = doubt else { return };
        if verdict == Verdict::Refuse {
            *only = self.candidate((only.start, only.end), Reading::none(doubt), None, None);
        } else {
            only.doubt(doubt);
        }
    }

    /// Judges one place.
    fn spot(&self, signs: &[Sign], spot: &Spot) -> Option<Candidate> {
        let mut reading = self.read(&spot.digits);
        let mut doubt = spot.doubt;
        if spot.doubt == Some(Doubt::Letters) && !reading.valid && (self.plan.region().is_some() || spot.digits.plus) {
            return None;
        }
        let mut extension = None;
        match &spot.tail {
            Some((Tail::Durchwahl, digits)) if self.has_durchwahl(&reading) => {
                let whole = spot.digits.dialled.as_str();
                let front = match shape::front(signs, spot) {
                    // The exchange's own zero gives way to the Durchwahl: `23125-0 DW 207`.
                    Front::Exchange => whole.strip_suffix('0'),
                    Front::Trunk => Some(whole),
                    Front::Unclear => None,
                };
                let joined = |front: &str| self.read(&Digits { dialled: format!("{front}{digits}"), ..spot.digits.clone() });
                let joined = front.filter(|_| digits.len() <= LONGEST_DURCHWAHL).map(joined);
                if let Some(joined) = joined.filter(|joined| joined.valid) {
                    reading = joined;
                } else {
                    doubt = doubt.or(Some(Doubt::Durchwahl));
                    extension = Some(digits.clone());
                }
            }
            Some((Tail::Durchwahl | Tail::Extension | Tail::Pauses, digits)) => extension = Some(digits.clone()),
            None => {}
        }
        let labelled = spot.label == Label::Phone;
        let inside = signs.get(spot.start..spot.end).unwrap_or_default();
        // A few digits behind the best of words may still be a room or a page.
        let confirmed = labelled && reading.doubt == Some(Doubt::Local) && spot.digits.dialled.len() >= FEWEST_LOCAL;
        if confirmed {
            reading.doubt = None;
        }
        let selected = self.source == Source::Text;
        // A plus says enough.
        let bare = selected && !spot.digits.plus;
        let around = match spot.label {
            Label::Other => Some(Doubt::Label),
            Label::Fax => Some(Doubt::Fax),
            Label::Odd => bare.then_some(Doubt::Label),
            Label::Named | Label::Unknown | Label::None => {
                let told = spot.label == Label::Named || shape::is_behind_colon(signs, spot.start);
                let unparted = spot.label == Label::Unknown && shape::is_unparted(inside);
                (bare && (told || unparted)).then_some(Doubt::Label)
            }
            Label::Phone | Label::Called | Label::Loose => None,
        };
        let shape =
            || (selected && !spot.label.is_phone() && self.is_shapeless(shape::number(inside), &reading)).then_some(Doubt::Shape);
        let dated = || spot.label != Label::Phone && shape::is_dated(inside);
        // `T0302312500` may be the number of a thing.
        let glued = || !spot.label.is_phone() && shape::is_behind_letter(signs, spot.start);
        let odd = || (selected && (self.goes_on_oddly(signs, spot, &reading) || dated() || glued())).then_some(Doubt::Shape);
        let words = |s: &Sign| s.plain.is_alphabetic();
        let alone = || !signs.iter().enumerate().any(|(place, s)| words(s) && !(spot.start..spot.end).contains(&place));
        let inner = || {
            let internal = reading.kind == Kind::Extension && self.source == Source::Text;
            (internal && !labelled && !alone()).then_some(Doubt::Short)
        };
        let figure = || figure::is_beside_figure(signs, spot.start, spot.end).then_some(Doubt::Shape);
        let number = shape::number(inside);
        let written = || figure::is_timetable(number) || figure::is_drawn(number) || figure::is_article(number);
        let named = || figure::is_named(signs, spot.start) || figure::is_behind_code(signs, spot.start);
        let other = || selected && !spot.label.is_phone() && (written() || named());
        let other = || (other() || figure::is_twice(number)).then_some(Doubt::Shape);
        let code = spot.digits.dialled.starts_with(['*', '#']);
        let long = self.source.is_by_hand() && !code && is_too_long_in_full(&spot.digits);
        let doubt = doubt.or(long.then_some(Doubt::NotOne)).or_else(figure).or_else(other);
        let doubt = doubt.or(around).or(reading.doubt).or_else(shape).or_else(odd).or_else(inner);
        Some(self.candidate(span(signs, spot.start, spot.end), reading, extension, doubt))
    }

    fn has_durchwahl(&self, reading: &Reading) -> bool {
        let region = reading.region.or(self.plan.region()).map(|region| region.as_region_str().to_string());
        region.is_some_and(|region| DURCHWAHL.contains(&region.as_str()))
    }

    /// Tells whether digits may follow that are not part of the number any more, or some of its digits are hidden.
    fn goes_on_oddly(&self, signs: &[Sign], spot: &Spot, reading: &Reading) -> bool {
        let odd = shape::goes_on_oddly(signs, spot, |front| self.read(front).valid);
        let Some(Odd::Last { digits, .. }) = odd.as_ref().filter(|_| spot.label == Label::Phone && self.has_durchwahl(reading))
        else {
            return odd.is_some();
        };
        // `Tel.: 030-23125 207`: a Durchwahl of three digits, as long as the whole is no longer than most numbers are.
        let long = reading.e164.as_ref().is_none_or(|e164| e164.len() > LONGEST_APART);
        let internal = reading.kind != Kind::Extension && self.plan.is_extension(digits);
        long || internal || digits.len() != 3
    }

    /// Tells whether selected digits could as well be something else.
    ///
    /// A plus, a trunk digit or the usual groups make a number; ten digits in one piece are an order number as well.
    fn is_shapeless(&self, inside: &[Sign], reading: &Reading) -> bool {
        let lens: Vec<usize> = groups(inside);
        if matches!(lens.as_slice(), [1..=2, 1..=2, 4] | [4, 1..=2, 1..=2]) && reading.kind == Kind::National {
            return true;
        }
        if shape::is_born(inside) {
            return true;
        }
        if reading.marked || !matches!(reading.kind, Kind::National | Kind::International | Kind::Premium) || !reading.valid {
            return false;
        }
        let text: String = inside.iter().map(|s| s.plain).collect();
        // Four groups from a full area code on are no date, no sum and no account.
        let parted = matches!(lens.as_slice(), [3, 2..=3, 2, 2]) && text.bytes().all(|b| b.is_ascii_digit() || b == b' ');
        lens.len() < 2 || !(parted || self.tables.is_grouped(&text, self.plan.region()))
    }

    /// The characters from one place to another.
    fn part(&self, (start, end): (usize, usize)) -> &str {
        let starts = self.starts.get_or_init(|| self.text.char_indices().map(|(at, _)| at).collect());
        let at = |place: usize| starts.get(place).copied().unwrap_or(self.text.len());
        self.text.get(at(start)..at(end)).unwrap_or_default()
    }

    fn candidate(&self, span: (usize, usize), reading: Reading, extension: Option<String>, doubt: Option<Doubt>) -> Candidate {
        // What is sent after the answer may make an emergency number of it.
        let whole = |digits: &String| reading.dial.as_deref().map(|dial| format!("{dial}{digits}"));
        let help = extension.as_ref().and_then(whole).is_some_and(|all| {
            let few = all.bytes().filter(u8::is_ascii_digit).count() <= 8;
            few && emergency::is_emergency(all.trim_start_matches('+'), None, self.plan, false)
        });
        let reading = if help { Reading::emergency() } else { reading };
        let doubt = doubt.or(reading.doubt);
        let (verdict, why) = policy::judge(reading.kind, self.source, doubt, reading.abroad, self.plan);
        let secret = reading.kind == Kind::FeatureCode && verdict == Verdict::Refuse;
        Candidate {
            text: self.part(span).to_owned(),
            start: span.0,
            end: span.1,
            e164: reading.e164,
            extension,
            kind: reading.kind,
            dial: reading.dial.filter(|_| !secret),
            verdict,
            why: why.map(str::to_owned),
            shown: None,
            country: None,
            sentence: why,
            sure: reading.valid || reading.kind == Kind::Extension,
        }
    }
}

/// Fewest digits that a word in front makes a local number.
const FEWEST_LOCAL: usize = 5;

fn span(signs: &[Sign], start: usize, end: usize) -> (usize, usize) {
    let first = signs.get(start).map_or(0, |s| s.at);
    let last = end.checked_sub(1).and_then(|p| signs.get(p)).map_or(first, |s| s.at + 1);
    (first, last)
}

fn groups(inside: &[Sign]) -> Vec<usize> {
    let parts = inside.split(|s| !s.plain.is_ascii_digit());
    parts.map(<[Sign]>::len).filter(|len| *len > 0).collect()
}

/// Tells whether digits are more than the prefix of a call abroad and a number.
fn is_too_long_in_full(digits: &Digits) -> bool {
    let all = digits.dialled.as_str();
    let front = ["011", "010", "00"].iter().find(|front| all.starts_with(**front)).map_or(0, |front| front.len());
    all.bytes().filter(u8::is_ascii_digit).count() > E164_DIGITS + front
}

/// Leaves one candidate for each number, and lets all ask when there are several.
fn distinct(found: &mut Vec<Candidate>) {
    let mut seen: Vec<(String, Option<String>)> = Vec::new();
    found.retain(|candidate| {
        let key = candidate.e164.as_ref().or(candidate.dial.as_ref()).unwrap_or(&candidate.text);
        let key = (key.clone(), candidate.extension.clone());
        let fresh = !seen.contains(&key);
        if fresh {
            seen.push(key);
        }
        fresh
    });
    let numbers = found.iter().filter(|candidate| candidate.kind != Kind::NotANumber).count();
    if numbers > 1 {
        found.iter_mut().for_each(|candidate| candidate.doubt(Doubt::Several));
    }
}
