//! Decisions of an ACL of 10 to 100,000 rules, against asking every rule in turn; and what such lists take to load.
//!
//! The rules are the usual mix: 70 % globs, 15 % regular expressions, 15 % with placeholders. The request is allowed by the
//! first, by the last, or by none of them.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "criterion's macros; a benchmark that cannot be set up has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use token_auth_backends::config::{Config, ConfigOptions};
use token_auth_core::acl::{Acl, GoRegex, LintContext, Match, Rule};
use token_auth_core::{AccessRequest, ActionSet, LabelValue, Labels};

const SIZES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

fn mixed(count: usize) -> Vec<Rule> {
    let conditions = |at: usize| match at % 20 {
        0..14 => Match::any().name(format!("team-{at:05}/*")),
        14..17 => Match::any().name(format!(r"/^team-{at:05}-(dev|ops)\/.+$/")),
        17 => Match::any().account("/.+/").name(format!("${{account}}/app-{at:05}/*")),
        18 => Match::any().name("${labels:group}/*"),
        _ => Match::any().account(format!("user-{at:05}")).name("${account}/*"),
    };
    (0..count)
        .map(|at| Rule::new(conditions(at), ["pull", "push"]).comment(format!("rule of team {at}")))
        .collect()
}

/// The same between two rules that allow a name each.
fn with_ends(count: usize) -> Vec<Rule> {
    let end = |name: &str| [Rule::new(Match::any().name(name), ["pull"])];
    end("first-00000/*").into_iter().chain(mixed(count - 2)).chain(end("last-99999/*")).collect()
}

fn decide(criterion: &mut Criterion) {
    let labels = Labels::new().with("group", LabelValue::dangerous_pattern("dev"));
    let actions: ActionSet = ["pull"].into_iter().collect();
    for count in SIZES {
        let rules = with_ends(count);
        let acl = Acl::new(rules.iter().cloned()).unwrap();
        // Compiled, but each asked by itself.
        let linear: Vec<Acl> = match count <= 10_000 {
            true => rules.into_iter().map(|rule| Acl::new([rule]).unwrap()).collect(),
            false => Vec::new(),
        };
        for (which, name) in
            [("first", "first-00000/app"), ("last", "last-99999/app"), ("none", "team-99999x/app")]
        {
            let request = AccessRequest::new("alice", "repository", name, &actions).with_labels(&labels);
            let (granted, counted) = (
                acl.decide(&request).is_some(),
                allocation_counter::measure(|| {
                    black_box(acl.decide(&request));
                }),
            );
            assert_eq!(granted, which != "none");
            println!("acl/{count}/{which}: {} allocations", counted.count_total);
            criterion.bench_function(&format!("acl/{count}/{which}"), |bencher| {
                bencher.iter(|| acl.decide(black_box(&request)));
            });
            if !linear.is_empty() {
                criterion.bench_function(&format!("acl/{count}/{which}/linear"), |bencher| {
                    bencher.iter(|| linear.iter().find_map(|rule| rule.decide(black_box(&request))));
                });
            }
        }
    }
}

/// 100,000 regular expressions that are not anchored: those in which a literal can be looked for, and those without.
fn worst(criterion: &mut Criterion) {
    let actions: ActionSet = ["pull"].into_iter().collect();
    let name = "group/team-12345x/application/image";
    let request = AccessRequest::new("alice", "repository", name, &actions);
    let one = GoRegex::new("team-[0-9]+y").unwrap();
    criterion.bench_function("acl/one regular expression", |bencher| {
        bencher.iter(|| one.is_match(black_box(name)));
    });
    let literal = |at: usize| format!("/team-{at:05}y?$|x-{at:05}/");
    let classes = |at: usize| format!("/[a-z][{}-9]{{{},}}[x-z]/", at % 10, 1 + at / 10 % 900);
    for (kind, expression) in [("literals", literal as fn(usize) -> String), ("no literal", classes)] {
        for count in [1_000, 100_000] {
            let rules = (0..count).map(|at| Rule::new(Match::any().name(expression(at)), ["pull"]));
            if kind == "no literal" && count > 1_000 {
                continue;
            }
            let acl = Acl::new(rules).unwrap();
            criterion.bench_function(&format!("acl/{count} not anchored/{kind}"), |bencher| {
                bencher.iter(|| acl.decide(black_box(&request)));
            });
        }
    }
}

fn load(criterion: &mut Criterion) {
    for count in [1_000, 100_000] {
        let rules = mixed(count);
        let text = file(&rules);
        let compile = || drop(black_box(Acl::new(rules.iter().cloned()).unwrap()));
        let read = || drop(black_box(Config::from_yaml(&text, "bench", &ConfigOptions::default()).unwrap()));
        let examine =
            || drop(black_box(Acl::new(rules.iter().cloned()).unwrap().lint(&LintContext::default())));
        let ways: [(&str, &dyn Fn()); 3] =
            [("rules", &compile), ("file", &read), ("rules and lint", &examine)];
        for (what, load) in ways {
            let taken = allocation_counter::measure(load);
            println!("acl/load/{count} {what}: at most {} bytes at once", taken.bytes_max);
            let mut group = criterion.benchmark_group("acl/load");
            group.sample_size(10);
            group.bench_function(format!("{count} {what}"), |bencher| bencher.iter(load));
        }
    }
}

/// A configuration file with these rules.
fn file(rules: &[Rule]) -> String {
    let mut text =
        "server: {addr: ':5001'}\ntoken: {issuer: Acme, expiration: 900, certificate: a.pem, key: a.key}\n\
        users: {'': {}}\nacl:\n"
            .to_owned();
    for rule in rules {
        let Match { account, name, .. } = &rule.conditions;
        let account = account.iter().map(|account| format!("account: {account:?}, ")).collect::<String>();
        let (name, actions, comment) = (name.as_deref().unwrap(), &rule.actions, rule.comment.as_deref());
        text += &format!(
            "  - match: {{{account}name: {name:?}}}\n    actions: {actions:?}\n    comment: {:?}\n",
            comment.unwrap_or_default()
        );
    }
    text
}

criterion_group!(benches, decide, worst, load);
criterion_main!(benches);
