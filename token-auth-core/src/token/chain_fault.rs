//! Whether each certificate of a chain was issued by the next one.

use std::fmt;

use x509_parser::prelude::{X509Certificate, X509Error};

/// What is wrong with a chain of certificates. Registries accept tokens with such a chain as long as they trust its first
/// certificate; other verifiers may not.
///
/// [`Display`](fmt::Display) says what to do, too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainFault {
    /// A certificate names another issuer than the one after it.
    Order {
        /// Which, counted from 1.
        position: usize,
        /// The positions in the order that would be right, if there is one.
        order: Option<Vec<usize>>,
    },
    /// A certificate names the one after it as its issuer, but that one's key did not sign it.
    Signature {
        /// Which, counted from 1.
        position: usize,
    },
}

impl ChainFault {
    /// The first one of a chain.
    pub(super) fn of(chain: &[X509Certificate<'_>]) -> Option<Self> {
        for (at, pair) in chain.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            if !issued(issuer, certificate) {
                return Some(Self::Order { position: at + 1, order: order(chain) });
            }
            // An algorithm that cannot be checked here says nothing about the link.
            if certificate.verify_signature(Some(issuer.public_key()))
                == Err(X509Error::SignatureVerificationError)
            {
                return Some(Self::Signature { position: at + 1 });
            }
        }
        None
    }
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { position, order } => {
                write!(f, "certificate {position} was not issued by certificate {}: ", position + 1)?;
                let Some(order) = order else {
                    return f.write_str(
                        "put the signing key's own first, then each one's issuer, and nothing else",
                    );
                };
                f.write_str("put them in the order ")?;
                for (at, position) in order.iter().enumerate() {
                    write!(f, "{}{position}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
            Self::Signature { position } => write!(
                f,
                "certificate {position} is not signed by certificate {}, although it names it as its issuer: give the \
                 issuer's certificate that was in use then",
                position + 1
            ),
        }
    }
}

/// Whether one names the other as its issuer.
pub(super) fn issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    issuer.subject().as_raw() == certificate.issuer().as_raw()
}

/// The positions in which the certificates would be a chain, if they can be one.
fn order(chain: &[X509Certificate<'_>]) -> Option<Vec<usize>> {
    let mut order = vec![0];
    while order.len() < chain.len() {
        let last = chain.get(*order.last()?)?;
        let next = (0..chain.len())
            .find(|at| !order.contains(at) && chain.get(*at).is_some_and(|issuer| issued(issuer, last)))?;
        order.push(next);
    }
    Some(order.into_iter().map(|at| at + 1).collect())
}
