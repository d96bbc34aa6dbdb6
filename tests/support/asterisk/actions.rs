//! What a signed-in client asks for, and what no client may ask for (sections 5 and 6).

use std::time::{Duration, Instant};

use super::channel::{Ending, LegState};
use super::options::User;
use super::packet::Packet;
use super::plan::CONTEXTS;
use super::records::{Action, Digit};
use super::rights;
use super::state::{Outgoing, State};

/// One action of a signed-in client.
pub(super) struct Asked<'a> {
    pub(super) session: u64,
    pub(super) user: User,
    pub(super) id: String,
    pub(super) packet: &'a Packet,
}

impl Asked<'_> {
    pub(super) fn get(&self, key: &str) -> &str {
        self.packet.get(key)
    }
}

/// How long a look at a number counts.
const LOOK_COUNTS: Duration = Duration::from_secs(60);
/// A digit that begins sooner after the answer to the last one is lost.
const DIGITS_APART: Duration = Duration::from_millis(30);
/// How long a digit is unless the client says so.
const DIGIT: Duration = Duration::from_millis(100);
/// A client's hang-up takes this long to reach the channel.
const SOFT: Duration = Duration::from_millis(2);

impl State {
    /// Takes one action. False ends the connection once everything queued is written.
    pub(super) fn take_action(&mut self, session: u64, packet: &Packet) -> bool {
        let Some(known) = self.sessions.get_mut(&session) else { return false };
        (known.last_action, known.silence_told) = (Instant::now(), false);
        if known.plays {
            // One thread serves a session, and it is busy until the digit has ended.
            known.waiting.push_back(packet.clone());
            return true;
        }
        let user = known.user.clone();
        let name = packet.get("Action").to_owned();
        let hidden = packet.fields().iter().filter(|(key, _)| !matches!(key.as_str(), "Secret" | "Key"));
        let shown = Packet::default().with_all(hidden.cloned().collect());
        let by = user.as_ref().map(|user| user.name.clone()).unwrap_or_default();
        self.actions.push(Action { user: by, session, name: name.clone(), packet: shown, at: Instant::now() });
        let id = packet.get("ActionID").to_owned();
        if id.is_empty() {
            self.sin(format!("{name} without an ActionID"));
        } else if let Some(known) = self.sessions.get_mut(&session)
            && !known.action_ids.insert(id.clone())
        {
            self.sin(format!("the ActionID {id} a second time"));
        }
        let goes_on = match user {
            None => self.before_sign_in(session, packet),
            Some(user) => self.signed_in_action(&Asked { session, user, id, packet }, &name),
        };
        if !goes_on {
            self.queue(session, Outgoing::Close);
        }
        goes_on
    }

    fn signed_in_action(&mut self, asked: &Asked<'_>, name: &str) -> bool {
        let (release, notify) = (self.options.release, self.options.notify_module);
        let Some(right) = rights::find(name).filter(|right| right.exists(release, notify)) else {
            self.sin(format!("the unknown action {name:?}"));
            self.refuse(asked, &format!("Invalid/unknown command: {name}. Use Action: ListCommands to show available commands."));
            return true;
        };
        if !right.given(&asked.user) {
            if self.sessions.get(&asked.session).is_some_and(|known| known.has_listed) {
                self.sin(format!("{name} although ListCommands did not list it"));
            }
            self.refuse(asked, "Permission denied");
            return true;
        }
        match right.action {
            "Originate" => return self.originate(asked),
            "Hangup" => self.hangup(asked),
            "Redirect" => self.redirects(asked),
            "BlindTransfer" => self.transfers_blind(asked),
            "Atxfer" => self.transfers_attended(asked),
            "CancelAtxfer" => self.cancels(asked),
            "Bridge" => self.bridges_two(asked),
            "Park" => self.park(asked),
            "PlayDTMF" => self.plays(asked),
            "PJSIPNotify" => self.notifies(asked),
            "Setvar" => self.sets(asked),
            "Logoff" => {
                self.send(asked.session, &Packet::response("Goodbye", &asked.id).with("Message", "Thanks for all the fish."));
                return false;
            }
            "Login" | "Challenge" => {
                self.sin(format!("{name} by somebody who is signed in"));
                self.refuse(asked, "Already logged in");
            }
            other => self.look_up(asked, other),
        }
        true
    }

    pub(super) fn refuse(&mut self, asked: &Asked<'_>, message: &str) {
        self.send(asked.session, &Packet::response("Error", &asked.id).with("Message", message));
    }

    pub(super) fn succeed(&mut self, asked: &Asked<'_>, message: &str) {
        self.send(asked.session, &Packet::response("Success", &asked.id).with("Message", message));
    }

    /// Finds a channel by name or unique id.
    pub(super) fn find_leg(&self, text: &str) -> Option<String> {
        let by_name = || self.legs.values().find(|leg| leg.name == text).map(|leg| leg.id.clone());
        self.legs.contains_key(text).then(|| text.to_owned()).or_else(by_name)
    }

    /// Finds the channel an action names, or refuses.
    fn leg_of(&mut self, asked: &Asked<'_>, key: &str, gone: &str) -> Option<String> {
        let text = asked.get(key).to_owned();
        if text.is_empty() {
            self.sin(format!("{} without {key}", asked.get("Action")));
            self.refuse(asked, "No channel specified");
            return None;
        }
        let found = self.find_leg(&text);
        if found.is_none() {
            self.refuse(asked, gone);
        }
        found
    }

    /// Returns whether a channel is a leg of the user's own phones. Whoever has no desk may do anything.
    fn is_own(&self, user: &User, id: &str) -> Option<bool> {
        let own = user.extension.as_ref()?;
        let leg = self.legs.get(id)?;
        let at_own_phone = leg.phone().and_then(|name| self.phones.get(name)).is_some_and(|phone| phone.extension == *own);
        let own_local = leg.other_half().is_some() && self.callers.get(&leg.call) == Some(own);
        Some(at_own_phone || own_local)
    }

    fn must_be_own(&mut self, asked: &Asked<'_>, id: &str) {
        if self.is_own(&asked.user, id) == Some(false) {
            let name = self.legs.get(id).map(|leg| leg.name.clone()).unwrap_or_default();
            self.sin(format!("{} of {name}, which is no leg of {}", asked.get("Action"), asked.user.name));
        }
    }

    fn must_be_the_peer(&mut self, asked: &Asked<'_>, id: &str) {
        if self.is_own(&asked.user, id) == Some(true) {
            let name = self.legs.get(id).map(|leg| leg.name.clone()).unwrap_or_default();
            self.sin(format!("{} of the own leg {name}, not of the other party's", asked.get("Action")));
        }
    }

    /// Checks a place of the dialplan that a client sends somebody to.
    fn must_be_looked_up(&mut self, asked: &Asked<'_>, context: &str, number: &str) {
        self.must_be_plain(asked, context, number);
        let place = (context.to_owned(), number.to_owned());
        let looked = self.sessions.get(&asked.session).and_then(|known| known.looked_up.get(&place));
        if looked.is_none_or(|at| at.elapsed() > LOOK_COUNTS) {
            self.sin(format!("{} to {number} without a look at VALID_EXTEN that said 1", asked.get("Action")));
        }
    }

    pub(super) fn must_be_plain(&mut self, asked: &Asked<'_>, context: &str, number: &str) {
        let action = asked.get("Action").to_owned();
        if !CONTEXTS.contains(&context) {
            self.sin(format!("{action} in a context that does not exist: {context:?}"));
        }
        if number.is_empty() || !number.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '#' | '+')) {
            self.sin(format!("{action} with characters no number has: {number:?}"));
        }
    }

    fn hangup(&mut self, asked: &Asked<'_>) {
        if asked.get("Channel").starts_with('/') {
            self.sin("Hangup of a pattern");
        }
        let Some(id) = self.leg_of(asked, "Channel", "No such channel") else { return };
        self.must_be_own(asked, &id);
        let cause = asked.get("Cause").parse().unwrap_or(16);
        self.succeed(asked, "Channel Hungup");
        self.after(SOFT, move |state| {
            if state.legs.contains_key(&id) {
                state.end_leg(&id, Ending::asked(cause));
            }
        });
    }

    fn redirects(&mut self, asked: &Asked<'_>) {
        let Some(id) = self.leg_of(asked, "Channel", "Channel does not exist: ") else { return };
        let place = |more: &str| {
            let (context, number) = (asked.get(&format!("{more}Context")), asked.get(&format!("{more}Exten")));
            (context.to_owned(), number.to_owned())
        };
        let (mut ids, mut places) = (vec![id.clone()], vec![place("")]);
        if asked.packet.has("ExtraChannel") {
            let Some(extra) = self.leg_of(asked, "ExtraChannel", "ExtraChannel does not exist") else { return };
            ids.push(extra);
            places.push(if asked.packet.has("ExtraExten") { place("Extra") } else { place("") });
        } else {
            self.must_be_the_peer(asked, &id);
        }
        for (context, number) in &places {
            self.must_be_looked_up(asked, context, number);
        }
        self.succeed(asked, if ids.len() > 1 { "Dual Redirect successful" } else { "Redirect successful" });
        self.redirect(&ids, &places);
    }

    fn transfers_blind(&mut self, asked: &Asked<'_>) {
        let Some(id) = self.leg_of(asked, "Channel", "Channel specified does not exist") else { return };
        self.must_be_own(asked, &id);
        let (context, number) = (asked.get("Context").to_owned(), asked.get("Exten").to_owned());
        self.must_be_looked_up(asked, &context, &number);
        if self.legs.get(&id).and_then(|leg| self.peer(leg)).is_none() {
            return self.refuse(asked, "Transfer invalid");
        }
        self.succeed(asked, "Transfer succeeded");
        self.blind_transfer(&id, &context, &number);
    }

    fn transfers_attended(&mut self, asked: &Asked<'_>) {
        let Some(id) = self.leg_of(asked, "Channel", "Channel specified does not exist") else { return };
        self.must_be_own(asked, &id);
        let (context, number) = (asked.get("Context").to_owned(), asked.get("Exten").to_owned());
        self.must_be_looked_up(asked, &context, &number);
        let talks = self.legs.get(&id).is_some_and(|leg| leg.state == LegState::Up && self.peer(leg).is_some());
        if !talks {
            self.sin("Atxfer of a leg that talks to nobody");
        }
        if self.consultations.contains_key(&id) {
            self.sin("Atxfer in the middle of an Atxfer");
        }
        let leaks = self.legs.get(&id).is_some_and(|leg| !leg.features);
        if let Some(known) = self.sessions.get_mut(&asked.session) {
            let again = known.digits_leaked;
            known.digits_leaked |= leaks;
            if again {
                self.sin("Atxfer again, although it only typed digits into the other party's ear before");
            }
        }
        self.succeed(asked, "Atxfer successfully queued");
        self.types_transfer(&id, &context, &number);
    }

    fn cancels(&mut self, asked: &Asked<'_>) {
        let Some(id) = self.leg_of(asked, "Channel", "Channel specified does not exist") else { return };
        self.must_be_own(asked, &id);
        if !self.consultations.contains_key(&id) {
            self.sin("CancelAtxfer without a consultation: the other party hears it");
        }
        self.succeed(asked, "CancelAtxfer successfully queued");
        self.types_cancel(&id);
    }

    fn bridges_two(&mut self, asked: &Asked<'_>) {
        let Some(one) = self.leg_of(asked, "Channel1", "Channel1 does not exist") else { return };
        let Some(two) = self.leg_of(asked, "Channel2", "Channel2 does not exist") else { return };
        for id in [&one, &two] {
            self.must_be_the_peer(asked, id);
        }
        let talks = |id: &String| self.legs.get(id).is_some_and(|leg| leg.state == LegState::Up && self.peer(leg).is_some());
        if one == two || !talks(&one) || !talks(&two) {
            self.sin("Bridge of channels that do not both talk");
            return self.refuse(asked, "Bridge failed");
        }
        self.succeed(asked, "Launched bridge thread with success");
        self.joins(&one, &two);
    }

    fn park(&mut self, asked: &Asked<'_>) {
        let Some(id) = self.leg_of(asked, "Channel", "Channel does not exist") else { return };
        self.must_be_the_peer(asked, &id);
        if self.legs.get(&id).is_none_or(|leg| leg.state != LegState::Up || self.peer(leg).is_none()) {
            self.sin("Park of a channel that talks to nobody");
            return self.refuse(asked, "Park failed");
        }
        // A name, not a unique id: the device to ring is cut out of it.
        let named = self.legs.values().find(|leg| leg.name == asked.get("TimeoutChannel"));
        let parker = named.map(|leg| leg.device().to_owned());
        if parker.is_none() {
            self.sin("Park without the name of a leg as TimeoutChannel: the parked party is rung back");
        }
        let itself = self.legs.get(&id).map(|leg| leg.device().to_owned()).unwrap_or_default();
        let timeout = Duration::from_millis(asked.get("Timeout").parse().unwrap_or(30_000));
        // A line feed stands inside (section 2).
        self.succeed(asked, "Park successful\n");
        self.parks(&id, &parker.unwrap_or(itself), timeout);
    }

    fn plays(&mut self, asked: &Asked<'_>) {
        let Some(id) = self.leg_of(asked, "Channel", "Channel not found") else { return };
        let digit = asked.get("Digit").to_owned();
        if digit.len() != 1 || !digit.chars().all(|c| c.is_ascii_digit() || "*#ABCDabcd".contains(c)) {
            self.sin(format!("PlayDTMF of {digit:?}"));
        }
        let received = asked.get("Receive").eq_ignore_ascii_case("true");
        if received {
            self.must_be_own(asked, &id);
        } else {
            self.must_be_the_peer(asked, &id);
        }
        let length = asked.get("Duration").parse().map_or(DIGIT, Duration::from_millis);
        let mut lost = false;
        if let Some(known) = self.sessions.get_mut(&asked.session) {
            lost = known.played.get(&id).is_some_and(|ended| ended.elapsed() < DIGITS_APART);
            known.plays = true;
        }
        if lost {
            self.sin("digits run into each other");
        }
        let answer = Packet::response("Success", &asked.id).with("Message", "DTMF successfully queued");
        let (session, to) = (asked.session, id.clone());
        self.after(length, move |state| state.has_played(session, to, &answer));
        let Some(leg) = self.legs.get(&id).filter(|_| !lost) else { return };
        let heard_by = leg.phone().map(str::to_owned);
        self.digits.push(Digit { call: leg.call, channel: leg.name.clone(), heard_by, digit, received });
        // `*` `2` typed by the own leg completes a consultation.
        let typed: String = self.digits.iter().rev().take(2).filter(|it| it.received).map(|it| it.digit.as_str()).collect();
        if received && typed == "2*" && self.consultations.contains_key(&id) {
            self.complete_consultation(&id);
        }
    }

    /// A digit has ended: answers, and goes on with what its session has asked for meanwhile.
    fn has_played(&mut self, session: u64, to: String, answer: &Packet) {
        self.send(session, answer);
        if let Some(known) = self.sessions.get_mut(&session) {
            known.played.insert(to, Instant::now());
            known.plays = false;
        }
        while let Some(known) = self.sessions.get_mut(&session).filter(|known| !known.plays)
            && let Some(packet) = known.waiting.pop_front()
        {
            if !self.take_action(session, &packet) {
                return;
            }
        }
    }

    fn notifies(&mut self, asked: &Asked<'_>) {
        let event = asked.packet.all("Variable").find_map(|it| it.strip_prefix("Event=")).unwrap_or_default().to_owned();
        if !matches!(event.as_str(), "talk" | "hold") {
            self.sin(format!("PJSIPNotify of {event:?}"));
        }
        if asked.packet.has("Endpoint") {
            let endpoint = asked.get("Endpoint").to_owned();
            let owner = self.phones.values().find(|phone| phone.endpoint == endpoint).map(|phone| phone.extension.clone());
            if owner.is_none() {
                return self.refuse(asked, "Unable to retrieve endpoint");
            }
            if asked.user.extension.is_some() && asked.user.extension != owner {
                self.sin(format!("PJSIPNotify to {endpoint}, which is not the own phone"));
            }
            self.succeed(asked, "NOTIFY sent");
            self.notify_outside(&endpoint, &event);
            return;
        }
        let Some(id) = self.leg_of(asked, "Channel", "Could not find channel") else { return };
        self.must_be_own(asked, &id);
        self.succeed(asked, "NOTIFY sent");
        let name = self.legs.get(&id).and_then(|leg| leg.phone().map(str::to_owned)).unwrap_or_default();
        if self.phones.get(&name).is_some_and(|phone| phone.talks) {
            self.notified(&id, &event);
        } else {
            self.sin(format!("PJSIPNotify in the dialog of {name}, which answers 481; that ends the call"));
            self.end_leg(&id, Ending::CLEARED);
        }
    }

    fn sets(&mut self, asked: &Asked<'_>) {
        let (variable, value) = (asked.get("Variable").to_owned(), asked.get("Value").to_owned());
        let presence = variable.strip_prefix("PRESENCE_STATE(CustomPresence:").and_then(|rest| rest.strip_suffix(')'));
        let Some(number) = presence.map(str::to_owned) else {
            self.sin(format!("Setvar of {variable}"));
            return self.refuse(asked, "Variable not set");
        };
        if asked.user.extension.as_ref().is_some_and(|own| *own != number) {
            self.sin(format!("Setvar of the text of {number}"));
        }
        self.succeed(asked, "Variable Set");
        let mut parts = value.splitn(3, ',');
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (state, subtype, message) = (part(), part(), part());
        self.set_presence(&number, &state, &subtype, &message);
    }
}
