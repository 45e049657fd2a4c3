//! Ends of connections, over real sockets.

use crate::harness::server;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::StatusCode;
use px_web::http::{Listening, Peer};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::net::TcpListener;

/// A server that refuses every body unread.
async fn refusing() -> SocketAddr {
    let routes = Router::new().route("/", post(async || StatusCode::UNAUTHORIZED));
    serving(routes, |listening| listening).await
}

async fn serving(routes: Router, set: fn(Listening) -> Listening) -> SocketAddr {
    let app = server(routes).await.app;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<Peer>();
    let listening = set(Listening::new(listener));
    tokio::spawn(async move { axum::serve(listening, app).await });
    address
}

fn announce(to: SocketAddr, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_everything_first_still_gets_the_answer() {
    let to = refusing().await;
    let told = tokio::task::spawn_blocking(move || {
        let mut stream = announce(to, 32 << 20);
        stream.write_all(&vec![b'a'; 32 << 20]).unwrap();
        answer(&mut stream)
    });
    let told = told.await.unwrap();
    assert!(told.starts_with("HTTP/1.1 401"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_silent_is_answered_at_once_and_let_go() {
    let to = refusing().await;
    let done = tokio::task::spawn_blocking(move || {
        let mut stream = announce(to, 1 << 20);
        assert!(answer(&mut stream).starts_with("HTTP/1.1 401"));
        (0..6).any(|_| {
            std::thread::sleep(Duration::from_millis(2500));
            stream.write_all(b"late").is_err()
        })
    });
    assert!(done.await.unwrap(), "the connection is kept for ever");
}

/// A server that reads bodies and gives a connection up after half a second without a byte.
async fn impatient() -> SocketAddr {
    let routes = Router::new().route("/", post(async |body: Bytes| body.len().to_string()));
    serving(routes, |listening| {
        listening.idle(Duration::from_millis(500))
    })
    .await
}

/// What comes until the server closes, which it must do within some seconds.
fn until_closed(mut stream: TcpStream) -> String {
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).unwrap();
    let mut text = Vec::new();
    if let Err(e) = stream.read_to_end(&mut text) {
        assert_eq!(e.kind(), ErrorKind::ConnectionReset, "kept for ever: {e}");
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_in_the_middle_is_given_up() {
    let to = impatient().await;
    let done = tokio::task::spawn_blocking(move || {
        let mut head = TcpStream::connect(to).unwrap();
        head.write_all(b"POST / HTTP/1.1\r\nhost: x\r\n").unwrap();
        let mut body = announce(to, 1000);
        body.write_all(b"some of it").unwrap();
        let unused = TcpStream::connect(to).unwrap();
        [head, body, unused].map(until_closed)
    });
    for told in done.await.unwrap() {
        assert!(!told.starts_with("HTTP/1.1 200"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_waited_for() {
    let to = impatient().await;
    let told = tokio::task::spawn_blocking(move || {
        let mut stream = announce(to, 20);
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(100));
            stream.write_all(b"a").unwrap();
        }
        until_closed(stream)
    });
    let told = told.await.unwrap();
    assert!(
        told.starts_with("HTTP/1.1 200") && told.ends_with("20"),
        "{told}"
    );
}
