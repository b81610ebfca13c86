//! The header `Forwarded` (RFC 7239): for whom each proxy says that it forwards.

use std::borrow::Cow;

use super::Hop;

/// What `for` says in each element of a line; an element that says nothing at all is empty, and one without `for` is
/// nothing. `None` if the line is malformed: a quotation that a client left open must not swallow what proxies append.
pub(super) fn nodes(line: &str) -> Option<Vec<Hop<'_>>> {
    let mut rest = line.trim_matches(BLANK);
    let mut nodes = Vec::new();
    loop {
        let element;
        (element, rest) = Element::read(rest)?;
        nodes.push(if element.is_empty { Some(Cow::Borrowed("")) } else { element.node });
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return rest.is_empty().then_some(nodes),
        }
    }
}

const BLANK: [char; 2] = [' ', '\t'];

/// What one proxy wrote.
struct Element<'l> {
    node: Hop<'l>,
    is_empty: bool,
}

impl<'l> Element<'l> {
    /// Reads up to a comma or to the end: pairs, or nothing, between semicolons.
    fn read(mut rest: &'l str) -> Option<(Self, &'l str)> {
        let mut element = Self { node: None, is_empty: true };
        loop {
            rest = rest.trim_start_matches(BLANK);
            if !rest.is_empty() && !rest.starts_with([';', ',']) {
                let (name, after) = rest.split_once('=')?;
                let (value, after) = value(after)?;
                element.is_empty = false;
                // Section 4: each parameter once an element.
                if !is_token(name)
                    || name.eq_ignore_ascii_case("for") && element.node.replace(value).is_some()
                {
                    return None;
                }
                rest = after.trim_start_matches(BLANK);
            }
            match rest.strip_prefix(';') {
                Some(after) => rest = after,
                None => return Some((element, rest)),
            }
        }
    }
}

/// A token or a quoted string, and what comes after it.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        // Many proxies leave out the quotation marks that an address with a port, or of IPv6, needs.
        return is_token(&value.replace([':', '[', ']'], "")).then_some((value.into(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value.into(), quoted.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            char => value.push(char),
        }
    }
    None
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}
