//! Identity and policy sources for the Docker/OCI registry token protocol: what [`token_auth_core`]'s two traits are
//! asked.
//!
//! ```
//! use std::sync::Arc;
//! use token_auth_backends::core::{Authenticator, Authn, AuthnRequest, Credentials};
//! use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
//! use token_auth_backends::static_users::{StaticUser, StaticUsers};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default())?);
//! let hash = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC".parse()?;
//! let users = StaticUsers::new(verifier, [("admin", StaticUser::new(hash))]);
//!
//! let credentials = Credentials::password("admin", "badmin");
//! let answer = users.authenticate(&AuthnRequest::new(&credentials)).await?;
//! assert!(matches!(answer, Authn::Accept(identity) if &*identity.account == "admin"));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! One module is one feature; none changes what another does.
//!
//! | feature | gives |
//! |---|---|
//! | `static-users` (default) | `static_users`: accounts named in the configuration |
//! | `htpasswd` | `htpasswd`: accounts of a password file, and groups of a group file |
//! | `ldap` | `ldap`: accounts of an LDAP directory or Active Directory, with its groups |
//! | `casbin` | `casbin`: rules in the language of casbin: docker_auth's `casbin_authz` |
//! | `external` | `external`: programs that say who somebody is and what they may do, on Unix |
//! | `webhook` | `webhook`: services that say it over HTTPS; Open Policy Agent, and what speaks AuthZEN |
//! | `config` | `config`: docker_auth's configuration file, read as it is |
//! | `oauth2` | `oauth2`: sign-in with the browser at OpenID Connect providers, Google, GitHub and GitLab, and its pages |
//! | `password` | `password`: bcrypt, checked off the reactor; the features above need it |
//! | `argon2` | Argon2 hashes wherever a password hash is read |
//! | `sha-crypt` | SHA-crypt hashes (`$5$`, `$6$`) wherever a password hash is read |
//! | `registry` | `registry`: which registries accept a token, why others do not, and what to give them |
//! | `http-client` | `http_client`: a bounded HTTP client, for backends that ask someone over HTTP |
//! | `sql` | `sql`: accounts and rules in PostgreSQL, MariaDB or SQLite: docker_auth's `xorm_auth` and `acl_xorm` |
//! | `token-store-object` | `token_store::object`: the same in S3, Google Cloud Storage or Azure Blob Storage |
//! | `token-store-redis` | `token_store::redis`: the same in Redis, single or cluster, for several replicas |
//! | `token-store-sql` | `token_store::sql`: the same in PostgreSQL, MariaDB or SQLite |
//! | `token-store-redb` | `token_store::redb`: refresh tokens and personal access tokens in one file |
//! | `workload` | `workload`: signed identities of build jobs and pods, in place of passwords |
//! | `http` | `core::http`: the service as a tower `Service` |
//! | `testkit` | `testkit`: the contract tests that every backend runs |
//!
//! # What it refuses
//!
//! MD5, SHA-1, DES and plain passwords; an empty password for an account that has one; to look up an account that a
//! client only claims.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use token_auth_core as core;
pub use token_auth_core::*;

#[cfg(any(feature = "casbin", feature = "htpasswd", feature = "ldap"))]
pub use crate::stamp::FileStamps;

#[cfg(feature = "password")]
mod accounts;
#[cfg(feature = "casbin")]
pub mod casbin;
#[cfg(feature = "config")]
pub mod config;
#[cfg(any(feature = "sql", feature = "token-store-sql"))]
mod database;
#[cfg(feature = "password")]
mod decoys;
#[cfg(any(feature = "sql", feature = "token-store-redb", feature = "token-store-sql"))]
mod file_id;
#[cfg(any(feature = "config", feature = "sql"))]
mod go_duration;
#[cfg(all(feature = "external", unix))]
pub mod external;
#[cfg(feature = "htpasswd")]
pub mod htpasswd;
#[cfg(feature = "http-client")]
pub mod http_client;
#[cfg(any(feature = "oauth2", feature = "workload"))]
mod issuer;
#[cfg(feature = "ldap")]
pub mod ldap;
#[cfg(any(
    feature = "casbin",
    feature = "config",
    feature = "htpasswd",
    feature = "ldap",
    feature = "sql",
    feature = "token-store-sql",
    feature = "webhook",
    feature = "workload"
))]
mod named_file;
#[cfg(feature = "oauth2")]
pub mod oauth2;
#[cfg(any(feature = "ldap", feature = "sql"))]
mod owned;
#[cfg(any(all(feature = "external", unix), feature = "webhook"))]
mod outside;
#[cfg(feature = "password")]
pub mod password;
#[cfg(any(feature = "sql", feature = "token-store-redis", feature = "token-store-sql"))]
mod peer;
#[cfg(any(feature = "ldap", feature = "sql", feature = "token-store-redis", feature = "token-store-sql"))]
mod peer_tls;
#[cfg(any(feature = "ldap", feature = "password"))]
mod recent;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(any(feature = "casbin", feature = "htpasswd", feature = "ldap"))]
mod stamp;
#[cfg(feature = "static-users")]
pub mod static_users;
#[cfg(any(feature = "ldap", feature = "password"))]
mod tag;
#[cfg(feature = "testkit")]
pub mod testkit;
#[cfg(any(
    feature = "token-store-object",
    feature = "token-store-redb",
    feature = "token-store-redis",
    feature = "token-store-sql"
))]
pub mod token_store;
#[cfg(any(all(feature = "external", unix), feature = "password", feature = "webhook"))]
mod turns;
#[cfg(feature = "webhook")]
pub mod webhook;
#[cfg(feature = "workload")]
pub mod workload;
