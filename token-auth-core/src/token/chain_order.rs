use x509_parser::prelude::{X509Certificate, X509Error};

use super::Finding;

/// Whether one names the other as its issuer.
pub(super) fn issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    issuer.subject().as_raw() == certificate.issuer().as_raw()
}

/// What is wrong with the first certificate that the next one did not issue.
pub(super) fn broken_link(chain: &[X509Certificate<'_>]) -> Option<Finding> {
    for (at, pair) in chain.windows(2).enumerate() {
        let [certificate, issuer] = pair else { continue };
        if !issued(issuer, certificate) {
            return Some(Finding::ChainOrder { position: at + 1, order: order(chain) });
        }
        // An algorithm that cannot be checked here says nothing about the link.
        if certificate.verify_signature(Some(issuer.public_key()))
            == Err(X509Error::SignatureVerificationError)
        {
            return Some(Finding::ChainSignature { position: at + 1 });
        }
    }
    None
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
