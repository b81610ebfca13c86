//! A text to a filter (RFC 4515).

use super::{FilterError, Item, Node, Piece, Placeholder};

/// Deeper than anyone writes, and far from where the stack ends.
const MAX_DEPTH: usize = 32;

/// What a whole text means.
pub(super) fn filter(text: &str) -> Result<Node, FilterError> {
    let mut parser = Parser { text, at: 0 };
    let node = parser.node(0)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => {
            Err(parser.error("the filter has ended before: put everything into one pair of parentheses"))
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, message: impl Into<String>) -> FilterError {
        let before = self.text.get(..self.at).unwrap_or_default();
        FilterError { column: before.chars().count() + 1, message: message.into() }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is not a space; it stands at the place that is reached.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    fn expect(&mut self, sign: char, message: &str) -> Result<(), FilterError> {
        match self.peek() {
            Some(next) if next == sign => {
                self.at += sign.len_utf8();
                Ok(())
            }
            _ => Err(self.error(message)),
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node, FilterError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        self.expect('(', "must begin with `(`")?;
        let node = match self.peek() {
            Some(sign @ ('&' | '|')) => {
                self.at += 1;
                let nodes = self.nodes(depth)?;
                if sign == '&' { Node::And(nodes) } else { Node::Or(nodes) }
            }
            Some('!') => {
                self.at += 1;
                Node::Not(Box::new(self.node(depth + 1)?))
            }
            _ => Node::Item(self.item()?),
        };
        self.expect(')', "must end with `)`")?;
        Ok(node)
    }

    fn nodes(&mut self, depth: usize) -> Result<Vec<Node>, FilterError> {
        let mut nodes = Vec::new();
        while self.peek() == Some('(') {
            nodes.push(self.node(depth + 1)?);
        }
        match nodes.is_empty() {
            // RFC 4526 gives them a meaning, always and never, that nobody wants here.
            true => Err(self.error("`&` and `|` need a filter behind them")),
            false => Ok(nodes),
        }
    }

    fn item(&mut self) -> Result<Item, FilterError> {
        let rest = self.rest();
        let length = rest.find(['=', '(', ')']).unwrap_or(rest.len());
        let (left, right) = rest.split_at(length);
        if !right.starts_with('=') {
            return Err(self.error("must have the form `attribute=value`"));
        }
        let operators = [":=", "~=", ">=", "<="];
        let operator = operators.into_iter().find(|operator| left.ends_with(operator.trim_end_matches('=')));
        let operator = operator.unwrap_or("=");
        let attribute = left.get(..left.len() + 1 - operator.len()).unwrap_or_default();
        if !is_left_side(attribute, operator == ":=") {
            return Err(self.error(format!("{attribute:?} is not the name of an attribute")));
        }
        self.at += length + 1;
        let value = self.value(operator == "=")?;
        Ok(Item { attribute: attribute.to_owned(), operator, value })
    }

    fn value(&mut self, wildcards: bool) -> Result<Vec<Piece>, FilterError> {
        let (mut pieces, mut text) = (Vec::new(), String::new());
        while let Some(next) = self.rest().chars().next() {
            match next {
                ')' => break,
                '(' => return Err(self.error("`(` within a value is written `\\28`")),
                '\0' => return Err(self.error("NUL within a value is written `\\00`")),
                '*' if !wildcards => return Err(self.error("`*` can stand for anything only behind `=`")),
                '*' if text.ends_with('*') => return Err(self.error("two `*` beside each other")),
                '\\' => text.push_str(self.escape()?),
                '$' if self.rest().starts_with("${") => {
                    let placeholder = self.placeholder()?;
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Placeholder(placeholder));
                    continue;
                }
                other => text.push(other),
            }
            self.at += next.len_utf8() + if next == '\\' { 2 } else { 0 };
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(pieces)
    }

    fn escape(&self) -> Result<&'a str, FilterError> {
        let escape = self.rest().get(..3);
        escape
            .filter(|text| text.chars().skip(1).all(|digit| digit.is_ascii_hexdigit()))
            .ok_or_else(|| self.error("`\\` needs two hexadecimal digits behind it: a backslash is `\\5c`"))
    }

    fn placeholder(&mut self) -> Result<Placeholder, FilterError> {
        let end = self.rest().find('}').ok_or_else(|| self.error("`${` without `}`"))?;
        let name = self.rest().get(2..end).unwrap_or_default();
        let placeholder = match name {
            "account" => Placeholder::Account,
            "dn" => Placeholder::Dn,
            _ => match name.strip_prefix("user:").filter(|attribute| is_attribute(attribute)) {
                Some(attribute) => Placeholder::User(attribute.to_owned()),
                None => {
                    return Err(self.error(format!(
                        "there is no placeholder `${{{name}}}`: there are `${{account}}`, `${{dn}}`, \
                         `${{user:ATTRIBUTE}}`"
                    )));
                }
            },
        };
        self.at += end + 1;
        Ok(placeholder)
    }
}

/// `attribute`, or for `:=` also `attribute:dn:rule`, `attribute:rule`, `:dn:rule`, `:rule`.
fn is_left_side(text: &str, extensible: bool) -> bool {
    let Some((attribute, matching)) = text.split_once(':').filter(|_| extensible) else {
        return is_attribute(text);
    };
    let rule = matching.strip_prefix("dn:").unwrap_or(matching);
    let has_rule = is_attribute(rule) && !rule.contains(';');
    (attribute.is_empty() || is_attribute(attribute))
        && (has_rule || (matching == "dn" && !attribute.is_empty()))
}

/// A name or an object identifier, with options behind semicolons (RFC 4512, section 2.5).
pub(crate) fn is_attribute(text: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let mut parts = text.split(';');
    let name = parts.next().unwrap_or_default();
    let is_name = plain(name) && name.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_number =
        |text: &str| text == "0" || (!text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit()));
    let is_oid = name.contains('.') && name.split('.').all(|number| !number.is_empty() && is_number(number));
    (is_name || is_oid) && parts.all(plain)
}
