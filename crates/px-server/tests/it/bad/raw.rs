//! Requests that no client library would send as they are.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::world::Reply;

/// Sends one request byte for byte; the connection ends with it. `path` is not touched.
pub async fn send(to: &Url, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    send_with(to, method, path, headers, b"").await
}

/// As [`send`], with the beginning of a body; what is announced besides never comes.
pub async fn send_with(
    to: &Url,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let address = (to.host_str().unwrap(), to.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}:{}\r\n",
        address.0, address.1
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("connection: close\r\n\r\n");
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    // A connection that is reset shows as status 0; one that hangs is a fault.
    let limit = std::time::Duration::from_secs(20);
    let ended = tokio::time::timeout(limit, stream.read_to_end(&mut bytes)).await;
    let _ = ended.expect("the connection hangs");
    read(&bytes)
}

fn read(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let end = end.unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1)?.parse().ok());
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in lines.filter_map(|l| l.split_once(": ")) {
        let name = reqwest::header::HeaderName::try_from(name).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
    let chunked = headers.get("transfer-encoding").is_some();
    Reply {
        status: status.unwrap_or(0),
        headers,
        body: if chunked { unchunk(&body) } else { body },
    }
}

/// Joins the chunks of a chunked body (RFC 9112 section 7.1).
fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&rest[..at]).unwrap_or("0");
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let from = at + 2;
        if size == 0 || rest.len() < from + size {
            break;
        }
        out.extend(&rest[from..from + size]);
        rest = &rest[(from + size + 2).min(rest.len())..];
    }
    out
}
