//! Character classes: `[…]`, `\d`, `[[:alpha:]]`, `\p{…}`.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::error::GoRegexErrorKind as Kind;
use super::escape::escape;
use super::input::Input;
use super::unicode;

/// Reads a class whose `[` comes next.
pub(super) fn bracketed(input: &mut Input<'_>, fold: bool) -> Result<ClassUnicode, Kind> {
    input.eat("[");
    let negated = input.eat("^");
    let mut class = ClassUnicode::empty();
    let mut first = true;
    while first || !input.eat("]") {
        first = false;
        if let Some(part) = named(input, fold)? {
            class.union(&part);
        } else if let Some(part) = escaped(input, fold)? {
            class.union(&part);
        } else {
            class.union(&folded(range(input)?, fold));
        }
    }
    if negated {
        class.negate();
    }
    Ok(class)
}

/// One character, or `a-z`.
fn range(input: &mut Input<'_>) -> Result<ClassUnicode, Kind> {
    let low = member(input)?;
    let mut high = low;
    // A `-` before the closing bracket stands for itself.
    if input.peek() == Some('-') && !matches!(input.peek_second(), None | Some(']')) {
        input.next();
        high = member(input)?;
    }
    if high < low { Err(Kind::Range) } else { Ok(code_points(low, high)) }
}

fn member(input: &mut Input<'_>) -> Result<u32, Kind> {
    match input.peek() {
        Some('\\') => escape(input),
        Some(char) => {
            input.next();
            Ok(char.into())
        }
        None => Err(Kind::Bracket),
    }
}

/// `[:alpha:]` inside brackets, if it comes next.
fn named(input: &mut Input<'_>, fold: bool) -> Result<Option<ClassUnicode>, Kind> {
    let mut ahead = *input;
    if !ahead.eat("[:") {
        return Ok(None);
    }
    let Some(name) = ahead.eat_through(":]") else { return Ok(None) };
    *input = ahead;
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let members = posix(name).ok_or(Kind::Class)?;
    Ok(Some(ascii(members, negated, fold)))
}

/// `\d` or `\p{…}`, if it comes next.
pub(super) fn escaped(input: &mut Input<'_>, fold: bool) -> Result<Option<ClassUnicode>, Kind> {
    if input.peek() != Some('\\') {
        return Ok(None);
    }
    let Some(letter) = input.peek_second() else { return Ok(None) };
    if matches!(letter, 'p' | 'P') {
        return property(input, letter == 'P', fold).map(Some);
    }
    let Some(members) = perl(letter.to_ascii_lowercase()) else { return Ok(None) };
    input.next();
    input.next();
    Ok(Some(ascii(members, letter.is_ascii_uppercase(), fold)))
}

fn property(input: &mut Input<'_>, mut negated: bool, fold: bool) -> Result<ClassUnicode, Kind> {
    input.next();
    input.next();
    let mut name = match input.peek() {
        Some('{') => {
            input.next();
            input.eat_through("}").ok_or(Kind::UnicodeClass)?
        }
        Some(letter) => {
            let name = input.rest().get(..letter.len_utf8()).unwrap_or_default();
            input.next();
            name
        }
        None => return Err(Kind::UnicodeClass),
    };
    if let Some(rest) = name.strip_prefix('^') {
        negated = !negated;
        name = rest;
    }
    let mut class = folded(unicode::class(name).ok_or(Kind::UnicodeClass)?, fold);
    if negated {
        class.negate();
    }
    Ok(class)
}

/// Closes the class over simple case folding, if that is asked for.
pub(super) fn folded(mut class: ClassUnicode, fold: bool) -> ClassUnicode {
    if fold {
        class.case_fold_simple();
    }
    class
}

/// A class of all code points between the two that are characters.
pub(super) fn code_points(low: u32, high: u32) -> ClassUnicode {
    const SURROGATES: std::ops::RangeInclusive<u32> = 0xD800..=0xDFFF;
    let low = if SURROGATES.contains(&low) { 0xE000 } else { low };
    let high = if SURROGATES.contains(&high) { 0xD7FF } else { high };
    match (char::from_u32(low), char::from_u32(high)) {
        (Some(low), Some(high)) if low <= high => ClassUnicode::new([ClassUnicodeRange::new(low, high)]),
        _ => ClassUnicode::empty(),
    }
}

/// Pairs of first and last character.
type Members = &'static [(char, char)];

fn ascii(members: Members, negated: bool, fold: bool) -> ClassUnicode {
    let ranges = members.iter().map(|(low, high)| ClassUnicodeRange::new(*low, *high));
    let mut class = folded(ClassUnicode::new(ranges), fold);
    if negated {
        class.negate();
    }
    class
}

fn perl(letter: char) -> Option<Members> {
    Some(match letter {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    })
}

fn posix(name: &str) -> Option<Members> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7F')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1F'), ('\x7F', '\x7F')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}
