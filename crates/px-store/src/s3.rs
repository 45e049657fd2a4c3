//! A bucket of an S3-compatible store.

use std::fmt;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::{Path, PathPart};
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use url::Url;

use crate::blobs::BlobError;
use crate::trouble::Trouble;

/// Bytes of a part, and of the largest blob that is sent at once.
const PART: u64 = 8 << 20;
/// Parts of one blob on their way at the same time.
const AT_ONCE: usize = 3;

/// Where the bucket is and how to sign in.
#[derive(Clone)]
pub struct S3Settings {
    /// Bucket.
    pub bucket: String,
    /// Folder within the bucket; empty for its root.
    pub prefix: String,
    /// Address of the store; without one Amazon's own for the region.
    pub endpoint: Option<Url>,
    /// Address of the store as those see it who are given signed addresses; without one, `endpoint`.
    pub public_endpoint: Option<Url>,
    /// Whether the bucket is part of the host name rather than of the path.
    pub bucket_in_host: bool,
    /// Region; what a store of one's own is called, or `us-east-1`.
    pub region: String,
    /// Access key and secret; without them the machine's role is asked for (instance metadata).
    pub credentials: Option<(String, String)>,
}

impl S3Settings {
    fn open(&self, endpoint: Option<&Url>) -> Result<AmazonS3, BlobError> {
        let plain = endpoint.is_some_and(|url| url.scheme() == "http");
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(self.bucket_in_host)
            .with_client_options(patience(plain))
            .with_retry(persistence());
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(self.address(endpoint)?);
        }
        if let Some((id, secret)) = &self.credentials {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
        }
        Ok(builder.build()?)
    }

    fn address(&self, endpoint: &Url) -> Result<String, BlobError> {
        let mut url = endpoint.clone();
        if self.bucket_in_host {
            let host = format!("{}.{}", self.bucket, url.host_str().unwrap_or_default());
            url.set_host(Some(&host)).map_err(|_| {
                BlobError::Store(Trouble::settings(
                    "the bucket cannot be part of a host name",
                ))
            })?;
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("endpoint", &self.endpoint.as_ref().map(Url::as_str))
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

pub(crate) struct Bucket {
    store: Arc<AmazonS3>,
    /// The same bucket by the name under which others reach it.
    outside: Arc<AmazonS3>,
    prefix: Path,
    name: String,
    folder: PathBuf,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.name).finish()
    }
}

impl Bucket {
    pub(crate) fn new(settings: &S3Settings, folder: &FsPath) -> Result<Self, BlobError> {
        let store = Arc::new(settings.open(settings.endpoint.as_ref())?);
        let outside = match &settings.public_endpoint {
            Some(endpoint) => Arc::new(settings.open(Some(endpoint))?),
            None => Arc::clone(&store),
        };
        for part in ["puts", "copies"] {
            std::fs::create_dir_all(folder.join(part))?;
        }
        let at = settings.endpoint.as_ref().map_or("Amazon S3", Url::as_str);
        Ok(Self {
            store,
            outside,
            prefix: Path::from(settings.prefix.as_str()),
            name: format!("bucket {} at {at}", settings.bucket),
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store) as _
    }

    pub(crate) fn key(&self, parts: &[&str]) -> Path {
        let parts = parts.iter().map(|part| PathPart::from(*part));
        self.prefix.parts().chain(parts).collect()
    }

    pub(crate) async fn signed_url(
        &self,
        key: &Path,
        method: http::Method,
        lifetime: Duration,
    ) -> Result<Url, BlobError> {
        // A browser stores what it gets, under a name that says what it is.
        let name = key.filename().unwrap_or_default();
        let short = name.get(..12).unwrap_or(name);
        let file = format!("attachment; filename=\"{short}.pxp\"");
        let options = SignedUrlOptions::new().with_query([
            ("response-content-disposition", file.as_str()),
            ("response-content-type", "application/octet-stream"),
        ]);
        Ok(self
            .outside
            .signed_url_opts(method, key, lifetime, &options)
            .await?)
    }

    pub(crate) fn new_copy(&self) -> std::io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.folder.join("copies"))
    }

    /// Puts a small file at once and a large one in parts; either appears whole or not at all.
    pub(crate) async fn put(&self, key: &Path, file: &FsPath, size: u64) -> Result<(), BlobError> {
        if size <= PART {
            let bytes = piece(file, 0, size).await?;
            self.store.put(key, bytes.into()).await?;
            return Ok(());
        }
        let id = self.store.create_multipart(key).await?;
        let note = self.note(key, &id).await?;
        let put = async {
            let parts = self.parts(key, &id, file, size).await?;
            self.store.complete_multipart(key, &id, parts).await?;
            Ok(())
        };
        let outcome = put.await;
        if outcome.is_err() && !self.abandoned(key, &id).await {
            // The note stays: the sweep tries again when the store is back.
            return outcome;
        }
        tokio::fs::remove_file(note).await?;
        outcome
    }

    async fn parts(
        &self,
        key: &Path,
        id: &String,
        file: &FsPath,
        size: u64,
    ) -> Result<Vec<PartId>, BlobError> {
        let starts = (0..size).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
        futures::stream::iter(starts.enumerate())
            .map(async |(number, from)| {
                let bytes = piece(file, from, PART.min(size - from)).await?;
                Ok(self.store.put_part(key, id, number, bytes.into()).await?)
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Whether nothing of a put is left in the store.
    async fn abandoned(&self, key: &Path, id: &String) -> bool {
        matches!(
            self.store.abort_multipart(key, id).await,
            Ok(()) | Err(object_store::Error::NotFound { .. })
        )
    }

    /// Notes a put under way, so that its parts are found should this process die.
    async fn note(&self, key: &Path, id: &str) -> Result<PathBuf, BlobError> {
        let name = hex::encode(Sha256::digest(id.as_bytes()));
        let note = self.folder.join("puts").join(name);
        tokio::fs::write(&note, format!("{key}\n{id}")).await?;
        Ok(note)
    }

    /// Drops the parts of puts, and the copies, that dead processes left behind.
    pub(crate) async fn remove_unfinished(&self, before: SystemTime) -> Result<usize, BlobError> {
        let mut removed = 0;
        for copy in older(&self.folder.join("copies"), before).await? {
            tokio::fs::remove_file(copy).await?;
            removed += 1;
        }
        for note in older(&self.folder.join("puts"), before).await? {
            let text = tokio::fs::read_to_string(&note).await?;
            if let Some((key, id)) = text.split_once('\n')
                && let Ok(key) = Path::parse(key)
            {
                match self.store.abort_multipart(&key, &id.to_owned()).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(e) => return Err(e.into()),
                }
            }
            tokio::fs::remove_file(note).await?;
            removed += 1;
        }
        Ok(removed)
    }
}

async fn piece(file: &FsPath, from: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let mut file = tokio::fs::File::open(file).await?;
    file.seek(std::io::SeekFrom::Start(from)).await?;
    let mut bytes = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
    file.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn older(folder: &FsPath, before: SystemTime) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        // A file that goes meanwhile belongs to somebody alive.
        if entry
            .metadata()
            .await
            .is_ok_and(|m| m.modified().is_ok_and(|at| at < before))
        {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// A large bundle takes its time as long as bytes come; silence is a fault.
fn patience(allow_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(allow_http)
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(Duration::from_secs(20))
        .with_timeout_disabled()
}

/// Few tries: callers wait for an answer, and jobs have their own, longer schedule.
fn persistence() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(10),
    }
}
