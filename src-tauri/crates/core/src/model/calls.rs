//! How a PBX's picture of the calls becomes ours.

use std::time::Duration;

use super::related::{allowed_while_asking, may_join, related};
use super::{Desk, Live, Model, Output, Undecided};
use crate::Now;
use crate::account::{Ability, AccountName};
use crate::call::{CallId, CallSeen, CallState, Direction, Holder, Outcome, Party, SeenState};
use crate::event::{CallBrief, Event, EventName};
use crate::number::{is_same as is_same_number, may_be_same};
use crate::reason::Reason;
use crate::view::{CallRecord, CallView, Can, LinkName, RecordSource, Relation};

/// How long a dial without any sign of its call is shown as unknown before it is dropped.
pub(super) const FORGET_AFTER: Duration = Duration::from_secs(30);

/// How long the PBX is asked how a call ended that vanished unanswered.
pub(super) const VERDICT_LIMIT: Duration = Duration::from_secs(3);

/// How far the PBX's clock may be ahead of ours when beginnings are compared.
const CLOCKS_DIFFER: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

impl Model {
    /// Takes the whole picture of an account's calls: who is missing has ended.
    pub(super) fn calls_are(
        &mut self,
        name: &AccountName,
        seen: Vec<CallSeen>,
        verdict_follows: &[String],
        now: Now,
    ) -> Vec<Output> {
        let mut out = vec![];
        let mut next_call = self.next_call;
        let names: Vec<Option<String>> = seen
            .iter()
            .map(|call| match (&call.remote.name, &call.remote.number) {
                (None, Some(number)) if !self.looked_up(name, &call.key, number) => self.name_for(name, number),
                _ => None,
            })
            .collect();
        let Some(desk) = self.desk(name) else { return out };
        let mut ended: Vec<Live> = vec![];
        let mut rekeyed: Vec<String> = vec![];
        let mut index = 0;
        while index < desk.calls.len() {
            let call = &desk.calls[index];
            let still = call.key.as_ref().is_none_or(|key| seen.iter().any(|s| &s.key == key && is_same(call, s)));
            // A dial that was under way when the link broke and shows no call after it is over.
            let lost_dial = call.key.is_none() && call.stale && !seen.iter().any(|s| adopts(call, s));
            if still && !lost_dial {
                index += 1;
                continue;
            }
            let held = |s: &CallSeen| desk.calls.iter().any(|c| c.key.as_ref() == Some(&s.key) && is_same(c, s));
            let other = seen.iter().find(|s| !rekeyed.contains(&s.key) && !held(s) && continues(call, s)).map(|s| s.key.clone());
            match (other, desk.calls.get_mut(index)) {
                (Some(key), Some(call)) => {
                    rekeyed.push(key.clone());
                    call.key = Some(key);
                    index += 1;
                }
                _ => ended.push(desk.calls.remove(index)),
            }
        }
        for (mut seen, found) in seen.into_iter().zip(names) {
            if seen.remote.name.is_none() {
                seen.remote.name = found;
            }
            let known = desk.calls.iter().position(|c| c.key.as_deref() == Some(&seen.key));
            let known = known.or_else(|| desk.calls.iter().position(|c| adopts(c, &seen)));
            let position = match known {
                Some(position) => position,
                None => {
                    next_call += 1;
                    desk.calls.push(fresh(CallId::numbered(name, next_call), &seen, now));
                    desk.calls.len() - 1
                }
            };
            let is_new = known.is_none();
            if let Some(call) = desk.calls.get_mut(position) {
                take(name, call, seen, is_new, now, &mut out);
            }
        }
        self.next_call = next_call;
        self.clear_dials(name);
        out.extend(self.confirm_by_state(name));
        for call in ended {
            out.extend(self.end(name, call, verdict_follows, now));
        }
        out
    }

    /// Ends a call: its commands, its record, its events.
    pub(super) fn end(&mut self, name: &AccountName, call: Live, verdict_follows: &[String], now: Now) -> Vec<Output> {
        let mut out = self.finish_ended(name, &call);
        let record = CallRecord {
            id: call.id.clone(),
            account: name.clone(),
            direction: call.direction,
            outcome: Outcome::Unknown,
            remote: call.remote.clone(),
            started_at: call.started_at,
            connected_at: call.connected_at,
            // When a call ended that nobody watched is not known.
            ended_at: (!call.stale).then_some(now.wall),
            source: RecordSource::Local,
            via: call.via.clone(),
            note: None,
        };
        let brief = CallBrief { state: CallState::Ended, ..brief(name, &call) };
        out.push(Output::Event(Event::new(EventName::CallEnded, now.wall).about(brief)));
        let outcome = match (call.direction, call.connected_at.is_some(), call.declined) {
            (_, true, _) => Outcome::Answered,
            // Nobody watched while it ended: it may have been answered.
            (_, false, _) if call.stale => Outcome::Unknown,
            (Direction::Outgoing, false, _) => Outcome::NotReached,
            (Direction::Incoming, false, true) => Outcome::Declined,
            (Direction::Incoming, false, false) => match call.key {
                Some(key) if verdict_follows.contains(&key) => {
                    if let Some(desk) = self.desk(name) {
                        desk.undecided.push(Undecided { key, record, until: now.mono + VERDICT_LIMIT });
                    }
                    return out;
                }
                _ => Outcome::Missed,
            },
        };
        out.extend(self.close_record(record, outcome, now));
        out
    }

    /// Takes the PBX's word on how a call ended.
    pub(super) fn verdict(&mut self, name: &AccountName, key: &str, outcome: Option<Outcome>, now: Now) -> Vec<Output> {
        let Some(desk) = self.desk(name) else { return vec![] };
        let Some(position) = desk.undecided.iter().position(|u| u.key == key) else { return vec![] };
        let open = desk.undecided.remove(position);
        self.close_record(open.record, outcome.unwrap_or(Outcome::Missed), now)
    }

    /// Writes a call into the history and says so; a missed one is counted.
    pub(super) fn close_record(&mut self, mut record: CallRecord, outcome: Outcome, now: Now) -> Vec<Output> {
        record.outcome = outcome;
        let mut out = vec![];
        if outcome == Outcome::Missed {
            self.count_one_missed(&record.account);
            let call = CallBrief {
                id: record.id.clone(),
                account: record.account.clone(),
                direction: record.direction,
                state: CallState::Ended,
                remote: record.remote.clone(),
            };
            out.push(Output::Event(Event::new(EventName::CallMissed, now.wall).about(call)));
        }
        self.recent.insert(0, record.clone());
        self.recent.truncate(super::RECENT);
        let mut event = Event::new(EventName::History, now.wall);
        event.account = Some(record.account.clone());
        out.push(Output::Record(record));
        out.push(Output::Event(event));
        out
    }
}

/// Tells whether a call of the picture with our call's key can really be that call.
///
/// A PBX may give an old id to another call, also while the link stands.
fn is_same(call: &Live, seen: &CallSeen) -> bool {
    if call.request.is_some() && seen.request == call.request {
        return true;
    }
    if rings_anew(call, seen) {
        return false;
    }
    let numbers = call.remote.number.as_deref().zip(seen.remote.number.as_deref());
    if call.stale {
        let remote = numbers.is_none_or(|(a, b)| is_same_number(a, b) || a == b);
        return call.direction == seen.direction && remote && !began_later(call, seen);
    }
    // A word such as `anonymous` names nobody, and a number may be written in another way a moment later.
    let is_number = |text: &str| text.bytes().any(|b| b.is_ascii_digit());
    let other_party = numbers.is_some_and(|(a, b)| a != b && is_number(a) && is_number(b) && !may_be_same(a, b));
    // Who talks may be handed on to somebody else in the same call, and a call that goes out may be taken by another
    // phone than the one that was called.
    let rings = |state: CallState| state == CallState::Ringing;
    let handed_on = call.connected_at.is_some()
        || !rings(call.state)
        || (call.direction == Direction::Outgoing && seen.state != SeenState::Ringing);
    !other_party || (call.direction == seen.direction && handed_on)
}

/// Who has talked does not ring again in the same call.
fn rings_anew(call: &Live, seen: &CallSeen) -> bool {
    call.connected_at.is_some() && matches!(seen.state, SeenState::Ringing | SeenState::CallingOwnPhone)
}

/// What began after the link was lost is another call; the clocks may differ a little.
fn began_later(call: &Live, seen: &CallSeen) -> bool {
    let after = |begun: jiff::Timestamp, at: jiff::Timestamp| begun > at.saturating_add(CLOCKS_DIFFER).unwrap_or(at);
    // The PBX's clock may be far ahead of ours; a beginning that it told before is still that of the same call.
    call.stale && seen.started_at.is_some_and(|begun| after(begun, call.since) && after(begun, call.started_at))
}

/// Tells whether a call of the picture is one that vanished from it, under another key.
///
/// A PBX may number a call anew when a phone is lifted or when it starts again.
fn continues(call: &Live, seen: &CallSeen) -> bool {
    // The next leg of one dial, however its number is written.
    if call.request.is_some() && seen.request == call.request {
        return true;
    }
    let same_party = match (&call.remote.number, &seen.remote.number) {
        (Some(a), Some(b)) => a == b || is_same_number(a, b),
        _ => false,
    };
    call.direction == seen.direction && same_party && !rings_anew(call, seen) && !began_later(call, seen)
}

/// Tells whether a call of the picture is the one we dialled.
fn adopts(call: &Live, seen: &CallSeen) -> bool {
    call.key.is_none() && call.request.is_some() && seen.request == call.request
}

fn fresh(id: CallId, seen: &CallSeen, now: Now) -> Live {
    Live {
        id,
        key: Some(seen.key.clone()),
        request: seen.request,
        direction: seen.direction,
        state: CallState::Unknown,
        remote: seen.remote.clone(),
        looked_up: None,
        told_as: None,
        via: seen.via.clone(),
        since: now.wall,
        started_at: seen.started_at.unwrap_or(now.wall),
        connected_at: None,
        stale: false,
        holder: Holder::NotTold,
        resume_is_safe: seen.resume_is_safe,
        declined: false,
        forget_at: None,
        post_dial: None,
        e164: None,
        asks_about: None,
        left: false,
    }
}

/// Brings the party of a call up to what the PBX shows.
///
/// The number that we dialled stays as we know it, however the PBX writes it, until the call is answered and the PBX names
/// somebody else than before: whoever took it, or was handed it.
fn take_party(call: &mut Live, seen: Party, state: SeenState) {
    if let Some(number) = seen.number {
        let answered = matches!(state, SeenState::Connected | SeenState::Held(_));
        let is_other = |before: &String| *before != number && !may_be_same(before, &number);
        let before = if call.request.is_some() { call.told_as.as_ref() } else { call.remote.number.as_ref() };
        let other = before.is_some_and(is_other);
        if call.request.is_none() || (answered && other) {
            // Nobody takes the name of who was there before.
            call.remote.name.take_if(|_| other);
            call.remote.number = Some(number.clone());
        }
        if answered && (other || call.told_as.is_none()) {
            call.told_as = Some(number);
        }
    }
    if seen.name.is_some() {
        call.remote.name = seen.name;
    }
}

/// Brings one call up to what the PBX shows and says what that means.
fn take(name: &AccountName, call: &mut Live, seen: CallSeen, is_new: bool, now: Now, out: &mut Vec<Output>) {
    let before = call.state;
    let was_stale = call.stale;
    call.key = Some(seen.key);
    call.stale = false;
    call.forget_at = None;
    call.resume_is_safe = seen.resume_is_safe;
    call.asks_about = seen.asks_about;
    // Somebody else is there now, or it rings anew.
    let other = seen.remote.number.is_some() && seen.remote.number != call.looked_up;
    call.left = call.left && !other && seen.state != SeenState::Ringing;
    if seen.remote.number != call.looked_up {
        call.looked_up.clone_from(&seen.remote.number);
    }
    take_party(call, seen.remote, seen.state);
    if seen.via.is_some() {
        call.via = seen.via;
    }
    call.state = match seen.state {
        SeenState::CallingOwnPhone => CallState::CallingOwnPhone,
        SeenState::Ringing => CallState::Ringing,
        SeenState::Connected => CallState::Connected,
        SeenState::Held(Holder::Them) => CallState::HeldByOther,
        SeenState::Held(Holder::Us | Holder::NotTold) => CallState::Held,
        SeenState::Unknown => CallState::Unknown,
    };
    // Which side holds is the dialect's to say, picture by picture: what it knew a moment ago may have changed.
    call.holder = match seen.state {
        SeenState::Held(holder) => holder,
        SeenState::CallingOwnPhone | SeenState::Ringing | SeenState::Connected | SeenState::Unknown => Holder::NotTold,
    };
    let answered = matches!(call.state, CallState::Connected | CallState::Held | CallState::HeldByOther);
    if answered && call.connected_at.is_none() {
        call.connected_at = Some(seen.connected_at.unwrap_or(now.wall));
    }
    if call.state == before && !is_new {
        return;
    }
    call.since = now.wall;
    // After a gap the picture is taken in silence, except for a call that is new to us.
    if was_stale && call.state != CallState::Ringing {
        return;
    }
    let event = match (call.state, before) {
        (CallState::Ringing, CallState::Ringing) => None,
        (CallState::Ringing, _) => Some(EventName::CallRinging),
        (CallState::Connected, CallState::Held | CallState::HeldByOther) => Some(EventName::CallResumed),
        (CallState::Connected, _) => Some(EventName::CallConnected),
        (CallState::Held | CallState::HeldByOther, _) => Some(EventName::CallHeld),
        (CallState::Dialing | CallState::CallingOwnPhone | CallState::Ended | CallState::Unknown, _) => None,
    };
    if let Some(event) = event {
        out.push(Output::Event(Event::new(event, now.wall).about(brief(name, call))));
    }
}

/// A call as events and answers tell it.
pub(super) fn brief(name: &AccountName, call: &Live) -> CallBrief {
    CallBrief {
        id: call.id.clone(),
        account: name.clone(),
        direction: call.direction,
        state: call.state,
        remote: call.remote.clone(),
    }
}

/// A call as shown, with what can be done to it now.
pub(super) fn shown(desk: &Desk, call: &Live) -> CallView {
    CallView {
        id: call.id.clone(),
        account: desk.name.clone(),
        direction: call.direction,
        state: call.state,
        // Who waits elsewhere is not here.
        remote: if call.left { Party::default() } else { call.remote.clone() },
        via: call.via.clone().filter(|_| !call.left),
        since: call.since,
        connected_at: call.connected_at,
        stale: call.stale,
        can: can(desk, call),
        doing: desk.pending.iter().find(|p| p.call.as_ref() == Some(&call.id)).and_then(|p| p.doing),
        post_dial: call.post_dial.clone(),
        related: related(desk, call),
    }
}

/// What can be done to a call now; nothing while its truth is not known.
pub(super) fn can(desk: &Desk, call: &Live) -> Vec<Can> {
    if desk.link != LinkName::Online || call.stale || call.key.is_none() {
        return vec![];
    }
    let has = |ability| desk.abilities.has(ability);
    let mut can = vec![];
    let mut offer = |offered: bool, what: Can| {
        if offered {
            can.push(what);
        }
    };
    if call.left {
        offer(has(Ability::HangUp), Can::HangUp);
        return can;
    }
    let talking = matches!(call.state, CallState::Connected | CallState::Held);
    offer(rings_here(call) && has(Ability::Answer), Can::Answer);
    offer(has(Ability::HangUp), Can::HangUp);
    offer(call.state == CallState::Connected && has(Ability::Hold), Can::Hold);
    offer(call.state == CallState::Held && may_resume(call) && has(Ability::Resume), Can::Resume);
    let hands_on = if rings_here(call) { has(Ability::Deflect) } else { talking && has(Ability::TransferBlind) };
    offer(hands_on, Can::Transfer);
    let partner = desk
        .calls
        .iter()
        .filter(|c| c.id != call.id && c.key.is_some() && matches!(c.state, CallState::Connected | CallState::Held))
        .any(|other| may_join(desk, call, other));
    offer(talking && partner && has(Ability::TransferAttended), Can::TransferToCall);
    offer(call.state == CallState::Connected && has(Ability::Dtmf), Can::Dtmf);
    offer(call.state == CallState::Connected && has(Ability::Consult), Can::Consult);
    offer(talking && has(Ability::Park), Can::Park);
    if let Some(pair) = related(desk, call).filter(|pair| pair.how == Relation::Consulting) {
        can.retain(|what| allowed_while_asking(&pair, *what));
    }
    can
}

/// It came in and nobody has taken it yet.
pub(super) fn rings_here(call: &Live) -> bool {
    call.state == CallState::Ringing && call.direction == Direction::Incoming
}

/// Resuming is right when we hold the call, or when the PBX's resume cannot hold by mistake.
pub(super) fn may_resume(call: &Live) -> bool {
    call.holder == Holder::Us || call.resume_is_safe
}

/// Why a command about a call cannot be sent, beyond what the call's state allows.
pub(super) fn obstacle(desk: &Desk, call: &Live) -> Option<Reason> {
    if desk.link != LinkName::Online {
        Some(Reason::Offline)
    } else if call.stale || call.key.is_none() {
        Some(Reason::StateUnknown)
    } else {
        None
    }
}
