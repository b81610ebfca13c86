//! Reads matchers: the part of their language that policies for registries are written in.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::matcher::{Expression, Function, Term};

/// Bytes of a matcher.
const MOST_BYTES: usize = 16 << 10;
/// How deep brackets may lie within each other.
const DEPTH: usize = 32;

/// What a matcher can speak of.
pub(super) struct Vocabulary<'a> {
    pub(super) request: &'a [String],
    pub(super) policy: &'a [String],
    pub(super) roles: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["&&", "||", "==", "!=", "!", "(", ")", ",", "."];

struct MatcherReader<'a> {
    tokens: Peekable<IntoIter<Token>>,
    vocabulary: &'a Vocabulary<'a>,
    sites: Vec<(Function, Term)>,
    depth: usize,
}

/// Reads the whole of a matcher, and where the pattern of each of its calls comes from.
pub(super) fn read(
    text: &str,
    vocabulary: &Vocabulary<'_>,
) -> Result<(Expression, Vec<(Function, Term)>), String> {
    if text.len() > MOST_BYTES {
        return Err(format!("longer than {MOST_BYTES} bytes"));
    }
    let mut reader = MatcherReader {
        tokens: tokens(text)?.into_iter().peekable(),
        vocabulary,
        sites: Vec::new(),
        depth: 0,
    };
    let whole = reader.any_of()?;
    match reader.tokens.next() {
        None => Ok((whole, reader.sites)),
        Some(token) => Err(format!("{} does not belong here", shown(&token))),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if matches!(first, '"' | '\'') {
            let inside = rest.get(1..).unwrap_or_default();
            let (literal, after) = inside.split_once(first).ok_or("a text has no closing quotation mark")?;
            if literal.contains('\\') || literal.contains(['"', '\'']) {
                return Err(
                    "a text with a backslash or a quotation mark in it does not mean the same everywhere"
                        .to_owned(),
                );
            }
            if reads_as_a_part(literal) {
                return Err(format!("the text {literal:?} is read as a part of the request or the policy"));
            }
            (Token::Text(literal.to_owned()), after)
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            (Token::Word(word.to_owned()), after)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign
                .ok_or_else(|| format!("{first:?} is not supported: it does not mean the same everywhere"))?;
            (Token::Sign(sign), rest.get(sign.len()..).unwrap_or_default())
        };
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

/// Whether casbin takes something in a text for `r.` or `p.`, and writes another text in its place.
fn reads_as_a_part(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.')).any(|word| {
        // The last piece is followed by nothing.
        let mut pieces: Vec<_> = word.split('.').collect();
        pieces.pop();
        pieces.iter().any(|piece| {
            let number = piece.strip_prefix(['r', 'p']);
            number.is_some_and(|number| number.bytes().all(|c| c.is_ascii_digit()))
        })
    })
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("{word:?}"),
        Token::Text(text) => format!("the text {text:?}"),
        Token::Sign(sign) => format!("{sign:?}"),
    }
}

impl MatcherReader<'_> {
    fn any_of(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all_of()?];
        while self.takes("||") {
            parts.push(self.all_of()?);
        }
        Ok(Expression::Any(parts))
    }

    fn all_of(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.one()?];
        while self.takes("&&") {
            parts.push(self.one()?);
        }
        Ok(Expression::All(parts))
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.takes("!") {
            return match self.tokens.peek() {
                Some(Token::Sign("(")) => self.one().map(|inner| Expression::Not(Box::new(inner))),
                Some(Token::Word(word)) if Function::named(word).is_some() => {
                    self.one().map(|inner| Expression::Not(Box::new(inner)))
                }
                _ => Err("`!` is for brackets and functions".to_owned()),
            };
        }
        if self.takes("(") {
            self.depth += 1;
            if self.depth > DEPTH {
                return Err(format!("brackets lie more than {DEPTH} deep within each other"));
            }
            let inner = self.any_of()?;
            self.depth -= 1;
            self.expect(")")?;
            return Ok(inner);
        }
        if let Some(Token::Word(word)) = self.tokens.peek()
            && let Some(function) = Function::named(word)
        {
            self.tokens.next();
            return self.call(function);
        }
        let left = self.term()?;
        match self.tokens.next() {
            Some(Token::Sign("==")) => Ok(Expression::Equal(left, self.term()?)),
            Some(Token::Sign("!=")) => {
                self.term().map(|right| Expression::Not(Box::new(Expression::Equal(left, right))))
            }
            Some(Token::Word(word)) if word == "in" => self.list(&left),
            _ => Err("a text stands alone: compare it with ==, != or in".to_owned()),
        }
    }

    /// `x in ("a", "b")`
    fn list(&mut self, left: &Term) -> Result<Expression, String> {
        self.expect("(")?;
        let mut among = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Text(text)) => among.push(Expression::Equal(left.clone(), Term::Text(text))),
                _ => return Err("a list behind `in` holds texts alone".to_owned()),
            }
            if !self.takes(",") {
                break;
            }
        }
        // Go takes a list of one for a text, and fails.
        match among.len() {
            1 => Err("a list behind `in` holds two texts at least: write ==".to_owned()),
            _ => self.expect(")").map(|()| Expression::Any(among)),
        }
    }

    fn call(&mut self, function: Function) -> Result<Expression, String> {
        self.expect("(")?;
        let mut arguments = vec![self.argument()?];
        while self.takes(",") {
            arguments.push(self.argument()?);
        }
        self.expect(")")?;
        function.check(&arguments, self.vocabulary.roles)?;
        let mut rest = arguments.into_iter();
        match (function, rest.next(), rest.next()) {
            (Function::Role, Some(who), Some(role)) => {
                Ok(Expression::Role([who, role].into_iter().chain(rest).collect()))
            }
            (_, Some(text), Some(pattern)) => {
                self.sites.push((function, pattern));
                Ok(Expression::Call { site: self.sites.len() - 1, text })
            }
            _ => Err(format!("{} takes a text and a pattern", function.name())),
        }
    }

    /// Labels are for `labelMatch`: as a text they are written differently by different programs.
    fn term(&mut self) -> Result<Term, String> {
        match self.argument()? {
            Term::Request(at) if at + 1 == self.vocabulary.request.len() => {
                Err("the labels of a request can only be asked for with labelMatch".to_owned())
            }
            term => Ok(term),
        }
    }

    fn argument(&mut self) -> Result<Term, String> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Term::Text(text)),
            Some(Token::Word(word)) if word == "r" || word == "p" => {
                self.expect(".")?;
                let Some(Token::Word(part)) = self.tokens.next() else {
                    return Err(format!("`{word}.` is not followed by a name"));
                };
                let (parts, of): (_, fn(usize) -> Term) = match &*word {
                    "r" => (self.vocabulary.request, Term::Request),
                    _ => (self.vocabulary.policy, Term::Policy),
                };
                let at = parts.iter().position(|known| *known == part);
                at.map(of).ok_or_else(|| format!("`{word}.{part}` is not defined"))
            }
            Some(Token::Word(word)) => {
                Err(format!("{word:?} is not supported: it is not known here, or not the same in Go"))
            }
            Some(token) => Err(format!("{} stands where a text is expected", shown(&token))),
            None => Err("it ends too early".to_owned()),
        }
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        self.tokens.next_if_eq(&Token::Sign(sign)).is_some()
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(format!("{sign:?} is missing")),
        }
    }
}
