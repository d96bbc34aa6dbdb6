//! What the self-examination can say of this kind: by which way numbers are dialled, and what was refused.

use phone_core::request::Check;

use super::keys::Path;
use super::{Phase, Vodia};
use crate::dialect::Findings;

impl Vodia {
    pub(super) fn examined(&self) -> Findings {
        if self.phase != Phase::Live {
            return Findings::default();
        }
        let way = match self.dial_path() {
            Path::WebSocket => "the live connection (websocket)",
            Path::Rest => "a request of its own (rest)",
            Path::RemoteCall => "the page remote_call.htm",
        };
        let chosen = if self.keys.dial_path.is_some() { ", as this account says" } else { "" };
        let mut text = format!("Numbers are dialled by {way}{chosen}.");
        let refused: Vec<&str> = self.learnt.refused.keys().map(String::as_str).collect();
        if !refused.is_empty() {
            text.push_str(&format!(" The PBX refused {}; that is tried again after a day.", refused.join(", ")));
        }
        let mut checks = vec![Check::fine("dialling", &text)];
        if self.no_answer {
            let text = "Your phone did not react when it was told to answer, so that is not offered until the next sign-in.";
            checks.push(Check::not_here("answering", text));
        }
        Findings { checks, ..Findings::default() }
    }
}
