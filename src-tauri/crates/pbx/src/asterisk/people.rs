//! Colleagues from hints and device states.
//!
//! A hint joins devices and custom states; one that is not in use hides a phone that is not registered, so the states of
//! the devices are a second source. Hints carry no names: those come along with calls.

use std::collections::BTreeMap;
use std::collections::HashMap;

use phone_core::people::PersonSeen;
use phone_core::{PersonKind, Presence};

use super::keys::Keys;
use super::packet::Packet;

/// Most numbers and devices that are believed.
const MOST: usize = 20_000;
/// Longest text of a hint that is kept.
const LONGEST: usize = 512;

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Free,
    InUse,
    Busy,
    Ringing,
    OnHold,
    Gone,
    Unknown,
}

/// One number with a hint.
struct Hint {
    context: Box<str>,
    devices: Box<str>,
    status: i32,
}

/// A name of somebody.
struct Name {
    text: Box<str>,
    /// It stands in the settings of the phone; else it came along with a call, perhaps with a queue's name before it.
    sure: bool,
}

/// All numbers with hints, and what stands behind them.
#[derive(Default)]
pub struct People {
    hints: BTreeMap<Box<str>, Hint>,
    devices: HashMap<Box<str>, Device>,
    names: HashMap<Box<str>, Name>,
    /// Context in which the own numbers are dialled.
    context: String,
    /// Whose number is ours.
    own: String,
}

impl People {
    /// Nobody yet, for an account with these keys.
    pub fn of(keys: &Keys) -> Self {
        Self { context: keys.context.clone(), own: keys.extension.clone(), ..Self::default() }
    }

    /// A new link: lamps are told anew, names stay.
    pub fn begin(&mut self) {
        self.hints.clear();
        self.devices.clear();
    }

    /// Takes the state of a hint, from a list or as a change; gives the person whom it changes.
    pub fn take_hint(&mut self, packet: &Packet<'_>) -> Option<PersonSeen> {
        let number = packet.text("Exten").filter(|number| is_number(number))?;
        let status = packet.text("Status")?.parse().ok()?;
        let devices: &str = packet.get("Hint").unwrap_or_default();
        let devices = devices.get(..LONGEST).unwrap_or(devices);
        let context = packet.get("Context").unwrap_or_default();
        let before = self.seen(number);
        let full = self.hints.len() >= MOST;
        match self.hints.get_mut(number) {
            Some(hint) if rank(&hint.context, &self.context) < rank(context, &self.context) => return None,
            Some(hint) => {
                hint.status = status;
                if *hint.devices != *devices && !devices.is_empty() {
                    hint.devices = devices.into();
                }
                if *hint.context != *context {
                    hint.context = context.into();
                }
            }
            None if full => return None,
            None => {
                self.hints.insert(number.into(), Hint { context: context.into(), devices: devices.into(), status });
            }
        }
        self.seen(number).filter(|now| before.as_ref() != Some(now))
    }

    /// Takes the state of a device; gives the people whom it changes.
    pub fn take_device(&mut self, packet: &Packet<'_>) -> Vec<PersonSeen> {
        let (Some(device), Some(state)) = (packet.text("Device"), packet.text("State")) else { return vec![] };
        let state = match state {
            "NOT_INUSE" => Device::Free,
            "INUSE" => Device::InUse,
            "BUSY" => Device::Busy,
            "RINGING" | "RINGINUSE" => Device::Ringing,
            "ONHOLD" => Device::OnHold,
            "UNAVAILABLE" | "INVALID" => Device::Gone,
            _ => Device::Unknown,
        };
        // A device is named after its number nearly always; where it is not, the hint itself tells.
        let number = device.rsplit_once('/').map_or(device, |(_, name)| name);
        let number = number.trim_start_matches("Custom:DND").to_owned();
        let before = self.seen(&number);
        let full = self.devices.len() >= MOST || device.len() > LONGEST;
        match self.devices.get_mut(device) {
            Some(known) => *known = state,
            None if full => return vec![],
            None => {
                self.devices.insert(device.into(), state);
            }
        }
        self.seen(&number).filter(|now| before.as_ref() != Some(now)).into_iter().collect()
    }

    /// Takes the name behind an internal number; gives the person whom it changes.
    pub fn named(&mut self, number: &str, name: &str, sure: bool) -> Option<PersonSeen> {
        let internal = self.hints.contains_key(number) || number == self.own;
        let known = self.names.get(number).is_some_and(|known| *known.text == *name || (known.sure && !sure));
        if !internal || known || name == number || self.names.len() >= MOST || name.len() > LONGEST {
            return None;
        }
        self.names.insert(number.into(), Name { text: name.into(), sure });
        self.seen(number)
    }

    /// The name behind an internal number.
    pub fn name_of(&self, number: &str) -> Option<String> {
        self.names.get(number).map(|name| name.text.to_string())
    }

    /// The numbers whose name nobody has told, with the phone that can be asked for it; the first of them last.
    pub fn without_names(&self) -> Vec<(String, String)> {
        let asked = |(number, hint)| {
            let (number, hint): (&str, &Hint) = (number, hint);
            let endpoint = phones(&hint.devices).find_map(Keys::endpoint).filter(|name| is_endpoint(name))?;
            (!self.names.get(number).is_some_and(|name| name.sure)).then(|| (number.to_string(), endpoint.to_owned()))
        };
        self.hints.iter().rev().map(|(number, hint)| (&**number, hint)).filter_map(asked).collect()
    }

    /// Tells whether there is any lamp.
    pub fn is_empty(&self) -> bool {
        self.hints.is_empty()
    }

    /// Everybody.
    pub fn all(&self) -> Vec<PersonSeen> {
        self.hints.keys().filter_map(|number| self.seen(number)).collect()
    }

    /// What a device does, as far as it was told.
    pub fn device(&self, device: &str) -> Option<Device> {
        self.devices.get(device).copied()
    }

    /// The presence of a number with a hint.
    pub fn presence_of(&self, number: &str) -> Option<Presence> {
        self.hints.get(number).map(|hint| self.presence(number, hint))
    }

    /// The presence of a person by the phones alone.
    pub fn presence_of_devices(&self, devices: &[String]) -> Presence {
        let states: Vec<Device> = devices.iter().filter_map(|device| self.device(device)).collect();
        let any = |wanted: &[Device]| states.iter().any(|state| wanted.contains(state));
        if any(&[Device::InUse, Device::Busy, Device::OnHold]) {
            Presence::InCall
        } else if any(&[Device::Ringing]) {
            Presence::Ringing
        } else if any(&[Device::Free]) {
            Presence::Available
        } else if any(&[Device::Gone]) {
            Presence::NotRegistered
        } else {
            Presence::Unknown
        }
    }

    /// Do-not-disturb of a number, when the PBX keeps a state for it.
    pub fn dnd_of(&self, number: &str) -> Option<bool> {
        match self.devices.get(format!("Custom:DND{number}").as_str())? {
            Device::Busy | Device::InUse => Some(true),
            Device::Free | Device::Gone => Some(false),
            Device::Ringing | Device::OnHold | Device::Unknown => None,
        }
    }

    /// Somebody as told; the user is nobody's colleague.
    fn seen(&self, number: &str) -> Option<PersonSeen> {
        let hint = self.hints.get(number).filter(|_| number != self.own)?;
        Some(PersonSeen {
            number: number.to_owned(),
            name: self.name_of(number),
            kind: kind(&hint.devices),
            presence: self.presence(number, hint),
            dnd: self.dnd_of(number) == Some(true),
            note: None,
        })
    }

    fn presence(&self, number: &str, hint: &Hint) -> Presence {
        let dnd = self.dnd_of(number) == Some(true);
        let phones: Vec<Device> = phones(&hint.devices).filter_map(|device| self.device(device)).collect();
        let all_gone = !phones.is_empty() && phones.iter().all(|state| *state == Device::Gone);
        let any_used = phones.iter().any(|s| matches!(s, Device::InUse | Device::Busy | Device::Ringing | Device::OnHold));
        let free = if dnd { Presence::Dnd } else { Presence::Available };
        match hint.status {
            status if status < 0 => Presence::Unknown,
            _ if all_gone => Presence::NotRegistered,
            4 => Presence::NotRegistered,
            0 => free,
            // Only the custom state is busy, and no phone of this number.
            2 if dnd && !any_used => Presence::Dnd,
            status if status & 8 != 0 => Presence::Ringing,
            _ => Presence::InCall,
        }
    }
}

/// The phones of a hint, without what is only a switch.
fn phones(hint: &str) -> impl Iterator<Item = &str> {
    let devices = hint.split(',').next().unwrap_or_default();
    devices.split('&').filter(|device| !device.is_empty() && !device.starts_with("Custom:"))
}

/// A name that means nothing but itself in a question.
fn is_endpoint(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn kind(hint: &str) -> PersonKind {
    let first = hint.split(['&', ',']).next().unwrap_or_default().to_ascii_lowercase();
    let begins = |with: &str| first.starts_with(with);
    if begins("park:") {
        PersonKind::Park
    } else if begins("queue:") {
        PersonKind::Queue
    } else if begins("custom:") || begins("confbridge:") || begins("meetme:") || begins("calendar:") {
        PersonKind::Service
    } else {
        PersonKind::Person
    }
}

/// Feature codes have hints too, such as `*76204`; they are nobody.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Which context of several counts for a number: that of people first, that of features last.
fn rank(context: &str, own: &str) -> u8 {
    match context {
        "ext-local" => 0,
        own_context if own_context == own => 1,
        feature if feature.starts_with("ext-park") || feature.starts_with("app-") || feature == "park-hints" => 3,
        _ => 2,
    }
}
