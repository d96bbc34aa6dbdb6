//! The hotkeys and how they do.

use serde::{Deserialize, Serialize};

/// One of the hotkeys, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HotkeyName {
    /// Dials the selected number.
    Dial,
    /// Answers the only call that rings.
    Answer,
    /// Hangs up the only call.
    HangUp,
    /// Shows the window.
    Window,
}

/// Whether a hotkey works, and if not, for which reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HotkeyHealth {
    /// It has no keys.
    Off,
    /// The desktop is being asked for the keys.
    Asking,
    /// It works.
    Works,
    /// What stands in the settings is no combination.
    Bad,
    /// Another of our hotkeys has the same keys.
    Ours,
    /// Another program has the keys.
    Taken,
    /// The keyboard lacks the key.
    NoKey,
    /// This desktop gives keys to no program.
    NoWay,
    /// This desktop gives keys only to programs that it knows.
    NotKnown,
    /// The user did not let the desktop give them, or it gives them no more.
    Refused,
    /// The desktop gave this one none.
    Unbound,
    /// Something went wrong.
    Failed,
}

/// A hotkey and how it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HotkeyView {
    /// Which one.
    pub name: HotkeyName,
    /// Whether it works.
    pub health: HotkeyHealth,
    /// Its keys as people read them, such as `Ctrl+Alt+P`; where the desktop gave them, as it describes them.
    pub keys: Option<String>,
    /// Who else has the keys, where that is known.
    pub by: Option<String>,
    /// Which of our own has the keys.
    pub other: Option<HotkeyName>,
    /// Keys that were tried and are free; they can be written into the settings as they stand.
    pub free: Option<String>,
    /// What is wrong, as a sentence.
    pub text: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The command that does the same, for desktops where the user binds the keys.
    pub command: String,
}

/// Answer of `hotkeys` and `retry_hotkeys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HotkeysReply {
    /// All of them.
    pub hotkeys: Vec<HotkeyView>,
    /// The desktop gives the keys, and the settings only say which ones are preferred.
    pub by_desktop: bool,
}

/// Parameters of `test_hotkey`, which waits for a press that then does nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TestHotkeyParams {
    /// Which one.
    pub hotkey: HotkeyName,
}

/// Answer of `test_hotkey`, at the press or after 15 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TestHotkeyReply {
    /// The press has arrived.
    pub arrived: bool,
}
