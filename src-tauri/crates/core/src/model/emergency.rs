//! Emergency numbers: only the window dials them, and only by a second press.
//!
//! The first press gets a token that counts once, for this number and for a moment; nothing else dials one.

use std::time::{Duration, Instant};

use super::Model;
use super::commands::{Begin, DIALLING};
use crate::Now;
use crate::account::AccountName;
use crate::number::{Kind, Target};
use crate::reason::Reason;
use crate::request::Source;
use crate::told::RequestId;
use crate::view::LinkName;

/// How long the second press may take.
pub const SECOND_PRESS: Duration = Duration::from_secs(15);

/// An emergency number that waits for the second press.
#[derive(Debug)]
pub(super) struct Help {
    token: String,
    account: AccountName,
    digits: String,
    until: Instant,
}

impl Model {
    /// Keeps an emergency number ready for the second press, under a token that nobody can guess; gives back its digits.
    ///
    /// # Errors
    /// The text is no plain emergency number, or it could not be dialled now.
    pub fn prepare_emergency(
        &mut self,
        text: &str,
        account: Option<&AccountName>,
        token: String,
        now: Now,
    ) -> Result<String, Reason> {
        let name = self.account_for_dial(account)?;
        let plan = self.plan_of(&name)?;
        let digits = self.numbers.emergency(text, &plan).ok_or(Reason::NumberNotUsable("This is no plain emergency number."))?;
        if self.desk(&name).is_none_or(|desk| desk.link != LinkName::Online) {
            return Err(Reason::Offline);
        }
        self.help = Some(Help { token, account: name, digits: digits.clone(), until: now.mono + SECOND_PRESS });
        Ok(digits)
    }

    /// Dials the emergency number of a token, once.
    ///
    /// # Errors
    /// The token is not the last one, or too old; or the reason why nothing is sent.
    pub fn dial_emergency(&mut self, request: RequestId, token: &str, now: Now) -> Begin {
        let help = self.help.take_if(|help| help.token == token && now.mono < help.until);
        let help = help.ok_or(Reason::PolicyRefuse("The second press came too late, or for another number."))?;
        let Help { account, digits, .. } = help;
        let target = Target { dial: digits.clone(), shown: digits, post_dial: None, e164: None, kind: Kind::Emergency };
        self.place_call(request, account, target, Source::Typed, DIALLING, now)
    }
}
