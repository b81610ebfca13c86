//! How a configuration that was loaded again goes on where the one before it was.

use super::Loaded;

impl Loaded {
    /// Goes on where a configuration was that was loaded before: with its keys as long as tokens that they signed live, the
    /// guesses at passwords that it has counted, the passwords that it has verified and the hashes that it is computing, the
    /// connections and the memory of a directory, the keys of issuers and providers. Each of them as far as it is still true:
    /// of a user with another hash nothing is kept, and a directory that is described otherwise begins anew
    /// ([`Succeed`](token_auth_core::Succeed)).
    ///
    /// The previous one stays as it was, so that this one may still be thrown away. Call it before requests are answered.
    ///
    /// ```no_run
    /// use token_auth_backends::config::{Config, ConfigOptions, LoadError, Loaded};
    ///
    /// fn reload(running: &Loaded) -> Result<Loaded, LoadError> {
    ///     let mut next = Config::load("auth_config.yml", &ConfigOptions::default())?;
    ///     next.succeed(running);
    ///     Ok(next)
    /// }
    /// ```
    pub fn succeed(&mut self, previous: &Self) {
        self.service = self.service.clone().succeeding(&previous.service);
    }
}
