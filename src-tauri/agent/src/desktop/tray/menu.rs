//! The menu of the tray icon as plain data.

use jiff::tz::TimeZone;
use phone_control::protocol::WindowView;
use phone_core::call::tidy;
use phone_core::view::{CallView, Can, Doing, LinkName, Relation};
use phone_core::{Ability, AccountName, ForwardWhen, View};

use super::{FORWARDING_UNKNOWN, forwarding_unknown, keyring_locked, rings_here, state, who, whose};
use crate::desktop::{Act, call_is_up, clock};

/// One row of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A line between two groups.
    Line,
    /// Words that cannot be chosen.
    Words(String),
    /// Something to do.
    Item {
        /// What stands there.
        label: String,
        /// What it does.
        act: Act,
        /// Whether it can be done now.
        enabled: bool,
    },
    /// Something that is on or off.
    Check {
        /// What stands there.
        label: String,
        /// What a choice does.
        act: Act,
        /// Whether it is on.
        on: bool,
        /// Whether it can be done now.
        enabled: bool,
    },
    /// A menu within the menu.
    Sub {
        /// What stands there.
        label: String,
        /// Its rows.
        entries: Vec<Entry>,
    },
}

/// About of the hint that a newer program lies on the disk.
pub const RESTART_HINT: &str = "restart_to_update";

/// So many numbers stand in the list of the last ones.
const LAST_NUMBERS: usize = 8;

/// The menu that belongs to a view.
pub fn menu(view: &View, zone: &TimeZone) -> Vec<Entry> {
    let groups = [
        calls(view, zone),
        parked(view, zone),
        numbers(view, zone),
        own_state(view),
        troubles(view),
        vec![item("Open Trayphone", Act::Window(None))],
        ending(view),
    ];
    let mut menu = Vec::new();
    for group in groups.into_iter().filter(|group| !group.is_empty()) {
        if !menu.is_empty() {
            menu.push(Entry::Line);
        }
        menu.extend(group);
    }
    menu
}

fn calls(view: &View, zone: &TimeZone) -> Vec<Entry> {
    let mut group = Vec::new();
    for call in &view.calls {
        if !group.is_empty() {
            group.push(Entry::Line);
        }
        group.push(Entry::Words(heading(call, view, zone)));
        let can = |can| call.can.contains(&can) && !call.stale;
        let id = || call.id.clone();
        if can(Can::Answer) {
            group.push(item("Answer", Act::Answer(id())));
        }
        if can(Can::Resume) {
            group.push(item("Resume", Act::Resume(id())));
        } else if can(Can::Hold) {
            group.push(item("Hold", Act::Hold(id())));
        }
        if can(Can::Park) {
            group.push(item("Park", Act::Park(id())));
        }
        if can(Can::HangUp) {
            group.push(item(if rings_here(call) { "Decline" } else { "Hang up" }, Act::HangUp(id())));
        }
    }
    group
}

fn heading(call: &CallView, view: &View, zone: &TimeZone) -> String {
    if let Some(other) = asked_about(call, view).filter(|_| call.doing.is_none()) {
        return format!("{} · waits while you ask {}", who(call), who(other));
    }
    let state = match call.doing {
        Some(Doing::Answering) => "answering",
        Some(Doing::HangingUp) => "hanging up",
        Some(Doing::Holding) => "putting on hold",
        Some(Doing::Resuming) => "taking back",
        Some(Doing::Transferring) => "transferring",
        Some(Doing::Consulting) => "asking somebody",
        Some(Doing::Parking) => "parking",
        Some(Doing::Dialing | Doing::SendingTones) | None => state(call),
    };
    match call.connected_at {
        // A running timer would change the open menu every second.
        Some(at) if !call.stale => format!("{} · {state} since {}", who(call), clock(at, zone)),
        Some(_) | None => format!("{} · {state}", who(call)),
    }
}

/// Whom this user asks about a call that waits meanwhile.
fn asked_about<'a>(call: &CallView, view: &'a View) -> Option<&'a CallView> {
    let related = call.related.as_ref().filter(|related| related.how == Relation::Consulting && related.waits)?;
    view.calls.iter().find(|other| other.id == related.call)
}

/// Calls that wait where they were parked. Of which nobody knows that they still do, none is offered: somebody else may wait
/// there now.
fn parked(view: &View, zone: &TimeZone) -> Vec<Entry> {
    let mut group = Vec::new();
    for parked in view.parked.iter().filter(|parked| parked.unknown_since.is_none()) {
        let Some(place) = parked.place.as_deref() else { continue };
        let name = parked.who.title().map(|name| format!(" · {name}")).unwrap_or_default();
        group.push(Entry::Item {
            label: format!("Fetch parked call {}{name} · {}", tidy(place), clock(parked.since, zone)),
            act: Act::FetchParked(parked.id.clone()),
            enabled: can_dial(view, &parked.account),
        });
    }
    group
}

fn can_dial(view: &View, name: &AccountName) -> bool {
    let account = view.accounts.iter().find(|account| account.name == *name);
    account.is_some_and(|account| account.link == LinkName::Online && account.abilities.has(Ability::Dial))
}

fn numbers(view: &View, zone: &TimeZone) -> Vec<Entry> {
    let mut group = Vec::new();
    match view.missed {
        0 => {}
        1 => group.push(item("1 missed call", Act::Window(Some(WindowView::History)))),
        missed => group.push(item(&format!("{missed} missed calls"), Act::Window(Some(WindowView::History)))),
    }
    let mut seen = Vec::new();
    let mut entries = Vec::new();
    for record in &view.recent {
        let Some(number) = record.remote.number.clone().filter(|number| !number.is_empty()) else { continue };
        if entries.len() == LAST_NUMBERS || seen.contains(&(&record.account, number.clone())) {
            continue;
        }
        let name = record.remote.name.as_deref().map(tidy).filter(|name| !name.is_empty());
        let who = name.map_or_else(|| tidy(&number), |name| format!("{name} · {}", tidy(&number)));
        let enabled = can_dial(view, &record.account);
        seen.push((&record.account, number.clone()));
        entries.push(Entry::Item {
            label: format!("{who} · {}", clock(record.started_at, zone)),
            act: Act::Dial { number, account: Some(record.account.clone()) },
            enabled,
        });
    }
    if !entries.is_empty() {
        group.push(Entry::Sub { label: "Last numbers".to_owned(), entries });
    }
    group
}

fn own_state(view: &View) -> Vec<Entry> {
    let mut group = forwarding(view);
    let able = || view.accounts.iter().filter(|account| account.abilities.has(Ability::Dnd));
    if able().next().is_none() {
        return group;
    }
    let online = || able().filter(|account| account.link == LinkName::Online);
    let enabled = online().next().is_some();
    let on = enabled && online().all(|account| account.dnd == Some(true));
    group.push(Entry::Check { label: "Do not disturb".to_owned(), act: Act::Dnd(!on), on, enabled });
    group
}

/// Where calls go instead of the phone; nobody may forget that, so each one is told with its end beside it.
fn forwarding(view: &View) -> Vec<Entry> {
    let mut group = Vec::new();
    for account in view.accounts.iter().filter(|account| account.link == LinkName::Online) {
        let at = whose(view, account);
        if forwarding_unknown(account) {
            group.push(Entry::Words(format!("{at}{FORWARDING_UNKNOWN}")));
        }
        for when in ForwardWhen::ALL {
            let Some(to) = account.forwarding.as_ref().and_then(|known| known.to(when)) else { continue };
            let (which, these) = match when {
                ForwardWhen::Always => ("Calls", "all calls"),
                ForwardWhen::Busy => ("Calls while you are busy", "calls while you are busy"),
                ForwardWhen::NoAnswer => ("Calls that nobody answers", "calls that nobody answers"),
            };
            group.push(Entry::Words(format!("{at}{which} go to {}", tidy(to))));
            if account.abilities.has(Ability::to_forward(when)) {
                let act = Act::Unforward { account: account.name.clone(), when, to: to.to_owned() };
                group.push(item(&format!("{at}Stop sending {these} to {}", tidy(to)), act));
            }
        }
    }
    group
}

fn troubles(view: &View) -> Vec<Entry> {
    let mut group = Vec::new();
    for account in &view.accounts {
        if let (LinkName::Waiting | LinkName::Stopped | LinkName::SignedOut, Some(why)) = (account.link, &account.why) {
            group.push(Entry::Words(format!("{}: {}", account.name, why.text)));
        }
    }
    if keyring_locked(view) {
        group.push(item("Unlock the keyring", Act::Unlock));
    }
    if view.accounts.iter().any(|account| account.link == LinkName::Waiting) {
        group.push(item("Try again now", Act::RetryNow));
    }
    group
}

fn ending(view: &View) -> Vec<Entry> {
    let mut group = Vec::new();
    if view.hints.iter().any(|hint| hint.about == RESTART_HINT) {
        let label = "Restart to finish the update".to_owned();
        group.push(Entry::Item { label, act: Act::Restart, enabled: !call_is_up(view) });
    }
    group.push(item("Quit", Act::Quit));
    group
}

fn item(label: &str, act: Act) -> Entry {
    Entry::Item { label: label.to_owned(), act, enabled: true }
}
