//! What a program writes to standard error, for the log.

/// Logs the beginning of it, at the level of debugging, without the password.
pub(super) fn log(complaint: &[u8], secret: &str) {
    if complaint.is_empty() || !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let text = hide(&String::from_utf8_lossy(complaint), secret);
    tracing::debug!(stderr = text.trim_end(), "an external program has written to standard error");
}

/// The text without the secret, as it is and as JSON writes it.
fn hide(text: &str, secret: &str) -> String {
    const HIDDEN: &str = "[redacted]";
    if secret.is_empty() {
        return text.to_owned();
    }
    let written = serde_json::to_string(secret).unwrap_or_default();
    let written = written.trim_matches('"');
    let hidden = text.replace(secret, HIDDEN);
    match written.is_empty() || written == secret {
        true => hidden,
        false => hidden.replace(written, HIDDEN),
    }
}

#[cfg(test)]
mod tests {
    use super::hide;

    #[test]
    fn a_password_is_hidden_in_both_forms() {
        assert_eq!(hide("got alice hunter2, hunter2", "hunter2"), "got alice [redacted], [redacted]");
        assert_eq!(hide(r#"{"password":"a\\b"} a\b"#, r"a\b"), r#"{"password":"[redacted]"} [redacted]"#);
        assert_eq!(hide("nothing", ""), "nothing");
    }
}
