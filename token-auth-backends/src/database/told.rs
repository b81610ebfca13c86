//! What went wrong on the way to a database, in the protocol of its driver.

use std::io;

/// An `ErrorResponse` of PostgreSQL: fatal, `08006` (connection failure).
pub(crate) fn postgres(error: &io::Error) -> Vec<u8> {
    let mut fields = Vec::new();
    for (field, text) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', "08006"), (b'M', &*words(error))] {
        fields.push(field);
        fields.extend_from_slice(text.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).unwrap_or(u32::MAX);
    [b"E", &length.to_be_bytes()[..], &fields].concat()
}

/// An error packet of MySQL: 2013 (lost connection).
pub(crate) fn mysql(error: &io::Error) -> Vec<u8> {
    let content = [&[0xff][..], &2013_u16.to_le_bytes(), b"#HY000", words(error).as_bytes()].concat();
    let [a, b, c, _] = u32::try_from(content.len()).unwrap_or_default().to_le_bytes();
    [&[a, b, c, 0], &content[..]].concat()
}

fn words(error: &io::Error) -> String {
    error.to_string().replace('\0', "").chars().take(500).collect()
}
