//! HTTP/2 frames without an end, to a server of its own: `cargo run --release -p token-auth-tests --bin floods -- FRAMES`. Fails if a
//! flood that has to be ended is not, if one costs memory, or if others are not served meanwhile.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program for the terminal")]

use std::process::ExitCode;

use token_auth_tests::{Floods, Place, Server};

fn main() -> ExitCode {
    let frames = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().expect("a number of frames"));
    let place = Place::new();
    let report = Floods { frames }.run(&Server::usual(&place));
    println!("{report}");
    match report.wrong.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
