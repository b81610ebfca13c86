//! What someone may have meant by a key that is not known.

/// Keys that are often put into another block than their own.
const ELSEWHERE: [(&str, &str); 20] = [
    ("letsencrypt", "server"),
    ("addr", "server"),
    ("net", "server"),
    ("path_prefix", "server"),
    ("hsts", "server"),
    ("real_ip_header", "server"),
    ("real_ip_pos", "server"),
    ("trusted_proxies", "server"),
    ("tls_min_version", "server"),
    ("tls_cipher_suites", "server"),
    ("tls_curve_preferences", "server"),
    ("issuer", "token"),
    ("expiration", "token"),
    ("disable_legacy_key_id", "token"),
    ("services", "token"),
    ("account", "match"),
    ("type", "match"),
    ("name", "match"),
    ("service", "match"),
    ("ip", "match"),
];

/// A hint for a key that is unknown in the section at `path`.
pub(super) fn hint(key: &str, known: &[&'static str], path: &str) -> Option<String> {
    let allowed = if key.chars().count() < 4 { 1 } else { 2 };
    let distance = |candidate: &&&'static str| strsim::osa_distance(&key.to_lowercase(), candidate);
    let nearest = known.iter().filter(|candidate| distance(candidate) <= allowed).min_by_key(distance);
    if let Some(nearest) = nearest {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let (_, home) = ELSEWHERE.iter().find(|(name, home)| *name == key && *home != path)?;
    Some(format!("it belongs under `{home}`"))
}
