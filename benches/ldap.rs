//! Logins against a local OpenLDAP server with five thousand people, over warm connections; and how much of one is the
//! directory's own time: the same search and the same bind by ldap3 alone.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "criterion's macros; a benchmark that cannot be set up has nothing to measure"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ldap3::{Ldap, LdapConnAsync, Scope};
use token_auth_backends::ldap::{GroupSearch, LdapAuthenticator, LdapOptions, ServiceAccount, UserSearch};
use token_auth_core::{Authenticator, Authn, AuthnRequest, Credentials};
use token_auth_tests::{Place, Slapd, SlapdSetup};
use tokio::task::JoinSet;

const PEOPLE: &str = "ou=people,dc=example,dc=com";
const SERVICE: &str = "cn=registry,dc=example,dc=com";
/// How many log in at once.
const AT_ONCE: u64 = 64;

fn logins(criterion: &mut Criterion) {
    let place = Place::new();
    let slapd = SlapdSetup::new(&place).people(5000).quiet().start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let plain = directory(&place, &slapd, false);
    let with_groups = directory(&place, &slapd, true);

    let mut raw = runtime.block_on(Raw::new(&slapd));
    let mut group = criterion.benchmark_group("ldap");
    group.throughput(Throughput::Elements(1));
    let mut numbers = (0..5000).cycle();
    group.bench_function("search and bind by ldap3 alone", |bencher| {
        bencher.iter(|| runtime.block_on(raw.login(numbers.next().unwrap())));
    });
    for (name, directory) in [("login", &plain), ("login with groups", &with_groups)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(login(directory, numbers.next().unwrap())));
        });
    }
    group.throughput(Throughput::Elements(AT_ONCE));
    let raws: Vec<Raw> = (0..8).map(|_| runtime.block_on(Raw::new(&slapd))).collect();
    group.bench_function("64 logins at once by ldap3 alone", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut tasks = JoinSet::new();
                for raw in &raws {
                    let (mut raw, first) = (raw.clone(), numbers.next().unwrap());
                    tasks.spawn(async move {
                        for number in 0..AT_ONCE / 8 {
                            raw.login((first + number) % 5000).await;
                        }
                    });
                }
                tasks.join_all().await;
            });
        });
    });
    for (name, directory) in [("64 logins at once", &plain), ("64 logins at once with groups", &with_groups)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut tasks = JoinSet::new();
                    for _ in 0..AT_ONCE {
                        let (directory, number) = (directory.clone(), numbers.next().unwrap());
                        tasks.spawn(async move { login(&directory, number).await });
                    }
                    tasks.join_all().await;
                });
            });
        });
    }
    group.finish();
}

fn directory(place: &Place, slapd: &Slapd, with_groups: bool) -> LdapAuthenticator {
    let users = UserSearch::new(PEOPLE, "(uid=${account})".parse().unwrap());
    let mut options = LdapOptions::new([slapd.url().parse().unwrap()], users);
    let password = place.write("service-password", Slapd::SERVICE_PASSWORD);
    options.service = Some(ServiceAccount::new(SERVICE, password));
    if with_groups {
        let groups = GroupSearch::new("ou=groups,dc=example,dc=com", "(member=${dn})".parse().unwrap());
        options.groups.push(groups.with_label("groups"));
    }
    LdapAuthenticator::new(options).unwrap()
}

async fn login(directory: &LdapAuthenticator, number: u64) {
    let credentials = Credentials::password(format!("user{number}"), format!("password{number}"));
    match directory.authenticate(&AuthnRequest::new(&credentials)).await {
        Ok(Authn::Accept(_)) => {}
        other => panic!("{other:?}"),
    }
}

/// Two connections, as the pool has them.
#[derive(Clone)]
struct Raw {
    service: Ldap,
    user: Ldap,
}

impl Raw {
    async fn new(slapd: &Slapd) -> Self {
        let mut service = connect(slapd).await;
        service.simple_bind(SERVICE, Slapd::SERVICE_PASSWORD).await.unwrap().success().unwrap();
        Self { service, user: connect(slapd).await }
    }

    async fn login(&mut self, number: u64) {
        let filter = format!("(uid=user{number})");
        let found = self.service.search(PEOPLE, Scope::Subtree, &filter, ["uid"]).await.unwrap();
        let (entries, _) = found.success().unwrap();
        assert_eq!(entries.len(), 1);
        let dn = format!("uid=user{number},{PEOPLE}");
        self.user.simple_bind(&dn, &format!("password{number}")).await.unwrap().success().unwrap();
    }
}

async fn connect(slapd: &Slapd) -> Ldap {
    let (driver, ldap) = LdapConnAsync::new(&slapd.url()).await.unwrap();
    tokio::spawn(driver.drive());
    ldap
}

criterion_group!(benches, logins);
criterion_main!(benches);
