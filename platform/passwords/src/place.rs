//! Where requests come from.

use std::net::{IpAddr, Ipv6Addr};

/// What tries are counted by: the IPv4 address, or the IPv6 network of 64 bits, of which one
/// customer has all addresses (RFC 6177).
pub fn place_of(address: &str) -> String {
    match address
        .trim()
        .parse()
        .map(|address: IpAddr| address.to_canonical())
    {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_one_customer_is_one_place() {
        assert_eq!(place_of("192.0.2.7"), "192.0.2.7");
        assert_eq!(place_of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(place_of("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
        assert_eq!(place_of("2001:db8:1:2::9"), "2001:db8:1:2::/64");
        assert_eq!(place_of("a stranger"), "unknown");
    }
}
