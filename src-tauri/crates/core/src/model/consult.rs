//! What offices do with a call besides talking: ask somebody about it, park it, take one that rings elsewhere.

use super::commands::{Begin, Begun, Placing, What};
use super::{Live, Model};
use crate::Now;
use crate::account::{Ability, AccountName};
use crate::call::{CallId, CallState};
use crate::number::{Kind, Target};
use crate::reason::Reason;
use crate::request::Source;
use crate::told::{Command, RequestId};
use crate::view::Doing;

/// Longest extension, in digits.
const LONGEST_EXTENSION: usize = 15;

impl Model {
    /// Begins asking somebody about a call, which waits meanwhile.
    ///
    /// It rings at somebody, so it is guarded like a dial: never the same number twice by accident.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub(super) fn consult(&mut self, request: RequestId, name: &AccountName, call: &CallId, text: &str, now: Now) -> Begin {
        let Target { dial: to, e164, .. } = self.hand_on_target(name, text)?;
        self.may_redial(name, &to, e164.as_deref(), now.mono)?;
        let sent = to.clone();
        let what = What(Doing::Consulting, Ability::Consult, |request, key| Command::Consult { request, key, to });
        let begun = self.begin(name, call, request, what, now, |call| match call.state {
            CallState::Connected => Ok(true),
            CallState::Held => Err(Reason::NotNow("This call is on hold; take it back first.")),
            CallState::HeldByOther => Err(Reason::NotNow("The other side holds this call; nobody can be asked about it now.")),
            CallState::Unknown => Err(Reason::StateUnknown),
            CallState::Ended => Err(Reason::NoSuchCall),
            CallState::Dialing | CallState::CallingOwnPhone | CallState::Ringing => {
                Err(Reason::NotNow("This call is not connected yet."))
            }
        })?;
        if matches!(begun, Begun::Send(..)) {
            self.dial_sent(name, request, &sent, e164, now.mono);
        }
        Ok(begun)
    }

    /// Begins putting a call where anybody can fetch it.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn park(&mut self, request: RequestId, call: &CallId, now: Now) -> Begin {
        let (name, id) = self.pick(Some(call), |_| true)?;
        let what = What(Doing::Parking, Ability::Park, |request, key| Command::Park { request, key });
        self.begin(&name, &id, request, what, now, |call: &Live| match call.state {
            CallState::Connected | CallState::Held => Ok(true),
            CallState::HeldByOther => Err(Reason::NotNow("The other side holds this call; it cannot be parked now.")),
            CallState::Unknown => Err(Reason::StateUnknown),
            CallState::Ended => Err(Reason::NoSuchCall),
            CallState::Dialing | CallState::CallingOwnPhone | CallState::Ringing => {
                Err(Reason::NotNow("This call is not connected yet."))
            }
        })
    }

    /// Begins taking the call that rings at a colleague; it shows as a call of our own.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn pick_up(&mut self, request: RequestId, from: &str, account: Option<&AccountName>, now: Now) -> Begin {
        if self.locked {
            return Err(Reason::PolicyRefuse("The screen is locked."));
        }
        let from = from.trim();
        if from.is_empty() || from.len() > LONGEST_EXTENSION || !from.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reason::WrongUsage("a call is taken from an extension, and that has digits only".to_owned()));
        }
        let name = self.account_for_dial(account)?;
        if self.desk(&name).is_some_and(|desk| desk.user.as_deref() == Some(from)) {
            return Err(Reason::NotNow("This is your own number: the call rings at your phone already."));
        }
        let target = Target { dial: from.to_owned(), shown: from.to_owned(), post_dial: None, e164: None, kind: Kind::Extension };
        let how = Placing { ability: Ability::PickUp, command: |request, from| Command::PickUp { request, from } };
        self.place_call(request, name, target, Source::Typed, how, now)
    }
}
