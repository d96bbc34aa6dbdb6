//! A link is meant for a quarter of a minute after the click, whatever it waited for; then it is offered.

use std::time::Duration;

use phone_control::protocol::{HandleLinkParams, Nothing, SetSettingsParams, SettingsReply, method};
use phone_core::DesktopSettings;
use phone_core::view::LinkName;
use phone_tests::desktop::{KEYRING_PASSWORD, PATIENCE, Prompter};

use crate::support::{AgentUnderTest, QUIET, Start};
use crate::{CALL, asks, desk, dials_are};

#[tokio::test]
async fn a_link_that_waited_too_long_since_its_click_is_offered_and_not_dialled() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    // Somebody who switched the question off would be called for at once.
    let desktop = DesktopSettings { ask_links: false, ..DesktopSettings::default() };
    let unasked = SetSettingsParams { desktop: Some(desktop.into()), ..SetSettingsParams::default() };
    agent.client.call::<SettingsReply>(method::SET_SETTINGS, &unasked).await.expect("set");
    let clicked = |ago: u64| Some(phone_control::now_ms() - ago);
    let click = async |number: &str, ago: u64| {
        let link = HandleLinkParams { uri: format!("tel:{number}"), clicked_ms: clicked(ago) };
        agent.client.call::<Nothing>(method::HANDLE_LINK, &link).await.expect("taken");
    };

    // As after a night's sleep of the machine between the click and this moment.
    click("+493055501", 15_001).await;
    let offer = session.notice("the offer", |notice| asks(notice, "+493055501")).await;
    assert_eq!(offer.buttons(), [CALL, "Cancel"], "{offer:?}");
    dials_are(&pbx, &[]).await;
    click("+493055502", 1_000).await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a link that is meant");
    dials_are(&pbx, &["+493055502"]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_while_offline_is_offered_at_once_and_again_until_it_can_be_called() {
    let (session, pbx) = desk().await;
    let agent = AgentUnderTest::start(&session).await;
    agent.online().await;
    // Not a start any more, during which a link would wait.
    pbx.stop().await;
    agent.wait_view("offline", |view| view.accounts[0].link == LinkName::Waiting).await;
    let link = HandleLinkParams { uri: "tel:+493055501".to_owned(), clicked_ms: Some(phone_control::now_ms() - 14_000) };
    agent.client.call::<Nothing>(method::HANDLE_LINK, &link).await.expect("taken");

    session.notice("the offer", |notice| asks(notice, "+493055501")).await;
    pbx.restart().await.expect("its port");
    agent.online().await;
    dials_are(&pbx, &[]).await;
    session.press_action(CALL).await;
    session.notice("the usual question", |notice| notice.body.contains("A link wants") && notice.is_shown()).await;
    session.press_action(CALL).await;
    pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    dials_are(&pbx, &["+493055501"]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_link_before_a_locked_keyring_is_told_and_offered_when_its_time_is_over() {
    let (session, pbx) = desk().await;
    session.keyring_locked(Prompter::Present).await;
    let arguments = vec!["tel:+493055501".to_owned()];
    let agent = AgentUnderTest::start_with(&session, Start { arguments, ..Start::default() }).await;
    session.notice("what it waits for", |notice| notice.buttons().contains(&"Unlock")).await;

    session.notice("the offer", |notice| asks(notice, "+493055501")).await;
    session.keyring_unlock(KEYRING_PASSWORD).await.expect("the password is right");
    agent.online().await;
    let more = pbx.wait_for_dial(1, QUIET + Duration::from_millis(300)).await;
    assert!(more.is_err(), "nothing is dialled that late");
    agent.ends_well(&pbx).await;
}
