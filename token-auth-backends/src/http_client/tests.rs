use std::error::Error as _;
use std::time::Duration;

use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{HttpClient, HttpError, HttpOptions};

/// A server that answers each connection with this text, and then keeps it open.
async fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            open.push(stream);
        }
    });
    format!("http://{address}/secret-path?code=secret-code")
}

async fn ask(url: &str, options: &HttpOptions) -> Result<http::Response<Vec<u8>>, HttpError> {
    let request = Request::get(url).body(Vec::new()).unwrap();
    HttpClient::new(options).unwrap().send(request).await
}

#[tokio::test]
async fn an_answer_comes_whole_whatever_its_status() {
    let url = server("HTTP/1.1 500 Broken\r\nContent-Length: 3\r\nX-Page: 2\r\n\r\nabc").await;
    let answer = ask(&url, &HttpOptions::default()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (500, &b"abc"[..]));
    assert_eq!(answer.headers()["x-page"], "2");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let url = server("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(ask(&url, &HttpOptions::default()).await.unwrap().status(), 302);
}

#[tokio::test]
async fn bounds_hold_and_errors_hide_the_address() {
    let short = HttpOptions { content_bytes: 4, ..HttpOptions::default() };
    let hurried = HttpOptions::default().with_timeout(Duration::from_millis(50));
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/secret-path?code=secret-code", listener.local_addr().unwrap())
    };
    let cases = [
        (
            "too long",
            server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde").await,
            &short,
            "the answer of 127.0.0.1 is longer than 4 bytes",
        ),
        (
            "too long, in chunks",
            server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n")
                .await,
            &short,
            "the answer of 127.0.0.1 is longer than 4 bytes",
        ),
        (
            "slow",
            server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").await,
            &hurried,
            "127.0.0.1 did not answer in time",
        ),
        ("silent", server("").await, &hurried, "127.0.0.1 did not answer in time"),
        ("garbage", server("SMTP ready\r\n\r\n").await, &short, "cannot ask 127.0.0.1"),
        ("away", nobody, &short, "cannot ask 127.0.0.1"),
    ];
    for (name, url, options, message) in cases {
        let error = ask(&url, options).await.unwrap_err();
        assert_eq!(error.to_string(), message, "{name}");
        let mut shown = format!("{error:?}");
        let mut cause = error.source();
        while let Some(error) = cause {
            shown += &error.to_string();
            cause = error.source();
        }
        assert!(!shown.contains("secret"), "{name}: {shown}");
    }
}

#[test]
fn certificates_must_be_some() {
    for (pem, message) in [
        ("", "there is no certificate in the given PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot set up the HTTP client"),
    ] {
        let options = HttpOptions::default().with_certificates(pem);
        assert_eq!(HttpClient::new(&options).unwrap_err().to_string(), message, "{pem}");
    }
    let pem = include_str!("../../../token-auth-core/testdata/certs/root.pem");
    assert!(HttpClient::new(&HttpOptions::default().with_certificates(pem)).is_ok());
}
