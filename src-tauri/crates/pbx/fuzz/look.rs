//! What the fuzzer and the replay of its corpus do with one input: everything that reads a text of the PBX.

use super::pbx;

use pbx::redact::redact;
use pbx::vodia::calls::{Calls, Habits, OwnNumbers, Picture};
use pbx::vodia::frame::{self, Frame};
use pbx::vodia::people::Accounts;
use pbx::vodia::rest;

const HABITS: Habits = Habits { one_resume: false, alerting_is_own_phone: true };

/// Reads the text in every way there is and checks what must hold for any text.
pub fn look(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let own = OwnNumbers(vec!["204".to_owned(), "+4930555204".to_owned()]);
    match frame::read(text) {
        Frame::DomainState(accounts, _) => {
            let mut all = Accounts::default();
            for raw in &accounts {
                let seen = all.put(raw);
                assert!(seen.is_none_or(|seen| !seen.number.is_empty()));
            }
        }
        Frame::UserState(raw) => {
            let mut all = Accounts::default();
            if let Some(seen) = all.merge(&raw) {
                assert!(!seen.number.is_empty());
                assert_eq!(all.presence(&seen.number), seen.presence);
            }
        }
        Frame::CallState(raw, _) => see(&raw, &own),
        Frame::MissedCalls | Frame::Known | Frame::Skipped => {}
    }
    if let Some(legs) = rest::legs(text) {
        see(&legs, &own);
    }
    if let Some(past) = rest::history(text, &own) {
        assert!(past.is_sorted_by(|a, b| a.started_at >= b.started_at));
    }
    for contact in rest::contacts(text).into_iter().flatten() {
        assert!(!contact.name.is_empty() && !contact.numbers.is_empty());
    }
    rest::directory(text);
    rest::dnd(text);
    rest::said(text);
    let (name, user) = frame::name_addr(text);
    assert!(name.is_none_or(|t| !t.is_empty()) && user.is_none_or(|t| !t.is_empty()));
    assert!(redact(text, text.len(), &["action"]).chars().count() <= 601);
}

/// A first picture, the same again, and an empty one.
fn see(raw: &[frame::RawCall<'_>], own: &OwnNumbers) {
    let Some(now) = moment() else { return };
    let mut calls = Calls::default();
    let Picture { calls: seen, vanished, elsewhere } = calls.take(raw, own, HABITS, now);
    assert!(vanished.is_empty() && elsewhere.is_empty() && seen.len() <= 200);
    for (index, call) in seen.iter().enumerate() {
        assert!(!call.key.is_empty() && calls.get(&call.key).is_some());
        assert!(seen.iter().skip(index + 1).all(|other| other.key != call.key));
    }
    let again = calls.take(raw, own, HABITS, now);
    assert!(again.calls == seen && again.vanished.is_empty() && again.elsewhere.is_empty());
    assert!(calls.take(&[], own, HABITS, now).calls.is_empty());
}

/// Any moment will do: nothing here waits.
#[expect(clippy::disallowed_methods, reason = "a test has to begin at some moment")]
fn moment() -> Option<std::time::Instant> {
    Some(std::time::Instant::now())
}
