//! Names for calls that came without one.
//!
//! Frames with calls are many and address books long, so a number is looked for once, and again when the names change.

use super::{Live, Model};
use crate::account::AccountName;
use crate::number::may_be_same;
use crate::told::Contact;

/// Entries of an address book that are kept; what lies beyond is not found by its number.
pub(super) const MOST_CONTACTS: usize = 20_000;

impl Model {
    /// Name for a number that came without one: colleagues first, then the address book.
    ///
    /// The dial plan is asked last: it knows one's own main number, local numbers and the digit for the outside line,
    /// but needs the tables of numbers.
    pub(super) fn name_for(&mut self, name: &AccountName, number: &str) -> Option<String> {
        if let Some(known) = self.people.name_of(name, number) {
            return Some(known.to_owned());
        }
        let desk = self.desks.iter().find(|d| &d.name == name)?;
        let fits = |contact: &&Contact| contact.numbers.iter().any(|n| may_be_same(n, number));
        if let Some(contact) = desk.contacts.iter().find(fits) {
            return Some(contact.name.clone());
        }
        desk.plan.country()?;
        let canonical = self.numbers.canonical(number, &desk.plan);
        if let Some(known) = self.people.name_of(name, canonical.as_str()) {
            return Some(known.to_owned());
        }
        let mut same = |own: &String| self.numbers.same(own, number, &desk.plan);
        let contact = desk.contacts.iter().find(|contact| contact.numbers.iter().any(&mut same))?;
        Some(contact.name.clone())
    }

    /// Gives names to calls that came without one, now that there are other names than before.
    pub(super) fn look_up_again(&mut self, name: &AccountName) {
        let Some(desk) = self.desk(name) else { return };
        let nameless: Vec<String> = desk
            .calls
            .iter()
            .filter(|call| call.remote.name.is_none())
            .filter_map(|call| call.looked_up.clone().or_else(|| call.remote.number.clone()))
            .collect();
        for number in nameless {
            let Some(found) = self.name_for(name, &number) else { continue };
            let Some(desk) = self.desk(name) else { return };
            let about = |call: &&mut Live| call.looked_up.as_ref().or(call.remote.number.as_ref()) == Some(&number);
            for call in desk.calls.iter_mut().filter(about) {
                call.remote.name.get_or_insert_with(|| found.clone());
            }
        }
    }

    /// Tells whether the name for this number of this call was looked for already.
    pub(super) fn looked_up(&self, name: &AccountName, key: &str, number: &str) -> bool {
        let desk = self.desks.iter().find(|d| &d.name == name);
        let call = desk.and_then(|desk| desk.calls.iter().find(|c| c.key.as_deref() == Some(key)));
        call.is_some_and(|call| call.looked_up.as_deref() == Some(number))
    }
}
