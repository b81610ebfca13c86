//! What each protocol's watch lets through, however the bytes are cut.

#[cfg(feature = "token-store-redis")]
use std::io;

#[cfg(feature = "token-store-redis")]
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

type Judgement = Result<(), BadAnswer>;
/// Name, question, answer, verdict.
#[cfg(feature = "token-store-redis")]
type Case<'c> = (&'c str, &'c [u8], &'c [u8], Judgement);
#[cfg(any(feature = "sql", feature = "token-store-sql"))]
type OwnedCase<'c> = (&'c str, &'c [u8], Vec<u8>, Judgement);

/// What becomes of an answer to a question, given in pieces of each size.
fn judge<W: Watch>(new: impl Fn() -> W, question: &[u8], answer: &[u8]) -> Result<(), BadAnswer> {
    let verdicts = [1, 2, 3, 7, 4096, usize::MAX].map(|size| {
        let mut watch = new();
        for piece in question.chunks(size.min(question.len().max(1))) {
            watch.sent(piece);
        }
        answer.chunks(size.min(answer.len().max(1))).try_for_each(|piece| watch.received(piece))
    });
    let [verdict, ..] = verdicts;
    assert_eq!(verdicts, [verdict; 6], "pieces of other sizes are judged otherwise");
    verdict
}

#[cfg(feature = "token-store-redis")]
#[test]
fn answers_of_redis() {
    const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
    let two = [GET, GET].concat();
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b"+OK\r\n".to_vec()].concat();
    let long = [b"$2000\r\n".to_vec(), vec![b'x'; 2000], b"\r\n".to_vec()].concat();
    let cases: &[Case<'_>] = &[
        ("a text", GET, b"+OK\r\n", Ok(())),
        ("an error", GET, b"-ERR no\r\n", Ok(())),
        ("a number", GET, b":-42\r\n", Ok(())),
        ("nothing", GET, b"$-1\r\n", Ok(())),
        ("no array", GET, b"*-1\r\n", Ok(())),
        ("an empty array", GET, b"*0\r\n", Ok(())),
        ("bytes with line breaks", GET, b"$4\r\n\r\n\r\n\r\n", Ok(())),
        ("arrays in an array", GET, b"*2\r\n*1\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n", Ok(())),
        ("two answers", &two, b"+OK\r\n$1\r\na\r\n", Ok(())),
        ("deep enough", GET, &nested(8), Ok(())),
        ("too deep", GET, &nested(9), Err(BadAnswer::TooDeep)),
        ("far too deep", GET, &nested(200_000), Err(BadAnswer::TooDeep)),
        ("too many bytes are announced", GET, b"$2000000000\r\n", Err(BadAnswer::TooLong(1000))),
        ("too many bytes", GET, &long, Err(BadAnswer::TooLong(1000))),
        ("too many values are announced", GET, b"*2000000000\r\n", Err(BadAnswer::TooLong(1000))),
        (
            "too many values",
            GET,
            &[&b"*14\r\n"[..], &b":1\r\n".repeat(14)].concat(),
            Err(BadAnswer::TooLong(1000)),
        ),
        ("a line without an end", GET, &[b'+'; 2000], Err(BadAnswer::TooLong(1000))),
        ("a number without an end", GET, &[&b":"[..], &[b'1'; 20]].concat(), Err(BadAnswer::Garbage)),
        ("no number", GET, b"$abc\r\n", Err(BadAnswer::Garbage)),
        ("two signs", GET, b":--1\r\n", Err(BadAnswer::Garbage)),
        ("minus two", GET, b"$-2\r\n", Err(BadAnswer::Garbage)),
        ("RESP 3", GET, b"%1\r\n+a\r\n+b\r\n", Err(BadAnswer::Garbage)),
        ("another protocol", GET, b"HTTP/1.1 400 Bad Request\r\n", Err(BadAnswer::Garbage)),
        ("TLS", GET, b"\x15\x03\x01\x00\x02\x02\x16", Err(BadAnswer::Garbage)),
        ("more answers than questions", GET, b"+OK\r\n+OK\r\n", Err(BadAnswer::Unasked)),
        ("an answer to nothing", b"", b"+OK\r\n", Err(BadAnswer::Unasked)),
    ];
    for (name, question, answer, verdict) in cases {
        assert_eq!(judge(|| redis::RedisWatch::new(1000), question, answer), *verdict, "{name}");
    }
    let each = [b"$900\r\n".to_vec(), vec![b'x'; 900], b"\r\n".to_vec()].concat();
    assert_eq!(judge(|| redis::RedisWatch::new(1000), &two, &each.repeat(2)), Ok(()), "each for itself");
}

#[cfg(any(feature = "sql", feature = "token-store-sql"))]
#[test]
fn answers_of_postgresql() {
    let message = |kind: u8, length: u32| {
        [&[kind][..], &length.to_be_bytes(), &vec![0; length.saturating_sub(4).min(5000) as usize]].concat()
    };
    let cases: [(&str, Vec<u8>, Result<(), BadAnswer>); 8] = [
        ("a login", [message(b'R', 8), message(b'S', 20), message(b'Z', 5)].concat(), Ok(())),
        ("the longest", message(b'D', 999), Ok(())),
        ("too long", message(b'D', 1000), Err(BadAnswer::TooLong(1000))),
        ("far too long is announced", b"R\x7f\xff\xff\xff".to_vec(), Err(BadAnswer::TooLong(1000))),
        ("many short ones", message(b'S', 20).repeat(1000), Err(BadAnswer::TooLong(1000))),
        ("shorter than its length", message(b'R', 3), Err(BadAnswer::Garbage)),
        ("another protocol", b"HTTP/1.1 400 Bad Request\r\n".to_vec(), Err(BadAnswer::TooLong(1000))),
        ("garbage", vec![0; 10], Err(BadAnswer::Garbage)),
    ];
    for (name, answer, verdict) in cases {
        assert_eq!(judge(|| postgres::PostgresWatch::new(1000), b"Q", &answer), verdict, "{name}");
    }
    let mut watch = postgres::PostgresWatch::new(1000);
    for _ in 0..100 {
        watch.sent(b"Q");
        assert_eq!(watch.received(&message(b'D', 999)), Ok(()), "each for itself");
    }
}

#[cfg(any(feature = "sql", feature = "token-store-sql"))]
#[test]
fn answers_of_mysql() {
    let packet = |length: u32, number: u8| {
        let [a, b, c, _] = length.to_le_bytes();
        [&[a, b, c, number][..], &vec![0; length.min(5000) as usize]].concat()
    };
    let command = packet(5, 0);
    let cases: [OwnedCase<'_>; 8] = [
        ("a greeting", b"", packet(80, 0), Ok(())),
        ("an answer", &command, [packet(1, 1), packet(0, 2), packet(30, 3)].concat(), Ok(())),
        ("too long is announced", &command, packet(0xff_ffff, 1), Err(BadAnswer::TooLong(1000))),
        (
            "many short ones",
            &command,
            (1..=255).flat_map(|n| packet(10, n)).collect(),
            Err(BadAnswer::TooLong(1000)),
        ),
        ("another number", &command, packet(1, 0), Err(BadAnswer::Garbage)),
        ("another protocol", b"", b"HTTP/1.1 400 Bad Request\r\n".to_vec(), Err(BadAnswer::Garbage)),
        // The client asks for TLS; what comes then is no packet.
        (
            "TLS",
            &[&[32, 0, 0, 1, 0, 0x08][..], &[0; 30]].concat(),
            b"\x16\x03\x03\x00\x7a\x02\x00".to_vec(),
            Ok(()),
        ),
        (
            "endless TLS",
            &[&[32, 0, 0, 1, 0, 0x08][..], &[0; 30]].concat(),
            vec![0x16; 2000],
            Err(BadAnswer::TooLong(1000)),
        ),
    ];
    for (name, question, answer, verdict) in cases {
        assert_eq!(judge(|| mysql::MySqlWatch::new(1000), question, &answer), verdict, "{name}");
    }
}

#[cfg(feature = "token-store-redis")]
#[tokio::test]
async fn after_a_refusal_nothing_is_read() {
    let (ours, mut theirs) = duplex(1000);
    let mut stream = Watched::new(ours, redis::RedisWatch::new(1000));
    theirs.write_all(b"+OK\r\n").await.unwrap();
    for _ in 0..2 {
        let error = stream.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "it answers what nobody asked");
    }
}
