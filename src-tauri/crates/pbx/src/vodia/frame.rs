//! Frames of the user WebSocket, read leniently: every spelling and type variation that was ever seen.
//!
//! What cannot be read is a value ([`Frame::Skipped`]), never an error.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
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
    #[serde(borrow)]
    pub extension: Option<&'a RawValue>,
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
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text) else { return Frame::Skipped };
    let Loose::Text(action) = &envelope.action else {
        let flat = serde_json::from_str::<std::collections::BTreeMap<Cow<'_, str>, IgnoredAny>>(text);
        let known = flat.is_ok_and(|map| map.keys().any(|key| FLAT.contains(&key.as_ref())));
        return if known { Frame::Known } else { Frame::Skipped };
    };
    match action.as_ref() {
        "domain-state" => {
            let (accounts, bad) = list(envelope.accounts);
            Frame::DomainState(accounts, bad)
        }
        "user-state" => serde_json::from_str(text).map_or(Frame::Skipped, Frame::UserState),
        "call-state" => {
            let (calls, bad) = list(envelope.calls);
            Frame::CallState(calls, bad)
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

/// Reads an array, a single object, null or nothing as a list, and counts what could not be read.
pub fn list<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> (Vec<T>, usize) {
    let Some(raw) = raw else { return (vec![], 0) };
    let text = raw.get();
    if let Ok(all) = serde_json::from_str::<Vec<T>>(text) {
        return (all, 0);
    }
    if text.starts_with('{') {
        return serde_json::from_str(text).map_or((vec![], 1), |one| (vec![one], 0));
    }
    let Ok(each) = serde_json::from_str::<Vec<&'a RawValue>>(text) else { return (vec![], usize::from(text != "null")) };
    let total = each.len();
    let good: Vec<T> = each.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect();
    let bad = total - good.len();
    (good, bad)
}

/// Splits a SIP name-addr such as `"Jane" <sip:204@tenant.example;x=y>` into name and user part.
///
/// The user part may hold `+`, `*` and `#`; what has no address is taken as the user part itself.
pub fn name_addr(text: &str) -> (Option<String>, Option<String>) {
    let text = text.trim();
    let (name, address) = match text.find('<') {
        Some(open) => {
            let end = text.rfind('>').filter(|end| *end > open).unwrap_or(text.len());
            (text.get(..open).unwrap_or(""), text.get(open + 1..end).unwrap_or(""))
        }
        None => ("", text),
    };
    let name = name.trim().trim_matches('"').replace("\\\"", "\"").replace("\\\\", "\\");
    let address = address.trim();
    let user = address
        .strip_prefix("sips:")
        .or_else(|| address.strip_prefix("sip:"))
        .or_else(|| address.strip_prefix("tel:"))
        .unwrap_or(address);
    let user = user.split(['@', ';', '?']).next().unwrap_or("");
    let user = percent_encoding::percent_decode_str(user).decode_utf8_lossy();
    let some = |text: &str| Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
    (some(&name), some(&user))
}
