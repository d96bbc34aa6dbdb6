//! Whatever people and clients do in whatever order, what is told makes one story.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const PHONES: [&str; 6] = ["100", "100-2", "101", "102", "103", "205"];

/// Does one thing, mostly at a place where something can be done.
async fn something(pbx: &FakeAsterisk, client: &mut Client, random: &mut fastrand::Rng, turn: u32) {
    let legs: Vec<_> = pbx.look(|state| state.legs().cloned().collect());
    let phone = PHONES[random.usize(..PHONES.len())];
    let visible: Vec<_> = legs.iter().filter(|leg| !leg.name.starts_with("Local/")).collect();
    let leg = random.choice(visible).cloned();
    let number = ["101", "102", "103", "8123", "9123", "70", "71", "**100", "**103", "*78", "600", "030555", "700"];
    let number = number[random.usize(..number.len())];
    let own = legs.iter().find(|leg| leg.phone() == Some("100") && leg.state == LegState::Up).map(|leg| leg.id.clone());
    match (random.u8(..17), leg, own) {
        (0, _, _) => drop(pbx.ring(["101", "102", MARA][random.usize(..3)], "", ["100", "103", "700"][random.usize(..3)])),
        (1, _, _) => drop(pbx.dial_at_phone(phone, number)),
        (2..=4, Some(leg), _) => drop(leg.phone().map(|phone| pbx.answer(leg.call, phone))),
        (5, Some(leg), _) => drop(leg.phone().map(|phone| pbx.decline(leg.call, phone))),
        (6, Some(leg), _) => drop(pbx.hang_up_far(leg.call)),
        (7, Some(leg), _) => drop(leg.phone().map(|phone| pbx.hold_at_phone(leg.call, phone))),
        (8, Some(leg), _) => drop(leg.phone().map(|phone| pbx.resume_at_phone(leg.call, phone))),
        (9, Some(leg), _) => drop(leg.phone().map(|phone| pbx.blind_transfer_at_phone(leg.call, phone, number))),
        (10, Some(leg), _) => drop(pbx.ring_out(leg.call)),
        (11, _, _) => drop(dial(client, number, &format!("tp-{turn}")).await),
        (12 | 13, _, Some(own)) => {
            client.answer("Atxfer", &[("Channel", &own), ("Context", "from-internal"), ("Exten", number)]).await;
        }
        (14, _, Some(own)) => drop(client.answer("CancelAtxfer", &[("Channel", &own)]).await),
        (15, Some(leg), _) => {
            client.answer("Park", &[("Channel", &leg.id), ("TimeoutChannel", &leg.name)]).await;
        }
        (16, Some(leg), Some(own)) => drop(client.answer("Bridge", &[("Channel1", &own), ("Channel2", &leg.id)]).await),
        (_, _, _) => drop(pbx.pick_up(phone, "100")),
    }
}

/// What a client knows that believes every event.
#[derive(Default)]
struct Story {
    channels: BTreeMap<String, String>,
    bridges: BTreeMap<String, BTreeSet<String>>,
    ended: BTreeSet<String>,
}

impl Story {
    fn hears(&mut self, packet: &Packet) {
        let id = packet.get("Uniqueid").to_owned();
        let bridge = packet.get("BridgeUniqueid").to_owned();
        match packet.get("Event") {
            "Newchannel" => {
                let state = packet.get("ChannelStateDesc").to_owned();
                assert!(self.channels.insert(id.clone(), state).is_none() && !self.ended.contains(&id), "{id} is born twice");
            }
            "Newstate" => {
                assert!(self.channels.insert(id.clone(), packet.get("ChannelStateDesc").to_owned()).is_some(), "{id} is unknown");
            }
            "Hangup" => {
                assert!(self.channels.remove(&id).is_some(), "{id} ends twice");
                self.ended.insert(id);
            }
            "BridgeEnter" => {
                assert!(self.bridges.entry(bridge).or_default().insert(id.clone()), "{id} enters twice");
            }
            "BridgeLeave" => {
                let members = self.bridges.get_mut(&bridge).unwrap_or_else(|| panic!("nobody was in {bridge}"));
                assert!(members.remove(&id), "{id} leaves what it was not in");
            }
            _ => {}
        }
    }

    fn agrees(&self, listed: &[Packet]) {
        let known: BTreeMap<&str, &str> = listed.iter().map(|it| (it.get("Uniqueid"), it.get("ChannelStateDesc"))).collect();
        let told: BTreeMap<&str, &str> = self.channels.iter().map(|(id, state)| (id.as_str(), state.as_str())).collect();
        assert_eq!(told, known);
        for item in listed {
            let bridge = self
                .bridges
                .iter()
                .find(|(_, members)| members.contains(item.get("Uniqueid")))
                .map(|(bridge, _)| bridge.as_str());
            assert_eq!(bridge.unwrap_or_default(), item.get("BridgeId"), "{}", item.get("Channel"));
        }
    }
}

#[tokio::test]
async fn the_story_of_any_doing_is_whole() {
    for seed in 0..16 {
        let options = Options::new(Release::V22).extension(Extension::new("100", "Alice Example").two_phones()).with(|options| {
            options.seed = (seed % 2 == 0).then_some(seed);
            options.pace = 0.01;
        });
        let (pbx, mut client) = desk(options).await;
        let mut watcher = sign_in(&pbx, "tray204", SECRET).await;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut story = Story::default();
        for turn in 0..60 {
            something(&pbx, &mut client, &mut random, turn).await;
            watcher.told().await.iter().for_each(|packet| story.hears(packet));
        }
        client.told().await;
        let all_over = async {
            while pbx.look(|state| state.legs().count()) > 0 {
                for leg in pbx.look(|state| state.legs().cloned().collect::<Vec<_>>()) {
                    if let Some(phone) = leg.phone() {
                        pbx.hang_up(leg.call, phone);
                    }
                    pbx.hang_up_far(leg.call);
                }
                watcher.told().await.iter().for_each(|packet| story.hears(packet));
                let id = watcher.ask("CoreShowChannels", &[]).await;
                let mut seen = watcher.until(|packet| packet.get("EventList") == "Complete").await;
                seen.retain(|packet| packet.has("Event"));
                let (listed, told): (Vec<_>, Vec<_>) = seen.into_iter().partition(|packet| packet.get("ActionID") == id);
                told.iter().for_each(|packet| story.hears(packet));
                let listed: Vec<Packet> = listed.into_iter().filter(|it| it.get("Event") == "CoreShowChannel").collect();
                // Something may have happened in the middle of the list; then it says nothing.
                if told.is_empty() && watcher.buffer.is_empty() {
                    story.agrees(&listed);
                }
            }
        };
        let over = tokio::time::timeout(SOON, all_over).await;
        let left: Vec<_> =
            pbx.look(|state| state.legs().map(|leg| format!("{} {:?} {}", leg.name, leg.state, leg.application)).collect());
        assert!(over.is_ok(), "seed {seed} leaves {left:?}");
        watcher.told().await.iter().for_each(|packet| story.hears(packet));
        assert!(story.channels.is_empty(), "seed {seed}: {:?}", story.channels);
        assert!(story.bridges.values().all(BTreeSet::is_empty), "seed {seed}: {:?}", story.bridges);
        assert!(pbx.look(|state| state.nothing_is_left()), "seed {seed} leaves something inside");
    }
}
