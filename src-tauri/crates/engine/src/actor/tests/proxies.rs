//! Byte streams through the proxies that the system names.

use std::sync::Arc;

use phone_core::view::LinkName;
use phone_core::{AccountConfig, Code};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::stream::{Peer, accepted, certificate, line, listener, welcome};
use super::{Bench, OneProxy, account};

/// Takes what a client asks an HTTP proxy for, and gives it; afterwards the stream is the server's.
async fn http_tunnel(listener: &TcpListener) -> (String, Peer) {
    let mut peer = accepted(listener).await;
    let asked = line(&mut peer).await;
    while line(&mut peer).await != "\r\n" {}
    peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("sent");
    (asked, peer)
}

/// The same of a proxy that speaks version 5 of SOCKS, asked by name.
async fn socks_tunnel(listener: &TcpListener) -> (String, Peer) {
    let mut peer = accepted(listener).await;
    let mut greeting = [0; 2];
    peer.read_exact(&mut greeting).await.expect("a greeting");
    let mut methods = vec![0; usize::from(greeting[1])];
    peer.read_exact(&mut methods).await.expect("methods");
    peer.write_all(&[5, 0]).await.expect("sent");
    let mut head = [0; 5];
    peer.read_exact(&mut head).await.expect("a request");
    assert_eq!((head[0], head[1], head[3]), (5, 1, 3), "a connection to a name");
    let mut place = vec![0; usize::from(head[4]) + 2];
    peer.read_exact(&mut place).await.expect("a place");
    peer.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.expect("sent");
    let (name, port) = place.split_at(place.len() - 2);
    (format!("{}:{}", String::from_utf8_lossy(name), u16::from_be_bytes([port[0], port[1]])), peer)
}

fn by(scheme: &str, port: u16) -> Arc<OneProxy> {
    let url = format!("{scheme}://127.0.0.1:{port}").parse().expect("an address");
    Arc::new(OneProxy { url: Some(url), ..OneProxy::default() })
}

async fn online_through(bench: &Bench, peer: &mut Peer<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>) {
    welcome(peer).await;
    bench.shows(|account| account.link == LinkName::Online).await;
}

#[tokio::test]
async fn a_stream_goes_through_the_proxy_of_the_system() {
    let (listener, port) = listener().await;
    let proxies = by("http", port);
    let bench = Bench::start(account("lines://pbx.example:5038"), "tcp://pbx.example:5038", proxies.clone());
    let (asked, mut peer) = http_tunnel(&listener).await;
    assert_eq!(asked, "CONNECT pbx.example:5038 HTTP/1.1\r\n");
    online_through(&bench, &mut peer).await;
    assert_eq!(*proxies.asked.lock().expect("no panic"), ["http://pbx.example:5038/"], "settings speak of web addresses");
    let bench = Bench::start(account("lines://pbx.example:5038"), "tcp://pbx.example:5038", by("socks5h", port));
    let (asked, mut peer) = socks_tunnel(&listener).await;
    assert_eq!(asked, "pbx.example:5038");
    online_through(&bench, &mut peer).await;
}

#[tokio::test]
async fn an_encrypted_stream_is_encrypted_behind_the_proxy_too() {
    let (listener, port) = listener().await;
    let (acceptor, sha256) = certificate();
    let proxies = by("http", port);
    // A scheme that is none of the web leaves the letters of a host as they were typed; the pin counts for it all the same.
    let config = AccountConfig { pin: Some(sha256), ..account("lines://bücher.example:443") };
    let bench = Bench::start(config, "tls://bücher.example:443", proxies.clone());
    let (asked, peer) = http_tunnel(&listener).await;
    assert_eq!(asked, "CONNECT xn--bcher-kva.example:443 HTTP/1.1\r\n");
    let stream: TcpStream = peer.into_inner();
    let mut peer = BufReader::new(acceptor.accept(stream).await.expect("TLS"));
    online_through(&bench, &mut peer).await;
    assert_eq!(*proxies.asked.lock().expect("no panic"), ["https://xn--bcher-kva.example/"]);
}

#[tokio::test]
async fn no_proxy_leads_to_this_machine_itself() {
    let (listener, port) = listener().await;
    let (elsewhere, proxy) = super::stream::listener().await;
    drop(elsewhere);
    for host in ["127.0.0.1", "LocalHost"] {
        let bench = Bench::start(account("lines://pbx.example"), &format!("tcp://{host}:{port}"), by("http", proxy));
        let mut peer = accepted(&listener).await;
        online_through(&bench, &mut peer).await;
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_as_the_proxy() {
    let (listener, port) = listener().await;
    let bench = Bench::start(account("lines://pbx.example:5038"), "tcp://pbx.example:5038", by("http", port));
    let mut peer = accepted(&listener).await;
    while line(&mut peer).await != "\r\n" {}
    peer.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.expect("sent");
    let why = bench.shows(|account| account.why.is_some()).await.why.expect("a reason");
    assert_eq!(why.code, Code::Unreachable);
    assert!(why.text.contains("proxy of this network"), "{why:?}");
}
