//! What one fake PBX is like: generation, faults of birth and the habits nobody has documented.

use std::time::Duration;

use super::company::Company;
use super::manners::Manners;
use crate::loopback::Tls;

/// The three dialects that the protocol notes tell apart (section 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// "Attendant", versions up to 5.x: socket on `/`, `get-users` and `get-calls`, full control over the socket.
    G1,
    /// "Click-to-dial", versions 58 to 68: socket on `/websocket`, keepalive `wskeepalive`.
    G2,
    /// "Subscribe", versions 69 and 70: subscriptions, control over REST.
    G3,
}

impl Generation {
    /// Returns the version this generation claims in its `Server` header (section 1.2, notes).
    pub fn version(self) -> &'static str {
        match self {
            Self::G1 => "5.5",
            Self::G2 => "67.0.5 (Debian64)",
            Self::G3 => "70.1",
        }
    }
}

/// How much the spelling of one and the same fact changes from frame to frame (sections 2.5 and 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Always the first spelling of the notes: easy to read in a trace.
    Plain,
    /// Ids and times as number or string, absent or null fields, one call as an object, stray frames.
    Varied,
}

/// Which control actions the socket obeys (section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketControl {
    /// All actions of the first generation.
    Full,
    /// `make-call` and `clear-call` only, as the click-to-dial page documents.
    Documented,
    /// None; control is REST only. The default of the third generation, where it is not known.
    Nothing,
}

/// The shape in which a password sign-in answers (sections 1.2 L3 and 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionAnswer {
    /// A JSON string.
    JsonString,
    /// The id without quotes.
    BareText,
    /// An object with the given key.
    Object(&'static str),
}

/// Which edition of the click-to-dial hash is checked (section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashEdition {
    /// `user + password + dest + time`, good for two hours.
    Old,
    /// `user + password + dest + time + duration`, good for `duration` seconds.
    New,
}

/// What `blf{add}` does. Its payload is not public (section 6, unknown 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blf {
    /// One `user-state` per listed extension and one per later change. An assumption of ours.
    UserState,
    /// Nothing at all.
    Silent,
}

/// How the user's own phone behaves when the PBX calls it first (section 3 and section 6, inferred 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPhone {
    /// Goes off hook by itself after this time.
    HandsFree(Duration),
    /// Rings until [`super::FakeVodia::answer`] lifts it.
    UserLifts,
}

/// What the dialled party does when it is not one of the company's own phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FarEnd {
    /// Rings until the test decides.
    Waits,
    /// Answers after this time.
    AnswersAfter(Duration),
    /// Rings this long, then the call ends.
    Busy(Duration),
}

/// Which party the frames name while only the own phone rings (section 7, trap 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLeg {
    /// The dialled number.
    Destination,
    /// The user's own extension, on both sides.
    OwnExtension,
}

/// How external numbers come back from the PBX (section 2.5, caller number form).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Exactly as rung or dialled.
    AsTheyAre,
    /// `+49…` in the SIP address, `0…` in the `…-number` fields.
    National,
    /// What was dialled nationally is shown as `+49…`.
    Canonical,
}

/// Which of the two held words means that this user holds the call. Not known (section 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldWords {
    /// We hold: `holding`; the far end holds: `onhold`.
    HoldingIsOurs,
    /// We hold: `onhold`; the far end holds: `holding`.
    OnHoldIsOurs,
}

/// Everything that is settled before the start.
///
/// [`Options::new`] gives the defaults of a generation; all fields may be changed.
#[derive(Debug, Clone)]
pub struct Options {
    /// The dialect.
    pub generation: Generation,
    /// Text behind `PBX/` in the `Server` header.
    pub version: String,
    /// Fixed port, or any free one.
    pub port: Option<u16>,
    /// Certificate.
    pub tls: Tls,
    /// The people.
    pub company: Company,
    /// How unsteady the spelling is.
    pub spelling: Spelling,
    /// What the socket obeys.
    pub socket_control: SocketControl,
    /// Whether `/rest/user/{acc}/calls` exists.
    pub rest_control: bool,
    /// Whether `/remote_call.htm` exists.
    pub remote_call: bool,
    /// Whether REST calls accept HTTP Basic (section 1.2, L4).
    pub basic_on_rest: bool,
    /// Whether the socket's handshake accepts HTTP Basic (section 6, unknown 6).
    pub basic_on_socket: bool,
    /// Status of a password sign-in where the method is gone: 404 or 405.
    pub password_refusal: u16,
    /// Shape of the answer to a password sign-in.
    pub session_answer: SessionAnswer,
    /// Life of a one-time token; ten seconds in the notes.
    pub token_lifetime: Duration,
    /// A socket without a JSON keepalive for this long is closed. The real limit is not known.
    pub idle: Option<Duration>,
    /// Whether RFC 6455 pings are answered.
    pub answers_pings: bool,
    /// The user's own phone at a dial.
    pub own_phone: OwnPhone,
    /// The dialled party, unless [`super::FakeVodia::set_far_end`] says otherwise for a number.
    pub far_end: FarEnd,
    /// What a call shows while the own phone rings.
    pub first_leg: FirstLeg,
    /// Form of external numbers.
    pub numbers: Numbers,
    /// Meaning of the held words.
    pub held_words: HeldWords,
    /// Whether a call changes its ids when the own phone is lifted. Seen nowhere, forbidden nowhere.
    pub renumbers: bool,
    /// Whether `get-users` and `get-calls` are answered. Not known of the third generation, so off there.
    pub answers_asks: bool,
    /// What `blf` does.
    pub blf: Blf,
    /// Whether `own-calls{subscribe}` is answered by a snapshot at once. An assumption of ours.
    pub snapshot_on_subscribe: bool,
    /// Whether REST and socket use the same call ids (section 4.1 says to assume they do not).
    pub same_ids: bool,
    /// Edition of the click-to-dial hash.
    pub hash_edition: HashEdition,
    /// Whether a bare extension is too little to sign in with (section 1.1).
    pub several_tenants: bool,
    /// Whether REST is switched on; off answers 403 (section 1.2, notes).
    pub api_access: bool,
    /// After so many refused passwords an account stays refused. Lock-out rules are not known (section 6, unknown 8).
    pub locks_after: Option<u32>,
    /// Whether `page` and `size` of the history count (section 4.2).
    pub paging: bool,
    /// Whether calls outlive [`super::FakeVodia::restart`].
    pub calls_survive_restart: bool,
    /// Whether sessions outlive [`super::FakeVodia::restart`].
    pub sessions_survive_restart: bool,
    /// Whether the history of whoever else rang shows a call that somebody answered, with the time of that answer. An assumption
    /// of ours: section 4.2 says what a missed call is, not whose history a call stands in.
    pub elsewhere_in_history: bool,
    /// Whether that entry is written when the call ends, as records of calls are, and not in the moment of the answer.
    pub elsewhere_at_end: bool,
    /// Whether whoever else rang goes on being shown a call that somebody answered, as connected, and may act on it. Its
    /// `extension` list tells who has it.
    pub elsewhere_stays: bool,
    /// How bytes travel.
    pub manners: Manners,
    /// Extension that the token page mints tokens for, unless its `user` query names another.
    pub token_page_user: String,
}

impl Options {
    /// Returns the defaults of a generation: small company, free port, no TLS, varied spelling, hands-free phone.
    pub fn new(generation: Generation) -> Self {
        let third = generation == Generation::G3;
        Self {
            generation,
            version: generation.version().to_owned(),
            port: None,
            tls: Tls::None,
            company: Company::small(),
            spelling: Spelling::Varied,
            socket_control: if third { SocketControl::Nothing } else { SocketControl::Full },
            rest_control: third,
            remote_call: true,
            basic_on_rest: true,
            basic_on_socket: third,
            password_refusal: 404,
            session_answer: SessionAnswer::JsonString,
            token_lifetime: Duration::from_secs(10),
            idle: (generation != Generation::G1).then_some(Duration::from_secs(75)),
            answers_pings: true,
            own_phone: OwnPhone::HandsFree(Duration::from_millis(30)),
            far_end: FarEnd::Waits,
            first_leg: FirstLeg::Destination,
            numbers: Numbers::AsTheyAre,
            held_words: HeldWords::HoldingIsOurs,
            renumbers: false,
            answers_asks: !third,
            blf: Blf::UserState,
            snapshot_on_subscribe: true,
            same_ids: false,
            hash_edition: if third { HashEdition::New } else { HashEdition::Old },
            several_tenants: false,
            api_access: true,
            locks_after: None,
            paging: true,
            calls_survive_restart: false,
            sessions_survive_restart: false,
            elsewhere_in_history: true,
            elsewhere_at_end: false,
            elsewhere_stays: false,
            manners: Manners::ugly(),
            token_page_user: "204".to_owned(),
        }
    }

    /// Chooses a fixed port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Chooses a certificate.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Fills the company up to this many accounts.
    #[must_use]
    pub fn company_of(mut self, accounts: usize) -> Self {
        self.company = Company::of(accounts);
        self
    }

    /// Applies a change to any field, for chaining.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
