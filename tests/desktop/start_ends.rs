//! The end of the agent, by the user, the system and the session.

use std::fs;
use std::time::Instant;

use phone_tests::desktop::wait_until;

use crate::support::{AgentUnderTest, PROMPTLY, socket};
use crate::{desk, ours};

#[tokio::test]
async fn an_end_by_signal_takes_icon_notices_and_socket_along() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("a call", |notice| notice.summary == "Mara Beispiel").await;

    let began = Instant::now();
    agent.stop().await;

    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    assert!(!socket(&session).exists());
    wait_until("the notices to leave", PROMPTLY, || session.notices().is_empty()).await;
    assert!(ours(&session).await.is_empty());
    pbx.wait_for(|state| state.open_sockets(None) == 0, PROMPTLY).await.expect("no socket is left");
    assert_eq!(pbx.calls().len(), 1, "a call goes on without us");
}

#[tokio::test]
async fn quit_in_the_menu_ends_the_agent() {
    let (session, pbx) = desk().await;
    let mut agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    agent.press_menu("Quit").await;

    assert!(agent.running().exited().await.success());
    assert!(!socket(&session).exists() && ours(&session).await.is_empty());
    assert_eq!(pbx.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_agent_ends_with_the_session_bus() {
    let (session, pbx) = desk().await;
    let mut agent = AgentUnderTest::start(&session).await;
    agent.online().await;

    let is_bus = |pid: &i32| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains("/bus.conf"))
    };
    let bus = session.processes().into_iter().find(is_bus).expect("a session bus");
    let killed = session.run("sh", &["-c", &format!("kill -KILL {bus}")]).await;
    assert!(killed.success, "{}", killed.stderr);

    let status = agent.running().exited().await;
    assert!(status.success(), "the end of the session is no failure: {status}");
    assert!(!socket(&session).exists(), "nobody is shown what was true before");
    assert!(agent.log().contains("the session bus is gone"), "{}", agent.log());
    agent.has_not_failed();
    pbx.wait_for(|state| state.open_sockets(None) == 0, PROMPTLY).await.expect("no socket is left");
}
