//! Requests that no client should send, made by chance: each gets a refusal or the end of its connection, and never a 5xx.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;

use crate::{Connection, Random, Server};

/// How many requests, and how many at once.
#[derive(Clone, Copy, Debug)]
pub struct Malformed {
    /// Requests, all together.
    pub requests: usize,
    /// Connections at once.
    pub clients: usize,
    /// The same seed makes the same requests.
    pub seed: u64,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct MalformedReport {
    /// Answers by status; 0 for connections that ended without one.
    pub answers: BTreeMap<u16, u64>,
    /// Requests that were answered as none may be, with their answer.
    pub wrong: Vec<String>,
}

const METHODS: [&str; 12] =
    ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PRI", "get", "", "GET\0"];
const TARGETS: [&str; 22] = [
    "/auth",
    "/auth?service=registry",
    "/auth?service=registry&scope=repository:a/b:pull",
    "/auth?scope=%zz",
    "/auth?service=a&service=b",
    "/auth/token",
    "/",
    "//auth",
    "/../auth",
    "/%61uth?service=registry",
    "/.well-known/jwks.json",
    "/openapi.json",
    "*",
    "http://other/auth",
    "tests:80",
    "/auth?\u{7f}",
    "/auth#x",
    "?",
    "",
    "/auth?service=%00",
    "/auth?account=%ff",
    "/auth?scope=repository:\"'<>:pull",
];
const VERSIONS: [&str; 8] =
    ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ", "http/1.1", "HTTP/11111", ""];
const HEADERS: [&str; 36] = [
    "Host: tests",
    "Host: tests\r\nHost: other",
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5, 5",
    "Content-Length: 0x5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding:\tchunked",
    "Authorization: Basic YWRtaW46YmFkbWlu",
    "Authorization: Basic  YWRtaW46eA==",
    "Authorization: Basic ====",
    "Authorization: Basic /////w==",
    "Authorization: Bearer x.y.z",
    "Authorization:",
    "Authorization: Basic YWRtaW46eA==\r\nAuthorization: Bearer x",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Type: application/json",
    "Content-Type:",
    "Connection: close",
    "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "X: y\r\n folded",
    ": no name",
    "No colon",
    "X\0: y",
    "X: \u{1}\u{2}",
    "Cookie: a=b; a=c; =; ;",
    "X-Forwarded-For: 1.2.3.4, nonsense",
    "Range: bytes=0-",
    "Accept-Encoding: gzip, \u{e9}",
];
const BODIES: [&str; 14] = [
    "",
    "a=b",
    "grant_type=password&username=admin&password=wrong&service=registry",
    "grant_type=refresh_token&refresh_token=tar_x",
    "grant_type=%zz",
    "username=a&username=b",
    "5\r\na=b&c\r\n0\r\n\r\n",
    "5;x=y\r\na=b&c\r\n0\r\nTrailer: x\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\nx",
    "-1\r\nx",
    "{\"a\": [[[[",
    "\0\0\0",
    "0\r\n\r\nGET /auth HTTP/1.1\r\nHost: tests\r\n\r\n",
    "&&&&====;;;;",
];

impl Malformed {
    /// Sends them to this server.
    pub fn run(self, server: &Server) -> MalformedReport {
        let address = server.address();
        let each = self.requests.div_ceil(self.clients);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|client| scope.spawn(move || send(address, self.seed + client as u64, each)))
                .collect();
            let mut report = MalformedReport::default();
            for client in clients {
                let other = client.join().unwrap();
                other
                    .answers
                    .into_iter()
                    .for_each(|(status, count)| *report.answers.entry(status).or_default() += count);
                report.wrong.extend(other.wrong);
            }
            report
        })
    }
}

fn send(address: &str, seed: u64, requests: usize) -> MalformedReport {
    let mut random = Random::new(seed);
    let mut report = MalformedReport::default();
    for _ in 0..requests {
        let request = request(&mut random);
        let mut connection = Connection::open(address);
        // The other side may hang up before it has read everything.
        let _ = connection.try_send(&request);
        connection.finish();
        let text = connection.until_closed();
        let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse::<u16>().ok());
        *report.answers.entry(status.unwrap_or_default()).or_default() += 1;
        let good = match status {
            None => text.is_empty() || text.starts_with("HTTP/1."),
            Some(status) => status < 500,
        };
        if !good && report.wrong.len() < 10 {
            report.wrong.push(format!("{:?}\n{text}", String::from_utf8_lossy(&request)));
        }
    }
    report
}

fn request(random: &mut Random) -> Vec<u8> {
    let versions = if random.below(3) == 0 { &VERSIONS[..] } else { &VERSIONS[..1] };
    let (method, target) = (random.choose(&METHODS), random.choose(&TARGETS));
    let mut text = format!("{method} {target} {}\r\n", random.choose(versions));
    for _ in 0..random.below(6) {
        text.push_str(random.choose(&HEADERS));
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(random.choose(&BODIES));
    let mut request = text.into_bytes();
    for _ in 0..random.below(4) {
        let at = random.below(request.len());
        match random.below(5) {
            0 => request.truncate(at.max(1)),
            1 => request[at] = random.number().to_le_bytes()[0],
            2 => request.splice(at..at, random.bytes(3)).for_each(drop),
            3 => drop(request.remove(at)),
            _ => {
                let long = vec![b'a'; random.below(20_000)];
                request.splice(at..at, long).for_each(drop);
            }
        }
        if request.is_empty() {
            request.push(b'\n');
        }
    }
    request
}

impl fmt::Display for MalformedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (status, count) in &self.answers {
            writeln!(f, "{count:>10} × {status}")?;
        }
        self.wrong.iter().try_for_each(|wrong| writeln!(f, "WRONG: {wrong}"))
    }
}
