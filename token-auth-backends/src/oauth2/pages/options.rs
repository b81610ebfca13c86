//! What the pages offer, and how long things last there.

use std::time::Duration;

use token_auth_core::http::AddressSource;
use url::Url;

/// How the pages are served.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PageOptions {
    /// Where browsers find the pages, with the path that they are mounted at: `https://registry.example.com/login`.
    /// Without it, what the request says (`Host`) and [`tls`](Self::tls) and [`path_prefix`](Self::path_prefix) are
    /// believed: right only where no reverse proxy is in front.
    pub public_url: Option<Url>,
    /// The issuer of the service's tokens. A session is good on the pages of this issuer and this public URL alone, whoever
    /// else has the same sealing keys. Default: empty.
    pub issuer: String,
    /// What the paths of requests begin with. Default: nothing.
    pub path_prefix: String,
    /// Whether this server itself speaks TLS; counts where there is no public URL.
    pub tls: bool,
    /// Where the client's address stands, for the log. Default: it is the connection's.
    pub addresses: AddressSource,
    /// The registry's name on the pages: `registry.example.com`. Default: nothing, and commands have a placeholder.
    pub registry: Option<String>,
    /// How long someone is signed in to the pages. Default 30 min.
    pub session: Duration,
    /// How long someone may take to sign in at the provider. Default 10 min.
    pub sign_in: Duration,
    /// The longest lifetime of a token; `None` for tokens without an end, too. Default 365 days.
    pub token_lifetime: Option<Duration>,
    /// How many personal access tokens an account may have. Default 50.
    pub tokens: usize,
    /// Bytes of a query, and of a form. Default 16 KiB.
    pub request_bytes: usize,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            issuer: String::new(),
            path_prefix: String::new(),
            tls: false,
            addresses: AddressSource::default(),
            registry: None,
            session: Duration::from_secs(30 * 60),
            sign_in: Duration::from_secs(10 * 60),
            token_lifetime: Some(Duration::from_secs(365 * 86_400)),
            tokens: 50,
            request_bytes: 16 * 1024,
        }
    }
}

impl PageOptions {
    /// The pages where browsers find them at this address.
    pub fn at(public_url: Url) -> Self {
        Self { public_url: Some(public_url), ..Self::default() }
    }
}
