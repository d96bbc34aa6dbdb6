//! Notices on the screen: which ones a view wants, in which words, with which buttons.
//!
//! All names and numbers in them come from the network. They are plain text here; what shows them escapes them.

#[cfg(target_os = "linux")]
mod early;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(target_os = "linux")]
pub mod once;
#[cfg(target_os = "linux")]
mod picture;
#[cfg(target_os = "linux")]
pub mod service;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use phone_control::protocol::WindowView;
use phone_core::call::{Outcome, tidy};
use phone_core::view::{AccountView, CallRecord, CallView, Can, Hint, LinkName};
use phone_core::{AccountName, CallId, CallState, Code, View};

use super::{Act, clock};
use crate::desktop::tray::rings_here;

pub use words::{Late, choice, link_too_late, not_answered, parked, question, too_many, trouble};

/// What a notice is about. A later notice about the same takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    /// A call that rings here.
    Call(CallId),
    /// Missed calls.
    Missed,
    /// An account that only the user can help.
    Account(AccountName),
    /// A hint of the view.
    Hint(String),
    /// A question before dialling this text or number; several stand side by side, so that none hides another.
    Question(String),
    /// The digits that follow the number of a call.
    Digits(CallId),
    /// A call that was parked.
    Parked(CallId),
    /// A request that failed.
    Trouble,
}

/// How much a notice may disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Stays until it is dealt with or withdrawn.
    Urgent,
    /// Stays, but may be covered.
    Lasting,
    /// Goes away by itself.
    Passing,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What stands on it.
    pub label: Cow<'static, str>,
    /// What it does.
    pub act: Act,
}

/// A notice, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub about: About,
    /// First line, plain text.
    pub title: String,
    /// Further lines, plain text.
    pub body: String,
    /// At most three buttons, the main one first.
    ///
    /// Most services show no more.
    pub buttons: Vec<Button>,
    /// What a press on the notice itself does.
    pub press: Act,
    /// How much it may disturb.
    pub weight: Weight,
}

/// What has to be done on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeChange {
    /// Show it, in place of what was shown about the same.
    Show(Notice),
    /// Show it in place of what is shown about the same, and not at all where that has left the screen.
    Redraw(Notice),
    /// Take it from the screen.
    Withdraw(About),
    /// Take all questions from the screen.
    WithdrawQuestions,
}

/// What else than the view decides about words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The screen is locked: nobody known sits before it, so nothing on it may dial.
    pub locked: bool,
    /// The screen is locked, and names must not be read over a shoulder.
    pub hide_names: bool,
    /// The zone of the clock.
    pub zone: TimeZone,
}

/// A view, and what else decides about the words.
pub type Seen<'a> = (&'a View, &'a Scene);

/// What changes on the screen between two views, or where the screen was locked or opened in between.
///
/// The view before the first one is an empty one: what the first one wants is shown, except missed calls from before.
pub fn notices(before: Seen<'_>, now: Seen<'_>) -> Vec<NoticeChange> {
    let ((previous, _), (view, scene)) = (before, now);
    let mut changes = Vec::new();
    if scene.locked && !before.1.locked {
        // They quote numbers, and the press that a question waits for is not taken any more.
        changes.extend([NoticeChange::WithdrawQuestions, NoticeChange::Withdraw(About::Trouble)]);
    }
    call_changes(before, now, &mut changes);
    changes.extend(missed_change(before, now));
    compare(accounts(previous), accounts(view), &mut changes);
    compare(hints(previous), hints(view), &mut changes);
    compare(digits(before), digits(now), &mut changes);
    changes.extend(parked_no_more(previous, view));
    changes
}

/// Parked calls that have left their place, or of which nobody knows any more: who fetches by the notice must not get
/// whoever is parked there next.
fn parked_no_more(previous: &View, view: &View) -> impl Iterator<Item = NoticeChange> {
    let waits = |view: &View, id: &CallId| view.parked.iter().any(|one| &one.id == id && one.unknown_since.is_none());
    let waited: Vec<_> = previous.parked.iter().map(|one| &one.id).filter(|id| waits(previous, id)).collect();
    let gone: Vec<_> = waited.into_iter().filter(|id| !waits(view, id)).cloned().collect();
    gone.into_iter().map(|id| NoticeChange::Withdraw(About::Parked(id)))
}

fn call_changes((previous, old_scene): Seen<'_>, (view, scene): Seen<'_>, changes: &mut Vec<NoticeChange>) {
    let (before, now) = (ringing(previous), ringing(view));
    for call in &before {
        if !now.iter().any(|other| other.id == call.id) {
            changes.push(NoticeChange::Withdraw(About::Call(call.id.clone())));
        }
    }
    let said: BTreeMap<&CallId, Notice> = told_apart(&before, old_scene).collect();
    for (call, (_, says)) in now.iter().zip(told_apart(&now, scene)) {
        let old = before.iter().find(|other| other.id == call.id);
        // A pressed button has closed the notice; it must not come back while the press is under way.
        let quiet = old.is_some() && call.doing.is_some();
        if quiet {
            continue;
        }
        // What was said before a press and what is said after it differ only in what really changed.
        if old.map(|old| incoming(old, scene)) != Some(incoming(call, scene)) {
            changes.push(NoticeChange::Show(says));
        } else if said.get(&call.id) != Some(&says) {
            // Only the screen was locked or opened, or another call ended that reads alike: who closed the notice does not
            // want it back.
            changes.push(NoticeChange::Redraw(says));
        }
    }
}

/// The calls that ring here, in the order in which they came.
fn ringing(view: &View) -> Vec<&CallView> {
    let mut calls: Vec<&CallView> = view.calls.iter().filter(|call| rings_here(call)).collect();
    calls.sort_by_key(|call| (call.since, call.id.0.len(), &call.id));
    calls
}

/// The notices of calls that ring here, each told apart from the ones before it.
///
/// Some services show notices that read alike as one, and a press on that answers one call and hides the other.
fn told_apart<'a>(calls: &'a [&'a CallView], scene: &'a Scene) -> impl Iterator<Item = (&'a CallId, Notice)> {
    let mut shown: Vec<(String, Vec<String>)> = Vec::new();
    calls.iter().map(move |call| {
        let mut notice = incoming(call, scene);
        let reads = who_calls(call, scene);
        let number = match shown.iter().filter(|other| **other == reads).count() {
            0 => None,
            1 => Some("Second call".to_owned()),
            2 => Some("Third call".to_owned()),
            before => Some(format!("Call {}", before + 1)),
        };
        shown.push(reads);
        if let Some(number) = number {
            notice.body = if notice.body.is_empty() { number } else { format!("{}\n{number}", notice.body) };
        }
        (&call.id, notice)
    })
}

/// Who calls, and for whom: the first line of a notice and the ones below it.
fn who_calls(call: &CallView, scene: &Scene) -> (String, Vec<String>) {
    let name = call.remote.name.as_deref().map(tidy).filter(|name| !name.is_empty());
    let number = call.remote.number.as_deref().map(tidy).filter(|number| !number.is_empty());
    let (title, mut lines) = match (scene.hide_names, name, number) {
        (true, ..) => ("Incoming call".to_owned(), Vec::new()),
        (false, Some(name), Some(number)) if name != number => (name, vec![number]),
        (false, Some(name), _) => (name, Vec::new()),
        (false, None, Some(number)) => (number, Vec::new()),
        (false, None, None) => ("Unknown caller".to_owned(), Vec::new()),
    };
    if let Some(via) = call.via.as_ref().and_then(|via| via.title())
        && !scene.hide_names
    {
        lines.push(format!("for {via}"));
    }
    (title, lines)
}

/// The notice of a call that rings here.
fn incoming(call: &CallView, scene: &Scene) -> Notice {
    let (title, mut lines) = who_calls(call, scene);
    let can = |can| call.can.contains(&can);
    if !can(Can::Answer) {
        lines.push("Pick up at the phone.".to_owned());
    }
    let mut buttons = Vec::new();
    if can(Can::Answer) {
        buttons.push(Button { label: "Answer".into(), act: Act::Answer(call.id.clone()) });
    }
    if can(Can::HangUp) {
        buttons.push(Button { label: "Decline".into(), act: Act::HangUp(call.id.clone()) });
    }
    Notice {
        about: About::Call(call.id.clone()),
        title,
        body: lines.join("\n"),
        buttons,
        press: Act::Window(Some(WindowView::Calls)),
        weight: Weight::Urgent,
    }
}

fn missed_change((previous, old_scene): Seen<'_>, (view, scene): Seen<'_>) -> Option<NoticeChange> {
    if view.missed == 0 {
        return (previous.missed > 0).then_some(NoticeChange::Withdraw(About::Missed));
    }
    // Revision 0 is the empty view before the first: calls missed before the start stand in the tray already.
    if previous.revision == 0 {
        return None;
    }
    if view.missed > previous.missed {
        return missed(view, scene).map(NoticeChange::Show);
    }
    if scene != old_scene { missed(view, scene).map(NoticeChange::Redraw) } else { None }
}

/// The notice of calls that were missed.
fn missed(view: &View, scene: &Scene) -> Option<Notice> {
    let missed: Vec<&CallRecord> = view.recent.iter().filter(|record| record.outcome == Outcome::Missed).collect();
    let newest = missed.first()?;
    let at = clock(newest.started_at, &scene.zone);
    let who = |record: &CallRecord| record.remote.title().unwrap_or_else(|| "Unknown caller".to_owned());
    let (title, lines) = if view.missed == 1 {
        let number = newest.remote.number.as_deref().map(tidy);
        let lines = [Some(who(newest)), number.filter(|number| *number != who(newest))];
        (format!("Missed call, {at}"), lines.into_iter().flatten().collect::<Vec<_>>())
    } else {
        let mut lines: Vec<String> =
            missed.iter().take(3).map(|record| format!("{}, {}", who(record), clock(record.started_at, &scene.zone))).collect();
        lines.dedup();
        (format!("{} missed calls", view.missed), lines)
    };
    let mut buttons = Vec::new();
    if let Some(number) = newest.remote.number.clone().filter(|number| !number.is_empty() && !scene.locked) {
        buttons.push(Button { label: "Call back".into(), act: Act::CallBack { number, account: newest.account.clone() } });
    }
    buttons.push(Button { label: "Dismiss".into(), act: Act::MissedSeen });
    Some(Notice {
        about: About::Missed,
        title,
        body: if scene.hide_names { String::new() } else { lines.join("\n") },
        buttons,
        press: Act::Window(Some(WindowView::History)),
        weight: Weight::Lasting,
    })
}

/// Digits of a number for after the answer: shown when somebody has answered, sent when the user says so.
fn digits((view, scene): Seen<'_>) -> Vec<Notice> {
    let answered = view.calls.iter().filter(|call| call.state == CallState::Connected && !call.stale && !scene.hide_names);
    answered
        .filter_map(|call| {
            let digits = call.post_dial.clone()?;
            let can = call.can.contains(&Can::Dtmf);
            let send = Act::SendDigits { call: call.id.clone(), digits: digits.clone() };
            Some(Notice {
                about: About::Digits(call.id.clone()),
                title: format!("Then {}", tidy(&digits)),
                body: if can { "Send it when the other side asks for the extension." } else { "Press it at the phone." }
                    .to_owned(),
                buttons: if can { vec![Button { label: "Send".into(), act: send }] } else { vec![] },
                press: Act::Window(Some(WindowView::Calls)),
                weight: Weight::Lasting,
            })
        })
        .collect()
}

/// Accounts that wait for the user.
fn accounts(view: &View) -> Vec<Notice> {
    // Without its secret an account is not even tried, and that has a reason too; what the user signed out has none.
    let waits = |account: &&AccountView| matches!(account.link, LinkName::Stopped | LinkName::SignedOut);
    view.accounts
        .iter()
        .filter(waits)
        .filter_map(|account| {
            let why = account.why.as_ref()?;
            let lines = [Some(why.text.as_str()), why.remedy.as_deref()];
            let (buttons, press) = if why.code == Code::KeyringLocked {
                (vec![Button { label: "Unlock".into(), act: Act::Unlock }], Act::Unlock)
            } else {
                (Vec::new(), Act::Window(None))
            };
            Some(Notice {
                about: About::Account(account.name.clone()),
                title: format!("{} is offline", account.name),
                body: lines.into_iter().flatten().collect::<Vec<_>>().join("\n"),
                buttons,
                press,
                weight: Weight::Lasting,
            })
        })
        .collect()
}

/// About of the hint that notices cannot be shown, which no notice can tell.
pub const NOTICES_HINT: &str = "notifications";
/// About of the hint that there is no tray.
pub const TRAY_HINT: &str = "tray_host";
/// About of the hint that the dial hotkey does not work; those of the others begin with it.
pub const HOTKEY_HINT: &str = "hotkey";

fn hints(view: &View) -> Vec<Notice> {
    // These are true at every login of such a desktop; they are told once, by whoever finds them.
    let by_finder = |about: &str| [NOTICES_HINT, TRAY_HINT].contains(&about) || about.starts_with(HOTKEY_HINT);
    let told = view.hints.iter().filter(|hint| !by_finder(&hint.about));
    told.map(hint).collect()
}

/// The notice of a hint.
pub fn hint(hint: &Hint) -> Notice {
    Notice {
        about: About::Hint(hint.about.clone()),
        title: hint.text.clone(),
        body: hint.remedy.clone().unwrap_or_default(),
        buttons: Vec::new(),
        press: Act::Window(Some(WindowView::Settings)),
        weight: Weight::Passing,
    }
}

fn compare(before: Vec<Notice>, now: Vec<Notice>, changes: &mut Vec<NoticeChange>) {
    for old in &before {
        if !now.iter().any(|notice| notice.about == old.about) {
            changes.push(NoticeChange::Withdraw(old.about.clone()));
        }
    }
    changes.extend(now.into_iter().filter(|notice| !before.contains(notice)).map(NoticeChange::Show));
}

#[cfg(test)]
mod tests;
