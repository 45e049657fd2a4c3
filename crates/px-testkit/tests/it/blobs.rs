//! Blobs in a folder and in an object store.

use std::path::Path;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::memory::InMemory;
use px_model::Digest;
use px_store::{BlobError, Blobs};
use sha2::Digest as _;

fn both(folder: &Path) -> [Blobs; 2] {
    [
        Blobs::in_folder(&folder.join("blobs")).unwrap(),
        Blobs::in_store(Arc::new(InMemory::new())),
    ]
}

fn file(folder: &Path, bytes: &[u8]) -> (Digest, std::path::PathBuf) {
    let path = folder.join("upload");
    std::fs::write(&path, bytes).unwrap();
    (Digest::from_bytes(sha2::Sha256::digest(bytes).into()), path)
}

async fn read(blobs: &Blobs, digest: &Digest, range: Option<std::ops::Range<u64>>) -> Vec<u8> {
    let pieces: Vec<_> = blobs
        .read(digest, range)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    pieces.concat()
}

#[tokio::test]
async fn a_blob_is_put_once_read_whole_and_in_part_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    // More than one part of a multipart upload.
    let bytes: Vec<u8> = (0_u32..9 << 20)
        .map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[2])
        .collect();
    let (digest, path) = file(folder.path(), &bytes);
    for blobs in both(folder.path()) {
        assert_eq!(blobs.len(&digest).await.unwrap(), None);
        blobs.put_file(&digest, &path).await.unwrap();
        blobs.put_file(&digest, &path).await.unwrap();
        assert_eq!(blobs.len(&digest).await.unwrap(), Some(bytes.len() as u64));
        assert!(read(&blobs, &digest, None).await == bytes);
        let middle = (8 << 20) - 3..(8 << 20) + 3;
        let expected = &bytes[(8 << 20) - 3..(8 << 20) + 3];
        assert_eq!(read(&blobs, &digest, Some(middle)).await, expected);
        assert_eq!(blobs.list(later()).await.unwrap(), [digest]);
        let local = blobs
            .local_file(&digest, &folder.path().join("scratch"))
            .await
            .unwrap();
        assert!(std::fs::read(local).unwrap() == bytes);
        blobs.remove(&digest).await.unwrap();
        blobs.remove(&digest).await.unwrap();
        assert_eq!(blobs.list(later()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (digest, _) = file(folder.path(), b"never put");
    for blobs in both(folder.path()) {
        assert!(
            matches!(blobs.read(&digest, None).await.err(), Some(BlobError::Missing(d)) if d == digest)
        );
        let local = blobs
            .local_file(&digest, &folder.path().join("scratch"))
            .await;
        assert!(matches!(local, Err(BlobError::Missing(_))));
    }
}

/// After everything this test did.
fn later() -> std::time::SystemTime {
    std::time::SystemTime::now() + std::time::Duration::from_secs(3600)
}
