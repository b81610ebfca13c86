//! A small server of its own for each test, which does as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it does with a request.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Json(String),
    /// With these lines in the head.
    With(&'static str, String),
    Status(u16),
    Raw(&'static str),
    Cut,
    Hang,
    Drip,
    Endless,
}

pub(super) fn json(text: &str) -> Reply {
    Reply::Json(text.to_owned())
}

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: String,
}

pub(super) struct Service {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl Service {
    /// Its answer to each request, which is told how many there were before.
    pub(super) async fn start(answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, answer).await
    }

    pub(super) async fn start_with(
        tls: Option<ServerConfig>,
        answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (asked, most_at_once) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<AtomicUsize>::default());
        let shared = Arc::new(Shared {
            answer,
            asked: Arc::clone(&asked),
            most_at_once: Arc::clone(&most_at_once),
            now: AtomicUsize::new(0),
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => shared.serve(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => shared.serve(stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { port, asked, most_at_once }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/ask", self.port)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }
}

struct Shared<A> {
    answer: A,
    asked: Arc<Mutex<Vec<Asked>>>,
    now: AtomicUsize,
    most_at_once: Arc<AtomicUsize>,
}

impl<A: Fn(usize, &Asked) -> Reply> Shared<A> {
    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let asked = read(&mut stream).await?;
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        let before = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        let reply = (self.answer)(before, &asked);
        // Whoever comes meanwhile is here at the same time.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        write(&mut stream, reply).await
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut text = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        text.extend_from_slice(&buffer[..read]);
        let so_far = String::from_utf8_lossy(&text);
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        if body.len() >= length.parse().ok()? {
            return Some(Asked { head, body: body.to_owned() });
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), reply: Reply) -> Option<()> {
    let (lines, body) = match reply {
        Reply::Json(body) => ("Content-Type: application/json\r\n", body),
        Reply::With(lines, body) => (lines, body),
        Reply::Status(status) => {
            let head = format!(
                "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n"
            );
            return stream.write_all(head.as_bytes()).await.ok();
        }
        Reply::Raw(text) => return stream.write_all(text.as_bytes()).await.ok(),
        Reply::Cut => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"decision\":";
            return stream.write_all(head.as_bytes()).await.ok();
        }
        Reply::Hang => return std::future::pending().await,
        Reply::Drip => {
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n",
                )
                .await
                .ok()?;
            loop {
                stream.write_all(b" ").await.ok()?;
                stream.flush().await.ok()?;
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(b"400\r\n").await.ok()?;
                stream.write_all(&[b' '; 1024]).await.ok()?;
                stream.write_all(b"\r\n").await.ok()?;
            }
        }
    };
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}
