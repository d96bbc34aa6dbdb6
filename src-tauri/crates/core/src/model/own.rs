//! What users choose for themselves: whether they are disturbed, and where their calls go.

use std::mem::discriminant;

use jiff::Timestamp;

use super::commands::{Begin, Begun, COMMAND_LIMIT, MOST_JOINED, Pending};
use super::targets::LOCKED;
use super::{Desk, Model};
use crate::Now;
use crate::account::{Ability, AccountName};
use crate::forward::ForwardWhen;
use crate::number::Yes;
use crate::reason::Reason;
use crate::request::OwnPresence;
use crate::told::{Command, RequestId};
use crate::view::LinkName;

/// Something that is being chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Chosen {
    /// The own state with its end and its note.
    Presence(OwnPresence, Option<Timestamp>, Option<String>),
    /// A forwarding and its target.
    Forwarding(ForwardWhen, Option<String>),
}

impl Model {
    /// Begins choosing the own state at one account.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn set_presence(
        &mut self,
        request: RequestId,
        name: &AccountName,
        presence: OwnPresence,
        until: Option<Timestamp>,
        note: Option<String>,
        now: Now,
    ) -> Begin {
        let desk = self.desk(name).ok_or(Reason::NoAccount)?;
        let possible = match presence {
            OwnPresence::Available | OwnPresence::Dnd => desk.abilities.has(Ability::Dnd),
            OwnPresence::Away | OwnPresence::Busy => false,
        };
        let chosen = Chosen::Presence(presence, until, note.clone());
        choose(desk, request, possible, chosen, Command::SetPresence { request, presence, until, note }, now)
    }

    /// Names of the accounts that are online and can switch do-not-disturb.
    pub fn accounts_with_dnd(&self) -> Vec<AccountName> {
        self.online_with(Ability::Dnd).map(|desk| desk.name.clone()).collect()
    }

    fn online_with(&self, ability: Ability) -> impl Iterator<Item = &Desk> {
        self.desks.iter().filter(move |desk| desk.link == LinkName::Online && desk.abilities.has(ability))
    }

    /// Begins sending own calls to another number, or ends that.
    ///
    /// It is sent also when it seems to be so already: somebody may have changed it at the phone a moment ago, and nothing
    /// is done twice by it.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn set_forwarding(
        &mut self,
        request: RequestId,
        account: Option<&AccountName>,
        when: ForwardWhen,
        to: Option<&str>,
        yes: &Yes,
        now: Now,
    ) -> Begin {
        if self.locked && to.is_some() {
            return Err(LOCKED);
        }
        let ability = Ability::to_forward(when);
        let name = self.account_with(account, ability)?;
        let desk = self.desk(&name).ok_or(Reason::NoAccount)?;
        if desk.link != LinkName::Online {
            return Err(Reason::Offline);
        }
        if !desk.abilities.has(ability) {
            return Err(Reason::Unsupported);
        }
        let to = to.map(|text| self.forward_target(&name, text, yes)).transpose()?;
        let desk = self.desk(&name).ok_or(Reason::NoAccount)?;
        let chosen = Chosen::Forwarding(when, to.clone());
        choose(desk, request, true, chosen, Command::SetForwarding { request, when, to }, now)
    }

    /// The named account, or the only one that is online and can do it.
    fn account_with(&self, account: Option<&AccountName>, ability: Ability) -> Result<AccountName, Reason> {
        if let Some(name) = account {
            return Ok(name.clone());
        }
        let mut able = self.online_with(ability);
        match (able.next(), able.next()) {
            (Some(one), None) => Ok(one.name.clone()),
            (Some(_), Some(_)) => Err(Reason::SeveralAccounts),
            (None, _) if self.desks.is_empty() => Err(Reason::NoAccount),
            (None, _) if self.desks.iter().any(|desk| desk.link == LinkName::Online) => Err(Reason::Unsupported),
            (None, _) => Err(Reason::Offline),
        }
    }
}

/// Hands a choice over, unless another one of its kind is under way.
fn choose(desk: &mut Desk, request: RequestId, possible: bool, chosen: Chosen, command: Command, now: Now) -> Begin {
    if desk.link != LinkName::Online {
        return Err(Reason::Offline);
    }
    if !possible {
        return Err(Reason::Unsupported);
    }
    // Two at once could end the wrong way round, and nobody would know which of them the PBX kept.
    let alike = |other: &Chosen| discriminant(other) == discriminant(&chosen);
    if let Some(first) = desk.pending.iter_mut().find(|pending| pending.chosen.as_ref().is_some_and(alike)) {
        if first.chosen.as_ref() != Some(&chosen) || first.joined.len() >= MOST_JOINED {
            return Err(Reason::ChoiceUnderWay);
        }
        first.joined.push(request);
        return Ok(Begun::Joined);
    }
    desk.pending.push(Pending {
        request,
        joined: vec![],
        call: None,
        doing: None,
        deadline: now.mono + COMMAND_LIMIT,
        by_word: true,
        ended: None,
        chosen: Some(chosen),
    });
    Ok(Begun::Send(desk.name.clone(), command, vec![]))
}
