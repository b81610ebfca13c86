//! Malformed requests to a server of its own: `cargo run --release -p token-auth-tests --bin malformed -- REQUESTS [SEED]`. Fails if one of them
//! is answered as none may be, or if the server does not go on.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program for the terminal")]

use std::process::ExitCode;

use token_auth_tests::{Malformed, Place, Server};

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let requests = numbers.next().unwrap_or(1_000_000);
    let place = Place::new();
    let server = Server::usual(&place);
    let requests = usize::try_from(requests).expect("a number of requests");
    let report = Malformed { requests, clients: 16, seed: numbers.next().unwrap_or(1) }.run(&server);
    println!("{report}");
    server.ask(Some("admin:badmin"), &["repository:app:pull"]).is(200);
    match report.wrong.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
