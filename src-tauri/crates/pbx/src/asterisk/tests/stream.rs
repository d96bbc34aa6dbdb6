//! The byte stream: cut anywhere, hostile, or not of this kind at all.

use phone_core::Reason;
use proptest::prelude::*;

use super::super::framing::{MOST_BYTES, Packets};
use super::super::packet::{Action, Packet, event_name};
use super::replay::packets;
use super::talk::{Talk, recorded};
use crate::dialect::Framing;

const GREETING: &str = "Asterisk Call Manager/11.0.0\r\n";

fn frames(pieces: &[&[u8]]) -> (Vec<String>, Result<(), Reason>) {
    let mut framing = Packets::default();
    let mut frames = vec![];
    for piece in pieces {
        if let Err(reason) = framing.push(piece, &mut |frame| frames.push(frame)) {
            return (frames, Err(reason));
        }
    }
    (frames, Ok(()))
}

#[test]
fn a_stream_gives_the_same_packets_wherever_it_is_cut() {
    let stream = format!("{GREETING}{}", recorded("park_and_pick_up"));
    let bytes = &stream.as_bytes()[..6_000];
    let (whole, _) = frames(&[bytes]);
    assert_eq!(whole.first().map(String::as_str), Some(GREETING.trim_end()));
    assert!(whole.len() > 8, "{}", whole.len());
    for cut in 0..bytes.len() {
        assert_eq!(frames(&[&bytes[..cut], &bytes[cut..]]).0, whole, "cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(frames(&single).0, whole);
}

#[test]
fn a_line_feed_inside_of_a_message_ends_nothing() {
    let stream = format!("{GREETING}Response: Success\r\nActionID: 7\r\nMessage: Park successful\n\r\n\r\nEvent: A\r\n\r\n");
    let (frames, _) = frames(&[stream.as_bytes()]);
    assert_eq!(
        frames,
        ["Asterisk Call Manager/11.0.0", "Response: Success\r\nActionID: 7\r\nMessage: Park successful\n", "Event: A"]
    );
    assert_eq!(Packet::read(&frames[1]).message(), "Park successful");
}

#[test]
fn a_packet_without_an_end_ends_the_stream() {
    let long = "x".repeat(MOST_BYTES + 1);
    assert_eq!(frames(&[GREETING.as_bytes(), long.as_bytes()]).1, Err(Reason::MessageTooLong));
    assert_eq!(frames(&[long.as_bytes()]).1, Err(Reason::NotAPbx));
    assert!(frames(&[GREETING.as_bytes(), &long.as_bytes()[..MOST_BYTES]]).1.is_ok());
}

#[test]
fn an_event_is_one_even_with_a_response_in_it() {
    let text = "Event: OriginateResponse\r\nActionID: 7\r\nResponse: Failure";
    assert_eq!(event_name(text), Some("OriginateResponse"));
    assert_eq!(event_name("Response: Success\r\nActionID: 7"), None);
}

#[test]
fn nothing_that_is_sent_can_begin_another_line() {
    let text = Action::new("Originate", 7).with("Exten", "101\r\nAction: Hangup\r\nChannel: /./").text();
    assert_eq!(text, "Action: Originate\r\nActionID: 7\r\nExten: 101Action: HangupChannel: /./\r\n\r\n");
}

#[test]
fn a_name_that_nobody_knows_is_none() {
    let packet = Packet::read("CallerIDNum: <unknown>\r\nCallerIDName: \r\nConnectedLineNum:101\r\nno colon\r\nExten");
    assert_eq!(packet.party("", "CallerID"), Some(phone_core::Party::default()));
    assert_eq!(packet.party("", "ConnectedLine"), Some(phone_core::Party::number("101")));
    assert_eq!(packet.party("Dest", "CallerID"), None);
}

/// Some lines of a packet, put together anew.
fn mixed() -> impl Strategy<Value = String> {
    let lines: Vec<String> =
        ["attended_completed", "incoming_two_phones", "park_and_pick_up", "click_to_dial_local", "sync_idle"]
            .iter()
            .flat_map(|name| packets(name))
            .flat_map(|packet| packet.split("\r\n").map(str::to_owned).collect::<Vec<_>>())
            .collect();
    let line = prop_oneof![12 => prop::sample::select(lines), 1 => ".{0,60}", 1 => "(ActionID|Uniqueid|Cause|BridgeNumChannels|Status): [0-9]{0,40}"];
    prop::collection::vec(line, 0..24).prop_map(|lines| lines.join("\r\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_packet_whatever_is_in_it_ends_the_link_or_the_agent(packets in prop::collection::vec(mixed(), 1..40)) {
        let mut talk = Talk::online(&[("ring", "local"), ("answer", "notify")]);
        talk.dial(7, "101");
        for packet in &packets {
            talk.text(packet);
        }
        talk.wait_ms(20_000);
        prop_assert!(talk.said.iter().all(|said| !said.starts_with("failed")));
        prop_assert_eq!(talk.sent("Originate").len(), 1);
    }

    #[test]
    fn no_bytes_make_the_stream_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let (_, _) = frames(&pieces);
    }
}
