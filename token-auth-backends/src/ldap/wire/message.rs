//! The messages of LDAP that a login needs (RFC 4511, section 4): what is asked, and what is answered.

use zeroize::Zeroizing;

use super::ber::{self, ENUMERATED, INTEGER, Malformed, OCTETS, Reader, SEQUENCE, SET, application, context};
use crate::ldap::entry::DirectoryEntry;
use crate::ldap::filter::Filter;

/// What is asked.
pub(super) enum Request<'a> {
    /// With a name and a password (section 4.2).
    Bind { name: &'a str, password: &'a str },
    /// In the whole tree below the base (section 4.5).
    Search { base: &'a str, filter: &'a Filter, attributes: &'a [String], size: i32, seconds: i32 },
    /// An operation that has a name alone (section 4.12).
    Extended(&'static str),
}

/// Begins TLS (section 4.14).
pub(super) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Who am I (RFC 4532).
pub(super) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    Bound(Outcome),
    DirectoryEntry(DirectoryEntry),
    /// A reference to another server, or an intermediate response; neither is made anything of.
    Aside,
    Found(Outcome),
    Extended(Outcome, Option<String>),
}

/// How an operation ended (section 4.1.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct Outcome {
    pub(in crate::ldap) code: u32,
    /// What the server says about it, for people.
    pub(in crate::ldap) text: String,
}

const BIND_RESPONSE: u8 = application(1);
const SEARCH_ENTRY: u8 = application(4);
const SEARCH_DONE: u8 = application(5);
const SEARCH_REFERENCE: u8 = application(19);
const EXTENDED_RESPONSE: u8 = application(24);
const INTERMEDIATE: u8 = application(25);

impl Request<'_> {
    /// The message. It is wiped after its use: it may hold a password.
    pub(super) fn encode(&self, id: i32) -> Zeroizing<Vec<u8>> {
        let mut message = Zeroizing::new(Vec::new());
        ber::nest(&mut message, SEQUENCE, |message| {
            ber::number(message, INTEGER, id);
            match self {
                Self::Bind { name, password } => ber::nest(message, application(0), |bind| {
                    ber::number(bind, INTEGER, 3);
                    ber::element(bind, OCTETS, name.as_bytes());
                    ber::element(bind, context(0), password.as_bytes());
                }),
                Self::Search { base, filter, attributes, size, seconds } => {
                    ber::nest(message, application(3), |search| {
                        ber::element(search, OCTETS, base.as_bytes());
                        // The whole subtree; aliases are not followed.
                        ber::number(search, ENUMERATED, 2);
                        ber::number(search, ENUMERATED, 0);
                        ber::number(search, INTEGER, *size);
                        ber::number(search, INTEGER, *seconds);
                        ber::boolean(search, false);
                        filter.encode(search);
                        ber::nest(search, SEQUENCE, |list| {
                            for attribute in *attributes {
                                ber::element(list, OCTETS, attribute.as_bytes());
                            }
                        });
                    });
                }
                Self::Extended(name) => ber::nest(message, application(23), |extended| {
                    ber::element(extended, context(0), name.as_bytes());
                }),
            }
        });
        message
    }
}

/// Whether an operation of this tag is one that a server may send.
pub(super) fn is_response(tag: u8) -> bool {
    matches!(
        tag,
        BIND_RESPONSE | SEARCH_ENTRY | SEARCH_DONE | SEARCH_REFERENCE | EXTENDED_RESPONSE | INTERMEDIATE
    )
}

/// A whole message: its number, and what it says. Controls behind it are passed over.
pub(super) fn parse(message: &[u8]) -> Result<(u32, Response), Malformed> {
    let mut reader = Reader::new(message).within(SEQUENCE)?;
    let id = reader.number(INTEGER)?;
    let (tag, content) = reader.next()?;
    let mut reader = Reader::new(content);
    let response = match tag {
        BIND_RESPONSE => Response::Bound(outcome(&mut reader)?),
        SEARCH_ENTRY => Response::DirectoryEntry(entry(reader)?),
        SEARCH_DONE => Response::Found(outcome(&mut reader)?),
        SEARCH_REFERENCE | INTERMEDIATE => Response::Aside,
        EXTENDED_RESPONSE => {
            let outcome = outcome(&mut reader)?;
            let mut value = None;
            while !reader.is_empty() {
                if let (0x8b, content) = reader.next()? {
                    value = Some(String::from_utf8(content.to_vec()).map_err(|_| Malformed)?);
                }
            }
            Response::Extended(outcome, value)
        }
        _ => return Err(Malformed),
    };
    Ok((id, response))
}

fn outcome(reader: &mut Reader<'_>) -> Result<Outcome, Malformed> {
    let code = reader.number(ENUMERATED)?;
    let _matched = reader.expect(OCTETS)?;
    // Some servers write another encoding here, and it is for people only.
    let text = String::from_utf8_lossy(reader.expect(OCTETS)?).into_owned();
    Ok(Outcome { code, text })
}

fn entry(mut reader: Reader<'_>) -> Result<DirectoryEntry, Malformed> {
    let dn = reader.text(OCTETS)?.to_owned();
    let mut list = reader.within(SEQUENCE)?;
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let mut attribute = list.within(SEQUENCE)?;
        let name = attribute.text(OCTETS)?.to_owned();
        let mut set = attribute.within(SET)?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.expect(OCTETS)?.to_vec());
        }
        attributes.push((name, values));
    }
    Ok(DirectoryEntry::new(dn, attributes))
}
