//! When a request began to come.

use std::time::Instant;

/// When the first byte of a request came, for its extensions: what a client waits for begins there, not where the request has
/// been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received(pub Instant);
