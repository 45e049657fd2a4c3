//! Bundles and reports by SHA-256, in a folder or in a bucket of an S3-compatible store.

use std::fmt;
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart};
use px_model::Digest;
use tempfile::TempPath;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use crate::checked::checked;
use crate::s3::{Bucket, S3Settings};
use crate::trouble::Trouble;

/// Bytes of a blob as they are read.
pub type BlobStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// What can go wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob has that digest.
    #[error("no blob {0}")]
    Missing(Digest),
    /// The store holds other bytes under that digest: somebody changed them there.
    #[error("the bundle store holds other bytes than were put as {0}")]
    Altered(Digest),
    /// The store refused or is away.
    #[error("bundle store: {0}")]
    Store(Trouble),
    /// The local disk refused.
    #[error("disk: {0}")]
    Disk(#[from] std::io::Error),
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(Trouble::of(&error))
    }
}

/// A content-addressed store: bytes once put never change.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Folder(PathBuf),
    Bucket(Arc<Bucket>),
}

impl fmt::Debug for Blobs {
    // The store's own words hold what it signs in with.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Folder(folder) => f.debug_tuple("Blobs").field(folder).finish(),
            Place::Bucket(bucket) => f.debug_tuple("Blobs").field(bucket).finish(),
        }
    }
}

/// A file with a blob's bytes. A copy made for this reading is removed when this is dropped.
#[derive(Debug)]
pub struct LocalBlob {
    path: PathBuf,
    _copy: Option<TempPath>,
}

impl LocalBlob {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &FsPath {
        &self.path
    }
}

impl Blobs {
    /// Blobs in a folder, created when missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &FsPath) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            place: Place::Folder(folder.to_owned()),
        })
    }

    /// Blobs in a bucket, which must exist; nothing is sent yet. `folder` keeps notes of puts under
    /// way and the copies made for reading.
    ///
    /// # Errors
    /// When the settings contradict each other, or the folder cannot be made.
    pub fn in_s3(settings: &S3Settings, folder: &FsPath) -> Result<Self, BlobError> {
        let bucket = Arc::new(Bucket::new(settings, folder)?);
        Ok(Self {
            store: bucket.store(),
            place: Place::Bucket(bucket),
        })
    }

    /// Where blobs lie, for the log.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.place {
            Place::Folder(folder) => folder.display().to_string(),
            Place::Bucket(bucket) => bucket.to_string(),
        }
    }

    /// Whether the store answers, and lets us in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self) -> Result<(), BlobError> {
        match &self.place {
            Place::Folder(folder) => {
                tokio::fs::metadata(folder).await?;
            }
            // There is nothing below this name; that the store says so is what matters.
            Place::Bucket(bucket) => {
                let nothing = bucket.key(&["readiness"]);
                self.store.list(Some(&nothing)).try_next().await?;
            }
        }
        Ok(())
    }

    /// An address at which anybody can send `method` (`GET` or `HEAD`) for the blob as long as
    /// `lifetime`; `None` when this store gives no such addresses. The blob need not be there.
    ///
    /// # Errors
    /// When there is nothing to sign with.
    pub async fn signed_url(
        &self,
        digest: &Digest,
        method: http::Method,
        lifetime: Duration,
    ) -> Result<Option<Url>, BlobError> {
        match &self.place {
            Place::Folder(_) => Ok(None),
            Place::Bucket(bucket) => {
                let key = self.key(digest);
                Ok(Some(bucket.signed_url(&key, method, lifetime).await?))
            }
        }
    }

    fn key(&self, digest: &Digest) -> Path {
        let text = digest.to_string();
        let parts = ["sha256", &text[..2], &text];
        match &self.place {
            Place::Folder(_) => Path::from_iter(parts),
            Place::Bucket(bucket) => bucket.key(&parts),
        }
    }

    /// Puts a file whose digest is known; a blob of that length that is already there is kept.
    /// Nobody sees the blob before it is whole.
    ///
    /// # Errors
    /// When the file cannot be read or the store refuses.
    pub async fn put_file(&self, digest: &Digest, file: &FsPath) -> Result<(), BlobError> {
        let size = tokio::fs::metadata(file).await?.len();
        if self.len(digest).await? == Some(size) {
            return Ok(());
        }
        let key = self.key(digest);
        if let Place::Bucket(bucket) = &self.place {
            return bucket.put(&key, file, size).await;
        }
        let upload = self.store.put_multipart(&key).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, 8 << 20);
        let mut source = tokio::fs::File::open(file).await?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = source.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            writer.wait_for_capacity(2).await?;
            writer.write(&buffer[..read]);
        }
        writer.finish().await?;
        Ok(())
    }

    /// Removes what processes left behind that died while they put or read a blob before `before`;
    /// answers how many.
    ///
    /// # Errors
    /// When the folder cannot be read or the store is away.
    pub async fn remove_unfinished(&self, before: SystemTime) -> Result<usize, BlobError> {
        match &self.place {
            Place::Folder(folder) => {
                let folder = folder.clone();
                let removed = tokio::task::spawn_blocking(move || unfinished(&folder, before));
                Ok(removed.await.map_err(std::io::Error::other)??)
            }
            Place::Bucket(bucket) => bucket.remove_unfinished(before).await,
        }
    }

    /// Size in bytes, or `None` when there is no such blob.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn len(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        match self.store.head(&self.key(digest)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Streams a blob or a part of it. A whole one is held against its digest on the way: the stream
    /// ends with [`BlobError::Altered`] before its last bytes when they are others.
    ///
    /// # Errors
    /// [`BlobError::Missing`] when there is no such blob.
    pub async fn read(
        &self,
        digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<BlobStream, BlobError> {
        let whole = range.is_none();
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.store.get_opts(&self.key(digest), options).await {
            Ok(found) => {
                let bytes = found.into_stream().map_err(BlobError::from).boxed();
                Ok(if whole {
                    checked(bytes, *digest)
                } else {
                    bytes
                })
            }
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::Missing(*digest)),
            Err(e) => Err(e.into()),
        }
    }

    /// A local file with the blob's bytes: the stored file itself in a folder store, else a copy
    /// whose digest was found right.
    ///
    /// # Errors
    /// [`BlobError::Missing`] when there is no such blob, [`BlobError::Altered`] when it has changed.
    pub async fn local_file(&self, digest: &Digest) -> Result<LocalBlob, BlobError> {
        let bucket = match &self.place {
            Place::Bucket(bucket) => bucket,
            Place::Folder(folder) => {
                let path = folder.join(self.key(digest).as_ref());
                return if tokio::fs::try_exists(&path).await? {
                    Ok(LocalBlob { path, _copy: None })
                } else {
                    Err(BlobError::Missing(*digest))
                };
            }
        };
        let mut stream = self.read(digest, None).await?;
        let (file, copy) = bucket.new_copy()?.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        while let Some(chunk) = stream.next().await {
            file.write_all(&chunk?).await?;
        }
        file.flush().await?;
        Ok(LocalBlob {
            path: copy.to_path_buf(),
            _copy: Some(copy),
        })
    }

    /// Removes a blob; one that is not there is no error.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn remove(&self, digest: &Digest) -> Result<(), BlobError> {
        match self.store.delete(&self.key(digest)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Digests of the blobs that were put before `before`, for reconciling.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn list(&self, before: SystemTime) -> Result<Vec<Digest>, BlobError> {
        let all = match &self.place {
            Place::Folder(_) => Path::from("sha256"),
            Place::Bucket(bucket) => bucket.key(&["sha256"]),
        };
        let metas: Vec<_> = self.store.list(Some(&all)).try_collect().await?;
        Ok(metas
            .iter()
            .filter(|m| SystemTime::from(m.last_modified) < before)
            .filter_map(|m| m.location.filename()?.parse().ok())
            .collect())
    }
}

/// Removes staged files, which the store names `DIGEST#NUMBER` until they are whole.
fn unfinished(folder: &FsPath, before: SystemTime) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            removed += unfinished(&entry.path(), before)?;
        } else if entry.file_name().to_string_lossy().contains('#')
            && entry.metadata()?.modified()? < before
        {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
