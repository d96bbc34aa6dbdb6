//! Channels, bridges and dials: what the server knows of calls (section 4).

use std::time::Instant;

use super::options::Release;
use super::records::CallId;

/// A number with the name beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// Number; empty when unknown.
    pub number: String,
    /// Name; empty when unknown.
    pub name: String,
}

impl Party {
    pub(super) fn new(number: &str, name: &str) -> Self {
        Self { number: number.to_owned(), name: name.to_owned() }
    }
}

/// State of a channel (section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    /// 0.
    Down,
    /// 4: the phone dialled.
    Ring,
    /// 5: the phone rings.
    Ringing,
    /// 6.
    Up,
    /// 7: hears a busy tone.
    Busy,
}

impl LegState {
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::Down => "0",
            Self::Ring => "4",
            Self::Ringing => "5",
            Self::Up => "6",
            Self::Busy => "7",
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Down => "Down",
            Self::Ring => "Ring",
            Self::Ringing => "Ringing",
            Self::Up => "Up",
            Self::Busy => "Busy",
        }
    }
}

/// What is at the end of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A phone of the company, by its name.
    Phone(String),
    /// Somebody outside, behind the trunk.
    Outside,
    /// One half of a Local channel, with the unique id of the other half.
    Local(String),
}

/// A click to dial whose first leg has not been answered yet.
#[derive(Debug, Clone)]
pub(super) struct Originate {
    pub(super) action_id: String,
    pub(super) channel: String,
    pub(super) context: String,
    pub(super) exten: String,
    /// Application with its data, instead of the three above.
    pub(super) application: Option<(String, String)>,
}

/// One channel.
#[derive(Debug, Clone)]
pub struct Leg {
    /// Name.
    pub name: String,
    /// `Uniqueid`.
    pub id: String,
    /// `Linkedid`.
    pub linked: String,
    /// The conversation it belongs to, in terms of people.
    pub call: CallId,
    /// What is at its end.
    pub end: End,
    /// State.
    pub state: LegState,
    /// Whose channel it is.
    pub party: Party,
    /// The other party it is shown.
    pub connected: Party,
    /// Context of its dialplan.
    pub context: String,
    /// Extension of its dialplan.
    pub exten: String,
    /// What it runs.
    pub application: String,
    /// Bridge it is in.
    pub bridge: Option<String>,
    /// Whether its phone holds the other party.
    pub holds: bool,
    /// Parking space it waits in.
    pub parked: Option<u16>,
    /// When it came to be.
    pub born: Instant,
    pub(super) data: String,
    /// The other side holds it.
    pub(super) held: bool,
    /// The server called this end; it did not call the server.
    pub(super) called: bool,
    /// The phone was asked to answer by itself.
    pub(super) answers_itself: bool,
    /// Whether feature codes that this side types are obeyed.
    pub(super) features: bool,
    pub(super) dialling: Option<u64>,
    pub(super) dialled_by: Option<u64>,
    pub(super) originate: Option<Originate>,
    /// Number of the current step of its dialplan, so that a wait that is no longer waited for does nothing.
    pub(super) step: u64,
}

impl Leg {
    /// Returns the name of the phone at its end.
    pub fn phone(&self) -> Option<&str> {
        match &self.end {
            End::Phone(name) => Some(name),
            End::Outside | End::Local(_) => None,
        }
    }

    /// Returns the unique id of the other half, if it is one half of a Local channel.
    pub(super) fn other_half(&self) -> Option<&str> {
        match &self.end {
            End::Local(other) => Some(other),
            End::Outside | End::Phone(_) => None,
        }
    }

    /// Returns `PJSIP/204` of `PJSIP/204-0000001a`.
    pub(super) fn device(&self) -> &str {
        self.name.rsplit_once('-').map_or(self.name.as_str(), |(device, _)| device)
    }

    /// Writes its snapshot as it stands in every event about it.
    pub(super) fn snapshot(&self, prefix: &str) -> Vec<(String, String)> {
        let unknown = |text: &str| if text.is_empty() { "<unknown>".to_owned() } else { text.to_owned() };
        let field = |key: &str, value: String| (format!("{prefix}{key}"), value);
        vec![
            field("Channel", self.name.clone()),
            field("ChannelState", self.state.number().to_owned()),
            field("ChannelStateDesc", self.state.text().to_owned()),
            field("CallerIDNum", unknown(&self.party.number)),
            field("CallerIDName", unknown(&self.party.name)),
            field("ConnectedLineNum", unknown(&self.connected.number)),
            field("ConnectedLineName", unknown(&self.connected.name)),
            field("Language", "en".to_owned()),
            field("AccountCode", String::new()),
            field("Context", self.context.clone()),
            field("Exten", self.exten.clone()),
            field("Priority", "1".to_owned()),
            field("Uniqueid", self.id.clone()),
            field("Linkedid", self.linked.clone()),
        ]
    }
}

/// One bridge.
#[derive(Debug, Clone)]
pub(super) struct Bridge {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) members: Vec<String>,
}

impl Bridge {
    pub(super) fn snapshot(&self, prefix: &str) -> Vec<(String, String)> {
        let field = |key: &str, value: String| (format!("{prefix}{key}"), value);
        vec![
            field("BridgeUniqueid", self.id.clone()),
            field("BridgeType", self.kind.to_owned()),
            field("BridgeTechnology", if self.kind == "parking" { "holding_bridge" } else { "simple_bridge" }.to_owned()),
            field("BridgeCreator", "<unknown>".to_owned()),
            field("BridgeName", "<unknown>".to_owned()),
            field("BridgeNumChannels", self.members.len().to_string()),
            field("BridgeVideoSourceMode", "none".to_owned()),
        ]
    }
}

/// One `Dial` that nobody has answered yet.
#[derive(Debug, Clone)]
pub(super) struct Dialling {
    pub(super) caller: String,
    pub(super) ringing: Vec<String>,
}

/// An attended transfer between its digits and its end.
#[derive(Debug, Clone)]
pub(super) struct Consultation {
    /// The bridge with the party that waits; gone once that party has hung up.
    pub(super) first: String,
    pub(super) second: String,
    pub(super) near_half: String,
    pub(super) waiting: Party,
}

/// Somebody who waits in a parking space.
#[derive(Debug, Clone)]
pub(super) struct Parked {
    pub(super) leg: String,
    pub(super) ring_back: String,
    pub(super) timeout: u64,
}

/// How a channel ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) cause: u32,
    /// The code of the telephone protocol behind it.
    pub(super) code: Option<u32>,
    /// Whether the phone at its end wanted it.
    pub(super) by_phone: bool,
    /// What a dial says of it.
    pub(super) status: &'static str,
}

impl Ending {
    pub(super) const CLEARED: Self = Self { cause: 16, code: None, by_phone: false, status: "CANCEL" };
    pub(super) const HUNG_UP: Self = Self { by_phone: true, ..Self::CLEARED };
    pub(super) const DECLINED: Self = Self { cause: 17, code: Some(486), by_phone: true, status: "BUSY" };
    pub(super) const GIVEN_UP: Self = Self { cause: 127, code: Some(487), by_phone: true, status: "CANCEL" };
    pub(super) const ELSEWHERE: Self = Self { cause: 26, ..Self::CLEARED };
    pub(super) const NO_ANSWER: Self = Self { cause: 0, code: None, by_phone: false, status: "NOANSWER" };
    pub(super) const CONGESTED: Self = Self { cause: 34, code: Some(503), by_phone: false, status: "CONGESTION" };

    /// Returns what a client's `Hangup` asks for.
    pub(super) fn asked(cause: u32) -> Self {
        let status = if matches!(cause, 17 | 21) { "BUSY" } else { "NOANSWER" };
        Self { cause, code: None, by_phone: false, status }
    }

    /// Returns the lines of an event of the end; `TechCause` came late.
    pub(super) fn code_field(&self, release: Release) -> Vec<(String, String)> {
        match (release, self.code) {
            (Release::V22, Some(code)) => vec![("TechCause".to_owned(), code.to_string())],
            (Release::V16, _) | (Release::V22, None) => Vec::new(),
        }
    }

    /// Returns the words of its cause.
    pub(super) fn text(&self) -> &'static str {
        match self.cause {
            16 => "Normal Clearing",
            17 => "User busy",
            19 => "User alerting, no answer",
            21 => "Call Rejected",
            26 => "Answered elsewhere",
            34 => "Circuit/channel congestion",
            127 => "Interworking, unspecified",
            _ => "Unknown",
        }
    }
}
