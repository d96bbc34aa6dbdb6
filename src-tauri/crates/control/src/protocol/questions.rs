//! What the agent asks in a small window where notices have no buttons, and what a link fills into the form of a sign-in.

use phone_core::number::Offer;
use phone_core::pairing::Pairing;
use serde::{Deserialize, Serialize};

/// What made a question necessary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// A link from another program, which nobody may have clicked.
    Link,
    /// A selected text and the user's own key.
    Text,
    /// A press of the user on a number.
    Pressed,
}

/// A question before a dial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Question {
    /// Its name, which an answer repeats.
    pub id: String,
    /// What made it necessary.
    pub by: AskedBy,
    /// The number, or the numbers to choose from.
    pub offers: Vec<Offer>,
    /// The link could not be dialled when it came.
    pub late: bool,
    /// It took the place of another one, for which nothing was dialled.
    pub replaces: bool,
    /// How many seconds are left for an answer.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seconds: u64,
    /// No notice can tell that the time is over, so the window says so itself.
    pub alone: bool,
}

/// Answer of `question`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuestionReply {
    /// What is asked; none when nothing is.
    pub question: Option<Question>,
}

/// Parameters of `answer_question`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct AnswerQuestionParams {
    /// Which question.
    pub id: String,
    /// The number to dial, as its offer names it; without one nothing is dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Links with this number do not ask any more.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub always: bool,
}

/// Answer of `take_pairing`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TakePairingReply {
    /// What a link wants to have in the form; none when nothing waits, or somebody has taken it.
    pub pairing: Option<Pairing>,
}
