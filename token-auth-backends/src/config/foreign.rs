//! The blocks of docker_auth that this build cannot serve: checked all the same, so that everything that is wrong with a
//! file is said at once.

use super::field::Field;
use super::section::Section;

/// A block and what to say of it.
pub(super) struct Block {
    pub(super) key: &'static str,
    shape: Shape,
    verdict: &'static str,
}

pub(super) enum Shape {
    Text,
    Flag,
    Integer,
    Duration,
    Texts,
    Keys(&'static [(&'static str, Shape)]),
    #[cfg(not(feature = "ldap"))]
    Each(&'static Shape),
}

#[cfg(not(feature = "ldap"))]
use Shape::Each;
use Shape::{Duration, Flag, Integer, Keys, Text, Texts};

const NOT_YET: &str = "is not supported yet by this build";
#[cfg(not(feature = "oauth2"))]
const NO_SIGN_IN: &str = "needs a build with the feature `oauth2`";
const NO_PLUGINS: &str = "cannot be supported: Go plugins load into Go programs only; use `ext_auth` or `ext_authz`, or \
                          embed the library and implement its trait";

#[cfg(not(feature = "oauth2"))]
const LEVEL_TOKEN_DB: Shape = Keys(&[("path", Text), ("token_hash_cost", Integer)]);
#[cfg(not(all(feature = "oauth2", feature = "token-store-object")))]
pub(super) const GCS_TOKEN_DB: Shape =
    Keys(&[("bucket", Text), ("client_secret_file", Text), ("token_hash_cost", Integer)]);
/// The fields of go-redis' options, by the names that Go's YAML library gives them.
pub(super) const REDIS_OPTIONS: Shape = Keys(&[
    ("network", Text),
    ("addr", Text),
    ("clientname", Text),
    ("protocol", Integer),
    ("username", Text),
    ("password", Text),
    ("db", Integer),
    ("maxretries", Integer),
    ("minretrybackoff", Duration),
    ("maxretrybackoff", Duration),
    ("dialtimeout", Duration),
    ("readtimeout", Duration),
    ("writetimeout", Duration),
    ("poolfifo", Flag),
    ("poolsize", Integer),
    ("pooltimeout", Duration),
    ("minidleconns", Integer),
    ("maxidleconns", Integer),
    ("maxconnage", Duration),
    ("idletimeout", Duration),
    ("idlecheckfrequency", Duration),
    ("connmaxidletime", Duration),
    ("connmaxlifetime", Duration),
]);
pub(super) const REDIS_CLUSTER_OPTIONS: Shape = Keys(&[
    ("addrs", Texts),
    ("clientname", Text),
    ("protocol", Integer),
    ("username", Text),
    ("password", Text),
    ("maxredirects", Integer),
    ("readonly", Flag),
    ("routebylatency", Flag),
    ("routerandomly", Flag),
    ("maxretries", Integer),
    ("minretrybackoff", Duration),
    ("maxretrybackoff", Duration),
    ("dialtimeout", Duration),
    ("readtimeout", Duration),
    ("writetimeout", Duration),
    ("poolfifo", Flag),
    ("poolsize", Integer),
    ("pooltimeout", Duration),
    ("minidleconns", Integer),
    ("maxidleconns", Integer),
    ("maxconnage", Duration),
    ("idletimeout", Duration),
    ("idlecheckfrequency", Duration),
    ("connmaxidletime", Duration),
    ("connmaxlifetime", Duration),
]);
#[cfg(not(all(feature = "oauth2", feature = "token-store-redis")))]
pub(super) const REDIS_TOKEN_DB: Shape = Keys(&[
    ("redis_options", REDIS_OPTIONS),
    ("redis_cluster_options", REDIS_CLUSTER_OPTIONS),
    ("token_hash_cost", Integer),
]);
const DIAL_INFO: Shape = Keys(&[
    ("addrs", Texts),
    ("timeout", Duration),
    ("database", Text),
    ("username", Text),
    ("password", Text),
    ("password_file", Text),
    ("enable_tls", Flag),
    ("direct", Flag),
    ("failfast", Flag),
    ("replicasetname", Text),
    ("source", Text),
    ("mechanism", Text),
    ("poollimit", Integer),
]);
const PROGRAM: Shape = Keys(&[("command", Text), ("args", Texts)]);
const PLUGIN: Shape = Keys(&[("plugin_path", Text)]);
#[cfg(not(feature = "ldap"))]
const LDAP_LABEL: Shape = Keys(&[("attribute", Text), ("parse_cn", Flag), ("lower_case", Flag)]);

pub(super) const LETSENCRYPT: Block = Block {
    key: "letsencrypt",
    shape: Keys(&[("email", Text), ("cache_dir", Text), ("host", Text)]),
    verdict: NOT_YET,
};

/// The blocks that tell who someone is.
pub(super) const AUTHENTICATORS: &[Block] = &[
    Block { key: "ext_auth", shape: PROGRAM, verdict: NOT_YET },
    #[cfg(not(feature = "oauth2"))]
    Block {
        key: "google_auth",
        shape: Keys(&[
            ("domain", Text),
            ("client_id", Text),
            ("client_secret", Text),
            ("client_secret_file", Text),
            ("level_token_db", LEVEL_TOKEN_DB),
            ("gcs_token_db", GCS_TOKEN_DB),
            ("redis_token_db", REDIS_TOKEN_DB),
            ("http_timeout", Duration),
        ]),
        verdict: NO_SIGN_IN,
    },
    #[cfg(not(feature = "oauth2"))]
    Block {
        key: "github_auth",
        shape: Keys(&[
            ("organization", Text),
            ("client_id", Text),
            ("client_secret", Text),
            ("client_secret_file", Text),
            ("level_token_db", LEVEL_TOKEN_DB),
            ("gcs_token_db", GCS_TOKEN_DB),
            ("redis_token_db", REDIS_TOKEN_DB),
            ("http_timeout", Duration),
            ("revalidate_after", Duration),
            ("github_web_uri", Text),
            ("github_api_uri", Text),
            ("registry_url", Text),
        ]),
        verdict: NO_SIGN_IN,
    },
    #[cfg(not(feature = "oauth2"))]
    Block {
        key: "oidc_auth",
        shape: Keys(&[
            ("issuer", Text),
            ("redirect_url", Text),
            ("client_id", Text),
            ("client_secret", Text),
            ("client_secret_file", Text),
            ("level_token_db", LEVEL_TOKEN_DB),
            ("gcs_token_db", GCS_TOKEN_DB),
            ("redis_token_db", REDIS_TOKEN_DB),
            ("http_timeout", Duration),
            ("registry_url", Text),
            ("user_claim", Text),
            ("label_claims", Texts),
            ("labels_claims", Texts),
            ("scopes", Texts),
        ]),
        verdict: NO_SIGN_IN,
    },
    #[cfg(not(feature = "oauth2"))]
    Block {
        key: "gitlab_auth",
        shape: Keys(&[
            ("organization", Text),
            ("client_id", Text),
            ("client_secret", Text),
            ("client_secret_file", Text),
            ("level_token_db", LEVEL_TOKEN_DB),
            ("gcs_token_db", GCS_TOKEN_DB),
            ("redis_token_db", REDIS_TOKEN_DB),
            ("http_timeout", Duration),
            ("revalidate_after", Duration),
            ("gitlab_web_uri", Text),
            ("gitlab_api_uri", Text),
            ("registry_url", Text),
            ("grant_type", Text),
            ("redirect_uri", Text),
        ]),
        verdict: NO_SIGN_IN,
    },
    #[cfg(not(feature = "ldap"))]
    Block {
        key: "ldap_auth",
        shape: Keys(&[
            ("addr", Text),
            ("tls", Text),
            ("insecure_tls_skip_verify", Flag),
            ("ca_certificate", Text),
            ("bind_dn", Text),
            ("bind_password_file", Text),
            ("base", Text),
            ("filter", Text),
            ("initial_bind_as_user", Flag),
            ("labels", Each(&LDAP_LABEL)),
        ]),
        verdict: "needs a build with the feature `ldap`",
    },
    Block {
        key: "mongo_auth",
        shape: Keys(&[("dial_info", DIAL_INFO), ("collection", Text)]),
        verdict: NOT_YET,
    },
    Block {
        key: "xorm_auth",
        shape: Keys(&[("database_type", Text), ("conn_string", Text)]),
        verdict: NOT_YET,
    },
    Block { key: "plugin_authn", shape: PLUGIN, verdict: NO_PLUGINS },
];

/// The blocks that tell what someone may do.
pub(super) const AUTHORIZERS: [Block; 5] = [
    Block {
        key: "acl_mongo",
        shape: Keys(&[("dial_info", DIAL_INFO), ("collection", Text), ("cache_ttl", Duration)]),
        verdict: NOT_YET,
    },
    Block {
        key: "acl_xorm",
        shape: Keys(&[("database_type", Text), ("conn_string", Text), ("cache_ttl", Duration)]),
        verdict: NOT_YET,
    },
    Block { key: "ext_authz", shape: PROGRAM, verdict: NOT_YET },
    Block { key: "plugin_authz", shape: PLUGIN, verdict: NO_PLUGINS },
    Block {
        key: "casbin_authz",
        shape: Keys(&[("model_path", Text), ("policy_path", Text)]),
        verdict: NOT_YET,
    },
];

impl Block {
    /// Says that the block cannot be served, and whatever else is wrong with it.
    pub(super) fn refuse(&self, field: &Field<'_>) {
        field.error(self.verdict);
        self.shape.check(field);
    }
}

impl Shape {
    /// Complains of the values of its keys only, for who reads further ones.
    #[cfg(feature = "token-store-redis")]
    pub(super) fn check_known(&self, section: &Section<'_>) {
        if let Keys(keys) = self {
            check_values(keys, section);
        }
    }

    pub(super) fn check(&self, field: &Field<'_>) {
        match self {
            Text => drop(field.text()),
            Flag => drop(field.flag()),
            Integer => drop(field.integer(i64::MIN, i64::MAX)),
            Duration => drop(field.duration()),
            Texts => drop(field.texts()),
            #[cfg(not(feature = "ldap"))]
            Each(shape) => {
                for (_, entry) in field.entries().unwrap_or_default() {
                    shape.check(&entry);
                }
            }
            Keys(keys) => drop(field.section().map(|section| check_keys(keys, section))),
        }
    }
}

fn check_keys(keys: &[(&'static str, Shape)], section: Section<'_>) {
    check_values(keys, &section);
    section.finish();
}

fn check_values(keys: &[(&'static str, Shape)], section: &Section<'_>) {
    for (key, shape) in keys {
        if let Some(field) = section.get(key) {
            shape.check(&field);
        }
    }
}
