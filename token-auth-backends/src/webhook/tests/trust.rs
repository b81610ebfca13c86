//! Whom the service is trusted by, and how it knows who asks.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::*;
use crate::http_client::ClientIdentity;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// The certificate and the key of this name.
    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap(), key)
    }

    fn server(&self, name: &str, clients: Option<&Self>) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from(clients.0.der().to_vec())).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

fn https(service: &Service) -> WebhookOptions {
    WebhookOptions { url: format!("https://localhost:{}/ask", service.port), ..options(service) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_asked_only_under_its_own_name() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (name, trusted, outcome) in [
        ("localhost", Some(&authority), "accepted alice"),
        ("elsewhere.example", Some(&authority), "webhook: cannot ask localhost"),
        ("localhost", Some(&other), "webhook: cannot ask localhost"),
        ("localhost", None, "webhook: cannot ask localhost"),
    ] {
        let config = authority.server(name, None);
        let service = Service::start_with(Some(config), |_, _| json(r#"{"decision":"accept"}"#)).await;
        let options =
            WebhookOptions { certificates: trusted.map(|trusted| trusted.pem().into()), ..https(&service) };
        let webhook = WebhookAuthenticator::new(&options).unwrap();
        let told = match login(&webhook, "wonderland").await {
            Ok(Authn::Accept(identity)) => format!("accepted {}", identity.account),
            other => other.unwrap_err().to_string(),
        };
        assert_eq!(told, outcome, "{name}");
        assert_eq!(service.asked().is_empty(), outcome != "accepted alice", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_to_a_service_that_asks_for_one() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let config = authority.server("localhost", Some(&clients));
    let service = Service::start_with(Some(config), |_, _| json(r#"{"decision":"accept"}"#)).await;
    let options = https(&service).with_certificates(authority.pem());
    let identity = |by: &Authority| {
        let (certificate, key) = by.issue("token-auth");
        ClientIdentity::from_pem(format!("{}{}", certificate.pem(), key.serialize_pem()).as_bytes()).unwrap()
    };
    for (identity, accepted) in
        [(None, false), (Some(identity(&authority)), false), (Some(identity(&clients)), true)]
    {
        let options = WebhookOptions { identity, ..options.clone() };
        assert!(!format!("{options:?}").contains("PRIVATE"), "{options:?}");
        let webhook = WebhookAuthenticator::new(&options).unwrap();
        assert_eq!(login(&webhook, "wonderland").await.is_ok(), accepted);
    }
    assert_eq!(service.asked().len(), 1);
    assert!(ClientIdentity::from_pem(authority.pem().as_bytes()).is_err(), "without a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bearer_token_is_what_the_file_holds_now() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let service = Service::start(|_, _| json(r#"{"decision":"accept"}"#)).await;
    let webhook = WebhookAuthenticator::new(&options(&service).with_bearer_file(&file)).unwrap();
    let error = login(&webhook, "wonderland").await.unwrap_err();
    assert_eq!(error.to_string(), "webhook: cannot read the file with the bearer token");
    assert!(service.asked().is_empty());
    for token in ["first", "second"] {
        fs::write(&file, format!("{token}\n")).unwrap();
        login(&webhook, "wonderland").await.unwrap();
        let asked = service.asked();
        let head = &asked.last().unwrap().head;
        assert!(head.contains(&format!("authorization: bearer {token}\r\n")), "{head}");
    }
    fs::write(&file, "two\nlines").unwrap();
    let error = login(&webhook, "wonderland").await.unwrap_err();
    assert!(!chain(&error).contains("two"), "{error:?}");
    assert_eq!(service.asked().len(), 2);
}
