//! Which addresses a webhook may reach: those of the public internet, and what a setting allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What is not globally reachable, by the IANA's registries of special-purpose addresses.
const FORBIDDEN_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),       // This network.
    ([10, 0, 0, 0], 8),      // Private.
    ([100, 64, 0, 0], 10),   // Shared by a carrier's clients.
    ([127, 0, 0, 0], 8),     // Loopback.
    ([169, 254, 0, 0], 16),  // Link-local; where clouds tell their secrets.
    ([172, 16, 0, 0], 12),   // Private.
    ([192, 0, 0, 0], 24),    // Of protocols.
    ([192, 0, 2, 0], 24),    // For documents.
    ([192, 88, 99, 0], 24),  // Relays of 6to4.
    ([192, 168, 0, 0], 16),  // Private.
    ([198, 18, 0, 0], 15),   // Benchmarks.
    ([198, 51, 100, 0], 24), // For documents.
    ([203, 0, 113, 0], 24),  // For documents.
    ([224, 0, 0, 0], 4),     // Multicast.
    ([240, 0, 0, 0], 4),     // Reserved, and broadcast.
];
/// Everything else is loopback, local, multicast, an address of IPv4 in disguise (mapped, NAT64),
/// or not given out.
const GLOBAL_V6: ([u16; 2], u8) = ([0x2000, 0], 3);
/// What of it is special.
const FORBIDDEN_V6: [([u16; 2], u8); 4] = [
    ([0x2001, 0], 23),      // Of protocols: Teredo, benchmarks, ORCHID.
    ([0x2001, 0x0db8], 32), // For documents.
    ([0x2002, 0], 16),      // 6to4.
    ([0x3fff, 0], 20),      // For documents.
];

/// Networks that may be reached although they are not public.
#[derive(Debug, Clone, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks with spaces or commas between them, such as `10.1.0.0/16 fd00::/8`.
    ///
    /// # Errors
    /// One is none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        let networks = words.map(str::parse).collect::<Result<_, _>>();
        let rule = "must be networks with spaces between them, such as 10.1.0.0/16 fd00::/8";
        networks.map(Self).map_err(|_| rule)
    }

    /// Whether a webhook may connect to an address.
    pub fn allow(&self, address: IpAddr) -> bool {
        is_global(address) || self.0.iter().any(|network| network.contains(&address))
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !FORBIDDEN_V4
            .iter()
            .any(|(network, bits)| v4(*network, *bits).contains(&address)),
        IpAddr::V6(address) => {
            v6(GLOBAL_V6).contains(&address)
                && !FORBIDDEN_V6
                    .iter()
                    .any(|network| v6(*network).contains(&address))
        }
    }
}

fn v4(network: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from(network), bits)
}

fn v6(([first, second], bits): ([u16; 2], u8)) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(networks: &str, address: &str) -> bool {
        let networks = Networks::parse(networks).expect("they are networks");
        networks.allow(address.parse().expect("it is an address"))
    }

    #[test]
    fn no_class_of_address_that_is_not_public_is_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.9.10",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "1fff::1",
        ] {
            assert!(!allowed("", address), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_reached() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2003::1",
            "2606:4700:4700::1111",
            "3ffe::1",
            "3fff:1000::1",
        ] {
            assert!(allowed("", address), "{address}");
        }
    }

    #[test]
    fn a_setting_allows_networks_and_nothing_beside_them() {
        let networks = "10.1.0.0/16, fd00:1::/32 127.0.0.1/32";
        for (address, expected) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("fd00:1::5", true),
            ("fd00:2::5", false),
            ("8.8.8.8", true),
            ("::ffff:10.1.2.3", false),
        ] {
            assert_eq!(allowed(networks, address), expected, "{address}");
        }
        for text in ["10.0.0.0/33", "10.0.0.1", "private", "10.0.0.0/8;fd00::/8"] {
            assert!(Networks::parse(text).is_err(), "{text}");
        }
    }
}
