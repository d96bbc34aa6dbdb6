//! Keys with their modifiers: how they are written, and which others would do.

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

/// Keys that stand for themselves: our name, that of GTK, xkbcommon and the shortcuts specification, and the symbol of X11.
///
/// Source: `keysymdef.h` of the X protocol.
pub(super) const NAMED: [(&str, &str, u32); 9] = [
    ("space", "space", 0x20),
    ("insert", "Insert", 0xff63),
    ("home", "Home", 0xff50),
    ("end", "End", 0xff57),
    ("pageup", "Page_Up", 0xff55),
    ("pagedown", "Page_Down", 0xff56),
    ("pause", "Pause", 0xff13),
    ("print", "Print", 0xff61),
    ("scrolllock", "Scroll_Lock", 0xff14),
];

/// Letters that most desktops have with Ctrl+Alt for locking, a terminal, or the desktop; nobody wants to lose those.
const CUSTOMARY: [char; 3] = ['d', 'l', 't'];

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

    /// Reads one as GTK and with it Xfce and GNOME write it, such as `<Primary><Alt>d`; none where it is nothing of ours.
    pub fn parse_gtk(text: &str) -> Option<Self> {
        let mut names: Vec<&str> = text.trim().split('>').collect();
        let key = names.pop()?;
        let mut parts = Vec::new();
        for name in names {
            parts.push(match name.strip_prefix('<')?.to_lowercase().as_str() {
                "primary" | "control" | "ctrl" | "ctl" => "ctrl",
                "alt" | "mod1" => "alt",
                "shift" => "shift",
                "super" | "mod4" => "super",
                _ => return None,
            });
        }
        let same = |(_, theirs, _): &&(&str, &str, u32)| theirs.eq_ignore_ascii_case(key);
        parts.push(NAMED.iter().find(same).map_or(key, |(ours, ..)| ours));
        Self::parse(&parts.join("+")).ok()
    }

    /// The combination as the shortcuts specification of freedesktop.org writes it, such as `CTRL+ALT+d`.
    pub fn trigger(&self) -> String {
        let held = [(self.ctrl, "CTRL"), (self.alt, "ALT"), (self.shift, "SHIFT"), (self.logo, "LOGO")];
        let mut parts: Vec<String> = held.into_iter().filter(|(held, _)| *held).map(|(_, name)| name.to_owned()).collect();
        parts.push(match self.key {
            Key::Character(character) => character.to_string(),
            Key::Function(number) => format!("F{number}"),
            Key::Named(name) => NAMED.iter().find(|(ours, ..)| *ours == name).map_or(name, |(_, theirs, _)| theirs).to_owned(),
        });
        parts.join("+")
    }

    /// Combinations that could take the place of this one, the likeliest first, without those that are known to be taken.
    ///
    /// Programs use Ctrl or Shift with a letter for themselves, so nothing below Ctrl+Alt is proposed.
    pub fn others(&self, taken: &[Self]) -> Vec<Self> {
        let wanted = match self.key {
            Key::Character(letter) if letter.is_ascii_lowercase() => letter,
            Key::Character(_) | Key::Function(_) | Key::Named(_) => 'p',
        };
        let mut letters: Vec<char> = ('a'..='z').filter(|letter| !CUSTOMARY.contains(letter)).collect();
        letters.sort_by_key(|letter| (u32::from(*letter).abs_diff(u32::from(wanted)), *letter));
        let bare = Self { ctrl: true, alt: true, shift: false, logo: false, key: self.key };
        let own = (self.ctrl && self.alt || self.logo).then_some(*self);
        let held: Vec<Self> = own.into_iter().chain([bare, Self { shift: true, ..bare }]).collect();
        let mut others = Vec::new();
        for with in held {
            for letter in &letters {
                let other = Self { key: Key::Character(*letter), ..with };
                if other != *self && !taken.contains(&other) && !others.contains(&other) {
                    others.push(other);
                }
            }
        }
        others
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
        NAMED.iter().find(|(named, ..)| *named == name).map(|(named, ..)| Self::Named(named)).ok_or_else(unknown)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_read_and_written() {
        for (text, shown, trigger) in [
            ("ctrl+alt+d", "Ctrl+Alt+D", "CTRL+ALT+d"),
            (" Control + SHIFT + 7 ", "Ctrl+Shift+7", "CTRL+SHIFT+7"),
            ("super+space", "Super+space", "LOGO+space"),
            ("f12", "F12", "F12"),
            ("pageup", "pageup", "Page_Up"),
        ] {
            let read = Combination::parse(text).expect(text);
            assert_eq!((read.to_string().as_str(), read.trigger().as_str()), (shown, trigger));
            assert_eq!(Combination::parse(shown), Ok(read), "what is shown can be typed");
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

    #[test]
    fn what_gtk_writes_is_read() {
        for (text, ours) in [
            ("<Primary><Alt>d", Some("ctrl+alt+d")),
            ("<Control><Shift>Escape", None),
            ("<Super>space", Some("super+space")),
            ("<Alt><Super>S", Some("alt+super+s")),
            ("<Shift><Alt>Page_Down", Some("shift+alt+pagedown")),
            ("XF86Mail", None),
            ("Print", Some("print")),
            ("<Hyper>d", None),
            ("", None),
        ] {
            assert_eq!(Combination::parse_gtk(text), ours.and_then(|ours| Combination::parse(ours).ok()), "{text}");
        }
    }

    #[test]
    fn the_next_letter_that_nobody_has_is_proposed_first() {
        let keys = |text: &str| Combination::parse(text).expect("a combination");
        let first = |wanted: &str, taken: &[&str]| {
            let taken: Vec<Combination> = taken.iter().map(|text| keys(text)).collect();
            keys(wanted).others(&taken).first().map(ToString::to_string).unwrap_or_default()
        };
        assert_eq!(first("ctrl+alt+p", &[]), "Ctrl+Alt+O");
        assert_eq!(first("ctrl+alt+p", &["ctrl+alt+o"]), "Ctrl+Alt+Q");
        assert_eq!(first("super+f5", &[]), "Super+P");
        // Ctrl+O opens files in every program.
        assert_eq!(first("ctrl+p", &[]), "Ctrl+Alt+P");
        let others = keys("ctrl+alt+p").others(&[]);
        assert!(!others.contains(&keys("ctrl+alt+l")) && !others.contains(&keys("ctrl+alt+p")), "{others:?}");
    }
}
