//! Wrong addresses and things that are no PBX: one clear message each.

use std::time::{Duration, Instant};

use phone_core::view::LinkName;
use phone_core::{AccountConfig, Code, Request};
use phone_tests::vodia::{FakeVodia, Generation, Options, Tls, What};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{ALL, Desk, PASSWORD, account, fails, fake, figure};

/// Something else that listens: it says these bytes to everybody, or keeps silent.
async fn somebody(says: Option<&'static [u8]>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("the port").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Some(says) = says {
                    stream.write_all(says).await.ok();
                }
                let mut heap = vec![0; 4096];
                while stream.read(&mut heap).await.is_ok_and(|n| n > 0) {
                    if says.is_some() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_host_nobody_knows_is_said_and_tried_again() {
    let desk = Desk::new();
    let since = Instant::now();
    desk.begin(account("https://pbx-of-nobody.invalid/"), Some(PASSWORD));
    desk.waits(Code::Unreachable, "host name").await;
    figure("unknown host told after", since);
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_said_and_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0").await.and_then(|l| l.local_addr()).expect("a port").port();
    let desk = Desk::new();
    let since = Instant::now();
    desk.begin(account(&format!("http://127.0.0.1:{port}/")), Some(PASSWORD));
    let account = desk.waits(Code::Unreachable, "Nothing answers").await;
    figure("refused connection told after", since);
    assert!(account.retry_at.is_some());
    // The PBX comes up there and the account goes online by itself.
    let pbx = FakeVodia::start(Options::new(Generation::G2).port(port)).await.expect("that port");
    desk.online().await;
    drop(pbx);
}

#[tokio::test]
async fn something_else_than_a_pbx_is_refused() {
    let pbx = fake(Generation::G2).await;
    pbx.not_a_pbx();
    let desk = Desk::new();
    fails(&desk.add(&pbx, &[]).await, Code::NotAPbx, "not like this kind of PBX");
    assert!(pbx.sign_ins().is_empty(), "no password was shown to it");
    pbx.behave();
    pbx.captive_portal();
    fails(&desk.add(&pbx, &[]).await, Code::NotAPbx, "");
    assert!(pbx.sign_ins().is_empty(), "no password was shown to it");
    assert!(desk.settle().await.accounts.is_empty());
    // A server that only redirects.
    let port = somebody(Some(
        b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ))
    .await;
    fails(&desk.add_config(account(&format!("http://127.0.0.1:{port}/")), Some(PASSWORD)).await, Code::NotAPbx, "");
}

#[tokio::test]
async fn a_login_page_in_the_middle_of_the_day_passes_by_itself() {
    for generation in ALL {
        for expired in [false, true] {
            let pbx = fake(generation).await;
            let desk = Desk::signed_in(&pbx).await;
            let (_, call) = desk.talking(&pbx).await;
            pbx.captive_portal();
            if expired {
                pbx.expire_sessions();
            }
            pbx.kick().await;
            desk.waits(Code::NotAPbx, "web page").await;
            pbx.behave();
            let view = desk.online().await;
            assert_eq!(view.calls[0].id, call, "{generation:?}");
            let refused = pbx.sign_ins().iter().filter(|s| !s.accepted && !s.name.is_empty()).count();
            assert_eq!(refused, 0, "{generation:?}: {:?}", pbx.sign_ins());
        }
    }
}

#[tokio::test]
async fn another_server_in_the_middle_of_the_day_passes_by_itself() {
    // A front server answers 404 for everything while the PBX behind it starts.
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.not_a_pbx();
        pbx.expire_sessions();
        pbx.kick().await;
        let told = |v: &phone_core::View| v.accounts[0].why.as_ref().is_some_and(|w| w.code != Code::Dropped);
        let view = desk.wait_view("told", told).await;
        assert_eq!(view.accounts[0].link, LinkName::Waiting, "{generation:?}: {:?}", view.accounts[0].why);
        pbx.behave();
        desk.online().await;
        // What was learnt of the real server has not been spoilt.
        pbx.expire_sessions();
        pbx.kick().await;
        desk.lost().await;
        desk.online().await;
    }
}

#[tokio::test]
async fn https_to_a_port_without_it_is_said() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::new();
    let address = pbx.url().replace("http:", "https:");
    fails(&desk.add_config(account(&address), Some(PASSWORD)).await, Code::NotAPbx, "does not speak https");
    let port = somebody(Some(b"SSH-2.0-OpenSSH_9.2\r\n")).await;
    let answer = desk.add_config(account(&format!("https://127.0.0.1:{port}/")), Some(PASSWORD)).await;
    fails(&answer, Code::NotAPbx, "does not speak https");
}

#[tokio::test]
async fn http_to_a_port_that_wants_https_is_said() {
    let pbx = FakeVodia::start(Options::new(Generation::G2).tls(Tls::SelfSigned)).await.expect("a fake");
    let desk = Desk::new();
    let address = pbx.url().replace("https:", "http:");
    let answer = tokio::time::timeout(Duration::from_secs(8), desk.add_config(account(&address), Some(PASSWORD))).await;
    fails(&answer.expect("at once"), Code::NotAPbx, "does not speak http");
    let port = somebody(Some(b"SSH-2.0-OpenSSH_9.2\r\n")).await;
    let answer = desk.add_config(account(&format!("http://127.0.0.1:{port}/")), Some(PASSWORD)).await;
    fails(&answer, Code::NotAPbx, "does not speak http");
}

#[tokio::test]
async fn a_port_that_says_nothing_is_given_up_in_time() {
    let port = somebody(None).await;
    let desk = Desk::new();
    let since = Instant::now();
    desk.begin(account(&format!("http://127.0.0.1:{port}/")), Some(PASSWORD));
    let told = |v: &phone_core::View| v.accounts.first().is_some_and(|a| a.link == LinkName::Waiting);
    let view = desk.wait_view_for(Duration::from_secs(12), "given up", told).await;
    figure("silent port told after", since);
    assert_eq!(view.accounts[0].why.as_ref().map(|w| w.code), Some(Code::TimedOut));
}

#[tokio::test]
async fn a_front_server_that_breaks_websockets_is_said() {
    for generation in ALL {
        let pbx = fake(generation).await;
        for status in [400, 405, 426, 501] {
            pbx.refuse_with(What::Handshake, status);
            let desk = Desk::new();
            desk.begin(account(&pbx.url()), Some(PASSWORD));
            desk.waits(Code::Protocol, "WebSocket").await;
            let before = pbx.sign_ins().len();
            assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
            assert!(pbx.sign_ins().len() <= before + 1);
        }
    }
}

#[tokio::test]
async fn a_path_in_the_address_and_a_trailing_slash_do_no_harm() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::new();
    let answer = desk.add_config(AccountConfig { ..account(&format!("{}/", pbx.url())) }, Some(PASSWORD)).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
}
