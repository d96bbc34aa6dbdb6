//! The hotkeys under Wayland: the portal of the desktop has the keys.

use std::time::Duration;

use phone_control::protocol::{HotkeyHealth, HotkeyName, HotkeyView, HotkeysReply, Nothing, method};
use phone_core::DesktopSettings;
use phone_core::call::CallState;
use phone_core::request::CheckResult;
use phone_tests::desktop::{Options, PATIENCE, Session, ShortcutsManner, wait_for};
use phone_tests::vodia::{FakeVodia, Generation, Stage};

use crate::steady::holds_for;
use crate::stored::stored;
use crate::support::{AgentUnderTest, QUIET, Start, fake};
use crate::{HARRIET, MARA, all, choose, hotkey, settled, test};

#[tokio::test]
async fn the_desktop_gives_the_keys_and_tells_the_presses() {
    let (session, pbx) = desk().await;
    let portal = session.start_shortcuts(ShortcutsManner::Gives).await;
    let agent = signed_in(&session, &pbx).await;
    portal.wants(&[("dial-selection", "CTRL+ALT+p")]).await;
    assert_eq!(portal.app().as_deref(), Some("trayphone"), "the desktop keeps what the user allowed under this name");

    choose(&agent, &all()).await;

    let wanted =
        [("dial-selection", "CTRL+ALT+p"), ("answer", "CTRL+ALT+j"), ("hang-up", "CTRL+ALT+h"), ("show-window", "CTRL+ALT+u")];
    portal.wants(&wanted).await;
    portal.others_ended(false).await;
    let answer = hotkey(&agent, HotkeyName::Answer).await;
    assert_eq!((answer.health, answer.keys.as_deref()), (HotkeyHealth::Works, Some("Press CTRL+ALT+j")));
    assert!(settled(&agent).await.by_desktop);
    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    // Whoever sends the same signal is not the desktop.
    portal.press_by_a_stranger("answer").await;
    holds_for(QUIET, "a call that rings", || pbx.call(call).is_some_and(|call| call.stage == Stage::Ringing)).await;
    portal.press("answer").await;
    agent.only_call(CallState::Connected).await;
    portal.press("hang-up").await;
    agent.no_call().await;
    let windows = agent.window_calls().len();
    portal.press("show-window").await;
    wait_for("the window", PATIENCE, async || (agent.window_calls().len() > windows).then_some(())).await;

    portal.change("answer", "Super+F9").await;
    wait_for("the keys of the desktop", PATIENCE, async || {
        let check = agent.check("answer hotkey").await;
        (check.text == "Super+F9 answers the call that rings.").then_some(())
    })
    .await;
    agent.ends_well(&pbx).await;
    assert_eq!(portal.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_held_key_whose_release_nobody_tells_is_one_press() {
    let (session, pbx) = desk().await;
    let portal = session.start_shortcuts(ShortcutsManner::Gives).await;
    let agent = signed_in(&session, &pbx).await;
    choose(&agent, &all()).await;
    let first = pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    portal.press("answer").await;
    agent.only_call(CallState::Connected).await;

    let held = async {
        let mut repeats = tokio::time::interval(Duration::from_millis(40));
        loop {
            repeats.tick().await;
            portal.repeat("hang-up").await;
        }
    };
    let meanwhile = async {
        pbx.wait_for(|state| state.call(first).is_none(), PATIENCE).await.expect("the end of it");
        agent.no_call().await;
        let next = pbx.ring(HARRIET.0, HARRIET.1, "204");
        agent.only_call(CallState::Ringing).await;
        holds_for(QUIET * 2, "the next call rings on", || pbx.call(next).is_some_and(|call| call.stage == Stage::Ringing)).await;
    };
    tokio::select! {
        () = held => {}
        () = meanwhile => {}
    }
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_test_works_with_the_desktop_too() {
    let (session, pbx) = desk().await;
    let portal = session.start_shortcuts(ShortcutsManner::Gives).await;
    let agent = signed_in(&session, &pbx).await;
    settled(&agent).await;

    let (arrived, ()) = tokio::join!(test(&agent, HotkeyName::Dial), async {
        settled(&agent).await;
        portal.press("dial-selection").await;
    });

    assert!(arrived);
    holds_for(QUIET, "no dial and no word", || pbx.dials().is_empty()).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_no_is_kept_until_the_user_wants_to_be_asked_again() {
    let (session, pbx) = desk().await;
    let portal = session.start_shortcuts(ShortcutsManner::Refuses).await;
    let agent = signed_in(&session, &pbx).await;
    let dial = broken(&agent, HotkeyHealth::Refused).await;
    assert_eq!(dial.command, "trayphone --dial-selection");
    assert!(dial.remedy.is_some_and(|remedy| remedy.contains("trayphone --dial-selection")));
    session.notice("a word about it", |notice| notice.summary.contains("was not allowed")).await;
    let questions = portal.questions();
    stored(&session).await;
    agent.stop().await;

    // The next login does not ask again.
    let agent = start(&session).await;
    agent.online().await;
    broken(&agent, HotkeyHealth::Refused).await;
    holds_for(QUIET, "no question", || portal.questions() == questions).await;

    portal.set(ShortcutsManner::Gives);
    agent.client.call::<HotkeysReply>(method::RETRY_HOTKEYS, &Nothing {}).await.expect("an answer");
    works(&agent).await;
    agent.wait_view("no hint", |view| view.hints.iter().all(|hint| hint.about != "hotkey")).await;
    agent.ends_well(&pbx).await;
    assert_eq!(portal.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn keys_that_the_desktop_gives_only_to_some_are_told() {
    let (session, pbx) = desk().await;
    let _portal = session.start_shortcuts(ShortcutsManner::GivesOne).await;
    let agent = signed_in(&session, &pbx).await;

    choose(&agent, &DesktopSettings { answer_hotkey: Some("ctrl+alt+j".to_owned()), ..DesktopSettings::default() }).await;

    assert_eq!(hotkey(&agent, HotkeyName::Dial).await.health, HotkeyHealth::Works);
    assert_eq!(hotkey(&agent, HotkeyName::Answer).await.health, HotkeyHealth::Unbound);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_portal_that_starts_again_is_asked_again_and_one_that_takes_back_is_not() {
    let (session, pbx) = desk().await;
    let portal = session.start_shortcuts(ShortcutsManner::Gives).await;
    let agent = signed_in(&session, &pbx).await;
    works(&agent).await;

    session.stop_shortcuts(portal).await;
    broken(&agent, HotkeyHealth::Failed).await;
    let portal = session.start_shortcuts(ShortcutsManner::Gives).await;
    works(&agent).await;
    choose(&agent, &all()).await;
    pbx.ring(MARA.0, MARA.1, "204");
    agent.only_call(CallState::Ringing).await;
    portal.press("answer").await;
    agent.only_call(CallState::Connected).await;

    let questions = portal.questions();
    portal.close_session().await;
    broken(&agent, HotkeyHealth::Refused).await;
    holds_for(QUIET, "no question", || portal.questions() == questions).await;
    agent.ends_well(&pbx).await;
    assert_eq!(portal.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_question_that_is_not_wanted_any_more_leaves_the_screen() {
    let (session, pbx) = desk().await;
    let portal = session.start_shortcuts(ShortcutsManner::Waits).await;
    let agent = signed_in(&session, &pbx).await;
    portal.wants(&[("dial-selection", "CTRL+ALT+p")]).await;

    choose(&agent, &DesktopSettings { dial_hotkey: None, ..DesktopSettings::default() }).await;

    portal.others_ended(true).await;
    assert_eq!(hotkey(&agent, HotkeyName::Dial).await.health, HotkeyHealth::Off);
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_desktop_without_keys_for_programs_offers_the_command() {
    let (session, pbx) = desk().await;
    let agent = signed_in(&session, &pbx).await;

    let dial = broken(&agent, HotkeyHealth::NoWay).await;
    assert!(dial.remedy.is_some_and(|remedy| remedy.contains("trayphone --dial-selection")));
    session.notice("the command", |notice| notice.body.contains("trayphone --dial-selection")).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Problem);

    // One that comes later is found.
    let portal = session.start_shortcuts(ShortcutsManner::KnowsNobody).await;
    let dial = broken(&agent, HotkeyHealth::NotKnown).await;
    assert!(dial.remedy.is_some_and(|remedy| remedy.contains("trayphone --register")));
    assert_eq!(portal.violations(), Vec::<String>::new());
    agent.ends_well(&pbx).await;
}

/// Waits until dialling does not work for this reason.
async fn broken(agent: &AgentUnderTest<'_>, health: HotkeyHealth) -> HotkeyView {
    wait_for(&format!("a hotkey that is {health:?}"), PATIENCE, async || {
        Some(hotkey(agent, HotkeyName::Dial).await).filter(|dial| dial.health == health)
    })
    .await
}

async fn works(agent: &AgentUnderTest<'_>) {
    broken(agent, HotkeyHealth::Works).await;
}

async fn signed_in<'a>(session: &'a Session, pbx: &FakeVodia) -> AgentUnderTest<'a> {
    let agent = start(session).await;
    agent.add_account("office", pbx).await.expect("an account");
    agent.online().await;
    agent
}

/// An agent that is told of a Wayland desktop; its screen is the X server of the session all the same.
async fn start(session: &Session) -> AgentUnderTest<'_> {
    let environment = vec![("XDG_SESSION_TYPE".to_owned(), "wayland".to_owned())];
    AgentUnderTest::start_with(session, Start { environment, ..Start::default() }).await
}

async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options { frames: false, ..Options::default() }).await;
    (session, FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX"))
}
