//! The office at the fake Vodia PBX.

use std::time::Duration;

use super::{Account, MARA, MARA_NUMBER, Need, Office, Who};
use crate::vodia::{Call, CallId, FAR, FakeVodia, Generation, Options, Stage};

/// Longest wait for anything the fake does by itself.
const SOON: Duration = Duration::from_secs(10);
const OWN: &str = "204";

/// A fake of one generation of the wire.
pub struct AtVodia {
    pbx: FakeVodia,
}

impl AtVodia {
    /// Starts the fake.
    pub async fn start(generation: Generation) -> Self {
        let pbx = FakeVodia::start(Options::new(generation)).await.expect("a fake PBX");
        Self { pbx }
    }

    fn extension(who: Who) -> &'static str {
        match who {
            Who::Me | Who::MeElsewhere => OWN,
            Who::Bob => "202",
            Who::Carol => "203",
            Who::Mara => FAR,
        }
    }

    /// The newest call that somebody has to do with.
    fn call_of(&self, who: Who, fits: impl Fn(&Call) -> bool) -> Call {
        let concerns = |call: &Call| match who {
            Who::Mara => call.from.number == MARA_NUMBER || call.to.number == MARA_NUMBER,
            Who::Me | Who::MeElsewhere | Who::Bob | Who::Carol => call.concerns(Self::extension(who)),
        };
        let calls = self.pbx.calls().into_iter().filter(|call| concerns(call) && fits(call));
        calls.max_by_key(|call| call.id).unwrap_or_else(|| panic!("{who:?} has no such call: {:#?}", self.pbx.calls()))
    }

    fn ringing(&self, who: Who) -> Call {
        self.call_of(who, |call| who == Who::Mara || call.ringing.iter().any(|phone| phone == Self::extension(who)))
    }

    async fn wait(&self, what: &str, holds: impl Fn(&[Call]) -> bool) {
        let reached = self.pbx.wait_for(|state| holds(&state.calls().cloned().collect::<Vec<_>>()), SOON).await;
        assert!(reached.is_ok(), "{what}: {:#?}", self.pbx.calls());
    }
}

impl Office for AtVodia {
    fn lacks(&self) -> Vec<(Need, &'static str)> {
        vec![
            (Need::SendOn, "no way to send on a call that rings is known"),
            (Need::Forward, "no way to set it is certain"),
            (Need::Tones, "no way to send them is known"),
            (Need::Consult, "asking first is a hold and a call of its own"),
            (Need::Park, "nothing is known of its parking"),
            (Need::PickUp, "nothing is known of its pick-up"),
            (Need::LampRings, "colleagues are shown as in a call or not"),
            (Need::SecondPhone, "the fake rings one phone for each extension"),
            (Need::ColleaguesTalk, "the fake's colleagues take no call that is handed to them"),
            (Need::Unplug, "the fake's phones have no network of their own"),
            (Need::ListInMillis, "how a call ended is found in a list by caller and time, and these calls take milliseconds"),
        ]
    }

    fn account(&self) -> Account {
        Account {
            kind: "vodia",
            url: self.pbx.url(),
            domain: Some("tenant.example".to_owned()),
            user: OWN.to_owned(),
            password: "Sample-Pw9".to_owned(),
            ..Account::default()
        }
    }

    fn number(&self, who: Who) -> String {
        if who == Who::Mara { MARA_NUMBER.to_owned() } else { Self::extension(who).to_owned() }
    }

    async fn reaches(&self, from: Who, to: Who, at: Who) {
        let name = match from {
            Who::Me | Who::MeElsewhere => "Tom Muster",
            Who::Bob => "Malte Brook",
            Who::Carol => "Selin Aydin",
            Who::Mara => MARA,
        };
        self.pbx.ring(&self.number(from), name, &self.number(to));
        self.rings(at).await;
    }

    async fn rings(&self, who: Who) {
        let rings = |call: &Call| match who {
            Who::Mara => call.stage == Stage::Ringing && call.to.number == MARA_NUMBER,
            Who::Me | Who::MeElsewhere | Who::Bob | Who::Carol => call.ringing.iter().any(|phone| phone == Self::extension(who)),
        };
        self.wait(&format!("{who:?} rings"), |calls| calls.iter().any(rings)).await;
    }

    async fn answers(&self, who: Who) {
        let call = self.ringing(who);
        match who {
            Who::Mara => self.pbx.answer_far(call.id),
            Who::Me | Who::MeElsewhere | Who::Bob | Who::Carol => {
                assert!(self.pbx.answer_elsewhere(call.id, Self::extension(who)), "{who:?} answers {call:?}");
            }
        }
    }

    async fn declines(&self, who: Who) {
        let call = self.ringing(who);
        match who {
            Who::Mara => self.pbx.hang_up_far(call.id),
            Who::Me | Who::MeElsewhere | Who::Bob | Who::Carol => {
                assert!(self.pbx.hang_up(call.id, Self::extension(who)), "{who:?} declines {call:?}");
            }
        }
    }

    async fn hangs_up(&self, who: Who) {
        let call = self.call_of(who, |_| true);
        match who {
            Who::Mara => self.pbx.hang_up_far(call.id),
            Who::Me | Who::MeElsewhere | Who::Bob | Who::Carol => {
                assert!(self.pbx.hang_up(call.id, Self::extension(who)), "{who:?} hangs up {call:?}");
            }
        }
    }

    async fn holds(&self, who: Who) {
        let call = self.call_of(who, |call| call.stage == Stage::Connected);
        assert!(self.pbx.hold(call.id, Self::extension(who)), "{who:?} holds {call:?}");
    }

    async fn resumes(&self, who: Who) {
        let call = self.call_of(who, Call::is_held);
        assert!(self.pbx.resume(call.id, Self::extension(who)), "{who:?} resumes {call:?}");
    }

    async fn transfers(&self, who: Who, to: Who) {
        let call = self.call_of(who, |call| call.stage == Stage::Connected);
        assert!(self.pbx.transfer(call.id, Self::extension(who), &self.number(to)), "{who:?} hands on {call:?}");
    }

    async fn lifts(&self) {
        if let Some(call) = self.pbx.calls().into_iter().find(|call| matches!(call.stage, Stage::OwnPhone | Stage::Prompt)) {
            self.pbx.answer(call.id);
            self.pbx.press_one(call.id);
        }
    }

    async fn hears(&self, who: Who, tones: &str) {
        panic!("{who:?} cannot hear {tones} here");
    }

    async fn talk(&self, one: Who, other: Who) {
        let side = |call: &Call, who: Who| match who {
            Who::Mara => call.from.number == MARA_NUMBER || call.to.number == MARA_NUMBER,
            Who::Me | Who::MeElsewhere | Who::Bob | Who::Carol => {
                call.taking_part.iter().any(|phone| phone == Self::extension(who))
            }
        };
        let talks = |call: &Call| call.stage == Stage::Connected && !call.is_held() && side(call, one) && side(call, other);
        self.wait(&format!("{one:?} talks with {other:?}"), |calls| calls.iter().any(talks)).await;
    }

    async fn is_quiet(&self) {
        self.wait("no call", |calls| calls.is_empty()).await;
    }

    fn dials(&self) -> Vec<String> {
        self.pbx.dials().into_iter().map(|dial| dial.number).collect()
    }

    async fn unplug(&self, who: Who) {
        panic!("the phone of {who:?} cannot lose its power here");
    }

    async fn stop(&self) {
        for id in self.pbx.calls().iter().map(|call| call.id).collect::<Vec<CallId>>() {
            self.pbx.hang_up_far(id);
        }
        self.pbx.stop().await;
    }

    async fn kill(&self) {
        self.pbx.stop().await;
    }

    async fn start(&self) {
        self.pbx.restart().await.expect("the port is free again");
    }

    fn complaints(&self) -> Vec<String> {
        self.pbx.violations()
    }
}
