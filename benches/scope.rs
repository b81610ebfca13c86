//! Reading scopes and requests.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros; a benchmark that cannot be set up has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use token_auth_core::{RequestLimits, RequestParts, ResourceScope, ScopeLimits, ScopeSet, TokenRequest};

fn scopes(criterion: &mut Criterion) {
    criterion.bench_function("scope/one", |bencher| {
        bencher.iter(|| black_box("repository:library/alpine:pull").parse::<ResourceScope>().unwrap());
    });
    let mount = "repository:team/app:pull,push repository:library/alpine:pull";
    criterion.bench_function("scope/mount", |bencher| {
        bencher.iter(|| ScopeSet::parse([black_box(mount)], ScopeLimits::default()).unwrap());
    });
    let parts = RequestParts {
        query: "account=admin&client_id=docker&scope=repository%3Ateam%2Fapp%3Apull%2Cpush&service=registry",
        authorization: Some(b"Basic YWRtaW46YmFkbWlu"),
        form: None,
    };
    criterion.bench_function("scope/request", |bencher| {
        bencher.iter(|| TokenRequest::parse(black_box(parts), RequestLimits::default()).unwrap());
    });
}

criterion_group!(benches, scopes);
criterion_main!(benches);
