//! Proxies that the system's settings name.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use phone_core::{AccountConfig, Code, Request};
use phone_engine::{Proxies, ProxyFuture};
use phone_tests::vodia::{FakeVodia, Generation, Options, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::authority::{Authority, trusting};
use crate::support::{Desk, Heap, PASSWORD, account, alone, clean, fails, is_alone, keys};

/// What a proxy does with those who ask.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// Lets everything through.
    Open,
    /// Wants user `guest` and password `Guest-Pw9`.
    SignIn,
    /// Forwards web requests and refuses tunnels.
    NoTunnel,
    /// Refuses everything by a page of its own, as Squid does.
    Nothing,
}

/// A proxy of both kinds, HTTP and SOCKS5, that leads every host name to loopback.
pub(crate) struct Proxy {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    tunnels: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::start_with(manner, None).await
    }

    /// A proxy that is itself spoken to in TLS.
    async fn start_with(manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("the port");
        let (tunnels, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(vec![])));
        let (count, list) = (Arc::clone(&tunnels), Arc::clone(&asked));
        let manner = Arc::new(Mutex::new(manner));
        let now = Arc::clone(&manner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (count, list, tls) = (Arc::clone(&count), Arc::clone(&list), tls.clone());
                let manner = *now.lock().expect("whole");
                // A client that gives up ends its own connection only.
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => serve(tls.accept(stream).await.ok()?, manner, &count, &list).await,
                        None => serve(stream, manner, &count, &list).await,
                    }
                });
            }
        });
        Self { address, manner, tunnels, asked }
    }

    fn now(&self, manner: Manner) {
        *self.manner.lock().expect("whole") = manner;
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn tunnels(&self) -> usize {
        self.tunnels.load(Ordering::SeqCst)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }
}

async fn serve<S>(mut client: S, manner: Manner, tunnels: &AtomicUsize, asked: &Mutex<Vec<String>>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = client.read_u8().await.ok()?;
    match first {
        4 => return old_socks(client, tunnels, asked).await,
        5 => return socks(client, manner, tunnels, asked).await,
        _ => {}
    }
    if !first.is_ascii_alphabetic() {
        return client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.ok();
    }
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let line = head.lines().next()?.to_owned();
    asked.lock().ok()?.push(line.clone());
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    // Z3Vlc3Q6R3Vlc3QtUHc5 is guest:Guest-Pw9.
    let signed_in = head.to_lowercase().contains("proxy-authorization: basic") && head.contains("Z3Vlc3Q6R3Vlc3QtUHc5");
    if manner == Manner::SignIn && !signed_in {
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(answer).await.ok();
    }
    if manner == Manner::Nothing {
        let page =
            b"HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(page).await.ok();
    }
    if method == "CONNECT" {
        if manner == Manner::NoTunnel {
            return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.ok();
        }
        let mut server = TcpStream::connect(("127.0.0.1", port_of(target)?)).await.ok()?;
        tunnels.fetch_add(1, Ordering::SeqCst);
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok()?;
        return Some(());
    }
    // A web request in absolute form: the first decides where the connection leads.
    let place = target.strip_prefix("http://")?.split('/').next()?;
    let mut server = TcpStream::connect(("127.0.0.1", port_of(place)?)).await.ok()?;
    let plain = head.replacen(&format!("http://{place}"), "", 1);
    // One request a connection, so that every one of them is seen here.
    let plain = plain.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    server.write_all(plain.as_bytes()).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

fn port_of(place: &str) -> Option<u16> {
    place.rsplit_once(':')?.1.parse().ok()
}

/// RFC 1928 and 1929, as far as a client of ours goes.
async fn socks<S>(mut client: S, manner: Manner, tunnels: &AtomicUsize, asked: &Mutex<Vec<String>>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut methods = vec![0; usize::from(client.read_u8().await.ok()?)];
    client.read_exact(&mut methods).await.ok()?;
    if manner == Manner::SignIn {
        if !methods.contains(&2) {
            return client.write_all(&[5, 0xff]).await.ok();
        }
        client.write_all(&[5, 2]).await.ok()?;
        client.read_u8().await.ok()?;
        let mut pair = vec![];
        for _ in 0..2 {
            let mut part = vec![0; usize::from(client.read_u8().await.ok()?)];
            client.read_exact(&mut part).await.ok()?;
            pair.push(String::from_utf8(part).ok()?);
        }
        let good = pair == ["guest", "Guest-Pw9"];
        client.write_all(&[1, u8::from(!good)]).await.ok()?;
        if !good {
            return None;
        }
    } else {
        client.write_all(&[5, 0]).await.ok()?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).await.ok()?;
    let host = match head[3] {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await.ok()?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        3 => {
            let mut name = vec![0; usize::from(client.read_u8().await.ok()?)];
            client.read_exact(&mut name).await.ok()?;
            String::from_utf8(name).ok()?
        }
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    asked.lock().ok()?.push(format!("SOCKS {host}:{port}"));
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    tunnels.fetch_add(1, Ordering::SeqCst);
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

/// Version 4 and its extension 4a, which names hosts: an address that begins with three zeros says that a name follows.
async fn old_socks<S>(mut client: S, tunnels: &AtomicUsize, asked: &Mutex<Vec<String>>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    client.read_u8().await.ok()?;
    let port = client.read_u16().await.ok()?;
    let address = std::net::Ipv4Addr::from(client.read_u32().await.ok()?);
    let text = async |client: &mut S| -> Option<String> {
        let mut text = vec![];
        loop {
            match client.read_u8().await.ok()? {
                0 => return String::from_utf8(text).ok(),
                byte => text.push(byte),
            }
        }
    };
    text(&mut client).await?;
    let host = match address.octets() {
        [0, 0, 0, _] => text(&mut client).await?,
        _ => address.to_string(),
    };
    asked.lock().ok()?.push(format!("SOCKS4 {host}:{port}"));
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    tunnels.fetch_add(1, Ordering::SeqCst);
    client.write_all(&[0, 90, 0, 0, 0, 0, 0, 0]).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

/// Settings of a system that name one proxy for everything.
struct Everything(String);

impl Proxies for Everything {
    fn lookup<'a>(&'a self, _: &'a url::Url) -> ProxyFuture<'a> {
        Box::pin(std::future::ready(self.0.parse().ok()))
    }
}

pub(crate) fn behind(proxy: String) -> Desk {
    Desk::behind(Arc::new(Everything(proxy)))
}

/// The account of 204 at a name that only the proxy can lead to the fake.
pub(crate) fn named(pbx: &FakeVodia) -> AccountConfig {
    let scheme = if pbx.certificate_sha256().is_some() { "https" } else { "http" };
    AccountConfig {
        pin: pbx.certificate_sha256().map(str::to_owned),
        keys: keys(&[("allow_plain_http", "true")]),
        ..account(&format!("{scheme}://pbx.example:{}/", pbx.addr().port()))
    }
}

pub(crate) async fn fakes() -> [FakeVodia; 2] {
    let plain = FakeVodia::start(Options::new(Generation::G2)).await.expect("a fake");
    let tls = FakeVodia::start(Options::new(Generation::G3).tls(Tls::SelfSigned)).await.expect("a fake");
    [plain, tls]
}

#[tokio::test]
async fn every_connection_goes_through_the_proxy() {
    for pbx in fakes().await {
        for scheme in ["http", "socks5h"] {
            let proxy = Proxy::start(Manner::Open).await;
            let desk = behind(proxy.url(scheme));
            let answer = desk.add_config(named(&pbx), Some(PASSWORD)).await;
            assert!(answer.is_ok(), "{scheme} {}: {answer:?}; asked {:?}", pbx.url(), proxy.asked());
            desk.online().await;
            desk.talking(&pbx).await;
            assert!(proxy.tunnels() > 0);
            assert!(proxy.asked().iter().all(|line| line.contains("pbx.example")), "{:?}", proxy.asked());
            assert!(proxy.asked().iter().all(|line| !line.contains("Sample")));
        }
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_proxy_that_wants_a_sign_in_gets_it_or_is_named() {
    for pbx in fakes().await {
        for scheme in ["http", "socks5h"] {
            let proxy = Proxy::start(Manner::SignIn).await;
            let desk = behind(proxy.url(scheme).replace("://", "://guest:Guest-Pw9@"));
            let answer = desk.add_config(named(&pbx), Some(PASSWORD)).await;
            assert!(answer.is_ok(), "{scheme} {}: {answer:?}; asked {:?}", pbx.url(), proxy.asked());
        }
        let proxy = Proxy::start(Manner::SignIn).await;
        let desk = behind(proxy.url("http"));
        desk.begin(named(&pbx), Some(PASSWORD));
        let told = |v: &phone_core::View| v.accounts.first().is_some_and(|a| a.why.is_some());
        let view = desk.wait_view("told", told).await;
        let why = view.accounts[0].why.clone().expect("just seen");
        assert_eq!(why.code, Code::Unreachable);
        assert!(why.text.contains("wants a sign-in"), "{}: {why:?}", pbx.url());
        assert_eq!(proxy.asked().len(), 1, "a proxy is not hammered: {:?}", proxy.asked());
    }
}

#[tokio::test]
async fn a_refused_sign_in_at_the_proxy_is_no_refused_password_of_the_pbx() {
    for pbx in fakes().await {
        let proxy = Proxy::start(Manner::SignIn).await;
        let desk = behind(proxy.url("http").replace("://", "://guest:Wrong-Pw7@"));
        desk.begin(named(&pbx), Some(PASSWORD));
        let shown = desk.waits(Code::Unreachable, "wants a sign-in").await;
        assert!(
            shown.why.as_ref().is_some_and(|w| w.remedy.as_deref().is_some_and(|r| r.contains("proxy settings"))),
            "{shown:?}"
        );
        let in_s = shown.retry_at.expect("a time").duration_since(jiff::Timestamp::now()).as_secs();
        assert!(in_s > 40, "a proxy that counts refusals is asked slowly: {in_s} s");
        assert!(pbx.sign_ins().is_empty(), "{:?}", pbx.sign_ins());
        proxy.now(Manner::Open);
        assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
        desk.online().await;
    }
}

#[tokio::test]
async fn a_proxy_that_lets_nothing_live_through_is_named_and_no_right_of_the_user_is_missing() {
    for manner in [Manner::NoTunnel, Manner::Nothing] {
        for pbx in fakes().await {
            let proxy = Proxy::start(Manner::Open).await;
            let desk = behind(proxy.url("http"));
            assert!(desk.add_config(named(&pbx), Some(PASSWORD)).await.is_ok());
            let (_, call) = desk.talking(&pbx).await;
            proxy.now(manner);
            pbx.kick().await;
            let shown = desk.waits(Code::Unreachable, "proxy of this network").await;
            assert!(shown.retry_at.is_some());
            proxy.now(Manner::Open);
            let view = desk.online().await;
            assert_eq!((view.calls.len(), &view.calls[0].id, view.calls[0].stale), (1, &call, false));
        }
    }
    for pbx in fakes().await {
        let proxy = Proxy::start(Manner::NoTunnel).await;
        let desk = behind(proxy.url("http"));
        desk.begin(named(&pbx), Some(PASSWORD));
        desk.waits(Code::Unreachable, "proxy of this network").await;
    }
    // A proxy that is not there at all.
    let pbx = FakeVodia::start(Options::new(Generation::G2)).await.expect("a fake");
    let port = TcpListener::bind("127.0.0.1:0").await.and_then(|l| l.local_addr()).expect("a port").port();
    for scheme in ["http", "socks5h"] {
        let desk = behind(format!("{scheme}://127.0.0.1:{port}"));
        desk.begin(named(&pbx), Some(PASSWORD));
        desk.waits(Code::Unreachable, "proxy of this network").await;
    }
}

#[tokio::test]
async fn a_proxy_behind_tls_is_used_when_the_system_trusts_it_and_its_sign_in_is_logged_nowhere() {
    if !is_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = trusting(folder.path());
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        let name = "proxy::a_proxy_behind_tls_is_used_when_the_system_trusts_it_and_its_sign_in_is_logged_nowhere";
        return alone(name, &environment).await;
    }
    let log = Heap::catching();
    let certificate = Authority::trusted().issues();
    for pbx in fakes().await {
        let proxy = Proxy::start_with(Manner::SignIn, Some(certificate.acceptor())).await;
        let desk = behind(proxy.url("https").replace("://", "://guest:Guest-Pw9@"));
        let answer = desk.add_config(named(&pbx), Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{}: {answer:?}; asked {:?}", pbx.url(), proxy.asked());
        desk.online().await;
        desk.talking(&pbx).await;
        assert!(proxy.tunnels() > 0);
        assert!(proxy.asked().iter().all(|line| line.contains("pbx.example")), "{:?}", proxy.asked());
        // Its own refusal is told as everywhere else.
        proxy.now(Manner::NoTunnel);
        pbx.kick().await;
        desk.waits(Code::Unreachable, "proxy of this network").await;
        // One that nobody vouches for learns nothing, and nobody is asked to accept it.
        let stranger = Proxy::start_with(Manner::Open, Some(Authority::new().issues().acceptor())).await;
        let desk = behind(stranger.url("https").replace("://", "://guest:Guest-Pw9@"));
        desk.begin(named(&pbx), Some(PASSWORD));
        let shown = desk.waits(Code::Unreachable, "proxy of this network").await;
        assert_eq!(shown.why.and_then(|w| w.certificate_sha256), None);
        assert_eq!(stranger.asked(), Vec::<String>::new());
        // One that speaks no TLS.
        let plain = Proxy::start(Manner::Open).await;
        let desk = behind(plain.url("https").replace("://", "://guest:Guest-Pw9@"));
        desk.begin(named(&pbx), Some(PASSWORD));
        desk.waits(Code::Unreachable, "proxy of this network").await;
        clean(&pbx);
    }
    let log = log.text();
    assert!(log.contains("TRACE") && log.contains("link"), "the log was caught");
    // Z3Vlc3Q6R3Vlc3QtUHc5 is guest:Guest-Pw9.
    for secret in ["Guest-Pw9", "Z3Vlc3Q6R3Vlc3QtUHc5"] {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None);
    }
}

#[tokio::test]
async fn this_machine_is_never_reached_by_a_proxy() {
    let pbx = FakeVodia::start(Options::new(Generation::G2)).await.expect("a fake");
    let proxy = Proxy::start(Manner::Open).await;
    let desk = behind(proxy.url("http"));
    assert!(desk.add(&pbx, &[]).await.is_ok());
    desk.online().await;
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn the_environment_names_proxies() {
    if !is_alone() {
        let proxy = Proxy::start(Manner::SignIn).await;
        let url = |scheme: &str| proxy.url(scheme).replace("://", "://guest:Guest-Pw9@");
        let name = "proxy::the_environment_names_proxies";
        let before = |kind: &str| proxy.asked().iter().filter(|line| line.contains(kind)).count();
        alone(name, &[("http_proxy", &url("http")), ("https_proxy", &url("http"))]).await;
        assert!(before("CONNECT") > 0, "{:?}", proxy.asked());
        alone(name, &[("all_proxy", &url("socks5h"))]).await;
        assert!(before("SOCKS") > 0, "{:?}", proxy.asked());
        return;
    }
    for pbx in fakes().await {
        let desk = Desk::new();
        let answer = desk.add_config(named(&pbx), Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{answer:?}");
        // What `no_proxy` would name is asked directly; loopback always is.
        let here = Desk::new();
        let pin = pbx.certificate_sha256().map(str::to_owned);
        let answer = here.add_config(AccountConfig { pin, ..account(&pbx.url()) }, Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{answer:?}");
    }
    let nobody = Desk::new().add_config(account("http://pbx.example/"), Some(PASSWORD)).await;
    fails(&nobody, Code::Protocol, "encryption");
}
