//! What went wrong, and the exit status that says so.

use phone_core::view::AccountView;
use phone_core::{Code, Reason, Trouble};

/// Why a command ends with another status than 0.
#[derive(Debug)]
pub struct Failure {
    /// What is told.
    pub trouble: Box<Trouble>,
    /// The account it is about, when it was kept.
    pub account: Option<Box<AccountView>>,
    /// Exit status.
    pub status: u8,
    /// It was told already.
    pub told: bool,
}

impl Failure {
    /// The command line, or what was read, cannot be used.
    pub fn usage(detail: impl Into<String>) -> Self {
        Reason::WrongUsage(detail.into()).into()
    }

    /// Adds the technical cause.
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.trouble.detail = Some(cause.to_string());
        self
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self { status: status(trouble.code), trouble: Box::new(trouble), account: None, told: false }
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Trouble::from(reason).into()
    }
}

/// The contract's exit status of a code.
pub fn status(code: Code) -> u8 {
    match code {
        Code::CredentialsRefused
        | Code::CertificateUnknown
        | Code::CertificateChanged
        | Code::NotAPbx
        | Code::ApiSwitchedOff
        | Code::UnknownTenantOrUser
        | Code::SecondFactorNeeded
        | Code::Forbidden
        | Code::Protocol
        | Code::Unsupported
        | Code::StateUnknown
        | Code::NoSuchCall
        | Code::RateLimited
        | Code::RefusedByPbx
        | Code::NotAvailable => 1,
        Code::WrongUsage | Code::SeveralNumbers => 2,
        Code::NoAgent | Code::AgentHangs => 3,
        Code::OutcomeUnknown => 4,
        Code::NoAccount
        | Code::SecretMissing
        | Code::KeyringLocked
        | Code::KeyringAbsent
        | Code::Unreachable
        | Code::TimedOut
        | Code::Dropped
        | Code::Busy
        | Code::Offline => 5,
        Code::PolicyAsk => 6,
        Code::PolicyRefuse => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses_are_those_of_the_contract() {
        for (reason, expected) in [
            (Reason::RefusedByPbx("busy".into()), 1),
            (Reason::Unsupported, 1),
            (Reason::StateUnknown, 1),
            (Reason::NoSuchCall, 1),
            (Reason::CredentialsRefused, 1),
            (Reason::CertificateUnknown { sha256: String::new() }, 1),
            (Reason::NotAPbx, 1),
            (Reason::SeveralCalls, 2),
            (Reason::NumberNotUsable("no"), 2),
            (Reason::NoAgent, 3),
            (Reason::AgentHangs, 3),
            (Reason::OutcomeUnknown, 4),
            (Reason::NoReaction, 4),
            (Reason::Offline, 5),
            (Reason::NoAccount, 5),
            (Reason::SecretMissing, 5),
            (Reason::HostNotFound, 5),
            (Reason::SeveralNumbers(vec![]), 2),
            (Reason::PolicyRefuse("no"), 7),
        ] {
            assert_eq!(Failure::from(reason.clone()).status, expected, "{reason:?}");
        }
    }
}
