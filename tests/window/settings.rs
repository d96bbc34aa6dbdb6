//! Settings: each switch does at once what it says, shows what is so, and can be undone.

use phone_control::protocol::{Nothing, SettingsReply, method};

use crate::support::AgentUnderTest;
use crate::{at_work, desk, modern};

async fn settings(agent: &AgentUnderTest<'_>) -> SettingsReply {
    agent.client.call(method::GET_SETTINGS, &Nothing {}).await.expect("the settings")
}

#[tokio::test]
async fn switches_do_what_they_say_and_can_be_undone() {
    let (session, pbx) = (desk().await, modern().await);
    let (agent, page) = at_work(&session, &pbx).await;
    page.press("button", "Settings").await;
    let switch = async |name: &str| {
        let switch = page.find("switch", name).await;
        page.script("return arguments[0].checked", vec![switch.argument()]).await == serde_json::json!(true)
    };
    let is = async |name: &str, on: bool| {
        page.waits(&format!("the switch {name} to be {on}"), async || (switch(name).await == on).then_some(())).await;
    };

    // Starting with the session, and back.
    let entry = session.home().join(".config/autostart/trayphone.desktop");
    is("Start with the session", false).await;
    page.press("switch", "Start with the session").await;
    is("Start with the session", true).await;
    assert!(entry.exists() && settings(&agent).await.autostart);
    page.press("button", "Undo").await;
    is("Start with the session", false).await;
    assert!(!entry.exists());

    // Links.
    is("Open pbx: links", false).await;
    page.press("switch", "Open pbx: links").await;
    is("Open pbx: links", true).await;
    assert!(settings(&agent).await.handler["pbx"]);
    page.press("button", "Open a test link").await;
    page.shows("It arrived. Nothing was dialled.").await;
    page.press("switch", "Open pbx: links").await;
    is("Open pbx: links", false).await;

    // A hotkey is taken, tested with the real key, and given up.
    page.clear("Show the window").await;
    page.type_into("Show the window", "ctrl+alt+j").await;
    session.key("Tab").await;
    page.press("button", "Test: Show the window").await;
    page.shows("Press Ctrl+Alt+J now.").await;
    session.key("ctrl+alt+j").await;
    page.shows("It works.").await;
    assert_eq!(settings(&agent).await.desktop.window_hotkey.as_deref(), Some("ctrl+alt+j"));

    // One line among many is found by a word of it.
    page.type_into("Find a setting", "lock screen").await;
    page.find("switch", "Names on the lock screen").await;
    page.gone("switch", "Start with the session").await;
    page.clear("Find a setting").await;

    // The own phone.
    page.press("switch", "Do not disturb").await;
    is("Do not disturb", true).await;
    page.find_begins("button", "Your state: Do not disturb").await;
    page.press("button", "Check now").await;
    page.shows("autostart").await;
    assert!(pbx.dials().is_empty());
    agent.ends_well(&pbx).await;
}
