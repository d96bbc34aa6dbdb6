//! Which calls of the picture are not this user's any more: a colleague took them, or they were handed on.
//!
//! Some servers go on showing such a call, under the same id and as connected. Whoever hung it up or held it here would
//! cut off a colleague. The list of extensions that take part tells it, where there is one and it is known to name this
//! user in a way that is recognised: one who signed in with an alias or an address may be listed under another number.

use std::collections::HashSet;

use phone_core::Direction;
use phone_core::call::SeenState;

use super::calls::{Kept, OwnNumbers};
use super::frame::name_addr;

/// What the lists of extensions have told.
#[derive(Debug, Default)]
pub(super) struct TakingPart {
    /// Calls whose list has named this user.
    named: HashSet<String>,
    /// Lists name this user by an own number; none while neither was seen.
    names_us: Option<bool>,
}

impl TakingPart {
    /// Forgets the calls, because the link is new; how the server names this user stays.
    pub fn clear(&mut self) {
        self.named.clear();
    }

    /// Takes a whole picture, and takes out of it the calls that others have now, and this user not.
    pub fn take(&mut self, picture: &mut Vec<Kept>, own: &OwnNumbers) -> Vec<Kept> {
        self.named.retain(|key| picture.iter().any(|call| &call.seen.key == key));
        for call in picture.iter() {
            self.learn(call, own);
        }
        picture.extract_if(.., |call| self.is_elsewhere(call, own)).collect()
    }

    fn learn(&mut self, call: &Kept, own: &OwnNumbers) {
        if names_us(call, own) {
            self.named.insert(call.seen.key.clone());
            self.names_us = Some(true);
        } else if rings(call) && names_others(call) {
            // It is shown because it rings for this user, who is then listed under a name that nobody here knows, or does
            // not ring any more.
            self.names_us.get_or_insert(false);
            self.named.remove(&call.seen.key);
        }
    }

    fn is_elsewhere(&self, call: &Kept, own: &OwnNumbers) -> bool {
        if call.taking_part.is_empty() || names_us(call, own) || rings(call) {
            return false;
        }
        let known = || self.names_us.unwrap_or_else(|| own.0.iter().any(|own| is_number(own)));
        let taken = || call.seen.direction == Direction::Incoming && names_others(call) && known();
        self.named.contains(&call.seen.key) || taken()
    }
}

fn names_us(call: &Kept, own: &OwnNumbers) -> bool {
    call.taking_part.iter().any(|entry| own.has(&name_of(entry)))
}

/// Tells whether somebody else than the other side is listed: who calls takes part in any case, and says nothing about who
/// is called.
fn names_others(call: &Kept) -> bool {
    let remote = call.seen.remote.number.as_deref();
    call.taking_part.iter().any(|entry| Some(name_of(entry).as_str()) != remote)
}

fn rings(call: &Kept) -> bool {
    matches!(call.seen.state, SeenState::Ringing | SeenState::CallingOwnPhone)
}

/// The name that an entry stands for: it may carry a mark on either side, or be an address.
fn name_of(entry: &str) -> String {
    let (_, user) = name_addr(entry);
    user.unwrap_or_default().trim_matches('*').to_owned()
}

/// An extension or a number, as lists show them, and not the front of a mail address.
fn is_number(own: &str) -> bool {
    !own.is_empty() && own.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'*' | b'#'))
}
