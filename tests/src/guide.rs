/// The blocks of YAML below a heading of the guide to directories.
///
/// # Panics
///
/// When there is no such heading.
pub fn guide_to_directories(heading: &str) -> Vec<&'static str> {
    let guide = include_str!("../../token-auth-backends/guides/ldap.md");
    blocks(guide, "\n## ", heading)
}

/// The blocks of YAML below a heading of the guide to workload identity.
///
/// # Panics
///
/// When there is no such heading.
pub fn guide_to_workloads(heading: &str) -> Vec<&'static str> {
    let guide = include_str!("../../token-auth-backends/guides/workload.md");
    blocks(guide, "\n# ", heading)
}

/// The service in Python that the guide to webhooks shows.
///
/// # Panics
///
/// When the guide has none.
pub fn guide_to_webhooks() -> &'static str {
    let guide = include_str!("../../token-auth-backends/guides/webhook.md");
    let (_, service) = guide.split_once("```python\n").expect("a service in Python");
    service.split("```").next().unwrap_or(service)
}

/// What the guide to the sign-in configures behind a reverse proxy: the keys of `server` that are about it, and nginx's block.
///
/// # Panics
///
/// When the guide has none.
pub fn guide_to_proxies() -> (String, &'static str) {
    let guide = include_str!("../../token-auth-backends/guides/sign-in.md");
    let server = blocks(guide, "\n## ", "Behind a reverse proxy")[1];
    let keys = server.lines().filter(|line| !line.contains("addr:")).filter_map(|line| {
        let key = line.strip_prefix("  ")?;
        Some(key.split(" #").next().unwrap_or(key).trim())
    });
    let (_, nginx) = guide.split_once("```nginx\n").expect("a block for nginx");
    (keys.collect::<Vec<_>>().join(", "), nginx.split("```").next().unwrap_or(nginx))
}

fn blocks(guide: &'static str, before: &str, heading: &str) -> Vec<&'static str> {
    let (_, section) = guide.split_once(&format!("{before}{heading}\n")).expect("a heading of the guide");
    let section = section.split(before).next().unwrap_or(section);
    let blocks = section.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or(block)).collect()
}
