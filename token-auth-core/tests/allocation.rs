//! Deciding allocates nothing where no placeholder has to be filled in.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use token_auth_core::acl::{Acl, AclLimits, Match, Rule};
use token_auth_core::{AccessRequest, ActionSet, LabelValue, Labels};

#[test]
fn a_decision_without_placeholders_allocates_nothing() {
    let conditions = |at: usize| match at % 6 {
        0 => Match::any().name(format!("team-{at:04}/*")),
        1 => Match::any().name(format!(r"/^team-{at:04}-(dev|ops)\/.+$/")),
        2 => Match::any().name(format!("/-{at:04}$/")),
        3 => Match::any().account(format!("user-{at:04}")).resource_type("repository"),
        4 => Match::any().ip(format!("10.0.{}.0/24", at % 256)).label("group", "[x-z]*"),
        _ => Match::any().label("group", format!("dev-{at:04}")),
    };
    let acl = Acl::new((0..1000).map(|at| Rule::new(conditions(at), ["pull", "push"]))).unwrap();
    let labels =
        Labels::new().with("group", LabelValue::literal("dev-0005")).with("group", LabelValue::literal("x"));
    let actions: ActionSet = ["pull", "push", "delete"].into_iter().collect();
    for (account, name, labels, address, rule) in [
        ("", "team-0006/app", &Labels::new(), None, Some(6)),
        ("", "team-0007-dev/app", &Labels::new(), None, Some(7)),
        ("", "x-0008", &Labels::new(), None, Some(8)),
        ("user-0009", "x", &Labels::new(), None, Some(9)),
        ("", "x", &labels, Some("10.0.4.1"), Some(4)),
        ("", "x", &labels, None, Some(5)),
        ("nobody", "team-9999/app", &Labels::new(), Some("192.0.2.1"), None),
    ] {
        let address = address.map(|address| address.parse().unwrap());
        let request = AccessRequest::new(account, "repository", name, &actions);
        let request = request.with_labels(labels).with_address(address);
        // The first time, a regular expression is compiled.
        assert_eq!(acl.decide(&request).map(|decision| decision.rule), rule, "{account} {name}");
        let counted = allocation_counter::measure(|| drop(acl.decide(&request)));
        assert_eq!(counted.count_total, 0, "{account} {name}");
    }
}

/// What many accounts leave behind in the cache of expressions whose placeholders they filled in.
#[test]
fn a_cache_of_expressions_holds_no_more_memory_than_its_budget() {
    const BUDGET: usize = 1 << 20;
    for pattern in [
        "/^${account}\\/.+$/",
        "/^(team|ops)-[a-z0-9_.-]+\\/${account}\\/([a-z0-9]+-)*[a-z0-9]{1,40}$/",
        "/${account}/",
        "/^\\pN+${account}\\w+$/",
    ] {
        let limits = AclLimits { cache: BUDGET, ..AclLimits::default() };
        let rules = [Rule::new(Match::any().name(pattern), ["pull"])];
        let acl = Acl::builder().limits(limits).build(rules).unwrap();
        let actions = ["pull"].into_iter().collect();
        let counted = allocation_counter::measure(|| {
            for account in 0..2_000 {
                let account = format!("account-{account}");
                let name = format!("{account}/app");
                drop(acl.decide(&AccessRequest::new(&account, "repository", &name, &actions)));
            }
        });
        let held = usize::try_from(counted.bytes_current).unwrap();
        assert!(held <= BUDGET, "{pattern}: {held}");
        // And what it may hold, it does.
        assert!(held >= BUDGET / 8, "{pattern}: {held}");
    }
}
