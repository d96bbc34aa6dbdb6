//! Every mark of the tray, as the picture that really goes over the bus.

use std::time::Duration;

use phone_core::call::CallState;
use phone_core::view::LinkName;

use crate::support::{AgentUnderTest, USER, trayphonectl};
use crate::{MARA, desk, modern};

#[tokio::test]
async fn the_tray_shows_the_mark_of_every_state() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.tray_shows("signed-out").await;

    // There, but slow: neither online nor offline may be shown.
    pbx.slow(Duration::from_secs(2));
    let url = pbx.url();
    let words = ["account", "add", "office", "--kind", "vodia", "--url", &url, "--user", USER.0, "--password-stdin"];
    let adding = async { trayphonectl(&session, &words, &format!("{}\n", USER.1)).await };
    let showing = async {
        let item = agent.tray_shows("connecting").await;
        assert_eq!(item.tooltip_title, "Trayphone: connecting");
        pbx.behave();
    };
    let (added, ()) = tokio::join!(adding, showing);
    assert!(added.success, "{}", added.stderr);
    agent.online().await;
    agent.tray_shows("online").await;

    pbx.set_dnd("204", true);
    agent.tray_shows("dnd").await;
    pbx.set_dnd("204", false);
    agent.tray_shows("online").await;

    let call = pbx.ring(MARA.0, MARA.1, "204");
    // Two frames in turn.
    agent.tray_shows("ringing-1").await;
    agent.tray_shows("ringing-2").await;
    agent.press_menu("Answer").await;
    agent.only_call(CallState::Connected).await;
    agent.tray_shows("in-call").await;
    pbx.hang_up_far(call);
    agent.no_call().await;
    agent.tray_shows("online").await;

    let missed = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    pbx.hang_up_far(missed);
    agent.wait_view("a missed call", |view| view.missed == 1).await;
    agent.tray_shows("online +").await;

    pbx.stop().await;
    agent.wait_view("offline", |view| view.accounts.iter().all(|account| account.link == LinkName::Waiting)).await;
    agent.tray_shows("offline +").await;
    agent.stop().await;
}
