//! Calls that are put where anybody can fetch them.

use phone_core::CallId;
use serde::{Deserialize, Serialize};

/// Parameters of `park`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ParkParams {
    /// The call.
    pub call: CallId,
}

/// Answer of `park`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ParkReply {
    /// The number to dial for the call that waits, when the PBX says so.
    pub place: Option<String>,
}

/// Parameters of `dismiss_parked`, which goes well also when it is shown no more already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DismissParkedParams {
    /// Its `id` among the parked calls of the view.
    pub parked: CallId,
}
