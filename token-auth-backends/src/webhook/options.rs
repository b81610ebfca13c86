//! Which service is asked, in which form, and what it may cost.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::http_client::ClientIdentity;

/// The form of a question to a service, and of its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookForm {
    /// Ours.
    #[default]
    TokenAuth,
    /// That of Open Policy Agent's data API: `{"input": …}` and `{"result": …}`.
    OpenPolicyAgent,
    /// The Access Evaluation of the AuthZEN Authorization API 1.0, a question for each action. For authorizers only.
    AuthZen,
}

/// What a service may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookLimits {
    /// For the whole of a question, with all that is tried again; the request's deadline may come before. Default 3 seconds.
    pub timeout: Duration,
    /// How often a question is tried again, where that is safe: when no connection came about; and, unless it is a login, when
    /// there was no answer, or the status was 502, 503 or 504. Default 1.
    pub retries: u32,
    /// How many questions are asked at once; at least one. Default 64.
    pub concurrency: usize,
    /// How many may wait for their turn, at most. Beyond that they fail at once; the network that has most of them waiting is
    /// the first that goes without. Default 1024.
    pub queue: usize,
    /// How long one may have to wait. Default 4 seconds.
    pub patience: Duration,
    /// Bytes of an answer. Default 64 KiB.
    pub answer_bytes: usize,
    /// How long an answer is good at most, whatever its `Cache-Control` says. Default 5 minutes; zero remembers none.
    pub longest_cache: Duration,
    /// How many answers are remembered. Default 10,000.
    pub cache_entries: usize,
    /// Actions of one scope that an AuthZEN service is asked about, each by a question of its own. Nothing is granted to a
    /// request with more. Default 8.
    pub actions: usize,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            retries: 1,
            concurrency: 64,
            queue: 1024,
            patience: Duration::from_secs(4),
            answer_bytes: 64 << 10,
            longest_cache: Duration::from_secs(300),
            cache_entries: 10_000,
            actions: 8,
        }
    }
}

/// When a service that does not answer is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerOptions {
    /// After so many failures in a row; at least one. No answer in time, none at all, and 502, 503 and 504 are failures.
    /// Default 5.
    pub failures: u32,
    /// For so long, after which one question tries it; each time it fails, twice as long as before. Default 1 second.
    pub pause: Duration,
    /// And never longer than this. Default 30 seconds.
    pub longest_pause: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(1), longest_pause: Duration::from_secs(30) }
    }
}

/// A service that is asked over HTTPS.
///
/// ```
/// use token_auth_backends::webhook::{WebhookForm, WebhookOptions};
///
/// let options = WebhookOptions::new("https://policy.example/v1/data/registry/access")
///     .with_form(WebhookForm::OpenPolicyAgent)
///     .with_bearer_file("/run/secrets/policy-token");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookOptions {
    /// Where it is asked: https, without user, query and fragment.
    pub url: String,
    /// Whether http will do for a service on this machine's loopback. Default: no.
    pub allow_loopback_http: bool,
    /// The form of questions and answers. Default: ours.
    pub form: WebhookForm,
    /// Certificates in PEM that are trusted beside those of the system.
    pub certificates: Option<Vec<u8>>,
    /// The certificate that is shown to the service. Default: none.
    pub identity: Option<ClientIdentity>,
    /// A file with a bearer token for the service, read each time: whoever renews it writes it anew. Default: none.
    pub bearer_file: Option<PathBuf>,
    /// What AuthZEN services are told of every subject, beside its labels: `cerbos.roles`, say. Default: nothing.
    pub subject_properties: BTreeMap<String, Vec<String>>,
    /// What it may cost.
    pub limits: WebhookLimits,
    /// When it is left alone.
    pub breaker: BreakerOptions,
}

impl WebhookOptions {
    /// A service that is asked at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            allow_loopback_http: false,
            form: WebhookForm::default(),
            certificates: None,
            identity: None,
            bearer_file: None,
            subject_properties: BTreeMap::new(),
            limits: WebhookLimits::default(),
            breaker: BreakerOptions::default(),
        }
    }

    /// The same, over http if it is on this machine's loopback.
    #[must_use]
    pub fn allowing_loopback_http(self) -> Self {
        Self { allow_loopback_http: true, ..self }
    }

    /// The same, asked in this form.
    #[must_use]
    pub fn with_form(self, form: WebhookForm) -> Self {
        Self { form, ..self }
    }

    /// The same, where these certificates are trusted, too.
    #[must_use]
    pub fn with_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { certificates: Some(pem.into()), ..self }
    }

    /// The same, to which this certificate is shown.
    #[must_use]
    pub fn with_identity(self, identity: ClientIdentity) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// The same, to which the bearer token in this file is shown.
    #[must_use]
    pub fn with_bearer_file(self, file: impl Into<PathBuf>) -> Self {
        Self { bearer_file: Some(file.into()), ..self }
    }

    /// The same, where AuthZEN services are told this of every subject.
    #[must_use]
    pub fn with_subject_property<V: Into<String>>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.subject_properties.insert(name.into(), values.into_iter().map(Into::into).collect());
        self
    }

    /// The same within these limits.
    #[must_use]
    pub fn with_limits(self, limits: WebhookLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same, left alone at other times.
    #[must_use]
    pub fn with_breaker(self, breaker: BreakerOptions) -> Self {
        Self { breaker, ..self }
    }
}
