use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// An access token, taken apart.
#[derive(Clone, Debug)]
pub struct Token {
    /// As a client sends it.
    pub text: String,
    /// The header that says which key signed it.
    pub header: Value,
    /// What it says.
    pub claims: Value,
}

impl Token {
    /// Takes a token apart, without looking at its signature.
    ///
    /// # Panics
    ///
    /// When it is not a signed JSON web token.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.split('.').collect();
        assert_eq!(parts.len(), 3, "not a signed token: {text}");
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        Self { text: text.to_owned(), header: json(parts[0]), claims: json(parts[1]) }
    }

    /// The actions on this resource, joined with commas; `None` where the token does not speak of it.
    pub fn actions(&self, resource_type: &str, name: &str) -> Option<String> {
        let access = self.claims["access"].as_array()?;
        let entry = access.iter().find(|entry| entry["type"] == resource_type && entry["name"] == name)?;
        let actions = entry["actions"].as_array()?.iter().map(|action| action.as_str().unwrap());
        Some(actions.collect::<Vec<_>>().join(","))
    }

    /// The header that presents it.
    pub fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.text)
    }
}
