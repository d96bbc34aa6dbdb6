//! Links from real programs: a browser, programs in a sandbox, floods and hostile ones.

mod links_browser;
mod links_flood;
mod links_hostile;
mod links_late;
mod links_owner;
mod stored;
mod support;

use phone_core::call::CallState;
use phone_tests::desktop::{Notice, Options, Session};
use phone_tests::vodia::{Dial, FakeVodia, Generation};

use stored::stored;
use support::{AgentUnderTest, QUIET, fake, install};

/// The question whether a link may dial, and its yes.
const CALL: &str = "Call";

/// A complete desktop with window frames, on which an agent has been signed in once, and ended.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    agent.stop().await;
    (session, pbx)
}

/// Lets Trayphone open links, as its command line does.
async fn registers(session: &Session, schemes: &[&str]) {
    let program = install(session, support::Window::Recorded).display().to_string();
    let done = session.run(&program, &[&["--register"], schemes].concat()).await;
    assert!(done.success, "{}", done.stderr);
}

/// Whether a notice is a question about exactly this number, however that is written.
fn asks(notice: &Notice, number: &str) -> bool {
    let plain: String = notice.summary.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    notice.is_shown() && notice.buttons().contains(&CALL) && plain == number
}

/// The questions that stand on the screen, by their first lines.
fn questions(session: &Session) -> Vec<String> {
    let asks = |notice: &Notice| notice.buttons().contains(&CALL);
    session.notices().into_iter().filter(asks).map(|notice| notice.summary).collect()
}

/// Ends the call that a dial has begun, once the agent knows of it.
async fn hang_up(agent: &AgentUnderTest<'_>, pbx: &FakeVodia, dial: &Dial) {
    agent.wait_view("a call", |view| view.calls.iter().any(|call| call.state != CallState::Dialing)).await;
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;
}

/// Checks that exactly these numbers were dialled, and that none follows.
async fn dials_are(pbx: &FakeVodia, numbers: &[&str]) {
    let dialled = || pbx.dials().into_iter().map(|dial| dial.number).collect::<Vec<_>>();
    let more = pbx.wait_for_dial(numbers.len() + 1, QUIET).await;
    assert!(more.is_err(), "one dial too many: {:?}", dialled());
    assert_eq!(dialled(), numbers);
}
