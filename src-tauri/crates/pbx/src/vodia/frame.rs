//! Frames of the user WebSocket, read leniently: every spelling and type variation that was ever seen.
//!
//! What cannot be read is a value ([`Frame::Skipped`]), never an error.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A scalar of any JSON type, or the fact that something larger stands there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Loose<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number, as it stands.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An array or object; true when it holds anything.
    Nested(bool),
}

impl Loose<'_> {
    /// Reads it as a switch: `true`, `"true"`, `1`, `"1"`, `"on"` and their opposites.
    pub fn switch(&self) -> Option<bool> {
        match self {
            Self::Bool(on) => Some(*on),
            Self::Number(number) => Some(*number != 0.0),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Some(true),
                "false" | "0" | "off" | "no" => Some(false),
                _ => None,
            },
            Self::Null | Self::Nested(_) => None,
        }
    }

    /// Reads it as text; a whole number counts.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(format!("{number:.0}")),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(_) | Self::Null | Self::Bool(_) | Self::Nested(_) => None,
        }
    }

    /// Reads it as Unix seconds; zero and empty count as none.
    pub fn time(&self) -> Option<jiff::Timestamp> {
        let seconds = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Null | Self::Bool(_) | Self::Nested(_) => return None,
        };
        // Years 2000 to 2100; anything else is no time of a call.
        if !(946_684_800.0..4_102_444_800.0).contains(&seconds) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
        let millis = (seconds * 1000.0) as i64;
        jiff::Timestamp::from_millisecond(millis).ok()
    }

    /// Tells whether there is anything but `null`.
    pub fn is_some(&self) -> bool {
        *self != Self::Null
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Loose::Null)
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Loose::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Loose::Bool(value))
            }
            #[expect(clippy::cast_precision_loss, reason = "ids and times stay below 2^53")]
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                if value < 1 << 53 { Ok(Loose::Number(value as f64)) } else { Ok(Loose::Text(value.to_string().into())) }
            }
            #[expect(clippy::cast_precision_loss, reason = "ids and times stay below 2^53")]
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Loose::Number(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Loose::Number(value))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut any = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Loose::Nested(any))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut any = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Loose::Nested(any))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// One account of `domain-state`, or the changed one of `user-state`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RawAccount<'a> {
    /// Extension or account number.
    #[serde(borrow)]
    pub account: Loose<'a>,
    /// Display name.
    #[serde(borrow)]
    pub name: Loose<'a>,
    /// Account type.
    #[serde(borrow, rename = "type")]
    pub kind: Loose<'a>,
    /// A device is registered.
    #[serde(borrow)]
    pub registered: Loose<'a>,
    /// Do-not-disturb.
    #[serde(borrow)]
    pub dnd: Loose<'a>,
    /// Anything but null: busy.
    #[serde(borrow)]
    pub code: Loose<'a>,
    /// Calls of that account.
    #[serde(borrow)]
    pub calls: Loose<'a>,
}

/// One call, from a frame or from REST.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields carry the names of the wire")]
pub struct RawCall<'a> {
    #[serde(borrow)]
    pub id: Loose<'a>,
    #[serde(borrow)]
    pub from: Loose<'a>,
    #[serde(borrow)]
    pub to: Loose<'a>,
    #[serde(borrow, rename = "from-number")]
    pub from_number: Loose<'a>,
    #[serde(borrow, rename = "to-number")]
    pub to_number: Loose<'a>,
    #[serde(borrow, rename = "from-name")]
    pub from_name: Loose<'a>,
    #[serde(borrow, rename = "to-name")]
    pub to_name: Loose<'a>,
    #[serde(borrow)]
    pub state: Loose<'a>,
    #[serde(borrow)]
    pub callstate: Loose<'a>,
    #[serde(borrow)]
    pub start: Loose<'a>,
    #[serde(borrow)]
    pub connect: Loose<'a>,
    pub extension: Names,
}

/// A list of names; empty where there is none, and where not every one of them could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

/// More names than this are not looked at, and a part of them would mislead.
const MOST_NAMES: usize = 1000;

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Names::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Names::default())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Names(vec![value.to_string()]))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Names::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Names::default())
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                let names = value.split([',', ';', ' ']).map(str::trim).filter(|name| !name.is_empty());
                Ok(Names(names.map(str::to_owned).take(MOST_NAMES).collect()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut names = vec![];
                let mut all = true;
                while let Some(entry) = seq.next_element::<Loose<'de>>()? {
                    match entry.text() {
                        Some(name) if names.len() < MOST_NAMES => names.push(name),
                        _ => all = false,
                    }
                }
                Ok(Names(if all { names } else { vec![] }))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Names::default())
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The outer object, with everything large left unread.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    action: Loose<'a>,
    #[serde(borrow, default)]
    accounts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    calls: Option<&'a RawValue>,
}

/// A frame, understood as far as a controller needs.
#[derive(Debug)]
pub enum Frame<'a> {
    /// Overview of all accounts; how many entries could not be read.
    DomainState(Vec<RawAccount<'a>>, usize),
    /// Change of one account.
    UserState(RawAccount<'a>),
    /// All calls of the user; how many entries could not be read.
    CallState(Vec<RawCall<'a>>, usize),
    /// The list of missed calls changed.
    MissedCalls,
    /// Known, and of no use for a controller.
    Known,
    /// Not understood.
    Skipped,
}

/// Actions that are known and carry nothing for a controller.
const KNOWN: &[&str] = &[
    "sip-register",
    "callerid",
    "rec-start",
    "rec-stop",
    "blf",
    "user-change",
    "chat",
    "crmcontact",
    "messages",
    "ringtones",
    "orbit-calls",
];

/// Keys of flat signalling messages; one of them names the message.
const FLAT: &[&str] =
    &["sdp", "invitesdp", "candidate", "bye", "ringtones", "response", "cancel", "cancelresponse", "info", "change"];

/// Reads one text frame.
pub fn read(text: &str) -> Frame<'_> {
    // A change of one account is by far the most frequent frame and needs one pass only.
    if let Some(frame) = quick_user_state(text) {
        return frame;
    }
    // The decoder would take an array for the fields in their order.
    if !text.trim_start().starts_with('{') {
        return Frame::Skipped;
    }
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text) else { return Frame::Skipped };
    let Loose::Text(action) = &envelope.action else {
        let flat = serde_json::from_str::<std::collections::BTreeMap<Cow<'_, str>, IgnoredAny>>(text);
        let known = flat.is_ok_and(|map| map.keys().any(|key| FLAT.contains(&key.as_ref())));
        return if known { Frame::Known } else { Frame::Skipped };
    };
    match action.as_ref() {
        "domain-state" => {
            let (accounts, bad) = list(envelope.accounts);
            // An overview of which nothing can be read says nothing about anybody.
            if accounts.is_empty() && bad > 0 { Frame::Skipped } else { Frame::DomainState(accounts, bad) }
        }
        "user-state" => serde_json::from_str(text).map_or(Frame::Skipped, Frame::UserState),
        "call-state" => {
            let (mut calls, bad) = list::<RawCall<'_>>(envelope.calls);
            let all = calls.len() + bad;
            calls.retain(|call| call.id.text().is_some());
            let bad = all - calls.len();
            // A picture of which nothing can be read does not end the calls that run.
            if calls.is_empty() && bad > 0 { Frame::Skipped } else { Frame::CallState(calls, bad) }
        }
        "missed-calls" => Frame::MissedCalls,
        known if KNOWN.contains(&known) => Frame::Known,
        _ => Frame::Skipped,
    }
}

fn quick_user_state(text: &str) -> Option<Frame<'_>> {
    if !text.starts_with(r#"{"action":"user-state","#) {
        return None;
    }
    serde_json::from_str(text).ok().map(Frame::UserState)
}

/// One object; an array is not taken for its fields in their order.
struct Entry<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Entry<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Entry)
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// Reads an array, a single object, null or nothing as a list, and counts what could not be read.
pub fn list<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> (Vec<T>, usize) {
    let Some(raw) = raw else { return (vec![], 0) };
    let text = raw.get();
    if let Ok(all) = serde_json::from_str::<Vec<Entry<T>>>(text) {
        return (all.into_iter().map(|entry| entry.0).collect(), 0);
    }
    if text.starts_with('{') {
        return serde_json::from_str(text).map_or((vec![], 1), |one| (vec![one], 0));
    }
    let Ok(each) = serde_json::from_str::<Vec<&'a RawValue>>(text) else { return (vec![], usize::from(text != "null")) };
    let total = each.len();
    let good: Vec<T> =
        each.into_iter().filter_map(|raw| serde_json::from_str::<Entry<T>>(raw.get()).ok()).map(|entry| entry.0).collect();
    let bad = total - good.len();
    (good, bad)
}

/// Splits a SIP name-addr such as `"Jane" <sip:204@tenant.example;x=y>` into name and user part.
///
/// The user part may hold `+`, `*` and `#`; what has no address is taken as the user part itself.
pub fn name_addr(text: &str) -> (Option<String>, Option<String>) {
    let (name, address) = name_and_address(text);
    let user = address.split(['@', ';', '?']).next().unwrap_or("");
    let user = percent_encoding::percent_decode_str(user).decode_utf8_lossy();
    let some = |text: &str| Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
    (some(&name), some(&user))
}

/// Splits a SIP name-addr into name and address without its scheme.
///
/// The name is chosen by the caller: an address inside its quotes is no address.
pub fn name_and_address(text: &str) -> (String, &str) {
    let text = text.trim();
    let (quoted, rest) = quoted(text).unwrap_or((None, text));
    // Without quotes the last bracket counts, because a name stands before its address.
    let open = if quoted.is_some() { rest.find('<') } else { rest.rfind('<') };
    let (plain, address) = match open {
        Some(open) => {
            let address = rest.get(open + 1..).unwrap_or("");
            (rest.get(..open).unwrap_or(""), address.split('>').next().unwrap_or(""))
        }
        None => ("", rest),
    };
    let name = quoted.unwrap_or_else(|| plain.trim().trim_matches('"').to_owned());
    let address = address.trim();
    let scheme = ["sips:", "sip:", "tel:"]
        .into_iter()
        .find(|scheme| address.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)));
    (name, address.get(scheme.map_or(0, str::len)..).unwrap_or(""))
}

/// Takes a quoted text off the front, without its escapes; none when it has no end.
fn quoted(text: &str) -> Option<(Option<String>, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut name = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Some(name), inner.get(at + 1..).unwrap_or(""))),
            '\\' => name.push(chars.next()?.1),
            c => name.push(c),
        }
    }
    None
}
