//! Links: RFC 3966, the sloppy forms found in the wild, and our own.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::chars::{self, Sign};
use super::plan::Plan;
use super::policy::Doubt;
use super::reading::Digits;
use super::spell::{self, Tail};
use crate::secret::Secret;

/// The schemes whose links are numbers.
const SCHEMES: &[&str] = &["tel", "callto", "sip", "sips", "pbx"];
/// The page of a PBX that dials; its links carry a sign-in, which is not used.
const REMOTE_CALL: &str = "remote_call.htm";

/// The scheme of a link we handle, and what follows its colon.
///
/// Handled are `tel`, `callto`, `sip`, `sips` and `pbx` in any case, and web links to a PBX's page `remote_call.htm`.
pub fn scheme(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_matches(chars::is_blank);
    let (scheme, rest) = text.split_once(':')?;
    let web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && is_remote_call(rest);
    (web || SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))).then_some((scheme, rest))
}

fn is_remote_call(rest: &str) -> bool {
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    path.starts_with("//") && path.rsplit('/').next().is_some_and(|page| page.eq_ignore_ascii_case(REMOTE_CALL))
}

/// One of our own links, `pbx:`.
#[derive(Clone, PartialEq, Eq)]
pub enum Link {
    /// `pbx:dial?number=…&account=…`: dial a number, by an account if it is named.
    Dial {
        /// The number as it stands in the link, to be judged like any link.
        number: String,
        /// The account to dial by.
        account: Option<String>,
    },
    /// `pbx:pair?url=…&user=…&domain=…&kind=…&secret=…`: offers an account; nothing happens without a yes.
    Pair {
        /// Address of the PBX.
        url: String,
        /// User, if named.
        user: Option<String>,
        /// Domain or tenant, if named.
        domain: Option<String>,
        /// Kind of PBX, if named.
        kind: Option<String>,
        /// Password, if any; neither printable nor serialisable.
        secret: Option<Secret>,
    },
}

impl Link {
    /// Reads one of our own links; nothing if it is another link, or a key is missing or stands twice.
    pub fn of(text: &str) -> Option<Self> {
        let (scheme, rest) = scheme(text)?;
        if !scheme.eq_ignore_ascii_case("pbx") {
            return None;
        }
        let (what, query) = rest.trim_start_matches('/').split_once('?')?;
        let what = what.trim_end_matches('/');
        let query = query.split('#').next().unwrap_or_default();
        if what.eq_ignore_ascii_case("dial") {
            // A raw number sign belongs to the number and is refused with it.
            let (_, whole) = rest.split_once('?')?;
            return Some(Self::Dial { number: value(whole, "number")??, account: value(whole, "account")? });
        }
        what.eq_ignore_ascii_case("pair").then_some(())?;
        Some(Self::Pair {
            url: value(query, "url")??,
            user: value(query, "user")?,
            domain: value(query, "domain")?,
            kind: value(query, "kind")?,
            secret: value(query, "secret")?.map(Secret::new),
        })
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dial { account, .. } => f.debug_struct("Dial").field("account", account).finish_non_exhaustive(),
            Self::Pair { url, .. } => f.debug_struct("Pair").field("url", url).finish_non_exhaustive(),
        }
    }
}

/// One value of a query: nothing inside if the key is not there, nothing at all if it stands twice or is not UTF-8.
#[expect(clippy::option_option, reason = "absent and unusable are two answers")]
fn value(query: &str, key: &str) -> Option<Option<String>> {
    let mut found = None;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !decode(name)?.eq_ignore_ascii_case(key) {
            continue;
        }
        // A plus stays a plus: numbers begin with it far more often than blanks stand in them.
        if found.replace(decode(value)?.into_owned()).is_some() {
            return None;
        }
    }
    Some(found.filter(|value| !value.is_empty()))
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// A number.
    Number {
        digits: Digits,
        extension: Option<String>,
        doubt: Option<Doubt>,
        /// Digits in front that `phone-context` names, without the plus.
        context: Option<String>,
        /// Whether digits, not letters, gave the number.
        letters: bool,
    },
    /// An address that some PBXs can call.
    Address(String),
    /// Nothing that can be dialled, and why.
    Nothing(&'static str),
}

const DEMANDING: Goal = Goal::Nothing("This link demands something that Trayphone does not know.");
const NO_NUMBER: Goal = Goal::Nothing("There is no usable telephone number in this link.");

/// Reads a link.
///
/// Percent codes are decoded first, and once more because some programs encode twice.
///
/// Source: RFC 3966, sections 3 and 5; RFC 3261, section 19.1.6; RFC 2806 for pauses.
pub(super) fn read(text: &str, plan: &Plan) -> Goal {
    let Some((scheme, rest)) = scheme(text) else { return NO_NUMBER };
    let kind = scheme.to_ascii_lowercase();
    match kind.as_str() {
        "pbx" => match Link::of(text) {
            Some(Link::Dial { number, .. }) => inner(&number, plan),
            Some(Link::Pair { .. }) => Goal::Nothing("This link offers an account; it does not dial."),
            None => NO_NUMBER,
        },
        "http" | "https" => match rest.split_once('?').and_then(|(_, query)| value(query, "dest")).flatten() {
            Some(number) => inner(&number, plan),
            None => NO_NUMBER,
        },
        "sip" | "sips" => sip(&kind, rest, plan),
        "callto" => inner(rest, plan),
        _ => twice_decoded(rest).map_or(NO_NUMBER, |rest| subscriber(&rest)),
    }
}

/// Tells whether nothing but pauses and digits follows a whole number.
fn is_pausing(signs: &[Sign], place: usize) -> bool {
    let (before, rest) = signs.split_at_checked(place).unwrap_or_default();
    let digits = before.iter().filter(|s| s.plain.is_ascii_digit()).count();
    digits >= 7 && rest.iter().all(|s| s.plain.is_ascii_digit() || ",pPwW*#".contains(s.plain))
}

/// A number inside a link of ours; another link in there is read once, never deeper.
fn inner(number: &str, plan: &Plan) -> Goal {
    let Some(number) = twice_decoded(number) else { return NO_NUMBER };
    match scheme(&number) {
        Some((kind, rest)) if kind.eq_ignore_ascii_case("tel") || kind.eq_ignore_ascii_case("callto") => subscriber(rest),
        Some((kind, rest)) if kind.to_ascii_lowercase().starts_with("sip") => sip(&kind.to_ascii_lowercase(), rest, plan),
        Some(_) => NO_NUMBER,
        None => subscriber(&number),
    }
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

fn twice_decoded(text: &str) -> Option<String> {
    let once = decode(text)?;
    let twice = if once.contains('%') { decode(&once)?.into_owned() } else { once.into_owned() };
    // A code that is left over was no code: better no number than a wrong one.
    (!twice.contains('%')).then_some(twice)
}

fn sip(kind: &str, rest: &str, plan: &Plan) -> Goal {
    let rest = rest.trim_matches(chars::is_blank).trim_start_matches('/');
    let (address, _) = rest.split_once('?').unwrap_or((rest, ""));
    // Without a user part the address is a host, however much it looks like a number.
    let Some((user, host)) = address.split_once('@') else {
        return match twice_decoded(address).map(|number| subscriber(&number)) {
            Some(Goal::Number { digits, extension, doubt, context, letters: false }) if !address.contains('.') => {
                Goal::Number { digits, extension, doubt: doubt.or(Some(Doubt::Elsewhere)), context, letters: false }
            }
            _ => NO_NUMBER,
        };
    };
    let mut parameters = host.split(';');
    let host = parameters.next().unwrap_or_default();
    let subaddress = parameters.any(|part| key_of(part) == "isub").then_some(Doubt::Subaddress);
    let plain = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '@' | '\\'));
    // Source: RFC 3261, section 25.1, hostport.
    let is_host =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'));
    if !is_host || user.is_empty() {
        return NO_NUMBER;
    }
    let user = user.split_once(':').map_or(user, |(user, _)| user);
    let number = twice_decoded(user).map(|user| subscriber(&user));
    match number {
        Some(Goal::Number { digits, extension, doubt, context, letters: false }) => {
            // Digits without a plus mean something to that server only.
            let elsewhere = (!digits.plus && context.is_none() && !plan.is_own_host(host)).then_some(Doubt::Elsewhere);
            Goal::Number { digits, extension, doubt: doubt.or(elsewhere).or(subaddress), context, letters: false }
        }
        Some(DEMANDING) => DEMANDING,
        // A name with a star or hash is a code for that server; one with broken percent codes is nothing.
        Some(_)
            if plain(user)
                && user.starts_with(|c: char| c.is_ascii_alphabetic())
                && !twice_decoded(user).is_none_or(|user| user.contains(['*', '#'])) =>
        {
            Goal::Address(format!("{kind}:{user}@{host}"))
        }
        _ => NO_NUMBER,
    }
}

/// Tells whether a few digits behind a slash stand in place of the last ones before it: `+49-30-23125-56/57`.
pub(super) fn is_two(number: &str) -> bool {
    let Some((front, last)) = number.rsplit_once('/') else { return false };
    let digits = |text: &str| chars::digits_of(text).len();
    (1..=4).contains(&digits(last)) && digits(front) >= 6
}

fn key_of(part: &str) -> String {
    part.split_once('=').map_or(part, |(key, _)| key).trim().to_ascii_lowercase()
}

/// Reads what follows `tel:`.
fn subscriber(text: &str) -> Goal {
    let text = text.trim_matches(chars::is_blank).trim_start_matches('/').trim_matches(chars::is_blank).trim_end_matches('/');
    if text.contains(['\n', '\r']) {
        return NO_NUMBER;
    }
    let mut parts = text.split(';');
    let number = parts.next().unwrap_or_default();
    let number = number.split_once('?').map_or(number, |(before, _)| before);
    let mut extension = None;
    let mut context = None;
    let mut doubt = None;
    for part in parts {
        let key = key_of(part);
        let value = part.split_once('=').map_or("", |(_, value)| value);
        match key.as_str() {
            "ext" | "postd" => {
                let digits = chars::digits_of(value);
                let plain = value.chars().all(|c| chars::digit(c).is_some() || "-.() pPwW,".contains(c));
                if digits.is_empty() || !plain || extension.replace(digits).is_some() {
                    return NO_NUMBER;
                }
                if key == "postd" || value.contains(['p', 'P', 'w', 'W', ',']) {
                    doubt = Some(Doubt::Pauses);
                }
            }
            "isub" => doubt = doubt.or(Some(Doubt::Subaddress)),
            // No standard knows them; whoever writes them wants something sent after the answer.
            "wait" | "pause" | "dtmf" | "p" | "w" => doubt = doubt.or(Some(Doubt::Dropped)),
            "phone-context" => {
                if context.replace(value.trim()).is_some() {
                    return NO_NUMBER;
                }
            }
            // RFC 3966, section 5.4: whoever does not know it must not use the link.
            _ if key.starts_with("m-") => return DEMANDING,
            // A parameter has a name; anything else may be a second number.
            _ if key.starts_with(|c: char| c.is_ascii_alphabetic()) || key.is_empty() => {}
            _ => return NO_NUMBER,
        }
    }
    let signs = chars::prepare(number);
    let pause = signs.iter().position(|s| matches!(s.plain, ',' | 'p' | 'P' | 'w' | 'W'));
    let paused = pause.and_then(|place| {
        let rest: String = signs.get(place..)?.iter().map(|s| s.plain).collect();
        let digits = chars::digits_of(&rest);
        let plain = rest.chars().all(|c| c.is_ascii_digit() || ",pPwW#".contains(c));
        let before = signs.get(..place)?;
        let first = before.iter().all(|s| !s.plain.is_alphabetic()) && !before.is_empty();
        (plain && first && (1..=8).contains(&digits.len())).then_some((before, digits))
    });
    if paused.is_none() && pause.is_some_and(|place| is_pausing(&signs, place)) {
        return NO_NUMBER;
    }
    let body = match &paused {
        Some((before, digits)) => {
            doubt = Some(Doubt::Pauses);
            if extension.replace(digits.clone()).is_some() {
                return NO_NUMBER;
            }
            before
        }
        None => signs.as_slice(),
    };
    let Some((spelled, tail)) = spell::spell_all(body, true) else { return NO_NUMBER };
    match tail {
        Some((Tail::Extension | Tail::Pauses, digits)) if extension.is_none() => {
            doubt = Some(Doubt::Pauses);
            extension = Some(digits);
        }
        Some(_) => return NO_NUMBER,
        None => {}
    }
    if spelled.breaks > 0 {
        return NO_NUMBER;
    }
    if is_two(number) {
        doubt = Some(Doubt::Range);
    }
    if spelled.letters {
        doubt = Some(Doubt::Letters);
    }
    let context = match context {
        None => None,
        Some(_) if spelled.digits.plus => None,
        Some(context) => match context.strip_prefix('+').map(|rest| spell::spell(&chars::prepare(rest), false)) {
            Some(Some(front)) if !front.digits.dialled.contains(['*', '#']) && !front.digits.plus => Some(front.digits.dialled),
            Some(_) => return NO_NUMBER,
            // A name: the number means something in that network only.
            None => {
                doubt = doubt.or(Some(Doubt::Elsewhere));
                None
            }
        },
    };
    Goal::Number { digits: spelled.digits, extension, doubt, context, letters: spelled.letters }
}
