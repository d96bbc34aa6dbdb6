//! Commands from the request to what is sent, once, or to why nothing is.

use std::time::{Duration, Instant};

use super::calls::{brief, may_resume, obstacle, rings_here};
use super::own::Chosen;
use super::related::may_join;
use super::targets::LOCKED;
use super::{Live, Model, Output};
use crate::Now;
use crate::account::{Ability, AccountName};
use crate::call::{CallId, CallState, Direction, Holder, Party};
use crate::event::{CallBrief, Event, EventName};
use crate::number::{Kind, Target, Yes};
use crate::reason::Reason;
use crate::request::{Answer, Reply, Source, TransferTarget};
use crate::told::{Command, RequestId};
use crate::view::{Doing, LinkName};

/// How long a dial may take until the PBX shows its call.
pub const DIAL_LIMIT: Duration = Duration::from_secs(15);
/// Least time between two dials from a selection or a link.
const BETWEEN_DIALS: Duration = Duration::from_secs(2);
/// How long any other command may take to show its effect.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(5);
/// How much longer it may take for each keypad tone: the tone, the silence after it, and the way to the PBX and back.
const TONE_LIMIT: Duration = Duration::from_millis(500);
/// The same for each pause between tones.
const PAUSE_LIMIT: Duration = Duration::from_millis(1500);

/// Said of a call whose party waits elsewhere.
const NOBODY_LEFT: Reason = Reason::NotNow("Whoever was in this call is parked.");

/// So many further presses of the same button get the answer of the first one.
pub(super) const MOST_JOINED: usize = 16;

/// A command that was sent and has not had its effect yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub request: RequestId,
    /// Who asked for the same meanwhile; nothing was sent for them.
    pub joined: Vec<RequestId>,
    pub call: Option<CallId>,
    /// What is being done to a call; none when something of the user's own is being chosen.
    pub doing: Option<Doing>,
    pub deadline: Instant,
    /// The desired effect is not the state of a call.
    pub by_word: bool,
    /// Its call, once that is over and the command is not.
    pub ended: Option<CallBrief>,
    /// What of the user's own is being chosen.
    pub chosen: Option<Chosen>,
}

impl Pending {
    /// Gives everybody who asked the same answer.
    pub(super) fn ends(self, answer: &Answer) -> impl Iterator<Item = Output> {
        let answer = answer.clone();
        std::iter::once(self.request).chain(self.joined).map(move |request| Output::Finished(request, answer.clone()))
    }
}

/// What became of a request at once.
#[derive(Debug, PartialEq)]
pub enum Begun {
    /// To be sent now, once, by this account's dialect.
    Send(AccountName, Command, Vec<Output>),
    /// It is so already; nothing is sent.
    Already(Reply),
    /// The same is under way; nothing is sent, and the answer comes with that of the first one.
    Joined,
}

pub(super) type Begin = Result<Begun, Reason>;

/// What is done to a call, what the PBX has to offer for it, and the command that is sent.
pub(super) struct What<C>(pub Doing, pub Ability, pub C);

/// How a call of our own comes about: what the PBX has to offer for it, and the command that is sent.
pub(super) struct Placing {
    pub ability: Ability,
    pub command: fn(RequestId, String) -> Command,
}

/// A number is dialled.
pub(super) const DIALLING: Placing = Placing { ability: Ability::Dial, command: |request, to| Command::Dial { request, to } };

impl Model {
    /// Begins a dial: chooses the account, judges the number, and shows the call as dialling.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn dial(
        &mut self,
        request: RequestId,
        text: &str,
        account: Option<&AccountName>,
        source: Source,
        yes: impl Into<Yes>,
        now: Now,
    ) -> Begin {
        let yes = yes.into();
        if self.locked {
            return Err(Reason::PolicyRefuse("The screen is locked."));
        }
        if source == Source::Link && yes == Yes::No {
            self.link_came(now.mono)?;
        }
        let name = self.account_for_dial(account)?;
        let target = self.judge_dial(&name, text, source, &yes)?;
        self.place_call(request, name, target, source, DIALLING, now)
    }

    /// Shows the call as dialling and hands the dial over, unless something stands in the way.
    pub(super) fn place_call(
        &mut self,
        request: RequestId,
        name: AccountName,
        target: Target,
        source: Source,
        how: Placing,
        now: Now,
    ) -> Begin {
        self.next_call += 1;
        let next = self.next_call;
        let Some(desk) = self.desk(&name) else { return Err(Reason::NoAccount) };
        if desk.link != LinkName::Online {
            return Err(Reason::Offline);
        }
        if !desk.abilities.has(how.ability) {
            return Err(Reason::Unsupported);
        }
        // Nothing waits before a call for help.
        let urgent = target.kind == Kind::Emergency;
        if !urgent && desk.pending.iter().any(|p| p.doing == Some(Doing::Dialing)) {
            return Err(Reason::DialInFlight);
        }
        let Target { dial: to, e164, post_dial, .. } = target;
        self.may_redial(&name, &to, e164.as_deref(), now.mono)?;
        let Some(desk) = self.desk(&name) else { return Err(Reason::NoAccount) };
        // Two dials without a hand on a keyboard in between are a held key or a page that fires links.
        let soon = desk.dialled_at.is_some_and(|at| now.mono.saturating_duration_since(at) < BETWEEN_DIALS);
        if source != Source::Typed && soon {
            return Err(Reason::DialInFlight);
        }
        desk.dialled_at = Some(now.mono);
        let call = Live {
            id: CallId::numbered(&name, next),
            key: None,
            request: Some(request),
            direction: Direction::Outgoing,
            state: CallState::Dialing,
            remote: Party::number(to.clone()),
            looked_up: None,
            // Whoever calls a colleague is not the colleague.
            told_as: (how.ability == Ability::PickUp).then(|| to.clone()),
            via: None,
            since: now.wall,
            started_at: now.wall,
            connected_at: None,
            stale: false,
            holder: Holder::NotTold,
            resume_is_safe: false,
            declined: false,
            forget_at: None,
            post_dial,
            e164: e164.clone(),
            asks_about: None,
            left: false,
        };
        let event = Event::new(EventName::CallDialing, now.wall).about(brief(&name, &call));
        desk.pending.push(Pending {
            request,
            joined: vec![],
            call: Some(call.id.clone()),
            doing: Some(Doing::Dialing),
            deadline: now.mono + DIAL_LIMIT,
            by_word: false,
            ended: None,
            chosen: None,
        });
        desk.calls.push(call);
        self.dial_sent(&name, request, &to, e164, now.mono);
        Ok(Begun::Send(name, (how.command)(request, to), vec![Output::Event(event)]))
    }

    pub(super) fn account_for_dial(&self, account: Option<&AccountName>) -> Result<AccountName, Reason> {
        if let Some(name) = account {
            return self.desks.iter().find(|d| &d.name == name).map(|d| d.name.clone()).ok_or(Reason::NoAccount);
        }
        match self.desks.as_slice() {
            [] => Err(Reason::NoAccount),
            [only] => Ok(only.name.clone()),
            several => {
                let mut online = several.iter().filter(|d| d.link == LinkName::Online && d.abilities.has(Ability::Dial));
                match (online.next(), online.next()) {
                    (Some(one), None) => Ok(one.name.clone()),
                    (None, _) => Err(Reason::Offline),
                    (Some(_), Some(_)) => Err(Reason::SeveralAccounts),
                }
            }
        }
    }

    /// Finds the call a request means: the named one, or the only one that `fits`.
    pub(super) fn pick(&self, call: Option<&CallId>, fits: impl Fn(&Live) -> bool) -> Result<(AccountName, CallId), Reason> {
        let all = || self.desks.iter().flat_map(|d| d.calls.iter().map(move |c| (d, c)));
        if let Some(id) = call {
            return all().find(|(_, c)| &c.id == id).map(|(d, c)| (d.name.clone(), c.id.clone())).ok_or(Reason::NoSuchCall);
        }
        let mut fitting = all().filter(|(_, c)| fits(c));
        match (fitting.next(), fitting.next()) {
            (Some((d, c)), None) => Ok((d.name.clone(), c.id.clone())),
            (None, _) => Err(Reason::NoCallFits),
            (Some(_), Some(_)) => Err(Reason::SeveralCalls),
        }
    }

    /// The same, and when nothing fits, the only call where what is wanted `holds` already.
    fn pick_or(
        &self,
        call: Option<&CallId>,
        fits: impl Fn(&Live) -> bool,
        holds: impl Fn(&Live) -> bool,
    ) -> Result<(AccountName, CallId), Reason> {
        match self.pick(call, fits) {
            Err(Reason::NoCallFits) => self.pick(None, holds),
            found => found,
        }
    }

    /// Begins answering.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn answer(&mut self, request: RequestId, call: Option<&CallId>, now: Now) -> Begin {
        let answered = |c: &Live| c.direction == Direction::Incoming && is_answered(c.state);
        let (name, id) = self.pick_or(call, rings_here, answered)?;
        let what = What(Doing::Answering, Ability::Answer, |request, key| Command::Answer { request, key });
        self.begin(&name, &id, request, what, now, |call| match (call.state, call.direction) {
            (CallState::Ringing, Direction::Incoming) => Ok(true),
            (CallState::Connected | CallState::Held | CallState::HeldByOther, _) => Ok(false),
            (CallState::Dialing | CallState::CallingOwnPhone | CallState::Ringing, _) => {
                Err(Reason::NotNow("Only a call that comes in can be answered."))
            }
            (CallState::Ended, _) => Err(Reason::NoSuchCall),
            (CallState::Unknown, _) => Err(Reason::StateUnknown),
        })
    }

    /// Begins hanging up or declining.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn hang_up(&mut self, request: RequestId, call: Option<&CallId>, now: Now) -> Begin {
        let (name, id) = self.pick(call, |_| true)?;
        let what = What(Doing::HangingUp, Ability::HangUp, |request, key| Command::HangUp { request, key });
        let begun = self.begin(&name, &id, request, what, now, |_| Ok(true))?;
        if let Some(call) = self.desk(&name).and_then(|d| d.calls.iter_mut().find(|c| c.id == id)) {
            call.declined = call.direction == Direction::Incoming && call.state == CallState::Ringing;
        }
        Ok(begun)
    }

    /// Begins holding.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn hold(&mut self, request: RequestId, call: Option<&CallId>, now: Now) -> Begin {
        let talks = |c: &Live| !c.left && matches!(c.state, CallState::Connected | CallState::Held);
        let (name, id) = self.pick_or(call, talks, |c| c.state == CallState::HeldByOther)?;
        let what = What(Doing::Holding, Ability::Hold, |request, key| Command::Hold { request, key });
        self.begin(&name, &id, request, what, now, |call| match (call.state, call.holder) {
            (CallState::Connected, _) => Ok(true),
            (CallState::Held, Holder::Us) => Ok(false),
            (CallState::Held, Holder::Them | Holder::NotTold) => Err(Reason::HoldSideUnknown),
            (state, _) => Err(unless_connected(state, "The other side holds this call already.")),
        })
    }

    /// Begins taking a call back; only one that we hold, or where the PBX's resume cannot hold by mistake.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn resume(&mut self, request: RequestId, call: Option<&CallId>, now: Now) -> Begin {
        let in_order = [CallState::Held, CallState::Connected, CallState::HeldByOther];
        let found = in_order.into_iter().map(|state| self.pick(call, |c| !c.left && c.state == state));
        let (name, id) = found
            .reduce(|best, next| if best == Err(Reason::NoCallFits) { next } else { best })
            .unwrap_or(Err(Reason::NoCallFits))?;
        let what = What(Doing::Resuming, Ability::Resume, |request, key| Command::Resume { request, key });
        self.begin(&name, &id, request, what, now, |call| match (call.state, may_resume(call)) {
            (CallState::Held, true) => Ok(true),
            (CallState::Held, false) => Err(Reason::HoldSideUnknown),
            (CallState::Connected, _) => Ok(false),
            (state, _) => Err(unless_connected(state, "The other side holds this call; only they can take it back.")),
        })
    }

    /// Begins sending tones.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn dtmf(&mut self, request: RequestId, call: &CallId, digits: &str, now: Now) -> Begin {
        let digits = crate::call::tones(digits).map_err(|wrong| Reason::WrongUsage(wrong.to_string()))?;
        let (name, id) = self.pick(Some(call), |_| true)?;
        let takes = digits.chars().map(|tone| if tone == ',' { PAUSE_LIMIT } else { TONE_LIMIT }).sum::<Duration>();
        let what = What(Doing::SendingTones, Ability::Dtmf, |request, key| Command::Dtmf { request, key, digits });
        let begun = self.begin(&name, &id, request, what, now, |call| {
            if call.state == CallState::Connected {
                return Ok(true);
            }
            Err(unless_connected(call.state, "The other side holds this call, so it would not hear the tones."))
        })?;
        if let Some(sent) = self.desk(&name).and_then(|desk| desk.pending.iter_mut().find(|p| p.request == request)) {
            sent.deadline += takes;
        }
        Ok(begun)
    }

    /// Begins handing a call on.
    ///
    /// # Errors
    /// Why nothing is sent.
    pub fn transfer(&mut self, request: RequestId, call: &CallId, target: &TransferTarget, now: Now) -> Begin {
        // It rings at somebody, as a dial does.
        if self.locked && !matches!(target, TransferTarget::Call(_)) {
            return Err(LOCKED);
        }
        let (name, id) = self.pick(Some(call), |_| true)?;
        let talking = |call: &Live| {
            if matches!(call.state, CallState::Connected | CallState::Held) {
                return Ok(true);
            }
            Err(unless_connected(call.state, "The other side holds this call; it cannot be handed on now."))
        };
        match target {
            TransferTarget::Number(text) => {
                // Where a call that rings cannot be sent on, it has to be connected first.
                let rings = self.desk(&name).is_some_and(|desk| {
                    desk.abilities.has(Ability::Deflect) && desk.calls.iter().any(|call| call.id == id && rings_here(call))
                });
                let target = if rings { self.send_on_target(&name, text) } else { self.hand_on_target(&name, text) };
                let to = target?.dial;
                let ability = if rings { Ability::Deflect } else { Ability::TransferBlind };
                let what = What(Doing::Transferring, ability, |request, key| Command::TransferTo { request, key, to });
                self.begin(&name, &id, request, what, now, |call| if rings { Ok(true) } else { talking(call) })
            }
            TransferTarget::Ask(text) => self.consult(request, &name, &id, text, now),
            TransferTarget::Call(other) => {
                let (other_name, other_id) = self.pick(Some(other), |_| true)?;
                if other_name != name || other_id == id {
                    return Err(Reason::WrongUsage("two different calls of one account can be joined".to_owned()));
                }
                let desk = self.desk(&name).ok_or(Reason::NoAccount)?;
                let partner = desk.calls.iter().find(|c| c.id == other_id).ok_or(Reason::NoSuchCall)?;
                talking(partner)?;
                if partner.left {
                    return Err(NOBODY_LEFT);
                }
                if let Some(why) = obstacle(desk, partner) {
                    return Err(why);
                }
                let call = desk.calls.iter().find(|c| c.id == id).ok_or(Reason::NoSuchCall)?;
                if !may_join(desk, call, partner) {
                    return Err(Reason::NotNow("Somebody is being asked about one of these calls; end that first."));
                }
                let other = partner.key.clone().ok_or(Reason::StateUnknown)?;
                let join = |request, key| Command::TransferJoin { request, key, other };
                let what = What(Doing::Transferring, Ability::TransferAttended, join);
                self.begin(&name, &id, request, what, now, talking)
            }
        }
    }

    /// The gates that every command about a call passes.
    pub(super) fn begin(
        &mut self,
        name: &AccountName,
        id: &CallId,
        request: RequestId,
        what: What<impl FnOnce(RequestId, String) -> Command>,
        now: Now,
        ready: impl Fn(&Live) -> Result<bool, Reason>,
    ) -> Begin {
        let What(doing, ability, command) = what;
        let desk = self.desk(name).ok_or(Reason::NoAccount)?;
        let call = desk.calls.iter().find(|c| &c.id == id).ok_or(Reason::NoSuchCall)?;
        if let Some(why) = obstacle(desk, call) {
            return Err(why);
        }
        if call.left && doing != Doing::HangingUp {
            return Err(NOBODY_LEFT);
        }
        if !ready(call)? {
            return Ok(Begun::Already(Reply::Call(brief(name, call))));
        }
        if !desk.abilities.has(ability) {
            return Err(Reason::Unsupported);
        }
        // One command at a time for a call: a second press must not become a second toggle.
        let joins = matches!(doing, Doing::Answering | Doing::HangingUp | Doing::Holding | Doing::Resuming);
        let same = desk.pending.iter_mut().find(|p| joins && p.call.as_ref() == Some(id) && p.doing == Some(doing));
        if let Some(first) = same.filter(|p| p.joined.len() < MOST_JOINED) {
            first.joined.push(request);
            return Ok(Begun::Joined);
        }
        // Hanging up is always allowed, except twice.
        let of_call = |p: &&Pending| p.call.as_ref() == Some(id);
        if desk.pending.iter().filter(of_call).any(|p| p.doing == Some(doing) || doing != Doing::HangingUp) {
            return Err(Reason::UnderWay);
        }
        let call = desk.calls.iter().find(|c| &c.id == id).ok_or(Reason::NoSuchCall)?;
        let key = call.key.clone().ok_or(Reason::StateUnknown)?;
        desk.pending.push(Pending {
            request,
            joined: vec![],
            call: Some(id.clone()),
            doing: Some(doing),
            deadline: now.mono + COMMAND_LIMIT,
            by_word: doing == Doing::SendingTones,
            ended: None,
            chosen: None,
        });
        Ok(Begun::Send(name.clone(), command(request, key), vec![]))
    }
}

fn is_answered(state: CallState) -> bool {
    matches!(state, CallState::Connected | CallState::Held | CallState::HeldByOther)
}

/// Why something that needs a connected call cannot be done in this state.
fn unless_connected(state: CallState, held_by_other: &'static str) -> Reason {
    match state {
        CallState::Unknown => Reason::StateUnknown,
        CallState::Ended => Reason::NoSuchCall,
        CallState::HeldByOther => Reason::NotNow(held_by_other),
        CallState::Held => Reason::NotNow("This call is on hold."),
        CallState::Dialing | CallState::CallingOwnPhone | CallState::Ringing | CallState::Connected => {
            Reason::NotNow("This call is not connected yet.")
        }
    }
}
