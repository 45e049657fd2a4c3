//! A process plugin that does what its caller asks, to see what the host makes of it.
//!
//! The first argument is its mode: `serve`, `sick` (answers 500 on the health path), `hasty` (closes a
//! connection when it is used again), `quits`, `stubborn` (ignores SIGTERM) or, as a migration, `migrate`, `migrate-fails`, `migrate-hangs`. The path is an order.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    match mode.as_str() {
        "quits" => {
            eprintln!("no configuration");
            std::process::exit(7);
        }
        "migrate" => migrate(),
        "migrate-fails" => {
            println!("half way");
            eprintln!("column exists");
            std::process::exit(2);
        }
        "migrate-hangs" | "sleeper" => std::thread::sleep(Duration::from_secs(600)),
        _ => serve(&mode),
    }
}

fn migrate() {
    let data = std::env::var("POWERX_DATA_DIR").unwrap();
    std::fs::write(format!("{data}/schema"), "2").unwrap();
    println!("now at schema 2, PORT is {:?}", std::env::var("PORT").ok());
}

fn serve(mode: &str) {
    let listener = TcpListener::bind(std::env::var("POWERX_HTTP_ADDR").unwrap()).unwrap();
    println!("listening");
    let mode = mode.to_owned();
    for stream in listener.incoming().flatten() {
        let mode = mode.clone();
        std::thread::spawn(move || connection(stream, &mode));
    }
}

fn connection(stream: TcpStream, mode: &str) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    for number in 0.. {
        let (target, headers) = head(&mut reader)?;
        if mode == "hasty" && number > 0 {
            return None;
        }
        let length = headers
            .get("content-length")
            .and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let (path, argument) = target.split_once('?').unwrap_or((&target, ""));
        let (status, text) = obey(mode, path, argument, &headers, &body, &mut stream)?;
        write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nkeep-alive: timeout=5\r\n\r\n",
            text.len()
        )
        .ok()?;
        stream.write_all(text.as_bytes()).ok()?;
    }
    None
}

fn head(reader: &mut BufReader<TcpStream>) -> Option<(String, BTreeMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Some((target, headers));
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
}

fn obey(
    mode: &str,
    path: &str,
    argument: &str,
    headers: &BTreeMap<String, String>,
    body: &[u8],
    stream: &mut TcpStream,
) -> Option<(u16, String)> {
    let outcome = |result: std::io::Result<String>| match result {
        Ok(text) => (200, text),
        Err(error) => (403, error.to_string()),
    };
    Some(match path {
        "/healthz" if mode == "sick" => (500, "sick".to_owned()),
        "/healthz" => (200, String::new()),
        "/env" => {
            let lines = std::env::vars().map(|(name, value)| format!("{name}={value}\n"));
            (200, lines.collect())
        }
        "/headers" => {
            let lines = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\n"));
            (200, lines.collect())
        }
        "/echo" => (200, String::from_utf8_lossy(body).into_owned()),
        "/pid" => (200, std::process::id().to_string()),
        "/cwd" => outcome(std::env::current_dir().map(|dir| dir.display().to_string())),
        "/read" => outcome(std::fs::read_to_string(argument)),
        "/write" => outcome(std::fs::write(argument, "x").map(|()| String::new())),
        "/connect" => outcome(TcpStream::connect(argument).map(|_| String::new())),
        "/listen" => outcome(TcpListener::bind(argument).map(|_| String::new())),
        "/hold" => (200, vec![1_u8; argument.parse().ok()?].len().to_string()),
        "/status" => (argument.parse().ok()?, String::new()),
        "/slow" => {
            std::thread::sleep(Duration::from_millis(argument.parse().ok()?));
            (200, String::new())
        }
        "/log" => {
            eprintln!("{argument}");
            (200, String::new())
        }
        "/crash" => std::process::exit(3),
        "/child" => {
            let probe = std::env::current_dir().ok()?.join("probe");
            let child = std::process::Command::new(probe).arg("sleeper").spawn();
            outcome(child.map(|child| child.id().to_string()))
        }
        "/truncate" => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nhalf");
            return None;
        }
        _ => (404, String::new()),
    })
}
