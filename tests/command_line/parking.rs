//! Parking and fetching from the command line.

use phone_tests::asterisk::Release;
use phone_tests::office::asterisk::AtAsterisk;
use phone_tests::office::{Office as _, Who};

use super::{Agent, PASSWORD, run, within};

#[tokio::test]
async fn a_call_is_parked_and_fetched_with_the_command_that_park_tells() {
    let office = AtAsterisk::start(Release::V22).await;
    let agent = Agent::start().await;
    let account = office.account();
    let pin = account.certificate_sha256.unwrap_or_default();
    let mut add = vec!["account", "add", "office", "--kind", account.kind, "--url", &account.url, "--user", &account.user];
    // By this plan the place alone would be a number outside.
    add.extend(["--password-stdin", "--pin", &pin, "--set", "plan.country=DE", "--set", "plan.area_code=30"]);
    add.extend(["--set", "plan.outside_prefix=0", "--set", "plan.extensions=1XX"]);
    let added = agent.run_with(&add, PASSWORD).await;
    assert_eq!(added.status, 0, "{added:?}");
    for command in ["fetch-parked", "dismiss-parked"] {
        agent.fails(&[command, "office/c99"], 1, "no_such_call").await;
    }

    office.calls(Who::Bob, Who::Me).await;
    agent.call_in("ringing").await;
    office.answers(Who::Me).await;
    let id = agent.call_in("connected").await["id"].as_str().expect("an id").to_owned();
    let parked = run(agent.folder.path(), &["park", &id], "").await;
    let waits = agent.json(&["calls"], 0).await["parked"][0].clone();
    let place = waits["place"].as_str().expect("a place");
    let fetch = format!("fetch-parked {}", waits["id"].as_str().expect("a name"));
    let told = format!("Parked at {place}. Dial that number on any phone, or fetch the call with: trayphonectl {fetch}\n");
    assert_eq!((parked.status, parked.text()), (0, told));
    agent.calls_are(0).await;

    let fetch: Vec<&str> = fetch.split(' ').collect();
    assert_eq!(agent.json(&fetch, 0).await["ok"], true);
    office.lifts().await;
    office.talk(Who::Me, Who::Bob).await;
    let gone = async { while !agent.json(&["calls"], 0).await["parked"].as_array().is_some_and(Vec::is_empty) {} };
    within(gone).await;
    agent.fails(&fetch, 1, "no_such_call").await;
    assert_eq!((office.dials(), office.complaints()), (vec![place.to_owned()], vec![]));
}
