use super::*;

#[test]
fn matches_as_path_match_does() {
    for (glob, name, matches) in [
        ("", "", true),
        ("", "a", false),
        ("abc", "abc", true),
        ("*", "", true),
        ("*", "abc", true),
        ("*", "a/b", false),
        ("**", "a/b", false),
        ("a*", "ab/c", false),
        ("a*/b", "abc/b", true),
        ("a*/b", "a/c/b", false),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
        ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
        ("a*b?c*x", "abxbbxdbxebxczzx", true),
        ("a*b?c*x", "abxbbxdbxebxczzy", false),
        ("?", "/", false),
        ("a?b", "a☺b", true),
        ("a[^a]b", "a☺b", true),
        ("a???b", "a☺b", false),
        ("[a-ζ]*", "α", true),
        ("*[a-ζ]", "A", false),
        ("a[^a]b", "a/b", true),
        ("[/]", "/", true),
        ("[b-a]", "b", false),
        ("[!a]", "b", false),
        ("[!a]", "!", true),
        (r"[\]a]", "]", true),
        (r"[\-]", "-", true),
        (r"[x\-]", "z", false),
        ("[]", "]", false),
        (r"\*", "*", true),
        (r"\a", "a", true),
        (r"a\/b", "a/b", true),
        ("*x", "xxx", true),
        // A `*` within brackets is a member of the class.
        ("[*]a", "*a", true),
        // The star gives up bytes, not characters: the class sees U+FFFD where a character is cut in two.
        ("*?", "é", true),
        ("*??", "é", false),
        ("x*\u{FFFD}", "xé", false),
        ("x*[^y]?", "xé", false),
        ("*[\u{FFFD}]", "xé", true),
        // The first place that fits is taken for good, even if a later one would do.
        ("*b[^x]*c", "bqb/c", false),
        ("a*[/]b", "ax/b", true),
    ] {
        let ours = glob_matches(glob, name).unwrap_or(false);
        assert_eq!(ours, matches, "{glob:?} {name:?}");
    }
}

#[test]
fn malformed_globs_are_noticed_whatever_the_name() {
    for (glob, error) in [
        ("[", MalformedGlob::OpenClass),
        ("[^", MalformedGlob::OpenClass),
        ("[^bc", MalformedGlob::OpenClass),
        ("a[", MalformedGlob::OpenClass),
        ("[a-", MalformedGlob::OpenClass),
        (r"[\", MalformedGlob::OpenClass),
        ("[]a]", MalformedGlob::ClassMember),
        ("[-]", MalformedGlob::ClassMember),
        ("[x-]", MalformedGlob::ClassMember),
        ("[-x]", MalformedGlob::ClassMember),
        ("[a-b-c]", MalformedGlob::ClassMember),
        (r"a\", MalformedGlob::Backslash),
        ("x*y*[", MalformedGlob::OpenClass),
    ] {
        for name in ["", "a", "x", "]", "-", "ax", "a/b"] {
            assert_eq!(glob_matches(glob, name), Err(error), "{glob:?} {name:?}");
        }
        assert_eq!(check_glob(glob), Err(error));
    }
}

#[test]
fn a_glob_without_wildcards_and_escapes_is_a_literal() {
    for (glob, is) in
        [("", true), ("a/b", true), ("]^-", true), ("a*", false), ("?", false), ("[", false), (r"a\*", false)]
    {
        assert_eq!(is_literal(glob), is, "{glob:?}");
    }
}

#[test]
fn hostile_globs_take_no_more_than_the_product_of_the_lengths() {
    let glob = "a*".repeat(500) + "b";
    assert_eq!(glob_matches(&glob, &"a".repeat(20_000)), Ok(false));
}
