//! From a text to the number that may be dialled: the account's plan, the policy, and what a page may do with links.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Model;
use crate::account::{Ability, AccountName};
use crate::number::{Candidate, Kind, Known, Numbers, Plan, Target, Yes};
use crate::reason::Reason;
use crate::request::Source;

/// So many links are looked at within [`LINKS_TIME`]; nobody clicks faster, but a page may fire them.
const MOST_LINKS: usize = 3;
/// See [`MOST_LINKS`].
const LINKS_TIME: Duration = Duration::from_secs(10);

/// What the user has settled about links from other programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRules {
    /// Whether a good number asks at all.
    pub ask: bool,
    /// Numbers that do not ask: as they are written everywhere, or as `account/digits`.
    pub always: Vec<String>,
}

impl Default for LinkRules {
    fn default() -> Self {
        Self { ask: true, always: vec![] }
    }
}

/// Why addresses are refused.
const ADDRESS: &str = "This is an address, and this PBX calls numbers only.";

/// Refuses addresses where the PBX calls numbers only, and takes them out of a choice.
fn without_addresses(judged: Result<Target, Reason>) -> Result<Target, Reason> {
    match judged {
        Ok(target) if target.kind == Kind::Uri => Err(Reason::NumberNotUsable(ADDRESS)),
        Err(Reason::PolicyAsk(offer)) if offer.kind == Kind::Uri => Err(Reason::NumberNotUsable(ADDRESS)),
        Err(Reason::SeveralNumbers(mut offers)) => {
            offers.retain(|offer| offer.kind != Kind::Uri);
            Err(if offers.is_empty() { Reason::NumberNotUsable(ADDRESS) } else { Reason::SeveralNumbers(offers) })
        }
        other => other,
    }
}

/// What is remembered of a number that is not the same everywhere.
fn at_account(name: &AccountName, dial: &str) -> String {
    format!("{name}/{dial}")
}

/// Says by which account the numbers of a question ring, and what is remembered when the user lets one ring for good.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other reasons have no number")]
fn at(name: &AccountName, mut why: Reason) -> Reason {
    match &mut why {
        Reason::PolicyAsk(offer) => {
            offer.account = Some(name.clone());
            if offer.trust {
                let here = at_account(name, &offer.dial);
                offer.remember.get_or_insert(here);
            }
        }
        Reason::SeveralNumbers(offers) => offers.iter_mut().for_each(|offer| offer.account = Some(name.clone())),
        _ => {}
    }
    why
}

impl Model {
    /// Takes over what the user has settled about links.
    pub fn set_link_rules(&mut self, rules: LinkRules) {
        self.link_rules = rules;
    }

    /// Tells what a text offers to dial by an account, and what the policy says.
    ///
    /// # Errors
    /// No account could dial it.
    pub fn numbers_in(&mut self, text: &str, account: Option<&AccountName>, source: Source) -> Result<Vec<Candidate>, Reason> {
        let name = self.account_for_dial(account)?;
        let plan = self.plan_of(&name)?;
        let mut found = self.numbers.candidates(text, source, &plan);
        if !self.calls_addresses(&name) {
            found.iter_mut().filter(|one| one.kind == Kind::Uri).for_each(|one| one.refuse(ADDRESS));
        }
        found.iter_mut().for_each(|one| self.numbers.show(one, &plan));
        Ok(found)
    }

    /// Drops the tables of numbers; tells whether there were any. They come back when needed.
    pub fn rest_numbers(&mut self) -> bool {
        let loaded = self.numbers.is_loaded();
        self.numbers.rest();
        loaded
    }

    /// Tells whether the tables of numbers are in memory.
    pub fn has_numbers(&self) -> bool {
        self.numbers.is_loaded()
    }

    /// The number to dial for a text.
    ///
    /// # Errors
    /// What the policy says against it.
    pub(super) fn judge_dial(&mut self, name: &AccountName, text: &str, source: Source, yes: &Yes) -> Result<Target, Reason> {
        let plan = self.plan_of(name)?;
        let plan = if self.link_rules.ask { plan } else { plan.trusting_links() };
        let addresses = self.calls_addresses(name);
        let may = |judged| if addresses { judged } else { without_addresses(judged) };
        let judged = may(self.numbers.target(text, source, yes, &plan));
        let judged = judged.map_err(|why| at(name, why));
        if source != Source::Link || !matches!(judged, Err(Reason::PolicyAsk(_))) {
            return judged;
        }
        // Only the question that every link asks may fall away, never a doubt about the number.
        match may(self.numbers.target(text, source, yes, &plan.clone().trusting_links())) {
            Ok(target) if self.is_trusted(name, &target, &plan) => Ok(target),
            Ok(_) | Err(_) => judged,
        }
    }

    fn is_trusted(&mut self, name: &AccountName, target: &Target, plan: &Plan) -> bool {
        let always = &self.link_rules.always;
        let here = || at_account(name, &target.dial);
        let allowed = target.e164.as_ref().is_some_and(|e164| always.contains(e164)) || always.contains(&here());
        // A group or a service behind an internal number may speak through every loudspeaker.
        if allowed || self.people.is_person(name, &target.dial) {
            return true;
        }
        let Some(desk) = self.desks.iter().find(|desk| &desk.name == name) else { return false };
        let number = target.e164.as_deref().unwrap_or(&target.dial);
        let same = |numbers: &mut Numbers, own: &String| numbers.same(own, number, plan);
        desk.contacts.iter().flat_map(|contact| &contact.numbers).any(|own| same(&mut self.numbers, own))
    }

    fn calls_addresses(&self, name: &AccountName) -> bool {
        self.desks.iter().any(|desk| &desk.name == name && desk.abilities.has(Ability::DialAddresses))
    }

    /// The dial plan of an account with what its own PBX told: the names it answers to, the numbers of its people.
    pub(super) fn plan_of(&mut self, name: &AccountName) -> Result<Plan, Reason> {
        let desk = self.desks.iter_mut().find(|desk| &desk.name == name).ok_or(Reason::NoAccount)?;
        let host = url::Url::parse(&desk.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let known = desk.known.get_or_insert_with(|| Arc::new(Known::of(self.people.numbers(name))));
        Ok(desk.plan.clone().with_known(known.clone()).with_hosts(desk.domain.iter().cloned().chain(host)))
    }

    /// The list of colleagues is another one now.
    pub(super) fn forget_known(&mut self, name: &AccountName) {
        if let Some(desk) = self.desk(name) {
            desk.known = None;
        }
    }

    /// Counts a link from another program.
    pub(super) fn link_came(&mut self, now: Instant) -> Result<(), Reason> {
        self.links.retain(|at| now.saturating_duration_since(*at) < LINKS_TIME);
        if self.links.len() >= MOST_LINKS {
            return Err(Reason::TooManyLinks);
        }
        self.links.push(now);
        Ok(())
    }
}
