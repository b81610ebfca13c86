//! Which spellings of a name may be one account.

use unicode_normalization::UnicodeNormalization as _;

/// No source knows names as long as this; what is longer is judged by its beginning.
const LONGEST: usize = 256;

/// One text for all spellings that a directory or a database may take for one name: without regard to case, blanks,
/// invisible characters, accents and compatibility forms. Names that no source would confuse may fold into one; that costs
/// their owners nothing but a shared count of wrong passwords.
pub(super) fn folded(name: &str) -> String {
    let counts = |c: &char| c.is_alphanumeric() || c.is_ascii_graphic();
    if name.is_ascii() {
        return name.chars().filter(counts).take(LONGEST).map(|c| c.to_ascii_lowercase()).collect();
    }
    // By way of the capitals, which `ß`, `ſ` and a final sigma share with their other forms; `ẞ` comes to them from below.
    let of_one_case = |c: char| c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    name.nfkd().filter(counts).flat_map(of_one_case).nfkd().filter(counts).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn spellings_of_a_name_are_one() {
        let spellings = [
            (
                "bob",
                &[
                    "BOB",
                    " bob",
                    "bob  ",
                    "b\u{f6}b",
                    "bo\u{ad}b",
                    "ｂｏｂ",
                    "bob\t",
                    "bo\u{200b}b",
                    "bo\u{301}b",
                ][..],
            ),
            ("bob@example.com", &["Bob@EXAMPLE.com", "bob＠example.com"]),
            ("example\\bob", &["EXAMPLE\\Bob"]),
            ("strasse", &["straße", "STRASSE", "ſtraſſe", "Straẞe"]),
            ("σοφος", &["ΣΟΦΟΣ", "σοφός"]),
            ("file", &["ﬁle"]),
            ("istanbul", &["İstanbul", "ISTANBUL"]),
        ];
        for (name, others) in spellings {
            for other in others {
                assert_eq!(folded(other), folded(name), "{other:?}");
            }
        }
    }

    #[test]
    fn other_names_are_others() {
        let names = ["bob", "bob2", "alice", "bob-", "bob.", "bob/x", "", "борис", "ボブ"];
        for (at, name) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert_ne!(folded(name), folded(other));
            }
        }
    }

    #[test]
    fn no_name_is_long() {
        assert_eq!(folded(&"\u{fdfa}".repeat(10_000)).chars().count(), 256);
        assert_eq!(folded(&format!("bob{}", " ".repeat(10_000))), "bob");
    }
}
