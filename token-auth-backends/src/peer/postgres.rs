//! PostgreSQL's protocol: messages with a length before them.

use super::{BadAnswer, Watch};

/// The kinds of messages that a server sends (PostgreSQL documentation, "Message Formats").
const KINDS: &[u8] = b"123ACDEGHIKNRSTVWZcdnstv";

/// One connection, from the first message of the server on.
pub(crate) struct PostgresWatch {
    most: usize,
    /// Since something was sent.
    spent: usize,
    head: Vec<u8>,
    /// Of the present message.
    left: usize,
}

impl PostgresWatch {
    /// No answer may be longer than this, all its messages together.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, spent: 0, head: Vec::with_capacity(5), left: 0 }
    }
}

impl Watch for PostgresWatch {
    fn sent(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.spent = 0;
        }
    }

    fn received(&mut self, mut bytes: &[u8]) -> Result<(), BadAnswer> {
        while !bytes.is_empty() {
            if self.left > 0 {
                let here = self.left.min(bytes.len());
                self.left -= here;
                bytes = bytes.get(here..).unwrap_or_default();
                continue;
            }
            let here = bytes.len().min(5 - self.head.len());
            let (head, rest) = bytes.split_at(here);
            self.head.extend_from_slice(head);
            bytes = rest;
            if self.head.first().is_some_and(|kind| !KINDS.contains(kind)) {
                return Err(BadAnswer::Garbage);
            }
            let &[_, a, b, c, d] = self.head.as_slice() else { return Ok(()) };
            // The length counts itself.
            let length = u32::from_be_bytes([a, b, c, d]).checked_sub(4).ok_or(BadAnswer::Garbage)?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            self.spent = self.spent.saturating_add(5).saturating_add(length);
            if self.spent > self.most {
                return Err(BadAnswer::TooLong(self.most));
            }
            self.left = length;
            self.head.clear();
        }
        Ok(())
    }
}
