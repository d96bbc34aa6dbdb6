//! The window as a person uses it: the real page in the real WebKit, the real agent, and a fake PBX behind it.
//!
//! Things are found by what they are called and what they are to a screen reader, as that is how people find them.

mod ask_first;
mod calls;
mod first_run;
mod history;
mod hostile;
mod keyboard;
mod looks;
mod settings;
#[path = "../desktop/support.rs"]
mod support;
mod troubles;

use phone_tests::desktop::{Drive, Options, Page, Session};
use phone_tests::vodia::{FakeVodia, Generation};

use support::{AgentUnderTest, Start, Window, fake};

/// Callers outside the company.
const MARA: (&str, &str) = ("+493023125117", "Mara Beispiel");
const PELL: (&str, &str) = ("+442079460018", "Harriet Pell");

/// The name of the one field.
const FIELD: &str = "Name or number";

/// A whole desktop.
async fn desk() -> Session {
    Session::start(Options::default()).await
}

/// A fake PBX of the newest generation.
async fn modern() -> FakeVodia {
    FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX")
}

/// An agent without an account, and the page of the window that its first start has opened.
async fn first_start<'a>(session: &'a Session, drive: &Drive) -> (AgentUnderTest<'a>, Page<'a>) {
    let start = Start { window: Window::Real, environment: drive.environment(), ..Start::default() };
    let agent = AgentUnderTest::start_with(session, start).await;
    let page = drive.page(session).await;
    (agent, page)
}

/// An agent that is signed in as 204, and the page of its window.
async fn at_work<'a>(session: &'a Session, pbx: &FakeVodia) -> (AgentUnderTest<'a>, Page<'a>) {
    let (agent, page) = first_start(session, &Drive::new()).await;
    agent.add_account("office", pbx).await.expect("an account");
    agent.online().await;
    page.find("combobox", FIELD).await;
    (agent, page)
}
