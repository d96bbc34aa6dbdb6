//! Several calls of one number: a command goes to the leg that stands where our call stands, or nowhere.

use phone_core::told::Command;

use super::talk::Talk;

const POST: &str = "POST /rest/user/204%40tenant.example/calls [basic] ";

fn answer(key: &str) -> Command {
    Command::Answer { request: 7, key: key.to_owned() }
}

fn hang_up(key: &str) -> Command {
    Command::HangUp { request: 7, key: key.to_owned() }
}

fn same_caller(id: &str, word: &str) -> String {
    format!(r#"{{"id":"{id}","from-number":"0301111111","to-number":"204","state":"{word}"}}"#)
}

#[test]
fn a_leg_that_stands_elsewhere_is_another_call_of_the_same_number() {
    let talking = same_caller("x@pbx", "connected");
    let ringing = same_caller("x@pbx", "alerting");
    let both = format!("{talking},{}", same_caller("y@pbx", "alerting"));
    let silent = r#"{"id":"x@pbx","from-number":"0301111111","to-number":"204"}"#.to_owned();
    let nameless = r#"{"id":"x@pbx","state":"connected"}"#.to_owned();
    let two = format!("{},{}", same_caller("1", "connected"), same_caller("2", "alerting"));
    let twins = format!("{},{}", same_caller("1", "connected"), same_caller("2", "connected"));
    let (rings, talks) = (same_caller("2", "alerting"), same_caller("2", "connected"));
    let unclear = "refused 7 LegUnclear".to_owned();
    let sent = |body: &str| format!("{POST}{body}");
    for (calls, command, legs, said) in [
        (&two, hang_up("2"), &talking, unclear.clone()),
        (&two, answer("2"), &talking, unclear.clone()),
        (&two, hang_up("1"), &ringing, unclear.clone()),
        (&two, hang_up("1"), &talking, sent(r#"{"hangup":"x@pbx"}"#)),
        (&two, hang_up("2"), &both, sent(r#"{"reject":"y@pbx"}"#)),
        (&two, answer("2"), &both, sent(r#"{"remote-answer":"y@pbx"}"#)),
        // One leg that does not tell, and two of our calls that it could be.
        (&two, hang_up("2"), &silent, unclear.clone()),
        (&twins, hang_up("1"), &talking, unclear.clone()),
        (&rings, hang_up("2"), &talking, unclear.clone()),
        (&rings, hang_up("2"), &nameless, unclear),
        (&talks, hang_up("2"), &nameless, sent(r#"{"hangup":"x@pbx"}"#)),
    ] {
        for version in ["PBX/69.0", "PBX/70.1"] {
            let mut talk = Talk::online(version, &[]);
            talk.calls(calls);
            talk.command(&command);
            assert_eq!(talk.reply("calls", 200, &format!("[{legs}]")), [said.as_str()], "{version} {command:?} {legs}");
        }
    }
}

#[test]
fn a_leg_with_the_id_of_another_call_is_that_one() {
    let mut talk = Talk::online("PBX/70.1", &[]);
    talk.calls(&format!("{},{}", same_caller("1", "connected"), same_caller("2", "connected")));
    talk.command(&hang_up("2"));
    let legs = format!("[{},{}]", same_caller("1", "connected"), same_caller("x@pbx", "connected"));
    assert_eq!(talk.reply("calls", 200, &legs), [format!(r#"{POST}{{"hangup":"x@pbx"}}"#)]);
}
