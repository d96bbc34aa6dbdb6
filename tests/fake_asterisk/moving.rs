//! Sections 7.6 to 7.8: transfers, parking, picking up.

use super::*;

#[tokio::test]
async fn a_blind_transfer_by_a_client_and_by_the_phone_look_the_same() {
    for by_phone in [false, true] {
        let (pbx, mut client) = desk(plainly(Release::V22)).await;
        let call = talking(&pbx);
        let own = leg(&pbx, call, "100");
        assert_eq!(look_up(&mut client, "102").await, "1");
        client.told().await;
        if by_phone {
            assert!(pbx.blind_transfer_at_phone(call, "100", "102"));
        } else {
            let keys = [("Channel", own.as_str()), ("Context", "from-internal"), ("Exten", "102")];
            assert_eq!(client.answer("BlindTransfer", &keys).await.get("Response"), "Success");
        }
        let told = client.told().await;
        assert_eq!(
            without_lamps(&told),
            [
                "Unhold [100-2 Up]",
                "BlindTransfer [100-2 Up] [101-1 Up]",
                "BridgeLeave [100-2 Up]",
                "BridgeLeave [101-1 Up]",
                "Hangup [100-2 Up] 16",
                "Newchannel [102-3 Down]",
                "DialBegin [101-1 Up] -> [102-3 Down]",
                "NewConnectedLine [101-1 Up] 102",
                "Newstate [102-3 Ringing]",
            ]
        );
        let transfer = find(&told, "BlindTransfer [100-2 Up] [101-1 Up]");
        assert_eq!((transfer.get("Extension"), transfer.get("IsExternal"), transfer.get("Result")), ("102", "Yes", "Success"));
        assert_eq!(transfer.get("TransfererUniqueid"), own);
        assert!(pbx.answer(call, "102"));
        let told = without_lamps(&client.told().await);
        let expected = [
            "Newstate [102-3 Up]",
            "DialEnd [101-1 Up] -> [102-3 Up] ANSWER",
            "BridgeEnter [102-3 Up]",
            "BridgeEnter [101-1 Up]",
        ];
        assert_eq!(told, expected);
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_blind_transfer_to_nowhere_says_success_and_ends_both() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    assert_eq!(look_up(&mut client, "333").await, "0");
    client.told().await;
    let own = leg(&pbx, call, "100");
    let keys = [("Channel", own.as_str()), ("Context", "from-internal"), ("Exten", "333")];
    assert_eq!(client.answer("BlindTransfer", &keys).await.get("Response"), "Success");
    let told = client.told().await;
    let shorts = without_lamps(&told);
    assert_eq!(find(&told, "BlindTransfer [100-2 Up] [101-1 Up]").get("Result"), "Success");
    assert_eq!(shorts[shorts.len() - 2..], ["Hangup [101-1 Up] 16", "Hangup [100-2 Up] 16"]);
    assert_eq!(pbx.violations().len(), 1, "nobody may do that without a look");
    let ringing = pbx.ring("101", "", "100");
    let own = leg(&pbx, ringing, "100");
    assert_eq!(look_up(&mut client, "102").await, "1");
    let keys = [("Channel", own.as_str()), ("Context", "from-internal"), ("Exten", "102")];
    assert_eq!(client.answer("BlindTransfer", &keys).await.get("Message"), "Transfer invalid");
}

#[tokio::test]
async fn a_ringing_call_is_deflected_by_redirecting_the_caller() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = pbx.ring("101", "", "100");
    assert_eq!(look_up(&mut client, "102").await, "1");
    client.told().await;
    let caller = leg(&pbx, call, "101");
    client.answer("Redirect", &[("Channel", &caller), ("Context", "from-internal"), ("Exten", "102"), ("Priority", "1")]).await;
    let told = without_lamps(&client.told().await);
    assert_eq!(told[..2], ["DialEnd [101-1 Ring] -> [100-2 Ringing] CANCEL", "Hangup [100-2 Ringing] 16"]);
    assert!(pbx.answer(call, "102"));
    clean(&pbx);
}

/// Brings 100 from its call with 101 into a consultation with 102.
async fn consulting(pbx: &FakeAsterisk, client: &mut Client) -> CallId {
    let call = talking(pbx);
    assert_eq!(look_up(client, "102").await, "1");
    client.told().await;
    let own = leg(pbx, call, "100");
    client.answer("Atxfer", &[("Channel", &own), ("Context", "from-internal"), ("Exten", "102")]).await;
    pbx.wait_for(|state| state.leg_at(call, "102").is_some(), SOON).await.unwrap();
    call
}

#[tokio::test]
async fn an_attended_transfer_begins_and_is_cancelled() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = consulting(&pbx, &mut client).await;
    let told = client.told().await;
    assert_eq!(
        without_lamps(&told),
        [
            "Hold [100-2 Up]",
            "MusicOnHoldStart [101-1 Up]",
            "Newchannel [Local;1 Down]",
            "Newchannel [Local;2 Ring]",
            "LocalBridge []",
            "BridgeEnter [Local;1 Down]",
            "BridgeLeave [100-2 Up]",
            "BridgeEnter [100-2 Up]",
            "Newchannel [102-3 Down]",
            "NewConnectedLine [102-3 Down] 100",
            "NewConnectedLine [100-2 Up] 102",
            "DialBegin [Local;2 Ring] -> [102-3 Down]",
            "Newstate [102-3 Ringing]",
        ]
    );
    assert_eq!(told[0].get("MusicClass"), "", "not the hold of a person");
    let linked = told[0].get("Linkedid").to_owned();
    assert_eq!(find(&told, "Newchannel [102-3 Down]").get("Linkedid"), linked);
    let own = leg(&pbx, call, "100");
    client.answer("CancelAtxfer", &[("Channel", &own)]).await;
    let told = client.until(|packet| packet.short() == "NewConnectedLine [100-2 Up] 101").await;
    let told = without_lamps(&told);
    assert_eq!(
        told,
        [
            "BridgeLeave [100-2 Up]",
            "BridgeEnter [100-2 Up]",
            "MusicOnHoldStop [101-1 Up]",
            "Unhold [100-2 Up]",
            "BridgeLeave [Local;1 Down]",
            "Hangup [Local;1 Down] 16",
            "DialEnd [Local;2 Ring] -> [102-3 Ringing] CANCEL",
            "Hangup [102-3 Ringing] 16",
            "Hangup [Local;2 Ring] 16",
            "NewConnectedLine [100-2 Up] 101",
        ]
    );
    assert_eq!(pbx.look(|state| state.legs().count()), 2);
    clean(&pbx);
}

#[tokio::test]
async fn an_attended_transfer_is_completed_by_hanging_up() {
    for release in [Release::V16, Release::V22] {
        let (pbx, mut client) = desk(plainly(release)).await;
        let call = consulting(&pbx, &mut client).await;
        assert!(pbx.answer(call, "102"));
        client.told().await;
        let own = leg(&pbx, call, "100");
        client.answer("Hangup", &[("Channel", &own)]).await;
        let told = client.until(|packet| packet.short() == "NewConnectedLine [102-3 Up] 101").await;
        let transfer = find(&told, "AttendedTransfer [100-2 Up] [100-2 Up]");
        assert_eq!((transfer.get("DestType"), transfer.get("Result")), ("Bridge", "Success"));
        assert!(transfer.get("TransfereeChannel").starts_with("PJSIP/101-"));
        assert_eq!(transfer.has("TransferTargetChannel"), release == Release::V22);
        let shorts = without_lamps(&told);
        let expected = [
            "BridgeLeave [100-2 Up]",
            "BridgeMerge []",
            "AttendedTransfer [100-2 Up] [100-2 Up]",
            "NewConnectedLine [101-1 Up] 102",
            "Hangup [100-2 Up] 16",
            "NewConnectedLine [102-3 Up] 101",
        ];
        let mut rest = expected.iter().peekable();
        for short in &shorts {
            rest.next_if(|wanted| **wanted == short.as_str());
        }
        assert_eq!(rest.next(), None, "{shorts:#?}");
        pbx.wait_for(|state| state.legs().count() == 2, SOON).await.unwrap();
        let met = pbx.look(|state| state.peer(state.leg_at(call, "101").unwrap()).unwrap().phone().map(str::to_owned));
        assert_eq!(met.as_deref(), Some("102"), "the halves in between are gone");
        clean(&pbx);
    }
}

#[tokio::test]
async fn a_consultation_ends_in_other_ways_too() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = consulting(&pbx, &mut client).await;
    assert!(pbx.decline(call, "102"));
    let told = client.until(|packet| packet.short() == "NewConnectedLine [100-2 Up] 101").await;
    find(&told, "Unhold [100-2 Up]");
    assert!(pbx.hang_up(call, "100"));
    pbx.wait_for_quiet(SOON).await.unwrap();
    let second = consulting(&pbx, &mut client).await;
    assert!(pbx.answer(second, "102") && pbx.hang_up(second, "101"));
    assert!(pbx.look(|state| state.leg_at(second, "100").is_some()), "the leg talks on with 102");
    assert!(pbx.hang_up(second, "102"));
    pbx.wait_for_quiet(SOON).await.unwrap();
    let third = consulting(&pbx, &mut client).await;
    assert!(pbx.hang_up(third, "100"), "completed while it rings");
    assert!(pbx.answer(third, "102"));
    pbx.wait_for(|state| state.legs().count() == 2, SOON).await.unwrap();
    assert!(pbx.hang_up(third, "102"));
    pbx.wait_for_quiet(SOON).await.unwrap();
    clean(&pbx);
}

#[tokio::test]
async fn without_features_or_prompt_nothing_is_transferred() {
    let pbx = FakeAsterisk::start(plainly(Release::V22)).await.unwrap();
    pbx.change_user("tray100", |user| *user = user.clone().rights("call,dtmf", "call,originate,reporting"));
    let mut client = sign_in(&pbx, "tray100", SECRET).await;
    dial(&mut client, "55101", "tp-1").await;
    let call = pbx.dials()[0].call.unwrap();
    assert!(pbx.answer(call, "100") && pbx.answer(call, "101"));
    let call = pbx.ring("100", "", "55101");
    assert!(pbx.answer(call, "101"));
    assert_eq!(look_up(&mut client, "102").await, "1");
    client.told().await;
    let own = leg(&pbx, call, "100");
    client.answer("Atxfer", &[("Channel", &own), ("Context", "from-internal"), ("Exten", "102")]).await;
    let told = client.told().await;
    let digits: String = told.iter().filter(|it| it.get("Event") == "DTMFBegin").map(|it| it.get("Digit")).collect();
    assert_eq!((digits.as_str(), told[0].get("Direction")), ("*2102", "Sent"));
    assert!(told[0].get("Channel").starts_with("PJSIP/101-"), "the other party hears it");
    clean(&pbx);
    client.answer("Atxfer", &[("Channel", &own), ("Context", "from-internal"), ("Exten", "102")]).await;
    assert_eq!(pbx.violations().len(), 1, "once is learning, twice is a sin");
    let (pbx, mut client) = desk(plainly(Release::V22).with(|options| options.prompt_sound = false)).await;
    let call = talking(&pbx);
    assert_eq!(look_up(&mut client, "102").await, "1");
    client.told().await;
    let own = leg(&pbx, call, "100");
    client.answer("Atxfer", &[("Channel", &own), ("Context", "from-internal"), ("Exten", "102")]).await;
    let told = without_lamps(&client.until(|packet| packet.get("Event") == "MusicOnHoldStop").await);
    assert_eq!(told, ["Hold [100-2 Up]", "MusicOnHoldStart [101-1 Up]", "Unhold [100-2 Up]", "MusicOnHoldStop [101-1 Up]"]);
}

#[tokio::test]
async fn a_phone_joins_its_two_calls_and_so_does_a_client() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    for by_phone in [true, false] {
        let first = talking(&pbx);
        let second = pbx.dial_at_phone("100", "102");
        assert!(pbx.answer(second, "102"));
        client.told().await;
        if by_phone {
            assert!(pbx.attended_transfer_at_phone(first, second, "100"));
        } else {
            let (one, two) = (leg(&pbx, first, "101"), leg(&pbx, second, "102"));
            client.answer("Bridge", &[("Channel1", &one), ("Channel2", &two), ("Tone", "no")]).await;
        }
        let told = client.told().await;
        let count = |event: &str| told.iter().filter(|packet| packet.get("Event") == event).count();
        assert_eq!((count("AttendedTransfer"), count("Unhold")), if by_phone { (1, 2) } else { (0, 0) });
        assert_eq!((count("Hangup"), pbx.look(|state| state.legs().count())), (2, 2));
        let survivor = told.iter().rfind(|packet| packet.get("Event") == "BridgeEnter").unwrap();
        assert_eq!(survivor.get("Linkedid"), pbx.legs(first)[0].linked, "the older linked id counts");
        assert!(pbx.hang_up(first, "101"));
        assert_eq!(pbx.look(|state| state.legs().count()), 0);
    }
    clean(&pbx);
}

#[tokio::test]
async fn parked_and_fetched_by_the_own_phone() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    let (peer, own) = (leg(&pbx, call, "101"), pbx.look(|state| state.leg_at(call, "100").unwrap().name.clone()));
    client.told().await;
    client
        .write(&format!("Action: Park\r\nActionID: p\r\nChannel: {peer}\r\nTimeoutChannel: {own}\r\nTimeout: 20000\r\n\r\n"))
        .await;
    let mut raw = client.buffer.clone();
    while !raw.windows(4).any(|four| four == b"\r\n\r\n") {
        client.wire.read_buf(&mut raw).await.unwrap();
    }
    let text = String::from_utf8(raw.clone()).unwrap();
    assert!(text.starts_with("Response: Success\r\nActionID: p\r\nMessage: Park successful\n\r\n\r\n"), "{text:?}");
    client.buffer = raw.split_off(text.find("\r\n\r\n").unwrap() + 4);
    let told = client.until(|packet| packet.get("Event") == "Hangup").await;
    assert_eq!(
        without_lamps(&told),
        [
            "ParkedCall [101-1 Up] 71",
            "BridgeLeave [101-1 Up]",
            "BridgeEnter [101-1 Up]",
            "MusicOnHoldStart [101-1 Up]",
            "BridgeLeave [100-2 Up]",
            "Hangup [100-2 Up] 16",
        ]
    );
    assert_eq!((told[0].get("ParkerDialString"), told[0].get("ParkingTimeout")), ("PJSIP/100", "20"));
    assert_eq!(find(&told, "BridgeEnter [101-1 Up]").get("BridgeType"), "parking");
    let parked = client.list("ParkedCalls", &[]).await;
    assert_eq!(parked[0].get("ParkingSpace"), "71");
    dial(&mut client, "71", "tp-pick").await;
    let fetching = pbx.dials()[0].call.unwrap();
    client.told().await;
    assert!(pbx.answer(fetching, "100"));
    let told = client.told().await;
    find(&told, "UnParkedCall [101-1 Up] [100-3 Up]");
    let entered = find(&told, "BridgeEnter [100-3 Up]");
    assert_eq!(entered.get("Uniqueid"), "tp-pick");
    assert_eq!(entered.get("Linkedid"), peer, "a leg changes its linked id");
    find(&told, "NewConnectedLine [100-3 Up] 101");
    assert!(pbx.hang_up_far(call));
    clean(&pbx);
}

#[tokio::test]
async fn a_parked_party_rings_back() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    let (peer, own) = (leg(&pbx, call, "101"), pbx.look(|state| state.leg_at(call, "100").unwrap().name.clone()));
    client.answer("Park", &[("Channel", &peer), ("TimeoutChannel", &own), ("Timeout", "45000")]).await;
    pbx.wait_for(|state| state.leg_at(call, "100").is_none(), SOON).await.unwrap();
    client.told().await;
    pbx.park_times_out(71);
    let told = without_lamps(&client.told().await);
    assert_eq!(told[0], "ParkedCallTimeOut [101-1 Up] 71");
    assert!(told.contains(&"DialBegin [101-1 Up] -> [100-3 Down]".to_owned()), "{told:#?}");
    assert!(pbx.answer(call, "100"));
    clean(&pbx);
}

#[tokio::test]
async fn a_colleague_picks_up() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = pbx.ring("101", "", "100");
    client.told().await;
    assert_eq!(pbx.pick_up("102", "100"), Some(call));
    let told = without_lamps(&client.told().await);
    assert_eq!(told[..3], ["Newchannel [102-3 Ring]", "Newstate [102-3 Up]", "Pickup [102-3 Up] [100-2 Ringing]"]);
    assert!(told.contains(&"DialEnd [101-1 Ring] -> [102-3 Up] ANSWER".to_owned()), "{told:#?}");
    assert_eq!(told.last().unwrap(), "Hangup [100-2 Ringing] 26");
    assert!(pbx.hang_up(call, "102"));
    assert_eq!(pbx.look(|state| state.legs().count()), 0);
}
