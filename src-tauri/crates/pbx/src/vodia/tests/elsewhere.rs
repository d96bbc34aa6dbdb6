//! Calls that are shown though a colleague has them now.

use super::talk::{Talk, account, only};
use phone_core::told::Command;

const VERSIONS: [&str; 2] = ["PBX/67.0", "PBX/70.1"];

/// A call of a group, in the spelling of either generation.
fn call(state: &str, extensions: &str) -> String {
    format!(
        r#"{{"id":9,"from-number":"+4930555001","to-number":"700","state":"{state}","callstate":"{state}","extension":{extensions}}}"#
    )
}

#[test]
fn a_call_that_a_colleague_took_is_withdrawn_and_was_answered_elsewhere() {
    for version in VERSIONS {
        let mut talk = Talk::online(version, &[]);
        assert_eq!(talk.calls(&call("alerting", r#"["204","207"]"#)), ["calls 9 Ringing from +4930555001 via 700"], "{version}");
        let said = talk.calls(&call("connected", r#"["207"]"#));
        assert_eq!(said, ["calls asks 9", "verdict 9 AnsweredElsewhere"], "{version}");
        // She holds it, takes it back, and hangs up: nothing of it is ours.
        for state in ["holding", "onhold", "connected", "parked"] {
            assert_eq!(talk.calls(&call(state, r#"["207"]"#)), ["calls"], "{version} {state}");
        }
        for command in [
            Command::HangUp { request: 1, key: "9".into() },
            Command::Hold { request: 1, key: "9".into() },
            Command::TransferTo { request: 1, key: "9".into(), to: "208".into() },
            Command::Answer { request: 1, key: "9".into() },
        ] {
            assert_eq!(talk.command(&command), ["refused 1 NoSuchCall"], "{version}");
        }
        assert_eq!(talk.calls(""), ["calls"], "{version}");
        // She hands it on to this user.
        talk.calls(&call("connected", r#"["207"]"#));
        assert_eq!(talk.calls(&call("connected", r#"["204"]"#)), ["calls 9 Connected from +4930555001 via 700"], "{version}");
    }
}

#[test]
fn a_call_that_a_colleague_has_already_is_not_shown_at_all() {
    for version in VERSIONS {
        let mut talk = Talk::online(version, &[]);
        assert_eq!(talk.calls(&call("connected", r#"["207"]"#)), ["calls"], "{version}");
        let own = r#"{"id":10,"from-number":"+4930555002","to-number":"204","state":"connected","extension":["204"]}"#;
        assert_eq!(
            talk.calls(&format!("{},{own}", call("connected", r#"["207"]"#))),
            ["calls 10 Connected from +4930555002"],
            "{version}"
        );
    }
}

#[test]
fn an_answer_that_a_colleague_was_faster_with_is_not_confirmed() {
    for version in VERSIONS {
        let mut talk = Talk::online(version, &[]);
        talk.calls(&call("alerting", r#"["204","207"]"#));
        talk.command(&Command::Answer { request: 1, key: "9".into() });
        let mut said = talk.calls(&call("connected", r#"["207"]"#));
        assert_eq!(said, ["calls asks 9", "verdict 9 AnsweredElsewhere"], "{version}");
        // The question for its leg was under way; what it finds now is hers.
        if version == "PBX/70.1" {
            let leg = r#"[{"id":"kQ7@pbx","from-number":"+4930555001","to-number":"700","state":"connected"}]"#;
            said.extend(talk.reply("/calls", 200, leg));
            assert_eq!(only(&said, "POST"), Vec::<&str>::new());
        }
        assert_eq!(only(&said, "confirmed"), Vec::<&str>::new(), "{version}");
    }
}

#[test]
fn who_takes_part_is_recognised_in_every_spelling() {
    let keys = &[("own_numbers", "+4930555204; 88")];
    for ours in [
        r#"["204"]"#,
        r#"["*204"]"#,
        r#"["204*"]"#,
        r#"["207","204"]"#,
        r#"["204@tenant.example"]"#,
        r#"["\"Tom\" <sip:204@tenant.example>"]"#,
        "[204]",
        "204",
        r#""207, 204""#,
        r#"["88"]"#,
        r#"["030555204"]"#,
    ] {
        let mut talk = Talk::online("PBX/70.1", keys);
        assert_eq!(talk.calls(&call("connected", ours)), ["calls 9 Connected from +4930555001 via 700"], "{ours}");
    }
    for hers in [r#"["207"]"#, r#"["207*"]"#, "[207]", "207", r#""207""#, r#"["2040","1204","20"]"#] {
        let mut talk = Talk::online("PBX/70.1", keys);
        assert_eq!(talk.calls(&call("connected", hers)), ["calls"], "{hers}");
    }
}

#[test]
fn where_no_list_tells_who_takes_part_a_call_stays() {
    for nothing in ["[]", "null", r#""""#, r#"[""]"#, "true", r#"{"207":1}"#, r#"["207",["208"]]"#, r#"[{"account":"207"}]"#] {
        let mut talk = Talk::online("PBX/70.1", &[]);
        talk.calls(&call("alerting", r#"["204","207"]"#));
        let said = talk.calls(&call("connected", nothing));
        assert_eq!(said, ["calls 9 Connected from +4930555001 via 700"], "{nothing}");
    }
    let mut talk = Talk::online("PBX/70.1", &[]);
    // A list of the one who calls says nothing about who is called.
    let call = r#"{"id":9,"from-number":"207","to-number":"204","state":"connected","extension":["207"]}"#;
    assert_eq!(talk.calls(call), ["calls 9 Connected from 207"]);
}

#[test]
fn a_user_who_is_listed_under_another_number_keeps_their_calls() {
    // Signed in with an alias; the lists name the extension behind it.
    let mut talk = Talk::online("PBX/70.1", &[]);
    assert_eq!(talk.calls(&call("alerting", r#"["311"]"#)), ["calls 9 Ringing from +4930555001 via 700"]);
    assert_eq!(talk.calls(&call("connected", r#"["311"]"#)), ["calls 9 Connected from +4930555001 via 700"]);
    // Signed in with a mail address, and a call runs already.
    let mut config = account(&[]);
    config.user = Some("tom".to_owned());
    let mut talk = Talk::new(config);
    talk.sign_in("PBX/70.1");
    talk.go_live();
    assert_eq!(talk.calls(&call("connected", r#"["204"]"#)), ["calls 9 Connected from +4930555001 via 700"]);
}

#[test]
fn a_call_of_ours_that_was_handed_on_is_over() {
    for (from, to, far) in [("204", "+4930555001", "to"), ("+4930555001", "204", "from")] {
        let mut talk = Talk::online("PBX/70.1", &[]);
        let call = |extensions: &str| {
            format!(r#"{{"id":9,"from-number":"{from}","to-number":"{to}","state":"connected","extension":{extensions}}}"#)
        };
        assert_eq!(talk.calls(&call(r#"["204"]"#)), [format!("calls 9 Connected {far} +4930555001")]);
        // Consulting a colleague names both.
        assert_eq!(talk.calls(&call(r#"["204","207"]"#)), [format!("calls 9 Connected {far} +4930555001")]);
        assert_eq!(talk.calls(&call(r#"["207"]"#)), ["calls"], "{far}");
    }
    // A call that this user began, in a list that names only who is called.
    let mut talk = Talk::online("PBX/70.1", &[]);
    let call = r#"{"id":9,"from-number":"204","to-number":"700","state":"connected","extension":["207"]}"#;
    assert_eq!(talk.calls(call), ["calls 9 Connected to 700"]);
}
