//! A colleague's number stands on the screen, in a letter or in a notice, and is dialled from there.

use std::time::Duration;

use phone_core::call::{CallState, Direction, Outcome};
use phone_core::request::CheckResult;
use phone_tests::asterisk_bed::AmiUser;
use phone_tests::desktop::{PATIENCE, wait_for, wait_until};

use crate::steady::holds_for;
use crate::{dialled, office, over, signed_in};

/// Longer than a second dial could come after the first.
const BETWEEN: Duration = Duration::from_millis(2_500);

#[tokio::test]
async fn selected_in_a_terminal_and_the_hotkey_pressed_two_phones_ring_one_after_the_other_and_once() {
    let (session, bed) = office().await;
    let (own, bob) = (bed.phone("100").await, bed.phone("101").await);
    let agent = signed_in(&session, &bed, "100", AmiUser::Tray, &[]).await;
    assert_eq!(agent.check("hotkey").await.result, CheckResult::Ok);
    let mut command = session.command("xterm");
    command.args(["-T", "letter", "-geometry", "60x10+60+400", "-e", "sh", "-c"]);
    command.arg("for line in 1 2 3 4 5 6 7 8 9; do echo '101          is Bob'; done; exec sleep 600");
    let _letter = session.spawn("xterm-letter", command);
    let window = session.window_active("letter").await;
    let place = session.window_of_class("XTerm").await;
    wait_for("the number to be selected", PATIENCE, async || {
        session.double_click(place.x + place.width * 2 / 60, place.y + place.height / 2).await;
        (session.selection("primary").await.as_deref() == Some("101")).then_some(())
    })
    .await;

    session.key("ctrl+alt+p").await;

    let lifted = own.wait_incoming().await;
    assert_eq!(bob.incoming(), 0, "nobody is called before the own phone is lifted");
    let call = agent.only_call(CallState::CallingOwnPhone).await;
    assert_eq!(call.remote.number.as_deref(), Some("101"));
    own.accept(&lifted).await;
    let rings = bob.wait_incoming().await;
    assert_eq!(rings.other, "100", "the colleague sees who calls");
    let call = agent.only_call(CallState::Ringing).await;
    assert_eq!((call.direction, call.remote.name.as_deref()), (Direction::Outgoing, Some("Bob Example")));
    bob.accept(&rings).await;
    own.wait_established(&lifted).await;
    bob.wait_established(&rings).await;
    let call = agent.only_call(CallState::Connected).await;
    assert_eq!(call.remote.number.as_deref(), Some("101"));
    assert_eq!(session.active_window().await.map(|active| active.id), Some(window.id), "the focus stays");
    holds_for(BETWEEN, "one dial", || (own.incoming(), bob.incoming()) == (1, 1)).await;

    bob.hang_up(&rings).await;
    own.wait_closed(&lifted).await;
    let record = over(&session, &bed, &agent, Outcome::Answered).await;
    assert_eq!(record.remote.number.as_deref(), Some("101"));
    assert_eq!(dialled(&bed), ["101"]);
    assert_eq!((own.incoming(), bob.incoming()), (1, 1));
    agent.stop().await;
}

#[tokio::test]
async fn a_call_that_was_missed_is_called_back_once() {
    let (session, bed) = office().await;
    let (own, bob) = (bed.phone("100").await, bed.phone("101").await);
    let agent = signed_in(&session, &bed, "100", AmiUser::Tray, &[]).await;

    let out = bob.dial("100").await;
    own.wait_incoming().await;
    agent.only_call(CallState::Ringing).await;
    bob.hang_up(&out).await;
    let missed = session.notice("a missed call", |notice| notice.summary.starts_with("Missed call")).await;
    assert_eq!(missed.buttons(), ["Call back", "Dismiss"]);
    assert!(missed.body.contains("Bob Example") && missed.body.contains("101"), "{}", missed.body);
    assert_eq!(agent.view().missed, 1);
    bed.quiet().await;

    session.press_action("Call back").await;

    let lifted = own.wait_incoming().await;
    own.accept(&lifted).await;
    let rings = bob.wait_incoming().await;
    bob.accept(&rings).await;
    own.wait_established(&lifted).await;
    agent.only_call(CallState::Connected).await;
    holds_for(BETWEEN, "one dial", || (own.incoming(), bob.incoming()) == (2, 1)).await;

    bob.hang_up(&rings).await;
    bed.quiet().await;
    let view = agent.no_call().await;
    assert_eq!(view.missed, 0);
    agent.tray_shows("online").await;
    wait_until("no notice to be left", PATIENCE, || session.notices().is_empty()).await;
    assert_eq!(dialled(&bed), ["101"]);
    agent.stop().await;
}
