//! The rules, one by one.

use super::*;

fn attempts(limits: AttemptLimits) -> Attempts {
    Attempts::new(limits).unwrap()
}

fn limits() -> AttemptLimits {
    AttemptLimits { per_address: 3, address_total: 5, refused: 4, ..AttemptLimits::default() }
}

/// An attempt at alice's password, which does not have to wait its turn.
#[track_caller]
fn guess(attempts: &Attempts, password: &str, address: &str, now: u64) -> Result<Attempt, Duration> {
    guess_at(attempts, "alice", password, address, now)
}

#[track_caller]
fn guess_at(
    attempts: &Attempts,
    account: &str,
    password: &str,
    address: &str,
    now: u64,
) -> Result<Attempt, Duration> {
    match begin(attempts, account, password, address.parse().ok(), now) {
        Poll::Ready(begun) => begun,
        Poll::Pending => panic!("{account} {password} waits"),
    }
}

#[track_caller]
fn wrong(attempts: &Attempts, account: &str, password: &str, address: &str) {
    guess_at(attempts, account, password, address, 0).ok().unwrap().was_wrong();
}

#[test]
fn different_wrong_passwords_count_and_the_window_passes() {
    let attempts = attempts(limits());
    for round in 0..5 {
        for password in ["a", "b", "c"] {
            let attempt = guess(&attempts, password, "192.0.2.1", 1000);
            attempt.unwrap_or_else(|_| panic!("{password} {round}")).was_wrong();
        }
    }
    let wait = guess(&attempts, "d", "192.0.2.1", 1100).err();
    assert_eq!(wait, Some(Duration::from_secs(200)));
    assert!(guess(&attempts, "d", "192.0.2.2", 1100).is_ok(), "another address waits with it");
    assert!(guess_at(&attempts, "bob", "d", "192.0.2.1", 1100).is_ok(), "another account waits with it");
    assert!(guess(&attempts, "d", "192.0.2.1", 1299).is_err());
    assert!(guess(&attempts, "d", "192.0.2.1", 1300).is_ok());
    assert!(guess(&attempts, "e", "192.0.2.1", 900).is_ok(), "a clock that was set back locks out");
}

/// A request that looked at the clock before another one was counted does not end the other's window.
#[test]
fn a_late_request_forgets_nothing() {
    let attempts = attempts(limits());
    for password in ["a", "b", "c"] {
        guess(&attempts, password, "192.0.2.1", 1000).ok().unwrap().was_wrong();
    }
    assert!(guess(&attempts, "d", "192.0.2.1", 995).is_err());
}

/// Behind the limit nothing may tell right from wrong at a place from which it was never right.
#[test]
fn a_right_password_is_right_only_from_where_it_was_right() {
    let attempts = attempts(limits());
    guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap().was_right();
    for password in ["a", "b", "c"] {
        wrong(&attempts, "alice", password, "192.0.2.2");
    }
    for password in ["d", "right", "e", "right"] {
        assert!(guess(&attempts, password, "192.0.2.2", 0).is_err(), "{password}");
    }
    guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap().was_right();
}

#[test]
fn where_it_was_right_it_is_looked_at_until_too_many_were_refused() {
    let attempts = attempts(limits());
    guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap().was_right();
    for password in ["a", "b", "c"] {
        wrong(&attempts, "alice", password, "192.0.2.1");
    }
    for password in ["d", "e", "f", "d", "e", "f"] {
        assert!(guess(&attempts, password, "192.0.2.1", 0).is_err());
        guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap().was_right();
    }
    assert!(guess(&attempts, "g", "192.0.2.1", 0).is_err());
    assert!(guess(&attempts, "right", "192.0.2.1", 0).is_err(), "unlimited guesses at no cost");
    assert!(guess(&attempts, "right", "192.0.2.2", 0).is_ok(), "the owner is locked out elsewhere");
    assert!(guess(&attempts, "right", "192.0.2.1", 300).is_ok());
}

#[test]
fn a_password_that_is_right_no_longer_has_no_privilege() {
    let attempts = attempts(AttemptLimits { per_address: 2, ..limits() });
    guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap().was_right();
    for password in ["a", "b"] {
        wrong(&attempts, "alice", password, "192.0.2.1");
    }
    wrong(&attempts, "alice", "right", "192.0.2.1");
    for password in ["c", "d"] {
        assert!(guess(&attempts, password, "192.0.2.1", 0).is_err());
    }
    // It is one of those that count: repeated, it is the same attempt.
    assert!(guess(&attempts, "right", "192.0.2.1", 0).is_ok());
    assert!(guess(&attempts, "right", "192.0.2.1", 300).is_ok());
}

#[test]
fn what_is_right_does_not_count_and_what_was_not_judged_does() {
    let attempts = attempts(limits());
    for password in ["a", "b", "c", "d", "e", "f"] {
        guess(&attempts, password, "::1", 0).ok().unwrap().was_right();
    }
    for password in ["u", "v", "w"] {
        drop(guess(&attempts, password, "::1", 0).ok().unwrap());
    }
    assert!(guess(&attempts, "x", "::1", 0).is_err());
    // As does what is being judged.
    let under_way: Vec<_> =
        ["a", "b", "c"].map(|password| guess(&attempts, password, "2001:db8::1", 0)).into_iter().collect();
    assert!(guess(&attempts, "y", "2001:db8::ffff", 0).is_err(), "a /64 network has more than one place");
    drop(under_way);
}

#[test]
fn spellings_of_a_name_share_a_count() {
    let attempts = attempts(limits());
    for (account, password) in [("alice", "a"), ("ALICE ", "b"), ("ａｌｉｃｅ", "c")] {
        wrong(&attempts, account, password, "192.0.2.1");
    }
    for account in ["alice", "Alice", " alice  "] {
        assert!(guess_at(&attempts, account, "d", "192.0.2.1", 0).is_err(), "{account}");
    }
}

#[test]
fn an_address_has_a_limit_over_all_accounts() {
    let attempts = attempts(limits());
    for account in ["a", "b", "c", "d"] {
        wrong(&attempts, account, "password", "192.0.2.1");
    }
    let last = guess_at(&attempts, "e", "password", "192.0.2.1", 0).ok().unwrap();
    assert!(begin(&attempts, "f", "password", "192.0.2.1".parse().ok(), 0).is_pending());
    last.was_wrong();
    for account in ["f", "g", "alice"] {
        assert!(guess_at(&attempts, account, "password", "192.0.2.1", 0).is_err());
    }
    assert!(guess_at(&attempts, "f", "password", "192.0.2.2", 0).is_ok());
}

#[tokio::test]
async fn many_at_once_wait_for_each_other_and_are_all_looked_at_if_they_are_right() {
    let attempts = attempts(AttemptLimits { address_total: 2, ..limits() });
    let mut all = tokio::task::JoinSet::new();
    for number in 0..50 {
        let attempts = attempts.clone();
        all.spawn(async move {
            let (account, password) = (format!("user-{number}"), Password::new("right"));
            let attempt = attempts.begin(&account, &password, "192.0.2.1".parse().ok(), at(0)).await;
            tokio::task::yield_now().await;
            attempt.map(Attempt::was_right)
        });
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn whoever_waits_is_refused_when_the_others_were_wrong_or_went_away() {
    let attempts = attempts(AttemptLimits { address_total: 2, ..limits() });
    let first = guess_at(&attempts, "a", "x", "192.0.2.1", 0).ok().unwrap();
    let second = guess_at(&attempts, "b", "x", "192.0.2.1", 0).ok().unwrap();
    let (waiting, password) = (attempts.clone(), Password::new("x"));
    let third = tokio::spawn(async move {
        waiting.begin("c", &password, "192.0.2.1".parse().ok(), at(0)).await.map(drop)
    });
    tokio::task::yield_now().await;
    first.was_wrong();
    drop(second);
    assert!(third.await.unwrap().is_err());
}

#[test]
fn an_account_may_have_a_limit_over_all_addresses() {
    let attempts = attempts(AttemptLimits { per_account: 3, ..limits() });
    guess(&attempts, "right", "192.0.2.1", 0).ok().unwrap().was_right();
    for (password, address) in [("a", "192.0.2.1"), ("b", "192.0.2.2"), ("c", "192.0.2.3")] {
        wrong(&attempts, "alice", password, address);
    }
    assert!(guess(&attempts, "d", "192.0.2.4", 0).is_err());
    for number in 0..100 {
        assert!(guess(&attempts, &number.to_string(), "192.0.2.4", 0).is_err());
    }
    assert!(guess(&attempts, "right", "192.0.2.4", 0).is_err());
    assert!(guess(&attempts, "right", "192.0.2.1", 0).is_ok(), "others lock the owner out");
}

/// Without addresses the world has no bucket in common: nobody waits for what others do to other accounts.
#[test]
fn where_no_address_is_known_each_account_is_for_itself() {
    let attempts = attempts(limits());
    for number in 0..100 {
        drop(guess_at(&attempts, &number.to_string(), "x", "", 0).ok().unwrap());
    }
    for password in ["a", "b", "c", "d", "e"] {
        wrong(&attempts, "alice", password, "");
    }
    assert!(guess(&attempts, "f", "", 0).is_err());
    assert!(guess_at(&attempts, "bob", "f", "", 0).is_ok());
}

#[test]
fn memory_is_bounded() {
    let attempts = attempts(AttemptLimits { entries: 100, ..AttemptLimits::default() });
    for number in 0..10_000_u32 {
        let (account, address) = (number.to_string(), IpAddr::from(number.to_be_bytes()));
        for password in ["x", "y"] {
            let Poll::Ready(Ok(attempt)) = begin(&attempts, &account, password, Some(address), 0) else {
                panic!("{account} is refused");
            };
            if number % 2 == 0 { attempt.was_right() } else { attempt.was_wrong() }
        }
    }
    attempts.with(|state| assert!(state.ledger.weight() <= 100 && state.right.len() <= 100));
    for number in 0..1_000 {
        let _ = guess(&attempts, &number.to_string(), "203.0.113.1", 0);
    }
    // The bounds of one address hold in any case.
    attempts.with(|state| assert!(state.ledger.weight() <= 100 + 100));
}

#[test]
fn whoever_fills_the_memory_loses_only_what_is_theirs() {
    let attempts = attempts(AttemptLimits { entries: 100, ..limits() });
    for password in ["a", "b", "c"] {
        wrong(&attempts, "alice", password, "192.0.2.1");
    }
    guess(&attempts, "right", "192.0.2.9", 0).ok().unwrap().was_right();
    for number in 0..10_000_u32 {
        let account = format!("invented-{number}");
        let _ = guess_at(&attempts, &account, "x", "192.0.2.1", 0);
        let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        let Poll::Ready(Ok(attempt)) = begin(&attempts, &account, "x", Some(address), 0) else { panic!() };
        attempt.was_wrong();
        // Someone who has an account has right passwords, too.
        let Poll::Ready(Ok(attempt)) = begin(&attempts, "mallory", "own", Some(address), 0) else { panic!() };
        attempt.was_right();
    }
    assert!(guess(&attempts, "d", "192.0.2.1", 0).is_err(), "ten guesses more");
    attempts.with(|state| assert!(state.right.len() <= 17));
    for password in ["a", "b", "c"] {
        wrong(&attempts, "alice", password, "192.0.2.9");
    }
    assert!(guess(&attempts, "right", "192.0.2.9", 0).is_ok());
}

#[test]
fn a_configuration_that_is_read_again_gives_no_more_guesses() {
    let limits = AttemptLimits { per_address: 1, ..limits() };
    let before = attempts(limits);
    assert!(guess(&before, "a", "192.0.2.1", 0).is_ok());
    let after = attempts(limits).succeeding(&before);
    assert!(guess(&after, "b", "192.0.2.1", 0).is_err());
    let more = attempts(AttemptLimits { per_address: 2, ..limits }).succeeding(&before);
    assert!(guess(&more, "b", "192.0.2.1", 0).is_ok());
    assert!(guess(&more, "c", "192.0.2.1", 0).is_err(), "what was counted counts under other limits, too");
    assert!(guess(&after.succeeding(&more), "a", "192.0.2.1", 0).is_ok(), "it counts already");
}

#[test]
fn without_limits_nothing_is_counted() {
    let attempts = attempts(AttemptLimits::dangerous_unlimited());
    for number in 0..100 {
        let attempt = guess(&attempts, &number.to_string(), "192.0.2.1", 0).ok().unwrap();
        if number % 2 == 0 { attempt.was_right() } else { attempt.was_wrong() }
    }
    attempts.with(|state| assert_eq!((state.ledger.weight(), state.right.len()), (0, 0)));
}
