//! A server under mixed load: `cargo run --release -p token-auth-tests --bin soak -- MINUTES`. Fails if an answer was wrong, or
//! if memory has grown by more than 5 % since the first quarter.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program for the terminal")]

use std::process::ExitCode;
use std::time::Duration;

use token_auth_tests::Soak;

fn main() -> ExitCode {
    let minutes: u64 = std::env::args().nth(1).map_or(20, |text| text.parse().expect("a number of minutes"));
    let length = Duration::from_secs(60 * minutes);
    let report = Soak { length, accounts: 20_000, addresses: 50_000, clients: 16 }.run();
    let growth = report.growth_since(length / 4);
    println!(
        "{report}{} requests; memory since the first quarter: {:+.1} %",
        report.requests(),
        100.0 * growth.unwrap_or_default()
    );
    match report.wrong.is_empty() && growth.is_some_and(|growth| growth <= 0.05) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
