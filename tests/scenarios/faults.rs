//! Links that break and commands that go wrong: noticed in time, repaired by themselves, nothing sent twice.

use std::time::{Duration, Instant};

use phone_core::call::Outcome;
use phone_core::link::{Link, LinkInput};
use phone_core::view::LinkName;
use phone_core::{CallState, Code, Direction, EventName, Presence, Reason, Request};
use phone_engine::SystemEvent;
use phone_tests::desktop::MuteProxy;
use phone_tests::vodia::{FakeVodia, FarEnd, Generation, Refusal, SignInMethod, What};

use crate::support::{ALL, Desk, PASSWORD, SOON, account, clean, fake, fake_with, figure, office, people};

#[tokio::test]
async fn a_closed_connection_is_noticed_at_once_and_comes_back_with_its_call() {
    for generation in ALL {
        for way in ["end", "close frame", "close frame with code", "reset"] {
            let pbx = fake(generation).await;
            let desk = Desk::signed_in(&pbx).await;
            let (_, call) = desk.talking(&pbx).await;
            let signed_in = pbx.sign_ins().iter().filter(|s| s.method == SignInMethod::Password).count();
            let since = Instant::now();
            match way {
                "end" => pbx.kick().await,
                "close frame" => pbx.kick_with(None),
                "close frame with code" => pbx.kick_with(Some(1012)),
                _ => pbx.reset().await,
            }
            let view = desk.lost().await;
            assert!(since.elapsed() < Duration::from_millis(500), "noticed at once");
            assert!(view.calls.iter().all(|c| c.stale && c.can.is_empty()), "nothing stale is shown as true");
            assert_eq!(desk.engine.ask(Request::HangUp(None)).await.map_err(|t| t.code), Err(Code::Offline));
            let view = desk.online().await;
            assert!(since.elapsed() < Duration::from_secs(4), "{generation:?} {way}: {:?}", since.elapsed());
            figure(&format!("{generation:?} {way} to online"), since);
            assert_eq!((view.calls.len(), &view.calls[0].id, view.calls[0].state), (1, &call, CallState::Connected));
            let again = pbx.sign_ins().iter().filter(|s| s.method == SignInMethod::Password).count();
            assert_eq!(again, signed_in, "the session is used again");
            clean(&pbx);
        }
    }
}

/// The one long test: a wire that goes dead without a word is noticed in less than 35 s.
#[tokio::test]
async fn a_dead_wire_is_noticed_in_less_than_35_seconds() {
    let pbx = fake_with(Generation::G2, |o| o.answers_pings = false).await;
    let wire = MuteProxy::start(pbx.addr()).await;
    let desk = Desk::new();
    let address = format!("http://{}/", wire.address());
    assert!(desk.add_config(account(&address), Some(PASSWORD)).await.is_ok());
    desk.online().await;
    let (_, call) = desk.talking(&pbx).await;
    wire.mute();
    let since = Instant::now();
    let lost = |v: &phone_core::View| v.accounts[0].link == LinkName::Waiting;
    let view = desk.wait_view_for(Duration::from_secs(35), "noticed", lost).await;
    figure("dead wire noticed after", since);
    assert_eq!(view.accounts[0].why.as_ref().map(|w| w.code), Some(Code::TimedOut));
    assert!(view.calls.iter().all(|c| c.stale && c.state == CallState::Unknown));
    wire.unmute();
    let since = Instant::now();
    let online = |v: &phone_core::View| v.accounts[0].link == LinkName::Online;
    let view = desk.wait_view_for(Duration::from_secs(30), "back", online).await;
    figure("wire back to online", since);
    assert_eq!((&view.calls[0].id, view.calls[0].state), (&call, CallState::Connected));
}

/// Needs longer than a link may be silent, once for all kinds of servers together.
#[tokio::test]
async fn a_dead_socket_is_noticed_although_the_rest_of_the_server_works() {
    let quiet = |answers_pings| fake_with(Generation::G3, move |o| o.answers_pings = answers_pings);
    let (pongs, answers) = tokio::join!(quiet(true), quiet(false));
    let noticed = async |pbx: &FakeVodia, what: &str| {
        let desk = Desk::signed_in(pbx).await;
        let is_changed = |p: &phone_core::Person| p.number == "205" && p.presence == Presence::Dnd;
        let shown = async |desk: &Desk| people(desk, true).await.iter().any(is_changed);
        desk.wait_view("presence", |v| v.accounts[0].abilities.has(phone_core::Ability::Presence)).await;
        if what == "questions" {
            // Whoever leaves pings unanswered is asked something else, and answers that.
            let asked = |s: &phone_tests::vodia::State| s.actions().iter().any(|a| a.name == "ringtones");
            pbx.wait_for(asked, Duration::from_secs(25)).await.expect("a question");
            let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
            desk.wait_view("what came after the answer", |v| !v.calls.is_empty()).await;
            pbx.hang_up_far(call);
            desk.wait_view("over", |v| v.calls.is_empty()).await;
        }
        pbx.silence_sockets();
        let since = Instant::now();
        pbx.change_account("205", |a| a.dnd = true);
        let lost = |v: &phone_core::View| v.accounts[0].link == LinkName::Waiting;
        let view = desk.wait_view_for(Duration::from_secs(35), "noticed", lost).await;
        figure(&format!("dead socket beside a server that answers {what} noticed after"), since);
        assert_eq!(view.accounts[0].why.as_ref().map(|w| w.code), Some(Code::TimedOut), "{what}");
        // It had not held for long, so the next attempt may come some seconds later.
        let online = |v: &phone_core::View| v.accounts[0].link == LinkName::Online;
        desk.wait_view_for(Duration::from_secs(20), "back", online).await;
        let mut revisions = desk.engine.people();
        let told = async {
            while !shown(&desk).await {
                revisions.changed().await.expect("the engine runs");
            }
        };
        tokio::time::timeout(SOON, told).await.unwrap_or_else(|_| panic!("{what}: what happened meanwhile is not shown"));
    };
    tokio::join!(noticed(&pongs, "pings"), noticed(&answers, "questions"));
}

#[tokio::test]
async fn a_changed_network_is_probed_and_a_dead_wire_then_noticed_in_seconds() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let (pings, sockets) = (pbx.pings(), pbx.look(|s| s.sockets_opened()));
    desk.engine.system(SystemEvent::NetworkChanged).await;
    pbx.wait_for(|s| s.pings() > pings, SOON).await.expect("a probe");
    assert_eq!(desk.settle().await.accounts[0].link, LinkName::Online);
    // An answered probe leaves the link alone, also beyond its limit.
    let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
    desk.wait_view("ringing", |v| !v.calls.is_empty()).await;
    assert_eq!(pbx.look(|s| s.sockets_opened()), sockets);
    pbx.mute();
    let since = Instant::now();
    desk.engine.system(SystemEvent::NetworkChanged).await;
    desk.lost().await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    figure("dead wire after a network change noticed", since);
    pbx.unmute();
    desk.online().await;
    assert!(pbx.call(call).is_some());
}

#[tokio::test]
async fn a_changed_network_drops_no_link_to_a_server_that_never_answers_pings() {
    for generation in ALL {
        let pbx = fake_with(generation, |o| o.answers_pings = false).await;
        let desk = Desk::signed_in(&pbx).await;
        let (pings, sockets) = (pbx.pings(), pbx.look(|s| s.sockets_opened()));
        // As containers and tunnels do that come and go.
        desk.engine.system(SystemEvent::NetworkChanged).await;
        pbx.wait_for(|s| s.pings() > pings, SOON).await.expect("a probe");
        let lost = pbx.wait_for(|s| s.open_sockets(None) == 0 || s.sockets_opened() > sockets, Duration::from_secs(5)).await;
        assert!(lost.is_err(), "{generation:?}: the link was replaced");
        assert_eq!(desk.settle().await.accounts[0].link, LinkName::Online, "{generation:?}");
    }
}

#[tokio::test]
async fn a_wish_to_try_now_disturbs_nobody_who_is_online() {
    let (alive, down) = (fake(Generation::G2).await, fake(Generation::G3).await);
    let desk = Desk::signed_in(&alive).await;
    let name = phone_core::AccountName::parse("other").expect("a plain word");
    let other = phone_core::AccountConfig { name: name.clone(), ..account(&down.url()) };
    assert!(desk.add_config(other, Some(PASSWORD)).await.is_ok());
    let link = move |v: &phone_core::View, link| v.accounts.iter().any(|a| a.name == name && a.link == link);
    desk.wait_view("both online", |v| link(v, LinkName::Online)).await;
    desk.talking(&alive).await;
    down.refuse(What::Handshake, Refusal { status: 503, retry_after: Some(Duration::from_secs(3000)) });
    down.kick().await;
    desk.wait_view("one waits", |v| link(v, LinkName::Waiting)).await;
    down.behave();
    let sockets = alive.look(|s| s.sockets_opened());
    assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
    desk.wait_view("both online", |v| link(v, LinkName::Online)).await;
    let view = desk.settle().await;
    assert_eq!((view.calls[0].state, view.calls[0].stale), (CallState::Connected, false));
    assert_eq!(alive.look(|s| (s.sockets_opened(), s.open_sockets(None))), (sockets, 1), "its link was left alone");
}

#[tokio::test]
async fn waking_ends_waiting_at_once_and_not_twice_in_five_seconds() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    let refusal = Refusal { status: 503, retry_after: Some(Duration::from_secs(3000)) };
    pbx.refuse(What::Handshake, refusal);
    pbx.kick().await;
    let shown = desk.waits(Code::Busy, "busy").await;
    let wait = shown.retry_at.expect("a time").duration_since(jiff::Timestamp::now()).as_secs();
    // Up to 15 s are added, so that a company's desks do not come at once.
    assert!((2900..=3015).contains(&wait), "{wait}");
    let tries = || pbx.requests().iter().filter(|r| r.upgrade).count();
    let before = tries();
    desk.engine.system(SystemEvent::Woke).await;
    pbx.wait_for(|s| s.requests().iter().filter(|r| r.upgrade).count() == before + 1, SOON).await.expect("at once");
    desk.waits(Code::Busy, "busy").await;
    for event in [SystemEvent::Woke, SystemEvent::NetworkChanged, SystemEvent::Woke] {
        desk.engine.system(event).await;
    }
    assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
    assert_eq!(desk.settle().await.accounts[0].link, LinkName::Waiting, "once in five seconds");
    assert_eq!(tries(), before + 1);
    pbx.behave();
    // It is not forgotten: after five seconds it counts, without another word.
    desk.online().await;
}

#[tokio::test]
async fn a_busy_servers_retry_after_is_kept() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.refuse(What::Everything, Refusal { status: 503, retry_after: Some(Duration::from_secs(2)) });
        pbx.kick().await;
        desk.waits(Code::Busy, "busy").await;
        let tries = || pbx.requests().iter().filter(|r| r.status == 503 && (r.upgrade || r.path.ends_with("/calls"))).count();
        let refused = tries();
        pbx.behave();
        let since = Instant::now();
        desk.online().await;
        assert!(since.elapsed() > Duration::from_millis(1200), "{generation:?}: not before it may: {:?}", since.elapsed());
        assert_eq!((refused, tries()), (1, 1), "{generation:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_refused_waits_after_one_new_sign_in() {
    for (status, code) in [(401, Code::Forbidden), (403, Code::ApiSwitchedOff)] {
        let pbx = fake(Generation::G2).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.refuse_with(What::Handshake, status);
        pbx.kick().await;
        desk.waits(code, "").await;
        let sign_ins = pbx.sign_ins().iter().filter(|s| s.method == SignInMethod::Password).count();
        assert_eq!(sign_ins, 2, "the first, and one to be sure");
        pbx.behave();
        assert!(desk.engine.ask(Request::SignIn(office())).await.is_ok());
        desk.online().await;
    }
}

#[tokio::test]
async fn after_a_restart_calls_that_survived_keep_their_name() {
    for generation in ALL {
        for renumbered in [false, true] {
            let pbx = fake_with(generation, |o| o.calls_survive_restart = true).await;
            let desk = Desk::signed_in(&pbx).await;
            let (_, call) = desk.talking(&pbx).await;
            let mut events = desk.engine.events();
            pbx.stop().await;
            let view = desk.lost().await;
            assert_eq!((view.calls[0].stale, view.calls[0].state), (true, CallState::Unknown));
            if renumbered {
                pbx.renumber_calls();
            }
            pbx.restart().await.expect("the port again");
            let view = desk.online().await;
            assert_eq!(view.calls.len(), 1);
            let shown = (&view.calls[0].id, view.calls[0].state, view.calls[0].stale);
            assert_eq!(shown, (&call, CallState::Connected, false), "{generation:?} renumbered: {renumbered}");
            while let Ok(event) = events.try_recv() {
                assert!(!matches!(event.event, EventName::CallEnded | EventName::CallRinging), "{event:?}");
            }
            // It can still be commanded.
            assert!(desk.engine.ask(Request::HangUp(None)).await.is_ok(), "{generation:?} renumbered: {renumbered}");
            desk.wait_view("over", |v| v.calls.is_empty()).await;
            assert!(pbx.calls().is_empty());
        }
    }
}

#[tokio::test]
async fn after_a_restart_calls_that_are_gone_end_once_and_are_not_missed() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        desk.talking(&pbx).await;
        pbx.ring("+4930555002", "Erika Muster", "204");
        desk.wait_view("two", |v| v.calls.len() == 2).await;
        let mut events = desk.engine.events();
        pbx.restart().await.expect("the port again");
        desk.lost().await;
        let view = desk.online().await;
        assert!(view.calls.is_empty(), "{:#?}", view.calls);
        assert_eq!(view.missed, 0, "nobody saw how it ended");
        let outcomes: Vec<Outcome> = view.recent.iter().map(|r| r.outcome).collect();
        assert!(outcomes.contains(&Outcome::Answered) && outcomes.contains(&Outcome::Unknown), "{outcomes:?}");
        let mut ended = 0;
        while let Ok(event) = events.try_recv() {
            ended += usize::from(event.event == EventName::CallEnded);
        }
        assert_eq!(ended, 2);
    }
}

#[tokio::test]
async fn a_call_that_changes_its_id_keeps_our_name() {
    for generation in ALL {
        let pbx = fake_with(generation, |o| o.renumbers = true).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.set_far_end("+4930555001", FarEnd::AnswersAfter(Duration::from_millis(300)));
        let mut events = desk.engine.events();
        assert!(desk.dial("+4930555001").await.is_ok());
        let first = desk.settle().await.calls[0].id.clone();
        let connected = |v: &phone_core::View| v.calls.iter().any(|c| c.state == CallState::Connected);
        let view = desk.wait_view("connected", connected).await;
        assert_eq!((view.calls.len(), &view.calls[0].id), (1, &first), "{generation:?}");
        assert_eq!(view.calls[0].direction, Direction::Outgoing);
        while let Ok(event) = events.try_recv() {
            assert_ne!(event.event, EventName::CallEnded, "{generation:?}: {event:?}");
        }
        assert_eq!(pbx.dials().len(), 1);
    }
}

#[test]
fn a_peer_that_never_answers_pings_lives_as_long_as_it_talks() {
    let now = Instant::now();
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now, 0.5);
    link.step(LinkInput::Synced, now, 0.5);
    let mut at = now;
    for _ in 0..100 {
        at += Duration::from_secs(20);
        link.step(LinkInput::Tick, at, 0.5);
        link.step(LinkInput::Heard, at, 0.5);
        assert!(link.is_online());
    }
    let dead = link.deadline().expect("silence has an end");
    assert!(dead - at < Duration::from_secs(35));
    link.step(LinkInput::Tick, dead, 0.5);
    assert!(matches!(link, Link::Waiting { why: Reason::Silent, .. }));
}
