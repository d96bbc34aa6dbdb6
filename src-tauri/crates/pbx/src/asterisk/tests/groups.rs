//! Queues, groups and other plumbing that call the own phone in place of somebody: whose call it is, and whom it may cost.

use phone_core::told::Command;

use super::replay::packets;
use super::talk::Talk;

const ANSWERS: &[(&str, &str)] = &[("answer", "redirect")];

/// A channel as packets show it: name, id, link id, state, own number, that of the other side, exten.
struct Shown<'a>(&'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

impl Shown<'_> {
    fn in_group(&self, group: &str, state: &str) -> String {
        let Self(name, id, linked, number, connected, exten) = self;
        format!(
            "{group}Channel: {name}\r\n{group}ChannelStateDesc: {state}\r\n{group}CallerIDNum: {number}\r\n\
             {group}ConnectedLineNum: {connected}\r\n{group}Exten: {exten}\r\n{group}Uniqueid: {id}\r\n{group}Linkedid: {linked}\r\n"
        )
    }

    fn is(&self, state: &str) -> String {
        self.in_group("", state)
    }

    fn dest(&self, state: &str) -> String {
        self.in_group("Dest", state)
    }
}

fn event(name: &str, body: &str) -> String {
    format!("Event: {name}\r\nPrivilege: call,all\r\n{body}\r\n")
}

/// What the filter of events lets through that administrators are told of.
fn passes(text: &str) -> bool {
    let others = ["ExtensionStatus", "DeviceStateChange", "Presence", "OriginateResponse", "FullyBooted", "ParkedCall"];
    text.contains("PJSIP/100-") || others.iter().any(|event| text.starts_with(&format!("Event: {event}")))
}

/// A caller, a queue that calls its member by a channel of its own, and the own phone.
fn queue_rings(talk: &mut Talk, caller: &str, number: &str) -> Vec<String> {
    let caller = Shown(caller, "q.0", "q.0", number, "<unknown>", "600");
    let near = Shown("Local/100@from-queue-00000003;1", "q.1", "q.0", "600", number, "100");
    let far = Shown("Local/100@from-queue-00000003;2", "q.2", "q.0", number, "600", "100");
    let own = Shown("PJSIP/100-00000004", "q.3", "q.0", "100", number, "s");
    let halves = format!("{}{}", near.in_group("LocalOne", "Down"), far.in_group("LocalTwo", "Ring"));
    let texts = [
        event("Newchannel", &caller.is("Ring")),
        event("Newstate", &caller.is("Up")),
        event("Newchannel", &near.is("Down")),
        event("Newchannel", &far.is("Ring")),
        event("LocalBridge", &halves),
        event("DialBegin", &format!("{}{}DialString: Local/100@from-queue/n\r\n", caller.is("Up"), near.dest("Down"))),
        event("Newchannel", &own.is("Down")),
        event("NewConnectedLine", &own.is("Down")),
        event("DialBegin", &format!("{}{}DialString: 100\r\n", far.is("Ring"), own.dest("Down"))),
        event("Newstate", &own.is("Ringing")),
        event("Newstate", &near.is("Ringing")),
    ];
    texts.iter().flat_map(|text| talk.bytes(text)).collect()
}

fn rings(said: &[String]) -> bool {
    said.iter().any(|line| line.contains("Ringing from"))
}

#[test]
fn whoever_waits_in_a_queue_calls_also_without_a_number_or_with_the_own_one() {
    for (caller, number) in [("trunk", "+4930555001"), ("trunk", "<unknown>"), ("trunk", ""), ("99100", "100")] {
        let mut talk = Talk::online(&[]);
        let said = queue_rings(&mut talk, &format!("PJSIP/{caller}-00000001"), number);
        assert!(rings(&said), "{number}: {said:?}");
        let key = talk.calls()[0].key.clone();
        talk.command(&Command::HangUp { request: 7, key });
        let sent = talk.sent("Hangup");
        assert!(!sent.is_empty() && sent.iter().all(|text| text.contains("Channel: q.3\r\n")), "only the own leg: {sent:?}");
    }
}

#[test]
fn declining_never_ends_a_caller_who_was_taken_for_plumbing() {
    // The filter leaves out that the caller waits in a queue.
    let mut talk = Talk::online(&[]);
    let far = Shown("Local/100@from-queue-00000003;2", "q.2", "q.0", "100", "600", "100");
    let own = Shown("PJSIP/100-00000004", "q.3", "q.0", "100", "100", "s");
    talk.bytes(&event("Newchannel", &own.is("Down")));
    talk.bytes(&event("DialBegin", &format!("{}{}DialString: 100\r\n", far.is("Ring"), own.dest("Down"))));
    talk.bytes(&event("Newstate", &own.is("Ringing")));
    let key = talk.calls()[0].key.clone();
    talk.command(&Command::HangUp { request: 7, key });
    let sent = talk.sent("Hangup");
    assert!(!sent.is_empty() && sent.iter().all(|text| text.contains("Channel: q.3\r\n")), "{sent:?}");
}

#[test]
fn a_call_of_the_pbx_itself_that_shows_no_number_comes_in() {
    // A wake-up call: somebody let the PBX call the own number, to play something.
    let mut talk = Talk::online(&[]);
    let near = Shown("Local/100@from-internal-00000003;1", "q.1", "q.1", "<unknown>", "<unknown>", "100");
    let far = Shown("Local/100@from-internal-00000003;2", "q.2", "q.1", "<unknown>", "<unknown>", "100");
    let own = Shown("PJSIP/100-00000004", "q.3", "q.1", "100", "<unknown>", "s");
    let texts = [
        event("Newchannel", &near.is("Down")),
        event("Newchannel", &far.is("Ring")),
        event("DialBegin", &format!("{}DialString: 100@from-internal\r\n", near.dest("Down"))),
        event("Newchannel", &own.is("Down")),
        event("DialBegin", &format!("{}{}DialString: 100\r\n", far.is("Ring"), own.dest("Down"))),
        event("Newstate", &own.is("Ringing")),
    ];
    let said: Vec<String> = texts.iter().flat_map(|text| talk.bytes(text)).collect();
    assert!(rings(&said), "{said:?}");
}

/// Answers what is asked before a redirect; the list shows these channels. Gives the redirects and what was said.
fn answers(talk: &mut Talk, listed: &str) -> (usize, Vec<String>) {
    let key = talk.calls()[0].key.clone();
    let mut said = talk.command(&Command::Answer { request: 7, key });
    while talk.asked.iter().any(|(_, name, _)| name == "Getvar") {
        said.extend(talk.answer_as_usual("Getvar"));
    }
    for (name, item, end) in
        [("CoreShowChannels", "CoreShowChannel", "CoreShowChannelsComplete"), ("Status", "Status", "StatusComplete")]
    {
        if talk.asked.iter().any(|(_, asked, _)| asked == name) {
            let (id, _) = talk.take(name);
            said.extend(talk.bytes(&format!("Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n")));
            for one in listed.split("\r\n\r\n").filter(|one| !one.is_empty()) {
                said.extend(talk.bytes(&format!("Event: {item}\r\nActionID: {id}\r\n{one}\r\n\r\n")));
            }
            said.extend(talk.bytes(&format!("Event: {end}\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n")));
        }
    }
    (talk.sent("Redirect").len(), said)
}

#[test]
fn a_caller_who_lets_others_ring_of_whom_no_event_tells_stays_with_them() {
    let caller = Shown("PJSIP/trunk-00000001", "q.0", "q.0", "+4930555001", "<unknown>", "600");
    let other = Shown("PJSIP/105-00000005", "q.4", "q.0", "105", "+4930555001", "s");
    let own = Shown("PJSIP/100-00000004", "q.3", "q.0", "100", "+4930555001", "s");
    let stranger = Shown("PJSIP/107-00000009", "z.1", "z.0", "107", "108", "s");
    let dials = |called: &Shown<'_>| event("DialBegin", &format!("{}{}", caller.is("Ring"), called.dest("Down")));
    let born = |channel: &Shown<'_>| event("Newchannel", &channel.is("Down"));
    let (dials_other, dials_own, other_born, own_born) = (dials(&other), dials(&own), born(&other), born(&own));
    let caller_born = event("Newchannel", &caller.is("Ring"));
    let own_rings = event("Newstate", &own.is("Ringing"));
    let ring_alone = |talk: &mut Talk| {
        for text in [&caller_born, &own_born, &dials_own, &own_rings] {
            talk.bytes(text);
        }
    };
    for state in ["Down", "Ringing"] {
        let list = [caller.is("Ring"), own.is("Ringing"), other.is(state)].join("\r\n");
        // With a filter nothing is told of the other phone; or its dial was told before anybody knew whose it is.
        let all = [&caller_born, &other_born, &own_born, &dials_other, &dials_own, &own_rings];
        let filtered: Vec<&String> = all.into_iter().filter(|text| passes(text)).collect();
        let early = vec![&caller_born, &other_born, &dials_other, &own_born, &dials_own, &own_rings];
        for texts in [filtered, early] {
            let mut talk = Talk::online(ANSWERS);
            for text in texts {
                talk.bytes(text);
            }
            let (redirects, said) = answers(&mut talk, &list);
            assert_eq!(redirects, 0, "{state}");
            assert!(said.iter().any(|line| line.starts_with("Refused(7, NotNow")), "{said:?}");
        }
    }
    // Who calls the own phone alone is taken, whatever others do.
    let mut talk = Talk::online(ANSWERS);
    ring_alone(&mut talk);
    let list = [caller.is("Ring"), own.is("Ringing"), stranger.is("Ringing")].join("\r\n");
    assert_eq!(answers(&mut talk, &list).0, 1);
    // Without the right to the one list there is another.
    let mut talk = Talk::online(ANSWERS);
    talk.dialect.allowed.remove("CoreShowChannels");
    ring_alone(&mut talk);
    assert_eq!(answers(&mut talk, &[caller.is("Ring"), other.is("Ringing")].join("\r\n")).0, 0);
    assert_eq!((talk.sent("Status").len(), talk.sent("Redirect").len()), (1, 0));
    // Whoever may not be asked about is not taken.
    let mut talk = Talk::online(ANSWERS);
    ring_alone(&mut talk);
    let key = talk.calls()[0].key.clone();
    talk.command(&Command::Answer { request: 7, key });
    talk.answer_as_usual("Getvar");
    talk.answer_as_usual("Getvar");
    let said = talk.answer("CoreShowChannels", "Response: Error\r\nMessage: Permission denied");
    assert!(said[0].starts_with("Refused(7, "), "{said:?}");
    assert!(talk.sent("Redirect").is_empty());
}

#[test]
fn with_a_filter_of_events_a_group_keeps_its_caller() {
    let mut talk = Talk::online(ANSWERS);
    let rings = |text: &&String| !text.contains("ChannelState: 6") && !text.contains("DialStatus: CANCEL");
    for text in packets("group_answered").iter().take_while(rings).filter(|text| passes(text)) {
        talk.text(text);
    }
    assert_eq!(answers(&mut talk, "").0, 0);
}

#[test]
fn with_a_filter_of_events_nothing_is_kept_of_calls_that_are_over() {
    let mut talk = Talk::online(&[]);
    for n in 0..300 {
        let (far, own) = (format!("Local/100@from-queue-{n:08x};2"), format!("PJSIP/100-{n:08x}"));
        let (far_id, own_id, linked) = (format!("l.{n}"), format!("o.{n}"), format!("q.{n}"));
        let far = Shown(&far, &far_id, &linked, "+4930555001", "600", "100");
        let own = Shown(&own, &own_id, &linked, "100", "+4930555001", "s");
        let texts = [
            event("Newchannel", &own.is("Down")),
            event("DialBegin", &format!("{}{}DialString: 100\r\n", far.is("Ring"), own.dest("Down"))),
            event("Newstate", &own.is("Ringing")),
            event("DialEnd", &format!("{}{}DialStatus: CANCEL\r\n", far.is("Ring"), own.dest("Ringing"))),
            event("Hangup", &format!("{}Cause: 26\r\n", own.is("Ringing"))),
            event("Hangup", &format!("{}Cause: 0\r\n", far.is("Ring"))),
        ];
        for text in texts.iter().filter(|text| passes(text)) {
            talk.bytes(text);
        }
    }
    assert!(talk.dialect.channels.len() < 5, "{} channels are kept", talk.dialect.channels.len());
}

#[test]
fn another_program_that_dials_with_an_own_outside_number_is_no_call_that_comes_in() {
    let near = Shown("Local/100@from-internal-00000003;1", "q.1", "q.1", "+4930555100", "+4930555100", "100");
    let far = Shown("Local/100@from-internal-00000003;2", "q.2", "q.1", "+4930555100", "+4930555100", "100");
    let own = Shown("PJSIP/100-00000004", "q.3", "q.1", "100", "+4930555100", "s");
    for (keys, comes_in) in [(&[] as &[(&str, &str)], true), (&[("own_numbers", "+4930555100")], false)] {
        let mut talk = Talk::online(keys);
        let texts = [
            event("Newchannel", &near.is("Down")),
            event("Newchannel", &far.is("Ring")),
            event("Newchannel", &own.is("Down")),
            event("DialBegin", &format!("{}{}DialString: 100\r\n", far.is("Ring"), own.dest("Down"))),
            event("Newstate", &own.is("Ringing")),
        ];
        let said: Vec<String> = texts.iter().flat_map(|text| talk.bytes(text)).collect();
        assert_eq!(rings(&said), comes_in, "{said:?}");
    }
}
