//! Which names are one name to a directory, and which can be anyone's.

use unicode_normalization::UnicodeNormalization;

/// What all spellings of a name have in common: case, blanks, and letters of other forms (of full width, ligatures) do not
/// count, as RFC 4518 prepares them for comparison.
pub(super) fn fold(name: &str) -> String {
    let prepared = name.nfkc().filter(|sign| !is_ignored(*sign)).flat_map(char::to_lowercase);
    // The small sigma has two forms, and no upper case tells them apart.
    let prepared: String = prepared.map(|sign| if sign == 'ς' { 'σ' } else { sign }).nfkc().collect();
    let mut words = prepared.split_whitespace();
    let mut folded = words.next().unwrap_or_default().to_owned();
    for word in words {
        folded.push(' ');
        folded.push_str(word);
    }
    folded
}

/// Whether a name can be someone's at all: one with blanks around it or several in a row, with control characters, or with
/// signs that a directory passes over, is only another spelling of a name that has none.
pub(super) fn is_plain(name: &str) -> bool {
    let mut blank = true;
    for sign in name.nfkc() {
        let is_blank = sign.is_whitespace();
        if sign.is_control() || is_ignored(sign) || is_blank && (blank || sign != ' ') {
            return false;
        }
        blank = is_blank;
    }
    !blank
}

/// What is no letter and has no width of its own: RFC 4518 maps it to nothing, or Unicode lets it be ignored.
fn is_ignored(sign: char) -> bool {
    matches!(
        u32::from(sign),
        0xad
            | 0x34f
            | 0x600..=0x605
            | 0x61c
            | 0x6dd
            | 0x70f
            | 0x8e2
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x1806
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x2028..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfffd
            | 0x110bd
            | 0x110cd
            | 0x13430..=0x1343f
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds() {
        for (name, expected) in [
            ("alice", "alice"),
            ("ALICE", "alice"),
            ("  Alice   Liddell ", "alice liddell"),
            ("ａｌｉｃｅ", "alice"),
            ("ﬁnn", "finn"),
            ("Ｓtraße", "straße"),
            ("ÉMILE", "émile"),
            ("E\u{301}mile", "émile"),
            ("al\u{ad}i\u{200b}ce", "alice"),
            ("a\u{a0}b", "a b"),
            ("ΟΔΟΣ", "οδοσ"),
            ("\u{212a}im", "kim"),
        ] {
            assert_eq!(fold(name), expected, "{name:?}");
        }
    }

    #[test]
    fn knows_names_that_are_nobodys() {
        for name in
            ["alice", "Alice Liddell", "O,Hara (x) *\\ #;", "a@b.c", "EX\\alice", "ａｌｉｃｅ", "a\u{a0}b"]
        {
            assert!(is_plain(name), "{name:?}");
        }
        for name in [
            "",
            " ",
            " alice",
            "alice ",
            "a  b",
            "a \u{a0}b",
            "\u{a0}alice",
            "alice\u{3000}",
            "a\tb",
            "a\nb",
            "a\0",
            "al\u{ad}ice",
            "alice\u{200b}",
            "\u{feff}alice",
            "\u{a8}alice",
            "alice\u{202e}",
            "\u{85}a",
            "a\u{fe0f}",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_again_changes_nothing(name in ".*") {
            let folded = fold(&name);
            proptest::prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn a_plain_name_is_plain_when_folded(name in ".*") {
            if is_plain(&name) {
                proptest::prop_assert!(is_plain(&fold(&name)), "{:?}", name);
            }
        }
    }
}
