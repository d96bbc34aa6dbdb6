//! Wrong addresses and things that are no PBX: one clear message each.

use std::time::{Duration, Instant};

use phone_core::view::LinkName;
use phone_core::{AccountConfig, CallState, Code, Request};
use phone_tests::desktop::MuteProxy;
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
    fails(&desk.add(&pbx, &[]).await, Code::NotAPbx, "not like this kind of PBX");
    assert!(pbx.sign_ins().is_empty(), "no password was shown to it");
    assert!(desk.settle().await.accounts.is_empty());
    works_afterwards(&desk, &pbx).await;
    let desk = Desk::new();
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
async fn one_strange_answer_in_the_middle_of_the_day_passes_by_itself() {
    for status in [400, 405, 418, 451] {
        let pbx = fake(Generation::G3).await;
        let desk = Desk::signed_in(&pbx).await;
        pbx.refuse_with(What::Everything, status);
        pbx.kick().await;
        desk.lost().await;
        let told = |v: &phone_core::View| v.accounts[0].why.as_ref().is_some_and(|w| w.code == Code::Protocol);
        let view = desk.wait_view("told", told).await;
        assert_eq!(view.accounts[0].link, LinkName::Waiting, "{status}: {:?}", view.accounts[0].why);
        // The same when the agent starts while the answer is strange.
        let desk = desk.restarted();
        desk.waits(Code::Protocol, "").await;
        pbx.behave();
        desk.online().await;
    }
}

#[tokio::test]
async fn https_to_a_port_without_it_is_said() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::new();
    let address = pbx.url().replace("http:", "https:");
    fails(&desk.add_config(account(&address), Some(PASSWORD)).await, Code::NotAPbx, "offers no encrypted connection");
    works_afterwards(&desk, &pbx).await;
    let desk = Desk::new();
    let port = somebody(Some(b"SSH-2.0-OpenSSH_9.2\r\n")).await;
    let answer = desk.add_config(account(&format!("https://127.0.0.1:{port}/")), Some(PASSWORD)).await;
    fails(&answer, Code::NotAPbx, "offers no encrypted connection");
}

#[tokio::test]
async fn http_to_a_port_that_wants_https_is_said() {
    let pbx = FakeVodia::start(Options::new(Generation::G2).tls(Tls::SelfSigned)).await.expect("a fake");
    let desk = Desk::new();
    let address = pbx.url().replace("https:", "http:");
    let answer = tokio::time::timeout(Duration::from_secs(8), desk.add_config(account(&address), Some(PASSWORD))).await;
    fails(&answer.expect("at once"), Code::NotAPbx, "does not speak http");
    let pin = pbx.certificate_sha256().map(str::to_owned);
    let answer = desk.add_config(AccountConfig { pin, ..account(&pbx.url()) }, Some(PASSWORD)).await;
    assert!(answer.is_ok(), "the right address works: {answer:?}");
    desk.online().await;
    let desk = Desk::new();
    let port = somebody(Some(b"SSH-2.0-OpenSSH_9.2\r\n")).await;
    let answer = desk.add_config(account(&format!("http://127.0.0.1:{port}/")), Some(PASSWORD)).await;
    fails(&answer, Code::NotAPbx, "does not speak http");
}

#[tokio::test]
async fn a_port_that_says_nothing_is_given_up_in_time() {
    let pbx = fake(Generation::G2).await;
    let wire = MuteProxy::start(pbx.addr()).await;
    wire.mute();
    let desk = Desk::new();
    let since = Instant::now();
    desk.begin(account(&format!("http://{}/", wire.address())), Some(PASSWORD));
    let told = |v: &phone_core::View| v.accounts.first().is_some_and(|a| a.link == LinkName::Waiting);
    desk.wait_view_for(Duration::from_secs(12), "given up", told).await;
    figure("silent port told after", since);
    desk.waits(Code::TimedOut, "").await;
    // It speaks: the account goes online by itself.
    wire.unmute();
    desk.wait_view_for(Duration::from_secs(20), "online", |v| v.accounts[0].link == LinkName::Online).await;
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
            pbx.behave();
            desk.online().await;
        }
    }
}

/// One refusal after the other at the first sign-in: what happened, what to do, nothing kept, and then it works.
#[tokio::test]
async fn every_refusal_is_one_clear_message_and_leaves_the_way_free() {
    type Spoil = fn(&FakeVodia, &mut AccountConfig);
    let wrongs: [(&str, Generation, Spoil, Code, &str, &str); 6] = [
        ("unknown user", Generation::G2, |_, c| c.user = Some("999".into()), Code::CredentialsRefused, "user name", "again"),
        (
            "unknown tenant",
            Generation::G1,
            |_, c| c.domain = Some("other.example".into()),
            Code::CredentialsRefused,
            "user name",
            "again",
        ),
        (
            "unknown tenant or user",
            Generation::G3,
            |pbx, _| pbx.refuse_with(What::Rest, 404),
            Code::UnknownTenantOrUser,
            "no such user or tenant",
            "extension and the tenant",
        ),
        (
            "API access",
            Generation::G2,
            |pbx, _| pbx.refuse_with(What::SignIn, 403),
            Code::ApiSwitchedOff,
            "API access",
            "administrator",
        ),
        (
            "API access",
            Generation::G3,
            |pbx, _| pbx.refuse_with(What::Rest, 403),
            Code::ApiSwitchedOff,
            "API access",
            "administrator",
        ),
        ("other server", Generation::G1, |pbx, _| pbx.not_a_pbx(), Code::NotAPbx, "not like this kind", "Check the address"),
    ];
    for (what, generation, spoil, code, says, advises) in wrongs {
        let pbx = fake(generation).await;
        let desk = Desk::new();
        let mut config = account(&pbx.url());
        spoil(&pbx, &mut config);
        let answer = desk.add_config(config, Some(PASSWORD)).await;
        fails(&answer, code, says);
        let remedy = answer.err().and_then(|trouble| trouble.remedy).unwrap_or_default();
        assert!(remedy.contains(advises), "{what}: {remedy}");
        assert!(desk.settle().await.accounts.is_empty(), "{what}");
        pbx.behave();
        works_afterwards(&desk, &pbx).await;
    }
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::new();
        fails(&desk.add_config(account(&pbx.url()), Some("Wrong-Pw7")).await, Code::CredentialsRefused, "does not accept");
        works_afterwards(&desk, &pbx).await;
    }
}

/// The same happening to an account that is at work with a call on it: told, waited out, and the call is there.
#[tokio::test]
async fn what_goes_wrong_in_the_middle_of_a_call_loses_no_call() {
    type Spoil = fn(&FakeVodia);
    let wrongs: [(Spoil, Code, &str); 3] = [
        (|pbx| pbx.captive_portal(), Code::NotAPbx, "web page"),
        (|pbx| pbx.refuse_with(What::Handshake, 426), Code::Protocol, "WebSocket"),
        (|pbx| pbx.refuse_with(What::Everything, 502), Code::Busy, "error of its own"),
    ];
    for generation in ALL {
        for (spoil, code, says) in wrongs {
            let pbx = fake(generation).await;
            let desk = Desk::signed_in(&pbx).await;
            let (_, call) = desk.talking(&pbx).await;
            spoil(&pbx);
            pbx.kick().await;
            desk.waits(code, says).await;
            assert!(desk.settle().await.calls.iter().all(|c| c.stale && c.can.is_empty()), "{generation:?} {says}");
            pbx.behave();
            let view = desk.online().await;
            let shown = view.calls.first().map(|c| (&c.id, c.state, c.stale));
            assert_eq!(shown, Some((&call, CallState::Connected, false)), "{generation:?} {says}");
        }
    }
}

/// Asking often is what such a server complains about, so it is asked about once a minute, or when the user wants it.
#[tokio::test]
async fn a_server_that_wants_fewer_requests_is_asked_slowly_and_loses_no_call() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        let (_, call) = desk.talking(&pbx).await;
        pbx.refuse_with(What::Everything, 429);
        pbx.kick().await;
        let shown = desk.waits(Code::Busy, "no further session").await;
        let in_s = shown.retry_at.expect("a time").duration_since(jiff::Timestamp::now()).as_secs();
        assert!((40..=76).contains(&in_s), "{generation:?}: {in_s} s");
        pbx.behave();
        assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
        let view = desk.online().await;
        assert_eq!((&view.calls[0].id, view.calls[0].stale), (&call, false), "{generation:?}");
    }
}

/// With nothing wrong any more, the same desk signs in and sees a call.
async fn works_afterwards(desk: &Desk, pbx: &FakeVodia) {
    pbx.behave();
    let answer = desk.add(pbx, &[]).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
    desk.talking(pbx).await;
}

#[tokio::test]
async fn a_path_in_the_address_and_a_trailing_slash_do_no_harm() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::new();
    let answer = desk.add_config(AccountConfig { ..account(&format!("{}/", pbx.url())) }, Some(PASSWORD)).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
}
