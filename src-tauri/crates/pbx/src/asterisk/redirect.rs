//! A call that rings here is taken out of its ringing: to be dialled again so that the phone answers by itself, or to be
//! sent on to somebody else.
//!
//! Both redirect the leg of the caller. A place that does not exist ends the call, and a caller who waits in a queue leaves
//! it, so what the caller runs and where the call would go are asked for right before it is sent.

use std::time::{Duration, Instant};

use phone_core::call::Outcome;
use phone_core::told::RequestId;
use phone_core::{Direction, Now, Party, Reason};

use super::calls::Ended;
use super::channels::{Channel, Channels};
use super::commands::{Step, What};
use super::keys::Way;
use super::packet::{Action, Packet};
use super::transfers::sendable;
use super::{Asked, Asterisk, Phase, lists};
use crate::dialect::Effects;
use crate::open::End;

/// How long a phone may take to answer by itself; what is told then must come before the command has had its time.
const ANSWERING: Duration = Duration::from_secs(4);

/// How long the server may take to say whether a caller lives.
const ASKING: Duration = Duration::from_secs(1);

/// Where the caller of a call that rings is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The own phone once more.
    OwnPhone,
    /// Somebody else.
    Number(String),
}

/// A call whose caller was sent somewhere else while it rang.
#[derive(Clone, Debug)]
pub struct Moved {
    caller: String,
    pub linked: String,
    /// Where we have sent it; none when another program did.
    pub goal: Option<Goal>,
    /// The number that the caller ran before.
    from: Option<String>,
    /// The server has taken our order.
    accepted: bool,
    /// The last leg ended in the way of one whose caller is sent somewhere else.
    pub off: bool,
    /// It was asked whether the caller lives, and what the answer was.
    asked: bool,
    lives: Option<bool>,
    /// Until when a phone has to ring again, or the caller has to be there; none while the own phone rings.
    pub until: Option<Instant>,
    /// Who calls, while no leg of ours says it.
    pub party: Party,
}

impl Moved {
    /// This caller is sent there; without a goal, somebody else may have done it.
    pub fn new(id: &str, caller: &Channel, goal: Option<Goal>) -> Self {
        Self {
            caller: id.to_owned(),
            linked: caller.linked.clone(),
            from: caller.exten.clone().filter(|_| goal.is_some()),
            goal,
            accepted: false,
            off: false,
            asked: false,
            lives: None,
            until: None,
            party: Party::default(),
        }
    }

    /// No leg is left: it waits for the next one, until then.
    pub fn waits_until(&mut self, until: Instant, off: bool, party: Party) {
        (self.until, self.off, self.party) = (Some(until), off, party);
        (self.asked, self.lives) = (false, None);
    }

    /// The caller, who is still there and does not want to end.
    pub fn caller<'a>(&self, channels: &'a Channels) -> Option<&'a Channel> {
        channels.get(&self.caller).filter(|caller| !caller.asked_to_end)
    }

    /// The caller has arrived at somebody else.
    pub fn is_sent_on(&self, channels: &Channels) -> bool {
        // A dial plan may run something else in the name of a number; then the caller's life tells.
        let arrived = |to: &String| {
            let runs = self.caller(channels).is_some_and(|caller| caller.exten.as_ref() == Some(to));
            runs && self.from.as_ref() != Some(to)
        };
        let lives = self.lives == Some(true);
        lives || matches!(&self.goal, Some(Goal::Number(to)) if arrived(to))
    }

    /// Nothing more can change what became of it.
    pub fn is_over(&self, channels: &Channels, now: Instant) -> bool {
        let is_known = self.is_sent_on(channels) || self.lives.is_some() || self.caller(channels).is_none();
        is_known || self.until.is_some_and(|at| at <= now)
    }

    /// It waited in vain, and whether its caller lives tells what became of it: gives that caller, once.
    pub fn is_to_be_asked(&mut self, now: Instant) -> Option<String> {
        let may_be_sent_on = match &self.goal {
            None => true,
            Some(Goal::Number(_)) => self.accepted,
            Some(Goal::OwnPhone) => false,
        };
        let is_due = self.off && may_be_sent_on && !self.asked && self.until.is_some_and(|at| at <= now);
        is_due.then(|| {
            (self.asked, self.until) = (true, Some(now + ASKING));
            self.caller.clone()
        })
    }

    /// No leg is left, and it waits for the next one.
    pub fn waits(&self) -> bool {
        self.until.is_some()
    }
}

impl Asterisk {
    /// Tells whether calls that ring here can be sent on.
    pub(super) fn can_deflect(&self) -> bool {
        self.allows("Redirect") && self.allows("Getvar")
    }

    /// Lets the own phone be dialled again, in a way that makes it answer.
    pub(super) fn answer_by_redirect(&mut self, request: RequestId, key: &str, out: &mut Effects) -> Result<(), Reason> {
        if !self.can_steer(Way::Redirect) {
            return Err(Reason::Unsupported);
        }
        self.redirect(request, key, Goal::OwnPhone, out)
    }

    /// Sends a call that rings on to a number.
    pub(super) fn deflect(&mut self, request: RequestId, key: &str, to: &str, out: &mut Effects) -> Result<(), Reason> {
        let to = sendable(to)?.to_owned();
        // It would ring again, as another call.
        if self.keys.is_own_number(&to) {
            return Err(Reason::TargetRefused("This is your own number."));
        }
        if !self.can_deflect() {
            return Err(Reason::Unsupported);
        }
        self.redirect(request, key, Goal::Number(to), out)
    }

    fn redirect(&mut self, request: RequestId, key: &str, goal: Goal, out: &mut Effects) -> Result<(), Reason> {
        self.may_move(key, &goal)?;
        let (context, number) = self.place(&goal);
        self.open(request, What::Redirect { key: key.to_owned(), goal, until: None, crowd: false });
        let variable = format!("VALID_EXTEN({context},{number},1)");
        self.send_step(request, Step::Valid, |id| Action::new("Getvar", id).with("Variable", &variable), out);
        Ok(())
    }

    /// Where a caller is sent to.
    fn place(&self, goal: &Goal) -> (String, String) {
        match goal {
            Goal::OwnPhone => (self.keys.answer_context.clone(), self.keys.extension.clone()),
            Goal::Number(to) => (self.keys.context.clone(), to.clone()),
        }
    }

    /// The leg of the one caller who lets nothing ring but our phones; none as long as not everything of it is told.
    ///
    /// Of several phones nobody could tell which one would answer, perhaps one in another room.
    fn may_move(&self, key: &str, goal: &Goal) -> Result<Option<String>, Reason> {
        let (call, of_consult) = self.calls.find(key).ok_or(Reason::NoSuchCall)?;
        if of_consult || call.up.is_some() || call.direction != Direction::Incoming {
            return Err(Reason::NotNow("Only a call that comes in can be answered."));
        }
        if *goal == Goal::OwnPhone && call.legs.len() > 1 {
            return Err(SEVERAL_PHONES);
        }
        let legs = || call.legs.iter().filter_map(|leg| self.channels.get(leg));
        let Some(id) = legs().find_map(|leg| leg.called_by.clone()) else { return Ok(None) };
        let caller = self.channels.get(&id).filter(|caller| !caller.asked_to_end).ok_or(Reason::LegUnclear)?;
        // Queues and groups call their members by channels of their own, whose far halves dial.
        let is_plumbing = caller.name.starts_with("Local/") && caller.name.ends_with(";2");
        let calls = usize::try_from(caller.calling).unwrap_or(usize::MAX);
        if is_plumbing || calls > call.legs.len() || legs().any(|leg| leg.called_by.as_ref().is_some_and(|by| *by != id)) {
            return Err(SEVERAL_PEOPLE);
        }
        let is_whole = calls == call.legs.len() && legs().all(|leg| leg.called_by.is_some());
        Ok(is_whole.then_some(id))
    }

    /// The place exists: what the caller does now decides whether it may be left.
    pub(super) fn place_exists(&mut self, request: RequestId, out: &mut Effects) {
        let Some(What::Redirect { key, .. }) = self.open_what(request) else { return };
        let call = self.calls.find(key).map(|(call, _)| call);
        let mut legs = call.into_iter().flat_map(|call| &call.legs).filter_map(|leg| self.channels.get(leg));
        let Some(caller) = legs.find_map(|leg| leg.called_by.clone()) else {
            return self.refuse(request, Reason::LegUnclear, out);
        };
        let channel = self.leg_name(&caller);
        let action = |id| Action::new("Getvar", id).with("Channel", &channel).with("Variable", "CHANNEL(appname)");
        self.send_step(request, Step::Runs, action, out);
    }

    /// What the caller runs: only a plain dial may be left.
    pub(super) fn told_what_runs(&mut self, request: RequestId, packet: &Packet<'_>, out: &mut Effects) {
        let dials = packet.is_success() && packet.text("Value").is_some_and(|runs| runs.eq_ignore_ascii_case("dial"));
        if !dials {
            return self.refuse(request, SEVERAL_PEOPLE, out);
        }
        // Whom else the caller lets ring may be kept from us by a filter of events, which lists know nothing of.
        let all = self.allows("CoreShowChannels");
        let list = if all { lists::CHANNELS } else { lists::STATUS };
        self.send_step(request, Step::Rings { all }, |id| list.ask(id), out);
    }

    /// One of all channels, while it is looked for others whom the caller lets ring.
    pub(super) fn listed_who_rings(&mut self, request: RequestId, packet: &Packet<'_>) {
        let Some(What::Redirect { key, .. }) = self.open_what(request) else { return };
        let Some((call, _)) = self.calls.find(key) else { return };
        let mut callers = call.legs.iter().filter_map(|leg| self.channels.get(leg)?.called_by.as_ref());
        let caller = callers.next();
        let linked = caller.and_then(|caller| self.channels.get(caller)).map(|caller| caller.linked.as_str());
        let is_own = packet.text("Channel").is_some_and(|name| self.keys.own_device(name).is_some());
        let is_tied = linked.is_some() && packet.text("Linkedid") == linked;
        let is_caller = packet.text("Uniqueid") == caller.map(String::as_str);
        let is_up = packet.text("ChannelStateDesc") == Some("Up") || packet.text("ChannelState") == Some("6");
        if is_tied
            && !is_own
            && !is_caller
            && !is_up
            && let Some(What::Redirect { crowd, .. }) = self.open.get_mut(request)
        {
            *crowd = true;
        }
    }

    /// All channels were listed: now nothing is unknown that would keep the caller.
    pub(super) fn told_who_rings(&mut self, request: RequestId, now: Now, out: &mut Effects) {
        let Some(What::Redirect { key, goal, crowd, .. }) = self.open_what(request) else { return };
        let (key, goal, crowd) = (key.clone(), goal.clone(), *crowd);
        let caller = match self.may_move(&key, &goal) {
            Ok(None) => return self.refuse(request, Reason::LegUnclear, out),
            Ok(Some(_)) if crowd => return self.refuse(request, SEVERAL_PEOPLE, out),
            Ok(Some(caller)) => caller,
            Err(reason) => return self.refuse(request, reason, out),
        };
        let (context, number) = self.place(&goal);
        if let Some(What::Redirect { until, .. }) = self.open.get_mut(request) {
            *until = Some(now.mono + ANSWERING);
        }
        let channel = self.leg_name(&caller);
        if let (Some(call), Some(leg)) = (self.calls.get_mut(&key), self.channels.get(&caller)) {
            call.moved = Some(Moved::new(&caller, leg, Some(goal)));
        }
        let action = |id| {
            let action = Action::new("Redirect", id).with("Channel", &channel).with("Context", &context);
            action.with("Exten", &number).with("Priority", "1")
        };
        self.send_step(request, Step::Sent, action, out);
    }

    fn open_what(&self, request: RequestId) -> Option<&What> {
        self.open.get(request)
    }

    /// The server did not redirect: the call is where it was.
    pub(super) fn not_redirected(&mut self, request: RequestId) {
        let Some(What::Redirect { key, .. }) = self.open_what(request) else { return };
        let key = key.clone();
        if let Some(call) = self.calls.get_mut(&key) {
            call.moved = None;
        }
    }

    /// The server redirects.
    pub(super) fn redirected(&mut self, key: &str) {
        if let Some(moved) = self.calls.get_mut(key).and_then(|call| call.moved.as_mut()) {
            moved.accepted = true;
        }
    }

    /// Asks whether those callers live whose calls have lost their legs: a filter of events may keep their ends from us.
    pub(super) fn ask_for_callers(&mut self, now: Now, out: &mut Effects) {
        if self.phase != Phase::Live || !self.allows("Getvar") {
            return;
        }
        for (key, caller) in self.calls.wait_in_vain(now.mono) {
            let channel = self.leg_name(&caller);
            let action = |id| Action::new("Getvar", id).with("Channel", &channel).with("Variable", "CHANNEL(state)");
            self.ask(Asked::Caller(key), action, out);
        }
    }

    /// Whether a caller lives.
    pub(super) fn caller_answered(&mut self, key: &str, packet: &Packet<'_>, now: Now, out: &mut Effects) {
        if let Some(moved) = self.calls.get_mut(key).and_then(|call| call.moved.as_mut()).filter(|moved| moved.asked) {
            moved.lives = Some(packet.is_success());
            self.follow(now, out);
        }
    }

    /// Calls that are over were sent on, or not.
    pub(super) fn sent_on(&mut self, ended: &[Ended], out: &mut Effects) {
        for ended in ended {
            let is_it = |what: &What| matches!(what, What::Redirect { key, goal: Goal::Number(_), .. } if *key == ended.key);
            let Some(request) = self.open.find(is_it) else { continue };
            let was_sent = matches!(self.open_what(request), Some(What::Redirect { until: Some(_), .. }));
            match ended.outcome {
                Some(Outcome::SentOn) if was_sent => self.confirm(request, out),
                // It may have rung out in the same moment, and who knows where the caller is now.
                Some(Outcome::Missed) if was_sent => self.open.end(request, End::Unclear, out),
                _ => self.refuse(request, Reason::NoSuchCall, out),
            }
        }
    }

    /// Ends the wishes to answer that were obeyed, and those that were not.
    pub(super) fn look_at_answers(&mut self, now: Now, out: &mut Effects) {
        let requests: Vec<RequestId> = self.open.iter().map(|open| open.request).collect();
        for request in requests {
            let Some(What::Redirect { key, goal: Goal::OwnPhone, until, .. }) = self.open_what(request) else { continue };
            let call = self.calls.find(key).map(|(call, _)| call);
            let answered = call.and_then(|call| call.up.clone());
            let late = until.is_some_and(|at| at <= now.mono);
            match (call.is_some(), answered) {
                // The call itself shows it.
                (_, Some(leg)) => {
                    self.open.leave(request);
                    self.obeyed(&leg, out);
                }
                (false, None) => _ = self.open.leave(request),
                (true, None) if late => {
                    self.refuse(
                        request,
                        Reason::RefusedByPbx("the phone rings again and does not answer by itself".to_owned()),
                        out,
                    );
                    self.not_obeyed(out);
                }
                (true, None) => {}
            }
        }
    }

    /// A phone has answered by itself: its model is remembered.
    fn obeyed(&mut self, leg: &str, out: &mut Effects) {
        if let Some(model) = self.model_of(leg) {
            self.learn(|learnt| _ = learnt.answers.insert(model), out);
        }
    }

    /// Unless a model is known to, it is not told again: each time the caller would wait anew, and never reach a mailbox.
    fn not_obeyed(&mut self, out: &mut Effects) {
        let known = |model: &String| self.learnt.answers.contains(model);
        if self.own_models().any(known) {
            return;
        }
        self.no_redirect = true;
        self.tell_abilities(out);
    }
}

const SEVERAL_PEOPLE: Reason = Reason::NotNow("This call came to a queue or a group, which would lose it.");
const SEVERAL_PHONES: Reason = Reason::NotNow("Several of your phones ring, and nobody could tell which one would answer.");
