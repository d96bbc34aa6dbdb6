//! Calls on a real desktop: the real agent, a real tray, real notices, and a fake PBX behind it.

mod calls_busy;
mod calls_incoming;
mod calls_notices;
mod calls_outgoing;
mod calls_restarts;
mod calls_service;
mod calls_tray;
mod marks;
mod selected;
mod support;

use phone_tests::desktop::{Lookup, Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};

use support::{QUIET, USER, fake};

/// Callers outside the company.
const MARA: (&str, &str) = ("+493023125117", "Mara Beispiel");
const PELL: (&str, &str) = ("+442079460018", "Harriet Pell");
const VOGT: (&str, &str) = ("+493023125802", "Dr. Ellen Vogt");

/// Control over REST, and over the socket.
const OLD_AND_NEW: [Generation; 2] = [Generation::G3, Generation::G2];

/// A whole desktop.
async fn desk() -> Session {
    Session::start(Options::default()).await
}

/// Waits until the keyring has the password; an agent that is killed before has to ask for it again.
async fn password_is_kept(session: &Session) {
    wait_for("the password in the keyring", PATIENCE, async || {
        let attributes = [("service", "trayphone"), ("username", "office")];
        let found = session.secret_tool_lookup(&attributes, PATIENCE).await;
        (found == Lookup::Found(USER.1.to_owned())).then_some(())
    })
    .await;
}

/// A fake PBX of the newest generation.
async fn modern() -> FakeVodia {
    FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX")
}

/// The numbers dialled so far, as the PBX received them.
fn dialled(pbx: &FakeVodia) -> Vec<String> {
    pbx.dials().into_iter().map(|dial| dial.number).collect()
}

/// Checks that exactly these numbers were dialled, and that none follows.
async fn dials_are(pbx: &FakeVodia, numbers: &[&str]) {
    let more = pbx.wait_for_dial(numbers.len() + 1, QUIET).await;
    assert!(more.is_err(), "one dial too many: {:?}", dialled(pbx));
    assert_eq!(dialled(pbx), numbers);
}
