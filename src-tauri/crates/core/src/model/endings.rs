//! How commands end: confirmed by the picture, by the dialect's word, by the end of their call, or by time.

use super::calls::{FORGET_AFTER, brief, may_resume};
use super::commands::Pending;
use super::own::Chosen;
use super::{Live, Model, Output};
use crate::Now;
use crate::account::AccountName;
use crate::call::{CallId, CallState, Holder};
use crate::event::{CallBrief, Event, EventName};
use crate::reason::Reason;
use crate::request::Reply;
use crate::told::RequestId;
use crate::view::Doing;

impl Model {
    /// Ends commands whose effect the newest picture shows.
    pub(super) fn confirm_by_state(&mut self, name: &AccountName) -> Vec<Output> {
        let Some(desk) = self.desk(name) else { return vec![] };
        let mut out = vec![];
        let mut index = 0;
        while let Some(pending) = desk.pending.get(index) {
            let call = pending.call.as_ref().and_then(|id| desk.calls.iter().find(|c| &c.id == id));
            let Some((call, effect)) = call.and_then(|call| Some((call, effect(pending, call)?))) else {
                index += 1;
                continue;
            };
            let answer = match effect {
                Ok(()) => Ok(Reply::Call(brief(&desk.name, call))),
                Err(why) => Err(why.into()),
            };
            out.extend(desk.pending.remove(index).ends(&answer));
        }
        out
    }

    /// Ends the commands of a call that is over.
    ///
    /// A transfer goes on, and so does parking: the call may have ended because it was handed on, because the other side
    /// hung up, or because the target could not be reached. Which of them it was is the dialect's to say.
    pub(super) fn finish_ended(&mut self, name: &AccountName, call: &Live) -> Vec<Output> {
        let Some(desk) = self.desk(name) else { return vec![] };
        let mut out = vec![];
        let id = &call.id;
        for pending in desk.pending.iter_mut().filter(|p| goes_on(p) && p.call.as_ref() == Some(id)) {
            pending.ended = Some(CallBrief { state: CallState::Ended, ..brief(name, call) });
        }
        let about = |p: &Pending| !goes_on(p) && p.call.as_ref() == Some(id);
        let (over, open): (Vec<_>, Vec<_>) = std::mem::take(&mut desk.pending).into_iter().partition(about);
        desk.pending = open;
        for pending in over {
            let answer = match pending.doing {
                Some(Doing::HangingUp) => Ok(Reply::Done),
                Some(Doing::Dialing) => Err(Reason::EndedAtOnce.into()),
                Some(
                    Doing::Answering
                    | Doing::Holding
                    | Doing::Resuming
                    | Doing::SendingTones
                    | Doing::Transferring
                    | Doing::Consulting
                    | Doing::Parking,
                )
                | None => Err(Reason::NoSuchCall.into()),
            };
            out.extend(pending.ends(&answer));
        }
        out
    }

    /// Ends one command by the dialect's word.
    pub(super) fn finish(
        &mut self,
        name: &AccountName,
        request: RequestId,
        answer: Result<Reply, Reason>,
        now: Now,
    ) -> Vec<Output> {
        let Some(desk) = self.desk(name) else { return vec![] };
        let Some(position) = desk.pending.iter().position(|p| p.request == request) else { return vec![] };
        let pending = desk.pending.remove(position);
        let (doing, of_call) = (pending.doing, pending.call.clone());
        let mut out = vec![];
        match answer {
            Ok(reply) => {
                let live = desk.calls.iter().find(|c| of_call.as_ref() == Some(&c.id));
                let call = pending.ended.clone().or_else(|| live.map(|call| brief(name, call)));
                if let Some(call) = call.filter(|_| doing == Some(Doing::Transferring)) {
                    out.push(Output::Event(Event::new(EventName::CallTransferred, now.wall).about(call)));
                }
                out.extend(pending.ends(&Ok(reply)));
            }
            Err(why) => {
                let unclear = why == Reason::NoReaction;
                let why = match &pending.chosen {
                    _ if unclear && pending.ended.is_some() => Reason::TransferUnclear,
                    Some(Chosen::Forwarding(..)) if unclear => Reason::ForwardUnclear,
                    Some(_) | None => why,
                };
                out.extend(pending.ends(&Err(why.into())));
                if matches!(doing, Some(Doing::Dialing | Doing::Consulting)) {
                    if unclear {
                        self.dial_is_unclear(request);
                    } else {
                        self.dial_refused(request);
                    }
                }
                if doing == Some(Doing::Dialing) {
                    out.extend(self.undial(name, request, unclear, now));
                } else if let Some(call) = desk_call(self, name, of_call.as_ref()) {
                    call.declined = false;
                    if unclear && doing == Some(Doing::Resuming) {
                        // It may have been taken back while the other side holds: a second toggle would hold again.
                        call.holder = Holder::NotTold;
                    }
                }
            }
        }
        out
    }

    /// Removes the call of a refused dial, or shows that of an unclear one as unknown for a while.
    fn undial(&mut self, name: &AccountName, request: RequestId, unclear: bool, now: Now) -> Vec<Output> {
        let Some(desk) = self.desk(name) else { return vec![] };
        let Some(position) = desk.calls.iter().position(|c| c.request == Some(request) && c.key.is_none()) else { return vec![] };
        if unclear {
            if let Some(call) = desk.calls.get_mut(position) {
                call.state = CallState::Unknown;
                call.since = now.wall;
                call.forget_at = Some(now.mono + FORGET_AFTER);
            }
            return vec![];
        }
        let call = desk.calls.remove(position);
        self.end(name, call, &[], now)
    }

    /// Ends commands whose time is over, and forgets dials that never showed up.
    pub fn tick(&mut self, now: Now) -> Vec<Output> {
        let mut out = vec![];
        let late: Vec<(AccountName, RequestId)> = self
            .desks
            .iter()
            .flat_map(|d| d.pending.iter().filter(|p| p.deadline <= now.mono).map(|p| (d.name.clone(), p.request)))
            .collect();
        for (name, request) in late {
            out.extend(self.finish(&name, request, Err(Reason::NoReaction), now));
            out.push(Output::Expired(name, request));
        }
        let names: Vec<AccountName> = self.desks.iter().map(|d| d.name.clone()).collect();
        for name in names {
            let Some(desk) = self.desk(&name) else { continue };
            let over: Vec<String> = desk.undecided.iter().filter(|u| u.until <= now.mono).map(|u| u.key.clone()).collect();
            for key in over {
                out.extend(self.verdict(&name, &key, None, now));
            }
            let Some(desk) = self.desk(&name) else { continue };
            let Some(position) = desk.calls.iter().position(|c| c.forget_at.is_some_and(|at| at <= now.mono)) else { continue };
            let mut call = desk.calls.remove(position);
            call.stale = true;
            out.extend(self.end(&name, call, &[], now));
        }
        out
    }
}

/// A command whose success may end its call.
fn goes_on(pending: &Pending) -> bool {
    matches!(pending.doing, Some(Doing::Transferring | Doing::Parking))
}

/// Whether the newest picture of its call ends a command, and how.
fn effect(pending: &Pending, call: &Live) -> Option<Result<(), Reason>> {
    if pending.by_word {
        return None;
    }
    let reached = match pending.doing? {
        Doing::Dialing => call.key.is_some() && !matches!(call.state, CallState::Dialing | CallState::Unknown),
        Doing::Answering | Doing::Resuming => call.state == CallState::Connected,
        // The other side may have held in the same moment, so a held call alone proves nothing.
        Doing::Holding if call.state == CallState::Held && !may_resume(call) => {
            return Some(Err(Reason::HoldUnclear));
        }
        Doing::Holding => call.state == CallState::Held,
        Doing::HangingUp | Doing::Transferring | Doing::SendingTones | Doing::Consulting | Doing::Parking => false,
    };
    reached.then_some(Ok(()))
}

fn desk_call<'a>(model: &'a mut Model, name: &AccountName, id: Option<&CallId>) -> Option<&'a mut Live> {
    let id = id?;
    model.desk(name)?.calls.iter_mut().find(|c| &c.id == id)
}
