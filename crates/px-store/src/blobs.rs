//! Bundles and reports by SHA-256, in a folder or any object store.

use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart};
use px_model::Digest;
use tokio::io::AsyncReadExt;

/// Bytes of a blob as they are read.
pub type BlobStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// What can go wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob has that digest.
    #[error("no blob {0}")]
    Missing(Digest),
    /// The store refused or is away.
    #[error("object store: {0}")]
    Store(object_store::Error),
    /// The local disk refused.
    #[error("disk: {0}")]
    Disk(#[from] std::io::Error),
}

/// A content-addressed store: bytes once put never change.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
}

impl Blobs {
    /// Blobs in a folder, created when missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &FsPath) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(BlobError::Store)?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            folder: Some(folder.to_owned()),
        })
    }

    /// Blobs in any object store.
    #[must_use]
    pub fn in_store(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            folder: None,
        }
    }

    fn key(digest: &Digest) -> Path {
        let text = digest.to_string();
        Path::from(format!("sha256/{}/{}", &text[..2], text))
    }

    /// Puts a file whose digest is known; an equal blob that is already there is kept.
    ///
    /// # Errors
    /// When the file cannot be read or the store refuses.
    pub async fn put_file(&self, digest: &Digest, file: &FsPath) -> Result<(), BlobError> {
        if self.len(digest).await?.is_some() {
            return Ok(());
        }
        let upload = self
            .store
            .put_multipart(&Self::key(digest))
            .await
            .map_err(BlobError::Store)?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, 8 << 20);
        let mut source = tokio::fs::File::open(file).await?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = source.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            writer
                .wait_for_capacity(2)
                .await
                .map_err(BlobError::Store)?;
            writer.write(&buffer[..read]);
        }
        writer.finish().await.map_err(BlobError::Store)?;
        Ok(())
    }

    /// Removes what processes left behind that died while they put a blob before `before`; answers
    /// how many files. Object stores drop such parts by their own rules.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn remove_unfinished(&self, before: SystemTime) -> Result<usize, BlobError> {
        let Some(folder) = self.folder.clone() else {
            return Ok(0);
        };
        let removed = tokio::task::spawn_blocking(move || unfinished(&folder, before));
        Ok(removed.await.map_err(std::io::Error::other)??)
    }

    /// Size in bytes, or `None` when there is no such blob.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn len(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        match self.store.head(&Self::key(digest)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(BlobError::Store(e)),
        }
    }

    /// Streams a blob or a part of it.
    ///
    /// # Errors
    /// [`BlobError::Missing`] when there is no such blob.
    pub async fn read(
        &self,
        digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<BlobStream, BlobError> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.store.get_opts(&Self::key(digest), options).await {
            Ok(found) => Ok(found.into_stream().map_err(BlobError::Store).boxed()),
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::Missing(*digest)),
            Err(e) => Err(BlobError::Store(e)),
        }
    }

    /// A local file with the blob's bytes: the stored file itself in a folder store, else a copy
    /// made under `scratch`.
    ///
    /// # Errors
    /// [`BlobError::Missing`] when there is no such blob.
    pub async fn local_file(
        &self,
        digest: &Digest,
        scratch: &FsPath,
    ) -> Result<PathBuf, BlobError> {
        if let Some(folder) = &self.folder {
            let path = folder.join(Self::key(digest).as_ref());
            return if tokio::fs::try_exists(&path).await? {
                Ok(path)
            } else {
                Err(BlobError::Missing(*digest))
            };
        }
        tokio::fs::create_dir_all(scratch).await?;
        let path = scratch.join(digest.to_string());
        let part = scratch.join(format!("{digest}.part"));
        let mut stream = self.read(digest, None).await?;
        let mut file = tokio::fs::File::create(&part).await?;
        while let Some(chunk) = stream.next().await {
            tokio::io::AsyncWriteExt::write_all(&mut file, &chunk?).await?;
        }
        file.sync_all().await?;
        tokio::fs::rename(&part, &path).await?;
        Ok(path)
    }

    /// Removes a blob; one that is not there is no error.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn remove(&self, digest: &Digest) -> Result<(), BlobError> {
        match self.store.delete(&Self::key(digest)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(BlobError::Store(e)),
        }
    }

    /// Digests of the blobs that were put before `before`, for reconciling.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn list(&self, before: SystemTime) -> Result<Vec<Digest>, BlobError> {
        let metas: Vec<_> = self
            .store
            .list(Some(&Path::from("sha256")))
            .try_collect()
            .await
            .map_err(BlobError::Store)?;
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
