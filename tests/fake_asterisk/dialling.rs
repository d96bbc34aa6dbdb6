//! Section 7.4: the own phone first, then the number.

use super::*;

#[tokio::test]
async fn the_own_phone_rings_then_the_number() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let answer = dial(&mut client, "101", "tp-cd-1").await;
    assert_eq!((answer.get("Response"), answer.get("Message")), ("Success", "Originate successfully queued"));
    let told = client.told().await;
    assert_eq!(without_lamps(&told), ["Newchannel [100-1 Down]", "Newstate [100-1 Ringing]", "DialBegin [] -> [100-1 Ringing]"]);
    assert_eq!((told[0].get("Uniqueid"), told[0].get("Linkedid")), ("tp-cd-1", "tp-cd-1"));
    let begin = find(&told, "DialBegin [] -> [100-1 Ringing]");
    assert!(!begin.has("Channel") && begin.get("DestUniqueid") == "tp-cd-1" && begin.get("DialString") == "100");
    let call = pbx.dials()[0].call.unwrap();
    assert!(pbx.answer(call, "100"));
    let told = client.told().await;
    assert_eq!(
        without_lamps(&told),
        [
            "Newstate [100-1 Up]",
            "DialEnd [] -> [100-1 Up] ANSWER",
            "OriginateResponse Success 4",
            "Newchannel [101-2 Down]",
            "DialBegin [100-1 Up] -> [101-2 Down]",
            "NewConnectedLine [100-1 Up] 101",
            "Newstate [101-2 Ringing]",
        ]
    );
    let response = find(&told, "OriginateResponse Success 4");
    assert_eq!((response.get("ActionID"), response.get("Uniqueid"), response.get("Exten")), ("3", "tp-cd-1", "101"));
    let begin = find(&told, "DialBegin [100-1 Up] -> [101-2 Down]");
    assert_eq!((begin.get("DestConnectedLineNum"), begin.get("DestLinkedid")), ("100", "tp-cd-1"));
    assert!(pbx.answer_far(call));
    let told = without_lamps(&client.told().await);
    let expected =
        ["Newstate [101-2 Up]", "DialEnd [100-1 Up] -> [101-2 Up] ANSWER", "BridgeEnter [101-2 Up]", "BridgeEnter [100-1 Up]"];
    assert_eq!(told, expected);
    assert!(pbx.hang_up_far(call));
    let told = without_lamps(&client.told().await);
    assert_eq!(
        told,
        [
            "HangupRequest [101-2 Up] 16",
            "BridgeLeave [101-2 Up]",
            "BridgeLeave [100-1 Up]",
            "Hangup [101-2 Up] 16",
            "Hangup [100-1 Up] 16",
        ]
    );
    clean(&pbx);
}

#[tokio::test]
async fn the_older_release_tells_the_response_first() {
    let (pbx, mut client) = desk(plainly(Release::V16)).await;
    dial(&mut client, "101", "tp-cd-1").await;
    client.told().await;
    assert!(pbx.answer(pbx.dials()[0].call.unwrap(), "100"));
    let told = without_lamps(&client.told().await);
    assert_eq!(told[..3], ["Newstate [100-1 Up]", "OriginateResponse Success 4", "DialEnd [] -> [100-1 Up] ANSWER"]);
}

#[tokio::test]
async fn the_own_phone_may_decline_wait_or_be_hung_up() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    dial(&mut client, "101", "tp-1").await;
    client.told().await;
    assert!(pbx.decline(pbx.dials()[0].call.unwrap(), "100"));
    let told = without_lamps(&client.told().await);
    assert_eq!(told, ["DialEnd [] -> [100-1 Ringing] BUSY", "OriginateResponse Failure 0", "Hangup [100-1 Ringing] 17"]);
    let mut keys = DIAL.to_vec();
    keys.retain(|(key, _)| *key != "Timeout");
    keys.extend([("Timeout", "30"), ("Exten", "101"), ("ChannelId", "tp-2")]);
    client.answer("Originate", &keys).await;
    let told = without_lamps(&client.until(|packet| packet.get("Event") == "Hangup").await);
    assert_eq!(told[3..], ["OriginateResponse Failure 3", "Hangup [100-2 Ringing] 19"]);
    dial(&mut client, "101", "tp-3").await;
    client.answer("Hangup", &[("Channel", "tp-3")]).await;
    let told = without_lamps(&client.until(|packet| packet.get("Event") == "OriginateResponse").await);
    assert_eq!(told[told.len() - 2..], ["Hangup [100-3 Ringing] 16", "OriginateResponse Failure 0"]);
    clean(&pbx);
}

#[tokio::test]
async fn the_same_id_again_is_refused_before_the_answer() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    dial(&mut client, "101", "tp-cd-1").await;
    client.told().await;
    let id = client.ask("Originate", &[DIAL.as_slice(), &[("Exten", "101"), ("ChannelId", "tp-cd-1")]].concat()).await;
    let seen = client.until(|packet| packet.get("ActionID") == id && !packet.has("Event")).await;
    let event = seen.iter().find(|packet| packet.get("Event") == "OriginateResponse").expect("it comes first");
    assert_eq!((event.get("Response"), event.get("Reason"), event.get("ActionID")), ("Failure", "0", id.as_str()));
    assert_eq!(seen.last().unwrap().get("Response"), "Success");
    assert_eq!(pbx.violations().len(), 2, "{:?}", pbx.violations());
    assert_eq!(pbx.look(|state| state.legs().count()), 1, "nothing rings twice");
}

#[tokio::test]
async fn what_cannot_be_dialled_is_refused() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let answer = dial(&mut client, "333", "tp-1").await;
    assert_eq!((answer.get("Response"), answer.get("Message")), ("Error", "Extension does not exist."));
    assert!(pbx.unplug("100"));
    client.told().await;
    assert_eq!(dial(&mut client, "101", "tp-2").await.get("Response"), "Success");
    let told = client.told().await;
    assert_eq!(without_lamps(&told), ["OriginateResponse Failure 0"]);
    assert_eq!(told[0].get("Channel"), "PJSIP/100");
    let calls: Vec<_> = pbx.dials().iter().map(|dial| (dial.number.clone(), dial.call.is_some())).collect();
    assert_eq!(calls, [("333".to_owned(), false), ("101".to_owned(), false)]);
    let mut sniff = DIAL.to_vec();
    sniff.extend([("Application", "System"), ("Data", "id")]);
    let answer = client.answer("Originate", &sniff).await;
    assert_eq!(answer.get("Message"), "Originate Access Forbidden: app or data blacklisted");
}

#[tokio::test]
async fn numbers_end_as_the_dialplan_wants() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    for (turn, number) in ["8123", "9123", "030555001"].into_iter().enumerate() {
        dial(&mut client, number, &format!("tp-{turn}")).await;
        let call = pbx.dials()[turn].call.unwrap();
        assert!(pbx.answer(call, "100"));
    }
    let (busy, machine, trunk) = (0, 1, 2);
    let call = |turn: usize| pbx.dials()[turn].call.unwrap();
    pbx.wait_for(|state| state.legs_of(state.dials()[busy].call.unwrap()).count() == 0, SOON).await.unwrap();
    assert_eq!(pbx.legs(call(machine)).len(), 1, "no second channel");
    pbx.wait_for(|state| state.legs_of(state.dials()[machine].call.unwrap()).all(|leg| leg.application == "Wait"), SOON)
        .await
        .unwrap();
    assert_eq!(pbx.legs(call(trunk)).len(), 2);
    assert!(pbx.answer_far(call(trunk)));
    let on_trunk = call(trunk);
    assert_eq!(pbx.look(|state| state.peer(state.leg_at(on_trunk, "100").unwrap()).unwrap().party.number.clone()), "030555001");
    clean(&pbx);
}

#[tokio::test]
async fn the_local_way_rings_all_phones_and_vanishes() {
    let options = plainly(Release::V22).extension(Extension::new("100", "Alice Example").two_phones());
    let (pbx, mut client) = desk(options).await;
    let mut keys = DIAL[1..].to_vec();
    keys.extend([("Channel", "Local/100@from-internal"), ("Exten", "101"), ("ChannelId", "tp-1")]);
    client.answer("Originate", &keys).await;
    let call = pbx.dials()[0].call.unwrap();
    let told = client.told().await;
    let near = find(&told, "Newchannel [Local;1 Down]");
    assert_eq!((near.get("Uniqueid"), near.get("Linkedid")), ("tp-1", "tp-1"));
    assert_eq!(find(&told, "Newchannel [Local;2 Ring]").get("Uniqueid"), "tp-1;2");
    assert_eq!(pbx.legs(call).iter().filter(|leg| leg.linked == "tp-1").count(), 2, "both phones ring");
    assert!(pbx.answer(call, "100-2"));
    let told = client.told().await;
    assert_eq!(find(&told, "OriginateResponse Success 4").get("Uniqueid"), "tp-1");
    assert!(pbx.answer(call, "101"));
    pbx.wait_for(|state| state.legs().count() == 2, SOON).await.unwrap();
    let told = client.told().await;
    assert!(told.iter().any(|packet| packet.get("Event") == "LocalOptimizationEnd"));
    assert_eq!(
        pbx.look(|state| state.peer(state.leg_at(call, "100-2").unwrap()).unwrap().phone().map(str::to_owned)).unwrap(),
        "101"
    );
    clean(&pbx);
}

#[tokio::test]
async fn a_phone_that_knows_how_answers_by_itself() {
    let options = plainly(Release::V22).extension(Extension::new("100", "A").phones(vec![Phone::talking("100", "100")]));
    let (pbx, mut client) = desk(options).await;
    let variable = ("Variable", "PJSIP_HEADER(add,Call-Info)=<sip:pbx>\\;answer-after=0");
    let keys = [DIAL.as_slice(), &[("Exten", "101"), ("ChannelId", "tp-1"), variable]].concat();
    client.answer("Originate", &keys).await;
    assert!(pbx.answer(pbx.dials()[0].call.unwrap(), "101"), "the number is dialled already");
    clean(&pbx);
}
