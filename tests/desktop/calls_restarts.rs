//! The PBX or the agent goes away in the middle of a call, and comes back.

use std::time::Duration;

use phone_core::call::CallState;
use phone_core::view::LinkName;
use phone_tests::desktop::PATIENCE;
use phone_tests::vodia::{FakeVodia, Generation, Stage};

use crate::support::{AgentUnderTest, PROMPTLY, fake};
use crate::{MARA, OLD_AND_NEW, PELL, desk, dials_are, password_is_kept};

/// The longest way back: the pause before a try, and the try itself.
const BACK: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_pbx_restarted_in_a_call_leaves_no_ghost_behind() {
    for (generation, survives) in [(Generation::G3, false), (Generation::G3, true), (Generation::G2, true)] {
        eprintln!("{generation:?}, the call survives the restart: {survives}");
        let session = desk().await;
        let options = fake(generation).with(|options| options.calls_survive_restart = survives);
        let pbx = FakeVodia::start(options).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let call = pbx.ring(MARA.0, MARA.1, "204");
        session.press_action("Answer").await;
        agent.only_call(CallState::Connected).await;
        agent.tray_shows("in-call").await;

        pbx.stop().await;
        let view = agent.wait_view_for(PROMPTLY, "offline", |view| view.accounts[0].link != LinkName::Online).await;
        assert!(view.calls.iter().all(|call| call.stale && call.can.is_empty()), "{:#?}", view.calls);
        let tray = agent.tray_shows("offline").await;
        assert_eq!(tray.tooltip_title, "Trayphone: offline");
        let menu = agent.menu().await;
        for order in ["Answer", "Hold", "Resume", "Hang up", "Decline"] {
            assert!(menu.find(order).is_none(), "nothing is offered for a call nobody knows: {:?}", menu.labels());
        }
        if !survives {
            session.screenshot("offline-in-call.png").await;
        }

        pbx.restart().await.expect("the same port again");
        agent.wait_view_for(BACK, "online again", |view| view.accounts[0].link == LinkName::Online).await;
        if survives {
            let shown = agent.only_call(CallState::Connected).await;
            assert!(!shown.stale);
            agent.tray_shows("in-call").await;
            agent.press_menu("Hang up").await;
            pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
        }
        let view = agent.no_call().await;
        assert_eq!(view.missed, 0, "a call that was answered is not missed");
        agent.tray_shows("online").await;
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_notice_of_a_call_goes_when_the_pbx_goes() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        pbx.ring(MARA.0, MARA.1, "204");
        let notice = session.notice("the caller's name", |notice| notice.summary == MARA.1).await;

        pbx.stop().await;
        session.notice_gone(&notice, PROMPTLY).await;
        pbx.restart().await.expect("the same port again");
        agent.wait_view_for(BACK, "online again", |view| view.accounts[0].link == LinkName::Online).await;
        agent.no_call().await;
        // Nobody saw how it ended: it may have been answered at the phone.
        assert_eq!(agent.view().missed, 0);
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn an_agent_killed_in_a_call_finds_it_again() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let call = pbx.ring(MARA.0, MARA.1, "204");
        session.press_action("Answer").await;
        agent.tray_shows("in-call").await;
        password_is_kept(&session).await;

        agent.kill();
        assert!(pbx.call(call).is_some_and(|call| call.stage == Stage::Connected), "the phones talk on");
        let agent = AgentUnderTest::start(&session).await;

        let shown = agent.only_call(CallState::Connected).await;
        assert_eq!((shown.remote.number.as_deref(), shown.remote.name.as_deref()), (Some(MARA.0), Some(MARA.1)));
        assert!(shown.connected_at.is_some() && !shown.stale);
        let tray = agent.tray_shows("in-call").await;
        assert_eq!(tray.tooltip_title, "Mara Beispiel: in a call");
        assert_eq!(session.tray_items().await.len(), 1, "one icon, not two");
        assert_eq!(agent.window_calls().len(), 1, "only the first start, without an account, opens the window");
        agent.press_menu("Hang up").await;
        pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
        agent.tray_shows("online").await;
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn an_agent_killed_while_it_rings_shows_the_call_again() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let call = pbx.ring(PELL.0, PELL.1, "204");
        session.notice("the caller's name", |notice| notice.summary == PELL.1).await;
        password_is_kept(&session).await;

        let (seen, killed) = (session.all_notices().len(), std::time::Instant::now());
        agent.kill();
        let agent = AgentUnderTest::start(&session).await;

        agent.only_call(CallState::Ringing).await;
        let again = session
            .notice("the call once more", |notice| {
                let fresh = session.all_notices().iter().skip(seen).any(|other| other.id == notice.id);
                fresh && notice.summary == PELL.1 && notice.buttons() == ["Answer", "Decline"]
            })
            .await;
        assert!(again.called_at > killed, "it is not the one of the killed agent");
        session.press_action("Answer").await;
        let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
        pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
        agent.tray_shows("in-call").await;
        pbx.hang_up_far(call);
        agent.no_call().await;
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}
