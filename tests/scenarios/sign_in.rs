//! Signing in, and everything a PBX can say to it.

use std::time::Instant;

use phone_core::request::{CheckResult, OwnPresence, Reply};
use phone_core::view::LinkName;
use phone_core::{AccountConfig, Code, Request, Secret};
use phone_engine::SystemEvent;
use phone_tests::vodia::{FakeVodia, Generation, HashEdition, Options, SignIn, SignInMethod, SocketControl, What};

use crate::support::{ALL, Desk, Heap, PASSWORD, account, alone, clean, fails, fake, figure, is_alone, keys, office};

/// What was refused of what the user typed; a cookie that ran out is none of it.
fn refused(pbx: &FakeVodia) -> Vec<SignIn> {
    pbx.sign_ins().into_iter().filter(|s| !s.accepted && s.method != SignInMethod::Cookie).collect()
}

/// How often a new session was made.
fn sessions_made(pbx: &FakeVodia) -> usize {
    let made = |s: &SignIn| s.accepted && matches!(s.method, SignInMethod::Password | SignInMethod::Token);
    pbx.sign_ins().iter().filter(|s| made(s)).count()
}

/// Waits until everything that is asked after a sign-in has been answered.
async fn quiet(pbx: &FakeVodia, desk: &Desk) {
    desk.wait_view("dnd offered", |v| v.accounts[0].abilities.has(phone_core::Ability::Dnd)).await;
    let asked = |part: &str| pbx.requests().iter().any(|r| r.path.contains(part));
    let book = if pbx.generation() == Generation::G1 { "/json" } else { "adrbook" };
    let history = if pbx.generation() == Generation::G1 { "/json" } else { "history" };
    assert!(asked("dnd"));
    pbx.wait_for(|s| [book, history].iter().all(|part| s.requests().iter().any(|r| r.path.contains(part))), crate::support::SOON)
        .await
        .expect("everything is asked");
    desk.settle().await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_the_account_is_not_kept() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::new();
        let answer = desk.add_config(account(&pbx.url()), Some("wrong")).await;
        fails(&answer, Code::CredentialsRefused, "does not accept");
        assert_eq!(refused(&pbx).len(), 1, "{generation:?}: {:?}", pbx.sign_ins());
        assert!(desk.settle().await.accounts.is_empty());
        assert!(!desk.dir.path().join("config/settings.toml").exists());
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_password_changed_at_noon_is_not_tried_again_and_again() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        // What is asked after the sign-in has its answers, so that it does not meet the change.
        quiet(&pbx, &desk).await;
        pbx.set_password("204", "Another-Pw9");
        pbx.expire_sessions();
        pbx.kick().await;
        // A `false` may mean something else, so it is asked about once more, but not within a minute.
        let link = if generation == Generation::G3 { LinkName::Stopped } else { LinkName::Waiting };
        if link == LinkName::Stopped {
            desk.stops(Code::CredentialsRefused, "does not accept").await;
        } else {
            let waits = desk.waits(Code::CredentialsRefused, "does not accept").await;
            let pause = waits.retry_at.expect("a time").duration_since(waits.since).as_secs();
            assert!((59..70).contains(&pause), "{pause} s");
        }
        assert_eq!(refused(&pbx).len(), 1, "{generation:?}: {:?}", pbx.sign_ins());
        let connections = pbx.look(|s| s.connections_accepted());
        assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
        desk.engine.system(SystemEvent::Woke).await;
        desk.engine.system(SystemEvent::NetworkChanged).await;
        fails(&desk.engine.ask(Request::SignIn(office())).await, Code::CredentialsRefused, "does not accept");
        fails(&desk.engine.ask(Request::TestAccount(office())).await, Code::CredentialsRefused, "does not accept");
        let view = desk.settle().await;
        assert_eq!(view.accounts[0].link, link);
        let answer = desk.engine.ask(Request::SetSecret { account: office(), secret: Secret::new("Wrong-too9".into()) }).await;
        fails(&answer, Code::CredentialsRefused, "does not accept");
        assert_eq!(refused(&pbx).len(), 2, "one for each password: {:?}", pbx.sign_ins());
        assert!(pbx.look(|s| s.connections_accepted()) <= connections + 2, "nothing but the second password was tried");
        let answer = desk.engine.ask(Request::SetSecret { account: office(), secret: Secret::new("Another-Pw9".into()) }).await;
        assert!(answer.is_ok(), "{answer:?}");
        desk.online().await;
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_body_of_false_is_a_refusal() {
    for generation in [Generation::G1, Generation::G2] {
        let pbx = fake(generation).await;
        pbx.login_false(true);
        let desk = Desk::new();
        // Both shapes of a no are answered in turn.
        for _ in 0..2 {
            let answer = desk.add(&pbx, &[]).await;
            fails(&answer, Code::CredentialsRefused, "does not accept");
        }
        assert_eq!(pbx.look(|s| s.sockets_opened()), 0);
        clean(&pbx);
    }
}

#[tokio::test]
async fn refusals_are_told_apart_in_words() {
    // An unknown user cannot be told from a wrong password where the PBX does not.
    for generation in [Generation::G1, Generation::G2, Generation::G3] {
        let pbx = fake(generation).await;
        let desk = Desk::new();
        let nobody = AccountConfig { user: Some("999".into()), ..account(&pbx.url()) };
        fails(&desk.add_config(nobody, Some(PASSWORD)).await, Code::CredentialsRefused, "user name and password");
        let nowhere = AccountConfig { domain: Some("other.example".into()), ..account(&pbx.url()) };
        fails(&desk.add_config(nowhere, Some(PASSWORD)).await, Code::CredentialsRefused, "user name and password");
    }
    // Where the resource of the user is not there, the user or tenant is the reason.
    let pbx = fake(Generation::G3).await;
    pbx.refuse_with(What::Rest, 404);
    fails(&Desk::new().add(&pbx, &[]).await, Code::UnknownTenantOrUser, "no such user or tenant");
    // API access switched off.
    let pbx = FakeVodia::start(Options::new(Generation::G3).with(|o| o.api_access = false)).await.expect("a fake");
    fails(&Desk::new().add(&pbx, &[]).await, Code::ApiSwitchedOff, "API access");
    let pbx = fake(Generation::G2).await;
    pbx.refuse_with(What::SignIn, 403);
    fails(&Desk::new().add(&pbx, &[]).await, Code::ApiSwitchedOff, "API access");
}

#[tokio::test]
async fn rights_that_come_back_are_looked_for_slowly_and_found_by_retry_now() {
    for (status, code, says) in
        [(403, Code::ApiSwitchedOff, "API access"), (404, Code::UnknownTenantOrUser, "no such user or tenant")]
    {
        let pbx = fake(Generation::G3).await;
        let desk = Desk::signed_in(&pbx).await;
        let gone = async |desk: &Desk| {
            let waits = desk.waits(code, says).await;
            let pause = waits.retry_at.expect("a time").duration_since(waits.since).as_secs();
            assert!((59..70).contains(&pause), "{status}: {pause} s");
        };
        pbx.refuse_with(What::Handshake, status);
        pbx.refuse_with(What::Rest, status);
        pbx.kick().await;
        gone(&desk).await;
        // Nor does a start of the agent in that moment take it for the end.
        let desk = desk.restarted();
        gone(&desk).await;
        pbx.behave();
        assert!(desk.engine.ask(Request::RetryNow(None)).await.is_ok());
        desk.online().await;
    }
}

#[tokio::test]
async fn a_missing_tenant_is_found_or_asked_for() {
    for generation in [Generation::G1, Generation::G2] {
        let pbx = fake(generation).await;
        let desk = Desk::new();
        let answer = desk.add_config(AccountConfig { domain: None, ..account(&pbx.url()) }, Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{answer:?}");
        desk.online().await;
        assert_eq!(desk.first().domain.as_deref(), Some("tenant.example"));
        clean(&pbx);
    }
    let pbx = fake(Generation::G3).await;
    let desk = Desk::new();
    let answer = desk.add_config(AccountConfig { domain: None, ..account(&pbx.url()) }, Some(PASSWORD)).await;
    fails(&answer, Code::UnknownTenantOrUser, "needs to know the tenant");
    assert_eq!(refused(&pbx).len(), 0, "the password was not spent on a question");
}

#[tokio::test]
async fn the_tenant_may_stand_behind_the_user() {
    for generation in ALL {
        let pbx = FakeVodia::start(Options::new(generation).with(|o| o.several_tenants = true)).await.expect("a fake");
        let desk = Desk::new();
        let config = AccountConfig { user: Some("204@tenant.example".into()), domain: None, ..account(&pbx.url()) };
        let answer = desk.add_config(config, Some(PASSWORD)).await;
        assert!(answer.is_ok(), "{generation:?}: {answer:?}");
        let account = desk.online().await.accounts[0].clone();
        assert_eq!((account.user.as_deref(), account.domain.as_deref()), (Some("204"), Some("tenant.example")));
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_token_page_signs_in_without_a_password() {
    for generation in [Generation::G2, Generation::G3] {
        let pbx = fake(generation).await;
        let desk = Desk::new();
        let config =
            AccountConfig { user: None, domain: None, keys: keys(&[("token_url", &pbx.token_url())]), ..account(&pbx.url()) };
        let answer = desk.add_config(config, None).await;
        assert!(answer.is_ok(), "{generation:?}: {answer:?}");
        let account = desk.online().await.accounts[0].clone();
        assert_eq!(account.user.as_deref(), Some("204"));
        let made = sessions_made(&pbx);
        assert_eq!(made, 1);
        // A restart of the agent needs no secret either.
        let desk = desk.restarted();
        desk.online().await;
        assert_eq!(sessions_made(&pbx), 2);
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_token_page_that_fails_is_told_and_tried_again() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::new();
    let token_page = || AccountConfig { keys: keys(&[("token_url", &pbx.token_url())]), ..account(&pbx.url()) };
    // The token ran out on the way.
    pbx.login_false(true);
    desk.begin(token_page(), None);
    desk.waits(Code::CredentialsRefused, "sign-in page of your company").await;
    pbx.login_false(false);
    desk.online().await;
    // The page is down while the session is gone.
    pbx.captive_portal();
    pbx.expire_sessions();
    pbx.kick().await;
    desk.waits(Code::NotAPbx, "web page").await;
    pbx.behave();
    desk.online().await;
    // The page knows no such user.
    let lone = Desk::new();
    let page = format!("{}?user=999", pbx.token_url());
    lone.begin(AccountConfig { keys: keys(&[("token_url", &page)]), ..account(&pbx.url()) }, None);
    lone.waits(Code::CredentialsRefused, "sign-in page of your company").await;
}

#[tokio::test]
async fn plain_http_stays_on_this_machine_unless_allowed() {
    let desk = Desk::new();
    for address in ["http://pbx.example:8080/", "http://192.0.2.77/", "http://[2001:db8::7]/"] {
        let answer = desk.add_config(account(address), Some(PASSWORD)).await;
        fails(&answer, Code::Protocol, "encryption");
    }
    let page = AccountConfig { keys: keys(&[("token_url", "http://portal.example/t")]), ..account("https://pbx.example/") };
    fails(&desk.add_config(page, None).await, Code::Protocol, "encryption");
    // Allowed, it is tried: a name that cannot exist is then not found.
    let allowed = AccountConfig { keys: keys(&[("allow_plain_http", "true")]), ..account("http://pbx.invalid/") };
    desk.begin(allowed, Some(PASSWORD));
    desk.waits(Code::Unreachable, "").await;
}

#[tokio::test]
async fn a_clock_that_is_wrong_shows_in_the_checks() {
    let pbx = fake(Generation::G2).await;
    for (ahead, result) in [(3600, CheckResult::Problem), (-7200, CheckResult::Problem), (5, CheckResult::Ok)] {
        pbx.clock_ahead(ahead);
        let desk = Desk::signed_in(&pbx).await;
        let Ok(Reply::Checks(checks)) = desk.engine.ask(Request::Checks).await else { panic!("no checks") };
        let clock = checks.iter().find(|c| c.name == "clock office").expect("a check of the clock");
        assert_eq!(clock.result, result, "{clock:?}");
        assert_eq!(clock.remedy.is_some(), result == CheckResult::Problem);
        let pbx_check = checks.iter().find(|c| c.name == "pbx office").expect("a check of the PBX");
        assert_eq!(pbx_check.result, CheckResult::Ok);
    }
}

#[tokio::test]
async fn a_session_that_ran_out_is_renewed_once_and_at_once() {
    let pbx = fake(Generation::G2).await;
    let desk = Desk::signed_in(&pbx).await;
    desk.wait_view("dnd offered", |v| v.accounts[0].abilities.has(phone_core::Ability::Dnd)).await;
    let (_, call) = desk.talking(&pbx).await;
    pbx.expire_sessions();
    let since = Instant::now();
    let ask = Request::SetPresence { account: None, presence: OwnPresence::Dnd, until: None, note: None };
    assert!(desk.engine.ask(ask).await.is_err(), "the command met the end of the session");
    let view = desk.online().await;
    figure("session expired live to online", since);
    assert_eq!(view.calls[0].id, call);
    assert_eq!(sessions_made(&pbx), 2, "{:?}", pbx.sign_ins());
    assert_eq!(refused(&pbx).len(), 0);
    clean(&pbx);
}

#[tokio::test]
async fn a_lost_link_keeps_its_session_and_an_expired_one_is_replaced() {
    for (survive, made) in [(true, 1), (false, 2)] {
        let options = Options::new(Generation::G2).with(|o| o.sessions_survive_restart = survive);
        let pbx = FakeVodia::start(options).await.expect("a fake");
        let desk = Desk::signed_in(&pbx).await;
        pbx.stop().await;
        desk.lost().await;
        pbx.restart().await.expect("the port again");
        desk.online().await;
        assert_eq!(sessions_made(&pbx), made, "{:?}", pbx.sign_ins());
        assert_eq!(refused(&pbx).len(), 0);
    }
}

#[tokio::test]
async fn a_second_start_uses_what_the_first_has_learnt() {
    for generation in ALL {
        let pbx = fake(generation).await;
        let desk = Desk::signed_in(&pbx).await;
        quiet(&pbx, &desk).await;
        let before = pbx.requests().len();
        let desk = desk.restarted();
        let since = Instant::now();
        desk.online().await;
        figure(&format!("start with a known {generation:?} to online"), since);
        let second: Vec<_> = pbx.requests().into_iter().skip(before).take_while(|r| !r.upgrade).collect();
        let probed = |r: &&phone_tests::vodia::Request| r.path == "/" || (r.method == "GET" && r.path == "/rest/system/session");
        assert_eq!(second.iter().filter(probed).count(), 0, "{generation:?}: {second:?}");
        assert_eq!(second.len(), 1, "one request signs in: {second:?}");
    }
}

/// The hex MD5 of a text, from another crate than the product's own code.
fn md5(text: &str) -> String {
    use md5::{Digest, Md5};
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn no_secret_is_logged_stored_or_told() {
    if !is_alone() {
        return alone("sign_in::no_secret_is_logged_stored_or_told", &[]).await;
    }
    let heap = Heap::catching();
    let mut secrets = vec![PASSWORD.to_owned(), md5(PASSWORD), "Wrong-Pw77".to_owned(), md5("Wrong-Pw77")];
    use base64::Engine as _;
    let coded = base64::engine::general_purpose::STANDARD;
    for password in [PASSWORD, "Wrong-Pw77"] {
        secrets.push(coded.encode(format!("204@tenant.example:{password}")));
    }
    let mut told = String::new();
    for generation in ALL {
        for path in ["websocket", "rest", "remote_call"] {
            let options = Options::new(generation).with(|o| {
                o.hash_edition = if generation == Generation::G3 { HashEdition::New } else { HashEdition::Old };
                o.socket_control = SocketControl::Full;
                o.rest_control = true;
            });
            let pbx = FakeVodia::start(options).await.expect("a fake");
            let desk = Desk::new();
            assert!(desk.add_config(account(&pbx.url()), Some("Wrong-Pw77")).await.is_err());
            let answer = desk.add(&pbx, &[("dial_path", path)]).await;
            assert!(answer.is_ok(), "{answer:?}");
            let answer = desk.dial("+4930555001").await;
            assert!(answer.is_ok(), "{generation:?} {path}: {answer:?}");
            secrets.extend(pbx.session_ids());
            pbx.refuse_with(What::Rest, 500);
            pbx.expire_sessions();
            pbx.kick().await;
            desk.lost().await;
            pbx.behave();
            desk.online().await;
            secrets.extend(pbx.session_ids());
            let Ok(Reply::Text(text)) = desk.engine.ask(Request::Diagnosis(office())).await else { panic!("no diagnosis") };
            told.push_str(&text);
            told.push_str(&format!("{:?}", desk.engine.view().borrow()));
            desk.written();
            told.push_str(&files(desk.dir.path()));
        }
    }
    let pbx = fake(Generation::G2).await;
    let desk = Desk::new();
    let page = AccountConfig { keys: keys(&[("token_url", &pbx.token_url())]), ..account(&pbx.url()) };
    assert!(desk.add_config(page, None).await.is_ok());
    secrets.extend(pbx.session_ids());
    secrets.extend(pbx.tokens_given());
    desk.written();
    told.push_str(&files(desk.dir.path()));
    let log = heap.text();
    assert!(log.contains("TRACE") && log.contains("link"), "the log was caught");
    assert!(secrets.len() > 15, "{} secrets", secrets.len());
    for secret in secrets.iter().filter(|s| !s.is_empty()) {
        assert!(secret.len() > 8);
        assert!(!told.contains(secret.as_str()), "told: {secret}");
        let line = log.lines().find(|l| l.contains(secret.as_str()));
        assert_eq!(line, None, "logged: {secret}");
    }
    let line = log.lines().find(|l| l.contains("auth=") || l.to_lowercase().contains("authorization: basic "));
    assert_eq!(line, None);
}

/// The text of all files below a folder.
fn files(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&files(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).expect("a file")));
        }
    }
    text
}
