//! What a scalar can be.

/// A scalar, and whether its form lets it be more than text.
///
/// What it can be is what Go's YAML library, for which the configuration files were written, makes of it: YAML 1.1.
pub(in super::super) struct Scalar {
    text: String,
    /// Not quoted, and not tagged as text.
    plain: bool,
}

impl Scalar {
    pub(super) fn new(text: String, plain: bool) -> Self {
        Self { text, plain }
    }

    /// The text, which every scalar has: an account may be called `123`, or `yes`.
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    pub(in super::super) fn is_null(&self) -> bool {
        self.plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether it is the merge key of YAML 1.1.
    pub(super) fn is_merge(&self) -> bool {
        self.plain && self.text == "<<"
    }

    pub(in super::super) fn as_bool(&self) -> Option<bool> {
        match &*self.text {
            _ if !self.plain => None,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off" | "OFF" => {
                Some(false)
            }
            _ => None,
        }
    }

    /// Decimal, or hexadecimal after `0x`, with `_` between digits. A decimal number does not begin with 0, which would
    /// make it octal for some readers. `900.0` and `2.592e+06`, as templates print large numbers, are whole numbers, too.
    pub(in super::super) fn as_integer(&self) -> Option<i64> {
        if !self.plain {
            return None;
        }
        let text = self.text.replace('_', "");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let value = match digits.strip_prefix("0x") {
            Some(hexadecimal) if hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                i64::from_str_radix(hexadecimal, 16).ok()?
            }
            None if digits == "0" || is_decimal(digits) => digits.parse().ok()?,
            None => whole(digits)?,
            Some(_) => return None,
        };
        Some(if negative { -value } else { value })
    }
}

/// A number with a point or an exponent that is whole all the same, and small enough to be exact.
fn whole(digits: &str) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_plain = (before == "0" || is_decimal(before)) && !before.is_empty();
    if !is_plain || !is_number(after) || !is_number(exponent) || exponent.is_empty() {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    (value.fract() == 0.0 && value < EXACT).then_some(value as i64)
}

fn is_decimal(digits: &str) -> bool {
    !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}
