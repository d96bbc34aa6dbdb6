//! SOCKS in all its kinds: which of them leaves the name of the PBX to the proxy, and which looks it up here.

use phone_core::Code;
use phone_core::view::LinkName;
use phone_tests::vodia::FakeVodia;

use crate::proxy::{Manner, Proxy, behind, fakes, named};
use crate::support::{Desk, PASSWORD, alone_with_names, clean, is_alone};

/// What the names of this machine say of the PBX, while the proxy leads every address to loopback.
const NAMES: &str = "127.0.0.1 localhost\n2001:db8::7 pbx.example\n203.0.113.7 pbx.example\n";

async fn works(desk: &Desk, pbx: &FakeVodia, proxy: &Proxy, place: &str) {
    let answer = desk.add_config(named(pbx), Some(PASSWORD)).await;
    assert!(answer.is_ok(), "{place} {}: {answer:?}; asked {:?}", pbx.url(), proxy.asked());
    desk.online().await;
    desk.talking(pbx).await;
    assert!(proxy.tunnels() > 0);
    let wanted = format!("{place}:{}", pbx.addr().port());
    assert!(proxy.asked().iter().all(|line| *line == wanted), "{:?} instead of {wanted}", proxy.asked());
}

#[tokio::test]
async fn a_name_is_looked_up_where_the_kind_of_the_proxy_says() {
    if !is_alone() {
        return alone_with_names("socks::a_name_is_looked_up_where_the_kind_of_the_proxy_says", NAMES, &[]).await;
    }
    for pbx in fakes().await {
        for (scheme, place) in [
            ("socks5", "SOCKS 203.0.113.7"),
            ("socks5h", "SOCKS pbx.example"),
            ("socks4", "SOCKS4 203.0.113.7"),
            ("socks4a", "SOCKS4 pbx.example"),
        ] {
            let proxy = Proxy::start(Manner::Open).await;
            works(&behind(proxy.url(scheme)), &pbx, &proxy, place).await;
        }
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_name_that_is_looked_up_here_and_not_found_is_told_as_that() {
    let test = "socks::a_name_that_is_looked_up_here_and_not_found_is_told_as_that";
    if !is_alone() {
        return alone_with_names(test, "127.0.0.1 localhost\n", &[]).await;
    }
    let pbx = &fakes().await[0];
    for scheme in ["socks5", "socks4"] {
        let proxy = Proxy::start(Manner::Open).await;
        let desk = behind(proxy.url(scheme));
        desk.begin(named(pbx), Some(PASSWORD));
        desk.waits(Code::Unreachable, "host name").await;
        assert_eq!(proxy.asked(), Vec::<String>::new(), "{scheme}");
    }
}

#[tokio::test]
async fn a_proxy_whose_own_name_is_not_known_is_the_proxys_trouble() {
    if !is_alone() {
        return alone_with_names("socks::a_proxy_whose_own_name_is_not_known_is_the_proxys_trouble", NAMES, &[]).await;
    }
    for pbx in fakes().await {
        for scheme in ["http", "socks5", "socks5h", "socks4", "socks4a"] {
            let desk = behind(format!("{scheme}://proxy-of-nobody.invalid:1080"));
            desk.begin(named(&pbx), Some(PASSWORD));
            desk.waits(Code::Unreachable, "proxy of this network").await;
        }
    }
}

#[tokio::test]
async fn the_environment_may_name_an_old_kind() {
    if !is_alone() {
        let proxy = Proxy::start(Manner::Open).await;
        for scheme in ["socks4", "socks4a", "socks5"] {
            let before = proxy.tunnels();
            let environment = [("all_proxy", proxy.url(scheme))];
            let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
            alone_with_names("socks::the_environment_may_name_an_old_kind", NAMES, &environment).await;
            assert!(proxy.tunnels() > before, "{scheme}: {:?}", proxy.asked());
        }
        return;
    }
    for pbx in fakes().await {
        let desk = Desk::new();
        let answer = desk.add_config(named(&pbx), Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(desk.online().await.accounts[0].link, LinkName::Online);
    }
}
