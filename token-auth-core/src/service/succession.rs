//! Keys that are published without signing, and how a running server passes from one key to the next.

use std::time::{Duration, SystemTime};

use jsonwebtoken::jwk::JwkSet;

use super::TokenService;
use crate::hand_over;
use crate::token::{PublicKey, PublishedKey, jwks};

/// How long a key is published after its last token has expired. Registries take a token for a minute more, clocks differ,
/// and a request that was under way when the key was replaced may have got its token a little later.
const MARGIN: Duration = Duration::from_secs(300);

impl TokenService {
    /// Publishes these keys, too, which do not sign: the next one, before it signs; earlier ones, while their tokens live.
    #[must_use]
    pub fn with_published_keys(mut self, keys: impl IntoIterator<Item = PublishedKey>) -> Self {
        self.published.extend(keys);
        self
    }

    /// Takes the place of a service that ran until now: goes on publishing its keys until the last token that it may have
    /// signed has expired everywhere, for its own tokens' lifetime and five minutes more. Goes on counting guesses at
    /// passwords, too. And each source, each policy and the store of tokens goes on with what its namesake knew, as far as that
    /// is still true ([`Succeed`](crate::Succeed)).
    ///
    /// The previous service stays as it was: whether this one is used may be decided afterwards.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use token_auth_core::{TokenService, token::Signer};
    /// # use token_auth_core::{AuthenticatorChain, AuthorizerChain, token::SigningKey};
    /// # let signer = || Signer::new(SigningKey::from_pem(rcgen::KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap());
    /// # let service = |signer: Signer| TokenService::new("Acme", AuthenticatorChain::new(), AuthorizerChain::new(), signer);
    ///
    /// let (old_signer, new_signer) = (signer()?, signer()?);
    /// # let (old, new) = (old_signer.public_key().clone(), new_signer.public_key().clone());
    /// let before = service(old_signer)?.with_lifetime(Duration::from_secs(900))?;
    /// let after = service(new_signer)?.succeeding(&before);
    /// assert_eq!(after.public_keys(SystemTime::now()), [new.clone(), old]);
    /// assert_eq!(after.public_keys(SystemTime::now() + Duration::from_secs(1300)), [new]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn succeeding(mut self, previous: &Self) -> Self {
        self.attempts = self.attempts.clone().succeeding(&previous.attempts);
        self.forgeries = self.forgeries.clone().succeeding(&previous.forgeries);
        hand_over(previous.authenticator.memory(), self.authenticator.memory());
        hand_over(previous.authorizer.memory(), self.authorizer.memory());
        if let (Some(before), Some(now)) = (&previous.tokens, &self.tokens) {
            hand_over(before.store().memory(), now.store().memory());
        }
        let now = self.clock.now();
        // A time that cannot be told is beyond any that is asked for.
        let last = now.checked_add(previous.lifetime.saturating_add(MARGIN));
        let signed = previous.signer.public_keys().into_iter().map(|key| PublishedKey { key, until: last });
        // What the configuration of the previous one published without an end is for the new one's to say.
        let retired = previous.published.iter().filter(|key| key.until.is_some() && key.is_published(now));
        for key in signed.chain(retired.cloned()) {
            // Beside one without an end, which the next configuration may leave out.
            let same = |known: &&mut PublishedKey| known.key == key.key && known.until.is_some();
            match self.published.iter_mut().find(same) {
                Some(known) if key.until.is_some() => known.until = known.until.max(key.until),
                _ => self.published.push(key),
            }
        }
        self
    }

    /// The keys to publish at that time: those that the signer names, then those that only stay published.
    pub fn public_keys(&self, now: SystemTime) -> Vec<PublicKey> {
        let mut keys = self.signer.public_keys();
        for published in self.published.iter().filter(|key| key.is_published(now)) {
            if !keys.contains(&published.key) {
                keys.push(published.key.clone());
            }
        }
        keys
    }

    /// The keys that tokens which are still good may be signed with, as a JWK set (RFC 7517).
    pub fn jwks(&self) -> JwkSet {
        jwks(&self.public_keys(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::token::{Signer, SigningKey};
    use crate::{AuthenticatorChain, AuthorizerChain};

    macro_rules! signing_key {
        ($name:literal) => {
            SigningKey::from_pem(include_bytes!(concat!("../../testdata/keys/", $name))).unwrap()
        };
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// A server that is configured again and again, and the names of the keys that it publishes.
    struct Server {
        clock: Arc<AtomicU64>,
        service: TokenService,
    }

    impl Server {
        fn new(signs: SigningKey, lifetime: u64) -> Self {
            let clock = Arc::new(AtomicU64::new(0));
            let service = Self::configure(&clock, signs, lifetime, Vec::new());
            Self { clock, service }
        }

        fn configure(
            clock: &Arc<AtomicU64>,
            signs: SigningKey,
            lifetime: u64,
            publishes: Vec<PublishedKey>,
        ) -> TokenService {
            let (clock, signer) = (Arc::clone(clock), Signer::new(signs).unwrap());
            TokenService::new("Acme", AuthenticatorChain::new(), AuthorizerChain::new(), signer)
                .and_then(|service| service.with_lifetime(Duration::from_secs(lifetime)))
                .unwrap()
                .with_clock(move || at(clock.load(Ordering::Relaxed)))
                .with_published_keys(publishes)
        }

        fn reload(&mut self, signs: SigningKey, lifetime: u64, publishes: Vec<PublishedKey>) {
            let next = Self::configure(&self.clock, signs, lifetime, publishes);
            self.service = next.succeeding(&self.service);
        }

        fn publishes(&self, seconds: u64) -> Vec<&'static str> {
            self.clock.store(seconds, Ordering::Relaxed);
            let mut names = Vec::new();
            for jwk in self.service.jwks().keys {
                let key = PublicKey::from_jwk(&jwk).unwrap();
                let name = key.algorithm().name();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        }
    }

    fn p256() -> SigningKey {
        signing_key!("p256.pem")
    }

    fn p384() -> SigningKey {
        signing_key!("p384.pem")
    }

    fn kept(key: &SigningKey) -> PublishedKey {
        PublishedKey::new(key.public_key().clone())
    }

    #[test]
    fn a_replaced_key_is_published_until_its_last_token_has_expired() {
        let mut server = Server::new(p256(), 900);
        assert_eq!(server.publishes(100), ["ES256"]);
        server.reload(p384(), 60, Vec::new());
        assert_eq!(server.publishes(100), ["ES384", "ES256"]);
        assert_eq!(server.publishes(100 + 900 + 299), ["ES384", "ES256"]);
        assert_eq!(server.publishes(100 + 900 + 300), ["ES384"]);
    }

    #[test]
    fn further_reloads_neither_shorten_nor_prolong_it() {
        let mut server = Server::new(p256(), 900);
        server.reload(p384(), 60, Vec::new());
        for seconds in [100, 200, 300] {
            assert_eq!(server.publishes(seconds), ["ES384", "ES256"]);
            server.reload(p384(), 60, Vec::new());
        }
        assert_eq!(server.publishes(1199), ["ES384", "ES256"]);
        assert_eq!(server.publishes(1200), ["ES384"]);
        assert_eq!(server.service.published.len(), 2, "what has ended is forgotten at the next reload");
        server.reload(p384(), 60, Vec::new());
        assert_eq!(server.service.published.len(), 1);
    }

    #[test]
    fn a_longer_lifetime_of_the_same_key_is_remembered() {
        let mut server = Server::new(p256(), 86_400);
        server.reload(p256(), 60, Vec::new());
        assert_eq!(server.publishes(10), ["ES256"]);
        server.reload(p384(), 60, Vec::new());
        assert_eq!(server.publishes(86_400), ["ES384", "ES256"]);
        assert_eq!(server.publishes(86_700), ["ES384"]);
    }

    #[test]
    fn a_key_that_signs_again_is_not_forgotten() {
        let mut server = Server::new(p256(), 900);
        server.reload(p384(), 900, Vec::new());
        server.reload(p256(), 900, Vec::new());
        assert_eq!(server.publishes(5000), ["ES256"]);
        server.reload(p384(), 900, Vec::new());
        assert_eq!(server.publishes(6199), ["ES384", "ES256"]);
        assert_eq!(server.publishes(6200), ["ES384"]);
    }

    #[test]
    fn the_configuration_publishes_as_long_as_it_says() {
        let next = kept(&p384());
        let mut server = Server::new(p256(), 900);
        server.reload(p256(), 900, vec![next]);
        assert_eq!(server.publishes(1_000_000), ["ES256", "ES384"]);
        // It never signed: nothing keeps it.
        server.reload(p256(), 900, Vec::new());
        assert_eq!(server.publishes(1_000_000), ["ES256"]);
        let ending = PublishedKey::until(p384().public_key().clone(), at(1_000_010));
        server.reload(p256(), 900, vec![ending]);
        assert_eq!(server.publishes(1_000_009), ["ES256", "ES384"]);
        assert_eq!(server.publishes(1_000_010), ["ES256"]);
    }

    #[test]
    fn a_key_that_the_configuration_names_and_then_forgets_lives_as_long_as_its_tokens() {
        let mut server = Server::new(p256(), 900);
        server.reload(p384(), 900, vec![kept(&p256())]);
        server.reload(p384(), 900, Vec::new());
        assert_eq!(server.publishes(1199), ["ES384", "ES256"]);
        assert_eq!(server.publishes(1200), ["ES384"]);
    }
}
