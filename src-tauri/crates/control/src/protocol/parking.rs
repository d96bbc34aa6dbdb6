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

/// Parameters of `fetch_parked`: the place is dialled as the PBX has told it, and the phone of the user rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FetchParkedParams {
    /// Its `id` among the parked calls of the view.
    pub id: CallId,
}

/// Parameters of `dismiss_parked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DismissParkedParams {
    /// Its `id` among the parked calls of the view.
    pub parked: CallId,
}
