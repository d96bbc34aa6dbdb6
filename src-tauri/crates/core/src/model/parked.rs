//! Calls that this user has parked: where they wait, and since when nobody can say whether they still do.

use jiff::Timestamp;

use super::calls::brief;
use super::{Desk, Live, Model, Output};
use crate::Now;
use crate::account::AccountName;
use crate::call::{CallId, CallState, Direction, Party};
use crate::number::is_same;
use crate::request::Reply;
use crate::told::{ParkedSeen, RequestId};
use crate::view::ParkedView;

/// Most of them of one account; a longer list would not be read.
const MOST: usize = 8;

/// One parked call as kept.
#[derive(Debug)]
pub(super) struct Parked {
    /// Name of the call that was parked, or one of its own.
    id: CallId,
    /// The PBX's id of who waits; none where it does not tell what becomes of them.
    key: Option<String>,
    place: Option<String>,
    who: Party,
    since: Timestamp,
    /// The link was lost and the PBX has not said since that it still waits.
    unknown_since: Option<Timestamp>,
    /// The user does not want to see it any more.
    dismissed: bool,
    /// Calls that there were already; none of them can be the fetched one.
    before: Vec<CallId>,
    /// The call that was begun to fetch it.
    fetching: Option<CallId>,
}

impl Model {
    /// A call of ours waits at a place: the command that put it there is done.
    pub(super) fn parked(
        &mut self,
        name: &AccountName,
        request: RequestId,
        key: Option<String>,
        place: Option<String>,
        now: Now,
    ) -> Vec<Output> {
        if let Some(desk) = self.desk(name)
            && let Some(pending) = desk.pending.iter().find(|pending| pending.request == request)
        {
            let live = desk.calls.iter().find(|call| pending.call.as_ref() == Some(&call.id));
            if let Some(call) = pending.ended.clone().or_else(|| live.map(|call| brief(name, call))) {
                // Nobody else can wait where this one waits now.
                desk.parked.retain(|other| other.key.is_some() || other.place != place);
                let before = desk.calls.iter().map(|call| call.id.clone()).collect();
                let parked = Parked { before, ..Parked::new(call.id, key, place.clone(), call.remote, now.wall) };
                desk.parked.push(parked);
                bound(desk);
            }
        }
        self.finish(name, request, Ok(Reply::Parked(place)), now)
    }

    /// All that waits by this user's doing, by the PBX's word: who is missing was fetched, has given up or came back.
    pub(super) fn parked_are(&mut self, name: &AccountName, mut seen: Vec<ParkedSeen>, now: Now) {
        let mut next = self.next_call;
        let Some(desk) = self.desk(name) else { return };
        desk.parked.retain(|parked| parked.key.as_ref().is_none_or(|key| seen.iter().any(|seen| &seen.key == key)));
        seen.sort_by_key(|seen| seen.since);
        let newest = seen.len().saturating_sub(MOST);
        for ParkedSeen { key, place, who, since } in seen.into_iter().skip(newest) {
            if let Some(known) = desk.parked.iter_mut().find(|parked| parked.key.as_ref() == Some(&key)) {
                (known.place, known.unknown_since) = (place, None);
                continue;
            }
            next += 1;
            let id = CallId::numbered(name, next);
            desk.parked.push(Parked::new(id, Some(key), place, who, since.unwrap_or(now.wall)));
        }
        bound(desk);
        self.next_call = next;
    }

    /// Forgets what the calls show to be fetched or back, where the PBX does not tell it.
    pub(super) fn look_at_parked(&mut self, name: &AccountName) {
        let Some(desk) = self.desk(name) else { return };
        let calls = &desk.calls;
        desk.parked.retain_mut(|parked| {
            if parked.key.is_some() {
                return true;
            }
            let begun = |call: &&Live| !call.stale && !parked.before.contains(&call.id);
            let fetches = |call: &&Live| {
                call.direction == Direction::Outgoing && parked.place.is_some() && call.remote.number == parked.place
            };
            let fetching = parked.fetching.take().or_else(|| calls.iter().filter(begun).find(fetches).map(|c| c.id.clone()));
            let is_it = |call: &Live| fetching.as_ref() == Some(&call.id) || is_party(&parked.who, &call.remote);
            let is_here = |call: &Live| {
                call.state == CallState::Connected || (call.state == CallState::Ringing && call.direction == Direction::Incoming)
            };
            let is_back = calls.iter().filter(begun).any(|call| is_it(call) && is_here(call));
            parked.fetching = fetching;
            !is_back
        });
    }

    /// Shows a parked call no more, because the user has seen enough of it. One that is gone already is as wanted.
    pub fn dismiss_parked(&mut self, id: &CallId) {
        for desk in &mut self.desks {
            // Where the PBX tells of it, it would come back with the next list.
            desk.parked.retain(|parked| parked.key.is_some() || &parked.id != id);
            desk.parked.iter_mut().filter(|parked| &parked.id == id).for_each(|parked| parked.dismissed = true);
        }
    }

    /// All of them as shown, the newest first.
    pub(super) fn parked_views(&self) -> Vec<ParkedView> {
        let of = |desk: &Desk| desk.parked.iter().filter(|p| !p.dismissed).map(|p| p.view(&desk.name)).collect::<Vec<_>>();
        let mut all: Vec<ParkedView> = self.desks.iter().flat_map(of).collect();
        all.sort_by(|a, b| b.since.cmp(&a.since).then(b.id.cmp(&a.id)));
        all
    }
}

/// While nobody watches, anybody may fetch what is parked.
pub(super) fn lost_sight(parked: &mut [Parked], at: Timestamp) {
    for parked in parked {
        parked.unknown_since.get_or_insert(at);
    }
}

impl Parked {
    fn new(id: CallId, key: Option<String>, place: Option<String>, who: Party, since: Timestamp) -> Self {
        Self { id, key, place, who, since, unknown_since: None, dismissed: false, before: vec![], fetching: None }
    }

    fn view(&self, account: &AccountName) -> ParkedView {
        ParkedView {
            id: self.id.clone(),
            account: account.clone(),
            place: self.place.clone(),
            who: self.who.clone(),
            since: self.since,
            unknown_since: self.unknown_since,
        }
    }
}

/// Tells whether two parties are the same number; a word such as `anonymous` names nobody.
fn is_party(one: &Party, other: &Party) -> bool {
    let is_number = |text: &str| text.bytes().any(|b| b.is_ascii_digit());
    let numbers = one.number.as_deref().zip(other.number.as_deref());
    numbers.is_some_and(|(a, b)| is_number(a) && (a == b || is_same(a, b)))
}

/// Drops the oldest ones that are too many, first those that nobody wants to see.
fn bound(desk: &mut Desk) {
    while desk.parked.len() > MOST {
        let dismissed = desk.parked.iter().position(|parked| parked.dismissed);
        desk.parked.remove(dismissed.unwrap_or(0));
    }
}
