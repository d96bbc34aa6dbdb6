//! Which proxy the system's settings name for an address.

#[cfg(target_os = "linux")]
pub mod linux;

use url::Url;

/// Chooses among what a desktop answers: the first entry we can use; none also when that is a direct connection.
///
/// Desktops answer a list such as `["http://proxy:3128", "direct://"]`, to be tried in order.
pub fn choose(answers: &[String]) -> Option<Url> {
    for answer in answers {
        if answer.starts_with("direct:") {
            return None;
        }
        // A plain `socks` leaves the version open; 5 is what today's proxies speak.
        let plain = answer.strip_prefix("socks://").map(|rest| format!("socks5h://{rest}"));
        let Ok(url) = Url::parse(plain.as_deref().unwrap_or(answer)) else { continue };
        if matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") && url.has_host() {
            return Some(url);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn the_first_usable_entry_counts() {
        let pick = |list: &[&str]| choose(&list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).map(String::from);
        assert_eq!(pick(&["http://proxy.example:3128", "direct://"]).as_deref(), Some("http://proxy.example:3128/"));
        assert_eq!(pick(&["direct://", "http://proxy.example:3128"]), None);
        assert_eq!(pick(&["socks://proxy.example:1080"]).as_deref(), Some("socks5h://proxy.example:1080"));
        assert_eq!(pick(&["quic://x", "socks5://proxy.example:1080"]).as_deref(), Some("socks5://proxy.example:1080"));
        assert_eq!(pick(&["socks4a://proxy.example:1080"]).as_deref(), Some("socks4a://proxy.example:1080"));
        assert_eq!(pick(&[]), None);
    }
}
