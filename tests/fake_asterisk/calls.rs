//! Sections 7.1, 7.2, 7.3 and 7.5: calls that come, and what phones do with them.

use super::*;

fn two_phones(release: Release) -> Options {
    plainly(release).extension(Extension::new("100", "Alice Example").two_phones())
}

/// Keeps of the lamps only those of 100, as the section does.
fn with_own_lamp(packets: &[Packet]) -> Vec<String> {
    let mut shorts = shorts(packets);
    shorts.retain(|short| !short.starts_with("DeviceStateChange") && !short.starts_with("ExtensionStatus 101"));
    shorts
}

#[tokio::test]
async fn answered_at_one_phone_is_answered_elsewhere_at_the_other() {
    let (pbx, mut client) = desk(two_phones(Release::V22)).await;
    let call = pbx.ring("101", "", "100");
    let told = client.told().await;
    assert_eq!(
        with_own_lamp(&told),
        [
            "Newchannel [101-1 Ring]",
            "Newchannel [100-2 Down]",
            "NewConnectedLine [100-2 Down] 101",
            "Newchannel [100-3 Down]",
            "NewConnectedLine [100-3 Down] 101",
            "DialBegin [101-1 Ring] -> [100-2 Down]",
            "Newstate [100-2 Ringing]",
            "ExtensionStatus 100 8",
            "DialBegin [101-1 Ring] -> [100-3 Down]",
            "Newstate [100-3 Ringing]",
            "ExtensionStatus 100 2",
        ]
    );
    let first = find(&told, "Newchannel [101-1 Ring]");
    assert_eq!((first.get("CallerIDNum"), first.get("CallerIDName"), first.get("Exten")), ("101", "Bob Example", "100"));
    assert_eq!((first.get("ConnectedLineNum"), first.get("Privilege")), ("<unknown>", "call,all"));
    let own = find(&told, "Newchannel [100-2 Down]");
    assert_eq!((own.get("Linkedid"), own.get("CallerIDNum")), (first.get("Uniqueid"), "100"));
    assert!(first.get("Uniqueid").starts_with("tp-") && own.get("Uniqueid") != first.get("Uniqueid"));
    assert!(pbx.answer(call, "100"));
    assert_eq!(
        with_own_lamp(&client.told().await),
        [
            "Newstate [100-2 Up]",
            "NewConnectedLine [101-1 Ring] 100",
            "DialEnd [101-1 Ring] -> [100-3 Ringing] CANCEL",
            "DialEnd [101-1 Ring] -> [100-2 Up] ANSWER",
            "Newstate [101-1 Up]",
            "BridgeEnter [100-2 Up]",
            "BridgeEnter [101-1 Up]",
            "Hangup [100-3 Ringing] 26",
            "ExtensionStatus 100 1",
        ]
    );
    assert!(!pbx.answer(call, "100-2"), "that phone rings no longer");
    assert!(pbx.hang_up_far(call));
    assert_eq!(
        with_own_lamp(&client.told().await),
        [
            "HangupRequest [101-1 Up] 16",
            "BridgeLeave [101-1 Up]",
            "BridgeLeave [100-2 Up]",
            "Hangup [101-1 Up] 16",
            "Hangup [100-2 Up] 16",
            "ExtensionStatus 100 0",
        ]
    );
    clean(&pbx);
}

#[tokio::test]
async fn declined_only_when_the_last_phone_declines() {
    let (pbx, mut client) = desk(two_phones(Release::V22)).await;
    let call = pbx.ring("101", "", "100");
    client.told().await;
    assert!(pbx.decline(call, "100-2"));
    let told = client.told().await;
    assert_eq!(
        without_lamps(&told),
        ["HangupRequest [100-3 Ringing] 17", "DialEnd [101-1 Ring] -> [100-3 Ringing] BUSY", "Hangup [100-3 Ringing] 17"]
    );
    let request = find(&told, "HangupRequest [100-3 Ringing] 17");
    assert_eq!(request.get("TechCause"), "486");
    assert_eq!(find(&told, "Hangup [100-3 Ringing] 17").get("Cause-txt"), "User busy");
    assert!(pbx.decline(call, "100"));
    assert_eq!(
        without_lamps(&client.told().await),
        [
            "HangupRequest [100-2 Ringing] 17",
            "DialEnd [101-1 Ring] -> [100-2 Ringing] BUSY",
            "Hangup [100-2 Ringing] 17",
            "Hangup [101-1 Ring] 17",
        ]
    );
}

#[tokio::test]
async fn declined_by_a_client_there_is_no_request_of_the_phone() {
    let (pbx, mut client) = desk(two_phones(Release::V16)).await;
    let call = pbx.ring("101", "", "100");
    client.told().await;
    for phone in ["100", "100-2"] {
        let answer = client.answer("Hangup", &[("Channel", &leg(&pbx, call, phone)), ("Cause", "17")]).await;
        assert_eq!(answer.get("Message"), "Channel Hungup");
    }
    pbx.wait_for_quiet(SOON).await.unwrap();
    let told = client.told().await;
    assert_eq!(
        without_lamps(&told),
        [
            "DialEnd [101-1 Ring] -> [100-2 Ringing] BUSY",
            "Hangup [100-2 Ringing] 17",
            "DialEnd [101-1 Ring] -> [100-3 Ringing] BUSY",
            "Hangup [100-3 Ringing] 17",
            "Hangup [101-1 Ring] 17",
        ]
    );
    assert!(told.iter().all(|packet| !packet.has("TechCause")), "the old release knows no such key");
    let gone = client.answer("Hangup", &[("Channel", "PJSIP/100-00000002")]).await;
    assert_eq!((gone.get("Response"), gone.get("Message")), ("Error", "No such channel"));
    clean(&pbx);
}

#[tokio::test]
async fn missed_because_the_caller_gives_up_or_nobody_comes() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = pbx.ring(MARA, "Mara Beispiel", "100");
    let told = client.told().await;
    assert_eq!(find(&told, "NewConnectedLine [100-2 Down] +4930555001").get("ConnectedLineName"), "Mara Beispiel");
    assert!(pbx.hang_up_far(call));
    let told = client.told().await;
    assert_eq!(
        without_lamps(&told),
        [
            "HangupRequest [trunk-1 Ring] 127",
            "DialEnd [trunk-1 Ring] -> [100-2 Ringing] CANCEL",
            "Hangup [100-2 Ringing] 127",
            "Hangup [trunk-1 Ring] 127",
        ]
    );
    assert_eq!(find(&told, "HangupRequest [trunk-1 Ring] 127").get("TechCause"), "487");
    let short = plainly(Release::V22).with(|options| options.rings_for = Duration::from_millis(30));
    let (pbx, mut client) = desk(short).await;
    pbx.ring("101", "", "100");
    let told = client.until(|packet| packet.short() == "Hangup [100-2 Ringing] 0").await;
    let end = without_lamps(&told).split_off(5);
    assert_eq!(end, ["DialEnd [101-1 Ring] -> [100-2 Ringing] NOANSWER", "Hangup [101-1 Ring] 16", "Hangup [100-2 Ringing] 0"]);
}

#[tokio::test]
async fn holding_twice_is_told_once_and_marks_the_held_party() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    client.told().await;
    assert!(pbx.hold_at_phone(call, "100") && pbx.hold_at_phone(call, "100"));
    let told = client.told().await;
    let expected =
        ["Hold [100-2 Up]", "MusicOnHoldStart [101-1 Up]", "DeviceStateChange PJSIP/101 ONHOLD", "ExtensionStatus 101 16"];
    assert_eq!(shorts(&told), expected);
    assert_eq!(told[0].get("MusicClass"), "default");
    assert!(pbx.resume_at_phone(call, "100"));
    let expected =
        ["Unhold [100-2 Up]", "MusicOnHoldStop [101-1 Up]", "DeviceStateChange PJSIP/101 INUSE", "ExtensionStatus 101 1"];
    assert_eq!(shorts(&client.told().await), expected);
    assert!(pbx.hold_far(call));
    assert_eq!(without_lamps(&client.told().await), ["Hold [101-1 Up]", "MusicOnHoldStart [100-2 Up]"]);
}

#[tokio::test]
async fn nobody_rings_where_nobody_can() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    assert!(pbx.unplug("102"));
    let told = client.told().await;
    assert_eq!(shorts(&told), ["DeviceStateChange PJSIP/102 UNAVAILABLE", "ExtensionStatus 102 4"]);
    pbx.dial_at_phone("100", "102");
    let told = client.told().await;
    assert_eq!(without_lamps(&told), ["Newchannel [100-1 Ring]", "Newstate [100-1 Busy]", "Hangup [100-1 Busy] 34"]);
    assert_eq!(told.iter().find(|packet| packet.get("Event") == "Hangup").unwrap().get("TechCause"), "503");
    assert!(pbx.plug_in("102"));
    pbx.set_dnd("102", true);
    client.told().await;
    pbx.dial_at_phone("100", "102");
    assert_eq!(without_lamps(&client.told().await).last().unwrap(), "Hangup [100-2 Busy] 17");
    pbx.dial_at_phone("100", "333");
    assert_eq!(shorts(&client.told().await), Vec::<String>::new(), "a number nobody has makes no channel");
}

#[tokio::test]
async fn a_group_rings_everywhere() {
    let pbx = FakeAsterisk::start(Options::new(Release::V22)).await.unwrap();
    let call = pbx.ring(MARA, "", "700");
    assert_eq!(pbx.legs(call).iter().filter(|leg| leg.state == LegState::Ringing).count(), 3);
    assert!(pbx.answer(call, "205"));
    assert_eq!(pbx.legs(call).len(), 2, "nobody else rings");
    pbx.set_forward("204", Some("207"));
    let forwarded = pbx.ring(MARA, "", "204");
    assert!(pbx.answer(forwarded, "207"));
}
