//! The engine's part of the self-examination: settings, history, and each account's way to its PBX.

use std::time::{Duration, Instant};

use phone_core::request::Check;
use phone_core::view::{AccountView, LinkName};
use phone_core::{Ability, AccountName, Code, Link, Reason, is_loopback_host};
use phone_pbx::Findings;
use url::Url;

use super::{Actor, Desk};

/// A clock that is further off makes sign-ins and histories wrong.
const CLOCK_OFF_S: i64 = 120;
/// A server that takes longer shows and takes calls noticeably late.
const SLOW: Duration = Duration::from_secs(1);
/// What a PBX may lack, in words that go on from "Not possible there: ".
const ABILITIES: [(Ability, &str); 18] = [
    (Ability::Dial, "dialling"),
    (Ability::Answer, "answering from here"),
    (Ability::HangUp, "hanging up from here"),
    (Ability::Hold, "holding from here"),
    (Ability::Dtmf, "tones"),
    (Ability::TransferBlind, "transfer"),
    (Ability::TransferAttended, "joining two calls"),
    (Ability::Consult, "asking somebody before a transfer"),
    (Ability::Park, "parking"),
    (Ability::PickUp, "taking a colleague's call"),
    (Ability::Deflect, "sending on a call that rings"),
    (Ability::Presence, "seeing colleagues"),
    (Ability::Dnd, "do-not-disturb"),
    (Ability::Forwarding, "seeing where calls go"),
    (Ability::ForwardAlways, "forwarding of all calls"),
    (Ability::ForwardBusy, "forwarding while busy"),
    (Ability::ForwardNoAnswer, "forwarding without an answer"),
    (Ability::History, "reading its list of calls"),
];

/// How the PBX of an account is reached, as its sockets have shown.
#[derive(Default)]
pub(super) struct Road {
    /// Host and port.
    place: Option<String>,
    host: String,
    encrypted: bool,
    pinged_at: Option<Instant>,
    answers_in: Option<Duration>,
    /// Why the last attempt failed. An attempt may hang for long, and most of the time one is under way.
    failed: Option<Reason>,
}

impl Road {
    /// A socket or a request goes there.
    pub(super) fn leads_to(&mut self, url: &Url) {
        self.host = url.host_str().unwrap_or_default().to_owned();
        self.place = url.port_or_known_default().map(|port| format!("{}:{port}", self.host));
        self.encrypted = matches!(url.scheme(), "tls" | "wss" | "https");
    }

    /// A ping of a WebSocket was sent.
    pub(super) fn pinged(&mut self, at: Instant) {
        self.pinged_at = Some(at);
    }

    /// It was answered.
    pub(super) fn ponged(&mut self, at: Instant) {
        if let Some(since) = self.pinged_at.take() {
            self.answers_in = Some(at.saturating_duration_since(since));
        }
    }

    /// The attempt is over, and what it has shown of the server's haste.
    pub(super) fn ends(&mut self) {
        (self.pinged_at, self.answers_in) = (None, None);
    }

    /// The link stands like this: why it failed counts until it is whole, or somebody signs out.
    pub(super) fn stands(&mut self, link: &Link) {
        match link {
            Link::Waiting { why, .. } | Link::Stopped { why } => self.failed = Some(why.clone()),
            Link::Opening { .. } | Link::Syncing { .. } => {}
            Link::SignedOut { .. } | Link::Online { .. } => self.failed = None,
        }
    }

    fn encryption(&self, name: &str, pinned: bool) -> Check {
        match (self.encrypted, pinned) {
            (true, true) => Check::fine(name, "Encrypted; the certificate is the one that you accepted."),
            (true, false) => Check::fine(name, "Encrypted; the certificate is signed by somebody this system trusts."),
            (false, _) if is_loopback_host(&self.host) => {
                Check::fine(name, "Not encrypted, and it need not be: the PBX is on this computer.")
            }
            (false, _) => Check::problem(
                name,
                "Not encrypted: whoever is on the network in between can read who calls whom, and take over the session.",
                "Ask the administrator of the PBX for its encrypted address, and add the account anew with it.",
            ),
        }
    }

    /// A failed attempt: which step of it, and where.
    fn failure(&self, name: &str, why: &Reason) -> Check {
        let mut text = why.text().to_owned();
        if let Some(detail) = why.detail() {
            text.push_str(&format!(" ({detail})"));
        }
        if is_about_the_way(why.code()) {
            text.push_str(&self.address());
        }
        if let Some(sha256) = why.certificate_sha256() {
            text.push_str(&format!(" Fingerprint (SHA-256): {}", as_people_compare_it(sha256)));
        }
        Check::problem(name, &text, why.advice())
    }

    /// An attempt is under way: why the one before it failed, or where it goes.
    fn not_yet(&self, name: &str) -> Check {
        let Some(why) = &self.failed else {
            return Check::problem(name, &format!("Not connected yet.{}", self.address()), "Trayphone tries by itself.");
        };
        let failure = self.failure(name, why);
        Check { text: format!("It is being tried again. The last attempt failed: {}", failure.text), ..failure }
    }

    fn address(&self) -> String {
        let way = if self.encrypted { "encrypted" } else { "not encrypted" };
        self.place.as_ref().map(|place| format!(" Address: {place}, {way}.")).unwrap_or_default()
    }
}

/// The step that failed was one of the way there, and not one of the sign-in or on this computer.
fn is_about_the_way(code: Code) -> bool {
    use Code::{Busy, CertificateChanged, CertificateUnknown, Dropped, NotAPbx, Protocol, TimedOut, Unreachable};
    matches!(code, Unreachable | TimedOut | Dropped | Busy | NotAPbx | CertificateUnknown | CertificateChanged | Protocol)
}

/// Upper case with colons, as other programs show a fingerprint.
fn as_people_compare_it(sha256: &str) -> String {
    let upper = sha256.to_uppercase();
    let pairs: Vec<&str> = (0..upper.len()).step_by(2).filter_map(|at| upper.get(at..at + 2)).collect();
    pairs.join(":")
}

/// Signed in: at what, how fast it is, and what it does not offer.
fn live(name: &str, view: &AccountView, answers_in: Option<Duration>) -> Check {
    let mut text = "Signed in and live".to_owned();
    match (view.server.as_deref(), view.dialect.as_deref()) {
        (Some(server), Some(dialect)) => text.push_str(&format!(" at {server} ({dialect}).")),
        (Some(server), None) => text.push_str(&format!(" at {server}.")),
        (None, Some(dialect)) => text.push_str(&format!(" ({dialect}).")),
        (None, None) => text.push('.'),
    }
    if let Some(slow) = answers_in.filter(|time| *time > SLOW) {
        text.push_str(&format!(" But it takes {:.1} s to answer.", slow.as_secs_f64()));
        return Check::problem(
            name,
            &text,
            "Calls are shown late: look at the network or VPN in between, or ask the administrator.",
        );
    }
    match answers_in.map(|time| time.as_millis()) {
        Some(0) => text.push_str(" It answers at once."),
        Some(millis) => text.push_str(&format!(" It answers within {millis} ms.")),
        None => {}
    }
    let lacks: Vec<&str> = ABILITIES.iter().filter(|(ability, _)| !view.abilities.has(*ability)).map(|(_, word)| *word).collect();
    if !lacks.is_empty() {
        text.push_str(&format!(" Not possible there: {}.", lacks.join(", ")));
    }
    Check::fine(name, &text)
}

fn clock(name: &str, ahead: Option<i64>) -> Check {
    match ahead {
        Some(ahead) if ahead.abs() > CLOCK_OFF_S => {
            let text = format!("This machine's clock and that of the PBX differ by {} s.", ahead.abs());
            Check::problem(name, &text, "Set the clock, or tell the administrator of the PBX.")
        }
        Some(_) => Check::fine(name, "The clocks agree."),
        // Many a PBX never says what time it is; that is no fault, and the text claims nothing.
        None => Check::fine(name, "Not compared: the PBX has not said what time it is."),
    }
}

impl Actor {
    /// The engine's part of the self-examination.
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks = vec![];
        for (name, begin) in [("settings", "settings_"), ("history", "history_")] {
            for hint in self.model.hints().iter().filter(|hint| hint.about.starts_with(begin)) {
                checks.push(Check::problem(name, &hint.text, hint.remedy.as_deref().unwrap_or_default()));
            }
        }
        if self.desks.is_empty() {
            checks.push(Check::problem("account", Reason::NoAccount.text(), Reason::NoAccount.advice()));
            checks.push(Check::fine("clock", "Not compared: without an account there is no PBX to ask."));
        }
        let mut desks: Vec<_> = self.desks.iter().collect();
        desks.sort_unstable_by_key(|(name, _)| *name);
        for (name, desk) in desks {
            checks.extend(self.account_checks(name, desk));
        }
        checks
    }

    fn account_checks(&self, name: &AccountName, desk: &Desk) -> Vec<Check> {
        let named = |what: &str| format!("{what} {name}");
        let view = self.model.account(name);
        let online = view.as_ref().filter(|view| view.link == LinkName::Online);
        let Findings { checks: found, answers_in, clock_ahead } =
            desk.dialect.as_ref().map(|dialect| dialect.findings()).unwrap_or_default();
        let mut checks = vec![match (desk.link.why(), online) {
            (Some(why), _) => desk.road.failure(&named("pbx"), why),
            (None, Some(view)) => live(&named("pbx"), view, answers_in.or(desk.road.answers_in)),
            (None, None) if desk.signed_out => {
                Check::problem(&named("pbx"), "Signed out.", "Sign in again when you want to be reached.")
            }
            (None, None) => desk.road.not_yet(&named("pbx")),
        }];
        if online.is_some() {
            checks.push(desk.road.encryption(&named("encryption"), desk.config.pin.is_some()));
        }
        checks.push(clock(&named("clock"), clock_ahead.or(desk.clock_ahead)));
        checks.extend(found.into_iter().map(|check| Check { name: named(&check.name), ..check }));
        checks
    }
}

#[cfg(test)]
mod tests {
    use phone_core::link::LinkInput;
    use phone_core::request::CheckResult;

    use super::*;

    fn road(to: &str) -> Road {
        let mut road = Road::default();
        road.leads_to(&to.parse().expect("an address"));
        road
    }

    #[test]
    fn what_is_not_encrypted_is_a_problem_unless_it_stays_on_this_computer() {
        let result = |to: &str| road(to).encryption("encryption office", false).result;
        for fine in ["tls://pbx.example:5039", "wss://pbx.example/websocket", "https://pbx.example", "tcp://127.0.0.1:5038"] {
            assert_eq!(result(fine), CheckResult::Ok, "{fine}");
        }
        for bare in ["tcp://pbx.example:5038", "ws://192.0.2.7/websocket", "http://pbx.example"] {
            let check = road(bare).encryption("encryption office", true);
            assert_eq!(check.result, CheckResult::Problem, "{bare}: whatever certificate was accepted once");
            assert!(check.remedy.is_some_and(|remedy| remedy.contains("encrypted address")));
        }
        let whose = |pinned| road("tls://pbx.example:5039").encryption("e", pinned).text;
        assert!(whose(true).contains("you accepted") && whose(false).contains("this system trusts"));
    }

    #[test]
    fn a_failure_names_the_step_and_where_it_failed() {
        let says = |to: &str, why: Reason| road(to).failure("pbx office", &why).text;
        assert_eq!(
            says("tls://pbx.example:5039", Reason::HostNotFound),
            "This host name is not known. Address: pbx.example:5039, encrypted."
        );
        assert!(says("tcp://pbx.example:5038", Reason::ConnectionRefused).ends_with("pbx.example:5038, not encrypted."));
        assert!(says("https://pbx.example", Reason::ServerError(503)).contains("(HTTP 503) Address: pbx.example:443"));
        let sha256 = "0a".repeat(32);
        let unknown = says("tls://pbx.example:5039", Reason::CertificateUnknown { sha256 });
        assert!(unknown.ends_with(&format!("Fingerprint (SHA-256): {}", vec!["0A"; 32].join(":"))), "{unknown}");
        // The way there was good, or nobody went.
        assert!(!says("tls://pbx.example:5039", Reason::SignInDenied).contains("Address"));
        assert!(!Road::default().failure("pbx office", &Reason::HostNotFound).text.contains("Address"));
    }

    #[test]
    fn an_attempt_under_way_tells_why_the_last_one_failed_until_the_link_is_whole() {
        let mut link = Link::new();
        let mut road = road("tls://pbx.example:5039");
        let mut told = |input: LinkInput| {
            link.step(input, Instant::now(), 0.0);
            road.stands(&link);
            road.not_yet("pbx office").text
        };
        assert_eq!(told(LinkInput::SignIn), "Not connected yet. Address: pbx.example:5039, encrypted.");
        let tried =
            "It is being tried again. The last attempt failed: The PBX does not answer. Address: pbx.example:5039, encrypted.";
        told(LinkInput::Failed(Reason::ConnectTimedOut, None));
        for still in [LinkInput::RetryNow, LinkInput::SignedIn] {
            assert_eq!(told(still), tried);
        }
        for over in [LinkInput::Synced, LinkInput::SignOut(None)] {
            assert!(told(over).starts_with("Not connected yet."));
            told(LinkInput::SignIn);
            told(LinkInput::Failed(Reason::Dropped, None));
        }
    }

    #[test]
    fn a_slow_server_is_a_problem_and_its_next_link_is_measured_anew() {
        let mut road = road("wss://pbx.example");
        let begun = Instant::now();
        road.ponged(begun);
        assert!(road.answers_in.is_none(), "an answer that nobody asked for");
        road.pinged(begun);
        road.ponged(begun + Duration::from_millis(1_400));
        let view = AccountView { server: Some("PBX/70.1".into()), ..view() };
        let check = live("pbx office", &view, road.answers_in);
        assert_eq!(
            (check.result, check.text.as_str()),
            (CheckResult::Problem, "Signed in and live at PBX/70.1. But it takes 1.4 s to answer.")
        );
        road.ends();
        assert!(road.answers_in.is_none());
        let check = live("pbx office", &view, Some(Duration::from_millis(12)));
        assert_eq!(check.result, CheckResult::Ok);
        assert!(check.text.contains("It answers within 12 ms. Not possible there: dialling, answering from here"), "{check:?}");
    }

    fn view() -> AccountView {
        let config = crate::actor::tests::account("https://pbx.example");
        let mut model = phone_core::model::Model::new(0);
        model.add_account(&config, "2026-11-21T20:00:00Z".parse().expect("a time"));
        model.account(&config.name).expect("just added")
    }
}
