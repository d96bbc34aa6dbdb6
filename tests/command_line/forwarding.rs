//! Sending calls on from the command line, at a PBX that can and at one that cannot.

use phone_tests::asterisk::{FakeAsterisk, Options, Release};

use super::{Agent, PASSWORD, fake, run};

#[tokio::test]
async fn calls_are_sent_on_and_the_status_says_so_until_it_ends() {
    let pbx = FakeAsterisk::start(Options::new(Release::V22)).await.expect("a fake PBX");
    let agent = Agent::start().await;
    let url = pbx.url();
    let pin = pbx.certificate_sha256().map(str::to_owned).unwrap_or_default();
    let mut add = vec!["account", "add", "office", "--kind", "asterisk", "--url", &url, "--user", "tray100"];
    add.extend(["--password-stdin", "--pin", &pin, "--set", "plan.country=DE", "--set", "plan.outside_prefix=0"]);
    add.extend(["--set", "plan.extensions=1XX"]);
    let added = agent.run_with(&add, PASSWORD).await;
    assert_eq!(added.status, 0, "{added:?}");
    let none = agent.json(&["status"], 0).await;
    assert!(none["accounts"][0]["forwarding"]["always"].is_null() && none["accounts"][0]["forwarding"].is_object(), "{none}");
    let set = run(agent.folder.path(), &["forward", "101"], "").await;
    assert_eq!((set.status, set.text().trim()), (0, "All calls go to 101."), "{set:?}");
    let status = run(agent.folder.path(), &["status"], "").await;
    assert!(status.text().contains("All calls go to 101."), "{status:?}");
    assert_eq!(agent.json(&["status"], 0).await["accounts"][0]["forwarding"]["always"], "101");
    let set = run(agent.folder.path(), &["forward", "+49 30 555001"], "").await;
    assert_eq!((set.status, set.text().trim()), (0, "All calls go to 0030555001."), "what the PBX got: {set:?}");
    agent.fails(&["forward", "100"], 7, "policy_refuse").await;
    agent.fails(&["forward", "*79"], 7, "policy_refuse").await;
    agent.fails(&["forward", "112", "--yes"], 7, "policy_refuse").await;
    agent.fails(&["forward", "101", "--when", "busy"], 1, "unsupported").await;
    agent.fails(&["forward", "101", "--account", "nobody"], 2, "wrong_usage").await;
    let off = run(agent.folder.path(), &["forward", "off"], "").await;
    assert_eq!((off.status, off.text().trim()), (0, "All calls go to your phone again."), "{off:?}");
    assert_eq!(agent.json(&["forward", "off"], 0).await["ok"], true);
    let status = run(agent.folder.path(), &["status"], "").await;
    assert!(!status.text().contains("calls go to"), "{status:?}");
    assert_eq!(pbx.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_pbx_that_cannot_is_not_said_to_forward_nothing() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    assert!(agent.json(&["status"], 0).await["accounts"][0]["forwarding"].is_null(), "it is not known");
    agent.fails(&["forward", "207"], 1, "unsupported").await;
    agent.fails(&["forward", "off"], 1, "unsupported").await;
}
