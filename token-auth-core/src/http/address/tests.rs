use super::*;

const LIST: HeaderName = HeaderName::from_static("x-forwarded-for");

fn resolve(
    source: &AddressSource,
    name: &HeaderName,
    lines: &[&str],
    peer: &str,
) -> Result<String, AddressError> {
    let values = lines.iter().map(|line| http::HeaderValue::from_bytes(line.as_bytes()).unwrap());
    let headers = values.map(|value| (name.clone(), value)).collect();
    let peer = Some(ClientAddress::Ip(peer.parse().unwrap()));
    source.resolve(&headers, peer).map(|address| address.unwrap().to_string())
}

fn networks(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn positions_count_from_both_ends() {
    let cases: [(isize, &[&str], Option<&str>); 9] = [
        (0, &["10.0.0.1, 10.0.0.2"], Some("10.0.0.1")),
        (1, &["10.0.0.1, 10.0.0.2"], Some("10.0.0.2")),
        (2, &["10.0.0.1, 10.0.0.2"], None),
        (-1, &["10.0.0.1", "10.0.0.2"], Some("10.0.0.2")),
        (-9, &["10.0.0.1, 10.0.0.2"], Some("10.0.0.1")),
        (0, &[], None),
        (0, &["nonsense"], None),
        (0, &["[2001:db8::1]:4711"], Some("2001:db8::1")),
        (0, &["::ffff:10.0.0.1"], Some("10.0.0.1")),
    ];
    for (position, lines, expected) in cases {
        let source = AddressSource::header(LIST, position);
        let found = resolve(&source, &LIST, lines, "192.0.2.1");
        assert_eq!(found.ok().as_deref(), expected, "{position} {lines:?}");
    }
}

#[test]
fn only_trusted_proxies_are_believed() {
    let source = AddressSource::header(LIST, 0).with_trusted_proxies(networks(&["192.0.2.0/24"]));
    let resolve = |peer| resolve(&source, &LIST, &["10.0.0.1"], peer).unwrap();
    assert_eq!(resolve("192.0.2.1"), "10.0.0.1");
    assert_eq!(resolve("::ffff:192.0.2.1"), "10.0.0.1");
    assert_eq!(resolve("203.0.113.5"), "203.0.113.5");
}

#[test]
fn what_a_client_writes_in_front_of_the_proxies_counts_for_nothing() {
    let proxies = networks(&["192.0.2.0/24", "::ffff:198.51.100.0/120", "2001:db8:1::/48"]);
    let source = AddressSource::behind_proxies(LIST, proxies);
    let cases: [(&[&str], Result<&str, AddressError>); 20] = [
        (&["203.0.113.9"], Ok("203.0.113.9")),
        (&["10.0.0.7, 203.0.113.9"], Ok("203.0.113.9")),
        (&["10.0.0.7", "203.0.113.9"], Ok("203.0.113.9")),
        (&["10.0.0.7, 203.0.113.9, 192.0.2.2, 198.51.100.7"], Ok("203.0.113.9")),
        (&["10.0.0.7, 203.0.113.9", "192.0.2.2"], Ok("203.0.113.9")),
        (&["192.0.2.9, 203.0.113.9"], Ok("203.0.113.9")),
        (&["10.0.0.7,, 203.0.113.9 , ,"], Ok("203.0.113.9")),
        (&["nonsense, 203.0.113.9"], Ok("203.0.113.9")),
        (&["\u{e9}", "203.0.113.9"], Ok("203.0.113.9")),
        (&["10.0.0.7, [2001:db8::9]:443, [2001:db8:1::1]"], Ok("2001:db8::9")),
        (&["203.0.113.9:4711"], Ok("203.0.113.9")),
        // The client is behind the proxies' own network.
        (&["192.0.2.7, 192.0.2.2"], Ok("192.0.2.7")),
        // What a proxy writes is never passed over.
        (&["203.0.113.9, nonsense"], Err(AddressError::Missing)),
        (&["203.0.113.9, nonsense, 192.0.2.2"], Err(AddressError::Missing)),
        (&["203.0.113.9, unknown"], Err(AddressError::Hidden)),
        (&["203.0.113.9, 10.0.0.1:"], Err(AddressError::Missing)),
        (&["203.0.113.9, [10.0.0.1]"], Err(AddressError::Missing)),
        (&["203.0.113.9, 2001:db8::1]:1"], Err(AddressError::Missing)),
        (&[], Err(AddressError::Missing)),
        (&[" , "], Err(AddressError::Missing)),
    ];
    for (lines, expected) in cases {
        let found = resolve(&source, &LIST, lines, "192.0.2.1");
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{lines:?}");
    }
    assert_eq!(resolve(&source, &LIST, &["10.0.0.7"], "203.0.113.5").as_deref(), Ok("203.0.113.5"));
}

#[test]
fn forwarded_is_read_as_its_standard_has_it() {
    let source = AddressSource::behind_proxies(FORWARDED, networks(&["192.0.2.0/24"]));
    let cases: [(&[&str], Result<&str, AddressError>); 25] = [
        (&["for=203.0.113.9"], Ok("203.0.113.9")),
        (&["For=203.0.113.9;proto=https;by=192.0.2.1"], Ok("203.0.113.9")),
        (&["proto=https; for=\"203.0.113.9:4711\""], Ok("203.0.113.9")),
        (&["for=\"[2001:db8::9]:4711\""], Ok("2001:db8::9")),
        (&["for=\"[2001:db8::9]\""], Ok("2001:db8::9")),
        (&["for=[2001:db8::9]:4711"], Ok("2001:db8::9")),
        (&["for=\"203.0.113.9:_x-1\""], Ok("203.0.113.9")),
        (&["for=\"203.0\\.113.9\""], Ok("203.0.113.9")),
        (&["for=10.0.0.7, for=203.0.113.9;host=x"], Ok("203.0.113.9")),
        (&["for=10.0.0.7", "for=203.0.113.9, for=192.0.2.2"], Ok("203.0.113.9")),
        (&["for=10.0.0.7;by=\"a,b;for=1.2.3.4\", for=203.0.113.9,, ;"], Ok("203.0.113.9")),
        (&["for=\"10.0.0.7", "for=203.0.113.9"], Ok("203.0.113.9")),
        (&["for=203.0.113.9, for=_hidden"], Err(AddressError::Hidden)),
        (&["for=203.0.113.9, for=\"_hidden:99\""], Err(AddressError::Hidden)),
        (&["for=203.0.113.9, for=Unknown"], Err(AddressError::Hidden)),
        (&["for=203.0.113.9, for=_a, for=192.0.2.2"], Err(AddressError::Hidden)),
        // A quotation that the client left open.
        (&["for=10.0.0.7;x=\", for=\"[2001:db8::1]:4711\""], Err(AddressError::Missing)),
        (&["for=10.0.0.7;x=\", for=203.0.113.9"], Err(AddressError::Missing)),
        (&["for=10.0.0.7, proto=https"], Err(AddressError::Missing)),
        (&["for=10.0.0.7;for=10.0.0.8"], Err(AddressError::Missing)),
        (&["for=10.0.0.7 for=10.0.0.8"], Err(AddressError::Missing)),
        (&["for 10.0.0.7"], Err(AddressError::Missing)),
        (&["10.0.0.7"], Err(AddressError::Missing)),
        (&["for="], Err(AddressError::Missing)),
        (&[""], Err(AddressError::Missing)),
    ];
    for (lines, expected) in cases {
        let found = resolve(&source, &FORWARDED, lines, "192.0.2.1");
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{lines:?}");
    }
    let last = AddressSource::header(FORWARDED, -1);
    let lines = ["for=10.0.0.7", "for=203.0.113.9"];
    assert_eq!(resolve(&last, &FORWARDED, &lines, "192.0.2.1").as_deref(), Ok("203.0.113.9"));
}

#[test]
fn an_unknown_peer_is_no_trusted_proxy_and_a_local_socket_is_one() {
    let headers: HeaderMap = [(LIST, "10.0.0.7".parse().unwrap())].into_iter().collect();
    let trusting = AddressSource::header(LIST, 0).with_trusted_proxies(networks(&["0.0.0.0/0", "::/0"]));
    let walking = AddressSource::behind_proxies(LIST, []);
    let client = Ok(Some("10.0.0.7".parse().unwrap()));
    for source in [trusting, walking] {
        assert_eq!(source.resolve(&headers, None), Err(AddressError::UnknownPeer));
        assert_eq!(source.resolve(&headers, Some(ClientAddress::LocalSocket)), client);
    }
    let anyone = AddressSource::header(LIST, 0);
    assert_eq!(anyone.resolve(&headers, None), client);
    let direct = AddressSource::default();
    assert_eq!(direct.resolve(&headers, None), Ok(None));
    assert_eq!(direct.resolve(&headers, Some(ClientAddress::LocalSocket)), Ok(None));
}
