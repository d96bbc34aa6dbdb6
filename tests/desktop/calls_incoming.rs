//! Somebody calls: answered, declined, taken elsewhere, missed.

use std::time::Duration;

use phone_core::call::CallState;
use phone_core::view::Can;
use phone_core::{EventName, call::Outcome};
use phone_tests::desktop::{Closed, PATIENCE, TrayItem, wait_until};
use phone_tests::vodia::{FakeVodia, Generation, Stage};

use crate::support::{AgentUnderTest, PROMPTLY, QUIET, fake, mark};
use crate::{MARA, OLD_AND_NEW, PELL, VOGT, desk, dials_are, modern};

/// A notice that the call is over must leave the screen within this time, by the clock of the bus.
const WITHDRAWN_WITHIN: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_call_is_answered_on_its_notice_and_hung_up_in_the_tray() {
    for generation in [Generation::G3, Generation::G2, Generation::G1] {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        agent.tray_shows("online").await;

        let call = pbx.ring(MARA.0, MARA.1, "204");
        let notice = session.notice("the caller's name", |notice| notice.summary == MARA.1).await;
        assert_eq!(notice.buttons(), ["Answer", "Decline"]);
        assert_eq!(notice.body.replace(' ', ""), MARA.0);
        let tray = agent.tray_where("who is calling", |item| item.tooltip_title == "Mara Beispiel is calling").await;
        assert!(mark(&tray).is_some_and(|mark| mark.starts_with("ringing")), "{:?}", mark(&tray));
        let menu = agent.menu().await;
        assert!(menu.find("Answer").is_some() && menu.find("Decline").is_some(), "{:?}", menu.labels());
        if generation == Generation::G3 {
            session.screenshot("call-rings.png").await;
        }

        session.press_action("Answer").await;
        let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected && call.concerns("204");
        pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
        session.notice_gone(&notice, PROMPTLY).await;
        let tray = agent.tray_shows("in-call").await;
        assert_eq!(tray.tooltip_title, "Mara Beispiel: in a call");
        if generation == Generation::G3 {
            session.screenshot("call-connected.png").await;
        }

        agent.press_menu("Hang up").await;
        pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
        let view = agent.no_call().await;
        assert_eq!((view.missed, view.recent[0].outcome), (0, Outcome::Answered));
        agent.tray_shows("online").await;
        assert!(session.notices().is_empty(), "{:#?}", session.notices());
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_call_declined_on_its_notice_is_over_and_not_missed() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;

        let call = pbx.ring(MARA.0, MARA.1, "204");
        let pressed = session.press_action("Decline").await;
        assert_eq!(pressed.summary, MARA.1);
        pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");

        let view = agent.wait_view("the call among the last ones", |view| !view.recent.is_empty()).await;
        assert_eq!((view.calls.len(), view.missed, view.recent[0].outcome), (0, 0, Outcome::Declined));
        agent.tray_shows("online").await;
        assert!(session.notices().is_empty(), "{:#?}", session.notices());
        assert_eq!(agent.count(EventName::CallMissed), 0);
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_call_answered_by_a_colleague_leaves_the_screen_at_once() {
    for generation in [Generation::G3, Generation::G1] {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;

        let call = pbx.ring_group(PELL.0, PELL.1, "700");
        let notice = session.notice("the caller's name", |notice| notice.summary == PELL.1).await;
        assert!(notice.body.contains("for "), "it came through a group: {}", notice.body);
        let taken = std::time::Instant::now();
        assert!(pbx.answer_elsewhere(call, "205"));

        let gone = session.notice_gone(&notice, PROMPTLY).await;
        let Some(Closed::Withdrawn(at)) = gone.closed else { panic!("{:?}", gone.closed) };
        assert!(at - taken < WITHDRAWN_WITHIN, "{:?}", at - taken);
        agent.no_call().await;
        agent.tray_where("no call", |item| item.tooltip_title == "Trayphone: available").await;
        // The PBX's history is asked before anybody is told that the call was missed.
        let view = agent.wait_view("the call among the last ones", |view| !view.recent.is_empty()).await;
        assert_eq!((view.recent[0].outcome, view.missed), (Outcome::AnsweredElsewhere, 0));
        pbx.hang_up_far(call);
        let told = tokio::time::timeout(QUIET, session.notice("a missed call", |_| true)).await;
        assert!(told.is_err(), "{told:#?}");
        assert_eq!((agent.count(EventName::CallMissed), agent.view().missed), (0, 0));
        agent.tray_shows("online").await;
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_call_answered_at_the_phone_itself_is_a_call_and_no_notice() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;

        let call = pbx.ring(MARA.0, MARA.1, "204");
        let notice = session.notice("the caller's name", |notice| notice.summary == MARA.1).await;
        let lifted = std::time::Instant::now();
        assert!(pbx.answer(call));

        let gone = session.notice_gone(&notice, PROMPTLY).await;
        let Some(Closed::Withdrawn(at)) = gone.closed else { panic!("{:?}", gone.closed) };
        assert!(at - lifted < WITHDRAWN_WITHIN, "{:?}", at - lifted);
        agent.tray_shows("in-call").await;
        let shown = agent.only_call(CallState::Connected).await;
        assert!(shown.can.contains(&Can::HangUp) && !shown.can.contains(&Can::Answer), "{:?}", shown.can);
        pbx.hang_up_far(call);
        let view = agent.no_call().await;
        assert_eq!(view.missed, 0);
        agent.tray_shows("online").await;
        assert!(session.notices().is_empty(), "{:#?}", session.notices());
        assert_eq!(agent.count(EventName::CallMissed), 0);
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn a_missed_call_is_told_and_called_back_once() {
    for generation in OLD_AND_NEW {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;

        let call = pbx.ring(MARA.0, MARA.1, "204");
        let ringing = session.notice("the caller's name", |notice| notice.summary == MARA.1).await;
        pbx.hang_up_far(call);
        session.notice_gone(&ringing, PROMPTLY).await;
        let missed = session.notice("a missed call", |notice| notice.summary.starts_with("Missed call")).await;
        assert_eq!(missed.buttons(), ["Call back", "Dismiss"]);
        assert!(missed.body.contains(MARA.1) && missed.body.replace(' ', "").contains(MARA.0), "{}", missed.body);
        let tray = agent.tray_where("one missed call", |item| item.tooltip_text.contains("1 missed call")).await;
        assert_eq!(mark(&tray).as_deref(), Some("online +"), "a count lies over the mark");

        session.press_action("Call back").await;
        let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
        assert_eq!((dial.by.as_str(), dial.number.as_str()), ("204", MARA.0));
        let call = dial.call.expect("a call");
        agent.wait_view("no missed call any more", |view| view.missed == 0 && !view.calls.is_empty()).await;
        agent.tray_shows("in-call").await;
        session.notice_gone(&missed, PROMPTLY).await;
        dials_are(&pbx, &[MARA.0]).await;
        pbx.hang_up_far(call);
        agent.no_call().await;
        assert_eq!(agent.view().missed, 0, "an own call is not missed");
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn several_missed_calls_become_one_notice_with_their_count() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    for (number, name) in [MARA, PELL] {
        let call = pbx.ring(number, name, "204");
        session.notice("the caller's name", |notice| notice.summary == name).await;
        pbx.hang_up_far(call);
        agent.no_call().await;
    }
    let notice = session.notice("two missed calls", |notice| notice.summary == "2 missed calls").await;
    assert!(notice.body.contains(MARA.1) && notice.body.contains(PELL.1), "{}", notice.body);
    assert_eq!(session.notices().len(), 1, "{:#?}", session.notices());
    let tray = agent.tray_where("two missed calls", |item| item.tooltip_text.contains("2 missed calls")).await;
    assert_eq!(mark(&tray).as_deref(), Some("online +"));
    assert!(agent.menu().await.find("2 missed calls").is_some());
    let call = pbx.ring(VOGT.0, VOGT.1, "204");
    // The arcs of a ringing phone take the place of the count, which the tooltip still has.
    let rings = |item: &TrayItem| matches!(mark(item).as_deref(), Some("ringing-1" | "ringing-2"));
    let tray = agent.tray_where("a ringing call", rings).await;
    assert!(tray.tooltip_text.contains("2 missed calls"), "{}", tray.tooltip_text);
    assert!(pbx.hang_up(call, "204"));
    agent.no_call().await;
    agent.tray_where("missed calls", |item| mark(item).as_deref() == Some("online +")).await;
    // Declined at the phone itself: the PBX does not tell that from a call nobody took.
    agent.wait_view("a third missed call", |view| view.missed == 3).await;
    session.notice("three missed calls", |notice| notice.summary == "3 missed calls").await;

    session.press_action("Dismiss").await;
    agent.wait_view("no missed call any more", |view| view.missed == 0).await;
    agent.tray_shows("online").await;
    assert!(session.notices().is_empty(), "{:#?}", session.notices());
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn calls_at_two_pbxs_at_the_same_time_are_both_shown() {
    let session = desk().await;
    let (office, lab) = (modern().await, FakeVodia::start(fake(Generation::G2)).await.expect("a second fake PBX"));
    let agent = AgentUnderTest::signed_in(&session, &office).await;
    agent.add_account("lab", &lab).await.expect("a second account");
    agent.online().await;

    let first = office.ring(MARA.0, MARA.1, "204");
    let second = lab.ring(PELL.0, PELL.1, "204");
    session.notice("the first caller", |notice| notice.summary == MARA.1).await;
    session.notice("the second caller", |notice| notice.summary == PELL.1).await;
    let view = agent.wait_view("two calls", |view| view.calls.len() == 2).await;
    let mut accounts: Vec<_> = view.calls.iter().map(|call| call.account.to_string()).collect();
    accounts.sort();
    assert_eq!(accounts, ["lab", "office"]);
    let menu = agent.menu().await;
    let has = |name: &str| menu.labels().iter().any(|label| label.starts_with(name));
    assert!(has(MARA.1) && has(PELL.1), "{:?}", menu.labels());
    assert_eq!(menu.labels().iter().filter(|label| **label == "Answer").count(), 2);
    session.screenshot("two-calls.png").await;

    let newest = session.press_action("Answer").await;
    let (answered, other) =
        if newest.summary == PELL.1 { ((&lab, second), (&office, first)) } else { ((&office, first), (&lab, second)) };
    let connected = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
    answered.0.wait_for(|state| state.call(answered.1).is_some_and(connected), PATIENCE).await.expect("connected");
    assert!(other.0.call(other.1).is_some_and(|call| call.stage == Stage::Ringing), "the other one still rings");
    session.press_action("Decline").await;
    other.0.wait_for(|state| state.call(other.1).is_none(), PATIENCE).await.expect("declined");
    agent.only_call(CallState::Connected).await;
    agent.tray_shows("in-call").await;
    answered.0.hang_up_far(answered.1);
    agent.no_call().await;
    assert_eq!(agent.view().missed, 0);
    for pbx in [&office, &lab] {
        dials_are(pbx, &[]).await;
        assert_eq!(pbx.violations(), Vec::<String>::new());
    }
    agent.ends_well(&office).await;
}

#[tokio::test]
async fn keys_typed_into_another_window_all_arrive_there_while_calls_come_in() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let xterm = session.xterm("letter").await;
    let before = session.active_window().await;
    let mut spy = session.command("xprop");
    spy.args(["-root", "-spy", "_NET_ACTIVE_WINDOW"]);
    let spy = session.spawn("focus-spy", spy);

    let text: String = ('a'..='z').chain('0'..='9').cycle().take(200).collect();
    let typing = async {
        let typed = session.run("xdotool", &["type", "--delay", "30", "--", &text]).await;
        assert!(typed.success, "{}", typed.stderr);
    };
    let calling = async {
        for turn in 0..5_usize {
            let (number, name) = if turn % 2 == 0 { MARA } else { PELL };
            let call = pbx.ring(number, name, "204");
            session.notice("the caller's name", |notice| notice.summary == name).await;
            assert!(xterm.typed().len() < text.len(), "call {turn} came while keys were pressed");
            assert_eq!(session.active_window().await, before);
            if turn == 2 {
                session.screenshot("typing-while-it-rings.png").await;
            }
            // It rings while a good part of the text is typed; the last call ends before the text does.
            wait_until("more of the text", PATIENCE, || xterm.typed().len() >= (turn + 1) * 36).await;
            assert_eq!(session.active_window().await, before);
            pbx.hang_up_far(call);
            agent.no_call().await;
        }
    };
    tokio::join!(typing, calling);

    xterm.has_typed(&text).await;
    assert_eq!(session.active_window().await, before);
    let focus = spy.log();
    assert_eq!(focus.lines().count(), 1, "the focus moved:\n{focus}");
    agent.wait_view("all calls missed", |view| view.missed == 5).await;
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_call_that_nobody_may_answer_from_here_offers_no_answer_after_a_failed_try() {
    let session = desk().await;
    let pbx = FakeVodia::start(fake(Generation::G3).with(|options| {
        if let Some(user) = options.company.accounts.get_mut("204") {
            user.remote_answer = false;
        }
    }))
    .await
    .expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    let call = pbx.ring(MARA.0, MARA.1, "204");
    session.press_action("Answer").await;
    let told = session.notice("what went wrong", |notice| notice.summary != MARA.1).await;
    assert!(told.body.contains(MARA.1), "{} / {}", told.summary, told.body);
    assert!(pbx.call(call).is_some_and(|call| call.stage == Stage::Ringing), "it rings on");
    agent.tray_where("that it still rings", |item| item.tooltip_title.ends_with("is calling")).await;
    pbx.hang_up_far(call);
    agent.no_call().await;
    tokio::time::timeout(QUIET, agent.counted(EventName::CallConnected, 1)).await.expect_err("it was never connected");
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}
