//! Ended calls: pages, a table for other programs, notes, and what is removed.

use phone_core::view::CallRecord;
use phone_core::{AccountName, CallId};
use serde::{Deserialize, Serialize};

/// Parameters of `history` and `export_history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
#[serde(default)]
pub struct HistoryParams {
    /// Only missed ones.
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub missed: bool,
    /// At most so many; 500 at most.
    #[cfg_attr(feature = "ts", ts(as = "Option<u32>", optional))]
    pub limit: usize,
    /// Only whose name, number or note contains this; a number in whatever way it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Only those of this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// Only those behind an earlier page: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

impl Default for HistoryParams {
    fn default() -> Self {
        Self { missed: false, limit: 50, filter: None, account: None, before: None }
    }
}

/// Answer of `history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HistoryReply {
    /// Ended calls, newest first.
    pub calls: Vec<CallRecord>,
    /// What the next page is asked for with, as `before`; nothing when there is no more.
    #[serde(default)]
    pub next: Option<String>,
}

/// Answer of `export_history`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExportHistoryReply {
    /// Lines of comma-separated cells (RFC 4180), newest call first; the first part begins with the headings.
    pub text: String,
    /// What the next part is asked for with, as `before`; nothing when there is no more.
    pub next: Option<String>,
}

/// Parameters of `delete_calls`: calls by name, or all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct DeleteCallsParams {
    /// These calls; what the PBX's own list says of them is not taken over again.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<CallId>>", optional))]
    pub calls: Vec<CallId>,
    /// All of them.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub all: bool,
}

/// Answer of `delete_calls`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeleteCallsReply {
    /// How many there were.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub deleted: usize,
}

/// Parameters of `note_call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct NoteCallParams {
    /// The ended call.
    pub call: CallId,
    /// At most 1,000 characters; nothing removes the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
