//! Ends of connections, over real sockets.

use crate::harness::server;
use axum::Router;
use axum::routing::post;
use http::StatusCode;
use px_web::http::{Listening, Peer};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::net::TcpListener;

/// A server that refuses every body unread.
async fn refusing() -> SocketAddr {
    let routes = Router::new().route("/", post(async || StatusCode::UNAUTHORIZED));
    let app = server(routes).await.app;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move { axum::serve(Listening::new(listener), app).await });
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
