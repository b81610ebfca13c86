//! Repetitions in a regular expression.

use super::error::GoRegexErrorKind as Kind;
use super::input::Input;

/// How often something is repeated, by Go's rules at most this often, repetitions within repetitions included.
pub(super) const MOST: u32 = 1000;

/// The bounds of a repetition.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) least: u32,
    pub(super) most: Option<u32>,
}

impl Bounds {
    /// How many copies of the repeated thing Go counts.
    pub(super) fn copies(self) -> u32 {
        self.most.unwrap_or(self.least).max(1)
    }
}

/// Reads `{2}`, `{2,}` or `{2,3}`. What has another form is no repetition, and nothing of it is read.
pub(super) fn counted(input: &mut Input<'_>) -> Result<Option<Bounds>, Kind> {
    let mut ahead = *input;
    let Some((least, most)) = bounds(&mut ahead) else { return Ok(None) };
    *input = ahead;
    let ordered = most.is_none_or(|most| least <= most);
    let within = |count: u64| u32::try_from(count).ok().filter(|count| *count <= MOST);
    match (within(least), most.map(within)) {
        (Some(least), None) => Ok(Some(Bounds { least, most: None })),
        (Some(least), Some(Some(most))) if ordered => Ok(Some(Bounds { least, most: Some(most) })),
        _ => Err(Kind::RepeatCount),
    }
}

fn bounds(input: &mut Input<'_>) -> Option<(u64, Option<u64>)> {
    if !input.eat("{") {
        return None;
    }
    let least = count(input)?;
    let most = match input.eat(",") {
        false => Some(least),
        true if input.peek() == Some('}') => None,
        true => Some(count(input)?),
    };
    input.eat("}").then_some((least, most))
}

/// A number without leading zeros. One that is too large for anything is the largest there is.
fn count(input: &mut Input<'_>) -> Option<u64> {
    let length = input.rest().bytes().take_while(u8::is_ascii_digit).count();
    let digits = input.rest().get(..length).filter(|digits| !digits.is_empty())?;
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    for _ in 0..length {
        input.next();
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}
