//! Links such as `tel:+4930123456`: which are ours, and how a desktop is told so.

mod entries;
#[cfg(target_os = "linux")]
pub mod linux;

pub use entries::{
    autostart_entry, desktop_entry, handler_of, has_defaults, lines_of, with_handler, without_empty_defaults, without_handler,
};

/// Schemes that Trayphone opens.
pub const SCHEMES: [&str; 3] = ["tel", "callto", "pbx"];

/// No link is longer, in bytes; a number with everything around it is far shorter.
pub const LONGEST: usize = 2_000;

/// Tells whether a text is a link that we can open; nothing is said about the number in it.
///
/// These are more than [`SCHEMES`]: a `sip:` link is understood when it is given to us, but its handler is a real SIP phone.
pub fn is_ours(text: &str) -> bool {
    text.len() <= LONGEST && phone_core::number::scheme(text).is_some_and(|(_, rest)| !rest.is_empty())
}

/// How long a link waits for the PBX after a cold start; an older wish to call is no longer meant.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_our_schemes_are_ours() {
        for link in ["tel:+4930123456", "TEL:1", "callto:204", "pbx:dial?x=1", "sip:204@pbx.example", "SIPS:204@pbx.example"] {
            assert!(is_ours(link), "{link}");
        }
        let long = format!("tel:{}", "1".repeat(LONGEST));
        for other in ["tel:", "tel", "mailto:a@b", "--window", "", long.as_str(), "http://tel:1"] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
