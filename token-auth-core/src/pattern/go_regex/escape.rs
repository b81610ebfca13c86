//! Escapes in a regular expression.

use super::error::GoRegexErrorKind as Kind;
use super::input::Input;

/// Reads an escape that stands for one code point, possibly a surrogate. Its `\` comes next.
pub(super) fn escape(input: &mut Input<'_>) -> Result<u32, Kind> {
    input.next();
    let Some(char) = input.next() else { return Err(Kind::Escape) };
    match char {
        'a' => Ok(0x07),
        'f' => Ok(0x0C),
        'n' => Ok(0x0A),
        'r' => Ok(0x0D),
        't' => Ok(0x09),
        'v' => Ok(0x0B),
        'x' => hexadecimal(input).ok_or(Kind::Escape),
        '0' => Ok(octal(input, 0)),
        // A single digit other than zero would be a back-reference.
        '1'..='7' if matches!(input.peek(), Some('0'..='7')) => {
            Ok(octal(input, char.to_digit(8).unwrap_or_default()))
        }
        _ if char.is_ascii() && !char.is_ascii_alphanumeric() => Ok(char.into()),
        _ => Err(Kind::Escape),
    }
}

/// Up to two more digits.
fn octal(input: &mut Input<'_>, first: u32) -> u32 {
    let mut code = first;
    for _ in 0..2 {
        let Some(value) = input.peek().and_then(|char| char.to_digit(8)) else { break };
        input.next();
        code = code * 8 + value;
    }
    code
}

/// Two digits, or any number of them in braces.
fn hexadecimal(input: &mut Input<'_>) -> Option<u32> {
    if !input.eat("{") {
        let (high, low) = (input.next()?.to_digit(16)?, input.next()?.to_digit(16)?);
        return Some(high * 16 + low);
    }
    let digits = input.eat_through("}").filter(|digits| !digits.is_empty())?;
    digits.chars().try_fold(0, |code: u32, char| {
        Some(code * 16 + char.to_digit(16)?).filter(|code| *code <= char::MAX.into())
    })
}
