//! A stream of bytes held against the digest it was asked for.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use px_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::blobs::{BlobError, BlobStream};

struct Sum {
    bytes: BlobStream,
    hasher: Sha256,
    /// What came last: it is passed on once it is known that it is right, or that more follows.
    held: Option<Bytes>,
    digest: Digest,
    done: bool,
}

/// Passes `bytes` on and ends with [`BlobError::Altered`] in place of the last of them when the whole
/// has another digest, so that nobody takes the stream for complete.
pub(crate) fn checked(bytes: BlobStream, digest: Digest) -> BlobStream {
    let start = Sum {
        bytes,
        hasher: Sha256::new(),
        held: None,
        digest,
        done: false,
    };
    futures::stream::try_unfold(start, next).boxed()
}

async fn next(mut sum: Sum) -> Result<Option<(Bytes, Sum)>, BlobError> {
    while !sum.done {
        match sum.bytes.try_next().await? {
            Some(chunk) => {
                sum.hasher.update(&chunk);
                if let Some(earlier) = sum.held.replace(chunk) {
                    return Ok(Some((earlier, sum)));
                }
            }
            None => {
                sum.done = true;
                let found: [u8; 32] = std::mem::take(&mut sum.hasher).finalize().into();
                if Digest::from_bytes(found) != sum.digest {
                    tracing::error!(digest = %sum.digest, "the bundle store holds other bytes than were put");
                    return Err(BlobError::Altered(sum.digest));
                }
            }
        }
    }
    Ok(sum.held.take().map(|last| (last, sum)))
}
