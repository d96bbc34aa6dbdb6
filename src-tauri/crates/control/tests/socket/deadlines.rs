//! Wishes are meant now or never: what a busy or starting agent finds too late is not done.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use phone_control::client::blocking;
use phone_control::protocol::{HandleLinkParams, Stream, method};
use phone_core::{Code, EventName, Trouble};
use serde_json::{Value, json};

use crate::support::{Raw, Stage, within};

/// A link that nobody may dial late.
fn link() -> HandleLinkParams {
    HandleLinkParams { uri: "tel:+4930123456".into(), clicked_ms: None }
}

/// Hands a link over in a thread of its own, as the program does.
fn hand_over(path: &Path, limit: Duration) -> std::thread::JoinHandle<Result<(), Trouble>> {
    let path = path.to_owned();
    std::thread::spawn(move || blocking::call(&path, "test", method::HANDLE_LINK, &link(), limit).map(drop))
}

/// A socket of the test's own in a throw-away folder.
fn socket() -> (tempfile::TempDir, PathBuf, UnixListener) {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let path = folder.path().join("control.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    (folder, path, listener)
}

fn welcome(stream: &mut UnixStream) {
    let answer = json!({"jsonrpc":"2.0","id":1,"result":{"protocol":"1.0","agent_version":"1","restart_needed":false}});
    stream.write_all(format!("{answer}\n").as_bytes()).ok();
}

/// The clock that agent and clients share.
fn boot_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(now.tv_sec).expect("a running machine") * 1000 + u64::try_from(now.tv_nsec).expect("a part") / 1_000_000
}

fn milliseconds(request: &Value) -> u64 {
    request["not_after_ms"].as_u64().expect("a moment after which it is not meant any more")
}

#[test]
fn an_agent_that_wakes_up_late_finds_a_hello_and_nothing_else() {
    let (_folder, path, listener) = socket();
    let handing = hand_over(&path, Duration::from_millis(200));
    let (mut stream, _) = listener.accept().expect("a client");
    let refused = handing.join().expect("no panic").expect_err("nobody answers");
    assert!(refused.text.contains("runs but does not answer"), "nothing was asked, so nothing is unclear: {refused:?}");
    // Only now the agent comes to its socket.
    welcome(&mut stream);
    let mut found = String::new();
    stream.read_to_string(&mut found).ok();
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.contains(r#""method":"hello""#) && !found.contains("tel:"), "{found}");
}

#[test]
fn a_wish_says_until_when_it_is_meant() {
    let (_folder, path, listener) = socket();
    let handing = hand_over(&path, Duration::from_secs(5));
    let (mut stream, _) = listener.accept().expect("a client");
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a hello");
    welcome(&mut stream);
    line.clear();
    lines.read_line(&mut line).expect("a wish");
    let wish: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(wish["params"]["uri"], "tel:+4930123456");
    let now = boot_ms();
    assert!((now + 3000..=now + 5000).contains(&milliseconds(&wish)), "{wish}");
    drop((stream, lines));
    assert_eq!(handing.join().expect("no panic").expect_err("it was lost").code, Code::OutcomeUnknown);
}

#[tokio::test]
async fn what_comes_too_late_is_refused_and_not_done() {
    let stage = Stage::new();
    let mut raw = Raw::connect(&stage).await;
    let answer = raw.ask(r#"{"jsonrpc":"2.0","id":1,"method":"dial","not_after_ms":1,"params":{"text":"207"}}"#).await;
    assert_eq!(answer["error"]["data"]["code"], "not_available", "{answer}");
    assert!(answer["error"]["data"]["text"].as_str().is_some_and(|text| text.contains("too late")), "{answer}");
    raw.ask(r#"[{"jsonrpc":"2.0","id":2,"method":"dial","not_after_ms":1,"params":{"text":"207"}}]"#).await;
    assert_eq!(stage.phone.dials(), 0);
    let far = u64::MAX;
    raw.ask(&format!(r#"{{"jsonrpc":"2.0","id":3,"method":"dial","not_after_ms":{far},"params":{{"text":"207"}}}}"#)).await;
    assert_eq!(stage.phone.dials(), 1);
}

#[tokio::test]
async fn a_wish_that_waits_behind_others_for_too_long_is_not_done() {
    let limits = phone_control::Limits { at_once: 1, ..Default::default() };
    let stage = Stage::with(limits);
    let mut raw = Raw::connect(&stage).await;
    raw.send(r#"{"jsonrpc":"2.0","id":1,"method":"hold"}"#).await;
    stage.phone.hold_began().await;
    let soon = boot_ms() + 50;
    raw.send(&format!(r#"{{"jsonrpc":"2.0","id":2,"method":"dial","not_after_ms":{soon},"params":{{"text":"207"}}}}"#)).await;
    // The first request ends only after the second one's time is over.
    let over = async {
        while boot_ms() <= soon {
            tokio::task::yield_now().await;
        }
    };
    within(over).await;
    stage.phone.let_hold_go();
    assert_eq!(raw.next().await.expect("the hold's answer")["id"], 1);
    let answer = raw.next().await.expect("the dial's answer");
    assert_eq!((&answer["id"], &answer["error"]["data"]["code"]), (&json!(2), &json!("not_available")), "{answer}");
    assert_eq!(stage.phone.dials(), 0);
}

#[tokio::test]
async fn a_command_of_a_client_carries_its_moment_and_a_question_does_not() {
    let (_folder, path, listener) = socket();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
        lines.next().expect("a hello");
        welcome(&mut stream);
        [lines.next(), lines.next()].map(|line| serde_json::from_str::<Value>(&line.expect("a request")).expect("JSON"))
    });
    let (client, _notices) = within(phone_control::Client::connect(&path, "test")).await.expect("welcome");
    let asked = tokio::join!(client.view(), client.act(method::HANG_UP, None));
    assert!(asked.0.is_err() && asked.1.is_err());
    let requests = server.join().expect("no panic");
    let named = |name: &str| requests.iter().find(|request| request["method"] == name).expect("it was asked");
    assert!(named("get_view").get("not_after_ms").is_none());
    milliseconds(named("hang_up"));
}

#[test]
fn an_agent_that_ends_before_it_answers_the_hello_is_not_there() {
    let (_folder, path, listener) = socket();
    let handing = hand_over(&path, Duration::from_secs(5));
    drop(listener.accept().expect("a client"));
    let refused = handing.join().expect("no panic").expect_err("it ended");
    // Nothing was asked, so whoever wanted something may become the agent and do it.
    assert_eq!((refused.code, &refused.detail), (Code::NoAgent, &None), "{refused:?}");
    // The same where the hello cannot even be written any more.
    let handing = hand_over(&path, Duration::from_secs(5));
    let (stream, _) = listener.accept().expect("a client");
    stream.shutdown(std::net::Shutdown::Both).expect("closed");
    let refused = handing.join().expect("no panic").expect_err("it ended");
    assert_eq!((refused.code, &refused.detail), (Code::NoAgent, &None), "{refused:?}");
}

#[test]
fn a_wish_that_an_agent_took_and_never_answered_may_have_been_done() {
    let (_folder, path, listener) = socket();
    let handing = hand_over(&path, Duration::from_millis(300));
    let (mut stream, _) = listener.accept().expect("a client");
    welcome(&mut stream);
    let unknown = handing.join().expect("no panic").expect_err("nobody answers");
    assert_eq!(unknown.code, Code::OutcomeUnknown);
    assert!(unknown.text.contains("runs but does not answer"), "the PBX has nothing to do with it: {unknown:?}");
}

#[tokio::test]
async fn a_path_that_no_socket_can_have_is_named() {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let path = folder.path().join("a".repeat(120)).join("control.sock");
    let by_client = within(phone_control::Client::connect(&path, "test")).await.err().expect("it is too long");
    let by_program = hand_over(&path, Duration::from_secs(1)).join().expect("no panic").expect_err("it is too long");
    for refused in [by_client, by_program] {
        assert_eq!(refused.code, Code::WrongUsage, "{refused:?}");
        assert!(refused.text.contains("too long") && refused.text.contains("control.sock"), "{refused:?}");
    }
}

#[tokio::test]
async fn who_connects_and_says_nothing_is_dropped() {
    let limits = phone_control::Limits { stall: Duration::from_millis(300), clients: 3, ..Default::default() };
    let stage = Stage::with(limits);
    let mut silent = vec![Raw::connect(&stage).await, Raw::connect(&stage).await, Raw::connect(&stage).await];
    let (client, _notices) = stage.client().await;
    client.view().await.expect("served");
    for one in &mut silent {
        assert!(one.next().await.is_none(), "the silent one is dropped");
    }
}

#[tokio::test]
async fn a_crowd_that_says_nothing_holds_nobody_up() {
    let stage = Stage::new();
    let mut crowd = vec![];
    for _ in 0..300 {
        crowd.push(within(Raw::connect(&stage)).await);
    }
    let began = Instant::now();
    let (client, _notices) = stage.client().await;
    client.view().await.expect("served");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn quiet_clients_make_room_for_a_newcomer_and_those_who_follow_stay() {
    let stage = Stage::with(phone_control::Limits { clients: 3, ..Default::default() });
    let (follower, mut notices) = stage.client().await;
    follower.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    let mut quiet = vec![Raw::connect(&stage).await, Raw::connect(&stage).await];
    for one in &mut quiet {
        one.ask(r#"{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"quiet","version":"1.0"}}"#).await;
    }
    let began = Instant::now();
    let (client, _notices) = stage.client().await;
    client.view().await.expect("served");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let [first, second] = &mut quiet[..] else { panic!("two") };
    assert!(first.next().await.expect("a word about it")["error"].is_object());
    assert!(first.next().await.is_none(), "the quietest one made room");
    assert!(second.ask(r#"{"jsonrpc":"2.0","id":2,"method":"get_view"}"#).await["result"].is_object());
    stage.phone.tell(EventName::CallRinging);
    within(notices.recv()).await.expect("who follows is still told");
}

#[tokio::test]
async fn a_client_that_waits_for_its_answer_does_not_make_room() {
    let stage = Stage::with(phone_control::Limits { clients: 2, ..Default::default() });
    let mut quiet = Raw::connect(&stage).await;
    let mut waiting = Raw::connect(&stage).await;
    waiting.send(r#"{"jsonrpc":"2.0","id":1,"method":"hold"}"#).await;
    stage.phone.hold_began().await;
    quiet.ask(r#"{"jsonrpc":"2.0","id":1,"method":"get_view"}"#).await;
    let (client, _notices) = stage.client().await;
    client.view().await.expect("served");
    assert!(quiet.next().await.expect("a word about it")["error"].is_object());
    assert!(quiet.next().await.is_none(), "the quiet one made room, though it spoke last");
    stage.phone.let_hold_go();
    assert_eq!(waiting.next().await.expect("the hold's answer")["id"], 1);
}

#[tokio::test]
async fn followers_that_have_asked_nothing_for_long_make_room_one_by_one_and_windows_never() {
    let idle = Duration::from_millis(300);
    let stage = Stage::with(phone_control::Limits { clients: 3, idle, ..Default::default() });
    let (window, _shows) = stage.client().await;
    window.subscribe(&[Stream::Show]).await.expect("subscribed");
    window.subscribe(&[Stream::View]).await.expect("subscribed");
    let (first, mut of_first) = stage.client().await;
    first.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    let (second, mut of_second) = stage.client().await;
    second.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    first.view().await.expect("it asks something");

    let (third, mut of_third) = stage.client().await;
    third.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    assert!(within(of_second.recv()).await.is_none(), "the one that has asked nothing for longest made room");
    let told = second.farewell().expect("it is told why");
    assert!(told.text.contains("Too many programs"), "{told:?}");

    let (fourth, _events) = stage.client().await;
    fourth.view().await.expect("served");
    assert!(within(of_first.recv()).await.is_none(), "the next one");
    window.view().await.expect("the window stays");
    stage.phone.tell(EventName::CallRinging);
    within(of_third.recv()).await.expect("who came last is still told");
}

#[tokio::test]
async fn where_nobody_can_make_room_the_newcomer_is_told() {
    let stage = Stage::with(phone_control::Limits { stall: Duration::from_millis(400), clients: 2, ..Default::default() });
    let followers = [stage.client().await, stage.client().await];
    for (client, _) in &followers {
        client.subscribe(&[Stream::CallEvent]).await.expect("subscribed");
    }
    let refused = within(phone_control::Client::connect(&stage.path, "test")).await.err().expect("there is no place");
    assert!(refused.text.contains("Too many programs"), "{refused:?}");
    for (client, _) in &followers {
        client.view().await.expect("who was there stays");
    }
}

#[test]
fn a_silent_or_deaf_client_has_five_seconds() {
    assert_eq!(phone_control::Limits::default().stall, Duration::from_secs(5));
}

#[tokio::test]
async fn a_flood_of_one_client_is_slowed_down_and_the_others_are_served_at_once() {
    let stage = Stage::with(phone_control::Limits { per_second: 10, ..Default::default() });
    let mut flood = Raw::connect(&stage).await;
    let began = Instant::now();
    for id in 0..25 {
        flood.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"get_view"}}"#)).await;
    }
    let (client, _notices) = stage.client().await;
    client.view().await.expect("served");
    assert!(began.elapsed() < Duration::from_secs(1), "the flood holds up another client");
    for _ in 0..25 {
        assert!(flood.next().await.expect("every request is answered")["result"].is_object());
    }
    assert!(began.elapsed() >= Duration::from_millis(1900), "25 requests at 10 a second took {:?}", began.elapsed());
}
