//! Writes and reads the basic encoding rules (X.690), as far as LDAP uses them (RFC 4511, section 5.1).
//!
//! Nothing here recurses: a reader gives the elements of one level, and whoever asks for the next one names what it must be. How
//! deep a message is nested is therefore no matter.

/// What cannot be what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct Malformed;

pub(in crate::ldap) const INTEGER: u8 = 0x02;
pub(in crate::ldap) const OCTETS: u8 = 0x04;
pub(in crate::ldap) const ENUMERATED: u8 = 0x0a;
pub(in crate::ldap) const SEQUENCE: u8 = 0x30;
pub(in crate::ldap) const SET: u8 = 0x31;

const BOOLEAN: u8 = 0x01;
/// The bit that tells an element made of elements.
const CONSTRUCTED: u8 = 0x20;

/// `[number]`, a text.
pub(in crate::ldap) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// `[number]`, made of elements.
pub(in crate::ldap) const fn context_of(number: u8) -> u8 {
    0x80 | CONSTRUCTED | number
}

/// `[APPLICATION number]`, made of elements.
pub(in crate::ldap) const fn application(number: u8) -> u8 {
    0x40 | CONSTRUCTED | number
}

/// Appends an element.
pub(in crate::ldap) fn element(to: &mut Vec<u8>, tag: u8, content: &[u8]) {
    to.push(tag);
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let length = length.get(zeros..).unwrap_or_default();
    match length {
        [] => to.push(0),
        [short @ 0..=0x7f] => to.push(*short),
        long => {
            // At most eight of them.
            to.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            to.extend(long);
        }
    }
    to.extend(content);
}

/// Appends an element made of elements.
pub(in crate::ldap) fn nest(to: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let mut content = zeroize::Zeroizing::new(Vec::new());
    write(&mut content);
    element(to, tag, &content);
}

/// Appends a number: an `INTEGER`, or an `ENUMERATED`.
pub(in crate::ldap) fn number(to: &mut Vec<u8>, tag: u8, value: i32) {
    let bytes = value.to_be_bytes();
    // The first byte is needless where it only repeats the sign of the next.
    let needless =
        bytes.windows(2).take_while(|pair| matches!(pair, [0x00, 0x00..=0x7f] | [0xff, 0x80..=0xff])).count();
    element(to, tag, bytes.get(needless..).unwrap_or(&bytes));
}

pub(in crate::ldap) fn boolean(to: &mut Vec<u8>, value: bool) {
    element(to, BOOLEAN, &[if value { 0xff } else { 0 }]);
}

/// The elements of one level.
#[derive(Clone, Copy, Debug)]
pub(in crate::ldap) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(in crate::ldap) fn new(content: &'a [u8]) -> Self {
        Self(content)
    }

    pub(in crate::ldap) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element, whatever it is: its tag and its content.
    pub(in crate::ldap) fn next(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let header = header(self.0)?.ok_or(Malformed)?;
        let end = header.bytes.checked_add(header.content).ok_or(Malformed)?;
        let content = self.0.get(header.bytes..end).ok_or(Malformed)?;
        self.0 = self.0.get(end..).ok_or(Malformed)?;
        Ok((header.tag, content))
    }

    /// The content of the next element, which must have this tag.
    pub(in crate::ldap) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Malformed),
        }
    }

    /// The elements within the next one.
    pub(in crate::ldap) fn within(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.expect(tag).map(Self)
    }

    /// A number that is not negative.
    pub(in crate::ldap) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let content = self.expect(tag)?;
        match content {
            [0..=0x7f] | [0..=0x7f, _] | [0..=0x7f, _, _] | [0..=0x7f, _, _, _] => {
                Ok(content.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
            }
            _ => Err(Malformed),
        }
    }

    pub(in crate::ldap) fn text(&mut self, tag: u8) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.expect(tag)?).map_err(|_| Malformed)
    }
}

/// How an element begins.
pub(in crate::ldap) struct Header {
    pub(in crate::ldap) tag: u8,
    /// How many bytes tag and length are.
    pub(in crate::ldap) bytes: usize,
    /// How many bytes follow.
    pub(in crate::ldap) content: usize,
}

/// The beginning of an element; `None` where more must be read to tell. Lengths are definite in LDAP, and tags are one byte.
pub(in crate::ldap) fn header(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let Some((&tag, behind)) = bytes.split_first() else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    let Some((&first, behind)) = behind.split_first() else { return Ok(None) };
    match first {
        0..=0x7f => Ok(Some(Header { tag, bytes: 2, content: first.into() })),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let Some(length) = behind.get(..count) else { return Ok(None) };
            let content = length.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
            let content = usize::try_from(content).map_err(|_| Malformed)?;
            Ok(Some(Header { tag, bytes: 2 + count, content }))
        }
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_reads() {
        for value in [0, 1, 127, 128, 255, 256, 0x7fff, 0x8000, 0x7fff_ffff] {
            let mut bytes = Vec::new();
            number(&mut bytes, INTEGER, value);
            assert_eq!(Reader::new(&bytes).number(INTEGER), Ok(value as u32), "{value}: {bytes:x?}");
        }
        let mut minus = Vec::new();
        number(&mut minus, INTEGER, -129);
        assert_eq!(minus, [INTEGER, 2, 0xff, 0x7f]);
        for length in [0, 1, 127, 128, 255, 256, 65_536] {
            let content = vec![7; length];
            let mut bytes = Vec::new();
            element(&mut bytes, OCTETS, &content);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.expect(OCTETS), Ok(&*content), "{length}");
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn refuses_what_is_not_an_element() {
        for (name, bytes) in [
            ("a tag of several bytes", &[0x3f, 0x81, 0x01, 0x00][..]),
            ("a length without an end", &[0x30, 0x80, 0x00, 0x00]),
            ("a length of eight bytes", &[0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("a length that is reserved", &[0x30, 0xff]),
            ("longer than what is there", &[0x04, 0x05, 0x00]),
            ("a length that is cut", &[0x04, 0x82, 0x01]),
            ("nothing", &[]),
        ] {
            assert_eq!(Reader::new(bytes).next(), Err(Malformed), "{name}");
        }
        for bytes in [&[INTEGER, 0][..], &[INTEGER, 1, 0x80], &[INTEGER, 5, 0, 0, 0, 0, 0]] {
            assert_eq!(Reader::new(bytes).number(INTEGER), Err(Malformed), "{bytes:x?}");
        }
    }
}
