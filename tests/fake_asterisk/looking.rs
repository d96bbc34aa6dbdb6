//! Sections 2, 3, 6.5 and 8: sign-in, rights, versions, lists, lamps.

use super::*;

#[tokio::test]
async fn signs_in_by_challenge_or_secret() {
    let pbx = FakeAsterisk::start(Options::new(Release::V22)).await.unwrap();
    let mut client = connect(&pbx).await;
    let answer = client.challenge("admin", "Admin-Pw9", "on").await;
    assert_eq!((answer.get("Response"), answer.get("Message")), ("Success", "Authentication accepted"));
    assert_eq!(client.read().await.unwrap().get("Event"), "FullyBooted");
    let mut plain = connect(&pbx).await;
    let answer = plain.answer("Login", &[("Username", "tray204"), ("Secret", SECRET), ("Events", "off")]).await;
    assert_eq!(answer.get("Response"), "Success");
    pbx.ring("101", "", "100");
    assert!(plain.told().await.is_empty(), "it wants no events, and may not see the boot");
    let sign_ins: Vec<_> = pbx.sign_ins().iter().map(|it| (it.user.clone(), it.by_challenge, it.refusal)).collect();
    assert_eq!(sign_ins, [("admin".to_owned(), true, None), ("tray204".to_owned(), false, None)]);
    let secret = pbx.actions().iter().any(|action| action.packet.has("Secret") || action.packet.has("Key"));
    assert!(!secret, "secrets are not kept");
    clean(&pbx);
}

#[tokio::test]
async fn refusals_close_the_connection() {
    let pbx = FakeAsterisk::start(plainly(Release::V22).with(|it| it.multiple_login = false)).await.unwrap();
    pbx.change_user("tray204", |user| user.permitted = false);
    for (user, secret) in [("tray100", "wrong"), ("nobody", SECRET), ("tray204", SECRET)] {
        let mut client = connect(&pbx).await;
        assert_eq!(client.challenge(user, secret, "on").await.get("Message"), "Authentication failed");
        client.ended().await;
    }
    let _first = sign_in(&pbx, "tray100", SECRET).await;
    let mut second = connect(&pbx).await;
    assert_eq!(second.challenge("tray100", SECRET, "on").await.get("Message"), "Login Already In Use");
    second.ended().await;
    let mut early = connect(&pbx).await;
    assert_eq!(early.answer("CoreStatus", &[]).await.get("Message"), "Permission denied");
    early.ended().await;
    assert_eq!(pbx.violations(), ["the action corestatus before the sign-in"]);
}

#[tokio::test]
async fn whoever_does_not_sign_in_is_shown_out() {
    let pbx = FakeAsterisk::start(plainly(Release::V22).with(|it| it.auth_timeout = Duration::from_millis(30))).await.unwrap();
    connect(&pbx).await.ended().await;
    clean(&pbx);
}

#[tokio::test]
async fn rights_and_releases_decide_what_is_listed_and_done() {
    for (release, version, interface) in [(Release::V16, "16.28.0", "5.0.4"), (Release::V22, "22.10.1", "11.0.0")] {
        let (pbx, mut client) = desk(Options::new(release)).await;
        let listed = client.answer("ListCommands", &[]).await;
        for action in ["Originate", "Hangup", "BlindTransfer", "CoreShowChannels", "Ping", "QueueStatus"] {
            assert!(listed.has(action), "{action}");
        }
        assert!(listed.get("Originate").ends_with("(Priv: originate,all)"));
        assert!(!listed.has("DBPut") && !listed.has("PJSIPNotify") && !listed.has("Command"));
        assert_eq!(listed.has("PJSIPHangup"), release == Release::V22);
        let settings = client.answer("CoreSettings", &[]).await;
        assert!(settings.get("AsteriskVersion").starts_with(version));
        assert_eq!(settings.get("AMIversion"), interface);
        clean(&pbx);
        let answer = client.answer("DBPut", &[("Family", "DND"), ("Key", "100"), ("Val", "YES")]).await;
        assert_eq!((answer.get("Response"), answer.get("Message")), ("Error", "Permission denied"));
        assert_eq!(pbx.violations().len(), 1, "it was not listed");
        pbx.change_user("tray101", |_| {});
        pbx.change_user("tray100", |user| *user = user.clone().rights("", "call"));
        let mut poor = sign_in(&pbx, "tray100", SECRET).await;
        assert_eq!(dial(&mut poor, "101", "tp-1").await.get("Message"), "Permission denied");
        pbx.ring("101", "", "102");
        assert!(poor.told().await.is_empty(), "without the class `call` no events of calls");
    }
}

#[tokio::test]
async fn a_late_client_finds_the_calls() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    let incoming = talking(&pbx);
    let outgoing = pbx.dial_at_phone("100", "102");
    dial(&mut client, "103", "tp-cd").await;
    assert!(pbx.hold_at_phone(incoming, "100"));
    let mut late = sign_in(&pbx, "tray100", SECRET).await;
    let channels = late.list("CoreShowChannels", &[]).await;
    let find = |id: &str| channels.iter().find(|it| it.get("Uniqueid") == id).unwrap();
    let own = find(&leg(&pbx, incoming, "100"));
    assert_eq!((own.get("Application"), own.get("ChannelState"), own.get("ChannelStateDesc")), ("AppDial", "6", "Up"));
    assert_eq!((own.get("ConnectedLineNum"), own.get("Exten")), ("101", ""));
    assert_eq!(find(&leg(&pbx, incoming, "101")).get("BridgeId"), own.get("BridgeId"));
    assert_eq!(find(&leg(&pbx, outgoing, "100")).get("Application"), "Dial");
    assert_eq!(find("tp-cd").get("Application"), "AppDial2");
    assert!(channels.iter().all(|it| !format!("{it:?}").to_lowercase().contains("hold")), "nobody can read a hold");
    assert_eq!(late.list("Status", &[]).await.len(), channels.len());
    clean(&pbx);
}

#[tokio::test]
async fn lamps_do_not_disturb_and_texts() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let hints = client.list("ExtensionStateList", &[]).await;
    let mine = hints.iter().find(|it| it.get("Exten") == "100").unwrap();
    assert_eq!((mine.get("Status"), mine.get("StatusText")), ("0", "Idle"));
    assert_eq!(mine.get("Hint"), "PJSIP/100&Custom:DND100,CustomPresence:100");
    let keys = [("Family", "DND"), ("Key", "100")];
    assert_eq!(client.answer("DBGet", &keys).await.get("Message"), "Database entry not found");
    assert_eq!(look_up(&mut client, "*78").await, "1");
    let mut on = DIAL[3..].to_vec();
    on.extend([("Channel", "Local/*78@from-internal"), ("Application", "Wait"), ("Data", "5")]);
    assert_eq!(client.answer("Originate", &on).await.get("Response"), "Success");
    let told = client.until(|packet| packet.short() == "ExtensionStatus 100 2").await;
    super::find(&told, "DeviceStateChange Custom:DND100 BUSY");
    assert_eq!(client.list("DBGet", &keys).await[0].get("Val"), "YES");
    pbx.wait_for_quiet(SOON).await.unwrap();
    assert_eq!((pbx.dials().len(), pbx.originates().len()), (0, 1), "no number was dialled");
    assert!(pbx.look(|state| state.database("DND", "100").is_some()));
    let text = [("Variable", "PRESENCE_STATE(CustomPresence:100)"), ("Value", "away,,Lunch")];
    assert_eq!(client.answer("Setvar", &text).await.get("Message"), "Variable Set");
    let told = client.told().await;
    let change = told.iter().find(|packet| packet.get("Event") == "PresenceStateChange").unwrap();
    assert_eq!((change.get("Presentity"), change.get("Status"), change.get("Message")), ("CustomPresence:100", "away", "Lunch"));
    pbx.set_mailbox("100", 3, 1);
    assert_eq!(client.told().await[0].get("Event"), "MessageWaiting");
    let count = client.answer("MailboxCount", &[("Mailbox", "100@default")]).await;
    assert_eq!((count.get("NewMessages"), count.get("OldMessages")), ("3", "1"));
    let states = client.list("DeviceStateList", &[]).await;
    assert!(states.iter().any(|it| it.get("Device") == "Custom:DND100" && it.get("State") == "BUSY"));
    clean(&pbx);
}

#[tokio::test]
async fn hints_may_live_elsewhere_among_those_of_features_and_go() {
    let (pbx, mut client) = desk(plainly(Release::V22).as_freepbx()).await;
    let hints = client.list("ExtensionStateList", &[]).await;
    let of = |number: &str| hints.iter().find(|it| it.get("Exten") == number).unwrap().get("Context").to_owned();
    assert_eq!((of("100").as_str(), of("*76100").as_str()), ("ext-local", "ext-dnd-hints"));
    pbx.remove_hint("102");
    assert_eq!(shorts(&client.told().await), ["ExtensionStatus 102 -2"]);
}

#[tokio::test]
async fn values_are_read_as_far_as_they_may_be() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    let call = pbx.ring("100", "", "103");
    let get = async |client: &mut Client, variable: &str, channel: &str| {
        let keys = [("Variable", variable), ("Channel", channel)];
        let keys = if channel.is_empty() { &keys[..1] } else { &keys[..] };
        client.answer("Getvar", keys).await
    };
    for (number, exists) in [("101", "1"), ("8123", "1"), ("71", "1"), ("**101", "1"), ("333", "0"), ("**333", "0")] {
        assert_eq!(look_up(&mut client, number).await, exists, "{number}");
    }
    let dave = leg(&pbx, call, "103");
    let header = "PJSIP_RESPONSE_HEADER(read,Allow-Events)";
    assert_eq!(get(&mut client, header, &dave).await.get("Value"), "", "nothing while it rings");
    assert!(pbx.answer(call, "103"));
    assert_eq!(get(&mut client, header, &dave).await.get("Value"), "talk, hold");
    let own = leg(&pbx, call, "100");
    let peer = get(&mut client, "BRIDGEPEER", &own).await;
    assert!(peer.get("Value").starts_with("PJSIP/103-"));
    let contact = get(&mut client, "PJSIP_AOR(103,contact)", "").await.get("Value").to_owned();
    let agent = get(&mut client, &format!("PJSIP_CONTACT({contact},user_agent)"), "").await;
    assert_eq!(agent.get("Value"), "Scripted Phone 1.0");
    assert_eq!(get(&mut client, "FEATUREMAP(atxfer)", "").await.get("Value"), "*2");
    assert_eq!(get(&mut client, "BRIDGEPEER", "PJSIP/999-00000001").await.get("Message"), "No such channel");
    clean(&pbx);
    assert_eq!(get(&mut client, "DB(DND/100)", "").await.get("Value"), "", "success, and wrong");
    assert_eq!(get(&mut client, "SHELL(id)", "").await.get("Message"), "GetVar Access Forbidden");
    assert_eq!(pbx.violations().len(), 2);
}

#[tokio::test]
async fn filters_and_classes_decide_what_is_seen() {
    let pbx = FakeAsterisk::start(plainly(Release::V22)).await.unwrap();
    pbx.change_user("tray100", |user| user.filters = vec!["Channel: PJSIP/100-".to_owned(), "!Event: Newstate".to_owned()]);
    let mut filtered = sign_in(&pbx, "tray100", SECRET).await;
    let mut admin = sign_in(&pbx, "admin", "Admin-Pw9").await;
    let call = pbx.ring("101", "", "100");
    assert!(pbx.answer(call, "100") && pbx.hang_up_far(call));
    let seen = filtered.told().await;
    assert!(seen.iter().any(|packet| packet.get("Event") == "DialBegin"));
    assert!(seen.iter().all(|packet| packet.get("Event") != "Newstate" && packet.get("Event") != "ExtensionStatus"));
    let all = admin.told().await;
    for event in ["Newexten", "VarSet", "Cdr", "BridgeCreate", "DialState", "Newstate"] {
        assert!(all.iter().any(|packet| packet.get("Event") == event), "{event}");
    }
    clean(&pbx);
}

#[tokio::test]
async fn answers_and_holds_at_phones_that_know_how_and_ends_calls_at_others() {
    let pbx = FakeAsterisk::start(Options::new(Release::V22)).await.unwrap();
    let mut client = sign_in(&pbx, "tray103", SECRET).await;
    let notify = async |client: &mut Client, target: (&str, &str), event: &str| {
        let event = format!("Event={event}");
        client.answer("PJSIPNotify", &[target, ("Variable", &event)]).await
    };
    let call = pbx.ring("101", "", "103");
    let own = leg(&pbx, call, "103");
    assert_eq!(notify(&mut client, ("Channel", &own), "talk").await.get("Response"), "Success");
    assert_eq!(pbx.legs(call).iter().filter(|leg| leg.state == LegState::Up).count(), 2);
    notify(&mut client, ("Channel", &own), "hold").await;
    assert!(pbx.legs(call).iter().any(|leg| leg.holds));
    notify(&mut client, ("Endpoint", "103"), "talk").await;
    assert!(pbx.legs(call).iter().all(|leg| !leg.holds));
    pbx.hang_up_far(call);
    pbx.change_phone("103", |phone| *phone = Phone::plain("103", "103"));
    let call = pbx.ring("101", "", "103");
    let own = leg(&pbx, call, "103");
    notify(&mut client, ("Endpoint", "103"), "talk").await;
    assert_eq!(pbx.legs(call).len(), 2, "outside the dialog nothing is harmed");
    clean(&pbx);
    notify(&mut client, ("Channel", &own), "talk").await;
    assert_eq!(pbx.legs(call).len(), 0, "481 ends the call");
    assert_eq!(pbx.violations().len(), 1);
}

#[tokio::test]
async fn answers_by_the_dialplan() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    pbx.change_phone("100", |phone| *phone = Phone::talking("100", "100"));
    let call = pbx.ring("101", "", "100");
    let mut talk = DIAL[3..].to_vec();
    talk.extend([("Channel", "Local/talk100@tp-notify"), ("Application", "Wait"), ("Data", "1")]);
    client.answer("Originate", &talk).await;
    assert_eq!(pbx.legs(call).iter().filter(|leg| leg.state == LegState::Up).count(), 2);
    pbx.hang_up_far(call);
    let call = pbx.ring("101", "", "100");
    let variable = [("Variable", "VALID_EXTEN(tp-answer,100,1)")];
    assert_eq!(client.answer("Getvar", &variable).await.get("Value"), "1");
    let caller = leg(&pbx, call, "101");
    let before = leg(&pbx, call, "100");
    client.answer("Redirect", &[("Channel", &caller), ("Context", "tp-answer"), ("Exten", "100"), ("Priority", "1")]).await;
    let after = pbx.look(|state| state.leg_at(call, "100").unwrap().clone());
    assert!(after.id != before && after.state == LegState::Up && after.linked == caller);
    clean(&pbx);
}
