//! What every provider has, at which people sign in with the browser.

use crate::config::SourceName;
use crate::config::kind::{Key, Kind};

pub(super) const COMMON: &[Key] = &[
    Key::new("client_id", Kind::Text, "The id of this client at the provider.")
        .required()
        .example("registry"),
    Key::new("client_secret", Kind::Text, "Its secret.").secret()
        .example("secret")
        .instead_of(&["client_secret_file"]),
    Key::new("client_secret_file", Kind::File, "The file that holds it.").secret()
        .usual()
        .example("/run/secrets/provider"),
    Key::new("registry_url", Kind::Text, "The registry's name, for the commands on the pages.")
        .example("registry.example.com"),
    Key::new("http_timeout", Kind::TIME_OR_ZERO, "How long the provider may take to answer.").default("10s"),
    Key::new(
        "revalidate_after",
        Kind::TIME_OR_ZERO,
        "After what time the provider is asked again about an account.",
    )
    .default("1h"),
    Key::new(
        "id",
        Kind::Text,
        "What the log and tokens call the source, and the path `/ID_auth`; each of several in one configuration needs its own.",
    )
    .ours()
    .example("staff"),
    Key::new("name", Kind::Text, "What stands on the button.").ours().example("Staff"),
    SourceName::ACCOUNT_PREFIX,
    Key::new("ca_certificate", Kind::File, "Certificates (PEM) that are trusted beside those of the system.")
        .ours()
        .example("/etc/docker-auth/provider-ca.pem"),
];

/// What OpenID Connect has.
pub(super) const CLAIMS: &[Key] = &[
    Key::new("scopes", Kind::TEXTS, "What is asked for.").default("[openid, email]"),
    Key::new("user_claim", Kind::Text, "The claim that names the account.").default("email"),
    Key::new(
        "dangerous_unverified_email",
        Kind::Flag,
        "Whether an address counts that the provider does not call verified: only where nobody can edit it there.",
    )
    .ours()
    .default("false"),
    Key::new(
        "label_claims",
        Kind::TEXTS,
        "Claims that become labels: names, or paths with dots; `LABEL=CLAIM` gives the label another name.",
    )
    .example("[groups, roles=realm_access.roles]"),
    Key::new("labels_claims", Kind::TEXTS, "Another name of `label_claims`.")
        .instead_of(&["label_claims"])
        .example("[groups]"),
    Key::new("clock_skew", Kind::TIME_OR_ZERO, "How far the clocks may differ, at most 10m.")
        .ours()
        .default("1m"),
    Key::new("discovery_ttl", Kind::TIME_OR_ZERO, "How long the provider's keys are kept.")
        .ours()
        .default("1h"),
];

/// What a code forge has.
pub(super) const FORGE: &[Key] = &[
    Key::new("organization", Kind::Text, "Only its members may sign in; without it everyone may.")
        .example("acme"),
    Key::new("scopes", Kind::TEXTS, "What is asked for instead of the least that is needed.")
        .ours()
        .example("[\"read:org\"]"),
];
