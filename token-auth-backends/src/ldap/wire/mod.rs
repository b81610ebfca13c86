//! The protocol as it travels (RFC 4511): bytes to messages and back, over a connection with or without TLS.
//!
//! What a server sends is bounded before it is parsed: a message by its length, which is judged as soon as it is there; an answer
//! by the sum of its messages; and how deep it is nested is no matter, since the reader does not recurse.

pub(super) mod ber;
mod dialogue;
mod frame;
mod message;
mod outcome;
mod stream;

pub(super) use dialogue::{Dialogue, Trouble, Wanted};
pub(super) use message::Outcome;
