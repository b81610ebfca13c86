//! What stores of tokens hand back, and what clients present as one of our tokens.

use token_auth_core::{OpaqueToken, TokenRecord};

/// A record that is read is read back from what is written of it. What is recognized as a token of ours is nothing but its text.
pub fn records(data: &[u8]) {
    if let Ok(record) = serde_json::from_slice::<TokenRecord>(data) {
        let written = serde_json::to_vec(&record).unwrap();
        assert_eq!(serde_json::from_slice::<TokenRecord>(&written).unwrap(), record);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines() {
        if let Some(Ok(token)) = OpaqueToken::recognize(line) {
            assert_eq!(token.expose(), line);
            assert!(!format!("{token:?}").contains(line), "a token is shown");
            assert!(line.contains(token.id().as_str()));
        }
    }
}
