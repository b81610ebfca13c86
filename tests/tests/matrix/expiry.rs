use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use token_auth_backends::config::{Config, ConfigOptions};
use token_auth_backends::core::http::TokenEndpoint;
use token_auth_tests::{Image, KeyPair, Place, RegistrySetup, Server};

use super::{Make, TABLE, config, slow};

/// How far the token server's clock is behind. Registries take a token for a minute after its end, and clients take it for a
/// minute at least: that minute is nearly over when a token is made.
const BEHIND: Duration = Duration::from_secs(55);
const LIFETIME: u64 = 2;
/// For so long the registry takes a token.
const GOOD_FOR: Duration = Duration::from_secs(60 + LIFETIME - 55);
const LAYER: usize = 1_500_000;
/// With this speed the layer takes ten seconds.
const SPEED: u32 = 150_000;

/// The library's service with its clock set back, and when it issued tokens.
struct LateServer {
    url: String,
    issued: Arc<Mutex<Vec<Instant>>>,
    _stop: mpsc::Sender<()>,
}

impl LateServer {
    fn start(place: &Place) -> Self {
        KeyPair::generate(place, "token", "p256");
        let at = |name: &str| place.at(name).display().to_string();
        let config = config(&place.at("tokens.redb"))
            .replace("token.pem", &at("token.pem"))
            .replace("token.key", &at("token.key"))
            .replace("expiration: 900", &format!("expiration: {LIFETIME}"));
        let config = place.write("late.yml", &config);
        let loaded = Config::load(config, &ConfigOptions::default()).unwrap();
        let issued = Arc::new(Mutex::new(Vec::new()));
        let (record, count) = (Arc::clone(&issued), AtomicUsize::new(0));
        let service = loaded.service.with_clock(|| SystemTime::now() - BEHIND).with_token_ids(move || {
            record.lock().unwrap().push(Instant::now());
            count.fetch_add(1, Ordering::Relaxed).to_string()
        });
        let (stop, stopped) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let app = Router::new().route_service("/auth", TokenEndpoint::new(service));
                tokio::spawn(async move { axum::serve(listener, app).await });
                // Until the test ends.
                let _ = tokio::task::spawn_blocking(move || stopped.recv()).await;
            });
        });
        Self { url: format!("http://{}", told.recv().unwrap()), issued, _stop: stop }
    }
}

/// A push that begins with one token and ends with another.
fn push_slowly(name: &str, make: Make) {
    let place = Place::new();
    let server = LateServer::start(&place);
    let mut registry = RegistrySetup::new(&place)
        .environment("REGISTRY_AUTH", "token")
        .environment("REGISTRY_AUTH_TOKEN_REALM", &format!("{}/auth", server.url))
        .environment("REGISTRY_AUTH_TOKEN_SERVICE", "registry")
        .environment("REGISTRY_AUTH_TOKEN_ISSUER", Server::ISSUER)
        .bundle(&place.at("token.pem"))
        .start();
    registry.address = slow::line(&registry.address, SPEED);
    let image = Image::random(&place, LAYER);
    let mut client = make(&place, &registry);
    let _ = client.login("alice", "alice-password");
    let before = server.issued.lock().unwrap().len();
    client.push(&image, "alice/app:1").done();
    let issued = server.issued.lock().unwrap().split_off(before);
    let (first, last) = (issued.first().unwrap(), issued.last().unwrap());
    assert!(
        last.duration_since(*first) > GOOD_FOR,
        "{name}: the first token was good to the end: {issued:?}"
    );
    client.pull("alice/app:1").done();
}

/// Who does not outlive a token, and why.
const EXCEPT: [(&str, &str); 2] = [
    ("docker alone", "it has no layers to upload"),
    ("oras", "a token that is refused it sends again, and asks for no other"),
];

#[test]
fn a_push_outlives_its_token() {
    let is_except = |name: &str| EXCEPT.iter().any(|(except, _)| *except == name);
    // They wait for the slow line, not for the processor: all at once.
    thread::scope(|scope| {
        for (name, make, _) in TABLE.into_iter().filter(|(name, ..)| !is_except(name)) {
            scope.spawn(move || push_slowly(name, make));
        }
    });
}
