//! Everything that can go wrong, with its code, its words, and what may be done about it.

mod facts;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use facts::Class;

use crate::number::Offer;

/// The codes that scripts and the window react to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract; the words stand in Reason")]
pub enum Code {
    NoAccount,
    SecretMissing,
    KeyringLocked,
    KeyringAbsent,
    Unreachable,
    TimedOut,
    Dropped,
    Busy,
    NotAPbx,
    CertificateUnknown,
    CertificateChanged,
    CredentialsRefused,
    ApiSwitchedOff,
    UnknownTenantOrUser,
    SecondFactorNeeded,
    Forbidden,
    Protocol,
    Unsupported,
    StateUnknown,
    NoSuchCall,
    Offline,
    RateLimited,
    PolicyAsk,
    PolicyRefuse,
    SeveralNumbers,
    OutcomeUnknown,
    RefusedByPbx,
    WrongUsage,
    NotAvailable,
    NoAgent,
    AgentHangs,
}

/// What may be done about a failure; the link decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Trying again is right and happens by itself, by the usual delays.
    Retry,
    /// Trying again is right, about this much later.
    RetryAfter(Duration),
    /// Signing in again is right, at once.
    SignInAgain,
    /// The user has to do something; nothing is tried until then.
    AskUser(Code),
    /// The request was wrong or cannot be done; it is told and over.
    Report,
}

/// One way to fail. Each has a code, one sentence, and one sentence on what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's sentence stands in `reason/facts.rs`, once")]
pub enum Reason {
    NoAccount,
    SecretMissing,
    KeyringLocked,
    KeyringUnlockRefused,
    KeyringAbsent,
    KeyringFailed,
    HostNotFound,
    ConnectionRefused,
    NetworkDown,
    ConnectTimedOut,
    AnswerTimedOut,
    Silent,
    Dropped,
    ServerBusy,
    TooManySessions,
    ServerError(u16),
    NotAPbx,
    WebPageInstead,
    PlainInsteadOfTls,
    NotHttp,
    PlainRefused,
    WebSocketRefused(u16),
    ProxyFailed,
    ProxyNeedsSignIn,
    CertificateUnknown { sha256: String },
    CertificateChanged { sha256: String },
    CertificateExpired { sha256: String },
    CertificateNotYetValid { sha256: String },
    CertificateWrongName { sha256: String },
    TlsFailed,
    CredentialsRefused,
    SignInDenied,
    ForNow(Box<Self>),
    SessionExpired,
    TokenPageFailed(u16),
    ApiSwitchedOff,
    UnknownTenantOrUser,
    TenantNeeded,
    SecondFactorNeeded,
    Forbidden,
    MessageTooLong,
    Garbage,
    Unsupported,
    StateUnknown,
    LegUnclear,
    QuestionLost,
    HoldSideUnknown,
    HoldUnclear,
    NotNow(&'static str),
    UnderWay,
    NoSuchCall,
    NoCallFits,
    NoEndedCall,
    NoHistory,
    EndedAtOnce,
    AlreadyCalling,
    AlreadyConnected,
    DialledJustNow,
    DialUnclear { another_s: u64 },
    NoEndOrNote,
    NotWritten,
    NotAdded,
    TransferUnclear,
    NotOneTarget,
    TargetAsks(Option<String>),
    TargetRefused(&'static str),
    TargetNotUsable(&'static str),
    ForwardAsk(Box<Offer>),
    ForwardUnclear,
    ChoiceUnderWay,
    SeveralCalls,
    SeveralAccounts,
    Offline,
    DialInFlight,
    NumberNotUsable(&'static str),
    SeveralNumbers(Vec<Offer>),
    PolicyAsk(Box<Offer>),
    TooManyLinks,
    PolicyRefuse(&'static str),
    EmergencyNumber,
    OutcomeUnknown,
    NoReaction,
    RefusedByPbx(String),
    WrongUsage(String),
    NotAvailable,
    NoAgent,
    AgentHangs,
}

impl Reason {
    /// The code of the contract.
    pub fn code(&self) -> Code {
        self.facts().code
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others come from the PBX itself or from here")]
    /// Tells whether somebody on the way can have answered instead of the PBX, such as a hotel's network.
    pub fn may_be_the_network(&self) -> bool {
        match self {
            Self::NotAPbx | Self::PlainInsteadOfTls | Self::NotHttp => true,
            other => other.certificate_sha256().is_some(),
        }
    }

    /// The same about an account that has worked: a PBX that starts, or a server in front of it, says it for a while too.
    #[must_use]
    pub fn of_an_account_that_worked(self) -> Self {
        let may_pass = matches!(
            self,
            Self::UnknownTenantOrUser | Self::ApiSwitchedOff | Self::Forbidden | Self::NotAPbx | Self::SignInDenied
        );
        if may_pass { Self::ForNow(Box::new(self)) } else { self }
    }

    /// Tells whether the PBX did not take the password, though it may have meant something else.
    pub fn is_doubtful_denial(&self) -> bool {
        matches!(self, Self::ForNow(inner) if **inner == Self::SignInDenied)
    }

    /// What may be done about it.
    pub fn remedy(&self) -> Remedy {
        match self.facts().class {
            Class::Moment => Remedy::Retry,
            Class::SignInAgain => Remedy::SignInAgain,
            Class::SlowMoment => Remedy::RetryAfter(SLOW_RETRY),
            Class::User => Remedy::AskUser(self.code()),
            Class::Command => Remedy::Report,
        }
    }

    /// One sentence for a person: what happened.
    pub fn text(&self) -> &'static str {
        self.facts().text
    }

    /// One sentence for a person: what to do, or that it repairs itself.
    pub fn advice(&self) -> &'static str {
        self.facts().remedy
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most reasons carry nothing")]
    /// Technical detail without secrets.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::ServerError(status) | Self::WebSocketRefused(status) | Self::TokenPageFailed(status) if *status != 0 => {
                Some(format!("HTTP {status}"))
            }
            // Whoever asks the administrator can name the certificate; accepting it by hand is not the answer.
            Self::CertificateExpired { sha256 } | Self::CertificateNotYetValid { sha256 } => Some(format!("SHA-256 {sha256}")),
            Self::RefusedByPbx(detail) | Self::WrongUsage(detail) => Some(detail.clone()),
            Self::PolicyAsk(offer) => Some(offer.dial.clone()),
            Self::TargetAsks(why) => why.clone(),
            Self::ForwardAsk(offer) => {
                Some(offer.why.as_ref().map_or_else(|| offer.dial.clone(), |why| format!("{}: {why}", offer.dial)))
            }
            // The window knows by it that a second press is to be asked for.
            Self::EmergencyNumber => Some("emergency".to_owned()),
            Self::DialUnclear { another_s } => Some(format!("for another {another_s} s")),
            _ => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most reasons carry nothing")]
    /// Fingerprint of the certificate that the user may accept, lower-case hex.
    ///
    /// One that is out of date repairs itself or is renewed, so nobody is asked about it.
    pub fn certificate_sha256(&self) -> Option<&str> {
        match self {
            Self::CertificateUnknown { sha256 } | Self::CertificateChanged { sha256 } | Self::CertificateWrongName { sha256 } => {
                Some(sha256)
            }
            _ => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most reasons carry nothing")]
    /// The numbers that a yes or a choice would dial.
    pub fn offers(&self) -> Vec<Offer> {
        match self {
            Self::PolicyAsk(offer) | Self::ForwardAsk(offer) => vec![(**offer).clone()],
            Self::SeveralNumbers(offers) => offers.clone(),
            _ => vec![],
        }
    }
}

/// Delay before something is asked again that often asking would make worse (house rule: 60 s).
pub const SLOW_RETRY: Duration = Duration::from_secs(60);

/// A reason on its way to people and scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Trouble {
    /// For programs.
    pub code: Code,
    /// What happened.
    pub text: String,
    /// What to do, or that it repairs itself.
    pub remedy: Option<String>,
    /// Technical detail without secrets.
    pub detail: Option<String>,
    /// Fingerprint in question, when a certificate is.
    pub certificate_sha256: Option<String>,
    /// The numbers in question, when the dial policy asks or there are several.
    #[serde(default, skip_serializing_if = "<[Offer]>::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Offer>>", optional))]
    pub offers: Box<[Offer]>,
}

impl From<&Reason> for Trouble {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code(),
            text: reason.text().to_owned(),
            remedy: Some(reason.advice().to_owned()),
            detail: reason.detail(),
            certificate_sha256: reason.certificate_sha256().map(str::to_owned),
            offers: reason.offers().into(),
        }
    }
}

impl From<Reason> for Trouble {
    fn from(reason: Reason) -> Self {
        Self::from(&reason)
    }
}

/// Why a link is not online.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Why {
    /// For programs.
    pub code: Code,
    /// What happened.
    pub text: String,
    /// What to do, or that it repairs itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Fingerprint in question, when a certificate is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
}

impl From<&Reason> for Why {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code(),
            text: reason.text().to_owned(),
            remedy: Some(reason.advice().to_owned()),
            certificate_sha256: reason.certificate_sha256().map(str::to_owned),
        }
    }
}
