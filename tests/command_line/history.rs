//! The history from the command line: pages, a table, notes, and what is removed.

use serde_json::json;

use super::{Agent, fake, run};

#[tokio::test]
async fn ended_calls_are_listed_noted_printed_as_a_table_and_removed() {
    let pbx = fake().await;
    let agent = Agent::signed_in(&pbx).await;
    for (from, name) in [("+4930555001", "Mara Beispiel"), ("+4930555002", "Ben Muster")] {
        let call = pbx.ring(from, name, "204");
        agent.call_in("ringing").await;
        pbx.hang_up_far(call);
        agent.calls_are(0).await;
    }
    let listed = super::within(async {
        loop {
            let listed = agent.json(&["history", "--filter", "030 555001"], 0).await;
            if listed["calls"] != json!([]) {
                break listed;
            }
        }
    })
    .await;
    let id = listed["calls"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(agent.json(&["history", "note", &id, "wants an offer"], 0).await["ok"], true);
    assert_eq!(agent.json(&["history", "--filter", "offer"], 0).await["calls"][0]["note"], "wants an offer");
    agent.fails(&["history", "note", "office/c9999", "x"], 1, "no_such_call").await;
    agent.fails(&["history", "delete", "office/c9999"], 1, "no_such_call").await;
    assert_eq!(agent.json(&["history", "--csv"], 2).await["error"]["code"], "wrong_usage", "a table is no JSON");
    let table = run(agent.folder.path(), &["history", "--csv"], "").await;
    assert_eq!((table.status, table.text().lines().count()), (0, 3), "{table:?}");
    assert!(table.text().starts_with("started,ended,direction,outcome,number,name,"), "{table:?}");
    let short = run(agent.folder.path(), &["history", "--csv", "--limit", "1"], "").await;
    assert_eq!(short.text().lines().count(), 2, "{short:?}");
    assert_eq!(agent.json(&["history", "delete", &id], 0).await["deleted"], 1);
    assert_eq!(agent.json(&["history", "--account", "home"], 0).await["calls"], json!([]));
    assert_eq!(agent.json(&["history"], 0).await["calls"].as_array().map(Vec::len), Some(1));
    assert_eq!(agent.json(&["history", "delete", "--all"], 0).await["deleted"], 1);
    assert_eq!(agent.json(&["history"], 0).await["calls"], json!([]));
}
