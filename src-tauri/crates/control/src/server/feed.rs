//! Who is where: the whole list in parts once, then who changed, merged per person.

use std::collections::HashMap;
use std::time::Duration;

use phone_core::event::PersonBrief;
use phone_core::{Event, EventName, Person, Presence, Reply, Request, Trouble};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Phone;
use crate::clock;
use crate::message::notify;
use crate::protocol::{PAGE, PresencePart, method};

/// Least time between two looks at who changed: what changes in between is told once.
const PACE: Duration = Duration::from_millis(20);
/// Bytes of one part at most; half of a line.
const PART: usize = 512 * 1024;

/// Where the reading of people stands.
enum At {
    /// Within the whole list.
    Whole { offset: usize, part: u32, since: u64 },
    /// Everything up to this revision was told.
    Since(u64),
}

/// The presence of everybody, as one client knows it.
pub(super) struct Feed {
    revision: watch::Receiver<u64>,
    at: At,
    due: bool,
    not_before: Instant,
    /// The client follows the `presence` stream.
    parts: bool,
    /// Last told presence, when the client follows events.
    told: Option<Told>,
}

/// What events are derived from.
#[derive(Default)]
struct Told {
    known: HashMap<Box<str>, Presence>,
    /// The list that is being read to replace it.
    fresh: HashMap<Box<str>, Presence>,
    /// A whole list was read once, so differences are news.
    ready: bool,
}

impl Feed {
    pub(super) fn new(revision: watch::Receiver<u64>) -> Self {
        Self { revision, at: At::beginning(), due: true, not_before: Instant::now(), parts: false, told: None }
    }

    /// Follows the `presence` stream from its beginning.
    pub(super) fn follow_parts(&mut self) {
        self.parts = true;
        self.begin();
    }

    /// Follows the events of single persons.
    pub(super) fn follow_events(&mut self) {
        if self.told.is_none() {
            self.told = Some(Told::default());
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.at = At::beginning();
        self.due = true;
        self.not_before = Instant::now();
    }

    /// Waits until there is something to tell; fails when the agent ends.
    pub(super) async fn ready(&mut self) -> Result<(), watch::error::RecvError> {
        if !self.due {
            self.revision.changed().await?;
            self.due = true;
        }
        tokio::time::sleep_until(self.not_before).await;
        Ok(())
    }

    /// Tells whether [`Feed::step`] has something to do now.
    pub(super) fn is_ready(&mut self) -> bool {
        self.due |= self.revision.has_changed().unwrap_or(false);
        self.due && Instant::now() >= self.not_before
    }

    /// Appends at most one page of the list, or all that changed.
    pub(super) async fn step<P: Phone>(&mut self, phone: &P, to: &mut Vec<u8>) -> Result<(), Trouble> {
        match self.at {
            At::Whole { offset, part, since } => self.page(phone, to, offset, part, since).await,
            At::Since(since) => self.changes(phone, to, since).await,
        }
    }

    async fn page<P: Phone>(&mut self, phone: &P, to: &mut Vec<u8>, offset: usize, part: u32, since: u64) -> Result<(), Trouble> {
        let request = Request::People { offset, limit: PAGE, all: true, filter: None };
        let Reply::People { revision, mut people, total } = phone.ask(request).await? else { return Err(odd()) };
        // What changes while the pages are read is told afterwards, as changes since the first page.
        let since = if offset == 0 { revision } else { since };
        let empty = people.is_empty();
        let count = fitting(&people);
        people.truncate(count);
        let offset = offset + count;
        let last = empty || offset >= total;
        for event in self.news_of_page(&people, part == 0, last) {
            notify(to, method::CALL_EVENT, &event);
        }
        if self.parts {
            notify(to, method::PRESENCE, &PresencePart { revision: since, whole: true, part, last, people });
        }
        self.at = if last { At::Since(since) } else { At::Whole { offset, part: part + 1, since } };
        Ok(())
    }

    async fn changes<P: Phone>(&mut self, phone: &P, to: &mut Vec<u8>, since: u64) -> Result<(), Trouble> {
        self.revision.mark_unchanged();
        let Reply::PeopleChanged { revision, changed } = phone.ask(Request::PeopleSince(since)).await? else {
            return Err(odd());
        };
        let Some(mut people) = changed else {
            self.at = At::beginning();
            return Ok(());
        };
        self.not_before = Instant::now() + PACE;
        self.at = At::Since(revision);
        self.due = false;
        for event in self.told.iter_mut().flat_map(|told| people.iter().filter_map(|person| told.news(person))) {
            notify(to, method::CALL_EVENT, &event);
        }
        let mut part = 0;
        while self.parts && !people.is_empty() {
            let rest = people.split_off(fitting(&people));
            let last = rest.is_empty();
            notify(to, method::PRESENCE, &PresencePart { revision, whole: false, part, last, people });
            people = rest;
            part += 1;
        }
        Ok(())
    }

    fn news_of_page(&mut self, people: &[Person], first: bool, last: bool) -> Vec<Event> {
        let Some(told) = &mut self.told else { return vec![] };
        if first {
            told.fresh.clear();
        }
        let mut events = vec![];
        for person in people {
            events.extend(told.news(person).filter(|_| told.ready));
            let presence = told.known.get(person.id.as_str()).copied().unwrap_or(person.presence);
            told.fresh.insert(person.id.as_str().into(), presence);
        }
        if last {
            // Whoever is not in the list any more is forgotten.
            told.known = std::mem::take(&mut told.fresh);
            told.ready = true;
        }
        events
    }
}

impl At {
    fn beginning() -> Self {
        Self::Whole { offset: 0, part: 0, since: 0 }
    }
}

impl Told {
    /// What happened to a person since the last time.
    ///
    /// A lost link makes everybody unknown, which its own event tells; afterwards only differences are news.
    fn news(&mut self, person: &Person) -> Option<Event> {
        if person.last_known.is_some() {
            return None;
        }
        match self.known.get_mut(person.id.as_str()) {
            Some(known) if *known == person.presence => return None,
            Some(known) => *known = person.presence,
            None => {
                self.known.insert(person.id.as_str().into(), person.presence);
            }
        }
        let mut event = Event::new(EventName::Presence, clock::wall());
        event.person = Some(PersonBrief { id: person.id.clone(), presence: person.presence });
        Some(event)
    }
}

/// How many of these people go into one part: at least one, so that there is an end.
fn fitting(people: &[Person]) -> usize {
    let mut size = 0;
    let fits = people.iter().take(PAGE).take_while(|person| {
        size += size_of_json(person);
        size <= PART
    });
    fits.count().max(1).min(people.len())
}

/// An upper bound that is cheap: six bytes for every byte of text that has to be escaped, and the fixed fields.
fn size_of_json(person: &Person) -> usize {
    let texts = [person.name.as_deref(), person.note.as_deref()].into_iter().flatten().map(str::len).sum::<usize>();
    400 + 2 * person.id.len() + 6 * texts
}

fn odd() -> Trouble {
    phone_core::Reason::NotAvailable.into()
}
