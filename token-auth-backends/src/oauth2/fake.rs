//! A server for tests, that answers as the test says: for what no real provider can be made to do.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query.
    pub(super) path: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

/// Status, further headers, content.
pub(super) type Told = (u16, &'static str, String);

pub(super) struct Fake {
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Answers with what `tell` says; it is handed the server's own address.
    pub(super) async fn start(tell: impl Fn(&Asked, &str) -> Told + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (own, log) = (url.clone(), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await.unwrap() > 0 {}
                let header = |name: &str| {
                    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
                };
                let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
                stream.read_exact(&mut body).await.unwrap();
                let mut words = head.split(' ').map(str::to_owned);
                let request = Asked {
                    method: words.next().unwrap(),
                    path: words.next().unwrap(),
                    authorization: header("authorization").to_owned(),
                    body: String::from_utf8(body).unwrap(),
                };
                let (status, headers, content) = tell(&request, &own);
                log.lock().unwrap().push(request);
                let answer = format!(
                    "HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{content}",
                    content.len()
                );
                let _ = stream.get_mut().write_all(answer.as_bytes()).await;
            }
        });
        Self { url, asked }
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }
}
