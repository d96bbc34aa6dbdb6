//! The account keys of this kind.

use phone_core::number::is_same;
use phone_core::{AccountConfig, ForwardWhen, Party, Reason};

use crate::keys::{self, entries, expect, one_of};

/// All of them.
const KEYS: &[&str] = &[
    "device",
    "extension",
    "own_numbers",
    "context",
    "ring",
    "answer",
    "answer_context",
    "hold",
    "atxfer",
    "forward",
    "forward_busy",
    "forward_no_answer",
    "allow_plain",
];
/// Where numbers are dialled, unless the account says otherwise.
const CONTEXT: &str = "from-internal";
/// Where the own phone is dialled so that it answers by itself.
const ANSWER_CONTEXT: &str = "tp-answer";

/// Longest number that is dialled.
const LONGEST_NUMBER: usize = 64;
/// Why a text is not dialled.
pub const NOT_A_NUMBER: Reason = Reason::NumberNotUsable("This PBX cannot dial these characters.");

/// What is sent to the own phone so that it answers or holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing.
    Off,
    /// A NOTIFY in the call, to a phone that has shown that it knows it; else as `NotifyEndpoint`.
    Notify,
    /// A NOTIFY beside the call.
    NotifyEndpoint,
    /// The same, sent by the dial plan of the PBX.
    Dialplan,
    /// The phone is dialled again, with the wish that it answers by itself.
    Redirect,
}

impl Way {
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("notify") => Self::Notify,
            Some("notify-endpoint") => Self::NotifyEndpoint,
            Some("dialplan") => Self::Dialplan,
            Some("redirect") => Self::Redirect,
            _ => Self::Off,
        }
    }
}

/// What is dialled to send calls on and to end that; the number follows the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    pub on: String,
    pub off: String,
}

impl Codes {
    /// Reads `ON,OFF`.
    fn read(text: &str) -> Option<Self> {
        let (on, off) = text.split_once(',')?;
        let (on, off) = (on.trim(), off.trim());
        (is_code(on) && is_code(off)).then(|| Self { on: on.to_owned(), off: off.to_owned() })
    }
}

/// The key of a forwarding, and its usual codes.
fn forward_key(when: ForwardWhen) -> (&'static str, &'static str) {
    match when {
        ForwardWhen::Always => ("forward", "*72,*73"),
        ForwardWhen::Busy => ("forward_busy", "*90,*91"),
        ForwardWhen::NoAnswer => ("forward_no_answer", "*52,*53"),
    }
}

/// The keys as read; a value that nobody understands counts as absent.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Own phones, such as `PJSIP/204`; the first one rings for a dial.
    pub devices: Vec<String>,
    /// Own number; empty when there is none.
    pub extension: String,
    /// Further numbers that reach or show this user.
    own_numbers: Vec<String>,
    pub context: String,
    /// A dial rings all phones that the dial plan rings.
    pub rings_all: bool,
    pub answer: Way,
    /// Where the own phone is dialled so that it answers by itself.
    pub answer_context: String,
    pub hold: Way,
    pub atxfer: bool,
    forward: Vec<(ForwardWhen, Codes)>,
    /// Those whose codes the account names.
    named: Vec<ForwardWhen>,
    pub allow_plain: bool,
}

impl Keys {
    pub fn of(config: &AccountConfig) -> Self {
        let get = |key: &str| config.keys.get(key).map(String::as_str).filter(|value| !value.is_empty());
        let extension = get("extension").filter(|text| is_extension(text)).map(str::to_owned);
        let extension = extension.or_else(|| trailing_digits(config)).unwrap_or_default();
        let devices: Vec<String> = get("device").map(|list| entries(list).map(str::to_owned).collect()).unwrap_or_default();
        let devices = match devices {
            listed if !listed.is_empty() && listed.iter().all(|one| is_device(one)) => listed,
            _ if extension.is_empty() => vec![],
            _ => vec![format!("PJSIP/{extension}")],
        };
        Self {
            devices,
            own_numbers: get("own_numbers").map(|list| entries(list).map(str::to_owned).collect()).unwrap_or_default(),
            context: get("context").filter(|text| is_context(text)).unwrap_or(CONTEXT).to_owned(),
            rings_all: get("ring") == Some("local"),
            answer: Way::of(get("answer")),
            answer_context: get("answer_context").filter(|text| is_context(text)).unwrap_or(ANSWER_CONTEXT).to_owned(),
            // Dialled again, nobody is on hold.
            hold: Some(Way::of(get("hold"))).filter(|way| *way != Way::Redirect).unwrap_or(Way::Off),
            atxfer: get("atxfer") != Some("off"),
            forward: ForwardWhen::ALL
                .into_iter()
                .filter_map(|when| {
                    let (key, usual) = forward_key(when);
                    Some((when, Codes::read(get(key).unwrap_or(usual))?))
                })
                .collect(),
            named: ForwardWhen::ALL.into_iter().filter(|when| get(forward_key(*when).0).is_some()).collect(),
            allow_plain: config.switch("allow_plain"),
            extension,
        }
    }

    /// Tells whether a number is this user's own.
    pub fn is_own_number(&self, number: &str) -> bool {
        number == self.extension || self.own_numbers.iter().any(|own| own == number || is_same(own, number))
    }

    /// The same of a party that shows one.
    pub fn is_own(&self, party: &Party) -> bool {
        party.number.as_deref().is_some_and(|number| self.is_own_number(number))
    }

    /// The codes of a forwarding, unless the account says that there are none.
    pub fn forward_codes(&self, when: ForwardWhen) -> Option<&Codes> {
        self.forward.iter().find(|(of, _)| *of == when).map(|(_, codes)| codes)
    }

    /// Tells whether the account names the codes of a forwarding, so that they are no guess.
    pub fn names_forward_codes(&self, when: ForwardWhen) -> bool {
        self.named.contains(&when)
    }

    /// Whose phone a channel belongs to: the device in its name, if it is an own one.
    pub fn own_device<'a>(&'a self, channel: &str) -> Option<&'a str> {
        let device = device_of(channel)?;
        self.devices.iter().map(String::as_str).find(|own| own.eq_ignore_ascii_case(device))
    }

    /// Tells whether a channel is a half of a `Local` one that leads to the own number.
    pub fn leads_to_us(&self, channel: &str) -> bool {
        let to = channel.strip_prefix("Local/").and_then(|rest| rest.split_once('@'));
        to.is_some_and(|(number, _)| number == self.extension && !number.is_empty())
    }

    /// The name of an own phone behind `PJSIP/`, to which a NOTIFY can be sent.
    pub fn endpoint(device: &str) -> Option<&str> {
        device.strip_prefix("PJSIP/")
    }
}

/// The device in the name of a channel: all but the dash and eight hex digits at its end.
///
/// A name may hold dashes itself, and the two halves of `Local` channels belong to no device.
pub fn device_of(channel: &str) -> Option<&str> {
    let (device, number) = channel.rsplit_once('-')?;
    (number.len() == 8 && number.bytes().all(|b| b.is_ascii_hexdigit()) && !device.starts_with("Local/")).then_some(device)
}

fn trailing_digits(config: &AccountConfig) -> Option<String> {
    let user = config.user.as_deref()?;
    let front = user.trim_end_matches(|c: char| c.is_ascii_digit());
    user.get(front.len()..).filter(|digits| is_extension(digits)).map(str::to_owned)
}

/// Tells whether an account cannot sign in without a secret: none can.
pub fn needs_secret(_: &AccountConfig) -> bool {
    true
}

/// Looks at the account keys of this kind; those of the dial plan are everybody's and were looked at before.
///
/// # Errors
/// One sentence on the first key that does not exist, or whose value nobody understands, with what is expected.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    // They would stand in the settings for everybody to read.
    if !config.url.username().is_empty() || config.url.password().is_some() {
        return Err("the address holds no user and no password".to_owned());
    }
    keys::each(config, check_one)?;
    if Keys::of(config).extension.is_empty() {
        return Err("the key extension is needed, because the user name does not end with the own extension".to_owned());
    }
    Ok(())
}

fn check_one(key: &str, value: &str) -> Result<(), String> {
    const HOLDS: &[&str] = &["off", "notify", "notify-endpoint", "dialplan"];
    const ANSWERS: &[&str] = &["off", "notify", "notify-endpoint", "dialplan", "redirect"];
    match key {
        "device" => {
            let fits = entries(value).all(is_device) && entries(value).next().is_some();
            expect(fits, key, value, "a list of own phones such as PJSIP/204,PJSIP/204-mobile")
        }
        "extension" => expect(is_extension(value), key, value, "the own extension, such as 204"),
        "own_numbers" => {
            let fits = entries(value).all(is_number) && entries(value).next().is_some();
            expect(fits, key, value, "a list of numbers such as 204,+4930555204")
        }
        "context" => expect(is_context(value), key, value, "a context of the dial plan, such as from-internal"),
        "answer_context" => expect(is_context(value), key, value, "a context of the dial plan, such as tp-answer"),
        "ring" => one_of(key, value, &["device", "local"]),
        "answer" => one_of(key, value, ANSWERS),
        "hold" => one_of(key, value, HOLDS),
        "atxfer" => one_of(key, value, &["auto", "off"]),
        "allow_plain" => one_of(key, value, &["true", "false"]),
        "forward" | "forward_busy" | "forward_no_answer" => {
            let fits = value == "off" || Codes::read(value).is_some();
            expect(fits, key, value, "the codes to set and to end it such as *72,*73, or off")
        }
        _ => keys::unknown(key, KEYS),
    }
}

/// `technology/name`, of characters that mean nothing to a dial plan.
fn is_device(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    text.len() <= 64 && text.split_once('/').is_some_and(|(kind, name)| plain(kind) && plain(name) && kind != "Local")
}

fn is_extension(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    is_extension(text.strip_prefix('+').unwrap_or(text))
}

/// What begins with a star or a hash and holds digits.
fn is_code(text: &str) -> bool {
    let signs = |b: u8| b.is_ascii_digit() || b == b'*' || b == b'#';
    (2..=8).contains(&text.len()) && text.starts_with(['*', '#']) && text.bytes().all(signs)
}

fn is_context(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// A number of characters that are nothing but digits, codes and letters to a dial plan.
pub fn dialable(to: &str) -> Result<&str, Reason> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'#' | b'+');
    if (1..=LONGEST_NUMBER).contains(&to.len()) && to.bytes().all(fits) { Ok(to) } else { Err(NOT_A_NUMBER) }
}
