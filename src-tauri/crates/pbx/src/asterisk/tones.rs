//! Keypad tones to the other side, one action each, with time between them.

use std::time::Duration;

use phone_core::told::RequestId;
use phone_core::{Now, Reason};

use super::Asterisk;
use super::commands::{Step, Tones, What};
use super::packet::Action;
use crate::dialect::Effects;

/// Time from one tone to the next.
const EVERY: Duration = Duration::from_millis(250);
/// How long a whole row may take, so that it is over within the time that a command has.
const WHOLE: Duration = Duration::from_millis(4000);
/// Silence between two tones.
const GAP: Duration = Duration::from_millis(50);
/// How many tones long a comma is silent.
const COMMA: u32 = 4;

impl Asterisk {
    pub(super) fn tones(
        &mut self,
        request: RequestId,
        key: &str,
        digits: &str,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Reason> {
        let digits = phone_core::call::tones(digits).map_err(|why| Reason::WrongUsage(why.to_string()))?;
        let leg = self.talking_leg(key)?;
        let peer = self.channels.peer(&leg).map(str::to_owned);
        let is_bridged = self.channels.get(&leg).is_some_and(|leg| leg.bridge.is_some());
        if peer.is_none() && is_bridged {
            return Err(Reason::LegUnclear);
        }
        let slots: u32 = digits.chars().map(|c| if c == ',' { COMMA } else { 1 }).sum();
        let every = EVERY.min(WHOLE / slots.max(1));
        let left = digits.chars().collect();
        let tones = Tones { key: key.to_owned(), leg, peer, left, next_at: now.mono, every, unanswered: 0 };
        self.open(request, What::Tones(tones));
        self.next_tones(now, out);
        Ok(())
    }

    /// Sends the tones whose time has come.
    pub(super) fn next_tones(&mut self, now: Now, out: &mut Effects) {
        let mut due = vec![];
        let mut gone = vec![];
        for open in &mut self.open {
            let What::Tones(tones) = &mut open.what else { continue };
            if tones.next_at > now.mono || tones.left.is_empty() {
                continue;
            }
            // Whoever is there now did not ask for them.
            if self.channels.peer(&tones.leg) != tones.peer.as_deref() {
                gone.push(open.request);
                continue;
            }
            let Some(tone) = tones.left.pop_front() else { continue };
            if tone == ',' {
                tones.next_at = now.mono + tones.every * COMMA;
                continue;
            }
            tones.next_at = now.mono + tones.every;
            tones.unanswered += 1;
            due.push((open.request, tones.leg.clone(), tones.peer.clone(), tone, tones.every));
        }
        for request in gone {
            self.refuse(request, Reason::NoSuchCall, out);
        }
        for (request, leg, peer, tone, every) in due {
            let channel = self.leg_name(peer.as_ref().unwrap_or(&leg));
            let (tone, length) = (tone.to_string(), every.saturating_sub(GAP).as_millis().to_string());
            let action = |id| {
                let action = Action::new("PlayDTMF", id).with("Channel", &channel).with("Digit", &tone);
                let action = action.with("Duration", &length);
                // The PBX itself listens: it takes them as typed at the own phone.
                if peer.is_none() { action.with("Receive", "true") } else { action }
            };
            self.send_step(request, Step::Sent, action, out);
        }
        self.look_at_open(now, out);
    }
}
