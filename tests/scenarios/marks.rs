//! What must outlive the agent, also when it is killed: the numbers of calls, and what was looked at.

use std::sync::Arc;

use phone_core::{Code, Request};
use phone_tests::vodia::Generation;

use crate::support::{ALL, Desk, SOON, fails, fake};

#[tokio::test]
async fn a_name_of_a_call_never_means_another_one() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        let (call, first) = desk.talking(&pbx).await;
        assert_eq!(first.0, "office/c1");
        // Killed: what is on disk is all there is, and the call is not in the history.
        desk.written();
        let (dir, vault) = (Arc::clone(&desk.dir), Arc::clone(&desk.vault));
        drop(desk);
        pbx.wait_for(|s| s.open_sockets(None) == 0, SOON).await.expect("gone");
        pbx.hang_up_far(call);
        let desk = Desk::on(dir, vault);
        desk.online().await;
        let (_, second) = desk.talking(&pbx).await;
        assert_ne!(first, second, "{generation:?}");
        // A wish that was about the first one does nothing to the second.
        fails(&desk.engine.ask(Request::HangUp(Some(first))).await, Code::NoSuchCall, "");
        assert_eq!(desk.settle().await.calls.first().map(|c| c.id.clone()), Some(second.clone()));
        assert!(second.0.strip_prefix("office/c").is_some_and(|n| n.parse::<u64>().is_ok_and(|n| n < 10_000)), "{second:?}");
    }
}

#[tokio::test]
async fn missed_calls_are_shown_after_a_restart_until_somebody_looks() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    for _ in 0..2 {
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        pbx.hang_up_far(call);
        desk.wait_view("over", |v| v.calls.is_empty()).await;
    }
    desk.wait_view("missed", |v| v.missed == 2).await;
    let desk = desk.restarted();
    desk.wait_view("missed calls of before", |v| v.missed == 2).await;
    assert!(desk.engine.ask(Request::MissedSeen).await.is_ok());
    desk.wait_view("seen", |v| v.missed == 0).await;
    let desk = desk.restarted();
    desk.wait_view("the calls of before", |v| v.recent.len() == 2).await;
    assert_eq!(desk.settle().await.missed, 0);
    let call = pbx.ring("+4930555002", "Erika Muster", "204");
    desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
    pbx.hang_up_far(call);
    desk.wait_view("missed", |v| v.missed == 1).await;
    desk.restarted().wait_view("missed", |v| v.missed == 1).await;
}
