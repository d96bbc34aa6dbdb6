//! What the menu of the tray does to calls, and the command line beside it.

use phone_core::call::CallState;
use phone_tests::desktop::{Button, PATIENCE, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::support::{AgentUnderTest, USER, fake, picture_of, trayphonectl};
use crate::{MARA, PELL, desk, dials_are, modern};

#[tokio::test]
async fn the_menu_holds_resumes_and_hangs_up() {
    for generation in [Generation::G3, Generation::G1] {
        eprintln!("{generation:?}");
        let session = desk().await;
        let pbx = FakeVodia::start(fake(generation)).await.expect("a fake PBX");
        let agent = AgentUnderTest::signed_in(&session, &pbx).await;
        let call = pbx.ring(MARA.0, MARA.1, "204");
        agent.press_menu("Answer").await;
        agent.only_call(CallState::Connected).await;

        let held = |call: &phone_tests::vodia::Call| call.held_by == ["204"];
        agent.press_menu("Hold").await;
        pbx.wait_for(|state| state.call(call).is_some_and(held), PATIENCE).await.expect("the PBX holds it");
        agent.only_call(CallState::Held).await;
        let menu = agent.menu_where("a held call", |menu| menu.find("Resume").is_some()).await;
        assert!(menu.find("Hold").is_none(), "{:?}", menu.labels());
        agent.tray_where("a held call", |item| item.tooltip_title == "Mara Beispiel: on hold").await;

        agent.press_menu("Resume").await;
        pbx.wait_for(|state| state.call(call).is_some_and(|call| !call.is_held()), PATIENCE).await.expect("the PBX resumes it");
        agent.only_call(CallState::Connected).await;
        agent.press_menu("Hang up").await;
        pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the PBX ends it");
        agent.no_call().await;
        dials_are(&pbx, &[]).await;
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn the_menu_switches_do_not_disturb() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    for on in [true, false] {
        let menu = agent
            .menu_where("the switch", |menu| {
                menu.find("Do not disturb").is_some_and(|entry| entry.checked == Some(!on) && entry.enabled)
            })
            .await;
        drop(menu);
        agent.press_menu("Do not disturb").await;
        pbx.wait_for(|state| state.company().find("204").is_some_and(|account| account.dnd == on), PATIENCE)
            .await
            .expect("the PBX switches it");
        agent.tray_shows(if on { "dnd" } else { "online" }).await;
    }
    // Switched at the phone itself it shows as well.
    pbx.set_dnd("204", true);
    agent.tray_shows("dnd").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_menu_dials_one_of_the_last_numbers() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.press_menu("Answer").await;
    agent.only_call(CallState::Connected).await;
    pbx.hang_up_far(call);
    agent.no_call().await;

    let of_mara = |label: &&str| label.starts_with(MARA.1) && label.replace(' ', "").contains(MARA.0);
    let menu = agent
        .menu_where("the last numbers", |menu| menu.find("Last numbers").is_some_and(|last| last.labels().iter().any(of_mara)))
        .await;
    let label = (*menu.labels().iter().find(|label| of_mara(label)).expect("an entry")).to_owned();
    agent.press_menu(&label).await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!((dial.by.as_str(), dial.number.as_str()), ("204", MARA.0));
    dials_are(&pbx, &[MARA.0]).await;
    agent.tray_shows("in-call").await;
    agent.press_menu("Hang up").await;
    pbx.wait_for(|state| state.calls().count() == 0, PATIENCE).await.expect("the PBX ends it");
    agent.no_call().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_command_line_signs_in_and_sees_what_the_tray_shows() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::start(&session).await;
    assert_eq!(agent.window_calls().len(), 1, "the first start without an account opens the window");
    agent.tray_shows("signed-out").await;

    let url = pbx.url();
    let add = ["account", "add", "office", "--kind", "vodia", "--url", &url, "--user", USER.0, "--password-stdin"];
    let added = trayphonectl(&session, &add, &format!("{}\n", USER.1)).await;
    assert_eq!(added.code, Some(0), "{}{}", added.stdout, added.stderr);
    assert!(!format!("{}{}", added.stdout, added.stderr).contains(USER.1));
    agent.tray_shows("online").await;

    pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    let calls = trayphonectl(&session, &["--json", "calls"], "").await;
    assert_eq!(calls.code, Some(0), "{}", calls.stderr);
    let calls: serde_json::Value = serde_json::from_str(&calls.stdout).expect("one JSON document");
    assert_eq!(calls["calls"][0]["remote"]["number"], MARA.0);
    let answered = trayphonectl(&session, &["answer"], "").await;
    assert_eq!(answered.code, Some(0), "{}", answered.stderr);
    agent.tray_shows("in-call").await;
    let ended = trayphonectl(&session, &["hangup"], "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    agent.tray_shows("online").await;
    let dialled = trayphonectl(&session, &["dial", "+49 30 23125-117"], "").await;
    assert_eq!(dialled.code, Some(0), "{}", dialled.stderr);
    dials_are(&pbx, &[MARA.0]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_panel_opens_the_menu_and_the_corner_of_the_screen_is_readable() {
    let session = desk().await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let missed = pbx.ring(PELL.0, PELL.1, "204");
    agent.only_call(CallState::Ringing).await;
    pbx.hang_up_far(missed);
    agent.wait_view("a missed call", |view| view.missed == 1).await;
    session.notice("the missed call", |notice| notice.summary.starts_with("Missed call")).await;
    picture_of(&session, "tray-missed.png", "560x140+720+0").await;
    session.press_action("Dismiss").await;
    agent.tray_shows("online").await;

    let call = pbx.ring(MARA.0, MARA.1, "204");
    session.notice("the caller's name", |notice| notice.summary == MARA.1).await;
    agent.tray_shows("ringing-2").await;
    picture_of(&session, "tray-call.png", "560x120+720+0").await;
    session.press_action("Answer").await;
    agent.tray_shows("in-call").await;

    session.click_tray(0, Button::Right).await;
    wait_for("the menu on the screen", PATIENCE, async || {
        // A menu is a window of the panel's tray that is larger than the tray itself.
        session.windows_of_class("Wrapper-2.0").await.into_iter().find(|window| window.height > 100)
    })
    .await;
    picture_of(&session, "tray-menu.png", "560x230+720+0").await;
    session.key("Escape").await;
    assert!(pbx.call(call).is_some(), "a menu that is only looked at changes nothing");
    pbx.hang_up_far(call);
    agent.no_call().await;
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}
