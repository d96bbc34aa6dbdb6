//! Calls over both ways of control, their spelling, their history.

use super::*;

#[tokio::test]
async fn an_incoming_call_over_the_old_socket() {
    for generation in [Generation::G1, Generation::G2] {
        let (pbx, mut socket) = signed_in(generation).await;
        say(&mut socket, json!({"action": "get-users"})).await;
        let overview = heard(&mut socket, "domain-state").await;
        assert_eq!(overview["accounts"].as_array().unwrap().len(), 16);
        say(&mut socket, json!({"action": "get-calls"})).await;
        assert_eq!(heard(&mut socket, "call-state").await["calls"], json!([]));
        let call = pbx.ring(MARA, "Mara Beispiel", "204");
        let shown = one_call(&heard(&mut socket, "call-state").await);
        assert_eq!(shown["callstate"], "alerting");
        assert_eq!(shown["from"], format!("\"Mara Beispiel\" <sip:{MARA}@tenant.example;user=phone>"));
        assert_eq!(shown.get("to-number").is_some(), generation == Generation::G2);
        let lamp = heard(&mut socket, "user-state").await;
        assert_eq!((&lamp["account"], lamp["code"].is_null()), (&json!("204"), false));
        say(&mut socket, json!({"action": "accept-call", "id": call.to_string()})).await;
        assert_eq!(one_call(&heard(&mut socket, "call-state").await)["callstate"], "connected");
        for word in ["holding", "connected"] {
            say(&mut socket, json!({"action": "hold-call", "id": call.to_string()})).await;
            assert_eq!(one_call(&heard(&mut socket, "call-state").await)["callstate"], word);
        }
        assert!(pbx.hold_far(call));
        assert_eq!(one_call(&heard(&mut socket, "call-state").await)["callstate"], "onhold");
        say(&mut socket, json!({"action": "clear-call", "id": call.to_string(), "connected": "true"})).await;
        assert_eq!(heard(&mut socket, "call-state").await["calls"], json!([]));
        assert!(pbx.violations().is_empty());
        assert!(pbx.actions().iter().all(|action| action.outcome == Outcome::Done));
    }
}

#[tokio::test]
async fn an_incoming_call_over_rest() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    assert_eq!(heard(&mut socket, "call-state").await["calls"], json!([]));
    let call = pbx.ring(MARA, "Mara Beispiel", "204");
    let shown = one_call(&heard(&mut socket, "call-state").await);
    assert_eq!((&shown["state"], &shown["from-number"], &shown["to-number"]), (&json!("alerting"), &json!(MARA), &json!("204")));
    assert_eq!(shown["id"], json!(call.to_string()));
    let listed = rest(&pbx, "GET", "/calls", "").await.json()[0].clone();
    let id = listed["id"].as_str().unwrap().to_owned();
    assert!(id.ends_with("@pbx"), "REST has its own ids");
    assert_eq!(post(&pbx, json!({"remote-answer": call.to_string()})).await.status, 404);
    for (order, word) in [("remote-answer", "connected"), ("remote-hold", "holding"), ("remote-resume", "connected")] {
        assert_eq!(post(&pbx, json!({order: id})).await.json(), json!(true));
        assert_eq!(one_call(&heard(&mut socket, "call-state").await)["state"], word);
    }
    assert_eq!(post(&pbx, json!({"hangup": id})).await.json(), json!(true));
    assert_eq!(heard(&mut socket, "call-state").await["calls"], json!([]));
    let history = rest(&pbx, "GET", "/history?page=1&size=10", "").await.json();
    assert_eq!((&history["total"], &history["data"][0]["inbound"]), (&json!(1), &json!(true)));
    assert_eq!(post(&pbx, json!({"hangup": 5})).await.status, 400);
    assert_eq!(post(&pbx, json!({"explode": "x"})).await.status, 400);
    assert_eq!(pbx.violations().len(), 2);
}

#[tokio::test]
async fn a_dial_rings_the_own_phone_first() {
    let options = Options::new(Generation::G2).with(|options| {
        options.own_phone = OwnPhone::UserLifts;
        options.spelling = Spelling::Plain;
    });
    let (pbx, mut socket) = signed_in_with(options).await;
    say(&mut socket, json!({"action": "get-calls"})).await;
    heard(&mut socket, "call-state").await;
    say(&mut socket, json!({"action": "make-call", "to": MARA})).await;
    let shown = one_call(&heard(&mut socket, "call-state").await);
    assert_eq!((&shown["callstate"], &shown["to-number"]), (&json!("alerting"), &json!(MARA)));
    let call = pbx.wait_for_dial(1, SOON).await.unwrap().call.unwrap();
    assert!(pbx.answer(call));
    heard_until(&mut socket, |frame| one_call(frame)["callstate"] == "ringback").await;
    pbx.answer_far(call);
    heard_until(&mut socket, |frame| one_call(frame)["callstate"] == "connected").await;
    pbx.hang_up_far(call);
    heard_until(&mut socket, |frame| frame["calls"] == json!([])).await;
    let dials = pbx.dials();
    assert_eq!((dials.len(), dials[0].path, dials[0].number.as_str(), dials[0].by.as_str()), (1, DialPath::Socket, MARA, "204"));
}

#[tokio::test]
async fn far_ends_follow_their_script() {
    let options = Options::new(Generation::G3).with(|options| {
        options.own_phone = OwnPhone::HandsFree(Duration::ZERO);
        options.far_end = FarEnd::AnswersAfter(Duration::from_millis(10));
    });
    let pbx = FakeVodia::start(options).await.unwrap();
    pbx.set_far_end("+12025550143", FarEnd::Busy(Duration::from_millis(10)));
    assert_eq!(post(&pbx, json!({"remote-dial": MARA, "name": "Mara"})).await.json(), json!(true));
    pbx.wait_for(|state| state.calls().any(|call| call.stage == Stage::Connected && call.to.name == "Mara"), SOON).await.unwrap();
    post(&pbx, json!({"remote-dial": "+12025550143"})).await;
    pbx.wait_for(|state| state.history().len() == 1, SOON).await.unwrap();
    let held = pbx.calls().first().unwrap().held_by.clone();
    assert_eq!(held, ["204"], "a phone has one ear");
    pbx.set_registered("204", false);
    post(&pbx, json!({"remote-dial": MARA})).await;
    assert_eq!(pbx.dials().last().unwrap().call, None);
}

#[tokio::test]
async fn the_third_generation_ignores_control_over_the_socket() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    for frame in [json!({"action": "make-call", "to": MARA}), json!({"action": "get-users"}), json!({"action": "get-calls"})] {
        say(&mut socket, frame).await;
    }
    pbx.wait_for(|state| state.actions().len() == 3, SOON).await.unwrap();
    assert!(pbx.actions().iter().all(|action| matches!(action.outcome, Outcome::Ignored(_))));
    assert_eq!((pbx.dials().len(), pbx.dials()[0].call), (1, None));
    assert!(pbx.violations().is_empty());
    let older = FakeVodia::start(Options::new(Generation::G2)).await.unwrap();
    assert_eq!(post(&older, json!({"remote-dial": MARA})).await.status, 404);
    let documented = Options::new(Generation::G2).with(|options| options.socket_control = SocketControl::Documented);
    let (pbx, mut socket) = signed_in_with(documented).await;
    let call = pbx.ring(MARA, "", "204");
    say(&mut socket, json!({"action": "accept-call", "id": call.to_string()})).await;
    pbx.wait_for(|state| state.actions().len() == 1, SOON).await.unwrap();
    assert_eq!(pbx.call(call).unwrap().stage, Stage::Ringing);
}

#[tokio::test]
async fn transfers_name_the_other_party() {
    let (pbx, mut socket) = signed_in(Generation::G1).await;
    let first = pbx.ring(MARA, "Mara Beispiel", "204");
    pbx.answer(first);
    let wrong = json!({"action": "blind-transfer", "id": first.to_string(), "from": "204", "to": "207"});
    say(&mut socket, wrong).await;
    pbx.wait_for(|state| state.violations().len() == 1, SOON).await.unwrap();
    say(&mut socket, json!({"action": "make-call", "to": "207"})).await;
    let second = pbx.wait_for_dial(1, SOON).await.unwrap().call.unwrap();
    pbx.wait_for(|state| state.call(second).is_some_and(|call| call.stage == Stage::Ringing), SOON).await.unwrap();
    assert!(pbx.answer(second));
    assert_eq!(pbx.call(first).unwrap().held_by, ["204"]);
    let join = json!({"action": "att-transfer", "id": first.to_string(), "from": MARA, "id2": second.to_string(), "to": "207@tenant.example"});
    say(&mut socket, join).await;
    pbx.wait_for(|state| state.call(second).is_none(), SOON).await.unwrap();
    let joined = pbx.call(first).unwrap();
    assert_eq!((joined.from.number.as_str(), joined.to.number.as_str(), joined.stage), (MARA, "207", Stage::Connected));
    assert_eq!(joined.taking_part, ["207"]);
    let third = pbx.ring("+12025550143", "", "204");
    pbx.answer(third);
    let blind = json!({"action": "blind-transfer", "id": third.to_string(), "from": "+12025550143", "to": "205"});
    say(&mut socket, blind).await;
    pbx.wait_for(|state| state.call(third).is_some_and(|call| call.ringing == ["205"]), SOON).await.unwrap();
    assert!(!pbx.call(third).unwrap().concerns("204"));
}

#[tokio::test]
async fn a_group_call_answered_elsewhere_vanishes_here() {
    let (pbx, mut socket) = signed_in(Generation::G3).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    heard(&mut socket, "call-state").await;
    let call = pbx.ring_group(MARA, "", "700");
    let shown = one_call(&heard(&mut socket, "call-state").await);
    assert_eq!(shown["to-number"], "700");
    assert!(pbx.answer_elsewhere(call, "205"));
    assert_eq!(heard(&mut socket, "call-state").await["calls"], json!([]));
    let rest_calls = rest(&pbx, "GET", "/calls", "").await.json();
    assert_eq!(rest_calls, json!([]));
    let other = pbx.ring_group(MARA, "", "700");
    assert!(pbx.hang_up(other, "204"), "one member declines");
    assert_eq!(pbx.call(other).unwrap().ringing, ["206"], "205 talks on but the others ring");
}

#[tokio::test]
async fn rest_transfers_both_ways() {
    let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    let (first, second) = (pbx.ring(MARA, "", "204"), pbx.ring("+12025550143", "", "204"));
    assert!(pbx.answer(first) && pbx.answer(second));
    let id = |call| pbx.call(call).unwrap().rest_id;
    let (one, two) = (id(first), id(second));
    assert_eq!(post(&pbx, json!({"transfer": one})).await.status, 400);
    assert_eq!(post(&pbx, json!({"transfer": one, "id": "unknown@pbx"})).await.status, 404);
    assert_eq!(post(&pbx, json!({"transfer": one, "id": two})).await.json(), json!(true));
    assert_eq!((pbx.calls().len(), pbx.call(first).unwrap().to.number.as_str()), (1, "+12025550143"));
    let third = pbx.ring(MARA, "", "204");
    let three = id(third);
    assert_eq!(post(&pbx, json!({"transfer": three, "number": "207"})).await.json(), json!(true));
    assert_eq!(pbx.call(third).unwrap().ringing, ["207"]);
}

#[tokio::test]
async fn the_first_leg_may_hide_the_number_and_change_its_id() {
    let options = Options::new(Generation::G3).with(|options| {
        options.first_leg = phone_tests::vodia::FirstLeg::OwnExtension;
        options.own_phone = OwnPhone::UserLifts;
        options.renumbers = true;
        options.answers_asks = true;
    });
    let (pbx, mut socket) = signed_in_with(options).await;
    say(&mut socket, json!({"action": "get-calls"})).await;
    heard(&mut socket, "call-state").await;
    post(&pbx, json!({"remote-dial": MARA})).await;
    let first = one_call(&heard(&mut socket, "call-state").await);
    assert_eq!((&first["from-number"], &first["to-number"]), (&json!("204"), &json!("204")));
    pbx.answer(pbx.dials()[0].call.unwrap());
    let then = heard_until(&mut socket, |frame| one_call(frame)["to-number"] == MARA).await;
    assert_ne!(one_call(&then)["id"], first["id"]);
}

#[tokio::test]
async fn numbers_are_rewritten_on_wish() {
    let canonical = Options::new(Generation::G2).with(|options| options.numbers = Numbers::Canonical);
    let (pbx, mut socket) = signed_in_with(canonical).await;
    say(&mut socket, json!({"action": "get-calls"})).await;
    heard(&mut socket, "call-state").await;
    say(&mut socket, json!({"action": "make-call", "to": "030 23125-117"})).await;
    assert_eq!(one_call(&heard(&mut socket, "call-state").await)["to-number"], MARA);
    assert_eq!(pbx.dials()[0].number, "030 23125-117");
    let national = Options::new(Generation::G3).with(|options| options.numbers = Numbers::National);
    let (pbx, mut socket) = signed_in_with(national).await;
    say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
    heard(&mut socket, "call-state").await;
    pbx.ring(MARA, "", "+493023125204");
    let shown = one_call(&heard(&mut socket, "call-state").await);
    assert_eq!((&shown["from-number"], &shown["to-number"]), (&json!("03023125117"), &json!("03023125204")));
    assert_eq!(shown["from"], format!("<sip:{MARA}@tenant.example;user=phone>"));
}

#[tokio::test]
async fn the_spelling_varies() {
    let (pbx, mut socket) = signed_in(Generation::G2).await;
    say(&mut socket, json!({"action": "get-calls"})).await;
    let call = pbx.ring(MARA, "", "204");
    let (mut ids, mut shapes) = (Vec::new(), Vec::new());
    for turn in 0..24 {
        if turn % 2 == 0 {
            pbx.hold_far(call)
        } else {
            pbx.resume_far(call)
        };
        if turn == 0 {
            pbx.answer(call);
        }
        let frame = heard(&mut socket, "call-state").await;
        shapes.push(frame["calls"].is_array());
        if frame["calls"] != json!([]) {
            ids.push(one_call(&frame)["id"].is_string());
        }
        say(&mut socket, json!({"action": "get-calls"})).await;
    }
    assert!(ids.contains(&true) && ids.contains(&false), "ids are numbers and strings");
    assert!(shapes.contains(&true) && shapes.contains(&false), "calls is an array and an object");
}

#[tokio::test]
async fn history_of_the_first_generation_is_a_post() {
    let pbx = FakeVodia::start(Options::new(Generation::G1)).await.unwrap();
    let session = put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
    let cookie = format!("Cookie: session={session}");
    let missed = pbx.ring(MARA, "", "204");
    pbx.hang_up_far(missed);
    let ask = |action: &str| {
        json!({"action": action, "start": 0, "length": 50, "domain": true, "user": true, "missed": true}).to_string()
    };
    assert_eq!(http(&pbx, "POST", "/json", &cookie, &ask("count-cdr-summary")).await.json(), json!(1));
    let list = http(&pbx, "POST", "/json", &cookie, &ask("load-cdr-summary")).await.json();
    assert_eq!((&list[0]["connect"], list[0]["start"].is_string()), (&json!(""), true));
    assert_eq!(http(&pbx, "GET", &format!("{ACCOUNT}/history"), &cookie, "").await.status, 404);
    let newer = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
    assert_eq!(http(&newer, "POST", "/json", "", "{}").await.status, 404);
}
