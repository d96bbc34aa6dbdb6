//! The command line of the agent. It is read by hand: handing a link over must not cost more than a few milliseconds.

use std::ffi::OsString;

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
    /// Be the program for links, and start with the session; where schemes are named, only be the program for these.
    Register(Vec<&'static str>),
    /// Take that back.
    Unregister(Vec<&'static str>),
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
  trayphone --register          open phone links (tel, callto, pbx) with Trayphone, and start it with the session
  trayphone --unregister        take that back, and restore what opened phone links before
  trayphone --register SCHEME... | --unregister SCHEME...
                                the same for links of these schemes alone: tel, callto, pbx, sip, sips
";

/// What cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// One sentence on it.
    pub text: String,
    /// It came in the place of a link: another program gave it, and whoever clicked there looks at the screen.
    pub is_link: bool,
}

impl From<String> for Misread {
    fn from(text: String) -> Self {
        Self { text, is_link: false }
    }
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
/// [`Misread`].
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Wish, Misread> {
    let mut arguments = arguments.into_iter().map(OsString::into_string);
    let first = match arguments.next() {
        None => return Ok(Wish::Tray),
        Some(Ok(first)) => first,
        // What is no text is no link either: a guess at what it meant could be a wrong number.
        Some(Err(first)) => return Err(no_link(&first.to_string_lossy())),
    };
    let mut arguments = arguments.map(|argument| argument.unwrap_or_else(|bytes| bytes.to_string_lossy().into_owned()));
    let wish = match first.as_str() {
        "--window" => {
            let pane = arguments.next().map(|name| WindowView::parse(&name).ok_or(format!("there is no view named {name}")));
            let pane = pane.transpose()?;
            if pane == Some(WindowView::Wallboard) {
                return Err("the wallboard is not available yet".to_owned().into());
            }
            Wish::Window(pane)
        }
        "--dial-selection" => Wish::DialSelection,
        "--register" => return schemes(arguments).map(Wish::Register),
        "--unregister" => return schemes(arguments).map(Wish::Unregister),
        "--help" | "-h" => Wish::Help,
        "--version" | "-V" => Wish::Version,
        // Desktops start us with an empty link when a menu entry is chosen.
        "" => Wish::Tray,
        text if links::is_ours(text) => Wish::Link(text.to_owned()),
        text if text.starts_with('-') => return Err(format!("there is no option {text}").into()),
        text => return Err(no_link(text)),
    };
    match arguments.next() {
        None => Ok(wish),
        Some(more) => Err(format!("{} is one argument too many", links::shown(&more)).into()),
    }
}

fn schemes(names: impl Iterator<Item = String>) -> Result<Vec<&'static str>, Misread> {
    let known = |name: &String| links::ALL.into_iter().find(|scheme| scheme.eq_ignore_ascii_case(name.trim_end_matches(':')));
    names.map(|name| known(&name).ok_or_else(|| format!("Trayphone opens no links of the scheme {name}").into())).collect()
}

fn no_link(text: &str) -> Misread {
    // A terminal would obey control characters, and nobody reads a page of it.
    let shown: String = links::shown(text).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(100).collect();
    Misread { text: format!("{shown} is not a link of a kind that Trayphone opens"), is_link: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Wish, String> {
        parse(arguments.iter().map(OsString::from)).map_err(|misread| misread.text)
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
        assert_eq!(parsed(&["--register"]), Ok(Wish::Register(vec![])));
        assert_eq!(parsed(&["--register", "SIP:", "tel"]), Ok(Wish::Register(vec!["sip", "tel"])));
        assert_eq!(parsed(&["--unregister"]), Ok(Wish::Unregister(vec![])));
        assert_eq!(parsed(&["--unregister", "sips"]), Ok(Wish::Unregister(vec!["sips"])));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(parsed(&["--window", "kitchen"]).is_err_and(|text| text.contains("kitchen")));
        assert!(parsed(&["--window", "wallboard"]).is_err_and(|text| text.contains("not available yet")));
        assert!(parsed(&["--loud"]).is_err_and(|text| text.contains("--loud")));
        assert!(parsed(&["mailto:a@b"]).is_err());
        assert!(parsed(&["--register", "now"]).is_err_and(|text| text.contains("now")));
    }

    #[test]
    fn a_link_is_a_link_whatever_it_holds_and_never_an_option() {
        use std::os::unix::ffi::OsStringExt as _;
        assert_eq!(parsed(&["tel:--window"]), Ok(Wish::Link("tel:--window".into())));
        assert_eq!(parsed(&["tel:1 --register"]), Ok(Wish::Link("tel:1 --register".into())));
        let long = format!("tel:{}", "1".repeat(2_000));
        for hostile in ["tel:1\ntel:2", "tel:\u{1b}]0;x\u{7}1", "tel:", "-tel:1", long.as_str()] {
            let misread = parse([OsString::from(hostile)]).expect_err(hostile);
            assert!(!misread.text.chars().any(char::is_control) && misread.text.chars().count() < 200, "{misread:?}");
            assert_eq!(misread.is_link, !hostile.starts_with('-'), "{misread:?}");
        }
        let bytes = OsString::from_vec(b"tel:+4930\xff12".to_vec());
        assert!(parse([bytes]).is_err_and(|misread| misread.is_link));
    }
}
