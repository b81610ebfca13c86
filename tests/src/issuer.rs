use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::BadPeer;

/// An issuer of workload identities: signs tokens, and publishes its keys over HTTP as OpenID Connect Discovery has it.
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Told when it no longer stalls.
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// The last one signs.
    keys: Vec<Key>,
    away: bool,
    stalled: bool,
    /// What is answered at a path instead: the status with further headers, and the content.
    instead: HashMap<String, (String, String)>,
    /// What is done at a path instead.
    bad: HashMap<String, BadPeer>,
    asked: Vec<String>,
}

struct Key {
    id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Issuer {
    /// An issuer with an RSA key, on a free port of loopback.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { url: url.clone(), shared: Arc::default() };
        let rsa = Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        issuer.state().keys.push(Key { id: "first".to_owned(), pair: rsa });
        let shared = Arc::clone(&issuer.shared);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (url, shared) = (url.clone(), Arc::clone(&shared));
                thread::spawn(move || serve(stream, &url, &shared));
            }
        });
        issuer
    }

    /// Signs with a new key, on P-256, from now on; the old ones are still published.
    pub fn rotate(&self) {
        let mut state = self.state();
        let id = format!("key-{}", state.keys.len());
        let pair = Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
        state.keys.push(Key { id, pair });
    }

    /// Publishes the key that signs, and no other any more.
    pub fn withdraw_old_keys(&self) {
        let mut state = self.state();
        let last = state.keys.len() - 1;
        state.keys.drain(..last);
    }

    /// Hangs up on everyone from now on, or no longer.
    pub fn go_away(&self, away: bool) {
        self.state().away = away;
    }

    /// Lets everyone wait for an answer from now on, or no longer.
    pub fn stall(&self, stalled: bool) {
        self.state().stalled = stalled;
        self.shared.moved.notify_all();
    }

    /// Answers this at a path.
    pub fn answer_instead(&self, path: &str, body: impl Into<String>) {
        self.state().instead.insert(path.to_owned(), ("200 OK".to_owned(), body.into()));
    }

    /// Publishes the endpoints that a provider has for people, too.
    pub fn publish_endpoints(&self) {
        let url = &self.url;
        let document = json!({
            "issuer": url, "jwks_uri": format!("{url}/keys"), "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"), "id_token_signing_alg_values_supported": ["RS256"],
        });
        self.answer_instead("/.well-known/openid-configuration", document.to_string());
    }

    /// Does this at a path.
    pub fn misbehave(&self, path: &str, how: BadPeer) {
        self.state().bad.insert(path.to_owned(), how);
    }

    /// Redirects from a path.
    pub fn redirect(&self, path: &str, to: &str) {
        let head = format!("302 Found\r\nLocation: {to}");
        self.state().instead.insert(path.to_owned(), (head, String::new()));
    }

    /// The requests so far: path, and the `Authorization` header after a space.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// A token with these claims, and with those that every token has unless they are among them. Null takes one away.
    pub fn token(&self, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut all = json!({"iss": self.url, "iat": now, "nbf": now, "exp": now + 300});
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.sign(&json!({}), &all)
    }

    /// A token with exactly these claims, and with these changes to its header: null takes a parameter away. An RSA key signs
    /// with RSASSA-PSS where the header says so.
    pub fn sign(&self, changes: &Value, claims: &Value) -> String {
        self.sign_text(changes, &claims.to_string())
    }

    /// The same with this text for claims.
    pub fn sign_text(&self, changes: &Value, claims: &str) -> String {
        let state = self.state();
        let key = state.keys.last().unwrap();
        let algorithm = match key.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        };
        let mut header = json!({"typ": "JWT", "alg": algorithm, "kid": key.id});
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims));
        let signature = key.pair.sign(&header["alg"], signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    /// The published key set.
    pub fn jwks(&self) -> Value {
        jwks(&self.state())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

impl Pair {
    fn sign(&self, algorithm: &Value, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let encoding: &'static dyn RsaEncoding = match algorithm.as_str() {
                    Some("PS256") => &RSA_PSS_SHA256,
                    Some("PS384") => &RSA_PSS_SHA384,
                    Some("PS512") => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                key.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
        }
    }
}

fn jwks(state: &State) -> Value {
    let keys = state.keys.iter().map(|Key { id, pair }| match pair {
        Pair::Rsa(key) => {
            let key = key.public_key();
            let (n, e) = (key.modulus().big_endian_without_leading_zero(), key.exponent());
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": encode(n),
                "e": encode(e.big_endian_without_leading_zero())})
        }
        Pair::Ec(key) => {
            let point = key.public_key().as_ref();
            let (x, y) = point.get(1..).unwrap().split_at(32);
            json!({"kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": id, "x": encode(x), "y": encode(y)})
        }
    });
    // Issuers publish what not everyone knows, too.
    let strange = json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "tomorrow", "pub": "AAAA"});
    json!({"keys": std::iter::once(strange).chain(keys).collect::<Vec<_>>()})
}

fn serve(mut stream: TcpStream, url: &str, shared: &Shared) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let authorization = head.iter().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("authorization: ")
            .map(|_| line.split_once(": ").map_or(String::new(), |(_, value)| value.to_owned()))
    });
    let mut state = shared.state.lock().unwrap();
    state.asked.push(format!("{path} {}", authorization.unwrap_or_default()).trim_end().to_owned());
    let state = shared.moved.wait_while(state, |state| state.stalled).unwrap();
    if state.away {
        return;
    }
    if let Some(bad) = state.bad.get(&path).cloned() {
        drop(state);
        // Whoever hangs up has heard enough.
        let _ = bad.answer(&mut stream);
        return;
    }
    let good = |body: Value| ("200 OK".to_owned(), body.to_string());
    let (status, body) = match (state.instead.get(&path), path.as_str()) {
        (Some(instead), _) => instead.clone(),
        (None, "/.well-known/openid-configuration") => {
            good(json!({"issuer": url, "jwks_uri": format!("{url}/keys")}))
        }
        (None, "/keys") => good(jwks(&state)),
        _ => ("404 Not Found".to_owned(), String::new()),
    };
    drop(state);
    let length = body.len();
    // Whoever does not wait for the answer does not get it.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
