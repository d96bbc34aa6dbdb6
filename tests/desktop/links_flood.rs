//! A hundred links at once, as a broken or hostile program fires them.

use std::time::{Duration, Instant};

use phone_control::protocol::{HandleLinkParams, Nothing, method};
use phone_core::Code;
use phone_tests::desktop::{Running, Session, wait_until};

use crate::support::{AgentUnderTest, Start, install, socket};
use crate::{asks, desk, dials_are, questions};

const LINKS: usize = 100;
/// A hundred processes on a slow machine.
const ALL_OF_THEM: Duration = Duration::from_secs(60);
/// What a person reads at most before they pull the plug.
const NOTICES: usize = 8;

#[tokio::test]
async fn a_hundred_links_at_once_ring_nobody_and_leave_the_agent_well() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    let mut starts = fire(&session);
    let began = Instant::now();
    agent.client.view().await.expect("the agent answers in between");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    end(&mut starts).await;

    dials_are(&pbx, &[]).await;
    is_bearable(&session);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_hundred_links_that_start_the_agent_start_one_and_ring_nobody() {
    let (session, pbx) = desk().await;
    install(&session, crate::support::Window::Recorded);

    let mut starts = fire(&session);
    wait_until("an agent", ALL_OF_THEM, || socket(&session).exists()).await;
    wait_until("all but the agent to end", ALL_OF_THEM, || running(&mut starts) == 1).await;

    pbx.wait_for_client("204", ALL_OF_THEM).await.expect("one agent is online");
    session.notice("a question", |notice| notice.buttons().contains(&crate::CALL)).await;
    dials_are(&pbx, &[]).await;
    is_bearable(&session);
}

#[tokio::test]
async fn every_one_of_several_links_during_the_start_is_asked_about_and_none_rings_twice() {
    let (session, pbx) = desk().await;
    pbx.stop().await;
    let agent =
        AgentUnderTest::start_with(&session, Start { arguments: vec!["tel:+493055501".to_owned()], ..Start::default() }).await;
    for link in ["tel:+493055502", "tel:+493055503", "tel:+493055502"] {
        let handed = agent.call_again(&[link]).await;
        assert!(handed.success, "{}", handed.stderr);
    }
    pbx.restart().await.expect("its port");
    agent.online().await;

    for number in ["+493055501", "+493055502", "+493055503"] {
        session.notice("each question", |notice| asks(notice, number)).await;
    }
    assert_eq!(questions(&session).len(), 3, "{:?}", questions(&session));
    session.press_action(crate::CALL).await;
    pbx.wait_for_dial(1, phone_tests::desktop::PATIENCE).await.expect("a dial");
    wait_until("the answered question to leave", phone_tests::desktop::PATIENCE, || questions(&session).len() == 2).await;
    assert_eq!(pbx.dials().len(), 1);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn no_more_links_wait_than_somebody_may_have_clicked_and_the_rest_is_refused() {
    let (session, pbx) = desk().await;
    pbx.stop().await;
    let agent = AgentUnderTest::start(&session).await;
    // During the start each of them waits for the PBX.
    let click = async |number: usize| {
        let link = HandleLinkParams { uri: format!("tel:+4930555{number:03}"), clicked_ms: None };
        agent.client.call::<Nothing>(method::HANDLE_LINK, &link).await
    };
    for number in 0..8 {
        click(number).await.expect("taken");
    }
    for number in 8..12 {
        let refused = click(number).await.expect_err("one too many");
        assert_eq!(refused.code, Code::RateLimited, "{refused:?}");
    }
    session.notice("a word about them", |notice| notice.summary.contains("faster than anybody clicks")).await;
    pbx.restart().await.expect("its port");
    agent.online().await;
    dials_are(&pbx, &[]).await;
    is_bearable(&session);
    agent.ends_well(&pbx).await;
}

fn fire(session: &Session) -> Vec<Running> {
    let program = session.root().join("programs/trayphone");
    let start = |number: usize| {
        let mut command = session.command(&program);
        command.arg(format!("tel:+4930555{:03}", 100 + number));
        session.spawn(&format!("link-{number}"), command)
    };
    (0..LINKS).map(start).collect()
}

fn running(starts: &mut [Running]) -> usize {
    starts.iter_mut().filter_map(|start| start.is_running().then_some(())).count()
}

async fn end(starts: &mut [Running]) {
    wait_until("all links to be handed over", ALL_OF_THEM, || running(starts) == 0).await;
}

fn is_bearable(session: &Session) {
    let asked = questions(session);
    assert!((1..=3).contains(&asked.len()), "{asked:?}");
    let told = session.all_notices();
    let told: Vec<_> = told.iter().filter(|notice| notice.replaces == 0).map(|notice| &notice.summary).collect();
    assert!(told.len() <= NOTICES, "{} notices: {told:?}", told.len());
    let ignored = session.notices().into_iter().any(|notice| !asked.contains(&notice.summary));
    assert!(ignored, "a word about the links that were not asked about: {told:?}");
}
