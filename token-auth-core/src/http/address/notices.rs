//! What the log says once of clients' addresses that are missing or not believed.

use std::sync::atomic::{AtomicBool, Ordering};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use super::{AddressSource, ClientAddress};

/// What was said already, by one endpoint.
#[derive(Debug, Default)]
pub(in crate::http) struct Notices {
    missing: AtomicBool,
    disbelieved: AtomicBool,
}

impl Notices {
    /// Looks at a request whose address was found where it was said to stand.
    pub(in crate::http) fn of(
        &self,
        source: &AddressSource,
        headers: &HeaderMap,
        connection: Option<ClientAddress>,
    ) {
        if source.believes(connection) {
            return;
        }
        if let Some(name) = forwarding(source, headers)
            && first(&self.disbelieved)
        {
            tracing::warn!(
                header = name.as_str(),
                peer = ?connection,
                "a request names its client in a header that is not believed: behind a proxy all clients share the proxy's \
                 address, and with it rules and the limit of guesses; name header and proxies (AddressSource, or \
                 server.real_ip_header and server.trusted_proxies)"
            );
        }
        let how = match connection {
            Some(ClientAddress::Ip(_)) => return,
            Some(ClientAddress::LocalSocket) => {
                "a local socket has none, and no header is named that a proxy gives them in"
            }
            None => "put a ClientAddress into the extensions of each request",
        };
        if first(&self.missing) {
            tracing::warn!(
                how,
                "requests come without their client's address: rules with `ip` never apply, and guesses at passwords are \
                 limited for all clients together"
            );
        }
    }
}

/// The header by which a proxy names its client.
fn forwarding(source: &AddressSource, headers: &HeaderMap) -> Option<HeaderName> {
    let usual = [HeaderName::from_static("x-forwarded-for"), FORWARDED, HeaderName::from_static("x-real-ip")];
    let named = source.header.iter().map(|header| header.name.clone());
    named.chain(usual).find(|name| headers.contains_key(name))
}

/// Whether it is the first time.
fn first(said: &AtomicBool) -> bool {
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
}
