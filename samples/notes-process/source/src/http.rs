//! As much of HTTP/1.1 (RFC 9112) as a host on the same machine speaks.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longest line, most header lines and longest body that are read, in bytes.
const MAX_LINE: u64 = 16 << 10;
const MAX_HEADERS: usize = 100;
const MAX_BODY: u64 = 64 << 10;

/// One request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Vec<u8>,
}

/// One answer: status and JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub json: String,
}

/// Answers requests on a connection until it is closed or silent for a minute.
pub fn serve(stream: TcpStream, answer: impl Fn(&Request) -> Response) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = read(&mut reader)? {
        write(&mut writer, &answer(&request), request.method == "HEAD")?;
    }
    Ok(())
}

/// The next request; nothing at the end of the connection.
pub fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(first) = line(reader)? else {
        return Ok(None);
    };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(bad("a request line has a method and a target"));
    };
    let mut length = 0;
    let mut chunked = false;
    for _ in 0..MAX_HEADERS {
        let header = line(reader)?.ok_or_else(|| bad("the headers broke off"))?;
        let Some((name, value)) = header.split_once(':') else {
            let body = if chunked {
                chunks(reader)?
            } else {
                exactly(reader, length)?
            };
            return Ok(Some(Request {
                method: method.to_owned(),
                path: target.split('?').next().unwrap_or_default().to_owned(),
                body,
            }));
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value
                .trim()
                .parse()
                .map_err(|_| bad("content-length is no number"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.trim().eq_ignore_ascii_case("chunked");
        }
    }
    Err(bad("too many headers"))
}

/// A body in chunks (RFC 9112 section 7.1).
fn chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(reader)?.ok_or_else(|| bad("the body broke off"))?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| bad("a chunk has no size"))?;
        if body.len() as u64 + size > MAX_BODY {
            return Err(bad("the body is too long"));
        }
        body.extend(exactly(reader, size)?);
        // The line end after a chunk, or the empty line after the last.
        line(reader)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn exactly(reader: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    if length > MAX_BODY {
        return Err(bad("the body is too long"));
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    if body.len() as u64 == length {
        Ok(body)
    } else {
        Err(bad("the body broke off"))
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    reader.take(MAX_LINE).read_line(&mut text)?;
    if text.is_empty() {
        Ok(None)
    } else if text.ends_with('\n') {
        Ok(Some(text.trim_end().to_owned()))
    } else {
        Err(bad("a line is too long or broke off"))
    }
}

fn write(writer: &mut impl Write, response: &Response, head: bool) -> io::Result<()> {
    let Response { status, json } = response;
    let length = json.len();
    let body = if head { "" } else { json };
    // One write, so that the answer leaves in one packet.
    let text = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    writer.write_all(text.as_bytes())
}

fn bad(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> io::Result<Option<Request>> {
        read(&mut text.as_bytes())
    }

    #[test]
    fn reads_requests_with_and_without_body() {
        let request = parse("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/a")
        );
        let request = parse("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
            .unwrap()
            .unwrap();
        assert_eq!(request.body, b"hi");
        let text =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n1\r\n!\r\n0\r\n\r\n";
        assert_eq!(parse(text).unwrap().unwrap().body, b"hi!");
        assert_eq!(parse("").unwrap(), None);
    }

    #[test]
    fn refuses_what_is_broken_or_too_long() {
        for text in [
            "GET\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n",
            "POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nhi",
            "POST / HTTP/1.1\r\ncontent-length: 999999\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000))).is_err());
        assert!(parse(&format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101))).is_err());
    }

    #[test]
    fn head_has_a_length_and_no_body() {
        let response = Response {
            status: 200,
            json: "{}".to_owned(),
        };
        let mut out = Vec::new();
        write(&mut out, &response, true).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("content-length: 2") && text.ends_with("\r\n\r\n"));
    }
}
