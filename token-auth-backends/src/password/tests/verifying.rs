use std::sync::Arc;
use std::time::Duration;

use token_auth_core::{AuthnRequest, BackendError, Credentials, Deadline, Password, Succeed as _};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Probe;
use crate::password::cache::VerifiedCache;
use crate::password::{PasswordHash, PasswordVerifier, VerifierOptions};

fn verifier(change: impl FnOnce(&mut VerifierOptions)) -> Arc<PasswordVerifier> {
    let mut options = VerifierOptions::default();
    change(&mut options);
    Arc::new(PasswordVerifier::new(options).unwrap())
}

fn right() -> Password {
    Password::new("right")
}

#[tokio::test(start_paused = true)]
async fn remembers_successes_for_their_time_and_failures_not_at_all() {
    let verifier = verifier(|options| options.cache_time = Duration::from_secs(300));
    let (probe, hash) = Probe::with_hash("hash");
    for (what, advance, password, verdict, calls) in [
        ("first success", 0, "right", true, 1),
        ("remembered", 299, "right", true, 1),
        ("failure", 0, "wrong", false, 2),
        ("failure again", 0, "wrong", false, 3),
        ("forgotten after 300 s, though asked for after 299", 1, "right", true, 4),
        ("remembered anew", 0, "right", true, 4),
        ("empty", 0, "", false, 4),
        ("NUL", 0, "right\0", false, 4),
    ] {
        tokio::time::advance(Duration::from_secs(advance)).await;
        assert_eq!(verifier.verify(&hash, &Password::new(password)).await.unwrap(), verdict, "{what}");
        assert_eq!(probe.calls(), calls, "{what}");
    }
    verifier.clear();
    assert!(verifier.verify(&hash, &right()).await.unwrap());
    assert_eq!(probe.calls(), 5, "cleared");
}

#[tokio::test]
async fn a_changed_hash_is_not_remembered() {
    let verifier = verifier(|_| {});
    let (_, old) = Probe::with_hash("old");
    let (probe, new) = Probe::with_hash("new");
    assert!(verifier.verify(&old, &right()).await.unwrap());
    assert!(verifier.verify(&new, &right()).await.unwrap());
    assert_eq!(probe.calls(), 1);
}

#[tokio::test]
async fn spending_neither_uses_nor_fills_the_memory() {
    let verifier = verifier(|_| {});
    let (probe, hash) = Probe::with_hash("hash");
    let credentials = Credentials::password("nobody", "right");
    let request = AuthnRequest::new(&credentials);
    verifier.spend(&request, &hash).await.unwrap();
    assert!(verifier.check(&request, &hash).await.unwrap());
    verifier.spend(&request, &hash).await.unwrap();
    assert_eq!(probe.calls(), 3);
}

/// Two names that exist have two hashes. If two that do not exist had one, asking for both at once would tell.
#[tokio::test]
async fn what_is_spent_is_spent_for_each_name() {
    let verifier = verifier(|options| options.concurrency = 8);
    let (probe, hash) = Probe::with_hash("hash");
    probe.set_closed(true);
    let spend = |name: &'static str| {
        let (verifier, hash) = (Arc::clone(&verifier), hash.clone());
        tokio::spawn(async move {
            let credentials = Credentials::password(name, "wrong");
            verifier.spend(&AuthnRequest::new(&credentials), &hash).await.unwrap();
        })
    };
    let spent = [spend("one"), spend("two"), spend("two")];
    probe.wait_for_calls(2).await;
    probe.set_closed(false);
    for spent in spent {
        spent.await.unwrap();
    }
    assert_eq!(probe.calls(), 2);
}

/// Who asks: each from an address of their own, but for the crowd.
fn ask(
    verifier: &Arc<PasswordVerifier>,
    hash: &PasswordHash,
    address: &str,
    password: String,
) -> JoinHandle<Result<bool, BackendError>> {
    let (verifier, hash, address) = (Arc::clone(verifier), hash.clone(), address.parse().ok());
    tokio::spawn(async move {
        let credentials = Credentials::password("someone", password);
        verifier.check(&AuthnRequest::new(&credentials).with_address(address), &hash).await
    })
}

#[tokio::test]
async fn networks_take_turns_and_a_crowd_gives_way() {
    let verifier = verifier(|options| {
        options.concurrency = 1;
        options.queue = 10;
    });
    let (probe, hash) = Probe::with_hash("hash");
    probe.set_closed(true);
    // One that is computed, ten that wait, and more for whom there is no place.
    let crowd: Vec<_> =
        (0..20).map(|number| ask(&verifier, &hash, "192.0.2.1", format!("wrong-{number}"))).collect();
    probe.wait_for_calls(1).await;
    while crowd.iter().filter(|asked| asked.is_finished()).count() < 9 {
        tokio::task::yield_now().await;
    }
    let honest: Vec<_> = ["198.51.100.1", "198.51.100.2", "2001:db8::1"]
        .map(|address| ask(&verifier, &hash, address, "right".to_owned()))
        .into_iter()
        .collect();
    while crowd.iter().filter(|asked| asked.is_finished()).count() < 10 {
        tokio::task::yield_now().await;
    }
    probe.set_closed(false);
    for asked in honest {
        assert!(asked.await.unwrap().unwrap());
    }
    // The three share one computation, being right; it came second, or third.
    let mut answered = 0;
    for asked in crowd {
        answered += usize::from(asked.await.unwrap().is_ok());
    }
    assert_eq!(answered, 10, "one had to give way to three who are one computation");
}

#[tokio::test]
async fn no_more_wait_than_can_be_computed_in_time() {
    let verifier = verifier(|options| {
        options.concurrency = 1;
        options.queue = 1_000;
        options.patience = Duration::from_nanos(1);
    });
    let (probe, hash) = Probe::with_hash("hash");
    assert!(!ask(&verifier, &hash, "192.0.2.1", "first".to_owned()).await.unwrap().unwrap());
    probe.set_closed(true);
    let running = ask(&verifier, &hash, "192.0.2.1", "wrong".to_owned());
    probe.wait_for_calls(2).await;
    // One at least may wait.
    let waiting = ask(&verifier, &hash, "192.0.2.1", "right".to_owned());
    tokio::task::yield_now().await;
    assert!(ask(&verifier, &hash, "192.0.2.1", "late".to_owned()).await.unwrap().is_err());
    probe.set_closed(false);
    assert!(!running.await.unwrap().unwrap());
    assert!(waiting.await.unwrap().unwrap());
}

#[tokio::test]
async fn whose_deadline_has_passed_is_not_computed() {
    let verifier = verifier(|options| options.concurrency = 1);
    let (probe, hash) = Probe::with_hash("hash");
    probe.set_closed(true);
    let running = ask(&verifier, &hash, "192.0.2.1", "wrong".to_owned());
    probe.wait_for_calls(1).await;
    let credentials = Credentials::password("someone", "late");
    let request = AuthnRequest::new(&credentials).with_deadline(Deadline::at(std::time::Instant::now()));
    let late = verifier.check(&request, &hash);
    let open = async {
        tokio::task::yield_now().await;
        probe.set_closed(false);
    };
    let (late, ()) = tokio::join!(late, open);
    assert!(late.is_err());
    assert!(!running.await.unwrap().unwrap());
    assert_eq!(probe.calls(), 1);
}

#[tokio::test]
async fn one_credential_at_once_is_computed_once() {
    let verifier = verifier(|options| options.concurrency = 8);
    for (text, password, verdict) in [("right", "right", true), ("wrong", "wrong", false)] {
        let (probe, hash) = Probe::with_hash(text);
        probe.set_closed(true);
        let checks: Vec<_> = (0..40)
            .map(|_| {
                let (verifier, hash) = (Arc::clone(&verifier), hash.clone());
                tokio::spawn(async move { verifier.verify(&hash, &Password::new(password)).await.unwrap() })
            })
            .collect();
        probe.wait_for_calls(1).await;
        probe.set_closed(false);
        for check in checks {
            assert_eq!(check.await.unwrap(), verdict);
        }
        assert_eq!(probe.calls(), 1, "{text}");
    }
}

#[tokio::test]
async fn when_the_one_who_computes_hangs_up_another_takes_over() {
    let verifier = verifier(|options| options.concurrency = 2);
    let (probe, hash) = Probe::with_hash("hash");
    probe.set_closed(true);
    let ask = || {
        let (verifier, hash) = (Arc::clone(&verifier), hash.clone());
        tokio::spawn(async move { verifier.verify(&hash, &right()).await.unwrap() })
    };
    let first = ask();
    probe.wait_for_calls(1).await;
    let second = ask();
    tokio::task::yield_now().await;
    first.abort();
    probe.wait_for_calls(2).await;
    probe.set_closed(false);
    assert!(second.await.unwrap());
}

#[tokio::test]
async fn bounds_what_runs_and_what_waits() {
    let verifier = verifier(|options| {
        options.concurrency = 2;
        options.queue = 1;
    });
    let (probe, hash) = Probe::with_hash("hash");
    probe.set_closed(true);
    let ask = |password: &'static str| {
        let (verifier, hash) = (Arc::clone(&verifier), hash.clone());
        tokio::spawn(async move { verifier.verify(&hash, &Password::new(password)).await })
    };
    let (running, waiting) = ([ask("1"), ask("2")], ask("right"));
    probe.wait_for_calls(2).await;
    tokio::task::yield_now().await;
    let refused = ask("4").await.unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "password: too many password checks are waiting");

    // Clients that hang up make no room: their hashes are still being computed.
    for check in &running {
        check.abort();
    }
    tokio::task::yield_now().await;
    assert!(ask("5").await.unwrap().is_err());

    probe.set_closed(false);
    assert!(waiting.await.unwrap().unwrap());
    assert_eq!((probe.calls(), probe.most_running()), (3, 2));
    assert!(!ask("6").await.unwrap().unwrap(), "there is room again");
}

#[tokio::test(start_paused = true)]
async fn the_memory_is_bounded() {
    for bound in [0, 1, 5, 16, 100, 1000] {
        let cache = VerifiedCache::new(bound, Duration::from_secs(1));
        for number in 0..5_000u32 {
            let mut tag = [0; 32];
            tag[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
            cache.insert(tag, Instant::now());
            assert_eq!(cache.contains(&tag, Instant::now()), bound > 0);
        }
        assert!(cache.len() <= bound && cache.len() >= bound / 2, "{bound}: {}", cache.len());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_verified_is_handed_over_for_the_rest_of_its_time() {
    type Change = fn(&mut VerifierOptions);
    let rows: [(&str, Change, u64, usize); 9] = [
        ("the same", |_| {}, 299, 1),
        ("the same, too late", |_| {}, 300, 2),
        ("more at once", |options| options.concurrency += 1, 299, 1),
        ("for longer", |options| options.cache_time *= 2, 599, 1),
        ("for a shorter time, and still in it", |options| options.cache_time /= 2, 149, 1),
        ("for a shorter time", |options| options.cache_time /= 2, 150, 2),
        ("fewer", |options| options.cache_entries = 1, 299, 1),
        ("none", |options| options.cache_entries = 0, 1, 2),
        ("for no time", |options| options.cache_time = Duration::ZERO, 1, 2),
    ];
    for (what, change, after, calls) in rows {
        let (probe, hash) = Probe::with_hash("hash");
        let before = verifier(|_| {});
        assert!(before.verify(&hash, &right()).await.unwrap());
        tokio::time::advance(Duration::from_secs(100)).await;
        let next = verifier(change);
        next.succeed(&before);
        tokio::time::advance(Duration::from_secs(after - 100.min(after))).await;
        assert!(next.verify(&hash, &right()).await.unwrap(), "{what}");
        assert_eq!(probe.calls(), calls, "{what}");
        assert!(!next.verify(&hash, &Password::new("wrong")).await.unwrap(), "{what}");
    }
}

#[tokio::test]
async fn one_that_is_made_to_succeed_another_changes_nothing_there() {
    let (probe, hash) = Probe::with_hash("hash");
    let before = verifier(|_| {});
    assert!(before.verify(&hash, &right()).await.unwrap());
    let next = verifier(|options| options.cache_entries = 1);
    next.succeed(&before);
    let (_, other) = Probe::with_hash("other");
    assert!(next.verify(&other, &right()).await.unwrap());
    assert!(before.verify(&hash, &right()).await.unwrap());
    assert_eq!(probe.calls(), 1);
}

#[tokio::test]
async fn places_are_those_of_both() {
    let one_at_once = |options: &mut VerifierOptions| (options.concurrency, options.queue) = (1, 1);
    let before = verifier(one_at_once);
    let (probe, hash) = Probe::with_hash("hash");
    probe.set_closed(true);
    let running = ask(&before, &hash, "192.0.2.1", "wrong".to_owned());
    probe.wait_for_calls(1).await;
    let next = verifier(one_at_once);
    next.succeed(&before);
    let waiting = ask(&next, &hash, "192.0.2.1", "right".to_owned());
    tokio::task::yield_now().await;
    for verifier in [&before, &next] {
        assert!(ask(verifier, &hash, "192.0.2.1", "late".to_owned()).await.unwrap().is_err());
    }
    // Under other limits there is room beside the one.
    let wider = verifier(|options| options.concurrency = 2);
    wider.succeed(&next);
    let beside = ask(&wider, &hash, "192.0.2.1", "also wrong".to_owned());
    probe.wait_for_calls(2).await;
    probe.set_closed(false);
    assert!(!running.await.unwrap().unwrap());
    assert!(waiting.await.unwrap().unwrap());
    assert!(!beside.await.unwrap().unwrap());
    // One computation that both ask for is one.
    assert!(before.verify(&hash, &right()).await.unwrap());
    assert_eq!((probe.calls(), probe.most_running()), (3, 2));
}
