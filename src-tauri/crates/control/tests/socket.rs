//! Server and client over a real socket, with a phone that does nothing but count.

#[path = "socket/deadlines.rs"]
mod deadlines;
#[path = "socket/events.rs"]
mod events;
#[path = "socket/healing.rs"]
mod healing;
mod support;

use std::time::{Duration, Instant};

use phone_control::client::Told;
use phone_control::protocol::{CallParams, DialParams, Nothing, PAGE, PeopleParams, PresencePart, Stream, method};
use phone_control::{BindError, Client, Limits, bind};
use phone_core::{Code, EventName, Presence};
use serde_json::{Value, json};
use support::{Raw, Stage, person};

#[tokio::test]
async fn a_request_comes_back_with_its_answer() {
    let stage = Stage::new();
    let (client, _notices) = stage.client().await;
    assert_eq!(client.welcome().protocol, "1.0");
    let call = client.dial(&DialParams { text: "207".into(), ..DialParams::default() }).await.expect("a call");
    assert_eq!(call.expect("it shows").remote.number.as_deref(), Some("207"));
    let refused = client.act(method::ANSWER, None).await.expect_err("there is no call");
    assert_eq!(refused.code, Code::NoSuchCall);
    let absent = client.call_raw(method::OPEN_WINDOW, &Nothing {}).await.expect_err("there is no desktop");
    assert_eq!(absent.code, Code::NotAvailable);
}

#[tokio::test]
async fn broken_and_unknown_requests_get_the_numbers_of_json_rpc() {
    let stage = Stage::new();
    let mut raw = Raw::connect(&stage).await;
    for (line, code) in [
        ("{", -32700),
        ("hello", -32700),
        ("\u{ff}", -32700),
        ("5", -32600),
        ("[]", -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"get_view"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"get_view"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"sing"}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"dial","params":{"text":5}}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"answer"}"#, -32000),
    ] {
        let answer = raw.ask(line).await;
        assert_eq!(answer["error"]["code"], code, "{line} {answer}");
        assert!(answer["error"]["data"]["code"].is_string(), "{line} {answer}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_one_array_and_a_notification_not_at_all() {
    let stage = Stage::new();
    let mut raw = Raw::connect(&stage).await;
    raw.send(r#"{"jsonrpc":"2.0","method":"get_view"}"#).await;
    raw.send(r#"[{"jsonrpc":"2.0","method":"missed_seen"}]"#).await;
    let answers = raw
        .ask(r#"[{"jsonrpc":"2.0","id":"a","method":"get_view"},{"jsonrpc":"2.0","method":"missed_seen"},7,{"jsonrpc":"2.0","id":null,"method":"sing"}]"#)
        .await;
    let many = format!("[{}]", vec![r#"{"jsonrpc":"2.0","id":1,"method":"get_view"}"#; 65].join(","));
    assert_eq!(raw.ask(&many).await["error"]["code"], -32600);
    let ids: Vec<&Value> = answers.as_array().expect("an array").iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!("a"), &Value::Null, &Value::Null]);
}

#[tokio::test]
async fn a_line_of_more_than_a_mebibyte_ends_the_connection_with_an_error() {
    let stage = Stage::new();
    let mut raw = Raw::connect(&stage).await;
    raw.send(&"x".repeat((1 << 20) + 10)).await;
    assert_eq!(raw.next().await.expect("an error")["error"]["code"], -32600);
    assert!(raw.next().await.is_none());
}

#[tokio::test]
async fn a_client_of_another_generation_is_told_what_to_restart_and_nothing_is_done_for_it() {
    let stage = Stage::new();
    let mut raw = Raw::connect(&stage).await;
    raw.send(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"client\":\"old\",\"version\":\"2.3\"}}\n\
         {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"dial\",\"params\":{\"text\":\"207\"}}",
    )
    .await;
    let answer = raw.next().await.expect("an error");
    assert_eq!(answer["error"]["data"]["code"], "protocol");
    assert!(answer["error"]["data"]["remedy"].as_str().is_some_and(|text| text.contains("Restart")));
    assert!(raw.next().await.is_none());
    assert_eq!(stage.phone.dials(), 0);
}

#[tokio::test]
async fn requests_of_one_client_run_side_by_side() {
    let stage = Stage::new();
    let (client, _notices) = stage.client().await;
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.act(method::HOLD, None).await }
    });
    stage.phone.hold_began().await;
    client.view().await.expect("the view does not wait for the hold");
    stage.phone.let_hold_go();
    slow.await.expect("no panic").expect("held");
}

#[tokio::test]
async fn ten_thousand_people_come_in_parts_and_then_who_changed() {
    let stage = Stage::new();
    stage.phone.fill(10_000);
    let (client, mut notices) = stage.client().await;
    client.subscribe(&[Stream::Presence]).await.expect("subscribed");
    let mut seen = 0;
    for part in 0.. {
        let Told::Presence(got) = notices.recv().await.expect("a part").told() else { panic!("presence") };
        assert!(got.whole && got.part == part && got.people.len() <= PAGE);
        seen += got.people.len();
        if got.last {
            break;
        }
    }
    assert_eq!(seen, 10_000);
    stage.phone.set("207", Presence::InCall);
    let Told::Presence(PresencePart { whole, people, last, .. }) = notices.recv().await.expect("a change").told() else {
        panic!("presence")
    };
    assert!(!whole && last);
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].presence, Presence::InCall);
}

#[tokio::test]
async fn a_storm_is_merged_per_person_for_each_client() {
    let stage = Stage::new();
    stage.phone.fill(20);
    let (client, mut notices) = stage.client().await;
    client.subscribe(&[Stream::Presence]).await.expect("subscribed");
    notices.recv().await.expect("everybody");
    let mut told = 0;
    for round in 0..5000 {
        stage.phone.set("207", if round % 2 == 0 { Presence::InCall } else { Presence::Available });
        if round % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    stage.phone.set("207", Presence::Away);
    loop {
        let Told::Presence(part) = notices.recv().await.expect("a change").told() else { panic!("presence") };
        told += 1;
        assert_eq!(part.people.len(), 1);
        if part.people[0].presence == Presence::Away {
            break;
        }
    }
    assert!(told < 100, "{told} changes were told");
}

#[tokio::test]
async fn a_picture_that_is_replaced_while_it_is_read_is_read_again() {
    let stage = Stage::new();
    stage.phone.fill(1200);
    stage.phone.replace_after_pages(2, 700);
    let (client, mut notices) = stage.client().await;
    client.subscribe(&[Stream::Presence]).await.expect("subscribed");
    let mut known = 0;
    let mut lists = 0;
    while lists < 2 {
        let Told::Presence(part) = notices.recv().await.expect("a part").told() else { panic!("presence") };
        assert!(part.whole);
        known = if part.part == 0 { part.people.len() } else { known + part.people.len() };
        lists += usize::from(part.last);
    }
    assert_eq!(known, 700);
}

#[tokio::test]
async fn a_newer_view_takes_the_place_of_older_ones() {
    let stage = Stage::new();
    let (client, mut notices) = stage.client().await;
    client.subscribe(&[Stream::View]).await.expect("subscribed");
    notices.recv().await.expect("the first view");
    for revision in 2..=1000 {
        stage.phone.show(revision);
    }
    let mut views = 0;
    loop {
        let Told::View(view) = notices.recv().await.expect("a view").told() else { panic!("a view") };
        views += 1;
        if view.revision == 1000 {
            break;
        }
    }
    assert!(views < 10, "{views} views were sent");
}

#[tokio::test]
async fn events_tell_calls_at_once_and_presence_by_differences() {
    let stage = Stage::new();
    stage.phone.fill(3);
    let (client, mut notices) = stage.client().await;
    client.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    client.view().await.expect("the subscription is in place");
    stage.phone.tell(EventName::CallRinging);
    let Told::Event(event) = notices.recv().await.expect("an event").told() else { panic!("an event") };
    assert_eq!(event.event, EventName::CallRinging);
    stage.phone.read_by(1).await;
    stage.phone.set("201", Presence::InCall);
    let Told::Event(event) = notices.recv().await.expect("an event").told() else { panic!("an event") };
    // Like every other moment on this socket.
    assert_eq!(event.at.subsec_nanosecond() % 1_000_000, 0, "milliseconds are enough: {}", event.at);
    assert_eq!(event.person.map(|person| (person.id, person.presence)), Some(("office/201".into(), Presence::InCall)));
}

#[tokio::test]
async fn who_subscribes_twice_is_told_once() {
    let stage = Stage::new();
    stage.phone.fill(3);
    let (client, mut notices) = stage.client().await;
    for _ in 0..2 {
        client.subscribe(&[Stream::CallEvent, Stream::View, Stream::CallEvent]).await.expect("subscribed");
    }
    client.view().await.expect("the subscriptions are in place");
    stage.phone.tell(EventName::CallRinging);
    stage.phone.tell(EventName::CallEnded);
    let mut events = vec![];
    while events.last() != Some(&EventName::CallEnded) {
        if let Told::Event(event) = notices.recv().await.expect("a notice").told() {
            events.push(event.event);
        }
    }
    assert_eq!(events, [EventName::CallRinging, EventName::CallEnded]);
    // The presence stream begins anew, so that nobody waits for people they were told before.
    for _ in 0..2 {
        client.subscribe(&[Stream::Presence]).await.expect("subscribed");
        loop {
            if let Told::Presence(part) = notices.recv().await.expect("a notice").told() {
                assert!(part.whole && part.last);
                assert_eq!(part.people.len(), 3);
                break;
            }
        }
    }
}

#[tokio::test]
async fn our_own_clients_learn_why_the_events_ended() {
    let stage = Stage::new();
    let (client, mut notices) = stage.client().await;
    client.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    client.view().await.expect("the subscription is in place");
    assert_eq!(client.farewell(), None);
    for _ in 0..200 {
        stage.phone.tell(EventName::CallRinging);
    }
    while notices.recv().await.is_some() {}
    let told = client.farewell().expect("a last word");
    assert!(told.text.contains("Events were missed") && told.remedy.is_some(), "{told:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_the_others_are_served() {
    let stage = Stage::with(Limits { stall: Duration::from_millis(200), ..Limits::default() });
    stage.phone.fill(10_000);
    let mut deaf = Raw::connect(&stage).await;
    deaf.send(r#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"streams":["presence"]}}"#).await;
    let began = Instant::now();
    let (client, _notices) = stage.client().await;
    client.view().await.expect("others are served");
    assert!(deaf.dropped().await, "the deaf client is dropped");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn pages_have_a_greatest_size_and_a_total() {
    let stage = Stage::new();
    stage.phone.fill(1200);
    let (client, _notices) = stage.client().await;
    let params = PeopleParams { offset: 1000, limit: 100_000, all: true, filter: None };
    let page = client.people(&params).await.expect("a page");
    assert_eq!((page.people.len(), page.total), (200, 1200));
    assert_eq!(
        client.people(&PeopleParams { limit: 100_000, ..PeopleParams::default() }).await.expect("a page").people.len(),
        PAGE
    );
}

#[tokio::test]
async fn one_socket_has_one_agent_and_a_left_over_file_is_replaced() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let path = folder.path().join("trayphone/control.sock");
    let first = bind(&path).expect("nobody is there");
    assert!(matches!(bind(&path), Err(BindError::AlreadyRunning)));
    let mode = |path: &std::path::Path| {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).expect("it is there").permissions()) & 0o777
    };
    assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
    drop(first);
    assert!(!path.exists());
    // A killed agent leaves its file and no lock.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a left-over"));
    drop(bind(&path).expect("the left-over is replaced"));
    std::fs::write(&path, "a letter").expect("a file");
    assert!(matches!(bind(&path), Err(BindError::Io { .. })));
    assert!(path.exists(), "a file that is no socket is kept");
}

#[tokio::test]
async fn without_an_agent_every_way_says_so() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let path = folder.path().join("control.sock");
    let refused = Client::connect(&path, "test").await.err().expect("nobody is there");
    assert_eq!(refused.code, Code::NoAgent);
    let limit = Duration::from_secs(1);
    let refused = phone_control::client::blocking::call(&path, "test", method::GET_VIEW, &Nothing {}, limit);
    assert_eq!(refused.expect_err("nobody is there").code, Code::NoAgent);
}

#[tokio::test]
async fn a_program_without_a_runtime_asks_once_and_ends() {
    let stage = Stage::new();
    let path = stage.path.clone();
    let limit = Duration::from_secs(5);
    let ask = move || phone_control::client::blocking::call(&path, "test", method::DIAL, &json!({"text": "207"}), limit);
    let answer = tokio::task::spawn_blocking(ask).await.expect("no panic").expect("dialled");
    assert!(answer.get().contains("207"));
}

#[tokio::test]
async fn a_command_in_flight_when_the_agent_ends_is_unknown() {
    let mut stage = Stage::new();
    let (client, _notices) = stage.client().await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.call::<Value>(method::HOLD, &CallParams::default()).await }
    });
    stage.phone.hold_began().await;
    stage.end();
    assert_eq!(waiting.await.expect("no panic").expect_err("it was lost").code, Code::OutcomeUnknown);
    assert_eq!(client.view().await.expect_err("it is lost").code, Code::NoAgent);
}

#[test]
fn the_stage_makes_people_like_the_engine() {
    assert_eq!(person(7, Presence::Available).id, "office/207");
}
