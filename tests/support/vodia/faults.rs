//! What a test can do to a fake PBX: silence, restarts, refusals, garbage, floods.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::mischief::{Disguise, Garbage, Mischief, Refusal, Slip, What};
use super::state::Outgoing;
use super::{FakeVodia, frames, server};

impl FakeVodia {
    /// Makes dials arrive without any effect: no call, no error (section 2.2).
    pub fn ignore_dials(&self, on: bool) {
        self.pbx.change(|state, _| state.mischief.ignores_dials = on);
    }

    /// Makes every dial work but cut all connections before anything is answered.
    pub fn drop_on_dial(&self, on: bool) {
        self.pbx.change(|state, _| state.mischief.drops_on_dial = on);
    }

    /// Closes all sockets: the connections end without a close frame.
    pub async fn kick(&self) {
        let sockets = self.pbx.look(|state| state.sockets.keys().copied().collect());
        self.end_connections(Some(sockets)).await;
    }

    /// Closes all sockets with a close frame, with or without a code.
    pub fn kick_with(&self, code: Option<u16>) {
        self.to_all_sockets(|| Outgoing::Close(code));
    }

    /// Ends all connections by a TCP reset.
    pub async fn reset(&self) {
        self.pbx.gate.ends_by_reset(true);
        self.end_connections(None).await;
        self.pbx.gate.ends_by_reset(false);
    }

    /// Falls silent: nothing is read or written any more, nothing is closed, new connections are accepted and left hanging.
    pub fn mute(&self) {
        self.pbx.gate.mute();
    }

    /// Makes the sockets that are open now go on reading and say nothing any more, while everything else works.
    pub fn silence_sockets(&self) {
        self.pbx.change(|state, _| state.mischief.silent_sockets = state.sockets.keys().copied().collect());
    }

    /// Speaks again; what was queued meanwhile is written now.
    pub fn unmute(&self) {
        self.pbx.gate.unmute();
    }

    /// Closes the port and all connections, as a killed server does.
    pub async fn stop(&self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // An aborted task ends with an error that says so.
            let _ = accepting.await;
        }
        self.end_connections(None).await;
        self.pbx.change(|state, options| {
            state.tokens.clear();
            if !options.sessions_survive_restart {
                state.sessions.clear();
            }
            if !options.calls_survive_restart {
                state.calls.clear();
            }
        });
    }

    /// Stops, then opens the same port again with the same company.
    ///
    /// # Errors
    /// Somebody else has taken the port.
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        let (listener, _) = crate::loopback::bind(self.address.port())?;
        let accepting = tokio::spawn(server::accept(Arc::clone(&self.pbx), listener));
        *self.accepting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepting);
        self.say_listening();
        Ok(())
    }

    /// Delays every answer and every frame by this time; zero ends it.
    pub fn slow(&self, by: Duration) {
        self.pbx.change(|state, _| state.mischief.slow = (!by.is_zero()).then_some(by));
    }

    /// Answers a kind of request with this status from now on.
    pub fn refuse_with(&self, what: What, status: u16) {
        self.refuse(what, Refusal { status, retry_after: None });
    }

    /// Answers a kind of request with a refusal from now on.
    pub fn refuse(&self, what: What, refusal: Refusal) {
        self.pbx.change(|state, _| state.mischief.refusals.insert(what, refusal));
    }

    /// Answers a web page instead of the real thing, so many times.
    pub fn slip(&self, slip: Slip) {
        self.pbx.change(|state, _| state.mischief.slips.push(slip));
    }

    /// Ends all refusals, disguises, slowness and the rest, silence included.
    pub fn behave(&self) {
        self.pbx.change(|state, _| {
            let far_ends = std::mem::take(&mut state.mischief.far_ends);
            state.mischief = Mischief { far_ends, ..Default::default() };
        });
        self.unmute();
    }

    /// Makes every token and password sign-in answer `false` or `""` with status 200 (section 1.2).
    pub fn login_false(&self, on: bool) {
        self.pbx.change(|state, _| state.mischief.sign_in_says_false = on);
    }

    /// Forgets all sessions; open sockets stay open.
    pub fn expire_sessions(&self) {
        self.pbx.change(|state, _| state.sessions.clear());
    }

    /// Makes all one-time tokens worthless.
    pub fn expire_tokens(&self) {
        self.pbx.change(|state, _| state.tokens.clear());
    }

    /// Sends a `Date` with every answer, of a clock that is so many seconds ahead.
    pub fn clock_ahead(&self, seconds: i64) {
        self.pbx.change(|state, _| state.mischief.clock_ahead = Some(seconds));
    }

    /// Gives all running calls other ids; nobody is told before the next frame.
    pub fn renumber_calls(&self) {
        self.pbx.change(|state, _| state.renumber_all());
    }

    /// Returns the ids of all sessions that are good now: secrets that must turn up nowhere.
    pub fn session_ids(&self) -> Vec<String> {
        self.pbx.look(|state| state.sessions.keys().cloned().collect())
    }

    /// Returns all one-time tokens ever made: secrets that must turn up nowhere.
    pub fn tokens_given(&self) -> Vec<String> {
        self.pbx.look(|state| state.tokens_given.clone())
    }

    /// Returns how many RFC 6455 pings arrived.
    pub fn pings(&self) -> u64 {
        self.pbx.look(|state| state.pings)
    }

    /// Changes an extension's password; sessions stay good.
    pub fn set_password(&self, extension: &str, password: &str) {
        self.change_account(extension, |account| password.clone_into(&mut account.password));
    }

    /// Sends a text frame to all sockets.
    pub fn send_raw(&self, text: &str) {
        self.to_all_sockets(|| Outgoing::Text { text: text.to_owned(), call_state: false });
    }

    /// Sends one kind of garbage to all sockets.
    pub fn send_garbage(&self, garbage: Garbage) {
        self.to_all_sockets(|| Outgoing::Garbled(garbage.made()));
    }

    /// Sends `user-state` frames to all sockets: so many a second, or without a rate as many as go through. Then the true states follow.
    ///
    /// Calls go on meanwhile; their frames come in between.
    pub fn flood(&self, rate: Option<u32>, time: Duration) {
        let until = Instant::now() + time;
        self.to_all_sockets(|| Outgoing::Flood { rate, until });
    }

    /// Sends the overview of all accounts to all sockets, unasked (section 2.5).
    pub fn send_overview(&self) {
        let text = self.pbx.look(|state| frames::domain_state(state, state.frames, &self.pbx.options));
        self.to_all_sockets(|| Outgoing::Text { text: text.clone(), call_state: false });
    }

    /// Pretends to be a hotel's login page.
    pub fn captive_portal(&self) {
        self.pbx.change(|state, _| state.mischief.disguise = Disguise::CaptivePortal);
    }

    /// Pretends to be some other web server.
    pub fn not_a_pbx(&self) {
        self.pbx.change(|state, _| state.mischief.disguise = Disguise::NotAPbx);
    }

    fn to_all_sockets(&self, item: impl Fn() -> Outgoing) {
        self.pbx.change(|state, _| {
            let sockets: Vec<u64> = state.sockets.keys().copied().collect();
            for socket in sockets {
                state.send(socket, item());
            }
        });
    }

    async fn end_connections(&self, only: Option<Vec<u64>>) {
        let ending = self.pbx.change(|state, _| {
            let ids: Vec<u64> = only.unwrap_or_else(|| state.connections.keys().copied().collect());
            ids.iter().filter_map(|id| state.connections.remove(id)).collect::<Vec<_>>()
        });
        for connection in &ending {
            connection.abort();
        }
        for connection in ending {
            // An aborted task ends with an error that says so.
            let _ = connection.await;
        }
    }
}
