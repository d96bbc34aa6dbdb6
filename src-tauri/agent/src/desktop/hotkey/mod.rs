//! The hotkey that dials what is selected.

#[cfg(target_os = "linux")]
pub mod linux;

use std::fmt;

/// A key with the modifiers that must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// Control.
    pub ctrl: bool,
    /// Alt.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
    /// The Windows or command key.
    pub logo: bool,
    /// The key itself.
    pub key: Key,
}

/// A key that can end a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter in lower case or a digit.
    Character(char),
    /// F1 to F24.
    Function(u8),
    /// One of the keys with a name.
    Named(&'static str),
}

/// Names of keys that stand for themselves.
const NAMED: [&str; 9] = ["space", "insert", "home", "end", "pageup", "pagedown", "pause", "print", "scrolllock"];

/// Says why a text is no combination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCombination {
    /// There is no key of this name.
    #[error("there is no key named {0}")]
    UnknownKey(String),
    /// A letter alone would be missing from everything typed.
    #[error("a letter or digit needs ctrl, alt or super with it")]
    NeedsModifier,
    /// No key, or more than one.
    #[error("a combination has exactly one key, such as ctrl+alt+d")]
    NotOneKey,
}

impl Combination {
    /// Reads a combination such as `ctrl+alt+d`.
    ///
    /// # Errors
    /// [`BadCombination`] for unknown names, several keys, or a letter without a modifier.
    pub fn parse(text: &str) -> Result<Self, BadCombination> {
        let mut combination = Self { ctrl: false, alt: false, shift: false, logo: false, key: Key::Function(0) };
        let mut key = None;
        for name in text.split('+').map(|name| name.trim().to_lowercase()) {
            match name.as_str() {
                "ctrl" | "control" => combination.ctrl = true,
                "alt" => combination.alt = true,
                "shift" => combination.shift = true,
                "super" | "win" | "cmd" | "meta" | "logo" => combination.logo = true,
                "" => return Err(BadCombination::NotOneKey),
                name if key.is_none() => key = Some(Key::parse(name)?),
                _ => return Err(BadCombination::NotOneKey),
            }
        }
        combination.key = key.ok_or(BadCombination::NotOneKey)?;
        let held = combination.ctrl || combination.alt || combination.logo;
        match combination.key {
            Key::Character(_) if !held => Err(BadCombination::NeedsModifier),
            Key::Named("space") if !held => Err(BadCombination::NeedsModifier),
            Key::Character(_) | Key::Function(_) | Key::Named(_) => Ok(combination),
        }
    }
}

impl Key {
    fn parse(name: &str) -> Result<Self, BadCombination> {
        let unknown = || BadCombination::UnknownKey(name.to_owned());
        let mut characters = name.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return if character.is_ascii_alphanumeric() { Ok(Self::Character(character)) } else { Err(unknown()) };
        }
        if let Some(number) = name.strip_prefix('f').and_then(|number| number.parse().ok()) {
            return if (1..=24).contains(&number) { Ok(Self::Function(number)) } else { Err(unknown()) };
        }
        NAMED.into_iter().find(|named| *named == name).map(Self::Named).ok_or_else(unknown)
    }
}

impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "Ctrl+"), (self.alt, "Alt+"), (self.shift, "Shift+"), (self.logo, "Super+")] {
            if held {
                f.write_str(name)?;
            }
        }
        match self.key {
            Key::Character(character) => write!(f, "{}", character.to_ascii_uppercase()),
            Key::Function(number) => write!(f, "F{number}"),
            Key::Named(name) => f.write_str(name),
        }
    }
}

/// Why the hotkey does not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HotkeyError {
    /// The text in the settings is no combination.
    #[error(transparent)]
    Bad(#[from] BadCombination),
    /// There is no X server, as under pure Wayland.
    #[error("this desktop lets no program take a hotkey by itself")]
    NoX,
    /// Another program has it.
    #[error("another program already uses {0}")]
    Taken(String),
    /// The keyboard has no such key.
    #[error("this keyboard has no key for {0}")]
    NoSuchKey(String),
    /// The X server went away or refused.
    #[error("the X server refused: {0}")]
    Failed(String),
}

impl HotkeyError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Bad(_) | Self::NoSuchKey(_) => "Choose another combination in the settings.",
            Self::Taken(_) => "Choose another combination in the settings, or free it in the other program.",
            Self::NoX | Self::Failed(_) => "Bind a shortcut of your desktop to the command: trayphone --dial-selection",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_read_and_written() {
        for (text, shown) in [
            ("ctrl+alt+d", "Ctrl+Alt+D"),
            (" Control + SHIFT + 7 ", "Ctrl+Shift+7"),
            ("super+space", "Super+space"),
            ("f12", "F12"),
            ("pause", "pause"),
        ] {
            assert_eq!(Combination::parse(text).map(|combination| combination.to_string()), Ok(shown.to_owned()));
        }
    }

    #[test]
    fn what_would_hurt_or_cannot_be_is_refused() {
        use BadCombination::{NeedsModifier, NotOneKey, UnknownKey};
        for (text, error) in [
            ("", NotOneKey),
            ("ctrl+alt", NotOneKey),
            ("ctrl+a+b", NotOneKey),
            ("d", NeedsModifier),
            ("shift+d", NeedsModifier),
            ("space", NeedsModifier),
            ("ctrl+f25", UnknownKey("f25".into())),
            ("ctrl+ü", UnknownKey("ü".into())),
            ("ctrl+banana", UnknownKey("banana".into())),
        ] {
            assert_eq!(Combination::parse(text), Err(error), "{text}");
        }
    }
}
