//! Commands that come too late: what was told to have an unknown outcome never has its effect later.

use std::sync::Arc;
use std::time::Duration;

use phone_core::request::OwnPresence;
use phone_core::{Ability, AccountConfig, Code, Request};
use phone_engine::{Proxies, ProxyFuture, SystemEvent};
use phone_tests::desktop::{MuteProxy, SocksProxy};
use phone_tests::vodia::{FakeVodia, Generation, Options, Tls};
use url::Url;

use crate::support::{Desk, PASSWORD, SOON, account, alone_in_a_network, clean, fails, fake, is_alone, keys, lose_packets};

/// Longer than a system waits before it tries once more to deliver what it kept for the length of an outage here.
const LATER: Duration = Duration::from_secs(15);

/// One proxy for everything.
struct Through(Url);

impl Proxies for Through {
    fn lookup<'a>(&'a self, _: &'a Url) -> ProxyFuture<'a> {
        Box::pin(std::future::ready(Some(self.0.clone())))
    }
}

/// A desk at a PBX that is dialled on this path.
struct Path {
    name: &'static str,
    pbx: FakeVodia,
    desk: Desk,
    _proxy: Option<SocksProxy>,
}

impl Path {
    async fn start(name: &'static str, generation: Generation, tls: Tls, by_proxy: bool, more: &[(&str, &str)]) -> Self {
        let pbx = FakeVodia::start(Options::new(generation).tls(tls)).await.expect("a fake");
        let proxy = if by_proxy { Some(SocksProxy::start().await) } else { None };
        let desk = match &proxy {
            Some(proxy) => {
                let url = proxy.url().replace("socks:", "socks5h:").parse().expect("an address");
                Desk::behind(Arc::new(Through(url)))
            }
            None => Desk::new(),
        };
        let url = if by_proxy { format!("http://pbx.invalid:{}/", pbx.addr().port()) } else { pbx.url() };
        let mut all = vec![("allow_plain_http", "true")];
        all.extend(more);
        let pin = pbx.certificate_sha256().map(str::to_owned);
        let config = AccountConfig { pin, keys: keys(&all), ..account(&url) };
        let answer = desk.add_config(config, Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
        desk.online().await;
        Self { name, pbx, desk, _proxy: proxy }
    }
}

/// A system goes on sending for minutes what a program wrote before it closed its connection.
#[tokio::test]
async fn a_dial_that_the_network_swallowed_is_never_made_later() {
    if !is_alone() {
        return alone_in_a_network("late::a_dial_that_the_network_swallowed_is_never_made_later").await;
    }
    let by_rest = [("dial_path", "rest")];
    let by_page = [("dial_path", "remote_call")];
    let paths = [
        Path::start("socket", Generation::G2, Tls::None, false, &[]).await,
        Path::start("socket in TLS", Generation::G2, Tls::SelfSigned, false, &[]).await,
        Path::start("socket through a proxy", Generation::G2, Tls::None, true, &[]).await,
        Path::start("REST", Generation::G3, Tls::None, false, &by_rest).await,
        Path::start("REST in TLS", Generation::G3, Tls::SelfSigned, false, &by_rest).await,
        Path::start("REST through a proxy", Generation::G3, Tls::None, true, &by_rest).await,
        Path::start("page", Generation::G2, Tls::None, false, &by_page).await,
    ];
    lose_packets(true).await;
    let mut dials = vec![];
    for path in &paths {
        let engine = path.desk.engine.clone();
        let dial = Request::Dial {
            text: "+4930555001".into(),
            account: None,
            source: phone_core::request::Source::Typed,
            yes: phone_core::number::Yes::No,
        };
        dials.push(tokio::spawn(async move { engine.ask(dial).await }));
        path.desk.wait_view("dialling", |v| !v.calls.is_empty()).await;
        path.desk.engine.system(SystemEvent::NetworkChanged).await;
    }
    for (path, dial) in paths.iter().zip(dials) {
        path.desk.lost().await;
        let answer = dial.await.expect("an answer");
        eprintln!("{}: {answer:?}", path.name);
        assert_eq!(answer.map_err(|trouble| trouble.code), Err(Code::OutcomeUnknown), "{}", path.name);
    }
    lose_packets(false).await;
    for path in &paths {
        path.desk.online().await;
    }
    let made = futures_util::future::join_all(paths.iter().map(|path| path.pbx.wait_for(|s| !s.dials().is_empty(), LATER))).await;
    let made: Vec<&str> = paths.iter().zip(made).filter(|(_, made)| made.is_ok()).map(|(path, _)| path.name).collect();
    assert_eq!(made, Vec::<&str>::new(), "dialled after their outcome was told to be unknown");
}

/// A connection that comes about after the command's time carries nothing.
#[tokio::test]
async fn a_command_whose_connection_comes_too_late_is_not_sent_any_more() {
    let pbx = fake(Generation::G3).await;
    let proxy = SocksProxy::start().await;
    let address = proxy.url().replace("socks://", "").parse().expect("an address");
    let wire = MuteProxy::start(address).await;
    let desk = Desk::behind(Arc::new(Through(format!("socks5h://{}", wire.address()).parse().expect("an address"))));
    let config = AccountConfig {
        keys: keys(&[("allow_plain_http", "true")]),
        ..account(&format!("http://pbx.invalid:{}/", pbx.addr().port()))
    };
    assert!(desk.add_config(config, Some(PASSWORD)).await.is_ok());
    desk.wait_view("a switch", |v| v.accounts[0].abilities.has(Ability::Dnd)).await;
    wire.mute();
    let wish = Request::SetPresence { account: None, presence: OwnPresence::Dnd, until: None, note: None };
    fails(&desk.engine.ask(wish).await, Code::OutcomeUnknown, "");
    wire.unmute();
    let sent = |s: &phone_tests::vodia::State| s.requests().iter().any(|r| r.method == "POST" && r.path.ends_with("/dnd"));
    assert!(pbx.wait_for(sent, SOON).await.is_err(), "{:?}", pbx.requests());
    clean(&pbx);
}
