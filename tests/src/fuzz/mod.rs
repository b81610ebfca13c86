//! What has to hold for every input: functions of bytes, for the fuzzer (`fuzz/`) and for the tests, which run them over
//! the fuzzer's seeds. Each panics where something does not hold.

mod access;
mod bytes;
mod patterns;
mod rules;
mod scopes;

pub use access::index;
pub use patterns::patterns;
pub use rules::rules;
pub use scopes::scopes;
