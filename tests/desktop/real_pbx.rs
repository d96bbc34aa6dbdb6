//! The whole of it: the real agent on a real desktop, a real PBX behind it, and real phones on people's desks.
//!
//! Needs root and the folder of `.make/asterisk.sh`; `real_pbx` in the names says so to the test run.

mod real_pbx_dialling;
mod real_pbx_incoming;
mod steady;
mod support;

use phone_core::View;
use phone_core::call::Outcome;
use phone_core::view::CallRecord;
use phone_tests::asterisk_bed::{AmiUser, Bed, Options as Company};
use phone_tests::desktop::{Options, PATIENCE, Session, wait_until};

use support::{AgentUnderTest, trayphonectl};

/// A desktop, and a PBX beside it.
async fn office() -> (Session, Bed) {
    tokio::join!(Session::start(Options::default()), Bed::start(Company::default()))
}

/// An agent that is signed in for an extension as its user does it: on the command line, with the certificate they trust.
async fn signed_in<'a>(session: &'a Session, bed: &Bed, extension: &str, user: AmiUser, keys: &[&str]) -> AgentUnderTest<'a> {
    let agent = AgentUnderTest::start(session).await;
    let (url, pin, own) = (format!("amis://{}", bed.ami_tls()), bed.certificate_sha256(), format!("extension={extension}"));
    let mut words = vec!["account", "add", "office", "--kind", "asterisk", "--url", &url, "--pin", &pin, "--user", user.name()];
    words.extend(["--password-stdin", "--set", &own]);
    words.extend(keys.iter().flat_map(|key| ["--set", key]));
    let added = trayphonectl(session, &words, &user.secret()).await;
    assert!(added.success, "{}{}", added.stdout, added.stderr);
    agent.online().await;
    agent.tray_shows("online").await;
    agent
}

/// Waits until nothing is left of the calls, on the desktop and at the PBX, and returns the only record.
async fn over(session: &Session, bed: &Bed, agent: &AgentUnderTest<'_>, outcome: Outcome) -> CallRecord {
    bed.quiet().await;
    agent.no_call().await;
    let kept = |view: &View| matches!(view.recent.as_slice(), [record] if record.outcome == outcome);
    let view = agent.wait_view(&format!("one call among the last ones, {outcome:?}"), kept).await;
    assert_eq!(view.missed, 0);
    agent.tray_shows("online").await;
    wait_until("no notice to be left", PATIENCE, || session.notices().is_empty()).await;
    view.recent[0].clone()
}

/// What the PBX was asked to dial so far; calls from outside are its own.
fn dialled(bed: &Bed) -> Vec<String> {
    let asked = bed.admin().events(0, "OriginateResponse", &[("Context", "from-internal")]);
    asked.iter().map(|packet| packet.get("Exten").to_owned()).collect()
}
