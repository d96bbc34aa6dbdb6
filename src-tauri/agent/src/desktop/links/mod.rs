//! Links such as `tel:+4930123456`: which are ours, who opens them, and how a desktop is told that we do.
//!
//! Only what the user switched on is taken, scheme by scheme, and all of it can be given back as it was.
//!
//! Another system gets its file beside `linux.rs`, with the same four functions: `owners`, `is_handler`, `take` and
//! `give_back`.
//! - Windows, for the user alone: a `ProgID` with the command line, our `Capabilities` with one `UrlAssociations` value
//!   for each scheme, and a value for them under `RegisteredApplications`. Only the user chooses among the registered
//!   programs, so `take` ends by opening that page of the system's settings, and `owners` reads each scheme's
//!   `UserChoice`. Links come as the first argument, as on Linux.
//! - macOS: the schemes stand as `CFBundleURLTypes` in the bundle's property list, as an alternate handler, so that
//!   installing it takes nothing. `take` sets the default handler of each scheme and remembers whose it was. A link is
//!   no argument there: it comes as the open-URL event to the running or just started program, whose time is the click.

mod click;
mod entries;
#[cfg(target_os = "linux")]
pub mod linux;
mod lists;
#[cfg(target_os = "linux")]
mod owners;
mod shown;

pub use click::Clicked;
pub use entries::autostart_entry;
pub use shown::{for_window, shown};

/// Schemes that Trayphone opens where the user wants it to open links.
pub const SCHEMES: [&str; 3] = ["tel", "callto", "pbx"];

/// All schemes that can be switched on, in the order in which they are shown.
///
/// Those that are not among [`SCHEMES`] are taken only where the user names them: their usual program is a SIP phone.
pub const ALL: [&str; 5] = ["tel", "callto", "pbx", "sip", "sips"];

/// No link is longer, in bytes; a number with everything around it is far shorter.
pub const LONGEST: usize = 2_000;

/// How long after the click a link may be dialled; an older wish to call is no longer meant, and only offered.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// Begins the link that tests whether links of our own scheme come to us; a number behind it tells one test from another.
pub const TEST: &str = "pbx:test?";

/// Tells whether a text is a link that we can open; nothing is said about the number in it.
///
/// No link holds a control character, which a program could only have put there to be read as something else.
/// Source: RFC 3986, section 2.
pub fn is_ours(text: &str) -> bool {
    let link = text.trim();
    link.len() <= LONGEST
        && !link.chars().any(char::is_control)
        && phone_core::number::scheme(link).is_some_and(|(_, rest)| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_our_schemes_are_ours() {
        for link in [
            "tel:+4930123456",
            "TEL:1",
            " tel:+49 30 123456\n",
            "callto:204",
            "pbx:dial?x=1",
            "sip:204@pbx.example",
            "SIPS:204@pbx.example",
            "tel:--window",
        ] {
            assert!(is_ours(link), "{link}");
        }
        let long = format!("tel:{}", "1".repeat(LONGEST));
        for other in [
            "tel:",
            "tel",
            "mailto:a@b",
            "--window",
            "-tel:1",
            "",
            long.as_str(),
            "http://tel:1",
            "tel:1\ntel:2",
            "tel:+4930\t12",
            "tel:\u{1b}[2J1",
            "tel:1\u{85}2",
        ] {
            assert!(!is_ours(other), "{other:?}");
        }
    }
}
