//! Own do-not-disturb: read from the database of the PBX, set by dialling its code.
//!
//! Writing the database would leave the lamps of colleagues behind; the code sets both.

use std::time::Duration;

use phone_core::request::OwnPresence;
use phone_core::told::RequestId;
use phone_core::{Now, Reason};

use super::commands::What;
use super::packet::{Action, Packet};
use super::{Asked, Asterisk, Feature, Phase, lists};
use crate::dialect::{Effects, Random};

/// When it is read back for the first time after it was set.
const LOOK: Duration = Duration::from_millis(600);
/// When again; a PBX may wait and speak before it sets it.
const LOOK_AGAIN: Duration = Duration::from_millis(900);

impl Asterisk {
    /// Asks the database; a variable would read as empty where it is forbidden, and look like off.
    pub(super) fn ask_own_dnd(&mut self, out: &mut Effects) {
        let own = self.keys.extension.clone();
        self.ask_list(Asked::Dnd, |id| lists::DATABASE.ask(id).with("Family", "DND").with("Key", &own), out);
    }

    /// The answer that there is no entry, or that none may be read.
    pub(super) fn dnd_answered(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        if packet.message().to_ascii_lowercase().contains("not found") {
            self.dnd_is(false, out);
        }
    }

    /// The entry itself.
    pub(super) fn dnd_entry(&mut self, packet: &Packet<'_>, out: &mut Effects) {
        let on = packet.text("Val").is_some_and(|value| value.eq_ignore_ascii_case("yes") || value == "1");
        self.dnd_is(on, out);
    }

    fn dnd_is(&mut self, on: bool, out: &mut Effects) {
        self.dnd = Some(on);
        if self.phase == Phase::Live {
            self.tell_own(out);
        }
        let is_it = |what: &What| matches!(what, What::Dnd { on: wanted, .. } if *wanted == on);
        if let Some(request) = self.open.find(is_it) {
            self.confirm(request, out);
        }
    }

    pub(super) fn set_presence(
        &mut self,
        request: RequestId,
        presence: OwnPresence,
        plain: bool,
        now: Now,
        random: &mut dyn Random,
        out: &mut Effects,
    ) -> Result<(), Reason> {
        let (on, feature) = match presence {
            OwnPresence::Dnd => (true, Feature::DndOn),
            OwnPresence::Available => (false, Feature::DndOff),
            OwnPresence::Away | OwnPresence::Busy => return Err(Reason::Unsupported),
        };
        if !plain {
            return Err(Reason::NoEndOrNote);
        }
        if !self.can_dnd() {
            return Err(Reason::Unsupported);
        }
        let channel = self.channel_id(now, random);
        let phone = format!("Local/{}@{}", feature.code(&self.keys.extension), self.keys.context);
        let caller = self.caller_id();
        // What was read before the change must not confirm it.
        self.asked.retain(|asked| *asked != Asked::Dnd);
        let action = |id| {
            let action = Action::new("Originate", id).with("Channel", &phone).with("Application", "Wait").with("Data", "5");
            action.with("CallerID", &caller).with("Timeout", "10000").with("Async", "true").with("ChannelId", &channel)
        };
        self.originate(request, action, out);
        self.open(request, What::Dnd { on, look_at: now.mono + LOOK });
        Ok(())
    }

    /// Reads it back when it is time to.
    pub(super) fn look_at_dnd(&mut self, now: Now, out: &mut Effects) {
        let mut due = false;
        for open in self.open.iter_mut() {
            if let What::Dnd { look_at, .. } = &mut open.what
                && *look_at <= now.mono
            {
                *look_at = now.mono + LOOK_AGAIN;
                due = true;
            }
        }
        if due {
            self.ask_own_dnd(out);
        }
    }
}
