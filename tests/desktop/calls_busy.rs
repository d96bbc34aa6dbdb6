//! More than one call, and calls that are handed on: by the tray, by the command line, at the phone.

use std::time::{Duration, Instant};

use phone_core::EventName;
use phone_core::call::{CallState, Outcome};
use phone_tests::desktop::{Closed, PATIENCE};
use phone_tests::vodia::{Call, FakeVodia, Generation, Stage};

use crate::support::{AgentUnderTest, PROMPTLY, fake, trayphonectl};
use crate::{MARA, OLD_AND_NEW, PELL, desk, dials_are};

/// A notice must leave the screen within this time, by the clock of the bus.
const WITHDRAWN_WITHIN: Duration = Duration::from_secs(1);

fn talks(call: &Call) -> bool {
    call.stage == Stage::Connected && !call.is_held()
}

#[tokio::test]
async fn a_second_call_knocks_and_is_taken_while_the_first_is_held() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let first = pbx.ring(MARA.0, MARA.1, "204");
        session.press_action("Answer").await;
        agent.only_call(CallState::Connected).await;

        let second = pbx.ring(PELL.0, PELL.1, "204");
        let notice = session.notice("the second caller", |notice| notice.summary == PELL.1).await;
        assert_eq!(notice.buttons(), ["Answer", "Decline"]);
        assert!(pbx.call(first).is_some_and(|call| talks(&call)), "the first one is not disturbed");
        let both = |labels: &[&str]| [MARA.1, PELL.1].iter().all(|name| labels.iter().any(|label| label.contains(name)));
        agent.menu_where("both calls", |menu| both(&menu.labels())).await;
        session.screenshot(&format!("second-call-{generation:?}.png")).await;

        session.press_action("Answer").await;
        pbx.wait_for(|state| state.call(second).is_some_and(talks), PATIENCE).await.expect("the second one is taken");
        session.notice_gone(&notice, PROMPTLY).await;
        assert_eq!(pbx.call(first).expect("the first one goes on").held_by, ["204"]);
        let view = agent
            .wait_view("one held, one connected", |view| {
                let has = |state| view.calls.iter().filter(|call| call.state == state).count() == 1;
                view.calls.len() == 2 && has(CallState::Connected) && has(CallState::Held)
            })
            .await;
        let held = view.calls.iter().find(|call| call.state == CallState::Held).expect("the first one");
        assert_eq!(held.remote.number.as_deref(), Some(MARA.0));

        pbx.hang_up_far(second);
        agent.only_call(CallState::Held).await;
        if generation == Generation::G3 {
            agent.press_menu("Resume").await;
        } else {
            // Hold is a toggle there, and nobody can tell which side holds, so only the phone itself takes it back.
            assert!(agent.menu().await.find("Resume").is_none(), "a toggle is not pressed blindly");
            assert!(pbx.resume(first, "204"));
        }
        pbx.wait_for(|state| state.call(first).is_some_and(talks), PATIENCE).await.expect("the first one is back");
        agent.press_menu("Hang up").await;
        pbx.wait_for(|state| state.call(first).is_none(), PATIENCE).await.expect("the PBX ends it");
        let view = agent.no_call().await;
        assert_eq!((view.missed, agent.count(EventName::CallMissed)), (0, 0));
        agent.tray_shows("online").await;
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_call_declined_in_the_tray_leaves_the_screen_at_once_and_the_other_goes_on() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let first = pbx.ring(MARA.0, MARA.1, "204");
        session.press_action("Answer").await;
        agent.only_call(CallState::Connected).await;
        let second = pbx.ring(PELL.0, PELL.1, "204");
        let notice = session.notice("the second caller", |notice| notice.summary == PELL.1).await;
        agent.menu_where("a call to decline", |menu| menu.find("Decline").is_some()).await;

        let pressed = Instant::now();
        agent.press_menu("Decline").await;
        let gone = session.notice_gone(&notice, PROMPTLY).await;
        let Some(Closed::Withdrawn(at)) = gone.closed else { panic!("{:?}", gone.closed) };
        assert!(at - pressed < WITHDRAWN_WITHIN, "{:?}", at - pressed);
        pbx.wait_for(|state| state.call(second).is_none(), PATIENCE).await.expect("the PBX ends it");
        agent.only_call(CallState::Connected).await;
        assert!(pbx.call(first).is_some_and(|call| talks(&call)), "the first one is not disturbed");
        let view = agent.wait_view("the second one among the last", |view| !view.recent.is_empty()).await;
        assert_eq!((view.recent[0].outcome, view.missed), (Outcome::Declined, 0));
        assert!(session.notices().is_empty(), "{:#?}", session.notices());
        pbx.hang_up_far(first);
        agent.no_call().await;
        assert_eq!(agent.count(EventName::CallMissed), 0);
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn the_command_line_holds_and_hands_on_and_the_desktop_shows_it() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let ctl = async |arguments: &[&str]| {
            let done = trayphonectl(&session, arguments, "").await;
            assert_eq!(done.code, Some(0), "{arguments:?}: {}{}", done.stdout, done.stderr);
        };

        let call = pbx.ring(MARA.0, MARA.1, "204");
        agent.only_call(CallState::Ringing).await;
        ctl(&["answer"]).await;
        let id = agent.only_call(CallState::Connected).await.id.0;
        ctl(&["hold"]).await;
        agent.tray_where("a held call", |item| item.tooltip_title == "Mara Beispiel: on hold").await;
        agent.menu_where("a held call", |menu| menu.find("Resume").is_some()).await;
        ctl(&["resume"]).await;
        agent.tray_where("a running call", |item| item.tooltip_title == "Mara Beispiel: in a call").await;
        ctl(&["transfer", &id, "207"]).await;
        agent.no_call().await;
        agent.tray_shows("online").await;
        assert_eq!(pbx.call(call).expect("it rings at the colleague").ringing, ["207"]);
        pbx.hang_up_far(call);

        let kept = pbx.ring(PELL.0, PELL.1, "204");
        agent.only_call(CallState::Ringing).await;
        ctl(&["answer"]).await;
        let held = agent.only_call(CallState::Connected).await.id.0;
        ctl(&["hold", &held]).await;
        ctl(&["dial", "207"]).await;
        let asked = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial").call.expect("a call");
        pbx.wait_for(|state| state.call(asked).is_some_and(|call| call.ringing == ["207"]), PATIENCE).await.expect("207 rings");
        assert!(pbx.answer(asked));
        let view = agent
            .wait_view("a held and a running call", |view| {
                view.calls.len() == 2 && view.calls.iter().any(|call| call.id.0 != held && call.state == CallState::Connected)
            })
            .await;
        let other = &view.calls.iter().find(|call| call.id.0 != held).expect("the second one").id.0;
        ctl(&["transfer", &held, "--to-call", other]).await;
        agent.no_call().await;
        agent.tray_shows("online").await;
        let joined = pbx.call(kept).or_else(|| pbx.call(asked)).expect("the two talk on");
        assert_eq!((joined.stage, joined.taking_part.as_slice()), (Stage::Connected, ["207".to_owned()].as_slice()));
        assert_eq!((agent.view().missed, agent.count(EventName::CallMissed)), (0, 0));
        assert!(session.notices().is_empty(), "{:#?}", session.notices());
        dials_are(&pbx, &["207"]).await;
        agent.ends_well(&pbx).await;
    }
}
