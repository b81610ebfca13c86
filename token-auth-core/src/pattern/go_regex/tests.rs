use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    let regex = GoRegex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let without_groups = GoRegex::without_groups(pattern, GoRegexLimits::default()).unwrap();
    assert_eq!(regex.is_match(text), without_groups.is_match(text), "{pattern} {text:?}");
    assert_eq!(regex.is_match(text), regex.group(text, 0).is_some(), "{pattern} {text:?}");
    regex.is_match(text)
}

#[test]
fn means_what_go_means() {
    for (pattern, yes, no) in [
        ("", &["", "a"][..], &[][..]),
        ("b", &["abc"], &["ac"]),
        (r"^\d$", &["7"], &["٣"]),
        (r"^\w$", &["_"], &["é", "-"]),
        (r"^\s$", &["\t", "\r"], &["\u{B}", "\u{A0}"]),
        (r"^[[:space:]]$", &["\u{B}"], &["\u{A0}"]),
        (r"\bx", &["éx"], &["ax"]),
        (r"^\B$", &[""], &["a"]),
        // The end is the very end.
        ("a$", &["a"], &["a\n"]),
        (r"a\z", &["a"], &["a\n"]),
        ("(?m)^b$", &["a\nb\nc"], &["ab"]),
        ("^.$", &["é"], &["\n"]),
        ("(?s)^.$", &["\n"], &[""]),
        // `{` that begins no repetition.
        ("^{$", &["{"], &[""]),
        ("^a{,1}$", &["a{,1}"], &["a"]),
        ("^a{01}$", &["a{01}"], &["a"]),
        ("^a{x}$", &["a{x}"], &["a"]),
        ("^a{2}$", &["aa"], &["a{2}"]),
        ("^a{2,}$", &["aaa"], &["a"]),
        ("^x{0}$", &[""], &["x"]),
        // Escapes.
        (r"^\141\x61\x{61}$", &["aaa"], &[]),
        (r"^\0\08$", &["\0\u{0}8"], &[]),
        (r"^\07$", &["\u{7}"], &[]),
        (r"^\<\_\ \-\@$", &["<_ -@"], &[]),
        (r"^\Q.*\E$", &[".*"], &["ab"]),
        (r"^\Qa(", &["a("], &["a"]),
        (r"^ab\Q\E*$", &["a", "abb"], &["abab"]),
        (r"^ab(?i)*$", &["a", "abb"], &["abab"]),
        // Classes.
        ("^[a&&b]+$", &["a&b"], &["c"]),
        ("^[a-c+--b]+$", &["a,"], &["."]),
        ("^[~~a]+$", &["~a"], &["b"]),
        ("^[[a]+$", &["[a"], &["]"]),
        ("^[]a]+$", &["]a"], &["["]),
        ("^[^]a]$", &["["], &["]"]),
        ("^[a-]+$", &["-a"], &["b"]),
        ("^[-a]+$", &["-a"], &["b"]),
        ("^[a-z&&[^b]]+$", &["&]", "b]"], &["b"]),
        (r"^[\d-z]+$", &["1-z"], &["y"]),
        ("^[[:alpha:]_]+$", &["a_"], &["é"]),
        ("^[[:^alpha:]]$", &["é"], &["a"]),
        ("^[[:a]+$", &["[:a"], &["b"]),
        ("[^a]", &["\n"], &["a"]),
        // Unicode classes.
        (r"^\p{Greek}\pN$", &["αⅠ", "α½"], &["a1"]),
        (r"^\p{^Lu}$", &["a"], &["A"]),
        (r"^\P{^Lu}$", &["A"], &["a"]),
        (r"^\p{Zl}$", &["\u{2028}"], &[" "]),
        (r"^[\p{Lu}\d]$", &["A", "1"], &["a"]),
        // Case folding is Unicode's simple one, and comes before negation.
        ("^(?i)k$", &["k", "K", "\u{212A}"], &["c"]),
        ("^(?i)[s]$", &["S", "ſ"], &["z"]),
        ("^(?i)[^s]$", &["z"], &["S", "ſ"]),
        (r"^(?i)\w$", &["ſ", "\u{212A}"], &["é"]),
        (r"^(?i)\W$", &["é"], &["ſ"]),
        ("^(?i)straße$", &["STRAẞE"], &["STRASSE"]),
        ("^(?i)ı$", &["ı"], &["I", "i"]),
        (r"^(?i)\p{Lu}$", &["a", "A"], &["1"]),
        // Flags last to the end of the group.
        ("^(a(?i)b|c)d$", &["aBd", "Cd"], &["ABd", "aBD"]),
        ("^(?i:a(?-i)b)$", &["Ab"], &["AB"]),
    ] {
        for text in yes {
            assert!(matches(pattern, text), "{pattern} {text:?}");
        }
        for text in no {
            assert!(!matches(pattern, text), "{pattern} {text:?}");
        }
    }
}

#[test]
fn captures_the_leftmost_match_of_the_first_alternative() {
    for (pattern, text, groups) in [
        ("^(.+)-ci$", "a-ci", &["a-ci", "a"][..]),
        ("(a)|(b)", "xb", &["b", "", "b"]),
        ("(a+)(a*)", "aaa", &["aaa", "aaa", ""]),
        ("(a+?)(a*)", "aaa", &["aaa", "a", "aa"]),
        ("(?U)(a+)(a*?)", "aaa", &["aaa", "a", "aa"]),
        ("(a|ab)(c|bcd)(d*)", "abcd", &["abcd", "a", "bcd", ""]),
        ("(?P<n>a)(?:b)(?<n>c)", "abc", &["abc", "a", "c"]),
        ("(|a)*", "aa", &["", ""]),
        ("(a|b)*", "ab", &["ab", "b"]),
        ("(x){0}(y)", "y", &["y", "", "y"]),
        ("(y)(x){0}", "y", &["y", "y", ""]),
    ] {
        let regex = GoRegex::new(pattern).unwrap();
        let ours: Vec<_> = (0..).map_while(|group| regex.group(text, group)).collect();
        assert_eq!(ours, groups, "{pattern}");
    }
    assert_eq!(GoRegex::new("(a)").unwrap().group("b", 1), None);
}

#[test]
fn refuses_what_go_refuses() {
    use GoRegexErrorKind as Kind;
    for (pattern, kind, offset) in [
        ("*", Kind::NothingToRepeat, 1),
        ("(*)", Kind::NothingToRepeat, 2),
        ("a|+", Kind::NothingToRepeat, 3),
        ("{2}", Kind::NothingToRepeat, 3),
        ("a**", Kind::DoubleRepeat, 3),
        ("a+{2}", Kind::DoubleRepeat, 5),
        ("a{2,1}", Kind::RepeatCount, 6),
        ("a{1001}", Kind::RepeatCount, 7),
        ("a{99999999999999999999}", Kind::RepeatCount, 23),
        ("((a{100}){10}){2}", Kind::RepeatCount, 17),
        ("(", Kind::OpenGroup, 1),
        ("(a", Kind::OpenGroup, 2),
        ("a)", Kind::CloseGroup, 1),
        ("[a", Kind::Bracket, 2),
        ("[]", Kind::Bracket, 2),
        ("[b-a]", Kind::Range, 4),
        (r"[a-\d]", Kind::Escape, 5),
        ("[[:foo:]]", Kind::Class, 8),
        ("[[:Alpha:]]", Kind::Class, 10),
        (r"\", Kind::Escape, 1),
        (r"\8", Kind::Escape, 2),
        (r"\1", Kind::Escape, 2),
        (r"\C", Kind::Escape, 2),
        (r"\Z", Kind::Escape, 2),
        (r"\E", Kind::Escape, 2),
        (r"\é", Kind::Escape, 3),
        (r"\u0041", Kind::Escape, 2),
        (r"\x6", Kind::Escape, 3),
        (r"\x{}", Kind::Escape, 4),
        (r"\x{110000}", Kind::Escape, 10),
        (r"\x{D800}", Kind::Surrogate, 8),
        (r"\p", Kind::UnicodeClass, 2),
        (r"\pé", Kind::UnicodeClass, 4),
        (r"\p{", Kind::UnicodeClass, 3),
        (r"\p{}", Kind::UnicodeClass, 4),
        (r"\p{Alphabetic}", Kind::UnicodeClass, 14),
        (r"\p{sc=Greek}", Kind::UnicodeClass, 12),
        (r"\p{IsGreek}", Kind::UnicodeClass, 11),
        ("(?=a)", Kind::Group, 3),
        ("(?<=a)", Kind::GroupName, 3),
        ("(?x)", Kind::Group, 3),
        ("(?i-)", Kind::Group, 5),
        ("(?--i)", Kind::Group, 4),
        ("(?", Kind::Group, 2),
        ("(?P=n)", Kind::Group, 3),
        ("(?<>a)", Kind::GroupName, 4),
        ("(?P<a b>a)", Kind::GroupName, 8),
        ("(?P<n", Kind::GroupName, 4),
    ] {
        let error = GoRegex::new(pattern).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{pattern}");
    }
}

#[test]
fn sizes_are_bounded() {
    let nested = |depth| format!("{}a{}", "(?:".repeat(depth), ")*".repeat(depth));
    let limits = GoRegexLimits { nesting: 20, size: 64 << 10 };
    let kind = |pattern: &str| GoRegex::with_limits(pattern, limits).unwrap_err().kind();
    assert!(GoRegex::with_limits(&nested(10), limits).is_ok());
    assert_eq!(kind(&nested(11)), GoRegexErrorKind::Nesting);
    assert_eq!(kind(&"(".repeat(100_000)), GoRegexErrorKind::Nesting);
    assert_eq!(kind(r"\pL{1000}"), GoRegexErrorKind::Size);
    assert!(GoRegex::new(&"a|".repeat(10_000)).is_ok());
}

/// Patterns that backtracking engines never finish.
#[test]
fn matching_takes_linear_time() {
    let text = "a".repeat(20_000) + "b";
    for pattern in ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^(.*a){20}$"] {
        assert!(!matches(pattern, &text), "{pattern}");
    }
}

/// What is not certain to keep to the limit is compiled when it is read; so nothing else may exceed it later.
#[test]
fn no_compiled_form_is_larger_than_was_predicted() {
    for pattern in [
        "",
        "a",
        r"^team-042-(dev|ops)\/.+$",
        ".",
        r"\d+",
        r"[[:word:]]*",
        r"\pL",
        r"\PL{3}",
        "(?i)straße",
        "(((a{2,9}){2,9}))",
        "(a?){50}",
        "[^a]{0,40}",
        "a|b|cd|.|",
        r"\p{Greek}+x{7,}",
        "用户*",
        "(?s).{100}",
        "a{0}",
    ] {
        let hir = GoRegex::read(pattern, GoRegexLimits::default()).unwrap();
        let limits = GoRegexLimits { size: GoRegex::largest(&hir), ..GoRegexLimits::default() };
        assert!(GoRegex::with_limits(pattern, limits).is_ok(), "{pattern}");
        assert!(GoRegex::without_groups(pattern, limits).is_ok(), "{pattern}");
    }
}
