//! Which part of a request a condition looks at.

use super::Condition;
use crate::AccessRequest;

/// A part of the request that patterns are about, and that placeholders stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    Account,
    Type,
    Name,
    Service,
}

impl Field {
    pub(super) const ALL: [Self; 4] = [Self::Account, Self::Type, Self::Name, Self::Service];

    /// What stands for the whole field in a pattern.
    pub(super) fn placeholder(self) -> &'static str {
        match self {
            Self::Account => "${account}",
            Self::Type => "${type}",
            Self::Name => "${name}",
            Self::Service => "${service}",
        }
    }

    /// The field that `${…:1}` means. docker_auth looks it up under the name in title case, which is why the first letter
    /// may have either case, and why the long s is an s.
    pub(super) fn of_group(name: &str) -> Option<Self> {
        Some(match name {
            "account" | "Account" => Self::Account,
            "type" | "Type" => Self::Type,
            "name" | "Name" => Self::Name,
            "service" | "Service" | "ſervice" => Self::Service,
            _ => return None,
        })
    }

    pub(super) fn of<'a>(self, request: &AccessRequest<'a>) -> &'a str {
        match self {
            Self::Account => request.account,
            Self::Type => request.resource_type,
            Self::Name => request.name,
            Self::Service => request.service,
        }
    }

    pub(super) fn condition(self) -> Condition {
        match self {
            Self::Account => Condition::Account,
            Self::Type => Condition::Type,
            Self::Name => Condition::Name,
            Self::Service => Condition::Service,
        }
    }
}
