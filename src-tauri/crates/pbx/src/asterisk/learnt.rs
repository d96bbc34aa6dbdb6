//! What was learnt of a server and of the own phones, kept between starts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Asterisk;
use crate::dialect::{Effect, Effects};

/// Most models of phones that are remembered.
const MOST_PHONES: usize = 16;

/// No secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Learnt {
    /// Version, as the server tells it.
    pub server: Option<String>,
    /// When it was started, as it writes that.
    pub started: Option<String>,
    /// Models of phones that have announced that they answer and hold when told to.
    pub talk: BTreeSet<String>,
    /// Models of phones that have answered by themselves when they were dialled with that wish.
    pub answers: BTreeSet<String>,
}

impl Learnt {
    pub fn of(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

impl Asterisk {
    pub(super) fn learn(&mut self, change: impl FnOnce(&mut Learnt), out: &mut Effects) {
        let before = self.learnt.clone();
        change(&mut self.learnt);
        for models in [&mut self.learnt.talk, &mut self.learnt.answers] {
            while models.len() > MOST_PHONES {
                models.pop_first();
            }
        }
        if before != self.learnt
            && let Ok(text) = serde_json::to_string(&self.learnt)
        {
            out.push(Effect::Learn(text));
        }
    }
}
