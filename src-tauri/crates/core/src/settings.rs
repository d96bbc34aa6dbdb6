//! Settings of the desktop part, kept in the settings file beside the accounts.

use serde::{Deserialize, Serialize};

/// What the user can choose about hotkey, links and window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct DesktopSettings {
    /// Key combination that dials the selected number, such as `ctrl+alt+p`; none switches it off.
    pub dial_hotkey: Option<String>,
    /// Key combination that answers the call that rings.
    pub answer_hotkey: Option<String>,
    /// Key combination that hangs up.
    pub hang_up_hotkey: Option<String>,
    /// Key combination that opens the window.
    pub window_hotkey: Option<String>,
    /// Where no selection can be read, the desktop's copy key is pressed, and the clipboard put back afterwards.
    pub copy_key: bool,
    /// A link from another program asks before it dials.
    pub ask_links: bool,
    /// Numbers whose links do not ask any more: as they are written everywhere, or as `account/digits`.
    pub always_dial: Vec<String>,
    /// How long the closed window stays warm, in seconds; 0 ends it at once.
    pub window_warm_s: u32,
    /// Show names in notices while the screen is locked.
    pub names_when_locked: bool,
    /// Ended calls are kept for so many days; 0 keeps none beyond the end of the program.
    pub history_days: u32,
}

impl Default for DesktopSettings {
    fn default() -> Self {
        Self {
            dial_hotkey: Some("ctrl+alt+p".to_owned()),
            answer_hotkey: None,
            hang_up_hotkey: None,
            window_hotkey: None,
            copy_key: false,
            ask_links: true,
            always_dial: vec![],
            window_warm_s: 60,
            names_when_locked: false,
            history_days: 90,
        }
    }
}
