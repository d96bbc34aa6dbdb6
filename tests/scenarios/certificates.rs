//! Certificates: what the system trusts, what the user accepted by hand, and nothing else.

use std::time::Duration;

use phone_core::request::Answer;
use phone_core::view::LinkName;
use phone_core::{AccountConfig, Code, Request};
use phone_engine::SystemEvent;
use phone_tests::vodia::{FakeVodia, Generation, Options, Tls};

use crate::authority::{Authority, Issued, front, trusting};
use crate::support::{Desk, PASSWORD, SOON, account, alone, clean, fails, is_alone, keys, office};

async fn fake_with(tls: Tls) -> FakeVodia {
    FakeVodia::start(Options::new(Generation::G2).tls(tls)).await.expect("a fake")
}

/// The fingerprint that an answer asks about.
fn fingerprint(answer: &Answer) -> Option<String> {
    answer.as_ref().err().and_then(|t| t.certificate_sha256.clone())
}

/// A fingerprint as people copy it out of a browser.
fn with_colons(sha256: &str) -> String {
    let pairs: Vec<&str> = (0..sha256.len()).step_by(2).filter_map(|i| sha256.get(i..i + 2)).collect();
    pairs.join(":").to_uppercase()
}

#[tokio::test]
async fn an_unknown_certificate_leads_to_a_question_and_a_pin_answers_it() {
    let pbx = fake_with(Tls::SelfSigned).await;
    let desk = Desk::new();
    let answer = desk.add(&pbx, &[]).await;
    fails(&answer, Code::CertificateUnknown, "not signed by anybody");
    let sha256 = fingerprint(&answer).expect("a fingerprint");
    assert_eq!(Some(sha256.as_str()), pbx.certificate_sha256());
    assert!(pbx.requests().is_empty(), "nothing was said to it");
    let config = AccountConfig { pin: Some(with_colons(&sha256)), ..account(&pbx.url()) };
    let answer = desk.add_config(config, Some(PASSWORD)).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
    desk.talking(&pbx).await;
    // The pin is kept over a restart of the agent.
    let desk = desk.restarted();
    desk.online().await;
    clean(&pbx);
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_own_words() {
    for (tls, says) in [(Tls::WrongName, "another host name"), (Tls::OwnAuthority, "not signed by anybody")] {
        let pbx = fake_with(tls.clone()).await;
        let answer = Desk::new().add(&pbx, &[]).await;
        // A certificate that nobody vouches for may be called that first, whatever else is wrong with it.
        let Err(trouble) = &answer else { panic!("{tls:?} was accepted") };
        assert_eq!(trouble.code, Code::CertificateUnknown, "{trouble:?}");
        assert!(trouble.text.contains(says) || trouble.text.contains("not signed by anybody"), "{tls:?}: {trouble:?}");
        assert_eq!(fingerprint(&answer).as_deref(), pbx.certificate_sha256());
        by_hand(&pbx).await;
    }
    for (tls, says) in [(Tls::Expired, "has expired"), (Tls::NotYetValid, "not valid yet")] {
        let pbx = fake_with(tls.clone()).await;
        let desk = Desk::new();
        desk.begin(account(&pbx.url()), Some(PASSWORD));
        let shown = desk.waits(Code::CertificateUnknown, says).await;
        // Its owner renews it; nobody is asked to accept it instead.
        assert_eq!(shown.why.and_then(|w| w.certificate_sha256), None, "{tls:?}");
        by_hand(&pbx).await;
    }
}

/// Nothing was said to a server that is not trusted; whoever names its very certificate gets what was named.
async fn by_hand(pbx: &FakeVodia) {
    assert!(pbx.requests().is_empty());
    let pin = pbx.certificate_sha256().map(str::to_owned);
    let answer = Desk::new().add_config(AccountConfig { pin, ..account(&pbx.url()) }, Some(PASSWORD)).await;
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test]
async fn a_pin_of_another_certificate_is_refused() {
    let pbx = fake_with(Tls::SelfSigned).await;
    let desk = Desk::new();
    let config = |pin: &str| AccountConfig { pin: Some(pin.to_owned()), ..account(&pbx.url()) };
    let answer = desk.add_config(config(&"ab".repeat(32)), Some(PASSWORD)).await;
    fails(&answer, Code::CertificateChanged, "not the one you accepted");
    assert_eq!(fingerprint(&answer).as_deref(), pbx.certificate_sha256());
    for bad in ["", "ab", &"zz".repeat(32), &"ab".repeat(33)] {
        fails(&desk.add_config(config(bad), Some(PASSWORD)).await, Code::WrongUsage, "");
    }
    assert!(desk.settle().await.accounts.is_empty());
}

#[tokio::test]
async fn a_certificate_that_changes_stops_the_link_until_the_new_one_is_accepted() {
    let pbx = fake_with(Tls::SelfSigned).await;
    let pin = pbx.certificate_sha256().map(str::to_owned);
    let desk = Desk::new();
    assert!(desk.add_config(AccountConfig { pin: pin.clone(), ..account(&pbx.url()) }, Some(PASSWORD)).await.is_ok());
    desk.online().await;
    let port = pbx.addr().port();
    pbx.stop().await;
    drop(pbx);
    let renewed = FakeVodia::start(Options::new(Generation::G2).tls(Tls::SelfSigned).port(port)).await.expect("that port");
    let shown = desk.stops(Code::CertificateChanged, "not the one you accepted").await;
    let sha256 = shown.why.and_then(|w| w.certificate_sha256).expect("a fingerprint");
    assert_eq!(Some(sha256.as_str()), renewed.certificate_sha256());
    let accept = |sha256: &str| Request::AcceptCertificate { account: office(), sha256: sha256.to_owned() };
    for wrong in [pin.unwrap_or_default().as_str(), "", &"ab".repeat(32)] {
        fails(&desk.engine.ask(accept(wrong)).await, Code::WrongUsage, "");
    }
    assert!(renewed.requests().is_empty(), "nothing was said to it");
    let answer = desk.engine.ask(accept(&with_colons(&sha256))).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
    let desk = desk.restarted();
    desk.online().await;
}

#[tokio::test]
async fn a_stranger_on_the_way_is_forgotten_when_the_network_changes() {
    let pbx = fake_with(Tls::SelfSigned).await;
    let desk = Desk::new();
    let pin = pbx.certificate_sha256().map(str::to_owned);
    assert!(desk.add_config(AccountConfig { pin, ..account(&pbx.url()) }, Some(PASSWORD)).await.is_ok());
    desk.online().await;
    // A hotel's network answers with a certificate of its own.
    pbx.stop().await;
    let hotel = Options::new(Generation::G2).tls(Tls::SelfSigned).port(pbx.addr().port());
    let hotel = FakeVodia::start(hotel).await.expect("that port");
    desk.stops(Code::CertificateChanged, "not the one you accepted").await;
    // Still there after a change: asked once, and not again at once.
    let tries = hotel.look(|s| s.connections_accepted());
    desk.engine.system(SystemEvent::NetworkChanged).await;
    hotel.wait_for(|s| s.connections_accepted() == tries + 1, SOON).await.expect("one look");
    desk.stops(Code::CertificateChanged, "not the one you accepted").await;
    desk.engine.system(SystemEvent::NetworkChanged).await;
    desk.settle().await;
    assert_eq!(hotel.look(|s| s.connections_accepted()), tries + 1);
    assert!(hotel.requests().is_empty(), "nothing was said to it");
    // Back in the office.
    hotel.stop().await;
    drop(hotel);
    pbx.restart().await.expect("that port");
    let back = async {
        while desk.first().link != LinkName::Online {
            desk.engine.system(SystemEvent::Woke).await;
            tokio::time::timeout(Duration::from_millis(200), desk.engine.view().changed()).await.ok();
        }
    };
    tokio::time::timeout(SOON, back).await.expect("back by itself");
}

#[tokio::test]
async fn a_certificate_that_nobody_asked_about_cannot_be_accepted() {
    let pbx = fake_with(Tls::None).await;
    let desk = Desk::signed_in(&pbx).await;
    let answer = desk.engine.ask(Request::AcceptCertificate { account: office(), sha256: "ab".repeat(32) }).await;
    fails(&answer, Code::WrongUsage, "");
    desk.online().await;
}

/// Runs a test in a process of its own, whose system trusts the authority that it writes.
async fn in_a_trusting_system(test: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = trusting(folder.path());
    alone(test, &environment.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
}

#[tokio::test]
async fn a_folder_of_authorities_counts_too() {
    let name = "certificates::a_folder_of_authorities_counts_too";
    if !is_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let [(_, file), named] = trusting(folder.path());
        let folder = std::path::Path::new(&file).parent().and_then(|f| f.to_str()).expect("a plain path");
        return alone(name, &[("SSL_CERT_DIR", folder), (named.0, &named.1)]).await;
    }
    let authority = Authority::trusted();
    let desk = Desk::new();
    let pbx = fake_with(authority.issues().tls()).await;
    let answer = desk.add(&pbx, &[]).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
}

/// Out of date in either direction: told in its own words, tried slowly, no question of a pin, and healed by the owner.
#[tokio::test]
async fn a_certificate_that_is_out_of_date_is_tried_slowly_until_it_is_renewed() {
    let name = "certificates::a_certificate_that_is_out_of_date_is_tried_slowly_until_it_is_renewed";
    if !is_alone() {
        return in_a_trusting_system(name).await;
    }
    let authority = Authority::trusted();
    for (years, says) in [((2020, 2021), "has expired"), ((2090, 2095), "not valid yet")] {
        let good = fake_with(authority.issues().tls()).await;
        let desk = Desk::new();
        assert!(desk.add(&good, &[]).await.is_ok());
        let (_, call) = desk.talking(&good).await;
        let port = good.addr().port();
        good.stop().await;
        let bad = authority.issues_for(&["localhost"], years);
        let bad = FakeVodia::start(Options::new(Generation::G2).tls(bad.tls()).port(port)).await.expect("that port");
        assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
        let told = |v: &phone_core::View| v.accounts[0].why.as_ref().is_some_and(|w| w.text.contains(says));
        let view = desk.wait_view(says, told).await;
        let shown = &view.accounts[0];
        assert_eq!(shown.link, LinkName::Waiting, "{:?}", shown.why);
        let why = shown.why.as_ref().expect("just seen");
        assert_eq!((why.code, &why.certificate_sha256), (Code::CertificateUnknown, &None), "no pin is offered");
        assert!(why.remedy.as_deref().is_some_and(|r| r.contains("this computer") && r.contains("again")), "{why:?}");
        let in_s = shown.retry_at.expect("a time").duration_since(jiff::Timestamp::now()).as_secs();
        assert!((45..=76).contains(&in_s), "slowly: {in_s} s");
        assert!(view.calls.iter().all(|c| c.id == call && c.stale), "nothing stale is shown as true");
        assert!(bad.requests().is_empty(), "nothing was said to it");
        // A fingerprint read elsewhere does not help either.
        let sha256 = bad.certificate_sha256().expect("one").to_owned();
        let accept = Request::AcceptCertificate { account: office(), sha256 };
        fails(&desk.engine.ask(accept).await, Code::WrongUsage, "");
        bad.stop().await;
        drop(bad);
        good.restart().await.expect("that port");
        let back = async {
            while desk.first().link != LinkName::Online {
                assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
                tokio::time::timeout(Duration::from_millis(200), desk.engine.view().changed()).await.ok();
            }
        };
        tokio::time::timeout(SOON, back).await.expect("healed");
        desk.talking(&good).await;
    }
}

/// The page that signs in is another server: the pin of the PBX neither vouches for it nor stands in its way.
#[tokio::test]
async fn a_pin_counts_for_the_pbx_and_for_nobody_else() {
    let name = "certificates::a_pin_counts_for_the_pbx_and_for_nobody_else";
    if !is_alone() {
        return in_a_trusting_system(name).await;
    }
    let page_of_the_company = Authority::trusted().issues();
    let pinned = Authority::new().issues();
    let pbx = fake_with(Tls::None).await;
    let page = pbx.token_url().parse::<url::Url>().expect("an address");
    let at = async |certificate: &Issued| {
        let port = front(certificate, pbx.addr()).await;
        format!("https://localhost:{port}{}?{}", page.path(), page.query().unwrap_or_default())
    };
    let config = |token_url: &str, port: u16| AccountConfig {
        pin: Some(pinned.sha256()),
        keys: keys(&[("token_url", token_url)]),
        ..account(&format!("https://127.0.0.1:{port}/"))
    };
    // The page shows the very certificate that is pinned for the PBX: that says nothing about the page.
    let (port, strange) = (front(&pinned, pbx.addr()).await, at(&pinned).await);
    let desk = Desk::new();
    desk.begin(config(&strange, port), None);
    let shown = desk.waits(Code::CredentialsRefused, "sign-in page of your company").await;
    assert_eq!(shown.why.and_then(|w| w.certificate_sha256), None, "nobody is asked to vouch for the page");
    assert!(pbx.requests().iter().all(|r| r.path != page.path()), "nothing was said to it");
    // A page that the system trusts is not measured by the pin.
    let desk = Desk::new();
    let answer = desk.add_config(config(&at(&page_of_the_company).await, port), None).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
}

#[tokio::test]
async fn a_companys_own_authority_counts_when_the_system_trusts_it() {
    let name = "certificates::a_companys_own_authority_counts_when_the_system_trusts_it";
    if !is_alone() {
        return in_a_trusting_system(name).await;
    }
    let pbx = fake_with(Authority::trusted().issues().tls()).await;
    let desk = Desk::new();
    let answer = desk.add(&pbx, &[]).await;
    assert!(answer.is_ok(), "{answer:?}");
    desk.online().await;
    desk.talking(&pbx).await;
    // Another authority still does not count.
    let stranger = fake_with(Tls::OwnAuthority).await;
    let other = Desk::new();
    fails(&other.add(&stranger, &[]).await, Code::CertificateUnknown, "not signed by anybody");
}
