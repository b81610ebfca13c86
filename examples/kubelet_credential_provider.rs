//! A credential provider for the kubelet: each pod pulls its images with the identity of its own service account, and no
//! `imagePullSecrets` are needed.
//!
//! The kubelet runs it with a request on standard input, and reads credentials from standard output. They are the service
//! account's token as the kubelet got it for the registry's audience; the token server verifies it (`workload_auth`). The
//! guide of `token_auth_backends::workload` has the configuration of both.
//!
//! ```text
//! echo '{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest",
//!        "image": "registry.example.com/prod/web:1", "serviceAccountToken": "eyJ…"}' |
//!     cargo run --example kubelet_credential_provider
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

use serde_json::{Value, json};

/// The only version whose requests have tokens.
const API_VERSION: &str = "credentialprovider.kubelet.k8s.io/v1";

fn main() -> ExitCode {
    let answer = serde_json::from_reader(std::io::stdin()).map_err(|_| "the request is not JSON");
    match answer.and_then(|request| answer_to(&request)) {
        Ok(response) => {
            println!("{response}");
            ExitCode::SUCCESS
        }
        // The kubelet logs it; nothing of the request is in it.
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn answer_to(request: &Value) -> Result<Value, &'static str> {
    let text = |name: &str| request.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("apiVersion") != Some(API_VERSION) || text("kind") != Some("CredentialProviderRequest") {
        return Err("the request is not a CredentialProviderRequest of credentialprovider.kubelet.k8s.io/v1");
    }
    let image = text("image").ok_or("the request names no image")?;
    // The part before the first slash, where an image has one, is the registry.
    let (registry, _) = image.split_once('/').ok_or("the image names no registry")?;
    let token = text("serviceAccountToken").ok_or(
        "there is no token: set tokenAttributes.serviceAccountTokenAudience in the kubelet's configuration",
    )?;
    Ok(json!({
        "apiVersion": API_VERSION,
        "kind": "CredentialProviderResponse",
        // For all images of the registry; the kubelet keeps service accounts apart (`cacheType: Token`).
        "cacheKeyType": "Registry",
        "auth": {registry: {"username": "jwt", "password": token}},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(image: &str, token: &str) -> Value {
        json!({
            "apiVersion": API_VERSION, "kind": "CredentialProviderRequest", "image": image, "serviceAccountToken": token,
        })
    }

    #[test]
    fn the_token_is_handed_on_to_the_registry_of_the_image() {
        let answer = answer_to(&request("registry.example.com:5000/prod/web@sha256:00", "a.b.c"));
        let auth = json!({"registry.example.com:5000": {"username": "jwt", "password": "a.b.c"}});
        assert_eq!(answer.map(|answer| answer["auth"].clone()), Ok(auth));
    }

    #[test]
    fn what_cannot_be_answered_is_told_without_the_token() {
        for (request, problem) in [
            (json!({}), "not a CredentialProviderRequest"),
            (request("web", "a.b.c"), "names no registry"),
            (request("", "a.b.c"), "names no image"),
            (request("registry.example.com/web", ""), "there is no token"),
        ] {
            let told = answer_to(&request).err().unwrap_or_default();
            assert!(told.contains(problem) && !told.contains("a.b.c"), "{told}");
        }
    }
}
