use std::sync::Arc;

use token_auth_core::token::{Signer, SigningKey};
use token_auth_core::{
    AccessRequest, AccountRequest, ActionSet, Authenticator, AuthenticatorChain, Authn, AuthnRequest, Authz,
    Credentials, Grant, Identity, LabelValue, Labels, Password, TokenRequest, TokenService, authorizer_fn,
};

use super::{StaticUser, StaticUsers};
use crate::password::tests::Probe;
use crate::password::{PasswordHash, PasswordVerifier, VerifierOptions};

fn verifier() -> Arc<PasswordVerifier> {
    Arc::new(PasswordVerifier::new(VerifierOptions::default()).unwrap())
}

fn outcome(answer: &Authn) -> String {
    match answer {
        Authn::Abstain => "abstain".to_owned(),
        Authn::Accept(identity) => format!("accept {:?}", identity.account),
        Authn::Reject(_) => "reject".to_owned(),
    }
}

#[tokio::test]
async fn decides() {
    let (_, hash) = Probe::with_hash("hash");
    let protected = || StaticUser::new(hash.clone());
    let open = StaticUser::dangerous_any_password;
    let accounts = || vec![("alice", protected()), ("open", open())];
    let with_anonymous = || accounts().into_iter().chain([("", open())]).collect::<Vec<_>>();
    let with_protected_anonymous = || accounts().into_iter().chain([("", protected())]).collect::<Vec<_>>();
    let basic = Credentials::password;
    for (name, users, credentials, expected) in [
        ("right", accounts(), basic("alice", "right"), "accept \"alice\""),
        ("wrong", accounts(), basic("alice", "wrong"), "reject"),
        ("empty", accounts(), basic("alice", ""), "reject"),
        ("other case", accounts(), basic("Alice", "right"), "abstain"),
        ("unknown", accounts(), basic("bob", "right"), "abstain"),
        ("open, any", accounts(), basic("open", "x"), "accept \"open\""),
        ("open, empty", accounts(), basic("open", ""), "accept \"open\""),
        ("anonymous where there is none", accounts(), Credentials::Anonymous, "abstain"),
        ("anonymous", with_anonymous(), Credentials::Anonymous, "accept \"\""),
        ("empty name", with_anonymous(), basic("", "x"), "accept \"\""),
        ("unknown name is not anonymous", with_anonymous(), basic("bob", ""), "abstain"),
        ("protected anonymous", with_protected_anonymous(), Credentials::Anonymous, "reject"),
        ("protected anonymous, right", with_protected_anonymous(), basic("", "right"), "accept \"\""),
        ("nobody", Vec::new(), basic("alice", "right"), "abstain"),
        ("nobody, anonymous", Vec::new(), Credentials::Anonymous, "abstain"),
    ] {
        let users = StaticUsers::new(verifier(), users);
        let answer = users.authenticate(&AuthnRequest::new(&credentials)).await.unwrap();
        assert_eq!(outcome(&answer), expected, "{name}");
    }
}

#[tokio::test]
async fn gives_labels() {
    let labels = Labels::new().with("project", LabelValue::dangerous_pattern("test/*"));
    let user = StaticUser::dangerous_any_password().with_labels(labels.clone());
    let users = StaticUsers::new(verifier(), [("alice", user)]);
    let answer = users.authenticate(&AuthnRequest::new(&Credentials::password("alice", ""))).await.unwrap();
    assert!(matches!(answer, Authn::Accept(identity) if *identity.labels == labels));
}

#[tokio::test]
async fn an_unknown_name_costs_one_hash_and_always_the_same() {
    let probes: Vec<_> = (0..4).map(|number| Probe::with_hash(&number.to_string())).collect();
    let accounts =
        || probes.iter().enumerate().map(|(n, (_, hash))| (n.to_string(), StaticUser::new(hash.clone())));
    let calls = || probes.iter().map(|(probe, _)| probe.calls()).collect::<Vec<_>>();
    let users = StaticUsers::new(verifier(), accounts());

    let mut chosen = std::collections::BTreeSet::new();
    for number in 0..100 {
        let name = format!("unknown-{number}");
        let before = calls();
        for password in ["right", "right", "wrong"] {
            assert_eq!(
                users
                    .authenticate(&AuthnRequest::new(&Credentials::password(&*name, password)))
                    .await
                    .unwrap(),
                Authn::Abstain
            );
        }
        let spent: Vec<_> = calls().iter().zip(before).map(|(after, before)| after - before).collect();
        assert!(spent.iter().filter(|count| **count == 3).count() == 1, "{name}: {spent:?}");
        assert_eq!(spent.iter().sum::<usize>(), 3, "{name}: {spent:?}");
        chosen.insert(spent);
    }
    assert_eq!(chosen.len(), 4, "every hash is chosen for some name");

    let before = calls();
    for credentials in [Credentials::Anonymous, Credentials::password("unknown", "")] {
        users.authenticate(&AuthnRequest::new(&credentials)).await.unwrap();
    }
    let mut users = users;
    assert_eq!(users.take_decoys().len(), 4);
    users.authenticate(&AuthnRequest::new(&Credentials::password("unknown", "wrong"))).await.unwrap();
    assert_eq!(calls(), before, "nothing is spent");
}

#[tokio::test]
async fn a_verified_password_does_not_make_unknown_names_cheap() {
    let (probe, hash) = Probe::with_hash("hash");
    let verifier = verifier();
    assert!(verifier.verify(&hash, &Password::new("right")).await.unwrap());
    let users = StaticUsers::new(verifier, [("alice", StaticUser::new(hash))]);
    users.authenticate(&AuthnRequest::new(&Credentials::password("unknown", "right"))).await.unwrap();
    assert_eq!(probe.calls(), 2);
}

#[test]
fn debug_shows_no_hash() {
    let hash: PasswordHash = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC".parse().unwrap();
    let user = StaticUser::new(hash);
    let shown = format!("{user:?} {:?}", StaticUsers::new(verifier(), [("alice", user.clone())]));
    assert!(!shown.contains("LO.vzwp") && shown.contains("[redacted]"), "{shown}");
}

#[tokio::test]
async fn a_refresh_token_ends_with_the_password_and_none_is_made_without_one() {
    let identity = async |hash: &str| {
        let hash = hash.parse().unwrap();
        let users = StaticUsers::new(verifier(), [("alice", StaticUser::new(hash))]);
        let Authn::Accept(identity) = users.revalidate(&AccountRequest::new("alice")).await.unwrap() else {
            panic!()
        };
        identity
    };
    let first = identity("$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC").await;
    let second = identity("$2y$05$Od5R8wZarE9Svx5Q0orw5.gNyiZDTyCr7/GQHGKkxaWnrCi.6eVm2").await;
    let stamp = |identity: &Identity| identity.security_stamp.clone().unwrap();
    assert_ne!(stamp(&first), stamp(&second));
    assert!(!stamp(&first).contains("LO.vzwp") && first.restriction.allows_refresh_tokens());
    let open = StaticUsers::new(verifier(), [("guest", StaticUser::dangerous_any_password())]);
    let guest = open.authenticate(&AuthnRequest::new(&Credentials::password("guest", "x"))).await.unwrap();
    assert!(matches!(guest, Authn::Accept(guest) if !guest.restriction.allows_refresh_tokens()));
}

/// A configuration of two thousand users whose hashes count how often they are computed.
struct Company {
    probe: Arc<Probe>,
    pem: String,
}

impl Company {
    const USERS: usize = 2_000;

    /// A service with this verifier and these actions for all; the hash of the last user has this text.
    fn configured(&self, verifier: Arc<PasswordVerifier>, actions: &[&str], last: &str) -> TokenService {
        let hash = |number: usize| match number == Self::USERS - 1 {
            true => last.to_owned(),
            false => format!("hash {number}"),
        };
        let user = |number| {
            let hash = PasswordHash::probe(&hash(number), Arc::clone(&self.probe));
            (format!("user-{number}"), StaticUser::new(hash))
        };
        let mut chain = AuthenticatorChain::new();
        chain.push("users", StaticUsers::new(verifier, (0..Self::USERS).map(user))).unwrap();
        let actions: ActionSet = actions.iter().copied().collect();
        let acl = authorizer_fn(move |_: &AccessRequest<'_>| Authz::Grant(Grant::new(actions.clone())));
        let signer = Signer::new(SigningKey::from_pem(self.pem.as_bytes()).unwrap()).unwrap();
        TokenService::new("Acme", chain, acl, signer).unwrap()
    }

    /// How many are let in.
    async fn let_in(&self, service: &TokenService) -> usize {
        let mut count = 0;
        for number in 0..Self::USERS {
            let mut request = TokenRequest::new("registry");
            request.credentials = Credentials::password(format!("user-{number}"), "right");
            count += usize::from(service.answer(&request).await.result.is_ok());
        }
        count
    }
}

#[tokio::test]
async fn a_configuration_that_is_loaded_again_forgets_only_whose_hash_has_changed() {
    let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let company = Company { probe: Arc::default(), pem };
    let first = company.configured(verifier(), &["pull"], "last");
    assert_eq!(company.let_in(&first).await, 2_000);
    assert_eq!(company.probe.calls(), 2_000);
    let unchanged = company.configured(verifier(), &["pull"], "last").succeeding(&first);
    assert_eq!(company.let_in(&unchanged).await, 2_000);
    assert_eq!(company.probe.calls(), 2_000, "nothing has changed");
    let generous = company.configured(verifier(), &["pull", "push"], "last").succeeding(&unchanged);
    assert_eq!(company.let_in(&generous).await, 2_000);
    assert_eq!(company.probe.calls(), 2_000, "the rules have changed");
    let changed = company.configured(verifier(), &["pull"], "changed").succeeding(&generous);
    assert_eq!(company.let_in(&changed).await, 2_000);
    assert_eq!(company.probe.calls(), 2_001, "one hash has changed");
    assert_eq!(company.let_in(&generous).await, 2_000);
    assert_eq!(company.probe.calls(), 2_001, "whoever asks the previous one still finds it as it was");
}
