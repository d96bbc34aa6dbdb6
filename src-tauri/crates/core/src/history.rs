//! Ended calls as they are asked for: which ones, in pages, newest first.

use crate::view::CallRecord;
use crate::{AccountName, CallId};

/// Which ended calls are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallsWanted {
    /// Only missed ones.
    pub missed: bool,
    /// Only those of this account.
    pub account: Option<AccountName>,
    /// Only those whose name, number or note has this; a number in whatever way it is written.
    pub text: Option<String>,
    /// Only those behind an earlier page, as that page said.
    pub before: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A page of ended calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The calls, newest first.
    pub calls: Vec<CallRecord>,
    /// What the next page is asked for with; none when there is no more.
    pub next: Option<String>,
}

/// Ended calls that are to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichCalls {
    /// These alone.
    These(Vec<CallId>),
    /// All of them.
    All,
}
