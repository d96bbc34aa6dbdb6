//! What the self-examination tells a user about the PBX of an account, and what they read.

use phone_tests::asterisk::{FakeAsterisk, Options, Release, Tls};
use tokio::net::TcpListener;

use super::*;

/// The checks of the self-examination, as a script gets them.
pub async fn checks(agent: &Agent) -> Vec<Value> {
    let told = agent.json(&["doctor"], 0).await;
    told["checks"].as_array().expect("a list").clone()
}

/// The one check with this name.
pub async fn check(agent: &Agent, name: &str) -> Value {
    let checks = checks(agent).await;
    let mut named = checks.iter().filter(|check| check["name"] == name);
    let found = named.next().unwrap_or_else(|| panic!("no {name}: {checks:#?}")).clone();
    assert!(named.next().is_none(), "{name} once: {checks:#?}");
    found
}

/// Names of the problems that are about the account.
pub async fn problems(agent: &Agent) -> Vec<String> {
    let of_office = |check: &Value| {
        let name = check["name"].as_str().expect("a name").to_owned();
        (check["result"] == "problem" && name.ends_with(" office")).then_some(name)
    };
    checks(agent).await.iter().filter_map(of_office).collect()
}

/// A problem that says these words, and what to do by these.
pub fn says(check: &Value, text: &[&str], remedy: &str) {
    assert_eq!(check["result"], "problem", "{check}");
    for word in text {
        assert!(check["text"].as_str().is_some_and(|told| told.contains(word)), "{word}: {check}");
    }
    assert!(check["remedy"].as_str().is_some_and(|told| told.contains(remedy)), "{remedy}: {check}");
}

/// Adds the account `office`, which must be signed in by that.
pub async fn added(agent: &Agent, url: &str, user: &str, secret: &str, more: &[&str]) {
    let words = ["account", "add", "office", "--kind", "asterisk", "--url", url, "--user", user, "--password-stdin"];
    let ended = agent.run_with(&[&words, more].concat(), secret).await;
    assert_eq!(ended.status, 0, "{ended:?}");
}

/// An agent whose account may do this, at a PBX that is changed like that.
async fn examined(write: &str, keys: &[&str], change: impl FnOnce(&mut Options)) -> (FakeAsterisk, Agent) {
    let pbx = FakeAsterisk::start(Options::new(Release::V22).with(change)).await.expect("a fake PBX");
    pbx.change_user("tray100", |user| *user = user.clone().rights("call", write));
    let agent = Agent::start().await;
    let keys: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
    added(&agent, &pbx.url(), "tray100", PASSWORD, &keys).await;
    (pbx, agent)
}

const LEAST: &str = "call,originate,reporting";

#[tokio::test]
async fn an_account_with_the_least_rights_has_no_problem_and_people_read_what_it_is() {
    let (pbx, agent) = examined(LEAST, &[], |_| {}).await;
    assert_eq!(problems(&agent).await, [""; 0]);
    let told = run(agent.folder.path(), &["doctor"], "").await;
    let told = told.text();
    for line in [
        "ok        pbx office               Signed in and live at Asterisk 22.10.1 (AMI).",
        "ok        encryption office        Not encrypted, and it need not be: the PBX is on this computer.",
        "ok        clock office             The clocks agree.",
        "ok        rights office            The manager account tray100 may do what Trayphone needs.",
        "ok        further rights office    No more than is needed. Even so it could call from every phone",
        "ok        number office            The context from-internal knows your number 100.",
        "ok        phone PJSIP/100 office   PJSIP/100 is registered.",
        "ok        colleagues office        Asterisk shows how 7 other numbers are.",
        "not here  codes office             The dial plan lacks *90 and a number or *91, so forwarding while busy is not offered",
        "not here  answer and hold office",
    ] {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        assert!(told.lines().any(|row| words(row).starts_with(&words(line))), "{line}\n{told}");
    }
    assert!(told.contains(" It answers "), "{told}");
    assert_eq!(pbx.violations(), [""; 0]);
}

#[tokio::test]
async fn too_few_rights_are_told_with_what_they_cost() {
    let (_pbx, agent) = examined("reporting", &[], |_| {}).await;
    assert_eq!(problems(&agent).await, ["rights office"]);
    let rights = check(&agent, "rights office").await;
    says(
        &rights,
        &["tray100", "without call it only watches", "without originate it cannot dial"],
        "write = call,originate,reporting",
    );
    let pbx = check(&agent, "pbx office").await;
    assert!(pbx["text"].as_str().is_some_and(|text| text.contains("Not possible there: dialling")), "{pbx}");
    for lacking in ["sending on a call that rings", "forwarding of all calls"] {
        assert!(pbx["text"].as_str().is_some_and(|text| text.contains(lacking)), "{lacking}: {pbx}");
    }
    let told = run(agent.folder.path(), &["doctor"], "").await;
    let line = told.text().lines().find(|line| line.contains("rights office")).expect("a line").to_owned();
    assert!(line.starts_with("problem") && line.contains("manager reload, and sign in again."), "{line}");
}

#[tokio::test]
async fn too_many_rights_are_told_with_what_somebody_could_do_with_them() {
    let (_pbx, agent) = examined("call,originate,reporting,command,system", &[], |_| {}).await;
    assert_eq!(problems(&agent).await, ["further rights office"]);
    let further = check(&agent, "further rights office").await;
    says(&further, &["with command it can run any command of the PBX", "with system"], "Take command and system out of write");
}

#[tokio::test]
async fn what_is_needed_to_tell_a_phone_to_answer_is_not_too_much() {
    let with_system = "call,originate,reporting,system";
    let (_pbx, agent) = examined(with_system, &["answer=notify-endpoint"], |_| {}).await;
    assert_eq!(problems(&agent).await, [""; 0]);
    let further = check(&agent, "further rights office").await;
    assert!(further["text"].as_str().is_some_and(|text| text.contains("it could also stop the PBX")), "{further}");
    let (_pbx, agent) = examined(with_system, &["answer=notify"], |options| options.notify_module = false).await;
    says(&check(&agent, "answer and hold office").await, &["has not loaded the module"], "pjsip_notify.conf");
}

#[tokio::test]
async fn a_wrong_context_and_a_wrong_phone_are_told() {
    let (_pbx, agent) = examined(LEAST, &["context=from-nowhere", "device=PJSIP/1000"], |_| {}).await;
    assert_eq!(problems(&agent).await, ["number office", "phone PJSIP/1000 office"]);
    says(&check(&agent, "number office").await, &["from-nowhere does not know your number 100"], "context=");
    says(&check(&agent, "phone PJSIP/1000 office").await, &["knows no phone PJSIP/1000"], "pjsip show endpoints");
}

#[tokio::test]
async fn a_phone_that_is_off_is_told_and_so_is_its_return() {
    let (pbx, agent) = examined(LEAST, &[], |_| {}).await;
    let shown = async |wanted: &str| {
        within(async { while check(&agent, "phone PJSIP/100 office").await["result"] != wanted {} }).await;
    };
    assert!(pbx.unplug("100"));
    shown("problem").await;
    assert!(pbx.plug_in("100"));
    shown("ok").await;
}

#[tokio::test]
async fn encryption_is_told_and_whose_word_the_certificate_has() {
    let pbx = FakeAsterisk::start(Options::new(Release::V16).with(|it| it.tls = Tls::SelfSigned)).await.expect("a fake PBX");
    let agent = Agent::start().await;
    let pin = pbx.certificate_sha256().expect("a certificate").to_owned();
    added(&agent, &pbx.url(), "tray100", PASSWORD, &["--pin", &pin]).await;
    let encryption = check(&agent, "encryption office").await;
    assert_eq!(encryption["text"], "Encrypted; the certificate is the one that you accepted.");
    assert_eq!(problems(&agent).await, [""; 0]);
}

#[tokio::test]
async fn the_step_that_fails_is_named() {
    let (pbx, agent) = examined(LEAST, &[], |_| {}).await;
    pbx.change_user("tray100", |user| user.permitted = false);
    pbx.cut_connections().await;
    let refused = async { while !problems(&agent).await.contains(&"sign-in office".to_owned()) {} };
    within(refused).await;
    says(&check(&agent, "sign-in office").await, &["address that may not sign in look the same"], "permit");
    let rows = checks(&agent).await;
    let later = ["rights office", "encryption office", "phone PJSIP/100 office"];
    assert!(rows.iter().all(|row| later.iter().all(|name| row["name"] != *name)), "nothing that was true before: {rows:#?}");

    let (pbx, agent) = examined(LEAST, &[], |_| {}).await;
    let address = format!("Address: {}, not encrypted.", pbx.addr());
    pbx.stop().await;
    let refused = "Nothing answers at this address and port.";
    let told = |check: &Value| check["text"].as_str().is_some_and(|text| text.contains(refused));
    within(async { while !told(&check(&agent, "pbx office").await) {} }).await;
    says(&check(&agent, "pbx office").await, &[refused, &address], "check the port");
    assert_eq!(problems(&agent).await, ["pbx office"]);
}

/// Most of the time an attempt is under way: it hangs for many seconds, and the pause before the next one is short.
#[tokio::test]
async fn the_step_that_failed_is_named_while_it_is_tried_again() {
    let (pbx, agent) = examined(LEAST, &[], |_| {}).await;
    let at = pbx.addr();
    pbx.kill().await;
    let listener = TcpListener::bind(at).await.expect("the port is free");
    let accepted = async || within(listener.accept()).await.expect("a connection").0;
    accepted().await.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("sent");
    // This one is never greeted; while it waits for that, nothing changes.
    let _hangs = accepted().await;
    says(&check(&agent, "sign-in office").await, &["At this port a web server answers"], "5039");
    let address = format!("Address: {at}, not encrypted.");
    says(&check(&agent, "pbx office").await, &["is being tried again. The last attempt failed", &address], "");
    assert_eq!(problems(&agent).await, ["pbx office", "sign-in office"]);
}

#[tokio::test]
async fn an_account_that_cannot_be_added_is_told_why_in_words_for_every_kind() {
    let pbx = FakeAsterisk::start(Options::new(Release::V22)).await.expect("a fake PBX");
    pbx.change_user("tray100", |user| user.permitted = false);
    let agent = Agent::start().await;
    let refused = async |url: &str| {
        let words = ["account", "add", "office", "--kind", "asterisk", "--url", url, "--user", "tray100", "--password-stdin"];
        let ended = agent.run_with(&words, PASSWORD).await;
        assert_eq!(ended.status, 1, "{ended:?}");
        let error = ended.document()["error"].clone();
        format!("{} {}", error["text"].as_str().expect("a text"), error["remedy"].as_str().expect("a remedy"))
    };
    // No `doctor` can look at it afterwards, as it is not kept.
    assert!(refused(&pbx.url()).await.contains("whether this computer may sign in"));
    let plain = refused(&pbx.url().replace("ami:", "amis:")).await;
    assert!(plain.contains("offers no encrypted connection") && !plain.contains("http"), "{plain}");
    assert!(refused("ami://192.0.2.1").await.contains("allow_plain=true"));
}

#[tokio::test]
async fn another_kind_tells_how_it_dials() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    assert_eq!(problems(&agent).await, [""; 0]);
    let dialling = check(&agent, "dialling office").await;
    assert!(dialling["text"].as_str().is_some_and(|text| text.starts_with("Numbers are dialled by ")), "{dialling}");
}
