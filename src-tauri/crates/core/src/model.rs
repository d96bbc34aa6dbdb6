//! All that is known: accounts, calls, people, and the commands that wait for their confirmation.
//!
//! The engine feeds what dialects and links tell; the model answers with [`Output`]s. A command
//! ends in exactly one of confirmed, refused, or unknown, and is sent at most once.

mod bounds;
mod calls;
mod commands;
mod consult;
mod dialling;
mod emergency;
mod endings;
mod names;
mod own;
mod parked;
mod redial;
mod related;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

pub use commands::{Begun, COMMAND_LIMIT};
pub use dialling::LinkRules;
pub use emergency::SECOND_PRESS;

use crate::Now;
use crate::account::{Abilities, AccountConfig, AccountName};
use crate::call::{CallId, CallSeen, CallState, Direction, Holder, Outcome, Party};
use crate::event::{Event, EventName};
use crate::forward::Forwarding;
use crate::link::Link;
use crate::number::{Known, Numbers, Plan};
use crate::people::{People, PersonSeen, Presence};
use crate::reason::{Reason, Why};
use crate::request::{Answer, Reply};
use crate::told::{Contact, ParkedSeen, PastCall, RequestId, Told};
use crate::view::{AccountView, CallRecord, CallView, Hint, LinkName, RecordSource, View};

/// What the model wants done.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Something happened.
    Event(Event),
    /// A command has its end.
    Finished(RequestId, Answer),
    /// A call belongs into the history.
    Record(CallRecord),
    /// The dialect should know that a command had no effect in time.
    Expired(AccountName, RequestId),
    /// The PBX's list of ended calls arrived.
    Past(AccountName, Vec<PastCall>),
}

/// One call as kept.
#[derive(Debug)]
struct Live {
    id: CallId,
    key: Option<String>,
    request: Option<RequestId>,
    direction: Direction,
    state: CallState,
    remote: Party,
    /// The number whose name was looked for last; the lists are long and frames are many.
    looked_up: Option<String>,
    /// How the PBX itself named the other side of an answered call that we asked for.
    told_as: Option<String>,
    via: Option<Party>,
    since: Timestamp,
    started_at: Timestamp,
    connected_at: Option<Timestamp>,
    stale: bool,
    holder: Holder,
    resume_is_safe: bool,
    /// This agent asked to hang up while it rang here.
    declined: bool,
    /// When a dial that never showed up is given up.
    forget_at: Option<Instant>,
    /// Digits for after the answer, which the user sends.
    post_dial: Option<String>,
    /// The number we dialled, as it is written everywhere.
    e164: Option<String>,
    /// Key of the call that waits while somebody is asked about it here.
    asks_about: Option<String>,
    /// Its party was parked, so nobody is left in it.
    left: bool,
}

/// An ended call whose outcome the PBX is being asked for.
#[derive(Debug)]
struct Undecided {
    key: String,
    record: CallRecord,
    /// When it counts as missed, because nobody told.
    until: Instant,
}

/// A picture that is not whole yet: shown when the link is online, dropped when it fails before.
#[derive(Debug, Default)]
struct Draft {
    calls: Option<(Vec<CallSeen>, Vec<String>)>,
    people: Option<Vec<PersonSeen>>,
    /// Changes since, the newest of each number.
    changed: BTreeMap<String, PersonSeen>,
    own: Option<(Presence, Option<bool>)>,
    forwarding: Option<Forwarding>,
    parked: Option<Vec<ParkedSeen>>,
}

/// One account and what its PBX told.
#[derive(Debug)]
struct Desk {
    name: AccountName,
    kind: String,
    url: String,
    domain: Option<String>,
    user: Option<String>,
    plan: Plan,
    /// Internal numbers of the list of colleagues; none until somebody needs them anew.
    known: Option<Arc<Known>>,
    link: LinkName,
    link_since: Timestamp,
    why: Option<Reason>,
    retry_at: Option<Timestamp>,
    display_name: Option<String>,
    server: Option<String>,
    dialect: Option<String>,
    abilities: Abilities,
    presence: Presence,
    dnd: Option<bool>,
    forwarding: Option<Forwarding>,
    calls: Vec<Live>,
    pending: Vec<commands::Pending>,
    undecided: Vec<Undecided>,
    parked: Vec<parked::Parked>,
    contacts: Vec<Contact>,
    draft: Draft,
    /// When a number was dialled last.
    dialled_at: Option<Instant>,
    /// When the link was lost last.
    lost_at: Option<Instant>,
}

/// Everything the agent knows at this moment.
pub struct Model {
    desks: Vec<Desk>,
    /// Everybody with presence.
    pub people: People,
    revision: u64,
    next_call: u64,
    /// Missed calls that nobody has looked at, by account.
    missed: BTreeMap<AccountName, u32>,
    /// Dials of the last moments.
    sent: Vec<redial::Sent>,
    recent: Vec<CallRecord>,
    hints: Vec<Hint>,
    /// Nothing is dialled while the screen is locked.
    locked: bool,
    numbers: Numbers,
    link_rules: LinkRules,
    /// When links of other programs came, of the last moments.
    links: Vec<Instant>,
    /// The emergency number that rings after one more press.
    help: Option<emergency::Help>,
}

impl Model {
    /// An empty model whose calls are numbered from `next_call`.
    pub fn new(next_call: u64) -> Self {
        Self {
            desks: vec![],
            people: People::default(),
            revision: 0,
            next_call,
            missed: BTreeMap::new(),
            sent: vec![],
            recent: vec![],
            hints: vec![],
            locked: false,
            numbers: Numbers::default(),
            link_rules: LinkRules::default(),
            links: vec![],
            help: None,
        }
    }

    /// Adds an account of a name that is free; its calls and people begin empty.
    pub fn add_account(&mut self, config: &AccountConfig, at: Timestamp) {
        self.desks.retain(|desk| desk.name != config.name);
        self.people.remove(&config.name);
        let mut url = config.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.set_username("").ok();
        url.set_password(None).ok();
        self.desks.push(Desk {
            name: config.name.clone(),
            kind: config.kind.clone(),
            url: url.to_string(),
            domain: config.domain.clone(),
            user: config.user.clone(),
            plan: Plan::of(&config.keys).0,
            known: None,
            link: LinkName::SignedOut,
            link_since: at,
            why: None,
            retry_at: None,
            display_name: None,
            server: None,
            dialect: None,
            abilities: Abilities::default(),
            presence: Presence::Unknown,
            dnd: None,
            forwarding: None,
            calls: vec![],
            pending: vec![],
            undecided: vec![],
            parked: vec![],
            contacts: vec![],
            draft: Draft::default(),
            dialled_at: None,
            lost_at: None,
        });
    }

    /// Forgets an account with everything its PBX told.
    ///
    /// Its calls go on at the phone, but nobody here sees them any more: whoever follows the events
    /// is told that they are over, and the history keeps them without an end.
    pub fn remove_account(&mut self, name: &AccountName, now: Now) -> Vec<Output> {
        let mut out = vec![];
        let Some(desk) = self.desk(name) else { return out };
        let (pending, calls) = (std::mem::take(&mut desk.pending), std::mem::take(&mut desk.calls));
        let undecided = std::mem::take(&mut desk.undecided);
        for pending in pending {
            self.dial_is_unclear(pending.request);
            out.extend(pending.ends(&Err(Reason::OutcomeUnknown.into())));
        }
        for open in undecided {
            out.extend(self.close_record(open.record, Outcome::Missed, now));
        }
        for mut call in calls {
            call.stale = true;
            out.extend(self.end(name, call, &[], now));
        }
        self.desks.retain(|desk| &desk.name != name);
        self.people.remove(name);
        self.missed.remove(name);
        self.recent.retain(|call| &call.account != name);
        let own = format!(":{name}");
        self.hints.retain(|hint| !hint.about.ends_with(&own));
        out
    }

    fn desk(&mut self, name: &AccountName) -> Option<&mut Desk> {
        self.desks.iter_mut().find(|d| &d.name == name)
    }

    /// Takes over where the link of an account stands.
    ///
    /// Leaving `online` makes its calls and people stale and ends its open commands as unknown.
    pub fn link_is(&mut self, name: &AccountName, link: &Link, retry_at: Option<Timestamp>, now: Now) -> Vec<Output> {
        let Some(desk) = self.desks.iter_mut().find(|d| &d.name == name) else { return vec![] };
        let (state, why) = (link_name(link), link.why().cloned());
        let mut out = vec![];
        let was_online = desk.link == LinkName::Online;
        if desk.link != state || desk.why != why || desk.retry_at != retry_at {
            if desk.link != state {
                desk.link_since = now.wall;
            }
            let announce = desk.link != state || desk.why != why;
            desk.link = state;
            desk.why = why;
            desk.retry_at = retry_at;
            let event = match state {
                LinkName::Online => Some(EventName::LinkOnline),
                LinkName::Waiting => Some(EventName::LinkWaiting),
                LinkName::Stopped => Some(EventName::LinkStopped),
                LinkName::SignedOut | LinkName::Opening | LinkName::Syncing => None,
            };
            if let Some(event) = event.filter(|_| announce) {
                let mut event = Event::new(event, now.wall);
                event.account = Some(desk.name.clone());
                event.why = desk.why.as_ref().map(Why::from);
                event.retry_at = desk.retry_at;
                out.push(Output::Event(event));
            }
        }
        if !matches!(state, LinkName::Syncing | LinkName::Online) {
            desk.draft = Draft::default();
        }
        if state == LinkName::Online {
            let draft = std::mem::take(&mut desk.draft);
            out.extend(self.show(name, draft, now));
            return out;
        }
        if was_online {
            desk.lost_at = Some(now.mono);
            desk.presence = Presence::Unknown;
            desk.dnd = None;
            desk.forwarding = None;
            for call in &mut desk.calls {
                call.stale = true;
                call.state = CallState::Unknown;
                call.since = now.wall;
                // While nobody watched, either side may have held or resumed.
                call.holder = Holder::NotTold;
            }
            parked::lost_sight(&mut desk.parked, now.wall);
            let pending = std::mem::take(&mut desk.pending);
            let undecided = std::mem::take(&mut desk.undecided);
            self.people.make_stale(name, now.wall);
            for pending in pending {
                self.dial_is_unclear(pending.request);
                out.extend(pending.ends(&Err(Reason::OutcomeUnknown.into())));
            }
            for open in undecided {
                out.extend(self.close_record(open.record, Outcome::Missed, now));
            }
        }
        out
    }

    /// Shows a picture that is whole now.
    fn show(&mut self, name: &AccountName, draft: Draft, now: Now) -> Vec<Output> {
        let mut out = vec![];
        if let Some(people) = draft.people {
            self.people.replace(name, people);
        }
        for seen in draft.changed.into_values() {
            self.people.update(name, seen, now.wall);
        }
        self.forget_known(name);
        if let Some((presence, dnd)) = draft.own {
            out.extend(self.apply(name, Told::Own { presence, dnd }, now));
        }
        out.extend(self.apply(name, Told::Forwarding(draft.forwarding), now));
        if let Some((calls, verdict_follows)) = draft.calls {
            out.extend(self.apply(name, Told::Calls { calls, verdict_follows }, now));
        }
        if let Some(parked) = draft.parked {
            self.parked_are(name, parked, now);
        }
        out
    }

    /// Keeps what belongs to a picture that is not whole yet; gives back everything else.
    fn draft(&mut self, name: &AccountName, told: Told) -> Option<Told> {
        let Some(desk) = self.desk(name).filter(|d| d.link != LinkName::Online) else { return Some(told) };
        match told {
            Told::Calls { calls, verdict_follows } => desk.draft.calls = Some((calls, verdict_follows)),
            Told::People(people) => {
                desk.draft.people = Some(people);
                desk.draft.changed.clear();
            }
            Told::Person(seen) => {
                desk.draft.changed.insert(seen.number.clone(), seen);
            }
            Told::Own { presence, dnd } => desk.draft.own = Some((presence, dnd)),
            Told::Forwarding(forwarding) => desk.draft.forwarding = forwarding,
            Told::ParkedCalls(parked) => desk.draft.parked = Some(parked),
            Told::Identity { .. }
            | Told::Abilities(_)
            | Told::Verdict { .. }
            | Told::History(_)
            | Told::Contacts(_)
            | Told::Confirmed(_)
            | Told::Parked { .. }
            | Told::Refused(..)
            | Told::Unclear(_) => return Some(told),
        }
        None
    }

    /// Takes what a dialect told.
    ///
    /// Calls and people of a link that is not online yet are shown when it is.
    pub fn apply(&mut self, name: &AccountName, told: Told, now: Now) -> Vec<Output> {
        let Some(told) = self.draft(name, bounds::bounded(told)) else { return vec![] };
        match told {
            Told::Identity { user, domain, display_name, server, dialect } => {
                if let Some(desk) = self.desk(name) {
                    let take = |old: &mut Option<String>, new: Option<String>| {
                        if new.is_some() {
                            *old = new;
                        }
                    };
                    take(&mut desk.user, user);
                    take(&mut desk.domain, domain);
                    take(&mut desk.display_name, display_name);
                    take(&mut desk.server, server);
                    take(&mut desk.dialect, dialect);
                }
                vec![]
            }
            Told::Abilities(abilities) => {
                if let Some(desk) = self.desk(name) {
                    desk.abilities = abilities;
                }
                vec![]
            }
            Told::Calls { calls, verdict_follows } => {
                self.look_at_parked(name);
                let out = self.calls_are(name, calls, &verdict_follows, now);
                self.look_at_parked(name);
                out
            }
            Told::Verdict { key, outcome } => self.verdict(name, &key, outcome, now),
            Told::People(people) => {
                self.people.replace(name, people);
                self.forget_known(name);
                self.look_up_again(name);
                vec![]
            }
            Told::Person(seen) => {
                // Readers follow the revision of the list; an event for each frame would drown the calls.
                let before = self.people.len();
                self.people.update(name, seen, now.wall);
                if self.people.len() != before {
                    self.forget_known(name);
                }
                vec![]
            }
            Told::Own { presence, dnd } => {
                if let Some(desk) = self.desk(name) {
                    desk.presence = presence;
                    desk.dnd = dnd;
                }
                vec![]
            }
            Told::Forwarding(forwarding) => {
                if let Some(desk) = self.desk(name) {
                    desk.forwarding = forwarding;
                }
                vec![]
            }
            Told::History(past) => vec![Output::Past(name.clone(), past)],
            Told::Contacts(mut contacts) => {
                contacts.truncate(names::MOST_CONTACTS);
                if let Some(desk) = self.desk(name) {
                    desk.contacts = contacts;
                }
                self.look_up_again(name);
                vec![]
            }
            Told::Confirmed(request) => self.finish(name, request, Ok(Reply::Done), now),
            Told::Parked { request, key, place } => self.parked(name, request, key, place, now),
            Told::ParkedCalls(parked) => {
                self.parked_are(name, parked, now);
                vec![]
            }
            Told::Refused(request, why) => self.finish(name, request, Err(why), now),
            Told::Unclear(request) => self.finish(name, request, Err(Reason::NoReaction), now),
        }
    }

    /// The earliest moment at which [`Model::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let pending = self.desks.iter().flat_map(|d| d.pending.iter().map(|p| p.deadline));
        let forgotten = self.desks.iter().flat_map(|d| d.calls.iter().filter_map(|c| c.forget_at));
        let undecided = self.desks.iter().flat_map(|d| d.undecided.iter().map(|u| u.until));
        pending.chain(forgotten).chain(undecided).min()
    }

    /// When a command must have had its effect; none when it has ended.
    pub fn due(&self, request: RequestId) -> Option<Instant> {
        self.desks.iter().flat_map(|d| &d.pending).find(|p| p.request == request).map(|p| p.deadline)
    }

    /// Missed calls were looked at.
    pub fn missed_seen(&mut self) {
        self.missed.clear();
    }

    /// Shows or removes a hint; one hint for each `about`.
    pub fn hint(&mut self, hint: Hint, shown: bool) {
        self.hints.retain(|h| h.about != hint.about);
        if shown {
            self.hints.push(hint);
        }
    }

    /// What is shown about the agent itself.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// Nothing is dialled while the screen is locked.
    pub fn screen_locked(&mut self, locked: bool) {
        self.locked = locked;
    }

    /// Takes over what the history knows, which holds every call that ended: the newest ones, and how many missed ones of each
    /// account nobody looked at. Tells whether that changes anything.
    pub fn remember(&mut self, mut recent: Vec<CallRecord>, missed: BTreeMap<AccountName, u32>) -> bool {
        recent.truncate(RECENT);
        recent.iter_mut().for_each(CallRecord::bound);
        let changes = self.recent != recent || self.missed != missed;
        (self.recent, self.missed) = (recent, missed);
        changes
    }

    fn count_one_missed(&mut self, name: &AccountName) {
        let count = self.missed.entry(name.clone()).or_default();
        *count = count.saturating_add(1);
    }

    /// The number of the call that was named last.
    pub fn last_call(&self) -> u64 {
        self.next_call
    }

    /// Draws the picture; every drawing has a higher revision.
    pub fn view(&mut self) -> View {
        self.revision += 1;
        let mut calls: Vec<CallView> =
            self.desks.iter().flat_map(|desk| desk.calls.iter().map(|call| calls::shown(desk, call))).collect();
        calls.sort_by(|a, b| {
            let ringing = |c: &CallView| c.state == CallState::Ringing && c.direction == Direction::Incoming;
            ringing(b).cmp(&ringing(a)).then(b.since.cmp(&a.since)).then(b.id.cmp(&a.id))
        });
        View {
            revision: self.revision,
            accounts: self.desks.iter().map(account_view).collect(),
            calls,
            parked: self.parked_views(),
            missed: self.missed.values().fold(0, |all, count| all.saturating_add(*count)),
            recent: self.recent.clone(),
            hints: self.hints.clone(),
        }
    }

    /// One account as shown.
    pub fn account(&self, name: &AccountName) -> Option<AccountView> {
        self.desks.iter().find(|d| &d.name == name).map(account_view)
    }

    /// The PBX's record of a call in our words.
    pub fn record_of(account: &AccountName, past: PastCall) -> CallRecord {
        CallRecord {
            id: CallId(format!("{account}/p{}", past.key)),
            account: account.clone(),
            direction: past.direction,
            outcome: past.outcome,
            remote: past.remote,
            started_at: past.started_at,
            connected_at: past.connected_at,
            ended_at: past.ended_at,
            source: RecordSource::Pbx,
            via: None,
            note: None,
        }
    }
}

/// How many ended calls the view carries.
const RECENT: usize = 10;

fn account_view(desk: &Desk) -> AccountView {
    AccountView {
        name: desk.name.clone(),
        kind: desk.kind.clone(),
        link: desk.link,
        since: desk.link_since,
        why: desk.why.as_ref().map(Why::from),
        retry_at: desk.retry_at,
        user: desk.user.clone(),
        display_name: desk.display_name.clone(),
        server: desk.server.clone(),
        dialect: desk.dialect.clone(),
        abilities: desk.abilities.clone(),
        presence: desk.presence,
        dnd: desk.dnd,
        forwarding: desk.forwarding.clone(),
        url: desk.url.clone(),
        domain: desk.domain.clone(),
    }
}

/// The contract's name of a link state.
pub fn link_name(link: &Link) -> LinkName {
    match link {
        Link::SignedOut { .. } => LinkName::SignedOut,
        Link::Opening { .. } => LinkName::Opening,
        Link::Syncing { .. } => LinkName::Syncing,
        Link::Online { .. } => LinkName::Online,
        Link::Waiting { .. } => LinkName::Waiting,
        Link::Stopped { .. } => LinkName::Stopped,
    }
}
