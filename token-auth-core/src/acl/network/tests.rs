use super::*;

#[test]
fn contains_what_go_says_it_contains() {
    for (network, address, contains) in [
        ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "::ffff:10.0.0.1", true),
        ("10.0.0.1", "::10.0.0.1", false),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
        ("10.1.2.3/8", "10.255.0.0", true),
        ("10.1.2.3/8", "11.0.0.0", false),
        ("10.0.0.1/08", "10.9.9.9", true),
        ("0.0.0.0/0", "255.255.255.255", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "::1", true),
        ("::/0", "10.0.0.1", false),
        ("::/0", "::ffff:10.0.0.1", false),
        ("::ffff:10.0.0.0/104", "10.200.0.1", true),
        ("::ffff:10.0.0.0/104", "11.0.0.1", false),
        ("::ffff:0:0/96", "203.0.113.9", true),
        ("::ffff:0:0/95", "203.0.113.9", false),
        ("::ffff:0:0/95", "::fffe:0:1", true),
        ("2001:DB8::/32", "2001:db8:ffff::1", true),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", true),
        ("8000::/1", "ffff::", true),
        ("fe80::1/128", "fe80::2", false),
    ] {
        let (parsed, address) = (Network::parse(network).unwrap(), address.parse().unwrap());
        assert_eq!(parsed.contains(address), contains, "{network} {address}");
    }
}

#[test]
fn refuses_what_go_refuses() {
    for network in [
        "",
        "localhost",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.*",
        " 10.0.0.1",
        "10.0.0.1/33",
        "10.0.0.1/",
        "10.0.0.1/+8",
        "10.0.0.1/-1",
        "10.0.0.1/8/8",
        "10.0.0.1/99999999999",
        "10.0.0.0/255.0.0.0",
        "::1/129",
        "fe80::1%eth0",
        "fe80::1%eth0/64",
        "[::1]",
        "1:2:3:4:5:6:7:8::",
        "::ffff:10.0.0.01",
        "12345::",
    ] {
        assert_eq!(Network::parse(network), None, "{network}");
    }
}
