use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An issuer of workload identities: signs tokens, and publishes its keys over HTTP as OpenID Connect Discovery has it.
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The last one signs.
    keys: Vec<Key>,
    away: bool,
    /// What is answered at a path instead.
    instead: HashMap<String, String>,
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
        let issuer = Self { url: url.clone(), state: Arc::default() };
        let rsa = Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        issuer.state().keys.push(Key { id: "first".to_owned(), pair: rsa });
        let state = Arc::clone(&issuer.state);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &url, &state);
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

    /// Answers this at a path.
    pub fn answer_instead(&self, path: &str, body: impl Into<String>) {
        self.state().instead.insert(path.to_owned(), body.into());
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

    /// A token with exactly these claims, and with these changes to its header: null takes a parameter away.
    pub fn sign(&self, changes: &Value, claims: &Value) -> String {
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
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = key.pair.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    /// The published key set.
    pub fn jwks(&self) -> Value {
        jwks(&self.state())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Pair {
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
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

fn serve(mut stream: TcpStream, url: &str, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let authorization = head.iter().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("authorization: ")
            .map(|_| line.split_once(": ").map_or(String::new(), |(_, value)| value.to_owned()))
    });
    let mut state = state.lock().unwrap();
    state.asked.push(format!("{path} {}", authorization.unwrap_or_default()).trim_end().to_owned());
    if state.away {
        return;
    }
    let body = match (state.instead.get(&path), path.as_str()) {
        (Some(body), _) => Some(body.clone()),
        (None, "/.well-known/openid-configuration") => {
            Some(json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string())
        }
        (None, "/keys") => Some(jwks(&state).to_string()),
        _ => None,
    };
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
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
