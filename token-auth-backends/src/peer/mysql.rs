//! MySQL's protocol: packets with a length and a number before them; behind an upgrade to TLS only their bytes are counted.

use super::{BadAnswer, Watch};

/// The flag by which a client begins TLS (`CLIENT_SSL`), in the second byte of its capabilities.
const CLIENT_SSL: u8 = 0x08;
/// The length of the packet that says only that.
const SSL_REQUEST_BYTES: usize = 32;

/// One connection.
pub(crate) struct MySqlWatch {
    most: usize,
    /// Since something was sent.
    spent: usize,
    ours: Packets,
    theirs: Packets,
    /// The number that the next packet of the server has.
    next: u8,
    encrypted: bool,
}

impl MySqlWatch {
    /// No answer may be longer than this, all its packets together.
    pub(crate) fn new(most: usize) -> Self {
        let (ours, theirs) = (Packets::default(), Packets::default());
        Self { most, spent: 0, ours, theirs, next: 0, encrypted: false }
    }
}

impl Watch for MySqlWatch {
    fn sent(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.spent = 0;
        if self.encrypted {
            return;
        }
        let Self { ours, next, encrypted, .. } = self;
        ours.feed(bytes, |head| {
            *next = head.number.wrapping_add(1);
            *encrypted |= head.length == SSL_REQUEST_BYTES && head.second & CLIENT_SSL != 0;
        });
    }

    fn received(&mut self, bytes: &[u8]) -> Result<(), BadAnswer> {
        self.spent = self.spent.saturating_add(bytes.len());
        let Self { most, spent, theirs, next, .. } = self;
        if *spent > *most {
            return Err(BadAnswer::TooLong(*most));
        }
        if self.encrypted {
            return Ok(());
        }
        let mut verdict = Ok(());
        theirs.feed(bytes, |head| {
            let length = head.length.saturating_add(*spent);
            verdict = match verdict {
                Ok(()) if head.number != *next => Err(BadAnswer::Garbage),
                Ok(()) if length > most.saturating_add(bytes.len()) => Err(BadAnswer::TooLong(*most)),
                verdict => verdict,
            };
            *next = next.wrapping_add(1);
        });
        verdict
    }
}

/// Packets one after the other.
#[derive(Default)]
struct Packets {
    head: Vec<u8>,
    /// Of the present packet, behind what is looked at.
    left: usize,
}

/// The beginning of a packet.
struct Head {
    length: usize,
    number: u8,
    /// The second byte of its content.
    second: u8,
}

impl Packets {
    fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&Head)) {
        while !bytes.is_empty() {
            let here = self.left.min(bytes.len());
            self.left -= here;
            bytes = bytes.get(here..).unwrap_or_default();
            let Some((&byte, rest)) = bytes.split_first() else { return };
            self.head.push(byte);
            bytes = rest;
            let (length, number, content) = match self.head.as_slice() {
                &[a, b, c, number, ref content @ ..] => {
                    (u32::from_le_bytes([a, b, c, 0]) as usize, number, content)
                }
                _ => continue,
            };
            let wanted = length.min(2);
            if content.len() == wanted {
                each(&Head { length, number, second: content.get(1).copied().unwrap_or_default() });
                self.left = length - wanted;
                self.head.clear();
            }
        }
    }
}
