//! Where calls may be sent: handed on, asked about, or forwarded. What nobody can be asked about there is refused.

use super::Model;
use crate::account::AccountName;
use crate::number::{Kind, Target, Yes};
use crate::reason::Reason;
use crate::request::Source;

/// A phone cannot send calls to itself.
const OWN_NUMBER: Reason = Reason::TargetRefused("This is your own number.");
/// Who is sent to a code runs it: the caller would change a setting and be lost.
const A_CODE: Reason = Reason::TargetRefused("Calls go to a number, not to a code.");
/// Nobody who called an office asked for that.
const EMERGENCY: Reason = Reason::TargetRefused("Calls never go to an emergency number.");
/// Said where a locked screen stands in the way: whoever walks by could send calls to a phone of their own.
pub(super) const LOCKED: Reason = Reason::TargetRefused("The screen is locked.");

impl Model {
    /// Judges to whom a call is handed on, or who is asked about it; what would need a question is refused.
    pub(super) fn hand_on_target(&mut self, name: &AccountName, text: &str) -> Result<Target, Reason> {
        let target = self.judge_dial(name, text, Source::Typed, &Yes::No).map_err(not_one_target)?;
        // Nobody could send the digits for after the answer.
        if target.post_dial.is_some() {
            return Err(Reason::NotOneTarget);
        }
        if target.kind == Kind::FeatureCode { Err(A_CODE) } else { Ok(target) }
    }

    /// The same for a call that still rings here: at the own number it would ring again, as another call.
    pub(super) fn send_on_target(&mut self, name: &AccountName, text: &str) -> Result<Target, Reason> {
        // It is no question of what the number may be elsewhere.
        if self.is_own(name, text.trim()) {
            return Err(OWN_NUMBER);
        }
        let target = self.hand_on_target(name, text)?;
        if self.is_own(name, &target.dial) { Err(OWN_NUMBER) } else { Ok(target) }
    }

    /// Judges a target as if it were typed to be dialled, because the PBX dials it for each call that comes.
    pub(super) fn forward_target(&mut self, name: &AccountName, text: &str, yes: &Yes) -> Result<String, Reason> {
        // It is no question of what the number may cost.
        if self.is_own(name, text.trim()) {
            return Err(OWN_NUMBER);
        }
        let target = self.judge_dial(name, text, Source::Typed, yes).map_err(not_to_forward_to)?;
        match target.kind {
            Kind::FeatureCode => return Err(A_CODE),
            Kind::Emergency => return Err(EMERGENCY),
            Kind::Uri | Kind::NotANumber => return Err(Reason::TargetNotUsable("Calls go to a number, and this is none.")),
            Kind::International | Kind::National | Kind::Extension | Kind::Service | Kind::Premium | Kind::Satellite => {}
        }
        if target.post_dial.is_some() {
            return Err(Reason::TargetNotUsable("Nobody could send the digits for after the answer."));
        }
        if self.is_own(name, &target.dial) { Err(OWN_NUMBER) } else { Ok(target.dial) }
    }

    fn is_own(&self, name: &AccountName, number: &str) -> bool {
        self.desks.iter().any(|desk| &desk.name == name && desk.user.as_deref() == Some(number))
    }
}

/// There is no question before a call is handed on, and nothing is dialled by that.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other reasons say it already")]
fn not_one_target(why: Reason) -> Reason {
    match why {
        Reason::PolicyAsk(offer) if offer.kind == Kind::FeatureCode => A_CODE,
        Reason::PolicyAsk(offer) if offer.extension.is_none() => Reason::TargetAsks(offer.why),
        Reason::PolicyAsk(_) | Reason::SeveralNumbers(_) | Reason::NumberNotUsable(_) => Reason::NotOneTarget,
        Reason::PolicyRefuse(why) => Reason::TargetRefused(why),
        Reason::EmergencyNumber => EMERGENCY,
        other => other,
    }
}

/// Nothing is dialled by a forwarding either, but its question can be answered.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other reasons say it already")]
fn not_to_forward_to(why: Reason) -> Reason {
    match why {
        Reason::PolicyAsk(offer) if offer.kind == Kind::FeatureCode => A_CODE,
        Reason::PolicyAsk(offer) => Reason::ForwardAsk(offer),
        Reason::PolicyRefuse(why) => Reason::TargetRefused(why),
        Reason::NumberNotUsable(why) => Reason::TargetNotUsable(why),
        Reason::EmergencyNumber => EMERGENCY,
        other => other,
    }
}
