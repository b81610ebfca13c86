#![doc = include_str!("../../guides/webhook.md")]

mod answer;
mod authenticator;
mod authorizer;
mod authzen;
mod breaker;
mod error;
mod freshness;
mod opa;
mod options;
mod peer;
#[cfg(test)]
mod tests;

pub use authenticator::WebhookAuthenticator;
pub use authorizer::WebhookAuthorizer;
pub use error::WebhookError;
pub use options::{BreakerOptions, WebhookForm, WebhookLimits, WebhookOptions};
