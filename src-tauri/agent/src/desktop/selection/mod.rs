//! The selected text, read once when the user asks for it, and neither changed nor logged.
//!
//! Each system has one `async fn read`, with the same errors:
//!
//! - Linux: `linux.rs`. The primary selection, from Wayland by the data-control protocols or from X11; both hold what is
//!   marked at this moment, and reading them changes nothing.
//! - Windows would ask UI Automation: the focused element's `TextPattern`, its `GetSelection`, the text of each range.
//! - macOS would ask the accessibility API: `AXSelectedText` of the `AXFocusedUIElement`, once the user has allowed it.
//!
//! These two ask the program itself, which may hang, so they need a thread and a deadline as Linux does; a program that
//! shows them nothing is [`SelectionError::Nothing`], and a permission that is missing is [`SelectionError::NotShown`].
//! Where the user has switched it on, the copy key is the last resort on each of them: save the clipboard with all its
//! formats, press, read, put it back.

#[cfg(target_os = "linux")]
pub mod linux;

/// More is not a number with something around it. Counted in characters.
pub const LONGEST: usize = 10_000;

/// Why there is no selected text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is selected, or what is selected is no text.
    #[error("no text is selected")]
    Nothing,
    /// Nothing is selected, or the desktop keeps it from us; there is no telling which.
    #[error("no selected text can be seen")]
    NothingSeen,
    /// Over [`LONGEST`].
    #[error("the selected text is too long")]
    TooLong,
    /// The program that owns the selection, or the desktop itself, did not hand it over.
    #[error("the program with the selection does not answer")]
    NoAnswer,
    /// There is nobody to ask.
    #[error("this desktop does not show its selection to other programs")]
    NotShown,
    /// The copy key would do something else in this program, or nobody knows what.
    #[error("no text is selected, and the copy key is not for this program")]
    NotPressed,
    /// The clipboard could not be put back afterwards.
    #[error("no text is selected, and the clipboard could not be put back")]
    ClipboardKept,
    /// The copy key would have become another combination.
    #[error("no text is selected, and keys are held down")]
    KeysHeld,
    /// The desktop went away or refused.
    #[error("the desktop refused: {0}")]
    Failed(String),
}

impl SelectionError {
    /// What happened, as a sentence.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Nothing => "No text is selected.",
            Self::NothingSeen => "Trayphone sees no selected text.",
            Self::TooLong => "The selected text is too long.",
            Self::NoAnswer => "The program with the selected text does not answer.",
            Self::NotShown | Self::Failed(_) => "This desktop does not let Trayphone see what is selected.",
            Self::NotPressed => "No text is selected, and in this program Trayphone does not press the copy key.",
            Self::ClipboardKept => "No text is selected, and what is in the clipboard could not be put back after a copy.",
            Self::KeysHeld => "No text is selected, and the copy key cannot be pressed while other keys are held down.",
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Nothing => "Select a number, then press the hotkey again.",
            Self::NothingSeen | Self::NotPressed | Self::ClipboardKept => {
                "Select a number and press the hotkey again, or type it in the window."
            }
            Self::TooLong => "Select only the number.",
            Self::NoAnswer => "Try again.",
            Self::NotShown | Self::Failed(_) => "Type the number in the window.",
            Self::KeysHeld => "Press the hotkey only briefly.",
        }
    }
}

/// The text, when it is neither empty nor too long.
fn fit(text: String) -> Result<String, SelectionError> {
    if text.chars().count() > LONGEST {
        return Err(SelectionError::TooLong);
    }
    if text.trim().is_empty() { Err(SelectionError::Nothing) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_characters_and_must_not_be_blank() {
        assert_eq!(fit("ü".repeat(LONGEST)).map(|text| text.chars().count()), Ok(LONGEST));
        assert_eq!(fit("ü".repeat(LONGEST + 1)), Err(SelectionError::TooLong));
        assert_eq!(fit(" \n\t".to_owned()), Err(SelectionError::Nothing));
        assert_eq!(fit(" 030 1\n".to_owned()), Ok(" 030 1\n".to_owned()));
    }
}
