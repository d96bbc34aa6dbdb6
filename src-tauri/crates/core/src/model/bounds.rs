//! How long the texts may be that a PBX sends: a few hostile names must not make a view that nobody can send.

use crate::call::Party;
use crate::forward::ForwardWhen;
use crate::people::PersonSeen;
use crate::told::{PastCall, Told};
use crate::view::CallRecord;

/// Most characters of a name or a note.
const NAME: usize = 200;
/// Most characters of what the user writes about a call.
const NOTE: usize = 1000;
/// Most characters of a number; a longer one is none, because its beginning would be another number.
const NUMBER: usize = 128;
/// Most bytes of an id; a longer one is none, because its beginning could be another call's.
const KEY: usize = 256;

impl CallRecord {
    /// Cuts the texts of a call to what is kept of them.
    pub fn bound(&mut self) {
        party(&mut self.remote);
        self.via.iter_mut().for_each(party);
        cut_some(&mut self.note, NOTE);
        cut(&mut self.id.0, KEY);
    }
}

/// The same with texts of a bounded length; what cannot be told apart any more then is left out.
pub(super) fn bounded(mut told: Told) -> Told {
    match &mut told {
        Told::Identity { user, domain, display_name, server, dialect } => {
            for text in [user, domain, display_name, server, dialect] {
                cut_some(text, NAME);
            }
        }
        Told::Calls { calls, verdict_follows } => {
            calls.retain(|call| call.key.len() <= KEY);
            verdict_follows.retain(|key| key.len() <= KEY);
            for call in calls {
                party(&mut call.remote);
                call.via.iter_mut().for_each(party);
                call.asks_about.take_if(|key| key.len() > KEY);
            }
        }
        Told::People(people) => {
            people.retain(has_number);
            people.iter_mut().for_each(person);
        }
        Told::Person(seen) => person(seen),
        Told::History(past) => past.iter_mut().for_each(past_call),
        Told::Contacts(contacts) => {
            for contact in contacts {
                cut(&mut contact.name, NAME);
                contact.numbers.retain(|number| number.chars().count() <= NUMBER);
            }
        }
        Told::Abilities(_) | Told::Verdict { .. } | Told::Own { .. } => {}
        Told::Forwarding(forwarding) => {
            // Without its target a forwarding would look like none.
            let is_long = |to: &str| to.chars().count() > NUMBER;
            forwarding.take_if(|known| ForwardWhen::ALL.iter().any(|when| known.to(*when).is_some_and(is_long)));
        }
        Told::Parked { key, place, .. } => {
            key.take_if(|key| key.len() > KEY);
            place.take_if(|place| place.chars().count() > NUMBER);
        }
        Told::ParkedCalls(parked) => {
            parked.retain(|parked| parked.key.len() <= KEY);
            for parked in parked {
                parked.place.take_if(|place| place.chars().count() > NUMBER);
                party(&mut parked.who);
            }
        }
        Told::Confirmed(_) | Told::Refused(..) | Told::Unclear(_) => {}
    }
    told
}

fn has_number(seen: &PersonSeen) -> bool {
    seen.number.chars().count() <= NUMBER
}

fn person(seen: &mut PersonSeen) {
    cut(&mut seen.number, NUMBER);
    cut_some(&mut seen.name, NAME);
    cut_some(&mut seen.note, NAME);
}

fn past_call(past: &mut PastCall) {
    cut(&mut past.key, KEY);
    party(&mut past.remote);
}

fn party(party: &mut Party) {
    party.number.take_if(|number| number.chars().count() > NUMBER);
    cut_some(&mut party.name, NAME);
}

fn cut_some(text: &mut Option<String>, most: usize) {
    if let Some(text) = text {
        cut(text, most);
    }
}

fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}
