//! Lamps, do not disturb, settings, large companies.

use super::*;

#[tokio::test]
async fn lamps_answer_and_follow() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "blf", "add": ["207", "211"]})).await;
    let lamps = [heard(&mut socket, "user-state").await, heard(&mut socket, "user-state").await];
    assert_eq!((&lamps[0]["account"], &lamps[1]["registered"]), (&json!("207"), &json!(false)));
    pbx.presence("205", Presence::Busy);
    pbx.presence("207", Presence::Busy);
    let lamp = heard(&mut socket, "user-state").await;
    assert_eq!(lamp["account"], "207", "205 was not asked for");
    assert!(!lamp["code"].is_null());
    say(&mut socket, json!({"action": "blf", "add": "207"})).await;
    pbx.wait_for(|state| state.violations().len() == 1, SOON).await.unwrap();
    let silent = Options::new(Generation::G3).with(|options| options.blf = Blf::Silent);
    let (_pbx, mut socket) = signed_in_with(silent).await;
    say(&mut socket, json!({"action": "blf", "add": ["207"]})).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    heard_until(&mut socket, |frame| {
        assert_ne!(frame["action"], "user-state");
        frame["action"] == "call-state"
    })
    .await;
}

#[tokio::test]
async fn do_not_disturb_wants_a_bool_and_a_text() {
    let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    for bad in [json!({"state": "true"}), json!({"state": true, "expires": 3600})] {
        assert_eq!(rest(&pbx, "POST", "/dnd", &bad.to_string()).await.status, 400);
    }
    let good = json!({"state": true, "reason": "Lunch", "expires": "3600"}).to_string();
    assert_eq!(rest(&pbx, "POST", "/dnd", &good).await.status, 200);
    assert_eq!(rest(&pbx, "GET", "/dnd", "").await.json()["state"], true);
    let call = pbx.ring(MARA, "", "204");
    assert!(pbx.call(call).is_none(), "nobody rings");
    assert_eq!(rest(&pbx, "GET", "/history", "").await.json()["missed"], "1");
}

#[tokio::test]
async fn settings_are_put_or_posted() {
    let pbx = FakeVodia::start(Options::new(Generation::G1)).await.unwrap();
    let body = json!({"table": "users", "settings": [{"name": "dnd", "value": "true"}]}).to_string();
    let path = "/rest/domain/self/account/self/user_settings";
    assert_eq!(http(&pbx, "PUT", path, &basic("204:Sample-Pw9"), &body).await.status, 200);
    assert!(pbx.look(|state| state.company().accounts["204"].dnd));
    let pbx = FakeVodia::start(Options::new(Generation::G2)).await.unwrap();
    assert_eq!(http(&pbx, "PUT", path, &basic("204:Sample-Pw9"), &body).await.status, 404);
    let path = "/rest/domain/tenant.example/account/204/user_settings";
    assert_eq!(http(&pbx, "POST", path, &basic("204:Sample-Pw9"), &body).await.status, 200);
    assert_eq!(http(&pbx, "GET", path, &basic("204:Sample-Pw9"), "").await.json()["settings"]["dnd"]["value"], "true");
}

#[tokio::test]
async fn ten_thousand_accounts_come_in_one_frame() {
    let (pbx, mut socket) = signed_in_with(Options::new(Generation::G2).company_of(10_000)).await;
    say(&mut socket, json!({"action": "get-users"})).await;
    assert_eq!(heard(&mut socket, "domain-state").await["accounts"].as_array().unwrap().len(), 10_000);
    let listed = rest(&pbx, "GET", "/accounts?type=extensions", "").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 9_996);
}
