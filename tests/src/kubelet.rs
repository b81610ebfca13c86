use std::process::Command;

use serde_json::{Map, Value, json};

use crate::server::credential_provider;
use crate::{Finished, run};

/// What a kubelet makes of the credential provider: its request, and how strictly it reads the answer (Kubernetes 1.34,
/// `pkg/credentialprovider/plugin`).
pub struct Kubelet;

impl Kubelet {
    const API_VERSION: &str = "credentialprovider.kubelet.k8s.io/v1";

    /// The request for an image without its tag, as the kubelet writes it: what is empty is left out.
    pub fn request(image: &str, token: &str, annotations: &Value) -> Value {
        let mut request = json!({
            "kind": "CredentialProviderRequest", "apiVersion": Self::API_VERSION, "image": image,
        });
        if !token.is_empty() {
            request["serviceAccountToken"] = token.into();
        }
        if annotations.as_object().is_some_and(|annotations| !annotations.is_empty()) {
            request["serviceAccountAnnotations"] = annotations.clone();
        }
        request
    }

    /// Runs the provider.
    pub fn ask(request: &str) -> Finished {
        run(&mut Command::new(credential_provider()), request)
    }

    /// The user name and the password for an image.
    ///
    /// # Panics
    ///
    /// When the kubelet would have none.
    #[track_caller]
    pub fn credentials(image: &str, token: &str) -> (String, String) {
        let annotations = json!({"registry.example.com/team": "blue"});
        let answer = Self::ask(&format!("{}\n", Self::request(image, token, &annotations))).ok();
        let answer: Map<String, Value> = serde_json::from_str(&answer.stdout).unwrap();
        // What it does not know it does not read.
        let known = ["apiVersion", "kind", "cacheKeyType", "cacheDuration", "auth"];
        assert!(answer.keys().all(|name| known.contains(&&**name)), "{answer:?}");
        assert_eq!(answer["apiVersion"], Self::API_VERSION);
        assert_eq!(answer["kind"], "CredentialProviderResponse");
        assert!(
            ["Image", "Registry", "Global"].map(Value::from).contains(&answer["cacheKeyType"]),
            "{answer:?}"
        );
        // The pattern of hosts is the host of this image; nothing else is given credentials.
        let auth = answer["auth"].as_object().unwrap();
        assert_eq!(auth.keys().collect::<Vec<_>>(), [image.split('/').next().unwrap()]);
        let entry = auth.values().next().unwrap().as_object().unwrap();
        assert_eq!(entry.keys().collect::<Vec<_>>(), ["password", "username"]);
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        (text("username"), text("password"))
    }
}
