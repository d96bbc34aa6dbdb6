//! Signing in: tokens, passwords, Basic, the handshake.

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
        let cookie = first.session_cookie().unwrap().to_owned();
        assert!(cookie.starts_with("session=") && cookie.ends_with("; Path=/; SameSite=Strict; Secure; HttpOnly"), "{cookie}");
        let second = http(&pbx, "POST", "/rest/system/session", "", &exchange).await;
        assert_eq!((second.status, second.json()), (200, json!(false)));
        assert!(second.session_cookie().is_none());
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
        assert!(answer.session_cookie().is_none());
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
