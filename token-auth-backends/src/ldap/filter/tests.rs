use ldap3::asn1::{ASNTag, write};
use ldap3::parse_filter;

use super::{Filter, Placeholder};

fn render(filter: &str, account: &str) -> String {
    let filter: Filter = filter.parse().unwrap();
    let filled =
        filter.render(&|placeholder| (*placeholder == Placeholder::Account).then(|| account.to_owned()));
    filled.unwrap().to_string()
}

/// What is sent, by the judgement of another implementation; `None` if it does not take the text for a filter.
fn expected(text: &str) -> Option<Vec<u8>> {
    let mut bytes = bytes::BytesMut::new();
    write::encode_into(&mut bytes, parse_filter(text).ok()?.into_structure()).ok()?;
    Some(bytes.to_vec())
}

fn sent(filter: &Filter) -> Vec<u8> {
    let mut bytes = Vec::new();
    filter.encode(&mut bytes);
    bytes
}

#[test]
fn parses_and_shows() {
    for text in [
        "(uid=${account})",
        "(&(objectClass=person)(|(uid=${account})(mail=${account}))(!(nsAccountLock=TRUE)))",
        "(cn=*)",
        "(cn=a*b*)",
        "(cn=)",
        "(cn;lang-de=x)",
        "(2.5.4.3=x)",
        "(cn~=x)",
        "(uidNumber>=1000)",
        "(uidNumber<=1000)",
        "(member:1.2.840.113556.1.4.1941:=${dn})",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(ou:dn:=people)",
        "(:dn:2.5.13.5:=people)",
        "(memberUid=${user:uid})",
        "(description=costs $5 {or so})",
        "(cn=\\28x\\29\\2a\\5c\\00)",
        "(cn=Jörg Müller)",
        "(cn=x=y)",
    ] {
        let filter: Filter = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.to_string(), text);
        let filled = filter.render(&|_| Some("x".to_owned())).unwrap();
        assert_eq!(Some(sent(&filled)), expected(&filled.to_string()), "{filled}");
    }
    let spaced: Filter = "\n(&\n  (objectClass=person)\n  (uid=${account})\n)\n".parse().unwrap();
    assert_eq!(spaced.to_string(), "(&(objectClass=person)(uid=${account}))");
}

#[test]
fn says_what_is_wrong_and_where() {
    let deep = format!("{}(a=b){}", "(!".repeat(40), ")".repeat(40));
    for (text, expected) in [
        ("", "column 1: must begin with `(`"),
        ("uid=${account}", "column 1: must begin with `(`"),
        ("(uid=${account}", "column 16: must end with `)`"),
        (
            "(uid=a)(uid=b)",
            "column 8: the filter has ended before: put everything into one pair of parentheses",
        ),
        ("(&)", "column 3: `&` and `|` need a filter behind them"),
        ("(uid)", "column 2: must have the form `attribute=value`"),
        ("(a =x)", "column 2: \"a \" is not the name of an attribute"),
        ("(=x)", "column 2: \"\" is not the name of an attribute"),
        ("(ü=x)", "column 2: \"ü\" is not the name of an attribute"),
        ("(u_id=x)", "column 2: \"u_id\" is not the name of an attribute"),
        ("(uid:x y:=x)", "column 2: \"uid:x y\" is not the name of an attribute"),
        ("(ü=${account})", "column 2: \"ü\" is not the name of an attribute"),
        ("(cn=ü(x)", "column 6: `(` within a value is written `\\28`"),
        ("(cn=a\\x)", "column 6: `\\` needs two hexadecimal digits behind it: a backslash is `\\5c`"),
        ("(cn=a**)", "column 7: two `*` beside each other"),
        ("(cn>=a*)", "column 7: `*` can stand for anything only behind `=`"),
        ("(cn=${account)", "column 5: `${` without `}`"),
        (
            "(cn=${labels:x})",
            "column 5: there is no placeholder `${labels:x}`: there are `${account}`, `${dn}`, `${user:ATTRIBUTE}`",
        ),
        (&*deep, "column 67: nested more than 32 levels deep"),
    ] {
        assert_eq!(text.parse::<Filter>().unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_inserted_is_a_value() {
    for (account, expected) in [
        ("alice", "(uid=alice)"),
        ("*", "(uid=\\2a)"),
        ("x)(uid=*", "(uid=x\\29\\28uid=\\2a)"),
        ("a\\2a", "(uid=a\\5c2a)"),
        ("a\0b", "(uid=a\\00b)"),
        ("${account}", "(uid=${account})"),
        ("Jörg & (Co)", "(uid=Jörg & \\28Co\\29)"),
    ] {
        assert_eq!(render("(uid=${account})", account), expected);
    }
    let without: Filter = "(memberUid=${user:uid})".parse().unwrap();
    assert_eq!(without.render(&|_| None), None);
}

#[test]
fn knows_where_the_account_is_looked_for() {
    let filter: Filter =
        "(&(objectClass=person)(|(uid=${account})(mail=${account})(cn=*${account})))".parse().unwrap();
    assert_eq!(filter.account_attributes(), ["uid", "mail"]);
    let by_uid = filter.with_account_in("uid").to_string();
    assert_eq!(by_uid, "(&(objectClass=person)(|(uid=${account})(uid=${account})(uid=${account})))");
    assert!(!filter.is_transitive());
    assert!("(member:1.2.840.113556.1.4.1941:=${dn})".parse::<Filter>().unwrap().is_transitive());
}

proptest::proptest! {
    #[test]
    fn no_account_changes_the_form(account in "\\PC{0,20}|[()*\\\\\0&|!=${}a]{0,12}") {
        let sent = render("(&(objectClass=person)(uid=${account}))", &account);
        let sent: Filter = sent.replace("${", "$\\7b").parse().unwrap();
        let plain: Filter = "(&(objectClass=person)(uid=x))".parse().unwrap();
        proptest::prop_assert_eq!(shape(&sent.0), shape(&plain.0));
    }

    #[test]
    fn any_account_is_sent_as_it_is(account in "\\PC{0,20}|[()*\\\\\0&|!=${}a]{0,12}") {
        let filter: Filter = "(uid=${account})".parse().unwrap();
        let filled = filter.render(&|_| Some(account.clone())).unwrap();
        let bytes = sent(&filled);
        proptest::prop_assert!(bytes.ends_with(account.as_bytes()));
        proptest::prop_assert_eq!(Some(bytes), expected(&filled.to_string()));
    }

    #[test]
    fn sends_what_others_send(
        text in "\\([&|](\\([a-z]{1,3}(=|~=|>=|<=|:=|:dn:=|:1.2:=)(\\*?[a-z0-9é]{1,3}|\\\\[0-9a-f]{2}){0,3}\\*?\\)){1,3}\\)",
    ) {
        if let (Ok(filter), Some(bytes)) = (text.parse::<Filter>(), expected(&text)) {
            proptest::prop_assert_eq!(sent(&filter), bytes, "{}", text);
        }
    }

    #[test]
    fn shows_what_it_parsed(text in "\\([&|!]?(\\([a-z]{1,3}[~<>:]?=[a-z*\\\\0-9]{0,5}\\)){0,3}\\)|\\PC{0,30}") {
        if let Ok(filter) = text.parse::<Filter>() {
            proptest::prop_assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
        }
    }
}

fn shape(node: &super::Node) -> String {
    use super::Node::{And, Item, Not, Or};
    match node {
        And(nodes) => format!("&{:?}", nodes.iter().map(shape).collect::<Vec<_>>()),
        Or(nodes) => format!("|{:?}", nodes.iter().map(shape).collect::<Vec<_>>()),
        Not(node) => format!("!{}", shape(node)),
        Item(item) => format!("{}{}", item.attribute, item.operator),
    }
}
