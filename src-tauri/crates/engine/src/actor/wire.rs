//! What arrives from the sockets of an account, and what its dialect and its link want done.

use std::time::{Duration, Instant};

use phone_core::link::{LinkEffect, LinkInput};
use phone_core::model::COMMAND_LIMIT;
use phone_core::told::Told;
use phone_core::{AccountName, Link, Reason};
use phone_pbx::dialect::{Effect, Effects, Input, Random};
use tracing::{debug, info, trace};

use super::desk::Way;
use super::{Actor, now};
use crate::net::{FromNet, ToSocket, UNDELIVERED_LIMIT};

/// How long a frame may wait to be sent; with the time it may be on its way, no longer than the shortest limit of a command.
const SEND_LIMIT: Duration = Duration::from_secs(2);
const _: () = assert!(SEND_LIMIT.as_millis() + UNDELIVERED_LIMIT.as_millis() <= COMMAND_LIMIT.as_millis());

struct Dice;

impl Random for Dice {
    fn unit(&mut self) -> f64 {
        fastrand::f64()
    }
}

impl Actor {
    pub(super) fn arrived(&mut self, name: &AccountName, from: FromNet) {
        match from {
            FromNet::Opened(wire, addresses) => {
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.addresses = addresses;
                }
                self.dialect(name, Input::Opened(wire));
            }
            FromNet::NotOpened(wire, why) => self.dialect(name, Input::NotOpened(wire, why)),
            FromNet::Text(wire, text) => {
                self.link(name, LinkInput::Heard);
                trace!(account = %name, bytes = text.len(), "frame");
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.keep_frame('<', &text);
                }
                self.dialect(name, Input::Text(wire, &text));
            }
            FromNet::Binary => {
                self.link(name, LinkInput::Heard);
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.skipped += 1;
                }
            }
            FromNet::Pong(wire) => {
                self.link(name, LinkInput::Heard);
                if let Some(desk) = self.desks.get_mut(name) {
                    desk.road.ponged(now().mono);
                }
                self.dialect(name, Input::Pong(wire));
            }
            FromNet::Pinged(wire) => {
                self.link(name, LinkInput::Heard);
                self.dialect(name, Input::Pinged(wire));
            }
            FromNet::Closed(wire) => self.dialect(name, Input::Closed(wire)),
            FromNet::Broken(reason) => self.link(name, LinkInput::Failed(reason, None)),
            FromNet::Http(id, answer, ahead) => {
                if let Some(desk) = self.desks.get_mut(name)
                    && ahead.is_some()
                {
                    desk.clock_ahead = ahead;
                }
                self.dialect(name, Input::Http(id, answer));
            }
        }
    }

    /// Steps a dialect and does what it wants.
    pub(super) fn dialect(&mut self, name: &AccountName, input: Input<'_>) {
        let Some(dialect) = self.desks.get_mut(name).and_then(|d| d.dialect.as_mut()) else { return };
        let mut effects = Effects::default();
        dialect.step(input, now(), &mut Dice, &mut effects);
        self.effects(name, effects);
    }

    pub(super) fn effects(&mut self, name: &AccountName, effects: Effects) {
        let attempt = self.desks.get(name).map(|d| d.attempt);
        for effect in effects.0 {
            let is_void = self.desks.get(name).map(|d| d.attempt) != attempt;
            // What was learnt of the server stays true; the rest belonged to an attempt that is over.
            if is_void && !matches!(effect, Effect::Learn(_)) {
                continue;
            }
            match effect {
                Effect::Open { wire, url, headers } => self.open_wire(name, wire, url, Way::WebSocket(headers)),
                Effect::Connect { wire, url, framing } => self.open_wire(name, wire, url, Way::Stream(framing)),
                Effect::Send(wire, text) => {
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.keep_frame('>', &text);
                    }
                    self.send(name, wire, ToSocket::Text(text, Instant::now() + SEND_LIMIT));
                }
                Effect::SendHidden(wire, secret) => {
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.keep_hidden();
                    }
                    self.send(name, wire, ToSocket::Hidden(secret, Instant::now() + SEND_LIMIT));
                }
                Effect::Ping(wire) => {
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.road.pinged(now().mono);
                    }
                    self.send(name, wire, ToSocket::Ping);
                }
                Effect::Http(request) => self.http(name, *request),
                Effect::Tell(told) => {
                    // People have a revision of their own; a storm of them draws no view.
                    self.changed |= !matches!(told, Told::Person(_) | Told::People(_));
                    let outputs = self.model.apply(name, told, now());
                    self.outputs(outputs);
                }
                Effect::SignedIn => self.link(name, LinkInput::SignedIn),
                Effect::Synced => {
                    self.link(name, LinkInput::Synced);
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.proven |= desk.link.is_online();
                    }
                }
                Effect::Alive => self.link(name, LinkInput::Heard),
                Effect::Failed(reason, retry_after) => {
                    let proven = self.desks.get(name).is_some_and(|desk| desk.proven);
                    let reason = if proven { reason.of_an_account_that_worked() } else { reason };
                    self.link(name, LinkInput::Failed(reason, retry_after));
                }
                Effect::Learn(text) => self.learnt(name, text),
                Effect::Skipped => {
                    if let Some(desk) = self.desks.get_mut(name) {
                        desk.skipped += 1;
                        if desk.skipped.is_power_of_two() {
                            debug!(account = %name, skipped = desk.skipped, "skipped a frame nobody understands");
                        }
                    }
                }
            }
        }
    }

    /// Steps a link and does what it wants.
    pub(super) fn link(&mut self, name: &AccountName, input: LinkInput) {
        let at = now();
        let Some(desk) = self.desks.get_mut(name) else { return };
        let effects = desk.link.step(input, at.mono, fastrand::f64());
        for effect in effects {
            match effect {
                LinkEffect::Close => self.close(name),
                LinkEffect::Open => self.open(name),
                LinkEffect::Changed => self.link_changed(name),
            }
        }
    }

    pub(super) fn link_changed(&mut self, name: &AccountName) {
        let at = now();
        let Some(desk) = self.desks.get_mut(name) else { return };
        desk.retry_at = match &desk.link {
            Link::Waiting { retry_at, .. } => {
                // In milliseconds, like every moment that is told.
                let wait = i64::try_from(retry_at.saturating_duration_since(at.mono).as_millis()).unwrap_or_default();
                at.wall.checked_add(jiff::SignedDuration::from_millis(wait)).ok()
            }
            Link::SignedOut { .. } | Link::Opening { .. } | Link::Syncing { .. } | Link::Online { .. } | Link::Stopped { .. } => {
                None
            }
        };
        desk.road.stands(&desk.link);
        let state = phone_core::model::link_name(&desk.link);
        desk.refused |= matches!(desk.link.why(), Some(Reason::CredentialsRefused));
        let store = desk.stores();
        match desk.link.why() {
            Some(why) => info!(account = %name, link = ?state, code = ?why.code(), "{}", why.text()),
            None => info!(account = %name, link = ?state, "link"),
        }
        let outputs = self.model.link_is(name, &desk.link, desk.retry_at, at);
        self.changed = true;
        self.outputs(outputs);
        if store {
            // A password that works takes the place of the old one, not one that may be a slip.
            self.store_secret(name);
        }
        self.waits(at.mono);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use phone_core::Now;
    use phone_pbx::dialect::{Dialect, Wire};

    use super::*;
    use crate::actor::tests::{NoVault, account};
    use crate::actor::{Desk, build};
    use crate::{EnvironmentProxies, Options};

    /// Finds its session expired, and has more to say of the attempt that ends with it.
    struct Talkative;

    impl Dialect for Talkative {
        fn step(&mut self, input: Input<'_>, _: Now, _: &mut dyn Random, out: &mut Effects) {
            if matches!(input, Input::Pong(_)) {
                out.push(Effect::Failed(Reason::SessionExpired, None));
                out.push(Effect::SignedIn);
                out.push(Effect::Synced);
                out.push(Effect::Learn("learnt".to_owned()));
            }
        }
        fn deadline(&self) -> Option<Instant> {
            None
        }
    }

    #[tokio::test]
    async fn words_of_an_attempt_that_is_over_do_not_count_for_the_next_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let (config_dir, state_dir) = (dir.path().join("config"), dir.path().join("state"));
        let options = Options { config_dir, state_dir, vault: Arc::new(NoVault) };
        let (mut actor, _handle, _asked, _inner) = build(options, Arc::new(EnvironmentProxies));
        let config = account("http://127.0.0.1:9/");
        let name = config.name.clone();
        actor.desks.insert(name.clone(), Desk { dialect: Some(Box::new(Talkative)), ..Desk::new(config, false) });
        actor.link(&name, LinkInput::SignIn);
        actor.link(&name, LinkInput::Synced);
        actor.dialect(&name, Input::Pong(Wire(0)));
        let desk = actor.desks.get(&name).expect("a desk");
        assert!(matches!(desk.link, Link::Opening { .. }), "not online without a socket: {:?}", desk.link);
        assert_eq!(desk.config.learnt.as_deref(), Some("learnt"), "true of the server all the same");
    }
}
