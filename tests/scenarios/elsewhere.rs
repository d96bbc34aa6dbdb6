//! A PBX that goes on showing a call that a colleague took: nothing of it is ours.

use phone_core::call::Outcome;
use phone_core::{CallState, Code, EventName, Request};
use phone_tests::vodia::Generation;

use crate::support::{Desk, SOON, clean, fake_with};

#[tokio::test]
async fn a_call_that_a_colleague_took_cannot_be_touched_from_here() {
    let pbx = fake_with(Generation::G3, |o| o.elsewhere_stays = true).await;
    let desk = Desk::signed_in(&pbx).await;
    let mut events = desk.engine.events();
    let call = pbx.ring_group("+4930555001", "Mara Beispiel", "700");
    desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
    assert!(pbx.answer_elsewhere(call, "205"));
    Desk::event(&mut events, EventName::CallEnded).await;
    let view = desk.wait_view("withdrawn", |v| v.calls.is_empty() && !v.recent.is_empty()).await;
    assert_eq!((view.recent[0].outcome, view.missed), (Outcome::AnsweredElsewhere, 0));
    for request in [Request::HangUp(None), Request::Hold(None), Request::Answer(None)] {
        assert!(desk.engine.ask(request).await.is_err());
    }
    assert!(pbx.call(call).is_some_and(|call| call.taking_part == ["205"] && !call.is_held()), "she talks on");
    // Neither a fresh picture nor the end of her call makes it one of ours.
    pbx.kick().await;
    desk.lost().await;
    desk.online().await;
    assert_eq!(desk.settle().await.calls.len(), 0);
    pbx.hang_up_far(call);
    let view = desk.settle().await;
    assert_eq!((view.calls.len(), view.recent.len(), view.missed), (0, 1, 0));
    let calls = desk.history().await;
    assert_eq!(calls.iter().map(|call| call.outcome).collect::<Vec<_>>(), [Outcome::AnsweredElsewhere]);
    clean(&pbx);
}

#[tokio::test]
async fn an_answer_that_comes_after_a_colleagues_is_not_taken_for_ours() {
    let pbx = fake_with(Generation::G3, |o| o.elsewhere_stays = true).await;
    // This phone does not react, so that hers is faster.
    pbx.change_account("204", |a| a.remote_answer = false);
    let desk = Desk::signed_in(&pbx).await;
    let call = pbx.ring_group("+4930555001", "Mara Beispiel", "700");
    desk.wait_view("ringing", |v| v.calls.iter().any(|c| c.state == CallState::Ringing)).await;
    let engine = desk.engine.clone();
    let answering = tokio::spawn(async move { engine.ask(Request::Answer(None)).await });
    let sent = |s: &phone_tests::vodia::State| s.requests().iter().any(|r| r.method == "POST" && r.path.ends_with("/calls"));
    pbx.wait_for(sent, SOON).await.expect("the answer is on its way");
    assert!(pbx.answer_elsewhere(call, "205"));
    let answer = tokio::time::timeout(SOON, answering).await.expect("an answer").expect("no panic");
    assert_eq!(answer.map(|_| ()).map_err(|trouble| trouble.code), Err(Code::NoSuchCall));
    let view = desk.wait_view("withdrawn", |v| v.calls.is_empty() && !v.recent.is_empty()).await;
    assert_eq!((view.recent[0].outcome, view.missed), (Outcome::AnsweredElsewhere, 0));
    clean(&pbx);
}
