//! Presses that are meant once: pressed twice, pressed on what stood there before, or on what nobody answers any more.

mod steady;
mod stored;
mod support;

use std::fs;
use std::path::Path;

use phone_control::protocol::{SetSettingsParams, SettingsReply, method};
use phone_core::DesktopSettings;
use phone_core::call::CallState;
use phone_core::view::LinkName;
use phone_tests::desktop::{MenuEntry, Notice, Options, PATIENCE, Session, TrayItem, wait_for, wait_until};
use phone_tests::vodia::{Call, FakeVodia, Generation, Stage};
use steady::holds_for;
use stored::stored;
use support::{AgentUnderTest, PROMPTLY, QUIET, fake};

/// A caller outside the company.
const MARA: (&str, &str) = ("+493023125117", "Mara Beispiel");

#[tokio::test]
async fn answer_pressed_twice_in_the_menu_answers_and_does_not_hold() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    let (icon, answer) = row(&agent, "Answer").await;

    session.press_row(&icon, answer.id).await;
    session.press_row(&icon, answer.id).await;
    agent.menu_where("a call that can be held", |menu| menu.find("Hold").is_some_and(|hold| hold.enabled)).await;
    // The row that answers stood where the one that holds stands now.
    session.press_row(&icon, answer.id).await;

    holds_for(QUIET, "a call that nobody holds", || {
        pbx.call(call).is_some_and(|call| call.stage == Stage::Connected && !call.is_held())
    })
    .await;
    assert_eq!(actions(&pbx).iter().filter(|name| name.contains("hold")).count(), 0, "{:?}", actions(&pbx));
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn hold_pressed_twice_in_the_menu_holds() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    agent.press_menu("Answer").await;
    agent.only_call(CallState::Connected).await;
    let (icon, hold) = row(&agent, "Hold").await;

    session.press_row(&icon, hold.id).await;
    session.press_row(&icon, hold.id).await;
    agent.menu_where("a held call", |menu| menu.find("Resume").is_some_and(|resume| resume.enabled)).await;
    session.press_row(&icon, hold.id).await;

    holds_for(QUIET, "a held call", || pbx.call(call).is_some_and(|call| call.is_held())).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn hang_up_pressed_twice_in_the_menu_leaves_the_other_call_alone() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let first = pbx.ring(MARA.0, MARA.1, "204");
    agent.press_menu("Answer").await;
    agent.only_call(CallState::Connected).await;
    let (icon, hang_up) = row(&agent, "Hang up").await;

    session.press_row(&icon, hang_up.id).await;
    session.press_row(&icon, hang_up.id).await;
    pbx.wait_for(|state| state.call(first).is_none(), PATIENCE).await.expect("the PBX ends it");
    let second = pbx.ring("+442079460018", "Harriet Pell", "204");
    agent.menu_where("the next call", |menu| menu.find("Decline").is_some_and(|decline| decline.enabled)).await;
    session.press_row(&icon, hang_up.id).await;

    holds_for(QUIET, "the next call rings on", || pbx.call(second).is_some_and(|call| call.stage == Stage::Ringing)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn the_hotkey_and_a_number_of_the_menu_pressed_twice_dial_once() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let desktop = DesktopSettings { dial_hotkey: Some("ctrl+alt+d".to_owned()), ..DesktopSettings::default() };
    let wanted = SetSettingsParams { desktop: Some(desktop.into()), ..SetSettingsParams::default() };
    agent.client.call::<SettingsReply>(method::SET_SETTINGS, &wanted).await.expect("set");
    wait_for("the hotkey", PATIENCE, async || agent.check("hotkey").await.text.contains("Ctrl+Alt+D").then_some(())).await;
    let _selected = session.offer_selection("primary", MARA.0).await;

    let pressed = session.run("xdotool", &["key", "--delay", "40", "ctrl+alt+d", "ctrl+alt+d"]).await;
    assert!(pressed.success, "{}", pressed.stderr);

    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    holds_for(PROMPTLY, "one dial", || pbx.dials().len() == 1).await;
    pbx.hang_up_far(dial.call.expect("a call"));
    agent.no_call().await;

    let of_mara = |label: &&str| label.replace(' ', "").contains(MARA.0);
    let menu = agent.menu_where("the last number", |menu| menu.labels().iter().any(of_mara)).await;
    let label = (*menu.labels().iter().find(|label| of_mara(label)).expect("an entry")).to_owned();
    let (icon, last) = row(&agent, &label).await;
    for _ in 0..3 {
        session.press_row(&icon, last.id).await;
    }
    pbx.wait_for_dial(2, PATIENCE).await.expect("a second dial");
    holds_for(PROMPTLY, "one more dial", || pbx.dials().len() == 2).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn what_a_killed_agent_left_on_the_screen_goes_before_the_call_shows_again() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    let left = session.notice("the call", of_mara).await;
    remembered(&session).await;
    agent.kill();
    assert_eq!(session.notices_displayed().await, 1, "the service shows it on, although nobody would hear its buttons");

    let agent = AgentUnderTest::start(&session).await;

    session.notice_gone(&left, PATIENCE).await;
    agent.only_call(CallState::Ringing).await;
    let again = session.notice("the call once more", of_mara).await;
    assert!(again.called_at > left.called_at);
    holds_for(QUIET, "one notice", || session.notices().iter().filter(|notice| of_mara(notice)).count() == 1).await;
    assert_eq!(session.notices_displayed().await, 1);
    session.press_action("Answer").await;
    let talks = |call: &Call| call.stage == Stage::Connected;
    pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
    agent.ends_well(&pbx).await;
    assert!(!memory(&session).exists(), "nothing is left to withdraw");
}

#[tokio::test]
async fn a_call_that_is_over_leaves_the_screen_with_the_next_start() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    let left = session.notice("the call", of_mara).await;
    remembered(&session).await;
    agent.kill();
    pbx.hang_up_far(call);
    pbx.stop().await;

    // Not even a PBX is needed to know that nobody hears those buttons.
    let agent = AgentUnderTest::start(&session).await;

    session.notice_gone(&left, PATIENCE).await;
    assert_eq!(session.notices_displayed().await, 0);
    let text = fs::read_to_string(memory(&session)).unwrap_or_default();
    assert!(!text.contains("Mara") && !text.contains("23125117"), "{text}");
    agent.wait_view("offline", |view| view.accounts[0].link != LinkName::Online).await;
    agent.stop().await;
}

#[tokio::test]
async fn the_notice_of_another_program_with_the_same_number_stays() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    stored(&session).await;
    pbx.ring(MARA.0, MARA.1, "204");
    let left = session.notice("the call", of_mara).await;
    remembered(&session).await;
    agent.kill();
    // A new service counts from the beginning again.
    session.stop_notices().await;
    session.start_notices().await;
    let foreign = wait_for("a notice with the same number", PATIENCE, async || {
        let shown = session.run("notify-send", &["--print-id", "Lunch"]).await;
        let id: u32 = shown.stdout.trim().parse().expect("a number");
        (id == left.id.expect("a number")).then_some(id)
    })
    .await;

    let agent = AgentUnderTest::start(&session).await;
    agent.only_call(CallState::Ringing).await;
    session.notice("the call once more", of_mara).await;

    let is_foreign = |notice: &Notice| notice.id == Some(foreign) && notice.summary == "Lunch";
    holds_for(QUIET, "the other program's notice", || session.notices().iter().any(is_foreign)).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_notice_has_our_picture_without_any_registration() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    assert!(!session.home().join(".local/share/icons").exists());
    pbx.ring(MARA.0, MARA.1, "204");

    let notice = session.notice("the call", of_mara).await;

    let picture = fs::read(Path::new(&notice.icon)).unwrap_or_else(|error| panic!("{}: {error}", notice.icon));
    assert!(picture.starts_with(b"\x89PNG"), "{}", notice.icon);
    session.window_of_class("Dunst").await;
    support::picture_of_corner(&session, "notice-picture.png").await;
    agent.ends_well(&pbx).await;
}

/// A desktop and a PBX; without window frames, as their program has the usual hotkey for itself.
async fn desk() -> (Session, FakeVodia) {
    let session = Session::start(Options { frames: false, ..Options::default() }).await;
    (session, FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX"))
}

fn of_mara(notice: &Notice) -> bool {
    notice.summary == MARA.1
}

/// Where the agent keeps what the next start has to withdraw.
fn memory(session: &Session) -> std::path::PathBuf {
    session.root().join("run/trayphone/notices")
}

async fn remembered(session: &Session) {
    wait_until("the notice to be remembered", PATIENCE, || memory(session).exists()).await;
}

/// The actions that the PBX was asked for over sockets.
fn actions(pbx: &FakeVodia) -> Vec<String> {
    pbx.actions().into_iter().map(|action| action.name).collect()
}

/// Waits for a row of the menu that can be chosen.
async fn row(agent: &AgentUnderTest<'_>, label: &str) -> (TrayItem, MenuEntry) {
    let menu = agent.menu_where(label, |menu| menu.find(label).is_some_and(|entry| entry.enabled)).await;
    (agent.tray().await, menu.find(label).expect("just seen").clone())
}
