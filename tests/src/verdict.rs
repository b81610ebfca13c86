use token_auth_core::{Authenticator, Authn, AuthnRequest, BackendError, Credentials};

/// What an authenticator says to a name and a password, in words.
pub async fn login(authenticator: &dyn Authenticator, name: &str, password: &str) -> String {
    let credentials = Credentials::password(name, password);
    show_verdict(authenticator.authenticate(&AuthnRequest::new(&credentials)).await)
}

/// The account that is accepted, or what is said instead.
pub fn show_verdict(answer: Result<Authn, BackendError>) -> String {
    match answer {
        Ok(Authn::Accept(identity)) => identity.account.to_string(),
        Ok(Authn::Abstain) => "abstains".to_owned(),
        Ok(Authn::Reject(reason)) => format!("rejects: {reason}"),
        Err(error) => format!("error: {error}"),
    }
}
