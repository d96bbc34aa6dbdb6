//! A working day: sign in, be called, call, hold, transfer, see colleagues, in all three generations.

use std::time::Duration;

use phone_core::call::Outcome;
use phone_core::request::{OwnPresence, Reply, TransferTarget};
use phone_core::view::{Can, LinkName};
use phone_core::{CallState, Code, Direction, EventName, Presence, Request};
use phone_tests::vodia::{FakeVodia, FarEnd, Generation, Options, Presence as FakePresence};

use crate::support::{Desk, SOON, people};

async fn each(test: impl AsyncFn(FakeVodia, Generation)) {
    for generation in [Generation::G1, Generation::G2, Generation::G3] {
        eprintln!("generation {generation:?}");
        let pbx = FakeVodia::start(Options::new(generation)).await.expect("a fake");
        test(pbx, generation).await;
    }
}

fn clean(pbx: &FakeVodia) {
    assert_eq!(pbx.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn signs_in_and_shows_who_is_who() {
    each(async |pbx, generation| {
        let desk = Desk::signed_in(&pbx).await;
        let view = desk.wait_view("a name", |v| v.accounts[0].display_name.is_some()).await;
        let account = &view.accounts[0];
        assert_eq!(account.user.as_deref(), Some("204"));
        assert!(account.server.as_deref().is_some_and(|s| s.starts_with("PBX/")), "{account:?}");
        assert_eq!(account.dialect.as_deref(), Some(if generation == Generation::G3 { "modern" } else { "legacy" }));
        let everybody = people(&desk, false).await;
        assert!(everybody.len() >= 2, "{everybody:?}");
        assert!(everybody.iter().all(|p| p.number != "204"), "oneself is left out");
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn an_incoming_call_is_answered_held_resumed_and_hung_up() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        let view = desk.wait_view("ringing", |v| v.calls.iter().any(|c| c.state == CallState::Ringing)).await;
        assert_eq!(view.calls[0].direction, Direction::Incoming);
        assert_eq!(view.calls[0].remote.number.as_deref(), Some("+4930555001"));
        assert_eq!(view.calls[0].remote.name.as_deref(), Some("Mara Beispiel"));
        let id = view.calls[0].id.clone();
        assert!(desk.engine.ask(Request::Answer(None)).await.is_ok());
        desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected && v.calls[0].id == id).await;
        assert!(desk.engine.ask(Request::Hold(None)).await.is_ok());
        let view = desk.wait_view("held", |v| v.calls[0].state == CallState::Held).await;
        assert!(view.calls[0].can.contains(&Can::Resume));
        assert!(pbx.call(call).is_some_and(|c| c.is_held()));
        assert!(desk.engine.ask(Request::Resume(None)).await.is_ok());
        desk.wait_view("connected again", |v| v.calls[0].state == CallState::Connected).await;
        assert!(desk.engine.ask(Request::HangUp(Some(id))).await.is_ok());
        desk.wait_view("over", |v| v.calls.is_empty()).await;
        assert_eq!(desk.engine.view().borrow().recent[0].outcome, Outcome::Answered);
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn a_declined_call_is_over_and_not_missed() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok());
        let view = desk.wait_view("over", |v| v.calls.is_empty()).await;
        assert_eq!(view.missed, 0);
        assert_eq!(view.recent[0].outcome, Outcome::Declined);
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn a_dial_rings_exactly_once_and_is_confirmed() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        pbx.set_far_end("+4930555001", FarEnd::AnswersAfter(Duration::from_millis(200)));
        let answer = desk.dial("+49 30 555-001").await;
        let Ok(Reply::Call(call)) = answer else { panic!("{answer:?}") };
        assert_ne!(call.state, CallState::Dialing);
        let dials = pbx.dials();
        assert_eq!(dials.len(), 1);
        assert_eq!(dials[0].number, "+4930555001");
        let view = desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        assert_eq!(view.calls[0].id, call.id, "one name from dialling to the end");
        assert_eq!(view.calls[0].direction, Direction::Outgoing);
        assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok());
        desk.wait_view("over", |v| v.calls.is_empty()).await;
        assert_eq!(pbx.dials().len(), 1);
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn a_transfer_that_nothing_shows_is_not_called_done() {
    each(async |pbx, generation| {
        let desk = Desk::signed_in(&pbx).await;
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        pbx.answer(call);
        let view = desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        let handed = Request::Transfer(view.calls[0].id.clone(), TransferTarget::Number("+4930555009".into()));
        let answer = desk.engine.ask(handed).await;
        desk.wait_view("gone", |v| v.calls.is_empty()).await;
        // Old servers show only that the call is over, as if the other side had hung up.
        let said = answer.map(|_| ()).map_err(|trouble| trouble.code);
        assert_eq!(said, if generation == Generation::G3 { Ok(()) } else { Err(Code::OutcomeUnknown) });
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn calls_are_transferred_blind_and_joined() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        let first = pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        pbx.answer(first);
        let view = desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        let id = view.calls[0].id.clone();
        let answer = desk.engine.ask(Request::Transfer(id, TransferTarget::Number("207".into()))).await;
        assert!(answer.is_ok(), "{answer:?}");
        desk.wait_view("gone", |v| v.calls.is_empty()).await;
        pbx.hang_up_far(first);

        let first = pbx.ring("+4930555002", "Erika Muster", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        pbx.answer(first);
        desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        assert!(desk.engine.ask(Request::Hold(None)).await.is_ok());
        let held = desk.engine.view().borrow().calls[0].id.clone();
        pbx.set_far_end("+4930555003", FarEnd::AnswersAfter(Duration::from_millis(100)));
        assert!(desk.dial("+4930555003").await.is_ok());
        let view = desk.wait_view("two", |v| v.calls.iter().any(|c| c.id != held && c.state == CallState::Connected)).await;
        let active = view.calls.iter().find(|c| c.id != held).expect("the second").id.clone();
        let answer = desk.engine.ask(Request::Transfer(held, TransferTarget::Call(active))).await;
        assert!(answer.is_ok(), "{answer:?}");
        desk.wait_view("gone", |v| v.calls.is_empty()).await;
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn a_missed_call_is_counted_and_told() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        let mut events = desk.engine.events();
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        Desk::event(&mut events, EventName::CallRinging).await;
        pbx.hang_up_far(call);
        Desk::event(&mut events, EventName::CallEnded).await;
        let missed = Desk::event(&mut events, EventName::CallMissed).await;
        assert_eq!(missed.call.and_then(|c| c.remote.number).as_deref(), Some("+4930555001"));
        assert_eq!(desk.engine.view().borrow().missed, 1);
        assert!(desk.engine.ask(Request::MissedSeen).await.is_ok());
        desk.wait_view("seen", |v| v.missed == 0).await;
    })
    .await;
}

#[tokio::test]
async fn colleagues_change_before_our_eyes() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        let mut revisions = desk.engine.people();
        pbx.presence("207", FakePresence::Busy);
        let wait = async {
            loop {
                let shown = people(&desk, false).await;
                if shown.iter().any(|p| p.number == "207" && p.presence == Presence::InCall) {
                    return;
                }
                revisions.changed().await.expect("the engine runs");
            }
        };
        tokio::time::timeout(SOON, wait).await.expect("her presence changes");
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn do_not_disturb_is_switched_and_confirmed() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        desk.wait_view("dnd offered", |v| v.accounts[0].abilities.has(phone_core::Ability::Dnd)).await;
        for (wanted, on) in [(OwnPresence::Dnd, true), (OwnPresence::Available, false)] {
            let answer = desk.engine.ask(Request::SetPresence { account: None, presence: wanted, until: None, note: None }).await;
            assert!(answer.is_ok(), "{answer:?}");
            desk.wait_view("shown", |v| v.accounts[0].dnd == Some(on)).await;
            assert!(pbx.look(|s| s.company().find("204").is_some_and(|a| a.dnd == on)));
        }
        let answer =
            desk.engine.ask(Request::SetPresence { account: None, presence: OwnPresence::Away, until: None, note: None }).await;
        assert_eq!(answer.map_err(|t| t.code), Err(Code::Unsupported));
        clean(&pbx);
    })
    .await;
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_call_leaves_nothing_stale() {
    each(async |pbx, _| {
        let desk = Desk::signed_in(&pbx).await;
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
        pbx.answer(call);
        desk.wait_view("connected", |v| v.calls[0].state == CallState::Connected).await;
        pbx.stop().await;
        let view = desk.wait_view("noticed at once", |v| v.accounts[0].link != LinkName::Online).await;
        assert!(view.calls.iter().all(|c| c.stale && c.can.is_empty() && c.state == CallState::Unknown));
        assert!(people(&desk, true).await.iter().all(|p| p.presence == Presence::Unknown));
        assert_eq!(desk.dial("207").await.map_err(|t| t.code), Err(Code::Offline));
        pbx.restart().await.expect("again");
        let view = desk.wait_view_for(SOON * 2, "back", |v| v.accounts[0].link == LinkName::Online).await;
        assert!(view.calls.iter().all(|c| !c.stale));
        assert!(pbx.dials().is_empty());
        clean(&pbx);
    })
    .await;
}
