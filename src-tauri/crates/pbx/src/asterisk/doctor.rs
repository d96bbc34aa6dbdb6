//! What the self-examination can say of an Asterisk: rights, own number, phones, lamps, codes, and why a sign-in failed.
//!
//! The few questions that only this needs are asked along with the whole picture. Whatever cannot be known for certain,
//! such as what an event filter leaves out or whether a sound is there, is not guessed.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use phone_core::request::Check;
use phone_core::{ForwardWhen, Now, Reason};

use super::keys::{Keys, Way};
use super::packet::{Action, Packet};
use super::people::Device;
use super::phones::NOTIFY_CONTEXT;
use super::{Asked, Asterisk, Feature, Phase};
use crate::dialect::{Effects, Findings};

/// Oldest release that this kind was made for.
const OLDEST: u32 = 16;
/// First release without the older SIP channels.
const WITHOUT_CHAN_SIP: u32 = 21;
/// Classes that let a manager account do harm far beyond calls, worst first, and what.
const POWERS: [(&str, &str); 3] = [
    ("command", "run any command of the PBX"),
    ("config", "rewrite the settings of the PBX"),
    (SYSTEM, "stop the PBX, change its database and start programs on it"),
];
const SYSTEM: &str = "system";

/// What a question of the self-examination is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Whether the own number exists where numbers are dialled.
    Number,
    /// How an own phone is.
    Device(String),
    /// The code that begins to ask somebody before a transfer.
    Atxfer,
}

/// Why there is no session, as far as only this kind can explain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Whoever listens there does not greet.
    Silent,
    /// Somebody else greeted.
    Greeted(&'static str),
    Denied,
    AlreadyIn,
}

/// What only the self-examination wants to know.
#[derive(Default)]
pub(super) struct Known {
    /// Classes that this user has in `write` for certain: some action needs just this one.
    classes: BTreeSet<String>,
    number: Option<bool>,
    devices: HashMap<String, String>,
    atxfer: Option<String>,
    /// An event of a call or a lamp has come.
    events: bool,
    pinged_at: Option<Instant>,
    answers_in: Option<Duration>,
    clock_ahead: Option<i64>,
    /// Why this attempt got no session.
    meets: Option<Refusal>,
    /// The same of the last one that is over; it counts until an attempt ends otherwise.
    refusal: Option<Refusal>,
}

impl Known {
    /// An attempt is over, wherever it stood.
    pub fn ended(&mut self, stood: Phase) {
        let met = || self.meets.or((stood == Phase::Greeting).then_some(Refusal::Silent));
        // What does not stand anywhere was no attempt.
        let refusal = if stood == Phase::Idle { self.refusal } else { met() };
        *self = Self { refusal, ..Self::default() };
    }

    pub fn greeted_wrongly(&mut self, line: &str) {
        let by = [("HTTP/", "a web server"), ("SSH-", "an SSH server"), ("220", "a mail or file server")];
        let known = by.into_iter().find(|(begin, _)| line.starts_with(begin));
        self.meets = Some(Refusal::Greeted(known.map_or("another program", |(_, who)| who)));
    }

    pub fn refused(&mut self, reason: &Reason) {
        self.meets = if *reason == Reason::SignInDenied {
            Some(Refusal::Denied)
        } else {
            (*reason == Reason::TooManySessions).then_some(Refusal::AlreadyIn)
        };
    }

    pub fn saw_event(&mut self) {
        self.events = true;
    }

    pub fn pings(&mut self, now: Now) {
        self.pinged_at = Some(now.mono);
    }

    pub fn ponged(&mut self, packet: &Packet<'_>, now: Now) {
        if let Some(at) = self.pinged_at.take() {
            self.answers_in = Some(now.mono.saturating_duration_since(at));
        }
        let told = packet.text("Timestamp").and_then(|time| time.split('.').next()?.parse::<i64>().ok());
        self.clock_ahead = told.and_then(|told| told.checked_sub(now.wall.as_second()));
    }

    /// Reads the classes out of the list of actions: `..  (Priv: system,reporting,all)`.
    pub fn listed(&mut self, packet: &Packet<'_>) {
        let alone = |(_, text): (&str, &str)| {
            let (_, classes) = text.rsplit_once("(Priv: ")?;
            let mut classes = classes.trim_end_matches(')').split(',').filter(|class| !matches!(*class, "all" | "<none>"));
            classes.next().filter(|_| classes.next().is_none()).map(str::to_owned)
        };
        self.classes = packet.lines().filter_map(alone).collect();
    }
}

impl Asterisk {
    /// Asks what nobody but the self-examination wants to know.
    pub(super) fn ask_for_doctor(&mut self, out: &mut Effects) {
        let mut looks = vec![(Look::Number, self.valid(&self.keys.extension))];
        looks.extend(self.keys.devices.iter().map(|device| (Look::Device(device.clone()), format!("DEVICE_STATE({device})"))));
        if self.keys.atxfer {
            looks.push((Look::Atxfer, "FEATUREMAP(atxfer)".to_owned()));
        }
        for (look, variable) in looks {
            self.ask(Asked::Examined(look), |id| Action::new("Getvar", id).with("Variable", &variable), out);
        }
    }

    pub(super) fn examined(&mut self, look: Look, packet: &Packet<'_>) {
        let Some(value) = packet.get("Value").filter(|_| packet.is_success()) else { return };
        match look {
            Look::Number => self.known.number = Some(value == "1"),
            Look::Device(device) => _ = self.known.devices.insert(device, value.to_owned()),
            Look::Atxfer => self.known.atxfer = Some(value.to_owned()),
        }
    }

    pub(super) fn found(&self) -> Findings {
        let checks = if self.phase == Phase::Live { self.checks() } else { self.why_no_session().into_iter().collect() };
        Findings { checks, answers_in: self.known.answers_in, clock_ahead: self.known.clock_ahead }
    }

    fn checks(&self) -> Vec<Check> {
        let mut checks = vec![self.rights(), self.power()];
        checks.extend(self.release());
        checks.extend(self.number_known());
        checks.extend(self.keys.devices.iter().map(|device| self.own_phone(device)));
        checks.extend(self.lamps());
        checks.extend(self.codes());
        checks.extend(self.asking_first());
        checks.push(self.steering());
        checks.push(self.events());
        checks
    }

    fn why_no_session(&self) -> Option<Check> {
        let (text, remedy) = match self.known.refusal? {
            Refusal::Silent => (
                "Something listens at this port, but does not greet as Asterisk's manager interface does.".to_owned(),
                "The manager interface is usually at 5039 with encryption (amis://) and at 5038 without (ami://).",
            ),
            Refusal::Greeted(who) => (
                format!("At this port {who} answers, and not Asterisk's manager interface."),
                "The manager interface is usually at 5039 with encryption (amis://) and at 5038 without (ami://).",
            ),
            Refusal::Denied => (
                "Asterisk refused the sign-in; a wrong user, a wrong password and an address that may not sign in look the same."
                    .to_owned(),
                "Compare user, secret and permit in manager.conf; Asterisk's log (level security) tells which of them it is.",
            ),
            Refusal::AlreadyIn => (
                format!("The manager account {} is signed in elsewhere, and may be only once.", self.user),
                "Quit Trayphone at the other computer, or set allowmultiplelogin = yes in manager.conf.",
            ),
        };
        Some(Check::problem("sign-in", &text, remedy))
    }

    /// The phone is told what to do by an action that needs `system`.
    fn needs_system(&self) -> bool {
        [self.keys.answer, self.keys.hold].iter().any(|way| matches!(way, Way::Notify | Way::NotifyEndpoint))
    }

    fn rights(&self) -> Check {
        let needed = [
            ("call", "BlindTransfer", "it only watches: no hanging up, no transfer, no sending on, no parking, no tones"),
            ("originate", "Originate", "it cannot dial, take a colleague's call, switch do-not-disturb or forward calls"),
            (
                "reporting",
                "CoreStatus",
                "it sees neither restarts nor the version, and neither do-not-disturb nor forwarding is shown or offered",
            ),
        ];
        let missing: Vec<String> = needed
            .iter()
            .filter(|(_, action, _)| !self.allows(action))
            .map(|(class, _, cost)| format!("without {class} {cost}"))
            .collect();
        if missing.is_empty() {
            return Check::fine("rights", &format!("The manager account {} may do what Trayphone needs.", self.user));
        }
        let text = format!("The manager account {} lacks rights: {}.", self.user, missing.join("; "));
        let system = if self.needs_system() { ",system" } else { "" };
        let remedy = format!(
            "In manager.conf set write = call,originate,reporting{system} for it, do a manager reload, and sign in again."
        );
        Check::problem("rights", &text, &remedy)
    }

    /// What this account could do beyond what Trayphone does with it.
    fn power(&self) -> Check {
        const NAME: &str = "further rights";
        let has = |class: &str| self.known.classes.contains(class);
        let too_much: Vec<_> =
            POWERS.iter().filter(|(class, _)| has(class) && !(*class == SYSTEM && self.needs_system())).collect();
        if !too_much.is_empty() {
            let could: Vec<String> = too_much.iter().map(|(class, what)| format!("with {class} it can {what}")).collect();
            let classes: Vec<&str> = too_much.iter().map(|(class, _)| *class).collect();
            let text = format!("The manager account {} may do far more than calls: {}.", self.user, could.join("; "));
            let remedy = format!(
                "Take {} out of write in manager.conf (all contains it too): whoever gets hold of this password has the PBX.",
                classes.join(" and ")
            );
            return Check::problem(NAME, &text, &remedy);
        }
        if has(SYSTEM) {
            return Check::fine(
                NAME,
                "No more than is needed. To tell the phone to answer or hold it has system, with which it could also stop the PBX: \
                 its password is an administrator's.",
            );
        }
        if !self.allows("BlindTransfer") && !self.allows("Originate") {
            return Check::fine(NAME, "No more than is needed.");
        }
        Check::fine(
            NAME,
            "No more than is needed. Even so it could call from every phone, and end, move or listen to calls of others: its \
             password is an operator's.",
        )
    }

    /// The release, where it is one that this was not made for.
    fn release(&self) -> Option<Check> {
        let major = self.major()?;
        let loading = self.sync_again_at.map(|_| {
            let text =
                "Asterisk was started a moment ago and may not have loaded everything; it is asked again in a few seconds.";
            Check::fine("release", text)
        });
        let old = (major < OLDEST).then(|| {
            let text = format!("Asterisk {major} is older than what Trayphone is made for ({OLDEST} and later).");
            Check::problem("release", &text, "Ask the administrator for a newer one; some things may not work.")
        });
        old.or(loading)
    }

    fn major(&self) -> Option<u32> {
        self.learnt.server.as_deref()?.split('.').next()?.parse().ok()
    }

    fn number_known(&self) -> Option<Check> {
        let (own, context) = (&self.keys.extension, &self.keys.context);
        Some(if self.known.number? {
            Check::fine("number", &format!("The context {context} knows your number {own}."))
        } else {
            Check::problem(
                "number",
                &format!("The context {context} does not know your number {own}, so numbers may be dialled at the wrong place."),
                "Add the account anew with context= the one that your phone dials in, and extension= your own number.",
            )
        })
    }

    fn own_phone(&self, device: &str) -> Check {
        let name = format!("phone {device}");
        let first = self.keys.devices.first().is_some_and(|first| first == device);
        let told = self.known.devices.get(device).map_or("", String::as_str);
        match (self.people.device(device), told) {
            (None | Some(Device::Gone | Device::Unknown), "INVALID") => {
                let sip = device.starts_with("SIP/") && self.major().is_some_and(|major| major >= WITHOUT_CHAN_SIP);
                let remedy = if sip {
                    "This release has no SIP/ any more: add the account anew with device=PJSIP/ and the name of the phone."
                } else {
                    "Add the account anew with device= the names of your phones, which the administrator sees by: pjsip show endpoints"
                };
                Check::problem(&name, &format!("Asterisk knows no phone {device}."), remedy)
            }
            (Some(Device::Free | Device::InUse | Device::Busy | Device::Ringing | Device::OnHold), _) => {
                Check::fine(&name, &format!("{device} is registered."))
            }
            (Some(Device::Gone), _) | (None | Some(Device::Unknown), "UNAVAILABLE") if first => Check::problem(
                &name,
                &format!("{device} is not registered, so no call rings there and none is dialled from it."),
                "Switch the phone on, and look at its network and its own sign-in.",
            ),
            (Some(Device::Gone), _) | (None | Some(Device::Unknown), "UNAVAILABLE") => {
                Check::not_here(&name, &format!("{device} is not registered at the moment."))
            }
            (None | Some(Device::Unknown), _) => {
                Check::fine(&name, &format!("Asterisk does not say whether {device} is registered."))
            }
        }
    }

    fn lamps(&self) -> Option<Check> {
        if !self.allows("ExtensionStateList") {
            return None;
        }
        let count = self.people.all().len();
        Some(if count > 0 {
            Check::fine("colleagues", &format!("Asterisk shows how {count} other numbers are."))
        } else {
            Check::problem(
                "colleagues",
                "Asterisk shows nobody else, because its dial plan has no hints for them; so it is not seen who is free.",
                "The administrator adds lines such as: exten => 205,hint,PJSIP/205",
            )
        })
    }

    fn codes(&self) -> Option<Check> {
        if !self.allows("Getvar") || !self.allows("Originate") {
            return None;
        }
        if self.takes_anything() {
            let text = format!(
                "The context {} takes whatever is dialled, so nobody can tell which codes there are: do-not-disturb and taking a \
                 colleague's call are not offered, and forwarding only with codes that the account names.",
                self.keys.context
            );
            return Some(Check::not_here("codes", &text));
        }
        let has = |feature| self.features.contains(&feature);
        let mut missing = vec![];
        if !has(Feature::DndOn) || !has(Feature::DndOff) {
            missing.push("*78 and *79, so do-not-disturb is not offered".to_owned());
        }
        if !has(Feature::PickUp) {
            missing.push("** and an extension, so taking a colleague's call is not offered".to_owned());
        }
        for when in ForwardWhen::ALL {
            let Some(codes) = self.keys.forward_codes(when).filter(|_| !self.has_forward_codes(when)) else { continue };
            let which = match when {
                ForwardWhen::Always => "of all calls",
                ForwardWhen::Busy => "while busy",
                ForwardWhen::NoAnswer => "without an answer",
            };
            missing.push(format!("{} and a number or {}, so forwarding {which} is not offered", codes.on, codes.off));
        }
        Some(if missing.is_empty() {
            Check::fine("codes", "The dial plan has every code that this account uses.")
        } else {
            Check::not_here("codes", &format!("The dial plan lacks {}.", missing.join("; ")))
        })
    }

    fn asking_first(&self) -> Option<Check> {
        const NAME: &str = "ask first";
        if !self.keys.atxfer {
            return Some(Check::not_here(NAME, "Asking somebody before a transfer is switched off for this account."));
        }
        if !self.allows("Atxfer") {
            return None;
        }
        if self.no_atxfer {
            return Some(Check::problem(
                NAME,
                "Asking somebody before a transfer did nothing when it was tried.",
                "The dial plan needs t and T in Dial() and the sound pbx-transfer; without them add the account anew with atxfer=off.",
            ));
        }
        Some(match self.known.atxfer.as_deref()? {
            "" => Check::problem(
                NAME,
                "Asterisk has no code by which somebody is asked before a transfer.",
                "Set atxfer => *2 below [featuremap] in features.conf, or add the account anew with atxfer=off.",
            ),
            code => Check::fine(NAME, &format!("Somebody can be asked before a transfer; Asterisk's code for it is {code}.")),
        })
    }

    /// Answering and holding at the own phone, from here.
    fn steering(&self) -> Check {
        const NAME: &str = "answer and hold";
        let ways = [self.keys.answer, self.keys.hold].into_iter().filter(|way| *way != Way::Off);
        let Some(way) = ways.min_by_key(|way| self.can_steer(*way)) else {
            return Check::not_here(NAME, "Calls are answered and held at the phone; for this account that is set so.");
        };
        let Some(endpoint) = self.keys.devices.iter().find_map(|device| Keys::endpoint(device)) else {
            let text = "Only a phone that is named PJSIP/ can be told to answer or hold, and this account has none.";
            return Check::problem(NAME, text, "Add the account anew with answer=off and hold=off.");
        };
        if self.can_steer(way) {
            return Check::fine(NAME, &format!("The phone {endpoint} can be told to answer or hold, if it listens to that."));
        }
        match way {
            Way::Dialplan => Check::problem(
                NAME,
                &format!("The dial plan has no context {NOTIFY_CONTEXT} that tells the phone to answer or hold."),
                "The administrator adds it, or you add the account anew with answer=off and hold=off.",
            ),
            Way::Redirect => Check::problem(
                NAME,
                &format!("The dial plan has no context {} that dials the phone so that it answers.", self.keys.answer_context),
                "The administrator adds it, or you add the account anew with answer=off.",
            ),
            Way::Off | Way::Notify | Way::NotifyEndpoint if self.known.classes.contains(SYSTEM) => Check::problem(
                NAME,
                "Asterisk has not loaded the module that tells a phone to answer or hold (res_pjsip_notify).",
                "It loads only when there is a file pjsip_notify.conf; an empty one will do.",
            ),
            Way::Off | Way::Notify | Way::NotifyEndpoint => Check::problem(
                NAME,
                "Telling the phone to answer or hold needs system in write, which this manager account lacks.",
                "Decide with the administrator, as it allows much more; else add the account anew with answer=off and hold=off.",
            ),
        }
    }

    fn events(&self) -> Check {
        if self.known.events {
            return Check::fine("events", "Asterisk tells what happens with calls and phones.");
        }
        // Neither what may be read nor a filter can be asked for.
        Check::fine(
            "events",
            "Nothing has happened since the sign-in. If a call does not show, the administrator looks at read = call and at \
             eventfilter in manager.conf.",
        )
    }
}
