//! What a host name says about where the host is.

use url::Host;

/// Tells whether a host of an address is this machine itself, so that nothing leaves it.
///
/// Takes a host as an address writes it: a name, an IPv4 address, or an IPv6 address with or
/// without its brackets. Only `localhost` and loopback addresses count; any other name may be
/// resolved to anywhere.
pub fn is_loopback_host(host: &str) -> bool {
    let bare = host.contains(':') && !host.starts_with('[');
    let parsed = if bare { Host::parse(&format!("[{host}]")) } else { Host::parse(host) };
    match parsed {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.to_ipv4_mapped().map_or(address.is_loopback(), |mapped| mapped.is_loopback()),
        Ok(Host::Domain(name)) => name == "localhost",
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.9.8.7", "::1", "[::1]", "[::ffff:127.0.0.1]"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in
            ["", "localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "[::]", "[fe80::1]", "[127.0.0.1", "pbx"]
        {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
