//! Colleagues, queues and groups with their presence, across all accounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::AccountName;

/// What a colleague's phone is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Reachable and free.
    Available,
    /// The phone rings.
    Ringing,
    /// In a call.
    InCall,
    /// Away.
    Away,
    /// Busy by own choice.
    Busy,
    /// Does not want to be disturbed.
    Dnd,
    /// No phone is registered.
    NotRegistered,
    /// Not known at the moment.
    Unknown,
}

/// What stands behind an internal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    /// A colleague.
    Person,
    /// A call queue.
    Queue,
    /// A hunt or ring group.
    Group,
    /// A park place.
    Park,
    /// Attendant, conference, and whatever else has a number.
    Service,
}

/// The presence before the link was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LastKnown {
    /// What was true then.
    pub presence: Presence,
    /// When it was last known to be true.
    #[cfg_attr(feature = "ts", ts(as = "String"))]
    pub at: Timestamp,
}

/// A colleague, queue or group as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Person {
    /// `account/number`.
    pub id: String,
    /// The account whose PBX knows this number.
    pub account: AccountName,
    /// What stands behind the number.
    #[serde(rename = "type")]
    pub kind: PersonKind,
    /// Internal number.
    pub number: String,
    /// Display name; untrusted text.
    pub name: Option<String>,
    /// What the phone is doing; `unknown` while the link is not online.
    pub presence: Presence,
    /// Do-not-disturb, also during a call.
    pub dnd: bool,
    /// The person's own note; untrusted text.
    pub note: Option<String>,
    /// When the presence changed, if that was seen.
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub since: Option<Timestamp>,
    /// What was known before the link was lost.
    pub last_known: Option<LastKnown>,
}

/// A person as a PBX shows it right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonSeen {
    /// Internal number.
    pub number: String,
    /// Display name.
    pub name: Option<String>,
    /// What stands behind the number.
    pub kind: PersonKind,
    /// What the phone is doing.
    pub presence: Presence,
    /// Do-not-disturb.
    pub dnd: bool,
    /// The person's own note.
    pub note: Option<String>,
}

/// What is kept of one person; ids and account names are put together when shown.
struct Kept {
    name: Option<Box<str>>,
    note: Option<Box<str>>,
    kind: PersonKind,
    presence: Presence,
    dnd: bool,
    since: Option<Timestamp>,
    revision: u64,
}

/// All people of one account.
#[derive(Default)]
struct Desk {
    people: BTreeMap<Box<str>, Kept>,
    /// When the link was lost; none while the picture is live.
    stale_since: Option<Timestamp>,
}

/// What changed since a revision.
#[derive(Debug, PartialEq)]
pub enum Changes {
    /// So much that the whole list has to be read again, in pages.
    Whole,
    /// These people, each once.
    Some(Vec<Person>),
}

/// Everybody, by account and number, with a revision that grows with each change.
#[derive(Default)]
pub struct People {
    desks: BTreeMap<AccountName, Desk>,
    revision: u64,
    whole_at: u64,
    /// Who changed at which revision, the newest change of each person only.
    log: BTreeMap<u64, (AccountName, Box<str>)>,
}

impl People {
    /// The newest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Puts the whole picture of an account in place of what was there.
    pub fn replace(&mut self, account: &AccountName, seen: Vec<PersonSeen>) {
        self.revision += 1;
        self.whole_at = self.revision;
        self.log.clear();
        let revision = self.revision;
        let desk = self.desks.entry(account.clone()).or_default();
        desk.stale_since = None;
        desk.people = seen
            .into_iter()
            .map(|seen| {
                let kept = Kept {
                    name: seen.name.map(Into::into),
                    note: seen.note.map(Into::into),
                    kind: seen.kind,
                    presence: seen.presence,
                    dnd: seen.dnd,
                    since: None,
                    revision,
                };
                (seen.number.into(), kept)
            })
            .collect();
    }

    /// Takes one person's new state; says whether anything changed.
    pub fn update(&mut self, account: &AccountName, seen: PersonSeen, now: Timestamp) -> bool {
        let desk = self.desks.entry(account.clone()).or_default();
        let revision = self.revision + 1;
        match desk.people.get_mut(seen.number.as_str()) {
            Some(kept) => {
                let name_same = seen.name.is_none() || seen.name.as_deref() == kept.name.as_deref();
                if kept.presence == seen.presence
                    && kept.dnd == seen.dnd
                    && kept.kind == seen.kind
                    && name_same
                    && kept.note.as_deref() == seen.note.as_deref()
                {
                    return false;
                }
                if kept.presence != seen.presence || kept.dnd != seen.dnd {
                    kept.since = Some(now);
                }
                if !name_same {
                    kept.name = seen.name.map(Into::into);
                }
                kept.note = seen.note.map(Into::into);
                kept.kind = seen.kind;
                kept.presence = seen.presence;
                kept.dnd = seen.dnd;
                let before = std::mem::replace(&mut kept.revision, revision);
                let entry = self.log.remove(&before).unwrap_or_else(|| (account.clone(), seen.number.as_str().into()));
                self.log.insert(revision, entry);
            }
            None => {
                let number: Box<str> = seen.number.into();
                let kept = Kept {
                    name: seen.name.map(Into::into),
                    note: seen.note.map(Into::into),
                    kind: seen.kind,
                    presence: seen.presence,
                    dnd: seen.dnd,
                    since: Some(now),
                    revision,
                };
                desk.people.insert(number.clone(), kept);
                self.log.insert(revision, (account.clone(), number));
            }
        }
        self.revision = revision;
        true
    }

    /// Makes every presence of an account unknown, because its link is not online.
    pub fn make_stale(&mut self, account: &AccountName, at: Timestamp) {
        if let Some(desk) = self.desks.get_mut(account)
            && desk.stale_since.is_none()
        {
            desk.stale_since = Some(at);
            self.whole_change();
        }
    }

    /// Forgets an account.
    pub fn remove(&mut self, account: &AccountName) {
        if self.desks.remove(account).is_some() {
            self.whole_change();
        }
    }

    fn whole_change(&mut self) {
        self.revision += 1;
        self.whole_at = self.revision;
        self.log.clear();
    }

    /// What a reader of revision `since` has missed.
    pub fn changes_since(&self, since: u64) -> Changes {
        if since < self.whole_at {
            return Changes::Whole;
        }
        let changed = self.log.range(since + 1..).filter_map(|(_, (account, number))| self.person(account, number)).collect();
        Changes::Some(changed)
    }

    /// One person by account and number.
    pub fn person(&self, account: &AccountName, number: &str) -> Option<Person> {
        let desk = self.desks.get(account)?;
        let (number, kept) = desk.people.get_key_value(number)?;
        Some(shown(account, desk, number, kept))
    }

    /// Everybody in order of account and number, from position `offset`, at most `limit`.
    pub fn page(&self, offset: usize, limit: usize) -> Vec<Person> {
        self.kept().skip(offset).take(limit).map(|(account, desk, number, kept)| shown(account, desk, number, kept)).collect()
    }

    /// Everybody in order of account and number.
    pub fn iter(&self) -> impl Iterator<Item = Person> + '_ {
        self.kept().map(|(account, desk, number, kept)| shown(account, desk, number, kept))
    }

    fn kept(&self) -> impl Iterator<Item = (&AccountName, &Desk, &str, &Kept)> {
        self.desks
            .iter()
            .flat_map(|(account, desk)| desk.people.iter().map(move |(number, kept)| (account, desk, &**number, kept)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.desks.values().map(|desk| desk.people.len()).sum()
    }

    /// Tells whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All internal numbers of an account, in order.
    pub fn numbers(&self, account: &AccountName) -> impl Iterator<Item = &str> {
        self.desks.get(account).into_iter().flat_map(|desk| desk.people.keys().map(|number| &**number))
    }

    /// Tells whether an internal number of an account is a person's, not a group's or a service's.
    pub fn is_person(&self, account: &AccountName, number: &str) -> bool {
        let kept = self.desks.get(account).and_then(|desk| desk.people.get(number));
        kept.is_some_and(|kept| kept.kind == PersonKind::Person)
    }

    /// The name behind an internal number of an account.
    pub fn name_of(&self, account: &AccountName, number: &str) -> Option<&str> {
        self.desks.get(account)?.people.get(number)?.name.as_deref()
    }
}

fn shown(account: &AccountName, desk: &Desk, number: &str, kept: &Kept) -> Person {
    let stale = desk.stale_since;
    Person {
        id: format!("{account}/{number}"),
        account: account.clone(),
        kind: kept.kind,
        number: number.to_owned(),
        name: kept.name.as_deref().map(str::to_owned),
        presence: if stale.is_some() { Presence::Unknown } else { kept.presence },
        dnd: stale.is_none() && kept.dnd,
        note: kept.note.as_deref().map(str::to_owned),
        since: if stale.is_some() { stale } else { kept.since },
        last_known: stale.map(|at| LastKnown { presence: kept.presence, at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann(presence: Presence) -> PersonSeen {
        PersonSeen {
            number: "207".into(),
            name: Some("Ann Example".into()),
            kind: PersonKind::Person,
            presence,
            dnd: false,
            note: None,
        }
    }

    fn office() -> AccountName {
        AccountName::parse("office").expect("a plain word")
    }

    #[test]
    fn a_lost_link_makes_presence_unknown_and_keeps_what_was_known() {
        let mut people = People::default();
        people.replace(&office(), vec![ann(Presence::InCall)]);
        people.make_stale(&office(), Timestamp::UNIX_EPOCH);
        let shown = people.person(&office(), "207").expect("she is there");
        assert_eq!(shown.presence, Presence::Unknown);
        assert_eq!(shown.last_known.map(|l| l.presence), Some(Presence::InCall));
    }

    #[test]
    fn a_storm_of_changes_of_one_person_is_one_change_to_a_slow_reader() {
        let mut people = People::default();
        people.replace(&office(), vec![ann(Presence::Available)]);
        let read = people.revision();
        for round in 0..1000 {
            let presence = if round % 2 == 0 { Presence::InCall } else { Presence::Available };
            people.update(&office(), ann(presence), Timestamp::UNIX_EPOCH);
        }
        let Changes::Some(changed) = people.changes_since(read) else { panic!("not the whole list") };
        assert_eq!(changed.len(), 1);
        assert!(people.log.len() <= 1);
        assert_eq!(people.changes_since(people.revision()), Changes::Some(vec![]));
    }

    #[test]
    fn what_stands_behind_a_number_can_change() {
        let mut people = People::default();
        people.replace(&office(), vec![ann(Presence::Available)]);
        let queue = PersonSeen { kind: PersonKind::Queue, ..ann(Presence::Available) };
        assert!(people.update(&office(), queue, Timestamp::UNIX_EPOCH));
        assert_eq!(people.person(&office(), "207").map(|p| (p.kind, p.since)), Some((PersonKind::Queue, None)));
    }

    #[test]
    fn a_new_picture_removes_who_is_gone() {
        let mut people = People::default();
        people.replace(&office(), vec![ann(Presence::Available)]);
        let read = people.revision();
        people.replace(&office(), vec![]);
        assert_eq!(people.changes_since(read), Changes::Whole);
        assert!(people.is_empty());
    }
}
