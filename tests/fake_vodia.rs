//! Drives the fake Vodia PBX with raw HTTP bytes and a foreign WebSocket library, to hold it to the protocol notes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use md5::{Digest, Md5};
use phone_tests::vodia::{
    Blf, Command, DialPath, FakeVodia, FarEnd, Garbage, Generation, Numbers, Options, Outcome, OwnPhone, Presence, SCENARIOS,
    Script, SessionAnswer, SignInMethod, SocketControl, Spelling, Stage, Tls, What,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

const SOON: Duration = Duration::from_secs(5);
const ACCOUNT: &str = "/rest/user/204%40tenant.example";
const MARA: &str = "+493023125117";

mod signing_in {
    use super::*;

    #[tokio::test]
    async fn a_token_becomes_a_session_once() {
        for generation in [Generation::G2, Generation::G3] {
            let pbx = FakeVodia::start(Options::new(generation)).await.unwrap();
            let minted = mint(&pbx, "admin:Admin-Pw9", "204").await;
            assert_eq!(minted.status, 200);
            let token = minted.json().as_str().unwrap().to_owned();
            assert_eq!(token.len(), 20);
            let exchange = json!({"name": "session", "value": token}).to_string();
            let first = http(&pbx, "POST", "/rest/system/session", "", &exchange).await;
            assert_eq!(first.json(), json!(true));
            let cookie = first.header("set-cookie").unwrap().to_owned();
            assert!(
                cookie.starts_with("session=") && cookie.ends_with("; Path=/; SameSite=Strict; Secure; HttpOnly"),
                "{cookie}"
            );
            let second = http(&pbx, "POST", "/rest/system/session", "", &exchange).await;
            assert_eq!((second.status, second.json()), (200, json!(false)));
            assert!(second.header("set-cookie").is_none());
            let session = cookie.split(';').next().unwrap().to_owned();
            drop(open(&pbx, &format!("Cookie: {session}")).await.unwrap());
        }
    }

    #[tokio::test]
    async fn refusals_of_a_token_are_told_apart() {
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        let wrong = mint(&pbx, "admin:wrong", "204").await;
        assert_eq!((wrong.status, wrong.json()), (200, json!(false)));
        let not_admin = mint(&pbx, "204:Sample-Pw9", "204").await;
        assert_eq!((not_admin.status, not_admin.json()), (200, json!(false)));
        assert_eq!(mint(&pbx, "admin:Admin-Pw9", "999").await.status, 404);
        assert_eq!(pbx.sign_ins().iter().filter(|each| each.method == SignInMethod::Mint && !each.accepted).count(), 1);
    }

    #[tokio::test]
    async fn an_old_token_is_worthless() {
        let pbx =
            FakeVodia::start(Options::new(Generation::G3).with(|options| options.token_lifetime = Duration::ZERO)).await.unwrap();
        let page = http(&pbx, "GET", "/token-page", "", "").await.json();
        assert_eq!((&page["user"], &page["domain"]), (&json!("204"), &json!("tenant.example")));
        let exchange = json!({"name": "session", "value": page["session"]}).to_string();
        assert_eq!(http(&pbx, "POST", "/rest/system/session", "", &exchange).await.json(), json!(false));
    }

    #[tokio::test]
    async fn a_password_signs_in_by_put_without_a_cookie_header() {
        for generation in [Generation::G1, Generation::G2] {
            let pbx = FakeVodia::start(Options::new(generation)).await.unwrap();
            let answer = put(&pbx, "204", "Sample-Pw9").await;
            assert!(answer.header("set-cookie").is_none());
            let session = answer.json().as_str().unwrap().to_owned();
            drop(open(&pbx, &format!("Cookie: session={session}")).await.unwrap());
            for name in ["204@tenant.example", "tom.muster@hafenlicht.example"] {
                assert!(!put(&pbx, name, "Sample-Pw9").await.json().as_str().unwrap().is_empty(), "{name}");
            }
            for _ in 0..2 {
                let refused = put(&pbx, "204", "wrong").await;
                assert_eq!(refused.status, 200);
                assert!([json!(""), json!(false)].contains(&refused.json()));
            }
        }
    }

    #[tokio::test]
    async fn the_answer_to_a_password_has_other_shapes_too() {
        let bare = Options::new(Generation::G2).with(|options| options.session_answer = SessionAnswer::BareText);
        let pbx = FakeVodia::start(bare).await.unwrap();
        assert_eq!(put(&pbx, "204", "Sample-Pw9").await.body.len(), 24);
        let object = Options::new(Generation::G2).with(|options| options.session_answer = SessionAnswer::Object("token"));
        let pbx = FakeVodia::start(object).await.unwrap();
        assert!(put(&pbx, "204", "Sample-Pw9").await.json()["token"].is_string());
    }

    #[tokio::test]
    async fn the_third_generation_has_no_put() {
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        assert_eq!(put(&pbx, "204", "Sample-Pw9").await.status, 404);
        let pbx = FakeVodia::start(Options::new(Generation::G3).with(|options| options.password_refusal = 405)).await.unwrap();
        assert_eq!(put(&pbx, "204", "Sample-Pw9").await.status, 405);
    }

    #[tokio::test]
    async fn basic_has_three_scopes() {
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        let path = format!("{ACCOUNT}/calls");
        for good in ["204@tenant.example:Sample-Pw9", "204:Sample-Pw9", "admin:Admin-Pw9", "admin@tenant.example:Tenant-Pw9"] {
            assert_eq!(http(&pbx, "GET", &path, &basic(good), "").await.status, 200, "{good}");
        }
        assert_eq!(http(&pbx, "GET", &path, &basic("204@tenant.example:wrong"), "").await.status, 401);
        assert_eq!(http(&pbx, "GET", &path, &basic("204@other.example:Sample-Pw9"), "").await.status, 401);
        assert_eq!(http(&pbx, "GET", &path, "", "").await.status, 401);
        assert_eq!(http(&pbx, "GET", &path, &basic("207:Sample-Pw-207"), "").await.status, 403);
        assert!(pbx.violations().is_empty());
        let raw = "/rest/user/204@tenant.example/calls";
        assert_eq!(http(&pbx, "GET", raw, &basic("204:Sample-Pw9"), "").await.status, 404);
        assert_eq!(pbx.violations().len(), 1);
    }

    #[tokio::test]
    async fn api_access_and_tenants_and_lock_out_are_options() {
        let path = format!("{ACCOUNT}/calls");
        let off = Options::new(Generation::G3).with(|options| options.api_access = false);
        let pbx = FakeVodia::start(off).await.unwrap();
        assert_eq!(http(&pbx, "GET", &path, &basic("204:Sample-Pw9"), "").await.status, 403);
        let several = Options::new(Generation::G3).with(|options| options.several_tenants = true);
        let pbx = FakeVodia::start(several).await.unwrap();
        assert_eq!(http(&pbx, "GET", &path, &basic("204:Sample-Pw9"), "").await.status, 401);
        assert_eq!(http(&pbx, "GET", &path, &basic("204@tenant.example:Sample-Pw9"), "").await.status, 200);
        let locking = Options::new(Generation::G3).with(|options| options.locks_after = Some(2));
        let pbx = FakeVodia::start(locking).await.unwrap();
        for _ in 0..2 {
            assert_eq!(http(&pbx, "GET", &path, &basic("204:wrong"), "").await.status, 401);
        }
        assert_eq!(http(&pbx, "GET", &path, &basic("204:Sample-Pw9"), "").await.status, 401);
    }

    #[tokio::test]
    async fn the_handshake_is_particular() {
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        drop(open(&pbx, &basic("204:Sample-Pw9")).await.unwrap());
        assert_eq!(open(&pbx, "").await.err(), Some(401));
        assert_eq!(open(&pbx, "Cookie: session=unknown").await.err(), Some(401));
        assert_eq!(open(&pbx, &basic("207:Sample-Pw-207")).await.err(), Some(403));
        let url = |query: &str| format!("/websocket?{query}");
        let good = basic("204:Sample-Pw9");
        assert_eq!(open_at(&pbx, &url("domain=other.example&user=204"), &good).await.err(), Some(404));
        assert_eq!(open_at(&pbx, &url("domain=tenant.example&user=999"), &good).await.err(), Some(404));
        assert_eq!(open_at(&pbx, &url("user=204"), &good).await.err(), Some(400));
        assert_eq!(open_at(&pbx, "/", &good).await.err(), Some(404));
        let second = FakeVodia::start(Options::new(Generation::G2)).await.unwrap();
        assert_eq!(open(&second, &good).await.err(), Some(401), "the second generation is not known to take Basic");
        let session = put(&second, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
        drop(open_at(&second, &format!("/websocket?domain=tenant.example&user=204&session={session}"), "").await.unwrap());
        assert!(!format!("{:?}", second.requests()).contains(&session));
        let first = FakeVodia::start(Options::new(Generation::G1)).await.unwrap();
        let session = put(&first, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
        let cookie = format!("Cookie: session={session}");
        assert_eq!(open_at(&first, "/websocket?domain=tenant.example&user=204", &cookie).await.err(), Some(404));
        drop(open_at(&first, "/", &cookie).await.unwrap());
    }

    #[tokio::test]
    async fn sessions_and_sign_ins_can_be_spoilt() {
        let pbx = FakeVodia::start(Options::new(Generation::G2)).await.unwrap();
        let session = put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
        pbx.expire_sessions();
        assert_eq!(open(&pbx, &format!("Cookie: session={session}")).await.err(), Some(401));
        pbx.login_false(true);
        assert!([json!(""), json!(false)].contains(&put(&pbx, "204", "Sample-Pw9").await.json()));
        pbx.refuse(What::SignIn, phone_tests::vodia::Refusal { status: 503, retry_after: Some(Duration::from_secs(7)) });
        let refused = put(&pbx, "204", "Sample-Pw9").await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("7")));
        pbx.behave();
        assert_eq!(put(&pbx, "204", "Sample-Pw9").await.status, 200);
    }

    #[tokio::test]
    async fn the_version_is_always_on_the_front_page() {
        for generation in [Generation::G1, Generation::G2, Generation::G3] {
            let pbx = FakeVodia::start(Options::new(generation)).await.unwrap();
            let wanted = format!("PBX/{}", generation.version());
            for _ in 0..2 {
                assert_eq!(http(&pbx, "GET", "/", "", "").await.header("server"), Some(wanted.as_str()));
            }
            let mut seen = Vec::new();
            for _ in 0..2 {
                seen.push(http(&pbx, "GET", "/rest/system/session", "", "").await.header("server").is_some());
            }
            assert!(seen.contains(&true) && seen.contains(&false), "some answers lack it");
            assert_eq!(http(&pbx, "OPTIONS", "/rest/system/session", "", "").await.status, 403);
        }
    }
}

mod calls {
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
        assert_eq!(
            (&shown["state"], &shown["from-number"], &shown["to-number"]),
            (&json!("alerting"), &json!(MARA), &json!("204"))
        );
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
        assert_eq!(
            (dials.len(), dials[0].path, dials[0].number.as_str(), dials[0].by.as_str()),
            (1, DialPath::Socket, MARA, "204")
        );
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
        pbx.wait_for(|state| state.calls().any(|call| call.stage == Stage::Connected && call.to.name == "Mara"), SOON)
            .await
            .unwrap();
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
        for frame in [json!({"action": "make-call", "to": MARA}), json!({"action": "get-users"}), json!({"action": "get-calls"})]
        {
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
}

mod presence {
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
}

mod click_to_dial {
    use super::*;

    #[tokio::test]
    async fn the_hash_is_checked_strictly() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let old = |at: u64| hash(&format!("204Sample-Pw9{MARA}{at}"));
        let new = |at: u64, duration: u32| hash(&format!("204Sample-Pw9{MARA}{at}{duration}"));
        let path = |time: u64, more: &str, auth: &str| {
            format!("/remote_call.htm?user=204&extension=true&dest=%2B493023125117&time={time}{more}&auth={auth}&connect=true")
        };
        let pbx = FakeVodia::start(Options::new(Generation::G2)).await.unwrap();
        for (asked, status) in [
            (path(now, "", &old(now)), 200),
            (path(now - 7100, "", &old(now - 7100)), 200),
            (path(now - 7300, "", &old(now - 7300)), 401),
            (path(now + 600, "", &old(now + 600)), 401),
            (path(now, "", &old(now).to_uppercase()), 401),
            (path(now, "&duration=600", &new(now, 600)), 401),
            (path(now, "", &old(now)).replace("&extension=true", ""), 401),
        ] {
            assert_eq!(http(&pbx, "GET", &asked, "", "").await.status, status, "{asked}");
        }
        assert_eq!(pbx.dials().iter().filter(|dial| dial.call.is_some()).count(), 2);
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        for (asked, status) in [
            (path(now, "&duration=600", &new(now, 600)), 200),
            (path(now - 700, "&duration=600", &new(now - 700, 600)), 401),
            (path(now, "", &old(now)), 401),
        ] {
            assert_eq!(http(&pbx, "GET", &asked, "", "").await.status, status, "{asked}");
        }
        let dials = pbx.dials();
        assert_eq!((dials.len(), dials[0].path, dials[0].number.as_str()), (3, DialPath::RemoteCall, MARA));
        assert!(pbx.requests().iter().all(|request| request.path.contains("auth=…")));
    }

    #[tokio::test]
    async fn the_other_forms_work_too() {
        let (pbx, _socket) = signed_in(Generation::G2).await;
        let plain = "/remote_call.htm?user=204%40tenant.example&dest=207";
        let challenge = http(&pbx, "GET", plain, "", "").await;
        assert_eq!((challenge.status, challenge.header("www-authenticate")), (401, Some("Basic realm=\"PBX\"")));
        assert_eq!(http(&pbx, "GET", plain, &basic("204@tenant.example:Sample-Pw9"), "").await.status, 200);
        let call = pbx.dials().last().unwrap().call.unwrap();
        pbx.wait_for(|state| state.call(call).is_some_and(|call| call.stage == Stage::Prompt), SOON).await.unwrap();
        pbx.press_one(call);
        assert_eq!(pbx.call(call).unwrap().ringing, ["207"]);
        let password = "/remote_call.htm?user=204&dest=207&auth=204%3ASample-Pw9&connect=true";
        assert_eq!(http(&pbx, "GET", password, "", "").await.status, 200);
        assert_eq!(http(&pbx, "GET", &password.replace("Pw9", "Pw8"), "", "").await.status, 401);
        let session = put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
        assert_eq!(http(&pbx, "GET", "/remote_call.htm?dest=207", &format!("Cookie: session={session}"), "").await.status, 200);
        assert_eq!(http(&pbx, "GET", "/remote_call.htm?dest=207", "", "").await.status, 401);
    }
}

mod faults {
    use super::*;

    #[tokio::test]
    async fn forbidden_frames_are_violations() {
        let (pbx, mut socket) = signed_in(Generation::G3).await;
        say(&mut socket, json!({"action": "sip-register", "useragent": "x"})).await;
        say(&mut socket, json!({"action": "own-calls", "subscribe": "true"})).await;
        say(&mut socket, json!({"action": "weather"})).await;
        socket.send(Message::text("not json")).await.unwrap();
        socket.send(Message::binary(vec![1])).await.unwrap();
        pbx.wait_for(|state| state.violations().len() == 4, SOON).await.unwrap();
        assert_eq!(pbx.actions().len(), 3, "an unknown action is recorded and ignored");
        ended(&mut socket).await;
        let mut raw = raw_socket(&pbx).await;
        raw.write_all(b"\x81\x02{}").await.unwrap();
        pbx.wait_for(|state| state.violations().iter().any(|what| what.contains("not masked")), SOON).await.unwrap();
    }

    #[tokio::test]
    async fn a_socket_without_keepalive_is_closed() {
        let idle = Options::new(Generation::G3).with(|options| options.idle = Some(Duration::from_millis(300)));
        let (pbx, mut socket) = signed_in_with(idle.clone()).await;
        ended(&mut socket).await;
        drop(pbx);
        let (pbx, mut socket) = signed_in_with(idle).await;
        let begun = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        while begun.elapsed() < Duration::from_millis(700) {
            ticks.tick().await;
            say(&mut socket, json!({"action": "avoid-disconnect"})).await;
        }
        assert_eq!(pbx.look(|state| state.open_sockets(Some("204"))), 1);
    }

    #[tokio::test]
    async fn it_restarts_on_its_port_and_forgets_sessions() {
        let survive = Options::new(Generation::G2).with(|options| options.calls_survive_restart = true);
        let (pbx, mut socket) = signed_in_with(survive).await;
        let session = put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap().to_owned();
        let (url, call) = (pbx.url(), pbx.ring(MARA, "", "204"));
        pbx.stop().await;
        ended(&mut socket).await;
        assert!(TcpStream::connect(pbx.addr()).await.is_err());
        pbx.restart().await.unwrap();
        assert_eq!(pbx.url(), url);
        assert!(pbx.call(call).is_some());
        assert_eq!(open(&pbx, &format!("Cookie: session={session}")).await.err(), Some(401));
        let (pbx, _socket) = signed_in(Generation::G3).await;
        let call = pbx.ring(MARA, "", "204");
        pbx.restart().await.unwrap();
        assert!(pbx.call(call).is_none());
    }

    #[tokio::test]
    async fn kicks_and_resets_differ() {
        let (pbx, _) = signed_in(Generation::G3).await;
        let mut raw = raw_socket(&pbx).await;
        pbx.kick().await;
        let mut rest = Vec::new();
        raw.read_to_end(&mut rest).await.expect("an orderly end of the connection");
        assert!(!rest.contains(&0x88), "no close frame");
        let mut raw = raw_socket(&pbx).await;
        pbx.reset().await;
        assert_eq!(raw.read_to_end(&mut rest).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        for code in [None, Some(1012)] {
            let mut socket = open(&pbx, &basic("204:Sample-Pw9")).await.unwrap();
            pbx.kick_with(code);
            let close = loop {
                if let Message::Close(close) = socket.next().await.unwrap().unwrap() {
                    break close;
                }
            };
            assert_eq!(close.map(|close| u16::from(close.code)), code);
        }
    }

    #[tokio::test]
    async fn silence_is_total_and_ends() {
        let (pbx, mut socket) = signed_in(Generation::G3).await;
        say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
        heard(&mut socket, "call-state").await;
        pbx.mute();
        pbx.ring(MARA, "", "204");
        socket.send(Message::Ping(Vec::new().into())).await.unwrap();
        let mut fresh = TcpStream::connect(pbx.addr()).await.expect("new connections are accepted");
        fresh.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let quiet = Duration::from_millis(300);
        assert!(tokio::time::timeout(quiet, socket.next()).await.is_err());
        assert!(tokio::time::timeout(quiet, fresh.read_u8()).await.is_err());
        pbx.unmute();
        one_call(&heard(&mut socket, "call-state").await);
        assert_eq!(tokio::time::timeout(SOON, fresh.read_u8()).await.unwrap().unwrap(), b'H');
    }

    #[tokio::test]
    async fn garbage_is_what_it_says() {
        let (pbx, mut socket) = signed_in(Generation::G3).await;
        pbx.send_garbage(Garbage::NotJson);
        pbx.send_garbage(Garbage::Binary);
        pbx.send_garbage(Garbage::FiftyMegabytes);
        pbx.send_garbage(Garbage::InvalidUtf8);
        let mut lengths = Vec::new();
        let fault = loop {
            match socket.next().await.unwrap() {
                Ok(Message::Text(text)) => lengths.push(text.len()),
                Ok(Message::Binary(_)) => lengths.push(0),
                Ok(_) => {}
                Err(fault) => break fault,
            }
        };
        assert!(lengths.contains(&0), "{lengths:?}");
        assert!(matches!(fault, Error::Capacity(_) | Error::Utf8(_)), "{fault}");
        let mut raw = raw_socket(&pbx).await;
        pbx.send_garbage(Garbage::FiftyMegabytes);
        let mut read = 0;
        let mut block = vec![0; 1 << 16];
        while read < 50_000_000 {
            read += tokio::time::timeout(SOON, raw.read(&mut block)).await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_flood_lets_calls_through_and_ends_with_the_truth() {
        let (pbx, mut socket) = signed_in(Generation::G2).await;
        say(&mut socket, json!({"action": "get-users"})).await;
        say(&mut socket, json!({"action": "get-calls"})).await;
        heard(&mut socket, "call-state").await;
        pbx.presence("207", Presence::Busy);
        pbx.flood(None, Duration::from_millis(500));
        let (mut states, mut calls, mut last) = (0_u64, 0, Value::Null);
        // A pause this long comes only when the flood and the true states behind it are over.
        while let Ok(message) = tokio::time::timeout(Duration::from_millis(400), socket.next()).await {
            let Message::Text(text) = message.unwrap().unwrap() else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            match frame["action"].as_str() {
                Some("user-state") => states += 1,
                Some("call-state") => calls += 1,
                _ => {}
            }
            if frame["account"] == "207" {
                last = frame;
            }
            if states == 100 {
                pbx.ring(MARA, "", "204");
            }
        }
        assert!(states > 1000 && calls > 0, "{states} states, {calls} calls");
        assert!(!last["code"].is_null(), "the truth comes last");
    }

    #[tokio::test]
    async fn slow_and_disguised_servers() {
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        pbx.slow(Duration::from_millis(200));
        let begun = Instant::now();
        http(&pbx, "GET", "/", "", "").await;
        assert!(begun.elapsed() >= Duration::from_millis(200));
        pbx.behave();
        pbx.captive_portal();
        let portal = http(&pbx, "GET", "/rest/system/session", "", "").await;
        assert_eq!((portal.status, portal.header("content-type")), (200, Some("text/html")));
        assert_eq!(open(&pbx, &basic("204:Sample-Pw9")).await.err(), Some(200));
        pbx.not_a_pbx();
        let other = http(&pbx, "GET", "/rest/system/session", "", "").await;
        assert_eq!((other.status, other.header("server")), (404, Some("nginx")));
        pbx.behave();
        pbx.refuse_with(What::Handshake, 403);
        assert_eq!(open(&pbx, &basic("204:Sample-Pw9")).await.err(), Some(403));
        let mut tls_hello = TcpStream::connect(pbx.addr()).await.unwrap();
        tls_hello.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
        let mut answer = Vec::new();
        tls_hello.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 400"));
    }

    #[tokio::test]
    async fn dials_can_be_ignored_refused_or_cut() {
        let (pbx, mut socket) = signed_in(Generation::G2).await;
        pbx.ignore_dials(true);
        say(&mut socket, json!({"action": "make-call", "to": MARA})).await;
        assert_eq!(pbx.wait_for_dial(1, SOON).await.unwrap().call, None);
        pbx.behave();
        pbx.drop_on_dial(true);
        say(&mut socket, json!({"action": "make-call", "to": MARA})).await;
        assert!(pbx.wait_for_dial(2, SOON).await.unwrap().call.is_some());
        ended(&mut socket).await;
        let pbx = FakeVodia::start(Options::new(Generation::G3)).await.unwrap();
        pbx.refuse_with(What::Rest, 500);
        assert_eq!(post(&pbx, json!({"remote-dial": MARA})).await.status, 500);
        assert_eq!(pbx.dials().len(), 1);
    }

    #[tokio::test]
    async fn tls_comes_with_a_fingerprint() {
        let pbx = FakeVodia::start(Options::new(Generation::G3).tls(Tls::OwnAuthority)).await.unwrap();
        let mut roots = rustls::RootCertStore::empty();
        use rustls::pki_types::pem::PemObject;
        roots.add(rustls::pki_types::CertificateDer::from_pem_slice(pbx.authority_pem().unwrap().as_bytes()).unwrap()).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tcp = TcpStream::connect(pbx.addr()).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
        let mut tls = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(name, tcp).await.unwrap();
        let seen = sha2_hex(tls.get_ref().1.peer_certificates().unwrap()[0].as_ref());
        assert_eq!(pbx.certificate_sha256(), Some(seen.as_str()));
        tls.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        tls.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        for tls in [Tls::SelfSigned, Tls::Expired, Tls::WrongName] {
            let pbx = FakeVodia::start(Options::new(Generation::G3).tls(tls)).await.unwrap();
            assert_eq!(pbx.certificate_sha256().unwrap().len(), 64);
            assert!(pbx.url().starts_with("https://"));
        }
    }

    #[tokio::test]
    async fn the_time_of_a_call_state_is_taken() {
        let (pbx, mut socket) = signed_in(Generation::G3).await;
        say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
        heard(&mut socket, "call-state").await;
        pbx.wait_for(|state| state.call_states_written() == 1, SOON).await.unwrap();
        let before = Instant::now();
        pbx.ring(MARA, "", "204");
        heard(&mut socket, "call-state").await;
        pbx.wait_for(|state| state.call_states_written() == 2, SOON).await.unwrap();
        assert!(pbx.call_state_written_at().unwrap() >= before);
    }
}

mod scripts {
    use super::*;

    #[tokio::test]
    async fn every_scenario_can_be_read() {
        for (name, text) in SCENARIOS {
            assert!(text.lines().all(|line| Command::parse(line).is_ok()), "{name}");
        }
        assert_eq!(Command::parse("  # remark").unwrap(), None);
        assert!(Command::parse("ring \"open").is_err());
    }

    #[tokio::test]
    async fn a_script_drives_a_call() {
        let (pbx, mut socket) = signed_in(Generation::G3).await;
        say(&mut socket, json!({"action": "own-calls", "subscribe": true})).await;
        let mut script = Script::default();
        let text = "wait-client 204\nring +493023125117 \"Mara Beispiel\" 204\nanswer\nhold 204\nresume 204\nhangup\ndnd 204 on\nstatus\nquit";
        script.run_text(&pbx, text).await.unwrap();
        assert!(script.is_over());
        let record = pbx.look(|state| state.history()[0].clone());
        assert_eq!((record.from.name.as_str(), record.connect.is_some()), ("Mara Beispiel", true));
        let fault = script.run_text(&pbx, "explode").await.unwrap_err();
        assert!(format!("{fault:#}").contains("unknown command"));
    }

    #[tokio::test]
    async fn the_program_obeys_lines_and_prints_events() {
        use tokio::io::{AsyncBufReadExt, BufReader};
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_fake-vodia"))
            .args(["--generation", "g2", "--control"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut input = program.stdin.take().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        input.write_all(b"ring +493023125117 \"Mara Beispiel\" 204\nanswer\ndials\nexplode\nquit\n").await.unwrap();
        let mut seen = Vec::new();
        while let Some(line) = tokio::time::timeout(SOON, lines.next_line()).await.unwrap().unwrap() {
            seen.push(serde_json::from_str::<Value>(&line).unwrap());
        }
        assert!(program.wait().await.unwrap().success());
        assert_eq!(seen[0]["event"], "listening");
        let has = |key: &str, value: &str| seen.iter().any(|line| line[key] == value);
        assert!(has("stage", "ringing") && has("stage", "connected"), "{seen:?}");
        assert!(seen.iter().any(|line| line["line"] == "dials" && line["answer"]["dials"] == json!([])));
        assert!(seen.iter().any(|line| line["line"] == "explode" && line["error"].is_string()));
    }

    #[tokio::test]
    async fn a_lively_company_calls_its_user() {
        let pbx = FakeVodia::start(Options::new(Generation::G3).lively()).await.unwrap();
        tokio::select! {
            () = pbx.play_company("204", Duration::from_secs(1)) => unreachable!(),
            result = pbx.wait_for(|state| state.calls().any(|call| call.concerns("204")), SOON) => result.unwrap(),
        }
    }
}

type Socket = WebSocketStream<TcpStream>;

/// What came back over HTTP.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {} {}", self.status, self.body))
    }
}

async fn http(pbx: &FakeVodia, method: &str, path: &str, header: &str, body: &str) -> Reply {
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: pbx\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(SOON, tcp.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

async fn rest(pbx: &FakeVodia, method: &str, path: &str, body: &str) -> Reply {
    http(pbx, method, &format!("{ACCOUNT}{path}"), &basic("204@tenant.example:Sample-Pw9"), body).await
}

async fn post(pbx: &FakeVodia, body: Value) -> Reply {
    rest(pbx, "POST", "/calls", &body.to_string()).await
}

async fn mint(pbx: &FakeVodia, admin: &str, user: &str) -> Reply {
    let body = json!({"name": "3rd", "username": user, "domain": "tenant.example"}).to_string();
    http(pbx, "POST", "/rest/system/session", &basic(admin), &body).await
}

async fn put(pbx: &FakeVodia, name: &str, password: &str) -> Reply {
    let body = json!({"name": "auth", "value": format!("{name} {}", hash(password))}).to_string();
    http(pbx, "PUT", "/rest/system/session", "", &body).await
}

fn basic(pair: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(pair))
}

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha2_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens a socket; the error is the status of the refusal.
async fn open(pbx: &FakeVodia, header: &str) -> Result<Socket, u16> {
    let path = if pbx.generation() == Generation::G1 { "/" } else { "/websocket?domain=tenant.example&user=204" };
    open_at(pbx, path, header).await
}

async fn open_at(pbx: &FakeVodia, path: &str, header: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{}{path}", pbx.addr()).into_client_request().unwrap();
    if let Some((name, value)) = header.split_once(": ") {
        let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    match tokio_tungstenite::client_async(request, tcp).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(fault) => panic!("{fault}"),
    }
}

async fn signed_in(generation: Generation) -> (FakeVodia, Socket) {
    signed_in_with(Options::new(generation)).await
}

async fn signed_in_with(options: Options) -> (FakeVodia, Socket) {
    let third = options.generation == Generation::G3;
    let pbx = FakeVodia::start(options).await.unwrap();
    let header = if third {
        basic("204@tenant.example:Sample-Pw9")
    } else {
        format!("Cookie: session={}", put(&pbx, "204", "Sample-Pw9").await.json().as_str().unwrap())
    };
    let socket = open(&pbx, &header).await.unwrap();
    (pbx, socket)
}

/// Opens a socket and leaves the bytes behind the handshake to the test.
async fn raw_socket(pbx: &FakeVodia) -> TcpStream {
    let mut tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let request = format!(
        "GET /websocket?domain=tenant.example&user=204 HTTP/1.1\r\nHost: pbx\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n\r\n",
        basic("204:Sample-Pw9")
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    assert!(String::from_utf8(head).unwrap().contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the key of RFC 6455, section 1.3");
    tcp
}

async fn say(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(SOON, socket.next()).await.expect("no frame came").expect("the socket ended").unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

async fn heard(socket: &mut Socket, action: &str) -> Value {
    heard_until(socket, |frame| frame["action"] == action).await
}

async fn heard_until(socket: &mut Socket, mut holds: impl FnMut(&Value) -> bool) -> Value {
    loop {
        let frame = next(socket).await;
        if holds(&frame) {
            return frame;
        }
    }
}

/// Returns the only call of a snapshot, drawn as array or object.
fn one_call(frame: &Value) -> Value {
    let calls = &frame["calls"];
    match calls.as_array() {
        Some(list) => {
            assert_eq!(list.len(), 1, "{frame}");
            list[0].clone()
        }
        None => calls.clone(),
    }
}

async fn ended(socket: &mut Socket) {
    let end = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(SOON, end).await.expect("the socket stays open");
}
