//! A colleague calls from a phone on their desk.

use phone_core::call::{CallState, Outcome};
use phone_core::view::Can;
use phone_tests::asterisk_bed::{AmiUser, Manner};
use phone_tests::desktop::{Notice, Session};

use crate::support::{AgentUnderTest, PROMPTLY};
use crate::{dialled, office, over, signed_in};

/// Waits until the screen shows who is calling, and with which number.
async fn bob_is_calling(session: &Session, agent: &AgentUnderTest<'_>) -> Notice {
    let notice = session.notice("the colleague's name", |notice| notice.summary == "Bob Example").await;
    assert_eq!(notice.body.lines().next(), Some("101"));
    agent.tray_where("who is calling", |item| item.tooltip_title == "Bob Example is calling").await;
    notice
}

#[tokio::test]
async fn declined_on_the_notice_the_caller_hears_busy() {
    let (session, bed) = office().await;
    let (own, bob) = (bed.phone("100").await, bed.phone("101").await);
    let agent = signed_in(&session, &bed, "100", AmiUser::Tray, &[]).await;

    let out = bob.dial("100").await;
    let rings = own.wait_incoming().await;
    let notice = bob_is_calling(&session, &agent).await;
    // This phone cannot be told to answer, so nothing says that it could be.
    assert_eq!(notice.buttons(), ["Decline"]);
    assert!(notice.body.contains("at the phone"), "{}", notice.body);
    session.press_action("Decline").await;

    assert_eq!(bob.wait_closed(&out).await, "486 Busy Here");
    own.wait_closed(&rings).await;
    session.notice_gone(&notice, PROMPTLY).await;
    let record = over(&session, &bed, &agent, Outcome::Declined).await;
    assert_eq!((record.remote.name.as_deref(), record.remote.number.as_deref()), (Some("Bob Example"), Some("101")));
    assert_eq!(dialled(&bed), Vec::<String>::new());
    agent.stop().await;
}

#[tokio::test]
async fn answered_on_the_notice_the_phone_talks_until_the_tray_hangs_up() {
    let (session, bed) = office().await;
    let (own, bob) = (bed.scripted_phone(Manner::default()).await, bed.phone("101").await);
    let agent = signed_in(&session, &bed, "103", AmiUser::TraySystem, &["answer=notify-endpoint"]).await;

    let out = bob.dial("103").await;
    let rings = own.wait_incoming().await;
    let notice = bob_is_calling(&session, &agent).await;
    assert_eq!(notice.buttons(), ["Answer", "Decline"]);
    session.screenshot("real-pbx-rings.png").await;
    session.press_action("Answer").await;

    bob.wait_established(&out).await;
    own.wait_established(&rings).await;
    let (left, right) = (bed.leg("PJSIP/103-", "Up").await, bed.leg("PJSIP/101-", "Up").await);
    assert!(!left.bridge.is_empty() && left.bridge == right.bridge, "{left:?} {right:?}");
    assert_eq!(own.notified(), ["talk"]);
    session.notice_gone(&notice, PROMPTLY).await;
    let call = agent.only_call(CallState::Connected).await;
    assert!(call.can.contains(&Can::HangUp) && !call.can.contains(&Can::Answer), "{:?}", call.can);
    let tray = agent.tray_shows("in-call").await;
    assert_eq!(tray.tooltip_title, "Bob Example: in a call");

    agent.press_menu("Hang up").await;

    bob.wait_closed(&out).await;
    own.wait_closed(&rings).await;
    over(&session, &bed, &agent, Outcome::Answered).await;
    assert_eq!(dialled(&bed), Vec::<String>::new());
    agent.stop().await;
}
