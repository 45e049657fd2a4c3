//! Dropping what nobody needs any more: expired uploads, files without an owner.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use px_model::{UploadId, VersionState};
use px_store::{Actor, StoreError};
use px_work::{JobError, Periodic};
use serde_json::json;

use crate::Market;
use crate::app::error::AppError;
use crate::app::transition::record;
use crate::app::upload_file::{folder, part_file};
use crate::store::row::VersionRow;
use crate::store::versions;

/// Files in the bundle store younger than this are left alone.
const AGE: Duration = Duration::from_secs(24 * 3600);

/// Sweeps every five minutes.
pub struct Sweeper(pub Market);

#[async_trait]
impl Periodic for Sweeper {
    fn name(&self) -> &'static str {
        "market.sweep"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    async fn tick(&self) -> Result<(), JobError> {
        sweep(&self.0).await?;
        Ok(())
    }
}

pub(super) async fn sweep(market: &Market) -> Result<usize, AppError> {
    let mut dropped = 0;
    for row in versions::expired_uploads(market.db(), market.db().env().now()).await? {
        if expire(market, &row).await? {
            dropped += 1;
        }
    }
    Ok(dropped + orphans(market).await? + bundles(market).await?)
}

/// Bundles that were put into the store for a version that has other bytes now, and what is left
/// of a put that was cut off; a day old, so that nobody is about to use them.
async fn bundles(market: &Market) -> Result<usize, AppError> {
    let now = SystemTime::from(market.db().env().now());
    let before = now.checked_sub(AGE).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut dropped = market.blobs().remove_unfinished(before).await?;
    for digest in market.blobs().list(before).await? {
        if !versions::knows_bytes(market.db(), &digest).await? {
            market.blobs().remove(&digest).await?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

async fn expire(market: &Market, row: &VersionRow) -> Result<bool, AppError> {
    let Some(upload) = row.upload else {
        return Ok(false);
    };
    let mut tx = market.db().begin().await?;
    match versions::set_upload(&mut tx, row, None, row.upload_expires).await {
        // It was submitted or published again at this moment.
        Err(StoreError::Stale(_)) => return Ok(false),
        result => result?,
    }
    let detail = json!({ "upload": upload, "expired": row.upload_expires });
    record(
        &mut tx,
        &Actor::system("sweeper"),
        "upload.expired",
        row,
        detail,
    )
    .await?;
    tx.commit().await?;
    part_file(&market.config().data_dir, upload)
        .remove()
        .await?;
    Ok(true)
}

/// Files whose upload is gone, or whose bundle is in the store.
async fn orphans(market: &Market) -> Result<usize, AppError> {
    let mut entries = match tokio::fs::read_dir(folder(&market.config().data_dir)).await {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(e.into()),
    };
    let mut dropped = 0;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let upload = path
            .file_stem()
            .and_then(|s| s.to_str()?.parse::<UploadId>().ok());
        let Some(upload) = upload else { continue };
        let needed = match versions::by_upload(market.db(), upload).await {
            Ok(row) => needed(row.state),
            Err(StoreError::Missing(_)) => false,
            Err(e) => return Err(e.into()),
        };
        if !needed {
            tokio::fs::remove_file(&path).await?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// States in which the bytes are not known to be in the store yet.
const fn needed(state: VersionState) -> bool {
    matches!(
        state,
        VersionState::Draft
            | VersionState::Uploading
            | VersionState::Submitted
            | VersionState::Scanning
    )
}
