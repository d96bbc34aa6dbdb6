//! Handing calls on: at once, after asking, to another call of ours, and to a parking place.

use std::time::Duration;

use phone_core::told::RequestId;
use phone_core::{Now, Reason};

use super::Asterisk;
use super::calls::Call;
use super::commands::{Step, What};
use super::keys::dialable;
use super::packet::{Action, Packet};
use crate::dialect::Effects;
use crate::open::End;

/// How long the PBX may take to begin asking, beside the time for typing.
const ASKING: Duration = Duration::from_secs(4);
/// How long it types at each digit.
const TYPING: Duration = Duration::from_millis(50);
/// How long a parked call waits until it comes back to us, in milliseconds.
const PARKED_MS: &str = "45000";

/// A number that calls may be sent to; who is sent to a code runs it as if it were typed at their own phone.
pub(super) fn sendable(to: &str) -> Result<&str, Reason> {
    let to = dialable(to)?;
    if to.contains(['*', '#']) { Err(Reason::TargetRefused("Calls go to a number, not to a code.")) } else { Ok(to) }
}

impl Asterisk {
    pub(super) fn transfer(&mut self, request: RequestId, key: &str, to: &str, out: &mut Effects) -> Result<(), Reason> {
        if self.calls.find(key).is_some_and(|(call, of_consult)| !of_consult && call.rings_here()) {
            return self.deflect(request, key, to, out);
        }
        let to = sendable(to)?.to_owned();
        let leg = self.talking_leg(key)?;
        self.ask_valid(request, &to, out);
        self.open(request, What::Transfer { leg, to });
        Ok(())
    }

    pub(super) fn consult(&mut self, request: RequestId, key: &str, to: &str, out: &mut Effects) -> Result<(), Reason> {
        let to = sendable(to)?.to_owned();
        if !self.can_consult() {
            return Err(Reason::Unsupported);
        }
        let leg = self.talking_leg(key)?;
        self.ask_valid(request, &to, out);
        self.open(request, What::Consult { key: key.to_owned(), leg, to, until: None, aside: false });
        Ok(())
    }

    /// The number of a transfer exists: now it is sent.
    pub(super) fn number_is_good(&mut self, request: RequestId, now: Now, out: &mut Effects) {
        let (name, leg, to, asks) = match self.open.get_mut(request) {
            Some(What::Transfer { leg, to }) => ("BlindTransfer", leg.clone(), to.clone(), None),
            Some(What::Consult { leg, to, key, until, .. }) => {
                let typing = TYPING.saturating_mul(u32::try_from(to.len()).unwrap_or(u32::MAX));
                *until = Some(now.mono + ASKING + typing);
                ("Atxfer", leg.clone(), to.clone(), Some(key.clone()))
            }
            _ => return,
        };
        // It may have ended, or left its bridge, while the question was on its way.
        if self.channels.get(&leg).is_none_or(|leg| leg.bridge.is_none()) {
            return self.refuse(request, Reason::NoSuchCall, out);
        }
        if let Some(call) = asks.and_then(|key| self.calls.get_mut(&key)) {
            call.asked = Some(to.clone());
        }
        let (channel, context) = (self.leg_name(&leg), self.keys.context.clone());
        let action = |id| Action::new(name, id).with("Channel", &channel).with("Context", &context).with("Exten", &to);
        self.send_step(request, Step::Sent, action, out);
    }

    /// A call is being hung up. What has not been asked about it yet is never asked; where that has begun and does not show
    /// yet, gives the other party, which has to go first: whoever asks and hangs up hands over.
    pub(super) fn asked_in_vain(&mut self, call: &Call, out: &mut Effects) -> Option<String> {
        let is_it = |what: &What| matches!(what, What::Consult { key, .. } if *key == call.key);
        let request = self.open.find(is_it)?;
        if matches!(self.open.get(request), Some(What::Consult { until: None, .. })) {
            self.refuse(request, Reason::NoSuchCall, out);
            return None;
        }
        let leg = call.up.as_deref()?;
        let home = call.home.as_deref().and_then(|home| self.channels.bridge(home))?;
        self.channels.others(home, leg).next().map(str::to_owned)
    }

    /// Joins two calls: what we asked about with whom we asked, or the parties of two calls of their own.
    pub(super) fn join(&mut self, request: RequestId, key: &str, other: &str, out: &mut Effects) -> Result<(), Reason> {
        let (first, first_asked) = self.calls.find(key).ok_or(Reason::NoSuchCall)?;
        let (second, second_asked) = self.calls.find(other).ok_or(Reason::NoSuchCall)?;
        if first.key == second.key && first_asked != second_asked {
            let leg = first.up.clone().ok_or(Reason::LegUnclear)?;
            // Whoever asks and hangs up hands over; the PBX shows it as a transfer.
            self.open(request, What::Complete { leg: leg.clone() });
            let step = Step::HangUp(leg.clone());
            self.send_step(request, step, |id| Action::new("Hangup", id).with("Channel", &leg).with("Cause", "16"), out);
            return Ok(());
        }
        if !self.allows("Bridge") || first.consult.is_some() || second.consult.is_some() || first.key == second.key {
            return Err(Reason::Unsupported);
        }
        let legs = [self.talking_leg(key)?, self.talking_leg(other)?];
        let peer = |leg: &String| self.channels.peer(leg).map(str::to_owned).ok_or(Reason::LegUnclear);
        let [one, two] = [peer(&legs[0])?, peer(&legs[1])?];
        let (one, two) = (self.leg_name(&one), self.leg_name(&two));
        self.open(request, What::Join { legs, accepted: false });
        let action = |id| Action::new("Bridge", id).with("Channel1", &one).with("Channel2", &two).with("Tone", "no");
        self.send_step(request, Step::Sent, action, out);
        Ok(())
    }

    pub(super) fn park(&mut self, request: RequestId, key: &str, out: &mut Effects) -> Result<(), Reason> {
        let leg = self.talking_leg(key)?;
        let peer = self.channels.peer(&leg).ok_or(Reason::LegUnclear)?.to_owned();
        // Without our own leg to come back to, the parked party itself would be rung back.
        let (parked, back) = (self.leg_name(&peer), self.leg_name(&leg));
        let action = |id| {
            let action = Action::new("Park", id).with("Channel", &parked).with("TimeoutChannel", &back);
            action.with("Timeout", PARKED_MS)
        };
        self.send_step(request, Step::Sent, action, out);
        self.open(request, What::Park { peer });
        Ok(())
    }

    /// The answered leg of a call that is not put aside.
    pub(super) fn talking_leg(&self, key: &str) -> Result<String, Reason> {
        let (call, of_consult) = self.calls.find(key).ok_or(Reason::NoSuchCall)?;
        if of_consult || call.consult.is_some() {
            return Err(Reason::NotNow("Somebody is being asked about this call; end that first, or hand it over."));
        }
        call.up.clone().ok_or(Reason::NotNow("This call is not connected yet."))
    }

    pub(super) fn blind_transferred(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        let Some(by) = packet.text("TransfererUniqueid") else { return };
        let is_it = |what: &What| matches!(what, What::Transfer { leg, .. } if leg == by);
        let Some(request) = self.open.find(is_it) else { return };
        self.transferred(request, packet, out);
    }

    pub(super) fn attended_transferred(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        let by = [packet.text("OrigTransfererUniqueid"), packet.text("SecondTransfererUniqueid")];
        let is_it = |what: &What| matches!(what, What::Complete { leg } if by.contains(&Some(leg)));
        let Some(request) = self.open.find(is_it) else { return };
        self.transferred(request, packet, out);
    }

    fn transferred(&mut self, request: RequestId, packet: &Packet<'_>, out: &mut Effects) {
        match packet.text("Result") {
            Some("Success") => self.confirm(request, out),
            other => {
                let word = other.unwrap_or("no result").to_ascii_lowercase();
                self.refuse(request, Reason::RefusedByPbx(word), out);
            }
        }
    }

    pub(super) fn was_parked(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        let Some(parked) = packet.text("ParkeeUniqueid") else { return };
        let is_it = |what: &What| matches!(what, What::Park { peer, .. } if peer == parked);
        let Some(request) = self.open.find(is_it) else { return };
        let (key, place) = (self.follows_parked().then(|| parked.to_owned()), packet.text("ParkingSpace").map(str::to_owned));
        self.open.end(request, End::Parked { key, place }, out);
    }

    /// Asking first was typed and nothing came of it: this PBX does not let this phone, and the other side heard the digits.
    pub(super) fn atxfer_does_nothing(&mut self, out: &mut Effects) {
        self.no_atxfer = true;
        self.tell_abilities(out);
    }
}
