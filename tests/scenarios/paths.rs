//! The path of a dial, and what counts as a sign of life: from what the server can, never by trying a second way.

use std::time::{Duration, Instant};

use phone_core::view::LinkName;
use phone_core::{AccountConfig, CallState, Code, Request};
use phone_tests::vodia::{DialPath, FakeVodia, FarEnd, FirstLeg, Generation, OwnPhone, SocketControl, What};

use crate::support::{Desk, account, clean, fails, fake_with, figure, keys};

/// Paths of all dials that arrived, in order.
fn paths(pbx: &FakeVodia) -> Vec<DialPath> {
    pbx.dials().iter().map(|d| d.path).collect()
}

#[tokio::test]
async fn click_to_dial_is_the_choice_where_nothing_else_exists() {
    // Sign-in with a password needs the resource of calls, so this server is signed in to by a token.
    let pbx = fake_with(Generation::G3, |o| o.rest_control = false).await;
    let desk = Desk::new();
    let page = keys(&[("token_url", &pbx.token_url())]);
    assert!(desk.add_config(AccountConfig { keys: page, ..account(&pbx.url()) }, None).await.is_ok());
    desk.online().await;
    pbx.set_far_end("+4930555001", FarEnd::AnswersAfter(Duration::from_millis(100)));
    let answer = desk.dial("+4930555001").await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(paths(&pbx), [DialPath::RemoteCall], "known before anything was sent");
    desk.wait_view("connected", |v| v.calls.len() == 1 && v.calls[0].state == CallState::Connected).await;
    assert_eq!(pbx.dials().len(), 1);
    clean(&pbx);
}

#[tokio::test]
async fn click_to_dial_follows_a_refused_resource_for_the_next_call_only() {
    let pbx = fake_with(Generation::G3, |_| {}).await;
    let desk = Desk::signed_in(&pbx).await;
    pbx.refuse_with(What::Rest, 404);
    fails(&desk.dial("+4930555001").await, Code::RefusedByPbx, "refused");
    assert_eq!(paths(&pbx), [DialPath::Rest], "the failed one is not repeated");
    assert!(desk.settle().await.calls.is_empty());
    pbx.behave();
    // Its socket has answered no question of the old kind, so nobody knows that it would dial.
    let answer = desk.dial("+4930555001").await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(paths(&pbx), [DialPath::Rest, DialPath::RemoteCall]);
    assert_eq!(pbx.calls().len(), 1);
    // It is remembered over a restart of the agent.
    let desk = desk.restarted();
    desk.online().await;
    let answer = desk.dial("+4930555002").await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(paths(&pbx), [DialPath::Rest, DialPath::RemoteCall, DialPath::RemoteCall]);
    clean(&pbx);
}

#[tokio::test]
async fn a_server_whose_socket_answers_nothing_is_dialled_by_its_resource() {
    let pbx = fake_with(Generation::G2, |o| {
        o.answers_asks = false;
        o.socket_control = SocketControl::Nothing;
        o.rest_control = true;
    })
    .await;
    let desk = Desk::new();
    assert!(desk.add(&pbx, &[]).await.is_ok());
    desk.online().await;
    let answer = desk.dial("+4930555001").await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(paths(&pbx), [DialPath::Rest]);
    pbx.refuse_with(What::Rest, 404);
    fails(&desk.dial("+4930555002").await, Code::RefusedByPbx, "refused");
    assert_eq!(paths(&pbx), [DialPath::Rest, DialPath::Rest], "nothing else was sent for it");
    pbx.behave();
    desk.online().await;
    let answer = desk.dial("+4930555003").await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(paths(&pbx), [DialPath::Rest, DialPath::Rest, DialPath::RemoteCall]);
}

#[tokio::test]
async fn an_old_action_is_the_choice_where_the_socket_knows_the_old_words() {
    let pbx = fake_with(Generation::G3, |o| {
        o.answers_asks = true;
        o.socket_control = SocketControl::Full;
    })
    .await;
    let desk = Desk::signed_in(&pbx).await;
    pbx.refuse_with(What::Rest, 404);
    fails(&desk.dial("+4930555001").await, Code::RefusedByPbx, "refused");
    pbx.behave();
    let answer = desk.dial("+4930555001").await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(paths(&pbx), [DialPath::Rest, DialPath::Socket]);
    clean(&pbx);
}

#[tokio::test]
async fn the_own_phone_is_named_where_the_server_names_it() {
    let pbx = fake_with(Generation::G3, |o| {
        o.own_phone = OwnPhone::UserLifts;
        o.first_leg = FirstLeg::OwnExtension;
    })
    .await;
    let desk = Desk::signed_in(&pbx).await;
    let answer = desk.dial("+4930555001").await;
    assert!(answer.is_ok(), "{answer:?}");
    let view = desk.wait_view("lift", |v| v.calls[0].state == CallState::CallingOwnPhone).await;
    let id = view.calls[0].id.clone();
    assert!(pbx.answer(pbx.dials()[0].call.expect("a call")));
    desk.wait_view("rings there", |v| v.calls[0].state == CallState::Ringing && v.calls[0].id == id).await;
    assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok());
    desk.wait_view("over", |v| v.calls.is_empty()).await;
    clean(&pbx);
}

/// Needs longer than a link may be silent, once for all kinds of servers together.
#[tokio::test]
async fn a_quiet_server_without_pongs_is_not_dropped() {
    let quiet = |generation| fake_with(generation, |o| o.answers_pings = false);
    let (old, middle, new) = tokio::join!(quiet(Generation::G1), quiet(Generation::G2), quiet(Generation::G3));
    let desks = [Desk::signed_in(&old).await, Desk::signed_in(&middle).await, Desk::signed_in(&new).await];
    let since = Instant::now();
    let stays = async |desk: &Desk| {
        let mut views = desk.engine.view();
        let lost = views.wait_for(|v| v.accounts[0].link != LinkName::Online);
        assert!(tokio::time::timeout(Duration::from_secs(58), lost).await.is_err(), "the link was dropped");
    };
    tokio::join!(stays(&desks[0]), stays(&desks[1]), stays(&desks[2]));
    figure("quiet servers without pongs were kept for", since);
    for (pbx, desk) in [(&old, &desks[0]), (&middle, &desks[1]), (&new, &desks[2])] {
        assert_eq!(pbx.look(|s| s.sockets_opened()), 1, "one link all the time");
        // The link is as good as before.
        pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| v.calls.iter().any(|c| c.state == CallState::Ringing)).await;
        clean(pbx);
    }
}
