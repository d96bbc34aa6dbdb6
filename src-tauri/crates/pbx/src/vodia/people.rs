//! Accounts of the tenant and their presence, with the vendor's merge rule.

use std::collections::BTreeMap;

use phone_core::people::PersonSeen;
use phone_core::{PersonKind, Presence};

use super::frame::RawAccount;

/// What is kept of one account; names live in the model.
#[derive(Clone, Copy, Debug)]
struct Account {
    kind: PersonKind,
    registered: Option<bool>,
    dnd: Option<bool>,
    busy: bool,
    calls: bool,
}

/// More accounts than this are no company; what a server invents beyond is skipped.
const MOST: usize = 50_000;

/// All accounts of the tenant.
#[derive(Debug, Default)]
pub struct Accounts {
    all: BTreeMap<Box<str>, Account>,
}

/// Translates an account type.
pub fn kind(text: &str) -> PersonKind {
    match text {
        "extensions" | "extension" => PersonKind::Person,
        "acds" | "acd" => PersonKind::Queue,
        "hunts" | "hunt" => PersonKind::Group,
        "orbits" | "orbit" => PersonKind::Park,
        _ => PersonKind::Service,
    }
}

impl Accounts {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// Takes one account of the whole overview.
    pub fn put(&mut self, raw: &RawAccount<'_>) -> Option<PersonSeen> {
        let number = raw.account.text()?;
        let account = Account {
            kind: raw.kind.text().map_or(PersonKind::Person, |t| kind(&t)),
            registered: raw.registered.switch(),
            dnd: raw.dnd.switch(),
            busy: raw.code.is_some(),
            calls: has_calls(raw),
        };
        if self.all.len() >= MOST && !self.all.contains_key(number.as_str()) {
            return None;
        }
        self.all.insert(number.as_str().into(), account);
        Some(seen(number, raw.name.text(), account))
    }

    /// Takes a change: `code` and `calls` count even when absent, `dnd` and `registered` only when present.
    pub fn merge(&mut self, raw: &RawAccount<'_>) -> Option<PersonSeen> {
        let number = raw.account.text()?;
        let new = Account { kind: PersonKind::Person, registered: None, dnd: None, busy: false, calls: false };
        if !self.all.contains_key(number.as_str()) {
            if self.all.len() >= MOST {
                return None;
            }
            self.all.insert(number.as_str().into(), new);
        }
        let account = self.all.get_mut(number.as_str())?;
        if let Some(text) = raw.kind.text() {
            account.kind = kind(&text);
        }
        account.registered = raw.registered.switch().or(account.registered);
        account.dnd = raw.dnd.switch().or(account.dnd);
        account.busy = raw.code.is_some();
        account.calls = has_calls(raw);
        Some(seen(number, raw.name.text(), *account))
    }

    /// Own do-not-disturb, when it is known.
    pub fn dnd(&self, number: &str) -> Option<bool> {
        self.all.get(number)?.dnd
    }

    /// Tells whether the phone of an account is registered, when that is known.
    pub fn registered(&self, number: &str) -> Option<bool> {
        self.all.get(number)?.registered
    }

    /// Tells whether an account is in a call; none for a number of no person here.
    pub fn is_busy(&self, number: &str) -> Option<bool> {
        self.all.get(number).filter(|account| account.kind == PersonKind::Person).map(|account| account.busy)
    }

    /// Presence of one account.
    pub fn presence(&self, number: &str) -> Presence {
        self.all.get(number).map_or(Presence::Unknown, |a| presence(*a))
    }

    /// Takes a do-not-disturb state that another source told.
    pub fn set_dnd(&mut self, number: &str, dnd: bool) {
        let new = Account { kind: PersonKind::Person, registered: None, dnd: None, busy: false, calls: false };
        self.all.entry(number.into()).or_insert(new).dnd = Some(dnd);
    }

    /// Nobody knows any more whether an account has do-not-disturb on.
    pub fn forget_dnd(&mut self, number: &str) {
        if let Some(account) = self.all.get_mut(number) {
            account.dnd = None;
        }
    }
}

fn has_calls(raw: &RawAccount<'_>) -> bool {
    use super::frame::Loose;
    match &raw.calls {
        Loose::Nested(any) => *any,
        Loose::Number(count) => *count > 0.0,
        Loose::Null | Loose::Bool(_) | Loose::Text(_) => false,
    }
}

/// The vendor's colours as words. A missing field never means offline.
fn presence(account: Account) -> Presence {
    if account.kind != PersonKind::Person {
        return if account.calls { Presence::InCall } else { Presence::Available };
    }
    match (account.busy, account.dnd, account.registered) {
        (true, _, _) => Presence::InCall,
        (false, Some(true), _) => Presence::Dnd,
        (false, _, Some(false)) => Presence::NotRegistered,
        (false, _, Some(true)) => Presence::Available,
        (false, _, None) => Presence::Unknown,
    }
}

fn seen(number: String, name: Option<String>, account: Account) -> PersonSeen {
    PersonSeen { number, name, kind: account.kind, presence: presence(account), dnd: account.dnd.unwrap_or(false), note: None }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{self, Frame};
    use super::*;

    #[test]
    fn a_server_that_invents_accounts_without_end_is_not_believed() {
        let mut all = Accounts::default();
        let mut taken = 0;
        for number in 0..MOST + 10 {
            let text = format!(r#"{{"action":"user-state","account":"{number}","type":"extensions"}}"#);
            let Frame::UserState(raw) = frame::read(&text) else { panic!("{text}") };
            taken += usize::from(all.put(&raw).is_some());
        }
        assert_eq!(taken, MOST);
    }
}
