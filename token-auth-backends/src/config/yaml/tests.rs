use super::{Budget, Node, Position, Value, parse};

const BUDGET: Budget = Budget { bytes: 100_000, nodes: 1_000, depth: 8 };

/// A tree in one line: scalars with what they can be, keys with their places.
fn show(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => "null".to_owned(),
        Value::Scalar(scalar) => match (scalar.as_bool(), scalar.as_integer()) {
            (Some(flag), _) => format!("{flag}"),
            (_, Some(number)) => format!("{number}"),
            _ => format!("{:?}", scalar.text()),
        },
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(|item| show(item)).collect::<Vec<_>>().join(" "))
        }
        Value::Mapping(entries) => {
            let entry = |(key, node): &(super::Key, std::rc::Rc<Node>)| {
                let Position { line, column } = key.position;
                format!("{}@{line}:{column}={}", key.text, show(node))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
    }
}

fn read(text: &str) -> String {
    let (root, problems) = parse(text, BUDGET);
    match problems.is_empty() {
        true => root.map_or("nothing".to_owned(), |root| show(&root)),
        false => problems
            .iter()
            .map(|problem| {
                let Position { line, column } = problem.position;
                format!("{line}:{column}: {}", problem.message)
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn reads() {
    for (name, text, expected) in [
        ("empty", "", "nothing"),
        ("comment", "# a\n", "nothing"),
        ("places", "a: x\nb:\n  c: z\n", "{a@1:1=\"x\" b@2:1={c@3:3=\"z\"}}"),
        ("flow", "{a: [x, {b: z}]}", "{a@1:2=[\"x\" {b@1:10=\"z\"}]}"),
        ("CRLF", "a: x\r\nb: z\r\n", "{a@1:1=\"x\" b@2:1=\"z\"}"),
        ("BOM", "\u{feff}a: x\n", "{a@1:1=\"x\"}"),
        ("explicit document", "---\na: x\n...\n", "{a@2:1=\"x\"}"),
        ("nulls", "[~, null, Null, NULL, '', '~', nULL]", "[null null null null \"\" \"~\" \"nULL\"]"),
        ("no value", "a:\nb: ", "{a@1:1=null b@2:1=null}"),
        ("true", "[true, Yes, on, y, 'true', tRUE]", "[true true true true \"true\" \"tRUE\"]"),
        ("false", "[False, NO, off, n, \"no\"]", "[false false false false \"no\"]"),
        ("numbers", "[0, 900, -2, +3, 1_000, 0xff, 0xc014]", "[0 900 -2 3 1000 255 49172]"),
        (
            "no numbers",
            "['9', 010, 1.5, 1e3, 0x, 0x-1, 99999999999999999999, 1 2]",
            "[\"9\" \"010\" \"1.5\" 1000 \"0x\" \"0x-1\" \"99999999999999999999\" \"1 2\"]",
        ),
        ("tags", "[!!str 1, !!str true, !!int '1', !!bool 'yes']", "[\"1\" \"true\" 1 true]"),
        ("tagged collections", "!!map {a: !!seq [x]}", "{a@1:8=[\"x\"]}"),
        ("empty name", "'': {}", "{@1:1={}}"),
        ("alias", "a: &x [1]\nb: *x", "{a@1:1=[1] b@2:1=[1]}"),
        ("alias as key", "a: &x z\n*x : 1", "{a@1:1=\"z\" z@2:1=1}"),
        (
            "merge",
            "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3",
            "{a@1:1={x@1:8=1 y@1:14=2} b@2:1={x@4:3=3 y@1:14=2}}",
        ),
        ("merge after a key", "a: &a {x: 1}\nb: {x: 3, <<: *a}", "{a@1:1={x@1:8=1} b@2:1={x@2:5=3}}"),
        (
            "merge of several, the first counts",
            "[&a {x: 1}, &b {x: 2, y: 2}, {<<: [*a, *b]}]",
            "[{x@1:6=1} {x@1:17=2 y@1:23=2} {x@1:6=1 y@1:23=2}]",
        ),
        ("quoted merge key", "'<<': 1", "{<<@1:1=1}"),
        ("block text", "a: |\n  x\n  y\n", "{a@1:1=\"x\\ny\\n\"}"),
    ] {
        assert_eq!(read(text), expected, "{name}");
    }
}

#[test]
fn refuses() {
    let nested = "[".repeat(9) + &"]".repeat(9);
    let behind_aliases = "- &a [[[[x]]]]\n- &b [[[*a]]]\n- [[*b]]\n";
    let laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n\
                  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n";
    for (name, text, expected) in [
        (
            "duplicate",
            "a: 1\nb: 2\na: 3\na: 4",
            "3:1: the key \"a\" is already on line 1: remove one\n4:1: the key \"a\" is already on line 3: remove one",
        ),
        ("duplicate by quoting", "{a: 1, 'a': 2}", "1:8: the key \"a\" is already on line 1: remove one"),
        ("second document", "a: 1\n---\nb: 2\n", "2:1: a second document: everything belongs into one"),
        ("list as key", "[a]: 1", "1:1: a key must be a plain text"),
        ("null as key", "~: 1", "1:1: a key is missing: write \"\" for the empty name"),
        ("merge of a text", "{<<: x}", "1:6: `<<` takes a mapping, or a list of mappings"),
        ("own tag", "a: !secret x", "1:12: a tag that has no meaning here: remove it"),
        ("binary", "a: !!binary aGk=", "1:13: a tag that has no meaning here: remove it"),
        ("wrong tag", "a: !!map [x]", "1:10: a tag that has no meaning here: remove it"),
        ("alias of itself", "&a [*a]", "1:5: an alias for what it is itself a part of"),
        ("tab", "a:\n\tb: 1", "2:2: not YAML: tabs disallowed within this context (block indentation)"),
        ("unclosed", "a: [1", "1:4: not YAML: unclosed bracket '['"),
        (
            "unknown alias",
            "a: *secret",
            "1:4: not YAML: while parsing node, found unknown anchor: `*` without quotes is an alias: write \"*\"",
        ),
        ("deep", &nested, "1:9: nested more than 8 levels deep"),
        ("deep behind aliases", behind_aliases, "2:6: nested more than 8 levels deep"),
        ("many behind aliases", laughs, "3:36: more than 1000 values, aliases counted"),
    ] {
        assert_eq!(read(text), expected, "{name}");
    }
    assert_eq!(read(&"x".repeat(100_001)), "1:1: larger than 100000 bytes");
    assert_eq!(read(&"- x\n".repeat(1_001)), "1001:3: more than 1000 values, aliases counted");
}

#[test]
fn arbitrary_text_never_panics() {
    let pieces = [
        "a",
        ":",
        " ",
        "\n",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "<<: ",
        "|",
        ">",
        "'",
        "\"",
        "\t",
        "!!str ",
        "---",
        "#",
        "\r",
        "\u{feff}",
        "%YAML 1.1",
        "?",
        "\u{e4}",
        "\\",
        ",",
        "\0",
        "...",
    ];
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    for _ in 0..30_000 {
        let text: String = (0..next() % 24).map(|_| pieces[next() % pieces.len()]).collect();
        let (root, problems) = parse(&text, BUDGET);
        assert!(root.is_none() || problems.is_empty() || !problems[0].message.is_empty());
    }
}
