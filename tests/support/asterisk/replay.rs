//! Calls of other people as a real server told them, each with names, numbers and ids of its own, as many as wanted.
//!
//! This is what a busy PBX costs a client: every packet of the class `call`, in the order and the three bursts of the
//! recording, and each packet in a write of its own, as the real server writes them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::FakeAsterisk;
use super::state::{Outgoing, Pbx};

/// 101 calls 102, who answers; 101 hangs up.
const RECORDED: &str = include_str!("../../../src-tauri/crates/pbx/src/asterisk/tests/recorded/colleagues.ami");
/// What stands in the recording for one call only, in the order in which it is replaced: an id may hold a number.
const OF_ONE_CALL: [&str; 9] = [
    "133b0569-c450-43fc-b39d-3de102a2a342",
    "tp-1795290431.30",
    "tp-1795290431.31",
    "00000018",
    "00000019",
    "Bob Example",
    "Carol Example",
    "101",
    "102",
];
/// How long it rings, and how long they talk.
const LASTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// How much was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Calls.
    pub calls: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The recording in pieces: packets for the beginning, the answer and the end.
fn bursts() -> [Vec<&'static str>; 3] {
    let mut bursts = [const { Vec::new() }; 3];
    let mut now = 0;
    for packet in RECORDED.split_inclusive("\r\n\r\n") {
        let says = |line: &str| packet.split("\r\n").any(|other| other == line);
        if now == 0 && says("Event: Newstate") && says("ChannelStateDesc: Up") {
            now = 1;
        } else if now == 1 && says("Event: HangupRequest") {
            now = 2;
        }
        bursts[now].push(packet);
    }
    bursts
}

/// Puts what belongs to one call in the place of what belonged to the recorded one.
fn as_call(packet: &str, own: &[String; 9]) -> String {
    // Signs that occur in no packet keep what was put in from being replaced again.
    let marked = OF_ONE_CALL
        .iter()
        .enumerate()
        .fold(packet.to_owned(), |text, (index, old)| text.replace(old, &format!("\u{1}{index}\u{2}")));
    own.iter().enumerate().fold(marked, |text, (index, new)| text.replace(&format!("\u{1}{index}\u{2}"), new))
}

/// Ids and names of the next call.
fn next(pbx: &Pbx, people: &[(String, String)], turn: usize) -> [String; 9] {
    let [from, to] = [2 * turn, 2 * turn + 1].map(|index| &people[index % people.len()]);
    pbx.change(|state| {
        let (bridge, caller, called) = (state.bridge_id(), state.unique_id(), state.unique_id());
        let [caller_leg, called_leg] = [(); 2].map(|()| state.leg_name("").trim_start_matches('-').to_owned());
        [bridge, caller, called, caller_leg, called_leg, from.1.clone(), to.1.clone(), from.0.clone(), to.0.clone()]
    })
}

impl FakeAsterisk {
    /// Lets colleagues call each other for a while, as recorded; there should be some first. Returns when all have ended.
    pub async fn replay_others(&self, calls_per_minute: u32, time: Duration) -> Replayed {
        let people: Vec<(String, String)> = self.look(|state| {
            let others = state.extensions.values().filter(|it| it.number.starts_with('3') && it.number.len() == 4);
            others.map(|it| (it.number.clone(), it.name.clone())).collect()
        });
        let mut told = Replayed::default();
        if people.len() < 2 {
            return told;
        }
        let bursts = bursts();
        let apart = Duration::from_secs(60) / calls_per_minute.max(1);
        let (begin, mut turn) = (Instant::now(), 0_u32);
        // Those that ring and those that talk, each in the order in which that ends.
        let mut waiting: [VecDeque<(Instant, [String; 9])>; 2] = [const { VecDeque::new() }; 2];
        loop {
            let fresh = (apart * turn < time).then(|| begin + apart * turn);
            let [ringing, talking] = waiting.each_ref().map(|calls| calls.front().map(|(at, _)| *at));
            let next_at = [fresh, ringing, talking].into_iter().enumerate().filter_map(|(burst, at)| Some((at?, burst))).min();
            let Some((at, burst)) = next_at else { return told };
            sleep_until(at).await;
            let call = match burst.checked_sub(1) {
                None => {
                    turn += 1;
                    told.calls += 1;
                    next(&self.pbx, &people, told.calls as usize)
                }
                Some(before) => waiting[before].pop_front().map(|(_, call)| call).unwrap_or_default(),
            };
            for packet in &bursts[burst] {
                let text = as_call(packet, &call);
                told.packets += 1;
                told.bytes += text.len() as u64;
                self.tell_raw(text);
                // So that the connection writes it before the next one comes.
                tokio::task::yield_now().await;
            }
            if let Some(after) = LASTS.get(burst) {
                waiting[burst].push_back((at + *after, call));
            }
        }
    }

    fn tell_raw(&self, text: String) {
        self.pbx.note(|state| {
            let ids: Vec<u64> = state.sessions.iter().filter(|(_, it)| it.sees("call", "")).map(|(id, _)| *id).collect();
            for id in ids {
                state.queue(id, Outgoing::Raw(text.clone().into_bytes()));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_nothing_of_the_recorded_one() {
        let own =
            ["B", "tp-9.101", "tp-9.102", "0000aaaa", "0000bbbb", "Ina Eins", "Udo Zwei", "3001", "3002"].map(str::to_owned);
        let bursts = bursts();
        assert_eq!(bursts.each_ref().map(Vec::len), [12, 8, 12], "the beginning, the answer, the end");
        let all: String = bursts.iter().flatten().map(|packet| as_call(packet, &own)).collect();
        assert_eq!(all.matches("\r\n\r\n").count(), 32);
        for line in
            ["Uniqueid: tp-9.101", "DestChannel: PJSIP/3002-0000bbbb", "Hint: PJSIP/3001&Custom:DND3001,CustomPresence:3001"]
        {
            assert!(all.contains(&format!("{line}\r\n")), "{line} is missing");
        }
        for old in OF_ONE_CALL.iter().take(7) {
            assert!(!all.contains(old), "{old} is left");
        }
        assert!(!all.contains("PJSIP/101") && !all.contains(": 102\r\n"), "numbers are left");
    }
}
