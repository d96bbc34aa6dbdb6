//! A fake Asterisk on the loopback address: the Manager Interface before a model of extensions, phones, channels and bridges.
//!
//! It is written from the protocol notes (section numbers in the docs of this module are theirs), refuses what the real server
//! refuses, does the damage the real one does when it is asked wrongly, and writes down every sin of a client in
//! [`FakeAsterisk::violations`]. Where topics may overtake each other they do, by a seed.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use phone_tests::asterisk::{FakeAsterisk, Options, Release};
//!
//! let pbx = FakeAsterisk::start(Options::new(Release::V22)).await?;
//! // A client signs in at pbx.url() as `tray204` with the secret `Sample-Pw9`.
//! pbx.wait_for(|state| state.signed_in(Some("tray204")) == 1, Duration::from_secs(5)).await?;
//! let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
//! assert!(pbx.answer(call, "204") && pbx.hang_up_far(call));
//! assert!(pbx.violations().is_empty());
//! # Ok(())
//! # }
//! ```

mod actions;
mod channel;
mod events;
mod looks;
mod noise;
mod options;
mod orders;
mod originate;
mod packet;
mod parking;
mod people;
mod plan;
mod presence;
mod records;
mod replay;
mod rights;
mod scramble;
mod server;
mod session;
mod state;
mod switch;
mod transfers;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};
use tokio::task::JoinHandle;

pub use crate::loopback::Tls;
pub use channel::{End, Leg, LegState, Party};
pub use options::{Extension, Options, Phone, Release, User};
pub use packet::Packet;
pub use records::{Action, CallId, Dial, Digit, Lost, SignIn};
pub use replay::Replayed;
pub use state::State;

use crate::loopback::certificate::Certificate;
use state::{Outgoing, Pbx};

/// From the end of all calls to the end of the sockets, when a server is told to stop.
const STOPS: Duration = Duration::from_millis(1100);
/// Until the phones are known again after a start.
const PHONES_BACK: Duration = Duration::from_secs(2);

/// A running fake server. It ends with its value.
pub struct FakeAsterisk {
    pbx: Arc<Pbx>,
    address: SocketAddr,
    accepting: Mutex<Option<JoinHandle<()>>>,
    loads: Mutex<Vec<JoinHandle<()>>>,
}

impl FakeAsterisk {
    /// Opens the port and starts serving on the current runtime.
    ///
    /// # Errors
    /// The port is taken, or a given certificate is unusable.
    #[expect(clippy::unused_async, reason = "needs a running runtime, which a plain function would not show")]
    pub async fn start(options: Options) -> Result<Self> {
        let certificate = Certificate::make(&options.tls)?;
        let (listener, address) = crate::loopback::bind(options.port.unwrap_or(0))?;
        let pbx = Pbx::new(options, certificate);
        let accepting = tokio::spawn(server::accept(Arc::clone(&pbx), listener));
        Ok(Self { pbx, address, accepting: Mutex::new(Some(accepting)), loads: Mutex::default() })
    }

    /// Returns the address as an account names it.
    pub fn url(&self) -> String {
        let scheme = if self.pbx.certificate.is_some() { "amis" } else { "ami" };
        format!("{scheme}://127.0.0.1:{}", self.address.port())
    }

    /// Returns the address of the port.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the SHA-256 of the certificate's DER as lower-case hex; nothing without TLS.
    pub fn certificate_sha256(&self) -> Option<&str> {
        self.pbx.certificate.as_ref().map(|certificate| certificate.sha256.as_str())
    }

    /// Returns the company authority's certificate in PEM; only with [`Tls::OwnAuthority`].
    pub fn authority_pem(&self) -> Option<&str> {
        self.pbx.certificate.as_ref()?.authority_pem.as_deref()
    }

    /// Reads the state once.
    pub fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.pbx.look(look)
    }

    /// Waits until a condition on the state holds.
    ///
    /// # Errors
    /// The time is over; the text says what the server has seen.
    pub async fn wait_for(&self, mut holds: impl FnMut(&State) -> bool, limit: Duration) -> Result<()> {
        let mut changed = self.pbx.changed.subscribe();
        let until = tokio::time::Instant::now() + limit;
        loop {
            changed.mark_unchanged();
            if self.pbx.look(&mut holds) {
                return Ok(());
            }
            if tokio::time::timeout_at(until, changed.changed()).await.is_err() {
                bail!("nothing of that within {limit:?}; {}", self.pbx.look(summary));
            }
        }
    }

    /// Waits until somebody is signed in as a user.
    ///
    /// # Errors
    /// The time is over.
    pub async fn wait_for_client(&self, user: &str, limit: Duration) -> Result<()> {
        self.wait_for(|state| state.signed_in(Some(user)) > 0, limit).await
    }

    /// Waits for the `count`th dial and returns it.
    ///
    /// # Errors
    /// The time is over.
    pub async fn wait_for_dial(&self, count: usize, limit: Duration) -> Result<Dial> {
        self.wait_for(|state| state.dials().len() >= count, limit).await?;
        Ok(self.look(|state| state.dials()[count - 1].clone()))
    }

    /// Waits until no channel is left.
    ///
    /// # Errors
    /// The time is over.
    pub async fn wait_for_quiet(&self, limit: Duration) -> Result<()> {
        self.wait_for(|state| state.legs.is_empty(), limit).await
    }

    /// Returns every `Originate` of a number seen, refused ones included, in order.
    pub fn dials(&self) -> Vec<Dial> {
        self.look(|state| state.dials().into_iter().cloned().collect())
    }

    /// Returns every `Originate` seen, those of applications included, in order.
    pub fn originates(&self) -> Vec<Dial> {
        self.look(|state| state.originates.clone())
    }

    /// Returns all actions received, in order.
    pub fn actions(&self) -> Vec<Action> {
        self.look(|state| state.actions.clone())
    }

    /// Returns all attempts to sign in, in order.
    pub fn sign_ins(&self) -> Vec<SignIn> {
        self.look(|state| state.sign_ins.clone())
    }

    /// Returns what clients did that no client may do; tests assert that it is empty.
    pub fn violations(&self) -> Vec<String> {
        self.look(|state| state.violations.clone())
    }

    /// Returns the digits a phone has heard; nothing for the name: whoever is outside.
    pub fn digits_at(&self, call: CallId, phone: Option<&str>) -> String {
        let heard = |digit: &&Digit| digit.call == call && digit.heard_by.as_deref() == phone && !digit.received;
        self.look(|state| state.digits.iter().filter(heard).map(|digit| digit.digit.as_str()).collect())
    }

    /// Returns the legs of a conversation at phones and trunks.
    pub fn legs(&self, call: CallId) -> Vec<Leg> {
        self.look(|state| state.legs_of(call).cloned().collect())
    }

    /// Returns when the last event of a name had been handed to the kernel, for any client.
    pub fn written_at(&self, event: &str) -> Option<Instant> {
        self.look(|state| state.written.get(event).copied())
    }

    /// Returns how many connections are open.
    pub fn connections(&self) -> usize {
        self.look(|state| state.connections.len())
    }

    /// Returns how many events were told so far.
    pub fn events_told(&self) -> u64 {
        self.look(|state| state.packets)
    }

    /// Changes a user: secret, rights, filters. Who is signed in keeps what it had.
    pub fn change_user(&self, name: &str, change: impl FnOnce(&mut User)) {
        self.pbx.change(|state| {
            if let Some(user) = state.options.users.iter_mut().find(|user| user.name == name) {
                change(user);
            }
        });
    }

    /// Changes a phone: what it knows, what it calls itself.
    pub fn change_phone(&self, name: &str, change: impl FnOnce(&mut Phone)) {
        self.pbx.change(|state| {
            if let Some(phone) = state.phones.get_mut(name) {
                change(phone);
            }
        });
    }

    /// Breaks the connection at the next `Originate`.
    pub fn lose_next_originate(&self, lost: Lost) {
        self.pbx.change(|state| state.next_lost = Some(lost));
    }

    /// Sends bytes to everybody who is signed in, whatever they are.
    pub fn send_raw(&self, bytes: &[u8]) {
        self.pbx.change(|state| {
            let ids: Vec<u64> = state.sessions.iter().filter(|(_, it)| it.user.is_some()).map(|(id, _)| *id).collect();
            for id in ids {
                state.queue(id, Outgoing::Raw(bytes.to_vec()));
            }
        });
    }

    /// Falls silent: connections stay, nothing is read or written.
    pub fn fall_silent(&self) {
        self.pbx.gate.mute();
    }

    /// Ends the silence.
    pub fn speak_again(&self) {
        self.pbx.gate.unmute();
    }

    /// Cuts all connections without a word; calls go on.
    pub async fn cut_connections(&self) {
        self.close_all(true).await;
    }

    /// Stops as `core stop now` does: all channels end, then `Shutdown`, then the sockets close (section 7.9).
    pub async fn stop(&self) {
        self.refuse_connections().await;
        let wait = self.pbx.change(|state| {
            state.ends_all();
            STOPS.mul_f64(state.options.pace)
        });
        tokio::time::sleep(wait).await;
        self.pbx.change(State::forget);
        self.close_all(false).await;
    }

    /// Dies as by `kill -9`: the sockets close, no event, the phones go on showing what they showed.
    pub async fn kill(&self) {
        self.refuse_connections().await;
        self.pbx.change(State::forget);
        self.close_all(true).await;
    }

    /// Starts again on the same port, stopping first if it still runs: no channels, a new start time, the old database.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn restart(&self) -> Result<()> {
        let runs = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if runs {
            self.stop().await;
        }
        let (listener, _) = crate::loopback::bind(self.address.port())?;
        self.pbx.change(|state| {
            // The clock clients are told counts whole seconds, and a real start takes longer than this one.
            state.started = SystemTime::now().max(state.started + Duration::from_secs(2));
            state.contacts_unknown = true;
            state.note_presence();
            state.paced(PHONES_BACK, |state| {
                state.contacts_unknown = false;
                let devices: Vec<String> = state.devices_shown.keys().cloned().collect();
                for device in devices {
                    state.device_changed(&device);
                }
            });
        });
        let accepting = self.pbx.spawn(server::accept(Arc::clone(&self.pbx), listener));
        *self.accepting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepting);
        Ok(())
    }

    /// Adds people with a phone and a hint each, and returns their numbers.
    pub fn colleagues(&self, count: usize) -> Vec<String> {
        self.pbx.change(|state| state.add_colleagues(count))
    }

    /// Lets colleagues call each other so often until the server ends; there should be some first.
    pub fn busy_pbx(&self, calls_per_minute: u32) {
        let load = noise::begin(&self.pbx, calls_per_minute);
        self.loads.lock().unwrap_or_else(PoisonError::into_inner).push(load);
    }

    /// Ends what [`Self::busy_pbx`] began; calls that run are ended by their people soon.
    pub fn calm_down(&self) {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(|load| load.abort());
    }

    async fn refuse_connections(&self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // The port is free once the task is gone.
            let _ = accepting.await;
        }
    }

    async fn close_all(&self, at_once: bool) {
        let ids = self.pbx.change(|state| {
            let ids: Vec<u64> = state.connections.keys().copied().collect();
            for id in &ids {
                let speaks = state.sessions.contains_key(id);
                match state.connections.get(id) {
                    Some(connection) if at_once || !speaks => connection.abort(),
                    Some(_) | None => state.queue(*id, Outgoing::Close),
                }
            }
            ids
        });
        let gone = |state: &State| ids.iter().all(|id| !state.connections.contains_key(id));
        if self.wait_for(gone, Duration::from_secs(5)).await.is_err() {
            // Somebody does not read; the server does not wait for that.
            self.pbx.look(|state| state.connections.values().for_each(JoinHandle::abort));
        }
    }
}

impl Drop for FakeAsterisk {
    fn drop(&mut self) {
        self.calm_down();
        if let Some(accepting) = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            accepting.abort();
        }
        self.pbx.look(|state| state.connections.values().for_each(JoinHandle::abort));
    }
}

fn summary(state: &State) -> String {
    let names: Vec<&str> = state.actions.iter().map(|action| action.name.as_str()).collect();
    let legs: Vec<String> = state.legs.values().map(|leg| format!("{} {}", leg.name, leg.state.text())).collect();
    let signed_in = state.signed_in(None);
    format!(
        "signed in {signed_in}, actions {names:?}, channels {legs:?}, dials {}, violations {:?}",
        state.originates.len(),
        state.violations
    )
}
