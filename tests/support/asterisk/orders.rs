//! `Originate`: what is wrong with it, and what comes of it (section 6.1).

use std::time::{Duration, Instant};

use super::actions::Asked;
use super::channel::{Originate, Party};
use super::originate::Order;
use super::plan::CONTEXTS;
use super::records::{Dial, Lost};
use super::state::State;

/// Longest id of a channel.
const LONGEST_ID: usize = 149;

impl State {
    /// Takes an `Originate`. False breaks the connection.
    pub(super) fn originate(&mut self, asked: &Asked<'_>) -> bool {
        if self.next_lost == Some(Lost::Request) {
            self.next_lost = None;
            return false;
        }
        let text = |key: &str| asked.get(key).to_owned();
        let application = text("Application");
        let (channel, channel_id) = (text("Channel"), text("ChannelId"));
        self.originates.push(Dial {
            user: asked.user.name.clone(),
            channel: channel.clone(),
            number: text("Exten"),
            channel_id: channel_id.clone(),
            application: application.clone(),
            caller_id: text("CallerID"),
            call: None,
            at: Instant::now(),
        });
        self.check_originate(asked);
        let lost = self.next_lost.take().is_some();
        if lost {
            // Without its session the client is told nothing more.
            self.sessions.remove(&asked.session);
        }
        self.originate_checked(asked, &channel, &channel_id, &application);
        !lost
    }

    fn check_originate(&mut self, asked: &Asked<'_>) {
        let get = |key: &str| asked.get(key).to_owned();
        let (channel, application, number) = (get("Channel"), get("Application"), get("Exten"));
        let mut sins = Vec::new();
        if !asked.get("Async").eq_ignore_ascii_case("true") {
            sins.push("Originate without Async: true".to_owned());
        }
        for key in ["Channel", "CallerID"].into_iter().filter(|key| !asked.packet.has(key)) {
            sins.push(format!("Originate without {key}"));
        }
        let id = get("ChannelId");
        if application.is_empty() && id.is_empty() {
            sins.push("Originate without ChannelId: nothing guards against a second call".to_owned());
        }
        if id.len() > LONGEST_ID || !id.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
            sins.push(format!("the ChannelId {id:?}"));
        }
        if self.ids_used.contains_key(&id) {
            sins.push(format!("a second Originate for the dial {id}"));
        }
        let earlier = self.originates.iter().rev().skip(1).filter(|dial| dial.user == asked.user.name && application.is_empty());
        let runs = |call| self.legs.values().any(|leg| Some(leg.call) == call);
        if earlier.clone().any(|dial| dial.number == number && dial.call.is_some() && runs(dial.call)) {
            sins.push(format!("a second Originate for {number} while the first call runs"));
        }
        let caller_id = get("CallerID");
        let name = caller_id.split('<').next().unwrap_or_default().trim().trim_matches('"');
        let caller = caller_id.split_once('<').map_or("", |(_, rest)| rest.trim_end_matches('>'));
        if name.contains(['"', '\\', '<', '>']) || !caller_id.ends_with('>') {
            sins.push(format!("the CallerID {caller_id:?}"));
        }
        if asked.user.extension.as_deref().is_some_and(|own| own != caller) {
            sins.push(format!("the CallerID {caller_id:?} is not the own number, and the destination sees it"));
        }
        for variable in asked.packet.all("Variable") {
            if !(variable.starts_with("PJSIP_HEADER(add,Call-Info)=") && variable.contains("answer-after=0")) {
                sins.push(format!("the Variable {variable:?}"));
            }
        }
        if !matches!(application.as_str(), "" | "Wait") {
            sins.push(format!("Originate of the application {application}"));
        }
        let own = asked.user.extension.clone();
        let place = channel.strip_prefix("Local/").and_then(|rest| rest.split_once('@'));
        let endpoint = channel.strip_prefix("PJSIP/");
        let owner =
            endpoint.and_then(|it| self.phones.values().find(|phone| phone.endpoint == it)).map(|it| it.extension.clone());
        match (endpoint, place) {
            (Some(_), _) if own.is_none() || owner == own => {}
            (_, Some((number, context))) if CONTEXTS.contains(&context) && self.plan(context, number).is_some() => {
                if application.is_empty() && own.as_deref().is_some_and(|own| own != number) {
                    sins.push(format!("Originate at {channel}, which is not the own phone"));
                }
            }
            (_, _) => sins.push(format!("Originate at {channel:?}, which is not the own phone")),
        }
        self.violations.extend(sins);
        if application.is_empty() {
            self.must_be_plain(asked, asked.get("Context"), &number);
        }
    }

    fn originate_checked(&mut self, asked: &Asked<'_>, channel: &str, channel_id: &str, application: &str) {
        const FORBIDDEN: &[&str] = &["system", "exec", "agi", "externalivr", "mixmonitor"];
        let (context, number) = (asked.get("Context"), asked.get("Exten"));
        if channel.is_empty() {
            return self.refuse(asked, "Channel not specified");
        }
        if FORBIDDEN.contains(&application.to_ascii_lowercase().as_str()) || asked.get("Data").contains('(') {
            return self.refuse(asked, "Originate Access Forbidden: app or data blacklisted");
        }
        if application.is_empty() && self.plan(context, number).is_none() {
            return self.refuse(asked, "Extension does not exist.");
        }
        let own = asked.user.extension.clone().unwrap_or_default();
        let call = self.new_call(&own);
        let id = if channel_id.is_empty() { self.unique_id() } else { channel_id.to_owned() };
        let originate = Originate {
            action_id: asked.id.clone(),
            channel: channel.to_owned(),
            context: context.to_owned(),
            exten: number.to_owned(),
            application: (!application.is_empty()).then(|| (application.to_owned(), asked.get("Data").to_owned())),
        };
        if self.legs.contains_key(&id) {
            // The event really comes before the answer (section 7.4).
            self.originate_refused(&originate, &id);
            self.flush();
            return self.succeed(asked, "Originate successfully queued");
        }
        if !channel_id.is_empty() {
            self.ids_used.insert(id.clone(), Instant::now());
        }
        let caller_id = asked.get("CallerID");
        let (name, caller) = caller_id.split_once('<').unwrap_or((caller_id, ""));
        let party = Party::new(caller.trim_end_matches('>'), name.trim().trim_matches('"'));
        let timeout = Duration::from_millis(asked.get("Timeout").parse().unwrap_or(30_000));
        let answers_itself = asked.packet.all("Variable").any(|variable| variable.contains("answer-after=0"));
        let order = Order { originate: originate.clone(), id: id.clone(), party, timeout, answers_itself, call };
        let endpoint = channel.strip_prefix("PJSIP/").unwrap_or_default().to_owned();
        let reachable = self.phones.values().any(|phone| phone.endpoint == endpoint && phone.registered);
        let place = channel.strip_prefix("Local/").and_then(|rest| rest.split_once('@'));
        let place = place.map(|(number, context)| (number.to_owned(), context.trim_end_matches("/n").to_owned()));
        if place.is_none() && !reachable {
            let first = self.options.seed.is_some() && self.random.bool();
            if first {
                self.originate_refused(&originate, &id);
                self.flush();
            }
            self.succeed(asked, "Originate successfully queued");
            if !first {
                self.originate_refused(&originate, &id);
            }
            return;
        }
        if let Some(dial) = self.originates.last_mut() {
            dial.call = Some(call);
        }
        self.succeed(asked, "Originate successfully queued");
        match place {
            Some((number, context)) => self.originate_local(&number, &context, order),
            None => drop(self.originate_at(&endpoint, order)),
        }
    }
}
