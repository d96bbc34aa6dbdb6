//! `/remote_call.htm` in all its forms.

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
