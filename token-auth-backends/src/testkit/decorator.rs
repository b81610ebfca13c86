//! Whether an authenticator that wraps another one asks it for everything.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use token_auth_core::{
    AccountRequest, Authenticator, Authn, AuthnRequest, BackendError, Credentials, Deadline, Identity,
    Memory, Precedence, SourceId, Succeed, async_trait,
};

/// Checks an authenticator that wraps another one and leaves the names of accounts as they are: it counts, caches, or logs. Most
/// methods of the trait have a default, so that nothing reminds whoever forgets to hand one on; and then the accounts of what is
/// wrapped are anybody's, or its tokens are shown to others.
///
/// ```
/// use std::sync::Arc;
///
/// use token_auth_backends::testkit::check_decorator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // A pointer hands everything on.
/// check_decorator(Arc::new).await;
/// # }
/// ```
///
/// # Panics
///
/// When something is not handed on, saying what.
pub async fn check_decorator<D: Authenticator>(decorate: impl FnOnce(Arc<dyn Authenticator>) -> D) {
    let (probe, decorated) = (Probe, decorate(Arc::new(Probe)));
    let deadline = Deadline::at(Instant::now() + Duration::from_secs(3600));
    let (sources, service) = (probe.sources(), "registry.example.com");
    for credentials in [
        Credentials::Anonymous,
        Credentials::password(KNOWN, "right"),
        Credentials::password(KNOWN, "wrong"),
        Credentials::password("nobody", "x"),
        Credentials::password(AWAY, "x"),
        Credentials::password(SIGNED, "x"),
    ] {
        let request = AuthnRequest::new(&credentials).with_service(service).with_client_id(Some("docker"));
        let request = request.with_address(Some(Ipv4Addr::LOCALHOST.into())).with_deadline(deadline);
        let [expected, found] =
            [probe.authenticate(&request).await, decorated.authenticate(&request).await].map(shown);
        assert_eq!(found, expected, "`authenticate` is another than that of the wrapped one");
        let [expected, found] = [probe.is_signed(&credentials), decorated.is_signed(&credentials)];
        assert_eq!(found, expected, "`is_signed` is another than that of the wrapped one");
    }
    for account in [KNOWN, DISABLED, OWNED, AWAY, "nobody"] {
        for source in [None, sources.first()] {
            let request = AccountRequest::new(account).from_source(source).with_deadline(deadline);
            let [expected, found] =
                [probe.revalidate(&request).await, decorated.revalidate(&request).await].map(shown);
            assert_eq!(found, expected, "`revalidate` is another than that of the wrapped one");
            let [expected, found] = [probe.owns(&request).await, decorated.owns(&request).await].map(shown);
            assert_eq!(found, expected, "`owns` is another than that of the wrapped one");
            let [expected, found] = [probe.precedence(&request), decorated.precedence(&request)];
            assert_eq!(found, expected, "`precedence` is another than that of the wrapped one");
        }
    }
    assert_eq!(decorated.sources(), probe.sources(), "`sources` are others than those of the wrapped one");
    // It may have one of its own.
    assert!(decorated.memory().is_some(), "`memory` is not handed on");
}

const KNOWN: &str = "known";
const DISABLED: &str = "disabled";
/// Owned, though [`revalidate`](Authenticator::revalidate) abstains.
const OWNED: &str = "owned";
/// What the probe cannot be asked about.
const AWAY: &str = "away";
const SIGNED: &str = "signed";

fn shown<T: std::fmt::Debug>(answer: Result<T, BackendError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(_) => "an error".to_owned(),
    }
}

/// Answers no two questions in the same way, and none as the defaults would.
struct Probe;

impl Succeed for Probe {
    fn succeed(&self, _: &Self) {}
}

impl Probe {
    fn known(&self) -> Authn {
        let mut identity = Identity::new(KNOWN);
        identity.source = self.sources().pop();
        Authn::Accept(identity)
    }
}

#[async_trait]
impl Authenticator for Probe {
    async fn authenticate(&self, request: &AuthnRequest<'_>) -> Result<Authn, BackendError> {
        let Credentials::Password { username, password } = request.credentials else {
            return Ok(Authn::Abstain);
        };
        match (username.as_str(), password.expose()) {
            (KNOWN, "right") => Ok(self.known()),
            // What was asked must be what is asked.
            (KNOWN | SIGNED, _) => Ok(Authn::Reject(format!("{request:?}").into())),
            (AWAY, _) => Err(BackendError::new("probe", "away")),
            _ => Ok(Authn::Abstain),
        }
    }

    async fn revalidate(&self, request: &AccountRequest<'_>) -> Result<Authn, BackendError> {
        match (request.account, request.source.is_some()) {
            (KNOWN, true) => Ok(self.known()),
            (KNOWN, false) => Ok(Authn::Accept(Identity::new(KNOWN))),
            (DISABLED, _) => Ok(Authn::Reject(format!("{request:?}").into())),
            (AWAY, _) => Err(BackendError::new("probe", "away")),
            _ => Ok(Authn::Abstain),
        }
    }

    async fn owns(&self, request: &AccountRequest<'_>) -> Result<bool, BackendError> {
        match request.account {
            AWAY => Err(BackendError::new("probe", "away")),
            account => Ok([KNOWN, DISABLED, OWNED].contains(&account)),
        }
    }

    fn precedence(&self, request: &AccountRequest<'_>) -> Precedence {
        match request.account {
            KNOWN | DISABLED => Precedence::Listed,
            OWNED => Precedence::Prefix(3),
            _ => Precedence::None,
        }
    }

    fn sources(&self) -> Vec<SourceId> {
        SourceId::try_from("probe").into_iter().collect()
    }

    fn is_signed(&self, credentials: &Credentials) -> bool {
        matches!(credentials, Credentials::Password { username, .. } if username == SIGNED)
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}
