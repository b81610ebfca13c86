//! Accounts of an LDAP directory: OpenLDAP, Active Directory, FreeIPA, lldap and others.
//!
//! ```no_run
//! use token_auth_backends::core::{Authenticator, Authn, AuthnRequest, Credentials};
//! use token_auth_backends::ldap::{GroupSearch, LdapAuthenticator, LdapOptions, ServiceAccount, UserSearch};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let users = UserSearch::new("ou=people,dc=example,dc=com", "(uid=${account})".parse()?);
//! let mut options = LdapOptions::new(["ldaps://ldap.example.com".parse()?], users);
//! options.service = Some(ServiceAccount::new("cn=registry,dc=example,dc=com", "/run/secrets/ldap"));
//! let groups = GroupSearch::new("ou=groups,dc=example,dc=com", "(member=${dn})".parse()?);
//! options.groups.push(groups.with_label("groups"));
//! let directory = LdapAuthenticator::new(options)?;
//!
//! let credentials = Credentials::password("alice", "wonderland");
//! let answer = directory.authenticate(&AuthnRequest::new(&credentials)).await?;
//! assert!(matches!(answer, Authn::Accept(identity) if &*identity.account == "alice"));
//! # Ok(())
//! # }
//! ```
//!
//! # What is an answer, and what is none
//!
//! | the directory | outcome |
//! |---|---|
//! | finds no entry | abstains: the next in the chain is asked |
//! | finds several | the one that is called so counts; if there is none, or not one alone, rejects |
//! | finds the account that searches | abstains: it is nobody's, and is never bound with a client's password |
//! | refuses the user's password | rejects |
//! | refuses the account: disabled, locked, expired | rejects, and the log says why |
//! | refuses the service account, is busy, sends too much or what is not LDAP, does not answer in time, gives too many entries, refers elsewhere | error: the client gets 503, and never 401 |
//!
//! References to other servers within the results of a search, as Active Directory gives them for its other partitions, are
//! passed over; a referral instead of a result is an error. Neither is followed: the password would go where nobody sent it.
//!
//! # Refresh tokens
//!
//! [`revalidate`](crate::core::Authenticator::revalidate) looks an account up by its name, with the status and the groups that it
//! has now. The identity's security stamp is the time of the last change of the password, where the directory tells it
//! (`pwdLastSet`, `pwdChangedTime`, `krbLastPwdChange` and others): refresh tokens end with the password then.
//!
//! # Whose an account is
//!
//! [`owns`](crate::core::Authenticator::owns) looks whether there is an entry that is called so, whatever its state, so that no
//! other source's user becomes an account of the directory. The answer is remembered for [`LdapMemory::owned`]. Where users are
//! bound and nobody may search, it is an error: nobody can tell.
//!
//! # What a client can find out
//!
//! A name that does not exist is answered as a wrong password is, and costs a bind, too ([`LdapOptions::hide_unknown`]); what
//! remains is how long the directory itself takes to refuse either. An empty name or password, and one that is too long,
//! never reach the server.

mod account;
mod authenticator;
mod connection;
mod directory;
mod dn;
mod entry;
mod failure;
mod filter;
mod groups;
mod health;
mod label;
mod memory;
mod name;
mod options;
mod pool;
mod searcher;
mod secret;
mod server;
mod service;
mod status;
mod tls;
mod wire;

pub use authenticator::LdapAuthenticator;
pub use dn::BindTemplate;
#[cfg(feature = "config")]
pub(crate) use filter::is_attribute;
pub use filter::{Filter, FilterError};
pub use label::LabelRule;
pub use options::{
    AccountName, AttributeLabel, GroupSearch, LdapLimits, LdapMemory, LdapOptions, LdapPool, LdapTimeouts,
    LdapTls, ServiceAccount, UserSearch,
};
pub use server::{LdapServer, Security};
