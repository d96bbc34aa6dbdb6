//! One call as the PBX sees it, and how each participant is shown it.

use super::options::HeldWords;
use super::records::CallId;

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The PBX rings the phone of the one who dialled.
    OwnPhone,
    /// The own phone is lifted and asks for the key 1 (section 3).
    Prompt,
    /// The called party rings.
    Ringing,
    /// They talk, or somebody holds.
    Connected,
}

impl Stage {
    /// Returns a short word for logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::OwnPhone => "own_phone",
            Self::Prompt => "prompt",
            Self::Ringing => "ringing",
            Self::Connected => "connected",
        }
    }
}

/// One end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Number as it was rung or dialled.
    pub number: String,
    /// Display name; may be empty or hostile.
    pub name: String,
    /// Own extension behind that number, if it is a single one.
    pub extension: Option<String>,
}

/// Marks the party outside the company in [`Call::held_by`].
pub const FAR: &str = "far";

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its id on the socket.
    pub id: CallId,
    /// Its id over REST.
    pub rest_id: String,
    /// Caller.
    pub from: Party,
    /// Called party.
    pub to: Party,
    /// How far it has come.
    pub stage: Stage,
    /// Whether key 1 must be pressed after the own phone is lifted.
    pub prompt: bool,
    /// Extensions whose phone rings.
    pub ringing: Vec<String>,
    /// Extensions that talk, hold, or wait for the other side to answer.
    pub taking_part: Vec<String>,
    /// Extensions that rang until somebody else answered.
    pub rang: Vec<String>,
    /// Extensions that go on being shown the call though somebody else answered it.
    pub still_shown: Vec<String>,
    /// Who holds: extensions, or [`FAR`].
    pub held_by: Vec<String>,
    /// Queue or hunt group it came through.
    pub group: Option<String>,
    /// Begin, Unix seconds.
    pub start: f64,
    /// Answer, Unix seconds.
    pub connect: Option<f64>,
}

impl Call {
    /// Tells whether the extension rings for this call or takes part in it.
    pub fn concerns(&self, extension: &str) -> bool {
        self.ringing.iter().chain(&self.taking_part).any(|each| each == extension)
    }

    /// Tells whether the extension is shown the call.
    pub fn is_shown_to(&self, extension: &str) -> bool {
        self.concerns(extension) || self.still_shown.iter().any(|each| each == extension)
    }

    /// Tells whether the extension is on the calling side.
    pub fn is_caller(&self, extension: &str) -> bool {
        self.from.extension.as_deref() == Some(extension)
    }

    /// Returns the other end as this extension sees it.
    pub fn remote(&self, extension: &str) -> &Party {
        if self.is_caller(extension) { &self.to } else { &self.from }
    }

    /// Tells whether anybody holds.
    pub fn is_held(&self) -> bool {
        !self.held_by.is_empty()
    }

    /// Returns all extensions that are shown the call.
    pub(super) fn audience(&self) -> Vec<String> {
        self.ringing.iter().chain(&self.taking_part).chain(&self.still_shown).cloned().collect()
    }

    /// Returns the state word this extension is shown (section 2.6). Generation 3 is not known to use `ringback`.
    pub(super) fn word(&self, extension: &str, words: HeldWords, ringback: bool) -> &'static str {
        match self.stage {
            Stage::OwnPhone => "alerting",
            Stage::Prompt | Stage::Ringing if self.ringing.iter().any(|each| each == extension) => "alerting",
            Stage::Prompt | Stage::Ringing if ringback => "ringback",
            Stage::Prompt | Stage::Ringing => "alerting",
            Stage::Connected if !self.is_held() => "connected",
            Stage::Connected => {
                let ours = self.held_by.iter().any(|each| each == extension);
                if ours == (words == HeldWords::HoldingIsOurs) { "holding" } else { "onhold" }
            }
        }
    }
}

/// A finished call in one extension's history (section 4.2).
#[derive(Debug, Clone)]
pub struct Record {
    /// Extension whose history it stands in.
    pub owner: String,
    /// Id of the call.
    pub id: CallId,
    /// Caller.
    pub from: Party,
    /// Called party.
    pub to: Party,
    /// Begin, Unix seconds.
    pub start: f64,
    /// Answer, Unix seconds.
    pub connect: Option<f64>,
    /// End, Unix seconds.
    pub end: f64,
    /// Whether it came in.
    pub inbound: bool,
    /// Whether it came through a queue or group.
    pub queue: bool,
}
