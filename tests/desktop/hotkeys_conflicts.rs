//! Keys that somebody else has: who, and which ones are free.

use phone_control::protocol::{HotkeyHealth, HotkeyName, HotkeysReply, Nothing, method};
use phone_core::DesktopSettings;
use phone_core::call::CallState;
use phone_core::request::CheckResult;
use phone_tests::desktop::{Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::support::{AgentUnderTest, fake};
use crate::{MARA, all, choose, desk, hotkey};

#[tokio::test]
async fn keys_of_the_desktop_are_named_and_the_free_ones_work() {
    // The window frames of this desktop have Ctrl+Alt+D.
    let session = Session::start(Options::default()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    choose(&agent, &DesktopSettings { dial_hotkey: Some("ctrl+alt+d".to_owned()), ..DesktopSettings::default() }).await;

    let dial = hotkey(&agent, HotkeyName::Dial).await;
    assert_eq!((dial.health, dial.by.as_deref()), (HotkeyHealth::Taken, Some("Xfce (“show desktop”)")), "{dial:?}");
    let free = dial.free.expect("free keys");
    let check = agent.check("hotkey").await;
    assert_eq!(check.result, CheckResult::Problem);
    assert_eq!(check.text, "The dial hotkey does not work: Ctrl+Alt+D is already used by Xfce (“show desktop”).");
    assert!(check.remedy.is_some_and(|remedy| remedy.starts_with(&format!("{free} is free"))));
    session.notice("a word about it", |notice| notice.summary == check.text && notice.body.contains(&free)).await;

    choose(&agent, &DesktopSettings { dial_hotkey: Some(free.to_lowercase()), ..DesktopSettings::default() }).await;
    assert_eq!(hotkey(&agent, HotkeyName::Dial).await.health, HotkeyHealth::Works);
    let _selected = session.offer_selection("primary", MARA.0).await;
    session.key(&free.to_lowercase()).await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn two_hotkeys_with_the_same_keys_are_told_and_the_first_keeps_them() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    choose(&agent, &DesktopSettings { hang_up_hotkey: Some("control+alt+J".to_owned()), ..all() }).await;

    let hang_up = hotkey(&agent, HotkeyName::HangUp).await;
    assert_eq!((hang_up.health, hang_up.other), (HotkeyHealth::Ours, Some(HotkeyName::Answer)), "{hang_up:?}");
    assert_eq!(
        hang_up.text.as_deref(),
        Some("The hang-up hotkey does not work: Ctrl+Alt+J already answers the call that rings.")
    );
    assert!(hang_up.free.is_some_and(|free| free != "Ctrl+Alt+J"));
    pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    session.key("ctrl+alt+j").await;
    agent.only_call(CallState::Connected).await;

    choose(&agent, &all()).await;
    assert_eq!(hotkey(&agent, HotkeyName::HangUp).await.health, HotkeyHealth::Works);
    session.key("ctrl+alt+h").await;
    agent.no_call().await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn keys_that_another_program_gives_back_work_after_another_try() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    session.start_frames().await;
    choose(&agent, &DesktopSettings { answer_hotkey: Some("ctrl+alt+d".to_owned()), ..DesktopSettings::default() }).await;
    assert_eq!(hotkey(&agent, HotkeyName::Answer).await.health, HotkeyHealth::Taken);
    // Those that work are not touched by that.
    assert_eq!(hotkey(&agent, HotkeyName::Dial).await.health, HotkeyHealth::Works);

    session.stop_frames();

    wait_for("keys that were given back", PATIENCE, async || {
        let told = agent.client.call::<HotkeysReply>(method::RETRY_HOTKEYS, &Nothing {}).await.expect("an answer");
        told.hotkeys.iter().all(|hotkey| matches!(hotkey.health, HotkeyHealth::Works | HotkeyHealth::Off)).then_some(())
    })
    .await;
    agent.wait_view("nothing to complain about", |view| !view.hints.iter().any(|hint| hint.about.starts_with("hotkey"))).await;
    agent.ends_well(&pbx).await;
}
