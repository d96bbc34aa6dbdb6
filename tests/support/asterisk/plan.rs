//! The dialplan of section 11, with a trunk and codes for forwarding beside it.

use std::time::Duration;

use super::channel::{End, Ending, LegState, Party};
use super::events::Birth;
use super::options::Phone;
use super::records::CallId;
use super::state::State;
use super::switch::{Features, Target};

/// What a number does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// Phones of these extensions ring; the flag allows feature codes on both sides.
    Ring(Vec<String>, bool),
    /// `Busy`.
    BusyTone,
    /// Rings, answers after two seconds, stays for a minute; no second channel.
    Machine,
    /// Leaves by the trunk.
    Trunk,
    DoNotDisturb(bool),
    Forward(Option<String>),
    PickUp(String),
    Park,
    Unpark(u16),
    /// Answers and waits: `s@outside-leg`.
    Wait,
    /// Rings the own phone with the wish that it answers by itself.
    AnswerAfter(String),
    /// Sends `talk` or `hold` to a phone outside its dialog.
    Notify(String, &'static str),
    /// A queue whose members ring.
    Queue,
}

/// Contexts that exist.
pub(super) const CONTEXTS: &[&str] =
    &["from-internal", "from-outside", "outside-leg", "parkedcalls", "tp-answer", "tp-notify", "nowhere"];

impl State {
    /// Finds what a number does in a context; nothing when it does not exist.
    pub(super) fn plan(&self, context: &str, number: &str) -> Option<Plan> {
        match context {
            "from-internal" => self.internal(number),
            "from-outside" => number.starts_with(|c: char| c.is_ascii_digit()).then(|| self.internal(number)).flatten(),
            "parkedcalls" => parking(number),
            "outside-leg" => (number == "s").then_some(Plan::Wait),
            "tp-answer" if self.options.answer_contexts => {
                self.extensions.contains_key(number).then(|| Plan::AnswerAfter(number.to_owned()))
            }
            "tp-notify" if self.options.answer_contexts && !self.is_old() => {
                let talk = number.strip_prefix("talk").map(|number| (number, "talk"));
                let (number, event) = talk.or_else(|| number.strip_prefix("hold").map(|number| (number, "hold")))?;
                Some(Plan::Notify(number.to_owned(), event))
            }
            _ => None,
        }
    }

    fn internal(&self, number: &str) -> Option<Plan> {
        if let Some((_, members)) = self.options.groups.iter().find(|(group, _)| group == number) {
            return Some(Plan::Ring(members.clone(), self.options.features));
        }
        if self.extensions.contains_key(number) {
            return Some(Plan::Ring(vec![number.to_owned()], self.options.features));
        }
        if let Some(rest) = number.strip_prefix("55").filter(|rest| self.extensions.contains_key(*rest)) {
            return Some(Plan::Ring(vec![rest.to_owned()], false));
        }
        let forward = |code: &str| number.strip_prefix(code).map(str::to_owned);
        match number {
            "*78" => return Some(Plan::DoNotDisturb(true)),
            "*79" => return Some(Plan::DoNotDisturb(false)),
            "*73" => return Some(Plan::Forward(None)),
            "600" => return Some(Plan::Queue),
            _ => {}
        }
        if let Some(to) = forward("*72").filter(|to| !to.is_empty()) {
            return Some(Plan::Forward(Some(to)));
        }
        if let Some(whose) = forward("**").filter(|whose| self.extensions.contains_key(whose)) {
            return Some(Plan::PickUp(whose));
        }
        let longer = number.len() > 1;
        match number.chars().next() {
            // The patterns take whatever follows, blanks and commas included (section 6.1).
            Some('8') if longer => Some(Plan::BusyTone),
            Some('9') if longer => Some(Plan::Machine),
            Some('0' | '+') if longer && self.options.trunk => Some(Plan::Trunk),
            _ => parking(number),
        }
    }

    /// Lets a phone dial. Without such a number there is not even a channel.
    pub(super) fn phone_dials(&mut self, phone: &Phone, number: &str) -> CallId {
        let call = self.new_call(&phone.extension);
        if !phone.registered || self.plan("from-internal", number).is_none() {
            return call;
        }
        let party = self.party(&phone.extension);
        let name = self.leg_name(&format!("PJSIP/{}", phone.endpoint));
        let id = self.incoming(name, End::Phone(phone.name.clone()), call, party, number);
        self.run(&id, "from-internal", number);
        call
    }

    /// Makes the channel of somebody who calls.
    pub(super) fn incoming(&mut self, name: String, end: End, call: CallId, party: Party, number: &str) -> String {
        let id = self.unique_id();
        let birth = Birth {
            name,
            id: id.clone(),
            linked: id,
            call,
            end,
            state: LegState::Ring,
            party,
            connected: Party::default(),
            exten: number.to_owned(),
        };
        self.born(birth)
    }

    /// Returns an extension as a party.
    pub(super) fn party(&self, number: &str) -> Party {
        Party::new(number, self.extensions.get(number).map_or("", |extension| extension.name.as_str()))
    }

    /// Runs the dialplan for a channel.
    pub(super) fn run(&mut self, id: &str, context: &str, number: &str) {
        if let Some(leg) = self.legs.get_mut(id) {
            (leg.context, leg.exten) = (context.to_owned(), number.to_owned());
        }
        let Some(plan) = self.plan(context, number) else {
            self.runs(id, "", "");
            self.dialplan_ends(id, 16);
            return;
        };
        match plan {
            Plan::Ring(extensions, features) => self.rings_extensions(id, &extensions, features),
            Plan::BusyTone => self.tone(id, "Busy", Duration::from_secs(5), Ending { cause: 17, ..Ending::CLEARED }),
            Plan::Machine => {
                self.runs(id, "Wait", "2");
                self.step_later(id, Duration::from_secs(2), true, |state, id| {
                    state.becomes(id, LegState::Up);
                    state.runs(id, "Wait", "60");
                    state.local_answered(id);
                    state.step_later(id, Duration::from_secs(60), false, |state, id| state.dialplan_ends(id, 16));
                });
            }
            Plan::Trunk => {
                self.runs(id, "Dial", &format!("PJSIP/{number}@trunk"));
                let target = Target { phone: None, party: Party::new(number, ""), answers_itself: false };
                let features = Features { caller: self.options.features, callee: false };
                self.dial(id, vec![target], features, "AppDial");
            }
            Plan::DoNotDisturb(on) => self.code(id, |state, own| state.set_dnd(own, on)),
            Plan::Forward(to) => self.code(id, |state, own| {
                let key = ("CF".to_owned(), own.to_owned());
                match to {
                    Some(to) => drop(state.database.insert(key, to)),
                    None => drop(state.database.remove(&key)),
                }
            }),
            Plan::PickUp(whose) => self.picks_up(id, &whose),
            Plan::Park => self.parks_itself(id),
            Plan::Unpark(space) => self.unparks(id, space),
            Plan::Wait => {
                self.becomes(id, LegState::Up);
                self.runs(id, "Wait", "60");
                self.local_answered(id);
            }
            Plan::AnswerAfter(extension) => {
                self.runs(id, "Dial", "tTkKb(tp-answer^hdr^1)");
                let targets = self.targets(&[extension], true);
                self.dial(id, targets, Features { caller: true, callee: true }, "AppDial");
            }
            Plan::Notify(endpoint, event) => {
                self.becomes(id, LegState::Up);
                self.local_answered(id);
                self.runs(id, "PJSIPNotify", event);
                self.notify_outside(&endpoint, event);
                self.step_later(id, Duration::from_millis(100), true, |state, id| state.dialplan_ends(id, 16));
            }
            Plan::Queue => {
                self.becomes(id, LegState::Up);
                self.runs(id, "Queue", "sales,,,,60");
                self.local_answered(id);
                self.hears_music(id, true);
                let targets = self.targets(&["102".to_owned()], false);
                self.dial(id, targets, Features { caller: false, callee: false }, "AppQueue");
            }
        }
    }

    /// Answers, does something for whoever calls, and ends.
    fn code(&mut self, id: &str, act: impl FnOnce(&mut Self, &str)) {
        let own = self.legs.get(id).map(|leg| leg.party.number.clone()).unwrap_or_default();
        self.becomes(id, LegState::Up);
        self.local_answered(id);
        self.runs(id, "Set", "");
        act(self, &own);
        self.step_later(id, Duration::from_millis(500), true, |state, id| state.dialplan_ends(id, 16));
    }

    fn tone(&mut self, id: &str, application: &str, length: Duration, ending: Ending) {
        self.runs(id, application, "");
        if self.legs.get(id).is_some_and(|leg| leg.state == LegState::Up) {
            self.step_later(id, length, true, move |state, id| state.ends_in_bridge(id, Ending { code: None, ..ending }));
        } else {
            self.becomes(id, LegState::Busy);
            self.ends_in_bridge(id, ending);
        }
    }

    fn rings_extensions(&mut self, id: &str, extensions: &[String], features: bool) {
        if let [only] = extensions {
            if self.database("DND", only) == Some("YES") {
                self.tone(id, "Busy", Duration::from_secs(2), Ending { cause: 17, ..Ending::CLEARED });
                return;
            }
            let forwarded = self.database("CF", only).map(str::to_owned).filter(|to| to != only);
            if let Some(to) = forwarded {
                self.run(id, "from-internal", &to);
                return;
            }
        }
        let targets = self.targets(extensions, false);
        if targets.is_empty() {
            self.tone(id, "Congestion", Duration::from_secs(2), Ending::CONGESTED);
            return;
        }
        let names: Vec<&str> = targets.iter().filter_map(|target| target.phone.as_ref()).map(|it| it.endpoint.as_str()).collect();
        self.runs(id, "Dial", &names.join("&"));
        self.dial(id, targets, Features { caller: features, callee: features }, "AppDial");
    }

    fn targets(&self, extensions: &[String], answers_itself: bool) -> Vec<Target> {
        let phones = extensions.iter().flat_map(|number| self.phones.values().filter(move |phone| phone.extension == *number));
        let registered = phones.filter(|phone| phone.registered);
        let target = |phone: &Phone| Target { phone: Some(phone.clone()), party: self.party(&phone.extension), answers_itself };
        registered.map(target).collect()
    }

    /// Sends `talk` or `hold` to all contacts of an endpoint, outside any dialog; no call is harmed by it.
    pub(super) fn notify_outside(&mut self, endpoint: &str, event: &str) {
        let obeys = |phone: &&Phone| phone.endpoint == endpoint && phone.registered && phone.talks_outside;
        let names: Vec<String> = self.phones.values().filter(obeys).map(|phone| phone.name.clone()).collect();
        for name in names {
            let ids: Vec<String> =
                self.legs.values().filter(|leg| leg.phone() == Some(&name)).map(|leg| leg.id.clone()).collect();
            for id in ids {
                self.notified(&id, event);
            }
        }
    }

    /// Lets a phone obey `talk` or `hold`.
    pub(super) fn notified(&mut self, id: &str, event: &str) {
        match event {
            "talk" if self.answered(id) => {}
            "talk" => self.unhold(id, false),
            "hold" => self.hold(id, "default"),
            _ => {}
        }
    }
}

fn parking(number: &str) -> Option<Plan> {
    match number.parse::<u16>() {
        Ok(70) => Some(Plan::Park),
        Ok(space @ 71..=79) => Some(Plan::Unpark(space)),
        Ok(_) | Err(_) => None,
    }
}
