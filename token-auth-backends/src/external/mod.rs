#![doc = include_str!("../../guides/external.md")]

mod authenticator;
mod authorizer;
mod complaint;
mod docker_auth;
mod error;
mod lookup;
mod options;
mod program;
mod running;
mod runs;
mod stragglers;
#[cfg(test)]
mod tests;

pub use authenticator::ExternalAuthenticator;
pub use authorizer::ExternalAuthorizer;
pub use error::ProgramError;
pub use options::{ProgramForm, ProgramLimits, ProgramOptions};
