//! Each command has one end, whatever the server says, and in whatever order.

use std::collections::{HashMap, HashSet};

use phone_core::request::OwnPresence;
use phone_core::told::{Command, RequestId, Told};
use proptest::prelude::*;

use super::replay::{connected_at_the_beginning, packets};
use super::talk::Talk;
use crate::dialect::Input;
use crate::open::MOST;

#[derive(Clone, Debug)]
enum Step {
    /// Which command, and about which call.
    Command(usize, usize),
    /// An answer to one of the actions that have none.
    Answer(usize, usize),
    /// How a call went that the server was told to begin.
    Originated(usize, bool),
    /// A packet of a recording.
    Packet(usize),
    /// What the server tells of a transfer or a parking, about our leg or that of the other side.
    Handed(usize, bool),
    Wait(u64),
    /// How many requests ago.
    Expired(u64),
}

const ANSWERS: &[&str] = &[
    "Response: Success",
    "Response: Success\r\nValue: 1",
    "Response: Success\r\nVariable: X\r\nValue: ",
    "Response: Success\r\nValue: Dial",
    "Response: Error\r\nMessage: No such channel",
    "Response: Error\r\nMessage: Permission denied",
    "Response: Error\r\nMessage: Database entry not found",
];

const HANDED: &[&str] = &[
    "Event: BlindTransfer\r\nResult: ?\r\nTransfererUniqueid: @",
    "Event: AttendedTransfer\r\nResult: ?\r\nOrigTransfererUniqueid: @\r\nSecondTransfererUniqueid: @",
    "Event: ParkedCall\r\nParkeeUniqueid: @\r\nParkingSpace: 701",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0usize..12, 0usize..3).prop_map(|(what, which)| Step::Command(what, which)),
        8 => (0usize..4, 0..ANSWERS.len()).prop_map(|(which, answer)| Step::Answer(which, answer)),
        2 => (0usize..3, any::<bool>()).prop_map(|(which, well)| Step::Originated(which, well)),
        6 => (0usize..200).prop_map(Step::Packet),
        3 => (0..HANDED.len(), any::<bool>()).prop_map(|(which, well)| Step::Handed(which, well)),
        4 => (0u64..5_000).prop_map(Step::Wait),
        1 => (0u64..6).prop_map(Step::Expired),
    ]
}

fn command(what: usize, request: RequestId, key: &str, other: &str) -> Command {
    let (key, other) = (key.to_owned(), other.to_owned());
    let to = "102".to_owned();
    match what {
        0 => Command::Dial { request, to },
        1 => Command::Answer { request, key },
        2 => Command::HangUp { request, key },
        3 => Command::Hold { request, key },
        4 => Command::Resume { request, key },
        5 => Command::Dtmf { request, key, digits: "1,2".to_owned() },
        6 => Command::TransferTo { request, key, to },
        7 => Command::TransferJoin { request, key, other },
        8 => Command::Consult { request, key, to },
        9 => Command::Park { request, key },
        10 => Command::PickUp { request, from: to },
        _ => Command::SetPresence { request, presence: OwnPresence::Dnd, until: None, note: None },
    }
}

fn ended(told: &Told) -> Option<RequestId> {
    if let Told::Confirmed(request) | Told::Parked { request, .. } | Told::Refused(request, _) | Told::Unclear(request) = told {
        Some(*request)
    } else {
        None
    }
}

/// The calls show what becomes of some commands, and nobody has to say it.
fn is_shown(talk: &Talk, command: &Command) -> bool {
    let gone = command.key().is_some_and(|key| talk.dialect.calls.find(key).is_none());
    let begins = matches!(command, Command::Dial { .. } | Command::PickUp { .. });
    gone || (begins && talk.dialect.calls.has_call_of(command.request())) || matches!(command, Command::Answer { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_command_gets_one_word_or_the_calls_show_its_end(
        all in any::<bool>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let keys: &[(&str, &str)] =
            if all { &[("ring", "local"), ("answer", "redirect")] } else { &[("answer", "notify-endpoint"), ("hold", "notify")] };
        let mut talk = Talk::online_with(keys, &connected_at_the_beginning("hold_resume"));
        let recording: Vec<String> = ["incoming_two_phones", "hold_resume"].into_iter().flat_map(packets).collect();
        let mut sent: HashMap<RequestId, Command> = HashMap::new();
        let mut silent: HashSet<RequestId> = HashSet::new();
        for step in &steps {
            match step {
                Step::Command(what, which) if sent.len() < MOST => {
                    let keys: Vec<String> = talk.calls().iter().map(|call| call.key.clone()).collect();
                    let key = |index: usize| keys.get(index % keys.len().max(1)).map_or("gone", String::as_str);
                    let request = sent.len() as RequestId + 1;
                    let command = command(*what, request, key(*which), key(*which + 1));
                    talk.command(&command);
                    sent.insert(request, command);
                }
                Step::Command(..) => {}
                Step::Answer(which, answer) => {
                    if let Some((_, name, _)) = talk.asked.get(*which).cloned() {
                        talk.answer(&name, ANSWERS[*answer]);
                    }
                }
                Step::Originated(which, well) => {
                    let id = talk.sent("Originate").iter().rev().nth(*which).map(|text| {
                        super::super::packet::Packet::read(text).action_id().expect("a number")
                    });
                    if let Some(id) = id {
                        let how = if *well { "Success" } else { "Failure" };
                        talk.bytes(&format!("Event: OriginateResponse\r\nActionID: {id}\r\nResponse: {how}\r\nReason: 3\r\n\r\n"));
                    }
                }
                Step::Packet(index) => _ = talk.text(&recording[index % recording.len()].clone()),
                Step::Handed(which, well) => {
                    let legs: Vec<String> = talk.dialect.channels.own().into_iter().map(|(id, _)| id.clone()).collect();
                    for id in legs.iter().flat_map(|leg| [Some(leg.as_str()), talk.dialect.channels.peer(leg)]).flatten().map(str::to_owned).collect::<Vec<_>>() {
                        let text = HANDED[*which].replace('@', &id).replace('?', if *well { "Success" } else { "Fail" });
                        talk.bytes(&format!("{text}\r\n\r\n"));
                    }
                }
                Step::Wait(millis) => _ = talk.wait_ms(*millis),
                Step::Expired(ago) => {
                    let request = (sent.len() as RequestId).saturating_sub(*ago);
                    talk.feed(Input::Expired(request));
                    silent.insert(request);
                }
            }
            let mut words: HashMap<RequestId, usize> = HashMap::new();
            for request in talk.told.iter().filter_map(ended) {
                *words.entry(request).or_default() += 1;
            }
            for (request, command) in &sent {
                let told = words.get(request).copied().unwrap_or_default();
                prop_assert!(told <= 1, "{:?} ended {} times: {:?}", command, told, talk.said);
                if is_shown(&talk, command) {
                    silent.insert(*request);
                }
                let is_open = talk.dialect.open.has(*request);
                prop_assert!(!(is_open && told == 1), "{:?} goes on after its end", command);
                prop_assert!(is_open || told == 1 || silent.contains(request), "{:?} got lost: {:?}", command, talk.said);
            }
        }
        talk.feed(Input::Stop);
        prop_assert_eq!(talk.dialect.open.iter().count(), 0, "nothing outlives its link");
    }
}
