//! A host of one bundle that misbehaves as hosts do: slow, cut, wrong ranges, refusals.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What the host does with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serve {
    /// The bytes from where it was asked to begin, all of them.
    Whole,
    /// The same, as if it had never heard of ranges: from the first byte, `200`.
    FromStart,
    /// A status and `Retry-After` in seconds, when given.
    Refuse(u16, Option<u32>),
    /// A head that promises everything, this many bytes, and the end of the connection.
    Cut(usize),
    /// A head that promises everything, then a byte now and then.
    Drip,
    /// Nothing at all.
    Hang,
    /// `206` that says it begins this many bytes later than asked.
    Later(usize),
    /// `206` that says what was asked for and sends other bytes of the same length.
    Garbage,
}

/// A request as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// First byte asked for; 0 without a range.
    pub from: usize,
    /// When it came.
    pub at: Instant,
}

#[derive(Debug)]
struct Inner {
    bytes: Vec<u8>,
    next: VecDeque<Serve>,
    otherwise: Serve,
    asked: Vec<Asked>,
}

type Shared = Arc<Mutex<Inner>>;

/// A listening host; dropping it closes the port.
#[derive(Debug)]
pub struct BundleOrigin {
    address: SocketAddr,
    inner: Shared,
    server: JoinHandle<()>,
}

impl BundleOrigin {
    /// Listens on a free loopback port and serves `bytes`, first by each of `next` in turn, then
    /// always by `otherwise`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(
        bytes: Vec<u8>,
        next: impl IntoIterator<Item = Serve>,
        otherwise: Serve,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Mutex::new(Inner {
            bytes,
            next: next.into_iter().collect(),
            otherwise,
            asked: Vec::new(),
        }));
        let shared = Arc::clone(&inner);
        let server = tokio::spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(talk(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self {
            address,
            inner,
            server,
        })
    }

    /// Address of the bundle.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/bundle.pxp", self.address)
    }

    /// Requests so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.inner).asked.clone()
    }
}

impl Drop for BundleOrigin {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(inner: &Shared) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn talk(stream: TcpStream, inner: Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut from = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let (serve, bytes) = {
        let mut inner = lock(&inner);
        let at = Instant::now();
        inner.asked.push(Asked { from, at });
        let serve = inner.next.pop_front();
        let serve = serve.unwrap_or_else(|| inner.otherwise.clone());
        (serve, inner.bytes.clone())
    };
    answer(&mut stream, serve, &bytes, from).await?;
    stream.shutdown().await
}

async fn answer(
    stream: &mut BufReader<TcpStream>,
    serve: Serve,
    bytes: &[u8],
    from: usize,
) -> io::Result<()> {
    let rest = bytes.get(from..).unwrap_or_default();
    let honest = head(from, from, bytes.len());
    match serve {
        Serve::Whole => send(stream, &honest, rest).await,
        Serve::FromStart => send(stream, &head(0, 0, bytes.len()), bytes).await,
        Serve::Cut(count) => send(stream, &honest, &rest[..count.min(rest.len())]).await,
        Serve::Later(by) => {
            let start = (from + by).min(bytes.len());
            let late = head(from, start, bytes.len());
            send(stream, &late, &bytes[start..]).await
        }
        Serve::Garbage => {
            let other: Vec<u8> = rest.iter().map(|byte| !byte).collect();
            send(stream, &honest, &other).await
        }
        Serve::Refuse(status, wait) => {
            let wait = wait.map_or_else(String::new, |s| format!("retry-after: {s}\r\n"));
            let head = format!(
                "HTTP/1.1 {status} No\r\n{wait}content-length: 0\r\nconnection: close\r\n\r\n"
            );
            send(stream, &head, b"").await
        }
        Serve::Drip => {
            send(stream, &honest, b"").await?;
            // One is always left, so that it never comes to an end.
            for byte in rest.iter().take(rest.len().saturating_sub(1)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
                send(stream, "", &[*byte]).await?;
            }
            std::future::pending().await
        }
        Serve::Hang => std::future::pending().await,
    }
}

/// `206` for a client that asked for a range, else `200`.
fn head(asked: usize, start: usize, total: usize) -> String {
    let length = total - start.min(total);
    let range = if asked == 0 {
        "HTTP/1.1 200 OK\r\n".to_owned()
    } else {
        let last = total.saturating_sub(1);
        format!("HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {start}-{last}/{total}\r\n")
    };
    format!("{range}content-length: {length}\r\nconnection: close\r\n\r\n")
}

async fn send(stream: &mut BufReader<TcpStream>, head: &str, body: &[u8]) -> io::Result<()> {
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.flush().await
}
