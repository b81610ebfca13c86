//! A filter as it is sent (RFC 4511, section 4.5.1.7).

use super::super::wire::ber::{self, OCTETS, SEQUENCE, context, context_of};
use super::{Filter, Item, Node, Piece};

impl Filter {
    /// Appends it. Placeholders must have been [filled](Filter::render); one that was not is an empty value.
    pub(in crate::ldap) fn encode(&self, to: &mut Vec<u8>) {
        self.0.encode(to);
    }
}

impl Node {
    fn encode(&self, to: &mut Vec<u8>) {
        match self {
            Self::And(nodes) | Self::Or(nodes) => {
                let number = u8::from(matches!(self, Self::Or(_)));
                ber::nest(to, context_of(number), |to| nodes.iter().for_each(|node| node.encode(to)));
            }
            Self::Not(node) => ber::nest(to, context_of(2), |to| node.encode(to)),
            Self::Item(item) => item.encode(to),
        }
    }
}

impl Item {
    fn encode(&self, to: &mut Vec<u8>) {
        let parts = self.parts();
        match (self.operator, parts.as_slice()) {
            (":=", _) => self.encode_extensible(&parts.concat(), to),
            ("=", [value]) => self.encode_assertion(3, value, to),
            (">=", _) => self.encode_assertion(5, &parts.concat(), to),
            ("<=", _) => self.encode_assertion(6, &parts.concat(), to),
            ("~=", _) => self.encode_assertion(8, &parts.concat(), to),
            (_, [before, behind]) if before.is_empty() && behind.is_empty() => {
                ber::element(to, context(7), self.attribute.as_bytes());
            }
            _ => self.encode_substrings(&parts, to),
        }
    }

    fn encode_assertion(&self, number: u8, value: &[u8], to: &mut Vec<u8>) {
        ber::nest(to, context_of(number), |to| {
            ber::element(to, OCTETS, self.attribute.as_bytes());
            ber::element(to, OCTETS, value);
        });
    }

    /// The first and the last part may be empty: then the value begins, or ends, with anything.
    fn encode_substrings(&self, parts: &[Vec<u8>], to: &mut Vec<u8>) {
        let last = parts.len().saturating_sub(1);
        ber::nest(to, context_of(4), |to| {
            ber::element(to, OCTETS, self.attribute.as_bytes());
            ber::nest(to, SEQUENCE, |to| {
                for (index, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
                    let kind = match index {
                        0 => 0,
                        _ if index == last => 2,
                        _ => 1,
                    };
                    ber::element(to, context(kind), part);
                }
            });
        });
    }

    /// `attribute:dn:rule`, each part of it optional.
    fn encode_extensible(&self, value: &[u8], to: &mut Vec<u8>) {
        let (attribute, matching) = self.attribute.split_once(':').unwrap_or((&self.attribute, ""));
        let (dn, rule) = match matching {
            "dn" => (true, ""),
            _ => matching.strip_prefix("dn:").map_or((false, matching), |rule| (true, rule)),
        };
        ber::nest(to, context_of(9), |to| {
            for (number, text) in [(1, rule), (2, attribute)] {
                if !text.is_empty() {
                    ber::element(to, context(number), text.as_bytes());
                }
            }
            ber::element(to, context(3), value);
            if dn {
                ber::element(to, context(4), &[0xff]);
            }
        });
    }

    /// The value without its escapes, cut where anything may stand.
    fn parts(&self) -> Vec<Vec<u8>> {
        let (mut parts, mut part) = (Vec::new(), Vec::new());
        let texts = self.value.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_bytes(),
            Piece::Placeholder(_) => &[],
        });
        let mut bytes = texts.flatten().copied();
        let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b'0')).to_digit(16).unwrap_or_default();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' => {
                    let number = digit(bytes.next()) << 4 | digit(bytes.next());
                    part.extend(u8::try_from(number));
                }
                b'*' => parts.push(std::mem::take(&mut part)),
                other => part.push(other),
            }
        }
        parts.push(part);
        parts
    }
}
