//! Directories that say what no directory says: without an end, nested without measure, garbled, slowly, cut short. A real server
//! cannot be made to; on the way to one without TLS, anyone can.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use token_auth_backends::ldap::{
    LdapAuthenticator, LdapOptions, LdapServer, Security, ServiceAccount, UserSearch,
};
use token_auth_tests::{BadPeer, Peer, Place, garbage, login, peak_memory};

fn cuts(bytes: Vec<u8>) -> BadPeer {
    BadPeer::saying(bytes)
}

fn says(bytes: Vec<u8>) -> BadPeer {
    BadPeer::saying(bytes).then_nothing()
}

fn endless(first: Vec<u8>, again: &[u8]) -> BadPeer {
    BadPeer::saying(first).then_forever(again)
}

/// An element: tag, length, content.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], &content].concat()
}

fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], operation])
}

/// A result of success, as the answer to an operation.
fn success(id: u8, tag: u8) -> Vec<u8> {
    message(id, &element(tag, &[&[0x0a, 1, 0, 4, 0, 4, 0]]))
}

fn entry(id: u8, dn: &str) -> Vec<u8> {
    entry_of(id, dn, "alice")
}

fn entry_of(id: u8, dn: &str, uid: &str) -> Vec<u8> {
    let uid = element(0x30, &[&element(4, &[b"uid"]), &element(0x31, &[&element(4, &[uid.as_bytes()])])]);
    message(id, &element(0x64, &[&element(4, &[dn.as_bytes()]), &element(0x30, &[&uid])]))
}

/// SEQUENCEs in each other, the lengths of all of them right.
fn nested(levels: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for level in (0..levels).rev() {
        bytes.extend([0x30, 0x84]);
        bytes.extend(u32::try_from(level * 6).unwrap().to_be_bytes());
    }
    bytes
}

/// At which question the directory begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// The searching account binds.
    Binding,
    /// It asks who it is.
    Asking,
    /// It searches.
    Searching,
    /// The user binds, on another connection.
    Proving,
}

const ALICE: &str = "uid=alice,dc=x";

/// Answers as a directory does until then.
fn serve(client: &mut TcpStream, when: When, mischief: &BadPeer) -> io::Result<()> {
    let mut request = [0; 4096];
    // Whether this is the searching account's connection is told by its first question.
    let length = client.read(&mut request)?;
    let is_service = request[..length].windows(9).any(|part| part == b"cn=search");
    for (id, step, answer) in [
        (1, if is_service { When::Binding } else { When::Proving }, success(1, 0x61)),
        (2, When::Asking, success(2, 0x78)),
        (3, When::Searching, [entry(3, ALICE), success(3, 0x65)].concat()),
    ] {
        if id > 1 {
            let _length = client.read(&mut request)?;
        }
        if step == when {
            return mischief.answer(client);
        }
        client.write_all(&answer)?;
    }
    while client.read(&mut request)? > 0 {}
    Ok(())
}

fn options(place: &Place, server: LdapServer) -> LdapOptions {
    let users = UserSearch::new("dc=x", "(uid=${account})".parse().unwrap());
    let mut options = LdapOptions::new([server], users);
    options.service = Some(ServiceAccount::new("cn=search", place.write("password", "secret")));
    // What is found out is found out at once, and not when the time is up.
    let hour = Duration::from_secs(3600);
    (options.timeouts.connect, options.timeouts.bind) = (hour, hour);
    (options.timeouts.search, options.timeouts.total) = (hour, hour);
    options
}

const NONSENSE: &str = "what the server sent is no message of LDAP";
const CLOSED: &str = "the connection was closed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_directory_says_is_bounded_before_it_is_understood() {
    use When::{Asking, Binding, Proving, Searching};
    let place = Place::new();
    let referral = message(3, &element(0x73, &[&element(4, &[b"ldap://elsewhere/dc=x"])]));
    let huge = [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xf0, 2, 1, 1, 0x61][..], &[b'a'; 4096]].concat();
    let deep = |id: u8, tag: u8, levels: usize| message(id, &element(tag, &[&nested(levels)]));
    let too_large = "the server's answer is larger than";
    let cases: Vec<(&str, When, BadPeer, &str)> = vec![
        ("one message without an end", Binding, endless(huge.clone(), b"a"), too_large),
        ("one message without an end", Proving, endless(huge, b"a"), too_large),
        ("a length without an end", Binding, endless(vec![0x30, 0x80], &[0]), NONSENSE),
        ("entries without an end", Searching, endless(vec![], &entry(3, ALICE)), "several entries"),
        ("references without an end", Searching, endless(vec![], &referral), too_large),
        ("answers to nobody without an end", Searching, endless(vec![], &success(9, 0x65)), NONSENSE),
        ("ten thousand levels", Binding, says(nested(10_000)), NONSENSE),
        ("ten thousand levels", Binding, says(deep(1, 0x61, 10_000)), NONSENSE),
        ("a hundred thousand levels", Searching, says(deep(3, 0x64, 100_000)), NONSENSE),
        ("levels in an extended answer", Asking, says(deep(2, 0x78, 10_000)), NONSENSE),
        (
            "levels in controls",
            Searching,
            says(message(
                3,
                &[element(0x65, &[&[0x0a, 1, 0, 4, 0, 4, 0]]), element(0xa0, &[&nested(10_000)])].concat(),
            )),
            "abstains",
        ),
        ("another protocol", Binding, says(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), NONSENSE),
        ("a result that is none", Binding, says(message(1, &element(0x61, &[&[4, 0, 4, 0]]))), NONSENSE),
        ("an entry in place of a result", Proving, says(entry(1, ALICE)), NONSENSE),
        ("a number of another question", Binding, says(success(7, 0x61)), NONSENSE),
        (
            "a name that is no text",
            Searching,
            says(message(3, &element(0x64, &[&element(4, &[&[0xff]]), &element(0x30, &[])]))),
            NONSENSE,
        ),
        (
            "values that are cut",
            Searching,
            says(message(
                3,
                &element(0x64, &[&[4, 1, b'x'], &[0x30, 9, 0x30, 7, 4, 1, b'u', 0x31, 9, 4, 1]]),
            )),
            NONSENSE,
        ),
        ("gone at once", Binding, cuts(vec![]), CLOSED),
        ("gone within a message", Searching, cuts(entry(3, ALICE)[..20].to_vec()), CLOSED),
        ("gone between messages", Searching, cuts(entry(3, ALICE)), CLOSED),
        ("a farewell", Proving, says(message(0, &element(0x78, &[&[0x0a, 1, 52, 4, 0, 4, 0]]))), CLOSED),
    ];
    let before = peak_memory();
    for (name, when, mischief, expected) in cases {
        let peer = Peer::start(move |client| serve(client, when, &mischief));
        let directory =
            LdapAuthenticator::new(options(&place, format!("ldap://{}", peer.address()).parse().unwrap()))
                .unwrap();
        let answer = login(&directory, "alice", "alice-password").await;
        assert!(answer.contains(expected), "{name}, {when:?}: {answer}");
    }
    for seed in 0..200 {
        // Some of it looks like a message at first.
        let bytes = match seed % 2 {
            0 => garbage(seed, 300),
            _ => [&[0x30, 0x40, 2, 1, 1, 0x61, 0x3b][..], &garbage(seed, 0x3b)].concat(),
        };
        let mischief = cuts(bytes);
        let peer = Peer::start(move |client| serve(client, Binding, &mischief));
        let directory =
            LdapAuthenticator::new(options(&place, format!("ldap://{}", peer.address()).parse().unwrap()))
                .unwrap();
        let answer = login(&directory, "alice", "alice-password").await;
        assert!(answer.starts_with("error: ldap: "), "{seed}: {answer}");
    }
    let grown = peak_memory() - before;
    assert!(grown < 64 << 20, "{} MiB for answers that are of no use", grown >> 20);
}

#[tokio::test]
async fn a_directory_that_drips_is_left_when_its_time_is_up() {
    let place = Place::new();
    for when in [When::Binding, When::Searching, When::Proving] {
        let drips =
            BadPeer::saying([]).then_slowly([&[0x30, 0x84, 0, 0, 1, 0, 2, 1][..], &[0; 200]].concat());
        let peer = Peer::start(move |client| serve(client, when, &drips));
        let mut options = options(&place, format!("ldap://{}", peer.address()).parse().unwrap());
        (options.timeouts.bind, options.timeouts.search) =
            (Duration::from_millis(50), Duration::from_millis(50));
        let directory = LdapAuthenticator::new(options).unwrap();
        let answer = login(&directory, "alice", "alice-password").await;
        assert!(answer.ends_with("no answer within 50 ms"), "{when:?}: {answer}");
    }
}

#[tokio::test]
async fn nothing_that_is_said_before_tls_counts() {
    let place = Place::new();
    let authority = token_auth_tests::KeyPair::issue(place.path(), "ldap", "IP:127.0.0.1");
    for (name, mischief, expected) in [
        // What stands behind the answer was said by whoever is on the way.
        ("an answer with more behind it", says([success(1, 0x78), success(2, 0x61)].concat()), NONSENSE),
        ("levels", says(nested(10_000)), NONSENSE),
        ("no TLS behind the answer", cuts(success(1, 0x78)), "the connection was closed"),
        (
            "a refusal",
            says(message(1, &element(0x78, &[&[0x0a, 1, 2, 4, 0, 4, 0]]))),
            "StartTLS is refused: result 2 (protocolError)",
        ),
        ("gone", cuts(vec![]), CLOSED),
    ] {
        let peer = Peer::start(move |client| {
            let _length = client.read(&mut [0; 1024])?;
            mischief.answer(client)
        });
        let server: LdapServer = format!("ldap://{}", peer.address()).parse().unwrap();
        let mut options = options(&place, server.with_security(Security::StartTls));
        options.tls.ca_file = Some(authority.clone());
        let directory = LdapAuthenticator::new(options).unwrap();
        let answer = login(&directory, "alice", "alice-password").await;
        assert!(answer.starts_with("error: ") && answer.contains(expected), "{name}: {answer}");
    }
}

/// Answers everything but the bind of one user.
fn serve_all_but_one(client: &mut TcpStream) -> io::Result<()> {
    let mut request = [0; 4096];
    loop {
        let length = client.read(&mut request)?;
        if length == 0 {
            return Ok(());
        }
        let has = |text: &[u8]| request[..length].windows(text.len()).any(|part| part == text);
        // SEQUENCE, its length in one byte or several, INTEGER, 1, the number, the operation.
        let behind = if request[1] < 0x80 { 2 } else { 2 + usize::from(request[1] & 0x7f) };
        let (id, operation) = (request[behind + 2], request[behind + 3]);
        match operation {
            0x60 if has(b"uid=slow") => {}
            0x60 => client.write_all(&success(id, 0x61))?,
            0x77 => client.write_all(&success(id, 0x78))?,
            _ => {
                let name = if has(b"slow") { "slow" } else { "alice" };
                client.write_all(
                    &[entry_of(id, &format!("uid={name},dc=x"), name), success(id, 0x65)].concat(),
                )?;
            }
        }
    }
}

#[tokio::test]
async fn a_question_that_is_too_much_for_a_directory_is_no_outage() {
    let place = Place::new();
    let peer = Peer::start(serve_all_but_one);
    let mut options = options(&place, format!("ldap://{}", peer.address()).parse().unwrap());
    options.timeouts.bind = Duration::from_millis(500);
    // Once it is taken for away, it is not asked any more.
    (options.timeouts.retry, options.timeouts.max_retry) =
        (Duration::from_secs(3600), Duration::from_secs(3600));
    let directory = LdapAuthenticator::new(options).unwrap();
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
    let slow = directory.clone();
    let slow = tokio::spawn(async move { login(&slow, "slow", "x").await });
    // Asked after the slow one's password, and answered before its time is up.
    for _ in 0..20 {
        assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
    }
    let answer = slow.await.unwrap();
    assert!(answer.ends_with("bind: no answer within 500 ms"), "{answer}");
    assert_eq!(login(&directory, "alice", "alice-password").await, "alice");
}
