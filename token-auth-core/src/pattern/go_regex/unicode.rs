//! `\p{…}`: general categories and scripts.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// The class of that name, if it is a general category or a script.
///
/// Go up to 1.24 knows the names in one spelling only; later releases ignore case, spaces, hyphens and underscores, and
/// know the long names. All of those are read here. `C` is what Go up to 1.24 takes it for: `Cc`, `Cf`, `Co` and
/// `Cs`, without the unassigned `Cn`.
pub(super) fn class(name: &str) -> Option<ClassUnicode> {
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    let lower = name.to_ascii_lowercase();
    if lower.is_empty() || lower.starts_with("is") || !lower.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    match &*lower {
        // Surrogates do not occur in text.
        "cs" | "surrogate" => Some(ClassUnicode::empty()),
        "c" | "other" => {
            let mut class = ClassUnicode::empty();
            for part in ["Cc", "Cf", "Co"] {
                class.union(&table("gc", part)?);
            }
            Some(class)
        }
        _ => table("gc", &lower).or_else(|| table("sc", &lower)),
    }
}

fn table(property: &str, value: &str) -> Option<ClassUnicode> {
    let hir: Hir = regex_syntax::parse(&format!(r"\p{{{property}={value}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A class of one character.
        HirKind::Literal(literal) => {
            let char = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(ClassUnicode::new([ClassUnicodeRange::new(char, char)]))
        }
        _ => None,
    }
}
