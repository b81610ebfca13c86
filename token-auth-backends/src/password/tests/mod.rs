mod hashes;
mod probe;
mod verifying;

pub(crate) use probe::Probe;
