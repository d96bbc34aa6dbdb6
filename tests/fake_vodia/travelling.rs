//! How bytes travel: every lawful form of an answer, a message, an end.

use phone_tests::vodia::{Closes, Framing, Manners};

use super::*;

fn with(generation: Generation, change: impl FnOnce(&mut Manners)) -> Options {
    Options::new(generation).with(|options| change(&mut options.manners))
}

#[tokio::test]
async fn answers_say_in_all_ways_where_they_end() {
    for (framing, version, says) in [
        (Framing::Length, "HTTP/1.1", "content-length"),
        (Framing::Chunked, "HTTP/1.1", "transfer-encoding"),
        (Framing::UntilClose, "HTTP/1.1", "connection"),
        (Framing::Http10, "HTTP/1.0", "connection"),
    ] {
        let pbx = FakeVodia::start(with(Generation::G3, |manners| manners.framing = framing)).await.unwrap();
        for _ in 0..6 {
            let answer = rest(&pbx, "GET", "/accounts", "").await;
            assert!(answer.head.starts_with(version) && answer.header(says).is_some(), "{framing:?}: {}", answer.head);
            assert_eq!(answer.json().as_array().unwrap().len(), 16);
        }
    }
    let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    let mut seen = [false; 3];
    for _ in 0..14 {
        let answer = rest(&pbx, "GET", "/accounts", "").await;
        assert_eq!(answer.json().as_array().unwrap().len(), 16);
        let kinds = [answer.header("content-length"), answer.header("transfer-encoding")];
        let kind = kinds.iter().position(Option::is_some).unwrap_or(2);
        seen[kind] = true;
    }
    assert_eq!(seen, [true; 3], "all of them come by default");
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks() {
    let pbx = FakeVodia::start(with(Generation::G3, |manners| manners.framing = Framing::Chunked)).await.unwrap();
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(SOON, tcp.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let answer = reply(bytes);
    assert!(answer.header("transfer-encoding").is_none() && answer.body.contains("PBX"), "{}", answer.head);
}

/// Asks again and again over one connection; how many answers came before it ended.
async fn answers_on_one_connection(pbx: &FakeVodia) -> usize {
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    for answered in 0..8 {
        if tcp.write_all(b"OPTIONS / HTTP/1.1\r\nHost: pbx\r\n\r\n").await.is_err() {
            return answered;
        }
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match tokio::time::timeout(SOON, tcp.read_u8()).await.unwrap() {
                Ok(byte) => head.push(byte),
                Err(_) => return answered,
            }
        }
    }
    8
}

#[tokio::test]
async fn connections_end_never_sometimes_or_always() {
    for (closes, least, most) in [(Closes::Never, 8, 8), (Closes::Sometimes, 1, 4), (Closes::Always, 1, 1)] {
        let options = Options::new(Generation::G3).with(|options| {
            options.manners = Manners { closes, ..Manners::plain() };
        });
        let pbx = FakeVodia::start(options).await.unwrap();
        let answered = answers_on_one_connection(&pbx).await;
        assert!((least..=most).contains(&answered), "{closes:?}: {answered}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_by_somebody_silent() {
    let brief = Duration::from_millis(200);
    let pbx = FakeVodia::start(with(Generation::G3, |manners| manners.idle_connection = Some(brief))).await.unwrap();
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let mut rest = Vec::new();
    assert_eq!(tokio::time::timeout(SOON, tcp.read_to_end(&mut rest)).await.unwrap().unwrap(), 0);
    pbx.mute();
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    assert!(tokio::time::timeout(brief * 4, tcp.read_to_end(&mut rest)).await.is_err(), "silence closes nothing");
    let (_pbx, mut socket) = signed_in_with(with(Generation::G3, |manners| manners.idle_connection = Some(brief))).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    heard(&mut socket, "call-state").await;
    assert!(tokio::time::timeout(brief * 3, socket.next()).await.is_err(), "a socket is no idle connection");
}

#[tokio::test]
async fn messages_come_in_fragments_with_pings_among_them() {
    let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    let mut raw = raw_socket(&pbx).await;
    for turn in 0..8 {
        pbx.send_raw(&format!(r#"{{"action":"weather","umlaut":"äöüß","turn":{turn}}}"#));
    }
    let (mut opcodes, mut text, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    while !text.ends_with(br#""turn":7}"#) {
        tokio::time::timeout(SOON, raw.read_buf(&mut bytes)).await.unwrap().unwrap();
        while let [first, length, ..] = bytes[..] {
            let length = usize::from(length);
            assert!(length < 126, "short messages only");
            if bytes.len() < 2 + length {
                break;
            }
            opcodes.push(first);
            if first & 0x0f != 9 {
                text.extend_from_slice(&bytes[2..2 + length]);
            }
            bytes.drain(..2 + length);
        }
    }
    assert!(opcodes.windows(4).any(|four| four == [0x01, 0x89, 0x00, 0x80]), "{opcodes:x?}");
    assert!(opcodes.contains(&0x81), "{opcodes:x?}");
    // A library joins them again and answers the pings.
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    for turn in 0..8 {
        pbx.send_raw(&format!(r#"{{"action":"weather","umlaut":"äöüß","turn":{turn}}}"#));
        let frame = heard(&mut socket, "weather").await;
        assert_eq!((&frame["turn"], &frame["umlaut"]), (&json!(turn), &json!("äöüß")));
    }
    pbx.wait_for(|state| state.pongs() >= 1, SOON).await.unwrap();
}

#[tokio::test]
async fn the_server_pings_by_itself() {
    let often = with(Generation::G2, |manners| {
        manners.fragments = false;
        manners.pings = Some(Duration::from_millis(50));
    });
    let (pbx, mut socket) = signed_in_with(often).await;
    let three = async { while pbx.look(|state| state.pongs()) < 3 && socket.next().await.is_some() {} };
    tokio::time::timeout(SOON, three).await.expect("pings that are answered");
}

#[tokio::test]
async fn a_user_may_have_only_so_many_sockets() {
    let pbx = FakeVodia::start(with(Generation::G3, |manners| manners.most_sockets = Some(2))).await.unwrap();
    let good = basic("204:Sample-Pw9");
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(open(&pbx, &good).await.unwrap());
    }
    ended(&mut sockets[0]).await;
    pbx.wait_for(|state| state.open_sockets(Some("204")) == 2, SOON).await.unwrap();
}

#[tokio::test]
async fn a_session_lives_only_so_long() {
    let brief = with(Generation::G2, |manners| manners.session_lifetime = Some(Duration::from_millis(100)));
    let pbx = FakeVodia::start(brief).await.unwrap();
    let session = put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
    let cookie = format!("Cookie: session={session}");
    let mut socket = open(&pbx, &cookie).await.unwrap();
    let until = Instant::now() + SOON;
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    while !pbx.session_ids().is_empty() {
        assert!(Instant::now() < until, "the session lives on");
        looks.tick().await;
    }
    assert_eq!(open(&pbx, &cookie).await.err(), Some(401));
    say(&mut socket, json!({"action": "get-calls"})).await;
    heard(&mut socket, "call-state").await;
}

#[tokio::test]
async fn cookies_and_version_come_as_chosen() {
    let odd = with(Generation::G2, |manners| {
        manners.put_sets_cookie = true;
        manners.tells_version = false;
    });
    let pbx = FakeVodia::start(odd).await.unwrap();
    let answer = put(&pbx, "204", "Sample-Pw9").await;
    let id = answer.json().as_str().unwrap().to_owned();
    assert!(answer.session_cookie().unwrap().starts_with(&format!("session={id};")));
    for _ in 0..4 {
        assert!(http(&pbx, "GET", "/rest/system/session", "", "").await.header("server").is_none());
    }
    assert_eq!(http(&pbx, "GET", "/", "", "").await.header("server"), Some("PBX/67.0.5 (Debian64)"));
    let page = http(&pbx, "GET", "/token-page", "", "").await.json();
    let exchange = json!({"name": "session", "value": page["session"]}).to_string();
    let answer = http(&pbx, "POST", "/rest/system/session", "", &exchange).await;
    assert!(answer.header("set-cookie").unwrap().starts_with("loginlang="), "another cookie comes first");
    assert!(answer.session_cookie().is_some());
}

#[tokio::test]
async fn what_has_not_changed_may_be_left_out() {
    let (pbx, mut socket) = signed_in(Generation::G2).await;
    say(&mut socket, json!({"action": "get-users"})).await;
    heard(&mut socket, "domain-state").await;
    let mut left_out = 0;
    for _ in 0..12 {
        let call = pbx.ring(MARA, "", "207");
        let lamp = heard(&mut socket, "user-state").await;
        left_out += usize::from(lamp["registered"].is_null());
        pbx.hang_up_far(call);
        heard(&mut socket, "user-state").await;
        pbx.set_dnd("207", true);
        let lamp = heard(&mut socket, "user-state").await;
        assert_eq!((&lamp["dnd"], &lamp["registered"]), (&json!(true), &json!(true)), "what has changed is told");
        pbx.set_dnd("207", false);
        heard(&mut socket, "user-state").await;
    }
    assert!(left_out > 0, "absent or null means as before");
}

#[tokio::test]
async fn a_call_taken_by_somebody_else_stands_in_the_history_of_all_who_rang() {
    for (at_end, before) in [(false, 1), (true, 0)] {
        let options = Options::new(Generation::G3).with(|options| options.elsewhere_at_end = at_end);
        let pbx = FakeVodia::start(options).await.unwrap();
        let call = pbx.ring_group(MARA, "", "700");
        assert!(pbx.answer_elsewhere(call, "205"));
        let history = rest(&pbx, "GET", "/history?page=1&size=10", "").await.json();
        assert_eq!(history["data"].as_array().unwrap().len(), before, "at the end: {at_end}");
        pbx.hang_up_far(call);
        let history = rest(&pbx, "GET", "/history?page=1&size=10", "").await.json();
        assert_eq!((history["data"].as_array().unwrap().len(), &history["missed"]), (1, &json!("0")), "at the end: {at_end}");
        let connect = &history["data"][0]["connect"];
        assert!(connect.is_number() || connect.as_str().is_some_and(|text| text.parse::<f64>().is_ok()), "{connect}");
    }
    let never = Options::new(Generation::G3).with(|options| options.elsewhere_in_history = false);
    let pbx = FakeVodia::start(never).await.unwrap();
    let call = pbx.ring_group(MARA, "", "700");
    assert!(pbx.answer_elsewhere(call, "205"));
    pbx.hang_up_far(call);
    assert_eq!(rest(&pbx, "GET", "/history", "").await.json()["data"], json!([]));
}
