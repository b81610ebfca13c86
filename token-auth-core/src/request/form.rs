//! `application/x-www-form-urlencoded`, where a pair that cannot be read is an error and not silence.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::RequestError;

pub(super) type Text<'a> = Cow<'a, str>;

/// Where a parameter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterPlace {
    Form,
    Query,
}

/// A parameter that only the body of a POST may hold.
fn secret(key: &str) -> Option<&'static str> {
    ["password", "refresh_token", "subject_token", "actor_token"].into_iter().find(|secret| *secret == key)
}

/// The parameters of the protocol. Distribution's `token.md` and `oauth.md`, and RFC 8693.
#[derive(Default)]
pub(super) struct Parameters<'a> {
    pub(super) account: Option<Text<'a>>,
    pub(super) service: Option<Text<'a>>,
    pub(super) client_id: Option<Text<'a>>,
    pub(super) offline_token: Option<Text<'a>>,
    pub(super) access_type: Option<Text<'a>>,
    pub(super) grant_type: Option<Text<'a>>,
    pub(super) username: Option<Text<'a>>,
    pub(super) password: Option<Text<'a>>,
    pub(super) refresh_token: Option<Text<'a>>,
    pub(super) subject_token: Option<Text<'a>>,
    pub(super) subject_token_type: Option<Text<'a>>,
    pub(super) actor_token: Option<Text<'a>>,
    pub(super) audience: Option<Text<'a>>,
    pub(super) requested_token_type: Option<Text<'a>>,
    pub(super) scopes: Vec<Text<'a>>,
}

impl<'a> Parameters<'a> {
    /// Reads a form, or a query, and adds what it says.
    pub(super) fn read(&mut self, encoded: &'a [u8], place: ParameterPlace) -> Result<(), RequestError> {
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            // Some parsers take `;` for a separator: what they would read differently is not guessed at.
            if pair.contains(&b';') {
                return Err(RequestError::MalformedParameter);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let key = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if let (ParameterPlace::Query, Some(secret)) = (place, secret(&key))
                && !value.is_empty()
            {
                return Err(RequestError::SecretInQuery(secret));
            }
            self.set(&key, value)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: Text<'a>) -> Result<(), RequestError> {
        let (name, place) = match key {
            "scope" => {
                self.scopes.push(value);
                return Ok(());
            }
            "account" => ("account", &mut self.account),
            "service" => ("service", &mut self.service),
            "client_id" => ("client_id", &mut self.client_id),
            "offline_token" => ("offline_token", &mut self.offline_token),
            "access_type" => ("access_type", &mut self.access_type),
            "grant_type" => ("grant_type", &mut self.grant_type),
            "username" => ("username", &mut self.username),
            "password" => ("password", &mut self.password),
            "refresh_token" => ("refresh_token", &mut self.refresh_token),
            "subject_token" => ("subject_token", &mut self.subject_token),
            "subject_token_type" => ("subject_token_type", &mut self.subject_token_type),
            "actor_token" => ("actor_token", &mut self.actor_token),
            "audience" => ("audience", &mut self.audience),
            "requested_token_type" => ("requested_token_type", &mut self.requested_token_type),
            _ => return Ok(()),
        };
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(RequestError::Duplicate(name)),
        }
    }
}

fn decode(encoded: &[u8]) -> Result<Text<'_>, RequestError> {
    let mut bytes = encoded.iter();
    while let Some(byte) = bytes.next() {
        let hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
        if *byte == b'%' && !(hex(bytes.next()) && hex(bytes.next())) {
            return Err(RequestError::MalformedParameter);
        }
    }
    if encoded.contains(&b'+') {
        let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        let text = percent_decode(&spaced).decode_utf8().map_err(|_| RequestError::MalformedParameter)?;
        return Ok(Cow::Owned(text.into_owned()));
    }
    percent_decode(encoded).decode_utf8().map_err(|_| RequestError::MalformedParameter)
}
