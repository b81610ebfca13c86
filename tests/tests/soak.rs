//! The server under mixed load, as `src/bin/soak.rs` runs it for longer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code fails by panicking")]

use std::time::Duration;

use token_auth_tests::Soak;

#[test]
fn a_mixed_load_is_answered_right_and_stays_within_its_memory() {
    let report =
        Soak { length: Duration::from_secs(20), accounts: 20_000, addresses: 50_000, clients: 8 }.run();
    assert!(report.wrong.is_empty(), "{report}");
    for what in ["anonymous", "password", "login", "wrong password", "unknown", "malformed", "refresh"] {
        assert!(report.answers.keys().any(|(asked, _)| *asked == what), "nobody has asked: {what}\n{report}");
    }
    let most = report.memory.iter().map(|(_, bytes)| *bytes).max().unwrap();
    assert!(most < 200 << 20, "{report}");
}
