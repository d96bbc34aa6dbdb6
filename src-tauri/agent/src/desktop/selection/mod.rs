//! The selected text, read once when the user asks for it, and neither changed nor logged.

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
    /// Over [`LONGEST`].
    #[error("the selected text is too long")]
    TooLong,
    /// The program that owns the selection did not hand it over.
    #[error("the program with the selection does not answer")]
    NoAnswer,
    /// There is no X server to ask.
    #[error("this desktop does not show its selection to other programs")]
    NoX,
    /// The X server went away or refused.
    #[error("the X server refused: {0}")]
    Failed(String),
}

impl SelectionError {
    /// What happened, as a sentence.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Nothing => "No text is selected.",
            Self::TooLong => "The selected text is too long.",
            Self::NoAnswer => "The program with the selected text does not answer.",
            Self::NoX | Self::Failed(_) => "This desktop does not let Trayphone see what is selected.",
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Nothing => "Select a number, then press the hotkey again.",
            Self::TooLong => "Select only the number.",
            Self::NoAnswer => "Try again.",
            Self::NoX | Self::Failed(_) => "Type the number in the window.",
        }
    }
}
