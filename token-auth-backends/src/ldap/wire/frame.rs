//! Where a message ends, and whether it can be one at all: told by its first bytes.

use super::ber::{self, INTEGER, Malformed, SEQUENCE};
use super::message;

/// How many bytes the message at the beginning of these has; `None` while that cannot be told. What is no message of a directory
/// is found out by its first wrong byte.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err(Malformed);
    }
    let Some(outer) = ber::header(bytes)? else { return Ok(None) };
    // A number of one to four bytes, and an operation.
    let behind = bytes.get(outer.bytes..).unwrap_or_default();
    if behind.first().is_some_and(|tag| *tag != INTEGER) {
        return Err(Malformed);
    }
    if let Some(number) = ber::header(behind)? {
        if !(1..=4).contains(&number.content) || number.bytes + number.content >= outer.content {
            return Err(Malformed);
        }
        let operation = behind.get(number.bytes + number.content);
        if operation.is_some_and(|tag| !message::is_response(*tag)) {
            return Err(Malformed);
        }
    }
    outer.bytes.checked_add(outer.content).map(Some).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_message_by_its_first_bytes() {
        let done = [0x30, 0x0c, 2, 1, 7, 0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0];
        for cut in 0..done.len() {
            let expected = if cut < 2 { None } else { Some(done.len()) };
            assert_eq!(length(&done[..cut]), Ok(expected), "{cut}");
        }
        assert_eq!(length(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), Ok(Some(0x7fff_ffff + 6)));
        assert_eq!(length(&[0x30, 0x84, 0x7f, 0xff]), Ok(None));
        for (name, bytes) in [
            ("another protocol", &b"HTTP/1.1 400 Bad Request"[..]),
            ("a record of TLS", &[0x15, 3, 3, 0, 2]),
            ("no number", &[0x30, 5, 0x30]),
            ("a number of no bytes", &[0x30, 5, 2, 0]),
            ("a number of five bytes", &[0x30, 9, 2, 5]),
            ("nothing but a number", &[0x30, 3, 2, 1]),
            ("a request", &[0x30, 12, 2, 1, 1, 0x60]),
            ("no operation", &[0x30, 12, 2, 1, 1, 4]),
            ("without an end", &[0x30, 0x80]),
        ] {
            assert_eq!(length(bytes), Err(Malformed), "{name}");
        }
    }
}
