//! A small company at work: calls come and go, people step away, somebody calls the user.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::call::{Call, Stage};
use super::company::{Kind, OUTSIDE};
use super::options::{FarEnd, Options, OwnPhone};
use super::records::CallId;
use super::{FakeVodia, Presence};

const TICK: Duration = Duration::from_millis(500);
/// Calls among colleagues and to them that run at the same time.
const BUSY: usize = 4;

impl Options {
    /// Makes phones behave as in an office: the own phone takes a second, the far end four.
    #[must_use]
    pub fn lively(self) -> Self {
        self.with(|options| {
            options.own_phone = OwnPhone::HandsFree(Duration::from_millis(1200));
            options.far_end = FarEnd::AnswersAfter(Duration::from_secs(4));
        })
    }
}

impl FakeVodia {
    /// Plays a busy little company around one user, until dropped. An outside call for the user comes about once per `every`; if the user
    /// does nothing, the caller gives up or a colleague answers.
    pub async fn play_company(&self, user: &str, every: Duration) {
        let mut company = Lively { plans: HashMap::new(), next_call: Instant::now() + every / 4, turn: 0 };
        self.settle_in(user);
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            company.turn += 1;
            company.go_on(self, user);
            if Instant::now() >= company.next_call && !self.calls().iter().any(|call| call.concerns(user)) {
                company.next_call = Instant::now() + every.mul_f64(0.8 + 0.4 * fastrand::f64());
                company.call_user(self, user);
            }
            if company.turn.is_multiple_of(5) {
                company.stir(self, user);
            }
        }
    }

    /// Begins in the middle of a working day: two calls are under way, somebody wants peace.
    fn settle_in(&self, user: &str) {
        let people: Vec<String> = self.look(|state| {
            let people =
                state.company().accounts.values().filter(|account| account.kind == Kind::Extension && account.registered);
            people.map(|account| account.number.clone()).filter(|number| number != user).collect()
        });
        let mut people = people.iter().step_by(2);
        for (number, name) in OUTSIDE.iter().take(2) {
            if let Some(one) = people.next() {
                let call = self.ring(number, name, one);
                self.answer(call);
            }
        }
        if let Some(one) = people.next() {
            self.presence(one, Presence::DoNotDisturb);
        }
    }
}

struct Lively {
    /// When something happens to a call that is still in the same stage.
    plans: HashMap<(CallId, &'static str), Instant>,
    next_call: Instant,
    turn: u64,
}

impl Lively {
    fn call_user(&self, pbx: &FakeVodia, user: &str) {
        let (number, name) = OUTSIDE[fastrand::usize(..OUTSIDE.len())];
        let groups: Vec<String> = pbx.look(|state| {
            let groups = state.company().accounts.values().filter(|account| account.members.iter().any(|member| member == user));
            groups.map(|account| account.number.clone()).collect()
        });
        match fastrand::choice(&groups).filter(|_| fastrand::u8(..3) == 0) {
            Some(group) => pbx.ring_group(number, name, group),
            None => pbx.ring(number, name, user),
        };
    }

    /// Does what is due for each call, and plans for new ones.
    fn go_on(&mut self, pbx: &FakeVodia, user: &str) {
        let calls = pbx.calls();
        self.plans.retain(|(id, stage), _| calls.iter().any(|call| call.id == *id && call.stage.word() == *stage));
        for call in calls {
            let key = (call.id, call.stage.word());
            match self.plans.get(&key) {
                None => drop(self.plans.insert(key, Instant::now() + patience(&call, user))),
                Some(due) if Instant::now() < *due => {}
                Some(_) => act(pbx, &call, user),
            }
        }
    }

    /// Lets colleagues call, and now and then changes somebody's presence.
    fn stir(&self, pbx: &FakeVodia, user: &str) {
        let free: Vec<String> = pbx.look(|state| {
            let people =
                state.company().accounts.values().filter(|account| account.kind == Kind::Extension && account.registered);
            let idle = people.filter(|account| account.number != user && !account.dnd);
            let idle = idle.filter(|account| !state.calls().any(|call| call.concerns(&account.number)));
            idle.take(64).map(|account| account.number.clone()).collect()
        });
        let Some(one) = fastrand::choice(&free) else { return };
        let others = pbx.calls().iter().filter(|call| !call.concerns(user)).count();
        match fastrand::u8(..10) {
            0..=2 if others < BUSY => {
                if let Some(other) = fastrand::choice(&free).filter(|other| *other != one) {
                    pbx.ring(one, "", other);
                }
            }
            3..=5 if others < BUSY => {
                let (number, name) = OUTSIDE[fastrand::usize(..OUTSIDE.len())];
                pbx.ring(number, name, one);
            }
            6 => pbx.presence(one, Presence::DoNotDisturb),
            7 => pbx.presence(one, Presence::NotRegistered),
            // Whoever was away comes back sooner than the next one leaves.
            _ => {
                let away = pbx.look(|state| {
                    let people = state.company().accounts.values().filter(|account| account.kind == Kind::Extension);
                    let away = people.filter(|account| account.number != user && (!account.registered || account.dnd));
                    away.map(|account| account.number.clone()).collect::<Vec<_>>()
                });
                if let Some(back) = fastrand::choice(&away) {
                    pbx.presence(back, Presence::Free);
                }
            }
        }
    }
}

fn patience(call: &Call, user: &str) -> Duration {
    let (from, to) = match (call.stage, call.concerns(user)) {
        (Stage::OwnPhone | Stage::Prompt, _) => (30.0, 40.0),
        (Stage::Ringing, true) if call.is_caller(user) => (3.0, 6.0),
        (Stage::Ringing, true) => (9.0, 14.0),
        (Stage::Ringing, false) => (2.0, 7.0),
        (Stage::Connected, true) => (120.0, 240.0),
        (Stage::Connected, false) => (8.0, 45.0),
    };
    Duration::from_secs_f64(from + (to - from) * fastrand::f64())
}

fn act(pbx: &FakeVodia, call: &Call, user: &str) {
    let colleague = call.ringing.iter().find(|phone| *phone != user);
    match (call.stage, colleague) {
        (Stage::Ringing, Some(colleague)) if fastrand::u8(..5) > 0 => {
            pbx.answer_elsewhere(call.id, colleague);
        }
        (Stage::OwnPhone | Stage::Prompt | Stage::Ringing | Stage::Connected, _) => pbx.hang_up_far(call.id),
    }
}
