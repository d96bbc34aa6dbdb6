//! Events of several channels overtake each other: any order that the server's stream allows ends the same.

use std::collections::{BTreeMap, BTreeSet};

use phone_core::Direction;
use phone_core::call::SeenState;
use phone_core::told::Told;
use proptest::prelude::*;

use super::super::packet::Packet;
use super::replay::{Replay, packets};
use super::scenes::{SCENES, Scene};

/// What the user has seen of one call when all is over.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    incoming: bool,
    connected: bool,
    outcome: Option<String>,
}

/// What the user has seen of all calls; what is left at the end.
fn summary(told: &[Told]) -> (BTreeMap<String, Seen>, usize) {
    let mut all: BTreeMap<String, Seen> = BTreeMap::new();
    let mut left = 0;
    for told in told {
        if let Told::Calls { calls, .. } = told {
            left = calls.len();
            for call in calls {
                let seen = all.entry(call.key.clone()).or_default();
                seen.incoming = call.direction == Direction::Incoming;
                seen.connected |= matches!(call.state, SeenState::Connected | SeenState::Held(_) | SeenState::Unknown);
            }
        }
        if let Told::Verdict { key, outcome } = told {
            all.entry(key.clone()).or_default().outcome = outcome.map(|outcome| format!("{outcome:?}"));
        }
    }
    (all, left)
}

/// The channels that a packet is about, and the bridge, which tells its events one after the other; an answer to an action is
/// about all.
fn about(text: &str) -> Option<BTreeSet<String>> {
    let packet = Packet::read(text);
    if packet.action_id().is_some() {
        return None;
    }
    Some(packet.lines().filter(|(key, _)| key.ends_with("Uniqueid")).map(|(_, value)| value.to_owned()).collect())
}

/// Draws an order in which no packet overtakes an earlier one about the same channel.
fn shuffled(name: &str, mut seed: u64) -> Vec<String> {
    let mut draw = move |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % most
    };
    let mut waiting: Vec<(String, Option<BTreeSet<String>>)> =
        packets(name).into_iter().map(|text| (text.clone(), about(&text))).collect();
    let mut order = vec![];
    while !waiting.is_empty() {
        let free = |at: usize| {
            waiting[..at].iter().all(|(_, earlier)| match (earlier, &waiting[at].1) {
                (Some(earlier), Some(later)) => earlier.is_disjoint(later),
                _ => false,
            })
        };
        let ready: Vec<usize> = (0..waiting.len().min(24)).filter(|at| free(*at)).collect();
        order.push(waiting.remove(ready[draw(ready.len())]).0);
    }
    order
}

fn seen_in(scene: &Scene, order: &[String]) -> (BTreeMap<String, Seen>, usize) {
    let mut replay = Replay::new(scene.talk(), scene.name, scene.steps);
    for text in order {
        replay.packet(text);
    }
    // Whatever waits for time to pass.
    replay.talk.wait_ms(10_000);
    summary(&replay.talk.told)
}

/// Only what happens by itself: what the user does depends on what is shown at that moment. One recording ends with a call
/// still there, and in one of them two legs follow each other that another order makes ring together.
fn by_itself() -> impl Iterator<Item = &'static Scene> {
    let other = |name: &str| ["second_call", "answer_by_redirect"].contains(&name);
    let alone = |scene: &&Scene| scene.steps.is_empty() || scene.name.starts_with("click_to_dial");
    SCENES.iter().filter(alone).filter(move |scene| !other(scene.name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_that_the_stream_allows_ends_the_same(seed in any::<u64>()) {
        for scene in by_itself() {
            let plain = seen_in(scene, &packets(scene.name));
            let other = seen_in(scene, &shuffled(scene.name, seed));
            prop_assert_eq!(other.1, 0, "{}: a ghost", scene.name);
            // Which of two phones is heard of first names the call.
            let (mut plain, mut other): (Vec<_>, Vec<_>) = (plain.0.into_values().collect(), other.0.into_values().collect());
            plain.sort();
            other.sort();
            prop_assert_eq!(&other, &plain, "{}", scene.name);
        }
    }
}
