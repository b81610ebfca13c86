//! Accounts and rules in a database: docker_auth's `xorm_auth` and `acl_xorm`, in the tables that it makes.
//!
//! PostgreSQL, MariaDB (MySQL) or SQLite, under the connection strings of the drivers that docker_auth has ([`SqlDatabase`]).
//! The tables are made if they are not there; who may only read needs them to be there.
//!
//! | table | columns |
//! |---|---|
//! | `xorm_user` | `id`, `username`, `password_hash`, `labels` (JSON: `{"group": ["dev"]}`) |
//! | `xorm_acl_entry` | `acl_entry` (JSON: `{"Match": {"account": "alice"}, "Actions": ["*"], "Comment": "…"}`), `seq` |
//!
//! ```no_run
//! use std::sync::Arc;
//! use token_auth_backends::password::{PasswordVerifier, VerifierOptions};
//! use token_auth_backends::sql::{SqlAcl, SqlAclOptions, SqlDatabase, SqlKind, SqlUsers, SqlUsersOptions};
//! use token_auth_core::{AuthenticatorChain, AuthorizerChain};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let conn_string = "host=db.example.com user=registry password=secret dbname=registry sslmode=verify-full";
//! let database = SqlDatabase::new(SqlKind::Postgres, conn_string)?;
//! let verifier = Arc::new(PasswordVerifier::new(VerifierOptions::default())?);
//! let mut who = AuthenticatorChain::new();
//! who.push("xorm", SqlUsers::new(SqlUsersOptions::new(database.clone()), verifier))?;
//! let mut what = AuthorizerChain::new();
//! what.push(SqlAcl::new(SqlAclOptions::new(database)));
//! # Ok(())
//! # }
//! ```
//!
//! What a database answers is bounded before it is parsed, and in time. A database that is away is an error, and never "no".

mod acl;
mod costs;
mod database;
mod dsn;
mod fault;
mod link;
mod row;
mod rules;
mod standing;
mod table;
mod users;

pub use acl::{SqlAcl, SqlAclOptions};
pub use database::{SqlDatabase, SqlKind};
pub use dsn::AddressError;
pub use users::{SqlUsers, SqlUsersOptions};
