//! What a store in object storage is made of.

use std::time::Duration;

/// How object storage is used. [`ObjectOptions::default`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectOptions {
    /// What the names of all objects begin with; then comes a `/`. Default `token-auth`.
    pub prefix: String,
    /// How long a request may take, with all its repetitions. Default 5 s.
    pub timeout: Duration,
    /// How many requests one operation makes at the same time. Default 32.
    pub at_once: usize,
    /// The largest object that is read, in bytes. Default 1 MiB.
    pub largest: u64,
    /// How long any other answer may be, in bytes: a listing, the text of an error. Counts where the storage is reached by a
    /// [`BoundedConnector`](super::BoundedConnector) of this length. Default 8 MiB.
    pub answer_bytes: usize,
}

impl Default for ObjectOptions {
    fn default() -> Self {
        Self {
            prefix: "token-auth".to_owned(),
            timeout: Duration::from_secs(5),
            at_once: 32,
            largest: 1 << 20,
            answer_bytes: 8 << 20,
        }
    }
}
