//! What of a client's text goes into a log line: as much as there is room for, and no token.

use std::borrow::Cow;

/// Bytes of a name.
const NAME: usize = 256;
/// Bytes of a list of scopes or rules, of somebody who is known.
pub(super) const LIST: usize = 4096;
/// Bytes of all texts of a line together, of somebody who is not: with the names of the fields the line has 2 KB at most.
const NOBODY: usize = 1536;

/// What begins as a JWT does and goes on like this is one, or the beginning of one.
const SHORTEST_JWT: usize = 20;

/// How much text a line may still hold. Text is counted as it is written: an escaped character counts what its escape does.
pub(super) struct Budget {
    list: usize,
    left: usize,
}

impl Budget {
    pub(super) fn of_nobody() -> Self {
        Self { list: NAME, left: NOBODY }
    }

    pub(super) fn of_an_account() -> Self {
        Self { list: LIST, left: usize::MAX }
    }

    pub(super) fn name<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        self.cut(text, NAME)
    }

    pub(super) fn list<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        self.cut(text, self.list)
    }

    fn cut<'a>(&mut self, text: &'a str, most: usize) -> Cow<'a, str> {
        let most = most.min(self.left);
        let beginning = beginning(text, most.saturating_add(NAME));
        let whole = beginning.len() == text.len();
        let text = without_tokens(beginning);
        let mut used = 0;
        let over = text.char_indices().find(|(_, letter)| {
            used += width(*letter);
            used > most
        });
        let Some((end, letter)) = over else {
            self.left -= used;
            return if whole { text } else { Cow::Owned(format!("{text}…")) };
        };
        self.left -= used - width(letter);
        Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
    }
}

/// So many bytes of the text, or some fewer.
fn beginning(text: &str, most: usize) -> &str {
    let whole = text.len() <= most;
    let end = if whole { Some(text) } else { (0..4).find_map(|less| text.get(..most - less)) };
    end.unwrap_or_default()
}

/// Bytes of a character in a log line, at most.
fn width(letter: char) -> usize {
    match letter {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        // `\u{10ffff}`: what is not printable is escaped, and which characters those are is the subscriber's affair.
        _ => 10,
    }
}

/// The text, with the secret part of each token in it left out: people type them in the place of names. Of our own the kind
/// and the id stay, by which they can be revoked; of a JWT nothing.
fn without_tokens(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut rest = text;
    while let Some((before, shown, after)) = next_token(rest) {
        clean.push_str(before);
        clean.push_str(shown);
        clean.push('…');
        rest = after;
    }
    match clean.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(clean + rest),
    }
}

/// What stands before the next token, what may be shown of it, and what stands behind it.
fn next_token(text: &str) -> Option<(&str, &str, &str)> {
    const SECRET: fn(u8) -> bool = |byte| byte.is_ascii_alphanumeric();
    const JWT: fn(u8) -> bool = |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (0..text.len()).find_map(|start| {
        let (before, token) = text.split_at_checked(start)?;
        let (shown, secret) = match token.get(..4)? {
            "tap_" | "tar_" => {
                let (shown, secret) = token.split_at_checked(4 + crate::TokenId::LENGTH + 1)?;
                let id = shown.get(4..)?.strip_suffix('_')?;
                (id.bytes().all(SECRET)).then_some((shown, run(secret, SECRET)))?
            }
            start if start.starts_with("eyJ") => {
                let jwt = run(token, JWT);
                (jwt.len() >= SHORTEST_JWT).then_some(("eyJ", jwt.get(3..)?))?
            }
            _ => return None,
        };
        let after = token.get(shown.len() + secret.len()..)?;
        (!secret.is_empty()).then_some((before, shown, after))
    })
}

/// What the text begins with of such bytes.
fn run(text: &str, such: fn(u8) -> bool) -> &str {
    let end = text.bytes().position(|byte| !such(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_what_they_take_in_the_line() {
        for (text, expected) in [
            ("x".repeat(256), "x".repeat(256)),
            ("x".repeat(257), "x".repeat(256) + "…"),
            ("\u{1b}".repeat(100), "\u{1b}".repeat(25) + "…"),
            ("\"".repeat(200), "\"".repeat(128) + "…"),
        ] {
            assert_eq!(Budget::of_nobody().name(&text), expected);
        }
        let long = "x".repeat(5000);
        assert_eq!(Budget::of_an_account().list(&long).len(), LIST + "…".len());
    }

    #[test]
    fn all_texts_of_nobody_have_one_budget() {
        let mut budget = Budget::of_nobody();
        let long = "x".repeat(5000);
        let total: usize = (0..20).map(|_| budget.list(&long).matches('x').count()).sum();
        assert_eq!(total, NOBODY);
    }

    #[test]
    fn tokens_are_named_and_not_told() {
        let id = "0123456789abcdef";
        let secret = "S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3t01234567890";
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        for (text, expected) in [
            (format!("tap_{id}_{secret}"), format!("tap_{id}_…")),
            (format!(" tar_{id}_{secret}\n"), format!(" tar_{id}_…\n")),
            // Cut off, or with more behind it.
            (format!("tap_{id}_S3cr"), format!("tap_{id}_…")),
            (format!("alice:tap_{id}_{secret}@x"), format!("alice:tap_{id}_…@x")),
            (format!("{jwt} and {jwt}"), "eyJ… and eyJ…".to_owned()),
            (format!("repository:{jwt}:pull"), "repository:eyJ…:pull".to_owned()),
            ("x".repeat(250) + jwt, "x".repeat(250) + "eyJ…"),
            ("tap_water eyJafjallajokull é tap_".to_owned(), "tap_water eyJafjallajokull é tap_".to_owned()),
        ] {
            assert_eq!(Budget::of_nobody().name(&text), expected);
        }
    }
}
