//! Commands and dials that go wrong, and calls in all their shapes: nothing is sent twice.

use std::time::{Duration, Instant};

use phone_core::call::Outcome;
use phone_core::request::TransferTarget;
use phone_core::view::{Can, LinkName};
use phone_core::{AccountConfig, CallState, Code, Direction, EventName, Request};
use phone_tests::vodia::{Action, DialPath, FakeVodia, FarEnd, Generation, HashEdition, OwnPhone, Slip, SocketControl, What};

use crate::support::{ALL, Desk, SOON, account, clean, fails, fake, fake_with, figure};

/// Actions and posts that control calls, as the PBX saw them.
fn orders(pbx: &FakeVodia) -> usize {
    let order =
        |a: &&Action| matches!(a.name.as_str(), "accept-call" | "hold-call" | "clear-call" | "blind-transfer" | "att-transfer");
    let posted = pbx.requests().iter().filter(|r| r.method == "POST" && r.path.ends_with("/calls")).count();
    pbx.actions().iter().filter(order).count() + posted
}

#[tokio::test]
async fn a_path_that_is_refused_is_told_remembered_and_not_repeated_by_another() {
    let pbx = fake_with(Generation::G3, |o| {
        o.socket_control = SocketControl::Full;
        // It shows that it knows the old words.
        o.answers_asks = true;
    })
    .await;
    let desk = Desk::signed_in(&pbx).await;
    pbx.refuse_with(What::Rest, 404);
    let answer = desk.dial("+4930555001").await;
    fails(&answer, Code::RefusedByPbx, "refused");
    assert_eq!(pbx.dials().len(), 1);
    assert!(desk.settle().await.calls.is_empty(), "no ghost of the refused dial");
    let answer = desk.dial("+4930555001").await;
    assert!(answer.is_ok(), "{answer:?}");
    let paths: Vec<DialPath> = pbx.dials().iter().map(|d| d.path).collect();
    assert_eq!(paths, [DialPath::Rest, DialPath::Socket]);
    // The same for commands about a call, each remembered for itself.
    pbx.refuse_with(What::Rest, 405);
    let before = orders(&pbx);
    let call = desk.settle().await.calls[0].id.clone();
    assert!(desk.engine.ask(Request::HangUp(Some(call.clone()))).await.is_err());
    assert_eq!(orders(&pbx), before, "nothing was sent by another path");
    assert!(desk.engine.ask(Request::HangUp(Some(call))).await.is_ok());
    desk.wait_view("over", |v| v.calls.is_empty()).await;
    // It is remembered over a restart of the agent.
    pbx.behave();
    let desk = desk.restarted();
    desk.online().await;
    assert!(desk.dial("+4930555002").await.is_ok());
    assert_eq!(pbx.dials().last().map(|d| d.path), Some(DialPath::Socket));
    assert_eq!(pbx.dials().len(), 3);
}

/// One strange answer in the middle of a call, and everything works as before: no path is given up for it.
#[tokio::test]
async fn one_strange_answer_to_a_command_is_told_and_teaches_nothing() {
    let slip = |method, status| Slip { method, path_end: "/calls", status, times: 1 };
    for (slip, code, says) in [
        (slip("GET", 200), Code::TimedOut, "did not say which calls"),
        (slip("GET", 404), Code::TimedOut, "did not say which calls"),
        (slip("POST", 404), Code::RefusedByPbx, "refused"),
    ] {
        let pbx = fake(Generation::G3).await;
        let desk = Desk::signed_in(&pbx).await;
        let (_, id) = desk.talking(&pbx).await;
        for ask in [Request::Hold as fn(Option<phone_core::CallId>) -> Request, Request::HangUp] {
            pbx.slip(slip.clone());
            fails(&desk.engine.ask(ask(Some(id.clone()))).await, code, says);
            assert_eq!(desk.settle().await.calls[0].state, CallState::Connected, "{slip:?}");
        }
        assert!(desk.engine.ask(Request::Hold(Some(id.clone()))).await.is_ok(), "{slip:?}");
        assert!(desk.engine.ask(Request::Resume(Some(id.clone()))).await.is_ok(), "{slip:?}");
        assert!(desk.engine.ask(Request::HangUp(Some(id))).await.is_ok(), "{slip:?}");
        desk.wait_view("over", |v| v.calls.is_empty()).await;
        let by_action = pbx.actions().iter().filter(|a| matches!(a.name.as_str(), "hold-call" | "clear-call")).count();
        assert_eq!(by_action, 0, "{slip:?}: nothing goes by actions that this server does not know");
        clean(&pbx);
    }
}

/// Needs the whole limit of a transfer, once.
#[tokio::test]
async fn a_web_page_is_no_yes_to_a_transfer() {
    let pbx = fake(Generation::G3).await;
    let desk = Desk::signed_in(&pbx).await;
    let (call, id) = desk.talking(&pbx).await;
    let mut events = desk.engine.events();
    pbx.slip(Slip { method: "POST", path_end: "/calls", status: 200, times: 1 });
    let engine = desk.engine.clone();
    let handed = Request::Transfer(id, TransferTarget::Number("+4930555009".into()));
    let asked = tokio::spawn(async move { engine.ask(handed).await });
    let posted = |s: &phone_tests::vodia::State| s.requests().iter().any(|r| r.method == "POST" && r.path.ends_with("/calls"));
    pbx.wait_for(posted, SOON).await.expect("sent");
    pbx.hang_up_far(call);
    desk.wait_view("over", |v| v.calls.is_empty()).await;
    let answer = tokio::time::timeout(Duration::from_secs(15), asked).await.expect("in time").expect("an answer");
    fails(&answer, Code::OutcomeUnknown, "did not say whether it was handed on");
    while let Ok(event) = events.try_recv() {
        assert_ne!(event.event, EventName::CallTransferred, "{event:?}");
    }
}

/// A page once in place of the PBX's own list, and calls that others took are still not missed.
#[tokio::test]
async fn a_web_page_in_place_of_the_list_makes_no_call_a_missed_one() {
    let pbx = fake(Generation::G3).await;
    let desk = Desk::signed_in(&pbx).await;
    let has = |v: &phone_core::View| v.accounts[0].abilities.has(phone_core::Ability::History);
    desk.wait_view("history", has).await;
    for calls in 1..=2 {
        pbx.slip(Slip { method: "GET", path_end: "/history", status: 200, times: 1 });
        let call = pbx.ring_group("+4930555001", "Mara Beispiel", "700");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        assert!(pbx.answer_elsewhere(call, "205"));
        let view = desk.wait_view("decided", |v| v.recent.len() == calls).await;
        assert_eq!((view.recent[0].outcome, view.missed), (Outcome::AnsweredElsewhere, 0), "call {calls}");
        assert!(has(&*desk.settle().await));
    }
}

#[tokio::test]
async fn click_to_dial_rings_once_in_the_right_edition_and_is_told_in_the_wrong_one() {
    for generation in ALL {
        for edition in [HashEdition::Old, HashEdition::New] {
            let pbx = fake_with(generation, |o| o.hash_edition = edition).await;
            let word = if edition == HashEdition::Old { "old" } else { "new" };
            let desk = Desk::new();
            assert!(desk.add(&pbx, &[("dial_path", "remote_call"), ("remote_call_hash", word)]).await.is_ok());
            let answer = desk.dial("+4930555001").await;
            assert!(answer.is_ok(), "{generation:?} {word}: {answer:?}");
            let dials = pbx.dials();
            assert_eq!((dials.len(), dials[0].path, dials[0].call.is_some()), (1, DialPath::RemoteCall, true));
            clean(&pbx);

            let pbx = fake_with(generation, |o| o.hash_edition = edition).await;
            let wrong = if edition == HashEdition::Old { "new" } else { "old" };
            let desk = Desk::new();
            assert!(desk.add(&pbx, &[("dial_path", "remote_call"), ("remote_call_hash", wrong)]).await.is_ok());
            let answer = desk.dial("+4930555001").await;
            fails(&answer, Code::RefusedByPbx, "refused");
            assert_eq!(pbx.dials().len(), 1, "one dial, by one edition");
            assert_eq!(desk.settle().await.accounts[0].link, LinkName::Online, "the session is as good as before");
            assert!(pbx.requests().iter().all(|r| !r.path.contains("auth=") || r.path.contains("auth=…")));
        }
        // By the session of a token page, without a password.
        if generation != Generation::G1 {
            let pbx = fake(generation).await;
            let desk = Desk::new();
            let page = crate::support::keys(&[("dial_path", "remote_call"), ("token_url", &pbx.token_url())]);
            assert!(desk.add_config(AccountConfig { keys: page, ..account(&pbx.url()) }, None).await.is_ok());
            let answer = desk.dial("+4930555001").await;
            assert!(answer.is_ok(), "{generation:?}: {answer:?}");
            assert_eq!(pbx.dials().len(), 1);
        }
    }
}

/// Needs the whole limit of a dial, once.
#[tokio::test]
async fn a_dial_that_nobody_obeys_is_told_as_unknown_and_sent_once() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    pbx.ignore_dials(true);
    let since = Instant::now();
    let engine = desk.engine.clone();
    let dial = Request::Dial {
        text: "+4930555001".into(),
        account: None,
        source: phone_core::request::Source::Typed,
        yes: phone_core::number::Yes::No,
    };
    let asked = tokio::spawn(async move { engine.ask(dial).await });
    desk.wait_view("dialling", |v| v.calls.iter().any(|c| c.state == CallState::Dialing)).await;
    // An impatient second press.
    fails(&desk.dial("+4930555001").await, Code::RateLimited, "being dialled");
    let answer = tokio::time::timeout(Duration::from_secs(17), asked).await.expect("in time").expect("an answer");
    fails(&answer, Code::OutcomeUnknown, "did not react");
    assert!(since.elapsed() >= Duration::from_secs(14));
    figure("ignored dial told after", since);
    assert_eq!(pbx.dials().len(), 1);
    let view = desk.settle().await;
    assert!(view.calls.iter().all(|c| c.state == CallState::Unknown && c.can.is_empty()));
    clean(&pbx);
}

#[tokio::test]
async fn a_link_lost_in_a_dial_leaves_the_outcome_unknown_and_the_call_is_found_again() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.drop_on_dial(true);
        let since = Instant::now();
        let answer = desk.dial("+4930555001").await;
        fails(&answer, Code::OutcomeUnknown, "link was lost");
        assert!(since.elapsed() < Duration::from_secs(1), "at once");
        let ours = desk.settle().await.calls[0].id.clone();
        let view = desk.online().await;
        assert_eq!(pbx.dials().len(), 1, "{generation:?}: never sent again");
        assert_eq!(pbx.calls().len(), 1);
        assert_eq!(view.calls.len(), 1, "{generation:?}: {:#?}", view.calls);
        assert_eq!(view.calls[0].id, ours, "{generation:?}");
        assert_eq!(view.calls[0].direction, Direction::Outgoing);
        pbx.kick().await;
        desk.lost().await;
        desk.online().await;
        assert_eq!(pbx.dials().len(), 1);
    }
}

#[tokio::test]
async fn a_dial_without_effect_and_a_lost_link_leaves_nothing_behind() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    pbx.ignore_dials(true);
    pbx.drop_on_dial(true);
    fails(&desk.dial("+4930555001").await, Code::OutcomeUnknown, "link was lost");
    let view = desk.online().await;
    assert!(view.calls.is_empty(), "{:#?}", view.calls);
    // The first one may still ring, also where no call is shown.
    fails(&desk.dial("+4930555001").await, Code::RateLimited, "may still ring");
    assert_eq!(pbx.dials().len(), 1);
}

#[tokio::test]
async fn a_number_that_talks_already_is_not_dialled_again() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.set_far_end("+4930555001", FarEnd::AnswersAfter(Duration::from_millis(100)));
        assert!(desk.dial("+4930555001").await.is_ok());
        desk.wait_view("connected", |v| v.calls.iter().any(|c| c.state == CallState::Connected)).await;
        fails(&desk.dial("+4930555001").await, Code::RateLimited, "connected with this number");
        assert_eq!(pbx.dials().len(), 1, "{generation:?}");
    }
}

#[tokio::test]
async fn offline_nothing_is_dialled_later() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    pbx.stop().await;
    desk.lost().await;
    fails(&desk.dial("+4930555001").await, Code::Offline, "Not connected");
    pbx.restart().await.expect("the port again");
    desk.online().await;
    assert!(pbx.dials().is_empty());
}

#[tokio::test]
async fn a_call_that_the_other_side_holds_is_not_toggled() {
    for generation in [Generation::G1, Generation::G2] {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        let (call, id) = desk.talking(&pbx).await;
        assert!(pbx.hold_far(call));
        let held = |v: &phone_core::View| matches!(v.calls[0].state, CallState::Held | CallState::HeldByOther);
        let view = desk.wait_view("held", held).await;
        assert!(!view.calls[0].can.contains(&Can::Resume), "{:?}", view.calls[0].can);
        let before = orders(&pbx);
        fails(&desk.engine.ask(Request::Resume(Some(id.clone()))).await, Code::StateUnknown, "which side holds");
        fails(&desk.engine.ask(Request::Hold(Some(id.clone()))).await, Code::StateUnknown, "which side holds");
        assert_eq!(orders(&pbx), before, "nothing was sent");
        assert!(pbx.resume_far(call));
        desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        // Ours is known to be ours.
        assert!(desk.engine.ask(Request::Hold(Some(id.clone()))).await.is_ok());
        assert!(desk.engine.ask(Request::Resume(Some(id.clone()))).await.is_ok());
        // What we held before the link was lost may have changed since.
        assert!(desk.engine.ask(Request::Hold(Some(id.clone()))).await.is_ok());
        pbx.kick().await;
        desk.lost().await;
        desk.online().await;
        let before = orders(&pbx);
        fails(&desk.engine.ask(Request::Resume(Some(id))).await, Code::StateUnknown, "which side holds");
        assert_eq!(orders(&pbx), before, "nothing was sent");
        clean(&pbx);
    }
}

/// Needs the whole limit of a command, once.
#[tokio::test]
async fn a_resume_without_effect_is_not_toggled_back_by_a_second_press() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let (call, id) = desk.talking(&pbx).await;
    assert!(desk.engine.ask(Request::Hold(Some(id.clone()))).await.is_ok());
    // Both hold now, so taking ours back shows no effect.
    assert!(pbx.hold_far(call));
    fails(&desk.engine.ask(Request::Resume(Some(id.clone()))).await, Code::OutcomeUnknown, "did not react");
    let before = orders(&pbx);
    fails(&desk.engine.ask(Request::Resume(Some(id))).await, Code::StateUnknown, "which side holds");
    assert_eq!(orders(&pbx), before, "a second toggle would hold again");
}

#[tokio::test]
async fn answering_a_call_that_ends_in_that_moment_says_so() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        let ours = desk.settle().await.calls[0].id.clone();
        pbx.hang_up_far(call);
        let since = Instant::now();
        let answer = desk.engine.ask(Request::Answer(Some(ours.clone()))).await;
        fails(&answer, Code::NoSuchCall, "over");
        assert!(since.elapsed() < Duration::from_secs(2));
        desk.wait_view("over", |v| v.calls.is_empty()).await;
        fails(&desk.engine.ask(Request::Answer(None)).await, Code::NoSuchCall, "over");
        fails(&desk.engine.ask(Request::Answer(Some(ours))).await, Code::NoSuchCall, "over");
    }
}

/// Needs the whole limit of a command, once for each path.
#[tokio::test]
async fn a_phone_that_cannot_be_answered_from_here_loses_the_button() {
    for generation in [Generation::G2, Generation::G3] {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.change_account("204", |a| a.remote_answer = false);
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        let view = desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        assert!(view.calls[0].can.contains(&Can::Answer));
        let since = Instant::now();
        fails(&desk.engine.ask(Request::Answer(None)).await, Code::OutcomeUnknown, "did not react");
        figure("answer without reaction told after", since);
        let view = desk.wait_view("no button", |v| !v.calls[0].can.contains(&Can::Answer)).await;
        assert_eq!(view.calls[0].state, CallState::Ringing, "the call still rings");
        let before = orders(&pbx);
        fails(&desk.engine.ask(Request::Answer(None)).await, Code::Unsupported, "cannot do that");
        assert_eq!(orders(&pbx), before);
        assert!(pbx.answer(call));
        desk.wait_view("taken at the phone", |v| v.calls[0].state == CallState::Connected).await;
    }
}

#[tokio::test]
async fn two_calls_at_once_are_told_apart() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        let (_, first) = desk.talking(&pbx).await;
        let second = pbx.ring("+4930555002", "Erika Muster", "204");
        let view = desk.wait_view("both", |v| v.calls.len() == 2).await;
        assert_eq!(view.calls[0].remote.number.as_deref(), Some("+4930555002"), "the ringing one first");
        assert_eq!(view.calls[1].state, CallState::Connected);
        fails(&desk.engine.ask(Request::HangUp(None)).await, Code::WrongUsage, "More than one call");
        // Answer can only mean the ringing one.
        assert!(desk.engine.ask(Request::Answer(None)).await.is_ok());
        let taken = |v: &phone_core::View| {
            let state = |id: bool| v.calls.iter().find(|c| (c.id == first) == id).map(|c| c.state);
            state(false) == Some(CallState::Connected) && state(true) == Some(CallState::Held)
        };
        desk.wait_view("the first is held by the phone", taken).await;
        pbx.hang_up_far(second);
        let view = desk.wait_view("one", |v| v.calls.len() == 1).await;
        assert_eq!(view.calls[0].id, first);
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_call_through_a_group_names_it() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.ring_group("+4930555001", "Mara Beispiel", "700");
        let view = desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        let call = &view.calls[0];
        assert_eq!((call.direction, call.state), (Direction::Incoming, CallState::Ringing), "{generation:?}");
        assert_eq!(call.via.as_ref().and_then(|v| v.number.as_deref()), Some("700"));
        assert_eq!(call.remote.number.as_deref(), Some("+4930555001"));
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_call_answered_elsewhere_is_missed_only_where_nobody_can_tell() {
    for generation in ALL {
        let pbx = fake_with(generation, |o| o.elsewhere_in_history = true).await;
        let desk = Desk::signed_in(&pbx).await;
        if generation == Generation::G3 {
            let has = |v: &phone_core::View| v.accounts[0].abilities.has(phone_core::Ability::History);
            desk.wait_view("history", has).await;
        }
        let mut events = desk.engine.events();
        let call = pbx.ring_group("+4930555001", "Mara Beispiel", "700");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        let since = Instant::now();
        assert!(pbx.answer_elsewhere(call, "205"));
        Desk::event(&mut events, EventName::CallEnded).await;
        assert!(since.elapsed() < Duration::from_millis(500), "a ringing that has ended stops ringing at once");
        desk.wait_view("decided", |v| !v.recent.is_empty()).await;
        assert!(since.elapsed() < Duration::from_millis(3500));
        figure(&format!("{generation:?} answered elsewhere decided"), since);
        let view = desk.settle().await;
        let tells = generation != Generation::G2;
        let outcome = if tells { Outcome::AnsweredElsewhere } else { Outcome::Missed };
        assert_eq!((view.recent[0].outcome, view.missed), (outcome, u32::from(!tells)), "{generation:?}");
    }
}

#[tokio::test]
async fn a_call_that_was_really_missed_is_missed_within_three_seconds() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        pbx.hang_up_far(call);
        let since = Instant::now();
        desk.wait_view("missed", |v| v.missed == 1).await;
        assert!(since.elapsed() < Duration::from_millis(3200), "{:?}", since.elapsed());
    }
}

#[tokio::test]
async fn the_own_phone_that_is_not_lifted_shows_as_calling_it() {
    for generation in ALL {
        let pbx = fake_with(generation, |o| o.own_phone = OwnPhone::UserLifts).await;
        let desk = Desk::signed_in(&pbx).await;
        let answer = desk.dial("+4930555001").await;
        assert!(answer.is_ok(), "{generation:?}: {answer:?}");
        // The newest servers say the same word for the own phone and for the far end; nobody is told to lift then.
        let first = if generation == Generation::G3 { CallState::Ringing } else { CallState::CallingOwnPhone };
        let view = desk.wait_view("shown", |v| v.calls[0].state == first).await;
        let id = view.calls[0].id.clone();
        let call = pbx.dials()[0].call.expect("a call");
        assert!(pbx.answer(call));
        desk.wait_view("rings", |v| v.calls[0].state == CallState::Ringing && v.calls[0].id == id).await;
        assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok());
        desk.wait_view("over", |v| v.calls.is_empty()).await;
    }
}

#[tokio::test]
async fn a_second_press_of_hang_up_or_answer_is_sent_once_and_told_the_same() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        let before = orders(&pbx);
        let twice = async |ask: fn() -> Request| tokio::join!(desk.engine.ask(ask()), desk.engine.ask(ask()));
        let (one, two) = twice(|| Request::Answer(None)).await;
        assert!(one.is_ok() && two.is_ok(), "{generation:?}: {one:?} {two:?}");
        desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        // Once it is so, it is so already.
        let answer = desk.engine.ask(Request::Answer(None)).await;
        assert!(answer.is_ok(), "{generation:?}: {answer:?}");
        assert_eq!(orders(&pbx), before + 1, "{generation:?}");
        let (one, two) = twice(|| Request::HangUp(None)).await;
        assert!(one.is_ok() && two.is_ok(), "{generation:?}: {one:?} {two:?}");
        assert_eq!(orders(&pbx), before + 2, "{generation:?}");
        clean(&pbx);
    }
}

#[tokio::test]
async fn removing_an_account_in_a_call_ends_the_call_for_whoever_follows() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let (call, id) = desk.talking(&pbx).await;
    let mut events = desk.engine.events();
    let name = crate::support::office();
    assert!(desk.engine.ask(Request::RemoveAccount(name)).await.is_ok());
    let ended = Desk::event(&mut events, EventName::CallEnded).await;
    assert_eq!(ended.call.map(|c| c.id), Some(id.clone()));
    let view = desk.settle().await;
    assert!(view.calls.is_empty() && view.accounts.is_empty());
    assert!(pbx.call(call).is_some(), "the call itself goes on at the phone");
}
