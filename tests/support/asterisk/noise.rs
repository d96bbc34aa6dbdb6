//! Other people: strangers between the lines of a list, colleagues by the hundred, and a busy PBX (section 12, trap 19).

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::channel::{End, Ending, LegState, Party};
use super::options::Extension;
use super::packet::Packet;
use super::records::CallId;
use super::state::{Pbx, State};

/// Number of the first of the colleagues that loads need.
const FIRST: usize = 3000;

impl State {
    /// Lets somebody outside call and give up at once.
    pub(super) fn stranger(&mut self) {
        let name = self.leg_name("PJSIP/trunk");
        let id = self.incoming(name, End::Outside, CallId(0), Party::new("+4940555999", "<unknown>"), "s");
        self.becomes(&id, LegState::Busy);
        self.ends(&id, Ending::HUNG_UP);
        let packet =
            Packet::event("RTCPSent", "reporting").with("SSRC", "0x1f2e3d4c").with("PT", "200(SR)").with("SentPackets", "250");
        self.emit("rtcp", &[], "reporting", packet);
    }

    /// Adds people with a phone each, and returns their numbers.
    pub(super) fn add_colleagues(&mut self, count: usize) -> Vec<String> {
        let have = self.extensions.keys().filter(|number| is_colleague(number)).count();
        let numbers: Vec<String> = (have..have + count).map(|index| (FIRST + index).to_string()).collect();
        for number in &numbers {
            let extension = Extension::new(number, &format!("Colleague {number}"));
            for phone in &extension.phones {
                self.phones.insert(phone.name.clone(), phone.clone());
            }
            self.extensions.insert(number.clone(), extension);
        }
        self.note_presence();
        numbers
    }

    /// Lets one colleague call another; both are free. Returns the conversation.
    fn colleagues_call(&mut self) -> Option<(CallId, String)> {
        let busy: Vec<&str> = self.legs.values().filter_map(|leg| leg.phone()).collect();
        let free = self.phones.values().filter(|phone| is_colleague(&phone.name) && !busy.contains(&phone.name.as_str()));
        let free: Vec<_> = free.cloned().collect();
        let (from, to) = (self.random.choice(&free)?.clone(), self.random.choice(&free)?.name.clone());
        (from.name != to).then(|| (self.phone_dials(&from, &to), to))
    }
}

fn is_colleague(number: &str) -> bool {
    number.parse::<usize>().is_ok_and(|number| (FIRST..FIRST + 10_000).contains(&number))
}

/// Lets colleagues call each other until the server is gone: each call rings, is answered and ends.
pub(super) async fn busy(pbx: Weak<Pbx>, calls_per_minute: u32) {
    let mut turns = tokio::time::interval(Duration::from_secs(60) / calls_per_minute.max(1));
    loop {
        turns.tick().await;
        let Some(pbx) = pbx.upgrade() else { return };
        pbx.change(|state| {
            let Some((call, to)) = state.colleagues_call() else { return };
            state.after(Duration::from_millis(200), move |state| {
                let Some(id) = state.leg_at(call, &to).map(|leg| leg.id.clone()) else { return };
                state.answered(&id);
                state.after(Duration::from_millis(400), move |state| {
                    if state.legs.contains_key(&id) {
                        state.end_leg(&id, Ending::HUNG_UP);
                    }
                });
            });
        });
    }
}

/// Begins a load beside the server.
pub(super) fn begin(pbx: &Arc<Pbx>, calls_per_minute: u32) -> tokio::task::JoinHandle<()> {
    pbx.spawn(busy(Arc::downgrade(pbx), calls_per_minute))
}
