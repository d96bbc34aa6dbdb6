//! Everything that can go wrong, with its code, its words, and what may be done about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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
    OutcomeUnknown,
    RefusedByPbx,
    WrongUsage,
    NotAvailable,
    NoAgent,
}

/// What a failure means for the link or for the command that met it.
#[derive(Clone, Copy)]
enum Class {
    /// Passes by itself.
    Moment,
    /// Passes by itself, but asking often would make it worse.
    SlowMoment,
    /// Only the user can help.
    User,
    /// The sign-in ran out.
    SignInAgain,
    /// Concerns one command only.
    Command,
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
#[expect(missing_docs, reason = "each variant's sentence stands in `facts`, once")]
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
    EndedAtOnce,
    AlreadyCalling,
    NotWritten,
    SeveralCalls,
    SeveralAccounts,
    Offline,
    DialInFlight,
    NumberNotUsable(&'static str),
    PolicyAsk(String),
    PolicyRefuse(&'static str),
    OutcomeUnknown,
    NoReaction,
    RefusedByPbx(String),
    WrongUsage(String),
    NotAvailable,
    NoAgent,
}

/// The fixed facts of one reason.
struct Facts {
    code: Code,
    class: Class,
    text: &'static str,
    remedy: &'static str,
}

const fn facts(code: Code, class: Class, text: &'static str, remedy: &'static str) -> Facts {
    Facts { code, class, text, remedy }
}

/// Said of everything that passes by itself.
const BY_ITSELF: &str = "Trayphone tries again by itself.";

impl Reason {
    fn facts(&self) -> Facts {
        use Class::{Command, Moment, SignInAgain, SlowMoment, User};
        match self {
            Self::NoAccount => facts(Code::NoAccount, User, "No account is set up.", "Sign in once in the window."),
            Self::SecretMissing => facts(Code::SecretMissing, User, "The password is not in the keyring.", "Enter it again."),
            Self::KeyringLocked => {
                facts(Code::KeyringLocked, User, "The keyring is locked.", "Unlock it; Trayphone continues by itself.")
            }
            Self::KeyringUnlockRefused => facts(
                Code::KeyringLocked,
                User,
                "The keyring was not unlocked.",
                "Click the tray icon to be asked for its password again.",
            ),
            Self::KeyringAbsent => facts(
                Code::KeyringAbsent,
                User,
                "No keyring is running on this system.",
                "Start one, such as GNOME Keyring or KWallet; Trayphone continues by itself.",
            ),
            Self::KeyringFailed => facts(
                Code::KeyringAbsent,
                User,
                "The keyring does not work.",
                "Look at its own messages; Trayphone continues by itself once it works.",
            ),
            Self::HostNotFound => facts(
                Code::Unreachable,
                Moment,
                "This host name is not known.",
                "Check the address, or the network. Trayphone tries again by itself.",
            ),
            Self::ConnectionRefused => facts(
                Code::Unreachable,
                Moment,
                "Nothing answers at this address and port.",
                "The PBX may be restarting; Trayphone tries again by itself. If this lasts, check the port.",
            ),
            Self::NetworkDown => {
                facts(Code::Unreachable, Moment, "The network is down.", "Trayphone connects as soon as it is back.")
            }
            Self::ConnectTimedOut => facts(
                Code::TimedOut,
                Moment,
                "The PBX does not answer.",
                "Check the network or the address. Trayphone tries again by itself.",
            ),
            Self::AnswerTimedOut => facts(Code::TimedOut, Moment, "The PBX took too long to answer.", BY_ITSELF),
            Self::Silent => facts(Code::TimedOut, Moment, "The PBX went silent.", BY_ITSELF),
            Self::Dropped => facts(Code::Dropped, Moment, "The PBX closed the connection.", BY_ITSELF),
            Self::ServerBusy => facts(Code::Busy, Moment, "The PBX is busy.", BY_ITSELF),
            Self::TooManySessions => facts(
                Code::Busy,
                SlowMoment,
                "The PBX accepts no further session at the moment.",
                "Close other clients of this account. Trayphone tries again by itself.",
            ),
            Self::ServerError(_) => facts(Code::Busy, Moment, "The PBX reports an error of its own.", BY_ITSELF),
            Self::NotAPbx => facts(
                Code::NotAPbx,
                User,
                "This address answers, but not like this kind of PBX.",
                "Check the address, the port and the kind of PBX.",
            ),
            Self::WebPageInstead => facts(
                Code::NotAPbx,
                Moment,
                "A web page answers instead of the PBX.",
                "A network sign-in page or a proxy may stand in between; open a browser. Trayphone tries again by itself.",
            ),
            Self::PlainInsteadOfTls => facts(
                Code::NotAPbx,
                User,
                "This port does not speak https.",
                "Check the port, or whether the address begins with http.",
            ),
            Self::NotHttp => facts(
                Code::NotAPbx,
                User,
                "This port does not speak http.",
                "Check the port, or whether the address begins with https.",
            ),
            Self::PlainRefused => facts(
                Code::Protocol,
                User,
                "Without encryption anybody on the network could read the password.",
                "Use an address that begins with https, or allow plain http for this account.",
            ),
            Self::WebSocketRefused(_) => facts(
                Code::Protocol,
                Moment,
                "The web pages of this address work, but its live connection (WebSocket) is refused.",
                "A proxy or firewall may block it; ask its administrator. Trayphone tries again by itself.",
            ),
            Self::ProxyFailed => facts(
                Code::Unreachable,
                Moment,
                "The proxy of this network does not let the connection through.",
                "Check the system's proxy settings. Trayphone tries again by itself.",
            ),
            Self::ProxyNeedsSignIn => facts(
                Code::Unreachable,
                SlowMoment,
                "The proxy of this network wants a sign-in.",
                "Put user and password into the system's proxy settings. Trayphone tries again by itself.",
            ),
            Self::CertificateUnknown { .. } => facts(
                Code::CertificateUnknown,
                User,
                "The certificate of this PBX is not signed by anybody this system trusts.",
                "Compare the fingerprint with your administrator's; accept it only if it is the same.",
            ),
            Self::CertificateChanged { .. } => facts(
                Code::CertificateChanged,
                User,
                "The certificate of this PBX is not the one you accepted.",
                "Ask your administrator whether it was renewed, and compare the fingerprint.",
            ),
            // Not a question for the user: it is renewed, or the clock is put right.
            Self::CertificateExpired { .. } => facts(
                Code::CertificateUnknown,
                SlowMoment,
                "The certificate of this PBX has expired.",
                "Tell your administrator, and check the clock of this computer. Trayphone tries again by itself, once a minute.",
            ),
            Self::CertificateNotYetValid { .. } => facts(
                Code::CertificateUnknown,
                SlowMoment,
                "The certificate of this PBX is not valid yet by the clock of this computer.",
                "Check date and time of this computer. Trayphone tries again by itself, once a minute.",
            ),
            Self::CertificateWrongName { .. } => facts(
                Code::CertificateUnknown,
                User,
                "The certificate belongs to another host name.",
                "Use the host name that your administrator gave you.",
            ),
            Self::TlsFailed => facts(
                Code::Protocol,
                Moment,
                "No encrypted connection could be agreed on with the PBX.",
                "Its software may be too old; ask its administrator. Trayphone tries again by itself.",
            ),
            Self::CredentialsRefused => {
                facts(Code::CredentialsRefused, User, "The PBX does not accept this user name and password.", "Enter them again.")
            }
            Self::SessionExpired => {
                facts(Code::Dropped, SignInAgain, "The session with the PBX ran out.", "Trayphone signs in again by itself.")
            }
            Self::TokenPageFailed(401 | 403) => facts(
                Code::CredentialsRefused,
                SlowMoment,
                "The sign-in page of your company does not let you in.",
                "Ask whoever runs that page. Trayphone tries again by itself, slowly.",
            ),
            Self::TokenPageFailed(_) => facts(
                Code::CredentialsRefused,
                Moment,
                "The sign-in page of your company gives no usable token.",
                "Ask whoever runs that page. Trayphone tries again by itself.",
            ),
            Self::ApiSwitchedOff => facts(
                Code::ApiSwitchedOff,
                User,
                "The PBX does not let programs use this account (API access is switched off).",
                "Ask the administrator of the PBX to switch API access on.",
            ),
            Self::UnknownTenantOrUser => facts(
                Code::UnknownTenantOrUser,
                User,
                "The PBX knows no such user or tenant.",
                "Check the extension and the tenant name.",
            ),
            Self::TenantNeeded => {
                facts(Code::UnknownTenantOrUser, User, "The PBX needs to know the tenant.", "Write the user as extension@tenant.")
            }
            Self::SecondFactorNeeded => facts(
                Code::SecondFactorNeeded,
                User,
                "The PBX wants a second factor, which this sign-in cannot give.",
                "Ask the administrator for an access without it, or for a token page.",
            ),
            Self::Forbidden => facts(
                Code::Forbidden,
                User,
                "The PBX accepts the password but does not allow this.",
                "Ask the administrator of the PBX for the right.",
            ),
            Self::MessageTooLong => facts(Code::Protocol, Moment, "The PBX sent a message that is far too long.", BY_ITSELF),
            Self::Garbage => facts(Code::Protocol, Moment, "The PBX sends what cannot be understood.", BY_ITSELF),
            Self::Unsupported => {
                facts(Code::Unsupported, Command, "This PBX or phone cannot do that from here.", "Do it on the phone.")
            }
            Self::StateUnknown => facts(
                Code::StateUnknown,
                Command,
                "It is not known where this call stands, so nothing was sent.",
                "Wait a moment, or do it on the phone.",
            ),
            Self::LegUnclear => facts(
                Code::StateUnknown,
                Command,
                "It is not certain which call of the PBX this is, so nothing was sent.",
                "Wait a moment, or do it on the phone.",
            ),
            Self::QuestionLost => facts(
                Code::TimedOut,
                Command,
                "The PBX did not say which calls it has, so nothing was sent.",
                "Try again, or do it on the phone.",
            ),
            Self::HoldUnclear => facts(
                Code::OutcomeUnknown,
                Command,
                "It was sent, but the PBX does not tell which side holds this call now.",
                "Look at the phone, and take the call back there.",
            ),
            Self::NotNow(why) => facts(Code::NotAvailable, Command, why, "Nothing was sent."),
            Self::UnderWay => facts(
                Code::RateLimited,
                Command,
                "Something else is under way for this call, so nothing was sent.",
                "Wait until it is done, then try again.",
            ),
            Self::HoldSideUnknown => facts(
                Code::StateUnknown,
                Command,
                "The PBX does not tell which side holds this call, so nothing was sent.",
                "Take it back on the phone.",
            ),
            Self::NoSuchCall => facts(Code::NoSuchCall, Command, "This call is over.", "Nothing can be done to it any more."),
            Self::EndedAtOnce => {
                facts(Code::RefusedByPbx, Command, "The call ended before it rang.", "Check the number, then try again.")
            }
            Self::NoCallFits => facts(Code::NoSuchCall, Command, "There is no such call, or it is over.", "Nothing was sent."),
            Self::AlreadyCalling => facts(
                Code::RateLimited,
                Command,
                "This number is being called already.",
                "Look at the phone; hang up first to call it again.",
            ),
            Self::NotWritten => facts(
                Code::NotAvailable,
                Command,
                "It counts for now, but the settings could not be written.",
                "Make room or mend the settings folder, or it is lost at the next start.",
            ),
            Self::SeveralCalls => facts(Code::WrongUsage, Command, "More than one call fits.", "Name the call."),
            Self::SeveralAccounts => facts(Code::WrongUsage, Command, "More than one account fits.", "Name the account."),
            Self::Offline => facts(
                Code::Offline,
                Command,
                "Not connected to the PBX, so nothing was dialled or sent.",
                "Wait until the link is back and try again.",
            ),
            Self::DialInFlight => facts(
                Code::RateLimited,
                Command,
                "Another number is being dialled at this moment.",
                "Wait until it rings, then dial again.",
            ),
            Self::NumberNotUsable(why) => facts(Code::WrongUsage, Command, why, "Nothing was dialled."),
            Self::PolicyAsk(_) => facts(Code::PolicyAsk, Command, "This number rings only after a yes.", "Say yes to dial it."),
            Self::PolicyRefuse(why) => facts(Code::PolicyRefuse, Command, why, "Nothing was dialled."),
            Self::OutcomeUnknown => facts(
                Code::OutcomeUnknown,
                Command,
                "The link was lost before the PBX confirmed it.",
                "Look at the phone before you try again.",
            ),
            Self::NoReaction => {
                facts(Code::OutcomeUnknown, Command, "The PBX did not react in time.", "Look at the phone before you try again.")
            }
            Self::RefusedByPbx(_) => facts(Code::RefusedByPbx, Command, "The PBX refused it.", "Nothing was changed."),
            Self::WrongUsage(_) => facts(Code::WrongUsage, Command, "This cannot be understood.", "Nothing was done."),
            Self::NotAvailable => facts(Code::NotAvailable, Command, "This is not available here.", "Nothing was done."),
            Self::NoAgent => facts(Code::NoAgent, Command, "Trayphone is not running.", "Start it."),
        }
    }

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
            Self::RefusedByPbx(detail) | Self::WrongUsage(detail) | Self::PolicyAsk(detail) => Some(detail.clone()),
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
}

impl From<&Reason> for Trouble {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code(),
            text: reason.text().to_owned(),
            remedy: Some(reason.advice().to_owned()),
            detail: reason.detail(),
            certificate_sha256: reason.certificate_sha256().map(str::to_owned),
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
