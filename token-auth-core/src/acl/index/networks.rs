//! Rules by the network that a client's address is in.

use std::collections::HashMap;
use std::net::IpAddr;

use super::bucket::Bucket;
use super::candidates::Lists;
use crate::AccessRequest;
use crate::acl::network::Network;

/// Rules by the network that the client's address must be in.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks {
    /// The sizes of the networks that there are: at most one for each bit of an address.
    sizes: Box<[u32]>,
    buckets: HashMap<Network, Bucket>,
}

impl Networks {
    pub(super) fn new(buckets: HashMap<Network, Bucket>) -> Self {
        let mut sizes: Vec<u32> = buckets.keys().map(|network| network.bits()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        Self { sizes: sizes.into(), buckets }
    }

    pub(super) fn find<'i>(&'i self, address: IpAddr, request: &AccessRequest<'_>, lists: &mut Lists<'i>) {
        for size in &self.sizes {
            if let Some(bucket) =
                Network::around(address, *size).and_then(|network| self.buckets.get(&network))
            {
                bucket.find(request, lists);
            }
        }
    }
}
