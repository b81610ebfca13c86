//! What holds for every input, and what other implementations say where they share our dialects.

#![allow(clippy::unwrap_used, reason = "test code fails by panicking")]

use glob::{MatchOptions, Pattern};
use proptest::prelude::*;
use token_auth_core::acl::{GoRegex, glob_matches};
use token_auth_core::{
    ActionSet, RequestLimits, RequestParts, ResourceScope, ScopeLimits, ScopeSet, TokenRequest,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scope_that_is_printed_is_read_as_itself(text in "[a-z(]{1,8}[)]?:[a-z/:é*. ]{0,8}:[a-z,*]{0,8}") {
        if let Ok(scope) = text.parse::<ResourceScope>() {
            prop_assert_eq!(scope.to_string().parse::<ResourceScope>().unwrap(), scope);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}", more in "[ :,()a-z/]{0,40}") {
        let set = ScopeSet::parse([text.as_str(), more.as_str()], ScopeLimits::default()).unwrap();
        for (at, scope) in set.scopes().iter().enumerate() {
            let same = |other: &ResourceScope| {
                (scope.resource_type(), scope.name()) == (other.resource_type(), other.name())
            };
            prop_assert!(!set.scopes().iter().skip(at + 1).any(same), "{} is there twice", scope);
        }
    }

    #[test]
    fn any_bytes_are_a_request_or_a_refusal(
        query in "\\PC{0,60}",
        authorization in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        form in prop::option::of(prop::collection::vec(any::<u8>(), 0..60)),
    ) {
        let parts = RequestParts { query: &query, authorization: authorization.as_deref(), form: form.as_deref() };
        let _ = TokenRequest::parse(parts, RequestLimits::default());
    }

    #[test]
    fn an_intersection_is_what_both_have(
        left in prop::collection::vec("pull|push|delete|[*]|mount|[a-c]?", 0..6),
        right in prop::collection::vec("pull|push|delete|[*]|mount|[a-c]?", 0..6),
    ) {
        let sets: [ActionSet; 2] = [left.iter().collect(), right.iter().collect()];
        let mut both: Vec<&String> = left.iter().filter(|action| right.contains(action)).collect();
        both.sort();
        both.dedup();
        let intersection = sets[0].intersection(&sets[1]);
        prop_assert_eq!(intersection.iter().collect::<Vec<_>>(), both);
    }

    /// No class that could match a slash, no `**`, no escape: there the two differ.
    #[test]
    fn globs_agree_with_the_glob_crate(pattern in "([ab/?]|[*][ab/]|\\[a-b\\]){0,8}", name in "[ab/]{0,8}") {
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        let theirs = Pattern::new(&pattern).unwrap().matches_with(&name, options);
        prop_assert_eq!(glob_matches(&pattern, &name), Ok(theirs), "{} on {}", pattern, name);
    }

    /// Text, repetition, groups, anchors and ASCII classes mean the same to Go and to Rust.
    #[test]
    fn regular_expressions_agree_with_the_regex_crate(
        pattern in "\\^?([ab./]|[ab][*+?]|\\[ab\\]|\\[\\^a\\]|\\(a\\|b\\)|\\(ab\\)[*+?]|a\\{1,2\\}){0,6}\\$?",
        text in "[ab/]{0,8}",
    ) {
        let theirs = regex::Regex::new(&pattern).unwrap().is_match(&text);
        prop_assert_eq!(GoRegex::new(&pattern).unwrap().is_match(&text), theirs, "{} on {}", pattern, text);
    }
}
