//! What has to hold for every input: functions of bytes, for the fuzzer (`fuzz/`) and for the tests, which run them over
//! the fuzzer's seeds. Each panics where something does not hold.

mod access;
mod bytes;
mod certificates;
mod configuration;
mod directory;
mod http;
mod jwts;
mod patterns;
mod records;
mod rules;
mod scopes;

pub use access::index;
pub use certificates::certificates;
pub use configuration::configuration;
pub use directory::directory;
pub use http::http;
pub use jwts::jwts;
pub use patterns::patterns;
pub use records::records;
pub use rules::rules;
pub use scopes::scopes;
