//! Answering and holding at the own phone, by a way that is known not to harm the call.
//!
//! A phone that does not know such a message in a call ends the call. So it is sent in the call only to models that have
//! announced in an earlier call that they know it; beside the call it harms nobody, and may do nothing.

use phone_core::told::RequestId;
use phone_core::{Direction, Reason};

use super::commands::{Step, What};
use super::keys::{Keys, Way};
use super::packet::{Action, Packet};
use super::{Asked, Asterisk, Feature};
use crate::dialect::Effects;

/// Most phones of one extension that are asked about.
const MOST_PHONES: usize = 8;

/// What is known of the phones behind one own device.
#[derive(Debug, Default)]
pub(super) struct Phones {
    /// The phones that are registered, and the model of each that is known.
    pub contacts: Vec<(String, Option<String>)>,
}

impl Asterisk {
    /// Tells whether a way to steer the own phone is open.
    pub(super) fn can_steer(&self, way: Way) -> bool {
        match way {
            Way::Off => false,
            Way::Notify | Way::NotifyEndpoint => self.allows("PJSIPNotify"),
            Way::Dialplan => self.allows("Originate") && self.features.contains(&Feature::Talk),
            Way::Redirect => self.can_deflect() && self.features.contains(&Feature::Answers) && !self.no_redirect,
        }
    }

    pub(super) fn answer_call(&mut self, request: RequestId, key: &str, out: &mut Effects) -> Result<(), Reason> {
        if self.keys.answer == Way::Redirect {
            return self.answer_by_redirect(request, key, out);
        }
        let (call, of_consult) = self.calls.find(key).ok_or(Reason::NoSuchCall)?;
        if of_consult || call.up.is_some() || call.direction != Direction::Incoming {
            return Err(Reason::NotNow("Only a call that comes in can be answered."));
        }
        let leg = call.legs.first().cloned().ok_or(Reason::LegUnclear)?;
        self.steer(request, key, &leg, "talk", self.keys.answer, out)
    }

    pub(super) fn hold_call(&mut self, request: RequestId, key: &str, holds: bool, out: &mut Effects) -> Result<(), Reason> {
        let leg = self.talking_leg(key)?;
        self.steer(request, key, &leg, if holds { "hold" } else { "talk" }, self.keys.hold, out)
    }

    fn steer(
        &mut self,
        request: RequestId,
        key: &str,
        leg: &str,
        word: &'static str,
        way: Way,
        out: &mut Effects,
    ) -> Result<(), Reason> {
        let name = self.leg_name(leg);
        let endpoint = self.keys.own_device(&name).and_then(Keys::endpoint).map(str::to_owned).ok_or(Reason::Unsupported)?;
        if !self.can_steer(way) {
            return Err(Reason::Unsupported);
        }
        let event = format!("Event={word}");
        self.open(request, What::Shown { key: key.to_owned() });
        if way == Way::Dialplan {
            let phone = format!("Local/{word}{endpoint}@{NOTIFY_CONTEXT}");
            let action = |id| {
                let action = Action::new("Originate", id).with("Channel", &phone).with("Application", "Wait");
                action.with("Data", "1").with("Async", "true")
            };
            self.originate(request, action, out);
            return Ok(());
        }
        let in_call = way == Way::Notify && self.knows_talk(&endpoint);
        let (whom, value) = if in_call { ("Channel", &name) } else { ("Endpoint", &endpoint) };
        let action = |id| Action::new("PJSIPNotify", id).with(whom, value).with("Variable", &event);
        self.send_step(request, Step::Sent, action, out);
        Ok(())
    }

    /// Every phone behind a device is of a model that has announced it.
    fn knows_talk(&self, endpoint: &str) -> bool {
        let Some(phones) = self.phones.get(endpoint) else { return false };
        let known = |model: &Option<String>| model.as_ref().is_some_and(|model| self.learnt.talk.contains(model));
        !phones.contacts.is_empty() && phones.contacts.iter().all(|(_, model)| known(model))
    }

    fn wants_models(&self) -> bool {
        self.keys.hold == Way::Notify || matches!(self.keys.answer, Way::Notify | Way::Redirect)
    }

    /// The model of the phone behind a leg; of several phones nobody can tell which one it is.
    pub(super) fn model_of(&self, leg: &str) -> Option<String> {
        let name = self.leg_name(leg);
        let phones = self.phones.get(self.keys.own_device(&name).and_then(Keys::endpoint)?)?;
        if let [(_, model)] = phones.contacts.as_slice() { model.clone() } else { None }
    }

    /// The models of all own phones, as far as they are known.
    pub(super) fn own_models(&self) -> impl Iterator<Item = &String> {
        self.phones.values().flat_map(|phones| &phones.contacts).filter_map(|(_, model)| model.as_ref())
    }

    /// Asks which phones are registered, where that decides what may be sent to them.
    pub(super) fn ask_about_phones(&mut self, out: &mut Effects) {
        self.phones.clear();
        if !self.wants_models() {
            return;
        }
        let endpoints: Vec<String> = self.keys.devices.iter().filter_map(|d| Keys::endpoint(d)).map(str::to_owned).collect();
        for endpoint in endpoints {
            let variable = format!("PJSIP_AOR({endpoint},contact)");
            self.ask(Asked::Contacts(endpoint), |id| Action::new("Getvar", id).with("Variable", &variable), out);
        }
    }

    pub(super) fn told_contacts(&mut self, endpoint: String, packet: &Packet<'_>, out: &mut Effects) {
        let list = packet.text("Value").filter(|_| packet.is_success()).unwrap_or_default();
        // The id of a contact is put into a question, so it may hold nothing that means something there.
        let is_plain = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.;@:".contains(&b));
        let ids: Vec<&str> = list.split(',').filter(is_plain).take(MOST_PHONES).collect();
        let contacts = ids.iter().map(|id| ((*id).to_owned(), None)).collect();
        for id in &ids {
            let variable = format!("PJSIP_CONTACT({id},user_agent)");
            let asked = Asked::Model(endpoint.clone(), (*id).to_owned());
            self.ask(asked, |number| Action::new("Getvar", number).with("Variable", &variable), out);
        }
        self.phones.insert(endpoint, Phones { contacts });
    }

    pub(super) fn told_model(&mut self, endpoint: &str, contact: &str, packet: &Packet<'_>) {
        let model = packet.text("Value").filter(|_| packet.is_success()).map(str::to_owned);
        let contacts = self.phones.get_mut(endpoint).into_iter().flat_map(|phones| &mut phones.contacts);
        for (_, known) in contacts.filter(|(id, _)| id == contact) {
            known.clone_from(&model);
        }
    }

    /// An own leg is answered: asks what its phone has announced.
    pub(super) fn ask_what_it_knows(&mut self, leg: &str, called: bool, out: &mut Effects) {
        let wants = self.keys.answer == Way::Notify || self.keys.hold == Way::Notify;
        if !wants || !self.allows("Getvar") || self.asked.is_full() {
            return;
        }
        let name = self.leg_name(leg);
        let Some(endpoint) = self.keys.own_device(&name).and_then(Keys::endpoint).map(str::to_owned) else { return };
        let function = if called { "PJSIP_RESPONSE_HEADER" } else { "PJSIP_HEADER" };
        let variable = format!("{function}(read,Allow-Events)");
        let asked = Asked::Knows(endpoint);
        self.ask(asked, |id| Action::new("Getvar", id).with("Channel", &name).with("Variable", &variable), out);
    }

    pub(super) fn told_what_it_knows(&mut self, endpoint: &str, packet: &Packet<'_>, out: &mut Effects) {
        let events = packet.text("Value").filter(|_| packet.is_success()).unwrap_or_default();
        let has = |word: &str| events.split([',', ' ']).any(|event| event.eq_ignore_ascii_case(word));
        if !has("talk") || !has("hold") {
            return;
        }
        // Of several phones nobody can tell which one has said it.
        if let Some([(_, Some(model))]) = self.phones.get(endpoint).map(|phones| phones.contacts.as_slice()) {
            let model = model.clone();
            self.learn(|learnt| _ = learnt.talk.insert(model), out);
        }
    }
}

/// The context of the dial plan that sends the message for us.
pub(super) const NOTIFY_CONTEXT: &str = "tp-notify";
