//! A server under mixed load for a long time: does it go on answering right, and does its memory stay where it was?

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Answer, Connection, KeyPair, Place, Random, Server, ServerSetup};

/// A load.
#[derive(Clone, Debug)]
pub struct Soak {
    /// How long.
    pub length: Duration,
    /// Accounts with a password.
    pub accounts: usize,
    /// Addresses that requests come from.
    pub addresses: usize,
    /// Connections that ask one question after the other.
    pub clients: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct SoakReport {
    /// Answers, by what was asked and the status.
    pub answers: BTreeMap<(&'static str, u16), u64>,
    /// Answers that should not be.
    pub wrong: Vec<String>,
    /// When the server's memory was looked at, and how many bytes it had.
    pub memory: Vec<(Duration, u64)>,
}

/// bcrypt, cost 4, of `password`: one for all, since making ten thousands of them would take longer than the load.
const HASH: &str = "$2y$04$p4bpUNQXUe/dZ0O.n5UxTO4QymTSd90sgilnsXMEQ7Yghd7AgRDSu";

const REFRESH: &str =
    "grant_type=refresh_token&service=registry&scope=repository:public/app:pull&refresh_token=";

impl Soak {
    /// Starts a server, asks it for this long, and stops it.
    pub fn run(&self) -> SoakReport {
        let place = Place::new();
        KeyPair::generate(&place, "token", "p256");
        place.write("config.yml", &self.configuration());
        // A line for each request would fill the memory of whoever reads them.
        let setup = ServerSetup::new(&place).arg("--log-level").arg("error").arg("config.yml");
        let server = setup.start();
        let (ended, begun) = (AtomicBool::new(false), Instant::now());
        let mut report = SoakReport::default();
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|client| {
                    let (server, ended) = (&server, &ended);
                    scope.spawn(move || self.ask(server, Random::new(client as u64), ended))
                })
                .collect();
            while begun.elapsed() < self.length {
                report.memory.push((begun.elapsed(), server.memory()));
                // The pace at which memory is looked at; nothing waits for it.
                thread::sleep((self.length / 40).min(Duration::from_secs(5)));
            }
            ended.store(true, Ordering::Relaxed);
            for client in clients {
                report.add(client.join().unwrap());
            }
        });
        report.memory.push((begun.elapsed(), server.memory()));
        report
    }

    fn configuration(&self) -> String {
        let mut users = String::new();
        for account in 0..self.accounts {
            writeln!(users, "  u{account}: {{password: '{HASH}', labels: {{team: [t{}]}}}}", account % 100)
                .unwrap();
        }
        format!(
            "server: {{addr: '127.0.0.1:0', real_ip_header: X-Forwarded-For, trusted_proxies: [127.0.0.0/8]}}\n\
             token: {{issuer: Acme auth server, expiration: 900, certificate: token.pem, key: token.key}}\n\
             tokens: {{store: {{path: tokens.redb}}, refresh: {{per_account: 4}}}}\n\
             users:\n  '': {{}}\n{users}\
             acl:\n\
             - {{match: {{account: '/.+/', name: '${{account}}/*'}}, actions: ['*']}}\n\
             - {{match: {{account: '/.+/', name: '/^${{labels:team}}\\/.+$/'}}, actions: [pull, push]}}\n\
             - {{match: {{name: 'public/*'}}, actions: [pull]}}\n"
        )
    }

    fn ask(&self, server: &Server, mut random: Random, ended: &AtomicBool) -> SoakReport {
        let mut report = SoakReport::default();
        let mut refresh: Vec<String> = Vec::new();
        let mut connection = Connection::open(server.address());
        while !ended.load(Ordering::Relaxed) {
            let (what, request, good) = self.request(&mut random, &refresh);
            if connection.try_send(&request).is_err() {
                connection = Connection::open(server.address());
                connection.send(&request);
            }
            let Some(answer) = connection.try_answer() else {
                report.wrong.push(format!("{what}: no answer"));
                connection = Connection::open(server.address());
                continue;
            };
            *report.answers.entry((what, answer.status)).or_default() += 1;
            if !good.contains(&answer.status) && report.wrong.len() < 10 {
                report.wrong.push(format!("{what}: {answer}"));
            }
            if let ("login", Some(token)) = (what, refresh_token(&answer))
                && refresh.len() < 100
            {
                refresh.push(token);
            }
            if answer.header("connection") == Some("close") {
                connection = Connection::open(server.address());
            }
        }
        report
    }

    /// What is asked, the request, and the answers that it may have.
    fn request(&self, random: &mut Random, refresh: &[String]) -> (&'static str, String, &'static [u16]) {
        let account = random.below(self.accounts);
        let address = random.below(self.addresses);
        let from = format!(
            "Host: tests\r\nX-Forwarded-For: 10.{}.{}.{}\r\n",
            address >> 16,
            (address >> 8) & 255,
            address & 255
        );
        let get = |query: &str, user: Option<String>| {
            let user = user.map(|user| format!("Authorization: Basic {}\r\n", STANDARD.encode(user)));
            format!("GET /auth?service=registry{query} HTTP/1.1\r\n{from}{}\r\n", user.unwrap_or_default())
        };
        match random.below(20) {
            0..8 => ("anonymous", get("&scope=repository:public/app:pull", None), &[200]),
            8..13 => {
                let scope = format!(
                    "&scope=repository:u{account}/app:push,pull&scope=repository:t{}/x:pull",
                    account % 100
                );
                ("password", get(&scope, Some(format!("u{account}:password"))), &[200])
            }
            13 => {
                // So few that they soon have as many tokens as they may: a store that still grows is no leak.
                let account = account % (self.accounts / 20).max(1);
                let login = get("&offline_token=true&client_id=docker", Some(format!("u{account}:password")));
                ("login", login, &[200])
            }
            14 | 15 => {
                let wrong = format!("u{account}:wrong{}", random.below(1000));
                ("wrong password", get("", Some(wrong)), &[401, 429])
            }
            16 => ("unknown", get("", Some(format!("nobody{}:x", random.number()))), &[401, 429]),
            17 => ("malformed", get("&scope=%zz", None), &[400]),
            _ if refresh.is_empty() => ("anonymous", get("", None), &[200]),
            _ => {
                let body = format!("{REFRESH}{}", random.choose(refresh));
                let post = format!(
                    "POST /auth HTTP/1.1\r\n{from}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                // Its account may have got newer ones.
                ("refresh", post, &[200, 401])
            }
        }
    }
}

fn refresh_token(answer: &Answer) -> Option<String> {
    (answer.status == 200).then(|| Some(answer.json()["refresh_token"].as_str()?.to_owned()))?
}

impl SoakReport {
    fn add(&mut self, other: Self) {
        for (what, count) in other.answers {
            *self.answers.entry(what).or_default() += count;
        }
        self.wrong.extend(other.wrong);
    }

    /// By which part the memory at the end is more than it was at this time.
    pub fn growth_since(&self, time: Duration) -> Option<f64> {
        let then = self.memory.iter().find(|(at, _)| *at >= time)?.1;
        let end = self.memory.last()?.1;
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        Some(end as f64 / then as f64 - 1.0)
    }

    /// How many requests were answered.
    pub fn requests(&self) -> u64 {
        self.answers.values().sum()
    }
}

impl fmt::Display for SoakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((what, status), count) in &self.answers {
            writeln!(f, "{count:>10} × {what}: {status}")?;
        }
        let memory = self.memory.iter().step_by(1 + self.memory.len() / 20);
        for (time, bytes) in memory.chain(self.memory.last()) {
            writeln!(f, "{:>8.1} s {:>6.1} MiB", time.as_secs_f64(), *bytes as f64 / 1_048_576.0)?;
        }
        self.wrong.iter().try_for_each(|wrong| writeln!(f, "WRONG: {wrong}"))
    }
}
