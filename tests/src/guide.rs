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

fn blocks(guide: &'static str, before: &str, heading: &str) -> Vec<&'static str> {
    let (_, section) = guide.split_once(&format!("{before}{heading}\n")).expect("a heading of the guide");
    let section = section.split(before).next().unwrap_or(section);
    let blocks = section.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or(block)).collect()
}
