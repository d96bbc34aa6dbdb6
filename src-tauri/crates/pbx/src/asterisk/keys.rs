//! The account keys of this kind.

use phone_core::AccountConfig;

use crate::keys::{self, entries, expect, one_of};

/// All of them.
const KEYS: &[&str] = &["device", "extension", "context", "ring", "answer", "hold", "atxfer", "allow_plain"];
/// Where numbers are dialled, unless the account says otherwise.
const CONTEXT: &str = "from-internal";

/// What is sent to the own phone so that it answers or holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing.
    Off,
    /// A NOTIFY in the call, to a phone that has shown that it knows it; else as `NotifyEndpoint`.
    Notify,
    /// A NOTIFY beside the call.
    NotifyEndpoint,
    /// The same, sent by the dial plan of the PBX.
    Dialplan,
}

impl Way {
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("notify") => Self::Notify,
            Some("notify-endpoint") => Self::NotifyEndpoint,
            Some("dialplan") => Self::Dialplan,
            _ => Self::Off,
        }
    }
}

/// The keys as read; a value that nobody understands counts as absent.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Own phones, such as `PJSIP/204`; the first one rings for a dial.
    pub devices: Vec<String>,
    /// Own number; empty when there is none.
    pub extension: String,
    pub context: String,
    /// A dial rings all phones that the dial plan rings.
    pub rings_all: bool,
    pub answer: Way,
    pub hold: Way,
    pub atxfer: bool,
    pub allow_plain: bool,
}

impl Keys {
    pub fn of(config: &AccountConfig) -> Self {
        let get = |key: &str| config.keys.get(key).map(String::as_str).filter(|value| !value.is_empty());
        let extension = get("extension").filter(|text| is_extension(text)).map(str::to_owned);
        let extension = extension.or_else(|| trailing_digits(config)).unwrap_or_default();
        let devices: Vec<String> = get("device").map(|list| entries(list).map(str::to_owned).collect()).unwrap_or_default();
        let devices = match devices {
            listed if !listed.is_empty() && listed.iter().all(|one| is_device(one)) => listed,
            _ if extension.is_empty() => vec![],
            _ => vec![format!("PJSIP/{extension}")],
        };
        Self {
            devices,
            context: get("context").filter(|text| is_context(text)).unwrap_or(CONTEXT).to_owned(),
            rings_all: get("ring") == Some("local"),
            answer: Way::of(get("answer")),
            hold: Way::of(get("hold")),
            atxfer: get("atxfer") != Some("off"),
            allow_plain: config.switch("allow_plain"),
            extension,
        }
    }

    /// Whose phone a channel belongs to: the device in its name, if it is an own one.
    pub fn own_device<'a>(&'a self, channel: &str) -> Option<&'a str> {
        let device = device_of(channel)?;
        self.devices.iter().map(String::as_str).find(|own| own.eq_ignore_ascii_case(device))
    }

    /// The name of an own phone behind `PJSIP/`, to which a NOTIFY can be sent.
    pub fn endpoint(device: &str) -> Option<&str> {
        device.strip_prefix("PJSIP/")
    }
}

/// The device in the name of a channel: all but the dash and eight hex digits at its end.
///
/// A name may hold dashes itself, and the two halves of `Local` channels belong to no device.
pub fn device_of(channel: &str) -> Option<&str> {
    let (device, number) = channel.rsplit_once('-')?;
    (number.len() == 8 && number.bytes().all(|b| b.is_ascii_hexdigit()) && !device.starts_with("Local/")).then_some(device)
}

fn trailing_digits(config: &AccountConfig) -> Option<String> {
    let user = config.user.as_deref()?;
    let front = user.trim_end_matches(|c: char| c.is_ascii_digit());
    user.get(front.len()..).filter(|digits| is_extension(digits)).map(str::to_owned)
}

/// Tells whether an account cannot sign in without a secret: none can.
pub fn needs_secret(_: &AccountConfig) -> bool {
    true
}

/// Looks at the account keys of this kind; those of the dial plan are everybody's and were looked at before.
///
/// # Errors
/// One sentence on the first key that does not exist, or whose value nobody understands, with what is expected.
pub fn check(config: &AccountConfig) -> Result<(), String> {
    // They would stand in the settings for everybody to read.
    if !config.url.username().is_empty() || config.url.password().is_some() {
        return Err("the address holds no user and no password".to_owned());
    }
    keys::each(config, check_one)?;
    if Keys::of(config).extension.is_empty() {
        return Err("the key extension is needed, because the user name does not end with the own extension".to_owned());
    }
    Ok(())
}

fn check_one(key: &str, value: &str) -> Result<(), String> {
    const WAYS: &[&str] = &["off", "notify", "notify-endpoint", "dialplan"];
    match key {
        "device" => {
            let fits = entries(value).all(is_device) && entries(value).next().is_some();
            expect(fits, key, value, "a list of own phones such as PJSIP/204,PJSIP/204-mobile")
        }
        "extension" => expect(is_extension(value), key, value, "the own extension, such as 204"),
        "context" => expect(is_context(value), key, value, "a context of the dial plan, such as from-internal"),
        "ring" => one_of(key, value, &["device", "local"]),
        "answer" | "hold" => one_of(key, value, WAYS),
        "atxfer" => one_of(key, value, &["auto", "off"]),
        "allow_plain" => one_of(key, value, &["true", "false"]),
        _ => keys::unknown(key, KEYS),
    }
}

/// `technology/name`, of characters that mean nothing to a dial plan.
fn is_device(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    text.len() <= 64 && text.split_once('/').is_some_and(|(kind, name)| plain(kind) && plain(name) && kind != "Local")
}

fn is_extension(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_context(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
