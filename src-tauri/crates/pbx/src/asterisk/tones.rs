//! Keypad tones to the other side, one action each, with silence between them.
//!
//! The server answers when a tone has ended. What begins too soon after that answer is lost on its way to the phone, so the
//! answer, and not a clock, says when the next one may follow.

use std::time::{Duration, Instant};

use phone_core::told::RequestId;
use phone_core::{Now, Reason};

use super::Asterisk;
use super::commands::{Step, Tones, What};
use super::packet::Action;
use super::peers::Listener;
use crate::dialect::Effects;
use crate::open::Open;

/// How long a tone is, in milliseconds.
const LENGTH_MS: &str = "200";
/// Silence after a tone.
const GAP: Duration = Duration::from_millis(80);
/// How long a comma is silent.
const PAUSE: Duration = Duration::from_secs(1);

impl Tones {
    /// The server says that the tone has ended; gives when the next one may begin.
    pub(super) fn has_played(&mut self, now: Now) -> Instant {
        self.plays = false;
        self.next_at = now.mono + GAP;
        self.next_at
    }
}

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
        let to = self.listener(&leg);
        // Keys pressed one by one are commands of their own, and their tones run into each other all the same.
        let next_at = self.tones_from.map_or(now.mono, |from| from.max(now.mono));
        let tones = Tones { key: key.to_owned(), leg, to, left: digits.chars().collect(), next_at, plays: false };
        self.open(request, What::Tones(tones));
        self.next_tones(now, out);
        Ok(())
    }

    /// Sends the tones whose time has come.
    pub(super) fn next_tones(&mut self, now: Now, out: &mut Effects) {
        let waits = |open: &Open<What>| {
            let What::Tones(tones) = &open.what else { return None };
            let is_due = !tones.plays && tones.next_at <= now.mono && !tones.left.is_empty();
            // Whoever is there now did not ask for them.
            is_due.then(|| (open.request, self.listener(&tones.leg) == tones.to))
        };
        let due: Vec<_> = self.open.iter().filter_map(waits).collect();
        for (request, is_there) in due {
            if is_there {
                self.next_tone(request, now, out);
            } else {
                self.refuse(request, SOMEBODY_ELSE, out);
            }
        }
        self.look_at_open(now, out);
    }

    fn next_tone(&mut self, request: RequestId, now: Now, out: &mut Effects) {
        let Some(What::Tones(tones)) = self.open.get_mut(request) else { return };
        let Some(tone) = tones.left.pop_front() else { return };
        if tone == ',' {
            tones.next_at = now.mono + PAUSE;
            return;
        }
        tones.plays = true;
        let (channel, received) = match &tones.to {
            Listener::Peer(peer) => (peer.clone(), false),
            // The PBX itself listens: it takes them as typed at the own phone.
            Listener::Pbx | Listener::NotKnown => (tones.leg.clone(), true),
        };
        let (channel, tone) = (self.leg_name(&channel), tone.to_string());
        let action = |id| {
            let action = Action::new("PlayDTMF", id).with("Channel", &channel).with("Digit", &tone);
            let action = action.with("Duration", LENGTH_MS);
            if received { action.with("Receive", "true") } else { action }
        };
        self.send_step(request, Step::Sent, action, out);
    }
}

const SOMEBODY_ELSE: Reason = Reason::NotNow("Somebody else is at the other end now; the rest of the tones was not sent.");
