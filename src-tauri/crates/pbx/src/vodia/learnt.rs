//! What was learnt of a server, kept between starts, and how long a refusal counts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Generation, Vodia};
use crate::dialect::{Effect, Effects};

/// Seconds for which a path that was refused is left alone. It may have been refused by somebody in between, or for a while.
const REFUSED_FOR: u64 = 24 * 60 * 60;

/// No secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Learnt {
    /// `Server` header.
    pub server: Option<String>,
    /// Generation by version.
    pub generation: Option<Generation>,
    /// The server has no password resource.
    pub no_password_resource: bool,
    /// The user WebSocket sits at the root path.
    pub root_path: bool,
    /// Paths that the server refused, such as `rest_dial`, and when, in Unix seconds.
    pub refused: BTreeMap<String, i64>,
}

impl Vodia {
    pub(super) fn learn(&mut self, change: impl FnOnce(&mut Learnt), out: &mut Effects) {
        let before = self.learnt.clone();
        change(&mut self.learnt);
        if before != self.learnt
            && let Ok(text) = serde_json::to_string(&self.learnt)
        {
            out.push(Effect::Learn(text));
        }
    }

    pub(super) fn is_unusable(&self, path: &str) -> bool {
        self.learnt.refused.contains_key(path)
    }

    /// The server said clearly that it does not have this path.
    pub(super) fn path_refused(&mut self, path: &str, wall: Timestamp, out: &mut Effects) {
        let refused = (path.to_owned(), wall.as_second());
        self.learn(|learnt| learnt.refused.extend([refused]), out);
    }

    /// What was refused long ago is tried again; so is what a clock that was wrong has dated far into the future.
    pub(super) fn forget_old_refusals(&mut self, wall: Timestamp, out: &mut Effects) {
        let now = wall.as_second();
        self.learn(|learnt| learnt.refused.retain(|_, at| now.abs_diff(*at) < REFUSED_FOR), out);
    }
}
