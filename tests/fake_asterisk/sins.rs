//! What no client may do is written down.

use super::*;

/// Runs a client's doing and returns what was held against it.
async fn held_against(doing: impl AsyncFnOnce(&FakeAsterisk, &mut Client)) -> Vec<String> {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    doing(&pbx, &mut client).await;
    client.told().await;
    pbx.violations()
}

#[tokio::test]
async fn framing_has_to_be_right() {
    for (text, sin) in [
        ("Action: Ping\nActionID: x\r\n\r\n", "a line ends with a bare line feed"),
        ("Action: Ping\r\nActionID: x\r\n\n", "a packet ends with a bare line feed"),
        ("Action: Ping\r\nActionID: x\r\nnonsense\r\n\r\n", "a line without a colon"),
        ("Action: Ping\r\n\r\n", "Ping without an ActionID"),
        ("Action: Ping\r\nActionID: 1\r\n\r\n", "the ActionID 1 a second time"),
        ("Action: Png\r\nActionID: x\r\n\r\n", "the unknown action \"Png\""),
        ("Action: Getvar\r\nActionID: x\r\n\r\n", "Getvar without Variable"),
        ("\r\n", "an empty packet"),
    ] {
        let held = held_against(async |_, client| client.write(text).await).await;
        assert!(held.iter().any(|held| held == sin), "{sin}: {held:?}");
    }
}

#[tokio::test]
async fn a_dial_has_to_be_safe() {
    let dialling = async |change: &[(&str, &str)]| {
        let mut keys = DIAL.to_vec();
        keys.extend([("Exten", "101"), ("ChannelId", "tp-1")]);
        for (key, value) in change {
            keys.retain(|(name, _)| name != key);
            if !value.is_empty() {
                keys.push((key, value));
            }
        }
        held_against(async |_, client| drop(client.answer("Originate", &keys).await)).await
    };
    assert_eq!(dialling(&[]).await, Vec::<String>::new());
    for change in [
        ("Async", ""),
        ("ChannelId", ""),
        ("CallerID", ""),
        ("CallerID", "\"Bob\" <101>"),
        ("CallerID", "\"A\\\"B\" <100>"),
        ("Channel", "PJSIP/102"),
        ("Channel", "Local/102@from-internal"),
        ("Channel", "PJSIP/100&PJSIP/102"),
        ("Context", "somewhere"),
        ("Exten", "9,1"),
        ("Exten", "9 555"),
        ("Variable", "X=1"),
        ("Application", "ChanSpy"),
    ] {
        assert!(!dialling(&[change]).await.is_empty(), "{change:?}");
    }
    let twice = held_against(async |_, client| {
        dial(client, "101", "tp-1").await;
        dial(client, "101", "tp-2").await;
    });
    assert_eq!(twice.await, ["a second Originate for 101 while the first call runs"]);
    let in_turn = held_against(async |pbx, client| {
        for id in ["tp-1", "tp-2"] {
            dial(client, "101", id).await;
            assert!(pbx.hang_up(pbx.dials().last().unwrap().call.unwrap(), "100"));
        }
    });
    assert_eq!(in_turn.await, Vec::<String>::new(), "one call after the other is nobody's business");
}

#[tokio::test]
async fn only_own_legs_are_touched_and_only_after_a_look() {
    let moved = async |action: &str, phone: &str, looks: bool| {
        held_against(async |pbx, client| {
            let call = talking(pbx);
            if looks {
                look_up(client, "102").await;
            }
            let id = leg(pbx, call, phone);
            client.answer(action, &[("Channel", &id), ("Context", "from-internal"), ("Exten", "102"), ("Digit", "5")]).await;
        })
        .await
        .len()
    };
    for (action, own, other) in [
        ("BlindTransfer", 0, 1),
        ("Atxfer", 0, 1),
        ("Hangup", 0, 1),
        ("PlayDTMF", 1, 0),
        ("CancelAtxfer", 1, 2),
        ("Redirect", 1, 0),
    ] {
        assert_eq!((moved(action, "100", true).await, moved(action, "101", true).await), (own, other), "{action}");
    }
    for action in ["BlindTransfer", "Atxfer"] {
        assert_eq!(moved(action, "100", false).await, 1, "{action} without a look");
    }
    let parked = held_against(async |pbx, client| {
        let call = talking(pbx);
        let peer = leg(pbx, call, "101");
        client.answer("Park", &[("Channel", &peer)]).await;
    });
    assert_eq!(parked.await.len(), 1, "without a TimeoutChannel");
}

#[tokio::test]
async fn digits_reach_the_other_party_one_by_one() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    let peer = leg(&pbx, call, "101");
    let begin = Instant::now();
    client.answer("PlayDTMF", &[("Channel", &peer), ("Digit", "4"), ("Duration", "200")]).await;
    assert!(begin.elapsed() >= Duration::from_millis(200), "the answer comes when the digit has ended");
    assert_eq!(pbx.digits_at(call, Some("101")), "4");
    assert!(client.told().await.iter().all(|packet| !packet.get("Event").starts_with("DTMF")), "no event follows");
    tokio::time::sleep(Duration::from_millis(60)).await;
    client.answer("PlayDTMF", &[("Channel", &peer), ("Digit", "2"), ("Duration", "200")]).await;
    assert_eq!(pbx.digits_at(call, Some("101")), "42");
    clean(&pbx);
    client.answer("PlayDTMF", &[("Channel", &peer), ("Digit", "1"), ("Duration", "200")]).await;
    assert_eq!(pbx.violations(), ["digits run into each other"]);
    assert_eq!(pbx.digits_at(call, Some("101")), "42", "and so the third one is lost");
}

#[tokio::test]
async fn a_bridge_tells_who_is_in_it() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    let bridge = pbx.look(|state| state.leg_at(call, "100").and_then(|leg| leg.bridge.clone())).unwrap();
    let members = client.list("BridgeInfo", &[("BridgeUniqueid", &bridge)]).await;
    let mut names: Vec<&str> = members.iter().map(|packet| packet.get("CallerIDNum")).collect();
    names.sort_unstable();
    assert_eq!(names, ["100", "101"]);
    let refusal = client.answer("BridgeInfo", &[("BridgeUniqueid", "nonsense")]).await;
    assert_eq!(refusal.get("Message"), "Specified BridgeUniqueid not found");
    clean(&pbx);
}

#[tokio::test]
async fn silence_and_deafness_are_noticed() {
    let options = plainly(Release::V22).with(|options| {
        options.keepalive_limit = Duration::from_millis(30);
        options.write_timeout = Duration::from_millis(100);
    });
    let (pbx, _client) = desk(options).await;
    pbx.wait_for(|state| !state.violations().is_empty(), SOON).await.unwrap();
    assert!(pbx.violations()[0].contains("not even Ping"), "{:?}", pbx.violations());
    pbx.send_raw(&vec![b'x'; 32 << 20]);
    pbx.wait_for(|state| state.violations().iter().any(|held| held.contains("does not read")), SOON).await.unwrap();
    pbx.wait_for(|state| state.signed_in(None) == 0, SOON).await.unwrap();
}
