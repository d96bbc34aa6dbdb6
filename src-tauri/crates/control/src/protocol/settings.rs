//! Settings of the desktop part: how they are, and what somebody changes of them.

use std::collections::BTreeMap;

use phone_core::DesktopSettings;
use serde::{Deserialize, Deserializer, Serialize};

/// Answer of `get_settings` and `set_settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SettingsReply {
    /// Settings of the desktop part.
    pub desktop: DesktopSettings,
    /// Trayphone starts with the session.
    pub autostart: bool,
    /// For every scheme, whether Trayphone opens its links.
    #[cfg_attr(feature = "ts", ts(type = "{ [scheme: string]: boolean }"))]
    pub handler: BTreeMap<String, bool>,
    /// For every scheme whose links something opens, the name of that program.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "{ [scheme: string]: string }"))]
    pub owners: BTreeMap<String, String>,
}

/// Parameters of `set_settings`; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct SetSettingsParams {
    /// What changes of the desktop part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<DesktopPatch>,
    /// Trayphone starts with the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autostart: Option<bool>,
    /// Schemes to take over or give back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "{ [scheme: string]: boolean } | null", optional))]
    pub handler: Option<BTreeMap<String, bool>>,
}

/// Most numbers whose links do not ask any more; the oldest one asks again.
const MOST_TRUSTED: usize = 500;

/// What changes of the desktop part; what is left out stays as it is, whoever else changes it meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields = nullable))]
pub struct DesktopPatch {
    /// Key combination that dials the selected number; null switches it off.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub dial_hotkey: Option<Option<String>>,
    /// Key combination that answers the call that rings; null switches it off.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub answer_hotkey: Option<Option<String>>,
    /// Key combination that hangs up; null switches it off.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub hang_up_hotkey: Option<Option<String>>,
    /// Key combination that opens the window; null switches it off.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>"))]
    pub window_hotkey: Option<Option<String>>,
    /// Where no selection can be read, the desktop's copy key is pressed, and the clipboard put back afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_key: Option<bool>,
    /// A link from another program asks before it dials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_links: Option<bool>,
    /// Numbers, as they are dialled, whose links do not ask any more, beside those that are there already.
    ///
    /// One that is missing here stays: somebody may have allowed it since this list was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always_dial: Option<Vec<String>>,
    /// A number whose links ask again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forget_dial: Option<String>,
    /// How long the closed window stays warm, in seconds; 0 ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_warm_s: Option<u32>,
    /// Show names in notices while the screen is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_when_locked: Option<bool>,
    /// Ended calls are kept for so many days; 0 removes those that are there and keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_days: Option<u32>,
}

/// A field that stands there, even as null.
#[expect(clippy::option_option, reason = "left out and switched off are two answers")]
fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl DesktopPatch {
    /// Lets links with this number dial without a question from now on.
    pub fn trust(number: &str) -> Self {
        Self { always_dial: Some(vec![number.to_owned()]), ..Self::default() }
    }

    /// The combinations that it sets.
    pub fn hotkeys(&self) -> impl Iterator<Item = &str> {
        let all = [&self.dial_hotkey, &self.answer_hotkey, &self.hang_up_hotkey, &self.window_hotkey];
        all.into_iter().filter_map(|keys| keys.as_ref()?.as_deref())
    }

    /// Changes what it names, and nothing else.
    pub fn apply(self, to: &mut DesktopSettings) {
        let Self {
            dial_hotkey,
            answer_hotkey,
            hang_up_hotkey,
            window_hotkey,
            copy_key,
            ask_links,
            always_dial,
            forget_dial,
            window_warm_s,
            names_when_locked,
            history_days,
        } = self;
        put(dial_hotkey, &mut to.dial_hotkey);
        put(answer_hotkey, &mut to.answer_hotkey);
        put(hang_up_hotkey, &mut to.hang_up_hotkey);
        put(window_hotkey, &mut to.window_hotkey);
        put(copy_key, &mut to.copy_key);
        put(ask_links, &mut to.ask_links);
        put(window_warm_s, &mut to.window_warm_s);
        put(names_when_locked, &mut to.names_when_locked);
        put(history_days, &mut to.history_days);
        if let Some(number) = forget_dial {
            to.always_dial.retain(|known| *known != number);
        }
        for number in always_dial.unwrap_or_default() {
            if !to.always_dial.contains(&number) {
                to.always_dial.push(number);
            }
        }
        let over = to.always_dial.len().saturating_sub(MOST_TRUSTED);
        to.always_dial.drain(..over);
    }
}

fn put<T>(said: Option<T>, to: &mut T) {
    if let Some(said) = said {
        *to = said;
    }
}

impl From<DesktopSettings> for DesktopPatch {
    fn from(all: DesktopSettings) -> Self {
        Self {
            dial_hotkey: Some(all.dial_hotkey),
            answer_hotkey: Some(all.answer_hotkey),
            hang_up_hotkey: Some(all.hang_up_hotkey),
            window_hotkey: Some(all.window_hotkey),
            copy_key: Some(all.copy_key),
            ask_links: Some(all.ask_links),
            always_dial: Some(all.always_dial),
            forget_dial: None,
            window_warm_s: Some(all.window_warm_s),
            names_when_locked: Some(all.names_when_locked),
            history_days: Some(all.history_days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> DesktopPatch {
        serde_json::from_str(json).expect("a patch")
    }

    #[test]
    fn what_two_sides_change_at_once_is_kept_in_both_orders() {
        let page = || read(r#"{"ask_links":false,"dial_hotkey":null}"#);
        let notice = || DesktopPatch::trust("0030555001");
        let before = DesktopSettings { always_dial: vec!["207".into()], ..DesktopSettings::default() };
        let wanted = DesktopSettings {
            always_dial: vec!["207".into(), "0030555001".into()],
            ask_links: false,
            dial_hotkey: None,
            ..before.clone()
        };
        for order in [[page(), notice()], [notice(), page()]] {
            let mut settings = before.clone();
            order.into_iter().for_each(|patch| patch.apply(&mut settings));
            assert_eq!(settings, wanted);
        }
    }

    #[test]
    fn a_whole_object_of_an_older_program_drops_no_number_that_was_allowed_meanwhile() {
        let stale = serde_json::to_string(&DesktopSettings { copy_key: true, ..DesktopSettings::default() }).expect("json");
        let mut settings = DesktopSettings { always_dial: vec!["207".into()], ..DesktopSettings::default() };
        read(&stale).apply(&mut settings);
        assert_eq!(settings, DesktopSettings { copy_key: true, always_dial: vec!["207".into()], ..DesktopSettings::default() });
    }

    #[test]
    fn a_number_is_forgotten_by_name_alone_and_the_oldest_of_too_many_asks_again() {
        let mut settings = DesktopSettings { always_dial: vec!["1".into(), "2".into()], ..DesktopSettings::default() };
        read(r#"{"forget_dial":"1"}"#).apply(&mut settings);
        assert_eq!(settings.always_dial, ["2"]);
        DesktopPatch::trust("2").apply(&mut settings);
        assert_eq!(settings.always_dial, ["2"]);
        let many = (0..MOST_TRUSTED).map(|number| format!("1{number}")).collect();
        DesktopPatch { always_dial: Some(many), ..DesktopPatch::default() }.apply(&mut settings);
        assert_eq!(settings.always_dial.len(), MOST_TRUSTED);
        assert!(!settings.always_dial.contains(&"2".to_owned()));
    }

    #[test]
    fn left_out_and_switched_off_are_two_answers() {
        assert_eq!(read("{}"), DesktopPatch::default());
        let off = read(r#"{"hang_up_hotkey":null}"#);
        assert_eq!(off.hang_up_hotkey, Some(None));
        assert_eq!(serde_json::to_string(&off).expect("json"), r#"{"hang_up_hotkey":null}"#);
        assert_eq!(read(r#"{"dial_hotkey":"f9","answer_hotkey":null}"#).hotkeys().collect::<Vec<_>>(), ["f9"]);
    }
}
