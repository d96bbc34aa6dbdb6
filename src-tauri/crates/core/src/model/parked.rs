//! Calls that this user has parked: where they wait, and since when nobody can say whether they still do.

use jiff::Timestamp;

use super::calls::brief;
use super::commands::{Begin, DIALLING};
use super::{Desk, Live, Model, Output};
use crate::Now;
use crate::account::AccountName;
use crate::call::{CallId, CallState, Direction, Party};
use crate::number::{Kind, Target, is_same};
use crate::reason::Reason;
use crate::request::{Reply, Source};
use crate::told::{ParkedSeen, RequestId};
use crate::view::{LinkName, ParkedView};

/// Most of them of one account; a longer list would not be read.
const MOST: usize = 8;
/// No PBX has longer numbers for its parking places.
const LONGEST_PLACE: usize = 32;

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
                // Nobody else can wait where this one waits now; and the PBX's list may have told this one already.
                desk.parked.retain(|other| if other.key.is_some() { other.key != key } else { other.place != place });
                let before = desk.calls.iter().map(|call| call.id.clone()).collect();
                let id = call.id.clone();
                let parked = Parked { before, ..Parked::new(call.id, key, place.clone(), call.remote, now.wall) };
                desk.parked.push(parked);
                bound(desk);
                // The phone may be off the hook for a moment longer.
                if let Some(live) = desk.calls.iter_mut().find(|live| live.id == id) {
                    live.left = true;
                }
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

    /// Begins fetching a parked call: its place is dialled as the PBX has told it, whatever the dial plan makes of numbers.
    ///
    /// # Errors
    /// Why nothing is sent; above all that nobody knows whether this call is the one that waits there.
    pub fn fetch_parked(&mut self, request: RequestId, id: &CallId, now: Now) -> Begin {
        if self.locked {
            return Err(Reason::PolicyRefuse("The screen is locked."));
        }
        let mut all = self.desks.iter().flat_map(|desk| desk.parked.iter().map(move |parked| (desk, parked)));
        let (desk, parked) = all.find(|(_, parked)| parked.is_shown_as(id)).ok_or(Reason::NoCallFits)?;
        if desk.link != LinkName::Online {
            return Err(Reason::Offline);
        }
        if parked.unknown_since.is_some() {
            return Err(Reason::StateUnknown);
        }
        let place = parked.place.clone().filter(|place| is_place(place)).ok_or(Reason::StateUnknown)?;
        let name = desk.name.clone();
        let target = Target { dial: place.clone(), shown: place, post_dial: None, e164: None, kind: Kind::Extension };
        self.place_call(request, name, target, Source::Pressed, DIALLING, now)
    }

    /// Shows a parked call no more, because the user has seen enough of it.
    ///
    /// # Errors
    /// It is not shown.
    pub fn dismiss_parked(&mut self, id: &CallId) -> Result<(), Reason> {
        let shown = |desk: &&mut Desk| desk.parked.iter().any(|parked| parked.is_shown_as(id));
        let desk = self.desks.iter_mut().find(shown).ok_or(Reason::NoCallFits)?;
        // Where the PBX tells of it, it would come back with the next list.
        desk.parked.retain(|parked| parked.key.is_some() || &parked.id != id);
        desk.parked.iter_mut().filter(|parked| &parked.id == id).for_each(|parked| parked.dismissed = true);
        Ok(())
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

    fn is_shown_as(&self, id: &CallId) -> bool {
        !self.dismissed && &self.id == id
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

/// Tells whether this can be dialled as it stands.
fn is_place(text: &str) -> bool {
    (1..=LONGEST_PLACE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#')
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
