//! The link to one PBX: when to open, when to wait, when to give up, when to ask the user.
//!
//! One enum, time as an argument, effects as data. See the tests below for the rules as sentences.

use std::time::{Duration, Instant};

use crate::reason::{Reason, Remedy, SLOW_RETRY};

/// How long sign-in may take until the connection stands: several requests, each with a limit of its own.
pub const OPEN_LIMIT: Duration = Duration::from_secs(25);
/// How long sign-in and the first full picture may take.
pub const SYNC_LIMIT: Duration = Duration::from_secs(25);
/// How long a link may be silent: one ping every 15 s and 10 s for its answer.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(25);
/// How long a link must hold before its earlier failures are forgotten.
pub const STABLE_AFTER: Duration = Duration::from_secs(30);
/// Least time between two early ends of waiting.
pub const HASTE_LIMIT: Duration = Duration::from_secs(5);
/// How long the answer to a probe may take after the network changed.
pub const PROBE_LIMIT: Duration = Duration::from_secs(3);
/// Longest pause after an account that has worked was refused in a way that may pass; the first one is [`SLOW_RETRY`].
pub const LONGEST_DOUBT: Duration = Duration::from_secs(600);
/// Least delay before a new attempt.
pub const LEAST_DELAY: Duration = Duration::from_millis(250);

/// When waiting was last ended early, and when it is to be again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Haste {
    /// The last time.
    pub last: Option<Instant>,
    /// The next time: something happened too soon after the last one, and must not be forgotten.
    pub again_at: Option<Instant>,
}

impl Haste {
    /// Nothing more is due: what runs now began after whatever happened, or has proved itself since.
    fn settled(self) -> Self {
        Self { again_at: None, ..self }
    }

    /// When an early end may be at the earliest, if that is not yet.
    fn too_soon(self, now: Instant) -> Option<Instant> {
        self.last.map(|last| last + HASTE_LIMIT).filter(|at| *at > now)
    }
}

/// How long the current outage has lasted, and when it was last cut short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// Attempts made in this outage.
    pub attempt: u32,
    /// Its beginning; a link that held less than [`STABLE_AFTER`] does not end it.
    pub began: Instant,
    /// When waiting was ended early.
    pub haste: Haste,
    /// An expired session was renewed without a delay; the next one in this outage waits.
    pub renewed: bool,
    /// How often an account that has worked was refused in a way that may pass.
    pub doubts: u32,
    /// The password was among that: once more, and it counts as refused.
    pub denied: bool,
}

impl Outage {
    fn begins(now: Instant, haste: Haste) -> Self {
        Self { attempt: 0, began: now, haste, renewed: false, doubts: 0, denied: false }
    }
}

/// Where the link stands. A variant holds only what is true in that state.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// Nothing is tried: no account, no secret, or the user said so.
    SignedOut {
        /// Why nothing is tried.
        why: Option<Reason>,
    },
    /// Sockets are being opened and credentials sent.
    Opening {
        /// The outage this attempt belongs to.
        outage: Outage,
        /// When the attempt counts as failed.
        give_up_at: Instant,
    },
    /// Signed in; the full picture is not here yet.
    Syncing {
        /// The outage this attempt belongs to.
        outage: Outage,
        /// When the attempt counts as failed.
        give_up_at: Instant,
    },
    /// The picture is whole and live.
    Online {
        /// The outage before, until the link has held long enough.
        outage: Option<Outage>,
        /// When the outage before is forgotten.
        stable_at: Instant,
        /// When silence counts as loss.
        silent_at: Instant,
        /// When waiting was ended early.
        haste: Haste,
    },
    /// Between two attempts.
    Waiting {
        /// The outage.
        outage: Outage,
        /// When the next attempt begins.
        retry_at: Instant,
        /// What happened.
        why: Reason,
    },
    /// Only the user can help.
    Stopped {
        /// What has to be helped.
        why: Reason,
    },
}

/// What can happen to a link.
#[derive(Clone, Debug)]
pub enum LinkInput {
    /// There is an account with a secret; be online.
    SignIn,
    /// Be offline until told otherwise, and say why.
    SignOut(Option<Reason>),
    /// Only the user can help; nothing is tried until then.
    Stop(Reason),
    /// The link may be dead: an answer must come within [`PROBE_LIMIT`].
    Probed,
    /// The dialect is signed in and waits for the picture.
    SignedIn,
    /// The dialect has the full picture.
    Synced,
    /// Bytes arrived.
    Heard,
    /// An attempt or the link failed; a server's `Retry-After` goes along.
    Failed(Reason, Option<Duration>),
    /// The machine woke from sleep.
    Woke,
    /// The network changed and the link's address with it.
    NetworkChanged,
    /// The user wants it now; a link that is online is left alone.
    RetryNow,
    /// A deadline may have passed.
    Tick,
}

/// What the link wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEffect {
    /// Begin an attempt with fresh sockets and a fresh dialect.
    Open,
    /// Close everything that is open.
    Close,
    /// The state changed in a way people see.
    Changed,
}

impl Link {
    /// A link nobody has asked for yet.
    pub fn new() -> Self {
        Self::SignedOut { why: None }
    }

    /// The moment at which [`LinkInput::Tick`] must come at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::SignedOut { .. } | Self::Stopped { .. } => None,
            Self::Opening { outage, give_up_at } | Self::Syncing { outage, give_up_at } => {
                Some(outage.haste.again_at.map_or(*give_up_at, |at| at.min(*give_up_at)))
            }
            Self::Online { outage, stable_at, silent_at, haste } => {
                let stable_at = outage.map(|_| *stable_at);
                [stable_at, haste.again_at].into_iter().flatten().chain([*silent_at]).min()
            }
            Self::Waiting { retry_at, .. } => Some(*retry_at),
        }
    }

    /// Tells whether the picture is whole and live.
    pub fn is_online(&self) -> bool {
        matches!(self, Self::Online { .. })
    }

    /// Tells whether sockets may be open.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Opening { .. } | Self::Syncing { .. } | Self::Online { .. })
    }

    /// Why the link is not online, when there is more to say than "not yet".
    pub fn why(&self) -> Option<&Reason> {
        match self {
            Self::SignedOut { why } => why.as_ref(),
            Self::Waiting { why, .. } | Self::Stopped { why } => Some(why),
            Self::Opening { .. } | Self::Syncing { .. } | Self::Online { .. } => None,
        }
    }

    /// Takes one input at `now`; `jitter` is drawn evenly from 0 to 1 by the caller.
    pub fn step(&mut self, input: LinkInput, now: Instant, jitter: f64) -> Vec<LinkEffect> {
        match input {
            LinkInput::SignIn => {
                let close = self.is_up();
                self.open(Outage::begins(now, Haste::default()), now, close)
            }
            LinkInput::SignOut(why) => {
                let close = self.is_up();
                *self = Self::SignedOut { why };
                if close { vec![LinkEffect::Close, LinkEffect::Changed] } else { vec![LinkEffect::Changed] }
            }
            LinkInput::Stop(why) => {
                let close = self.is_up();
                *self = Self::Stopped { why };
                if close { vec![LinkEffect::Close, LinkEffect::Changed] } else { vec![LinkEffect::Changed] }
            }
            LinkInput::Probed => {
                if let Self::Online { silent_at, .. } = self {
                    *silent_at = (*silent_at).min(now + PROBE_LIMIT);
                }
                vec![]
            }
            LinkInput::SignedIn => {
                let Self::Opening { mut outage, .. } = *self else { return vec![] };
                // The server answers, whatever happened to the network before.
                outage.haste = outage.haste.settled();
                *self = Self::Syncing { outage, give_up_at: now + SYNC_LIMIT };
                vec![LinkEffect::Changed]
            }
            LinkInput::Synced => {
                let (Self::Opening { outage, .. } | Self::Syncing { outage, .. }) = *self else { return vec![] };
                *self = Self::Online {
                    outage: Some(outage),
                    stable_at: now + STABLE_AFTER,
                    silent_at: now + SILENCE_LIMIT,
                    haste: outage.haste.settled(),
                };
                vec![LinkEffect::Changed]
            }
            LinkInput::Heard => {
                if let Self::Online { silent_at, .. } = self {
                    *silent_at = now + SILENCE_LIMIT;
                }
                vec![]
            }
            LinkInput::Failed(why, retry_after) => self.fail(why, retry_after, now, jitter),
            LinkInput::RetryNow if self.is_online() => vec![],
            LinkInput::Woke | LinkInput::NetworkChanged => self.hasten(now, true),
            LinkInput::RetryNow => self.hasten(now, false),
            LinkInput::Tick => self.tick(now, jitter),
        }
    }

    fn open(&mut self, outage: Outage, now: Instant, close: bool) -> Vec<LinkEffect> {
        let outage = Outage { attempt: outage.attempt.saturating_add(1), haste: outage.haste.settled(), ..outage };
        *self = Self::Opening { outage, give_up_at: now + OPEN_LIMIT };
        let mut effects = Vec::with_capacity(3);
        if close {
            effects.push(LinkEffect::Close);
        }
        effects.push(LinkEffect::Open);
        effects.push(LinkEffect::Changed);
        effects
    }

    fn outage(&self, now: Instant) -> Outage {
        match *self {
            Self::Opening { outage, .. } | Self::Syncing { outage, .. } | Self::Waiting { outage, .. } => outage,
            Self::Online { outage: Some(outage), stable_at, haste, .. } if now < stable_at => Outage { haste, ..outage },
            Self::Online { haste, .. } => Outage::begins(now, haste),
            Self::SignedOut { .. } | Self::Stopped { .. } => Outage::begins(now, Haste::default()),
        }
    }

    fn fail(&mut self, why: Reason, retry_after: Option<Duration>, now: Instant, jitter: f64) -> Vec<LinkEffect> {
        if !self.is_up() {
            return vec![];
        }
        let mut outage = self.outage(now);
        let usual = || delay(now.saturating_duration_since(outage.began), jitter);
        let delay = match why.remedy() {
            Remedy::AskUser(_) => return self.stop(why),
            // Said twice with a minute in between, it is the password.
            _ if why.is_doubtful_denial() && outage.denied => return self.stop(Reason::SignInDenied),
            _ if matches!(why, Reason::ForNow(_)) => {
                let pause = doubt(outage.doubts, jitter);
                outage.doubts = outage.doubts.saturating_add(1);
                outage.denied |= why.is_doubtful_denial();
                pause
            }
            // A session that merely expired is renewed without a delay, but a server that
            // expires every new session at once is met with the usual delays.
            Remedy::SignInAgain if !outage.renewed => {
                return self.open(Outage { renewed: true, ..outage }, now, true);
            }
            Remedy::SignInAgain | Remedy::Retry | Remedy::Report => usual(),
            Remedy::RetryAfter(time) => time.mul_f64(0.75 + 0.5 * jitter.clamp(0.0, 1.0)),
        };
        let delay = match retry_after {
            // All desks of a company were given the same time; they must not come at once.
            Some(after) => {
                let after = after.clamp(LEAST_DELAY, Duration::from_secs(3600));
                let after = after + after.min(Duration::from_secs(15)).mul_f64(jitter.clamp(0.0, 1.0));
                if why.is_doubtful_denial() { after.max(delay) } else { after }
            }
            None => delay,
        };
        let again_at = outage.haste.again_at.filter(|_| !why.is_doubtful_denial());
        let retry_at = again_at.map_or(now + delay, |at| at.max(now + LEAST_DELAY).min(now + delay));
        *self = Self::Waiting { outage: Outage { haste: outage.haste.settled(), ..outage }, retry_at, why };
        vec![LinkEffect::Close, LinkEffect::Changed]
    }

    fn stop(&mut self, why: Reason) -> Vec<LinkEffect> {
        let why = if why == Reason::SignInDenied { Reason::CredentialsRefused } else { why };
        *self = Self::Stopped { why };
        vec![LinkEffect::Close, LinkEffect::Changed]
    }

    /// Ends waiting early, or replaces a link that is likely dead; at most once per [`HASTE_LIMIT`], else at its end.
    ///
    /// An attempt under way is begun anew at that end only where it may `hang` on an address that is gone.
    fn hasten(&mut self, now: Instant, hangs: bool) -> Vec<LinkEffect> {
        let close = self.is_up();
        let anew = self.outage(now);
        match self {
            // A password that is asked about again and again locks accounts.
            Self::Waiting { why, .. } if why.is_doubtful_denial() => return vec![],
            Self::Waiting { outage, retry_at, .. } => match outage.haste.too_soon(now) {
                Some(at) if at < *retry_at => {
                    *retry_at = at;
                    return vec![LinkEffect::Changed];
                }
                Some(_) => return vec![],
                None => {}
            },
            Self::Opening { outage: Outage { haste, .. }, .. }
            | Self::Syncing { outage: Outage { haste, .. }, .. }
            | Self::Online { haste, .. } => {
                if let Some(at) = haste.too_soon(now) {
                    if hangs {
                        haste.again_at = Some(at);
                    }
                    return vec![];
                }
            }
            Self::SignedOut { .. } | Self::Stopped { .. } => return vec![],
        }
        self.open(Outage { haste: Haste { last: Some(now), again_at: None }, ..anew }, now, close)
    }

    fn tick(&mut self, now: Instant, jitter: f64) -> Vec<LinkEffect> {
        let again_at = match self {
            Self::Opening { outage, .. } | Self::Syncing { outage, .. } => outage.haste.again_at,
            Self::Online { haste, .. } => haste.again_at,
            Self::SignedOut { .. } | Self::Waiting { .. } | Self::Stopped { .. } => None,
        };
        if again_at.is_some_and(|at| now >= at) {
            return self.hasten(now, true);
        }
        match self {
            Self::Opening { give_up_at, .. } if now >= *give_up_at => self.fail(Reason::ConnectTimedOut, None, now, jitter),
            Self::Syncing { give_up_at, .. } if now >= *give_up_at => self.fail(Reason::AnswerTimedOut, None, now, jitter),
            Self::Online { silent_at, .. } if now >= *silent_at => self.fail(Reason::Silent, None, now, jitter),
            Self::Online { outage, stable_at, .. } if now >= *stable_at => {
                *outage = None;
                vec![]
            }
            Self::Waiting { outage, retry_at, .. } if now >= *retry_at => {
                let outage = *outage;
                self.open(outage, now, false)
            }
            Self::SignedOut { .. }
            | Self::Opening { .. }
            | Self::Syncing { .. }
            | Self::Online { .. }
            | Self::Waiting { .. }
            | Self::Stopped { .. } => vec![],
        }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

/// Draws the delay before the next attempt of an outage that has lasted `so_far`.
///
/// Evenly between [`LEAST_DELAY`] and a bound that grows with the outage: at least 1 s, at most
/// 15 s, after five minutes at most 60 s. So nobody is away longer than the outage itself, and
/// all desks of a company never come at once.
pub fn delay(so_far: Duration, jitter: f64) -> Duration {
    let most = if so_far > Duration::from_secs(300) { Duration::from_secs(60) } else { Duration::from_secs(15) };
    let bound = so_far.clamp(Duration::from_secs(1), most);
    LEAST_DELAY + (bound - LEAST_DELAY).mul_f64(jitter.clamp(0.0, 1.0))
}

/// The pause after the refusal with this number: doubled each time, and a little longer by chance.
fn doubt(number: u32, jitter: f64) -> Duration {
    let pause = SLOW_RETRY.saturating_mul(1 << number.min(4)).min(LONGEST_DOUBT);
    pause.mul_f64(1.0 + 0.15 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
