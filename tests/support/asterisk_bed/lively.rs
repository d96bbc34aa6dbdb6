//! A small company at work, for the demonstration: two colleagues with phones of their own, a user whose phone obeys
//! the tray, and callers from outside.

use super::bed::Bed;
use super::phone::Phone;
use super::scripted::{Manner, ScriptedPhone};
use std::time::Duration;
use tokio::time::{Instant, interval};

/// How often somebody looks up from work.
const TICK: Duration = Duration::from_millis(500);
/// How long a colleague takes to pick up, and the user's phone when the user has dialled from the tray.
const PICK_UP: Duration = Duration::from_secs(2);
/// How long a caller from outside lets it ring.
const PATIENT_FOR: Duration = Duration::from_secs(12);
/// How long colleagues talk.
const TALK: Duration = Duration::from_secs(25);

const OUTSIDE: [(&str, &str); 3] =
    [("+4930555001", "Mara Beispiel"), ("+41445550107", "Luca Muster"), ("+43155501234", "Eva Probe")];

impl Bed {
    /// Plays the company until dropped. Somebody from outside calls the user, who has the scripted phone, about once
    /// per `every`, and gives up after a while; the colleagues answer, and now and then call each other.
    pub async fn play_company(&self, every: Duration) {
        let user = self.scripted_phone(Manner::default()).await;
        let (bob, carol) = (self.phone("101").await, self.phone("102").await);
        let (mut next_call, mut turn, mut outside) = (Instant::now() + every / 4, 0, None);
        let mut since = [Instant::now(); 3];
        let mut ticks = interval(TICK);
        loop {
            ticks.tick().await;
            let [at_user, at_bob, at_carol] = &mut since;
            take_own_calls(&user, at_user).await;
            work(&bob, at_bob).await;
            work(&carol, at_carol).await;
            let now = Instant::now();
            if let Some((call, since)) = &outside
                && now.duration_since(*since) > PATIENT_FOR
                && !user.ringing().is_empty()
            {
                self.outside_hangs_up(call).await;
                outside = None;
            }
            if !self.legs(&format!("PJSIP/{}-", user.number())).await.is_empty() {
                // After a call there is a while of peace.
                next_call = next_call.max(now + every / 2);
            } else if now >= next_call {
                next_call = now + every;
                let (number, name) = OUTSIDE[turn % OUTSIDE.len()];
                outside = Some((self.call_from_outside(number, name, user.number()).await, now));
                turn += 1;
                if turn % 2 == 1 && bob.talking().is_empty() && carol.talking().is_empty() {
                    bob.dial(carol.number()).await;
                }
            }
        }
    }
}

/// A colleague picks up after a moment, and hangs up when all is said.
async fn work(phone: &Phone, since: &mut Instant) {
    let (ringing, talking) = (phone.ringing(), phone.talking());
    if ringing.is_empty() && talking.is_empty() {
        *since = Instant::now();
    } else if let (Some(call), true) = (ringing.first(), since.elapsed() > PICK_UP) {
        phone.accept(call).await;
        *since = Instant::now();
    } else if let (Some(call), true) = (talking.first(), since.elapsed() > TALK) {
        phone.hang_up(call).await;
    }
}

/// What rings under the user's own number was dialled by the user: the phone is picked up for that. All else is left
/// to the user, who can answer from the tray.
async fn take_own_calls(phone: &ScriptedPhone, since: &mut Instant) {
    match phone.ringing().into_iter().find(|(_, shown)| shown == phone.number()) {
        Some((call, _)) if since.elapsed() > PICK_UP => phone.accept(&call).await,
        Some(_) => {}
        None => *since = Instant::now(),
    }
}
