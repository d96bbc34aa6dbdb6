//! Where the own calls go: read from the database of the PBX, set by dialling its codes.
//!
//! The families `CF`, `CFB` and `CFU` and the codes are those of the usual web page that sets such a PBX up, and one that
//! was set up by hand often has the first. Nobody announces a change of the database. So it is read again when a call of
//! the own phones is over, which may have dialled a code, when a switch of the name that this page gives it changes (which
//! is inferred from its sources, not measured), and once a minute: a change by a web page shows with that delay.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use phone_core::call::tidy;
use phone_core::told::{RequestId, Told};
use phone_core::{ForwardWhen, Forwarding, Now, Reason};

use super::commands::What;
use super::packet::{Action, Packet};
use super::transfers::sendable;
use super::{Asked, Asterisk, Phase, lists};
use crate::dialect::Effects;

/// When it is read back for the first time after it was set.
const LOOK: Duration = Duration::from_millis(600);
/// When again; a PBX may wait and speak before it sets it.
const LOOK_AGAIN: Duration = Duration::from_millis(900);
/// When once more after it was as wanted: a code that only switches may end what it was to set.
const ONCE_MORE: Duration = Duration::from_secs(2);
/// When it is read after something that may have changed it.
const SOON: Duration = Duration::from_millis(300);
/// How often it is read although nothing happened.
const POLL: Duration = Duration::from_secs(60);

/// What is known of the own forwarding.
#[derive(Default)]
pub(super) struct Forward {
    /// Entries as the database said last; what it has not said is missing.
    read: BTreeMap<ForwardWhen, Option<String>>,
    /// Codes that the dial plan has, to set and to end it.
    codes: HashSet<(ForwardWhen, bool)>,
    /// When everything is read again.
    look_at: Option<Instant>,
    told: Option<Forwarding>,
}

/// A change under way.
pub(super) struct Wish {
    when: ForwardWhen,
    to: Option<String>,
    /// The id of the channel that will dial the code.
    channel: String,
    stage: Stage,
    /// What was known before the code was dialled, and how often it was asked for since.
    before: Option<Option<String>>,
    looks: u8,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Whether the target exists.
    Target,
    /// Whether the code takes it.
    Code,
    /// Dialled; it is read back at this moment.
    Sent(Instant),
}

impl Wish {
    /// When there is something to do about it.
    pub(super) fn look_at(&self) -> Option<Instant> {
        match self.stage {
            Stage::Target | Stage::Code => None,
            Stage::Sent(at) => Some(at),
        }
    }

    /// Tells whether an entry shows that it was obeyed. One that stood there before may be read before the code has worked.
    fn is_shown_by(&self, to: Option<&String>) -> bool {
        let is_new = self.before.as_ref().is_none_or(|before| before.as_ref() != to);
        self.look_at().is_some() && self.to.as_ref() == to && (is_new || self.looks > 1)
    }
}

/// Where the database keeps it.
fn family(when: ForwardWhen) -> &'static str {
    match when {
        ForwardWhen::Always => "CF",
        ForwardWhen::Busy => "CFB",
        ForwardWhen::NoAnswer => "CFU",
    }
}

impl Asterisk {
    /// Asks the database for all of it.
    pub(super) fn ask_forwarding(&mut self, out: &mut Effects) {
        for when in ForwardWhen::ALL {
            self.ask_forward(when, out);
        }
    }

    fn ask_forward(&mut self, when: ForwardWhen, out: &mut Effects) {
        if self.phase == Phase::Live {
            if !self.allows("DBGet") {
                return;
            }
            // What was asked before a change must not count after it, nor pile up where nothing is answered.
            self.asked.retain(|asked| *asked != Asked::Forward(when));
        }
        let own = self.keys.extension.clone();
        let action = |id| lists::DATABASE.ask(id).with("Family", family(when)).with("Key", &own);
        self.ask_list(Asked::Forward(when), action, out);
    }

    /// Asks which codes there are. One that takes a number is asked with one, because it is a pattern.
    pub(super) fn ask_forward_codes(&mut self, out: &mut Effects) {
        let own = self.keys.extension.clone();
        for when in ForwardWhen::ALL {
            let Some(codes) = self.keys.forward_codes(when).cloned() else { continue };
            for (on, code) in [(true, format!("{}{own}", codes.on)), (false, codes.off)] {
                let variable = self.valid(&code);
                let asked = Asked::ForwardCode(when, on);
                self.ask_list(asked, |id| Action::new("Getvar", id).with("Variable", &variable), out);
            }
        }
    }

    pub(super) fn forward_code_answered(&mut self, when: ForwardWhen, on: bool, packet: &Packet<'_>) {
        if packet.is_success() && packet.text("Value") == Some("1") {
            self.forward.codes.insert((when, on));
        } else {
            self.forward.codes.remove(&(when, on));
        }
    }

    /// The answer that there is no entry, or that none may be read.
    pub(super) fn forward_answered(&mut self, when: ForwardWhen, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        if packet.message().to_ascii_lowercase().contains("not found") {
            self.forward_is(when, None, now, out);
        } else {
            self.forward.read.remove(&when);
            self.tell_forwarding(out);
        }
    }

    /// The entry itself.
    pub(super) fn forward_entry(&mut self, when: ForwardWhen, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        let to = packet.text("Val").map(tidy).filter(|to| !to.is_empty());
        self.forward_is(when, to, now, out);
    }

    fn forward_is(&mut self, when: ForwardWhen, to: Option<String>, now: Now, out: &mut Effects) {
        let is_it = |wish: &Wish| wish.when == when && wish.is_shown_by(to.as_ref());
        let request = self.open.find(|what| matches!(what, What::Forward(wish) if is_it(wish)));
        self.forward.read.insert(when, to);
        self.forward.look_at.get_or_insert(now.mono + POLL);
        self.tell_forwarding(out);
        if let Some(request) = request {
            self.confirm(request, out);
            self.forward_at(now.mono + ONCE_MORE);
        }
    }

    /// Tells whether what the database says means anything: an office without these codes keeps nothing there, and an empty
    /// entry is then no sign that calls go to the phone.
    pub(super) fn sees_forwarding(&self) -> bool {
        let has_codes = self.forward.codes.iter().any(|(when, on)| self.has_forward_code(*when, *on));
        let is_used = has_codes || self.forward.read.values().any(Option::is_some);
        self.allows("DBGet") && is_used
    }

    /// Tells whether the dial plan has both codes of a forwarding.
    pub(super) fn has_forward_codes(&self, when: ForwardWhen) -> bool {
        [true, false].into_iter().all(|on| self.has_forward_code(when, on))
    }

    /// Tells whether one of them is there, and known to be what it should be.
    fn has_forward_code(&self, when: ForwardWhen, on: bool) -> bool {
        let is_known = !self.takes_anything() || self.keys.names_forward_codes(when);
        is_known && self.forward.codes.contains(&(when, on))
    }

    pub(super) fn can_forward(&self, when: ForwardWhen) -> bool {
        self.has_forward_codes(when) && self.allows("Originate") && self.allows("DBGet")
    }

    /// Tells where calls go, when that changed; it is told with the first picture.
    pub(super) fn tell_forwarding(&mut self, out: &mut Effects) {
        if self.phase != Phase::Live {
            return;
        }
        let is_whole = ForwardWhen::ALL.iter().all(|when| self.forward.read.contains_key(when));
        let known = (is_whole && self.sees_forwarding()).then(|| {
            let mut known = Forwarding::default();
            for (when, to) in &self.forward.read {
                known.set(*when, to.clone());
            }
            known
        });
        if self.forward.told != known {
            self.forward.told.clone_from(&known);
            out.tell(Told::Forwarding(known));
        }
    }

    /// Something happened that may have changed it.
    pub(super) fn forward_soon(&mut self, now: Now) {
        self.forward_at(now.mono + SOON);
    }

    fn forward_at(&mut self, at: Instant) {
        self.forward.look_at = Some(self.forward.look_at.map_or(at, |before| before.min(at)));
    }

    /// Tells whether a device is the switch that shows the own forwarding.
    pub(super) fn is_forward_switch(&self, device: &str) -> bool {
        let owner = device.strip_prefix("Custom:").and_then(|name| name.strip_prefix("DEVCF").or(name.strip_prefix("CF")));
        owner == Some(self.keys.extension.as_str())
    }

    pub(super) fn set_forwarding(
        &mut self,
        request: RequestId,
        when: ForwardWhen,
        to: Option<&str>,
        channel: String,
        out: &mut Effects,
    ) -> Result<(), Reason> {
        if !self.can_forward(when) {
            return Err(Reason::Unsupported);
        }
        let to = to.map(sendable).transpose()?;
        if to.is_some_and(|to| self.keys.is_own_number(to)) {
            return Err(Reason::TargetRefused("This is your own number."));
        }
        let stage = if to.is_some() { Stage::Target } else { Stage::Code };
        self.open(request, What::Forward(Wish { when, to: to.map(str::to_owned), channel, stage, before: None, looks: 0 }));
        match to {
            // A number that does not exist would lose every call.
            Some(to) => self.ask_valid(request, to, out),
            None => self.ask_forward_code(request, out),
        }
        Ok(())
    }

    fn forward_wish(&mut self, request: RequestId) -> Option<&mut Wish> {
        if let Some(What::Forward(wish)) = self.open.get_mut(request) { Some(wish) } else { None }
    }

    /// What is dialled for a wish.
    fn forward_code(&mut self, request: RequestId) -> Option<String> {
        let wish = self.forward_wish(request)?;
        let (when, to) = (wish.when, wish.to.clone());
        let codes = self.keys.forward_codes(when)?;
        Some(to.map_or_else(|| codes.off.clone(), |to| format!("{}{to}", codes.on)))
    }

    fn ask_forward_code(&mut self, request: RequestId, out: &mut Effects) {
        if let Some(code) = self.forward_code(request) {
            self.ask_valid(request, &code, out);
        }
    }

    /// What was asked for a wish exists.
    pub(super) fn forward_goes_on(&mut self, request: RequestId, now: Now, out: &mut Effects) {
        let known = self.forward.read.clone();
        let Some(wish) = self.forward_wish(request) else { return };
        let (stage, when, channel) = (wish.stage, wish.when, wish.channel.clone());
        match stage {
            Stage::Target => {
                wish.stage = Stage::Code;
                self.ask_forward_code(request, out);
            }
            Stage::Code => {
                wish.stage = Stage::Sent(now.mono + LOOK);
                wish.before = known.get(&when).cloned();
                let Some(code) = self.forward_code(request) else { return };
                let phone = format!("Local/{code}@{}", self.keys.context);
                let caller = self.caller_id();
                // What was read before the change must not confirm it.
                self.asked.retain(|asked| *asked != Asked::Forward(when));
                let action = |id| {
                    let action = Action::new("Originate", id).with("Channel", &phone).with("Application", "Wait");
                    let action = action.with("Data", "5").with("CallerID", &caller).with("Timeout", "10000");
                    action.with("Async", "true").with("ChannelId", &channel)
                };
                self.originate(request, action, out);
            }
            Stage::Sent(_) => {}
        }
    }

    /// A wish had no effect in time: whatever shows next was read after it.
    pub(super) fn forward_expired(&mut self, wish: &Wish, out: &mut Effects) {
        self.forward.read.remove(&wish.when);
        self.tell_forwarding(out);
        self.forward.look_at = wish.look_at().or(self.forward.look_at);
    }

    /// Reads back what was set, and all of it now and then.
    pub(super) fn look_at_forward(&mut self, now: Now, out: &mut Effects) {
        if self.forward.look_at.is_some_and(|at| at <= now.mono) {
            self.forward.look_at = self.allows("DBGet").then_some(now.mono + POLL);
            self.ask_forwarding(out);
        }
        let mut due = vec![];
        for open in self.open.iter_mut() {
            if let What::Forward(wish) = &mut open.what
                && wish.look_at().is_some_and(|at| at <= now.mono)
            {
                wish.stage = Stage::Sent(now.mono + LOOK_AGAIN);
                wish.looks = wish.looks.saturating_add(1);
                due.push(wish.when);
            }
        }
        for when in due {
            self.ask_forward(when, out);
        }
    }

    /// When there is something to read.
    pub(super) fn forward_deadline(&self) -> Option<Instant> {
        self.forward.look_at.filter(|_| self.phase == Phase::Live)
    }
}
