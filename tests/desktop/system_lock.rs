//! The lock of the screen: what it does to notices that stand there already, and who is believed about it.

use phone_tests::desktop::{Notice, Session};
use phone_tests::vodia::{FakeVodia, Generation};

use crate::support::{AgentUnderTest, PROMPTLY, QUIET, fake};
use crate::{desktop, locked};

fn is_missed(notice: &Notice) -> bool {
    notice.summary.starts_with("Missed call")
}

#[tokio::test]
async fn notices_shown_before_the_lock_lose_names_and_the_button_that_dials_until_it_is_over() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("the caller's name", |notice| notice.summary == "Mara Beispiel").await;
    pbx.hang_up_far(call);
    session.notice("a missed call with its name", |notice| is_missed(notice) && notice.body.contains("Mara")).await;
    pbx.ring("+442079460018", "Harriet Pell", "204");
    session.notice("the next caller's name", |notice| notice.summary == "Harriet Pell").await;
    agent.call_again(&["tel:+493055502"]).await;
    session.notice("a question", |notice| notice.summary.starts_with("Call ")).await;

    session.lock_screen().await;
    let missed = session.notice("a missed call without a name", |notice| is_missed(notice) && notice.body.is_empty()).await;
    assert_eq!(missed.buttons(), ["Dismiss"], "nothing on a locked screen dials");
    let rings = session.notice("a call without a name", |notice| notice.summary == "Incoming call").await;
    assert_eq!(rings.buttons(), ["Answer", "Decline"]);
    let readable = || {
        let texts = session.notices().into_iter().map(|notice| format!("{} {}", notice.summary, notice.body));
        texts
            .filter(|text| ["Mara", "Pell", "23125117", "55502"].iter().any(|private| text.contains(private)))
            .collect::<Vec<_>>()
    };
    phone_tests::desktop::wait_until("nothing private on the screen", PROMPTLY, || readable() == Vec::<String>::new()).await;
    assert_eq!(session.notices().len(), 2, "{:#?}", session.notices());

    session.unlock_screen().await;
    let missed =
        session.notice("the missed call with its name", |notice| is_missed(notice) && notice.body.contains("Mara")).await;
    assert_eq!(missed.buttons(), ["Call back", "Dismiss"]);
    session.notice("the call with its name", |notice| notice.summary == "Harriet Pell").await;
    assert_eq!(session.notices().len(), 2, "{:#?}", session.notices());
    assert!(pbx.dials().is_empty());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_notice_that_was_closed_does_not_come_back_with_the_lock() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring("+493023125117", "Mara Beispiel", "204");
    session.notice("the caller's name", |notice| notice.summary == "Mara Beispiel").await;
    pbx.hang_up_far(call);
    session.notice("a missed call", is_missed).await;
    // Somebody looks at a notice before they close it; one that ends in the moment it appears is nobody's doing.
    session.screenshot("missed-before-lock.png").await;
    session.close_notice().await;

    session.lock_screen().await;
    locked(&agent, true).await;
    session.unlock_screen().await;
    locked(&agent, false).await;

    let again = tokio::time::timeout(QUIET, session.notice("it again", is_missed)).await;
    assert!(again.is_err(), "{again:#?}");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_lock_that_ended_while_the_login_service_was_away_is_over() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    session.lock_screen().await;
    locked(&agent, true).await;

    session.stop_login().await;
    session.start_login().await;

    locked(&agent, false).await;
    agent.call_again(&["tel:+493055502"]).await;
    session.notice("a question", |notice| notice.summary.starts_with("Call ")).await;
    agent.ends_well(&pbx).await;
}
