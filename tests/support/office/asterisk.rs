//! The office at the fake Asterisk.

use std::time::Duration;

use super::{Account, MARA, MARA_NUMBER, Need, Office, Who};
use crate::asterisk::{CallId, End, Extension, FakeAsterisk, Leg, LegState, Options, Phone, Release, State};

/// Longest wait for anything the fake does by itself.
const SOON: Duration = Duration::from_secs(10);
/// Variable with the seed of everything ugly that the fake does, to try many orders of events, or one again.
const SEED: &str = "FAKE_SEED";
const OWN: &str = "100";

/// A fake of one release.
pub struct AtAsterisk {
    pbx: FakeAsterisk,
    /// The user's one phone answers by itself when a call wishes that.
    answers: bool,
}

impl AtAsterisk {
    /// Starts the fake.
    pub async fn start(release: Release) -> Self {
        Self::with(release, Extension::new(OWN, "Alice Example").two_phones(), false).await
    }

    /// Starts the fake; the user has one phone, which answers by itself when a call wishes that.
    pub async fn that_answers(release: Release) -> Self {
        let phone = Phone { obeys_answer_after: true, ..Phone::plain(OWN, OWN) };
        Self::with(release, Extension::new(OWN, "Alice Example").phones(vec![phone]), true).await
    }

    async fn with(release: Release, alice: Extension, answers: bool) -> Self {
        let mut options = Options::new(release).extension(alice);
        if let Some(seed) = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()) {
            options.seed = Some(seed);
        }
        Self { pbx: FakeAsterisk::start(options).await.expect("a fake PBX"), answers }
    }

    fn phone(who: Who) -> Option<&'static str> {
        match who {
            Who::Me => Some(OWN),
            Who::MeElsewhere => Some("100-2"),
            Who::Bob => Some("101"),
            Who::Carol => Some("102"),
            Who::Mara => None,
        }
    }

    /// The newest conversation that somebody has to do with.
    fn call_of(&self, who: Who, fits: impl Fn(&Leg) -> bool) -> CallId {
        let found = self.pbx.look(|state| {
            let legs = state.legs().filter(|leg| is_at(leg, who) && fits(leg));
            legs.max_by_key(|leg| leg.born).map(|leg| leg.call)
        });
        found.unwrap_or_else(|| panic!("{who:?} has no such call"))
    }

    async fn wait(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let reached = self.pbx.wait_for(|state| holds(state), SOON).await;
        assert!(reached.is_ok(), "{what}: {:#?}", self.pbx.look(|state| state.legs().cloned().collect::<Vec<_>>()));
    }

    fn does(&self, what: &str, who: Who, fits: impl Fn(&Leg) -> bool, act: impl Fn(CallId, Option<&str>) -> bool) {
        let call = self.call_of(who, fits);
        assert!(act(call, Self::phone(who)), "{who:?} {what}: {:#?}", self.pbx.legs(call));
    }
}

fn is_at(leg: &Leg, who: Who) -> bool {
    match AtAsterisk::phone(who) {
        Some(phone) => leg.phone() == Some(phone),
        None => leg.end == End::Outside,
    }
}

fn any(_: &Leg) -> bool {
    true
}

fn ringing(leg: &Leg) -> bool {
    leg.state == LegState::Ringing
}

fn up(leg: &Leg) -> bool {
    leg.state == LegState::Up
}

/// The phone or trunk at the other end, through plumbing.
fn partner<'a>(state: &'a State, leg: &'a Leg) -> Option<&'a Leg> {
    let mut peer = state.peer(leg)?;
    for _ in 0..4 {
        let End::Local(other) = &peer.end else { return Some(peer) };
        let half = state.legs().find(|leg| &leg.id == other)?;
        peer = state.peer(half)?;
    }
    None
}

impl Office for AtAsterisk {
    fn lacks(&self) -> Vec<(Need, &'static str)> {
        let hold = (Need::HoldFromHere, "only phones that are known to obey are told to hold");
        if self.answers {
            return vec![hold, (Need::SecondPhone, "the user has one phone here")];
        }
        vec![hold, (Need::AnswerFromHere, "only phones that are known to obey are told to answer")]
    }

    fn account(&self) -> Account {
        Account {
            kind: "asterisk",
            url: self.pbx.url(),
            user: "tray100".to_owned(),
            password: "Sample-Pw9".to_owned(),
            certificate_sha256: self.pbx.certificate_sha256().map(str::to_owned),
            keys: if self.answers { vec![("answer", "redirect".to_owned())] } else { vec![] },
            ..Account::default()
        }
    }

    fn number(&self, who: Who) -> String {
        match who {
            Who::Mara => MARA_NUMBER,
            Who::Me | Who::MeElsewhere => OWN,
            Who::Bob => "101",
            Who::Carol => "102",
        }
        .to_owned()
    }

    async fn reaches(&self, from: Who, to: Who, at: Who) {
        let name = if from == Who::Mara { MARA } else { "" };
        self.pbx.ring(&self.number(from), name, &self.number(to));
        self.rings(at).await;
    }

    async fn rings(&self, who: Who) {
        self.wait(&format!("{who:?} rings"), |state| state.legs().any(|leg| is_at(leg, who) && ringing(leg))).await;
    }

    async fn answers(&self, who: Who) {
        self.does("answers", who, ringing, |call, phone| match phone {
            Some(phone) => self.pbx.answer(call, phone),
            None => self.pbx.answer_far(call),
        });
    }

    async fn declines(&self, who: Who) {
        self.does("declines", who, ringing, |call, phone| match phone {
            Some(phone) => self.pbx.decline(call, phone),
            None => self.pbx.decline_far(call),
        });
    }

    async fn hangs_up(&self, who: Who) {
        self.does("hangs up", who, any, |call, phone| match phone {
            Some(phone) => self.pbx.hang_up(call, phone),
            None => self.pbx.hang_up_far(call),
        });
    }

    async fn holds(&self, who: Who) {
        self.does("holds", who, up, |call, phone| match phone {
            Some(phone) => self.pbx.hold_at_phone(call, phone),
            None => self.pbx.hold_far(call),
        });
    }

    async fn resumes(&self, who: Who) {
        self.does(
            "resumes",
            who,
            |leg| leg.holds,
            |call, phone| match phone {
                Some(phone) => self.pbx.resume_at_phone(call, phone),
                None => self.pbx.resume_far(call),
            },
        );
    }

    async fn transfers(&self, who: Who, to: Who) {
        let number = self.number(to);
        self.does("hands on", who, up, |call, phone| {
            phone.is_some_and(|phone| self.pbx.blind_transfer_at_phone(call, phone, &number))
        });
    }

    async fn lifts(&self) {
        let own = |leg: &Leg| is_at(leg, Who::Me) && ringing(leg);
        self.wait("the own phone rings", |state| state.legs().any(own)).await;
        self.answers(Who::Me).await;
    }

    async fn hears(&self, who: Who, tones: &str) {
        let call = self.call_of(who, up);
        let heard = async || self.pbx.digits_at(call, Self::phone(who));
        let reached = self.pbx.wait_for(|state| state.digits().len() >= tones.len(), SOON).await;
        assert!(reached.is_ok(), "heard so far: {}", heard().await);
        assert_eq!(heard().await, tones);
    }

    async fn talk(&self, one: Who, other: Who) {
        let talks = |state: &State| {
            state.legs().filter(|leg| is_at(leg, one) && up(leg)).any(|leg| {
                // Who asks somebody about a call holds that one and talks all the same.
                let asks = state.peer(leg).is_some_and(|peer| matches!(peer.end, End::Local(_)));
                let holds = |at: &Leg| at.holds && !asks;
                !holds(leg) && partner(state, leg).is_some_and(|peer| is_at(peer, other) && up(peer) && !holds(peer))
            })
        };
        self.wait(&format!("{one:?} talks with {other:?}"), talks).await;
    }

    async fn is_quiet(&self) {
        self.wait("no call", State::nothing_is_left).await;
    }

    fn dials(&self) -> Vec<String> {
        self.pbx.dials().into_iter().map(|dial| dial.number).collect()
    }

    async fn unplug(&self, who: Who) {
        assert!(Self::phone(who).is_some_and(|phone| self.pbx.unplug(phone)), "a phone of the company");
    }

    async fn stop(&self) {
        self.pbx.stop().await;
    }

    async fn kill(&self) {
        self.pbx.kill().await;
    }

    async fn start(&self) {
        self.pbx.restart().await.expect("the port is free again");
    }

    fn complaints(&self) -> Vec<String> {
        self.pbx.violations()
    }
}
