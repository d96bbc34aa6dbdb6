//! The network around the agent: proxies that the desktop names, and interfaces that come and go.

mod steady;
mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use phone_control::client::NewAccount;
use phone_core::view::LinkName;
use phone_core::{AccountName, Secret, View};
use phone_tests::desktop::{Network, Options, PATIENCE, PortalManner, Running, Session, SocksProxy, wait_for, wait_until};
use phone_tests::vodia::{FakeVodia, Generation};
use steady::holds_for;
use support::{AgentUnderTest, PROMPTLY, QUIET, Start, USER, fake, program};

/// A sign-in that waits for a portal once takes no longer.
const SOON: Duration = Duration::from_secs(4);

#[tokio::test]
async fn the_proxy_of_the_desktop_is_used_and_another_one_from_the_next_try_on() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let (first, second) = (SocksProxy::start().await, SocksProxy::start().await);
    let portal = session.start_portal(PortalManner::Answers(vec![first.url(), "direct://".to_owned()])).await;
    let agent = AgentUnderTest::start(&session).await;

    // A name that only the proxy can find.
    add(&agent, &format!("http://pbx.invalid:{}", pbx.addr().port())).await;

    agent.online().await;
    let place = format!("pbx.invalid:{}", pbx.addr().port());
    assert!(first.asked().contains(&place) && first.asked().iter().all(|asked| *asked == place), "{:?}", first.asked());
    assert!(portal.asked().iter().all(|asked| asked.starts_with("http://pbx.invalid:")), "{:?}", portal.asked());
    let before = first.asked().len();

    portal.set(PortalManner::Answers(vec![second.url()]));
    pbx.stop().await;
    agent.wait_view("the loss", |view| view.accounts[0].link != LinkName::Online).await;
    pbx.restart().await.expect("its port");

    wait_until("a connection through the other proxy", PATIENCE, || second.asked().contains(&place)).await;
    agent.online().await;
    assert_eq!(first.asked().len(), before, "the old proxy is left alone");
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_desktop_that_wants_no_proxy_is_believed() {
    let session = Session::start(desktop()).await;
    let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
    let proxy = SocksProxy::start().await;
    let portal = session.start_portal(PortalManner::Answers(vec!["direct://".to_owned(), proxy.url()])).await;
    let agent = AgentUnderTest::start(&session).await;

    add(&agent, &not_loopback(&pbx)).await;

    agent.online().await;
    assert!(!portal.asked().is_empty() && proxy.asked().is_empty(), "{:?}", proxy.asked());
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn a_portal_that_fails_hangs_or_is_not_there_does_not_hold_up_a_sign_in() {
    for manner in [None, Some(PortalManner::Fails), Some(PortalManner::Hangs)] {
        eprintln!("the portal: {manner:?}");
        let session = Session::start(desktop()).await;
        let pbx = FakeVodia::start(fake(Generation::G3)).await.expect("a fake PBX");
        let portal = match manner {
            Some(manner) => Some(session.start_portal(manner).await),
            None => None,
        };
        let agent = AgentUnderTest::start(&session).await;

        let began = Instant::now();
        add(&agent, &not_loopback(&pbx)).await;
        agent.online().await;

        eprintln!("online after {:?}", began.elapsed());
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert!(portal.is_none_or(|portal| !portal.asked().is_empty()), "it was asked");
        agent.ends_well(&pbx).await;
    }
}

#[tokio::test]
async fn an_address_that_goes_and_comes_is_seen_and_the_link_is_back_at_once() {
    let session = Session::start(desktop()).await;
    let network = Network::start(&session).await;
    let (_pbx, url) = pbx_within(&session, &network).await;
    let agent = AgentUnderTest::start_with(&session, Start { within: network.within(), ..Start::default() }).await;
    add(&agent, &url).await;
    agent.online().await;

    let went = Instant::now();
    network.ip(&session, &["link", "set", "lo", "down"]).await;
    agent.wait_view_for(Duration::from_secs(20), "the loss", |view| view.accounts[0].link != LinkName::Online).await;
    eprintln!("noticed after {:?}", went.elapsed());
    agent.tray_shows("offline").await;
    // Long enough that the next try is some seconds away.
    let far = |view: &View| view.accounts[0].retry_at.is_some_and(|at| at > jiff::Timestamp::now() + Duration::from_secs(5));
    agent.wait_view_for(Duration::from_secs(60), "a long wait", far).await;

    let came = Instant::now();
    network.ip(&session, &["link", "set", "lo", "up"]).await;

    agent.online().await;
    eprintln!("back after {:?}", came.elapsed());
    assert!(came.elapsed() < PROMPTLY, "{:?}", came.elapsed());
    agent.tray_shows("online").await;
    agent.stop().await;
}

#[tokio::test]
async fn a_cable_beside_a_link_that_lives_disturbs_nothing() {
    let session = Session::start(desktop()).await;
    let network = Network::start(&session).await;
    let (_pbx, url) = pbx_within(&session, &network).await;
    let agent = AgentUnderTest::start_with(&session, Start { within: network.within(), ..Start::default() }).await;
    add(&agent, &url).await;
    let since = agent.online().await.accounts[0].since;

    network.ip(&session, &["link", "add", "cable", "type", "veth", "peer", "name", "wall"]).await;
    network.ip(&session, &["addr", "add", "192.0.2.7/24", "dev", "cable"]).await;
    network.ip(&session, &["link", "set", "cable", "up"]).await;
    network.ip(&session, &["link", "set", "wall", "up"]).await;

    wait_for("the agent to see the change", PATIENCE, async || agent.log().contains("the network changed").then_some(())).await;
    holds_for(QUIET, "the link as it was", || {
        let account = &agent.view().accounts[0];
        account.link == LinkName::Online && account.since == since
    })
    .await;
    agent.stop().await;
}

/// A complete desktop; without window frames, as their program has the usual hotkey for itself, which would be told.
fn desktop() -> Options {
    Options { frames: false, ..Options::default() }
}

/// An address of the PBX that no rule takes for this machine itself, for which proxies are never used.
fn not_loopback(pbx: &FakeVodia) -> String {
    format!("http://0.0.0.0:{}", pbx.addr().port())
}

async fn add(agent: &AgentUnderTest<'_>, url: &str) {
    let account = NewAccount {
        name: AccountName::parse("office").expect("a plain word"),
        kind: "vodia".to_owned(),
        url: url.to_owned(),
        domain: None,
        user: Some(USER.0.to_owned()),
        pin: None,
        keys: BTreeMap::from([("allow_plain_http".to_owned(), "true".to_owned())]),
    };
    agent.client.add_account(&account, Some(&Secret::new(USER.1.to_owned()))).await.expect("an account");
}

/// A PBX as a program of its own in a network of its own, and its address there.
async fn pbx_within(session: &Session, network: &Network) -> (Running, String) {
    let words = network.within();
    let (first, rest) = words.split_first().expect("a program");
    let mut command = session.command(first);
    command.args(rest).arg(program("fake-vodia"));
    let running = session.spawn("fake-vodia", command);
    let url = wait_for("the PBX", PATIENCE, async || {
        let told: serde_json::Value = serde_json::from_str(running.log().lines().next()?).ok()?;
        told["url"].as_str().map(str::to_owned)
    })
    .await;
    (running, url)
}
