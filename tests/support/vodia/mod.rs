//! A fake Vodia PBX on the loopback address.
//!
//! It speaks the three dialects of the protocol notes (section numbers in the docs of this module are theirs), refuses what a real one
//! would refuse, and is as unsteady in its spelling as real ones are. Where the notes know nothing, an option of [`Options`] chooses, and
//! the default is marked as an assumption.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use phone_tests::vodia::{FakeVodia, Generation, Options};
//!
//! let pbx = FakeVodia::start(Options::new(Generation::G3)).await?;
//! // A client signs in at pbx.url() as 204 with the password `Sample-Pw9`.
//! pbx.wait_for(|state| state.open_sockets(Some("204")) == 1, Duration::from_secs(5)).await?;
//! let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
//! pbx.wait_for(|state| state.call(call).is_some_and(|call| call.connect.is_some()), Duration::from_secs(5)).await?;
//! pbx.hang_up_far(call);
//! assert!(pbx.violations().is_empty());
//! # Ok(())
//! # }
//! ```

mod actions;
mod call;
mod commands;
mod company;
mod faults;
mod frames;
mod http;
mod lively;
mod manners;
mod mischief;
mod options;
mod records;
mod remote_call;
mod rest;
mod server;
mod sign_in;
mod socket;
mod state;
mod switchboard;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

pub use crate::loopback::Tls;
pub use call::{Call, FAR, Party, Record, Stage};
pub use commands::{Command, SCENARIOS, Script};
pub use company::{Account, Company, Kind, OUTSIDE};
pub use manners::{Closes, Framing, Manners};
pub use mischief::{Disguise, Garbage, Refusal, Slip, What};
pub use options::{
    Blf, FarEnd, FirstLeg, Generation, HashEdition, HeldWords, Numbers, Options, OwnPhone, SessionAnswer, SocketControl, Spelling,
};
pub use records::{Action, CallId, Dial, DialPath, Event, Outcome, Request, SignIn, SignInMethod};
pub use state::State;

use state::Pbx;

/// What a colleague's lamp shows, for [`FakeVodia::presence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Registered and idle.
    Free,
    /// Registered and busy, without a call that anybody is shown.
    Busy,
    /// Do not disturb.
    DoNotDisturb,
    /// No phone registered.
    NotRegistered,
}

/// A running fake PBX. It ends with its value.
///
/// Methods that only change the company or a call return at once; frames are queued by then. Methods that end connections wait until the
/// tasks behind them are gone.
pub struct FakeVodia {
    pbx: Arc<Pbx>,
    address: SocketAddr,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl FakeVodia {
    /// Opens the port and starts serving on the current runtime.
    ///
    /// # Errors
    /// The port is taken, or a given certificate is unusable.
    #[expect(clippy::unused_async, reason = "needs a running runtime, which a plain function would not show")]
    pub async fn start(options: Options) -> Result<Self> {
        let certificate = crate::loopback::certificate::Certificate::make(&options.tls)?;
        let (listener, address) = crate::loopback::bind(options.port.unwrap_or(0))?;
        let pbx = Pbx::new(options, certificate);
        let accepting = tokio::spawn(server::accept(Arc::clone(&pbx), listener));
        let fake = Self { pbx, address, accepting: Mutex::new(Some(accepting)) };
        fake.say_listening();
        Ok(fake)
    }

    /// Returns the base address, without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.pbx.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.address.port())
    }

    /// Returns the address of the port.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the page that hands out one-time tokens (section 1.4, step 1).
    pub fn token_url(&self) -> String {
        format!("{}/token-page", self.url())
    }

    /// Returns the SHA-256 of the certificate's DER as lower-case hex; nothing without TLS.
    pub fn certificate_sha256(&self) -> Option<&str> {
        self.pbx.certificate.as_ref().map(|certificate| certificate.sha256.as_str())
    }

    /// Returns the company authority's certificate in PEM; only with [`Tls::OwnAuthority`].
    pub fn authority_pem(&self) -> Option<&str> {
        self.pbx.certificate.as_ref()?.authority_pem.as_deref()
    }

    /// Returns the generation.
    pub fn generation(&self) -> Generation {
        self.pbx.options.generation
    }

    /// Returns a listener to what happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.pbx.events.subscribe()
    }

    /// Reads the state once.
    pub fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.pbx.look(look)
    }

    /// Waits until a condition on the state holds.
    ///
    /// # Errors
    /// The time is over; the text says what the PBX has seen.
    pub async fn wait_for(&self, mut holds: impl FnMut(&State) -> bool, timeout: Duration) -> Result<()> {
        let mut changed = self.pbx.changed.subscribe();
        let until = tokio::time::Instant::now() + timeout;
        loop {
            changed.mark_unchanged();
            if self.pbx.look(&mut holds) {
                return Ok(());
            }
            if tokio::time::timeout_at(until, changed.changed()).await.is_err() {
                bail!("nothing of that within {timeout:?}; {}", self.pbx.look(summary));
            }
        }
    }

    /// Waits until an extension's socket is open and has asked for its calls.
    ///
    /// # Errors
    /// The time is over.
    pub async fn wait_for_client(&self, extension: &str, timeout: Duration) -> Result<()> {
        self.wait_for(|state| state.sockets.values().any(|socket| socket.user == extension && socket.wants_calls), timeout).await
    }

    /// Waits for the `count`th dial and returns it.
    ///
    /// # Errors
    /// The time is over.
    pub async fn wait_for_dial(&self, count: usize, timeout: Duration) -> Result<Dial> {
        self.wait_for(|state| state.dials.len() >= count, timeout).await?;
        Ok(self.look(|state| state.dials[count - 1].clone()))
    }

    /// Returns all dials received, refused ones included, in order.
    pub fn dials(&self) -> Vec<Dial> {
        self.look(|state| state.dials.clone())
    }

    /// Returns all action messages received, in order.
    pub fn actions(&self) -> Vec<Action> {
        self.look(|state| state.actions.clone())
    }

    /// Returns all HTTP requests answered, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.look(|state| state.requests.clone())
    }

    /// Returns all attempts to sign in, in order.
    pub fn sign_ins(&self) -> Vec<SignIn> {
        self.look(|state| state.sign_ins.clone())
    }

    /// Returns what clients did that no client may do; tests assert that it is empty.
    pub fn violations(&self) -> Vec<String> {
        self.look(|state| state.violations.clone())
    }

    /// Returns a running call as it stands; nothing once it has ended.
    pub fn call(&self, call: CallId) -> Option<Call> {
        self.look(|state| state.calls.get(&call).cloned())
    }

    /// Returns all running calls.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|state| state.calls.values().cloned().collect())
    }

    /// Returns how many TCP connections are open, those of sockets included.
    pub fn connections(&self) -> usize {
        self.look(|state| state.connections.len())
    }

    /// Returns when the last byte of the latest `call-state` frame had been handed to the kernel.
    pub fn call_state_written_at(&self) -> Option<Instant> {
        self.look(|state| state.call_state_written)
    }

    /// Lets somebody call a number of the company: an extension or one of its aliases.
    ///
    /// A `from` that is an extension makes it an internal call. Nobody rings where the phone is unregistered or on do not disturb; the call is
    /// then over at once and in the history.
    pub fn ring(&self, from: &str, name: &str, to: &str) -> CallId {
        self.pbx.change(|state, options| state.ring(from, name, to, options))
    }

    /// Lets somebody call a queue or hunt group; all its free members ring.
    pub fn ring_group(&self, from: &str, name: &str, group: &str) -> CallId {
        self.ring(from, name, group)
    }

    /// Answers on the phone that rings; for a dialled call that is the own phone (lifts it). False when nothing rings.
    pub fn answer(&self, call: CallId) -> bool {
        self.pbx.change(|state, options| {
            let first = state.calls.get(&call).and_then(|call| call.ringing.first().cloned());
            first.is_some_and(|phone| state.answer(call, &phone, options))
        })
    }

    /// Answers on another extension's phone: a member of the group, or a colleague who picks up.
    pub fn answer_elsewhere(&self, call: CallId, extension: &str) -> bool {
        self.pbx.change(|state, options| state.answer(call, extension, options))
    }

    /// Presses key 1 at the prompt of a click to dial without `connect=true` (section 3).
    pub fn press_one(&self, call: CallId) {
        self.pbx.change(|state, options| state.press_one(call, options));
    }

    /// Lets the dialled party outside answer.
    pub fn answer_far(&self, call: CallId) {
        self.pbx.change(|state, _| state.far_answers(call));
    }

    /// Lets the outside party hang up or give up.
    pub fn hang_up_far(&self, call: CallId) {
        self.pbx.change(|state, _| state.end(call));
    }

    /// Hangs up or rejects on an extension's phone.
    pub fn hang_up(&self, call: CallId, extension: &str) -> bool {
        self.pbx.change(|state, _| state.clear(call, extension))
    }

    /// Lets the outside party hold the call.
    pub fn hold_far(&self, call: CallId) -> bool {
        self.pbx.change(|state, _| state.hold(call, FAR, true))
    }

    /// Lets the outside party resume the call.
    pub fn resume_far(&self, call: CallId) -> bool {
        self.pbx.change(|state, _| state.hold(call, FAR, false))
    }

    /// Holds on an extension's phone.
    pub fn hold(&self, call: CallId, extension: &str) -> bool {
        self.pbx.change(|state, _| state.hold(call, extension, true))
    }

    /// Resumes on an extension's phone.
    pub fn resume(&self, call: CallId, extension: &str) -> bool {
        self.pbx.change(|state, _| state.hold(call, extension, false))
    }

    /// Transfers on an extension's phone, blind.
    pub fn transfer(&self, call: CallId, extension: &str, to: &str) -> bool {
        self.pbx.change(|state, options| state.transfer_blind(call, extension, to, options))
    }

    /// Joins two calls on an extension's phone.
    pub fn transfer_attended(&self, first: CallId, second: CallId, extension: &str) -> bool {
        self.pbx.change(|state, _| state.transfer_attended(first, second, extension))
    }

    /// Settles how a number outside behaves when it is dialled. The number is the one after the PBX's own rewriting.
    pub fn set_far_end(&self, number: &str, far_end: FarEnd) {
        self.pbx.change(|state, _| state.mischief.far_ends.insert(number.to_owned(), far_end));
    }

    /// Changes any property of an account and tells whoever watches it.
    pub fn change_account(&self, number: &str, change: impl FnOnce(&mut Account)) {
        self.pbx.change(|state, _| {
            if let Some(account) = state.company.accounts.get_mut(number) {
                change(account);
                state.account_changed(number);
            }
        });
    }

    /// Sets what a colleague's lamp shows while no call says more.
    pub fn presence(&self, extension: &str, presence: Presence) {
        self.change_account(extension, |account| {
            account.registered = presence != Presence::NotRegistered;
            account.dnd = presence == Presence::DoNotDisturb;
            account.forced_code = (presence == Presence::Busy).then_some(200);
        });
    }

    /// Switches do not disturb.
    pub fn set_dnd(&self, extension: &str, on: bool) {
        self.change_account(extension, |account| account.dnd = on);
    }

    /// Registers or unregisters an extension's phone.
    pub fn set_registered(&self, extension: &str, on: bool) {
        self.change_account(extension, |account| account.registered = on);
    }

    fn say_listening(&self) {
        let url = self.url();
        self.pbx.change(|state, _| state.events.push(Event::Listening { url }));
    }
}

impl Drop for FakeVodia {
    fn drop(&mut self) {
        if let Some(accepting) = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            accepting.abort();
        }
        self.pbx.look(|state| state.connections.values().for_each(JoinHandle::abort));
    }
}

fn summary(state: &State) -> String {
    let actions: Vec<&str> = state.actions.iter().map(|action| action.name.as_str()).collect();
    let requests: Vec<String> =
        state.requests.iter().map(|request| format!("{} {} {}", request.method, request.path, request.status)).collect();
    format!(
        "requests {requests:?}, actions {actions:?}, sockets {}, calls {}, dials {}, violations {:?}",
        state.sockets.len(),
        state.calls.len(),
        state.dials.len(),
        state.violations
    )
}
