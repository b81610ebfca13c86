//! Distinguished names (RFC 4514): read, and made from a template.

use std::fmt;

use super::name;

/// The only sign that does not count around others. What else is blank belongs to a value.
const SPACE: char = ' ';

/// One step of a name: usually one attribute and its value.
pub(super) type Rdn = Vec<(String, String)>;

/// The steps of a name, the entry's own first; `None` if the text is not a name. Reads what RFC 2253 wrote, too.
pub(super) fn parse(text: &str) -> Option<Vec<Rdn>> {
    let mut rdns = vec![Rdn::new()];
    let mut rest = text.trim_start_matches(SPACE);
    while !rest.is_empty() {
        let (attribute, behind) = rest.split_once('=')?;
        let attribute = attribute.trim_matches(SPACE);
        let oid = attribute.chars().all(|c| c.is_ascii_digit() || c == '.');
        let name = attribute.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if attribute.is_empty() || !(oid || name) {
            return None;
        }
        let (value, behind) = value(behind.trim_start_matches(SPACE))?;
        rdns.last_mut()?.push((attribute.to_owned(), value));
        let mut signs = behind.chars();
        match signs.next() {
            None => return Some(rdns),
            Some('+') => {}
            Some(',' | ';') => rdns.push(Rdn::new()),
            Some(_) => return None,
        }
        rest = signs.as_str().trim_start_matches(SPACE);
        if rest.is_empty() {
            return None;
        }
    }
    None
}

/// A value without its escapes, and what stands behind it.
fn value(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, behind) = unescape(quoted, &['"'])?;
        let behind = behind.strip_prefix('"')?.trim_start_matches(SPACE);
        return Some((String::from_utf8(value).ok()?, behind));
    }
    let (mut value, behind) = unescape(text, &[',', ';', '+'])?;
    // Spaces at the end do not count, but an escaped one does.
    let written = text.len() - behind.len();
    let raw = text.get(..written)?;
    let end = raw.trim_end_matches(SPACE);
    let escapes = end.len() - end.trim_end_matches('\\').len();
    let spaces = raw.len() - end.len();
    value.truncate(value.len() - spaces.saturating_sub(escapes % 2));
    Some((String::from_utf8(value).ok()?, behind))
}

fn unescape<'a>(text: &'a str, ends: &[char]) -> Option<(Vec<u8>, &'a str)> {
    let mut value = Vec::new();
    let mut signs = text.chars();
    loop {
        let here = signs.as_str();
        match signs.next() {
            None => return Some((value, here)),
            Some(end) if ends.contains(&end) => return Some((value, here)),
            Some('\\') => {
                let behind = signs.as_str();
                // A plus is no digit, though numbers may begin with it.
                let digits = behind.get(..2).filter(|digits| !digits.starts_with('+'));
                match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(byte) => {
                        value.push(byte);
                        signs = behind.get(2..)?.chars();
                    }
                    None => push(&mut value, signs.next()?),
                }
            }
            Some(sign) => push(&mut value, sign),
        }
    }
}

fn push(value: &mut Vec<u8>, sign: char) {
    value.extend(sign.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The first common name in it; the text itself if there is none.
pub(super) fn common_name(text: &str) -> String {
    let name = parse(text).and_then(|rdns| {
        let parts = rdns.into_iter().flatten();
        parts.into_iter().find(|(attribute, _)| attribute.eq_ignore_ascii_case("cn")).map(|(_, value)| value)
    });
    name.unwrap_or_else(|| text.to_owned())
}

/// Whether two names are certainly the same: but for what a directory takes for equal, and spaces around signs.
pub(super) fn same(one: &str, other: &str) -> bool {
    folded(one).is_some_and(|one| Some(one) == folded(other))
}

/// The same for all spellings of a name; the text itself if it is not one.
pub(super) fn key(text: &str) -> String {
    let Some(rdns) = folded(text) else { return text.to_owned() };
    // What cannot be mistaken: each part is quoted.
    format!("{rdns:?}")
}

fn folded(text: &str) -> Option<Vec<Rdn>> {
    let rdns = parse(text)?.into_iter().map(|rdn| {
        let fold =
            |(attribute, value): (String, String)| (attribute.to_ascii_lowercase(), name::fold(&value));
        let mut rdn: Vec<_> = rdn.into_iter().map(fold).collect();
        rdn.sort();
        rdn
    });
    Some(rdns.collect())
}

/// A text as a value in a name (RFC 4514, section 2.4).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, sign) in text.char_indices() {
        let ends = at + sign.len_utf8() == text.len();
        match sign {
            '"' | '+' | ',' | ';' | '<' | '=' | '>' | '\\' | '\0' => escaped.push_str(&hex(sign)),
            '#' if at == 0 => escaped.push_str(&hex(sign)),
            ' ' if at == 0 || ends => escaped.push_str(&hex(sign)),
            other => escaped.push(other),
        }
    }
    escaped
}

fn hex(sign: char) -> String {
    format!("\\{:02x}", u32::from(sign))
}

/// A name to bind with, with a place for the account: a distinguished name, `uid=${account},ou=people,dc=example,dc=com`,
/// or a login name as Active Directory takes it, `${account}@example.com`, `EXAMPLE\${account}`.
///
/// ```
/// use token_auth_backends::ldap::BindTemplate;
///
/// let template = BindTemplate::new("uid=${account},ou=people,dc=example,dc=com")?;
/// assert_eq!(template.name("a,b").as_deref(), Some("uid=a\\2cb,ou=people,dc=example,dc=com"));
/// let template = BindTemplate::new("${account}@example.com")?;
/// assert_eq!(template.name("alice@elsewhere.com"), None);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindTemplate {
    text: String,
    is_dn: bool,
}

const ACCOUNT: &str = "${account}";

impl BindTemplate {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When it has no place for the account, or is neither kind of name.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let filled = text.replace(ACCOUNT, "x");
        let is_dn = text.contains('=');
        match () {
            () if filled == text => Err("must contain `${account}`".to_owned()),
            () if filled.contains("${") => Err("has no other placeholder than `${account}`".to_owned()),
            () if is_dn && parse(&filled).is_none() => Err("is not a distinguished name".to_owned()),
            () if is_dn && !is_value(&text) => {
                Err("must have `${account}` as a value, or as a part of one that ends no escape".to_owned())
            }
            () if !is_dn && !filled.contains(['@', '\\']) => {
                Err("must be a distinguished name, NAME@DOMAIN or DOMAIN\\NAME".to_owned())
            }
            () => Ok(Self { text, is_dn }),
        }
    }

    /// The name of an account, escaped as RFC 4514 has it. A login name cannot be escaped: `None` for an account with
    /// characters that have a meaning in one.
    pub fn name(&self, account: &str) -> Option<String> {
        let special = |c: char| c.is_control() || "@\\/\"[]:;|=,+*?<>".contains(c);
        match self.is_dn {
            true => Some(self.text.replace(ACCOUNT, &escaped(account))),
            false => (!account.contains(special)).then(|| self.text.replace(ACCOUNT, account)),
        }
    }
}

/// Whether any account stays what it is in the name: not so in the place of an attribute, behind a backslash that begins an escape,
/// and in a value in hexadecimal.
fn is_value(template: &str) -> bool {
    const MARK: &str = "\u{e000}";
    let values = || template.split('=').skip(1).map(|value| value.trim_start_matches(SPACE));
    let with_mark = parse(&template.replace(ACCOUNT, MARK));
    let stays = |account: &str| {
        let part = |(attribute, value): (String, String)| (attribute, value.replace(MARK, account));
        let expected = with_mark.clone().map(|rdns| {
            rdns.into_iter().map(|rdn| rdn.into_iter().map(part).collect()).collect::<Vec<Rdn>>()
        });
        expected.is_some() && expected == parse(&template.replace(ACCOUNT, &escaped(account)))
    };
    ["x", "0", "00", "a x", ",x=y"].into_iter().all(stays)
        && !values().any(|value| value.starts_with('#') && value.contains(ACCOUNT))
}

impl fmt::Display for BindTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses() {
        let one = |attribute: &str, value: &str| vec![(attribute.to_owned(), value.to_owned())];
        for (text, expected) in [
            ("uid=a,dc=x", Some(vec![one("uid", "a"), one("dc", "x")])),
            (" UID = a , dc= x ", Some(vec![one("UID", "a"), one("dc", "x")])),
            ("cn=a\\,b\\\\c\\2c\\C3\\A4", Some(vec![one("cn", "a,b\\c,ä")])),
            ("cn=C\\+a\\+\\+,dc=x", Some(vec![one("cn", "C+a++"), one("dc", "x")])),
            ("cn=a\\ ,dc=x", Some(vec![one("cn", "a "), one("dc", "x")])),
            ("cn=\\ a  ", Some(vec![one("cn", " a")])),
            ("cn=a\\\\  ", Some(vec![one("cn", "a\\")])),
            ("cn=a\\\\\\  ", Some(vec![one("cn", "a\\ ")])),
            ("cn=\u{a0} ,dc=\u{2003}x", Some(vec![one("cn", "\u{a0}"), one("dc", "\u{2003}x")])),
            ("cn=\"a,b+c\";dc=x", Some(vec![one("cn", "a,b+c"), one("dc", "x")])),
            ("cn=a+uid=b", Some(vec![[one("cn", "a"), one("uid", "b")].concat()])),
            ("2.5.4.3=a", Some(vec![one("2.5.4.3", "a")])),
            ("cn=#04024869", Some(vec![one("cn", "#04024869")])),
            ("cn=a=b", Some(vec![one("cn", "a=b")])),
            ("cn=", Some(vec![one("cn", "")])),
            ("", None),
            ("a", None),
            ("=a", None),
            ("c n=a", None),
            ("cn=a,", None),
            ("cn=\"a", None),
            ("cn=a\\", None),
            ("cn=\\ff", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn finds_the_common_name() {
        for (text, expected) in [
            ("CN=Admins,OU=Groups,DC=ex,DC=test", "Admins"),
            ("ou=x,cn=a\\,b,dc=y", "a,b"),
            ("uid=x,dc=y", "uid=x,dc=y"),
            ("plain", "plain"),
        ] {
            assert_eq!(common_name(text), expected);
        }
        assert!(same("UID=Alice, dc=x", "uid=alice,DC=X"));
        assert!(!same("uid=alice,dc=x", "uid=alice,dc=y"));
        assert!(!same("alice", "alice"));
    }

    #[test]
    fn makes_names() {
        let dn = BindTemplate::new("uid=${account},dc=x").unwrap();
        for account in ["a,dc=evil", " a", "#a", "a\\", "a+b", "\"", "a=b", "a\0b", "ä ", "<>;"] {
            let name = dn.name(account).unwrap();
            let rdns = parse(&name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(
                rdns,
                parse("uid=x,dc=x")
                    .map(|mut rdns| {
                        rdns[0][0].1 = account.to_owned();
                        rdns
                    })
                    .unwrap(),
                "{name}"
            );
        }
        for (text, account, expected) in [
            ("${account}@ex.test", "alice", Some("alice@ex.test")),
            ("EX\\${account}", "alice", Some("EX\\alice")),
            ("EX\\${account}", "OTHER\\alice", None),
            ("${account}@ex.test", "a\0", None),
        ] {
            assert_eq!(BindTemplate::new(text).unwrap().name(account).as_deref(), expected);
        }
        for text in [
            "uid=x",
            "${account}",
            "uid=${acount},dc=x",
            "uid=${account},x",
            "uid=${account}${dn}",
            // What an account begins with would end an escape.
            "uid=\\${account},dc=x",
            "uid=a\\\\\\${account},dc=x",
            "uid=\\a${account},dc=x",
            "uid=\\c3${account},dc=x",
            "uid=\"\\${account}\",dc=x",
            "uid=#${account},dc=x",
            "uid= #04${account},dc=x",
            "${account}=x,dc=x",
            "u${account}=x,dc=x",
        ] {
            assert!(BindTemplate::new(text).is_err(), "{text}");
        }
        for text in [
            "uid=a\\\\${account},dc=x",
            "uid=\\2c${account},dc=x",
            "cn=\"${account}\",dc=x",
            "uid=a-${account}-#1",
        ] {
            assert!(BindTemplate::new(text).is_ok(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_account_stays_within_its_value(account in "\\PC{1,20}|[,+=\\\\\" #;<>\0a\u{a0}\u{2003}]{1,8}") {
            let name = BindTemplate::new("uid=${account},dc=x").unwrap().name(&account).unwrap();
            let rdns = parse(&name).unwrap();
            proptest::prop_assert_eq!(rdns.len(), 2);
            proptest::prop_assert_eq!(&rdns[0][0].1, &account);
        }
    }
}
