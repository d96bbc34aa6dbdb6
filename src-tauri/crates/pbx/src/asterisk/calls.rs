//! From own legs to one call per user: which legs belong together, where the call stands, and how it ended.
//!
//! A call has the id of its first own leg, or the one that we gave the channel when we dialled. Link ids change when calls
//! are picked up, parked or joined, so they only tie legs that ring together.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use phone_core::call::{Outcome, SeenState};
use phone_core::told::RequestId;
use phone_core::{Direction, Now, Party};

use super::channels::{Born, Channel, Channels, Dial, Gone, State};
use super::keys::Keys;
use super::redirect::Moved;
use crate::tell::outcome_of;

/// How long the own phone may be lifted after a dial without anybody being called, until it is taken to talk with the PBX
/// itself: a mailbox, a menu or a queue, of which no event tells.
const TALKS_WITH_PBX: Duration = Duration::from_secs(3);
/// The same for a call that came in and was answered: the PBX plays something to the phone.
const HEARS_PBX: Duration = Duration::from_millis(1500);
/// How late the word about a phone that rings may come after another one answered the same call.
const LATE: Duration = Duration::from_secs(2);
/// Most dials whose call has not shown up.
const MOST_DIALS: usize = 16;
/// Causes of Q.850 by which a phone or we decline: user busy, call rejected.
const DECLINED: [u32; 2] = [17, 21];
/// Cause of Q.850 by which the PBX ends a leg because another one answered.
const ELSEWHERE: u32 = 26;
/// The one by which it ends a leg whose caller it sends somewhere else; a leg that rang out has none.
const TAKEN_OFF: u32 = 16;

/// A call that we began.
#[derive(Clone, Debug)]
pub struct Dialled {
    pub request: RequestId,
    /// The id that we gave its channel.
    pub channel: String,
    pub number: String,
}

/// The talk with somebody else while a call waits, over the same leg.
#[derive(Clone, Debug)]
pub struct Consult {
    /// Bridge in which the other party waits.
    pub home: String,
    /// Bridge in which we talk with somebody else.
    pub away: String,
    /// It was answered.
    pub connected: bool,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub key: String,
    pub request: Option<RequestId>,
    /// The number that we dialled.
    pub number: Option<String>,
    pub direction: Direction,
    /// The own phone was called first.
    pub own_first: bool,
    /// Own legs that ring or talk.
    pub legs: Vec<String>,
    /// The one that is answered.
    pub up: Option<String>,
    pub connected: bool,
    pub shown: bool,
    /// The bridge in which it talks.
    pub home: Option<String>,
    pub consult: Option<Consult>,
    /// It was a consultation whose waiting party hung up.
    was_asked: bool,
    /// A consultation has ended, and the PBX has not said yet who is there again.
    back: bool,
    /// Whom we asked to be called while it waits.
    pub asked: Option<String>,
    started_at: Option<Timestamp>,
    /// The channel by which another program calls the own phones first, to dial from there.
    front: Option<String>,
    /// Its caller was sent somewhere else.
    pub moved: Option<Moved>,
    /// A colleague or a group took it.
    elsewhere: bool,
}

/// A call that is over.
#[derive(Debug)]
pub struct Ended {
    pub key: String,
    pub request: Option<RequestId>,
    /// It was shown; else its own phone never rang.
    pub shown: bool,
    /// What became of one that came in and was never answered here.
    pub outcome: Option<Outcome>,
}

/// All calls.
#[derive(Default)]
pub struct Calls {
    all: Vec<Call>,
    dials: Vec<Dialled>,
}

impl Call {
    /// The id of the call that is asked while this one waits.
    pub fn consult_key(&self) -> String {
        format!("{}/consult", self.key)
    }

    /// It came in and nobody has taken it.
    pub fn rings_here(&self) -> bool {
        self.direction == Direction::Incoming && self.up.is_none()
    }

    /// The channel by which the own phones are called first, where it is not that of the one phone itself.
    pub fn front(&self, rings_all: bool) -> Option<&str> {
        let ours = Some(self.key.as_str()).filter(|_| self.own_first && rings_all && self.request.is_some());
        self.front.as_deref().or(ours)
    }

    /// The same, where ending it ends nothing else: ours, or one that is known to be nothing but plumbing.
    ///
    /// Never the caller's leg: in a queue or a group that would end the call for everybody.
    pub fn front_to_end(&self, channels: &Channels, rings_all: bool) -> Option<&str> {
        let is_plumbing = |front: &str| channels.get(front).is_some_and(|channel| channel.name.starts_with("Local/"));
        self.front(rings_all).filter(|front| *front == self.key || is_plumbing(front))
    }
}

impl Calls {
    /// A dial is about to be sent.
    pub fn dialled(&mut self, dialled: Dialled) {
        if self.dials.len() >= MOST_DIALS {
            self.dials.remove(0);
        }
        self.dials.push(dialled);
    }

    /// Nothing comes of a dial.
    pub fn undialled(&mut self, request: RequestId) {
        self.dials.retain(|dial| dial.request != request);
    }

    /// Tells whether a dial has shown its call.
    pub fn has_call_of(&self, request: RequestId) -> bool {
        self.all.iter().any(|call| call.request == Some(request) && call.shown)
    }

    /// The link ids that are ours without any leg: those that we gave to channels, and those of calls that wait for a leg.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let moved = self.all.iter().filter_map(|call| call.moved.as_ref()).filter(|moved| moved.waits());
        self.dials.iter().map(|dial| dial.channel.as_str()).chain(moved.map(|moved| moved.linked.as_str()))
    }

    /// All calls.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.all.iter()
    }

    /// The call with a key, and whether the key is that of its consultation.
    pub fn find(&self, key: &str) -> Option<(&Call, bool)> {
        let asked = key.strip_suffix("/consult");
        let of_consult = |call: &&Call| Some(call.key.as_str()) == asked && call.consult.is_some();
        let own = self.all.iter().find(|call| call.key == key && call.shown).map(|call| (call, false));
        own.or_else(|| self.all.iter().find(of_consult).map(|call| (call, true)))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Call> {
        self.all.iter_mut().find(|call| call.key == key)
    }

    /// When time alone changes something.
    pub fn deadline(&self, channels: &Channels) -> Option<Instant> {
        let waits = self.all.iter().filter_map(|call| call.moved.as_ref()?.until);
        self.all.iter().filter_map(|call| talks_at(call, channels)).chain(waits).min()
    }

    /// Brings the calls up to what the channels show; gives those that are over.
    pub fn follow(&mut self, channels: &mut Channels, keys: &Keys, now: Now) -> Vec<Ended> {
        self.take_new_legs(channels, keys, now);
        let mut over = vec![];
        for gone in std::mem::take(&mut channels.ended) {
            over.extend(self.leg_ended(&gone, channels, keys, now.mono));
        }
        over.extend(self.drop_moved(channels, now.mono));
        for call in &mut self.all {
            settle(call, channels, keys, now.mono);
        }
        over
    }

    /// After a list: ends the calls whose legs are gone.
    pub fn drop_lost(&mut self, channels: &Channels) {
        for call in &mut self.all {
            call.legs.retain(|leg| channels.get(leg).is_some());
            call.up.take_if(|leg| channels.get(leg).is_none());
            (call.consult, call.home) = (None, None);
        }
        self.all.retain(|call| !call.legs.is_empty());
    }

    /// After a list: forgets the dials that show no call in it. Whatever became of them, nothing more is heard of them.
    pub fn drop_lost_dials(&mut self) {
        let all = &self.all;
        self.dials.retain(|dial| all.iter().any(|call| call.key == dial.channel));
    }

    fn take_new_legs(&mut self, channels: &mut Channels, keys: &Keys, now: Now) {
        let taken = |id: &String| self.all.iter().any(|call| call.legs.contains(id));
        let is_new = |(id, leg): &(&String, &Channel)| {
            let wanted = !leg.settled || leg.state == State::Up;
            wanted && !taken(id)
        };
        let new: Vec<(String, Channel)> =
            channels.own().into_iter().filter(is_new).map(|(id, leg)| (id.clone(), leg.clone())).collect();
        for (id, leg) in new {
            if self.is_late(&leg, channels, now.mono) {
                continue;
            }
            if let Some(leg) = channels.get_mut(&id) {
                leg.settled = true;
            }
            self.take_leg(&id, &leg, channels, keys, now);
        }
    }

    /// The word that another own phone rings came after the answer at the first one; it stops in a moment.
    fn is_late(&self, leg: &Channel, channels: &Channels, now: Instant) -> bool {
        let just_answered = |up: &Channel| up.linked == leg.linked && up.up_at.is_some_and(|at| now < at + LATE);
        let ups = || self.all.iter().filter_map(|call| channels.get(call.up.as_deref()?));
        leg.born == Born::Called && leg.state != State::Up && ups().any(just_answered)
    }

    fn take_leg(&mut self, id: &str, leg: &Channel, channels: &Channels, keys: &Keys, now: Now) {
        let is_ours = |dial: &&Dialled| dial.channel == id || (keys.rings_all && dial.channel == leg.linked);
        let dial = self.dials.iter().find(is_ours).cloned();
        let tied = |call: &Call| {
            let waits = call.moved.as_ref().is_some_and(|moved| moved.waits() && moved.linked == leg.linked);
            waits || call.legs.iter().any(|other| channels.get(other).is_some_and(|o| o.linked == leg.linked))
        };
        let is_called = |call: &Call| call.direction == Direction::Incoming || call.front.is_some();
        let open = self.all.iter_mut().find(|call| match &dial {
            Some(dial) => call.key == dial.channel,
            None => leg.born == Born::Called && is_called(call) && call.up.is_none() && tied(call),
        });
        match open {
            Some(call) if call.up.is_none() => {
                if let Some(moved) = &mut call.moved {
                    moved.until = None;
                }
                return call.legs.push(id.to_owned());
            }
            // It rings at another own phone while the call is talking: nothing to be shown, unless it is a call of its own.
            Some(_) | None => {}
        }
        let dial = dial.filter(|dial| self.all.iter().all(|call| call.key != dial.channel));
        // It was let go of when another phone of its call was answered, and is answered as well.
        if let Some(call) = self.get_mut(id) {
            return call.legs.push(id.to_owned());
        }
        let direction = if dial.is_none() && leg.born == Born::Called { Direction::Incoming } else { Direction::Outgoing };
        let age = leg.lasted.and_then(|seconds| i64::try_from(seconds).ok()).map(SignedDuration::from_secs);
        self.all.push(Call {
            key: dial.as_ref().map_or_else(|| id.to_owned(), |dial| dial.channel.clone()),
            request: dial.as_ref().map(|dial| dial.request),
            own_first: direction == Direction::Outgoing && leg.born != Born::Dialling,
            number: dial.map(|dial| dial.number),
            direction,
            legs: vec![id.to_owned()],
            up: None,
            connected: false,
            shown: false,
            home: None,
            consult: None,
            asked: None,
            was_asked: false,
            back: false,
            started_at: age.and_then(|age| now.wall.checked_sub(age).ok()),
            front: None,
            moved: None,
            elsewhere: false,
        });
    }

    fn leg_ended(&mut self, gone: &Gone, channels: &Channels, keys: &Keys, now: Instant) -> Option<Ended> {
        let position = self.all.iter().position(|call| call.legs.contains(&gone.id))?;
        let call = self.all.get_mut(position)?;
        call.legs.retain(|leg| *leg != gone.id);
        call.up.take_if(|up| *up == gone.id);
        call.elsewhere |= gone.cause == ELSEWHERE;
        if !call.legs.is_empty() {
            return None;
        }
        let answered = gone.channel.up_at.is_some();
        // The PBX took it off the phone, and nobody else ended anything.
        let by_somebody = answered || gone.channel.asked_to_end || gone.cause == ELSEWHERE || DECLINED.contains(&gone.cause);
        let off = gone.channel.cancelled && gone.cause == TAKEN_OFF;
        if off && call.moved.is_none() && call.direction == Direction::Incoming {
            call.moved = moved_by_others(gone, channels);
        }
        let waits = |moved: &Moved| moved.caller(channels).is_some() && (off || moved.goal.is_some());
        if let Some(moved) = call.moved.as_mut().filter(|moved| !by_somebody && waits(moved)) {
            // Where the caller is now may be told after it.
            let party = Some(gone.channel.connected.clone()).filter(|party| !keys.is_own(party));
            moved.waits_until(now + LATE, off, party.unwrap_or_default());
            return None;
        }
        let call = self.all.remove(position);
        self.dials.retain(|dial| dial.channel != call.key);
        let declined = gone.channel.rang && (gone.channel.asked_to_end || DECLINED.contains(&gone.cause));
        let (elsewhere, declined) = ((call.elsewhere, Outcome::AnsweredElsewhere), (declined, Outcome::Declined));
        let outcome = outcome_of(call.direction, answered, &[elsewhere, declined]);
        Some(Ended { key: call.key, request: call.request, shown: call.shown, outcome })
    }
}

/// Another program of this user may have sent the caller somewhere else. Plumbing is sent nowhere.
fn moved_by_others(gone: &Gone, channels: &Channels) -> Option<Moved> {
    let id = gone.channel.called_by.as_ref()?;
    let caller = channels.get(id).filter(|caller| !caller.name.starts_with("Local/"))?;
    Some(Moved::new(id, caller, None))
}

impl Calls {
    /// The calls that wait for a leg in vain, each with its caller whose life tells what became of it; each once.
    pub fn wait_in_vain(&mut self, now: Instant) -> Vec<(String, String)> {
        let waits = self.all.iter_mut().filter(|call| call.legs.is_empty());
        waits.filter_map(|call| Some((call.key.clone(), call.moved.as_mut()?.is_to_be_asked(now)?))).collect()
    }

    /// Ends the calls whose own phone was to ring again and does not, and those whose caller is gone meanwhile.
    fn drop_moved(&mut self, channels: &Channels, now: Instant) -> Vec<Ended> {
        let is_over = |call: &mut Call| {
            let waits = call.moved.as_ref().filter(|moved| call.legs.is_empty() && moved.waits());
            waits.is_some_and(|moved| moved.is_over(channels, now))
        };
        let ended = |call: Call| {
            let sent_on = call.moved.as_ref().is_some_and(|moved| moved.is_sent_on(channels));
            let outcome = Some(if sent_on { Outcome::SentOn } else { Outcome::Missed });
            Ended { key: call.key, request: None, shown: call.shown, outcome }
        };
        self.all.extract_if(.., is_over).map(ended).collect()
    }
}

/// Brings one call up to its legs.
fn settle(call: &mut Call, channels: &Channels, keys: &Keys, now: Instant) {
    if !call.shown && call.direction == Direction::Incoming {
        call.front = call.legs.iter().filter_map(|leg| channels.get(leg)).find_map(|leg| channels.front_of(leg, keys));
        if call.front.is_some() {
            (call.direction, call.own_first) = (Direction::Outgoing, true);
        }
    }
    if call.up.is_none()
        && let Some(up) = call.legs.iter().find(|leg| channels.get(leg).is_some_and(|leg| leg.state == State::Up))
    {
        call.up = Some(up.clone());
        // The other phones stop ringing, some a moment later.
        let is_up = |leg: &String| channels.get(leg).is_some_and(|leg| leg.state == State::Up);
        call.legs.retain(is_up);
    }
    // From oneself comes no call; who lets the phone ring is told in a moment.
    let is_clear = |leg: &Channel| {
        let from_us = leg.born == Born::Called && keys.is_own(&leg.connected);
        !from_us || call.front.is_some() || leg.called_by.is_some() || leg.lasted.is_some()
    };
    let rang = |leg: &Channel| (leg.rang && is_clear(leg)) || leg.state == State::Up || leg.born == Born::Dialling;
    call.shown |= call.legs.iter().filter_map(|leg| channels.get(leg)).any(rang);
    let Some((id, leg)) = call.up.as_ref().and_then(|id| Some((id, channels.get(id)?))) else { return };
    let dials = dials(call, leg, channels);
    let bridge = dials.bridge.as_deref().and_then(|bridge| channels.bridge(bridge));
    let talks = bridge.is_some_and(|bridge| !bridge.waits && (bridge.many || bridge.count.max(bridge.members.len()) > 1));
    call.connected |= talks
        || dials.dial == Dial::Answered
        || (leg.taken && call.direction == Direction::Incoming)
        || (call.direction == Direction::Outgoing && !call.own_first)
        || talks_at(call, channels).is_some_and(|at| at <= now);
    consult(call, &id.clone(), leg, channels);
}

/// The channel that dials: where all own phones are called first, a `Local` one dials in place of that which answers.
fn dials<'a>(call: &Call, leg: &'a Channel, channels: &'a Channels) -> &'a Channel {
    let front = call.front.as_ref().unwrap_or(&call.key);
    channels.get(front).filter(|front| call.own_first && !front.own).unwrap_or(leg)
}

/// When the call counts as connected, because nothing else will tell.
fn talks_at(call: &Call, channels: &Channels) -> Option<Instant> {
    let leg = channels.get(call.up.as_deref()?).filter(|_| !call.connected)?;
    let dials = dials(call, leg, channels);
    match call.direction {
        Direction::Incoming => leg.up_at.map(|at| at + HEARS_PBX),
        Direction::Outgoing if matches!(dials.dial, Dial::None | Dial::Failed) => dials.quiet_since.map(|at| at + TALKS_WITH_PBX),
        Direction::Outgoing => None,
    }
}

/// Follows the leg from the bridge of its call to that of a consultation and back.
fn consult(call: &mut Call, id: &str, leg: &Channel, channels: &Channels) {
    let waits_in = |home: &str| channels.bridge(home).is_some_and(|bridge| channels.others(bridge, id).next().is_some());
    call.back &= leg.before.is_some();
    let is_asked_in = |bridge: &str| {
        let bridge = channels.bridge(bridge);
        let mut others = bridge.into_iter().flat_map(|b| channels.others(b, id)).filter_map(|other| channels.get(other));
        others.any(|other| other.name.starts_with("Local/"))
    };
    // Whom the PBX called for us stands there as the near half of a `Local` channel until it is answered.
    let answers_in = |bridge: &str| {
        let bridge = channels.bridge(bridge);
        let mut others = bridge.into_iter().flat_map(|b| channels.others(b, id)).filter_map(|other| channels.get(other));
        others.any(|other| other.state == State::Up)
    };
    match (&mut call.consult, leg.bridge.as_deref()) {
        (Some(consult), Some(bridge)) if bridge == consult.home => (call.consult, call.back) = (None, true),
        (Some(consult), bridge) => {
            consult.connected |= bridge == Some(&consult.away) && answers_in(&consult.away);
            if !waits_in(&consult.home) && bridge.is_some() {
                // Who waited has hung up: what is left is the talk with the other one, as a call of its own.
                (call.key, call.home) = (format!("{}/consult", call.key), bridge.map(str::to_owned));
                (call.request, call.direction, call.own_first) = (None, Direction::Outgoing, false);
                call.number = call.asked.take();
                call.connected = consult.connected;
                call.was_asked = true;
                call.consult = None;
            }
        }
        (None, Some(bridge)) => match &call.home {
            Some(home) if home != bridge && leg.aside && waits_in(home) && is_asked_in(bridge) => {
                let (home, away) = (home.clone(), bridge.to_owned());
                call.consult = Some(Consult { home, away, connected: false });
            }
            _ => call.home = Some(bridge.to_owned()),
        },
        (None, None) => {}
    }
}

/// The party of a call, as its own leg shows it.
pub fn remote(call: &Call, channels: &Channels, keys: &Keys) -> Party {
    if call.was_asked {
        return asked(call, channels);
    }
    let leg = call.up.as_ref().or(call.legs.first()).and_then(|leg| channels.get(leg));
    let before = |leg: &Channel| leg.before.clone().filter(|_| call.consult.is_some() || call.back);
    let shown = leg.map(|leg| before(leg).unwrap_or_else(|| leg.connected.clone()));
    let shown = shown.filter(|party| !(call.own_first && keys.is_own(party))).unwrap_or_default();
    let told = |party: &Party| party.number.is_some() || party.name.is_some();
    let waits = call.moved.as_ref().filter(|_| call.up.is_none() && !told(&shown)).map(|moved| moved.party.clone());
    let shown = waits.unwrap_or(shown);
    let dialled = || {
        let front = call.front.as_ref().and_then(|front| channels.get(front));
        let exten = front.or(leg).filter(|_| call.direction == Direction::Outgoing).and_then(|leg| leg.exten.clone());
        let is_other = |exten: &String| exten != "s" && !(call.own_first && keys.is_own_number(exten));
        call.number.clone().or_else(|| exten.filter(is_other))
    };
    Party { number: shown.number.or_else(dialled), name: shown.name }
}

/// The party of a consultation.
pub fn asked(call: &Call, channels: &Channels) -> Party {
    let leg = call.up.as_ref().and_then(|leg| channels.get(leg));
    let shown = leg.filter(|leg| leg.before.as_ref() != Some(&leg.connected)).map(|leg| leg.connected.clone());
    let shown = shown.unwrap_or_default();
    Party { number: shown.number.or_else(|| call.asked.clone().or_else(|| call.number.clone())), name: shown.name }
}

/// When the call began, where it is not the moment in which it was first seen.
pub fn started_at(call: &Call) -> Option<Timestamp> {
    call.started_at
}

/// Where a call stands that is not put aside, but for who holds it.
pub fn state(call: &Call) -> SeenState {
    match (call.connected, &call.up, call.own_first) {
        (true, ..) => SeenState::Connected,
        (false, None, true) => SeenState::CallingOwnPhone,
        (false, ..) => SeenState::Ringing,
    }
}
