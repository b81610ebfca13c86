//! Several sources, or policies, asked in order: the first that does not abstain decides.

mod authenticators;
mod authorizers;
#[cfg(test)]
mod tests;

pub use authenticators::AuthenticatorChain;
pub use authorizers::AuthorizerChain;
