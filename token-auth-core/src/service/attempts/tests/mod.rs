mod model;
mod rules;

use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Attempt, AttemptLimits, Attempts};
use crate::Password;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What `begin` says at once.
fn begin(
    attempts: &Attempts,
    account: &str,
    password: &str,
    address: Option<IpAddr>,
    now: u64,
) -> Poll<Result<Attempt, Duration>> {
    let password = Password::new(password);
    let begun = pin!(attempts.begin(account, &password, address, at(now)));
    begun.poll(&mut Context::from_waker(Waker::noop()))
}
