//! Words for calls, shared by dialects, model and view.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::AccountName;

/// Our own name of a call, `account/c12`: the same from dialling to the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct CallId(pub String);

impl CallId {
    /// Numbers the next call of an account.
    pub fn numbered(account: &AccountName, number: u64) -> Self {
        Self(format!("{account}/c{number}"))
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who began the call, seen from this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Somebody calls this user.
    Incoming,
    /// This user calls somebody.
    Outgoing,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// We asked; the PBX has not said anything yet.
    Dialing,
    /// The PBX rings the user's own phone first.
    CallingOwnPhone,
    /// Incoming: rings here. Outgoing: rings at the far end.
    Ringing,
    /// Both sides talk.
    Connected,
    /// On hold by us, or by a side the PBX does not name.
    Held,
    /// On hold by the other side.
    HeldByOther,
    /// Over.
    Ended,
    /// Not known at the moment.
    Unknown,
}

/// The other side of a call. Both parts come from the network and are untrusted text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Party {
    /// Number as the PBX writes it.
    pub number: Option<String>,
    /// Name as the PBX writes it.
    pub name: Option<String>,
}

impl Party {
    /// A party known by number only.
    pub fn number(number: impl Into<String>) -> Self {
        Self { number: Some(number.into()), name: None }
    }

    /// Name, else number, else nothing: at most 80 characters without control characters.
    pub fn title(&self) -> Option<String> {
        [&self.name, &self.number].into_iter().flatten().map(|text| tidy(text)).find(|text| !text.is_empty())
    }
}

/// Removes what untrusted text must not bring into a title: control and direction marks, and length over 80 characters.
pub fn tidy(text: &str) -> String {
    let mut out = String::new();
    let mut blank = false;
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        let steers =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || steers || (c == ' ' && (blank || out.is_empty())) {
            continue;
        }
        blank = c == ' ';
        out.push(c);
    }
    let out = out.trim_end();
    if out.chars().count() <= 80 { out.to_owned() } else { out.chars().take(79).chain(['…']).collect() }
}

/// Says that a text is no row of tones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tones are 1 to 32 of 0-9, *, #, A-D, and a comma for a pause")]
pub struct BadTones;

/// Takes a text as keypad tones, letters in upper case.
///
/// # Errors
/// [`BadTones`] unless it has 1 to 32 of `0-9`, `*`, `#`, `A-D`, or a comma for a pause.
pub fn tones(text: &str) -> Result<String, BadTones> {
    let tones = text.to_ascii_uppercase();
    let fits = (1..=32).contains(&tones.len()) && tones.bytes().all(|b| b.is_ascii_digit() || b"*#ABCD,".contains(&b));
    if fits { Ok(tones) } else { Err(BadTones) }
}

/// What a dialect knows of which side holds a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This user.
    Us,
    /// The other side.
    Them,
    /// The PBX does not tell.
    NotTold,
}

/// Where a call stands, as a PBX can tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenState {
    /// The user's own phone rings first.
    CallingOwnPhone,
    /// Ringing here or at the far end.
    Ringing,
    /// Both sides talk.
    Connected,
    /// On hold.
    Held(Holder),
    /// A state word nobody has documented.
    Unknown,
}

/// One call as a PBX shows it right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSeen {
    /// The PBX's own id of the call.
    pub key: String,
    /// The dial request this call answers, when the dialect can tell.
    pub request: Option<u64>,
    /// Who began it.
    pub direction: Direction,
    /// Where it stands.
    pub state: SeenState,
    /// The other side.
    pub remote: Party,
    /// Queue, group or forwarding it came through.
    pub via: Option<Party>,
    /// Resuming cannot put it on hold by mistake, because the PBX has one command for each.
    pub resume_is_safe: bool,
    /// When it began, by the PBX's clock.
    pub started_at: Option<Timestamp>,
    /// When it was answered, by the PBX's clock.
    pub connected_at: Option<Timestamp>,
    /// Key of the call that waits while this one asks somebody about it; the PBX keeps both together.
    pub asks_about: Option<String>,
}

/// How a call ended, as far as the PBX told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was connected.
    Answered,
    /// Incoming and nobody took it.
    Missed,
    /// Incoming and somebody else or another device took it.
    AnsweredElsewhere,
    /// Incoming and this user declined it.
    Declined,
    /// Incoming, and this user sent it on while it rang.
    SentOn,
    /// Outgoing and never connected.
    NotReached,
    /// The link was down when it ended.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_lose_their_controls_and_length() {
        assert_eq!(tidy("  Mara\n\tBeispiel \u{202e}evil\u{0007}"), "Mara Beispiel evil");
        let long = tidy(&"x".repeat(500));
        assert_eq!(long.chars().count(), 80);
        assert!(long.ends_with('…'));
    }
}
