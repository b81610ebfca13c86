//! Globs with the semantics of Go's `path.Match`.

/// Whether the glob matches the whole of the name.
///
/// `*` and `?` do not match `/`; a class such as `[a-z]` or `[^a]` can; `\` takes away the meaning of what follows;
/// `**` is the same as `*`. After each `*` the first place where the following pieces fit is taken for good, so that
/// nothing is ever tried twice: the time is at most the product of the two lengths.
///
/// # Errors
///
/// When the glob is malformed, whatever the name.
///
/// ```
/// use token_auth_core::pattern::glob_matches;
///
/// assert!(glob_matches("team-[a-z]/*", "team-x/app")?);
/// assert!(!glob_matches("team-?/*", "team-x/app/img")?);
/// assert!(glob_matches("team-[x/*", "team-x/app").is_err());
/// # Ok::<(), token_auth_core::pattern::MalformedGlob>(())
/// ```
pub fn glob_matches(glob: &str, name: &str) -> Result<bool, MalformedGlob> {
    let (mut rest, mut name) = (glob.as_bytes(), name.as_bytes());
    while !rest.is_empty() {
        let (star, chunk, after) = next_chunk(rest);
        rest = after;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        match place(star, chunk, rest.is_empty(), name)? {
            Some(left) => name = left,
            None => return check(rest).map(|()| false),
        }
    }
    Ok(name.is_empty())
}

/// Whether this is a glob at all.
#[cfg(feature = "acl")]
pub(crate) fn check_glob(glob: &str) -> Result<(), MalformedGlob> {
    check(glob.as_bytes())
}

/// Whether a class begins with `!`, which negates it in a shell, and here is one of its characters.
pub(crate) fn negates_like_a_shell(glob: &str) -> bool {
    let (mut escaped, mut class) = (false, false);
    glob.char_indices().any(|(at, char)| {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if !class => {
                class = true;
                return glob.get(at..).is_some_and(|rest| rest.starts_with("[!"));
            }
            ']' => class = false,
            _ => {}
        }
        false
    })
}

/// A glob that matches this text and no other, whatever it consists of: it is no regular expression either, and nothing in
/// it is a placeholder.
///
/// For rules that a program makes of names that others choose. It may be a part of a longer glob, as in
/// `format!("{}/*", literal(owner))`.
///
/// ```
/// use token_auth_core::pattern::{glob_matches, literal};
///
/// assert_eq!(literal("team/app"), "team/app");
/// assert_eq!(literal("/.*/"), r"\/.\*/");
/// assert!(glob_matches(&literal("${account}"), "${account}")?);
/// # Ok::<(), token_auth_core::pattern::MalformedGlob>(())
/// ```
pub fn literal(text: &str) -> String {
    let mut glob = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char {
            '*' | '?' | '[' | '\\' => glob.push('\\'),
            // Between slashes stands a regular expression.
            '/' if at == 0 => glob.push('\\'),
            // With a backslash it would still begin a placeholder.
            '$' => {
                glob.push_str("[$]");
                continue;
            }
            _ => {}
        }
        glob.push(char);
    }
    glob
}

/// Whether the glob matches nothing but its own text.
#[cfg(feature = "acl")]
pub(crate) fn is_literal(glob: &str) -> bool {
    !glob.contains(['*', '?', '[', '\\'])
}

/// A glob that has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedGlob {
    /// `[a-z`
    #[error("the class that `[` begins is not closed; write a literal bracket as `\\[`")]
    OpenClass,
    /// `[]a]`, `[-a]` or `[a-]`.
    #[error("`]` or `-` stands where a class needs a character; write it with a backslash there")]
    ClassMember,
    /// `a\`
    #[error("the `\\` at the end has nothing to escape; write a literal backslash as `\\\\`")]
    Backslash,
}

fn check(mut rest: &[u8]) -> Result<(), MalformedGlob> {
    while !rest.is_empty() {
        let (_, chunk, after) = next_chunk(rest);
        rest = after;
        match_here(chunk, b"")?;
    }
    Ok(())
}

/// Splits off the stars at the beginning and what stands before the next star.
fn next_chunk(glob: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = glob.iter().take_while(|byte| **byte == b'*').count();
    let (_, glob) = glob.split_at(stars);
    let (mut in_class, mut escaped) = (false, false);
    let end = glob.iter().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' => return !in_class,
            _ => {}
        }
        false
    });
    let (chunk, rest) = glob.split_at(end.unwrap_or(glob.len()));
    (stars > 0, chunk, rest)
}

/// Finds the first place for the chunk, and returns what of the name comes after it. The last chunk has to reach the end.
fn place<'n>(
    star: bool,
    chunk: &[u8],
    last: bool,
    mut name: &'n [u8],
) -> Result<Option<&'n [u8]>, MalformedGlob> {
    loop {
        if let Some(left) = match_here(chunk, name)?
            && (!last || left.is_empty())
        {
            return Ok(Some(left));
        }
        match name {
            [byte, rest @ ..] if star && *byte != b'/' => name = rest,
            _ => return Ok(None),
        }
    }
}

/// Matches a chunk at the beginning of the name, and returns what comes after it. Reads on after a mismatch, so that a
/// malformed chunk is always noticed.
fn match_here<'n>(mut chunk: &[u8], name: &'n [u8]) -> Result<Option<&'n [u8]>, MalformedGlob> {
    let mut left = Some(name);
    while let [piece, rest @ ..] = chunk {
        chunk = rest;
        left = match piece {
            b'[' => {
                let (class, after) = Class::read(chunk, left.and_then(first))?;
                chunk = after;
                left.and_then(|name| class.then(|| skip(name))).flatten()
            }
            b'?' => left.filter(|name| name.first() != Some(&b'/')).and_then(skip),
            b'\\' => {
                let [escaped, rest @ ..] = chunk else { return Err(MalformedGlob::Backslash) };
                chunk = rest;
                left.and_then(|name| name.strip_prefix(&[*escaped]))
            }
            literal => left.and_then(|name| name.strip_prefix(&[*literal])),
        };
    }
    Ok(left)
}

/// Reading of character classes.
struct Class;

impl Class {
    /// Reads a class, whose `[` is already read, and says whether it contains the character, and what follows it.
    fn read(class: &[u8], char: Option<char>) -> Result<(bool, &[u8]), MalformedGlob> {
        let (negated, mut rest) = match class {
            [b'^', rest @ ..] => (true, rest),
            _ => (false, class),
        };
        let (mut found, mut empty) = (false, true);
        loop {
            if let [b']', after @ ..] = rest
                && !empty
            {
                return Ok((found != negated, after));
            }
            let (low, after) = Self::member(rest)?;
            rest = after;
            let mut high = low;
            if let [b'-', after @ ..] = rest {
                (high, rest) = Self::member(after)?;
            }
            found |= char.is_some_and(|char| low <= char && char <= high);
            empty = false;
        }
    }

    /// One character, which must not be the last of the glob.
    fn member(class: &[u8]) -> Result<(char, &[u8]), MalformedGlob> {
        let rest = match class {
            [] | [b'\\'] => return Err(MalformedGlob::OpenClass),
            [b'-' | b']', ..] => return Err(MalformedGlob::ClassMember),
            [b'\\', rest @ ..] => rest,
            _ => class,
        };
        match (first(rest), skip(rest)) {
            (Some(char), Some(after)) if !after.is_empty() => Ok((char, after)),
            _ => Err(MalformedGlob::OpenClass),
        }
    }
}

/// The first character; U+FFFD where a star has cut one in two.
fn first(text: &[u8]) -> Option<char> {
    let head = text.get(..width(text)?)?;
    let char = std::str::from_utf8(head).ok().and_then(|head| head.chars().next());
    Some(char.unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The text after the first character.
fn skip(text: &[u8]) -> Option<&[u8]> {
    text.get(width(text)?..)
}

/// Bytes of the first character; the text is UTF-8, or the rest of some after a cut, so that the first byte tells.
fn width(text: &[u8]) -> Option<usize> {
    Some(match text.first()? {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        _ => 1,
    })
}

#[cfg(test)]
mod tests;
