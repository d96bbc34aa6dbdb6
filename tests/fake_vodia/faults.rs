//! What a test can switch on: refusals, silence, garbage, floods, certificates.

use super::*;

#[tokio::test]
async fn forbidden_frames_are_violations() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "sip-register", "useragent": "x"})).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": "true"})).await;
    say(&mut socket, json!({"action": "weather"})).await;
    socket.send(Message::text("not json")).await.unwrap();
    socket.send(Message::binary(vec![1])).await.unwrap();
    pbx.wait_for(|state| state.violations().len() == 4, SOON).await.unwrap();
    assert_eq!(pbx.actions().len(), 3, "an unknown action is recorded and ignored");
    ended(&mut socket).await;
    let mut raw = raw_socket(&pbx).await;
    raw.write_all(b"\x81\x02{}").await.unwrap();
    pbx.wait_for(|state| state.violations().iter().any(|what| what.contains("not masked")), SOON).await.unwrap();
}

#[tokio::test]
async fn a_socket_without_keepalive_is_closed() {
    let idle = Options::new(Generation::G3).with(|options| options.idle = Some(Duration::from_millis(300)));
    let (pbx, mut socket) = signed_in_with(idle.clone()).await;
    ended(&mut socket).await;
    drop(pbx);
    let (pbx, mut socket) = signed_in_with(idle).await;
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    while begun.elapsed() < Duration::from_millis(700) {
        ticks.tick().await;
        say(&mut socket, json!({"action": "avoid-disconnect"})).await;
    }
    assert_eq!(pbx.look(|state| state.open_sockets(Some("204"))), 1);
}

#[tokio::test]
async fn it_restarts_on_its_port_and_forgets_sessions() {
    let survive = Options::new(Generation::G2).with(|options| options.calls_survive_restart = true);
    let (pbx, mut socket) = signed_in_with(survive).await;
    let session = put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
    let (url, call) = (pbx.url(), pbx.ring(MARA, "", "204"));
    pbx.stop().await;
    ended(&mut socket).await;
    assert!(TcpStream::connect(pbx.addr()).await.is_err());
    pbx.restart().await.unwrap();
    assert_eq!(pbx.url(), url);
    assert!(pbx.call(call).is_some());
    assert_eq!(open(&pbx, &format!("Cookie: session={session}")).await.err(), Some(401));
    let (pbx, _socket) = signed_in(Generation::G3).await;
    let call = pbx.ring(MARA, "", "204");
    pbx.restart().await.unwrap();
    assert!(pbx.call(call).is_none());
}

#[tokio::test]
async fn kicks_and_resets_differ() {
    let (pbx, _) = signed_in(Generation::G3).await;
    let mut raw = raw_socket(&pbx).await;
    pbx.kick().await;
    let mut rest = Vec::new();
    raw.read_to_end(&mut rest).await.expect("an orderly end of the connection");
    assert!(!rest.contains(&0x88), "no close frame");
    let mut raw = raw_socket(&pbx).await;
    pbx.reset().await;
    assert_eq!(raw.read_to_end(&mut rest).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    for code in [None, Some(1012)] {
        let mut socket = open(&pbx, &basic("204:Sample-Pw9")).await.unwrap();
        pbx.kick_with(code);
        let close = loop {
            if let Message::Close(close) = socket.next().await.unwrap().unwrap() {
                break close;
            }
        };
        assert_eq!(close.map(|close| u16::from(close.code)), code);
    }
}

#[tokio::test]
async fn silence_is_total_and_ends() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    heard(&mut socket, "call-state").await;
    pbx.mute();
    pbx.ring(MARA, "", "204");
    socket.send(Message::Ping(Vec::new().into())).await.unwrap();
    let mut fresh = TcpStream::connect(pbx.addr()).await.expect("new connections are accepted");
    fresh.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let quiet = Duration::from_millis(300);
    assert!(tokio::time::timeout(quiet, socket.next()).await.is_err());
    assert!(tokio::time::timeout(quiet, fresh.read_u8()).await.is_err());
    pbx.unmute();
    one_call(&heard(&mut socket, "call-state").await);
    assert_eq!(tokio::time::timeout(SOON, fresh.read_u8()).await.unwrap().unwrap(), b'H');
}

#[tokio::test]
async fn garbage_is_what_it_says() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    pbx.send_garbage(Garbage::NotJson);
    pbx.send_garbage(Garbage::Binary);
    pbx.send_garbage(Garbage::FiftyMegabytes);
    pbx.send_garbage(Garbage::InvalidUtf8);
    let mut lengths = Vec::new();
    let fault = loop {
        match socket.next().await.unwrap() {
            Ok(Message::Text(text)) => lengths.push(text.len()),
            Ok(Message::Binary(_)) => lengths.push(0),
            Ok(_) => {}
            Err(fault) => break fault,
        }
    };
    assert!(lengths.contains(&0), "{lengths:?}");
    assert!(matches!(fault, Error::Capacity(_) | Error::Utf8(_)), "{fault}");
    let mut raw = raw_socket(&pbx).await;
    pbx.send_garbage(Garbage::FiftyMegabytes);
    let mut read = 0;
    let mut block = vec![0; 1 << 16];
    while read < 50_000_000 {
        read += tokio::time::timeout(SOON, raw.read(&mut block)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_flood_lets_calls_through_and_ends_with_the_truth() {
    let (pbx, mut socket) = signed_in(Generation::G2).await;
    say(&mut socket, json!({"action": "get-users"})).await;
    say(&mut socket, json!({"action": "get-calls"})).await;
    heard(&mut socket, "call-state").await;
    pbx.presence("207", Presence::Busy);
    pbx.flood(None, Duration::from_millis(500));
    let (mut states, mut calls, mut last) = (0_u64, 0, Value::Null);
    // A pause this long comes only when the flood and the true states behind it are over.
    while let Ok(message) = tokio::time::timeout(Duration::from_millis(400), socket.next()).await {
        let Message::Text(text) = message.unwrap().unwrap() else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        match frame["action"].as_str() {
            Some("user-state") => states += 1,
            Some("call-state") => calls += 1,
            _ => {}
        }
        if frame["account"] == "207" {
            last = frame;
        }
        if states == 100 {
            pbx.ring(MARA, "", "204");
        }
    }
    assert!(states > 1000 && calls > 0, "{states} states, {calls} calls");
    assert!(!last["code"].is_null(), "the truth comes last");
}

#[tokio::test]
async fn slow_and_disguised_servers() {
    let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    pbx.slow(Duration::from_millis(200));
    let begun = Instant::now();
    http(&pbx, "GET", "/", "", "").await;
    assert!(begun.elapsed() >= Duration::from_millis(200));
    pbx.behave();
    pbx.captive_portal();
    let portal = http(&pbx, "GET", "/rest/system/session", "", "").await;
    assert_eq!((portal.status, portal.header("content-type")), (200, Some("text/html")));
    assert_eq!(open(&pbx, &basic("204:Sample-Pw9")).await.err(), Some(200));
    pbx.not_a_pbx();
    let other = http(&pbx, "GET", "/rest/system/session", "", "").await;
    assert_eq!((other.status, other.header("server")), (404, Some("nginx")));
    pbx.behave();
    pbx.refuse_with(What::Handshake, 403);
    assert_eq!(open(&pbx, &basic("204:Sample-Pw9")).await.err(), Some(403));
    let mut tls_hello = TcpStream::connect(pbx.addr()).await.unwrap();
    tls_hello.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    let mut answer = Vec::new();
    tls_hello.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"));
}

#[tokio::test]
async fn dials_can_be_ignored_refused_or_cut() {
    let (pbx, mut socket) = signed_in(Generation::G2).await;
    pbx.ignore_dials(true);
    say(&mut socket, json!({"action": "make-call", "to": MARA})).await;
    assert_eq!(pbx.wait_for_dial(1, SOON).await.unwrap().call, None);
    pbx.behave();
    pbx.drop_on_dial(true);
    say(&mut socket, json!({"action": "make-call", "to": MARA})).await;
    assert!(pbx.wait_for_dial(2, SOON).await.unwrap().call.is_some());
    ended(&mut socket).await;
    let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    pbx.refuse_with(What::Rest, 500);
    assert_eq!(post(&pbx, json!({"remote-dial": MARA})).await.status, 500);
    assert_eq!(pbx.dials().len(), 1);
}

#[tokio::test]
async fn tls_comes_with_a_fingerprint() {
    let pbx = FakeVodia::start(Options::new(Generation::G3).tls(Tls::OwnAuthority)).await.unwrap();
    let mut roots = rustls::RootCertStore::empty();
    use rustls::pki_types::pem::PemObject;
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(pbx.authority_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
    let mut tls = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(name, tcp).await.unwrap();
    let seen = sha2_hex(tls.get_ref().1.peer_certificates().unwrap()[0].as_ref());
    assert_eq!(pbx.certificate_sha256(), Some(seen.as_str()));
    tls.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    tls.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    for tls in [Tls::SelfSigned, Tls::Expired, Tls::WrongName] {
        let pbx = FakeVodia::start(Options::new(Generation::G3).tls(tls)).await.unwrap();
        assert_eq!(pbx.certificate_sha256().unwrap().len(), 64);
        assert!(pbx.url().starts_with("https://"));
    }
}

#[tokio::test]
async fn the_time_of_a_call_state_is_taken() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    heard(&mut socket, "call-state").await;
    pbx.wait_for(|state| state.call_states_written() == 1, SOON).await.unwrap();
    let before = Instant::now();
    pbx.ring(MARA, "", "204");
    heard(&mut socket, "call-state").await;
    pbx.wait_for(|state| state.call_states_written() == 2, SOON).await.unwrap();
    assert!(pbx.call_state_written_at().unwrap() >= before);
}
