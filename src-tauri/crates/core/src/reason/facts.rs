//! The table of all reasons: code, what follows from it, what happened, and what to do.

use super::{Code, Reason};

/// What a failure means for the link or for the command that met it.
#[derive(Clone, Copy)]
pub(super) enum Class {
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

/// The fixed facts of one reason.
pub(super) struct Facts {
    pub code: Code,
    pub class: Class,
    pub text: &'static str,
    pub remedy: &'static str,
}

const fn facts(code: Code, class: Class, text: &'static str, remedy: &'static str) -> Facts {
    Facts { code, class, text, remedy }
}

/// Said of everything that passes by itself.
const BY_ITSELF: &str = "Trayphone tries again by itself.";

/// Said where calls were to be sent somewhere else.
const UNCHANGED: &str = "Nothing was changed.";

impl Reason {
    /// The facts of this reason.
    pub(super) fn facts(&self) -> Facts {
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
                "This port offers no encrypted connection (TLS).",
                "Check the port, or whether the address has to be one without encryption.",
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
                "Use an encrypted address, or allow an unencrypted one for this account: allow_plain=true, or allow_plain_http=true at http.",
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
            Self::CredentialsRefused => facts(
                Code::CredentialsRefused,
                User,
                "The PBX does not accept this user name and password.",
                "Enter them again. If they are right, ask the administrator whether this computer may sign in.",
            ),
            // A refusal without the status that means one.
            Self::SignInDenied => Self::CredentialsRefused.facts(),
            Self::ForNow(inner) => Facts {
                class: SlowMoment,
                remedy: if **inner == Self::SignInDenied {
                    "It has worked before; Trayphone tries once again by itself in a minute."
                } else {
                    "It has worked before; Trayphone tries again by itself, slowly. If it stays so, ask the administrator of the PBX."
                },
                ..inner.facts()
            },
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
                "The PBX refuses this: API access is switched off, a right is missing, or this computer's address is not allowed.",
                "Ask the administrator of the PBX which of them it is.",
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
            Self::NoEndedCall => facts(
                Code::NoSuchCall,
                Command,
                "This call is not in the history.",
                "It may have been removed. Nothing was changed.",
            ),
            Self::NoHistory => facts(
                Code::NotAvailable,
                Command,
                "The history cannot be read or written now.",
                "Make room or mend the folder that it lies in; `trayphonectl doctor` says what is wrong.",
            ),
            Self::NoCallFits => facts(Code::NoSuchCall, Command, "There is no such call, or it is over.", "Nothing was sent."),
            Self::AlreadyCalling => facts(
                Code::RateLimited,
                Command,
                "This number is being called already.",
                "Look at the phone; hang up first to call it again.",
            ),
            Self::AlreadyConnected => facts(
                Code::RateLimited,
                Command,
                "You are connected with this number already.",
                "Look at the phone; hang up first to call it again.",
            ),
            Self::DialledJustNow => facts(
                Code::RateLimited,
                Command,
                "This number was dialled a moment ago, so it was not dialled again.",
                "Wait two seconds, then dial again.",
            ),
            Self::DialUnclear { .. } => facts(
                Code::RateLimited,
                Command,
                "Whether the last dial of this number rang is not known and it may still ring, so it was not dialled again.",
                "Look at the phone; it can be dialled again 45 seconds after the first time.",
            ),
            Self::NoEndOrNote => facts(
                Code::Unsupported,
                Command,
                "This PBX switches do-not-disturb, but takes neither an end nor a note with it, so nothing was changed.",
                "Switch it without them.",
            ),
            Self::NotWritten => facts(
                Code::NotAvailable,
                Command,
                "It counts for now, but the settings could not be written.",
                "Make room or mend the settings folder, or it is lost at the next start.",
            ),
            Self::NotAdded => facts(
                Code::NotAvailable,
                Command,
                "The account was not added, because the settings could not be written.",
                "Make room or mend the settings folder, then add it again.",
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
                "Another number is being dialled, or was a moment ago.",
                "Wait a moment, then dial again.",
            ),
            Self::TransferUnclear => facts(
                Code::OutcomeUnknown,
                Command,
                "The call is over here, but the PBX did not say whether it was handed on.",
                "Ask the other side before you call again.",
            ),
            Self::NotOneTarget => facts(
                Code::WrongUsage,
                Command,
                "This is not clearly one number, so the call was not handed on.",
                "Name one number, without digits for after the answer.",
            ),
            Self::TargetAsks(_) => facts(
                Code::PolicyRefuse,
                Command,
                "This number is called only after a question, and calls are handed on without one.",
                "Nothing was changed; call it yourself first.",
            ),
            Self::TargetRefused(why) => facts(Code::PolicyRefuse, Command, why, UNCHANGED),
            Self::TargetNotUsable(why) => facts(Code::WrongUsage, Command, why, UNCHANGED),
            Self::ForwardAsk(_) => facts(
                Code::PolicyAsk,
                Command,
                "Calls go to this number only after a yes.",
                "Say yes to send them there; on the command line with --yes.",
            ),
            Self::ForwardUnclear => facts(
                Code::OutcomeUnknown,
                Command,
                "The PBX did not react in time, so it is not known where your calls go.",
                "The status shows it within a minute; look there before you try again.",
            ),
            Self::ChoiceUnderWay => facts(
                Code::RateLimited,
                Command,
                "Another change of this is under way, so nothing was sent.",
                "Wait until it is done, then try again.",
            ),
            Self::NumberNotUsable(why) => facts(Code::WrongUsage, Command, why, "Nothing was dialled."),
            Self::SeveralNumbers(_) => {
                facts(Code::SeveralNumbers, Command, "There are several telephone numbers in this text.", "Choose one.")
            }
            Self::TooManyLinks => facts(
                Code::RateLimited,
                Command,
                "Another program opens telephone links faster than anybody clicks.",
                "Nothing was dialled for this one; wait ten seconds.",
            ),
            Self::PolicyAsk(_) => facts(Code::PolicyAsk, Command, "This number rings only after a yes.", "Say yes to dial it."),
            Self::EmergencyNumber => facts(Code::PolicyRefuse, Command, crate::number::EMERGENCY, "Nothing was dialled."),
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
            Self::AgentHangs => {
                facts(Code::AgentHangs, Command, "Trayphone runs but does not answer.", "Quit it and start it again.")
            }
        }
    }
}
