use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::AuthenticatorChain;
use crate::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Identity, Precedence,
    Prefixed, SourceError, SourceId,
};

/// A source for the tests of chains.
#[derive(Clone)]
struct Source {
    kind: Kind,
    accounts: &'static [&'static str],
    /// How often it was asked whose an account is.
    asked: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Knows its accounts by their exact names.
    Plain,
    /// Takes small letters and capitals for one, and calls the account as it is spelled in its list.
    Folding,
    /// The names are written down.
    Table,
    /// Takes everyone for whoever they say they are, and knows nobody.
    Foreign,
    /// Cannot be asked any more; before, it was a plain one.
    Away,
}

fn source(kind: Kind, accounts: &'static [&'static str]) -> Source {
    Source { kind, accounts, asked: Arc::default() }
}

impl Source {
    fn find(&self, name: &str) -> Option<&'static str> {
        let same = |known: &&&str| match self.kind {
            Kind::Folding => known.eq_ignore_ascii_case(name),
            _ => **known == name,
        };
        self.accounts.iter().find(same).copied()
    }
}

#[async_trait]
impl Authenticator for Source {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let name = request.credentials.username();
        match self.kind {
            Kind::Foreign => Ok(Authn::Accept(Identity::new(name))),
            _ => self.revalidate(&AccountRequest::new(name)).await,
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        assert_eq!(request.source, None, "a source is not told its own id");
        match self.kind {
            Kind::Away => Err(BackendError::new("directory", "no route")),
            Kind::Foreign => Ok(Authn::Abstain),
            _ => Ok(self
                .find(request.account)
                .map_or(Authn::Abstain, |name| Authn::Accept(Identity::new(name)))),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.revalidate(request).await? != Authn::Abstain)
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        match self.kind {
            Kind::Table if self.find(request.account).is_some() => Precedence::Listed,
            Kind::Table | Kind::Foreign => Precedence::None,
            _ => Precedence::Place,
        }
    }
}

fn chain<const N: usize>(sources: [(&'static str, Arc<dyn Authenticator>); N]) -> AuthenticatorChain {
    let mut chain = AuthenticatorChain::new();
    for (id, source) in sources {
        chain.push(id, source).unwrap();
    }
    chain
}

fn id(text: &str) -> SourceId {
    text.try_into().unwrap()
}

/// `SOURCE: ACCOUNT`, or what is said instead.
fn shown(answer: Result<Authn, BackendError>) -> String {
    match answer {
        Ok(Authn::Accept(identity)) => {
            format!("{}: {}", identity.source.as_deref().unwrap_or_default(), identity.account)
        }
        Ok(Authn::Abstain) => "abstains".to_owned(),
        Ok(Authn::Reject(reason)) => reason.into_owned(),
        Err(error) => format!("error: {error}"),
    }
}

async fn login(chain: &dyn Authenticator, name: &str) -> String {
    shown(chain.authenticate(&AuthnRequest::new(&Credentials::password(name, "x"))).await)
}

async fn present(chain: &dyn Authenticator, source: &str, account: &str) -> String {
    let source = id(source);
    shown(chain.revalidate(&AccountRequest::new(account).from_source(Some(&source))).await)
}

#[tokio::test]
async fn an_account_does_not_live_on_through_a_namesake() {
    use Kind::Plain;
    let alice = || Arc::new(source(Plain, &["alice"])) as Arc<dyn Authenticator>;
    let both = chain([("london", alice()), ("paris", alice())]);
    assert_eq!(login(&both, "alice").await, "london: alice");
    assert_eq!(present(&both, "london", "alice").await, "london: alice");
    assert_eq!(present(&both, "paris", "alice").await, r#"the account "alice" belongs to the source london"#);
    assert_eq!(present(&both, "users", "alice").await, "abstains");

    let left = chain([("london", Arc::new(source(Plain, &["bob"])) as _), ("paris", alice())]);
    assert_eq!(login(&left, "alice").await, "paris: alice");
    assert_eq!(present(&left, "london", "alice").await, "abstains");
    assert_eq!(shown(left.revalidate(&AccountRequest::new("alice")).await), "paris: alice");
}

#[tokio::test]
async fn a_source_is_found_in_chains_within_chains() {
    use Kind::{Plain, Table};
    let carol = chain([("paris", Arc::new(source(Plain, &["carol", "dora"])) as _)]);
    let inner =
        chain([("london", Arc::new(source(Plain, &["alice", "carol"])) as _), ("france", Arc::new(carol))]);
    let outer = chain([
        ("users", Arc::new(source(Table, &["admin"])) as Arc<dyn Authenticator>),
        ("staff", Arc::new(Box::new(inner))),
        ("forge", Arc::new(source(Plain, &["alice", "dora", "erin"]))),
    ]);
    for (account, expected) in [("alice", "london: alice"), ("dora", "paris: dora"), ("erin", "forge: erin")]
    {
        assert_eq!(login(&outer, account).await, expected);
        let (source, _) = expected.split_once(": ").unwrap();
        assert_eq!(present(&outer, source, account).await, expected);
    }
    // In the inner chain, and between the chains.
    let of_london = r#"the account "carol" belongs to the source london"#;
    assert_eq!(present(&outer, "paris", "carol").await, of_london);
    assert_eq!(present(&outer, "forge", "dora").await, r#"the account "dora" belongs to the source staff"#);
    // A whole chain may be asked, too.
    assert_eq!(present(&outer, "staff", "dora").await, "paris: dora");
    assert_eq!(present(&outer, "nowhere", "dora").await, "abstains");
}

#[test]
fn an_id_is_unique_in_the_whole_tree() {
    let nobody = || source(Kind::Plain, &[]);
    let mut inner = AuthenticatorChain::new();
    inner.push("ldap", nobody()).unwrap();
    let mut outer = AuthenticatorChain::new();
    outer.push("users", nobody()).unwrap();
    assert_eq!(outer.push("users", nobody()), Err(SourceError::DuplicateId(id("users"))));
    assert_eq!(outer.push("ldap", inner.clone()), Err(SourceError::DuplicateId(id("ldap"))));
    outer.push("staff", Prefixed::new("staff/", inner.clone())).unwrap();
    assert_eq!(outer.push("ldap", nobody()), Err(SourceError::DuplicateId(id("ldap"))));
    assert_eq!(outer.push("more", inner), Err(SourceError::DuplicateId(id("ldap"))));
    assert_eq!(outer.push("", nobody()), Err(SourceError::MalformedId));
    assert_eq!(format!("{outer:?}"), r#"[SourceId("users"), SourceId("staff")]"#);
}

/// What each of two sources accepts, and which of them has it: at a login, and when it is asked about later.
#[tokio::test]
async fn an_account_has_one_owner() {
    use Kind::{Away, Folding, Foreign, Plain, Table};
    let belongs =
        |account: &str, owner: &str| format!("the account {account:?} belongs to the source {owner}");
    type Row = (&'static str, Source, Source, &'static str, String, Option<(&'static str, &'static str)>);
    let rows: &[Row] = &[
        (
            "a table before a directory that folds",
            source(Table, &["admin"]),
            source(Folding, &["admin"]),
            "ADMIN",
            belongs("admin", "first"),
            Some(("second", "admin")),
        ),
        (
            "a table after a directory",
            source(Plain, &["admin"]),
            source(Table, &["admin"]),
            "admin",
            belongs("admin", "second"),
            Some(("first", "admin")),
        ),
        (
            "a table that has no such name",
            source(Plain, &["bob"]),
            source(Table, &["admin"]),
            "bob",
            "first: bob".into(),
            None,
        ),
        (
            "another spelling is another account",
            source(Table, &["admin"]),
            source(Folding, &["Admin"]),
            "ADMIN",
            "second: Admin".into(),
            None,
        ),
        (
            "unless the owner takes both for one",
            source(Folding, &["Admin"]),
            source(Plain, &["admin"]),
            "admin",
            "first: Admin".into(),
            Some(("second", "admin")),
        ),
        (
            "of two directories the first",
            source(Plain, &["bob"]),
            source(Folding, &["bob"]),
            "BOB",
            belongs("bob", "first"),
            Some(("second", "bob")),
        ),
        (
            "of two tables the first",
            source(Table, &["bob"]),
            source(Table, &["bob"]),
            "bob",
            "first: bob".into(),
            Some(("second", "bob")),
        ),
        (
            "a foreign name before a table",
            source(Foreign, &[]),
            source(Table, &["admin"]),
            "admin",
            belongs("admin", "second"),
            None,
        ),
        (
            "a foreign name before a directory",
            source(Foreign, &[]),
            source(Folding, &["Admin"]),
            "admin",
            belongs("admin", "second"),
            None,
        ),
        (
            "a foreign name that nobody has",
            source(Foreign, &[]),
            source(Plain, &["admin"]),
            "job",
            "first: job".into(),
            None,
        ),
        (
            "two that take every name",
            source(Foreign, &[]),
            source(Foreign, &[]),
            "job",
            "first: job".into(),
            None,
        ),
        (
            "an owner who cannot be asked",
            source(Foreign, &[]),
            source(Away, &["bob"]),
            "job",
            "error: second: directory: no route".into(),
            None,
        ),
        (
            "the anonymous account is nobody's",
            source(Foreign, &[]),
            source(Table, &[""]),
            "",
            "first: ".into(),
            None,
        ),
    ];
    for (case, first, second, name, expected, refused) in rows {
        let both = chain([
            ("first", Arc::new(first.clone()) as Arc<dyn Authenticator>),
            ("second", Arc::new(second.clone())),
        ]);
        assert_eq!(login(&both, name).await, *expected, "{case}");
        if let Some((source, account)) = refused {
            let owner = if *source == "first" { "second" } else { "first" };
            assert_eq!(present(&both, source, account).await, belongs(account, owner), "{case}");
        }
        // The same within a chain, and beside one.
        let nested = chain([("inner", Arc::new(both) as Arc<dyn Authenticator>)]);
        assert_eq!(
            login(&nested, name).await.replace("inner: second: ", "second: "),
            *expected,
            "nested: {case}"
        );
        let alone = chain([("second", Arc::new(second.clone()) as Arc<dyn Authenticator>)]);
        let split =
            chain([("first", Arc::new(first.clone()) as Arc<dyn Authenticator>), ("inner", Arc::new(alone))]);
        let answer = login(&split, name).await.replace("source inner", "source second");
        assert_eq!(answer.replace("inner: second: ", "second: "), *expected, "beside a chain: {case}");
    }
}

#[tokio::test]
async fn a_prefix_keeps_names_apart() {
    use Kind::{Foreign, Plain, Table};
    let chain = chain([
        ("jobs", Arc::new(source(Foreign, &[])) as Arc<dyn Authenticator>),
        ("users", Arc::new(source(Table, &["gh/root"]))),
        ("github", Arc::new(Prefixed::new("gh/", source(Plain, &["bob", "root", "x/eve", ""])))),
        ("deeper", Arc::new(Prefixed::new("gh/x/", source(Plain, &["dan"])))),
    ]);
    let all = async |account: &str| {
        let mut answers = Vec::new();
        for source in ["github", "deeper"] {
            answers.push(present(&chain, source, account).await);
        }
        answers
    };
    let belongs =
        |account: &str, owner: &str| format!("the account {account:?} belongs to the source {owner}");
    assert_eq!(all("gh/bob").await, ["github: gh/bob", "abstains"]);
    assert_eq!(all("gh/root").await, [belongs("gh/root", "users"), "abstains".into()]);
    assert_eq!(all("gh/x/eve").await, [belongs("gh/x/eve", "deeper"), "abstains".into()]);
    assert_eq!(all("gh/x/dan").await, ["abstains", "deeper: gh/x/dan"]);
    assert_eq!(all("bob").await, ["abstains", "abstains"]);
    assert_eq!(all("gh/").await, ["abstains", "abstains"]);
    // Names that nobody has, yet: the prefix is enough.
    assert_eq!(login(&chain, "gh/new").await, belongs("gh/new", "github"));
    assert_eq!(login(&chain, "ghost").await, "jobs: ghost");
}

#[tokio::test]
async fn nobody_is_asked_who_could_not_have_the_account() {
    use Kind::{Plain, Table};
    let (table, directory, forge) =
        (source(Table, &["admin"]), source(Plain, &["bob"]), source(Plain, &["carol"]));
    let all = chain([
        ("users", Arc::new(table.clone()) as Arc<dyn Authenticator>),
        ("ldap", Arc::new(directory.clone())),
        ("forge", Arc::new(forge.clone())),
    ]);
    let asked = || [&table, &directory, &forge].map(|source| source.asked.swap(0, Ordering::Relaxed));
    for (name, expected) in [("admin", [0, 0, 0]), ("bob", [0, 0, 0]), ("carol", [0, 1, 0])] {
        assert!(login(&all, name).await.ends_with(name));
        assert_eq!(asked(), expected, "{name}");
    }
}
