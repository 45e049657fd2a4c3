//! An S3-compatible server in this process, which checks signatures: `s3s-fs` on a private folder.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use px_store::S3Settings;
use s3s::auth::SimpleAuth;
use s3s::host::MultiDomain;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

const BUCKET: &str = "bundles";
const FOLDER: &str = "market";
/// Requests it answers when nobody wants it away.
const ALWAYS: i64 = i64::MAX / 2;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Asked {
    /// `PUT /bundles/…`, without the query.
    pub line: String,
    /// The name it was asked by.
    pub host: String,
    /// `Authorization`, when the signature was not in the query.
    pub authorization: Option<String>,
}

#[derive(Debug)]
struct Shared {
    left: AtomicI64,
    void: AtomicI64,
    cuts: AtomicI64,
    asked: Mutex<Vec<S3Asked>>,
}

/// A listening store with one bucket; dropping it closes the port.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    root: TempDir,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl S3Server {
    /// Access key that it knows.
    pub const KEY: &'static str = "access-of-a-test";
    /// Secret of the access key.
    pub const SECRET: &'static str = "secret-of-a-test";
    /// A domain of its own, below which its bucket has a name; nobody else knows it.
    pub const DOMAIN: &'static str = "store.example";

    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When folder or port cannot be had.
    pub async fn start() -> io::Result<Self> {
        let root = tempfile::tempdir()?;
        std::fs::create_dir(root.path().join(BUCKET))?;
        let files =
            s3s_fs::FileSystem::new(root.path()).map_err(|e| io::Error::other(format!("{e:?}")))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(Self::KEY, Self::SECRET));
        let names = ["127.0.0.1", "localhost", Self::DOMAIN];
        let names = names.map(|name| format!("{name}:{}", address.port()));
        builder.set_host(MultiDomain::new(names).map_err(io::Error::other)?);
        let service = builder.build();
        let shared = Arc::new(Shared {
            left: AtomicI64::new(ALWAYS),
            void: AtomicI64::new(0),
            cuts: AtomicI64::new(0),
            asked: Mutex::default(),
        });
        let state = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(talk(stream, service.clone(), Arc::clone(&state)));
            }
        });
        Ok(Self {
            address,
            root,
            shared,
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bucket and the folder in it, as `BUCKET/FOLDER`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{BUCKET}/{FOLDER}")
    }

    /// How a store of blobs signs in here.
    #[must_use]
    pub fn settings(&self) -> S3Settings {
        S3Settings {
            bucket: BUCKET.to_owned(),
            prefix: FOLDER.to_owned(),
            endpoint: self.endpoint().parse().ok(),
            public_endpoint: None,
            bucket_in_host: false,
            region: "us-east-1".to_owned(),
            credentials: Some((Self::KEY.to_owned(), Self::SECRET.to_owned())),
        }
    }

    /// Breaks every connection once this many more requests were answered.
    pub fn away_after(&self, requests: i64) {
        self.shared.left.store(requests, Ordering::SeqCst);
    }

    /// Answers again.
    pub fn back(&self) {
        self.away_after(ALWAYS);
    }

    /// Answers this many signed addresses as if they had run out.
    pub fn void_next(&self, addresses: i64) {
        self.shared.void.store(addresses, Ordering::SeqCst);
    }

    /// Breaks off this many answers with a blob in the middle of it.
    pub fn cut_next(&self, answers: i64) {
        self.shared.cuts.store(answers, Ordering::SeqCst);
    }

    /// Requests so far, also those that were not answered.
    #[must_use]
    pub fn asked(&self) -> Vec<S3Asked> {
        let asked = self.shared.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file of a blob with this digest, in hexadecimal.
    #[must_use]
    pub fn file(&self, digest: &str) -> PathBuf {
        let two = digest.get(..2).unwrap_or_default();
        let folder = self.root.path().join(BUCKET).join(FOLDER);
        folder.join("sha256").join(two).join(digest)
    }

    /// Everything it keeps, parts of unfinished puts included, besides its own notes.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.root.path(), &mut found);
        found
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn talk(stream: TcpStream, store: S3Service, shared: Arc<Shared>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (store, shared) = (store.clone(), Arc::clone(&shared));
        async move {
            let headers = request.headers();
            let authorization = headers.get(header::AUTHORIZATION);
            let host = headers.get(header::HOST);
            let blob = request.method() == Method::GET && request.uri().path().contains("/sha256/");
            let asked = S3Asked {
                line: format!("{} {}", request.method(), request.uri().path()),
                host: host.map_or_else(String::new, |v| {
                    String::from_utf8_lossy(v.as_bytes()).into()
                }),
                authorization: authorization.map(|v| String::from_utf8_lossy(v.as_bytes()).into()),
            };
            let all = shared.asked.lock();
            all.unwrap_or_else(PoisonError::into_inner).push(asked);
            if shared.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
                return Err(io::Error::other("away"));
            }
            let signed = request
                .uri()
                .query()
                .is_some_and(|q| q.contains("X-Amz-Signature"));
            if signed && shared.void.fetch_sub(1, Ordering::SeqCst) > 0 {
                let mut void = Response::new(s3s::Body::empty());
                *void.status_mut() = StatusCode::FORBIDDEN;
                return Ok(void);
            }
            let answered = store.call(request.map(s3s::Body::from)).await;
            let answered = answered.map_err(|e| io::Error::other(format!("{e:?}")))?;
            if blob && shared.cuts.fetch_sub(1, Ordering::SeqCst) > 0 {
                return half(answered).await;
            }
            Ok(answered)
        }
    });
    // A broken connection is what a test wanted, or the end of one.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

/// The first half of an answer that promises all of it.
async fn half(answer: Response<s3s::Body>) -> io::Result<Response<s3s::Body>> {
    let (head, mut body) = answer.into_parts();
    let all = body.store_all_limited(usize::MAX).await;
    let all = all.map_err(io::Error::other)?;
    let sent = [Ok(all.slice(..all.len() / 2)), Err(io::Error::other("cut"))];
    let body = axum::body::Body::from_stream(futures::stream::iter(sent));
    Ok(Response::from_parts(
        head,
        s3s::Body::http_body_unsync(body),
    ))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_none_or(|e| e != "json") {
            found.push(path);
        }
    }
}
