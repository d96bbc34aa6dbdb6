//! The command line of the agent. It is read by hand: handing a link over must not cost more than a few milliseconds.

use phone_control::protocol::WindowView;

use crate::desktop::links;

/// What the caller wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The agent in the tray.
    Tray,
    /// A link dialled, after the usual question.
    Link(String),
    /// The selected number dialled.
    DialSelection,
    /// The window, at a certain place.
    Window(Option<WindowView>),
    /// Be the program for links, and start with the session.
    Register,
    /// Take that back.
    Unregister,
    /// A reminder of all this.
    Help,
    /// The version.
    Version,
}

/// The text of `--help`.
pub const HELP: &str = "\
Trayphone puts your phone into the tray.

  trayphone                     start in the tray
  trayphone tel:+4930123456     call this number, after a question
  trayphone --dial-selection    call the selected number
  trayphone --window [calls|people|history|settings]
                                open the window
  trayphone --register          open phone links with Trayphone, and start it with the session
  trayphone --unregister        take that back
";

/// Reads the arguments that follow the program's name.
///
/// # Errors
/// One sentence on what cannot be understood.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Wish, String> {
    let mut arguments = arguments.into_iter();
    let Some(first) = arguments.next() else { return Ok(Wish::Tray) };
    let wish = match first.as_str() {
        "--window" => {
            let pane = arguments.next().map(|name| WindowView::parse(&name).ok_or(format!("there is no view named {name}")));
            let pane = pane.transpose()?;
            if pane == Some(WindowView::Wallboard) {
                return Err("the wallboard is not available yet".to_owned());
            }
            Wish::Window(pane)
        }
        "--dial-selection" => Wish::DialSelection,
        "--register" => Wish::Register,
        "--unregister" => Wish::Unregister,
        "--help" | "-h" => Wish::Help,
        "--version" | "-V" => Wish::Version,
        // Desktops start us with an empty link when a menu entry is chosen.
        "" => Wish::Tray,
        text if links::is_ours(text) => Wish::Link(text.to_owned()),
        text if text.starts_with('-') => return Err(format!("there is no option {text}")),
        text => return Err(format!("{text} is not a link of a kind that Trayphone opens")),
    };
    match arguments.next() {
        None => Ok(wish),
        Some(more) => Err(format!("{more} is one argument too many")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Wish, String> {
        parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn every_call_of_the_contract_is_understood() {
        assert_eq!(parsed(&[]), Ok(Wish::Tray));
        assert_eq!(parsed(&["tel:+4930123456"]), Ok(Wish::Link("tel:+4930123456".into())));
        assert_eq!(parsed(&["sip:204@pbx.example"]), Ok(Wish::Link("sip:204@pbx.example".into())));
        assert_eq!(parsed(&["PBX:204"]), Ok(Wish::Link("PBX:204".into())));
        assert_eq!(parsed(&["--dial-selection"]), Ok(Wish::DialSelection));
        assert_eq!(parsed(&["--window"]), Ok(Wish::Window(None)));
        assert_eq!(parsed(&["--window", "history"]), Ok(Wish::Window(Some(WindowView::History))));
        assert_eq!(parsed(&["--register"]), Ok(Wish::Register));
        assert_eq!(parsed(&["--unregister"]), Ok(Wish::Unregister));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(parsed(&["--window", "kitchen"]).is_err_and(|text| text.contains("kitchen")));
        assert!(parsed(&["--window", "wallboard"]).is_err_and(|text| text.contains("not available yet")));
        assert!(parsed(&["--loud"]).is_err_and(|text| text.contains("--loud")));
        assert!(parsed(&["mailto:a@b"]).is_err());
        assert!(parsed(&["--register", "now"]).is_err_and(|text| text.contains("now")));
    }
}
