//! As much DER as it takes to say what a key is; whether it is sound is for the cryptographic library to say.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
#[cfg(feature = "sign")]
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed: the curve of an `ECPrivateKey` (RFC 5915).
pub(super) const CONTEXT_0: u8 = 0xa0;

/// The elements of a sequence, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element, if it has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        (found == tag).then(|| {
            self.0 = rest;
            content
        })
    }

    /// The next element as a whole, if it has this tag.
    pub(super) fn read_whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        let before = self.0;
        self.read(tag)?;
        before.get(..before.len() - self.0.len())
    }

    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.read(SEQUENCE).map(Self)
    }

    /// The magnitude of the next element, a positive integer, without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        self.read(INTEGER).map(without_leading_zeros)
    }
}

/// The `SubjectPublicKeyInfo` of a certificate (RFC 5280, section 4.1).
pub(super) fn key_of_certificate(certificate: &[u8]) -> Option<&[u8]> {
    let mut outer = Reader::new(certificate);
    let mut whole = outer.sequence().filter(|_| outer.is_empty())?;
    let mut signed = whole.sequence()?;
    (whole.read(SEQUENCE).is_some() && whole.read(BIT_STRING).is_some() && whole.is_empty()).then_some(())?;
    // The version, unless it is the first.
    let _ = signed.read(CONTEXT_0);
    signed.read(INTEGER)?;
    // How it is signed, the issuer, the validity, the subject.
    (0..4).try_for_each(|_| signed.read(SEQUENCE).map(drop))?;
    signed.read_whole(SEQUENCE)
}

/// `r` and `s` of an `Ecdsa-Sig-Value` (RFC 3279, section 2.2.3), each in this length.
#[cfg(feature = "sign")]
pub(super) fn ecdsa_signature(der: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut outer = Reader::new(der);
    let mut numbers = outer.sequence()?;
    let mut fixed = Vec::with_capacity(2 * length);
    for _ in 0..2 {
        let number = numbers.read(INTEGER)?;
        let (first, magnitude) = (number.first()?, without_leading_zeros(number));
        // Neither is negative, zero, or longer than the order of the curve.
        if *first >= 0x80 || magnitude.is_empty() || magnitude.len() > length {
            return None;
        }
        fixed.resize(fixed.len() + length - magnitude.len(), 0);
        fixed.extend_from_slice(magnitude);
    }
    (numbers.is_empty() && outer.is_empty()).then_some(fixed)
}

pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// How many bits a big-endian number has.
pub(super) fn bits(number: &[u8]) -> usize {
    let number = without_leading_zeros(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
