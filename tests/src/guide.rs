/// The blocks of YAML below a heading of the guide to directories.
///
/// # Panics
///
/// When there is no such heading.
pub fn guide_to_directories(heading: &str) -> Vec<&'static str> {
    let guide = include_str!("../../token-auth-backends/guides/ldap.md");
    let (_, section) = guide.split_once(&format!("\n## {heading}\n")).expect("a heading of the guide");
    let section = section.split("\n## ").next().unwrap_or(section);
    let blocks = section.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or(block)).collect()
}
