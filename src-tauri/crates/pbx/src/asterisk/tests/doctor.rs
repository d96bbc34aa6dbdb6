//! What the self-examination says of an Asterisk: from what real ones list and answer.

use phone_core::Reason;
use phone_core::request::{Check, CheckResult};

use super::talk::{Talk, account, recorded};
use crate::dialect::{Dialect, Input, NotOpened};

/// What a user may do whose `write` has further classes, as a real server lists it.
const COMMAND: &str = "Command: Execute Asterisk CLI Command.  (Priv: command,all)\r\n";
const CONFIG: &str = "UpdateConfig: Update basic configuration.  (Priv: config,all)\r\n";
const SYSTEM: &str = "DBPut: Put DB entry.  (Priv: system,all)\r\n";
const NOTIFY: &str =
    "PJSIPNotify: Send a NOTIFY to either an endpoint, an arbitrary URI, or inside a SIP dialog.  (Priv: system,all)\r\n";

/// A dialect that is online, where the server lists these actions and answers these variables.
fn online(keys: &[(&str, &str)], commands: &str, variables: &[(&str, &str)]) -> Talk {
    let mut talk = Talk::new(account(keys));
    talk.variables.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    talk.sign_in();
    let (id, _) = talk.take("ListCommands");
    let commands = commands.replace("ActionID: 3\r\n", &format!("ActionID: {id}\r\n"));
    talk.bytes(&commands);
    talk.sync("");
    talk
}

/// The list of a user with the least rights, and more behind it.
fn listed(more: &str) -> String {
    format!("{}{more}\r\n", recorded("list_commands").trim_end_matches("\r\n").to_owned() + "\r\n")
}

/// The same without the actions that need one of these classes.
fn listed_without(classes: &[&str]) -> String {
    let held = ["call", "originate", "reporting"].into_iter().filter(|class| !classes.contains(class)).collect::<Vec<_>>();
    let may = |line: &&str| {
        let Some((_, needs)) = line.rsplit_once("(Priv: ") else { return true };
        needs.starts_with("<none>") || needs.trim_end_matches(')').split(',').any(|class| held.contains(&class))
    };
    recorded("list_commands").split_inclusive("\r\n").filter(|line| may(&line.trim_end())).collect()
}

fn all(talk: &Talk) -> Vec<Check> {
    let checks = talk.dialect.findings().checks;
    let names: std::collections::BTreeSet<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names.len(), checks.len(), "each name once: {names:?}");
    checks
}

fn one(talk: &Talk, name: &str) -> Check {
    let checks = all(talk);
    checks.iter().find(|check| check.name == name).cloned().unwrap_or_else(|| panic!("no {name}: {checks:#?}"))
}

fn problems(talk: &Talk) -> Vec<String> {
    all(talk).into_iter().filter(|check| check.result == CheckResult::Problem).map(|check| check.name).collect()
}

/// It is a problem that says these words, and what to do by these.
fn says(check: &Check, text: &[&str], remedy: &[&str]) {
    assert_eq!(check.result, CheckResult::Problem, "{check:?}");
    for word in text {
        assert!(check.text.contains(word), "{word}: {check:?}");
    }
    for word in remedy {
        assert!(check.remedy.as_deref().unwrap_or_default().contains(word), "{word}: {check:?}");
    }
}

#[test]
fn the_least_rights_are_no_problem_and_their_power_is_told_all_the_same() {
    let talk = online(&[], &listed(""), &[]);
    assert_eq!(problems(&talk), [""; 0]);
    assert!(one(&talk, "further rights").text.contains("listen to calls of others"));
    assert!(one(&talk, "number").text.contains("from-internal knows your number 100"));
    assert!(one(&talk, "phone PJSIP/100").text.contains("is registered"));
    assert!(one(&talk, "colleagues").text.contains("how 2 other numbers are"));
    assert!(one(&talk, "ask first").text.contains("*2"));
    assert_eq!(one(&talk, "answer and hold").result, CheckResult::NotHere);
}

#[test]
fn what_a_missing_right_costs_is_told_with_what_to_write() {
    let rights = |classes: &[&str]| one(&online(&[], &listed_without(classes), &[]), "rights");
    let write = "write = call,originate,reporting for it";
    says(&rights(&["call"]), &["tray100 lacks", "without call it only watches"], &[write, "sign in again"]);
    says(&rights(&["originate"]), &["without originate it cannot dial"], &[write]);
    let check = rights(&["reporting"]);
    says(&check, &["without reporting", "restarts", "neither do-not-disturb nor forwarding is shown or offered"], &[write]);
    assert!(rights(&["originate"]).text.contains("forward calls") && rights(&["call"]).text.contains("no sending on"));
    assert!(!check.text.contains("without call") && !check.text.contains("without originate"), "{check:?}");
    // Whoever may do nothing is not warned of what they could do, nor told of what nobody could ask for.
    let talk = online(&[], &listed_without(&["call", "originate", "reporting"]), &[]);
    assert_eq!(problems(&talk), ["rights"]);
    assert_eq!(one(&talk, "further rights").text, "No more than is needed.");
}

#[test]
fn rights_that_nobody_needs_here_are_a_problem() {
    let power = |keys: &[(&str, &str)], more: &str| one(&online(keys, &listed(more), &[]), "further rights");
    says(&power(&[], COMMAND), &["tray100", "with command it can run any command"], &["Take command out of write"]);
    says(&power(&[], CONFIG), &["rewrite the settings"], &["Take config out of write"]);
    let check = power(&[], &[COMMAND, CONFIG, SYSTEM].concat());
    says(&check, &["command", "config", "with system it can stop the PBX"], &["Take command and config and system out"]);
    // To tell a phone to answer, `system` is needed, and its price is told.
    for way in ["notify", "notify-endpoint"] {
        let talk = online(&[("answer", way)], &listed(&[SYSTEM, NOTIFY].concat()), &[]);
        assert_eq!(problems(&talk), [""; 0], "{way}");
        assert!(one(&talk, "further rights").text.contains("stop the PBX"));
        let check = power(&[("answer", way)], &[SYSTEM, NOTIFY, COMMAND].concat());
        says(&check, &["command"], &["Take command out"]);
        assert!(!check.text.contains("system"), "{check:?}");
    }
    says(&power(&[("answer", "dialplan")], SYSTEM), &["system"], &["Take system out"]);
}

#[test]
fn what_keeps_a_phone_from_being_told_to_answer_is_named() {
    let steering = |keys: &[(&str, &str)], more: &str| one(&online(keys, &listed(more), &[]), "answer and hold");
    says(&steering(&[("answer", "notify")], ""), &["system in write"], &["answer=off"]);
    says(&steering(&[("hold", "notify-endpoint")], SYSTEM), &["res_pjsip_notify"], &["pjsip_notify.conf"]);
    says(&steering(&[("answer", "dialplan")], ""), &["no context tp-notify"], &[]);
    says(&steering(&[("answer", "notify"), ("hold", "dialplan")], NOTIFY), &["no context tp-notify"], &[]);
    says(&steering(&[("answer", "notify"), ("device", "SIP/100")], NOTIFY), &["PJSIP/"], &["answer=off"]);
}

#[test]
fn a_number_that_its_context_does_not_know_is_told() {
    let talk = online(&[("context", "from-inside")], &listed(""), &[]);
    says(&one(&talk, "number"), &["The context from-inside does not know your number 100"], &["context="]);
    assert_eq!(one(&talk, "codes").result, CheckResult::NotHere, "a code that is not there is not offered, which harms nobody");
    assert!(one(&talk, "codes").text.contains("*78 and *79") && one(&talk, "codes").text.contains("** and an extension"));
    // Forwarding has codes too; those that the account does without are not missed.
    let forwards = [("VALID_EXTEN(from-internal,*72100,1)", "1"), ("VALID_EXTEN(from-internal,*73,1)", "1")];
    let codes = one(&online(&[("forward_no_answer", "off")], &listed(""), &forwards), "codes");
    assert_eq!(codes.result, CheckResult::NotHere);
    assert!(codes.text.contains("*90 and a number or *91, so forwarding while busy is not offered"), "{codes:?}");
    assert!(!codes.text.contains("*72") && !codes.text.contains("*52"), "{codes:?}");
    let without = [("forward_busy", "off"), ("forward_no_answer", "off")];
    assert_eq!(one(&online(&without, &listed(""), &forwards), "codes").result, CheckResult::Ok);
    // Where the question may not be asked, nothing is claimed.
    let talk = online(&[], &listed_without(&["call", "reporting"]), &[]);
    let mut refused = Talk::new(account(&[]));
    refused.sign_in();
    while refused.asked.iter().any(|(_, name, _)| name == "Getvar") {
        refused.answer("Getvar", "Response: Error\r\nMessage: Permission denied");
    }
    refused.sync("");
    assert!(all(&refused).iter().all(|check| check.name != "number"));
    assert!(all(&talk).iter().all(|check| check.name != "codes"));
}

#[test]
fn phones_that_are_not_there_are_named() {
    let phones = |devices: &str, told: &[(&str, &str)]| online(&[("device", devices)], &listed(""), told);
    let talk = phones("PJSIP/nope", &[("DEVICE_STATE(PJSIP/nope)", "INVALID")]);
    says(&one(&talk, "phone PJSIP/nope"), &["knows no phone PJSIP/nope"], &["pjsip show endpoints"]);
    let talk = phones("SIP/100", &[("DEVICE_STATE(SIP/100)", "INVALID")]);
    says(&one(&talk, "phone SIP/100"), &["knows no phone SIP/100"], &["no SIP/ any more"]);
    // The state may come from the list or from the question.
    let talk = phones("PJSIP/200", &[("DEVICE_STATE(PJSIP/200)", "UNAVAILABLE")]);
    says(&one(&talk, "phone PJSIP/200"), &["PJSIP/200 is not registered"], &["Switch the phone on"]);
    let mut talk = phones("PJSIP/100,PJSIP/101", &[]);
    for device in ["PJSIP/101", "PJSIP/100"] {
        assert_eq!(one(&talk, &format!("phone {device}")).result, CheckResult::Ok);
        talk.bytes(&format!("Event: DeviceStateChange\r\nDevice: {device}\r\nState: UNAVAILABLE\r\n\r\n"));
    }
    assert_eq!(one(&talk, "phone PJSIP/101").result, CheckResult::NotHere, "a second phone may be off");
    assert_eq!(problems(&talk), ["phone PJSIP/100"]);
    let talk = phones("PJSIP/mine", &[]);
    assert!(one(&talk, "phone PJSIP/mine").text.contains("does not say"));
}

#[test]
fn a_server_that_shows_nobody_is_said_to_have_no_hints() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    let (id, _) = talk.take("ExtensionStateList");
    talk.bytes(&format!(
        "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\nEvent: ExtensionStateListComplete\r\nActionID: {id}\r\n\r\n"
    ));
    talk.sync("");
    says(&one(&talk, "colleagues"), &["no hints"], &["hint,PJSIP/"]);
}

#[test]
fn asking_first_that_cannot_work_is_told() {
    let ask = |keys: &[(&str, &str)], code: &str| one(&online(keys, &listed(""), &[("FEATUREMAP(atxfer)", code)]), "ask first");
    says(&ask(&[], ""), &["no code"], &["features.conf", "atxfer=off"]);
    assert_eq!(ask(&[("atxfer", "off")], "").result, CheckResult::NotHere);
    let mut talk = online(&[], &listed(""), &[]);
    talk.dialect.no_atxfer = true;
    says(&one(&talk, "ask first"), &["did nothing when it was tried"], &["t and T", "pbx-transfer"]);
}

#[test]
fn how_far_away_the_server_is_and_what_its_clock_says_is_known() {
    let mut talk = Talk::new(account(&[]));
    talk.sign_in();
    assert_eq!(talk.asked.first().map(|(_, name, _)| name.as_str()), Some("Ping"), "before all that takes time");
    talk.wait_ms(40);
    let later = talk.now.wall.as_second() + 7200;
    talk.answer("Ping", &format!("Response: Success\r\nPing: Pong\r\nTimestamp: {later}.234100"));
    talk.sync("");
    let found = talk.dialect.findings();
    assert_eq!(found.answers_in.map(|time| time.as_millis()), Some(40));
    assert_eq!(found.clock_ahead, Some(7200));
    // What was true of one link is not said of the next one.
    talk.start();
    let found = talk.dialect.findings();
    assert!(found.answers_in.is_none() && found.clock_ahead.is_none() && found.checks.is_empty());
}

#[test]
fn an_event_shows_that_events_may_be_read() {
    let mut talk = online(&[], &listed(""), &[]);
    assert!(one(&talk, "events").text.contains("read = call"));
    talk.text("Event: Hangup\r\nChannel: PJSIP/101-00000001\r\nUniqueid: tp-1.1\r\nCause: 16");
    assert_eq!(one(&talk, "events").text, "Asterisk tells what happens with calls and phones.");
}

#[test]
fn a_release_that_is_too_old_or_has_just_been_started_is_told() {
    let with = |name: &str, answer: &str| {
        let mut talk = Talk::new(account(&[]));
        talk.sign_in();
        talk.answer(name, answer);
        talk.sync("");
        talk
    };
    let talk = with("CoreSettings", "Response: Success\r\nAsteriskVersion: 13.38.3");
    says(&one(&talk, "release"), &["Asterisk 13 is older"], &["newer"]);
    let talk = with("CoreStatus", "Response: Success\r\nCoreStartupDate: 2026-11-21\r\nCoreStartupTime: 19:59:52");
    assert_eq!(problems(&talk), [""; 0]);
    assert!(one(&talk, "release").text.contains("started a moment ago"));
}

#[test]
fn why_a_sign_in_failed_is_explained_until_one_ends_otherwise() {
    let opened = || {
        let mut talk = Talk::new(account(&[]));
        talk.start();
        let wire = talk.wire.expect("a stream");
        talk.feed(Input::Opened(wire));
        talk
    };
    for (greeting, who) in [("HTTP/1.1 408 Request Timeout", "a web server"), ("SSH-2.0-x", "an SSH"), ("Hi", "another program")]
    {
        let mut talk = opened();
        talk.bytes(&format!("{greeting}\r\n"));
        says(&one(&talk, "sign-in"), &[who], &["5039", "5038"]);
    }
    for ends in [Input::Stop, Input::Closed(crate::Wire(1))] {
        let mut talk = opened();
        talk.feed(ends);
        talk.feed(Input::Stop);
        says(&one(&talk, "sign-in"), &["does not greet"], &["5039"]);
        // Most of the time another attempt hangs in the same place.
        talk.start();
        says(&one(&talk, "sign-in"), &["does not greet"], &["5039"]);
        talk.feed(Input::Opened(talk.wire.expect("a stream")));
        talk.bytes("SSH-2.0-x\r\n");
        talk.feed(Input::Stop);
        talk.start();
        says(&one(&talk, "sign-in"), &["an SSH server"], &["5039"]);
        // Now not even the connection comes about, which is no matter of the sign-in.
        let wire = talk.wire.expect("a stream");
        talk.feed(Input::NotOpened(wire, NotOpened::Reason(Reason::ConnectionRefused)));
        assert!(all(&talk).is_empty(), "{:?}", all(&talk));
    }
    let refused = |message: &str| {
        let mut talk = opened();
        talk.bytes("Asterisk Call Manager/11.0.0\r\n");
        talk.answer("Challenge", "Response: Success\r\nChallenge: 1");
        talk.answer("Login", &format!("Response: Error\r\nMessage: {message}"));
        talk
    };
    let mut talk = refused("Authentication failed");
    says(&one(&talk, "sign-in"), &["wrong user", "wrong password", "address", "look the same"], &["permit", "security"]);
    talk.feed(Input::Stop);
    assert_eq!(problems(&talk), ["sign-in"]);
    says(&one(&refused("Login Already In Use"), "sign-in"), &["tray100 is signed in elsewhere"], &["allowmultiplelogin"]);
    assert_eq!(problems(&refused("Permission denied")), [""; 0]);
    talk.sign_in();
    talk.sync("");
    assert_eq!(problems(&talk), [""; 0]);
}
