//! What the PBX and the phones behind it do with calls.

use super::call::{Call, FAR, Party, Record, Stage};
use super::company::Kind;
use super::options::{FarEnd, Numbers, Options, OwnPhone};
use super::records::{CallId, Dial, DialPath, Event};
use super::state::{State, unix_seconds};

/// A step that a phone takes by itself after a while.
#[derive(Debug, Clone)]
pub(super) enum Later {
    SessionEnds(String),
    LiftOwnPhone(CallId),
    FarAnswers(CallId),
    FarGivesUp(CallId),
}

impl State {
    /// Lets a call come in from outside or from a colleague.
    pub(super) fn ring(&mut self, from: &str, name: &str, to: &str, options: &Options) -> CallId {
        let mut from = self.party(from);
        if !name.is_empty() {
            name.clone_into(&mut from.name);
        }
        let to = self.party(to);
        let caller = from.extension.clone();
        let id = self.add(from, to, Stage::Ringing);
        if let Some(call) = self.calls.get_mut(&id) {
            call.taking_part.extend(caller);
        }
        self.alert(id, options);
        id
    }

    /// Takes a dial: rings the own phone first (section 3). Nothing comes of it without a registered phone.
    pub(super) fn dial(
        &mut self,
        by: &str,
        number: &str,
        name: Option<&str>,
        path: DialPath,
        prompt: bool,
        options: &Options,
    ) -> Option<CallId> {
        let has_phone = self.company.accounts.get(by).is_some_and(|account| account.registered);
        let call = (has_phone && !number.trim().is_empty() && !self.mischief.ignores_dials).then(|| {
            let from = self.party(by);
            let mut to = self.party(&canonical(number, options));
            if let Some(name) = name.filter(|_| to.name.is_empty()) {
                name.clone_into(&mut to.name);
            }
            let id = self.add(from, to, Stage::OwnPhone);
            if let Some(call) = self.calls.get_mut(&id) {
                call.ringing = vec![by.to_owned()];
                call.prompt = prompt;
            }
            if let OwnPhone::HandsFree(after) = options.own_phone {
                self.later.push((after, Later::LiftOwnPhone(id)));
            }
            self.touch(id);
            id
        });
        self.dial_received(Dial {
            by: by.to_owned(),
            path,
            number: number.to_owned(),
            name: name.map(str::to_owned),
            call,
            at: std::time::Instant::now(),
        });
        if self.mischief.drops_on_dial {
            // Takes effect at the next wait, so the request that dialled gets no answer.
            self.connections.values().for_each(tokio::task::JoinHandle::abort);
        }
        call
    }

    pub(super) fn go_on(&mut self, step: Later, options: &Options) {
        match step {
            Later::SessionEnds(session) => drop(self.sessions.remove(&session)),
            Later::LiftOwnPhone(call) => self.lift(call, options),
            Later::FarAnswers(call) => self.far_answers(call),
            Later::FarGivesUp(call) => {
                if self.calls.get(&call).is_some_and(|call| call.stage != Stage::Connected) {
                    self.end(call);
                }
            }
        }
    }

    /// Lifts the own phone of a dialled call.
    pub(super) fn lift(&mut self, id: CallId, options: &Options) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.stage == Stage::OwnPhone) else { return };
        let own = std::mem::take(&mut call.ringing);
        call.taking_part.clone_from(&own);
        call.stage = Stage::Prompt;
        let prompt = call.prompt;
        for extension in &own {
            self.hold_others(extension, id);
        }
        self.touch(id);
        if !prompt {
            self.press_one(id, options);
        }
    }

    /// Presses key 1 on the own phone, so that the far end is called.
    pub(super) fn press_one(&mut self, id: CallId, options: &Options) {
        if !self.calls.get(&id).is_some_and(|call| call.stage == Stage::Prompt) {
            return;
        }
        let id = if options.renumbers { self.renumber(id) } else { id };
        if let Some(call) = self.calls.get_mut(&id) {
            call.stage = Stage::Ringing;
        }
        self.alert(id, options);
    }

    /// Answers on an extension's phone; also a colleague's that does not ring (pick-up).
    pub(super) fn answer(&mut self, id: CallId, extension: &str, options: &Options) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        match call.stage {
            Stage::OwnPhone => {
                if !call.concerns(extension) {
                    return false;
                }
                self.lift(id, options);
            }
            Stage::Ringing if !call.taking_part.iter().any(|each| each == extension) => {
                let audience = call.audience();
                let others: Vec<String> = call.ringing.iter().filter(|each| *each != extension).cloned().collect();
                call.ringing.clear();
                call.taking_part.push(extension.to_owned());
                call.stage = Stage::Connected;
                call.connect = Some(unix_seconds());
                if options.elsewhere_stays {
                    call.still_shown.clone_from(&others);
                }
                if options.elsewhere_in_history && options.elsewhere_at_end {
                    call.rang.extend(others.iter().cloned());
                }
                let answered = call.clone();
                if options.elsewhere_in_history && !options.elsewhere_at_end {
                    for other in &others {
                        self.remember(&answered, other);
                    }
                }
                self.hold_others(extension, id);
                self.calls_changed(audience);
                self.touch(id);
            }
            Stage::Prompt | Stage::Ringing | Stage::Connected => return false,
        }
        true
    }

    /// Lets the called party outside answer.
    pub(super) fn far_answers(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.stage == Stage::Ringing) else { return };
        call.stage = Stage::Connected;
        call.connect = Some(unix_seconds());
        self.touch(id);
    }

    /// Takes an extension out of a call: rejects it while it rings, ends it otherwise.
    pub(super) fn clear(&mut self, id: CallId, extension: &str) -> bool {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_shown_to(extension)) else { return false };
        let rings = call.stage == Stage::Ringing && call.ringing.iter().any(|each| each == extension);
        if rings && call.ringing.len() > 1 {
            let audience = call.audience();
            call.ringing.retain(|each| each != extension);
            self.calls_changed(audience);
            self.touch(id);
        } else {
            self.end(id);
        }
        true
    }

    /// Ends a call for everybody and writes it into the histories.
    pub(super) fn end(&mut self, id: CallId) {
        let Some(call) = self.calls.remove(&id) else { return };
        let audience = call.audience();
        for owner in &audience {
            self.remember(&call, owner);
        }
        for owner in call.rang.iter().filter(|owner| !audience.contains(*owner)) {
            self.remember(&call, owner);
        }
        self.events.push(event(&call, "ended"));
        self.calls_changed(audience);
        self.group_changed(&call);
    }

    /// Holds or resumes from one side: an extension that takes part, or [`FAR`].
    pub(super) fn hold(&mut self, id: CallId, side: &str, on: bool) -> bool {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.stage == Stage::Connected) else { return false };
        if side != FAR && !call.taking_part.iter().any(|each| each == side) {
            return false;
        }
        call.held_by.retain(|each| each != side);
        if on {
            call.held_by.push(side.to_owned());
        }
        self.touch(id);
        true
    }

    /// Tells whether this side holds the call.
    pub(super) fn holds(&self, id: CallId, side: &str) -> bool {
        self.calls.get(&id).is_some_and(|call| call.held_by.iter().any(|each| each == side))
    }

    /// Sends the other party of a call to another number; the transferring extension is out at once.
    pub(super) fn transfer_blind(&mut self, id: CallId, extension: &str, target: &str, options: &Options) -> bool {
        let target = self.party(target);
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.concerns(extension) && call.stage != Stage::OwnPhone) else {
            return false;
        };
        let before = call.clone();
        call.from = before.remote(extension).clone();
        call.to = target;
        call.ringing.clear();
        call.taking_part.retain(|each| each != extension);
        call.held_by.clear();
        call.stage = Stage::Ringing;
        call.connect = None;
        call.group = None;
        self.remember(&before, extension);
        self.calls_changed(before.audience());
        self.group_changed(&before);
        self.alert(id, options);
        true
    }

    /// Joins the other parties of two calls; the first call's id remains.
    pub(super) fn transfer_attended(&mut self, first: CallId, second: CallId, extension: &str) -> bool {
        let concerned = |id: CallId| self.calls.get(&id).filter(|call| call.concerns(extension) && call.stage != Stage::OwnPhone);
        let (Some(kept), Some(joined)) = (concerned(first), concerned(second)) else { return false };
        if first == second {
            return false;
        }
        let (kept, joined) = (kept.clone(), joined.clone());
        let mut call = kept.clone();
        call.from = kept.remote(extension).clone();
        call.to = joined.remote(extension).clone();
        call.taking_part.extend(joined.taking_part.iter().cloned());
        call.taking_part.retain(|each| each != extension);
        call.ringing.clone_from(&joined.ringing);
        call.ringing.retain(|each| each != extension);
        call.held_by.clear();
        call.stage = joined.stage;
        call.connect = if joined.stage == Stage::Connected { kept.connect.or(joined.connect) } else { None };
        self.calls.remove(&second);
        self.calls.insert(first, call);
        for gone in [&kept, &joined] {
            self.remember(gone, extension);
            self.calls_changed(gone.audience());
        }
        self.touch(first);
        true
    }

    /// Rings the phones behind the called number, or starts the far end's script.
    fn alert(&mut self, id: CallId, options: &Options) {
        let Some(call) = self.calls.get(&id) else { return };
        let number = call.to.number.clone();
        if self.company.find(&number).is_none() {
            let far_end = self.mischief.far_ends.get(&number).copied().unwrap_or(options.far_end);
            match far_end {
                FarEnd::Waits => {}
                FarEnd::AnswersAfter(after) => self.later.push((after, Later::FarAnswers(id))),
                FarEnd::Busy(after) => self.later.push((after, Later::FarGivesUp(id))),
            }
            self.touch(id);
            return;
        }
        let caller = call.from.extension.clone();
        let mut phones = self.phones(&number);
        phones.retain(|phone| Some(phone) != caller.as_ref());
        let group =
            self.company.find(&number).filter(|account| account.kind != Kind::Extension).map(|account| account.number.clone());
        let called = call.to.extension.clone();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.group = group;
        call.ringing.clone_from(&phones);
        if phones.is_empty() && call.group.is_none() {
            // Nobody to ring: the caller hears a busy tone, and the called extension has missed it.
            let call = call.clone();
            if let Some(called) = called {
                self.remember(&call, &called);
            }
            self.end(id);
            return;
        }
        self.touch(id);
    }

    /// Returns the extensions that ring for a number: forwarding and do not disturb count.
    fn phones(&self, number: &str) -> Vec<String> {
        let Some(account) = self.company.find(number) else { return Vec::new() };
        let rings = |number: &String| {
            let account = self.company.accounts.get(number)?;
            let forward = account.settings.get("cfa").map_or("", |target| target.as_str());
            let account = if forward.is_empty() { account } else { self.company.find(forward)? };
            (account.registered && !account.dnd).then(|| account.number.clone())
        };
        match account.kind {
            Kind::Extension => rings(&account.number).into_iter().collect(),
            // Whoever talks already is left in peace by a group; a direct call would still ring.
            Kind::Queue | Kind::Hunt => account.members.iter().filter_map(rings).filter(|member| !self.talks(member)).collect(),
            Kind::Attendant | Kind::Conference => Vec::new(),
        }
    }

    fn talks(&self, extension: &str) -> bool {
        self.calls.values().any(|call| call.taking_part.iter().any(|each| each == extension))
    }

    /// Finds the party behind a number.
    pub(super) fn party(&self, number: &str) -> Party {
        match self.company.find(number) {
            Some(account) => Party {
                number: number.to_owned(),
                name: account.name.clone(),
                extension: (account.kind == Kind::Extension).then(|| account.number.clone()),
            },
            None => Party { number: number.to_owned(), name: String::new(), extension: None },
        }
    }

    fn add(&mut self, from: Party, to: Party, stage: Stage) -> CallId {
        let (id, rest_id) = self.next_ids();
        let call = Call {
            id,
            rest_id,
            from,
            to,
            stage,
            prompt: false,
            ringing: Vec::new(),
            taking_part: Vec::new(),
            rang: Vec::new(),
            still_shown: Vec::new(),
            held_by: Vec::new(),
            group: None,
            start: unix_seconds(),
            connect: None,
        };
        self.calls.insert(id, call);
        id
    }

    fn next_ids(&mut self) -> (CallId, String) {
        self.last_call += 1;
        let letters: String = std::iter::repeat_with(fastrand::alphanumeric).take(10).collect();
        (CallId(self.last_call), format!("{letters}@pbx"))
    }

    fn renumber(&mut self, old: CallId) -> CallId {
        let (id, rest_id) = self.next_ids();
        if let Some(mut call) = self.calls.remove(&old) {
            call.id = id;
            call.rest_id = rest_id;
            self.calls.insert(id, call);
        }
        id
    }

    /// Gives all running calls other ids.
    pub(super) fn renumber_all(&mut self) {
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            self.renumber(call);
        }
    }

    /// A phone has one ear: whoever takes up a call puts the others on hold.
    fn hold_others(&mut self, extension: &str, except: CallId) {
        let others: Vec<CallId> = self
            .calls
            .values()
            .filter(|call| call.id != except && call.stage == Stage::Connected)
            .filter(|call| call.taking_part.iter().any(|each| each == extension))
            .map(|call| call.id)
            .collect();
        for other in others {
            self.hold(other, extension, true);
        }
    }

    fn touch(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id).cloned() else { return };
        self.events.push(event(&call, call.stage.word()));
        self.calls_changed(call.audience());
        self.group_changed(&call);
    }

    fn group_changed(&mut self, call: &Call) {
        if let Some(group) = &call.group {
            self.account_changed(group);
        }
    }

    fn remember(&mut self, call: &Call, owner: &str) {
        self.history.push(Record {
            owner: owner.to_owned(),
            id: call.id,
            from: call.from.clone(),
            to: call.to.clone(),
            start: call.start,
            connect: call.connect,
            end: unix_seconds(),
            inbound: !call.is_caller(owner),
            queue: call.group.is_some(),
        });
    }
}

fn event(call: &Call, stage: &'static str) -> Event {
    Event::Call { call: call.id, stage, from: call.from.number.clone(), to: call.to.number.clone(), held: call.is_held() }
}

/// Rewrites what was dialled as the PBX would show it (section 7, trap 4).
fn canonical(number: &str, options: &Options) -> String {
    let digits: String = number.chars().filter(|letter| !" -/().".contains(*letter)).collect();
    match (options.numbers, digits.strip_prefix('0')) {
        (Numbers::Canonical, Some(rest)) if rest.len() > 4 => match rest.strip_prefix('0') {
            Some(abroad) => format!("+{abroad}"),
            None => format!("+49{rest}"),
        },
        (Numbers::AsTheyAre | Numbers::National | Numbers::Canonical, _) => digits,
    }
}
