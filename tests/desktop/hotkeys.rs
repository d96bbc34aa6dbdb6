//! The hotkeys: pressed, changed, in conflict, tested, and given by the desktop under Wayland.

mod hotkeys_conflicts;
mod hotkeys_desktop;
mod steady;
mod stored;
mod support;

use std::time::Duration;

use phone_control::protocol::{
    HotkeyHealth, HotkeyName, HotkeyView, HotkeysReply, Nothing, SetSettingsParams, SettingsReply, TestHotkeyParams,
    TestHotkeyReply, method,
};
use phone_core::DesktopSettings;
use phone_core::call::CallState;
use phone_core::request::CheckResult;
use phone_tests::desktop::{Options, PATIENCE, Session, wait_for};
use phone_tests::vodia::{FakeVodia, Generation, Stage};
use steady::holds_for;
use support::{AgentUnderTest, QUIET, fake};

/// Two callers outside the company.
const MARA: (&str, &str) = ("+493023125117", "Mara Beispiel");
const HARRIET: (&str, &str) = ("+442079460018", "Harriet Pell");

/// Keys of an X server begin to repeat after 660 ms.
const REPEATING: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn answer_and_hang_up_act_on_the_only_call_and_the_window_shows() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    for (name, keys) in [("answer hotkey", "Ctrl+Alt+J"), ("hang-up hotkey", "Ctrl+Alt+H"), ("window hotkey", "Ctrl+Alt+U")] {
        let check = agent.check(name).await;
        assert!(check.result == CheckResult::Ok && check.text.starts_with(keys), "{check:?}");
    }
    let windows = agent.window_calls().len();

    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    session.key("ctrl+alt+j").await;
    pbx.wait_for(|state| state.call(call).is_some_and(|call| call.stage == Stage::Connected), PATIENCE).await.expect("a talk");
    agent.only_call(CallState::Connected).await;
    session.key("ctrl+alt+h").await;
    pbx.wait_for(|state| state.call(call).is_none(), PATIENCE).await.expect("the end of it");
    agent.no_call().await;
    session.key("ctrl+alt+u").await;
    wait_for("the window", PATIENCE, async || (agent.window_calls().len() == windows + 1).then_some(())).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn with_several_calls_nothing_is_guessed_and_a_notice_says_which_there_are() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    pbx.ring(MARA.0, MARA.1, "204");
    pbx.ring(HARRIET.0, HARRIET.1, "204");
    agent.wait_view("two calls", |view| view.calls.len() == 2).await;

    session.key("ctrl+alt+j").await;
    let told = session.notice("which calls ring", |notice| notice.summary.starts_with("Several calls ring")).await;
    assert!(told.summary.contains(MARA.1) && told.summary.contains(HARRIET.1), "{told:?}");
    session.key("ctrl+alt+h").await;
    let told = session.notice("which calls there are", |notice| notice.summary.starts_with("There are several calls")).await;
    assert!(told.summary.contains(MARA.1) && told.summary.contains(HARRIET.1), "{told:?}");

    holds_for(QUIET, "two calls that ring", || {
        let calls = pbx.calls();
        calls.len() == 2 && calls.iter().all(|call| call.stage == Stage::Ringing)
    })
    .await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn without_a_call_the_hotkeys_say_that_there_is_none() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;

    session.key("ctrl+alt+j").await;
    session.notice("that no call rings", |notice| notice.summary == "No call rings.").await;
    session.key("ctrl+alt+h").await;
    session.notice("that there is no call", |notice| notice.summary == "There is no call to hang up.").await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_locked_screen_answers_without_names_and_dials_nothing() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    let _selected = session.offer_selection("primary", MARA.0).await;
    session.lock_screen().await;
    wait_for("the lock to be seen", PATIENCE, async || agent.log().contains("ScreenLocked(true)").then_some(())).await;

    session.key("ctrl+alt+p").await;
    session.notice("that the screen is locked", |notice| format!("{} {}", notice.summary, notice.body).contains("locked")).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    session.key("ctrl+alt+j").await;
    pbx.wait_for(|state| state.call(call).is_some_and(|call| call.stage == Stage::Connected), PATIENCE).await.expect("a talk");
    pbx.ring(HARRIET.0, HARRIET.1, "204");
    agent.wait_view("two calls", |view| view.calls.len() == 2).await;
    session.key("ctrl+alt+h").await;
    let told = session.notice("that there are several", |notice| notice.summary.starts_with("There are several calls")).await;
    assert!(!told.summary.contains(MARA.1), "{told:?}");
    assert!(pbx.dials().is_empty());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_key_that_is_held_is_one_press() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    let _selected = session.offer_selection("primary", MARA.0).await;
    let hold = async |keys: &[&str]| {
        let down: Vec<&str> = keys.iter().flat_map(|key| ["keydown", key]).collect();
        assert!(session.run("xdotool", &down).await.success);
    };
    let release = async |keys: &[&str]| {
        let up: Vec<&str> = keys.iter().rev().flat_map(|key| ["keyup", key]).collect();
        assert!(session.run("xdotool", &up).await.success);
    };

    hold(&["ctrl", "alt", "p"]).await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;
    holds_for(REPEATING, "one dial", || pbx.dials().len() == 1).await;
    release(&["ctrl", "alt", "p"]).await;

    let first = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    hold(&["ctrl", "alt", "h"]).await;
    pbx.wait_for(|state| state.call(first).is_none(), PATIENCE).await.expect("the end of it");
    agent.no_call().await;
    // The key is still held: a repeated press would hang up this one too.
    let next = pbx.ring(HARRIET.0, HARRIET.1, "204");
    agent.only_call(CallState::Ringing).await;
    holds_for(REPEATING, "the next call rings on", || pbx.call(next).is_some_and(|call| call.stage == Stage::Ringing)).await;
    release(&["ctrl", "alt", "h"]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_locks_of_the_keyboard_and_other_keys_change_nothing() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    for lock in ["Caps_Lock", "Num_Lock"] {
        session.run("xdotool", &["key", lock]).await;
        let call = pbx.ring(MARA.0, MARA.1, "204");
        agent.only_call(CallState::Ringing).await;
        // With one more key held it is not ours.
        session.run("xdotool", &["key", "ctrl+alt+shift+j"]).await;
        holds_for(QUIET, "a call that rings", || pbx.call(call).is_some_and(|call| call.stage == Stage::Ringing)).await;
        session.run("xdotool", &["key", "ctrl+alt+j"]).await;
        agent.only_call(CallState::Connected).await;
        session.run("xdotool", &["key", "ctrl+alt+h"]).await;
        agent.no_call().await;
    }
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_press_that_an_agent_without_time_finds_later_does_nothing() {
    let (session, pbx) = desk().await;
    let mut agent = AgentUnderTest::signed_in(&session, &pbx).await;
    settled(&agent).await;
    let _selected = session.offer_selection("primary", MARA.0).await;

    agent.running().freeze();
    session.key("ctrl+alt+p").await;
    // A little longer than a press is meant.
    holds_for(Duration::from_millis(2_500), "no dial", || pbx.dials().is_empty()).await;
    agent.running().thaw();

    session.notice("that it was too late", |notice| notice.summary.contains("too late")).await;
    holds_for(QUIET, "no dial", || pbx.dials().is_empty()).await;
    session.key("ctrl+alt+p").await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_test_says_whether_the_key_arrives_and_does_nothing_else() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    let _selected = session.offer_selection("primary", MARA.0).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;

    for (name, keys) in [(HotkeyName::Dial, "ctrl+alt+p"), (HotkeyName::Answer, "ctrl+alt+j")] {
        let (tested, ()) = tokio::join!(test(&agent, name), async {
            // By then the agent has the question, which goes before the next one on the same connection.
            settled(&agent).await;
            session.key(keys).await;
        });
        assert!(tested, "{name:?}");
    }
    // A wrong key within a test dials nothing either.
    let (tested, ()) = tokio::join!(test(&agent, HotkeyName::Window), async {
        settled(&agent).await;
        session.key("ctrl+alt+p").await;
    });
    assert!(!tested);
    holds_for(QUIET, "a call that rings, and no dial", || {
        pbx.dials().is_empty() && pbx.call(call).is_some_and(|call| call.stage == Stage::Ringing)
    })
    .await;

    session.key("ctrl+alt+j").await;
    agent.only_call(CallState::Connected).await;
    agent.ends_well(&pbx).await;
}

/// Asks for a test, and says whether the key arrived.
async fn test(agent: &AgentUnderTest<'_>, hotkey: HotkeyName) -> bool {
    let params = TestHotkeyParams { hotkey };
    agent.client.call::<TestHotkeyReply>(method::TEST_HOTKEY, &params).await.expect("a test").arrived
}

/// How the hotkeys do, once all of them were tried.
async fn settled(agent: &AgentUnderTest<'_>) -> HotkeysReply {
    wait_for("hotkeys that were tried", PATIENCE, async || {
        let told = agent.client.call::<HotkeysReply>(method::HOTKEYS, &Nothing {}).await.expect("an answer");
        told.hotkeys.iter().all(|hotkey| hotkey.health != HotkeyHealth::Asking).then_some(told)
    })
    .await
}

/// One of them.
async fn hotkey(agent: &AgentUnderTest<'_>, name: HotkeyName) -> HotkeyView {
    let told = settled(agent).await;
    told.hotkeys.into_iter().find(|hotkey| hotkey.name == name).expect("all four")
}

/// Writes the settings.
async fn choose(agent: &AgentUnderTest<'_>, desktop: &DesktopSettings) {
    let wanted = SetSettingsParams { desktop: Some(desktop.clone().into()), ..SetSettingsParams::default() };
    let set: SettingsReply = agent.client.call(method::SET_SETTINGS, &wanted).await.expect("set");
    assert_eq!(&set.desktop, desktop);
    settled(agent).await;
}

/// Keys for each hotkey.
fn all() -> DesktopSettings {
    DesktopSettings {
        dial_hotkey: Some("ctrl+alt+p".to_owned()),
        answer_hotkey: Some("ctrl+alt+j".to_owned()),
        hang_up_hotkey: Some("ctrl+alt+h".to_owned()),
        window_hotkey: Some("ctrl+alt+u".to_owned()),
        ..DesktopSettings::default()
    }
}

/// A desktop and a PBX; without window frames, as their program has some of the usual keys for itself.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options { frames: false, ..Options::default() }).await;
    (session, FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX"))
}
