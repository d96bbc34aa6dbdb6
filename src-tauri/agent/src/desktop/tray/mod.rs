//! The tray: which picture, which words, which menu.

mod menu;

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(target_os = "linux")]
pub mod panel;
mod pictures;

pub use menu::{Entry, RESTART_HINT, menu};

use jiff::tz::TimeZone;
use phone_core::call::tidy;
use phone_core::view::{AccountView, CallView, LinkName};
use phone_core::{Ability, CallState, Code, Direction, ForwardWhen, Presence, View};

use crate::desktop::clock;

/// The ground that the icon stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Panel {
    /// Dark strokes are seen best.
    Light,
    /// Light strokes are seen best.
    Dark,
}

/// The drawing of the icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    SignedOut,
    Connecting,
    Online,
    /// One of two frames.
    Ringing1,
    /// The other one, which also stands still.
    Ringing2,
    InCall,
    Dnd,
    Away,
    Busy,
    Offline,
}

impl Mark {
    /// Its name among the pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Ringing1 => "ringing-1",
            Self::Ringing2 => "ringing-2",
            Self::InCall => "in-call",
            Self::Dnd => "dnd",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// Everything that a tray host shows of us, except the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrayLook {
    /// The drawing.
    pub mark: Mark,
    /// The ground it is drawn for.
    pub panel: Panel,
    /// Name of the count of missed calls, drawn top right; none at zero.
    pub count: Option<&'static str>,
    /// First line of the tooltip.
    pub title: String,
    /// Its further lines; plain text.
    pub lines: Vec<String>,
}

/// Draws the view as a tray icon.
pub fn tray(view: &View, panel: Panel, zone: &TimeZone) -> TrayLook {
    let mark = mark(view);
    // The arcs of a ringing phone need the place of the count.
    let count = if mark == Mark::Ringing2 { None } else { count(view.missed) };
    TrayLook { mark, panel, count, title: title(view, mark), lines: lines(view, zone) }
}

fn mark(view: &View) -> Mark {
    if is_ringing(view) {
        return Mark::Ringing2;
    }
    if view.calls.iter().any(is_live) {
        return Mark::InCall;
    }
    let online = || view.accounts.iter().filter(|account| account.link == LinkName::Online);
    if online().next().is_some() {
        let any = |presence| online().any(|account| account.presence == presence);
        return if online().any(|account| account.dnd == Some(true)) || any(Presence::Dnd) {
            Mark::Dnd
        } else if any(Presence::InCall) {
            Mark::InCall
        } else if any(Presence::Busy) {
            Mark::Busy
        } else if any(Presence::Away) {
            Mark::Away
        } else {
            Mark::Online
        };
    }
    let any = |link| view.accounts.iter().any(|account| account.link == link);
    if any(LinkName::Opening) || any(LinkName::Syncing) {
        Mark::Connecting
    } else if any(LinkName::Waiting) || any(LinkName::Stopped) {
        Mark::Offline
    } else {
        Mark::SignedOut
    }
}

/// Whether a call rings here that is known to ring at this moment.
pub fn is_ringing(view: &View) -> bool {
    view.calls.iter().any(rings_here)
}

/// Whether somebody calls this user right now.
pub fn rings_here(call: &CallView) -> bool {
    call.direction == Direction::Incoming && call.state == CallState::Ringing && !call.stale
}

fn is_live(call: &CallView) -> bool {
    match call.state {
        CallState::Dialing
        | CallState::CallingOwnPhone
        | CallState::Ringing
        | CallState::Connected
        | CallState::Held
        | CallState::HeldByOther => !call.stale,
        CallState::Ended | CallState::Unknown => false,
    }
}

/// Whether somebody has to unlock the keyring before anything works.
pub fn keyring_locked(view: &View) -> bool {
    view.accounts.iter().any(|account| account.why.as_ref().is_some_and(|why| why.code == Code::KeyringLocked))
}

fn count(missed: u32) -> Option<&'static str> {
    const NAMES: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    match missed {
        0 => None,
        missed => Some(NAMES.get(missed as usize - 1).copied().unwrap_or("9plus")),
    }
}

fn title(view: &View, mark: Mark) -> String {
    if let Some(call) = view.calls.iter().find(|call| rings_here(call)) {
        return format!("{} is calling", who(call));
    }
    if let Some(call) = view.calls.iter().find(|call| is_live(call)) {
        return format!("{}: {}", who(call), state(call));
    }
    if keyring_locked(view) {
        return "The keyring is locked: click to unlock it".to_owned();
    }
    match mark {
        Mark::SignedOut if view.accounts.is_empty() => "Trayphone: no account yet",
        Mark::SignedOut => "Trayphone: signed out",
        Mark::Connecting => "Trayphone: connecting",
        Mark::Online => "Trayphone: available",
        Mark::Dnd => "Trayphone: do not disturb",
        Mark::Away => "Trayphone: away",
        Mark::Busy => "Trayphone: busy",
        Mark::InCall | Mark::Ringing1 | Mark::Ringing2 => "Trayphone: in a call",
        Mark::Offline => "Trayphone: offline",
    }
    .to_owned()
}

fn lines(view: &View, zone: &TimeZone) -> Vec<String> {
    let missed = match view.missed {
        0 => None,
        1 => Some("1 missed call".to_owned()),
        missed => Some(format!("{missed} missed calls")),
    };
    let accounts = view.accounts.iter().map(|account| account_line(account, zone));
    // A phone that stays silent is noticed late.
    let online = view.accounts.iter().filter(|account| account.link == LinkName::Online);
    let away = online.filter_map(|account| {
        let at = whose(view, account);
        if forwarding_unknown(account) {
            return Some(format!("{at}{FORWARDING_UNKNOWN}"));
        }
        let to = account.forwarding.as_ref()?.to(ForwardWhen::Always)?;
        Some(format!("{at}All calls go to {}", tidy(to)))
    });
    missed.into_iter().chain(away).chain(accounts).chain(view.hints.iter().map(|hint| hint.text.clone())).collect()
}

/// Told where the PBX could say where calls go and does not.
const FORWARDING_UNKNOWN: &str = "Where your calls go is not known at the moment";

/// Whether calls may go elsewhere without anybody here knowing it.
fn forwarding_unknown(account: &AccountView) -> bool {
    account.link == LinkName::Online && account.abilities.has(Ability::Forwarding) && account.forwarding.is_none()
}

/// The beginning of a line about one of several accounts.
fn whose(view: &View, account: &AccountView) -> String {
    if view.accounts.len() > 1 { format!("{}: ", account.name) } else { String::new() }
}

/// How one account stands: state first, then cause, then what to do.
fn account_line(account: &AccountView, zone: &TimeZone) -> String {
    let name = match &account.user {
        Some(user) => format!("{} · {user}", account.name),
        None => account.name.to_string(),
    };
    let since = clock(account.since, zone);
    let state = match account.link {
        LinkName::SignedOut => "signed out".to_owned(),
        LinkName::Opening | LinkName::Syncing => "connecting".to_owned(),
        LinkName::Online => "online".to_owned(),
        LinkName::Waiting | LinkName::Stopped => format!("offline since {since}"),
    };
    match &account.why {
        Some(why) if account.link != LinkName::Online => {
            let remedy = why.remedy.as_deref().map_or_else(String::new, |remedy| format!(" {remedy}"));
            format!("{name}: {state}. {}{remedy}", why.text)
        }
        Some(_) | None => format!("{name}: {state}"),
    }
}

/// Whom a call is with, as plain text.
pub fn who(call: &CallView) -> String {
    call.remote.title().unwrap_or_else(|| "Unknown caller".to_owned())
}

/// Where a call stands, in a few words.
pub fn state(call: &CallView) -> &'static str {
    if call.stale {
        return "not known at the moment";
    }
    match (call.state, call.direction) {
        (CallState::Dialing, _) => "dialling",
        (CallState::CallingOwnPhone, _) => "lift your handset",
        (CallState::Ringing, Direction::Incoming) => "calling you",
        (CallState::Ringing, Direction::Outgoing) => "ringing there",
        (CallState::Connected, _) => "in a call",
        (CallState::Held, _) => "on hold",
        (CallState::HeldByOther, _) => "held by the other side",
        (CallState::Ended, _) => "ended",
        (CallState::Unknown, _) => "not known at the moment",
    }
}

#[cfg(test)]
pub mod tests;
