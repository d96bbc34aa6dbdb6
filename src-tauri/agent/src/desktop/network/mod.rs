//! Whether the way to the network is still the same.

#[cfg(target_os = "linux")]
pub mod linux;

/// What decides over which way packets leave this machine: addresses and default routes, in a fixed order.
///
/// Lifetimes, metrics and link-local addresses are left out: they change all the time without meaning anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways(Vec<String>);

impl Ways {
    /// Reads them from the tables of the kernel: `fib_trie`, `if_inet6`, `route` and `ipv6_route` of `/proc/net`.
    ///
    /// Source: `proc(5)`, and the formats in the kernel's `net/ipv4` and `net/ipv6`.
    pub fn read(fib_trie: &str, if_inet6: &str, route: &str, ipv6_route: &str) -> Self {
        let mut ways = Vec::new();
        let mut address = "";
        for line in fib_trie.lines().map(str::trim) {
            match line.strip_prefix("|-- ") {
                Some(leaf) => address = leaf,
                None if line.starts_with("/32 host LOCAL") && !address.starts_with("169.254.") => {
                    ways.push(format!("address {address}"));
                }
                None => {}
            }
        }
        for line in if_inet6.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [address, _, _, _, _, device] = fields[..]
                && !address.starts_with("fe80")
            {
                ways.push(format!("address {address} {device}"));
            }
        }
        for line in route.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [device, "00000000", gateway, ..] = fields[..] {
                ways.push(format!("route {gateway} {device}"));
            }
        }
        for line in ipv6_route.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [target, "00", _, _, gateway, _, _, _, _, device] = fields[..]
                && target.bytes().all(|digit| digit == b'0')
                && device != "lo"
            {
                ways.push(format!("route {gateway} {device}"));
            }
        }
        ways.sort_unstable();
        ways.dedup();
        Self(ways)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 192.168.1.0/24 2 0 2\n        |-- 192.168.1.7\n           /32 host LOCAL\n        |-- 192.168.1.255\n           /32 link BROADCAST\n";
    const INET6: &str =
        "20010db8000000000000000000000007 02 40 00 00     eth0\nfe800000000000000000000000000001 02 40 20 80     eth0\n";
    const ROUTE: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\neth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
    const ROUTE6: &str = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000002 00000400 00000001 00000000 00000003     eth0\n";

    #[test]
    fn addresses_and_default_routes_count() {
        let ways = Ways::read(TRIE, INET6, ROUTE, ROUTE6);
        assert_eq!(
            ways.0,
            [
                "address 192.168.1.7",
                "address 20010db8000000000000000000000007 eth0",
                "route 0101A8C0 eth0",
                "route fe800000000000000000000000000002 eth0",
            ]
        );
        assert_ne!(ways, Ways::read(TRIE, INET6, "", ROUTE6));
        assert_ne!(ways, Ways::read(&TRIE.replace("192.168.1.7", "10.0.0.9"), INET6, ROUTE, ROUTE6));
    }

    #[test]
    fn lifetimes_and_metrics_do_not() {
        let ways = Ways::read(TRIE, INET6, ROUTE, ROUTE6);
        let renewed = Ways::read(TRIE, &INET6.replace("40 00 00", "40 00 20"), &ROUTE.replace("100", "600"), ROUTE6);
        assert_eq!(ways, renewed);
    }
}
