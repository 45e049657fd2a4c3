//! A small HTTP/1.1 server with the standard library alone: one request per connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::answer::answer;

/// Longest text that is counted.
const MAX_BODY: usize = 1024 * 1024;

/// Answers until the listener fails; a bad request is the problem of whoever sent it.
pub fn run(listener: &TcpListener, data: &Path) -> io::Result<()> {
    for stream in listener.incoming() {
        let (stream, data) = (stream?, data.to_owned());
        std::thread::spawn(move || {
            if let Err(error) = serve(&stream, &data) {
                eprintln!("request failed: {error}");
            }
        });
    }
    Ok(())
}

/// Answers one request and closes the connection.
fn serve(stream: &TcpStream, data: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream).take(64 * 1024);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
    }
    if length > MAX_BODY {
        return send(stream, 413, r#"{"error":"at most 1 MiB of text"}"#);
    }
    let mut body = vec![0; length];
    reader.set_limit(length as u64);
    reader.read_exact(&mut body)?;
    let (status, text) = answer(method, path, &body, data);
    send(stream, status, &text)
}

fn send(mut stream: &TcpStream, status: u16, text: &str) -> io::Result<()> {
    let reason = if status < 400 { "OK" } else { "Error" };
    write!(
        stream,
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}
