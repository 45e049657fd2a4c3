//! Resumable uploads (tus 1.0): the length of the file on disk is the truth about the offset.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use px_api::{Code, Problem};
use px_model::{UploadId, VersionId, VersionState};
use px_store::{PartFile, When};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::authority::PublisherAuth;
use super::checksum::{Checksum, Hasher};
use super::error::{AppError, AppResult};
use super::publish::add;
use super::transition::{Step, current, record, step, wrong_state};
use super::upload_file::{WriteLock, part_file};
use crate::Market;
use crate::store::row::VersionRow;
use crate::store::versions;

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadInfo {
    /// Upload.
    pub upload: UploadId,
    /// Version it is for.
    pub version: VersionId,
    /// Bytes present.
    pub offset: u64,
    /// Bytes in all.
    pub size: u64,
    /// When it is dropped unless it was submitted.
    pub expires: Timestamp,
}

/// Where the bytes of a request go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteAt {
    /// After what is there, which must be this long (`PATCH`).
    Offset(u64, Option<Checksum>),
    /// In place of what is there (`PUT`).
    Start,
}

impl Market {
    /// How far an upload is.
    ///
    /// # Errors
    /// `PX-0003` when it is not the caller's, `PX-0207` when it has expired.
    pub async fn upload_info(
        &self,
        auth: &PublisherAuth,
        upload: UploadId,
    ) -> AppResult<UploadInfo> {
        let row = self.own_upload(auth, upload).await?;
        self.info(&row, upload).await
    }

    /// Writes bytes to disk as they arrive; whatever arrived before a cut stays, unless a checksum
    /// was promised for it.
    ///
    /// # Errors
    /// `PX-0206` at another offset, `PX-0006` beyond the registered size, `PX-0209` when the
    /// checksum differs, `PX-0213` while another connection writes, `PX-0205` after submission.
    pub async fn write_upload<S, E>(
        &self,
        auth: &PublisherAuth,
        upload: UploadId,
        at: WriteAt,
        body: S,
    ) -> AppResult<UploadInfo>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display + Send,
    {
        self.own_upload(auth, upload).await?;
        let lock = self.writers().lock(&self.config().data_dir, upload).await?;
        let result = self.write_locked(auth, upload, at, body, &lock).await;
        self.writers().forget(upload, &lock);
        result
    }

    async fn write_locked<S, E>(
        &self,
        auth: &PublisherAuth,
        upload: UploadId,
        at: WriteAt,
        body: S,
        lock: &WriteLock,
    ) -> AppResult<UploadInfo>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display + Send,
    {
        // Read again: it may have been submitted while this request waited for the lock.
        let row = self.own_upload(auth, upload).await?;
        if !row.state.accepts_bytes() {
            return Err(
                wrong_state(&row, "its bytes were submitted and do not change any more").into(),
            );
        }
        let part = part_file(&self.config().data_dir, upload);
        let (offset, checksum) = match at {
            WriteAt::Start => (0, None),
            WriteAt::Offset(offset, checksum) => {
                let present = part.len().await?;
                if offset != present {
                    return Err(other_offset(offset, present, row.size).into());
                }
                (offset, checksum)
            }
        };
        self.pass(&row, row.state.as_str(), When::Before).await?;
        if row.state == VersionState::Draft {
            self.begin_upload(auth, &row).await?;
        }
        let writer = ChunkWriter {
            part: &part,
            offset,
            size: row.size,
            idle: self.config().upload_idle,
            lock,
        };
        writer.write(checksum, body).await?;
        self.pass(&row, row.state.as_str(), When::Done).await?;
        self.info(&row, upload).await
    }

    /// Makes a new upload resource for a version that has none, or whose upload expired (tus
    /// creation).
    ///
    /// # Errors
    /// `PX-0208` when `length` is not the registered size, `PX-0205` after submission.
    pub async fn create_upload(
        &self,
        auth: &PublisherAuth,
        version: VersionId,
        length: u64,
    ) -> AppResult<UploadInfo> {
        let mut tx = self.db().begin().await?;
        let row = versions::get_tx(&mut tx, version).await?;
        if row.publisher != auth.publisher {
            return Err(not_found().into());
        }
        if !row.state.accepts_bytes() {
            return Err(
                wrong_state(&row, "its bytes were submitted and do not change any more").into(),
            );
        }
        if length != row.size {
            return Err(Problem::new(
                Code::UploadMismatch,
                format!("{} bytes were registered, not {length}", row.size),
            )
            .with_current(current(&row))
            .into());
        }
        let upload = UploadId::from_uuid(tx.env().uuid());
        let expires = add(tx.env().now(), self.config().upload_ttl);
        versions::set_upload(&mut tx, &row, Some(upload), expires).await?;
        let detail = json!({ "upload": upload, "replaces": row.upload });
        record(&mut tx, &auth.actor, "upload.created", &row, detail).await?;
        tx.commit().await?;
        Ok(UploadInfo {
            upload,
            version,
            offset: 0,
            size: row.size,
            expires,
        })
    }

    /// Drops an upload and its bytes (tus termination).
    ///
    /// # Errors
    /// `PX-0003` when it is not the caller's, `PX-0205` after submission.
    pub async fn terminate_upload(&self, auth: &PublisherAuth, upload: UploadId) -> AppResult<()> {
        let lock = self.writers().lock(&self.config().data_dir, upload).await?;
        let row = self.own_upload(auth, upload).await?;
        if !row.state.accepts_bytes() {
            return Err(wrong_state(&row, "it was submitted; withdraw the version instead").into());
        }
        let mut tx = self.db().begin().await?;
        versions::set_upload(&mut tx, &row, None, row.upload_expires).await?;
        let detail = json!({ "upload": upload });
        record(&mut tx, &auth.actor, "upload.terminated", &row, detail).await?;
        tx.commit().await?;
        part_file(&self.config().data_dir, upload).remove().await?;
        self.writers().forget(upload, &lock);
        Ok(())
    }

    async fn begin_upload(&self, auth: &PublisherAuth, row: &VersionRow) -> AppResult<()> {
        let mut tx = self.db().begin().await?;
        let change = Step {
            actor: &auth.actor,
            to: VersionState::Uploading,
            action: "version.uploading",
            note: None,
            detail: json!({ "upload": row.upload }),
        };
        step(&mut tx, row, change).await?;
        Ok(tx.commit().await?)
    }

    async fn own_upload(&self, auth: &PublisherAuth, upload: UploadId) -> AppResult<VersionRow> {
        let row = versions::by_upload(self.db(), upload).await?;
        if row.publisher != auth.publisher {
            return Err(not_found().into());
        }
        if row.state.accepts_bytes() && row.upload_expires <= self.db().env().now() {
            return Err(AppError::refuse(
                Code::UploadExpired,
                format!("it was kept until {}", row.upload_expires),
            ));
        }
        Ok(row)
    }

    async fn info(&self, row: &VersionRow, upload: UploadId) -> AppResult<UploadInfo> {
        let offset = self.received(row).await?;
        Ok(UploadInfo {
            upload,
            version: row.id,
            offset,
            size: row.size,
            expires: row.upload_expires,
        })
    }

    /// Bytes of a version that have arrived.
    pub(crate) async fn received(&self, row: &VersionRow) -> AppResult<u64> {
        match row.upload {
            Some(upload) if row.state.accepts_bytes() => {
                Ok(part_file(&self.config().data_dir, upload).len().await?)
            }
            None if row.state.accepts_bytes() => Ok(0),
            _ => Ok(row.size),
        }
    }
}

fn not_found() -> Problem {
    Problem::new(Code::NotFound, "there is no such upload")
}

pub(crate) fn other_offset(asked: u64, present: u64, size: u64) -> Problem {
    Problem::new(
        Code::UploadOffset,
        format!("{present} of {size} bytes are here, the request speaks of {asked}"),
    )
    .with_current(json!({ "offset": present, "size": size }))
}

/// Appends one request's body.
struct ChunkWriter<'a> {
    part: &'a PartFile,
    offset: u64,
    size: u64,
    idle: Duration,
    lock: &'a WriteLock,
}

/// How reading the body ended.
enum End {
    Complete,
    Cut(String),
    TooLong,
}

impl ChunkWriter<'_> {
    async fn write<S, E>(&self, checksum: Option<Checksum>, body: S) -> AppResult<()>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display + Send,
    {
        let mut file = self.part.append_at(self.offset).await?;
        let mut hasher = checksum.as_ref().map(Checksum::hasher);
        let end = self.copy(&mut file, &mut hasher, body).await;
        let wrong = match (&checksum, hasher) {
            (Some(promised), Some(hasher)) => !promised.matches(hasher),
            _ => false,
        };
        // Bytes that are known to be wrong, or were promised with a checksum that cannot be told
        // any more, go; everything else that arrived stays.
        let keep = match &end {
            Ok(End::Complete) | Err(_) => !wrong,
            Ok(End::Cut(_)) => checksum.is_none(),
            Ok(End::TooLong) => false,
        };
        if !keep {
            file.flush().await?;
            file.set_len(self.offset).await?;
        }
        PartFile::seal(file).await?;
        match end? {
            End::Complete if wrong => Err(AppError::refuse(
                Code::ChecksumMismatch,
                "the chunk was damaged on its way and dropped; send it again",
            )),
            End::Complete => Ok(()),
            End::Cut(reason) => Err(AppError::refuse(Code::UploadInterrupted, reason)),
            End::TooLong => Err(Problem::new(
                Code::TooLarge,
                format!("the request goes beyond the {} bytes registered", self.size),
            )
            .with_current(json!({ "limit": self.size, "unit": "bytes" }))
            .into()),
        }
    }

    async fn copy<S, E>(
        &self,
        file: &mut tokio::fs::File,
        hasher: &mut Option<Hasher>,
        body: S,
    ) -> AppResult<End>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display + Send,
    {
        let mut body = std::pin::pin!(body);
        let mut at = self.offset;
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(self.idle, body.next()) => next,
                () = self.lock.stop.cancelled() => {
                    return Ok(End::Cut("the upload goes on over another connection".to_owned()));
                }
            };
            let chunk = match next {
                Err(_) => {
                    return Ok(End::Cut(format!(
                        "nothing arrived for {} s",
                        self.idle.as_secs()
                    )));
                }
                Ok(None) => return Ok(End::Complete),
                Ok(Some(Err(e))) => return Ok(End::Cut(format!("the connection broke: {e}"))),
                Ok(Some(Ok(chunk))) => chunk,
            };
            at += chunk.len() as u64;
            if at > self.size {
                return Ok(End::TooLong);
            }
            if let Some(hasher) = hasher {
                hasher.update(&chunk);
            }
            file.write_all(&chunk).await?;
        }
    }
}
