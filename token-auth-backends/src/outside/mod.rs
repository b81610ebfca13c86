//! What programs and services outside are asked, and what of their answers is kept and believed.

mod identity;
mod known;
mod labels;
mod outcomes;
mod question;

pub(crate) use identity::{ToldIdentity, is_plain};
pub(crate) use known::KnownAccounts;
pub(crate) use labels::ToldLabels;
pub(crate) use outcomes::Outcomes;
pub(crate) use question::Question;
