//! Accounts on a byte stream, against sockets of the test's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use phone_core::view::LinkName;
use phone_core::{AccountConfig, Code, Request};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Bench, LOGIN, LONGEST, OneProxy, PASSWORD, SOON, account, office};
use crate::SystemEvent;
use crate::net::tls::fingerprint;

/// The server's end of a stream.
pub(crate) type Peer<S = TcpStream> = BufReader<S>;

/// A socket that listens, and its port.
pub(crate) async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("the port").port();
    (listener, port)
}

/// Takes a connection.
pub(crate) async fn accepted(listener: &TcpListener) -> Peer {
    let accepted = tokio::time::timeout(SOON, listener.accept()).await.expect("in time");
    BufReader::new(accepted.expect("a connection").0)
}

/// Reads one line.
pub(crate) async fn line<S: AsyncRead + Unpin>(peer: &mut Peer<S>) -> String {
    let mut line = String::new();
    tokio::time::timeout(SOON, peer.read_line(&mut line)).await.expect("in time").expect("a line");
    line
}

/// Waits for the end of what the other side sends, whichever kind of end, and gives what came before it.
async fn rest<S: AsyncRead + Unpin>(peer: &mut Peer<S>) -> String {
    let mut rest = vec![];
    tokio::time::timeout(SOON, peer.read_to_end(&mut rest)).await.expect("in time").ok();
    String::from_utf8_lossy(&rest).into_owned()
}

/// Takes the sign-in and lets the account be online.
pub(crate) async fn welcome<S: AsyncRead + AsyncWrite + Unpin>(peer: &mut Peer<S>) {
    assert_eq!(line(peer).await, LOGIN);
    peer.write_all(b"Hello: you\r\n").await.expect("sent");
    peer.flush().await.expect("sent");
}

/// A server's TLS whose protocol has a name that is none of the web, and the fingerprint of its certificate.
pub(crate) fn certificate() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a certificate");
    config.alpn_protocols = vec![b"lines".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), fingerprint(made.cert.der()))
}

fn is_online(account: &phone_core::view::AccountView) -> bool {
    account.link == LinkName::Online
}

/// An account that is online, and the server's end.
async fn online() -> (Bench, TcpListener, Peer) {
    let (listener, port) = listener().await;
    let bench = Bench::at(&format!("tcp://127.0.0.1:{port}"));
    let mut peer = accepted(&listener).await;
    welcome(&mut peer).await;
    bench.shows(is_online).await;
    (bench, listener, peer)
}

#[tokio::test]
async fn frames_come_and_go_as_they_are() {
    let (mut bench, _listener, mut peer) = online().await;
    peer.write_all("Say: one\r\nSay: zwei äöü\r\n".as_bytes()).await.expect("sent");
    assert_eq!(line(&mut peer).await, "one\r\n");
    assert_eq!(line(&mut peer).await, "zwei äöü\r\n");
    assert_eq!(bench.hears(2).await, "Say: zwei äöü");
    assert!(peer.get_ref().nodelay().is_ok());
}

#[tokio::test]
async fn the_credential_of_a_frame_is_in_no_report() {
    let (mut bench, _listener, mut peer) = online().await;
    peer.write_all(b"Say: Event: Mara has 4930555001\r\n").await.expect("sent");
    bench.hears(1).await;
    assert_eq!(line(&mut peer).await, "Event: Mara has 4930555001\r\n");
    let report = bench.diagnosis().await;
    assert!(report.contains("> <a frame with a credential>\n"), "{report}");
    assert!(report.contains("> Event: aaaa aaa 9999999999\n"), "{report}");
    for gone in [PASSWORD, "Login", "Mara", "4930555001"] {
        assert!(!report.contains(gone), "{report}");
    }
}

#[tokio::test]
async fn an_end_of_any_kind_is_noticed_at_once() {
    for end in ["closed", "reset", "half closed"] {
        let (bench, listener, peer) = online().await;
        let since = Instant::now();
        let mut kept = None;
        let stream = peer.into_inner();
        match end {
            "reset" => {
                stream.set_zero_linger().expect("an option");
                drop(stream);
            }
            "half closed" => {
                let (read, mut write) = stream.into_split();
                write.shutdown().await.expect("no more to say");
                kept = Some(BufReader::new(read));
            }
            _ => drop(stream),
        }
        let shown = bench.shows(|account| account.link == LinkName::Waiting).await;
        assert!(since.elapsed() < Duration::from_millis(500), "{end}: {:?}", since.elapsed());
        assert_eq!(shown.why.map(|why| why.code), Some(Code::Dropped), "{end}");
        if let Some(mut kept) = kept {
            assert_eq!(rest(&mut kept).await, "", "nobody speaks to a peer that says nothing any more");
        }
        // And is back by the link's own rules.
        let mut peer = accepted(&listener).await;
        welcome(&mut peer).await;
        bench.shows(is_online).await;
    }
}

#[tokio::test]
async fn whoever_refuses_the_sign_in_and_hangs_up_is_heard_first() {
    let (listener, port) = listener().await;
    let mut bench = Bench::at(&format!("tcp://127.0.0.1:{port}"));
    let mut peer = accepted(&listener).await;
    assert_eq!(line(&mut peer).await, LOGIN);
    peer.write_all(b"Sorry: no\r\n").await.expect("sent");
    drop(peer);
    assert_eq!(bench.hears(1).await, "Sorry: no");
    bench.shows(|account| account.link == LinkName::Waiting).await;
}

#[tokio::test]
async fn half_a_frame_of_one_stream_does_not_meet_the_next_stream() {
    let (mut bench, listener, mut peer) = online().await;
    peer.write_all(b"Say: half of").await.expect("sent");
    drop(peer);
    let mut peer = accepted(&listener).await;
    welcome(&mut peer).await;
    peer.write_all(b"Note: whole\r\n").await.expect("sent");
    assert_eq!(bench.hears(1).await, "Note: whole");
}

#[tokio::test]
async fn what_cannot_be_understood_ends_the_link_with_its_reason() {
    for (bytes, says) in [(vec![b'x'; LONGEST + 1], "far too long"), (b"\xff\xfe\r\n".to_vec(), "cannot be understood")] {
        let (bench, _listener, mut peer) = online().await;
        peer.write_all(&bytes).await.expect("sent");
        let shown = bench.shows(|account| account.link == LinkName::Waiting).await;
        let why = shown.why.expect("a reason");
        assert_eq!(why.code, Code::Protocol);
        assert!(why.text.contains(says), "{why:?}");
        rest(&mut peer).await;
    }
}

#[tokio::test]
async fn a_flood_costs_no_memory_and_keeps_nobody_waiting() {
    const FRAMES: usize = 32_000;
    let (mut bench, _listener, mut peer) = online().await;
    let before = largest_kb();
    let (engine, flood) = (bench.engine.clone(), format!("Flood: {}\r\n", "x".repeat(1000)).repeat(16));
    let flooding = tokio::spawn(async move {
        for _ in 0..FRAMES / 16 {
            peer.write_all(flood.as_bytes()).await.expect("sent");
        }
        peer
    });
    bench.hears(FRAMES / 10).await;
    let since = Instant::now();
    assert!(engine.ask(Request::GetView).await.is_ok());
    assert!(since.elapsed() < Duration::from_secs(1), "an answer took {:?}", since.elapsed());
    bench.hears(FRAMES).await;
    let mut peer = flooding.await.expect("no panic");
    assert!(largest_kb() - before < 12 << 10, "{} kB more for 32 MB", largest_kb() - before);
    peer.write_all(b"Say: done\r\n").await.expect("sent");
    assert_eq!(line(&mut peer).await, "done\r\n");
}

/// The largest memory this process ever had, in kB.
fn largest_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_sign_out_ends_the_stream() {
    let (bench, _listener, mut peer) = online().await;
    bench.engine.ask(Request::SignOut(office())).await.expect("signed out");
    assert_eq!(rest(&mut peer).await, "");
}

#[tokio::test]
async fn a_change_of_the_network_probes_the_stream() {
    let (bench, _listener, mut peer) = online().await;
    bench.engine.system(SystemEvent::NetworkChanged).await;
    assert_eq!(line(&mut peer).await, "Probe: 1\r\n");
    // No answer to it: the link is given up long before it would be silent by itself.
    let shown = bench.shows(|account| account.link == LinkName::Waiting).await;
    assert_eq!(shown.why.map(|why| why.code), Some(Code::TimedOut));
}

#[tokio::test]
async fn an_unknown_certificate_leads_to_a_question_and_a_pin_answers_it() {
    let (listener, port) = listener().await;
    let (acceptor, sha256) = certificate();
    // A scheme that is none of the web leaves the host as it was typed.
    let bench = Bench::start(
        account(&format!("lines://LocalHost:{port}")),
        &format!("tls://LocalHost:{port}"),
        Arc::new(OneProxy::default()),
    );
    assert!(acceptor.accept(accepted(&listener).await).await.is_err(), "nothing is said to it");
    let shown = bench.shows(|account| account.link == LinkName::Stopped).await;
    let why = shown.why.expect("a question");
    assert_eq!((why.code, why.certificate_sha256.as_deref()), (Code::CertificateUnknown, Some(sha256.as_str())));
    let accept = Request::AcceptCertificate { account: office(), sha256 };
    let (answer, mut peer) = tokio::join!(bench.engine.ask(accept), async {
        let peer = acceptor.accept(accepted(&listener).await).await.expect("TLS");
        let mut peer = BufReader::new(peer);
        welcome(&mut peer).await;
        peer
    });
    answer.expect("accepted");
    bench.shows(is_online).await;
    peer.write_all(b"Say: hidden\r\n").await.expect("sent");
    peer.flush().await.expect("sent");
    assert_eq!(line(&mut peer).await, "hidden\r\n");
}

#[tokio::test]
async fn a_pin_counts_for_the_host_of_the_account_and_for_no_other() {
    let (listener, port) = listener().await;
    let (acceptor, sha256) = certificate();
    let config = AccountConfig { pin: Some(sha256), ..account("lines://pbx.example:5039") };
    let bench = Bench::start(config, &format!("tls://localhost:{port}"), Arc::new(OneProxy::default()));
    assert!(acceptor.accept(accepted(&listener).await).await.is_err(), "nothing is said to it");
    let shown = bench.shows(|account| account.why.is_some()).await;
    assert_eq!(shown.why.and_then(|why| why.certificate_sha256), None, "nobody is asked to vouch for another host");
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused() {
    let (listener, port) = listener().await;
    let (acceptor, sha256) = certificate();
    let url = format!("tls://localhost:{port}");
    let bench = Bench::start(AccountConfig { pin: Some("ab".repeat(32)), ..account(&url) }, &url, Arc::new(OneProxy::default()));
    assert!(acceptor.accept(accepted(&listener).await).await.is_err(), "nothing is said to it");
    let why = bench.shows(|account| account.link == LinkName::Stopped).await.why.expect("a reason");
    assert_eq!((why.code, why.certificate_sha256), (Code::CertificateChanged, Some(sha256)));
}

#[tokio::test]
async fn the_reason_says_what_stands_at_the_other_end() {
    // A server that greets without encryption.
    let (plain, port) = listener().await;
    let bench = Bench::at(&format!("tls://127.0.0.1:{port}"));
    let mut peer = accepted(&plain).await;
    peer.write_all(b"Some Greeting/1.0\r\n").await.expect("sent");
    let why = bench.shows(|account| account.why.is_some()).await.why.expect("a reason");
    assert!(why.text.contains("encrypted"), "{why:?}");
    assert!(!rest(&mut peer).await.contains(PASSWORD), "nothing is said to it");
    // Nobody at all, and no port.
    let (closed, port) = listener().await;
    drop(closed);
    let why = Bench::at(&format!("tcp://127.0.0.1:{port}")).shows(|account| account.why.is_some()).await.why;
    assert_eq!(why.map(|why| why.code), Some(Code::Unreachable));
    let why = Bench::at("tcp://127.0.0.1").shows(|account| account.why.is_some()).await.why;
    assert_eq!(why.map(|why| why.code), Some(Code::Unreachable));
}
