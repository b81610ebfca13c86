//! A whole request: in process without HTTP, and through the HTTP endpoint.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros; a benchmark that cannot be set up has nothing to measure"
)]

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::Full;
use token_auth_benches::{KINDS, service};
use token_auth_core::http::TokenEndpoint;
use token_auth_core::{RequestLimits, RequestParts, TokenRequest};

const QUERY: &str = "scope=repository:hello-world:pull&service=registry";

fn requests(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for kind in KINDS {
        let service = service(kind);
        let request = |authorization| {
            let parts = RequestParts { query: QUERY, authorization, form: None };
            TokenRequest::parse(parts, RequestLimits::default()).unwrap()
        };
        let anonymous = request(None);
        criterion.bench_function(&format!("request/{}/anonymous", kind.name), |bencher| {
            bencher.iter(|| runtime.block_on(service.answer(&anonymous)).result.unwrap());
        });
        let admin = request(Some(b"Basic YWRtaW46YmFkbWlu"));
        criterion.bench_function(&format!("request/{}/verified a moment ago", kind.name), |bencher| {
            bencher.iter(|| runtime.block_on(service.answer(&admin)).result.unwrap());
        });
        let endpoint = TokenEndpoint::new(service);
        let uri = format!("/auth?{QUERY}");
        criterion.bench_function(&format!("request/{}/http", kind.name), |bencher| {
            bencher.iter(|| {
                let request = http::Request::get(&uri).body(Full::<Bytes>::default()).unwrap();
                assert_eq!(runtime.block_on(endpoint.respond(request)).status(), 200);
            });
        });
    }
}

criterion_group!(benches, requests);
criterion_main!(benches);
