//! How durations are written: as in Go.

use std::time::Duration;

/// Units of Go's `time.ParseDuration`, with the nanoseconds they have.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a Go duration that is not negative: `1h30m`, `1.5h`, `300ms`, `0`.
pub(super) fn parse(text: &str) -> Result<Duration, &'static str> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.starts_with('-') {
        return Err("must not be negative");
    }
    if rest.is_empty() {
        return Err("must be a duration such as 10s or 1h30m");
    }
    let mut nanoseconds = 0u64;
    while !rest.is_empty() {
        let number = take_while(&mut rest, |c| c.is_ascii_digit() || c == '.');
        let unit = take_while(&mut rest, |c| !c.is_ascii_digit() && c != '.');
        if unit.is_empty() && !number.is_empty() {
            return Err("needs a unit: 10s, 5m or 1h30m");
        }
        let part = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .and_then(|(_, scale)| scaled(number, *scale))
            .ok_or("must be a duration such as 10s or 1h30m")?;
        nanoseconds = nanoseconds.checked_add(part?).ok_or(TOO_LONG)?;
    }
    if nanoseconds > i64::MAX.unsigned_abs() {
        return Err(TOO_LONG);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

const TOO_LONG: &str = "is longer than 292 years";

/// `None` for what is no number, an error for what is too long.
fn scaled(number: &str, scale: u64) -> Option<Result<u64, &'static str>> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { Some(0) } else { whole.parse::<u64>().ok() };
    let (mut part, mut share) = (0, scale);
    for digit in fraction.bytes() {
        share /= 10;
        part += share * u64::from(digit - b'0');
    }
    Some(whole.and_then(|whole| whole.checked_mul(scale)?.checked_add(part)).ok_or(TOO_LONG))
}

fn take_while<'a>(text: &mut &'a str, mut belongs: impl FnMut(char) -> bool) -> &'a str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    let (taken, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    *text = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        for (text, expected) in [
            ("0", Duration::ZERO),
            ("10s", s(10)),
            ("+10s", s(10)),
            ("1h30m", s(5400)),
            ("1.5h", s(5400)),
            (".5s", ms(500)),
            ("5.s", s(5)),
            ("300ms", ms(300)),
            ("1m0.001s", ms(60_001)),
            ("1h1h", s(7200)),
            ("1us", Duration::from_micros(1)),
            ("1\u{b5}s", Duration::from_micros(1)),
            ("0.000000001s", Duration::from_nanos(1)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses_and_the_negative() {
        for (text, message) in [
            ("", "must be a duration such as 10s or 1h30m"),
            ("10", "needs a unit: 10s, 5m or 1h30m"),
            ("1h30", "needs a unit: 10s, 5m or 1h30m"),
            ("-10s", "must not be negative"),
            ("s", "must be a duration such as 10s or 1h30m"),
            (".s", "must be a duration such as 10s or 1h30m"),
            ("1..5s", "must be a duration such as 10s or 1h30m"),
            ("1d", "must be a duration such as 10s or 1h30m"),
            ("10 s", "must be a duration such as 10s or 1h30m"),
            ("\u{e4}", "must be a duration such as 10s or 1h30m"),
            ("3000000h", "is longer than 292 years"),
            ("99999999999999999999s", "is longer than 292 years"),
            ("2562047h2562047h", "is longer than 292 years"),
        ] {
            assert_eq!(parse(text), Err(message), "{text}");
        }
    }
}
