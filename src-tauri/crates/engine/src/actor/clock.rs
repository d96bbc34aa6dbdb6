//! Deadlines, the two clocks, and what happens to the machine.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use phone_core::link::{HASTE_LIMIT, LinkInput};
use phone_core::{AccountName, Link};
use phone_pbx::dialect::Input;
use tracing::info;

use super::{Actor, Desk, SecretState, desk, now};
use crate::heap;
use crate::ports::SystemEvent;

/// Wall time running ahead of monotonic time by more than this means that the machine slept.
const SLEPT: Duration = Duration::from_secs(8);

/// How long the tables of numbers stay after their last use.
const NUMBERS_STAY: Duration = Duration::from_secs(20);

impl Actor {
    pub(super) fn deadline(&self) -> Option<Instant> {
        let of = |d: &Desk| [d.link.deadline(), d.look_again_at, d.keyring.at(), d.dialect.as_ref().and_then(|x| x.deadline())];
        let desks = self.desks.values().flat_map(of);
        let waiting = self.waiting.iter().map(|w| Some(w.until));
        let rest = self.numbers_rest_at;
        desks.chain(waiting).flatten().chain(self.model.deadline()).chain(self.writing.deadline()).chain(rest).min()
    }

    pub(super) fn tick(&mut self) {
        let at = now();
        let names: Vec<AccountName> = self.desks.keys().cloned().collect();
        for name in names {
            self.link(&name, LinkInput::Tick);
            let look = self.desks.get_mut(&name).and_then(|d| d.look_again_at.take_if(|t| *t <= at.mono));
            if look.is_some() {
                self.look_again(&name);
            }
            if self.desks.get_mut(&name).is_some_and(|d| d.keyring.is_due(at.mono)) {
                self.ask_keyring_again(&name);
            }
            let due = self.desks.get(&name).and_then(|d| d.dialect.as_ref()?.deadline()).is_some_and(|t| t <= at.mono);
            if due {
                self.dialect(&name, Input::Tick);
            }
        }
        if self.model.deadline().is_some_and(|t| t <= at.mono) {
            let outputs = self.model.tick(at);
            self.outputs(outputs);
        }
        self.disk_tick(at.mono);
        self.waits(at.mono);
        if self.numbers_rest_at.take_if(|rest| *rest <= at.mono).is_some() && self.model.rest_numbers() {
            heap::trim();
        }
    }

    /// Keeps the tables of numbers for a while; who dials one number often dials another.
    pub(super) fn numbers_used(&mut self) {
        if self.model.has_numbers() {
            self.numbers_rest_at = Some(now().mono + NUMBERS_STAY);
        }
    }

    /// Notices a sleep that nobody announced.
    pub(super) fn check_clocks(&mut self) {
        let at = now();
        let (mono, wall) = std::mem::replace(&mut self.clocks, (at.mono, at.wall));
        let by_wall = Duration::try_from(at.wall.duration_since(wall)).unwrap_or_default();
        let by_mono = at.mono.saturating_duration_since(mono);
        if by_wall > by_mono + SLEPT {
            info!("the machine slept; reconnecting");
            self.woke();
        }
    }

    pub(super) fn woke(&mut self) {
        let names: Vec<AccountName> = self.desks.keys().cloned().collect();
        for name in names {
            if !self.look_again(&name) {
                self.link(&name, LinkInput::Woke);
            }
        }
    }

    /// Tries a stopped link anew where another network may have been the reason; true when it does.
    pub(super) fn look_again(&mut self, name: &AccountName) -> bool {
        let at = now().mono;
        let Some(desk) = self.desks.get_mut(name) else { return false };
        let Link::Stopped { why } = &desk.link else { return false };
        if !why.may_be_the_network() || desk.secret != SecretState::Here {
            return false;
        }
        if let Some(later) = desk.looked_again.map(|last| last + HASTE_LIMIT).filter(|later| *later > at) {
            // Not forgotten: this network may be the one that was missing.
            desk.look_again_at = Some(later);
            return false;
        }
        desk.looked_again = Some(at);
        self.link(name, LinkInput::SignIn);
        true
    }

    pub(super) fn system(&mut self, event: SystemEvent) {
        match event {
            SystemEvent::Woke => {
                info!("the machine woke; reconnecting");
                self.clocks = (now().mono, Timestamp::now());
                self.woke();
            }
            SystemEvent::NetworkChanged => self.network_changed(),
            SystemEvent::ScreenLocked(locked) => self.model.screen_locked(locked),
        }
    }

    pub(super) fn network_changed(&mut self) {
        let names: Vec<AccountName> = self.desks.keys().cloned().collect();
        for name in names {
            if self.look_again(&name) {
                continue;
            }
            let Some(desk) = self.desks.get(&name) else { continue };
            match (&desk.link, desk.addresses) {
                (Link::Online { .. }, Some((own, peer))) => match desk::own_address_towards(peer) {
                    // The route is the same: the link may live; its next answer must come soon.
                    Some(address) if address == own.ip() => self.probe(&name),
                    // Nothing leads there now; the next change will tell.
                    None => self.probe(&name),
                    Some(_) => {
                        info!(account = %name, "the network changed; reconnecting");
                        self.link(&name, LinkInput::NetworkChanged);
                    }
                },
                _ => self.link(&name, LinkInput::NetworkChanged),
            }
        }
    }

    pub(super) fn probe(&mut self, name: &AccountName) {
        self.link(name, LinkInput::Probed);
        self.dialect(name, Input::Probe);
    }
}

/// Sleeps until a deadline; for ever without one.
pub(super) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
