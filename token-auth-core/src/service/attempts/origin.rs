//! Where guesses come from, and what shares a count.

use std::net::IpAddr;

use super::Tag;
use crate::ClientNetwork;

/// What a count is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A client's network.
    Network(ClientNetwork),
    /// Whoever asks for this account where no address is known: one count for all the world would let anyone lock out
    /// anyone.
    Unaddressed(Tag),
    /// This account, wherever guesses at it come from.
    Anywhere(Tag),
}

impl Origin {
    pub(super) fn of(address: Option<IpAddr>, account: Tag) -> Self {
        address.map_or(Self::Unaddressed(account), |address| Self::Network(ClientNetwork::of(address)))
    }
}
