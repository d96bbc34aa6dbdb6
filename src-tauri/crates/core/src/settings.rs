//! Settings of the desktop part, kept in the settings file beside the accounts.

use serde::{Deserialize, Serialize};

/// What the user can choose about hotkey, links and window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct DesktopSettings {
    /// Key combination that dials the selected number, such as `ctrl+alt+p`; none switches it off.
    pub dial_hotkey: Option<String>,
    /// A link from another program asks before it dials.
    pub ask_links: bool,
    /// How long the closed window stays warm, in seconds; 0 ends it at once.
    pub window_warm_s: u32,
    /// Show names in notices while the screen is locked.
    pub names_when_locked: bool,
}

impl Default for DesktopSettings {
    fn default() -> Self {
        Self { dial_hotkey: Some("ctrl+alt+p".to_owned()), ask_links: true, window_warm_s: 60, names_when_locked: false }
    }
}
