//! Connections to servers that keep tokens, whose answers are looked at before a driver parses them.
//!
//! A driver believes what it is sent: a length of two thousand million bytes is room that it makes, an answer without an end
//! is memory without an end. Each protocol has a [`Watch`] here that follows it closely enough to know how long an answer is;
//! what is too long, too deep or no answer at all ends the connection at once.

#[cfg(any(feature = "sql", feature = "token-store-sql"))]
pub(crate) mod mysql;
#[cfg(any(feature = "sql", feature = "token-store-sql"))]
pub(crate) mod postgres;
#[cfg(feature = "token-store-redis")]
pub(crate) mod redis;
#[cfg(test)]
mod tests;
mod watched;

pub(crate) use watched::{BadAnswer, Watch, Watched};

/// How long an answer may be, in bytes, unless the options say otherwise: 8 MiB. A page of five hundred tokens, each of them
/// with a long list of scopes, is a tenth of it.
pub(crate) const ANSWER_BYTES: usize = 8 << 20;
